"""From what came out of the jail to points: every answer is judged here, outside of it.

`grade` runs in the executors' processes, so that all cores judge. They import no nbformat: it takes seconds.
"""

import functools
import warnings
from typing import NamedTuple

import numpy as np

from vgcourse.collect import Answers
from vgcourse.grading.checks import short
from vgcourse.grading.jail.outputs import failure
from vgcourse.judge import judge, look
from vgcourse.judge.points import earned
from vgcourse.problems import find
from vgcourse.tell import report
from vgcourse.tell.fingerprint import fingerprints

NO_ANSWER = "NoAnswer"  # the kind of error that stands where a check had nothing to look at
SET_ASIDE = "set aside"
REMEMBERED = 1 << 18  # bytes of answers that are worth remembering; most are some 5,000
MOST_REMEMBERED = 1024  # sets of answers: of a class of 2,000 nearly all different ones of a problem set
REASONS = {
    "timed out": ("TimedOut", "this cell took longer than it may, and was stopped"),
    "died": ("Died", "the process died in this cell: os._exit, or too much memory"),
    "not run": (
        "NotRun",
        "this cell was not run: the submission's time was over, or too many processes died",
    ),
}


class GradedCell(NamedTuple):
    """What one code cell shows; `points` is None where no check gave any."""

    outputs: list
    points: float | None
    seconds: float
    state: str


class Graded(NamedTuple):
    """What became of an order. `status` is the jail's "finished" or "partly", "jail failed", or SET_ASIDE."""

    key: str
    status: str
    cells: tuple = ()
    seconds: float = 0.0
    jail: str = ""
    notes: tuple = ()


def grade(order, worker):
    """Carry out an order with a jail's Worker: whatever it holds, there is a Graded."""
    try:
        done = worker.run(order.job())
        if done.status == "jail failed":
            return Graded(order.key, done.status, (), done.seconds, done.jail, tuple(done.notes))
        cells = tuple(_cell(order, number, did, done) for number, did in enumerate(done.cells))
    except Exception as error:  # a fault of ours in one submission must not stop the class
        return Graded(order.key, SET_ASIDE, notes=(f"it could not be scored: {short(repr(error))}",))
    return Graded(order.key, done.status, cells, done.seconds, done.jail, tuple(done.notes))


def _cell(order, number, did, done):
    check = order.checks.get(number)
    if check:
        return _checked(order, number, check, did, done)
    outputs = [dict(output) for output in did.outputs]
    if did.state in REASONS and not any(output["output_type"] == "error" for output in outputs):
        outputs.insert(0, failure(*REASONS[did.state]))
    return GradedCell(outputs, None, did.seconds, did.state)


def _checked(order, number, check, did, done):
    """A check's cell as a notebook would show it, and the points that the last of its answers earned."""
    outputs, points = [], 0.0
    for ask_number, ask in enumerate(check.asks):
        for seed_number, seed in enumerate(order.seeds[ask.problem]):
            points, output = 0.0, None
            data = done.answers.get((number, ask_number, seed_number))
            if data is None:
                output = failure(NO_ANSWER, done.absent.get((number, ask_number), "no answer came back"))
            else:
                try:
                    judge_it = judged if len(data) <= REMEMBERED else judged.__wrapped__
                    points, bundle = judge_it(ask, check.points, seed, data)
                    output = {"output_type": "display_data", "data": dict(bundle), "metadata": {}}
                except Exception as error:  # bytes that no honest `collect` makes
                    output = failure(NO_ANSWER, f"what came back is no answer ({type(error).__name__})")
            outputs.append(output)
            if output["output_type"] == "error":
                break
    if outputs and outputs[-1]["output_type"] == "display_data":
        outputs[-1] |= {"output_type": "execute_result", "execution_count": None}
        outputs[-1]["data"]["text/plain"] = repr(points)
    return GradedCell(outputs, points, did.seconds, did.state)


@functools.lru_cache(maxsize=MOST_REMEMBERED)
def judged(ask, points, seed, data):
    """(points earned, what to show) for the bytes of one set of answers; as `check` would.

    In a class many give the same answers, right and wrong, to the last bit: they are judged once.
    """
    problem = find(ask.problem)
    convention = problem.convention(ask.convention)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = Answers.from_bytes(data)
        seen = None
        if not answers.refusal:
            seen = look(problem, answers.visible, seed=seed, convention=convention)
        verdict = judge(problem, answers, seed=seed, convention=convention, seen=seen)
        wrong = [row.name for row in verdict.rows if not row.ok]
        codes = fingerprints(seen.runs, wrong) if seen and seed == 0 else {}
    score, fresh = earned(points, verdict.share), seed != 0
    return score, {
        "text/plain": report.as_text(verdict, score, points, fresh=fresh),
        "text/html": report.as_html(verdict, score, points, fresh=fresh),
        report.MIME: report.as_data(verdict, score, points, codes),
    }
