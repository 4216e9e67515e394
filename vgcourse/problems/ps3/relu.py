"""Problem set 3 on single units: a ReLU of a Gaussian with a bias."""

import math

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- relu_moments ----------------------------------------------------------------------------------


def relu_moments(s, b):
    """Moments of h = max(z + b, 0) for z ~ N(0, s²), and how often the unit is on.

    With t = b/s, Φ(t) = (1 + erf(t/√2))/2 and φ(t) = e^(−t²/2)/√(2π): E[h] = s φ + b Φ,
    E[h²] = (s² + b²) Φ + s b φ, Var = E[h²] − E[h]², and E[f'²] = P(z + b > 0) = Φ.
    """
    t = b / s
    phi = math.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    on = (1 + math.erf(t / math.sqrt(2))) / 2
    mean = s * phi + b * on
    second_moment = (s**2 + b**2) * on + s * b * phi
    variance = second_moment - mean**2
    return mean, second_moment, variance, on


def _bias_outside(s, b):
    mean, second, _, on = relu_moments(s, 0.0)
    return mean + b, second + 2 * b * mean + b**2, second - mean**2, on


def _relu_cases(rng):
    names = ("mean", "second_moment", "variance", "on")
    spreads = rng.uniform(0.5, 0.8), rng.uniform(1.4, 1.9), rng.uniform(2.1, 2.8)  # s² is not s
    spreads += rng.uniform(0.8, 0.9), rng.uniform(1.2, 1.4)
    places = rng.uniform(0.3, 0.6), -rng.uniform(0.3, 0.6), rng.uniform(0.7, 1.1), 0.0, -rng.uniform(1.0, 1.3)
    return [Case((float(s), float(s * t)), names) for s, t in zip(spreads, places, strict=True)]


RELU_MOMENTS = Problem(
    name="ps3.relu_moments",
    reference=relu_moments,
    cases=_relu_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("variance = second moment − mean²", lambda args, out: relative_error(out["variance"], out["second_moment"] - out["mean"] ** 2), "Your variance, second moment and mean do not fit together. For any random number Var = E[h²] − E[h]²."),
    ),
    mistakes=(
        Mistake("bias forgotten", lambda s, b: relu_moments(s, 0.0), "Your four numbers are those of a ReLU without a bias, the lecture's (4.11) to (4.13). Here the unit is on where z > −b, and puts out z + b.", beside_the_point=True),
        Mistake("bias added behind the ReLU", _bias_outside, "You add b to max(z, 0). The bias comes before the ReLU: max(z + b, 0), which is never below 0."),
        Mistake("bias moves the kink only", edit(" + b * on", "", "(s**2 + b**2)", "s**2", "* on + ", "* on - "), "You average z over the draws with z > −b. A unit that is on puts out z + b, not z."),
        Mistake("sign of the bias", lambda s, b: relu_moments(s, -b), "Your bias has the wrong sign. The unit is on where z + b > 0, more often if b is positive."),
        Mistake("not divided by s", edit("/ s", ""), "You take Φ and φ at b. z/s is the standard normal number, so the place is b/s."),
        Mistake("divided by the variance", edit("/ s", "/ s**2"), "You take Φ and φ at b/s². s is the standard deviation already: the place is b/s."),
        Mistake("variance given as s", edit("t = b ", "s = math.sqrt(s)\n    t = b "), "You treat s as the variance of z. It is the standard deviation: the mean square of z is s²."),
        Mistake("density without 1/√(2π)", edit(" / math.sqrt(2 * math.pi)", ""), "Your φ is e^(−t²/2) without its 1/√(2π)."),
        Mistake("density with 1/√2π of the variance", edit("math.sqrt(2 * math.pi)", "(2 * math.pi)"), "Your φ is divided by 2π. It is √(2π)."),
        Mistake("√2 for √(2π)", edit("math.sqrt(2 * math.pi)", "math.sqrt(2)"), "Your φ is divided by √2. It is √(2π)."),
        Mistake("φ without the ½", edit("-(t**2) / 2", "-(t**2)"), "Your φ is e^(−t²)/√(2π). The exponent has a half: −t²/2."),
        Mistake("φ at b", edit("-(t**2) / 2", "-(b**2) / 2"), "Your φ is taken at b, your Φ is not. Both belong at t = b/s."),
        Mistake("φ at b in the mean", edit("s * phi", "s * math.exp(-(b**2) / 2) / math.sqrt(2 * math.pi)"), "The φ in your mean is taken at b. It belongs at t = b/s, as Φ does."),
        Mistake("φ with its 1/s", edit("math.sqrt(2 * math.pi)", "math.sqrt(2 * math.pi) / s"), "Your φ is the density of z, with a 1/s. Here φ is that of the standard normal, and s stands before it: s φ(t)."),
        Mistake("s missing in the mean", edit("s * phi", "phi"), "Your mean has φ(t) where s φ(t) belongs: z = s u brings its s out of the integral."),
        Mistake("s squared in the mean", edit("s * phi", "s**2 * phi"), "Your mean has s² φ(t) where s φ(t) belongs: z = s u brings one s out of the integral."),
        Mistake("s missing in the second moment", edit("s * b * phi", "b * phi"), "Your second moment has b φ(t) where s b φ(t) belongs: a mean square has two factors of the size of z or b."),
        Mistake("s squared in the second moment", edit("s * b * phi", "s**2 * b * phi"), "Your second moment has s² b φ(t) where s b φ(t) belongs: a mean square has two factors of the size of z or b."),
        Mistake("b missing in the second moment", edit("s * b * phi", "s * phi"), "Your second moment has s φ(t) where s b φ(t) belongs: a mean square has two factors of the size of z or b."),
        Mistake("Φ for φ", edit("math.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)", "(1 + math.erf(t / math.sqrt(2))) / 2"), "Where φ belongs you have Φ. φ is the density, Φ the probability of lying below t."),
        Mistake("φ for Φ in the mean", edit("b * on", "b * phi"), "Your mean has b φ(t) where b Φ(t) belongs: b is put out as often as the unit is on, and that probability is Φ."),
        Mistake("sign of φ in the mean", edit("s * phi", "-s * phi"), "Your mean has −s φ. ∫uφ(u)du from −t to infinity is +φ(t)."),
        Mistake("erf without √2", edit("math.erf(t / math.sqrt(2))", "math.erf(t)"), "Your Φ uses erf(t). The error function is the integral of e^(−t²), without the ½ of the normal density: its argument is t/√2."),
        Mistake("erf for Φ", edit("(1 + math.erf(t / math.sqrt(2))) / 2", "math.erf(t / math.sqrt(2))"), "Your Φ is erf(t/√2). That is the probability between −t and t; what lies below t is (1 + erf(t/√2))/2."),
        Mistake("cross term missing", edit(" + s * b * phi", ""), "Your second moment lacks the term s b φ. Multiply (z + b)² out, and integrate z² by parts: both give such a term."),
        Mistake("cross term twice", edit("* on + ", "* on + 2 * "), "Your second moment has 2 s b φ. That is the middle term of (z + b)²; integrating z² by parts takes one s b φ away again."),
        Mistake("cross term with a minus", edit("* on + ", "* on - "), "Your second moment has −s b φ. That comes from z² alone; the middle term of (z + b)² brings 2 s b φ, so that +s b φ is left."),
        Mistake("b² missing", edit("(s**2 + b**2)", "s**2"), "Your second moment lacks b² Φ, the last term of (z + b)²."),
        Mistake("bΦ missing in the mean", edit(" + b * on", ""), "Your mean lacks b Φ(t): while the unit is on, its output holds b."),
        Mistake("only units that are on", edit("variance = ", "mean, second_moment = mean / on, second_moment / on\n    variance = "), "You average over the draws for which the unit is on. The others count too, with 0."),
        Mistake("mean not subtracted", edit(" - mean**2", ""), "Your variance is the second moment. The mean of h is not zero here: Var = E[h²] − E[h]²."),
        Mistake("mean not squared", edit(" - mean**2", " - mean"), "You subtract the mean from the second moment. It is its square that goes: Var = E[h²] − E[h]²."),
        Mistake("second moment and variance exchanged", lambda s, b: tuple(relu_moments(s, b)[k] for k in (0, 2, 1, 3)), "Your second moment and your variance are exchanged. The order asked for is mean, second_moment, variance, on."),
        Mistake("off for on", edit("variance, on", "variance, 1 - on"), "Your last number is how often the unit is off. Asked for is how often it is on, which is the mean square of its slope."),
        Mistake("on is always a half", edit("variance, on", "variance, 0.5"), "Your last number is ½, as without a bias. Where z + b is positive the unit is on: that is more than half for a positive b."),
        Mistake("Φ at −b/s", edit("t = b ", "t = -b "), "You take Φ at −b/s. That is the probability that the unit is off; it is on where z > −b, with the probability Φ(b/s).", whole=True),
        Mistake("size of the bias", lambda s, b: relu_moments(s, abs(b)), "Your numbers are those of |b|. They are right for a positive bias only: with a negative one the unit is on less often, and the formulas hold as they stand."),
        Mistake("density of z", edit("s * phi", "phi / s", "s * b * phi", "b * phi / s"), "You use the density of z, φ(t)/s, where s φ(t) belongs: with z = s u the integral of z times its density brings out an s."),
        Mistake("density of z in the mean", edit("s * phi", "phi / s"), "Your mean has the density of z, φ(t)/s, where s φ(t) belongs: with z = s u the integral of z times its density brings out an s."),
        Mistake("s² Φ for the variance", edit("(s**2 + b**2) * on + s * b * phi", "s**2 * on + mean**2"), "You take s² Φ for the variance. A unit that is off puts out 0, which is a spread of its own: work out E[h²] first, and subtract E[h]².", alone=True),
        Mistake("second moment is the squared mean", edit("(s**2 + b**2) * on + s * b * phi", "mean**2"), "Your second moment is the square of the mean, so the variance comes out as 0. Square h first, then average.", alone=True),
        Mistake("half of the mean square", edit("(s**2 + b**2) * on + s * b * phi", "(s**2 + b**2) / 2"), "Your second moment is half of s² + b². Half is right without a bias; with one, the sides above and below 0 are no longer mirror images.", alone=True),
        Mistake("variance without the bias", edit("second_moment - mean**2", "s**2 * (0.5 - 0.5 / math.pi)"), "Your variance is that of a ReLU without a bias. With one, it is E[h²] − E[h]² of your other numbers."),
        Mistake("variance of z", edit("second_moment - mean**2", "s**2"), "Your variance is s², that of z. The ReLU takes away what lies below 0."),
        Mistake("variance of z while on", edit("second_moment - mean**2", "s**2 * on"), "Your variance is s² Φ. A unit that is off puts out 0, which is a spread of its own: E[h²] − E[h]².", alone=True),
        Mistake("bias always put out", edit("b * on", "b"), "Your mean adds the whole b. A unit that is off puts out 0: b counts as often as the unit is on."),
        Mistake("φ at 0", edit("math.exp(-(t**2) / 2)", "1"), "Your φ is φ(0) = 1/√(2π), whatever the bias. It belongs at t = b/s."),
        Mistake("bias in the last number alone", lambda s, b: (*relu_moments(s, 0.0)[:3], relu_moments(s, b)[3]), "Your mean, second moment and variance are those without a bias. The unit puts out z + b where it is on.", whole=True),
        Mistake("probability squared", edit("variance, on", "variance, on**2"), "Your last number is squared. The slope is 0 or 1 and equals its own square, so its mean square is the probability itself.", alone=True),
        Mistake("standard deviation for the variance", edit("variance, on", "math.sqrt(variance), on"), "Your variance is its root. Asked for is the variance itself."),
        Mistake("φ for Φ everywhere", edit("(1 + math.erf(t / math.sqrt(2))) / 2", "phi"), "Where Φ belongs you have φ. Φ is the probability of lying below t, φ the density there.", alone=True),
        Mistake("a sigmoid for Φ", edit("(1 + math.erf(t / math.sqrt(2))) / 2", "1 / (1 + math.exp(-t))"), "Your Φ is a sigmoid. The probability that a normal number lies below t is ½(1 + erf(t/√2)).", alone=True),
        Mistake("whole b² in the second moment", edit("(s**2 + b**2) * on", "s**2 * on + b**2"), "Your second moment holds all of b². b is put out only while the unit is on: b² Φ."),
        Mistake("whole s² in the second moment", edit("(s**2 + b**2) * on", "s**2 + b**2 * on"), "Your second moment holds all of s². Only draws with the unit on count: s² Φ."),
        Mistake("second moment of z + b", edit("(s**2 + b**2) * on + s * b * phi", "s**2 + b**2"), "Your second moment is that of z + b, without the ReLU. Where z + b is negative, h is 0."),
        Mistake("half of s²", edit("(s**2 + b**2) * on", "(s**2 / 2 + b**2 * on)"), "Your second moment has ½ s², as without a bias. The unit is on with the probability Φ: s² Φ."),
        Mistake("off for on in the mean", edit("b * on", "b * (1 - on)"), "Your mean has b times the share of draws with the unit off. b is put out while it is on: b Φ."),
        Mistake("mean times the share", edit("mean = s * phi + b * on", "mean = (s * phi + b) * on"), "Your mean multiplies s φ by Φ. The integral of z φ from −b on is s φ already: E[h] = s φ + b Φ."),
        Mistake("second moment times the share", edit("* on + s * b * phi", "* on + s * b * phi * on"), "Your second moment multiplies s b φ by Φ. The integral over the draws with the unit on is taken already."),
        Mistake("half of the mean taken at b = 0", edit("s * phi + b * on", "s / math.sqrt(2 * math.pi) + b * on"), "Your mean has φ(0). The place is t = b/s: s φ(t) + b Φ(t)."),
        Mistake("bias added to the mean of the ReLU", edit("s * phi + b * on", "s / math.sqrt(2 * math.pi) + b"), "Your mean is that of max(z, 0) plus b. The bias comes before the ReLU: E[max(z + b, 0)] = s φ + b Φ."),
        Mistake("half of b in the mean", edit("s * phi + b * on", "s * phi + b / 2"), "Your mean has ½ b, as if the unit were on half of the time. It is on with the probability Φ(b/s)."),
        Mistake("mean taken as 0 at b = 0", lambda s, b: (0.0, s**2 / 2, s**2 / 2, 0.5) if b == 0 else relu_moments(s, b), "For b = 0 your mean is 0, as that of z is. max(z, 0) is never below 0: its mean is s/√(2π), and the formulas hold for b = 0 as they stand."),
        Mistake("off for a bias below zero", lambda s, b: (0.0, 0.0, 0.0, 0.0) if b < 0 else relu_moments(s, b), "For a bias below 0 your unit is off for good. It is on where z > −b, less often: the formulas hold for both signs."),
        Mistake("a half for a bias of zero or less", lambda s, b: (*relu_moments(s, b)[:3], 0.5 if b <= 0 else relu_moments(s, b)[3]), "For a bias below 0 your last number is ½. The unit is on where z > −b, less than half of the time: Φ(b/s) holds for both signs."),
        Mistake("t = s/b", edit("t = b / s", "t = s / b if b else math.inf"), "You divide s by b. z/s is the standard normal number, so the place is t = b/s."),
        Mistake("density over s in the exponent twice", edit("-(t**2) / 2", "-(t**2) / (2 * s**2)"), "Your φ divides by s² once more: t = b/s holds it already, e^(−t²/2)."),
        Mistake("½ outside the sum in Φ", edit("(1 + math.erf(t / math.sqrt(2))) / 2", "1 / 2 + math.erf(t / math.sqrt(2))"), "Your Φ is ½ + erf(t/√2). The ½ multiplies both: ½(1 + erf(t/√2))."),
        Mistake("variance from the share", edit("second_moment - mean**2", "second_moment - on * mean**2"), "You take Φ E[h]² off. The mean holds the draws with the unit off already: Var = E[h²] − E[h]²."),
        Mistake("root of the probability", edit("variance, on", "variance, math.sqrt(on)"), "Your last number is √Φ. The slope is 0 or 1, so its mean square is the probability Φ itself."),
        Mistake("slope of the variance", edit("variance, on", "variance, on * (1 - on)"), "Your last number is Φ(1 − Φ), the variance of the slope. Asked for is its mean square, Φ."),
    ),
    hints=(
        "The unit is on where z > −b. Write each mean as an integral from −b to infinity.",
        "With z = s·u: ∫φ(u)du from −t to infinity is Φ(t), with t = b/s. u φ(u) = −φ'(u), so ∫uφ(u)du over the same range is φ(t). For u² integrate by parts.",
        "∫u²φ(u)du from −t to infinity is Φ(t) − t φ(t). Now multiply out (s u + b)² and collect.",
    ),
)  # fmt: skip
