"""The problem's inputs for a seed, and what a function makes of them: the learner's, or a known mistake."""

import functools

import numpy as np

from vgcourse.collect.outcomes import Outcome
from vgcourse.collect.plain import copy_arguments
from vgcourse.gradcheck import relative_error
from vgcourse.judge.compare import compare, flatten, tolerance_for
from vgcourse.judge.results import Run
from vgcourse.problems.numbers import MEASURED, NEARER, NEARER_MEASURED, ROUGHLY
from vgcourse.problems.problem import drawn


@functools.lru_cache(maxsize=128)
def inputs(problem, seed, convention=None):
    """[(case, expected outputs)] for a seed; the same ones whenever they are asked for."""
    right = problem.formula(*([convention] if convention else []))
    return [
        (case, problem.adapt(right(*copy_arguments(case.args)), case.args)) for case in drawn(problem, seed)
    ]


@functools.lru_cache(maxsize=32768)
def wrong_run(problem, seed, convention, mistakes, number):
    """What the formula with these mistakes makes of one case. `mistakes` is a tuple."""
    case, expected = inputs(problem, seed, convention)[number]
    try:
        outcome = Outcome(_wrong_formula(problem, convention, mistakes)(*copy_arguments(case.args)))
    except Exception as error:  # products that only square matrices allow
        outcome = Outcome(error=str(error))
    return compared(problem, Run(case, expected, outcome, []))


def forget():
    """Drop what is kept of inputs and mistakes, some 100 MB after a class: another set needs none of it."""
    for kept in (inputs, wrong_run, _roughly):
        kept.cache_clear()


def may_agree(problem, convention, mistakes, mine, names):
    """Those of the names that the mistakes could explain, judged roughly and by the first case alone.

    Most pairs of mistakes are ruled out here, at a tenth of the price of a whole comparison.
    """
    theirs = _roughly(problem, convention, mistakes, mine.case)
    if theirs is None:
        return names
    return [
        name
        for name in names
        if (q := quantity_of(mine, name)) is None
        or q.value is None
        or _roughly_equal(q.value, theirs.get(name))
    ]


def may_agree_in_all(problem, convention, mistakes, mine):
    """Could the mistakes explain all that they spoil of the first case? So most small slips are ruled out."""
    theirs = _roughly(problem, convention, mistakes, mine.case)
    if theirs is None:
        return mine.outcome.failed
    return all(
        q.value is None
        or _roughly_equal(q.value, theirs.get(q.name))
        or _roughly_equal(q.expected, theirs.get(q.name))
        for q in mine.quantities
    )


@functools.lru_cache(maxsize=65536)
def _roughly(problem, convention, mistakes, case):
    """The arrays that a formula with these mistakes makes of a case, by name; None where it fails."""
    try:
        output = _wrong_formula(problem, convention, mistakes)(*copy_arguments(case.args))
        return dict(flatten(case.quantities, problem.adapt(output, case.args)))
    except Exception:
        return None


def _roughly_equal(a, b):
    if b is None or a.shape != b.shape or not a.size:
        return True
    if a.dtype.kind not in "fiu" or b.dtype.kind not in "fiu":
        return True
    return not np.abs(a - b).max() > ROUGHLY * np.abs(a).max()  # NaN is looked at closely


def _wrong_formula(problem, convention, mistakes):
    changes = mistakes
    if convention is not None and problem.combine(convention, *mistakes):
        changes = (convention, *mistakes)  # a mistake that is a function of its own knows no conventions
    return problem.formula(*changes)


def compared(problem, run):
    """The run with its quantities compared to what it expects."""
    if run.outcome.failed:
        return run._replace(quantities=[])
    return run._replace(quantities=compare(problem, run.case, run.outcome.output, run.expected))


def wrong_names(runs):
    """Names of the quantities that are wrong in some case, in order."""
    return list(dict.fromkeys(q.name for run in runs for q in run.quantities if not q.ok))


def holds(case, name):
    """Does the case have that quantity? `deltas[2]` is part of `deltas`."""
    return name in case.quantities or name.split("[")[0] in case.quantities


def quantity_of(run, name):
    """The run's quantity of that name, or None."""
    return next((q for q in run.quantities if q.name == name), None)


def same_in(problem, name, mine, theirs):
    """Do the two runs of one case give the same value of a quantity? True where the case has none of it."""
    if not holds(mine.case, name):
        return True
    if mine.outcome.failed or theirs.outcome.failed:
        return mine.outcome.failed and (theirs.outcome.failed or _has_no_whole_number(mine, theirs))
    a, b = quantity_of(mine, name), quantity_of(theirs, name)
    if a is None and b is None:  # a list that is shorter in this case
        return True
    return a is not None and b is not None and _close(problem, a, b)


def _has_no_whole_number(mine, theirs):
    """Did int() fail, where a number of the other run is NaN or infinite?"""
    numbers = [q.value for q in theirs.quantities if q.value is not None and q.value.ndim == 0]
    odd = any(not np.isfinite(number) for number in numbers)
    return odd and "cannot convert float" in mine.outcome.error


def _close(problem, a, b):
    """Equal to rounding, and far nearer to the mistake than the mistake is to the reference."""
    if a.value is None or b.value is None or a.value.shape != b.value.shape:
        return False
    finite = np.isfinite(a.value)
    if not np.array_equal(np.isnan(a.value), np.isnan(b.value)) or (finite != np.isfinite(b.value)).any():
        return False
    if not finite.any():
        return True
    distance = relative_error(a.value[finite], b.value[finite])
    near = max(problem.likeness, tolerance_for(problem, a.value))
    if not finite.all() or b.ok or a.value.shape != b.expected.shape:
        return distance <= near
    nearer = NEARER if problem.likeness < MEASURED else NEARER_MEASURED
    return distance <= min(nearer * b.error, near)
