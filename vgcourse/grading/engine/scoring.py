"""From what came out of the jail to points: every answer is judged here, outside of it.

`grade` runs in the executors' processes, so that all cores judge. They import no nbformat: it takes seconds.
"""

import contextlib
import functools
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vgcourse.collect import Answers
from vgcourse.grading.checks import short
from vgcourse.grading.jail import FRESH, NEXT, NO_MORE
from vgcourse.grading.jail.outputs import failure
from vgcourse.judge import Look, judge, look
from vgcourse.judge.points import earned
from vgcourse.judge.runs import forget
from vgcourse.problems import find
from vgcourse.problems.problem import Convention, Problem
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


@dataclass(frozen=True, eq=False)
class Looked:
    """Answers to the visible cases, compared; `look` is None where the function was not called."""

    problem: Problem
    convention: Convention | None
    seed: int
    answers: Answers
    look: Look | None

    @property
    def wanted(self):
        """What a jail is to ask for after this."""
        if self.look is None or self.answers.all_failed:
            return NEXT
        return NO_MORE if self.look.all_right else FRESH


def grade(order, worker):
    """Carry out an order with a jail's Worker: whatever it holds, there is a Graded."""

    def wanted(key, data):
        try:
            return _look(order, key, data).wanted
        except Exception:  # bytes that no honest `collect` makes
            return NEXT

    try:
        _begin(order.assignment)
        done = worker.run(order.job(), wanted)
        if done.status == "jail failed":
            return Graded(order.key, done.status, (), done.seconds, done.jail, tuple(done.notes))
        done = _for_all_seeds(order, done, wanted)
        cells = tuple(_cell(order, number, did, done) for number, did in enumerate(done.cells))
    except Exception as error:  # a fault of ours in one submission must not stop the class
        return Graded(order.key, SET_ASIDE, notes=(f"it could not be scored: {short(repr(error))}",))
    return Graded(order.key, done.status, cells, done.seconds, done.jail, tuple(done.notes))


@functools.lru_cache(maxsize=1)
def _begin(assignment):
    """When another set comes, forget what was kept of the last one."""
    forget()


def _look(order, key, data):
    """The Looked of what came for a key of Done.answers; small ones are remembered, large ones are rare."""
    cell, number, task = key
    ask = order.checks[cell].asks[number]
    return _remembered(looked, data)(ask, order.seeds[ask.problem][task], data)


def _remembered(function, *data):
    return function if sum(map(len, data)) <= REMEMBERED else function.__wrapped__


def _for_all_seeds(order, done, wanted):
    """Done, with the answers to inputs that are the same for all seeds entered for each of them.

    They were asked for once. What is all right is judged for the run's seed alone, as elsewhere.
    """
    answers, fresh = dict(done.answers), dict(done.fresh)
    for key, data in done.answers.items():
        cell, number, _ = key
        problem = order.checks[cell].asks[number].problem
        if not order.varies(problem) and wanted(key, data) != NO_MORE:
            others = [(cell, number, task) for task in range(1, len(order.seeds[problem]))]
            answers |= dict.fromkeys(others, data)
            fresh |= dict.fromkeys(others, done.fresh[key]) if key in done.fresh else {}
    return done._replace(answers=answers, fresh=fresh)


def _cell(order, number, did, done):
    check = order.checks.get(number)
    if check:
        return _checked(order, number, check, did, done)
    outputs = [dict(output) for output in did.outputs]
    if did.state in REASONS and not any(output["output_type"] == "error" for output in outputs):
        outputs.insert(0, failure(*REASONS[did.state]))
    return GradedCell(outputs, None, did.seconds, did.state)


def _checked(order, number, check, did, done):
    """A check's cell as a notebook would show it, and the points that the last of its answers earned.

    An answer that is all right on the run's inputs was not asked for on the notebook's.
    """
    outputs, points = [], 0.0
    for ask_number, ask in enumerate(check.asks):
        runs, *visible = ((number, ask_number, seed) for seed in range(len(order.seeds[ask.problem])))
        outputs += [_shown(order, check, done, key)[1] for key in visible if key in done.answers]
        points, output = _shown(order, check, done, runs)
        outputs.append(output)
    if outputs and outputs[-1]["output_type"] == "display_data":
        outputs[-1] |= {"output_type": "execute_result", "execution_count": None}
        outputs[-1]["data"]["text/plain"] = repr(points)
    return GradedCell(outputs, points, did.seconds, did.state)


def _shown(order, check, done, key):
    """(points, output) for the answers to one task."""
    if key not in done.answers:
        return 0.0, failure(NO_ANSWER, done.absent.get(key[:2], "no answer came back"))
    data, fresh = done.answers[key], done.fresh.get(key, b"")
    try:
        points, bundle = _remembered(judged, data, fresh)(_look(order, key, data), check.points, fresh)
    except Exception as error:  # bytes that no honest `collect` makes
        return 0.0, failure(NO_ANSWER, f"what came back is no answer ({type(error).__name__})")
    return points, {"output_type": "display_data", "data": dict(bundle), "metadata": {}}


@functools.lru_cache(maxsize=MOST_REMEMBERED)
def looked(ask, seed, data):
    """The Looked of the bytes of one set of answers.

    In a class many give the same answers, right and wrong, to the last bit: they are judged once.
    """
    problem, answers = find(ask.problem), Answers.from_bytes(data)
    convention, seen = problem.convention(ask.convention), None
    if not answers.refusal:
        with _quiet():
            seen = look(problem, answers.visible, seed=seed, convention=convention)
    return Looked(problem, convention, seed, answers, seen)


@functools.lru_cache(maxsize=MOST_REMEMBERED)
def judged(one, points, data):
    """(points earned, what to show) for a Looked, and the bytes of answers to fresh inputs or none.

    As `check` would.
    """
    seed, answers, seen = one.seed, one.answers, one.look
    if data:
        answers = answers._replace(fresh=Answers.from_bytes(data).fresh)
    with _quiet():
        verdict = judge(one.problem, answers, seed=seed, convention=one.convention, seen=seen)
        wrong = [row.name for row in verdict.rows if not row.ok]
        codes = fingerprints(seen.runs, wrong) if seen and seed == 0 else {}
    score, fresh = earned(points, verdict.share), seed != 0
    return score, {
        "text/plain": report.as_text(verdict, score, points, fresh=fresh),
        "text/html": report.as_html(verdict, score, points, fresh=fresh),
        report.MIME: report.as_data(verdict, score, points, codes),
    }


@contextlib.contextmanager
def _quiet():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
