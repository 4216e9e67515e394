"""Problem set 4 on two relatives of batch norm: one for images, one along each row."""

import numpy as np

from vgcourse import layers
from vgcourse.check.problem import Case, Convention, Mistake, Problem
from vgcourse.check.ps4 import norms

PIXELS = (0, 2, 3)

# --- spatial_batch_norm_backward -------------------------------------------------------------------


def spatial_batch_norm_backward(dy, x, gamma, eps):
    """Batch norm of every channel: the means of dx = (1/s)[dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)] run over n, y, x."""
    params = layers.NormParams(gamma, np.zeros_like(gamma))
    _, cache = layers.spatial_batch_norm_forward(params, x, eps=eps)
    dx, grads = layers.spatial_batch_norm_backward(dy, cache)
    return dx, grads.gamma, grads.beta


def _per_channel(gamma):
    return gamma[:, None, None]


def _spatial(dy, x, gamma, eps, *, over=PIXELS, rows=PIXELS, shaped=_per_channel, by_batch=False, **switches):
    if by_batch:  # the sums are right, and divided by N
        switches |= dict(mean_count=lambda n: len(x), back_divisor=lambda n, M: len(x))
    return norms.norm_backward(dy, x, shaped(gamma), eps, over=over, rows=rows, **switches)


def _spatial_cases(rng):
    return [
        Case((rng.normal(size=shape), norms.spread(rng, shape, PIXELS), norms.scales(rng, shape[1]), eps), ("dx", "dgamma", "dbeta"), batch=shape[0])
        for shape, eps in (((4, 2, 3, 4), 0.02), ((3, 3, 2, 3), 0.01))  # in the second a row is as long as γ
    ]  # fmt: skip


def _reshaped(dy, x, gamma, eps):
    """x.reshape(−1, C) without bringing the channel to the last axis first."""
    C = len(gamma)
    rows = norms.norm_backward(dy.reshape(-1, C), x.reshape(-1, C), gamma, eps, over=(0,), rows=0)
    return rows[0].reshape(x.shape), rows[1], rows[2]


SPATIAL_BATCH_NORM_BACKWARD = Problem(
    name="ps4.spatial_batch_norm_backward",
    reference=spatial_batch_norm_backward,
    family=_spatial,
    cases=_spatial_cases,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "channel", "row", "column"), "dgamma": ("channel",), "dbeta": ("channel",)},
    conventions=(
        Convention("1/(NYX − 1)", dict(unbiased=True), "Your variance divides by NYX − 1, the unbiased estimate. That is right too, if its gradient does the same; frameworks normalise with 1/(NYX)."),
    ),
    invariants=(
        norms.sums_to_zero(PIXELS, "Your dx does not sum to zero over a channel, that is, over all images, rows and columns. Adding a constant to a whole channel changes no output, so it must: look at the path through the mean, and at its axes."),
        norms.no_stretch(PIXELS, _per_channel, "Your dx has a part along x̂. Stretching a whole channel changes hardly any output, so Σ dx ⊙ x̂ over images, rows and columns is 0 but for what ε leaves: look at the path through the variance."),
    ),
    mistakes=(
        Mistake("averaged over the batch only", dict(over=(0,)), "Your mean and variance are over the batch only, one for each pixel. A channel has one mean and one variance, over images, rows and columns: axes (0, 2, 3)."),
        Mistake("averaged over the pixels only", dict(over=(2, 3)), "Your mean and variance are over the pixels of one image (axes 2, 3): that is instance norm. Batch norm runs over the images as well: axes (0, 2, 3)."),
        Mistake("averaged over the channels too", dict(over=(0, 1, 2, 3)), "You take one mean and one variance of the whole array. Every channel has its own: axes (0, 2, 3)."),
        Mistake("averaged over the channels", dict(over=(1, 2, 3)), "Your mean and variance run over the channels and pixels of one image: that is layer norm. Here they run over axes (0, 2, 3)."),
        Mistake("backward means over the batch only", dict(back_over=(0,)), "Your forward statistics are right, but on the way back the means run over the batch only. The same axes (0, 2, 3) go back that went forward."),
        Mistake("divided by N, not by NYX", dict(by_batch=True), "Your two sums run over images, rows and columns, but you divide them by N. The mean of a channel is over NYX values."),
        Mistake("reshape without transpose", _reshaped, "x.reshape(−1, C) does not gather channels: in (N, C, Y, X) the last axis is a row's pixels. Bring the channel to the end first, x.transpose(0, 2, 3, 1), and back again afterwards."),
        Mistake("gamma along the columns", dict(shaped=lambda gamma: gamma), "γ * dy lines γ up with the last axis, the columns of an image, and runs only if there are C of them. γ belongs to the channel: give it the shape (C, 1, 1)."),
        Mistake("mean term missing", dict(mean_term=0.0), "In your dx the path through the mean is missing: the mean of dx̂ over the channel comes off."),
        Mistake("variance term missing", dict(variance_term=0.0), "In your dx the path through the variance is missing: x̂ · mean(dx̂ ⊙ x̂) comes off, the mean over the channel."),
        Mistake("mean and variance terms missing", dict(mean_term=0.0, variance_term=0.0), "Your dx treats the channel's mean and variance as constants. Both depend on every pixel, and each brings a term."),
        Mistake("gamma missing", dict(gamma_in=None), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ_c dy."),
        Mistake("1/(NYX) mixed with 1/(NYX − 1)", dict(back_divisor=norms.the_other), "Your variance and its gradient divide by two different numbers, one by NYX and the other by NYX − 1. Use one of them in both passes."),
        Mistake("not divided by s", dict(divide=lambda s: 1.0), "Your dx is not divided by s = √(v + ε)."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("dgamma and dbeta over the batch only", dict(rows=0), "Your dγ and dβ are summed over the images only. One γ serves a channel's every pixel: sum over axes (0, 2, 3), and one number per channel remains."),
        Mistake("dgamma and dbeta averaged", dict(collect=np.mean), "Your dγ and dβ are means over the channel. Every pixel uses the same γ and β, so their gradients are sums."),
        Mistake("dgamma with x", dict(scale_of=lambda dy, x, x_hat, gamma: dy * x), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂."),
    ),
    hints=(
        "It is batch norm once more: every pixel of every image counts as one more example. How would you turn (N, C, Y, X) into (NYX, C)?",
        "All means are over axes (0, 2, 3) with keepdims=True, so that they have shape (1, C, 1, 1). dγ and dβ have shape (C,).",
        "Either x.transpose(0, 2, 3, 1).reshape(−1, C), your batch_norm_backward, and the way back; or its formula with axis=(0, 2, 3) and γ as (C, 1, 1).",
    ),
)  # fmt: skip


# --- layer_norm_backward ---------------------------------------------------------------------------


def layer_norm_backward(dy, x, gamma, eps):
    """dx = (1/s)[dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)], dx̂ = γ ⊙ dy, means over the D features of each row."""
    params = layers.NormParams(gamma, np.zeros_like(gamma))
    _, cache = layers.layer_norm_forward(params, x, eps=eps)
    dx, grads = layers.layer_norm_backward(dy, cache)
    return dx, grads.gamma, grads.beta


def _layer(dy, x, gamma, eps, *, over=(1,), rows=0, **switches):
    return norms.norm_backward(dy, x, gamma, eps, over=over, rows=rows, **switches)


def _layer_cases(rng):
    return [
        Case((rng.normal(size=(N, D)), norms.spread(rng, (N, D), (1,)), norms.scales(rng, D), eps), ("dx", "dgamma", "dbeta"), batch=N)
        for N, D, eps in ((3, 6, 0.02), (5, 5, 0.01))
    ]  # fmt: skip


LAYER_NORM_BACKWARD = Problem(
    name="ps4.layer_norm_backward",
    reference=layer_norm_backward,
    family=_layer,
    cases=_layer_cases,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "input"), "dgamma": ("input",), "dbeta": ("input",)},
    invariants=(
        norms.sums_to_zero((1,), "Your dx does not sum to zero along a row. Adding a constant to a whole row changes no output, so it must: look at the path through the mean."),
        norms.no_stretch((1,), lambda gamma: gamma, "Your dx has a part along x̂. Stretching a whole row changes hardly any output, so Σ_d dx_d x̂_d is 0 but for what ε leaves: look at the path through the variance.", counts=(norms.count,)),
    ),
    mistakes=(
        Mistake("means over the batch", dict(over=(0,)), "Your mean and variance run over the batch (axis 0): that is batch norm. Layer norm takes them over the features of each row, axis 1."),
        Mistake("gamma at the end", dict(gamma_in="after"), "You multiply by γ at the end. In batch norm that is the same, here it is not: the means run over features whose γ differ, so they need dx̂ = γ ⊙ dy inside."),
        Mistake("gamma missing", dict(gamma_in=None), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ ⊙ dy."),
        Mistake("gamma in the first term only", dict(gamma_in="first term"), "γ is missing in the means of your dx. They are means of dx̂ and dx̂ ⊙ x̂, with the same dx̂ = γ ⊙ dy as in the first term."),
        Mistake("mean term missing", dict(mean_term=0.0), "In your dx the path through the mean is missing: the mean of dx̂ over the row comes off."),
        Mistake("variance term missing", dict(variance_term=0.0), "In your dx the path through the variance is missing: x̂ · mean(dx̂ ⊙ x̂) comes off, the mean over the row."),
        Mistake("mean and variance terms missing", dict(mean_term=0.0, variance_term=0.0), "Your dx treats the row's mean and variance as constants. Both depend on every entry of the row, and each brings a term."),
        Mistake("1/D missing in both terms", dict(mean_count=lambda n: 1, back_divisor=lambda n, M: 1), "You take off sums where means belong: both are divided by D, the number of features."),
        Mistake("backward means over the batch", dict(back_over=(0,)), "Your forward statistics run along the rows, but on the way back the means run over the batch. The same axis goes back that went forward."),
        Mistake("1/(D − 1)", dict(unbiased=True), "Your variance divides by D − 1. Layer norm's is the mean of squares, 1/D; np.var and np.std do that by default, torch's std does not."),
        Mistake("forward 1/(D − 1), back 1/D", dict(unbiased=True, back_divisor=norms.the_other), "Your variance divides by D − 1 and its gradient by D. Layer norm has 1/D in both."),
        Mistake("forward 1/D, back 1/(D − 1)", dict(back_divisor=norms.the_other), "Your variance divides by D and its gradient by D − 1. Layer norm has 1/D in both."),
        Mistake("not divided by s", dict(divide=lambda s: 1.0), "Your dx is not divided by s = √(v + ε), which is one number for each row."),
        Mistake("variance term halved", dict(variance_term=0.5), "Your variance term is half of what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("variance term doubled", dict(variance_term=2.0), "Your variance term is twice what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("sign of the variance term", dict(variance_term=-1.0), "Your variance term has the wrong sign. A larger variance makes x̂ smaller, so the term comes off."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("eps outside the root", dict(root=lambda v, eps: np.sqrt(v) + eps), "Your s is √v + ε. Here ε stands inside the root: s = √(v + ε)."),
        Mistake("dgamma and dbeta over the features", dict(rows=1), "Your dγ and dβ are summed along the rows, and come out with N entries. γ has one entry per feature, used by every row: sum over the batch, axis 0."),
        Mistake("dgamma and dbeta averaged", dict(collect=np.mean), "Your dγ and dβ are means over the batch. Every row uses the same γ and β, so their gradients are sums."),
        Mistake("dgamma with x", dict(scale_of=lambda dy, x, x_hat, gamma: dy * x), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂."),
        Mistake("gamma in dgamma", dict(scale_of=lambda dy, x, x_hat, gamma: gamma * dy * x_hat), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ + β is linear in γ, so dγ = Σ dy ⊙ x̂."),
    ),
    hints=(
        "A row does not see the other rows. Write the backward pass for one row, a vector of D numbers, as for one feature of batch norm.",
        "Two axes: the means of dx run along a row (axis 1, keepdims=True), the sums of dγ and dβ over the batch (axis 0). Σ_d dx_d = 0 in every row.",
        "First dx̂ = γ ⊙ dy, because γ differs along the row. Then dx = (1/s)[dx̂ − mean(dx̂) − x̂ · (a mean over the row)].",
    ),
)  # fmt: skip
