"""LSTMs that have to remember: which forget bias learns the adding problem, and what trained gates do.

Adding: two of 50 numbers are marked, the answer is their sum. The nets of a seed share weights, batches and
order; they differ in the starting biases of forget and input gate, in the candidate (tanh or ReLU), or in
whether the gradient may pass along h ("h cut": forwards nothing changes). Pronouns: "Jane walks and reads …
she .", four sentences in a sequence, or one. All nets train side by side, as a stack of matrices; the first
gradient is compared with that of `vgcourse.recurrent`. The weights of one net that learned to add are kept,
to look at.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from vgcourse import recurrent, tasks
from vgcourse.activations import sigmoid
from vgcourse.authoring.measured import store
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import lecun
from vgcourse.losses import softmax
from vgcourse.optim import adam_init, adam_step

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5, 6],
    "N": 32,
    "rate": 0.005,
    "max_norm": 1.0,
    # net: forget bias, input bias (or "chrono": ln U[1, T − 1] and its negative), ReLU candidate, h cut
    "adding": {
        "T": 50,
        "H": 24,
        "steps": 1000,
        "nets": {
            "bias 0": [0.0, 0.0, False, False],
            "bias 1": [1.0, 0.0, False, False],
            "bias 3": [3.0, 0.0, False, False],
            "bias 5": [5.0, 0.0, False, False],
            "chrono": ["chrono", "chrono", False, False],
            "bias 3, ReLU candidate": [3.0, 0.0, True, False],
            "bias 3, h cut": [3.0, 0.0, False, True],
            "bias 5, h cut": [5.0, 0.0, False, True],
            "bias 5, input −5": [5.0, -5.0, False, False],
        },
        "shown": "bias 1",
    },
    "pronouns": {
        "gap": 8,
        "H": 12,
        "steps": 800,
        "sentences": {"4 sentences": 4, "1 sentence": 1},
        "shown": 1,
    },
}
REDUCED = SETTINGS | {
    "seeds": [1],
    "adding": SETTINGS["adding"] | {"steps": 30},
    "pronouns": SETTINGS["pronouns"] | {"steps": 20},
}
TOLERANCE = 1e-3
MEMORY, KEPT = 25, 0.05  # solved: mean loss of the last 25 batches below 0.05


class Net(NamedTuple):
    """S nets side by side: an LSTM each, and a linear layer that reads h."""

    W_x: np.ndarray  # (S, 4H, D), rows in the order i, f, g, o
    W_h: np.ndarray  # (S, 4H, H)
    b: np.ndarray  # (S, 4H)
    V: np.ndarray  # (S, C, H)
    v: np.ndarray  # (S, C)


def run(reduced=False):
    """Losses, solving times and gate statistics by net and seed; weights of the nets that are shown."""
    settings = REDUCED if reduced else SETTINGS
    return tidy({"adding": adding(settings), "pronouns": pronouns(settings)})


def tidy(value):
    """Five digits of every number: single precision has no more."""
    if isinstance(value, dict):
        return {key: tidy(item) for key, item in value.items()}
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return array
    return np.array([float(f"{number:.5g}") for number in array.ravel()]).reshape(array.shape)


def start(D, H, C, seed, T, forget, inputs=0.0):
    """The library's first weights for one net; all nets of a seed differ in biases only."""
    rng = np.random.default_rng([seed, 0])
    lstm = recurrent.lstm_init(D, H, rng=rng, forget_bias=0.0)
    V, chrono = lecun((C, H), rng=rng), recurrent.chrono_bias(T, H, rng=rng)
    b = lstm.b.copy()
    b[:H] = -chrono if inputs == "chrono" else inputs
    b[H : 2 * H] = chrono if forget == "chrono" else forget
    return Net(lstm.W_x, lstm.W_h, b, V, np.zeros(C))


def forward(net, x, relu, replace=None):
    """States h and c (T, S, N, H) and gates i, f, g, o of S nets over x (T, S, N, D).

    `replace` = (number of a gate, its values (S, 1, H)) holds one gate fixed.
    """
    S, H4, _ = net.W_x.shape
    fixed = np.einsum("tsnd,sgd->tsng", x, net.W_x, optimize=True) + net.b[:, None]
    h = c = np.zeros((S, x.shape[2], H4 // 4), x.dtype)
    W = net.W_h.swapaxes(1, 2)
    hs, cs, gates = [h], [c], []
    for a in fixed:
        a_i, a_f, a_g, a_o = np.split(a + h @ W, 4, axis=-1)
        g = np.where(relu, np.maximum(a_g, 0), np.tanh(a_g))
        gate = [sigmoid(a_i), sigmoid(a_f), g, sigmoid(a_o)]
        if replace is not None:
            gate[replace[0]] = np.broadcast_to(replace[1], h.shape)
        i, f, g, o = gate
        c = f * c + i * g
        h = o * np.tanh(c)
        hs.append(h)
        cs.append(c)
        gates.append(gate)
    return hs, cs, gates


def backward(net, x, hs, cs, gates, dlosses, relu, cut):
    """Gradient of every net; `dlosses` {step: gradient by the outputs there (S, N, C)}; `cut` stops dh."""
    grads = [np.zeros_like(part) for part in net]
    dh = dc = np.zeros_like(hs[0])
    das = []
    for t in reversed(range(len(gates))):
        (i, f, g, o), c_prev, c = gates[t], cs[t], cs[t + 1]
        if t in dlosses:
            grads[3] += dlosses[t].swapaxes(1, 2) @ hs[t + 1]
            grads[4] += dlosses[t].sum(axis=1)
            dh = dh + dlosses[t] @ net.V
        tanh_c = np.tanh(c)
        dc = dc + dh * o * (1 - tanh_c**2)
        slope = np.where(relu, g > 0, 1 - g**2)
        da = np.concatenate(
            [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * slope, dh * tanh_c * o * (1 - o)],
            axis=-1,
        )
        das.append(da)
        grads[1] += da.swapaxes(1, 2) @ hs[t]
        dh, dc = np.where(cut, np.float32(0), da @ net.W_h), dc * f
    das = np.stack(das[::-1])
    grads[0] = np.einsum("tsng,tsnd->sgd", das, x, optimize=True)
    grads[2] = das.sum(axis=(0, 2))
    return Net(*grads)


def clipped(grads, max_norm):
    """Each net's gradient clipped by its own global norm."""
    square = sum((part**2).sum(axis=tuple(range(1, part.ndim))) for part in grads)
    factor = np.minimum(1, max_norm / np.sqrt(square))
    return Net(*(part * factor.reshape(-1, *[1] * (part.ndim - 1)) for part in grads))


def stacked(nets):
    """S nets as one, in single precision: half the time."""
    return Net(*(np.stack(parts).astype(np.float32) for parts in zip(*nets)))


def adding_batch(T, N, rng):
    """A batch of the adding problem."""
    return tasks.adding_problem(T, N, rng=rng)


def pronoun_batch(gap, N, sentences, rng):
    """A batch of the pronoun grammar."""
    return tasks.pronoun_grammar(gap, N, n_sentences=sentences, rng=rng)


def draw(make, seeds, copies):
    """One batch per seed, used by all nets of the seed: x (T, S, N, D), targets (T, S, N, …)."""
    batches = [make(rng) for rng in seeds]
    x = np.stack([batch.x for batch in batches] * copies, axis=1).astype(np.float32)
    targets = np.stack([batch.targets for batch in batches] * copies, axis=1)
    if targets.dtype.kind == "f":
        targets = targets.astype(np.float32)
    steps = np.flatnonzero(batches[0].mask[:, 0])
    return x, targets, steps


def train(net, make, steps, settings, relu, cut, error):
    """Adam on fresh batches; losses (steps, S). `error` gives losses (S,) and the outputs' gradient."""
    state, losses = adam_init(net), []
    seeds = [np.random.default_rng([seed, 1]) for seed in settings["seeds"]]
    for step in range(steps):
        x, targets, times = draw(make, seeds, len(net.b) // len(seeds))
        hs, cs, gates = forward(net, x, relu)
        loss, dlosses = 0.0, {}
        for t in times:
            outputs = hs[t + 1] @ net.V.swapaxes(1, 2) + net.v[:, None]
            one, dlosses[t] = error(outputs, targets[t], len(times))
            loss = loss + one
        grads = backward(net, x, hs, cs, gates, dlosses, relu, cut)
        if step == 0:
            _check(net, x, dlosses, grads)
        net, state = adam_step(net, clipped(grads, settings["max_norm"]), state, settings["rate"])
        losses.append(loss)
    return net, np.array(losses)


def squared_error(outputs, targets, times):
    """Mean squared error of S nets, and its gradient."""
    error = outputs - targets
    return (error**2).mean(axis=(1, 2)) / times, 2 * error / targets.shape[1] / times


def cross_entropy(outputs, targets, times):
    """Mean cross-entropy of S nets, and its gradient."""
    p = softmax(outputs)
    loss = -np.log(np.take_along_axis(p, targets[..., None], -1)).mean(axis=(1, 2)) / times
    np.put_along_axis(p, targets[..., None], np.take_along_axis(p, targets[..., None], -1) - 1, -1)
    return loss, p / targets.shape[1] / times


def _check(net, x, dlosses, grads):
    """The first net's first gradient against the library's (its candidate is tanh, its h not cut)."""
    params = recurrent.LSTMParams(net.W_x[0], net.W_h[0], net.b[0])
    N = x.shape[2]
    state0 = recurrent.zero_state("lstm", N, params.W_h.shape[1], np.float32)
    states, caches = recurrent.unroll_forward(recurrent.lstm_step_forward, params, x[:, 0].copy(), state0)
    dstates = np.zeros_like(states)
    for t, doutput in dlosses.items():
        dstates[t, 0] = doutput[0] @ net.V[0]
    _, _, library = recurrent.unroll_backward(recurrent.lstm_step_backward, dstates, caches)
    for ours, theirs in zip(grads[:3], library[:3]):
        assert relative_error(ours[0], theirs) < 1e-4


def adding(settings):
    """Losses (mean of every 50 batches), first solved step, and gates at marks and elsewhere."""
    plan, seeds = settings["adding"], settings["seeds"]
    T, H, N = plan["T"], plan["H"], settings["N"]
    copies = len(seeds)
    first = stacked([start(2, H, 1, s, T, *biases) for *biases, _, _ in plan["nets"].values() for s in seeds])
    relu, cut = (
        np.repeat([options[k] for options in plan["nets"].values()], copies)[:, None, None] for k in (2, 3)
    )
    make = partial(adding_batch, T, N)
    net, losses = train(first, make, plan["steps"], settings, relu, cut, squared_error)
    running = np.cumsum(losses, axis=0)
    running = (running[MEMORY:] - running[:-MEMORY]) / MEMORY
    solved = np.where((running < KEPT).any(axis=0), (running < KEPT).argmax(axis=0) + MEMORY + 1, -1)
    size = min(50, len(losses))
    by_50 = losses[: len(losses) // size * size].reshape(-1, size, losses.shape[1]).mean(axis=1)
    result = {"solved_at": {}, "losses": {}, "gates": {}}
    for place, name in enumerate(plan["nets"]):
        rows = slice(place * copies, (place + 1) * copies)
        result["solved_at"][name] = solved[rows]
        result["losses"][name] = by_50[:, rows].T
        part = Net(*(array[rows] for array in net))
        before = Net(*(array[rows] for array in first))
        result["gates"][name] = {
            "before": look(before, relu[rows], make, settings),
            "after": look(part, relu[rows], make, settings),
        }
    last = losses[-MEMORY:].mean(axis=0)
    place = list(plan["nets"]).index(plan["shown"]) * copies
    place += int(last[place : place + copies].argmin())
    result["weights"] = {"before": one(first, place), "after": one(net, place)}
    return result


def look(net, relu, make, settings):
    """By seed: mean gates at marked and other steps, error, and error with a gate held at its mean."""
    fresh = [np.random.default_rng([seed, 2]) for seed in settings["seeds"]]
    batches = [draw(make, fresh, 1) for _ in range(8)]
    x, targets = (np.concatenate(parts, axis=2) for parts in list(zip(*batches))[:2])
    hs, _, gates = forward(net, x, relu)

    def error(hs):
        return ((hs[-1] @ net.V.swapaxes(1, 2) + net.v[:, None] - targets[-1]) ** 2).mean(axis=(1, 2))

    def at_marks(size):
        return [(size * k).sum(axis=(0, 2)) / k.sum(axis=(0, 2)) for k in (m, 1 - m)]

    result, m = {"error": error(hs)}, x[..., 1:]
    opened, closed = at_marks(np.stack([step[0] for step in gates]))  # (S, H)
    most, rows = (opened - closed).argmax(axis=1), np.arange(len(opened))
    result["i of the unit that opens most"] = [opened[rows, most], closed[rows, most]]
    kept = np.prod(np.stack([step[1] for step in gates]), axis=0)  # of c_0, by f alone
    result["product of f"] = np.sqrt((kept**2).mean(axis=(1, 2)))
    written = np.stack([np.abs(step[0] * step[2]) for step in gates])
    result["written"] = [part.mean(axis=1) for part in at_marks(written)]
    for number, name in enumerate(("i", "f", "g", "o")):
        gate = np.stack([step[number] for step in gates])  # (T, S, N, H)
        result[name] = [part.mean(axis=1) for part in at_marks(np.abs(gate))]
        held = gate.mean(axis=(0, 2))[:, None]
        result[f"error, {name} held"] = error(forward(net, x, relu, (number, held))[0])
    return result


def pronouns(settings):
    """By training (4 sentences, or 1): accuracy by sentence, f by step and unit, what a held gate costs."""
    plan, seeds = settings["pronouns"], settings["seeds"]
    result = {}
    whole = partial(pronoun_batch, plan["gap"], 256, 4)
    off = np.zeros((len(seeds), 1, 1), bool)
    for name, count in plan["sentences"].items():
        make = partial(pronoun_batch, plan["gap"], settings["N"], count)
        C = len(tasks.PRONOUN_WORDS)
        first = stacked([start(C, plan["H"], C, seed, plan["gap"], 1.0) for seed in seeds])
        net, losses = train(first, make, plan["steps"], settings, off, off, cross_entropy)
        x, targets, times = draw(whole, [np.random.default_rng([seed, 2]) for seed in seeds], 1)
        _, cs, gates = forward(net, x, off)
        f = np.stack([step[1] for step in gates])
        # the mean over the words in the middle of a sentence, where f has nothing to do but keep
        words = np.arange(len(f)) % (plan["gap"] + 3)
        held = f[(words > 2) & (words <= plan["gap"])].mean(axis=(0, 2))[:, None]
        result[name] = {
            "loss": losses[-20:].mean(axis=0),
            "accuracy": accuracy(net, x, targets, times, off),
            "f held": accuracy(net, x, targets, times, off, (1, held)),
            "f": f.mean(axis=2).swapaxes(0, 1),
            "reads the name": correlation(cs, targets, times),
        }
    return result


def accuracy(net, x, targets, times, relu, replace=None):
    """Share of right words at each pronoun, (S, sentences)."""
    hs, _, _ = forward(net, x, relu, replace)
    right = [
        ((hs[t + 1] @ net.V.swapaxes(1, 2) + net.v[:, None]).argmax(axis=-1) == targets[t]).mean(axis=1)
        for t in times
    ]
    return np.stack(right, axis=1)


def correlation(cs, targets, times):
    """How far each unit's memory before the first pronoun tells he from she: |correlation|, (S, H)."""
    c, he = cs[times[0] + 1], (targets[times[0]] == tasks.PRONOUN_WORDS.index("he")).astype(float)
    c, he = c - c.mean(axis=1, keepdims=True), he - he.mean(axis=1, keepdims=True)
    return np.abs((c * he[..., None]).mean(axis=1)) / c.std(axis=1) / he.std(axis=1)[:, None]


def one(net, place):
    """Weights of one net, by name."""
    return {name: part[place] for name, part in net._asdict().items()}


if __name__ == "__main__":
    store(__file__, run, SETTINGS, REDUCED, tolerance=TOLERANCE)
