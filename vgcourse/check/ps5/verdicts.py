"""Problem set 5, the learner writes the test: of a function that says whether a recursion is stable. Judged as in set 1."""

from collections.abc import Callable
from typing import NamedTuple

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps5.planted import RIGHT, WRONG
from vgcourse.check.ps5.testers import MISTAKES, tells_stability, tester

# --- tells_stability -------------------------------------------------------------------------------


class Implementation(NamedTuple):
    """A verdict on stability that a test is given; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __call__(self, W):
        return self.formula(W, self.memory.kept)

    def __repr__(self):
        return "<a function that says whether W is stable>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", WRONG), ("accepted", RIGHT))
        for planted in group
    ]


TELLS_STABILITY = Problem(
    name="ps5.tells_stability",
    reference=tells_stability,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "Think of rules that are nearly right: real parts, norms, determinants, entries, a few steps. For each, which W would it get wrong?",
        "Stable ones: with a large corner, with a negative λ, with many units. Unstable ones: turning, below −1, one λ among many small ones, many small entries, opposite signs, exactly 1.",
        "Small matrices by hand are enough, and you know their λ: triangular ones have them on the diagonal. Compare each W with a copy afterwards, and take bool of the verdict.",
    ),
)
