"""Problem set 4 on batch norm where only some rows count: forward."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem
from vgcourse.problems.ps4 import norms

# --- masked_norm_forward ---------------------------------------------------------------------------


def masked_norm_forward(x, mask, gamma, beta, eps):
    """μ = (1/M) Σ m_n x_n, v = (1/M) Σ m_n (x_n − μ)², M = Σ m_n; x̂ = (x − μ)/√(v + ε) and y = γ x̂ + β for all rows."""
    m = mask[:, None]
    M = m.sum()
    mean = (m * x).sum(axis=0) / M
    v = (m * (x - mean) ** 2).sum(axis=0) / M
    x_hat = (x - mean) / np.sqrt(v + eps)
    y = gamma * x_hat + beta
    return y, x_hat


def _with_statistics(of):
    """x̂ and y with mean and variance of `of(x, mask)` over the axis that it names."""

    def formula(x, mask, gamma, beta, eps):
        rows, axis = of(x, mask)
        mean, v = (stat(rows, axis=axis, keepdims=True) for stat in (np.mean, np.var))
        x_hat = (x - mean) / np.sqrt(v + eps)
        return gamma * x_hat + beta, x_hat

    return formula


def _forward_cases(rng):
    cases = []
    for N, M, D, eps in ((8, 5, 3, 0.02), (5, 3, 5, 0.01), (6, 4, 1, 0.03)):
        gamma, beta = norms.scales(rng, D), norms.scales(rng, D)
        if N == D:  # a scale may be 0, and then y does not say what x̂ is
            gamma[1] = 0.0
        args = norms.spread(rng, (N, D), (0,)), norms.mask(rng, N, M), gamma, beta, eps
        cases.append(Case(args, ("y", "x_hat"), batch=N))
    return cases


def _mean_of_x_hat(args, outputs):
    counted = args[1][:, None] * outputs["x_hat"]
    return float(np.abs(counted.sum(axis=0)).max() / max(np.abs(counted).sum(axis=0).max(), 1e-300))


def _apart(y, wanted):
    return float(np.abs(y - wanted).max() / max(np.abs(y).max(), np.abs(wanted).max(), 1e-300))


_AFFINE = (
    lambda x_hat, gamma, beta: gamma * (x_hat + beta),
    lambda x_hat, gamma, beta: gamma * x_hat,
    lambda x_hat, gamma, beta: x_hat + beta,
)


def _affine_of_x_hat(args, outputs):
    """How far y is from γ x̂ + β; 0 where it is one of the slips that have a sentence of their own."""
    _, _, gamma, beta, _ = args
    y, x_hat = outputs["y"], outputs["x_hat"]
    if any(_is_affine(k)(args, outputs) for k in range(len(_AFFINE))):
        return 0.0
    return _apart(y, gamma * x_hat + beta)


def _is_affine(number):
    """1 where y is that slip's of the x̂ that came with it, and not the right one."""

    def residual(args, outputs):
        _, _, gamma, beta, _ = args
        y, x_hat = outputs["y"], outputs["x_hat"]
        slip, right = _AFFINE[number](x_hat, gamma, beta), gamma * x_hat + beta
        return float(_apart(y, slip) < 1e-9 and _apart(y, right) > 1e-3)

    return residual


MASKED_NORM_FORWARD = Problem(
    name="ps4.masked_norm_forward",
    reference=masked_norm_forward,
    cases=_forward_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    flow=("x_hat", "y"),
    axes={"y": ("example", "input"), "x_hat": ("example", "input")},
    conventions=(
        Convention("1/(M − 1)", edit("2).sum(axis=0) / M", "2).sum(axis=0) / (M - 1)"), "Your variance divides by M − 1, the unbiased estimate. That is right too; frameworks normalise with 1/M. Stay with one of them, also on the way back."),
    ),
    invariants=(
        Invariant("x_hat of the rows that count has mean 0", _mean_of_x_hat, "Over the rows that count your x_hat does not have mean 0, feature by feature. Their mean alone is subtracted, from every row."),
        Invariant("beta before gamma", _is_affine(0), "Your y is γ (x̂ + β) of the x_hat that you return. The shift comes after the scale."),
        Invariant("no beta", _is_affine(1), "Your y is γ x̂ of the x_hat that you return: the shift β is missing."),
        Invariant("no gamma", _is_affine(2), "Your y is x̂ + β of the x_hat that you return: the scale γ is missing."),
        Invariant("y = gamma x_hat + beta", _affine_of_x_hat, "Your y is not γ x̂ + β of the x_hat that you return. Look at the last step: normalise first, then scale and shift."),
    ),
    mistakes=(
        Mistake("mask ignored", edit("mask[:, None]", "np.ones((len(x), 1))"), "Your mean and variance are those of all rows, as in lecture 5. Rows with mask 0 do not enter them.", beside_the_point=True),
        Mistake("mask the wrong way round", edit("mask[:, None]", "1 - mask[:, None]"), "Your mean and variance are those of the rows that do not count. 1 means that a row counts."),
        Mistake("mask missing in the mean", edit("(m * x).sum(axis=0) / M", "x.mean(axis=0)"), "Your mean is that of all rows; the variance is masked. Both are taken over the rows that count."),
        Mistake("mask missing in the variance", edit("(m * (x - mean) ** 2).sum(axis=0) / M", "((x - mean) ** 2).mean(axis=0)"), "Your variance sums over all rows; the mean is masked. Both are taken over the rows that count."),
        Mistake("variance of all rows", edit("(m * (x - mean) ** 2).sum(axis=0) / M", "x.var(axis=0)"), "Your variance is that of all rows, around their own mean; your mean is masked. Both are taken over the rows that count."),
        Mistake("zeros in the variance", edit("(m * (x - mean) ** 2)", "((m * x - mean) ** 2)"), "You multiply x by the mask before μ comes off: a row that does not count enters the variance as 0 − μ. Subtract first, then multiply by the mask."),
        Mistake("mask as an index", _with_statistics(lambda x, mask: (x[mask.astype(int)], 0)), "Your mean and variance are those of rows 0 and 1, taken again and again: so does numpy read whole numbers in the place of an index. A condition selects rows."),
        Mistake("other rows as zeros", edit("    m = mask[:, None]", "    m = mask[:, None]\n    x = m * x"), "You set x to 0 where the mask is 0 before all else. Those rows do not enter the statistics, but it is their own x that is normalised."),
        Mistake("zeros counted", edit("    m = mask[:, None]", "    x = mask[:, None] * x\n    m = np.ones((len(x), 1))"), "You take batch norm of x times the mask: the rows that do not count enter mean and variance as zeros, and are lost themselves."),
        Mistake("zeros in mean and variance", edit("(m * x).sum(axis=0) / M", "(m * x).mean(axis=0)", "(m * (x - mean) ** 2).sum(axis=0) / M", "(m * x).var(axis=0)"), "Your mean and variance are those of x times the mask over all rows: the rows that do not count enter as zeros. They are to be left out."),
        Mistake("statistics of each row", _with_statistics(lambda x, mask: (x, 1)), "Your mean and variance run along the rows, axis 1: that is layer norm. Here each feature has its own, over the rows that count."),
        Mistake("one mean for all features", _with_statistics(lambda x, mask: (x[mask > 0], (0, 1))), "You take one mean and one variance over all features. Each feature has its own: axis 0."),
        Mistake("divided by N", edit("x).sum(axis=0) / M", "x).sum(axis=0) / len(x)", "2).sum(axis=0) / M", "2).sum(axis=0) / len(x)"), "You divide by N, the number of all rows. The sums hold M terms only: divide by M = Σ m."),
        Mistake("mean divided by N", edit("x).sum(axis=0) / M", "x).sum(axis=0) / len(x)"), "Your mean divides by N, the number of all rows. Its sum holds M terms: divide by M = Σ m."),
        Mistake("variance divided by N", edit("2).sum(axis=0) / M", "2).sum(axis=0) / len(x)"), "Your variance divides by N, the number of all rows. Its sum holds M terms: divide by M = Σ m."),
        Mistake("other rows set to 0", edit("x_hat = (", "x_hat = m * ("), "You set x̂ to 0 where the mask is 0. Those rows do not enter the statistics, but they are normalised like all others."),
        Mistake("y of other rows set to 0", edit("return y,", "return m * y,"), "You set y to 0 where the mask is 0. Those rows do not enter the statistics, but they are scaled and shifted like all others."),
        Mistake("mean not subtracted", edit("(x - mean) / np", "x / np"), "You divide x itself by the standard deviation. The mean comes off first: x̂ = (x − μ)/√(v + ε)."),
        Mistake("square of x, not of x − μ", edit("(x - mean) ** 2", "x**2"), "Your variance is the mean of x². The variance is the mean of (x − μ)²."),
        Mistake("sum of squares", edit("2).sum(axis=0) / M", "2).sum(axis=0)"), "Your variance is a sum; it has to be a mean over the M rows that count."),
        Mistake("divided by the variance", edit("np.sqrt(v + eps)", "(v + eps)"), "You divide by v + ε. The square root is missing: x̂ = (x − μ)/√(v + ε)."),
        Mistake("eps outside the root", edit("np.sqrt(v + eps)", "(np.sqrt(v) + eps)"), "You divide by √v + ε. Here ε stands inside the root, √(v + ε), and the backward pass relies on that."),
        Mistake("eps missing", edit("v + eps", "v"), "You divide by √v or nearly so: ε is missing, or is not the eps that comes in."),
        Mistake("gamma and beta exchanged", edit("gamma * x_hat + beta", "beta * x_hat + gamma"), "γ and β are exchanged: γ multiplies and β is added, y = γ x̂ + β."),
        Mistake("gamma multiplies beta too", edit("gamma * x_hat + beta", "gamma * (x_hat + beta)"), "You compute γ(x̂ + β). The shift comes after the scale: y = γ x̂ + β."),
        Mistake("gamma and beta missing", edit("gamma * x_hat + beta", "x_hat"), "You return x̂ as y. The learned scale and shift come last: y = γ x̂ + β."),
        Mistake("y returned as x_hat", edit("return y, x_hat", "return y, y"), "Your second result is y. Asked for is x̂, before scale and shift: the backward pass needs that one."),
        Mistake("x_hat from y", edit("return y, x_hat", "return y, (y - beta) / gamma"), "Your x̂ is won back from y, by dividing through γ. Where γ is 0, y knows nothing of x̂: return it as it was before scale and shift."),
        Mistake("mask without its second axis", edit("mask[:, None]", "mask"), "Your mask has one axis, and numpy lines it up with the columns of x: that fails, or where N = D goes on with wrong numbers. It belongs to the rows."),
        Mistake("other rows not normalised", edit("x_hat = (x - mean)", "x_hat = np.where(m > 0, x - mean, x * np.sqrt(v + eps))"), "You leave the rows with mask 0 as they are. They do not enter the statistics, but they are normalised like all others."),
        Mistake("1/(N − 1)", edit("2).sum(axis=0) / M", "2).sum(axis=0) / (len(x) - 1)"), "Your variance divides by N − 1, all rows but one. Its sum holds M terms: divide by M = Σ m."),
        Mistake("results exchanged", edit("return y, x_hat", "return x_hat, y"), "Your two results are exchanged: y comes first, then x̂.", whole=True),
        Mistake("variance of N − M", edit("2).sum(axis=0) / M", "2).sum(axis=0) / (len(x) - M)"), "Your variance divides by N − M, the rows that do not count. Its sum holds M terms: divide by M = Σ m."),
        Mistake("square of the mean taken off the mean square of all", edit("(m * (x - mean) ** 2).sum(axis=0) / M", "(x**2).mean(axis=0) - mean**2"), "Your variance takes the mean square of all rows and μ of those that count. Both run over the rows that count."),
        Mistake("mean square over N", edit("(m * (x - mean) ** 2).sum(axis=0) / M", "np.abs((m * x**2).mean(axis=0) - mean**2)"), "Your mean square divides by N, your μ by M. Both are sums over the rows that count: divide by M."),
        Mistake("absolute distance", edit("np.sqrt(v + eps)", "((m * np.abs(x - mean)).sum(axis=0) / M + eps)"), "You divide by the mean of |x − μ|. It is the root of the mean of squares."),
        Mistake("scaled before the mean comes off", edit("x_hat = (x - mean) / np.sqrt(v + eps)", "x_hat = x / np.sqrt(v + eps) - mean"), "You take μ off after the division. x̂ = (x − μ)/√(v + ε): first the mean."),
        Mistake("eps added to x̂", edit("(x - mean) / np.sqrt(v + eps)", "(x - mean) / np.sqrt(v) + eps"), "You add ε to x̂. It belongs under the root: √(v + ε)."),
        Mistake("root of eps", edit("np.sqrt(v + eps)", "(np.sqrt(v) + np.sqrt(eps))"), "You divide by √v + √ε. It is the root of the sum: √(v + ε)."),
        Mistake("eps squared", edit("v + eps", "v + eps**2"), "You add ε². Under the root stands ε as it comes: √(v + ε)."),
        Mistake("one variance for all features", edit("np.sqrt(v + eps)", "np.sqrt(v.mean() + eps)"), "You divide by one variance for all features, their mean. Each feature has its own."),
        Mistake("beta times the mask", edit("gamma * x_hat + beta", "gamma * x_hat + m * beta"), "Your β reaches only the rows that count. Scale and shift are for all rows."),
        Mistake("gamma times the mask", edit("gamma * x_hat + beta", "m * gamma * x_hat + beta"), "Your γ reaches only the rows that count. Scale and shift are for all rows."),
        Mistake("other rows keep x", edit("return y, x_hat", "return np.where(m > 0, y, x), np.where(m > 0, x_hat, x)"), "You hand on x where the mask is 0. Those rows do not enter the statistics, but they are normalised like all others."),
        Mistake("y of other rows is x", edit("return y,", "return np.where(m > 0, y, x),"), "Your y is x where the mask is 0. Those rows do not enter the statistics, but they are normalised, scaled and shifted like all others."),
        Mistake("first M rows", edit("m = mask[:, None]", "m = (np.arange(len(x)) < mask.sum())[:, None] * 1.0"), "You take the first M rows. The mask says which rows count."),
        Mistake("variance not divided, eps in the mean", edit("np.sqrt(v + eps)", "np.sqrt(v) * (1 + eps)"), "You multiply √v by 1 + ε. ε is added under the root: √(v + ε)."),
        Mistake("mean of the other rows", edit("(m * x).sum(axis=0) / M", "((1 - m) * x).sum(axis=0) / (1 - m).sum()"), "Your mean is that of the rows that do not count; the variance is masked. Both are over the rows with m = 1."),
        Mistake("median", edit("(m * x).sum(axis=0) / M", "np.median(x[mask > 0], axis=0)"), "Your μ is the median. It is the mean of the rows that count."),
    ),
    hints=(
        "Two groups of rows: all of them are shifted and divided, but only those that count say by how much.",
        "μ and v have shape (D,), sums over the rows with m as weights; with a second axis of length 1 the mask lines up with the rows of x.",
        "Both μ and v are means with the weights m/M: write such a mean once and use it twice. Of x first, and then of what?",
    ),
)  # fmt: skip
