"""autograded/STUDENT/ps1/: the notebook with its outputs, where formgrader and feedback look for it."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import nbformat

from vgcourse.grading.checks import metadata_of
from vgcourse.grading.engine.assignment import files_in
from vgcourse.grading.engine.submissions import code_cells
from vgcourse.grading.outcome import KEY
from vgcourse.grading.restore import NOTES
from vgcourse.grading.submitted import TIMESTAMP, handed_in_at

LEAST_RIGHTS = 0o444


def fill_outputs(submission, graded, *notes):
    """Put what the cells showed into a submission's notebook, and sentences for the report."""
    for count, (cell, done) in enumerate(zip(code_cells(submission.notebook), graded.cells, strict=True), 1):
        cell.outputs = [nbformat.from_dict(output) for output in done.outputs] + cell.outputs
        cell.execution_count = None if done.state == "not run" else count
    submission.notebook.metadata[NOTES] += [*graded.notes, *notes]
    submission.notebook.metadata[KEY] = submission.content


def place_of(course, assignment, student):
    """The folder of a graded submission, and its notebook."""
    folder = course.autograded / student / assignment.name
    return folder, folder / f"{assignment.notebook}.ipynb"


def content_of(course, assignment, student):
    """What the notebook that stands there was made from; None where nothing stands, or another grader's."""
    _, file = place_of(course, assignment, student)
    return metadata_of(file).get(KEY) if file.is_file() else None


def timestamp_of(folder):
    """(when it was handed in or None, a note where that cannot be read)"""
    when = handed_in_at(folder)
    stands = (folder / TIMESTAMP).is_file() and (folder / TIMESTAMP).stat().st_size > 0
    return when, f"{TIMESTAMP} holds no time: it counts as in time" if stands and not when else None


class Placed:
    """A graded submission's folder, written beside its place; `put` takes the place of the old one."""

    def __init__(self, course, assignment, submission):
        self.folder, file = place_of(course, assignment, submission.student)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for left in self.folder.parent.glob(f".{assignment.name}-*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        self.made = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix=f".{assignment.name}-"))
        try:
            for name, data in submission.files.items():
                self._write(name, data)
            given = course.source / assignment.name
            for name in files_in(given, [*course.ignore, TIMESTAMP]):
                self._write(name, (given / name).read_bytes())
            stamp = submission.folder / TIMESTAMP
            if stamp.is_file() and not stamp.is_symlink():
                self._write(TIMESTAMP, stamp.read_bytes())
            # nbformat.writes copies it, and lays it out line by line, which takes ten times as long
            text = json.dumps(submission.notebook, ensure_ascii=False, sort_keys=True) + "\n"
            self._write(file.name, text.encode("utf-8", "replace"))
            self._rights(course)
        except BaseException:
            self.drop()
            raise

    def _write(self, name, data):
        (self.made / name).parent.mkdir(parents=True, exist_ok=True)
        (self.made / name).write_bytes(data)

    def _rights(self, course):
        shared = bool(course.config.CourseDirectory.get("groupshared", False))
        self.made.chmod(0o2775 if shared else 0o755)
        for where, _, names in os.walk(self.made):
            for name in names:
                os.chmod(os.path.join(where, name), 0o664 if shared else LEAST_RIGHTS)

    def put(self):
        """Take the place of what is there."""
        old = None
        if self.folder.exists():
            old = Path(tempfile.mkdtemp(dir=self.folder.parent, prefix=f".{self.folder.name}-"))
            os.replace(self.folder, old / "was")
        os.replace(self.made, self.folder)
        if old:
            shutil.rmtree(old, ignore_errors=True)

    def drop(self):
        """Leave nothing behind."""
        shutil.rmtree(self.made, ignore_errors=True)
