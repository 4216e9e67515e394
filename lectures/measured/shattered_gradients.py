"""How long do the gradients of two nearby inputs agree? Plain and residual nets with He's weights, untrained.

The nets of lecture 6: a line of inputs x from −2 to 2, h_0 = x u + c, then K blocks, y = v · h_K. In random
draws the derivative dy/dx is a curve over x; its autocorrelation says how fast it forgets.
"""

import numpy as np

from vgcourse.authoring.measured import store

SETTINGS = {
    "seeds": list(range(10)),
    "n": 128,
    "points": 256,
    "lags": [1, 5, 15],
    # net: blocks, branch scale γ (None: plain)
    "nets": {
        "1 plain": [1, None],
        "24 plain": [24, None],
        "50 plain": [50, None],
        "50 residual": [50, 50**-0.5],
        "200 residual": [200, 200**-0.5],
    },
}
REDUCED = SETTINGS | {"seeds": [0]}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each net: the autocorrelation of dy/dx by seed and lag."""
    settings = REDUCED if reduced else SETTINGS
    return {
        name: [
            autocorrelation(slope(K, scale, seed, settings), settings["lags"]) for seed in settings["seeds"]
        ]
        for name, (K, scale) in settings["nets"].items()
    }


def slope(K, scale, seed, settings):
    """dy/dx at every point: h and dh/dx run forwards together."""
    rng, n = np.random.default_rng(seed), settings["n"]
    x = np.linspace(-2, 2, settings["points"])[:, None]
    u, c, v = rng.normal(size=(3, n))
    h, dh = x * u + c, np.ones_like(x) * u
    for _ in range(K):
        W = rng.normal(scale=np.sqrt(2 / n), size=(n, n))
        r, dr = np.maximum(h, 0) @ W.T, (dh * (h > 0)) @ W.T
        h, dh = (r, dr) if scale is None else (h + scale * r, dh + scale * dr)
    return dh @ v


def autocorrelation(curve, lags):
    """The correlation of a curve with itself, moved by each lag."""
    curve = curve - curve.mean()
    return [(curve[:-lag] * curve[lag:]).mean() / (curve**2).mean() for lag in lags]


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
