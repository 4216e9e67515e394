"""The UGRNN as a whole-sequence kernel: one gate, one candidate."""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent import UGRNNParams
from vgcourse.sequence._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    bias_gradient,
    check_backward,
    check_forward,
    check_workspace,
    columns,
    fast_loops,
    flush,
    over_all_steps,
    sigmoid_of_minus,
    step_blocks,
)


class UGRNNSequenceCache(NamedTuple):
    """Input, all states (T + 1, N, H), gate g (T, N, H), local derivatives by a_r and a_g (T, N, 2H)."""

    params: UGRNNParams
    x: np.ndarray
    h: np.ndarray
    g: np.ndarray
    slopes: np.ndarray
    loan: Loan | None


def ugrnn_forward(params, x, state0, workspace=None):
    """h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r for all t; see `recurrent.ugrnn_step_forward`.

    Parameters
    ----------
    params : UGRNNParams
    x : (T, N, D) array
    state0 : (N, H) array
    workspace : Workspace to be used again, or None; see there what that means for the results

    Returns
    -------
    states : (T, N, H) array: states[t − 1] is the state after x_t
    cache : UGRNNSequenceCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state0 = check_forward("ugrnn_forward", UGRNNParams, params, x, state0, gates=2)
    space, loan = check_workspace("ugrnn_forward", workspace)
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign = np.repeat(np.array([1, -1], dtype), H)
    W_x, W_h, b = (sign * w.T for w in params)
    W_h = np.ascontiguousarray(W_h)

    states, slopes = space.take("states", (T + 1, N, H), dtype), space.take("slopes", (T, N, 2 * H), dtype)
    blocks = step_blocks(T, 4 * N * H * x.itemsize)
    keep, gates = space.take("keep", (T, N, H), dtype), space.take("gates", (blocks[0].stop, N, 2 * H), dtype)
    from_h = space.take("from_h", (N, 2 * H), dtype)
    states[0] = state0
    with fast_loops():
        for t in blocks:
            block = gates[: t.stop - t.start]
            np.dot(x[t].reshape(-1, D), W_x, out=block.reshape(-1, 2 * H))
            block += b
            steps = states[:-1][t], states[1:][t], block, *columns(block, H, 2)
            for h_prev, h, a, r, g in zip(*steps):  # a holds x_t W_xᵀ + b
                np.dot(h_prev, W_h, from_h)
                np.add(a, from_h, a)
                np.tanh(r, r)
                sigmoid_of_minus(g)
                np.subtract(h_prev, r, h)  # h = r + g (h_prev − r)
                np.multiply(g, h, h)
                np.add(h, r, h)
            _local_derivatives(columns(block, H, 2), states[:-1][t], columns(slopes[t], H, 2))
            keep[t] = block[:, :, H:]
    return states[1:], UGRNNSequenceCache(params, x, states, keep, slopes, loan)


def ugrnn_backward(dstates, cache):
    """da = dh ⊙ (local derivative of each gate), dh_{t−1} = dh_t ⊙ g + da_t W_h; for all t.

    Parameters
    ----------
    dstates : (T, N, H) array: gradient of each step's own loss by its state
    cache : UGRNNSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : UGRNNParams

    Raises
    ------
    TypeError, ValueError
        As `ugrnn_forward`.
    """
    dstates, space, da = check_backward(
        "ugrnn_backward", UGRNNSequenceCache, dstates, cache, lambda c: (len(c.x), *c.h.shape[1:])
    )
    params, x, states, keep, slopes, _ = cache
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    W_h = np.ascontiguousarray(params.W_h)

    dh = np.zeros((N, H), dtype)
    direct = space.take("direct", (N, H), dtype)
    with fast_loops():
        both = slopes.reshape(T, N, 2, H), da.reshape(T, N, 2, H)
        for k, (dstate, slope, da_gates, da_t, g) in backwards(dstates, *both, da, keep):
            np.add(dh, dstate, dh)
            np.multiply(slope, dh[:, None], da_gates)
            np.multiply(dh, g, direct)
            np.dot(da_t, W_h, dh)
            np.add(dh, direct, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), dtype)
        np.dot(da.reshape(-1, 2 * H), params.W_x, out=dx.reshape(-1, D))
        grads = over_all_steps(da, x), over_all_steps(da, states[:-1]), bias_gradient(da)
    return dx, dh, UGRNNParams(*map(np.ascontiguousarray, grads))


def _local_derivatives(gates, h_prev, slopes):
    """∂h/∂a_r = (1 − g) tanh' and ∂h/∂a_g = (h_prev − r) σ' into `slopes`, for a block of steps."""
    (r, g), (by_r, by_g) = gates, slopes
    close = 1 - g
    np.multiply(r, r, by_r)
    np.subtract(1, by_r, by_r)
    np.multiply(by_r, close, by_r)
    np.subtract(h_prev, r, by_g)
    np.multiply(by_g, g, by_g)
    np.multiply(by_g, close, by_g)
