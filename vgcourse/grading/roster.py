"""The list of a class, as Canvas, Moodle or Excel write it, into nbgrader's gradebook.

nbgrader's own import wants a comma, no mark in front and its own column names. The list is kept in
enrolled.csv with all its columns: hand-ins are matched with it, and marks go back in the same columns.
"""

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

KEPT = "enrolled.csv"  # in the course's folder; git ignores it
KEY = "vgcourse id"  # its first column: the id in the gradebook
# Headings in small letters; the first that everybody has a value in counts. Moodle's identifier is the last:
# it is another one for each assignment.
IDS = (
    *("id", "student_id", "student id", "username", "sis login id", "id number", "email address"),
    *("email", "sis user id", "sid", "identifier"),
)
FIRST = ("first_name", "first name", "given name", "firstname")
LAST = ("last_name", "last name", "surname", "family name", "lastname")
WHOLE = ("student", "full name", "name")  # "Okafor, Amara" or "Amara Okafor"
UNFIT = "/\\[]*?"  # an id names a folder, which nbgrader looks for by a pattern
ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
LONGEST = 120
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class RosterError(ValueError):
    """A list that cannot be read; the message says what came and what was expected."""


class Enrolled(NamedTuple):
    """One line of the list; `columns` has all of it, by its headings."""

    student: str
    first_name: str
    last_name: str
    columns: dict = {}  # noqa: RUF012  (a NamedTuple's default, never changed)

    @property
    def name(self):
        """Both names, or the id where there are none."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    def value(self, *headings):
        """What stands under the first of these headings (in small letters) that is filled."""
        filled = {heading.strip().lower(): text for heading, text in self.columns.items() if text}
        return next((filled[heading] for heading in headings if heading in filled), "")


def decoded(file):
    """The text of a CSV file, whatever encoding Excel chose.

    Raises
    ------
    RosterError
        If it is no text.
    """
    data = Path(file).read_bytes()
    if data.startswith(WORKBOOKS):
        raise RosterError(f'{file}: it is an Excel workbook; save it as "CSV UTF-8" and name that file.')
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")  # Excel's "CSV" in Western Europe and America
        except UnicodeDecodeError as error:
            raise RosterError(
                f"{file}: byte {error.start + 1} is neither UTF-8 nor Windows text; "
                'save it as "CSV UTF-8" and try again.'
            ) from error
    if "\0" in text:
        raise RosterError(f'{file}: it is no text; save the list as "CSV UTF-8" and name that file.')
    return text


def read_table(file):
    """The lines of a CSV file as dicts, whatever separates its columns and whatever encoding Excel chose.

    Returns
    -------
    (headings, list of (number of the line, dict))

    Raises
    ------
    RosterError
        If it is no text in columns.
    """
    text = decoded(file)
    first_line, _, rest = text.partition("\n")
    skipped = 0
    if told := re.fullmatch(r'"?sep=(.)"?\s*', first_line):  # Excel's own first line
        text, delimiter, skipped = rest, told[1], 1
    else:
        delimiter = max(",;\t", key=first_line.count)
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        headings = [heading.strip() for heading in lines.fieldnames or () if heading]
        table = [
            (
                lines.line_num + skipped,
                {key.strip(): (value or "").strip() for key, value in line.items() if key},
            )
            for line in lines
        ]
    except csv.Error as error:
        raise RosterError(f"{file}: line {lines.line_num + skipped} cannot be read: {error}.") from error
    return headings, table


def read(file):
    """The students in a CSV file.

    Lines without an id, such as Canvas's "Points Possible", and Canvas's test student are left out.

    Returns
    -------
    list of Enrolled

    Raises
    ------
    RosterError
        If there is no column in which everybody has an id, or an id is unfit or stands there twice.
    """
    headings, table = read_table(file)
    small = {heading.lower(): heading for heading in headings}
    columns = [small[name] for name in (KEY, *IDS) if name in small]
    if not columns:
        came = ", ".join(small) or "nothing"
        raise RosterError(f"{file}: its columns are {came}; expected one called {', '.join(IDS)}.")
    table = [
        (number, line)
        for number, line in table
        if any(line.get(column) for column in columns) and line.get(small.get("student")) != "Student, Test"
    ]
    if not table:
        raise RosterError(f"{file}: there is nobody in it.")
    full = [column for column in columns if all(line.get(column) for _, line in table)]
    if not full:
        number = next(number for number, line in table if not line.get(columns[0]))
        raise RosterError(f"{file}: line {number} has no {columns[0]}, and no other column has all ids.")
    students = {}
    for number, line in table:
        student = unicodedata.normalize("NFC", line[full[0]].removeprefix("Participant "))
        if student.casefold() in students:
            other = students[student.casefold()].student
            same = "" if other == student else f" (as {other}; many systems take both for one folder)"
            raise RosterError(f"{file}: {student} is in line {number} and in one before{same}.")
        if problem := _unfit(student):
            raise RosterError(f"{file}: {student!r} in line {number}: {problem}.")
        others = {heading: text for heading, text in line.items() if heading.lower() != KEY}
        students[student.casefold()] = Enrolled(student, *_names(line, small), others)
    return list(students.values())


def _unfit(student):
    if any(sign in UNFIT or not sign.isprintable() for sign in student):
        return f"{UNFIT} and unprintable signs cannot be in a folder's name"
    if student.startswith(".") or student.endswith("."):
        return "an id cannot begin or end with a dot, since it names a folder"
    if len(student) > LONGEST:
        return f"it has {len(student)} characters; expected at most {LONGEST}"
    if ROUNDED.fullmatch(student):
        return "a spreadsheet has rounded this number; export the list again and do not open it in between"
    return ""


def _names(line, small):
    def of(columns):
        found = next((small[name] for name in columns if name in small), None)
        return line.get(found, "") if found else ""

    first, last = of(FIRST), of(LAST)
    if not (first or last):
        whole = of(WHOLE)
        last, _, first = (part.strip() for part in whole.partition(","))
        if not first:
            first, _, last = whole.rpartition(" ")
    return first, last


def enrol(db_url, students):
    """Put the students into a gradebook; those that are there keep all they have.

    Returns
    -------
    list of the ids that are in the gradebook and not among `students`
    """
    from nbgrader.api import Gradebook

    with Gradebook(db_url) as gradebook:
        for one in students:
            gradebook.update_or_create_student(
                one.student, first_name=one.first_name, last_name=one.last_name
            )
        return sorted({one.id for one in gradebook.students} - {one.student for one in students})


def headings_of(students):
    """The headings of the list that the students came with, each once, in its order."""
    return list(dict.fromkeys(heading for one in students for heading in one.columns))


def possible_points(file):
    """{heading: text} of the line in which Canvas says how many points are possible; empty in other lists."""
    _, table = read_table(file)
    return next((line for _, line in table if line.get("Student") == "Points Possible"), {})


def keep(root, students, possible=None):
    """Write the list into the course's folder, with the columns that it came with.

    Parameters
    ----------
    root : path of the course
    students : list of Enrolled
    possible : what `possible_points` gave
    """
    headings = headings_of(students)
    with (Path(root) / KEPT).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([KEY, *headings])
        if possible:
            writer.writerow(["", *(possible.get(heading, "") for heading in headings)])
        for one in students:
            writer.writerow([one.student, *(one.columns.get(heading, "") for heading in headings)])


def kept(root):
    """The list that `keep` wrote; empty where there is none."""
    file = Path(root) / KEPT
    return read(file) if file.is_file() else []
