"""The instructor's guide, word by word in a fresh clone: from the list of the class to its marks."""

import contextlib
import csv
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(shutil.which("git") and (ROOT / ".git").exists(), "needs git and a checkout")

import nbformat  # noqa: E402

from demo import samples  # noqa: E402
from vgcourse import cli  # noqa: E402
from vgcourse.grading import report  # noqa: E402

pytestmark = pytest.mark.slow
GUIDE = (ROOT / "site" / "guide.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def lines_of(text):
    """The commands in the fenced blocks of a page."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.split(r"\s{2,}#", line)[0].strip() for block in blocks for line in block.strip().splitlines()]


COMMANDS = lines_of(GUIDE)
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
        """One line of the guide; it has to work."""
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
    with zipfile.ZipFile(clone.folder / "submissions.zip", "w") as packed:
        packed.writestr("a.okafor_ps1.ipynb", nbformat.writes(samples.solved(released, solutions)))
        packed.writestr("Layla Haddad_4711_assignsubmission_file_/ps1 (1).ipynb", nbformat.writes(released))
    for command in COMMANDS:
        if command != LAB:
            clone.run(command)
    return clone


def test_a_term_is_ten_commands_and_the_readme_has_no_others():
    assert [command.split()[1] for command in COMMANDS[:10]] == [
        *("roster", "generate_assignment", "release", "due", "take-in", "grade"),
        *("lab", "report", "generate_feedback", "export"),
    ]
    assert LAB in COMMANDS and COMMANDS[10:] == ["vgcourse solutions ps1 --now"]
    short = lines_of(README.split("## For instructors")[1])
    assert len(short) == 7 and set(short) < set(COMMANDS)


def test_the_hand_ins_are_told_one_by_one(clone):
    said = clone.said["vgcourse take-in submissions.zip ps1"]
    assert "a.okafor_ps1.ipynb: a.okafor, taken" in said and "ps1 (1).ipynb: 4711, taken" in said
    assert "ps1: 2 of 3 have handed in.\nNot yet: Selam Abebe." in said


def test_everybody_is_in_the_report_with_points_or_a_reason(clone):
    lines = (clone.folder / "report" / "ps1.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["s.abebe", "Selam Abebe", "no submission", "", ""],
        ["4711", "Layla Haddad", "graded", "0", "0"],
        ["a.okafor", "Amara Okafor", "3 answers not read yet", "38.0", "38.0"],
    ]
    assert "4 · A linear layer, a column per example" in lines[0]
    assert (clone.folder / "report" / "ps1-in-class.html").is_file()


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


def test_the_marks_are_exported_without_a_0_for_who_is_not_read(clone):
    marks = list(csv.reader(io.StringIO((clone.folder / "grades.csv").read_text(encoding="utf-8"))))
    assert marks == [["student", "name", "ps1"], *([*one, mark] for *one, mark in marks[1:])]
    assert {one[0]: one[2] for one in marks[1:]} == {"s.abebe": "", "4711": "0", "a.okafor": ""}
    said = clone.said["vgcourse export ps1"]
    assert "ps1: nothing handed in, so empty: Selam Abebe." in said and "Amara Okafor (12 points)" in said


def test_students_get_a_zip_and_later_the_solutions(clone):
    names = zipfile.ZipFile(clone.folder / "ps1.zip").namelist()
    assert "vgcourse-ps1/exercises/ps1/ps1.ipynb" in names
    assert {path.name for path in (clone.folder / "solution" / "ps1").iterdir()} == {"ps1.html", "ps1.ipynb"}


def test_the_due_date_is_the_gradebooks(clone):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{clone.folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_assignment("ps1").duedate.isoformat() == "2027-03-01T22:59:00"


def test_the_rule_of_ones_own_is_a_rule():
    """The guide's example, as it stands there, asked as nbgrader asks it."""
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "class" in block]
    names = {}
    exec(compile(code, "guide.md", "exec"), names)
    rule, day = names["OneWeek"](), 24 * 60 * 60
    assert [rule.late_submission_penalty("a", 8.0, days * day) for days in (0.1, 7, 7.1)] == [4, 4, 8]
    assert len(code.splitlines()) < 20


def test_its_settings_and_options_exist():
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    settings = re.findall(r"^c\.(\w+\.\w+) = ", GUIDE, re.MULTILINE)
    assert settings and all(f"c.{setting} = " in config for setting in settings)
    for command, option in {
        "take-in": "--times",
        "export": "--unread",
        "solutions": "--now",
        "release": "--zip",
    }.items():
        assert option in GUIDE and option in help_of(command), command


def help_of(command):
    out = io.StringIO()
    with pytest.raises(SystemExit), contextlib.redirect_stdout(out):
        cli.main([command, "--help"])
    return out.getvalue()


def test_its_links_lead_to_what_is_there():
    pull = parse_qs(urlsplit(re.search(r"https://HUB/[^`]+", GUIDE)[0]).query)
    assert pull["repo"][0] in (ROOT / "pyproject.toml").read_text() and pull["branch"] == ["main"]
    binder = re.search(r"mybinder\.org/v2/gh/[^/]+/[^/]+/main\?urlpath=lab/tree/([^`]+)", GUIDE)[1]
    colab = re.search(r"colab\.research\.google\.com/github/[^/]+/[^/]+/blob/main/([^`]+)", GUIDE)[1]
    opened = [pull["urlpath"][0].removeprefix("lab/tree/vgcourse/"), binder, colab]
    assert all((ROOT / path).is_file() for path in opened)
