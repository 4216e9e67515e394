"""Problem set 6 is not lectures 8 and 9 again: nothing that they or the library have passes as it stands."""

import math

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, clinic, dynamics, gradcheck, layers, losses, optim, recurrent, tasks
from vgcourse.check import evaluate, names
from vgcourse.recurrent import RNNParams, fast, memory

PS6 = [name for name in names() if name.startswith("ps6.")]
LIBRARY = public_functions(
    activations, clinic, dynamics, fast, gradcheck, layers, losses, memory, optim, recurrent, tasks
)


@pytest.mark.parametrize("name", PS6)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 150
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lectures' equations, and the library behind a signature that fits -------------------------------


def params(W_x, W_h, b=None):
    return RNNParams(W_x, W_h, np.zeros(len(W_h)) if b is None else b)


def no_leak(x, h0, W_x, W_h, b, alpha):
    """(8.1)."""
    states, _ = fast.rnn_forward(params(W_x, W_h, b), x, h0)
    return np.concatenate([h0[None], states])


def softmax_outputs(hs, V, b_o, targets):
    """(8.3)."""
    o = hs @ V.T + b_o
    p = np.exp(o - o.max(axis=-1, keepdims=True))
    do = p / p.sum(axis=-1, keepdims=True) - targets
    return do, np.einsum("tnc,tnh->ch", do, hs), do.sum(axis=(0, 1)), do @ V


def one_loss_plain(dh, hs, W_h, alpha):
    """(8.4) and (8.5)."""
    deltas = np.zeros_like(hs[1:])
    for k in reversed(range(len(deltas))):
        deltas[k] = (1 - hs[k + 1] ** 2) * dh
        dh = deltas[k] @ W_h
    return deltas


def jacobian_plain(hs, W_h, alpha, s, t):
    """(8.12), and (8.14) with the slopes of each step."""
    J, bound = np.eye(len(W_h)), 1.0
    for k in range(s + 1, t + 1):
        slope = 1 - hs[k] ** 2
        J = slope[:, None] * W_h @ J
        bound *= slope.max() * np.linalg.norm(W_h, 2)
    return J, bound


def bound_of_the_lecture(hs, W_h, alpha, s, t):
    """(8.14), with a J that is right."""
    J = np.eye(len(W_h))
    for k in range(s + 1, t + 1):
        c = (hs[k] - (1 - alpha) * hs[k - 1]) / alpha
        J = (np.diag(1 - alpha) + (alpha * (1 - c**2))[:, None] * W_h) @ J
    return J, np.linalg.norm(W_h, 2) ** (t - s)


def pairs_plain(dhs, hs, W_h, alpha):
    """The inner sum of (8.6), with delta in place of the product."""
    G = np.zeros((len(dhs), len(dhs), len(W_h)))
    for t in range(len(dhs)):
        for k, delta in enumerate(one_loss_plain(dhs[t], hs[: t + 2], W_h, alpha)):
            G[t, k] = delta.sum(axis=0)
    return G


def one_pass_plain(dhs, hs, x, W_x, W_h, alpha):
    """(8.10)."""
    arrives, dz = 0, np.zeros_like(dhs)
    for t in reversed(range(len(x))):
        dz[t] = (1 - hs[t + 1] ** 2) * (dhs[t] + arrives)
        arrives = dz[t] @ W_h
    dW_x, dW_h = np.einsum("tnh,tnd->hd", dz, x), np.einsum("tnh,tnk->hk", dz, hs[:-1])
    return dz @ W_x, arrives, dW_x, dW_h, dz.sum(axis=(0, 1)), 0 * alpha


def library_backward(dhs, hs, x, W_x, W_h, alpha):
    _, caches = recurrent.unroll_forward(recurrent.rnn_step_forward, params(W_x, W_h), x, hs[0])
    dx, dstates, grads = recurrent.unroll_backward(recurrent.rnn_step_backward, dhs, caches)
    return dx, dstates[0], *grads, 0 * alpha


def lags_plain(dhs, hs, x, W_h, alpha):
    """(8.17), for W_x."""
    parts = np.zeros((len(x), len(W_h), x.shape[2]))
    for t in range(len(x)):
        for k, delta in enumerate(one_loss_plain(dhs[t], hs[: t + 2], W_h, alpha)):
            parts[t - k] += delta.T @ x[k]
    return parts


def mean_over_targets(o, labels, mask):
    loss, cache = losses.softmax_cross_entropy_forward(o, np.where(mask > 0, labels, 0), mask)
    return loss, losses.softmax_cross_entropy_backward(1.0, cache)


def chunks_plain(dhs, hs, x, W_h, alpha, k1, k2):
    """Lecture 9: every k steps nothing comes back."""
    arrives, dz = 0, np.zeros_like(dhs)
    for t in reversed(range(len(x))):
        arrives = 0 if (t + 1) % k2 == 0 else arrives
        dz[t] = (1 - hs[t + 1] ** 2) * (dhs[t] + arrives)
        arrives = dz[t] @ W_h
    dW_x, dW_h = np.einsum("tnh,tnd->hd", dz, x), np.einsum("tnh,tnk->hk", dz, hs[:-1])
    return dW_x, dW_h, dz.sum(axis=(0, 1))


def library_checkpoints(dhs, x, h0, W_x, W_h, b, alpha, every):
    def loss(states, start, stop):
        return 0.0, dhs[start:stop]

    exact = memory.checkpointed_bptt("rnn", params(W_x, W_h, b), x, h0, loss, every=int(every))
    return exact.dstate0, *exact.grads, 0 * alpha


def root_of_the_lecture(T, q):
    """(9.16) and (9.15)."""
    every = round(math.sqrt(T / q))
    return every, 2 * math.sqrt(q * T), 2 * T - every


def equal_steps(costs, slots):
    """(9.21) and the library's split, for steps of the mean cost."""
    T = len(costs)
    split = memory.binomial_split(T, slots) if slots > 1 and T > 1 else 0
    return float(np.mean(costs) * memory.binomial_advances(T, slots)), split


def window_of_the_lecture(a, lost, work):
    """(9.10)."""
    return 1, math.ceil(math.log(lost) / math.log(a))


def chunk_of_the_lecture(a, lost, work):
    """(9.10)."""
    k = math.ceil(a / (lost * (1 - a)))
    return k, k


def identity_start(W_h, W_x, T):
    """Section 7: keep everything, that is, as small a leak as there may be."""
    return np.full(len(W_h), 0.3 / T)


def lecture_check(backward):
    """(8.6) against (8.10) on the lecture's kind of net: inputs of size 1, h_0 = 0, one call."""
    rng = np.random.default_rng(0)
    W_x, W_h = rng.normal(size=(4, 2)), rng.normal(size=(4, 4)) / 2
    x, dhs, hs = rng.normal(size=(20, 3, 2)), rng.normal(size=(20, 3, 4)), [np.zeros((3, 4))]
    for x_t in x:
        hs.append(np.tanh(hs[-1] @ W_h.T + x_t @ W_x.T))
    hs = np.stack(hs)
    wanted = one_pass_plain(dhs, hs, x, W_x, W_h, np.ones(4))
    return all(
        np.allclose(np.asarray(a), b, rtol=1e-4, atol=1e-6)
        for a, b in zip(backward(dhs, hs, x, W_x, W_h)[1:], wanted[2:4], strict=True)
    )


COPIED = {
    "ps6.leaky_forward": (no_leak,),
    "ps6.label_gradients": (softmax_outputs,),
    "ps6.error_signals": (one_loss_plain,),
    "ps6.leaky_jacobian": (jacobian_plain, bound_of_the_lecture),
    "ps6.bias_pairs": (pairs_plain,),
    "ps6.leaky_backward": (one_pass_plain, library_backward),
    "ps6.inputs_by_lag": (lags_plain,),
    "ps6.sequence_mean_loss": (mean_over_targets,),
    "ps6.truncated_backward": (chunks_plain,),
    "ps6.checkpointed_backward": (library_checkpoints,),
    "ps6.checkpoint_plan": (root_of_the_lecture,),
    "ps6.cheapest_reversal": (equal_steps,),
    "ps6.cheap_cut": (window_of_the_lecture, chunk_of_the_lecture),
    "ps6.mend_leaks": (identity_start,),
    "ps6.is_bptt": (lecture_check,),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # The Jacobian is the student's, the bound the lecture's.
    bound_of_the_lecture: 0.5,
    # A test on one net of the lecture is a good beginning.
    lecture_check: 0.64,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS6


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) + 1e-12 < 1, share


@pytest.mark.parametrize("name", PS6)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or what passed."""
    for answer in COPIED[name]:
        assert evaluate(name, answer).findings, answer.__name__


# --- memory: what is measured --------------------------------------------------------------------------


def all_states(dhs, x, h0, W_x, W_h, b, alpha, every):
    """Right gradients from all states at once."""
    hs = [h0]
    for x_t in x:
        hs.append(hs[-1] + alpha * (np.tanh(hs[-1] @ W_h.T + x_t @ W_x.T + b) - hs[-1]))
    dh, grads = np.zeros_like(h0), [0.0] * 4
    for t in reversed(range(len(x))):
        c, dh = np.tanh(hs[t] @ W_h.T + x[t] @ W_x.T + b), dh + dhs[t]
        dz = alpha * (1 - c**2) * dh
        new = dz.T @ x[t], dz.T @ hs[t], dz.sum(axis=0), (dh * (c - hs[t])).sum(axis=0)
        grads = [a + g for a, g in zip(grads, new, strict=True)]
        dh = (1 - alpha) * dh + dz @ W_h
    return dh, *grads


@pytest.mark.parametrize("seed", [0, 6010])
def test_all_states_are_found_in_memory(seed):
    verdict = evaluate("ps6.checkpointed_backward", all_states, seed=seed)
    assert [row.name for row in verdict.rows if not row.ok] == ["memory"]
    assert [finding.kind for finding in verdict.findings] == ["all states kept"]


def test_memory_of_a_wrong_answer_is_not_judged():
    def zeros(dhs, x, h0, W_x, W_h, b, alpha, every):
        return 0 * h0, 0 * W_x, 0 * W_h, 0 * b, 0 * b

    verdict = evaluate("ps6.checkpointed_backward", zeros)
    assert verdict.share == 0
    assert "invariant: memory not judged" in [finding.kind for finding in verdict.findings]


# --- the library used with the idea of the part: these pass, and may -------------------------------------


def library_steps_with_a_leak(x, h0, W_x, W_h, b, alpha):
    """Whoever mixes the library's step with the old state has solved part 1."""
    hs = [h0]
    for x_t in x:
        c, _ = recurrent.rnn_step_forward(params(W_x, W_h, b), x_t, hs[-1])
        hs.append((1 - alpha) * hs[-1] + alpha * c)
    return hs


def test_the_library_used_with_the_idea_of_the_part_passes():
    assert evaluate("ps6.leaky_forward", library_steps_with_a_leak, seed=3).share == 1
