"""What of a check's points rests on what a student's own process says of itself, and no value can show.

Whatever a function returns is compared outside of the jail: without right numbers no report earns anything.
"""

import functools
import math
import re
from typing import NamedTuple

from vgcourse.collect import Answers
from vgcourse.collect.outcomes import Attempt, Outcome
from vgcourse.collect.plain import copy_arguments
from vgcourse.grading.course import cells_of
from vgcourse.judge import judge
from vgcourse.judge.points import CHANGES_ITS_INPUT, earned
from vgcourse.problems import find
from vgcourse.problems.problem import drawn

CHECK = re.compile(r"""^\s*(?:\w+ = )?check\(\s*["']([\w.]+)["']""", re.MULTILINE)


class Reported(NamedTuple):
    """Points of one check, or of several, that right numbers earn only with a true report.

    Attributes
    ----------
    arguments : that the function leaves its arguments as they are
    memory : that it holds no more bytes than it may
    verdicts : that what it says of given implementations comes from trying them. They lie in the same
        process, where code can look up which of them are right
    """

    arguments: float
    memory: float
    verdicts: float


def reported(problem, points):
    """What of a check's points rests on the report.

    Parameters
    ----------
    problem : Problem
    points : what the check gives for all of it

    Returns
    -------
    Reported
    """
    too_much = points - earned(points, _with_memory(problem, math.inf)) if _measured(problem) else 0.0
    return Reported(points * (1 - CHANGES_ITS_INPUT), too_much, points * problem.coin)


def problems_of(folder):
    """{"p2-check": "ps1.four_weight_net"}: what the checks of a problem set's notebooks ask for last."""
    return {
        cell.grade_id: found[-1]
        for cell in cells_of(folder)
        if cell.kind == "code" and (found := CHECK.findall(cell.source))
    }


def told(parts):
    """A sentence for a report on the checks among these parts."""
    checks = [part for part in parts if part.problem and not part.by_hand]
    by_part = [(part, reported(find(part.problem), part.max_points)) for part in checks]
    memory, verdicts = (
        ", ".join(
            f"part {part.label}: {getattr(one, name):g} of {part.max_points:g}"
            for part, one in by_part
            if getattr(one, name)
        )
        for name in ("memory", "verdicts")
    )
    facts = [
        f"that a function leaves its arguments as they are ({1 - CHANGES_ITS_INPUT:.0%} of a check's points)",
        "that a second call answers the same, and that each call is quick (all of them)",
    ]
    if memory:
        facts.append(f"how many bytes it holds ({memory})")
    if verdicts:
        facts.append(f"that verdicts come from trying what is judged, not from looking it up ({verdicts})")
    return (
        "What functions returned was compared outside, and nothing is earned without right values. Reported "
        f"by the student's own process alone: {'; '.join(facts)}."
    )


def _measured(problem):
    return any(case.memory for case in drawn(problem, 0))


@functools.cache
def _with_memory(problem, peak):
    """The share of the points that right answers earn where they held so many bytes."""
    attempts = []
    for case in drawn(problem, 0):
        output = problem.reference(*copy_arguments(case.args))
        outcome = Outcome((output, peak) if case.memory else output)
        attempts.append(Attempt(outcome, outcome))
    return judge(problem, Answers(None, tuple(attempts))).share
