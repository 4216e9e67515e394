"""The problem set's own cells in a submission: found again, put back, each of them once.

nbgrader stops the whole class at a cell that stands there twice, and cannot grade one whose mark an editor
dropped. `RestoreCells` takes the place of its DeduplicateIds and stands before OverwriteCells.
"""

import re
from typing import NamedTuple

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from vgcourse.grading.boxes import HIDDEN, move, words
from vgcourse.grading.submitted import DIGEST, TAKEN, Refused, chosen, digest

NOTES = "vgcourse_notes"  # in an autograded notebook's metadata: what was put right, in sentences
DEFINED = re.compile(r"^(?:def|class) +(\w+)", re.MULTILINE)


class Given(NamedTuple):
    """One marked cell of the problem set, as the gradebook keeps it; `source` holds the hidden tests."""

    name: str
    cell_type: str
    source: str
    mark: dict

    @property
    def is_answer(self):
        """Does a student write code into it?"""
        return self.mark["solution"] and self.cell_type == "code"

    @property
    def is_box(self):
        """Does a student write text into it?"""
        return self.mark["solution"] and self.cell_type != "code"


def given_cells(notebook):
    """The marked cells of a gradebook's notebook, in their order.

    Returns
    -------
    dict, grade_id → Given
    """
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    points |= {cell.name: cell.max_score for cell in notebook.task_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    given = {}
    for cell in notebook.source_cells:
        name = cell.name
        mark = {
            "grade_id": name,
            "schema_version": 3,
            "grade": name in points and name not in tasks,
            "solution": name in solutions,
            "locked": cell.locked,
            "task": name in tasks,
            "checksum": cell.checksum,
            "cell_type": cell.cell_type,
        }
        if name in points:
            mark["points"] = points[name]
        given[name] = Given(name, cell.cell_type, cell.source, mark)
    return given


def restore(notebook, given):
    """Every cell of the problem set once and as it was given; all others are the student's own.

    A cell is known by its mark, its id, its text where it is locked, the name that it defines where it is an
    answer. Of several answers or checks the last one counts; what stands in several copies of a box comes
    together in the first. What is missing is put back, an answer excepted: its stub would take the place of
    one that the student has written somewhere else.

    Parameters
    ----------
    notebook : NotebookNode, changed
    given : dict, as from `given_cells`

    Returns
    -------
    list of sentences: what was put right

    Raises
    ------
    Refused
        If nothing of the problem set is in it.
    """
    notes = []
    if taken := notebook.metadata.pop(TAKEN, None):
        notes.append(str(taken))
    found = [_known(cell, given) for cell in notebook.cells]
    unmarked = _by_content(notebook.cells, found, given)
    if unmarked:
        notes.append(f"marks were missing, cells found by their content: {', '.join(unmarked)}")
    if not any(found):
        raise Refused(f"none of the problem set's {len(given)} cells is in it: {len(notebook.cells)} others")
    notes += _each_once(notebook, found, given)
    for cell in notebook.cells:
        if name := _name(cell):
            notes += _as_given(cell, given[name])
    missing = _put_back(notebook, given)
    if missing:
        notes.append(f"put back: {', '.join(missing)}")
    answers = {name for name, one in given.items() if one.is_answer}
    if lost := answers - {_name(cell) for cell in notebook.cells}:
        notes.append(f"no answer found for {', '.join(name for name in given if name in lost)}")
    return notes


def _name(cell):
    mark = cell.metadata.get("nbgrader")
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else None


def _known(cell, given):
    """The grade_id that a cell carries, or None; a mark that is not the problem set's goes."""
    name = _name(cell)
    if name in given:
        return name
    cell.metadata.pop("nbgrader", None)
    return None


def _by_content(cells, found, given):
    """Fills `found` for cells without a mark, where it is certain; returns their grade_ids."""
    names = [name for name in given if name not in found and not given[name].is_box]
    texts = {words(HIDDEN.sub("", given[name].source)): name for name in names if given[name].mark["locked"]}
    texts.pop("", None)  # a check of hidden tests alone is not every empty cell
    functions = {
        function: name
        for name in names
        if given[name].is_answer
        for function in DEFINED.findall(given[name].source)
    }
    matched = []
    for i, cell in enumerate(cells):
        if found[i]:
            continue
        by_text = texts.get(words(cell.source))
        defined = DEFINED.findall(cell.source) if cell.cell_type == "code" else []
        by_function = next((functions[function] for function in defined if function in functions), None)
        if name := by_text or by_function or (cell.get("id") in names and cell.id):
            found[i] = name
            matched.append(name)
    return list(dict.fromkeys(matched))


def _each_once(notebook, found, given):
    """Marks every cell of `found` anew; of copies only one keeps its mark."""
    notes, kept, boxes = [], [], {}
    last = {name: i for i, name in enumerate(found) if name}
    for i, (cell, name) in enumerate(zip(notebook.cells, found, strict=True)):
        cell.metadata.pop("nbgrader", None)
        if name and given[name].is_box:
            if name in boxes:
                stub = words(given[name].source), words(boxes[name].source)
                if words(cell.source) not in stub:
                    move(cell, boxes[name])
                continue
            boxes[name] = cell
        if name and (given[name].is_box or last[name] == i):
            cell.metadata["nbgrader"] = dict(given[name].mark)
        kept.append(cell)
    copies = [name for name in last if found.count(name) > 1]
    if copies:
        notes.append(f"there more than once: {', '.join(copies)}")
    notebook.cells = kept
    return notes


def _as_given(cell, given):
    """The source of a locked cell; a sentence if the student had changed it."""
    if not given.mark["locked"] and not (given.mark["grade"] and not given.mark["solution"]):
        return []
    changed = words(cell.source) not in (words(HIDDEN.sub("", given.source)), words(given.source))
    cell.source = given.source
    return [f"{given.name} had been changed"] if changed else []


def _put_back(notebook, given):
    """Inserts what is missing, each cell below the one before it in the problem set; returns the names."""
    missing, place = [], -1
    there = {_name(cell) for cell in notebook.cells}
    for name, one in given.items():
        if name in there:
            place = next(i for i, cell in enumerate(notebook.cells) if _name(cell) == name)
        elif not one.is_answer:
            new_cell = new_code_cell if one.cell_type == "code" else new_markdown_cell
            place += 1
            cell = new_cell(one.source, metadata={"nbgrader": dict(one.mark)})
            if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
                del cell["id"]
            notebook.cells.insert(place, cell)
            missing.append(name)
    return missing


class RestoreCells(NbGraderPreprocessor):
    """`restore` for nbgrader: the notes are logged, and kept in the notebook for the report."""

    def preprocess(self, nb, resources):
        """The notebook with its cells restored; what is put right is in the metadata's NOTES."""
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            given = given_cells(gradebook.find_notebook(where["notebook"], where["assignment"]))
        notes = restore(nb, given)
        nb.metadata[NOTES] = notes
        nb.metadata[DIGEST] = digest(chosen(resources["metadata"]["path"], where["notebook"]))
        for note in notes:
            self.log.warning("%s: %s", where["student"], note)
        return nb, resources
