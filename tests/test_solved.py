"""What students may see after the deadline: everything but hidden tests, their seeds and rubrics."""

import datetime
import importlib.util
import re
import shutil
import zipfile

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(importlib.util.find_spec("latex2mathml"), "needs latex2mathml")

import nbformat  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.grading import solved as module  # noqa: E402
from vgcourse.grading.bundle import hidden_seeds  # noqa: E402
from vgcourse.grading.late import LateError  # noqa: E402
from vgcourse.grading.solved import may_be_shown, solved  # noqa: E402

DUE = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def files():
    return solved(ROOT / "solutions" / "ps1")


def test_it_is_a_notebook_and_a_page_without_sources(files):
    assert sorted(files) == ["ps1.html", "ps1.ipynb"]


def test_the_answers_are_in_it_and_the_hidden_tests_are_not(files):
    seeds = [seed for _, seed in hidden_seeds(ROOT / "solutions" / "ps1")]
    assert "seed=4101" in seeds
    for data in files.values():
        text = data.decode()
        assert "BEGIN" not in text and "Rubric" not in text and "fresh inputs" not in text
        assert not any(seed in text for seed in seeds)
    notebook = nbformat.reads(files["ps1.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert (
        "return W.T @ dz, dz @ x.T, dz.sum(axis=1)" in sources and "By the chain rule, $w_2$ acts" in sources
    )
    assert all("nbgrader" not in cell.metadata for cell in notebook.cells)


def test_each_check_shows_what_it_showed_on_the_visible_inputs(files):
    cells = nbformat.reads(files["ps1.ipynb"].decode(), as_version=4).cells
    checks = [cell for cell in cells if cell.source.count('\ncheck("')]
    assert len(checks) >= 10 and all(len(cell.outputs) == cell.source.count('\ncheck("') for cell in checks)
    assert all(list(output.data) == ["text/html", "text/plain"] for cell in checks for output in cell.outputs)


def test_the_page_loads_nothing(files):
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", files["ps1.html"].decode())
    assert not [tag for tag in tags if re.search(r"""(src|href)=["'](https?:)?//""", tag)]


def test_a_seed_that_is_left_stops_it(tmp_path, monkeypatch):
    shutil.copy(ROOT / "solutions" / "ps1" / "ps1.ipynb", tmp_path)
    monkeypatch.setattr(module, "HIDDEN", re.compile("never found"))
    with pytest.raises(ValueError, match=r"would hold the hidden seed=4101 of p1-check: nothing is written"):
        solved(tmp_path)


def test_they_wait_for_the_last_who_may_hand_in(tmp_path):
    extensions = tmp_path / "extensions.csv"
    may_be_shown(DUE, "ps1", extensions, now=DUE)
    with pytest.raises(LateError, match="can be handed in until .*--now writes its solutions before"):
        may_be_shown(DUE, "ps1", extensions, now=DUE - datetime.timedelta(seconds=1))
    extensions.write_text("id,set,days\na,ps1,2\nb,ps2,30\n")
    with pytest.raises(LateError, match="with the longest extension"):
        may_be_shown(DUE, "ps1", extensions, now=DUE + datetime.timedelta(days=1))
    may_be_shown(DUE, "ps1", extensions, now=DUE + datetime.timedelta(days=2))
    with pytest.raises(LateError, match="ps1 has no due date: say it"):
        may_be_shown(None, "ps1", extensions)


def test_the_command_waits_and_writes(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "solutions" / "ps1", tmp_path / "solutions" / "ps1")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["solutions", "ps1"]) == 2
    assert "ps1 has no due date" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} - {"__pycache__"} == {"nbgrader_config.py", "solutions"}
    assert cli.main(["solutions", "ps1", "--now", "--zip", "s.zip"]) == 0
    with zipfile.ZipFile(tmp_path / "s.zip") as archive:
        assert archive.namelist() == ["ps1-solved/ps1.html", "ps1-solved/ps1.ipynb"]
    assert cli.main(["solutions", "ps5", "--now"]) == 2
    assert "there is no set 'ps5'; there are ps1." in capsys.readouterr().err
