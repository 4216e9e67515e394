"""Every problem set, cell by cell as graders run it: solutions earn all points, empty notebooks none.

Two sets go the same way through nbgrader itself in `test_roundtrip.py`.
"""

import ast
import contextlib

import nbformat
import pytest
from conftest import ROOT

SETS = sorted(path.stem for path in ROOT.glob("solutions/ps*/ps*.ipynb"))


def code(path):
    """(mark or {}, source) of every code cell of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return [(cell.metadata.get("nbgrader", {}), cell.source) for cell in cells if cell.cell_type == "code"]


def value_of(source, names):
    """Runs a cell and gives the value of its last line, as a notebook shows it."""
    *first, last = ast.parse(source).body
    exec(compile(ast.Module(first, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def earned(answers, checks):
    """{grade_id: (points, possible)}: the answers of one notebook before the checks of the other."""
    checks = {
        mark["grade_id"]: (mark["points"], source) for mark, source in code(checks) if mark.get("grade")
    }
    names, points = {"__name__": "__main__"}, {}
    for mark, source in code(answers):
        if mark.get("grade"):
            possible, check = checks.pop(mark["grade_id"])
            points[mark["grade_id"]] = float(value_of(check, names)), possible
        else:
            with contextlib.suppress(*([] if mark else [Exception])):  # a picture of what is not written yet
                exec(compile(source, "cell", "exec"), names)
    assert not checks and points
    return points


@pytest.fixture(autouse=True)
def as_graders(monkeypatch):
    """Graders draw no pictures."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


@pytest.mark.parametrize("name", SETS)
def test_the_solutions_earn_everything(name):
    solutions = ROOT / "solutions" / name / f"{name}.ipynb"
    points = earned(solutions, solutions)
    assert {part: got for part, got in points.items() if got[0] != got[1]} == {}


@pytest.mark.parametrize("name", SETS)
def test_the_empty_notebook_earns_nothing(name):
    points = earned(ROOT / "exercises" / name / f"{name}.ipynb", ROOT / "solutions" / name / f"{name}.ipynb")
    assert {part: got for part, got in points.items() if got[0] != 0} == {}
