"""What the students of a made-up class hand in: notebooks of many answers, accidents, hostile code.

Every hand-in says what it has to earn: of each check the answer that counts, or 0 where it was spoiled.
"""

import copy
from typing import NamedTuple

from class_answers import answer_to  # first: it finds tests/

import nbformat  # isort: skip
from nbformat.v4 import new_code_cell, new_output  # isort: skip
from test_accidents import copied, data, drop  # isort: skip
from test_jail_attacks import CHEATS, LIES, READING, TRY  # isort: skip
from tiny_course import cell_of  # isort: skip

SHARES = {  # of what is not right
    "mistake": 0.4, "two mistakes": 0.08, "own slip": 0.1, "blank": 0.18,
    "syntax": 0.05, "raises": 0.07, "nothing": 0.06, "shape": 0.04, "renamed": 0.02,
}  # fmt: skip
ACCIDENTS, ATTACKS = {}, {}  # name → function (hand-in, rng) that changes it
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
        place = self.notebook.cells.index(cell_of(self.notebook, answer_to(check)))
        self.notebook.cells.insert(place, new_code_cell(source))

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


def hand_ins(problem_set, students, skills, rng):
    """Yield every student's HandIn."""
    for student, skill in zip(students, skills, strict=True):
        one, luck = HandIn(problem_set, student, skill, rng), rng.random()
        if luck < ACCIDENT + ATTACK:
            some = ATTACKS if luck < ATTACK else ACCIDENTS
            one.kind = str(rng.choice(list(some)))
            some[one.kind](one, rng)
        yield one


def accident(make):
    """A row of the accidents."""
    ACCIDENTS[make.__name__.replace("_", " ")] = make
    return make


@accident
def check_copied(one, rng):
    copied(one.notebook, one.any_check(rng))


@accident
def answer_split(one, rng):
    check = one.any_check(rng)
    blank = one.set.answers[check]["blank"][0]
    copied(one.notebook, answer_to(check), before=blank)


@accident
def check_deleted(one, rng):
    drop(one.notebook, one.any_check(rng))


@accident
def answer_deleted(one, rng):
    check = one.any_check(rng)
    drop(one.notebook, answer_to(check))
    one.counts[check] = None


@accident
def check_edited(one, rng):
    cell_of(one.notebook, one.any_check(rng)).source = "100.0"


@accident
def points_raised(one, rng):
    for cell in one.notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader.update(points=100, locked=False)


@accident
def old_schema(one, rng):
    for cell in one.notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = {"grade_id": cell.metadata.nbgrader["grade_id"], "schema_version": 1}


@accident
def bare_copy(one, rng):
    for number, cell in enumerate(one.notebook.cells):
        cell.metadata, cell.id = {}, f"x{number}"


@accident
def file_renamed(one, rng):
    one.file_name = f"{one.set.name} (1).ipynb"


@accident
def byte_order_mark(one, rng):
    one.files[one.file_name] = b"\xef\xbb\xbf" + data(one.notebook).replace(b"\n", b"\r\n")


@accident
def utf16(one, rng):
    one.files[one.file_name] = nbformat.writes(one.notebook).encode("utf-16")


@accident
def names_of_ours(one, rng):
    one.before(one.any_check(rng), "check = hint = 3\n\ndef evaluate(*args, **more): return 100")


@accident
def magics_and_questions(one, rng):
    one.before(one.any_check(rng), "%matplotlib qt\n!pip install nothing")
    one.before(one.any_check(rng), "%%time\ninput('are you there?')")


@accident
def exit_in_a_cell(one, rng):
    one.before(one.any_check(rng), "exit()")


@accident
def long_prints(one, rng):
    one.before(one.any_check(rng), "for i in range(30_000):\n    print('step', i, 'loss', i / 7)")


@accident
def megabytes_stored(one, rng):
    first = next(cell for cell in one.notebook.cells if cell.cell_type == "code")
    first.outputs = [new_output("stream", text="x" * 5_000_000)]


def refused(name, content):
    """An accident after which there is nothing to grade."""

    def make(one, rng):
        one.status, one.counts = "refused", {}
        one.files, one.file_name = content(one), None

    ACCIDENTS[name] = make


refused("empty file", lambda one: {one.file_name: b""})
refused("web page", lambda one: {one.file_name: b"<!DOCTYPE html><title>sign in</title>"})
refused("cut off", lambda one: {one.file_name: data(one.notebook)[:3000]})
refused("marks of a merge", lambda one: {one.file_name: b"{\n<<<<<<< HEAD\n" + data(one.notebook)[1:]})
refused("a text alone", lambda one: {"answers.txt": b"see my mail"})
refused("two other names", lambda one: {f"{one.set.name}-{i}.ipynb": data(one.notebook) for i in (1, 2)})


@accident
def no_submission(one, rng):
    one.status, one.counts = "no submission", {}


CELLS = {  # which cost nothing but themselves
    "endless loop": "while True:\n    pass",
    "memory hog": "hoard = []\nwhile True:\n    hoard.append(bytearray(os.urandom(1) * (50 << 20)))",
    "os._exit": "os._exit(0)",
    "daemon": "for _ in range(3):\n    if os.fork() == 0:\n        os.setsid()\n        import time\n"
    "        while True:\n            time.sleep(0.01)",
    "network": "import socket\nsocket.create_connection(('8.8.8.8', 53), 5)",
    "fork bomb": "while True:\n    os.fork()",
    "kill everybody": "os.kill(-1, 9)",
    "kill the parent": "os.kill(os.getppid(), 9)\nos.killpg(0, 9)",
    "gradebook": "for up in range(9):\n    for path in ('gradebook.db', 'solutions'):\n"
    "        tried(lambda: print(open('../' * up + path, 'r+').read()))",
    "60 MB of output": "for _ in range(60):\n    print('x' * 1_000_000)",
    "60 MB of descriptor": "os.write(1, b'x' * 60_000_000)",
    "sparse file": "with open('large', 'wb') as file:\n    file.truncate(5 << 30)",
    **{f"line: {name}": LIES[name] for name in ("closed", "flood", "a huge length", "replaced")},
}
FUNCTIONS = {  # which cost their own part
    "endless answer": "while True:\n        pass",
    "answer exits": "os._exit(0)",
    "answer hoards": 'hoard = []\n    while True:\n        hoard.append(b"x" * (50 << 20))',
    **{
        f"reads: {name}": text.replace("\n", "\n    ") + "\n    return answer(*args)"
        for name, text in READING.items()
    },
}
PATCHES = [name for name in CHEATS if "def linear_backward" not in CHEATS[name]]
SOLUTIONS = """import json
for place in ("", "../", "../../", "../../../", "/course/"):
    try:
        text = open(place + "solutions/{name}/{name}.ipynb").read()
    except OSError:
        continue
    for cell in json.loads(text)["cells"]:
        if "SOLUTION" in "".join(cell["source"]):
            exec("".join(cell["source"]))"""
BESIDE = ("numpy.py", "json.py", "vgcourse.py", "sitecustomize.py")


def _cell(source):
    return lambda one, rng: one.before(one.any_check(rng), f"{TRY}\n{source}")


def _function(body):
    def make(one, rng):
        check = one.any_check(rng)
        ask = one.set.asks[check][0]
        text = body.replace("ps1.linear_backward", ask.problem)
        one.answer(check, f"import os, sys\n\ndef {ask.function}(*args):\n    {text}", counts=False)

    return make


def _patch(source):
    def make(one, rng):
        one.nothing()
        one.before(next(iter(one.counts)), source)

    return make


def _beside(one, rng):
    one.files |= {name: b"raise SystemExit('mine')" for name in BESIDE}


def _solutions(one, rng):
    one.nothing()
    source = SOLUTIONS.format(name=one.set.name)
    for check in one.counts:
        one.answer(check, source, counts=False)


ATTACKS |= {name: _cell(source) for name, source in CELLS.items()}
ATTACKS |= {name: _function(body) for name, body in FUNCTIONS.items()}
ATTACKS |= {name: _patch(CHEATS[name]) for name in PATCHES}
ATTACKS |= {"modules beside": _beside, "runs solutions": _solutions}
