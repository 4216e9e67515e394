"""Points are those in the data of a check, whatever else a cell shows, a forger or odd setting included."""

import importlib.util

import pytest
from conftest import require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import tiny_course  # noqa: E402
from nbformat.v4 import new_code_cell, new_output  # noqa: E402
from nbgrader.utils import determine_grade  # noqa: E402

from vgcourse.grading.running import ScoreByVerdict  # noqa: E402
from vgcourse.tell.report import MIME  # noqa: E402

SOURCE = 'from vgcourse.check import check\n\ncheck("a.b", f, points=4)\ncheck("a.b", f, points=4, seed=7)'
CHECK = tiny_course.mark("p1-check", grade=True, locked=True, points=4)


def shown(points, problem="a.b"):
    return new_output("display_data", data={MIME: {"problem": problem, "points": points}})


def result(text, data=None, count=1):
    kept = {"text/plain": text} | ({} if data is None else {MIME: data})
    return new_output("execute_result", data=kept, execution_count=count)


def last(points, text=None, problem="a.b"):
    return result(text or repr(points), {"problem": problem, "points": points})


def graded(*outputs, source=SOURCE, metadata=CHECK):
    """(points, the sentence of an error or None) that nbgrader gives to a cell with these outputs."""
    cell = new_code_cell(source, metadata=metadata, outputs=list(outputs))
    cell, _ = ScoreByVerdict().preprocess_cell(cell, {}, 0)
    errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
    return determine_grade(cell)[0], errors[0] if errors else None


@pytest.mark.parametrize("points", [4.0, 2.67, 0.0, 0, 4])
def test_the_last_verdict_counts(points):
    assert graded(shown(4.0), last(points)) == (points, None)


def test_words_on_stderr_cost_nothing():
    assert graded(new_output("stream", name="stderr", text="C says"), shown(4.0), last(4.0)) == (4.0, None)


def test_every_line_shown_does_not_make_the_first_one_count():
    assert graded(shown(4.0), result("4.0"), last(1.5)) == (1.5, None)


def test_fewer_digits_shown_are_the_same_points():
    assert graded(shown(4.0), last(2.67, text="2.7")) == (2.67, None)


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([], "2 checks were called, 0 left data behind"),
        ([result("4.0")], "2 checks were called, 0 left data behind"),
        ([shown(0.0)], "2 checks were called, 1 left data behind"),
        ([shown(4.0), shown(4.0)], "2 checks were called, 2 left data behind, no result"),
        ([shown(4.0), last(4.0, problem="a.c")], "the data is not that of a check of a.b"),
        ([shown(4.0), last(True)], "the data is not that of a check of a.b"),
        ([shown(4.0), result("4.0", "text")], "the data is not that of a check of a.b"),
        ([shown(4.0), last(999.0)], "the data says 999 points"),
        ([shown(4.0), last(-1.0)], "the data says -1 points"),
        ([shown(4.0), last(float("nan"))], "the data says nan points"),
        ([shown(0.0), last(0.0, text="4.0")], "the cell shows 4 points, the check's data says 0"),
        ([shown(0.0), last(0.0, text="nan")], "the cell shows nan points"),
        ([shown(0.0), last(0.0, text="all of them")], "the cell shows no points"),
    ],
)
def test_without_the_data_of_the_check_there_are_no_points_and_a_reason(outputs, sentence):
    points, said = graded(*outputs)
    assert points == 0 and said.startswith(sentence)


def test_an_error_stays_the_only_one():
    error = new_output("error", ename="NameError", evalue="no f", traceback=[])
    assert graded(error) == (0, "no f")


def test_other_tests_and_other_cells_are_left_alone():
    assert graded(source="assert f(3) == 6") == (4.0, None)
    assert graded(result("1.5"), source="points(f)") == (1.5, None)
    box = tiny_course.mark("p1-derivation", grade=True, solution=True, points=4)
    assert graded(metadata=box) == (None, None)
