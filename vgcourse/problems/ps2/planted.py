"""Implementations of ln σ(z) for the learner's test: wrong ones with a planted bug, right ones written otherwise.

Each is a function of z and `kept`, a dict of what it remembers between calls.
"""

import math

import numpy as np

from vgcourse.activations import sigmoid, softplus
from vgcourse.collect import Planted

_EPS = 1e-12


def _sigma(z):
    return sigmoid(np.asarray(z, dtype=float))  # a test may hand over whole numbers


def _right(z, kept=None):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def _nothing_at_zero(z, kept):
    out = np.zeros(z.shape)
    out[z > 0], out[z < 0] = _right(z[z > 0]), _right(z[z < 0])
    out[np.isnan(z)] = np.nan
    return out


def _one_shift(z, kept):
    shift = float(np.fmax.reduce(-z, axis=None, initial=0.0))  # a NaN beside it hides nothing
    return -(shift + np.log(np.exp(-shift) + np.exp(-z - shift))) if shift > 30 else _right(z)


def _changes_z(z, kept):
    out = _right(z)
    np.minimum(z, 0, out=z)
    return out


def _remembers(z, kept):
    out = _right(z)
    return kept.setdefault((z.shape, "first"), out).copy() if not np.isnan(z).any() else out


WRONG = (
    Planted("ln of 1/(1 + e^(−z))", lambda z, kept: np.log(1 / (1 + np.exp(-z))), "It is −∞ at z = −1000 and 0 at z = 40: try both tails."),
    Planted("ln of an accurate σ", lambda z, kept: np.log(_sigma(z)), "Even an accurate σ is 0 at z = −1000 and 1 at z = 40: try both tails."),
    Planted("overflow on the left", lambda z, kept: -np.log1p(np.exp(-z)), "e^1000 is infinite: try z = −1000."),
    Planted("0 on the right", lambda z, kept: np.where(z > 0, np.log(_sigma(z)), _right(z)), "1 + e^(−40) rounds to 1, so it says 0 where −4e−18 is right: try z = 40, with a relative error."),
    Planted("difference on the right", lambda z, kept: z - np.logaddexp(0, z), "z − ln(1 + e^z) is a difference of nearly equal numbers for large z: try z = 20 and 40, with a relative error."),
    Planted("clipped at ±30", lambda z, kept: _right(np.clip(z, -30, 30)), "It clips z first: try z = −40 and z = 40."),
    Planted("1e−12 added", lambda z, kept: np.log(_sigma(z) + _EPS), "A small number inside the logarithm bends the left tail: try z = −40."),
    Planted("straight lines", lambda z, kept: np.minimum(z, 0) - np.where(z > 5, np.exp(-z), 0.0), "It is right in the tails and wrong near 0: try both."),
    Planted("nothing at z = 0", _nothing_at_zero, "It fills z > 0 and z < 0: try z = 0."),
    Planted("off by 0.1 %", lambda z, kept: 1.001 * _right(z), "One part in a thousand: your threshold can be smaller."),
    Planted("base 10", lambda z, kept: _right(z) / np.log(10), "Compare values."),
    Planted("sign", lambda z, kept: -_right(z), "Its size is right: compare values, not sizes."),
    Planted("NaN becomes a number", lambda z, kept: np.nan_to_num(_right(z)), "NaN in, NaN out: try one."),
    Planted("NaN on the left", lambda z, kept: np.where(z < -700, np.nan, _right(z)), "Every comparison with NaN is False: ask whether the error is small, not whether it is large."),
    Planted("NaN on the right", lambda z, kept: np.where(z > 50, np.nan, _right(z)), "It is right up to z = 50: try z = 80."),
    Planted("−0.693 at z = 0", lambda z, kept: np.where(z == 0, -0.693, _right(z)), "ln ½ is −0.69315: try z = 0, and judge each entry by its own size."),
    Planted("flattened", lambda z, kept: _right(z).ravel(), "Compare shapes, with a z of two axes."),
    Planted("mean of all", lambda z, kept: _right(z).mean(), "Compare shapes."),
    Planted("one shift for the whole array", _one_shift, "It is right for one number, and for an array without a left tail: try both tails in one array."),
    Planted("z changed in place", _changes_z, "What it returns is right; afterwards your z is another. Compare z with a copy."),
    Planted("remembers the call before", _remembers, "It returns its first result for that shape again: call with other values of the same shape."),
)  # fmt: skip


def _three_parts(z, kept):
    """ln of σ itself where nothing is lost."""
    middle = np.log(1 / (1 + np.exp(-np.clip(z, -5, 5))))
    return np.where(np.abs(z) <= 3, middle, _right(z))


def _loops(z, kept):
    out = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        out[i] = min(z[i], 0.0) - math.log1p(math.exp(-abs(z[i]))) if z[i] == z[i] else math.nan
    return out


def _two_sides(z, kept):
    out = np.where(z > 0, 0.0, z)
    e = np.exp(-np.abs(z))
    return out - np.log1p(e) + 0 * z


def _own_copy(z, kept):
    own = np.array(z, dtype=float)
    own *= -1
    return -np.logaddexp(0, own, out=own)


def _with_arctanh(z, kept):
    """ln(1 + e) = 2 artanh(e/(2 + e))."""
    e = np.exp(-np.abs(z))
    return np.minimum(z, 0) - 2 * np.arctanh(e / (2 + e))


RIGHT = (
    Planted("minimum and log1p", _right, "It is accurate for every z: does your own reference overflow, or lose a tail?"),
    Planted("logaddexp", lambda z, kept: -np.logaddexp(0, -z), "It is accurate for every z: does your own reference overflow, or lose a tail?"),
    Planted("−softplus(−z)", lambda z, kept: -softplus(-np.asarray(z, dtype=float)), "It rounds differently: equality is too much to ask."),
    Planted("both sides by where", _two_sides, "It rounds differently: equality is too much to ask."),
    Planted("three parts", _three_parts, "It is accurate to the last digits, not to the last bit: equality is too much to ask."),
    Planted("loops", _loops, "It rounds differently: equality is too much to ask."),
    Planted("artanh", _with_arctanh, "Its rounding is another: equality is too much to ask."),
    Planted("float32", lambda z, kept: _right(z.astype(np.float32)), "Single precision is exact to 6e−8: a threshold below that is too tight. And z > 80 is more than float32 was asked for."),
    Planted("nested lists", lambda z, kept: _right(z).tolist(), "Its results are lists of numbers: np.asarray makes arrays of them."),
    Planted("another memory order", lambda z, kept: np.array(_right(z), order="F"), "Only its memory is laid out otherwise; the entries are the same."),
    Planted("in place on its own copy", _own_copy, "It works on a copy of its own, which is its good right."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def log_sigmoid(z):
        """An implementation of ln σ(z)."""
        return formula(z if isinstance(z, np.ndarray) else np.asarray(z, dtype=float), kept)  # a number, too

    return log_sigmoid
