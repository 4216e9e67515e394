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

from demo.course import Course, DemoError
from demo.ps1 import PS1
from demo.ps4 import PS4
from demo.samples import READ_BY_HAND, STUDENTS
from vgcourse.authoring.build import ROOT
from vgcourse.grading import report

PROBLEM_SETS = (PS1, PS4)
MARKER = ".vgcourse-demo"  # a folder with this file in it was made here and may be wiped


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


def run(workspace, root=ROOT, console=None, students=STUDENTS, problem_sets=PROBLEM_SETS):
    """Make a course in `workspace`, grade its sample submissions, write and show the reports.

    Parameters
    ----------
    workspace : path; wiped first if an earlier demo made it
    root : path of the course whose solutions/ and nbgrader_config.py are used
    console : rich Console, default the terminal
    students : the class, samples.Student each
    problem_sets : what it works on, samples.ProblemSet each

    Returns
    -------
    dict, name of the problem set → list of report rows

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
    prepare(workspace, root, students, problem_sets)
    console.print(f"[bold]A class of {len(students)} students[/bold], in {workspace}")
    Course(workspace, "", console).step("enrol the students", "db", "student", "import", "students.csv")
    rows = {one.name: grade(workspace, one, console) for one in problem_sets}
    for one in problem_sets:
        console.print()
        console.print(f"[bold]{one.name}[/bold]")
        console.print(report.to_terminal(rows[one.name]))
        for name, what in (
            (f"report-{one.name}.html", "the same for the browser"),
            (f"report-{one.name}.csv", "and for a spreadsheet"),
            (f"feedback/{READ_BY_HAND}/{one.name}/{one.name}.html", "what a student gets"),
        ):
            console.print(f"{workspace / name}  {what}", soft_wrap=True)
    console.print(f"{workspace / 'nbgrader.log'}  all that nbgrader said", soft_wrap=True)
    console.print(f"{time.monotonic() - started:.0f} s")
    return rows


def grade(workspace, problem_set, console):
    """One problem set from release to report.

    Returns
    -------
    list of report rows
    """
    name = problem_set.name
    course = Course(workspace, name, console)
    console.print(f"[bold]{name}[/bold]")
    course.step("release the problem set", "generate_assignment", name, "--create")
    course.validate()
    submissions = hand_in(workspace, problem_set)
    console.print(f"  {len(submissions)} submissions are in submitted/")
    course.autograde(submissions)
    grade_by_hand(workspace, problem_set)
    console.print(f"  a human has read the written answers of {READ_BY_HAND} (made up); the others wait")
    course.step("write the feedback", "generate_feedback", name)

    rows = report.collect(workspace, name)
    (workspace / f"report-{name}.csv").write_text(report.to_csv(rows), encoding="utf-8")
    page = report.to_html(rows, title=f"{name}: a class of samples")
    (workspace / f"report-{name}.html").write_text(page, encoding="utf-8")
    return rows


def prepare(workspace, root=ROOT, students=STUDENTS, problem_sets=PROBLEM_SETS):
    """An empty course in `workspace`: solutions, configuration, list of students.

    Raises
    ------
    DemoError
        If the folder holds something that no demo has made, or the solutions are not built.
    """
    built = [root / "solutions" / one.name / f"{one.name}.ipynb" for one in problem_sets]
    for path in built:
        if not path.is_file():
            raise DemoError(f"{path} is missing: build it with `vgcourse notebooks`")
    if workspace.exists() and not (workspace / MARKER).is_file():
        if not workspace.is_dir() or any(workspace.iterdir()):
            raise DemoError(
                f"{workspace} was not made by an earlier demo and is not touched: name another folder"
            )
    if workspace.exists():
        shutil.rmtree(workspace)
    workspace.mkdir(parents=True)
    (workspace / MARKER).write_text("made by `vgcourse demo`, wiped by the next one\n", encoding="utf-8")
    for path in built:
        folder = workspace / "solutions" / path.stem
        folder.mkdir(parents=True)
        shutil.copy(path, folder)
    shutil.copy(root / "nbgrader_config.py", workspace)  # it makes its own folder the course's root
    lines = [",".join(student) for student in students]
    text = "\n".join(["id,first_name,last_name", *lines, ""])
    (workspace / "students.csv").write_text(text, encoding="utf-8")


def hand_in(workspace, problem_set):
    """Write the sample submissions where nbgrader collects them.

    Returns
    -------
    list of the students who handed in
    """
    import nbformat

    name = problem_set.name
    released, solutions = (
        nbformat.read(workspace / folder / name / f"{name}.ipynb", as_version=4)
        for folder in ("exercises", "solutions")
    )
    for student, submission in problem_set.submissions.items():
        folder = workspace / "submitted" / student / name
        folder.mkdir(parents=True)
        notebook = submission.make(released, solutions)
        text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
        (folder / f"{submission.file_name or name}.ipynb").write_text(text, encoding="utf-8")
    return list(problem_set.submissions)


def grade_by_hand(workspace, problem_set):
    """Put points and comments for one student's derivations into the gradebook, as the formgrader does."""
    from nbgrader.api import Gradebook

    name = problem_set.name
    with Gradebook(f"sqlite:///{workspace / 'gradebook.db'}") as gradebook:
        for cell, (points, comment) in problem_set.comments.items():
            grade = gradebook.find_grade(cell, name, name, READ_BY_HAND)
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.find_comment(cell, name, name, READ_BY_HAND).manual_comment = comment
        gradebook.db.commit()
