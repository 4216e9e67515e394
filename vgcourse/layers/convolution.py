"""Convolution of images as a forward/backward pair.

Layout: images are (N, C, Y, X), as in torch: image, channel, row, column. Texts that write L[b, x, y, j]
put the same axes in the order (N, X, Y, C). Filters are (O, C, K, K): output channel,
input channel, row, column.

>>> params = conv2d_init(3, 16, 3, rng=np.random.default_rng(0))
>>> out, cache = conv2d_forward(params, images, stride=2, padding=1)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    IMAGES,
    as_floats,
    expect_count,
    expect_float_dtype,
    expect_shape,
    expect_type,
    initial_weights,
)
from vgcourse.initializers import he

__all__ = [
    "ConvCache",
    "ConvParams",
    "conv2d_backward",
    "conv2d_forward",
    "conv2d_init",
]


class ConvParams(NamedTuple):
    """Filters W (O, C, K, K) and bias b (O,), or None for no bias; also the type of their gradients."""

    W: np.ndarray
    b: np.ndarray | None


class ConvCache(NamedTuple):
    """What the backward pass of a convolution needs: filters, windows as rows (N·Y'·X', C·K·K), geometry."""

    W: np.ndarray
    columns: np.ndarray
    x_shape: tuple
    out_shape: tuple
    stride: int
    padding: int
    has_bias: bool


def conv2d_init(C, O, K, *, rng, initializer=he, bias=True, dtype=float):
    """Filters (O, C, K, K) by `initializer`, where n_in = C·K² and n_out = O; bias zero, or None.

    Raises
    ------
    TypeError, ValueError
        If C, O or K is no integer or below 1, or the initializer no function; and as it, for rng and dtype.
    """
    for name, value in (("C", C), ("O", O), ("K", K)):
        expect_count("conv2d_init", name, value)
    dtype = expect_float_dtype("conv2d_init", dtype)
    W = initial_weights("conv2d_init", initializer, (O, C * K * K), rng=rng, dtype=dtype)
    return ConvParams(W.reshape(O, C, K, K), np.zeros(O, dtype) if bias else None)


def conv2d_forward(params, x, *, stride=1, padding=0):
    """out[n, o, y, x] = b_o + Σ_{c, i, j} W[o, c, i, j] · x[n, c, s·y + i − p, s·x + j − p], zero outside.

    Every window of the padded images becomes one row of a matrix ("im2col"), so the whole layer is one
    matrix product. (What nets call convolution does not flip the filter: it is a cross-correlation.)

    Parameters
    ----------
    params : ConvParams, W (O, C, K, K') and b (O,) or None
    x : (N, C, Y, X) array
    stride : s ≥ 1
    padding : p ≥ 0, rows and columns of zeros on every side

    Returns
    -------
    out : (N, O, Y', X') array with Y' = ⌊(Y + 2p − K)/s⌋ + 1, X' likewise
    cache : ConvCache

    Raises
    ------
    TypeError
        If an array is not floating point, precisions are mixed, or stride or padding is no integer.
    ValueError
        If shapes do not fit, or the filter is larger than the padded image.
    """
    where = "conv2d_forward"
    expect_type(where, "params", params, ConvParams)
    W, x = as_floats(where, W=params.W, x=x)
    expect_shape(where, "W", W, ("O", "C", "K", "K'"))
    if params.b is not None:
        b, _ = as_floats(where, b=params.b, x=x)
        expect_shape(where, "b", b, W.shape[:1], f"W has shape {W.shape}")
    expect_shape(where, "x", x, IMAGES)
    expect_shape(where, "x", x, ("N", W.shape[1], "Y", "X"), f"W has shape {W.shape}")
    expect_count(where, "stride", stride)
    expect_count(where, "padding", padding, least=0)
    size, window = (x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), W.shape[2:]
    if window[0] > size[0] or window[1] > size[1]:
        raise ValueError(f"{where}: the filter {window} is larger than the padded image {size}.")

    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=(2, 3))[:, :, ::stride, ::stride]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, W[0].size)
    rows = columns @ W.reshape(len(W), -1).T
    if params.b is not None:
        rows = rows + b
    out = rows.reshape(len(x), *windows.shape[2:4], len(W)).transpose(0, 3, 1, 2)
    return out, ConvCache(W, columns, x.shape, out.shape, int(stride), int(padding), params.b is not None)


def conv2d_backward(dout, cache):
    """`linear_backward` for the windows as rows; then each window adds its part to the pixels that it read.

    Parameters
    ----------
    dout : (N, O, Y', X') array
    cache : ConvCache of the forward pass

    Returns
    -------
    dx : (N, C, Y, X) array
    grads : ConvParams

    Raises
    ------
    TypeError, ValueError
        If dout is not a floating-point array of the output's shape and precision.
    """
    where = "conv2d_backward"
    expect_type(where, "cache", cache, ConvCache)
    W, columns, (N, C, Y, X), out_shape, s, p, has_bias = cache
    W, columns, dout = as_floats(where, W=W, columns=columns, dout=dout)
    expect_shape(where, "dout", dout, out_shape, "that is the shape of the output")
    height, width = out_shape[2:]

    # out = rows as images
    drows = dout.transpose(0, 2, 3, 1).reshape(-1, len(W))

    # rows = columns Wᵀ + b, every filter of W as a row
    dcolumns = drows @ W.reshape(len(W), -1)
    dW = (drows.T @ columns).reshape(W.shape)
    db = drows.sum(axis=0) if has_bias else None

    # columns = the windows of the padded images
    dwindows = dcolumns.reshape(N, height, width, *W.shape[1:])
    dpadded = np.zeros((N, C, Y + 2 * p, X + 2 * p), dwindows.dtype)
    for i, j in np.ndindex(W.shape[2:]):  # pixel (i, j) of all windows at once: no two of them are the same
        pixels = dwindows[..., i, j].transpose(0, 3, 1, 2)
        dpadded[:, :, i : i + s * height : s, j : j + s * width : s] += pixels

    # padded = x with p zeros on every side
    dx = dpadded[:, :, p : p + Y, p : p + X]
    return dx, ConvParams(dW, db)
