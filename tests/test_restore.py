"""The problem set's cells in a submission: each of them once and as it was given, whatever an editor did."""

import copy
import importlib.util
import random

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook  # noqa: E402

from demo import samples  # noqa: E402
from vgcourse.grading.restore import Given, restore  # noqa: E402
from vgcourse.grading.submitted import Refused  # noqa: E402

RELEASED, SOLUTIONS = (
    nbformat.read(ROOT / folder / "ps1" / "ps1.ipynb", as_version=4) for folder in ("exercises", "solutions")
)


def given_cells():
    """What the gradebook keeps of problem set 1: stubs for answers, the hidden tests in checks."""
    given = {}
    for released, solution in zip(RELEASED.cells, SOLUTIONS.cells, strict=True):
        if mark := released.metadata.get("nbgrader"):
            source = released.source if mark["solution"] else solution.source
            given[mark["grade_id"]] = Given(mark["grade_id"], released.cell_type, source, dict(mark))
    return given


GIVEN = given_cells()
TO_PUT_BACK = {name for name, one in GIVEN.items() if not one.is_answer}


def solved():
    return copy.deepcopy(samples.solved(RELEASED, SOLUTIONS))


def names(notebook):
    marks = [cell.metadata.get("nbgrader") for cell in notebook.cells]
    return [mark["grade_id"] for mark in marks if mark]


def cell(notebook, name):
    return samples.find(notebook, name)


def test_a_notebook_as_it_should_be_gets_no_note_and_its_hidden_tests():
    notebook = solved()
    assert restore(notebook, GIVEN) == []
    assert names(notebook) == list(GIVEN)
    assert "BEGIN HIDDEN TESTS" in cell(notebook, "p4-check").source


@pytest.mark.parametrize("ids", [True, False])
def test_without_marks_every_cell_is_found_in_its_place(ids):
    notebook = solved()
    for one in notebook.cells:
        one.metadata = {}
        if not ids:
            del one["id"]
    notebook.nbformat_minor = 5 if ids else 4
    assert len(restore(notebook, GIVEN)) == 2
    assert names(notebook) == list(GIVEN)
    assert all(("id" in one) == ids for one in notebook.cells)


def test_an_empty_cell_is_not_the_check_that_holds_hidden_tests_alone():
    hidden = (
        "### BEGIN HIDDEN TESTS\ncheck('ps1.linear_backward', linear_backward, seed=1)\n### END HIDDEN TESTS"
    )
    given = GIVEN | {"p4-check": GIVEN["p4-check"]._replace(source=hidden)}
    notebook = solved()
    del cell(notebook, "p4-check").metadata["nbgrader"]
    notebook.cells.append(new_code_cell(""))
    restore(notebook, given)
    assert notebook.cells[-1].source == "" and names(notebook) == list(GIVEN)


def damaged(chance):
    """A solved notebook after dozens of cells were deleted, copied, moved, emptied, or lost their marks."""
    notebook = solved()
    for _ in range(chance.randint(1, 60)):
        place = chance.randrange(len(notebook.cells))
        match chance.choice(["delete", "copy", "move", "strip", "empty"]):
            case "delete" if len(notebook.cells) > 1:
                del notebook.cells[place]
            case "copy":
                notebook.cells.insert(chance.randrange(90), copy.deepcopy(notebook.cells[place]))
            case "move":
                notebook.cells.insert(chance.randrange(90), notebook.cells.pop(place))
            case "strip":
                notebook.cells[place].metadata = {}
            case "empty":
                notebook.cells[place].source = ""
    return notebook


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happened_every_cell_is_there_once_and_the_checks_are_ours(seed):
    notebook = damaged(random.Random(seed))
    restore(notebook, GIVEN)
    there = names(notebook)
    assert len(there) == len(set(there)) and TO_PUT_BACK <= set(there) <= set(GIVEN)
    for name in there:
        if GIVEN[name].mark["locked"]:
            assert cell(notebook, name).source == GIVEN[name].source
        assert cell(notebook, name).metadata["nbgrader"] == GIVEN[name].mark


@pytest.mark.parametrize(
    "mark", [3, [], {"grade_id": []}, {"grade_id": {}}, {}, {"grade_id": "of last year"}]
)
def test_odd_marks_are_the_students_own(mark):
    notebook = solved()
    notebook.cells.append(new_code_cell("mine = 1", metadata={"nbgrader": mark}))
    restore(notebook, GIVEN)
    assert "nbgrader" not in notebook.cells[-1].metadata and names(notebook) == list(GIVEN)


def test_of_copies_the_last_answer_counts_and_the_texts_of_a_box_come_together():
    notebook = solved()
    for name in ("p4-answer", "p5-derivation"):
        place = notebook.cells.index(cell(notebook, name))
        notebook.cells.insert(place + 1, copy.deepcopy(notebook.cells[place]))
        notebook.cells[place + 1].source = f"the second {name}"
    first = cell(notebook, "p5-derivation").source
    assert restore(notebook, GIVEN) == ["there more than once: p4-answer, p5-derivation"]
    assert cell(notebook, "p4-answer").source == "the second p4-answer"
    box = cell(notebook, "p5-derivation").source
    assert box.startswith(first) and box.endswith("the second p5-derivation")


def test_points_and_locks_that_were_changed_are_as_given():
    notebook = solved()
    cell(notebook, "p4-check").metadata["nbgrader"] |= {"points": 400, "locked": False}
    restore(notebook, GIVEN)
    assert cell(notebook, "p4-check").metadata["nbgrader"]["points"] == 4


def test_a_missing_box_stands_below_its_question():
    notebook = solved()
    notebook.cells.remove(cell(notebook, "p5-derivation"))
    assert restore(notebook, GIVEN) == ["put back: p5-derivation"]
    question = notebook.cells.index(cell(notebook, "p5-question"))
    assert notebook.cells[question + 1] is cell(notebook, "p5-derivation")


@pytest.mark.parametrize("cells", [[], [new_code_cell("1 + 1"), new_markdown_cell("# Another course")]])
def test_a_notebook_with_nothing_of_the_problem_set_is_refused(cells):
    with pytest.raises(Refused, match=f"none of the problem set's {len(GIVEN)} cells is in it"):
        restore(new_notebook(cells=cells), GIVEN)
