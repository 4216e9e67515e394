"""Plain recurrent nets on two tasks with a gap, and how far back the gradient of W_h comes from.

Adding problem: two of T numbers are marked, their sum is asked for after the last step. The only loss is the
last one's, so what step k adds to ∂L/∂W_h has the lag T − k, and the split by lag costs nothing. Pronouns:
predict each next word of "Jane walks and reads … she ."; right or wrong is counted at the pronoun alone.
Nets differ in the activation, the start of W_h and the clipping threshold. Two controls ask what clipping
is needed for: only the first steps are clipped; none is, but Adam forgets the first ones. All seeds of a net
train side by side, as a stack of matrices; the first gradient is compared with that of `vgcourse.recurrent`.
"""

import numpy as np

from vgcourse import optim, tasks
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.losses import softmax
from vgcourse.recurrent import RNNParams, rnn_step_backward, rnn_step_forward, unroll_backward, unroll_forward

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws weights and examples; all nets of a seed share the examples
    "H": 48,
    "N": 32,
    "rate": 0.003,  # Adam
    # net: activation, start of W_h, clipping threshold (None: not clipped)
    "nets": {
        "tanh, default": ["tanh", "default", 1.0],
        "tanh, identity": ["tanh", "identity", 1.0],
        "ReLU, default": ["relu", "default", 1.0],
        "ReLU, identity": ["relu", "identity", 1.0],
        "ReLU, identity, not clipped": ["relu", "identity", None],
        "PReLU, identity": ["prelu", "identity", 1.0],
    },
    # control: a net, how many steps are clipped (None: as the net), where Adam starts anew (None: nowhere)
    "controls": {
        "ReLU, identity, clipped in 40 steps": ["ReLU, identity", 40, None],
        "ReLU, identity, not clipped, Adam anew at 40": ["ReLU, identity, not clipped", None, 40],
    },
    # lags are summed in bands that begin here
    "adding": {"T": 50, "steps": 800, "every": 40, "bands": [0, 1, 5, 10, 20, 30]},
    "probe": 30,  # steps back that a random vector is sent, with and without slopes and weights
    "pronoun": {
        "gaps": [2, 5, 10, 20, 40],
        "steps": 600,
        "nets": ["tanh, default", "tanh, identity", "ReLU, default", "ReLU, identity"],
    },
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "probe": 10,
    "adding": {"T": 20, "steps": 20, "every": 10, "bands": [0, 1, 5, 10]},
    "pronoun": {"gaps": [2], "steps": 10, "nets": ["tanh, default"]},
}
TOLERANCE = 1e-6
FIRST_SLOPE = 0.25  # of PReLU, as He et al. 2015 start it


def run(reduced=False):
    """By task and net: losses and gradients while training; for the pronouns what is right at the end."""
    settings = REDUCED if reduced else SETTINGS
    adding = settings["adding"]
    result = {"adding": {}, "pronoun": {}}
    draw = lambda rng: tasks.adding_problem(adding["T"], settings["N"], rng=rng)  # noqa: E731
    for name, net in settings["nets"].items():
        params = init(net, 2, 1, settings)
        _check_first_gradient(params, draw, net[0], settings)
        _, log = train(params, draw, net, adding["steps"], adding["every"], settings)
        result["adding"][name] = summary(log, adding)
    for name, (like, clipped, anew) in settings["controls"].items():
        net = settings["nets"][like]
        params = init(net, 2, 1, settings)
        _, log = train(params, draw, net, adding["steps"], adding["every"], settings, clipped, anew)
        result["adding"][name] = summary(log, adding)
    for name in settings["pronoun"]["nets"]:
        net, words = settings["nets"][name], len(tasks.PRONOUN_WORDS)
        result["pronoun"][name] = {}
        for gap in settings["pronoun"]["gaps"]:
            draw = lambda rng, gap=gap: tasks.pronoun_grammar(gap, settings["N"], rng=rng)  # noqa: E731
            params = init(net, words, words, settings)
            params, log = train(params, draw, net, settings["pronoun"]["steps"], None, settings)
            right, cost = test_pronouns(params, gap, net[0], settings)
            loss = np.mean(log["loss"][-50:], axis=0)
            result["pronoun"][name][str(gap)] = {"right": right, "cost": cost, "loss_per_word": loss}
    return result


def summary(log, adding):
    """Of every block of steps: the mean loss, the median and the largest norm of the gradient; norms by lag
    at its first step, summed in bands; what a probe kept then (see there), and the PReLU slope."""
    loss, norm = (log[part].reshape(-1, adding["every"], log[part].shape[1]) for part in ("loss", "norm"))
    return {
        "loss": loss.mean(axis=1),
        "norm": np.median(norm, axis=1),
        "largest": norm.max(axis=1),
        "bands": np.add.reduceat(log["lags"], adding["bands"], axis=2),
        "kept": log["kept"],
        "slope": log["slope"],
    }


def init(net, D, C, settings):
    """W_x, W_h, b, V, c and the PReLU slope, each with a leading axis of seeds.

    The default is that of common libraries, U(−1/√H, 1/√H) for every weight.
    """
    H, stacks = settings["H"], []
    for seed in settings["seeds"]:
        rng = np.random.default_rng([seed, 1])
        W_x, W_h, V = (rng.uniform(-1, 1, shape) / np.sqrt(H) for shape in ((H, D), (H, H), (C, H)))
        W_h = np.eye(H) if net[1] == "identity" else W_h
        slope = np.full((1, 1), FIRST_SLOPE if net[0] == "prelu" else 0.0)
        stacks.append((W_x, W_h, np.zeros((1, H)), V, np.zeros((1, C)), slope))
    return tuple(np.stack(arrays) for arrays in zip(*stacks))


def gradient(params, batch, activation, lags=False):
    """Loss of each seed, the gradient in the structure of params, ‖dW_h‖ by lag (last loss only), slopes."""
    W_x, W_h, b, V, c, slope = params
    x, targets, dout_of = batch
    T, S, N, _ = x.shape
    h, states, pre = np.zeros((S, N, W_h.shape[1])), [], []
    driven = x @ W_x.swapaxes(1, 2) + b
    states.append(h)
    for z in driven:
        z = z + h @ W_h.swapaxes(1, 2)
        h = np.tanh(z) if activation == "tanh" else np.where(z > 0, z, slope * z)
        pre.append(z)
        states.append(h)
    states, pre = np.stack(states), np.stack(pre)
    loss, dout = dout_of(states[1:] @ V.swapaxes(1, 2) + c, targets)
    own, dz = dout @ V, np.empty_like(pre)
    slopes = 1 - states[1:] ** 2 if activation == "tanh" else np.where(pre > 0, 1.0, slope)
    dslope, back = np.zeros_like(slope), 0.0
    for t in range(T - 1, -1, -1):
        dh = own[t] + back
        dz[t] = dh * slopes[t]
        if activation == "prelu":
            dslope += (dh * np.minimum(pre[t], 0)).sum(axis=(1, 2), keepdims=True)
        back = dz[t] @ W_h
    grads = (
        _outer(dz, x),
        _outer(dz, states[:-1]),
        dz.sum(axis=(0, 2))[:, None],
        _outer(dout, states[1:]),
        dout.sum(axis=(0, 2))[:, None],
        dslope,
    )
    by_lag = np.linalg.norm(dz.swapaxes(2, 3) @ states[:-1], axis=(2, 3))[::-1] if lags else None
    return loss, grads, by_lag, slopes


def probe(slopes, W_h, steps):
    """How much of a random vector's rms is left after `steps` steps back from the last: as the net is, with
    all slopes set to 1, and with W_h set to the identity."""
    start, left = np.random.default_rng(0).normal(size=slopes.shape[1:]), []
    for with_slopes, with_weights in ((True, True), (False, True), (True, False)):
        v = start
        for slope in slopes[: -steps - 1 : -1]:
            v = v * slope if with_slopes else v
            v = v @ W_h if with_weights else v
        left.append(np.sqrt((v**2).mean(axis=(1, 2)) / (start**2).mean(axis=(1, 2))))
    return np.array(left)


def _outer(d, h):
    """Σ_t d_tᵀ h_t of every seed, (T, S, N, A) and (T, S, N, B) to (S, A, B)."""
    flat = [array.swapaxes(0, 1).reshape(array.shape[1], -1, array.shape[-1]) for array in (d, h)]
    return flat[0].swapaxes(1, 2) @ flat[1]


def last_squares(out, targets):
    """Mean squared error of the last step, and its gradient with respect to all outputs."""
    dout = np.zeros_like(out)
    difference = out[-1] - targets[-1]
    dout[-1] = 2 * difference / out.shape[2]
    return (difference**2).mean(axis=(1, 2)), dout


def every_word(out, targets):
    """Mean cross-entropy of all next words, and its gradient."""
    p = softmax(out)
    right = np.take_along_axis(p, targets[..., None], 3)
    loss = -np.log(right).mean(axis=(0, 2, 3))
    np.put_along_axis(p, targets[..., None], right - 1, 3)
    return loss, p / (out.shape[0] * out.shape[2])


def batches(draw, rngs):
    """A batch of every seed's own examples, side by side, with the loss that belongs to them."""
    drawn = [draw(rng) for rng in rngs]
    x, targets = (np.stack([getattr(one, part) for one in drawn], axis=1) for part in ("x", "targets"))
    return x, targets, every_word if targets.dtype.kind == "i" else last_squares


def train(params, draw, net, steps, every, settings, clipped=None, anew=None):
    """Adam, each seed's gradient clipped by its own norm. Logs loss and norm, every so often norms by lag.

    With `clipped` only so many steps are clipped; at step `anew` Adam forgets all gradients before.
    """
    activation, _, threshold = net
    rngs = [np.random.default_rng([seed, 2]) for seed in settings["seeds"]]
    state, log = optim.adam_init(params), {"loss": [], "norm": [], "lags": [], "slope": [], "kept": []}
    for step in range(steps):
        look = every is not None and step % every == 0
        loss, grads, by_lag, slopes = gradient(params, batches(draw, rngs), activation, lags=look)
        norm = np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in grads))
        log["loss"].append(loss)
        log["norm"].append(norm)
        if look:
            log["lags"].append(by_lag.T)  # (seeds, lags)
            log["kept"].append(probe(slopes, params[1], settings["probe"]))
            log["slope"].append(params[-1][:, 0, 0])
        if step == anew:
            state = optim.adam_init(params)
        if threshold is not None and (clipped is None or step < clipped):
            shrink = np.minimum(1, threshold / norm)[:, None, None]
            grads = tuple(g * shrink for g in grads)
        params, state = optim.adam_step(params, grads, state, learning_rate=settings["rate"])
    return params, {name: np.array(rows) for name, rows in log.items()}


def test_pronouns(params, gap, activation, settings, N=500):
    """Share of right pronouns among 500 new sentences of each seed, and the mean cross-entropy there."""
    W_x, W_h, b, V, c, slope = params
    rngs = [np.random.default_rng([seed, 3]) for seed in settings["seeds"]]
    drawn = [tasks.pronoun_grammar(gap, N, rng=rng) for rng in rngs]
    h = 0.0
    for x in np.stack([one.x for one in drawn], axis=1)[: gap + 1]:
        z = x @ W_x.swapaxes(1, 2) + b + (h @ W_h.swapaxes(1, 2) if np.ndim(h) else 0.0)
        h = np.tanh(z) if activation == "tanh" else np.where(z > 0, z, slope * z)
    out = h @ V.swapaxes(1, 2) + c
    targets = np.stack([one.targets[gap] for one in drawn])
    she, he = (tasks.PRONOUN_WORDS.index(word) for word in ("she", "he"))
    right = ((out[..., she] > out[..., he]) == (targets == she)).mean(axis=1)
    cost = -np.log(np.take_along_axis(softmax(out), targets[..., None], 2)).mean(axis=(1, 2))
    return right, cost


def _check_first_gradient(params, draw, activation, settings):
    """The first seed's gradient against the library's steps (PReLU is not among them)."""
    if activation == "prelu":
        return
    batch = batches(draw, [np.random.default_rng([seed, 2]) for seed in settings["seeds"]])
    _, grads, *_ = gradient(params, batch, activation)
    W_x, W_h, b, V, c, _ = (array[0] for array in params)
    x, targets, _ = batch
    step = lambda *args: rnn_step_forward(*args, activation=activation)  # noqa: E731
    cell = RNNParams(W_x, W_h, b[0])
    states, caches = unroll_forward(step, cell, x[:, 0], np.zeros((x.shape[2], len(W_h))))
    dstates = np.zeros_like(states)
    dstates[-1] = 2 * (states[-1] @ V.T + c - targets[-1, 0]) / x.shape[2] @ V
    _, _, library = unroll_backward(rnn_step_backward, dstates, caches)
    assert max(relative_error(g[0], e.reshape(g[0].shape)) for g, e in zip(grads, library)) < 1e-10


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
