"""Problem set 1 on single numbers: four weights, five factors."""

import numpy as np

from vgcourse.activations import sigmoid, tanh_derivative
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps1.slopes import sigmoid_slope

# --- four_weight_net -------------------------------------------------------------------------------


def four_weight_net(x, t, w):
    """L = (y − t)² of the net (1.1) with tanh in place of σ, and its gradient, as in (1.5)."""
    hs, zs = [x], []
    for l in range(3):
        zs.append(w[l] * hs[-1])
        hs.append(np.tanh(zs[-1]))
    y = w[3] * hs[3]
    loss = (y - t) ** 2
    delta = 2 * (y - t)
    grads = [delta * hs[3]]
    for l in (2, 1, 0):
        delta = delta * w[l + 1] * tanh_derivative(zs[l])
        grads.append(delta * hs[l])
    return loss, *grads[::-1]


def _four_weight_cases(rng):
    cases = []
    while len(cases) < 3:
        # not so large that 1 − tanh² cancels, nor y near t: both would cost single precision its digits
        x, t, *w = rng.uniform(0.4, 1.5, size=6) * rng.choice([-1, 1], size=6)
        args = (float(x), float(t), np.array(w))
        if four_weight_net(*args)[0] > 0.1:
            cases.append(Case(args, ("loss", "dw1", "dw2", "dw3", "dw4")))
    return cases


FOUR_WEIGHT_NET = Problem(
    name="ps1.four_weight_net",
    reference=four_weight_net,
    cases=_four_weight_cases,
    points=3,
    lecture='lecture 1, "The rules behind the numbers", equations (1.1) and (1.5)',
    mistakes=(
        Mistake("the lecture's net", edit("np.tanh(zs[-1])", "sigmoid(zs[-1])", "tanh_derivative(zs[l])", "sigmoid_slope(zs[l])"), "This is the lecture's net, with sigmoids. Here the three hidden units are tanh."),
        Mistake("σ' for tanh'", edit("tanh_derivative(zs[l])", "sigmoid_slope(zs[l])"), "Forward you use tanh, on the way back the slope of the sigmoid, σ(z)σ(−z)."),
        Mistake("h(1 − h)", edit("tanh_derivative(zs[l])", "hs[l + 1] * (1 - hs[l + 1])"), "h(1 − h) is the slope of a sigmoid written with its output. For h = tanh z it is another expression of h."),
        Mistake("tanh' missing", edit(" * tanh_derivative(zs[l])", ""), "The factors tanh'(z) are missing: each time the path passes a tanh it is multiplied by its slope."),
        Mistake("tanh' of the activation", edit("zs[l]", "hs[l + 1]"), "You take tanh' at h = tanh(z). In (1.4) the slope is taken at z, the pre-activation."),
        Mistake("1 − z²", edit("tanh_derivative(zs[l])", "(1 - zs[l] ** 2)"), "Your slope is 1 − z². The square belongs to the output of the tanh, not to its input."),
        Mistake("square missing in tanh'", edit("tanh_derivative(zs[l])", "(1 - hs[l + 1])"), "Your slope is 1 − h: the square is missing."),
        Mistake("the 2 is missing", edit("2 * (y - t)", "(y - t)"), "The loss (y − t)² has the derivative 2(y − t), equation (1.3): the factor 2 is missing."),
        Mistake("half of the square", edit("return loss, *grads[::-1]", "return loss / 2, *np.array(grads[::-1]) / 2"), "You use ½(y − t)², loss and gradient. Many books do; the loss of this net has no ½."),
        Mistake("sign of y − t", edit("2 * (y - t)", "2 * (t - y)"), "All gradients have the wrong sign: the derivative of (y − t)² with respect to y is 2(y − t), not 2(t − y)."),
        Mistake("weights on the path missing", edit("w[l + 1]", "1.0"), "The path back passes through the weights too, equation (1.4). Your product has only the slopes."),
        Mistake("weights of the layer below", edit("w[l + 1]", "w[l]"), "Your path goes back from layer l through w_l. It goes back through w_{l+1}, the weight that h_l met on the way forward."),
        Mistake("output instead of input", edit("delta * hs[3]", "delta * y", "delta * hs[l]", "delta * hs[l + 1]"), "The last factor of ∂L/∂w_l is what comes into layer l, h_{l−1}. You multiply by what comes out of it."),
        Mistake("x in place of h", edit("delta * hs[l]", "delta * x"), "You multiply by x in the hidden layers. The last factor of ∂L/∂w_l is what comes into layer l, which is x for the first layer only."),
        Mistake("tanh at the output, both ways", edit("y = w[3] * hs[3]", "y = np.tanh(w[3] * hs[3])", "2 * (y - t)", "2 * (y - t) * (1 - y * y)"), "You put the output through a tanh, too, forward and back. The last layer, y = w₄h₃, is linear."),
        Mistake("tanh at the output", edit("2 * (y - t)", "2 * (y - t) * tanh_derivative(y)"), "You multiply by a slope at the output, too. The last layer, y = w₄h₃, is linear."),
    ),
    hints=(
        "Walk back from the loss. Each weight's gradient is the signal that arrives at its layer times what came into that layer.",
        "Five numbers: the loss; ∂L/∂w₄ has two factors, ∂L/∂w₃ four, ∂L/∂w₂ six, ∂L/∂w₁ eight.",
        "∂L/∂w₃ = 2(y − t) · w₄ · tanh'(z₃) · h₂. For w₂ the last factor h₂ is replaced by w₃ · tanh'(z₂) · h₁, and so on.",
    ),
)  # fmt: skip


# --- five_factors ----------------------------------------------------------------------------------

FACTOR_NAMES = ("dL_dy", "dy_dz2", "dz2_dh", "dh_dz1", "dz1_dw1")


def five_factors(x, t, w1, w2):
    """The five factors of ∂L/∂w₁ for every example, and their product's mean: (1.15) with another loss."""
    return _factors(x, t, w1, w2)


def _factors(
    x,
    t,
    w1,
    w2,
    loss=lambda y, t: 2 * (y - t),
    outer=lambda z2, y: sigmoid_slope(z2),
    path=lambda h, w2: w2,
    inner=lambda z1, h: tanh_derivative(z1),
    last=lambda x, w1: x,
    mean=lambda factors: np.prod(factors, axis=0).mean(),
    hidden=np.tanh,
    output=sigmoid,
):
    """The factors with their parts exchangeable for the mistakes."""
    z1 = w1 * x
    h = hidden(z1)
    z2 = w2 * h
    y = output(z2)
    factors = [loss(y, t), outer(z2, y), path(h, w2), inner(z1, h), last(x, w1)]
    factors = [np.broadcast_to(factor, x.shape).copy() for factor in factors]
    return (*factors, mean(factors))


def _factor_cases(rng):
    cases = []
    for n in (5, 3, 1):
        x, w = (
            rng.uniform(0.3, 1.5, n) * rng.choice([-1, 1], n),
            rng.uniform(0.5, 1.7, 2) * rng.choice([-1, 1], 2),
        )
        t = rng.integers(0, 2, n).astype(float)
        cases.append(Case((x, t, float(w[0]), float(w[1])), (*FACTOR_NAMES, "dw1"), batch=n))
    return cases  # fmt: skip


def _broadcast_factors(output, args):
    """A factor that is the same for every example may be given as one number."""
    if not isinstance(output, (tuple, list)) or len(output) != 6:
        return output
    single = [
        isinstance(f, (int, float, np.number)) or (isinstance(f, np.ndarray) and f.ndim == 0)
        for f in output[:5]
    ]
    return (*(np.full(args[0].shape, f) if one else f for f, one in zip(output, single)), output[5])  # fmt: skip


FIVE_FACTORS = Problem(
    name="ps1.five_factors",
    reference=five_factors,
    family=_factors,
    cases=_factor_cases,
    adapt=_broadcast_factors,
    points=4,
    lecture='lecture 1, "A classifier: five factors", equation (1.15)',
    mistakes=(
        Mistake("the cross-entropy's first factor", dict(loss=lambda y, t: (y - t) / (y * (1 - y))), "Your first factor is the lecture's, (1.14), which belongs to the cross-entropy. The loss here is (y − t)²."),
        Mistake("the 2 is missing", dict(loss=lambda y, t: y - t), "Your first factor is y − t. The square brings a 2 down; books that leave it out have a ½ in the loss."),
        Mistake("sign of the loss", dict(loss=lambda y, t: 2 * (t - y)), "Your first factor has the wrong sign: ∂L/∂y is positive where y is above its target."),
        Mistake("σ' counted in the first factor", dict(loss=lambda y, t: 2 * (y - t) * y * (1 - y)), "Your first factor already holds σ'(z₂); it is ∂L/∂z₂ and not ∂L/∂y, and so σ' counts twice."),
        Mistake("σ' of the activation", dict(outer=lambda z2, y: sigmoid_slope(y)), "You take σ' at the output y. The slope is taken at z₂, equation (1.2)."),
        Mistake("σ' missing", dict(outer=lambda z2, y: 1.0), "Your ∂y/∂z₂ is 1. The output is a sigmoid, and its slope is at most ¼."),
        Mistake("tanh' at the output", dict(outer=lambda z2, y: tanh_derivative(z2)), "Your ∂y/∂z₂ is the slope of a tanh. The output unit is a sigmoid; the hidden one is the tanh."),
        Mistake("1 − y²", dict(outer=lambda z2, y: 1 - y * y), "Your ∂y/∂z₂ is 1 − y², which would be right if y were a tanh. The output unit is a sigmoid."),
        Mistake("σ' in the hidden layer", dict(inner=lambda z1, h: sigmoid_slope(z1)), "Your ∂h/∂z₁ is the slope of a sigmoid. The hidden unit is a tanh; the output is the sigmoid."),
        Mistake("the lecture's hidden unit", dict(hidden=sigmoid, inner=lambda z1, h: h * (1 - h)), "Your hidden unit is a sigmoid, forward and back, as in the lecture. Here it is a tanh."),
        Mistake("units exchanged", dict(hidden=sigmoid, inner=lambda z1, h: h * (1 - h), output=np.tanh, outer=lambda z2, y: 1 - y * y), "Your hidden unit is a sigmoid and your output a tanh: it is the other way round."),
        Mistake("h(1 − h)", dict(inner=lambda z1, h: h * (1 - h)), "Your ∂h/∂z₁ is h(1 − h), which would be right if h were a sigmoid. The hidden unit is a tanh."),
        Mistake("tanh' of the activation", dict(inner=lambda z1, h: tanh_derivative(h)), "You take tanh' at h. The slope is taken at z₁, the pre-activation."),
        Mistake("tanh' missing", dict(inner=lambda z1, h: 1.0), "Your ∂h/∂z₁ is 1. The hidden unit is a tanh, and its slope is below 1."),
        Mistake("h in place of w₂", dict(path=lambda h, w2: h), "z₂ = w₂h. Its derivative with respect to h is w₂; you return h, the derivative with respect to w₂."),
        Mistake("w₁ in place of x", dict(last=lambda x, w1: w1), "z₁ = w₁x. Its derivative with respect to w₁ is x; you return w₁, the derivative with respect to x."),
        Mistake("summed, not averaged", dict(mean=lambda f: np.prod(f, axis=0).sum()), "dw1 is the sum over the examples. Asked for is the gradient of the mean loss."),
        Mistake("not averaged", dict(mean=lambda f: np.prod(f, axis=0)), "Your dw1 still has one entry per example. The loss is one number, the mean over the batch, and so is its derivative."),
        Mistake("product of means", dict(mean=lambda f: np.prod(np.mean(f, axis=1))), "You average each factor and then multiply. Multiply first, example by example, and average the products."),
        Mistake("factors added", dict(mean=lambda f: np.sum(f, axis=0).mean()), "You add the five factors up. Along one path factors multiply; only different paths add."),
    ),
    hints=(
        "Follow x forward through z₁, h, z₂, y to L, and write down the derivative of each step with respect to the one before it. There are five steps.",
        "Each factor has shape (N,). One is the slope of a tanh, one that of a sigmoid; one is a weight, one is the input.",
        "dL_dy comes from the square; dy_dz2 = y(1 − y) with y = σ(z₂); dh_dz1 = 1 − h². dw1 is the mean over the examples of the product of all five.",
    ),
)  # fmt: skip
