"""The GRU as a whole-sequence kernel; here the reset gate acts after the recurrent weights.

The gates stand in the order m, r, z, n inside, with m = W_hn h + b_h: the state feeds the first three
and the input the last three, so each side is one matrix product.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.recurrent import GRUParams
from vgcourse.recurrent.gated import RESETS
from vgcourse.sequence._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    check_backward,
    check_forward,
    check_workspace,
    columns,
    fast_loops,
    flush,
    in_rows,
    step_blocks,
)
from vgcourse.sequence._products import bias_gradient, over_all_steps, product_into, product_with
from vgcourse.sequence.gru_before import GRUBeforeCache, backward_before, forward_before


class GRUSequenceCache(NamedTuple):
    """Input, all states (T + 1, N, H), z (T, N, H), local derivatives by m, a_r, a_z, a_n (T, N, 4H)."""

    params: GRUParams
    x: np.ndarray
    h: np.ndarray
    z: np.ndarray
    slopes: np.ndarray
    loan: Loan | None


def gru_forward(params, x, state0, workspace=None, *, reset="after"):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n for all t; see `recurrent.gru_step_forward`.

    Parameters
    ----------
    params : GRUParams
    x : (T, N, D) array
    state0 : (N, H) array
    workspace : Workspace to be used again, or None; see there what that means for the results
    reset : "after" the recurrent weights (torch) or "before" them (Cho et al. 2014)

    Returns
    -------
    states : (T, N, H) array: states[t − 1] is the state after x_t
    cache : GRUSequenceCache, or GRUBeforeCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, something is NaN or infinite, or reset is unknown.
    """
    expect_choice("gru_forward", "reset", reset, RESETS)
    params, x, state0 = check_forward("gru_forward", GRUParams, params, x, state0, gates=3)
    space, loan = check_workspace("gru_forward", workspace)
    if reset == "before":
        return forward_before(params, x, state0, space, loan)
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign = np.repeat(np.array([-1, -1, 1, -1, -1], dtype), H)
    W_x, b = (sign[: 3 * H] * w.T for w in (params.W_x, params.b))
    W_h = sign[2 * H :] * params.W_h[in_rows("rzn", H, "nrz")].T
    b, b_h, one = b.reshape(3, 1, H), params.b_h, np.ones((), dtype)

    states, slopes = space.take("states", (T + 1, N, H), dtype), space.take("slopes", (T, N, 4 * H), dtype)
    blocks = step_blocks(T, 11 * N * H * x.itemsize)
    B = blocks[0].stop
    keep, gates = space.take("keep", (T, N, H), dtype), space.take("gates", (B, 4, N, H), dtype)
    from_x, from_h = space.take("from_x", (B * N, 3 * H), dtype), space.take("from_h", (3, N, H), dtype)
    by_input, by_state = product_with(W_x), product_into(from_h, W_h)
    m, r, z, n = gates.swapaxes(0, 1)
    buffers = list(zip(gates[:, :3], gates[:, 1:3], m, r, z, n))  # the same for every block
    states[0] = state0
    with fast_loops():
        for t in blocks:
            B = slice(0, t.stop - t.start)
            a_x = from_x[: B.stop * N]
            by_input(x[t].reshape(-1, D), a_x)
            m[B] = b_h
            np.add(a_x.reshape(-1, N, 3, H).swapaxes(1, 2), b, gates[B, 1:])
            for h_prev, h, (mrz, rz, m_t, r_t, z_t, n_t) in zip(states[:-1][t], states[1:][t], buffers):
                by_state(h_prev)
                np.add(mrz, from_h, mrz)
                np.exp(rz, rz)
                np.add(rz, one, rz)  # 1/σ
                np.divide(m_t, r_t, h)  # h is free until its last line
                np.add(n_t, h, n_t)
                np.tanh(n_t, n_t)
                np.subtract(h_prev, n_t, h)  # h = n + z (h_prev − n)
                np.divide(h, z_t, h)
                np.add(h, n_t, h)
            np.reciprocal(r[B], r[B])
            np.reciprocal(z[B], keep[t])
            _local_derivatives(m[B], r[B], keep[t], n[B], states[:-1][t], columns(slopes[t], H, 4), z[B])
    return states[1:], GRUSequenceCache(params, x, states, keep, slopes, loan)


def gru_backward(dstates, cache):
    """da = dh ⊙ (local derivative of m, r, z, n), dh_{t−1} = dh_t ⊙ z + da_mrz W_h; for all t.

    Parameters
    ----------
    dstates : (T, N, H) array: gradient of each step's own loss by its state
    cache : of `gru_forward`

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
    if isinstance(cache, GRUBeforeCache):
        return backward_before(dstates, cache)
    dstates, space, da = check_backward(
        "gru_backward", GRUSequenceCache, dstates, cache, lambda c: (len(c.x), *c.h.shape[1:])
    )
    params, x, states, keep, slopes, _ = cache
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype

    dh = np.zeros((N, H), dtype)
    direct = space.take("direct", (N, H), dtype)
    to_state = product_into(dh, params.W_h[in_rows("rzn", H, "nrz")])
    with fast_loops():
        four = slopes.reshape(T, N, 4, H), da.reshape(T, N, 4, H)
        for k, (dstate, slope, da_gates, da_mrz, z) in backwards(dstates, *four, da[:, :, : 3 * H], keep):
            np.add(dh, dstate, dh)
            np.multiply(slope, dh[:, None], da_gates)
            np.multiply(dh, z, direct)
            to_state(da_mrz)
            np.add(dh, direct, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), dtype)
        product_with(params.W_x)(da.reshape(-1, 4 * H)[:, H:], dx.reshape(-1, D))
        da_mrz, da_rzn = da[:, :, : 3 * H], da[:, :, H:]
        dW_x, dW_h = over_all_steps(da_rzn, x), over_all_steps(da_mrz, states[:-1])
        db_h, db = np.split(bias_gradient(da), [H])
    dW_h = dW_h[in_rows("nrz", H, "rzn")]  # the rows of m are those of W_hn
    return dx, dh, GRUParams(*map(np.ascontiguousarray, (dW_x, dW_h)), db, db_h)


def _local_derivatives(m, r, z, n, h_prev, slopes, close):
    """∂h/∂m, ∂h/∂a_r, ∂h/∂a_z, ∂h/∂a_n into `slopes`, for a block of steps; uses up m, r, n and `close`.

    With by_n = (1 − z) tanh': by_n r, by_n r m (1 − r), (h_prev − n) z (1 − z), by_n.
    """
    by_m, by_r, by_z, by_n = slopes
    np.subtract(h_prev, n, by_z)
    np.multiply(n, n, n)
    np.subtract(1, n, n)
    np.subtract(1, z, close)
    np.multiply(n, close, n)
    by_n[...] = n
    np.multiply(n, r, n)
    by_m[...] = n
    np.subtract(1, r, r)
    np.multiply(r, m, r)
    np.multiply(r, n, by_r)
    np.multiply(close, z, close)
    np.multiply(by_z, close, by_z)
