"""Problem set 5: linear recursions, their modes, and what stability means."""

from vgcourse.check.ps5.eigenvalues import DOMINANT_MODE, IS_STABLE
from vgcourse.check.ps5.growth import TRANSIENT_GROWTH
from vgcourse.check.ps5.linear import EIGEN_RESPONSE, LINEAR_RESPONSE
from vgcourse.check.ps5.products import LOG_SINGULAR_VALUES, LYAPUNOV_EXPONENTS
from vgcourse.check.ps5.scalar import FIXED_POINT_SLOPES, STATE_GRADIENT
from vgcourse.check.ps5.taps import COMPANION_POLES, IMPULSE_RESPONSE

PROBLEMS = (
    LINEAR_RESPONSE,
    EIGEN_RESPONSE,
    DOMINANT_MODE,
    COMPANION_POLES,
    IMPULSE_RESPONSE,
    IS_STABLE,
    FIXED_POINT_SLOPES,
    STATE_GRADIENT,
    LYAPUNOV_EXPONENTS,
    LOG_SINGULAR_VALUES,
    TRANSIENT_GROWTH,
)
