"""Layers as forward/backward pairs, written to be read together.

Every pair keeps one contract: `out, cache = forward(params, x)` and `dx, grads = backward(dout, cache)`,
where `grads` has the type of `params`. A pair without parameters returns `dx` alone.

Shapes and dtypes are checked, numbers are not: NaN and infinity travel through every pair of the library as
numpy computes them. `vgcourse.clinic.diagnose` looks for them.
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
