"""Problem set 6: backpropagation through time and its memory.

One notation throughout, time-major arrays (T, N, …), weights (out, in):

    a_t = W_h h_{t−1} + W_x x_t + b      h_t = tanh(a_t)      z_t = V h_t      E = E_1 + … + E_T
"""

from vgcourse.check.ps6.binomial import BINOMIAL_COST
from vgcourse.check.ps6.by_lag import DOUBLE_SUM, GRADIENT_BY_LAG
from vgcourse.check.ps6.checkpoints import CHECKPOINT_PLAN, CHECKPOINTED_BACKWARD
from vgcourse.check.ps6.forward import OUTPUT_GRADIENTS, RNN_FORWARD
from vgcourse.check.ps6.masked import MASKED_SEQUENCE_LOSS
from vgcourse.check.ps6.one_loss import ERROR_SIGNALS, STATE_JACOBIAN
from vgcourse.check.ps6.through_time import RNN_BACKWARD
from vgcourse.check.ps6.truncated import TRUNCATED_BACKWARD

PROBLEMS = (
    RNN_FORWARD,
    OUTPUT_GRADIENTS,
    ERROR_SIGNALS,
    STATE_JACOBIAN,
    DOUBLE_SUM,
    RNN_BACKWARD,
    GRADIENT_BY_LAG,
    MASKED_SEQUENCE_LOSS,
    TRUNCATED_BACKWARD,
    CHECKPOINTED_BACKWARD,
    CHECKPOINT_PLAN,
    BINOMIAL_COST,
)
