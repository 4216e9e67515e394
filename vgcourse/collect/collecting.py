"""All calls that one check needs: every case, some of them twice, then fresh inputs as far as time allows."""

import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

from vgcourse.collect.call import SECONDS, call, no_logging, signature_problem
from vgcourse.collect.limit import own_time
from vgcourse.collect.outcomes import Answers, Attempt, Outcome
from vgcourse.collect.uses import refused_use

IN_ALL = 3 * SECONDS  # for the visible cases together


class Asked(NamedTuple):
    """One call to make, or two, so that what a function remembers or draws shows.

    Where `memory` is asked for, what comes back is (output, bytes at the peak).
    """

    args: tuple
    memory: bool = False
    twice: bool = False


class Task(NamedTuple):
    """What to call a function with.

    `parameters` is how it should be callable, as text: "(x, W, b)". `fresh` makes the second group of calls
    when somebody needs it: drawing inputs costs more than most answers. `may_use` names what of vgcourse the
    function may use; None is all of it.
    """

    parameters: str
    visible: tuple
    fresh: Callable
    may_use: tuple | None = None

    def fresh_after(self, seconds):
        """The fresh calls to make where the visible ones took so long: after slow ones one is enough.

        `collect` asks with its own time, a grader outside of a jail with the wall clock's.
        """
        return self.fresh()[: 1 if seconds > SECONDS else None]


def collect(fn, task, enough=lambda attempts: False):
    """Call a function with all that a task asks for.

    Parameters
    ----------
    fn : the learner's function
    task : Task
    enough : function (attempts on the visible cases) -> True if nobody needs the fresh ones

    Returns
    -------
    Answers; whatever the function raises is in there as a sentence
    """
    refusal = signature_problem(fn, task.visible[0].args, task.parameters)
    if refusal := refusal or refused_use(fn, task.may_use):
        return Answers(refusal[0].upper() + refusal[1:])
    with no_logging():
        start = own_time()
        answers = Answers(None, _visible(fn, task.visible))
        if enough(answers.visible) or answers.all_failed:
            return answers
        return answers._replace(fresh=collect_fresh(fn, task.fresh_after(own_time() - start)))


def collect_fresh(fn, calls):
    """What a function gives for fresh inputs, where somebody needs them.

    Parameters
    ----------
    fn : the learner's function, as `collect` had it
    calls : from a task's `fresh_after`

    Returns
    -------
    tuple of Outcome
    """
    with no_logging():
        return tuple(_call(fn, asked) for asked in calls)


def _visible(fn, cases):
    """Every case, some of them once more where that was quick. A time limit ends it."""
    attempts, deadline = [], own_time() + IN_ALL
    for asked in cases:
        start = own_time()
        if attempts and attempts[-1].first.timed_out:
            attempts.append(attempts[-1])  # it would run into the limit again
        elif start > deadline:
            text = f"All calls together took more than {IN_ALL:.3g} s."
            attempts.append(Attempt(Outcome(error=text, timed_out=True)))
        else:
            first = _call(fn, asked)
            again = asked.twice and not first.failed and own_time() - start < SECONDS / 4
            attempts.append(Attempt(first, _call(fn, asked) if again else None))
    return tuple(attempts)


def _call(fn, asked):
    return call(with_peak(fn) if asked.memory else fn, asked.args)


def with_peak(fn):
    """fn returning also the most bytes that were alive while it ran, beside those alive before."""

    def measured(*args):
        traced = tracemalloc.is_tracing()
        if not traced:
            tracemalloc.start()
        try:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            output = fn(*args)
            return output, tracemalloc.get_traced_memory()[1] - before
        finally:
            if not traced:
                tracemalloc.stop()

    return measured
