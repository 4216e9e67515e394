"""Problem set 6: the gradient cut by the k₁/k₂ rule of lecture 9: after every k₁ steps, k₂ steps back."""

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
    blocks=lambda T, k1, k2: [(end, max(end - k2, 0), max(i * k1, 0)) for i, end in enumerate(_ends(T, k1))],
    own="every step",
    state="before",
    keep=slice(None),
    divide=lambda x, count: 1,
    divide_b=lambda x: 1,
    reset=False,
):
    """truncated_backward with exchangeable parts; a block is (end, first step used, first loss), from 0."""
    c = candidates(hs, alpha)
    f, W, T = weight(alpha) * SLOPES[slope](hs, c, alpha), back(W_h), len(x)
    plan, dz = blocks(T, k1, k2), np.zeros_like(c)
    before = {"before": hs[:-1], "same": hs[1:]}[state]
    for end, first, losses in plan[keep]:
        dh = np.zeros_like(hs[0])
        for t in range(end - 1, first - 1, -1):
            dh = dh + (dhs[t] if t >= losses and (own == "every step" or t == end - 1) else 0)
            delta = dh * f[t]
            dz[t] += delta
            dh = STEPS[step](dh, delta, W, alpha)
    n = divide(x, len(plan))
    if reset:
        before = before * (np.arange(T) % k1 != 0)[:, None, None] if T else before
    return over_time(dz, x) / n, over_time(dz, before) / n, dz.sum(axis=(0, 1)) / n / divide_b(x)


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
        *SLOPE_MISTAKES,
        *WAYS,
        Mistake("not truncated", {"blocks": lambda T, k1, k2: [(T, 0, 0)]}, "This is the full gradient: nothing is cut."),
        Mistake("chunks of k1", {"blocks": lambda T, k1, k2: [(end, i * k1, i * k1) for i, end in enumerate(_ends(T, k1))]}, "Your blocks go back over their own k1 steps only: chunks. They go on to k2 steps, into blocks before."),
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
        Mistake("averaged over blocks", {"divide": lambda x, count: count}, "You average over the blocks. The loss is a sum over all steps, so the blocks add up.", whole=True),
        Mistake("divided by T", {"divide": lambda x, count: len(x)}, "You divide by T. The loss is a sum over the steps; so is its gradient.", whole=True),
        Mistake("divided by N", {"divide": lambda x, count: x.shape[1]}, "You divide by N. A mean over the batch, if there is one, is already in dhs.", whole=True),
        Mistake("db divided by N", {"divide_b": lambda x: x.shape[1]}, "Your db is averaged over the batch. It is a sum over steps and sequences, as the others are."),
        Mistake("state reset at the borders", {"reset": True}, "Your dW_h takes a state of zeros before each block. Only the gradient is cut: the state was carried over."),
        Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs the signal of step t with h_t. W_h was multiplied with the state before the step."),
    ),
    hints=(
        "Two loops: over the ends of the blocks, and back from each end. What differs between the first k1 steps of a way back and the rest?",
        "The ends are k1, 2·k1, … and T. From the end e the loop runs over the k2 steps e, e − 1, …, never before the first. Losses join only inside the block.",
        "dh starts at 0 at each end; dh += dhs[t] if step t lies in the block; then delta, the three sums, and both ways back as in part 6. Steps of different blocks that overlap add to the same sums.",
    ),
)  # fmt: skip
