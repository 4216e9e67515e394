"""What a net's signals look like: gradient norms by layer, neuron, instance and lag; units and gates.

>>> norms = gradient_norms(params, x, labels, activation="sigmoid")
>>> norms.layers[0] / norms.layers[-1]  # how much less the first layer learns
>>> effective_depth(norms.layers)
2
"""

from typing import NamedTuple

import numpy as np

from vgcourse import _validate
from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import as_reals, expect_finite, expect_real, expect_shape, expect_type
from vgcourse.activations import get_activation
from vgcourse.layers import activation_backward
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.mlp import MLPCache, loss_and_gradient, mlp_forward
from vgcourse.recurrent import gradients_by_lag

__all__ = [
    "SATURATED",
    "GateStatistics",
    "GradientNorms",
    "LayerStatistics",
    "effective_depth",
    "gate_statistics",
    "gradient_norms",
    "gradient_norms_by_lag",
    "instance_gradient_norms",
    "layer_statistics",
    "saturated_entries",
]

SATURATED = 0.05  # a unit is saturated where f' is below this share of its largest value


class GradientNorms(NamedTuple):
    """Of the batch's gradient: ‖∂L/∂(W_l, b_l)‖ (L,), and for every layer ‖∂L/∂(w_j, b_j)‖ (H_l,)."""

    layers: np.ndarray
    neurons: list


def gradient_norms(params, x, labels, *, activation="tanh"):
    """Norms of the gradient of the mean cross-entropy, by layer and by neuron (its row of W and its bias).

    Parameters
    ----------
    params : tuple of LinearParams
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f

    Returns
    -------
    GradientNorms; squares are taken of scaled numbers, so that 1e−30 in float32 is not lost

    Raises
    ------
    TypeError, ValueError
        As `mlp_forward` and `softmax_cross_entropy_forward`; complex, NaN or infinite x or params.
    """
    _expect_real_and_finite("gradient_norms", params, x)
    _, _, grads = loss_and_gradient(params, x, labels, activation=activation)
    neurons = [_row_norms(np.concatenate([g.W, g.b[:, None]], axis=1)) for g in grads]
    return GradientNorms(np.array([_row_norms(norms[None])[0] for norms in neurons]), neurons)


def instance_gradient_norms(params, x, labels, *, activation="tanh", block=512):
    """‖∂L_n/∂(w_j, b_j)‖ = |δ_nj| √(‖a_n‖² + 1) for every layer, neuron j and instance n.

    Row j of a layer's gradient for one instance is δ_nj (a_n, 1), with a_n the layer's input: its norm needs
    no gradient. L_n is the instance's own cross-entropy, not divided by N.

    Parameters
    ----------
    params : tuple of LinearParams
    x : (N, D) array
    labels : (N,) integer array
    activation : name of f
    block : instances worked on at a time, which bounds the memory

    Returns
    -------
    list of (N, H_l) arrays, first layer first, in the precision of x

    Raises
    ------
    TypeError, ValueError
        As `gradient_norms`; block below 1; labels not one per row.
    """
    _validate.expect_count("instance_gradient_norms", "block", block)
    x = as_reals("instance_gradient_norms", x=x)
    expect_shape("instance_gradient_norms", "x", x, ("N", "D"))
    expect_shape("instance_gradient_norms", "labels", labels, x.shape[:1], f"x has shape {x.shape}")
    _expect_real_and_finite("instance_gradient_norms", params, x)
    _, caches = mlp_forward(params, x[:1], activation=activation)  # checks params before they are used
    out = [np.empty((len(x), len(cache.linear.W)), x.dtype) for cache in caches]
    for start in range(0, len(x), block):
        rows = slice(start, start + block)
        logits, caches = mlp_forward(params, x[rows], activation=activation)
        _, cache = softmax_cross_entropy_forward(logits, labels[rows])
        delta = softmax_cross_entropy_backward(len(logits), cache)  # of the sum of losses: δ_n of each L_n
        for number in range(len(params) - 1, -1, -1):
            W, a = caches[number].linear
            input_norms = np.hypot(_row_norms(a), 1)
            with np.errstate(over="ignore", invalid="ignore"):
                np.multiply(np.abs(delta), input_norms[:, None], out=out[number][rows])
            if number:
                delta = activation_backward(delta @ W, caches[number - 1].activation)
    return out


def gradient_norms_by_lag(step_backward, dstates, caches):
    """Norm of the part of each parameter's gradient that crosses exactly τ steps, τ = 0 … T − 1.

    Parameters
    ----------
    step_backward, dstates, caches : as in `vgcourse.recurrent.gradients_by_lag`

    Returns
    -------
    structure of the parameters, each a (T,) array

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`; if step_backward is no function or dstates is complex.
    """
    _validate.expect_callable("gradient_norms_by_lag", "step_backward", step_backward)
    expect_real("gradient_norms_by_lag", dstates=dstates)
    by_lag = gradients_by_lag(step_backward, dstates, caches)
    return map_leaves(lambda part: _row_norms(part.reshape(len(part), -1)), by_lag)


class LayerStatistics(NamedTuple):
    """(L − 1,) each, per hidden layer: mean, std and E[h²] of h; shares of saturated entries, dead units."""

    mean: np.ndarray
    std: np.ndarray
    second_moment: np.ndarray
    saturated: np.ndarray
    dead: np.ndarray


def layer_statistics(caches):
    """Statistics of every hidden layer's activations, over the batch and the units.

    Saturated: f'(z) < 5 % of its largest value (|z| > 4.4 for the sigmoid, |z| > 2.2 for tanh, z ≤ 0 for
    ReLU, where half is normal). Dead: a unit that is saturated for every instance.

    Parameters
    ----------
    caches : of `mlp_forward`

    Returns
    -------
    LayerStatistics; both shares of a layer are NaN where one of its z is, E[h²] is infinite only where it
    exceeds the largest float64

    Raises
    ------
    TypeError, ValueError
        If caches are not those of `mlp_forward` or complex, or there is no hidden layer.
    """
    expect_type("layer_statistics", "caches", caches, (list, tuple))
    if len(caches) < 2:
        raise ValueError(f"layer_statistics: there are {len(caches)} layers; expected a hidden one at least.")
    columns = []
    for entry in caches:
        expect_type("layer_statistics", "an entry of caches", entry, MLPCache)
    for cache, after in zip(caches[:-1], caches[1:]):
        expect_real("layer_statistics", z=cache.activation.z)
        h, scale = _scaled(after.linear.x)
        if np.isnan(cache.activation.z).any():
            shares = (np.nan, np.nan)
        else:
            saturated = saturated_entries(cache.activation.name, cache.activation.z)
            shares = (saturated.mean(), saturated.reshape(-1, h.shape[-1]).all(axis=0).mean())
        with np.errstate(over="ignore", invalid="ignore"):
            columns.append((h.mean() * scale, h.std() * scale, (h**2).mean() * scale * scale, *shares))
    return LayerStatistics(*np.array(columns, dtype=float).T)


def saturated_entries(activation, z):
    """Where f'(z) is below 5 % of its largest value: booleans, shape of z.

    Raises
    ------
    TypeError, ValueError
        If the activation is unknown, or z is not real floating point or holds NaN, which is neither.
    """
    z = as_reals("saturated_entries", z=z)
    if np.isnan(z).any():
        raise ValueError(f"saturated_entries: z holds {int(np.isnan(z).sum())} NaN; expected numbers.")
    slope = np.abs(get_activation(activation).derivative(z))
    return slope < SATURATED * (0.25 if activation == "sigmoid" else 1.0)


class GateStatistics(NamedTuple):
    """Mean, shares of closed (< 0.1) and open (> 0.9) entries, and memory = −1/mean(log g) in steps."""

    mean: float
    closed: float
    open: float
    memory: float


def gate_statistics(gate):
    """How open a gate is. A gate that multiplies the memory at every step keeps 1/e over `memory` steps.

    Parameters
    ----------
    gate : array of any shape with values in [0, 1], such as f over all steps

    Returns
    -------
    GateStatistics; memory is 0 where a gate is exactly 0 and infinite where all are exactly 1

    Raises
    ------
    TypeError, ValueError
        If the gate is not real floating point, or outside [0, 1].
    """
    gate = as_reals("gate_statistics", gate=gate)
    expect_finite("gate_statistics", gate=gate)
    if gate.min() < 0 or gate.max() > 1:
        raise ValueError("gate_statistics: gate has values outside [0, 1].")
    with np.errstate(divide="ignore"):
        decay = -float(np.log(gate).mean())
    memory = 1 / decay if decay > 0 else float("inf")
    return GateStatistics(float(gate.mean()), float((gate < 0.1).mean()), float((gate > 0.9).mean()), memory)


def effective_depth(layer_norms, share=0.01):
    """How many layers get a gradient at least `share` times that of the best-served layer.

    Parameters
    ----------
    layer_norms : (L,) array of gradient norms
    share : number in (0, 1]

    Returns
    -------
    int from 1 to L, or 0 if every gradient is 0

    Raises
    ------
    TypeError, ValueError
        If the norms are negative, not finite or not one-dimensional, or share is outside (0, 1].
    """
    norms = as_reals("effective_depth", layer_norms=layer_norms)
    expect_shape("effective_depth", "layer_norms", norms, ("L",))
    expect_finite("effective_depth", layer_norms=norms)
    share = _validate.expect_number("effective_depth", "share", share)
    if norms.min() < 0 or not 0 < share <= 1:
        raise ValueError(f"effective_depth: share={share}, smallest norm {norms.min():g}; expected share in "
                         "(0, 1] and norms that are not negative.")  # fmt: skip
    # a share of a subnormal number would round to 0
    return int((norms / norms.max() >= share).sum()) if norms.max() > 0 else 0


def _scaled(x):
    """x / 2^k in float64 with its largest finite entry near 1, and 2^k: squares stay numbers."""
    x = np.asarray(x, dtype=float)
    k = min(int(np.frexp(np.abs(np.where(np.isfinite(x), x, 0)).max())[1]), 1023)
    return np.ldexp(x, -k), 2.0**k


def _expect_real_and_finite(where, params, x):
    named = dict(named_leaves(params, "params"))
    expect_real(where, x=x, **named)  # a complex gradient has no size that means anything
    expect_finite(where, x=x, **named)


def _row_norms(rows):
    """√Σ g² of each row, scaled by its largest entry so that squares neither under- nor overflow."""
    largest = np.abs(rows).max(axis=1)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    with np.errstate(under="ignore", over="ignore", invalid="ignore"):
        return scale * np.sqrt(((np.abs(rows) / scale[:, None]) ** 2).sum(axis=1))
