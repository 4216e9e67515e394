"""Problem set 8 on rows: how far one clipped step moves the weights of every single unit."""

import numpy as np

from vgcourse import optim
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SMALLEST = 1e-3  # a unit's weights count as at least this long

# --- update_ratios ---------------------------------------------------------------------------------


def update_ratios(Ws, dWs, learning_rate, max_norm):
    """α s ‖dW_l[j]‖/max(‖W_l[j]‖, 10⁻³) of every row j, s = min(1, c/‖g‖) from all arrays together.

    Ws and dWs are lists of (H_l, D_l) arrays; row j holds the weights into unit j. Returns a list of (H_l,).
    """
    clipped = optim.clip_by_global_norm(tuple(dWs), max_norm)
    return [
        learning_rate * _length(g) / np.maximum(_length(W), SMALLEST)
        for g, W in zip(clipped, Ws, strict=True)
    ]


def _length(a, axis=1):
    return np.sqrt((a**2).sum(axis=axis))


def _long(arrays):
    return np.sqrt(sum((a**2).sum() for a in arrays))


def _shorten(dWs, rate, c):
    return [g * min(1.0, c / _long(dWs)) for g in dWs]


def _ratios(
    Ws,
    dWs,
    learning_rate,
    max_norm,
    *,
    clip=_shorten,
    rate=lambda a: a,
    size=_length,
    floor=lambda size: np.maximum(size, SMALLEST),
    below=lambda W, step: W,
    ratio=lambda step, W: step / W,
    finish=None,
):
    """update_ratios with exchangeable parts."""
    steps = [rate(learning_rate) * g for g in clip(dWs, learning_rate, max_norm)]
    out = [ratio(size(step), floor(size(below(W, step)))) for step, W in zip(steps, Ws, strict=True)]
    return out if finish is None else finish(out, steps, Ws)


def _per_row(dWs, rate, c):
    return [g * np.minimum(1.0, c / np.maximum(_length(g), 1e-300))[:, None] for g in dWs]


def _whole_layer(a):
    return np.full(len(a), np.linalg.norm(a))


def _columns(a):
    """Of the unit's column; where there is none, of its row."""
    lengths = _length(a, axis=0)
    return np.array([lengths[j % len(lengths)] for j in range(len(a))])


def _more_than_one_factor(args, out):
    """The ratios are those of gradient and weights times one number, for all rows of all layers."""
    alone = np.concatenate(
        [_length(g) / np.maximum(_length(W), SMALLEST) for W, g in zip(*args[:2], strict=True)]
    )
    mine = np.concatenate([out[f"ratio[{k}]"] for k in range(len(args[0]))])
    factors = mine[alone > 0] / alone[alone > 0]
    return float(np.ptp(factors) / np.abs(factors).max()) if factors.any() else 0.0


def _ratio_cases(rng):
    """A unit whose weights are all 0, one that gets no gradient, a square layer; long and short gradients."""
    cases = []
    for shapes, norms, c in (
        (((5, 3), (4, 5), (2, 4)), (9, 1.2, 5), rng.uniform(2.0, 2.5)),
        (((4, 4), (4, 4)), (1.5, 1.4), rng.uniform(1.7, 1.8)),  # long together, short each
        (((3, 4), (2, 3)), (0.9, 0.9), rng.uniform(1.4, 1.5)),  # short; its square is not
    ):
        scales = np.array(norms) * rng.uniform(0.97, 1.03, size=len(norms))
        dWs = [rng.normal(size=shape) + 0.4 for shape in shapes]
        Ws = [rng.choice([-1, 1], size=s) * rng.uniform(0.1, 1, size=s) + 0.1 for s in shapes]
        Ws = [np.where(np.abs(W) < 0.05, 0.2, W) for W in Ws]
        Ws[0][1], dWs[0][2] = 0.0, 0.0
        dWs[0][1] *= 2e-3  # so that a row on the floor is not the only one that counts
        dWs[1][1] *= 2e-3
        Ws[1][1] *= rng.uniform(3e-4, 5e-4) / np.linalg.norm(Ws[1][1])
        dWs = [g * s / np.linalg.norm(g) for g, s in zip(dWs, scales, strict=True)]
        cases.append(Case((Ws, dWs, float(rng.uniform(0.4, 0.6)), float(c)), ("ratio",)))
    return cases


UPDATE_RATIOS = Problem(
    name="ps8.update_ratios",
    reference=update_ratios,
    family=_ratios,
    cases=_ratio_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"ratio": ("unit",)},
    invariants=(
        Invariant("one factor for all rows", _more_than_one_factor, "Your ratios are not ‖dW[j]‖ over the length of W[j] times one number for all. Learning rate and clipping factor are the same for every row of every layer."),
    ),
    mistakes=(
        Mistake("not clipped", dict(clip=lambda dWs, a, c: dWs), "You use the gradient as it came. The step is made with the clipped one."),
        Mistake("clipped per layer", dict(clip=lambda dWs, a, c: [g * min(1.0, c / np.linalg.norm(g)) for g in dWs]), "You clip each layer by its own norm. Global clipping knows one norm, over all layers, and one factor."),
        Mistake("clipped per row", dict(clip=_per_row), "You clip each row by its own norm. It is the ratio that is asked per row; the clipping factor is one for the whole net."),
        Mistake("clipped by value", dict(clip=lambda dWs, a, c: [np.clip(g, -c, c) for g in dWs]), "You cut each entry to [−c, c]. Global clipping multiplies all arrays by one factor."),
        Mistake("always rescaled", dict(clip=lambda dWs, a, c: [g * c / _long(dWs) for g in dWs]), "You rescale short gradients too. They are left as they are."),
        Mistake("root of the norm missing", dict(clip=lambda dWs, a, c: [g * min(1.0, c / _long(dWs) ** 2) for g in dWs]), "Your clipping divides c by the sum of squares, without its root."),
        Mistake("sum of the norms", dict(clip=lambda dWs, a, c: [g * min(1.0, c / sum(map(np.linalg.norm, dWs))) for g in dWs]), "Your clipping adds up the layers' norms. It is their squares that add."),
        Mistake("step clipped", dict(clip=lambda dWs, a, c: [g * min(1.0, c / (a * _long(dWs))) for g in dWs]), "You clip the step α g. It is the gradient that is clipped, before the learning rate."),
        Mistake("learning rate missing", dict(rate=lambda a: 1.0), "You compare the gradient with the weights. What moves them is the step, and the learning rate belongs to it."),
        Mistake("learning rate squared", dict(rate=lambda a: a**2), "The learning rate is in your ratio twice."),
        Mistake("whole layers", dict(size=_whole_layer), "You give every unit the ratio of its layer, as (12.3) does. Asked for is each row by itself."),
        Mistake("step of the layer", lambda Ws, dWs, a, c: [a * np.linalg.norm(g) / np.maximum(_length(W), SMALLEST) for g, W in zip(_shorten(dWs, a, c), Ws, strict=True)], "Above the fraction you have the step of the whole layer, below it a single row. Both belong to the row."),
        Mistake("columns", dict(size=_columns), "You take columns. Column i holds what leaves input i; the weights into unit j are row j."),
        Mistake("no floor", dict(floor=lambda size: np.where(size > 0, size, SMALLEST)), "A row of W that is nearly 0 was divided by its own length. It counts as 10⁻³ long."),
        Mistake("floor added", dict(floor=lambda size: size + SMALLEST), "You add 10⁻³ to every length. It is a floor: longer rows are not changed by it."),
        Mistake("upside down", dict(ratio=lambda step, W: W / np.maximum(step, SMALLEST)), "Your ratio is upside down: it is the step that is measured in units of the weights."),
        Mistake("squares", dict(ratio=lambda step, W: (step / W) ** 2), "Your ratio is one of squares, without the roots."),
        Mistake("divided by the new weights", dict(below=lambda W, step: W - step), "You divide by the weights after the step. The ratio is taken with those before it."),
        Mistake("standard deviations", dict(size=lambda a: a.std(axis=1)), "You divide standard deviations, as some training logs do. A common shift of all entries is then lost; asked for are lengths."),
        Mistake("mean absolute values", dict(size=lambda a: np.abs(a).mean(axis=1), floor=lambda size: np.maximum(size, SMALLEST)), "You divide mean absolute values. Asked for are lengths, roots of sums of squares."),
        Mistake("largest entries", dict(size=lambda a: np.abs(a).max(axis=1)), "You divide the largest entries. Asked for are lengths, roots of sums of squares."),
    ),
    hints=(
        "How far does one step move the weights into each unit, compared with how long they are? A layer's ratio can hide a single unit that is thrown about.",
        "First one factor from all gradients together, then for each array two (H,) vectors of lengths, along axis 1.",
        "s = min(1, c/√(Σ over arrays of (dW**2).sum())); a row's ratio is α s ‖dW[j]‖ over the larger of ‖W[j]‖ and 1e-3.",
    ),
)  # fmt: skip
