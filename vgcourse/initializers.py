"""Random starting weights. Each rule is a variance; lecture 4 derives them.

A weight matrix has shape (n_out, n_in). `variance(rule, shape)` is what a rule promises; the function
of the same name draws it.

>>> W = he((64, 32), rng=np.random.default_rng(0), distribution="truncated_normal")
"""

from math import erf, exp, pi, sqrt

import numpy as np

from vgcourse._validate import expect_choice, expect_float_dtype, expect_generator

_VARIANCES = {
    "uniform_fan_in": lambda n_out, n_in: 1 / (3 * n_in),
    "lecun": lambda n_out, n_in: 1 / n_in,
    "glorot": lambda n_out, n_in: 2 / (n_in + n_out),
    "he": lambda n_out, n_in: 2 / n_in,
    "orthogonal": lambda n_out, n_in: 1 / max(n_in, n_out),
    "identity": lambda n_out, n_in: 1 / max(n_in, n_out),
    "zeros": lambda n_out, n_in: 0.0,
}

CUT = 2.0  # a truncated normal has no draws beyond CUT of the uncut standard deviations
# A standard normal cut at ±c has the variance 1 − 2 c φ(c) / (Φ(c) − Φ(−c)); its square root at 2 is 0.8796.
TRUNCATED_STD = sqrt(1 - 2 * CUT * exp(-(CUT**2) / 2) / sqrt(2 * pi) / erf(CUT / sqrt(2)))


def variance(rule, shape, *, gain=1.0):
    """The variance of one weight under `rule`, times gain²; whatever the distribution.

    "uniform_fan_in" 1/(3 n_in), "lecun" 1/n_in, "glorot" 2/(n_in + n_out), "he" 2/n_in,
    "orthogonal" and "identity" 1/max(n_in, n_out), "zeros" 0. The entries of an orthogonal matrix depend on
    each other and those of the identity are not random: there it is their mean square, ‖W‖²_F / (n_in n_out).

    Parameters
    ----------
    rule : a name of `INITIALIZERS`
    shape : (n_out, n_in)
    gain : factor of the standard deviation

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the rule is unknown, the shape is not two positive sizes, or the gain is negative, not finite or so
        large (1.3e154) that its square is not.
    """
    expect_choice("variance", "rule", rule, _VARIANCES)
    n_out, n_in = _sizes("variance", shape)
    gain = _gain("variance", gain)
    return gain**2 * _VARIANCES[rule](n_out, n_in)


def uniform_fan_in(shape, *, rng, dtype=float):
    """w ~ U[−1/√n_in, 1/√n_in], the old rule; its variance is 1/(3 n_in).

    Arguments (shape, rng, dtype), result and errors as `lecun`.
    """
    return _draw("uniform_fan_in", shape, rng, "uniform", 1.0, dtype)


def lecun(shape, *, rng, distribution="normal", gain=1.0, dtype=float):
    """Var w = 1/n_in (LeCun et al. 1998): keeps the forward variance of a linear unit.

    The arguments of all three rules (lecun, glorot, he) and their errors are the same.

    Parameters
    ----------
    shape : (n_out, n_in)
    rng : numpy Generator
    distribution : "normal", "uniform" (on ±√3 standard deviations), or "truncated_normal": a normal cut at
        two standard deviations and divided by 0.8796, what the cut leaves of them; the variance is the same
    gain : factor of the standard deviation
    dtype : "float64" or "float32"

    Returns
    -------
    (n_out, n_in) array

    Raises
    ------
    ValueError
        If the distribution is unknown, the shape is not two positive sizes, or the gain is negative, not
        finite or so large (1.3e154, float32: 1.8e19) that its square is not.
    TypeError
        If rng is no Generator or dtype is no real floating-point type.
    """
    return _draw("lecun", shape, rng, distribution, gain, dtype)


def glorot(shape, *, rng, distribution="uniform", gain=1.0, dtype=float):
    """Var w = 2/(n_in + n_out) (Glorot & Bengio 2010): a compromise of forward and backward.

    Arguments, result and errors as `lecun`.
    """
    return _draw("glorot", shape, rng, distribution, gain, dtype)


def he(shape, *, rng, distribution="normal", gain=1.0, dtype=float):
    """Var w = 2/n_in (He et al. 2015): makes up for the half that a ReLU removes.

    Arguments, result and errors as `lecun`.
    """
    return _draw("he", shape, rng, distribution, gain, dtype)


def orthogonal(shape, *, rng, gain=1.0, dtype=float):
    """All singular values equal to `gain`: a random rotation, evenly over all of them (Saxe et al. 2013).

    WᵀW = gain² I when n_out ≥ n_in, W Wᵀ = gain² I when n_out ≤ n_in. It is the Q of a Gaussian matrix's QR
    factors, each column times the sign of R's diagonal entry: without the signs some rotations would be
    more frequent than others (Mezzadri 2007). Arguments and errors as `lecun`, without a distribution.
    """
    n_out, n_in = _sizes("orthogonal", shape)
    expect_generator("orthogonal", rng)
    dtype = expect_float_dtype("orthogonal", dtype)
    gain = _gain("orthogonal", gain, dtype)
    q, r = np.linalg.qr(rng.standard_normal((max(n_out, n_in), min(n_out, n_in))))
    q = q * np.where(np.diagonal(r) < 0, -gain, gain)
    return np.ascontiguousarray(q if n_out >= n_in else q.T, dtype)


def identity(shape, *, rng=None, gain=1.0, dtype=float):
    """gain on the diagonal, 0 elsewhere: the start of the IRNN (Le et al. 2015). Nothing is random here.

    A rectangular one copies the first min(n_in, n_out) inputs. Errors as `lecun`.
    """
    dtype = expect_float_dtype("identity", dtype)
    return _gain("identity", gain, dtype) * np.eye(*_sizes("identity", shape), dtype=dtype)


def zeros(shape, *, rng=None, dtype=float):
    """All weights 0, of use in a last layer. `rng` is accepted so that all rules are called alike.

    Raises
    ------
    TypeError, ValueError
        If the shape is not two positive sizes, or dtype is no real floating-point type.
    """
    return np.zeros(_sizes("zeros", shape), expect_float_dtype("zeros", dtype))


def _draw(rule, shape, rng, distribution, gain, dtype):
    expect_generator(rule, rng)
    expect_choice(rule, "distribution", distribution, ("normal", "uniform", "truncated_normal"))
    shape, dtype = _sizes(rule, shape), expect_float_dtype(rule, dtype)
    std = _gain(rule, gain, dtype) * np.sqrt(variance(rule, shape))
    if distribution == "normal":
        return (std * rng.standard_normal(shape)).astype(dtype)
    if distribution == "truncated_normal":
        return (std / TRUNCATED_STD * _truncated(shape, rng)).astype(dtype)
    limit = np.sqrt(3) * std  # U[−a, a] has variance a²/3
    return rng.uniform(-limit, limit, shape).astype(dtype)


def _truncated(shape, rng):
    """Standard normals; those beyond ±CUT are drawn again until none is left."""
    z = rng.standard_normal(shape)
    while (far := np.abs(z) > CUT).any():
        z[far] = rng.standard_normal(far.sum())
    return z


def _sizes(where, shape):
    good = np.ndim(shape) == 1 and len(shape) == 2 and np.asarray(shape).dtype.kind in "iu"
    if not good or any(isinstance(size, bool) for size in shape) or min(shape) < 1:
        raise ValueError(f"{where}: shape is {shape}; expected (n_out, n_in), both at least 1.")
    return tuple(int(size) for size in shape)


def _gain(where, gain, dtype=float):
    largest = float(np.sqrt(np.finfo(dtype).max))
    real = np.ndim(gain) == 0 and np.asarray(gain).dtype.kind in "fiu"
    if not (real and 0 <= gain <= largest):
        raise ValueError(
            f"{where}: gain is {gain}; expected a finite number, at least 0 and at most {largest:.1e}."
        )
    return float(gain)


INITIALIZERS = {
    rule.__name__: rule for rule in (uniform_fan_in, lecun, glorot, he, orthogonal, identity, zeros)
}
