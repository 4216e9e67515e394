"""Problem set 4 on clipping: a unit's gradient measured against that unit's own weights (Brock et al. 2021)."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

FLOOR = 1e-3  # a unit whose weights are shorter counts as this long

# --- clip_by_unit ----------------------------------------------------------------------------------


def clip_by_unit(grads, weights, ratio):
    """Row by row: g_i if ‖g_i‖ ≤ λ max(‖w_i‖, 0.001), else that limit times g_i/‖g_i‖."""
    clipped = []
    for g, w in zip(grads, weights, strict=True):
        size = np.linalg.norm(g, axis=1, keepdims=True)
        length = np.linalg.norm(w, axis=1, keepdims=True)
        limit = ratio * np.maximum(length, FLOOR)
        large = size > limit
        factor = np.where(large, limit / np.where(large, size, 1.0), 1.0)
        clipped.append(factor * g)
    return clipped


def _rows(a):
    return np.linalg.norm(a, axis=1, keepdims=True)


def _globally(grads, weights, ratio):
    """One norm of everything, measured against the norm of all weights."""
    g, w = (np.sqrt(sum((a**2).sum() for a in arrays)) for arrays in (grads, weights))
    return [min(1.0, ratio * max(w, FLOOR) / g) * a for a in grads]


def _by_the_ratio(grads, weights, ratio):
    """(5.22) with the ratio as the threshold."""
    norm = np.sqrt(sum((a**2).sum() for a in grads))
    return [min(1.0, ratio / norm) * a for a in grads]


def _cut_entries(grads, weights, ratio):
    """Every entry between −limit and limit of its row."""
    limits = [ratio * np.maximum(_rows(w), FLOOR) for w in weights]
    return [np.clip(g, -limit, limit) for g, limit in zip(grads, limits, strict=True)]


def _by_direction(grads, weights, ratio):
    """Direction times the shorter of both lengths, which is 0/0 for a row of zeros."""
    limits = [ratio * np.maximum(_rows(w), FLOOR) for w in weights]
    with np.errstate(all="ignore"):
        return [g / _rows(g) * np.minimum(_rows(g), limit) for g, limit in zip(grads, limits, strict=True)]


def _cases(rng):
    """Rows with long, short and zero gradients; one unit whose weights are all zero; one square matrix."""
    cases = []
    for shapes, ratio in ((((5, 3), (4, 5)), 0.3), (((4, 4), (3, 4), (3, 5)), 0.15)):
        grads, weights = [], []
        for shape in shapes:
            w = rng.normal(size=shape) * rng.uniform(0.5, 2, size=(shape[0], 1))
            if shape == shapes[-1]:  # short ones, so that a square is on the other side of the limit
                w *= rng.uniform(0.4, 0.7, size=(shape[0], 1)) / np.linalg.norm(w, axis=1, keepdims=True)
            g = rng.normal(size=shape)
            times = rng.permutation(np.resize([0.6, 4.0, 0.9, 1.7], shape[0]))
            if shape == shapes[-1]:  # 1.1/√λ: between λ‖w‖² and λ‖w‖ if squared
                times[1:] = (1.7, 0.6, 1.1 / ratio**0.5)[: len(times) - 1]
            else:  # a unit of length 1, where the square of λ · 1.3 is below λ
                w[2] /= np.linalg.norm(w[2])
                times[2] = 1.3
            g *= (times * ratio * np.linalg.norm(w, axis=1) / np.linalg.norm(g, axis=1))[:, None]
            grads.append(g)
            weights.append(w)
        weights[0][0] = 0.0
        grads[0][0] = rng.normal(size=shapes[0][1])
        grads[-1][0] = 0.0
        cases.append(Case((grads, weights, ratio * rng.uniform(0.98, 1.02)), ("clipped",)))
    return [*cases, _one_array(rng), _one_column(rng)]


def _one_array(rng):
    """One matrix: a unit with very small weights, whose gradient lies below its limit, one above, and one as usual."""
    g, w = rng.normal(size=(2, 3, 4))
    for row, (short, long) in enumerate(((4e-4, 1e-3), (3e-4, 2e-3), (1.5, 1.1))):
        w[row] *= short / np.linalg.norm(w[row])
        g[row] *= long / np.linalg.norm(g[row])
    return Case(([g], [w], rng.uniform(1.2, 1.3)), ("clipped",))


def _one_column(rng):
    """Units with a single input: below and above the limit, one of zeros, one below the floor in both."""
    w = rng.uniform(0.4, 1.4, size=(6, 1)) * rng.choice([-1, 1], size=(6, 1))
    g = 0.3 * w * np.array([[0.5], [2.0], [0.7], [-3.0], [0.0], [0.0]])
    w[5] = 0.0
    w[4], g[4] = 2e-4, 6e-4
    return Case(([g[:3], g[3:]], [w[:3], w[3:]], 0.3), ("clipped",))


def _pairs(args, outputs):
    return [
        (g, w, np.asarray(a, dtype=float))
        for g, w, a in zip(args[0], args[1], outputs.values(), strict=False)
        if np.shape(a) == g.shape
    ]


def _too_long(args, outputs):
    over = [_rows(a) / (args[2] * np.maximum(_rows(w), FLOOR)) - 1 for _, w, a in _pairs(args, outputs)]
    return max([0.0, *(float(o.max()) for o in over)])


def _other_floor(args, outputs):
    """1 where a row under the floor, and none above it, has another length than its limit."""
    right = {True: [], False: []}
    for g, w, a in _pairs(args, outputs):
        limit = args[2] * np.maximum(_rows(w), FLOOR)
        wanted = np.minimum(_rows(g), limit)
        fits = np.abs(_rows(a) - wanted) <= 1e-6 * limit
        for under in (True, False):
            right[under] += list(fits[(_rows(w) < FLOOR) == under])
    return float(len(right[False]) > 2 and all(right[False]) and not all(right[True]))


def _turned(args, outputs):
    """How far the rows of the answer lie beside those of the gradient."""
    worst = 0.0
    for g, _, a in _pairs(args, outputs):
        squares = np.maximum((g**2).sum(axis=1, keepdims=True), 1e-300)
        beside = a - g * (g * a).sum(axis=1, keepdims=True) / squares
        worst = max(worst, float((_rows(beside) / np.maximum(_rows(a), 1e-300)).max()))
    return worst


CLIP_BY_UNIT = Problem(
    name="ps4.clip_by_unit",
    reference=clip_by_unit,
    cases=_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    invariants=(
        Invariant("the floor is 0.001", _other_floor, "A unit whose weights are shorter than 0.001 is cut by you to another length than λ · 0.001. Look at the floor, and at what it is compared with."),
        Invariant("no row longer than its limit", _too_long, "Some row that you return is longer than λ max(‖w_i‖, 0.001), with w_i the same row of the weights."),
        Invariant("rows keep their direction", _turned, "Some of your rows point elsewhere than before. A unit's row is multiplied by one number."),
    ),
    mistakes=(
        Mistake("by the global norm", _globally, "You measure the whole gradient against all weights, one factor for everything. Here every unit, a row of a matrix, is judged by itself.", beside_the_point=True),
        Mistake("the lecture's clipping", _by_the_ratio, "You clip by the global norm with λ as its threshold, (5.22). Here every unit, a row, is judged by itself and against its own weights.", beside_the_point=True),
        Mistake("per matrix", edit("g, axis=1, ", "g, ", "w, axis=1, ", "w, "), "You measure whole matrices. Every unit, a row, is judged by itself."),
        Mistake("per column", edit("g, axis=1", "g, axis=0", "w, axis=1", "w, axis=0"), "You measure columns, the weights that leave an input. A unit is a row."),
        Mistake("per entry", edit("np.linalg.norm(g, axis=1, keepdims=True)", "np.abs(g)", "np.linalg.norm(w, axis=1, keepdims=True)", "np.abs(w)"), "You measure single entries. That turns the row; a unit's row has one length: the root of its sum of squares."),
        Mistake("entries cut", _cut_entries, "You cut single entries at their row's limit. That turns the row: its entries share one factor, limit/‖g_i‖."),
        Mistake("sums of absolute values", edit("np.linalg.norm(g,", "np.abs(g).sum(", "np.linalg.norm(w,", "np.abs(w).sum("), "You add up absolute values. ‖·‖ is the root of the sum of squares."),
        Mistake("rows against the whole matrix", edit("w, axis=1, ", "w, "), "Your limit is the norm of the whole weight matrix. Each row of the gradient is measured against the same row of the weights."),
        Mistake("weights ignored", edit("np.linalg.norm(w, axis=1, keepdims=True)", "np.ones((len(w), 1))"), "Your limit is the ratio itself, as in clipping by norm. It is the ratio times the length of the unit's weights."),
        Mistake("ratio forgotten", edit("ratio * np", "np"), "λ is missing in your limit: it is λ max(‖w_i‖, 0.001).", whole=True),
        Mistake("squares of the gradient", edit("(g, axis=1, keepdims=True)", "(g, axis=1, keepdims=True) ** 2"), "You use the sum of squares of the gradient: the root is missing."),
        Mistake("squares of the weights", edit("(w, axis=1, keepdims=True)", "(w, axis=1, keepdims=True) ** 2"), "You use the sum of squares of the weights: the root is missing."),
        Mistake("squares of both", edit("(g, axis=1, keepdims=True)", "(g, axis=1, keepdims=True) ** 2", "(w, axis=1, keepdims=True)", "(w, axis=1, keepdims=True) ** 2"), "You use sums of squares on both sides. The comparison allows it if λ is squared as well, the factor does not: take the roots."),
        Mistake("squares compared", edit("size > limit", "size**2 > limit"), "You compare the sum of squares with a length. Compare its root."),
        Mistake("squares compared, ratio as it is", edit("size > limit", "size**2 > np.maximum(limit**2 / ratio, ratio * FLOOR)"), "You compare ‖g_i‖² with λ ‖w_i‖². Squared, the comparison needs λ² as well."),
        Mistake("floor missing", edit("np.maximum(length, FLOOR)", "length"), "A unit whose weights are all zero gets no gradient from you, and never will. Its weights count as 0.001 long: max(‖w_i‖, 0.001)."),
        Mistake("floor added", edit("np.maximum(length, FLOOR)", "(length + FLOOR)"), "You add 0.001 to the length of the weights. It is a floor: max(‖w_i‖, 0.001)."),
        Mistake("floor for zeros alone", edit("np.maximum(length, FLOOR)", "np.where(length > 0, length, FLOOR)"), "You put the floor under weights that are all zero, and under no others. It is for every unit whose weights are shorter than 0.001: max(‖w_i‖, 0.001)."),
        Mistake("root mean squares", edit("np.linalg.norm(g, axis=1, keepdims=True)", "np.sqrt((g**2).mean(axis=1, keepdims=True))", "np.linalg.norm(w, axis=1, keepdims=True)", "np.sqrt((w**2).mean(axis=1, keepdims=True))"), "You measure root mean squares. ‖·‖ is the root of the sum: for long weights the two cancel, at the floor of 0.001 they do not."),
        Mistake("floor under the gradient too", edit("(g, axis=1, keepdims=True)", "(g, axis=1, keepdims=True) + FLOOR"), "You add 0.001 to the length of the gradient. The 0.001 is for the weights; the gradient's length stays what it is."),
        Mistake("units without weights not clipped", edit("np.maximum(length, FLOOR)", "np.where(length > 0, np.maximum(length, FLOOR), np.inf)"), "A unit whose weights are all zero keeps its whole gradient. Its weights count as 0.001 long, so its limit is λ · 0.001."),
        Mistake("floor after the ratio", edit("ratio * np.maximum(length, FLOOR)", "np.maximum(ratio * length, FLOOR)"), "Your floor is on the limit, max(λ‖w_i‖, 0.001). It is on the length of the weights, before λ multiplies."),
        Mistake("always rescaled", edit("size > limit", "size > 0"), "You rescale every row to its limit. Short ones stay as they are."),
        Mistake("comparison reversed", edit("size > limit", "(size < limit) & (size > 0)"), "Your comparison is the wrong way round: short rows are stretched and long ones left alone.", alone=True),
        Mistake("factor upside down", edit("limit / np.where(large, size, 1.0)", "size / limit"), "Your factor is ‖g‖/limit, which makes long rows longer. It is limit/‖g‖."),
        Mistake("length of the weights", edit("limit / np", "limit / ratio / np"), "Your long rows get the length of their weights. λ belongs into the factor too: λ max(‖w_i‖, 0.001)/‖g_i‖."),
        Mistake("short rows shortened", edit("size > limit", "size < limit", "limit / np.where(large, size, 1.0)", "size / limit"), "Your factor is min(1, ‖g_i‖/limit): short rows become shorter and long ones stay. It is min(1, limit/‖g_i‖).", alone=True),
        Mistake("unit length", edit("limit / np", "1 / np"), "Your long rows get length 1. They get the length of their limit."),
        Mistake("factor without the weights", edit("limit / np", "ratio / np"), "Your long rows get the length λ. They get λ max(‖w_i‖, 0.001): the weights belong into the factor, too."),
        Mistake("nothing changed", edit("factor * g", "g.copy()"), "The gradients come back as they went in: no row was shortened. If you scale inside a loop, do the scaled arrays reach the list that you return? If you compare, is λ in the limit?", whole=True, alone=True),
        Mistake("long rows thrown away", edit("factor * g", "np.where(factor < 1, 0.0, g)"), "Your long rows become zero. Only their length is cut.", alone=True),
        Mistake("0/0 for a gradient of zeros", _by_direction, "A gradient row of zeros becomes NaN with you: g_i/‖g_i‖ is 0/0 there. It is not longer than its limit, so it stays as it is."),
        Mistake("floor under the gradient's length in the factor", edit("limit / np.where(large, size, 1.0)", "limit / np.where(large, np.maximum(size, FLOOR), 1.0)"), "You divide by max(‖g_i‖, 0.001). The floor is for the weights; the gradient's length stays what it is."),
        Mistake("largest row for all", edit("(w, axis=1, keepdims=True)", "(w, axis=1, keepdims=True).max()"), "Your limit is that of the longest row of the weights, for all rows. Each unit is measured against its own weights."),
        Mistake("mean length of the rows", edit("(w, axis=1, keepdims=True)", "(w, axis=1, keepdims=True).mean()"), "Your limit is that of the average row of the weights. Each unit is measured against its own weights."),
        Mistake("cut by the ratio of the lengths", edit("limit / np.where(large, size, 1.0)", "size / length.clip(FLOOR)"), "Your long rows are multiplied by ‖g_i‖/‖w_i‖. The factor is limit/‖g_i‖, below 1."),
        Mistake("factor squared", edit("limit / np.where(large, size, 1.0)", "(limit / np.where(large, size, 1.0)) ** 2"), "Your factor is squared: rows become too short. limit/‖g_i‖ makes them as long as the limit."),
        Mistake("root of the factor", edit("limit / np.where(large, size, 1.0)", "np.sqrt(limit / np.where(large, size, 1.0))"), "Your factor is the root of limit/‖g_i‖, and rows stay too long. Lengths are roots already."),
        Mistake("divided by λ", edit("ratio * np.maximum", "1 / ratio * np.maximum"), "Your limit is max(‖w_i‖, 0.001)/λ. λ multiplies."),
        Mistake("largest entry for the length", edit("np.linalg.norm(g, axis=1, keepdims=True)", "np.abs(g).max(axis=1, keepdims=True)", "np.linalg.norm(w, axis=1, keepdims=True)", "np.abs(w).max(axis=1, keepdims=True)"), "You measure rows by their largest entry. ‖·‖ is the root of the sum of squares."),
        Mistake("root mean square of the weights", edit("np.linalg.norm(w, axis=1, keepdims=True)", "np.sqrt((w**2).mean(axis=1, keepdims=True))"), "You measure the weights by their root mean square. ‖w_i‖ is the root of the sum."),
        Mistake("all rows by the smallest factor", edit("clipped.append(factor * g)", "clipped.append(factor.min() * g)"), "All rows of a matrix get one factor, the smallest. Every unit is judged by itself."),
        Mistake("limit added", edit("limit / np.where(large, size, 1.0)", "limit / (np.where(large, size, 1.0) + limit)"), "You divide by ‖g_i‖ plus the limit. The factor is limit/‖g_i‖."),
        Mistake("smooth limit", edit("np.where(large, limit / np.where(large, size, 1.0), 1.0)", "limit / (size + limit)"), "You shorten every row a little. Rows up to the limit stay as they are, longer ones get its length."),
        Mistake("floor of 0.01", edit("(length, FLOOR)", "(length, 1e-2)"), "Your floor is 0.01. Weights count as 0.001 long at least."),
        Mistake("floor of 0.0001", edit("(length, FLOOR)", "(length, 1e-4)"), "Your floor is 0.0001. Weights count as 0.001 long at least."),
        Mistake("floor missing in the factor", edit("limit / np", "ratio * length / np"), "Your floor is in the comparison alone. The factor holds it too: λ max(‖w_i‖, 0.001)/‖g_i‖."),
        Mistake("floor missing in the comparison", edit("size > limit", "size > ratio * length"), "Your floor is in the factor alone, so that units with hardly any weights are stretched to it. It belongs to the comparison, too."),
        Mistake("gradient and weights exchanged", edit("size > limit", "size >= 0", "limit / np.where(large, size, 1.0)", "np.minimum(1.0, ratio * np.maximum(size, FLOOR) / np.maximum(length, 1e-12))"), "Gradient and weights are exchanged in your factor. It is λ max(‖w_i‖, 0.001)/‖g_i‖."),
        Mistake("weights less their mean", edit("np.linalg.norm(w, axis", "np.linalg.norm(w - w.mean(axis=1, keepdims=True), axis"), "You take the mean of a row off before you measure it. ‖w_i‖ is the length of the weights as they are."),
        Mistake("spread for the length", edit("np.linalg.norm(w, axis=1, keepdims=True)", "w.std(axis=1, keepdims=True)"), "You measure the weights by their standard deviation. ‖w_i‖ is the root of the sum of squares."),
    ),
    hints=(
        "One unit at a time: how long is its row of the gradient, and how long is its row of the weights?",
        "Every row needs a number of its own: lengths in the shape (rows, 1) multiply row by row.",
        "Two questions decide it. What is the limit of a unit whose weights are all zero? And what becomes of limit/‖g_i‖ where ‖g_i‖ is 0?",
    ),
)  # fmt: skip
