"""Backpropagation through time (BPTT), to be read from top to bottom: one step, then the loop.

A recurrent net reads x_1 … x_T with the same weights at every step and hands on a state h_t. Its loss is
L = L_1 + … + L_T, L_t a function of h_t. Sizes: N sequences side by side, one per row; D inputs; H units.
`dname` is the gradient of L with respect to `name`, shaped as `name`.

Going back rests on one rule: what is used in several places gets the SUM of the gradients from there.
h_t is used twice, by its own loss and by step t + 1; W_h, W_x and b are used by every step. So
`rnn_step_backward` does step t, and `unroll_backward` adds up, for the step functions of any cell.
Over k steps dh is multiplied k times by f' and W_h: that product vanishes or explodes (see `lags`).

>>> states, caches = unroll_forward(rnn_step_forward, params, x, state0)
>>> dx, dstates_total, grads = unroll_backward(rnn_step_backward, dstates, caches)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import map_leaves
from vgcourse.activations import ACTIVATIONS, Activation
from vgcourse.initializers import glorot, lecun
from vgcourse.recurrent._arguments import check_dstates, check_sequence
from vgcourse.recurrent._cell import Cell, checked_backward, checked_forward, equations_of, gate_weights

__all__ = [
    "RNN",
    "STEP_ACTIVATIONS",
    "RNNCache",
    "RNNParams",
    "rnn_init",
    "rnn_step_backward",
    "rnn_step_forward",
    "unroll_backward",
    "unroll_forward",
]

# A linear net is no layer anyone would stack, but in time it is where the theory is exact.
STEP_ACTIVATIONS = ACTIVATIONS | {"identity": Activation("identity", np.array, np.ones_like)}


class RNNParams(NamedTuple):
    """The weights of every step; also the type of their gradients."""

    W_x: np.ndarray  # (H, D)
    W_h: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)


class RNNCache(NamedTuple):
    """What one step backwards needs: what each forward line read."""

    params: RNNParams
    x: np.ndarray  # x_t (N, D)
    h_prev: np.ndarray  # h_{t−1} (N, H)
    z: np.ndarray  # z_t (N, H)
    activation: str


def rnn_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun):
    """W_x by `initializer`, W_h by `recurrent`, b = 0.

    Parameters
    ----------
    D, H : numbers of inputs and units
    rng : numpy Generator
    dtype : float64 or float32
    initializer, recurrent : rules of `vgcourse.initializers`, called for each gate's (H, D) and (H, H) block

    Returns
    -------
    RNNParams

    Raises
    ------
    TypeError, ValueError
        If D or H is no integer or below 1, rng no Generator, dtype neither float64 nor float32.
    """
    return RNNParams(*gate_weights("rnn_init", 1, D, H, rng, dtype, initializer, recurrent))


@checked_forward(RNNParams, activation=STEP_ACTIVATIONS)
def rnn_step_forward(params, x_t, state, *, activation="tanh"):
    """z_t = x_t W_xᵀ + h_{t−1} W_hᵀ + b, h_t = f(z_t) (Elman 1990).

    Parameters
    ----------
    params : RNNParams
    x_t : (N, D) array
    state : (N, H) array, h_{t−1}
    activation : name of f: one of `vgcourse.activations.ACTIVATIONS`, or "identity" for a linear net

    Returns
    -------
    state : (N, H) array, h_t
    cache : RNNCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If shapes do not fit or the activation is unknown.
    """
    W_x, W_h, b = params
    h_prev = state

    z = x_t @ W_x.T + h_prev @ W_h.T + b
    h = STEP_ACTIVATIONS[activation].function(z)
    return h, RNNCache(params, x_t, h_prev, z, activation)


@checked_backward(RNNCache)
def rnn_step_backward(dstate, cache):
    """dz_t = dh_t ⊙ f'(z_t), dh_{t−1} = dz_t W_h, dW_h = dz_tᵀ h_{t−1}, dW_x = dz_tᵀ x_t, db = Σ_n dz_t.

    The transposes come from the entries: z_nj = … + Σ_k h_nk W_jk. So h_nk reaches every z_nj by W_jk,
    dh_nk = Σ_j dz_nj W_jk, which is dz W_h; and W_jk reaches z_nj in every row n, dW_jk = Σ_n dz_nj h_nk,
    which is dzᵀ h. Texts with column vectors write W_hᵀ dz and dz hᵀ for the same sums.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient with respect to h_t
    cache : RNNCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (N, H) array, what this step passes to h_{t−1}
    grads : RNNParams, this step's share

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh = dstate
    (W_x, W_h, _), x_t, h_prev, z, activation = cache

    # h = f(z)
    dz = dh * STEP_ACTIVATIONS[activation].derivative(z)
    # z = x_t W_xᵀ + h_prev W_hᵀ + b
    dx = dz @ W_x
    dh_prev = dz @ W_h
    dW_x = dz.T @ x_t
    dW_h = dz.T @ h_prev
    db = dz.sum(axis=0)
    return dx, dh_prev, RNNParams(dW_x, dW_h, db)


def _in_torch(torch, params, x_t, state, activation="tanh"):
    z = x_t @ params.W_x.T + state @ params.W_h.T + params.b
    return z if activation == "identity" else getattr(torch, activation)(z)


def _everything_written(state, cache):
    return np.zeros_like(state), np.ones_like(state), state


RNN = Cell(
    "rnn",
    RNNParams,
    rnn_init,
    rnn_step_forward,
    rnn_step_backward,
    carry_and_write=_everything_written,
    torch_step=_in_torch,
    step_options={"activation": ("tanh", "identity", "relu")},
)


def unroll_forward(step_forward, params, x, state0):
    """state_t = step(params, x_t, state_{t−1}) for t = 1 … T, with the same parameters every time.

    Parameters
    ----------
    step_forward : a cell's step, such as `rnn_step_forward`; choose its options by functools.partial
    params : the cell's parameters
    x : (T, N, D) array
    state0 : (N, H) array, or (2, N, H) for the LSTM

    Returns
    -------
    states : (T, N, H) or (T, 2, N, H) array: states[t − 1] is the state after x_t
    caches : list of T caches

    Raises
    ------
    TypeError
        If an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state = check_sequence("unroll_forward", params, x, state0)
    states, caches = [], []
    step = step_forward  # with its checks, the first time
    for x_t in x:
        state, cache = step(params, x_t, state)
        step = equations_of(step_forward)
        states.append(state)
        caches.append(cache)
    return np.stack(states), caches


def unroll_backward(step_backward, dstates, caches):
    """dstate_t = ∂L_t/∂state_t + what step t + 1 passes back; grads = Σ_t of each step's (Werbos 1990).

    The first + is there because a state is used twice, the second because the weights are used T times.
    One pass from T to 1, O(T). The loss may see any states: a step without a loss has ∂L_t/∂state_t = 0.

    Parameters
    ----------
    step_backward : the backward step of the same cell
    dstates : (T, N, H) or (T, 2, N, H) array, ∂L_t/∂state_t: the gradient of each step's OWN loss
    caches : list of T caches of the forward pass

    Returns
    -------
    dx : (T, N, D) array
    dstates_total : (T + 1, N, H) or (T + 1, 2, N, H) array, the WHOLE gradient with respect to every state,
        to see it vanish or explode: index 0 is state0, index t the state after x_t
    grads : structure of the parameters

    Raises
    ------
    TypeError, ValueError
        As `unroll_forward`, and if there is not one of dstates for each cache.
    """
    dstates = check_dstates("unroll_backward", dstates, caches)
    dx, dstates_total, grads = [], [], None
    from_next_step = np.zeros_like(dstates[0])  # nothing comes after T
    step = step_backward  # with its checks, the first time
    for dstate_own, cache in zip(reversed(dstates), reversed(caches), strict=True):
        dstate = dstate_own + from_next_step
        dx_t, from_next_step, step_grads = step(dstate, cache)
        step = equations_of(step_backward)
        grads = step_grads if grads is None else map_leaves(np.add, grads, step_grads)
        dstates_total.append(dstate)
        dx.append(dx_t)
    dstates_total.append(from_next_step)  # state0 has no loss of its own
    return np.stack(dx[::-1]), np.stack(dstates_total[::-1]), grads
