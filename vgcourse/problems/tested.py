"""A problem whose answer is a test: it has to catch planted wrong implementations and accept right ones.

Both groups of rows weigh the same, so that a test that says the same of all of them earns nothing.

    class Clipping(Implementation):
        what = "a function that clips by the global norm"

        def __call__(self, grads, threshold):
            return self.formula(grads, threshold, self.memory.kept)

    IS_CLIPPING = tested_problem(Clipping, WRONG, RIGHT, name="ps4.is_clipping", ...)
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.problems.problem import Case, Invariant, Problem
from vgcourse.problems.words import listed


class Planted(NamedTuple):
    """An implementation, what it is called in the table, and what the test of a learner misses or demands."""

    label: str
    formula: Callable
    advice: str


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
    """What a test is given: a subclass has the arguments of what is tested; `label` is for the checker."""

    formula: Callable
    memory: Memory
    label: str

    def __repr__(self):
        return f"<{self.what}>"


def tested_problem(kind, wrong, right, **rest):
    """The Problem of a test.

    Parameters
    ----------
    kind : subclass of Implementation, with `what` it is and how it is called
    wrong : Planted each, or a function of rng that makes them
    right : Planted each
    rest : what else the Problem has
    """
    examples = wrong(np.random.default_rng(0)) if callable(wrong) else wrong
    return Problem(
        cases=partial(_cases, kind, wrong, right),
        adapt=_as_number,
        exact=True,
        coin=True,
        invariants=(*(_about(p, False) for p in examples), *(_about(p, True) for p in right)),
        **rest,
    )


def all_accused(runs):
    """(name, text) for a test that accuses every right one and passes a wrong one, else None.

    What passes says little about what such a test looks at: it may return True where it means False, or
    compare with something that is wrong itself.
    """
    verdicts = [q for run in runs for q in run.quantities if q.value is not None]
    right, wrong = ([q for q in verdicts if q.name.startswith(word)] for word in ("accepted", "caught"))
    passed = [q.name.split("[", 1)[1][:-1] for q in wrong if not q.ok]
    if not right or any(q.ok for q in right) or not passed:
        return None
    verb = "passes" if len(passed) == 1 else "pass"
    facts = f"You accuse all right ones, and {len(passed)} of the {len(wrong)} wrong ones {verb}"
    if len(passed) > len(wrong) / 2:
        return "turned round", f"{facts}. Do you return True for a right one, at every return?"
    if len(passed) > 3:
        return "all right ones accused", f"{facts}. What do you compare with?"
    names = listed([f"“{name}”" for name in passed])
    return "slip in the reference", f"{facts}: {names}. Has what you compare with the same slip?"


def _cases(kind, wrong, right, rng):
    """A row for each, in the same order for every seed."""
    return [
        Case((kind(planted.formula, Memory(), planted.label),), (f"{word} [{planted.label}]",))
        for word, group in (("caught", wrong(rng) if callable(wrong) else wrong), ("accepted", right))
        for planted in group
    ]


def _as_number(output, args):
    """True and False as 2 and 1, so that a verdict compares like any other answer."""
    if output is None:
        raise TypeError("is None; expected True or False. Is there a return at the end of every branch?")
    verdict = np.asarray(output)
    if verdict.ndim or verdict.dtype.kind not in "biuf" or verdict not in (0, 1):
        raise TypeError(f"is {describe(output)}; expected True or False")
    return 1.0 + float(verdict)


def _about(planted, right):
    """What to say where the verdict on one implementation is wrong."""
    said = "You accused a right one" if right else "A wrong one passed your test"

    def residual(args, outputs):
        (verdict,) = outputs.values()
        return abs(verdict - (1.0 + right)) if args[0].label == planted.label else 0.0

    return Invariant(planted.label, residual, f"{said}: {planted.label}. {planted.advice}")
