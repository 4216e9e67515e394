"""Problem set 3 in depth: how the rules predict the size of gradients, layer by layer."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps3.depth import draw_widths

# --- backward_variances ----------------------------------------------------------------------------


def backward_variances(g, widths, var_ws, slopes, keeps):
    """Predicted mean squares of the gradients with respect to z_l = W_l x_{l−1} and x_l = m_l ⊙ f(z_l)/p_l.

    E[dz_l²] = E[f'(z_l)²] E[dx_l²]/p_l and E[dx_{l−1}²] = n_l Var(w_l) E[dz_l²], from E[dx_L²] = g downwards.

    Parameters
    ----------
    g : mean square of the gradient with respect to x_L
    widths : [n_0, …, n_L]
    var_ws : [Var(w_1), …, Var(w_L)]
    slopes : [E[f'(z_1)²], …, E[f'(z_L)²]]
    keeps : [p_1, …, p_L], probabilities that a unit of the layer is kept

    Returns
    -------
    dz : (L,) array, layers 1 … L
    dx : (L,) array, layers 0 … L − 1
    """
    return _backward(g, widths, var_ws, slopes, keeps)


def _backward(
    g,
    widths,
    var_ws,
    slopes,
    keeps,
    *,
    fan=lambda widths, l: widths[l + 1],
    kept=lambda p: 1 / p,
    slope_power=1,
    last_slope=True,
    slope_of=lambda l: l,
    keep_of=lambda l: l,
    weight_of=lambda l: l,
    weight_power=1,
    pass_on=True,
    chained=True,
    g_power=1,
    root=False,
    upwards=False,
    from_the_end=False,
):
    """Both lists of mean squares with exchangeable parts."""
    L = len(var_ws)
    dz, dx = np.zeros(L), np.zeros(L)
    incoming = start = g**g_power
    for l in range(L) if upwards else reversed(range(L)):
        incoming = incoming if chained else start
        slope = slopes[slope_of(l)] ** slope_power if last_slope or l < L - 1 else 1.0
        dz[l] = slope * incoming * kept(keeps[keep_of(l)])
        dx[l] = fan(widths, l) * var_ws[weight_of(l)] ** weight_power * (dz[l] if pass_on else incoming)
        incoming = dx[l]
    out = (dz[::-1], dx[::-1]) if from_the_end else (dz, dx)
    return tuple(np.sqrt(values) for values in out) if root else out


def _backward_cases(rng):
    cases = []
    for layers in (5, 6, 1):
        widths = draw_widths(rng, layers)
        var_ws = [float(c / n) for c, n in zip(rng.uniform(0.8, 1.8, size=layers), widths[1:], strict=True)]
        slopes, keeps = rng.uniform(0.3, 0.8, size=layers), rng.uniform(0.55, 0.9, size=layers)
        g = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 2.2)]))
        cases.append(Case((g, widths, var_ws, slopes.tolist(), keeps.tolist()), ("dz", "dx")))
    return cases


def _one_layer(args, out):
    factors = np.array(args[3]) / np.array(args[4])
    return relative_error(out["dz"], factors * np.array([*out["dx"][1:], args[0]]))


BACKWARD_VARIANCES = Problem(
    name="ps3.backward_variances",
    reference=backward_variances,
    family=_backward,
    cases=_backward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={"dz": ("layer",), "dx": ("layer from 0",)},
    mistakes=(
        Mistake("dropout forgotten", dict(kept=lambda p: 1.0), "The masks are missing, as in the lecture's (4.8). The way back passes the same m/p as the way up, and its mean square is 1/p."),
        Mistake("multiplied by p", dict(kept=lambda p: p), "You multiply by p. The way back passes m/p, whose mean square is p/p² = 1/p."),
        Mistake("divided by p²", dict(kept=lambda p: 1 / p**2), "You divide by p². (m/p)² has the mean p/p²: one p is left."),
        Mistake("keep read as the drop probability", dict(kept=lambda p: 1 / (1 - p)), "You take keeps for probabilities that a unit is dropped. They are probabilities that it is kept: divide by p_l."),
        Mistake("mask of the layer below", dict(keep_of=lambda l: max(l - 1, 0)), "Your p is one layer too low: dz_l comes from dx_l through the mask m_l of the same layer."),
        Mistake("n_in for n_out", dict(fan=lambda widths, l: widths[l]), "You multiply by n_{l−1}. On the way back one x_{l−1} collects from all units that it feeds, and those are n_l."),
        Mistake("average of both widths", dict(fan=lambda widths, l: (widths[l] + widths[l + 1]) / 2), "You multiply by the average of both widths. That is how Glorot chooses Var(w); the way back itself sums over n_l units."),
        Mistake("n missing", dict(fan=lambda widths, l: 1), "The factor n_l is missing: each dx_{l−1} is a sum over the n_l units above, and their variances add."),
        Mistake("f' missing", dict(slope_power=0), "The factor E[f'(z_l)²] is missing: each layer multiplies the gradient by f' before the weights do."),
        Mistake("slopes squared again", dict(slope_power=2), "You square the entries of slopes. They are mean squares of f' already."),
        Mistake("roots of the slopes", dict(slope_power=0.5), "You take the root of the entries of slopes. A mean square of the gradient is multiplied by the mean square of f'."),
        Mistake("f' missing at the last layer", dict(last_slope=False), "Your last dz lacks its f'. The last layer has one too: E[dz_L²] = E[f'(z_L)²] g/p_L."),
        Mistake("f' not passed on", dict(pass_on=False), "Your dx_{l−1} is computed from dx_l. What travels down through W_l is dz_l, behind mask and f'."),
        Mistake("f' of the layer below", dict(slope_of=lambda l: max(l - 1, 0)), "Your factor E[f'²] is one layer too low: dz_l needs that of z_l. Mind that lists start at index 0 and layers at 1."),
        Mistake("weights of the layer below", dict(weight_of=lambda l: max(l - 1, 0)), "Your Var(w) is one layer too low: dx_{l−1} comes back through W_l, the weights that took x_{l−1} up."),
        Mistake("variances squared", dict(weight_power=2), "You square the entries of var_ws. They are variances already, not standard deviations."),
        Mistake("roots of the variances", dict(weight_power=0.5), "You take the root of the entries of var_ws. Variances multiply with variances: leave them as they are."),
        Mistake("layers not chained", dict(chained=False), "Every layer of yours starts from g. What leaves one layer below is what enters the next one on the way down."),
        Mistake("started at the first layer", dict(upwards=True), "You start with g at layer 1 and go up. The gradient enters at layer L and travels down."),
        Mistake("last layer first", dict(from_the_end=True), "Your lists start with the last layer. Entry 0 of dz belongs to layer 1, entry 0 of dx to the input: reverse them at the end."),
        Mistake("dx from layer 1", lambda g, *rest: (lambda dz, dx: (dz, np.append(dx[1:], g)))(*_backward(g, *rest)), "Your dx starts at layer 1 and ends with g. Entry 0 belongs to the input, x_0: append after the step through W_l."),
        Mistake("g listed", lambda g, *rest: (lambda dz, dx: (dz, np.append(dx, g)))(*_backward(g, *rest)), "Your dx has one entry too many: g at its end, which is given. Asked for are the layers 0 … L − 1."),
        Mistake("p of the first layer everywhere", dict(keep_of=lambda l: 0), "You use p_1 in every layer. Each has its own entry in keeps."),
        Mistake("g squared", dict(g_power=2), "You square g. It is a mean square already, not a root mean square."),
        Mistake("root mean squares returned", dict(root=True), "You return roots. Asked for are the mean squares themselves."),
    ),
    invariants=(
        Invariant("dz = E[f'²] dx / p", _one_layer, "Your dz and your dx do not fit together: in every layer E[dz_l²] has to be E[f'(z_l)²] E[dx_l²]/p_l, with g for the last."),
    ),
    hints=(
        "Write the way back through one layer, dz_l = f'(z_l) ⊙ m_l/p_l ⊙ dx_l and dx_{l−1} = W_lᵀ dz_l, and take mean squares as you did forward.",
        "Each entry of W_lᵀ dz_l is a sum over the n_l units of layer l, widths[l]. Go through the layers from L down to 1 and carry one number.",
        "E[dx_{l−1}²] = n_l Var(w_l) E[dz_l²]. Before it come two factors of the same layer: its entry of slopes, and the mean square of m/p.",
    ),
)  # fmt: skip
