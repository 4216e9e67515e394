"""What lecture 5 says of batch norm's choices is what was measured."""

import numpy as np
import pytest
from conftest import ROOT

from vgcourse.authoring.measured import measured


@pytest.fixture
def of(monkeypatch):
    monkeypatch.chdir(ROOT / "lectures")
    return measured


def medians(net, key):
    return np.median(np.array(net[key], float), axis=0)


def test_larger_weights_want_a_larger_rate(of):
    ten = of("batch_norm_choices")["weights"]["10"]
    slow = [medians(ten[start], "accuracy, recomputed") for start in ("default", "He", "N(0, 1)")]
    assert slow[0][0] > 0.9 > slow[1][0] > 0.6 > 0.4 > slow[2][0]  # at rate 0.01
    assert min(at[2] for at in slow) > 0.9  # at rate 1
    undone = medians(ten["N(0, 1), rate × κ²"], "accuracy, recomputed")
    assert np.abs(undone - slow[1]).max() < 0.03


def test_evaluation_is_terrible_only_where_the_statistics_do_not_fit(of):
    nets = of("batch_norm_choices")["statistics"]
    for depth in ("", "10 layers, "):
        slow, control = (nets[f"{depth}180 steps, ρ = {share}"] for share in ("0.001", "0.1"))
        own, recomputed = (medians(slow, f"accuracy, {way}")[0] for way in ("own", "recomputed"))
        assert own > 0.8 and recomputed > own
        assert medians(slow, "accuracy, running")[0] < own - 0.2
        assert medians(control, "accuracy, running")[0] > own
        assert slow["accuracy, own"] == control["accuracy, own"]  # the weights are the same
    dim = nets["test digits at ¼ contrast"]
    assert medians(dim, "accuracy, own")[0] > 0.9 > 0.5 > medians(dim, "accuracy, running")[0]


def test_batch_norm_helps_convolutions_more_than_recurrent_nets(of):
    def best(net):
        return medians(net, "accuracy").max()

    nets = of("conv_and_recurrent_norms")
    descent = nets["conv"]["gradient descent"]
    assert best(descent["batch"]) > best(descent["none"]) + 0.05
    for optimiser, rows in nets["recurrent"]["rows"].items():
        assert max(map(best, rows.values())) - min(map(best, rows.values())) < 0.03, optimiser
    pixels = nets["recurrent"]["pixels"]
    by_batch = [name for name in pixels["Adam"] if name in ("input", "both", "both, γ = 0.1")]
    assert all(best(pixels["Adam"][name]) < best(pixels["Adam"]["none"]) for name in by_batch)
    assert (
        best(pixels["gradient descent"]["layer, ε = 0.1"]) > best(pixels["gradient descent"]["layer"]) + 0.2
    )
