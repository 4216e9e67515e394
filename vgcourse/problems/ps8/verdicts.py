"""Problem set 8, the learner writes the test once more: of a cross-entropy that survives."""

from vgcourse.problems.ps8 import planted
from vgcourse.problems.ps8.testers import MISTAKES, is_cross_entropy, tester
from vgcourse.problems.tested import tested_problem

# --- is_cross_entropy ------------------------------------------------------------------------------


IS_CROSS_ENTROPY = tested_problem(
    planted,
    name="ps8.is_cross_entropy",
    reference=is_cross_entropy,
    family=tester,
    points=4,
    lecture='lecture 12, "The clinic"',
    mistakes=MISTAKES,
    hints=(
        "Where can a loss go wrong? Large z, rows at different levels, a label that the net holds for impossible, a NaN, and what it leaves behind.",
        "Write the loss yourself by (12.20), row by row, and compare with a relative error of 1e−5: small z, a loss of 40, one of 800, rows near 1000 and near −1000.",
        "Beside the numbers: another number of rows in each call, a copy of z to compare with afterwards, and one NaN that has to come out again.",
    ),
)
