"""Stacked and bidirectional nets against torch's, and what they refuse; gradients are in test_contract."""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse._trees import map_leaves, named_leaves
from vgcourse.gradcheck import check_gradients, relative_error
from vgcourse.recurrent import (
    CELLS,
    bidirectional_backward,
    bidirectional_forward,
    cell_init,
    hidden,
    stack_backward,
    stack_forward,
    unroll_backward,
    unroll_forward,
    zero_state,
)

T, N, D, H = 5, 3, 4, 6
LSTM = CELLS["lstm"]


def draw(name, sizes, seed=0):
    """Parameters and random states of layers with the given (inputs, units)."""
    rng = np.random.default_rng(seed)
    params = tuple(cell_init(name, n_in, n, rng=rng) for n_in, n in sizes)
    state0 = tuple(rng.standard_normal(zero_state(name, N, n).shape) for _, n in sizes)
    return params, rng.standard_normal((T, N, D)), state0


def test_hidden_is_the_part_that_the_next_layer_sees():
    assert np.array_equal(hidden(np.ones((T, N, H))), np.ones((T, N, H)))
    states = np.arange(T * 2 * N * H).reshape(T, 2, N, H)
    assert np.array_equal(hidden(states), states[:, 0])
    with pytest.raises(ValueError, match=r"hidden: states has shape \(3, 6\); expected \(T, N, H\)"):
        hidden(np.ones((N, H)))


@pytest.mark.parametrize("name", CELLS)
def test_a_stack_of_one_is_the_unrolled_cell(name):
    params, x, state0 = draw(name, [(D, H)])
    cell = CELLS[name]
    (states,), caches = stack_forward(cell.step_forward, params, x, state0)
    plain, plain_caches = unroll_forward(cell.step_forward, params[0], x, state0[0])
    assert np.array_equal(states, plain)
    d = np.random.default_rng(1).standard_normal(states.shape)
    dx, (total,), (grads,) = stack_backward(cell.step_backward, (d,), caches)
    expected = unroll_backward(cell.step_backward, d, plain_caches)
    assert np.array_equal(dx, expected[0]) and np.array_equal(total, expected[1])
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(named_leaves(grads), named_leaves(expected[2])))


@pytest.mark.parametrize("name", CELLS)
def test_layers_may_differ_in_size_and_gradients_are_right(name):
    cell = CELLS[name]
    params, x, state0 = draw(name, [(D, H), (H, 2), (2, 5)])
    states, caches = stack_forward(cell.step_forward, params, x, state0)
    assert [s.shape[-1] for s in states] == [H, 2, 5]
    rng = np.random.default_rng(1)
    dstates = tuple(rng.standard_normal(s.shape) for s in states)
    before = [d.copy() for d in dstates]
    dx, totals, grads = stack_backward(cell.step_backward, dstates, caches)
    assert all(np.array_equal(a, b) for a, b in zip(dstates, before)), "incoming gradients are not changed"
    assert [len(total) for total in totals] == [T + 1] * 3

    def loss(tree):
        return sum((s * d).sum() for s, d in zip(stack_forward(cell.step_forward, *tree)[0], dstates))

    claimed = (grads, dx, tuple(total[0] for total in totals))
    report = check_gradients(loss, (params, x, state0), claimed, rng=rng, tolerance=1e-9)
    assert report.ok, str(report)


@pytest.mark.parametrize("name", CELLS)
def test_the_second_direction_is_the_first_on_the_reversed_sequence(name):
    cell = CELLS[name]
    params, x, state0 = draw(name, [(D, H), (D, H)])
    states, caches = bidirectional_forward(cell.step_forward, params, x, state0)
    assert states.shape[-1] == 2 * H
    ahead, _ = unroll_forward(cell.step_forward, params[0], x, state0[0])
    assert np.array_equal(states[..., :H], ahead)
    swapped, swapped_caches = bidirectional_forward(cell.step_forward, params[::-1], x[::-1], state0[::-1])
    assert np.array_equal(states[..., H:], swapped[::-1, ..., :H])
    d = np.random.default_rng(1).standard_normal(states.shape)
    d_swapped = np.concatenate([d[::-1, ..., H:], d[::-1, ..., :H]], axis=-1)
    dx, totals, _ = bidirectional_backward(cell.step_backward, d, caches)
    dx_swapped, totals_swapped, _ = bidirectional_backward(cell.step_backward, d_swapped, swapped_caches)
    assert relative_error(dx, dx_swapped[::-1]) < 1e-15
    assert all(np.array_equal(a, b) for a, b in zip(totals, totals_swapped[::-1]))
    assert totals[0].shape == (T + 1, *states.shape[1:-1], H)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("kind", ["stacked", "bidirectional"])
def test_changing_states_and_inputs_in_place_changes_no_gradient(name, kind):
    """The states of a layer are the input of the next one; what backward reads is a copy."""
    stacked = kind == "stacked"
    forward, backward = (
        (stack_forward, stack_backward) if stacked else (bidirectional_forward, bidirectional_backward)
    )
    params, x, state0 = draw(name, [(D, H), (H if stacked else D, H)])
    cell, rng = CELLS[name], np.random.default_rng(1)
    states, caches = forward(cell.step_forward, params, x, state0)
    dstates = map_leaves(lambda s: rng.standard_normal(s.shape), states)
    truth = named_leaves(backward(cell.step_backward, dstates, caches))
    for _, array in named_leaves((states, x, state0)):
        array[...] = np.nan
    found = named_leaves(backward(cell.step_backward, dstates, caches))
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(found, truth, strict=True))


def torch_weights(torch, params):
    """The four tensors of one torch layer from LSTMParams; and the leaves with gradients."""
    leaves = [torch.tensor(w, requires_grad=True) for w in params[:3]]
    return leaves, [*leaves, torch.zeros(4 * H, dtype=torch.float64)]


@pytest.mark.parametrize("kind", ["stacked", "bidirectional"])
def test_agrees_with_torch_lstm(kind):
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    stacked = kind == "stacked"
    params, x, state0 = draw("lstm", [(D, H), (H if stacked else D, H)])
    forward, backward = (
        (stack_forward, stack_backward) if stacked else (bidirectional_forward, bidirectional_backward)
    )
    states, caches = forward(LSTM.step_forward, params, x, state0)
    out = hidden(states[-1]) if stacked else hidden(states)
    d = np.random.default_rng(1).standard_normal(out.shape)
    if stacked:
        dstates = (np.zeros_like(states[0]), np.stack([d, np.zeros_like(d)], axis=1))
    else:
        dstates = np.stack([d, np.zeros_like(d)], axis=1)
    dx, totals, grads = backward(LSTM.step_backward, dstates, caches)

    options = {"num_layers": 2} if stacked else {"bidirectional": True}
    module = torch.nn.LSTM(D, H, dtype=torch.float64, **options)
    leaves, weights = [], {}
    for layer, suffix in zip(params, ("l0", "l1" if stacked else "l0_reverse")):
        layer_leaves, tensors = torch_weights(torch, layer)
        leaves.append(layer_leaves)
        weights |= {
            f"{k}_{suffix}": w for k, w in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), tensors)
        }
    x_torch = torch.tensor(x, requires_grad=True)
    start = torch.tensor(np.stack(state0, axis=1), requires_grad=True)
    theirs, _ = torch.func.functional_call(module, weights, (x_torch, (start[0], start[1])))
    (theirs * torch.tensor(d)).sum().backward()
    assert relative_error(theirs.detach().numpy(), out) < 1e-14
    assert relative_error(dx, x_torch.grad.numpy()) < 1e-12
    assert relative_error(np.stack([total[0] for total in totals], axis=1), start.grad.numpy()) < 1e-12
    for layer_grads, layer_leaves in zip(grads, leaves, strict=True):
        for ours, leaf in zip(layer_grads[:3], layer_leaves, strict=True):
            assert relative_error(ours, leaf.grad.numpy()) < 1e-12


def test_a_direction_hears_only_its_side_of_the_sequence():
    params, x, state0 = draw("gru", [(D, H), (D, H)])
    states, caches = bidirectional_forward(CELLS["gru"].step_forward, params, x, state0)
    d = np.zeros_like(states)
    d[2, :, :H] = 1
    dx, _, _ = bidirectional_backward(CELLS["gru"].step_backward, d, caches)
    assert dx.any(axis=(1, 2)).tolist() == [True, True, True, False, False]
    d = np.zeros_like(states)
    d[2, :, H:] = 1
    dx, _, _ = bidirectional_backward(CELLS["gru"].step_backward, d, caches)
    assert dx.any(axis=(1, 2)).tolist() == [False, False, True, True, True]


def test_stack_refuses():
    params, x, state0 = draw("lstm", [(D, H), (H, H)])
    states, caches = stack_forward(LSTM.step_forward, params, x, state0)
    with pytest.raises(ValueError, match="stack_forward: params is LSTMParams of 4; expected a tuple"):
        stack_forward(LSTM.step_forward, params[0], x, state0)
    with pytest.raises(
        ValueError, match="stack_forward: state0 is tuple of 1; expected a tuple of 2, one for each"
    ):
        stack_forward(LSTM.step_forward, params, x, state0[:1])
    with pytest.raises(ValueError, match="stack_forward: state0 is ndarray; expected a tuple of 2"):
        stack_forward(LSTM.step_forward, params, x, np.stack(state0))
    with pytest.raises(ValueError, match="stack_forward: params is tuple of 0"):
        stack_forward(LSTM.step_forward, (), x, ())
    with pytest.raises(ValueError, match="stack_backward: dstates is tuple of 1; expected a tuple of 2"):
        stack_backward(LSTM.step_backward, states[:1], caches)
    with pytest.raises(ValueError, match=r"unroll_backward: dstates has shape \(4, 2, 3, 6\)"):
        stack_backward(LSTM.step_backward, (states[0], states[1][1:]), caches)
    with pytest.raises(
        ValueError, match=r"stack_backward: the h of dstates\[0\] has shape \(5, 3, 5\); expected"
    ):
        stack_backward(LSTM.step_backward, (states[0][..., 1:], states[1]), caches)
    with pytest.raises(TypeError, match=r"stack_backward: dstates\[0\] holds int64"):
        stack_backward(LSTM.step_backward, (states[0].astype(int), states[1]), caches)
    wrong = (params[0], cell_init("lstm", D, H, rng=np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"lstm_step_forward: x_t has shape \(3, 6\); expected \(N, 4\)"):
        stack_forward(LSTM.step_forward, wrong, x, state0)


def test_bidirectional_refuses():
    params, x, state0 = draw("lstm", [(D, H), (D, H)])
    states, caches = bidirectional_forward(LSTM.step_forward, params, x, state0)
    with pytest.raises(
        ValueError, match="bidirectional_forward: params is tuple of 1; expected a tuple of 2"
    ):
        bidirectional_forward(LSTM.step_forward, params[:1], x, state0)
    with pytest.raises(ValueError, match="bidirectional_forward: x is empty"):
        bidirectional_forward(LSTM.step_forward, params, x[:0], state0)
    with pytest.raises(ValueError, match=r"dstates has shape \(5, 2, 3, 11\); expected \(T, N, 2H\) or"):
        bidirectional_backward(LSTM.step_backward, states[..., 1:], caches)
    with pytest.raises(ValueError, match=r"dstates has shape \(4, 2, 3, 6\); expected \(5, N, H\)"):
        bidirectional_backward(LSTM.step_backward, states[1:], caches)
    with pytest.raises(ValueError, match="bidirectional_backward: caches is list of 5"):
        bidirectional_backward(LSTM.step_backward, states, caches[0])
