"""What a worker gets of one submission: its cells, and seeds in place of the inputs, which it draws itself.

So an order is small, and nothing in it names a student.
"""

import functools
import hashlib
import platform
from pathlib import Path
from typing import NamedTuple

import numpy as np

import vgcourse
from vgcourse.grading.jail.jobs import Job, Limits
from vgcourse.problems import find, may_use
from vgcourse.problems.problem import task, varies


class Ask(NamedTuple):
    """One call of `check` in a check's cell: problem, name of the student's function, convention."""

    problem: str
    function: str
    convention: str | None = None


class Check(NamedTuple):
    """What one check's cell asks for; the last one decides about its points."""

    asks: tuple
    points: float


class Order(NamedTuple):
    """One submission to grade.

    Attributes
    ----------
    key : digest of everything that the result depends on
    assignment : "ps1"
    cells : the jail's Cells: all code cells in their order
    checks : index of a cell → Check
    seeds : problem → the seeds of its inputs: that of this run, which decides about points, then that of the
        notebook, for what is not all right
    rooms, files, limits : see the jail's Job
    environment : what `environment` has to say where the order is carried out
    """

    key: str
    assignment: str
    cells: tuple
    checks: dict
    seeds: dict
    rooms: tuple
    files: dict
    limits: Limits
    environment: str

    def job(self):
        """The same for the jail, with the inputs drawn; where they are the same for all seeds, once."""
        tasks = {
            problem: tuple(_task(problem, seed) for seed in (seeds if self.varies(problem) else seeds[:1]))
            for problem, seeds in self.seeds.items()
        }
        return Job(self.key, self.assignment, self.cells, tasks, self.rooms, self.files, self.limits)

    def varies(self, problem):
        """Are a problem's inputs different for its seeds?"""
        return varies(find(problem), tuple(self.seeds[problem]))


@functools.lru_cache(maxsize=128)
def _task(problem, seed):
    """Made once a process, not once a submission."""
    return task(find(problem), seed, may_use(problem))


@functools.cache
def environment():
    """A digest of the course's code, Python and numpy: with others, an answer may earn other points."""
    digest = hashlib.sha256(f"{platform.python_version()} {np.__version__}".encode())
    root = Path(vgcourse.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def digest_of(*parts):
    """One digest of bytes and texts, each told apart from the next."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()
