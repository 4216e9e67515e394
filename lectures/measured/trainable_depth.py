"""How deep may a tanh net be before it stops learning the digits? The weights' scale decides.

Nets of one width with n Var(w) = s² in every layer, trained for the same number of steps. Each net gets two
learning rates, and the better one counts, so that no net fails for want of a rate alone.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import lecun

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and order of batches
    "n_var": [1 / 3, 0.6, 1.0, 1.5, 3.0],
    "layers": [4, 8, 16, 32],  # the last one, of ten classes, counts
    "width": 32,
    "learning_rates": [0.03, 0.3],
    "batch_size": 64,
    "epochs": 8,
}
REDUCED = SETTINGS | {"seeds": [1], "n_var": [1.0], "layers": [4], "epochs": 1}
TOLERANCE = 1e-6


def run(reduced=False):
    """Test accuracy of the better rate: by n Var(w), number of layers, seed."""
    settings = REDUCED if reduced else SETTINGS
    return {
        "n_var": settings["n_var"],
        "layers": settings["layers"],
        "accuracy": [
            [
                [best_accuracy(seed, n_var, depth, settings) for seed in settings["seeds"]]
                for depth in settings["layers"]
            ]
            for n_var in settings["n_var"]
        ],
    }


def best_accuracy(seed, n_var, depth, settings):
    """The better of the learning rates; a rate whose loss leaves the floats counts as 0."""
    (x, labels), test = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    start = mlp.mlp_init(
        (64, *[settings["width"]] * (depth - 1), 10),
        rng=np.random.default_rng([seed, 1]),
        initializer=lambda shape, rng, dtype=float: lecun(shape, rng=rng, gain=n_var**0.5, dtype=dtype),
    )
    accuracies = []
    for rate in settings["learning_rates"]:
        rng = np.random.default_rng([seed, 2])
        result = mlp.train(
            start,
            x,
            labels,
            learning_rate=rate,
            epochs=settings["epochs"],
            batch_size=settings["batch_size"],
            rng=rng,
        )
        accuracies.append(mlp.accuracy(result.params, *test))
    return max(accuracies)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
