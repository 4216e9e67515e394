"""Poles, Jury's test, contraction and Lyapunov functions: against simulation and against each other."""

import numpy as np
import pytest

from vgcourse.activations import ACTIVATIONS
from vgcourse.dynamics import (
    companion,
    contraction_factor,
    impulse_response,
    jury_test,
    lyapunov_function,
    poles,
    simulate,
)
from vgcourse.gradcheck import relative_error

TWO_TAPS, THREE_TAPS = {1: 0.5, 5: 0.25}, {1: 0.5, 5: 0.25, 8: 0.1}


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("taps", [TWO_TAPS, THREE_TAPS, {1: 0.9}, {2: -0.5}, {3: 1.2}])
def test_poles_companion_and_impulse_response_are_one_thing(taps):
    K, T = max(taps), 60
    response = impulse_response(taps, T)
    state = np.eye(K)[0]
    assert relative_error(response, simulate(companion(taps), state, T)[:, 0]) < 1e-13
    found = poles(taps)
    for z in found:
        assert abs(z**K - sum(a * z ** (K - k) for k, a in taps.items())) < 1e-10
    assert (np.diff(np.abs(found)) <= 1e-12).all()
    assert jury_test(taps).stable == (np.abs(found).max() < 1)


def test_more_taps_remember_longer():
    assert abs(poles(TWO_TAPS)[0]) == pytest.approx(0.893, abs=1e-3)
    assert abs(poles(THREE_TAPS)[0]) == pytest.approx(0.950, abs=1e-3)


def test_jury_agrees_with_the_poles_on_random_taps():
    verdicts = []
    for seed in range(300):
        a = rng(seed).standard_normal(1 + seed % 7) * 0.6
        verdicts.append(jury_test(a).stable)
        assert verdicts[-1] == (np.abs(poles(a)).max() < 1)
    assert 50 < sum(verdicts) < 250
    assert not jury_test([0.5, 0.5]).stable, "a pole on the circle is not stable"
    assert jury_test([0.0, 1.0]).reflections.tolist() == [-1.0], "it ends before it divides by 0"
    assert jury_test([0.5, 0.5]).reflections[-1] == pytest.approx(-1)


def test_a_lyapunov_function_falls_where_the_norm_rises():
    W = np.array([[0.9, 5.0], [0.0, 0.9]])
    P = lyapunov_function(W)
    assert relative_error(W.T @ P @ W - P, -np.eye(2)) < 1e-7
    assert np.linalg.eigvalsh(P).min() > 0
    states = simulate(W, np.array([0.0, 1.0]), 60)
    assert np.linalg.norm(states, axis=1).max() > 10
    assert (np.diff(np.einsum("ti,ij,tj->t", states, P, states)) < 0).all()


def test_lyapunov_function_against_the_linear_equations():
    W, Q = rng(1).standard_normal((6, 6)) / 4, np.diag(np.arange(1.0, 7))
    expected = np.linalg.solve(np.eye(36) - np.kron(W.T, W.T), Q.ravel()).reshape(6, 6)
    assert relative_error(lyapunov_function(W, Q), expected) < 1e-12
    with pytest.raises(ValueError, match="spectral radius 1; expected below 1"):
        lyapunov_function(np.eye(2))
    with pytest.raises(ValueError, match="not symmetric positive definite"):
        lyapunov_function(W, -Q)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_contraction_brings_states_together(activation):
    W = rng(1).standard_normal((8, 8)) / 4
    factor = contraction_factor(W, activation)
    f = ACTIVATIONS[activation].function
    a, b = rng(2).standard_normal((2, 8))
    for _ in range(20):
        near = np.linalg.norm(f(W @ a) - f(W @ b))
        assert near <= factor * np.linalg.norm(a - b) + 1e-15
        a, b = f(W @ a), f(W @ b)
    assert contraction_factor(W, "tanh") == 4 * contraction_factor(W, "sigmoid")


def test_an_infinite_past_is_not_heard_without_a_tap():
    response = impulse_response({2: 3.0}, 1500)
    assert response[1400] == np.inf and (response[1::2] == 0).all()


def test_a_lyapunov_function_of_any_size():
    W = np.array([[0.9, 5.0], [0.0, 0.9]])
    for size in (1e-200, 1e200):
        P = lyapunov_function(W, size * np.eye(2))
        assert P / size == pytest.approx(lyapunov_function(W), rel=1e-12, abs=0)
    with pytest.raises(ValueError, match="Q is not symmetric positive definite"):  # at any size
        lyapunov_function(W, 1e-200 * np.array([[1, 0.9], [0, 1]]))
    with pytest.raises(
        ValueError, match="lyapunov_function: P exceeds the largest float64; expected smaller"
    ):
        lyapunov_function(np.array([[0.9, 1e160], [0.0, 0.9]]))


def test_a_tap_that_is_no_finite_number_is_named_with_its_lag():
    for tap, error in ((np.nan, ValueError), (np.inf, ValueError), (1j, TypeError), ("1", TypeError)):
        for function in (companion, poles, jury_test):
            with pytest.raises(error, match=f"{function.__name__}: the tap at lag 3 is"):
                function({1: 0.5, 3: tap})


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: poles([]), (TypeError, ValueError), "taps"),
        (lambda: poles({}), ValueError, "taps are empty"),
        (lambda: poles({0: 1.0}), ValueError, "a lag is 0"),
        (lambda: jury_test(np.array([1, 2])), TypeError, "taps holds int64"),
        (lambda: jury_test([1j]), TypeError, "complex"),
        (lambda: impulse_response([np.inf], 3), ValueError, "taps holds 1 values"),
        (lambda: contraction_factor(np.eye(2), "tan"), ValueError, "activation is 'tan'"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
