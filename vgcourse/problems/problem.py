"""What a graded function is: inputs, reference, known mistakes, hints. Definitions live in `psN/`."""

import dataclasses
import functools
import inspect
import itertools
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from vgcourse.collect import Asked, Task
from vgcourse.problems.edits import edited, overlap
from vgcourse.problems.numbers import FLOAT32_TOLERANCE, LIKENESS, TOLERANCE

FRESH = 7919  # added to the seed for the inputs on which a suspicion is confirmed


@dataclass(frozen=True, eq=False)
class Case:
    """One call of the learner's function and the names of what it returns.

    A case is one set of arguments; `quantities` names the outputs in order. A single name means that the
    function returns that quantity alone, not a tuple. `batch` is the N and `steps` the T that a missing
    or an extra mean would show. With `memory` the answer is (output, bytes that the call held at its peak);
    such cases come last.
    """

    args: tuple
    quantities: tuple
    batch: int | None = None
    steps: int | None = None
    memory: bool = False


@dataclass(frozen=True, eq=False)
class Change:
    """What a Mistake and a Convention have in common: another formula than the reference.

    `formula` is one of three. Edits, `edit(old, new)`, change the reference's text; a dict of keywords goes
    to the problem's `family`; a function of the learner's arguments stands for itself and combines with none.
    """

    name: str
    formula: Callable | Mapping | tuple

    def __post_init__(self):
        if not (callable(self.formula) or isinstance(self.formula, (Mapping, tuple))):
            raise TypeError(
                f"{self.name!r}: formula is {self.formula!r}; expected edits, a dict or a function."
            )


@dataclass(frozen=True, eq=False)
class Mistake(Change):
    """A known wrong answer.

    `diagnosis` says in one or two sentences what happened, in words that the learner can act on. Where it
    makes no sense beside a right part of what the mistake spoils, `whole` asks for all of it. What is `alone`
    is not looked for together with another one. A mistake is one slip in an answer to what was asked: what it
    spoils keeps half of its points. One `beside_the_point` answers another question, and keeps nothing.
    """

    diagnosis: str
    parts: Mapping | tuple | None = None
    whole: bool = False
    alone: bool = False
    beside_the_point: bool = False


@dataclass(frozen=True, eq=False)
class Convention(Change):
    """Another right answer, recognised like a mistake; `note` says which convention it follows.

    Learners can declare it: `check(name, fn, convention="z writes")`.
    """

    note: str
    parts: Mapping | tuple | None = None


@dataclass(frozen=True, eq=False)
class Invariant:
    """A fact that holds for every right answer, whatever its convention; a broken one says where to look.

    `residual` is a function (args, outputs: dict name -> array) -> how far it is from holding, relative:
    0 for right answers to rounding.
    """

    name: str
    residual: Callable
    diagnosis: str


@dataclass(frozen=True, eq=False)
class Problem:
    """One graded function; see CONTRIBUTING for a worked example.

    Attributes
    ----------
    name : "ps1.linear_backward"
    reference : the right function
    cases : function (rng) -> list of Case; sizes that expose every mistake
    mistakes : tuple of Mistake: at least five for a backward pass, four for another function
    hints : three sentences: the concept, a shape or identity, a partial formula
    points : what the problem set gives for it
    lecture : where to look, for instance 'lecture 1, "The four-weight net"'
    tolerance : largest relative error that passes for float64 answers (which may hold float32 results)
    float32_tolerance : the same for answers in single precision
    likeness : how near, relative, an answer has to come to a known mistake to be called by its name; more
        where answers are measured and two ways to make the same mistake differ by chance
    helpers : functions that the reference calls; mistakes may edit their text, too
    family : function (*args, **keywords) -> outputs: the reference with parts that can be exchanged, where
        edits of its text would be hard to read
    conventions : other right answers
    invariants : what has to hold for any right answer
    axes : for instance {"dW": ("gate ifgo", "unit"), "dx": ("step", "example", "input")}: what an index
        means; then a wrong quantity is located by step or gate. Counting starts at 1, "step from 0" at 0
    flow : the order in which quantities are made, one from the other: ("h", "factors", "dw"); "deltas[::-1]"
        is a list that is made from its end. Where no mistake fits, it tells where the walk breaks
    adapt : function (output, args) -> outputs to compare; for answers that are not arrays
    exact : the answers are right or wrong as a whole; the table shows no shapes and errors, and half of the
        rows right earns nothing
    each : where the answers are exact, every right row earns its part: no one answer gets some right for all
    coin : the answers are yes or no, so that a coin gets half of the rows right
    repeatable : two calls have to return the same numbers, also where only what `adapt` makes of them counts
    around : function (formula) -> function of the same arguments that adds what is asked for beside values,
        such as memory; put around formulas alone: of a learner's function it is measured. A formula made of
        edits has them as its `parts`
    """

    name: str
    reference: Callable
    cases: Callable
    mistakes: tuple
    hints: tuple
    points: float
    lecture: str
    tolerance: float = TOLERANCE
    float32_tolerance: float = FLOAT32_TOLERANCE
    likeness: float = LIKENESS
    helpers: tuple = ()
    family: Callable | None = None
    conventions: tuple = ()
    invariants: tuple = ()
    axes: Mapping = field(default_factory=dict)
    flow: tuple = ()
    adapt: Callable = field(default=lambda output, args: output)
    exact: bool = False
    each: bool = False
    coin: bool = False
    repeatable: bool = False
    around: Callable = field(default=lambda fn: fn)

    def __post_init__(self):
        for kind in ("mistakes", "conventions"):
            entries = tuple(self._with_formula(entry) for entry in getattr(self, kind))
            object.__setattr__(self, kind, entries)

    def formula(self, *changes):
        """The function with these mistakes and conventions in it; the reference without any.

        Raises
        ------
        ValueError
            If several at once do not go together.
        """
        if len(changes) < 2:
            return self.around(changes[0].formula if changes else self.reference)
        if not self.combine(*changes):
            raise ValueError(f"{self.name}: {[change.name for change in changes]} change the same place.")
        return self.around(self._build(_joined(change.parts for change in changes)))

    def combine(self, *changes):
        """Do several changes go together: edits that do not overlap, or keywords without one set twice?"""
        if any(getattr(change, "alone", False) for change in changes):
            return False
        parts = [change.parts for change in changes]
        if all(isinstance(part, tuple) for part in parts):
            return not overlap(self.reference, _joined(parts))
        if all(isinstance(part, Mapping) for part in parts):
            return sum(map(len, parts)) == len(_joined(parts))
        return False

    def convention(self, name):
        """The convention called `name`; None for None.

        Raises
        ------
        ValueError
            If there is none.
        """
        if name is None:
            return None
        for convention in self.conventions:
            if convention.name == name:
                return convention
        known = ", ".join(repr(convention.name) for convention in self.conventions)
        raise ValueError(
            f"{self.name}: convention is {name!r}; expected {known or 'none: there is only one here'}."
        )

    def _with_formula(self, entry):
        """The entry with its parts built into a function."""
        if callable(entry.formula):
            return entry
        if isinstance(entry.formula, Mapping) and self.family is None:
            raise TypeError(f"{self.name}: {entry.name!r} has keywords; without a family give edits.")
        return dataclasses.replace(entry, formula=self._build(entry.formula), parts=entry.formula)

    def _build(self, parts):
        if isinstance(parts, Mapping):
            return functools.partial(self.family, **parts)

        def formula(*args):  # made when it is first called, and kept
            return edited(self.reference, self.helpers, parts)(*args)

        formula.parts = parts
        return formula


def _joined(parts):
    """All edits, or all keywords."""
    parts = list(parts)
    if isinstance(parts[0], Mapping):
        return {key: value for part in parts for key, value in part.items()}
    return tuple(edit for part in parts for edit in part)


@functools.lru_cache(maxsize=64)
def drawn(problem, seed):
    """The cases of a seed; the same ones whenever they are asked for.

    Raises
    ------
    ValueError
        If a case of memory is not among the last: fresh inputs have none.
    """
    cases = problem.cases(np.random.default_rng([seed, *problem.name.encode()]))
    if any(a.memory and not b.memory for a, b in itertools.pairwise(cases)):
        raise ValueError(f"{problem.name}: cases of memory come last.")
    return cases


@functools.lru_cache(maxsize=256)
def varies(problem, seeds):
    """Do these seeds give different inputs? Told by the bytes that go to a jail."""
    return len({pickle.dumps([case.args for case in drawn(problem, seed)]) for seed in seeds}) > 1


def task(problem, seed, may_use=None):
    """What a learner's function is called with, and again on fresh inputs; `may_use` is for Task.

    Called twice are every third case and the first of each kind, told by what it returns; all of them where
    two calls have to agree. Memory is measured on the visible inputs alone: the numbers do not change it.

    Returns
    -------
    Task
    """
    visible, kinds = [], set()
    for number, case in enumerate(drawn(problem, seed)):
        # in a table of verdicts each row has a name of its own
        of_new_kind = not problem.exact and not case.memory and case.quantities not in kinds
        twice = problem.repeatable or number % 3 == 0 or of_new_kind
        visible.append(Asked(case.args, case.memory, twice))
        kinds.add(case.quantities)

    def fresh():
        cases = drawn(problem, seed + FRESH)
        return tuple(Asked(case.args) for case in cases if not case.memory)

    return Task(str(inspect.signature(problem.reference)), tuple(visible), fresh, may_use)
