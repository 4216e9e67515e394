"""Do the initializers draw the variance that they promise?"""

import numpy as np
import pytest

from vgcourse.initializers import (
    INITIALIZERS,
    TRUNCATED_STD,
    glorot,
    he,
    identity,
    lecun,
    orthogonal,
    uniform_fan_in,
    variance,
    zeros,
)
from vgcourse.layers import (
    LinearParams,
    activation_backward,
    activation_forward,
    linear_backward,
    linear_forward,
)

SHAPE = (300, 200)  # n_out differs from n_in, or mixing them up would go unnoticed
PROMISED = {
    "uniform_fan_in": 1 / 600,
    "lecun": 1 / 200,
    "glorot": 2 / 500,
    "he": 2 / 200,
    "orthogonal": 1 / 300,
    "identity": 1 / 300,
    "zeros": 0.0,
}
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


@by_rule
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_a_truncated_normal_has_the_promised_variance_and_no_tails(rule, gain):
    w = rule(SHAPE, rng=rng(), distribution="truncated_normal", gain=gain)
    promised = gain**2 * PROMISED[rule.__name__]
    # its fourth moment: E z⁴ = 3 − (c³ + 3c) 2φ(c)/(Φ(c) − Φ(−c)) for a standard normal cut at ±c = ±2
    kurtosis = (3 - 14 * (1 - TRUNCATED_STD**2) / 2) / TRUNCATED_STD**4
    assert_mean_and_variance(w, promised, kurtosis)
    cut = 2 * np.sqrt(promised) / 0.8796
    assert 0.99 * cut < np.abs(w).max() <= 1.0001 * cut
    assert (w**4).mean() / promised**2 == pytest.approx(kurtosis, rel=0.02)


def test_the_standard_deviation_of_a_cut_normal():
    assert TRUNCATED_STD == pytest.approx(0.8796, abs=5e-5)
    z = np.linspace(-2, 2, 20001)
    density = np.exp(-(z**2) / 2)
    second = np.trapezoid(z**2 * density, z) / np.trapezoid(density, z)
    assert TRUNCATED_STD**2 == pytest.approx(second, rel=1e-8)


@pytest.mark.parametrize("shape", [(6, 6), (7, 3), (3, 7), (1, 5), (5, 1)], ids=str)
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_orthogonal_keeps_lengths(shape, gain):
    w = orthogonal(shape, rng=rng(), gain=gain)
    small = w.T @ w if shape[0] >= shape[1] else w @ w.T
    assert np.abs(small - gain**2 * np.eye(min(shape))).max() < 1e-15 * 8
    assert (w**2).mean() == pytest.approx(variance("orthogonal", shape, gain=gain), rel=1e-13)
    assert w.flags.c_contiguous


def test_orthogonal_matrices_are_evenly_spread():
    """The sign of R's diagonal matters: without it E[trace] is far from the 0 of an even distribution."""
    traces = np.array([np.trace(orthogonal((3, 3), rng=rng(seed))) for seed in range(400)])
    assert abs(traces.mean()) < 4 * 1 / np.sqrt(400)  # E trace² = 1
    assert traces.var() == pytest.approx(1, abs=0.3)
    raw = [np.trace(np.linalg.qr(rng(seed).standard_normal((3, 3)))[0]) for seed in range(400)]
    assert np.mean(raw) < -0.3, "plain QR would not do"
    corner = np.array([orthogonal((1, 1), rng=rng(seed))[0, 0] for seed in range(200)])
    assert set(corner) == {-1.0, 1.0} and abs(corner.mean()) < 0.3


def test_thirty_orthogonal_layers_keep_every_direction():
    """Singular values of the product are all 1; Gaussian factors stretch and squeeze.

    There the largest squared one tends to 31³¹/30³⁰ = 82.9 in wide nets; width 200 falls short of it.
    """
    products = {}
    for rule, n in ((orthogonal, 50), (lecun, 200)):
        generator, M = rng(0), np.eye(n)
        for _ in range(30):
            M = rule((n, n), rng=generator) @ M
        products[rule] = np.linalg.svd(M, compute_uv=False)
    assert np.abs(products[orthogonal] - 1).max() < 1e-13
    assert 40 < products[lecun][0] ** 2 < 90
    assert products[lecun][-1] < 1e-8


def test_identity():
    assert identity((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert identity((3, 2), gain=2.0).tolist() == [[2, 0], [0, 2], [0, 0]]
    assert (identity(SHAPE) ** 2).mean() == pytest.approx(PROMISED["identity"], rel=1e-13)


@pytest.mark.parametrize("rule", [lecun, glorot, he, orthogonal, identity], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("gain", [np.nan, np.inf, -1.0, [1.0, 2.0], 1j])
def test_gains_are_finite_numbers(rule, gain):
    with pytest.raises(
        ValueError, match=f"{rule.__name__}: gain is .*; expected a finite number, at least 0"
    ):
        rule((2, 3), rng=rng(), gain=gain)
    with pytest.raises(ValueError, match="variance: gain is"):
        variance(rule.__name__, (2, 3), gain=gain)


@pytest.mark.parametrize("rule", INITIALIZERS.values(), ids=INITIALIZERS)
@pytest.mark.parametrize("dtype", [int, bool, "float16", complex])
def test_weights_are_real_floats(rule, dtype):
    with pytest.raises(TypeError, match=f"{rule.__name__}: dtype is .*; expected float32 or float64"):
        rule((2, 3), rng=rng(), dtype=dtype)  # whole numbers would round every weight to 0


def second_moments(activation, rule, seed, n=256, L=30, N=200, **options):
    """Growth of E[h²] and of E[(∂L/∂h)²] a layer, in a net of L layers of width n at initialisation."""
    generator = rng(seed)
    h, forward, caches = generator.standard_normal((N, n)), [], []
    for _ in range(L):
        W = rule((n, n), rng=generator, **options)
        z, linear = linear_forward(LinearParams(W, np.zeros(n)), h)
        h, nonlinear = activation_forward(activation, z)
        caches.append((linear, nonlinear))
        forward.append((h**2).mean())
    dh = generator.standard_normal(h.shape)
    backward = [(dh**2).mean()]
    for linear, nonlinear in reversed(caches):
        dh, _ = linear_backward(activation_backward(dh, nonlinear), linear)
        backward.append((dh**2).mean())
    return (forward[-1] / forward[0]) ** (1 / (L - 1)), (backward[-1] / backward[0]) ** (1 / L)


@pytest.mark.parametrize(
    "activation, rule, options, forward, backward",
    [
        ("tanh", uniform_fan_in, {}, 0.332, 0.328),
        ("tanh", lecun, {}, 0.896, 0.880),
        ("relu", lecun, {}, 0.5, 0.5),
        ("relu", he, {}, 1.0, 1.0),
        ("sigmoid", lecun, {}, 0.996, 0.055),
        ("tanh", lecun, {"distribution": "truncated_normal"}, 0.896, 0.880),
        ("tanh", orthogonal, {}, 0.896, 0.880),
    ],
)
def test_variance_per_layer(activation, rule, options, forward, backward):
    """Healthy activations do not mean healthy gradients: see the sigmoid.

    A ReLU net scatters most (theory 1/2 and 1; 0.474 to 0.518 and 0.996 to 1.035 over seeds).
    """
    measured = second_moments(activation, rule, seed=0, **options)
    tolerance = 0.05 if activation == "relu" else 0.02
    assert measured[0] == pytest.approx(forward, rel=tolerance)
    assert measured[1] == pytest.approx(backward, rel=tolerance)


def test_tanh_mean_field_at_the_edge():
    """With variance 1/n the second moment of a tanh net dies slowly: q_l ≈ 1/(2l)."""
    generator, h = rng(0), rng(1).standard_normal((50, 400))
    for _ in range(50):
        h = np.tanh(h @ lecun((400, 400), rng=generator).T)
    assert (h**2).mean() * 2 * 50 == pytest.approx(1, abs=0.15)


def test_zeros():
    assert (zeros((2, 3)) == np.zeros((2, 3))).all()
    assert zeros((2, 3), rng=rng(), dtype="float32").dtype == "float32"


@pytest.mark.parametrize("rule", INITIALIZERS.values(), ids=INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_rule_is_called_alike_and_repeats_with_the_seed(rule, dtype):
    w = rule((4, 3), rng=rng(7), dtype=dtype)
    assert w.shape == (4, 3) and w.dtype == dtype
    assert (w == rule([4, 3], rng=rng(7), dtype=dtype)).all()
    if rule not in (zeros, identity):
        assert (w != rule((4, 3), rng=rng(8), dtype=dtype)).all()
    assert rule((1, 1), rng=rng()).shape == (1, 1)


@pytest.mark.parametrize("rule", INITIALIZERS.values(), ids=INITIALIZERS)
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3), (3, 0), (-1, 2), (), 5, (2.0, 3)])
def test_bad_shapes_are_refused(rule, shape):
    with pytest.raises(ValueError, match=r": shape is .*; expected \(n_out, n_in\), both at least 1"):
        rule(shape, rng=rng())
    with pytest.raises(ValueError, match=r"variance: shape is .*; expected \(n_out, n_in\)"):
        variance(rule.__name__, shape)


@pytest.mark.parametrize("rule", [uniform_fan_in, orthogonal, *RANDOM], ids=lambda rule: rule.__name__)
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
        match="variance: rule is 'xavier'; expected one of glorot, he, identity, lecun, orthogonal, unif",
    ):
        variance("xavier", (2, 3))  # fmt: skip
    for distribution in ("truncated", "Normal", None):
        with pytest.raises(
            ValueError, match="he: distribution is .*; expected one of normal, truncated_normal, uni"
        ):
            he((2, 3), rng=rng(), distribution=distribution)


def test_truth_values_are_no_sizes():
    with pytest.raises(ValueError, match=r"he: shape is \(True, 3\)"):
        he((True, 3), rng=np.random.default_rng(0))


@pytest.mark.parametrize("rule", ["lecun", "glorot", "he", "orthogonal", "identity"])
def test_extreme_gains_scale_or_are_refused(rule):
    """The square of 1e−200 is 0, the weights are not. A gain whose square is infinite has no variance."""
    draw = INITIALIZERS[rule]
    for gain in (1e-200, 1e150):
        with np.errstate(over="raise", invalid="raise"):
            w, plain = (draw((4, 3), rng=rng(), gain=g) for g in (gain, 1.0))
        assert w == pytest.approx(gain * plain, rel=1e-14, abs=0)
    with pytest.raises(
        ValueError, match=f"{rule}: gain is 1e.200; expected a finite number, .* at most 1.3e"
    ):
        draw((4, 3), rng=rng(), gain=1e200)
    with pytest.raises(ValueError, match=f"{rule}: gain is 1e.30; expected a finite number, .* at most 1.8e"):
        draw((4, 3), rng=rng(), gain=1e30, dtype="float32")
    assert np.isfinite(draw((4, 3), rng=rng(), gain=1e19, dtype="float32")).all()
    with pytest.raises(ValueError, match="variance: gain is 1e.200; expected a finite number"):
        variance(rule, (4, 3), gain=1e200)
