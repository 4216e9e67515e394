"""Problem set 4 on batch norm where only some rows count: forward and the whole way back."""

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


def _mask(rng, N, M):
    """N zeros and ones, M of them ones."""
    return rng.permutation(np.arange(N) < M).astype(float)


def _forward_cases(rng):
    cases = []
    for N, M, D, eps in ((8, 5, 3, 0.02), (5, 3, 5, 0.01), (6, 4, 1, 0.03)):
        gamma, beta = norms.scales(rng, D), norms.scales(rng, D)
        if N == D:  # a scale may be 0, and then y does not say what x̂ is
            gamma[1] = 0.0
        args = norms.spread(rng, (N, D), (0,)), _mask(rng, N, M), gamma, beta, eps
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
        Mistake("mask ignored", edit("mask[:, None]", "np.ones((len(x), 1))"), "Your mean and variance are those of all rows, as in lecture 5. Rows with mask 0 do not enter them."),
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
        Mistake("divided by N", edit("m.sum()", "len(x)"), "You divide by N, the number of all rows. The sums hold M terms only: divide by M = Σ m."),
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
        Mistake("results exchanged", edit("return y, x_hat", "return x_hat, y"), "Your two results are exchanged: y comes first, then x̂."),
    ),
    hints=(
        "Two groups of rows: all of them are shifted and divided, but only those that count say by how much.",
        "μ and v have shape (D,), sums over axis 0 with m as weights; mask[:, None] lines it up with the rows of x.",
        "Both μ and v are means with the weights m/M: write such a mean once and use it twice. Of x first, and then of what?",
    ),
)  # fmt: skip


# --- masked_norm_backward --------------------------------------------------------------------------


def masked_norm_backward(dy, x, mask, gamma, eps):
    """dx_m = (1/s)[dx̂_m − (m_m/M) Σ dx̂ − (m_m x̂_m/M) Σ dx̂ ⊙ x̂], sums over all rows, dx̂ = γ ⊙ dy; dγ = Σ dy ⊙ x̂, dβ = Σ dy."""
    m = mask[:, None]
    M = m.sum()
    centred = x - (m * x).sum(axis=0) / M
    s = np.sqrt((m * centred**2).sum(axis=0) / M + eps)
    x_hat, d = centred / s, gamma * dy
    shared = d.sum(axis=0) / M
    along = (d * x_hat).sum(axis=0) / M
    dx = (d - m * shared - m * x_hat * along) / s
    dgamma = np.sum(dy * x_hat, axis=0)
    dbeta = np.sum(dy, axis=0)
    return dx, dgamma, dbeta


def _backward_cases(rng):
    cases = []
    for N, M, D, eps in ((8, 5, 3, 0.02), (5, 3, 5, 0.01), (7, 4, 1, 0.03)):
        gamma = norms.scales(rng, D)
        if N == D:  # a scale may be 0, and then dx̂ does not say what dγ is
            gamma[1] = 0.0
        args = rng.normal(size=(N, D)), norms.spread(rng, (N, D), (0,)), _mask(rng, N, M), gamma, eps
        cases.append(Case(args, ("dx", "dgamma", "dbeta"), batch=N))
    return cases


def _no_stretch(args, outputs):
    """Σ dx ⊙ x̂ over all rows is what ε leaves of it, (ε/(v + ε)) (1/s) Σ dx̂ ⊙ x̂, with 1/M and with 1/(M − 1)."""
    (dy, x, mask, gamma, eps), dx = args, outputs["dx"]
    m, found = mask[:, None], []
    centred = x - (m * x).sum(axis=0) / m.sum()
    for M in (m.sum(), m.sum() - 1):
        s2 = (m * centred**2).sum(axis=0) / M + eps
        products = dx * centred / np.sqrt(s2)
        left = (eps / s2**2 * gamma * dy * centred).sum(axis=0)
        found.append(
            np.abs(products.sum(axis=0) - left).max() / max(np.abs(products).sum(axis=0).max(), 1e-300)
        )
    return float(min(found))  # fmt: skip


MASKED_NORM_BACKWARD = Problem(
    name="ps4.masked_norm_backward",
    reference=masked_norm_backward,
    cases=_backward_cases,
    points=5,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "input"), "dgamma": ("input",), "dbeta": ("input",)},
    conventions=(
        Convention("1/(M − 1)", edit("**2).sum(axis=0) / M", "**2).sum(axis=0) / (M - 1)", "x_hat).sum(axis=0) / M", "x_hat).sum(axis=0) / (M - 1)"), "Your variance divides by M − 1, the unbiased estimate. That is right too, if its gradient does the same; frameworks normalise with 1/M."),
    ),
    invariants=(
        norms.sums_to_zero((0,), "Your dx does not sum to zero over all rows. Adding a constant to a feature in every row changes no output, so it has to: look at the path through the mean. Who moves it, and whom does it move?"),
        Invariant("dx has no part along x_hat", _no_stretch, "Your dx has a part along x̂. Stretching a feature of the whole batch changes hardly any output, so Σ_n dx_n x̂_n over all rows is 0 but for what ε leaves: look at the path through the variance."),
    ),
    mistakes=(
        Mistake("mask ignored", edit("mask[:, None]", "np.ones((len(x), 1))"), "Your dx is that of lecture 5, equation (5.8): every row enters mean and variance. Rows with mask 0 move neither."),
        Mistake("all rows get both terms", edit("m * shared - m * x_hat", "shared - x_hat"), "You take the two terms off every row. A row with mask 0 moves neither μ nor v, so its dx is dx̂/s alone."),
        Mistake("all rows get the mean term", edit("m * shared", "shared"), "You take the mean term off every row. A row with mask 0 does not move μ."),
        Mistake("all rows get the variance term", edit("m * x_hat", "x_hat"), "You take the variance term off every row. A row with mask 0 does not move v."),
        Mistake("sums over the rows that count", edit("d.sum(axis=0)", "(m * d).sum(axis=0)", "(d * x_hat)", "(m * d * x_hat)"), "Your two sums run over the rows that count. μ and v are used by every row, so every row sends a gradient back through them: sum over all."),
        Mistake("variance sum over the rows that count", edit("(d * x_hat)", "(m * d * x_hat)"), "Your sum of dx̂ ⊙ x̂ runs over the rows that count. v is used by every row, so every row sends a gradient back through it: sum over all, as in your mean term."),
        Mistake("no gradient where the mask is 0", edit("return dx", "return m * dx"), "Your dx is 0 where the mask is 0. Those rows are normalised too, and their x stands in their own output: dx̂/s."),
        Mistake("dy masked first", edit("    x_hat, d =", "    dy = m * dy\n    x_hat, d ="), "You set dy to 0 where the mask is 0, before all else. Those rows have an output, too: they need γ, β, μ and v, and send a gradient back through each.", whole=True),
        Mistake("mean of all rows", edit("(m * x).sum(axis=0) / M", "x.mean(axis=0)"), "Your μ is the mean of all rows. The forward pass subtracts that of the rows that count.", whole=True),
        Mistake("variance of all rows", edit("(m * centred**2).sum(axis=0) / M", "(centred**2).mean(axis=0)"), "Your v runs over all rows. In the forward pass it is that of the rows that count.", whole=True),
        Mistake("mean and variance of all rows", edit("(m * x).sum(axis=0) / M", "x.mean(axis=0)", "(m * centred**2).sum(axis=0) / M", "(centred**2).mean(axis=0)"), "Your μ and v are those of all rows. In the forward pass they are those of the rows that count.", whole=True),
        Mistake("means over N", edit("d.sum(axis=0) / M", "d.sum(axis=0) / len(x)", "x_hat).sum(axis=0) / M", "x_hat).sum(axis=0) / len(x)"), "Your two sums are divided by N. A row that counts has the share 1/M in μ and v: divide by M = Σ m, though the sums run over all rows."),
        Mistake("mean term over N", edit("d.sum(axis=0) / M", "d.sum(axis=0) / len(x)"), "Your mean term is divided by N. A row that counts has the share 1/M in μ."),
        Mistake("variance term over N", edit("x_hat).sum(axis=0) / M", "x_hat).sum(axis=0) / len(x)"), "Your variance term is divided by N. A row that counts has the share 1/M in v."),
        Mistake("mean term missing", edit("shared = ", "shared = 0 * "), "In your dx the path through the mean is missing: μ moves with every row that counts, and moves every x̂."),
        Mistake("variance term missing", edit("along = ", "along = 0 * "), "In your dx the path through the variance is missing: v moves with every row that counts, and moves every x̂."),
        Mistake("mean and variance terms missing", edit("shared = ", "shared = 0 * ", "along = ", "along = 0 * "), "Your dx treats μ and v as constants. Both depend on the rows that count, so two more terms come off there."),
        Mistake("gamma missing", edit("gamma * dy", "dy"), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ ⊙ dy."),
        Mistake("not divided by s", edit("along) / s", "along)"), "Your dx is not divided by s = √(v + ε). x̂ is (x − μ)/s, so everything that goes back to x carries 1/s."),
        Mistake("divided by s twice", edit("along) / s", "along) / s**2"), "Your dx is divided by v + ε. It is divided by s = √(v + ε), once."),
        Mistake("1/M mixed with 1/(M − 1)", edit("x_hat).sum(axis=0) / M", "x_hat).sum(axis=0) / (M - 1)"), "Your variance divides by M and its gradient by M − 1. Use one of them in both passes."),
        Mistake("1/(M − 1) mixed with 1/M", edit("**2).sum(axis=0) / M", "**2).sum(axis=0) / (M - 1)"), "Your variance divides by M − 1 and its gradient by M. Use one of them in both passes."),
        Mistake("variance term halved", edit("along = ", "along = 0.5 * "), "Your variance term is half of what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("variance term doubled", edit("along = ", "along = 2 * "), "Your variance term is twice what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("variance term s² times too large", edit("along = ", "along = s**2 * "), "Your variance term is s² times too large: two powers of s are lost. The slope of 1/s = (v + ε)^(−½) with respect to v is −½ s⁻³."),
        Mistake("variance term s times too large", edit("along = ", "along = s * "), "Your variance term is s times too large: a power of s is lost. As if x − μ stood where x̂ belongs, once."),
        Mistake("mean term s times too large", edit("shared = ", "shared = s * "), "Your mean term is s times too large: it is not divided by s. Everything that goes back to x carries 1/s."),
        Mistake("both terms s times too large", edit("shared = ", "shared = s * ", "along = ", "along = s * "), "Your two terms are not divided by s, only dx̂ is. Everything that goes back to x carries 1/s."),
        Mistake("forward over N", edit("(m * x).sum(axis=0) / M", "(m * x).sum(axis=0) / len(x)", "**2).sum(axis=0) / M", "**2).sum(axis=0) / len(x)"), "Your mean and variance are divided by N, the number of all rows. Their sums hold M terms: divide by M = Σ m.", whole=True),
        Mistake("mask along the columns where N = D", edit("m * shared - m * x_hat", "(mask if len(x) == len(gamma) else m) * shared - (mask if len(x) == len(gamma) else m) * x_hat"), "Where N = D your mask meets the columns of x: numpy lines it up with the last axis, and no error comes. It belongs to the rows."),
        Mistake("mask without a second axis", edit("mask[:, None]", "mask"), "Your mask has one axis, and numpy lines it up with the columns of x: that fails, or where N = D goes on with wrong numbers. It belongs to the rows."),
        Mistake("sign of the variance term", edit("along = ", "along = -"), "Your variance term has the wrong sign. A larger variance makes x̂ smaller."),
        Mistake("sign of the mean term", edit("shared = ", "shared = -"), "Your mean term has the wrong sign. x̂ holds −μ, so the share in it comes off."),
        Mistake("eps missing", edit(" + eps", ""), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("eps outside the root", edit(" + eps)", ") + eps"), "Your s is √v + ε. Here ε stands inside the root: s = √(v + ε)."),
        Mistake("dgamma with x", edit("(dy * x_hat", "(dy * x"), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂, the normalised input."),
        Mistake("dgamma without x_hat", edit("(dy * x_hat", "(dy"), "Your dγ sums dy alone: the factor of γ is missing. In y = γ x̂ + β it is x̂."),
        Mistake("gamma in dgamma", edit("(dy * x_hat", "(d * x_hat"), "Your dγ holds a factor γ: it sums dx̂ ⊙ x̂. y is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("dgamma with x − μ", edit("(dy * x_hat", "(dy * centred"), "Your dγ multiplies by x − μ, which is not divided by s. In y = γ x̂ + β the factor of γ is x̂."),
        Mistake("dgamma from dx_hat over gamma", edit("(dy * x_hat, axis=0)", "(d * x_hat, axis=0) / gamma"), "Your dγ is won by dividing through γ. Where γ is 0 that is 0/0: start from dy, which holds no γ."),
        Mistake("x_hat of other rows set to 0", edit("= centred / s", "= m * centred / s"), "You set x̂ to 0 where the mask is 0. Those rows are normalised too, so their x̂ counts in dγ and in the sum of dx̂ ⊙ x̂."),
        Mistake("dgamma over the rows that count", edit("(dy * x_hat", "(m * dy * x_hat"), "Your dγ sums over the rows that count. γ scales every row: sum over all."),
        Mistake("dbeta over the rows that count", edit("(dy, axis", "(m * dy, axis"), "Your dβ sums over the rows that count. β shifts every row: sum over all."),
        Mistake("dgamma and dbeta over the rows that count", edit("(dy * x_hat", "(m * dy * x_hat", "(dy, axis", "(m * dy, axis"), "Your dγ and dβ sum over the rows that count. γ and β scale and shift every row: sum over all.", whole=True),
        Mistake("dgamma and dbeta exchanged", edit("return dx, dgamma, dbeta", "return dx, dbeta, dgamma"), "dγ and dβ are exchanged. γ multiplies x̂, so dγ = Σ dy ⊙ x̂; β is added, so dβ = Σ dy.", whole=True),
        Mistake("gamma in dbeta", edit("(dy, axis", "(d, axis"), "Your dβ sums dx̂ = γ ⊙ dy. β is added after the scale, so dβ = Σ dy."),
        Mistake("dgamma and dbeta averaged", edit("dgamma = np.sum(", "dgamma = np.mean(", "dbeta = np.sum(", "dbeta = np.mean("), "Your dγ and dβ are means over the batch. Every example uses the same γ and β, so their gradients are sums; a 1/N of the loss is already in dy.", whole=True),
        Mistake("dgamma averaged", edit("dgamma = np.sum(", "dgamma = np.mean("), "Your dγ is a mean over the batch. Every row uses the same γ, so its gradient is a sum; a 1/N of the loss is already in dy."),
        Mistake("dbeta averaged", edit("dbeta = np.sum(", "dbeta = np.mean("), "Your dβ is a mean over the batch. Every row uses the same β, so its gradient is a sum; a 1/N of the loss is already in dy."),
        Mistake("dgamma and dbeta over M", edit("return dx, dgamma, dbeta", "return dx, dgamma / M, dbeta / M"), "Your dγ and dβ are divided by M. Every row uses the same γ and β, so their gradients are sums; a 1/N of the loss is already in dy.", whole=True),
        Mistake("dgamma and dbeta not summed", edit("np.sum(dy * x_hat, axis=0)", "dy * x_hat", "np.sum(dy, axis=0)", "dy"), "Your dγ and dβ still have one row per example. The same γ and β serve all rows: sum over axis 0.", whole=True),
    ),
    hints=(
        "Two questions for each path: which x_m move μ and v? Which outputs do μ and v move? Only the first is about the mask.",
        "∂μ/∂x_m = m_m/M and ∂v/∂x_m = 2 m_m (x_m − μ)/M, as in (5.5). Check yourself by Σ_n dx_n = 0 over all rows.",
        "With dx̂ = γ ⊙ dy, dx_m is 1/s times [dx̂_m − m_m · (a sum over all rows)/M − m_m x̂_m · (another)/M]. Which two sums?",
    ),
)  # fmt: skip
