"""Problem set 4, the learner writes the test once more: of clipping by the global norm."""

from vgcourse.problems.ps4.planted import RIGHT, WRONG
from vgcourse.problems.ps4.testers import MISTAKES, is_clipping, tester
from vgcourse.problems.tested import Implementation, tested_problem

# --- is_clipping -----------------------------------------------------------------------------------


class Clipping(Implementation):
    """A clipping function."""

    what = "a function that clips by the global norm"

    def __call__(self, grads, threshold):
        return self.formula(grads, threshold, self.memory.kept)


IS_CLIPPING = tested_problem(
    Clipping,
    WRONG,
    RIGHT,
    name="ps4.is_clipping",
    reference=is_clipping,
    family=tester,
    points=4,
    lecture='lecture 5, "Normalisation, clipping"',
    mistakes=MISTAKES,
    hints=(
        "Where can clipping go wrong? Far above the threshold, just above it, just below it, at zero, at NaN, and in what it leaves behind.",
        "Three arrays of different norms, and cases with the norm above c², between c and c², and between 1 and c. Compare shapes first, then a relative error with 1e−5.",
        "Beside the numbers: another threshold in each call, copies of grads to compare with afterwards, arrays of zeros, and one NaN that has to come out again.",
    ),
)
