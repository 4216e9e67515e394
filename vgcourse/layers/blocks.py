"""Residual blocks for images: the block of two 3×3 convolutions, and the bottleneck.

A block is a tuple of stages; a stage is batch norm → ReLU → convolution (He et al. 2016, "identity
mappings"), so nothing but the skip stands on the path from block to block.

>>> block = bottleneck_init(256, 64, rng=np.random.default_rng(0))
>>> running = block_running_init(block)
>>> out, cache = residual_block_forward(block, images)  # training: the batch's own
>>> running = update_block_running(running, cache, momentum=0.1)
>>> out, _ = residual_block_forward(block, images, running=running)  # test: fixed
>>> block_cost(block, 14, 14)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import as_floats, expect_count, expect_shape, expect_type
from vgcourse.initializers import he
from vgcourse.layers.convolution import ConvCache, ConvParams, conv2d_backward, conv2d_forward, conv2d_init
from vgcourse.layers.linear import ActivationCache, activation_backward, activation_forward
from vgcourse.layers.normalization import (
    NormParams,
    SpatialNormCache,
    norm_init,
    running_init,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
    update_running,
)
from vgcourse.layers.skip import SkipCache, strided_skip_backward, strided_skip_forward

__all__ = [
    "BlockCache",
    "BlockCost",
    "StageCache",
    "StageParams",
    "block_cost",
    "block_running_init",
    "bottleneck_init",
    "residual_block_backward",
    "residual_block_forward",
    "residual_block_init",
    "update_block_running",
]


class StageParams(NamedTuple):
    """Batch norm (of the stage's input) and convolution; between them a ReLU.

    The convolution has no bias: the next norm would take it out again, and its gradient would be 0.
    """

    norm: NormParams
    conv: ConvParams


class StageCache(NamedTuple):
    """The caches of a stage's three layers, in the order of the forward pass."""

    norm: SpatialNormCache
    relu: ActivationCache
    conv: ConvCache


class BlockCache(NamedTuple):
    """The caches of the skip and of every stage, in the order of the forward pass."""

    skip: SkipCache
    stages: tuple[StageCache, ...]


def residual_block_init(C, C_out=None, *, K=3, rng, initializer=he, dtype=float):
    """Two K×K convolutions, C → C' → C' channels (C' = C unless given).

    Returns
    -------
    tuple of two StageParams

    Raises
    ------
    TypeError, ValueError
        As `norm_init` and `conv2d_init`.
    """
    C_out = C if C_out is None else C_out
    return _stages([(C, C_out, K), (C_out, C_out, K)], rng, initializer, dtype)


def bottleneck_init(C, narrow, C_out=None, *, rng, initializer=he, dtype=float):
    """1×1 down to `narrow` channels, 3×3 on those, 1×1 back up to C' (C' = C unless given).

    Returns three StageParams, for the same `residual_block_forward`; errors as `residual_block_init`.
    """
    C_out = C if C_out is None else C_out
    return _stages([(C, narrow, 1), (narrow, narrow, 3), (narrow, C_out, 1)], rng, initializer, dtype)


def _stages(sizes, rng, initializer, dtype):
    def convolved(*size):
        return conv2d_init(*size, bias=False, rng=rng, initializer=initializer, dtype=dtype)

    return tuple(StageParams(norm_init(C, dtype=dtype), convolved(C, O, K)) for C, O, K in sizes)


def block_running_init(params):
    """Running statistics for every batch norm of a block: mean 0, variance 1, before any batch has been seen.

    Parameters
    ----------
    params : tuple of StageParams

    Returns
    -------
    tuple of RunningStatistics, one for each stage, in the precision of params

    Raises
    ------
    TypeError, ValueError
        As `residual_block_forward`, for params.
    """
    _geometry("block_running_init", params, 1)
    return tuple(running_init(len(s.norm.gamma), dtype=s.norm.gamma.real.dtype) for s in params)


def update_block_running(running, cache, *, momentum=0.1):
    """`update_running` for every batch norm of a block, after a training pass.

    Parameters
    ----------
    running : tuple of RunningStatistics so far, one for each stage
    cache : BlockCache of a `residual_block_forward` without `running`
    momentum : m in (0, 1], the share of the new batch

    Returns
    -------
    tuple of RunningStatistics

    Raises
    ------
    TypeError, ValueError
        As `update_running`; and if there is not one for each stage.
    """
    expect_type("update_block_running", "cache", cache, BlockCache)
    _one_for_each("update_block_running", running, cache.stages)
    norms = [stage.norm.rows for stage in cache.stages]
    return tuple(update_running(old, norm, momentum=momentum) for old, norm in zip(running, norms))


def residual_block_forward(params, x, *, running=None, stride=1, eps=1e-5):
    """out = skip(x) + R(x), R the stages in turn: the 1 of the identity's derivative survives any R.

    The first convolution wider than 1×1 takes the stride; padding keeps the image's size otherwise.

    Parameters
    ----------
    params : tuple of StageParams; the filters are square with an odd size
    x : (N, C, Y, X) array
    running : None for batch norms by the batch's own statistics, with 1/(NYX) (training); for test,
        one RunningStatistics for each stage
    stride : s ≥ 1
    eps : of the batch norms

    Returns
    -------
    out : (N, C', ⌈Y/s⌉, ⌈X/s⌉) array
    cache : BlockCache

    Raises
    ------
    TypeError, ValueError
        As `conv2d_forward` and `strided_skip_forward`; if there is no stage, the channels of one do not fit
        the next, a filter's size is even, or there is not one RunningStatistics for each stage.
    """
    geometry = _geometry("residual_block_forward", params, stride)
    running = [None] * len(params) if running is None else running
    _one_for_each("residual_block_forward", running, params)

    skip, skip_cache = strided_skip_forward(x, stride=stride, channels=len(params[-1].conv.W))
    h, stages = x, []
    for stage, fixed, (step, padding) in zip(params, running, geometry, strict=True):
        h, norm = spatial_batch_norm_forward(stage.norm, h, running=fixed, eps=eps)
        h, relu = activation_forward("relu", h)
        h, conv = conv2d_forward(stage.conv, h, stride=step, padding=padding)
        stages.append(StageCache(norm, relu, conv))
    out = skip + h
    return out, BlockCache(skip_cache, tuple(stages))


def residual_block_backward(dout, cache):
    """dx = (the gradient through the skip) + (the gradient through the stages, last stage first).

    Parameters
    ----------
    dout : (N, C', Y', X') array
    cache : BlockCache of the forward pass

    Returns
    -------
    dx : (N, C, Y, X) array
    grads : tuple of StageParams

    Raises
    ------
    TypeError, ValueError
        As `conv2d_backward` and `strided_skip_backward`.
    """
    expect_type("residual_block_backward", "cache", cache, BlockCache)

    # out = skip(x) + h
    dx_skip = strided_skip_backward(dout, cache.skip)
    dh = dout

    grads = []
    for stage in reversed(cache.stages):
        # h = conv(relu(norm(h)))
        dh, dconv = conv2d_backward(dh, stage.conv)
        dh = activation_backward(dh, stage.relu)
        dh, dnorm = spatial_batch_norm_backward(dh, stage.norm)
        grads.append(StageParams(dnorm, dconv))

    dx = dx_skip + dh
    return dx, tuple(grads[::-1])


class BlockCost(NamedTuple):
    """Numbers to learn, and floating-point operations of the convolutions for one image."""

    parameters: int
    flops: int


def block_cost(params, Y, X, *, stride=1):
    """What a block of `residual_block_forward` costs on images of Y × X pixels.

    A convolution of C to O channels takes 2·O·C·K²·Y'·X' FLOPs (a multiplication and an addition per weight
    and output pixel; some count the pair as one). Norms count as parameters; no FLOPs for them and the ReLUs.

    Raises
    ------
    TypeError, ValueError
        As `residual_block_forward`; and if Y or X is no integer or below 1.
    """
    expect_count("block_cost", "Y", Y)
    expect_count("block_cost", "X", X)
    flops = 0
    for stage, (step, _) in zip(params, _geometry("block_cost", params, stride), strict=True):
        Y, X = -(-Y // step), -(-X // step)  # rounded up: the padding keeps the last window
        flops += 2 * stage.conv.W.size * Y * X
    return BlockCost(sum(array.size for _, array in named_leaves(params)), flops)


def _one_for_each(where, running, stages):
    expect_type(where, "running", running, (tuple, list))
    if len(running) != len(stages):
        raise ValueError(f"{where}: running has {len(running)} entries; expected {len(stages)}, one a stage.")


def _geometry(where, params, stride):
    """(stride, padding) of every stage, after all arrays of the block have been looked at."""
    expect_count(where, "stride", stride)
    expect_type(where, "params", params, (tuple, list))
    if len(params) == 0:
        raise ValueError(f"{where}: params is empty; expected at least one StageParams.")
    channels = "C"
    for number, stage in enumerate(params):
        name = f"params[{number}]"
        expect_type(where, name, stage, StageParams)
        expect_type(where, f"{name}.norm", stage.norm, NormParams)
        expect_type(where, f"{name}.conv", stage.conv, ConvParams)
        for leaf, array in named_leaves(stage, name):
            expect_type(where, leaf, array, np.ndarray)
        because = f"the stage gets {channels} channels"
        expect_shape(where, f"{name}.conv.W", stage.conv.W, ("O", channels, "K", "K"), because)
        for leaf, array in stage.norm._asdict().items():
            expect_shape(where, f"{name}.norm.{leaf}", array, stage.conv.W.shape[1:2], "W reads as many")
        channels = len(stage.conv.W)
    as_floats(where, **dict(named_leaves(params, "params")))
    shapes = [stage.conv.W.shape for stage in params]
    if any(rows % 2 == 0 or rows != columns for *_, rows, columns in shapes):
        raise ValueError(f"{where}: filters have shapes {shapes}; expected (O, C, K, K) with odd K.")
    wide = next((number for number, shape in enumerate(shapes) if shape[2] > 1), 0)
    return [(stride if number == wide else 1, shape[2] // 2) for number, shape in enumerate(shapes)]
