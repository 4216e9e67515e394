"""Can a net learn to remember what lies further back than its gradient reaches?

The first of T = 40 inputs is a sign, marked; noise signs follow; the answer at the last step is the first
sign. One LSTM learns from the whole gradient, one from chunks of 10 steps with carried state: the last chunk
alone has a loss. Forget biases 1 and 5, so that a fresh net forgets the sign, or happens to keep it.
Control: chunks with the state set to zero at each border, where nothing crosses at all.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.authoring.measured import store
from vgcourse.layers import LinearParams
from vgcourse.optim import adam_init, adam_step, clip_by_global_norm
from vgcourse.recurrent import cell_init, zero_state
from vgcourse.recurrent.fast import lstm_backward, lstm_forward

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "T": 40,
    "k": 10,
    "N": 32,
    "H": 16,
    "steps": 1000,
    "rate": 0.01,
    "forget_biases": [1.0, 5.0],
    "ways": ["whole", "chunks", "chunks, state zero"],
}
REDUCED = SETTINGS | {"seeds": [1], "steps": 30}
TOLERANCE = 1e-5


def run(reduced=False):
    """Accuracy on 1000 fresh sequences by forget bias and way, one number per seed."""
    settings = REDUCED if reduced else SETTINGS
    return {
        f"{bias:g}": {
            way: [train(bias, way, seed, settings) for seed in settings["seeds"]] for way in settings["ways"]
        }
        for bias in settings["forget_biases"]
    }


def train(bias, way, seed, settings):
    """Adam on the cross-entropy of the last step."""
    T, k, N, H = (settings[key] for key in ("T", "k", "N", "H"))
    rng = np.random.default_rng(seed)
    cell = cell_init("lstm", 2, H, rng=rng, forget_bias=bias)
    params = (cell, LinearParams(rng.normal(size=(1, H)) / np.sqrt(H), np.zeros(1)))
    adam = adam_init(params)
    for _ in range(settings["steps"]):
        x, signs = sequences(T, N, rng)
        last, cache = forward(params[0], x, way, k)
        h = last[-1, 0]
        d_out = (sigmoid(h @ params[1].W.T + params[1].b) - (signs[:, None] + 1) / 2) / N
        dstates = np.zeros_like(last)
        dstates[-1, 0] = d_out @ params[1].W
        _, _, grads = lstm_backward(dstates, cache)
        grads = (grads, LinearParams(d_out.T @ h, d_out.sum(axis=0)))
        grads = clip_by_global_norm(grads, 1.0)
        params, adam = adam_step(params, grads, adam, settings["rate"])
    x, signs = sequences(T, 1000, rng)
    h = forward(params[0], x, way, k)[0][-1, 0]
    return float(np.mean(np.sign(h @ params[1].W.T + params[1].b)[:, 0] == signs))


def sequences(T, N, rng):
    """Signs (T, N), a mark at the first, and that first sign."""
    signs = rng.choice([-1.0, 1.0], size=(T, N))
    mark = np.zeros((T, N))
    mark[0] = 1
    return np.stack([signs, mark], axis=2), signs[0]


def forward(cell, x, way, k):
    """The states and cache of the steps that the gradient goes back over: all, or the last chunk."""
    state = zero_state("lstm", x.shape[1], cell.W_h.shape[1])
    if way == "whole":
        return lstm_forward(cell, x, state)
    if way == "chunks":  # the state crosses the borders, the gradient does not
        state = lstm_forward(cell, x[:-k], state)[0][-1]
    return lstm_forward(cell, x[-k:], state)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
