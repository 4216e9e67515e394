"""Problem set 3, an investigation: the gain at which both directions of a net are as level as they can be.

The answer is a number. Whether it is good is measured here, with integrals: about 1 ms for each net.
"""

import functools
import math

import numpy as np

from vgcourse.collect import Passed
from vgcourse.collect.plain import copy_arguments, describe
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SLACK = 0.025  # a drift that exceeds the smallest possible one by so much is accepted
NEAR = 0.15  # by so much too large, and the gain is some hundredths off

# --- level_gain ------------------------------------------------------------------------------------

HALF, WEIGHTS = np.polynomial.legendre.leggauss(24)
NODES = 4 * (HALF + 1)  # from 0 to 8 standard deviations
NODES = np.concatenate([-NODES, NODES])  # a kink at 0 lies between two pieces
WEIGHTS = np.tile(WEIGHTS, 2) * np.exp(-(NODES**2) / 2)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


UNITS = """
FUNCTIONS = {
    "blend": lambda z, c: c * z + (1 - c) * np.tanh(z),
    "elu": lambda z, c: np.where(z > 0, z, c * np.expm1(np.minimum(z, 0))),
    "softsign": lambda z, c: z / (1 + c * np.abs(z)),
}
SLOPES = {
    "blend": lambda z, c: c + (1 - c) / np.cosh(np.clip(z, -300, 300)) ** 2,
    "elu": lambda z, c: np.where(z > 0, 1.0, c * np.exp(np.minimum(z, 0))),
    "softsign": lambda z, c: 1 / (1 + c * np.abs(z)) ** 2,
}


def unit(kind, c, slope):
    formula = (SLOPES if slope else FUNCTIONS)[kind]
    return lambda z: formula(np.asarray(z, dtype=float), c)
"""


def unit(kind, c):
    """An activation of one parameter c and its slope: `blend` cz + (1 − c) tanh z, `elu`, `softsign`."""
    return Passed(UNITS, "unit", (kind, c, False)), Passed(UNITS, "unit", (kind, c, True))


def logarithms(f, df, depth, gain):
    """ln(q_L/q_0) and ln ∏ χ_l of a net of this gain, from q_0 = ν = gain²."""
    q = start = gain**2
    back = 0.0
    for _ in range(depth):
        z = math.sqrt(q) * NODES
        chi = gain**2 * (WEIGHTS @ df(z) ** 2)
        back += math.log(chi)
        q = gain**2 * (WEIGHTS @ f(z) ** 2)
    return math.log(q / start), back


def level_gain(f, df, depth):
    """The gain √ν with the smallest drift max(|ln(q_L/q_0)|, |ln ∏ χ_l|), by (4.15) from q_0 = ν.

    Both logarithms grow with the gain, so the larger of their sizes is smallest where they are opposite.
    """
    low, high = 0.2, 6.0
    for _ in range(26):
        gain = (low + high) / 2
        forward, backward = logarithms(f, df, depth, gain)
        low, high = (gain, high) if forward + backward < 0 else (low, gain)
    return (low + high) / 2


def drift(f, df, depth, gain):
    """The larger size of both logarithms."""
    return max(map(abs, logarithms(f, df, depth, gain)))


@functools.lru_cache(maxsize=512)
def _best(f, df, depth):
    return level_gain(f, df, depth)


def _on_a_grid(step):
    """The better of the two neighbours of the best gain among the multiples of `step`."""

    def gain(f, df, depth):
        below = math.floor(_best(f, df, depth) / step) * step
        return min((below, below + step), key=lambda gain: drift(f, df, depth, gain))

    return gain


def _one_layer(function):
    return 1 / math.sqrt(WEIGHTS @ function(NODES) ** 2)


def _least(measure):
    """The gain at which `measure` of the two logarithms is smallest, by thirds."""

    def gain(f, df, depth):
        low, high = 0.4, 4.0
        for _ in range(30):
            a, b = low + (high - low) / 3, high - (high - low) / 3
            smaller = measure(*logarithms(f, df, depth, a)) < measure(*logarithms(f, df, depth, b))
            low, high = (low, b) if smaller else (a, high)
        return (low + high) / 2

    return gain


def _squares(forward, backward):
    return forward**2 + backward**2


def _ratios(forward, backward):
    return max(abs(math.expm1(min(forward, 300))), abs(math.expm1(min(backward, 300))))


def _mean_of_both(f, df, depth):
    """The average of the gain that is level forwards and the one that is level backwards."""
    return (
        _least(lambda up, back: abs(up))(f, df, depth) + _least(lambda up, back: abs(back))(f, df, depth)
    ) / 2


def _both_of_one_layer(f, df, depth):
    return math.sqrt(2 / (_one_layer(f) ** -2 + _one_layer(df) ** -2))


def _gain_cases(rng):
    cases = []
    kinds = ("blend", 0.12, 0.2, (6, 10)), ("elu", 0.7, 0.9, (25, 41)), ("softsign", 0.3, 0.5, (25, 41))
    for kind, low, high, depths in kinds:
        while True:
            passed, depth = unit(kind, float(rng.uniform(low, high))), int(rng.integers(*depths))
            best = _best(*copy_arguments(passed), depth)
            if abs(100 * best - round(100 * best)) > 0.4:  # far from all that a coarse grid holds
                break
        cases.append(Case((*passed, depth), (f"level [{kind}]",)))
    return cases


def _as_drift(output, args):
    """1 for a drift near the smallest; else 1 plus what it is too large by, negative if the gain is too small."""
    gain = np.asarray(output)
    if gain.shape != () or gain.dtype.kind not in "fiu" or not 0.01 <= gain <= 100:
        raise TypeError(f"is {describe(output)}; expected one number from 0.01 to 100, the gain")
    f, df, depth = copy_arguments(args)
    found = logarithms(f, df, depth, float(gain))
    excess = max(map(abs, found)) - drift(f, df, depth, _best(f, df, depth))
    return 1.0 if excess <= SLACK else math.copysign(1 + excess, sum(found))


def _beyond(sign):
    """How far a gain that is not near is off on one side."""
    return lambda args, out: max(0.0, sign * float(*out.values()) - 1.0 - NEAR)


LEVEL_GAIN = Problem(
    name="ps3.level_gain",
    reference=level_gain,
    helpers=(logarithms,),
    cases=_gain_cases,
    adapt=_as_drift,
    exact=True,
    likeness=0.015,
    points=4,
    lecture='lecture 4, "Initialisation"',
    invariants=(
        Invariant("near", lambda args, out: float(1 < abs(float(*out.values())) < 1 + NEAR), "Somewhere your gain is close to the best one, and not close enough: over so many layers a hundredth more or less is felt. If it is a matter of the search, make its last steps smaller; if of the integrals, gaussian_mean is exact enough, at a kink too."),
        Invariant("gain too large", _beyond(1), "Your gain is too large somewhere: with a smaller one the worse of the two directions drifts less."),
        Invariant("gain too small", _beyond(-1), "Your gain is too small somewhere: with a larger one the worse of the two directions drifts less."),
    ),
    mistakes=(
        Mistake("forwards only", edit("forward + backward <", "forward <"), "At your gain the forward signal is level, and the gradient pays for it. Weigh both directions: the worse of the two counts."),
        Mistake("backwards only", edit("forward + backward <", "backward <"), "At your gain the gradient is level, and the forward signal pays for it. Weigh both directions: the worse of the two counts."),
        Mistake("one layer forwards", lambda f, df, depth: _one_layer(f), "Your gain is that of (4.16): it keeps E[z²] at 1. Forwards alone; what happens to the gradient over all layers?"),
        Mistake("one layer backwards", lambda f, df, depth: _one_layer(df), "Your gain makes χ = 1 for z of variance 1. Forwards nobody looked, and the variance does not stay 1."),
        Mistake("gain 1", lambda f, df, depth: 1.0, "Your gain is 1, as if every unit were linear."),
        Mistake("√2", lambda f, df, depth: math.sqrt(2), "Your gain is √2, He's for a ReLU. These activations are others."),
        Mistake("5/3", lambda f, df, depth: 5 / 3, "Your gain is 5/3, a library's for tanh. These activations are others, and two directions count."),
        Mistake("one layer less", edit("range(depth)", "range(depth - 1)", within=logarithms), "Your gain is the best one for a net of one layer less. Both logarithms are over L steps: q from q_0 to q_L, and χ for l = 0 … L − 1."),
        Mistake("from variance 1", edit("q = start = gain**2", "q = start = 1.0", within=logarithms), "Your map starts at q_0 = 1. Here q_0 = ν: the first layer's weights have the gain, too."),
        Mistake("two digits", _on_a_grid(0.01), "Your gain has two digits. It is near the best one, but over so many layers a hundredth is too coarse: go on with a finer grid around it."),
        Mistake("ν for the gain", edit("return (low + high) / 2", "return ((low + high) / 2) ** 2"), "You return ν. The gain is its root."),
        Mistake("root of the gain", edit("return (low + high) / 2", "return math.sqrt((low + high) / 2)"), "You return the root of the gain. In (4.15) ν is the gain squared; did you pass the gain where ν belongs?"),
        Mistake("forwards counted twice", edit("forward + backward <", "2 * forward + backward <"), "Your gain weighs forwards and backwards differently. Did you mix mean squares with root mean squares? Both logarithms are of mean squares."),
        Mistake("backwards counted twice", edit("forward + backward <", "forward + 2 * backward <"), "Your gain weighs forwards and backwards differently. Did you mix mean squares with root mean squares? Both logarithms are of mean squares."),
        Mistake("slope not squared", edit("df(z) ** 2", "df(z)", within=logarithms), "Your χ has the mean of f' where the mean of its square belongs."),
        Mistake("ν missing in χ", edit("chi = gain**2 * ", "chi = ", within=logarithms), "Your χ is the mean of f'² without its ν: the weights act on the way back, too."),
        Mistake("gain for ν in χ", edit("chi = gain**2 * ", "chi = gain * ", within=logarithms), "Your χ has the gain where ν = gain² belongs."),
        Mistake("gain for ν in q", edit("q = gain**2 * (", "q = gain * (", within=logarithms), "Your map for q has the gain where ν = gain² belongs."),
        Mistake("f not squared", edit("f(z) ** 2)\n    return", "np.abs(f(z)))\n    return", within=logarithms), "Your map for q has the mean size of f where the mean of its square belongs."),
        Mistake("last χ alone", edit("back += math", "back = math", within=logarithms), "You take the χ of the last layer alone. The way back passes all layers: add up their logarithms."),
        Mistake("first χ for all", edit("df(z) ** 2", "df(gain * NODES) ** 2", within=logarithms), "You use the χ of the first layer for all. q changes from layer to layer, and χ with it."),
        Mistake("q_L alone", edit("math.log(q / start)", "math.log(q)", within=logarithms), "You compare q_L with 1. The drift compares it with q_0 = ν."),
        Mistake("ten layers", edit("range(depth)", "range(10)", within=logarithms), "Your gain is that of a net of ten layers, whatever depth says."),
        Mistake("thirty layers", edit("range(depth)", "range(30)", within=logarithms), "Your gain is that of a net of thirty layers, whatever depth says."),
        Mistake("one layer both ways", edit("range(depth)", "range(1)", within=logarithms), "Your gain is that of a net of one layer. Over many layers q changes: follow the map."),
        Mistake("one layer more", edit("range(depth)", "range(depth + 1)", within=logarithms), "Your gain is the best one for a net of one layer more. Both logarithms are over L steps: q from q_0 to q_L, and χ for l = 0 … L − 1."),
        Mistake("χ one layer late", edit("back += math", "z = math.sqrt(gain**2 * (WEIGHTS @ f(z) ** 2)) * NODES\n        chi = gain**2 * (WEIGHTS @ df(z) ** 2)\n        back += math", within=logarithms), "Your χ are those of the layers 1 … L. The product has l = 0 … L − 1: take χ_l at q_l, before q moves on."),
        Mistake("squares added", _least(_squares), "Your gain makes the sum of both squares smallest. The larger of the two sizes counts, however small the other is."),
        Mistake("ratios for their logarithms", _least(_ratios), "Your gain compares ratios with 1. Then a signal that fades to nothing is only 1 away, and one that doubles as well: take logarithms."),
        Mistake("average of both gains", _mean_of_both, "Your gain is the average of the one that is level forwards and the one that is level backwards. The two directions do not change equally fast with the gain: look for where the larger drift is smallest."),
        Mistake("both rules of one layer", _both_of_one_layer, "Your gain averages E[f²] and E[f'²] at variance 1, for one layer. Over many layers q leaves 1: follow the map."),
        Mistake("from the gain", edit("q = start = gain**2", "q = start = gain", within=logarithms), "Your map starts at q_0 = gain. Here q_0 = ν, which is the gain squared."),
        Mistake("ν missing in q", edit("q = gain**2 * (", "q = (", within=logarithms), "Your map for q lacks its ν: q_{l+1} = ν E[f(√q ζ)²]."),
        Mistake("from variance 1, slope not squared", edit("q = start = gain**2", "q = start = 1.0", "df(z) ** 2", "df(z)", within=logarithms), "Your map starts at q_0 = 1 where ν belongs, and your χ has the mean of f' where the mean of its square belongs."),
        Mistake("from variance 1, q_L with ν", edit("q = start = gain**2", "q = 1.0\n    start = gain**2", within=logarithms), "Your map starts at q_0 = 1, but you compare q_L with ν. Both are q_0 = ν."),
        Mistake("a coarse grid", _on_a_grid(0.05), "Your gain is one of a grid of steps of 0.05. It is near the best one, but over so many layers that is too coarse: go on with a finer grid around it."),
        Mistake("a coarse grid of tenths", _on_a_grid(0.1), "Your gain is one of a grid of tenths. Over so many layers that is too coarse: go on with a finer grid around it."),
        Mistake("variance of f", edit("(WEIGHTS @ f(z) ** 2)\n    return", "(WEIGHTS @ f(z) ** 2 - (WEIGHTS @ f(z)) ** 2)\n    return", within=logarithms), "Your map for q takes the variance of f: the square of its mean is taken off. A sum of zero-mean weights feels all of E[f²]."),
        Mistake("square of the mean slope", edit("(WEIGHTS @ df(z) ** 2)", "(WEIGHTS @ df(z)) ** 2", within=logarithms), "Your χ has the square of the mean of f'. Square first, then average: E[f'²]."),
        Mistake("f for its slope in χ", edit("df(z) ** 2", "f(z) ** 2", within=logarithms), "Your χ has f in the place of its slope f'."),
        Mistake("slope for f in q", edit("@ f(z) ** 2)\n    return", "@ df(z) ** 2)\n    return", within=logarithms), "Your map for q has f' in the place of f."),
        Mistake("χ at variance 1", edit("df(z) ** 2", "df(NODES) ** 2", within=logarithms), "You take every χ at q = 1. q changes from layer to layer, and χ_l with it."),
        Mistake("q_1 to q_L", edit("q = start = gain**2", "q = gain**2\n    start = q * (WEIGHTS @ f(math.sqrt(q) * NODES) ** 2)", within=logarithms), "You compare q_L with q_1. The drift compares it with q_0 = ν."),
        Mistake("one over the gain", edit("return (low + high) / 2", "return 2 / (low + high)"), "You return 1/gain."),
        Mistake("the smaller of both", _least(lambda up, back: min(abs(up), abs(back))), "Your gain makes the smaller of the two drifts smallest. The larger one counts: max, not min."),
    ),
    hints=(
        "First write the two logarithms as a function of the gain, by the map (4.15), and print them for a few gains. What do both do when the gain grows?",
        "drift(gain) = max(|forward|, |backward|). Both logarithms grow with the gain. Where one is +x and the other −y, with x < y, would a larger gain help?",
        "gaussian_mean of vgcourse.dynamics takes a function and q: given the square of f it is E[f(√q ζ)²]. Then search: a fine grid (steps of 0.001) around the best of a coarse one, or bisect for the gain at which the two logarithms are opposite.",
    ),
)  # fmt: skip
