"""Four sick deep nets, each with its cure and with a control that ought to help and does not: accuracies.

Lecture 12, sections 4 and 5. Digits, 64 pixels, width 32; plain gradient descent, or Adam where an ε is
given. All seeds and rates of a net train side by side, as stacks of matrices; the first gradient is compared
with that of `mlp.loss_and_gradient` where the net is a plain one.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import glorot, he, uniform_fan_in
from vgcourse.losses import softmax

RULES = {"glorot": glorot, "he": he, "default": uniform_fan_in}
LOW, HIGH, ADAM = [0.001, 0.01, 0.03, 0.1], [0.03, 0.1, 1.0, 10.0], [0.0003, 0.001, 0.003, 0.01]
# unit, layers of weights, rule, scale of the branches or None, factor on the last layer, clip or None, rates;
# for Adam its ε
FORWARD = {
    "faint": {
        "sick": ["sigmoid", 10, "glorot", None, 1, None, HIGH],
        "cure: tanh": ["tanh", 10, "glorot", None, 1, None, HIGH],
        "control: σ − ½": ["sigmoid - 1/2", 10, "glorot", None, 1, None, HIGH],
    },
    "flat": {
        "sick": ["relu", 20, "default", None, 1, None, HIGH],
        "cure: He's weights": ["relu", 20, "he", None, 1, None, LOW],
        "control: tanh, same weights": ["tanh", 20, "default", None, 1, None, HIGH],
        "sick, Adam": ["relu", 20, "default", None, 1, None, ADAM, 1e-8],
        "sick, Adam, ε = 1e-30": ["relu", 20, "default", None, 1, None, ADAM, 1e-30],
    },
    "loud": {
        "sick": ["relu", 32, "he", 1.0, 1, None, LOW],
        "cure: scale 1/√K": ["relu", 32, "he", 30**-0.5, 1, None, LOW],
        "control: clip at 1": ["relu", 32, "he", 1.0, 1, 1.0, LOW],
    },
    "sure": {
        "sick": ["relu", 4, "he", None, 30, None, LOW],
        "cure: last layer at 0": ["relu", 4, "he", None, 0, None, LOW],
        "control: clip at 1": ["relu", 4, "he", None, 30, 1.0, LOW],
    },
}
SETTINGS = {"seeds": [1, 2, 3], "width": 32, "batch_size": 32, "forward": FORWARD, "epochs": [1, 12]}
REDUCED = SETTINGS | {
    "seeds": [1],
    "epochs": [1],
    "forward": {who: {"sick": [*nets["sick"][:-1], [1e-6]]} for who, nets in FORWARD.items()},
}
TOLERANCE = 1e-5


def run(reduced=False):
    """By patient and treatment: learning rates, and test accuracies by seed and rate; NaN where diverged."""
    settings = REDUCED if reduced else SETTINGS
    out = {}
    for who, nets in settings["forward"].items():
        out[who] = {name: {"rates": net[6]} | train(*net, settings=settings) for name, net in nets.items()}
    return out


def train(unit, L, rule, scale, last, clip, rates, eps=None, *, settings):
    seeds, size, n = settings["seeds"], settings["batch_size"], settings["width"]
    data = [tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed in seeds]
    (x, y), (x_test, y_test) = ([np.stack(part) for part in zip(*half)] for half in zip(*data))
    sizes = (64, *[n] * (L - 1), 10)
    starts = [mlp.mlp_init(sizes, rng=np.random.default_rng([s, 1]), initializer=RULES[rule]) for s in seeds]
    starts = [(*net[:-1], net[-1]._replace(W=last * net[-1].W)) for net in starts]
    if scale is None and unit != "sigmoid - 1/2":
        _check_first_gradient(starts[0], unit, x[:1, :size], y[:1, :size])
    R, who = len(rates), np.repeat(np.arange(len(seeds)), len(rates))
    params = [
        np.repeat(np.stack(a), R, axis=0) for a in zip(*[[p for l in net for p in l] for net in starts])
    ]
    rate, epochs, count = np.tile(rates, len(seeds)), settings["epochs"], 0
    mean, square = ([np.zeros_like(p) for p in params] for _ in range(2))
    orders, accuracy = [np.random.default_rng([seed, 2]) for seed in seeds], {}
    with np.errstate(over="ignore", invalid="ignore"):  # a net that diverges ends in NaN: a result
        for epoch in range(1, max(epochs) + 1):
            order = np.stack([rng.permutation(x.shape[1]) for rng in orders])[who]
            for first in range(0, x.shape[1], size):
                batch = order[:, first : first + size]
                grads = gradient(params, x[who[:, None], batch], y[who[:, None], batch], unit, scale)
                step, count = rate, count + 1
                if eps is not None:
                    mean = [m + 0.1 * (g - m) for m, g in zip(mean, grads)]
                    square = [v + 0.001 * (g * g - v) for v, g in zip(square, grads)]
                    lengths = [np.sqrt(v / (1 - 0.999**count)) + eps for v in square]
                    grads = [m / (1 - 0.9**count) / part for m, part in zip(mean, lengths)]
                if clip:
                    norm = np.sqrt(sum((g**2).reshape(len(g), -1).sum(axis=1) for g in grads))
                    step = rate * np.minimum(1, clip / norm)
                params = [p - step.reshape(-1, *[1] * (p.ndim - 1)) * g for p, g in zip(params, grads)]
            if epoch in epochs:
                logits = forward(params, x_test[who], unit, scale)[0]
                right = (logits.argmax(axis=2) == y_test[who]).mean(axis=1)
                right[~np.isfinite(logits).all(axis=(1, 2))] = np.nan
                accuracy[str(epoch)] = right.reshape(len(seeds), R)
    return {"accuracy": accuracy[str(max(epochs))], "after_one_epoch": accuracy[str(min(epochs))]}


def function(unit, z):
    """f(z) and f'(z)."""
    if unit == "relu":
        return np.maximum(z, 0), z > 0
    t = np.tanh(z if unit == "tanh" else 0.5 * z)
    if unit == "tanh":
        return t, 1 - t * t
    return (0.5 if unit == "sigmoid" else 0.0) + 0.5 * t, 0.25 * (1 - t * t)


def forward(params, h, unit, scale):
    """h_l = f(W h + b), or between the first and the last layer z + scale · (W f(z) + b)."""
    caches, z = [], None
    for l, (W, b) in enumerate(zip(params[:-2:2], params[1:-2:2])):
        r = h @ W.swapaxes(1, 2) + b[:, None]
        z = r if scale is None or l == 0 else z + scale * r
        into, (h, slope) = h, function(unit, z)
        caches.append((into, slope))
    return h @ params[-2].swapaxes(1, 2) + params[-1][:, None], caches, h


def gradient(params, x, y, unit, scale):
    logits, caches, h = forward(params, x, unit, scale)
    d = softmax(logits)
    np.put_along_axis(d, y[..., None], np.take_along_axis(d, y[..., None], 2) - 1, 2)
    d /= y.shape[1]
    grads, dz = [d.sum(axis=1), d.swapaxes(1, 2) @ h], None
    dh = d @ params[-2]
    for l in range(len(caches) - 1, -1, -1):
        into, slope = caches[l]
        dz = dh * slope if scale is None or dz is None else dz + dh * slope
        dr = dz if scale is None or l == 0 else scale * dz
        grads += [dr.sum(axis=1), dr.swapaxes(1, 2) @ into]
        dh = dr @ params[2 * l]
    return grads[::-1]


def _check_first_gradient(start, unit, x, y):
    _, _, grads = mlp.loss_and_gradient(start, x[0], y[0], activation=unit)
    ours = gradient([p[None] for layer in start for p in layer], x, y, unit, None)
    for mine, theirs in zip(ours, [g for layer in grads for g in layer], strict=True):
        assert relative_error(mine[0], theirs) < 1e-9


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
