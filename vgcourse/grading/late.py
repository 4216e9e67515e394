"""Due dates, days of grace, and what a late hand-in costs; the setting in nbgrader_config.py is

    c.AssignLatePenalties.plugin_class = "vgcourse.grading.late.LateDays"
    c.LateDays.grace = 3      # days that each student may be late in a term
    c.LateDays.per_day = 0.1  # share of the points that each further day takes off

nbgrader's own `db assignment add --duedate` reads a time without a zone as UTC; `set_due` asks for the zone.
"""

import datetime
import math
from pathlib import Path

from dateutil import parser
from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float, Integer, Unicode

from vgcourse.grading.roster import RosterError, read_table
from vgcourse.grading.submitted import handed_in_at

DAY = 24 * 60 * 60
COLUMNS = ("id", "set", "days")  # of a list of extensions


class LateError(ValueError):
    """A due date or a list of extensions that cannot be used; the message says why and what to do."""


class LateDays(LateSubmissionPlugin):
    """Each begun day after the due date costs a share of the points, once the days of grace are used up.

    A student uses the days of grace set by set, in the order of the due dates. Extensions move the due date
    of one student and one set: they cost no grace.
    """

    grace = Integer(0, help="days that each student may be late in a term").tag(config=True)
    per_day = Float(0.1, help="share of the points that each further day takes off").tag(config=True)
    extensions = Unicode("extensions.csv", help="CSV with the columns id, set, days").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """nbgrader's question: the points to take off, for the notebook that is being graded."""
        return score * self.share(self.parent.gradebook, self.parent.assignment_id, student_id)

    def share(self, gradebook, assignment, student):
        """The share of the points that a hand-in loses, from 0 to 1."""
        days = self.days(gradebook, student)
        left = self.grace
        for name, late in days.items():
            paid = max(0, late - left)
            if name == assignment:
                return min(1.0, paid * self.per_day)
            left -= late - paid
        return 0.0

    def days(self, gradebook, student):
        """{set: begun days after the student's due date}, in the order of the due dates."""
        extra = read_extensions(self.extensions).get(student, {})
        submissions = [one for one in gradebook.student_submissions(student) if one.duedate and one.timestamp]
        late = {}
        for one in sorted(submissions, key=lambda one: (one.duedate, one.name)):
            seconds = (one.timestamp - one.duedate).total_seconds() - DAY * extra.get(one.name, 0)
            late[one.name] = max(0, math.ceil(seconds / DAY))
        return late


def read_extensions(file):
    """{student: {set: days}} from a CSV with the columns id, set, days; empty where there is no file.

    Raises
    ------
    LateError
        If it is no table, a column is missing, or a line is short or has no whole number of days.
    """
    if not Path(file).is_file():
        return {}
    try:
        headings, table = read_table(file)
    except RosterError as error:
        raise LateError(str(error)) from error
    if not set(COLUMNS) <= set(headings):
        came = ", ".join(headings) or "nothing"
        raise LateError(f"{file}: its columns are {came}; expected {', '.join(COLUMNS)}.")
    extensions = {}
    for number, line in table:
        if missing := [column for column in COLUMNS if not line[column]]:
            raise LateError(
                f"{file}: line {number} has no {', '.join(missing)}; expected {', '.join(COLUMNS)}."
            )
        try:
            days = int(line["days"])
        except ValueError as error:
            raise LateError(
                f"{file}: line {number} says {line['days']!r}; expected a number of days."
            ) from error
        extensions.setdefault(line["id"], {})[line["set"]] = days
    return extensions


def unknown_in(extensions, gradebook):
    """What a list of extensions names that the gradebook does not know: ids and sets, in order."""
    known = {one.id for one in gradebook.students}, {one.name for one in gradebook.assignments}
    sets = {name for days in extensions.values() for name in days}
    return [*sorted(extensions.keys() - known[0]), *sorted(sets - known[1])]


def set_due(gradebook, assignment, text):
    """Write the due date of a set into the gradebook; an earlier one is replaced.

    Parameters
    ----------
    gradebook : nbgrader's
    assignment : str, "ps1"
    text : str, "2027-03-01T23:59+01:00"

    Returns
    -------
    datetime with its zone

    Raises
    ------
    LateError
        If it is no time with a zone.
    """
    try:
        due = parser.parse(text)
    except (ValueError, OverflowError) as error:
        raise LateError(f"{text!r} is no time; expected one such as 2027-03-01T23:59+01:00.") from error
    if due.tzinfo is None:
        here = due.astimezone().isoformat(timespec="minutes")
        raise LateError(f"{text!r} says no zone; on this computer's clock it is {here}.")
    gradebook.update_or_create_assignment(assignment, duedate=due.astimezone(datetime.UTC).isoformat())
    return due


def in_words(due):
    """A due date on this computer's clock, with its zone; where that is another one, in UTC, too."""
    here = due.astimezone()
    utc = f" ({due.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC)" if here.utcoffset() else ""
    return f"{here:%A, %Y-%m-%d %H:%M %Z}{utc}"


def due_dates(gradebook):
    """{set: due date with its zone, or None}, as the gradebook has them."""
    return {
        one.name: one.duedate and one.duedate.replace(tzinfo=datetime.UTC) for one in gradebook.assignments
    }


def last_due(due, assignment, file="extensions.csv"):
    """The due date of a set with the longest extension that somebody has."""
    longest = max((days.get(assignment, 0) for days in read_extensions(file).values()), default=0)
    return due + datetime.timedelta(days=max(0, longest))


def settle(gradebook, assignments, rule, submitted):
    """Count the penalties of some sets anew: from the times of hand-in and the points that are there by now.

    nbgrader counts them when it grades, before anybody has read the derivations. The times of every set that
    the gradebook knows are read first, since the days of grace go from set to set.

    Parameters
    ----------
    gradebook : nbgrader's
    assignments : list of str
    rule : LateDays
    submitted : path of the folder with the hand-ins and their times
    """
    for assignment in gradebook.assignments:
        for submission in assignment.submissions:
            if when := handed_in_at(Path(submitted) / submission.student_id / assignment.name):
                submission.timestamp = when.replace(tzinfo=None)
    for name in assignments:
        for submission in gradebook.assignment_submissions(name):
            share = rule.share(gradebook, name, submission.student_id)
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = share * notebook.score if share else None
    gradebook.db.commit()


def late_by(gradebook, assignment):
    """{student: how late, in words} of those who handed a set in after its due date, extensions aside."""
    submissions = gradebook.assignment_submissions(assignment)
    late = {one.student_id: one.total_seconds_late for one in submissions}
    return {student: span(seconds) for student, seconds in late.items() if seconds > 0}


def span(seconds):
    """A length of time in its two largest units: 2 d 3 h."""
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    days, hours = divmod(hours, 24)
    units = (days, "d"), (hours, "h"), (minutes, "min")
    return " ".join([f"{number} {unit}" for number, unit in units if number][:2])


def lost(gradebook, assignment):
    """{student: points taken off} of those who lose some in a set."""
    submissions = gradebook.assignment_submissions(assignment)
    return {one.student_id: one.late_submission_penalty for one in submissions if one.late_submission_penalty}
