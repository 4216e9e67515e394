"""`vgcourse lab`: the course opens on its start page, quietly, without an instructor's menus."""

import json
import logging
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from unittest import mock

import nbformat
import pytest
from browser import CHROMIUM, Notebook, chromium, lab_server
from conftest import ROOT, require

from vgcourse import copies, lab
from vgcourse.cli import main

MENUS = "() => [...document.querySelectorAll('.lm-MenuBar-itemLabel')].map(e => e.textContent)"
TRUSTED = """jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code').every(cell => cell.model.trusted)"""
START = f"mine/{lab.START}"
SET = "exercises/ps1/ps1.ipynb"
LINK = f"../{SET}"
ANSWER = """def linear_backward(dz, x, W):
    return W.T @ dz, dz @ x.T, dz.sum(axis=1)
"""


@pytest.fixture
def course(tmp_path):
    """A clone as a learner has it, with the two notebooks that a first hour needs."""
    folder = tmp_path / "a course"
    for name in (lab.START, SET, ".gitignore", "nbgrader_config.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for step in (
        "init --quiet",
        "add -A",
        "-c user.name=A -c user.email=a@example.org commit --quiet -m all",
    ):
        subprocess.run(["git", *step.split()], cwd=folder, check=True)
    return folder


@pytest.mark.browser
def test_a_learner_walks_from_the_start_page_to_the_first_set(course, tmp_path):
    require(CHROMIUM, "needs chromium")
    below = course / "exercises" / "ps1"  # it finds the course from below, too
    with lab_server(below, tmp_path / "work", course=[]) as server, chromium() as context:
        server.folder = course
        start = Notebook(context, server, START, view="lab")
        assert start.page.evaluate(TRUSTED)  # before anything has run: what moves, moves
        start.run_all()
        assert start.errors() == []
        assert "Kernel" in start.page.evaluate(MENUS) and "Nbgrader" not in start.page.evaluate(MENUS)
        for unwanted in ("text=Create Assignment", "text=official Jupyter news", ".jp-Dialog"):
            assert not start.page.locator(unwanted).count()
        (table,) = (i for i, cell in enumerate(start.saved().cells) if f"({LINK})" in cell.source)
        start.go_to(table).locator("a", has_text="set 1").click()
        start.page.wait_for_function("jupyterapp.shell.currentWidget.context?.path.endsWith('ps1.ipynb')")
        assert start.page.evaluate("jupyterapp.shell.currentWidget.context.path") == f"mine/{SET}"
        first, shown = solve(context, server, f"mine/{SET}")
        assert "4 / 4 points" in shown
        assert start.outside_requests() == first.outside_requests() == []
        shutil.copy(ROOT / "exercises/ps2/ps2.ipynb", course / "mine")  # a stranger's: nobody has signed it
        assert status_of(f"{server.url}/api/contents/mine/ps2.ipynb?content=1") == 200
        said = server.log.read_text().splitlines()
        assert status_of(f"{server.url}/formgrader") == 404
    said = [line for line in said if "All authentication is disabled" not in line]  # that is the test's
    assert said[:2] == [f"The course is open: {server.url}/lab/tree/{START}", "Ctrl+C twice ends it."]
    # no warning; a busy Lab may ask for a kernel that has just gone, which the server calls an error
    assert [line for line in said[2:] if line.startswith("[") and "GET /api/kernels" not in line] == []
    done = subprocess.run(["git", "status", "--porcelain"], cwd=course, capture_output=True, text=True)
    assert done.stdout == ""


def solve(context, server, path):
    """The reader's answer to part 4, checked in their copy of the set: the page, and what the check shows."""
    notebook = nbformat.read(server.folder / path, as_version=4)
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    answer, check = ids.index("p4-answer"), ids.index("p4-check")
    page = Notebook(context, server, path)
    write = (
        "([i, text]) => jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(text)"
    )
    page.page.evaluate(write, [answer, ANSWER])
    page.run_cells([answer, check])
    return page, str(page.saved().cells[check].outputs)


@pytest.mark.browser
def test_an_instructor_has_the_menus(course, tmp_path, monkeypatch):
    require(CHROMIUM, "needs chromium")
    monkeypatch.setenv("PATH", os.defpath)  # nothing is activated; formgrader starts a program all the same
    shutil.copytree(ROOT / "solutions" / "ps1", course / "solutions" / "ps1")
    with lab_server(course, tmp_path / "work", course=["--instructor"]) as server, chromium() as context:
        page = context.new_page()
        page.goto(f"{server.url}/lab/tree/{SET}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_selector("text=Create Assignment")
        assert "Nbgrader" in page.evaluate(MENUS)
        for address in ("formgrader", "formgrader/manage_assignments", "formgrader/api/assignments"):
            assert status_of(f"{server.url}/{address}") == 200
        said = server.log.read_text()
    assert re.findall(r"^\[[WEC] (?!.*(?:All authentication|stopping)).*", said, re.MULTILINE) == []
    assert not (course / "mine").exists()


def status_of(url):
    try:
        return urllib.request.urlopen(url, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_course_is_found_from_below_and_from_elsewhere(course, tmp_path, monkeypatch):
    monkeypatch.chdir(course / "exercises")
    assert lab.find_course() == course
    copies.refresh(course)
    monkeypatch.chdir(course / "mine" / "lectures")  # where the same folders are once more
    assert lab.find_course() == course
    clone = course.rename(course.with_name("mine"))  # a name that somebody may give
    monkeypatch.chdir(clone / "mine" / "lectures")
    assert lab.find_course() == clone
    monkeypatch.chdir(tmp_path)
    assert lab.find_course() == ROOT
    monkeypatch.setattr(lab, "__file__", str(tmp_path / "site-packages" / "vgcourse" / "lab.py"))
    assert main(["lab"]) == 2  # a wheel, far from any course


@pytest.mark.parametrize(
    "page, words", [("absent.ipynb", "there is no such file"), (__file__, "is not in the course's folder")]
)
def test_a_page_that_cannot_be_shown_is_one_sentence(course, monkeypatch, capsys, page, words):
    monkeypatch.chdir(course)
    assert main(["lab", page]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "options, opened",
    [
        ([], START),
        ([SET], f"mine/{SET}"),  # the reader's own copy
        ([".gitignore"], ".gitignore"),
        (["--instructor"], None),
        (["--instructor", SET], SET),
    ],
)
def test_lab_opens_what_the_reader_works_on(course, monkeypatch, options, opened):
    server = mock.Mock(connect_url="http://127.0.0.1:8888/lab")
    started = mock.Mock(return_value=server)
    monkeypatch.setattr("jupyterlab.labapp.LabApp.initialize_server", started)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(course / "data"))  # of signatures
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.chdir(course)
    assert main(["lab", *options]) == 0
    arguments = started.call_args.kwargs["argv"]
    assert f"--ServerApp.root_dir={course}" in arguments
    assert "--LabApp.default_url=/lab" + (f"/tree/{opened}" if opened else "") in arguments
    server.start.assert_called_once()
    (shown,) = server.log.addFilter.call_args.args
    said = ["Notebook a.ipynb is not trusted", "WebSocket ping timeout after 30009 ms.", "The disk is full"]
    assert [text for text in said if shown(logging.makeLogRecord({"msg": text}))] == ["The disk is full"]


def test_the_settings_are_json_and_travel_in_the_wheel():
    files = sorted(lab.SETTINGS.rglob("*.json"))
    assert len(files) >= 6 and all(json.loads(file.read_text()) for file in files)
