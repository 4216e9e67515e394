"""Lists of a class as LMSs and spreadsheets write them."""

import importlib.util
import shutil

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse import cli  # noqa: E402
from vgcourse.grading import roster  # noqa: E402

AMARA, BO = ("4711", "Amara", "Okafor"), ("4712", "Bö", "Berg")


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        (tmp_path / "list.csv").write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return [one[:3] for one in roster.read(tmp_path / "list.csv")]

    return read


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,first_name,last_name\n4711,Amara,Okafor\n4712,Bö,Berg\n", "utf-8"),
        ("id;First name;Surname\r\n4711;Amara;Okafor\r\n4712;Bö;Berg\r\n", "utf-8-sig"),
        ("sep=;\r\nid;First name;Surname\r\n4711;Amara;Okafor\r\n4712;Bö;Berg\r\n", "utf-8-sig"),
        ("ID\tGiven name\tFamily name\n4711\tAmara\tOkafor\n 4712 \tBö\tBerg\n", "utf-16"),
        ("id;First name;Last name\n4711;Amara;Okafor\n4712;Bö;Berg\n", "cp1252"),
        (
            'Student,ID,SIS User ID,SIS Login ID,Section,ps1 (81)\n"    Points Possible",,,,,50\n'
            '"Okafor, Amara",4711,,aokafor,1,\n"Berg, Bö",4712,u2,bberg,1,7\n'
            '"Student, Test",99,,9f3e,1,\n',
            "utf-8-sig",
        ),
        ("First name,Last name,ID number,Email address\nAmara,Okafor,4711,a@x\nBö,Berg,4712,b@x\n", "utf-8"),
        ("Identifier,Full name\nParticipant 4711,Amara Okafor\nParticipant 4712,Bö Berg\n", "utf-8"),
    ],
    ids=["nbgrader", "Excel", "sep=", "Excel's Unicode", "old Excel", "Canvas", "Moodle", "its worksheet"],
)  # fmt: skip
def test_the_lists_of_others(read, text, encoding):
    assert read(text, encoding) == [AMARA, BO]


def test_the_id_is_one_that_everybody_has(read):
    """Moodle's export has a column of ID numbers that are often empty, and an identifier for one set only."""
    text = "Identifier,ID number,Email address\nParticipant 1,,a@x.org\nParticipant 2,7,c@x.org\n"
    assert [one[0] for one in read(text)] == ["a@x.org", "c@x.org"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "its columns are nothing; expected one called id"),
        ("who,what\na,b\n", "its columns are who, what; expected one called id"),
        ("id\n", "there is nobody in it"),
        ("id\na\nb\na\n", "a is in line 4 and in one before"),
        ("id\nAna\nana\n", "ana is in line 3 and in one before .as Ana; many systems take both"),
        ("id\nx[1]\n", r"'x\[1\]' in line 2"),
        ("id\n../b\n", "in line 2"),
        ("id\nb.\n", "cannot begin or end with a dot"),
        ("id\n" + "b" * 130, "it has 130 characters; expected at most 120"),
        ("id;name\n4,7E+09;Bo\n", "a spreadsheet has rounded this number"),
        ("id,username,name\n1,,A\n,b,B\n", "line 3 has no id, and no other column has all ids"),
        (b"PK\x03\x04rest of a workbook", "it is an Excel workbook; save it as .CSV UTF-8."),
        (b"id\n\x81\xfe\n", "byte 4 is neither UTF-8 nor Windows text"),
        (b"id\nab\0cd\n", "it is no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(read, text, sentence):
    with pytest.raises(roster.RosterError, match=sentence):
        read(text)


def test_the_list_is_kept_with_its_columns(tmp_path):
    (tmp_path / "list.csv").write_text('Student,ID,Section\n"Berg, Bö",4712,"A, B"\n', encoding="utf-8")
    students = roster.read(tmp_path / "list.csv")
    roster.keep(tmp_path, students)
    assert roster.kept(tmp_path) == students
    assert students[0].columns == {"Student": "Berg, Bö", "ID": "4712", "Section": "A, B"}
    assert students[0].value("sis login id", "id") == "4712" and students[0].name == "Bö Berg"
    assert roster.kept(tmp_path / "elsewhere") == []


def test_enrolling_again_changes_names_and_keeps_the_rest(tmp_path):
    from nbgrader.api import Gradebook

    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    roster.enrol(url, [roster.Enrolled("4711", "A.", "Okafor")])
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_submission("ps1", "4711")
    assert roster.enrol(url, [roster.Enrolled(*AMARA), roster.Enrolled(*BO)]) == []
    with Gradebook(url) as gradebook:
        assert {(s.id, s.first_name, s.last_name) for s in gradebook.students} == {AMARA, BO}
        assert len(gradebook.find_student("4711").submissions) == 1


def test_who_is_not_on_the_list_any_more_is_told_and_stays(tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text("id\na\nb\n")
    assert cli.main(["roster", "list.csv"]) == 0
    assert capsys.readouterr().out == "2 students are enrolled, from a to b.\n"
    (tmp_path / "list.csv").write_text("id\na\nc\n")
    assert cli.main(["roster", "list.csv"]) == 0
    assert "In the gradebook and not on this list: b." in capsys.readouterr().out
    assert [one.student for one in roster.kept(tmp_path)] == ["a", "c"]
    assert cli.main(["roster", "absent.csv"]) == 2
    assert "absent.csv" in capsys.readouterr().err
    (tmp_path / "gradebook.db").write_bytes(b"no database at all, but long enough")
    assert cli.main(["roster", "list.csv"]) == 2
    assert "the gradebook cannot be read: file is not a database" in capsys.readouterr().err
