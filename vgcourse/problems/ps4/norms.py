"""Problem set 4: what the norms share: test inputs, and one backward pass with exchangeable parts."""

import math

import numpy as np

from vgcourse.problems.problem import Invariant


def count(n):
    """1/N: the divisor of the frameworks."""
    return n


def the_other(n, M):
    """N where the forward pass divides by M = N − 1, and N − 1 where it divides by N."""
    return 2 * n - 1 - M


def root_of_sum(v, eps):
    """√(v + ε)."""
    return np.sqrt(v + eps)


def spread(rng, shape, over):
    """Numbers whose mean over the axes is far from 0 and whose variance is far from 1, and never near 0."""
    z = rng.normal(size=shape)
    z = (z - z.mean(axis=over, keepdims=True)) / z.std(axis=over, keepdims=True)
    per_group = [1 if axis in over else size for axis, size in enumerate(shape)]
    return z * rng.uniform(0.6, 1.8, size=per_group) + rng.uniform(0.5, 2, size=per_group) * rng.choice(
        [-1, 1]
    )


def scales(rng, size):
    """Values of γ: neither 0 nor 1, both signs."""
    return rng.uniform(0.4, 0.9, size=size) * rng.choice([-1, 1], size=size) * rng.choice([1, 2.5], size=size)


def norm_backward(
    dy, x, gamma, eps, *, over, rows, back_over=None, unbiased=False, back_divisor=lambda n, M: M, mean_count=count,
    mean_term=1.0, variance_term=1.0, gamma_in="before", root=root_of_sum, along=lambda x_hat, centred: x_hat,
    divide=lambda s: s, scale_of=lambda dy, x, x_hat, gamma: dy * x_hat, shift_of=lambda dy, gamma: dy, collect=np.sum,
):  # fmt: skip
    """dx = (1/s)[dx̂ − mean(dx̂) − x̂ mean(dx̂ ⊙ x̂)] with dx̂ = γ ⊙ dy, and dγ, dβ; every part can be exchanged.

    Means are over the axes `over` (`back_over` on the way back), dγ and dβ are sums over the axes `rows`.
    The sum of squares is divided by M, that is N, or N − 1 if `unbiased`.
    """

    def total(a, axes):
        return a.sum(axis=axes, keepdims=True)

    n = math.prod(x.shape[axis] for axis in over)
    centred = x - total(x, over) / n
    s = root(total(centred**2, over) / (n - unbiased), eps)
    x_hat = centred / s
    back_over = over if back_over is None else back_over
    n = math.prod(x.shape[axis] for axis in back_over)
    d = gamma * dy if gamma_in in ("before", "first term", "twice") else dy
    inside = dy if gamma_in == "first term" else d
    shared = mean_term * total(inside, back_over) / mean_count(n)
    stretch = (
        variance_term
        * along(x_hat, centred)
        * total(inside * x_hat, back_over)
        / back_divisor(n, n - unbiased)
    )
    dx = (d - shared - stretch) / divide(s)
    dx = gamma * dx if gamma_in in ("after", "twice") else dx
    return dx, collect(scale_of(dy, x, x_hat, gamma), axis=rows), collect(shift_of(dy, gamma), axis=rows)


def sums_to_zero(over, diagnosis):
    """The invariant Σ dx = 0 over the axes."""

    def residual(args, outputs):
        dx = outputs["dx"]
        return float(np.abs(dx.sum(axis=over)).max() / max(np.abs(dx).sum(axis=over).max(), 1e-300))

    return Invariant("the sum of dx is 0", residual, diagnosis)
