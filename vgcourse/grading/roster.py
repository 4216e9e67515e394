"""The list of a class, as Canvas, Moodle or Excel write it, into nbgrader's gradebook.

nbgrader's own import wants a comma, no mark in front and its own column names.
"""

import csv
import io
import json
from pathlib import Path
from typing import NamedTuple

# Headings in small letters; the first that is there counts, ids as they stand in file names before others.
IDS = (
    "id",
    "identifier",
    "student_id",
    "student id",
    "username",
    "sis login id",
    "id number",
    "email address",
)
FIRST = ("first_name", "first name", "given name", "firstname")
LAST = ("last_name", "last name", "surname", "family name", "lastname")
WHOLE = ("student", "full name", "name")  # "Okafor, Amara" or "Amara Okafor"
UNFIT = "/\\[]*?"  # an id names a folder, which nbgrader looks for by a pattern


class RosterError(ValueError):
    """A list that cannot be read; the message says what came and what was expected."""


class Enrolled(NamedTuple):
    """One line of the list."""

    student: str
    first_name: str
    last_name: str


def read(file):
    """The students in a CSV file, whatever separates its columns and whatever encoding Excel chose.

    Lines without an id, such as Canvas's "Points Possible", are left out.

    Returns
    -------
    list of Enrolled

    Raises
    ------
    RosterError
        If there is no column of ids, or an id is unfit or stands there twice.
    """
    data = Path(file).read_bytes()
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # Excel's "CSV" in Western Europe and America
    first_line = text.split("\n", 1)[0]
    lines = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=first_line.count))
    headings = {heading.strip().lower(): heading for heading in lines.fieldnames or () if heading}
    id_column = next((headings[name] for name in IDS if name in headings), None)
    if id_column is None:
        came = ", ".join(headings) or "nothing"
        raise RosterError(f"{file}: its columns are {came}; expected one called {', '.join(IDS)}.")
    students = {}
    for line in lines:
        student = (line[id_column] or "").strip().removeprefix("Participant ")
        if not student:
            continue
        if student in students:
            raise RosterError(f"{file}: {student} is in line {lines.line_num} and in one before.")
        if any(sign in UNFIT for sign in student) or student.startswith("."):
            raise RosterError(
                f"{file}: {student!r} in line {lines.line_num}: {UNFIT} cannot be in a folder's name."
            )
        students[student] = Enrolled(student, *_names(line, headings))
    if not students:
        raise RosterError(f"{file}: there is nobody in it.")
    return list(students.values())


def _names(line, headings):
    def of(columns):
        found = next((headings[name] for name in columns if name in headings), None)
        return (line.get(found) or "").strip() if found else ""

    first, last = of(FIRST), of(LAST)
    if not (first or last):
        whole = of(WHOLE)
        last, _, first = (part.strip() for part in whole.partition(","))
        if not first:
            first, _, last = whole.rpartition(" ")
    return first, last


def enrol(db_url, students):
    """Put the students into a gradebook; those that are there keep all they have."""
    from nbgrader.api import Gradebook

    with Gradebook(db_url) as gradebook:
        for one in students:
            gradebook.update_or_create_student(
                one.student, first_name=one.first_name, last_name=one.last_name
            )
