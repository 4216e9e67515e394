"""Lists of a class as LMSs and spreadsheets write them."""

import importlib.util

import pytest
from conftest import require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading import roster  # noqa: E402

AMARA, BO = ("4711", "Amara", "Okafor"), ("4712", "Bö", "Berg")


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        (tmp_path / "list.csv").write_bytes(text.encode(encoding))
        return [tuple(one) for one in roster.read(tmp_path / "list.csv")]

    return read


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("id,first_name,last_name\n4711,Amara,Okafor\n4712,Bö,Berg\n", "utf-8"),
        ("id;First name;Surname\r\n4711;Amara;Okafor\r\n4712;Bö;Berg\r\n", "utf-8-sig"),
        ("ID\tGiven name\tFamily name\n4711\tAmara\tOkafor\n 4712 \tBö\tBerg\n", "utf-16"),
        ("id;First name;Last name\n4711;Amara;Okafor\n4712;Bö;Berg\n", "cp1252"),
        (
            'Student,ID,SIS Login ID,Section\n"    Points Possible",,,\n'
            '"Okafor, Amara",4711,aokafor,1\n"Berg, Bö",4712,bberg,1\n',
            "utf-8",
        ),
        (
            "Identifier,Full name,Email address\n"
            "Participant 4711,Amara Okafor,a@example.org\nParticipant 4712,Bö Berg,b@example.org\n",
            "utf-8",
        ),
    ],
    ids=["nbgrader", "Excel", "Excel's Unicode", "Excel, old", "Canvas", "Moodle"],
)
def test_the_lists_of_others(read, text, encoding):
    assert read(text, encoding) == [AMARA, BO]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "its columns are nothing; expected one called id"),
        ("who,what\na,b\n", "its columns are who, what; expected one called id"),
        ("id\n", "there is nobody in it"),
        ("id\na\nb\na\n", "a is in line 4 and in one before"),
        ("id\nx[1]\n", r"'x\[1\]' in line 2"),
        ("id\n../b\n", "in line 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(read, text, sentence):
    with pytest.raises(roster.RosterError, match=sentence):
        read(text)


def test_enrolling_again_changes_names_and_keeps_the_rest(tmp_path):
    from nbgrader.api import Gradebook

    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    roster.enrol(url, [roster.Enrolled("4711", "A.", "Okafor")])
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_submission("ps1", "4711")
    roster.enrol(url, [roster.Enrolled(*AMARA), roster.Enrolled(*BO)])
    with Gradebook(url) as gradebook:
        assert {(s.id, s.first_name, s.last_name) for s in gradebook.students} == {AMARA, BO}
        assert len(gradebook.find_student("4711").submissions) == 1
