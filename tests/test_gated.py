"""Gated cells by hand and against theory, their starting weights, and the one formula behind them."""

import numpy as np
import pytest
from registry import settings_of

from vgcourse._trees import map_leaves, named_leaves
from vgcourse.activations import sigmoid
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import he, identity
from vgcourse.layers import highway_forward, highway_init
from vgcourse.recurrent import (
    CELLS,
    LSTMParams,
    as_carry_and_write,
    cell_init,
    chrono_bias,
    lstm_step_backward,
    lstm_step_forward,
    rnn_step_forward,
    unroll_backward,
    unroll_forward,
    zero_state,
)

N, D, H = 3, 4, 6
GATED = ("ugrnn", "gru", "lstm")


def rng(seed=0):
    return np.random.default_rng(seed)


def silent(name, **options):
    """A cell of one unit whose parameters are all zero: every gate is 1/2 and every candidate 0."""
    return map_leaves(np.zeros_like, cell_init(name, 1, 1, rng=rng(), **options))


@pytest.mark.parametrize("name", ["ugrnn", "gru"])
def test_a_silent_cell_keeps_half(name):
    state, cache = CELLS[name].step_forward(silent(name), np.ones((1, 1)), np.full((1, 1), 6.0))
    assert state.item() == 3.0
    _, dstate, grads = CELLS[name].step_backward(np.full((1, 1), 8.0), cache)
    assert dstate.item() == 4.0
    # candidate: 8·(1 − ½)·tanh'(0) = 4; keeping gate: 8·(6 − 0)·σ'(0) = 12; the reset gate has no say
    assert grads.b.tolist() == {"ugrnn": [4.0, 12.0], "gru": [0.0, 12.0, 4.0]}[name]
    assert grads.W_h.ravel().tolist() == {"ugrnn": [24.0, 72.0], "gru": [0.0, 72.0, 12.0]}[name]
    assert grads.W_x.ravel().tolist() == grads.b.tolist()


def test_a_silent_lstm_keeps_half_of_its_memory():
    state, cache = lstm_step_forward(silent("lstm"), np.ones((1, 1)), np.array([7.0, 2.0]).reshape(2, 1, 1))
    assert state.ravel().tolist() == [np.tanh(1.0) / 2, 1.0]
    _, dstate, grads = lstm_step_backward(np.array([0.0, 8.0]).reshape(2, 1, 1), cache)
    assert dstate.ravel().tolist() == [0.0, 4.0]
    assert grads.b.tolist() == [0.0, 8 * 2 / 4, 8 / 2, 0.0], "df takes c_{t−1} = 2, not c_t = 1"
    assert grads.W_h.ravel().tolist() == [0.0, 28.0, 28.0, 0.0]


@pytest.mark.parametrize("gate", ["i", "f", "o"])
def test_each_peephole_sees_the_right_memory(gate):
    row = "ifo".index(gate)
    p = np.zeros((3, 1))
    p[row] = 0.5
    params = silent("lstm")._replace(p=p, b=np.array([0.0, 0.0, 1.0, 0.0]))
    c, g = 2.0, np.tanh(1.0)
    i = sigmoid(0.5 * c) if gate == "i" else 0.5
    f = sigmoid(0.5 * c) if gate == "f" else 0.5
    c_new = f * c + i * g
    o = sigmoid(0.5 * c_new) if gate == "o" else 0.5
    state, cache = lstm_step_forward(params, np.ones((1, 1)), np.array([0.0, c]).reshape(2, 1, 1))
    assert relative_error(state.ravel(), np.array([o * np.tanh(c_new), c_new])) < 1e-15
    _, dstate, grads = lstm_step_backward(np.array([3.0, 4.0]).reshape(2, 1, 1), cache)
    dc = 4 + 3 * o / np.cosh(c_new) ** 2
    do = 3 * np.tanh(c_new) * o * (1 - o)
    if gate == "o":
        dc += do * 0.5  # the output gate looks at c_t: in the same step
    di, df = dc * g * i * (1 - i), dc * c * f * (1 - f)
    expected = dc * f + 0.5 * {"i": di, "f": df, "o": 0.0}[gate]  # the others go to the step before
    assert dstate[1].item() == pytest.approx(expected, rel=1e-14)
    weight = {"i": di * c, "f": df * c, "o": do * c_new}[gate]
    assert grads.p[row].item() == pytest.approx(weight, rel=1e-14, abs=0)


def test_peepholes_of_zero_are_no_peepholes():
    params = cell_init("lstm", D, H, rng=rng(), peepholes=True)
    zero = params._replace(p=np.zeros((3, H)))
    none = LSTMParams(*params[:3])
    x, state, dstate = (rng(k).standard_normal(s) for k, s in enumerate([(N, D), (2, N, H), (2, N, H)]))
    a, b = (lstm_step_backward(dstate, lstm_step_forward(p, x, state)[1]) for p in (zero, none))
    assert np.array_equal(a[1], b[1])
    assert all(np.array_equal(u, v) for u, v in zip(a[2][:3], b[2][:3], strict=True))


def test_the_two_resets_differ_unless_the_gate_is_open():
    step = CELLS["gru"].step_forward
    params = cell_init("gru", D, H, rng=rng())
    x, h = rng(1).standard_normal((N, D)), rng(2).standard_normal((N, H))
    after, before = (step(params, x, h, reset=reset)[0] for reset in ("after", "before"))
    assert relative_error(after, before) > 1e-3
    params.b[:H] = 1e3  # r = 1
    after, before = (step(params, x, h, reset=reset)[0] for reset in ("after", "before"))
    assert relative_error(after, before) < 1e-15


@pytest.mark.parametrize("name", GATED)
@pytest.mark.parametrize("bias", [1e3, -1e3])
def test_z_keeps(name, bias):
    """An open gate hands the old state on, a closed one forgets it."""
    params = cell_init(name, D, H, rng=rng(), forget_bias=bias)
    x, state = rng(1).standard_normal((N, D)), rng(2).standard_normal(zero_state(name, N, H).shape)
    factors = as_carry_and_write(name, params, x, state)
    assert np.array_equal(factors.carry, np.full((N, H), float(bias > 0)))
    if name != "lstm":
        new, _ = CELLS[name].step_forward(params, x, state)
        assert np.array_equal(new, state if bias > 0 else factors.candidate)


def carousel(bias, steps):
    """‖∂c_T/∂c_0‖ per unit of an LSTM whose gates do not see h: what the forget gate alone does."""
    params = cell_init("lstm", D, H, rng=rng(), forget_bias=bias)
    params.W_h[:] = 0
    params.W_x[H : 2 * H] = 0
    x = rng(1).standard_normal((steps, 1, D))
    _, caches = unroll_forward(lstm_step_forward, params, x, rng(2).standard_normal((2, 1, H)))
    dstates = np.zeros((steps, 2, 1, H))
    dstates[-1, 1] = 1
    _, total, _ = unroll_backward(lstm_step_backward, dstates, caches)
    return total[:, 1, 0]


@pytest.mark.parametrize("bias, kept", [(0.0, 7.9e-31), (1.0, 2.5e-14), (3.0, 0.0078), (5.0, 0.51)])
def test_the_carousel_alone_keeps_sigma_b_to_the_T(bias, kept):
    gradient = carousel(bias, 100)
    expected = sigmoid(bias) ** np.arange(100, -1, -1.0)
    assert relative_error(gradient, np.repeat(expected[:, None], H, axis=1)) < 1e-13
    assert gradient[0, 0] == pytest.approx(kept, rel=0.02, abs=0)


@pytest.mark.parametrize("steps", [10, 100, 1000])
def test_the_chrono_bias_keeps_about_one_over_e(steps):
    assert chrono_bias(steps) == pytest.approx(np.log(steps - 1))
    assert carousel(chrono_bias(steps), steps)[0, 0] == pytest.approx((1 - 1 / steps) ** steps, rel=1e-12)
    assert carousel(chrono_bias(steps), steps)[0, 0] == pytest.approx(np.exp(-1), rel=0.6 / steps)


def test_chrono_bias_for_a_range_of_memories():
    biases = chrono_bias(100, 10_000, rng=rng())
    lags = np.exp(biases) + 1
    assert biases.shape == (10_000,) and 2 <= lags.min() < 2.1 and 99.9 < lags.max() <= 100
    assert lags.mean() == pytest.approx(51, abs=4 * 98 / np.sqrt(12 * 10_000))
    params = cell_init("lstm", D, H, rng=rng(), forget_bias=biases[:H], input_bias=-biases[:H])
    assert np.array_equal(params.b[H : 2 * H], biases[:H]) and np.array_equal(params.b[:H], -biases[:H])


EVERY_SETTING = [
    (name, options) for name, cell in CELLS.items() for options in settings_of(cell.step_options)
]


def random_case(name):
    x, state = rng(1).standard_normal((N, D)), rng(2).standard_normal(zero_state(name, N, H).shape)
    return cell_init(name, D, H, rng=rng(), **settings_of(CELLS[name].init_options)[-1]), x, state


@pytest.mark.parametrize("name, options", EVERY_SETTING, ids=str)
def test_every_cell_is_carry_and_write(name, options):
    params, x, state = random_case(name)
    new, _ = CELLS[name].step_forward(params, x, state, **options)
    old, new = (
        (state, new) if CELLS[name].state_arrays == 1 else (state[1], new[1])
    )  # the memory is handed on
    carry, write, candidate = as_carry_and_write(name, params, x, state, **options)
    assert carry.shape == write.shape == candidate.shape == (N, H)
    assert relative_error(carry * old + write * candidate, new) < 1e-15


def test_settings_of_carry_and_write():
    params, x, h = random_case("rnn")
    step, _ = rnn_step_forward(params, x, h)
    carry, write, candidate = as_carry_and_write("residual", params, x, h)
    assert np.array_equal(carry * h + write * candidate, h + step)
    highway = highway_init(H, rng=rng())
    carry, write, candidate = as_carry_and_write("highway", highway, None, h)
    assert relative_error(carry * h + write * candidate, highway_forward(highway, h)[0]) < 1e-15
    with pytest.raises(ValueError, match="x_t has to be None"):
        as_carry_and_write("highway", highway, x, h)
    assert not as_carry_and_write("rnn", params, x, h).carry.any()
    for name in ("ugrnn", "gru"):
        carry, write, _ = as_carry_and_write(name, *random_case(name))
        assert relative_error(carry + write, np.ones((N, H))) < 1e-15
        assert carry.min() > 0 and carry.max() < 1
    with pytest.raises(
        ValueError, match="as_carry_and_write: name is 'gur'; expected one of gru, highway, lstm"
    ):
        as_carry_and_write("gur", params, x, h)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CELLS)
def test_starting_weights(name, dtype):
    params = cell_init(name, 50, 200, rng=rng(), dtype=dtype)
    gates = len(params.b) // 200
    assert type(params) is CELLS[name].params_type
    assert params.W_x.shape == (gates * 200, 50) and params.W_h.shape == (gates * 200, 200)
    assert params.b.shape == (gates * 200,)
    assert {leaf.dtype.name for _, leaf in named_leaves(params)} == {dtype}
    for k in range(gates):  # each gate is drawn for itself: fan-out H, not 4H
        rows = slice(k * 200, (k + 1) * 200)
        assert params.W_x[rows].var() == pytest.approx(2 / 250, rel=0.05)
        assert params.W_h[rows].var() == pytest.approx(1 / 200, rel=0.05)
    same = cell_init(name, 50, 200, rng=rng(), dtype=dtype)
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(named_leaves(params), named_leaves(same)))
    assert zero_state(name, 3, 2, dtype).shape == CELLS[name].state_shape(3, 2)
    assert zero_state(name, 3, 2, dtype).dtype == dtype


def test_biases_go_to_the_gate_that_keeps():
    for name, gate, gates in [("ugrnn", 1, 2), ("gru", 1, 3), ("lstm", 1, 4)]:
        b = cell_init(name, D, H, rng=rng(), forget_bias=3).b.reshape(gates, H)
        assert np.array_equal(b, 3.0 * (np.arange(gates) == gate)[:, None] * np.ones(H))
    assert cell_init("lstm", D, H, rng=rng()).b.reshape(4, H)[1].tolist() == [1.0] * H
    assert not cell_init("gru", D, H, rng=rng()).b.any()


def test_initializers_can_be_chosen():
    params = cell_init("rnn", 400, 300, rng=rng(), initializer=he, recurrent=identity)
    assert np.array_equal(params.W_h, np.eye(300))
    assert params.W_x.var() == pytest.approx(2 / 400, rel=0.05)


def test_peepholes_are_drawn_on_request():
    params = cell_init(
        "lstm", D, 2500, rng=rng(), recurrent=lambda shape, **_: np.zeros(shape), peepholes=True
    )
    assert params.p.shape == (3, 2500)
    assert (np.abs(params.p).max(axis=1) <= 0.02).all() and (np.abs(params.p).max(axis=1) > 0.019).all()
    assert cell_init("lstm", D, H, rng=rng()).p is None


@pytest.mark.parametrize("name", CELLS)
def test_one_step_one_row_one_unit(name):
    params = cell_init(name, 1, 1, rng=rng())
    states, caches = unroll_forward(
        CELLS[name].step_forward, params, np.ones((1, 1, 1)), zero_state(name, 1, 1)
    )
    dx, total, _ = unroll_backward(CELLS[name].step_backward, np.ones_like(states), caches)
    assert dx.shape == (1, 1, 1) and total.shape == (2, *states.shape[1:])


def test_a_saturated_gate_has_a_gradient_of_the_right_size():
    """σ(1 − σ) is exactly 0 at a = 40; the true derivative is e^−40."""
    params = cell_init("ugrnn", 1, 1, rng=rng(), forget_bias=40.0)
    params.W_x[:], params.W_h[:] = 0, 0
    h, cache = CELLS["ugrnn"].step_forward(params, np.ones((1, 1)), np.ones((1, 1)))
    assert h.item() == 1.0
    _, _, grads = CELLS["ugrnn"].step_backward(np.ones((1, 1)), cache)
    assert grads.b[1] == pytest.approx(np.exp(-40), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: cell_init("gur", D, H, rng=rng()),
            ValueError,
            "cell_init: name is 'gur'; expected one of gru",
        ),
        (lambda: cell_init("rnn", D, H, rng=rng(), forget_bias=1.0), TypeError, "forget_bias"),
        (lambda: cell_init("rnn", D, H, rng=0), TypeError, "rnn_init: rng is int"),
        (lambda: cell_init("gru", 0, H, rng=rng()), ValueError, "gru_init: D is 0; expected at least 1"),
        (lambda: cell_init("gru", D, 2.0, rng=rng()), TypeError, "gru_init: H is 2.0; expected an integer"),
        (
            lambda: cell_init("rnn", D, H, rng=rng(), dtype=int),
            TypeError,
            "rnn_init: dtype is <class 'int'>; expected float",
        ),
        (
            lambda: cell_init("lstm", D, H, rng=rng(), forget_bias=np.nan),
            ValueError,
            "lstm_init: forget_bias holds",
        ),
        (
            lambda: cell_init("lstm", D, H, rng=rng(), forget_bias="1"),
            TypeError,
            "lstm_init: forget_bias is '1'",
        ),
        (
            lambda: cell_init("lstm", D, H, rng=rng(), input_bias=np.ones(3)),
            ValueError,
            r"lstm_init: input_bias has shape \(3,\); expected a number or shape \(6,\)",
        ),
        (lambda: chrono_bias(1), ValueError, "chrono_bias: T is 1; expected at least 2"),
        (lambda: chrono_bias(np.nan), ValueError, "chrono_bias: T is nan"),
        (lambda: chrono_bias(10, 3), TypeError, "chrono_bias: rng is NoneType"),
        (lambda: zero_state("lstm", 0, 3), ValueError, "zero_state: N is 0"),
        (lambda: zero_state("lsmt", 1, 3), ValueError, "zero_state: name is 'lsmt'"),
        (
            lambda: as_carry_and_write("residual", *random_case("gru")),
            TypeError,
            "params is GRUParams; expected RNNParams",
        ),
    ],
)
def test_refuses(call, error, words):
    with pytest.raises(error, match=words):
        call()
