"""Layers of recurrent nets: one on top of the other, and two that read in opposite directions.

Both take the step functions of any cell, and both go back by the rule of `bptt`: the h of a layer is used by
the loss and by the layer above, an input by both directions, so the gradients from there add up.
"""

import numpy as np

from vgcourse._validate import as_floats, expect_shape
from vgcourse.recurrent._arguments import check_layers
from vgcourse.recurrent.bptt import unroll_backward, unroll_forward

__all__ = ["bidirectional_backward", "bidirectional_forward", "hidden", "stack_backward", "stack_forward"]


def hidden(states):
    """The part h of a sequence of states, as a view: (T, N, H) itself, or states[:, 0] of (T, 2, N, H).

    h is all that other layers and losses see of an LSTM; its memory c stays inside.

    Raises
    ------
    ValueError
        If states has another rank.
    """
    states = np.asarray(states)
    if states.ndim not in (3, 4):
        raise ValueError(f"hidden: states has shape {states.shape}; expected (T, N, H) or (T, 2, N, H).")
    return states if states.ndim == 3 else states[:, 0]


def stack_forward(step_forward, params, x, state0):
    """Layer l reads the h of layer l − 1, x → h¹ → h² → …; the layers may differ in H.

    Parameters
    ----------
    step_forward : a cell's step
    params : tuple of the cell's parameters, one per layer, lowest first
    x : (T, N, D) array
    state0 : tuple of (N, H_l) or (2, N, H_l) arrays

    Returns
    -------
    states : tuple of (T, N, H_l) or (T, 2, N, H_l) arrays: the last one is the net's output
    caches : list of lists of T caches

    Raises
    ------
    TypeError, ValueError
        As `unroll_forward`, and if params and state0 are not one per layer.
    """
    check_layers("stack_forward", _count(params), params=params, state0=state0)
    states, caches = [], []
    for layer, start in zip(params, state0, strict=True):
        layer_states, layer_caches = unroll_forward(step_forward, layer, x, start)
        states.append(layer_states)
        caches.append(layer_caches)
        x = hidden(layer_states)
    return tuple(states), caches


def stack_backward(step_backward, dstates, caches):
    """dhˡ_t = ∂L/∂hˡ_t directly + dx_t of layer l + 1, top layer first; in each layer `unroll_backward`.

    Parameters
    ----------
    step_backward : the backward step of the same cell
    dstates : tuple of arrays shaped as `states`: gradient of the loss with respect to each layer's states
        directly; zeros for layers that the loss does not see
    caches : of the forward pass

    Returns
    -------
    dx : (T, N, D) array
    dstates_total : tuple of (T + 1, …) arrays, as in `unroll_backward`
    grads : tuple of the cell's parameters

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`, and if dstates are not one per layer.
    """
    check_layers("stack_backward", _count(caches), caches=caches, dstates=dstates)
    totals, grads, dx = [], [], None
    for number, layer_caches in reversed(list(enumerate(caches))):
        dlayer = dstates[number]
        if dx is not None:
            dlayer = np.array(as_floats("stack_backward", **{f"dstates[{number}]": dlayer}))
            expect_shape("stack_backward", f"the h of dstates[{number}]", hidden(dlayer), dx.shape)
            hidden(dlayer)[...] += dx  # dlayer is a copy, this a view of it: the c of an LSTM gets nothing
        dx, total, layer_grads = unroll_backward(step_backward, dlayer, layer_caches)
        totals.append(total)
        grads.append(layer_grads)
    return dx, tuple(totals[::-1]), tuple(grads[::-1])


def bidirectional_forward(step_forward, params, x, state0):
    """One net reads x_1 … x_T, another x_T … x_1; their states side by side (Schuster & Paliwal 1997).

    So the state at t knows the whole sequence, what comes after t as well as what came before.

    Parameters
    ----------
    step_forward : a cell's step
    params : pair of the cell's parameters: reading forwards, reading backwards
    x : (T, N, D) array
    state0 : pair of (N, H) or (2, N, H) arrays, what each direction starts from

    Returns
    -------
    states : (T, N, 2H) or (T, 2, N, 2H) array; at t, the first H units have read x_1 … x_t, the last H
        units x_T … x_t
    caches : pair of lists of T caches, each in its reading order

    Raises
    ------
    TypeError, ValueError
        As `unroll_forward`, and if params and state0 are no pairs.
    """
    check_layers("bidirectional_forward", 2, params=params, state0=state0)
    x = as_floats("bidirectional_forward", x=x)
    ahead, caches = unroll_forward(step_forward, params[0], x, state0[0])
    back, back_caches = unroll_forward(step_forward, params[1], x[::-1], state0[1])
    return np.concatenate([ahead, back[::-1]], axis=-1), (caches, back_caches)


def bidirectional_backward(step_backward, dstates, caches):
    """Each direction has its own `unroll_backward`; dx_t is the sum of both, each x_t being read twice.

    Parameters
    ----------
    step_backward : the backward step of the same cell
    dstates : array of the shape of `states`
    caches : of the forward pass

    Returns
    -------
    dx : (T, N, D) array
    dstates_total : pair of (T + 1, …) arrays, each in its reading order: index 0 is the state it starts from
    grads : pair of the cell's parameters

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`, and if the last axis of dstates cannot be halved.
    """
    check_layers("bidirectional_backward", 2, caches=caches)
    dstates = as_floats("bidirectional_backward", dstates=dstates)
    if dstates.ndim not in (3, 4) or dstates.shape[-1] % 2:
        raise ValueError(
            f"bidirectional_backward: dstates has shape {dstates.shape}; "
            "expected (T, N, 2H) or (T, 2, N, 2H)."
        )
    dahead, dback = np.split(dstates, 2, axis=-1)
    dx, total, grads = unroll_backward(step_backward, dahead, caches[0])
    dx_back, back_total, back_grads = unroll_backward(step_backward, dback[::-1], caches[1])
    return dx + dx_back[::-1], (total, back_total), (grads, back_grads)


def _count(layers):
    """How many layers there have to be: as many as given, and at least one."""
    return max(len(layers), 1) if isinstance(layers, (tuple, list)) else 1
