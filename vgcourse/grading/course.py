"""Where a course is, and where it keeps things, as its nbgrader_config.py says."""

import json
from pathlib import Path
from typing import NamedTuple

from vgcourse.authoring.build import ROOT


def course_root():
    """The course around the current folder: the nearest one above it with an nbgrader_config.py."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file():
            return folder
    return ROOT


def course_config(root):
    """What this course's nbgrader_config.py sets: a traitlets Config, empty without the file."""
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    if (root / "nbgrader_config.py").is_file():
        return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    return Config()


def missing_gradebook(db_url):
    """The path where a gradebook of SQLite should be and is not; else None.

    To open one that is not there would make it.
    """
    path = db_url.removeprefix("sqlite:///")
    return None if path == db_url or Path(path).is_file() else path


def course_folders(root):
    """Where this course keeps things, as its nbgrader_config.py says."""
    course = course_config(root).CourseDirectory
    root = Path(course.get("root", root))
    return {
        "db_url": course.get("db_url", f"sqlite:///{root / 'gradebook.db'}"),
        "source": root / course.get("source_directory", "source"),
        "submitted": root / course.get("submitted_directory", "submitted"),
        "autograded": root / course.get("autograded_directory", "autograded"),
    }


class OwnCell(NamedTuple):
    """A cell of a course's own notebook; `grade_id` is None where nbgrader does not mark it."""

    grade_id: str | None
    kind: str
    source: str


def cells_of(folder):
    """Yield every cell of a problem set's own notebooks as an OwnCell."""
    for path in sorted(Path(folder).glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            yield OwnCell(grade_id, cell["cell_type"], "".join(cell["source"]))


def notebooks_in(gradebook, assignment):
    """The notebooks of an assignment in a gradebook: none where it is unknown, or has a due date alone."""
    from nbgrader.api import MissingEntry

    try:
        return list(gradebook.find_assignment(assignment).notebooks)
    except MissingEntry:
        return []


def unknown_set(source, assignment):
    """A sentence where a course's folder `source` holds no such set, else nothing."""
    sets = dict.fromkeys(path.parent.name for path in sorted(source.glob("*/*.ipynb")))
    if assignment in sets:
        return ""
    return f"there is no set {assignment!r}; there are {', '.join(sets) or 'none'}."


def not_generated(source, assignment):
    """A sentence on an assignment that the gradebook does not know: what makes it known."""
    cure = f"nbgrader generate_assignment {assignment} --force makes it known."
    if any(source.glob("*/*.ipynb")):  # else the sets are kept elsewhere
        cure = unknown_set(source, assignment) or cure
    return f"the gradebook knows no assignment {assignment!r}: {cure}"
