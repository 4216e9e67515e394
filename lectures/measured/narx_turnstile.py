"""A turnstile seen through taps: do skip connections through time help to infer a small automaton?

The automaton has two states. Of four letters one opens it, one closes it, two do nothing. A net reads 40
letters and says at the end whether it is open. "mixed": each letter acts with probability 0.1, so that
many sequences are easy; "far": only the first letter acts, all are hard. Nets of tanh units with the taps
k = 1, with 1 and 4, with 1, 4 and 8 (NARX nets, Lin et al. 1996), h_t = tanh(Σ_k W_k h_{t−k} + U x_t + b),
as many units as fit into 800 parameters; Adam, one rate for all. All seeds train side by side, as a stack
of matrices; the first gradient is compared with a central difference. "transfer": nets that had mixed lessons
of 40 letters are tested on sequences in which only the first letter acts, of 40 letters and of 400.
"""

import numpy as np

from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],
    "T": 40,
    "N": 64,
    "acts": {"mixed": 0.1, "far": 0.0},
    "transfer": [40, 400],
    "parameters": 800,
    "taps": {"1": [1], "1, 4": [1, 4], "1, 4, 8": [1, 4, 8]},
    "rate": 3e-3,
    "steps": 300,
}
REDUCED = SETTINGS | {"seeds": [1], "steps": 3}
TOLERANCE = 1e-6


def run(reduced=False):
    """By taps: units, ‖∂L/∂h_0‖ / ‖∂L/∂h_T‖ at the start, accuracy on 2000 new sequences of each kind."""
    settings = REDUCED if reduced else SETTINGS
    result = {
        "units": {},
        "gradient": {},
        "accuracy": {kind: {} for kind in settings["acts"]},
        "transfer": {},
    }
    seeds, T, N = (settings[name] for name in ("seeds", "T", "N"))
    for name, taps in settings["taps"].items():
        units = max(H for H in range(1, 99) if H * (len(taps) * H + 4 + 1 + 1) + 1 <= settings["parameters"])
        start = init(seeds, taps, units)
        x, target = letters(seeds, 1, T, N, 0.1)
        check_gradient(start, taps, x, target)
        result["units"][name], result["gradient"][name] = units, reached(start, taps, x)
        for kind, acts in settings["acts"].items():
            params = train(list(start), taps, acts, settings)
            result["accuracy"][kind][name] = accuracy(params, taps, seeds, T, acts)
            if kind == "mixed":
                result["transfer"][name] = {
                    str(length): accuracy(params, taps, seeds, length, 0.0) for length in settings["transfer"]
                }
    return result


def accuracy(params, taps, seeds, T, acts):
    """On 2000 sequences that nobody trained on, by seed."""
    x, target = letters(seeds, 0, T, 2000, acts)
    return ((forward(params, taps, x)[0] > 0) == target).mean(axis=1)


def letters(seeds, stream, T, N, acts):
    """x (T, S, N, 4), and whether the turnstile is open at the end, (S, N)."""
    draws = []
    for seed in seeds:
        rng = np.random.default_rng([seed, stream])
        letter = rng.choice(4, p=[acts / 2, acts / 2, 0.5 - acts / 2, 0.5 - acts / 2], size=(T, N))
        letter[0] = rng.integers(0, 2, N)  # the first one always acts
        draws.append(letter)
    letter = np.stack(draws, axis=1)
    last = T - 1 - np.argmax((letter < 2)[::-1], axis=0)
    return np.eye(4)[letter], np.take_along_axis(letter, last[None], 0)[0] == 0


def init(seeds, taps, H):
    """W (K, S, H, H) with the variance 1/H in all taps together; U, b, and the output layer v, c."""
    stacks = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 2])
        W = rng.normal(size=(len(taps), H, H)) / np.sqrt(len(taps) * H)
        U, v = rng.normal(size=(H, 4)) / 2, rng.normal(size=H) / np.sqrt(H)
        stacks.append((W, U, np.zeros(H), v, np.zeros(1)))
    W, U, b, v, c = (np.stack(arrays) for arrays in zip(*stacks))
    return [W.swapaxes(0, 1), U, b, v, c]


def forward(params, taps, x):
    """Logits (S, N), and all states, T + 1 of them, the first zero."""
    W, U, b, v, c = params
    S, H = b.shape
    h = [np.zeros((S, x.shape[2], H))]
    back = W.swapaxes(2, 3)
    for x_t in x:
        a = x_t @ U.swapaxes(1, 2) + b[:, None]
        for k, tap in enumerate(taps):
            if tap <= len(h):
                a = a + h[-tap] @ back[k]
        h.append(np.tanh(a))
    return (h[-1] * v[:, None]).sum(axis=2) + c, h


def backward(params, taps, h, x, dh_last):
    """The gradients of W, U, b, and with respect to every state, from that with respect to the last one."""
    W, U, b, _, _ = params
    dh = [np.zeros_like(state) for state in h]
    dh[-1] = dh[-1] + dh_last
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in range(len(x), 0, -1):
        da = dh[t] * (1 - h[t] ** 2)
        for k, tap in enumerate(taps):
            if tap <= t:
                dW[k] += da.swapaxes(1, 2) @ h[t - tap]
                dh[t - tap] += da @ W[k]
        dU += da.swapaxes(1, 2) @ x[t - 1]
        db += da.sum(axis=1)
    return dW, dU, db, dh


def loss_and_gradient(params, taps, x, target):
    """Mean binary cross-entropy of each seed, and its gradient in the structure of params."""
    logit, h = forward(params, taps, x)
    N = logit.shape[1]
    loss = np.logaddexp(0, np.where(target, -logit, logit)).mean(axis=1)
    dlogit = (1 / (1 + np.exp(-logit)) - target) / N
    dW, dU, db, _ = backward(params, taps, h, x, dlogit[..., None] * params[3][:, None])
    return loss, [dW, dU, db, (dlogit[..., None] * h[-1]).sum(axis=1), dlogit.sum(axis=1, keepdims=True)]


def train(params, taps, acts, settings):
    """Adam with fresh sequences at every step, gradient clipped at norm 1 for each seed."""
    mean, square = ([np.zeros_like(p) for p in params] for _ in range(2))
    for step in range(1, settings["steps"] + 1):
        x, target = letters(settings["seeds"], 10 + step, settings["T"], settings["N"], acts)
        _, grads = loss_and_gradient(params, taps, x, target)
        axes = [(0, 2, 3), (1, 2), 1, 1, 1]  # all but the seeds'
        norm = np.sqrt(sum((g**2).sum(axis=axis) for g, axis in zip(grads, axes)))
        scale = 1 / np.maximum(norm, 1.0)
        for i, g in enumerate(grads):
            g = g * scale.reshape([1, -1, 1, 1] if i == 0 else [-1] + [1] * (g.ndim - 1))
            mean[i] = 0.9 * mean[i] + 0.1 * g
            square[i] = 0.999 * square[i] + 0.001 * g**2
            m, v = mean[i] / (1 - 0.9**step), square[i] / (1 - 0.999**step)
            params[i] = params[i] - settings["rate"] * m / (np.sqrt(v) + 1e-8)
    return params


def reached(params, taps, x):
    """Before training: ‖∂L/∂h_0‖ / ‖∂L/∂h_T‖ for a random gradient at the end, by seed."""
    _, h = forward(params, taps, x)
    last = np.random.default_rng(0).normal(size=h[-1].shape)
    *_, dh = backward(params, taps, h, x, last)
    return np.linalg.norm(dh[0], axis=(1, 2)) / np.linalg.norm(dh[-1], axis=(1, 2))


def check_gradient(params, taps, x, target):
    """Along one random direction, by central differences."""
    rng = np.random.default_rng(0)
    v = [rng.normal(size=p.shape) for p in params]
    _, grads = loss_and_gradient(params, taps, x, target)
    moved = [
        loss_and_gradient([p + e * d for p, d in zip(params, v)], taps, x, target)[0].sum()
        for e in (1e-5, -1e-5)
    ]
    exact = sum((g * d).sum() for g, d in zip(grads, v))
    assert relative_error(exact, (moved[0] - moved[1]) / 2e-5) < 1e-6


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
