"""Toy problems that a net without a hidden layer fails."""

import numpy as np

from vgcourse._validate import expect_count, expect_float_dtype, expect_generator, expect_number


def xor(*, dtype=np.float64):
    """The four rows of XOR: x (4, 2) of 0.0 and 1.0, labels (4,) of 0 and 1.

    Raises
    ------
    TypeError
        If dtype is not float32 or float64.
    """
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=expect_float_dtype("xor", dtype))
    return x, np.array([0, 1, 1, 0])


def two_moons(n, *, noise=0.1, rng, dtype=np.float64):
    """Two interleaved half circles of radius 1 with Gaussian noise.

    Parameters
    ----------
    n : number of points, at least 2; the classes differ by at most one point
    noise : standard deviation, in units of the radius

    Returns
    -------
    x : (n, 2) array
    labels : (n,) integer array of 0 (upper moon) and 1 (lower moon)

    Raises
    ------
    TypeError, ValueError
        If n is no integer or below 2, noise is negative or not finite, `rng` is no Generator or `dtype` no
        float type.
    """
    expect_generator("two_moons", rng)
    dtype = expect_float_dtype("two_moons", dtype)
    expect_count("two_moons", "n", n, 2)
    noise = expect_number("two_moons", "noise", noise, "at least 0", lambda s: s >= 0)
    labels = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(labels[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return (x + noise * rng.standard_normal((n, 2))).astype(dtype), labels
