"""Optimiser steps on nested parameters: parameters in, new parameters out, nothing changed in place.

An optimiser with a memory takes its state and returns the next one:

>>> state = adam_init(params)
>>> grads = clip_by_global_norm(grads, 5.0)
>>> params, state = adam_step(params, grads, state, learning_rate=1e-3)

A step is computed in the precision of its parameters: in float32 a learning rate below 1e−45 is 0, and
(1 − α λ) w is w as soon as α λ is below 3e−8. NaN comes out as NaN.
"""

from typing import Any, NamedTuple

import numpy as np

from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import as_floats, as_reals, expect_number, expect_type


def sgd_step(params, grads, learning_rate):
    """Gradient descent, w ← w − α ∂L/∂w, equation (1.11), for every array of `params`.

    Parameters
    ----------
    params : nested tuples of arrays
    grads : the same structure and shapes
    learning_rate : positive number α

    Returns
    -------
    new parameters, the structure of `params`

    Raises
    ------
    TypeError, ValueError
        If an array is not floating point, precisions are mixed, structures or shapes differ, a gradient is
        complex and its parameter real, or the learning rate is not a positive number.
    """
    rate = _positive("sgd_step", "learning_rate", learning_rate)
    params, grads = _alike("sgd_step", params, gradient=grads)
    return map_leaves(lambda w, dw: w - rate * dw, params, grads)


class MomentumState(NamedTuple):
    """The velocity v, one array for each parameter."""

    velocity: Any


def momentum_init(params):
    """A velocity of zero for every array of `params`. Errors as `sgd_step`, for params."""
    return MomentumState(_zeros("momentum_init", params))


def momentum_step(params, grads, state, learning_rate, *, decay=0.9, nesterov=False):
    """Heavy ball, v ← μ v + ∂L/∂w and w ← w − α v (Polyak 1964).

    With `nesterov` w ← w − α (∂L/∂w + μ v), v being the new one (Sutskever et al. 2013).

    Parameters
    ----------
    params, grads, learning_rate : as in `sgd_step`
    state : MomentumState
    decay : μ in [0, 1); 0 is gradient descent

    Returns
    -------
    params, state : the next ones

    Raises
    ------
    TypeError, ValueError
        As `sgd_step`; and if decay is outside [0, 1) or the state is of other parameters.
    """
    where = "momentum_step"
    expect_type(where, "state", state, MomentumState)
    rate, decay = _positive(where, "learning_rate", learning_rate), _share(where, "decay", decay)
    params, grads, velocity = _alike(where, params, gradient=grads, velocity=state.velocity)
    velocity = map_leaves(lambda v, dw: decay * v + dw, velocity, grads)
    direction = map_leaves(lambda v, dw: dw + decay * v, velocity, grads) if nesterov else velocity
    return map_leaves(lambda w, d: w - rate * d, params, direction), MomentumState(velocity)


class AdamState(NamedTuple):
    """Steps made so far, and the running means of the gradient and of its square."""

    step: int
    mean: Any
    square: Any


def adam_init(params):
    """No step made, both running means zero. Errors as `sgd_step`, for params."""
    return AdamState(0, _zeros("adam_init", params), _zeros("adam_init", params))


def adam_step(params, grads, state, learning_rate=1e-3, *, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam (Kingma & Ba 2015): w ← w − α m̂ / (√v̂ + ε).

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², and m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) undo the start at 0.
    The step does not depend on the gradient's scale: vanished gradients move weights as far as large ones,
    as long as they are well above ε.

    Parameters
    ----------
    params, grads, learning_rate : as in `sgd_step`
    state : AdamState
    beta1, beta2 : in [0, 1)
    eps : ε, at least 1.5e−154 (float32: 1.1e−19): gradients whose square rounds to 0 are then far below it

    Returns
    -------
    params, state : the next ones

    Raises
    ------
    TypeError, ValueError
        As `sgd_step`; if a constant is outside its range or the state is of other parameters; and if an
        entry of the gradient is above 6e153 (float32: 9e18), so that its square would be infinite.
    """
    where = "adam_step"
    expect_type(where, "state", state, AdamState)
    rate, eps = _positive(where, "learning_rate", learning_rate), _positive(where, "eps", eps)
    beta1, beta2 = _share(where, "beta1", beta1), _share(where, "beta2", beta2)
    params, grads, mean, square = _alike(where, params, gradient=grads, mean=state.mean, square=state.square)
    for name, g in named_leaves(grads):
        _expect_squares(where, name or "the gradient", g, eps)
    step = state.step + 1
    mean = map_leaves(lambda m, g: beta1 * m + (1 - beta1) * g, mean, grads)
    square = map_leaves(lambda v, g: beta2 * v + (1 - beta2) * g**2, square, grads)
    start1, start2 = 1 - beta1**step, 1 - beta2**step
    new = map_leaves(
        lambda w, m, v: w - rate * (m / start1) / (np.sqrt(v / start2) + eps), params, mean, square
    )
    return new, AdamState(step, mean, square)


def add_l2_gradient(params, grads, decay):
    """∂L/∂w + λ w: the gradient of L + ½ λ ‖w‖², L2 regularisation. Give the result to any optimiser.

    Parameters
    ----------
    params, grads : as in `sgd_step`
    decay : λ > 0

    Returns
    -------
    gradients, the structure of `params`

    Raises
    ------
    TypeError, ValueError
        As `sgd_step`.
    """
    decay = _positive("add_l2_gradient", "decay", decay)
    params, grads = _alike("add_l2_gradient", params, gradient=grads)
    return map_leaves(lambda w, dw: dw + decay * w, params, grads)


def decay_weights(params, learning_rate, decay):
    """w ← (1 − α λ) w, decoupled weight decay (Loshchilov & Hutter 2019): before the optimiser's step.

    For gradient descent it is the same as L2. For Adam it is not: there the L2 term is divided by √v̂ with
    the rest of the gradient, so that weights with large gradients hardly decay.

    Parameters, returns and errors as `sgd_step`, with decay λ > 0 in place of the gradient; and ValueError
    if α λ is above 1, where weights would change their sign instead of decaying.
    """
    where = "decay_weights"
    lost = _positive(where, "learning_rate", learning_rate) * _positive(where, "decay", decay)
    if lost > 1:
        raise ValueError(f"{where}: learning_rate · decay is {lost}; expected at most 1.")
    return map_leaves(lambda w: (1 - lost) * as_floats(where, parameter=w), params)


def global_norm(grads):
    """‖g‖ = √(Σ over all arrays of Σ g²): the length of the gradient as one long vector.

    Scaled by the largest entry first, so that neither 1e−200 nor 1e+200 under- or overflows. NaN if an entry
    is NaN; infinite if one is, or if the length itself is above 1.8e308.

    Raises
    ------
    TypeError, ValueError
        If an array is empty or not floating point.
    """
    largest, length = _largest_and_length(
        as_floats("global_norm", **{name or "grads": g}) for name, g in named_leaves(grads)
    )
    return float(largest) * length


def _largest_and_length(arrays):
    """m = max |g|, and ‖g/m‖, which is between 1 and √n: their product ‖g‖ may be beyond all numbers."""
    sizes = [np.abs(g) for g in arrays]
    largest = np.max([size.max() for size in sizes], initial=0.0).astype(float)  # Python's max loses a NaN
    if largest == 0 or not np.isfinite(largest):
        return largest, 1.0
    return largest, float(np.sqrt(sum(((size / largest) ** 2).sum() for size in sizes)))


def clip_by_global_norm(grads, max_norm):
    """g if ‖g‖ ≤ c, else c g/‖g‖, with one norm over all arrays (Pascanu et al. 2013).

    The direction stays; only the length of the step is bounded. A vanished gradient stays as it is.

    Parameters
    ----------
    grads : nested tuples of arrays
    max_norm : c > 0

    Returns
    -------
    gradients, the same structure

    Raises
    ------
    TypeError, ValueError
        As `global_norm`; if max_norm is no positive number, or an entry NaN or infinite: nothing mends that.
    """
    where = "clip_by_global_norm"
    max_norm = _positive(where, "max_norm", max_norm)
    grads = map_leaves(lambda g: as_floats(where, gradient=g), grads)
    largest, length = _largest_and_length(g for _, g in named_leaves(grads))
    if not np.isfinite(largest):
        raise ValueError(f"{where}: the norm of the gradient is {largest}; expected a finite number.")
    if float(largest) * length <= max_norm:
        return grads
    # in two factors and in float64: max_norm / norm alone may round to 0 where the clipped gradient does not
    return map_leaves(lambda g: (g / largest * (max_norm / length)).astype(g.dtype), grads)


def clip_by_value(grads, limit):
    """Every entry cut to [−limit, limit] on its own: large entries lose more, so the direction changes.

    Parameters and errors as `clip_by_global_norm`; but infinite entries are cut too, and NaN stays NaN. The
    limit is rounded to the gradient's precision, at most to its largest number.
    """
    limit = _positive("clip_by_value", "limit", limit)

    def cut(g):
        g = as_reals("clip_by_value", gradient=g)
        bound = min(limit, float(np.finfo(g.dtype).max))
        return np.clip(g, -bound, bound)

    return map_leaves(cut, grads)


def _positive(where, name, value):
    return expect_number(where, name, value, "a positive number", lambda v: v > 0)


def _share(where, name, value):
    return expect_number(where, name, value, "a number in [0, 1)", lambda v: 0 <= v < 1)


def _expect_squares(where, name, g, eps):
    """Adam takes squares and roots: neither may lose what ε does not cover."""
    number = np.finfo(g.dtype)
    largest, least = float(np.sqrt(number.max) / 2), float(np.sqrt(number.tiny))
    if (np.abs(g) > largest).any():
        raise ValueError(
            f"{where}: {name} reaches {np.abs(g).max():.1e}; expected at most {largest:.1e}, whose square "
            f"{number.dtype.name} can hold. Clip the gradient first."
        )
    if eps < least:
        raise ValueError(f"{where}: eps is {eps}; expected at least {least:.1e} in {number.dtype.name}.")


def _alike(where, params, **trees):
    """`params` and the trees as float arrays; each tree has to have the structure and shapes of `params`."""

    def check(name):
        def leaf(w, other):
            w, other = as_floats(where, parameter=w, **{name: other})
            if w.shape != other.shape:
                raise ValueError(f"{where}: a {name} has shape {other.shape}; its parameter has {w.shape}.")
            if np.iscomplexobj(other) and not np.iscomplexobj(w):
                raise TypeError(f"{where}: a {name} is complex; its parameter is real.")
            return other

        return leaf

    others = [map_leaves(check(name), params, tree, where=where) for name, tree in trees.items()]
    return [map_leaves(lambda w: as_floats(where, parameter=w), params), *others]


def _zeros(where, params):
    return map_leaves(lambda w: np.zeros_like(as_floats(where, parameter=w)), params)
