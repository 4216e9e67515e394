"""`vgcourse due`, `take-in`, `export` and `solutions`: a term from the hand-ins to the marks."""

import functools
import sys
from pathlib import Path

from vgcourse.grading.course import course_folders, course_root, missing_gradebook, unknown_set

SYSTEMS = ("canvas", "moodle", "plain")


def add_to(commands):
    """Register them with argparse's subparsers."""
    due = commands.add_parser("due", help="when a set is due; without a time: what is known")
    due.add_argument("assignment", nargs="?", help="such as ps1")
    due.add_argument("time", nargs="?", help="such as 2027-03-01T23:59+01:00")
    due.set_defaults(run=_due)

    take_in = commands.add_parser("take-in", help="hand-ins from a zip of Canvas, Moodle or Gradescope")
    take_in.add_argument("download", type=Path, help="the zip, or a folder unpacked from it")
    take_in.add_argument("assignment", help="such as ps1")
    take_in.add_argument(
        "--times",
        metavar="FILE",
        help='CSV of ids and times of hand-in, or "zip": its own dates',
    )
    take_in.set_defaults(run=_take_in)

    export = commands.add_parser("export", help="marks as a CSV for Canvas, Moodle or a spreadsheet")
    export.add_argument("assignments", nargs="+", metavar="assignment", help="such as ps1")
    export.add_argument(
        "--for", dest="system", choices=SYSTEMS, help="default: where the class's list is from"
    )
    export.add_argument("--unread", action="store_true", help="marks without the answers not read yet, too")
    export.add_argument("--to", type=Path, metavar="FILE", help="default: grades.csv in the course's folder")
    export.set_defaults(run=_export)

    solutions = commands.add_parser("solutions", help="a solved set to show after the deadline")
    solutions.add_argument("assignment", help="such as ps1")
    solutions.add_argument("--now", action="store_true", help="before the due date, too")
    solutions.add_argument("--zip", type=Path, metavar="FILE", help="a zip in place of a folder")
    solutions.set_defaults(run=_solutions)


def _course():
    """(the course's folder, where it keeps things)"""
    root = course_root()
    return root, course_folders(root)


def complain(command, error, code=2):
    """Say what a command could not do, in one sentence; gives its exit code."""
    if isinstance(error, OSError) and error.filename:  # else it begins with [Errno 2]
        error = f"{error.filename}: {error.strerror}."
    print(f"vgcourse {command}: {error}", file=sys.stderr)
    return code


def opens_gradebook(command):
    """Decorate what runs a command: a gradebook that cannot be read is one sentence."""

    def decorate(run):
        @functools.wraps(run)
        def run_and_tell(arguments):
            from sqlalchemy.exc import DatabaseError

            try:
                return run(arguments)
            except DatabaseError as error:
                return complain(command, f"the gradebook cannot be read: {error.orig}")

        return run_and_tell

    return decorate


def _due_dates(folders):
    """{set: due date or None}; nothing where there is no gradebook yet, and none is made."""
    from nbgrader.api import Gradebook

    from vgcourse.grading.late import due_dates

    if missing_gradebook(folders["db_url"]):
        return {}
    with Gradebook(folders["db_url"]) as gradebook:
        return due_dates(gradebook)


@opens_gradebook("due")
def _due(arguments):
    from nbgrader.api import Gradebook

    from vgcourse.grading.late import LateError, in_words, read_extensions, set_due, unknown_in

    root, folders = _course()
    asked = arguments.assignment
    if arguments.time:
        if problem := unknown_set(folders["source"], asked):
            return complain("due", problem)
        try:
            with Gradebook(folders["db_url"]) as gradebook:
                set_due(gradebook, asked, arguments.time)
        except LateError as error:
            return complain("due", error)
    known = _due_dates(folders)
    if asked and asked not in known and (problem := unknown_set(folders["source"], asked)):
        return complain("due", problem)
    for name, due in known.items() if asked is None else [(asked, known.get(asked))]:
        print(f"{name}: {in_words(due)}" if due else f"{name}: no due date")
    try:
        extensions = read_extensions(root / "extensions.csv")
    except LateError as error:
        return complain("due", error)
    if known and extensions:
        with Gradebook(folders["db_url"]) as gradebook:
            unknown = unknown_in(extensions, gradebook)
        if unknown:
            return complain("due", f"extensions.csv names what is not there: {', '.join(unknown)}.", code=1)
        print(f"extensions.csv: longer for {', '.join(extensions)}.")
    return 0


def _take_in(arguments):
    from vgcourse.grading.archive import ArchiveError
    from vgcourse.grading.checks import short
    from vgcourse.grading.intake import take_in
    from vgcourse.grading.roster import KEPT, RosterError, kept

    root, folders = _course()
    try:
        students = kept(root)
        problem = unknown_set(folders["source"], arguments.assignment)
        if not students:
            problem = f"there is no {KEPT}: enrol the class first (vgcourse roster LIST.csv)."
        if problem:
            return complain("take-in", problem)
        lines = take_in(root, students, arguments.download, arguments.assignment, arguments.times)
    except (ArchiveError, RosterError, OSError) as error:
        return complain("take-in", error)
    for line in lines:  # a name in a zip can hold anything, also what would steer a terminal
        print(
            f"{short(line.path, 200)}: {f'{line.student}, ' if line.student else ''}{short(line.what, 300)}"
        )
    there = {
        path.parent.parent.name for path in folders["submitted"].glob(f"*/{arguments.assignment}/*.ipynb")
    }
    absent = [one.name for one in students if one.student not in there]
    left = [line for line in lines if not line.taken and line.path.lower().endswith((".ipynb", ".zip"))]
    print(f"{arguments.assignment}: {len(students) - len(absent)} of {len(students)} have handed in.")
    if absent:
        print(f"Not yet: {', '.join(absent)}.")
    if left:
        print(f"{len(left)} not taken: the reasons stand above.")
    return 1 if left else 0


@opens_gradebook("export")
def _export(arguments):
    from vgcourse.grading.export import ExportError, export
    from vgcourse.grading.late import LateError
    from vgcourse.grading.naming import NamesError
    from vgcourse.grading.report import UnknownAssignment
    from vgcourse.grading.roster import RosterError

    root = course_root()
    to = arguments.to or root / "grades.csv"
    try:
        made = export(root, arguments.assignments, arguments.system, arguments.unread)
        to.write_text(made.text, encoding="utf-8")
    except (ExportError, RosterError, LateError, NamesError, UnknownAssignment, OSError) as error:
        return complain("export", error)
    print("\n".join([*made.told, f"{to} holds the marks of {', '.join(arguments.assignments)}."]))
    return 0


@opens_gradebook("solutions")
def _solutions(arguments):
    from vgcourse.grading.bundle import packed
    from vgcourse.grading.late import LateError
    from vgcourse.grading.solved import may_be_shown, solved

    root, folders = _course()
    name = arguments.assignment
    if problem := unknown_set(folders["source"], name):
        return complain("solutions", problem)
    try:
        if not arguments.now:
            may_be_shown(_due_dates(folders).get(name), name, root / "extensions.csv")
        files = solved(root / "solutions" / name)
        to = arguments.zip or root / "solution" / name
        if arguments.zip:
            to.write_bytes(packed(files, f"{name}-solved"))
        else:
            to.mkdir(parents=True, exist_ok=True)
            for file, data in files.items():
                (to / file).write_bytes(data)
    except (LateError, ValueError, OSError) as error:
        return complain("solutions", error)
    print(f"{to} holds {', '.join(sorted(files))}, without hidden tests and rubrics.")
    return 0
