"""What students must not see in their feedback; nbgrader's own settings show it."""

import re

from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

HIDDEN = re.compile(
    r"^[^\n]*BEGIN (HIDDEN TESTS|MARK SCHEME).*?(END \1[^\n]*\n?|\Z)", re.MULTILINE | re.DOTALL
)


class HideTests(NbGraderPreprocessor):
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
