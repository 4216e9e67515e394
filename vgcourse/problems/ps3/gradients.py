"""Problem set 3 in depth: how the rules predict the size of gradients, layer by layer."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
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
    L = len(var_ws)
    dz, dx = np.zeros(L), np.zeros(L)
    incoming = g
    for l in reversed(range(L)):
        n, var_w, slope, p = widths[l + 1], var_ws[l], slopes[l], keeps[l]
        dz[l] = slope * incoming / p
        dx[l] = n * var_w * dz[l]
        incoming = dx[l]
    return dz, dx


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
    cases=_backward_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    flow=("dz", "dx"),
    axes={"dz": ("layer",), "dx": ("layer from 0",)},
    mistakes=(
        Mistake("dropout forgotten", edit("incoming / p", "incoming"), "The masks are missing, as in the lecture's (4.8). The way back passes the same m/p as the way up, and its mean square is 1/p.", beside_the_point=True),
        Mistake("multiplied by p", edit("incoming / p", "incoming * p"), "You multiply by p. The way back passes m/p, whose mean square is p/p² = 1/p."),
        Mistake("divided by p²", edit("incoming / p", "incoming / p**2"), "You divide by p². (m/p)² has the mean p/p²: one p is left."),
        Mistake("keep read as the drop probability", edit("incoming / p", "incoming / (1 - p)"), "You take keeps for probabilities that a unit is dropped. They are probabilities that it is kept: divide by p_l."),
        Mistake("mask of the layer below", edit("keeps[l]", "keeps[max(l - 1, 0)]"), "Your p is one layer too low: dz_l comes from dx_l through the mask m_l of the same layer."),
        Mistake("n_in for n_out", edit("widths[l + 1]", "widths[l]"), "You multiply by n_{l−1}. On the way back one x_{l−1} collects from all units that it feeds, and those are n_l."),
        Mistake("average of both widths", edit("widths[l + 1]", "(widths[l] + widths[l + 1]) / 2"), "You multiply by the average of both widths. That is how Glorot chooses Var(w); the way back itself sums over n_l units."),
        Mistake("n missing", edit("widths[l + 1]", "1"), "The factor n_l is missing: each dx_{l−1} is a sum over the n_l units above, and their variances add."),
        Mistake("f' missing", edit("slope * ", ""), "The factor E[f'(z_l)²] is missing: each layer multiplies the gradient by f' before the weights do."),
        Mistake("slopes squared again", edit("slope * ", "slope**2 * "), "You square the entries of slopes. They are mean squares of f' already."),
        Mistake("roots of the slopes", edit("slope * ", "np.sqrt(slope) * "), "You take the root of the entries of slopes. A mean square of the gradient is multiplied by the mean square of f'."),
        Mistake("f' missing at the last layer", edit("slopes[l]", "slopes[l] if l < L - 1 else 1.0"), "Your last dz lacks its f'. The last layer has one too: E[dz_L²] = E[f'(z_L)²] g/p_L."),
        Mistake("f' not passed on", edit("* dz[l]", "* incoming"), "Your dx_{l−1} is computed from dx_l. What travels down through W_l is dz_l, behind mask and f'."),
        Mistake("f' of the layer below", edit("slopes[l]", "slopes[max(l - 1, 0)]"), "Your factor E[f'²] is one layer too low: dz_l needs that of z_l. Mind that lists start at index 0 and layers at 1."),
        Mistake("weights of the layer below", edit("var_ws[l]", "var_ws[max(l - 1, 0)]"), "Your Var(w) is one layer too low: dx_{l−1} comes back through W_l, the weights that took x_{l−1} up."),
        Mistake("variances squared", edit("n * var_w", "n * var_w**2"), "You square the entries of var_ws. They are variances already, not standard deviations."),
        Mistake("roots of the variances", edit("n * var_w", "n * np.sqrt(var_w)"), "You take the root of the entries of var_ws. Variances multiply with variances: leave them as they are."),
        Mistake("layers not chained", edit("incoming = dx[l]", "incoming = g"), "Every layer of yours starts from g. What leaves one layer below is what enters the next one on the way down."),
        Mistake("started at the first layer", edit("reversed(range(L))", "range(L)"), "You start with g at layer 1 and go up. The gradient enters at layer L and travels down."),
        Mistake("last layer first", edit("return dz, dx", "return dz[::-1], dx[::-1]"), "Your lists start with the last layer. Entry 0 of dz belongs to layer 1, entry 0 of dx to the input: reverse them at the end."),
        Mistake("dx from layer 1", edit("return dz, dx", "return dz, np.append(dx[1:], g)"), "Your dx starts at layer 1 and ends with g. Entry 0 belongs to the input, x_0: append after the step through W_l."),
        Mistake("g listed", edit("return dz, dx", "return dz, np.append(dx, g)"), "Your dx has one entry too many: g at its end, which is given. Asked for are the layers 0 … L − 1."),
        Mistake("p of the first layer everywhere", edit("keeps[l]", "keeps[0]"), "You use p_1 in every layer. Each has its own entry in keeps."),
        Mistake("g squared", edit("incoming = g", "incoming = g = g**2"), "You square g. It is a mean square already, not a root mean square."),
        Mistake("root mean squares returned", edit("return dz, dx", "return np.sqrt(dz), np.sqrt(dx)"), "You return roots. Asked for are the mean squares themselves."),
        Mistake("root of p", edit("incoming / p", "incoming / np.sqrt(p)"), "You divide by √p. The way back passes m/p, whose mean square is 1/p: the whole p."),
        Mistake("p of the last layer everywhere", edit("keeps[l]", "keeps[-1]"), "You use p_L in every layer. Each has its own entry in keeps."),
        Mistake("mask of the layer above", edit("keeps[l]", "keeps[l + 1] if l < L - 1 else 1.0"), "Your p is one layer too high, and the last layer has none. dz_l comes from dx_l through the mask m_l of the same layer."),
        Mistake("mask of the layer above, the last twice", edit("keeps[l]", "keeps[min(l + 1, L - 1)]"), "Your p is one layer too high. dz_l comes from dx_l through the mask m_l of the same layer."),
        Mistake("mask of the layer below, the first has none", edit("keeps[l]", "keeps[l - 1] if l else 1.0"), "Your p is one layer too low, and the first layer has none. dz_l comes from dx_l through the mask m_l of the same layer.", alone=True),
        Mistake("lists start at index 0", edit("keeps[l]", "keeps[l - 1]"), "Your p is that of keeps[l − 1] for entry l, so that the first layer gets the last p. Layer l has index l − 1 in every list: count the layers from 0.", alone=True),
        Mistake("f' of the layer above", edit("slopes[l]", "slopes[min(l + 1, L - 1)]"), "Your factor E[f'²] is one layer too high: dz_l needs that of z_l."),
        Mistake("weights of the layer above", edit("var_ws[l]", "var_ws[min(l + 1, L - 1)]"), "Your Var(w) is one layer too high: dx_{l−1} comes back through W_l, the weights that took x_{l−1} up."),
        Mistake("first weights everywhere", edit("var_ws[l]", "var_ws[0]"), "You use Var(w_1) in every layer. Each has its own entry in var_ws."),
        Mistake("first slope everywhere", edit("slopes[l]", "slopes[0]"), "You use E[f'(z_1)²] in every layer. Each has its own entry in slopes."),
        Mistake("last width everywhere", edit("widths[l + 1]", "widths[-1]"), "You use n_L in every layer. An entry of dx_{l−1} collects from the n_l units of its own step.", alone=True),
        Mistake("first width everywhere", edit("widths[l + 1]", "widths[0]"), "You use n_0 in every layer. An entry of dx_{l−1} collects from the n_l units of its own step.", alone=True),
        Mistake("both widths multiplied", edit("widths[l + 1]", "(widths[l] * widths[l + 1])"), "You multiply by both widths. One x_{l−1} collects from the n_l units that it feeds; how many neighbours it has makes no difference.", alone=True),
        Mistake("dx repeats dz", edit("n * var_w * dz[l]", "dz[l]"), "Your dx_{l−1} is dz_l: the step through the weights is missing. It has the factor n_l Var(w_l)."),
        Mistake("f' twice", edit("n * var_w * dz[l]", "n * var_w * slope * dz[l]"), "Your dx has the factor E[f'²] once more. It is in dz_l already; the step through W_l has none."),
        Mistake("mask twice", edit("n * var_w * dz[l]", "n * var_w * dz[l] / p"), "Your dx has the factor 1/p once more. It is in dz_l already; the step through W_l has none."),
        Mistake("masks one step late", edit("incoming / p", "incoming", "n * var_w", "n / p * var_w"), "Your dx is right and your dz lacks the mask: you put it in on the step through the weights. dx_l passes m_l/p first, and only then f′ and W_l."),
        Mistake("f' one step late", edit("slope * ", "", "n * var_w", "n * slope * var_w"), "Your dx is right and your dz lacks f': you put it in on the step through the weights. dz_l is behind mask and slope of its own layer."),
        Mistake("last dz is g", edit("slope * incoming / p", "slope * incoming / p if l < L - 1 else g"), "Your last dz is g itself. g belongs to x_L; the last layer has its mask and its f' between x_L and z_L."),
        Mistake("dx reversed", edit("return dz, dx", "return dz, dx[::-1]"), "Your dx starts with the last layer, your dz with the first. Entry 0 of dx belongs to the input."),
        Mistake("dz reversed", edit("return dz, dx", "return dz[::-1], dx"), "Your dz starts with the last layer, your dx with the input. Entry 0 of dz belongs to layer 1."),
        Mistake("dx upside down from g", edit("return dz, dx", "return dz, np.array([g, *dx[:0:-1]])"), "Your dx starts with g and goes down. Entry 0 belongs to the input, and g, which is given, is not listed."),
        Mistake("g rooted", edit("incoming = g", "incoming = g = np.sqrt(g)"), "You take the root of g. It is a mean square like your results.", alone=True),
        Mistake("no mask at the last layer", edit("keeps[l]", "keeps[l] if l < L - 1 else 1.0"), "Your last dz has no mask. x_L is masked, as every x_l: g passes m_L/p first."),
        Mistake("no mask at the first layer", edit("keeps[l]", "keeps[l] if l else 1.0"), "Your first dz has no mask. x_1 is masked, as every x_l."),
        Mistake("f' missing at the first layer", edit("slopes[l]", "slopes[l] if l else 1.0"), "Your first dz lacks its f'. Every layer has one: E[dz_1²] = E[f'(z_1)²] E[dx_1²]/p_1."),
        Mistake("masks add up", edit("incoming / p", "incoming / p ** (L - l)"), "You divide by a power of p that grows on the way down. Each layer divides by its own p once; what the layers above did is in E[dx_l²] already."),
        Mistake("variance of the mask", edit("incoming / p", "incoming * (1 - p) / p"), "You multiply by (1 − p)/p, the variance of m/p. Its mean square is 1/p: the mean counts, too."),
        Mistake("average for the sum", edit("n * var_w", "var_w / n"), "You divide by n_l. One x_{l−1} adds up what comes back from the n_l units that it feeds."),
        Mistake("n squared", edit("n * var_w", "n**2 * var_w"), "You multiply by n_l². Variances of n_l independent terms add: n_l of them."),
        Mistake("both widths added", edit("widths[l + 1]", "(widths[l] + widths[l + 1])"), "You multiply by the sum of both widths. One x_{l−1} collects from the n_l units that it feeds."),
        Mistake("width of the next layer", edit("widths[l + 1]", "widths[min(l + 2, L)]"), "Your width is one layer too high: dx_{l−1} collects from n_l units, and n_0 stands first in widths."),
        Mistake("last slope everywhere", edit("slopes[l]", "slopes[-1]"), "You use E[f'(z_L)²] in every layer. Each has its own entry in slopes."),
        Mistake("last weights everywhere", edit("var_ws[l]", "var_ws[-1]"), "You use Var(w_L) in every layer. Each has its own entry in var_ws."),
        Mistake("g added in every layer", edit("incoming = dx[l]", "incoming = dx[l] + g"), "You add g in every layer. It enters once, at the top; further down only dx_l travels on."),
        Mistake("slope of a ReLU", edit("slope * incoming", "0.5 * incoming"), "You use ½ in every layer, a plain ReLU's. The mean squares of f' come in slopes, one for each layer."),
        Mistake("mean slope everywhere", edit("slopes[l]", "np.mean(slopes)"), "You use the mean of slopes in every layer. Each has its own entry."),
        Mistake("mean p everywhere", edit("keeps[l]", "np.mean(keeps)"), "You use the mean of keeps in every layer. Each has its own entry."),
        Mistake("slope halved", edit("slope * incoming", "slope / 2 * incoming"), "Your dz has a ½ beside the slope. The half of a ReLU is in E[f'²] already, where there is one."),
        Mistake("He's 2", edit("n * var_w", "2 * n * var_w"), "Your step through the weights has a factor 2. He's 2 is in Var(w), if anywhere: n_l Var(w_l)."),
        Mistake("dz listed one layer too high", edit("return dz, dx", "return np.append(dz[1:], g), dx"), "Your dz starts with layer 2 and ends with g. Entry 0 belongs to z_1; g is with respect to x_L, not to a z."),
        Mistake("g listed in front of dx", edit("return dz, dx", "return dz, np.append(g, dx)"), "Your dx has one entry too many: g, which is given. Asked for are the layers 0 … L − 1."),
        Mistake("input left out", edit("return dz, dx", "return dz, dx[1:]"), "Your dx lacks its first entry, the gradient with respect to the inputs. It has L entries, x_0 to x_{L−1}."),
        Mistake("first layer left out", edit("return dz, dx", "return dz[1:], dx[1:]"), "The first layer is missing from your lists: go on down to W_1."),
        Mistake("dx passes the next mask", edit("n * var_w * dz[l]", "n * var_w * dz[l] / (keeps[l - 1] if l else 1.0)", "incoming / p", "(incoming / p if l == L - 1 else incoming)"), "Your dx_{l−1} is divided by p_{l−1} already. That mask stands between x_{l−1} and z_{l−1}: it belongs to dz_{l−1}."),
        Mistake("roots of the mean squares on the way", edit("incoming = dx[l]", "incoming = np.sqrt(dx[l])"), "You pass on a root. The next layer takes the mean square of dx as it is."),
        Mistake("f' of both layers", edit("n * var_w * dz[l]", "n * var_w * dz[l] * (slopes[l - 1] if l else 1.0)", "slope * incoming", "(slope if l == L - 1 else 1.0) * incoming"), "Your dx_{l−1} holds the slope of layer l − 1 already. f'(z_{l−1}) stands between x_{l−1} and z_{l−1}: it belongs to dz_{l−1}."),
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
