"""Problem set 1 on activations: seven slopes."""

from dataclasses import replace

import numpy as np

from vgcourse.activations import ACTIVATIONS, maxout_derivative, sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Mistake, Problem

NAMES = ("silu", "tanh", "relu", "leaky_relu", "elu", "softplus", "maxout")


def sigmoid_slope(z):
    """σ'(z) = σ(z) σ(−z), equation (1.2)."""
    return sigmoid(z) * sigmoid(-z)


def activation_derivative(name, z):
    """f'(z) for one of seven activations; maxout takes the largest of the pieces on the last axis."""
    if name == "silu":
        s = sigmoid(z)
        return s + z * s * (1 - s)
    if name == "tanh":
        return 1 - np.tanh(z) ** 2
    if name == "relu":
        return np.where(z > 0, 1.0, 0.0)
    if name == "leaky_relu":
        return np.where(z > 0, 1.0, 0.01)
    if name == "elu":
        return np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))
    if name == "softplus":
        return sigmoid(z)
    return np.where(z == z.max(axis=-1, keepdims=True), 1.0, 0.0)


def _value(name, z):
    """f(z) itself; of maxout, the winner where it stands."""
    if name == "maxout":
        return z * maxout_derivative(z)
    return z * sigmoid(z) if name == "silu" else ACTIVATIONS[name].function(z)


def _activation_cases(rng):
    cases = []
    for name in NAMES[:-1]:
        z = np.concatenate([3 * rng.standard_normal(9), [0.0, 25.0, -25.0]])
        cases += [Case((name, z.reshape(3, 4)), (name,)), Case((name, z[6:10]), (name,))]
    pieces = rng.standard_normal((4, 3, 5))
    shapes = pieces, pieces[..., :1], pieces[1, 2]  # many units, a single piece, a single unit
    return [*cases, *(Case(("maxout", z), ("maxout",)) for z in shapes)]


def _at_zero(value):
    """The ReLUs with another slope at their kink."""

    def formula(name, z):
        slope = activation_derivative(name, z)
        return np.where(z == 0, value, slope) if "relu" in name else slope

    return formula


SILU, TANH, RELU = "s + z * s * (1 - s)", "1 - np.tanh(z) ** 2", "np.where(z > 0, 1.0, 0.0)"
LEAKY, ELU = "np.where(z > 0, 1.0, 0.01)", "np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))"
SOFTPLUS, MAXOUT = "return sigmoid(z)", "np.where(z == z.max(axis=-1, keepdims=True), 1.0, 0.0)"

ACTIVATION_DERIVATIVE = Problem(
    name="ps1.activation_derivative",
    reference=activation_derivative,
    cases=_activation_cases,
    points=4,
    lecture='lecture 1, "The rules behind the numbers", equation (1.2)',
    conventions=(
        Convention("derivative 1 at the kink", _at_zero(1.0), "At z = 0 you take f' = 1 for ReLU. Any value there is a choice; the course takes the left one."),
        Convention("derivative ½ at the kink", _at_zero(0.5), "At z = 0 you take f' = ½ for ReLU. Any value there is a choice; the course takes the left one."),
    ),
    mistakes=tuple(replace(mistake, alone=True) for mistake in (  # each is about one activation
        Mistake("f' of the activation", lambda name, z: activation_derivative(name, z if name == "maxout" else _value(name, z)), "You take f' at h = f(z). The derivative is asked for at z: f'(z), not f'(f(z))."),
        Mistake("the activation itself", _value, "This is f(z), not its derivative f'(z)."),
        Mistake("silu without the product rule", edit(SILU, "s * (1 - s)"), "You multiply the two derivatives, 1 and σ'(z). For a product each factor is differentiated once while the other stays.", beside_the_point=True),
        Mistake("silu, first term only", edit(SILU, "s"), "Of the product rule you have the term where z is differentiated. σ depends on z, too: the other term is missing."),
        Mistake("silu, second term only", edit(SILU, "z * s * (1 - s)"), "Of the product rule you have the term where σ is differentiated. The factor z depends on z, too: the other term is missing."),
        Mistake("silu taken for a sigmoid", edit(SILU, "z * s * (1 - z * s)"), "h(1 − h) is the slope of the sigmoid alone, with h = σ(z). Here h = zσ(z), and the product rule gives something else."),
        Mistake("silu, h for σ in σ'", edit(SILU, "s + z * z * s * (1 - z * s)"), "The product rule is there; but inside σ' you use h = zσ(z) where σ(z) belongs."),
        Mistake("silu, σ' without z", edit(SILU, "s + s * (1 - s)"), "Your two terms are σ and σ'. In the second one z stays as a factor: it is the factor that is not differentiated there."),
        Mistake("silu, σ times σ'", edit(SILU, "s * s * (1 - s)"), "You multiply σ by σ'. The product rule gives two terms that are added, and z stays as a factor in the second."),
        Mistake("silu, terms subtracted", edit(SILU, "s - z * s * (1 - s)"), "You subtract the second term of the product rule. The two terms are added."),
        Mistake("silu, σ for σ'", edit(SILU, "s + z * s"), "In your second term stands σ where its slope belongs: a factor of σ' is missing."),
        Mistake("silu, 1 − σ for σ'", edit(SILU, "s + z * (1 - s)"), "Your slope of silu is σ + z(1 − σ). Either σ' has lost one of its two factors, or you put z for the value in h + σ(1 − h), where h is zσ(z)."),
        Mistake("silu, tanh' for σ'", edit(SILU, "s + z * (1 - s**2)"), "In your second term stands 1 − σ², the pattern of the tanh. The slope of a sigmoid is another."),
        Mistake("silu itself", edit(SILU, "z * s"), "For silu you return its value zσ(z). Asked for is the slope."),
        Mistake("1 − z²", edit(TANH, "1 - z**2"), "1 − z² is tanh' only if z already is the tanh: tanh'(z) = 1 − tanh²(z)."),
        Mistake("1 − tanh", edit(TANH, "1 - np.tanh(z)"), "Your slope of tanh is 1 − tanh: the square is missing."),
        Mistake("1/cosh", edit(TANH, "1 / np.cosh(z)"), "Your slope of tanh is 1/cosh: the square is missing."),
        Mistake("tanh taken for a sigmoid", edit(TANH, "np.tanh(z) * (1 - np.tanh(z))"), "h(1 − h) is the slope of the sigmoid. The tanh has another."),
        Mistake("tanh with the slope of σ", edit(TANH, "sigmoid_slope(z)"), "Your slope of tanh is σ'(z), the slope of the sigmoid. Every activation has its own."),
        Mistake("tanh' of the tanh", edit(TANH, "1 - np.tanh(np.tanh(z)) ** 2"), "For tanh you take the slope at h = tanh z: the tanh was taken twice. It is asked for at z."),
        Mistake("tanh itself", edit(TANH, "np.tanh(z)"), "For tanh you return its value. Asked for is the slope."),
        Mistake("relu itself", edit(RELU, "np.maximum(z, 0)"), "You return max(z, 0), which is the ReLU's value and not its slope."),
        Mistake("mask on the wrong side", edit(RELU, "np.where(z < 0, 1.0, 0.0)"), "The ReLU lets the gradient through where z > 0; you let it through where z < 0."),
        Mistake("relu, −1 on the left", edit(RELU, "np.sign(z)"), "Your slope of the ReLU is −1 on the left, that of |z|. The ReLU is flat there."),
        Mistake("leak forgotten", edit(LEAKY, "np.where(z > 0, 1.0, 0)"), "On the negative side the leaky ReLU has slope 0.01, not 0: that is its whole point."),
        Mistake("leak of 0.1", edit(LEAKY, "np.where(z > 0, 1.0, 0.1)"), "Your leak is 0.1. In this course it is 0.01."),
        Mistake("leak times z", edit(LEAKY, "np.where(z > 0, 1.0, 0.01 * z)"), "On the negative side you return 0.01·z, which is the value and not its slope."),
        Mistake("leaky relu itself", edit(LEAKY, "np.where(z > 0, z, 0.01 * z)"), "For the leaky ReLU you return its value. Asked for is the slope."),
        Mistake("leaky relu, sides exchanged", edit(LEAKY, "np.where(z < 0, 1.0, 0.01)"), "Your leak lies on the right: the leaky ReLU has slope 1 where z > 0 and the small one where z < 0."),
        Mistake("negative leak", edit(LEAKY, "np.where(z > 0, 1.0, -0.01)"), "Your leak is −0.01. The leaky ReLU rises on the left, too: its slope there is +0.01."),
        Mistake("elu value on the left", edit(ELU, "np.where(z > 0, 1.0, np.expm1(np.minimum(z, 0)))"), "On the negative side you return e^z − 1, which is the ELU's value and not its slope."),
        Mistake("elu without its branch", edit(ELU, "np.exp(z)"), "e^z is the ELU's slope on the negative side only. Where z > 0 the ELU is a straight line."),
        Mistake("elu taken for relu", edit(ELU, "np.where(z > 0, 1.0, 0)"), "On the negative side the ELU is e^z − 1, not 0, so its slope is not 0 there."),
        Mistake("elu itself", edit(ELU, "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))"), "For the ELU you return its value. Asked for is the slope."),
        Mistake("elu, sign on the left", edit(ELU, "np.where(z > 0, 1.0, -np.exp(np.minimum(z, 0)))"), "On the left your ELU falls: the derivative of e^z − 1 has no minus sign."),
        Mistake("elu, z for its value", edit(ELU, "np.where(z > 0, 1.0, z + 1)"), "On the left you return z + 1. The slope of the ELU is h + 1 for its value h = e^z − 1, not for z."),
        Mistake("softplus, second derivative", edit(SOFTPLUS, "return sigmoid_slope(z)"), "You return σ'(z), which is the second derivative of softplus: one step too far."),
        Mistake("softplus sign", edit(SOFTPLUS, "return sigmoid(-z)"), "You return 1/(1 + e^z), which falls with z. Softplus is convex: its slope rises."),
        Mistake("softplus, inner derivative only", edit(SOFTPLUS, "return np.exp(z)"), "You return e^z, the inner derivative. The outer one, that of the logarithm, is missing."),
        Mistake("softplus itself", edit(SOFTPLUS, "return np.logaddexp(0, z)"), "For softplus you return its value log(1 + e^z). Asked for is the slope."),
        Mistake("softplus, z for its value", edit(SOFTPLUS, "return 1 - np.exp(-z)"), "For softplus you use 1 − e^(−h), which wants the value h = log(1 + e^z); you put z for h."),
        Mistake("softplus taken for relu", edit(SOFTPLUS, "return np.where(z > 0, 1.0, 0)"), "Your slope of softplus jumps from 0 to 1. Softplus is smooth, and so is its slope."),
        Mistake("softplus taken for tanh", edit(SOFTPLUS, "return np.tanh(z)"), "Your slope of softplus is tanh z, which is negative on the left. Softplus rises everywhere."),
        Mistake("every piece counted", edit(MAXOUT, "np.ones_like(z)"), "Only the piece that wins the maximum gets a derivative; you give 1 to every piece. Indexing like m[..., z.argmax(-1)] does that: it takes each winner's place in all units."),
        Mistake("largest by size", edit(MAXOUT, "np.where(abs(z) == abs(z).max(axis=-1, keepdims=True), 1.0, 0.0)"), "You pick the piece with the largest size |z|. Maxout takes the largest value z."),
        Mistake("maximum over the units", edit(MAXOUT, "np.where(z == z.max(axis=1, keepdims=True), 1.0, 0.0)"), "You take the maximum over the units. The K pieces lie on the last axis."),
        Mistake("maximum over everything", edit(MAXOUT, "np.where(z == z.max(), 1.0, 0.0)"), "You take one maximum over the whole array. Every unit has a winner of its own: the maximum runs over the last axis."),
        Mistake("maximum over the first axis", edit(MAXOUT, "np.where(z == z.max(axis=0, keepdims=True), 1.0, 0.0)"), "Your maximum runs over the first axis. The K pieces of a unit lie on the last one."),
        Mistake("the winning value", edit(MAXOUT, "np.where(z == z.max(axis=-1, keepdims=True), z, 0.0)"), "At the winner's place your maxout has the value z. Its derivative there is 1: the maximum moves as the winner does."),
        Mistake("the largest value", edit(MAXOUT, "z.max(axis=-1)"), "Your maxout is the largest piece itself, one value per unit. Asked for is its derivative with respect to every piece."),
        Mistake("the winner's number", edit(MAXOUT, "z.argmax(axis=-1)"), "Your maxout is the number of the winning piece. Asked for is a derivative for every piece, in the shape of z."),
        Mistake("softmax of the pieces", edit(MAXOUT, "np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)"), "Your maxout has the softmax of the pieces. The maximum is not smooth: the winner gets everything."),
        Mistake("smallest piece", edit(MAXOUT, "np.where(z == z.min(axis=-1, keepdims=True), 1.0, 0.0)"), "Your maxout gives the 1 to the smallest piece. The largest wins."),
        Mistake("relu of the pieces", edit(MAXOUT, "np.where(z > 0, 1.0, 0.0)"), "Your maxout asks of every piece whether it is above 0. The pieces compete with each other: the largest wins, whatever its sign."),
    )),
    hints=(
        "Every one of these is a function of z alone: differentiate f by hand first, then write what you got.",
        "silu is a product, so its slope is a sum of two terms. The ReLU family consists of two pieces each: np.where(z > 0, …, …) chooses between their slopes.",
        "softplus is log(1 + e^z): the outer derivative times the inner one is e^z/(1 + e^z), which you know under another name. For maxout compare z with its maximum over the last axis, axes kept.",
    ),
)  # fmt: skip
