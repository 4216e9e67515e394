"""Hand-ins from a download into submitted/: whose each file is, which one counts, when it came.

Nothing is written outside submitted/, nothing that is there is lost: an earlier hand-in moves to earlier/.
"""

import datetime
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

import yaml
from dateutil import parser

from vgcourse._files import write_whole
from vgcourse.grading import archive
from vgcourse.grading.course import course_folders
from vgcourse.grading.downloads import GRADESCOPE, MOODLE, Class, plainly
from vgcourse.grading.roster import IDS, WHOLE, RosterError, read_table
from vgcourse.grading.submitted import LATE, TIMESTAMP, digest, digest_of, handed_in_at

EARLIER = "earlier"
TIMES = (
    *("time", "submitted at", "submitted_at", "submission time", "last modified (submission)"),
    *("timestamp", "created at", "created_at"),
)
COUNTED = re.compile(r"( ?\(\d+\)|[-_ ]\d+|[-_ ]?copy\d*)+$", re.IGNORECASE)  # ps1-1, ps1 (2), ps1-Copy1


class Line(NamedTuple):
    """What became of one file: `what` is a sentence, `taken` is True where it is in submitted/."""

    path: str
    student: str
    what: str
    taken: bool


class _HandIn(NamedTuple):
    """One notebook of one student."""

    file: archive.File
    name: str
    when: datetime.datetime | None
    late: bool
    order: int


def take_in(root, students, download, assignment, times=None):
    """Put the notebooks of a download where nbgrader looks for them.

    Parameters
    ----------
    root : path of the course
    students : list of roster.Enrolled
    download : path of a zip, or of a folder that was unpacked from one
    assignment : str, "ps1"
    times : path of a CSV with ids or names and times, or "zip" to believe the dates in the zip;
        Gradescope's times are read in any case

    Returns
    -------
    list of Line, one for every file; several where a group handed in together

    Raises
    ------
    ArchiveError, RosterError
        If the download or the list of times cannot be read.
    """
    files = archive.read(download)
    people = Class(students)
    people.submitters, created = _gradescope(files, people)
    told = read_times(times, people) if times not in (None, "zip") else {}
    lines, handed_in = [], {}
    for order, file in enumerate(files):
        if file.path.endswith(archive.METADATA) and not file.problem:
            continue
        owner = people.owner(file.parts)
        problem = file.problem
        if file.data is None:
            problem = problem or "no notebook, stays in the download"
        problem = problem or owner.problem or _for_another_set(owner.file, assignment)
        if problem:
            lines.append(Line(file.path, ", ".join(owner.students), problem, False))
        for student in owner.students if not problem else ():
            when = told.get(student) or next((created[part] for part in file.parts if part in created), None)
            if times == "zip" and when is None and file.date:
                when = file.date.astimezone(datetime.UTC)
            one = _HandIn(file, owner.file, when, owner.late, order)
            handed_in.setdefault(student, []).append(one)
    submitted = course_folders(Path(root))["submitted"]
    for student, notebooks in handed_in.items():
        lines += _store(submitted / student / assignment, student, notebooks, assignment)
    return lines


def _for_another_set(name, assignment):
    found = re.match(r"ps\d+", name, re.IGNORECASE)
    if found and found[0].lower() != assignment.lower() and re.fullmatch(r"ps\d+", assignment):
        return f"it is called {name}: a hand-in to another set?"
    return ""


def _gradescope(files, people):
    """(folder → its submitters, folder → time) from the platform's own list, not from a student's."""
    lists = [
        file
        for file in files
        if file.parts[-1] == archive.METADATA
        and file.data is not None
        and len(file.parts) <= 2
        and not (MOODLE.fullmatch(file.parts[0]) or people.owner(file.parts).students)
    ]
    if not lists:
        return {}, {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(lists[0].data, Loader=loader)
        submitters = {
            folder: [
                {key: str(person.get(f":{key}") or "") for key in ("name", "sid", "email")}
                for person in said[":submitters"]
            ]
            for folder, said in data.items()
            if GRADESCOPE.fullmatch(folder)
        }
        when = {folder: as_time(data[folder].get(":created_at")) for folder in submitters}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise archive.ArchiveError(
            f"{lists[0].path} is not what Gradescope writes ({type(error).__name__})."
        ) from error
    return submitters, {folder: time for folder, time in when.items() if time}


def as_time(value):
    """A time with its zone from what an LMS writes; None for none. Without a zone it is this computer's.

    Raises
    ------
    ValueError
        If it is no time.
    """
    if value in (None, "", "-"):
        return None
    if not isinstance(value, datetime.datetime):
        value = parser.parse(str(value))
    return value.astimezone(datetime.UTC)


def read_times(file, people):
    """{student: time} from a CSV with a column of ids or names and one of times.

    Raises
    ------
    RosterError
        If it has no such columns, or a time cannot be read.
    """
    headings, table = read_table(file)
    small = {heading.lower(): heading for heading in headings}
    column = next((small[name] for name in TIMES if name in small), None)
    names = sorted((*IDS, *WHOLE), key="identifier".__eq__)  # last: another one for each assignment
    who = [small[name] for name in names if name in small]
    if column is None or not who:
        came = ", ".join(headings) or "nothing"
        raise RosterError(
            f"{file}: its columns are {came}; expected one of ids or names and one called {', '.join(TIMES)}."
        )
    times = {}
    for number, line in table:
        owner = next((found for name in who if (found := people.find(line.get(name, "")))), None)
        try:
            when = as_time(line.get(column))
        except (ValueError, OverflowError) as error:
            raise RosterError(
                f"{file}: {line.get(column)!r} in line {number} is no time; expected one such as "
                "2027-03-01T23:59+01:00."
            ) from error
        if owner and when:
            times[owner] = max(when, times.get(owner, when))
    return times


def _store(folder, student, notebooks, assignment):
    """Write one student's notebooks; the lines that say so."""

    def rank(one):
        begins = plainly(COUNTED.sub("", one.name)) == plainly(assignment)
        inside = plainly(assignment) in plainly(one.name)
        counted = [int(number) for number in re.findall(r"\d+", one.name.removeprefix(assignment))]
        return begins, inside, _moment(one.when, one.file.date), counted, one.order

    *others, latest = sorted(notebooks, key=rank)
    called = COUNTED.sub("", latest.name)
    name = assignment if plainly(called) == plainly(assignment) else latest.name
    contents = {f"{_safe(name)}.ipynb": latest}
    for one in others:
        contents[_free(_safe(one.name), contents)] = one
    new = {digest_of(one.file.data) for one in contents.values()}
    there = {digest(path) for path in folder.glob("*.ipynb")}
    before = handed_in_at(folder)
    if new == there:
        if latest.when and (before is None or latest.when < before):
            _write_time(folder, latest.when)
        _keep_late(folder, latest)
        return [_said(one, student, "unchanged", True) for one in notebooks]
    if there and latest.when and before and latest.when < before:
        older = f"older than what is there ({before:%Y-%m-%d %H:%M} UTC)"
        return [_said(one, student, older) for one in notebooks]
    if there:
        _set_aside(folder, before)
    for file, one in contents.items():
        write_whole(folder / file, one.file.data)
    if latest.when:
        _write_time(folder, latest.when)
    _keep_late(folder, latest)
    lines = []
    for file, one in contents.items():
        what = "taken" if one is latest else f"laid beside it as {file}"
        if one is latest and there:
            what = f"taken; what was there is in {EARLIER}/"
        if one is latest and one.late and not one.when:
            what += "; marked LATE, and nothing says by how much: see --times"
        lines.append(_said(one, student, what, True))
    return lines


def _said(one, student, what, taken=False):
    return Line(one.file.path, student, what, taken)


def _moment(when, date):
    """The time that is known, else the date in the zip: good enough among one student's files."""
    if when or date:
        return when or date.astimezone(datetime.UTC)
    return datetime.datetime.min.replace(tzinfo=datetime.UTC)


def _write_time(folder, when):
    text = when.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(" ")
    write_whole(folder / TIMESTAMP, f"{text} UTC\n".encode())


def _keep_late(folder, one):
    """Keep the platform's mark for the report, as long as no time says more."""
    if one.late and handed_in_at(folder) is None:
        write_whole(folder / LATE, f"{one.file.path}\n".encode("utf-8", "replace"))
    else:
        (folder / LATE).unlink(missing_ok=True)


def _set_aside(folder, before):
    stamp = f"{before:%Y-%m-%d-%H%M%S}" if before else time.strftime("before-%Y-%m-%d-%H%M%S")
    aside, number = folder / EARLIER / stamp, 1
    while aside.exists():
        number += 1
        aside = folder / EARLIER / f"{stamp}-{number}"
    aside.mkdir(parents=True)
    for path in [*folder.glob("*.ipynb"), folder / TIMESTAMP, folder / LATE]:
        if path.is_file():
            os.replace(path, aside / path.name)


def _safe(name):
    """A file's name without what could lead elsewhere or what some system cannot write."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\[\]]+', "-", name).strip(" .")
    return name[:60] or "notebook"  # 240 bytes at most; systems allow 255


def _free(name, taken):
    number, file = 1, f"{name}.ipynb"
    while plainly(file) in map(plainly, taken):
        number += 1
        file = f"{name} ({number}).ipynb"
    return file
