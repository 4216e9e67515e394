"""`vgcourse roster`, `report`, `variant`, `grade`, those of `term`: what is typed beside nbgrader's own."""

from pathlib import Path

from vgcourse.grading import term
from vgcourse.grading.course import course_root
from vgcourse.grading.engine import command as grade


def add_to(commands):
    """Register them with argparse's subparsers."""
    roster = commands.add_parser("roster", help="enrol the students of a list from Canvas, Moodle or Excel")
    roster.add_argument("file", type=Path, help="CSV with a column of ids; names where they are there")
    roster.set_defaults(run=_roster)

    report = commands.add_parser("report", help="what became of a class: points, mistakes, who is missing")
    report.add_argument("assignments", nargs="+", metavar="assignment", help="such as ps1")
    report.set_defaults(run=_report)

    variant = commands.add_parser(
        "variant", help="hidden tests with seeds of your own, from a secret that stays with you"
    )
    variant.add_argument("--secret", type=Path, required=True, help="a file; made if it is not there")
    variant.set_defaults(run=_variant)

    grade.add_to(commands)
    term.add_to(commands)


@term.opens_gradebook("roster")
def _roster(arguments):
    from vgcourse.grading.course import course_folders
    from vgcourse.grading.roster import RosterError, enrol, keep, possible_points, read

    root = course_root()
    try:
        students = read(arguments.file)
        others = enrol(course_folders(root)["db_url"], students)
        keep(root, students, possible_points(arguments.file))
    except (RosterError, OSError) as error:
        return term.complain("roster", error)
    print(f"{len(students)} students are enrolled, from {students[0].student} to {students[-1].student}.")
    if others:
        print(f"In the gradebook and not on this list: {', '.join(others)}.")
        print("Who has left: nbgrader db student remove ID --force, which removes the marks, too.")
    return 0


@term.opens_gradebook("report")
def _report(arguments):
    from rich.console import Console

    from vgcourse.grading import inclass, report
    from vgcourse.grading.naming import NamesError

    root, console = course_root(), Console(highlight=False)
    for assignment in arguments.assignments:
        try:
            rows = report.collect(root, assignment)
            html, csv, shown = (
                root / "report" / f"{assignment}{ending}" for ending in (".html", ".csv", "-in-class.html")
            )
            html.parent.mkdir(exist_ok=True)
            before = csv.read_text(encoding="utf-8-sig") if csv.is_file() else ""
            html.write_text(report.to_html(rows, title=assignment), encoding="utf-8")
            csv.write_text(report.to_csv(rows), encoding="utf-8-sig")  # Excel asks for the mark
            page = inclass.to_html(inclass.questions(root, assignment, rows), title=assignment)
            shown.write_text(page, encoding="utf-8")
        except (report.UnknownAssignment, NamesError, OSError) as error:
            return term.complain("report", error)
        console.print(report.to_terminal(rows))
        for sentence in report.changes(before, rows):
            console.print(sentence, markup=False)
        console.print(f"{html}\n{csv}\n{shown}", markup=False, soft_wrap=True)
    return 0


def _variant(arguments):
    from vgcourse.grading.variant import SecretError, make

    try:
        sets = make(course_root(), arguments.secret)
    except (SecretError, OSError) as error:
        return term.complain("variant", error)
    print(f"variant/ holds {', '.join(sets)} with hidden tests of their own; nbgrader takes it from now on.")
    print(f"Keep {arguments.secret} and variant/ to yourself: git ignores secret* and variant/.")
    print("It is a copy: after an update of the course, run this again.")
    print(f"Now, for each set: nbgrader generate_assignment {sets[0]} --force")
    return 0
