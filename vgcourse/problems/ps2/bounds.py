"""Problem set 2 on bounds: how large a gradient can come out at most, and how large it is."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def gradient_bound(name, dh, zs, Ws):
    """‖∂L/∂h_0‖ of every example, and two bounds on it.

    measured = ‖dh J_L … J_1‖ with J_l = diag f'(z_l) W_l;
    local = ‖dh‖ Π_l max_i |f'(z_{l,i})| σ_max(W_l);  bound = ‖dh‖ Π_l max|f'| σ_max(W_l).
    dh is ∂L/∂h_L, (N, H_L). Returns three (N,) arrays.
    """
    f = ACTIVATIONS[name]
    slopes = [f.derivative(z) for z in zs]
    steepest = np.prod([np.abs(s).max(axis=1) for s in slopes], axis=0)
    largest = 0.25 if name == "sigmoid" else 1.0
    stretch = np.prod([np.linalg.norm(W, 2) for W in Ws])
    size = np.linalg.norm(dh, axis=1)
    signal = dh
    for l in reversed(range(len(Ws))):
        signal = (signal * slopes[l]) @ Ws[l]
    measured = np.linalg.norm(signal, axis=1)
    return measured, size * steepest * stretch, size * largest ** len(Ws) * stretch


_BOUNDS_BY_COLUMN = edit("norm(dh, axis=1)", "norm(dh, axis=0)")
_SLOPES_BY_COLUMN = edit("max(axis=1)", "max(axis=0)")
_MEASURED_BY_COLUMN = edit("norm(signal, axis=1)", "norm(signal, axis=0)")


def _sums(name, dh, zs, Ws):
    size, each = np.linalg.norm(dh, axis=1), 0.25 if name == "sigmoid" else 1.0
    measured, _, _ = gradient_bound(name, dh, zs, Ws)
    slopes = [np.abs(ACTIVATIONS[name].derivative(z)).max(axis=1) for z in zs]
    stretches = [np.linalg.norm(W, 2) for W in Ws]
    local = sum(s * stretch for s, stretch in zip(slopes, stretches, strict=True))
    return measured, size * local, size * each * sum(stretches)


def _jacobian_norms(name, dh, zs, Ws):
    measured, _, bound = gradient_bound(name, dh, zs, Ws)
    local = np.linalg.norm(dh, axis=1)
    for z, W in zip(zs, Ws, strict=True):
        local = local * np.linalg.norm(ACTIVATIONS[name].derivative(z)[:, :, None] * W, 2, axis=(1, 2))
    return measured, local, bound


def _cases(rng):
    cases = []
    for name, N, widths in (
        ("sigmoid", 4, (5, 3, 6, 4)),
        ("tanh", 3, (3, 5, 4)),
        ("sigmoid", 4, (4, 4, 4, 4)),
        ("tanh", 1, (3, 2)),
    ):
        Ws = [rng.normal(size=(o, i)) / np.sqrt(i) for i, o in zip(widths[:-1], widths[1:], strict=True)]
        h, zs = rng.normal(size=(N, widths[0])), []
        for W in Ws:
            zs.append(h @ W.T + 0.5 * rng.normal(size=len(W)))
            h = ACTIVATIONS[name].function(zs[-1])
        cases.append(Case((name, rng.normal(size=h.shape), zs, Ws), ("measured", "local", "bound"), batch=N))
    return cases


def _exceeds(smaller, larger):
    def residual(args, out):
        if args[3][0].shape[0] == args[3][0].shape[1]:
            return 0.0  # equal widths let wrong products run; the other cases say that by an error
        return float(np.max(out[smaller] / out[larger] - 1).clip(min=0))

    return residual


GRADIENT_BOUND = Problem(
    name="ps2.gradient_bound",
    reference=gradient_bound,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    flow=("local", "bound"),
    axes={"measured": ("example",), "local": ("example",), "bound": ("example",)},
    invariants=(
        Invariant("measured ≤ local", _exceeds("measured", "local"), "Your measured norm exceeds your local bound in some example. Each step back stretches a vector by max_i |f'(z_i)| σ_max(W) at most, so one of the two is wrong."),
        Invariant("local ≤ bound", _exceeds("local", "bound"), "Your local bound exceeds the global one. |f'(z)| at the z that came up is at most max |f'|, which is ¼ for the sigmoid and 1 for tanh."),
    ),
    mistakes=(
        Mistake("Frobenius norm", edit("norm(W, 2)", "norm(W)"), "You take the Frobenius norm, √Σ w². It is a bound too, but a loose one, √rank too large at worst: how far W stretches a vector at most is σ_max(W), its largest singular value."),
        Mistake("spectral radius", edit("np.linalg.norm(W, 2)", "np.abs(np.linalg.eigvals(W)).max()"), "You take the largest |eigenvalue|. It tells what many steps through the same W do; a single step can stretch by σ_max(W), which is larger. And it needs a square W.", alone=True),
        Mistake("σ_max squared", edit("norm(W, 2)", "norm(W, 2) ** 2"), "Your weights enter with σ_max². The eigenvalues of WᵀW are squares of singular values: take the root."),
        Mistake("smallest singular value", edit("norm(W, 2)", "norm(W, -2)"), "You take the smallest singular value. np.linalg.svd gives the largest first: that is the one that bounds the stretch."),
        Mistake("largest row sum", edit("norm(W, 2)", "norm(W, np.inf)"), "You take the largest sum of |w| over a row. That bounds the largest entry of a vector; for its length it is σ_max(W)."),
        Mistake("largest column sum", edit("norm(W, 2)", "norm(W, 1)"), "You take the largest sum of |w| over a column, which is what np.linalg.norm(W, 1) gives. The length of a vector is stretched by σ_max(W)."),
        Mistake("nuclear norm", edit("norm(W, 2)", "norm(W, 'nuc')"), "You add up all singular values. The largest alone says how far W can stretch a vector."),
        Mistake("largest entry", edit("np.linalg.norm(W, 2)", "np.abs(W).max()"), "You take the largest |w|. Many small weights together stretch a vector more than that: use σ_max(W)."),
        Mistake("σ_max of the product", edit("np.prod([np.linalg.norm(W, 2) for W in Ws])", "np.linalg.norm(np.linalg.multi_dot([np.eye(len(Ws[-1])), *Ws[::-1]]), 2)"), "You take σ_max of the product W_L … W_1. Slopes stand between the weights, so only the product of the single σ_max(W_l) is a bound."),
        Mistake("sum over the layers", _sums, "You add the layers' factors. Each layer multiplies what comes from above, so the bound is a product."),
        Mistake("largest slope 1 for the sigmoid", edit("0.25 if", "1.0 if"), "For the sigmoid your bound takes max f' = 1. It is ¼ in every layer, and that is what makes sigmoid nets vanish."),
        Mistake("largest slope once", edit(" ** len(Ws)", ""), "Your bound has max f' once. Every layer brings its own: ¼ to the power L for the sigmoid."),
        Mistake("mean slope", edit("max(axis=1)", "mean(axis=1)"), "Your local bound takes the mean slope of a layer. A gradient may sit in the unit with the largest one: take max_i |f'(z_i)|."),
        Mistake("norm of the slopes", edit("np.abs(s).max(axis=1)", "np.linalg.norm(s, axis=1)"), "Your local bound takes the norm of a layer's slopes. diag f' stretches a vector by its largest entry, not by the root of their sum of squares."),
        Mistake("a layer's own σ_max", _jacobian_norms, "Your local bound takes σ_max of each layer's Jacobian, diag f' W. That is a closer bound; asked for is max_i |f'(z_i)| times σ_max(W)."),
        Mistake("¼ for tanh, too", edit('0.25 if name == "sigmoid" else 1.0', "0.25"), "For tanh, too, your bound takes ¼ as the largest slope. That is the sigmoid's; tanh'(0) is 1."),
        Mistake("largest layer for all", edit("np.prod([np.linalg.norm(W, 2) for W in Ws])", "max(np.linalg.norm(W, 2) for W in Ws) ** len(Ws)"), "Your bounds take the largest σ_max for every layer. Each layer has its own."),
        Mistake("measured by absolute values", edit("np.linalg.norm(signal, axis=1)", "np.abs(signal).sum(axis=1)"), "Your measured adds absolute values. The norm is the root of the sum of squares."),
        Mistake("measured relative to the start", edit("return measured", "return measured / size"), "Your measured is divided by ‖dh‖. Asked for is the norm of ∂L/∂h_0 itself."),
        Mistake("slopes over the whole batch", edit("np.abs(s).max(axis=1)", "np.full(len(s), np.abs(s).max())"), "Your local bound takes the largest slope of the whole batch. Each example has slopes of its own: the maximum goes over the units, axis=1."),
        Mistake("f' of the activation", edit("derivative(z)", "derivative(f.function(z))"), "You take f' at h = f(z). It belongs at z, which is what zs holds."),
        Mistake("incoming gradient left out of the bounds", edit("np.linalg.norm(dh, axis=1)", "np.ones(len(dh))"), "Your bounds leave out ‖dh‖. They bound how much the net multiplies; the gradient that comes in is ∂L/∂h_L, of that length."),
        Mistake("length of the whole batch", edit("np.linalg.norm(dh, axis=1)", "np.full(len(dh), np.linalg.norm(dh))"), "Your bounds start from the norm of all of dh. Each example has a gradient of its own: the norm of its row, axis=1."),
        Mistake("f' missing on the way back", edit(" * slopes[l]", ""), "Your measured gradient goes back through the weights alone. Each step is (dh ⊙ f'(z_l)) W_l."),
        Mistake("last layer's f' missing", edit("slopes[l]", "(slopes[l] if l < len(Ws) - 1 else 1)"), "Your measured gradient misses the last layer's f'. dh is ∂L/∂h_L, so the first step back is f'(z_L), as in the other layers."),
        Mistake("W transposed", edit("@ Ws[l]", "@ Ws[l].T"), "You go back through the transpose of W_l. Forward, h meets the transpose of W; on the way back δ meets W itself. Only square weights let yours run.", alone=True),
        Mistake("measured norm squared", edit("return measured", "return measured**2"), "Your measured is Σ g². The norm is its root."),
        Mistake("norms of dh along axis 0", _BOUNDS_BY_COLUMN, "Your bounds start from norms of the columns of dh, axis=0. An example is a row: axis=1. Where there are as many units as examples yours runs, and is wrong there too.", alone=True),
        Mistake("slopes along axis 0", _SLOPES_BY_COLUMN, "Your largest slopes go over the examples, axis=0. Each example has its own largest slope, over the units: axis=1.", alone=True),
        Mistake("measured along axis 0", _MEASURED_BY_COLUMN, "Your measured norms are those of columns, axis=0: one for each input unit. Asked for is one for each example: axis=1.", alone=True),
        Mistake("axis 0 everywhere", _BOUNDS_BY_COLUMN + _SLOPES_BY_COLUMN + _MEASURED_BY_COLUMN, "Your norms and your largest slopes go over the examples, axis=0. Asked for is one number for each example, over the units: axis=1.", alone=True),
        Mistake("norm over the whole batch", edit("np.linalg.norm(signal, axis=1)", "np.full(len(dh), np.linalg.norm(signal))"), "Your measured is the norm over the whole batch. Asked for is one number for each example: axis=1."),
        Mistake("f' squared in the local bound", edit("np.abs(s).max(axis=1)", "np.abs(s).max(axis=1) ** 2"), "Your local bound has the largest slope squared. Each layer's slope comes in once.", alone=True),
        Mistake("smallest slope", edit("max(axis=1)", "min(axis=1)"), "Your local bound takes the smallest slope of a layer. A gradient may sit in the unit with the largest one.", alone=True),
        Mistake("sum of the slopes", edit("max(axis=1)", "sum(axis=1)"), "Your local bound adds a layer's slopes. Its largest one is what a vector can be stretched by.", alone=True),
        Mistake("last layer's slopes alone", edit("np.prod([np.abs(s).max(axis=1) for s in slopes], axis=0)", "np.abs(slopes[-1]).max(axis=1)"), "Your local bound has the slopes of the last layer alone. Every layer brings its own.", alone=True),
        Mistake("first layer's slopes alone", edit("np.prod([np.abs(s).max(axis=1) for s in slopes], axis=0)", "np.abs(slopes[0]).max(axis=1)"), "Your local bound has the slopes of the first layer alone. Every layer brings its own.", alone=True),
        Mistake("slopes added", edit("np.prod([np.abs(s).max(axis=1) for s in slopes], axis=0)", "np.sum([np.abs(s).max(axis=1) for s in slopes], axis=0)"), "Your local bound adds the layers' slopes. Each layer multiplies what comes from above.", alone=True),
        Mistake("largest layer's slope for all", edit("np.prod([np.abs(s).max(axis=1) for s in slopes], axis=0)", "np.max([np.abs(s).max(axis=1) for s in slopes], axis=0) ** len(slopes)"), "Your local bound takes the largest slope of all layers for every layer. Each layer has its own.", alone=True),
        Mistake("weights' norms added", edit("np.prod([np.linalg.norm(W, 2) for W in Ws])", "sum([np.linalg.norm(W, 2) for W in Ws])"), "Your bounds add the norms of the weights. Each layer multiplies what comes from above.", alone=True),
        Mistake("first layer's weights left out", edit("for W in Ws])", "for W in Ws[1:]])"), "Your bounds leave out the first layer's weights. The gradient goes back to h₀, through all of them.", alone=True),
        Mistake("last layer's weights left out", edit("for W in Ws])", "for W in Ws[:-1]])"), "Your bounds leave out the last layer's weights. dh is ∂L/∂h_L: it passes them, too.", alone=True),
        Mistake("weights left out of the bounds", edit("np.prod([np.linalg.norm(W, 2) for W in Ws])", "1.0"), "Your bounds leave out the weights: slopes alone.", alone=True),
        Mistake("one layer too few in the bound", edit("** len(Ws)", "** (len(Ws) - 1)"), "Your bound has max f' to the power L − 1. Every layer brings its own: L.", alone=True),
        Mistake("½ for the sigmoid", edit("0.25 if", "0.5 if"), "For the sigmoid your bound takes ½ as the largest slope. It is ¼: σ'(0) = ½ · ½.", alone=True),
        Mistake("dh counted twice", edit("np.linalg.norm(dh, axis=1)", "(np.linalg.norm(dh, axis=1) ** 2)"), "Your bounds hold ‖dh‖ squared.", alone=True),
        Mistake("dh by its largest entry", edit("np.linalg.norm(dh, axis=1)", "np.abs(dh).max(axis=1)"), "Your bounds start from the largest |dh|. The length of a vector is its norm.", alone=True),
        Mistake("dh by its absolute values", edit("np.linalg.norm(dh, axis=1)", "np.abs(dh).sum(axis=1)"), "Your bounds start from the sum of |dh|. The length of a vector is the root of the sum of squares.", alone=True),
        Mistake("local and bound exchanged", edit("size * steepest * stretch, size * largest ** len(Ws) * stretch", "size * largest ** len(Ws) * stretch, size * steepest * stretch"), "Your two bounds are exchanged: local comes first.", alone=True),
        Mistake("measured at h₁", edit("reversed(range(len(Ws)))", "reversed(range(1, len(Ws)))"), "Your measured gradient stops at h₁. Asked for is that of the input h₀: one layer further down.", alone=True),
        Mistake("measured up to the slopes", edit("(signal * slopes[l]) @ Ws[l]", "((signal * slopes[l]) @ Ws[l] if l else signal * slopes[l])"), "Your measured is ‖δ₁‖, before the first weights. Asked for is ∂L/∂h₀, behind them.", alone=True),
        Mistake("largest entry measured", edit("np.linalg.norm(signal, axis=1)", "np.abs(signal).max(axis=1)"), "Your measured is the largest entry of ∂L/∂h₀. Asked for is its norm.", alone=True),
        Mistake("f' twice on the way back", edit("signal * slopes[l]", "signal * slopes[l] ** 2"), "Your measured gradient has each slope twice. Each step is (dh ⊙ f'(z_l)) W_l.", alone=True),
        Mistake("largest slope that came up in the bound", edit("size * largest ** len(Ws) * stretch", "size * steepest.max() * stretch"), "Your bound takes the largest slopes that came up, over the batch. Its m is the largest slope that f can have: ¼ for the sigmoid, 1 for tanh.", alone=True),
        Mistake("bound without dh", edit("size * largest", "np.ones(len(dh)) * largest"), "Your bound leaves out ‖dh‖; your local one has it.", alone=True),
        Mistake("local bound without dh", edit("size * steepest * stretch", "steepest * stretch"), "Your local bound leaves out ‖dh‖; the other one has it.", alone=True),
        Mistake("Frobenius norm in the local bound", edit("size * steepest * stretch", "size * steepest * np.prod([np.linalg.norm(W) for W in Ws])"), "Your local bound takes Frobenius norms. How far W stretches a vector at most is its largest singular value.", alone=True),
    ),
    hints=(
        "One step back multiplies by diag f'(z), then by W. How much longer can each of the two make a vector?",
        "diag f'(z) stretches by the largest |f'| at most, W by its largest singular value: np.linalg.norm(W, 2). Then measure: back from dh, layer by layer.",
        "measured: dh goes down from layer L, through the slopes and then the weights of each layer; at the end, the norm of each row. The bounds are ‖dh‖ of that row times a product over the layers.",
    ),
)  # fmt: skip
