"""Points: by quantity, and one slip is one slip: what it alone spoiled keeps half.

Half is for somebody's work with one fault in it. A constant, or an argument handed back, is no work, even
where a known mistake gives just that.
"""

import numpy as np

from vgcourse.problems.numbers import FEW, SAME

CHANGES_ITS_INPUT = 0.5  # what is left of the points of a function that does


def share_of(problem, rows, halved=()):
    """The part of the points that was earned, 0 … 1.

    Every quantity counts the same; a list of arrays is one quantity, shared by its members. Of yes-or-no
    answers a coin gets half: there the share starts above that.

    Parameters
    ----------
    problem : Problem
    rows : list of Row
    halved : names of wrong quantities that keep half
    """
    groups = {}
    for row in rows:
        worth = 1.0 if row.ok else 0.5 if row.name in halved else 0.0
        groups.setdefault(row.name.split("[")[0], []).append(worth)
    share = sum(sum(worths) / len(worths) for worths in groups.values()) / len(groups)
    return max(0.0, 2 * share - 1) if problem.exact and not problem.each else share


def earned(points, share):
    """What a share of the points comes to: two decimals, never above `points`, equal only if all is right.

    Parameters
    ----------
    points : what a complete answer earns
    share : the part of it that was earned, 0 … 1

    Returns
    -------
    float
    """
    points = float(points)
    rounded = round(points * share, 2)
    return points if share == 1 else rounded if rounded < points else points * share


def halved(problem, runs, rows, explained):
    """Of what one slip explains, the names of what keeps half.

    Answers that are right or wrong as a whole keep nothing: there the slip is the answer.
    """
    if problem.exact or any(run.outcome.failed for run in runs):
        return ()
    wrong = [row for row in rows if row.name in explained and row.usable and not row.problem]
    return tuple(row.name for row in wrong if _is_work(runs, row.name.split("[")[0]))


def _is_work(runs, whole):
    """Is the quantity, with all its members, more than one number and more than an argument handed back?"""
    found = [
        (q, run.case.args)
        for run in runs
        for q in run.quantities
        if q.name.split("[")[0] == whole and q.value is not None
    ]
    values = np.concatenate([q.value.ravel() for q, _ in found])
    if values.size < FEW:  # so few may be equal, to each other or to an argument, by chance
        return bool(values.any())
    constant = bool(np.all(values == values[0]))
    return not constant and not all(_is_handed_back(q.value, args) for q, args in found)


def _is_handed_back(value, args):
    return any(
        array.size == value.size
        and any(_equal(value, turned.reshape(value.shape)) for turned in (array, array.T))
        for array in _arrays(args)
    )


def _equal(a, b):
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf":
        return False
    return bool(np.allclose(a, b, rtol=SAME, atol=0, equal_nan=True))


def _arrays(value):
    """The arrays and numbers among the arguments, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif isinstance(value, (np.ndarray, np.generic, int, float)):
        yield np.asarray(value)
