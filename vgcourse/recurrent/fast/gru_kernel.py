"""The GRU as a whole-sequence kernel; here the reset gate acts after the recurrent weights.

The gates stand in the order m, r, z, n inside, with m = W_hn h + b_h: the state feeds the first three
and the input the last three, so each side is one matrix product.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.recurrent.fast._gru_before import GRUBeforeCache, backward_before, forward_before
from vgcourse.recurrent.fast._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    check_backward,
    check_forward,
    check_workspace,
    fast_loops,
    flush,
    gradient_space,
    in_rows,
    pieces_with_blocks,
    step_blocks,
)
from vgcourse.recurrent.fast._products import (
    bias_gradient,
    over_all_steps,
    product_into,
    product_with,
    sum_over_steps,
)
from vgcourse.recurrent.gated import RESETS, GRUParams


class GRUSequenceCache(NamedTuple):
    """Input, all states (T + 1, N, H), and m, r, z, n (T, 4, N, H)."""

    params: GRUParams
    x: np.ndarray
    h: np.ndarray
    gates: np.ndarray
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

    states, gates = space.take("states", (T + 1, N, H), dtype), space.take("gates", (T, 4, N, H), dtype)
    blocks = step_blocks(T, 8 * N * H * x.itemsize)
    from_x = space.take("from_x", (blocks[0].stop * N, 3 * H), dtype)
    from_h = space.take("from_h", (3, N, H), dtype)
    by_input, by_state = product_with(W_x), product_into(from_h, W_h)
    states[0] = state0
    with fast_loops():
        for t in blocks:
            new, a_x = gates[t], from_x[: (t.stop - t.start) * N]
            by_input(x[t].reshape(-1, D), a_x)
            new[:, 0] = b_h
            np.add(a_x.reshape(-1, N, 3, H).swapaxes(1, 2), b, new[:, 1:])
            parts = new[:, :3], new[:, 1:3], *new.swapaxes(0, 1)
            for h_prev, h, mrz, rz, m, r, z, n in zip(states[:-1][t], states[1:][t], *parts):
                by_state(h_prev)
                np.add(mrz, from_h, mrz)
                np.exp(rz, rz)
                np.add(rz, one, rz)  # 1/σ
                np.divide(m, r, h)  # h is free until its last line
                np.add(n, h, n)
                np.tanh(n, n)
                np.subtract(h_prev, n, h)  # h = n + z (h_prev − n)
                np.divide(h, z, h)
                np.add(h, n, h)
            np.reciprocal(new[:, 1:3], new[:, 1:3])
    return states[1:], GRUSequenceCache(params, x, states, gates, loan)


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
    dstates, space = check_backward(
        "gru_backward", GRUSequenceCache, dstates, cache, lambda c: (len(c.x), *c.h.shape[1:])
    )
    params, x, states, gates, _ = cache
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype

    dh = np.zeros((N, H), dtype)
    direct, dx = space.take("direct", (N, H), dtype), space.take("dx", (T, N, D), dtype)
    to_state, to_input = product_into(dh, params.W_h[in_rows("rzn", H, "nrz")]), product_with(params.W_x)
    pieces = pieces_with_blocks(T, N, 8 * N * H * dtype.itemsize)
    da, slopes = gradient_space(space, pieces, 4, 4, (N, H), dtype)
    da_mrz, da_rzn = da[:, :, : 3 * H], da[:, :, H:]
    da_views = list(zip(da.reshape(-1, N, 4, H).swapaxes(1, 2), da_mrz))
    slope_views = list(slopes.swapaxes(0, 1))
    dW_x, dW_h = sum_over_steps(3 * H, D, dtype), sum_over_steps(3 * H, H, dtype)
    db = np.zeros(4 * H, dtype)
    with fast_loops():
        for piece, blocks in pieces:
            for t, here in blocks:
                _local_derivatives(gates[t], states[:-1][t], slopes)
                steps = dstates[t], gates[t, 2], slope_views[: t.stop - t.start], da_views[here]
                for k, (dstate, z, slope, (da_gates, da_mrz_t)) in backwards(T - t.stop, *steps):
                    np.add(dh, dstate, dh)
                    np.multiply(slope, dh, da_gates)
                    np.multiply(dh, z, direct)
                    to_state(da_mrz_t)
                    np.add(dh, direct, dh)
                    if k % FLUSH_EVERY == 0:
                        flush(dh)
            done = slice(0, piece.stop - piece.start)
            to_input(da[done].reshape(-1, 4 * H)[:, H:], dx[piece].reshape(-1, D))
            dW_x += over_all_steps(da_rzn[done], x[piece])
            dW_h += over_all_steps(da_mrz[done], states[piece])
            db += bias_gradient(da[done])
    dW_h = dW_h[in_rows("nrz", H, "rzn")]  # the rows of m are those of W_hn
    db_h, db = np.split(db, [H])
    return dx, dh, GRUParams(*map(np.ascontiguousarray, (dW_x, dW_h)), db, db_h)


def _local_derivatives(gates, h_prev, slopes):
    """∂h/∂m, ∂h/∂a_r, ∂h/∂a_z, ∂h/∂a_n into the front of `slopes`, for a block of steps.

    With by_n = (1 − z) tanh': by_n r, by_n r m (1 − r), (h_prev − n) z (1 − z), by_n.
    """
    m, r, z, n = gates.swapaxes(0, 1)
    by_m, by_r, by_z, by_n = slopes[:, : len(gates)]
    np.multiply(n, n, by_n)
    np.subtract(1, by_n, by_n)
    np.subtract(1, z, by_m)  # free until its last line
    np.multiply(by_n, by_m, by_n)
    np.multiply(z, by_m, by_m)
    np.subtract(h_prev, n, by_z)
    np.multiply(by_z, by_m, by_z)
    np.multiply(by_n, r, by_m)
    np.subtract(1, r, by_r)
    np.multiply(by_r, m, by_r)
    np.multiply(by_r, by_m, by_r)
