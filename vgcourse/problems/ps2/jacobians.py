"""Problem set 2 on Jacobians: of every layer and of a whole net, for every example of a batch."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def deep_jacobian(name, x, Ws, bs):
    """h_l = W_l f(h_{l−1}) + b_l, activation first: J_l = W_l diag f'(h_{l−1}), and J = J_L … J_1 = ∂h_L/∂x.

    x is (N, D). Returns the list of the J_l, (N, H_l, H_{l−1}) each, and J, (N, H_L, D).
    """
    return _deep(name, x, Ws, bs)


SLOPES = {
    "f'(z)": lambda name, z: ACTIVATIONS[name].derivative(z),
    "1": lambda name, z: np.ones_like(z),
    "f'(h)": lambda name, z: ACTIVATIONS[name].derivative(ACTIVATIONS[name].function(z)),
    "f' from h": lambda name, z: FROM_OUTPUT[name](z),
    "f": lambda name, z: ACTIVATIONS[name].function(z),
    "first example": lambda name, z: np.repeat(ACTIVATIONS[name].derivative(z[:1]), len(z), axis=0),
    "mean": lambda name, z: np.repeat(ACTIVATIONS[name].derivative(z).mean(axis=0, keepdims=True), len(z), axis=0),
}  # fmt: skip


def _deep(
    name,
    x,
    Ws,
    bs,
    *,
    slope="f'(z)",
    bias=True,
    forward="f",
    layer=lambda s, W: W * s[:, None, :],
    product=None,
    finish=lambda Js, J: (Js, J),
    first=True,
):
    """deep_jacobian with exchangeable parts."""
    h, Js = x, []
    for number, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        s = SLOPES[slope if first or number > 1 else "1"](name, h)
        Js.append(layer(s, W))
        h = (h if forward == "h" else ACTIVATIONS[name].function(h)) @ W.T + (b if bias else 0)
    return finish(Js, (_ordered if product is None else product)(Js))


def _ordered(Js):
    J = Js[0]
    for factor in Js[1:]:
        J = factor @ J
    return J


def _reversed(Js):
    J = Js[0]
    for factor in Js[1:]:
        J = J @ factor
    return J


def _by_element(Js):
    J = Js[0]
    for factor in Js[1:]:
        J = J * factor
    return J


def _averaged_first(Js):
    """The product of the mean Jacobians, for every example."""
    J = _ordered([factor.mean(axis=0) for factor in Js])
    return np.repeat(J[None], len(Js[0]), axis=0)


def _products_listed(*args):
    Js, J = _deep(*args)
    return [_ordered(Js[: l + 1]) for l in range(len(Js))], J


def _rows_scaled(*args):
    return _deep(*args, layer=lambda s, W: s[:, :, None] * W)


def _activation_last(name, x, Ws, bs):
    """h_l = f(W_l h_{l−1} + b_l), the net of the lecture."""
    h, Js = x, []
    for W, b in zip(Ws, bs, strict=True):
        z = h @ W.T + b
        Js.append(ACTIVATIONS[name].derivative(z)[:, :, None] * W)
        h = ACTIVATIONS[name].function(z)
    return Js, _ordered(Js)


FROM_OUTPUT = {
    "tanh": lambda h: 1 - h**2,
    "sigmoid": lambda h: h * (1 - h),
    "elu": lambda h: np.where(h > 0, 1.0, h + 1),
}


def _output_in_the_chain(name, x, Ws, bs):
    """Activation last on the way forward, first in the Jacobians: h_l is taken for f(z_l)."""
    h, Js = x, []
    for W, b in zip(Ws, bs, strict=True):
        Js.append(W * ACTIVATIONS[name].derivative(h)[:, None, :])
        h = ACTIVATIONS[name].function(h @ W.T + b)
    return Js, _ordered(Js)


def _cases(rng):
    cases = []
    for name, N, widths in (
        ("tanh", 3, (4, 6, 5, 2)),
        ("sigmoid", 2, (3, 4, 5, 2)),
        ("elu", 3, (3, 3, 3, 3)),
    ):
        Ws = [rng.normal(size=(o, i)) * (2 if name == "sigmoid" else 1.2) / np.sqrt(i) for i, o in zip(widths[:-1], widths[1:], strict=True)]  # fmt: skip
        bs = [rng.normal(size=len(W)) * 0.6 for W in Ws]
        cases.append(
            Case((name, rng.normal(size=(N, widths[0])), Ws, bs), (f"Js ({name})", f"J ({name})"), batch=N)
        )
    return cases


def _product(args, out):
    if all(W.shape == args[2][0].shape for W in args[2]):
        return 0.0  # equal widths let wrong orders run; the other cases say that by an error
    Js = [np.asarray(out[f"Js ({args[0]})[{l}]"], dtype=float) for l in range(len(args[2]))]
    return relative_error(np.asarray(out[f"J ({args[0]})"], dtype=float), _ordered(Js))


DEEP_JACOBIAN = Problem(
    name="ps2.deep_jacobian",
    reference=deep_jacobian,
    family=_deep,
    cases=_cases,
    points=5,
    lecture='lecture 3, "Depth"',
    axes={f"{what} ({name})": ("example", "unit", "input") for what in ("Js", "J") for name in ("tanh", "sigmoid", "elu")},
    invariants=(
        Invariant("J is the product of the Js", _product, "Your J is not the product of your own Js. For each example it is J_L … J_1, with the last layer leftmost."),
    ),
    mistakes=(
        Mistake("activation last", _activation_last, "Your net is the lecture's, f(W h + b). Here the activation comes first and the weights after it: h_l = W_l f(h_{l−1}) + b_l."),
        Mistake("f' missing", dict(slope="1"), "Your Js are the weights. The signal passes f before it comes to W_l, and f' belongs into the chain."),
        Mistake("f' of the activation", dict(slope="f'(h)"), "You take f' at f(h_{l−1}). The activation is applied to h_{l−1}: there belongs its slope."),
        Mistake("f' from h as an output", dict(slope="f' from h"), "You take h_{l−1} for an output, as in 1 − h² or h(1 − h). In this net h_{l−1} comes before the activation: those formulas want f(h_{l−1})."),
        Mistake("h passed on as an output", _output_in_the_chain, "On the way forward you apply f to W h + b, and in the Jacobians to h_{l−1}. Here f comes first only: h_l = W_l f(h_{l−1}) + b_l."),
        Mistake("f for f'", dict(slope="f"), "Your diagonal holds f(h_{l−1}). It is the derivative f' that scales."),
        Mistake("f' missing in the first layer", dict(first=False), "Your first layer has no f'. In this net the input passes an activation, too."),
        Mistake("slopes of the first example", dict(slope="first example"), "All examples have the slopes of the first. What comes in differs from example to example, and with it the slopes: keep the batch axis."),
        Mistake("slopes averaged over the batch", dict(slope="mean"), "You average the slopes over the batch. Every example has a Jacobian of its own."),
        Mistake("rows scaled, not columns", _rows_scaled, "You multiply the slopes into the rows of W_l. That is diag(s) W, for an activation after the weights; here it comes before them. Only a square W lets yours run."),
        Mistake("layers transposed", dict(layer=lambda s, W: s[:, :, None] * W.T, product=_reversed), "Your Jacobians are transposed. The first index of ∂h_l/∂h_{l−1} after the example is the output's: J_l has the shape of W_l."),
        Mistake("J transposed", dict(finish=lambda Js, J: (Js, J.transpose(0, 2, 1))), "Your J is transposed, while your Js are not. Its first index after the example is the output's: (N, H_L, D)."),
        Mistake("products in the list", _products_listed, "Your list holds the products from the input up, ∂h_l/∂x. Each entry is for one layer alone: J_l = ∂h_l/∂h_{l−1}."),
        Mistake("tanh for every activation", lambda name, *rest: _deep("tanh", *rest), "You use tanh whatever the name says. Take f and f' of the activation that is asked for."),
        Mistake("bias left out", dict(bias=False), "You leave out the bias. It is in no weight, but it moves h_l and with it the slopes of the next layer."),
        Mistake("forward without f", dict(forward="h"), "On the way forward your signal does not pass f: h_l = W_l f(h_{l−1}) + b_l."),
        Mistake("order reversed", dict(product=_reversed), "Your product starts with the first layer on the left. The last layer acts last, so it stands leftmost: J = J_L … J_1."),
        Mistake("product element by element", dict(product=_by_element), "You multiply the Jacobians element by element. A chain of layers is a product of matrices: it sums over the units in between."),
        Mistake("first layer left out", dict(product=lambda Js: _ordered(Js[1:])), "Your product stops above the first layer: J_1 is missing on the right, and J ends at h_1, not at x."),
        Mistake("last layer left out", dict(product=lambda Js: _ordered(Js[:-1])), "Your product stops below the last layer: J_L is missing on the left."),
        Mistake("last layer alone", dict(product=lambda Js: Js[-1]), "Your J is that of the last layer. ∂h_L/∂x is the product of all of them, J_L … J_1."),
        Mistake("product of means", dict(product=_averaged_first), "You average the layers' Jacobians over the batch and multiply the means. Multiply example by example: @ on (N, H, D) arrays does."),
        Mistake("list reversed", dict(finish=lambda Js, J: (Js[::-1], J)), "Your list starts with the last layer. Js[0] belongs to the first one."),
    ),
    hints=(
        "One layer for one example: how does h_l move if h_{l−1} moves a little? First the slope of every unit of h_{l−1}, then W_l.",
        "W diag(s) multiplies column j of W by s_j. For a batch the result has shape (N, H_l, H_{l−1}): which axis of it does s belong to? The operator @ multiplies the last two axes, for every n.",
        "In the loop forward: the layer's J_l from f'(h), then J = J_l @ J, starting with J = J_1, then h = f(h) @ W.T + b.",
    ),
)  # fmt: skip
