"""Deep nets built from layers, keeping the signals of every layer; and a training loop that fits one screen.

>>> params = mlp_init((64, 32, 10), rng=np.random.default_rng(0))
>>> logits, caches = mlp_forward(params, x, activation="tanh")
>>> dx, deltas, grads = mlp_backward(dlogits, caches)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import (
    as_reals,
    class_numbers,
    expect_classes,
    expect_count,
    expect_finite,
    expect_float_dtype,
    expect_generator,
    expect_real,
    expect_shape,
    expect_type,
    initial_weights,
)
from vgcourse.activations import get_activation
from vgcourse.initializers import glorot
from vgcourse.layers import (
    ActivationCache,
    LinearCache,
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
)
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.optim import global_norm, sgd_step


class MLPCache(NamedTuple):
    """Layer l's caches: x = h_{l−1} in `linear`, z_l in `activation` (None after the last layer)."""

    linear: LinearCache
    activation: ActivationCache | None


def mlp_init(sizes, *, rng, initializer=glorot, dtype=float):
    """Parameters of a net with layer sizes D, H_1, …, C: weights by `initializer`, biases zero.

    Parameters
    ----------
    sizes : at least two integers, the input's first
    initializer : a rule of `vgcourse.initializers`, or a function called like one

    Returns
    -------
    tuple of LinearParams, one per layer

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, one is no integer or below 1, or the initializer is no function;
        and as the initializer, for rng and dtype.
    """
    expect_generator("mlp_init", rng)
    dtype = expect_float_dtype("mlp_init", dtype)
    whole = np.ndim(sizes) == 1 and not any(isinstance(size, bool) for size in sizes)
    if not whole or len(sizes) < 2 or np.asarray(sizes).dtype.kind not in "iu" or min(sizes) < 1:
        raise ValueError(f"mlp_init: sizes are {sizes}; expected at least two, each at least 1.")
    return tuple(
        LinearParams(
            initial_weights("mlp_init", initializer, (n_out, n_in), rng=rng, dtype=dtype),
            np.zeros(n_out, dtype),
        )
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True)
    )


def mlp_forward(params, x, *, activation="tanh"):
    """h_l = f(W_l h_{l−1} + b_l) for l < L, and the last layer linear: lecture 1's net for a batch.

    Parameters
    ----------
    params : tuple of LinearParams
    x : (N, D) array, h_0
    activation : name of f

    Returns
    -------
    out : (N, C) array, the last layer's pre-activations
    caches : list of MLPCache, one per layer: every signal of the net

    Raises
    ------
    TypeError, ValueError
        As `linear_forward` and `activation_forward`.
    """
    expect_type("mlp_forward", "params", params, (tuple, list))
    if len(params) == 0:
        raise ValueError("mlp_forward: params is empty; expected at least one LinearParams.")
    get_activation(activation)  # a net of one layer does not ask for it again
    caches, h = [], x
    for number, layer in enumerate(params, start=1):
        z, linear = linear_forward(layer, h)
        h, nonlinear = activation_forward(activation, z) if number < len(params) else (z, None)
        caches.append(MLPCache(linear, nonlinear))
    return h, caches


def mlp_backward(dout, caches):
    """δ_l = f'(z_l) ⊙ (δ_{l+1} W_{l+1}), back to front: equation (1.20) for a batch.

    Parameters
    ----------
    dout : (N, C) array, gradient with respect to the net's output
    caches : of the forward pass

    Returns
    -------
    dx : (N, D) array
    deltas : list of (N, H_l) arrays, δ_l = ∂L/∂z_l for EVERY layer, first layer first: we plot them
    grads : tuple of LinearParams, structure of the parameters

    Raises
    ------
    TypeError, ValueError
        As `linear_backward` and `activation_backward`, and if caches are not those of `mlp_forward`.
    """
    expect_type("mlp_backward", "caches", caches, (list, tuple))
    deltas, grads, dh = [], [], dout
    for cache in reversed(caches):
        expect_type("mlp_backward", "an entry of caches", cache, MLPCache)
        delta = dh if cache.activation is None else activation_backward(dh, cache.activation)
        dh, layer_grads = linear_backward(delta, cache.linear)
        deltas.append(delta)
        grads.append(layer_grads)
    return dh, deltas[::-1], tuple(grads[::-1])


def loss_and_gradient(params, x, labels, *, activation="tanh"):
    """Softmax cross-entropy (1.23) of a batch, forwards and backwards in one call.

    Parameters
    ----------
    params : tuple of LinearParams
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f

    Returns
    -------
    loss : scalar
    deltas : list of (N, H_l) arrays, the error signal of every layer
    grads : tuple of LinearParams

    Raises
    ------
    TypeError, ValueError
        As `mlp_forward` and `softmax_cross_entropy_forward`.
    """
    logits, caches = mlp_forward(params, x, activation=activation)
    loss, cache = softmax_cross_entropy_forward(logits, labels)
    _, deltas, grads = mlp_backward(softmax_cross_entropy_backward(1.0, cache), caches)
    return loss, deltas, grads


def accuracy(params, x, labels, *, activation="tanh"):
    """Share of rows of x whose largest output is the label's.

    Parameters
    ----------
    params : tuple of LinearParams
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f

    Returns
    -------
    float from 0 to 1; NaN if the net's output holds NaN, of which none is the largest

    Raises
    ------
    TypeError, ValueError
        As `mlp_forward`; if labels are not one integer per row, 0 … C − 1, or the output is complex.
    """
    out, _ = mlp_forward(params, x, activation=activation)
    expect_real("accuracy", **{"the net's output": out})  # complex numbers have no order
    labels = class_numbers("accuracy", labels, out.shape[:1], f"x has {len(out)} rows")
    expect_classes("accuracy", labels, out.shape[1])
    return np.nan if np.isnan(out).any() else float((out.argmax(axis=1) == labels).mean())


class TrainingResult(NamedTuple):
    """Trained parameters and, for every step, the batch's loss and its gradient's global norm."""

    params: tuple
    losses: np.ndarray
    gradient_norms: np.ndarray


def train(params, x, labels, *, activation="tanh", learning_rate=0.1, epochs=10, batch_size=32, rng):
    """Gradient descent on shuffled mini-batches with the softmax cross-entropy.

    Parameters
    ----------
    params : tuple of LinearParams to start from (not changed)
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f
    learning_rate : α, a positive number
    epochs : how often all rows are used
    batch_size : rows in a step; the last batch of an epoch may be smaller

    Returns
    -------
    TrainingResult

    Raises
    ------
    TypeError, ValueError
        As `mlp_forward` and `sgd_step`; if x or a parameter is complex, NaN or infinite, epochs or batch_size
        no integer or below 1, labels are not one integer per row, or the loss, its gradient or the trained
        parameters stop being finite (a step too long).
    """
    expect_generator("train", rng)
    expect_count("train", "epochs", epochs)
    expect_count("train", "batch_size", batch_size)
    x = as_reals("train", x=x)
    expect_real("train", **dict(named_leaves(params, "params")))
    expect_finite("train", x=x, **dict(named_leaves(params, "params")))
    expect_shape("train", "x", x, ("N", "D"))
    labels = class_numbers("train", labels, x.shape[:1], f"x has shape {x.shape}")
    losses, norms = [], []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            loss, _, grads = loss_and_gradient(params, x[batch], labels[batch], activation=activation)
            norm = global_norm(grads)
            if not (np.isfinite(loss) and np.isfinite(norm)):
                raise ValueError(
                    f"train: after {len(losses)} steps the loss is {loss}, the norm of its gradient {norm}; "
                    "expected finite numbers. Try a smaller step."
                )
            params = sgd_step(params, grads, learning_rate)
            losses.append(loss)
            norms.append(norm)
    expect_finite("train", **dict(named_leaves(params, "the trained params")))
    return TrainingResult(params, np.array(losses), np.array(norms))
