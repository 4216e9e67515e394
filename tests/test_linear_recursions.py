"""Linear recursions: the closed form against simulation."""

import numpy as np
import pytest

from vgcourse.dynamics import closed_form, modes, simulate
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


def test_an_infinity_is_not_felt_where_it_has_no_part():
    W, x = np.diag([3.0, 0.5]), np.zeros((1000, 2))
    x[0] = 1
    for run in (simulate, lambda *args, **how: closed_form(*args, **how).states):
        for how, expected in (({}, 0.5**1000), ({"x": x}, 0.5**1000 + 0.5**999)):
            last = run(W, np.ones(2), 1000, **how)[-1]
            assert last[0] == np.inf and last[1] == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("size, eigenvalue, steps", [(1e200, 0.25, 600), (1e-200, 1.1, 8000)])
def test_a_mode_outlives_the_power_of_its_eigenvalue(size, eigenvalue, steps):
    """0.25^600 and 1.1^8000 are no floats; 1e200 · 0.25^600 = 6e−162 and 1e−200 · 1.1^8000 = 1e131 are."""
    expected = simulate(np.array([[eigenvalue]]), np.full(1, size), steps)[-1, 0]
    assert 1e-170 < expected < 1e140
    found = closed_form(np.array([[eigenvalue]]), np.full(1, size), steps).states[-1, 0]
    assert found == pytest.approx(expected, rel=1e-11, abs=0)
    assert closed_form(np.array([[eigenvalue]]), np.zeros(1), steps).states[-1, 0] == 0


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
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
