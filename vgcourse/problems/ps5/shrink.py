"""Problem set 5, an investigation: a size that falls at every step, for a net whose length does not.

The answer is one scale for each unit. What it does is measured here: one matrix norm.
"""

import itertools

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.dynamics import lyapunov_function
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- shrinking_scales ------------------------------------------------------------------------------


def shrinking_scales(W):
    """d with ‖D W D⁻¹‖₂ < 1, D = diag(d): the roots of left over right eigenvector of |W|, whose entries are above 0."""
    M = np.abs(W)
    left = _perron(M.T)
    right = _perron(M)
    return np.sqrt(left / right)


def _perron(M):
    """The eigenvector of the largest eigenvalue of a matrix with entries above 0: its entries have one sign."""
    values, V = np.linalg.eig(M)
    return np.abs(V[:, np.argmax(values.real)].real)


def _dominant(M):
    """The sizes in the eigenvector of the largest |λ|, whatever the signs."""
    values, V = np.linalg.eig(M)
    return np.abs(V[:, np.argmax(np.abs(values))])


def _by_future(W):
    """The roots of the diagonal of P, (7.11)."""
    return np.sqrt(np.diag(lyapunov_function(W)))


def balanced(W, sweeps=60):
    """Another way: unit by unit, until the row and the column of each are equally long."""
    d = np.ones(len(W))
    for _ in range(sweeps):
        for i in range(len(W)):
            M = np.abs(d[:, None] * W / d)
            np.fill_diagonal(M, 0)
            d[i] *= np.sqrt(np.linalg.norm(M[:, i]) / np.linalg.norm(M[i]))
    return d


def norm_after(W, d):
    return float(np.linalg.norm(d[:, None] * W / d, 2))


def _measured(output, args):
    """The norm after scaling, 1 if it is below 1, and what would do instead."""
    (W,) = args
    d = as_numbers(output, "one number for each unit")
    if d.shape != (len(W),):
        raise TypeError(f"is {describe(output)}; expected {len(W)} numbers, one for each unit")
    if not ((d > 0) & (d < 1e100)).all():  # also NaN
        raise TypeError("holds NaN, a number that is not above 0, or one beyond 1e100; expected scales")
    norm = norm_after(W, d)
    return np.array([1.0 if norm < 1 else norm, 1.0 if norm < 1 else _instead(W, d)])


def _instead(W, d):
    """Which neighbour of a wrong answer would do: 2 upside down, 3 the root, 4 the square; 5 if all are equal, 6 if every round saw W; else 1."""
    if np.ptp(d) <= 1e-9 * d.max():
        return 5.0
    if _again_and_again(W, d):
        return 6.0
    with np.errstate(all="ignore"):
        for number, other in ((2.0, 1 / d), (3.0, np.sqrt(d)), (4.0, d**2)):
            if norm_after(W, other) < 1:
                return number
    return 1.0


def _again_and_again(W, d):
    """Is d a high power of column over row of W itself, the same correction in every round?"""
    logs = np.log(d) - np.log(d).mean()
    for once in (_at_once(W), _once_with_diagonal(W)):
        one = np.log(once) - np.log(once).mean()
        rounds = logs @ one / (one @ one)
        if rounds > 2.5 and np.abs(logs - rounds * one).max() < 1e-6 * np.abs(logs).max():
            return True
    return False


def _cases(rng):
    cases = []
    for H, orders in ((4, 2.0), (9, 3.0), (15, 3.0)):
        while True:
            M = rng.normal(size=(H, H)) ** 3
            M *= 0.8 / np.abs(np.linalg.eigvals(np.abs(M))).max()
            d = 10 ** (orders * rng.permutation(np.linspace(0, 1, H)))
            W = M / d[:, None] * d
            simple = itertools.chain(_too_simple(W, d), _half_of_the_way(W) if H == 9 else ())
            if all(norm_after(W, d) > 1.02 for d in simple) and norm_after(W, balanced(W)) < 0.97:
                break
        cases.append(Case((W,), (f"{H} units",)))
    return cases


def _at_once(W):
    """Column over row, for all units at the same time."""
    M = np.abs(W) - np.diag(np.abs(np.diag(W)))
    return np.sqrt(np.linalg.norm(M, axis=0) / np.linalg.norm(M, axis=1))


def _once_with_diagonal(W):
    return np.sqrt(np.linalg.norm(W, axis=0) / np.linalg.norm(W, axis=1))


def _too_simple(W, d):
    """Scales that must not do: none, half of what is needed, twice that, the wrong way round, a first step towards it."""
    roots = np.sqrt(shrinking_scales(W)), shrinking_scales(W) ** 2
    lengths = 1 / np.linalg.norm(W, axis=1), np.linalg.norm(W, axis=0)
    return np.ones(len(W)), d**0.5, d**2, 1 / d, *roots, *lengths, _dominant(W), balanced(W, 1)


def _half_of_the_way(W):
    """Scales that do for many matrices, and must not for one of the three."""
    yield 1 / _perron(np.abs(W))
    yield _perron(np.abs(W).T)
    yield np.sqrt(_dominant(W.T) / _dominant(W))
    yield 1 / _dominant(W)
    yield _at_once(W)
    yield _once_with_diagonal(W)
    yield _at_once(W) ** 2
    yield _once_with_diagonal(W) ** 2
    yield _by_future(W)


def _grows(on_the_way):
    """Above 1, though nothing is known of it: smaller than without scales (on the way), or not."""

    def residual(args, outputs):
        norm, instead = next(iter(outputs.values()))
        falls = norm < 0.999 * np.linalg.norm(args[0], 2)
        return max(0.0, norm - 1) if instead == 1.0 and falls == on_the_way else 0.0

    return residual


SHRINKING_SCALES = Problem(
    name="ps5.shrinking_scales",
    reference=shrinking_scales,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("upside down they would do", known(1, 2.0), "Upside down your scales would do, 1/d for d: entry (i, j) of D W D⁻¹ is d_i W_ij / d_j."),
        Invariant("the roots would do", known(1, 3.0), "The square roots of your scales would do. Every entry W_ij feels two scales, d_i and d_j."),
        Invariant("the squares would do", known(1, 4.0), "The squares of your scales would do."),
        Invariant("one scale for all", known(1, 5.0), "All your scales are equal. Then D W D⁻¹ is W itself: only their ratios count."),
        Invariant("every round sees W", known(1, 6.0), "Your scales are the first correction made again and again: every round looks at W itself. Measure rows and columns of D W D⁻¹, as it is by then."),
        Invariant("on the way", _grows(True), "In some net your scales bring ‖D W D⁻¹‖ down, but not below 1. Go on until it is."),
        Invariant("the norm is not below 1", _grows(False), "In some net ‖D W D⁻¹‖ is not smaller than ‖W‖: your scales do not help there."),
    ),
    mistakes=(
        Mistake("no scales", lambda W: np.ones(len(W)), "All your scales are equal: your size is the length, times a number, and that may grow."),
        Mistake("right over left", edit("left / right", "right / left"), "Your scales are upside down: a unit that is heard much by others has to weigh more, one that hears much weighs less."),
        Mistake("root missing", edit("np.sqrt(left / right)", "left / right"), "Your scales are the squares of what is needed. Each entry feels two of them, d_i and d_j."),
        Mistake("root too many", edit("left / right", "np.sqrt(left / right)"), "Your scales are roots of what is needed."),
        Mistake("right vector alone", edit("np.sqrt(left / right)", "1 / right"), "Your scales are one over the right eigenvector of |W|: every row of sums becomes equal. What a unit sends counts as much as what it hears."),
        Mistake("left vector alone", edit("np.sqrt(left / right)", "left"), "Your scales are the left eigenvector of |W|. What a unit hears counts as much as what it sends."),
        Mistake("eigenvectors of W", edit("np.abs(W)", "W", "_perron(M.T)", "_dominant(M.T)", "_perron(M)", "_dominant(M)"), "Your scales are made of the eigenvectors of W. Their signs hide how much comes in and goes out: (7.7) has none, but |W| has entries above 0."),
        Mistake("slowest mode", _dominant, "Your scales are the sizes in the slowest eigenvector of W. That tells where the state ends, not by how much one step stretches."),
        Mistake("one over the slowest mode", lambda W: 1 / _dominant(W), "Your scales are one over the sizes in the slowest eigenvector of W. That tells where the state ends, not by how much one step stretches."),
        Mistake("diagonal of P", _by_future, "Your scales are roots of the diagonal of P in (7.11). That sums up the future of each unit alone; V falls with all of P, not with its diagonal."),
        Mistake("row lengths", lambda W: 1 / np.linalg.norm(W, axis=1), "Your scales are one over the lengths of the rows of W. What a unit sends counts as much as what it hears, and scaling one unit changes the rows of the others."),
        Mistake("column lengths", lambda W: np.linalg.norm(W, axis=0), "Your scales are the lengths of the columns of W. What a unit hears counts as much as what it sends, and scaling one unit changes the columns of the others."),
        Mistake("all units at once", _at_once, "Your scales make row and column of each unit equally long as if the others kept theirs. Scaling one unit changes the others: go round until nothing changes."),
        Mistake("all units at once, diagonal too", _once_with_diagonal, "Your scales make row and column of each unit equally long as if the others kept theirs. Scaling one unit changes the others: go round until nothing changes."),
        Mistake("row over column", lambda W: 1 / _once_with_diagonal(W), "Your scales are upside down, and from one look: a unit with a long row needs a small d, and scaling one unit changes the others."),
        Mistake("column over row without root", lambda W: _at_once(W) ** 2, "Your scales are length of column over length of row of W, for all units at once and without the root: each entry feels two scales, and scaling one unit changes the others."),
        Mistake("column over row without root, diagonal too", lambda W: _once_with_diagonal(W) ** 2, "Your scales are length of column over length of row of W, for all units at once and without the root: each entry feels two scales, and scaling one unit changes the others."),
        Mistake("one round of balancing", lambda W: balanced(W, 1), "You make rows and columns equally long once. Scaling one unit changes the others: go round until nothing changes."),
    ),
    hints=(
        "Entry (i, j) becomes d_i W_ij / d_j. A unit whose row is long and whose column is short: should its d be small or large?",
        "Make the row and the column of unit i equally long, leaving out the diagonal. Which factor for d_i does that? Then the next unit, and round again.",
        "The factor is the root of a quotient of two lengths, measured in D W D⁻¹ as it is by then; go round until all factors are 1. (Or use the two eigenvectors of |W|, left and right, whose entries have one sign.)",
    ),
)  # fmt: skip
