"""Optimiser steps and the length of a gradient."""

import numpy as np
import pytest

from vgcourse.layers import LinearParams
from vgcourse.optim import global_norm, sgd_step

PARAMS = (LinearParams(np.array([[1.0, 2.0]]), np.array([3.0])), LinearParams(np.array([[4.0]]), None))
GRADS = (LinearParams(np.array([[10.0, -20.0]]), np.array([30.0])), LinearParams(np.array([[0.0]]), None))


def test_sgd_by_hand():
    new = sgd_step(PARAMS, GRADS, 0.1)
    assert type(new) is tuple and type(new[0]) is LinearParams
    assert new[0].W.tolist() == [[0.0, 4.0]] and new[0].b.tolist() == [0.0]
    assert new[1].W.tolist() == [[4.0]] and new[1].b is None


def test_sgd_changes_nothing_in_place():
    w, dw = np.ones(3), np.ones(3)
    w.flags.writeable = dw.flags.writeable = False
    new = sgd_step((w,), (dw,), 0.5)
    assert (w == 1).all() and not np.shares_memory(new[0], w)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), 1])
def test_sgd_keeps_the_dtype(dtype, rate):
    assert sgd_step(np.ones(2, dtype), np.ones(2, dtype), rate).dtype == dtype


def test_sgd_descends_a_quadratic_at_the_known_rate():
    """On ½ λ w², w shrinks by 1 − αλ a step; beyond α = 2/λ it grows."""
    curvature = np.array([1.0, 4.0])
    w = start = np.array([1.0, 1.0])
    losses = []
    for _ in range(20):
        losses.append((0.5 * curvature * w**2).sum())
        w = sgd_step(w, curvature * w, 0.2)
    assert (np.diff(losses) < 0).all()
    assert w == pytest.approx((1 - 0.2 * curvature) ** 20, rel=1e-13, abs=0)
    assert abs(sgd_step(start, curvature * start, 0.51)[1]) > 1


@pytest.mark.parametrize("rate", [0, -0.1, np.nan, np.inf])
def test_learning_rates_are_positive_numbers(rate):
    with pytest.raises(ValueError, match="sgd_step: learning_rate is .*; expected a positive number"):
        sgd_step(PARAMS, GRADS, rate)


def test_sgd_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="structures differ: tuple of 2 against tuple of 1"):
        sgd_step(PARAMS, GRADS[:1], 0.1)
    with pytest.raises(ValueError, match=r"sgd_step: a gradient has shape \(2,\); its parameter has \(3,\)"):
        sgd_step((np.ones(3),), (np.ones(2),), 0.1)
    with pytest.raises(ValueError, match=r"shape \(1,\); its parameter has \(3,\)"):
        sgd_step((np.ones(3),), (np.ones(1),), 0.1)  # would broadcast
    with pytest.raises(TypeError, match="sgd_step: parameter holds int64 values; expected float64"):
        sgd_step((np.ones(3, int),), (np.ones(3),), 0.1)  # α = 0.1 as an integer is 0
    with pytest.raises(
        TypeError, match="sgd_step: precisions are mixed .parameter is float32, gradient is float64"
    ):
        sgd_step((np.ones(3, "float32"),), (np.ones(3),), 0.1)
    with pytest.raises(TypeError, match="sgd_step: gradient holds object"):
        sgd_step((np.ones(3),), (None,), 0.1)


def test_global_norm_is_that_of_one_long_vector():
    assert global_norm(GRADS) == pytest.approx(np.sqrt(100 + 400 + 900), rel=1e-15, abs=0)
    assert global_norm((np.array([3.0]), [np.array([[-4.0]])])) == 5
    assert global_norm(np.array([3 + 4j])) == 5
    assert isinstance(global_norm(GRADS), float)


@pytest.mark.parametrize("scale", [1e-200, 1e-310, 1e200, 1e307])
def test_global_norm_neither_under_nor_overflows(scale):
    assert global_norm((np.array([3.0]) * scale, np.array([-4.0]) * scale)) == pytest.approx(
        5 * scale, rel=1e-12
    )


def test_global_norm_in_float32_is_summed_in_float64():
    g = np.random.default_rng(0).standard_normal(10**5).astype("float32")
    assert global_norm(g) == pytest.approx(np.linalg.norm(g.astype(float)), rel=3e-9, abs=0)
    assert global_norm((np.full(2, 1e-30, "float32"),)) == pytest.approx(np.sqrt(2) * 1e-30, rel=1e-6, abs=0)


def test_global_norm_of_nothing_zero_and_nonsense():
    assert global_norm(()) == 0 and global_norm((None,)) == 0
    assert global_norm((np.zeros(3), np.zeros((2, 2)))) == 0
    assert global_norm((np.array([1.0, -np.inf]), np.zeros(2))) == np.inf
    for order in (1, -1):
        assert np.isnan(global_norm((np.array([1.0]), np.array([np.nan, 2.0]))[::order]))
