"""What a deep convolutional ReLU net pays for a fan-in without the window. Lecture 3, section 8.

Every net reads digits, 8 × 8: a convolution 1 → 8, K convolutions 8 → 8, all 3 × 3 with zeros around and a
ReLU, and one linear layer 512 → 10. The K weights have He's variance 2/n, where the fan-in n is 9 · 8, window
times channels, or 8, channels only. ReLUs hand on a factor, so the second net starts as 3^K times the first.
The control trains it at rates 9/3^K times as large: for the same gradient at the logits, a step of its K
layers is then the same share of their weights as in the first net.
"""

import numpy as np

from vgcourse import layers, losses, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import uniform_fan_in
from vgcourse.optim import sgd_step

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and order of batches
    "depths": [3, 10, 30],
    # net: factor of He's weights, whether the rate is multiplied by 9/3^K
    "nets": {"conv, 9C": [1.0, False], "conv, C": [3.0, False], "conv, C, small rate": [3.0, True]},
    "learning_rates": [0.01, 0.03],
    "epochs": 6,
    "batch_size": 32,
    "channels": 8,
}
REDUCED = SETTINGS | {"seeds": [1], "depths": [3], "learning_rates": [0.01], "epochs": 1}
TOLERANCE = 1e-4  # training amplifies rounding


def run(reduced=False):
    """net -> test accuracy [depth][rate][seed]; NaN where training diverged."""
    settings = REDUCED if reduced else SETTINGS
    return {
        name: [
            [[one_net(scale, K, rate * 9 / 3**K if scaled else rate, seed, settings)
              for seed in settings["seeds"]] for rate in settings["learning_rates"]]
            for K in settings["depths"]
        ]
        for name, (scale, scaled) in settings["nets"].items()
    }  # fmt: skip


def one_net(scale, K, rate, seed, settings):
    """Train one net; its accuracy on the test digits."""
    rng = np.random.default_rng(seed)
    (x, labels), (x_test, labels_test) = tasks.split(*tasks.digits(), rng=rng)
    params = init(K, settings["channels"], scale, rng)
    for _ in range(settings["epochs"]):
        order = rng.permutation(len(x))
        for start in range(0, len(x), settings["batch_size"]):
            some = order[start : start + settings["batch_size"]]
            with np.errstate(over="ignore", invalid="ignore"):
                logits, caches = forward(params, x[some])
                loss, cache = losses.softmax_cross_entropy_forward(logits, labels[some])
                if not np.isfinite(loss):
                    return np.nan
                grads = backward(losses.softmax_cross_entropy_backward(1.0, cache), caches)
                params = sgd_step(params, grads, rate)
    with np.errstate(over="ignore", invalid="ignore"):
        logits, _ = forward(params, x_test)
    return float((logits.argmax(axis=1) == labels_test).mean()) if np.isfinite(logits).all() else np.nan


def init(K, C, scale, rng):
    """(convolutions, last); conv2d_init counts the window, `scale` multiplies the weights of the K layers."""
    first = layers.conv2d_init(1, C, 3, rng=rng)
    blocks = [layers.conv2d_init(C, C, 3, rng=rng) for _ in range(K)]
    last = layers.LinearParams(uniform_fan_in((10, 64 * C), rng=rng), np.zeros(10))
    return (first, *(block._replace(W=scale * block.W) for block in blocks)), last


def forward(params, x):
    """Logits of digits (N, 64), and the caches."""
    convolutions, last = params
    h, caches = x.reshape(-1, 1, 8, 8), []
    for convolution in convolutions:
        z, cache = layers.conv2d_forward(convolution, h, padding=1)
        h, bent = layers.activation_forward("relu", z)
        caches.append((cache, bent))
    logits, cache = layers.linear_forward(last, h.reshape(len(h), -1))
    return logits, (caches, h.shape, cache)


def backward(dlogits, caches):
    """The gradient, in the structure of the parameters."""
    inner, shape, cache_last = caches
    dh, last = layers.linear_backward(dlogits, cache_last)
    dh, grads = dh.reshape(shape), []
    for cache, bent in reversed(inner):
        dh, grad = layers.conv2d_backward(layers.activation_backward(dh, bent), cache)
        grads.append(grad)
    return tuple(grads[::-1]), last


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
