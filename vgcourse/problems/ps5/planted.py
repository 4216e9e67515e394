"""Verdicts on stability for the learner's test: wrong functions with a planted bug, right ones written otherwise.

Each is a function of W (H, H) and `kept`, a dict of what it remembers between calls.
"""

import numpy as np

from vgcourse.collect import Planted

EIG = np.linalg.eigvals


def _stable(W, kept=None):
    return bool(np.abs(EIG(W)).max() < 1)


def _below(size):
    """A verdict that compares another number with 1."""
    return lambda W, kept: bool(size(np.asarray(W, float)) < 1)


def _numerically_largest(values):
    """np.max of complex numbers: the largest real part decides."""
    return np.abs(np.sort_complex(values)[-1])


def _in_place(W, kept):
    verdict = _stable(W)
    W /= max(np.abs(W).max(), 1e-300)
    return verdict


def _first_kept(W, kept):
    return kept.setdefault("verdict", _stable(W))


def _symmetric_read(W):
    return np.abs(np.linalg.eigvalsh(W)).max()


def _symmetric_part(W):
    return np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max()


def _rule_for_two(W, kept):
    det = np.linalg.det(W)
    return bool(abs(det) < 1 and abs(np.trace(W)) < 1 + det)


def _grown(steps):
    """‖W^t h‖ from one start after some steps, the start (1, 1, …)."""
    return lambda W: np.linalg.norm(np.linalg.matrix_power(W, steps) @ np.ones(len(W))) / len(W) ** 0.5


WRONG = (
    Planted("always True", lambda W, kept: True, "Try a W that is not stable."),
    Planted("always False", lambda W, kept: False, "Try a W that is stable."),
    Planted("Re λ < 1", _below(lambda W: EIG(W).real.max()), "Try a pair on the imaginary axis outside the circle, or a λ below −1: in discrete time |λ| counts."),
    Planted("Re λ < 0", lambda W, kept: bool(EIG(W).real.max() < 0), "Try any stable W with a positive λ: it calls that unstable. Its rule is that of continuous time."),
    Planted("|Re λ| < 1", _below(lambda W: np.abs(EIG(W).real).max()), "Try a pair on the imaginary axis outside the circle: real part 0."),
    Planted("λ < 1", _below(lambda W: _numerically_largest(EIG(W)) if np.abs(EIG(W).imag).max() > 1e-12 else EIG(W).real.max()), "Try real eigenvalues, one of them below −1."),
    Planted("maximum before the modulus", _below(lambda W: _numerically_largest(EIG(W))), "Try a λ with a small real part and a large modulus beside a harmless one with a larger real part: −1.3 beside 0.5."),
    Planted("|λ| ≤ 1", lambda W, kept: bool(np.abs(EIG(W)).max() <= 1), "Try an eigenvalue of exactly 1, the identity or a quarter turn: that start does not die out."),
    Planted("one mode is enough", _below(lambda W: np.abs(EIG(W)).min()), "Try one λ inside and one outside."),
    Planted("mean of |λ|", _below(lambda W: np.abs(EIG(W)).mean()), "Try one λ outside among several small ones."),
    Planted("largest singular value", _below(lambda W: np.linalg.norm(W, 2)), "Try a stable W with a norm above 1, such as the first bet's: (0.9, 5; 0, 0.9)."),
    Planted("Frobenius norm", _below(np.linalg.norm), "Try a stable W with many entries, such as 0.9 times the identity: its Frobenius norm is above 1."),
    Planted("row sums", _below(lambda W: np.abs(W).sum(axis=1).max()), "Try a stable W with one large entry."),
    Planted("largest entry", _below(lambda W: np.abs(W).max()), "Try many entries of one half: they add up to a λ above 1."),
    Planted("determinant", _below(lambda W: abs(np.linalg.det(W))), "Try one λ of 2 beside one of 0.1: the product is small."),
    Planted("trace", _below(lambda W: abs(np.trace(W))), "Try λ of 1.5 and −1.5: the sum is 0."),
    Planted("trace over H", _below(lambda W: abs(np.trace(W)) / len(W)), "Try λ of 1.5 and −1.5: the mean is 0."),
    Planted("diagonal entries", _below(lambda W: np.abs(np.diag(W)).max()), "Try a W whose diagonal does not hold its eigenvalues: (0, 2; 2, 0)."),
    Planted("symmetric eigenvalues", _below(_symmetric_read), "Try a W that is not symmetric, with large entries above or below its diagonal: np.linalg.eigvalsh reads one triangle alone."),
    Planted("symmetric part", _below(_symmetric_part), "Try a stable W with a large corner: (W + Wᵀ)/2 tells whether one step can grow, not the end."),
    Planted("shorter after 10 steps", _below(_grown(10)), "Try a slow decay with a large corner, such as the first bet's: after 10 steps it is still longer. Or a growing mode of which the start (1, 1, …) has no part."),
    Planted("rule for two units", _rule_for_two, "|det| < 1 and |trace| < 1 + det is right for two units. Try three or more."),
    Planted("first two units", _below(lambda W: np.abs(EIG(W[:2, :2])).max()), "Try a third unit that grows, or one that holds the others back."),
    Planted("first λ listed", _below(lambda W: np.abs(EIG(W)[0])), "Try diagonal matrices with the large λ at the end."),
    Planted("last λ listed", _below(lambda W: np.abs(EIG(W)[-1])), "Try diagonal matrices with the large λ at the beginning."),
    Planted("below 1 after rounding", _below(lambda W: np.abs(EIG(W)).max().round(1)), "Try a largest |λ| between 0.95 and 0.98, or between 1.02 and 1.05."),
    Planted("W changed in place", _in_place, "Its verdict is right; afterwards your W is another. Compare with a copy made before."),
    Planted("first verdict kept", _first_kept, "The first call is right. Call again with a W of the other kind."),
)  # fmt: skip


def _after_a_million(W, kept):
    """|λ|^t is gone after a million steps, or is not."""
    with np.errstate(all="ignore"):
        return bool((np.abs(EIG(W)) ** 1e6).max() < 1e-6)


def _of_the_transpose(W, kept):
    """The same λ, in another order and with other rounding, and no bool."""
    return np.int64(np.linalg.norm(EIG(W.T), np.inf) < 1)


def _one_by_one(W, kept):
    return all(abs(value) < 1 for value in EIG(W).tolist())


def _longest_of_all(W, kept):
    values = np.linalg.eig(W)[0]
    return not np.any(values.real**2 + values.imag**2 >= 1)


RIGHT = (
    Planted("by eigenvalues", _stable, "It says True where all |λ| < 1, and False elsewhere, also at exactly 1."),
    Planted("a numpy bool", lambda W, kept: (np.abs(np.linalg.eig(W)[0]) < 1).all(), "It returns np.True_ or np.False_. If you accept “by eigenvalues”, ask for less than `is True`."),
    Planted("0 or 1", lambda W, kept: int(_stable(W)), "It returns 0 or 1. If you accept “by eigenvalues”, compare with ==, or take bool of it."),
    Planted("squares compared", _longest_of_all, "It compares |λ|² with 1, which is the same."),
    Planted("after a million steps", _after_a_million, "It takes |λ| to the power of a million. If you accept “by eigenvalues”, your |λ| lies too near to 1."),
    Planted("by the transpose", _of_the_transpose, "It takes the λ of W.T, which are those of W, and returns 0 or 1. W has to be an array."),
    Planted("one by one", _one_by_one, "It looks at one λ after the other and says False at the first that is too large."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def stable(W):
        """A function that says whether W is stable."""
        return formula(W, kept)

    return stable
