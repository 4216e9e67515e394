"""How far a cut gradient points from the whole one: by window, by style of cutting, and by cell.

200 steps, a loss at each, V_t · h_t with random V_t. `gradients_by_lag` splits the whole gradient by lag, so
the gradient of a window of k steps is the sum of the first k lags; that of chunks is from `truncated_bptt`.
For both: the cosine with the whole gradient. And what the lags' own sizes predict, if unrelated lags
stood at right angles: the root of the share of squares that the cut keeps.
"""

import numpy as np

from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.recurrent import CELLS, cell_init, gradients_by_lag, unroll_forward, zero_state
from vgcourse.recurrent.memory import from_steps, truncated_bptt

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "T": 200,
    "N": 8,
    "D": 10,
    "H": 64,
    "k": [1, 2, 5, 10, 20, 50, 100, 200],
    "cells": {
        "tanh RNN": ["rnn", {}],
        "LSTM, bias 1": ["lstm", {"forget_bias": 1.0}],
        "LSTM, bias 3": ["lstm", {"forget_bias": 3.0}],
        "LSTM, bias 5": ["lstm", {"forget_bias": 5.0}],
        "GRU, bias 3": ["gru", {"forget_bias": 3.0}],
    },
}
REDUCED = SETTINGS | {"seeds": [1], "T": 40, "H": 16, "k": [1, 5, 10, 40]}
TOLERANCE = 1e-6


def run(reduced=False):
    """By cell: cosines (seeds, windows) of windows and of chunks, the prediction, and the norms by lag."""
    settings = REDUCED if reduced else SETTINGS
    result = {}
    for name, (cell, options) in settings["cells"].items():
        rows = [one_net(cell, options, seed, settings) for seed in settings["seeds"]]
        result[name] = {key: [row[key] for row in rows] for key in rows[0]}
    return result


def one_net(cell, options, seed, settings):
    """The cosines of one draw of weights, inputs and losses."""
    T, N, D, H = (settings[size] for size in ("T", "N", "D", "H"))
    rng = np.random.default_rng(seed)
    params = cell_init(cell, D, H, rng=rng, **options)
    x, V = rng.normal(size=(T, N, D)), rng.normal(size=(T, N, H))
    state0 = zero_state(cell, N, H)

    def loss(states, start, stop):
        dstates = np.zeros_like(states)
        h, dh = (states[:, 0], dstates[:, 0]) if states.ndim == 4 else (states, dstates)
        dh[...] = V[start:stop]
        return (V[start:stop] * h).sum(), dstates

    states, caches = unroll_forward(CELLS[cell].step_forward, params, x, state0)
    _, dstates = loss(states, 0, T)
    lags = flat(gradients_by_lag(CELLS[cell].step_backward, dstates, caches), T)
    whole = lags.sum(axis=0)
    result = {"window": [], "chunk": [], "predicted": [], "chunk_length": []}
    squares = (lags**2).sum(axis=1)
    for k in settings["k"]:
        window = lags[:k].sum(axis=0)
        chunk = flat(truncated_bptt(from_steps(cell), params, x, state0, loss, k=k).grads, 1)[0]
        result["window"].append(cosine(window, whole))
        result["chunk"].append(cosine(chunk, whole))
        result["predicted"].append(np.sqrt(squares[:k].sum() / squares.sum()))
        result["chunk_length"].append(np.linalg.norm(chunk) / np.linalg.norm(whole))
        if k == T:
            assert relative_error(window, chunk) < 1e-10  # nothing is cut: two routes to one gradient
    result["norms_by_lag"] = np.sqrt(squares)
    return result


def flat(grads, rows):
    """All arrays of a gradient beside each other, one row per lag."""
    return np.concatenate([g.reshape(rows, -1) for g in grads if g is not None], axis=1)


def cosine(a, b):
    """The cosine of the angle between two vectors."""
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
