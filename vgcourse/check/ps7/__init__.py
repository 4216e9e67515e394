"""Problem set 7: LSTM, GRU and UGRNN."""

from vgcourse.check.ps7.gru_backward import GRU_STEP_BACKWARD
from vgcourse.check.ps7.gru_forward import GRU_STEP_FORWARD
from vgcourse.check.ps7.layers import BIDIRECTIONAL_BACKWARD, BIDIRECTIONAL_FORWARD
from vgcourse.check.ps7.lstm_backward import LSTM_STEP_BACKWARD
from vgcourse.check.ps7.lstm_forward import LSTM_STEP_FORWARD
from vgcourse.check.ps7.lstm_sequence import CAROUSEL, LSTM_BACKWARD
from vgcourse.check.ps7.stack import STACK_BACKWARD
from vgcourse.check.ps7.ugrnn import UGRNN_STEP_BACKWARD, UNIFIED_CELL

PROBLEMS = (
    LSTM_STEP_FORWARD,
    LSTM_STEP_BACKWARD,
    LSTM_BACKWARD,
    CAROUSEL,
    GRU_STEP_FORWARD,
    GRU_STEP_BACKWARD,
    UGRNN_STEP_BACKWARD,
    UNIFIED_CELL,
    BIDIRECTIONAL_FORWARD,
    BIDIRECTIONAL_BACKWARD,
    STACK_BACKWARD,
)

__all__ = ["PROBLEMS"]
