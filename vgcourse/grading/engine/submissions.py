"""From a student's folder to an order: the file that counts, its cells put right, what lies beside it."""

from typing import NamedTuple

from nbformat.v4 import new_output
from nbgrader.preprocessors import OverwriteCells

from vgcourse.grading.boxes import fill
from vgcourse.grading.checks import short
from vgcourse.grading.engine.assignment import files_in
from vgcourse.grading.engine.orders import Order, digest_of, environment
from vgcourse.grading.jail.jobs import Cell
from vgcourse.grading.restore import NOTES, restore
from vgcourse.grading.submitted import DIGEST, LATE, TIMESTAMP, Refused, digest, opened

MOST_PICTURES, LARGEST_PICTURE = 5, 2_000_000  # of one cell; characters


class Submission(NamedTuple):
    """One student's hand-in, ready to be graded.

    `content` is a digest of all that was handed in, of the problem set, and of the course's code. `files` are
    what lies beside the notebook: names and bytes.
    """

    student: str
    folder: object
    notebook: object
    content: str
    files: dict


def find_submission(course, assignment, student, limits):
    """Read what a student handed in; `limits` are the jail's.

    Returns
    -------
    Submission, or None if there is nothing

    Raises
    ------
    Refused
        If it cannot be graded; one sentence why.
    """
    folder = course.submitted / student / assignment.name
    if "/" in student or student in (".", "..") or not folder.is_dir():
        return None
    try:
        file, notebook = opened(folder, assignment.notebook)
        notes = restore(notebook, assignment.given)
        _as_given(notebook, assignment)
        fill(notebook, assignment.texts)
        files, left = beside(folder, course.ignore, limits.file_size)
    except Refused:
        raise
    except OSError as error:
        raise Refused(f"it cannot be read: {error.filename or folder}: {error.strerror or error}") from error
    except Exception as error:  # a notebook may be odd in more ways than we know
        raise Refused(f"{folder.name}: its cells make no sense ({short(repr(error))})") from error
    if left:
        notes.append(f"left out, too large together: {', '.join(left)}")
    notebook.metadata[NOTES] = notes
    notebook.metadata[DIGEST] = digest(file)
    parts = [notebook.metadata[DIGEST], assignment.digest, environment(), repr(limits)]
    for name in sorted(files):
        parts += [name, files[name]]
    return Submission(student, folder, notebook, digest_of(*parts), files)


def order_for(submission, assignment, seeds, jail, limits):
    """The order to grade a submission.

    Parameters
    ----------
    submission : Submission
    assignment : Assignment
    seeds : problem → the seeds of its inputs
    jail : "none" where there is no protection: what comes of that is never taken for a safe result
    limits : the jail's
    """
    cells, checks = [], {}
    for cell in code_cells(submission.notebook):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        check = assignment.checks.get(name)
        if check:
            checks[len(cells)] = check
        asks = tuple((ask.problem, ask.function) for ask in check.asks) if check else ()
        cells.append(Cell(cell.source, asks))
    key = digest_of(submission.content, repr(sorted(seeds.items())), "unsafe" if jail == "none" else "")
    return Order(
        key,
        assignment.name,
        tuple(cells),
        checks,
        seeds,
        assignment.rooms,
        submission.files,
        limits,
        environment(),
    )


def _as_given(notebook, assignment):
    """Cells get the kind that the problem set gives them, the notebook its kernel; outputs go.

    Pictures stay in the student's own cells: nothing is drawn in a jail, and a human reads the experiment.
    """
    kinds = OverwriteCells()
    for cell in notebook.cells:
        if given := assignment.given.get(cell.metadata.get("nbgrader", {}).get("grade_id")):
            kinds.update_cell_type(cell, given.cell_type)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [] if given else _pictures(cell), None
    if assignment.kernelspec:
        notebook.metadata["kernelspec"] = assignment.kernelspec


def _pictures(cell):
    """The first few pictures that a cell was handed in with."""
    kept = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        picture = data.get("image/png") if isinstance(data, dict) else None
        if isinstance(picture, str) and len(picture) <= LARGEST_PICTURE and len(kept) < MOST_PICTURES:
            kept.append(new_output("display_data", {"image/png": picture}))
    return kept


def beside(folder, ignore, most):
    """What lies beside the notebook, {name: bytes} as far as it is small enough, and the names left out."""
    files, left = {}, []
    for name in files_in(folder, [*ignore, TIMESTAMP, LATE]):
        if (folder / name).stat().st_size + sum(map(len, files.values())) > most:
            left.append(name)
        else:
            files[name] = (folder / name).read_bytes()
    return files, left


def code_cells(notebook):
    """The code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
