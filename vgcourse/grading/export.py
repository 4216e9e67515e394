"""Marks as a CSV that Canvas or Moodle takes, in the columns of the list that the class came from.

A cell is empty where there is no mark: nothing handed in, not graded, an answer that nobody has read. Each of
these is told; none of them is a 0.
"""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

from vgcourse.grading.course import course_config, course_folders
from vgcourse.grading.outcome import MISSING
from vgcourse.grading.report import collect, harmless
from vgcourse.grading.roster import KEPT, headings_of, kept, possible_points

# Headings that say whose a line is, in small letters, as each system writes them. Of a tuple one is enough.
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_IDS = ("id", "sis user id", "sis login id")
MOODLE = ("First name", "Last name", "Surname", "Full name", "Username", "ID number", "Email address")
MOODLE_IDS = ("username", "id number", "email address")


class ExportError(ValueError):
    """No table for this system can be made; the message says why and what to do."""


class Export(NamedTuple):
    """The text of the CSV, and sentences on whom it leaves empty, and why."""

    text: str
    told: list


def export(root, assignments, system=None, unread=False):
    """The marks of some sets, one line per student of the list.

    Parameters
    ----------
    root : path of the course
    assignments : list of str
    system : "canvas", "moodle" or "plain"; by default the one that the class's list is from
    unread : bool, give marks without the points of answers that nobody has read

    Returns
    -------
    Export

    Raises
    ------
    ExportError
        If the list lacks what the system knows students by.
    UnknownAssignment, FileNotFoundError
        If the gradebook does not know a set, or is not there.
    """
    root, students = Path(root), kept(root)
    headings = headings_of(students)
    system = system or system_of(headings)
    columns = [] if system == "plain" else _columns(headings, system)
    rows = {name: {row.student: row for row in collect(root, name)} for name in assignments}
    losses, late, most = _settled(root, assignments)
    marks = {
        name: {student: _mark(row, losses[name].get(student, 0), unread) for student, row in of.items()}
        for name, of in rows.items()
    }
    told = [
        said
        for name, of in rows.items()
        for said in _about(name, list(of.values()), losses[name], late[name], unread)
    ]
    if system == "plain":
        table = [["student", "name", *assignments]]
        identities = {student: [student, row.name] for of in rows.values() for student, row in of.items()}
    else:
        table = [[*columns, *(_column(name, headings) for name in assignments)]]
        identities = {one.student: [one.columns.get(column, "") for column in columns] for one in students}
        if others := {student for of in rows.values() for student in of} - identities.keys():
            told.append(f"Not on the list, so not in this file: {', '.join(sorted(others))}.")
    if system == "canvas":
        possible = ["    Points Possible", *[""] * (len(columns) - 1)]
        table.append([*possible, *(f"{most[name]:g}" for name in assignments)])
        told += _other_points(possible_points(root / KEPT), headings, most)
    for student, identity in identities.items():
        table.append([*map(harmless, identity), *(marks[name].get(student, "") for name in assignments)])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return Export(out.getvalue(), told)


def system_of(headings):
    """The system whose list has these headings."""
    small = {heading.lower() for heading in headings}
    if "student" in small and small & set(CANVAS_IDS):
        return "canvas"
    return "moodle" if small & set(MOODLE_IDS) else "plain"


def _columns(headings, system):
    """The list's own columns that the system wants back, in its order."""
    wanted, ids = (CANVAS, CANVAS_IDS) if system == "canvas" else (MOODLE, MOODLE_IDS)
    small = {heading.lower(): heading for heading in headings}
    if not small.keys() & set(ids) or (system == "canvas" and "student" not in small):
        came = ", ".join(headings) or "none"
        raise ExportError(
            f"the class's list has the columns {came}; {system.title()} knows students by "
            f"{', '.join(ids)}. Enrol them with a list exported from {system.title()} (vgcourse roster), "
            "or take --for plain."
        )
    return [small[heading.lower()] for heading in wanted if heading.lower() in small]


def _column(assignment, headings):
    """What the system calls the set: a column of its list, such as "ps1 (90210)", or the set's own name."""
    called = re.compile(rf"(?:assignment: ?)?{re.escape(assignment)}(?: \(\w+\))?", re.IGNORECASE)
    return next((heading for heading in headings if called.fullmatch(heading)), assignment)


def _settled(root, assignments):
    """({set: {student: points lost by being late}}, {set: {student: how late}}, {set: points possible}).

    Counted anew by our own rule.
    """
    from nbgrader.api import Gradebook

    from vgcourse.grading.late import LateDays, late_by, lost, settle

    folders, config = course_folders(root), course_config(root)
    with Gradebook(folders["db_url"]) as gradebook:
        if str(config.AssignLatePenalties.get("plugin_class", "")).endswith("late.LateDays"):
            settle(gradebook, assignments, LateDays(config=config), folders["submitted"])
        losses = {name: lost(gradebook, name) for name in assignments}
        late = {name: late_by(gradebook, name) for name in assignments}
        most = {name: gradebook.find_assignment(name).max_score for name in assignments}
    return losses, late, most


def _mark(row, lost, unread):
    if not row.graded or (row.waiting and not unread):
        return ""
    return f"{max(0.0, row.total - lost):.6g}"


def _other_points(before, headings, most):
    """Sentences on sets for which Canvas's list has other points possible than this file."""
    told = []
    for name, points in most.items():
        there = before.get(_column(name, headings), "")
        try:
            differs = float(there.replace(",", ".")) != points if there else False
        except ValueError:
            differs = True
        if differs:
            told.append(
                f"{name}: Points Possible is {there} in the list from Canvas and {points:g} in this file: "
                f"give the assignment {points:g} points in Canvas before you import it."
            )
    return told


def _about(name, rows, losses, late, unread):
    """Sentences on those without a mark, and on marks that are less than the points."""
    told = []
    absent = [row.name for row in rows if row.status == MISSING]
    if absent:
        told.append(f"{name}: nothing handed in, so empty: {', '.join(absent)}.")
    for row in rows:
        if not row.graded and row.status != MISSING:
            told.append(f"{name}: {row.name} is empty: {row.status}.")
    waiting = [f"{row.name} ({row.waiting:g} points)" for row in rows if row.graded and row.waiting]
    if waiting and unread:
        told.append(f"{name}: without answers that nobody has read yet: {', '.join(waiting)}.")
    elif waiting:
        told.append(
            f"{name}: empty, since answers are not read yet: {', '.join(waiting)}. "
            "--unread gives the points so far."
        )
    lost = [f"{row.name} ({losses[row.student]:.3g})" for row in rows if row.student in losses]
    if lost:
        told.append(f"{name}: points taken off for being late: {', '.join(lost)}.")
    names = {row.student: row.name for row in rows}
    free = [f"{names[student]} ({by})" for student, by in late.items() if student not in losses]
    if free:
        told.append(f"{name}: late, and nothing taken off: {', '.join(free)}.")
    if marked := [f"{row.name} ({row.marked_late})" for row in rows if row.marked_late]:
        told.append(
            f"{name}: marked LATE and nothing says by how much, so nothing is taken off: "
            f"{', '.join(marked)}. vgcourse take-in with --times tells it."
        )
    return told
