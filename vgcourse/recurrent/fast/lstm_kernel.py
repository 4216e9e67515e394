"""The LSTM as a whole-sequence kernel, with or without peepholes.

Inside, the forward pass has the gates in the order o, i, f, g and then c_{t−1}: the three sigmoids are
neighbours, and i ⊙ g and f ⊙ c_{t−1} are one product of two neighbours with two neighbours.
"""

from typing import NamedTuple

import numpy as np

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
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with, sum_over_steps
from vgcourse.recurrent.fast._workspace import Loan, check_workspace
from vgcourse.recurrent.lstm import LSTMParams


class LSTMSequenceCache(NamedTuple):
    """What going back over the whole sequence needs."""

    params: LSTMParams
    seen: np.ndarray  # rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T
    gates: np.ndarray  # o, i, f, g, c_{t−1}, tanh(c_t) (6, T, N, H)
    c_last: np.ndarray  # c_T (N, H)
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
    cache : LSTMSequenceCache; it shares no memory with states, x and state0

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
    sign = np.repeat(np.array([-1, -1, -1, 1], dtype), H)
    W, peepholes = sign * join_weights(params)[:, in_rows("ifgo", H, "oifg")], _peepholes(params)
    one, exp = np.ones((), dtype), exponential(dtype)

    seen, h_seen = beside_states(space, x, state0[0])
    states, gates = space.take("states", (T, 2, N, H), dtype), space.take("gates", (6, T, N, H), dtype)
    blocks = step_blocks(T, 8 * N * H * x.itemsize)
    block = space.take("block", (blocks[0].stop + 1, 6, N, H), dtype)
    a, written_and_kept = space.take("a", (4, N, H), dtype), space.take("terms", (2, N, H), dtype)
    pre_activations, (a_oif, a_g), (written, kept) = product_into(a, W), (a[:3], a[3]), written_and_kept
    o, _, _, g, c, tanh_c = block.swapaxes(0, 1)
    views = list(zip(block[:, :3], block[:, 1:3], block[:, 3:5], o, g, c, c[1:], tanh_c))  # for each block
    c[0] = state0[1]
    with fast_loops():
        for t in blocks:
            for seen_t, h, (oif, i_f, g_c, o_t, g_t, c_prev, c_t, tanh_c_t) in zip(
                seen[t], h_seen[1:][t], views
            ):
                pre_activations(seen_t)
                if peepholes is not None:
                    a[1:3] -= peepholes[:2] * c_prev  # the minus of −a
                exp(a_oif, oif)
                np.add(oif, one, oif)  # 1/σ
                np.tanh(a_g, g_t)
                np.divide(g_c, i_f, written_and_kept)
                np.add(written, kept, c_t)
                if peepholes is not None:
                    exp(a[0] - peepholes[2] * c_t, o_t)
                    o_t += one
                np.tanh(c_t, tanh_c_t)
                np.divide(tanh_c_t, o_t, h)
            B = t.stop - t.start
            by_gate = block[:B].swapaxes(0, 1)
            np.reciprocal(by_gate[:3], gates[:3, t])
            gates[3:, t] = by_gate[3:]
            states[t, 0], states[t, 1] = h_seen[1:][t], c[1 : B + 1]
            c[0] = c[B]
    return states, LSTMSequenceCache(params, seen, gates, c[0].copy(), loan)


def lstm_backward(dstates, cache):
    """dc_t gets dh_t ⊙ o ⊙ (1 − tanh² c_t); dc_{t−1} = dc_t ⊙ f; dh_{t−1} = da_t W_h; for all t.

    Every 16 steps, if all of dh_t and dc_t is smaller than 1e3 · tiny (2e−305 in float64, 1e−35 in float32),
    both become 0: subnormal numbers, those below tiny, would make every later step about 8 times slower. The
    steps of `recurrent` go on to the smallest of them.

    Parameters
    ----------
    dstates : (T, 2, N, H) array, the gradient of each step's own loss with respect to its h and c
    cache : LSTMSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (2, N, H) array
    grads : LSTMParams; p is None where there are no peepholes

    Raises
    ------
    TypeError
        If cache is of another cell, or dstates not of its precision.
    ValueError
        If dstates has not the shape of the states or is not finite, or the cache's workspace was used again.
    """
    dstates, space = check_backward(
        "lstm_backward",
        LSTMSequenceCache,
        dstates,
        cache,
        lambda c: (c.gates.shape[1], 2, *c.gates.shape[2:]),
    )
    params, seen, gates, c_next, _ = cache
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
                    # h_t and c_t are used by their own loss and by step t + 1
                    np.add(dstate, dstate_t, dstate)
                    # h = o ⊙ tanh(c), o = σ(a_o)
                    np.multiply(by_o, dh, da_o)
                    np.multiply(by_c, dh, through_h)
                    np.add(dc, through_h, dc)
                    # a_o = … + p_o ⊙ c
                    if peepholes is not None:
                        dc += peepholes[2] * da_o
                    # c = f ⊙ c_prev + i ⊙ g, i = σ(a_i), f = σ(a_f), g = tanh(a_g); from here dc is c_prev's
                    np.multiply(by_ifg, dc, da_ifg)
                    np.multiply(dc, f, dc)
                    # a_i = … + p_i ⊙ c_prev, a_f = … + p_f ⊙ c_prev
                    if peepholes is not None:
                        dc += peepholes[0] * da_ifg[0] + peepholes[1] * da_ifg[1]
                    # a = … + h_prev W_hᵀ; from here dh is h_prev's
                    to_state(da_t)
                    if k % FLUSH_EVERY == 0:
                        flush(dstate)
            done = da[: piece.stop - piece.start]
            # a_t = x_t W_xᵀ + …, for all steps of the piece
            to_input(done.reshape(-1, 4 * H), dx[piece].reshape(-1, D))
            # a_t = [x_t, h_{t−1}, 1] [W_x, W_h, b]ᵀ
            dW += over_all_steps(done, seen[piece])
            # a_i, a_f = … + p_i ⊙ c_prev, … + p_f ⊙ c_prev and a_o = … + p_o ⊙ c
            if peepholes is not None:
                (da_i, da_f, _, da_o), c_prev = columns(done, H, 4), gates[4, piece]
                c = np.concatenate([c_prev[1:], c_next[None]])
                dp += [np.einsum("tnh,tnh->h", *pair) for pair in ((da_i, c_prev), (da_f, c_prev), (da_o, c))]
                c_next = c_prev[0]
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
    by_o, by_i_f, by_oif, by_g, by_c = slopes[0], slopes[1:3], slopes[:3], slopes[3], slopes[4]
    # ∂h/∂a_o, ∂c/∂a_i, ∂c/∂a_f
    np.subtract(1, gates[:3], by_oif)
    np.multiply(by_oif, gates[:3], by_oif)
    np.multiply(by_o, tanh_c, by_o)
    np.multiply(by_i_f, gates[3:5], by_i_f)
    # ∂c/∂a_g = i − i g², ∂h/∂c = o − o tanh² c
    for value, gate, slope in ((g, i, by_g), (tanh_c, o, by_c)):
        np.multiply(value, value, slope)
        np.multiply(slope, gate, slope)
        np.subtract(gate, slope, slope)
