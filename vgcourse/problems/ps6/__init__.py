"""Problem set 6: backpropagation through time and its memory, on a leaky net.

One notation throughout, time-major arrays (T, N, …), weights (out, in), hs with T + 1 entries, hs[0] = h_0:

    z_t = W_h h_{t−1} + W_x x_t + b      c_t = tanh(z_t)      h_t = (1 − α) ⊙ h_{t−1} + α ⊙ c_t
"""

from vgcourse.problems.ps6.checkpoints import CHECKPOINTED_BACKWARD
from vgcourse.problems.ps6.cut import CHEAP_CUT
from vgcourse.problems.ps6.forward import LABEL_GRADIENTS, LEAKY_FORWARD
from vgcourse.problems.ps6.masked import SEQUENCE_MEAN_LOSS
from vgcourse.problems.ps6.mend import MEND_LEAKS
from vgcourse.problems.ps6.one_loss import ERROR_SIGNALS, LEAKY_JACOBIAN
from vgcourse.problems.ps6.pairs import BIAS_PAIRS, INPUTS_BY_LAG
from vgcourse.problems.ps6.plans import CHEAPEST_REVERSAL, CHECKPOINT_PLAN
from vgcourse.problems.ps6.through_time import LEAKY_BACKWARD
from vgcourse.problems.ps6.truncated import TRUNCATED_BACKWARD
from vgcourse.problems.ps6.verdicts import IS_BPTT

PROBLEMS = (
    LEAKY_FORWARD,
    LABEL_GRADIENTS,
    ERROR_SIGNALS,
    LEAKY_JACOBIAN,
    BIAS_PAIRS,
    LEAKY_BACKWARD,
    INPUTS_BY_LAG,
    SEQUENCE_MEAN_LOSS,
    TRUNCATED_BACKWARD,
    CHECKPOINTED_BACKWARD,
    CHECKPOINT_PLAN,
    CHEAPEST_REVERSAL,
    CHEAP_CUT,
    MEND_LEAKS,
    IS_BPTT,
)

__all__ = ["PROBLEMS"]
