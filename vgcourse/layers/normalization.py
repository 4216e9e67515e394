"""Batch, spatial, layer and weight normalisation as forward/backward pairs.

Two conventions of batch norm are in use: dividing the batch's sum of squares by N (all frameworks) or by
N − 1 (`unbiased=True`). They differ in the output and in the gradient; say which one you mean.

>>> out, cache = batch_norm_forward(params, x)                    # training: the batch's own statistics
>>> running = update_running(running, cache, momentum=0.1)
>>> out, _ = batch_norm_forward(params, x, running=running)       # test: fixed estimates
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
from vgcourse.layers.linear import LinearCache, LinearParams, linear_backward, linear_forward


class NormParams(NamedTuple):
    """Scale gamma (D,) and shift beta (D,) after a normalisation; also the type of their gradients."""

    gamma: np.ndarray
    beta: np.ndarray


class RunningStatistics(NamedTuple):
    """Mean (D,) and variance (D,) that batch norm uses at test time."""

    mean: np.ndarray
    variance: np.ndarray


class NormCache(NamedTuple):
    """What the backward pass of batch and layer norm needs, and the batch's statistics for `update_running`.

    `x_hat` is the normalised input, `std` is √(variance + ε); `divisor` is what the sum of squares was
    divided by, None where the statistics were fixed and have no derivative.
    """

    gamma: np.ndarray
    x_hat: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    std: np.ndarray
    divisor: int | None


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


def running_init(D, *, dtype=float):
    """Mean 0 and variance 1 for D features, before any batch has been seen. Errors as `norm_init`."""
    expect_count("running_init", "D", D)
    dtype = expect_float_dtype("running_init", dtype)
    return RunningStatistics(np.zeros(D, dtype), np.ones(D, dtype))


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
        If shapes do not fit, eps is negative, a variance + ε is 0, or N = 1 with `unbiased`.
    """
    where = "batch_norm_forward"
    expect_type(where, "params", params, NormParams)
    gamma, beta, x = as_floats(where, gamma=params.gamma, beta=params.beta, x=x)
    expect_shape(where, "x", x, ("N", "D"))
    if running is None:
        if unbiased and len(x) == 1:
            raise ValueError(f"{where}: x has one row; expected at least 2 with unbiased=True (1/(N − 1)).")
        return _normalize(where, gamma, beta, x, 0, len(x) - bool(unbiased), eps)
    expect_type(where, "running", running, RunningStatistics)
    expect_real(where, mean=running.mean, variance=running.variance)
    mean, variance, _ = as_floats(where, mean=running.mean, variance=running.variance, x=x)
    for name, array in (("running mean", mean), ("running variance", variance)):
        expect_shape(where, name, array, x.shape[1:], f"x has shape {x.shape}")
    return _affine(where, gamma, beta, x - mean, mean, variance, None, eps)


def batch_norm_backward(dout, cache):
    """∂L/∂x = (1/s) [dx̂ − (1/N) Σ dx̂ − x̂ (1/M) Σ dx̂ ⊙ x̂] with dx̂ = γ ⊙ ∂L/∂out and s = √(v + ε).

    ∂L/∂γ = Σ ∂L/∂out ⊙ x̂ and ∂L/∂β = Σ ∂L/∂out. What remains of ∂L/∂x has no component along 1 and, up to ε,
    none along x̂. With running statistics only dx̂/s is left.

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
    expect_real(where, mean=running.mean, variance=running.variance, cache=cache.x_hat)
    mean, variance, _ = as_floats(where, mean=running.mean, variance=running.variance, cache=cache.x_hat)
    for name, array in (("running mean", mean), ("running variance", variance)):
        expect_shape(where, name, array, cache.mean.shape, "the batch has that many features")
    new = cache.variance * (cache.divisor / (rows - 1))
    return RunningStatistics((1 - m) * mean + m * cache.mean, (1 - m) * variance + m * new)


class SpatialNormCache(NamedTuple):
    """The cache of the batch norm over all pixels, and the images' shape. `rows` serves `update_running`."""

    rows: NormCache
    shape: tuple


def spatial_batch_norm_forward(params, x, *, running=None, unbiased=False, eps=1e-5):
    """Batch norm of every channel over all images and pixels: μ_c, v_c over n, y, x (Ioffe & Szegedy 2015).

    The sum of squares is divided by M = NYX, or NYX − 1 if `unbiased`. Arguments, results and errors as
    `vgcourse.layers.batch_norm_forward`, with x (N, C, Y, X) and gamma, beta (C,).
    """
    x = as_floats("spatial_batch_norm_forward", x=x)
    expect_shape("spatial_batch_norm_forward", "x", x, IMAGES)
    options = dict(running=running, unbiased=unbiased, eps=eps)
    out, cache = batch_norm_forward(params, _pixels_as_rows(x), **options)
    return _rows_as_pixels(out, x.shape), SpatialNormCache(cache, x.shape)


def spatial_batch_norm_backward(dout, cache):
    """`batch_norm_backward` with every pixel as a row; dout and dx (N, C, Y, X).

    Raises
    ------
    TypeError, ValueError
        As `batch_norm_backward`.
    """
    expect_type("spatial_batch_norm_backward", "cache", cache, SpatialNormCache)
    dout = as_floats("spatial_batch_norm_backward", dout=dout)
    expect_shape("spatial_batch_norm_backward", "dout", dout, cache.shape, "that is the shape of the output")
    dx, grads = batch_norm_backward(_pixels_as_rows(dout), cache.rows)
    return _rows_as_pixels(dx, cache.shape), grads


def layer_norm_forward(params, x, *, eps=1e-5):
    """out = γ x̂ + β with x̂ = (x − μ)/√(v + ε), row by row: μ, v over the D features (Ba et al. 2016).

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
    expect_type(where, "params", params, NormParams)
    gamma, beta, x = as_floats(where, gamma=params.gamma, beta=params.beta, x=x)
    if x.ndim == 0:
        raise ValueError(f"{where}: x is a single number; expected shape (…, D).")
    return _normalize(where, gamma, beta, x, -1, x.shape[-1], eps)


def layer_norm_backward(dout, cache):
    """∂L/∂x = (1/s) [dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)], means over the D features of a row.

    Shapes and errors as `batch_norm_backward`, with (…, D) for (N, D).
    """
    return _norm_backward("layer_norm_backward", dout, cache, -1)


class WeightNormParams(NamedTuple):
    """Directions V (H, D), lengths g (H,), bias b (H,) of a linear layer; also the type of the gradients."""

    V: np.ndarray
    g: np.ndarray
    b: np.ndarray


class WeightNormCache(NamedTuple):
    """What the backward pass of a weight-normalised layer needs: `unit` holds the rows of V at length 1."""

    unit: np.ndarray
    length: np.ndarray
    g: np.ndarray
    linear: LinearCache


def weight_norm_from_linear(params):
    """The WeightNormParams that give the same layer as LinearParams: V = W and g_j = ‖W_j‖.

    Parameters
    ----------
    params : LinearParams, W (H, D) and b (H,)

    Returns
    -------
    WeightNormParams, V (H, D), g (H,), b (H,)

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`.
    """
    where = "weight_norm_from_linear"
    expect_type(where, "params", params, LinearParams)
    W, b = as_floats(where, W=params.W, b=params.b)
    expect_shape(where, "W", W, ("H", "D"))
    expect_shape(where, "b", b, W.shape[:1], f"W has shape {W.shape}")
    return WeightNormParams(W, np.sqrt((W**2).sum(axis=1)), b)


def weight_norm_forward(params, x):
    """z = x Wᵀ + b with rows W_j = g_j V_j/‖V_j‖ (Salimans & Kingma 2016): the length is learnt apart.

    Parameters
    ----------
    params : WeightNormParams, V (H, D), g (H,), b (H,)
    x : (…, D) array

    Returns
    -------
    z : (…, H) array
    cache : WeightNormCache

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`; and if a row of V is zero: it has no direction.
    """
    where = "weight_norm_forward"
    expect_type(where, "params", params, WeightNormParams)
    V, g, b, x = as_floats(where, V=params.V, g=params.g, b=params.b, x=x)
    expect_shape(where, "V", V, ("H", "D"))
    expect_shape(where, "g", g, V.shape[:1], f"V has shape {V.shape}")
    length = np.sqrt((V**2).sum(axis=1, keepdims=True))
    if (length == 0).any():
        raise ValueError(f"{where}: row {int(np.argmin(np.abs(length)))} of V is zero; it has no direction.")
    unit = V / length
    z, linear = linear_forward(LinearParams(g[:, None] * unit, b), x)
    return z, WeightNormCache(unit, length, g, linear)


def weight_norm_backward(dz, cache):
    """∂L/∂g_j = ∂L/∂W_j · V̂_j and ∂L/∂V_j = (g_j/‖V_j‖) [∂L/∂W_j − (∂L/∂g_j) V̂_j], with V̂ = V/‖V‖.

    ∂L/∂V_j is orthogonal to V_j, so every gradient step makes V_j longer and the next ones smaller.

    Parameters
    ----------
    dz : (…, H) array
    cache : WeightNormCache of the forward pass

    Returns
    -------
    dx : (…, D) array
    grads : WeightNormParams

    Raises
    ------
    TypeError, ValueError
        As `linear_backward`.
    """
    expect_type("weight_norm_backward", "cache", cache, WeightNormCache)
    unit, length, g, linear = cache
    dx, (dW, db) = linear_backward(dz, linear)
    dg = (dW * unit).sum(axis=1, keepdims=True)
    return dx, WeightNormParams(g[:, None] / length * (dW - dg * unit), dg[:, 0], db)


def _normalize(where, gamma, beta, x, axis, divisor, eps):
    """γ x̂ + β with mean and variance (sum of squares / divisor) over one axis."""
    mean = x.mean(axis=axis, keepdims=axis != 0)
    centred = x - mean
    # no abs: a complex step has to pass through the square
    variance = (centred**2).sum(axis=axis, keepdims=axis != 0) / divisor
    return _affine(where, gamma, beta, centred, mean, variance, divisor, eps)


def _affine(where, gamma, beta, centred, mean, variance, divisor, eps):
    for name, array in (("gamma", gamma), ("beta", beta)):
        expect_shape(where, name, array, centred.shape[-1:], f"x has {centred.shape[-1]} features")
    given, eps = eps, expect_number(where, "eps", eps, "a finite number, at least 0", lambda e: e >= 0)
    if (variance.real + eps <= 0).any():
        raise ValueError(
            f"{where}: a variance is {variance.real.min():g}, eps is {given}; expected v + eps > 0."
        )
    std = np.sqrt(variance + eps)
    x_hat = centred / std
    return gamma * x_hat + beta, NormCache(gamma, x_hat, mean, variance, std, divisor)


def _norm_backward(where, dout, cache, axis):
    expect_type(where, "cache", cache, NormCache)
    gamma, x_hat, std, dout = as_floats(where, gamma=cache.gamma, x_hat=cache.x_hat, std=cache.std, dout=dout)
    expect_shape(where, "dout", dout, x_hat.shape, "that is the shape of the output")
    rows = tuple(range(dout.ndim - 1))
    grads = NormParams((dout * x_hat).sum(axis=rows), dout.sum(axis=rows))
    dx = dout * gamma
    if cache.divisor is not None:
        along_x_hat = (dx * x_hat).sum(axis=axis, keepdims=True) / cache.divisor
        dx = dx - dx.mean(axis=axis, keepdims=True) - x_hat * along_x_hat
    return dx / std, grads


def _pixels_as_rows(x):
    return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])


def _rows_as_pixels(rows, shape):
    N, C, Y, X = shape
    return rows.reshape(N, Y, X, C).transpose(0, 3, 1, 2)
