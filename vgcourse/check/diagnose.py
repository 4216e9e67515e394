"""Which known mistake is this? Recognised by computing the wrong formula and finding the same numbers.

A mistake explains a quantity if it gives what the learner gave on every case, wrong ones and right ones.
It is named only if no other mistake explains as much: a false accusation is worse than silence.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.check.call import call
from vgcourse.check.compare import compare, tolerance_for
from vgcourse.gradcheck import relative_error


class Run(NamedTuple):
    """One case, what the function did on it, and the quantities compared."""

    case: object
    expected: object
    outcome: object
    quantities: list


class Finding(NamedTuple):
    """One thing to tell the learner. `kind` is for the instructor's report, `text` for the learner."""

    kind: str
    text: str


def run_case(problem, fn, case, expected):
    """Call fn on a case and compare; a call that raised leaves every quantity without a value."""
    outcome = call(fn, case.args)
    return Run(
        case, expected, outcome, [] if outcome.failed else compare(problem, case, outcome.output, expected)
    )


def diagnose(problem, runs, wrong):
    """Findings about the quantities in `wrong`: known mistakes first, then what the rest has in common.

    Parameters
    ----------
    problem : Problem
    runs : list of Run, the learner's
    wrong : names of quantities that are wrong

    Returns
    -------
    list of Finding
    """
    if not wrong or all(run.outcome.failed for run in runs):
        return []
    explained = {}
    for mistake in problem.mistakes:
        theirs = [run_case(problem, mistake.formula, run.case, run.expected) for run in runs]
        affected = {q.name for run in theirs for q in run.quantities if not q.ok}
        hits = {name for name in wrong if name in affected and _agree(problem, name, runs, theirs)}
        # yes-or-no answers agree by chance, so there a mistake has to explain all that it would get wrong
        if hits and (hits == affected or not problem.exact):
            explained[mistake] = (hits, affected)

    named, unexplained = _choose(explained, set(wrong))
    if problem.exact and unexplained:
        named, unexplained = [], set(wrong)
    findings = [Finding(mistake.name, mistake.diagnosis) for mistake in named]
    rest = [name for name in wrong if name in unexplained]
    return findings + (_exchanged(runs, rest) or _patterns(runs, rest))


def _choose(explained, wrong):
    """The mistakes to name and the quantities left over.

    The mistake that explains most comes first; of two that explain as much, the one whose every wrong
    quantity is seen. Where two are left that claim the same quantity, neither is named.
    """
    named, unexplained, rest = [], set(), set(wrong)
    while rest:
        ranks = {
            m: (len(hits & rest), hits == affected)
            for m, (hits, affected) in explained.items()
            if hits & rest
        }
        if not ranks:
            break
        best = [m for m in ranks if ranks[m] == max(ranks.values())]
        mine = explained[best[0]][0] & rest
        if any(explained[other][0] & mine for other in best[1:]):
            unexplained |= mine
        else:
            named.append(best[0])
        rest -= mine
    return named, unexplained | rest


def conventions_used(problem, runs):
    """Findings for the conventions that the answer follows where it differs from the reference."""
    names = [q.name for run in runs for q in run.quantities if not q.ok]
    findings = []
    for convention in problem.conventions:
        theirs = [run_case(problem, convention.formula, run.case, run.expected) for run in runs]
        differs = {q.name for run in theirs for q in run.quantities if not q.ok}
        agreed = {name for name in names if name in differs and _agree(problem, name, runs, theirs)}
        if agreed:
            findings.append((agreed, Finding(f"convention: {convention.name}", convention.note)))
    return findings


def _agree(problem, name, runs, theirs):
    seen = False
    for mine, other in zip(runs, theirs, strict=True):
        if not _holds(mine.case, name):
            continue
        if mine.outcome.failed or other.outcome.failed:
            if mine.outcome.failed != other.outcome.failed:
                return False
            continue
        a, b = _quantity(mine, name), _quantity(other, name)
        if a is None or b is None or not _close(problem, a, b):
            return False
        seen = True
    return seen


def _holds(case, name):
    return name in case.quantities or name.split("[")[0] in case.quantities


def _quantity(run, name):
    return next((q for q in run.quantities if q.name == name), None)


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
    if not finite.all() or b.ok or a.value.shape != b.expected.shape:
        return distance <= max(1e-6, tolerance_for(problem, a.value))
    return distance <= min(0.05 * b.error, max(1e-6, tolerance_for(problem, a.value)))


def _exchanged(runs, names):
    """The right values in another order: what came as dx is what dW should be."""

    def is_other(mine, other):
        pairs = [(_quantity(run, mine), _quantity(run, other)) for run in runs if _holds(run.case, mine)]
        return bool(pairs) and all(
            a is not None
            and b is not None
            and a.value is not None
            and np.any(b.expected)
            and a.value.shape == b.expected.shape
            and relative_error(a.value, b.expected) < 1e-6
            for a, b in pairs
        )

    for mine in names:
        for other in names:
            if mine != other and is_other(mine, other):
                order = ", ".join(runs[0].case.quantities)
                text = f"Your {mine} is what {other} should be. The order asked for is {order}."
                return [Finding("results in another order", text)]
    return []


def _patterns(runs, names):
    """What unexplained quantities look like: all zero, flipped, or a constant times the right value."""
    by_text = {}
    for name in names:
        pairs = [(q, run.case) for run in runs for q in run.quantities if q.name == name]
        if not pairs or any(q.value is None or q.value.shape != q.expected.shape for q, _ in pairs):
            continue
        if not all(q.value.dtype.kind in "fiub" and np.isfinite(q.value).all() for q, _ in pairs):
            continue
        if sum(q.expected.size for q, _ in pairs) == 1:
            continue  # one number is always a multiple of another; to say which would give it away
        factors = [_factor(q.value, q.expected) for q, _ in pairs]
        text = None
        if all(factor == 0 for factor in factors):
            text = "is all zeros"
        elif None not in factors:
            text = _name_factor(factors, [case.batch for _, case in pairs])
        if text:
            by_text.setdefault(text, []).append(name)
    return [Finding(_kind(text), f"Your {_together(group, text)}.") for text, group in by_text.items()]


def _kind(text):
    """The same for every factor, so that the instructor's report counts them together."""
    return f"pattern: {'is a multiple' if text.endswith('everywhere') else text.split(':')[0]}"


def _together(names, text):
    if len(names) == 1:
        return f"{names[0]} {text}"
    verb, rest = text.split(" ", 1)
    return f"{', '.join(names[:-1])} and {names[-1]} {({'is': 'are', 'has': 'have'})[verb]} {rest}"


def _factor(value, expected):
    """c if value = c · expected to rounding, else None."""
    size = np.abs(expected).max(initial=0)
    if not np.any(value):
        return 0.0
    if size == 0:
        return None
    scaled = (expected / size).astype(float)
    c = float((value * scaled).sum() / (scaled**2).sum() / size)
    return c if relative_error(value, c * expected) < 1e-6 else None


def _name_factor(factors, batches):
    def all_equal(wanted):
        return all(
            w is not None and np.isclose(f, w, rtol=1e-6) for f, w in zip(factors, wanted, strict=True)
        )

    if all_equal([-1] * len(factors)):
        return "has the right size and the wrong sign"
    if all_equal(batches):
        return "is N times the right value: the mean over the batch is missing"
    if all_equal([1 / n if n else None for n in batches]):
        return "is 1/N of the right value: a mean over the batch is taken that nobody asked for"
    if np.allclose(factors, factors[0], rtol=1e-6) and abs(factors[0] - 1) > 0.01:
        return f"is {factors[0]:.3g} times the right value, everywhere"
    return None
