"""Files as they come: which one counts, and one sentence for each that is no notebook."""

import importlib.util
import json

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading.submitted import Refused, chosen, read, take_renamed  # noqa: E402

NOTEBOOK = (ROOT / "exercises" / "ps1" / "ps1.ipynb").read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    def write(content, name="ps1.ipynb"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_and_line_ends(write, encoding, line_end):
    cells = read(write(NOTEBOOK.replace("\n", line_end).encode(encoding))).cells
    assert [cell.source for cell in cells] == [
        "".join(cell["source"]) for cell in json.loads(NOTEBOOK)["cells"]
    ]


def test_an_old_format_is_read(write):
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [], "metadata": {}}]}
    assert read(write(json.dumps(old).encode())).nbformat == 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "ps1.ipynb is empty"),
        (b" \n", "ps1.ipynb is empty"),
        (b"{\n \"cells\": [", "ps1.ipynb is broken in line 2, column 12: it is no JSON"),
        (b"[" * 100_000, "ps1.ipynb is broken: it is no JSON"),
        (b"{\n<<<<<<< HEAD\n}", "ps1.ipynb has marks of a merge in line 2"),
        (b"<html>", "ps1.ipynb is a web page, not a notebook"),
        (b"[1]", "ps1.ipynb is JSON, but no notebook: it has no cells"),
        (b'{"cells": 3}', "ps1.ipynb is no notebook that Jupyter can read"),
        (b"\x89PNG\r\n\x1a\n\xff", "ps1.ipynb is no text (byte 1 is no utf-8)"),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_named(write, content, sentence):
    with pytest.raises(Refused) as error:
        read(write(content))
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ps1.ipynb", "ps1 (1).ipynb", "x.ipynb"], "ps1.ipynb"),
        (["homework.ipynb"], "homework.ipynb"),
        (["notes.ipynb", "My PS1 final.ipynb"], "My PS1 final.ipynb"),
    ],
)
def test_the_obvious_file_is_chosen(write, tmp_path, names, expected):
    for name in names:
        write(b"{}", name)
    assert chosen(tmp_path, "ps1").name == expected


def test_where_nothing_says_which_the_names_are_told(write, tmp_path):
    with pytest.raises(Refused, match="no notebook in it"):
        chosen(tmp_path, "ps1")
    write(b"{}", "a.ipynb")
    write(b"{}", "b.ipynb")
    with pytest.raises(Refused, match="no ps1.ipynb, but a.ipynb, b.ipynb: rename the one that counts"):
        chosen(tmp_path, "ps1")


def test_a_problem_set_of_several_notebooks_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebooks = ["submitted/a/two/first.ipynb", "submitted/a/two/second.ipynb"]
    take_renamed("two", "*", notebooks)
    assert notebooks == ["submitted/a/two/first.ipynb", "submitted/a/two/second.ipynb"]
