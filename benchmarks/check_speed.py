"""How long a check takes: every problem with a right answer and with each of its known mistakes."""

from _measure import Line  # first: it pins the threads

import statistics  # isort: skip
from time import perf_counter  # isort: skip

from vgcourse.check import evaluate, find, names
from vgcourse.check.runs import inputs, wrong_run


def seconds(name, fn, seed):
    """One check as a learner meets it: nothing is remembered from earlier ones."""
    inputs.cache_clear()
    wrong_run.cache_clear()
    start = perf_counter()
    evaluate(name, fn, seed=seed)
    return perf_counter() - start


def checks(rounds):
    """The slowest answer of each problem: the median over the problems, and the largest."""
    slowest = {}
    for name in names():
        problem = find(name)
        answers = [problem.reference, *(mistake.formula for mistake in problem.mistakes)]
        seconds(name, problem.reference, 0)  # imports
        slowest[name] = max(
            statistics.median(seconds(name, answer, seed) for seed in range(min(rounds, 3)))
            for answer in answers
        )
    worst = max(slowest, key=slowest.get)
    typical = statistics.median(slowest.values())
    yield Line("a check, the slowest answer: median over functions", 1e3 * typical, "ms", 50)
    yield Line("a check, the slowest answer: largest", 1e3 * slowest[worst], "ms", 300, note=worst)
