"""The LSTM as a whole-sequence kernel, with or without peepholes.

Inside, the gates stand in the order o, i, f, g: the three sigmoids are neighbours, and so are the three
gates that write the memory.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.recurrent import LSTMParams
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

OUTSIDE, INSIDE = "ifgo", "oifg"


class LSTMSequenceCache(NamedTuple):
    """Input, all states h and c (2, T + 1, N, H), gate f (T, N, H), local derivatives: ∂h/∂c (T, N, H)
    and those by a_o, a_i, a_f, a_g (T, N, 4H)."""

    params: LSTMParams
    x: np.ndarray
    states: np.ndarray
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
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    rows, sign = in_rows(OUTSIDE, H, INSIDE), np.repeat(np.array([-1, -1, -1, 1], dtype), H)
    W_x, W_h, b = (sign * w[rows].T for w in params[:3])
    W_h, peepholes = np.ascontiguousarray(W_h), _peepholes(params)

    states = space.take("states", (2, T + 1, N, H), dtype)
    slopes = space.take("slopes", (T, N, 4 * H), dtype)
    keep, slope_h = space.take("keep", (T, N, H), dtype), space.take("slope_h", (T, N, H), dtype)
    blocks = step_blocks(T, 10 * N * H * x.itemsize)
    gates = space.take("gates", (blocks[0].stop, N, 4 * H), dtype)
    tanh_c = space.take("tanh_c", (blocks[0].stop, N, H), dtype)
    from_h, written = space.take("from_h", (N, 4 * H), dtype), space.take("written", (N, H), dtype)
    states[:, 0] = state0
    (h_old, c_old), (h_new, c_new) = states[:, :-1], states[:, 1:]
    with fast_loops():
        for t in blocks:
            block, tanh = gates[: t.stop - t.start], tanh_c[: t.stop - t.start]
            np.dot(x[t].reshape(-1, D), W_x, out=block.reshape(-1, 4 * H))
            block += b
            steps = h_old[t], c_old[t], h_new[t], c_new[t], tanh, block, block[:, :, : 3 * H]
            for h_prev, c_prev, h, c, tc, a, s, o, i, f, g in zip(
                *steps, *columns(block, H, 4)
            ):  # a holds x_t W_xᵀ + b
                np.dot(h_prev, W_h, from_h)
                np.add(a, from_h, a)
                if peepholes:
                    i -= peepholes.i * c_prev  # the minus of −a
                    f -= peepholes.f * c_prev
                    sigmoid_of_minus(i)
                    sigmoid_of_minus(f)
                else:
                    sigmoid_of_minus(s)
                np.tanh(g, g)
                np.multiply(f, c_prev, c)
                np.multiply(i, g, written)
                np.add(c, written, c)
                if peepholes:
                    o -= peepholes.o * c
                    sigmoid_of_minus(o)
                np.tanh(c, tc)
                np.multiply(o, tc, h)
            _local_derivatives(block, c_old[t], tanh, slopes[t], slope_h[t])
            keep[t] = block[:, :, 2 * H : 3 * H]
    cache = LSTMSequenceCache(params, x, states, keep, slopes, slope_h, loan)
    return states[:, 1:].swapaxes(0, 1), cache


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
        "lstm_backward", LSTMSequenceCache, dstates, cache, lambda c: (len(c.x), 2, *c.f.shape[1:])
    )
    params, x, states, keep, slopes, slope_h, _ = cache
    (T, N, D), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    rows, peepholes = in_rows(OUTSIDE, H, INSIDE), _peepholes(params)
    W_x, W_h = params.W_x[rows], params.W_h[rows]

    dstate = np.zeros((2, N, H), dtype)
    dh, dc = dstate
    dc_of_gates = dc[:, None]  # one dc for i, f, g
    through_h = space.take("through_h", (N, H), dtype)
    with fast_loops():
        o_slope = slopes[:, :, :H]
        ifg_slope, da_ifg = (v.reshape(T, N, 4, H)[:, :, 1:] for v in (slopes, da))
        steps = dstates, o_slope, ifg_slope, slope_h, keep, da, da[:, :, :H], da_ifg
        for k, (dstate_t, by_o, by_ifg, by_c, f, da_t, da_o, da_ifg_t) in backwards(*steps):
            np.add(dstate, dstate_t, dstate)
            np.multiply(by_o, dh, da_o)
            np.multiply(by_c, dh, through_h)
            np.add(dc, through_h, dc)
            if peepholes:
                dc += peepholes.o * da_o
            np.multiply(by_ifg, dc_of_gates, da_ifg_t)
            np.multiply(dc, f, dc)
            if peepholes:
                dc += peepholes.i * da_ifg_t[:, 0] + peepholes.f * da_ifg_t[:, 1]
            np.dot(da_t, W_h, dh)
            if k % FLUSH_EVERY == 0:
                flush(dstate)
        dx = space.take("dx", (T, N, D), dtype)
        np.dot(da.reshape(-1, 4 * H), W_x, out=dx.reshape(-1, D))
        grads = over_all_steps(da, x), over_all_steps(da, states[0, :-1]), bias_gradient(da)
    outside = in_rows(INSIDE, H, OUTSIDE)
    dp = (
        None if p is None else np.einsum("tnh,tnh->h", da[:, :, k * H : (k + 1) * H], seen)
        for p, k, seen in zip(params[3:], (1, 2, 0), (states[1, :-1], states[1, :-1], states[1, 1:]))
    )
    return dx, dstate, LSTMParams(*(np.ascontiguousarray(dw[outside]) for dw in grads), *dp)


class _Peepholes(NamedTuple):
    i: np.ndarray
    f: np.ndarray
    o: np.ndarray


def _peepholes(params):
    """The three weight vectors, zeros for one that is missing; None if all are."""
    given = params.p_i, params.p_f, params.p_o
    if all(p is None for p in given):
        return None
    return _Peepholes(
        *(np.zeros_like(params.b, shape=params.W_h.shape[1]) if p is None else p for p in given)
    )


def _local_derivatives(gates, c_prev, tanh_c, slopes, slope_h):
    """∂h/∂a_o, ∂c/∂a_i, ∂c/∂a_f, ∂c/∂a_g into `slopes`, ∂h/∂c into `slope_h`, for a block of steps.

    tanh(c) σ'(a_o), g σ'(a_i), c_{t−1} σ'(a_f), i tanh'(a_g); o tanh'(c).
    """
    H = tanh_c.shape[-1]
    o, i, _, g = columns(gates, H, 4)
    by_o, by_i, by_f, by_g = columns(slopes, H, 4)
    sigmoids, by_sigmoids = gates[:, :, : 3 * H], slopes[:, :, : 3 * H]
    np.subtract(1, sigmoids, by_sigmoids)  # σ' = σ (1 − σ)
    np.multiply(by_sigmoids, sigmoids, by_sigmoids)
    np.multiply(by_o, tanh_c, by_o)
    np.multiply(by_i, g, by_i)
    np.multiply(by_f, c_prev, by_f)
    np.multiply(g, g, by_g)  # tanh' = 1 − tanh²
    np.subtract(1, by_g, by_g)
    np.multiply(by_g, i, by_g)
    np.multiply(tanh_c, tanh_c, slope_h)
    np.subtract(1, slope_h, slope_h)
    np.multiply(slope_h, o, slope_h)
