"""The graded functions of problem set 8: the gradient clinic."""

from vgcourse.check.ps8.adam import CLIPPED_ADAM_STEP
from vgcourse.check.ps8.cures import CHOOSE_CURES
from vgcourse.check.ps8.direction import CLIPPING_TURN
from vgcourse.check.ps8.gates import GATE_BIAS, HALF_LIFE
from vgcourse.check.ps8.health import GRADIENT_HEALTH, UPDATE_RATIOS
from vgcourse.check.ps8.memory import MEMORY_LENGTH
from vgcourse.check.ps8.momentum import CLIPPED_MOMENTUM_STEP
from vgcourse.check.ps8.rescale import RESCALE_RECURRENT
from vgcourse.check.ps8.units import DEAD_UNITS, SLOPE_LEFT

PROBLEMS = (
    DEAD_UNITS,
    SLOPE_LEFT,
    GRADIENT_HEALTH,
    UPDATE_RATIOS,
    CLIPPING_TURN,
    CLIPPED_MOMENTUM_STEP,
    CLIPPED_ADAM_STEP,
    GATE_BIAS,
    HALF_LIFE,
    RESCALE_RECURRENT,
    MEMORY_LENGTH,
    CHOOSE_CURES,
)

__all__ = ["PROBLEMS"]
