"""What real classes hand in, taken through plain nbgrader: nobody stops the class, nothing honest is lost.

These are the rows of honest accidents. Against code that means harm plain nbgrader has no help: it runs as
the grader, with all files, the gradebook and the network in reach, and can show a verdict of its own. Nor has
it a limit of memory, or one of time for a whole submission. A second hand-in needs `--force`.
"""

import copy
import importlib.util
import shutil

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell  # noqa: E402
from tiny_course import ANSWER, cell_of, mark  # noqa: E402

from vgcourse.grading import report  # noqa: E402

pytestmark = pytest.mark.slow
SECOND = "def linear_backward(dz, x, W):\n    {}"
RIGHT = "return W.T @ dz, dz @ x.T, dz.sum(axis=1)"
HAND_IN = []  # (name, what the student does, points of p1-check and p2-check or a reason, notes)


def solution():
    """The tiny course's notebook with a second part."""
    notebook = tiny_course.solution()
    check = 'check("ps1.linear_backward", linear_backward, points=3{})'
    notebook.cells += [
        new_code_cell(
            SECOND.format(f"### BEGIN SOLUTION\n    {RIGHT}\n    ### END SOLUTION"),
            metadata=mark("p2-answer", solution=True),
        ),
        new_code_cell(
            "import numpy as np\nfrom vgcourse.check import check\n\n"
            + check.format("")
            + "\n### BEGIN HIDDEN TESTS\n"
            + check.format(", seed=77")
            + "\n### END HIDDEN TESTS",
            metadata=mark("p2-check", grade=True, locked=True, points=3),
        ),
    ]
    return notebook


def handed_in(*expected, notes=()):
    """A row of the table: a function that changes a complete notebook, or returns {file name: bytes}."""

    def add(make):
        HAND_IN.append((make.__name__, make, expected, notes))
        return make

    return add


def put(notebook, grade_id, source):
    cell_of(notebook, grade_id).source = source


def place(notebook, grade_id):
    return notebook.cells.index(cell_of(notebook, grade_id))


def copied(notebook, grade_id, before=None, after=None):
    """A copy of a cell right below it, as an editor's copy or split makes it; either may get another text."""
    cell = cell_of(notebook, grade_id)
    twin = copy.deepcopy(cell)
    twin.id = f"{cell.id}-copy"
    notebook.cells.insert(place(notebook, grade_id) + 1, twin)
    cell.source, twin.source = before or cell.source, after or twin.source


def drop(notebook, *grade_ids):
    for grade_id in grade_ids:
        del notebook.cells[place(notebook, grade_id)]


def data(notebook):
    return nbformat.writes(notebook).encode()


@handed_in(2, 3, notes=["there more than once: p1-answer, p1-check, p1-derivation, p2-answer"])
def cells_copied_and_split(notebook):
    copied(notebook, "p1-check")
    copied(notebook, "p1-answer", before="def slope_of_square(z):\n    return 7 * z")
    copied(notebook, "p1-derivation", before=ANSWER, after="The second half.")
    copied(notebook, "p2-answer", after="# the second half\nhalf = 1")


@handed_in(2, 3)
def old_schema_and_line_ends_of_windows(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = {"grade_id": cell.metadata.nbgrader["grade_id"], "schema_version": 1}
    return {"tiny.ipynb": b"\xef\xbb\xbf" + data(notebook).replace(b"\n", b"\r\n")}


@handed_in(
    2, 3,
    notes=[
        "marks were missing, cells found by their content: "
        "p1-answer, p1-check, p1-question, p2-answer, p2-check",
        "put back: p1-derivation",
    ],
)  # fmt: skip
def bare_copy_in_utf16(notebook):
    put(notebook, "p1-derivation", ANSWER)
    for cell in notebook.cells:
        cell.metadata = {}
        cell.id = f"x{cell.id}"[:60]
    return {"tiny.ipynb": nbformat.writes(notebook).encode("utf-16")}


@handed_in("none of the problem set's 6 cells is in it: 0 others")
def no_cells(notebook):
    notebook.cells = []


@handed_in("none of the problem set's 6 cells is in it: 1 others")
def another_notebook(notebook):
    notebook.cells = [new_code_cell("1 + 1")]


@handed_in(
    2, 3,
    notes=[
        "marks were missing, cells found by their content: p1-answer",
        "p2-check had been changed",
        "put back: p1-check",
    ],
)  # fmt: skip
def cells_of_their_own(notebook):
    answer = new_code_cell(cell_of(notebook, "p1-answer").source)
    notebook.cells.insert(place(notebook, "p1-answer"), answer)
    drop(notebook, "p1-answer", "p1-check")
    put(notebook, "p2-check", "3.0")
    notebook.cells.append(new_code_cell("100", metadata=mark("mine", grade=True, locked=True, points=100)))


@handed_in(0, 3, notes=["put back: p1-check, p1-derivation", "no answer found for p1-answer"])
def part_deleted_and_box_rewritten(notebook):
    notebook.cells[place(notebook, "p1-derivation")] = new_markdown_cell(ANSWER)
    drop(notebook, "p1-answer", "p1-check")


@handed_in(2, 0, notes=["put back: p2-check", "no answer found for p2-answer"])
def last_years_set(notebook):
    drop(notebook, "p2-answer", "p2-check")
    notebook.cells.append(new_code_cell("old()", metadata=mark("old", grade=True, locked=True, points=9)))


@handed_in(2, 2, notes=["tiny (1).ipynb was taken"])
def another_name(notebook):
    put(notebook, "p2-answer", SECOND.format("return 1 + W.T @ dz, dz @ x.T, dz.sum(axis=1)"))
    return {"tiny (1).ipynb": data(notebook)}


@handed_in(2, 2, notes=["tiny.ipynb was taken, tiny (1).ipynb left"])
def two_files_and_words_on_descriptor_2(notebook):
    put(
        notebook, "p1-answer", "import os\n\ndef slope_of_square(z):\n    os.write(2, b'C')\n    return 2 * z"
    )
    put(
        notebook,
        "p2-answer",
        SECOND.format("return (dz.T @ W).T + 1, (x @ dz.T).T, dz @ np.ones(dz.shape[1])"),
    )
    return {"tiny (1).ipynb": b"{}", "tiny.ipynb": data(notebook)}


@handed_in("no tiny.ipynb, but tiny-1.ipynb, tiny-2.ipynb: rename the one that counts, grade again")
def two_other_names(notebook):
    return {"tiny-1.ipynb": data(notebook), "tiny-2.ipynb": data(notebook)}


@handed_in("tiny.ipynb is empty")
def empty_file(notebook):
    return {"tiny.ipynb": b""}


@handed_in("tiny.ipynb is a web page, not a notebook")
def web_page(notebook):
    return {"tiny.ipynb": b"<!DOCTYPE html><title>tiny</title>"}


@handed_in("tiny.ipynb has marks of a merge in line 2")
def merge_marks(notebook):
    first, rest = data(notebook).split(b"\n", 1)
    return {"tiny.ipynb": first + b"\n<<<<<<< HEAD\n" + rest}


@handed_in(2, 0)
def os_exit_in_an_answer(notebook):
    put(notebook, "p2-answer", "import os\n\n" + SECOND.format("os._exit(1)"))


@handed_in(0, 3)
def exit_in_an_answer_and_in_a_cell(notebook):
    put(notebook, "p1-answer", "def slope_of_square(z):\n    exit()")
    notebook.cells.insert(place(notebook, "p2-check"), new_code_cell("quit()"))


@handed_in(0, 3)
def asks_and_uses_our_names(notebook):
    del notebook.cells[0]  # the imports
    put(notebook, "p1-answer", "def slope_of_square(z):\n    return float(input('2?')) * z")
    cell_of(notebook, "p2-answer").source += "\n\nnp = 3\ndef check(*args, **more): return 100"


@handed_in(0, 0)
def shows_nothing(notebook):
    put(notebook, "p1-answer", "get_ipython().ast_node_interactivity = 'none'\ndef slope_of_square(z): pass")
    put(notebook, "p2-answer", SECOND.format("raise NotImplementedError"))


@handed_in(0, 0)
def gives_points(notebook):
    put(notebook, "p1-answer", "import vgcourse.check\n\ndef check(*args, points, **more): return points\n\n"
        "vgcourse.check.check = check\ndef slope_of_square(z): pass")  # fmt: skip
    put(notebook, "p2-answer", SECOND.format("pass"))


@handed_in(2, 3)
def shows_everything(notebook):
    put(notebook, "p1-answer", "get_ipython().ast_node_interactivity = 'all'\n"
        "%precision 1\ndef slope_of_square(z):\n    return 2 * z")  # fmt: skip


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("a class") / "course"
    (root / "solutions" / "tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbformat.write(solution(), root / "solutions" / "tiny" / "tiny.ipynb")
    log = tiny_course.nbgrader(root, "generate_assignment", "tiny", "--create")
    for name, make, _, _ in HAND_IN:
        notebook = nbformat.read(root / "exercises" / "tiny" / "tiny.ipynb", as_version=4)
        put(notebook, "p1-answer", "def slope_of_square(z):\n    return 2 * z")
        put(notebook, "p2-answer", SECOND.format(RIGHT))
        files = make(notebook)
        folder = root / "submitted" / name / "tiny"
        folder.mkdir(parents=True)
        for file, content in (files or {"tiny.ipynb": data(notebook)}).items():
            (folder / file).write_bytes(content)
    log += tiny_course.nbgrader(root, "autograde", "tiny", fails=True)
    return tiny_course.Course(root, log)


@pytest.fixture(scope="module")
def rows(course):
    return {row.student: row for row in report.collect(course.root, "tiny")}


@pytest.mark.parametrize(
    ("name", "expected", "notes"),
    [(name, *rest) for name, _, *rest in HAND_IN],
    ids=[one[0] for one in HAND_IN],
)
def test_every_row_of_the_table(rows, name, expected, notes):
    row = rows[name]
    if isinstance(expected[0], str):
        assert not row.graded and row.status == expected[0]
        return
    assert row.graded, row.status
    found = {part.name: part.points for part in row.parts if not part.by_hand}
    assert found == {"p1-check": expected[0], "p2-check": expected[1]}
    assert row.notes == tuple(notes)


def kinds(row):
    return {mistake.kind for mistake in row.mistakes}


def test_what_went_wrong_is_called_what_it_is(rows):
    assert kinds(rows["asks_and_uses_our_names"]) == {"raises StdinNotImplementedError"}
    assert kinds(rows["os_exit_in_an_answer"]) == {"DeadKernelError"}
    assert kinds(rows["exit_in_an_answer_and_in_a_cell"]) == {"raises SystemExit"}
    assert "NoVerdict" in kinds(rows["shows_nothing"]) and "NoVerdict" in kinds(rows["gives_points"])


def test_the_same_odd_answer_of_two_students_is_told_together(rows):
    (group,) = report.group_unnamed(rows.values())
    assert (group.problem, group.quantities) == ("ps1.linear_backward", ("dx",))
    assert group.students == ("another_name", "two_files_and_words_on_descriptor_2")
    assert group.source.endswith("return 1 + W.T @ dz, dz @ x.T, dz.sum(axis=1)")


def test_text_of_a_lost_or_split_box_reaches_the_human(course, rows):
    def box(student):
        return cell_of(course.notebook("autograded", student), "p1-derivation").source

    assert box("cells_copied_and_split").startswith(ANSWER) and "The second half." in box(
        "cells_copied_and_split"
    )
    for student in ("part_deleted_and_box_rewritten", "bare_copy_in_utf16"):
        assert ANSWER in box(student)
        assert rows[student].waiting == 2


def test_the_log_tells_only_what_the_student_changed(course):
    assert "has changed!" not in course.log
    assert "another_name: tiny (1).ipynb was taken" in course.log


def test_what_was_handed_in_stays_as_it_was(course):
    folder = course.root / "submitted" / "another_name" / "tiny"
    assert [path.name for path in folder.iterdir()] == ["tiny (1).ipynb"]
