"""Problem set 3 on measuring: mean squares of activations and gradients in a given stack of layers."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.check.problem import Case, Mistake, Problem

# --- layer_moments ---------------------------------------------------------------------------------


def layer_moments(x, Ws, dh, activation):
    """Mean squares of activations and of gradients in a stack h_l = f(z_l), z_l = h_{l−1} W_lᵀ, h_0 = x.

    Parameters
    ----------
    x : (N, n_0) array
    Ws : list of L arrays (n_l, n_{l−1})
    dh : (N, n_L) array, gradient by h_L
    activation : "tanh" or "relu"

    Returns
    -------
    forward : (L + 1,) array, mean of h_l² over the batch and the units, layers 0 … L
    backward : (L,) array, mean of dz_l², the gradient by z_l, layers 1 … L
    """
    return _moments(x, Ws, dh, activation)


def _mean_square(a):
    return (a**2).mean()


def _mask_from_gradient(df, z, h, dh):
    return dh > 0 if df is ACTIVATIONS["relu"].derivative else df(z)


def _moments(
    x,
    Ws,
    dh,
    activation,
    *,
    measure=_mean_square,
    seen=lambda h, z: h,
    seen_back=lambda dz, dh: dz,
    slope=lambda df, z, h, dh: df(z),
    last_slope=True,
    last_f=True,
    f_used=True,
    up=lambda h, W: h @ W.T,
    down=lambda dz, W: dz @ W,
    weight_of=lambda l: l,
    pass_on=lambda dz, dh: dz,
    from_the_end=False,
):
    """Both lists of moments with exchangeable parts."""
    _, f, df = ACTIVATIONS[activation]
    L = len(Ws)
    hs, zs = [x], []
    for l, W in enumerate(Ws):
        zs.append(up(hs[-1], W))
        hs.append(f(zs[-1]) if f_used and (last_f or l < L - 1) else zs[-1])
    forward = [measure(x)] + [measure(seen(h, z)) for h, z in zip(hs[1:], zs, strict=True)]
    backward = []
    for l in reversed(range(L)):
        bare = l == L - 1 and not (last_slope and last_f)
        dz = dh if bare else dh * slope(df, zs[l], hs[l + 1], dh)
        backward.append(measure(seen_back(dz, dh)))
        dh = down(pass_on(dz, dh), Ws[weight_of(l)])
    return np.array(forward), np.array(backward if from_the_end else backward[::-1])


def _moment_cases(rng):
    cases = []
    for activation, N, widths in (("tanh", 6, (4, 7, 3, 5, 6)), ("relu", 7, (5, 5, 5, 5, 5))):
        Ws = [rng.normal(size=(o, i)) * np.sqrt(2 / i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        x, dh = rng.normal(size=(N, widths[0])) + 0.3, rng.normal(size=(N, widths[-1]))
        names = (f"forward ({activation})", f"backward ({activation})")
        cases.append(Case((x, Ws, dh, activation), names, batch=N))
    return cases


LAYER_MOMENTS = Problem(
    name="ps3.layer_moments",
    reference=layer_moments,
    family=_moments,
    cases=_moment_cases,
    points=5,
    lecture='lecture 4, "Initialisation"',
    axes={
        "forward (tanh)": ("layer from 0",),
        "forward (relu)": ("layer from 0",),
        "backward (tanh)": ("layer",),
        "backward (relu)": ("layer",),
    },
    mistakes=(
        Mistake("variance for the second moment", dict(measure=np.var), "You return variances: the mean is subtracted first. Activations after a ReLU have a mean, and the next layer feels all of E[h²]."),
        Mistake("root mean square", dict(measure=lambda a: np.sqrt(_mean_square(a))), "You return root mean squares. Asked for is the mean of the squares, without a root."),
        Mistake("summed over the units", dict(measure=lambda a: (a**2).sum(axis=1).mean()), "You sum the squares over the units and average over the batch alone. A wide layer then looks larger than a narrow one: average over both."),
        Mistake("summed over everything", dict(measure=lambda a: (a**2).sum()), "You return the sum of all squares. Divide by the number of entries: a mean can be compared between layers of different widths."),
        Mistake("square of the mean", dict(measure=lambda a: a.mean() ** 2), "You average first and square then, so signs cancel. Square each entry, then average."),
        Mistake("mean size", dict(measure=lambda a: np.abs(a).mean()), "You average |h|. Variances add up in a sum, sizes do not: average the squares."),
        Mistake("pre-activations measured", dict(seen=lambda h, z: z), "Your forward list measures z_l. Asked for are the activations h_l = f(z_l)."),
        Mistake("∂L/∂h measured", dict(seen_back=lambda dz, dh: dh), "Your backward list measures the gradient by h_l. Asked for is that by z_l, one factor f'(z_l) further."),
        Mistake("f not applied", dict(f_used=False), "Your forward pass leaves f out: h_l = z_l. Apply the activation after every product."),
        Mistake("last layer without f", dict(last_f=False), "You treat the last layer as linear. Here it has its activation like all others, forward and backward."),
        Mistake("f' missing", dict(slope=lambda df, z, h, dh: 1.0), "The factor f'(z_l) is missing on the way back: dz_l = dh_l ⊙ f'(z_l)."),
        Mistake("f' missing at the last layer", dict(last_slope=False), "Your last dz is dh. The last layer has its f' too: dz_L = dh ⊙ f'(z_L)."),
        Mistake("f' of the activation", dict(slope=lambda df, z, h, dh: df(h)), "You take f' at h_l = f(z_l). It belongs at z_l; for tanh that is 1 − h_l²."),
        Mistake("mask from the gradient", dict(slope=_mask_from_gradient), "Your ReLU mask is taken from the incoming gradient. It belongs to the forward pass: z_l > 0."),
        Mistake("f' not passed on", dict(pass_on=lambda dz, dh: dh), "You send dh_l down through the weights. Each layer passes on dz_l, after the factor f'(z_l)."),
        Mistake("Wᵀ for W on the way back", dict(down=lambda dz, W: dz @ W.T), "You go back through Wᵀ. Forward is h Wᵀ, so the way back is dz W. Only equal widths let yours run."),
        Mistake("W for Wᵀ on the way up", dict(up=lambda h, W: h @ W), "Your forward product is h W. W has shape (n_out, n_in), so it is h Wᵀ. Only equal widths let yours run."),
        Mistake("weights of the layer below", dict(weight_of=lambda l: max(l - 1, 0)), "dz_l goes back through W_l, the weights it met on the way up. You use those of the layer below; only equal widths let yours run."),
        Mistake("last layer first", dict(from_the_end=True), "Your backward list starts with the last layer. Its entry 0 belongs to layer 1: reverse it at the end."),
    ),
    hints=(
        "Run the stack forward and keep every z_l and h_l; then run it backward with the gradient that is given, and keep every dz_l.",
        "forward has L + 1 entries, the first for x itself; backward has L. Each entry is np.mean of a squared array: over batch and units at once.",
        "Going down: dz_l = dh_l ⊙ f'(z_l), then dh_{l−1} = dz_l W_l. f' is 1 − h_l² for tanh, and 1 where z_l > 0, else 0, for ReLU.",
    ),
)  # fmt: skip
