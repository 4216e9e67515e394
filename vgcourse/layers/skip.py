"""Paths around a layer: residual, gated and highway connections for any inner pair; the strided skip.

>>> out, cache = residual_forward(linear_forward, params, h)          # h + W h + b
>>> dh, grads = residual_backward(linear_backward, dout, cache)
>>> out, cache = highway_forward(highway_init(64, gate_bias=-2.0, rng=rng), h)

In all of them the input reaches the output on a path of its own, weighed by 1 (residual) or by 1 − g
(gated, highway), and so does the gradient on its way back.
"""

from typing import Any, NamedTuple

import numpy as np

from vgcourse._validate import (
    IMAGES,
    as_floats,
    expect_callable,
    expect_count,
    expect_generator,
    expect_layer,
    expect_number,
    expect_shape,
    expect_square,
    expect_type,
    initial_weights,
)
from vgcourse.activations import get_activation, sigmoid, sigmoid_derivative
from vgcourse.initializers import lecun
from vgcourse.layers._arguments import expect_linear
from vgcourse.layers.linear import LinearCache, linear_backward

__all__ = [
    "GatedCache",
    "GatedParams",
    "HighwayCache",
    "HighwayParams",
    "ResidualCache",
    "SkipCache",
    "gated_backward",
    "gated_forward",
    "highway_backward",
    "highway_forward",
    "highway_init",
    "residual_backward",
    "residual_forward",
    "strided_skip_backward",
    "strided_skip_forward",
]


class ResidualCache(NamedTuple):
    """The inner layer's cache, the factor of its output, and whether it has parameters."""

    inner: Any
    scale: float
    has_params: bool


def residual_forward(inner_forward, params, x, *, scale=1.0):
    """out = x + a R(x) for any layer R whose output has the shape of its input (He et al. 2016).

    Parameters
    ----------
    inner_forward : R's forward pass, `out, cache = inner_forward(params, x)`
    params : of R; None for a layer without parameters, called as `inner_forward(x)`
    x : array, whatever R takes
    scale : a; 1/√L over L blocks keeps the variance below e, 0 makes the block an identity

    Returns
    -------
    out : array of the shape of x
    cache : ResidualCache

    Raises
    ------
    TypeError, ValueError
        If x is not floating point, params is None but R needs some, R changes shape or precision, or scale is
        not a finite number.
    """
    where = "residual_forward"
    scale = expect_number(where, "scale", scale)
    x = as_floats(where, x=x)

    r, inner = _inner(where, inner_forward, params, x)
    out = x + scale * r
    return out, ResidualCache(inner, scale, params is not None)


def residual_backward(inner_backward, dout, cache):
    """dx = dout + a (∂R/∂x)ᵀ dout: the 1 of the identity survives whatever R does.

    Parameters
    ----------
    inner_backward : R's backward pass, (dr, cache) to (dx, grads); what it returns between those is dropped
    dout : array of the shape of x
    cache : ResidualCache of the forward pass

    Returns
    -------
    dx : array of the shape of x
    grads : of R; without parameters R's pass and this one return dx alone

    Raises
    ------
    TypeError, ValueError
        If dout is not floating point or cache no ResidualCache; and as R's backward pass.
    """
    where = "residual_backward"
    dout = as_floats(where, dout=dout)
    expect_type(where, "cache", cache, ResidualCache)

    # out = x + a r
    dr = cache.scale * dout

    # r = R(x)
    dx_inner, grads = _inner_backward(where, inner_backward, dr, cache)

    dx = dout + dx_inner
    return (dx, grads) if cache.has_params else dx


class GatedParams(NamedTuple):
    """Parameters of any inner layer, and W_g (H, H), b_g (H,) of the gate on its output."""

    inner: Any
    W_g: np.ndarray
    b_g: np.ndarray


class GatedCache(NamedTuple):
    """What the backward pass needs: input x, candidate c, gate g and its z_g, all (…, H); R's own cache."""

    W_g: np.ndarray
    x: np.ndarray
    c: np.ndarray
    z_g: np.ndarray
    g: np.ndarray
    inner: Any
    has_params: bool


def gated_forward(inner_forward, params, x):
    """out = g ⊙ c + (1 − g) ⊙ x with c = R(x) and g = σ(x W_gᵀ + b_g): a highway around any layer R.

    Parameters
    ----------
    inner_forward : R's forward pass; its output has the shape of its input
    params : GatedParams, inner for R (None if it has none), W_g (H, H), b_g (H,)
    x : (…, H) array

    Returns
    -------
    out : (…, H) array
    cache : GatedCache

    Raises
    ------
    TypeError, ValueError
        As `linear_forward` for the gate; and if R changes the shape or the precision.
    """
    where = "gated_forward"
    expect_type(where, "params", params, GatedParams)
    W_g, b_g, x = as_floats(where, W_g=params.W_g, b_g=params.b_g, x=x)
    expect_square(where, "W_g", W_g)
    expect_linear(where, "x", x, W_g=W_g, b_g=b_g)

    c, inner = _inner(where, inner_forward, params.inner, x)
    z_g = x @ W_g.T + b_g
    g = sigmoid(z_g)
    out = g * c + (1 - g) * x
    return out, GatedCache(W_g, x, c, z_g, g, inner, params.inner is not None)


def gated_backward(inner_backward, dout, cache):
    """The terms of `highway_backward`, where R's own backward pass takes the place of the candidate's.

    Parameters, returns and errors as `residual_backward`; grads is a GatedParams in any case.
    """
    where = "gated_backward"
    expect_type(where, "cache", cache, GatedCache)
    W_g, x, c, z_g, g, _, _ = cache
    x, dout = as_floats(where, x=x, dout=dout)
    expect_shape(where, "dout", dout, x.shape, "that is the shape of the output")

    # out = g ⊙ c + (1 − g) ⊙ x
    dg = dout * (c - x)
    dc = dout * g
    dx_carry = dout * (1 - g)

    # g = σ(z_g), z_g = x W_gᵀ + b_g
    dz_g = dg * sigmoid_derivative(z_g)
    dx_gate, (dW_g, db_g) = linear_backward(dz_g, LinearCache(W_g, x))

    # c = R(x)
    dx_candidate, dinner = _inner_backward(where, inner_backward, dc, cache)

    dx = dx_candidate + dx_gate + dx_carry
    return dx, GatedParams(dinner, dW_g, db_g)


class HighwayParams(NamedTuple):
    """Candidate W (H, H), b (H,) and gate W_g (H, H), b_g (H,); also the type of their gradients."""

    W: np.ndarray
    b: np.ndarray
    W_g: np.ndarray
    b_g: np.ndarray


class HighwayCache(NamedTuple):
    """What the backward pass needs: input h, candidate c and its z, gate g and its z_g, all (…, H)."""

    W: np.ndarray
    W_g: np.ndarray
    h: np.ndarray
    z: np.ndarray
    c: np.ndarray
    z_g: np.ndarray
    g: np.ndarray
    activation: str


def highway_init(H, *, gate_bias=-2.0, rng, initializer=lecun, dtype=float):
    """Weights by `initializer`, candidate bias 0, and every gate's bias `gate_bias`.

    A negative bias starts with closed gates: the share σ(−gate_bias) of the old value is carried on.
    ValueError if H is below 1 or gate_bias not finite; TypeError if H is no integer or rng no Generator.
    """
    expect_count("highway_init", "H", H)
    expect_generator("highway_init", rng)
    gate_bias = expect_number("highway_init", "gate_bias", gate_bias)
    W, W_g = (initial_weights("highway_init", initializer, (H, H), rng=rng, dtype=dtype) for _ in range(2))
    return HighwayParams(W, np.zeros(H, dtype), W_g, np.full(H, gate_bias, dtype))


def highway_forward(params, h, *, activation="tanh"):
    """out = g ⊙ c + (1 − g) ⊙ h with c = f(h Wᵀ + b), g = σ(h W_gᵀ + b_g) (Srivastava et al. 2015).

    The gate multiplies the NEW value: g = 0 carries h on unchanged. (GRUs often do it the other way round.)

    Parameters
    ----------
    params : HighwayParams
    h : (…, H) array
    activation : name of f

    Returns
    -------
    out : (…, H) array, the next layer's h
    cache : HighwayCache

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`; and if a weight is not square or the activation is unknown.
    """
    where = "highway_forward"
    expect_type(where, "params", params, HighwayParams)
    W, b, W_g, b_g, h = as_floats(where, **params._asdict(), h=h)
    expect_square(where, "W", W)
    expect_square(where, "W_g", W_g)
    expect_linear(where, "h", h, W=W, b=b)
    expect_linear(where, "h", h, W_g=W_g, b_g=b_g)
    f = get_activation(activation).function

    z = h @ W.T + b
    c = f(z)
    z_g = h @ W_g.T + b_g
    g = sigmoid(z_g)
    out = g * c + (1 - g) * h
    return out, HighwayCache(W, W_g, h, z, c, z_g, g, activation)


def highway_backward(dout, cache):
    """dh = (g ⊙ f' ⊙ δ) W + (c ⊙ g' ⊙ δ) W_g + (1 − g) ⊙ δ − (h ⊙ g' ⊙ δ) W_g, equation (6.7), δ = dout.

    Through the candidate, through the gate as it lets the new value in, the carry, through the gate as it
    shuts the old value out. The two gate terms share the factor c − h.

    Parameters
    ----------
    dout : (…, H) array
    cache : HighwayCache of the forward pass

    Returns
    -------
    dh : (…, H) array
    grads : HighwayParams

    Raises
    ------
    TypeError, ValueError
        If dout has not the output's shape and precision, or the cache is another function's.
    """
    where = "highway_backward"
    expect_type(where, "cache", cache, HighwayCache)
    W, W_g, h, z, c, z_g, g, activation = cache
    h, dout = as_floats(where, h=h, dout=dout)
    expect_shape(where, "dout", dout, h.shape, "that is the shape of the output")
    df = get_activation(activation).derivative

    # out = g ⊙ c + (1 − g) ⊙ h
    dg = dout * (c - h)
    dc = dout * g
    dh_carry = dout * (1 - g)

    # g = σ(z_g), z_g = h W_gᵀ + b_g
    dz_g = dg * sigmoid_derivative(z_g)
    dh_gate, (dW_g, db_g) = linear_backward(dz_g, LinearCache(W_g, h))

    # c = f(z), z = h Wᵀ + b
    dz = dc * df(z)
    dh_candidate, (dW, db) = linear_backward(dz, LinearCache(W, h))

    dh = dh_candidate + dh_gate + dh_carry
    return dh, HighwayParams(dW, db, dW_g, db_g)


class SkipCache(NamedTuple):
    """What the backward pass of the strided skip needs: the shapes of both ends, and which pixels it kept."""

    x_shape: tuple
    out_shape: tuple
    stride: int


def strided_skip_forward(x, *, stride=1, channels=None):
    """out[n, j, y, x] = in[n, j, s·y, s·x], and 0 for the new channels; some write L[b, s x, s y, j].

    Parameters
    ----------
    x : (N, C, Y, X) array
    stride : s ≥ 1
    channels : C' ≥ C of the output; None for C

    Returns
    -------
    out : (N, C', ⌈Y/s⌉, ⌈X/s⌉) array; with s = 1 and C' = C a copy of x
    cache : SkipCache

    Raises
    ------
    TypeError, ValueError
        If x is no float array of four axes, or stride or channels is no integer or below 1 or C.
    """
    where = "strided_skip_forward"
    x = as_floats(where, x=x)
    expect_shape(where, "x", x, IMAGES)
    expect_count(where, "stride", stride)
    channels = x.shape[1] if channels is None else channels
    expect_count(where, "channels", channels, least=x.shape[1])

    kept = x[:, :, ::stride, ::stride]
    new = np.zeros((len(x), channels - x.shape[1], *kept.shape[2:]), x.dtype)
    out = np.concatenate([kept, new], axis=1)
    return out, SkipCache(x.shape, out.shape, int(stride))


def strided_skip_backward(dout, cache):
    """The gradient goes back to the pixels that were kept; the others get 0, and new channels hand on none.

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
    where = "strided_skip_backward"
    expect_type(where, "cache", cache, SkipCache)
    x_shape, out_shape, s = cache
    dout = as_floats(where, dout=dout)
    expect_shape(where, "dout", dout, out_shape, "that is the shape of the output")

    # out = the kept pixels of x, then zeros as new channels
    dkept = dout[:, : x_shape[1]]

    # kept[n, j, y, x] = x[n, j, s·y, s·x]
    dx = np.zeros(x_shape, dout.dtype)
    dx[:, :, ::s, ::s] = dkept
    return dx


def _inner(where, inner_forward, params, x):
    expect_layer(where, "inner_forward", inner_forward, params, x)
    out, cache = inner_forward(x) if params is None else inner_forward(params, x)
    expect_shape(where, "the inner layer's output", out, x.shape, "the inner layer's input has that shape")
    out, _ = as_floats(where, inner=out, x=x)
    return out, cache


def _inner_backward(where, inner_backward, dout, cache):
    """(dx, grads) of the inner layer, whatever stands between the two; grads is None without parameters."""
    expect_callable(where, "inner_backward", inner_backward)
    result = inner_backward(dout, cache.inner)
    return (result[0], result[-1]) if cache.has_params else (result, None)
