"""Problem set 8, the learner writes the test once more: of a cross-entropy that survives. Judged as in problem set 1."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps8.planted import RIGHT, WRONG
from vgcourse.check.ps8.testers import MISTAKES, is_cross_entropy, tester

# --- is_cross_entropy ------------------------------------------------------------------------------


class Implementation(NamedTuple):
    """A loss that a test is given; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __call__(self, z, labels):
        with np.errstate(all="ignore"):
            return self.formula(z, np.asarray(labels), self.memory.kept)

    def __repr__(self):
        return "<a cross-entropy>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", WRONG), ("accepted", RIGHT))
        for planted in group
    ]


IS_CROSS_ENTROPY = Problem(
    name="ps8.is_cross_entropy",
    reference=is_cross_entropy,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 12, "The clinic"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "Where can a loss go wrong? Large z, rows at different levels, a label that the net holds for impossible, a NaN, and what it leaves behind.",
        "Write the loss yourself by (12.20), row by row, and compare with a relative error of 1e−5: small z, a loss of 40, one of 800, rows near 1000 and near −1000.",
        "Beside the numbers: another number of rows in each call, a copy of z to compare with afterwards, and one NaN that has to come out again.",
    ),
)
