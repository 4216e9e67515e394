"""Problem set 6, the learner writes the test: of one-pass BPTT. Judged as in problem set 1."""

from collections.abc import Callable
from typing import NamedTuple

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps6.planted import RIGHT, WRONG
from vgcourse.check.ps6.testers import MISTAKES, is_bptt, tester

# --- is_bptt ---------------------------------------------------------------------------------------


class Implementation(NamedTuple):
    """A backward pass that a test is given; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __call__(self, dhs, hs, x, W_x, W_h):
        return self.formula(dhs, hs, x, W_x, W_h, self.memory.kept)

    def __repr__(self):
        return "<a backward pass through time>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", WRONG), ("accepted", RIGHT))
        for planted in group
    ]


IS_BPTT = Problem(
    name="ps6.is_bptt",
    reference=is_bptt,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "Where can BPTT go wrong and still look right? With one step, with few steps, with h_0 = 0, with a symmetric matrix, with one sequence, at the first call.",
        "Compute dh0, dW_x and dW_h yourself and compare shapes first, then the norm of the difference with 1e−4 of the norm. Sizes that all differ help.",
        "For long lags: 40 steps, small inputs, np.linalg.qr(...)[0] for W_h, so that the early steps still count. Then the same shapes again with other weights, a sequence of one step, and copies of what you handed over.",
    ),
)
