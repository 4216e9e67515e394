"""Backpropagation through time, to be read from top to bottom.

1. One step of a recurrent net, and its gradient.
2. The step unrolled over a sequence. Backwards, a state hears from its own loss and from the next step.
3. The textbook's double sum over (t, k): the same numbers, in O(T²).
4. The same double sum split by the lag t − k: how far back does the gradient reach?

2 and 4 take any cell's step functions; only 1 and 3 know the plain recurrent net.

>>> states, caches = unroll_forward(rnn_step_forward, params, x, state0)
>>> dx, dstates_total, grads = unroll_backward(rnn_step_backward, dstates, caches)
"""

from typing import NamedTuple

import numpy as np

from vgcourse._trees import map_leaves
from vgcourse._validate import expect_choice
from vgcourse.activations import ACTIVATIONS, Activation
from vgcourse.recurrent._checks import add, check_dstate, check_dstates, check_sequence, check_step

# A linear net is no layer anyone would stack, but in time it is where the theory is exact.
STEP_ACTIVATIONS = ACTIVATIONS | {"identity": Activation("identity", np.array, np.ones_like)}


class RNNParams(NamedTuple):
    """W_x (H, D), W_h (H, H), b (H,) of h' = f(x W_xᵀ + h W_hᵀ + b); also the type of their gradients."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray


class RNNCache(NamedTuple):
    """What one step backwards needs: input, OLD state, pre-activation."""

    params: RNNParams
    x: np.ndarray
    h: np.ndarray
    z: np.ndarray
    activation: str


def rnn_step_forward(params, x_t, state, *, activation="tanh"):
    """h_t = f(x_t W_xᵀ + h_{t−1} W_hᵀ + b) (Elman 1990).

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
    params, x, h = check_step("rnn_step_forward", RNNParams, params, x_t, state)
    expect_choice("rnn_step_forward", "activation", activation, STEP_ACTIVATIONS)

    z = x @ params.W_x.T + h @ params.W_h.T + params.b
    h_new = STEP_ACTIVATIONS[activation].function(z)
    return h_new, RNNCache(params, x, h, z, activation)


def rnn_step_backward(dstate, cache):
    """dz = dh ⊙ f'(z), dh_{t−1} = dz W_h, dW_h = dzᵀ h_{t−1}, dW_x = dzᵀ x_t, db = Σ dz.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient by h_t
    cache : RNNCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (N, H) array, what this step passes to h_{t−1}
    grads : RNNParams, this step's share

    Raises
    ------
    TypeError, ValueError
        As `rnn_step_forward`.
    """
    dh = check_dstate("rnn_step_backward", RNNCache, dstate, cache)
    params, x, h, z, activation = cache

    dz = dh * STEP_ACTIVATIONS[activation].derivative(z)
    return dz @ params.W_x, dz @ params.W_h, RNNParams(dz.T @ x, dz.T @ h, dz.sum(axis=0))


def unroll_forward(step_forward, params, x, state0):
    """One step after the other with the same parameters: state_t = step(params, x_t, state_{t−1}).

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
    x, state = check_sequence("unroll_forward", params, x, state0)
    states, caches = [], []
    for x_t in x:
        state, cache = step_forward(params, x_t, state)
        states.append(state)
        caches.append(cache)
    return np.stack(states), caches


def unroll_backward(step_backward, dstates, caches):
    """Backpropagation through time in one pass, O(T) (Werbos 1990).

    The whole gradient of a state is the part from the loss at its own step plus the part that the next
    step passes back; weights are shared, so their gradients add up over the steps.

    Parameters
    ----------
    step_backward : the backward step of the same cell
    dstates : (T, N, H) or (T, 2, N, H) array: gradient of each step's own loss by its state; zero where
        there is no loss
    caches : list of T caches of the forward pass

    Returns
    -------
    dx : (T, N, D) array
    dstates_total : (T + 1, N, H) or (T + 1, 2, N, H) array, the whole ∂L/∂state_t for EVERY t: index 0 is
        state0, index t the state after x_t
    grads : structure of the parameters

    Raises
    ------
    TypeError, ValueError
        As `unroll_forward`, and if there is not one of dstates for each cache.
    """
    dstates = check_dstates("unroll_backward", dstates, caches)
    dx, dstates_total, grads = [], [], None
    from_next_step = np.zeros_like(dstates[0])
    for dstate, cache in zip(reversed(dstates), reversed(caches), strict=True):
        total = dstate + from_next_step
        dx_t, from_next_step, step_grads = step_backward(total, cache)
        grads = step_grads if grads is None else add(grads, step_grads)
        dstates_total.append(total)
        dx.append(dx_t)
    dstates_total.append(from_next_step)
    return np.stack(dx[::-1]), np.stack(dstates_total[::-1]), grads


def rnn_double_sum(dstates, caches):
    """dW_h = Σ_t Σ_{k≤t} δ_{t,k}ᵀ h_{k−1} with δ_{t,k} = ∂L_t/∂z_k: the textbook's form, O(T²).

    Each loss L_t is sent back on its own: δ_{t,t} = dh_t ⊙ f'(z_t), δ_{t,k} = (δ_{t,k+1} W_h) ⊙ f'(z_k).
    Σ_t is linear, so the recursion of `unroll_backward` may add up first and send back once.

    Parameters and results are those of `unroll_backward` with `rnn_step_backward`.

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`, and if something is complex.
    """
    dstates = check_dstates("rnn_double_sum", dstates, caches)
    dh_own = [check_dstate("rnn_double_sum", RNNCache, *pair) for pair in zip(dstates, caches)]
    for name, arrays in (("dstates", [dstates]), ("caches", [cache.z for cache in caches])):
        if any(map(np.iscomplexobj, arrays)):
            raise TypeError(f"rnn_double_sum: {name} is complex; expected real numbers.")
    params, activation = caches[0].params, caches[0].activation
    slopes = [STEP_ACTIVATIONS[activation].derivative(cache.z) for cache in caches]
    dx = np.zeros((len(caches), *caches[0].x.shape), dstates.dtype)
    dstates_total = np.concatenate([np.zeros_like(dstates[:1]), dstates])
    dW_x, dW_h, db = map_leaves(np.zeros_like, params)
    for t, dh in enumerate(dh_own):
        for k in range(t, -1, -1):
            delta = dh * slopes[k]  # δ_{t,k}
            dW_x += delta.T @ caches[k].x
            dW_h += delta.T @ caches[k].h  # the state BEFORE step k
            db += delta.sum(axis=0)
            dx[k] += delta @ params.W_x
            dh = delta @ params.W_h  # ∂L_t/∂h_{k−1}
            dstates_total[k] += dh
    return dx, dstates_total, RNNParams(dW_x, dW_h, db)


def gradients_by_lag(step_backward, dstates, caches):
    """The gradient split by lag: entry τ is Σ_t of what step t − τ adds to the gradient of the loss at t.

    Σ_τ over the first axis is the gradient of `unroll_backward`. The total need not vanish while its
    long-range part does (Pascanu et al. 2013). Costs O(T²), or O(T) if only one step has a loss.

    Parameters
    ----------
    step_backward, dstates, caches : as in `unroll_backward`

    Returns
    -------
    grads : structure of the parameters, each array with a leading axis of T lags: 0, 1, …, T − 1

    Raises
    ------
    TypeError, ValueError
        As `unroll_backward`.
    """
    dstates = check_dstates("gradients_by_lag", dstates, caches)
    _, _, like = step_backward(dstates[0], caches[0])
    by_lag = map_leaves(lambda w: np.zeros((len(caches), *w.shape), w.dtype), like)
    for t, dstate in enumerate(dstates):
        if not dstate.any():
            continue
        for lag in range(t + 1):
            _, dstate, step_grads = step_backward(dstate, caches[t - lag])
            at_lag = map_leaves(lambda total, lag=lag: total[lag], by_lag)  # views: += reaches by_lag
            map_leaves(np.ndarray.__iadd__, at_lag, step_grads)
    return by_lag
