"""Problem set 2: saturation, and gradients that vanish or explode in depth.

One notation throughout, weights (out, in), arrays of a batch (N, …):

    z_l = h_{l−1} W_lᵀ + b_l      h_l = f(z_l)      J_l = ∂h_l/∂h_{l−1} = diag f'(z_l) W_l
"""

from vgcourse.problems.ps2.bounds import GRADIENT_BOUND
from vgcourse.problems.ps2.circuits import FULL_SUBTRACTOR, XOR_NET
from vgcourse.problems.ps2.jacobians import DEEP_JACOBIAN
from vgcourse.problems.ps2.norms import OUTGOING_NORMS
from vgcourse.problems.ps2.precision import STEPS_TO_ZERO
from vgcourse.problems.ps2.repair import REPAIR_NET
from vgcourse.problems.ps2.saturation import ACTIVE_WIDTH, SATURATED_FRACTION
from vgcourse.problems.ps2.scalar_chain import SCALAR_CHAIN
from vgcourse.problems.ps2.spectrum import LOG10_SINGULAR_VALUES
from vgcourse.problems.ps2.threshold import THRESHOLD_UNIT
from vgcourse.problems.ps2.verdicts import IS_ACCURATE
from vgcourse.problems.ps2.weight_scale import LEAKY_SWEEP
from vgcourse.problems.ps2.window import WIDE_WINDOW

PROBLEMS = (
    THRESHOLD_UNIT,
    FULL_SUBTRACTOR,
    XOR_NET,
    ACTIVE_WIDTH,
    SATURATED_FRACTION,
    SCALAR_CHAIN,
    STEPS_TO_ZERO,
    DEEP_JACOBIAN,
    GRADIENT_BOUND,
    LOG10_SINGULAR_VALUES,
    OUTGOING_NORMS,
    LEAKY_SWEEP,
    WIDE_WINDOW,
    REPAIR_NET,
    IS_ACCURATE,
)

__all__ = ["PROBLEMS"]
