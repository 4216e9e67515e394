"""Problem set 8 on rows: how far one clipped step moves the weights of every single unit."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SMALLEST = 1e-3  # a unit's weights count as at least this long

# --- update_ratios ---------------------------------------------------------------------------------


def lengths(a):
    """Of the rows, (H,)."""
    return np.sqrt((a**2).sum(axis=1))


def update_ratios(Ws, dWs, learning_rate, max_norm):
    """α s ‖dW_l[j]‖/max(‖W_l[j]‖, 10⁻³) of every row j, s = min(1, c/‖g‖) from all arrays together.

    Ws and dWs are lists of (H_l, D_l) arrays; row j holds the weights into unit j. Returns a list of (H_l,).
    """
    norm = np.sqrt(sum((g**2).sum() for g in dWs))
    s = min(1.0, max_norm / norm)
    ratios = []
    for g, W in zip(dWs, Ws, strict=True):
        step = learning_rate * s * lengths(g)
        ratios.append(step / np.maximum(lengths(W), SMALLEST))
    return ratios


def _columns(a):
    """Of the unit's column; where there is none, of its row."""
    columns = lengths(a.T)
    return np.array([columns[j % len(columns)] for j in range(len(a))])


def _more_than_one_factor(args, out):
    """The ratios are those of gradient and weights times one number, for all rows of all layers."""
    return 0.0 if _other_floor(args, out) else _spread(_factors(args, out, 0.0))


def _other_floor(args, out):
    """So they are for the rows that are longer than the floor, with α and s as asked, and for those alone."""
    dWs, rate, c = args[1:]
    right = rate * min(1.0, c / np.sqrt(sum((g**2).sum() for g in dWs)))
    long = np.abs(_factors(args, out, SMALLEST) / right - 1)
    return float(long.max() < 1e-6 < 1e-3 < _spread(_factors(args, out, 0.0)))


def _factors(args, out, least):
    """Ratios divided by what they would be without α and s, of rows of W that are longer than `least` or 0."""
    sizes, grads = (np.concatenate([lengths(a) for a in arrays]) for arrays in args[:2])
    mine = np.concatenate([out[f"ratio[{k}]"] for k in range(len(args[0]))])
    rows = (grads > 0) & ((sizes > least) | (least == 0))
    return (mine * np.maximum(sizes, SMALLEST))[rows] / grads[rows]


def _spread(factors):
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
        rate = rng.uniform(0.4, 0.6) + (len(cases) == 2) * 1.2  # once above the gradient's norm
        cases.append(Case((Ws, dWs, float(rate), float(c)), ("ratio",)))
    return cases


UPDATE_RATIOS = Problem(
    name="ps8.update_ratios",
    reference=update_ratios,
    helpers=(lengths,),
    cases=_ratio_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"ratio": ("unit",)},
    invariants=(
        Invariant("another floor", _other_floor, "Your long rows have one factor, and the short ones do not share it. A row of W that is shorter than 10⁻³ counts as 10⁻³ long, a row of zeros too."),
        Invariant("one factor for all rows", _more_than_one_factor, "Your ratios are not ‖dW[j]‖ over the length of W[j] times one number for all. Learning rate and clipping factor are the same for every row of every layer."),
    ),
    mistakes=(
        Mistake("not clipped", edit("min(1.0, max_norm / norm)", "1.0"), "You use the gradient as it came. The step is made with the clipped one."),
        Mistake("clipped per layer", edit("s * lengths(g)", "min(1.0, max_norm / np.linalg.norm(g)) * lengths(g)"), "You clip each layer by its own norm. Global clipping knows one norm, over all layers, and one factor."),
        Mistake("clipped per row", edit("s * lengths(g)", "np.minimum(lengths(g), max_norm)"), "You clip each row by its own norm. It is the ratio that is asked per row; the clipping factor is one for the whole net."),
        Mistake("clipped by value", edit("s * lengths(g)", "lengths(np.clip(g, -max_norm, max_norm))"), "You cut each entry to [−c, c]. Global clipping multiplies all arrays by one factor."),
        Mistake("always rescaled", edit("min(1.0, max_norm / norm)", "max_norm / norm"), "You rescale short gradients too. They are left as they are."),
        Mistake("root of the norm missing", edit("/ norm", "/ norm**2"), "Your clipping divides c by the sum of squares, without its root."),
        Mistake("sum of the norms", edit("np.sqrt(sum((g**2).sum() for g in dWs))", "sum(map(np.linalg.norm, dWs))"), "Your clipping adds up the layers' norms. It is their squares that add."),
        Mistake("largest of the norms", edit("np.sqrt(sum((g**2).sum() for g in dWs))", "max(map(np.linalg.norm, dWs))"), "Your clipping divides c by the largest of the layers' norms. The norm is one over all layers together."),
        Mistake("norms averaged", edit("np.sqrt(sum((g**2).sum() for g in dWs))", "np.sqrt(np.mean([(g**2).sum() for g in dWs]))"), "Your clipping averages the layers' squares. It is their sum that counts."),
        Mistake("norm of the layers so far", edit("s * lengths(g)", "min(1.0, max_norm / np.sqrt(sum((d**2).sum() for d in dWs[: len(ratios) + 1]))) * lengths(g)"), "You clip each layer by the norm of the layers so far. The norm has to be complete before the first one is shortened."),
        Mistake("norm of the weights", edit("for g in dWs)", "for g in Ws)"), "Your clipping measures the weights. It is the gradient that is clipped."),
        Mistake("max for min", edit("min(1.0", "max(1.0"), "Your factor is never below 1: short gradients are stretched, and long ones stay as they are."),
        Mistake("factor twice", edit("* s", "* s**2"), "Your clipping factor is in the ratio twice."),
        Mistake("α and c exchanged", edit("max_norm / norm", "learning_rate / norm", "learning_rate *", "max_norm *"), "You have α and c exchanged."),
        Mistake("step clipped", edit("/ norm", "/ (learning_rate * norm)"), "You clip the step α g, or take the smaller of α and c/‖g‖, which is the same. It is the gradient that is clipped, before the learning rate."),
        Mistake("learning rate missing", edit("learning_rate * ", ""), "You compare the gradient with the weights. What moves them is the step, and the learning rate belongs to it."),
        Mistake("learning rate squared", edit("learning_rate *", "learning_rate**2 *"), "The learning rate is in your ratio twice."),
        Mistake("divided by the learning rate", edit("learning_rate * s", "s / learning_rate"), "You divide by the learning rate. It is a factor of the step: twice the rate is twice the ratio."),
        Mistake("whole layers", edit("np.sqrt((a**2).sum(axis=1))", "np.full(len(a), np.linalg.norm(a))", within=lengths), "You give every unit the ratio of its layer, as (12.3) does. Asked for is each row by itself.", beside_the_point=True),
        Mistake("step of the layer", edit("lengths(g)", "np.linalg.norm(g)"), "Above the fraction you have the step of the whole layer, below it a single row. Both belong to the row."),
        Mistake("weights of the layer", edit("lengths(W)", "np.linalg.norm(W)"), "Below the fraction you have the weights of the whole layer, above it a single row. Both belong to the row."),
        Mistake("root mean squares below", edit("lengths(W)", "lengths(W) / np.sqrt(W.shape[1])"), "Below the fraction you have root mean squares, above it lengths. Both are lengths: squares are added, not averaged."),
        Mistake("root mean squares above", edit("lengths(g)", "lengths(g) / np.sqrt(g.shape[1])"), "Above the fraction you have root mean squares, below it lengths. Both are lengths: squares are added, not averaged."),
        Mistake("columns", edit("np.sqrt((a**2).sum(axis=1))", "_columns(a)", within=lengths), "You take columns. Column i holds what leaves input i; the weights into unit j are row j."),
        Mistake("no floor", edit("np.maximum(lengths(W), SMALLEST)", "np.where(lengths(W) > 0, lengths(W), SMALLEST)"), "A row of W that is nearly 0 was divided by its own length. It counts as 10⁻³ long."),
        Mistake("no floor at all", edit("np.maximum(lengths(W), SMALLEST)", "lengths(W)"), "A row of W was divided by its own length, 0 or nearly 0. It counts as 10⁻³ long."),
        Mistake("floor of 10⁻²", edit("SMALLEST", "1e-2"), "Your floor is 10⁻². Asked for is 10⁻³."),
        Mistake("floor of 10⁻⁸", edit("SMALLEST", "1e-8"), "Your floor is 10⁻⁸. Asked for is 10⁻³."),
        Mistake("floor under the square", edit("np.maximum(lengths(W), SMALLEST)", "np.sqrt(np.maximum(lengths(W) ** 2, SMALLEST))"), "You put the floor of 10⁻³ under the sum of squares. It belongs under the length."),
        Mistake("ceiling", edit("np.maximum", "np.minimum"), "You take the smaller of the length and 10⁻³. A floor is the larger."),
        Mistake("floor under the gradient too", edit("lengths(g)", "np.maximum(lengths(g), SMALLEST)"), "You put the floor under the gradient's rows as well. A unit that gets no gradient makes no step."),
        Mistake("floor added", edit("np.maximum(lengths(W), SMALLEST)", "(lengths(W) + SMALLEST)"), "You add 10⁻³ to every length. It is a floor: longer rows are not changed by it."),
        Mistake("floor added under the root", edit("np.maximum(lengths(W), SMALLEST)", "np.sqrt(lengths(W) ** 2 + SMALLEST**2)"), "You add 10⁻⁶ under the root. A floor is a maximum: rows longer than 10⁻³ are not changed by it.", alone=True),
        Mistake("10⁻³ added under the root", edit("np.maximum(lengths(W), SMALLEST)", "np.sqrt(lengths(W) ** 2 + SMALLEST)"), "You add 10⁻³ under the root. A floor is a maximum, and one for lengths: longer rows are not changed by it.", alone=True),
        Mistake("floor under the ratio", edit("step / np.maximum(lengths(W), SMALLEST)", "np.maximum(step / np.where(lengths(W) > 0, lengths(W), 1.0), SMALLEST)"), "You put the floor under the ratio. It is the weights that count as at least 10⁻³ long.", alone=True),
        Mistake("floor in place of zeros only, as 1", edit("np.maximum(lengths(W), SMALLEST)", "np.where(lengths(W) > SMALLEST, lengths(W), 1.0)"), "Short rows of W count as 1 long in your answer. They count as 10⁻³ long.", alone=True),
        Mistake("short rows get 0", edit("step / np.maximum(lengths(W), SMALLEST)", "np.where(lengths(W) > SMALLEST, step / np.maximum(lengths(W), SMALLEST), 0.0)"), "Short rows of W get the ratio 0. They count as 10⁻³ long.", alone=True),
        Mistake("entry by entry", edit("lengths(g)", "np.mean(np.abs(g) / np.maximum(np.abs(W), SMALLEST), axis=1)", "step / np.maximum(lengths(W), SMALLEST)", "step"), "You divide entry by entry and average. Asked for is the length of a row's step over the length of the row.", alone=True),
        Mistake("mean of the entries' ratios to the row", edit("lengths(g)", "np.abs(g).mean(axis=1)"), "Above the fraction you have the mean size of the entries, below it a length. Both are lengths.", alone=True),
        Mistake("sum of absolute values above", edit("lengths(g)", "np.abs(g).sum(axis=1)"), "Above the fraction you have a sum of absolute values, below it a length. Both are lengths.", alone=True),
        Mistake("sum of absolute values below", edit("lengths(W)", "np.abs(W).sum(axis=1)"), "Below the fraction you have a sum of absolute values, above it a length. Both are lengths.", alone=True),
        Mistake("c times the learning rate", edit("max_norm / norm", "learning_rate * max_norm / norm"), "Your clipping compares the gradient with α c. It is compared with c; the learning rate comes afterwards.", alone=True),
        Mistake("clipped to 1", edit("max_norm / norm", "1 / norm"), "You divide the gradient by its norm, whatever c is. Only a gradient longer than c is cut, to the length c.", alone=True),
        Mistake("one layer's ratio for each entry", edit("ratios.append(step / np.maximum(lengths(W), SMALLEST))", "ratios.append(step / np.maximum(lengths(W), SMALLEST).mean())"), "Below the fraction you have the mean length of the layer's rows. Each row is divided by its own.", alone=True),
        Mistake("upside down", edit("return ratios", "return [1 / ratio for ratio in ratios]"), "Your ratio is upside down: it is the step that is measured in units of the weights."),
        Mistake("squares", edit("return ratios", "return [ratio**2 for ratio in ratios]"), "Your ratio is one of squares, without the roots."),
        Mistake("squares of the lengths", edit("lengths(g)", "lengths(g) ** 2", ", SMALLEST)", ", SMALLEST) ** 2"), "Your ratio is one of squares, without the roots."),
        Mistake("squares, and a floor for them", edit("lengths(g)", "lengths(g) ** 2", "np.maximum(lengths(W), SMALLEST)", "np.maximum(lengths(W) ** 2, SMALLEST)"), "Your ratio is one of squares, without the roots."),
        Mistake("logarithm", edit("return ratios", "return [np.log10(ratio) for ratio in ratios]"), "You return the logarithm of the ratio. Asked for is the ratio itself."),
        Mistake("divided by the new weights", edit("lengths(W)", "lengths(W - learning_rate * s * g)"), "You divide by the weights after the step. The ratio is taken with those before it."),
        Mistake("divided by new weights, not clipped", edit("lengths(W)", "lengths(W - learning_rate * g)"), "You divide by the weights after a step. The ratio is taken with those before it."),
        Mistake("standard deviations", edit("np.sqrt((a**2).sum(axis=1))", "a.std(axis=1)", within=lengths), "You divide standard deviations, as some training logs do. A common shift of all entries is then lost; asked for are lengths."),
        Mistake("mean absolute values", edit("np.sqrt((a**2).sum(axis=1))", "np.abs(a).mean(axis=1)", within=lengths), "You divide mean absolute values. Asked for are lengths, roots of sums of squares."),
        Mistake("sums of absolute values", edit("np.sqrt((a**2).sum(axis=1))", "np.abs(a).sum(axis=1)", within=lengths), "You divide sums of absolute values. Asked for are lengths, roots of sums of squares."),
        Mistake("root mean squares", edit(".sum(", ".mean(", within=lengths), "You divide root mean squares. For long rows that is the same, but the floor of 10⁻³ is one for lengths."),
        Mistake("largest entries", edit("np.sqrt((a**2).sum(axis=1))", "np.abs(a).max(axis=1)", within=lengths), "You divide the largest entries. Asked for are lengths, roots of sums of squares."),
    ),
    hints=(
        "How far does one step move the weights into each unit, compared with how long they are? A layer's ratio can hide a single unit that is thrown about.",
        "First one factor from all gradients together, then for each array two (H,) vectors of lengths, along axis 1.",
        "s = min(1, c/‖g‖), where ‖g‖² adds the squares of all entries of all arrays. Then one division for each row, by the larger of two numbers.",
    ),
)  # fmt: skip
