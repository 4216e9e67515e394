"""Problem set 2 on precision: how many layers until a gradient is gone from the computer, too."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# bits: exponent of the smallest normal number, of the smallest number of all
BITS = {"float16": (-14, -24), "float32": (-126, -149), "float64": (-1022, -1074)}


def steps_to_zero(start, factors, precision):
    """For each factor a: the first number of layers l where |g| a^l, with g = start at the top, multiplied up in

    that precision, is below the smallest normal number (it starts to lose digits), and where it is exactly 0.
    """
    dtype = np.dtype(precision)
    a = factors.astype(dtype)
    p = np.full_like(a, abs(start))
    tiny = np.finfo(dtype).tiny
    below, zero = np.ones((2, len(a)), dtype=int)
    while p.any():
        p = p * a
        below = below + (p >= tiny)
        zero = zero + (p > 0)
    return below, zero


def _products(start, factors, precision):
    """The same from a table of products, rounded after every factor; of float64 only the last layers."""
    normal, smallest = BITS[precision]
    skipped = np.zeros(len(factors), dtype=int)
    if precision == "float64":  # so far its rounding is too small to count
        skipped = np.maximum(_first_below(start, factors, normal) - 3, 0)
    layers = int(_steps(start, factors, smallest - 2).max() - skipped.min()) + 5
    table = np.repeat(factors.astype(precision)[None], layers, axis=0)
    table[0] *= (abs(start) * factors**skipped).astype(precision)
    products = np.cumprod(table, axis=0)
    reached = (products >= np.finfo(precision).tiny), (products > 0)
    return [kept.sum(axis=0) + skipped + 1 for kept in reached]


def _steps(start, factors, exponent):
    """l where |g| a^l = 2^exponent, a number with a fraction."""
    return (exponent - np.log2(abs(start))) / np.log2(np.asarray(factors, dtype=float))


def _first_below(start, factors, exponent):
    """Smallest l with |g| a^l < 2^exponent."""
    return np.floor(_steps(start, factors, exponent)).astype(int) + 1


def _cases(rng):
    """Starts below 1, above 1, and negative with ties."""
    cases = []
    for precision in BITS:
        names = (f"below normal ({precision})", f"zero ({precision})")
        powers = 2.0 ** -rng.permutation(np.arange(2.0, 6.0))
        for divisors in ([128, 512, 4096], [1 / 8, 1 / 16, 1 / 32]):
            cases.append(Case(_drawn(rng, precision, divisors), names))
        # ¼ meets the smallest normal number, ⅛ or ¼ half of the smallest one
        cases.append(Case((-(2.0**-4), powers, precision), names))
    return cases


def _drawn(rng, precision, divisors):
    """Numbers that float16 holds too; in any precision powers and repeated products end at the same layer."""
    normal, smallest = BITS[precision]
    while True:
        factors = rng.choice(np.arange(20, 122), size=6, replace=False) / 256
        start = float(rng.choice(np.arange(33, 120)) / rng.choice(divisors))
        different = [
            (limit, other_start, other)
            for limit, other_start, other in (
                (smallest - 1, start, smallest),
                (normal, start, normal - 2),
                (smallest - 1, 1.0, smallest - 1),
                (normal, 1.0, normal),
            )
            if (_first_below(start, factors, limit) != _first_below(other_start, factors, other)).any()
        ]
        if len(different) == 4 and _far_from_limits(start, factors) and _agree(start, factors):
            return start, factors, precision


def _far_from_limits(start, factors):
    """Does no power come near to a limit of any precision?"""
    steps = [
        _steps(start, factors, limit)
        for normal, smallest in BITS.values()
        for limit in (normal, smallest, smallest - 1)
    ]
    return np.abs(steps - np.round(steps)).min() > 1e-3


def _agree(start, factors):
    """Do products that are multiplied up end where exact powers do, in any precision?"""
    return all(
        np.array_equal(
            _products(start, factors, precision),
            [_first_below(start, factors, normal), _first_below(start, factors, smallest - 1)],
        )
        for precision, (normal, smallest) in BITS.items()
    )


def _tie_kept(start, factors, precision):
    """Zero only below half of the smallest number, where a tie does not count."""
    lost, _ = steps_to_zero(start, factors, precision)
    return lost, _first_below(start, factors, BITS[precision][1] - 1)


def _without_rounding(start, factors, precision):
    """Zero as soon as g a^l is below the smallest number."""
    lost, _ = steps_to_zero(start, factors, precision)
    return lost, _first_below(start, factors, BITS[precision][1])


def _reached(start, factors, precision):
    """Zero as soon as g a^l is the smallest number, or below it."""
    lost, _ = steps_to_zero(start, factors, precision)
    return lost, np.ceil(_steps(start, factors, BITS[precision][1])).astype(int)


def _start_divided(start, factors, precision):
    """The formula with the start's logarithm added, not taken away."""
    normal, smallest = BITS[precision]
    return _first_below(1 / start, factors, normal), np.ceil(_steps(1 / start, factors, smallest - 1)).astype(
        int
    )


def _rounded_down(start, factors, precision):
    """The number of layers to half of the smallest number, without its fraction."""
    lost, _ = steps_to_zero(start, factors, precision)
    return lost, np.floor(_steps(start, factors, BITS[precision][1] - 1)).astype(int)


def _by_the_lecture(start, factors, precision):
    """(3.4), which begins at 1, for both."""
    return tuple(
        np.ceil(_steps(1.0, factors, e)).astype(int) for e in (BITS[precision][0], BITS[precision][1] - 1)
    )


def _log_of_a_negative(start, factors, precision):
    """NaN as a whole number where the start is negative."""
    right = steps_to_zero(start, factors, precision)
    return right if start > 0 else tuple(np.full(len(a), np.iinfo(int).min) for a in right)


def _nan_for_a_negative(start, factors, precision):
    return tuple(value * (1.0 if start > 0 else np.nan) for value in steps_to_zero(start, factors, precision))


def _zero_at_once(start, factors, precision):
    """The formulas without an absolute value, in a loop that ends at once."""
    right = steps_to_zero(start, factors, precision)
    return right if start > 0 else tuple(np.ones_like(a) for a in right)


def _zero_in_double(start, factors, precision):
    return steps_to_zero(start, factors, precision)[0], steps_to_zero(start, factors, "float64")[1]


def _below_in_double(start, factors, precision):
    return steps_to_zero(start, factors, "float64")[0], steps_to_zero(start, factors, precision)[1]


def _power_gone(start, factors, precision, zero):
    """Zero where a^l is, before it meets the start."""
    if precision != "float64":
        return zero
    return np.minimum(zero, np.ceil(_steps(1.0, factors, BITS[precision][1] - 1)).astype(int))


def _too_early(args, out):
    """By how many layers does a result come before the product has got there?"""
    rights = steps_to_zero(*args)
    return float(max(np.max(right - v) for right, v in zip(rights, out.values(), strict=True)))


def _later(args, out):
    lost, gone = (np.asarray(value, dtype=float) for value in out.values())
    return float(np.maximum(lost - gone, 0).max())


STEPS_TO_ZERO = Problem(
    name="ps2.steps_to_zero",
    reference=steps_to_zero,
    cases=_cases,
    points=3,
    lecture='lecture 3, "Depth"',
    invariants=(
        Invariant("zero comes last", _later, "In your answer a product is 0 before it is below the smallest normal number. Between the two lie the subnormal numbers, so zero comes later."),
        Invariant("too early", _too_early, "Some l of yours comes too early: |start · a^l| has not fallen that far yet. Put it in, in the precision asked for, and compare with the limit."),
        Invariant("whole numbers", lambda args, out: float(max(np.abs(np.asarray(v) - np.round(v)).max() for v in out.values())), "Your answer is not whole. Layers are counted: the first l where it has happened."),
    ),
    mistakes=(
        Mistake("start left out", edit("abs(start)", "1"), "You start at 1. What comes in at the top is start: after one layer the gradient is start · a.", beside_the_point=True),
        Mistake("always double precision", edit("np.dtype(precision)", "np.dtype('float64')"), "You compute in float64, whatever the precision asked for. Make the factors arrays of that precision first; Python's own numbers are float64 too."),
        Mistake("zero in double precision", _zero_in_double, "Your second result is that of float64, whatever the precision asked for. Python's own numbers are float64, and so is an array that was not converted: multiply in the precision asked for."),
        Mistake("double precision's smallest normal number", _below_in_double, "Your first result has the limit of float64, whatever the precision asked for: np.finfo wants to be told which."),
        Mistake("always single precision", edit("np.dtype(precision)", "np.dtype('float32')"), "You compute in float32, whatever the precision asked for. Make the factors arrays of that precision first."),
        Mistake("machine epsilon", edit("(dtype).tiny", "(dtype).eps", "p > 0", "p >= np.finfo(dtype).eps"), "You stop at the machine epsilon. That is the smallest step beside 1; numbers near zero have exponents of their own and go far below it."),
        Mistake("epsilon for the smallest normal number", edit("(dtype).tiny", "(dtype).eps"), "Your first result stops at the machine epsilon, the smallest step beside 1. The smallest normal number is np.finfo(…).tiny, 1.2e−38 in float32."),
        Mistake("zero at the smallest normal number", edit("p > 0", "p >= np.finfo(dtype).tiny"), "Your product is 0 as soon as it leaves the normal numbers. Subnormal numbers lie below them: in float32 they go from 1.2e−38 down to 1.4e−45."),
        Mistake("rounding forgotten", _without_rounding, "Your second result is where start · a^l falls below the smallest number there is. What is above half of that number is rounded up to it, so zero comes a little later, at 2^−150 in float32."),
        Mistake("rounding forgotten, from equal on", _reached, "Your second result is where start · a^l comes down to the smallest number there is. That number itself is not 0, and what is above half of it is rounded up to it, so zero comes a little later, at 2^−150 in float32."),
        Mistake("start the wrong way round", _start_divided, "Your start enters the wrong way round, as if the gradient began at 1/|start|. A smaller start is gone sooner."),
        Mistake("layers in between", edit("return below, zero", "return below, zero - below"), "Your second result counts the layers from the first subnormal product to 0. Asked for is the layer itself, counted from the top."),
        Mistake("zero rounded down", _rounded_down, "Your second result is one too small, save where the product meets half of the smallest number exactly. It is 0 from the first whole number of layers at or past that point on: round up."),
        Mistake("power before the start", edit("return below, zero", "return below, _power_gone(start, factors, precision, zero)"), "Your second result comes too early in float64, where the start is large: a^l by itself is 0 there, while start · a^l is not yet. Let the start come first."),
        Mistake("smallest number for the smallest normal one", edit("(dtype).tiny", "(dtype).smallest_subnormal * 2"), "Your first result stops at the end of the subnormal numbers, where one bit is left. Digits are lost as soon as the product is below the smallest normal number."),
        Mistake("one over the largest", edit("np.finfo(dtype).tiny", "1 / np.finfo(dtype).max"), "You compare with one over the largest number. The smallest normal number is larger than that: 2^−126 in float32, where the largest is 2^128."),
        Mistake("sign of the start", edit("abs(start)", "start", "p > 0", "p != 0"), "Your first result takes a negative gradient for a tiny one: −0.06 is below any positive number. It is the size, |p|, that loses digits."),
        Mistake("sign of the start, both", edit("abs(start)", "start"), "You take a negative gradient for a vanished one. It is the size, |p|, that loses digits and becomes 0."),
        Mistake("equal to the smallest normal number", edit("p >= tiny", "p > tiny"), "You count a product that equals the smallest normal number. That one still has all its digits: they are lost below it, <, not ≤."),
        Mistake("tie kept", _tie_kept, "Your second result is one too late where the product is exactly half of the smallest number. A tie goes to the even neighbour, and that is 0."),
        Mistake("layers before", edit("np.ones(", "np.zeros("), "You count the layers that still work. Asked for is the first one where it has happened, one more."),
        Mistake("results exchanged", edit("return below, zero", "return zero, below"), "Your two results are exchanged: first where the product falls below the normal numbers, then where it is 0."),
        Mistake("counted from the first product", edit("np.ones((2, len(a)), dtype=int)", "np.full((2, len(a)), 2)"), "You count one too many: start · a is what is left after 1 layer, start · a · a after 2. Does your counter go up once more after the last product?"),
        Mistake("square underflows", edit("np.finfo(dtype).tiny", "np.sqrt(np.finfo(dtype).tiny)", "p > 0", "p * p > 0"), "Your product is squared before you look at it, as in a norm. Squares underflow after half as many layers; ask the product itself."),
        Mistake("equation (3.4)", _by_the_lecture, "These are the layers of equation (3.4), for a gradient that starts at 1. Here it starts at start; and a product that equals the smallest normal number is not below it yet.", beside_the_point=True),
        Mistake("logarithm of a negative start", _log_of_a_negative, "For a negative start your answer is a huge negative number, NaN cut to a whole one: the logarithm of a negative number. Its size counts: take |start|."),
        Mistake("NaN for a negative start", _nan_for_a_negative, "For a negative start your answer is NaN: the logarithm of a negative number. Its size counts: take |start|."),
        Mistake("both layers before", lambda *args: tuple(value - 2 for value in steps_to_zero(*args)), "Your layers are two too small: start · a is what is left after 1 layer, and asked for is the first layer where it has happened."),
        Mistake("normal numbers only", edit("return below, zero", "return below - 1, zero"), "Your first result is one too small: it is the last layer with a normal product. Asked for is the first without.", alone=True),
        Mistake("zero one too early", edit("return below, zero", "return below, zero - 1"), "Your second result is one too small: it is the last layer with a product that is not 0. Asked for is the first where it is 0.", alone=True),
        Mistake("zero one too late", edit("return below, zero", "return below, zero + 1"), "Your second result is one too large: it is 0 one layer before.", alone=True),
        Mistake("below one too late", edit("return below, zero", "return below + 1, zero"), "Your first result is one too large: does your counter go up once more?", alone=True),
        Mistake("the first factor for all", edit("return below, zero", "return np.full_like(below, below[0]), np.full_like(zero, zero[0])"), "All entries of yours are those of the first factor. Each factor has its own number of layers.", alone=True),
        Mistake("until all are below", edit("return below, zero", "return np.full_like(below, below.max()), np.full_like(zero, zero.max())"), "All entries of yours are those of the slowest factor: the loop ends for all at once. Each factor has its own number of layers.", alone=True),
        Mistake("zero for both", edit("return below, zero", "return zero, zero"), "Both of your results are where the product is 0. The first is where it falls below the smallest normal number.", alone=True),
        Mistake("half precision everywhere", edit("np.dtype(precision)", "np.dtype('float16')"), "You compute in float16, whatever the precision asked for.", alone=True),
        Mistake("start left out, by logarithms", lambda start, factors, precision: (_first_below(1.0, factors, BITS[precision][0]), _by_the_lecture(start, factors, precision)[1]), "Your layers are those of a gradient that starts at 1. What comes in at the top is start: after one layer the gradient is start · a.", beside_the_point=True),
    ),
    hints=(
        "Multiply up, one layer at a time, in the precision asked for, and note when it happens.",
        "np.finfo(precision).tiny is the smallest normal number. After one layer start · a is left, so l starts at 1.",
        "Keep one product for each factor, in an array of the precision asked for, and multiply all of them at once until the last one is 0. In how many rounds was a product still normal, in how many was it not yet 0?",
    ),
)  # fmt: skip
