"""Residual blocks for images: the stride-s skip, the block of two 3×3 convolutions, the bottleneck.

A block is a tuple of stages; a stage is batch norm → ReLU → convolution (He et al. 2016, "identity
mappings"), so nothing but the skip stands on the path from block to block: out = skip(x) + R(x).

>>> block = bottleneck_init(256, 64, rng=np.random.default_rng(0))
>>> out, cache = residual_block_forward(block, images)
>>> block_cost(block, 14, 14)
"""

from typing import NamedTuple

import numpy as np

from vgcourse import convolution
from vgcourse._trees import named_leaves
from vgcourse._validate import as_floats, expect_count, expect_shape, expect_type
from vgcourse.initializers import he
from vgcourse.layers import ActivationCache, activation_backward, activation_forward
from vgcourse.normalization import NormParams, norm_init


class SkipCache(NamedTuple):
    """What the backward pass of the strided skip needs."""

    x_shape: tuple
    out_shape: tuple
    stride: int


def strided_skip_forward(x, *, stride=1, channels=None):
    """out[n, j, y, x] = in[n, j, s·y, s·x], and 0 for the new channels: L[b, s x, s y, j] in other layouts.

    Parameters
    ----------
    x : (N, C, Y, X) array
    stride : s ≥ 1
    channels : C' ≥ C of the output; None for C

    Returns
    -------
    out : (N, C', ⌈Y/s⌉, ⌈X/s⌉) array; with s = 1 and C' = C the input itself
    cache : SkipCache

    Raises
    ------
    TypeError, ValueError
        If x is no float array of four axes, or stride or channels is no integer or below 1 or C.
    """
    where = "strided_skip_forward"
    x = as_floats(where, x=x)
    expect_shape(where, "x", x, convolution.IMAGES)
    expect_count(where, "stride", stride)
    channels = x.shape[1] if channels is None else channels
    expect_count(where, "channels", channels, least=x.shape[1])
    kept = x[:, :, ::stride, ::stride]
    new = np.zeros((len(x), channels - x.shape[1], *kept.shape[2:]), x.dtype)
    out = np.concatenate([kept, new], axis=1)
    return out, SkipCache(x.shape, out.shape, int(stride))


def strided_skip_backward(dout, cache):
    """∂L/∂in: the gradient goes back to the pixels that were kept; the others, and the new channels, get 0.

    Parameters
    ----------
    dout : (N, C', Y', X') array
    cache : SkipCache of the forward pass

    Returns
    -------
    dx : (N, C, Y, X) array (a skip has no parameters)

    Raises
    ------
    TypeError, ValueError
        If dout is not a floating-point array of the output's shape.
    """
    expect_type("strided_skip_backward", "cache", cache, SkipCache)
    dout = as_floats("strided_skip_backward", dout=dout)
    expect_shape("strided_skip_backward", "dout", dout, cache.out_shape, "that is the shape of the output")
    dx = np.zeros(cache.x_shape, dout.dtype)
    dx[:, :, :: cache.stride, :: cache.stride] = dout[:, : cache.x_shape[1]]
    return dx


class StageParams(NamedTuple):
    """Batch norm (of the stage's input) and convolution; between them a ReLU.

    The convolution has no bias: the next norm would take it out again, and its gradient would be 0.
    """

    norm: NormParams
    conv: convolution.ConvParams


class StageCache(NamedTuple):
    """The caches of the three layers of a stage."""

    norm: convolution.SpatialNormCache
    relu: ActivationCache
    conv: convolution.ConvCache


class BlockCache(NamedTuple):
    """The caches of the skip and of every stage."""

    skip: SkipCache
    stages: tuple


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
    options = dict(rng=rng, initializer=initializer, dtype=dtype)
    return tuple(
        StageParams(norm_init(C, dtype=dtype), convolution.conv2d_init(C, O, K, bias=False, **options))
        for C, O, K in sizes
    )


def residual_block_forward(params, x, *, stride=1, eps=1e-5):
    """out = skip(x) + R(x), R the stages in turn: the 1 of the identity's derivative survives any R.

    The first convolution wider than 1×1 takes the stride; padding keeps the image's size otherwise.

    Parameters
    ----------
    params : tuple of StageParams; the filters are square with an odd size
    x : (N, C, Y, X) array
    stride : s ≥ 1
    eps : of the batch norms, which use the batch's statistics with 1/(NYX)

    Returns
    -------
    out : (N, C', ⌈Y/s⌉, ⌈X/s⌉) array
    cache : BlockCache

    Raises
    ------
    TypeError, ValueError
        As `conv2d_forward` and `strided_skip_forward`; and if there is no stage or a filter's size is even.
    """
    geometry = _geometry("residual_block_forward", params, stride)
    skip, skip_cache = strided_skip_forward(x, stride=stride, channels=len(params[-1].conv.W))
    caches, h = [], x
    for stage, (step, padding) in zip(params, geometry, strict=True):
        h, norm = convolution.spatial_batch_norm_forward(stage.norm, h, eps=eps)
        h, relu = activation_forward("relu", h)
        h, conv = convolution.conv2d_forward(stage.conv, h, stride=step, padding=padding)
        caches.append(StageCache(norm, relu, conv))
    return skip + h, BlockCache(skip_cache, tuple(caches))


def residual_block_backward(dout, cache):
    """∂L/∂x = (gradient through the skip) + (gradient through the stages).

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
    dskip, dh, grads = strided_skip_backward(dout, cache.skip), dout, []
    for stage in reversed(cache.stages):
        dh, conv = convolution.conv2d_backward(dh, stage.conv)
        dh, norm = convolution.spatial_batch_norm_backward(activation_backward(dh, stage.relu), stage.norm)
        grads.append(StageParams(norm, conv))
    return dskip + dh, tuple(grads[::-1])


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
    for name, value in (("Y", Y), ("X", X)):
        expect_count("block_cost", name, value)
    flops = 0
    for stage, (step, _) in zip(params, _geometry("block_cost", params, stride), strict=True):
        Y, X = -(-Y // step), -(-X // step)  # rounded up: the padding keeps the last window
        flops += 2 * stage.conv.W.size * Y * X
    return BlockCost(sum(array.size for _, array in named_leaves(params)), flops)


def _geometry(where, params, stride):
    """(stride, padding) of every stage."""
    expect_count(where, "stride", stride)
    expect_type(where, "params", params, (tuple, list))
    if len(params) == 0:
        raise ValueError(f"{where}: params is empty; expected at least one StageParams.")
    for stage in params:
        expect_type(where, "a stage of params", stage, StageParams)
        expect_type(where, "norm of a stage", stage.norm, NormParams)
        expect_type(where, "conv of a stage", stage.conv, convolution.ConvParams)
        for name, array in (*stage.norm._asdict().items(), *stage.conv._asdict().items()):
            expect_type(where, name, array, (np.ndarray, type(None)) if name == "b" else np.ndarray)
        expect_shape(where, "W", stage.conv.W, ("O", "C", "K", "K"))
    sizes = [stage.conv.W.shape[2] for stage in params]
    if any(K % 2 == 0 or stage.conv.W.shape[3] != K for K, stage in zip(sizes, params, strict=True)):
        shapes = [stage.conv.W.shape for stage in params]
        raise ValueError(f"{where}: filters have shapes {shapes}; expected (O, C, K, K) with odd K.")
    wide = next((number for number, K in enumerate(sizes) if K > 1), 0)
    return [(stride if number == wide else 1, K // 2) for number, K in enumerate(sizes)]
