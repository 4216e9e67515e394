"""Problem set 1: the chain rule, and how to check a gradient."""

from vgcourse.problems.ps1.checking import NUMERICAL_GRADIENT
from vgcourse.problems.ps1.dense import LINEAR_BACKWARD, TWO_PATHS_BACKWARD
from vgcourse.problems.ps1.depth import CHAIN_JACOBIAN, DEEP_BACKWARD
from vgcourse.problems.ps1.factors import FIVE_FACTORS
from vgcourse.problems.ps1.scalars import FOUR_WEIGHT_NET
from vgcourse.problems.ps1.slopes import ACTIVATION_DERIVATIVE
from vgcourse.problems.ps1.softmax import SOFTMAX_CROSS_ENTROPY
from vgcourse.problems.ps1.verdicts import IS_RIGHT

PROBLEMS = (
    ACTIVATION_DERIVATIVE,
    FOUR_WEIGHT_NET,
    FIVE_FACTORS,
    LINEAR_BACKWARD,
    SOFTMAX_CROSS_ENTROPY,
    TWO_PATHS_BACKWARD,
    DEEP_BACKWARD,
    CHAIN_JACOBIAN,
    NUMERICAL_GRADIENT,
    IS_RIGHT,
)

__all__ = ["PROBLEMS"]
