"""Problem set 6: the exact gradient from a few kept states, and the plan of what to keep and to run again."""

import numpy as np

from vgcourse.check.problem import Case, Convention, Mistake, Problem
from vgcourse.check.ps6.forward import EQUAL, draw_net, run
from vgcourse.check.ps6.through_time import AXES, GRADIENTS, back_through_time, stretched
from vgcourse.recurrent import RNNParams
from vgcourse.recurrent.memory import checkpointed_bptt

# --- checkpointed_backward -------------------------------------------------------------------------


def checkpointed_backward(dhs, x, h0, W_x, W_h, b, every):
    """The gradient of full BPTT from h_0, h_every, h_{2·every}, …: a segment's other states are computed again."""
    dx, kept = np.empty_like(x), [h0]

    def loss(states, start, stop):
        return 0.0, dhs[start:stop]

    def on_dx(part, start, stop):
        dx[start:stop] = part

    exact = checkpointed_bptt("rnn", RNNParams(W_x, W_h, b), x, h0, loss, every=every, on_dx=on_dx)
    for start in range(every, len(x), every):
        kept.append(run(x[start - every : start], kept[-1], W_x, W_h, b)[-1])
    return dx, exact.dstate0, *exact.grads, np.stack(kept)


def checkpointed(
    dhs,
    x,
    h0,
    W_x,
    W_h,
    b,
    every,
    *,
    start_of=lambda j, count: j,
    start_at=None,
    bias=True,
    carry="added",
    order=-1,
    segments=None,
    only_last=False,
    only_first=False,
    keep=lambda T, every: range(0, T, every),
    kept_order=1,
    dh0="first",
    **parts,
):
    """checkpointed_backward with exchangeable parts; segment j (from 0) starts again at kept state start_of(j)."""
    T = len(x)
    hs = run(x, h0, W_x, W_h, b)
    all_states = np.concatenate([h0[None], hs])
    borders = [*range(0, T, every), T]
    if segments == "whole ones only":
        borders = [*range(0, T + 1, every)]
    count = len(borders) - 1
    dx, totals, from_later, handed = np.zeros_like(x), None, np.zeros_like(h0), {}
    for j in list(range(count))[::order]:
        first, last = borders[j], borders[j + 1]
        start = (
            all_states[borders[start_of(j, count)]] if start_at is None else start_at(all_states, first, h0)
        )
        if bias and start_at is None and start_of(j, count) == j:
            states = hs[first:last]  # what the second run would give, for less
        else:
            states = run(x[first:last], start, W_x, W_h, b if bias else 0 * b)
        d = dhs[first:last].copy()
        if carry == "added":
            d[-1] += from_later
        elif carry == "in place of" and (j < count - 1):
            d[-1] = from_later
        elif carry == "at the first step":
            d[0] += from_later
        dx[first:last], from_later, *weights = back_through_time(
            d, x[first:last], states, start, W_x, W_h, **parts
        )
        handed[j] = from_later
        weights = [np.array(w) for w in weights]
        totals = weights if totals is None else [a + w for a, w in zip(totals, weights)]
        if (only_last and j == count - 1) or only_first:
            kept_weights = weights
    totals = kept_weights if only_last or only_first else totals
    kept = all_states[list(keep(T, every))][::kept_order]
    return dx, handed[0 if dh0 == "first" else count - 1], *totals, kept


def _checkpoint_cases(rng):
    cases = []
    for size, every in (((8, 3, 4, 5), 3), (EQUAL, 2), ((6, 2, 3, 4), 3)):
        x, h0, W_x, W_h, b, hs = draw_net(rng, *size)
        args = (rng.normal(size=hs.shape), x, h0, W_x, W_h, b, every)
        cases.append(Case(args, (*GRADIENTS, "kept"), batch=size[1], steps=size[0]))
    return cases


CHECKPOINTED_BACKWARD = Problem(
    name="ps6.checkpointed_backward",
    reference=checkpointed_backward,
    family=checkpointed,
    cases=_checkpoint_cases,
    points=6,
    lecture='lecture 9, "Memory"',
    axes=AXES | {"kept": ("checkpoint", "example", "unit")},
    invariants=(stretched(3),),
    mistakes=(
        Mistake("gradient cut at the borders", {"carry": "dropped"}, "Your gradient stops at each checkpoint: that is truncated BPTT. What a segment hands back to its first state is added to the gradient of the segment before, at its last step."),
        Mistake("loss at the border lost", {"carry": "in place of"}, "At each border you replace dhs_t by what the later segment hands back. The state there has both gradients: add them."),
        Mistake("handed to the wrong end", {"carry": "at the first step"}, "What a segment hands back arrives at the first step of the segment before. It belongs to its last step: that state is where the later segment starts."),
        Mistake("segments first to last", {"order": 1}, "You go through the segments from the first to the last. The gradient comes from the end: the last segment goes first, and hands back to the one before."),
        Mistake("every segment from h_0", {"start_of": lambda j, count: 0}, "Every segment is run again from h_0. Each starts from its own checkpoint: segment j from kept[j], counting from 0."),
        Mistake("every segment from zeros", {"start_at": lambda states, first, h0: 0 * h0}, "Every segment is run again from zeros. Each starts from its own checkpoint, the state that was kept at its border."),
        Mistake("segments from the checkpoint before", {"start_of": lambda j, count: max(j - 1, 0)}, "Segment j is run again from the checkpoint before its own. With h_0 as kept[0], segment j starts at kept[j]."),
        Mistake("segments one state late", {"start_at": lambda states, first, h0: states[first + 1]}, "Your segments start one state late: the one after their first step. Segment j reads x from j·every on, and the state before that is h_{j·every}."),
        Mistake("bias missing in the second run", {"bias": False}, "The second run leaves out b, so its states differ from those of the first: run the same step again, b included."),
        Mistake("last steps left out", {"segments": "whole ones only"}, "The steps after the last whole segment have no gradient in yours. T need not be a multiple of `every`: the last segment may be shorter."),
        Mistake("weights of the first segment", {"only_first": True}, "Your dW_x, dW_h and db hold the first segment alone: the loop over segments overwrites them. Add each segment's share."),
        Mistake("weights of the last segment", {"only_last": True}, "Your dW_x, dW_h and db hold the last segment alone. All segments use the same weights: add each one's share."),
        Mistake("dh0 of the last segment", {"dh0": "last"}, "Your dh0 is what the last segment hands back, the gradient by its own checkpoint. dh0 is what the first segment hands back, after all others."),
        Mistake("all states kept", {"keep": lambda T, every: range(T + 1)}, "You keep every state, h_T included. That is full storage: keep h_0 and every `every`-th state, and compute the others again when their segment's turn comes."),
        Mistake("all states but the last kept", {"keep": lambda T, every: range(T)}, "You keep the state before every step. That is full storage: keep h_0 and every `every`-th state, and compute the others again when their segment's turn comes."),
        Mistake("h_0 not kept", {"keep": lambda T, every: range(every, T, every)}, "Your kept lacks h_0. The first segment is run again from it, so it is a checkpoint like the others."),
        Mistake("last state kept as well", {"keep": lambda T, every: [*range(0, T, every), T]}, "You keep h_T as well. No segment starts there: the checkpoints are h_0, h_every, h_{2·every}, … before the end."),
        Mistake("checkpoints one step early", {"keep": lambda T, every: [max(t - 1, 0) for t in range(0, T, every)]}, "Your checkpoints after h_0 are one step early. hs[t − 1] is h_t, so a loop over t from 0 has h_{t+1} at the end of its body."),
        Mistake("checkpoints one step late", {"keep": lambda T, every: [min(t + 1, T) for t in range(0, T, every)]}, "Your checkpoints are one step late: h_1, h_{every+1}, … Keep the state before the first step of each segment, h_{j·every}."),
        Mistake("hs[t] for h_t", {"keep": lambda T, every: [0, *(t + 1 for t in range(every, T, every))], "start_at": lambda states, first, h0: states[first + 1] if first else h0}, "Your checkpoints after h_0 are one step late, and so are the segments that start from them: hs[t] is h_{t+1}. Segment j starts from h_{j·every}, which is hs[j·every − 1]."),
        Mistake("checkpoints last to first", {"kept_order": -1}, "Your kept starts with the last checkpoint. kept[0] is h_0."),
        Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs da_t with h_t. W_h was multiplied with the state before the step, and at the first step of a segment that is its checkpoint."),
        Mistake("checkpoint left out of dW_h", {"state0": "zeros"}, "Your dW_h lacks the first step of each segment: W_h met the checkpoint there, not zeros."),
        Mistake("tanh' missing", {"slope": "none"}, "The factor tanh' is missing at every step: da_t = dh_t ⊙ (1 − h_t²)."),
        Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward is h @ W_h.T, so back is da @ W_h."),
    ),
    hints=(
        "First run: keep h_0 and each `every`-th state, forget the others. Then, from the last segment to the first: run it again from its checkpoint, and go back through it.",
        "Segment j holds the steps j·every + 1 … min((j + 1)·every, T) and starts at kept[j]. Its dh0 is the gradient by kept[j], which is also the last state of segment j − 1.",
        "For each segment from the last: states again, then rnn_backward on the slices with dhs[stop − 1] raised by what came back; add up the weight gradients, fill dx[start:stop].",
    ),
)  # fmt: skip


# --- checkpoint_plan -------------------------------------------------------------------------------


def checkpoint_plan(T, every):
    """kept = 0, every, …: (T − 1) // every + 1 states; steps = T + what is run twice: all but the last segment."""
    return planned(T, every)


def planned(
    T,
    every,
    *,
    kept=lambda T, every: range(0, T, every),
    stops=None,
    order=-1,
    peak=lambda kept, longest, T: kept + longest,
    steps=lambda T, last, count, every: 2 * T - last,
):
    """checkpoint_plan with exchangeable parts."""
    starts = list(range(0, T, every))
    ends = [min(start + every, T) for start in starts] if stops is None else stops(starts, T, every)
    segments = np.array(list(zip(starts, ends)))[::order]
    states = np.array(list(kept(T, every)))
    longest = min(every, T)
    return states, segments, peak(len(starts), longest, T), steps(T, T - starts[-1], len(starts), every)


def _plan_cases(rng):
    every = int(rng.integers(4, 8))
    lengths = (
        every * (every + int(rng.integers(2, 5))) + 2,
        every * (every + 3),
        every - 2,
    )  # a shorter last segment, none, one alone
    return [
        Case((T, e), ("kept" + suffix, "segments" + suffix, "peak" + suffix, "steps" + suffix))
        for T, e, suffix in zip(lengths, (every,) * 3, ("", ", T a multiple", ", one segment"))
    ]


CHECKPOINT_PLAN = Problem(
    name="ps6.checkpoint_plan",
    reference=checkpoint_plan,
    family=planned,
    cases=_plan_cases,
    points=3,
    lecture='lecture 9, "Memory"',
    conventions=(
        Convention("last segment run twice", {"steps": lambda T, last, count, every: 2 * T}, "You count the last segment twice as well. It can be stored in the first run, which saves its steps; the course counts it once."),
    ),
    mistakes=(
        Mistake("h_0 not kept", {"kept": lambda T, every: range(every, T, every)}, "Your kept lacks state 0. The first segment is run again from h_0, so it is kept like the others."),
        Mistake("last state kept as well", {"kept": lambda T, every: [*range(0, T, every), T]}, "You keep h_T as well. No segment starts there: it ends the last one."),
        Mistake("kept counted from 1", {"kept": lambda T, every: range(1, T + 1, every)}, "Your kept states are one too late. State number t is h_t, and the first segment starts at h_0."),
        Mistake("kept last to first", {"kept": lambda T, every: range(0, T, every)[::-1]}, "Your kept runs from the last state to the first. The first run meets them in the order of time, 0 first; only the segments are turned round."),
        Mistake("kept rounded down", {"kept": lambda T, every: range(0, T // every * every, every)}, "Your kept lacks the start of the last, shorter segment: T // every counts whole segments only. range(0, T, every) goes on to the end."),
        Mistake("ends of segments kept", {"kept": lambda T, every: [min(t + every, T) for t in range(0, T, every)]}, "You keep the state at the end of each segment. A segment is run again from its start, so that is the state to keep."),
        Mistake("last segment not shortened", {"stops": lambda starts, T, every: [start + every for start in starts]}, "Your last segment runs past T. Where T is no multiple of `every`, it is shorter: it stops at T."),
        Mistake("stop included", {"stops": lambda starts, T, every: [min(start + every, T) - 1 for start in starts]}, "Your stops name the last step of a segment. As in a slice, stop is one further, so that stop − start is the number of steps."),
        Mistake("segments first to last", {"order": 1}, "Your segments are in the order of time. They are asked for as the backward pass meets them: the last one first."),
        Mistake("kept states only", {"peak": lambda kept, longest, T: kept}, "Your peak counts the kept states only. While a segment is run again, its states are in memory too: the longest segment comes on top."),
        Mistake("segment only", {"peak": lambda kept, longest, T: longest}, "Your peak counts the states of one segment only. The kept ones are in memory all the while: add them."),
        Mistake("full storage", {"peak": lambda kept, longest, T: T}, "Your peak is T, the memory of full storage. Here only the kept states and one segment are in memory at a time."),
        Mistake("kept times segment", {"peak": lambda kept, longest, T: kept * longest}, "You multiply the kept states by the length of a segment: that is full storage again. Only one segment is in memory at a time, so the two add up."),
        Mistake("kept twice", {"peak": lambda kept, longest, T: 2 * kept}, "Your peak is twice the number of kept states. That is right only where `every` is √T: the second part is the longest segment."),
        Mistake("peak one too small", {"peak": lambda kept, longest, T: kept + longest - 1}, "Your peak is one too small. Count all kept states, h_0 too, and on top of them one state for every step of the longest segment."),
        Mistake("first run only", {"steps": lambda T, last, count, every: T}, "Your steps count the first run only. All segments but the last are run a second time, to have their states."),
        Mistake("second run only", {"steps": lambda T, last, count, every: T - last}, "Your steps count only what is run again. The first run of all T steps comes on top."),
        Mistake("every segment from the start", {"steps": lambda T, last, count, every: T + every * count * (count - 1) // 2}, "Your steps run each segment again from h_0. It starts from its own checkpoint, so each step is run twice at most."),
        Mistake("whole segments counted", {"steps": lambda T, last, count, every: 2 * T - every}, "You take `every` steps for the last segment. It has only those that are left, T minus the last kept state."),
    ),
    hints=(
        "Write down T = 7, every = 3 on paper: which states does the first run keep, and what has to be run again before each part of the backward pass?",
        "kept are numbers of states, with 0 for h_0. segments has the shape (number of segments, 2), last one first, and stop − start sums to T.",
        "kept = range(0, T, every); a segment is (start, min(start + every, T)). The last segment need not be run again: its states are still there after the first run.",
    ),
)  # fmt: skip
