"""Slope, off-centre output, saturation: which of them keeps a ten-layer sigmoid net from learning digits?

The nets of lecture 1 with other units: f(z) = scale · tanh(steep · z) + centre holds them all, since
σ(z) = ½ + ½ tanh(z/2). Every net runs at several learning rates and seeds side by side, in arrays of
shape (seeds, rates, …); the gradient is compared with `mlp.loss_and_gradient` before the first step.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import verify
from vgcourse.initializers import glorot, he
from vgcourse.layers import LinearParams

# name: scale, steep, centre
UNITS = {
    "σ": (0.5, 0.5, 0.5),
    "σ − ½": (0.5, 0.5, 0.0),
    "4σ": (2.0, 0.5, 2.0),
    "4σ − 2": (2.0, 0.5, 0.0),
    "tanh": (1.0, 1.0, 0.0),
}
NETS = {name: {"unit": name} for name in UNITS} | {
    # from here on the question is where a net starts: with the very function of the 4σ − 2 net
    "σ, started as 4σ − 2": {"unit": "σ", "start": 4.0},
    "4σ, started as 4σ − 2": {"unit": "4σ", "start": 1.0},
    "σ, clipped at norm 1": {"unit": "σ", "clip": 1.0},
    "σ, L2 1e-4": {"unit": "σ", "l2": 1e-4},
    "σ, L2 1e-3": {"unit": "σ", "l2": 1e-3},
    "ReLU, He": {"unit": "ReLU"},
}
STARTS, REMEDIES, LONGER = list(NETS)[5:7], list(NETS)[7:], ["σ", "σ − ½", "4σ"]
RATES = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
SETTINGS = {
    "units": {"layers": 10, "epochs": 15, "seeds": [1, 2, 3, 4, 5], "rates": RATES, "nets": list(UNITS)},
    "starts": {"layers": 10, "epochs": 15, "seeds": [1, 2, 3, 4, 5], "rates": RATES, "nets": STARTS},
    "remedies": {"layers": 10, "epochs": 15, "seeds": [1, 2, 3], "rates": RATES[1:7], "nets": REMEDIES},
    "longer": {"layers": 10, "epochs": 75, "seeds": [1, 2, 3], "rates": RATES[1:7], "nets": LONGER},
    "shallower": {"layers": 5, "epochs": 15, "seeds": [1, 2, 3], "rates": RATES, "nets": list(UNITS)},
}
REDUCED = {
    title: setting | {"layers": 4, "epochs": 1, "seeds": [1, 2], "rates": [0.03, 0.1]}
    for title, setting in SETTINGS.items()
}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each experiment and net: test accuracy by seed and rate (NaN where it diverged)."""
    return {
        title: {"rates": setting["rates"]}
        | {
            net: train(NETS[net], **{k: v for k, v in setting.items() if k != "nets"})
            for net in setting["nets"]
        }
        for title, setting in (REDUCED if reduced else SETTINGS).items()
    }


def train(net, layers, epochs, seeds, rates):
    """Test accuracy (seeds, rates) after plain gradient descent on batches of 32."""
    data = [tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed in seeds]
    (x, labels), (x_test, labels_test) = (map(np.stack, zip(*part)) for part in zip(*data))
    starts = [start(net, layers, np.random.default_rng([seed, 1])) for seed in seeds]
    params = [
        [np.repeat(np.stack([s[l][i] for s in starts])[:, None], len(rates), axis=1) for i in (0, 1)]
        for l in range(layers)
    ]
    for W_and_b in params:
        W_and_b[1] = W_and_b[1][..., None, :]
    compare(net, starts[0], params, x, labels)
    rate = np.array(rates)[:, None, None]
    orders = [np.random.default_rng([seed, 2]) for seed in seeds]
    targets = np.eye(10)[labels]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(epochs):
            order = np.stack([rng.permutation(x.shape[1]) for rng in orders])
            for first in range(0, x.shape[1], 32):
                batch = order[:, first : first + 32, None]
                rows = (np.take_along_axis(a, batch, axis=1)[:, None] for a in (x, targets))
                grads = gradient(net, params, *rows)
                if "clip" in net:
                    squares = sum((g**2).sum(axis=(-2, -1), keepdims=True) for pair in grads for g in pair)
                    shrink = 1 / np.maximum(np.sqrt(squares) / net["clip"], 1)
                    grads = [[g * shrink for g in pair] for pair in grads]
                for pair, dpair in zip(params, grads, strict=True):
                    for p, dp in zip(pair, dpair, strict=True):
                        p *= 1 - rate * net.get("l2", 0.0)
                        p -= rate * dp
        logits = forward(net, params, x_test[:, None])[0]
    right = (logits.argmax(axis=-1) == labels_test[:, None]).mean(axis=-1)
    return np.where(np.isfinite(logits).all(axis=(-2, -1)), right, np.nan)


def start(net, layers, rng):
    """Glorot's weights (He's for ReLU); or those with which c σ is the 4σ − 2 net: (4/c) W and b = −2 W 1."""
    rule = he if net["unit"] == "ReLU" else glorot
    params = mlp.mlp_init((64, *[32] * (layers - 1), 10), rng=rng, initializer=rule)
    if "start" not in net:
        return params
    return (params[0], *(LinearParams(net["start"] * W, -2 * W.sum(axis=1)) for W, _ in params[1:]))


def activation(net, z):
    """f(z) and f'(z)."""
    if net["unit"] == "ReLU":
        return np.maximum(z, 0), (z > 0).astype(float)
    scale, steep, centre = UNITS[net["unit"]]
    t = np.tanh(steep * z)
    return scale * t + centre, scale * steep * (1 - t * t)


def forward(net, params, h):
    """The logits, every layer's input, and the slopes of the hidden layers."""
    inputs, slopes = [], []
    for number, (W, b) in enumerate(params, 1):
        inputs.append(h)
        z = h @ W.swapaxes(-1, -2) + b
        if number == len(params):
            return z, inputs, slopes
        h, slope = activation(net, z)
        slopes.append(slope)


def gradient(net, params, x, targets):
    """∂L/∂(W, b) of the mean cross-entropy, layer by layer: equations (1.24), (1.22), (1.20)."""
    logits, inputs, slopes = forward(net, params, x)
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    delta = (p / p.sum(axis=-1, keepdims=True) - targets) / x.shape[-2]
    grads = []
    for l in range(len(params) - 1, -1, -1):
        grads.append((delta.swapaxes(-1, -2) @ inputs[l], delta.sum(axis=-2, keepdims=True)))
        if l:
            delta = (delta @ params[l][0]) * slopes[l - 1]
    return grads[::-1]


def compare(net, first, params, x, labels):
    """The library's gradient for the first net, where the library has its unit."""
    name = {"σ": "sigmoid", "tanh": "tanh", "ReLU": "relu"}.get(net["unit"])
    if name is None:
        return
    _, _, expected = mlp.loss_and_gradient(first, x[0, :32], labels[0, :32], activation=name)
    found = gradient(net, params, x[:1, None, :32], np.eye(10)[labels[:1, None, :32]])
    for (W, b), (dW, db) in zip(expected, found, strict=True):
        verify("three_causes", W, dW[0, 0], 1e-9, quiet=True)
        verify("three_causes", b, db[0, 0, 0], 1e-9, quiet=True)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
