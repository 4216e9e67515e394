"""Problem set 6, the learner writes the test: of one-pass BPTT."""

from vgcourse.problems.ps6 import planted
from vgcourse.problems.ps6.testers import MISTAKES, is_bptt, tester
from vgcourse.problems.tested import tested_problem

# --- is_bptt ---------------------------------------------------------------------------------------


IS_BPTT = tested_problem(
    planted,
    name="ps6.is_bptt",
    reference=is_bptt,
    family=tester,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    mistakes=MISTAKES,
    hints=(
        "Where can BPTT go wrong and still look right? With one step, with few steps, with h_0 = 0, with a symmetric matrix, with one sequence, at the first call.",
        "Compute dh0, dW_x and dW_h yourself and compare shapes first, then the norm of the difference with 1e−4 of the norm. Sizes that all differ help.",
        "For long lags: 40 steps, small inputs, np.linalg.qr(...)[0] for W_h, so that the early steps still count. Then the same shapes again with other weights, a sequence of one step, and copies of what you handed over.",
    ),
)
