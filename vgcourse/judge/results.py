"""What a judgement is made of: quantities, runs, rows of the table, findings, maps, the verdict."""

from typing import NamedTuple

import numpy as np

RULES = 3  # a verdict says by which rules it was made: raised whenever the same answers earn other points


class Quantity(NamedTuple):
    """One compared array: the learner's value (None if unusable), its error and what is wrong with it."""

    name: str
    value: np.ndarray | None
    expected: np.ndarray
    error: float
    ok: bool
    problem: str = ""


class Run(NamedTuple):
    """One case, what came of it, and the quantities compared."""

    case: object
    expected: object
    outcome: object
    quantities: list


class Row(NamedTuple):
    """One line of the table: the worst over all cases of one quantity."""

    name: str
    shape: tuple | None
    error: float
    ok: bool
    problem: str
    usable: bool = True


class Finding(NamedTuple):
    """One thing to tell the learner.

    `group` says what it is about: "mistake" (then `name` is that of the catalogue), "fact" (about several
    mistakes, or the order of results), "call", "pattern", "invariant" or "convention".
    """

    group: str
    name: str
    text: str

    @property
    def kind(self):
        """Group and name in one word, for reports: they count what is of one kind."""
        return self.name if self.group in ("mistake", "fact", "call") else f"{self.group}: {self.name}"


class ErrorMap(NamedTuple):
    """Coarse relative errors over two axes: `levels[i][j]` indexes locate.LEVELS. It holds no values."""

    name: str
    down: str
    across: str
    down_labels: tuple
    across_labels: tuple
    levels: tuple


class Verdict(NamedTuple):
    """All that a check found out. `share` is the part of the points that was earned, 0 … 1; `halved` names
    what is wrong and keeps half, since one slip explains it all."""

    problem: str
    rows: list
    findings: list
    share: float
    maps: tuple = ()
    halved: tuple = ()
    rules: int = RULES
