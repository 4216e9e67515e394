"""The GRU as a whole-sequence kernel, with the reset gate after the recurrent weights or before them.

After (torch): the gates stand in the order m, r, z, n inside, with m = W_hn h + b_h; the state feeds the
first three and the input the last three, so each side is one matrix product. Before (Cho et al. 2014): each
step needs two products one after the other, since the candidate sees r ⊙ h. That is why torch and cuDNN
moved the gate.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.recurrent.fast._blocks import (
    FLUSH_EVERY,
    backwards,
    exponential,
    fast_loops,
    flush,
    gradient_space,
    pieces_with_blocks,
    step_blocks,
)
from vgcourse.recurrent.fast._checks import check_backward, check_forward
from vgcourse.recurrent.fast._layout import beside_states, columns, in_rows, join_weights, part_weights
from vgcourse.recurrent.fast._products import (
    bias_gradient,
    over_all_steps,
    product_into,
    product_with,
    sum_over_steps,
)
from vgcourse.recurrent.fast._workspace import Loan, check_workspace, room_for_da
from vgcourse.recurrent.gated import RESETS, GRUParams


class GRUSequenceCache(NamedTuple):
    """What going back over the whole sequence needs; the reset gate acts after the recurrent weights."""

    params: GRUParams
    x: np.ndarray  # (T, N, D)
    h: np.ndarray  # all states, h_0 too (T + 1, N, H)
    gates: np.ndarray  # m, r, z, n (T, 4, N, H)
    loan: Loan | None


class GRUBeforeCache(NamedTuple):
    """What going back over the whole sequence needs; the reset gate acts before the recurrent weights."""

    params: GRUParams
    seen: np.ndarray  # rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T
    r: np.ndarray  # (T, N, H)
    z: np.ndarray  # (T, N, H)
    slopes: np.ndarray  # ∂(r ⊙ h_prev)/∂a_r, ∂h/∂a_z and ∂h/∂a_n side by side (T, N, 3H)
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
    cache : GRUSequenceCache, or GRUBeforeCache; it shares no memory with states, x and state0

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
    return (_forward_before if reset == "before" else _forward_after)(params, x, state0, space, loan)


def gru_backward(dstates, cache):
    """da = dh ⊙ (local derivative of m, r, z, n), dh_{t−1} = dh_t ⊙ z + da_mrz W_h; for all t.

    Where the reset gate acts before: dh_{t−1} = dh_t ⊙ z + drh ⊙ r + da_rz W_h with drh = da_n W_hn.

    Every 16 steps, if all of dh_t is smaller than 1e3 · tiny (2e−305 in float64, 1e−35 in float32), it
    becomes 0: subnormal numbers, those below tiny, would make every later step about 8 times slower. The
    steps of `recurrent` go on to the smallest of them.

    Parameters
    ----------
    dstates : (T, N, H) array, the gradient of each step's own loss with respect to its state
    cache : of `gru_forward`

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : GRUParams

    Raises
    ------
    TypeError
        If cache is of another cell, or dstates not of its precision.
    ValueError
        If dstates has not the shape of the states or is not finite, or the cache's workspace was used again.
    """
    before = isinstance(cache, GRUBeforeCache)
    dstates, space = check_backward(
        "gru_backward",
        GRUBeforeCache if before else GRUSequenceCache,
        dstates,
        cache,
        lambda c: c.z.shape if before else (len(c.x), *c.h.shape[1:]),
    )
    return (_backward_before if before else _backward_after)(dstates, cache, space)


def _forward_after(params, x, state0, space, loan):
    """a_n = W_xn x + b_n + r ⊙ m with m = W_hn h_{t−1} + b_h, for all t."""
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign = np.repeat(np.array([-1, -1, 1, -1, -1], dtype), H)
    W_x, b = (sign[: 3 * H] * w.T for w in (params.W_x, params.b))
    W_h = sign[2 * H :] * params.W_h[in_rows("rzn", H, "nrz")].T
    b, b_h, one, exp = b.reshape(3, 1, H), params.b_h, np.ones((), dtype), exponential(dtype)

    states, kept = space.take("states", (T, N, H), dtype), space.take("kept", (T + 1, N, H), dtype)
    x_kept, gates = space.take("x", (T, N, D), dtype), space.take("gates", (T, 4, N, H), dtype)
    blocks = step_blocks(T, 8 * N * H * x.itemsize)
    from_x = space.take("from_x", (blocks[0].stop * N, 3 * H), dtype)
    from_h = space.take("from_h", (3, N, H), dtype)
    by_input, by_state = product_with(W_x), product_into(from_h, W_h)
    kept[0], x_kept[...] = state0, x
    with fast_loops():
        for t in blocks:
            new, a_x = gates[t], from_x[: (t.stop - t.start) * N]
            by_input(x_kept[t].reshape(-1, D), a_x)
            new[:, 0] = b_h
            np.add(a_x.reshape(-1, N, 3, H).swapaxes(1, 2), b, new[:, 1:])
            parts = new[:, :3], new[:, 1:3], *new.swapaxes(0, 1)
            for h_prev, h, mrz, rz, m, r, z, n in zip(kept[:-1][t], kept[1:][t], *parts):
                by_state(h_prev)
                np.add(mrz, from_h, mrz)
                exp(rz, rz)
                np.add(rz, one, rz)  # 1/σ
                np.divide(m, r, h)  # h is free until its last line
                np.add(n, h, n)
                np.tanh(n, n)
                np.subtract(h_prev, n, h)  # h = n + z (h_prev − n)
                np.divide(h, z, h)
                np.add(h, n, h)
            np.reciprocal(new[:, 1:3], new[:, 1:3])
            states[t] = kept[1:][t]  # the caller's own: backward reads the others
    return states, GRUSequenceCache(params, x_kept, kept, gates, loan)


def _backward_after(dstates, cache, space):
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
                    # h_t is used by its own loss and by step t + 1
                    np.add(dh, dstate, dh)
                    # h = z ⊙ h_prev + (1 − z) ⊙ n, z = σ(a_z), n = tanh(a_n), a_n = … + r ⊙ m, r = σ(a_r)
                    np.multiply(slope, dh, da_gates)
                    np.multiply(dh, z, direct)
                    # m, a_r, a_z = … + h_prev W_hᵀ; from here dh is h_prev's
                    to_state(da_mrz_t)
                    np.add(dh, direct, dh)
                    if k % FLUSH_EVERY == 0:
                        flush(dh)
            done = slice(0, piece.stop - piece.start)
            # a_r, a_z, a_n = x_t W_xᵀ + b + …, for all steps of the piece
            to_input(da[done].reshape(-1, 4 * H)[:, H:], dx[piece].reshape(-1, D))
            dW_x += over_all_steps(da_rzn[done], x[piece])
            # m, a_r, a_z = … + h_prev W_hᵀ, and m = … + b_h
            dW_h += over_all_steps(da_mrz[done], states[piece])
            db += bias_gradient(da[done])
    dW_h = dW_h[in_rows("nrz", H, "rzn")]  # the rows of m are those of W_hn
    db_h, db = np.split(db, [H])
    return dx, dh, GRUParams(*map(np.ascontiguousarray, (dW_x, dW_h)), db, db_h)


def _local_derivatives(gates, h_prev, slopes):
    """∂h/∂m, ∂h/∂a_r, ∂h/∂a_z, ∂h/∂a_n into the front of `slopes`, for a block of steps.

    With by_n = (1 − z) (1 − n²): by_n r, by_n r m (1 − r), (h_prev − n) z (1 − z), by_n.
    """
    m, r, z, n = gates.swapaxes(0, 1)
    by_m, by_r, by_z, by_n = slopes[:, : len(gates)]
    close = by_m  # free until ∂h/∂m
    # ∂h/∂a_n
    np.multiply(n, n, by_n)
    np.subtract(1, by_n, by_n)
    np.subtract(1, z, close)
    np.multiply(by_n, close, by_n)
    # ∂h/∂a_z
    np.multiply(z, close, close)
    np.subtract(h_prev, n, by_z)
    np.multiply(by_z, close, by_z)
    # ∂h/∂m
    np.multiply(by_n, r, by_m)
    # ∂h/∂a_r
    np.subtract(1, r, by_r)
    np.multiply(by_r, m, by_r)
    np.multiply(by_r, by_m, by_r)


def _forward_before(params, x, state0, space, loan):
    """a_n = W_xn x + b_n + W_hn (r ⊙ h_{t−1}) + b_h, for all t."""
    (T, N, _), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign, one = np.repeat(np.array([-1, -1, 1], dtype), H), np.ones((), dtype)
    W_hn, without_n, exp = params.W_h[2 * H :], params.W_h.copy(), exponential(dtype)
    without_n[2 * H :] = 0
    b = params.b + np.concatenate([np.zeros(2 * H, dtype), params.b_h])

    seen, h_seen = beside_states(space, x, state0)
    states, slopes = space.take("states", (T, N, H), dtype), space.take("slopes", (T, N, 3 * H), dtype)
    r, z = space.take("r", (T, N, H), dtype), space.take("z", (T, N, H), dtype)
    a, from_rh = space.take("a", (3, N, H), dtype), space.take("from_rh", (N, H), dtype)
    (a_r, a_z, a_n), rh = a, space.take("rh", (N, H), dtype)
    joined = join_weights(params._replace(W_h=without_n, b=b))
    pre_activations, by_reset_state = product_into(a, sign * joined), product_into(from_rh, W_hn.T)
    with fast_loops():
        for t in step_blocks(T, 8 * N * H * x.itemsize):
            old, new = h_seen[:-1][t], h_seen[1:][t]
            by_r, by_z, by_n = columns(slopes[t], H, 3)
            for seen_t, h_prev, h, r_t, z_t, n in zip(seen[t], old, new, r[t], z[t], by_n):
                pre_activations(seen_t)
                exp(a[:2], a[:2])
                np.add(a[:2], one, a[:2])
                np.reciprocal(a_r, r_t)
                np.reciprocal(a_z, z_t)
                np.multiply(r_t, h_prev, rh)
                by_reset_state(rh)
                np.add(a_n, from_rh, a_n)
                np.tanh(a_n, n)
                np.subtract(h_prev, n, h)  # h = n + z (h_prev − n)
                np.multiply(z_t, h, h)
                np.add(h, n, h)
            close = 1 - z[t]
            by_z[...] = (old - by_n) * z[t] * close
            by_n[...] = (1 - by_n * by_n) * close
            by_r[...] = old * r[t] * (1 - r[t])
            states[t] = new  # the caller's own: backward reads the rows
    return states, GRUBeforeCache(params, seen, r, z, slopes, loan)


def _backward_before(dstates, cache, space):
    params, seen, r, z, slopes, _ = cache
    da = room_for_da(cache)
    (T, N, H), D, dtype = z.shape, params.W_x.shape[1], z.dtype
    W_rz, W_hn = params.W_h[: 2 * H], params.W_h[2 * H :]

    dh, from_gates, drh, da_n = (np.zeros((N, H), dtype) for _ in range(4))
    through_gates, through_n = product_into(from_gates, W_rz), product_into(drh, W_hn)
    da_rz, dx = space.take("da_rz", (N, 2 * H), dtype), space.take("dx", (T, N, D), dtype)
    with fast_loops():
        for k, (dstate, slope, da_t, r_t, z_t) in backwards(0, dstates, slopes, da, r, z):
            # h_t is used by its own loss and by step t + 1
            np.add(dh, dstate, dh)
            # h = z ⊙ h_prev + (1 − z) ⊙ n, n = tanh(a_n), z = σ(a_z)
            np.multiply(slope[:, 2 * H :], dh, da_n)
            np.multiply(slope[:, H : 2 * H], dh, da_rz[:, H:])
            np.multiply(dh, z_t, dh)
            # a_n = … + rh W_hnᵀ
            through_n(da_n)
            # rh = r ⊙ h_prev, r = σ(a_r)
            np.multiply(slope[:, :H], drh, da_rz[:, :H])
            np.multiply(drh, r_t, drh)
            np.add(dh, drh, dh)
            # a_r, a_z = … + h_prev W_rzᵀ; from here dh is h_prev's
            through_gates(da_rz)
            np.add(dh, from_gates, dh)
            da_t[:, : 2 * H], da_t[:, 2 * H :] = da_rz, da_n
            if k % FLUSH_EVERY == 0:
                flush(dh)
        # a_t = x_t W_xᵀ + …, for all steps
        product_with(params.W_x)(da.reshape(-1, 3 * H), dx.reshape(-1, D))
        # a_r, a_z = [x_t, h_prev, 1] […]ᵀ and a_n = … + rh W_hnᵀ
        dW_x, dW_h, db = part_weights(over_all_steps(da, seen[:T]), D)
        rh = r * seen[:T, :, D:-1]
        dW_h[2 * H :] = over_all_steps(np.ascontiguousarray(da[:, :, 2 * H :]), rh)
    return dx, dh, GRUParams(dW_x, dW_h, db, db[2 * H :].copy())
