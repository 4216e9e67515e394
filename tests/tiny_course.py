"""A course of one small problem set and a few students, taken through the real nbgrader commands."""

import functools
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import nbformat
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from vgcourse.grading.restore import Given

RUBRIC = "1: both factors are there. 1: the rule is named."
FORMULA = r"$$ \frac{\partial L}{\partial z} = 2z<3 \tag{7.1} $$"
ANSWER = r"By the power rule $\partial L/\partial z=2z$."
NEXT_PART = "## Part 2\n\nHere the problem set goes on."
ELSEWHERE = "https://example.org/picture.png"
SECRET_SEED = 990_017


def mark(grade_id, **what):
    """nbgrader's metadata for a cell."""
    flags = {"grade": False, "locked": False, "solution": False, "task": False} | what
    return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **flags}}


def solution():
    """The instructor's notebook."""
    rubric = f"### BEGIN MARK SCHEME\n**Rubric** {RUBRIC}\n### END MARK SCHEME"
    check = 'check("start.slope_of_square", slope_of_square, points=2{})'
    cells = [
        new_code_cell("import numpy as np\n\nfrom vgcourse.check import check", id="imports"),
        new_code_cell(
            "def slope_of_square(z):\n    ### BEGIN SOLUTION\n    return 2 * z\n    ### END SOLUTION",
            metadata=mark("p1-answer", solution=True),
        ),
        new_code_cell(
            "import numpy as np\nfrom vgcourse.check import check\n\n"
            + check.format("")
            + "\n### BEGIN HIDDEN TESTS\n"
            + check.format(f", seed={SECRET_SEED}")
            + "\n### END HIDDEN TESTS",
            metadata=mark("p1-check", grade=True, locked=True, points=2),
        ),
        new_markdown_cell(
            f"**By hand.** Derive it.\n\n{FORMULA}\n\n{rubric}", metadata=mark("p1-question", locked=True)
        ),
        new_markdown_cell(
            "### BEGIN SOLUTION\n" + ANSWER + "\n### END SOLUTION",
            metadata=mark("p1-derivation", grade=True, solution=True, points=2),
        ),
        new_markdown_cell(NEXT_PART),
        new_code_cell(
            "# a picture of it\nslope_of_square(1.0)",
            metadata={"jupyter": {"source_hidden": True}, "tags": ["hide-input"]},
        ),
    ]
    return new_notebook(
        cells=cells,
        metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    )


def given_in(notebook):
    """grade_id → Given, as the gradebook would have it, of every cell that nbgrader marks."""
    marked = [(cell, cell.metadata.nbgrader) for cell in notebook.cells if "nbgrader" in cell.metadata]
    return {mark.grade_id: Given(mark.grade_id, cell.cell_type, cell.source, mark) for cell, mark in marked}


def cell_of(notebook, grade_id):
    """The cell with this grade_id."""
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    return cell


def below_box(notebook, *cells):
    """Put cells right below the box for the derivation."""
    place = notebook.cells.index(cell_of(notebook, "p1-derivation")) + 1
    notebook.cells[place:place] = cells


# What each student does to the released notebook, in which the function is already right.


def blank(notebook):
    """Leaves the box as it came, and scratches in a code cell below it."""
    below_box(notebook, new_code_cell("1 + 1"), new_markdown_cell("  \n"))


def boxed(notebook):
    """Writes in the box, with a formula that is not one and a picture from elsewhere."""
    cell_of(notebook, "p1-derivation").source = (
        ANSWER
        + " $\\frac{1}{$ ![here](https://example.org/picture.png)\n\n### BEGIN MARK SCHEME is my heading"
    )


def below(notebook):
    """Leaves the box and writes in two cells below it, with a code cell between them."""
    below_box(notebook, new_markdown_cell(ANSWER), new_code_cell("1 + 1"), new_markdown_cell("That is all."))


def both(notebook):
    """Begins in the box and goes on below it."""
    boxed(notebook)
    below_box(notebook, new_markdown_cell("And so the slope of $z^2$ is $2z$."))


def renamed(notebook):
    """Uses the names of the import cell for something else."""
    notebook.cells[0].source += "\n\ncheck = 3\nnp = 3"
    cell_of(notebook, "p1-answer").source += "\n\ncheck = 4"


def deleted(notebook):
    """Deletes the import cell."""
    del notebook.cells[0]


def printed(notebook):
    """Makes the check fail, in a traceback that quotes its cell."""
    cell_of(notebook, "p1-answer").source = "def slope_of_square(): pass\n\nslope_of_square = None"


STUDENTS = [blank, boxed, below, both, renamed, deleted, printed]


class Course(NamedTuple):
    """Where it is, and what came out."""

    root: object
    log: str

    def notebook(self, folder, student=""):
        """One notebook: released in exercises/, or a student's in autograded/."""
        return nbformat.read(self.root / folder / student / "tiny" / "tiny.ipynb", as_version=4)

    def feedback(self, student):
        return (self.root / "feedback" / student / "tiny" / "tiny.html").read_text(encoding="utf-8")

    def grades(self, student):
        """(automatic score, waits for a human) of every graded cell."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            grades = gradebook.find_submission_notebook("tiny", "tiny", student).grades
            return {grade.name: (grade.auto_score, bool(grade.needs_manual_grade)) for grade in grades}


@functools.cache
def build(root):
    """Release, hand in, autograde and give feedback below `root`, once for all tests of a run."""
    root.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "solutions" / "tiny").mkdir(parents=True)
    nbformat.write(solution(), root / "solutions" / "tiny" / "tiny.ipynb")
    log = nbgrader(root, "generate_assignment", "tiny", "--create")
    for student in STUDENTS:
        notebook = nbformat.read(root / "exercises" / "tiny" / "tiny.ipynb", as_version=4)
        answer = cell_of(notebook, "p1-answer")
        answer.source = answer.source.replace(
            "# YOUR CODE HERE\n    raise NotImplementedError", "return np.multiply(2, z)"
        )
        student(notebook)
        (root / "submitted" / student.__name__ / "tiny").mkdir(parents=True)
        nbformat.write(notebook, root / "submitted" / student.__name__ / "tiny" / "tiny.ipynb")
    log += nbgrader(root, "autograde", "tiny")
    return Course(root, log + nbgrader(root, "generate_feedback", "tiny"))


def nbgrader(root, *arguments, fails=False):
    """Run one command in the course's folder; it has to work, or with `fails` to complain."""
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(root / "no-config"), "PYTHONPATH": str(ROOT)}
    env["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), env.get("PATH", "")])  # for alembic
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=root, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, said
    return said
