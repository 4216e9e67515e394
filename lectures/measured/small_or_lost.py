"""Adam in deep sigmoid nets: gradients that are small can be mended, digits that are lost cannot.

Lecture 12, sections 4 and 5. Digits, width 32, Glorot's weights; 6, 10 and 14 layers of weights. "σ − ½" is
the same unit without its mean, "σ, normed" has batch norm (no scale, no shift) before each sigmoid. All seeds
and rates of a net train side by side, as rows of one array of parameters; the first gradient is compared with
that of `mlp.loss_and_gradient`.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.losses import softmax

ADAM = [0.001, 0.003, 0.01]
DESCENT = [0.1, 0.3, 1.0, 3.0, 10.0]
# name: unit, depths, method, its ε, learning rates
RUNS = {
    "σ, descent": ["σ", [6, 10], "descent", 0, DESCENT],
    "σ, every array's gradient at norm 1": ["σ", [6, 10, 14], "norm 1", 0, [0.01, 0.03, 0.1, 0.3]],
    "σ, Adam": ["σ", [6, 10, 14], "adam", 1e-8, ADAM],
    "σ, Adam, ε = 1e-30": ["σ", [6, 10, 14], "adam", 1e-30, ADAM],
    "σ − ½, descent": ["σ − ½", [10], "descent", 0, DESCENT],
    "σ − ½, Adam": ["σ − ½", [10, 14], "adam", 1e-8, ADAM],
    "σ − ½, Adam, ε = 1e-30": ["σ − ½", [10, 14], "adam", 1e-30, ADAM],
    "σ, normed, descent": ["σ, normed", [14], "descent", 0, [0.1, 0.3, 1.0]],
}
SETTINGS = {"seeds": [1, 2, 3, 4, 5], "width": 32, "batch_size": 32, "epochs": [15, 75], "runs": RUNS}
REDUCED = SETTINGS | {
    "seeds": [1],
    "epochs": [1],
    "runs": {name: [unit, [6], *how, rates[:1]] for name, (unit, _, *how, rates) in RUNS.items()},
}
TOLERANCE = 1e-5


def run(reduced=False):
    """By run, depth and number of epochs: test accuracy by seed and learning rate, NaN if diverged."""
    settings = REDUCED if reduced else SETTINGS
    return {
        name: {"rates": rates} | {str(L): train(L, unit, method, eps, rates, settings) for L in depths}
        for name, (unit, depths, method, eps, rates) in settings["runs"].items()
    }


def train(L, unit, method, eps, rates, settings):
    """Shuffled batches, every seed in its own order; accuracies at the snapshots."""
    seeds, size = settings["seeds"], settings["batch_size"]
    data = [tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed in seeds]
    (x, y), (x_test, y_test) = ([np.stack(part) for part in zip(*half)] for half in zip(*data))
    sizes = (64, *[settings["width"]] * (L - 1), 10)
    starts = [mlp.mlp_init(sizes, rng=np.random.default_rng([seed, 1])) for seed in seeds]
    flat = np.stack([np.concatenate([a.ravel() for layer in start for a in layer]) for start in starts])
    if unit == "σ":
        _check_first_gradient(starts[0], flat, sizes, x[:, :size], y[:, :size])
    R, who = len(rates), np.repeat(np.arange(len(seeds)), len(rates))
    flat, rate = np.repeat(flat, R, axis=0), np.tile(rates, len(seeds))[:, None]
    mean, square, step = np.zeros_like(flat), np.zeros_like(flat), 0
    orders, accuracy = [np.random.default_rng([seed, 2]) for seed in seeds], {}
    for epoch in range(1, max(settings["epochs"]) + 1):
        order = np.stack([rng.permutation(x.shape[1]) for rng in orders])[who]
        for first in range(0, x.shape[1], size):
            batch = order[:, first : first + size]
            g, step = gradient(flat, sizes, x[who[:, None], batch], y[who[:, None], batch], unit), step + 1
            if method == "adam":
                mean += 0.1 * (g - mean)
                square += 0.001 * (g * g - square)
                g = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + eps)
            elif method == "norm 1":
                for part in arrays_of(g, sizes):
                    part /= np.sqrt((part**2).sum(axis=(1, 2), keepdims=True)) + 1e-300
            flat = flat - rate * g
        if epoch in settings["epochs"]:
            logits = forward(flat, sizes, x_test[who], unit)[0]
            right = (logits.argmax(axis=2) == y_test[who]).mean(axis=1)
            right[~np.isfinite(logits).all(axis=(1, 2))] = np.nan
            accuracy[str(epoch)] = right.reshape(len(seeds), R)
    return accuracy


def arrays_of(flat, sizes):
    """W (S, out, in) and b (S, 1, out) of every layer, in turn: views of the rows of `flat`."""
    place, out = 0, []
    for i, o in zip(sizes[:-1], sizes[1:]):
        out.append(flat[:, place : place + o * i].reshape(len(flat), o, i))
        out.append(flat[:, place + o * i : place + o * i + o].reshape(len(flat), 1, o))
        place += o * i + o
    return out


def forward(flat, sizes, h, unit):
    """Logits (S, N, C), and for every layer what the way back needs: its input, σ, normed z, spread."""
    parts, caches = arrays_of(flat, sizes), []
    for W, b in zip(parts[:-2:2], parts[1:-2:2]):
        z, spread, into = h @ W.swapaxes(1, 2) + b, None, h
        if unit == "σ, normed":
            spread = np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
            z = (z - z.mean(axis=1, keepdims=True)) / spread
        s = 0.5 + 0.5 * np.tanh(0.5 * z)
        h = s - 0.5 if unit == "σ − ½" else s
        caches.append((into, s, z, spread))
    return h @ parts[-2].swapaxes(1, 2) + parts[-1], caches, h


def gradient(flat, sizes, x, y, unit):
    """The mean cross-entropy's gradient of S nets, in the form of `flat`."""
    logits, caches, h = forward(flat, sizes, x, unit)
    d = softmax(logits)
    np.put_along_axis(d, y[..., None], np.take_along_axis(d, y[..., None], 2) - 1, 2)
    d /= y.shape[1]
    parts, out = arrays_of(flat, sizes), np.empty_like(flat)
    grads = arrays_of(out, sizes)
    for l in range(len(caches), -1, -1):
        into = h if l == len(caches) else caches[l][0]
        grads[2 * l][...] = d.swapaxes(1, 2) @ into
        grads[2 * l + 1][...] = d.sum(axis=1, keepdims=True)
        if l:
            _, s, z, spread = caches[l - 1]
            d = (d @ parts[2 * l]) * s * (1 - s)
            if spread is not None:
                d = d - d.mean(axis=1, keepdims=True) - z * (d * z).mean(axis=1, keepdims=True)
                d /= spread
    return out


def _check_first_gradient(start, flat, sizes, x, y):
    _, _, grads = mlp.loss_and_gradient(start, x[0], y[0], activation="sigmoid")
    ours = gradient(flat, sizes, x, y, "σ")[0]
    assert relative_error(ours, np.concatenate([a.ravel() for layer in grads for a in layer])) < 1e-9


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
