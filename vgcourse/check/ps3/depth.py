"""Problem set 3 in depth: how the rules predict the size of signals and gradients, layer by layer."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

# --- forward_variances -----------------------------------------------------------------------------


def forward_variances(q0, widths, var_ws, var_bs, leak, keep):
    """Predicted sizes of z_l = W_l x_{l−1} + b_l and x_l = m_l ⊙ f(z_l)/p: zero means, f leaky, dropout.

    Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²] + Var(b_l) and E[x_l²] = ½(1 + a²) Var(z_l)/p.

    Parameters
    ----------
    q0 : E[x_0²] of the inputs
    widths : [n_0, …, n_L]
    var_ws, var_bs : [Var(w_1), …, Var(w_L)] and the same for the biases
    leak : a, slope of f below 0
    keep : p, probability that a unit is kept

    Returns
    -------
    var_z, second_moment : (L,) arrays for the layers 1 … L
    """
    return _forward(q0, widths, var_ws, var_bs, leak, keep)


def _forward(
    q0,
    widths,
    var_ws,
    var_bs,
    leak,
    keep,
    *,
    fan=lambda widths, l: widths[l],
    bias=lambda var_b, n: var_b,
    share=lambda a: (1 + a**2) / 2,
    kept=lambda p: 1 / p,
    z_share=lambda a: 1.0,
    weight_power=1,
    q0_power=1,
    pass_on=True,
    input_share=lambda a, p: 1.0,
    same_weights=False,
    chained=True,
    root=False,
):
    """Both lists of sizes with exchangeable parts."""
    var_z, second = [], []
    incoming = start = q0**q0_power * input_share(leak, keep)
    for l, var_b in enumerate(var_bs):
        var_w = var_ws[0 if same_weights else l] ** weight_power
        var_z.append(fan(widths, l) * var_w * (incoming if chained else start) + bias(var_b, widths[l]))
        second.append(var_z[-1] * share(leak) * kept(keep))
        incoming = second[-1] if pass_on else var_z[-1]
    out = np.array(var_z) * z_share(leak), np.array(second)
    return tuple(np.sqrt(values) for values in out) if root else out


def _widths(rng, layers):
    """Widths that all differ."""
    return [int(n) for n in rng.permutation(np.arange(20, 200, 8))[: layers + 1]]


def _forward_cases(rng):
    cases = []
    for layers in (5, 6, 1):
        widths = _widths(rng, layers)
        var_ws = [float(g / n) for g, n in zip(rng.uniform(0.6, 2.2, size=layers), widths, strict=False)]
        var_bs = [float(v) for v in rng.uniform(0.1, 0.5, size=layers)]
        q0 = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 2.2)]))
        leak, keep = float(rng.uniform(0.25, 0.45)), float(rng.uniform(0.6, 0.85))
        cases.append(Case((q0, widths, var_ws, var_bs, leak, keep), ("var_z", "second_moment")))
    return cases


def _fits_together(args, out):
    share = (1 + args[4] ** 2) / (2 * args[5])
    return relative_error(out["second_moment"], share * out["var_z"])


FORWARD_VARIANCES = Problem(
    name="ps3.forward_variances",
    reference=forward_variances,
    family=_forward,
    cases=_forward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={"var_z": ("layer",), "second_moment": ("layer",)},
    invariants=(
        Invariant("second moment of a symmetric z", _fits_together, "Your second_moment and your var_z do not fit together. z is symmetric around 0, so the leaky ReLU keeps ½(1 + a²) of its mean square; then the mask divides by p."),
    ),
    mistakes=(
        Mistake("the lecture's ReLU net", lambda q0, widths, var_ws, var_bs, leak, keep: _forward(q0, widths, var_ws, [0.0] * len(var_ws), 0.0, 1.0), "Your numbers are those of the lecture's net: no bias, no leak, no dropout. Each of the three has its place in the recursion."),
        Mistake("biases forgotten", dict(bias=lambda var_b, n: 0.0), "The biases are missing: they are random and independent of the rest, so Var(b_l) adds to Var(z_l)."),
        Mistake("biases counted n times", dict(bias=lambda var_b, n: n * var_b), "You multiply Var(b_l) by the number of inputs. A unit has one bias, however many inputs it adds."),
        Mistake("standard deviation of the bias", dict(bias=lambda var_b, n: np.sqrt(var_b)), "You add the root of Var(b_l). Variances add, standard deviations do not."),
        Mistake("leak forgotten", dict(share=lambda a: 0.5), "Your activation keeps ½, as a plain ReLU. Below 0 the leaky one puts out a·z, whose squares count too."),
        Mistake("leak not squared", dict(share=lambda a: (1 + a) / 2), "You have ½(1 + a). The negative half puts out a·z, and its mean square has a²."),
        Mistake("whole of the leaky side", dict(share=lambda a: 0.5 + a**2), "You have ½ + a². Both sides of z hold half of its mean square, the leaky one too: ½ + ½a²."),
        Mistake("activation forgotten", dict(share=lambda a: 1.0), "Your x_l is z_l, masked. The activation is missing: it keeps ½(1 + a²) of the mean square."),
        Mistake("dropout forgotten", dict(kept=lambda p: 1.0), "The mask is missing. m/p has the mean 1 but the mean square 1/p (part 1), so dropout makes the second moment larger."),
        Mistake("multiplied by p", dict(kept=lambda p: p), "You multiply by p. That is dropout without its division: E[m²] = p. With it, E[(m/p)²] = 1/p."),
        Mistake("divided by p²", dict(kept=lambda p: 1 / p**2), "You divide by p². (m/p)² has the mean p/p²: one p is left."),
        Mistake("n_out for n_in", dict(fan=lambda widths, l: widths[l + 1]), "You multiply by the width of the layer itself. z_l is a sum over its inputs, so the factor is n_{l−1}, widths[l − 1] for layer l."),
        Mistake("average of both widths", dict(fan=lambda widths, l: (widths[l] + widths[l + 1]) / 2), "You multiply by the average of both widths. That is Glorot's rule for choosing Var(w); what the signal then does depends on n_{l−1} alone."),
        Mistake("n missing", dict(fan=lambda widths, l: 1), "The factor n_{l−1} is missing: z_l sums that many independent terms, and their variances add."),
        Mistake("activation in Var(z)", dict(z_share=lambda a: (1 + a**2) / 2), "Your var_z has the ½(1 + a²) of the activation in it. z comes before; the factor belongs to second_moment."),
        Mistake("results exchanged", lambda *args: _forward(*args)[::-1], "Your two results are exchanged: var_z comes first, then second_moment."),
        Mistake("activation not passed on", dict(pass_on=False), "Your next layer is fed Var(z_{l−1}). It gets x_{l−1}, so it is the second moment behind activation and mask that goes on."),
        Mistake("inputs activated and masked", dict(input_share=lambda a, p: (1 + a**2) / (2 * p)), "You put the inputs through activation and mask. q0 is E[x_0²] as it enters layer 1."),
        Mistake("variances squared", dict(weight_power=2), "You square the entries of var_ws. They are variances already, not standard deviations."),
        Mistake("roots of the variances", dict(weight_power=0.5), "You take the root of the entries of var_ws. Variances multiply with variances: leave them as they are."),
        Mistake("q0 ignored", dict(q0_power=0), "Your chain starts at 1. It starts with q0, the mean square of the inputs."),
        Mistake("q0 squared", dict(q0_power=2), "You square q0. It is a mean square already, not a root mean square."),
        Mistake("first layer's weights everywhere", dict(same_weights=True), "You use Var(w_1) in every layer. Each has its own entry in var_ws."),
        Mistake("layers not chained", dict(chained=False), "Every layer of yours starts from q0. The second moment after one layer is what goes into the next."),
        Mistake("root mean squares returned", dict(root=True), "You return roots. Asked for are the variances and second moments themselves."),
    ),
    hints=(
        "One unit first: z is a sum of n products w·x and a bias. Which variances add? Then follow E[x²] through activation and mask.",
        "Carry one number, E[x²], from layer to layer. Each half of z holds half of its mean square; the mask is part 1's factor. L layers give L numbers in each result.",
        "Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²] + Var(b_l). Behind the leaky ReLU ½(1 + a²) of it is left; and E[(m/p)²] = ?",
    ),
)  # fmt: skip


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
        widths = _widths(rng, layers)
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
