"""How far back a random recurrent net remembers: a linear readout asks for the input of k steps ago.

The nets of lecture 7: H units, h_t = f(W h_{t−1} + c x_t), white noise x_t, nothing trained but the readout.
It is fitted by least squares on the first half of the run; what is stored is the share of the input's
variance that it recalls on the second half, for every lag. All seeds of a net run side by side.
"""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.authoring.measured import store

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "H": 50,
    "steps": 4000,
    "washout": 200,
    "lags": 60,
    "ridge": 1e-8,  # of the mean square of a state, added to the diagonal of the normal equations
    # net: law of W, spectral radius, size of the inputs, activation
    "nets": {
        "Gaussian, ρ = 0.5": ["Gaussian", 0.5, 0.1, "tanh"],
        "Gaussian, ρ = 0.9": ["Gaussian", 0.9, 0.1, "tanh"],
        "orthogonal, ρ = 0.9": ["orthogonal", 0.9, 0.1, "tanh"],
        "orthogonal, ρ = 0.98": ["orthogonal", 0.98, 0.1, "tanh"],
        "orthogonal, inputs × 10": ["orthogonal", 0.98, 1.0, "tanh"],
        "orthogonal, linear": ["orthogonal", 0.98, 0.1, "identity"],
    },
}
REDUCED = SETTINGS | {"seeds": [1], "H": 12, "steps": 300, "washout": 50, "lags": 5}
TOLERANCE = 1e-6


def run(reduced=False):
    """Share of variance recalled, by net: one row per seed, one entry per lag 0, 1, …"""
    settings = REDUCED if reduced else SETTINGS
    return {name: recalled(*net, settings) for name, net in settings["nets"].items()}


def recalled(law, radius, size, activation, settings):
    H, steps, washout = settings["H"], settings["steps"], settings["washout"]
    draws = [np.random.default_rng(seed) for seed in settings["seeds"]]
    W = radius * np.stack([weights(law, H, rng) for rng in draws])
    c = size * np.stack([rng.normal(size=H) for rng in draws])
    x = np.stack([rng.normal(size=washout + steps) for rng in draws])
    f = np.array if activation == "identity" else ACTIVATIONS[activation].function
    h, states = np.zeros_like(c), np.empty((len(draws), washout + steps, H))
    for t in range(washout + steps):
        h = f(np.einsum("sij,sj->si", W, h) + c * x[:, t, None])
        states[:, t] = h
    scores = []
    for X, series in zip(states[:, washout:], x, strict=True):
        wanted = np.stack(
            [series[washout - k : washout - k + steps] for k in range(settings["lags"])], axis=1
        )
        half = steps // 2
        gram = X[:half].T @ X[:half]
        gram += settings["ridge"] * np.trace(gram) / H * np.eye(H)
        readout = np.linalg.solve(gram, X[:half].T @ wanted[:half])
        wrong = ((X[half:] @ readout - wanted[half:]) ** 2).mean(axis=0)
        scores.append(1 - wrong / wanted[half:].var(axis=0))
    return np.array(scores)


def weights(law, H, rng):
    """A matrix of spectral radius 1."""
    W = rng.normal(size=(H, H))
    return np.linalg.qr(W)[0] if law == "orthogonal" else W / np.abs(np.linalg.eigvals(W)).max()


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
