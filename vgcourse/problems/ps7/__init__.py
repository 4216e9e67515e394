"""Problem set 7: LSTM, GRU and UGRNN."""

from vgcourse.problems.ps7.bias import LEVEL_BIAS
from vgcourse.problems.ps7.both import BIDIRECTIONAL_FORWARD
from vgcourse.problems.ps7.both_back import BIDIRECTIONAL_BACKWARD
from vgcourse.problems.ps7.carousel import CAROUSEL
from vgcourse.problems.ps7.cell import COUPLED_STEP_FORWARD
from vgcourse.problems.ps7.judging import JUDGING_GATE_BACKWARD
from vgcourse.problems.ps7.mgu import MGU_STEP_BACKWARD
from vgcourse.problems.ps7.sequence import COUPLED_BACKWARD
from vgcourse.problems.ps7.stack import STACK_BACKWARD
from vgcourse.problems.ps7.step import COUPLED_STEP_BACKWARD
from vgcourse.problems.ps7.table import UNIFIED_CELL
from vgcourse.problems.ps7.times import MEND_TIMES
from vgcourse.problems.ps7.translate import TRANSLATE_GRU
from vgcourse.problems.ps7.verdicts import IS_LSTM_BACKWARD

PROBLEMS = (
    UNIFIED_CELL,
    COUPLED_STEP_FORWARD,
    COUPLED_STEP_BACKWARD,
    COUPLED_BACKWARD,
    CAROUSEL,
    TRANSLATE_GRU,
    MGU_STEP_BACKWARD,
    JUDGING_GATE_BACKWARD,
    BIDIRECTIONAL_FORWARD,
    BIDIRECTIONAL_BACKWARD,
    STACK_BACKWARD,
    LEVEL_BIAS,
    MEND_TIMES,
    IS_LSTM_BACKWARD,
)

__all__ = ["PROBLEMS"]
