"""The LSTM as a whole-sequence kernel, with or without peepholes.

Inside, the forward pass has the gates in the order o, i, f, g and then c_{t−1}: the three sigmoids are
neighbours, and i ⊙ g and f ⊙ c_{t−1} are one product of two neighbours with two neighbours.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent import LSTMParams
from vgcourse.sequence._kernel import (
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
    in_rows,
    join_weights,
    part_weights,
    step_blocks,
)
from vgcourse.sequence._products import over_all_steps, product_into, product_with


class LSTMSequenceCache(NamedTuple):
    """Rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T; all c (T + 1, N, H), gate f
    (T, N, H), local derivatives: ∂h/∂c (T, N, H) and those by a_o, a_i, a_f, a_g (T, N, 4H)."""

    params: LSTMParams
    seen: np.ndarray
    c: np.ndarray
    f: np.ndarray
    slopes: np.ndarray
    slope_h: np.ndarray
    loan: Loan | None


def lstm_forward(params, x, state0, workspace=None):
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t) for all t; see `recurrent.lstm_step_forward`.

    Parameters
    ----------
    params : LSTMParams, peepholes or not
    x : (T, N, D) array
    state0 : (2, N, H) array, h_0 and c_0
    workspace : Workspace to be used again, or None; see there what that means for the results

    Returns
    -------
    states : (T, 2, N, H) array: `h, c = states[t − 1]` is the state after x_t
    cache : LSTMSequenceCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, or something is NaN or infinite.
    """
    params, x, state0 = check_forward("lstm_forward", LSTMParams, params, x, state0, gates=4, arrays=2)
    space, loan = check_workspace("lstm_forward", workspace)
    (T, N, _), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    sign, one = np.repeat(np.array([-1, -1, -1, 1], dtype), H), np.ones((), dtype)
    W, peepholes = sign * join_weights(params)[:, in_rows("ifgo", H, "oifg")], _peepholes(params)

    seen, h_seen = beside_states(space, x, state0[0])
    states = space.take("states", (T + 1, 2, N, H), dtype)
    slopes = space.take("slopes", (T, N, 4 * H), dtype)
    keep, slope_h = space.take("keep", (T, N, H), dtype), space.take("slope_h", (T, N, H), dtype)
    blocks = step_blocks(T, 14 * N * H * x.itemsize)
    B = blocks[0].stop
    gates, terms = space.take("gates", (B + 1, 5, N, H), dtype), space.take("terms", (B, 2, N, H), dtype)
    tanh_c, a = space.take("tanh_c", (B, N, H), dtype), space.take("a", (4, N, H), dtype)
    pre_activations, (a_oif, a_g) = product_into(a, W), (a[:3], a[3])
    (o, i, f, g, c), (written, kept) = gates.swapaxes(0, 1), terms.swapaxes(0, 1)
    neighbours = gates[:, :3], gates[:, 1:3], gates[:, 3:], terms
    buffers = list(zip(*neighbours, o, g, written, kept, c, c[1:], tanh_c))  # the same for every block
    states[0] = state0
    with fast_loops():
        for t in blocks:
            c[0] = states[t.start, 1]
            for seen_t, h, views in zip(seen[t], h_seen[1:][t], buffers):
                oif, i_f, g_c, both, o_t, g_t, w, k, c_prev, c_t, tanh_c_t = views
                pre_activations(seen_t)
                if peepholes is not None:
                    a[1:3] -= peepholes[:2] * c_prev  # the minus of −a
                np.exp(a_oif, oif)
                np.add(oif, one, oif)  # 1/σ
                np.tanh(a_g, g_t)
                np.divide(g_c, i_f, both)
                np.add(w, k, c_t)
                if peepholes is not None:
                    np.exp(a[0] - peepholes[2] * c_t, o_t)
                    o_t += one
                np.tanh(c_t, tanh_c_t)
                np.divide(tanh_c_t, o_t, h)
            B = slice(0, t.stop - t.start)
            states[1:][t, 0], states[1:][t, 1] = h_seen[1:][t], c[1:][B]
            np.reciprocal(gates[B, :3], gates[B, :3])
            keep[t] = f[B]
            signals = (v[B] for v in (o, i, f, g, written, kept, tanh_c))
            _local_derivatives(*signals, states[1:][t, 0], columns(slopes[t], H, 4), slope_h[t])
    return states[1:], LSTMSequenceCache(params, seen, states[:, 1], keep, slopes, slope_h, loan)


def lstm_backward(dstates, cache):
    """dc_t gets dh_t ⊙ o ⊙ (1 − tanh² c_t); dc_{t−1} = dc_t ⊙ f; dh_{t−1} = da_t W_h; for all t.

    Parameters
    ----------
    dstates : (T, 2, N, H) array: gradient of each step's own loss by its h and c
    cache : LSTMSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (2, N, H) array
    grads : LSTMParams; None where there is no peephole

    Raises
    ------
    TypeError, ValueError
        As `lstm_forward`.
    """
    dstates, space, da = check_backward(
        "lstm_backward", LSTMSequenceCache, dstates, cache, lambda c: (len(c.f), 2, *c.f.shape[1:])
    )
    params, seen, c_all, keep, slopes, slope_h, _ = cache
    (T, N, H), D, dtype = keep.shape, params.W_x.shape[1], keep.dtype
    peepholes = _peepholes(params)

    dstate = np.zeros((2, N, H), dtype)
    dh, dc = dstate
    dc_of_gates = dc[:, None]  # one dc for i, f, g
    through_h = space.take("through_h", (N, H), dtype)
    to_state = product_into(dh, params.W_h)
    with fast_loops():
        by_gate, da_gate = slopes.reshape(T, N, 4, H), da.reshape(T, N, 4, H)
        write, expose = np.s_[:, :, :3], np.s_[:, :, 3]
        slopes_t = by_gate[write], by_gate[expose], slope_h, keep
        steps = dstates, *slopes_t, da_gate[write], da_gate[expose], da
        for k, (dstate_t, by_ifg, by_o, by_c, f, da_ifg, da_o, da_t) in backwards(*steps):
            np.add(dstate, dstate_t, dstate)
            np.multiply(by_o, dh, da_o)
            np.multiply(by_c, dh, through_h)
            np.add(dc, through_h, dc)
            if peepholes is not None:
                dc += peepholes[2] * da_o
            np.multiply(by_ifg, dc_of_gates, da_ifg)
            np.multiply(dc, f, dc)
            if peepholes is not None:
                dc += peepholes[0] * da_ifg[:, 0] + peepholes[1] * da_ifg[:, 1]
            to_state(da_t)
            if k % FLUSH_EVERY == 0:
                flush(dstate)
        dx = space.take("dx", (T, N, D), dtype)
        product_with(params.W_x)(da.reshape(-1, 4 * H), dx.reshape(-1, D))
        dW = over_all_steps(da, seen[:T])
    dp = (
        None if p is None else np.einsum("tnh,tnh->h", da[:, :, k * H : (k + 1) * H], c)
        for p, k, c in zip(params[3:], (0, 1, 3), (c_all[:-1], c_all[:-1], c_all[1:]))
    )
    return dx, dstate, LSTMParams(*part_weights(dW, D), *dp)


def _peepholes(params):
    """The three weight vectors (3, 1, H), zeros for one that is missing; None if all are."""
    given = params.p_i, params.p_f, params.p_o
    if all(p is None for p in given):
        return None
    zero = np.zeros_like(params.b, shape=params.W_h.shape[1])
    return np.stack([zero if p is None else p for p in given])[:, None]


def _local_derivatives(o, i, f, g, written, kept, tanh_c, h, slopes, slope_h):
    """∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g, ∂h/∂a_o into `slopes`, ∂h/∂c into `slope_h`, for a block of steps.

    With w = i g and k = f c_{t−1}: w (1 − i), k (1 − f), i − w g, h (1 − o); o − h tanh(c). The gates are
    used up.
    """
    by_i, by_f, by_g, by_o = slopes
    np.subtract(i, np.multiply(written, g, g), by_g)
    np.subtract(o, np.multiply(h, tanh_c, tanh_c), slope_h)
    np.subtract(written, np.multiply(written, i, i), by_i)
    np.subtract(kept, np.multiply(kept, f, f), by_f)
    np.subtract(h, np.multiply(h, o, o), by_o)
