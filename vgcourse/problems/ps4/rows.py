"""Problem set 4 on relatives of batch norm that ask no other example: groups of channels, root mean square of a row."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps4 import norms

# --- group_norm_backward ---------------------------------------------------------------------------


def group_norm_backward(dy, x, gamma, groups, eps):
    """dx = (1/s)[dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)], dx̂ = γ_c dy, means over the C/G channels and the pixels of a group of an image."""
    return _group(dy, x, gamma, groups, eps)


def _in_order(C, G):
    return np.arange(C)


def _dealt_out(C, G):
    """Channels c, c + G, c + 2G, … side by side."""
    return np.arange(C).reshape(-1, G).T.ravel()


def _group(
    dy,
    x,
    gamma,
    groups,
    eps,
    *,
    by=lambda C, G: G,
    order=_in_order,
    over=(2, 3, 4),
    rows=(0, 3, 4),
    **switches,
):
    (N, C, Y, X), G = x.shape, by(x.shape[1], groups)
    index = order(C, G)
    parts = [a[:, index].reshape(N, G, C // G, Y, X) for a in (dy, x)]
    scale = gamma[index].reshape(G, C // G, 1, 1)
    dx, dgamma, dbeta = norms.norm_backward(*parts, scale, eps, over=over, rows=rows, **switches)
    back = np.argsort(index)
    sums = (a.reshape(C, *a.shape[2:])[back] for a in (dgamma, dbeta))
    return dx.reshape(x.shape)[:, back], *sums  # fmt: skip


def _by_the_pixels(dy, x, gamma, groups, eps):
    """Sums over a group, divided by Y · X on the way back."""
    channels = x.shape[1] // groups
    return _group(
        dy,
        x,
        gamma,
        groups,
        eps,
        mean_count=lambda n: n // channels,
        back_divisor=lambda n, M: n // channels,
    )


def _group_cases(rng):
    cases = []
    for shape, G, eps in (((4, 6, 2, 3), 3, 0.02), ((3, 8, 3, 2), 2, 0.01)):
        N, C, Y, X = shape
        x = norms.spread(rng, (N, G, C // G, Y, X), (2, 3, 4)).reshape(shape)
        args = rng.normal(size=shape), x, norms.scales(rng, C), G, eps
        cases.append(Case(args, ("dx", "dgamma", "dbeta"), batch=N))
    return cases


def _group_sums(args, outputs):
    dx = outputs["dx"].reshape(len(args[1]), args[3], -1)
    return float(np.abs(dx.sum(axis=2)).max() / max(np.abs(dx).sum(axis=2).max(), 1e-300))


GROUP_NORM_BACKWARD = Problem(
    name="ps4.group_norm_backward",
    reference=group_norm_backward,
    family=_group,
    cases=_group_cases,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "channel", "row", "column"), "dgamma": ("channel",), "dbeta": ("channel",)},
    invariants=(
        Invariant("dx sums to 0 over a group", _group_sums, "Your dx does not sum to zero over a group, that is, over the channels and pixels of one group of one image. Adding a constant there changes no output, so it must: look at the path through the mean, and at its axes."),
    ),
    mistakes=(
        Mistake("over the images too", dict(over=(0, 2, 3, 4)), "Your mean and variance run over the images as well. Group norm asks no other example: channels of the group, rows, columns."),
        Mistake("every channel by itself", dict(by=lambda C, G: C), "You treat every channel as a group of its own: that is instance norm. A group holds C/G channels."),
        Mistake("one group of all channels", dict(by=lambda C, G: 1), "You put all channels into one group: that is layer norm. There are G groups."),
        Mistake("channels dealt out", dict(order=_dealt_out), "Your groups hold every G-th channel. A group is C/G neighbouring channels: reshape (N, C, Y, X) to (N, G, C/G, Y, X)."),
        Mistake("C/G groups", dict(by=lambda C, G: C // G), "You made C/G groups of G channels. It is G groups of C/G channels."),
        Mistake("spatial batch norm", dict(by=lambda C, G: C, over=(0, 2, 3, 4)), "Your mean and variance are those of spatial batch norm: each channel by itself, over all images."),
        Mistake("gamma at the end", dict(gamma_in="after"), "You multiply by γ at the end. In batch norm that is the same, here it is not: the channels of a group have different γ, so the means need dx̂ = γ dy inside."),
        Mistake("gamma missing", dict(gamma_in=None), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ_c dy."),
        Mistake("gamma in the first term only", dict(gamma_in="first term"), "γ is missing in the means of your dx. They are means of dx̂ and dx̂ ⊙ x̂, with the same dx̂ = γ_c dy as in the first term."),
        Mistake("backward means over the pixels only", dict(back_over=(3, 4)), "Your forward statistics are right, but on the way back the means run over the pixels of each channel alone. The same axes go back that went forward."),
        Mistake("mean term missing", dict(mean_term=0.0), "In your dx the path through the mean is missing: the mean of dx̂ over the group comes off."),
        Mistake("variance term missing", dict(variance_term=0.0), "In your dx the path through the variance is missing: x̂ · mean(dx̂ ⊙ x̂) comes off, the mean over the group."),
        Mistake("mean and variance terms missing", dict(mean_term=0.0, variance_term=0.0), "Your dx treats the group's mean and variance as constants. Both depend on every pixel, and each brings a term."),
        Mistake("channels of the group only", dict(over=(2,)), "Your mean and variance run over the channels of the group, pixel by pixel. The pixels belong to it too: axes (2, 3, 4) of (N, G, C/G, Y, X)."),
        Mistake("divided by the pixels only", _by_the_pixels, "Your two sums run over the group and are divided by Y · X. A group holds C/G · Y · X values."),
        Mistake("gamma twice", dict(gamma_in="twice"), "γ stands twice in your dx: in dx̂ = γ_c dy, and once more at the end. y holds it once."),
        Mistake("sums for means", dict(mean_count=lambda n: 1, back_divisor=lambda n, M: 1), "You take off sums where means belong: both are divided by the C/G · Y · X values of a group."),
        Mistake("1/M mixed with 1/(M − 1)", dict(back_divisor=norms.the_other), "Your variance divides by M = C/G · Y · X and its gradient by M − 1. Use 1/M in both."),
        Mistake("1/(M − 1) mixed with 1/M", dict(unbiased=True, back_divisor=norms.the_other), "Your variance divides by M − 1 (ddof=1) and its gradient by M = C/G · Y · X. Group norm's variance is the mean of squares, 1/M, in both."),
        Mistake("1/(M − 1)", dict(unbiased=True), "Your variance divides by M − 1. Group norm's is the mean of squares, 1/M; np.var and np.std do that by default, torch's std does not."),
        Mistake("not divided by s", dict(divide=lambda s: 1.0), "Your dx is not divided by s = √(v + ε)."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("dgamma and dbeta over the batch only", dict(rows=0), "Your dγ and dβ are summed over the images only. One γ serves a channel's every pixel: sum over axes (0, 2, 3), and one number per channel remains."),
        Mistake("dgamma and dbeta averaged", dict(collect=np.mean), "Your dγ and dβ are means. Every pixel of a channel uses the same γ and β, so their gradients are sums."),
        Mistake("dgamma and dbeta averaged over the pixels", dict(collect=lambda a, axis: a.sum(axis=axis) / a[0, 0, 0].size), "Your dγ and dβ are divided by the number of pixels. Every pixel of a channel uses the same γ and β, so their gradients are sums."),
        Mistake("gamma in dgamma and dbeta", dict(scale_of=lambda dy, x, x_hat, gamma: gamma * dy * x_hat, shift_of=lambda dy, gamma: gamma * dy), "Your dγ and dβ are sums of dx̂ = γ dy. y = γ x̂ + β is linear in both: dγ = Σ dy ⊙ x̂, dβ = Σ dy."),
        Mistake("gamma in dgamma", dict(scale_of=lambda dy, x, x_hat, gamma: gamma * dy * x_hat), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ + β is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("gamma in dbeta", dict(shift_of=lambda dy, gamma: gamma * dy), "Your dβ sums dx̂ = γ dy. β is added after the scale, so dβ = Σ dy."),
        Mistake("dgamma with x", dict(scale_of=lambda dy, x, x_hat, gamma: dy * x), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂."),
    ),
    hints=(
        "Reshape first: (N, C, Y, X) to (N, G, C/G, Y, X). Which three axes do mean and variance run over, and which axes do dγ and dβ sum over?",
        "γ has C entries, and the channels of one group have different ones: γ in the shape (G, C/G, 1, 1) meets dy before any mean is taken, as in (5.16).",
        "dx̂ = γ dy, then dx = (1/s)[dx̂ − mean(dx̂) − x̂ · mean(what?)] with axis=(2, 3, 4), keepdims=True; at the end back to (N, C, Y, X).",
    ),
)  # fmt: skip


# --- rms_norm_backward -----------------------------------------------------------------------------


def rms_norm_backward(dy, x, gamma, eps):
    """y = γ x/r, r = √(mean(x²) + ε) of a row: dx = (1/r)[dx̂ − x̂ mean(dx̂ ⊙ x̂)] with dx̂ = γ ⊙ dy; dγ = Σ dy ⊙ x̂."""
    return _rms(dy, x, gamma, eps)


def _rms(
    dy, x, gamma, eps, *, axis=1, back_axis=None, centre=False, term=1.0, mean_term=0.0, gamma_in="before", root=norms.root_of_sum,
    reduce=np.mean, measured=lambda kept, axis: kept, back=np.mean, divide=lambda r: r, along=lambda x_hat, x: x_hat,
    scale_of=lambda dy, x, x_hat, gamma: dy * x_hat, rows=0, collect=np.sum,
):  # fmt: skip
    """rms_norm_backward with exchangeable parts."""
    back_axis = axis if back_axis is None else back_axis
    kept = x - x.mean(axis=axis, keepdims=True) if centre else x
    r = root(reduce(measured(kept, axis) ** 2, axis=axis, keepdims=True), eps)
    x_hat = kept / r
    d = gamma * dy if gamma_in in ("before", "first term") else dy
    inside = dy if gamma_in == "first term" else d
    dx = d - mean_term * inside.mean(axis=back_axis, keepdims=True)
    dx = (dx - term * along(x_hat, x) * back(inside * x_hat, axis=back_axis, keepdims=True)) / divide(r)
    dx = gamma * dx if gamma_in == "after" else dx
    return dx, collect(scale_of(dy, x, x_hat, gamma), axis=rows)


def _rms_cases(rng):
    return [
        Case((rng.normal(size=(N, D)), norms.spread(rng, (N, D), (1,)), norms.scales(rng, D), eps), ("dx", "dgamma"), batch=N)
        for N, D, eps in ((3, 6, 0.05), (5, 5, 0.04))
    ]  # fmt: skip


def _no_part_along_x(args, outputs):
    """Σ_d dx x = (ε/r²) Σ_d dx̂ x̂ in every row."""
    (dy, x, gamma, eps), dx = args, outputs["dx"]
    r2 = (x**2).mean(axis=1) + eps
    left = eps / r2**1.5 * (gamma * dy * x).sum(axis=1)
    size = np.abs(dx * x).sum(axis=1).max()
    return float(np.abs((dx * x).sum(axis=1) - left).max() / max(size, 1e-300))


RMS_NORM_BACKWARD = Problem(
    name="ps4.rms_norm_backward",
    reference=rms_norm_backward,
    family=_rms,
    cases=_rms_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "input"), "dgamma": ("input",)},
    invariants=(
        Invariant("dx has no part along x", _no_part_along_x, "Your dx has a part along x. Making a whole row longer changes hardly any output, so Σ_d dx_d x_d is 0 but for what ε leaves: look at the path through r."),
    ),
    mistakes=(
        Mistake("layer norm", dict(centre=True, mean_term=1.0), "You subtract the mean of the row, forward and back: that is layer norm, (5.16). RMSNorm divides by the root mean square and subtracts nothing."),
        Mistake("layer norm's statistics", dict(centre=True), "You subtract the row's mean before you divide. RMSNorm subtracts nothing: x̂ = x/r."),
        Mistake("standard deviation", dict(measured=lambda kept, axis: kept - kept.mean(axis=axis, keepdims=True)), "You divide by the standard deviation, as np.std gives it, which subtracts the mean first. RMSNorm divides by √(mean(x²) + ε)."),
        Mistake("mean term of layer norm", dict(mean_term=1.0), "You take the mean of dx̂ off, as in layer norm. Nothing was subtracted on the way forward, so no path leads through a mean."),
        Mistake("path through r missing", dict(term=0.0), "Your dx treats r as a constant. It depends on every entry of the row, and that takes x̂ · mean(dx̂ ⊙ x̂) off."),
        Mistake("over the batch", dict(axis=0), "Your root mean square runs over the batch, axis 0. It is that of a row: axis 1."),
        Mistake("backward mean over the batch", dict(back_axis=0), "Your forward statistics run along the rows, but on the way back the mean runs over the batch. The same axis goes back that went forward."),
        Mistake("gamma at the end", dict(gamma_in="after"), "You multiply by γ at the end. The mean runs over entries whose γ differ, so it needs dx̂ = γ ⊙ dy inside."),
        Mistake("gamma missing", dict(gamma_in=None), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ ⊙ dy."),
        Mistake("gamma in the first term only", dict(gamma_in="first term"), "γ is missing in the mean of your dx. It is the mean of dx̂ ⊙ x̂, with the same dx̂ = γ ⊙ dy as in the first term."),
        Mistake("length in place of the root mean square", dict(reduce=np.sum, back=np.sum), "You divide by the length of the row, √(Σ x²). The root *mean* square is √D times smaller."),
        Mistake("sum in the second term", dict(back=np.sum), "You take off a sum where a mean belongs: r² is a mean of squares, so its derivative carries 1/D."),
        Mistake("own entry only", dict(back=lambda a, axis, keepdims: a / a.shape[axis]), "You differentiate each x̂_i by its own x_i. Through r, x_i moves all other x̂_k of the row too: your second term needs the mean of dx̂ ⊙ x̂ over the row."),
        Mistake("second term halved", dict(term=0.5), "Your second term is half of what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("second term doubled", dict(term=2.0), "Your second term is twice what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("sign of the second term", dict(term=-1.0), "Your second term has the wrong sign. A larger r makes x̂ smaller, so it comes off."),
        Mistake("x for x̂ in the second term", dict(along=lambda x_hat, x: x), "Your second term holds x where x̂ belongs: a power of r is lost. Count them: x · mean(dx̂ ⊙ x)/r³."),
        Mistake("not divided by r", dict(divide=lambda r: 1.0), "Your dx is not divided by r. x̂ is x/r, so everything that goes back to x carries 1/r."),
        Mistake("divided by r twice", dict(divide=lambda r: r**2), "Your dx is divided by r². It is divided by r, once."),
        Mistake("root missing", dict(root=lambda v, eps: v + eps), "Your r is the mean square: the root is missing."),
        Mistake("eps missing", dict(root=lambda v, eps: np.sqrt(v)), "Your r is √(mean x²) or nearly so. The eps that comes in is part of the forward pass, so it is part of the gradient."),
        Mistake("eps outside the root", dict(root=lambda v, eps: np.sqrt(v) + eps), "Your r is √(mean x²) + ε. Here ε stands inside the root."),
        Mistake("dgamma with x", dict(scale_of=lambda dy, x, x_hat, gamma: dy * x), "Your dγ multiplies by x. In y = γ x̂ the factor of γ is x̂."),
        Mistake("gamma in dgamma", dict(scale_of=lambda dy, x, x_hat, gamma: gamma * dy * x_hat), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("dgamma along the rows", dict(rows=1), "Your dγ is summed along the rows, and has N entries. γ has one entry per feature, used by every row: sum over axis 0."),
        Mistake("dgamma averaged", dict(collect=np.mean), "Your dγ is a mean over the batch. Every row uses the same γ, so its gradient is a sum."),
    ),
    hints=(
        "x_i reaches the outputs on two paths: directly, and through r. The second reaches all D outputs of the row. There is no third.",
        "∂r/∂x_i = x̂_i/D, as in (5.6). Then the quotient rule for x̂_k = x_k/r.",
        "dx̂ = γ ⊙ dy; dx = (1/r)[dx̂ − x̂ · (a mean along the row)]. Check: Σ dx ⊙ x along a row is nearly 0.",
    ),
)  # fmt: skip
