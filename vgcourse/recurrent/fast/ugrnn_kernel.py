"""The UGRNN as a whole-sequence kernel: one gate, one candidate."""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent.fast._blocks import (
    FLUSH_EVERY,
    backwards,
    exponential,
    fast_loops,
    flush,
    step_blocks,
)
from vgcourse.recurrent.fast._checks import check_backward, check_forward
from vgcourse.recurrent.fast._layout import beside_states, columns, join_weights, part_weights
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with
from vgcourse.recurrent.fast._workspace import Loan, check_workspace, room_for_da
from vgcourse.recurrent.gated import UGRNNParams


class UGRNNSequenceCache(NamedTuple):
    """What going back over the whole sequence needs."""

    params: UGRNNParams
    seen: np.ndarray  # rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T
    g: np.ndarray  # gate (T, N, H)
    slopes: np.ndarray  # ∂h/∂a_r and ∂h/∂a_g side by side (T, N, 2H)
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
    cache : UGRNNSequenceCache; it shares no memory with states, x and state0

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
    sign, one, exp = np.repeat(np.array([1, -1], dtype), H), np.ones((), dtype), exponential(dtype)

    seen, h_seen = beside_states(space, x, state0)
    states, keep = space.take("states", (T, N, H), dtype), space.take("keep", (T, N, H), dtype)
    slopes = space.take("slopes", (T, N, 2 * H), dtype)
    blocks = step_blocks(T, 4 * N * H * x.itemsize)
    gates = space.take("gates", (blocks[0].stop, 2, N, H), dtype)
    a = space.take("a", (2, N, H), dtype)
    pre_activations, (a_r, a_g) = product_into(a, sign * join_weights(params)), a
    r, g = gates.swapaxes(0, 1)
    buffers = list(zip(r, g))  # the same for every block
    with fast_loops():
        for t in blocks:
            old, new, B = h_seen[:-1][t], h_seen[1:][t], slice(0, t.stop - t.start)
            for seen_t, h_prev, h, (r_t, g_t) in zip(seen[t], old, new, buffers):
                pre_activations(seen_t)
                np.tanh(a_r, r_t)
                exp(a_g, g_t)
                np.add(g_t, one, g_t)  # 1/σ
                np.subtract(h_prev, r_t, h)  # h = r + g (h_prev − r)
                np.divide(h, g_t, h)
                np.add(h, r_t, h)
            keep[t] = np.reciprocal(g[B], g[B])
            _local_derivatives(r[B], g[B], old, columns(slopes[t], H, 2))
            states[t] = new  # the caller's own: backward reads the rows
    return states, UGRNNSequenceCache(params, seen, keep, slopes, loan)


def ugrnn_backward(dstates, cache):
    """da = dh ⊙ (local derivative of each gate), dh_{t−1} = dh_t ⊙ g + da_t W_h; for all t.

    Every 16 steps, if all of dh_t is smaller than 1e3 · tiny (2e−305 in float64, 1e−35 in float32), it
    becomes 0: subnormal numbers, those below tiny, would make every later step about 8 times slower. The
    steps of `recurrent` go on to the smallest of them.

    Parameters
    ----------
    dstates : (T, N, H) array, the gradient of each step's own loss with respect to its state
    cache : UGRNNSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : UGRNNParams

    Raises
    ------
    TypeError
        If cache is of another cell, or dstates not of its precision.
    ValueError
        If dstates has not the shape of the states or is not finite, or the cache's workspace was used again.
    """
    dstates, space = check_backward("ugrnn_backward", UGRNNSequenceCache, dstates, cache, lambda c: c.g.shape)
    params, seen, keep, slopes, _ = cache
    da = room_for_da(cache)
    (T, N, H), D, dtype = keep.shape, params.W_x.shape[1], keep.dtype

    dh = np.zeros((N, H), dtype)
    to_state = product_into(dh, params.W_h)
    direct, dx = space.take("direct", (N, H), dtype), space.take("dx", (T, N, D), dtype)
    with fast_loops():
        both = slopes.reshape(T, N, 2, H), da.reshape(T, N, 2, H)
        for k, (dstate, slope, da_gates, da_t, g) in backwards(0, dstates, *both, da, keep):
            # h_t is used by its own loss and by step t + 1
            np.add(dh, dstate, dh)
            # h = g ⊙ h_prev + (1 − g) ⊙ r, r = tanh(a_r), g = σ(a_g)
            np.multiply(slope, dh[:, None], da_gates)
            np.multiply(dh, g, direct)
            # a = … + h_prev W_hᵀ; from here dh is h_prev's
            to_state(da_t)
            np.add(dh, direct, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        # a_t = x_t W_xᵀ + …, for all steps
        product_with(params.W_x)(da.reshape(-1, 2 * H), dx.reshape(-1, D))
        # a_t = [x_t, h_{t−1}, 1] [W_x, W_h, b]ᵀ
        dW = over_all_steps(da, seen[:T])
    return dx, dh, UGRNNParams(*part_weights(dW, D))


def _local_derivatives(r, g, h_prev, slopes):
    """∂h/∂a_r = (1 − g) (1 − r²), ∂h/∂a_g = (h_prev − r) g (1 − g) into `slopes`, for a block of steps."""
    by_r, by_g = slopes
    close = 1 - g
    # ∂h/∂a_r
    np.multiply(r, r, by_r)
    np.subtract(1, by_r, by_r)
    np.multiply(by_r, close, by_r)
    # ∂h/∂a_g
    np.subtract(h_prev, r, by_g)
    np.multiply(by_g, g, by_g)
    np.multiply(by_g, close, by_g)
