"""Long products, singular values, Lyapunov exponents, transients: the course's reference numbers."""

import numpy as np
import pytest

from vgcourse.dynamics import (
    ScaledMatrix,
    jacobian_product,
    jacobian_products,
    log_norms_between,
    log_singular_values,
    lyapunov_exponents,
    recurrent_jacobians,
    transient_growth,
)
from vgcourse.gradcheck import relative_error

EULER = 0.5772156649015329


def rng(seed=0):
    return np.random.default_rng(seed)


def gaussian(T, n, seed=0, std=None):
    return rng(seed).standard_normal((T, n, n)) * (1 / np.sqrt(n) if std is None else std)


def orthogonal(T, n, seed=0):
    return np.stack([np.linalg.qr(J)[0] for J in gaussian(T, n, seed)])


# --- products --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-13), ("float32", 1e-5)])
def test_the_product_is_the_product_in_the_order_of_time(dtype, tolerance):
    Js = gaussian(6, 4).astype(dtype)
    expected = Js[5] @ Js[4] @ Js[3] @ Js[2] @ Js[1] @ Js[0]
    P = jacobian_product(Js)
    assert P.mantissa.dtype == dtype and 0.5 <= np.abs(P.mantissa).max() < 1
    assert relative_error(P.mantissa * np.exp(P.log_scale), expected) < tolerance
    assert P.log_norm() == pytest.approx(np.log(np.linalg.norm(expected, 2)), abs=10 * tolerance)
    all_of_them = jacobian_products(iter(Js))
    assert all_of_them.mantissa.shape == (6, 4, 4) and all_of_them.log_scale.shape == (6,)
    assert (all_of_them.mantissa[-1] == P.mantissa).all()
    assert (
        relative_error(all_of_them.mantissa[1] * np.exp(all_of_them.log_scale[1]), Js[1] @ Js[0]) < tolerance
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("factor", [0.25, 1.1, 1e-37, 1e37])
def test_nothing_under_or_overflows_at_any_length(factor, dtype):
    Js = factor * orthogonal(10, 3)
    Js = np.concatenate([Js] * 200).astype(dtype)
    expected = len(Js) * np.log(factor)
    assert jacobian_product(Js).log_norm() == pytest.approx(expected, rel=1e-5)
    assert log_singular_values(Js) == pytest.approx(np.full(3, expected), rel=1e-5)
    assert lyapunov_exponents(Js) == pytest.approx(np.full(3, np.log(factor)), rel=1e-4, abs=1e-6)


def test_the_smallest_numbers_are_rescaled_too():
    tiny = np.full((3, 1, 1), 5e-324)
    assert jacobian_product(tiny).log_norm() == pytest.approx(3 * np.log(5e-324))


def test_a_zero_product_is_zero():
    Js = np.stack([np.eye(2), np.diag([0.0, 1.0]), np.diag([1.0, 0.0])])
    assert jacobian_product(Js).log_norm() == -np.inf
    assert (log_singular_values(Js) == -np.inf).all()
    assert jacobian_products(Js).log_norm()[1] == 0
    assert lyapunov_exponents([np.zeros((2, 2))]).tolist() == [-np.inf, -np.inf]


def test_norms_between_all_pairs_of_steps():
    Js = gaussian(5, 3)
    found = log_norms_between(Js)
    assert found.shape == (6, 6) and np.isnan(found[np.triu_indices(6, 1)]).all()
    assert np.exp(found[4, 1]) == pytest.approx(np.linalg.norm(Js[3] @ Js[2] @ Js[1], 2))
    # the bound of equation ‖∂h_t/∂h_k‖ ≤ Π ‖J‖ holds, and is far from tight
    bound = np.cumsum(np.log(np.linalg.norm(Js, 2, axis=(1, 2))))
    assert (found[1:, 0] <= bound + 1e-12).all() and found[5, 0] < bound[-1] - 1


def test_saturated_units_cost_no_digits():
    """Factors with conditions up to 1e10: the logarithms still add up to the log determinant."""
    W = 3 * gaussian(1, 40)[0]
    Js = np.stack(list(recurrent_jacobians(W, rng(1).standard_normal(40), 200)))
    assert max(np.linalg.cond(Js)) > 1e8
    found = log_singular_values(Js)
    assert found.sum() == pytest.approx(np.linalg.slogdet(Js)[1].sum(), abs=1e-2)


# --- singular values -------------------------------------------------------------------------------


@pytest.mark.parametrize("T, n", [(1, 1), (1, 6), (2, 5), (3, 20), (8, 3)])
def test_short_products_have_the_singular_values_of_the_product(T, n):
    Js = gaussian(T, n)
    P = jacobian_product(Js)
    expected = np.linalg.svd(P.mantissa, compute_uv=False) * np.exp(P.log_scale)
    assert np.exp(log_singular_values(Js)) == pytest.approx(expected, rel=1e-7)


def test_long_products_keep_every_singular_value():
    """Against diagonal factors between rotations, where all logarithms are known: 0 to −1800."""
    T, n = 300, 7
    Q = orthogonal(T + 1, n)
    logs = -np.arange(n, dtype=float)
    Js = np.stack([Q[t + 1] @ np.diag(np.exp(logs)) @ Q[t].T for t in range(T)])
    found = log_singular_values(Js)
    assert found == pytest.approx(T * logs, abs=1e-6)
    assert jacobian_product(Js).log_norm() == pytest.approx(found[0], abs=1e-10)


def test_two_sweeps_repair_what_one_leaves_off_by_nats():
    """Against six sweeps, which have converged; the sum is the log determinant after any number."""
    Js = gaussian(400, 12)
    one, two, six = (log_singular_values(Js, sweeps=sweeps) for sweeps in (1, 2, 6))
    assert np.abs(one - six).max() > 0.5
    assert np.abs(two - six).max() < 0.01
    determinant = np.log(np.abs(np.linalg.det(Js))).sum()
    for spectrum in (two, six):
        assert spectrum.sum() == pytest.approx(determinant, abs=1e-3)


def test_float32_factors_are_multiplied_in_double_precision():
    Js = gaussian(100, 8).astype("float32")
    assert log_singular_values(Js) == pytest.approx(log_singular_values(Js.astype(float)), abs=1e-12)


@pytest.mark.parametrize("L, theory", [(1, 4.0), (2, 6.75), (10, 28.5), (30, 82.9)])
def test_largest_squared_singular_value_of_gaussian_products(L, theory):
    """(L + 1)^(L + 1)/L^L for wide factors; at n = 400, measured 3.8, 6.6, 26.9, 72.8."""
    assert (L + 1) ** (L + 1) / L**L == pytest.approx(theory, rel=2e-3)
    largest = np.exp(2 * jacobian_product(gaussian(L, 400, seed=L)).log_norm())
    assert 0.8 * theory < largest < 1.05 * theory


def test_orthogonal_products_keep_all_lengths():
    assert log_singular_values(orthogonal(30, 60)) == pytest.approx(np.zeros(60), abs=1e-12)


# --- Lyapunov exponents ----------------------------------------------------------------------------


def digamma(n_half):
    """ψ at a positive integer or half-integer."""
    if n_half == int(n_half):
        return -EULER + sum(1 / k for k in range(1, int(n_half)))
    return -EULER - 2 * np.log(2) + sum(2 / (2 * k - 1) for k in range(1, int(n_half) + 1))


def test_typical_is_not_mean():
    """4 × 4 Gaussian factors: exponent ½[ln 2 + ψ(2)] = 0.558, where the variance says ½ ln 4 = 0.693."""
    n, s = 4, 1.0
    theory = 0.5 * (np.log(2 * s**2) + digamma(n / 2))
    assert theory == pytest.approx(0.558, abs=5e-4)
    found = lyapunov_exponents(gaussian(20_000, n, std=s), count=1)
    assert found[0] == pytest.approx(theory, abs=0.012)  # 4 standard errors
    assert 0.5 * np.log(n * s**2) == pytest.approx(0.693, abs=5e-4)
    assert 100 * (0.5 * np.log(n) - theory) == pytest.approx(13.5, abs=0.1)


def test_all_exponents_of_gaussian_factors():
    """The i-th is ½[ln 2s² + ψ((n − i + 1)/2)] (Newman 1986)."""
    n = 3
    theory = [0.5 * (np.log(2) + digamma((n - i) / 2)) for i in range(n)]
    assert lyapunov_exponents(gaussian(8000, n, std=1.0)) == pytest.approx(theory, abs=0.05)


def test_exponents_of_a_constant_matrix_are_the_logs_of_its_eigenvalues():
    V = gaussian(1, 4)[0]
    W = V @ np.diag([1.2, 0.8, 0.5, 0.1]) @ np.linalg.inv(V)
    for every in (1, 3):
        found = lyapunov_exponents([W] * 400, burn_in=100, every=every)
        assert found == pytest.approx(np.log([1.2, 0.8, 0.5, 0.1]), abs=1e-9)
    assert lyapunov_exponents([W] * 400, count=2, burn_in=100).shape == (2,)
    two_regimes = [2 * np.eye(2)] * 10 + [0.5 * np.eye(2)] * 15
    assert lyapunov_exponents(two_regimes, burn_in=10, every=7) == pytest.approx([np.log(0.5)] * 2)


@pytest.mark.parametrize(
    "g, low, high",
    [(0.5, -0.73, -0.62), (0.9, -0.12, -0.04), (1.5, -0.02, 0.08), (2.0, 0.07, 0.2), (3.0, 0.22, 0.38)],
)
def test_maximal_exponent_of_a_random_tanh_net(g, low, high):
    """−0.67, −0.073, +0.029, +0.14, +0.30 at N = 200, averages over seeds."""
    found = []
    for seed in range(2):
        W = g * gaussian(1, 200, seed)[0]
        h0 = rng(100 + seed).standard_normal(200)
        found.append(lyapunov_exponents(recurrent_jacobians(W, h0, 1500), count=1, burn_in=500)[0])
    assert low < np.mean(found) < high


@pytest.mark.parametrize("every", [1, 3, 50, 1000, 3000])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_exponents_are_the_same_at_any_distance_of_decompositions(every, dtype):
    shrink = np.broadcast_to((0.25 * np.eye(3)).astype(dtype), (2000, 3, 3))
    assert lyapunov_exponents(shrink, every=every) == pytest.approx([np.log(0.25)] * 3, rel=1e-12, abs=0)
    assert lyapunov_exponents(shrink, 1, every=every) == pytest.approx([np.log(0.25)], rel=1e-12, abs=0)
    rates = np.array([4.0, 0.5, 2.0**-20])  # after 3 steps the smallest one drowns in the largest
    apart = np.broadcast_to(np.diag(rates).astype(dtype), (2000, 3, 3))
    found = lyapunov_exponents(apart, burn_in=500, every=every)
    assert found == pytest.approx(np.log(rates), rel=1e-10, abs=0)


def test_a_burn_in_is_not_counted_at_any_distance_of_decompositions():
    two_regimes = [1e3 * np.eye(2)] * 10 + [0.5 * np.eye(2)] * 15
    for every in (1, 4, 7, 100):
        found = lyapunov_exponents(two_regimes, burn_in=10, every=every)
        assert found == pytest.approx([np.log(0.5)] * 2, rel=1e-12, abs=0)


@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e-200, 1e200, 1.5e308])
def test_factors_at_the_ends_of_the_floats(size):
    """J = size · (a matrix of ones and minus ones with orthogonal columns), singular value 2 · size."""
    H = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    Js, log = np.stack([size * H] * 5), np.log(size) + np.log(2)
    assert jacobian_product(Js).log_norm() == pytest.approx(5 * log, rel=1e-13, abs=0)
    assert log_singular_values(Js) == pytest.approx([5 * log] * 4, rel=1e-13, abs=0)
    assert log_norms_between(Js)[4, 1] == pytest.approx(3 * log, rel=1e-13, abs=0)
    assert transient_growth(size * H, 5).log_norms[5] == pytest.approx(5 * log, rel=1e-13, abs=0)
    for every in (1, 5):
        assert lyapunov_exponents(Js, every=every) == pytest.approx([log] * 4, rel=1e-13, abs=0)


def test_a_complex_entry_may_be_larger_than_the_largest_float():
    Js = (1.5e308 + 1.5e308j) * np.stack([np.eye(2)] * 3)
    log = np.log(1.5e308) + np.log(2) / 2
    assert jacobian_product(Js).log_norm() == pytest.approx(3 * log, rel=1e-13, abs=0)
    assert log_singular_values(Js) == pytest.approx([3 * log] * 2, rel=1e-13, abs=0)
    assert lyapunov_exponents(Js) == pytest.approx([log] * 2, rel=1e-13, abs=0)


def test_a_factor_may_span_all_floats():
    Js = np.stack([np.diag([1e250, 1e-250])] * 4)
    assert log_singular_values(Js) / np.log(10) == pytest.approx([1000, -1000], rel=1e-13, abs=0)
    found = lyapunov_exponents(np.concatenate([Js] * 2), burn_in=1, every=3)
    assert found / np.log(10) == pytest.approx([250, -250], rel=1e-13, abs=0)
    small = np.stack([np.diag([1e30, 1e-30])] * 4).astype("float32")
    assert log_singular_values(small) / np.log(10) == pytest.approx([120, -120], rel=1e-6, abs=0)


def test_a_direction_that_dies_takes_no_other_with_it():
    Js = [np.diag([2.0, 0.0, 0.5])] * 50
    for every in (1, 7):
        found = lyapunov_exponents(Js, burn_in=10, every=every)
        assert found[:2] == pytest.approx(np.log([2, 0.5]), rel=1e-9, abs=0) and found[2] == -np.inf


@pytest.mark.parametrize(
    "function",
    [jacobian_product, jacobian_products, log_norms_between, log_singular_values, lyapunov_exponents],
)
def test_nan_and_infinity_are_named(function):
    for bad in (np.nan, np.inf):
        Js = gaussian(4, 3)
        Js[2, 1, 1] = bad
        with pytest.raises(ValueError, match="Jacobian 3 holds 1 values that are NaN or infinite"):
            function(Js)


# --- non-normal matrices ---------------------------------------------------------------------------


def test_a_spectral_radius_below_1_can_rise_to_19():
    found = transient_growth(np.array([[0.9, 5.0], [0.0, 0.9]]), 100)
    assert (round(found.peak, 1), found.peak_at) == (19.4, 9)
    assert found.norms[100] == pytest.approx(0.0148, rel=5e-3)
    assert found.spectral_radius == pytest.approx(0.9)
    assert 0.9**100 == pytest.approx(2.7e-5, rel=0.02)
    assert len(found.norms) == 101 and found.norms[0] == 1


def test_a_large_singular_value_alone_does_not_explode():
    """σ_max = 10.02 and ρ = 0.5: ‖A^50‖ = 9e−13."""
    A = np.array([[0.5, 10.0], [0.0, 0.5]])
    found = transient_growth(A, 3000)
    assert np.linalg.norm(A, 2) == pytest.approx(10.02, abs=5e-3)
    assert found.norms[50] == pytest.approx(9e-13, rel=0.05)
    assert np.isfinite(found.log_norms).all() and found.norms[-1] == 0


def test_a_normal_matrix_follows_its_eigenvalues():
    found = transient_growth(0.9 * orthogonal(1, 5)[0], 20)
    assert found.norms == pytest.approx(0.9 ** np.arange(21))
    assert found.peak_at == 0


def test_a_scaled_matrix_of_the_documentation():
    assert round(float(jacobian_product(np.full((5000, 1, 1), 0.25)).log_norm())) == -6931
    assert ScaledMatrix(np.eye(2), np.array(3.0)).log_norm() == 3


def test_what_is_no_sequence_of_jacobians_is_named():
    with pytest.raises(TypeError, match="jacobian_product: jacobians is None; expected"):
        jacobian_product(None)


# --- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: jacobian_product([]), ValueError, "there is no Jacobian"),
        (lambda: jacobian_product(np.ones((2, 2))), ValueError, r"expected \(T, H, H\)"),
        (lambda: jacobian_product([np.eye(2), np.eye(3)]), ValueError, "Jacobian 2 has shape"),
        (lambda: jacobian_product([np.eye(2), np.nan * np.eye(2)]), ValueError, "Jacobian 2 holds 4 values"),
        (lambda: jacobian_product([np.eye(2, dtype=int)]), TypeError, "int64"),
        (lambda: log_singular_values(np.ones((0, 2, 2))), ValueError, "there is no Jacobian"),
        (lambda: log_singular_values(gaussian(2, 2), sweeps=0), ValueError, "sweeps is 0"),
        (lambda: lyapunov_exponents(gaussian(2, 2), count=3), ValueError, "expected at most H = 2"),
        (lambda: lyapunov_exponents(gaussian(2, 2), burn_in=2), ValueError, "burn_in is 2 but"),
        (lambda: lyapunov_exponents(gaussian(2, 2), rng=3), TypeError, "rng is int"),
        (lambda: transient_growth(np.ones((2, 3)), 3), ValueError, "A has shape"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
