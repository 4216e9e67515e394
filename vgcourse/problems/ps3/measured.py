"""Problem set 3 on measuring: mean squares of activations and gradients in a stack of layers with dropout."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

# --- layer_moments ---------------------------------------------------------------------------------


def layer_moments(x, Ws, bs, masks, dh, leak, keep):
    """Mean squares in a stack h_l = m_l ⊙ f(z_l)/p, z_l = h_{l−1} W_lᵀ + b_l, h_0 = x, f leaky.

    Parameters
    ----------
    x : (N, n_0) array
    Ws : list of L arrays (n_l, n_{l−1})
    bs : list of L arrays (n_l,)
    masks : list of L arrays (N, n_l) of zeros and ones
    dh : (N, n_L) array, gradient with respect to h_L
    leak : slope of f below 0
    keep : p

    Returns
    -------
    forward : (L + 1,) array, mean of h_l² over the batch and the units, layers 0 … L
    backward : (L,) array, mean of dz_l², the gradient with respect to z_l, layers 1 … L
    """
    h, zs, forward = x, [], [mean_square(x)]
    for W, b, m in zip(Ws, bs, masks, strict=True):
        z = h @ W.T + b
        h = m / keep * leaky(z, leak)
        zs.append(z)
        forward.append(mean_square(h))
    backward = []
    for l in reversed(range(len(Ws))):
        dz = dh / keep * masks[l] * leaky_slope(zs[l], leak)
        backward.append(mean_square(dz))
        dh = dz @ Ws[l]
    return np.array(forward), np.array(backward[::-1])


def mean_square(a):
    """Mean of the squares over all axes."""
    return (a**2).mean()


def leaky(z, a):
    """z above 0, a·z below."""
    return np.where(z > 0, z, a * z)


def leaky_slope(z, a):
    """1 above 0, a below."""
    return np.where(z > 0, 1.0, a)


def _predicted(x, Ws, bs, masks, dh, leak, keep):
    """What parts 6 and 7 predict for a net with these variances."""
    share = (1 + leak**2) / 2 / keep
    forward, backward, size = [mean_square(x)], [], mean_square(dh)
    for W, b in zip(Ws, bs, strict=True):
        forward.append(share * (W.shape[1] * mean_square(W) * forward[-1] + mean_square(b)))
    for W in Ws[::-1]:
        backward.insert(0, share * size)
        size = len(W) * mean_square(W) * backward[0]
    return np.array(forward), np.array(backward)


def _moment_cases(rng):
    cases = []
    for N, widths in ((6, (4, 7, 3, 5, 6)), (7, (5, 5, 5, 5, 5)), (1, (4, 4))):
        Ws = [rng.normal(size=(o, i)) * np.sqrt(2 / i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        bs = [rng.normal(size=n) for n in widths[1:]]
        if len(Ws) > 1:
            Ws[1][0], bs[1][0] = 0.0, 0.0  # a unit with z = 0
        x, dh = rng.normal(size=(N, widths[0])) + 0.3, rng.normal(size=(N, widths[-1]))
        leak, keep = float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.6, 0.85))
        masks = [_mask(rng, (N, n), keep) for n in widths[1:]]
        cases.append(Case((x, Ws, bs, masks, dh, leak, keep), ("forward", "backward"), batch=N))
    return cases


def _mask(rng, shape, keep):
    """A mask that drops and keeps at least one unit."""
    mask = (rng.random(shape) < keep).astype(float)
    mask.flat[:2] = 0.0, 1.0
    return mask


LAYER_MOMENTS = Problem(
    name="ps3.layer_moments",
    reference=layer_moments,
    helpers=(mean_square, leaky, leaky_slope),
    cases=_moment_cases,
    points=5,
    lecture='lecture 4, "Initialisation"',
    axes={"forward": ("layer from 0",), "backward": ("layer",)},
    mistakes=(
        Mistake("masks forgotten", edit("m / keep * ", "", " / keep * masks[l]", ""), "Your net has no dropout, in either direction. Each h_l is m_l ⊙ f(z_l)/p, and the way back passes the same mask."),
        Mistake("masks forgotten on the way back", edit(" / keep * masks[l]", ""), "Your way back has no masks. A unit that was dropped did not act on the loss, so it gets no gradient; the others get it times 1/p."),
        Mistake("1/p missing", edit("m / keep", "m", "dh / keep", "dh"), "You mask without dividing by p. The division keeps the mean of what is passed on."),
        Mistake("1/p without a mask on the way back", edit("keep * masks[l]", "keep"), "On the way back you divide by p and mask nothing. A unit that was dropped gets no gradient: m/p, both."),
        Mistake("root of p", edit("m / keep", "m / keep**0.5", "dh / keep", "dh / keep**0.5"), "You divide by √p. The net divides by p itself; what that does to mean squares is another question."),
        Mistake("gradients divided by N", edit("(dz)", "(dz / len(dz))"), "Your gradients are divided by the batch size before they are squared. dh is given as it is: nothing is averaged on the way back."),
        Mistake("leak for leak · z", edit("leaky(z, leak)", "np.where(z > 0, z, leak)"), "Below 0 your activation puts out a. It is a·z."),
        Mistake("1/p missing on the way back", edit("dh / keep", "dh"), "On the way back your masks lack the 1/p. It is a factor of the way up, so the gradient has it too."),
        Mistake("multiplied by p", edit("m / keep", "m * keep", "dh / keep", "dh * keep"), "You multiply by p where the net divides by it: h_l = m_l ⊙ f(z_l)/p."),
        Mistake("keep read as the drop probability", edit("m / keep", "m / (1 - keep)", "dh / keep", "dh / (1 - keep)"), "You divide by 1 − keep. keep is the probability that a unit is kept, and the net divides by it."),
        Mistake("masks exchanged", edit("m / keep", "(1 - m) / keep", "keep * masks[l]", "keep * (1 - masks[l])"), "You drop where the mask is 1. A 1 means that the unit is kept."),
        Mistake("x not listed", edit("[mean_square(x)]", "[]"), "Your forward list starts with h_1. It has L + 1 entries: the first is x, which is h_0."),
        Mistake("last layer not listed", edit("(forward)", "(forward[:-1])"), "Your forward list ends with h_{L−1}. It has L + 1 entries, h_0 to h_L: append after the last layer as well."),
        Mistake("gradient of x listed", edit("backward[::-1]", "[mean_square(dh), *backward[::-1]]"), "Your backward list has one entry too many, the gradient with respect to x. Asked for are those with respect to z_1 … z_L."),
        Mistake("gradient of x listed, last layer first", edit("backward[::-1]", "[*backward, mean_square(dh)]"), "Your backward list starts with the last layer and has one entry too many, the gradient with respect to x. Asked for are those with respect to z_1 … z_L, layer 1 first."),
        Mistake("dh listed", edit("backward = []", "backward = [mean_square(dh)]"), "Your backward list has one entry too many: dh itself, which is not yet with respect to any z_l. Asked for are those with respect to z_1 … z_L."),
        Mistake("dh listed, last layer first", edit("backward = []", "backward = [mean_square(dh)]", "backward[::-1]", "backward"), "Your backward list starts with dh, and goes on with the last layer. Asked for are the gradients with respect to z_1 … z_L, layer 1 first, without dh."),
        Mistake("forward list reversed", edit("(forward)", "(forward[::-1])"), "Your forward list starts with the last layer. Its entry 0 belongs to x, the input."),
        Mistake("mask of the layer below", edit("masks[l]", "masks[max(l - 1, 0)]"), "On the way back you use the mask of the layer below. dz_l passes the mask that its own h_l passed; only equal widths let yours run."),
        Mistake("leak forgotten", edit("(z, leak)", "(z, 0.0)", "(zs[l], leak)", "(zs[l], 0.0)"), "Your activation is a plain ReLU. Below 0 the leaky one puts out a·z and has the slope a."),
        Mistake("leak forgotten on the way back", edit("(zs[l], leak)", "(zs[l], 0.0)"), "On the way back your slope below 0 is 0. It is a there."),
        Mistake("biases forgotten", edit(" + b\n", "\n"), "The biases are missing on the way up: z_l = h_{l−1} W_lᵀ + b_l."),
        Mistake("variance for the second moment", edit("(a**2).mean()", "a.var()", within=mean_square), "You return variances: the mean is subtracted first. Activations have a mean here, and the next layer feels all of E[h²]."),
        Mistake("root mean square", edit("(a**2).mean()", "np.sqrt((a**2).mean())", within=mean_square), "You return root mean squares. Asked for is the mean of the squares, without a root."),
        Mistake("summed over the units", edit("(a**2).mean()", "(a**2).sum(axis=1).mean()", within=mean_square), "You sum the squares over the units and average over the batch alone. A wide layer then looks larger than a narrow one: average over both."),
        Mistake("summed over everything", edit("(a**2).mean()", "(a**2).sum()", within=mean_square), "You return the sum of all squares. Divide by the number of entries: a mean can be compared between layers of different widths."),
        Mistake("square of the mean", edit("(a**2).mean()", "a.mean() ** 2", within=mean_square), "You average first and square then, so signs cancel. Square each entry, then average."),
        Mistake("mean size", edit("(a**2).mean()", "np.abs(a).mean()", within=mean_square), "You average |h|. Variances add up in a sum, sizes do not: average the squares."),
        Mistake("pre-activations measured", edit("(h)", "(z)"), "Your forward list measures z_l. Asked for is h_l, behind activation and mask."),
        Mistake("measured before the mask", edit("(h)", "(leaky(z, leak))"), "Your forward list measures f(z_l). Asked for is h_l, behind the mask and the division by p: that is what the next layer gets."),
        Mistake("measured before the division", edit("(h)", "(keep * h)"), "Your forward list measures m_l ⊙ f(z_l). Asked for is h_l, which is that divided by p."),
        Mistake("∂L/∂h measured", edit("(dz)", "(dh)"), "Your backward list measures the gradient with respect to h_l. Asked for is that with respect to z_l, behind mask and slope."),
        Mistake("f not applied", edit("leaky(z, leak)", "z"), "Your forward pass leaves f out. Apply the activation after every product, then the mask."),
        Mistake("f' missing", edit(" * leaky_slope(zs[l], leak)", ""), "The slope f'(z_l) is missing on the way back."),
        Mistake("f' missing at the last layer", edit("dz = ", "dz = dh if l == len(Ws) - 1 else "), "Your last dz is dh. The last layer has mask and slope too."),
        Mistake("slope from the gradient", edit("(zs[l], leak)", "(dh, leak)"), "You ask where the incoming gradient is positive. The slope belongs to the forward pass: z_l > 0."),
        Mistake("slopes exchanged", edit("(zs[l], leak)", "(-zs[l], leak)"), "Your slopes are exchanged: 1 belongs where z_l > 0, a where it is below."),
        Mistake("f' not passed on", edit("dz @", "dh @"), "You send dh_l down through the weights. Each layer passes on dz_l, behind mask and slope."),
        Mistake("Wᵀ for W on the way back", edit("Ws[l]", "Ws[l].T"), "You go back through Wᵀ. That is the matrix of the way up; the way back turns it around. Only equal widths let yours run."),
        Mistake("W for Wᵀ on the way up", edit("W.T", "W"), "Your forward product is h W. W has shape (n_out, n_in), and h comes with n_in numbers a row. Only equal widths let yours run."),
        Mistake("weights of the layer below", edit("Ws[l]", "Ws[max(l - 1, 0)]"), "dz_l goes back through W_l, the weights it met on the way up. You use those of the layer below; only equal widths let yours run."),
        Mistake("last layer first", edit("backward[::-1]", "backward"), "Your backward list starts with the last layer. Its entry 0 belongs to layer 1: reverse it at the end."),
        Mistake("predicted, not measured", _predicted, "Your numbers are predictions by the rules of parts 6 and 7, from the variances of these weights. Send the x that you are given through this net, with its masks, and measure what comes out.", whole=True, beside_the_point=True),
        Mistake("1/p missing on the way up", edit("m / keep", "m"), "On the way up your masks lack the 1/p; the way back has it. h_l is m_l ⊙ f(z_l)/p."),
        Mistake("masks forgotten on the way up", edit("m / keep * ", ""), "Your way up has no masks; the way back has them. h_l is m_l ⊙ f(z_l)/p."),
        Mistake("divided by p² on the way back", edit("dh / keep", "dh / keep**2"), "On the way back you divide by p². The mask acts once, m_l/p; p² comes with the square that is taken later."),
        Mistake("multiplied by p on the way back", edit("dh / keep", "dh * keep"), "On the way back you multiply by p. The gradient passes the same m_l/p as the signal."),
        Mistake("dropped units keep a slope", edit("keep * masks[l] * leaky_slope(zs[l], leak)", "keep * leaky_slope(zs[l] * masks[l], leak)"), "On the way back you mask z_l and not the gradient, so dropped units pass on a times what comes. A dropped unit puts out 0 whatever z_l is, so it passes back nothing."),
        Mistake("no mask at the last layer", edit("dh / keep * masks[l]", "(dh if l == len(Ws) - 1 else dh / keep * masks[l])"), "Your last dz lacks its mask. dh is with respect to h_L, which is behind the mask, as in every layer."),
        Mistake("leak on the wrong side", edit("np.where(z > 0, z, a * z)", "np.where(z > 0, a * z, z)", within=leaky) + edit("np.where(z > 0, 1.0, a)", "np.where(z > 0, a, 1.0)", within=leaky_slope), "Your leak is above 0. The slope is 1 where z > 0 and a below."),
        Mistake("leak on the wrong side on the way up", edit("np.where(z > 0, z, a * z)", "np.where(z > 0, a * z, z)", within=leaky), "On the way up your leak is above 0. f(z) is z where z > 0 and a·z below."),
        Mistake("slope 1 at 0", edit("z > 0", "z >= 0", within=leaky_slope), "Where z is exactly 0 your slope is 1. Here it is a, as below 0."),
        Mistake("NaN at 0", edit("np.where(z > 0, 1.0, a)", "leaky(z, a) / z", within=leaky_slope), "Your slope is f(z)/z, which is 0/0 where z is exactly 0. Ask for the sign of z: 1 above 0, else a."),
        Mistake("summed over the examples", edit("(a**2).mean()", "(a**2).sum(axis=0).mean()", within=mean_square), "You sum the squares over the examples and average over the units alone. Average over both, so that the size of the batch does not count."),
        Mistake("Euclidean length", edit("(a**2).mean()", "np.sqrt((a**2).sum())", within=mean_square), "You return the length of all numbers taken together, the root of the summed squares. Asked for is the mean of the squares.", alone=True),
        Mistake("averaged over the examples first", edit("(a**2).mean()", "(a.mean(axis=0) ** 2).mean()", within=mean_square), "You average over the examples before you square, so that they cancel. Square each entry, then average.", alone=True),
        Mistake("gradient behind the weights", edit("(dz)", "(dz @ Ws[l])"), "Your backward list measures the gradient with respect to h_{l−1}, behind the weights. Asked for is that with respect to z_l.", alone=True),
        Mistake("bias behind the activation", edit("h @ W.T + b\n", "h @ W.T\n", "leaky(z, leak)\n", "leaky(z, leak) + b\n"), "You add b behind the activation and the mask. It is part of z: z_l = h_{l−1} W_lᵀ + b_l."),
        Mistake("bias passed around the activation", edit("h @ W.T + b\n", "h @ W.T\n", "leaky(z, leak)\n", "(leaky(z, leak) + b)\n"), "You add b behind the activation. It is part of z: z_l = h_{l−1} W_lᵀ + b_l, and f takes all of it."),
        Mistake("last layer linear", edit("        h = m / keep * leaky(z, leak)\n", "        h = m / keep * (z if W is Ws[-1] else leaky(z, leak))\n", "leaky_slope(zs[l], leak)", "(1.0 if l == len(Ws) - 1 else leaky_slope(zs[l], leak))"), "Your last layer has no activation. Here every layer has one, the last too."),
        Mistake("last layer linear on the way up", edit("        h = m / keep * leaky(z, leak)\n", "        h = m / keep * (z if W is Ws[-1] else leaky(z, leak))\n"), "Your last h has no activation. Here every layer has one, the last too."),
        Mistake("no mask at the last layer, both ways", edit("        h = m / keep * leaky(z, leak)\n", "        h = (1.0 if W is Ws[-1] else m / keep) * leaky(z, leak)\n", "dh / keep * masks[l]", "(dh if l == len(Ws) - 1 else dh / keep * masks[l])"), "Your last layer has no dropout. Here every layer has a mask, the last too."),
        Mistake("no mask at the last layer on the way up", edit("        h = m / keep * leaky(z, leak)\n", "        h = (1.0 if W is Ws[-1] else m / keep) * leaky(z, leak)\n"), "Your last h has no mask. Here every layer has one, the last too."),
        Mistake("1/p once too often on the way up", edit("m / keep", "m / keep**2"), "On the way up you divide by p². The net divides by p, once in each layer."),
        Mistake("keep as the mask", edit("m / keep * ", "keep * ", " / keep * masks[l]", " * keep"), "You multiply by p in place of the mask, as when a net is used after training. Here the masks are given: m_l ⊙ f(z_l)/p."),
        Mistake("masks of the layer above on the way back", edit("masks[l]", "masks[min(l + 1, len(Ws) - 1)]"), "On the way back you use the mask of the layer above. dz_l passes the mask that its own h_l passed; only equal widths let yours run."),
        Mistake("standard deviations", edit("(a**2).mean()", "a.std()", within=mean_square), "You return standard deviations. Asked for is the mean of the squares: no mean is taken off, and there is no root."),
        Mistake("unbiased variance", edit("(a**2).mean()", "a.var(ddof=1)", within=mean_square), "You return variances with 1/(n − 1). Asked for is the mean of the squares: no mean is taken off."),
        Mistake("mean of one example", edit("(a**2).mean()", "(a[0] ** 2).mean()", within=mean_square), "You look at the first example alone. Average over the batch, too."),
        Mistake("first of each", edit("(a**2).mean()", "(a[:, 0] ** 2).mean()", within=mean_square), "You look at the first unit alone. Average over the units, too."),
        Mistake("mean over the kept units", edit("(a**2).mean()", "(a[a != 0] ** 2).mean()", within=mean_square), "You average over the entries that are not 0. The dropped ones count too, with 0."),
        Mistake("slope of the layer below", edit("zs[l]", "zs[max(l - 1, 0)]"), "You take the slope at z_{l−1}. dz_l needs f'(z_l), that of its own layer; only equal widths let yours run."),
        Mistake("slope z for 1", edit("np.where(z > 0, 1.0, a)", "np.where(z > 0, z, a)", within=leaky_slope), "On the way back your slope above 0 is z. It is 1 there."),
        Mistake("f for its slope", edit("leaky_slope(zs[l], leak)", "leaky(zs[l], leak)"), "On the way back you multiply by f(z). It is the slope f'(z) that belongs there."),
        Mistake("leak of the size", edit("a * z", "-a * z", within=leaky), "Below 0 your activation puts out −a·z, which is above 0. It is a·z."),
        Mistake("slope −a below 0", edit("1.0, a)", "1.0, -a)", within=leaky_slope), "Below 0 your slope is −a. f is a·z there, so the slope is a."),
        Mistake("leak squared", edit("a * z", "a**2 * z", within=leaky), "Below 0 your activation puts out a²·z. It is a·z; the square comes with the mean square."),
        Mistake("1 − leak", edit("a * z", "(1 - a) * z", within=leaky), "Below 0 your activation puts out (1 − a)·z. It is a·z."),
        Mistake("gradient of x in the place of the last", edit("np.array(backward[::-1])", "np.array([mean_square(dh), *backward[:0:-1]])"), "Your backward list starts with the gradient of x and ends with layer L − 1. Its entry 0 belongs to z_1, the last one to z_L."),
        Mistake("batch mean of the gradients", edit("        dz = dh / keep", "        dz = dh / len(x) / keep"), "Your gradients are divided by the batch size in every layer. dh is given as it is: nothing is averaged on the way back."),
    ),
    hints=(
        "Run the stack forward and keep every z_l; then run it backward with the gradient that is given, and keep every dz_l.",
        "forward has L + 1 entries, the first for x itself; backward has L. Each entry is np.mean of a squared array: over batch and units at once.",
        "Going down, dh_l meets what h_l met on the way up: the mask with its 1/p, and the slope of f at z_l, 1 where z_l > 0, else a. That is dz_l: measure it. Which matrix then takes it from n_l to n_{l−1} numbers?",
    ),
)  # fmt: skip
