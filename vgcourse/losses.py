"""Loss functions as forward/backward pairs.

A forward pass returns the mean loss over the batch and a cache; its backward pass takes the gradient
`dloss` by that number (1.0 when the loss is the end of the line) and returns the gradient by the
prediction. Targets are data and get no gradient.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, expect_shape
from vgcourse.activations import sigmoid, softplus


class LossCache(NamedTuple):
    """The derivative of the loss by the prediction, which the forward pass has all it needs for."""

    dprediction: np.ndarray


def squared_error_forward(y_hat, y):
    """L = (1/N) Σ_n Σ_k (ŷ_nk − y_nk)², equation (1.3) for N = 1.

    Parameters
    ----------
    y_hat : (N, …) array, predictions
    y : (N, …) array, targets

    Returns
    -------
    loss : scalar
    cache : LossCache

    Raises
    ------
    TypeError
        If y_hat does not hold floating-point numbers.
    ValueError
        If the shapes differ or y_hat has no batch axis.
    """
    y_hat = as_floats("squared_error_forward", y_hat=y_hat)
    if y_hat.ndim == 0:
        raise ValueError("squared_error_forward: y_hat is a single number; expected shape (N, …).")
    y = _target("squared_error_forward", y, y_hat)
    difference = y_hat - y
    return (difference**2).sum() / len(y_hat), LossCache(2 * difference / len(y_hat))


def squared_error_backward(dloss, cache):
    """∂L/∂ŷ = 2(ŷ − y)/N, equation (1.5); shape of ŷ."""
    return dloss * cache.dprediction


def binary_cross_entropy_forward(z, t):
    """L = −(1/N) Σ [t log σ(z) + (1 − t) log(1 − σ(z))] from the logit z, equation (1.8).

    Computed as softplus(z) − t z, which is finite for every z.

    Parameters
    ----------
    z : (N,) or (N, K) array, logits: the network's output before the sigmoid
    t : array of the same shape, targets in [0, 1]

    Returns
    -------
    loss : scalar, mean over all entries
    cache : LossCache

    Raises
    ------
    TypeError
        If z does not hold floating-point numbers.
    ValueError
        If the shapes differ or a target lies outside [0, 1].
    """
    z = as_floats("binary_cross_entropy_forward", z=z)
    t = _target("binary_cross_entropy_forward", t, z)
    if not ((t >= 0) & (t <= 1)).all():
        raise ValueError(
            f"binary_cross_entropy_forward: t lies between {t.min():g} and {t.max():g}; expected [0, 1]."
        )
    return (softplus(z) - t * z).mean(), LossCache((sigmoid(z) - t) / z.size)


def binary_cross_entropy_backward(dloss, cache):
    """∂L/∂z = (σ(z) − t)/N, equation (1.11); shape of z."""
    return dloss * cache.dprediction


def softmax(z):
    """e^z_c / Σ_k e^z_k over the last axis, shifted by the largest entry so that nothing overflows.

    Parameters
    ----------
    z : (…, C) array, logits

    Returns
    -------
    (…, C) array; every row is positive and sums to 1
    """
    z = _logits("softmax", z)
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_cross_entropy_forward(z, labels, mask=None):
    """L = −mean log softmax(z)[label], equation (1.17).

    Parameters
    ----------
    z : (…, C) array, logits; (N, C) for a batch, (T, N, C) for sequences
    labels : (…) integer array, the right class of each row, 0 … C − 1
    mask : (…) array or None; rows where it is 0 do not count, the mean is over the rest

    Returns
    -------
    loss : scalar
    cache : LossCache

    Raises
    ------
    TypeError
        If z is not floating point or labels are not integers.
    ValueError
        If shapes disagree, a label is outside 0 … C − 1, or the mask leaves nothing.
    """
    where = "softmax_cross_entropy_forward"
    z = _logits(where, z)
    labels = np.asarray(labels)
    expect_shape(where, "labels", labels, z.shape[:-1], f"z has shape {z.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"{where}: labels hold {labels.dtype.name} values; expected integers (class numbers)."
        )
    if labels.min() < 0 or labels.max() >= z.shape[-1]:
        raise ValueError(
            f"{where}: labels lie between {labels.min()} and {labels.max()}; "
            f"expected 0 … {z.shape[-1] - 1} because z has {z.shape[-1]} classes."
        )
    weight = np.ones(labels.shape) if mask is None else np.asarray(mask, dtype=float)
    expect_shape(where, "mask", weight, labels.shape, f"labels have shape {labels.shape}")
    if not weight.sum() > 0:
        raise ValueError(f"{where}: the mask is zero everywhere, so there is nothing to average.")
    weight = (weight / weight.sum()).astype(z.real.dtype)

    shifted = z - z.real.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    right = np.take_along_axis(shifted, labels[..., None], axis=-1)[..., 0]
    dz = np.exp(shifted - log_sum[..., None])
    np.put_along_axis(dz, labels[..., None], np.take_along_axis(dz, labels[..., None], -1) - 1, axis=-1)
    return (weight * (log_sum - right)).sum(), LossCache(weight[..., None] * dz)


def softmax_cross_entropy_backward(dloss, cache):
    """∂L/∂z = (softmax(z) − onehot(label))/N, equation (1.18); shape of z, 0 where masked."""
    return dloss * cache.dprediction


def _logits(where, z):
    z = as_floats(where, z=z)
    if z.ndim == 0:
        raise ValueError(f"{where}: z is a single number; expected shape (…, C).")
    return z


def _target(where, target, prediction):
    target = np.asarray(target, dtype=prediction.real.dtype)
    expect_shape(where, "the target", target, prediction.shape, "the prediction has that shape")
    return target
