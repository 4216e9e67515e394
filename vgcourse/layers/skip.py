"""Paths around a layer: residual, gated and highway connections for any inner pair; the strided skip.

>>> out, cache = residual_forward(linear_forward, params, h)          # h + W h + b
>>> dh, grads = residual_backward(linear_backward, dout, cache)
>>> out, cache = highway_forward(highway_init(64, gate_bias=-2.0, rng=rng), h)

In both the input reaches the output on a path of its own, weighed by 1 (residual) or by 1 − g (highway).
"""

from typing import Any, NamedTuple

import numpy as np

from vgcourse import _validate
from vgcourse._validate import (
    IMAGES,
    as_floats,
    expect_count,
    expect_number,
    expect_shape,
    expect_type,
    initial_weights,
)
from vgcourse.activations import get_activation, sigmoid, sigmoid_derivative
from vgcourse.initializers import lecun
from vgcourse.layers.linear import LinearCache, LinearParams, linear_backward, linear_forward


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
    r, inner = _inner(where, inner_forward, params, as_floats(where, x=x))
    return x + scale * r, ResidualCache(inner, scale, params is not None)


def residual_backward(inner_backward, dout, cache):
    """∂L/∂x = ∂L/∂out + a (∂R/∂x)ᵀ ∂L/∂out: the 1 of the identity survives whatever R does.

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
    dout = as_floats("residual_backward", dout=dout)
    expect_type("residual_backward", "cache", cache, ResidualCache)
    dx, grads = _inner_backward("residual_backward", inner_backward, cache.scale * dout, cache)
    return (dout + dx, grads) if cache.has_params else dout + dx


class GatedParams(NamedTuple):
    """Parameters of any inner layer, and of the gate σ(W_g x + b_g) in front of it."""

    inner: Any
    W_g: np.ndarray
    b_g: np.ndarray


class GatedCache(NamedTuple):
    """Input x, candidate c, gate g and its pre-activation, and the caches of the inner layer and the gate."""

    x: np.ndarray
    c: np.ndarray
    g: np.ndarray
    z_g: np.ndarray
    inner: Any
    gate: LinearCache
    has_params: bool


def gated_forward(inner_forward, params, x):
    """out = g ⊙ R(x) + (1 − g) ⊙ x with g = σ(x W_gᵀ + b_g): a highway around any layer R.

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
    x = as_floats(where, x=x)
    expect_type(where, "params", params, GatedParams)
    _validate.expect_square(where, "W_g", params.W_g)
    z_g, gate = linear_forward(LinearParams(params.W_g, params.b_g), x)
    c, inner = _inner(where, inner_forward, params.inner, x)
    g = sigmoid(z_g)
    return g * c + (1 - g) * x, GatedCache(x, c, g, z_g, inner, gate, params.inner is not None)


def gated_backward(inner_backward, dout, cache):
    """∂L/∂x is a sum of four terms: candidate, gate opening, carry, gate closing; see `highway_backward`.

    Parameters, returns and errors as `residual_backward`; grads is a GatedParams in any case.
    """
    expect_type("gated_backward", "cache", cache, GatedCache)
    x, c, g, z_g, _, gate, _ = cache
    x, dout = as_floats("gated_backward", x=x, dout=dout)
    expect_shape("gated_backward", "dout", dout, x.shape, "that is the shape of the output")
    through_candidate, grads = _inner_backward("gated_backward", inner_backward, dout * g, cache)
    through_gate, (dW_g, db_g) = linear_backward(dout * (c - x) * sigmoid_derivative(z_g), gate)
    return through_candidate + through_gate + dout * (1 - g), GatedParams(grads, dW_g, db_g)


class HighwayParams(NamedTuple):
    """Candidate W (H, H), b (H,) and gate W_g (H, H), b_g (H,); also the type of their gradients."""

    W: np.ndarray
    b: np.ndarray
    W_g: np.ndarray
    b_g: np.ndarray


class HighwayCache(NamedTuple):
    """What the backward pass needs: input h, candidate c = f(z), gate g = σ(z_g), all (…, H)."""

    params: HighwayParams
    h: np.ndarray
    c: np.ndarray
    g: np.ndarray
    z: np.ndarray
    z_g: np.ndarray
    activation: str


def highway_init(H, *, gate_bias=-2.0, rng, initializer=lecun, dtype=float):
    """Weights by `initializer`, candidate bias 0, and every gate's bias `gate_bias`.

    A negative bias starts with closed gates: the share σ(−gate_bias) of the old value is carried on.
    ValueError if H is below 1 or gate_bias not finite; TypeError if H is no integer or rng no Generator.
    """
    _validate.expect_count("highway_init", "H", H)
    _validate.expect_generator("highway_init", rng)
    gate_bias = expect_number("highway_init", "gate_bias", gate_bias)
    W, W_g = (initial_weights("highway_init", initializer, (H, H), rng=rng, dtype=dtype) for _ in range(2))
    return HighwayParams(W, np.zeros(H, dtype), W_g, np.full(H, gate_bias, dtype))


def highway_forward(params, h, *, activation="tanh"):
    """h' = g ⊙ c + (1 − g) ⊙ h with c = f(h Wᵀ + b), g = σ(h W_gᵀ + b_g) (Srivastava et al. 2015).

    The gate multiplies the NEW value: g = 0 carries h on unchanged. (GRUs often do it the other way round.)

    Parameters
    ----------
    params : HighwayParams
    h : (…, H) array
    activation : name of f

    Returns
    -------
    h' : (…, H) array
    cache : HighwayCache

    Raises
    ------
    TypeError, ValueError
        As `linear_forward`; and if a weight is not square or the activation is unknown.
    """
    expect_type("highway_forward", "params", params, HighwayParams)
    h = as_floats("highway_forward", h=h)
    for name in ("W", "W_g"):
        _validate.expect_square("highway_forward", name, getattr(params, name))
    z, _ = linear_forward(LinearParams(params.W, params.b), h)
    z_g, _ = linear_forward(LinearParams(params.W_g, params.b_g), h)
    c, g = get_activation(activation).function(z), sigmoid(z_g)
    return g * c + (1 - g) * h, HighwayCache(params, h, c, g, z, z_g, activation)


def highway_backward(dout, cache):
    """∂L/∂h = Wᵀ(g ⊙ f' ⊙ δ) + W_gᵀ(c ⊙ g' ⊙ δ) + (1 − g) ⊙ δ − W_gᵀ(h ⊙ g' ⊙ δ), equation (6.7), δ = ∂L/∂h'.

    Through the candidate, through the gate as it lets the new value in, the carry, through the gate as it
    shuts the old value out. The two gate terms share the factor c − h.

    Parameters
    ----------
    dout : (…, H) array, δ
    cache : HighwayCache of the forward pass

    Returns
    -------
    dh : (…, H) array
    grads : HighwayParams

    Raises TypeError, ValueError if dout has not the output's shape and precision, or cache is another's.
    """
    expect_type("highway_backward", "cache", cache, HighwayCache)
    params, h, c, g, z, z_g, activation = cache
    h, dout = as_floats("highway_backward", h=h, dout=dout)
    expect_shape("highway_backward", "dout", dout, h.shape, "that is the shape of the output")
    dz = dout * g * get_activation(activation).derivative(z)
    dz_g = dout * (c - h) * sigmoid_derivative(z_g)
    through_candidate, (dW, db) = linear_backward(dz, LinearCache(params.W, h))
    through_gate, (dW_g, db_g) = linear_backward(dz_g, LinearCache(params.W_g, h))
    return through_candidate + through_gate + dout * (1 - g), HighwayParams(dW, db, dW_g, db_g)


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
    expect_shape(where, "x", x, IMAGES)
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


def _inner(where, inner_forward, params, x):
    _validate.expect_layer(where, "inner_forward", inner_forward, params, x)
    out, cache = inner_forward(x) if params is None else inner_forward(params, x)
    expect_shape(where, "the inner layer's output", out, x.shape, "the inner layer's input has that shape")
    as_floats(where, x=x, inner=out)
    return out, cache


def _inner_backward(where, inner_backward, dout, cache):
    """(dx, grads) of the inner layer, whatever stands between the two; grads is None without parameters."""
    _validate.expect_callable(where, "inner_backward", inner_backward)
    result = inner_backward(dout, cache.inner)
    return (result[0], result[-1]) if cache.has_params else (result, None)
