"""The UGRNN as a whole-sequence kernel: one gate, one candidate."""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent.fast._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    beside_states,
    check_backward,
    check_forward,
    check_workspace,
    columns,
    fast_loops,
    flush,
    join_weights,
    part_weights,
    room_for_da,
    step_blocks,
)
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with
from vgcourse.recurrent.gated import UGRNNParams


class UGRNNSequenceCache(NamedTuple):
    """Rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T; gate g (T, N, H), local
    derivatives by a_r and a_g (T, N, 2H)."""

    params: UGRNNParams
    seen: np.ndarray
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
    (T, N, _), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign, one = np.repeat(np.array([1, -1], dtype), H), np.ones((), dtype)

    seen, states = beside_states(space, x, state0)
    slopes, keep = space.take("slopes", (T, N, 2 * H), dtype), space.take("keep", (T, N, H), dtype)
    blocks = step_blocks(T, 4 * N * H * x.itemsize)
    gates = space.take("gates", (blocks[0].stop, 2, N, H), dtype)
    a = space.take("a", (2, N, H), dtype)
    pre_activations, (a_r, a_g) = product_into(a, sign * join_weights(params)), a
    r, g = gates.swapaxes(0, 1)
    buffers = list(zip(r, g))  # the same for every block
    with fast_loops():
        for t in blocks:
            old, new, B = states[:-1][t], states[1:][t], slice(0, t.stop - t.start)
            for seen_t, h_prev, h, (r_t, g_t) in zip(seen[t], old, new, buffers):
                pre_activations(seen_t)
                np.tanh(a_r, r_t)
                np.exp(a_g, g_t)
                np.add(g_t, one, g_t)  # 1/σ
                np.subtract(h_prev, r_t, h)  # h = r + g (h_prev − r)
                np.divide(h, g_t, h)
                np.add(h, r_t, h)
            keep[t] = np.reciprocal(g[B], g[B])
            _local_derivatives(r[B], g[B], old, columns(slopes[t], H, 2))
    return states[1:], UGRNNSequenceCache(params, seen, keep, slopes, loan)


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
    dstates, space = check_backward("ugrnn_backward", UGRNNSequenceCache, dstates, cache, lambda c: c.g.shape)
    params, seen, keep, slopes, _ = cache
    da = room_for_da(cache)
    (T, N, H), D, dtype = keep.shape, params.W_x.shape[1], keep.dtype

    dh = np.zeros((N, H), dtype)
    to_state = product_into(dh, params.W_h)
    direct = space.take("direct", (N, H), dtype)
    with fast_loops():
        both = slopes.reshape(T, N, 2, H), da.reshape(T, N, 2, H)
        for k, (dstate, slope, da_gates, da_t, g) in backwards(0, dstates, *both, da, keep):
            np.add(dh, dstate, dh)
            np.multiply(slope, dh[:, None], da_gates)
            np.multiply(dh, g, direct)
            to_state(da_t)
            np.add(dh, direct, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), dtype)
        product_with(params.W_x)(da.reshape(-1, 2 * H), dx.reshape(-1, D))
        dW = over_all_steps(da, seen[:T])
    return dx, dh, UGRNNParams(*part_weights(dW, D))


def _local_derivatives(r, g, h_prev, slopes):
    """∂h/∂a_r = (1 − g) tanh' and ∂h/∂a_g = (h_prev − r) σ' into `slopes`, for a block of steps."""
    by_r, by_g = slopes
    close = 1 - g
    np.multiply(r, r, by_r)
    np.subtract(1, by_r, by_r)
    np.multiply(by_r, close, by_r)
    np.subtract(h_prev, r, by_g)
    np.multiply(by_g, g, by_g)
    np.multiply(by_g, close, by_g)
