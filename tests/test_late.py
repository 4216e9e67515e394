"""Due dates, days of grace, extensions: by the rule, and through the real autograde and feedback."""

import datetime
import importlib.util
import shutil
import time

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from traitlets.config import Config  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.grading import late  # noqa: E402

DUE = datetime.datetime(2027, 3, 1, 23, 0)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    file = tmp_path_factory.mktemp("template") / "gradebook.db"
    with Gradebook(f"sqlite:///{file}") as gradebook:  # takes a second to make
        gradebook.add_student("a")
        for number in range(4):
            gradebook.add_assignment(f"ps{number}", duedate=DUE + 7 * number * DAY)
    return file


@pytest.fixture
def gradebook(template, tmp_path):
    shutil.copy(template, tmp_path)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        yield gradebook


def hand_in(gradebook, *late_by):
    """The student's hand-ins to ps0, ps1, …, so much after the due dates."""
    for number, by in enumerate(late_by):
        when = DUE + 7 * number * DAY + by
        gradebook.update_or_create_submission(f"ps{number}", "a", timestamp=when.isoformat())


def shares(gradebook, tmp_path, **settings):
    rule = late.LateDays(config=Config(LateDays={"extensions": str(tmp_path / "extensions.csv"), **settings}))
    return [round(rule.share(gradebook, f"ps{number}", "a"), 3) for number in range(4)]


def test_a_begun_day_costs_its_share_and_never_more_than_all(gradebook, tmp_path):
    hand_in(gradebook, -HOUR, 0 * HOUR, HOUR, 25 * HOUR)
    assert shares(gradebook, tmp_path, per_day=0.1) == [0, 0, 0.1, 0.2]
    assert shares(gradebook, tmp_path, per_day=0.7) == [0, 0, 0.7, 1]


def test_grace_is_used_up_in_the_order_of_the_due_dates(gradebook, tmp_path):
    hand_in(gradebook, HOUR, -HOUR, 3 * DAY, HOUR)
    assert shares(gradebook, tmp_path, grace=2, per_day=0.1) == [0, 0, 0.2, 0.1]


def test_an_extension_moves_one_due_date_and_costs_no_grace(gradebook, tmp_path):
    (tmp_path / "extensions.csv").write_text("id,set,days\na,ps0,2\nb,ps1,9\n")
    hand_in(gradebook, 3 * DAY, 3 * DAY)
    assert shares(gradebook, tmp_path, grace=1, per_day=0.1)[:2] == [0, 0.3]


def test_without_a_due_date_or_a_time_nobody_is_late(gradebook, tmp_path):
    gradebook.update_or_create_assignment("ps1", duedate=None)
    gradebook.add_submission("ps0", "a")
    gradebook.add_submission("ps1", "a", timestamp=(DUE + 90 * DAY).isoformat())
    assert shares(gradebook, tmp_path, per_day=0.1) == [0, 0, 0, 0]


@pytest.mark.parametrize("sets", [["ps0", "ps1"], ["ps1", "ps0"], ["ps1"]])
def test_grace_does_not_depend_on_which_sets_are_settled_in_which_order(sets, gradebook, tmp_path):
    for name in ("ps0", "ps1"):
        gradebook.add_notebook(name, name)
        gradebook.add_grade_cell("check", name, name, max_score=10, cell_type="code")
    hand_in(gradebook, -HOUR, -HOUR)  # what the gradebook knows; the truth stands beside the hand-ins
    for number, name in enumerate(["ps0", "ps1"]):
        gradebook.find_grade("check", name, name, "a").auto_score = 10
        folder = tmp_path / "submitted" / "a" / name
        folder.mkdir(parents=True)
        when = DUE + 7 * number * DAY + 2 * DAY
        (folder / "timestamp.txt").write_text(f"{when.isoformat(' ')} UTC\n")
    gradebook.db.commit()
    settings = {"extensions": str(tmp_path / "none.csv"), "grace": 2, "per_day": 0.1}
    late.settle(gradebook, sets, late.LateDays(config=Config(LateDays=settings)), tmp_path / "submitted")
    lost = {name: late.lost(gradebook, name) for name in ("ps0", "ps1")}
    assert lost == {"ps0": {}, "ps1": {"a": 2}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("who,set,days\n", "its columns are who, set, days; expected id, set, days"),
        ("id,set,days\na,ps1,some\n", "line 2 says 'some'; expected a number of days"),
        ("id,set,days\na,ps1\n", "line 2 has no days; expected id, set, days"),
        ("days,set,id\n2\n", "line 2 has no id, set; expected id, set, days"),
        ("sep=;\nid;set;days\na;ps1;2\nb;ps1;x\n", "line 4 says 'x'; expected a number of days"),
        (b"PK\x03\x04rest of a workbook", "it is an Excel workbook"),
    ],
)
def test_extensions_that_cannot_be_read(text, sentence, tmp_path):
    (tmp_path / "extensions.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(late.LateError, match=sentence):
        late.read_extensions(tmp_path / "extensions.csv")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_extensions_are_read_as_excel_writes_them(encoding, tmp_path):
    (tmp_path / "extensions.csv").write_bytes("id;set;days\r\nbö;ps1;2\r\n".encode(encoding))
    assert late.read_extensions(tmp_path / "extensions.csv") == {"bö": {"ps1": 2}}


def test_a_due_date_needs_its_zone_and_stays_what_it_is(gradebook):
    due = late.set_due(gradebook, "ps1", "2027-03-01T23:59+01:00")
    assert late.due_dates(gradebook)["ps1"] == due
    late.set_due(gradebook, "new", "1 March 2027 22:59 UTC")
    assert late.due_dates(gradebook)["new"] == due
    with pytest.raises(late.LateError, match="says no zone; on this computer's clock it is 2027-03-01T23:59"):
        late.set_due(gradebook, "ps1", "2027-03-01T23:59")
    with pytest.raises(late.LateError, match="'soon' is no time; expected one such as 2027-03-01T23:59"):
        late.set_due(gradebook, "ps1", "soon")


def test_the_command_sets_and_shows(template, tmp_path, monkeypatch, capsys):
    for file in (ROOT / "nbgrader_config.py", template):
        shutil.copy(file, tmp_path)
    (tmp_path / "solutions" / "ps1").mkdir(parents=True)
    (tmp_path / "solutions" / "ps1" / "ps1.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["due", "ps1", "2027-03-01T12:00+00:00"]) == 0
    noon = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)
    assert capsys.readouterr().out == f"ps1: {late.in_words(noon)}\n"
    assert cli.main(["due"]) == 0
    assert [line[:3] for line in capsys.readouterr().out.splitlines()] == ["ps1", "ps0", "ps2", "ps3"]
    assert cli.main(["report", "ps1"]) == 2  # a due date alone is nothing to report on
    assert "nbgrader generate_assignment ps1 --force makes it known." in capsys.readouterr().err
    (tmp_path / "extensions.csv").write_text("id,set,days\na,ps1,2\n")
    assert cli.main(["due", "ps1"]) == 0
    assert capsys.readouterr().out.endswith("extensions.csv: longer for a.\n")
    (tmp_path / "extensions.csv").write_text("id,set,days\na,ps1,2\nA,ps1,2\na,sp1,1\n")
    assert cli.main(["due"]) == 1
    assert "extensions.csv names what is not there: A, sp1." in capsys.readouterr().err
    (tmp_path / "extensions.csv").unlink()
    assert cli.main(["due", "ps1", "2027-03-01"]) == 2
    assert "says no zone" in capsys.readouterr().err
    assert cli.main(["due", "ps9", "2027-03-01T12:00+00:00"]) == 2
    assert "there is no set 'ps9'; there are ps1." in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs a system whose zone a process can change")
@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "Monday, 2027-03-01 23:30 UTC"),
        ("CET-1", "Tuesday, 2027-03-02 00:30 CET (2027-03-01 23:30 UTC)"),
        ("EST5", "Monday, 2027-03-01 18:30 EST (2027-03-01 23:30 UTC)"),
    ],
)
def test_a_due_date_is_shown_on_this_computers_clock_and_in_utc(zone, words, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert late.in_words(datetime.datetime(2027, 3, 1, 23, 30, tzinfo=datetime.UTC)) == words
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 min"), (3600, "1 h"), (DAY.total_seconds() * 2 + 3 * 3600 + 60, "2 d 3 h"), (5400, "1 h 30 min")],
)
def test_a_length_of_time_in_words(seconds, words):
    assert late.span(seconds) == words


def test_the_due_date_of_a_set_that_nobody_knows_is_refused(tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions" / "ps1").mkdir(parents=True)
    (tmp_path / "solutions" / "ps1" / "ps1.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["due", "ps9"]) == 2
    assert capsys.readouterr().err == "vgcourse due: there is no set 'ps9'; there are ps1.\n"
    assert cli.main(["due", "ps1"]) == 0
    assert capsys.readouterr().out == "ps1: no due date\n"
    assert not (tmp_path / "gradebook.db").exists()


@pytest.mark.parametrize(
    "command", ["due", "due ps1 2027-03-01T12:00+00:00", "solutions ps1", "export ps1", "report ps1"]
)
def test_a_broken_gradebook_is_one_sentence(command, tmp_path, monkeypatch, capsys):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions" / "ps1").mkdir(parents=True)
    (tmp_path / "solutions" / "ps1" / "ps1.ipynb").write_text("{}")
    (tmp_path / "gradebook.db").write_bytes(b"no database at all, but long enough")
    monkeypatch.chdir(tmp_path)
    assert cli.main(command.split()) == 2
    name = command.split()[0]
    said = f"vgcourse {name}: the gradebook cannot be read: file is not a database\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "command",
    [
        "roster none.csv", "take-in none.zip tiny", "take-in . tiny --times none.csv",
        "variant --secret none/secret", "grade tiny --secret none/secret",
        "solutions tiny --now --zip none/x.zip",
    ],
)  # fmt: skip
def test_a_file_that_is_not_there_is_named_in_a_sentence(command, monkeypatch, tmp_path, capsys):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions" / "tiny").mkdir(parents=True)
    nbformat.write(tiny_course.solution(), tmp_path / "solutions" / "tiny" / "tiny.ipynb")
    (tmp_path / "enrolled.csv").write_text("vgcourse id,name\n1,Amara\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(command.split()) == 2
    said = capsys.readouterr().err
    assert "none" in said and "Errno" not in said and said.count("\n") == 1


LATE = {"two_days": 2 * DAY, "extended": 2 * DAY}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Two students, both two days late, one with an extension; graded by nbgrader."""
    root = tmp_path_factory.mktemp("late") / "course"
    (root / "solutions" / "tiny").mkdir(parents=True)
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(
        config.replace("per_day = 0.0", "per_day = 0.25"), encoding="utf-8"
    )
    (root / "extensions.csv").write_text("id,set,days\nextended,tiny,2\n")
    nbformat.write(tiny_course.solution(), root / "solutions" / "tiny" / "tiny.ipynb")
    tiny_course.nbgrader(root, "generate_assignment", "tiny", "--create")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        late.set_due(gradebook, "tiny", f"{DUE.isoformat()}+00:00")
    for student, by in LATE.items():
        notebook = nbformat.read(root / "exercises" / "tiny" / "tiny.ipynb", as_version=4)
        tiny_course.cell_of(notebook, "p1-answer").source = "def slope_of_square(z):\n    return 2 * z"
        tiny_course.boxed(notebook)
        folder = root / "submitted" / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
        (folder / "timestamp.txt").write_text(f"{(DUE + by).isoformat(' ')} UTC\n")
        (folder / "earlier").mkdir()
        (folder / "earlier" / "tiny.ipynb").write_text("an earlier hand-in")
    tiny_course.nbgrader(root, "autograde", "tiny")
    return root


def penalties(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            student: gradebook.find_submission("tiny", student).late_submission_penalty for student in LATE
        }


@pytest.mark.slow
def test_autograde_takes_off_what_the_rule_says_and_feedback_counts_it_anew(course):
    assert penalties(course) == {"two_days": 1, "extended": 0}  # half of 2 points
    assert not (course / "autograded" / "two_days" / "tiny" / "earlier").exists()
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for student in LATE:  # somebody reads the derivations
            grade = gradebook.find_grade("p1-derivation", "tiny", "tiny", student)
            grade.manual_score, grade.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    tiny_course.nbgrader(course, "generate_feedback", "tiny", "--student=two_days")
    assert penalties(course) == {"two_days": 2, "extended": 0}
    page = (course / "feedback" / "two_days" / "tiny" / "tiny.html").read_text(encoding="utf-8")
    assert "tiny: 4 of 4 points" in page and "<p>2 of them are taken off because it came late.</p>" in page


@pytest.mark.slow
def test_a_time_that_is_told_later_counts_when_the_marks_are_settled(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        rule = late.LateDays(
            config=Config(LateDays={"per_day": 0.25, "extensions": str(course / "none.csv")})
        )
        (course / "submitted" / "extended" / "tiny" / "timestamp.txt").write_text("2027-03-02 01:00 UTC")
        score = gradebook.find_submission("tiny", "extended").score
        late.settle(gradebook, ["tiny"], rule, course / "submitted")
        assert late.lost(gradebook, "tiny")["extended"] == score / 4
