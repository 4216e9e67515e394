"""Fifty layers before any training: how large is the gradient in each, and what makes it grow?

Square layers of 256 units, 256 rows of a standard normal, and a standard normal gradient at layer 50. A
plain layer is h = f(norm(W h)), a residual one h + W f(h). Two norms are controls: both divide the
whole layer by one number, the root mean square of all its entries; one of them subtracts each unit's
mean first, as batch norm does.
"""

import numpy as np

from vgcourse import initializers, layers
from vgcourse.activations import get_activation
from vgcourse.authoring.measured import store

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5, 6],
    "layers": 50,
    "units": 256,
    "rows": 256,
    "eps": 1e-5,
    "nets": {
        "ReLU, torch's default": ["relu", "uniform_fan_in", "none"],
        "ReLU, He": ["relu", "he", "none"],
        "BN, He": ["relu", "he", "batch"],
        "BN, Glorot": ["relu", "glorot", "batch"],
        "BN, torch's default": ["relu", "uniform_fan_in", "batch"],
        "one scale, mean subtracted": ["relu", "he", "one scale, centred"],
        "one scale, mean kept": ["relu", "he", "one scale"],
        "LN, He": ["relu", "he", "layer"],
        "RMSNorm, He": ["relu", "he", "rms"],
        "residual, He": ["relu", "he", "residual"],
        "tanh, BN": ["tanh", "glorot", "batch"],
        "tanh, LN": ["tanh", "glorot", "layer"],
        "sigmoid, BN": ["sigmoid", "glorot", "batch"],
    },
}
REDUCED = SETTINGS | {"seeds": [1], "layers": 6, "units": 48, "rows": 40}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each net: ‖∂L/∂h_l‖ over ‖∂L/∂h_50‖ by seed and layer 0 … 50, and E[h_50²]/E[h_1²] by seed."""
    settings = REDUCED if reduced else SETTINGS
    measured = {}
    for name, net in settings["nets"].items():
        norms, moments = zip(*(signals(*net, seed, settings) for seed in settings["seeds"]), strict=True)
        measured[name] = {"gradient_norms": norms, "second_moment_last_over_first": moments}
    return measured


def signals(activation, rule, norm, seed, settings):
    """The gradient's norms by layer, last = 1, and how the forward second moment changes."""
    rng, f, n = np.random.default_rng(seed), get_activation(activation), settings["units"]
    forward, backward = norm_pair(norm, n, settings["eps"])
    residual = norm == "residual"
    h, tape, moments = rng.normal(size=(settings["rows"], n)), [], []
    for _ in range(settings["layers"]):
        W, before = initializers.INITIALIZERS[rule]((n, n), rng=rng), h
        z, cache = forward((f.function(h) if residual else h) @ W.T)
        h = h + z if residual else f.function(z)
        tape.append((W, before if residual else z, cache))
        moments.append((h**2).mean())
    g = rng.normal(size=h.shape)
    norms = [np.linalg.norm(g)]
    for W, z, cache in reversed(tape):
        dz = g if residual else g * f.derivative(z)
        dh = backward(dz, cache) @ W
        g = g + f.derivative(z) * dh if residual else dh
        norms.append(np.linalg.norm(g))
    return np.array(norms[::-1]) / norms[0], moments[-1] / moments[0]


def norm_pair(norm, n, eps):
    """The forward and the backward function of a norm with γ = 1 and β = 0, or of none."""
    if norm in ("none", "residual"):
        return (lambda z: (z, None)), (lambda dout, _: dout)
    if norm in ("batch", "layer"):
        start = layers.norm_init(n)
        forward = getattr(layers, f"{norm}_norm_forward")
        backward = getattr(layers, f"{norm}_norm_backward")
        return (lambda z: forward(start, z, eps=eps)), (lambda dout, cache: backward(dout, cache)[0])
    axis = 1 if norm == "rms" else None  # RMSNorm takes row by row, the controls all entries at once
    centre = (lambda a: a - a.mean(axis=0)) if norm == "one scale, centred" else (lambda a: a)

    def divide(z):
        z = centre(z)
        rms = np.sqrt((z**2).mean(axis=axis, keepdims=True) + eps)
        return z / rms, (z / rms, rms)

    def divide_backward(dout, cache):
        out, rms = cache
        return centre((dout - out * (dout * out).mean(axis=axis, keepdims=True)) / rms)

    return divide, divide_backward


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
