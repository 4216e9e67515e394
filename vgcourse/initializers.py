"""Random starting weights. Each rule is a variance; a later lecture derives them.

A weight matrix has shape (n_out, n_in). `variance(rule, shape)` is what a rule promises; the function
of the same name draws it.
"""

import numpy as np

from vgcourse._validate import expect_choice, expect_generator

_VARIANCES = {
    "uniform_fan_in": lambda n_out, n_in: 1 / (3 * n_in),
    "lecun": lambda n_out, n_in: 1 / n_in,
    "glorot": lambda n_out, n_in: 2 / (n_in + n_out),
    "he": lambda n_out, n_in: 2 / n_in,
    "zeros": lambda n_out, n_in: 0.0,
}


def variance(rule, shape, *, gain=1.0):
    """The variance of one weight under `rule`, times gain².

    Parameters
    ----------
    rule : "uniform_fan_in" 1/(3 n_in), "lecun" 1/n_in, "glorot" 2/(n_in + n_out), "he" 2/n_in, "zeros" 0
    shape : (n_out, n_in)

    Raises
    ------
    ValueError
        If the rule is unknown or the shape is not two positive sizes.
    """
    expect_choice("variance", "rule", rule, _VARIANCES)
    n_out, n_in = _sizes("variance", shape)
    return gain**2 * _VARIANCES[rule](n_out, n_in)


def uniform_fan_in(shape, *, rng, dtype=float):
    """w ~ U[−1/√n_in, 1/√n_in], the old rule; its variance is 1/(3 n_in)."""
    return _draw("uniform_fan_in", shape, rng, "uniform", 1.0, dtype)


def lecun(shape, *, rng, distribution="normal", gain=1.0, dtype=float):
    """Var w = 1/n_in (LeCun et al. 1998): keeps the forward variance of a linear unit."""
    return _draw("lecun", shape, rng, distribution, gain, dtype)


def glorot(shape, *, rng, distribution="uniform", gain=1.0, dtype=float):
    """Var w = 2/(n_in + n_out) (Glorot & Bengio 2010): a compromise of forward and backward."""
    return _draw("glorot", shape, rng, distribution, gain, dtype)


def he(shape, *, rng, distribution="normal", gain=1.0, dtype=float):
    """Var w = 2/n_in (He et al. 2015): makes up for the half that a ReLU removes."""
    return _draw("he", shape, rng, distribution, gain, dtype)


def zeros(shape, *, rng=None, dtype=float):
    """All weights 0, of use in a last layer. `rng` is accepted so that all rules are called alike."""
    return np.zeros(_sizes("zeros", shape), dtype)


def _draw(rule, shape, rng, distribution, gain, dtype):
    expect_generator(rule, rng)
    expect_choice(rule, "distribution", distribution, ("normal", "uniform"))
    std = np.sqrt(variance(rule, shape, gain=gain))
    if distribution == "normal":
        return (std * rng.standard_normal(shape)).astype(dtype)
    limit = np.sqrt(3) * std  # U[−a, a] has variance a²/3
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _sizes(where, shape):
    if np.ndim(shape) != 1 or len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{where}: shape is {shape}; expected (n_out, n_in), both at least 1.")
    return tuple(shape)


INITIALIZERS = {rule.__name__: rule for rule in (uniform_fan_in, lecun, glorot, he, zeros)}
