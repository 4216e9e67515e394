"""The GRU as a whole-sequence kernel, with the reset gate after the recurrent weights.

The gates stand in the order m, r, z, n inside, with m = W_hn h + b_h: the state feeds the first three
and the input the last three, so each side is one matrix product.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent import GRUParams
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
    in_rows,
    over_all_steps,
    sigmoid_of_minus,
    step_blocks,
)


class GRUSequenceCache(NamedTuple):
    """Input, all states (T + 1, N, H), z (T, N, H), local derivatives by m, a_r, a_z, a_n (T, N, 4H)."""

    params: GRUParams
    x: np.ndarray
    h: np.ndarray
    z: np.ndarray
    slopes: np.ndarray
    loan: Loan | None


def gru_forward(params, x, state0, workspace=None):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n for all t, the reset gate AFTER the recurrent weights (torch).

    Parameters
    ----------
    params : GRUParams
    x : (T, N, D) array
    state0 : (N, H) array
    workspace : Workspace to be used again, or None; see there what that means for the results

    Returns
    -------
    states : (T, N, H) array: states[t − 1] is the state after x_t
    cache : GRUSequenceCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state0 = check_forward("gru_forward", GRUParams, params, x, state0, gates=3)
    space, loan = check_workspace("gru_forward", workspace)
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign = np.repeat(np.array([-1, -1, 1, -1, -1], dtype), H)
    W_x, b = (sign[: 3 * H] * w.T for w in (params.W_x, params.b))
    W_h = np.ascontiguousarray(sign[2 * H :] * params.W_h[in_rows("rzn", H, "nrz")].T)

    states, slopes = space.take("states", (T + 1, N, H), dtype), space.take("slopes", (T, N, 4 * H), dtype)
    blocks = step_blocks(T, 8 * N * H * x.itemsize)
    keep, gates = space.take("keep", (T, N, H), dtype), space.take("gates", (blocks[0].stop, N, 4 * H), dtype)
    from_h = space.take("from_h", (N, 3 * H), dtype)
    states[0] = state0
    with fast_loops():
        for t in blocks:
            block = gates[: t.stop - t.start]
            from_x = block.reshape(-1, 4 * H)[:, H:]
            np.matmul(x[t].reshape(-1, D), W_x, out=from_x)
            from_x += b
            block[:, :, :H] = params.b_h
            steps = states[:-1][t], states[1:][t], block[:, :, : 3 * H], block[:, :, H : 3 * H]
            for h_prev, h, mrz, rz, m, r, z, n in zip(*steps, *columns(block, H, 4)):
                np.dot(h_prev, W_h, from_h)
                np.add(mrz, from_h, mrz)
                sigmoid_of_minus(rz)
                np.multiply(r, m, h)  # h is free until its last line
                np.add(n, h, n)
                np.tanh(n, n)
                np.subtract(h_prev, n, h)  # h = n + z (h_prev − n)
                np.multiply(z, h, h)
                np.add(h, n, h)
            _local_derivatives(columns(block, H, 4), states[:-1][t], columns(slopes[t], H, 4))
            keep[t] = block[:, :, 2 * H : 3 * H]
    return states[1:], GRUSequenceCache(params, x, states, keep, slopes, loan)


def gru_backward(dstates, cache):
    """da = dh ⊙ (local derivative of m, r, z, n), dh_{t−1} = dh_t ⊙ z + da_mrz W_h; for all t.

    Parameters
    ----------
    dstates : (T, N, H) array: gradient of each step's own loss by its state
    cache : GRUSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : GRUParams

    Raises
    ------
    TypeError, ValueError
        As `gru_forward`.
    """
    dstates, space, da = check_backward(
        "gru_backward", GRUSequenceCache, dstates, cache, lambda c: (len(c.x), *c.h.shape[1:])
    )
    params, x, states, keep, slopes, _ = cache
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    W_h = np.ascontiguousarray(params.W_h[in_rows("rzn", H, "nrz")])

    dh = np.zeros((N, H), dtype)
    direct = space.take("direct", (N, H), dtype)
    with fast_loops():
        four = slopes.reshape(T, N, 4, H), da.reshape(T, N, 4, H)
        for k, (dstate, slope, da_gates, da_mrz, z) in backwards(dstates, *four, da[:, :, : 3 * H], keep):
            np.add(dh, dstate, dh)
            np.multiply(slope, dh[:, None], da_gates)
            np.multiply(dh, z, direct)
            np.dot(da_mrz, W_h, dh)
            np.add(dh, direct, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), dtype)
        np.matmul(da[:, :, H:].reshape(-1, 3 * H), params.W_x, out=dx.reshape(-1, D))
        da_mrz, da_rzn = da[:, :, : 3 * H], da[:, :, H:]
        dW_x, dW_h = over_all_steps(da_rzn, x), over_all_steps(da_mrz, states[:-1])
        db_h, db = np.split(bias_gradient(da), [H])
    dW_h = dW_h[in_rows("nrz", H, "rzn")]  # the rows of m are those of W_hn
    return dx, dh, GRUParams(*map(np.ascontiguousarray, (dW_x, dW_h)), db, db_h)


def _local_derivatives(gates, h_prev, slopes):
    """∂h/∂m, ∂h/∂a_r, ∂h/∂a_z, ∂h/∂a_n into `slopes`, for a block of steps.

    With by_n = (1 − z) tanh': by_n r, by_n m σ'(a_r), (h_prev − n) σ'(a_z), by_n.
    """
    (m, r, z, n), (by_m, by_r, by_z, by_n) = gates, slopes
    close = 1 - z
    np.multiply(n, n, by_n)
    np.subtract(1, by_n, by_n)
    np.multiply(by_n, close, by_n)
    np.multiply(by_n, r, by_m)
    np.subtract(1, r, by_r)
    np.multiply(by_r, by_m, by_r)  # by_n r (1 − r)
    np.multiply(by_r, m, by_r)
    np.subtract(h_prev, n, by_z)
    np.multiply(by_z, z, by_z)
    np.multiply(by_z, close, by_z)
