"""Three sick recurrent nets, each with its cure and with a control that ought to help and does not.

Lecture 12, section 4. The nets read the eight rows of a digit, wait twenty blank steps, and then say which
digit it was. 32 units, whole-sequence kernels; Adam at one rate, or plain descent where rates are given. Adam
undoes a clip, since it divides by the gradient's size: only descent shows what short steps do.
"""

import numpy as np

from vgcourse import mlp, tasks
from vgcourse.authoring.measured import store
from vgcourse.initializers import orthogonal
from vgcourse.losses import softmax
from vgcourse.optim import adam_init, adam_step, clip_by_global_norm, sgd_step
from vgcourse.recurrent import gru_init, lstm_init, rnn_init
from vgcourse.recurrent.fast import KERNELS

# cell, options, cut every k steps or None, gain of W_h, clip or None; {what else differs}
DESCENT = {"descent": [0.01, 0.03, 0.1, 0.3, 1.0]}
RECURRENT = {
    "wild": {
        "sick": ["rnn", {}, None, 3.0, None],
        "cure: orthogonal W": ["rnn", {}, None, "orthogonal", None],
        "control: clip at 1": ["rnn", {}, None, 3.0, 1.0],
        "control: descent, clip at 1": ["rnn", {}, None, 3.0, 1.0, DESCENT],
        "cure by descent, clip at 1": ["rnn", {}, None, "orthogonal", 1.0, DESCENT],
    },
    "wrong sign": {
        "sick": ["gru", {"forget_bias": -3.0}, None, 1.0, None],
        "cure: bias +3": ["gru", {"forget_bias": 3.0}, None, 1.0, None],
        "control: clip at 1": ["gru", {"forget_bias": -3.0}, None, 1.0, 1.0],
        "sick, gate bias held": ["gru", {"forget_bias": -3.0}, None, 1.0, None, {"held": True}],
        "sick, ε = 1e-30": ["gru", {"forget_bias": -3.0}, None, 1.0, None, {"eps": 1e-30}],
    },
    "cut": {
        "sick": ["lstm", {"forget_bias": 3.0}, 8, 1.0, None],
        "cure: not cut": ["lstm", {"forget_bias": 3.0}, None, 1.0, None],
        "control: bias 5": ["lstm", {"forget_bias": 5.0}, 8, 1.0, None],
    },
}
SETTINGS = {
    "seeds": [1, 2, 3],
    "width": 32,
    "batch_size": 32,
    "blank_steps": 20,
    "recurrent": RECURRENT,
    "rate": 0.01,
    "epochs": 10,
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "epochs": 1,
    "recurrent": {who: dict([list(nets.items())[1]]) for who, nets in RECURRENT.items()},
}
TOLERANCE = 1e-5


def run(reduced=False):
    """By patient and treatment: test accuracies by seed; under plain descent by seed and rate."""
    settings = REDUCED if reduced else SETTINGS
    return {
        who: {name: {"accuracy": accuracies(*net, settings=settings)} for name, net in nets.items()}
        for who, nets in settings["recurrent"].items()
    }


def accuracies(cell, options, cut, gain, clip, more=None, *, settings):
    more, out = dict(more or {}), []
    rates = more.pop("descent", None)
    for seed in settings["seeds"]:
        by_rate = [
            train_recurrent(cell, options, cut, gain, clip, seed, settings, rate, **more)
            for rate in rates or [None]
        ]
        out.append(by_rate if rates else by_rate[0])
    return out


def rows_and_wait(x, wait):
    """(T, N, 8): the rows of the digits, then blank steps."""
    rows = tasks.images_to_sequence(x)
    return np.concatenate([rows, np.zeros((wait, *rows.shape[1:]))])


def train_recurrent(cell, options, cut, gain, clip, seed, settings, rate, held=False, eps=1e-8):
    """Test accuracy at the end. `rate`: of plain descent, None for Adam. `held`: a GRU's gate bias stays."""
    (x, y), (x_test, y_test) = tasks.split(*tasks.digits(), rng=np.random.default_rng([seed, 0]))
    rng, H = np.random.default_rng([seed, 1]), settings["width"]
    params = {"rnn": rnn_init, "gru": gru_init, "lstm": lstm_init}[cell](8, H, rng=rng, **options)
    if gain == "orthogonal":
        params = params._replace(W_h=orthogonal((H, H), rng=rng))
    elif gain != 1.0:
        params = params._replace(W_h=gain * params.W_h)
    net = (params, mlp.mlp_init((H, 10), rng=rng)[0])
    steps, test = rows_and_wait(x, settings["blank_steps"]), rows_and_wait(x_test, settings["blank_steps"])
    state, order = adam_init(net), np.random.default_rng([seed, 2])
    for _ in range(settings["epochs"]):
        shuffled = order.permutation(len(x))
        for first in range(0, len(x), settings["batch_size"]):
            batch = shuffled[first : first + settings["batch_size"]]
            grads = recurrent_gradient(cell, net, steps[:, batch], y[batch], cut)
            if clip:
                grads = clip_by_global_norm(grads, clip)
            if held:
                grads[0].b[H : 2 * H] = 0
            if rate is None:
                net, state = adam_step(net, grads, state, settings["rate"], eps=eps)
            else:
                net = sgd_step(net, grads, rate)
    h = last_states(cell, net[0], test)[0]
    return float(((h @ net[1].W.T + net[1].b).argmax(axis=1) == y_test).mean())


def last_states(cell, params, x):
    N, H = x.shape[1], params.W_h.shape[1]
    zero = np.zeros((2, N, H) if cell == "lstm" else (N, H))
    states, cache = KERNELS[cell][0](params, x, zero)
    return (states[-1, 0] if cell == "lstm" else states[-1]), states, cache


def recurrent_gradient(cell, net, x, y, cut):
    """Of the mean cross-entropy after the last step; `cut`: the gradient ends where a segment of k begins."""
    start = 0 if cut is None else (len(x) - 1) // cut * cut
    params, out = net
    if start:
        _, before, _ = last_states(cell, params, x[:start])
        states, cache = KERNELS[cell][0](params, x[start:], np.array(before[-1]))
    else:
        _, states, cache = last_states(cell, params, x)
    h = states[-1, 0] if cell == "lstm" else states[-1]
    d = softmax(h @ out.W.T + out.b)
    d[np.arange(len(y)), y] -= 1
    d /= len(y)
    dstates = np.zeros_like(states)
    if cell == "lstm":
        dstates[-1, 0] = d @ out.W
    else:
        dstates[-1] = d @ out.W
    _, _, grads = KERNELS[cell][1](dstates, cache)
    return (grads, type(out)(d.T @ h, d.sum(axis=0)))


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
