"""A solved set to show after the deadline: notebook and web page, without hidden tests and rubrics."""

import datetime
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from vgcourse.authoring.build import as_lab_writes
from vgcourse.grading.boxes import HIDDEN
from vgcourse.grading.bundle import hidden_seeds
from vgcourse.grading.late import LateError, last_due
from vgcourse.grading.mathml import HTML_EXPORTER
from vgcourse.grading.running import CALL
from vgcourse.tell.report import MIME

MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")


def solved(folder):
    """The files to show for the problem set in a folder of solutions/.

    Parameters
    ----------
    folder : path

    Returns
    -------
    dict, name → bytes: for each notebook an .ipynb and an .html, and what stands beside them

    Raises
    ------
    ValueError
        If the seed of a hidden test would be in one of them.
    """
    folder, files = Path(folder), {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".md"):
        if path.suffix != ".ipynb":
            files[path.name] = path.read_bytes()
            continue
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            _show(cell)
        page, _ = HTMLExporter(**HTML_EXPORTER, template_name="vgcourse").from_notebook_node(
            notebook, resources={"metadata": {"name": f"{path.stem}, solved"}}
        )
        files[f"{path.stem}.html"] = page.encode()
        files[path.name] = as_lab_writes(notebook).encode()
    for what, seed in hidden_seeds(folder):
        if leak := next((name for name, data in files.items() if seed.encode() in data), None):
            raise ValueError(f"{leak} would hold {what}: nothing is written.")
    return files


def _show(cell):
    """A cell as students may see it; the cell is changed."""
    cell.metadata.pop("nbgrader", None)  # what is shown is no submission
    shown = HIDDEN.sub("", cell.source).rstrip()
    if shown != cell.source.rstrip() and cell.cell_type == "code":
        cell.outputs = cell.outputs[: len(CALL.findall(shown))]  # the hidden test's own stand behind them
    lines = [line for line in shown.splitlines() if line.strip() not in MARKERS]
    cell.source = "\n".join(lines)
    for output in cell.get("outputs", []):
        output.get("data", {}).pop(MIME, None)


def may_be_shown(due, assignment, extensions="extensions.csv", now=None):
    """Nothing where the set's due date is past for everybody.

    Raises
    ------
    LateError
        If it is not, or there is no due date.
    """
    if due is None:
        raise LateError(
            f"{assignment} has no due date: say it (vgcourse due {assignment} 2027-03-01T23:59+01:00), "
            "or --now if nobody hands in any more."
        )
    last = last_due(due, assignment, extensions)
    if (now or datetime.datetime.now(datetime.UTC)) < last:
        longer = ", with the longest extension" if last != due else ""
        raise LateError(
            f"{assignment} can be handed in until {last.astimezone():%Y-%m-%d %H:%M %Z}{longer}. "
            "--now writes its solutions before."
        )
