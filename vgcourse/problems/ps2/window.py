"""Problem set 2, an investigation: the widest window of inputs whose gradient a chain of sigmoids does not shrink.

The learner returns weights and biases; the window is measured here, with the library: 4001 inputs, a millisecond.
"""

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps2.numbers import as_pair

TARGET = 0.42  # of the inputs from 0 to 1; one unit alone reaches 0.448
BEST = 6.89  # the weight of that unit, (2.13)
UNITS = (2, 5, 9)
GRID = np.linspace(0, 1, 4001)
STEEPEST = 2e14  # what rounds an h by 1e-16 then moves the last z by 0.02


def wide_window(L):
    """Weights and biases (L,) of h_l = σ(w_l h_{l−1} + b_l) for which |∂h_L/∂h_0| ≥ 1 in a wide part of [0, 1].

    All units but the last have the weight 1 and are nearly straight, so all inputs keep together in the middle;
    the last one makes up for the quarter that each of them has cost: 6.89 · 4^(L−1). Biases −w/2 centre.
    """
    w = np.ones(L)
    w[-1] = BEST * 4.0 ** (L - 1)
    b = -0.5 * w
    return w, b


def _common(weight):
    return lambda L: (np.full(L, weight), np.full(L, -weight / 2))


def products(w, b):
    """|∂h_L/∂h_0| at the inputs in [0, 1]."""
    h, product = GRID, np.ones_like(GRID)
    for weight, bias in zip(w, b, strict=True):
        z = weight * h + bias
        h, product = sigmoid(z), product * np.abs(weight) * sigmoid_derivative(z)
    return product


def measured(w, b):
    """The share of the inputs in [0, 1] at which |∂h_L/∂h_0| is at least 1."""
    product = products(w, b)
    return float(np.mean(product >= 1 - 1e-9)) if np.isfinite(product).all() else np.nan


def amplification(w):
    """By how much the last z can move for a change of some h_l by 1, at most: |w_L| Π |w_k|/4 from l on."""
    sizes = np.abs(w) / 4
    return 4 * np.cumprod(sizes[:0:-1]).max()


def _middle(w, b):
    """How far from 0 a z of the input ½ comes."""
    h, largest = 0.5, 0.0
    for weight, bias in zip(w, b, strict=True):
        z = weight * h + bias
        h, largest = sigmoid(z), max(largest, abs(z))
    return largest


def _measure(output, args):
    """The share that the learner's weights and biases give, up to the target; then 1 where all is in order:

    somewhere the gradient is kept; nowhere it grows far more than it has to; the units differ;
    the input ½ meets no flat part.
    """
    (L,) = args
    pair = as_pair(output)
    if pair is None:
        raise TypeError(f"is {describe(output)}; expected weights and biases, two arrays of {L} numbers")
    arrays = []
    for name, part in zip(("w", "b"), pair, strict=True):
        part = np.asarray(part)
        if part.shape != (L,) or part.dtype.kind not in "fiu":
            raise TypeError(f"has {describe(part)} for {name}; expected {L} real numbers, one for each unit")
        arrays.append(part.astype(float))
    if not amplification(arrays[0]) <= STEEPEST:
        raise TypeError(
            "is a window of rounding errors: weights that turn 1e-16 in an h into z. Take less extreme ones"
        )
    if not arrays[0].all():
        raise TypeError("has a weight of 0: no gradient passes such a unit, and no signal either")
    share, peak = measured(*arrays), products(*arrays).max()
    in_order = [peak >= 1 - 1e-9, peak <= 3, np.ptp(arrays[0]) > 0, _middle(*arrays) <= 3]
    return np.array([min(share, TARGET), *(share >= TARGET or fact for fact in in_order)])


def _closed(args, out):
    """Is there no window at all, though somewhere the gradient is kept?"""
    share, kept, *_ = next(iter(out.values()))
    return float(share <= 1e-3 and kept)


def _narrow(args, out):
    """How much is missing?"""
    return 1 - float(next(iter(out.values()))[0]) / TARGET


WIDE_WINDOW = Problem(
    name="ps2.wide_window",
    reference=wide_window,
    cases=lambda rng: [Case((L,), (f"window ({L} units)",)) for L in UNITS],
    adapt=_measure,
    exact=True,
    repeatable=True,
    points=3,
    lecture='lecture 2, "Saturation"',
    invariants=(
        Invariant("no window", _closed, "In some chain of yours hardly any input keeps its gradient. Measure yours with `window` and look where the slopes are small: are the middle inputs still in the middle when they reach the last unit, and how much have the units before it cost?"),
        Invariant("window too narrow", _narrow, "In some chain of yours the window is narrower than 0.42. Measure it with `window`, unit by unit: where do the inputs leave the steep part? Must all units do the same?"),
        Invariant("every gradient shrinks", off(1, sign=-1), "In some chain of yours the product of all slopes and weights is below 1 for every input. A unit multiplies by w/4 at most: one of them has to make up for what the others cost."),
        Invariant("all units alike", off(3, sign=-1), "In some chain of yours all units have the same weight. The best common weight, 4.44, reaches half of what is asked for: what can differ from unit to unit?"),
        Invariant("off-centre", off(4, sign=-1), "In some chain of yours the input ½ comes to a unit with |z| above 3, where a sigmoid is flat. What comes in lies around ½: which bias brings its z to 0?"),
        Invariant("far too steep", off(2, sign=-1), "In some chain of yours the best input's gradient grows to more than three times its size. A peak of 1.7 is enough for the widest window: a steeper unit makes a higher and narrower one. What does it have to make up for, for this L?"),
    ),
    mistakes=(
        Mistake("the best single unit, repeated", _common(BEST), "All your units have the weight that is best for one of them. Each one spreads the inputs further apart than the next one's window is wide. Must all units do the same?"),
        Mistake("weight 5 in every unit", _common(5.0), "All your units have the weight 5, the lecture's example. No common weight reaches the target: what else can differ from unit to unit?"),
        Mistake("weight 20 in every unit", _common(20.0), "All your units have the weight 20. They saturate for almost every input: a larger weight narrows the window."),
        Mistake("large weight first", edit("b = -0.5 * w", "w = w[::-1].copy()\n    b = -0.5 * w"), "Your first unit is the steep one. It pushes all inputs to its two ends, and no unit after it can bring them back."),
        Mistake("a factor 4 too many", edit("(L - 1)", "L"), "Your last unit is four times as steep as it has to be: its peak is high, its window narrow. How much have the units before it cost, all together?"),
        Mistake("not centred", edit("-0.5 * w", "-0.4 * w"), "Your chain is not centred: the input ½ does not reach the middle of the later units, where z = 0."),
        Mistake("first units too steep", edit("np.ones(L)", "np.full(L, 4.0)", " * 4.0 ** (L - 1)", ""), "Your first units have the weight 4, so they bend the inputs apart before the last one sees them. Which weight keeps a sigmoid nearly straight?"),
    ),
    hints=(
        "One unit cannot do better than 0.448. The chain's product is the slope of its whole curve from h_0 to h_L: which shape of that curve would be as good as a single unit's?",
        "A sigmoid with a small weight is nearly a straight line: it shrinks all inputs alike, and loses none. Where could the shrinking be made up for?",
        "Let all units but one be nearly straight, and count what they cost: a factor w/4 each. The biases keep the input ½ in the middle.",
    ),
)  # fmt: skip
