"""Problem set 6: the gradient cut by the k₁/k₂ rule of lecture 9: after every k₁ steps, k₂ steps back."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, SINGLE
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES, WAYS
from vgcourse.problems.ps6.through_time import AXES, backward_case, over_time

# --- truncated_backward ----------------------------------------------------------------------------


def truncated_backward(dhs, hs, x, W_h, alpha, k1, k2):
    """After the steps k₁, 2k₁, …, T the losses since the last time go back over the last k₂ steps, k₂ ≥ k₁."""
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    T, last = len(x), 0
    signals, steps = [np.zeros_like(hs[0])], [0]
    ends = [*range(k1, T, k1), T]
    for end in ends:
        dh = np.zeros_like(hs[0])
        for t in range(end - 1, max(end - k2, 0) - 1, -1):
            if t >= last:
                dh = dh + dhs[t]
            dz = dh * f[t]
            signals.append(dz)
            steps.append(t)
            dh = (1 - alpha) * dh + dz @ W_h
        last = end
    dz_all = np.stack(signals)
    dW_x = over_time(dz_all, x[steps])
    dW_h = over_time(dz_all, hs[steps])
    db = dz_all.sum(axis=(0, 1))
    return dW_x, dW_h, db


def _cases(rng):
    names = "dW_x", "dW_h", "db"
    cuts = (
        ((11, 3, 4, 5), (3, 5)),
        (EQUAL, (1, 3)),
        ((7, 2, 3, 4), (2, 6)),
        ((6, 2, 4, 3), (4, 4)),
        (SINGLE, (4, 6)),
        ((5, 2, 3, 4), (7, 9)),  # shorter than a block
    )
    return [
        backward_case(
            rng, size, names, lambda dhs, hs, x, W_x, W_h, alpha, cut=cut: (dhs, hs, x, W_h, alpha, *cut)
        )
        for size, cut in cuts
    ]


TRUNCATED_BACKWARD = Problem(
    name="ps6.truncated_backward",
    reference=truncated_backward,
    helpers=(over_time,),
    cases=_cases,
    points=5,
    lecture='lecture 9, "Memory"',
    axes={name: AXES[name] for name in ("dW_x", "dW_h", "db")},
    mistakes=(
        *(m for m in SLOPE_MISTAKES if m.name != "slope one step early, index −1"),
        *WAYS,
        Mistake("not truncated", edit("*range(k1, T, k1), ", "", "max(end - k2, 0)", "0"), "This is the full gradient: nothing is cut.", beside_the_point=True),
        Mistake("chunks of k1", edit("max(end - k2, 0)", "last"), "Your blocks go back over their own k1 steps only: chunks. They go on to k2 steps, into blocks before."),
        Mistake("k2 ignored", edit("end - k2", "end - k1"), "Your ways back are k1 steps long. They are k2 steps long, whatever k1 is."),
        Mistake("k1 ignored", edit("range(k1, T, k1)", "range(k2, T, k2)"), "A way back of yours starts after every k2 steps. It starts after every k1 steps, and overlaps the one before."),
        Mistake("k1 and k2 exchanged", edit("range(k1, T, k1)", "range(k2, T, k2)", "end - k2", "end - k1"), "You go back k1 steps after every k2. It is the other way round: k2 steps back after every k1."),
        Mistake("first way back after k2 steps", edit("range(k1, T", "range(k2, T"), "Your first way back starts after k2 steps. The first block has k1 steps as the others; its way back is shorter, since there are no steps before."),
        Mistake("k1 + k2 steps back", edit("end - k2", "end - k1 - k2"), "Your ways back are k1 + k2 steps long. k2 counts from the end of the block, its own steps included."),
        Mistake("steps before the first", edit("hs[1:] - (1 - alpha) * hs[:-1]", "np.roll(hs, -1, axis=0) - (1 - alpha) * hs", "max(end - k2, 0)", "end - k2"), "Your first way back goes on beyond step 1, and Python counts a negative index from the end, so nothing fails. There are no steps before the first."),
        Mistake("loss at the border twice", edit("t >= last", "t >= last - 1"), "Your blocks send the last loss of the block before back once more. It went with its own block: a block's losses begin one step after the last end."),
        Mistake("last step left out", edit(", T]", ", T - 1]"), "Your last way back starts at step T − 1. The last end is T."),
        Mistake("gradient kept between the ways back", edit("dh = np", "dh = dh if last else np"), "Your gradient is not set to zero where a way back starts: what is left of the last one comes along."),
        Mistake("gradient kept, the last block first", edit("for end in ends:\n", "dh = np.zeros_like(hs[0])\n    for last, end in reversed([*zip([0, *ends], ends)]):\n", "        dh = np.zeros_like(hs[0])\n", "", "        last = end\n", ""), "Your gradient is not set to zero where a way back starts: what is left at the end of a later block's way goes on into the block before.", alone=True),
        Mistake("chunks of k2", edit("range(k1, T, k1)", "range(k2, T, k2)", "max(end - k2, 0)", "last"), "You cut into chunks of k2. A way back starts after every k1 steps, and overlaps the one before."),
        Mistake("window of k2 from every loss", edit("range(k1, T, k1)", "range(1, T)"), "Each of your losses goes back k2 steps from where it stands. The k2 steps count from the end of its block of k1 steps."),
        Mistake("window of k1 from every loss", edit("range(k1, T, k1)", "range(1, T)", "end - k2", "end - k1"), "Each of your losses goes back k1 steps from where it stands. The losses of a block go back together, k2 steps from its end."),
        Mistake("losses counted again", edit("last = end", "last = 0"), "Your block sends back all losses of its k2 steps, those of earlier blocks too. They went back with their own block: each loss counts once."),
        Mistake("k2 steps before the block", edit("end - k2", "last - k2"), "Your ways back have their block's own steps and k2 more. k2 counts from the end of the block, its own steps included."),
        Mistake("one step too far", edit("end - k2", "end - k2 - 1"), "Your ways back are k2 + 1 steps long. k2 uses of the weights count, the last step's included."),
        Mistake("one step too short", edit("end - k2", "end - k2 + 1"), "Your ways back are k2 − 1 steps long. k2 uses of the weights count, the last step's included."),
        Mistake("blocks counted from the end", edit("[*range(k1, T, k1), T]", "range(T, 0, -k1)", "t >= last", "t >= end - k1"), "Your blocks are counted from the last step. They are counted from the first, and the last one may be shorter."),
        Mistake("last block takes k1 losses", edit("t >= last", "t >= end - k1"), "Your last block sends the last k1 losses back, though some of them went with the block before. Only the losses since the last time belong to it."),
        Mistake("last steps left out", edit("[*range(k1, T, k1), T]", "range(k1, T + 1, k1)"), "The losses after the last whole block have no way back in yours. The last block may be shorter."),
        Mistake("last block only", edit("for t in", "signals, steps = [], []\n        for t in"), "Your gradients hold the last block alone, as if each block overwrote them. They add up.", whole=True),
        Mistake("first block only", edit("in ends:", "in ends[:1]:"), "Your gradients hold the first block alone. All blocks use the same weights: they add up.", whole=True),
        Mistake("last loss of each block only", edit("t >= last", "t == end - 1"), "Only the last loss of each block goes back in yours. All of its k1 losses do, each joining at its own step."),
        Mistake("losses replace what comes back", edit("dh + dhs[t]", "dhs[t]"), "Inside a block each loss replaces the gradient that comes from the step after it. The two add up."),
        Mistake("dW_x of the last block", edit("for t in", "begin = len(steps)\n        for t in", "(dz_all, x[steps])", "(dz_all[begin:], x[steps[begin:]])"), "Your dW_x holds the last block alone, as if each block began it anew. All blocks add up."),
        Mistake("dW_h of the last block", edit("for t in", "begin = len(steps)\n        for t in", "(dz_all, hs[steps])", "(dz_all[begin:], hs[steps[begin:]])"), "Your dW_h holds the last block alone, as if each block began it anew. All blocks add up."),
        Mistake("db of the last block", edit("for t in", "begin = len(steps)\n        for t in", "dz_all.sum", "dz_all[begin:].sum"), "Your db holds the last block alone, as if each block began it anew. All blocks add up."),
        Mistake("averaged over blocks", edit("return dW_x, dW_h, db", "return dW_x / len(ends), dW_h / len(ends), db / len(ends)"), "You average over the blocks. The loss is a sum over all steps, so the blocks add up.", whole=True),
        Mistake("divided by T", edit("return dW_x, dW_h, db", "return dW_x / T, dW_h / T, db / T"), "You divide by T. The loss is a sum over the steps; so is its gradient.", whole=True),
        Mistake("divided by N", edit("return dW_x, dW_h, db", "return dW_x / x.shape[1], dW_h / x.shape[1], db / x.shape[1]"), "You divide by N. A mean over the batch, if there is one, is already in dhs.", whole=True),
        Mistake("db divided by N", edit("db = ", "db = 1 / x.shape[1] * "), "Your db is averaged over the batch. It is a sum over steps and sequences, as the others are."),
        Mistake("state reset at the borders", edit("hs[steps]", "hs[steps] * (np.array(steps) % k1 > 0)[:, None, None]"), "Your dW_h takes a state of zeros before each block. Only the gradient is cut: the state was carried over."),
        Mistake("state zero where the way back ends", edit("hs[steps]", "hs[steps] * np.append(np.diff(steps) == -1, False)[:, None, None]"), "Your dW_h takes a state of zeros at the earliest step of each way back. Only the gradient is cut: the state was carried over."),
        Mistake("inputs one step late", edit("x[steps]", "np.roll(x, 1, axis=0)[steps]"), "Your dW_x pairs the signal of step t with the input of the step before, and that of step 1 with the last (index −1). In this set x[t] and dhs[t] belong to the same step."),
        Mistake("inputs one step early", edit("x[steps]", "np.append(x[1:], x[-1:], axis=0)[steps]"), "Your dW_x pairs the signal of step t with the input of the step after. In this set x[t] and dhs[t] belong to the same step."),
        Mistake("h_t for h_{t−1}", edit("hs[steps]", "hs[1:][steps]"), "Your dW_h pairs the signal of step t with h_t. W_h was multiplied with the state before the step."),
        Mistake("ways back only where they are full", edit("for end in ends:\n", "for end in [e for e in ends if e >= k2 or e == T]:\n"), "A way back of yours starts only where k2 steps lie behind it. The first ones are shorter, and their losses count."),
        Mistake("blocks begin with step k1 − 1", edit("*range(k1, T, k1), T]", "*range(k1 - 1 or k1, T, k1), T]"), "Your blocks end one step early. The first ends after k1 steps."),
        Mistake("blocks end one step late", edit("*range(k1, T, k1), T]", "*range(k1 + 1, T, k1), T]"), "Your first block has k1 + 1 steps. It ends after k1 steps."),
        Mistake("ends at the last step but one of each block", edit("*range(k1, T, k1), T]", "*range(k1, T, k1), T, T]", "last = end", "last = end if end < T else 0"), "Your last way back is gone twice. The last end is T, once."),
        Mistake("whole way for the last block", edit("max(end - k2, 0)", "(0 if end == T else max(end - k2, 0))"), "Your last block goes back to the beginning. It goes back k2 steps as the others."),
        Mistake("losses of the whole way for the last block", edit("t >= last", "t >= last or end == T"), "Your last block sends back losses that went with the block before. Each loss counts once."),
        Mistake("first loss of each block only", edit("t >= last", "t == last"), "Only the first loss of each block goes back in yours, as if your way back began there. All of its k1 losses do, each joining at its own step."),
        Mistake("losses weighed by the block", edit("dh + dhs[t]", "dh + dhs[t] / (end - last)"), "You divide each block's losses by their number. The loss is a sum over the steps."),
        Mistake("averaged over the steps back", edit("return dW_x, dW_h, db", "return dW_x / k2, dW_h / k2, db / k2"), "You divide by k2. What is left at the steps of a way back adds up.", whole=True),
        Mistake("divided by k1", edit("return dW_x, dW_h, db", "return dW_x / k1, dW_h / k1, db / k1"), "You divide by k1. The loss is a sum over the steps; so is its gradient.", whole=True),
        Mistake("steps counted once", edit("dz_all = np.stack(signals)", "seen = [t not in steps[:i] or i == 0 for i, t in enumerate(steps)]\n    dz_all = np.stack(signals) * np.array(seen)[:, None, None]"), "A step that several ways back pass counts once in yours. Each way leaves its own share there: they add up."),
        Mistake("later way back overwrites", edit("dz_all = np.stack(signals)", "seen = [t not in steps[i + 1 :] for i, t in enumerate(steps)]\n    dz_all = np.stack(signals) * np.array(seen)[:, None, None]"), "Where ways back overlap, the later one overwrites what the earlier one left. Each leaves its own share: they add up."),
        Mistake("slope of the end", edit("dh * f[t]", "dh * f[end - 1]"), "On a whole way back you use the slope at its end. Each step has its own."),
        Mistake("states of the end", edit("steps.append(t)", "steps.append(end - 1)"), "On a whole way back you pair the signals with state and input of its end. Each step has its own."),
        Mistake("T multiple of k1 only", edit("*range(k1, T, k1), T]", "*range(k1, T, k1)] or [T]"), "Your last block is missing. The last end is T."),
        Mistake("no way back in a short sequence", edit("*range(k1, T, k1), T]", "*range(k1, T, k1), *([T] if T >= k1 else [])]"), "Where the sequence is shorter than k1, you go back nowhere. Its one block ends at T."),
    ),
    hints=(
        "Two loops: over the ends of the blocks, and back from each end. What differs between the first k1 steps of a way back and the rest?",
        "The ends are k1, 2·k1, … and T. From the end e the loop runs over the k2 steps e, e − 1, …, never before the first. Losses join only inside the block.",
        "dh starts at 0 at each end; dh += dhs[t] if step t lies in the block; then delta, the three sums, and both ways back as in part 6. Steps of different blocks that overlap add to the same sums.",
    ),
)  # fmt: skip
