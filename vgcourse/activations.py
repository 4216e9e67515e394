"""Activation functions, each beside its derivative.

>>> ACTIVATIONS["tanh"].derivative(0.0)
1.0

Every derivative is a function of the pre-activation z and stays accurate in the tails, where 1 − tanh²
or σ(1 − σ) would round to zero. Complex input is allowed, as the complex-step check needs it: the real
part decides on which side of a kink it lies. NaN comes out as NaN, value and derivative; ±∞ gives the limit.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, expect_choice, expect_number

LEAKY_SLOPE = 0.01

_silent = np.errstate(invalid="ignore")  # complex exp and tanh would warn of a NaN that comes out anyway


class Activation(NamedTuple):
    """An element-wise activation f and its derivative f', both functions of the pre-activation."""

    name: str
    function: Callable
    derivative: Callable


@_silent
def sigmoid(z):
    """σ(z) = 1 / (1 + e^(−z)), element by element; values in (0, 1).

    Parameters
    ----------
    z : array of any shape, float32 or float64

    Returns
    -------
    array of the same shape and dtype

    Raises
    ------
    TypeError, ValueError
        If z does not hold floating-point numbers, or none at all.
    """
    z = as_floats("sigmoid", z=z)
    positive = z.real > 0
    e = np.exp(np.where(positive, -z, z))  # never above 1: for complex z, 1/(1 + inf) would be NaN
    return (np.where(positive, 1, e) / (1 + e)).astype(z.dtype)[()]


def sigmoid_derivative(z):
    """σ'(z) = σ(z) σ(−z) ≤ 1/4, equation (1.2). Same shapes and errors as `sigmoid`.

    The usual form σ(1 − σ) is the same function, but 1 − σ(40) rounds to 0 while σ(−40) = 4e−18.
    """
    return sigmoid(z) * sigmoid(-np.asarray(z))


@_silent
def tanh(z):
    """tanh(z), element by element; values in (−1, 1). Same shapes and errors as `sigmoid`."""
    return np.tanh(as_floats("tanh", z=z))


@_silent
def tanh_derivative(z):
    """tanh'(z) = 1 / cosh²(z) ≤ 1. Same shapes and errors as `sigmoid`.

    Equal to 1 − tanh²(z), which is 0 in float64 at z = 20 where the true value is 1.7e−17.
    """
    z = as_floats("tanh_derivative", z=z)
    e = np.exp(np.where(z.real > 0, -z, z))  # 1/cosh z = 2 e^(−|z|) / (1 + e^(−2|z|)): nothing overflows
    return ((2 * e / (1 + e * e)) ** 2).astype(z.dtype)[()]


def relu(z):
    """max(z, 0), element by element. Same shapes and errors as `sigmoid`."""
    z = as_floats("relu", z=z)
    return _by_sign(z, z, 0)


def relu_derivative(z):
    """1 where z > 0, else 0; at the kink z = 0 we take 0. Same shapes and errors as `sigmoid`."""
    return _by_sign(as_floats("relu_derivative", z=z), 1, 0)


def leaky_relu(z, slope=LEAKY_SLOPE):
    """z where z > 0, else slope·z. Same shapes and errors as `sigmoid`."""
    z, slope = as_floats("leaky_relu", z=z), expect_number("leaky_relu", "slope", slope)
    if slope == 0:
        return _by_sign(z, z, 0)  # also at −∞, where 0 · z would be NaN
    below = np.where(z.real > 0, 0, z)
    if np.iscomplexobj(z):  # part by part: as a complex product, slope · (−∞) has NaN for an imaginary part
        return _by_sign(z, z, slope * below.real + 1j * (slope * below.imag))
    return _by_sign(z, z, slope * below)


def leaky_relu_derivative(z, slope=LEAKY_SLOPE):
    """1 where z > 0, else slope. Same shapes and errors as `sigmoid`."""
    z = as_floats("leaky_relu_derivative", z=z)
    return _by_sign(z, 1, expect_number("leaky_relu_derivative", "slope", slope))


@_silent
def elu(z):
    """z where z > 0, else e^z − 1 (Clevert et al. 2015). Same shapes and errors as `sigmoid`."""
    z = as_floats("elu", z=z)
    return _by_sign(z, z, np.expm1(np.where(z.real > 0, 0, z)))


@_silent
def elu_derivative(z):
    """1 where z > 0, else e^z. Same shapes and errors as `sigmoid`."""
    z = as_floats("elu_derivative", z=z)
    return _by_sign(z, 1, np.exp(np.where(z.real > 0, 0, z)))


@_silent
def softplus(z):
    """log(1 + e^z), a smooth ReLU, computed without overflow. Same shapes and errors as `sigmoid`."""
    z = as_floats("softplus", z=z)
    positive = z.real > 0
    return (np.where(positive, z, 0) + log1p(np.exp(np.where(positive, -z, z)))).astype(z.dtype)[()]


def softplus_derivative(z):
    """The derivative of softplus is the sigmoid. Same shapes and errors as `sigmoid`."""
    return sigmoid(z)


def log1p(z):
    """log(1 + z), accurate near 0 for complex z too: there np.log1p rounds the real part to 0."""
    if not np.iscomplexobj(z):
        return np.log1p(z)
    x, y = z.real, z.imag
    return np.log1p(x * (2 + x) + y * y) / 2 + 1j * np.arctan2(y, 1 + x)


def maxout(z):
    """max over the K pieces of each unit (Goodfellow et al. 2013).

    Parameters
    ----------
    z : (…, K) array, the K linear pieces of every unit on the last axis

    Returns
    -------
    (…) array, one value per unit

    Raises
    ------
    TypeError, ValueError
        If z is no floating-point array, or a single number.
    """
    z = _pieces("maxout", z)
    h = np.take_along_axis(z, np.argmax(z.real, axis=-1, keepdims=True), axis=-1)[..., 0]
    return np.where(np.isnan(z).any(axis=-1), _nan(z), h)[()]


def maxout_derivative(z):
    """∂h/∂z_k: 1 for the piece that won (the first, in a tie), 0 for the others; NaN if one of them is NaN.

    Parameters
    ----------
    z : (…, K) array

    Returns
    -------
    (…, K) array

    Raises
    ------
    TypeError, ValueError
        As `maxout`.
    """
    z = _pieces("maxout_derivative", z)
    out = np.zeros_like(z)
    np.put_along_axis(out, np.argmax(z.real, axis=-1, keepdims=True), 1, axis=-1)
    return np.where(np.isnan(z).any(axis=-1, keepdims=True), _nan(z), out)


def _by_sign(z, positive, other):
    """`positive` where the real part of z is above 0, `other` where it is not; NaN where z is NaN."""
    return np.where(np.isnan(z), _nan(z), np.where(z.real > 0, positive, other)).astype(z.dtype)[()]


def _nan(z):
    """NaN for an array like z, in both parts if z is complex: the imaginary one is a derivative."""
    return z.dtype.type(complex(np.nan, np.nan) if np.iscomplexobj(z) else np.nan)


def _pieces(where, z):
    z = as_floats(where, z=z)
    if z.ndim == 0:
        raise ValueError(f"{where}: z is a single number; expected shape (…, K).")
    return z


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("sigmoid", sigmoid, sigmoid_derivative),
        Activation("tanh", tanh, tanh_derivative),
        Activation("relu", relu, relu_derivative),
        Activation("leaky_relu", leaky_relu, leaky_relu_derivative),
        Activation("elu", elu, elu_derivative),
        Activation("softplus", softplus, softplus_derivative),
    )
}


def get_activation(name):
    """The `Activation` called `name`.

    Raises
    ------
    ValueError
        If there is no such activation; the message lists those there are.
    """
    expect_choice("get_activation", "name", name, ACTIVATIONS)
    return ACTIVATIONS[name]
