"""Problem set 3 in depth: how the rules predict the size of signals and gradients, layer by layer."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

# --- forward_variances -----------------------------------------------------------------------------


def forward_variances(q0, widths, var_ws, activation):
    """Predicted sizes of z_l = W_l x_{l−1} and x_l = f(z_l), zero-mean weights, f "linear" or "relu".

    Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²] and E[x_l²] = Var(z_l), or half of it after a ReLU.

    Parameters
    ----------
    q0 : E[x_0²] of the inputs
    widths : [n_0, …, n_L]
    var_ws : [Var(w_1), …, Var(w_L)]

    Returns
    -------
    var_z, second_moment : (L,) arrays for the layers 1 … L
    """
    return _forward(q0, widths, var_ws, activation)


def _forward(
    q0,
    widths,
    var_ws,
    activation,
    *,
    fan=lambda widths, l: widths[l],
    relu_share=0.5,
    z_share=1.0,
    linear_share=1.0,
    weight_power=1,
    q0_power=1,
    pass_on=True,
    input_share=1.0,
    same_weights=False,
    chained=True,
    root=False,
):
    """Both lists of sizes with exchangeable parts."""
    relu = activation == "relu"
    var_z, second = [], []
    incoming = start = q0**q0_power * (input_share if relu else 1.0)
    for l in range(len(var_ws)):
        var_w = var_ws[0 if same_weights else l] ** weight_power
        var_z.append(fan(widths, l) * var_w * (incoming if chained else start))
        second.append(var_z[-1] * (relu_share if relu else linear_share))
        incoming = second[-1] if pass_on else var_z[-1]
    out = np.array(var_z) * (z_share if relu else 1.0), np.array(second)
    return tuple(np.sqrt(values) for values in out) if root else out


def _widths(rng, layers):
    """Widths that all differ."""
    return [int(n) for n in rng.permutation(np.arange(20, 200, 8))[: layers + 1]]


def _forward_cases(rng):
    cases = []
    for activation, layers in (("linear", 5), ("relu", 6)):
        widths = _widths(rng, layers)
        var_ws = [float(g / n) for g, n in zip(rng.uniform(0.6, 2.2, size=layers), widths, strict=False)]
        names = (f"var_z ({activation})", f"second_moment ({activation})")
        q0 = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 2.2)]))
        cases.append(Case((q0, widths, var_ws, activation), names))
    return cases


def _halves(args, out):
    name = args[3]
    share = 0.5 if name == "relu" else 1.0
    return relative_error(out[f"second_moment ({name})"], share * out[f"var_z ({name})"])


FORWARD_VARIANCES = Problem(
    name="ps3.forward_variances",
    reference=forward_variances,
    family=_forward,
    cases=_forward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={f"{quantity} ({name})": ("layer",) for quantity in ("var_z", "second_moment") for name in ("linear", "relu")},
    invariants=(
        Invariant("second moment of a symmetric z", _halves, "Your second_moment and your var_z do not fit together. z is symmetric around 0: a ReLU keeps half of its mean square, a linear unit all of it."),
    ),
    mistakes=(
        Mistake("n_out for n_in", dict(fan=lambda widths, l: widths[l + 1]), "You multiply by the width of the layer itself. z_l is a sum over its inputs, so the factor is n_{l−1}, widths[l − 1] for layer l."),
        Mistake("average of both widths", dict(fan=lambda widths, l: (widths[l] + widths[l + 1]) / 2), "You multiply by the average of both widths. That is Glorot's rule for choosing Var(w); what the signal then does depends on n_{l−1} alone."),
        Mistake("n missing", dict(fan=lambda widths, l: 1), "The factor n_{l−1} is missing: z_l sums that many independent terms, and their variances add."),
        Mistake("ReLU without its half", dict(relu_share=1.0), "Your ReLU keeps everything. It sets half of a symmetric z to 0, so E[x²] = Var(z)/2."),
        Mistake("variance after the ReLU", dict(relu_share=0.5 - 0.5 / np.pi), "You pass on Var(x) = (½ − 1/2π) Var(z). After a ReLU x has a mean, and with zero-mean weights Var(z) takes all of E[x²], the mean included."),
        Mistake("a quarter after the ReLU", dict(relu_share=0.25), "Your ReLU leaves a quarter. It removes half of the values; it does not halve each of them."),
        Mistake("a half in linear units too", dict(linear_share=0.5), "You halve the second moment for linear units too. The ½ is what a ReLU does; a linear unit has x = z."),
        Mistake("half in Var(z)", dict(z_share=0.5), "Your var_z has the ½ of the ReLU in it. z comes before the ReLU; the ½ belongs to second_moment."),
        Mistake("results exchanged", lambda *args: _forward(*args)[::-1], "Your two results are exchanged: var_z comes first, then second_moment."),
        Mistake("half not passed on", dict(pass_on=False), "Your next layer is fed Var(z_{l−1}). It gets x_{l−1} = f(z_{l−1}), so it is the second moment after f that goes on."),
        Mistake("input halved", dict(input_share=0.5), "You halve q0 for the first ReLU layer. The inputs have not been through a ReLU: q0 already is E[x_0²]."),
        Mistake("variances squared", dict(weight_power=2), "You square the entries of var_ws. They are variances already, not standard deviations."),
        Mistake("roots of the variances", dict(weight_power=0.5), "You take the root of the entries of var_ws. Variances multiply with variances: leave them as they are."),
        Mistake("q0 ignored", dict(q0_power=0), "Your chain starts at 1. It starts with q0, the mean square of the inputs."),
        Mistake("q0 squared", dict(q0_power=2), "You square q0. It is a mean square already, not a root mean square."),
        Mistake("first layer's weights everywhere", dict(same_weights=True), "You use Var(w_1) in every layer. Each has its own entry in var_ws."),
        Mistake("layers not chained", dict(chained=False), "Every layer of yours starts from q0. The second moment after one layer is what goes into the next."),
        Mistake("root mean squares returned", dict(root=True), "You return roots. Asked for are the variances and second moments themselves."),
    ),
    hints=(
        "One unit first: z is a sum of n products w x of independent, zero-mean w and any x. What is its variance?",
        "Var(w x) = Var(w) E[x²] if E[w] = 0. Carry one number, E[x²], from layer to layer; len(var_ws) layers give len(var_ws) numbers in each result.",
        "Var(z_l) = n_{l−1} Var(w_l) E[x_{l−1}²], where n_{l−1} is the number of inputs; then E[x_l²] is a fixed part of Var(z_l).",
    ),
)  # fmt: skip


# --- backward_variances ----------------------------------------------------------------------------


def backward_variances(g, widths, var_ws, slopes):
    """Predicted mean squares of the gradients by z_l = W_l x_{l−1} and by x_l = f(z_l).

    E[dz_l²] = E[f'(z_l)²] E[dx_l²] and E[dx_{l−1}²] = n_l Var(w_l) E[dz_l²], from E[dx_L²] = g downwards.

    Parameters
    ----------
    g : mean square of the gradient by x_L
    widths : [n_0, …, n_L]
    var_ws : [Var(w_1), …, Var(w_L)]
    slopes : [E[f'(z_1)²], …, E[f'(z_L)²]]

    Returns
    -------
    dz : (L,) array, layers 1 … L
    dx : (L,) array, layers 0 … L − 1
    """
    return _backward(g, widths, var_ws, slopes)


def _backward(
    g,
    widths,
    var_ws,
    slopes,
    *,
    fan=lambda widths, l: widths[l + 1],
    slope_power=1,
    last_slope=True,
    slope_of=lambda l: l,
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
        dz[l] = slope * incoming
        dx[l] = fan(widths, l) * var_ws[weight_of(l)] ** weight_power * (dz[l] if pass_on else incoming)
        incoming = dx[l]
    out = (dz[::-1], dx[::-1]) if from_the_end else (dz, dx)
    return tuple(np.sqrt(values) for values in out) if root else out


def _backward_cases(rng):
    cases = []
    for layers in (5, 6):
        widths = _widths(rng, layers)
        var_ws = [float(c / n) for c, n in zip(rng.uniform(1.0, 2.4, size=layers), widths[1:], strict=True)]
        slopes = [float(s) for s in rng.uniform(0.3, 0.8, size=layers)]
        g = float(rng.choice([rng.uniform(0.4, 0.8), rng.uniform(1.3, 2.2)]))
        cases.append(Case((g, widths, var_ws, slopes), ("dz", "dx")))
    return cases


BACKWARD_VARIANCES = Problem(
    name="ps3.backward_variances",
    reference=backward_variances,
    family=_backward,
    cases=_backward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={"dz": ("layer",), "dx": ("layer from 0",)},
    mistakes=(
        Mistake("n_in for n_out", dict(fan=lambda widths, l: widths[l]), "You multiply by n_{l−1}. On the way back one x_{l−1} collects from all units that it feeds, and those are n_l."),
        Mistake("average of both widths", dict(fan=lambda widths, l: (widths[l] + widths[l + 1]) / 2), "You multiply by the average of both widths. That is how Glorot chooses Var(w); the way back itself sums over n_l units."),
        Mistake("n missing", dict(fan=lambda widths, l: 1), "The factor n_l is missing: each dx_{l−1} is a sum over the n_l units above, and their variances add."),
        Mistake("f' missing", dict(slope_power=0), "The factor E[f'(z_l)²] is missing: each layer multiplies the gradient by f' before the weights do."),
        Mistake("slopes squared again", dict(slope_power=2), "You square the entries of slopes. They are mean squares of f' already."),
        Mistake("roots of the slopes", dict(slope_power=0.5), "You take the root of the entries of slopes. A mean square of the gradient is multiplied by the mean square of f'."),
        Mistake("f' missing at the last layer", dict(last_slope=False), "Your last dz is g. The last layer has its f' too: E[dz_L²] = E[f'(z_L)²] g."),
        Mistake("f' not passed on", dict(pass_on=False), "Your dx_{l−1} is computed from dx_l. What travels down through W_l is dz_l, after the factor f'."),
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
        Invariant("dz = E[f'²] dx", lambda args, out: relative_error(out["dz"], np.array(args[3]) * np.array([*out["dx"][1:], args[0]])), "Your dz and your dx do not fit together: in every layer E[dz_l²] has to be E[f'(z_l)²] times E[dx_l²], with g for the last."),
    ),
    hints=(
        "Write the way back through one layer, dx_{l−1} = W_lᵀ dz_l with dz_l = f'(z_l) dx_l, and take mean squares as you did forward.",
        "Each entry of W_lᵀ dz_l is a sum over the n_l units of layer l, widths[l]. Go through the layers from L down to 1 and carry one number.",
        "E[dx_{l−1}²] = n_l Var(w_l) E[dz_l²]. The factor f' comes in before it, with the entry of slopes for the same layer.",
    ),
)  # fmt: skip
