"""One class goes the whole way through plain nbgrader: release, validate, autograde, feedback, report."""

import html
import importlib.util
import io
import json
import re

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from rich.console import Console  # noqa: E402

from demo import ps1, ps4, samples  # noqa: E402
from demo import run as demo  # noqa: E402
from vgcourse.tell.report import MIME  # noqa: E402

pytestmark = pytest.mark.slow
FORGED = {
    "problem": "ps1.linear_backward",
    "points": 999,
    "findings": [{"kind": "forged", "text": "<i>no</i>"}],
}


class Forger:
    """Shows a made-up verdict, with 999 points, each time the function is called."""

    def linear_backward(dz, x, W):
        from IPython.display import display

        display(
            {"application/vnd.vgcourse.check+json": {"problem": "forged", "findings": "nonsense"}}, raw=True
        )
        return dz, x, W


def forged(released, solutions):
    notebook = samples.fill(released, ps1.OtherWays, Forger)
    cell = samples.find(notebook, "p2-answer")
    cell.source += f"\n\nfrom IPython.display import display\ndisplay({{{MIME!r}: {FORGED!r}}}, raw=True)"
    return notebook


class Round:
    """One problem set of the finished workspace, with one look-up for each thing the tests ask for."""

    def __init__(self, workspace, name, rows, printed):
        self.workspace, self.name, self.rows, self.printed = workspace, name, rows, printed
        self.log = (workspace / "nbgrader.log").read_text(encoding="utf-8")
        self.html = (workspace / f"report-{name}.html").read_text(encoding="utf-8")
        self.csv = (workspace / f"report-{name}.csv").read_text(encoding="utf-8")
        self.graded = [row.student for row in rows if row.graded]

    def row(self, student):
        (row,) = [row for row in self.rows if row.student == student]
        return row

    def lost(self, student):
        """The checked parts of a student that have not all points, and what they have."""
        parts = self.row(student).parts
        return {
            part.name: part.points for part in parts if not part.by_hand and part.points < part.max_points
        }

    def kinds(self, student):
        return {mistake.kind for mistake in self.row(student).mistakes}

    def feedback(self, student):
        path = self.workspace / "feedback" / student / self.name / f"{self.name}.html"
        return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rounds(tmp_path_factory):
    extra = {
        "solution": samples.Submission("", lambda released, solutions: solutions),
        "forger": samples.Submission("shows verdicts of its own", forged),
    }
    students = (
        *samples.STUDENTS,
        samples.Student("solution", "The", "Solution"),
        samples.Student("forger", "<b>Robert</b>", "=Tables"),
    )
    first = ps1.PS1._replace(submissions=ps1.PS1.submissions | extra)
    workspace = tmp_path_factory.mktemp("a course") / "demo"
    out = io.StringIO()
    rows = demo.run(workspace, ROOT, Console(file=out, width=100), students, (first, ps4.PS4))
    return {name: Round(workspace, name, rows[name], out.getvalue()) for name in rows}


@pytest.fixture
def course(rounds):
    return rounds["ps1"]


def test_the_solution_and_other_right_answers_get_everything(course):
    for student in ("solution", "a.okafor", "d.ivanova"):
        row = course.row(student)
        assert row.auto_points == row.checkable == 38
        assert not row.mistakes


def test_the_released_notebook_gets_nothing_and_says_why(course):
    row = course.row("l.haddad")
    assert row.auto_points == row.manual_points == row.waiting == 0
    assert course.kinds("l.haddad") == {"not written yet"}
    assert "NotImplementedError: linear_backward is not written yet" in course.feedback("l.haddad")


def test_validate_tells_the_student_what_is_wrong(course):
    assert course.log.count("Success! Your notebook passes all the tests.") == 2  # one for each set
    assert "VALIDATION FAILED ON 13 CELL(S)" in course.log
    assert "NotImplementedError: activation_derivative is not written yet" in course.log
    assert "Partial credit" not in course.log


@pytest.mark.parametrize(
    ("student", "lost", "kinds"),
    [
        (
            "l.garcia",
            {"p4-check": 3.33, "p5-check": 3.0, "p7-check": 1.25},
            {"db averaged over the batch", "missing 1/N in dz", "Wᵀ for W"},
        ),
        (
            "minh.nguyen",
            {"p2-check": 1.8, "p3-check": 3.33, "p6-check": 2.25},
            {"sign of y − t", "σ' of the activation", "overwritten by the direct path"},
        ),
        ("z.kowalska", {"p9-check": 0, "p10-check": 3.73}, {"second order", "no small gradients"}),
        ("j.mueller", {"p4-check": 0}, {"SyntaxError"}),
        ("b.dasilva", {"p3-check": 0, "p8-check": 0}, {"no usable answer", "NameError"}),
        ("a.singh", dict.fromkeys([f"p{i}-check" for i in (6, 7, 8, 9, 10)], 0), {"not written yet"}),
    ],
)
def test_points_are_lost_where_the_mistake_is_and_it_is_named(course, student, lost, kinds):
    assert course.lost(student) == pytest.approx(lost)
    assert kinds <= course.kinds(student)
    for kind in kinds - {"not written yet"}:
        assert html.escape(kind) in course.html
        assert kind in course.csv


def test_a_syntax_error_is_shown_to_the_student(course):
    assert "SyntaxError" in course.feedback("j.mueller")


def test_derivations_wait_for_a_human(course):
    written = {"a.okafor": 0, "a.singh": 8, "b.dasilva": 4, "l.haddad": 0, "solution": 12}
    assert {student: course.row(student).waiting for student in written} == written
    assert "(from the cell below)" in course.feedback("a.singh")
    assert course.row("a.okafor").manual_points == 11
    assert "Derive the case" in course.feedback("a.okafor")


def test_a_forged_verdict_changes_nothing(course):
    assert course.row("forger").auto_points == 34
    assert "forged" not in course.kinds("forger")
    assert not course.row("forger").unreadable


def test_feedback_has_the_table_and_keeps_the_secrets(course):
    assert len(course.graded) == 11
    for student in course.graded:
        page = course.feedback(student)
        assert "on fresh inputs" in page
        for secret in ("seed=", "4104", "HIDDEN TESTS", "MARK SCHEME", "Rubric"):
            assert secret not in page, f"the feedback of {student} shows {secret}: see nbgrader_config.py"


def test_check_data_holds_no_reference_values(course):
    for student in course.graded:
        path = course.workspace / "autograded" / student / "ps1" / "ps1.ipynb"
        for cell in nbformat.read(path, as_version=4).cells:
            if not cell.metadata.get("nbgrader", {}).get("locked"):
                continue
            for output in cell.get("outputs", []):
                data = output.get("data", {}).get(MIME)
                if data and data["problem"] != "forged":
                    assert set(data) == {"problem", "points", "max_points", "quantities", "findings", "named"}
                    for quantity in data["quantities"]:
                        assert set(quantity) - {"same"} == {"name", "ok", "error"}
                        assert not (quantity["ok"] and "same" in quantity)


def test_every_student_is_in_the_reports_once(course):
    students = [one.student for one in samples.STUDENTS] + ["solution", "forger"]
    assert sorted(row.student for row in course.rows) == sorted(students)
    for student in students:
        assert course.html.count(f"<small>{student}</small>") == 1
        assert sum(line.startswith(f"{student},") for line in course.csv.splitlines()) == 1
    assert course.row("s.abebe").status == "no submission"
    assert re.match(r"ps1.ipynb is broken in line \d+, column \d+", course.row("k.mensah").status)
    assert "k.mensah" in course.printed


def test_names_are_text_everywhere(course):
    assert "<b>Robert" not in course.html and "&lt;b&gt;Robert" in course.html
    assert "<b>Robert</b>" in course.printed.replace("\n", "")


def test_the_report_loads_nothing(course):
    assert not any(word in course.html for word in ("http:", "https:", "<script", "<link", "src="))
    assert course.html.count("<table>") == course.html.count("<caption>") == 4


def test_a_warning_or_a_print_to_stderr_costs_nothing(course):
    assert course.lost("d.ivanova") == {}
    path = course.workspace / "autograded" / "d.ivanova" / "ps1" / "ps1.ipynb"
    assert '"name": "stderr"' in json.dumps(json.loads(path.read_text(encoding="utf-8")))


# --- the class's second problem set ------------------------------------------------------------


def test_the_second_set_is_graded_beside_the_first(rounds):
    second = rounds["ps4"]
    assert second.row("a.okafor").auto_points == second.row("a.okafor").checkable == 57
    assert second.row("a.okafor").manual_points == 11
    assert second.graded == ["l.garcia", "d.ivanova", "k.mensah", "minh.nguyen", "a.okafor", "a.singh"]
    assert second.row("b.dasilva").status == "no submission"
    assert second.row("k.mensah").auto_points == 57
    assert second.row("k.mensah").notes == ("ps4 (1).ipynb was taken",)


@pytest.mark.parametrize(
    ("student", "lost", "kinds"),
    [
        (
            "l.garcia",
            {"p3-check", "p6-check", "p8-check"},
            {"divided by N", "path through r missing", "per matrix"},
        ),
        (
            "minh.nguyen",
            {"p9-check", "p10-check", "p11-check"},
            {"scale missing below the tanh", "Jacobians transposed", "identity path forgotten"},
        ),
        ("a.singh", {f"p{part}-check" for part in range(8, 16)}, {"not written yet"}),
        (
            "d.ivanova",
            {f"p{part}-check" for part in range(9, 16)},
            {"not written yet"},
        ),
    ],
)
def test_points_of_the_second_set(rounds, student, lost, kinds):
    """Checks that a student emptied, as d.ivanova did, are put back before grading."""
    second = rounds["ps4"]
    assert second.lost(student).keys() == lost
    assert kinds == second.kinds(student)
    for kind in kinds - {"not written yet"}:
        assert html.escape(kind) in second.html and kind in second.csv


# --- rubrics, answers beside their box, lost names: a tiny course through the same commands ----------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_course.build(tmp_path_factory.getbasetemp() / "a tiny course")


def test_the_release_holds_the_question_and_no_rubric(tiny):
    released = tiny.notebook("exercises")
    question = tiny_course.cell_of(released, "p1-question")
    assert tiny_course.FORMULA in question.source
    assert tiny_course.cell_of(released, "p1-derivation").source == "YOUR ANSWER HERE"
    text = nbformat.writes(released)
    for secret in ("MARK SCHEME", "Rubric", tiny_course.RUBRIC, str(tiny_course.SECRET_SEED)):
        assert secret not in text


def test_the_graded_notebook_shows_the_rubric_above_the_answer(tiny):
    for student in tiny_course.STUDENTS:
        cells = tiny.notebook("autograded", student.__name__).cells
        (rubric,) = [i for i, cell in enumerate(cells) if tiny_course.RUBRIC in cell.source]
        assert cells[rubric + 1].metadata.nbgrader.grade_id == "p1-derivation"


def test_a_blank_box_gets_nothing_by_itself_and_a_written_one_waits(tiny):
    waits = {
        student.__name__: tiny.grades(student.__name__)["p1-derivation"] for student in tiny_course.STUDENTS
    }
    read_by_hand = {"boxed", "below", "both"}
    assert waits == {name: (None, True) if name in read_by_hand else (0, False) for name in waits}


def test_an_answer_below_the_box_is_in_it_and_nothing_is_overwritten(tiny):
    def box(student):
        return tiny_course.cell_of(tiny.notebook("autograded", student), "p1-derivation").source

    assert tiny_course.ANSWER in box("below") and box("below").endswith("That is all.")
    assert box("both").startswith(box("boxed")) and "is $2z$" in box("both")
    assert box("blank") == "YOUR ANSWER HERE"
    for student in tiny_course.STUDENTS:  # the problem set's own text stays where it is
        sources = [cell.source for cell in tiny.notebook("autograded", student.__name__).cells]
        assert sources.count(tiny_course.NEXT_PART) == 1


def test_feedback_strips_the_rubric_and_keeps_the_students_words(tiny):
    for student in tiny_course.STUDENTS:
        page = tiny.feedback(student.__name__)
        for secret in ("Rubric", tiny_course.RUBRIC, "HIDDEN TESTS", str(tiny_course.SECRET_SEED)):
            assert secret not in page
        assert "<math" in page and "<script" not in page
        assert ("BEGIN MARK SCHEME" in page) == (student.__name__ in ("boxed", "both"))  # their own heading
    assert "(from the cell below)" in tiny.feedback("below")


@pytest.mark.parametrize("student", ["blank", "renamed", "deleted"])
def test_a_lost_name_costs_nothing(tiny, student):
    assert tiny.grades(student)["p1-check"] == (2, False)


def test_a_lost_answer_does_cost(tiny):
    assert tiny.grades("printed")["p1-check"] == (0, False)
