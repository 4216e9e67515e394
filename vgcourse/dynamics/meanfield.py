"""How variance and gradients travel through a wide random net, by integrals instead of by sampling.

>>> field = mean_field(depth=500, sigma_w=1.0, activation="tanh")
>>> round(float(500 * field.q[-1]), 2)  # q_l ≈ 1/(2l), not exponential
0.5
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    expect_callable,
    expect_count,
    expect_number,
    expect_real,
    expect_shape,
    numeric,
)
from vgcourse.activations import get_activation

__all__ = [
    "MeanField",
    "backward_factor",
    "gaussian_mean",
    "mean_field",
    "variance_map",
]

FARTHEST = 12.0  # in standard deviations: what lies beyond has the weight 4e−33
LARGEST_Q = 1e300  # the square of a ReLU of 12 standard deviations still is a number
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)


class MeanField(NamedTuple):
    """Variances q_0 … q_L of the pre-activations, and gains χ_0 … χ_(L−1) of a squared gradient."""

    q: np.ndarray
    chi: np.ndarray


def gaussian_mean(function, q=1.0):
    """E[g(√q z)] = ∫ g(√q z) e^(−z²/2) dz / √(2π), for z ~ N(0, 1).

    On either side of 0 the line is cut into pieces, each twice as long as its inner neighbour, down to one in
    which both z and √q z stay near 0; each piece gets 20 Gauss–Legendre nodes. So the relative error is below
    1e−12 for every q if g has one sign, is smooth, changes slowly over a length of 1 or over a share of the
    distance from 0, and grows no faster than a power. A kink or a jump at 0 costs nothing, for it lies
    between two pieces; one elsewhere costs digits.

    Parameters
    ----------
    function : g, takes and returns real arrays
    q : variance, a number from 0 to `LARGEST_Q`

    Returns
    -------
    float; NaN where g has one. Values of g below 1e−300 lose digits as every such number does.

    Raises
    ------
    TypeError, ValueError
        If q is no real number or out of its range, or function is none, changes the shape or returns
        anything but real numbers.
    """
    where, result = "gaussian_mean", "what the function returned"
    q = _variance(where, "q", q)
    expect_callable(where, "function", function)
    nodes, weights = _grid(int(np.ceil(np.log2(max(1.0, np.sqrt(q))))))
    values = numeric(where, **{result: function(np.sqrt(q) * nodes)})
    expect_shape(where, result, values, nodes.shape, "it got that shape")
    expect_real(where, **{result: values})
    return float(weights @ values)


@lru_cache
def _grid(doublings):
    """Nodes z and weights of E[g(z)], 40 more of them for every doubling of √q above 1."""
    edges = np.append(0.0, FARTHEST * 2.0 ** np.arange(-5 - doublings, 1))
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    z = (middles[:, None] + halves[:, None] * NODES).ravel()
    weights = (halves[:, None] * WEIGHTS).ravel() * np.exp(-(z**2) / 2)
    nodes, weights = np.append(-z, z), np.append(weights, weights) / (2 * weights.sum())
    nodes.flags.writeable = weights.flags.writeable = False  # one array serves every caller
    return nodes, weights


def variance_map(q, *, sigma_w, sigma_b=0.0, activation="tanh"):
    """q' = σ_w² E[f(√q z)²] + σ_b²: one layer of weights with variance σ_w²/n and biases σ_b².

    Parameters
    ----------
    q : variance of the pre-activations, from 0 to `LARGEST_Q`
    sigma_w, sigma_b, activation : as in `mean_field`

    Returns
    -------
    float, the next layer's q'; infinite where it exceeds the largest float

    Raises
    ------
    TypeError, ValueError
        As `mean_field`.
    """
    where = "variance_map"
    q, sigma_w, sigma_b = _variance(where, "q", q), *_numbers(where, sigma_w=sigma_w, sigma_b=sigma_b)
    f = get_activation(activation).function
    return _scaled(sigma_w, gaussian_mean(lambda z: f(z) ** 2, q)) + sigma_b * sigma_b


def backward_factor(q, *, sigma_w, activation="tanh"):
    """χ = σ_w² E[f'(√q z)²]: a squared gradient grows by χ a layer; 1 is the edge of chaos.

    Parameters
    ----------
    q : variance of the pre-activations, from 0 to `LARGEST_Q`
    sigma_w, activation : as in `mean_field`

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As `mean_field`.
    """
    q, (sigma_w,) = _variance("backward_factor", "q", q), _numbers("backward_factor", sigma_w=sigma_w)
    derivative = get_activation(activation).derivative
    return _scaled(sigma_w, gaussian_mean(lambda z: derivative(z) ** 2, q))


def mean_field(*, depth, sigma_w, sigma_b=0.0, q0=1.0, activation="tanh"):
    """q_(l+1) = σ_w² E[f(√q_l z)²] + σ_b² and χ_l = σ_w² E[f'(√q_l z)²] (Poole et al. 2016).

    Parameters
    ----------
    depth : number L of layers
    sigma_w, sigma_b : standard deviations; a weight's variance is σ_w²/n_in
    q0 : variance of the first pre-activations
    activation : name of f

    Returns
    -------
    MeanField

    Raises
    ------
    TypeError, ValueError
        If a number is negative or not finite, depth is below 1, the activation is unknown, or q0 or the
        variance of a layer before the last exceeds `LARGEST_Q`.
    """
    where = "mean_field"
    expect_count(where, "depth", depth)
    sigma_w, sigma_b = _numbers(where, sigma_w=sigma_w, sigma_b=sigma_b)
    get_activation(activation)
    q, chi = [_variance(where, "q0", q0)], []
    for layer in range(depth):
        _variance(where, f"q_{layer}", q[-1])
        chi.append(backward_factor(q[-1], sigma_w=sigma_w, activation=activation))
        q.append(variance_map(q[-1], sigma_w=sigma_w, sigma_b=sigma_b, activation=activation))
    return MeanField(np.array(q), np.array(chi))


def _scaled(sigma, mean):
    """σ² · mean, also where σ² alone would under- or overflow."""
    root = sigma * float(np.sqrt(mean))
    return root * root


def _numbers(where, **values):
    wanted = "a finite number, at least 0"
    return [expect_number(where, name, value, wanted, lambda v: v >= 0) for name, value in values.items()]


def _variance(where, name, value):
    wanted = f"a number from 0 to {LARGEST_Q:g}"
    return expect_number(where, name, value, wanted, lambda v: 0 <= v <= LARGEST_Q)
