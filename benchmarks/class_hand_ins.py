"""What the students of a made-up class hand in: notebooks of many answers, a few of them spoiled.

Every hand-in says what it has to earn: of each check the answer that counts, or 0 where it was spoiled.
"""

import copy
import itertools
from typing import NamedTuple

from class_answers import answer_to  # first: it finds tests/

import nbformat  # isort: skip
from class_accidents import ACCIDENTS  # isort: skip
from class_attacks import ATTACKS  # isort: skip
from nbformat.v4 import new_code_cell  # isort: skip
from test_accidents import place  # isort: skip
from tiny_course import cell_of  # isort: skip

SHARES = {  # of what is not right
    "mistake": 0.4, "two mistakes": 0.08, "own slip": 0.1, "blank": 0.18,
    "syntax": 0.05, "raises": 0.07, "nothing": 0.06, "shape": 0.04, "renamed": 0.02,
}  # fmt: skip
ACCIDENT, ATTACK = 0.08, 0.03  # how often


class HandIn:
    """One student's for one set.

    Attributes
    ----------
    kind : "ordinary", or the name of the accident or attack
    counts : grade_id of a check → the text that is worth what it is worth, or None where nothing is earned
    notebook, files : what is handed in; `files` are {name: bytes}
    status : what has to become of it: "graded" (or "partly"), "refused", "no submission"
    """

    def __init__(self, problem_set, student, skill, rng):
        self.set, self.student, self.kind, self.status = problem_set, student, "ordinary", "graded"
        self.notebook, self.files, self.counts = copy.deepcopy(problem_set.released), {}, {}
        self.file_name = f"{problem_set.name}.ipynb"
        kinds = list(SHARES)
        for check, texts in problem_set.answers.items():
            kind = "right" if rng.random() < skill else rng.choice(kinds, p=[SHARES[k] for k in kinds])
            self.answer(check, str(rng.choice(texts[kind] or texts["right"])))

    def answer(self, check, text, counts=True):
        """Give an answer, signed by its student."""
        cell = cell_of(self.notebook, answer_to(check))
        cell.source = f"{text}\n# {self.student}"
        self.counts[check] = text if counts else None

    def before(self, check, source):
        """A cell of the student's own above an answer."""
        self.notebook.cells.insert(place(self.notebook, answer_to(check)), new_code_cell(source))

    def nothing(self):
        """Take all answers out."""
        for check, texts in self.set.answers.items():
            self.answer(check, texts["blank"][0], counts=False)

    def any_check(self, rng):
        """One of its checks."""
        return str(rng.choice(list(self.counts)))

    def write(self, submitted):
        """Lay it out as a course keeps it."""
        if self.status == "no submission":
            return
        folder = submitted / self.student / self.set.name
        folder.mkdir(parents=True)
        if self.file_name:
            self.files.setdefault(self.file_name, nbformat.writes(self.notebook).encode())
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


class Expected(NamedTuple):
    """What is kept of a hand-in once it is written."""

    kind: str
    counts: dict
    status: str


def spoilers():
    """Two endless iterators over (name, function): accidents and attacks, each in turn."""
    return itertools.cycle(ACCIDENTS.items()), itertools.cycle(ATTACKS.items())


def hand_ins(problem_set, students, skills, rng, accidents, attacks):
    """Yield every student's HandIn; of a few something is spoiled by the next of the `spoilers`."""
    for student, skill in zip(students, skills, strict=True):
        one, luck = HandIn(problem_set, student, skill, rng), rng.random()
        if luck < ACCIDENT + ATTACK:
            one.kind, spoil = next(attacks if luck < ATTACK else accidents)
            spoil(one, rng)
        yield one
