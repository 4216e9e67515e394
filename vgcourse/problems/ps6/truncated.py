"""Problem set 6: the gradient cut by the k₁/k₂ rule of lecture 9: after every k₁ steps, k₂ steps back."""

from functools import partial

import numpy as np

from vgcourse.problems.problem import Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES, WAYS
from vgcourse.problems.ps6.through_time import AXES, SLOPES, STEPS, backward_case, candidates, over_time

# --- truncated_backward ----------------------------------------------------------------------------


def truncated_backward(dhs, hs, x, W_h, alpha, k1, k2):
    """After the steps k₁, 2k₁, …, T the losses since the last time go back over the last k₂ steps, k₂ ≥ k₁."""
    return truncated(dhs, hs, x, W_h, alpha, k1, k2)


def _ends(T, k1):
    return [*range(k1, T, k1), T]


def _blocks(T, k1, k2, ends=lambda T, k1, k2: _ends(T, k1), reach=lambda end, k1, k2: end - k2):
    """(end, first step used, first loss) of every way back, from 0; each end takes the losses since the last."""
    found, last = [], 0
    for end in ends(T, k1, k2):
        found.append((end, max(reach(end, k1, k2), 0), last))
        last = end
    return found


def truncated(
    dhs,
    hs,
    x,
    W_h,
    alpha,
    k1,
    k2,
    *,
    slope="1 − c²",
    weight=lambda a: a,
    step="both",
    back=lambda W: W,
    blocks=_blocks,
    own="every step",
    state="before",
    inputs=lambda x: x,
    keep=slice(None),
    b_anew=False,
    divide=lambda x, count: 1,
    divide_b=lambda x: 1,
    reset=False,
    ends_in_zeros=False,
    carried=False,
):
    """truncated_backward with exchangeable parts; a step below 0 is one from the end, as Python counts."""
    c, W, x, T = candidates(hs, alpha), back(W_h), inputs(x), len(x)
    f, dz, dh = weight(alpha) * SLOPES[slope](hs, c, alpha), np.zeros_like(c), np.zeros_like(hs[0])
    plan, odd, before_b = blocks(T, k1, k2), [], 0.0
    for end, first, losses in plan[keep]:
        dh = dh if carried else np.zeros_like(dh)
        before_b = dz.copy() if b_anew else 0.0
        for t in range(end - 1, first - 1, -1):
            joins = t >= losses and (own != "last" or t == end - 1)
            dh = (0 if joins and own == "in place of" else dh) + (dhs[t] if joins else 0)
            if t < 0:
                pair = np.stack([hs[t], hs[t + 1]])
                delta = dh * weight(alpha) * SLOPES[slope](pair, candidates(pair, alpha), alpha)[0]
                odd.append((delta, x[t], hs[{"before": t, "same": t + 1}[state]]))
            else:
                delta = dh * f[t]
                dz[t] += delta
            if t == first and ends_in_zeros:
                odd.append((-delta, 0 * x[t], hs[t]))
            dh = STEPS[step](dh, delta, W, alpha)
    n, before = divide(x, len(plan)), {"before": hs[:-1], "same": hs[1:]}[state]
    if reset:
        before = before * (np.arange(T) % k1 != 0)[:, None, None]
    dW_x, dW_h = over_time(dz, x), over_time(dz, before)
    db = (dz - before_b).sum(axis=(0, 1))
    for delta, v, h in odd:
        dW_x, dW_h = dW_x + delta.T @ v, dW_h + delta.T @ h
        db = db + (0 if ends_in_zeros else delta.sum(axis=0))
    return dW_x / n, dW_h / n, db / n / divide_b(x)


def _all_losses(T, k1, k2):
    """Every block sends all losses of its k₂ steps back, those of the blocks before again."""
    return [(end, max(end - k2, 0), 0) for end in _ends(T, k1)]


def _shifted(by):
    return lambda T, k1, k2: [(end, max(end - k2 - by, 0), i * k1) for i, end in enumerate(_ends(T, k1))]


def _before_the_block(T, k1, k2):
    """k₂ steps before the block, on top of its own."""
    return [(end, max(i * k1 - k2, 0), i * k1) for i, end in enumerate(_ends(T, k1))]


def _cases(rng):
    names = "dW_x", "dW_h", "db"
    cuts = (((11, 3, 4, 5), (3, 5)), (EQUAL, (1, 3)), ((7, 2, 3, 4), (2, 6)), ((6, 2, 4, 3), (4, 4)))
    return [
        backward_case(
            rng, size, names, lambda dhs, hs, x, W_x, W_h, alpha, cut=cut: (dhs, hs, x, W_h, alpha, *cut)
        )
        for size, cut in cuts
    ]


TRUNCATED_BACKWARD = Problem(
    name="ps6.truncated_backward",
    reference=truncated_backward,
    family=truncated,
    cases=_cases,
    points=5,
    lecture='lecture 9, "Memory"',
    axes={name: AXES[name] for name in ("dW_x", "dW_h", "db")},
    mistakes=(
        *(m for m in SLOPE_MISTAKES if m.name != "slope one step early, index −1"),
        *WAYS,
        Mistake("not truncated", {"blocks": lambda T, k1, k2: [(T, 0, 0)]}, "This is the full gradient: nothing is cut."),
        Mistake("chunks of k1", {"blocks": lambda T, k1, k2: [(end, i * k1, i * k1) for i, end in enumerate(_ends(T, k1))]}, "Your blocks go back over their own k1 steps only: chunks. They go on to k2 steps, into blocks before."),
        Mistake("k2 ignored", {"blocks": partial(_blocks, reach=lambda end, k1, k2: end - k1)}, "Your ways back are k1 steps long. They are k2 steps long, whatever k1 is."),
        Mistake("k1 ignored", {"blocks": partial(_blocks, ends=lambda T, k1, k2: _ends(T, k2))}, "A way back of yours starts after every k2 steps. It starts after every k1 steps, and overlaps the one before."),
        Mistake("k1 and k2 exchanged", {"blocks": partial(_blocks, ends=lambda T, k1, k2: _ends(T, k2), reach=lambda end, k1, k2: end - k1)}, "You go back k1 steps after every k2. It is the other way round: k2 steps back after every k1."),
        Mistake("first way back after k2 steps", {"blocks": partial(_blocks, ends=lambda T, k1, k2: [*range(k2, T, k1), T])}, "Your first way back starts after k2 steps. The first block has k1 steps as the others; its way back is shorter, since there are no steps before."),
        Mistake("k1 + k2 steps back", {"blocks": partial(_blocks, reach=lambda end, k1, k2: end - k1 - k2)}, "Your ways back are k1 + k2 steps long. k2 counts from the end of the block, its own steps included."),
        Mistake("steps before the first", {"blocks": lambda T, k1, k2: [(end, end - k2, last) for end, _, last in _blocks(T, k1, k2)]}, "Your first way back goes on beyond step 1, and Python counts a negative index from the end, so nothing fails. There are no steps before the first."),
        Mistake("loss at the border twice", {"blocks": lambda T, k1, k2: [(end, first, max(last - 1, 0)) for end, first, last in _blocks(T, k1, k2)]}, "Your blocks send the last loss of the block before back once more. It went with its own block: a block's losses begin one step after the last end."),
        Mistake("last step left out", {"blocks": partial(_blocks, ends=lambda T, k1, k2: [*range(k1, T, k1), T - 1])}, "Your last way back starts at step T − 1. The last end is T."),
        Mistake("gradient kept between the ways back", {"carried": True}, "Your gradient is not set to zero where a way back starts: what is left of the last one comes along."),
        Mistake("chunks of k2", {"blocks": lambda T, k1, k2: [(end, i * k2, i * k2) for i, end in enumerate(_ends(T, k2))]}, "You cut into chunks of k2. A way back starts after every k1 steps, and overlaps the one before."),
        Mistake("window of k2 from every loss", {"blocks": lambda T, k1, k2: [(t + 1, max(t + 1 - k2, 0), t) for t in range(T)]}, "Each of your losses goes back k2 steps from where it stands. The k2 steps count from the end of its block of k1 steps."),
        Mistake("window of k1 from every loss", {"blocks": lambda T, k1, k2: [(t + 1, max(t + 1 - k1, 0), t) for t in range(T)]}, "Each of your losses goes back k1 steps from where it stands. The losses of a block go back together, k2 steps from its end."),
        Mistake("losses counted again", {"blocks": _all_losses}, "Your block sends back all losses of its k2 steps, those of earlier blocks too. They went back with their own block: each loss counts once."),
        Mistake("k2 steps before the block", {"blocks": _before_the_block}, "Your ways back have their block's own steps and k2 more. k2 counts from the end of the block, its own steps included."),
        Mistake("one step too far", {"blocks": _shifted(1)}, "Your ways back are k2 + 1 steps long. k2 uses of the weights count, the last step's included."),
        Mistake("one step too short", {"blocks": _shifted(-1)}, "Your ways back are k2 − 1 steps long. k2 uses of the weights count, the last step's included."),
        Mistake("blocks counted from the end", {"blocks": lambda T, k1, k2: [(end, max(end - k2, 0), max(end - k1, 0)) for end in range(T, 0, -k1)]}, "Your blocks are counted from the last step. They are counted from the first, and the last one may be shorter."),
        Mistake("last block takes k1 losses", {"blocks": lambda T, k1, k2: [(end, max(end - k2, 0), max(end - k1, 0)) for end in _ends(T, k1)]}, "Your last block sends the last k1 losses back, though some of them went with the block before. Only the losses since the last time belong to it."),
        Mistake("last steps left out", {"blocks": lambda T, k1, k2: [(end, max(end - k2, 0), end - k1) for end in range(k1, T + 1, k1)]}, "The losses after the last whole block have no way back in yours. The last block may be shorter."),
        Mistake("last block only", {"keep": slice(-1, None)}, "Your gradients hold the last block alone: each block overwrites them. They add up.", whole=True),
        Mistake("first block only", {"keep": slice(0, 1)}, "Your gradients hold the first block alone. All blocks use the same weights: they add up.", whole=True),
        Mistake("last loss of each block only", {"own": "last"}, "Only the last loss of each block goes back in yours. All of its k1 losses do, each joining at its own step."),
        Mistake("losses replace what comes back", {"own": "in place of"}, "Inside a block each loss replaces the gradient that comes from the step after it. The two add up."),
        Mistake("db of the last block", {"b_anew": True}, "Your db holds the last block alone: each block begins it anew. All blocks add up."),
        Mistake("averaged over blocks", {"divide": lambda x, count: count}, "You average over the blocks. The loss is a sum over all steps, so the blocks add up.", whole=True),
        Mistake("divided by T", {"divide": lambda x, count: len(x)}, "You divide by T. The loss is a sum over the steps; so is its gradient.", whole=True),
        Mistake("divided by N", {"divide": lambda x, count: x.shape[1]}, "You divide by N. A mean over the batch, if there is one, is already in dhs.", whole=True),
        Mistake("db divided by N", {"divide_b": lambda x: x.shape[1]}, "Your db is averaged over the batch. It is a sum over steps and sequences, as the others are."),
        Mistake("state reset at the borders", {"reset": True}, "Your dW_h takes a state of zeros before each block. Only the gradient is cut: the state was carried over."),
        Mistake("state zero where the way back ends", {"ends_in_zeros": True}, "Your dW_h takes a state of zeros at the earliest step of each way back. Only the gradient is cut: the state was carried over."),
        Mistake("inputs one step late", {"inputs": lambda x: np.roll(x, 1, axis=0)}, "Your dW_x pairs the signal of step t with the input of the step before, and that of step 1 with the last (index −1). In this set x[t] and dhs[t] belong to the same step."),
        Mistake("inputs one step early", {"inputs": lambda x: np.concatenate([x[1:], x[-1:]])}, "Your dW_x pairs the signal of step t with the input of the step after. In this set x[t] and dhs[t] belong to the same step."),
        Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs the signal of step t with h_t. W_h was multiplied with the state before the step."),
    ),
    hints=(
        "Two loops: over the ends of the blocks, and back from each end. What differs between the first k1 steps of a way back and the rest?",
        "The ends are k1, 2·k1, … and T. From the end e the loop runs over the k2 steps e, e − 1, …, never before the first. Losses join only inside the block.",
        "dh starts at 0 at each end; dh += dhs[t] if step t lies in the block; then delta, the three sums, and both ways back as in part 6. Steps of different blocks that overlap add to the same sums.",
    ),
)  # fmt: skip
