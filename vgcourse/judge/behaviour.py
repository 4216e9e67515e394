"""How a function behaves beside its values: exceptions, changed inputs, memory between calls, prints."""

import inspect

import numpy as np

from vgcourse.collect.plain import same
from vgcourse.gradcheck import relative_error
from vgcourse.judge.compare import compare
from vgcourse.judge.results import Finding
from vgcourse.problems.numbers import SAME


def second_call(problem, run, again):
    """The run, seen together with a second call on the same input: what a function remembers shows now."""
    if again is None or run.outcome.failed:
        return run, []
    if again.failed:
        text = f"The second call with the same input failed, the first did not: {again.brief or again.error}"
        return run._replace(outcome=again, quantities=[]), [Finding("call", "not repeatable", text)]
    if same(again.output, run.outcome.output):
        return run, []
    second = compare(problem, run.case, again.output, run.expected)
    worse = [
        max(a, b, key=lambda q: (not q.ok, q.error)) for a, b in zip(run.quantities, second, strict=True)
    ]
    pairs = list(zip(run.quantities, second, strict=True))
    if problem.repeatable and not same(again.output, run.outcome.output, SAME):
        worse = [q._replace(ok=False, error=np.inf, problem="differs from call to call") for q in worse]
    elif all((a.ok and b.ok) or same(a.value, b.value) for a, b in pairs):
        return run, []
    grown = [a.name for a, b in pairs if _adds_up(a, b)]
    if grown and all(a.ok or a.name in grown for a, _ in pairs):
        text = (
            f"Every call adds to the one before: {' and '.join(grown)} came out larger for the same input. "
            "Start from new arrays in every call; nothing outside the function may collect the sum."
        )
        finding = Finding("call", "accumulates", text)
    else:
        text = (
            "Two calls with the same input gave different answers. "
            "Is there a random number or a global variable in it?"
        )
        finding = Finding("call", "not repeatable", text)
    return run._replace(quantities=worse), [finding]


def _adds_up(a, b):
    """Does the second value exceed the first by one whole right answer?"""
    if a.value is None or b.value is None or not (np.isfinite(a.error) and np.isfinite(b.error)):
        return False
    return np.any(a.expected) and relative_error(b.value.astype(float) - a.value, a.expected) < SAME


def about_calls(runs, problem, fresh=False):
    """Findings about the calls themselves: exceptions, changed inputs, prints.

    On fresh inputs, those of graders, an exception keeps its message to itself: it may quote them.
    """
    findings = []
    failed = [run.outcome for run in runs if run.outcome.failed]
    if failed:
        first, some = failed[0], ""
        if first.timed_out:
            kind = "takes too long"
        elif first.error.startswith("NotImplementedError"):
            kind = "not written yet"
        else:
            kind = "raises " + first.error.split(":")[0].split(" ")[0]  # without a message a place follows
        if len(failed) < len(runs):
            some = f" (in {len(failed)} of {len(runs)} calls)"
        may_quote_inputs = fresh and first.brief and kind != "not written yet"
        findings.append(Finding("call", kind, (first.brief if may_quote_inputs else first.error) + some))
    changed = sorted({i for run in runs for i in run.outcome.changed})
    if changed:
        names = list(inspect.signature(problem.reference).parameters)
        text = (
            f"Your function changes its argument {' and '.join(names[i] for i in changed)} in place. "
            "Whoever called it still needs it: work on a copy. This costs half the points."
        )
        findings.append(Finding("call", "changes its input", text))
    printed = sum(run.outcome.printed for run in runs)
    if printed:
        lines = "1 line" if printed == 1 else f"{printed} lines"
        findings.append(
            Finding("call", "prints", f"(Your function printed {lines} while it was checked; not shown.)")
        )
    return findings


def about_whole_answer(rows):
    """One finding in place of the same complaint in every row."""
    reasons = {row.problem for row in rows}
    if len(reasons) != 1 or not (reason := reasons.pop()) or any(row.usable for row in rows):
        return []
    text = reason if reason.startswith("your") else f"your answer {reason}"
    return [
        Finding("call", "no usable answer", text[0].upper() + text[1:] + ("" if text[-1] in ".?" else "."))
    ]
