"""The graded functions of problem set 4: normalisation, clipping, residual and highway nets."""

from vgcourse.check.ps4.batch import BATCH_NORM_BACKWARD, BATCH_NORM_FORWARD
from vgcourse.check.ps4.clipping import CLIP_BY_GLOBAL_NORM
from vgcourse.check.ps4.conv import CONV2D_BACKWARD
from vgcourse.check.ps4.highway import HIGHWAY_BACKWARD
from vgcourse.check.ps4.paths import PATH_GRADIENTS, RESIDUAL_BACKWARD
from vgcourse.check.ps4.rows import LAYER_NORM_BACKWARD, SPATIAL_BATCH_NORM_BACKWARD
from vgcourse.check.ps4.running import BATCH_NORM_INFERENCE
from vgcourse.check.ps4.skips import BOTTLENECK_COST, STRIDED_SKIP

PROBLEMS = (
    BATCH_NORM_FORWARD,
    BATCH_NORM_BACKWARD,
    BATCH_NORM_INFERENCE,
    SPATIAL_BATCH_NORM_BACKWARD,
    LAYER_NORM_BACKWARD,
    CLIP_BY_GLOBAL_NORM,
    RESIDUAL_BACKWARD,
    PATH_GRADIENTS,
    HIGHWAY_BACKWARD,
    CONV2D_BACKWARD,
    STRIDED_SKIP,
    BOTTLENECK_COST,
)

__all__ = ["PROBLEMS"]
