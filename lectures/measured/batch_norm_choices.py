"""Two choices under batch norm, on digits: how large the weights start, and which statistics read the test.

Hidden layers z = W h, batch norm, ReLU, of 32 units; then ten classes; gradient descent. All runs of a net,
every seed with every rate, are computed side by side: arrays are (R, N, D), the first index the run. The
first gradient is compared with that of `vgcourse.layers`.

"weights": three starts of the normalised weights at four rates; the last layer starts alike in all. The
control has N(0, 1) weights too, and their rate is multiplied by κ², with κ the weights' size over He's: by
(5.10) that must undo the start. Thirty layers are also trained with layer norm and with nothing.

"statistics": what one net reads with the running statistics, with its batch's own, and with "recomputed"
ones, a single pass over all training digits with the final weights. The weights are the same in all three.
"""

import numpy as np

from vgcourse import layers, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import glorot, he, uniform_fan_in
from vgcourse.losses import softmax, softmax_cross_entropy_forward

USUAL = {
    "norm": "batch",
    "depth": 5,
    "batch": 32,
    "steps": 540,
    "share": 0.1,
    "remember": "N - 1",
    "contrast": 1.0,
}
SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws split, weights and order of batches
    "units": 32,
    "weights": {
        "depths": [10, 30],
        "rates": [0.01, 0.1, 1.0],
        "starts": ["default", "He", "N(0, 1)", "N(0, 1), rate × κ²"],
        # norm and start, at the largest depth
        "others": {
            "layer norm, default": ["layer", "default"],
            "layer norm, He": ["layer", "He"],
            "nothing, default": ["none", "default"],
            "nothing, Glorot": ["none", "Glorot"],
            "nothing, He": ["none", "He"],
        },
        "batch": 32,
        "steps": 540,  # 12 epochs
    },
    # share: ρ of (5.19); remember: what v is divided by there; contrast: a factor on the test digits
    "statistics": {
        "rate": 0.1,
        "nets": {
            "540 steps, ρ = 0.1": USUAL,
            "180 steps, ρ = 0.1": USUAL | {"steps": 180},
            "180 steps, ρ = 0.001": USUAL | {"steps": 180, "share": 0.001},
            "44 steps, ρ = 0.01": USUAL | {"steps": 44, "share": 0.01},
            "10 layers, 180 steps, ρ = 0.1": USUAL | {"depth": 10, "steps": 180},
            "10 layers, 180 steps, ρ = 0.001": USUAL | {"depth": 10, "steps": 180, "share": 0.001},
            "batches of 8, ρ = 0.1": USUAL | {"batch": 8},
            "batches of 8, ρ = 0.99": USUAL | {"batch": 8, "share": 0.99},
            "batches of 4": USUAL | {"batch": 4},
            "batches of 4, remembered / N": USUAL | {"batch": 4, "remember": "N"},
            "batches of 2": USUAL | {"batch": 2},
            "batches of 2, remembered / N": USUAL | {"batch": 2, "remember": "N"},
            "test digits at ¼ contrast": USUAL | {"contrast": 0.25},
        },
    },
}  # fmt: skip
REDUCED = SETTINGS | {
    "seeds": [1],
    "units": 16,
    "weights": SETTINGS["weights"] | {"depths": [2], "rates": [0.1], "steps": 5},
    "statistics": {"rate": 0.1, "nets": {"settled": USUAL | {"steps": 5}}},
}
TOLERANCE = 1e-6
EPS = 1e-5
AXIS = {"batch": 1, "layer": 2}  # of (R, N, D)


def run(reduced=False):
    """By part, depth and start, or by net: arrays (seed, rate) or (seed,)."""
    settings = REDUCED if reduced else SETTINGS
    part, result = settings["weights"], {"weights": {}, "statistics": {}}
    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges goes on as NaN
        for depth in part["depths"]:
            net = USUAL | {"depth": depth, "batch": part["batch"], "steps": part["steps"]}
            result["weights"][str(depth)] = {
                start: Nets(net, settings, part["rates"], start).train() for start in part["starts"]
            }
        for name, (norm, start) in part["others"].items():
            nets = Nets(net | {"norm": norm}, settings, part["rates"], start)
            result["weights"][str(depth)][name] = nets.train()
        for name, net in settings["statistics"]["nets"].items():
            result["statistics"][name] = Nets(net, settings, [settings["statistics"]["rate"]]).train()
    return result


class Nets:
    """One net, for every seed and rate: `runs[r]` is (seed, rate)."""

    def __init__(self, net, settings, rates, start="He"):
        self.net, self.shape = net, (len(settings["seeds"]), len(rates))
        self.runs = [(seed, rate) for seed in settings["seeds"] for rate in rates]
        splits = [tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0])) for seed, _ in self.runs]
        self.train_set, self.test_set = (
            tuple(np.stack(part) for part in zip(*(split[k] for split in splits), strict=True))
            for k in (0, 1)
        )
        rngs, K = [np.random.default_rng([seed, 1]) for seed, _ in self.runs], net["depth"]
        H, R = settings["units"], len(self.runs)
        sizes = [64, *[H] * K]
        self.W = [np.stack([he((H, n_in), rng=rng) for rng in rngs]) for n_in in sizes[:-1]]
        self.V = np.stack([uniform_fan_in((10, H), rng=rng) for rng in rngs])
        rates, factors = np.array([rate for _, rate in self.runs])[:, None, None], [1.0] * K
        if start in ("default", "Glorot"):
            rule = glorot if start == "Glorot" else uniform_fan_in
            self.W = [np.stack([rule((H, n_in), rng=rng) for rng in rngs]) for n_in in sizes[:-1]]
        elif start != "He":  # N(0, 1): He's numbers, enlarged
            factors = [np.sqrt(n_in / 2) for n_in in sizes[:-1]]
            self.W = [kappa * W for kappa, W in zip(factors, self.W)]
        self.rates_W = [rates * (kappa**2 if "κ²" in start else 1) for kappa in factors]
        self.rates, self.c = rates, np.zeros((R, 1, 10))
        self.gamma, self.beta = (np.full((K, R, 1, H), value) for value in (1.0, 0.0))
        self.running = np.zeros((K, R, 1, H)), np.ones((K, R, 1, H))

    def forward(self, h, statistics=None):
        """Logits, caches, and every layer's mean and variance over the batch, or the given ones."""
        caches, means, variances, norm = [], [], [], self.net["norm"]
        for k, W in enumerate(self.W):
            z = h @ W.transpose(0, 2, 1)
            if norm == "none":
                mean = variance = np.zeros(self.beta.shape[1:])
            elif statistics is None or norm == "layer":
                mean = z.mean(axis=AXIS[norm], keepdims=True)
                variance = ((z - mean) ** 2).mean(axis=AXIS[norm], keepdims=True)
            else:
                mean, variance = statistics[0][k], statistics[1][k]
            std = 1.0 if norm == "none" else np.sqrt(variance + EPS)
            x_hat = (z - mean) / std
            y = self.gamma[k] * x_hat + self.beta[k]
            caches.append((h, x_hat, std, y))
            if norm != "layer":
                means.append(mean)
                variances.append(variance)
            h = np.maximum(y, 0)
        logits = h @ self.V.transpose(0, 2, 1) + self.c
        return logits, (caches, h), (np.array(means), np.array(variances))

    def gradient(self, x, labels):
        """Of the mean cross-entropy: dW by layer, dγ, dβ (K, R, 1, H), dV, dc; and the batch's statistics."""
        logits, (caches, top), statistics = self.forward(x)
        dz = (softmax_rows(logits) - (labels[:, :, None] == np.arange(10))) / x.shape[1]
        dV, dc = dz.transpose(0, 2, 1) @ top, dz.sum(axis=1, keepdims=True)
        dh, dW, dgamma, dbeta = dz @ self.V, [], [], []
        for k, (h, x_hat, std, y) in reversed(list(enumerate(caches))):
            dy = dh * (y > 0)
            dgamma.append((dy * x_hat).sum(axis=1, keepdims=True))
            dbeta.append(dy.sum(axis=1, keepdims=True))
            d = self.gamma[k] * dy
            if axis := AXIS.get(self.net["norm"]):
                along = x_hat * (d * x_hat).mean(axis=axis, keepdims=True)
                d = (d - d.mean(axis=axis, keepdims=True) - along) / std
            else:
                dgamma[-1] = 0 * dgamma[-1]  # without a norm there is no γ
            dW.append(d.transpose(0, 2, 1) @ h)
            dh = d @ self.W[k]
        return (dW[::-1], np.stack(dgamma[::-1]), np.stack(dbeta[::-1]), dV, dc), statistics

    def train(self):
        x, labels = self.train_set
        rngs = [np.random.default_rng([seed, 2]) for seed, _ in self.runs]
        each, N, share = np.arange(len(x))[:, None], self.net["batch"], self.net["share"]
        correct = N / (N - 1) if self.net["remember"] == "N - 1" else 1.0
        for step, batch in enumerate(batches(rngs, labels, N, self.net["steps"])):
            (dW, dgamma, dbeta, dV, dc), (means, variances) = self.gradient(
                x[each, batch], labels[each, batch]
            )
            if step == 0:
                self.check_first_gradient(x[0, batch[0]], labels[0, batch[0]], dW, dgamma)
            self.W = [W - rate * d for W, rate, d in zip(self.W, self.rates_W, dW)]
            self.gamma, self.beta = self.gamma - self.rates * dgamma, self.beta - self.rates * dbeta
            self.V, self.c = self.V - self.rates * dV, self.c - self.rates * dc
            if self.net["norm"] != "batch":
                continue
            mean, variance = self.running
            self.running = (
                (1 - share) * mean + share * means,
                (1 - share) * variance + share * correct * variances,
            )
        return {name: np.reshape(values, self.shape) for name, values in self.read().items()}

    def read(self):
        """Accuracy and loss on test digits: running statistics, the batch's own, and recomputed ones."""
        (x, _), (x_test, labels), N = self.train_set, self.test_set, self.net["batch"]
        x_test, each = self.net["contrast"] * x_test, np.arange(len(x))[:, None]
        rngs = [np.random.default_rng([seed, 3]) for seed, _ in self.runs]
        steps = labels.shape[1] // N
        parts = [(self.forward(x_test[each, some])[0], labels[each, some])
                 for some in batches(rngs, labels, N, steps)]  # fmt: skip
        own, own_labels = (np.concatenate(part, axis=1) for part in zip(*parts))
        recomputed = self.forward(x)[2] if self.net["norm"] == "batch" else None
        ways = {
            "running": (self.forward(x_test, self.running)[0], labels),
            "own": (own, own_labels),
            "recomputed": (self.forward(x_test, recomputed)[0], labels),
        }
        result = {f"accuracy, {name}": accuracies(z, y) for name, (z, y) in ways.items()}
        for name, (z, y) in ways.items():
            result[f"loss, {name}"] = [softmax_cross_entropy_forward(*pair)[0] for pair in zip(z, y)]
        x_hat = self.forward(x_test, self.running)[1][0][-1][1]  # 1 where the statistics fit
        result["rms of top x̂"] = np.sqrt((x_hat**2).mean(axis=(1, 2)))
        return result

    def check_first_gradient(self, x, labels, dW, dgamma):
        """The gradient of run 0 against the library's forward/backward pairs."""
        forward, backward = {
            "batch": (layers.batch_norm_forward, layers.batch_norm_backward),
            "layer": (layers.layer_norm_forward, layers.layer_norm_backward),
            "none": (lambda _, z: (z, len(z[0])), lambda dy, D: (dy, layers.NormParams(np.zeros(D), None))),
        }[self.net["norm"]]
        h, caches = x, []
        for W in self.W:
            z, linear = layers.linear_forward(layers.LinearParams(W[0], np.zeros(len(W[0]))), h)
            y, norm = forward(layers.norm_init(len(W[0])), z)
            h, relu = layers.activation_forward("relu", y)
            caches.append((linear, norm, relu))
        logits, top = layers.linear_forward(layers.LinearParams(self.V[0], np.zeros(10)), h)
        dh, _ = layers.linear_backward((softmax(logits) - np.eye(10)[labels]) / len(labels), top)
        for k, (linear, norm, relu) in reversed(list(enumerate(caches))):
            dz, grads = backward(layers.activation_backward(dh, relu), norm)
            dh, (own, _) = layers.linear_backward(dz, linear)
            assert max(relative_error(own, dW[k][0]), relative_error(grads.gamma, dgamma[k, 0, 0])) < 1e-6


def softmax_rows(z):
    """The library's softmax, run by run."""
    return softmax(z.reshape(-1, z.shape[2])).reshape(z.shape)


def accuracies(z, labels):
    """Of every run; NaN where an output is not finite."""
    right = (z.argmax(axis=2) == labels).mean(axis=1)
    return np.where(np.isfinite(z).all(axis=(1, 2)), right, np.nan)


def batches(rngs, labels, N, steps):
    """(R, N) row numbers for every step: a permutation of all rows after another, each run its own."""
    rows = labels.shape[1]
    for step in range(steps):
        start = step % (rows // N) * N
        if start == 0:
            orders = np.stack([rng.permutation(rows) for rng in rngs])
        yield orders[:, start : start + N]


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
