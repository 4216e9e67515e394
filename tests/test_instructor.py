"""The README's lines for instructors, word by word in a fresh clone: from the clone to the report."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(shutil.which("git") and (ROOT / ".git").exists(), "needs git and a checkout")

import nbformat  # noqa: E402

from demo import samples  # noqa: E402
from vgcourse.grading import report  # noqa: E402

pytestmark = pytest.mark.slow
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
(LINES,) = re.findall(r"## For instructors\n.*?```sh\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line.split("  #")[0].strip() for line in LINES.strip().splitlines()]
LAB = "vgcourse lab --instructor"  # opens a browser: `test_feedback.py` does what it is for
ROSTER = (
    "\ufeffid;First name;Last name\r\na.okafor;Amara;Okafor\r\n4711;Layla;Haddad\r\ns.abebe;Selam;Abebe\r\n"
)


class Clone:
    """A clone of this checkout, with what is not committed yet, and the commands that were run in it."""

    def __init__(self, folder):
        self.folder, self.said = folder, {}
        tracked = subprocess.run(
            ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        for name in filter(None, tracked.decode().split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        me = "-c", "user.name=me", "-c", "user.email=me@example.org"
        for arguments in (["init", "-q"], ["add", "-A"], [*me, "commit", "-qm", "the course"]):
            subprocess.run(["git", *arguments], cwd=folder, check=True)

    def run(self, command):
        """One line of the README; it has to work."""
        bin_folder = os.path.dirname(sys.executable)
        env = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "JUPYTER_CONFIG_DIR": str(self.folder / ".." / "none"),
        }
        env["PATH"] = os.pathsep.join([bin_folder, os.environ["PATH"]])
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=env, capture_output=True, text=True, encoding="utf-8"
        )
        self.said[command] = done.stdout + done.stderr
        assert done.returncode == 0, self.said[command]

    def changed(self):
        """What git would tell its owner."""
        return subprocess.run(
            ["git", "status", "--porcelain"], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("a fresh clone"))
    released, solutions = (
        nbformat.read(ROOT / folder / "ps1" / "ps1.ipynb", as_version=4)
        for folder in ("exercises", "solutions")
    )
    (clone.folder / "students.csv").write_text(ROSTER, encoding="utf-8")
    archive = clone.folder / "downloaded" / "ps1" / "archive"
    archive.mkdir(parents=True)
    nbformat.write(samples.solved(released, solutions), archive / "a.okafor_ps1.ipynb")
    with zipfile.ZipFile(archive / "ps1-all.zip", "w") as packed:
        packed.writestr("Layla Haddad_4711_assignsubmission_file_/ps1 (1).ipynb", nbformat.writes(released))
    for command in COMMANDS:
        if command != LAB:
            clone.run(command)
    return clone


def test_the_readme_goes_from_the_class_to_the_feedback():
    assert [command.split()[1] for command in COMMANDS] == [
        *("roster", "generate_assignment", "zip_collect", "autograde", "report", "lab", "generate_feedback")
    ]
    assert LAB in COMMANDS


def test_everybody_is_in_the_report_with_points_or_a_reason(clone):
    lines = (clone.folder / "report" / "ps1.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["s.abebe", "Selam Abebe", "no submission", "", ""],
        ["4711", "Layla Haddad", "graded", "0", "0"],
        ["a.okafor", "Amara Okafor", "3 answers not read yet", "38.0", "38.0"],
    ]
    assert "4 · A linear layer, a column per example" in lines[0]
    assert "ps1 (1).ipynb was taken" in lines[2]


def test_nothing_about_students_reaches_git_and_the_release_is_the_same(clone):
    assert clone.changed() == ""


def test_feedback_is_there_for_everybody_who_handed_in(clone):
    assert sorted(path.parts[-3] for path in clone.folder.glob("feedback/*/ps1/ps1.html")) == [
        "4711",
        "a.okafor",
    ]
    page = (clone.folder / "feedback/a.okafor/ps1/ps1.html").read_text(encoding="utf-8")
    assert "equation (1.2)" in page and ".ipynb" not in page  # a link that leads nowhere


def test_a_second_hand_in_is_told(clone):
    def notes():
        return [note for row in report.collect(clone.folder, "ps1") for note in row.notes]

    file = clone.folder / "submitted" / "a.okafor" / "ps1" / "ps1.ipynb"
    again = "handed in again since it was graded: nbgrader autograde ps1 --student=a.okafor --force"
    assert again not in notes()
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert again in notes()
