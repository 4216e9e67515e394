"""Problem set 2 on the scale of the weights: a deep leaky ReLU net whose signals go like the L-th power of it."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def log_norm(array):
    """log10 of the norm over the whole batch."""
    return np.log10(np.linalg.norm(array))


def leaky_sweep(x, dh, Ws, scales, leak):
    """Signals and gradients of h_l = f(c W_l h_{l−1}), f(z) = z for z > 0, else leak · z, for every scale c; f'(0) = leak.

    forward[k, l − 1] = log10 ‖h_l‖/‖h_0‖ and backward[k, l − 1] = log10 ‖∂L/∂h_{l−1}‖/‖∂L/∂h_L‖, l = 1 … L,
    with norms over the whole batch, h_0 = x (N, D) and ∂L/∂h_L = dh (N, H_L). Returns two (K, L) arrays.
    """
    forward, backward = [], []
    for c in scales:
        scaled = [c * W for W in Ws]
        h, zs, up = x, [], []
        for W in scaled:
            z = h @ W.T
            h = np.where(z > 0, z, leak * z)
            zs.append(z)
            up.append(log_norm(h) - log_norm(x))
        signal, down = dh, []
        for W, z in zip(scaled[::-1], zs[::-1], strict=True):
            delta = signal * np.where(z > 0, 1, leak)
            signal = delta @ W
            down.append(log_norm(signal) - log_norm(dh))
        forward.append(up)
        backward.append(down[::-1])
    return np.array(forward), np.array(backward)


def _transposed(*args):
    """What raises where W is not square cannot be seen beside a second mistake."""
    return edited(leaky_sweep, (), edit("delta @ W", "delta @ W.T"))(*args)


def _layer_by_layer(forward, backward):
    """Ratios to the layer before, on the way."""
    return np.diff(forward, axis=1, prepend=0), -np.diff(backward, axis=1, append=0)


def _before_the_layer(*args):
    forward, backward = leaky_sweep(*args)
    return np.pad(forward, ((0, 0), (1, 0)))[:, :-1], backward


def _example_by_example(average):
    """Ratios of every example, then an average of them."""

    def formula(x, dh, Ws, scales, leak):
        rows = [leaky_sweep(x[[n]], dh[[n]], Ws, scales, leak) for n in range(len(x))]
        return tuple(average(np.array(part)) for part in zip(*rows, strict=True))

    return formula


def _cases(rng):
    cases = []
    for N, widths, K, leaks in (
        (5, (4, 8, 6, 9, 7), 3, (0.2, 0.4)),
        (6, (6, 6, 6, 6), 3, (1.3, 1.6)),
        (1, (3, 4), 1, (0.2, 0.4)),
    ):
        Ws = [rng.normal(size=(o, i)) * np.sqrt(2 / i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        x, dh = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
        Ws[0][0, 1:], x[0, 0] = 0, 0  # for the first example the first unit has z = 0
        scales = np.exp(rng.uniform(np.log(0.3), np.log(3), size=K))
        cases.append(Case((x, dh, Ws, scales, float(rng.uniform(*leaks))), ("forward", "backward"), batch=N))
    return cases


def _straight(args, out):
    """What is left without the straight lines that the scales add: the same for every scale."""
    _, _, Ws, scales, _ = args
    logs = np.log10(scales)[:, None]
    L = np.arange(1, len(Ws) + 1)
    free = [out["forward"] - logs * L, out["backward"] - logs * L[::-1]]
    return max(relative_error(part, np.repeat(part[:1], len(part), axis=0)) for part in free)


def _predicted(args, out):
    """1 where all rows are straight lines in the layer, as no net of a few units gives them."""
    parts = [np.diff(np.asarray(part, dtype=float), n=2, axis=1) for part in out.values()]
    return float(all(part.size and np.abs(part).max() < 1e-9 for part in parts))


LEAKY_SWEEP = Problem(
    name="ps2.leaky_sweep",
    reference=leaky_sweep,
    helpers=(log_norm,),
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    axes={"forward": ("scale", "layer"), "backward": ("scale", "layer")},
    invariants=(
        Invariant("a power for every layer", _straight, "Your logarithms do not move as they must with the scale. f(c z) = c f(z) for c > 0, so a scale c adds log10 c to each layer: l log10 c forward at layer l, (L − l + 1) log10 c backward."),
        Invariant("measured", _predicted, "Your rows are straight lines: a prediction from scale and leak, for wide layers. Asked for is what these weights do with this batch: send x forward and dh back, and take the norms that come out."),
    ),
    mistakes=(
        Mistake("first layer scaled only", edit("[c * W for W in Ws]", "[c * Ws[0], *Ws[1:]]"), "Only your first layer is scaled, or its input, so every signal moves by one factor c. All layers have their weights times c, and the signal of layer l goes like c^l."),
        Mistake("scales ignored", lambda x, dh, Ws, scales, leak: leaky_sweep(x, dh, Ws, np.ones_like(scales), leak), "Your rows are all the same: no scale is in them. Every weight is multiplied by c, on both ways."),
        Mistake("scales pile up", edit("for c in scales", "for c in np.cumprod(scales)"), "Your scales pile up: the second one multiplies weights that already hold the first. Leave Ws as it is and make scaled copies: W *= c changes the array that was handed in."),
        Mistake("backward with the unscaled weights", edit("in zip(scaled[::-1]", "in zip(Ws[::-1]"), "You go back through W, not through c W. The gradient passes the same weights as the signal."),
        Mistake("slopes missing on the way back", edit(" * np.where(z > 0, 1, leak)", ""), "Your gradient goes back through the weights alone. On its way it passes f, whose slope is 1 or leak."),
        Mistake("slopes from the gradient", edit("z > 0, 1", "signal > 0, 1"), "Your slopes go by the sign of the gradient. They are those of the way forward: the sign of z decides."),
        Mistake("slope 1 at 0", edit("z > 0, 1", "z >= 0, 1"), "You give z = 0 the slope 1. One example has such a z: f is z for z > 0 and leak · z otherwise, so there its slope is leak."),
        Mistake("slopes on the wrong side", edit("z > 0, 1", "z < 0, 1"), "You take the slope 1 where z < 0. It is 1 where z > 0, and leak on the other side."),
        Mistake("a ReLU's slopes", edit("1, leak)", "1, 0)"), "On the way back you cut the gradient where z ≤ 0. A leaky ReLU lets a part of it through there: its slope is leak."),
        Mistake("a ReLU both ways", edit("leak * z", "0", "1, leak)", "1, 0)"), "Your net has ReLUs. Here the negative side is not 0 but leak · z, with the slope leak.", beside_the_point=True),
        Mistake("slopes added", edit("z > 0, 1", "z > 0, 1 + leak"), "Your slope for z > 0 is 1 + leak. It is 1 there: leak holds on the other side only."),
        Mistake("library's leak on the way back", edit("1, leak)", "1, 0.01)"), "Your slope on the left is 0.01. That is a usual leak; here it is the argument leak."),
        Mistake("ReLU on the way forward", edit("leak * z", "0"), "On the way forward you cut z off at 0. The negative side is not 0 but leak · z."),
        Mistake("activation missing", edit("np.where(z > 0, z, leak * z)", "z"), "On the way forward nothing happens to z: the activation is missing."),
        Mistake("the larger of two", edit("np.where(z > 0, z, leak * z)", "np.maximum(z, leak * z)"), "Your activation is the larger of z and leak · z. For a leak above 1 that is the other way round: there it is z for z > 0 and leak · z elsewhere, too."),
        Mistake("absolute value", edit("np.where(z > 0, z, leak * z)", "np.abs(z)"), "Your activation is |z|. It is z where z is positive and leak · z elsewhere."),
        Mistake("W transposed", _transposed, "You go back through the transpose of W. Forward, h meets the transpose of W; on the way back δ meets W itself. Only equal widths let yours run."),
        Mistake("pre-activations measured", edit("log_norm(h)", "log_norm(z)"), "Your forward norms are those of z_l. Asked for is h_l, after the activation, which is shorter."),
        Mistake("δ measured", edit("log_norm(signal)", "log_norm(delta)"), "Your backward norms are those of δ_l = ∂L/∂z_l. Asked for is ∂L/∂h_{l−1} = δ_l c W_l: take the norm after the weights."),
        Mistake("layers reversed on the way back", edit("down[::-1]", "down"), "Your backward rows start with the last layer. The entry for l = 1, the gradient by the input, comes first."),
        Mistake("natural logarithm", edit("np.log10", "np.log", within=log_norm), "Your logarithms are natural ones. Asked for are powers of ten: np.log10."),
        Mistake("no logarithm", lambda *args: tuple(10.0**logs for logs in leaky_sweep(*args)), "You return the ratios of norms themselves. Asked for is their logarithm: np.log10."),
        Mistake("one row for each layer", lambda *args: tuple(logs.T for logs in leaky_sweep(*args)), "Your rows are layers. Asked for is one row for each scale and one column for each layer, (K, L)."),
        Mistake("squared norms", edit("return ", "return 2 * ", within=log_norm), "Your logarithms are twice as large: they are those of the squared norms."),
        Mistake("root mean square for the norm", edit("np.linalg.norm(array)", "np.sqrt(np.mean(array**2))", within=log_norm), "You take root mean squares. They divide by the number of entries, which changes from layer to layer: take norms."),
        Mistake("spectral norm", edit(".norm(array)", ".norm(array, 2)", within=log_norm), "You take the largest singular value of the array, np.linalg.norm(a, 2). Asked for is the root of the sum of all squares: np.linalg.norm(a)."),
        Mistake("sum of absolute values", edit("np.linalg.norm(array)", "np.abs(array).sum()", within=log_norm), "You add absolute values. The norm is the root of the sum of squares."),
        Mistake("largest entry", edit("np.linalg.norm(array)", "np.abs(array).max()", within=log_norm), "You take the largest entry. The norm is the root of the sum of all squares."),
        Mistake("backward relative to the input", lambda *args: (lambda up, back: (up, back + np.log10(np.linalg.norm(args[1]) / np.linalg.norm(args[0]))))(*leaky_sweep(*args)), "You divide your backward norms by ‖x‖. A gradient is compared with the gradient that came in: ‖dh‖."),
        Mistake("mean of the examples' norms", edit(".norm(array)", ".norm(array, axis=1).mean()", within=log_norm), "You average the norms of the examples. Asked for is one norm over the whole batch, np.linalg.norm of the array."),
        Mistake("ratio to the layer before", lambda *args: _layer_by_layer(*leaky_sweep(*args)), "Your ratios are those of neighbours, ‖h_l‖/‖h_{l−1}‖ and ‖∂L/∂h_{l−1}‖/‖∂L/∂h_l‖. Asked for is the whole way: to ‖h_0‖ forward, to ‖∂L/∂h_L‖ backward."),
        Mistake("forward ratio to the layer before", lambda *args: (_layer_by_layer(*leaky_sweep(*args))[0], leaky_sweep(*args)[1]), "Your forward ratios are those of neighbours, ‖h_l‖/‖h_{l−1}‖. Divide by ‖h_0‖, the input's norm, in every layer."),
        Mistake("backward ratio to the layer above", lambda *args: (leaky_sweep(*args)[0], _layer_by_layer(*leaky_sweep(*args))[1]), "Your backward ratios are those of neighbours, ‖∂L/∂h_{l−1}‖/‖∂L/∂h_l‖. Divide by ‖∂L/∂h_L‖, the norm of dh, in every layer."),
        Mistake("mean of the examples' ratios", _example_by_example(lambda logs: np.log10(np.mean(10**logs, axis=0))), "You take a ratio for every example and average those. Asked for is one norm over the whole batch, and the ratio of two such norms."),
        Mistake("mean of the examples' logarithms", _example_by_example(lambda logs: np.mean(logs, axis=0)), "You take a logarithm for every example and average those. Asked for is one norm over the whole batch, and the logarithm of a ratio of two such norms."),
        Mistake("a usual leak", edit("leak * z", "0.01 * z", "1, leak)", "1, 0.01)"), "Your leak is 0.01, on both ways. That is a usual one; here it is the argument leak."),
        Mistake("first scale in every row", edit("for c in scales", "for c in np.full_like(scales, scales[0])"), "Your rows are all those of the first scale. Row k belongs to scales[k]."),
        Mistake("gradients one layer up", edit("signal = delta @ W\n            down.append(log_norm(signal) - log_norm(dh))", "down.append(log_norm(signal) - log_norm(dh))\n            signal = delta @ W"), "Your backward entry of layer l belongs to ∂L/∂h_l, so the last one is 0. Asked for is ∂L/∂h_{l−1}, what comes out of the layer at its lower end."),
        Mistake("signals one layer down", _before_the_layer, "Your forward entry of layer l belongs to h_{l−1}, so the first one is 0. Asked for is h_l, what comes out of the layer."),
        Mistake("not relative", edit(" - log_norm(x)", "", " - log_norm(dh)", ""), "You do not divide by the norms at the start. Asked for is what the net multiplies: ‖h_l‖/‖x‖ forward and ‖∂L/∂h_{l−1}‖/‖dh‖ backward."),
        Mistake("forward not relative", edit(" - log_norm(x)", ""), "Your forward norms are not divided by ‖x‖. Asked for is what the net multiplies, from h_0 on."),
        Mistake("backward not relative", edit(" - log_norm(dh)", ""), "Your backward norms are not divided by ‖dh‖. Asked for is what the net multiplies, from ∂L/∂h_L on."),
        Mistake("leak on both sides forward", edit("np.where(z > 0, z, leak * z)", "leak * z"), "On the way forward you multiply everything by leak. z stays as it is where it is positive.", alone=True),
        Mistake("leak on both sides backward", edit("np.where(z > 0, 1, leak)", "leak"), "On the way back your slope is leak everywhere. It is 1 where z > 0.", alone=True),
        Mistake("slope z on the right", edit("z > 0, 1, leak", "z > 0, z, leak"), "On the way back your slope is z where z > 0. It is 1 there.", alone=True),
        Mistake("negative leak", edit("leak * z)", "-leak * z)"), "On the way forward your negative side rises: −leak · z. It is leak · z.", alone=True),
        Mistake("leak taken away", edit("leak * z)", "z - leak)"), "On the way forward your negative side is z − leak. It is leak · z.", alone=True),
        Mistake("last layer without its activation", edit("h = np.where(z > 0, z, leak * z)", "h = np.where(z > 0, z, leak * z) if len(zs) < len(Ws) - 1 else z"), "Your last layer puts out z_L: the activation is missing there, on the way forward and back.", alone=True),
        Mistake("last layer's slope missing", edit("np.where(z > 0, 1, leak)", "(np.where(z > 0, 1, leak) if down else 1)"), "On the way back the last layer's slope is missing. dh is ∂L/∂h_L: it passes f first.", alone=True),
        Mistake("scale squared", edit("[c * W for W in Ws]", "[c**2 * W for W in Ws]"), "Your weights are multiplied by c². Each is multiplied by c once.", alone=True),
        Mistake("root of the scale", edit("[c * W for W in Ws]", "[np.sqrt(c) * W for W in Ws]"), "Your weights are multiplied by √c. Each is multiplied by c.", alone=True),
        Mistake("divided by the scale", edit("[c * W for W in Ws]", "[W / c for W in Ws]"), "Your weights are divided by c. Each is multiplied by it.", alone=True),
        Mistake("scale added", edit("[c * W for W in Ws]", "[c + W for W in Ws]"), "Your weights have c added. Each is multiplied by it.", alone=True),
        Mistake("first layer not scaled", edit("[c * W for W in Ws]", "[Ws[0], *(c * W for W in Ws[1:])]"), "Your first layer is not scaled. All weights are multiplied by c.", alone=True),
        Mistake("last layer not scaled", edit("[c * W for W in Ws]", "[*(c * W for W in Ws[:-1]), Ws[-1]]"), "Your last layer is not scaled. All weights are multiplied by c.", alone=True),
        Mistake("results exchanged", edit("np.array(forward), np.array(backward)", "np.array(backward), np.array(forward)"), "Your two tables are exchanged: forward comes first.", alone=True),
        Mistake("forward reversed", edit("forward.append(up)", "forward.append(up[::-1])"), "Your forward rows start with the last layer. Column 0 belongs to layer 1.", alone=True),
        Mistake("sign of the logarithms", edit("np.array(forward), np.array(backward)", "-np.array(forward), -np.array(backward)"), "Your logarithms have the wrong sign: ‖h_l‖ is divided by ‖h_0‖, and ‖∂L/∂h_{l−1}‖ by ‖∂L/∂h_L‖, not the other way round.", alone=True, whole=True),
        Mistake("sign of the backward logarithms", edit("np.array(backward)", "-np.array(backward)"), "Your backward logarithms have the wrong sign: ‖∂L/∂h_{l−1}‖ is divided by ‖∂L/∂h_L‖.", alone=True),
        Mistake("forward relative to dh", edit(" - log_norm(x)", " - log_norm(dh)"), "You divide your forward norms by ‖dh‖. A signal is compared with the signal that came in: ‖x‖.", alone=True),
        Mistake("sum of squares without its root in backward", edit("backward.append(down[::-1])", "backward.append([2 * value for value in down[::-1]])"), "Your backward logarithms are twice as large: those of squared norms.", alone=True),
        Mistake("sum of squares without its root in forward", edit("forward.append(up)", "forward.append([2 * value for value in up])"), "Your forward logarithms are twice as large: those of squared norms.", alone=True),
        Mistake("log base 2", edit("np.log10", "np.log2", within=log_norm), "Your logarithms have base 2. Asked for are powers of ten: np.log10.", alone=True),
        Mistake("input scaled, too", edit("h, zs, up = x, [], []", "h, zs, up = c * x, [], []"), "Your forward signals hold the scale once too often: the input is multiplied by c, too. Only the weights are.", alone=True),
        Mistake("incoming gradient scaled, too", edit("signal, down = dh, []", "signal, down = c * dh, []"), "Your gradients hold the scale once too often: dh is multiplied by c, too. Only the weights are.", alone=True),
        Mistake("quotient of logarithms", edit("log_norm(h) - log_norm(x)", "log_norm(h) / log_norm(x)"), "Your forward entries divide two logarithms. Asked for is the logarithm of a quotient, their difference.", alone=True),
        Mistake("quotient of logarithms on the way back", edit("log_norm(signal) - log_norm(dh)", "log_norm(signal) / log_norm(dh)"), "Your backward entries divide two logarithms. Asked for is the logarithm of a quotient, their difference.", alone=True),
        Mistake("slope 0 at 0", edit("np.where(z > 0, 1, leak)", "np.where(z > 0, 1, np.where(z < 0, leak, 0))"), "At z = 0 your slope is 0: z > 0 and z < 0 both leave it out. It is leak there.", alone=True),
        Mistake("norm of the batch's mean", edit("np.linalg.norm(array)", "np.linalg.norm(array.mean(axis=0))", within=log_norm), "You take the norm of the mean over the batch. Asked for is one norm over the whole batch.", alone=True),
        Mistake("standard deviations", edit("np.linalg.norm(array)", "(array.std() + 1e-300)", within=log_norm), "You take standard deviations. Asked for is the norm: the root of the sum of squares.", alone=True),
    ),
    hints=(
        "For each scale: one loop forward, one loop back, and the norm of what you have after every layer.",
        "Forward: z = h @ (c W).T, then f. Back, starting from dh: multiply by f'(z), which is 1 or leak, then by c W. np.linalg.norm of the whole array.",
        "log10(norm(h) / norm(x)) after each layer. On the way back the norms come last layer first: turn the row around.",
    ),
)  # fmt: skip
