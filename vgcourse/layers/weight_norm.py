"""Weight norm as a forward/backward pair: the length of weights is learnt apart from their direction.

The signals are left alone, and so nothing depends on the batch.

>>> z, cache = weight_norm_forward(weight_norm_from_linear(params), x)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, expect_shape, expect_type
from vgcourse.layers._arguments import expect_linear
from vgcourse.layers.linear import LinearCache, LinearParams, linear_backward

__all__ = [
    "WeightNormCache",
    "WeightNormParams",
    "weight_norm_backward",
    "weight_norm_forward",
    "weight_norm_from_linear",
]


class WeightNormParams(NamedTuple):
    """Directions V (H, D), lengths g (H,), bias b (H,) of a linear layer; also the type of the gradients."""

    V: np.ndarray
    g: np.ndarray
    b: np.ndarray


class WeightNormCache(NamedTuple):
    """What the backward pass of weight norm needs: V's rows at length 1, their lengths (H, 1), and g."""

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
    WeightNormParams, V (H, D), g (H,), b (H,): arrays of their own

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`; and if a row of W is zero: it has no direction.
    """
    where = "weight_norm_from_linear"
    expect_type(where, "params", params, LinearParams)
    W, b = as_floats(where, W=params.W, b=params.b)
    expect_shape(where, "W", W, ("H", "D"))
    expect_shape(where, "b", b, W.shape[:1], f"W has shape {W.shape}")
    _, length = _directions(where, "W", W)
    return WeightNormParams(W.copy(), length[:, 0], b.copy())


def weight_norm_forward(params, x):
    """z = x Wᵀ + b with rows W_j = g_j V̂_j, V̂_j = V_j/‖V_j‖ (Salimans & Kingma 2016).

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
    expect_linear(where, "x", x, V=V, b=b)
    expect_shape(where, "g", g, V.shape[:1], f"V has shape {V.shape}")

    unit, length = _directions(where, "V", V)
    W = g[:, None] * unit
    z = x @ W.T + b
    return z, WeightNormCache(unit, length, g, LinearCache(W, x))


def weight_norm_backward(dz, cache):
    """dg_j = dW_j · V̂_j and dV_j = (g_j/‖V_j‖) (dW_j − dg_j V̂_j), with dW of the linear layer.

    dV_j is orthogonal to V_j, so every gradient step makes V_j longer and the next ones smaller.

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

    # z = x Wᵀ + b
    dx, (dW, db) = linear_backward(dz, linear)

    # W_j = g_j V̂_j
    dg = (dW * unit).sum(axis=1, keepdims=True)

    # V̂_j = V_j/‖V_j‖: the part of g_j dW_j along V̂_j only changes the length
    dV = g[:, None] / length * (dW - dg * unit)
    return dx, WeightNormParams(dV, dg[:, 0], db)


def _directions(where, name, V):
    """V's rows at length 1 and their lengths (H, 1), whatever the size of V.

    A power of two near a row's largest entry is taken out first: that is exact, and leaves numbers whose
    squares neither overflow nor underflow.
    """
    exponent = np.frexp(np.abs(V).max(axis=1, keepdims=True))[1] - 1
    scale = np.ldexp(V.real.dtype.type(1), exponent)
    scaled = V / scale
    length = np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    zero = (length == 0)[:, 0]
    if zero.any():
        raise ValueError(f"{where}: row {int(zero.argmax())} of {name} is zero; it has no direction.")
    return scaled / length, scale * length
