"""Optimiser steps on nested parameters: parameters in, new parameters out, nothing changed in place."""

import numpy as np

from vgcourse._trees import map_leaves, named_leaves
from vgcourse._validate import as_floats


def sgd_step(params, grads, learning_rate):
    """Gradient descent, w ← w − α ∂L/∂w, equation (1.1), for every array of `params`.

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
    TypeError
        If an array is not floating point, or precisions are mixed.
    ValueError
        If structures or shapes differ, or the learning rate is not a positive number.
    """
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"sgd_step: learning_rate is {learning_rate}; expected a positive number.")

    def step(w, dw):
        w, dw = as_floats("sgd_step", parameter=w, gradient=dw)
        if np.shape(w) != np.shape(dw):
            raise ValueError(
                f"sgd_step: a gradient has shape {np.shape(dw)}; its parameter has {np.shape(w)}."
            )
        return w - w.dtype.type(learning_rate) * dw

    return map_leaves(step, params, grads)


def global_norm(grads):
    """‖g‖ = √(Σ over all arrays of Σ g²): the length of the gradient as one long vector.

    Scaled by the largest entry first, so that neither 1e−200 nor 1e+200 under- or overflows.
    """
    arrays = [np.asarray(g) for _, g in named_leaves(grads)]
    largest = max((np.abs(g).max() for g in arrays), default=0.0)
    if largest == 0 or not np.isfinite(largest):
        return float(largest)
    return float(largest) * float(np.sqrt(sum((np.abs(g / largest) ** 2).sum(dtype=float) for g in arrays)))
