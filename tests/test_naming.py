"""names.csv: a wrong answer that graders name once has the name in every report and feedback after."""

import importlib.util

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from nbformat.v4 import new_code_cell, new_notebook, new_output  # noqa: E402
from traitlets.config import Config  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.grading import naming  # noqa: E402
from vgcourse.grading.checks import Mistake, Unnamed  # noqa: E402
from vgcourse.grading.feedback import SayNames  # noqa: E402
from vgcourse.grading.rows import Row, count_mistakes, group_unnamed  # noqa: E402
from vgcourse.tell.report import MIME  # noqa: E402

CODES = (("dW", "12"), ("db", "34"))
ODD = Unnamed("ps1.x", CODES, "def f(): …")
CODE = "e4171699"


@pytest.fixture
def names(tmp_path):
    def names(text):
        (tmp_path / "names.csv").write_bytes(text.encode("utf-8-sig"))
        return naming.read_names(tmp_path)

    return names


def test_the_code_is_the_same_next_year_and_another_for_another_answer():
    assert naming.code_of("ps1.x", CODES) == CODE
    others = [naming.code_of("ps1.y", CODES), naming.code_of("ps1.x", CODES[:1])]
    assert len({CODE, *others}) == 3


def test_names_are_read_with_commas_and_blank_lines(names, tmp_path):
    read = names(f"code,sentence\n{CODE},You used h_t, not h_(t-1).\n,\nabc,\n\n")
    assert read == {CODE: "You used h_t, not h_(t-1)."}
    assert naming.read_names(tmp_path / "elsewhere") == {}


def test_names_are_read_in_any_encoding_of_excel(tmp_path):
    (tmp_path / "names.csv").write_bytes(f"code,sentence\n{CODE},Bö's slip – again.\n".encode("cp1252"))
    assert naming.read_names(tmp_path) == {CODE: "Bö's slip – again."}


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "names.csv").write_bytes(b"PK\x03\x04rest of a workbook")
    with pytest.raises(naming.NamesError, match=r"names.csv: it is an Excel workbook; save it as"):
        naming.read_names(tmp_path)


def test_columns_of_another_name_are_refused(names):
    with pytest.raises(naming.NamesError, match=r"its columns are who, what; expected code, sentence"):
        names("who,what\n")


def test_a_named_answer_is_a_mistake_like_others(names):
    rows = [
        naming.named(
            Row(student, student, True, "graded", unnamed=(ODD,)), names(f"code,sentence\n{CODE},A slip.")
        )
        for student in "ab"
    ]
    assert count_mistakes(rows) == [(Mistake("ps1.x", "A slip.", "A slip."), 2)]
    assert group_unnamed(rows) == []
    (group,) = group_unnamed([naming.named(Row("a", "a", True, "graded", unnamed=(ODD,)), {})])
    assert group.code == CODE


def check_of(data, grade_id="p1-check"):
    mark = {"grade_id": grade_id, "grade": True, "solution": False, "locked": True, "schema_version": 3}
    outputs = [new_output("display_data", data={MIME: data})]
    return new_code_cell("check(…)", metadata={"nbgrader": mark}, outputs=outputs)


def verdict(named=False):
    wrong = [{"name": name, "ok": False, "error": 1.0, "same": same} for name, same in CODES]
    return {"problem": "ps1.x", "findings": [], "named": named, "quantities": wrong}


def test_the_feedback_says_it_below_just_that_check(names, tmp_path):
    names(f"code,sentence\n{CODE},You took W < W.T.")
    cells = [check_of(verdict()), check_of(verdict(named=True)), check_of([]), check_of({"named": False})]
    notebook = new_notebook(cells=[*cells, new_code_cell("1")])
    preprocessor = SayNames(config=Config(CourseDirectory={"root": str(tmp_path)}))
    shown = [len(cell.outputs) for cell in preprocessor.preprocess(notebook, {})[0].cells]
    assert shown == [2, 1, 1, 1, 0]
    assert notebook.cells[0].outputs[1].data == {
        "text/html": "<p>Your graders add: You took W &lt; W.T.</p>",
        "text/plain": "Your graders add: You took W < W.T.",
    }


@pytest.mark.parametrize("command", ["report", "export"])
def test_names_that_cannot_be_read_are_one_sentence(command, tmp_path, monkeypatch, capsys):
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (tmp_path / "names.csv").write_text("a,b\n")
    (tmp_path / "gradebook.db").write_text("")
    monkeypatch.chdir(tmp_path)
    assert cli.main([command, "ps1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"vgcourse {command}: ") and error.count("\n") == 1
    assert "its columns are a, b; expected code, sentence" in error
