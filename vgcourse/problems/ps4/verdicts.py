"""Problem set 4, the learner writes the test once more: of clipping by the global norm."""

from vgcourse.problems.ps4 import planted
from vgcourse.problems.ps4.testers import MISTAKES, is_clipping, tester
from vgcourse.problems.tested import tested_problem

# --- is_clipping -----------------------------------------------------------------------------------


IS_CLIPPING = tested_problem(
    planted,
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
