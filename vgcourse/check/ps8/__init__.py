"""The graded functions of problem set 8: the gradient clinic."""

from vgcourse.check.ps8.adam import AMSGRAD_STEP
from vgcourse.check.ps8.cures import TREAT
from vgcourse.check.ps8.direction import CLIPPING_TURN
from vgcourse.check.ps8.gates import GATE_BIAS
from vgcourse.check.ps8.health import GRADIENT_HEALTH
from vgcourse.check.ps8.lives import HALF_LIFE
from vgcourse.check.ps8.memory import MEMORY_LENGTH
from vgcourse.check.ps8.momentum import CLIP_AFTER_MOMENTUM
from vgcourse.check.ps8.rescale import RESCALE_RECURRENT
from vgcourse.check.ps8.revive import REVIVE
from vgcourse.check.ps8.rows import UPDATE_RATIOS
from vgcourse.check.ps8.slopes import SLOPE_LEFT
from vgcourse.check.ps8.spike import LONGEST_MEMORY
from vgcourse.check.ps8.units import DEAD_UNITS
from vgcourse.check.ps8.verdicts import IS_CROSS_ENTROPY

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
