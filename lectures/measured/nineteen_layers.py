"""19 hidden layers of 1024 units on real digits, before any training: how large is each neuron's gradient?

Norms over a neuron's weights and bias, of the mean loss's gradient ("batch") and of each digit's own
("instances"), for four activations and three rules for the weights, as in lecture 3, section 7.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.clinic import gradient_norms, instance_gradient_norms
from vgcourse.initializers import INITIALIZERS

SETTINGS = {
    "seeds": [1, 2, 3],  # each draws weights and digits
    "hidden": 19,
    "width": 1024,
    "digits": 64,
    "shown": 24,  # neurons per layer whose norms are stored for the picture, of the first seed
    "rules": {
        "default": {name: "uniform_fan_in" for name in ("elu", "relu", "sigmoid", "tanh")},
        "glorot_he": {"elu": "glorot", "relu": "he", "sigmoid": "glorot", "tanh": "glorot"},
        "glorot": {"relu": "glorot"},
    },
}
REDUCED = SETTINGS | {"seeds": [1], "hidden": 5, "width": 64}
TOLERANCE = 2e-3  # float32, four digits stored


def run(reduced=False):
    """rule -> activation -> what `one_net` gives, a list over seeds for each quantity."""
    settings = REDUCED if reduced else SETTINGS
    x, labels = tasks.digits(dtype=np.float32)
    out = {}
    for rule, nets in settings["rules"].items():
        out[rule] = {}
        for activation, initializer in nets.items():
            runs = [one_net(activation, initializer, x, labels, seed, settings) for seed in settings["seeds"]]
            out[rule][activation] = {key: [one[key] for one in runs] for key in runs[0]}
            first = [sampled(runs[0]["every"][kind], settings["shown"]) for kind in ("batch", "instances")]
            out[rule][activation] |= {"batch_shown": first[0], "instances_shown": first[1]}
            del out[rule][activation]["every"]
    return out


def one_net(activation, initializer, x, labels, seed, settings):
    """By hidden layer, over neurons and digits: root mean square, largest, median, share that is 0."""
    rng = np.random.default_rng(seed)
    sizes = (64, *[settings["width"]] * settings["hidden"], 10)
    params = mlp.mlp_init(sizes, rng=rng, initializer=INITIALIZERS[initializer], dtype=np.float32)
    some = rng.permutation(len(x))[: settings["digits"]]
    batch = gradient_norms(params, x[some], labels[some], activation=activation).neurons[:-1]
    instances = instance_gradient_norms(params, x[some], labels[some], activation=activation)[:-1]
    out = {"every": {"batch": batch, "instances": instances}}
    for kind, norms in out["every"].copy().items():
        layers = [layer.astype(float) for layer in norms]
        out[f"{kind}_rms"] = [four_digits(np.sqrt((layer**2).mean())) for layer in layers]
        out[f"{kind}_largest"] = [four_digits(layer.max()) for layer in layers]
        out[f"{kind}_median"] = [four_digits(np.median(layer)) for layer in layers]
        out[f"{kind}_zero"] = [four_digits((layer == 0).mean()) for layer in layers]
    return out


def sampled(layers, shown):
    """Norms of evenly spaced neurons, each for one digit where there are several."""
    picked = []
    for layer in layers:
        neurons = np.linspace(0, layer.shape[-1] - 1, shown).astype(int)
        values = layer[neurons] if layer.ndim == 1 else layer[neurons % len(layer), neurons]
        picked.append([four_digits(value) for value in values])
    return picked


def four_digits(value):
    return float(f"{value:.4g}")


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
