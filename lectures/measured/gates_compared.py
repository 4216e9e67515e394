"""Recurrent cells on three tasks: at equal width, at equal number of parameters, and by gap.

Every net is one recurrent layer, run by its whole-sequence kernel from `vgcourse.recurrent.fast`, and an
output layer. All cells of a seed see the same sequences in the same order: fresh ones at every step, 32 at a
time; Adam, gradient clipped at norm 1. A run ends when the mean over 25 batches passes the task's mark.

"minGRU" (Feng et al. 2024) is h_t = z ⊙ h_{t−1} + (1 − z) ⊙ c with z = σ(W_z x + b_z) and c = W_c x + b_c;
its backward pass is checked against a complex step before the first training.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from vgcourse import tasks
from vgcourse.activations import sigmoid
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import complex_step, relative_error
from vgcourse.initializers import glorot, identity
from vgcourse.layers import LinearParams, linear_backward, linear_forward
from vgcourse.losses import (
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    squared_error_backward,
    squared_error_forward,
)
from vgcourse.optim import adam_init, adam_step, clip_by_global_norm
from vgcourse.recurrent import cell_init, hidden, zero_state
from vgcourse.recurrent.fast import KERNELS, Workspace

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5],  # each draws weights and sequences; all cells of a seed see the same sequences
    "batch_size": 32,
    "window": 25,  # batches of the running mean
    # equal width: 48 units, one rate for all; {T: nets}, each net a cell and the bias of the gate that keeps
    "race": {
        "H": 48,
        "rate": 3e-3,
        "steps": 1500,
        "mark": 0.05,
        "nets": {
            "50": {
                "tanh RNN": ["rnn", None],
                "identity ReLU RNN": ["irnn", None],
                "UGRNN, bias 0": ["ugrnn", 0.0],
                "UGRNN, bias 1": ["ugrnn", 1.0],
                "GRU, bias 0": ["gru", 0.0],
                "GRU, bias 1": ["gru", 1.0],
                "GRU, bias 3": ["gru", 3.0],
                "GRU, bias -3": ["gru", -3.0],
                "LSTM, bias 0": ["lstm", 0.0],
                "LSTM, bias 1": ["lstm", 1.0],
                "LSTM, bias 3": ["lstm", 3.0],
                "minGRU, bias 1": ["mingru", 1.0],
            },
            "100": {
                "tanh RNN": ["rnn", None],
                "identity ReLU RNN": ["irnn", None],
                "UGRNN, bias 1": ["ugrnn", 1.0],
                "GRU, bias 1": ["gru", 1.0],
                "LSTM, bias 1": ["lstm", 1.0],
            },
        },
    },
    # equal budget: as many units as fit into so many parameters; the better of the rates, by the median
    "budget": {
        "parameters": 5000,
        "rates": [1e-3, 3e-3, 1e-2],
        "steps": 800,
        "tasks": {"adding": [50, 0.05], "temporal order": [50, 0.95]},
        "nets": {
            "tanh RNN": ["rnn", None],
            "identity ReLU RNN": ["irnn", None],
            "UGRNN": ["ugrnn", 1.0],
            "GRU": ["gru", 1.0],
            "LSTM": ["lstm", 1.0],
        },
    },
    # by gap: the pronoun grammar, with the nets and the budget from above
    "gaps": {"gaps": [5, 10, 20, 40, 80], "rates": [1e-3, 3e-3, 1e-2], "steps": 600, "mark": 0.95},
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "race": SETTINGS["race"] | {"steps": 3},
    "budget": SETTINGS["budget"] | {"rates": [3e-3], "steps": 3},
    "gaps": {"gaps": [5], "rates": [3e-3], "steps": 3, "mark": 0.95},
}
TOLERANCE = 1e-2  # float32


def run(reduced=False):
    """Steps until the mark (NaN: never), last running mean, by part, net, rate and seed; the widths."""
    settings = REDUCED if reduced else SETTINGS
    check_mingru()
    race, budget, gaps = settings["race"], settings["budget"], settings["gaps"]
    learn = partial(train, seeds=settings["seeds"], settings=settings)
    result = {"race": {}, "widths": {}, "budget": {}, "gaps": {}}
    for T, nets in race["nets"].items():
        result["race"][T] = {
            name: learn("adding", int(T), net, race["H"], race["rate"], race["steps"], race["mark"])
            for name, net in nets.items()
        }
    for task in (*budget["tasks"], "pronoun"):
        result["widths"][task] = {
            name: width(net[0], *sizes_of(task), budget["parameters"]) for name, net in budget["nets"].items()
        }
    for task, (T, mark) in budget["tasks"].items():
        result["budget"][task] = {
            name: {
                f"{rate:g}": learn(task, T, net, result["widths"][task][name], rate, budget["steps"], mark)
                for rate in budget["rates"]
            }
            for name, net in budget["nets"].items()
        }
    for name, net in budget["nets"].items():
        H = result["widths"]["pronoun"][name]
        result["gaps"][name] = {
            str(gap): {
                f"{rate:g}": learn("pronoun", gap, net, H, rate, gaps["steps"], gaps["mark"])
                for rate in gaps["rates"]
            }
            for gap in gaps["gaps"]
        }
    return result


# --- tasks -------------------------------------------------------------------------------------------


def sizes_of(task):
    """Inputs and outputs."""
    return {"adding": (2, 1), "temporal order": (6, 4), "pronoun": (15, 15)}[task]


def batch(task, T, N, rng):
    """x (T, N, D) and what has to be said at its last step, (N, 1) numbers or (N,) classes."""
    if task == "adding":
        x, targets, _ = tasks.adding_problem(T, N, rng=rng, dtype=np.float32)
        return x, targets[-1]
    if task == "temporal order":
        x, targets, _ = tasks.temporal_order(T, N, rng=rng, dtype=np.float32)
        return x, targets[-1]
    x, targets, _ = tasks.pronoun_grammar(T, N, rng=rng, dtype=np.float32)  # here T is the gap
    return x[: T + 1], targets[T]


def score(task, out, target):
    """The loss's gradient with respect to `out`, and what the mark is compared with: loss, or accuracy."""
    if task == "adding":
        loss, cache = squared_error_forward(out, target)
        return squared_error_backward(1.0, cache), loss
    _, cache = softmax_cross_entropy_forward(out, target)
    return softmax_cross_entropy_backward(1.0, cache), (out.argmax(axis=1) == target).mean()


# --- cells -------------------------------------------------------------------------------------------


class MinGRUParams(NamedTuple):
    """Rows of W_x and b: z, c. The gates read the input only, so there is no W_h."""

    W_x: np.ndarray  # (2H, D)
    b: np.ndarray  # (2H,)


def mingru_forward(params, x, state0, workspace=None):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ c, z = σ(W_z x + b_z), c = W_c x + b_c, for all t."""
    H = state0.shape[1]
    a = x @ params.W_x.T + params.b
    z, c = sigmoid(a[..., :H]), a[..., H:]
    write, states, h = (1 - z) * c, [state0], state0
    for z_t, write_t in zip(z, write):
        h = z_t * h + write_t
        states.append(h)
    states = np.stack(states)
    return states[1:], (x, z, c, states)


def mingru_backward(dstates, cache):
    """dh_{t−1} = dh_t ⊙ z_t, and nothing else: the gates do not see the state."""
    x, z, c, states = cache
    dh, total = np.zeros_like(dstates[0]), np.empty_like(dstates)
    for t in range(len(z) - 1, -1, -1):
        total[t] = dh = dstates[t] + dh
        dh = dh * z[t]
    da = np.concatenate([total * (states[:-1] - c) * z * (1 - z), total * (1 - z)], axis=-1)
    dW = np.tensordot(da, x, axes=((0, 1), (0, 1)))
    return None, dh, MinGRUParams(dW, da.sum(axis=(0, 1)))


def check_mingru():
    """Its gradient, in one random direction, against a complex step."""
    rng = np.random.default_rng(0)
    params = MinGRUParams(rng.normal(size=(8, 3)), rng.normal(size=8))
    x, state0, weight = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(5, 2, 4))
    v = rng.normal(size=(8, 3))
    _, _, grads = mingru_backward(weight, mingru_forward(params, x, state0)[1])

    def loss(W):
        return (mingru_forward(params._replace(W_x=W), x, state0)[0] * weight).sum()

    assert relative_error((grads.W_x * v).sum(), complex_step(loss, params.W_x, v)) < 1e-9


def make(cell, bias, D, H, rng):
    """Parameters, forward and backward of one layer; `bias` is the start of the gate that keeps."""
    if cell == "irnn":
        params = cell_init("rnn", D, H, rng=rng, dtype=np.float32, recurrent=identity)
        forward, backward = KERNELS["rnn"]
        return params, partial(forward, activation="relu"), backward
    if cell == "mingru":
        b = np.concatenate([np.full(H, bias), np.zeros(H)]).astype(np.float32)
        W = np.concatenate([glorot((H, D), rng=rng, dtype=np.float32) for _ in range(2)])
        return MinGRUParams(W, b), mingru_forward, mingru_backward
    options = {} if bias is None else {"forget_bias": bias}
    return cell_init(cell, D, H, rng=rng, dtype=np.float32, **options), *KERNELS[cell]


def width(cell, D, K, parameters):
    """The largest H whose layer and output layer have at most so many parameters."""
    gates = {"rnn": 1, "irnn": 1, "ugrnn": 2, "gru": 3, "lstm": 4}[cell]

    def count(H):
        return gates * H * (D + H + 1) + H * (cell == "gru") + K * (H + 1)

    return max(H for H in range(1, 200) if count(H) <= parameters)


# --- training ----------------------------------------------------------------------------------------


def train(task, T, net, H, rate, steps, mark, *, seeds, settings):
    """For each seed: the step at which the running mean passed the mark, and its value at the end."""
    runs = [
        train_one(task, T, net, H, rate, steps, mark, seed, settings["batch_size"], settings["window"])
        for seed in seeds
    ]
    return {"step": [step for step, _, _ in runs], "end": [end for _, end, _ in runs]}


def train_one(task, T, net, H, rate, steps, mark, seed, N, window):
    """One run: its step, end and parameters. A loss has to fall below the mark, an accuracy to pass it."""
    D, K = sizes_of(task)
    weights, data = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    cell, forward, backward = make(*net, D, H, weights)
    params = cell, LinearParams(glorot((K, H), rng=weights, dtype=np.float32), np.zeros(K, np.float32))
    state0 = zero_state(net[0] if net[0] in KERNELS else "rnn", N, H, np.float32)
    state, workspace, history = adam_init(params), Workspace(), []
    for step in range(1, steps + 1):
        x, target = batch(task, T, N, data)
        states, cache = forward(params[0], x, state0, workspace)
        out, last = linear_forward(params[1], hidden(states)[-1])
        dout, value = score(task, out, target)
        dlast, dlinear = linear_backward(dout, last)
        dstates = np.zeros_like(states)
        hidden(dstates)[-1] = dlast
        _, _, dcell = backward(dstates, cache)
        params, state = adam_step(params, clip_by_global_norm((dcell, dlinear), 1.0), state, rate)
        history.append(float(value))
        mean = np.mean(history[-window:])
        if step >= window and (mean < mark if task == "adding" else mean > mark):
            return step, mean, params
    return np.nan, mean, params


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
