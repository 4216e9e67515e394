"""Lecture 3's measured scripts: the nets that one of them builds, and what the lecture says of numbers."""

import importlib.util

import numpy as np
import pytest
from conftest import ROOT

from vgcourse import layers, losses
from vgcourse.authoring.measured import measured
from vgcourse.gradcheck import check_gradients

FOLDER = ROOT / "lectures" / "measured"


def script(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def remedies():
    return script("remedies_by_depth")


@pytest.mark.parametrize("block", ["plain", "batch_norm", "residual", "highway"])
def test_remedies_by_depth_takes_the_right_gradient(remedies, block):
    rng = np.random.default_rng(1)

    def linear(n_out, n_in):
        return layers.LinearParams(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out))

    def inner():
        return layers.HighwayParams(*linear(5, 5), *linear(5, 5)) if block == "highway" else linear(5, 5)

    blocks = tuple((inner(), layers.NormParams(rng.normal(size=5), rng.normal(size=5))) for _ in range(3))
    params = (linear(5, 7), blocks, linear(4, 5))
    x, labels = rng.normal(size=(6, 7)), rng.integers(0, 4, 6)

    def loss(params):
        return losses.softmax_cross_entropy_forward(remedies.forward(block, params, x)[0], labels)

    _, caches = remedies.forward(block, params, x)
    _, cache = loss(params)
    grads = remedies.backward(block, losses.softmax_cross_entropy_backward(1.0, cache), caches)

    def complex_in_all(p):  # some blocks have a norm's parameters and do not use them
        return loss(p)[0] + 0 * sum(norm.gamma.sum() + norm.beta.sum() for _, norm in p[1])

    report = check_gradients(complex_in_all, params, grads, rng=rng)
    # batch norm takes every shift before it out again: the gradient there is 0, up to rounding
    shifts = ["[0].b", "[1][0][0].b", "[1][1][0].b", "[1][2][0].b"] if block == "batch_norm" else []
    assert set(report.wrong) <= set(shifts), report
    for b in (grads[0].b, *(layer.b for layer, _ in grads[1])) if shifts else ():
        assert np.abs(b).max() < 1e-14
    reached = all(np.linalg.norm(norm.gamma) > 0 for _, norm in grads[1])
    assert reached == (block in ("batch_norm", "residual"))  # others leave their norm's parameters alone


def test_remedies_by_depth_normalises_test_digits_one_by_one(remedies):
    """With the statistics of other digits, the answer to one digit does not depend on its neighbours."""
    rng = np.random.default_rng(2)
    first, last = (
        layers.LinearParams(rng.normal(size=shape), np.zeros(shape[0])) for shape in ((5, 7), (4, 5))
    )
    params = (
        first,
        ((layers.LinearParams(rng.normal(size=(5, 5)), np.zeros(5)), layers.norm_init(5)),),
        last,
    )
    _, caches = remedies.forward("batch_norm", params, rng.normal(size=(9, 7)))
    x = rng.normal(size=(3, 7))
    together, _ = remedies.forward("batch_norm", params, x, statistics=caches)
    alone, _ = remedies.forward("batch_norm", params, x[:1], statistics=caches)
    assert together[:1] == pytest.approx(alone, rel=1e-12, abs=0)


def test_convolutions_by_depth_takes_the_right_gradient():
    convolutions = script("convolutions_by_depth")
    rng = np.random.default_rng(3)
    params = convolutions.init(2, 3, 1.0, rng)
    x, labels = rng.normal(size=(4, 64)), rng.integers(0, 10, 4)

    def loss(params):
        return losses.softmax_cross_entropy_forward(convolutions.forward(params, x)[0], labels)

    _, caches = convolutions.forward(params, x)
    grads = convolutions.backward(losses.softmax_cross_entropy_backward(1.0, loss(params)[1]), caches)
    report = check_gradients(lambda p: loss(p)[0], params, grads, rng=rng)
    assert not report.wrong, report


def test_convolutions_by_depth_without_the_window_start_as_a_multiple():
    convolutions = script("convolutions_by_depth")
    x = np.random.default_rng(1).normal(size=(4, 64))
    one, other = (convolutions.init(5, 4, scale, np.random.default_rng(2)) for scale in (1.0, 3.0))
    logits, _ = convolutions.forward(one, x)
    assert convolutions.forward(other, x)[0] == pytest.approx(3**5 * logits, rel=1e-12, abs=0)


@pytest.fixture
def stored(monkeypatch):
    monkeypatch.chdir(ROOT / "lectures")
    return measured


def test_flat_weight_gradients_are_found_in_a_dead_net(stored):
    flat, control = stored("flat_and_dead")["flat"], stored("flat_and_dead")["control"]
    norms = np.array(flat["weight_gradient_norms"])
    assert (norms.max(axis=1) < 2 * norms.min(axis=1)).all()
    signals = np.array(flat["error_signal_norms"])
    assert (signals[:, 0] < 1e-5 * signals[:, -1]).all()
    assert np.nanmax(flat["accuracy"]) < 0.15 < 0.8 < np.nanmax(control["accuracy"], axis=1).min()


def test_nineteen_layers_vanish_by_their_weights_and_elu_is_level_with_tanh(stored):
    nets = stored("nineteen_layers")
    ratio = {
        rule: {name: np.array(net["instances_rms"])[:, 0] / np.array(net["instances_rms"])[:, -1]
               for name, net in nets[rule].items()}
        for rule in nets
    }  # fmt: skip
    assert all((ratio["default"][name] < 1e-3).all() for name in ratio["default"])
    for name in ("elu", "relu", "tanh"):
        assert (ratio["glorot_he"][name] > 0.15).all()
    assert (ratio["glorot_he"]["sigmoid"] < 1e-11).all()
    for rule in ("default", "glorot_he"):
        assert ratio[rule]["elu"] == pytest.approx(ratio[rule]["tanh"], rel=0.2, abs=0)


def test_first_layer_gradient_rises_in_the_first_epoch_of_nets_that_learn(stored):
    nets = stored("first_layer_by_epoch")
    for name, net in nets.items():
        first = np.array(net["first"])
        rise = first[:, 1] / first[:, 0]
        if name == "sigmoid":
            assert rise.max() < 1 and max(net["accuracy"]) < 0.15
        else:
            assert rise.min() > 1.4 and min(net["accuracy"]) > 0.9


def best(nets):
    """Accuracies of all seeds at the better rate, by net and depth."""
    return {
        name: [max((np.nan_to_num(runs) for runs in rates), key=np.median) for rates in depths]
        for name, depths in nets.items()
    }


def test_at_thirty_layers_the_residual_net_reads_and_gates_that_start_near_1_over_k(stored):
    nets = best(stored("remedies_by_depth"))
    assert min(nets["default"][0]) > 0.4 and max(nets["default"][1]) < 0.15
    assert min(nets["He"][1]) > 0.75 and max(nets["He"][2]) < 0.4
    assert max(nets["batch norm"][2]) < 0.6 and min(nets["residual"][2]) > 0.9
    assert min(nets["gates 0.12"][1]) > 0.85 and max(nets["gates 0.12"][2]) < 0.5
    assert min(nets["gates 1/K"][2]) > 0.9


def test_a_convolution_whose_fan_in_forgets_the_window_does_not_train_at_ten_layers(stored):
    nets = best(stored("convolutions_by_depth"))
    assert min(nets["conv, 9C"][1]) > 0.85 and max(nets["conv, C"][1]) < 0.2
    assert max(nets["conv, C"][2]) == 0  # diverged
