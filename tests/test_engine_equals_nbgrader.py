"""Honest answers earn the same in `vgcourse grade` and under plain nbgrader: every solution, many mistakes.

Plain nbgrader's points are those of the hidden tests' checks, run in this process; the first notebook of
mistakes of three sets goes through nbgrader itself.
"""

import functools
import importlib.util
import re
import shutil

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from written_out import as_cell  # noqa: E402

from demo.samples import SOLUTION_MARK  # noqa: E402
from vgcourse.check import evaluate, find  # noqa: E402
from vgcourse.grading.engine.assignment import assignment_of  # noqa: E402
from vgcourse.grading.engine.executors import InProcess  # noqa: E402
from vgcourse.grading.engine.orders import Order, environment, may_use  # noqa: E402
from vgcourse.grading.jail import Cell, Limits, jails  # noqa: E402
from vgcourse.judge.points import earned  # noqa: E402

JAIL = next((name for name, reason in jails().items() if reason is None and name != "none"), None)
require(JAIL, "needs a jail: Linux namespaces or bubblewrap")

pytestmark = pytest.mark.slow
SETS = sorted(path.stem for path in ROOT.glob("solutions/ps*/ps*.ipynb"))
LEAST = 50  # wrong answers of a set
SEED = re.compile(r'check\("([\w.]+)", \w+, .*seed=(\d+)\)')


class Set:
    """A problem set: its notebook, its assignment, the seeds of its hidden tests, notebooks of mistakes."""

    def __init__(self, name):
        self.name = name
        self.notebook = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        self.assignment = assignment_of(name, name, tiny_course.given_in(self.notebook))
        self.seeds = {
            problem: int(seed) for cell in self.notebook.cells for problem, seed in SEED.findall(cell.source)
        }
        self.wrong = self._wrong()

    def _wrong(self):
        """Lists of {problem: text of a wrong answer}, one to a part, until there are enough."""
        left = {name: _texts(find(name)) for name in self.assignment.problems}
        packed = []
        while sum(map(len, packed)) < LEAST:
            packed.append({name: text for name, texts in left.items() if (text := next(texts, None))})
        return packed

    def filled(self, answers):
        """The solution's notebook with these answers in the place of its own."""
        notebook = nbformat.from_dict(self.notebook)
        notebook.cells = [nbformat.from_dict(cell) for cell in notebook.cells]
        functions = {problem.split(".")[1]: text for problem, text in answers.items()}
        for cell in notebook.cells:
            cell.source = SOLUTION_MARK.sub("", cell.source)
            defined = re.findall(r"^def (\w+)", cell.source, re.MULTILINE)
            if cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-answer"):
                for name in functions.keys() & set(defined):
                    cell.source = functions[name]
        return notebook

    def order(self, notebook, key):
        """The order for a notebook, on the inputs of the hidden tests alone."""
        cells, checks = [], {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                check = self.assignment.checks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
                if check:
                    checks[len(cells)] = check
                asks = tuple((ask.problem, ask.function) for ask in check.asks) if check else ()
                cells.append(Cell(cell.source, asks))
        seeds = {problem: (seed,) for problem, seed in self.seeds.items()}
        return Order(
            f"{self.name} {key}", self.name, tuple(cells), checks, seeds, self.assignment.rooms, {},
            Limits(seconds=600, cell_seconds=100, check_seconds=200), environment(),
        )  # fmt: skip


def _texts(problem):
    for mistake in problem.mistakes:
        if isinstance(mistake.parts, tuple) and (text := as_cell(problem, mistake, may_use(problem.name))):
            yield text


@functools.cache
def the_set(name):
    return Set(name)


@pytest.fixture(scope="module")
def executor():
    with InProcess(JAIL) as one:
        yield one


def by_engine(one, notebook, key, executor):
    """{problem: points} of a notebook in the jail."""
    order = one.order(notebook, key)
    (graded,) = executor.graded([order])
    assert graded.cells, graded.notes
    return {check.asks[-1].problem: graded.cells[place].points for place, check in order.checks.items()}


def by_check(one, problem, text):
    """The points of plain nbgrader for one answer."""
    names = {"__name__": "__main__"}
    exec(compile(text, f"<{problem}>", "exec"), names)
    (check,) = [check for check in one.assignment.checks.values() if check.asks[-1].problem == problem]
    function = names[check.asks[-1].function]
    share = evaluate(problem, function, seed=one.seeds[problem], may_use=may_use(problem)).share
    return earned(check.points, share)


@pytest.mark.parametrize("name", SETS)
def test_the_solution_earns_everything(name, executor):
    one = the_set(name)
    points = by_engine(one, one.filled({}), "solution", executor)
    assert points == {check.asks[-1].problem: check.points for check in one.assignment.checks.values()}


@pytest.mark.parametrize("name", SETS)
def test_every_wrong_answer_earns_what_plain_nbgrader_gives(name, executor):
    one = the_set(name)
    assert sum(map(len, one.wrong)) >= LEAST
    for number, answers in enumerate(one.wrong):
        points = by_engine(one, one.filled(answers), number, executor)
        plain = {problem: by_check(one, problem, text) for problem, text in answers.items()}
        assert {problem: points[problem] for problem in plain} == plain


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which nothing is released yet."""
    root = tmp_path_factory.mktemp("plain") / "course"
    shutil.copytree(ROOT / "solutions", root / "solutions")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


@pytest.mark.parametrize("name", ["ps1", "ps6", "ps8"])  # no rooms, memory, most rooms
def test_nbgrader_itself_gives_the_same(name, course, executor):
    one = the_set(name)
    notebook = one.filled(one.wrong[0])
    folder = course / "submitted" / "student" / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    tiny_course.nbgrader(course, "generate_assignment", name, "--create")
    tiny_course.nbgrader(course, "autograde", name)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "vgcourse") as book:
        grades = book.find_submission_notebook(name, name, "student").grades
        plain = {grade.name: grade.auto_score for grade in grades}
    points = by_engine(one, notebook, "mistakes", executor)
    for grade_id, check in one.assignment.checks.items():
        assert plain[grade_id] == points[check.asks[-1].problem], grade_id
