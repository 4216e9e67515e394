"""At which depth does a ReLU net need He's weights, batch norm, a residual path, gates? Lecture 3, section 8.

Every net reads digits: one linear layer 64 → 32, K blocks of 32 units, one linear layer 32 → 10. A block is
`plain` relu(W h), with the default weights or He's; `batch_norm` relu(BN(W h)); `residual` h + W relu(BN(h));
`highway` g ⊙ relu(W h) + (1 − g) ⊙ h, where every gate g starts near σ(−2) = 0.12, or near 1/K.
"""

import numpy as np

from vgcourse import layers, losses, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import INITIALIZERS
from vgcourse.optim import sgd_step

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and order of batches
    "depths": [3, 10, 30],
    "learning_rates": [0.03, 0.3],
    "epochs": 6,
    "batch_size": 32,
    "width": 32,
    "nets": {
        "default": ["plain", "uniform_fan_in"],
        "He": ["plain", "he"],
        "batch norm": ["batch_norm", "he"],
        "residual": ["residual", "he"],
        "gates 0.12": ["highway", "lecun", -2.0],
        "gates 1/K": ["highway", "lecun", "-ln(K-1)"],
    },
}
REDUCED = SETTINGS | {"seeds": [1], "depths": [3], "epochs": 1}
TOLERANCE = 1e-4  # training amplifies rounding

# what stands in a block, in its order
PARTS = {
    "plain": ("linear", "relu"),
    "batch_norm": ("linear", "norm", "relu"),
    "residual": ("norm", "relu", "linear"),
    "highway": ("highway",),
}


def run(reduced=False):
    """net -> test accuracy [depth][rate][seed]; NaN where training diverged."""
    settings = REDUCED if reduced else SETTINGS
    return {
        name: [
            [[one_net(net, K, rate, seed, settings) for seed in settings["seeds"]]
             for rate in settings["learning_rates"]]
            for K in settings["depths"]
        ]
        for name, net in settings["nets"].items()
    }  # fmt: skip


def one_net(net, K, rate, seed, settings):
    """Train one net; its accuracy on the test digits, normalised by the statistics of all training digits."""
    rng = np.random.default_rng(seed)
    (x, labels), test = tasks.split(*tasks.digits(), rng=rng)
    block, initializer, *gate_bias = net
    H, rule = settings["width"], INITIALIZERS[initializer]
    gate_bias = [-np.log(K - 1) if bias == "-ln(K-1)" else bias for bias in gate_bias]

    def linear(n_out, n_in):
        return layers.LinearParams(rule((n_out, n_in), rng=rng), np.zeros(n_out))

    def inner():
        if block == "highway":
            return layers.highway_init(H, gate_bias=gate_bias[0], rng=rng, initializer=rule)
        return linear(H, H)

    blocks = tuple((inner(), layers.norm_init(H)) for _ in range(K))
    params = (linear(H, 64), blocks, linear(10, H))
    for _ in range(settings["epochs"]):
        order = rng.permutation(len(x))
        for start in range(0, len(x), settings["batch_size"]):
            some = order[start : start + settings["batch_size"]]
            logits, caches = forward(block, params, x[some])
            loss, cache = losses.softmax_cross_entropy_forward(logits, labels[some])
            if not np.isfinite(loss) or loss > 1e6:
                return np.nan
            grads = backward(block, losses.softmax_cross_entropy_backward(1.0, cache), caches)
            params = sgd_step(params, grads, rate)
    _, caches = forward(block, params, x)
    logits, _ = forward(block, params, test[0], statistics=caches)
    return float((logits.argmax(axis=1) == test[1]).mean()) if np.isfinite(logits).all() else np.nan


def forward(block, params, x, statistics=None):
    """Logits and caches; with the caches of another batch, batch norm uses that batch's statistics."""
    first, blocks, last = params
    h, cache_first = layers.linear_forward(first, x)
    caches = []
    for k, (weights, norm) in enumerate(blocks):
        inside, out = {}, h
        for part in PARTS[block]:
            if part == "linear":
                out, inside[part] = layers.linear_forward(weights, out)
            elif part == "highway":
                out, inside[part] = layers.highway_forward(weights, out, activation="relu")
            elif part == "relu":
                out, inside[part] = layers.activation_forward("relu", out)
            else:
                running = None
                if statistics:
                    seen = statistics[1][k][part]
                    running = layers.RunningStatistics(seen.mean, seen.variance)
                out, inside[part] = layers.batch_norm_forward(norm, out, running=running)
        h = h + out if block == "residual" else out
        caches.append(inside)
    logits, cache_last = layers.linear_forward(last, h)
    return logits, (cache_first, caches, cache_last)


def backward(block, dlogits, caches):
    """The gradient, in the structure of the parameters."""
    cache_first, inner, cache_last = caches
    dh, last = layers.linear_backward(dlogits, cache_last)
    grads = []
    for inside in reversed(inner):
        d, weights, norm = dh, None, layers.norm_init(dh.shape[1])
        norm = layers.NormParams(0 * norm.gamma, norm.beta)  # where there is no batch norm it stays
        for part in reversed(PARTS[block]):
            if part == "linear":
                d, weights = layers.linear_backward(d, inside[part])
            elif part == "highway":
                d, weights = layers.highway_backward(d, inside[part])
            elif part == "relu":
                d = layers.activation_backward(d, inside[part])
            else:
                d, norm = layers.batch_norm_backward(d, inside[part])
        dh = dh + d if block == "residual" else d
        grads.append((weights, norm))
    _, first = layers.linear_backward(dh, cache_first)
    return first, tuple(grads[::-1]), last


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
