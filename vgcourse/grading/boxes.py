"""Answers that stand beside their box: a human reads them, nobody gets an automatic 0 for them."""

import re
from pathlib import Path

import nbformat
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

NOTE = "*(from the cell below)*"
# What stands in the instructor's cells and in no student's.
HIDDEN = re.compile(
    r"^[^\n]*BEGIN (HIDDEN TESTS|MARK SCHEME).*?(END \1[^\n]*\n?|\Z)", re.MULTILINE | re.DOTALL
)


class CollectAnswers(NbGraderPreprocessor):
    """Moves what a student wrote in text cells of their own right below a written answer's box into the box.

    nbgrader reads the box alone and gives an unchanged one 0 points. The box keeps what is in it; the same
    text once more adds nothing. Text that the problem set itself brings is no answer, and ends the search.
    Belongs to autograde's sanitising preprocessors, after OverwriteCells.
    """

    def preprocess(self, nb, resources):
        """The notebook with its boxes filled; a box with nothing below it stays as it is."""
        for name in fill(nb, self.given_texts(resources["nbgrader"])):
            self.log.info("Answer below %s moved into it", name)
        return nb, resources

    def given_texts(self, where):
        """The words of every text cell that the problem set itself brings."""
        course = CourseDirectory(parent=self)
        folders = course.source_directory, course.release_directory
        paths = [
            Path(
                course.root,
                course.format_path(folder, ".", where["assignment"]),
                f"{where['notebook']}.ipynb",
            )
            for folder in folders
        ]
        found = [path for path in paths if path.is_file()]
        if not found:
            self.log.warning(
                "None of %s is there: every text below a box counts as an answer", [*map(str, paths)]
            )
            return set()
        return texts_of(found[0])


def texts_of(path):
    """The words of every text cell of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return {words(cell.source) for cell in cells if cell.cell_type != "code"}


def fill(notebook, given):
    """Move what stands below the boxes of a notebook into them; `given` are the problem set's own texts.

    Returns
    -------
    list of the boxes' grade_ids, one for each text that was moved
    """
    kept, box, filled = [], None, []
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader"):
            written = cell.cell_type == "markdown" and utils.is_grade(cell) and utils.is_solution(cell)
            box = cell if written else None
        elif cell.cell_type != "code" and words(cell.source) in given:
            box = None
        elif (
            box is not None and cell.cell_type != "code" and words(cell.source) not in ("", words(box.source))
        ):
            move(cell, box)
            filled.append(box.metadata.nbgrader["grade_id"])
            continue
        kept.append(cell)
    notebook.cells = kept
    return filled


def words(text):
    """The text without differences in blanks and line ends, which editors change."""
    return " ".join(text.split())


def move(cell, box):
    """The cell's text and pasted pictures at the end of the box; a picture's name is made its own."""
    text, pictures = cell.source, box.get("attachments", {})
    for name, picture in cell.get("attachments", {}).items():
        fresh = name
        while fresh in pictures and pictures[fresh] != picture:
            fresh = f"below-{fresh}"
        text = text.replace(f"(attachment:{name})", f"(attachment:{fresh})")
        pictures[fresh] = picture
    if pictures:
        box.attachments = pictures
    box.source = f"{box.source}\n\n{NOTE}\n\n{text}"
