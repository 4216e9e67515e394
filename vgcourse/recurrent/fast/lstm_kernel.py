"""The LSTM as a whole-sequence kernel, with or without peepholes.

Inside, the forward pass has the gates in the order o, i, f, g and then c_{t−1}: the three sigmoids are
neighbours, and i ⊙ g and f ⊙ c_{t−1} are one product of two neighbours with two neighbours.
"""

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
    gradient_space,
    in_rows,
    join_weights,
    part_weights,
    pieces_with_blocks,
    step_blocks,
)
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with, sum_over_steps
from vgcourse.recurrent.lstm import LSTMParams


class LSTMSequenceCache(NamedTuple):
    """Rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T; all c (T + 1, N, H); o, i, f,
    g, c_{t−1}, tanh(c_t) (6, T, N, H)."""

    params: LSTMParams
    seen: np.ndarray
    c: np.ndarray
    gates: np.ndarray
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
    states, gates = space.take("states", (T + 1, 2, N, H), dtype), space.take("gates", (6, T, N, H), dtype)
    blocks = step_blocks(T, 8 * N * H * x.itemsize)
    block = space.take("block", (blocks[0].stop + 1, 6, N, H), dtype)
    a, written_and_kept = space.take("a", (4, N, H), dtype), space.take("terms", (2, N, H), dtype)
    pre_activations, (a_oif, a_g), (written, kept) = product_into(a, W), (a[:3], a[3]), written_and_kept
    o, _, _, g, c, tanh_c = block.swapaxes(0, 1)
    views = list(zip(block[:, :3], block[:, 1:3], block[:, 3:5], o, g, c, c[1:], tanh_c))  # for each block
    states[0] = state0
    with fast_loops():
        for t in blocks:
            c[0] = states[t.start, 1]
            for seen_t, h, (oif, i_f, g_c, o_t, g_t, c_prev, c_t, tanh_c_t) in zip(
                seen[t], h_seen[1:][t], views
            ):
                pre_activations(seen_t)
                if peepholes is not None:
                    a[1:3] -= peepholes[:2] * c_prev  # the minus of −a
                np.exp(a_oif, oif)
                np.add(oif, one, oif)  # 1/σ
                np.tanh(a_g, g_t)
                np.divide(g_c, i_f, written_and_kept)
                np.add(written, kept, c_t)
                if peepholes is not None:
                    np.exp(a[0] - peepholes[2] * c_t, o_t)
                    o_t += one
                np.tanh(c_t, tanh_c_t)
                np.divide(tanh_c_t, o_t, h)
            B = t.stop - t.start
            states[1:][t, 0], states[1:][t, 1] = h_seen[1:][t], c[1 : B + 1]
            by_gate = block[:B].swapaxes(0, 1)
            np.reciprocal(by_gate[:3], gates[:3, t])
            gates[3:, t] = by_gate[3:]
    return states[1:], LSTMSequenceCache(params, seen, states[:, 1], gates, loan)


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
    dstates, space = check_backward(
        "lstm_backward", LSTMSequenceCache, dstates, cache, lambda c: (len(c.c) - 1, 2, *c.c.shape[1:])
    )
    params, seen, c, gates, _ = cache
    (_, T, N, H), D, dtype = gates.shape, params.W_x.shape[1], gates.dtype
    peepholes = _peepholes(params)

    dstate = np.zeros((2, N, H), dtype)
    dh, dc = dstate
    through_h, dx = space.take("through_h", (N, H), dtype), space.take("dx", (T, N, D), dtype)
    to_state, to_input = product_into(dh, params.W_h), product_with(params.W_x)
    pieces = pieces_with_blocks(T, N, 10 * N * H * dtype.itemsize)
    da, slopes = gradient_space(space, pieces, 4, 5, (N, H), dtype)
    by_gate = da.reshape(-1, N, 4, H).swapaxes(1, 2)
    da_views = list(zip(by_gate[:, :3], by_gate[:, 3], da))
    slope_views = list(zip(slopes[1:4].swapaxes(0, 1), slopes[0], slopes[4]))
    dW, dp = sum_over_steps(4 * H, D + H + 1, dtype), np.zeros((3, H), dtype)
    with fast_loops():
        for piece, blocks in pieces:
            for t, here in blocks:
                _local_derivatives(gates[:, t], slopes)
                steps = dstates[t], gates[2, t], slope_views[: t.stop - t.start], da_views[here]
                for k, (dstate_t, f, (by_ifg, by_o, by_c), (da_ifg, da_o, da_t)) in backwards(
                    T - t.stop, *steps
                ):
                    np.add(dstate, dstate_t, dstate)
                    np.multiply(by_o, dh, da_o)
                    np.multiply(by_c, dh, through_h)
                    np.add(dc, through_h, dc)
                    if peepholes is not None:
                        dc += peepholes[2] * da_o
                    np.multiply(by_ifg, dc, da_ifg)
                    np.multiply(dc, f, dc)
                    if peepholes is not None:
                        dc += peepholes[0] * da_ifg[0] + peepholes[1] * da_ifg[1]
                    to_state(da_t)
                    if k % FLUSH_EVERY == 0:
                        flush(dstate)
            done = da[: piece.stop - piece.start]
            to_input(done.reshape(-1, 4 * H), dx[piece].reshape(-1, D))
            dW += over_all_steps(done, seen[piece])
            if peepholes is not None:
                da_i, da_f, _, da_o = columns(done, H, 4)
                for dp_k, da_k, c_k in zip(dp, (da_i, da_f, da_o), (c[:-1], c[:-1], c[1:])):
                    dp_k += np.einsum("tnh,tnh->h", da_k, c_k[piece])
    return dx, dstate, LSTMParams(*part_weights(dW, D), None if params.p is None else dp)


def _peepholes(params):
    """p as (3, 1, H), for all rows of a batch; None if there are none."""
    return None if params.p is None else params.p[:, None]


def _local_derivatives(gates, slopes):
    """∂h/∂a_o, ∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g and ∂h/∂c into the front of `slopes`, for a block of steps.

    tanh(c) o (1 − o), g i (1 − i), c_{t−1} f (1 − f), i (1 − g²); o (1 − tanh² c).
    """
    o, i, _, g, _, tanh_c = gates
    slopes = slopes[:, : len(o)]
    by_o, by_i_f, by_oif = slopes[0], slopes[1:3], slopes[:3]
    np.subtract(1, gates[:3], by_oif)
    np.multiply(by_oif, gates[:3], by_oif)
    np.multiply(by_o, tanh_c, by_o)
    np.multiply(by_i_f, gates[3:5], by_i_f)
    for value, gate, slope in ((g, i, slopes[3]), (tanh_c, o, slopes[4])):
        np.multiply(value, value, slope)
        np.multiply(slope, gate, slope)
        np.subtract(gate, slope, slope)
