"""What learners call: `check("ps1.linear_backward", linear_backward)` and `hint("ps1.linear_backward")`.

A check calls the learner's function on random inputs (`collect`), compares what it gave with a reference and
names the mistake when it equals a known wrong formula (`judge`), and says so (`tell`). It works in notebooks,
in plain Python and under nbgrader, where its float result is the partial credit.
"""

import math
import numbers
import os
import sys
import warnings

import numpy as np

from vgcourse.collect import collect
from vgcourse.judge import judge, look
from vgcourse.judge.points import earned
from vgcourse.problems import find, may_use, names
from vgcourse.problems.problem import task
from vgcourse.tell import hint, progress, report, screen
from vgcourse.tell.fingerprint import fingerprints
from vgcourse.tell.screen import Score

__all__ = ["check", "evaluate", "find", "hint", "names", "progress", "when_solved"]


def check(name, fn, points=None, *, seed=0, convention=None):
    """Check a function, show what is right and what is not, return the points earned.

    Parameters
    ----------
    name : the problem, for instance "ps1.linear_backward"
    fn : your function
    points : what a complete answer earns; default: what the problem set says
    seed : which random inputs; grading uses others than the notebook
    convention : where a problem allows more than one, the name of the one you follow; default: the course's,
        and any other that your answer turns out to follow

    Returns
    -------
    float between 0 and `points`; in a notebook, a cell that ends with the call shows the table in its place

    Raises
    ------
    ValueError
        If there is no such problem or convention, `points` is not a number ≥ 0 or `seed` no integer ≥ 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"check: seed is {seed!r}; expected an integer of at least 0.")
    points = find(name).points if points is None else points
    if isinstance(points, bool) or not isinstance(points, numbers.Real) or not 0 <= points < math.inf:
        raise ValueError(f"check: points is {points!r}; expected a number of at least 0.")
    verdict, seen = _examine(name, fn, seed, convention, may_use(name))
    wrong = [row.name for row in verdict.rows if not row.ok]
    codes = fingerprints(seen.runs, wrong) if seen and seed == 0 else {}  # all get the same visible inputs
    points = float(points)
    score = earned(points, verdict.share)
    if seed == 0:
        progress.record(name, verdict.share)
    # `nbgrader validate` looks at no result: `report.show` has a word for it
    if screen.is_result(sys._getframe(1)) and os.environ.get("NBGRADER_EXECUTION") != "validate":
        html = report.as_html(verdict, score, points, fresh=seed != 0)
        return Score(score, {"text/html": html, report.MIME: report.as_data(verdict, score, points, codes)})
    report.show(verdict, score, points, fresh=seed != 0, codes=codes)
    return Score(score)


def when_solved(name, fn):
    """Decorator for the picture after a part: draws at once if `fn` passes its check, else says when it will.

    Graders run without pictures.
    """

    def run(draw):
        if os.environ.get("NBGRADER_EXECUTION"):
            return
        if evaluate(name, fn, may_use=may_use(name)).share == 1:
            draw()
        else:
            print(f"This picture appears when {name.split('.')[1]} passes its check.")

    return run


def evaluate(name, fn, *, seed=0, convention=None, may_use=None):
    """The verdict on a function, without showing it.

    Parameters
    ----------
    name, fn, seed, convention : as for `check`
    may_use : what of vgcourse the function may use, names of modules; None is all of it

    Returns
    -------
    Verdict
    """
    return _examine(name, fn, seed, convention, may_use)[0]


def _examine(name, fn, seed, convention, may_use):
    """The verdict, and the Look at the visible cases, None where the function was not called."""
    with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the notebook has switched on
        warnings.simplefilter("ignore")
        problem = find(name)
        declared = problem.convention(convention)
        seen = []  # the visible cases, compared as soon as they are there: what is right needs no fresh ones

        def enough(attempts):
            seen.append(look(problem, attempts, seed=seed, convention=declared))
            return seen[0].all_right

        answers = collect(fn, task(problem, seed, may_use), enough)
        look_at_visible = seen[0] if seen else None
        verdict = judge(problem, answers, seed=seed, convention=declared, seen=look_at_visible)
        return verdict, look_at_visible
