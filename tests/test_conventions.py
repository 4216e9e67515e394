"""Other libraries' recurrent cells in their own words, and how their weights become ours.

Libraries agree on what a GRU or LSTM is. They differ in the order of the gates, in the side of the product on
which the weights stand, in the number of biases, and in where the GRU's reset gate acts. Each other cell is
written out here as its documentation has it; our outputs have to be its outputs, and our gradients, put back
into its shapes, its gradients.

    ============ ============== ============ =================================================
    library      GRU            LSTM         weights
    ============ ============== ============ =================================================
    here         r, z, n        i, f, g, o   (out, in), one bias; a second for n in the GRU
    torch        r, z, n        i, f, g, o   (out, in), two biases
    Keras        z, r, h        i, f, c, o   (in, out), one bias; two in a GRU with reset_after
    ============ ============== ============ =================================================
"""

from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse.gradcheck import check_gradients, relative_error
from vgcourse.recurrent import CELLS, GRUParams, LSTMParams, unroll_backward, unroll_forward

T, N, D, H = 5, 3, 2, 4


def logistic(a):
    return 1 / (1 + np.exp(-a))


def drawn(*shapes):
    rng = np.random.default_rng(5)
    return [rng.standard_normal(shape) for shape in shapes]


def blocks(array, order, axis=0):
    """The H-wide blocks of an array in another order: order[k] says which becomes the k-th."""
    parts = np.split(array, len(order), axis=axis)
    return np.concatenate([parts[k] for k in order], axis=axis)


# Keras: `a = x @ kernel + h @ recurrent_kernel + bias`, the gates side by side


def keras_gru(weights, x, h, reset_after):
    """keras.layers.GRUCell: z, r, h; `h = z * h_prev + (1 - z) * h_new` (Chollet et al. 2015, Keras)."""
    kernel, recurrent_kernel, bias = weights
    bias, recurrent_bias = bias if reset_after else (bias, 0 * bias)
    (K_z, K_r, K_h), (R_z, R_r, R_h) = np.split(kernel, 3, axis=1), np.split(recurrent_kernel, 3, axis=1)
    (b_z, b_r, b_h), (c_z, c_r, c_h) = np.split(bias, 3), np.split(recurrent_bias, 3)
    states = []
    for x_t in x:
        z = logistic(x_t @ K_z + b_z + h @ R_z + c_z)
        r = logistic(x_t @ K_r + b_r + h @ R_r + c_r)
        recurrent = r * (h @ R_h + c_h) if reset_after else (r * h) @ R_h
        h = z * h + (1 - z) * np.tanh(x_t @ K_h + b_h + recurrent)
        states.append(h)
    return np.stack(states)


def keras_gru_shapes(reset_after):
    return (D, 3 * H), (H, 3 * H), (2, 3 * H) if reset_after else (3 * H,)


def ours_from_keras_gru(weights, reset_after):
    """z, r, h → r, z, n; the recurrent bias of z and r joins the other, that of h is b_h."""
    kernel, recurrent_kernel, bias = weights
    order = [1, 0, 2]
    bias, recurrent_bias = bias if reset_after else (bias, np.zeros_like(bias))
    b, c = blocks(bias, order), blocks(recurrent_bias, order)
    b[: 2 * H] += c[: 2 * H]
    return GRUParams(blocks(kernel.T, order), blocks(recurrent_kernel.T, order), b, c[2 * H :])


def keras_gru_from_ours(grads, reset_after):
    """Gradients back: the gates' two biases are only added, so each has the gradient of their sum."""
    order = [1, 0, 2]
    b = blocks(grads.b, order)
    c = np.concatenate([b[: 2 * H], grads.b_h])
    bias = np.stack([b, c]) if reset_after else b
    return blocks(grads.W_x, order).T, blocks(grads.W_h, order).T, bias


@pytest.mark.parametrize("reset_after", [True, False], ids=["reset_after=True", "reset_after=False"])
def test_gru_of_keras(reset_after):
    *weights, x, h0, dstates = drawn(*keras_gru_shapes(reset_after), (T, N, D), (N, H), (T, N, H))
    step = partial(CELLS["gru"].step_forward, reset="after" if reset_after else "before")
    states, caches = unroll_forward(step, ours_from_keras_gru(weights, reset_after), x, h0)
    assert relative_error(states, keras_gru(weights, x, h0, reset_after)) < 1e-14

    dx, total, grads = unroll_backward(CELLS["gru"].step_backward, dstates, caches)
    report = check_gradients(
        lambda tree: (keras_gru(tree[0], tree[1], tree[2], reset_after) * dstates).sum(),
        (tuple(weights), x, h0),
        (keras_gru_from_ours(grads, reset_after), dx, total[0]),
        rng=np.random.default_rng(6),
        tolerance=1e-12,
    )
    assert report.ok, str(report)


def test_the_two_resets_are_two_cells():
    """The same weights give other states: reset_after is no detail of the computation."""
    *weights, x, h0 = drawn(*keras_gru_shapes(False), (T, N, D), (N, H))
    two_biases = [*weights[:2], np.stack([weights[2], np.zeros(3 * H)])]
    before, after = keras_gru(weights, x, h0, False), keras_gru(two_biases, x, h0, True)
    assert relative_error(before, after) > 0.1
    # with a diagonal recurrent weight of the candidate the order does not matter
    weights[1][:, 2 * H :] = two_biases[1][:, 2 * H :] = np.diag(np.arange(1.0, H + 1))
    before, after = keras_gru(weights, x, h0, False), keras_gru(two_biases, x, h0, True)
    assert relative_error(before, after) < 1e-14


def test_gru_whose_update_gate_lets_in():
    """Chung et al. (2014) write h = (1 − z) h_prev + z n. As 1 − σ(a) = σ(−a), the rows of z change sign."""
    W, U, x, h0, dstates = drawn((3 * H, D), (3 * H, H), (T, N, D), (N, H), (T, N, H))

    def chung(tree):
        (W, U), x, h = tree
        (W_r, W_z, W_n), (U_r, U_z, U_n) = np.split(W, 3), np.split(U, 3)
        states = []
        for x_t in x:
            z, r = logistic(x_t @ W_z.T + h @ U_z.T), logistic(x_t @ W_r.T + h @ U_r.T)
            h = (1 - z) * h + z * np.tanh(x_t @ W_n.T + (r * h) @ U_n.T)
            states.append(h)
        return np.stack(states)

    sign = np.repeat([1.0, -1.0, 1.0], H)[:, None]
    step = partial(CELLS["gru"].step_forward, reset="before")
    params = GRUParams(sign * W, sign * U, np.zeros(3 * H), np.zeros(H))
    states, caches = unroll_forward(step, params, x, h0)
    tree = ((W, U), x, h0)
    assert relative_error(states, chung(tree)) < 1e-14

    dx, total, grads = unroll_backward(CELLS["gru"].step_backward, dstates, caches)
    theirs = ((sign * grads.W_x, sign * grads.W_h), dx, total[0])
    loss = lambda tree: (chung(tree) * dstates).sum()  # noqa: E731
    report = check_gradients(loss, tree, theirs, rng=np.random.default_rng(6), tolerance=1e-12)
    assert report.ok, str(report)


def keras_lstm(weights, x, h, c):
    """keras.layers.LSTMCell: i, f, c, o; one bias."""
    kernel, recurrent_kernel, bias = weights
    states = []
    for x_t in x:
        a_i, a_f, a_c, a_o = np.split(x_t @ kernel + h @ recurrent_kernel + bias, 4, axis=1)
        c = logistic(a_f) * c + logistic(a_i) * np.tanh(a_c)
        h = logistic(a_o) * np.tanh(c)
        states.append(np.stack([h, c]))
    return np.stack(states)


def test_lstm_of_keras():
    """Its candidate c is our g, at the same place: only the sides of the products differ."""
    shapes = (D, 4 * H), (H, 4 * H), (4 * H,), (T, N, D), (2, N, H), (T, 2, N, H)
    kernel, recurrent_kernel, bias, x, state0, dstates = drawn(*shapes)
    params = LSTMParams(kernel.T, recurrent_kernel.T, bias)
    states, caches = unroll_forward(CELLS["lstm"].step_forward, params, x, state0)
    tree = ((kernel, recurrent_kernel, bias), x, state0)
    assert relative_error(states, keras_lstm(tree[0], x, *state0)) < 1e-14

    dx, total, grads = unroll_backward(CELLS["lstm"].step_backward, dstates, caches)
    report = check_gradients(
        lambda tree: (keras_lstm(tree[0], tree[1], *tree[2]) * dstates).sum(),
        tree,
        ((grads.W_x.T, grads.W_h.T, grads.b), dx, total[0]),
        rng=np.random.default_rng(6),
        tolerance=1e-12,
    )
    assert report.ok, str(report)


def test_unit_forget_bias_of_keras_is_the_second_block():
    """Keras adds 1 to bias[H : 2H]; our forget gate stands there, and starts at 1 as well."""
    b = CELLS["lstm"].init(D, H, rng=np.random.default_rng(0)).b
    assert b.tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H


# torch: weight_ih (out, in), weight_hh, and two biases, bias_ih and bias_hh


@pytest.fixture
def torch():
    require(find_spec("torch") is not None, "needs torch")
    import torch

    return torch


def torch_gru(weights, x, h):
    """torch.nn.GRU: r, z, n; `n = tanh(W_in x + b_in + r * (W_hn h + b_hn))`, `h = (1 - z) * n + z * h`."""
    W_ih, W_hh, b_ih, b_hh = weights
    states = []
    for x_t in x:
        i_r, i_z, i_n = np.split(x_t @ W_ih.T + b_ih, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh.T + b_hh, 3, axis=1)
        z = logistic(i_z + h_z)
        h = (1 - z) * np.tanh(i_n + logistic(i_r + h_r) * h_n) + z * h
        states.append(h)
    return np.stack(states)


def torch_lstm(weights, x, h, c):
    """torch.nn.LSTM: i, f, g, o; `c = f * c + i * g`, `h = o * tanh(c)`."""
    W_ih, W_hh, b_ih, b_hh = weights
    states = []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W_ih.T + b_ih + h @ W_hh.T + b_hh, 4, axis=1)
        c = logistic(a_f) * c + logistic(a_i) * np.tanh(a_g)
        h = logistic(a_o) * np.tanh(c)
        states.append(np.stack([h, c]))
    return np.stack(states)


def ours_from_torch(name, weights):
    """The two biases of a gate are only added. In a GRU's candidate r stands between them: b and b_h."""
    W_ih, W_hh, b_ih, b_hh = weights
    if name == "lstm":
        return LSTMParams(W_ih, W_hh, b_ih + b_hh)
    return GRUParams(W_ih, W_hh, b_ih + np.concatenate([b_hh[: 2 * H], np.zeros(H)]), b_hh[2 * H :])


def torch_from_ours(name, grads):
    b_hh = grads.b if name == "lstm" else np.concatenate([grads.b[: 2 * H], grads.b_h])
    return grads.W_x, grads.W_h, grads.b, b_hh


def torch_case(name):
    """Weights, sequence, state and incoming gradients; the h and c that torch's LSTM shows get some."""
    G, arrays = (4, (2,)) if name == "lstm" else (3, ())
    shapes = (G * H, D), (G * H, H), (G * H,), (G * H,), (T, N, D), (*arrays, N, H), (T, *arrays, N, H)
    *weights, x, state0, dstates = drawn(*shapes)
    if name == "lstm":
        dstates[:-1, 1] = 0  # of c torch returns the last only
    return weights, x, state0, dstates


def expect_torch(ours, theirs, states, torch_states):
    assert relative_error(states, torch_states.detach().numpy()) < 1e-14
    for mine, tensor in zip(ours, theirs, strict=True):
        assert relative_error(mine, tensor.grad.numpy()) < 1e-12


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_cells_of_torch_step_by_step(torch, name):
    """torch.nn.GRUCell and LSTMCell, with two biases of their own, forwards and backwards."""
    weights, x, state0, dstates = torch_case(name)
    states, caches = unroll_forward(CELLS[name].step_forward, ours_from_torch(name, weights), x, state0)
    dx, total, grads = unroll_backward(CELLS[name].step_backward, dstates, caches)

    leaves = [torch.tensor(array, requires_grad=True) for array in (*weights, x, state0)]
    cell = {"gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}[name](D, H, dtype=torch.float64)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    state, shown = leaves[-1], []
    for x_t in leaves[-2]:
        arguments = (x_t, tuple(state) if name == "lstm" else state)
        state = torch.func.functional_call(cell, dict(zip(names, leaves)), arguments)
        state = torch.stack(state) if name == "lstm" else state
        shown.append(state)
    shown = torch.stack(shown)
    (shown * torch.tensor(dstates)).sum().backward()
    expect_torch((*torch_from_ours(name, grads), dx, total[0]), leaves, states, shown)


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_layers_of_torch(torch, name):
    """torch.nn.GRU and LSTM over the sequence, and the formula of their documentation."""
    weights, x, state0, dstates = torch_case(name)
    states, caches = unroll_forward(CELLS[name].step_forward, ours_from_torch(name, weights), x, state0)
    dx, total, grads = unroll_backward(CELLS[name].step_backward, dstates, caches)
    documented = torch_lstm(weights, x, *state0) if name == "lstm" else torch_gru(weights, x, state0)
    assert relative_error(states, documented) < 1e-14

    leaves = [torch.tensor(array, requires_grad=True) for array in (*weights, x, state0)]
    layer = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[name](D, H, dtype=torch.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    start = leaves[-1][None] if name == "gru" else tuple(part[None] for part in leaves[-1])
    out, last = torch.func.functional_call(layer, dict(zip(names, leaves)), (leaves[-2], start))
    loss = (out * torch.tensor(dstates if name == "gru" else dstates[:, 0])).sum()
    if name == "lstm":
        assert relative_error(states[-1, 1], last[1][0].detach().numpy()) < 1e-14
        loss = loss + (last[1][0] * torch.tensor(dstates[-1, 1])).sum()
    loss.backward()
    shown = states if name == "gru" else states[:, 0]
    expect_torch((*torch_from_ours(name, grads), dx, total[0]), leaves, shown, out)
