"""What `diagnose` and `diagnose_recurrent` say, of healthy nets and of broken ones."""

from functools import partial

import numpy as np
import pytest
from test_measurements import net, rng, scaled_digits

from vgcourse._trees import map_leaves
from vgcourse.clinic import CURES, diagnose, diagnose_recurrent, gradient_norms
from vgcourse.initializers import uniform_fan_in
from vgcourse.recurrent import CELLS, RNNParams, cell_init, rnn_step_forward


def changed(params, number, **fields):
    return (*params[:number], params[number]._replace(**fields), *params[number + 1 :])


def nets():
    x, _ = scaled_digits()
    good = net(64, 40, 40, 10)
    W = good[1].W.copy()
    W[3, 2] = np.nan
    twins = map_leaves(np.copy, good)
    twins[0].W[5], twins[1].W[:, 5] = twins[0].W[4], twins[1].W[:, 4]
    return {
        "healthy": (good, x, "tanh", ()),
        "NaN": (changed(good, 1, W=W), x, "tanh", ("not a number",)),
        "NaN input": (good, np.where(x > 1.5, np.inf, x), "tanh", ("not a number",)),
        "overflow": (net(64, *[40] * 250, 10, gain=100), x, "relu", ("not a number",)),
        "zeros": (changed(good, 0, W=0 * good[0].W), x, "tanh", ("zero weights",)),
        "zero last layer": (changed(good, 2, W=0 * good[2].W), x, "tanh", ()),
        "twins": (twins, x, "tanh", ("identical units",)),
        "twins on one side": (changed(good, 0, W=twins[0].W), x, "tanh", ()),
        "raw inputs": (good, 16 * (x - x.min()), "tanh", ("unscaled inputs", "saturated units")),
        "uneven inputs": (good, x * np.where(np.arange(64) == 20, 1e-4, 1), "tanh", ("unscaled inputs",)),
        "large weights": (net(64, 40, 40, 10, gain=8), x, "tanh", ("saturated units",)),
        "dead": (changed(good, 0, b=good[0].b - 99), x, "relu", ("dead units", "vanishing gradients")),
        "deep sigmoid": (net(64, *[40] * 12, 10), x, "sigmoid", ("vanishing gradients",)),
        "old rule": (net(64, *[40] * 20, 10, initializer=uniform_fan_in), x, "tanh",
                     ("shrinking signals", "vanishing gradients")),
        "deep linear-like": (net(64, *[40] * 12, 10, gain=3), x, "leaky_relu", ("exploding gradients",)),
    }  # fmt: skip


@pytest.mark.parametrize("case", nets())
def test_diagnose_names_what_is_wrong_and_only_that(case):
    params, x, activation, expected = nets()[case]
    found = diagnose(params, x, scaled_digits()[1], activation=activation)
    missing = [name for name in expected if name not in found.names]
    assert not missing, str(found)
    if len(expected) <= 1:
        extra = set(found.names) - set(expected)
        assert extra <= ({"vanishing gradients", "dead units", "shrinking signals"} if expected else set()), (
            found
        )
    for finding in found.findings:
        assert finding.lectures == CURES[finding.name][0] and finding.seen.endswith(".")
        assert any(character.isdigit() for character in str(finding))
    assert (str(found).startswith("Nothing stands out.")) == (not expected)


def test_diagnose_says_numbers_and_lectures():
    params, x, activation, _ = nets()["deep sigmoid"]
    text = str(diagnose(params, x, scaled_digits()[1], activation=activation))
    assert "vanishing gradients: layer 1 gets" in text and "Lectures 3, 4, 6: " in text
    assert "of 13 layers get at least 1 %" in text
    text = str(diagnose(*nets()["twins"][:2], scaled_digits()[1]))
    assert "1 of 40 units in layer 1 have the same weights" in text
    text = str(diagnose(*nets()["NaN"][:2], scaled_digits()[1]))
    assert "1 of 1600 values of params[1].W are NaN or infinite. Lecture 5: " in text


def test_one_instance_one_layer_float32():
    x, labels = scaled_digits(1)
    found = diagnose(net(64, 10, dtype="float32"), x.astype("float32"), labels)
    assert "1 of 1 layers" in found.measured


def test_diagnose_recurrent():
    x, h0 = rng(1).standard_normal((100, 3)), np.zeros(20)
    rnn = cell_init("rnn", 3, 20, rng=rng(2))
    fades = diagnose_recurrent(rnn_step_forward, rnn, x, h0)
    assert fades.names == ("memory fades",) and "100 steps later" in str(fades)
    lstm = cell_init("lstm", 3, 20, rng=rng(2), forget_bias=5.0)
    assert diagnose_recurrent(CELLS["lstm"].step_forward, lstm, x, np.zeros((2, 20))).names == ()
    linear = partial(rnn_step_forward, activation="identity")
    big = rnn._replace(W_h=3 * rnn.W_h)
    assert diagnose_recurrent(linear, big, x, h0).names == ("memory explodes",)
    forever = diagnose_recurrent(linear, big, np.concatenate([x] * 10), h0)
    assert forever.names == ("memory explodes",) and "no longer finite at step" in str(forever)
    broken = diagnose_recurrent(rnn_step_forward, rnn._replace(b=rnn.b * np.nan), x, h0)
    assert broken.names == ("not a number",)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"])
def test_diagnose_names_nan_wherever_it_enters(activation):
    good, (x, labels) = net(64, 30, 20, 10), scaled_digits(50)
    for number, layer in enumerate(good):
        for field in ("W", "b"):
            array = getattr(layer, field).copy()
            array.flat[7] = np.nan
            found = diagnose(changed(good, number, **{field: array}), x, labels, activation=activation)
            assert found.names == ("not a number",)
            assert f"1 of {array.size} values of params[{number}].{field} are NaN" in str(found)
    found = diagnose(good, np.where(np.arange(64) == 3, np.nan, x), labels, activation=activation)
    assert "50 of 3200 values of x are NaN" in str(found)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_diagnose_names_the_layer_in_which_signals_stop_being_finite(activation):
    params, (x, labels) = net(64, 30, 20, 10), scaled_digits(50)
    broken = changed(params, 1, W=np.full((20, 30), 1e308))
    x, broken = np.abs(x) * 100, changed(broken, 0, W=np.abs(params[0].W))
    found = diagnose(broken, x, labels, activation=activation)
    assert found.names == ("not a number",) and found.findings[0].numbers == {"layer": 2}
    assert "from layer 2 on the signals are NaN or infinite" in str(found)


@pytest.mark.parametrize("size, said", [(1e200, "1e+200"), (1e-200, "1e-200")])
def test_diagnose_measures_inputs_of_any_size(size, said):
    x, labels = scaled_digits(50)
    found = diagnose(net(64, 30, 10), size * x / np.sqrt((x**2).mean()), labels)
    assert f"inputs have root mean square {said}; 1 is usual." in str(found)


def test_diagnose_compares_gradients_at_the_ends_of_the_floats():
    x, labels = scaled_digits(50)
    params = net(64, 30, 20, 10)
    weak = changed(params, 2, W=1e-200 * params[2].W)
    first, second, last = gradient_norms(weak, x, labels).layers
    text = str(diagnose(weak, x, labels))
    assert second < first < 1e-199 and f"layer 2 gets {second / last:.1e} of the largest" in text
    assert f"×{(first / last) ** 0.5:.2g} a layer, backwards" in text
    sure = changed(net(3, 2, 2), 1, W=np.full((2, 2), 1e-10), b=np.array([0.0, -740]))
    norms = gradient_norms(sure, np.ones((1, 3)), np.zeros(1, int)).layers
    assert norms[0] == 0 < norms[1] < 1e-320  # a thousandth of which would round to 0 as well
    found = diagnose(sure, np.ones((1, 3)), np.zeros(1, int))
    assert "layer 1 gets 0.0e+00 of the largest layer's gradient" in str(found)
    assert "1 of 2 layers get at least 1 %" in found.measured


def test_a_memory_of_any_size_is_measured():
    """‖∂h_T/∂h_0‖ = 5^−1000 = 1e−699 and 5^1000 for a linear unit."""
    linear, x = partial(rnn_step_forward, activation="identity"), np.zeros((1000, 1))
    for w, name, power in ((0.2, "memory fades", -699), (5.0, "memory explodes", 699)):
        params = RNNParams(np.ones((1, 1)), np.array([[w]]), np.zeros(1))
        found = diagnose_recurrent(linear, params, x, np.zeros(1))
        assert found.names == (name,) and f"1e{power:+} times as large" in str(found)
        assert found.findings[0].numbers["per_step"] == pytest.approx(w, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda p, x, y: diagnose(p, x.astype(int), y), TypeError, "x holds int64"),
        (lambda p, x, y: diagnose(p, x, y[:3]), ValueError, "labels"),
        (lambda p, x, y: diagnose(p, x, y, activation="f"), ValueError, "expected one of"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call(net(64, 5, 10), *scaled_digits(6))


def test_complex_numbers_and_integers_are_refused():
    params, x, labels = net(3, 4, 2), rng(1).standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])
    bent = (params[0]._replace(b=params[0].b + 0j), params[1])
    with pytest.raises(TypeError, match="^diagnose: x is complex; expected real numbers"):
        diagnose(params, x + 0j, labels)
    with pytest.raises(TypeError, match=r"^diagnose: params\[0\].b is complex"):
        diagnose(bent, x, labels)
    with pytest.raises(TypeError, match="x holds int64 values; expected float64 or float32"):
        diagnose(params, np.ones((5, 3), int), labels)
    with pytest.raises(TypeError, match=r"W holds int64 values|W is list"):
        diagnose((params[0]._replace(W=np.ones((4, 3), int)), params[1]), x, labels)


def test_recurrent_diagnosis_refuses_complex_numbers_and_other_ranks():
    params, x, state0 = cell_init("rnn", 3, 2, rng=rng()), np.ones((4, 3)), np.zeros(2)
    for arguments, error, words in (
        ((rnn_step_forward, params, x + 0j, state0), TypeError, "x is complex"),
        ((rnn_step_forward, params, x, state0 + 0j), TypeError, "state0 is complex"),
        ((rnn_step_forward, params._replace(b=params.b + 0j), x, state0), TypeError, "params.b is complex"),
        ((rnn_step_forward, params, np.ones((4, 3), int), state0), TypeError, "x holds int64"),
        ((rnn_step_forward, params, np.nan, state0), ValueError, r"x has shape \(\)"),
        (("rnn", params, x, state0), TypeError, "step_forward is 'rnn'; expected a function"),
    ):
        with pytest.raises(error, match=f"^diagnose_recurrent: {words}"):
            diagnose_recurrent(*arguments)
