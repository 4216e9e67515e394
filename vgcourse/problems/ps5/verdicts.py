"""Problem set 5, the learner writes the test: of a function that says whether a recursion is stable."""

from vgcourse.problems.ps5 import planted
from vgcourse.problems.ps5.testers import MISTAKES, tells_stability, tester
from vgcourse.problems.tested import tested_problem

# --- tells_stability -------------------------------------------------------------------------------


TELLS_STABILITY = tested_problem(
    planted,
    name="ps5.tells_stability",
    reference=tells_stability,
    family=tester,
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=MISTAKES,
    hints=(
        "Think of rules that are nearly right: real parts, norms, determinants, entries, a few steps. For each, which W would it get wrong?",
        "Stable ones: with a large corner, with a negative λ, with many units. Unstable ones: turning, below −1, one λ among many small ones, many small entries, opposite signs, exactly 1.",
        "Small matrices by hand are enough, and you know their λ: triangular ones have them on the diagonal. Compare each W with a copy afterwards, and take bool of the verdict.",
    ),
)
