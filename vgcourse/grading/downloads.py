"""Whose file is it? What an LMS packs into one zip, put where nbgrader looks for it."""

import re
from collections import Counter
from pathlib import Path

from nbgrader.plugins import FileNameCollectorPlugin

CANVAS = re.compile(r"[^_]+_(?:LATE_)?(?P<student>\d+)_\d+_(?P<file>.+)")  # okafor_4711_90210_ps1-1
MOODLE = re.compile(r".+_(?P<student>\d+)_assignsubmission_file_?")  # Okafor_4711_assignsubmission_file_
PLAIN = re.compile(r"(?P<student>.+?)[_-](?P<file>ps\d+.*)", re.IGNORECASE)  # a.okafor_ps1


class Downloads(FileNameCollectorPlugin):
    """Knows the student by the name of a file or of the folder that holds it, for `nbgrader zip_collect`.

    Canvas and Moodle name files by their number for a student, which their tables of grades have, too.
    `STUDENT_ps1.ipynb`, `STUDENT/ps1.ipynb` and `STUDENT.zip` are read as well.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen = Counter()

    def collect(self, submitted_file):
        """{"student_id", "file_id"} of one file, None for what is no notebook or names nobody."""
        path = Path(submitted_file)
        if path.suffix.lower() not in self.valid_ext:
            return None
        student, file = whose(path)
        if student is None:
            self.log.warning("%s: no student in its name; call it STUDENT_ps1.ipynb", path.name)
            return None
        self.seen[student, file] += 1
        if (number := self.seen[student, file]) > 1:  # nbgrader would stop here; the report asks to choose
            file = f"{file} ({number})"
        return {"student_id": student, "file_id": file}


def whose(path):
    """(student, name of the notebook) by the path of a downloaded file; (None, name) where nothing says so.

    >>> whose(Path("downloaded/ps1/extracted/all/Amara Okafor_4711_assignsubmission_file_/ps1.ipynb"))
    ('4711', 'ps1')
    """
    parts = path.parts
    start = len(parts) - parts[::-1].index("extracted") if "extracted" in parts else 0
    assignment = parts[start - 2] if start > 1 else None
    folders = [name for name in parts[start:-1] if name != assignment]
    for name in reversed(folders):
        if found := MOODLE.fullmatch(name):
            return found["student"], path.stem
    for pattern in (CANVAS, PLAIN):
        if found := pattern.fullmatch(path.stem):
            return found["student"], found["file"]
    return (folders[-1] if folders else None), path.stem
