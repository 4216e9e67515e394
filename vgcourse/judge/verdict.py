"""From what a function gave to a verdict: what is right, what is known of what is not, how many points."""

import math
from typing import NamedTuple

from vgcourse.judge.behaviour import about_calls, about_whole_answer, second_call
from vgcourse.judge.compare import flatten
from vgcourse.judge.conventions import note, other_than_declared, used_in_parts
from vgcourse.judge.diagnose import best_convention, diagnose
from vgcourse.judge.locate import error_map
from vgcourse.judge.points import CHANGES_ITS_INPUT, halved, share_of
from vgcourse.judge.results import Finding, Row, Run, Verdict
from vgcourse.judge.runs import compared, inputs, wrong_names

UNSTABLE = ("accumulates", "not repeatable")


class Look(NamedTuple):
    """The visible cases compared, and findings of what differed when a case was called again."""

    runs: list
    unstable: list

    @property
    def all_right(self):
        """Is nothing wrong, so that nobody needs to see what fresh inputs give?"""
        failed = any(run.outcome.failed for run in self.runs)
        return not failed and not self.unstable and not wrong_names(self.runs)


def look(problem, attempts, *, seed=0, convention=None):
    """Compare what came of the visible cases.

    Returns
    -------
    Look
    """
    runs, findings = [], []
    for (case, expected), attempt in zip(inputs(problem, seed, convention), attempts, strict=True):
        run = compared(problem, Run(case, expected, attempt.first, []))
        run, unstable = second_call(problem, run, attempt.again)
        runs.append(run)
        findings += unstable
    return Look(runs, findings)


def judge(problem, answers, *, seed=0, convention=None, seen=None):
    """The verdict on what a learner's function gave.

    Parameters
    ----------
    problem : Problem
    answers : what `collect` brought back from the problem's `task` for that seed
    seed : that of the task
    convention : the Convention that the learner declared, or None
    seen : the Look at the visible cases, where there is one already

    Returns
    -------
    Verdict
    """
    if answers.refusal:
        return Verdict(problem.name, [], [Finding("call", "call", answers.refusal)], 0.0)
    runs, unstable = seen or look(problem, answers.visible, seed=seed, convention=convention)
    stable = not any(finding.name in UNSTABLE for finding in unstable)
    followed, about_convention = convention, []
    if stable and convention is None:
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
    wrong, half = [row.name for row in rows if not row.ok], ()
    if stable and wrong:
        known, one_slip = diagnose(problem, runs, wrong, answers.fresh, seed=seed, convention=followed)
        if convention and (other := other_than_declared(problem, runs, seed, convention)):
            known, one_slip = other, set()
        findings += known
        half = halved(problem, runs, rows, one_slip)
    share = share_of(problem, rows, half)
    if any(finding.group == "call" and finding.name == "changes its input" for finding in findings):
        share *= CHANGES_ITS_INPUT
    maps = _maps(problem, runs, wrong)
    return Verdict(problem.name, rows, list(dict.fromkeys(findings)), share, maps, half)


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
