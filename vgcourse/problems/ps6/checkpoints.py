"""Problem set 6: the exact gradient from a few kept states, with its memory measured.

The last case is a run of 2000 steps. There the answer is the verdict of `_small_memory`: the most bytes that the call held
beside its arguments, as tracemalloc saw them, against a fourth of what all states take.
"""

import functools

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, SINGLE, draw_net, leaky_forward
from vgcourse.problems.ps6.slips import LEAKS, SLOPE_MISTAKES, SUMS, WAYS, inside
from vgcourse.problems.ps6.through_time import AXES, leaky_backward, over_time

LONG, EVERY = (2000, 4, 1, 32), 20
GRADIENTS = ("dh0", "dW_x", "dW_h", "db", "dalpha")
LITTLE, MUCH, UNKNOWN = 1.0, 2.0, 3.0
BY_ITS_TEXT = object()  # in place of a formula's gradients; nothing that a learner's function returns is this

# --- checkpointed_backward -------------------------------------------------------------------------


def checkpointed_backward(dhs, x, h0, W_x, W_h, b, alpha, every):
    """The gradient of the whole from h_0, h_every, h_{2·every}, …: a segment's other states are computed again."""
    starts, kept = range(0, len(x), every), [h0]
    for s in starts[:-1]:  # of a segment the last state, as a copy: a view would keep all of them
        kept.append(leaky_forward(x[s : s + every], kept[-1], W_x, W_h, b, alpha)[-1].copy())
    dh, totals = np.zeros_like(h0), [np.zeros_like(a) for a in (W_x, W_h, b, alpha)]
    for j in reversed(range(len(starts))):
        segment = slice(j * every, (j + 1) * every)
        hs = leaky_forward(x[segment], kept[j], W_x, W_h, b, alpha)
        d = dhs[segment].copy()
        d[-1] += dh
        _, dh, *grads = leaky_backward(d, hs, x[segment], W_x, W_h, alpha)
        totals = [total + grad for total, grad in zip(totals, grads)]
    return dh, *totals


def _is_long(args):
    return len(args[1]) == LONG[0]


def _long(rng):
    x, h0, W_x, W_h, b, alpha = draw_net(rng, *LONG)
    return rng.normal(size=(*LONG[:2], LONG[3])), x, h0, W_x, 0.7 * W_h, b, alpha, EVERY


def _right(args):
    """Gradients of the long run from all of its states; kept, since a check looks at them several times."""
    dhs, x, h0, W_x, W_h, b, alpha, _ = args
    if (key := x[:8].tobytes()) not in _RIGHT:
        if len(_RIGHT) > 8:
            _RIGHT.clear()
        hs = leaky_forward(x, h0, W_x, W_h, b, alpha)
        _RIGHT[key] = leaky_backward(dhs, hs, x, W_x, W_h, alpha)[1:]
    return _RIGHT[key]


_RIGHT = {}


ALL_KEPT = edit("dh, totals = ", "states = leaky_forward(x, h0, W_x, W_h, b, alpha)\n    dh, totals = ")
AT_H1 = "(d[0] + leaky_backward(d[1:], hs[1:], x[1:every], W_x, W_h, alpha)[1])"  # of the first segment


def with_memory(formula):
    """A formula that says of the long run, in place of its gradients, whether it kept all states there."""
    kept = set(ALL_KEPT) <= set(getattr(formula, "parts", ()))

    @functools.wraps(formula)
    def call(*args):
        return (BY_ITS_TEXT, np.inf if kept else 0) if _is_long(args) else formula(*args)

    return call


def _small_memory(output, args):
    """For the long run a verdict on (gradients, bytes): was the memory small, and any gradient right?"""
    if not _is_long(args):
        return output
    gradients, peak = output
    if gradients is not BY_ITS_TEXT and not _any_right(gradients, _right(args)):
        return UNKNOWN
    return LITTLE if peak <= args[0].nbytes / 4 else MUCH


def _any_right(out, right):
    if not isinstance(out, (tuple, list)) or len(out) != len(right):
        return False
    for mine, theirs in zip(out, right, strict=True):
        try:
            mine = np.asarray(mine, dtype=float)
        except (TypeError, ValueError):
            continue
        if mine.shape == theirs.shape and np.abs(mine - theirs).max() <= 1e-3 * np.abs(theirs).max():
            return True
    return False


def _cases(rng):
    cases = []
    for size, every in (((8, 3, 4, 5), 3), (EQUAL, 2), ((6, 2, 3, 4), 3), ((4, 2, 3, 4), 9), (SINGLE, 1)):
        x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
        args = (rng.normal(size=(*size[:2], size[3])), x, h0, W_x, W_h, b, alpha, every)
        cases.append(Case(args, GRADIENTS, batch=size[1], steps=size[0]))
    return [*cases, Case(_long(rng), ("memory",), memory=True)]


def _verdict(value):
    return lambda args, out: float("memory" in out and float(out["memory"]) == value)


CHECKPOINTED_BACKWARD = Problem(
    name="ps6.checkpointed_backward",
    reference=checkpointed_backward,
    helpers=(over_time, leaky_forward, leaky_backward),
    cases=_cases,
    around=with_memory,
    adapt=_small_memory,
    points=6,
    lecture='lecture 9, "Memory"',
    axes={name: AXES[name] for name in GRADIENTS},
    invariants=(
        Invariant("memory not judged", _verdict(UNKNOWN), "In the long run none of your gradients is right, so its memory was not judged."),
    ),
    mistakes=(
        Mistake("all states kept", ALL_KEPT, "In a run of 2000 steps your function held more than a fourth of what all the states take. A segment's states must be gone before the next segment's are made, and the first run keeps one state in `every`. An array or a list for all steps is enough to fail here, and so is a view: hs[-1] of a segment's array keeps the whole array alive, a copy of it does not.", whole=True, beside_the_point=True),
        *inside(leaky_backward, *(m for m in SLOPE_MISTAKES if m.name in ("tanh' missing", "slope from h", "leak missing on the tanh", "W_h transposed"))),
        *inside(leaky_backward, *(m for m in WAYS if m.name in ("no way around the tanh", "no way through the tanh", "α on the way around", "whole gradient around"))),
        *inside(leaky_backward, *(m for m in LEAKS if m.name in ("dalpha without the old state", "dalpha with the wrong sign", "dalpha with h_t"))),
        *inside(leaky_backward, *(m for m in SUMS if m.name in ("db divided by N", "h_t for h_{t−1}"))),
        Mistake("gradient cut at the borders", edit("        d[-1] += dh\n", ""), "Your gradient stops at each checkpoint: that is a truncated gradient, in chunks. What a segment hands back to its first state is added to the gradient of the segment before."),
        Mistake("loss at the border lost", edit("d[-1] += dh", "d[-1] = dh if j < len(starts) - 1 else d[-1]"), "At each border you replace the loss's gradient by what the later segment hands back. The state there has both: they add."),
        Mistake("loss at the border twice", edit("+= dh", "+= dh + d[-1] * (j < len(starts) - 1)"), "The loss of the step before a border is added twice: with what is handed over, and as the step's own. A segment's loop adds it once."),
        Mistake("handed to the wrong end", edit("d[-1]", "d[0]"), "What a segment hands back arrives at the first step of the segment before. It belongs to its last: that state is where the later segment starts."),
        Mistake("segments first to last", edit("reversed(range(len(starts)))", "range(len(starts))", "totals = [total", "dh0 = dh if j == 0 else dh0\n        totals = [total", "return dh", "return dh0"), "You go through the segments from the first to the last. The gradient comes from the end."),
        Mistake("every segment from h_0", edit("kept[j]", "kept[0]"), "Every segment is run again from h_0. Each starts from its own checkpoint."),
        Mistake("every segment from zeros", edit("kept[j]", "0 * kept[j]"), "Every segment is run again from zeros. Each starts from its own checkpoint, the first from h_0."),
        Mistake("segments from the checkpoint before", edit("kept[j]", "kept[max(j - 1, 0)]"), "Your segments are run again from the checkpoint before their own. With h_0 as checkpoint 0, segment j starts at checkpoint j."),
        Mistake("h_0 ignored", edit("[h0]", "[0 * h0]"), "Your first run starts from zeros, and the first segment's second run as well. h_0 is given, and it is checkpoint 0."),
        Mistake("checkpoints one step late", edit("kept[j]", "leaky_forward(x[segment][:1], kept[j], W_x, W_h, b, alpha)[1]"), "Your checkpoints are the states after the first step of each segment. A segment is run again from the state before it, so keep a state before you take the step."),
        Mistake("inputs of the first segment in dW_x", edit("d, hs, x[segment]", "d, hs, x[: len(d)]"), "In every segment your dW_x takes the first inputs of the sequence. The index inside the segment and that in x differ by where the segment begins."),
        Mistake("losses of the first segment", edit("dhs[segment]", "dhs[: len(hs) - 1]"), "In every segment you add the first losses of the sequence. The index inside the segment and that in dhs differ by where the segment begins."),
        Mistake("inputs of the first segment in the second run", edit("forward(x[segment]", "forward(x[: len(x[segment])]"), "Your second run takes the first inputs of the sequence in every segment. The index inside the segment and that in x differ by where the segment begins."),
        Mistake("bias missing in the second run", edit("b, alpha)\n", "0 * b, alpha)\n"), "The second run leaves out b, so its states differ from those of the first."),
        Mistake("leak missing in the second run", edit("b, alpha)\n", "b, np.ones_like(alpha))\n"), "The second run has no leak, so its states differ from those of the first."),
        Mistake("last steps left out", edit("len(x), every", "len(x) - every + 1, every"), "The steps after the last whole segment have no gradient in yours. The last segment may be shorter."),
        Mistake("last segment only", edit("+ grad for", "+ grad * (j == len(starts) - 1) for"), "Your weight gradients, db and dalpha hold the last segment alone. All segments use the same weights: add each one's share.", whole=True),
        Mistake("first segment only", edit("total + grad", "grad"), "Your weight gradients, db and dalpha hold the first segment alone, as if the loop over segments overwrote them. Add each one's share.", whole=True),
        *(
            Mistake(f"{name} of the first segment", edit("total + grad for total, grad in zip(totals, grads)", f"grad if i == {i} else total + grad for i, (total, grad) in enumerate(zip(totals, grads))"), f"Your {name} holds the first segment alone, as if it began anew in each. Every segment's share is added.")
            for i, name in enumerate(("dW_x", "dW_h", "db", "dalpha"))
        ),
        Mistake("dh0 is dh_1", edit("return dh", f"return {AT_H1}"), "Your dh0 is the gradient with respect to h_1. One more step, around and through the tanh, leads to h_0."),
        Mistake("dh0 around only", edit("return dh", f"return (1 - alpha) * {AT_H1}"), "Your dh0 lacks the way of the first step through the tanh and W_h."),
        Mistake("dh0 through only", edit("return dh", f"return dh - (1 - alpha) * {AT_H1}"), "Your dh0 lacks the way of the first step around the tanh."),
        Mistake("dh0 of the last segment", edit("totals = [total", "dh0 = dh if j == len(starts) - 1 else dh0\n        totals = [total", "return dh", "return dh0"), "Your dh0 is what the last segment hands back. It is what is left when the first segment is done."),
        Mistake("handed to all of a segment", edit("d[-1] += dh", "d += dh"), "What a segment hands back joins at every step of the segment before. It belongs to its last state alone."),
        Mistake("handed with the leak", edit("d[-1] += dh", "d[-1] += (1 - alpha) * dh"), "At each border you multiply what is handed back by 1 − α. It has crossed its step already: add it as it is."),
        Mistake("gradient piles up at the borders", edit("_, dh, *grads", "_, more, *grads", "totals = [total", "dh = dh + more\n        totals = [total"), "What the segments hand back piles up. It is replaced by each segment, not added to."),
        Mistake("segments from the next checkpoint", edit("kept[j]", "kept[min(j + 1, len(kept) - 1)]"), "Your segments are run again from the checkpoint after their own. With h_0 as checkpoint 0, segment j starts at checkpoint j."),
        Mistake("averaged over the segments", edit("return dh, *totals", "return dh, *(total / len(starts) for total in totals)"), "You divide by the number of segments. Each one's share is added.", whole=True),
        Mistake("divided by T", edit("return dh, *totals", "return dh, *(total / len(x) for total in totals)"), "You divide by T. The loss is a sum over the steps, so its gradient is one too.", whole=True),
        Mistake("divided by N", edit("return dh, *totals", "return dh, *(total / x.shape[1] for total in totals)"), "You divide by N. A mean over the batch, if there is one, is already in dhs.", whole=True),
    ),
    hints=(
        "Three things take turns: a first run that keeps one state in `every`; then, from the last segment to the first, a second run through one segment, and the way back through it.",
        "checkpoints[j] is the state before step j · every (counted from 0). A segment is x[first:last] with last = min(first + every, T); its states begin with its checkpoint, and only they are in memory.",
        "for j in reversed(range(number of segments)): the states of the segment in a list, then the loop of part 6 over it. The gradient that arrives at its first state is not reset: the next segment's loop begins with it. Nothing of length T may grow.",
    ),
)  # fmt: skip
