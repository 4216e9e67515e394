"""How variance and gradients travel through a wide random net, by integrals instead of by sampling.

>>> field = mean_field(depth=500, sigma_w=1.0, activation="tanh")
>>> round(float(500 * field.q[-1]), 2)  # q_l ≈ 1/(2l): it falls like 1/depth, not exponentially
0.5
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_callable, expect_count, expect_number, expect_shape
from vgcourse.activations import get_activation

# An even number of nodes has none at 0, so that a kink there (ReLU) is split exactly in half.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(100)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class MeanField(NamedTuple):
    """Variances q_0 … q_L of the pre-activations, and gains χ_0 … χ_(L−1) of a squared gradient."""

    q: np.ndarray
    chi: np.ndarray


def gaussian_mean(function, q=1.0):
    """E[g(√q z)] for z ~ N(0, 1), by Gauss–Hermite quadrature with 100 nodes.

    Parameters
    ----------
    function : g, takes and returns arrays
    q : variance, a finite number ≥ 0

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If q is no real number, negative or not finite, or function is none or changes the shape.
    """
    q = _number("gaussian_mean", "q", q)
    expect_callable("gaussian_mean", "function", function)
    values = function(np.sqrt(q) * NODES)
    expect_shape("gaussian_mean", "what the function returned", values, NODES.shape, "it got that shape")
    return float(WEIGHTS @ values)


def variance_map(q, *, sigma_w, sigma_b=0.0, activation="tanh"):
    """q' = σ_w² E[f(√q z)²] + σ_b²: one layer of weights with variance σ_w²/n and biases σ_b².

    Parameters
    ----------
    q : variance of the pre-activations
    sigma_w, sigma_b, activation : as in `mean_field`

    Returns
    -------
    float, the next layer's q'

    Raises
    ------
    TypeError, ValueError
        As `mean_field`.
    """
    q, sigma_w, sigma_b = (
        _number("variance_map", name, value)
        for name, value in (("q", q), ("sigma_w", sigma_w), ("sigma_b", sigma_b))
    )
    f = get_activation(activation).function
    return sigma_w**2 * gaussian_mean(lambda z: f(z) ** 2, q) + sigma_b**2


def backward_factor(q, *, sigma_w, activation="tanh"):
    """χ = σ_w² E[f'(√q z)²]: a squared gradient grows by χ a layer; 1 is the edge of chaos.

    Parameters
    ----------
    q : variance of the pre-activations
    sigma_w, activation : as in `mean_field`

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As `mean_field`.
    """
    q, sigma_w = (_number("backward_factor", name, v) for name, v in (("q", q), ("sigma_w", sigma_w)))
    derivative = get_activation(activation).derivative
    return sigma_w**2 * gaussian_mean(lambda z: derivative(z) ** 2, q)


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
        If a number is negative or not finite, depth is below 1, or the activation is unknown.
    """
    expect_count("mean_field", "depth", depth)
    q, sigma_w, sigma_b = (
        _number("mean_field", name, value)
        for name, value in (("q0", q0), ("sigma_w", sigma_w), ("sigma_b", sigma_b))
    )
    get_activation(activation)
    q, chi = [q], []
    for _ in range(depth):
        chi.append(backward_factor(q[-1], sigma_w=sigma_w, activation=activation))
        q.append(variance_map(q[-1], sigma_w=sigma_w, sigma_b=sigma_b, activation=activation))
    return MeanField(np.array(q), np.array(chi))


def _number(where, name, value):
    return expect_number(where, name, value, "a finite number, at least 0", lambda v: v >= 0)
