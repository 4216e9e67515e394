"""Problem set 5: linear recursions, their modes, and what stability means."""

from vgcourse.problems.ps5.calm import CALM
from vgcourse.problems.ps5.exponents import BACKWARD_EXPONENTS
from vgcourse.problems.ps5.growth import GROWTH_START
from vgcourse.problems.ps5.leak import LARGEST_LEAK
from vgcourse.problems.ps5.leaky import LEAKY_GRADIENT
from vgcourse.problems.ps5.linear import CONSTANT_RESPONSE, DELAYED_RESPONSE
from vgcourse.problems.ps5.orbits import TWO_STEP_ORBITS
from vgcourse.problems.ps5.recall import RECALL
from vgcourse.problems.ps5.shrink import SHRINKING_SCALES
from vgcourse.problems.ps5.taps import BLOCK_COMPANION, STEP_RESPONSE
from vgcourse.problems.ps5.two_modes import TWO_MODES
from vgcourse.problems.ps5.verdicts import TELLS_STABILITY

PROBLEMS = (
    DELAYED_RESPONSE,
    CONSTANT_RESPONSE,
    TWO_MODES,
    GROWTH_START,
    RECALL,
    BLOCK_COMPANION,
    STEP_RESPONSE,
    LARGEST_LEAK,
    TWO_STEP_ORBITS,
    LEAKY_GRADIENT,
    BACKWARD_EXPONENTS,
    SHRINKING_SCALES,
    CALM,
    TELLS_STABILITY,
)

__all__ = ["PROBLEMS"]
