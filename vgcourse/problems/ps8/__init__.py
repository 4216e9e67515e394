"""The graded functions of problem set 8: the gradient clinic."""

from vgcourse.problems.ps8.adam import AMSGRAD_STEP
from vgcourse.problems.ps8.cures import TREAT
from vgcourse.problems.ps8.direction import CLIPPING_TURN
from vgcourse.problems.ps8.gates import GATE_BIAS, HALF_LIFE
from vgcourse.problems.ps8.health import GRADIENT_HEALTH
from vgcourse.problems.ps8.memory import MEMORY_LENGTH
from vgcourse.problems.ps8.momentum import CLIP_AFTER_MOMENTUM
from vgcourse.problems.ps8.rescale import RESCALE_RECURRENT
from vgcourse.problems.ps8.revive import REVIVE
from vgcourse.problems.ps8.rows import UPDATE_RATIOS
from vgcourse.problems.ps8.slopes import SLOPE_LEFT
from vgcourse.problems.ps8.spike import LONGEST_MEMORY
from vgcourse.problems.ps8.units import DEAD_UNITS
from vgcourse.problems.ps8.verdicts import IS_CROSS_ENTROPY

PROBLEMS = (
    DEAD_UNITS,
    SLOPE_LEFT,
    CLIPPING_TURN,
    GRADIENT_HEALTH,
    UPDATE_RATIOS,
    CLIP_AFTER_MOMENTUM,
    AMSGRAD_STEP,
    GATE_BIAS,
    HALF_LIFE,
    MEMORY_LENGTH,
    RESCALE_RECURRENT,
    TREAT,
    LONGEST_MEMORY,
    REVIVE,
    IS_CROSS_ENTROPY,
)

__all__ = ["PROBLEMS"]
