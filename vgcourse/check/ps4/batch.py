"""Problem set 4 on batch norm: forward and the whole way back."""

import numpy as np

from vgcourse import layers
from vgcourse.check.problem import Case, Convention, Invariant, Mistake, Problem
from vgcourse.check.ps4 import norms

# --- batch_norm_forward ----------------------------------------------------------------------------


def batch_norm_forward(x, gamma, beta, eps):
    """x̂ = (x − μ)/√(v + ε) with μ = (1/N) Σ_n x_n, v = (1/N) Σ_n (x_n − μ)², and y = γ x̂ + β."""
    y, cache = layers.batch_norm_forward(layers.NormParams(gamma, beta), x, eps=eps)
    return y, cache.x_hat


def _forward(
    x, gamma, beta, eps, *, axis=0, divisor=norms.count, centre=True, centre_square=True, root=norms.root_of_sum,
    affine=lambda x_hat, gamma, beta: gamma * x_hat + beta, second=lambda x_hat, y: x_hat,
):  # fmt: skip
    mean = x.mean(axis=axis, keepdims=True)
    squares = ((x - mean if centre_square else x) ** 2).sum(axis=axis, keepdims=True)
    v = squares / divisor(x.size if axis is None else x.shape[axis])
    x_hat = (x - mean if centre else x) / root(v, eps)
    y = affine(x_hat, gamma, beta)
    return y, second(x_hat, y)


def _forward_cases(rng):
    return [
        Case((norms.spread(rng, (N, D), (0,)), norms.scales(rng, D), norms.scales(rng, D), eps), ("y", "x_hat"), batch=N)
        for N, D, eps in ((5, 3, 0.02), (4, 4, 0.01), (6, 1, 0.02))
    ]  # fmt: skip


def _mean_of_x_hat(args, outputs):
    x_hat = outputs["x_hat"]
    return float(np.abs(x_hat.sum(axis=0)).max() / max(np.abs(x_hat).sum(axis=0).max(), 1e-300))


def _affine_of_x_hat(args, outputs):
    _, gamma, beta, _ = args
    y, wanted = outputs["y"], gamma * outputs["x_hat"] + beta
    return float(np.abs(y - wanted).max() / max(np.abs(y).max(), np.abs(wanted).max(), 1e-300))


BATCH_NORM_FORWARD = Problem(
    name="ps4.batch_norm_forward",
    reference=batch_norm_forward,
    family=_forward,
    cases=_forward_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"y": ("example", "input"), "x_hat": ("example", "input")},
    conventions=(
        Convention("1/(N − 1)", dict(divisor=norms.one_less), "Your variance divides by N − 1, the unbiased estimate. That is right too; frameworks normalise with 1/N. Stay with one of them, also on the way back."),
    ),
    invariants=(
        Invariant("x_hat has mean 0", _mean_of_x_hat, "Your x_hat does not have mean 0 over the batch, feature by feature. Subtract each column's own mean before you divide."),
        Invariant("y = gamma x_hat + beta", _affine_of_x_hat, "Your y is not γ x̂ + β of the x_hat that you return. Look at the last step: normalise first, then scale and shift."),
    ),
    mistakes=(
        Mistake("over the features", dict(axis=1), "Your mean and variance run over the features of one example (axis 1): that is layer norm. Batch norm takes each feature over the batch, axis 0."),
        Mistake("over the whole array", dict(axis=None), "You take one mean and one variance of the whole array. Each feature has its own, over the batch: axis=0."),
        Mistake("mean not subtracted", dict(centre=False), "You divide x itself by the standard deviation. The mean comes off first: x̂ = (x − μ)/√(v + ε)."),
        Mistake("square of x, not of x − μ", dict(centre_square=False), "Your variance is the mean of x². The variance is the mean of (x − μ)²."),
        Mistake("sum of squares", dict(divisor=lambda n: 1), "Your variance is a sum; it has to be a mean: v = (1/N) Σ (x − μ)²."),
        Mistake("divided by the variance", dict(root=lambda v, eps: v + eps), "You divide by v + ε. The square root is missing: x̂ = (x − μ)/√(v + ε)."),
        Mistake("eps outside the root", dict(root=lambda v, eps: np.sqrt(v) + eps), "You divide by √v + ε. Here ε stands inside the root, √(v + ε), and the backward pass relies on that."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "You divide by √v or nearly so: ε is missing, or is not the eps that comes in. Without it a feature that is constant over the batch gives 0/0."),
        Mistake("not divided", dict(root=lambda v, eps: 1.0), "You subtract the mean and stop there. x̂ is divided by √(v + ε), so that its variance is 1."),
        Mistake("gamma and beta exchanged", dict(affine=lambda x_hat, gamma, beta: beta * x_hat + gamma), "γ and β are exchanged: γ multiplies and β is added, y = γ x̂ + β."),
        Mistake("gamma multiplies beta too", dict(affine=lambda x_hat, gamma, beta: gamma * (x_hat + beta)), "You compute γ(x̂ + β). The shift comes after the scale: y = γ x̂ + β."),
        Mistake("gamma missing", dict(affine=lambda x_hat, gamma, beta: x_hat + beta), "γ is missing in y = γ x̂ + β."),
        Mistake("beta missing", dict(affine=lambda x_hat, gamma, beta: gamma * x_hat), "β is missing in y = γ x̂ + β."),
        Mistake("gamma and beta missing", dict(affine=lambda x_hat, gamma, beta: x_hat), "You return x̂ as y. The learned scale and shift come last: y = γ x̂ + β."),
        Mistake("y returned as x_hat", dict(second=lambda x_hat, y: y), "Your second result is y. Asked for is x̂, before scale and shift: the backward pass needs that one."),
        Mistake("results exchanged", lambda *args: _forward(*args)[::-1], "Your two results are exchanged: y comes first, then x̂."),
    ),
    hints=(
        "Look at one column of x alone: the N values of one feature. Move them to mean 0, then divide so that their variance is 1.",
        "μ and v have shape (D,), one number for each feature: means along axis 0. x̂ and y have the shape of x.",
        "v = ((x − μ)**2).mean(axis=0), and x̂ = (x − μ)/√(v + ε). What remains is one scale and one shift.",
    ),
)  # fmt: skip


# --- batch_norm_backward ---------------------------------------------------------------------------


def batch_norm_backward(dy, x, gamma, eps):
    """dx = (1/s)[dx̂ − (1/N) Σ dx̂ − x̂ (1/N) Σ dx̂ ⊙ x̂], dx̂ = γ ⊙ dy, s = √(v + ε); dγ = Σ dy ⊙ x̂, dβ = Σ dy."""
    params = layers.NormParams(gamma, np.zeros_like(gamma))
    _, cache = layers.batch_norm_forward(params, x, eps=eps)
    dx, grads = layers.batch_norm_backward(dy, cache)
    return dx, grads.gamma, grads.beta


def _backward(dy, x, gamma, eps, *, over=(0,), rows=0, **switches):
    return norms.norm_backward(dy, x, gamma, eps, over=over, rows=rows, **switches)


def _backward_cases(rng):
    return [
        Case((rng.normal(size=(N, D)), norms.spread(rng, (N, D), (0,)), norms.scales(rng, D), eps), ("dx", "dgamma", "dbeta"), batch=N)
        for N, D, eps in ((6, 3, 0.02), (5, 5, 0.01), (7, 1, 0.02))
    ]  # fmt: skip


BATCH_NORM_BACKWARD = Problem(
    name="ps4.batch_norm_backward",
    reference=batch_norm_backward,
    family=_backward,
    cases=_backward_cases,
    points=5,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "input"), "dgamma": ("input",), "dbeta": ("input",)},
    conventions=(
        Convention("1/(N − 1)", dict(unbiased=True), "Your variance divides by N − 1, the unbiased estimate. That is right too, if its gradient does the same; frameworks normalise with 1/N."),
    ),
    invariants=(
        norms.sums_to_zero((0,), "Your dx does not sum to zero over the batch. Adding a constant to a feature of the whole batch changes no output, so Σ_n dx_n has to be 0: look at the path through the mean."),
        norms.no_stretch((0,), lambda gamma: gamma, "Your dx has a part along x̂. Stretching a feature of the whole batch changes hardly any output, so Σ_n dx_n x̂_n has to be 0 but for what ε leaves: look at the path through the variance."),
    ),
    mistakes=(
        Mistake("mean term missing", dict(mean_term=0.0), "In your dx the path through the mean is missing. μ moves with every x_n, so the mean of dx̂ over the batch comes off; your dx does not sum to 0."),
        Mistake("variance term missing", dict(variance_term=0.0), "In your dx the path through the variance is missing. v moves with every x_n, and that takes x̂ · mean(dx̂ ⊙ x̂) off."),
        Mistake("mean and variance terms missing", dict(mean_term=0.0, variance_term=0.0), "Your dx treats μ and v as constants. Both depend on every x_n, so two more terms come off, one through the mean and one through the variance."),
        Mistake("gamma missing", dict(gamma_in=None), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ ⊙ dy."),
        Mistake("gamma in the first term only", dict(gamma_in="first term"), "γ is missing in the means of your dx. They are means of dx̂ and dx̂ ⊙ x̂, with the same dx̂ = γ ⊙ dy as in the first term."),
        Mistake("not divided by s", dict(divide=lambda s: 1.0), "Your dx is not divided by s = √(v + ε). x̂ is (x − μ)/s, so everything that goes back to x carries 1/s."),
        Mistake("divided by s twice", dict(divide=lambda s: s**2), "Your dx is divided by v + ε. It is divided by s = √(v + ε), once."),
        Mistake("1/N mixed with 1/(N − 1)", dict(back_divisor=norms.the_other), "Your variance and its gradient divide by two different numbers, one by N and the other by N − 1. np.var takes N, torch's var N − 1: use one of them in both passes."),
        Mistake("1/(N − 1) in the mean", dict(mean_count=norms.one_less), "Your mean term divides by N − 1. The variance may have N − 1, the mean has 1/N: Σ dx̂ is divided by N."),
        Mistake("1/N missing in both terms", dict(mean_count=lambda n: 1, back_divisor=lambda n, M: 1), "You take off sums where means belong: (1/N) Σ dx̂ and (1/N) Σ dx̂ ⊙ x̂."),
        Mistake("1/N missing in the mean term", dict(mean_count=lambda n: 1), "You take off the sum of dx̂ over the batch. Each x_n has the share 1/N in μ, so it is the mean."),
        Mistake("1/N missing in the variance term", dict(back_divisor=lambda n, M: 1), "Your variance term uses the sum of dx̂ ⊙ x̂ over the batch. v is a mean of squares, so it is the mean."),
        Mistake("variance term halved", dict(variance_term=0.5), "Your variance term is half of what it should be. The square's 2 and the root's ½ cancel: the 2 of 2(x − μ)/N seems to be lost."),
        Mistake("variance term doubled", dict(variance_term=2.0), "Your variance term is twice what it should be. The derivative of (v + ε)^(−½) brings a factor ½, which cancels the 2 of the square."),
        Mistake("sign of the variance term", dict(variance_term=-1.0), "Your variance term has the wrong sign. A larger variance makes x̂ smaller: the derivative of (v + ε)^(−½) is −½ (v + ε)^(−3/2)."),
        Mistake("sign of the mean term", dict(mean_term=-1.0), "Your mean term has the wrong sign. x̂ holds −μ, so the mean of dx̂ comes off."),
        Mistake("x − μ for x̂ in the variance term", dict(along=lambda x_hat, centred: centred), "Your variance term holds x − μ where x̂ belongs: a power of s is lost. Count them: (v + ε)^(−3/2) is three."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("eps outside the root", dict(root=lambda v, eps: np.sqrt(v) + eps), "Your s is √v + ε. Here ε stands inside the root: s = √(v + ε)."),
        Mistake("dgamma with x", dict(scale_of=lambda dy, x, x_hat, gamma: dy * x), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂, the normalised input."),
        Mistake("dgamma with x − μ", dict(scale_of=lambda dy, x, x_hat, gamma: dy * (x - x.mean(axis=0))), "Your dγ multiplies by x − μ. In y = γ x̂ + β the factor of γ is x̂, divided by s."),
        Mistake("dgamma and dbeta exchanged", lambda *args: (lambda dx, dgamma, dbeta: (dx, dbeta, dgamma))(*_backward(*args)), "dγ and dβ are exchanged. γ multiplies x̂, so dγ = Σ dy ⊙ x̂; β is added, so dβ = Σ dy."),
        Mistake("gamma in dgamma", dict(scale_of=lambda dy, x, x_hat, gamma: gamma * dy * x_hat), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ + β is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("gamma in dbeta", dict(shift_of=lambda dy, gamma: gamma * dy), "Your dβ sums dx̂ = γ ⊙ dy. β is added after the scale, so dβ = Σ dy."),
        Mistake("dgamma and dbeta averaged", dict(collect=np.mean), "Your dγ and dβ are means over the batch. Every example uses the same γ and β, so their gradients are sums; a 1/N of the loss is already in dy."),
        Mistake("dgamma and dbeta not summed", dict(collect=lambda a, axis: a), "Your dγ and dβ still have one row per example. The same γ and β serve all rows: sum over axis 0."),
        Mistake("means over the features", dict(over=(1,)), "Your mean and variance run over the features (axis 1), as in layer norm. In batch norm each feature has its own, over the batch: axis 0."),
    ),
    hints=(
        "x_n reaches the outputs on three paths: directly, through μ, through v. The second and third reach all N outputs of the feature.",
        "Check yourself by two sums: Σ_n dx_n = 0 for every feature (a shift changes nothing), and Σ_n dx_n x̂_n is nearly 0 (nor does a stretch, but for ε).",
        "With dx̂ = γ ⊙ dy, dx is 1/s times [dx̂ − its mean over the batch − x̂ · (another mean over the batch)]. Which product has that mean to be of, so that Σ dx ⊙ x̂ vanishes?",
    ),
)  # fmt: skip
