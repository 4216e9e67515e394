"""The plain recurrent net as a whole-sequence kernel: the shortest of the four, so read it first."""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent import RNNParams
from vgcourse.sequence._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    bias_gradient,
    check_backward,
    check_forward,
    check_workspace,
    fast_loops,
    flush,
    over_all_steps,
    step_blocks,
)


class RNNSequenceCache(NamedTuple):
    """Input x (T, N, D), all states h (T + 1, N, H) with h[0] = state0, slopes tanh' (T, N, H)."""

    params: RNNParams
    x: np.ndarray
    h: np.ndarray
    slopes: np.ndarray
    loan: Loan | None


def rnn_forward(params, x, state0, workspace=None):
    """h_t = tanh(x_t W_xᵀ + h_{t−1} W_hᵀ + b) for all t (Elman 1990).

    Parameters
    ----------
    params : RNNParams
    x : (T, N, D) array
    state0 : (N, H) array
    workspace : Workspace to be used again, or None; see there what that means for the results

    Returns
    -------
    states : (T, N, H) array: states[t − 1] is the state after x_t
    cache : RNNSequenceCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state0 = check_forward("rnn_forward", RNNParams, params, x, state0, gates=1)
    space, loan = check_workspace("rnn_forward", workspace)
    (T, N, D), H = x.shape, params.W_h.shape[1]
    W_xT, W_hT = params.W_x.T, np.ascontiguousarray(params.W_h.T)

    states, slopes = space.take("states", (T + 1, N, H), x.dtype), space.take("slopes", (T, N, H), x.dtype)
    from_h = space.take("from_h", (N, H), x.dtype)
    states[0] = state0
    with fast_loops():
        for t in step_blocks(T, 2 * N * H * x.itemsize):
            old, new = states[:-1][t], states[1:][t]
            np.dot(x[t].reshape(-1, D), W_xT, out=new.reshape(-1, H))
            new += params.b
            for h_prev, h in zip(old, new):  # h holds x_t W_xᵀ + b
                np.dot(h_prev, W_hT, from_h)
                np.add(h, from_h, h)
                np.tanh(h, h)
            np.multiply(new, new, slopes[t])
            np.subtract(1, slopes[t], slopes[t])
    return states[1:], RNNSequenceCache(params, x, states, slopes, loan)


def rnn_backward(dstates, cache):
    """da_t = dh_t ⊙ (1 − h_t²) and dh_{t−1} = dstates_{t−1} + da_t W_h for all t (Werbos 1990).

    Parameters
    ----------
    dstates : (T, N, H) array: gradient of each step's own loss by its state
    cache : RNNSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : RNNParams

    Raises
    ------
    TypeError, ValueError
        As `rnn_forward`.
    """
    dstates, space, da = check_backward(
        "rnn_backward", RNNSequenceCache, dstates, cache, lambda c: (len(c.x), *c.h.shape[1:])
    )
    params, x, states, slopes, _ = cache
    (T, N, D), H = x.shape, params.W_h.shape[1]
    W_h = np.ascontiguousarray(params.W_h)

    dh = np.zeros((N, H), x.dtype)
    with fast_loops():
        for k, (dstate, slope, da_t) in backwards(dstates, slopes, da):
            np.add(dh, dstate, dh)
            np.multiply(slope, dh, da_t)
            np.dot(da_t, W_h, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), x.dtype)
        np.dot(da.reshape(-1, H), params.W_x, out=dx.reshape(-1, D))
        grads = RNNParams(over_all_steps(da, x), over_all_steps(da, states[:-1]), bias_gradient(da))
    return dx, dh, RNNParams(*map(np.ascontiguousarray, grads))
