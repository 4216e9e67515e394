"""Problem set 7, the learner writes the test: of an LSTM's backward pass. Judged as in problem set 1."""

from collections.abc import Callable
from typing import NamedTuple

from vgcourse.check.problem import Case, Problem
from vgcourse.check.ps1.verdicts import IS_RIGHT, Memory, about
from vgcourse.check.ps7.planted import RIGHT, WRONG
from vgcourse.check.ps7.testers import MISTAKES, is_lstm_backward, tester

# --- is_lstm_backward ------------------------------------------------------------------------------


class Implementation(NamedTuple):
    """A backward pass that a test is given; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __call__(self, dhs, dc_T, x, h0, c0, W_x, W_h, b):
        return self.formula(dhs, dc_T, x, h0, c0, W_x, W_h, b, self.memory.kept)

    def __repr__(self):
        return "<an LSTM's backward pass>"


def _cases(rng):
    """Wrong and right ones, in the same order for every seed: none of them is random."""
    return [
        Case((Implementation(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", WRONG), ("accepted", RIGHT))
        for planted in group
    ]


IS_LSTM_BACKWARD = Problem(
    name="ps7.is_lstm_backward",
    reference=is_lstm_backward,
    family=tester,
    cases=_cases,
    adapt=IS_RIGHT.adapt,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 10, "LSTM"',
    mistakes=MISTAKES,
    invariants=(*(about(p, False) for p in WRONG), *(about(p, True) for p in RIGHT)),
    hints=(
        "What hides a bug? One step, one example, D = H or D ≠ H, states that are zero, one loss at the end, a dc_T of zero. Leave none of these hiding places.",
        "A gradient to compare with: recurrent.unroll_backward with recurrent.lstm_step_backward, or complex steps. The dc_T is the gradient of the last memory: dstates[-1, 1].",
        "Three sizes, for instance T, N, D, H = 4, 3, 5, 2, then 3, 2, 3, 3, then 1, 2, 4, 3; all random; all six results, shapes first, 1e−5; each twice; copies of the inputs.",
    ),
)
