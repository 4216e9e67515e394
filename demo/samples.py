"""What a sample submission is made of, and the students who hand them in.

An answer is written as a real function in a class that stands for one student; its body replaces the stub in
the released notebook. So a sample looks like what a student hands in: the given cell with the stub filled.
"""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import NamedTuple

STUB = re.compile(r"^    # YOUR CODE HERE\n    raise NotImplementedError(\(\))?$", re.MULTILINE)
SOLUTION_MARK = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


class Student(NamedTuple):
    """One enrolled student."""

    student: str
    first_name: str
    last_name: str


class Submission(NamedTuple):
    """What one student hands in for one problem set.

    `make(released, solutions)` takes the two notebooks and returns a notebook, or text that is none.
    `file_name` is set where the student renamed the notebook.
    """

    about: str
    make: Callable
    file_name: str | None = None


class ProblemSet(NamedTuple):
    """A problem set that the class works on.

    `submissions` has an entry for each student who hands in; `comments` has (points, comment) for each answer
    of `READ_BY_HAND` that a human reads.
    """

    name: str
    submissions: dict
    comments: dict


STUDENTS = (
    Student("a.okafor", "Amara", "Okafor"),
    Student("l.garcia", "Lucía", "García Márquez"),
    Student("minh.nguyen", "Minh Anh", "Nguyễn"),
    Student("z.kowalska", "Zofia", "Kowalska"),
    Student("l.haddad", "Layla", "Haddad"),
    Student("j.mueller", "Jonas", "Müller"),
    Student("a.singh", "Arjun", "Singh"),
    Student("b.dasilva", "Beatriz", "da Silva"),
    Student("d.ivanova", "Daria", "Ivanova"),
    Student("k.mensah", "Kwame", "Mensah"),
    Student("s.abebe", "Selam", "Abebe"),
)
READ_BY_HAND = "a.okafor"


def fill(released, *answers, written=None):
    """A copy of the released notebook with answers in it.

    Parameters
    ----------
    released : NotebookNode
    answers : classes whose methods are named like the functions asked for; the later class wins
    written : dict, grade_id of a manual cell → what the student writes into it

    Returns
    -------
    NotebookNode

    Raises
    ------
    ValueError
        If the notebook has no such answer cell, or no stub in it.
    """
    functions = {
        name: value for cls in answers for name, value in vars(cls).items() if inspect.isfunction(value)
    }
    notebook = copied(released)
    for name, function in functions.items():
        cell = answer_cell(notebook, name)
        body = textwrap.indent(textwrap.dedent(inspect.getsource(function).split("\n", 1)[1]), "    ")
        body = body.rstrip()
        cell.source, replaced = STUB.subn(lambda _, body=body: body, cell.source)
        if not replaced:
            raise ValueError(f"fill: the cell of {name} in the released notebook has no stub to replace.")
        if "math." in body:
            cell.source = "import math\n\n\n" + cell.source
    for grade_id, text in (written or {}).items():
        find(notebook, grade_id).source = text
    return notebook


def solved(released, solutions, parts=None):
    """A copy of the released notebook with the instructor's own answers, to all parts or to the first few.

    Parameters
    ----------
    released, solutions : NotebookNode
    parts : int, default all

    Returns
    -------
    NotebookNode
    """
    notebook = copied(released)
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        number = re.match(r"p(\d+)-", nbgrader.get("grade_id", ""))
        if nbgrader.get("solution") and number and (parts is None or int(number[1]) <= parts):
            cell.source = SOLUTION_MARK.sub("", find(solutions, nbgrader["grade_id"]).source).rstrip()
    return notebook


def copied(notebook):
    """A copy whose cells can be given another source."""
    copy = notebook.copy()
    copy.cells = [cell.copy() for cell in notebook.cells]
    return copy


def answer_cell(notebook, function):
    """The cell that asks for this function.

    Raises
    ------
    ValueError
        If there is none.
    """
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.endswith("-answer") and re.search(rf"^def {function}\(", cell.source, re.MULTILINE):
            return cell
    raise ValueError(f"the notebook asks for no {function}; its problem set was changed without its samples.")


def find(notebook, grade_id):
    """The cell with this grade_id.

    Raises
    ------
    ValueError
        If there is none.
    """
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            return cell
    raise ValueError(f"the notebook has no cell {grade_id}; its problem set was changed without its samples.")
