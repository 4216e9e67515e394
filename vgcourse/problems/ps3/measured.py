"""Problem set 3 on measuring: mean squares of activations and gradients in a stack of layers with dropout."""

import numpy as np

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
    return _moments(x, Ws, bs, masks, dh, leak, keep)


def mean_square(a):
    """Mean of the squares over all axes."""
    return (a**2).mean()


def leaky(z, a):
    """z above 0, a·z below."""
    return np.where(z > 0, z, a * z)


def leaky_slope(z, a):
    """1 above 0, a below."""
    return np.where(z > 0, 1.0, a)


def _moments(
    x,
    Ws,
    bs,
    masks,
    dh,
    leak,
    keep,
    *,
    measure=mean_square,
    seen=lambda h, z, a, p: h,
    seen_back=lambda dz, dh: dz,
    f=leaky,
    slope=lambda z, h, dh, a: leaky_slope(z, a),
    masked=lambda m, p: m / p,
    masked_back=lambda m, p: m / p,
    biased=1.0,
    last_slope=True,
    up=lambda h, W: h @ W.T,
    down=lambda dz, W: dz @ W,
    weight_of=lambda l: l,
    mask_of=lambda l: l,
    pass_on=lambda dz, dh: dz,
    from_the_end=False,
    forward_from_the_end=False,
):
    """Both lists of moments with exchangeable parts."""
    L = len(Ws)
    hs, zs = [x], []
    for W, b, m in zip(Ws, bs, masks, strict=True):
        zs.append(up(hs[-1], W) + biased * b)
        hs.append(masked(m, keep) * f(zs[-1], leak))
    forward = [measure(x)] + [measure(seen(h, z, leak, keep)) for h, z in zip(hs[1:], zs, strict=True)]
    backward = []
    for l in reversed(range(L)):
        dz = dh * slope(zs[l], hs[l + 1], dh, leak) * masked_back(masks[mask_of(l)], keep)
        dz = dz if last_slope or l < L - 1 else dh
        backward.append(measure(seen_back(dz, dh)))
        dh = down(pass_on(dz, dh), Ws[weight_of(l)])
    return np.array(forward[:: -1 if forward_from_the_end else 1]), np.array(
        backward[:: 1 if from_the_end else -1]
    )


def _moment_cases(rng):
    cases = []
    for N, widths in ((6, (4, 7, 3, 5, 6)), (7, (5, 5, 5, 5, 5)), (3, (4, 4))):
        Ws = [rng.normal(size=(o, i)) * np.sqrt(2 / i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        bs = [rng.normal(size=n) for n in widths[1:]]
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


def _with_the_input(from_the_end):
    """The gradient with respect to x listed, too."""

    def formula(x, Ws, bs, masks, dh, leak, keep):
        forward, backward = _moments(x, Ws, bs, masks, dh, leak, keep)
        gradients = []
        _moments(x, Ws, bs, masks, dh, leak, keep, down=lambda dz, W: gradients.append(dz @ W) or dz @ W)
        backward = np.append(mean_square(gradients[-1]), backward)
        return forward, backward[::-1] if from_the_end else backward

    return formula


def _with_the_top(from_the_end):
    """dh listed, too."""

    def formula(x, Ws, bs, masks, dh, leak, keep):
        forward, backward = _moments(x, Ws, bs, masks, dh, leak, keep)
        backward = np.append(backward, mean_square(dh))
        return forward, backward[::-1] if from_the_end else backward

    return formula


def _without_the_input(*args):
    forward, backward = _moments(*args)
    return forward[1:], backward


def _without_the_last(*args):
    forward, backward = _moments(*args)
    return forward[:-1], backward


LAYER_MOMENTS = Problem(
    name="ps3.layer_moments",
    reference=layer_moments,
    family=_moments,
    cases=_moment_cases,
    points=5,
    lecture='lecture 4, "Initialisation"',
    axes={"forward": ("layer from 0",), "backward": ("layer",)},
    mistakes=(
        Mistake("masks forgotten", dict(masked=lambda m, p: 1.0, masked_back=lambda m, p: 1.0), "Your net has no dropout, in either direction. Each h_l is m_l ⊙ f(z_l)/p, and the way back passes the same mask."),
        Mistake("masks forgotten on the way back", dict(masked_back=lambda m, p: 1.0), "Your way back has no masks. A unit that was dropped did not act on the loss, so it gets no gradient; the others get it times 1/p."),
        Mistake("1/p missing", dict(masked=lambda m, p: m, masked_back=lambda m, p: m), "You mask without dividing by p. The division keeps the mean of what is passed on."),
        Mistake("1/p without a mask on the way back", dict(masked_back=lambda m, p: 1 / p), "On the way back you divide by p and mask nothing. A unit that was dropped gets no gradient: m/p, both."),
        Mistake("root of p", dict(masked=lambda m, p: m / p**0.5, masked_back=lambda m, p: m / p**0.5), "You divide by √p. The net divides by p itself; what that does to mean squares is another question."),
        Mistake("gradients divided by N", dict(seen_back=lambda dz, dh: dz / len(dz)), "Your gradients are divided by the batch size before they are squared. dh is given as it is: nothing is averaged on the way back."),
        Mistake("leak for leak · z", dict(f=lambda z, a: np.where(z > 0, z, a)), "Below 0 your activation puts out a. It is a·z."),
        Mistake("1/p missing on the way back", dict(masked_back=lambda m, p: m), "On the way back your masks lack the 1/p. It is a factor of the way up, so the gradient has it too."),
        Mistake("multiplied by p", dict(masked=lambda m, p: m * p, masked_back=lambda m, p: m * p), "You multiply by p where the net divides by it: h_l = m_l ⊙ f(z_l)/p."),
        Mistake("keep read as the drop probability", dict(masked=lambda m, p: m / (1 - p), masked_back=lambda m, p: m / (1 - p)), "You divide by 1 − keep. keep is the probability that a unit is kept, and the net divides by it."),
        Mistake("masks exchanged", dict(masked=lambda m, p: (1 - m) / p, masked_back=lambda m, p: (1 - m) / p), "You drop where the mask is 1. A 1 means that the unit is kept."),
        Mistake("x not listed", _without_the_input, "Your forward list starts with h_1. It has L + 1 entries: the first is x, which is h_0."),
        Mistake("last layer not listed", _without_the_last, "Your forward list ends with h_{L−1}. It has L + 1 entries, h_0 to h_L: append after the last layer as well."),
        Mistake("gradient of x listed", _with_the_input(False), "Your backward list has one entry too many, the gradient with respect to x. Asked for are those with respect to z_1 … z_L."),
        Mistake("gradient of x listed, last layer first", _with_the_input(True), "Your backward list starts with the last layer and has one entry too many, the gradient with respect to x. Asked for are those with respect to z_1 … z_L, layer 1 first."),
        Mistake("dh listed", _with_the_top(False), "Your backward list has one entry too many: dh itself, which is not yet with respect to any z_l. Asked for are those with respect to z_1 … z_L."),
        Mistake("dh listed, last layer first", _with_the_top(True), "Your backward list starts with dh, and goes on with the last layer. Asked for are the gradients with respect to z_1 … z_L, layer 1 first, without dh."),
        Mistake("forward list reversed", dict(forward_from_the_end=True), "Your forward list starts with the last layer. Its entry 0 belongs to x, the input."),
        Mistake("mask of the layer below", dict(mask_of=lambda l: max(l - 1, 0)), "On the way back you use the mask of the layer below. dz_l passes the mask that its own h_l passed; only equal widths let yours run."),
        Mistake("leak forgotten", dict(f=lambda z, a: leaky(z, 0.0), slope=lambda z, h, dh, a: leaky_slope(z, 0.0)), "Your activation is a plain ReLU. Below 0 the leaky one puts out a·z and has the slope a."),
        Mistake("leak forgotten on the way back", dict(slope=lambda z, h, dh, a: leaky_slope(z, 0.0)), "On the way back your slope below 0 is 0. It is a there."),
        Mistake("biases forgotten", dict(biased=0.0), "The biases are missing on the way up: z_l = h_{l−1} W_lᵀ + b_l."),
        Mistake("variance for the second moment", dict(measure=np.var), "You return variances: the mean is subtracted first. Activations have a mean here, and the next layer feels all of E[h²]."),
        Mistake("root mean square", dict(measure=lambda a: np.sqrt(mean_square(a))), "You return root mean squares. Asked for is the mean of the squares, without a root."),
        Mistake("summed over the units", dict(measure=lambda a: (a**2).sum(axis=1).mean()), "You sum the squares over the units and average over the batch alone. A wide layer then looks larger than a narrow one: average over both."),
        Mistake("summed over everything", dict(measure=lambda a: (a**2).sum()), "You return the sum of all squares. Divide by the number of entries: a mean can be compared between layers of different widths."),
        Mistake("square of the mean", dict(measure=lambda a: a.mean() ** 2), "You average first and square then, so signs cancel. Square each entry, then average."),
        Mistake("mean size", dict(measure=lambda a: np.abs(a).mean()), "You average |h|. Variances add up in a sum, sizes do not: average the squares."),
        Mistake("pre-activations measured", dict(seen=lambda h, z, a, p: z), "Your forward list measures z_l. Asked for is h_l, behind activation and mask."),
        Mistake("measured before the mask", dict(seen=lambda h, z, a, p: leaky(z, a)), "Your forward list measures f(z_l). Asked for is h_l, behind the mask and the division by p: that is what the next layer gets."),
        Mistake("measured before the division", dict(seen=lambda h, z, a, p: p * h), "Your forward list measures m_l ⊙ f(z_l). Asked for is h_l, which is that divided by p."),
        Mistake("∂L/∂h measured", dict(seen_back=lambda dz, dh: dh), "Your backward list measures the gradient with respect to h_l. Asked for is that with respect to z_l, behind mask and slope."),
        Mistake("f not applied", dict(f=lambda z, a: z), "Your forward pass leaves f out. Apply the activation after every product, then the mask."),
        Mistake("f' missing", dict(slope=lambda z, h, dh, a: 1.0), "The slope f'(z_l) is missing on the way back."),
        Mistake("f' missing at the last layer", dict(last_slope=False), "Your last dz is dh. The last layer has mask and slope too."),
        Mistake("slope from the gradient", dict(slope=lambda z, h, dh, a: leaky_slope(dh, a)), "You ask where the incoming gradient is positive. The slope belongs to the forward pass: z_l > 0."),
        Mistake("slopes exchanged", dict(slope=lambda z, h, dh, a: leaky_slope(-z, a)), "Your slopes are exchanged: 1 belongs where z_l > 0, a where it is below."),
        Mistake("f' not passed on", dict(pass_on=lambda dz, dh: dh), "You send dh_l down through the weights. Each layer passes on dz_l, behind mask and slope."),
        Mistake("Wᵀ for W on the way back", dict(down=lambda dz, W: dz @ W.T), "You go back through Wᵀ. Forward is h Wᵀ, so the way back is dz W. Only equal widths let yours run."),
        Mistake("W for Wᵀ on the way up", dict(up=lambda h, W: h @ W), "Your forward product is h W. W has shape (n_out, n_in), so it is h Wᵀ. Only equal widths let yours run."),
        Mistake("weights of the layer below", dict(weight_of=lambda l: max(l - 1, 0)), "dz_l goes back through W_l, the weights it met on the way up. You use those of the layer below; only equal widths let yours run."),
        Mistake("last layer first", dict(from_the_end=True), "Your backward list starts with the last layer. Its entry 0 belongs to layer 1: reverse it at the end."),
    ),
    hints=(
        "Run the stack forward and keep every z_l; then run it backward with the gradient that is given, and keep every dz_l.",
        "forward has L + 1 entries, the first for x itself; backward has L. Each entry is np.mean of a squared array: over batch and units at once.",
        "Going down: dz_l = dh_l ⊙ m_l/p ⊙ f'(z_l), then dh_{l−1} = dz_l W_l. f' is 1 where z_l > 0, else a.",
    ),
)  # fmt: skip
