"""Problem set 8: a good test of a cross-entropy, and tests that let bugs through or accuse right ones."""

import numpy as np

from vgcourse.problems.problem import Mistake
from vgcourse.problems.ps8.planted import cross_entropy

SMALL = (
    np.array([[0.3, -1.2, 0.8], [1.5, 0.1, -0.4], [-0.6, 0.9, 0.2], [0.7, -0.3, 2.0]]),
    np.array([2, 0, 0, 1]),
)
SURE = (np.array([[0.0, 40.0, 3.0], [1.0, -2.0, 39.0]]), np.array([0, 1]))
LOST = (np.array([[0.0, 800.0, 1.0], [-1.0, 2.0, 3.0], [0.5, 0.2, 0.1]]), np.array([0, 2, 1]))
LEVELS = (
    np.array([[1000.0, 1001.0, 999.0], [0.2, 0.1, 0.4], [-1000.0, -999.0, -1002.0], [0.0, 3000.0, 1.0]]),
    np.array([0, 1, 2, 1]),
)
NAN = (np.array([[0.1, 0.2, 0.3], [np.nan, 1.0, 0.0]]), np.array([0, 1]))
TRIALS = (SMALL, SURE, LOST, LEVELS, NAN)


def is_cross_entropy(loss):
    """True if `loss` is the mean of log Σ e^z − z_label for small and large z, NaN for NaN, and leaves z alone."""
    return tester(loss)


def _agree(a, b, tolerance=1e-5):
    return bool(abs(float(a) - b) <= tolerance * abs(b))


def _nan_passes(a, b):
    return not abs(float(a) - b) > 1e-5 * abs(b)


def _finite(a, b):
    return bool(np.isfinite(a) and a >= 0)


def _even(trial, N=4):
    """The same trial with its rows over again, up to N of them."""
    z, labels = trial
    return np.resize(z, (N, z.shape[1])), np.resize(labels, N)


FAR = (np.array([[-400.0, 400.0, 1.0], [0.3, -1.0, 0.6]]), np.array([0, 2]))  # e^z overflows nowhere
OTHER = (np.array([[0.4, -0.7], [1.1, 0.6]]), np.array([1, 0]))  # small, too, with another number of rows


def tester(loss, trials=TRIALS, agree=_agree, intact=True, verdict=bool, wanted=cross_entropy, nan=np.isnan):
    """The verdict on a loss, with parts exchangeable for the mistakes."""
    with np.errstate(all="ignore"):
        for z, labels in trials:
            handed = z.copy()
            out = loss(handed, labels.copy())
            if intact and not np.array_equal(handed, z, equal_nan=True):
                return verdict(False)
            if not (nan(out) if np.isnan(z).any() else agree(out, wanted(z, labels))):
                return verdict(False)
    return verdict(True)


MISTAKES = (
    Mistake("everything is right", lambda loss: True, "Your test says “right” of every function. Compare what it returns with the loss worked out in another way."),
    Mistake("everything is wrong", lambda loss: False, "Your test says “wrong” of every function, the right ones too. Print your error for one of them: what do you compare with?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("small z only", dict(trials=(SMALL, NAN)), "You try small z only. What goes wrong in a loss goes wrong where z is large."),
    Mistake("one batch of small z", dict(trials=(SMALL,)), "You try one batch of small z. What goes wrong in a loss goes wrong where z is large, or NaN, or at the second call."),
    Mistake("one batch of small z, not looked at afterwards", dict(trials=(SMALL,), intact=False), "You try one batch of small z, and do not look at it afterwards. What goes wrong in a loss goes wrong where z is large, or NaN, at the second call, or in what it leaves behind."),
    Mistake("small z of several sizes only", dict(trials=(SMALL, OTHER)), "You try small z only, and no NaN. What goes wrong in a loss goes wrong where z is large, or NaN."),
    Mistake("small z only, not looked at afterwards", dict(trials=(SMALL, OTHER), intact=False), "You try small z only, no NaN, and do not look at z afterwards. What goes wrong in a loss goes wrong where z is large, or NaN, or in what it leaves behind."),
    Mistake("small z and a NaN, not looked at afterwards", dict(trials=(SMALL, NAN), intact=False), "You try small z and a NaN, and do not look at z afterwards. What goes wrong in a loss goes wrong where z is large, or in what it leaves behind."),
    Mistake("large z only", dict(trials=(LEVELS,)), "You try rows at different levels only: no label that is far below the others in its row, and no NaN."),
    Mistake("no large loss", dict(trials=(SMALL, LEVELS, NAN)), "The ones that add 1e−8 or cut p passed your test. Make a label of a z that is 40 below another one, and once 800 below."),
    Mistake("no loss of 800", dict(trials=(SMALL, SURE, LEVELS, NAN)), "The one that takes the logarithm of p passed your test: its p is 0 only above 745."),
    Mistake("no rows at different levels", dict(trials=(SMALL, SURE, LOST, NAN)), "Some that take the wrong number out passed your test. Try rows near 1000, near 0 and near −1000 in one batch."),
    Mistake("no NaN", dict(trials=TRIALS[:-1]), "The ones that hide a NaN passed your test. Put one into a single row, and look for it in the result."),
    Mistake("a finite number for NaN", dict(nan=np.isfinite), "Where z holds a NaN you ask for a finite number, so every right one fails. A NaN has to come out again: whoever trains must see it."),
    Mistake("input not looked at", dict(intact=False), "The one that changes z in place passed your test: what it returns is right. Compare its input with a copy afterwards."),
    Mistake("NaN passes", dict(agree=_nan_passes, nan=lambda out: True), "You refuse what is large, so a NaN passes, in the place of a number too: no comparison with NaN is true. Accept what is small; and where z holds a NaN, ask for one."),
    Mistake("NaN passes, input not looked at", dict(agree=_nan_passes, nan=lambda out: True, intact=False), "You refuse what is large, so a NaN passes, in the place of a number too: no comparison with NaN is true. Accept what is small, ask for a NaN where z holds one, and compare z with a copy afterwards."),
    Mistake("NaN passes, one number of rows", dict(agree=_nan_passes, trials=tuple(map(_even, TRIALS[:-1])), intact=False), "You refuse what is large, so a NaN passes in the place of a number: accept what is small. You put no NaN into z, always give the same number of rows, and do not look at z afterwards: one bug hides in each."),
    Mistake("NaN passes, one number of rows, few levels", dict(agree=_nan_passes, trials=tuple(map(_even, (SMALL, SURE, FAR, LEVELS))), intact=False), "You refuse what is large, so a NaN passes in the place of a number: accept what is small. You put no NaN into z, always give the same number of rows, and do not look at z afterwards: one bug hides in each."),
    Mistake("NaN passes, few levels", dict(agree=_nan_passes, trials=(SMALL, SURE, FAR, LEVELS), intact=False), "You refuse what is large, so a NaN passes in the place of a number: accept what is small. You put no NaN into z, and do not look at z afterwards: one bug hides in each."),
    Mistake("NaN passes, few levels, input looked at", dict(agree=_nan_passes, trials=(SMALL, SURE, FAR, LEVELS)), "You refuse what is large, so a NaN passes in the place of a number: accept what is small. And put a NaN into z: it has to come out again."),
    Mistake("no NaN, input not looked at", dict(trials=TRIALS[:-1], intact=False), "You put no NaN into z, and do not look at z afterwards: what hides a NaN passed your test, and what changes z."),
    Mistake("one number of rows", dict(trials=tuple(map(_even, TRIALS))), "The one that keeps the first number of rows passed your test. Its first call is right: call again with another number of rows."),
    Mistake("one number of rows, input not looked at", dict(trials=tuple(map(_even, TRIALS)), intact=False), "You always give the same number of rows, and do not look at z afterwards: what a function keeps or leaves behind passed your test."),
    Mistake("one number of rows, no NaN", dict(trials=tuple(map(_even, TRIALS[:-1])), intact=False), "You always give the same number of rows, put no NaN into z, and do not look at z afterwards: one bug hides in each."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too large passed your test. 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-12)), "You accused a right one: single precision rounds at 6e−8. A relative error of 1e−5 is safe on both sides."),
    Mistake("sum wanted", dict(wanted=lambda z, labels: len(z) * cross_entropy(z, labels)), "You compare with the sum over the rows. Right is the mean."),
    Mistake("labels from 1 wanted", dict(wanted=lambda z, labels: cross_entropy(z, labels - 1)), "You count the labels from 1. They count from 0."),
    Mistake("equality", dict(agree=lambda a, b: float(a) == b), "You ask for equal numbers. Right ones that add in another order differ by rounding."),
    Mistake("finite is enough", dict(agree=lambda a, b: bool(np.isfinite(a))), "You ask whether the loss is finite. A finite number can be wrong."),
    Mistake("not below 0", dict(agree=lambda a, b: bool(a >= 0)), "You ask whether the loss is at least 0. A positive number can be wrong."),
    Mistake("finite and not below 0", dict(agree=_finite, trials=TRIALS[:-1], intact=False), "You ask whether the loss is finite and at least 0. Such a number can be wrong: compare it with the loss worked out in another way."),
    Mistake("finite alone", dict(agree=lambda a, b: bool(np.isfinite(a)), trials=TRIALS[:-1], intact=False), "You ask only whether the loss is finite. Such a number can be wrong: compare it with the loss worked out in another way, put a NaN into z, and look at z afterwards."),
)  # fmt: skip
