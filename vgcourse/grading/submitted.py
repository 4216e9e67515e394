"""The file that a student handed in: which one counts, and what is in it, whatever an editor made of it.

`Submitted` and `take_renamed` go into nbgrader_config.py; the report asks `read` and `chosen` why something
could not be graded.
"""

import datetime
import hashlib
import json
import re
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.utils import parse_utc

from vgcourse.authoring.build import as_lab_writes

TAKEN = "vgcourse_file"  # in a notebook's metadata: which file it was, where that is not plain
DIGEST = "vgcourse_sha256"  # in an autograded notebook's metadata: of the file that was graded
TIMESTAMP = "timestamp.txt"  # nbgrader's own, beside the notebook: when it was handed in
LATE = "late.txt"  # beside the notebook: the file that the platform marked LATE without saying by how much
MERGE_MARK = re.compile(r"^\s*(<{7}|={7}|>{7})( |$)", re.MULTILINE)


class Refused(ValueError):
    """A submission that cannot be graded; the message is one sentence that names what is wrong and where."""


def chosen(folder, name):
    """The file in a submission's folder that stands for the notebook `name`.

    The one of that name; else the only notebook there, or the only one with the name in its own:
    "ps1 (1).ipynb".

    Parameters
    ----------
    folder : path
    name : str, "ps1"

    Returns
    -------
    Path

    Raises
    ------
    Refused
        If there is none, or nothing says which of several.
    """
    there = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() == ".ipynb")
    if not there:
        raise Refused("no notebook in it")
    alike = [path for path in there if name.lower() in path.stem.lower()]
    for candidates in ([path for path in there if path.name == f"{name}.ipynb"], there, alike):
        if len(candidates) == 1:
            return candidates[0]
    names = ", ".join(path.name for path in there)
    raise Refused(f"no {name}.ipynb, but {names}: rename the one that counts, grade again")


def read(path):
    """A notebook from bytes of any of the encodings, line ends and formats that editors write.

    Raises
    ------
    Refused
        If it is no notebook.
    """
    path = Path(path)
    data = path.read_bytes()
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(f"{path.name} is no text (byte {error.start + 1} is no {encoding})") from error
    if not text.strip():
        raise Refused(f"{path.name} is empty")
    if text.lstrip()[:1] == "<" and not MERGE_MARK.match(text):
        raise Refused(f"{path.name} is a web page, not a notebook")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path.name} {_broken(text, error)}") from error
    if not isinstance(data, dict) or not ({"cells", "worksheets"} & data.keys()):
        raise Refused(f"{path.name} is JSON, but no notebook: it has no cells")
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # nbformat raises many kinds for one reason: bad input
        raise Refused(f"{path.name} is no notebook that Jupyter can read ({type(error).__name__})") from error


def opened(folder, name):
    """The file that `chosen` takes and its notebook, which says so where another one could have been meant.

    Returns
    -------
    (Path, NotebookNode)
    """
    file = chosen(folder, name)
    notebook = read(file)
    others = [other.name for other in sorted(Path(folder).glob("*.ipynb")) if other != file]
    notebook.metadata.pop(TAKEN, None)
    if file.name != f"{name}.ipynb" or others:
        left = f", {', '.join(others)} left" if others else ""
        notebook.metadata[TAKEN] = f"{file.name} was taken{left}"
    return file, notebook


def _broken(text, error):
    if mark := MERGE_MARK.search(text):
        return f"has marks of a merge in line {text.count(chr(10), 0, mark.start(1)) + 1}"
    place = (
        f" in line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    )
    return f"is broken{place}: it is no JSON"


def digest(file):
    """The SHA-256 of a file: two with the same are the same hand-in, whatever their dates."""
    return digest_of(Path(file).read_bytes())


def digest_of(data):
    """The SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def handed_in_at(folder):
    """The time that stands beside a submission, with its zone; None where none does."""
    try:
        text = (Path(folder) / TIMESTAMP).read_text(encoding="utf-8").strip()
        return parse_utc(text).replace(tzinfo=datetime.UTC)
    except (OSError, ValueError, OverflowError):
        return None


def marked_late(folder):
    """The name of the file that the platform marked LATE, where no time says by how much; else nothing."""
    try:
        return (Path(folder) / LATE).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


class Submitted(NotebookExporter):
    """nbgrader's way to read a notebook; this one opens what `chosen` says, with `read`."""

    def from_filename(self, filename, resources=None, **settings):
        """The notebook, with a sentence on the file, where it is not the only one or has another name."""
        path = Path(filename)
        _, notebook = opened(path.parent, path.stem)
        resources = self._init_resources(resources)
        resources["metadata"].update(name=path.stem, path=str(path.parent))
        return self.from_notebook_node(notebook, resources=resources, **settings)


def take_renamed(assignment, student, notebooks):
    """nbgrader's hook before it grades a submission: its list of notebooks names the one that is wanted.

    `Submitted` opens the right file for it. Nothing in submitted/ is changed. A problem set of several
    notebooks, or with one of another name, is left alone.
    """
    if Path("solutions", assignment, f"{assignment}.ipynb").is_file():  # nbgrader works in the course's root
        notebooks[:] = [str(Path(notebooks[0]).parent / f"{assignment}.ipynb")]


class AsLabWrites(NotebookExporter):
    """A released notebook in the form in which the course keeps it: releasing again changes no byte."""

    def from_notebook_node(self, nb, resources=None, **settings):
        """The notebook's text as JupyterLab would write it."""
        text, resources = super().from_notebook_node(nb, resources, **settings)
        return as_lab_writes(nbformat.reads(text, as_version=4)), resources
