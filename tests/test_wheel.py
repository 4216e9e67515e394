"""From an installed wheel, far from any checkout, a student has everything; also without threads."""

import email
import json
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from conftest import ROOT

# What a browser's Python lacks: alarms, threads, and modules that are for one system or are installed apart.
BARE = """
import signal, sys, threading
lacking = "_multiprocessing _sqlite3 _ssl curses dbm fcntl grp lzma pwd resource sqlite3 ssl syslog"
sys.modules |= dict.fromkeys(lacking.split())
for name in ("setitimer", "alarm", "SIGALRM"):
    delattr(signal, name)
def start(self):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start
"""
STUDENT = """
import vgcourse
print(vgcourse.__file__)
from vgcourse import doctor, plotting, tasks, widgets
from vgcourse.check import check, hint, progress, when_solved
plotting.use_style()
print(type(tasks.digits()).__name__)
print(check("ps1.linear_backward", lambda dz, x, W: (W.T @ dz, dz @ x.T, dz.sum(axis=1))))
print(check("ps1.linear_backward", lambda dz, x, W: (W.T @ dz, dz @ x.T, dz.mean(axis=1))))
hint("ps1.linear_backward")
when_solved("ps1.linear_backward", lambda *_: None)(print)
progress.show()
doctor.print_report()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A function that runs Python in an empty folder, with the wheel's vgcourse, not the checkout's."""
    site, elsewhere = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("elsewhere")
    zipfile.ZipFile(wheel).extractall(site)

    def run(*arguments):
        env = os.environ | {
            "PYTHONPATH": str(site),
            "HOME": str(elsewhere),
            "VGCOURSE_PROGRESS": str(elsewhere / "progress.json"),
        }
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=elsewhere, env=env, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    run.folder, run.site = elsewhere, site
    return run


@pytest.mark.parametrize("before", ["", BARE], ids=["as usual", "without threads and alarms"])
def test_a_student_checks_and_keeps_progress(installed, before):
    code, out, err = installed("-c", before + STUDENT)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == str(installed.site / "vgcourse" / "__init__.py")
    right, wrong = [float(line) for line in lines if re.fullmatch(r"[\d.]+", line)]
    assert right == 4 and 0 < wrong < 4 and "✓\u00a0linear_backward" in out


def test_the_commands_that_need_a_checkout_say_so_in_one_sentence(installed):
    for command in ("lab", "update", "demo", "notebooks", "release"):
        code, _, err = installed("-m", "vgcourse.cli", command)
        assert code == 2 and err.startswith("vgcourse: ") and err.count("\n") == 1, command
    code, out, err = installed("-m", "vgcourse.cli", "doctor")
    assert "make" not in out and "Traceback" not in err


def test_a_set_that_was_handed_out_runs_anywhere(installed):
    """The notebook alone, in a folder of its own: its cells are run as a student leaves them, unsolved."""
    notebook = nbformat.read(ROOT / "exercises" / "ps1" / "ps1.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (installed.folder / "cells.json").write_text(json.dumps(cells))
    code, out, err = installed(
        "-c",
        "import json\nnames = {}\nfor cell in json.load(open('cells.json')):\n"
        "    try: exec(cell, names)\n    except NotImplementedError: pass\n",
    )
    assert (code, err) == (0, "") and "not written yet" in out


def test_the_wheel_says_what_it_is(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
    fields = email.message_from_bytes(zipfile.ZipFile(wheel).read(metadata))
    assert fields["License-Expression"] == "MIT AND CC-BY-4.0" and fields["License-File"] == "LICENSE"
    assert any(url.startswith("Repository, https://") for url in fields.get_all("Project-URL"))
    for kind in (".mplstyle", ".npz", "page_config.json", "flipbook.js"):
        assert any(name.endswith(kind) for name in names), kind
    assert not any(name.startswith(("tests/", "demo/", "solutions/", "exercises/")) for name in names)
