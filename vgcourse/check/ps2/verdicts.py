"""Problem set 2, the learner writes the test again: of ln σ(z), in both tails. Judged as in problem set 1."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps2.planted import RIGHT, WRONG
from vgcourse.check.ps2.testers import MISTAKES, is_accurate, tester


class Implementation(NamedTuple):
    """An implementation of ln σ(z) that a test is given; `label` and `right` are for the checker."""

    formula: Callable
    memory: Memory
    label: str
    right: bool

    def __call__(self, z):
        z = z if isinstance(z, np.ndarray) else np.asarray(z, dtype=float)  # a number, too
        return self.formula(z, self.memory.kept)

    def __repr__(self):
        return "<an implementation of ln σ(z)>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(p.formula, Memory(), p.label, right),), (f"{word} [{p.label}]",))
        for right, word, group in ((False, "caught", WRONG), (True, "accepted", RIGHT))
        for p in group
    ]


IS_ACCURATE = Problem(
    name="ps2.is_accurate",
    reference=is_accurate,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 2, "Saturation"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "Where can a formula for −ln(1 + e^(−z)) go wrong? Where e^(−z) is infinite, where 1 + e^(−z) rounds to 1, and at borders between cases.",
        "Try z from −1000 to 80 in one array of two axes, 0 included. Compare shapes first, then |a − b| ≤ 1e−5 |b| entry by entry, with your own accurate formula or np.logaddexp.",
        "What one call does not show: a NaN among the inputs, z after the call beside a copy of it, and a second call with other values of the same shape.",
    ),
)
