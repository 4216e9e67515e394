"""Problem set 4 on batch norm where only some rows count: the whole way back."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem
from vgcourse.problems.ps4 import norms

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
        args = rng.normal(size=(N, D)), norms.spread(rng, (N, D), (0,)), norms.mask(rng, N, M), gamma, eps
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
        Mistake("mask ignored", edit("mask[:, None]", "np.ones((len(x), 1))"), "Your dx is that of lecture 5, equation (5.8): every row enters mean and variance. Rows with mask 0 move neither.", beside_the_point=True),
        Mistake("all rows get both terms", edit("m * shared - m * x_hat", "shared - x_hat"), "You take the two terms off every row. A row with mask 0 moves neither μ nor v, so its dx is dx̂/s alone."),
        Mistake("all rows get the mean term", edit("m * shared", "shared"), "You take the mean term off every row. A row with mask 0 does not move μ."),
        Mistake("all rows get the variance term", edit("m * x_hat", "x_hat"), "You take the variance term off every row. A row with mask 0 does not move v."),
        Mistake("sums over the rows that count", edit("d.sum(axis=0)", "(m * d).sum(axis=0)", "(d * x_hat)", "(m * d * x_hat)"), "Your two sums run over the rows that count. μ and v are used by every row, so every row sends a gradient back through them: sum over all."),
        Mistake("variance sum over the rows that count", edit("(d * x_hat)", "(m * d * x_hat)"), "Your sum of dx̂ ⊙ x̂ runs over the rows that count. v is used by every row, so every row sends a gradient back through it: sum over all, as in your mean term."),
        Mistake("no gradient where the mask is 0", edit("return dx", "return m * dx"), "Your dx is 0 where the mask is 0. Those rows are normalised too, and their x stands in their own output: dx̂/s."),
        Mistake("dy masked first", edit("    x_hat, d =", "    dy = m * dy\n    x_hat, d ="), "You set dy to 0 where the mask is 0, before all else. Those rows have an output, too: they need γ, β, μ and v, and send a gradient back through each."),
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
        Mistake("gamma twice", edit("dx = (d", "dx = gamma * (d"), "γ stands twice in your dx: in dx̂ = γ ⊙ dy, and once more at the end. y holds it once."),
        Mistake("gamma in the first term only", edit("d.sum(axis=0)", "dy.sum(axis=0)", "(d * x_hat)", "(dy * x_hat)"), "γ is missing in the two sums of your dx. They are sums of dx̂ and dx̂ ⊙ x̂, with the same dx̂ = γ ⊙ dy as in the first term."),
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
        Mistake("dgamma not summed", edit("np.sum(dy * x_hat, axis=0)", "dy * x_hat"), "Your dγ still has one row per example. The same γ serves all rows: sum over axis 0."),
        Mistake("dbeta not summed", edit("np.sum(dy, axis=0)", "dy"), "Your dβ still has one row per example. The same β serves all rows: sum over axis 0."),
        Mistake("sums not divided", edit("d.sum(axis=0) / M", "d.sum(axis=0)", "x_hat).sum(axis=0) / M", "x_hat).sum(axis=0)"), "Your two sums are not divided by M. A row that counts has the share 1/M in μ and v."),
        Mistake("mean sum over the rows that count", edit("d.sum(axis=0)", "(m * d).sum(axis=0)"), "Your sum of dx̂ runs over the rows that count. μ is used by every row, so every row sends a gradient back through it: sum over all."),
        Mistake("terms along the rows", edit("shared = d.sum(axis=0) / M", "shared = d.mean(axis=1, keepdims=True)", "along = (d * x_hat).sum(axis=0) / M", "along = (d * x_hat).mean(axis=1, keepdims=True)"), "Your two means run along the rows, as in layer norm. Each feature has its own μ and v: sums over the rows, axis 0."),
        Mistake("variance over N alone", edit("(m * centred**2).sum(axis=0) / M", "(m * centred**2).mean(axis=0)"), "Your variance is divided by N. Its sum holds M terms."),
        Mistake("mean over N alone", edit("(m * x).sum(axis=0) / M", "(m * x).mean(axis=0)"), "Your mean is divided by N. Its sum holds M terms."),
        Mistake("gamma divided out", edit("gamma * dy", "dy / gamma"), "You divide by γ. y = γ x̂ + β, so dx̂ = γ ⊙ dy."),
    ),
    hints=(
        "Two questions for each path: which x_m move μ and v? Which outputs do μ and v move? Only the first is about the mask.",
        "∂μ/∂x_m = m_m/M and ∂v/∂x_m = 2 m_m (x_m − μ)/M, as in (5.5). Check yourself by Σ_n dx_n = 0 over all rows.",
        "With dx̂ = γ ⊙ dy, dx_m is 1/s times [dx̂_m − m_m · (a sum over all rows)/M − m_m x̂_m · (another)/M]. Which two sums?",
    ),
)  # fmt: skip
