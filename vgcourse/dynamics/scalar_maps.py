"""One unit with a loop: h(t) = f(w h(t−1) + c x(t)), its fixed points and its cobweb.

>>> [(round(p.h, 3), p.kind) for p in fixed_points(2.0, activation="tanh")]
[(-0.958, 'stable'), (0.0, 'unstable'), (0.958, 'stable')]
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_reals, expect_count, expect_finite, expect_number, expect_shape
from vgcourse.activations import get_activation

__all__ = [
    "FixedPoint",
    "cobweb",
    "fixed_points",
    "scalar_orbit",
]

FARTHEST = 1e12  # pre-activations are searched up to this size, in units of 1 + |w| + |drive|
LARGEST = 1e100  # of |w| and |drive|, so that their products with FARTHEST stay numbers


def scalar_orbit(w, h0, steps, *, activation="tanh", c=1.0, x=0.0):
    """h(t) = f(w h(t−1) + c x(t)) from h(0) = h0.

    Parameters
    ----------
    w, c : numbers
    h0 : number
    steps : number T of steps, at least 0
    activation : name of f
    x : number for a constant input, or (T,) array with x(t) in entry t − 1

    Returns
    -------
    (T + 1,) float64 array; a ReLU may run to infinity

    Raises
    ------
    TypeError, ValueError
        If a number is not finite, x has another length, or the activation is unknown.
    """
    where = "scalar_orbit"
    expect_count(where, "steps", steps, 0)
    w, h0, c = _numbers(where, w=w, h0=h0, c=c)
    x = as_reals(where, x=x)
    expect_finite(where, x=x)
    if x.ndim:
        expect_shape(where, "x", x, (steps,), f"steps is {steps}")
    with np.errstate(over="ignore"):
        drive = np.broadcast_to(c * x, (steps,))
    f = get_activation(activation).function
    orbit = np.empty(steps + 1)
    orbit[0] = h0
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            orbit[t + 1] = f(w * orbit[t] + drive[t])
    return orbit


def cobweb(orbit):
    """Corners of the cobweb: (h0, 0), up to the curve (h0, h1), across to the diagonal (h1, h1), and so on.

    Parameters
    ----------
    orbit : (T + 1,) array as from `scalar_orbit`

    Returns
    -------
    (2T + 1, 2) array of points

    Raises
    ------
    TypeError, ValueError
        If the orbit is not real floating point, empty or not one-dimensional.
    """
    orbit = as_reals("cobweb", orbit=orbit)
    expect_shape("cobweb", "orbit", orbit, ("T + 1",))
    across = np.repeat(orbit, 2)
    return np.stack([across[:-1], np.concatenate([np.zeros(1, orbit.dtype), across[2:]])], axis=1)


class FixedPoint(NamedTuple):
    """h* = f(w h* + drive), the slope w f' (per step, at a kink), and what |slope| < 1, > 1, = 1 means:

    "stable", "unstable", "neutral".
    """

    h: float
    slope: float
    kind: str


def fixed_points(w, *, activation="tanh", drive=0.0):
    """All solutions of h = f(w h + drive), smallest first, with their stability.

    With z = w h + drive they are the roots of G(z) = w f(z) + drive − z. For every activation of the table,
    f' is monotone on either side of z = 0, so G turns at most once on each side. Between 0, the turning
    points and the far ends, |z| = `FARTHEST` (1 + |w| + |drive|), G is monotone, and bisection cannot miss a
    root. Where roots fill a half-line (a ReLU with w = 1 and no drive), the end at h = f(0) stands for them
    and is called neutral.

    Parameters
    ----------
    w, drive : numbers up to `LARGEST` in size; drive is the constant c x
    activation : name of f

    Returns
    -------
    list of FixedPoint; empty where nothing balances, as for a ReLU with w = 1 and drive > 0

    Raises
    ------
    TypeError, ValueError
        If a number is not finite or too large, or the activation is unknown.
    """
    w, drive = _numbers("fixed_points", w=w, drive=drive)
    for name, value in (("w", w), ("drive", drive)):
        wanted = f"a number from {-LARGEST:g} to {LARGEST:g}"
        expect_number("fixed_points", name, value, wanted, lambda v: abs(v) <= LARGEST)
    f = get_activation(activation)
    far = FARTHEST * (1 + abs(w) + abs(drive))

    def G(z):
        value = w * float(f.function(z)) + drive - z
        rounding = 4 * np.finfo(float).eps * (abs(w * float(f.function(z))) + abs(drive) + abs(z))
        return 0.0 if abs(value) <= rounding else value

    def turn(z):
        return w * float(f.derivative(z)) - 1

    # ±tiny, the smallest numbers that are not 0, stand for the two sides of a kink there
    tiny = np.finfo(float).tiny
    cuts = [-far, 0.0, far]
    for a, b in ((-far, -tiny), (tiny, far)):
        if np.sign(turn(a)) * np.sign(turn(b)) < 0:  # the product of two small numbers may be 0
            cuts.append(_bisect(turn, a, b))
    cuts.sort()

    roots = [z for z in cuts[1:-1] if G(z) == 0]
    roots += [_bisect(G, a, b) for a, b in zip(cuts, cuts[1:]) if np.sign(G(a)) * np.sign(G(b)) < 0]
    points = []
    for z in sorted(roots, key=lambda z: float(f.function(z))):
        below, above = (w * float(f.derivative(side)) for side in ((-tiny, tiny) if z == 0 else (z, z)))
        # at a kink an orbit stays on one side if w > 0 and alternates if w < 0
        slope = max(below, above, key=abs)
        if w < 0 and below != above:
            slope = -float(np.sqrt(-below) * np.sqrt(-above))  # the root of a product that might underflow
        kind = "neutral" if abs(abs(slope) - 1) < 1e-7 else "stable" if abs(slope) < 1 else "unstable"
        points.append(FixedPoint(float(f.function(z)), slope, kind))
    return points


def _bisect(function, a, b):
    """The root of a function that changes sign between a and b, to the last bit."""
    a_sign = np.sign(function(a))
    while a < (middle := a + (b - a) / 2) < b:
        value = function(middle)
        if value == 0:
            return middle
        if np.sign(value) == a_sign:
            a = middle
        else:
            b = middle
    return (a + b) / 2


def _numbers(where, **values):
    return [expect_number(where, name, value) for name, value in values.items()]
