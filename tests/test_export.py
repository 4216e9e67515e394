"""Marks in the columns of Canvas and Moodle: who has none is told and has an empty cell, never a 0."""

import csv
import datetime
import importlib.util
import io
import shutil

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from nbgrader.api import Gradebook  # noqa: E402
from rich.console import Console  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.grading import report, roster  # noqa: E402
from vgcourse.grading.export import ExportError, export, system_of  # noqa: E402

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,ps1 (81),Final Score
    Points Possible,,,,,50,
"Okafor, Amara",1,u1,aokafor,A,,
"Berg, Bö",2,,bberg,A,,
"Wu, Chi",3,u3,cwu,A,,
"=Doe, Dan",4,u4,ddoe,A,,
"Ek, Eva",5,u5,eek,A,,
"""
MOODLE = (
    "First name,Last name,ID number,Email address,Groups\nAmara,Okafor,1,a@x.org,G\nBö,Berg,2,b@x.org,G\n"
)
DUE = datetime.datetime(2027, 3, 1, 12)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class after grading: read, not read, nothing handed in, broken, two days late."""
    root = tmp_path_factory.mktemp("graded")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        for student in "123456":
            gradebook.add_student(student, first_name="Nr.", last_name=student)
        for name in ("ps1", "ps2"):
            gradebook.add_assignment(name, duedate=DUE)
            gradebook.add_notebook(name, name)
            gradebook.add_grade_cell("p1-check", name, name, max_score=8, cell_type="code")
            gradebook.add_grade_cell("p1-derivation", name, name, max_score=4, cell_type="markdown")
        for student, by_hand in {"1": 3.5, "2": None, "5": 2.0, "6": 1.0}.items():
            hand_in(root, student, "{}")
            gradebook.add_submission("ps1", student)
            check, derivation = (
                gradebook.find_grade(name, "ps1", "ps1", student) for name in ("p1-check", "p1-derivation")
            )
            check.auto_score, derivation.manual_score = 6, by_hand
            check.needs_manual_grade, derivation.needs_manual_grade = False, by_hand is None
        gradebook.db.commit()
    hand_in(root, "4", "")
    (root / "submitted" / "5" / "ps1" / "timestamp.txt").write_text("2027-03-03 12:00 UTC")
    return root


def hand_in(root, student, text):
    for folder in ("submitted", "autograded") if text else ("submitted",):
        (root / folder / student / "ps1").mkdir(parents=True)
        (root / folder / student / "ps1" / "ps1.ipynb").write_text(text)


@pytest.fixture
def course(graded, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(graded, root)
    return root


def enrol(course, text):
    (course / "list.csv").write_text(text, encoding="utf-8")
    file = course / "list.csv"
    roster.keep(course, roster.read(file), roster.possible_points(file))


def table(made):
    return list(csv.reader(io.StringIO(made.text)))


def test_canvas_gets_its_own_columns_back(course):
    enrol(course, CANVAS)
    made = export(course, ["ps1", "ps2"])
    assert table(made) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "ps1 (81)", "ps2"],
        ["    Points Possible", "", "", "", "", "12", "12"],
        ["Okafor, Amara", "1", "u1", "aokafor", "A", "9.5", ""],
        ["Berg, Bö", "2", "", "bberg", "A", "", ""],
        ["Wu, Chi", "3", "u3", "cwu", "A", "", ""],
        ["'=Doe, Dan", "4", "u4", "ddoe", "A", "", ""],
        ["Ek, Eva", "5", "u5", "eek", "A", "8", ""],
    ]


def test_whoever_has_no_mark_is_told(course):
    enrol(course, CANVAS.replace(",50,", ",12,"))
    assert export(course, ["ps1"]).told == [
        "ps1: nothing handed in, so empty: Nr. 3.",
        "ps1: Nr. 4 is empty: ps1.ipynb is empty.",
        "ps1: empty, since answers are not read yet: Nr. 2 (4 points). --unread gives the points so far.",
        "ps1: late, and nothing taken off: Nr. 5 (2 d).",
        "Not on the list, so not in this file: 6.",
    ]


def test_points_so_far_are_given_when_asked_for(course):
    enrol(course, CANVAS)
    made = export(course, ["ps1"], unread=True)
    assert table(made)[3][-1] == "6"
    assert "ps1: without answers that nobody has read yet: Nr. 2 (4 points)." in made.told


def test_late_days_are_taken_off_and_told(course):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("per_day = 0.0", "per_day = 0.25"))
    enrol(course, CANVAS)
    made = export(course, ["ps1"])
    assert table(made)[-1][-1] == "4"
    assert "ps1: points taken off for being late: Nr. 5 (4)." in made.told
    assert not any("nothing taken off" in said for said in made.told)


def test_who_is_late_and_loses_nothing_is_told_and_whom_the_platform_marked(course):
    (course / "submitted" / "1" / "ps1" / "late.txt").write_text("amara_LATE_1_2_ps1.ipynb\n")
    enrol(course, CANVAS)
    told = export(course, ["ps1"]).told
    assert "ps1: late, and nothing taken off: Nr. 5 (2 d)." in told
    assert (
        "ps1: marked LATE and nothing says by how much, so nothing is taken off: Nr. 1 "
        "(amara_LATE_1_2_ps1.ipynb). vgcourse take-in with --times tells it."
    ) in told
    (row,) = [row for row in report.collect(course, "ps1") if row.student == "1"]
    assert row.marked_late == "amara_LATE_1_2_ps1.ipynb"
    assert any(note.startswith("marked LATE (amara_LATE_1_2_ps1.ipynb) and nothing") for note in row.notes)
    (late,) = [row for row in report.collect(course, "ps1") if row.student == "5"]
    assert late.notes == ("came late, by 2 d: no points off",)


def test_other_points_possible_than_canvas_has_are_told(course):
    enrol(course, CANVAS)
    said = [one for one in export(course, ["ps1", "ps2"]).told if "Possible" in one]
    assert said == [
        "ps1: Points Possible is 50 in the list from Canvas and 12 in this file: "
        "give the assignment 12 points in Canvas before you import it."
    ]
    for other in ("12.0", ""):
        enrol(course, CANVAS.replace(",50,", f",{other},"))
        assert not any("Possible" in one for one in export(course, ["ps1"]).told)


def test_the_screen_says_what_waits_for_a_human(course):
    out = io.StringIO()
    rows = report.collect(course, "ps1")
    Console(file=out, width=300).print(report.to_terminal(rows))
    said = "1 answer by hand nobody has read yet (4 points, in no total above): vgcourse lab --instructor"
    assert said in out.getvalue()
    out.truncate(0)
    Console(file=out, width=300).print(report.to_terminal([row for row in rows if not row.waiting]))
    assert "read yet (" not in out.getvalue()


def test_another_rule_for_late_days_is_left_alone(course):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("vgcourse.grading.late.LateDays", "rule.OneWeek"))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.find_submission_notebook("ps1", "ps1", "1").late_submission_penalty = 2.0
        gradebook.db.commit()
    enrol(course, CANVAS)
    assert table(export(course, ["ps1"]))[2][-1] == "7.5"


def test_moodle_gets_names_number_and_address(course):
    enrol(course, MOODLE)
    made = export(course, ["ps1"])
    assert table(made) == [
        ["First name", "Last name", "ID number", "Email address", "ps1"],
        ["Amara", "Okafor", "1", "a@x.org", "9.5"],
        ["Bö", "Berg", "2", "b@x.org", ""],
    ]


def test_a_plain_table_needs_no_list(course):
    lines = table(export(course, ["ps1"]))
    assert lines[0] == ["student", "name", "ps1"] and ["6", "Nr. 6", "7"] in lines and len(lines) == 7


@pytest.mark.parametrize(
    ("headings", "system"),
    [
        ("Student,ID,Section", "canvas"),
        ("Surname,Email address", "moodle"),
        ("id,name", "plain"),
        ("", "plain"),
    ],
)
def test_the_system_is_known_by_its_headings(headings, system):
    assert system_of(headings.split(",")) == system


def test_a_list_of_another_system_is_refused(course):
    enrol(course, "id,name\n1,Amara\n")
    with pytest.raises(
        ExportError, match="has the columns id, name; Moodle knows students by username, id number"
    ):
        export(course, ["ps1"], "moodle")
    with pytest.raises(ExportError, match="Canvas knows students by id, sis user id, sis login id"):
        export(course, ["ps1"], "canvas")


def test_the_command_writes_the_file_and_says_what_is_missing(course, monkeypatch, capsys):
    monkeypatch.chdir(course)
    enrol(course, MOODLE)
    assert cli.main(["export", "ps1"]) == 0
    said = capsys.readouterr().out
    assert "nothing handed in" in said and said.endswith("grades.csv holds the marks of ps1.\n")
    assert (course / "grades.csv").read_text(encoding="utf-8").startswith("First name,")
    assert cli.main(["export", "ps1", "--for", "canvas"]) == 2
    assert "Canvas knows students by" in capsys.readouterr().err
    assert cli.main(["export", "ps9"]) == 2
    assert "no assignment 'ps9'" in capsys.readouterr().err
