"""What students see in their feedback, and what they must not: nbgrader's own settings show it."""

import re
from html import escape
from pathlib import Path

from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor
from traitlets import List

from vgcourse.grading.boxes import HIDDEN
from vgcourse.grading.checks import unnamed_in
from vgcourse.grading.naming import code_of, read_names
from vgcourse.grading.report import as_part, part_titles
from vgcourse.grading.rows import Row
from vgcourse.tell.report import MIME

LINK = re.compile(r"\[([^\]]+)\]\([^)\s:]+\.ipynb(?:#[^)\s]*)?\)")


class Step(NbGraderPreprocessor):
    """What all steps to a page have in common: they take a setting that a page makes for every step.

    nbgrader's own steps do not, and so warn of it for each student.
    """

    display_data_priority = List(help="which form of an output is shown first").tag(config=True)


class LatePenalties(Step, AssignLatePenalties):
    """Counts what lateness costs anew: by now the derivations are read."""


class DropLinks(Step):
    """Makes plain words of links to the course's other notebooks: a feedback page travels alone."""

    def preprocess_cell(self, cell, resources, index):
        """One cell; only text is touched."""
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(r"\1", cell.source)
        return cell, resources


class HideTests(Step):
    """Takes the hidden tests and the rubrics out of the feedback, and out of tracebacks that quote them.

    The outputs of hidden tests stay: they are what the points were given for.
    """

    def preprocess_cell(self, cell, resources, index):
        """One cell; only locked ones are touched, so nothing that a student writes can break it."""
        if utils.is_locked(cell) and HIDDEN.search(cell.source):
            cell.source = HIDDEN.sub("", cell.source).rstrip()
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


class SayNames(Step):
    """Adds to a check what graders have named since: the sentence of names.csv for just this wrong answer.

    Stands before HideTests, which it does not disturb.
    """

    def preprocess(self, nb, resources):
        """The notebook with a sentence below each check whose answer has a name by now."""
        self.names = read_names(CourseDirectory(parent=self).root)
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        """One cell; only checks are touched, and data that is not a check's is passed over."""
        data = [output.data[MIME] for output in cell.get("outputs", []) if MIME in output.get("data", {})]
        if not (data and self.names and utils.is_grade(cell)):
            return cell, resources
        try:
            unnamed = unnamed_in(data[0], "")
        except (TypeError, KeyError, AttributeError):
            return cell, resources
        for one in unnamed:
            if sentence := self.names.get(code_of(one.problem, one.codes)):
                text = f"Your graders add: {sentence}"
                shown = {"text/html": f"<p>{escape(text)}</p>", "text/plain": text}
                cell.outputs.append(new_output("display_data", data=shown))
        return cell, resources


class Overview(Step):
    """The head of a feedback page: every part by name with its points, and which answers nobody has read yet.

    The page's template takes it from the resources. Stands behind GetGrades.
    """

    def preprocess(self, nb, resources):
        """The notebook as it is; `resources["vgcourse"]` holds the totals and the parts."""
        where, course = resources["nbgrader"], CourseDirectory(parent=self)
        titles = part_titles(
            Path(course.root, course.format_path(course.source_directory, ".", where["assignment"]))
        )
        with Gradebook(where["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            parts = {grade.name: as_part(grade, titles) for grade in notebook.grades}
        order = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
        parts = {name: parts[name] for name in order if name in parts}
        row = Row(where["student"], "", True, "", tuple(parts.values()))
        resources["vgcourse"] = {
            "parts": parts, "total": row.total, "read": row.read, "waiting": row.waiting
        }  # fmt: skip
        return nb, resources
