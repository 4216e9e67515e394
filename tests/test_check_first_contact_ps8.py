"""Answers to problem set 8 that a reader tried: each is called what it is, and told what is true of it."""

import numpy as np
import pytest

from vgcourse.check import evaluate, find
from vgcourse.problems.ps8.ward import gauges


def never_counts_zero(zs):
    """0 taken for on, in one result of three."""
    return (
        np.array([(z <= 0).all(axis=0).mean() for z in zs]),
        np.array([(z >= 0).all(axis=0).mean() for z in zs]),
        np.array([(z <= 0).mean() for z in zs]),
    )


def no_floor(Ws, dWs, learning_rate, max_norm):
    s = learning_rate * min(1, max_norm / np.sqrt(sum((g**2).sum() for g in dWs)))
    return [s * np.linalg.norm(g, axis=1) / np.linalg.norm(W, axis=1) for g, W in zip(dWs, Ws, strict=True)]


def of_the_layers_own_slope(name, hs):
    ratios = [1 - h**2 if name == "tanh" else 4 * h * (1 - h) for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r < 0.05 * r.max()).mean() for r in ratios])


def corrected_outside(w, g, m, v, V, n, a, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    V = np.maximum(V, v)
    return w - a * m / (1 - betas[0] ** n) / (np.sqrt(V) / (1 - betas[1] ** n) + eps), m, v, V


def exponents(share, shortest, longest, H):
    lags = np.logspace(shortest, longest, H)
    f = share ** (1 / lags)
    return lags, np.log(f / (1 - f))


def entries(W, radius, growth, steps):
    limits = [(growth / np.linalg.norm(W**k, 2)) ** (1 / k) for k in range(1, steps + 1)]
    return W * radius / np.abs(np.linalg.eigvals(W)).max(), W * min(limits)


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("dead_units", never_counts_zero, "zero counted as on"),
        ("update_ratios", no_floor, "no floor"),
        ("slope_left", of_the_layers_own_slope, "5 % of the layer's own"),
        ("amsgrad_step", corrected_outside, "correction outside the root"),
        ("gate_bias", exponents, "exponents of ten"),
        ("rescale_recurrent", entries, "powers of the entries"),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_is_called_what_it_is(name, answer, said, seed):
    verdict = evaluate(f"ps8.{name}", answer, seed=seed)
    assert verdict.share < 1
    assert said in [finding.kind for finding in verdict.findings]


def two_changes(net):
    treated = find("ps8.treat").reference(net)
    return treated | {"units": "tanh"} if gauges(net)["idle"] > 0.4 else treated


def test_a_second_change_costs_that_patient_only():
    verdict = evaluate("ps8.treat", two_changes)
    assert [row.name for row in verdict.rows if not row.ok] == ["cured [asleep]"]
    assert [finding.kind for finding in verdict.findings] == ["invariant: more than one setting"]


def test_labels_may_come_as_a_list():
    """The functions that a test is given take labels as a learner has them."""
    z, labels = np.array([[0.3, 1.0, -1.0], [2.0, 0.1, 0.4]]), [2, 0]
    for case in find("ps8.is_cross_entropy").cases(None):
        assert np.ndim(case.args[0](z.copy(), labels)) == 0
