"""A ten-layer net whose weight gradients are equally large in all layers, and that learns nothing.

Lecture 3, section 6. Digits, tanh, nine hidden layers of 32. `flat`: a quarter of Glorot's weights, so that
activations shrink going forwards as fast as error signals do going backwards. `control`: Glorot's weights.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import glorot

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and order of batches
    "sizes": [64, *[32] * 9, 10],
    "gains": {"flat": 0.25, "control": 1.0},
    "learning_rates": [0.01, 0.1, 1.0, 10.0, 100.0],
    "epochs": 15,
}
REDUCED = SETTINGS | {"seeds": [1], "learning_rates": [0.1, 1.0], "epochs": 1}
TOLERANCE = 1e-5


def run(reduced=False):
    """net -> norms by layer at the start (seed, layer), test accuracies (seed, rate), NaN if diverged."""
    settings = REDUCED if reduced else SETTINGS
    out = {}
    for net, gain in settings["gains"].items():
        runs = [one_seed(gain, seed, settings) for seed in settings["seeds"]]
        out[net] = {key: [one[key] for one in runs] for key in runs[0]}
    return out


def one_seed(gain, seed, settings):
    (x, labels), test = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    start = mlp.mlp_init(
        settings["sizes"],
        rng=np.random.default_rng([seed, 1]),
        initializer=lambda shape, *, rng, dtype: glorot(shape, rng=rng, gain=gain, dtype=dtype),
    )
    _, deltas, grads = mlp.loss_and_gradient(start, x, labels)
    accuracies = []
    for rate in settings["learning_rates"]:
        try:
            result = mlp.train(
                start, x, labels, learning_rate=rate, epochs=settings["epochs"],
                rng=np.random.default_rng([seed, 2]),
            )  # fmt: skip
        except ValueError:  # what train raises when the loss stops being finite
            accuracies.append(np.nan)
        else:
            accuracies.append(mlp.accuracy(result.params, *test))
    return {
        "weight_gradient_norms": [np.linalg.norm(grad.W) for grad in grads],
        "error_signal_norms": [np.linalg.norm(delta) for delta in deltas],
        "accuracy": accuracies,
    }


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
