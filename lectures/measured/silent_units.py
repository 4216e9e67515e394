"""Dying ReLU: which units are silent on every training digit, before and after training, by learning rate.

Nets 64-64-64-64-10 with He's weights. A silent unit has z ≤ 0 for all digits, so its gradient is exactly 0.
At a rate of 1 one of the five runs overflows instead, and `mlp.train` says so: another way to fail.
"""

import numpy as np

from vgcourse import clinic, mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import he

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "sizes": [64, 64, 64, 64, 10],
    "rates": [0.1, 0.5, 0.7, 0.85],
    "epochs": 10,
}
REDUCED = SETTINGS | {"seeds": [1], "rates": [0.1], "epochs": 1}
TOLERANCE = 1e-6


def run(reduced=False):
    """Lists by rate, then seed: shares of silent units by layer, before and after; test accuracy."""
    settings = REDUCED if reduced else SETTINGS
    runs = [[one(seed, rate, settings) for seed in settings["seeds"]] for rate in settings["rates"]]
    found = {key: [[one[key] for one in row] for row in runs] for key in runs[0][0]}
    return {"rates": settings["rates"]} | found


def one(seed, rate, settings):
    """One net, trained at one rate."""
    (x, labels), (x_test, labels_test) = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    start = mlp.mlp_init(settings["sizes"], rng=np.random.default_rng([seed, 1]), initializer=he)
    result = mlp.train(
        start, x, labels, activation="relu", learning_rate=rate, epochs=settings["epochs"],
        rng=np.random.default_rng([seed, 2]),
    )  # fmt: skip
    before, after = (silent(params, x) for params in (start, result.params))
    _, _, grads = mlp.loss_and_gradient(result.params, x, labels, activation="relu")
    zero_rows = [float((g.W == 0).all(axis=1).mean()) for g in grads[:-1]]
    return {
        "before": before,
        "after": after,
        "zero_gradient_rows": zero_rows,
        "accuracy": mlp.accuracy(result.params, x_test, labels_test, activation="relu"),
    }


def silent(params, x):
    """The share of units with z ≤ 0 for every row of x, hidden layer by hidden layer."""
    _, caches = mlp.mlp_forward(params, x, activation="relu")
    return clinic.layer_statistics(caches).dead


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
