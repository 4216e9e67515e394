"""Layers of feed-forward nets as forward/backward pairs, written to be read together.

1. `linear`: the linear layer, and an activation as a layer. Start here: the other files refer to it.
2. `normalization`: batch norm (of rows, of images), layer norm, weight norm.
3. `convolution`: images, filters, windows as rows of a matrix.
4. `skip`: residual, gated and highway connections around any inner pair; the strided skip of images.
5. `blocks`: the residual block of two convolutions, and the bottleneck.

Every pair keeps one contract: `out, cache = forward(params, x)` and `dx, grads = backward(dout, cache)`,
where `grads` has the type of `params`. A pair without parameters returns `dx` alone. `dname` is the gradient
of the loss with respect to `name`; a comment in a backward pass is the forward line that is undone below it.

A cache refers to the arrays that the forward pass was given, parameters and input, and copies none of them:
do not write into those between the passes. What a pass returns shares no memory with its cache.

Shapes and dtypes are checked, numbers are not: NaN and infinity travel through every pair as numpy computes
them, and `vgcourse.clinic.diagnose` looks for them. Only what cannot be divided by is refused: a norm's
standard deviation of 0 or beyond the largest number, a direction of length 0.
"""

from vgcourse.layers.blocks import (
    BlockCache,
    BlockCost,
    StageCache,
    StageParams,
    block_cost,
    block_running_init,
    bottleneck_init,
    residual_block_backward,
    residual_block_forward,
    residual_block_init,
    update_block_running,
)
from vgcourse.layers.convolution import ConvCache, ConvParams, conv2d_backward, conv2d_forward, conv2d_init
from vgcourse.layers.linear import (
    ActivationCache,
    LinearCache,
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
)
from vgcourse.layers.normalization import (
    NormCache,
    NormParams,
    RunningStatistics,
    SpatialNormCache,
    WeightNormCache,
    WeightNormParams,
    batch_norm_backward,
    batch_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    norm_init,
    running_init,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
    update_running,
    weight_norm_backward,
    weight_norm_forward,
    weight_norm_from_linear,
)
from vgcourse.layers.skip import (
    GatedCache,
    GatedParams,
    HighwayCache,
    HighwayParams,
    ResidualCache,
    SkipCache,
    gated_backward,
    gated_forward,
    highway_backward,
    highway_forward,
    highway_init,
    residual_backward,
    residual_forward,
    strided_skip_backward,
    strided_skip_forward,
)

__all__ = [
    "ActivationCache",
    "BlockCache",
    "BlockCost",
    "ConvCache",
    "ConvParams",
    "GatedCache",
    "GatedParams",
    "HighwayCache",
    "HighwayParams",
    "LinearCache",
    "LinearParams",
    "NormCache",
    "NormParams",
    "ResidualCache",
    "RunningStatistics",
    "SkipCache",
    "SpatialNormCache",
    "StageCache",
    "StageParams",
    "WeightNormCache",
    "WeightNormParams",
    "activation_backward",
    "activation_forward",
    "batch_norm_backward",
    "batch_norm_forward",
    "block_cost",
    "block_running_init",
    "bottleneck_init",
    "conv2d_backward",
    "conv2d_forward",
    "conv2d_init",
    "gated_backward",
    "gated_forward",
    "highway_backward",
    "highway_forward",
    "highway_init",
    "layer_norm_backward",
    "layer_norm_forward",
    "linear_backward",
    "linear_forward",
    "norm_init",
    "residual_backward",
    "residual_block_backward",
    "residual_block_forward",
    "residual_block_init",
    "residual_forward",
    "running_init",
    "spatial_batch_norm_backward",
    "spatial_batch_norm_forward",
    "strided_skip_backward",
    "strided_skip_forward",
    "update_block_running",
    "update_running",
    "weight_norm_backward",
    "weight_norm_forward",
    "weight_norm_from_linear",
]
