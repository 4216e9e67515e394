"""What a graded function is: inputs, reference, known mistakes, hints. Definitions live in `psN/`."""

import difflib
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field

SETS = ("start", "ps1")


@dataclass(frozen=True)
class Case:
    """One call of the learner's function and the names of what it returns.

    A case is one set of arguments; `quantities` names the outputs in order. A single name means that the
    function returns that quantity alone, not a tuple. `batch` is the N that a missing mean would show.
    """

    args: tuple
    quantities: tuple
    batch: int | None = None


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: `formula` takes the learner's arguments and returns the wrong outputs.

    `diagnosis` says in one or two sentences what happened, in words that the learner can act on.
    """

    name: str
    formula: Callable
    diagnosis: str


@dataclass(frozen=True)
class Convention:
    """Another right answer, recognised like a mistake; `note` says which convention it follows."""

    name: str
    formula: Callable
    note: str


@dataclass(frozen=True)
class Problem:
    """One graded function; see CONTRIBUTING for a worked example.

    Attributes
    ----------
    name : "ps1.linear_backward"
    reference : the right function
    cases : function (rng) -> list of Case; sizes that expose every mistake
    mistakes : tuple of Mistake, at least four
    hints : three sentences: the concept, a shape or identity, a partial formula
    points : what the problem set gives for it
    lecture : where to look, for instance 'lecture 1, "The four-weight net"'
    tolerance : largest relative error that passes for float64 answers (which may hold float32 results)
    float32_tolerance : the same for answers in single precision
    conventions : other right answers
    adapt : function (output, args) -> outputs to compare; for answers that are not arrays
    exact : the answers are right or wrong as a whole; the table shows no shapes and errors
    """

    name: str
    reference: Callable
    cases: Callable
    mistakes: tuple
    hints: tuple
    points: float
    lecture: str
    tolerance: float = 1e-5
    float32_tolerance: float = 3e-4
    conventions: tuple = ()
    adapt: Callable = field(default=lambda output, args: output)
    exact: bool = False


def find(name):
    """The problem called `name`.

    Raises
    ------
    ValueError
        If there is none; the message suggests the nearest names.
    """
    if callable(name):
        raise ValueError('the name of the problem comes first, for instance "ps1.linear_backward".')
    problem = _all().get(name) if isinstance(name, str) else None
    if problem is None:
        near = difflib.get_close_matches(str(name), names(), n=3, cutoff=0.4) or names()
        raise ValueError(f"there is no problem {name!r}; did you mean {', '.join(near)}?")
    return problem


def names():
    """The names of all problems, in the order of the problem sets."""
    return list(_all())


def _all():
    modules = (importlib.import_module(f"vgcourse.check.{problem_set}") for problem_set in SETS)
    return {problem.name: problem for module in modules for problem in module.PROBLEMS}
