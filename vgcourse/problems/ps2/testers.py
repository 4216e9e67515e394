"""Problem set 2: a good test of ln σ(z), and the tests that let bugs through or accuse right answers."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Mistake

LEFT, MIDDLE, ZERO, RIGHT_TAIL = (-1000.0, -800.0, -40.0), (-3.0, -0.7, 0.4, 2.5), (0.0,), (20.0, 40.0, 80.0)
ALL = LEFT + MIDDLE + ZERO + RIGHT_TAIL


def is_accurate(log_sigmoid):
    """True if `log_sigmoid` gives ln σ(z) = −ln(1 + e^(−z)) in both tails, keeps NaN, the shape, its input, and no memory."""
    return tester(log_sigmoid)


def truth(z):
    """ln σ(z), without overflow and without a difference."""
    return -np.logaddexp(0.0, -z)


def _agree(a, b, tolerance=1e-5):
    return np.shape(a) == b.shape and bool(np.all(np.abs(a - b) <= tolerance * np.abs(b)))


def tester(
    log_sigmoid, *, points=ALL, together=True, calls=2, agree=_agree, nan=True, intact=True, verdict=bool
):
    """The verdict on an implementation, with parts exchangeable for the mistakes."""
    values = np.array(points)
    shaped = values.reshape(1, -1).repeat(2, axis=0)
    arrays = [shaped, shaped[:, ::-1].copy()][:calls] if together else [np.array([value]) for value in values]
    for z in arrays:
        given = z.copy()
        out = log_sigmoid(given)
        if not agree(out, truth(z)) or (intact and not np.array_equal(given, z)):
            return verdict(False)
    if nan:
        out = np.asarray(log_sigmoid(np.array([[np.nan, 1.0]])))
        if out.size != 2 or not np.isnan(out.ravel()[0]):
            return verdict(False)
    return verdict(True)


def _absolute(a, b):
    return np.shape(a) == b.shape and bool(np.allclose(a, b))


def _any(a, b):
    return np.shape(a) == b.shape and bool(np.any(np.abs(a - b) <= 1e-5 * np.abs(b)))


def _norm(a, b):
    return np.shape(a) == b.shape and relative_error(a, b) <= 1e-5


def _finite_norm(a, b):
    a = np.asarray(a)
    return a.shape == b.shape and bool(np.isfinite(a).all())


def _nan_passes(a, b):
    return np.shape(a) == b.shape and not np.any(np.abs(a - b) > 1e-5 * np.abs(b))


def _flat(a, b):
    return np.size(a) == b.size and _agree(np.ravel(a), b.ravel())


def _size_only(a, b):
    return np.shape(a) == b.shape and _agree(np.abs(a), np.abs(b))


def _arrays_only(a, b):
    return isinstance(a, np.ndarray) and _agree(a, b)


MISTAKES = (
    Mistake("everything is right", lambda log_sigmoid: True, "Your test says “right” of every implementation. Compare what it returns with what you know to be right."),
    Mistake("everything is wrong", lambda log_sigmoid: False, "Your test says “wrong” of every implementation, the right ones too. Print your error for one of them: does your own reference overflow, or lose the right tail?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the implementation is right."),
    Mistake("the middle only", dict(points=MIDDLE + ZERO), "Those that are wrong far from 0 passed your test, on both sides. Almost every formula is right for |z| up to a few units: go to −1000 and to 80."),
    Mistake("no left tail", dict(points=MIDDLE + ZERO + RIGHT_TAIL), "Those that overflow on the left passed your test: e^1000 is infinite. Try z = −1000."),
    Mistake("no right tail", dict(points=LEFT + MIDDLE + ZERO), "Those that round to 0 on the right passed your test. There ln σ(z) is −e^(−z), small but not 0: try z = 40, and judge by a relative error."),
    Mistake("the tails only", dict(points=(-1000.0, -800.0, -40.0, 40.0, 80.0)), "Those that are right far out and wrong near 0 passed your test. Try the two tails and what lies between."),
    Mistake("not at zero", dict(points=LEFT + MIDDLE + RIGHT_TAIL), "The one that forgets z = 0 passed your test: it fills z > 0 and z < 0, and nothing between."),
    Mistake("one number at a time", dict(together=False), "The one with a single shift for the whole array passed your test, and so did the one that flattens. Both are right for one number at a time: try arrays of two axes with both tails in them."),
    Mistake("an absolute error", dict(agree=_absolute), "Those that round to 0 on the right passed: ln σ(40) is −4e−18, below any absolute tolerance, and np.allclose has one of 1e−8. Divide by the size of each value."),
    Mistake("one error for the whole array", dict(agree=_norm), "Errors of small values passed your test: a size for the whole array, as its norm or np.allclose's absolute tolerance of 1e−8, hides them beside the −1000. Divide entry by entry."),
    Mistake("one entry is enough", dict(agree=_any), "Whatever is right somewhere passed your test, as with `any` where `all` belongs. Every entry has to be right."),
    Mistake("finite is enough", dict(agree=_finite_norm), "Whatever is finite and of the right shape passed your test. Many wrong formulas give that: compare values."),
    Mistake("NaN passes", dict(agree=_nan_passes), "An implementation whose result is NaN passed your test: every comparison with NaN is False. Ask whether the error is small, not whether it is large."),
    Mistake("NaN not tried", dict(nan=False), "The one that makes a number of a NaN passed your test. NaN in, NaN out: try one."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is off by one part in a thousand passed your test. 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-10)), "You accused the right one in float32, which rounds each value to 6e−8 of its size. A relative error of 1e−5 is safe on both sides."),
    Mistake("equality asked for", dict(agree=lambda a, b: np.array_equal(a, b)), "You accused the right ones that only round differently. Ask for a small relative error, not for equality."),
    Mistake("shapes flattened", dict(agree=_flat), "The one that flattens its result passed your test. Compare the shapes, with a z of two axes."),
    Mistake("sign not looked at", dict(agree=_size_only), "The one that returns −ln σ(z) passed your test. Compare the values, not their sizes."),
    Mistake("an absolute error, not at zero", dict(agree=_absolute, points=LEFT + MIDDLE + RIGHT_TAIL), "Those that round to 0 on the right passed your test: np.allclose has an absolute tolerance of 1e−8, so divide by the size of each value. So did those that are wrong at z = 0 alone: try it."),
    Mistake("an absolute error, not at zero, one call", dict(agree=_absolute, points=LEFT + MIDDLE + RIGHT_TAIL, calls=1), "Those that round to 0 on the right passed your test: np.allclose has an absolute tolerance of 1e−8, so divide by the size of each value. So did those that are wrong at z = 0 alone, and the one that remembers the call before: try 0, and call again with other values."),
    Mistake("an absolute error, one call", dict(agree=_absolute, calls=1), "Those that round to 0 on the right passed your test: np.allclose has an absolute tolerance of 1e−8, so divide by the size of each value. So did the one that remembers the call before: call again with other values."),
    Mistake("threshold too tight, one call", dict(agree=lambda a, b: _agree(a, b, 1e-10), calls=1), "You accused the right one in float32, which rounds each value to 6e−8 of its size: a relative error of 1e−5 is safe on both sides. And the one that remembers the call before passed: call again with other values."),
    Mistake("one call, input not looked at", dict(calls=1, intact=False), "The one that remembers the call before passed your test, and the one that changes z in place. Call again with other values, and compare z with a copy afterwards."),
    Mistake("one call, NaN not tried", dict(calls=1, nan=False), "The one that remembers the call before passed your test, and the one that makes a number of a NaN. Call again with other values, and try a NaN."),
    Mistake("input not looked at, NaN not tried", dict(intact=False, nan=False), "The one that changes z in place passed your test, and the one that makes a number of a NaN. Compare z with a copy afterwards, and try a NaN."),
    Mistake("one call, input and NaN not looked at", dict(calls=1, intact=False, nan=False), "What shows at a second call, in z afterwards and for a NaN passed your test: call again with other values, compare z with a copy, and try a NaN."),
    Mistake("signed relative difference", dict(agree=lambda a, b: np.shape(a) == b.shape and bool(np.all((a - b) / np.abs(b) <= 1e-5))), "You look at differences with their signs, so results that are too small pass. Take absolute values first."),
    Mistake("lists refused", dict(agree=_arrays_only), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
    Mistake("one call", dict(calls=1), "The one that remembers the call before passed your test. Call again, with other values of the same shape."),
    Mistake("input not looked at", dict(intact=False), "The one that changes z in place passed your test: what it returns is right. Compare z with a copy afterwards."),
)  # fmt: skip
