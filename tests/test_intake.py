"""Hand-ins from the zips of learning platforms: whose, which one counts, when; and nothing lost."""

import datetime
import importlib.util
import io
import zipfile

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse import cli  # noqa: E402
from vgcourse.grading import intake, roster  # noqa: E402
from vgcourse.grading.archive import ArchiveError  # noqa: E402
from vgcourse.grading.downloads import Class  # noqa: E402
from vgcourse.grading.submitted import handed_in_at, marked_late  # noqa: E402

NOON = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)


def enrolled(student, first, last, **columns):
    return roster.Enrolled(
        student, first, last, {name.replace("_", " "): text for name, text in columns.items()}
    )


CANVAS = [
    enrolled("4711", "Amara", "Okafor", Student="Okafor, Amara", ID="4711", SIS_Login_ID="aokafor"),
    enrolled("4712", "Bö", "Berg", Student="Berg, Bö", ID="4712", SIS_Login_ID="bberg"),
    enrolled("4713", "Bö", "Berg", Student="Berg, Bö", ID="4713", SIS_Login_ID="bberg2"),
]
MOODLE = [
    enrolled("a@x.org", "Amara", "Okafor", Email_address="a@x.org", ID_number="12"),
    enrolled("b@x.org", "Bö", "Berg", Email_address="b@x.org", ID_number="13"),
    enrolled("c@x.org", "Chi", "Wu", Email_address="c@x.org", ID_number="14", Identifier="Participant 90"),
    enrolled("d@x.org", "Chi", "Wu", Email_address="d@x.org", ID_number="15", Identifier="Participant 91"),
]


@pytest.mark.parametrize(
    ("students", "path", "student", "file"),
    [
        (CANVAS, "okaforamara_4711_90210_ps1.ipynb", "4711", "ps1"),
        (CANVAS, "bergb_LATE_4712_90211_ps1-2.ipynb", "4712", "ps1-2"),
        (CANVAS, "oldname_4713_90212_ps1.ipynb", "4713", "ps1"),
        (CANVAS, "okaforamara_4711_90210_work.zip/deep/ps1.ipynb", "4711", "ps1"),
        (CANVAS, "okaforamara_4711_90210_work.zip/bergb_4712_1_ps1.ipynb", "4711", "bergb_4712_1_ps1"),
        (CANVAS, "aokafor/ps1.ipynb", "4711", "ps1"),
        (MOODLE, "Amara Okafor_13_assignsubmission_file_/ps1 (1).ipynb", "a@x.org", "ps1 (1)"),
        (MOODLE, "Amara Okafor_77_assignsubmission_file_ps1.ipynb", "a@x.org", "ps1"),
        (
            MOODLE,
            "Amara Okafor_77_assignsubmission_file/Berg Bö_13_assignsubmission_file/ps1.ipynb",
            "a@x.org",
            "ps1",
        ),
        (MOODLE, "Set 1_1_2027/BERG BO\u0308_77_assignsubmission_file_/ps1.ipynb", "b@x.org", "ps1"),
        (MOODLE, "Chi Wu_91_assignsubmission_file_/ps1.ipynb", "d@x.org", "ps1"),
        (MOODLE, "Participant_90_assignsubmission_file_/ps1.ipynb", "c@x.org", "ps1"),
        (MOODLE, "mails/a@x.org/ps1.ipynb", "a@x.org", "ps1"),
        (MOODLE, "a@x.org_ps1.ipynb", "a@x.org", "ps1"),
        (MOODLE, "Berg Bö.zip/ps1.ipynb", "b@x.org", "ps1"),
        (MOODLE, "export/submission_5/ps1.ipynb", "b@x.org", "ps1"),
    ],
)
def test_whose_file_it_is(students, path, student, file):
    people = Class(students, {"submission_5": [{"name": "", "sid": "13", "email": ""}]})
    owner = people.owner(tuple(path.split("/")))
    assert (owner.students, owner.file, owner.problem) == ((student,), file, "")


@pytest.mark.parametrize(
    ("students", "path", "reason"),
    [
        (CANVAS, "no_4799_90210_ps1.ipynb", "4799 (no) is not on the list"),
        (
            MOODLE,
            "Chi Wu_99_assignsubmission_file_/ps1.ipynb",
            "2 on the list are called Chi Wu, and 99 is none",
        ),
        (
            MOODLE,
            "Dan Doe_90_assignsubmission_file_/ps1.ipynb",
            "90 is Chi Wu on the list, and the file is called",
        ),
        (MOODLE, "Participant_13_assignsubmission_file_/ps1.ipynb", "13 (Participant) is not on the list"),
        (MOODLE, "z_ps1.ipynb", "z is not on the list; call it STUDENT_ps1.ipynb"),
        (MOODLE, "ps1.ipynb", "no student of the list is in its name"),
        (MOODLE, "submission_5/ps1.ipynb", "submission_5 is not in Gradescope's submission_metadata.yml"),
        (MOODLE, "submission_6/ps1.ipynb", "99, Zoe is not on the list, by none of id, address and name"),
    ],
)
def test_why_it_is_nobodys(students, path, reason):
    people = Class(students, {"submission_6": [{"name": "Zoe", "sid": "", "email": "99"}]})
    owner = people.owner(tuple(path.split("/")))
    assert owner.students == () and owner.problem.startswith(reason)


@pytest.mark.parametrize("name", ["Amara", "Participant"])
def test_moodles_number_is_no_id_of_a_student(name):
    """It is another one in each assignment: alone it says nothing, where a list has ids and no names."""
    owner = Class([enrolled("13", "", "", id="13")]).owner((f"{name}_13_assignsubmission_file_", "ps1.ipynb"))
    assert owner.students == () and owner.problem == f"13 ({name}) is not on the list"


@pytest.fixture
def take(tmp_path):
    """Take a zip of these files in, for the class of Moodle's list; {path: (student, what)}."""

    def take(members, students=MOODLE, times=None):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for name, data in members.items():
                if isinstance(data, tuple):
                    name, data = zipfile.ZipInfo(name, data[0]), data[1]
                made.writestr(name, data)
        (tmp_path / "d.zip").write_bytes(out.getvalue())
        lines = intake.take_in(tmp_path, students, tmp_path / "d.zip", "ps1", times)
        return {line.path: (line.student, line.what) for line in lines}

    take.root = tmp_path
    return take


def inside(take, student):
    """{name: text} of one student's folder."""
    folder = take.root / "submitted" / student / "ps1"
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_everything_is_named_and_nothing_leaves_submitted(take):
    said = take(
        {
            "../../a@x.org_ps1.ipynb": "1",
            "/etc/b@x.org_ps1.ipynb": "2",
            "Chi Wu_90_assignsubmission_file_/../../../ps1.ipynb": "3",
            "Chi Wu_90_assignsubmission_file_/notes.pdf": "4",
            "Chi Wu_91_assignsubmission_file_/ps2.ipynb": "5",
            "who_ps1.ipynb": "6",
        }
    )
    assert {path: what for path, (_, what) in said.items()} == {
        "../../a@x.org_ps1.ipynb": "taken",
        "/etc/b@x.org_ps1.ipynb": "taken",
        "Chi Wu_90_assignsubmission_file_/../../../ps1.ipynb": "taken",
        "Chi Wu_90_assignsubmission_file_/notes.pdf": "no notebook, stays in the download",
        "Chi Wu_91_assignsubmission_file_/ps2.ipynb": "it is called ps2: a hand-in to another set?",
        "who_ps1.ipynb": "who is not on the list; call it STUDENT_ps1.ipynb",
    }
    assert said["Chi Wu_90_assignsubmission_file_/notes.pdf"][0] == "c@x.org"
    made = sorted(path.relative_to(take.root).as_posix() for path in take.root.rglob("*") if path.is_file())
    assert made == ["d.zip", *(f"submitted/{one}@x.org/ps1/ps1.ipynb" for one in "abc")]


def test_of_several_files_the_latest_counts_and_the_others_lie_beside_it(take):
    said = take(
        {
            "Amara Okafor_1_assignsubmission_file_/ps1.ipynb": ((2027, 3, 1, 10, 0, 0), "old"),
            "Amara Okafor_1_assignsubmission_file_/ps1 (1).ipynb": ((2027, 3, 1, 11, 0, 0), "new"),
            "Amara Okafor_1_assignsubmission_file_/thoughts?.ipynb": ((2027, 3, 1, 12, 0, 0), "more"),
        }
    )
    assert inside(take, "a@x.org") == {"ps1.ipynb": "new", "ps1 (2).ipynb": "old", "thoughts-.ipynb": "more"}
    assert set(said.values()) == {
        ("a@x.org", "taken"),
        ("a@x.org", "laid beside it as ps1 (2).ipynb"),
        ("a@x.org", "laid beside it as thoughts-.ipynb"),
    }


def test_canvas_counts_hand_ins(take):
    take({f"okaforamara_4711_{n}_ps1-{n}.ipynb": str(n) for n in (2, 10, 9)}, CANVAS)
    assert inside(take, "4711")["ps1.ipynb"] == "10"


def test_a_name_may_be_as_long_as_students_like(take):
    take({f"a@x.org/{'Übung' * 40}.ipynb": "x", f"a@x.org/{'Übung' * 40}!.ipynb": "y"})
    assert sorted(inside(take, "a@x.org").values()) == ["x", "y"]


def test_a_notebook_of_another_name_keeps_it_for_the_report_to_tell(take):
    take({"a@x.org/Untitled.ipynb": "x"})
    assert inside(take, "a@x.org") == {"Untitled.ipynb": "x"}


def test_a_later_hand_in_takes_the_place_and_the_earlier_one_is_kept(take, tmp_path):
    times = tmp_path / "times.csv"

    def at(time, text):
        times.write_text(f"Email address,Time\nA@x.org,{time}\nnobody,2027-03-01T12:00Z\nb@x.org,-\n")
        return take({"a@x.org_ps1.ipynb": text}, times=times)["a@x.org_ps1.ipynb"][1]

    assert at("2027-03-01T13:00+01:00", "one") == "taken"
    assert handed_in_at(tmp_path / "submitted" / "a@x.org" / "ps1") == NOON
    assert at("2027-03-01T13:00+01:00", "one") == "unchanged"
    assert at("2027-03-02T13:00+01:00", "two") == "taken; what was there is in earlier/"
    assert at("2027-03-01T13:00+01:00", "one") == "older than what is there (2027-03-02 12:00 UTC)"
    assert inside(take, "a@x.org") == {
        "ps1.ipynb": "two",
        "timestamp.txt": "2027-03-02 12:00:00 UTC\n",
        "earlier/2027-03-01-120000/ps1.ipynb": "one",
        "earlier/2027-03-01-120000/timestamp.txt": "2027-03-01 12:00:00 UTC\n",
    }


def test_without_times_the_last_download_counts_and_a_time_can_be_told_later(take, tmp_path):
    take({"a@x.org_ps1.ipynb": "one"})
    take({"a@x.org_ps1.ipynb": "two"})
    take({"a@x.org_ps1.ipynb": "three"})
    there = inside(take, "a@x.org")
    assert sorted(there.values()) == ["one", "three", "two"] and there["ps1.ipynb"] == "three"
    date = (2027, 3, 1, 12, 0, 0)
    assert take({"a@x.org_ps1.ipynb": (date, "three")}, times="zip")["a@x.org_ps1.ipynb"][1] == "unchanged"
    assert handed_in_at(tmp_path / "submitted" / "a@x.org" / "ps1") == datetime.datetime(*date).astimezone()


def test_what_a_student_puts_beside_it_makes_no_time(take, tmp_path):
    take(
        {
            "Bö Berg_1_assignsubmission_file_/ps1.ipynb": "x",
            "Bö Berg_1_assignsubmission_file_/timestamp.txt": "2020",
        }
    )
    assert list(inside(take, "b@x.org")) == ["ps1.ipynb"]


def test_canvas_says_late_and_not_how_much(take):
    said = take({"okaforamara_LATE_4711_1_ps1.ipynb": "x"}, CANVAS)
    assert said.popitem()[1] == ("4711", "taken; marked LATE, and nothing says by how much: see --times")


def test_the_mark_late_is_kept_until_a_time_is_told_or_another_hand_in_counts(take, tmp_path):
    name = "okaforamara_LATE_4711_1_ps1.ipynb"
    folder = tmp_path / "submitted" / "4711" / "ps1"
    take({name: "x"}, CANVAS)
    assert marked_late(folder) == name
    take({name: "x"}, CANVAS)
    assert marked_late(folder) == name
    (tmp_path / "times.csv").write_text("id,time\n4711,2027-03-01T12:00+00:00\n")
    take({name: "x"}, CANVAS, times=tmp_path / "times.csv")
    assert (marked_late(folder), handed_in_at(folder)) == ("", NOON)
    take({"bergb_LATE_4712_1_ps1.ipynb": "x"}, CANVAS)
    take({"bergb_4712_2_ps1.ipynb": "y"}, CANVAS)
    folder = tmp_path / "submitted" / "4712" / "ps1"
    assert marked_late(folder) == ""
    (earlier,) = (folder / "earlier").iterdir()
    assert marked_late(earlier) == "bergb_LATE_4712_1_ps1.ipynb"


GRADESCOPE = """---
submission_5:
  :submitters:
  - :name: Amara Okafor
    :sid: '12'
    :email: a@elsewhere.org
  - :name: Bö Berg
    :sid:
    :email: b@x.org
  :created_at: 2027-03-01 13:00:00.123456000 +01:00
  :score: 3.0
submission_6:
  :submitters:
  - :name: Nobody
    :sid: ''
    :email: n@x.org
  :created_at: 2027-03-01 13:00:00 Z
"""


def test_gradescopes_groups_and_times(take):
    said = take(
        {
            "assignment_1_export/submission_metadata.yml": GRADESCOPE,
            "assignment_1_export/submission_5/ps1.ipynb": "x",
            "assignment_1_export/submission_5/submission_metadata.yml": "a student's own: not believed",
            "assignment_1_export/submission_6/ps1.ipynb": "y",
        }
    )
    for student in ("a@x.org", "b@x.org"):
        assert inside(take, student) == {
            "ps1.ipynb": "x",
            "timestamp.txt": "2027-03-01 12:00:00.123456 UTC\n",
        }
    reason = "n@x.org, Nobody is not on the list, by none of id, address and name"
    assert said["assignment_1_export/submission_6/ps1.ipynb"] == ("", reason)


@pytest.mark.parametrize(
    "folder", ["Bö Berg_1_assignsubmission_file_", "Zoe_7_assignsubmission_file_", "b@x.org"]
)
@pytest.mark.parametrize("text", [GRADESCOPE.replace("submission_5", "submission_1"), "no: [list"])
def test_a_list_that_a_student_hands_in_decides_nothing(take, folder, text):
    said = take(
        {
            f"{folder}/submission_metadata.yml": text,
            f"{folder}/submission_1/ps1.ipynb": "x",
            "a@x.org/ps1.ipynb": "y",
        }
    )
    assert said["a@x.org/ps1.ipynb"] == ("a@x.org", "taken") and list(inside(take, "a@x.org")) == [
        "ps1.ipynb"
    ]
    if "Zoe" not in folder:
        assert list(inside(take, "b@x.org")) == ["ps1.ipynb"]


def test_a_list_of_gradescope_that_is_none(take):
    with pytest.raises(ArchiveError, match="submission_metadata.yml is not what Gradescope writes"):
        take({"submission_metadata.yml": "- a\n- b\n"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "its columns are a, b; expected one of ids or names and one called time"),
        ("id,time\na@x.org,soon\n", "'soon' in line 2 is no time; expected one such as 2027-03-01T23:59"),
    ],
)
def test_a_list_of_times_that_is_none(text, sentence, take, tmp_path):
    (tmp_path / "times.csv").write_text(text)
    with pytest.raises(roster.RosterError, match=sentence):
        take({}, times=tmp_path / "times.csv")


def test_moodles_worksheet_is_a_list_of_times(tmp_path):
    (tmp_path / "w.csv").write_text(
        "Identifier,Full name,Last modified (submission)\n"
        'Participant 90,Amara Okafor,"Monday, 1 March 2027, 1:00 PM"\nParticipant 7,Chi Wu,-\n'
    )
    local = datetime.datetime(2027, 3, 1, 13).astimezone()
    assert intake.read_times(tmp_path / "w.csv", Class(MOODLE)) == {"a@x.org": local}


@pytest.fixture
def course(tmp_path, monkeypatch, capsys):
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (tmp_path / "solutions" / "ps1").mkdir(parents=True)
    (tmp_path / "solutions" / "ps1" / "ps1.ipynb").write_text("{}")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as made:
        made.writestr("a@x.org_ps1.ipynb", "x")
        made.writestr("z\x1b[31m_ps1.ipynb", "y")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_says_who_is_in_and_who_is_missing(course, capsys):
    assert cli.main(["take-in", "d.zip", "ps1"]) == 2
    assert "there is no enrolled.csv: enrol the class first" in capsys.readouterr().err
    roster.keep(course, MOODLE)
    assert cli.main(["take-in", "d.zip", "ps1"]) == 1
    said = capsys.readouterr().out
    assert (
        "a@x.org_ps1.ipynb: a@x.org, taken\nps1: 1 of 4 have handed in.\nNot yet: b@x.org, c@x.org, d@x.org."
        in said
    )
    assert "z [31m is not on the list" in said and "\x1b" not in said
    assert said.endswith("1 not taken: the reasons stand above.\n")
    assert cli.main(["take-in", "d.zip", "ps7"]) == 2
    assert "there is no set 'ps7'; there are ps1." in capsys.readouterr().err
    assert cli.main(["take-in", "absent.zip", "ps1"]) == 2
    assert "absent.zip" in capsys.readouterr().err


def test_hand_ins_go_where_nbgrader_looks_for_them(course, capsys):
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('\nc.CourseDirectory.submitted_directory = "handed_in"\n')
    roster.keep(course, MOODLE)
    assert cli.main(["take-in", "d.zip", "ps1"]) == 1
    assert "ps1: 1 of 4 have handed in." in capsys.readouterr().out
    assert (course / "handed_in" / "a@x.org" / "ps1" / "ps1.ipynb").read_text() == "x"
    assert not (course / "submitted").exists()
