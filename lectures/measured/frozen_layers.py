"""Ten layers on digits: which of them have to learn? And what reaches the last layer of a net that does not?

The nets of lecture 1, section 9: 64 inputs, nine hidden layers of 32, ten classes, Glorot's weights. Layers
1 … k keep their initial weights. Frozen layers are one fixed function of the image, so the rest of the net
is trained on what that function makes of it; the gradients of the trained layers are the same.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws split, weights and order of batches; all nets of a seed share them
    "sizes": [64, *[32] * 9, 10],
    "learning_rate": 0.3,
    "epochs": 30,
    "frozen": {"tanh": list(range(10)), "sigmoid": [0, 9]},
}
REDUCED = SETTINGS | {"seeds": [1], "epochs": 1, "frozen": {"tanh": [0, 9], "sigmoid": [0]}}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each net: test accuracy by seed and number of frozen layers; its signals, untrained and trained."""
    settings = REDUCED if reduced else SETTINGS
    return {
        activation: {"frozen": frozen}
        | by_seed([one_seed(seed, activation, frozen, settings) for seed in settings["seeds"]])
        for activation, frozen in settings["frozen"].items()
    }


def one_seed(seed, activation, frozen, settings):
    """All that one seed gives for one activation."""
    data, data_test = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    start = mlp.mlp_init(settings["sizes"], rng=np.random.default_rng([seed, 1]))
    inputs, inputs_test = (layer_inputs(start, x, activation) for x, _ in (data, data_test))

    def train(k, inputs, inputs_test):
        """Layers k + 1 … 10, trained on what layer k hands on, and their test accuracy."""
        result = mlp.train(
            start[k:], inputs, data[1], activation=activation, learning_rate=settings["learning_rate"],
            epochs=settings["epochs"], rng=np.random.default_rng([seed, 2]),
        )  # fmt: skip
        return result, mlp.accuracy(result.params, inputs_test, data_test[1], activation=activation)

    results, accuracy = zip(*(train(k, inputs[k], inputs_test[k]) for k in frozen), strict=True)
    mean, std = inputs[9].mean(axis=0), inputs[9].std(axis=0)
    _, magnified = train(9, (inputs[9] - mean) / std, (inputs_test[9] - mean) / std)
    whole = results[0]  # no layer frozen
    moved = [np.abs(now.W - before.W).max() for before, now in zip(start, whole.params, strict=True)]
    return {
        "accuracy": accuracy,
        # layers 1 … 9 frozen, the last is given h_9 with mean 0 and standard deviation 1 over training digits
        "accuracy_h9_magnified": magnified,
        "largest_change_of_a_weight": moved,
        "loss_first_batch": whole.losses[0],
        "loss_last_epoch": whole.losses[-len(whole.losses) // settings["epochs"] :].mean(),
        "untrained": signals(start, *data, data_test[0], activation),
        "trained": signals(whole.params, *data, data_test[0], activation),
    }


def layer_inputs(params, x, activation):
    """h_0 = x, h_1, …, h_9: what each layer is given."""
    return [cache.linear.x for cache in mlp.mlp_forward(params, x, activation=activation)[1]]


def signals(params, x, labels, x_test, activation):
    """The gradient's norms by layer on all training digits, and how far test digits lie apart in each."""
    _, deltas, grads = mlp.loss_and_gradient(params, x, labels, activation=activation)
    logits, _ = mlp.mlp_forward(params, x_test, activation=activation)
    hidden = layer_inputs(params, x_test, activation)
    return {
        "error_signal_norms": [np.linalg.norm(delta) for delta in deltas],
        "weight_gradient_norms": [np.linalg.norm(grad.W) for grad in grads],
        # the root mean square of ‖h(a) − h(b)‖ over two digits drawn independently: images, h_1 … h_9, logits
        "distances_between_digits": [np.sqrt(2 * h.var(axis=0).sum()) for h in [*hidden, logits]],
        # over the test digits: a typical logit's standard deviation, and the widest logit's max − min
        "logit_std": np.sqrt(logits.var(axis=0).mean()),
        "logit_range": np.ptp(logits, axis=0).max(),
        "last_hidden_std": np.sqrt(hidden[-1].var(axis=0).mean()),
        "last_hidden_range": np.ptp(hidden[-1], axis=0).max(),
        "share_of_the_class_most_often_read": np.bincount(logits.argmax(axis=1)).max() / len(logits),
    }


def by_seed(seeds):
    """A list of equal dicts as one dict of lists, seed by seed."""
    if isinstance(seeds[0], dict):
        return {key: by_seed([one[key] for one in seeds]) for key in seeds[0]}
    return seeds


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
