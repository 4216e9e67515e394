"""Codes of wrong answers: equal for equal numbers, none for right ones."""

import numpy as np
import pytest

from vgcourse.check import check, evaluate
from vgcourse.judge.results import Quantity
from vgcourse.tell import report
from vgcourse.tell.fingerprint import fingerprints


class Run:
    def __init__(self, **values):
        zero = np.zeros(1)
        self.quantities = [Quantity(name, value, zero, 1.0, False) for name, value in values.items()]


def code(*values):
    return fingerprints([Run(a=np.asarray(value)) for value in values], ["a"]).get("a")


VALUE = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize(
    "same", [VALUE.astype(np.float32), VALUE * (1 + 1e-9), np.asfortranarray(VALUE), VALUE + 1e-12]
)
def test_rounding_precision_and_layout_make_no_difference(same):
    assert code(VALUE) == code(same)


@pytest.mark.parametrize(
    "other", [VALUE * 1.01, VALUE * 10, -VALUE, VALUE.T, VALUE[:2], VALUE + 1j, VALUE > 0]
)
def test_other_numbers_have_another_code(other):
    assert code(VALUE) != code(other)


@pytest.mark.parametrize(
    "value", [np.nan, [np.inf, 1.0], [], 0, True, 10**300, ["text"], np.array([None, 1], object)]
)
def test_whatever_comes_has_a_code(value):
    assert len(code(value)) == 10 and code(value) == code(value) != code(VALUE)


def test_minus_zero_is_zero_and_every_case_counts():
    assert code([0.0, 1.0]) == code([-0.0, 1.0])
    assert code(VALUE, VALUE) != code(VALUE)


def test_a_name_without_a_value_has_none():
    assert fingerprints([Run(a=None, b=VALUE)], ["a", "b"]).keys() == {"b"}


def odd(dz, x, W):
    return W.T @ dz + 1, dz @ x.T, dz.sum(axis=1)


def the_same_differently(dz, x, W):
    return [1 + (dz.T @ W).T, np.einsum("hn,dn->hd", dz, x), dz.sum(axis=1)]


def shown(fn, seed=0, monkeypatch=None):
    """The data that a check of the function shows."""
    kept = []
    monkeypatch.setattr(
        report, "show", lambda *given, codes, **more: kept.append(report.as_data(*given, codes))
    )
    check("ps1.linear_backward", fn, seed=seed)
    return kept[0]


def test_a_check_says_the_same_of_the_same_answer_and_keeps_right_ones_to_itself(monkeypatch):
    one, other = (shown(fn, monkeypatch=monkeypatch) for fn in (odd, the_same_differently))
    codes = [[quantity.get("same") for quantity in data["quantities"]] for data in (one, other)]
    assert codes[0] == codes[1]
    assert len(codes[0][0]) == 10 and codes[0][1:] == [None, None]
    assert one["named"] is False


def test_on_fresh_inputs_there_are_no_codes(monkeypatch):
    data = shown(odd, seed=7, monkeypatch=monkeypatch)
    assert not any("same" in quantity for quantity in data["quantities"])


def test_what_a_mistake_explains_is_named(monkeypatch):
    assert shown(lambda dz, x, W: (W.T @ dz, dz @ x.T, dz.mean(axis=1)), monkeypatch=monkeypatch)["named"]
    assert evaluate("ps1.linear_backward", odd).share < 1
