"""Problem set 3: initialisation, how weights keep the size of signals and gradients."""

from vgcourse.check.ps3.depth import FORWARD_VARIANCES
from vgcourse.check.ps3.gains import LEVEL_GAIN
from vgcourse.check.ps3.gradients import BACKWARD_VARIANCES
from vgcourse.check.ps3.measured import LAYER_MOMENTS
from vgcourse.check.ps3.moments import PRODUCT_MOMENTS, RELU_MOMENTS
from vgcourse.check.ps3.orthogonal import LOOKS_LINEAR
from vgcourse.check.ps3.output import BEST_BIAS
from vgcourse.check.ps3.rescue import RESCUE
from vgcourse.check.ps3.scales import KERNEL_SCALE, TRUNCATED_NORMAL
from vgcourse.check.ps3.verdicts import IS_HE

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
