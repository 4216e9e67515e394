"""Run a learner's function on a problem's cases, collect a verdict, show it, return the points."""

import math
import numbers
import os
import sys
import warnings
from time import perf_counter
from typing import NamedTuple

import numpy as np

from vgcourse.check import progress, report, screen
from vgcourse.collect.call import SECONDS, Outcome, call, signature_problem
from vgcourse.judge.behaviour import about_calls, about_whole_answer, call_again
from vgcourse.judge.compare import flatten
from vgcourse.judge.conventions import note, other_than_declared, used_in_parts
from vgcourse.judge.diagnose import best_convention, diagnose
from vgcourse.judge.locate import error_map
from vgcourse.judge.results import Finding, Run, compared, inputs
from vgcourse.problems import find
from vgcourse.tell.screen import Score

IN_ALL = 3 * SECONDS  # for one check


class Row(NamedTuple):
    """One line of the table: the worst over all cases of one quantity."""

    name: str
    shape: tuple
    error: float
    ok: bool
    problem: str
    usable: bool = True


class Verdict(NamedTuple):
    """All that a check found out. `share` is the part of the points that was earned, 0 … 1."""

    problem: str
    rows: list
    findings: list
    share: float
    maps: tuple = ()


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
    verdict = evaluate(name, fn, seed=seed, convention=convention)
    points = float(points)
    rounded = round(points * verdict.share, 2)
    # never above points, and equal only if all is right
    earned = points if verdict.share == 1 else rounded if rounded < points else points * verdict.share
    if seed == 0:
        progress.record(name, verdict.share)
    # `nbgrader validate` looks at no result: `report.show` has a word for it
    if screen.is_result(sys._getframe(1)) and os.environ.get("NBGRADER_EXECUTION") != "validate":
        html = report.as_html(verdict, earned, points, fresh=seed != 0)
        return Score(earned, {"text/html": html, report.MIME: report.as_data(verdict, earned, points)})
    report.show(verdict, earned, points, fresh=seed != 0)
    return Score(earned)


def when_solved(name, fn):
    """Decorator for the picture after a part: draws at once if `fn` passes its check, else says when it will.

    Graders run without pictures.
    """

    def run(draw):
        if os.environ.get("NBGRADER_EXECUTION"):
            return
        if evaluate(name, fn).share == 1:
            draw()
        else:
            print(f"This picture appears when {name.split('.')[1]} passes its check.")

    return run


def evaluate(name, fn, *, seed=0, convention=None):
    """The verdict on a function, without showing it.

    Returns
    -------
    Verdict
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the notebook has switched on
        warnings.simplefilter("ignore")
        problem = find(name)
        return _evaluate(problem, fn, seed, problem.convention(convention))


def _evaluate(problem, fn, seed, declared):
    cases = inputs(problem, seed, declared)
    refusal = signature_problem(fn, cases[0][0].args, problem.reference)
    if refusal:
        return Verdict(problem.name, [], [Finding("call", refusal[0].upper() + refusal[1:])], 0.0)

    fn, start = problem.around(fn), perf_counter()
    runs, unstable = _all_runs(problem, fn, cases)
    stable = not any(finding.kind in ("accumulates", "not repeatable") for finding in unstable)
    followed, about_convention = declared, []
    if stable and declared is None:
        followed, runs = best_convention(problem, runs, seed)
        about_convention = [note(followed)] if followed else []
    if stable and followed is None:
        for names, finding in used_in_parts(problem, runs, seed):
            about_convention.append(finding)
            runs = [run._replace(quantities=[_accept(q, names) for q in run.quantities]) for run in runs]

    rows = _rows(runs)
    findings = (
        about_calls(runs, problem, fresh=seed != 0) + about_whole_answer(rows) + about_convention + unstable
    )
    wrong = [row.name for row in rows if not row.ok]
    if stable and wrong:
        slow = perf_counter() - start > SECONDS  # then a suspicion is confirmed by one more call, not by many
        known = diagnose(problem, runs, wrong, fn, seed=seed, convention=followed, thorough=not slow)
        if declared:
            known = other_than_declared(problem, runs, seed, declared) or known
        findings += known
    share = _share(rows, problem.exact and not problem.each)
    if any(finding.kind == "changes its input" for finding in findings):
        share /= 2
    return Verdict(problem.name, rows, list(dict.fromkeys(findings)), share, _maps(problem, runs, wrong))


def _all_runs(problem, fn, cases):
    """The learner's function on every case, twice; findings of what differed. A time limit ends it."""
    runs, findings = [], []
    deadline = perf_counter() + IN_ALL
    for case, expected in cases:
        start = perf_counter()
        if runs and runs[-1].outcome.timed_out:
            outcome = runs[-1].outcome  # it would run into the limit again
        elif start > deadline:
            outcome = Outcome(error=f"All calls together took more than {IN_ALL:.3g} s.", timed_out=True)
        else:
            outcome = call(fn, case.args, SECONDS)
        run = compared(problem, Run(case, expected, outcome, []))
        if perf_counter() - start < SECONDS / 4:
            run, unstable = call_again(problem, fn, run)
            findings += unstable
        runs.append(run)
    return runs, findings


def _maps(problem, runs, wrong):
    """Where the first two partly wrong quantities are wrong, each in the first case where it is."""
    maps = []
    for name in wrong:
        found = [q for run in runs for q in run.quantities if q.name == name and not q.ok]
        if found:
            maps.append(error_map(found[0], problem.axes.get(name.split("[")[0], ())))
    return tuple([found for found in maps if found][:2])


def _accept(quantity, agreed):
    return (
        quantity._replace(ok=True, error=0.0)
        if quantity.name in agreed and quantity.value is not None
        else quantity
    )


def _rows(runs):
    names = []
    for run in runs:
        names += [name for name in _names(run) if name not in names]
    rows = []
    for name in names:
        found = [q for run in runs for q in run.quantities if q.name == name]
        failed = any(run.outcome.failed and name in _names(run) for run in runs)
        if not found:
            rows.append(Row(name, None, math.inf, False, "the call failed"))
            continue
        worst = max(found, key=lambda q: (not q.ok, q.error))
        shape = found[0].expected.shape
        problem = worst.problem or ("some calls failed" if failed else "")
        ok = worst.ok and not failed
        usable = any(q.value is not None for q in found)
        rows.append(Row(name, shape, math.inf if failed else worst.error, ok, problem, usable))
    return rows


def _names(run):
    return [name for name, _ in flatten(run.case.quantities, run.expected)]


def _share(rows, exact):
    """Every quantity counts the same; a list of arrays is one quantity, shared by its members.

    Of yes-or-no answers a coin gets half: there the share starts above that.
    """
    groups = {}
    for row in rows:
        groups.setdefault(row.name.split("[")[0], []).append(row.ok)
    share = sum(sum(oks) / len(oks) for oks in groups.values()) / len(groups)
    return max(0.0, 2 * share - 1) if exact else share
