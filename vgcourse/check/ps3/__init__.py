"""Problem set 3: initialisation, how weights keep the size of signals and gradients."""

from vgcourse.check.ps3.depth import BACKWARD_VARIANCES, FORWARD_VARIANCES
from vgcourse.check.ps3.measured import LAYER_MOMENTS
from vgcourse.check.ps3.moments import PRODUCT_MOMENTS, RELU_MOMENTS
from vgcourse.check.ps3.orthogonal import ORTHOGONAL_FROM
from vgcourse.check.ps3.output import BEST_BIAS
from vgcourse.check.ps3.scales import INIT_SCALE, TRUNCATED_NORMAL

PROBLEMS = (
    PRODUCT_MOMENTS,
    INIT_SCALE,
    FORWARD_VARIANCES,
    BACKWARD_VARIANCES,
    RELU_MOMENTS,
    LAYER_MOMENTS,
    BEST_BIAS,
    ORTHOGONAL_FROM,
    TRUNCATED_NORMAL,
)

__all__ = ["PROBLEMS"]
