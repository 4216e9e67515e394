"""How long a check takes: every problem with a right answer, each known mistake, and an unknown one."""

from _measure import Line  # first: it pins the threads

import statistics  # isort: skip
from time import perf_counter  # isort: skip

import numpy as np  # isort: skip

from vgcourse.check import evaluate, find, names
from vgcourse.judge.runs import inputs, wrong_run


def seconds(name, fn, seed):
    """One check as a learner meets it: nothing is remembered from earlier ones."""
    inputs.cache_clear()
    wrong_run.cache_clear()
    start = perf_counter()
    evaluate(name, fn, seed=seed)
    return perf_counter() - start


def unexplained(problem):
    """A wrong answer that equals no known mistake: all pairs of them are tried."""

    def spoilt(value):
        if isinstance(value, (list, tuple)):
            return type(value)(map(spoilt, value))
        value = np.asarray(value, dtype=float)
        return 1.3 * value + 0.1 * np.cos(np.arange(value.size)).reshape(value.shape)

    return lambda *args: spoilt(problem.reference(*args))


def checks(rounds):
    """The slowest answer of each problem: the median over the problems, and the largest."""
    slowest = {}
    for name in names():
        problem = find(name)
        answers = [problem.reference, *(mistake.formula for mistake in problem.mistakes)]
        answers += [] if problem.exact else [unexplained(problem)]
        seconds(name, problem.reference, 0)  # imports
        slowest[name] = max(
            statistics.median(seconds(name, answer, seed) for seed in range(min(rounds, 3)))
            for answer in answers
        )
    worst = max(slowest, key=slowest.get)
    typical = statistics.median(slowest.values())
    yield Line("a check, the slowest answer: median over functions", 1e3 * typical, "ms", 50)
    yield Line("a check, the slowest answer: largest", 1e3 * slowest[worst], "ms", 300, note=worst)
