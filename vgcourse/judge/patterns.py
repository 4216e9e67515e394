"""What numbers look like that equal no known mistake: exchanged, transposed, a multiple, a step late, …

These are facts about the answer, not guesses about the code. The last of them are broken invariants: what
theory asks of every right answer.
"""

import itertools

import numpy as np

from vgcourse.collect.plain import listed
from vgcourse.gradcheck import relative_error
from vgcourse.judge.locate import gate_letters, place
from vgcourse.judge.results import Finding
from vgcourse.judge.runs import holds, quantity_of
from vgcourse.problems.numbers import A_FACTOR, BROKEN, FEW, SAME, TOLD_APART
from vgcourse.problems.words import is_plural


def describe(problem, runs, names):
    """Findings about quantities that no mistake explains; `names` in the table's order."""
    seen_wrong = {q.name for run in runs for q in run.quantities if not q.ok}
    names = [name for name in names if name in seen_wrong]  # not those that only miss a call that failed
    return _rearranged(problem, runs, names) + _broken_invariants(problem, runs, names)


def exchanged(runs, names):
    """The right values in another order (what came as dx is what dW should be): a finding, and the names.

    Two results that both hold what one of them should be are no exchange: each has to be somewhere.
    """

    def holds_other(mine, other):
        pairs = [(quantity_of(run, mine), quantity_of(run, other)) for run in runs if holds(run.case, mine)]
        return bool(pairs) and all(
            a is not None
            and b is not None
            and a.value is not None
            and a.value.shape == b.expected.shape
            and (a.expected.shape != a.value.shape or relative_error(a.value, a.expected) > SAME)
            and relative_error(a.value, b.expected) < SAME
            for a, b in pairs
        )

    def is_more_than_zero(name):
        return any(np.any(q.expected) for run in runs if (q := quantity_of(run, name)) is not None)

    pairs = [pair for pair in itertools.permutations(names, 2) if holds_other(*pair)]
    found = {other for _, other in pairs}
    pairs = [(mine, other) for mine, other in pairs if mine in found and is_more_than_zero(other)]
    if not pairs:
        return [], set()
    mine, other = pairs[0]
    verb = "are" if is_plural([mine]) else "is"
    order = ", ".join(next(run.case.quantities for run in runs if holds(run.case, mine)))
    text = f"Your {mine} {verb} what {other} should be. The order asked for is {order}."
    return [Finding("fact", "results in another order", text)], {name for name, _ in pairs}


def _rearranged(problem, runs, names):
    """All zero, flipped, a constant times the right value, or its entries in another order."""
    by_text = {}
    for name in names:
        seen = [(q, run.case) for run in runs for q in run.quantities if q.name == name]
        if not seen or not all(_comparable(q) for q, _ in seen):
            continue
        if sum(q.expected.size for q, _ in seen) == 1:
            continue  # one number is always a multiple of another; to say which would give it away
        triples = [(q.value, q.expected, case) for q, case in seen]
        axes = problem.axes.get(name.split("[")[0], ())
        text = _whole_numbers(triples) or factor_text(triples) or _order_text(triples, axes)
        text = text or _place_text(seen, axes) or _steps_text(seen)
        if text:
            by_text.setdefault(text, []).append(name)
    return [
        Finding("pattern", _name(text), f"Your {_together(group, text)}.") for text, group in by_text.items()
    ]


def _whole_numbers(triples):
    if all(value.dtype.kind in "iu" and np.any(expected % 1) for value, expected, _ in triples):
        return "is made of whole numbers: what is asked for has fractions"
    return None


def _comparable(q):
    return (
        q.value is not None
        and q.value.shape == q.expected.shape
        and q.value.dtype.kind in "fiub"
        and bool(np.isfinite(q.value).all())
    )


def _name(text):
    """The same for every factor and place, so that the instructor's report counts them together."""
    if text.endswith("everywhere"):
        return "is a multiple"
    return "is wrong in places" if text.startswith("is right at") else text.split(":")[0]


def _together(names, text):
    verb, rest = text.split(" ", 1)
    if is_plural(names):
        verb = {"is": "are", "has": "have"}[verb]
    return f"{listed(names)} {verb} {rest}"


def factor_text(triples, known_only=False):
    """What the factor is between values and what they should be, in words, or None if there is none.

    `triples` holds (value, expected, case) for every case. `known_only` leaves 0 and odd factors out.
    """
    factors = [_factor(value, expected) for value, expected, _ in triples]
    if None in factors:
        return None
    cases = [case for *_, case in triples]

    def all_equal(wanted):
        return all(w and np.isclose(f, w, rtol=SAME) for f, w in zip(factors, wanted, strict=True))

    def inverse(sizes):
        return [1 / size if size else None for size in sizes]

    batches, steps = [case.batch for case in cases], [case.steps for case in cases]
    if all_equal([-1] * len(factors)):
        return "has the right size and the wrong sign"
    if all_equal(batches):
        return "is N times the right value: the mean over the batch is missing"
    if all_equal(inverse(batches)):
        return "is 1/N of the right value: a mean over the batch is taken that nobody asked for"
    if all_equal(steps):
        return "is T times the right value: the mean over the steps is missing"
    if all_equal(inverse(steps)):
        return "is 1/T of the right value: a mean over the steps is taken that nobody asked for"
    if known_only:
        return None
    if all(factor == 0 for factor in factors):
        return "is all zeros"
    if np.allclose(factors, factors[0], rtol=SAME) and abs(factors[0] - 1) > A_FACTOR:
        return f"is {factors[0]:.3g} times the right value, everywhere"
    return None


def is_multiple(quantities):
    """Is each of them a number times what it should be, 1 included?"""
    usable = all(q.value is not None and q.value.shape == q.expected.shape for q in quantities)
    return usable and all(_factor(q.value, q.expected) is not None for q in quantities)


def is_one_multiple(quantities):
    """Is each of them a number times what it should be, of single numbers the same number in every case?"""
    if not is_multiple(quantities):
        return False
    there = [q for q in quantities if np.any(q.expected) or np.any(q.value)]
    factors = [_factor(q.value, q.expected) for q in there]
    if all(q.value.size >= FEW for q in there):
        return True
    return len(factors) > 1 and np.ptp(factors) < SAME * max(1.0, np.abs(factors).max())


def _factor(value, expected):
    """c if value = c · expected to rounding, else None."""
    size = np.abs(expected).max(initial=0)
    if not np.any(value):
        return 0.0
    if size == 0 or value.shape != expected.shape:
        return None
    scaled = (expected / size).astype(float)
    c = float((value * scaled).sum() / (scaled**2).sum() / size)
    return c if relative_error(value, c * expected) < SAME else None


def _order_text(triples, axes):
    """Which rearrangement of the right entries the values are, in words, or None."""
    for text, rearranged in _rearrangements(triples[0][1].ndim, axes):
        told_apart = False
        for value, expected, _ in triples:
            other = rearranged(expected)
            if other is None or other.shape != value.shape or not relative_error(value, other) < SAME:
                break
            told_apart |= relative_error(other, expected) > TOLD_APART
        else:
            if told_apart:
                return text
    return None


def _rearrangements(ndim, axes):
    """Pairs of words and a function that brings the right entries into a wrong order."""
    if ndim == 2:
        yield "is the transpose of what is asked for", np.transpose
    for axis, name in enumerate(axes[:ndim]):
        if letters := gate_letters(name):
            for order in itertools.permutations(range(len(letters))):
                if list(order) != sorted(order):
                    came = ", ".join(letters[k] for k in order)
                    yield (
                        f"has the gates in the order {came}: asked for is {', '.join(letters)}",
                        lambda a, order=order, axis=axis: _permuted(a, order, axis),
                    )
        elif name.startswith(("step", "layer")):
            word = name.split()[0]
            yield f"is in reversed order: the first {word} comes last", lambda a, axis=axis: np.flip(a, axis)
            yield (
                f"has every entry one {word} too early: entry t holds what belongs to t + 1",
                lambda a, axis=axis: _shifted(a, -1, axis),
            )
            yield (
                f"has every entry one {word} too late: entry t holds what belongs to t − 1",
                lambda a, axis=axis: _shifted(a, 1, axis),
            )


def _permuted(array, order, axis):
    blocks = np.split(array, len(order), axis) if array.shape[axis] % len(order) == 0 else None
    return None if blocks is None else np.concatenate([blocks[k] for k in order], axis)


def _shifted(array, by, axis):
    """Moved by one along the axis, zeros at the free end."""
    if array.shape[axis] < 3:
        return None
    out = np.roll(array, by, axis)
    edge = [slice(None)] * array.ndim
    edge[axis] = 0 if by > 0 else -1
    out[tuple(edge)] = 0
    return out


def _place_text(seen, axes):
    """At which steps, gates or examples a partly right quantity is wrong, from the first case where it is."""
    wrong = next((q for q, _ in seen if not q.ok), None)
    return None if wrong is None else place(wrong, axes)


def _steps_text(seen):
    """Is it right with one step, or wrong there already? Only where some cases have one step, others more."""
    one = [q.ok for q, case in seen if case.steps == 1]
    more = [q.ok for q, case in seen if case.steps is not None and case.steps > 1]
    if not one or not more or any(more):
        return None
    if all(one):
        return "is right with a single step and wrong with more: look at what goes from step to step"
    return None if any(one) else "is wrong with a single step already: look there first"


def _broken_invariants(problem, runs, names):
    """What holds for every right answer and does not hold for this one."""
    if not names:
        return []
    findings = []
    for invariant in problem.invariants:
        for run in runs:
            outputs = {q.name: q.value for q in run.quantities}
            if len(outputs) == 0 or not all(map(_comparable, run.quantities)):
                continue
            if not invariant.residual(run.case.args, outputs) <= BROKEN:
                findings.append(Finding("invariant", invariant.name, invariant.diagnosis))
                break
    return findings
