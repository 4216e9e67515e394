"""Backpropagation through time: by hand, against theory, against torch; and what it refuses."""

from functools import partial, wraps
from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse._trees import named_leaves
from vgcourse.gradcheck import check_gradients, complex_step, relative_error
from vgcourse.recurrent import (
    CELLS,
    GRUParams,
    LSTMParams,
    RNNParams,
    cell_init,
    gradients_by_lag,
    rnn_double_sum,
    rnn_step_backward,
    rnn_step_forward,
    unroll_backward,
    unroll_forward,
)

linear_step = partial(rnn_step_forward, activation="identity")
T, N, D, H = 5, 3, 4, 6  # several steps, batch above 1, D ≠ H: weaker tests let wrong formulas pass
CASES = [
    ("rnn", {}, {}),
    ("rnn", {}, {"activation": "softplus"}),
    ("ugrnn", {}, {}),
    ("gru", {}, {}),
    ("gru", {}, {"reset": "before"}),
    ("lstm", {}, {}),
    ("lstm", {"peepholes": True}, {}),
]
every_case = pytest.mark.parametrize("name, init, options", CASES, ids=str)


def draw(name, init, seed=0):
    """Random parameters, inputs, starting state and gradients for a sequence; nothing is zero."""
    rng = np.random.default_rng(seed)
    cell = CELLS[name]
    params = cell_init(name, D, H, rng=rng, **init)
    params = type(params)(*(w if w is None else 0.7 * rng.standard_normal(w.shape) for w in params))
    state_shape = (2, N, H) if cell.state_arrays == 2 else (N, H)
    return (
        params,
        rng.standard_normal((T, N, D)),
        rng.standard_normal(state_shape),
        rng.standard_normal((T, *state_shape)),
    )


def test_one_step_by_hand():
    params = RNNParams(np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([[1.0, -1.0], [0.5, 4.0]]), np.ones(2))
    h, cache = linear_step(params, np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]]))
    assert h.tolist() == [[2 + 10 - 20 + 1, 6 + 5 + 80 + 1]]
    dx, dh, grads = rnn_step_backward(np.array([[1.0, 2.0]]), cache)
    assert dx.tolist() == [[2.0, 6.0]]
    assert dh.tolist() == [[1 + 2 * 0.5, -1 + 2 * 4]]
    assert grads.W_x.tolist() == [[1.0, 2.0], [2.0, 4.0]]
    assert grads.W_h.tolist() == [[10.0, 20.0], [20.0, 40.0]], "h_{t−1}, not h_t"
    assert grads.b.tolist() == [1.0, 2.0]


def test_three_steps_by_hand():
    """h_t = 2 h_{t−1} + x_t from h_0 = 1, loss h_1 + 10 h_3: dh_t doubles backwards, and h_1 hears twice."""
    params = RNNParams(np.ones((1, 1)), 2 * np.ones((1, 1)), np.zeros(1))
    x = np.array([1.0, 0.0, -1.0]).reshape(3, 1, 1)
    states, caches = unroll_forward(linear_step, params, x, np.ones((1, 1)))
    assert states.ravel().tolist() == [3.0, 6.0, 11.0]
    dstates = np.array([1.0, 0.0, 10.0]).reshape(3, 1, 1)
    dx, total, grads = unroll_backward(rnn_step_backward, dstates, caches)
    assert total.ravel().tolist() == [82.0, 41.0, 20.0, 10.0]
    assert dx.ravel().tolist() == [41.0, 20.0, 10.0]
    assert (grads.W_h.item(), grads.W_x.item(), grads.b.item()) == (41 * 1 + 20 * 3 + 10 * 6, 41 - 10, 71)
    by_lag = gradients_by_lag(rnn_step_backward, dstates, caches)
    assert by_lag.W_h.ravel().tolist() == [10 * 6 + 1 * 1, 20 * 3, 40 * 1]


@every_case
def test_every_gradient_agrees_with_the_complex_step(name, init, options):
    params, x, state0, dstates = draw(name, init)
    step = partial(CELLS[name].step_forward, **options)
    _, caches = unroll_forward(step, params, x, state0)
    dx, total, grads = unroll_backward(CELLS[name].step_backward, dstates, caches)

    def loss(tree):
        return (unroll_forward(step, *tree)[0] * dstates).sum()

    report = check_gradients(
        loss, (params, x, state0), (grads, dx, total[0]), rng=np.random.default_rng(1), tolerance=1e-9
    )
    assert report.ok, str(report)


@every_case
def test_the_gradient_of_every_state_is_that_of_the_rest_of_the_sequence(name, init, options):
    params, x, state0, dstates = draw(name, init)
    step = partial(CELLS[name].step_forward, **options)
    states, caches = unroll_forward(step, params, x, state0)
    _, total, _ = unroll_backward(CELLS[name].step_backward, dstates, caches)
    assert total.shape == (T + 1, *state0.shape)
    assert np.array_equal(total[T], dstates[-1])
    for t in range(1, T):
        v = np.random.default_rng(t).standard_normal(state0.shape)

        def rest(state, t=t):
            later, _ = unroll_forward(step, params, x[t:], state)
            return (state * dstates[t - 1]).sum() + (later * dstates[t:]).sum()

        assert relative_error(complex_step(rest, states[t - 1], v), (total[t] * v).sum()) < 1e-9


@every_case
def test_a_sequence_is_its_steps(name, init, options):
    params, x, state0, _ = draw(name, init)
    step = partial(CELLS[name].step_forward, **options)
    states, caches = unroll_forward(step, params, x, state0)
    assert len(caches) == T
    for t in range(T):
        state0, _ = step(params, x[t], state0)
        assert np.array_equal(states[t], state0)


@every_case
def test_the_gradient_by_lag_adds_up_to_the_gradient(name, init, options):
    params, x, state0, dstates = draw(name, init)
    step_backward = CELLS[name].step_backward
    _, caches = unroll_forward(partial(CELLS[name].step_forward, **options), params, x, state0)
    _, _, grads = unroll_backward(step_backward, dstates, caches)
    by_lag = gradients_by_lag(step_backward, dstates, caches)
    assert type(by_lag) is type(params)
    for (_, split), (_, whole) in zip(named_leaves(by_lag), named_leaves(grads), strict=True):
        assert split.shape == (T, *whole.shape)
        assert relative_error(split.sum(axis=0), whole) < 1e-14
    # with a loss at step t alone, the lags reach back t steps and no further
    alone = np.zeros_like(dstates)
    alone[2] = dstates[2]
    one = gradients_by_lag(step_backward, alone, caches)
    assert one.W_h[:3].any(axis=(1, 2)).all() and not one.W_h[3:].any()
    _, _, third_step = step_backward(dstates[2], caches[2])
    assert relative_error(one.W_h[0], third_step.W_h) == 0


@pytest.mark.parametrize("activation", ["tanh", "relu", "identity"])
@pytest.mark.parametrize("steps", [1, 5, 40])
def test_the_double_sum_is_the_recursion(steps, activation):
    rng = np.random.default_rng(steps)
    params = RNNParams(
        rng.standard_normal((H, D)), rng.standard_normal((H, H)) / np.sqrt(H), rng.standard_normal(H)
    )
    x, dstates = rng.standard_normal((steps, N, D)), rng.standard_normal((steps, N, H))
    step = partial(rnn_step_forward, activation=activation)
    _, caches = unroll_forward(step, params, x, rng.standard_normal((N, H)))
    dx, total, grads = unroll_backward(rnn_step_backward, dstates, caches)
    dx_sum, total_sum, grads_sum = rnn_double_sum(dstates, caches)
    assert relative_error(dx_sum, dx) < 2e-15
    assert relative_error(total_sum, total) < 2e-15
    for a, b in zip(grads_sum, grads, strict=True):
        assert relative_error(a, b) < 4e-15


@pytest.mark.parametrize("rho", [0.9, 1.0, 1.1])
def test_the_gradient_of_a_linear_net_with_orthogonal_weights_has_norm_rho_to_the_T(rho):
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.standard_normal((H, H)))
    params = RNNParams(rng.standard_normal((H, D)), rho * Q, rng.standard_normal(H))
    steps = 100
    _, caches = unroll_forward(linear_step, params, rng.standard_normal((steps, 1, D)), np.zeros((1, H)))
    dstates = np.zeros((steps, 1, H))
    dstates[-1] = rng.standard_normal(H)
    _, total, _ = unroll_backward(rnn_step_backward, dstates, caches)
    norms = np.linalg.norm(total, axis=(1, 2)) / np.linalg.norm(dstates[-1])
    assert relative_error(norms[::-1], rho ** np.arange(steps + 1.0)) < 1e-13
    assert norms[0] == pytest.approx({0.9: 2.656e-5, 1.0: 1, 1.1: 13781}[rho], rel=1e-3)


def test_the_long_range_part_vanishes_and_the_total_does_not():
    """‖dW_h‖ at lags 0, 10, 30, 50 and in total; geometric mean over 10 nets, spectral radius 0.9."""
    n, steps, logs = 32, 60, []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        W = rng.standard_normal((n, n))
        W *= 0.9 / np.abs(np.linalg.eigvals(W)).max()
        x = 0.3 * rng.standard_normal((steps, 1, n))
        _, caches = unroll_forward(
            rnn_step_forward, RNNParams(np.eye(n), W, np.zeros(n)), x, np.zeros((1, n))
        )
        dstates = np.zeros((steps, 1, n))
        dstates[-1] = rng.standard_normal(n)
        parts = gradients_by_lag(rnn_step_backward, dstates, caches).W_h
        logs.append(np.log(np.linalg.norm([*parts[[0, 10, 30, 50]], parts.sum(axis=0)], axis=(1, 2))))
    now, ten, thirty, fifty, total = np.exp(np.mean(logs, axis=0))
    assert 8 < now < 13
    assert 0.2 < ten < 0.6
    assert 3e-4 < thirty < 3e-3
    assert 1e-6 < fifty < 1e-5
    assert 12 < total < 19


def torch_parameters(torch, name, params):
    """Our parameters as torch's w_ih, w_hh, b_ih, b_hh; the leaves keep the gradient."""
    leaves = type(params)(*(None if w is None else torch.tensor(w, requires_grad=True) for w in params))
    W_x, W_h, b, b_hh = leaves.W_x, leaves.W_h, leaves.b, torch.zeros_like(leaves.b)
    if name == "gru":
        b_hh = torch.cat([torch.zeros(2 * H, dtype=torch.float64), leaves.b_h])
    return leaves, (W_x, W_h, b, b_hh)


@pytest.mark.parametrize("name, nonlinearity", [("rnn", "tanh"), ("rnn", "relu"), ("gru", ""), ("lstm", "")])
def test_agrees_with_the_modules_of_torch(name, nonlinearity):
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    params, x, state0, dstates = draw(name, {})
    options = {"activation": nonlinearity} if nonlinearity else {}
    if name == "lstm":
        dstates[:-1, 1] = 0  # torch shows only the last memory
    states, caches = unroll_forward(partial(CELLS[name].step_forward, **options), params, x, state0)
    dx, total, grads = unroll_backward(CELLS[name].step_backward, dstates, caches)

    leaves, weights = torch_parameters(torch, name, params)
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[name]
    module = module(D, H, dtype=torch.float64, **({"nonlinearity": nonlinearity} if nonlinearity else {}))
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    x_torch, start = torch.tensor(x, requires_grad=True), torch.tensor(state0, requires_grad=True)
    first = (start[0][None], start[1][None]) if name == "lstm" else start[None]
    out, last = torch.func.functional_call(module, dict(zip(names, weights)), (x_torch, first))
    if name == "lstm":
        assert relative_error(out.detach().numpy(), states[:, 0]) < 1e-14
        assert relative_error(last[1][0].detach().numpy(), states[-1, 1]) < 1e-14
        loss = (out * torch.tensor(dstates[:, 0])).sum() + (last[1][0] * torch.tensor(dstates[-1, 1])).sum()
    else:
        assert relative_error(out.detach().numpy(), states) < 1e-14
        loss = (out * torch.tensor(dstates)).sum()
    loss.backward()
    assert relative_error(dx, x_torch.grad.numpy()) < 1e-12
    assert relative_error(total[0], start.grad.numpy()) < 1e-12
    for (label, ours), (_, theirs) in zip(named_leaves(grads), named_leaves(leaves), strict=True):
        assert relative_error(ours, theirs.grad.numpy()) < 1e-12, label


def test_a_batch_gradient_is_the_sum_over_its_rows():
    params, x, state0, dstates = draw("lstm", {"peepholes": True})
    cell = CELLS["lstm"]

    def gradient(rows):
        _, caches = unroll_forward(cell.step_forward, params, x[:, rows], state0[:, rows])
        return unroll_backward(cell.step_backward, dstates[:, :, rows], caches)[2]

    whole, parts = gradient(slice(None)), [gradient(slice(n, n + 1)) for n in range(N)]
    for k, w in enumerate(whole):
        assert relative_error(w, sum(part[k] for part in parts)) < 1e-14


PARAMS, X, STATE0, DSTATES = draw("rnn", {})


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"x": X[:0]}, ValueError, r"unroll_forward: x is empty, its shape is \(0, 3, 4\)"),
        ({"x": X[:, :0]}, ValueError, r"unroll_forward: x is empty"),
        ({"x": X[0]}, ValueError, r"unroll_forward: x has shape \(3, 4\); expected \(T, N, D\)"),
        (
            {"x": X[:, :, :2]},
            ValueError,
            r"rnn_step_forward: x_t has shape \(3, 2\); expected \(N, 4\) because W_x",
        ),
        (
            {"x": X[:, :2]},
            ValueError,
            r"state0 has shape \(3, 6\); expected \(2, H\) or \(2, 2, H\) because x has",
        ),
        ({"x": X.astype(int)}, TypeError, "unroll_forward: x holds int64 values"),
        ({"x": X.astype("float32")}, TypeError, "unroll_forward: precisions are mixed .x is float32"),
        ({"x": X * np.nan}, ValueError, "unroll_forward: x holds 60 values that are NaN or infinite"),
        ({"state0": STATE0[0]}, ValueError, r"state0 has shape \(6,\); expected \(3, H\) or \(2, 3, H\)"),
        (
            {"state0": STATE0[:, :2]},
            ValueError,
            r"rnn_step_forward: state has shape \(3, 2\); expected \(3, 6\)",
        ),
        ({"state0": np.stack([STATE0] * 2)}, ValueError, r"state has shape \(2, 3, 6\); expected \(3, 6\)"),
        ({"state0": np.stack([STATE0] * 3)}, ValueError, r"unroll_forward: state0 has shape \(3, 3, 6\)"),
        (
            {"state0": STATE0 + np.inf},
            ValueError,
            "unroll_forward: state0 holds 18 values that are NaN or inf",
        ),
        (
            {"params": PARAMS._replace(b=PARAMS.b * np.nan)},
            ValueError,
            "params.b holds 6 values that are NaN",
        ),
        (
            {"params": PARAMS._replace(b=PARAMS.b[:1])},
            ValueError,
            r"b has shape \(1,\); expected \(6,\) because W_h",
        ),
        ({"params": PARAMS._replace(b=None)}, TypeError, "rnn_step_forward: b holds object values"),
        (
            {"params": PARAMS._replace(W_x=PARAMS.W_x[:2])},
            ValueError,
            r"W_x has shape \(2, 4\); expected \(6, D\)",
        ),
        (
            {"params": PARAMS._replace(W_h=PARAMS.W_h[:2])},
            ValueError,
            r"W_h has shape \(2, 6\); expected \(H, H\)",
        ),
        ({"params": PARAMS._replace(W_h=PARAMS.b)}, ValueError, r"W_h has shape \(6,\); expected \(H, H\)"),
        ({"params": GRUParams(*[np.ones(3)] * 4)}, TypeError, "params is GRUParams; expected RNNParams"),
        ({"params": tuple(PARAMS)}, TypeError, "rnn_step_forward: params is tuple; expected RNNParams"),
        ({"params": None}, TypeError, "rnn_step_forward: params is NoneType; expected RNNParams"),
    ],
)
def test_unroll_forward_refuses(change, error, words):
    arguments = {"params": PARAMS, "x": X, "state0": STATE0} | change
    with pytest.raises(error, match=words):
        unroll_forward(rnn_step_forward, **arguments)


@pytest.mark.parametrize(
    "dstates, error, words",
    [
        (
            DSTATES[:-1],
            ValueError,
            r"dstates has shape \(4, 3, 6\); expected \(5, N, H\) or .* there are 5 caches",
        ),
        (DSTATES[0], ValueError, r"dstates has shape \(3, 6\)"),
        (
            DSTATES[:, :, :5],
            ValueError,
            r"dstate has shape \(3, 5\); expected \(3, 6\) because that is the state's",
        ),
        (DSTATES[:, :1], ValueError, r"dstate has shape \(1, 6\); expected \(3, 6\)"),
        (DSTATES[:0], ValueError, "dstates is empty"),
        (DSTATES.astype(int), TypeError, "dstates holds int64 values"),
        (DSTATES.astype("float32"), TypeError, "precisions are mixed .dstate is float32, x_t is float64"),
        (DSTATES * np.inf, ValueError, "dstates holds 90 values that are NaN or infinite"),
    ],
)
@pytest.mark.parametrize(
    "backward",
    [
        partial(unroll_backward, rnn_step_backward),
        partial(gradients_by_lag, rnn_step_backward),
        rnn_double_sum,
    ],
    ids=["unroll", "by lag", "double sum"],
)
def test_passes_backwards_refuse(backward, dstates, error, words):
    _, caches = unroll_forward(rnn_step_forward, PARAMS, X, STATE0)
    with pytest.raises(error, match=words):
        backward(dstates, caches)


@pytest.mark.parametrize("caches", [[], None, 3])
def test_passes_backwards_refuse_missing_caches(caches):
    with pytest.raises(ValueError, match="unroll_backward: caches is empty or no list"):
        unroll_backward(rnn_step_backward, DSTATES, caches)


def test_backward_steps_refuse_the_cache_of_another_cell():
    params, x, state0, dstates = draw("lstm", {})
    _, caches = unroll_forward(CELLS["lstm"].step_forward, params, x, state0)
    with pytest.raises(TypeError, match="rnn_double_sum: cache is LSTMCache; expected RNNCache"):
        rnn_double_sum(dstates, caches)
    for name, kind in [("rnn", "RNN"), ("ugrnn", "UGRNN"), ("gru", "GRU")]:
        with pytest.raises(
            TypeError, match=f"{name}_step_backward: cache is LSTMCache; expected {kind}Cache"
        ):
            unroll_backward(CELLS[name].step_backward, dstates, caches)
    with pytest.raises(TypeError, match="lstm_step_backward: cache is list; expected LSTMCache"):
        unroll_backward(CELLS["lstm"].step_backward, dstates[:1], [caches])


@pytest.mark.parametrize("name", CELLS)
def test_a_loop_checks_once_and_leaves_no_wrapper_out(name):
    cell, seen = CELLS[name], []

    @wraps(cell.step_forward)
    def counted(*arguments):
        seen.append(1)
        return cell.step_forward(*arguments)

    rng = np.random.default_rng(0)
    params, x = cell.init(3, 2, rng=rng), rng.standard_normal((4, 5, 3))
    state0 = rng.standard_normal(cell.state_shape(5, 2))
    expected, _ = unroll_forward(cell.step_forward, params, x, state0)
    states, _ = unroll_forward(counted, params, x, state0)
    assert len(seen) == len(x) and np.array_equal(states, expected)
    state = state0
    for x_t, found in zip(x, expected):  # every step with its checks
        state, _ = cell.step_forward(params, x_t, state)
        assert np.array_equal(state, found)
    as_lists = type(params)(*(w if w is None else w.tolist() for w in params))
    assert np.array_equal(
        unroll_forward(cell.step_forward, as_lists, x.tolist(), state0.tolist())[0], expected
    )


def test_caches_of_two_cells_are_refused():
    _, caches = unroll_forward(rnn_step_forward, PARAMS, X, STATE0)
    mixed = [*caches[:-1], caches[0].x]
    with pytest.raises(TypeError, match=r"caches are of several types \(RNNCache, ndarray\)"):
        unroll_backward(CELLS["rnn"].step_backward, np.zeros((len(X), *STATE0.shape)), mixed)


def test_steps_refuse():
    with pytest.raises(ValueError, match="activation is 'tan'; expected one of elu, identity"):
        rnn_step_forward(PARAMS, X[0], STATE0, activation="tan")
    params, x, state0, _ = draw("lstm", {"peepholes": True})
    step = CELLS["lstm"].step_forward
    with pytest.raises(
        ValueError, match=r"p has shape \(3, 1\); expected \(3, 6\) because W_h has shape \(24, 6\)"
    ):
        step(params._replace(p=np.ones((3, 1))), x[0], state0)
    with pytest.raises(ValueError, match=r"lstm_step_forward: W_h has shape \(18, 6\); expected \(4H, H\)"):
        step(LSTMParams(params.W_x, params.W_h[:18], params.b), x[0], state0)
    with pytest.raises(ValueError, match=r"state has shape \(3, 6\); expected \(2, 3, 6\)"):
        step(params, x[0], state0[0])
    with pytest.raises(ValueError, match="gru_step_forward: reset is 'never'; expected one of after, before"):
        CELLS["gru"].step_forward(draw("gru", {})[0], x[0], state0[0], reset="never")
