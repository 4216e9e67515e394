"""The plain recurrent net as a whole-sequence kernel: the shortest of the four, so read it first."""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.recurrent.bptt import STEP_ACTIVATIONS, RNNParams
from vgcourse.recurrent.fast._blocks import (
    FLUSH_EVERY,
    backwards,
    fast_loops,
    flush,
    gradient_pieces,
    step_blocks,
)
from vgcourse.recurrent.fast._checks import check_backward, check_forward
from vgcourse.recurrent.fast._layout import beside_states, join_weights, part_weights
from vgcourse.recurrent.fast._products import over_all_steps, product_into, product_with, sum_over_steps
from vgcourse.recurrent.fast._workspace import Loan, check_workspace


class RNNSequenceCache(NamedTuple):
    """What going back over the whole sequence needs."""

    params: RNNParams
    seen: np.ndarray  # rows [x_t, h_{t−1}, 1] (T + 1, N, D + H + 1), the last only for h_T
    slopes: np.ndarray  # f'(a_t) (T, N, H)
    loan: Loan | None


def rnn_forward(params, x, state0, workspace=None, *, activation="tanh"):
    """a_t = x_t W_xᵀ + h_{t−1} W_hᵀ + b, h_t = f(a_t) for all t (Elman 1990).

    Parameters
    ----------
    params : RNNParams
    x : (T, N, D) array
    state0 : (N, H) array
    workspace : Workspace to be used again, or None; see there what that means for the results
    activation : name of f, as in `recurrent.rnn_step_forward`

    Returns
    -------
    states : (T, N, H) array: states[t − 1] is the state after x_t
    cache : RNNSequenceCache; it shares no memory with states, x and state0

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If T = 0 or N = 0, shapes do not fit, something is NaN or infinite, or f is unknown.
    """
    expect_choice("rnn_forward", "activation", activation, STEP_ACTIVATIONS)
    params, x, state0 = check_forward("rnn_forward", RNNParams, params, x, state0, gates=1)
    space, loan = check_workspace("rnn_forward", workspace)
    (T, N, _), H, dtype = x.shape, params.W_h.shape[1], x.dtype
    f = STEP_ACTIVATIONS[activation]

    seen, h_seen = beside_states(space, x, state0)
    states, slopes = space.take("states", (T, N, H), dtype), space.take("slopes", (T, N, H), dtype)
    a = space.take("a", (N, H), dtype)
    pre_activation = product_into(a, join_weights(params))
    with fast_loops():
        for t in step_blocks(T, 2 * N * H * x.itemsize):
            new = h_seen[1:][t]
            for seen_t, h, slope in zip(seen[t], new, slopes[t]):
                pre_activation(seen_t)
                if activation == "tanh":
                    np.tanh(a, h)
                else:
                    h[...], slope[...] = f.function(a), f.derivative(a)
            if activation == "tanh":
                np.multiply(new, new, slopes[t])
                np.subtract(1, slopes[t], slopes[t])
            states[t] = new  # the caller's own: backward reads the rows
    return states, RNNSequenceCache(params, seen, slopes, loan)


def rnn_backward(dstates, cache):
    """da_t = dh_t ⊙ f'(a_t) and dh_{t−1} = dstates_{t−1} + da_t W_h for all t (Werbos 1990).

    Every 16 steps, if all of dh_t is smaller than 1e3 · tiny (2e−305 in float64, 1e−35 in float32), it
    becomes 0: subnormal numbers, those below tiny, would make every later step about 8 times slower. The
    steps of `recurrent` go on to the smallest of them.

    Parameters
    ----------
    dstates : (T, N, H) array, the gradient of each step's own loss with respect to its state
    cache : RNNSequenceCache

    Returns
    -------
    dx : (T, N, D) array
    dstate0 : (N, H) array
    grads : RNNParams

    Raises
    ------
    TypeError
        If cache is of another cell, or dstates not of its precision.
    ValueError
        If dstates has not the shape of the states or is not finite, or the cache's workspace was used again.
    """
    dstates, space = check_backward(
        "rnn_backward", RNNSequenceCache, dstates, cache, lambda c: c.slopes.shape
    )
    params, seen, slopes, _ = cache
    (T, N, H), D, dtype = slopes.shape, params.W_x.shape[1], slopes.dtype

    dh, dW = np.zeros((N, H), dtype), sum_over_steps(H, D + H + 1, dtype)
    to_state, to_input = product_into(dh, params.W_h), product_with(params.W_x)
    pieces = gradient_pieces(T, N)
    da, dx = space.take("da", (pieces[-1].stop, N, H), dtype), space.take("dx", (T, N, D), dtype)
    with fast_loops():
        for piece in pieces:
            done = da[: piece.stop - piece.start]
            for k, (dstate, slope, da_t) in backwards(T - piece.stop, dstates[piece], slopes[piece], done):
                # h_t is used by its own loss and by step t + 1
                np.add(dh, dstate, dh)
                # h_t = f(a_t)
                np.multiply(slope, dh, da_t)
                # a_t = … + h_{t−1} W_hᵀ; from here dh is h_{t−1}'s
                to_state(da_t)
                if k % FLUSH_EVERY == 0:
                    flush(dh)
            # a_t = x_t W_xᵀ + …, for all steps of the piece
            to_input(done.reshape(-1, H), dx[piece].reshape(-1, D))
            # a_t = [x_t, h_{t−1}, 1] [W_x, W_h, b]ᵀ
            dW += over_all_steps(done, seen[piece])
    return dx, dh, RNNParams(*part_weights(dW, D))
