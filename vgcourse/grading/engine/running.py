"""A run: every enrolled student once, from what was handed in to the gradebook."""

import collections
import time
from datetime import UTC, datetime
from typing import NamedTuple

from vgcourse.grading.engine.autograded import Placed, content_of, fill_outputs, timestamp_of
from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.gradebook import students_in, transaction, write_grades
from vgcourse.grading.engine.kept import said
from vgcourse.grading.engine.scoring import SET_ASIDE
from vgcourse.grading.engine.seeds import seeds_for
from vgcourse.grading.engine.submissions import code_cells, find_submission, order_for
from vgcourse.grading.jail.jobs import Limits
from vgcourse.grading.outcome import ASIDE, GRADED, MISSING, PARTLY, REFUSED, STRANGER
from vgcourse.grading.submitted import Refused

FAILED = (REFUSED, ASIDE, STRANGER)
SLOWEST = 3  # cells of a student that the report may name
LIMITS = Limits()


class Summary(NamedTuple):
    """What a run did: how many of each status, how many were graded anew, changed totals as sentences."""

    assignment: str
    counts: dict
    fresh: int
    changes: tuple
    seconds: float
    jail: str

    @property
    def failed(self):
        """How many could not be graded."""
        return sum(self.counts.get(status, 0) for status in FAILED)


class Run:
    """One assignment, graded.

    Parameters
    ----------
    course, assignment : Course, Assignment
    gradebook : opened
    folder : RunFolder, entered
    executor : entered; carries out orders
    jail : the name of the jail, which the report tells
    secret : bytes of an instructor's own secret, or None
    again : grade also what is graded already
    only : one student, or None for all
    limits : what one submission may take
    progress : function (done, of how many), called after each
    """

    def __init__(
        self, course, assignment, gradebook, folder, executor, jail, *,
        secret=None, again=False, only=None, limits=LIMITS, progress=lambda done, all_of_them: None,
    ):  # fmt: skip
        self.course, self.assignment, self.gradebook, self.folder = course, assignment, gradebook, folder
        self.executor, self.jail, self.secret, self.again = executor, jail, secret, again
        self.only, self.limits, self.progress = only, limits, progress
        self.outcome = folder.outcome()
        self.waiting, self.changes, self.fresh, self.done = {}, [], 0, 0

    def go(self):
        """Grade.

        Returns
        -------
        Summary
        """
        start = time.monotonic()
        students, strangers = self._students()
        self.written = students_in(self.gradebook, self.assignment)
        self.all_of_them = len(students) + len(strangers)
        before, self.outcome["students"] = self.outcome["students"], {}
        for student in strangers:
            self._settle(
                student, STRANGER, "handed in, but not enrolled: `vgcourse roster`, then grade again"
            )
        for graded in self._graded(students, before):
            for submission in self.waiting.pop(graded.key):
                self._write(submission, graded)
        counts = collections.Counter(entry["status"] for entry in self.outcome["students"].values())
        if self.only:
            self.outcome["students"] = before | self.outcome["students"]
        self.outcome |= {
            "assignment": self.assignment.name,
            "jail": self.jail,
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.folder.keep_outcome(self.outcome)
        if not (self.only and self.folder.unfinished):  # the class's own run is not over
            self.folder.finish()
        seconds = time.monotonic() - start
        return Summary(self.assignment.name, counts, self.fresh, tuple(self.changes), seconds, self.jail)

    def _students(self):
        """(enrolled, handed in without being so); where nobody is enrolled, all who handed in are."""
        enrolled = sorted(student.id for student in self.gradebook.students)
        self.gradebook.db.rollback()
        there = sorted(
            folder.parent.name for folder in self.course.submitted.glob(f"*/{self.assignment.name}")
        )
        if not enrolled:
            for student in there:
                self.gradebook.update_or_create_student(student)
            enrolled = there
        strangers = [student for student in there if student not in set(enrolled)]
        if self.only and self.only not in {*enrolled, *strangers}:
            raise EngineError(f"--student is {self.only!r}: nobody of that id is enrolled or has handed in.")
        if self.only:
            return [s for s in enrolled if s == self.only], [s for s in strangers if s == self.only]
        return enrolled, strangers

    def _graded(self, students, before):
        """What comes back from the workers, kept before anybody sees it."""
        for graded in self.executor.graded(self._orders(students, before)):
            if graded.status != SET_ASIDE:  # that is tried again
                self.folder.keep(graded)
            self.fresh += 1
            yield graded

    def _orders(self, students, before):
        """The orders of those who have something new; all others are settled on the way.

        What an unfinished run has kept is written here, so that little is in memory at a time.
        """
        seeds = None
        for student in students:
            try:
                submission = find_submission(self.course, self.assignment, student, self.limits)
            except Refused as error:
                self._settle(student, REFUSED, str(error))
                continue
            if submission is None:
                self._settle(student, MISSING, "")
                continue
            standing = before.get(student, {})
            if not self.again and self._stands(student, submission, standing):
                self._keep_entry(student, standing)
                continue
            seeds = seeds or self._seeds()
            order = order_for(submission, self.assignment, seeds, self.jail, self.limits)
            if order.key in self.waiting:  # two handed in the same
                self.waiting[order.key].append(submission)
                continue
            if kept := self.folder.kept(order.key):
                self._write(submission, kept)
                continue
            self.waiting[order.key] = [submission]
            yield order

    def _seeds(self):
        return seeds_for(self.assignment.problems, self.secret or self.folder.secret(), self.folder)

    def _stands(self, student, submission, entry):
        """Is this hand-in graded and written already, in a jail if this run has one?"""
        return (
            entry.get("status") in (GRADED, PARTLY)
            and (entry.get("jail") != "none" or self.jail == "none")
            and entry.get("content") == submission.content
            and student in self.written
            and content_of(self.course, self.assignment, student) == submission.content
        )

    def _write(self, submission, graded):
        """One result into autograded/ and the gradebook: both, or neither."""
        if graded.status == SET_ASIDE:
            self._settle(submission.student, ASIDE, "; ".join(graded.notes) or "no worker could grade it")
            return
        when, note = timestamp_of(submission.folder)
        fill_outputs(submission, graded, *[note] if note else [])
        again = content_of(self.course, self.assignment, submission.student) != submission.content
        with said(self.course.autograded):
            placed = Placed(self.course, self.assignment, submission)
            try:
                with transaction(self.gradebook):
                    before, now = write_grades(
                        self.gradebook,
                        self.course,
                        self.assignment,
                        submission.student,
                        submission.notebook,
                        when,
                        again,
                    )
            except BaseException:
                placed.drop()
                raise
            placed.put()
        if before is not None and before != now:
            self.changes.append(f"{submission.student}: {before:g} points of the checks before, now {now:g}")
        self._keep_entry(
            submission.student,
            {
                "status": GRADED if graded.status == "finished" else PARTLY,
                "why": _what_was_lost(submission.notebook, graded),
                "content": submission.content,
                "seconds": round(graded.seconds, 3),
                "jail": graded.jail,
                "slowest": _slowest(submission.notebook, graded),
            },
        )

    def _settle(self, student, status, why):
        self._keep_entry(student, {"status": status, "why": why})

    def _keep_entry(self, student, entry):
        self.outcome["students"][student] = entry
        self.done += 1
        self.progress(self.done, self.all_of_them)


def _named(notebook, graded):
    """(grade_id or number, what became of it) for each code cell."""
    for number, (cell, done) in enumerate(zip(code_cells(notebook), graded.cells, strict=True), 1):
        yield cell.metadata.get("nbgrader", {}).get("grade_id") or f"code cell {number}", done


def _what_was_lost(notebook, graded):
    """Which cells timed out or died, in words."""
    lost = [
        f"{name} {done.state}"
        for name, done in _named(notebook, graded)
        if done.state in ("timed out", "died")
    ]
    return ", ".join(lost)


def _slowest(notebook, graded):
    cells = sorted(_named(notebook, graded), key=lambda one: -one[1].seconds)[:SLOWEST]
    return [[name, round(done.seconds, 3)] for name, done in cells]
