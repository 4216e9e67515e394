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
        z = np.concatenate([3 * rng.standard_normal(8), [0.5, 0.0, 25.0, -25.0]])
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
        Mistake("silu, z for σ in σ'", edit(SILU, "s + z * s * (1 - z)"), "In your second term stands σ(1 − z). The slope of a sigmoid is σ(1 − σ): no z under the bracket."),
        Mistake("silu, σ² for σ'", edit(SILU, "s + z * s * s"), "In your second term stands σ² where σ' = σ(1 − σ) belongs."),
        Mistake("silu, −σ² for σ'", edit(SILU, "s - z * s * s"), "Your slope of silu is σ(1 − zσ): in your σ' the 1 of 1 − σ is missing."),
        Mistake("silu, σ' squared", edit(SILU, "s + z * (s * (1 - s)) ** 2"), "In your second term σ' is squared. It stands there once."),
        Mistake("silu, 1 for σ", edit(SILU, "1 + z * s * (1 - s)"), "In your first term stands 1, the derivative of z alone. The other factor, σ, stays beside it."),
        Mistake("silu, derivatives added", edit(SILU, "1 + s * (1 - s)"), "You add the derivatives of the two factors, 1 and σ'. In each term of the product rule the other factor stays."),
        Mistake("silu, each beside its own derivative", edit(SILU, "z + s * s * (1 - s)"), "You multiply each factor by its own derivative, z · 1 + σσ'. In the product rule each derivative stands beside the other factor."),
        Mistake("silu, z in the wrong term", edit(SILU, "z * s + s * (1 - s)"), "Your z stands in the wrong term: you have zσ + σ'. Where z is differentiated it becomes 1, and where σ is, z stays."),
        Mistake("silu, z in both terms", edit(SILU, "z * s + z * s * (1 - s)"), "Both of your terms hold z. Where z is differentiated it becomes 1: the first term is σ alone."),
        Mistake("silu, σ' in both terms", edit(SILU, "s * (1 - s) + z * s * (1 - s)"), "Both of your terms hold σ'. Where z is differentiated σ stays as it is."),
        Mistake("silu, σ(−z) in the first term", edit(SILU, "1 - s + z * s * (1 - s)"), "Your first term is 1 − σ. Where z is differentiated, σ itself stays."),
        Mistake("silu, factors added", edit(SILU, "z + s"), "Your slope of silu is z + σ: the factors, added. The product rule has the derivative of one factor in each term."),
        Mistake("silu, quotient rule without the square", edit(SILU, "1 + z * (1 - s)"), "Your slope of silu is 1 + z(1 − σ), as by the quotient rule without the square in its denominator."),
        Mistake("1 + tanh²", edit(TANH, "1 + np.tanh(z) ** 2"), "Your slope of tanh is 1 + tanh², above 1. It is never above 1: the square is subtracted."),
        Mistake("tanh² − 1", edit(TANH, "np.tanh(z) ** 2 - 1"), "Your slope of tanh is tanh² − 1, which is negative. tanh rises everywhere: 1 − tanh²."),
        Mistake("tanh²", edit(TANH, "np.tanh(z) ** 2"), "Your slope of tanh is tanh². That is what it lacks from 1."),
        Mistake("(1 − tanh)²", edit(TANH, "(1 - np.tanh(z)) ** 2"), "Your slope of tanh is (1 − tanh)². The square belongs to tanh alone, not to the bracket."),
        Mistake("tanh of z²", edit(TANH, "1 - np.tanh(z**2)"), "Your slope of tanh is 1 − tanh(z²): the square belongs outside, to the value of the tanh."),
        Mistake("tanh, σ' at 2z alone", edit(TANH, "sigmoid_slope(2 * z)"), "Your slope of tanh is σ'(2z), a quarter of the right one. tanh z = 2σ(2z) − 1: two factors 2 come out."),
        Mistake("tanh, one factor 2", edit(TANH, "2 * sigmoid_slope(2 * z)"), "Your slope of tanh is 2σ'(2z), half of the right one. tanh z = 2σ(2z) − 1: the 2 in front and the inner derivative both count."),
        Mistake("tanh, slope of arctan", edit(TANH, "1 / (1 + z**2)"), "Your slope of tanh is 1/(1 + z²), that of arctan. tanh is a hyperbolic function: 1 − tanh²."),
        Mistake("tanh, z halved", edit(TANH, "1 / np.cosh(z / 2) ** 2"), "Your slope of tanh is taken at z/2."),
        Mistake("tanh, cosh²", edit(TANH, "np.cosh(z) ** 2"), "Your slope of tanh is cosh²: it is one over that."),
        Mistake("relu, 1 everywhere", edit(RELU, "np.ones_like(z)"), "Your ReLU has the slope 1 everywhere. Left of 0 it is flat."),
        Mistake("relu, leak", edit(RELU, "np.where(z > 0, 1.0, 0.01)"), "On the left your ReLU has the slope 0.01, that of the leaky one. Here it is flat."),
        Mistake("relu, on from 1", edit(RELU, "np.where(z > 1, 1.0, 0.0)"), "Your ReLU has its slope from z = 1 on. The kink is at 0."),
        Mistake("relu, h over z", edit(RELU, "np.maximum(z, 0) / z"), "Your slope of the ReLU is max(z, 0)/z: 0/0 at z = 0. Ask z > 0."),
        Mistake("leak on both sides", edit(LEAKY, "np.where(z > 0, 1.01, 0.01)"), "Where z > 0 your leaky ReLU has the slope 1.01: the leak is added there. It holds on the left only."),
        Mistake("leak taken away on the right", edit(LEAKY, "np.where(z > 0, 0.99, 0.01)"), "Where z > 0 your leaky ReLU has the slope 0.99. There it is z itself, with the slope 1."),
        Mistake("leaky relu, 1 everywhere", edit(LEAKY, "np.ones_like(z)"), "Your leaky ReLU has the slope 1 everywhere. Left of 0 it is 0.01."),
        Mistake("leaky relu, value on the right", edit(LEAKY, "np.where(z > 0, z, 0.01)"), "On the right your leaky ReLU has its value z. The slope of z is 1."),
        Mistake("leaky relu, 0 at the kink", edit(LEAKY, "np.where(z > 0, 1.0, np.where(z < 0, 0.01, 0.0))"), "At z = 0 your leaky ReLU has the slope 0, which neither side has: z > 0 and z < 0 both leave it out. The course takes the left one, 0.01."),
        Mistake("leak of 0.2", edit(LEAKY, "np.where(z > 0, 1.0, 0.2)"), "Your leak is 0.2. In this course it is 0.01."),
        Mistake("leak of 0.3", edit(LEAKY, "np.where(z > 0, 1.0, 0.3)"), "Your leak is 0.3. In this course it is 0.01."),
        Mistake("leak of 0.05", edit(LEAKY, "np.where(z > 0, 1.0, 0.05)"), "Your leak is 0.05. In this course it is 0.01."),
        Mistake("leak of 0.02", edit(LEAKY, "np.where(z > 0, 1.0, 0.02)"), "Your leak is 0.02. In this course it is 0.01."),
        Mistake("leak of 0.001", edit(LEAKY, "np.where(z > 0, 1.0, 0.001)"), "Your leak is 0.001. In this course it is 0.01."),
        Mistake("elu, z e^z on the left", edit(ELU, "np.where(z > 0, 1.0, z * np.exp(np.minimum(z, 0)))"), "On the left your ELU has the slope ze^z. e^z is its own derivative: no z comes down."),
        Mistake("elu, e^(−z) on the left", edit(ELU, "np.where(z > 0, 1.0, np.exp(-z))"), "On the left your ELU has the slope e^(−z), which grows. It is e^z."),
        Mistake("elu, e^z + 1 on the left", edit(ELU, "np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)) + 1)"), "On the left your ELU has the slope e^z + 1. h + 1 is right for its value h = e^z − 1, which makes e^z."),
        Mistake("elu, 1 − e^z on the left", edit(ELU, "np.where(z > 0, 1.0, 1 - np.exp(np.minimum(z, 0)))"), "On the left your ELU has the slope 1 − e^z. The derivative of e^z − 1 is e^z."),
        Mistake("elu, z on the right", edit(ELU, "np.where(z > 0, z, np.exp(np.minimum(z, 0)))"), "On the right your ELU has its value z. The slope of z is 1."),
        Mistake("elu, 1 everywhere", edit(ELU, "np.ones_like(z)"), "Your ELU has the slope 1 everywhere. Left of 0 it is e^z."),
        Mistake("elu, leak on the left", edit(ELU, "np.where(z > 0, 1.0, 0.01)"), "On the left your ELU has the slope of the leaky ReLU. It is e^z − 1 there."),
        Mistake("elu, sides exchanged", edit(ELU, "np.where(z < 0, 1.0, np.exp(z))"), "Your ELU has its two sides exchanged: it is z on the right and e^z − 1 on the left."),
        Mistake("elu, 0 at the kink", edit(ELU, "np.where(z > 0, 1.0, np.where(z < 0, np.exp(np.minimum(z, 0)), 0.0))"), "At z = 0 your ELU has the slope 0: z > 0 and z < 0 both leave it out. Both sides have 1 there."),
        Mistake("softplus, outer derivative for the value", edit(SOFTPLUS, "return np.exp(z) * np.logaddexp(0, z)"), "You multiply e^z by log(1 + e^z). The outer factor is the derivative of the logarithm, 1/(1 + e^z)."),
        Mistake("softplus, e^(−z) in the denominator", edit(SOFTPLUS, "return np.exp(z) / (1 + np.exp(-z))"), "Your slope of softplus is e^z/(1 + e^(−z)). The denominator is what stands in the logarithm, 1 + e^z."),
        Mistake("softplus, argument of the logarithm", edit(SOFTPLUS, "return 1 + np.exp(z)"), "Your slope of softplus is 1 + e^z, what stands in the logarithm. The derivative of log u is u'/u."),
        Mistake("softplus, silu", edit(SOFTPLUS, "return z * sigmoid(z)"), "Your slope of softplus is zσ(z), the value of silu. It is σ(z) alone."),
        Mistake("softplus, slope of log(1 + z)", edit(SOFTPLUS, "return 1 / (1 + z)"), "Your slope of softplus is 1/(1 + z), that of log(1 + z). Here e^z stands in the logarithm."),
        Mistake("softplus, 1 everywhere", edit(SOFTPLUS, "return np.ones_like(z)"), "Your slope of softplus is 1 everywhere. On the left softplus is flat."),
        Mistake("winner only above 0", edit(MAXOUT, "np.where((z == z.max(axis=-1, keepdims=True)) & (z > 0), 1.0, 0.0)"), "Your maxout gives the winner a slope only if it is above 0, as a ReLU does. The largest wins, whatever its sign."),
        Mistake("maxout divided by K", edit(MAXOUT, "np.where(z == z.max(axis=-1, keepdims=True), 1.0, 0.0) / z.shape[-1]"), "Your maxout is divided by the number of pieces. Nothing is averaged: the winner moves the maximum by 1."),
        Mistake("1/K for every piece", edit(MAXOUT, "np.full_like(z, 1 / z.shape[-1])"), "Your maxout gives every piece 1/K, the derivative of a mean. The winner gets everything."),
        Mistake("losers negative", edit(MAXOUT, "np.where(z == z.max(axis=-1, keepdims=True), 1.0, -1.0)"), "Your losing pieces have the slope −1. They do not move the maximum at all: 0."),
        Mistake("losers for the winner", edit(MAXOUT, "np.where(z == z.max(axis=-1, keepdims=True), 0.0, 1.0)"), "Your maxout gives the 1 to all pieces but the largest. The largest wins."),
        Mistake("pieces above their mean", edit(MAXOUT, "np.where(z > z.mean(axis=-1, keepdims=True), 1.0, 0.0)"), "Your maxout counts every piece above the mean. Only the largest wins."),
    )),
    hints=(
        "Every one of these is a function of z alone: differentiate f by hand first, then write what you got.",
        "silu is a product, so its slope is a sum of two terms. The ReLU family consists of two pieces each: np.where(z > 0, …, …) chooses between their slopes.",
        "softplus is log(1 + e^z): the outer derivative times the inner one is e^z/(1 + e^z), which you know under another name. For maxout compare z with its maximum over the last axis, axes kept.",
    ),
)  # fmt: skip
