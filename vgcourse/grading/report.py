"""What became of a class: points from nbgrader's gradebook, mistakes from the data that checks leave behind.

    rows = collect("path/of/the/course", "ps1")
    print(to_csv(rows))

Everything in a submission is foreign text: it is cut, not trusted to be well-formed, escaped where shown.
"""

import csv
import io
import re
from pathlib import Path

from vgcourse.grading.checks import LONGEST, metadata_of, natural, read_checks, read_notes, short
from vgcourse.grading.course import cells_of, course_folders, missing_gradebook, not_generated, notebooks_in
from vgcourse.grading.naming import named, read_names
from vgcourse.grading.outcome import MISSING, entries_of, outcome_of, with_entry
from vgcourse.grading.page import to_html
from vgcourse.grading.reported import problems_of
from vgcourse.grading.rows import Part, Row, all_parts, count_mistakes, group_unnamed, in_words
from vgcourse.grading.screen import to_terminal

__all__ = [
    "Part",
    "Row",
    "UnknownAssignment",
    "changes",
    "collect",
    "count_mistakes",
    "group_unnamed",
    "to_csv",
    "to_html",
    "to_terminal",
]

PART = re.compile(r"^## Part (\d+) · (.+?)(?: \(●.*)?$", re.MULTILINE)


class UnknownAssignment(LookupError):
    """The gradebook does not know an assignment; the message says what makes it known."""


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
    UnknownAssignment
        If the gradebook does not know the assignment.
    FileNotFoundError
        If there is no gradebook.
    NamesError
        If names.csv cannot be read.
    """
    from nbgrader.api import Gradebook, MissingEntry

    folders = course_folders(Path(course_root))
    called = read_names(course_root)
    if missing := missing_gradebook(folders["db_url"]):
        raise FileNotFoundError(f"{missing}: no gradebook there; has anything been graded?")
    with Gradebook(folders["db_url"]) as gradebook:
        if not (notebooks := notebooks_in(gradebook, assignment)):
            raise UnknownAssignment(not_generated(folders["source"], assignment))
        students = sorted(gradebook.students, key=lambda s: ((s.last_name or s.id).casefold(), s.id))
        names = {s.id: f"{s.first_name or ''} {s.last_name or ''}".strip() or s.id for s in students}
        for folder in sorted(folders["submitted"].glob(f"*/{assignment}")):
            names.setdefault(folder.parent.name, folder.parent.name)
        titles = part_titles(folders["source"] / assignment)
        problems = problems_of(folders["source"] / assignment)
        rows = [
            _row(gradebook, MissingEntry, folders, assignment, notebooks, titles, problems, student, name)
            for student, name in names.items()
        ]
    entries = entries_of(outcome_of(course_root, assignment))
    graded = folders["autograded"]
    rows = [with_entry(row, entries.get(row.student), graded / row.student / assignment) for row in rows]
    return [named(row, called) for row in rows]


def part_titles(folder):
    """{"p2": "A net of four weights"}: what the headings of a problem set's notebooks call its parts."""
    titles = {}
    for cell in cells_of(folder):
        titles |= {f"p{number}": title for number, title in PART.findall(cell.source)}
    return titles


def _row(gradebook, missing_entry, folders, assignment, notebooks, titles, problems, student, name):
    from vgcourse.grading.submitted import marked_late

    submitted = folders["submitted"] / student / assignment
    autograded = folders["autograded"] / student / assignment
    if not submitted.is_dir():
        return Row(student, name, False, MISSING)
    try:
        submission = gradebook.find_submission(assignment, student)
    except missing_entry:
        submission = None
    graded = all((autograded / f"{notebook.name}.ipynb").is_file() for notebook in notebooks)
    if submission is None or not graded:
        return Row(student, name, False, _reason(submitted, notebooks))

    parts, mistakes, unreadable, notes, unnamed = [], [], [], [], []
    for notebook in submission.notebooks:
        file = autograded / f"{notebook.name}.ipynb"
        grades = {grade.name: grade for grade in notebook.grades}
        found = read_checks(file, set(grades))
        mistakes += found.mistakes
        unreadable += found.unreadable
        unnamed += found.unnamed
        parts += [as_part(grade, titles, problems) for grade in grades.values()]
        notes += read_notes(file)
        if _again(submitted, notebook.name, file):
            again = f"nbgrader autograde {assignment} --student={student} --force"
            notes.append(f"handed in again since it was graded: {again}")
        if said := _late(submission, notebook):
            notes.append(said)
        if kept := [name for name, grade in grades.items() if to_read_again(grade)]:
            notes.append(f"graded again, points by hand kept: {', '.join(sorted(kept, key=natural))}")
    if marked := short(marked_late(submitted), 4 * LONGEST):
        notes.append(
            f"marked LATE ({marked}) and nothing says by how much, so nothing is taken off: "
            "vgcourse take-in with --times tells it"
        )
    parts.sort(key=lambda part: natural(part.name))
    waits = sum(part.waits for part in parts)
    status = f"{waits} answer{'s' * (waits > 1)} not read yet" if waits else "graded"
    unreadable = tuple(sorted(unreadable, key=natural))
    if unreadable:
        status += f"; check data unreadable: {', '.join(unreadable)}"
    mistakes = tuple(dict.fromkeys(mistakes))
    return Row(
        student, name, True, status, tuple(parts), mistakes, unreadable, tuple(notes), tuple(unnamed),
        marked_late=marked,
    )  # fmt: skip


def _late(submission, notebook):
    """How late a hand-in came, and what the rule for that makes of it; nothing where it was in time."""
    from vgcourse.grading.late import span

    if submission.total_seconds_late <= 0:
        return ""
    off = notebook.late_submission_penalty
    what = f"{off:.3g} points off, not in the total" if off else "no points off"
    return f"came late, by {span(submission.total_seconds_late)}: {what}"


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


def _again(submitted, name, graded):
    """Has another file been handed in than the one that was graded?"""
    from vgcourse.grading.submitted import DIGEST, Refused, chosen, digest

    try:
        return metadata_of(graded).get(DIGEST) not in (None, digest(chosen(submitted, name)))
    except Refused:
        return False


def to_read_again(grade):
    """Does nbgrader ask for a second look, at points that a human gave to an earlier hand-in?"""
    return bool(grade.needs_manual_grade) and grade.manual_score is not None


def as_part(grade, titles, problems=None):
    """One grade of the gradebook as a Part; the other two are what `part_titles` and `problems_of` gave."""
    points = grade.manual_score if grade.manual_score is not None else grade.auto_score
    waits = bool(grade.needs_manual_grade) and grade.manual_score is None
    by_hand = grade.cell.cell_type == "markdown"
    title = titles.get(grade.name.split("-")[0], "")
    return Part(
        grade.name, points, grade.max_score, waits, by_hand, title, (problems or {}).get(grade.name, "")
    )


def to_csv(rows):
    """One line per student, one column per graded cell; safe to open in a spreadsheet.

    A cell that nobody has read yet is empty, and not in the total.

    Returns
    -------
    str
    """
    columns = all_parts(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["student", "name", "status", "total", "autograded", "by hand", "not read yet"]
    writer.writerow([*head, *(part.full_name for part in columns), "mistakes", "notes"])
    for row in rows:
        points = {part.name: "" if part.waits else part.points for part in row.parts}
        totals = (row.total, row.auto_points, row.manual_points, row.waiting) if row.graded else [""] * 4
        mistakes = "; ".join(f"{in_words(one.problem)}: {one.kind}" for one in row.mistakes)
        cells = [points.get(part.name, "") for part in columns]
        line = [row.student, row.name, row.status, *totals, *cells, mistakes, in_words("; ".join(row.notes))]
        writer.writerow([harmless(value) for value in line])
    return out.getvalue()


def changes(before, rows):
    """Sentences on totals that differ from an earlier report, whose `to_csv` is `before` or empty."""
    reader = csv.DictReader(io.StringIO(before))
    if not {"student", "total"} <= set(reader.fieldnames or ()):
        return []
    earlier = {line["student"]: line["total"] for line in reader}
    now = {harmless(row.student): (row.name, f"{row.total:g}" if row.graded else "") for row in rows}
    return [
        f"{name}: {_points(earlier[student])} in the report before, now {_points(total)}"
        for student, (name, total) in now.items()
        if student in earlier and _points(earlier[student]) != _points(total)
    ]


def _points(text):
    try:
        return f"{float(text):g}"
    except ValueError:
        return "nothing"


def harmless(value):
    """A spreadsheet takes text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
