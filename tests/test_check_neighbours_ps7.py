"""Problem set 7 is not lectures 10 and 11 again: nothing of theirs or of the library passes as it stands."""

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, dynamics, gradcheck, initializers, layers, losses, optim, recurrent
from vgcourse.activations import sigmoid, softplus
from vgcourse.check import evaluate, names
from vgcourse.recurrent import fast, memory

PS7 = [name for name in names() if name.startswith("ps7.")]
LIBRARY = public_functions(
    activations, dynamics, fast, gradcheck, initializers, layers, losses, memory, optim, recurrent
)


@pytest.mark.parametrize("name", PS7)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 150
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lectures' equations, and the library behind a signature that fits -------------------------------


def table_of_the_lecture(name, a, old):
    """The nearest rows of the table below (11.16): LSTM with a forget gate, keeping gates, plain sums."""
    first, last = a[:, : old.shape[1]], a[:, -old.shape[1] :]
    p, q, n = {
        "lstm of 1997": lambda: (
            sigmoid(first),
            sigmoid(first),
            np.tanh(a[:, old.shape[1] : 2 * old.shape[1]]),
        ),
        "coupled": lambda: (sigmoid(first), sigmoid(last), np.tanh(a[:, old.shape[1] : 2 * old.shape[1]])),
        "mgu": lambda: (sigmoid(first), 1 - sigmoid(first), np.tanh(last)),
        "leaky": lambda: (np.ones_like(old), np.ones_like(old), np.tanh(last)),
        "mamba": lambda: (np.exp(-softplus(first)), 1 - np.exp(-softplus(first)), np.tanh(last)),
        "lru": lambda: (sigmoid(first), 1 - sigmoid(first), np.tanh(last)),
    }[name]()
    return p, q, n, p * old + q * n


def _as_lstm(W):
    """Rows i, f, g, o from f, g, o, with i = 1 − f: rows of the opposite sign."""
    f, g, o = np.split(W, 3)
    return np.concatenate([-f, f, g, o])


def library_lstm(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
    """The library's LSTM with peepholes on c, i tied to 1 − f by turned weights: (10.2) to (10.4), (10.9)."""
    params = recurrent.LSTMParams(_as_lstm(W_x), _as_lstm(W_h), _as_lstm(b), np.stack([-p_f, p_f, p_o]))
    (h, c), cache = recurrent.lstm_step_forward(params, x, np.stack([h_prev, c_prev]))
    return h, c, cache.f, cache.g, cache.o


def lstm_on_squashed_memory(x, h_prev, c_prev, W_x, W_h, b, p_f, p_o):
    """As above, the peephole of f fed with tanh(c) by hand through the bias: only for one example."""
    shift = np.concatenate([p_f * np.tanh(c_prev[0]), 0 * p_f, 0 * p_o])
    params = recurrent.LSTMParams(_as_lstm(W_x), _as_lstm(W_h), _as_lstm(b + shift), None)
    (h, c), cache = recurrent.lstm_step_forward(params, x, np.stack([h_prev, c_prev]))
    return h, c, cache.f, cache.g, cache.o


def step_back_of_the_lecture(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
    """`step_back` of lecture 10, (10.10) to (10.16), with i = 1 − f put into its place."""
    f, g, o = gates
    i = 1 - f
    da_o = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o * (1 - np.tanh(c) ** 2) + da_o * p_o
    da_f, da_g = dc * c_prev * f * (1 - f), dc * i * (1 - g**2)
    dc_prev = dc * f + da_f * p_f
    da = np.concatenate([da_f, da_g, da_o], axis=1)
    sums = da.T @ x, da.T @ h_prev, da.sum(axis=0), (da_f * c_prev).sum(axis=0), (da_o * c).sum(axis=0)
    return da @ W_x, da @ W_h, dc_prev, *sums


def library_step_back(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
    """The library's backward step with the tied gate; its two gradients of the gate added."""
    f, g, o = gates
    params = recurrent.LSTMParams(
        _as_lstm(W_x), _as_lstm(W_h), np.zeros(4 * len(p_f)), np.stack([-p_f, p_f, p_o])
    )
    a = np.concatenate([np.log((1 - f) / f), np.log(f / (1 - f)), np.arctanh(g), np.log(o / (1 - o))], axis=1)
    cache = recurrent.lstm.LSTMCache(params, x, h_prev, c_prev, a, 1 - f, f, g, o, c)
    dx, (dh_prev, dc_prev), grads = recurrent.lstm_step_backward(np.stack([dh, dc]), cache)

    def tied(dW):
        i, f, g, o = np.split(dW, 4)
        return np.concatenate([f - i, g, o])

    p = grads.p
    return dx, dh_prev, dc_prev, tied(grads.W_x), tied(grads.W_h), tied(grads.b), p[1] - p[0], p[2]


def unrolled_lecture(dhs, dc_T, x, lengths, hs, cs, gates, W_x, W_h, p_f, p_o):
    """`gradient` of lecture 10 around its step: all sequences as long as the longest."""
    dh, dc, dx, sums = np.zeros_like(dc_T), dc_T, [], 0
    for t in reversed(range(len(x))):
        step = x[t], hs[t], cs[t], gates[t], cs[t + 1], W_x, W_h, p_f, p_o
        dx_t, dh, dc, *new = step_back_of_the_lecture(dh + dhs[t], dc, *step)
        dx.append(dx_t)
        sums = [a + b for a, b in zip(sums or [0] * 5, new, strict=True)]
    return np.stack(dx[::-1]), dh, dc, *sums


def product_of_gates(gates, cs, p_f):
    """(10.5)."""
    carry = np.ones_like(cs)
    for t in reversed(range(len(gates))):
        carry[t] = carry[t + 1] * gates[t, 0]
    return carry, carry


def product_with_the_lectures_peephole(gates, cs, p_f):
    """(10.5), and the first two terms of (10.13)."""
    f, old = gates[:, 0], cs[:-1]
    carry, whole = np.ones((2, *cs.shape))
    for t in reversed(range(len(f))):
        carry[t] = carry[t + 1] * f[t]
        whole[t] = whole[t + 1] * (f[t] + old[t] * f[t] * (1 - f[t]) * p_f)
    return carry, whole


def transposed_as_they_are(K, R, bias):
    """What the shapes ask for."""
    return K.T, R.T, bias[0], bias[1][-len(R) :]


def as_keras(K, R, bias):
    """The order and the two biases, as from a library in which z keeps."""
    z, r, n = np.split(np.arange(3 * len(R)), 3)
    rows = np.concatenate([r, z, n])
    both = bias.sum(axis=0)[rows]
    both[-len(R) :] = bias[0][n]
    return K.T[rows], R.T[rows], both, bias[1][n]


def gru_with_one_gate(dh, x, h_prev, W_x, W_h, b, b_h):
    """The library's GRU with the rows of f for r and for z: (11.7) to (11.10), z keeps."""
    f, n = (lambda W: np.split(W, 2)[0]), (lambda W: np.split(W, 2)[1])

    def three(W):
        return np.concatenate([f(W), f(W), n(W)])

    h, cache = recurrent.gru_step_forward(
        recurrent.GRUParams(three(W_x), three(W_h), three(b), b_h), x, h_prev
    )
    dx, dh_prev, grads = recurrent.gru_step_backward(dh, cache)

    def two(W):
        r, z, n = np.split(W, 3)
        return np.concatenate([r + z, n])

    return h, dx, dh_prev, two(grads.W_x), two(grads.W_h), two(grads.b), grads.b_h


def gate_that_sees_the_state(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g):
    """(11.2) to (11.4): the library's UGRNN, whose gate reads h_{t−1} and x."""
    W, V = np.concatenate([W_x, 0 * W_x]), np.concatenate([W_h, V_h])
    params = recurrent.UGRNNParams(W, V, np.concatenate([b, b_g]))
    h, cache = recurrent.ugrnn_step_forward(params, x, h_prev)
    dx, dh_prev, grads = recurrent.ugrnn_step_backward(dh, cache)
    (dW_x, _), (dW_h, dV_h), (db, db_g) = (np.split(g, 2) for g in grads)
    return h, dx, dh_prev, dW_x, dW_h, db, dV_h, 0 * V_n, db_g


def gate_given(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g):
    """(11.2) to (11.4) with the right forward pass: the gate's look at the candidate has no way back."""
    n = np.tanh(x @ W_x.T + h_prev @ W_h.T + b)
    g = sigmoid(h_prev @ V_h.T + n @ V_n.T + b_g)
    da_g, da_n = dh * (h_prev - n) * g * (1 - g), dh * (1 - g) * (1 - n**2)
    dh_prev = dh * g + da_g @ V_h + da_n @ W_h
    by_n, by_g = (
        (da_n.T @ x, da_n.T @ h_prev, da_n.sum(axis=0)),
        (da_g.T @ h_prev, da_g.T @ n, da_g.sum(axis=0)),
    )
    return g * h_prev + (1 - g) * n, da_n @ W_x, dh_prev, *by_n, *by_g


def library_both(x, lengths, ahead, back):
    """All T steps, from both ends."""
    params = tuple(recurrent.UGRNNParams(net["W_x"], net["W_h"], net["b"]) for net in (ahead, back))
    start = ahead["h0"], back["h0"]
    states, _ = recurrent.bidirectional_forward(recurrent.ugrnn_step_forward, params, x, start)
    H = ahead["h0"].shape[1]
    return states, np.hstack([states[-1][:, :H], states[0][:, H:]])


def _chain(dhs, J_h, J_x):
    dh, dx = np.zeros_like(dhs[0]), []
    for t in reversed(range(len(dhs))):
        dh = (dhs[t] + dh)[:, None]
        dx.append((dh @ J_x[t])[:, 0])
        dh = (dh @ J_h[t])[:, 0]
    return np.stack(dx[::-1]), dh


def both_back_at_T(dstates, dsummary, lengths, ahead, back):
    """(11.24), all sequences of T steps."""
    dstates, H = dstates.copy(), dsummary.shape[1] // 2
    dstates[-1, :, :H] += dsummary[:, :H]
    dstates[0, :, H:] += dsummary[:, H:]
    dx, dh0 = _chain(dstates[..., :H], **ahead)
    more, dh0_back = _chain(dstates[::-1, :, H:], **back)
    return dx + more[::-1], dh0, dh0_back


def stack_of_the_lecture(dhs_low, dhs_top, low, top):
    """Section 8: what comes from the layer above is added; nothing goes round it."""
    from_top, dh0_top = _chain(dhs_top, top["J_h"], top["J_x"])
    dx, dh0_low = _chain(dhs_low + from_top, low["J_h"], low["J_x"])
    return dx, dh0_low, dh0_top


def bias_of_the_lecture(size):
    """Where f + κ = 1 in figure 10.4."""
    return 3.0


def bias_for_a_time(size):
    """(10.7)."""
    return float(recurrent.chrono_bias(100))


def still_gates(x, W_x, W_h, b, b_h, times):
    """(10.7), for each unit."""
    return np.log(times - 1)


def one_step_of_a_fresh_net(backward):
    """The lecture's check of `step_back`: one step, states from zero, one loss."""
    rng = np.random.default_rng(0)
    dhs, x, zero = rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 3, 5)), np.zeros((3, 4))
    net = recurrent.LSTMParams(rng.normal(size=(16, 5)), rng.normal(size=(16, 4)), np.zeros(16), None)
    _, cache = recurrent.lstm_step_forward(net, x[0], np.stack([zero, zero]))
    dx, (dh0, dc0), grads = recurrent.lstm_step_backward(np.stack([dhs[0], zero]), cache)
    out = backward(dhs, zero, x, zero, zero, *net[:3])
    right = dx[None], dh0, dc0, grads.W_x, grads.W_h, grads.b
    return all(
        np.shape(a) == b.shape and np.allclose(a, b, atol=1e-6) for a, b in zip(out, right, strict=True)
    )


COPIED = {
    "ps7.unified_cell": (table_of_the_lecture,),
    "ps7.coupled_step_forward": (library_lstm, lstm_on_squashed_memory),
    "ps7.coupled_step_backward": (step_back_of_the_lecture, library_step_back),
    "ps7.coupled_backward": (unrolled_lecture,),
    "ps7.carousel": (product_of_gates, product_with_the_lectures_peephole),
    "ps7.translate_gru": (transposed_as_they_are, as_keras),
    "ps7.mgu_step_backward": (gru_with_one_gate,),
    "ps7.judging_gate_backward": (gate_that_sees_the_state, gate_given),
    "ps7.bidirectional_forward": (library_both,),
    "ps7.bidirectional_backward": (both_back_at_T,),
    "ps7.stack_backward": (stack_of_the_lecture,),
    "ps7.level_bias": (bias_of_the_lecture, bias_for_a_time),
    "ps7.mend_times": (still_gates,),
    "ps7.is_lstm_backward": (one_step_of_a_fresh_net,),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # Candidates, and nets whose factors stand in the lecture's text: (11.20), (10.2).
    table_of_the_lecture: 1 / 2,
    # f and g do not know how the memory is made.
    library_lstm: 1 / 5,
    lstm_on_squashed_memory: 1 / 5,
    # The product of the gates alone is (10.5); the peephole is the part's.
    product_of_gates: 1 / 2,
    product_with_the_lectures_peephole: 1 / 2,
    # b_h has nothing to do with the update gate, nor W_x's and W_h's other rows.
    transposed_as_they_are: 1 / 4,
    as_keras: 1 / 4,
    # The mix, and the gate's own three gradients, are the lecture's.
    gate_given: 4 / 9,
    # The top layer's own way is the lecture's.
    stack_of_the_lecture: 2 / 3,
    # One step of a fresh net with one loss finds half of the bugs: that is the part's point.
    one_step_of_a_fresh_net: 0.55,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS7


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) + 1e-12 < 1, share


@pytest.mark.parametrize("name", PS7)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or what passed."""
    for answer in COPIED[name]:
        assert evaluate(name, answer).findings, answer.__name__


# --- the library used with the idea of the part: these pass, and may -------------------------------------


def each_alone_by_the_library(x, lengths, ahead, back):
    """Whoever cuts every sequence at its end has solved part 9."""
    T, N, H = len(x), *ahead["h0"].shape
    states, summary = np.zeros((T, N, 2 * H)), np.zeros((N, 2 * H))
    params = tuple(recurrent.UGRNNParams(net["W_x"], net["W_h"], net["b"]) for net in (ahead, back))
    for n, L in enumerate(map(int, lengths)):
        one = slice(n, n + 1)
        start = ahead["h0"][one], back["h0"][one]
        found, _ = recurrent.bidirectional_forward(recurrent.ugrnn_step_forward, params, x[:L, one], start)
        states[:L, one] = found
        summary[one] = np.hstack([found[-1][:, :H], found[0][:, H:]])
    return states, summary


def turned_gate_of_the_library(dh, x, h_prev, W_x, W_h, b, b_h):
    """Whoever sees that f is both gates of a GRU, turned round in one of its two uses, has solved part 7."""
    H = len(b_h)

    def three(W):
        return np.concatenate([W[:H], -W[:H], W[H:]])

    def two(W):
        r, z, n = np.split(W, 3)
        return np.concatenate([r - z, n])

    params = recurrent.GRUParams(three(W_x), three(W_h), three(b), b_h)
    h, cache = recurrent.gru_step_forward(params, x, h_prev)
    dx, dh_prev, grads = recurrent.gru_step_backward(dh, cache)
    return h, dx, dh_prev, two(grads.W_x), two(grads.W_h), two(grads.b), grads.b_h


@pytest.mark.parametrize(
    "name, answer",
    [
        ("ps7.bidirectional_forward", each_alone_by_the_library),
        ("ps7.mgu_step_backward", turned_gate_of_the_library),
    ],
)
def test_the_library_used_with_the_idea_of_the_part_passes(name, answer):
    assert evaluate(name, answer, seed=3).share == 1
