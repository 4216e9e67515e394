"""What became of a class: points from nbgrader's gradebook, mistakes from the data that checks leave behind.

    rows = collect("path/of/the/course", "ps1")
    print(to_csv(rows))

Everything in a submission is foreign text: it is cut, not trusted to be well-formed, escaped where shown.
"""

import csv
import io
from pathlib import Path

from vgcourse.grading.checks import LONGEST, natural, read_checks, read_notes, short
from vgcourse.grading.page import to_html
from vgcourse.grading.rows import Part, Row, count_mistakes, part_names

__all__ = ["Part", "Row", "collect", "count_mistakes", "to_csv", "to_html", "to_terminal"]

MARKS = {
    "all": ("●", "green"),
    "some": ("◐", "yellow"),
    "none": ("○", "red"),
    "waits": ("?", "cyan"),
    "absent": ("–", "dim"),
}
LEGEND = {"●": "all points", "◐": "some", "○": "none", "?": "waits for a human", "–": "not there"}


def collect(course_root, assignment):
    """Read the gradebook and the autograded notebooks of one assignment.

    Parameters
    ----------
    course_root : path of the folder with nbgrader_config.py
    assignment : "ps1"

    Returns
    -------
    list of Row: every enrolled student and everyone who handed in, once, by last name

    Raises
    ------
    LookupError
        If the gradebook does not know the assignment.
    FileNotFoundError
        If there is no gradebook.
    """
    from nbgrader.api import Gradebook, MissingEntry

    folders = _folders(Path(course_root))
    if folders["db_url"].startswith("sqlite:///") and not Path(folders["db_url"][10:]).is_file():
        raise FileNotFoundError(f"{folders['db_url'][10:]}: no gradebook there; has anything been graded?")
    with Gradebook(folders["db_url"]) as gradebook:
        try:
            notebooks = list(gradebook.find_assignment(assignment).notebooks)
        except MissingEntry as error:
            raise LookupError(
                f"the gradebook knows no assignment {assignment!r}: nbgrader generate_assignment "
                f"{assignment} --force makes it known."
            ) from error
        students = sorted(gradebook.students, key=lambda s: ((s.last_name or s.id).casefold(), s.id))
        names = {s.id: f"{s.first_name or ''} {s.last_name or ''}".strip() or s.id for s in students}
        for folder in sorted(folders["submitted"].glob(f"*/{assignment}")):
            names.setdefault(folder.parent.name, folder.parent.name)
        return [
            _row(gradebook, MissingEntry, folders, assignment, notebooks, student, name)
            for student, name in names.items()
        ]


def _folders(root):
    """Where this course keeps things, as its nbgrader_config.py says."""
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    config = Config()
    if (root / "nbgrader_config.py").is_file():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    course = config.CourseDirectory
    root = Path(course.get("root", root))
    return {
        "db_url": course.get("db_url", f"sqlite:///{root / 'gradebook.db'}"),
        "submitted": root / course.get("submitted_directory", "submitted"),
        "autograded": root / course.get("autograded_directory", "autograded"),
    }


def _row(gradebook, missing_entry, folders, assignment, notebooks, student, name):
    submitted = folders["submitted"] / student / assignment
    autograded = folders["autograded"] / student / assignment
    if not submitted.is_dir():
        return Row(student, name, False, "no submission")
    try:
        submission = gradebook.find_submission(assignment, student)
    except missing_entry:
        submission = None
    graded = all((autograded / f"{notebook.name}.ipynb").is_file() for notebook in notebooks)
    if submission is None or not graded:
        return Row(student, name, False, _reason(submitted, notebooks))

    parts, mistakes, unreadable, notes = [], [], [], []
    for notebook in submission.notebooks:
        file = autograded / f"{notebook.name}.ipynb"
        grades = {grade.name: grade for grade in notebook.grades}
        found, bad = read_checks(file, set(grades))
        mistakes += found
        unreadable += bad
        parts += [_part(grade) for grade in grades.values()]
        notes += read_notes(file)
        if _newer(submitted, notebook.name, file):
            again = f"nbgrader autograde {assignment} --student={student} --force"
            notes.append(f"handed in again since it was graded: {again}")
    parts.sort(key=lambda part: natural(part.name))
    waits = sum(part.waits for part in parts)
    status = f"{waits} answer{'s' * (waits > 1)} wait{'s' * (waits == 1)} for a human" if waits else "graded"
    unreadable = tuple(sorted(unreadable, key=natural))
    if unreadable:
        status += f"; check data unreadable: {', '.join(unreadable)}"
    mistakes = tuple(dict.fromkeys(mistakes))
    return Row(student, name, True, status, tuple(parts), mistakes, unreadable, tuple(notes))


def _reason(submitted, notebooks):
    """Why a submission is not graded, in one sentence."""
    from vgcourse.grading.restore import given_cells, restore
    from vgcourse.grading.submitted import Refused, chosen, read

    if any(sign in str(submitted) for sign in "[]"):
        return "nbgrader passes folders with [ or ] in their names over: rename it, grade again"
    try:
        for notebook in notebooks:
            restore(read(chosen(submitted, notebook.name)), given_cells(notebook))
    except Refused as error:
        return short(error, 4 * LONGEST)
    return "not graded yet, or it could not be: run nbgrader autograde and see what it says"


def _newer(submitted, name, graded):
    """Was the notebook handed in after it was graded?"""
    from vgcourse.grading.submitted import Refused, chosen

    try:
        return chosen(submitted, name).stat().st_mtime > graded.stat().st_mtime
    except Refused:
        return False


def _part(grade):
    points = grade.manual_score if grade.manual_score is not None else grade.auto_score
    by_hand = grade.cell.cell_type == "markdown"
    return Part(grade.name, points, grade.max_score, bool(grade.needs_manual_grade), by_hand)


def to_csv(rows):
    """One line per student, one column per graded cell; safe to open in a spreadsheet.

    Returns
    -------
    str
    """
    names = part_names(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["student", "name", "status", "autograded", "by hand", "waiting for a human", *names, "mistakes"]
    writer.writerow(head)
    for row in rows:
        points = {part.name: "" if part.waits else part.points for part in row.parts}
        totals = (row.auto_points, row.manual_points, row.waiting) if row.graded else ("", "", "")
        mistakes = "; ".join(f"{mistake.problem}: {mistake.kind}" for mistake in row.mistakes)
        line = [row.student, row.name, row.status, *totals, *(points.get(n, "") for n in names), mistakes]
        writer.writerow([_harmless(value) for value in line])
    return out.getvalue()


def _harmless(value):
    """A spreadsheet takes text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def to_terminal(rows):
    """Two tables for rich: the students, and the mistakes with how many students made each.

    Parameters
    ----------
    rows : list of Row

    Returns
    -------
    rich renderable
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    names = part_names(rows)
    students = Table(box=box.SIMPLE_HEAD, title="Students", title_justify="left", pad_edge=False)
    students.add_column("student")
    students.add_column("checked", justify="right", no_wrap=True)
    students.add_column("by hand", justify="right", no_wrap=True)
    students.add_column("parts", no_wrap=True)
    students.add_column("diagnosed")
    for row in rows:
        if not row.graded:
            students.add_row(Text(short(row.name)), "–", "–", "", Text(row.status, style="red"))
            continue
        parts = {part.name: part for part in row.parts}
        marks = Text()
        for name in names:
            marks.append(*MARKS[parts[name].mark if name in parts else "absent"])
        by_hand = f"{row.waiting:g} wait" if row.waiting else f"{row.manual_points:g}"
        checked = f"{row.auto_points:g} / {row.checkable:g}"
        students.add_row(Text(short(row.name)), checked, by_hand, marks, Text(row.diagnosed))
    legend = Text.assemble(
        *[item for name, style in MARKS.values() for item in ((name, style), f" {LEGEND[name]}   ")]
    )

    mistakes = Table(box=box.SIMPLE_HEAD, title="Mistakes", title_justify="left", pad_edge=False)
    mistakes.add_column("students", justify="right")
    mistakes.add_column("problem", no_wrap=True)
    mistakes.add_column("mistake")
    for mistake, number in count_mistakes(rows):
        mistakes.add_row(str(number), Text(mistake.problem), Text(mistake.kind))
    return Group(students, legend, Text(), mistakes)
