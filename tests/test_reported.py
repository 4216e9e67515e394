"""What a student's process can gain by lies about itself: the guide's table, and attackers who try."""

import re
from functools import partial

import numpy as np
import pytest
from conftest import ROOT, require
from jail_jobs import SEED, Cell, job, sent

from vgcourse.check import evaluate
from vgcourse.collect import Answers
from vgcourse.collect.outcomes import Attempt, Outcome
from vgcourse.collect.plain import copy_arguments
from vgcourse.grading import reported
from vgcourse.grading.jail import Worker, available
from vgcourse.grading.rows import Part
from vgcourse.judge import judge
from vgcourse.problems import SETS, find, problems
from vgcourse.problems.problem import drawn

GUIDE = (ROOT / "site" / "guide.md").read_text(encoding="utf-8")
CHECKPOINTED = find("ps6.checkpointed_backward")
VERDICTS = [problem.name for name in SETS for problem in problems(name) if problem.coin]


def answers(problem, outcome_of):
    """What came of every visible case, twice the same."""
    return Answers(None, tuple(Attempt(outcome_of(case), outcome_of(case)) for case in drawn(problem, 0)))


def right(case, problem, peak=0, **lies):
    output = problem.reference(*copy_arguments(case.args))
    return Outcome((output, peak) if case.memory else output, **lies)


@pytest.mark.parametrize("name", [name for name in SETS if name != "start"])
def test_the_guides_table_is_what_the_problems_say(name):
    (line,) = re.findall(rf"^\| {name} \|(.*)\|$", GUIDE, re.MULTILINE)
    columns = zip(*(reported.reported(one, one.points) for one in problems(name)), strict=True)
    arguments, memory, verdicts = map(sum, columns)
    points = sum(one.points for one in problems(name))
    assert [float(cell) for cell in line.split("|")] == [points, 0, arguments, memory, verdicts]


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_earned_without_a_right_value(name):
    for problem in problems(name):
        best = answers(problem, lambda case: Outcome((None, 0) if case.memory else None))
        assert judge(problem, best).share == 0, problem.name


@pytest.mark.parametrize("name", ["ps1.linear_backward", "ps1.is_right"])
def test_a_true_report_of_changed_arguments_costs_what_the_table_says(name):
    problem = find(name)
    honest = judge(problem, answers(problem, lambda case: right(case, problem, changed=(0,)))).share
    lying = judge(problem, answers(problem, lambda case: right(case, problem))).share
    saved = reported.reported(problem, problem.points).arguments
    assert (lying, problem.points * (lying - honest)) == (1, saved)


def test_a_true_report_of_the_memory_costs_what_the_table_says():
    low, high = (
        answers(CHECKPOINTED, partial(right, problem=CHECKPOINTED, peak=peak)) for peak in (0, 1 << 40)
    )
    shares = [judge(CHECKPOINTED, low).share, judge(CHECKPOINTED, high).share]
    saved = reported.reported(CHECKPOINTED, CHECKPOINTED.points).memory
    assert shares[0] == 1 and CHECKPOINTED.points * (shares[0] - shares[1]) == pytest.approx(saved)


def looks_it_up(implementation):
    """No test at all: it reads in the caller's frames which group the implementation was picked from."""
    import sys

    frame = sys._getframe()
    while frame := frame.f_back:
        for value in frame.f_locals.get("args", ()):
            if hasattr(value, "options"):
                return value.options[0] == "RIGHT"


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts_can_be_looked_up_and_so_are_in_the_table(name):
    assert evaluate(name, looks_it_up).share == 1
    assert reported.reported(find(name), 4).verdicts == 4


ATTACK = """
from vgcourse.collect import Answers
from vgcourse.collect.outcomes import Attempt, Outcome
from vgcourse.grading.jail.inside import student

def lies(fn, calls):
    return tuple(Outcome((None, 0) if asked.memory else None) for asked in calls)

def best_lies(fn, task, enough):
    return Answers(None, tuple(Attempt(one, one) for one in lies(fn, task.visible)))

student.collect, student.collect_fresh = best_lies, lies
checkpointed_backward = linear_backward = print
"""


def test_who_answers_from_inside_the_jail_with_lies_alone_gets_nothing():
    reason = available.reason_against("namespaces")
    require(reason is None, f"no namespaces: {reason}")
    names = [CHECKPOINTED.name, "ps1.linear_backward"]
    cells = [Cell("", ((name, name.split(".")[1]),)) for name in names]
    with Worker("namespaces") as worker:
        done = worker.run(job(ATTACK, *cells, tasks={name: (sent(name, SEED),) for name in names}))
    for number, name in enumerate(names):
        came, more = (Answers.from_bytes(kept[number + 1, 0, 0]) for kept in (done.answers, done.fresh))
        came = came._replace(fresh=more.fresh)
        assert came.visible[0].first == came.fresh[0] == Outcome()  # the attack did happen
        assert judge(find(name), came, seed=SEED).share == 0


def test_the_report_names_the_parts():
    parts = [
        Part("p1-check", 3.0, 4.0, False, False, "", "ps1.linear_backward"),
        Part("p2-check", 3.0, 6.0, False, False, "", CHECKPOINTED.name),
        Part("p3-check", 3.0, 4.0, False, False, "", "ps1.is_right"),
        Part("p3-derivation", 3.0, 4.0, False, True),
    ]
    assert reported.told(parts).endswith(
        "how many bytes it holds (part 2: 1 of 6); that verdicts come from trying what is judged, not from "
        "looking it up (part 3: 4 of 4)."
    )
    assert "bytes" not in reported.told(parts[:1]) and "verdicts" not in reported.told(parts[:1])
    assert np.isclose(reported.reported(find("ps1.is_right"), 4).arguments, 2)
