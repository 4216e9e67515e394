"""Run a learner's function on a problem's cases, collect a verdict, show it, return the points."""

import inspect
import math
import numbers
import os
import warnings
from typing import NamedTuple

import numpy as np

from vgcourse.check import report
from vgcourse.check.call import call, copy_arrays, same, signature_problem
from vgcourse.check.compare import compare, flatten
from vgcourse.check.diagnose import Finding, conventions_used, diagnose, run_case
from vgcourse.check.problem import find
from vgcourse.gradcheck import relative_error


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


def check(name, fn, points=None, *, seed=0):
    """Check a function, show what is right and what is not, return the points earned.

    Parameters
    ----------
    name : the problem, for instance "ps1.linear_backward"
    fn : your function
    points : what a complete answer earns; default: what the problem set says
    seed : which random inputs; grading uses others than the notebook

    Returns
    -------
    float between 0 and `points`

    Raises
    ------
    ValueError
        If there is no such problem or `points` is not a number ≥ 0.
    """
    points = find(name).points if points is None else points
    if isinstance(points, bool) or not isinstance(points, numbers.Real) or not 0 <= points < math.inf:
        raise ValueError(f"check: points is {points!r}; expected a number of at least 0.")
    verdict = evaluate(name, fn, seed=seed)
    points = float(points)
    rounded = round(points * verdict.share, 2)
    # a built-in float, or nbgrader would give full marks; never above points, and equal only if all is right
    earned = points if verdict.share == 1 else rounded if rounded < points else points * verdict.share
    report.show(verdict, earned, points, fresh=seed != 0)
    return earned


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


def evaluate(name, fn, *, seed=0):
    """The verdict on a function, without showing it.

    Returns
    -------
    Verdict
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the notebook has switched on
        warnings.simplefilter("ignore")
        return _evaluate(find(name), fn, seed)


def _evaluate(problem, fn, seed):
    name = problem.name
    rng = np.random.default_rng([seed, *name.encode()])
    cases = problem.cases(rng)
    refusal = signature_problem(fn, cases[0].args, problem.reference)
    if refusal:
        return Verdict(name, [], [Finding("call", refusal[0].upper() + refusal[1:])], 0.0)

    runs, findings = [], []
    for case in cases:
        expected = problem.adapt(problem.reference(*copy_arrays(case.args)), case.args)
        run = run_case(problem, fn, case, expected)
        run, unstable = _call_again(problem, fn, run)
        runs.append(run)
        findings += unstable
    for agreed, note in conventions_used(problem, runs):
        findings.append(note)
        runs = [run._replace(quantities=[_accept(q, agreed) for q in run.quantities]) for run in runs]

    rows = _rows(runs)
    findings = _about_calls(runs, problem) + _about_whole_answer(rows) + list(dict.fromkeys(findings))
    stable = not any(finding.kind in ("accumulates", "not repeatable") for finding in findings)
    if stable:
        findings += diagnose(problem, runs, [row.name for row in rows if not row.ok])
    share = _share(rows)
    if any(finding.kind == "changes its input" for finding in findings):
        share /= 2
    return Verdict(name, rows, findings, share)


def _call_again(problem, fn, run):
    """Call once more with the same input: what a function remembers between calls shows now."""
    if run.outcome.failed:
        return run, []
    again = call(fn, run.case.args)
    if again.failed:
        text = f"The second call with the same input failed, the first did not: {again.error}"
        return run._replace(outcome=again, quantities=[]), [Finding("not repeatable", text)]
    if same(again.output, run.outcome.output):
        return run, []
    second = compare(problem, run.case, again.output, run.expected)
    worse = [
        max(a, b, key=lambda q: (not q.ok, q.error)) for a, b in zip(run.quantities, second, strict=True)
    ]
    pairs = list(zip(run.quantities, second, strict=True))
    if all((a.ok and b.ok) or same(a.value, b.value) for a, b in pairs):
        return run, []
    grown = [a.name for a, b in pairs if _adds_up(a, b)]
    if grown and all(a.ok or a.name in grown for a, _ in pairs):
        text = (
            f"Every call adds to the one before: {' and '.join(grown)} came out larger for the same input. "
            "Start from new arrays in every call; nothing outside the function may collect the sum."
        )
        finding = Finding("accumulates", text)
    else:
        text = (
            "Two calls with the same input gave different answers. "
            "Is there a random number or a global variable in it?"
        )
        finding = Finding("not repeatable", text)
    return run._replace(quantities=worse), [finding]


def _adds_up(a, b):
    """Does the second value exceed the first by one whole right answer?"""
    if a.value is None or b.value is None or not (np.isfinite(a.error) and np.isfinite(b.error)):
        return False
    return np.any(a.expected) and relative_error(b.value.astype(float) - a.value, a.expected) < 1e-6


def _about_calls(runs, problem):
    """Findings about the calls themselves: exceptions, changed inputs, prints."""
    findings = []
    errors = [run.outcome.error for run in runs if run.outcome.failed]
    if errors:
        kind = (
            "not written yet"
            if errors[0].startswith("NotImplementedError")
            else "raises " + errors[0].split(":")[0]
        )
        some = "" if len(errors) == len(runs) else f" (in {len(errors)} of {len(runs)} calls)"
        findings.append(Finding(kind, errors[0] + some))
    changed = sorted({i for run in runs for i in run.outcome.changed})
    if changed:
        names = list(inspect.signature(problem.reference).parameters)
        text = (
            f"Your function changes its argument {' and '.join(names[i] for i in changed)} in place. "
            "Whoever called it still needs that array: work on a copy. This costs half the points."
        )
        findings.append(Finding("changes its input", text))
    printed = sum(run.outcome.printed for run in runs)
    if printed:
        lines = "1 line" if printed == 1 else f"{printed} lines"
        findings.append(
            Finding("prints", f"(Your function printed {lines} while it was checked; not shown.)")
        )
    return findings


def _about_whole_answer(rows):
    """One finding in place of the same complaint in every row."""
    reasons = {row.problem for row in rows}
    if len(reasons) != 1 or not (reason := reasons.pop()) or any(row.usable for row in rows):
        return []
    text = reason if reason.startswith("your") else f"your answer {reason}"
    return [Finding("no usable answer", text[0].upper() + text[1:] + ("" if text[-1] in ".?" else "."))]


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


def _share(rows):
    """Every quantity counts the same; a list of arrays is one quantity, shared by its members."""
    groups = {}
    for row in rows:
        groups.setdefault(row.name.split("[")[0], []).append(row.ok)
    return sum(sum(oks) / len(oks) for oks in groups.values()) / len(groups)
