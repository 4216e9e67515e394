"""Problem set 7, the learner writes the test: of an LSTM's backward pass."""

from vgcourse.problems.ps7 import planted
from vgcourse.problems.ps7.testers import MISTAKES, is_lstm_backward, tester
from vgcourse.problems.tested import tested_problem

# --- is_lstm_backward ------------------------------------------------------------------------------


IS_LSTM_BACKWARD = tested_problem(
    planted,
    name="ps7.is_lstm_backward",
    reference=is_lstm_backward,
    family=tester,
    points=4,
    lecture='lecture 10, "LSTM"',
    mistakes=MISTAKES,
    hints=(
        "What hides a bug? One step, one example, D = H or D ≠ H, states that are zero, one loss at the end, a dc_T of zero. Leave none of these hiding places.",
        "A gradient to compare with: recurrent.unroll_backward with recurrent.lstm_step_backward, or complex steps. The dc_T is the gradient of the last memory: dstates[-1, 1].",
        "Three sizes, for instance T, N, D, H = 4, 3, 5, 2, then 3, 2, 3, 3, then 1, 2, 4, 3; all random; all six results, shapes first, 1e−5; each twice; copies of the inputs.",
    ),
)
