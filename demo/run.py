"""`vgcourse demo`: a class of sample submissions, from release to report, with the real nbgrader.

Each step is a command that an instructor would type; nothing is graded by this module itself.
"""

import argparse
import errno
import importlib.util
import shutil
import sys
import time
from pathlib import Path

from demo import samples
from demo.course import Course, DemoError
from vgcourse.authoring.build import ROOT
from vgcourse.grading import report

ASSIGNMENT = "ps1"
MARKER = ".vgcourse-demo"  # a folder with this file in it was made here and may be wiped
READ_BY_HAND = "a.okafor"
COMMENTS = {
    "p2-derivation": (4, "Every factor is there."),
    "p5-derivation": (3, "Derive the case i ≠ j, too."),
    "p11-experiment": (4, "A clear control."),
}


def main(argv=None):
    """Run the demo from the command line.

    Returns
    -------
    0 if every step worked, else 1
    """
    parser = argparse.ArgumentParser(prog="vgcourse demo", description=__doc__)
    default = ROOT / "build" / "demo"
    parser.add_argument(
        "workspace", nargs="?", type=Path, default=default, help=f"folder to work in (default: {default})"
    )
    arguments = parser.parse_args(argv)
    try:
        run(arguments.workspace)
    except DemoError as error:
        sentence = str(error)
    except OSError as error:
        full = error.errno == errno.ENOSPC  # a copy that fails so names its source
        place = arguments.workspace if full else error.filename or arguments.workspace
        sentence = f"{place}: {error.strerror or error}. Is there space, and may you write there?"
    else:
        return 0
    print(f"vgcourse demo: {sentence}", file=sys.stderr)
    return 1


def run(workspace, root=ROOT, console=None):
    """Make a course in `workspace`, grade its sample submissions, write and show the report.

    Parameters
    ----------
    workspace : path; wiped first if an earlier demo made it
    root : path of the course whose solutions/ and nbgrader_config.py are used
    console : rich Console, default the terminal

    Returns
    -------
    list of report rows

    Raises
    ------
    DemoError
        If a step fails; the message says which and why.
    OSError
        If the workspace cannot be written.
    """
    for package in ("nbgrader", "rich"):
        if importlib.util.find_spec(package) is None:
            raise DemoError(
                f'{package} is not installed: run `make setup`, or python -m pip install -e ".[grading]"'
            )
    from rich.console import Console

    console = console or Console(highlight=False)
    started = time.monotonic()
    workspace, root = Path(workspace).resolve(), Path(root)
    prepare(workspace, root)
    course = Course(workspace, ASSIGNMENT, console)

    console.print(f"[bold]A class of {len(samples.SAMPLES)} students[/bold], in {workspace}")
    course.step("enrol the students", "db", "student", "import", "students.csv")
    course.step("release the problem set", "generate_assignment", ASSIGNMENT, "--create")
    course.validate()
    submissions = hand_in(workspace)
    console.print(f"  {len(submissions)} submissions are in submitted/")
    course.autograde(submissions)
    grade_by_hand(workspace)
    console.print(f"  a human has read the written answers of {READ_BY_HAND} (made up); the others wait")
    course.step("write the feedback", "generate_feedback", ASSIGNMENT)

    rows = report.collect(workspace, ASSIGNMENT)
    (workspace / "report.csv").write_text(report.to_csv(rows), encoding="utf-8")
    page = report.to_html(rows, title=f"{ASSIGNMENT}: a class of samples")
    (workspace / "report.html").write_text(page, encoding="utf-8")
    console.print()
    console.print(report.to_terminal(rows))
    for name, what in (
        ("report.html", "the same for the browser"),
        ("report.csv", "and for a spreadsheet"),
        (f"feedback/{READ_BY_HAND}/{ASSIGNMENT}/{ASSIGNMENT}.html", "what a student gets"),
        ("nbgrader.log", "all that nbgrader said"),
    ):
        console.print(f"{workspace / name}  {what}", soft_wrap=True)
    console.print(f"{time.monotonic() - started:.0f} s")
    return rows


def prepare(workspace, root=ROOT):
    """An empty course in `workspace`: solutions, configuration, list of students.

    Raises
    ------
    DemoError
        If the folder holds something that no demo has made, or the solutions are not built.
    """
    built = root / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    if not built.is_file():
        raise DemoError(f"{built} is missing: build it with `vgcourse notebooks`")
    if workspace.exists() and not (workspace / MARKER).is_file():
        if not workspace.is_dir() or any(workspace.iterdir()):
            raise DemoError(
                f"{workspace} was not made by an earlier demo and is not touched: name another folder"
            )
    if workspace.exists():
        shutil.rmtree(workspace)
    workspace.mkdir(parents=True)
    (workspace / MARKER).write_text("made by `vgcourse demo`, wiped by the next one\n", encoding="utf-8")
    (workspace / "solutions" / ASSIGNMENT).mkdir(parents=True)
    shutil.copy(built, workspace / "solutions" / ASSIGNMENT)
    shutil.copy(root / "nbgrader_config.py", workspace)  # it makes its own folder the course's root
    lines = [f"{s.student},{s.first_name},{s.last_name}" for s in samples.SAMPLES]
    text = "\n".join(["id,first_name,last_name", *lines, ""])
    (workspace / "students.csv").write_text(text, encoding="utf-8")


def hand_in(workspace):
    """Write the sample submissions where nbgrader collects them.

    Returns
    -------
    list of the students who handed in
    """
    import nbformat

    released = nbformat.read(workspace / "exercises" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    students = []
    for sample in samples.SAMPLES:
        submission = sample.submit(released)
        if submission is None:
            continue
        folder = workspace / "submitted" / sample.student / ASSIGNMENT
        folder.mkdir(parents=True)
        text = submission if isinstance(submission, str) else nbformat.writes(submission)
        (folder / f"{ASSIGNMENT}.ipynb").write_text(text, encoding="utf-8")
        students.append(sample.student)
    return students


def grade_by_hand(workspace):
    """Put points and comments for one student's derivations into the gradebook, as the formgrader does."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{workspace / 'gradebook.db'}") as gradebook:
        for cell, (points, comment) in COMMENTS.items():
            grade = gradebook.find_grade(cell, ASSIGNMENT, ASSIGNMENT, READ_BY_HAND)
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.find_comment(cell, ASSIGNMENT, ASSIGNMENT, READ_BY_HAND).manual_comment = comment
        gradebook.db.commit()
