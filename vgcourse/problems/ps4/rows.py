"""Problem set 4 on relatives of batch norm that ask no other example: groups of channels, root mean square of a row."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps4 import norms

# --- group_norm_backward ---------------------------------------------------------------------------


def group_norm_backward(dy, x, gamma, groups, eps):
    """dx = (1/s)[dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)], dx̂ = γ_c dy, means over the C/G channels and the pixels of a group of an image."""
    (N, C, Y, X), G = x.shape, groups
    over, rows = (2, 3, 4), (0, 3, 4)
    dy, x, scale = (
        dy.reshape(N, G, C // G, Y, X),
        x.reshape(N, G, C // G, Y, X),
        gamma.reshape(G, C // G, 1, 1),
    )
    s = np.sqrt(x.var(axis=over, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=over, keepdims=True)) / s
    d = scale * dy
    shared = d.mean(axis=over, keepdims=True)
    stretch = x_hat * (d * x_hat).mean(axis=over, keepdims=True)
    dx = (d - shared - stretch) / s
    dgamma = np.sum(dy * x_hat, axis=rows)
    dbeta = np.sum(dy, axis=rows)
    return dx.reshape(N, C, Y, X), dgamma.reshape(C), dbeta.reshape(C)


def _dealt_out(dy, x, gamma, groups, eps):
    """Channels c, c + G, c + 2G, … are a group."""
    index = np.arange(len(gamma)).reshape(-1, groups).T.ravel()
    back = np.argsort(index)
    dx, dgamma, dbeta = group_norm_backward(dy[:, index], x[:, index], gamma[index], groups, eps)
    return dx[:, back], dgamma[back], dbeta[back]


def _group_cases(rng):
    cases = []
    for shape, G, eps in (
        ((4, 6, 2, 3), 3, 0.02),
        ((3, 8, 3, 2), 2, 0.01),
        ((2, 3, 2, 2), 1, 0.03),  # all channels in one group
        ((1, 4, 3, 2), 4, 0.02),  # every channel a group
    ):
        N, C, Y, X = shape
        x = norms.spread(rng, (N, G, C // G, Y, X), (2, 3, 4)).reshape(shape)
        gamma = norms.scales(rng, C)
        if G == 2:
            gamma[3] = 0.0
        args = rng.normal(size=shape), x, gamma, G, eps
        cases.append(Case(args, ("dx", "dgamma", "dbeta"), batch=N))
    return cases


def _group_sums(args, outputs):
    dx = outputs["dx"].reshape(len(args[1]), args[3], -1)
    return float(np.abs(dx.sum(axis=2)).max() / max(np.abs(dx).sum(axis=2).max(), 1e-300))


GROUP_NORM_BACKWARD = Problem(
    name="ps4.group_norm_backward",
    reference=group_norm_backward,
    cases=_group_cases,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "channel", "row", "column"), "dgamma": ("channel",), "dbeta": ("channel",)},
    invariants=(
        Invariant("dx sums to 0 over a group", _group_sums, "Your dx does not sum to zero over a group, that is, over the channels and pixels of one group of one image. Adding a constant there changes no output, so it must: look at the path through the mean, and at its axes."),
    ),
    mistakes=(
        Mistake("over the images too", edit("(2, 3, 4)", "(0, 2, 3, 4)"), "Your mean and variance run over the images as well. Group norm asks no other example: channels of the group, rows, columns."),
        Mistake("every channel by itself", edit("x.shape, groups", "x.shape, x.shape[1]"), "You treat every channel as a group of its own: that is instance norm. A group holds C/G channels."),
        Mistake("one group of all channels", edit("x.shape, groups", "x.shape, 1"), "You put all channels into one group: that is layer norm. There are G groups."),
        Mistake("channels dealt out", _dealt_out, "Your groups hold every G-th channel. A group is C/G neighbouring channels: of the two axes that the channels become, G is the outer one."),
        Mistake("C/G groups", edit("x.shape, groups", "x.shape, x.shape[1] // groups"), "You made C/G groups of G channels. It is G groups of C/G channels."),
        Mistake("spatial batch norm", edit("x.shape, groups", "x.shape, x.shape[1]", "(2, 3, 4)", "(0, 2, 3, 4)"), "Your mean and variance are those of spatial batch norm: each channel by itself, over all images.", beside_the_point=True),
        Mistake("gamma at the end", edit("scale * dy", "dy", "dx = (d", "dx = scale * (d"), "You multiply by γ at the end. In batch norm that is the same, here it is not: the channels of a group have different γ, so the means need dx̂ = γ dy inside."),
        Mistake("gamma at the end of one group", edit("scale * dy", "(scale * dy if G > 1 else dy)", "dx = (d", "dx = (1.0 if G > 1 else scale) * (d"), "With one group you multiply by γ at the end. Its channels have different γ, too: the means need dx̂ = γ dy inside."),
        Mistake("gamma missing", edit("scale * dy", "dy"), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ_c dy."),
        Mistake("gamma in the first term only", edit("shared = d.", "shared = dy.", "(d * x_hat)", "(dy * x_hat)"), "γ is missing in the means of your dx. They are means of dx̂ and dx̂ ⊙ x̂, with the same dx̂ = γ_c dy as in the first term."),
        Mistake("backward means over the pixels only", edit("d.mean(axis=over", "d.mean(axis=(3, 4)", "x_hat).mean(axis=over", "x_hat).mean(axis=(3, 4)"), "Your forward statistics are right, but on the way back the means run over the pixels of each channel alone. The same axes go back that went forward."),
        Mistake("mean term missing", edit("shared = ", "shared = 0 * "), "In your dx the path through the mean is missing: the mean of dx̂ over the group comes off."),
        Mistake("variance term missing", edit("stretch = ", "stretch = 0 * "), "In your dx the path through the variance is missing: x̂ · mean(dx̂ ⊙ x̂) comes off, the mean over the group."),
        Mistake("mean and variance terms missing", edit("shared = ", "shared = 0 * ", "stretch = ", "stretch = 0 * "), "Your dx treats the group's mean and variance as constants. Both depend on every pixel, and each brings a term."),
        Mistake("channels of the group only", edit("(2, 3, 4)", "(2,)"), "Your mean and variance run over the channels of the group, pixel by pixel. The pixels belong to it too: axes (2, 3, 4) of (N, G, C/G, Y, X)."),
        Mistake("divided by the pixels only", edit("d.mean(axis=over, keepdims=True)", "d.sum(axis=over, keepdims=True) / (Y * X)", "(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).sum(axis=over, keepdims=True) / (Y * X)"), "Your two sums run over the group and are divided by Y · X. A group holds C/G · Y · X values."),
        Mistake("divided by the channels only", edit("d.mean(axis=over, keepdims=True)", "d.sum(axis=over, keepdims=True) / (C // G)", "(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).sum(axis=over, keepdims=True) / (C // G)"), "Your two sums run over the group and are divided by its C/G channels alone. A group holds C/G · Y · X values."),
        Mistake("x for x̂ in the variance term", edit("stretch = ", "stretch = s * "), "Your variance term is s times too large: a power of s is lost, as if x − μ stood where x̂ belongs, or as if that term were not divided by s."),
        Mistake("variance term s² times too large", edit("stretch = ", "stretch = s**2 * "), "Your variance term is s² times too large: two powers of s are lost. The slope of 1/s = (v + ε)^(−½) with respect to v is −½ s⁻³."),
        Mistake("both terms s times too large", edit("- shared - stretch", "- s * shared - s * stretch"), "Your two terms are not divided by s, only dx̂ is. Everything that goes back to x carries 1/s."),
        Mistake("variance term halved", edit("stretch = ", "stretch = 0.5 * "), "Your variance term is half of what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("divided by s twice", edit("stretch) / s", "stretch) / s**2"), "Your dx is divided by v + ε. It is divided by s = √(v + ε), once."),
        Mistake("eps outside the root", edit("np.sqrt(x.var(axis=over, keepdims=True) + eps)", "np.sqrt(x.var(axis=over, keepdims=True)) + eps"), "Your s is √v + ε. Here ε stands inside the root: s = √(v + ε)."),
        Mistake("gamma twice", edit("dx = (d", "dx = scale * (d"), "γ stands twice in your dx: in dx̂ = γ_c dy, and once more at the end. y holds it once."),
        Mistake("gamma of the first channel", edit("scale * dy", "scale[:, :1] * dy"), "You use one γ for a whole group, that of its first channel. Every channel has its own."),
        Mistake("mean gamma of a group", edit("scale * dy", "scale.mean(axis=1, keepdims=True) * dy"), "You use one γ for a whole group, their mean. Every channel has its own."),
        Mistake("sums for means", edit("d.mean(", "d.sum(", "x_hat).mean(", "x_hat).sum("), "You take off sums where means belong: both are divided by the C/G · Y · X values of a group."),
        Mistake("1/M mixed with 1/(M − 1)", edit("(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).sum(axis=over, keepdims=True) / (x[0, 0].size - 1)"), "Your variance divides by M = C/G · Y · X and its gradient by M − 1. Use 1/M in both."),
        Mistake("1/(M − 1) mixed with 1/M", edit("keepdims=True) + eps", "keepdims=True, ddof=1) + eps"), "Your variance divides by M − 1 (ddof=1) and its gradient by M = C/G · Y · X. Group norm's variance is the mean of squares, 1/M, in both."),
        Mistake("1/(M − 1)", edit("keepdims=True) + eps", "keepdims=True, ddof=1) + eps", "(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).sum(axis=over, keepdims=True) / (x[0, 0].size - 1)"), "Your variance divides by M − 1. Group norm's is the mean of squares, 1/M; np.var and np.std do that by default, torch's std does not."),
        Mistake("not divided by s", edit("stretch) / s", "stretch)"), "Your dx is not divided by s = √(v + ε)."),
        Mistake("eps missing", edit(" + eps", ""), "Your s is √v or nearly so. The eps that comes in is part of the forward pass, s = √(v + ε), so it is part of the gradient."),
        Mistake("dgamma and dbeta over the batch only", edit("(0, 3, 4)", "0", "dgamma.reshape(C), dbeta.reshape(C)", "dgamma.reshape(C, Y, X), dbeta.reshape(C, Y, X)"), "Your dγ and dβ are summed over the images only. One γ serves a channel's every pixel: sum over axes (0, 2, 3), and one number per channel remains.", whole=True),
        Mistake("dgamma over the batch only", edit("np.sum(dy * x_hat, axis=rows)", "np.sum(dy * x_hat, axis=0)", "dgamma.reshape(C)", "dgamma.reshape(C, Y, X)"), "Your dγ is summed over the images only. One γ serves a channel's every pixel: one number per channel remains."),
        Mistake("dbeta over the batch only", edit("np.sum(dy, axis=rows)", "np.sum(dy, axis=0)", "dbeta.reshape(C)", "dbeta.reshape(C, Y, X)"), "Your dβ is summed over the images only. One β serves a channel's every pixel: one number per channel remains."),
        Mistake("dgamma and dbeta averaged", edit("dgamma = np.sum(", "dgamma = np.mean(", "dbeta = np.sum(", "dbeta = np.mean("), "Your dγ and dβ are means. Every pixel of a channel uses the same γ and β, so their gradients are sums.", whole=True),
        Mistake("dgamma a mean", edit("dgamma = np.sum(", "dgamma = np.mean("), "Your dγ is a mean. Every pixel of a channel uses the same γ, so its gradient is a sum."),
        Mistake("dbeta a mean", edit("dbeta = np.sum(", "dbeta = np.mean("), "Your dβ is a mean. Every pixel of a channel uses the same β, so its gradient is a sum."),
        Mistake("dgamma and dbeta averaged over the images", edit("dgamma.reshape(C), dbeta.reshape(C)", "dgamma.reshape(C) / N, dbeta.reshape(C) / N"), "Your dγ and dβ are divided by N. Every image uses the same γ and β, so their gradients are sums; a 1/N of the loss is already in dy.", whole=True),
        Mistake("dgamma and dbeta averaged over the pixels", edit("dgamma.reshape(C), dbeta.reshape(C)", "dgamma.reshape(C) / (Y * X), dbeta.reshape(C) / (Y * X)"), "Your dγ and dβ are divided by the number of pixels. Every pixel of a channel uses the same γ and β, so their gradients are sums.", whole=True),
        Mistake("gamma in dgamma and dbeta", edit("(dy * x_hat,", "(d * x_hat,", "(dy, axis", "(d, axis"), "Your dγ and dβ are sums of dx̂ = γ dy. y = γ x̂ + β is linear in both: dγ = Σ dy ⊙ x̂, dβ = Σ dy.", whole=True),
        Mistake("gamma in dgamma", edit("(dy * x_hat,", "(d * x_hat,"), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ + β is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("gamma in dbeta", edit("(dy, axis", "(d, axis"), "Your dβ sums dx̂ = γ dy. β is added after the scale, so dβ = Σ dy."),
        Mistake("dgamma without dy", edit("(dy * x_hat,", "(x_hat,"), "Your dγ sums x̂: the gradient that comes in is missing, dγ = Σ dy ⊙ x̂."),
        Mistake("dgamma without x̂", edit("(dy * x_hat,", "(dy,"), "Your dγ sums dy alone: the factor of γ is missing. In y = γ x̂ + β it is x̂."),
        Mistake("dgamma with x", edit("(dy * x_hat,", "(dy * x,"), "Your dγ multiplies by x. In y = γ x̂ + β the factor of γ is x̂."),
        Mistake("backward means over the channels only", edit("d.mean(axis=over", "d.mean(axis=2", "x_hat).mean(axis=over", "x_hat).mean(axis=2"), "Your forward statistics are right, but on the way back the means run over the channels of a group alone. The same axes go back that went forward."),
        Mistake("divided by all channels", edit("d.mean(axis=over, keepdims=True)", "d.sum(axis=over, keepdims=True) / (C * Y * X)", "(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).sum(axis=over, keepdims=True) / (C * Y * X)"), "Your two sums run over a group and are divided by C · Y · X. A group holds C/G · Y · X values."),
        Mistake("divided by the images too", edit("d.mean(axis=over, keepdims=True)", "d.mean(axis=over, keepdims=True) / N", "(d * x_hat).mean(axis=over, keepdims=True)", "(d * x_hat).mean(axis=over, keepdims=True) / N"), "Your two means are divided by N as well. A group belongs to one image: C/G · Y · X values."),
        Mistake("backward means over the images too", edit("d.mean(axis=over", "d.mean(axis=(0, 2, 3, 4)", "x_hat).mean(axis=over", "x_hat).mean(axis=(0, 2, 3, 4)"), "On the way back your means run over the images as well. Group norm asks no other example: the same axes go back that went forward."),
        Mistake("mean term over the pixels only", edit("d.mean(axis=over", "d.mean(axis=(3, 4)"), "Your mean term runs over the pixels of each channel alone. The mean of a group is over its channels, too."),
        Mistake("variance term over the pixels only", edit("x_hat).mean(axis=over", "x_hat).mean(axis=(3, 4)"), "Your variance term averages over the pixels of each channel alone. The variance of a group is over its channels, too."),
        Mistake("mean term s times too large", edit("- shared - stretch", "- s * shared - stretch"), "Your mean term is s times too large: it is not divided by s. Everything that goes back to x carries 1/s."),
        Mistake("mean square for the variance", edit("x.var(axis=over, keepdims=True)", "(x**2).mean(axis=over, keepdims=True)"), "Your variance is the mean square. The mean of the group comes off first."),
        Mistake("variance term doubled", edit("stretch = ", "stretch = 2 * "), "Your variance term is twice what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("the group of the channel, γ in its place", edit("gamma.reshape(G, C // G, 1, 1)", "gamma.reshape(C // G, G).T.reshape(G, C // G, 1, 1)"), "Your γ are dealt out to the groups, every G-th one. Channel c has γ_c, and a group is C/G neighbouring channels."),
        Mistake("dgamma over a group", edit("dgamma = np.sum(dy * x_hat, axis=rows)", "dgamma = np.broadcast_to(np.sum(dy * x_hat, axis=(0, 2, 3, 4))[:, None], (G, C // G)).copy()"), "Your dγ is the same for all channels of a group: their sum. Each channel has a γ of its own."),
        Mistake("dgamma and dbeta over a group", edit("dgamma = np.sum(dy * x_hat, axis=rows)", "dgamma = np.broadcast_to(np.sum(dy * x_hat, axis=(0, 2, 3, 4))[:, None], (G, C // G)).copy()", "dbeta = np.sum(dy, axis=rows)", "dbeta = np.broadcast_to(np.sum(dy, axis=(0, 2, 3, 4))[:, None], (G, C // G)).copy()"), "Your dγ and dβ are the same for all channels of a group. Each channel has a γ and a β of its own.", whole=True),
        Mistake("dgamma of the first image", edit("np.sum(dy * x_hat, axis=rows)", "np.sum((dy * x_hat)[0], axis=(2, 3))"), "Your dγ is that of the first image. All images use the same γ: add over them."),
        Mistake("image left out of dgamma and dbeta", edit("np.sum(dy * x_hat, axis=rows)", "np.sum((dy * x_hat)[0], axis=(2, 3))", "np.sum(dy, axis=rows)", "np.sum(dy[0], axis=(2, 3))"), "Your dγ and dβ are those of the first image. All images use the same γ and β: add over them.", whole=True),
    ),
    hints=(
        "Reshape first: (N, C, Y, X) to (N, G, C/G, Y, X). Which three axes do mean and variance run over, and which axes do dγ and dβ sum over?",
        "γ has C entries, and the channels of one group have different ones: γ in the shape (G, C/G, 1, 1) meets dy before any mean is taken, as in (5.16).",
        "dx̂ = γ dy, then dx = (1/s)[dx̂ − mean(dx̂) − x̂ · mean(what?)], the means over the same axes as forward; at the end back to (N, C, Y, X).",
    ),
)  # fmt: skip


# --- rms_norm_backward -----------------------------------------------------------------------------


def rms_norm_backward(dy, x, gamma, eps):
    """y = γ x/r, r = √(mean(x²) + ε) of a row: dx = (1/r)[dx̂ − x̂ mean(dx̂ ⊙ x̂)] with dx̂ = γ ⊙ dy; dγ = Σ dy ⊙ x̂."""
    r = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + eps)
    x_hat = x / r
    d = gamma * dy
    stretch = x_hat * np.mean(d * x_hat, axis=1, keepdims=True)
    dx = (d - stretch) / r
    return dx, np.sum(dy * x_hat, axis=0)


def _rms_cases(rng):
    """One square case, in which a row and a scale are 0; one row alone, and rows of one entry."""
    cases = []
    for N, D, eps in ((3, 6, 0.05), (5, 5, 0.04), (1, 4, 0.03), (4, 1, 0.5)):
        x = norms.spread(rng, (N, D), (1,)) if D > 1 else rng.normal(size=(N, D))
        gamma = norms.scales(rng, D)
        if N == D:
            x[2], gamma[1] = 0.0, 0.0
        cases.append(Case((rng.normal(size=(N, D)), x, gamma, eps), ("dx", "dgamma"), batch=N))
    return cases


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
    cases=_rms_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    axes={"dx": ("example", "input"), "dgamma": ("input",)},
    invariants=(
        Invariant("dx has no part along x", _no_part_along_x, "Your dx has a part along x. Making a whole row longer changes hardly any output, so Σ_d dx_d x_d is 0 but for what ε leaves: look at the path through r."),
    ),
    mistakes=(
        Mistake("layer norm", edit("    r = ", "    x = x - x.mean(axis=1, keepdims=True)\n    r = ", "(d - stretch)", "(d - d.mean(axis=1, keepdims=True) - stretch)"), "You subtract the mean of the row, forward and back: that is layer norm, (5.16). RMSNorm divides by the root mean square and subtracts nothing.", beside_the_point=True),
        Mistake("layer norm's statistics", edit("    r = ", "    x = x - x.mean(axis=1, keepdims=True)\n    r = "), "You subtract the row's mean before you divide. RMSNorm subtracts nothing: x̂ = x/r."),
        Mistake("standard deviation", edit("np.mean(x**2", "np.mean((x - x.mean(axis=1, keepdims=True)) ** 2"), "You divide by the standard deviation, as np.std gives it, which subtracts the mean first. RMSNorm divides by √(mean(x²) + ε)."),
        Mistake("mean term of layer norm", edit("(d - stretch)", "(d - d.mean(axis=1, keepdims=True) - stretch)"), "You take the mean of dx̂ off, as in layer norm. Nothing was subtracted on the way forward, so no path leads through a mean."),
        Mistake("path through r missing", edit("stretch = ", "stretch = 0 * "), "Your dx treats r as a constant. It depends on every entry of the row, and that takes x̂ · mean(dx̂ ⊙ x̂) off."),
        Mistake("over the batch", edit("x**2, axis=1", "x**2, axis=0", "x_hat, axis=1", "x_hat, axis=0"), "Your root mean square runs over the batch, axis 0. It is that of a row: axis 1."),
        Mistake("backward mean over the batch", edit("x_hat, axis=1", "x_hat, axis=0"), "Your forward statistics run along the rows, but on the way back the mean runs over the batch. The same axis goes back that went forward."),
        Mistake("gamma at the end", edit("gamma * dy", "dy", "dx = (d", "dx = gamma * (d"), "You multiply by γ at the end. The mean runs over entries whose γ differ, so it needs dx̂ = γ ⊙ dy inside."),
        Mistake("gamma missing", edit("gamma * dy", "dy"), "γ is missing in dx. The gradient that arrives at x̂ is dx̂ = γ ⊙ dy."),
        Mistake("gamma in the first term only", edit("np.mean(d *", "np.mean(dy *"), "γ is missing in the mean of your dx. It is the mean of dx̂ ⊙ x̂, with the same dx̂ = γ ⊙ dy as in the first term."),
        Mistake("length in place of the root mean square", edit("sqrt(np.mean(", "sqrt(np.sum(", "* np.mean(", "* np.sum("), "You divide by the length of the row, √(Σ x²). The root *mean* square is √D times smaller."),
        Mistake("mean of absolute values", edit("np.sqrt(np.mean(x**2, axis=1, keepdims=True) + eps)", "(np.mean(np.abs(x), axis=1, keepdims=True) + eps)"), "Your r is the mean of |x|. It is the root of the mean of squares."),
        Mistake("one r for all rows", edit("np.mean(x**2, axis=1, keepdims=True)", "np.mean(x**2)", "np.mean(d * x_hat, axis=1, keepdims=True)", "np.mean(d * x_hat)"), "You have one r for the whole array. Every row has its own: axis 1."),
        Mistake("sum in the second term", edit("* np.mean(", "* np.sum("), "You take off a sum where a mean belongs: r² is a mean of squares, so its derivative carries 1/D."),
        Mistake("own entry only", edit("np.mean(d * x_hat, axis=1, keepdims=True)", "d * x_hat / x.shape[1]"), "You differentiate each x̂_i by its own x_i. Through r, x_i moves all other x̂_k of the row too: your second term needs the mean of dx̂ ⊙ x̂ over the row."),
        Mistake("second term halved", edit("stretch = ", "stretch = 0.5 * "), "Your second term is half of what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("second term doubled", edit("stretch = ", "stretch = 2 * "), "Your second term is twice what it should be. The square's 2 and the root's ½ cancel."),
        Mistake("x in both places of the second term", edit("= x_hat *", "= x *", "mean(d * x_hat", "mean(d * x"), "Your second term is r² times too large: two powers of r are lost, as if the slope of 1/r with respect to the mean of squares were −½ r⁻¹. It is −½ r⁻³.", alone=True),
        Mistake("sign of the second term", edit("stretch = ", "stretch = -"), "Your second term has the wrong sign. A larger r makes x̂ smaller, so it comes off."),
        Mistake("row of zeros without gradient", edit("dx = (d - stretch) / r", "dx = np.where((x == 0).all(axis=1, keepdims=True), 0.0, (d - stretch) / r)"), "A row of zeros gets no gradient from you. Its x̂ is 0, but x still stands in its own output: there dx is dx̂/√ε."),
        Mistake("x for x̂ in the second term", edit("= x_hat * np", "= x * np"), "Your second term is r times too large: a power of r is lost, as if x stood where x̂ belongs, or as if that term were not divided by r. Count the powers: written with x alone there are three.", alone=True),
        Mistake("not divided by r", edit("stretch) / r", "stretch)"), "Your dx is not divided by r. x̂ is x/r, so everything that goes back to x carries 1/r."),
        Mistake("divided by r twice", edit("stretch) / r", "stretch) / r**2"), "Your dx is divided by r². It is divided by r, once."),
        Mistake("second term over r twice", edit("stretch = ", "stretch = 1 / r * "), "Your second term is divided by a power of r too many. Written with x alone there are three."),
        Mistake("root missing", edit("np.sqrt(", "("), "Your r is the mean square: the root is missing."),
        Mistake("eps missing", edit(" + eps", ""), "Your r is √(mean x²) or nearly so. The eps that comes in is part of the forward pass, so it is part of the gradient."),
        Mistake("eps outside the root", edit(" + eps)", ") + eps"), "Your r is √(mean x²) + ε. Here ε stands inside the root."),
        Mistake("dgamma with x", edit("(dy * x_hat", "(dy * x"), "Your dγ multiplies by x. In y = γ x̂ the factor of γ is x̂."),
        Mistake("gamma in dgamma", edit("(dy * x_hat", "(d * x_hat"), "Your dγ holds a factor γ: you multiply by dx̂. y = γ x̂ is linear in γ, so dγ = Σ dy ⊙ x̂."),
        Mistake("dgamma along the rows", edit("axis=0", "axis=1"), "Your dγ is summed along the rows, and has N entries. γ has one entry per feature, used by every row: sum over axis 0."),
        Mistake("dgamma averaged", edit("np.sum(", "np.mean("), "Your dγ is a mean over the batch. Every row uses the same γ, so its gradient is a sum."),
        Mistake("dgamma without x̂", edit("np.sum(dy * x_hat", "np.sum(dy"), "Your dγ sums dy alone: the factor of γ is missing. In y = γ x̂ it is x̂."),
        Mistake("dgamma not summed", edit("np.sum(dy * x_hat, axis=0)", "dy * x_hat"), "Your dγ still has one row per example. The same γ serves all rows: sum over axis 0."),
        Mistake("mean of dx̂ times mean of x̂", edit("np.mean(d * x_hat, axis=1, keepdims=True)", "np.mean(d, axis=1, keepdims=True) * np.mean(x_hat, axis=1, keepdims=True)"), "You multiply the mean of dx̂ by the mean of x̂. Multiply entry by entry first, then average: mean(dx̂ ⊙ x̂)."),
        Mistake("divided by N for D", edit("np.mean(d * x_hat, axis=1, keepdims=True)", "np.sum(d * x_hat, axis=1, keepdims=True) / len(x)"), "Your second term is divided by N. r² is a mean over the D entries of a row."),
        Mistake("r cubed for r", edit("(d - stretch) / r", "d / r - stretch / r**3"), "Your second term is divided by r³, with x̂ in it. With x in both places it is r³; with x̂ it is r."),
        Mistake("γ twice", edit("dx = (d", "dx = gamma * (d"), "γ stands twice in your dx: in dx̂ = γ ⊙ dy, and once more at the end."),
        Mistake("gamma of the mean", edit("gamma * dy", "gamma.mean() * dy"), "You use one γ for all features, their mean. Each has its own."),
        Mistake("dgamma from dx", edit("np.sum(dy * x_hat", "np.sum(dx * x"), "Your dγ multiplies dx by x. γ multiplies x̂: dγ = Σ dy ⊙ x̂."),
        Mistake("unbiased mean square", edit("np.mean(x**2, axis=1, keepdims=True)", "np.sum(x**2, axis=1, keepdims=True) / max(x.shape[1] - 1, 1)"), "Your r² is divided by D − 1. It is a mean over all D entries."),
    ),
    hints=(
        "x_i reaches the outputs on two paths: directly, and through r. The second reaches all D outputs of the row. There is no third.",
        "∂r/∂x_i = x̂_i/D, as in (5.6). Then the quotient rule for x̂_k = x_k/r.",
        "dx̂ = γ ⊙ dy; dx = (1/r)[dx̂ − x̂ · (a mean along the row)]. Check: Σ dx ⊙ x along a row is nearly 0.",
    ),
)  # fmt: skip
