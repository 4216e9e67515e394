"""Problem set 2 on Jacobians: of every layer and of a whole net, for every example of a batch."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def ordered_product(Js):
    """J_L … J_1."""
    J = Js[0]
    for factor in Js[1:]:
        J = factor @ J
    return J


def deep_jacobian(name, x, Ws, bs):
    """h_l = W_l f(h_{l−1}) + b_l, activation first: J_l = W_l diag f'(h_{l−1}), and J = J_L … J_1 = ∂h_L/∂x.

    x is (N, D). Returns the list of the J_l, (N, H_l, H_{l−1}) each, and J, (N, H_L, D).
    """
    f = ACTIVATIONS[name]
    h, Js = x, []
    for W, b in zip(Ws, bs, strict=True):
        slopes = f.derivative(h)
        Js.append(W * slopes[:, None, :])
        h = f.function(h) @ W.T + b
    J = ordered_product(Js)
    return Js, J


def _products_listed(*args):
    Js, J = deep_jacobian(*args)
    return [ordered_product(Js[: l + 1]) for l in range(len(Js))], J


def _rows_scaled(*args):
    """Alone, since what raises where W is not square cannot be seen beside a second mistake."""
    rows = edit("W * slopes[:, None, :]", "W * slopes[:, :, None]")
    return edited(deep_jacobian, (), rows)(*args)


def _activation_last(name, x, Ws, bs):
    """h_l = f(W_l h_{l−1} + b_l), the net of the lecture."""
    h, Js = x, []
    for W, b in zip(Ws, bs, strict=True):
        z = h @ W.T + b
        Js.append(ACTIVATIONS[name].derivative(z)[:, :, None] * W)
        h = ACTIVATIONS[name].function(z)
    return Js, ordered_product(Js)


def _slopes_at_the_output(name, x, Ws, bs):
    """diag f'(h_l) W_l, with the right net on the way forward."""
    h, Js = x, []
    for W, b in zip(Ws, bs, strict=True):
        h = ACTIVATIONS[name].function(h) @ W.T + b
        Js.append(ACTIVATIONS[name].derivative(h)[:, :, None] * W)
    return Js, ordered_product(Js)


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
    return Js, ordered_product(Js)


def _cases(rng):
    cases = []
    for name, N, widths in (
        ("tanh", 3, (4, 6, 5, 2)),
        ("sigmoid", 2, (3, 4, 5, 2)),
        ("elu", 3, (3, 3, 3, 3)),
        ("tanh", 1, (3, 2)),
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
    return relative_error(np.asarray(out[f"J ({args[0]})"], dtype=float), ordered_product(Js))


DEEP_JACOBIAN = Problem(
    name="ps2.deep_jacobian",
    reference=deep_jacobian,
    cases=_cases,
    points=5,
    lecture='lecture 3, "Depth"',
    flow=("Js", "J"),
    axes={f"{what} ({name})": ("example", "unit", "input") for what in ("Js", "J") for name in ("tanh", "sigmoid", "elu")},
    invariants=(
        Invariant("J is the product of the Js", _product, "Your J is not the product of your own Js. For each example it is J_L … J_1, with the last layer leftmost."),
    ),
    mistakes=(
        Mistake("activation last", _activation_last, "Your net is the lecture's, f(W h + b). Here the activation comes first and the weights after it: h_l = W_l f(h_{l−1}) + b_l.", beside_the_point=True),
        Mistake("f' missing", edit("f.derivative(h)", "np.ones_like(h)"), "Your Js are the weights. The signal passes f before it comes to W_l, and f' belongs into the chain."),
        Mistake("f' of the activation", edit("f.derivative(h)", "f.derivative(f.function(h))"), "You take f' at f(h_{l−1}). The activation is applied to h_{l−1}: there belongs its slope."),
        Mistake("f' from h as an output", edit("f.derivative(h)", "FROM_OUTPUT[name](h)"), "You take h_{l−1} for an output, as in 1 − h² or h(1 − h). In this net h_{l−1} comes before the activation: those formulas want f(h_{l−1})."),
        Mistake("h passed on as an output", _output_in_the_chain, "On the way forward you apply f to W h + b, and in the Jacobians to h_{l−1}. Here f comes first only: h_l = W_l f(h_{l−1}) + b_l."),
        Mistake("slopes at the output", _slopes_at_the_output, "Your slopes are those at h_l, the layer's output, and they scale the rows of W_l. The activation comes before the weights: its slope is that at h_{l−1}, and it scales what comes in, the columns."),
        Mistake("f for f'", edit("f.derivative(h)", "f.function(h)"), "Your diagonal holds f(h_{l−1}). It is the derivative f' that scales."),
        Mistake("f' missing in the first layer", edit("Js.append", "slopes = slopes if Js else np.ones_like(h)\n        Js.append"), "Your first layer has no f'. In this net the input passes an activation, too."),
        Mistake("slopes of the first example", edit("f.derivative(h)", "np.repeat(f.derivative(h[:1]), len(h), axis=0)"), "All examples have the slopes of the first. What comes in differs from example to example, and with it the slopes: keep the batch axis."),
        Mistake("slopes averaged over the batch", edit("f.derivative(h)", "np.repeat(f.derivative(h).mean(axis=0, keepdims=True), len(h), axis=0)"), "You average the slopes over the batch. Every example has a Jacobian of its own."),
        Mistake("rows scaled, not columns", _rows_scaled, "You multiply the slopes into the rows of W_l. That is diag(s) W, for an activation after the weights; here it comes before them. Only a square W lets yours run."),
        Mistake("layers transposed", edit("W * slopes[:, None, :]", "W.T * slopes[:, :, None]", "ordered_product(Js)", "ordered_product(Js[::-1])"), "Your Jacobians are transposed. The first index of ∂h_l/∂h_{l−1} after the example is the output's: J_l has the shape of W_l."),
        Mistake("J transposed", edit("return Js, J", "return Js, J.transpose(0, 2, 1)"), "Your J is transposed, while your Js are not. Its first index after the example is the output's: (N, H_L, D)."),
        Mistake("products in the list", _products_listed, "Your list holds the products from the input up, ∂h_l/∂x. Each entry is for one layer alone: J_l = ∂h_l/∂h_{l−1}."),
        Mistake("tanh for every activation", lambda name, *rest: deep_jacobian("tanh", *rest), "You use tanh whatever the name says. Take f and f' of the activation that is asked for."),
        Mistake("bias left out", edit("W.T + b", "W.T"), "You leave out the bias. It is in no weight, but it moves h_l and with it the slopes of the next layer."),
        Mistake("first layer without f", edit("f.function(h) @", "(f.function(h) if len(Js) > 1 else h) @"), "On the way forward x comes to the first weights as it is. In this net every layer passes f first, the first one as well: h_1 = W_1 f(x) + b_1."),
        Mistake("forward without f", edit("f.function(h)", "h"), "On the way forward your signal does not pass f: h_l = W_l f(h_{l−1}) + b_l."),
        Mistake("order reversed", edit("ordered_product(Js)", "ordered_product(Js[::-1])"), "Your product starts with the first layer on the left. The last layer acts last, so it stands leftmost: J = J_L … J_1."),
        Mistake("product element by element", edit("ordered_product(Js)", "np.prod(Js, axis=0)"), "You multiply the Jacobians element by element. A chain of layers is a product of matrices: it sums over the units in between."),
        Mistake("first layer left out", edit("ordered_product(Js)", "ordered_product(Js[1:] or Js)"), "Your product stops above the first layer: J_1 is missing on the right, and J ends at h_1, not at x."),
        Mistake("last layer left out", edit("ordered_product(Js)", "ordered_product(Js[:-1] or Js)"), "Your product stops below the last layer: J_L is missing on the left."),
        Mistake("last layer alone", edit("ordered_product(Js)", "Js[-1]"), "Your J is that of the last layer. ∂h_L/∂x is the product of all of them, J_L … J_1."),
        Mistake("product of means", edit("ordered_product(Js)", "np.repeat(ordered_product([J.mean(axis=0) for J in Js])[None], len(x), axis=0)"), "You average the layers' Jacobians over the batch and multiply the means. Multiply example by example: @ on (N, H, D) arrays does."),
        Mistake("list reversed", edit("return Js", "return Js[::-1]"), "Your list starts with the last layer. Js[0] belongs to the first one."),
        Mistake("slope of tanh for every activation", edit("f.derivative(h)", "1 - f.function(h) ** 2"), "You take 1 − f² for every activation. That is tanh's slope; the sigmoid has f(1 − f), the ELU f + 1 on its left."),
        Mistake("slope of a sigmoid for every activation", edit("f.derivative(h)", "f.function(h) * (1 - f.function(h))"), "You take f(1 − f) for every activation. That is the sigmoid's slope; tanh has 1 − f².", alone=True),
        Mistake("J averaged over the batch", edit("return Js, J", "return Js, np.repeat(J.mean(axis=0, keepdims=True), len(J), axis=0)"), "Your J is averaged over the batch. Every example has a Jacobian of its own."),
        Mistake("J of the first example", edit("return Js, J", "return Js, np.repeat(J[:1], len(J), axis=0)"), "Your J is that of the first example. Every example has a Jacobian of its own.", alone=True),
        Mistake("J summed over the batch", edit("return Js, J", "return Js, np.repeat(J.sum(axis=0, keepdims=True), len(J), axis=0)"), "Your J is summed over the batch. Every example has a Jacobian of its own.", alone=True),
        Mistake("Js averaged over the batch", edit("return Js, J", "return [np.repeat(A.mean(axis=0, keepdims=True), len(A), axis=0) for A in Js], J"), "Your Js are averaged over the batch. Every example has a Jacobian of its own.", alone=True),
        Mistake("J without its batch axis", edit("return Js, J", "return Js, J[0]"), "Your J has no batch axis. Every example has a Jacobian of its own: (N, H_L, D).", alone=True),
        Mistake("slope squared", edit("f.derivative(h)", "f.derivative(h) ** 2"), "Your slope stands there squared. The signal passes each f once.", alone=True),
        Mistake("slopes at x everywhere", edit("f.derivative(h)", "(f.derivative(x) if h.shape == x.shape else f.derivative(h))"), "All your layers have the slopes at x. Each layer has those of what comes into it.", alone=True),
        Mistake("f applied twice on the way forward", edit("f.function(h) @", "f.function(f.function(h)) @"), "On the way forward f is applied twice.", alone=True),
        Mistake("f at the end of the layer, too", edit("h = f.function(h) @ W.T + b", "h = f.function(f.function(h) @ W.T + b)"), "On the way forward you apply f before and after the weights. Here it comes first only.", alone=True),
        Mistake("bias inside of f", edit("f.function(h) @ W.T + b", "(f.function(h) @ W.T) * 1.0 + f.function(b)"), "On the way forward the bias passes f: it is added behind the weights, outside.", alone=True),
        Mistake("bias subtracted", edit("W.T + b", "W.T - b"), "On the way forward the bias is subtracted.", alone=True),
        Mistake("identity added", edit("W * slopes[:, None, :]", "W * slopes[:, None, :] + np.eye(*W.shape)"), "Your Js have the identity added, as with a bypass. These layers have none.", alone=True),
        Mistake("sign of the Js", edit("W * slopes[:, None, :]", "-W * slopes[:, None, :]"), "Your Js have the wrong sign.", alone=True),
        Mistake("ELU's slope without its branch", edit("f.derivative(h)", "(np.exp(h) if name == 'elu' else f.derivative(h))"), "Your ELU has the slope e^h everywhere. For h > 0 it is a straight line with the slope 1.", alone=True),
        Mistake("ELU's value + 1 everywhere", edit("f.derivative(h)", "(f.function(h) + 1 if name == 'elu' else f.derivative(h))"), "Your ELU has the slope f + 1 everywhere. That holds on its left; for h > 0 the slope is 1.", alone=True),
        Mistake("ELU's slope 1 everywhere", edit("f.derivative(h)", "(np.ones_like(h) if name == 'elu' else f.derivative(h))"), "Your ELU has the slope 1 everywhere. On its left it is e^h.", alone=True),
        Mistake("ELU's value for its slope", edit("f.derivative(h)", "(f.function(h) if name == 'elu' else f.derivative(h))"), "For the ELU you take its value. It is the derivative that scales.", alone=True),
        Mistake("ELU flat on its left", edit("f.derivative(h)", "((h > 0) * 1.0 if name == 'elu' else f.derivative(h))"), "Your ELU is flat on its left, like a ReLU. There its slope is e^h.", alone=True),
        Mistake("square missing in tanh'", edit("f.derivative(h)", "(1 - f.function(h) if name == 'tanh' else f.derivative(h))"), "For tanh your slope is 1 − f: the square is missing.", alone=True),
        Mistake("1 − h² for tanh", edit("f.derivative(h)", "(1 - h**2 if name == 'tanh' else f.derivative(h))"), "For tanh you take 1 − h², of what comes in. The formula wants f(h): 1 − tanh²h.", alone=True),
        Mistake("h(1 − h) for the sigmoid", edit("f.derivative(h)", "(h * (1 - h) if name == 'sigmoid' else f.derivative(h))"), "For the sigmoid you take h(1 − h), of what comes in. The formula wants f(h): σ(1 − σ).", alone=True),
        Mistake("bias in the Jacobians", edit("W * slopes[:, None, :]", "W * slopes[:, None, :] + b[:, None]"), "Your Js have the bias added. It is a constant: no derivative holds it.", alone=True),
    ),
    hints=(
        "One layer for one example: how does h_l move if h_{l−1} moves a little? First the slope of every unit of h_{l−1}, then W_l.",
        "W diag(s) multiplies column j of W by s_j. For a batch the result has shape (N, H_l, H_{l−1}): which axis of it does s belong to? The operator @ multiplies the last two axes, for every n.",
        "J_l is made of the slopes at h_{l−1}, so before h goes on to the next layer. Every layer acts after those before it: on which side does J_l join the product?",
    ),
)  # fmt: skip
