"""Deep nets on digits with what lecture 5 offers: norms in several places, weight norm, L2, clipping.

Hidden layers of 32 ReLUs (He's weights) read 8 × 8 digits; gradient descent, batches of 32, 12 epochs.
All runs of one net, every seed with every learning rate, are computed side by side: arrays are (R, N,
D), the first index the run. Batch norm then sees the units of all R runs as its features.
"""

import numpy as np

from vgcourse import initializers, layers, tasks
from vgcourse.activations import get_activation
from vgcourse.authoring.measured import store
from vgcourse.losses import softmax

PLAIN = {
    "depth": 10, "activation": "relu", "initializer": "he", "norm": None, "place": "before", "noise": 0.0,
    "weight_norm": False, "l2": 0.0, "clip": None, "batch": 32,
}  # fmt: skip
TEN = {
    "nothing": {},
    "L2, λ = 0.001": {"l2": 1e-3},
    "clipped at 1": {"clip": 1.0},
    "weight norm": {"weight_norm": True},
    "layer norm": {"norm": "layer"},
    "batch norm after": {"norm": "batch", "place": "after"},
    "batch norm before": {"norm": "batch"},
    "batch norm, noise 0.3": {"norm": "batch", "noise": 0.3},
    "batch norm, noise 1": {"norm": "batch", "noise": 1.0},
}
SWEEP = {
    f"{depth} layers, {name}": {"depth": depth, "norm": norm}
    for depth in (2, 5, 20, 30)
    for name, norm in (("nothing", None), ("batch norm", "batch"))
}
BATCHES = {f"batches of {N}": {"norm": "batch", "depth": 5, "batch": N} for N in (2, 4, 8)}
SIGMOIDS = {
    f"6 sigmoid layers, {name}": {
        "depth": 6,
        "activation": "sigmoid",
        "initializer": "glorot",
        "clip": clip,
    }
    for name, clip in (("nothing", None), ("clipped at 1", 1.0))
}
SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws split, weights, order of batches and noise
    "rates": [0.03, 0.1, 0.3],
    "units": 32,
    "steps": 540,  # 12 epochs of 45 batches of 32
    "nets": TEN | SWEEP | BATCHES | SIGMOIDS,
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "rates": [0.03],
    "units": 16,
    "steps": 6,
    "nets": {name: net | {"depth": 3} for name, net in SETTINGS["nets"].items()},
}
TOLERANCE = 1e-6


def run(reduced=False):
    """For each net, by seed and rate: test accuracy (NaN if diverged), share of clipped steps, shift."""
    settings = REDUCED if reduced else SETTINGS
    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges goes on as NaN
        return {name: Nets(PLAIN | net, settings).train() for name, net in settings["nets"].items()}


class Nets:
    """One net, for every seed and rate: `runs[r]` is (seed, rate)."""

    def __init__(self, net, settings):
        self.net, self.settings = net, settings
        self.runs = [(seed, rate) for seed in settings["seeds"] for rate in settings["rates"]]
        self.rngs = [np.random.default_rng([seed, 2]) for seed, _ in self.runs]
        self.data = [
            tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed, _ in self.runs
        ]
        R, H, sizes = len(self.runs), settings["units"], [64, *[settings["units"]] * net["depth"], 10]
        draw = initializers.INITIALIZERS[net["initializer"]]
        starts = [np.random.default_rng([seed, 1]) for seed, _ in self.runs]
        self.layers = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            W = np.stack([draw((n_out, n_in), rng=rng) for rng in starts])
            hidden = n_out != 10
            layer = {"W": W, "b": np.zeros((R, 1, n_out))}
            if net["weight_norm"] and hidden:
                layer["length"] = np.linalg.norm(W, axis=2, keepdims=True)
            if net["norm"] and hidden:
                layer |= {"gamma": np.ones((R, 1, n_out)), "beta": np.zeros((R, 1, n_out))}
            self.layers.append(layer)
        self.running = [layers.running_init(R * H) for _ in range(net["depth"])]

    # --- one layer --------------------------------------------------------------------------------------

    def normalise(self, layer, x, number, training):
        """γ x̂ + β, and the cache; the library's norms with γ = 1, and every run's own γ and β after them."""
        R, _, H = x.shape
        if self.net["norm"] == "layer":
            x_hat, cache = layers.layer_norm_forward(layers.norm_init(H), x)
        else:
            running = None if training else self.running[number]
            rows, cache = layers.batch_norm_forward(layers.norm_init(R * H), as_rows(x), running=running)
            if training:
                self.running[number] = layers.update_running(self.running[number], cache)
            x_hat = as_runs(rows, R)
        return layer["gamma"] * x_hat + layer["beta"], (x_hat, cache)

    def normalise_backward(self, layer, dout, cache, grads):
        x_hat, cache = cache
        grads["gamma"] = (dout * x_hat).sum(axis=1, keepdims=True)
        grads["beta"] = dout.sum(axis=1, keepdims=True)
        dx_hat = dout * layer["gamma"]
        if self.net["norm"] == "layer":
            return layers.layer_norm_backward(dx_hat, cache)[0]
        return as_runs(layers.batch_norm_backward(as_rows(dx_hat), cache)[0], len(dout))

    def weights(self, layer):
        """W, or with weight norm the rows of W at the learnt length: equation (5.17)."""
        if "length" not in layer:
            return layer["W"], None
        norm = np.linalg.norm(layer["W"], axis=2, keepdims=True)
        return layer["length"] * layer["W"] / norm, (layer["W"] / norm, norm)

    # --- the net ----------------------------------------------------------------------------------------

    def forward(self, h, training):
        net, caches = self.net, []
        f = get_activation(net["activation"]).function
        for number, layer in enumerate(self.layers):
            W, direction = self.weights(layer)
            x, normed, loud = h, None, 1.0
            z = h @ W.transpose(0, 2, 1) + layer["b"]
            if number == net["depth"]:
                return z, [*caches, (x, W, direction, None, None, None)]
            if net["norm"] and net["place"] == "before":
                z, normed = self.normalise(layer, z, number, training)
            if net["noise"] and training:  # one random scale and shift for each unit and batch
                scale, shift = np.stack([rng.normal(size=(2, 1, z.shape[2])) for rng in self.rngs], axis=1)
                loud = 1 + net["noise"] * scale
                z = loud * z + net["noise"] * shift
            h = f(z)
            if net["norm"] and net["place"] == "after":
                h, normed = self.normalise(layer, h, number, training)
            caches.append((x, W, direction, normed, z, loud))

    def backward(self, dz, caches):
        net, all_grads = self.net, []
        slope = get_activation(net["activation"]).derivative
        for layer, (x, W, direction, normed, z, loud) in zip(
            reversed(self.layers), reversed(caches), strict=True
        ):
            grads = {}
            if z is not None:  # a hidden layer: dz is still the gradient with respect to its output
                after = net["norm"] and net["place"] == "after"
                dh = self.normalise_backward(layer, dz, normed, grads) if after else dz
                dz = dh * slope(z) * loud
                if net["norm"] and not after:
                    dz = self.normalise_backward(layer, dz, normed, grads)
            dW = dz.transpose(0, 2, 1) @ x
            if direction is not None:
                unit, norm = direction
                grads["length"] = (dW * unit).sum(axis=2, keepdims=True)
                dW = layer["length"] / norm * (dW - grads["length"] * unit)
            grads |= {"W": dW + net["l2"] * layer["W"], "b": dz.sum(axis=1, keepdims=True)}
            all_grads.append(grads)
            dz = dz @ W
        return all_grads[::-1]

    def train(self):
        rates = np.array([rate for _, rate in self.runs])[:, None, None]
        (x, labels), (x_test, labels_test) = (
            tuple(np.stack(part) for part in zip(*(split[k] for split in self.data), strict=True))
            for k in (0, 1)
        )
        N, middle, clipped, means, spreads = self.net["batch"], self.net["depth"] // 2, [], [], []
        batches, each = (
            batch_orders(self.rngs, x.shape[1], N, self.settings["steps"]),
            np.arange(len(x))[:, None],
        )
        for batch in batches:
            z, caches = self.forward(x[each, batch], True)
            dz = (softmax_rows(z) - (labels[each, batch][:, :, None] == np.arange(10))) / N
            grads = self.backward(dz, caches)
            enters = caches[middle][4]  # what enters the middle layer's ReLU
            means.append(enters.mean(axis=1))
            spreads.append(enters.std(axis=1).mean(axis=1))
            scale = 1.0
            if self.net["clip"]:
                square = sum((g**2).sum(axis=(1, 2)) for layer in grads for g in layer.values())
                norm = np.sqrt(square)[:, None, None]
                scale = np.minimum(1, self.net["clip"] / norm)
                clipped.append(scale[:, 0, 0] < 1)
            for layer, layer_grads in zip(self.layers, grads, strict=True):
                for name, g in layer_grads.items():
                    layer[name] = layer[name] - rates * scale * g
        z, _ = self.forward(x_test, False)
        shift = np.sqrt((np.diff(means, axis=0) ** 2).mean(axis=2)) / np.array(spreads)[:-1]
        results = {"accuracy": accuracies(z, labels_test), "shift": np.median(shift, axis=0)}
        if self.net["norm"] == "batch":
            rows = labels_test.shape[1] // N * N  # batches of N test digits, as in training
            parts = [self.forward(x_test[:, k : k + N], True)[0] for k in range(0, rows, N)]
            results["accuracy_by_batch"] = accuracies(np.concatenate(parts, axis=1), labels_test[:, :rows])
        if clipped:
            results["clipped"] = np.mean(clipped, axis=0)
        shape = len(self.settings["seeds"]), len(self.settings["rates"])
        return {name: np.reshape(values, shape) for name, values in results.items()}


def as_rows(x):
    """(R, N, H) as (N, R·H): the units of all runs are the features of one batch norm."""
    return x.transpose(1, 0, 2).reshape(x.shape[1], -1)


def as_runs(rows, R):
    """(N, R·H) as (R, N, H)."""
    return rows.reshape(len(rows), R, -1).transpose(1, 0, 2)


def softmax_rows(z):
    """The library's softmax, run by run."""
    return softmax(z.reshape(-1, z.shape[2])).reshape(z.shape)


def accuracies(z, labels):
    """Of every run; NaN where an output is not finite."""
    right = (z.argmax(axis=2) == labels).mean(axis=1)
    return np.where(np.isfinite(z).all(axis=(1, 2)), right, np.nan)


def batch_orders(rngs, rows, N, steps):
    """(R, N) row numbers for every step; a permutation of all rows after another, each run its own."""
    per_epoch = rows // N
    for step in range(steps):
        if step % per_epoch == 0:
            orders = np.stack([rng.permutation(rows) for rng in rngs])
        start = step % per_epoch * N
        yield orders[:, start : start + N]


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
