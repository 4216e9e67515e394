"""Layers as forward/backward pairs, written to be read together.

Every pair keeps one contract: `out, cache = forward(params, x)` and `dx, grads = backward(dout, cache)`,
where `grads` has the type of `params`. A pair without parameters returns `dx` alone.

Shapes and dtypes are checked, numbers are not: NaN and infinity travel through every pair of the library as
numpy computes them. `vgcourse.symptoms.diagnose` looks for them.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, expect_shape, expect_type
from vgcourse.activations import get_activation


class LinearParams(NamedTuple):
    """Weights W (H, D) and bias b (H,) of z = x Wᵀ + b; also the type of their gradients."""

    W: np.ndarray
    b: np.ndarray


class LinearCache(NamedTuple):
    """What the backward pass of a linear layer needs."""

    W: np.ndarray
    x: np.ndarray


def linear_forward(params, x):
    """z = x Wᵀ + b.

    Parameters
    ----------
    params : LinearParams, W (H, D) and b (H,)
    x : (…, D) array; (N, D) for a batch, (T, N, D) for sequences

    Returns
    -------
    z : (…, H) array
    cache : LinearCache

    Raises
    ------
    TypeError
        If an array is not floating point, or precisions are mixed.
    ValueError
        If shapes do not fit.
    """
    expect_type("linear_forward", "params", params, LinearParams)
    W, b, x = as_floats("linear_forward", W=params.W, b=params.b, x=x)
    expect_shape("linear_forward", "W", W, ("H", "D"))
    expect_shape("linear_forward", "b", b, W.shape[:1], f"W has shape {W.shape}")
    if x.ndim == 0 or x.shape[-1] != W.shape[1]:
        raise ValueError(
            f"linear_forward: x has shape {x.shape}; "
            f"expected (…, {W.shape[1]}) because W has shape {W.shape}."
        )
    return x @ W.T + b, LinearCache(W, x)


def linear_backward(dz, cache):
    """∂L/∂x = δ W, ∂L/∂W = δᵀ x, ∂L/∂b = Σ δ over the batch, with δ = ∂L/∂z: equation (1.15).

    Parameters
    ----------
    dz : (…, H) array, δ
    cache : LinearCache of the forward pass

    Returns
    -------
    dx : (…, D) array
    grads : LinearParams, W (H, D) and b (H,)

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`.
    """
    expect_type("linear_backward", "cache", cache, LinearCache)
    W, x, dz = as_floats("linear_backward", W=cache.W, x=cache.x, dz=dz)
    expect_shape("linear_backward", "dz", dz, (*x.shape[:-1], W.shape[0]), "that is the shape of z")
    rows = dz.reshape(-1, W.shape[0])
    return dz @ W, LinearParams(rows.T @ x.reshape(-1, W.shape[1]), rows.sum(axis=0))


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


class ActivationCache(NamedTuple):
    """What the backward pass of an element-wise activation needs."""

    name: str
    z: np.ndarray


def activation_forward(name, z):
    """h = f(z), element by element.

    Parameters
    ----------
    name : one of `vgcourse.activations.ACTIVATIONS`
    z : array of any shape

    Returns
    -------
    h : array of the same shape
    cache : ActivationCache

    Raises
    ------
    ValueError
        If the activation is unknown.
    TypeError
        If z is not floating point.
    """
    z = as_floats("activation_forward", z=z)
    return get_activation(name).function(z), ActivationCache(name, z)


def activation_backward(dh, cache):
    """∂L/∂z = ∂L/∂h ⊙ f'(z): the Jacobian diag f'(z) of equation (1.12) without forming it.

    Parameters
    ----------
    dh : array of the shape of z
    cache : ActivationCache of the forward pass

    Returns
    -------
    dz : array of the same shape (an activation has no parameters)

    Raises
    ------
    TypeError, ValueError
        If dh is not a floating-point array of the shape and precision of z.
    """
    expect_type("activation_backward", "cache", cache, ActivationCache)
    z, dh = as_floats("activation_backward", z=cache.z, dh=dh)
    expect_shape("activation_backward", "dh", dh, z.shape, "that is the shape of z")
    return dh * get_activation(cache.name).derivative(z)
