"""Gradient norms against whole gradients, statistics of units and gates."""

import numpy as np
import pytest

from vgcourse._trees import map_leaves, named_leaves
from vgcourse.clinic import (
    effective_depth,
    gate_statistics,
    gradient_norms,
    gradient_norms_by_lag,
    instance_gradient_norms,
    layer_statistics,
    saturated_entries,
)
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import glorot, he, lecun, uniform_fan_in, zeros
from vgcourse.mlp import loss_and_gradient, mlp_forward, mlp_init
from vgcourse.recurrent import (
    CELLS,
    RNNParams,
    cell_init,
    rnn_step_backward,
    rnn_step_forward,
    unroll_backward,
    unroll_forward,
)
from vgcourse.tasks import digits


def rng(seed=0):
    return np.random.default_rng(seed)


def scaled_digits(n=300):
    x, labels = digits()
    return ((x - x.mean()) / x.std())[:n], labels[:n]


def net(*sizes, seed=0, initializer=glorot, gain=1.0, dtype=float):
    return mlp_init(sizes, rng=rng(seed), dtype=dtype, initializer=lambda shape, **how: (
        np.asarray(gain * initializer(shape, **how), dtype)))  # fmt: skip


def whole(layer):
    return np.concatenate([layer.W, layer.b[:, None]], axis=1)


# --- norms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "elu"])
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-4)])
def test_norms_by_instance_are_those_of_each_instances_gradient(activation, dtype, tolerance):
    params = net(6, 5, 4, 3, dtype=dtype)
    x, labels = rng(1).standard_normal((7, 6)).astype(dtype), rng(2).integers(0, 3, 7)
    found = instance_gradient_norms(params, x, labels, activation=activation, block=3)
    assert [norms.shape for norms in found] == [(7, 5), (7, 4), (7, 3)]
    assert {norms.dtype.name for norms in found} == {dtype}
    for n in range(7):
        _, _, grads = loss_and_gradient(params, x[n : n + 1], labels[n : n + 1], activation=activation)
        for norms, layer in zip(found, grads, strict=True):
            assert np.allclose(norms[n], np.linalg.norm(whole(layer), axis=1), rtol=tolerance, atol=1e-12)


def test_norms_by_layer_and_neuron():
    params = net(6, 5, 4, 3)
    x, labels = rng(1).standard_normal((7, 6)), rng(2).integers(0, 3, 7)
    found = gradient_norms(params, x, labels)
    _, _, grads = loss_and_gradient(params, x, labels)
    assert relative_error(found.layers, [np.linalg.norm(whole(layer)) for layer in grads]) < 1e-13
    for norms, layer in zip(found.neurons, grads, strict=True):
        assert relative_error(norms, np.linalg.norm(whole(layer), axis=1)) < 1e-13


def test_norms_survive_where_squares_would_not():
    """float32 ends at 1e−45: the square of 1e−25 is 0."""
    params = net(64, *[50] * 24, 10, initializer=lecun)
    x, labels = scaled_digits(50)
    exact = gradient_norms(params, x, labels, activation="sigmoid").layers
    small = map_leaves(lambda w: w.astype("float32"), params)
    found = gradient_norms(small, x.astype("float32"), labels, activation="sigmoid").layers
    assert 0 < exact[0] < 1e-14
    assert found == pytest.approx(exact, rel=1e-2, abs=0)
    tiny = [*params[:1], params[1]._replace(W=params[1].W * 1e-12), *params[2:]]
    small = map_leaves(lambda w: w.astype("float32"), tuple(tiny))
    exact = gradient_norms(tuple(tiny), x, labels, activation="sigmoid").layers
    assert exact[0] < 1e-24
    found = gradient_norms(small, x.astype("float32"), labels, activation="sigmoid").layers
    assert found == pytest.approx(exact, rel=1e-2, abs=0)


def test_a_deep_sigmoid_net_at_the_start():
    """19 layers × 1024, medians over instances and neurons: first layer 1e−13, last hidden one 8e−2."""
    x, labels = digits()
    params = net(64, *[1024] * 18, 10, initializer=lecun, dtype="float32")
    found = instance_gradient_norms(params, x[:24].astype("float32"), labels[:24], activation="sigmoid")
    assert 3e-14 < np.median(found[0]) < 3e-12
    assert 4e-2 < np.median(found[-2]) < 0.16


def test_the_total_gradient_of_a_recurrent_net_stays_its_long_range_part_does_not():
    """‖dW‖ at lag 0, 10, 30, 50 near 7.0, 0.13, 3.5e−4, 2.3e−6; total 12.3."""
    H, T = 32, 60
    logs, totals = [], []
    for seed in range(6):
        W = rng(seed).standard_normal((H, H))
        params = RNNParams(np.eye(H), 0.9 * W / np.abs(np.linalg.eigvals(W)).max(), np.zeros(H))
        _, caches = unroll_forward(
            rnn_step_forward, params, 0.3 * rng(50 + seed).standard_normal((T, 1, H)), np.zeros((1, H))
        )
        dstates = np.zeros((T, 1, H))
        dstates[-1] = rng(90 + seed).standard_normal((1, H))
        norms = gradient_norms_by_lag(rnn_step_backward, dstates, caches).W_h
        assert norms.shape == (T,)
        logs.append(np.log(norms[[0, 10, 30, 50]]))
        totals.append(np.linalg.norm(unroll_backward(rnn_step_backward, dstates, caches)[2].W_h))
    found, expected = np.exp(np.mean(logs, axis=0)), np.array([7.0, 0.13, 3.5e-4, 2.3e-6])
    assert (np.abs(np.log(found / expected)) < [0.5, 1.5, 2.0, 3.0]).all(), found
    assert 8 < np.mean(totals) < 18


@pytest.mark.parametrize("name", CELLS)
def test_norms_by_lag_have_the_structure_of_the_parameters(name):
    cell = CELLS[name]
    params = cell_init(name, 2, 3, rng=rng())
    state0 = np.zeros((2, 4, 3) if cell.state_arrays == 2 else (4, 3))
    states, caches = unroll_forward(cell.step_forward, params, rng(1).standard_normal((5, 4, 2)), state0)
    found = gradient_norms_by_lag(cell.step_backward, np.ones_like(states), caches)
    assert type(found) is type(params)
    assert all(norms.shape == (5,) for _, norms in named_leaves(found))


# --- units and gates -------------------------------------------------------------------------------


def test_layer_statistics_by_hand():
    params = net(2, 3, 2, initializer=zeros)
    params[0].W[:] = [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = layer_statistics(mlp_forward(params, x, activation="relu")[1])
    assert found.mean == pytest.approx([10 / 6])
    assert found.second_moment == pytest.approx([30 / 6])
    assert found.std == pytest.approx([np.sqrt(5 - (10 / 6) ** 2)])
    assert found.saturated == pytest.approx([1 / 3]) and found.dead == pytest.approx([1 / 3])
    half = layer_statistics(mlp_forward(params, x * [[1, 1], [-1, 1]], activation="relu")[1])
    assert half.saturated == pytest.approx([1 / 2]) and half.dead == pytest.approx([1 / 3])
    with pytest.raises(ValueError, match="there are 1 layers; expected a hidden one"):
        layer_statistics(mlp_forward(net(2, 2), x)[1])


def test_where_units_saturate():
    z = np.array([-4.5, -4.2, -2.3, -2.1, 0.0, 2.1, 2.3, 4.2, 4.5])
    assert saturated_entries("sigmoid", z).tolist() == [True, *[False] * 7, True]
    assert saturated_entries("tanh", z).tolist() == [True] * 3 + [False] * 3 + [True] * 3
    assert saturated_entries("relu", z).tolist() == [True] * 5 + [False] * 4


@pytest.mark.parametrize(
    "activation, rule, forward",
    [("tanh", "third", 0.332), ("tanh", "one", 0.896), ("relu", "one", 0.474), ("relu", "two", 0.996),
     ("sigmoid", "one", 0.996)],
)  # fmt: skip
def test_second_moment_per_layer(activation, rule, forward):
    """n = 256, 30 layers: the gain of E[h²] per layer for Var = 1/(3n), 1/n and 2/n."""
    draw = {"third": uniform_fan_in, "one": lecun, "two": he}[rule]
    params = net(*[256] * 31, 10, initializer=draw)
    _, caches = mlp_forward(params, rng(1).standard_normal((100, 256)), activation=activation)
    moments = layer_statistics(caches).second_moment
    assert (moments[29] / moments[0]) ** (1 / 29) == pytest.approx(forward, abs=0.03)


def test_healthy_activations_dead_gradients():
    """Sigmoid with Var = 1/n, per layer: 0.996 forward, 0.055 backward."""
    params = net(*[256] * 31, 10, initializer=lecun)
    x, labels = rng(1).standard_normal((100, 256)), rng(2).integers(0, 10, 100)
    _, deltas, _ = loss_and_gradient(params, x, labels, activation="sigmoid")
    squares = np.array([(delta**2).mean() for delta in deltas[:30]])
    assert (squares[0] / squares[-1]) ** (1 / 29) == pytest.approx(0.055, abs=0.008)


@pytest.mark.parametrize("b, steps", [(0, 1.44), (1, 3.2), (3, 20.6), (5, 148.9)])
def test_gates(b, steps):
    """Half-lives 1, 2.2, 14.3, 103 are ln 2 times the memory."""
    found = gate_statistics(np.full((3, 2), 1 / (1 + np.exp(-b))))
    assert found.memory == pytest.approx(steps, rel=0.01)
    assert found.memory * np.log(2) == pytest.approx({0: 1, 1: 2.2, 3: 14.3, 5: 103}[b], rel=0.02)
    mixed = gate_statistics(np.array([0.05, 0.5, 0.95, 0.99]))
    assert (mixed.closed, mixed.open) == (0.25, 0.5)
    assert gate_statistics(np.ones(3)).memory == np.inf and gate_statistics(np.zeros(2)).memory == 0


def test_effective_depth():
    assert effective_depth(np.array([1e-9, 1e-3, 0.02, 1.0])) == 2
    assert effective_depth(np.array([1e-9, 1e-3, 0.02, 1.0]), share=1e-4) == 3
    assert effective_depth(np.ones(5)) == 5 and effective_depth(np.zeros(3)) == 0


# --- the ends of the floats and NaN ---------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-200, 1e-160, 1e160, 1e200])
def test_gradient_norms_scale_with_the_input(size):
    """∂L/∂w_j = δ_j x: with zero weights δ is (1/2, −1/2) and the bias' gradient as large as δ."""
    params, labels = net(3, 2, initializer=zeros), np.zeros(1, int)
    x = size * np.array([[1.0, 2.0, 2.0]])
    expected = np.full(2, 0.5 * np.hypot(3 * size, 1))
    assert gradient_norms(params, x, labels).neurons[0] == pytest.approx(expected, rel=1e-14, abs=0)
    assert instance_gradient_norms(params, x, labels)[0][0] == pytest.approx(expected, rel=1e-14, abs=0)
    tiny = net(3, 2, 2, initializer=zeros)
    tiny[1].W[:] = [[size, 0], [0, 0]] if size < 1 else [[1 / size, 0], [0, 0]]
    small = min(size, 1 / size)
    ones = np.ones((1, 3))
    found = gradient_norms(tiny, ones, labels)  # δ of hidden unit 1 is 1/2 · its weight, of unit 2 is 0
    assert found.neurons[0] == pytest.approx([small, 0], rel=1e-14, abs=0)
    assert found.layers[0] == pytest.approx(small, rel=1e-14, abs=0)
    assert instance_gradient_norms(tiny, ones, labels)[0][0] == pytest.approx([small, 0], rel=1e-14, abs=0)


def test_float32_inputs_of_1e20_have_norms():
    x, labels = np.full((2, 3), 1e20, "float32"), np.zeros(2, int)
    found = instance_gradient_norms(net(3, 2, initializer=zeros, dtype="float32"), x, labels)[0]
    assert found == pytest.approx(np.full((2, 2), 0.5 * np.sqrt(3) * 1e20), rel=1e-6, abs=0)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1e-150, 1e150, 1e200, 1.7e308])
def test_norms_by_lag_of_any_size(size):
    params = RNNParams(np.zeros((2, 1)), np.zeros((2, 2)), np.zeros(2))
    _, caches = unroll_forward(rnn_step_forward, params, np.zeros((1, 1, 1)), np.zeros((1, 2)))
    dstates = size * np.array([[[0.6, 0.8]]])
    found = gradient_norms_by_lag(rnn_step_backward, dstates, caches).b
    assert found == pytest.approx(np.linalg.norm(dstates / size) * size, rel=1e-14, abs=0)
    with pytest.raises(ValueError, match="dstates holds 2 values that are NaN"):
        gradient_norms_by_lag(rnn_step_backward, dstates * np.nan, caches)


@pytest.mark.parametrize("size", [1e-308, 1e-200, 1e100, 1e200, 1.5e308])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_layer_statistics_of_any_size(size, dtype):
    """h = 1, 1, 1, −1 times the size: mean 1/2, standard deviation √3/2, second moment 1 of the size."""
    size = size if dtype == "float64" else size**0.1  # float32 spans a tenth of the logarithms
    params = net(1, 1, 1, initializer=zeros, dtype=dtype)
    params[0].W[:] = 1
    x = (size * np.array([[1.0], [1], [1], [-1]])).astype(dtype)
    caches = mlp_forward(params, x, activation="leaky_relu")[1]
    caches[1] = caches[1]._replace(linear=caches[1].linear._replace(x=x))  # the identity as activation
    found = layer_statistics(caches)
    assert found.mean == pytest.approx([size / 2], rel=1e-6, abs=0)
    assert found.std == pytest.approx([np.sqrt(3) / 2 * size], rel=1e-6, abs=0)
    expected = float(size) * float(size)
    assert found.second_moment == pytest.approx([expected], rel=1e-6, abs=0)
    assert found.mean.dtype == found.second_moment.dtype == "float64"


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"])
def test_nan_is_no_saturated_unit_and_no_healthy_one(activation):
    params, x = net(3, 4, 5, 2), rng(1).standard_normal((6, 3))
    params[0].W[2, 1] = np.nan
    with pytest.raises(ValueError, match="saturated_entries: z holds 6 NaN"):
        saturated_entries(activation, mlp_forward(params, x, activation=activation)[1][0].activation.z)
    for statistic in layer_statistics(mlp_forward(params, x, activation=activation)[1]):
        assert np.isnan(statistic).all()
    assert saturated_entries("tanh", np.array([-np.inf, 0.0, np.inf])).tolist() == [True, False, True]


def test_gates_at_the_ends_of_the_floats():
    assert gate_statistics(np.full(3, 5e-324)).memory == pytest.approx(-1 / np.log(5e-324), rel=1e-14, abs=0)
    almost = 1 - 2.0**-53
    assert gate_statistics(np.full(3, almost)).memory == pytest.approx(2.0**53, rel=1e-14, abs=0)
    small = gate_statistics(np.full(3, 1 - 2.0**-24, "float32"))
    assert small.memory == pytest.approx(2.0**24, rel=1e-6, abs=0)


@pytest.mark.parametrize("size", [5e-324, 1e-322, 1e-300, 1.0, 1e308])
def test_effective_depth_of_any_size(size):
    """A share of the smallest number would round to 0, and then even a layer without a gradient counts."""
    assert effective_depth(np.array([0.0, size, 0.0, size])) == 2
    assert effective_depth(np.array([0.0, size])) == 1
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="layer_norms holds 1 values that are NaN or infinite"):
            effective_depth(np.array([1.0, bad]))


# --- bad input -------------------------------------------------------------------------------------


def nan_like(params):
    return map_leaves(lambda w: w * np.nan, params)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p, x, y: gradient_norms(nan_like(p), x, y), ValueError, r"params\[0\].W holds .* NaN"),
        (lambda p, x, y: instance_gradient_norms(p, x * np.inf, y), ValueError, "x holds"),
        (lambda p, x, y: instance_gradient_norms(p, x, y[:3]), ValueError, "labels has shape"),
        (lambda p, x, y: instance_gradient_norms(p, x, y, block=0), ValueError, "block is 0"),
        (lambda p, x, y: instance_gradient_norms(p, x[:0], y[:0]), ValueError, "x is empty"),
        (lambda p, x, y: instance_gradient_norms(p, x[0], y), ValueError, r"\(N, D\)"),
        (lambda p, x, y: instance_gradient_norms(p, x, y, activation="f"), ValueError, "expected one of"),
        (lambda p, x, y: instance_gradient_norms(p, x.astype("float32"), y), TypeError, "are mixed"),
        (lambda p, x, y: gradient_norms(p, x.astype(int), y), TypeError, "int64"),
        (lambda p, x, y: gate_statistics(np.array([1.5])), ValueError, "outside"),
        (lambda p, x, y: gate_statistics(np.array([np.nan])), ValueError, "gate holds 1"),
        (lambda p, x, y: effective_depth(np.ones((2, 2))), ValueError, "layer_norms has shape"),
        (lambda p, x, y: effective_depth(-np.ones(2)), ValueError, "not negative"),
        (lambda p, x, y: effective_depth(np.ones(2), share=0), ValueError, "share=0"),
        (lambda p, x, y: gradient_norms_by_lag(rnn_step_backward, np.ones((1, 1, 1)), []), ValueError, "is"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call(net(64, 5, 10), *scaled_digits(6))


def test_complex_numbers_are_refused_where_sizes_are_compared():
    params, x, labels = net(3, 4, 2), rng(1).standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])
    bent = (params[0]._replace(b=params[0].b + 0j), params[1])
    for function in (gradient_norms, instance_gradient_norms):
        with pytest.raises(TypeError, match=f"^{function.__name__}: x is complex; expected real numbers"):
            function(params, x + 0j, labels)
        with pytest.raises(TypeError, match=rf"^{function.__name__}: params\[0\].b is complex"):
            function(bent, x, labels)
        with pytest.raises(TypeError, match="x holds int64 values; expected float64 or float32"):
            function(params, np.ones((5, 3), int), labels)
        with pytest.raises(TypeError, match=r"W holds int64 values|W is list"):
            function((params[0]._replace(W=np.ones((4, 3), int)), params[1]), x, labels)
    for call, words in (
        (lambda: layer_statistics(mlp_forward(params, x + 0j)[1]), "layer_statistics: z is complex"),
        (lambda: saturated_entries("tanh", 1j), "saturated_entries: z is complex"),
        (lambda: effective_depth(np.ones(2, complex)), "effective_depth: layer_norms is complex"),
        (lambda: gate_statistics(np.ones(2, complex)), "gate_statistics: gate is complex"),
        (lambda: layer_statistics([1, 2]), "layer_statistics: an entry of caches is int; expected MLPCache"),
        (lambda: gradient_norms_by_lag("lstm", x, []), "gradient_norms_by_lag: step_backward is 'lstm'"),
        (lambda: gradient_norms_by_lag(len, x + 0j, []), "gradient_norms_by_lag: dstates is complex"),
    ):
        with pytest.raises(TypeError, match=f"^{words}"):
            call()
