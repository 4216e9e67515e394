"""Problem set 2, the learner writes the test again: of ln σ(z), in both tails."""

from vgcourse.problems.ps2 import planted
from vgcourse.problems.ps2.testers import MISTAKES, is_accurate, tester
from vgcourse.problems.tested import tested_problem

IS_ACCURATE = tested_problem(
    planted,
    name="ps2.is_accurate",
    reference=is_accurate,
    family=tester,
    points=4,
    lecture='lecture 2, "Saturation"',
    mistakes=MISTAKES,
    hints=(
        "Where can a formula for −ln(1 + e^(−z)) go wrong? Where e^(−z) is infinite, where 1 + e^(−z) rounds to 1, and at borders between cases.",
        "Try z from −1000 to 80 in one array of two axes, 0 included. Compare shapes first, then |a − b| ≤ 1e−5 |b| entry by entry, with your own accurate formula or np.logaddexp.",
        "What one call does not show: a NaN among the inputs, z after the call beside a copy of it, and a second call with other values of the same shape.",
    ),
)
