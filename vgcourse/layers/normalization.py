"""Batch, spatial and layer norm as forward/backward pairs.

They move a lot of numbers to mean 0 and variance 1, and then to a mean and a scale that are learnt. They
differ in what a lot is: one feature over the rows of a batch (batch norm), one channel over all
images and pixels (spatial), one row over its features (layer norm).

Two conventions of batch norm are in use: dividing the batch's sum of squares by N (all frameworks) or by
N − 1 (`unbiased=True`). They differ in the output and in the gradient; say which one you mean.

>>> out, cache = batch_norm_forward(params, x)  # training: the batch's own statistics
>>> running = update_running(running, cache, momentum=0.1)
>>> out, _ = batch_norm_forward(params, x, running=running)  # test: fixed estimates
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    IMAGES,
    as_floats,
    expect_count,
    expect_float_dtype,
    expect_number,
    expect_real,
    expect_shape,
    expect_type,
)

__all__ = [
    "NormCache",
    "NormParams",
    "RunningStatistics",
    "SpatialNormCache",
    "batch_norm_backward",
    "batch_norm_forward",
    "layer_norm_backward",
    "layer_norm_forward",
    "norm_init",
    "running_init",
    "spatial_batch_norm_backward",
    "spatial_batch_norm_forward",
    "update_running",
]


class NormParams(NamedTuple):
    """Scale gamma (D,) and shift beta (D,) after a norm; also the type of their gradients."""

    gamma: np.ndarray
    beta: np.ndarray


class NormCache(NamedTuple):
    """What the backward pass of a norm needs, and beside it the statistics that `update_running` takes up.

    gamma (D,), x_hat the normalised input, std = √(variance + ε); divisor is what the sum of squares was
    divided by, None where the statistics were fixed and have no derivative; then mean and variance.
    """

    gamma: np.ndarray
    x_hat: np.ndarray
    std: np.ndarray
    divisor: int | None
    mean: np.ndarray
    variance: np.ndarray


class RunningStatistics(NamedTuple):
    """Mean (D,) and variance (D,) that batch norm uses at test time."""

    mean: np.ndarray
    variance: np.ndarray


def norm_init(D, *, dtype=float):
    """γ = 1 and β = 0 for D features: the output is the normalised input.

    Raises
    ------
    TypeError, ValueError
        If D is no integer or below 1, or dtype is not float32 or float64.
    """
    expect_count("norm_init", "D", D)
    dtype = expect_float_dtype("norm_init", dtype)
    return NormParams(np.ones(D, dtype), np.zeros(D, dtype))


# --- batch norm -------------------------------------------------------------------------------------------


def batch_norm_forward(params, x, *, running=None, unbiased=False, eps=1e-5):
    """out = γ x̂ + β with x̂ = (x − μ)/√(v + ε), feature by feature (Ioffe & Szegedy 2015).

    μ = (1/N) Σ_n x_n and v = (1/M) Σ_n (x_n − μ)², with M = N, or N − 1 if `unbiased`.

    Parameters
    ----------
    params : NormParams, gamma (D,) and beta (D,)
    x : (N, D) array
    running : None to normalise by the batch's own μ and v (training), or the RunningStatistics to use (test)
    unbiased : whether M is N − 1 (needs N ≥ 2)
    eps : ε ≥ 0, which keeps a constant feature finite

    Returns
    -------
    out : (N, D) array
    cache : NormCache

    Raises
    ------
    TypeError
        If an array is not floating point, precisions are mixed, or running statistics are complex.
    ValueError
        If shapes do not fit, eps is negative, N = 1 with `unbiased`, or a v + ε is no normal number: 0, or
        squares that overflow, with |x − μ| above 1e154 (float32: 1e19). NaN is not refused: it comes out.
    """
    where = "batch_norm_forward"
    expect_shape(where, "x", x, ("N", "D"))
    return _batch_norm(where, params, x, running, unbiased, eps)


def batch_norm_backward(dout, cache):
    """dx = (dx̂ − (1/N) Σ dx̂ − x̂ (1/M) Σ dx̂ ⊙ x̂)/s with dx̂ = γ ⊙ dout and s = √(v + ε).

    dγ = Σ dout ⊙ x̂ and dβ = Σ dout. What remains of dx has no component along 1 and, up to ε, none along x̂.
    With running statistics only dx̂/s is left.

    Parameters
    ----------
    dout : (N, D) array
    cache : NormCache of the forward pass

    Returns
    -------
    dx : (N, D) array
    grads : NormParams

    Raises
    ------
    TypeError, ValueError
        If dout is not a floating-point array of the output's shape and precision.
    """
    return _norm_backward("batch_norm_backward", dout, cache, 0)


def running_init(D, *, dtype=float):
    """Mean 0 and variance 1 for D features, before any batch has been seen. Errors as `norm_init`."""
    expect_count("running_init", "D", D)
    dtype = expect_float_dtype("running_init", dtype)
    return RunningStatistics(np.zeros(D, dtype), np.ones(D, dtype))


def update_running(running, cache, *, momentum=0.1):
    """r ← (1 − m) r + m · (the batch's statistics), after a training pass.

    The variance that goes in is the unbiased estimate, 1/(N − 1), whichever convention the batch was
    normalised with, as torch does it.

    Parameters
    ----------
    running : RunningStatistics so far
    cache : NormCache of a `batch_norm_forward` without `running`
    momentum : m in (0, 1], the share of the new batch (some call 1 − m the momentum)

    Returns
    -------
    RunningStatistics

    Raises
    ------
    TypeError, ValueError
        If running or cache is none or complex, precisions are mixed, the momentum is outside (0, 1], the
        batch had one row, shapes differ, or the cache is of a test pass.
    """
    where = "update_running"
    expect_type(where, "running", running, RunningStatistics)
    expect_type(where, "cache", cache, NormCache)
    m = expect_number(where, "momentum", momentum, "a number in (0, 1]", lambda m: 0 < m <= 1)
    if cache.divisor is None:
        raise ValueError(f"{where}: the cache is of a test pass; expected one without running statistics.")
    rows = len(cache.x_hat)
    if rows == 1:
        raise ValueError(f"{where}: the batch has one row, which has no variance; expected at least 2.")
    expect_real(where, cache=cache.x_hat)
    mean, variance = _fixed_statistics(where, running, cache.x_hat)
    unbiased = cache.variance * (cache.divisor / (rows - 1))
    return RunningStatistics((1 - m) * mean + m * cache.mean, (1 - m) * variance + m * unbiased)


# --- spatial batch norm: every pixel is a row --------------------------------------------------------------


class SpatialNormCache(NamedTuple):
    """The cache of the batch norm over all pixels, and the images' shape. `rows` serves `update_running`."""

    rows: NormCache
    shape: tuple


def spatial_batch_norm_forward(params, x, *, running=None, unbiased=False, eps=1e-5):
    """`batch_norm_forward` with every pixel of every image as a row: μ_c and v_c over n, y, x.

    The sum of squares is divided by M = NYX, or NYX − 1 if `unbiased`. Arguments, results, errors and source
    as there, with x (N, C, Y, X) and gamma, beta (C,).
    """
    where = "spatial_batch_norm_forward"
    x = as_floats(where, x=x)
    expect_shape(where, "x", x, IMAGES)
    out, rows = _batch_norm(where, params, _pixels_as_rows(x), running, unbiased, eps)
    return _rows_as_pixels(out, x.shape), SpatialNormCache(rows, x.shape)


def spatial_batch_norm_backward(dout, cache):
    """`batch_norm_backward` with every pixel as a row; dout and dx (N, C, Y, X).

    Raises
    ------
    TypeError, ValueError
        As `batch_norm_backward`.
    """
    where = "spatial_batch_norm_backward"
    expect_type(where, "cache", cache, SpatialNormCache)
    dout = as_floats(where, dout=dout)
    expect_shape(where, "dout", dout, cache.shape, "that is the shape of the output")
    dx, grads = _norm_backward(where, _pixels_as_rows(dout), cache.rows, 0)
    return _rows_as_pixels(dx, cache.shape), grads


def _pixels_as_rows(x):
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def _rows_as_pixels(rows, shape):
    N, C, Y, X = shape
    return rows.reshape(N, Y, X, C).transpose(0, 3, 1, 2)


# --- layer norm -------------------------------------------------------------------------------------------


def layer_norm_forward(params, x, *, eps=1e-5):
    """`batch_norm_forward` along the other axis: μ and v over the D features of one row (Ba et al. 2016).

    The variance is the mean of squares, 1/D. Rows do not see each other: training and test are the same.

    Parameters
    ----------
    params : NormParams, gamma (D,) and beta (D,)
    x : (…, D) array; (N, D) for a batch, (T, N, D) for sequences
    eps : ε ≥ 0

    Returns
    -------
    out : (…, D) array
    cache : NormCache

    Raises
    ------
    TypeError, ValueError
        As `batch_norm_forward`.
    """
    where = "layer_norm_forward"
    if np.ndim(x) == 0:
        raise ValueError(f"{where}: x is a single number; expected shape (…, D).")
    gamma, beta, x, eps = _norm_arguments(where, params, x, eps)
    divisor = x.shape[-1]
    mean, centred, variance = _statistics(x, -1, divisor)
    return _scale_and_shift(where, gamma, beta, centred, mean, variance, divisor, eps)


def layer_norm_backward(dout, cache):
    """`batch_norm_backward` with both sums over the D features of a row, where N = M = D.

    Shapes and errors as there, with (…, D) for (N, D).
    """
    return _norm_backward("layer_norm_backward", dout, cache, -1)


# --- what the three share ---------------------------------------------------------------------------------


def _batch_norm(where, params, x, running, unbiased, eps):
    gamma, beta, x, eps = _norm_arguments(where, params, x, eps)
    if running is None:
        if unbiased and len(x) == 1:
            raise ValueError(f"{where}: x has one row; expected at least 2 with unbiased=True (1/(N − 1)).")
        divisor = len(x) - bool(unbiased)
        mean, centred, variance = _statistics(x, 0, divisor)
    else:
        expect_type(where, "running", running, RunningStatistics)
        divisor = None
        mean, variance = _fixed_statistics(where, running, x)
        centred = x - mean
    return _scale_and_shift(where, gamma, beta, centred, mean, variance, divisor, eps)


def _norm_arguments(where, params, x, eps):
    expect_type(where, "params", params, NormParams)
    gamma, beta, x = as_floats(where, gamma=params.gamma, beta=params.beta, x=x)
    for name, array in (("gamma", gamma), ("beta", beta)):
        expect_shape(where, name, array, x.shape[-1:], f"x has {x.shape[-1]} features")
    eps = expect_number(where, "eps", eps, "a finite number, at least 0", lambda e: e >= 0)
    return gamma, beta, x, eps


def _fixed_statistics(where, running, x):
    expect_real(where, mean=running.mean, variance=running.variance)
    mean, variance, _ = as_floats(where, mean=running.mean, variance=running.variance, x=x)
    for name, array in (("running mean", mean), ("running variance", variance)):
        expect_shape(where, name, array, x.shape[-1:], f"the batch has {x.shape[-1]} features")
    return mean, variance


def _statistics(x, axis, divisor):
    """Mean, x − mean and variance (sum of squares / divisor) along one axis."""
    keepdims = axis != 0
    with np.errstate(over="ignore"):  # `_scale_and_shift` refuses an infinite variance
        mean = x.mean(axis=axis, keepdims=keepdims)
        centred = x - mean
        # no abs: a complex step has to pass through the square
        variance = (centred**2).sum(axis=axis, keepdims=keepdims) / divisor
    return mean, centred, variance


def _scale_and_shift(where, gamma, beta, centred, mean, variance, divisor, eps):
    """out = γ x̂ + β and the cache, where every v + ε is a normal number (or NaN, which is handed on)."""
    shifted, normal = variance + eps, np.finfo(variance.dtype)
    refused = (shifted.real < normal.tiny) | (shifted.real > normal.max)
    if refused.any():
        raise ValueError(
            f"{where}: a variance is {variance[refused][0].real:g}, eps is {eps:g}; "
            f"expected v + eps > 0, that is from {normal.tiny:.0e} to {normal.max:.0e} in {normal.dtype}."
        )
    std = np.sqrt(shifted)
    x_hat = centred / std
    out = gamma * x_hat + beta
    return out, NormCache(gamma, x_hat, std, divisor, mean, variance)


def _norm_backward(where, dout, cache, axis):
    expect_type(where, "cache", cache, NormCache)
    gamma, x_hat, std, dout = as_floats(where, gamma=cache.gamma, x_hat=cache.x_hat, std=cache.std, dout=dout)
    expect_shape(where, "dout", dout, x_hat.shape, "that is the shape of the output")
    rows = tuple(range(dout.ndim - 1))

    # out = γ x̂ + β, the same γ and β for all rows
    dgamma = (dout * x_hat).sum(axis=rows)
    dbeta = dout.sum(axis=rows)
    dx_hat = dout * gamma

    if cache.divisor is None:
        # x̂ = (x − μ)/s, μ and s fixed
        dx = dx_hat / std
    else:
        # x̂ = (x − μ)/s, s² = Σ (x − μ)²/M + ε: μ moves with every x by 1/N, s by x̂/M
        through_mean = dx_hat.mean(axis=axis, keepdims=True)
        through_std = x_hat * ((dx_hat * x_hat).sum(axis=axis, keepdims=True) / cache.divisor)
        dx = (dx_hat - through_mean - through_std) / std
    return dx, NormParams(dgamma, dbeta)
