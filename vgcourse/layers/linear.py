"""The linear layer, and an activation as a layer of its own: what a plain net is made of.

>>> z, linear = linear_forward(params, x)
>>> h, nonlinear = activation_forward("tanh", z)
>>> dz = activation_backward(dh, nonlinear)
>>> dx, grads = linear_backward(dz, linear)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, expect_shape, expect_type
from vgcourse.activations import get_activation
from vgcourse.layers._arguments import expect_linear

__all__ = [
    "ActivationCache",
    "LinearCache",
    "LinearParams",
    "activation_backward",
    "activation_forward",
    "linear_backward",
    "linear_forward",
]


class LinearParams(NamedTuple):
    """Weights W (H, D) and bias b (H,) of a linear layer; also the type of their gradients."""

    W: np.ndarray
    b: np.ndarray


class LinearCache(NamedTuple):
    """What the backward pass of a linear layer needs: its weights W (H, D) and its input x (…, D)."""

    W: np.ndarray
    x: np.ndarray


def linear_forward(params, x):
    """z = x Wᵀ + b, row by row.

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
    where = "linear_forward"
    expect_type(where, "params", params, LinearParams)
    W, b, x = as_floats(where, W=params.W, b=params.b, x=x)
    expect_linear(where, "x", x, W=W, b=b)

    z = x @ W.T + b
    return z, LinearCache(W, x)


def linear_backward(dz, cache):
    """dx = dz W, dW = dzᵀ x and db = Σ dz, the last two sums over all rows: equation (1.22).

    One row, z_i = Σ_j W_ij x_j + b_i, gives dW_ij = dz_i x_j and db_i = dz_i. All rows share W and b, so
    what they give adds up: dW_ij = Σ_n dz_ni x_nj, which is the matrix product dzᵀ x.

    Parameters
    ----------
    dz : (…, H) array
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
    where = "linear_backward"
    expect_type(where, "cache", cache, LinearCache)
    W, x, dz = as_floats(where, W=cache.W, x=cache.x, dz=dz)
    expect_shape(where, "dz", dz, (*x.shape[:-1], W.shape[0]), "that is the shape of z")
    x_rows, dz_rows = x.reshape(-1, W.shape[1]), dz.reshape(-1, W.shape[0])

    # z = x Wᵀ + b
    dx = dz @ W
    dW = dz_rows.T @ x_rows
    db = dz_rows.sum(axis=0)
    return dx, LinearParams(dW, db)


class ActivationCache(NamedTuple):
    """What the backward pass of an element-wise activation needs: which one, and its input z."""

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
    f = get_activation(name).function

    h = f(z)
    return h, ActivationCache(name, z)


def activation_backward(dh, cache):
    """dz = dh ⊙ f'(z): the Jacobian diag f'(z) of equation (1.17) without forming it.

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
    where = "activation_backward"
    expect_type(where, "cache", cache, ActivationCache)
    z, dh = as_floats(where, z=cache.z, dh=dh)
    expect_shape(where, "dh", dh, z.shape, "that is the shape of z")
    df = get_activation(cache.name).derivative

    # h = f(z)
    dz = dh * df(z)
    return dz
