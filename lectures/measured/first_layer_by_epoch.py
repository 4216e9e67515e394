"""Does the first layer's gradient die away while a deep net trains? Its norm before and after each epoch.

19 hidden layers of 128 on digits, ReLU with He's weights, the others with Glorot's; lecture 3, section 7.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import glorot, he

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws split, weights and order of batches
    "activations": ["elu", "relu", "sigmoid", "tanh"],
    "sizes": [64, *[128] * 19, 10],
    "learning_rate": 0.03,
    "batch_size": 32,
    "epochs": 10,
    "measured_on": 512,  # training digits, always the same
}
REDUCED = SETTINGS | {"seeds": [1], "sizes": [64, *[32] * 19, 10], "epochs": 1}
TOLERANCE = 1e-2  # float32, and training amplifies its rounding


def run(reduced=False):
    """activation -> norms of ∂L/∂W_1 (seed, epoch), last layer's norms, losses and test accuracies."""
    settings = REDUCED if reduced else SETTINGS
    out = {}
    for activation in settings["activations"]:
        runs = [one_seed(activation, seed, settings) for seed in settings["seeds"]]
        out[activation] = {key: [one[key] for one in runs] for key in runs[0]}
    return out


def one_seed(activation, seed, settings):
    rng = np.random.default_rng(seed)
    (x, labels), (x_test, labels_test) = tasks.split(*tasks.digits(dtype=np.float32), rng=rng)
    rule = he if activation == "relu" else glorot
    params = mlp.mlp_init(settings["sizes"], rng=rng, initializer=rule, dtype=np.float32)
    few = slice(settings["measured_on"])
    out = {"first": [], "last": [], "loss": []}
    for epoch in range(settings["epochs"] + 1):
        if epoch:
            params = mlp.train(
                params, x, labels, activation=activation, learning_rate=settings["learning_rate"],
                epochs=1, batch_size=settings["batch_size"], rng=rng,
            ).params  # fmt: skip
        loss, _, grads = mlp.loss_and_gradient(params, x[few], labels[few], activation=activation)
        out["first"].append(float(np.linalg.norm(grads[0].W)))
        out["last"].append(float(np.linalg.norm(grads[-1].W)))
        out["loss"].append(float(loss))
    return out | {"accuracy": mlp.accuracy(params, x_test, labels_test, activation=activation)}


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
