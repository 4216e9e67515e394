"""Problem set 5 on one unit with a curve: orbits of two steps, their slope and whether they are stable."""

import numpy as np

from vgcourse.activations import get_activation
from vgcourse.dynamics import fixed_points, scalar_orbit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- two_step_orbits -------------------------------------------------------------------------------


def two_step_orbits(name, w, drive, h):
    """Where h goes in one step, the slope w f'(z_1) w f'(z_2) of two steps, and whether its size is below 1."""
    return _two_steps(name, w, drive, h)


def _verdict(slopes, one):
    return np.abs(slopes) < 1


def _two_steps(
    name,
    w,
    drive,
    h,
    *,
    step=lambda f, w, drive, h: f.function(w * h + drive),
    at=lambda w, drive, h, second: w * h + drive,
    f_slope=lambda f, z: f.derivative(z),
    both=lambda first, second: first * second,
    factor=lambda w: w,
    whole=lambda w, slopes: slopes,
    verdict=_verdict,
):
    f = get_activation(name)
    right = f.function(w * h + drive)  # slopes of the right points: a slip in one result stays there
    first, second = (factor(w) * f_slope(f, at(w, drive, *point)) for point in ((h, False), (right, True)))
    one, two = (w * f.derivative(w * point + drive) for point in (h, right))
    return step(f, w, drive, h), whole(w, both(first, second)), verdict(one * two, one)


def _orbit_cases(rng):
    """Fixed points and both points of an orbit of two steps, of a sigmoid, two tanh and a ReLU that is silent at one of them."""
    u = rng.uniform
    maps = [
        ("tanh", -u(1.4, 1.9), u(0.1, 0.25)),
        ("sigmoid", -u(7.5, 9), u(3.2, 3.7)),
        ("relu", -u(1.3, 1.8), u(0.5, 0.9)),
        ("tanh", u(1.6, 2.2), u(0.05, 0.12)),
        ("sigmoid", -u(2.5, 3.5), u(0.5, 1.5)),
        ("relu", -u(1.007, 1.02), u(0.5, 0.9)),  # a slope of two steps just above 1
    ]
    cases = []
    for name, w, drive in maps:
        points = [point.h for point in fixed_points(w, activation=name, drive=drive)]
        orbit = scalar_orbit(w, 0.05, 401, activation=name, x=drive)[-2:]
        if abs(orbit[0] - orbit[1]) > 1e-6:
            points += list(orbit)
        cases.append(Case((name, float(w), float(drive), np.array(points)), ("other", "slopes", "stable")))
    drive = float(rng.integers(4, 8)) / 8  # in eighths, so that one z is 0 to the last bit
    cases.append(Case(("relu", -1.0, drive, np.array([0.0, drive])), ("other", "slopes", "stable")))
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
    family=_two_steps,
    invariants=(
        Invariant("the way back", _no_way_back, "From your `other` one more step does not lead back to h. Every h here is on an orbit of two steps."),
        Invariant("verdict fits the slope", _verdict_unlike_slope, "Your verdicts do not fit your own slopes: stable is True exactly where |slope| < 1."),
    ),
    axes={"other": ("point",), "slopes": ("point",), "stable": ("point",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("pre-activation returned", dict(step=lambda f, w, drive, h: w * h + drive), "Your `other` is w h + drive, before the activation."),
        Mistake("drive left out of the step", dict(step=lambda f, w, drive, h: f.function(w * h)), "Your `other` is f(w h): the drive is missing."),
        Mistake("two steps made", dict(step=lambda f, w, drive, h: f.function(w * f.function(w * h + drive) + drive)), "Your `other` is where h is after two steps, which is h again. Asked for is the point between."),
        Mistake("h turned round", dict(step=lambda f, w, drive, h: -h), "Your `other` is −h. Only without a drive, and with a curve as odd as tanh, would the two points be opposite: compute f(w h + drive)."),
        Mistake("one step's slope", dict(both=lambda first, second: first), "Your slopes are those of one step. After two steps a distance has been multiplied twice, at two different points."),
        Mistake("slope at the other point only", dict(both=lambda first, second: second), "Your slopes are those of the second step alone. Two steps multiply a distance twice."),
        Mistake("one slope squared", dict(both=lambda first, second: first**2), "Your slopes are squares of the slope at h. The second step begins at the other point, where f' is another."),
        Mistake("slopes added", dict(both=lambda first, second: first + second), "You add the slopes of the two steps. By the chain rule they multiply."),
        Mistake("slopes averaged", dict(both=lambda first, second: (first + second) / 2), "You average the slopes of the two steps. By the chain rule they multiply."),
        Mistake("root of the product", dict(both=lambda first, second: np.sqrt(np.abs(first * second))), "You return the root of the product, a mean factor per step. Asked for is the slope of two steps."),
        Mistake("w once", dict(whole=lambda w, slopes: slopes / w), "w stands in your slopes once. Each of the two steps brings it down."),
        Mistake("w left out", dict(factor=lambda w: 1.0), "Your slopes are f' times f'. The chain rule brings w down in each step."),
        Mistake("f' of the state", dict(at=lambda w, drive, h, second: h), "You take f' at the states. It belongs at the pre-activations z = w h + drive."),
        Mistake("f' of the other state", dict(at=lambda w, drive, h, second: h if second else w * h + drive), "In the second step you take f' at the other point itself. It belongs at the pre-activation that is made of it."),
        Mistake("drive left out of the slope", dict(at=lambda w, drive, h, second: w * h), "You take f' at w h. The drive shifts the pre-activation too."),
        Mistake("tanh' for every f", dict(f_slope=lambda f, z: 1 - f.function(z) ** 2), "You use 1 − f² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("always tanh", lambda name, *args: _two_steps("tanh", *args), "Your unit is a tanh, whatever `name` says. The check also asks for sigmoid and ReLU."),
        Mistake("1 − z²", dict(f_slope=lambda f, z: 1 - z**2), "You use 1 − z². tanh' is 1 − tanh²(z); σ' and ReLU' are others."),
        Mistake("ReLU' = 1 at 0", dict(f_slope=lambda f, z: 1.0 * (z >= 0) if f.name == "relu" else f.derivative(z)), "At z = 0 your ReLU has the slope 1. The text takes 0 there: 1 above 0, else 0."),
        Mistake("f for f'", dict(f_slope=lambda f, z: f.function(z)), "You multiply by f(z), the height of the curve. The slope has f'(z)."),
        Mistake("size only", dict(both=lambda first, second: -np.abs(first * second)), "The sign of your slopes is turned. Two negative factors make a positive one."),
        Mistake("verdict by one step", dict(verdict=lambda slopes, one: np.abs(one) < 1), "Your verdicts are those of one step from h. On an orbit of two steps one factor may be above 1 if the other makes up for it."),
        Mistake("verdict by rounding", dict(verdict=lambda slopes, one: np.abs(slopes) < 1.05), "Your verdicts allow slopes above 1. There, neighbours move away, if slowly."),
        Mistake("slope below 0", dict(verdict=lambda slopes, one: slopes < 0), "Your verdicts ask for slope < 0, the rule of continuous time. Here a distance is multiplied by the slope."),
        Mistake("verdict reversed", dict(verdict=lambda slopes, one: np.abs(slopes) > 1), "Your verdicts are the wrong way round. |slope| < 1 brings neighbours nearer."),
        Mistake("at rest only", dict(verdict=lambda slopes, one: np.abs(slopes - one**2) < 1e-6), "You call stable only what comes back after one step. An orbit of two steps is stable if two steps bring neighbours nearer."),
    ),
    hints=(
        "Start a little beside h. By which factor has that distance changed after one step, and after the next?",
        "One step from h leads to the other point; the second one starts there. Each has its own pre-activation.",
        "z₁ = w h + drive, z₂ = w · other + drive. The slope has four factors, two of them w.",
    ),
)  # fmt: skip
