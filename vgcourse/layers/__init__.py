"""Layers of feed-forward nets as forward/backward pairs, written to be read together.

1. `linear`: the linear layer, and an activation as a layer.
2. `normalization`: batch norm (of rows, of images), layer norm, weight norm.
3. `convolution`: images, filters, windows as rows of a matrix.
4. `skip`: residual, gated and highway connections around any inner pair; the strided skip of images.
5. `blocks`: the residual block of two convolutions, and the bottleneck.

Every pair keeps one contract: `out, cache = forward(params, x)` and `dx, grads = backward(dout, cache)`,
where `grads` has the type of `params`. A pair without parameters returns `dx` alone.

Shapes and dtypes are checked, numbers are not: NaN and infinity travel through every pair of the library as
numpy computes them. `vgcourse.clinic.diagnose` looks for them.
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
