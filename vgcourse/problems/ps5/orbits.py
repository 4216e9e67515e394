"""Problem set 5 on one unit with a curve: orbits of two steps, their slope and whether they are stable."""

import numpy as np

from vgcourse.activations import get_activation
from vgcourse.dynamics import fixed_points, scalar_orbit
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- two_step_orbits -------------------------------------------------------------------------------


def two_step_orbits(name, w, drive, h):
    """Where h goes in one step, the slope w f'(z_1) w f'(z_2) of two steps, and whether its size is below 1."""
    activation = get_activation(name)
    f, slope = activation.function, activation.derivative
    z1 = w * h + drive
    other = f(z1)
    z2 = w * other + drive
    first = w * slope(z1)
    second = w * slope(z2)
    slopes = first * second
    return other, slopes, np.abs(slopes) < 1


def _slope_of(name, wrong):
    """A wrong slope for one of the activations, the right ones for the others."""
    right = "activation.derivative"
    return edit(right, f"lambda z: {wrong} if name == '{name}' else {right}(z)")


def _orbit_cases(rng):
    """Fixed points and both points of an orbit of two steps, of a sigmoid, two tanh and a ReLU that is silent at one of them."""
    u = rng.uniform
    maps = [
        ("tanh", -u(1.4, 1.9), u(0.1, 0.25)),
        ("sigmoid", -u(7.5, 9), u(3.2, 3.7)),
        ("relu", -u(2.2, 2.8), u(0.5, 0.9)),  # one step stretches, and more than the mean may
        ("tanh", u(1.6, 2.2), u(0.05, 0.12)),
        ("sigmoid", -u(2.5, 3.5), u(0.5, 1.5)),
        ("relu", -u(1.007, 1.02), u(0.5, 0.9)),  # a slope of two steps just above 1
        ("tanh", u(0.5, 0.8), u(0.1, 0.3)),
    ]
    cases = []
    for name, w, drive in maps:
        points = [point.h for point in fixed_points(w, activation=name, drive=drive)]
        orbit = scalar_orbit(w, 0.05, 401, activation=name, x=drive)[-2:]
        if abs(orbit[0] - orbit[1]) > 1e-6:
            points += list(orbit)
        cases.append(Case((name, float(w), float(drive), np.array(points)), ("other", "slopes", "stable")))
    drive = float(rng.integers(4, 8)) / 8  # in eighths, so that one z is 0 to the last bit
    cases.append(
        Case(("relu", -1.0, drive, np.array([0.0, drive, drive / 4])), ("other", "slopes", "stable"))
    )
    return cases


def _verdict_unlike_slope(args, outputs):
    return float(np.any((np.abs(outputs["slopes"]) < 1) != (outputs["stable"] == 1)))


def _no_way_back(args, outputs):
    name, w, drive, h = args
    again = get_activation(name).function(w * outputs["other"] + drive)
    return np.linalg.norm(again - h) / np.linalg.norm(h)


TWO_STEP_ORBITS = Problem(
    name="ps5.two_step_orbits",
    reference=two_step_orbits,
    cases=_orbit_cases,
    invariants=(
        Invariant("the way back", _no_way_back, "From your `other` one more step does not lead back to h. Every h here is on an orbit of two steps."),
        Invariant("verdict fits the slope", _verdict_unlike_slope, "Your verdicts do not fit your own slopes: stable is True exactly where |slope| < 1."),
    ),
    axes={"other": ("point",), "slopes": ("point",), "stable": ("point",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("pre-activation returned", edit("return other", "return z1"), "Your `other` is w h + drive, before the activation."),
        Mistake("pre-activation returned and used", edit("f(z1)", "z1"), "Your `other`, and with it your second step, is w h + drive, before the activation.", whole=True),
        Mistake("drive left out of the step", edit("return other", "return f(w * h)"), "Your `other` is f(w h): the drive is missing."),
        Mistake("drive left out everywhere", edit("w * h + drive", "w * h", "w * other + drive", "w * other"), "The drive is missing in both of your steps: each is f(w h + drive).", whole=True),
        Mistake("drive times w", edit("w * h + drive", "w * (h + drive)", "w * other + drive", "w * (other + drive)"), "In your steps w multiplies the drive as well. It is w h + drive.", whole=True),
        Mistake("two steps made", edit("return other", "return f(z2)"), "Your `other` is where h is after two steps, which is h again. Asked for is the point between."),
        Mistake("h turned round and used", edit("f(z1)", "-h"), "Your `other`, and with it your second step, is −h. Only without a drive, and with a curve as odd as tanh, would the two points be opposite: compute f(w h + drive).", whole=True),
        Mistake("h turned round", edit("return other", "return -h"), "Your `other` is −h. Only without a drive, and with a curve as odd as tanh, would the two points be opposite: compute f(w h + drive)."),
        Mistake("one step's slope", edit("first * second", "first"), "Your slopes are those of one step. After two steps a distance has been multiplied twice, at two different points.", beside_the_point=True),
        Mistake("slope at the other point only", edit("first * second", "second"), "Your slopes are those of the second step alone. Two steps multiply a distance twice."),
        Mistake("one slope squared", edit("first * second", "first**2"), "Your slopes are squares of the slope at h. The second step begins at the other point, where f' is another."),
        Mistake("slope at the other point squared", edit("first * second", "second**2"), "Your slopes are squares of the slope at the other point. The first step begins at h, where f' is another."),
        Mistake("slopes added", edit("first * second", "first + second"), "You add the slopes of the two steps. By the chain rule they multiply."),
        Mistake("three steps", edit("first * second", "first**2 * second"), "Your slopes are those of three steps. After two steps a point is back where it was."),
        Mistake("slopes averaged", edit("first * second", "(first + second) / 2"), "You average the slopes of the two steps. By the chain rule they multiply."),
        Mistake("root of the product", edit("first * second", "np.sqrt(np.abs(first * second))"), "You return the root of the product, a mean factor per step. Asked for is the slope of two steps."),
        Mistake("w once", edit("second = w * ", "second = "), "w stands in your slopes once. Each of the two steps brings it down."),
        Mistake("w four times", edit("first = w", "first = w**2", "second = w", "second = w**2"), "w stands in your slopes four times. Each of the two steps brings it down once."),
        Mistake("sign of one w lost", edit("second = w", "second = abs(w)"), "One of your two factors w has lost its sign. Two negative ones make a positive slope."),
        Mistake("sign of w w turned", edit("second = w", "second = -abs(w)"), "Your slopes have the wrong sign where w is above 0. Two equal factors w make a positive number."),
        Mistake("w left out", edit("first = w * ", "first = ", "second = w * ", "second = "), "Your slopes are f' times f'. The chain rule brings w down in each step."),
        Mistake("f' of the state", edit("slope(z1)", "slope(h)", "slope(z2)", "slope(other)"), "You take f' at the states, at h or at f(z). It belongs at the pre-activations z = w h + drive."),
        Mistake("f' of the other state", edit("slope(z2)", "slope(other)"), "In the second step you take f' at the other point itself. It belongs at the pre-activation that is made of it."),
        Mistake("drive left out of the second slope", edit("slope(z2)", "slope(w * other)"), "In the second step you take f' at w · other. The drive shifts that pre-activation, too."),
        Mistake("drive left out of the slope", edit("slope(z1)", "slope(w * h)", "slope(z2)", "slope(w * other)"), "You take f' at w h. The drive shifts the pre-activation too."),
        Mistake("tanh' for every f", edit("activation.derivative", "lambda z: 1 - f(z) ** 2"), "You use 1 − f² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("σ' for every f", edit("activation.derivative", "lambda z: f(z) * (1 - f(z))"), "You use f(1 − f) for every activation. That is σ'; tanh' = 1 − tanh², and ReLU' is 1 or 0."),
        Mistake("always tanh", edit("get_activation(name)", "get_activation('tanh')"), "Your unit is a tanh, whatever `name` says. The check also asks for sigmoid and ReLU."),
        Mistake("1 − z²", edit("activation.derivative", "lambda z: 1 - z**2"), "You use 1 − z². tanh' is 1 − tanh²(z); σ' and ReLU' are others."),
        Mistake("1 − tanh", _slope_of("tanh", "1 - f(z)"), "Your slope of tanh is 1 − tanh(z). The tanh is squared."),
        Mistake("σ for σ'", _slope_of("sigmoid", "f(z)"), "Your slope of the sigmoid is σ(z) itself. The factor 1 − σ(z) is missing."),
        Mistake("1 − σ for σ'", _slope_of("sigmoid", "1 - f(z)"), "Your slope of the sigmoid is 1 − σ(z). The factor σ(z) is missing."),
        Mistake("ReLU' = −1 below", _slope_of("relu", "np.sign(z)"), "Your ReLU has the slope −1 below 0, the sign of z. It is flat there: 0."),
        Mistake("ReLU' = 1", _slope_of("relu", "1.0 + 0 * z"), "Your ReLU has the slope 1 everywhere. Where z is not above 0 it is silent, with slope 0."),
        Mistake("ReLU' = 1 at 0", _slope_of("relu", "1.0 * (z >= 0)"), "At z = 0 your ReLU has the slope 1. The text takes 0 there: 1 above 0, else 0."),
        Mistake("ReLU' = f(z)/z", _slope_of("relu", "f(z) / z"), "Your slope of the ReLU is f(z)/z, which is 0/0 at z = 0. The text takes 0 there: 1 above 0, else 0."),
        Mistake("f for f'", edit("activation.derivative", "activation.function"), "You multiply by f(z), the height of the curve. The slope has f'(z)."),
        Mistake("size only", edit("first * second", "-np.abs(first * second)"), "The sign of your slopes is turned. Two negative factors make a positive one."),
        Mistake("verdict by one step", edit("np.abs(slopes) < 1", "np.abs(first) < 1"), "Your verdicts are those of one step from h. On an orbit of two steps one factor may be above 1 if the other makes up for it."),
        Mistake("verdict by the other step", edit("np.abs(slopes) < 1", "np.abs(second) < 1"), "Your verdicts are those of the second step alone. On an orbit of two steps one factor may be above 1 if the other makes up for it."),
        Mistake("both steps have to shrink", edit("np.abs(slopes) < 1", "(np.abs(first) < 1) & (np.abs(second) < 1)"), "You call stable only where each of the two steps shrinks. One may stretch if the other makes up for it."),
        Mistake("always stable", edit("np.abs(slopes) < 1", "np.ones(len(slopes), bool)"), "You call every orbit stable. Where the slope of two steps is above 1, neighbours move away."),
        Mistake("1 counts as stable", edit("np.abs(slopes) < 1", "np.abs(slopes) <= 1"), "Your verdicts allow a slope of exactly 1. There, two steps bring neighbours no nearer."),
        Mistake("verdict by rounding", edit("np.abs(slopes) < 1", "np.abs(slopes) < 1.05"), "Your verdicts allow slopes above 1. There, neighbours move away, if slowly."),
        Mistake("never stable", edit("np.abs(slopes) < 1", "slopes < 0"), "You call no orbit stable, as the rule slope < 0 of continuous time would. Here a distance is multiplied by the slope of two steps: below 1 in size, it shrinks."),
        Mistake("verdict reversed", edit("np.abs(slopes) < 1", "np.abs(slopes) > 1"), "Your verdicts are the wrong way round. |slope| < 1 brings neighbours nearer."),
        Mistake("at rest only", edit("np.abs(slopes) < 1", "np.abs(first - second) < 1e-6"), "You call stable only what comes back after one step. An orbit of two steps is stable if two steps bring neighbours nearer."),
        Mistake("pre-activation fed on", edit("w * other + drive", "w * z1 + drive"), "Your second step starts from z_1, before the activation. It starts at the other point, f(z_1)."),
        Mistake("f' of h in the first step", edit("slope(z1)", "slope(h)"), "In the first step you take f' at h itself. It belongs at the pre-activation, w h + drive."),
        Mistake("drive left out of the first slope", edit("slope(z1)", "slope(w * h)"), "In the first step you take f' at w h. The drive shifts that pre-activation, too."),
        Mistake("w of the second step at its point", edit("second = w * slope(z2)", "second = slope(w * z2)"), "In the second step w stands inside f'. It is a factor: w f'(z_2)."),
        Mistake("drive as a factor of the slope", edit("first = w * slope(z1)", "first = (w + drive) * slope(z1)"), "Your slopes hold w + drive. The drive is added to the pre-activation and is no part of its slope: w f'(z)."),
        Mistake("1/cosh", _slope_of("tanh", "1 / np.cosh(z)"), "Your slope of tanh is 1/cosh(z). The cosh is squared."),
        Mistake("1 + tanh²", _slope_of("tanh", "1 + f(z) ** 2"), "Your slope of tanh is 1 + tanh²(z), above 1. It is 1 − tanh²(z)."),
        Mistake("1 − f(f)", _slope_of("tanh", "1 - np.tanh(f(z)) ** 2"), "Your slope of tanh squashes twice: 1 − tanh²(tanh z)."),
        Mistake("σ(1 + σ)", _slope_of("sigmoid", "f(z) * (1 + f(z))"), "Your slope of the sigmoid is σ(1 + σ). It is σ(1 − σ)."),
        Mistake("1 − σ²", _slope_of("sigmoid", "1 - f(z) ** 2"), "Your slope of the sigmoid is 1 − σ², as for tanh. It is σ(1 − σ)."),
        Mistake("σ' of σ", _slope_of("sigmoid", "f(f(z)) * (1 - f(f(z)))"), "Your slope of the sigmoid squashes twice. σ' is σ(1 − σ), with σ taken at the pre-activation."),
        Mistake("z (1 − z) for σ'", _slope_of("sigmoid", "z * (1 - z)"), "Your slope of the sigmoid is z(1 − z). It is σ(z)(1 − σ(z)): what has been through the sigmoid."),
        Mistake("quarter of the slope", _slope_of("sigmoid", "0.25 + 0 * z"), "Your slope of the sigmoid is 1/4 everywhere. That is its largest, at z = 0."),
        Mistake("ReLU' = 1/2 at 0", _slope_of("relu", "0.5 * ((z > 0) + (z >= 0.0))"), "At z = 0 your ReLU has the slope 1/2. The text takes 0 there: 1 above 0, else 0."),
        Mistake("ReLU' = z", _slope_of("relu", "f(z)"), "Your slope of the ReLU is its height. It is 1 where z is above 0, else 0."),
        Mistake("ReLU' below", _slope_of("relu", "1.0 * (z < 0)"), "Your ReLU has the slope 1 below 0. It is the other way round: 1 above 0, else 0."),
        Mistake("orbits of two points only", edit("np.abs(slopes) < 1", "(np.abs(slopes) < 1) & (np.abs(other - h) > 1e-6)"), "You call no fixed point stable. For a fixed point everything holds as well: there `other` is h, and it is stable if two steps bring neighbours nearer."),
        Mistake("verdict by w", edit("np.abs(slopes) < 1", "np.full(len(h), abs(w) < 1)"), "Your verdicts ask for |w| < 1. f' stands in the slope as well, and is often far below 1."),
        Mistake("verdict by f' alone", edit("np.abs(slopes) < 1", "slope(z1) * slope(z2) < 1"), "Your verdicts leave w out. The slope of two steps has w twice."),
        Mistake("verdict by the mean", edit("np.abs(slopes) < 1", "(np.abs(first) + np.abs(second)) / 2 < 1"), "Your verdicts average the two steps. The steps multiply: their product has to be below 1."),
        Mistake("verdict by the largest", edit("np.abs(slopes) < 1", "np.full(len(h), np.abs(slopes).max() < 1)"), "You give one verdict for all points. Each has its own."),
    ),
    hints=(
        "Start a little beside h. By which factor has that distance changed after one step, and after the next?",
        "One step from h leads to the other point; the second one starts there. Each has its own pre-activation.",
        "z₁ = w h + drive, z₂ = w · other + drive. The slope has four factors, two of them w.",
    ),
)  # fmt: skip
