"""Variances and gradients of wide random nets: against closed forms, fine sums and sampled nets."""

import numpy as np
import pytest

from vgcourse.activations import ACTIVATIONS
from vgcourse.dynamics import backward_factor, gaussian_mean, mean_field, variance_map
from vgcourse.dynamics.meanfield import LARGEST_Q


def rng(seed=0):
    return np.random.default_rng(seed)


def test_gaussian_means_of_the_activations():
    """E[σ'²] = 0.0448, E[tanh'²] = 0.464, E[tanh²] = 0.394, E[relu²] = 1/2."""
    assert backward_factor(1.0, sigma_w=1.0, activation="sigmoid") == pytest.approx(0.0448, abs=5e-5)
    assert backward_factor(1.0, sigma_w=1.0) == pytest.approx(0.464, abs=5e-4)
    assert variance_map(1.0, sigma_w=1.0) == pytest.approx(0.394, abs=5e-4)
    assert variance_map(1.0, sigma_w=1.0, activation="relu") == pytest.approx(0.5, abs=1e-12)
    assert gaussian_mean(lambda z: z**4, 2.0) == pytest.approx(12.0)


def test_tanh_at_the_edge_of_chaos_falls_like_1_over_depth():
    field = mean_field(depth=2000, sigma_w=1.0)
    depths = np.arange(50, 2001)
    assert 2 * depths * field.q[50:] == pytest.approx(np.ones(len(depths)), abs=0.025)
    assert abs(2 * 2000 * field.q[2000] - 1) < abs(2 * 200 * field.q[200] - 1)
    assert field.chi[-1] == pytest.approx(1 - 2 * field.q[-2], abs=1e-5)


def test_he_and_chaos_and_order():
    he = mean_field(depth=30, sigma_w=np.sqrt(2), activation="relu")
    assert he.q == pytest.approx(np.ones(31)) and he.chi == pytest.approx(np.ones(30))
    assert mean_field(depth=200, sigma_w=0.9).q[-1] < 1e-15
    chaos = mean_field(depth=50, sigma_w=2.0)
    assert chaos.q[-1] == pytest.approx(variance_map(chaos.q[-1], sigma_w=2.0)) and chaos.chi[-1] > 1


def test_the_recursion_predicts_a_sampled_net():
    n, sigma_w, sigma_b = 1000, 1.4, 0.3
    field = mean_field(depth=4, sigma_w=sigma_w, sigma_b=sigma_b, q0=1.5)
    z, generator = np.sqrt(1.5) * rng(1).standard_normal((n, 20)), rng(2)
    for q in field.q[1:]:
        weights = sigma_w * generator.standard_normal((n, n)) / np.sqrt(n)
        z = weights @ np.tanh(z) + sigma_b * generator.standard_normal((n, 1))
        assert (z**2).mean() == pytest.approx(q, rel=0.1)


def test_gaussian_mean_wants_a_function_of_arrays():
    with pytest.raises(TypeError, match="gaussian_mean: function is 'tanh'; expected a function"):
        gaussian_mean("tanh")
    with pytest.raises(ValueError, match="gaussian_mean: what the function returned has shape"):
        gaussian_mean(lambda z: z.sum())


# E[f(√q z)²] and E[f'(√q z)²], integrated with 30 digits
REFERENCE = [
    ("tanh", "derivative", 16.0, 0.13166439629423302),
    ("tanh", "derivative", 100.0, 0.053106787748115834),
    ("tanh", "function", 1e-8, 9.9999998000000059e-9),
    ("elu", "function", 1.0, 0.64494541749292386),
    ("elu", "derivative", 1.0, 0.66810200122317061),
    ("elu", "derivative", 1e4, 0.50199466153796173),
    ("sigmoid", "function", 3.9, 0.3474238203637812),
    ("sigmoid", "derivative", 1e8, 6.6490379638086339e-6),
    ("softplus", "function", 1e-12, 0.48045301391862471),
    ("softplus", "derivative", 1e12, 0.4999996010577196),
]


@pytest.mark.parametrize("name, which, q, expected", REFERENCE)
def test_integrals_against_thirty_digits(name, which, q, expected):
    function = getattr(ACTIVATIONS[name], which)
    assert gaussian_mean(lambda z: function(z) ** 2, q) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize("q", [1e-290, 1e-12, 0.3, 1.0, 7.0, 1e3, 1e12, 1e100, LARGEST_Q])
def test_a_relu_halves_the_variance_at_every_size(q):
    """E[relu²] = q/2 and (1 + 0.01²) q/2 for the leaky one; their slopes' squares 1/2 and (1 + 0.01²)/2."""
    for name, half in (("relu", 0.5), ("leaky_relu", 0.5 * (1 + 0.01**2))):
        assert variance_map(q, sigma_w=1, activation=name) == pytest.approx(half * q, rel=1e-13, abs=0)
        assert backward_factor(q, sigma_w=1, activation=name) == pytest.approx(half, rel=1e-13, abs=0)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("which", ["function", "derivative"])
@pytest.mark.parametrize("q", [1e-3, 1.0, 16.0, 1e4])
def test_integrals_against_a_fine_trapezoid(name, which, q):
    """On a grid of √q z in 10⁶ steps from −10 √q to 10 √q, in two halves that meet in the kink."""
    function = getattr(ACTIVATIONS[name], which)
    u, total = np.linspace(0, 10 * np.sqrt(q), 500_001)[1:], 0.0
    density = np.exp(-(u**2) / (2 * q)) / np.sqrt(2 * np.pi * q)
    for side in (-u, u):
        values, at_0 = function(side) ** 2, function(side[0] * 1e-9) ** 2 / np.sqrt(2 * np.pi * q)
        total += (density @ values + at_0 / 2) * u[0]
    assert gaussian_mean(lambda z: function(z) ** 2, q) == pytest.approx(total, rel=1e-7, abs=0)


@pytest.mark.parametrize("q", [0.5, 30.0])
def test_integrals_against_samples(q):
    """200 000 samples, five standard errors."""
    z = np.sqrt(q) * rng(1).standard_normal(200_000)
    for activation in ACTIVATIONS.values():
        squares = activation.derivative(z) ** 2
        band = 5 * squares.std() / np.sqrt(len(z))
        found = backward_factor(q, sigma_w=1, activation=activation.name)
        assert abs(found - squares.mean()) <= band < 0.03 * found


@pytest.mark.parametrize("sigma_w, q, chi", [(3, 6.305391478778854, 1.8598551908089248),
                                             (4, 12.50060101009557, 2.3768015837791460)])  # fmt: skip
def test_chaotic_fixed_points_against_thirty_digits(sigma_w, q, chi):
    field = mean_field(depth=100, sigma_w=sigma_w)
    assert field.q[-1] == pytest.approx(q, rel=1e-12, abs=0)
    assert field.chi[-1] == pytest.approx(chi, rel=1e-12, abs=0)


def test_wide_and_narrow_limits():
    """q → ∞: tanh² → 1, √q E[tanh'²] → (4/3)/√(2π); q → 0: E[tanh²] = q, at q = 0 it is 0 and the slope 1."""
    for q in (1e16, 1e200, LARGEST_Q):
        assert variance_map(q, sigma_w=1) == pytest.approx(1, rel=1e-7, abs=0)
        expected = 4 / 3 / np.sqrt(2 * np.pi)
        assert backward_factor(q, sigma_w=1) * np.sqrt(q) == pytest.approx(expected, rel=1e-12, abs=0)
    for q in (1e-290, 1e-100):
        assert variance_map(q, sigma_w=1) == pytest.approx(q, rel=1e-13, abs=0)
    assert variance_map(1e-320, sigma_w=1) == pytest.approx(1e-320, rel=1e-2, abs=0)  # of 2000 smallest steps
    assert (variance_map(0, sigma_w=3), backward_factor(0, sigma_w=3)) == (0, pytest.approx(9))


def test_extreme_weights_cost_nothing_that_a_float_can_hold():
    small = backward_factor(LARGEST_Q, sigma_w=1)  # 5e−151
    assert backward_factor(LARGEST_Q, sigma_w=1e200) == pytest.approx(small * 1e200 * 1e200, rel=1e-12, abs=0)
    found = variance_map(LARGEST_Q, sigma_w=1e-170, activation="relu")  # σ_w² alone is 0
    assert found == pytest.approx(5e-41, rel=1e-12, abs=0)
    assert variance_map(1, sigma_w=1e200) == np.inf


def test_a_variance_beyond_the_limit_is_named_with_its_layer():
    with pytest.raises(
        ValueError, match=r"^mean_field: q_997 is 1\.33.*e\+300; expected a number from 0 to 1e"
    ):
        mean_field(depth=2000, sigma_w=2.0, activation="relu")
    for call in (lambda q: gaussian_mean(np.tanh, q), lambda q: variance_map(q, sigma_w=1)):
        for q in (1.1e300, np.inf, np.nan, -1e-9):
            with pytest.raises(ValueError, match="q is .*; expected a number from 0 to 1e"):
                call(q)


def test_what_a_function_returns_comes_out_again():
    assert np.isnan(gaussian_mean(lambda z: np.where(z > 3, np.nan, z)))
    assert gaussian_mean(lambda z: z > 0, 4.0) == pytest.approx(0.5)
    assert gaussian_mean(lambda z: z**20) == pytest.approx(654729075, rel=1e-13, abs=0)  # 19!!
    with pytest.raises(TypeError, match="what the function returned is complex"):
        gaussian_mean(lambda z: z + 0j)
    with pytest.raises(TypeError, match="what the function returned holds"):
        gaussian_mean(lambda z: None)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: mean_field(depth=0, sigma_w=1.0), ValueError, "depth is 0"),
        (lambda: mean_field(depth=1, sigma_w=-1.0), ValueError, "sigma_w is -1.0; expected a finite number"),
        (lambda: mean_field(depth=1, sigma_w=np.inf), ValueError, "mean_field: sigma_w is inf; expected"),
        (lambda: mean_field(depth=1, sigma_w=np.ones(2)), TypeError, "sigma_w is"),
        (lambda: mean_field(depth=1, sigma_w=1, activation="x"), ValueError, "expected one of"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, error, words):
    with pytest.raises(error, match=words):
        call()
