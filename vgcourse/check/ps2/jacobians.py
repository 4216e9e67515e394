"""Problem set 2 on Jacobians: of every layer and of a whole net, for every example of a batch."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error


def deep_jacobian(name, x, Ws, bs):
    """J_l = diag f'(z_l) W_l with z_l = W_l h_{l−1} + b_l, for every example, and J = J_L … J_1 = ∂h_L/∂x.

    x is (N, D). Returns the list of the J_l, (N, H_l, H_{l−1}) each, and J, (N, H_L, D).
    """
    return _deep(name, x, Ws, bs)


SLOPES = {
    "f'(z)": lambda name, z: ACTIVATIONS[name].derivative(z),
    "1": lambda name, z: np.ones_like(z),
    "f'(h)": lambda name, z: ACTIVATIONS[name].derivative(ACTIVATIONS[name].function(z)),
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
    layer=lambda s, W: s[:, :, None] * W,
    product=None,
    finish=lambda Js, J: (Js, J),
    last=True,
):
    """deep_jacobian with exchangeable parts."""
    h, Js = x, []
    for number, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
        z = h @ W.T + (b if bias else 0)
        s = SLOPES[slope if last or number < len(Ws) else "1"](name, z)
        Js.append(layer(s, W))
        h = z if forward == "z" else ACTIVATIONS[name].function(z)
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


def _columns_scaled(*args):
    return _deep(*args, layer=lambda s, W: s[:, None, :] * W)


def _cases(rng):
    cases = []
    for name, N, widths in (
        ("tanh", 3, (4, 6, 5, 2)),
        ("sigmoid", 2, (3, 4, 5, 2)),
        ("elu", 3, (3, 3, 3, 3)),
    ):
        Ws = [rng.normal(size=(o, i)) * (2 if name == "sigmoid" else 1.2) / np.sqrt(i) for i, o in zip(widths[:-1], widths[1:], strict=True)]  # fmt: skip
        bs = [rng.normal(size=len(W)) * 0.6 for W in Ws]
        cases.append(Case((name, rng.normal(size=(N, widths[0])), Ws, bs), ("Js", "J"), batch=N))
    return cases


def _product(args, out):
    if all(W.shape == args[2][0].shape for W in args[2]):
        return 0.0  # equal widths let wrong orders run; the other cases say that by an error
    Js = [np.asarray(out[f"Js[{l}]"], dtype=float) for l in range(len(args[2]))]
    return relative_error(np.asarray(out["J"], dtype=float), _ordered(Js))


DEEP_JACOBIAN = Problem(
    name="ps2.deep_jacobian",
    reference=deep_jacobian,
    family=_deep,
    cases=_cases,
    points=5,
    lecture='lecture 3, "Depth"',
    axes={"Js": ("example", "unit", "input"), "J": ("example", "unit", "input")},
    invariants=(
        Invariant("J is the product of the Js", _product, "Your J is not the product of your own Js. For each example it is J_L … J_1, with the last layer leftmost."),
    ),
    mistakes=(
        Mistake("f' missing", dict(slope="1"), "Your Js are the weights. h_l = f(W_l h_{l−1} + b_l), so J_l = diag f'(z_l) W_l: each row of W_l is multiplied by the slope of its unit."),
        Mistake("f' of the activation", dict(slope="f'(h)"), "You take f' at h_l = f(z_l). The diagonal of J_l holds f'(z_l)."),
        Mistake("f for f'", dict(slope="f"), "Your diagonal holds h_l = f(z_l). It is the derivative f'(z_l) that scales the rows."),
        Mistake("f' missing in the last layer", dict(last=False), "Your last layer has no f'. In this net the last layer ends in an activation like the others."),
        Mistake("slopes of the first example", dict(slope="first example"), "All examples have the slopes of the first. z differs from example to example, and with it diag f'(z): keep the batch axis in s[:, :, None] * W."),
        Mistake("slopes averaged over the batch", dict(slope="mean"), "You average the slopes over the batch. Every example has a Jacobian of its own."),
        Mistake("columns scaled, not rows", _columns_scaled, "You multiply f'(z_l) into the columns of W_l. diag(s) W scales the rows, the outputs: s[:, :, None] * W."),
        Mistake("layers transposed", dict(layer=lambda s, W: s[:, None, :] * W.T, product=_reversed), "Your Jacobians are transposed. The first index of ∂h_l/∂h_{l−1} after the example is the output's: J_l has the shape of W_l."),
        Mistake("J transposed", dict(finish=lambda Js, J: (Js, J.transpose(0, 2, 1))), "Your J is transposed, while your Js are not. Its first index after the example is the output's: (N, H_L, D)."),
        Mistake("products in the list", _products_listed, "Your list holds the products from the input up, ∂h_l/∂x. Each entry is for one layer alone: J_l = ∂h_l/∂h_{l−1}."),
        Mistake("tanh for every activation", lambda name, *rest: _deep("tanh", *rest), "You use tanh whatever the name says. Take f and f' of the activation that is asked for."),
        Mistake("bias left out", dict(bias=False), "You leave out the bias. It is not in W, but it moves z and with it the slopes f'(z)."),
        Mistake("forward without f", dict(forward="z"), "On the way forward you pass z_l on. The next layer sees h_l = f(z_l)."),
        Mistake("order reversed", dict(product=_reversed), "Your product starts with the first layer on the left. The last layer acts last, so it stands leftmost: J = J_L … J_1."),
        Mistake("product element by element", dict(product=_by_element), "You multiply the Jacobians element by element. A chain of layers is a product of matrices: it sums over the units in between."),
        Mistake("first layer left out", dict(product=lambda Js: _ordered(Js[1:])), "Your product stops above the first layer: J_1 is missing on the right, and J ends at h_1, not at x."),
        Mistake("last layer left out", dict(product=lambda Js: _ordered(Js[:-1])), "Your product stops below the last layer: J_L is missing on the left."),
        Mistake("product of means", dict(product=_averaged_first), "You average the layers' Jacobians over the batch and multiply the means. Multiply example by example: @ on (N, H, D) arrays does."),
        Mistake("list reversed", dict(finish=lambda Js, J: (Js[::-1], J)), "Your list starts with the last layer. Js[0] belongs to the first one."),
    ),
    hints=(
        "One layer for one example: how does h_l move if h_{l−1} moves a little? First W_l, then the slope of every unit.",
        "s[:, :, None] * W has shape (N, H_l, H_{l−1}): row i of W times s[n, i]. The operator @ multiplies the last two axes, for every n.",
        "In the loop forward: z, then the layer's J_l from f'(z), then J = J_l @ J, starting with J = J_1, then h = f(z).",
    ),
)  # fmt: skip
