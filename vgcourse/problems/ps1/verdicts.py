"""Problem set 1, the tables turned: the learner writes the test, and planted implementations take it."""

from vgcourse.problems.ps1.planted import RIGHT, wrong_ones
from vgcourse.problems.ps1.testers import MISTAKES, is_right, tester
from vgcourse.problems.tested import Implementation, tested_problem

# --- is_right --------------------------------------------------------------------------------------


class BackwardPass(Implementation):
    """A backward pass."""

    what = "a backward pass of Z = W X + b"

    def __call__(self, dz, x, W):
        return self.formula(dz, x, W, self.memory.kept)


IS_RIGHT = tested_problem(
    BackwardPass,
    wrong_ones,
    RIGHT,
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
