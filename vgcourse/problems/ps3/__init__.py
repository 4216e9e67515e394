"""Problem set 3: initialisation, how weights keep the size of signals and gradients."""

from vgcourse.problems.ps3.cut import TRUNCATED_NORMAL
from vgcourse.problems.ps3.depth import FORWARD_VARIANCES
from vgcourse.problems.ps3.gains import LEVEL_GAIN
from vgcourse.problems.ps3.gradients import BACKWARD_VARIANCES
from vgcourse.problems.ps3.measured import LAYER_MOMENTS
from vgcourse.problems.ps3.moments import PRODUCT_MOMENTS
from vgcourse.problems.ps3.orthogonal import LOOKS_LINEAR
from vgcourse.problems.ps3.output import BEST_BIAS
from vgcourse.problems.ps3.relu import RELU_MOMENTS
from vgcourse.problems.ps3.rescue import RESCUE
from vgcourse.problems.ps3.scales import KERNEL_SCALE
from vgcourse.problems.ps3.verdicts import IS_HE

PROBLEMS = (
    PRODUCT_MOMENTS,
    KERNEL_SCALE,
    TRUNCATED_NORMAL,
    BEST_BIAS,
    RELU_MOMENTS,
    FORWARD_VARIANCES,
    BACKWARD_VARIANCES,
    LAYER_MOMENTS,
    LOOKS_LINEAR,
    IS_HE,
    LEVEL_GAIN,
    RESCUE,
)

__all__ = ["PROBLEMS"]
