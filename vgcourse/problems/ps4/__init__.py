"""The graded functions of problem set 4: normalisation, clipping, residual and highway nets."""

from vgcourse.problems.ps4.batch import MASKED_NORM_FORWARD
from vgcourse.problems.ps4.batch_back import MASKED_NORM_BACKWARD
from vgcourse.problems.ps4.biases import TWO_BIASES
from vgcourse.problems.ps4.clipping import CLIP_BY_UNIT
from vgcourse.problems.ps4.conv import DEPTHWISE_BACKWARD
from vgcourse.problems.ps4.highway import TWO_GATES_BACKWARD
from vgcourse.problems.ps4.mend import MEND_BLOCKS
from vgcourse.problems.ps4.paths import PATH_GRADIENTS, SCALED_BLOCK_BACKWARD
from vgcourse.problems.ps4.pooled import POOLED_STATISTICS
from vgcourse.problems.ps4.rows import GROUP_NORM_BACKWARD, RMS_NORM_BACKWARD
from vgcourse.problems.ps4.skips import INVERTED_COST, POOLED_SKIP
from vgcourse.problems.ps4.verdicts import IS_CLIPPING

PROBLEMS = (
    INVERTED_COST,
    POOLED_SKIP,
    MASKED_NORM_FORWARD,
    MASKED_NORM_BACKWARD,
    POOLED_STATISTICS,
    RMS_NORM_BACKWARD,
    GROUP_NORM_BACKWARD,
    CLIP_BY_UNIT,
    SCALED_BLOCK_BACKWARD,
    PATH_GRADIENTS,
    TWO_GATES_BACKWARD,
    DEPTHWISE_BACKWARD,
    TWO_BIASES,
    MEND_BLOCKS,
    IS_CLIPPING,
)

__all__ = ["PROBLEMS"]
