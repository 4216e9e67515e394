"""Problem set 4, the learner writes the test once more: of clipping by the global norm. Judged as in problem set 1."""

from collections.abc import Callable
from typing import NamedTuple

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps4.planted import RIGHT, WRONG
from vgcourse.check.ps4.testers import MISTAKES, is_clipping, tester

# --- is_clipping -----------------------------------------------------------------------------------


class Implementation(NamedTuple):
    """A clipping function that a test is given; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __call__(self, grads, threshold):
        return self.formula(grads, threshold, self.memory.kept)

    def __repr__(self):
        return "<a function that clips by the global norm>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", WRONG), ("accepted", RIGHT))
        for planted in group
    ]


IS_CLIPPING = Problem(
    name="ps4.is_clipping",
    reference=is_clipping,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "Where can clipping go wrong? Far above the threshold, just above it, just below it, at zero, at NaN, and in what it leaves behind.",
        "Three arrays of different norms, and cases with the norm above c², between c and c², and between 1 and c. Compare shapes first, then a relative error with 1e−5.",
        "Beside the numbers: another threshold in each call, copies of grads to compare with afterwards, arrays of zeros, and one NaN that has to come out again.",
    ),
)
