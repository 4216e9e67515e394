"""Jacobians of cells: against differences, against each other, and the course's reference numbers."""

from functools import partial

import numpy as np
import pytest

from vgcourse.dynamics import jacobian_product, jacobian_products, recurrent_jacobians, step_jacobians
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import lecun, zeros
from vgcourse.recurrent import CELLS, cell_init, rnn_step_forward, unroll_forward


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-6), ("float32", 3e-2)])
def test_step_jacobians_against_differences(name, dtype, tolerance):
    D, H, T, pair = 2, 3, 5, CELLS[name].state_arrays == 2
    params = cell_init(name, D, H, rng=rng(1), dtype=dtype)
    x = rng(2).standard_normal((T, D)).astype(dtype)
    state0 = rng(3).standard_normal((2, H) if pair else H).astype(dtype)
    step = CELLS[name].step_forward
    found = jacobian_product(step_jacobians(step, params, x, state0))
    assert found.mantissa.dtype == dtype

    def last(flat):
        start = flat.reshape(state0.shape)[..., None, :]
        return unroll_forward(step, params, x[:, None], start)[0][-1].ravel()

    width = 1e-6 if dtype == "float64" else 1e-2
    columns = [(last(state0.ravel() + e) - last(state0.ravel() - e)) / (2 * width)
               for e in (width * np.eye(state0.size)).astype(dtype)]  # fmt: skip
    assert relative_error(found.mantissa * np.exp(found.log_scale), np.stack(columns, axis=1)) < tolerance


def test_step_and_recurrent_jacobians_agree():
    params = cell_init("rnn", 3, 5, rng=rng(1))
    x, h0 = rng(2).standard_normal((7, 3)), rng(3).standard_normal(5)
    for f in ("tanh", "sigmoid", "softplus"):
        found = step_jacobians(partial(rnn_step_forward, activation=f), params, x, h0)
        drive = x @ params.W_x.T + params.b
        expected = np.stack(list(recurrent_jacobians(params.W_h, h0, 7, activation=f, drive=drive)))
        assert relative_error(found, expected) < 1e-13


FULL_JACOBIAN = [  # geometric mean of the rms entry per row at lags 10, 50, 100; N = 64 units, unit inputs
    ("rnn", {}, (9e-3, 4e-11, 1e-21)),
    ("rnn orthogonal", {}, (1e-2, 1e-10, 8e-21)),
    ("lstm", {"forget_bias": 0.0}, (7e-3, 1e-10, 3e-20)),
    ("lstm", {"forget_bias": 1.0}, (0.08, 4e-5, 2e-9)),
    ("lstm", {"forget_bias": 3.0}, (0.89, 1.3, 1.7)),
    ("lstm", {"forget_bias": 5.0}, (1.4, 5.7, 10.5)),
    ("gru", {"forget_bias": 0.0}, (0.012, 9e-10, 2e-18)),
    ("gru", {"forget_bias": 3.0}, (0.52, 0.054, 0.004)),
    ("ugrnn", {"forget_bias": 0.0}, (0.07, 7e-6, 3e-11)),
    ("ugrnn", {"forget_bias": 3.0}, (0.57, 0.14, 0.03)),
]


@pytest.mark.parametrize("name, options, expected", FULL_JACOBIAN, ids=str)
def test_full_state_jacobian(name, options, expected, N=64, T=100):
    """Of c for the LSTM, of h for the others; the GRU resets before its recurrent weights."""
    logs, (name, *is_orthogonal) = [], name.split()
    step = CELLS[name].step_forward
    step = partial(step, reset="before") if name == "gru" else step
    for seed in range(1 if name == "lstm" else 2):
        generator = rng(seed)
        params = cell_init(name, N, N, rng=generator, initializer=lecun, recurrent=lecun, **options)
        if is_orthogonal:
            params = params._replace(W_h=np.linalg.qr(rng(seed).standard_normal((N, N)))[0])
        state0 = np.zeros((2, N) if name == "lstm" else N)
        products = jacobian_products(step_jacobians(step, params, generator.standard_normal((T, N)), state0))
        blocks = products.mantissa[:, -N:, -N:]
        logs.append(np.log(np.linalg.norm(blocks, axis=(1, 2)) / np.sqrt(N)) + products.log_scale)
    found = np.mean(logs, axis=0)[[9, 49, 99]]
    # a band for so few nets: a factor of 2, and 12 % more per e-fold where the factors are far from 1
    assert (np.abs(found - np.log(expected)) < np.log(2) + 0.05 * np.abs(np.log(expected))).all(), np.exp(
        found
    )


def test_the_carousel_alone_is_another_number():
    """σ(b)^100: 8e−31, 2.5e−14, 0.0078, 0.51: below the whole Jacobian for every bias."""
    for b, expected in ((0, 8e-31), (1, 2.5e-14), (3, 0.0078), (5, 0.51)):
        assert (1 / (1 + np.exp(-b))) ** 100 == pytest.approx(expected, rel=0.05)


def test_a_drive_has_one_column_for_each_unit():
    with pytest.raises(ValueError, match=r"recurrent_jacobians: drive has shape \(3, 4\); expected \(3, 2\)"):
        recurrent_jacobians(np.eye(2), np.zeros(2), 3, drive=np.zeros((3, 4)))


def test_step_jacobians_want_real_numbers_and_a_function():
    params, x, state0 = cell_init("rnn", 2, 3, rng=np.random.default_rng(0)), np.ones((4, 2)), np.zeros(3)
    for arguments, words in (
        ((rnn_step_forward, params, x + 0j, state0), "x is complex"),
        ((rnn_step_forward, params, x, state0 + 0j), "state0 is complex"),
        ((rnn_step_forward, params._replace(b=params.b + 0j), x, state0), "b is complex"),
        (("rnn", params, x, state0), "step_forward is 'rnn'; expected a function"),
    ):
        with pytest.raises(TypeError, match=f"^step_jacobians: {words}"):
            step_jacobians(*arguments)


def test_jacobians_of_saturated_units_keep_their_digits():
    """tanh'(150) = 4 e^−300 = 2e−130, tanh'(300) = 1e−260: below the root of the smallest float."""
    params = cell_init("rnn", 1, 1, rng=rng(), initializer=zeros, recurrent=zeros)
    for z in (150.0, 300.0):
        held = params._replace(W_h=np.ones((1, 1)), b=np.full(1, z))
        found = step_jacobians(rnn_step_forward, held, np.zeros((1, 1)), np.zeros(1))
        assert found[0, 0, 0] == pytest.approx(4 * np.exp(-2 * z), rel=1e-12, abs=0)
        ((direct,),) = next(recurrent_jacobians(np.ones((1, 1)), np.zeros(1), 1, drive=np.full((1, 1), z)))
        assert direct == pytest.approx(4 * np.exp(-2 * z), rel=1e-12, abs=0)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "softplus"])
def test_a_state_that_became_nan_is_not_a_dead_unit(activation):
    """Two units grow to infinity, and unit 3 hears ∞ − ∞."""
    W = np.array([[9.0, 0, 0], [0, 9, 0], [1, -1, 0]])
    Js = np.stack(list(recurrent_jacobians(W, np.ones(3), 400, activation=activation)))
    assert np.isfinite(Js[:300]).all() and np.isnan(Js[-1, 2]).any()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: recurrent_jacobians(np.eye(2), np.ones(2), 0), ValueError, "steps is 0"),
        (lambda: recurrent_jacobians(np.eye(2), np.ones(3), 1), ValueError, "h0 has shape"),
        (lambda: recurrent_jacobians(np.eye(2), np.ones(2), 1, activation="f"), ValueError, "one of"),
        (lambda: recurrent_jacobians(np.eye(2), np.ones(2), 2, drive=np.ones((1, 2))), ValueError, "drive"),
        (lambda: step_jacobians(rnn_step_forward, (), np.ones(3), np.ones(2)), ValueError, r" \(T, D\)"),
        (lambda: step_jacobians(rnn_step_forward, (), np.ones((3, 1)), np.ones((3, 2))), ValueError, "state"),
        (lambda: step_jacobians(rnn_step_forward, (np.array([np.nan]),), np.ones((3, 1)), np.ones(2)),
         ValueError, "1 values that are NaN"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
