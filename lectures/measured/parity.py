"""Parity of ten bits, learnt from half of the 1024 strings: a recurrent net of four units against an MLP.

The MLP of lecture 7 reads all ten bits at once (64 and 64 ReLU units, one output); the recurrent net, four
tanh units, reads one bit per step. Each is trained in two ways: told the answer for whole strings only, or
for every beginning of a string too (of which the MLP sees the rest as 0; bits are ±1). Adam, clipped by
global norm, all seeds side by side. Tested on the other half of the strings; the recurrent net on 200 strings
of 100 bits too.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.authoring.measured import store
from vgcourse.optim import adam_init, adam_step

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws the split, the weights, the batches
    "bits": 10,
    "units": {"recurrent": 4, "MLP": 64},
    "rate": {"recurrent": 0.01, "MLP": 0.003},
    "batch_size": 64,
    "steps": 3000,
    "long": [200, 100],
}
REDUCED = SETTINGS | {"seeds": [1], "steps": 10, "long": [20, 15]}
TOLERANCE = 1e-6


def run(reduced=False):
    """Accuracies, one per seed: on the strings that were trained on, on the others, on long ones."""
    settings = REDUCED if reduced else SETTINGS
    return {
        f"{net}, {told}": train(net, told == "every beginning", settings)
        for net in ("recurrent", "MLP")
        for told in ("whole strings", "every beginning")
    }


def train(net, every, settings):
    seeds, T = settings["seeds"], settings["bits"]
    bits = (np.arange(2**T)[:, None] >> np.arange(T)) & 1
    orders = [np.random.default_rng([seed, 0]).permutation(2**T) for seed in seeds]
    known, other = (np.array([bits[order[i::2]] for order in orders]) for i in (0, 1))
    H = settings["units"][net]
    params = tuple(np.stack(arrays) for arrays in zip(*(init(net, T, H, seed) for seed in seeds)))
    state, draws = adam_init(params), [np.random.default_rng([seed, 2]) for seed in seeds]
    gradient = recurrent_gradient if net == "recurrent" else mlp_gradient
    for _ in range(settings["steps"]):
        rows = np.array([rng.integers(0, known.shape[1], settings["batch_size"]) for rng in draws])
        cut = np.array([rng.integers(1, T + 1, settings["batch_size"]) for rng in draws])
        batch = np.take_along_axis(known, rows[:, :, None], axis=1)
        grads = gradient(params, batch, cut if every and net == "MLP" else np.full_like(cut, T), every)
        norm = np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in grads))[:, None, None]
        grads = tuple(g * np.minimum(1, 1 / np.maximum(norm, 1e-12)) for g in grads)
        params, state = adam_step(params, grads, state, learning_rate=settings["rate"][net])
    outputs = recurrent_outputs if net == "recurrent" else mlp_outputs
    tested = {"known": known, "other": other}
    if net == "recurrent":
        tested["long"] = np.random.default_rng(9).integers(0, 2, (len(seeds), *settings["long"]))
    return {
        name: ((outputs(params, 2.0 * x - 1)[-1][:, :, 0] > 0) == x.sum(axis=2) % 2).mean(axis=1)
        for name, x in tested.items()
    }


def init(net, T, H, seed):
    rng = np.random.default_rng([seed, 1])
    if net == "recurrent":
        W, c, v = rng.normal(size=(H, H)) / H**0.5, rng.normal(size=(1, H)), rng.normal(size=(H, 1)) / H**0.5
        return W, c, np.zeros((1, H)), v, np.zeros((1, 1))
    W1, W2 = (rng.normal(size=(D, H)) * (2 / D) ** 0.5 for D in (T, H))
    return W1, np.zeros((1, H)), W2, np.zeros((1, H)), rng.normal(size=(H, 1)) / H**0.5, np.zeros((1, 1))


def recurrent_outputs(params, x, keep=None):
    """The logit after each bit; `keep` collects the states."""
    W, c, b, v, d = params
    h, out = np.zeros((*x.shape[:2], W.shape[1])), []
    for t in range(x.shape[2]):
        h = np.tanh(h @ W + x[:, :, t : t + 1] * c + b)
        out.append(h @ v + d)
        if keep is not None:
            keep.append(h)
    return out


def recurrent_gradient(params, bits, _, every):
    W, _, _, v, _ = params
    x, answer, states = 2.0 * bits - 1, np.cumsum(bits, axis=2) % 2, []
    out = recurrent_outputs(params, x, states)
    (_, N, T), dh = bits.shape, 0.0
    grads = [np.zeros_like(p) for p in params]
    for t in reversed(range(T)):
        share = 1 / T if every else float(t == T - 1)
        dy = share / N * (sigmoid(out[t]) - answer[:, :, t : t + 1])
        h, before = states[t], states[t - 1] if t else np.zeros_like(states[0])
        dz = (dh + dy @ v.swapaxes(1, 2)) * (1 - h**2)
        dh = dz @ W.swapaxes(1, 2)
        step = (
            before.swapaxes(1, 2) @ dz,
            (x[:, :, t : t + 1] * dz).sum(axis=1, keepdims=True),
            dz.sum(axis=1, keepdims=True),
            h.swapaxes(1, 2) @ dy,
            dy.sum(axis=1, keepdims=True),
        )
        grads = [total + part for total, part in zip(grads, step, strict=True)]
    return grads


def mlp_outputs(params, x, keep=None):
    W1, b1, W2, b2, v, d = params
    first = np.maximum(x @ W1 + b1, 0)
    second = np.maximum(first @ W2 + b2, 0)
    if keep is not None:
        keep.extend((first, second))
    return [second @ v + d]


def mlp_gradient(params, bits, cut, _):
    _, _, W2, _, v, _ = params
    read = np.arange(bits.shape[2]) < cut[:, :, None]
    x, answer, hidden = (2.0 * bits - 1) * read, (bits * read).sum(axis=2, keepdims=True) % 2, []
    (out,) = mlp_outputs(params, x, hidden)
    first, second = hidden
    dy = (sigmoid(out) - answer) / bits.shape[1]
    d2 = (dy @ v.swapaxes(1, 2)) * (second > 0)
    d1 = (d2 @ W2.swapaxes(1, 2)) * (first > 0)
    pairs = ((x, d1), (first, d2), (second, dy))
    return [g for a, dz in pairs for g in (a.swapaxes(1, 2) @ dz, dz.sum(axis=1, keepdims=True))]


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
