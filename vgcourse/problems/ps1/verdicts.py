"""Problem set 1, the tables turned: the learner writes the test, and planted implementations take it."""

from vgcourse.problems.ps1 import planted
from vgcourse.problems.ps1.testers import MISTAKES, is_right, tester
from vgcourse.problems.tested import tested_problem

# --- is_right --------------------------------------------------------------------------------------


IS_RIGHT = tested_problem(
    planted,
    name="ps1.is_right",
    reference=is_right,
    family=tester,
    points=4,
    lecture='lecture 1, "Is this gradient right?", equations (1.7), (1.8) and (1.10)',
    mistakes=MISTAKES,
    hints=(
        "Think of what could be wrong and still look right: which sizes, which inputs, which call would show it?",
        "Compare shapes first, then a relative error (1.8) for each of dx, dW, db, with `not error <= threshold`. Sizes: all different; H = D; N = 1.",
        "What the numbers alone do not show: call twice with the same inputs, compare the inputs with copies afterwards, and use a dz of size 1e−9 once.",
    ),
)
