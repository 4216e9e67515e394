"""A class of one small problem set, to be graded by `vgcourse grade` and looked at."""

import shutil

import nbformat
import tiny_course
from conftest import ROOT, require
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from tiny_course import cell_of, mark

from vgcourse.grading.engine import gradebook, kept, running
from vgcourse.grading.engine.assignment import read_assignment, read_course
from vgcourse.grading.jail import Limits, jails

JAIL = next((name for name, reason in jails().items() if reason is None and name != "none"), None)
require(JAIL, "needs a jail: Linux namespaces or bubblewrap")

RIGHT = "return W.T @ dz, dz @ x.T, dz.sum(axis=1)"
LIMITS = Limits()
SECRET = b"a secret that is long enough"
PROBLEMS = ("start.slope_of_square", "ps1.linear_backward")


def solution():
    """The tiny course's notebook with a second part."""
    notebook = tiny_course.solution()
    call = 'check("ps1.linear_backward", linear_backward, points=3{})'
    notebook.cells += [
        new_code_cell(
            f"def linear_backward(dz, x, W):\n    ### BEGIN SOLUTION\n    {RIGHT}\n    ### END SOLUTION",
            metadata=mark("p2-answer", solution=True),
        ),
        new_code_cell(
            f"from vgcourse.check import check\n\n{call.format('')}\n"
            f"### BEGIN HIDDEN TESTS\n{call.format(', seed=77')}\n### END HIDDEN TESTS",
            metadata=mark("p2-check", grade=True, locked=True, points=3),
        ),
    ]
    return notebook


def release(root, db_url=None):
    """A course with its assignment in the gradebook, which may be elsewhere, and nobody in it."""
    (root / "solutions" / "tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    if db_url:
        with open(root / "nbgrader_config.py", "a") as config:
            config.write(f'\nc.CourseDirectory.db_url = "{db_url}"\n')
    nbformat.write(solution(), root / "solutions" / "tiny" / "tiny.ipynb")
    tiny_course.nbgrader(root, "generate_assignment", "tiny", "--create")
    return root


class Class:
    """A copy of the course that a test may fill, grade and look at."""

    def __init__(self, root, executor, url=None):
        self.root, self.executor = root, executor
        self.url = url or f"sqlite:///{root / 'gradebook.db'}"

    def enrol(self, *students):
        with Gradebook(self.url, "vgcourse") as book:
            for student in students:
                book.update_or_create_student(student)

    def hand_in(self, student, first="return 2 * z", second=RIGHT, change=lambda notebook: None, **files):
        notebook = nbformat.read(self.root / "exercises" / "tiny" / "tiny.ipynb", as_version=4)
        cell_of(notebook, "p1-answer").source = f"def slope_of_square(z):\n    {first}"
        cell_of(notebook, "p2-answer").source = f"def linear_backward(dz, x, W):\n    {second}"
        change(notebook)
        folder = self.root / "submitted" / student / "tiny"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
        return folder

    def grade(self, **settings):
        """The summary of a run in this process; `orders` are those that it carried out."""
        course = read_course(self.root, self.url)
        with gradebook.opened(course, patience=settings.pop("patience", 5)) as book:
            assignment = read_assignment(book, course, "tiny")
            with kept.RunFolder(self.root, "tiny") as folder:
                settings = {"secret": SECRET} | settings
                run = running.Run(course, assignment, book, folder, self.executor, JAIL, **settings)
                return run.go()

    def outcome(self):
        return kept.outcome_of(self.root, "tiny")["students"]

    def notebook(self, student):
        path = self.root / "autograded" / student / "tiny" / "tiny.ipynb"
        return nbformat.read(path, as_version=4)

    def scores(self):
        """{student: {grade_id: (automatic score, by hand, waits)}} as the gradebook has it."""
        with Gradebook(self.url, "vgcourse") as book:
            return {
                submission.student.id: {
                    grade.name: (grade.auto_score, grade.manual_score, bool(grade.needs_manual_grade))
                    for grade in submission.notebooks[0].grades
                }
                for submission in book.assignment_submissions("tiny")
            }

    def points(self):
        return {
            student: tuple(grades[name][0] for name in ("p1-check", "p2-check"))
            for student, grades in self.scores().items()
        }
