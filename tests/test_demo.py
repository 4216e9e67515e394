"""The sample submissions and the report, without a kernel; bad input above all."""

import importlib.util
import io
import re
from types import SimpleNamespace

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
from nbformat.v4 import new_code_cell, new_notebook, new_output  # noqa: E402
from rich.console import Console  # noqa: E402

from demo import ps1, ps4, samples  # noqa: E402
from demo import run as demo  # noqa: E402
from demo.course import Course, DemoError  # noqa: E402
from vgcourse import cli  # noqa: E402
from vgcourse.check import evaluate  # noqa: E402
from vgcourse.grading import checks, report  # noqa: E402
from vgcourse.grading.feedback import HideTests  # noqa: E402
from vgcourse.grading.rows import Mistake, Part, Row, count_mistakes  # noqa: E402
from vgcourse.tell.report import MIME  # noqa: E402

STUB = "    # YOUR CODE HERE\n    raise NotImplementedError"


@pytest.fixture
def released():
    """The released notebook as nbgrader makes it, without nbgrader."""
    return release(solutions("ps1"))


def solutions(name):
    return nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)


def release(notebook):
    for cell in notebook.cells:
        stub = STUB if cell.cell_type == "code" else "YOUR ANSWER HERE"
        region = r"^ *### BEGIN SOLUTION.*?### END SOLUTION"
        cell.source = re.sub(region, stub, cell.source, flags=re.MULTILINE | re.DOTALL)
    return notebook


# --- samples ---------------------------------------------------------------------------------------


def methods(cls):
    return {name: value for name, value in vars(cls).items() if callable(value) and not name.startswith("_")}


@pytest.mark.parametrize("name", methods(ps1.OtherWays))
def test_the_other_ways_are_right(name):
    assert evaluate(f"ps1.{name}", methods(ps1.OtherWays)[name], seed=7).share == 1


@pytest.mark.parametrize("cls", [ps1.Batches, ps1.Signs, ps1.TwoPoints, ps4.Norms, ps4.Carries])
def test_the_wrong_ways_are_wrong_and_named(cls):
    problem_set = cls.__module__.split(".")[1]
    for name, function in methods(cls).items():
        verdict = evaluate(f"{problem_set}.{name}", function, seed=7)
        assert verdict.share < 1
        assert verdict.findings


@pytest.mark.parametrize("problem_set", demo.PROBLEM_SETS, ids=lambda one: one.name)
def test_samples_leave_both_notebooks_alone(problem_set):
    given = release(solutions(problem_set.name)), solutions(problem_set.name)
    before = [nbformat.writes(notebook) for notebook in given]
    for submission in problem_set.submissions.values():
        submission.make(*given)
    assert [nbformat.writes(notebook) for notebook in given] == before


def test_filled_answers_run_and_keep_the_docstring(released):
    notebook = samples.fill(released, ps1.OtherWays)
    source = samples.find(notebook, "p4-answer").source
    assert '"""Gradients of Z = W X + b' in source and "NotImplementedError" not in source
    for name in methods(ps1.OtherWays):
        compile(samples.answer_cell(notebook, name).source, name, "exec")


def test_the_instructors_answers_come_without_their_marks_and_as_far_as_asked():
    released = release(solutions("ps4"))
    sources = {
        parts: {
            part: samples.find(
                samples.solved(released, solutions("ps4"), parts=parts), f"p{part}-answer"
            ).source
            for part in range(1, 16)
        }
        for parts in (None, 7)
    }
    assert not any("SOLUTION" in text or "NotImplemented" in text for text in sources[None].values())
    left = [part for part, text in sources[7].items() if "NotImplementedError" in text]
    assert left == list(range(8, 16))


def test_students_are_different_and_some_hand_in_nothing():
    students = [one.student for one in samples.STUDENTS]
    assert len(set(students)) == len(students) >= 8
    for problem_set in demo.PROBLEM_SETS:
        assert set(problem_set.submissions) < set(students)
        assert samples.READ_BY_HAND in problem_set.submissions


def test_a_changed_problem_set_is_noticed(released):
    cell = samples.find(released, "p4-answer")
    cell.source = cell.source.replace("raise", "pass  #")
    with pytest.raises(ValueError, match="the cell of linear_backward in the released notebook has no stub"):
        samples.fill(released, ps1.OtherWays)
    released.cells.remove(cell)
    with pytest.raises(ValueError, match="asks for no linear_backward"):
        samples.fill(released, ps1.OtherWays)
    with pytest.raises(ValueError, match="no cell p99-derivation"):
        samples.fill(released, written={"p99-derivation": "…"})


# --- reading what checks left behind ---------------------------------------------------------------


def verdict(*kinds):
    return {"problem": "ps1.x", "findings": [{"kind": kind, "text": f"text of {kind}"} for kind in kinds]}


def shown(data):
    return new_output("display_data", data={MIME: data})


def error(name, value):
    return new_output("error", ename=name, evalue=value, traceback=[])


def read(tmp_path, *cells):
    path = tmp_path / "a.ipynb"
    notebook = new_notebook()
    for grade_id, *outputs in cells:
        metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
        notebook.cells.append(new_code_cell("…", metadata=metadata, outputs=outputs))
    nbformat.write(notebook, path)
    return checks.read_checks(path, {"p1-check", "p2-check"})[:2]


def test_the_last_verdict_of_a_cell_counts(tmp_path):
    mistakes, unreadable = read(tmp_path, ("p1-check", shown(verdict("old")), shown(verdict("new"))))
    assert [m.kind for m in mistakes] == ["new"] and unreadable == []


def test_conventions_and_prints_are_no_mistakes(tmp_path):
    assert read(tmp_path, ("p1-check", shown(verdict("convention: left", "prints")))) == ([], [])


def test_cells_of_the_student_do_not_count(tmp_path):
    assert read(tmp_path, (None, shown(verdict("forged"))), ("mine", shown(verdict("forged")))) == ([], [])


def test_the_error_of_the_answer_explains_the_failed_check(tmp_path):
    mistakes, _ = read(
        tmp_path,
        ("p1-answer", error("SyntaxError", "incomplete input (12.py, line 3)")),
        ("p1-check", error("NameError", "name 'f' is not defined")),
        ("p2-check", error("NameError", "name 'g' is not defined")),
    )
    assert mistakes == [
        Mistake("p1-check", "SyntaxError", "SyntaxError: incomplete input (line 3)"),
        Mistake("p2-check", "NameError", "NameError: name 'g' is not defined"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        [1, 2],
        "text",
        None,
        7,
        {"problem": 3, "findings": []},
        {"problem": "x", "findings": "y"},
        {"problem": "x", "findings": [None]},
        {"problem": "x", "findings": [{"kind": 1, "text": "y"}]},
        {"problem": "x", "findings": [{"kind": ["a"], "text": {}}]},
    ],
)
def test_malformed_data_is_unreadable_not_fatal(tmp_path, data):
    assert read(tmp_path, ("p1-check", shown(data)), ("p2-check", shown(verdict("seen")))) == (
        [Mistake("ps1.x", "seen", "text of seen")],
        ["p1-check"],
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"cells": 3}', b'{"nbformat": "x"}'])
def test_a_broken_notebook_is_unreadable_not_fatal(tmp_path, content):
    (tmp_path / "a.ipynb").write_bytes(content)
    assert checks.read_checks(tmp_path / "a.ipynb", {"p1-check"}) == ([], ["a.ipynb"], [])


def test_long_and_odd_text_is_cut(tmp_path):
    (mistake,), _ = read(tmp_path, ("p1-check", shown(verdict("a\x1b[31m\n" + "b" * 10_000))))
    assert len(mistake.kind) <= checks.LONGEST and mistake.kind.isprintable()


# --- the report ------------------------------------------------------------------------------------


def row(student, *mistakes, points=1.0, **more):
    parts = (
        Part("p2-check", points, 4.0, False, False, "Four weights"),
        Part("p2-derivation", None, 4.0, True, True, "Four weights"),
        Part("p10-check", 0.0, 3.0, False, False),
    )
    return Row(student, more.get("name", student), True, "graded", parts, tuple(mistakes))


EVIL = "<script>alert(1)</script>"


def test_foreign_text_is_escaped_everywhere():
    mistake = Mistake(EVIL, f"{EVIL}kind", f"{EVIL}text")
    rows = [row("=1+1", mistake, name=EVIL), Row("@x", "[bold]x[/bold]", False, EVIL)]
    assert "<script" not in report.to_html(rows, title=EVIL)
    assert "\n'=1+1," in report.to_csv(rows) and "\n'@x," in report.to_csv(rows)
    out = io.StringIO()
    Console(file=out, width=200).print(report.to_terminal(rows))
    assert "[bold]x[/bold]" in out.getvalue() and EVIL in out.getvalue()


def test_a_mistake_counts_once_per_student_and_problem():
    a, b = Mistake("p", "k", "first"), Mistake("p", "k", "second")
    rows = [
        row("x", a, b),
        row("y", b),
        row("z", Mistake("p", "rare", ""), Mistake("q", "not written yet", "")),
    ]
    assert count_mistakes(rows) == [(a, 2), (Mistake("p", "rare", ""), 1)]


def test_points_by_checks_by_hand_and_waiting_are_apart():
    one = row("x", Mistake("p", "k", ""), Mistake("p", "not written yet", ""))
    assert (one.auto_points, one.checkable, one.manual_points, one.waiting) == (1, 7, 0, 4)
    assert one.diagnosed == "k; 1 not written yet"
    assert [part.mark for part in one.parts] == ["some", "waits", "none"]


def test_csv_columns_follow_the_problem_set():
    head, line = report.to_csv([row("x")]).splitlines()
    assert ",2 · Four weights,2 by hand · Four weights,10,mistakes,notes" in head
    assert line == "x,x,graded,1.0,1.0,0,4.0,1.0,,0.0,,"


def test_totals_that_changed_since_the_last_report_are_told():
    before = [row("x"), row("y"), Row("late", "Late", False, "no submission")]
    now = [row("x"), row("y", points=2.5, name="Yui"), row("late", name="Late"), row("new")]
    assert report.changes(report.to_csv(before), now) == [
        "Yui: 1 in the report before, now 2.5",
        "Late: nothing in the report before, now 1",
    ]
    assert report.changes("", now) == report.changes("a,b\n1,2\n", now) == []


def test_what_is_not_read_yet_is_in_no_total():
    assert (row("x").total, row("x").read) == (1, 7)
    page = report.to_html([row("x")])
    assert "1&nbsp;/&nbsp;7" in page and "4 not read yet" in page
    assert 'title="2 by hand · Four weights: not read yet"' in page


def test_wrong_answers_without_a_name_are_together_where_they_gave_the_same(tmp_path):
    def seen(*codes, named=False):
        wrong = [{"name": name, "ok": False, "error": 1.0, "same": same} for name, same in codes]
        return verdict("pattern: odd") | {"quantities": wrong, "named": named}

    def unnamed(data):
        path = tmp_path / "a.ipynb"
        answer = new_code_cell("def f(): …", metadata={"nbgrader": {"grade_id": "p1-answer"}})
        check = new_code_cell(
            "…",
            metadata={"nbgrader": {"grade_id": "p1-check"}},
            outputs=[shown(data), shown(verdict("pattern: odd") | {"quantities": [], "named": False})],
        )
        nbformat.write(new_notebook(cells=[answer, check]), path)
        return tuple(checks.read_checks(path, {"p1-check"}).unnamed)

    rows = [
        row("a")._replace(unnamed=unnamed(seen(("dW", "12"), ("db", "34")))),
        row("b")._replace(unnamed=unnamed(seen(("dW", "12"), ("db", "34")))),
        row("c")._replace(unnamed=unnamed(seen(("dW", "12")))),
        row("d")._replace(unnamed=unnamed(seen(("dW", "12"), named=True))),
    ]
    assert report.group_unnamed(rows) == [
        ("ps1.x", ("dW", "db"), ("a", "b"), "def f(): …", "e4171699"),
        ("ps1.x", ("dW",), ("c",), "def f(): …", "e7975a96"),
    ]
    assert "def f(): …" in report.to_html(rows)
    out = io.StringIO()
    Console(file=out, width=200).print(report.to_terminal(rows))
    said = "2 students share an answer to ps1.x that nobody has named (dW, db): a, b; in names.csv: e4171699"
    assert said in out.getvalue()


@pytest.mark.parametrize(
    ("auto", "manual", "needs", "points", "waits"),
    [
        (None, None, True, None, True),
        (None, 3.0, False, 3.0, False),
        (0, None, False, 0, False),
        (None, 3.0, True, 3.0, False),
    ],
    ids=["not read yet", "read", "left empty", "read, then handed in again"],
)  # fmt: skip
def test_points_by_hand_stay_when_a_submission_is_graded_again(auto, manual, needs, points, waits):
    cell = SimpleNamespace(cell_type="markdown")
    grade = SimpleNamespace(
        name="p2-derivation", max_score=4.0, cell=cell, auto_score=auto, manual_score=manual,
        needs_manual_grade=needs,
    )  # fmt: skip
    part = report.as_part(grade, {"p2": "Four weights"})
    assert (part.points, part.waits, part.full_name) == (points, waits, "2 by hand · Four weights")
    assert report.to_read_again(grade) == (needs and manual is not None)


def test_parts_are_called_by_their_headings():
    titles = report.part_titles(ROOT / "solutions" / "ps1")
    assert titles["p4"] == "A linear layer, a column per example" and len(titles) == 11


def test_a_class_without_anyone():
    assert report.to_csv([]).count("\n") == 1
    assert "none diagnosed" in report.to_html([])
    Console(file=io.StringIO()).print(report.to_terminal([]))


@pytest.fixture
def in_course(tmp_path, monkeypatch):
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


@pytest.mark.parametrize(
    ("gradebook", "sentence"),
    [
        (None, "gradebook.db: no gradebook there; has anything been graded?"),
        (b"no database at all, but long enough", "the gradebook cannot be read: file is not a database"),
    ],
)
def test_a_report_that_cannot_be_made_is_one_sentence(in_course, capsys, gradebook, sentence):
    if gradebook:
        (in_course / "gradebook.db").write_bytes(gradebook)
    assert cli.main(["report", "ps1"]) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1


def test_report_writes_its_files_into_the_course_around_it(in_course, capsys):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{in_course / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_notebook("ps1", "ps1")
        gradebook.add_student("=b", first_name="Bo")
    assert cli.main(["report", "ps2"]) == 2
    assert "nbgrader generate_assignment ps2 --force makes it known" in capsys.readouterr().err
    assert cli.main(["report", "ps1"]) == 0
    written = sorted(path.name for path in (in_course / "report").iterdir())
    assert written == ["ps1-in-class.html", "ps1.csv", "ps1.html"]
    assert "no submission" in capsys.readouterr().out


def test_collect_needs_a_gradebook_and_the_assignment(tmp_path):
    with pytest.raises(FileNotFoundError, match="no gradebook there"):
        report.collect(tmp_path, "ps1")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("ps1")
        gradebook.add_notebook("ps1", "ps1")
        gradebook.add_student("a")
        gradebook.add_student("b", first_name="Bo", last_name="Berg")
    with pytest.raises(LookupError, match="no assignment 'ps9'"):
        report.collect(tmp_path, "ps9")
    (tmp_path / "submitted" / "b" / "ps1").mkdir(parents=True)
    (tmp_path / "submitted" / "b" / "ps1" / "ps1 (2).ipynb").write_text("{}")
    (tmp_path / "submitted" / "stranger" / "ps1").mkdir(parents=True)
    (tmp_path / "submitted" / "odd[1]" / "ps1").mkdir(parents=True)
    rows = {row.student: row.status for row in report.collect(tmp_path, "ps1")}
    assert rows == {
        "a": "no submission",
        "odd[1]": "nbgrader passes folders with [ or ] in their names over: rename it, grade again",
        "b": "ps1 (2).ipynb is JSON, but no notebook: it has no cells",
        "stranger": "no notebook in it",
    }


# --- the feedback ----------------------------------------------------------------------------------


def test_hidden_tests_leave_the_cell_and_its_traceback():
    source = "check(f)\n### BEGIN HIDDEN TESTS\ncheck(f, seed=4101)\n### END HIDDEN TESTS"
    output = new_output("error", ename="NameError", evalue="no f", traceback=["1 check(f)", "3 seed=4101"])
    metadata = {"nbgrader": {"grade": True, "locked": True, "solution": False}}
    cell, _ = HideTests().preprocess_cell(new_code_cell(source, metadata=metadata, outputs=[output]), {}, 0)
    assert cell.source == "check(f)" and cell.outputs[0].traceback == ["NameError: no f"]


def test_markers_in_a_students_cell_do_no_harm():
    cell = new_code_cell("### BEGIN HIDDEN TESTS\nmine = 1")
    assert HideTests().preprocess_cell(cell, {}, 0)[0].source == "### BEGIN HIDDEN TESTS\nmine = 1"


# --- the demo's failures ---------------------------------------------------------------------------


def test_a_foreign_folder_is_not_wiped(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert demo.main([str(tmp_path)]) == 1
    assert "was not made by an earlier demo" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").exists()


def test_its_own_folder_is_made_again(tmp_path):
    demo.prepare(tmp_path)
    (tmp_path / "old").touch()
    demo.prepare(tmp_path)
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "students.csv").read_text(encoding="utf-8").count("\n") == len(samples.STUDENTS) + 1
    assert not list(tmp_path.rglob("*.md"))


def test_a_place_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert demo.main([str(tmp_path / "file" / "demo")]) == 1
    error = capsys.readouterr().err
    assert "may you write" in error and error.count("\n") == 1


@pytest.mark.parametrize("package", ["nbgrader", "rich"])
def test_a_missing_package_says_how_to_install_it(package, monkeypatch, capsys, tmp_path):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find_spec(name)
    )
    assert demo.main([str(tmp_path / "demo")]) == 1
    assert f'{package} is not installed: run `make setup`, or python -m pip install -e ".[grading]"' in (
        capsys.readouterr().err
    )


def test_unbuilt_solutions_are_one_sentence(tmp_path):
    with pytest.raises(DemoError, match="build it with `vgcourse notebooks`"):
        demo.prepare(tmp_path / "demo", root=tmp_path)


def test_a_failed_step_is_a_sentence_and_the_log_stays(tmp_path):
    course = Course(tmp_path, "ps1", Console(file=io.StringIO()))
    with pytest.raises(DemoError, match=r"grade: nbgrader failed: .*nbgrader\.log"):
        course.step("grade", "autograde", "ps1")
    assert "$ nbgrader autograde ps1" in (tmp_path / "nbgrader.log").read_text(encoding="utf-8")
    assert "the disk is full" in str(course.failed("grade", "OSError: [Errno 28] No space left on device"))
