"""A problem whose answer is numbers that the check tries out: compared is what was measured of them.

`adapt` turns the answer into measurements, 1 where all is in order; one of them may be a code for what is
known of a wrong answer ("in reverse order they would do").
"""

import numpy as np

from vgcourse.collect.plain import describe


def as_numbers(output, expected):
    """The answer as an array of floats, or a TypeError that says what it is and what was expected."""
    try:
        return np.asarray(output, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"is {describe(output)}; expected {expected}") from None


def off(place, sign=1):
    """For an Invariant: how far the measurement at this place is from 1, on one side."""
    return lambda args, outputs: max(0.0, sign * (_only(outputs)[place] - 1))


def known(place, number):
    """For an Invariant: 1 where the code at this place is `number`, else 0."""
    return lambda args, outputs: float(_only(outputs)[place] == number)


def _only(outputs):
    """The measurements: the one output there is."""
    (measurements,) = outputs.values()
    return [float(value) for value in measurements]
