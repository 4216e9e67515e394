"""Run a submission's cells: a kernel that dies takes one part with it, not the submission.

`RunEveryCell` takes the place of nbgrader's Execute, `ScoreByVerdict` stands right behind it.
"""

import copy
import re

from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Integer, List

from vgcourse.tell.report import MIME

CALL = re.compile(r"""^\s*check\(\s*["']([^"']+)["']""", re.MULTILINE)
ROUNDED = 0.06  # points; `%precision 1` shows no more


class RunEveryCell(Execute):
    """nbgrader's Execute, with a new kernel where one died.

    The cell in which it died is marked with an error. All others before it run again in the new kernel,
    checks excepted, and the run goes on below.
    """

    restarts = Integer(6, help="how many kernels a submission may lose").tag(config=True)
    extra_arguments = List(
        [
            "--HistoryManager.hist_file=:memory:",
            # IPython's own exit() ends the kernel a moment later, in some innocent cell
            "--IPKernelApp.exec_lines=from sys import exit, exit as quit",
        ]
    ).tag(config=True)

    def preprocess(self, nb, resources=None, km=None):
        """All cells; see the class."""
        self.died = set()
        return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell, resources, index):
        """One cell, and what has to run again where it kills its kernel."""
        if len(self.died) > self.restarts:
            _mark(cell, "the kernel died too often")
            return cell, resources
        try:
            return super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._bury(cell, index)
        while len(self.died) <= self.restarts:
            self.log.warning("The kernel died in cell %d; a new one goes on below it", index)
            self.kc.stop_channels()
            self.start_new_kernel()
            self.start_new_kernel_client()
            try:
                self._run_again(index, resources)
                break
            except DeadKernelError:
                continue
        return cell, resources

    def _run_again(self, stop, resources):
        for index, cell in enumerate(self.nb.cells[:stop]):
            if cell.cell_type != "code" or index in self.died or utils.is_grade(cell):
                continue
            try:
                super().preprocess_cell(copy.deepcopy(cell), resources, index)
            except DeadKernelError:
                self._bury(cell, index)
                raise
            finally:
                self.nb.cells[index] = cell  # with what it showed the first time

    def _bury(self, cell, index):
        self.died.add(index)
        _mark(cell, "the kernel died in this cell: os._exit, or too much memory")


def _mark(cell, what):
    if cell.cell_type == "code":
        _fail(cell, "DeadKernelError", what)


def _fail(cell, kind, sentence):
    """An error as the cell's first output: nbgrader takes what comes first, and gives no points for it."""
    cell.outputs.insert(
        0, new_output("error", ename=kind, evalue=sentence, traceback=[f"{kind}: {sentence}"])
    )


class ScoreByVerdict(NbGraderPreprocessor):
    """The points of a check are those in the data that it leaves behind; without data there are none.

    What is written to stderr, which costs all points under plain nbgrader, costs nothing.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        """One cell; only checks are touched."""
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        for output in cell.outputs:
            if output.output_type == "stream":
                output.name = "stdout"
        asked = CALL.findall(cell.source)
        if asked and not any(output.output_type == "error" for output in cell.outputs):
            if problem := _score(cell, asked):
                self.log.warning("%s: %s", cell.metadata.nbgrader["grade_id"], problem)
                _fail(cell, "NoVerdict", problem)
        return cell, resources


def _score(cell, asked):
    """Makes the last verdict's points the cell's only result; a sentence where that cannot be."""
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    verdicts = [output.data[MIME] for output in cell.outputs if MIME in output.get("data", {})]
    if len(verdicts) < len(asked) or not results:
        lost = "" if results else ", no result"
        return f"{len(asked)} checks were called, {len(verdicts)} left data behind{lost}: no points"
    last = verdicts[-1]
    points = last.get("points") if isinstance(last, dict) else None
    if not isinstance(points, (int, float)) or isinstance(points, bool) or last.get("problem") != asked[-1]:
        return f"the data is not that of a check of {asked[-1]}: no points"
    if not 0 <= points <= float(cell.metadata.nbgrader["points"]):
        return f"the data says {points:g} points"
    try:
        shown = float(results[-1].data.get("text/plain", ""))
    except ValueError:
        return "the cell shows no points"
    if not abs(shown - points) <= ROUNDED:
        return f"the cell shows {shown:g} points, the check's data says {points:g}"
    for output in results[:-1]:  # nbgrader would take the first
        output.output_type = "display_data"
        output.pop("execution_count", None)
    results[-1].data["text/plain"] = repr(float(points))
    return None
