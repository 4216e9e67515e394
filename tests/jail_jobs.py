"""Jobs for the jail, made from a solved notebook as a grader makes them from one that was handed in."""

import json
import re

from conftest import ROOT

from vgcourse.collect import Asked, Task
from vgcourse.grading.jail import Cell, Job, Limits
from vgcourse.problems import EVERYWHERE, find, may_use
from vgcourse.problems.problem import task

CALL = re.compile(r"""^\s*check\(\s*["']([^"']+)["']\s*,\s*(\w+)""", re.MULTILINE)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", re.DOTALL)
ROOMS = {
    "ps1": (*EVERYWHERE, "plotting", "tasks"),
    "ps5": (*EVERYWHERE, "dynamics", "plotting"),
    "ps6": (*EVERYWHERE, "layers", "recurrent", "optim", "plotting", "tasks"),
}
SEED = 20
FEW = ("activations",)  # rooms for submissions that need nothing of the course


def solved(assignment, files=None, limits=Limits(), seeds=(SEED,)):  # noqa: B008
    """The job of the instructor's own notebook."""
    text = (ROOT / "solutions" / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8")
    cells = []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            source = HIDDEN.sub("", "".join(cell["source"]))
            graded = cell["metadata"].get("nbgrader", {}).get("grade", False)
            cells.append(Cell(source, tuple(CALL.findall(source)) if graded else ()))
    tasks = {name: tuple(sent(name, seed) for seed in seeds) for cell in cells for name, _ in cell.asks}
    return Job(
        f"{assignment} solved", assignment, tuple(cells), tasks, ROOMS[assignment], files or {}, limits
    )


def sent(name, seed):
    """The task of a problem as it is sent into a jail."""
    return task(find(name), seed, may_use(name))


def job(*cells, files=None, limits=Limits(), tasks=None):  # noqa: B008
    """A job of sources and Cells; the problem "double" asks for twice its argument, for 3 and then for 5."""
    cells = tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)
    return Job(
        "key", "none", cells, tasks or {"double": (double(3.0), double(5.0))}, FEW, files or {}, limits
    )


def double(value):
    """A task with one call."""
    calls = (Asked((value,)),)
    return Task("(x)", calls, lambda: calls)


def check(name="f"):
    """The cell of a check that asks for a function of this name."""
    return Cell("", (("double", name),))


RIGHT = "def f(x):\n    return 2 * x"
