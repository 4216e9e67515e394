"""Where the layer norm stands in a residual block, and how large the first gradients are then.

The nets of lecture 6, "Where this went": K blocks with the branch W relu(V h), n units, a batch of random
rows, a random gradient at the output. Three places of the norm: in the branch (Pre-LN); behind the plus sign
(Post-LN); there with DeepNorm's factors, α = (2K)^¼ on the identity and β = (8K)^−¼ on the weights. The first
two also with RMSNorm, h / rms(h) row by row, in place of the layer norm.
"""

from functools import partial

import numpy as np

from vgcourse.authoring.measured import store
from vgcourse.initializers import he, lecun
from vgcourse.layers import layer_norm_backward, layer_norm_forward, norm_init

SETTINGS = {"seeds": [0, 1, 2], "n": 128, "rows": 128, "blocks": [6, 24, 96],
            "places": ["Post-LN", "Pre-LN", "DeepNorm", "Post-RMS", "Pre-RMS"]}  # fmt: skip
REDUCED = SETTINGS | {"seeds": [0], "blocks": [6]}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each place and depth: ‖dW‖ of every block, by seed."""
    settings = REDUCED if reduced else SETTINGS
    return {
        place: {
            str(K): [gradient_norms(place, K, seed, settings) for seed in settings["seeds"]]
            for K in settings["blocks"]
        }
        for place in settings["places"]
    }


def gradient_norms(place, K, seed, settings):
    """‖∂L/∂W_l‖ for l = 1 … K at the start of training."""
    n, rng = settings["n"], np.random.default_rng(seed)
    alpha, beta = ((2 * K) ** 0.25, (8 * K) ** -0.25) if place == "DeepNorm" else (1.0, 1.0)
    pre = place.startswith("Pre")
    norm_forward, norm_backward = (
        (rms_norm_forward, rms_norm_backward) if place.endswith("RMS") else
        (partial(layer_norm_forward, norm_init(n)), lambda dh, cache: layer_norm_backward(dh, cache)[0])
    )  # fmt: skip
    h, dh = rng.normal(size=(2, settings["rows"], n))
    weights = [(lecun((n, n), rng=rng, gain=beta), he((n, n), rng=rng, gain=beta)) for _ in range(K)]
    caches = []
    for V, W in weights:
        inner, norm = norm_forward(h) if pre else (h, None)
        a = np.maximum(inner @ V.T, 0)
        h = alpha * h + a @ W.T
        if not pre:
            h, norm = norm_forward(h)
        caches.append((a, norm))
    if pre:
        h, last = norm_forward(h)
        dh = norm_backward(dh, last)
    norms = []
    for (V, W), (a, norm) in zip(reversed(weights), reversed(caches), strict=True):
        if not pre:
            dh = norm_backward(dh, norm)
        norms.append(np.linalg.norm(dh.T @ a))
        dinner = ((dh @ W) * (a > 0)) @ V
        if pre:
            dinner = norm_backward(dinner, norm)
        dh = alpha * dh + dinner
    return norms[::-1]


def rms_norm_forward(h):
    """y = h / s with s the root mean square of each row; y and s for the way back."""
    s = np.sqrt((h**2).mean(axis=1, keepdims=True))
    return h / s, (h / s, s)


def rms_norm_backward(dy, cache):
    """∂L/∂h = (dy − y · mean(dy · y)) / s, row by row."""
    y, s = cache
    return (dy - y * (dy * y).mean(axis=1, keepdims=True)) / s


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
