"""Loss functions as forward/backward pairs.

A forward pass returns the mean loss over the batch and a cache; its backward pass takes the gradient
`dloss` with respect to that number (1.0 when the loss is the end of the line) and returns the gradient
with respect to the prediction. Targets are data and get no gradient.

Sequences are (T, N, K) arrays; a row is one step of one sequence. A `mask` holds a weight ≥ 0 per row (or
per entry): the loss is the weighted mean, and what has weight 0 does not count, whatever stands there.

Losses and gradients keep their relative accuracy where they vanish: at the logit 50 the right class still
has the loss 2e−22. NaN comes out as NaN. A loss too large for its precision, such as the square of 1e200 (in
float32 of 1e20), is infinite, its gradient is not; infinite logits give the limit, or NaN if there is none.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    as_floats,
    class_numbers,
    expect_classes,
    expect_number,
    expect_shape,
    expect_type,
)
from vgcourse.activations import log1p, sigmoid, softplus

_silent = np.errstate(over="ignore", invalid="ignore")  # infinity and NaN come out instead


class LossCache(NamedTuple):
    """The derivative of the loss with respect to the prediction: the forward pass has all it needs for it."""

    dprediction: np.ndarray


@_silent
def squared_error_forward(y_hat, y, mask=None):
    """L = (1/N) Σ_n Σ_k (ŷ_nk − y_nk)², the loss of lecture 1 for N = 1: a sum over a row, a mean over rows.

    With a mask m of rows L = Σ_n m_n Σ_k (ŷ_nk − y_nk)² / Σ_n m_n; a mask of ones changes nothing.

    Parameters
    ----------
    y_hat : (…, K) array, predictions; (N, K) for a batch, (T, N, K) for sequences; (N,) has N rows of one
    y : array of the same shape, targets
    mask : None, or weights of the rows (…), or of the single entries (shape of y_hat: then L is their mean)

    Returns
    -------
    loss : scalar
    cache : LossCache

    Raises
    ------
    TypeError
        If y_hat does not hold floating-point numbers.
    ValueError
        If the shapes differ, y_hat has no batch axis, or the mask is negative, not finite or all zero.
    """
    where = "squared_error_forward"
    y_hat = as_floats(where, y_hat=y_hat)
    if y_hat.ndim == 0:
        raise ValueError(f"{where}: y_hat is a single number; expected shape (N, …).")
    y = _target(where, y, y_hat)
    rows = y_hat.shape[:-1] or y_hat.shape
    weight = _weights(where, mask, y_hat, (rows, y_hat.shape))
    weight = weight[..., None] if weight.ndim < y_hat.ndim else weight
    difference = _keep(y_hat, weight) - _keep(y, weight)
    return (weight * difference * difference).sum(), LossCache(2 * weight * difference)


def squared_error_backward(dloss, cache):
    """∂L/∂ŷ = 2(ŷ − y)/N, equation (1.3); shape of ŷ.

    Parameters
    ----------
    dloss : gradient with respect to the loss, one number
    cache : LossCache of the forward pass

    Returns
    -------
    array of the shape of ŷ

    Raises
    ------
    TypeError, ValueError
        If cache is no LossCache, or dloss is not one finite number.
    """
    return _backward("squared_error_backward", dloss, cache)


@_silent
def binary_cross_entropy_forward(z, t, mask=None):
    """L = −(1/N) Σ [t log σ(z) + (1 − t) log(1 − σ(z))] from the logit z, equation (1.13).

    Computed as t softplus(−z) + (1 − t) softplus(z): finite for every z, and no difference that could round
    to 0. With a mask, the mean is over what it keeps.

    Parameters
    ----------
    z : (N,) or (…, K) array, logits: the network's output before the sigmoid; (T, N, K) for sequences
    t : array of the same shape, targets in [0, 1]
    mask : None, or weights of the rows (…), or of the single entries (shape of z)

    Returns
    -------
    loss : scalar, mean over all entries (a row's weight is the weight of each of its entries)
    cache : LossCache

    Raises
    ------
    TypeError
        If z does not hold floating-point numbers.
    ValueError
        If the shapes differ, a target lies outside [0, 1], or the mask is negative, not finite or all zero.
    """
    where = "binary_cross_entropy_forward"
    z = as_floats(where, z=z)
    t = _target(where, t, z)
    weight = _weights(where, mask, z, (z.shape, z.shape[:-1] or z.shape))
    weight = weight[..., None] / z.shape[-1] if weight.ndim < z.ndim else weight
    z, t = _keep(z, weight), _keep(t, weight)
    if not ((t >= 0) & (t <= 1)).all():
        raise ValueError(f"{where}: t lies between {t.min():g} and {t.max():g}; expected [0, 1].")
    # where t is 0 or 1, one term is 0, also for an infinite z
    loss = np.where(t > 0, t * softplus(-z), 0) + np.where(t < 1, (1 - t) * softplus(z), 0)
    return (weight * loss).sum(), LossCache(weight * ((1 - t) * sigmoid(z) - t * sigmoid(-z)))


def binary_cross_entropy_backward(dloss, cache):
    """∂L/∂z = (σ(z) − t)/N = [(1 − t) σ(z) − t σ(−z)]/N, equation (1.16); shape of z.

    Arguments, result and errors as `squared_error_backward`.
    """
    return _backward("binary_cross_entropy_backward", dloss, cache)


@_silent
def softmax(z):
    """e^z_c / Σ_k e^z_k over the last axis, shifted by the largest entry so that nothing overflows.

    Parameters
    ----------
    z : (…, C) array, logits

    Returns
    -------
    (…, C) array; every row sums to 1 and nothing is negative. −∞ has the probability 0; a row with +∞,
    with NaN, or with nothing but −∞ is NaN

    Raises
    ------
    TypeError, ValueError
        If z is no floating-point array, or a single number.
    """
    z = _logits("softmax", z)
    e = np.exp(z - _top(z)[1])
    return e / e.sum(axis=-1, keepdims=True)


@_silent
def softmax_cross_entropy_forward(z, labels, mask=None):
    """L = −mean log softmax(z)[label], equation (1.23).

    Parameters
    ----------
    z : (…, C) array, logits; (N, C) for a batch, (T, N, C) for sequences
    labels : (…) integer array, the right class of each row, 0 … C − 1
    mask : None, or weights of the rows (…); labels and logits of rows with weight 0 may be anything

    Returns
    -------
    loss : scalar
    cache : LossCache

    Raises
    ------
    TypeError
        If z is not floating point or labels are not integers.
    ValueError
        If shapes disagree, a label is outside 0 … C − 1, or the mask is negative, not finite or all zero.
    """
    where = "softmax_cross_entropy_forward"
    z = _logits(where, z)
    labels = class_numbers(where, labels, z.shape[:-1], f"z has shape {z.shape}")
    weight = _weights(where, mask, z, (labels.shape,))
    z, labels = _keep(z, weight[..., None]), _keep(labels, weight)
    expect_classes(where, labels, z.shape[-1], "z")
    labels = labels[..., None]
    top, largest = _top(z)
    shifted = z - largest
    e = np.exp(shifted)
    others = e.copy()
    np.put_along_axis(others, top, np.take_along_axis(shifted, top, axis=-1), axis=-1)  # e⁰ − 1
    others = others.sum(axis=-1, keepdims=True)  # Σ e − 1: log1p keeps what log(1 + …) would round away
    loss = log1p(others) - np.take_along_axis(shifted, labels, axis=-1)
    np.put_along_axis(e, labels, 0, axis=-1)
    wrong = e.sum(axis=-1, keepdims=True)
    np.put_along_axis(e, labels, -wrong, axis=-1)  # p − 1 = −Σ of the other classes' p: no cancellation
    return (weight * loss[..., 0]).sum(), LossCache(weight[..., None] * (e / (1 + others)))


def softmax_cross_entropy_backward(dloss, cache):
    """∂L/∂z = (softmax(z) − onehot(label))/N, equation (1.24); shape of z, 0 where masked.

    Arguments, result and errors as `squared_error_backward`.
    """
    return _backward("softmax_cross_entropy_backward", dloss, cache)


def _backward(where, dloss, cache):
    expect_type(where, "cache", cache, LossCache)
    return expect_number(where, "dloss", dloss) * cache.dprediction


def _logits(where, z):
    z = as_floats(where, z=z)
    if z.ndim == 0:
        raise ValueError(f"{where}: z is a single number; expected shape (…, C).")
    return z


def _top(z):
    """Index and value of every row's largest logit (of its first NaN, if it has one)."""
    index = np.argmax(z.real, axis=-1, keepdims=True)
    return index, np.take_along_axis(z, index, axis=-1)


def _target(where, target, prediction):
    target = np.asarray(target)
    if target.dtype.kind not in "fiub":
        raise TypeError(f"{where}: the target holds {target.dtype.name} values; expected real numbers.")
    target = target.astype(prediction.real.dtype)
    expect_shape(where, "the target", target, prediction.shape, "the prediction has that shape")
    return target


def _weights(where, mask, prediction, shapes):
    """The mask divided by its sum; `shapes` are those it may have, the first is that of "no mask"."""
    mask = np.ones(shapes[0]) if mask is None else np.asarray(mask)
    if mask.dtype.kind not in "fiub":
        raise TypeError(f"{where}: mask holds {mask.dtype.name} values; expected real numbers.")
    mask = mask.astype(float)
    if mask.shape not in shapes:
        wanted = " or ".join(str(shape) for shape in sorted(set(shapes), key=len))
        raise ValueError(
            f"{where}: mask has shape {mask.shape}; expected {wanted} "
            f"because the prediction has shape {prediction.shape}."
        )
    if not (np.isfinite(mask).all() and (mask >= 0).all()):
        raise ValueError(f"{where}: the mask lies between {mask.min():g} and {mask.max():g}; expected ≥ 0.")
    kept = mask > 0
    if not kept.any():
        raise ValueError(f"{where}: the mask is zero everywhere, so there is nothing to average.")
    mask = mask / mask.max()  # so that the sum is finite
    number = np.finfo(prediction.dtype)
    weight = (mask / mask.sum()).astype(number.dtype)
    return np.where(kept, np.maximum(weight, number.tiny), weight)  # what counts, however little, is not 0


def _keep(array, weight):
    """The array with 0 where the weight is 0: 0 · NaN would be NaN, and padding may be anything."""
    return np.where(weight > 0, array, np.zeros_like(array))
