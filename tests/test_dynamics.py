"""Linear recursions, poles and Lyapunov functions, scalar maps: against simulation and against theory."""

import numpy as np
import pytest

from vgcourse.activations import ACTIVATIONS
from vgcourse.dynamics import (
    closed_form,
    cobweb,
    companion,
    contraction_factor,
    fixed_points,
    impulse_response,
    jury_test,
    lyapunov_function,
    modes,
    poles,
    scalar_orbit,
    simulate,
)
from vgcourse.gradcheck import relative_error


def rng(seed=0):
    return np.random.default_rng(seed)


def rotation(radius, angle):
    return radius * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("N, D, T", [(1, 1, 1), (4, 2, 30), (5, 5, 60)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_the_closed_form_is_the_simulation(N, D, T, dtype):
    W, C = rng(1).standard_normal((N, N)) / np.sqrt(N), rng(2).standard_normal((N, D))
    W, C, h0, x = (a.astype(dtype) for a in (W, C, rng(3).standard_normal(N), rng(4).standard_normal((T, D))))
    expected = simulate(W, h0, T, C=C, x=x)
    found = closed_form(W, h0, T, C=C, x=x)
    assert found.states.shape == (T + 1, N) and found.states.dtype == expected.dtype == dtype
    assert relative_error(found.states, expected) < (1e-3 if dtype == "float32" else 1e-11)
    assert relative_error(closed_form(W, h0, T).states, simulate(W, h0, T)) < 1e-3
    assert f"{N} eigenvectors" in found.note


def test_the_response_to_one_input_is_a_power_of_W():
    W, C = rng(1).standard_normal((4, 4)) / 2, rng(2).standard_normal((4, 2))
    x = np.zeros((20, 2))
    x[0] = [1.0, -2.0]
    last = simulate(W, np.zeros(4), 20, C=C, x=x)[-1]
    assert relative_error(last, np.linalg.matrix_power(W, 19) @ C @ x[0]) < 1e-13


def test_the_largest_eigenvalue_wins_unless_the_input_has_none_of_it():
    V = rng(1).standard_normal((3, 3))
    W = V @ np.diag([1.1, 0.9, 0.5]) @ np.linalg.inv(V)
    assert np.allclose(modes(W).values, [1.1, 0.9, 0.5])
    assert modes(np.diag([0.5, -1.5, 1.0])).values.tolist() == [-1.5, 1.0, 0.5]
    with_it = closed_form(W, V[:, 0] + V[:, 1], 100).states
    assert relative_error(with_it[100] / with_it[99], np.full(3, 1.1)) < 1e-6
    without = closed_form(W, V[:, 1] + V[:, 2], 60)
    assert np.abs(without.coefficients[0]) < 1e-13
    assert np.linalg.norm(without.states[60]) < 0.01 * np.linalg.norm(without.states[0])


def test_complex_eigenvalues_oscillate_and_the_states_stay_real():
    W = rotation(0.9, np.pi / 4)
    found = closed_form(W, np.array([1.0, 0.0]), 16)
    assert found.states.dtype == "float64"
    assert np.abs(modes(W).values) == pytest.approx([0.9, 0.9])
    assert found.states[8] == pytest.approx([0.9**8, 0.0], abs=1e-12)
    assert found.states[4] == pytest.approx([-(0.9**4), 0.0], abs=1e-12)
    symmetric = rng(2).standard_normal((5, 5))
    assert np.abs(np.imag(modes(symmetric + symmetric.T).values)).max() == 0


def test_a_jordan_block_falls_back_and_says_so():
    W = np.array([[0.9, 5.0], [0.0, 0.9]])
    found = closed_form(W, np.ones(2), 50)
    assert not modes(W).diagonalisable and found.coefficients is None
    assert "not diagonalisable" in found.note and "step by step" in found.note
    assert found.states[50] == pytest.approx([0.9**50 + 50 * 0.9**49 * 5, 0.9**50])
    assert (closed_form(W, np.ones(2), 0).states == np.ones((1, 2))).all()


def test_an_unstable_recursion_runs_to_infinity_without_a_warning():
    W = np.diag([3.0, 0.5])
    assert not np.isfinite(simulate(W, np.ones(2), 1000)[-1, 0])
    assert not np.isfinite(closed_form(W, np.ones(2), 1000).states[-1, 0])


def test_scalar_powers():
    """0.9^100 = 2.7e−5, 1.1^100 = 13 781, 1.01^100 = 2.70."""
    for a, expected in ((0.9, 2.7e-5), (1.1, 13781), (1.01, 2.70)):
        assert simulate(np.array([[a]]), np.ones(1), 100)[-1, 0] == pytest.approx(expected, rel=0.02)


TWO_TAPS, THREE_TAPS = {1: 0.5, 5: 0.25}, {1: 0.5, 5: 0.25, 8: 0.1}


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


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("w", [-3.0, -0.5, 0.3, 0.97, 1.5, 6.0])
@pytest.mark.parametrize("drive", [-2.1, 0.0, 0.3])
def test_every_fixed_point_and_no_other(activation, w, drive):
    f = ACTIVATIONS[activation].function
    found = fixed_points(w, activation=activation, drive=drive)
    z = np.linspace(-200, 200, 400_001) + 1e-7
    G = w * f(z) + drive - z
    crossings = z[:-1][np.sign(G[:-1]) != np.sign(G[1:])]
    if w > 1 and drive == 0 and "relu" in activation:
        crossings = [0.0]  # G touches 0 in a corner without crossing it
    assert len(crossings) == len(found)
    for z0, point in zip(sorted(f(z0) for z0 in crossings), found, strict=True):
        assert point.h == pytest.approx(f(w * point.h + drive), abs=1e-12)
        assert point.h == pytest.approx(z0, abs=2e-3)
        after = scalar_orbit(w, point.h + 1e-6, 4000, activation=activation, x=drive)[-1]
        before = scalar_orbit(w, point.h - 1e-6, 4000, activation=activation, x=drive)[-1]
        comes_back = max(abs(after - point.h), abs(before - point.h)) < 1e-6
        assert point.kind == ("stable" if comes_back else "unstable")


def test_known_fixed_points():
    assert [p.kind for p in fixed_points(2.0)] == ["stable", "unstable", "stable"]
    assert [(p.h, p.kind) for p in fixed_points(1.0)] == [(0.0, "neutral")]
    assert len(fixed_points(8.0, activation="sigmoid", drive=-4.0)) == 3
    assert fixed_points(1.0, activation="relu", drive=0.1) == []
    assert fixed_points(1.0, activation="relu") == [(0.0, 1.0, "neutral")]
    assert fixed_points(0, drive=1)[0].h == pytest.approx(np.tanh(1))


@pytest.mark.parametrize("w", [1.1, 1.3, 1.7, 2.0, 2.9, 3.7, 5.3])
def test_a_pair_of_fixed_points_is_born(w):
    """At its birth it is one neutral point where G touches 0, up to rounding; before, none; after, two."""
    t = np.sqrt(1 - 1 / w)  # tanh there: w tanh' = 1
    birth = np.arctanh(t) - w * t
    assert [p.kind for p in fixed_points(w, drive=birth - 1e-9)] == ["stable"]
    assert [p.kind for p in fixed_points(w, drive=birth)] == ["stable", "neutral"]
    assert [p.kind for p in fixed_points(w, drive=birth + 1e-9)] == ["stable", "unstable", "stable"]


def test_orbits_and_cobwebs():
    orbit = scalar_orbit(2.0, 0.1, 50)
    assert orbit[-1] == pytest.approx(fixed_points(2.0)[-1].h)
    assert (scalar_orbit(2.0, -1.0, 5, activation="relu")[1:] == 0).all(), "a negative start is dead"
    assert np.isinf(scalar_orbit(2.0, 1.0, 2000, activation="relu")[-1])
    driven = scalar_orbit(0.0, 0.0, 3, c=2.0, x=np.array([0.1, 0.2, 0.3]))
    assert driven[1:] == pytest.approx(np.tanh([0.2, 0.4, 0.6]))
    points = cobweb(orbit[:3])
    a, b, c = orbit[:3]
    assert points.tolist() == [[a, 0], [a, b], [b, b], [b, c], [c, c]]


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: simulate(np.eye(2, dtype=int), np.ones(2), 3), TypeError, "W holds int64"),
        (lambda: simulate(np.ones((2, 3)), np.ones(2), 3), ValueError, r"W has shape \(2, 3\)"),
        (lambda: simulate(np.eye(2), np.ones(3), 3), ValueError, "h0 has shape"),
        (lambda: simulate(np.eye(2), np.ones(2, "float32"), 3), TypeError, "precisions are mixed"),
        (lambda: simulate(np.eye(2), np.ones(2), -1), ValueError, "steps is -1"),
        (lambda: simulate(np.eye(2), np.ones(2), 2.0), TypeError, "steps is 2.0"),
        (lambda: simulate(np.eye(2), np.ones(2), 3, C=np.eye(2)), ValueError, "C is given but x is not"),
        (lambda: closed_form(np.eye(2), np.ones(2), 3, x=np.ones((2, 2))), ValueError, "x has shape"),
        (lambda: closed_form(np.eye(2) * np.nan, np.ones(2), 3), ValueError, "W holds 4 values .* NaN"),
        (lambda: modes(np.ones(3)), ValueError, "W has shape"),
        (lambda: poles([]), (TypeError, ValueError), "taps"),
        (lambda: poles({}), ValueError, "taps are empty"),
        (lambda: poles({0: 1.0}), ValueError, "a lag is 0"),
        (lambda: jury_test(np.array([1, 2])), TypeError, "taps holds int64"),
        (lambda: jury_test([1j]), TypeError, "complex"),
        (lambda: impulse_response([np.inf], 3), ValueError, "taps holds 1 values"),
        (lambda: contraction_factor(np.eye(2), "tan"), ValueError, "activation is 'tan'"),
        (lambda: fixed_points(np.nan), ValueError, "w is nan; expected a finite number"),
        (lambda: fixed_points("1"), TypeError, "w is '1'"),
        (lambda: fixed_points(1.0, activation="step"), ValueError, "expected one of"),
        (lambda: scalar_orbit(1.0, 0.0, 3, x=np.ones(2)), ValueError, "x has shape"),
        (lambda: cobweb(np.ones((2, 2))), ValueError, "orbit has shape"),
    ],
)
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_scalar_maps_want_real_numbers():
    with pytest.raises(TypeError, match="scalar_orbit: x is complex"):
        scalar_orbit(0.5, 0.1, 2, x=np.ones(2, complex))
    with pytest.raises(TypeError, match="cobweb: orbit is complex"):
        cobweb(np.ones(2, complex))
