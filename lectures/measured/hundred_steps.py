"""What is left of a gradient after a hundred steps, in thirteen nets, 1990 to 2024, each at its usual start.

Measured is ‖∂h_100/∂h_0‖ (Frobenius norm over √64) of 64 units before any training; of an LSTM ∂c_100/∂c_0.
Recurrent nets read 100 Gaussian inputs of 64 numbers; nets through depth have 100 layers. Weights have the
variance 1/n and gates the bias 0 unless the name or the paper says something else:

- identity ReLU (Le et al. 2015): W_h = I, W_x with the standard deviation 0.001
- highway (Srivastava et al. 2015): gate bias −2; residual (He et al. 2016): h + W max(h, 0), variance 2/n
- LRU (Orvieto et al. 2023): |λ| from a ring, 0.9 to 0.999, uniform in the area
- Mamba (Gu & Dao 2023): carry exp(−Δ A), A = 1 … 16, Δ from 0.001 to 0.1, uniform in the logarithm
- minGRU (Feng et al. 2024): z = σ(a), a of variance 1
"""

from functools import partial

import numpy as np

from vgcourse import layers
from vgcourse.activations import sigmoid
from vgcourse.authoring.measured import store
from vgcourse.initializers import he, identity, lecun
from vgcourse.recurrent import CELLS, cell_init, unroll_backward, unroll_forward, zero_state

SETTINGS = {"seeds": [1, 2, 3, 4, 5], "steps": 100}
REDUCED = SETTINGS | {"seeds": [1], "steps": 20}
TOLERANCE = 1e-6
n = 64


def run(reduced=False):
    """Sizes by net and seed."""
    settings = REDUCED if reduced else SETTINGS
    return {
        name: [net(np.random.default_rng(seed), settings["steps"]) for seed in settings["seeds"]]
        for name, net in NETS.items()
    }


def recurrent_net(cell, draw, T, activation=None, **start):
    """All 64 rows of the Jacobian come back as a batch of 64 equal sequences."""
    params = cell_init(cell, n, n, rng=draw, **{"initializer": lecun, **start})
    forward, backward = CELLS[cell].step_forward, CELLS[cell].step_backward
    if activation:
        forward = partial(forward, activation=activation)
    x = np.repeat(draw.normal(size=(T, 1, n)), n, axis=1)
    states, caches = unroll_forward(forward, params, x, zero_state(cell, n, n))
    dstates = np.zeros_like(states)
    (dstates[-1, 1] if cell == "lstm" else dstates[-1])[...] = np.eye(n)
    _, total, _ = unroll_backward(backward, dstates, caches)
    return size(total[0, 1] if cell == "lstm" else total[0])


def taps(draw, T, d=5):
    """h_t = tanh(Σ_k W_k h_{t−k} + x_t), k = 1 … d, and back: rows of ∂h_T/∂h_t."""
    Ws = draw.normal(size=(d, n, n)) / np.sqrt(d * n)
    h = [np.zeros(n)] * d
    for x_t in draw.normal(size=(T, n)):
        h.append(np.tanh(sum(W @ h[-k] for k, W in enumerate(Ws, 1)) + x_t))
    back = [np.zeros((n, n)) for _ in range(T)] + [np.eye(n)]
    for t in range(T, 0, -1):
        da = back[t] * (1 - h[t + d - 1] ** 2)
        for k in range(1, min(d, t) + 1):
            back[t - k] += da @ Ws[k - 1]
    return size(back[0])


def highway(draw, K, gate_bias=-2.0):
    """K highway layers, from one Gaussian input."""
    h, J, caches = np.repeat(draw.normal(size=(1, n)), n, axis=0), np.eye(n), []
    for _ in range(K):
        params = layers.highway_init(n, gate_bias=gate_bias, rng=draw, initializer=lecun)
        h, cache = layers.highway_forward(params, h)
        caches.append(cache)
    for cache in caches[::-1]:
        J, _ = layers.highway_backward(J, cache)
    return size(J)


def residual(draw, K):
    """K blocks h + W max(h, 0)."""
    h, J = draw.normal(size=n), np.eye(n)
    for _ in range(K):
        W = he((n, n), rng=draw)
        J = J + (W * (h > 0)) @ J
        h = h + W @ np.maximum(h, 0)
    return size(J)


def lru(draw, T):
    """|λ|^T of a ring."""
    return size(np.sqrt(draw.uniform(0.9**2, 0.999**2, size=n)) ** T)


def mamba(draw, T):
    """exp(−T Δ A)."""
    step = np.exp(draw.uniform(np.log(0.001), np.log(0.1), size=n))
    return size(np.exp(-T * step * draw.integers(1, 17, size=n)))


def mingru(draw, T):
    """The product of T gates that look at the input only."""
    return size(sigmoid(draw.normal(size=(T, n))).prod(axis=0))


def size(J):
    """Frobenius norm over √n: 1 for the identity. A vector is a diagonal."""
    return np.linalg.norm(J) / np.sqrt(n)


def tiny(shape, *, rng, dtype=float):
    """Le et al. 2015: inputs with the standard deviation 0.001."""
    return 0.001 * rng.normal(size=shape).astype(dtype)


NETS = {
    "1990 plain tanh: 0, 1": partial(recurrent_net, "rnn"),
    "1996 NARX, 5 taps": taps,
    "1997 LSTM, no forget gate: 1, i": partial(recurrent_net, "lstm", forget_bias=40.0),
    "2000 LSTM, forget bias 0: f, i": partial(recurrent_net, "lstm", forget_bias=0.0),
    "2014 GRU: z, 1 − z": partial(recurrent_net, "gru"),
    "2015 LSTM, forget bias 1: f, i": partial(recurrent_net, "lstm", forget_bias=1.0),
    "2015 identity ReLU: 0, 1": partial(
        recurrent_net, "rnn", activation="relu", recurrent=identity, initializer=tiny
    ),
    "2015 highway, bias −2: 1 − g, g": highway,
    "2016 residual: 1, 1": residual,
    "2016 UGRNN: g, 1 − g": partial(recurrent_net, "ugrnn"),
    "2023 LRU: λ, √(1 − |λ|²)": lru,
    "2023 Mamba: exp(−ΔA), Δ": mamba,
    "2024 minGRU: z, 1 − z": mingru,
}

if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
