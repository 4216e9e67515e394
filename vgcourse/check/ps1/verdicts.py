"""Problem set 1, the tables turned: the learner writes the test, and planted implementations take it.

A test is judged by two groups of rows, wrong implementations that it has to catch and right ones that it has to
accept. Both groups weigh the same, so that a test that says the same of all of them earns nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vgcourse.check.compare import describe
from vgcourse.check.problem import Case, Invariant, Problem
from vgcourse.check.ps1.planted import RIGHT, wrong_ones
from vgcourse.check.ps1.testers import MISTAKES, is_right, tester

# --- is_right --------------------------------------------------------------------------------------


class Memory(np.random.Generator):
    """What an implementation keeps between calls.

    The checker hands each test a fresh copy of a Generator and does not compare it afterwards, so what one
    test leaves here is not there when the next begins.
    """

    def __init__(self):
        super().__init__(np.random.PCG64(0))
        self.kept = {}

    def __deepcopy__(self, memo):
        return Memory()


class Implementation(NamedTuple):
    """A backward pass that a test is given; `number` and `right` are for the checker."""

    formula: Callable
    memory: Memory
    label: str
    right: bool

    def __call__(self, dz, x, W):
        return self.formula(dz, x, W, self.memory.kept)

    def __repr__(self):
        return "<a backward pass of Z = W X + b>"


def _cases(rng):
    cases = []
    for right, group in ((False, wrong_ones(rng)), (True, RIGHT)):
        for planted in group:
            name = f"{'accepted' if right else 'caught'} [{planted.label}]"
            implementation = Implementation(planted.formula, Memory(), planted.label, right)
            cases.append(Case((implementation,), (name,)))
    return cases


def _as_number(output, args):
    """True and False as 2 and 1, so that a verdict compares like any other answer."""
    if output is None:
        raise TypeError("is None; expected True or False. Is there a return at the end of every branch?")
    verdict = np.asarray(output)
    if verdict.ndim or verdict.dtype.kind not in "biuf" or verdict not in (0, 1):
        raise TypeError(f"is {describe(output)}; expected True or False")
    return 1.0 + float(verdict)


def about(planted, right):
    """What to say where the verdict on one implementation is wrong."""
    said = "You accused a right one" if right else "A wrong one passed your test"

    def residual(args, outputs):
        (verdict,) = outputs.values()
        return abs(verdict - (1.0 + right)) if args[0].label == planted.label else 0.0

    return Invariant(planted.label, residual, f"{said}: {planted.label}. {planted.advice}")


IS_RIGHT = Problem(
    name="ps1.is_right",
    reference=is_right,
    family=tester,
    cases=_cases,
    adapt=_as_number,
    exact=True,
    coin=True,
    points=4,
    lecture='lecture 1, "Is this gradient right?", equations (1.7), (1.8) and (1.10)',
    mistakes=MISTAKES,
    invariants=(
        *(about(planted, False) for planted in wrong_ones(np.random.default_rng(0))),
        *(about(planted, True) for planted in RIGHT),
    ),
    hints=(
        "Think of what could be wrong and still look right: which sizes, which inputs, which call would show it?",
        "Compare shapes first, then a relative error (1.8) for each of dx, dW, db, with `not error <= threshold`. Sizes: all different; H = D; N = 1.",
        "What the numbers alone do not show: call twice with the same inputs, compare the inputs with copies afterwards, and use a dz of size 1e−9 once.",
    ),
)
