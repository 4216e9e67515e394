"""Problem set 8 is not lecture 12 again: nothing that the lectures or the library have passes as is."""

from math import log10, sqrt

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, clinic, dynamics, gradcheck, initializers, losses, mlp, optim, recurrent
from vgcourse.activations import ACTIVATIONS
from vgcourse.check import evaluate, names
from vgcourse.clinic import ward
from vgcourse.losses import softmax

PS8 = [name for name in names() if name.startswith("ps8.")]
LIBRARY = public_functions(
    activations, clinic, dynamics, gradcheck, initializers, losses, mlp, optim, recurrent, ward
)


@pytest.mark.parametrize("name", PS8)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 100
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lectures' equations, and the library behind a signature that fits -------------------------------


def statistics(zs):
    """clinic.layer_statistics: the share of entries that are off, for want of units."""
    off = np.array([clinic.saturated_entries("relu", z).mean() for z in zs])
    return off, 1 - off, off


def slope_of_z(activation, hs):
    """clinic.saturated_entries and f' want z."""
    ratios = [ACTIVATIONS[activation].derivative(h) * (4 if activation == "sigmoid" else 1) for h in hs]
    entries = [clinic.saturated_entries(activation, h).mean() for h in hs]
    return np.array([r.mean() for r in ratios]), np.array(entries)


def by_value(grads, limit):
    """Lecture 5, section 6: the cosine of clipping by value."""
    g, cut = (
        np.concatenate([np.ravel(a) for a in x]) for x in (grads, optim.clip_by_value(tuple(grads), limit))
    )
    length = np.linalg.norm(cut)
    return g @ cut / (np.linalg.norm(g) * length), length / np.linalg.norm(g)


def globally(grads, limit):
    """(5.23)."""
    norm = optim.global_norm(tuple(grads))
    return 1.0, min(1.0, limit / norm)


def by_the_ends(norms):
    """(12.1) and its limit of ±0.1."""
    tilt = (log10(norms[0]) - log10(norms[-1])) / (len(norms) - 1)
    return tilt, -1 if tilt < -0.1 else 1 if tilt > 0.1 else 0


def per_layer(Ws, dWs, learning_rate, max_norm):
    """(12.3) with (5.22)."""
    clipped = optim.clip_by_global_norm(tuple(dWs), max_norm)
    pairs = zip(clipped, Ws, strict=True)
    return [np.full(len(W), learning_rate * np.linalg.norm(g) / np.linalg.norm(W)) for g, W in pairs]


def clip_first(Ws, dWs, vs, learning_rate, decay, max_norm):
    """(12.18), then momentum_step."""
    grads = optim.clip_by_global_norm(tuple(dWs), max_norm)
    state = optim.MomentumState(tuple(vs))
    Ws, state = optim.momentum_step(tuple(Ws), grads, state, learning_rate, decay=decay)
    return list(Ws), list(state.velocity)


def clip_after_the_library(Ws, dWs, vs, learning_rate, decay, max_norm):
    """The library's step, and what it returns clipped."""
    Ws, state = optim.momentum_step(
        tuple(Ws), tuple(dWs), optim.MomentumState(tuple(vs)), learning_rate, decay=decay
    )
    return list(Ws), list(optim.clip_by_global_norm(state.velocity, max_norm))


def adam(w, g, m, v, largest, n, learning_rate, betas, eps):
    w, state = optim.adam_step(
        w, g, optim.AdamState(n - 1, m, v), learning_rate, beta1=betas[0], beta2=betas[1], eps=eps
    )
    return w, state.mean, state.square, largest


def chrono(share, shortest, longest, H):
    """(10.7)."""
    lags = np.linspace(shortest, longest, H)
    return lags, np.log(lags - 1)


def chrono_of_the_lags(share, shortest, longest, H):
    lags = np.geomspace(shortest, longest, H)
    return lags, np.log(lags - 1)


def of_the_mean(f):
    """(10.6) for the mean gate, and (10.5)."""
    return f.prod(axis=0), np.log(2) / -np.log(f.mean(axis=(0, 1)))


def of_gate_statistics(f):
    lives = [clinic.gate_statistics(f[..., h]).memory for h in range(f.shape[-1])]
    return f[-1], np.array(lives)


def reached(norms, share):
    """clinic.effective_depth of each column: how many are above a share of the largest."""
    return np.array([float(clinic.effective_depth(column, share)) for column in norms.T])


def by_the_norm(W, radius, growth, steps):
    """Lecture 7's radius and the lecture's wild cure, one singular value."""
    rho = np.abs(np.linalg.eigvals(W)).max()
    return radius * W / rho, growth * W / np.linalg.norm(W, 2)


def by_its_own_peak(W, radius, growth, steps):
    """dynamics.transient_growth of the matrix as it is."""
    rho = np.abs(np.linalg.eigvals(W)).max()
    return radius * W / rho, W * growth / np.max(dynamics.transient_growth(W, steps)[1:])


def in_the_order_of_figure_12_5(net):
    """First loss, then tilt, then steps, with the lecture's cures."""
    found = ward.gauges(net)
    if found["loss"] > 0.5:
        return net | {"last": 0.0}
    if found["tilt"] > 0.1:
        return net | {"branch": net["layers"] ** -0.5}
    if found["tilt"] < -0.1:
        return net | {"gain": 2.0}
    return net | {"rate": 0.1} if found["steps"] < -5 else net


def a_cure_of_the_lecture_each(net):
    """Tanh, He, 1/√K and an ordinary last layer, whatever ails it."""
    return net | {"units": "tanh", "gain": 2.0, "branch": net["layers"] ** -0.5, "last": 1.0, "bias": 0.0}


def the_large_runs(beta1, leap):
    return 0.95 if leap < 6 else 0.999


def first_step_of_12_21(beta1, leap):
    return 1 - ((1 - beta1) / leap) ** 2


def fresh_biases(x, Ws, bs):
    """As mlp_init starts."""
    return [np.zeros_like(b) for b in bs]


def less_the_old_ones(x, Ws, bs):
    return [-b for b in bs]


def by_the_lecture(loss):
    """Section 7's cell: the loss of (0, 120), and the library's on a batch."""
    z, labels = np.array([[0.0, 120.0]]), np.array([1])
    draw = np.random.default_rng(0).normal(size=(8, 10))
    wanted = -np.log(softmax(draw)[range(8), range(8)]).mean()
    return bool(np.isfinite(loss(z, labels)) and np.isclose(loss(draw, np.arange(8)), wanted))


COPIED = {
    "ps8.dead_units": (statistics,),
    "ps8.slope_left": (slope_of_z,),
    "ps8.clipping_turn": (by_value, globally),
    "ps8.gradient_health": (by_the_ends,),
    "ps8.update_ratios": (per_layer,),
    "ps8.clip_after_momentum": (clip_first, clip_after_the_library),
    "ps8.amsgrad_step": (adam,),
    "ps8.gate_bias": (chrono, chrono_of_the_lags),
    "ps8.half_life": (of_the_mean, of_gate_statistics),
    "ps8.memory_length": (reached,),
    "ps8.rescale_recurrent": (by_the_norm, by_its_own_peak),
    "ps8.treat": (in_the_order_of_figure_12_5, a_cure_of_the_lecture_each),
    "ps8.longest_memory": (the_large_runs, first_step_of_12_21),
    "ps8.revive": (fresh_biases, less_the_old_ones),
    "ps8.is_cross_entropy": (by_the_lecture,),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # The share of entries that are off is the library's.
    statistics: 1 / 3,
    # m and v are Adam's own.
    adam: 2 / 4,
    # The lags are two thirds of nothing: one of two results.
    chrono_of_the_lags: 1 / 2,
    # A product of gates is the lecture's (10.5).
    of_the_mean: 1 / 2,
    # The spectral radius is lecture 7's.
    by_the_norm: 1 / 2,
    by_its_own_peak: 1 / 2,
    # The cures are the lecture's; its order of questions fails for the nets of this ward.
    in_the_order_of_figure_12_5: 0.6,
    # A test of two batches is a good beginning.
    by_the_lecture: 0.6,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS8


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) + 1e-12 < 1, share


@pytest.mark.parametrize("name", PS8)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or what passed."""
    for answer in COPIED[name]:
        assert evaluate(name, answer).findings, answer.__name__


# --- the library used with the idea of the part: these pass, and may -------------------------------------


def each_array_a_list(grads, limit):
    """Whoever calls the global clip once for each array has solved part 3."""
    cut = [optim.clip_by_global_norm((g,), limit)[0] for g in grads]
    a, b = (np.concatenate([np.ravel(g) for g in x]) for x in (grads, cut))
    return a @ b / sqrt(a @ a) / sqrt(b @ b), sqrt((b @ b) / (a @ a))


def clip_between(Ws, dWs, vs, learning_rate, decay, max_norm):
    """Whoever sees that the clip stands between velocity and step has solved part 6."""
    new = tuple(decay * v + g for v, g in zip(vs, dWs, strict=True))
    step = optim.clip_by_global_norm(new, max_norm)
    return list(optim.sgd_step(tuple(Ws), step, learning_rate)), list(new)


@pytest.mark.parametrize(
    "name, answer", [("ps8.clipping_turn", each_array_a_list), ("ps8.clip_after_momentum", clip_between)]
)
def test_the_library_used_with_the_idea_of_the_part_passes(name, answer):
    assert evaluate(name, answer, seed=3).share == 1


# --- property problems: every constant, and doing nothing, earns nothing ---------------------------------


@pytest.mark.parametrize(
    "name, answer",
    [
        ("ps8.treat", lambda net: net),
        ("ps8.treat", lambda net: dict(net, rate=0.1)),
        ("ps8.longest_memory", lambda beta1, leap: 0.99),
        ("ps8.longest_memory", lambda beta1, leap: 0.0),
        ("ps8.revive", lambda x, Ws, bs: bs),
        ("ps8.is_cross_entropy", lambda loss: True),
        ("ps8.is_cross_entropy", lambda loss: False),
    ],
)
def test_a_constant_earns_nothing(name, answer):
    assert evaluate(name, answer).share == 0


@pytest.mark.parametrize("name", ["ps8.treat", "ps8.longest_memory", "ps8.revive"])
def test_a_measured_answer_is_judged_the_same_on_every_seed(name):
    from vgcourse.check import find

    assert [evaluate(name, find(name).reference, seed=seed).share for seed in range(25)] == [1.0] * 25
