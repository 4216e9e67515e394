"""What a report is made of: one row per student, one part per graded cell, and the mistakes of a class."""

import collections
from typing import NamedTuple

from vgcourse.grading.checks import NOT_WRITTEN, Mistake, natural


class Part(NamedTuple):
    """One graded cell; `points` is None where nothing was scored, `waits` where a human has to read it."""

    name: str
    points: float | None
    max_points: float
    waits: bool
    by_hand: bool

    @property
    def mark(self):
        """What became of it: "all", "some" or "none" of the points, "waits", or "absent"."""
        if self.waits:
            return "waits"
        if self.points is None:
            return "absent"
        return "all" if self.points >= self.max_points else "some" if self.points > 0 else "none"


class Row(NamedTuple):
    """One student. `status` is a sentence; `graded` is False where there is nothing to count.

    `notes` are sentences: what was put right before grading, what the instructor should look at.
    """

    student: str
    name: str
    graded: bool
    status: str
    parts: tuple = ()
    mistakes: tuple = ()
    unreadable: tuple = ()
    notes: tuple = ()

    @property
    def auto_points(self):
        """Points that the checks gave."""
        return sum(part.points or 0 for part in self.parts if not part.by_hand)

    @property
    def manual_points(self):
        """Points that a human gave."""
        return sum(part.points or 0 for part in self.parts if part.by_hand)

    @property
    def waiting(self):
        """Points that wait for a human."""
        return sum(part.max_points for part in self.parts if part.waits)

    @property
    def checkable(self):
        """Points that the checks could have given."""
        return sum(part.max_points for part in self.parts if not part.by_hand)

    @property
    def diagnosed(self):
        """The mistakes in one line, what is not written yet as a number, and what could not be read."""
        kinds = list(dict.fromkeys(m.kind for m in self.mistakes if m.kind != NOT_WRITTEN))
        if left := sum(m.kind == NOT_WRITTEN for m in self.mistakes):
            kinds.append(f"{left} not written yet")
        if self.unreadable:
            kinds.append(f"check data unreadable: {', '.join(self.unreadable)}")
        return "; ".join(kinds)


def count_mistakes(rows):
    """How many students made each mistake, most frequent first; what is not written yet is no mistake.

    Returns
    -------
    list of (Mistake, number of students); the text is the one that the first of them read
    """
    students = collections.defaultdict(set)
    texts = {}
    for row in rows:
        for mistake in row.mistakes:
            if mistake.kind != NOT_WRITTEN:
                students[mistake.problem, mistake.kind].add(row.student)
                texts.setdefault((mistake.problem, mistake.kind), mistake.text)
    order = sorted(students, key=lambda key: (-len(students[key]), natural(key[0]), key[1]))
    return [(Mistake(*key, texts[key]), len(students[key])) for key in order]


def part_names(rows):
    """The names of all graded cells, in the order of the problem set."""
    return sorted({part.name for row in rows for part in row.parts}, key=natural)
