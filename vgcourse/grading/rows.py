"""What a report is made of: one row per student, one part per graded cell, and the mistakes of a class."""

import collections
import re
from typing import NamedTuple

from vgcourse.grading.checks import NOT_WRITTEN, Mistake, natural
from vgcourse.grading.naming import code_of


class Part(NamedTuple):
    """One graded cell; `points` is None where nothing was scored, `waits` where a human has to read it.

    `title` is what the problem set calls the part, without its number; empty where it gives it no name.
    `problem` is what its check asks for; empty where that is not known, or there is no check.
    """

    name: str
    points: float | None
    max_points: float
    waits: bool
    by_hand: bool
    title: str = ""
    problem: str = ""

    @property
    def label(self):
        """A short heading: p2-check is 2, p2-derivation is 2 by hand."""
        number = self.name.split("-")[0].removeprefix("p")
        return f"{number} by hand" if self.by_hand else number

    @property
    def full_name(self):
        """The same with the title: 2 · A net of four weights."""
        return f"{self.label} · {self.title}" if self.title else self.label

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

    `notes` are sentences: what was put right before grading, what the instructor should look at. `seconds`,
    `jail` and `slowest`, pairs (cell, seconds), are known where `vgcourse grade` graded. `marked_late` is the
    name of the file that the platform marked LATE, where no time is known.
    """

    student: str
    name: str
    graded: bool
    status: str
    parts: tuple = ()
    mistakes: tuple = ()
    unreadable: tuple = ()
    notes: tuple = ()
    unnamed: tuple = ()
    seconds: float = 0.0
    jail: str = ""
    slowest: tuple = ()
    marked_late: str = ""

    @property
    def total(self):
        """Points of all that is read: by checks and by hand."""
        return self.auto_points + self.manual_points

    @property
    def read(self):
        """Points that `total` could have been: those that wait for a human are not in it."""
        return sum(part.max_points for part in self.parts if not part.waits)

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
            kinds.append(in_words(f"check data unreadable: {', '.join(self.unreadable)}"))
        return "; ".join(kinds)


def in_words(text):
    """The names of cells in a text as an instructor reads them: p8-answer is part 8 (answer)."""
    return re.sub(r"\bp(\d+)-([a-z]+)\b", r"part \1 (\2)", text)


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


def all_parts(rows):
    """One Part for every graded cell, in the order of the problem set; what it holds is somebody's."""
    parts = {part.name: part for row in rows for part in row.parts}
    return [parts[name] for name in sorted(parts, key=natural)]


class Group(NamedTuple):
    """Students who share a wrong answer that nobody has named: `source` is what the first of them wrote.

    `code` is what the answer is called in names.csv.
    """

    problem: str
    quantities: tuple
    students: tuple
    source: str
    code: str


def group_unnamed(rows):
    """The wrong answers that no mistake explains, those that most students share first.

    Returns
    -------
    list of Group; two students are in one group if the same quantities are wrong in the same way
    """
    students, sources = collections.defaultdict(list), {}
    for row in rows:
        for problem, codes, source in row.unnamed:
            students[problem, codes].append(row.name)
            sources.setdefault((problem, codes), source)
    groups = [
        Group(
            problem,
            tuple(name for name, _ in codes),
            tuple(names),
            sources[problem, codes],
            code_of(problem, codes),
        )
        for (problem, codes), names in students.items()
    ]
    return sorted(groups, key=lambda one: (-len(one.students), natural(one.problem)))


def unread(rows):
    """A sentence on the answers that wait for a human, where some do."""
    waiting = [part for row in rows for part in row.parts if part.waits]
    if not waiting:
        return []
    points = sum(part.max_points for part in waiting)
    return [
        f"{len(waiting)} answer{'s' * (len(waiting) > 1)} by hand nobody has read yet "
        f"({points:g} points, in no total above): vgcourse lab --instructor, menu Nbgrader, Formgrader."
    ]
