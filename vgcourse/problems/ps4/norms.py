"""Problem set 4: what the norms share: test inputs, and a sum that is 0."""

import numpy as np

from vgcourse.problems.problem import Invariant


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


def mask(rng, N, M):
    """N zeros and ones, M of them ones."""
    return rng.permutation(np.arange(N) < M).astype(float)


def sums_to_zero(over, diagnosis):
    """The invariant Σ dx = 0 over the axes."""

    def residual(args, outputs):
        dx = outputs["dx"]
        return float(np.abs(dx.sum(axis=over)).max() / max(np.abs(dx).sum(axis=over).max(), 1e-300))

    return Invariant("the sum of dx is 0", residual, diagnosis)
