"""The coordinator: one result for every student, whatever is handed in, interrupted, locked or killed."""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import right_answers  # noqa: E402
import tiny_course  # noqa: E402
from engine_course import JAIL, LIMITS, PROBLEMS, RIGHT, SECRET, Class, release  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output  # noqa: E402
from nbgrader.api import Gradebook  # noqa: E402
from test_jail import assert_ended, descendants  # noqa: E402
from tiny_course import ANSWER, cell_of, mark  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.check import evaluate, find  # noqa: E402
from vgcourse.collect import Answers, collect  # noqa: E402
from vgcourse.grading import outcome, report  # noqa: E402
from vgcourse.grading.engine import autograded, command, gradebook, kept, running, scoring  # noqa: E402
from vgcourse.grading.engine.assignment import asks_of, read_assignment, read_course, rooms_for  # noqa: E402
from vgcourse.grading.engine.errors import EngineError  # noqa: E402
from vgcourse.grading.engine.executors import InProcess, Processes, given_up  # noqa: E402
from vgcourse.grading.engine.orders import Ask, Check, Order  # noqa: E402
from vgcourse.grading.engine.scoring import Graded  # noqa: E402
from vgcourse.grading.engine.submissions import find_submission, order_for  # noqa: E402
from vgcourse.grading.jail import FRESH, NO_MORE, CellDone, Done, Limits  # noqa: E402
from vgcourse.grading.restore import Given  # noqa: E402
from vgcourse.judge.points import earned  # noqa: E402
from vgcourse.problems.problem import task  # noqa: E402
from vgcourse.tell.report import MIME  # noqa: E402


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return release(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture(scope="module")
def executor():
    with InProcess(JAIL) as one:
        yield one


@pytest.fixture
def course(released, executor, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(released, root)
    return Class(root, executor)


# --- everybody once --------------------------------------------------------------------------------


def test_every_student_has_one_outcome_in_plain_words(course):
    course.enrol("right", "Zoë 日本", "late_file", "lost", "absent", "twin", "stuck", "dead")
    course.hand_in("right", data_csv="1,2", timestamp_txt="2030-01-02 03:04:05 UTC")
    course.hand_in("Zoë 日本", second="return W @ dz, dz @ x.T, dz.sum(axis=1)")
    course.hand_in("twin", second="return W @ dz, dz @ x.T, dz.sum(axis=1)")
    folder = course.hand_in("late_file")
    (folder / "tiny.ipynb").rename(folder / "tiny (1).ipynb")
    course.hand_in("lost")
    (course.root / "submitted" / "lost" / "tiny" / "tiny.ipynb").write_text("{", encoding="utf-8")
    course.hand_in("dead", second="import os\n    os._exit(1)")
    endless = new_code_cell("while True: pass")
    course.hand_in("stuck", change=lambda notebook: notebook.cells.insert(1, endless))
    course.hand_in("stranger")
    summary = course.grade(limits=Limits(cell_seconds=0.5))
    said = {student: entry["status"] for student, entry in course.outcome().items()}
    graded = dict.fromkeys(("right", "Zoë 日本", "late_file", "twin"), "graded")
    assert said == graded | {
        "dead": "partly", "stuck": "partly", "lost": "refused", "absent": "no submission",
        "stranger": "not enrolled",
    }  # fmt: skip
    assert course.outcome()["lost"]["why"].startswith("tiny.ipynb is broken in line 1")
    assert course.outcome()["dead"]["why"] == "p2-check died"
    assert course.outcome()["stuck"]["why"] == "code cell 2 timed out"
    assert (summary.failed, summary.fresh) == (2, 5)  # two handed in the same: one result
    half = earned(
        3, evaluate("ps1.linear_backward", lambda dz, x, W: (W @ dz, dz @ x.T, dz.sum(axis=1))).share
    )
    assert course.points() == {
        "right": (2, 3), "late_file": (2, 3), "Zoë 日本": (2, half), "twin": (2, half),
        "stuck": (2, 3), "dead": (2, 0),
    }  # fmt: skip
    beside = course.root / "autograded" / "right" / "tiny"
    assert sorted(path.name for path in beside.iterdir()) == ["data.csv", "timestamp.txt", "tiny.ipynb"]
    with Gradebook(course.url, "vgcourse") as book:
        assert str(book.find_submission("tiny", "right").timestamp) == "2030-01-02 03:04:05"


def test_the_report_reads_what_the_engine_writes(course):
    course.enrol("right", "wrong", "dead")
    course.hand_in(
        "right", change=lambda notebook: setattr(cell_of(notebook, "p1-derivation"), "source", ANSWER)
    )
    course.hand_in("wrong", second="return 1 + W.T @ dz, dz @ x.T, dz.sum(axis=1)")
    course.hand_in("dead", first="import os; os._exit(1)")
    course.grade()
    rows = {row.student: row for row in report.collect(course.root, "tiny")}
    assert [rows[name].auto_points for name in ("right", "wrong", "dead")] == [5, 4, 3]
    assert rows["right"].waiting == 2 and rows["wrong"].waiting == 0
    assert rows["wrong"].unnamed[0].codes[0][0] == "dx"
    assert {mistake.kind for mistake in rows["dead"].mistakes} == {"NoAnswer"}
    assert rows["dead"].status.startswith("partly graded, ") and rows["right"].jail == JAIL
    page = report.to_html(list(rows.values()))
    assert f"jail: {JAIL}" in page and "Slowest cells: " in page and "NO JAIL" not in page
    unsafe = rows["right"]._replace(jail="none")
    assert "NO JAIL (--unsafe) for right" in report.to_html([unsafe])


def test_nobody_at_all_and_an_empty_roster(course):
    assert course.grade().counts == {}
    assert "nobody is enrolled (vgcourse roster" in command.in_one_line(course.grade())
    course.hand_in("right")
    assert course.grade().counts == {"graded": 1}  # as nbgrader does: who hands in is in the class
    course.enrol("other")
    course.hand_in("stranger")
    assert course.grade().counts == {"graded": 1, "no submission": 1, "not enrolled": 1}


# --- again -----------------------------------------------------------------------------------------


def test_only_what_is_new_or_changed_is_graded_again_and_marks_by_hand_stay(course):
    course.enrol("one", "two")
    course.hand_in(
        "one", change=lambda notebook: setattr(cell_of(notebook, "p1-derivation"), "source", ANSWER)
    )
    course.hand_in("two")
    assert course.grade().fresh == 2
    with Gradebook(course.url, "vgcourse") as book:
        grade = book.find_grade("p1-derivation", "tiny", "tiny", "one")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.find_comment("p1-derivation", "tiny", "tiny", "one").manual_comment = "well done"
        book.db.commit()
    assert course.grade().fresh == 0
    assert course.grade(again=True).fresh == 2
    assert course.scores()["one"]["p1-derivation"] == (
        None,
        1.5,
        False,
    )  # the same text: nothing to read again
    course.hand_in("one", first="return z", change=lambda notebook: setattr(
        cell_of(notebook, "p1-derivation"), "source", "Longer now."))  # fmt: skip
    summary = course.grade()
    assert (summary.fresh, summary.changes) == (1, ("one: 5 points of the checks before, now 3",))
    assert course.scores()["one"]["p1-derivation"] == (None, 1.5, True)
    with Gradebook(course.url, "vgcourse") as book:
        assert book.find_comment("p1-derivation", "tiny", "tiny", "one").comment == "well done"


def test_one_student_alone_leaves_the_others(course):
    course.enrol("one", "two")
    course.hand_in("one")
    course.hand_in("two")
    assert course.grade(only="two").counts == {"graded": 1}
    assert list(course.points()) == ["two"]
    with pytest.raises(EngineError, match="--student is 'three': nobody"):
        course.grade(only="three")
    assert course.grade().fresh == 1


def test_every_finished_run_is_followed_by_other_inputs(course):
    course.enrol("one")
    seen = []
    for first in ("return 2 * z", "return z + z"):
        course.hand_in("one", first=first)
        with kept.RunFolder(course.root, "tiny") as folder:
            seen.append(folder.secret())
            assert folder.secret() == seen[-1]  # as long as it is not finished
        course.grade(secret=None)
    assert seen[0] != seen[1] and not (course.root / "grading" / "tiny" / "secret").exists()


def test_a_new_gradebook_is_filled_again(course, released):
    course.enrol("one")
    course.hand_in("one")
    course.grade()
    shutil.copy(released / "gradebook.db", course.root)
    course.enrol("one")
    assert course.grade().fresh == 1 and course.points() == {"one": (2, 3)}


def test_a_part_that_came_later_is_graded(course):
    course.enrol("one")
    course.hand_in("one")
    course.grade()
    with Gradebook(course.url, "vgcourse") as book:
        book.db.delete(book.find_grade("p2-check", "tiny", "tiny", "one"))
        book.db.delete(book.find_comment("p2-answer", "tiny", "tiny", "one"))
        book.db.commit()
    course.grade(again=True)
    assert course.points() == {"one": (2, 3)}


# --- interrupted -----------------------------------------------------------------------------------


class Killed(BaseException):
    """What nobody catches."""


def fail_once(monkeypatch, owner, name, after=False, error=Killed):
    original = getattr(owner, name)

    def once(*args, **settings):
        monkeypatch.setattr(owner, name, original)
        if after:
            original(*args, **settings)
        raise error

    monkeypatch.setattr(owner, name, once)


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [
        (kept.RunFolder, "keep", False),
        (kept.RunFolder, "keep", True),
        (running, "write_grades", False),
        (running, "write_grades", True),
        (autograded.Placed, "put", False),
        (autograded.Placed, "put", True),
        (kept.RunFolder, "keep_outcome", True),
        (kept.RunFolder, "finish", False),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_stopped_anywhere_and_run_again_gives_the_same_marks(course, monkeypatch, owner, name, after):
    course.enrol("one", "two")
    course.hand_in("one")
    course.hand_in("two", first="return z")
    fail_once(monkeypatch, owner, name, after)
    with pytest.raises(Killed):
        course.grade(secret=None)
    course.grade(secret=None)
    assert course.points() == {"one": (2, 3), "two": (0, 3)}
    assert {entry["status"] for entry in course.outcome().values()} == {"graded"}
    left = {path.name for path in (course.root / "autograded").glob("*/*")}
    assert left == {"tiny"} and course.notebook("one").cells


def stop_in_the_midst(course, stop, *options):
    """Start the command in a session of its own and stop it after its first result.

    Returns
    -------
    its exit code, what it wrote to stderr, the processes that it had, the folders of their jails
    """
    command = [sys.executable, "-m", "vgcourse.cli", "grade", "tiny", "--processes", "2", "--jail", JAIL]
    process = subprocess.Popen(
        [*command, *options],
        cwd=course.root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    results = course.root / "grading" / "tiny" / "results"
    while process.poll() is None and not any(results.glob("*.json")):
        time.sleep(0.01)
    family = descendants(process.pid)
    found = [re.match(r"/[^,]*vgcourse-jail-\w+", word) for pid in family for word in words_of(pid)]
    stop(process)
    _, said = process.communicate(timeout=60)
    return process.returncode, said, family, {Path(folder[0]) for folder in found if folder}


def words_of(pid):
    """The command line of a process, empty where it has ended by now."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


def half_right_class(course):
    """Four students of different work; the points that they have to get."""
    students = [f"s{i}" for i in range(4)]
    course.enrol(*students)
    for i, student in enumerate(students):
        course.hand_in(student, first=f"return 2 * z + {i % 2}", second=f"# {i}\n    {RIGHT}")
    return {student: (2.0 * (i % 2 == 0), 3) for i, student in enumerate(students)}


def test_kill_9_in_the_midst_loses_nothing(course):
    points = half_right_class(course)
    stop_in_the_midst(course, subprocess.Popen.kill)
    course.grade(secret=None)
    assert course.points() == points


STOPS = {
    "Ctrl-C": lambda process: os.killpg(process.pid, signal.SIGINT),
    "two at once": lambda process: [process.send_signal(one) for one in (signal.SIGTERM, signal.SIGHUP)],
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_stopped_run_ends_in_one_sentence_leaves_nothing_behind_and_goes_on(course, stop, tmp_path):
    points = half_right_class(course)
    (tmp_path / "secret").write_bytes(SECRET)
    code, said, family, jails = stop_in_the_midst(course, STOPS[stop], "--secret", str(tmp_path / "secret"))
    assert (code, said) == (2, "vgcourse: stopped; run the same command again to go on.\n")
    assert_ended(family)  # a namespace ends with its last process
    assert jails and not [folder for folder in jails if folder.exists()]
    left = 4 - len(list((course.root / "grading" / "tiny" / "results").glob("*.json")))
    assert left < 4 and course.grade().fresh == left and course.points() == points


def test_a_kept_result_is_not_computed_twice(course, monkeypatch):
    course.enrol("one")
    course.hand_in("one")
    fail_once(monkeypatch, running, "write_grades")
    with pytest.raises(Killed):
        course.grade()
    assert course.grade().fresh == 0 and course.points() == {"one": (2, 3)}


def test_a_full_disk_is_one_sentence_and_leaves_no_half(course, monkeypatch):
    course.enrol("one")
    course.hand_in("one")
    for owner, name in ((kept, "write_whole"), (autograded.Placed, "_write")):
        fail_once(monkeypatch, owner, name, error=OSError(28, "No space left on device"))
        with pytest.raises(EngineError, match="No space left on device"):
            course.grade()
        assert not list((course.root / "autograded").glob("*/*")) and course.points() in (
            {},
            {"one": (None, None)},
        )
    course.grade()
    assert course.points() == {"one": (2, 3)}


SMALL = 6 << 20  # bytes


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, with little space."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip() if done else 'no mount'}")
    yield place
    subprocess.run(["umount", "-R", str(place)], check=True)  # also what a failed test left mounted in it


def fill(disk, left):
    """Fill a disk but for so many bytes."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(ballast, max(0, ballast.stat().st_size - left))
    return ballast


def test_a_disk_that_is_really_full_is_one_sentence_each_time_and_loses_nothing(
    released, executor, small_disk
):
    shutil.copytree(released, small_disk / "course")
    course = Class(small_disk / "course", executor)
    points = half_right_class(course)
    handed_in = {path: path.read_bytes() for path in course.root.glob("submitted/*/*/*")}
    said = False
    for left in [*range(0, 160 << 10, 8 << 10), SMALL]:
        ballast = fill(small_disk, left)
        try:
            course.grade(secret=None)
        except EngineError as error:
            assert "\n" not in str(error) and ("No space left" in str(error) or "full" in str(error))
            said = True
        ballast.unlink()
        marks = course.points()
        assert all(marks[student] in (points[student], (None, None)) for student in marks)
    assert said and marks == points
    assert {path: path.read_bytes() for path in course.root.glob("submitted/*/*/*")} == handed_in
    assert not [path for path in course.root.rglob("*") if re.match(r"\.tiny-|\..+\.\d+$", path.name)]


def test_a_folder_that_is_read_only_is_one_sentence(released, executor, small_disk):
    shutil.copytree(released, small_disk / "course")
    course = Class(small_disk / "course", executor)
    course.enrol("one")
    course.hand_in("one")
    for closed in (course.root, course.root / "autograded", course.root / "grading"):
        closed.mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", str(closed), str(closed)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(closed)], check=True)
        with pytest.raises(EngineError, match=r"Read-only file system\.|readonly database") as raised:
            course.grade()
        assert "\n" not in str(raised.value)
        subprocess.run(["umount", str(closed)], check=True)
    course.grade()
    assert course.points() == {"one": (2, 3)}


def test_a_full_place_for_jails_is_one_sentence(course, small_disk, monkeypatch, capsys):
    made = tempfile.mkdtemp
    monkeypatch.setattr(
        tempfile, "mkdtemp",
        lambda *, prefix, dir: made(prefix=prefix, dir=small_disk if "jail" in prefix else dir),
    )  # fmt: skip
    fill(small_disk, 16 << 10)
    monkeypatch.chdir(course.root)
    assert cli.main(["grade", "tiny", "--processes", "1"]) == 2
    said = capsys.readouterr().err
    assert f"no jail could be laid out in {small_disk}: No space left on device" in said
    assert said.count("\n") == 1 and [path.name for path in small_disk.iterdir()] == ["ballast"]


# --- the gradebook ---------------------------------------------------------------------------------


def test_a_locked_gradebook_is_waited_for_and_then_one_sentence(course):
    course.enrol("one")
    course.hand_in("one")
    with sqlite3.connect(course.root / "gradebook.db") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EngineError, match="is locked: another program has had it for 0 seconds"):
            course.grade(patience=0)
        other.rollback()
    other.close()
    course.grade()
    assert course.points() == {"one": (2, 3)}


def test_a_gradebook_of_another_version_is_one_sentence(course):
    with sqlite3.connect(course.root / "gradebook.db") as other:
        other.execute("UPDATE alembic_version SET version_num = 'old'")
    other.close()
    with pytest.raises(
        EngineError, match=r"another version of nbgrader \(old, expected .*nbgrader db upgrade"
    ):
        course.grade()


def test_what_is_no_gradebook_is_one_sentence(course):
    (course.root / "gradebook.db").write_text("no database, but long enough to be one" * 40)
    with pytest.raises(EngineError, match="is no gradebook, or a broken one"):
        course.grade()
    (course.root / "gradebook.db").unlink()
    with pytest.raises(EngineError, match="no gradebook there"):
        course.grade()


def test_a_late_hand_in_gets_nbgraders_penalty(course):
    with open(course.root / "nbgrader_config.py", "a") as config:
        config.write("\nc.LateDays.per_day = 1.0\n")
    with Gradebook(course.url, "vgcourse") as book:
        book.update_or_create_assignment("tiny", duedate="2030-01-01 00:00:00 UTC")
    course.enrol("late", "early")
    course.hand_in("late", timestamp_txt="2030-01-02 00:00:00 UTC")
    course.hand_in("early", timestamp_txt="not a time")
    course.grade()
    with Gradebook(course.url, "vgcourse") as book:
        late, early = (book.find_submission("tiny", student) for student in ("late", "early"))
        assert late.late_submission_penalty == late.score == 5 and not early.late_submission_penalty
    assert (
        "timestamp.txt holds no time: it counts as in time"
        in course.notebook("early").metadata.vgcourse_notes
    )


# --- orders and scores -----------------------------------------------------------------------------


def given(source, name="p1-check"):
    return Given(name, "code", source, mark(name, grade=True, locked=True, points=2)["nbgrader"])


def test_a_checks_cell_says_what_it_asks_for():
    source = 'x = 1\ncheck("start.slope_of_square", f, points=2)\ncheck("start.slope_of_square", f, seed=3)'
    assert asks_of(given(source)) == (Ask("start.slope_of_square", "f"),)
    ugru = find("ps7.unified_cell").conventions
    if ugru:
        asked = asks_of(given(f'check("ps7.unified_cell", f, convention={ugru[0].name!r})'))
        assert asked == (Ask("ps7.unified_cell", "f", ugru[0].name),)
    for call in (
        'check("start.slope_of_square", lambda z: z)',
        'check("ps1.nothing", f)',
        "check(name, f)",
        "check()",
    ):
        with pytest.raises(EngineError, match="p1-check: .*expected check"):
            asks_of(given(call))
    for source in ("assert f(1) == 2", "2.0", ""):
        with pytest.raises(EngineError, match=r"p1-check: a graded cell without check\(…\)"):
            asks_of(given(source))
    with pytest.raises(EngineError, match="p1-check: line 1 is no Python"):
        asks_of(given('%time check("start.slope_of_square", f)'))


def test_a_cell_that_assigns_what_the_check_gives_is_a_check():
    assert asks_of(given('score = check("start.slope_of_square", f)')) == (Ask("start.slope_of_square", "f"),)


def test_a_report_knows_a_graded_notebook_by_what_it_was_made_from(tmp_path):
    entry = outcome.Entry(outcome.GRADED, content="c0ffee", seconds=2.5, jail="namespaces")
    row = report.Row("one", "One", True, "graded")
    (tmp_path / "gradients.ipynb").write_text(json.dumps({"metadata": {outcome.KEY: "c0ffee"}}))
    assert outcome.with_entry(row, entry, tmp_path).seconds == 2.5
    assert outcome.with_entry(row, entry._replace(content="other"), tmp_path) == row
    assert outcome.with_entry(row, entry, tmp_path / "nothing") == row


def test_the_jail_holds_what_answers_may_use_and_no_answers():
    assert rooms_for(["ps1.linear_backward"]) == (
        "activations", "gradcheck", "initializers", "losses", "plotting", "tasks",
    )  # fmt: skip
    assert "recurrent" in rooms_for(["ps6.leaky_forward"]) and "problems" not in rooms_for(["ps8.treat"])


def test_an_order_names_nobody_and_its_key_is_its_content(course):
    book = read_course(course.root)
    with gradebook.opened(book) as opened:
        assignment = read_assignment(opened, book, "tiny")
    course.hand_in("one")
    seeds = dict.fromkeys(PROBLEMS, (0, 5))

    def order(student="one", seeds=seeds, jail=JAIL):
        return order_for(find_submission(book, assignment, student, LIMITS), assignment, seeds, jail, LIMITS)

    first = order()
    assert "submitted" not in repr(first) and first.job().tasks.keys() == set(PROBLEMS)
    assert [cell.asks for cell in first.cells if cell.asks] == [
        ((PROBLEMS[0], "slope_of_square"),), ((PROBLEMS[1], "linear_backward"),),
    ]  # fmt: skip
    course.hand_in("two")
    assert order("two").key == first.key
    assert first.key not in (order(jail="none").key, order(seeds=dict.fromkeys(PROBLEMS, (0, 6))).key)
    course.hand_in("two", data_txt="1")
    assert order("two").key != first.key
    assert (
        find_submission(book, assignment, "../one", LIMITS) is None
        and find_submission(book, assignment, "nobody", LIMITS) is None
    )


def test_links_and_what_is_too_large_stay_behind(course, tmp_path):
    (tmp_path / "secret").write_text("not yours")
    folder = course.hand_in("one", big_bin="x" * 1000, small_txt="y")
    (folder / "link").symlink_to(tmp_path / "secret")
    book = read_course(course.root)
    with gradebook.opened(book) as opened:
        assignment = read_assignment(opened, book, "tiny")
    found = find_submission(book, assignment, "one", Limits(file_size=100))
    assert found.files == {"small.txt": b"y"}
    assert "left out, too large together: big.bin" in found.notebook.metadata.vgcourse_notes


ANSWERS = {
    "right": find("ps1.linear_backward").reference,
    "empty": lambda dz, x, W: None,
    "refused": lambda dz: dz,
    **{
        mistake.name: mistake.formula for mistake in find("ps1.linear_backward").mistakes[:12]
    },
}  # fmt: skip


def graded_cell(answers, absent=None, seeds=(41, 0)):
    """The cell of a check whose answers, two byte strings for each seed, came out of a jail."""

    class Given:
        def run(self, job, wanted):
            visible, fresh = {}, {}
            for number, (data, more) in enumerate(answers):
                key = 0, 0, number
                visible[key] = data
                if (what := wanted(key, data)) == FRESH:
                    fresh[key] = more
                if what == NO_MORE:
                    break
            return Done("k", "finished", (CellDone(),), visible, fresh, absent or {}, 0.1, JAIL)

    check = Check((Ask("ps1.linear_backward", "f"),), 4.0)
    order = Order("k", "tiny", ((),), {0: check}, {"ps1.linear_backward": seeds}, (), {}, Limits(), "")
    (cell,) = scoring.grade(order, Given()).cells
    return cell


def answered(fn, seed):
    """The bytes of what comes of the visible cases, and of the fresh ones."""
    answers = collect(fn, task(find("ps1.linear_backward"), seed))
    return answers._replace(fresh=()).to_bytes(), answers._replace(visible=()).to_bytes()


@pytest.mark.parametrize(
    "test, points, outputs",
    [
        (right_answers.RIGHT["ps4.is_clipping"][0], 4.0, 1),
        (lambda clip: True, 0.0, 2),
        (lambda clip: None, 0.0, 2),
        (lambda: True, 0.0, 2),
    ],
)
def test_a_problem_of_one_input_is_asked_once_and_judged_for_every_seed(test, points, outputs):
    class Jail:
        def run(self, job, wanted):
            (task,) = job.tasks["ps4.is_clipping"]
            data = collect(test, task).to_bytes()
            more = {(0, 0, 0): collect(test, task).to_bytes()} if wanted((0, 0, 0), data) == FRESH else {}
            return Done("k", "finished", (CellDone(),), {(0, 0, 0): data}, more, {}, 0.1, JAIL)

    check = Check((Ask("ps4.is_clipping", "is_clipping"),), 4.0)
    order = Order("k", "tiny", ((),), {0: check}, {"ps4.is_clipping": (41, 0)}, (), {}, Limits(), "")
    (cell,) = scoring.grade(order, Jail()).cells
    assert (cell.points, len(cell.outputs)) == (points, outputs)
    for seed in (41, 0):
        share = evaluate("ps4.is_clipping", test, seed=seed).share
        assert earned(4.0, share) == points


@pytest.mark.parametrize("name", ANSWERS)
def test_points_are_those_of_the_check_on_the_same_seed(name):
    cell = graded_cell([answered(ANSWERS[name], seed) for seed in (41, 0)])
    share = evaluate("ps1.linear_backward", ANSWERS[name], seed=41).share
    assert cell.points == earned(4.0, share)
    *visible, fresh = cell.outputs
    assert fresh["output_type"] == "execute_result" and len(visible) == (share < 1)
    assert fresh["data"]["text/plain"] == repr(cell.points) and fresh["data"][MIME]["points"] == cell.points
    shown = evaluate("ps1.linear_backward", ANSWERS[name]).findings
    for one in visible:
        assert one["output_type"] == "display_data"
        assert one["data"][MIME]["findings"] == [{"kind": f.kind, "text": f.text} for f in shown]


@pytest.mark.parametrize("most", [scoring.REMEMBERED, 0])
def test_the_same_answers_are_judged_once_where_they_are_small(monkeypatch, most):
    monkeypatch.setattr(scoring, "REMEMBERED", most)
    scoring.judged.cache_clear()
    answers = [answered(list(ANSWERS.values())[5], seed) for seed in (41, 0)]
    assert answers == [answered(list(ANSWERS.values())[5], seed) for seed in (41, 0)]
    first, second = graded_cell(answers), graded_cell(answers)
    assert first == second and scoring.judged.cache_info().hits == (2 if most else 0)
    first.outputs[-1]["data"]["text/plain"] = "99.0"  # one student's cell is not another's
    assert graded_cell(answers) == second


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK", Answers(None).to_bytes()])
def test_bytes_that_are_no_answers_get_no_points_and_a_sentence(data):
    cell = graded_cell([(data, b""), answered(ANSWERS["right"], 0)])
    assert cell.points == 0 and cell.outputs[-1]["evalue"].startswith("what came back is no answer")


@pytest.mark.parametrize("data", [b"nonsense", b"PK"])
def test_bytes_that_are_no_answers_to_fresh_inputs_get_no_points_either(data):
    seen, _ = answered(list(ANSWERS.values())[5], 41)
    cell = graded_cell([(seen, data), answered(ANSWERS["right"], 0)])
    assert cell.points == 0 and cell.outputs[-1]["evalue"].startswith("what came back is no answer")


def test_whoever_is_asked_for_more_cannot_change_what_came_first():
    wrong, right = list(ANSWERS.values())[5], ANSWERS["right"]
    honest = [answered(wrong, seed) for seed in (41, 0)]
    problem = find("ps1.linear_backward")
    second = [collect(right, task(problem, seed)).to_bytes() for seed in (41, 0)]
    forged = [(visible, data) for (visible, _), data in zip(honest, second, strict=True)]
    assert graded_cell(forged).points <= graded_cell(honest).points < 4


def test_an_answer_that_did_not_come_gets_no_points_and_the_reason():
    cell = graded_cell([], {(0, 0): "it took longer than 30 s"})
    assert cell.points == 0 and [one["output_type"] for one in cell.outputs] == ["error"]
    assert cell.outputs[-1]["evalue"] == "it took longer than 30 s"


def test_a_fault_of_ours_in_one_submission_sets_it_aside():
    class Faulty:
        def run(self, job, wanted):
            raise ZeroDivisionError("ours")

    order = Order("k", "tiny", (), {}, {}, (), {}, Limits(), "")
    assert scoring.grade(order, Faulty()).status == scoring.SET_ASIDE


# --- processes -------------------------------------------------------------------------------------


def test_a_jail_that_fails_is_tried_again_and_then_set_aside():
    failed = Graded("k", "jail failed", notes=("no room",))
    assert given_up(failed, 1) is None and given_up(failed, 2).status == scoring.SET_ASIDE
    assert given_up(failed._replace(status="finished"), 1).status == "finished"


def test_a_process_that_dies_loses_no_order_and_one_that_kills_is_set_aside(course):
    book = read_course(course.root)
    with gradebook.opened(book) as opened:
        assignment = read_assignment(opened, book, "tiny")
    orders = []
    for i in range(3):
        course.hand_in(f"s{i}", second=f"# {i}\n    {RIGHT}")
        found = find_submission(book, assignment, f"s{i}", LIMITS)
        orders.append(order_for(found, assignment, dict.fromkeys(PROBLEMS, (0, 5)), JAIL, LIMITS))
    orders[1] = orders[1]._replace(key="deadly", limits=Deadly())
    with Processes(2, JAIL) as pool:
        members = [*pool.members]
        graded = {one.key: one for one in pool.graded(iter(orders))}
        members += [*pool.members]
    assert {graded[order.key].status for order in (orders[0], orders[2])} == {"finished"}
    assert graded["deadly"].status == scoring.SET_ASIDE and "died" in graded["deadly"].notes[0]
    assert not any(member.process and member.process.is_alive() for member in members)


class Deadly:
    """In the place of limits: whoever receives it dies."""

    seconds = 60.0

    def __reduce__(self):
        return os._exit, (3,)


# --- the command -----------------------------------------------------------------------------------


def test_the_command_and_its_exit_codes(course, monkeypatch, capsys):
    monkeypatch.chdir(course.root)
    course.enrol("one", "two")
    course.hand_in("one")
    grade = ["grade", "tiny", "--processes", "1"]
    assert cli.main(grade) == 0
    out, err = capsys.readouterr()
    assert "tiny: 1 graded, 1 no submission; 1 graded now in" in out and f"(jail: {JAIL})" in out and not err
    course.hand_in("two")
    (course.root / "submitted" / "two" / "tiny" / "tiny.ipynb").write_text("")
    assert cli.main([*grade, "--unsafe"]) == 1
    out, err = capsys.readouterr()
    assert "two: refused: tiny.ipynb is empty" in out and "NO JAIL" in err
    assert cli.main(["grade", "nothing", "--processes", "1"]) == 2
    assert "the gradebook knows no assignment 'nothing'" in (said := capsys.readouterr().err)
    assert "there is no set 'nothing'; there are tiny." in said and "--force" not in said
    shutil.copytree(course.root / "solutions" / "tiny", course.root / "solutions" / "later")
    assert cli.main(["due", "later", "2027-03-01T23:59+01:00"]) == 0  # which the gradebook keeps
    assert cli.main(["grade", "later", "--processes", "1"]) == 2
    assert "nbgrader generate_assignment later --force makes it known" in capsys.readouterr().err
    assert cli.main(["grade", "tiny", "--processes", "0"]) == 2
    assert "--processes is 0; expected at least 1" in capsys.readouterr().err


def test_what_an_unsafe_run_gave_is_no_safe_result(course, monkeypatch):
    course.enrol("one")
    course.hand_in("one")
    monkeypatch.chdir(course.root)
    assert cli.main(["grade", "tiny", "--processes", "1", "--unsafe"]) == 0
    assert course.outcome()["one"]["jail"] == "none"
    assert course.grade().fresh == 1 and course.outcome()["one"]["jail"] == JAIL


def test_two_runs_of_one_assignment_at_once_are_refused(course):
    with (
        kept.RunFolder(course.root, "tiny"),
        pytest.raises(EngineError, match="tiny is being graded already"),
    ):
        course.grade()


def test_a_damaged_result_counts_as_none(course):
    with kept.RunFolder(course.root, "tiny") as folder:
        folder.keep(Graded("k", "finished", (scoring.GradedCell([], 1.0, 0.1, "ran"),), notes=("n",)))
        assert folder.kept("k").cells[0].points == 1.0 and folder.kept("other") is None
        (folder.path / "results" / "k.json").write_text(json.dumps({"key": "k"}))
        assert folder.kept("k") is None


def test_pictures_of_the_students_own_cells_stay_for_the_human(course):
    picture = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/html": "<script>"})
    experiment = new_code_cell("print('run')", outputs=[picture])

    def change(notebook):
        notebook.cells.append(experiment)
        cell_of(notebook, "p1-answer").outputs = [picture]

    course.enrol("one")
    course.hand_in("one", change=change)
    course.grade()
    notebook = course.notebook("one")
    printed, kept_picture = notebook.cells[-1].outputs
    assert printed.text == "run\n" and kept_picture.data == {"image/png": "iVBORw0KGgo="}
    assert cell_of(notebook, "p1-answer").outputs == []


def test_text_below_a_box_reaches_the_human(course):
    course.enrol("one")
    course.hand_in("one", change=lambda notebook: tiny_course.below_box(notebook, new_markdown_cell(ANSWER)))
    course.grade()
    assert ANSWER in cell_of(course.notebook("one"), "p1-derivation").source
    assert course.scores()["one"]["p1-derivation"] == (None, None, True)
