"""Where does batch norm help? The same digits as images, for convolutions, and as sequences.

Convolutional: K layers of 3 × 3 filters on 8 × 8 pixels, He's weights, a ReLU each, then ten classes; with
spatial batch norm before each ReLU, or without. Recurrent: h_t = tanh(a_t + r_t), a_t = W_x x_t and
r_t = W_h h_{t−1} + b, read by rows (8 steps of 8 pixels) or by pixels (64 steps of one); after the last step
ten classes. There batch norm stands on the input part a alone, with one mean and spread over all steps
(Laurent et al. 2016), or on a and on r, with statistics of each step and γ = 1 or 0.1 at the start
(Cooijmans et al. 2017). Controls: layer norm on the sum, and with a large ε, since the first pixels are
blank in all images: there its input is 0; and on the input part the statistics of the very
first batch, kept for ever, which set a scale and are no function of the batch.

All runs of a net, every seed with every rate, are computed side by side: the first axis is the run. The
first gradients are compared with complex steps along a random direction.
"""

import numpy as np

from vgcourse import optim, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import glorot, he, orthogonal, uniform_fan_in

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws split, weights and order of batches
    "batch": 32,
    "conv": {
        "layers": 10,
        "channels": 8,
        "steps": 135,  # 3 epochs
        "rates": {"gradient descent": [0.03, 0.1, 0.3], "Adam": [0.001, 0.003, 0.01]},
        "norms": ["none", "batch"],
    },
    "recurrent": {
        "units": 32,
        "steps": {"rows": 540, "pixels": 270},
        "rates": {"gradient descent": [0.03, 0.1, 0.3], "Adam": [0.001, 0.003, 0.01]},
        "norms": ["none", "input", "input, fixed", "both", "both, γ = 0.1", "layer", "layer, ε = 0.1"],
    },
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "batch": 8,
    "conv": SETTINGS["conv"] | {"layers": 2, "channels": 2, "steps": 3, "rates": {"Adam": [0.01]}},
    "recurrent": SETTINGS["recurrent"]
    | {"units": 4, "steps": {"rows": 3}, "rates": {"gradient descent": [0.1]}},
}
TOLERANCE = 1e-5
EPS = 1e-5
SHARE = 0.1  # of a new batch in the running statistics


def run(reduced=False):
    """accuracy and the last losses, (seed, rate) each, by kind (and way of reading), optimiser and norm."""
    settings = REDUCED if reduced else SETTINGS
    conv, recurrent, result = settings["conv"], settings["recurrent"], {"conv": {}, "recurrent": {}}
    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges goes on as NaN
        for optimiser, rates in conv["rates"].items():
            result["conv"][optimiser] = {
                norm: train(Conv(norm, rates, settings), optimiser, conv["steps"], rates, settings)
                for norm in conv["norms"]
            }
        for way, steps in recurrent["steps"].items():
            result["recurrent"][way] = {
                optimiser: {
                    norm: train(Recurrent(way, norm, rates, settings), optimiser, steps, rates, settings)
                    for norm in recurrent["norms"]
                }
                for optimiser, rates in recurrent["rates"].items()
            }
    return result


def stacked(draw, settings, rates, number):
    """draw(rng) for every seed, each repeated for every rate; every array of a net has its own number."""
    arrays = [draw(np.random.default_rng([seed, 1, number])) for seed in settings["seeds"]]
    return np.repeat(np.stack(arrays), len(rates), axis=0)


def train(net, optimiser, steps, rates, settings):
    """Train all runs of a net; what they read of the test digits, and the mean loss of the last 44 steps."""
    seeds, N = settings["seeds"], settings["batch"]
    splits = [tasks.split(*tasks.digits(), rng=np.random.default_rng([s, 0])) for s in seeds for _ in rates]
    (x, labels), (x_test, y_test) = (tuple(np.stack(a) for a in zip(*(s[k] for s in splits))) for k in (0, 1))
    rngs = [np.random.default_rng([seed, 2]) for seed in seeds for _ in rates]
    each, per_epoch, losses = np.arange(len(x))[:, None], x.shape[1] // N, []
    rate = np.array([rate for _ in seeds for rate in rates])
    zeros = tuple(np.zeros_like(p) for p in net.params.values())
    state = optim.adam_init(zeros)
    for step in range(steps):
        if step % per_epoch == 0:
            orders = np.stack([rng.permutation(x.shape[1]) for rng in rngs])
        batch = orders[:, step % per_epoch * N :][:, :N]
        loss, grads = net.gradient(x[each, batch], labels[each, batch])
        if step == 0:
            check_gradient(net, x[each, batch], labels[each, batch], grads)
        losses.append(loss)
        moves = tuple(grads[name] for name in net.params)
        if optimiser == "Adam":  # a step from 0 at rate 1: the rates are the runs' own
            moves, state = optim.adam_step(zeros, moves, state, 1.0)
            moves = tuple(-move for move in moves)
        for (name, p), move in zip(list(net.params.items()), moves):
            net.params[name] = p - rate.reshape(-1, *[1] * (p.ndim - 1)) * move
    logits = net.forward(x_test, training=False)
    right = (logits.argmax(axis=2) == y_test).mean(axis=1)
    right = np.where(np.isfinite(logits).all(axis=(1, 2)), right, np.nan)
    shape = len(seeds), len(rates)
    return {"accuracy": right.reshape(shape), "loss": np.mean(losses[-44:], axis=0).reshape(shape)}


def check_gradient(net, x, labels, grads):
    """Along a random direction: the backward pass against a complex step. Running statistics are put back."""
    rng, running, params = np.random.default_rng(0), dict(net.running), net.params
    V = {name: rng.normal(size=p.shape) for name, p in params.items()}
    net.params = {name: p + 1e-30j * V[name] for name, p in params.items()}
    exact = net.gradient(x, labels)[0].imag / 1e-30
    net.params, net.running = params, running
    ours = sum((V[name] * g).reshape(len(g), -1).sum(axis=1) for name, g in grads.items())
    assert relative_error(ours, exact) < 1e-6, (ours, exact)


class Net:
    """Logits, losses and gradients of R runs; `running` are means and variances for test digits."""

    def gradient(self, x, labels):
        logits, right = self.forward(x, training=True), labels[:, :, None] == np.arange(10)
        z = logits - logits.real.max(axis=2, keepdims=True)
        loss = (np.log(np.exp(z).sum(axis=2)) - (z * right).sum(axis=2)).mean(axis=1)
        p = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
        return loss, self.backward((p - right) / labels.shape[1])

    def normalise(self, name, z, axes, training):
        """x̂ and what its backward pass needs; means and variances over the axes."""
        if training:
            mean = z.mean(axis=axes, keepdims=True)
            variance = ((z - mean) ** 2).mean(axis=axes, keepdims=True)
            old = self.running.get(name, (mean.real, variance.real))
            new = mean.real, variance.real
            self.running[name] = tuple((1 - SHARE) * a + SHARE * b for a, b in zip(old, new))
        else:
            mean, variance = self.running[name]
        std = np.sqrt(variance + EPS)
        return (z - mean) / std, std


def norm_backward(dx_hat, x_hat, std, axes):
    """Equation (5.8)."""
    along = x_hat * (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return (dx_hat - dx_hat.mean(axis=axes, keepdims=True) - along) / std


class Conv(Net):
    def __init__(self, norm, rates, settings):
        self.K, self.norm, self.running = settings["conv"]["layers"], norm, {}
        C, K = settings["conv"]["channels"], self.K
        R, self.params = len(settings["seeds"]) * len(rates), {}
        for k in range(K):
            fan_in = 9 * (C if k else 1)
            self.params[f"W{k}"] = stacked(lambda rng, n=fan_in: he((C, n), rng=rng).T, settings, rates, k)
            if norm == "batch":
                self.params[f"gamma{k}"] = np.ones((R, 1, 1, 1, C))
            self.params[f"beta{k}"] = np.zeros((R, 1, 1, 1, C))
        self.params["V"] = stacked(lambda rng: uniform_fan_in((10, 64 * C), rng=rng).T, settings, rates, K)
        self.params["c"] = np.zeros((R, 1, 10))

    def forward(self, x, training):
        h, self.tape = x.reshape(*x.shape[:2], 8, 8, 1), []
        for k in range(self.K):
            z, columns = convolve(h, self.params[f"W{k}"])
            x_hat = std = None
            if self.norm == "batch":
                x_hat, std = self.normalise(k, z, (1, 2, 3), training)
                z = self.params[f"gamma{k}"] * x_hat
            y = z + self.params[f"beta{k}"]
            h = y * (y.real > 0)
            if training:
                self.tape.append((columns, x_hat, std, y))
        self.top = h.reshape(*h.shape[:2], -1)
        return self.top @ self.params["V"] + self.params["c"]

    def backward(self, dz):
        grads = {"V": self.top.swapaxes(1, 2) @ dz, "c": dz.sum(axis=1, keepdims=True)}
        dh = dz @ self.params["V"].swapaxes(1, 2)
        for k, (columns, x_hat, std, y) in reversed(list(enumerate(self.tape))):
            dy = dh.reshape(y.shape) * (y.real > 0)
            grads[f"beta{k}"] = dy.sum(axis=(1, 2, 3), keepdims=True)
            d = dy
            if self.norm == "batch":
                grads[f"gamma{k}"] = (dy * x_hat).sum(axis=(1, 2, 3), keepdims=True)
                d = norm_backward(dy * self.params[f"gamma{k}"], x_hat, std, (1, 2, 3))
            R, O = len(d), d.shape[-1]
            grads[f"W{k}"] = columns.swapaxes(1, 2) @ d.reshape(R, -1, O)
            if k:
                W = self.params[f"W{k}"].reshape(R, -1, 3, 3, O)[:, :, ::-1, ::-1]
                dh, _ = convolve(d, W.transpose(0, 4, 2, 3, 1).reshape(R, 9 * O, -1))
        return grads


def convolve(h, W):
    """A 3 × 3 convolution (R, N, Y, X, C) → (R, N, Y, X, O) with a border of zeros; W (R, 9 C, O)."""
    padded = np.pad(h, ((0, 0), (0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    columns = windows.reshape(len(h), -1, W.shape[1])
    return (columns @ W).reshape(*h.shape[:-1], W.shape[2]), columns


class Recurrent(Net):
    def __init__(self, way, norm, rates, settings):
        self.way, self.norm, self.running = way, norm, {}
        H, D = settings["recurrent"]["units"], 8 if way == "rows" else 1
        R, start = len(settings["seeds"]) * len(rates), 0.1 if "γ = 0.1" in norm else 1.0
        self.params = {
            "W_x": stacked(lambda rng: glorot((H, D), rng=rng).T, settings, rates, 0),
            "W_h": stacked(lambda rng: orthogonal((H, H), rng=rng), settings, rates, 1),
            "V": stacked(lambda rng: uniform_fan_in((10, H), rng=rng).T, settings, rates, 2),
            "b": np.zeros((R, 1, H)),
            "c": np.zeros((R, 1, 10)),
        }
        if norm != "none":
            self.params |= {"gamma": np.full((R, 1, H), start)}
        if norm.startswith("both"):
            self.params |= {"gamma_h": np.full((R, 1, H), start)}

    def forward(self, x, training):
        R, N, _ = x.shape
        sequence = tasks.images_to_sequence(x.reshape(R * N, 8, 8), by=self.way)
        sequence = sequence.reshape(len(sequence), R, N, -1)
        p, norm, self.tape = self.params, self.norm, []
        driven = sequence @ p["W_x"]
        if norm == "input, fixed" and "first" not in self.running:
            self.running["first"] = tuple(
                statistic(driven.real, axis=(0, 2), keepdims=True) for statistic in (np.mean, np.var)
            )
        if norm == "input":
            a_hat, a_std = self.normalise("input", driven, (0, 2), training)
        elif norm == "input, fixed":
            mean, variance = self.running["first"]
            a_std = np.sqrt(variance + EPS)
            a_hat = (driven - mean) / a_std
        h = np.zeros((R, N, p["b"].shape[2]))
        for t in range(len(sequence)):
            r, before = h @ p["W_h"], h
            if norm == "none":
                z, kept = driven[t] + r + p["b"], None
            elif norm.startswith("input"):
                z, kept = p["gamma"] * a_hat[t] + r + p["b"], None
            elif norm.startswith("layer"):
                eps = 0.1 if "0.1" in norm else EPS
                s = driven[t] + r
                s = s - s.mean(axis=2, keepdims=True)
                std = np.sqrt((s**2).mean(axis=2, keepdims=True) + eps)
                z, kept = p["gamma"] * (s / std) + p["b"], (s / std, std)
            else:
                kept = self.normalise(("a", t), driven[t], 1, training)
                kept = *kept, *self.normalise(("r", t), r, 1, training)
                z = p["gamma"] * kept[0] + p["gamma_h"] * kept[2] + p["b"]
            h = np.tanh(z)
            self.tape.append((before, h, kept))
        self.inputs, self.part = sequence, (a_hat, a_std) if norm.startswith("input") else None
        return h @ p["V"] + p["c"]

    def backward(self, dz):
        p, norm, h = self.params, self.norm, self.tape[-1][1]
        grads = {name: np.zeros_like(value) for name, value in p.items()}
        grads["V"], grads["c"] = h.swapaxes(1, 2) @ dz, dz.sum(axis=1, keepdims=True)
        dh, da = dz @ p["V"].swapaxes(1, 2), []
        for before, h, kept in reversed(self.tape):
            d = dh * (1 - h**2)
            grads["b"] = grads["b"] + d.sum(axis=1, keepdims=True)
            own = dr = d
            if norm.startswith("layer"):
                grads["gamma"] = grads["gamma"] + (d * kept[0]).sum(axis=1, keepdims=True)
                own = dr = norm_backward(d * p["gamma"], *kept, 2)
            elif norm.startswith("both"):
                grads["gamma"] = grads["gamma"] + (d * kept[0]).sum(axis=1, keepdims=True)
                grads["gamma_h"] = grads["gamma_h"] + (d * kept[2]).sum(axis=1, keepdims=True)
                own = norm_backward(d * p["gamma"], *kept[:2], 1)
                dr = norm_backward(d * p["gamma_h"], *kept[2:], 1)
            grads["W_h"] = grads["W_h"] + before.swapaxes(1, 2) @ dr
            dh = dr @ p["W_h"].swapaxes(1, 2)
            da.append(own)
        da = np.stack(da[::-1])
        if norm.startswith("input"):
            a_hat, a_std = self.part
            grads["gamma"] = (da * a_hat).sum(axis=(0, 2))[:, None]
            da = da * p["gamma"]
            da = norm_backward(da, a_hat, a_std, (0, 2)) if norm == "input" else da / a_std
        grads["W_x"] = (self.inputs.swapaxes(2, 3) @ da).sum(axis=0)
        return grads


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
