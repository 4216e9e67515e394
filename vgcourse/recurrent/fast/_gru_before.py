"""The GRU of Cho et al. (2014) as a whole-sequence kernel: the reset gate acts before the recurrent weights.

Called by `gru_forward` and `gru_backward`. Each step needs two products one after the other, since the
candidate sees r ⊙ h: that is why torch and cuDNN moved the gate.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent.fast._kernel import (
    FLUSH_EVERY,
    Loan,
    backwards,
    beside_states,
    check_backward,
    columns,
    fast_loops,
    flush,
    join_weights,
    part_weights,
    room_for_da,
    step_blocks,
)
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with
from vgcourse.recurrent.gated import GRUParams


class GRUBeforeCache(NamedTuple):
    """Rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T; gates r and z (T, N, H), local
    derivatives by a_r (of r ⊙ h), a_z, a_n (T, N, 3H)."""

    params: GRUParams
    seen: np.ndarray
    r: np.ndarray
    z: np.ndarray
    slopes: np.ndarray
    loan: Loan | None


def forward_before(params, x, state0, space, loan):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n with a_n = W_xn x + b_n + W_hn (r ⊙ h_{t−1}) + b_h for all t.

    The arguments have been checked by `gru_forward`; it says what comes back.
    """
    (T, N, _), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign, one = np.repeat(np.array([-1, -1, 1], dtype), H), np.ones((), dtype)
    W_hn, without_n = params.W_h[2 * H :], params.W_h.copy()
    without_n[2 * H :] = 0
    b = params.b + np.concatenate([np.zeros(2 * H, dtype), params.b_h])

    seen, states = beside_states(space, x, state0)
    r, z = space.take("r", (T, N, H), dtype), space.take("z", (T, N, H), dtype)
    slopes = space.take("slopes", (T, N, 3 * H), dtype)
    a, from_rh = space.take("a", (3, N, H), dtype), space.take("from_rh", (N, H), dtype)
    (a_r, a_z, a_n), rh = a, space.take("rh", (N, H), dtype)
    joined = join_weights(params._replace(W_h=without_n, b=b))
    pre_activations, by_reset_state = product_into(a, sign * joined), product_into(from_rh, W_hn.T)
    with fast_loops():
        for t in step_blocks(T, 8 * N * H * x.itemsize):
            old, new = states[:-1][t], states[1:][t]
            by_r, by_z, by_n = columns(slopes[t], H, 3)
            for seen_t, h_prev, h, r_t, z_t, n in zip(seen[t], old, new, r[t], z[t], by_n):
                pre_activations(seen_t)
                np.exp(a[:2], a[:2])
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
    return states[1:], GRUBeforeCache(params, seen, r, z, slopes, loan)


def backward_before(dstates, cache):
    """dh_{t−1} = dh_t ⊙ z + d(rh) ⊙ r + da_rz W_h with d(rh) = da_n W_hn; see `gru_backward`."""
    dstates, space = check_backward("gru_backward", GRUBeforeCache, dstates, cache, lambda c: c.z.shape)
    params, seen, r, z, slopes, _ = cache
    da = room_for_da(cache)
    (T, N, H), D, dtype = z.shape, params.W_x.shape[1], z.dtype
    W_rz, W_hn = params.W_h[: 2 * H], params.W_h[2 * H :]

    dh, from_gates, drh, da_n = (np.zeros((N, H), dtype) for _ in range(4))
    through_gates, through_n = product_into(from_gates, W_rz), product_into(drh, W_hn)
    da_rz = space.take("da_rz", (N, 2 * H), dtype)
    with fast_loops():
        for k, (dstate, slope, da_t, r_t, z_t) in backwards(0, dstates, slopes, da, r, z):
            np.add(dh, dstate, dh)
            np.multiply(slope[:, 2 * H :], dh, da_n)
            through_n(da_n)
            np.multiply(slope[:, :H], drh, da_rz[:, :H])
            np.multiply(slope[:, H : 2 * H], dh, da_rz[:, H:])
            through_gates(da_rz)
            da_t[:, : 2 * H], da_t[:, 2 * H :] = da_rz, da_n
            np.multiply(dh, z_t, dh)
            np.multiply(drh, r_t, drh)
            np.add(dh, drh, dh)
            np.add(dh, from_gates, dh)
            if k % FLUSH_EVERY == 0:
                flush(dh)
        dx = space.take("dx", (T, N, D), dtype)
        product_with(params.W_x)(da.reshape(-1, 3 * H), dx.reshape(-1, D))
        dW_x, dW_h, db = part_weights(over_all_steps(da, seen[:T]), D)
        rh = r * seen[:T, :, D:-1]
        dW_h[2 * H :] = over_all_steps(np.ascontiguousarray(da[:, :, 2 * H :]), rh)
    return dx, dh, GRUParams(dW_x, dW_h, db, db[2 * H :].copy())
