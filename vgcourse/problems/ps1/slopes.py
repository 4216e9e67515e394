"""Problem set 1 on activations: seven slopes."""

import numpy as np

from vgcourse.activations import ACTIVATIONS, LEAKY_SLOPE, maxout_derivative, sigmoid
from vgcourse.problems.problem import Case, Convention, Mistake, Problem

NAMES = ("silu", "tanh", "relu", "leaky_relu", "elu", "softplus", "maxout")


def sigmoid_slope(z):
    """σ'(z) = σ(z) σ(−z), equation (1.2)."""
    return sigmoid(z) * sigmoid(-z)


def silu_slope(z):
    """(z σ(z))' = σ(z) + z σ'(z), by the product rule (Elfwing et al. 2018)."""
    return sigmoid(z) + z * sigmoid_slope(z)


def activation_derivative(name, z):
    """f'(z) for one of seven activations; maxout takes the largest of the pieces on the last axis."""
    return _slopes(name, z)


def _slopes(name, z, **wrong):
    """The derivatives, with those of the named activations exchanged for wrong ones."""
    known = {"silu": silu_slope, "maxout": maxout_derivative}
    known |= {other: ACTIVATIONS[other].derivative for other in NAMES[1:-1]}
    return (known | wrong)[name](z)


def _value(name, z):
    """f(z) itself; of maxout, the winner where it stands."""
    if name == "maxout":
        return z * maxout_derivative(z)
    return z * sigmoid(z) if name == "silu" else ACTIVATIONS[name].function(z)


def _activation_cases(rng):
    cases = []
    for name in NAMES[:-1]:
        z = np.concatenate([3 * rng.standard_normal(9), [0.0, 25.0, -25.0]])
        cases += [Case((name, z.reshape(3, 4)), (name,)), Case((name, z[:1]), (name,))]
    pieces = rng.standard_normal((4, 3, 5))
    return [*cases, Case(("maxout", pieces), ("maxout",)), Case(("maxout", pieces[..., :1]), ("maxout",))]


def _at_zero(value):
    return {
        "relu": lambda z: np.where(z == 0, value, (z > 0) * 1.0),
        "leaky_relu": lambda z: np.where(z == 0, value, np.where(z > 0, 1.0, LEAKY_SLOPE)),
    }


ACTIVATION_DERIVATIVE = Problem(
    name="ps1.activation_derivative",
    reference=activation_derivative,
    family=_slopes,
    cases=_activation_cases,
    points=4,
    lecture='lecture 1, "The rules behind the numbers", equation (1.2)',
    conventions=(
        Convention("derivative 1 at the kink", lambda name, z: _slopes(name, z, **_at_zero(1.0)), "At z = 0 you take f' = 1 for ReLU. Any value there is a choice; the course takes the left one."),
        Convention("derivative ½ at the kink", lambda name, z: _slopes(name, z, **_at_zero(0.5)), "At z = 0 you take f' = ½ for ReLU. Any value there is a choice; the course takes the left one."),
    ),
    mistakes=(
        Mistake("f' of the activation", lambda name, z: activation_derivative(name, _value(name, z)) if name != "maxout" else maxout_derivative(z), "You take f' at h = f(z). The derivative is asked for at z: f'(z), not f'(f(z))."),
        Mistake("the activation itself", _value, "This is f(z), not its derivative f'(z)."),
        Mistake("silu without the product rule", dict(silu=sigmoid_slope), "You multiply the two derivatives, 1 and σ'(z). For a product each factor is differentiated once while the other stays."),
        Mistake("silu, first term only", dict(silu=sigmoid), "Of the product rule you have the term where z is differentiated. σ depends on z, too: the other term is missing."),
        Mistake("silu, second term only", dict(silu=lambda z: z * sigmoid_slope(z)), "Of the product rule you have the term where σ is differentiated. The factor z depends on z, too: the other term is missing."),
        Mistake("silu taken for a sigmoid", dict(silu=lambda z: z * sigmoid(z) * (1 - z * sigmoid(z))), "h(1 − h) is the slope of the sigmoid alone, with h = σ(z). Here h = zσ(z), and the product rule gives something else."),
        Mistake("silu, h for σ in σ'", dict(silu=lambda z: sigmoid(z) + z * z * sigmoid(z) * (1 - z * sigmoid(z))), "The product rule is there; but inside σ' you use h = zσ(z) where σ(z) belongs."),
        Mistake("silu, σ' without z", dict(silu=lambda z: sigmoid(z) + sigmoid_slope(z)), "Your two terms are σ and σ'. In the second one z stays as a factor: it is the factor that is not differentiated there."),
        Mistake("1 − z²", dict(tanh=lambda z: 1 - z**2), "1 − z² is tanh' only if z already is the tanh: tanh'(z) = 1 − tanh²(z)."),
        Mistake("1 − tanh", dict(tanh=lambda z: 1 - np.tanh(z)), "Your slope of tanh is 1 − tanh: the square is missing."),
        Mistake("1/cosh", dict(tanh=lambda z: 1 / np.cosh(z)), "Your slope of tanh is 1/cosh: the square is missing."),
        Mistake("tanh taken for a sigmoid", dict(tanh=lambda z: np.tanh(z) * (1 - np.tanh(z))), "h(1 − h) is the slope of the sigmoid. The tanh has another."),
        Mistake("relu itself", dict(relu=lambda z: np.maximum(z, 0)), "You return max(z, 0), which is the ReLU's value and not its slope."),
        Mistake("mask on the wrong side", dict(relu=lambda z: (z < 0) * 1.0), "The ReLU lets the gradient through where z > 0; you let it through where z < 0."),
        Mistake("leak forgotten", dict(leaky_relu=lambda z: (z > 0) * 1.0), "On the negative side the leaky ReLU has slope 0.01, not 0: that is its whole point."),
        Mistake("leak of 0.1", dict(leaky_relu=lambda z: np.where(z > 0, 1.0, 0.1)), "Your leak is 0.1. In this course it is 0.01."),
        Mistake("leak times z", dict(leaky_relu=lambda z: np.where(z > 0, 1.0, LEAKY_SLOPE * z)), "On the negative side you return 0.01·z, which is the value and not its slope."),
        Mistake("elu value on the left", dict(elu=lambda z: np.where(z > 0, 1.0, np.expm1(np.minimum(z, 0)))), "On the negative side you return e^z − 1, which is the ELU's value and not its slope."),
        Mistake("elu without its branch", dict(elu=np.exp), "e^z is the ELU's slope on the negative side only. Where z > 0 the ELU is a straight line."),
        Mistake("elu taken for relu", dict(elu=lambda z: (z > 0) * 1.0), "On the negative side the ELU is e^z − 1, not 0, so its slope is not 0 there."),
        Mistake("softplus, second derivative", dict(softplus=sigmoid_slope), "You return σ'(z), which is the second derivative of softplus: one step too far."),
        Mistake("softplus sign", dict(softplus=lambda z: sigmoid(-z)), "You return 1/(1 + e^z), which falls with z. Softplus is convex: its slope rises."),
        Mistake("softplus, inner derivative only", dict(softplus=np.exp), "You return e^z, the inner derivative. The outer one, that of the logarithm, is missing."),
        Mistake("every piece counted", dict(maxout=np.ones_like), "Only the piece that wins the maximum gets a derivative; you give 1 to every piece. Indexing like m[..., z.argmax(-1)] does that: it takes each winner's place in all units."),
        Mistake("largest by size", dict(maxout=lambda z: maxout_derivative(np.abs(z))), "You pick the piece with the largest size |z|. Maxout takes the largest value z."),
        Mistake("maximum over the units", dict(maxout=lambda z: np.swapaxes(maxout_derivative(np.swapaxes(z, 1, 2)), 1, 2)), "You take the maximum over the units. The K pieces lie on the last axis."),
        Mistake("maximum over everything", dict(maxout=lambda z: (z == z.max()) * 1.0), "You take one maximum over the whole array. Every unit has a winner of its own: the maximum runs over the last axis."),
    ),
    hints=(
        "Every one of these is a function of z alone: differentiate f by hand first, then write what you got.",
        "silu is a product, so its slope is a sum of two terms. The ReLU family consists of two pieces each: np.where(z > 0, …, …) chooses between their slopes.",
        "softplus is log(1 + e^z): the outer derivative times the inner one is e^z/(1 + e^z), which you know under another name. For maxout compare z with its maximum over the last axis, axes kept.",
    ),
)  # fmt: skip
