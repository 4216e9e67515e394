"""Do the initializers draw the variance that they promise?"""

import numpy as np
import pytest

from vgcourse.initializers import INITIALIZERS, glorot, he, lecun, uniform_fan_in, variance, zeros

SHAPE = (300, 200)  # n_out differs from n_in, or mixing them up would go unnoticed
PROMISED = {"uniform_fan_in": 1 / 600, "lecun": 1 / 200, "glorot": 2 / 500, "he": 2 / 200, "zeros": 0.0}
RANDOM = [lecun, glorot, he]
by_rule = pytest.mark.parametrize("rule", RANDOM, ids=lambda rule: rule.__name__)
by_distribution = pytest.mark.parametrize("distribution", ["normal", "uniform"])


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_table_holds_each_rule_under_its_name():
    assert set(INITIALIZERS) == set(PROMISED)
    for name, rule in INITIALIZERS.items():
        assert rule.__name__ == name


@pytest.mark.parametrize("rule", PROMISED)
def test_promised_variances(rule):
    assert variance(rule, SHAPE) == pytest.approx(PROMISED[rule], rel=1e-15, abs=0)
    assert variance(rule, SHAPE, gain=3.0) == pytest.approx(9 * PROMISED[rule], rel=1e-15, abs=0)


def assert_mean_and_variance(w, promised, kurtosis):
    """Five standard errors wide: var(s²) = (κ − 1) σ⁴ / n for n draws of kurtosis κ."""
    n = w.size
    assert abs(w.mean()) < 5 * np.sqrt(promised / n)
    assert abs(w.var() / promised - 1) < 5 * np.sqrt((kurtosis - 1) / n)


@by_rule
@by_distribution
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_drawn_variances(rule, distribution, gain):
    w = rule(SHAPE, rng=rng(), distribution=distribution, gain=gain)
    promised = gain**2 * PROMISED[rule.__name__]
    assert w.shape == SHAPE
    assert_mean_and_variance(w, promised, kurtosis=3 if distribution == "normal" else 9 / 5)
    limit = np.sqrt(3 * promised)
    if distribution == "uniform":
        assert 0.999 * limit < np.abs(w).max() <= limit
        assert w.min() < 0
    else:
        # a normal has tails: 0.27 % of its draws are beyond three standard deviations
        assert np.mean(np.abs(w) > 3 * np.sqrt(promised)) == pytest.approx(0.0027, abs=0.001)


def test_the_old_rule_is_uniform_within_one_over_root_n():
    w = uniform_fan_in(SHAPE, rng=rng())
    limit = 1 / np.sqrt(200)
    assert 0.999 * limit < np.abs(w).max() <= limit
    assert_mean_and_variance(w, 1 / 600, kurtosis=9 / 5)
    assert 200 * variance("uniform_fan_in", SHAPE) == pytest.approx(1 / 3, rel=1e-15, abs=0)


def test_default_distributions_are_those_of_the_papers():
    limit = np.sqrt(6 / 500)
    assert np.abs(glorot(SHAPE, rng=rng())).max() <= limit
    assert np.abs(he(SHAPE, rng=rng())).max() > np.sqrt(6 / 200)
    assert np.abs(lecun(SHAPE, rng=rng())).max() > np.sqrt(3 / 200)


def test_he_keeps_the_second_moment_through_a_relu_layer():
    x = np.maximum(rng(1).standard_normal((200, 500)), 0)
    z = x @ he((400, 500), rng=rng(2)).T
    assert (z**2).mean() == pytest.approx(2 * (x**2).mean(), rel=0.05, abs=0)


def test_zeros():
    assert (zeros((2, 3)) == np.zeros((2, 3))).all()
    assert zeros((2, 3), rng=rng(), dtype="float32").dtype == "float32"


@pytest.mark.parametrize("rule", INITIALIZERS.values(), ids=INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_rule_is_called_alike_and_repeats_with_the_seed(rule, dtype):
    w = rule((4, 3), rng=rng(7), dtype=dtype)
    assert w.shape == (4, 3) and w.dtype == dtype
    assert (w == rule([4, 3], rng=rng(7), dtype=dtype)).all()
    if rule is not zeros:
        assert (w != rule((4, 3), rng=rng(8), dtype=dtype)).all()
    assert rule((1, 1), rng=rng()).shape == (1, 1)


@pytest.mark.parametrize("rule", INITIALIZERS.values(), ids=INITIALIZERS)
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3), (3, 0), (-1, 2), (), 5])
def test_bad_shapes_are_refused(rule, shape):
    with pytest.raises(ValueError, match=r": shape is .*; expected \(n_out, n_in\), both at least 1"):
        rule(shape, rng=rng())
    with pytest.raises(ValueError, match=r"variance: shape is .*; expected \(n_out, n_in\)"):
        variance(rule.__name__, shape)


@pytest.mark.parametrize("rule", [uniform_fan_in, *RANDOM], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize(
    "generator", [0, None, np.random, np.random.RandomState(0)], ids=lambda g: type(g).__name__
)
def test_the_generator_is_explicit(rule, generator):
    with pytest.raises(TypeError, match=f"{rule.__name__}: rng is .*; expected numpy.random.Generator"):
        rule((2, 3), rng=generator)
    with pytest.raises(TypeError, match="rng"):
        rule((2, 3))


def test_unknown_names_are_refused_with_the_list():
    with pytest.raises(
        ValueError,
        match="variance: rule is 'xavier'; expected one of glorot, he, lecun, uniform_fan_in, zeros",
    ):
        variance("xavier", (2, 3))  # fmt: skip
    with pytest.raises(ValueError, match="he: distribution is 'truncated'; expected one of normal, uniform"):
        he((2, 3), rng=rng(), distribution="truncated")
