"""What does training do to the top layer of a net that cannot see its input yet?

The nets of Glorot & Bengio (2010), figure 2, on digits: four hidden layers of 100 units. The mean
activation of the last hidden layer is followed for two activations, for a last layer that starts at zero, and
for batches of several sizes. In two of them the classes do not fluctuate: a batch of all training digits, and
a small one with three digits of every class.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.optim import sgd_step

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and batches; all nets of a seed share split and weights
    "sizes": [64, 100, 100, 100, 100, 10],
    "learning_rate": 0.3,
    "batch_size": 32,
    "epochs": [0, 1, 2, 5, 10, 20, 40, 60],  # when to look
    "batch_sizes": [8, 32, 128, "all", "30, balanced"],
    "steps": 100,  # for the comparison of batch sizes
}
REDUCED = SETTINGS | {"seeds": [1], "epochs": [0, 1], "batch_sizes": [8, "30, balanced"], "steps": 10}
TOLERANCE = 1e-6


def run(reduced=False):
    """By net: mean and spread of the top layer, by seed and epoch, and the accuracy; means by batch size."""
    settings = REDUCED if reduced else SETTINGS
    nets = {"sigmoid": "sigmoid", "sigmoid, zero last layer": "sigmoid", "tanh": "tanh"}
    return {
        "epochs": settings["epochs"],
        "nets": {name: trained(activation, "zero" in name, settings) for name, activation in nets.items()},
        "batches": {
            str(size): [mean_after_steps(seed, size, settings) for seed in settings["seeds"]]
            for size in settings["batch_sizes"]
        },
    }


def start(seed, settings, zero_last=False):
    """Training and test digits, and Glorot's weights, of one seed."""
    data, test = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    params = mlp.mlp_init(settings["sizes"], rng=np.random.default_rng([seed, 1]))
    if zero_last:
        params = (*params[:-1], params[-1]._replace(W=np.zeros_like(params[-1].W)))
    return data, test, params


def top(params, x, activation="sigmoid"):
    """The last hidden layer: its mean, and the standard deviation over the digits of a typical unit."""
    _, caches = mlp.mlp_forward(params, x, activation=activation)
    h = caches[-1].linear.x
    return h.mean(), h.std(axis=0).mean()


def trained(activation, zero_last, settings):
    """The top layer of one net, epoch by epoch."""
    means, spreads, accuracies = [], [], []
    for seed in settings["seeds"]:
        (x, labels), (x_test, labels_test), params = start(seed, settings, zero_last)
        rng, looks = np.random.default_rng([seed, 2]), [top(params, x_test, activation)]
        for before, epoch in zip(settings["epochs"], settings["epochs"][1:]):
            options = {"activation": activation, "learning_rate": settings["learning_rate"]}
            options |= {"batch_size": settings["batch_size"], "epochs": epoch - before}
            params = mlp.train(params, x, labels, rng=rng, **options).params
            looks.append(top(params, x_test, activation))
        means.append([mean for mean, _ in looks])
        spreads.append([spread for _, spread in looks])
        accuracies.append(mlp.accuracy(params, x_test, labels_test, activation=activation))
    return {"mean": means, "spread": spreads, "accuracy": accuracies}


def mean_after_steps(seed, size, settings):
    """The top layer's mean before training and after some steps on random batches of one size, sigmoid."""
    (x, labels), (x_test, _), params = start(seed, settings)
    rng, before = np.random.default_rng([seed, 2]), top(params, x_test)[0]
    for _ in range(settings["steps"]):
        batch = draw(labels, size, rng)
        _, _, grads = mlp.loss_and_gradient(params, x[batch], labels[batch], activation="sigmoid")
        params = sgd_step(params, grads, settings["learning_rate"])
    return [before, top(params, x_test)[0]]


def draw(labels, size, rng):
    """The rows of a batch: all, three of each class, or `size` random ones."""
    if size == "all":
        return np.arange(len(labels))
    if size == "30, balanced":
        return np.concatenate([rng.choice(np.flatnonzero(labels == k), 3, replace=False) for k in range(10)])
    return rng.choice(len(labels), size, replace=False)


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
