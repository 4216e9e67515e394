"""Where things lie: inputs beside states, weights beside weights, gates beside gates."""

import numpy as np


def beside_states(space, x, state0):
    """Rows [x_t, h_{t−1}, 1], (T + 1, N, D + H + 1), and the h in them, (T + 1, N, H), to be filled in.

    With them a pre-activation is one product a step, and so are all weight gradients of many steps.
    The last row is only there for h_T.
    """
    (T, N, D), H = x.shape, state0.shape[-1]
    seen = space.take("seen", (T + 1, N, D + H + 1), x.dtype)
    seen[:T, :, :D] = x
    seen[:, :, -1] = 1
    states = seen[:, :, D:-1]
    states[0] = state0
    return seen, states


def join_weights(params):
    """W_x, W_h and b as one matrix that multiplies such rows, (D + H + 1, gates · H)."""
    return np.concatenate([params.W_x, params.W_h, params.b[:, None]], axis=1).T


def part_weights(dW, D):
    """The gradients with respect to W_x, W_h and b, which stand side by side in dW."""
    return (np.ascontiguousarray(part) for part in (dW[:, :D], dW[:, D:-1], dW[:, -1]))


def columns(gates, H, count):
    """The gates one by one: views of H columns each."""
    return tuple(gates[:, :, k * H : (k + 1) * H] for k in range(count))


def in_rows(gates, H, order):
    """Indices that bring blocks of H rows into another order: in_rows("ab", H, "ba") swaps two."""
    return np.concatenate([np.arange(H) + H * gates.index(gate) for gate in order])
