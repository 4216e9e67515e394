"""Residual, gated, highway and strided skips: by hand, around any layer, and how far a gradient gets."""

from functools import partial

import numpy as np
import pytest

from vgcourse import gradcheck
from vgcourse.activations import sigmoid
from vgcourse.gradcheck import relative_error
from vgcourse.initializers import glorot, he, zeros
from vgcourse.layers import (
    GatedParams,
    HighwayParams,
    LinearParams,
    activation_backward,
    activation_forward,
    gated_backward,
    gated_forward,
    highway_backward,
    highway_forward,
    highway_init,
    layer_norm_backward,
    layer_norm_forward,
    linear_backward,
    linear_forward,
    norm_init,
    residual_backward,
    residual_forward,
    strided_skip_backward,
    strided_skip_forward,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def one_unit(*values):
    W, b, W_g, b_g = values
    return HighwayParams(np.array([[W]]), np.array([b]), np.array([[W_g]]), np.array([b_g]))


def test_residual_by_hand():
    params = LinearParams(np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([1.0, 0.0]))
    out, cache = residual_forward(linear_forward, params, np.array([[10.0, 20.0]]))
    assert out.tolist() == [[31.0, 80.0]]
    dx, grads = residual_backward(linear_backward, np.array([[1.0, 1.0]]), cache)
    assert dx.tolist() == [[3.0, 4.0]], "W + I"
    assert grads.W.tolist() == [[10.0, 20.0], [10.0, 20.0]] and grads.b.tolist() == [1.0, 1.0]
    out, cache = residual_forward(linear_forward, params, np.array([[10.0, 20.0]]), scale=0.5)
    assert out.tolist() == [[20.5, 50.0]]
    dx, grads = residual_backward(linear_backward, np.array([[1.0, 1.0]]), cache)
    assert dx.tolist() == [[2.0, 2.5]] and grads.b.tolist() == [0.5, 0.5]


def test_residual_around_a_layer_without_parameters():
    x = np.array([[-1.0, 2.0]])
    out, cache = residual_forward(partial(activation_forward, "relu"), None, x)
    assert out.tolist() == [[-1.0, 4.0]]
    assert residual_backward(activation_backward, np.ones((1, 2)), cache).tolist() == [[1.0, 2.0]]


def test_connections_nest():
    """A residual path around a highway layer around nothing else than the library's own pairs."""
    params, x, dout = (
        highway_init(3, rng=rng()),
        rng(1).standard_normal((4, 3)),
        rng(2).standard_normal((4, 3)),
    )
    forward = partial(residual_forward, highway_forward)
    out, cache = residual_forward(forward, params, x)
    assert relative_error(out, 2 * x + highway_forward(params, x)[0]) < 1e-15
    dx, _ = residual_backward(partial(residual_backward, highway_backward), dout, cache)
    truth = gradcheck.complex_step(lambda x: (residual_forward(forward, params, x)[0] * dout).sum(), x, x)
    assert relative_error((dx * x).sum(), truth) < 1e-13


@pytest.mark.parametrize("forward, backward, make", [
    (linear_forward, linear_backward, lambda: LinearParams(np.zeros((3, 3)), np.zeros(3))),
    (layer_norm_forward, layer_norm_backward, lambda: norm_init(3)._replace(gamma=np.zeros(3))),
])  # fmt: skip
def test_a_useless_layer_can_be_skipped(forward, backward, make):
    """Zero weights are an identity, forwards and backwards: easier to learn than W = I."""
    x, dout = rng().standard_normal((2, 4, 3))
    out, cache = residual_forward(forward, make(), x)
    assert (out == x).all()
    assert (residual_backward(backward, dout, cache)[0] == dout).all()


def test_the_gradient_of_a_residual_net_is_a_sum_over_paths():
    """Π (1 + a_l) = Σ over subsets of layers: 1 path of length 0, L of length 1, … (scalars)."""
    a = rng().uniform(-1, 1, 5)
    dh, caches, h = np.ones(1), [], np.ones(1)
    for slope in a:
        h, cache = residual_forward(linear_forward, LinearParams(np.full((1, 1), slope), np.zeros(1)), h)
        caches.append(cache)
    for cache in reversed(caches):
        dh, _ = residual_backward(linear_backward, dh, cache)
    subsets = [np.prod(a[[bool(n >> l & 1) for l in range(5)]]) for n in range(32)]
    assert dh == pytest.approx([sum(subsets)], rel=1e-13)


def relu_branch(params, x):
    """Pre-activation branch W relu(x): forward pass only."""
    return linear_forward(params, activation_forward("relu", x)[0])


def variance_growth(scale, seed, initializer=he, n=256, L=50, N=100):
    generator = rng(seed)
    x = start = generator.standard_normal((N, n))
    for _ in range(L):
        params = LinearParams(initializer((n, n), rng=generator), np.zeros(n))
        x, _ = residual_forward(relu_branch, params, x, scale=scale)
    return (x**2).mean() / (start**2).mean()


def test_variance_of_a_residual_net_with_he_weights_doubles_every_block():
    """50 blocks: 2^50 = 1.1e15 in the mean; single nets scatter around it by a factor of 5."""
    growth = [variance_growth(1.0, seed) for seed in range(4)]
    assert np.exp(np.log(growth).mean() / 50) == pytest.approx(2, rel=0.03)
    assert 1e14 < min(growth) and max(growth) < 1e16


def test_scaled_and_zero_branches_keep_the_variance():
    """1/√L gives (1 + 1/L)^L ≈ e, zero branches 1."""
    growth = [variance_growth(1 / np.sqrt(50), seed) for seed in range(4)]
    assert np.mean(growth) == pytest.approx((1 + 1 / 50) ** 50, rel=0.05)
    assert (1 + 1 / 50) ** 50 == pytest.approx(np.e, rel=0.02)
    assert variance_growth(0.0, seed=0) == variance_growth(1.0, seed=0, initializer=zeros) == 1


def test_highway_by_hand():
    """h = 2, W = 0.5, W_g = 0: c = tanh 1, g = 1/2; the gate terms are 0 because W_g is."""
    out, cache = highway_forward(one_unit(0.5, 0.0, 0.0, 0.0), np.array([[2.0]]))
    assert out[0, 0] == pytest.approx(1.381, abs=5e-4)
    assert (cache.c[0, 0], cache.g[0, 0]) == (np.tanh(1), 0.5)
    dh, grads = highway_backward(np.array([[1.0]]), cache)
    assert dh[0, 0] == pytest.approx(0.605, abs=5e-4)
    assert grads.W_g[0, 0] == pytest.approx((np.tanh(1) - 2) * 0.25 * 2)
    assert isinstance(grads, HighwayParams)


def test_the_gate_multiplies_the_new_value():
    x = rng().standard_normal((3, 2))
    params = highway_init(2, rng=rng())
    shut, _ = highway_forward(params._replace(b_g=np.full(2, -800.0)), x)
    wide, cache = highway_forward(params._replace(b_g=np.full(2, 800.0)), x)
    assert (shut == x).all()
    assert relative_error(wide, cache.c) < 1e-15
    assert relative_error(cache.c, np.tanh(x @ params.W.T)) < 1e-15


def test_the_derivative_has_four_terms():
    """Equation (6.7); without the two gate terms it is 12 % off in one layer at gate bias −2."""
    generator = rng(6)
    params = highway_init(64, gate_bias=-2.0, rng=generator)
    h, v = generator.normal(size=(1, 64)), generator.normal(size=(1, 64))
    _, cache = highway_forward(params, h)
    c, g = cache.c[0], cache.g[0]
    dc, dg = 1 - c**2, g * (1 - g)
    candidate, carry = (g * dc)[:, None] * params.W, np.diag(1 - g)
    gate = ((c - h[0]) * dg)[:, None] * params.W_g
    truth = gradcheck.complex_step(lambda h: highway_forward(params, h)[0], h, v)[0]
    assert relative_error((candidate + carry + gate) @ v[0], truth) < 1e-14
    assert relative_error((candidate + carry) @ v[0], truth) == pytest.approx(0.12, abs=0.005)
    dh, _ = highway_backward(v, cache)
    assert relative_error(dh[0], v[0] @ (candidate + carry + gate)) < 1e-14


@pytest.mark.parametrize(
    "gate_bias, kept, carry",
    [(-1, 4.1e-6, 1.6e-7), (-2, 0.0026, 0.0018), (-3, 0.08, 0.088), (-4, 0.34, 0.40)],
)
def test_what_fifty_highway_layers_keep_of_a_gradient(gate_bias, kept, carry):
    """The carry alone, (1 − σ(b))^50, and the whole Jacobian: 26 times more at b = −1."""
    assert sigmoid(-float(gate_bias)) ** 50 == pytest.approx(carry, rel=0.03)
    generator = rng(6)
    layers = [highway_init(64, gate_bias=gate_bias, rng=generator) for _ in range(50)]
    h, caches = generator.normal(size=(64, 64)), []
    for params in layers:
        h, cache = highway_forward(params, h)
        caches.append(cache)
    dh = dout = generator.normal(size=h.shape)
    for cache in reversed(caches):
        dh, _ = highway_backward(dh, cache)
    assert np.linalg.norm(dh) / np.linalg.norm(dout) == pytest.approx(kept, rel=0.1)


def test_saturated_gates_and_candidates_keep_their_tiny_derivatives():
    """1 − tanh²(20) and σ(40)(1 − σ(40)) round to 0; the gradient is 1.7e−17 and 4e−18 times the rest."""
    _, cache = highway_forward(one_unit(0.0, 20.0, 0.0, 40.0), np.array([[2.0]]))
    _, grads = highway_backward(np.array([[1.0]]), cache)
    assert grads.b[0] == pytest.approx(1 / np.cosh(20.0) ** 2, rel=1e-12, abs=0)
    assert grads.b_g[0] == pytest.approx((np.tanh(20) - 2) * np.exp(-40.0), rel=1e-12, abs=0)
    gate = GatedParams(None, np.zeros((1, 1)), np.array([40.0]))
    _, cache = gated_forward(partial(activation_forward, "tanh"), gate, np.array([[2.0]]))
    _, grads = gated_backward(activation_backward, np.array([[1.0]]), cache)
    assert grads.b_g[0] == pytest.approx((np.tanh(2) - 2) * np.exp(-40.0), rel=1e-12, abs=0)


def test_a_gate_around_a_tanh_layer_is_a_highway_layer():
    def tanh_layer(params, x):
        z, linear = linear_forward(params, x)
        c, tanh = activation_forward("tanh", z)
        return c, (linear, tanh)

    def tanh_layer_backward(dc, cache):
        return linear_backward(activation_backward(dc, cache[1]), cache[0])

    params, x, dout = (
        highway_init(3, rng=rng()),
        rng(1).standard_normal((5, 3)),
        rng(2).standard_normal((5, 3)),
    )
    general = GatedParams(LinearParams(params.W, params.b), params.W_g, params.b_g)
    out, cache = gated_forward(tanh_layer, general, x)
    special, special_cache = highway_forward(params, x)
    assert relative_error(out, special) < 1e-15
    dx, grads = gated_backward(tanh_layer_backward, dout, cache)
    dh, special_grads = highway_backward(dout, special_cache)
    assert relative_error(dx, dh) < 1e-14
    for a, b in zip((*grads.inner, grads.W_g, grads.b_g), special_grads, strict=True):
        assert relative_error(a, b) < 1e-14


def test_init():
    params = highway_init(200, gate_bias=-3, rng=rng())
    assert params.W.shape == params.W_g.shape == (200, 200)
    assert (params.b == 0).all() and (params.b_g == -3).all() and params.b_g.shape == params.b.shape == (200,)
    assert params.W.var() == pytest.approx(1 / 200, rel=0.05) == params.W_g.var()
    assert relative_error(params.W, params.W_g) > 1
    small = highway_init(1, rng=rng(), initializer=glorot, dtype="float32")
    assert {a.dtype.name for a in small} == {"float32"} and small.b_g[0] == -2
    for bias, error in ((np.nan, ValueError), (np.inf, ValueError), (np.zeros(3), TypeError)):
        with pytest.raises(error, match="highway_init: gate_bias is .*; expected "):
            highway_init(3, gate_bias=bias, rng=rng())
    with pytest.raises(ValueError, match="highway_init: H is 0; expected at least 1"):
        highway_init(0, rng=rng())
    with pytest.raises(TypeError, match="highway_init: H is 3.0; expected an integer"):
        highway_init(3.0, rng=rng())
    with pytest.raises(TypeError, match="highway_init: rng is NoneType"):
        highway_init(3, rng=None)


def test_the_inner_layer_has_to_keep_shape_and_precision():
    x = np.ones((4, 3))
    wider = LinearParams(np.ones((5, 3)), np.ones(5))
    gate = (np.ones((3, 3)), np.ones(3))
    for where, call in {
        "residual_forward": lambda params, inner=linear_forward: residual_forward(inner, params, x),
        "gated_forward": lambda params, inner=linear_forward: gated_forward(
            inner, GatedParams(params, *gate), x
        ),
    }.items():
        words = rf"{where}: the inner layer's output has shape \(4, 5\); expected \(4, 3\)"
        with pytest.raises(ValueError, match=words):
            call(wider)
        with pytest.raises(TypeError, match=f"{where}: precisions are mixed .*inner is float32"):
            call(1, lambda params, x: (x.astype("float32"), None))
        with pytest.raises(ValueError, match="linear_forward: x has shape"):
            call(LinearParams(np.ones((3, 4)), np.ones(3)))


@pytest.mark.parametrize(
    "scale, error", [(np.nan, ValueError), (np.inf, ValueError), ([1.0, 2.0], TypeError)]
)
def test_scales_are_finite_numbers(scale, error):
    with pytest.raises(error, match="residual_forward: scale is .*; expected "):
        residual_forward(partial(activation_forward, "tanh"), None, np.ones((2, 2)), scale=scale)


@pytest.mark.parametrize(
    "change, error, words",
    [
        (
            {"W": np.ones((3, 4))},
            ValueError,
            r"highway_forward: W has shape \(3, 4\); expected \(3, 3\) because input",
        ),
        ({"W_g": np.ones((4, 3))}, ValueError, r"highway_forward: W_g has shape \(4, 3\); expected \(4, 4\)"),
        ({"W": np.ones(3)}, ValueError, r"highway_forward: W has shape \(3,\); expected \(3, 3\)"),
        (
            {"b": np.ones(2)},
            ValueError,
            r"highway_forward: b has shape \(2,\); expected \(3,\) because W has",
        ),
        (
            {"b_g": np.ones(2)},
            ValueError,
            r"highway_forward: b_g has shape \(2,\); expected \(3,\) because W_g",
        ),
        (
            {"W_g": np.ones((2, 2)), "b_g": np.ones(2)},
            ValueError,
            r"highway_forward: h has shape \(5, 3\); expected \(…, 2\) because W_g has shape \(2, 2\)",
        ),
        ({"W": np.ones((3, 3), int)}, TypeError, "highway_forward: W holds int64"),
        ({"b": np.ones(3, "float32")}, TypeError, "precisions are mixed"),
    ],
)
def test_highway_refuses(change, error, words):
    with pytest.raises(error, match=words):
        highway_forward(highway_init(3, rng=rng())._replace(**change), np.ones((5, 3)))


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"W_g": np.ones((3, 4))}, ValueError, r"W_g has shape \(3, 4\); expected \(3, 3\) because input"),
        ({"b_g": np.ones(2)}, ValueError, r"b_g has shape \(2,\); expected \(3,\) because W_g has shape"),
        (
            {"W_g": np.ones((2, 2)), "b_g": np.ones(2)},
            ValueError,
            r"x has shape \(5, 3\); expected \(…, 2\) because W_g has shape \(2, 2\)",
        ),
        ({"W_g": np.ones((3, 3), int)}, TypeError, "W_g holds int64"),
        ({"b_g": np.ones(3, "float32")}, TypeError, "precisions are mixed"),
    ],
)
def test_gated_refuses(change, error, words):
    params = GatedParams(None, np.ones((3, 3)), np.ones(3))._replace(**change)
    with pytest.raises(error, match=f"^gated_forward: {words}"):
        gated_forward(partial(activation_forward, "tanh"), params, np.ones((5, 3)))


def test_highway_refuses_inputs_names_and_gradients():
    params, x = highway_init(3, rng=rng()), np.ones((5, 3))
    with pytest.raises(TypeError, match="highway_forward: h holds int64"):
        highway_forward(params, x.astype(int))
    with pytest.raises(ValueError, match=r"highway_forward: h has shape \(\); expected \(…, 3\)"):
        highway_forward(params, 1.0)
    with pytest.raises(ValueError, match="name is 'tan'; expected one of elu"):
        highway_forward(params, x, activation="tan")
    _, cache = highway_forward(params, x)
    _, gated = gated_forward(highway_forward, GatedParams(params, params.W_g, params.b_g), x)
    for where, call in {
        "highway_backward": lambda dout: highway_backward(dout, cache),
        "gated_backward": lambda dout: gated_backward(highway_backward, dout, gated),
    }.items():
        for shape in ((5, 1), (3,), (4, 3), ()):
            with pytest.raises(ValueError, match=rf"{where}: dout has shape .*; expected \(5, 3\) because"):
                call(np.ones(shape))
        with pytest.raises(TypeError, match=f"{where}: dout holds int64"):
            call(x.astype(int))
    with pytest.raises(TypeError, match="residual_backward: dout holds int64"):
        residual_backward(linear_backward, x.astype(int), None)


@pytest.mark.parametrize("wrong", ["linear", None])
def test_inner_passes_and_initializers_are_functions(wrong):
    x, params = np.ones((2, 3)), LinearParams(np.eye(3), np.zeros(3))
    gated = GatedParams(params, np.eye(3), np.zeros(3))
    for call, words in (
        (lambda: residual_forward(wrong, params, x), "residual_forward: inner_forward"),
        (lambda: residual_forward(wrong, None, x), "residual_forward: inner_forward"),
        (lambda: gated_forward(wrong, gated, x), "gated_forward: inner_forward"),
        (
            lambda: residual_backward(wrong, x, residual_forward(linear_forward, params, x)[1]),
            "residual_backward: inner_backward",
        ),
        (
            lambda: gated_backward(wrong, x, gated_forward(linear_forward, gated, x)[1]),
            "gated_backward: inner_backward",
        ),
        (lambda: highway_init(3, rng=rng(), initializer=wrong), "highway_init: initializer"),
    ):
        with pytest.raises(TypeError, match=f"^{words} is {wrong!r}; expected a function"):
            call()


def test_the_strided_skip_by_hand():
    """L[b, s x, s y, j], and zeros for the new channels."""
    x = np.arange(30.0).reshape(2, 1, 3, 5)
    out, cache = strided_skip_forward(x, stride=2, channels=2)
    assert out.shape == (2, 2, 2, 3)
    assert out[0, 0].tolist() == [[0, 2, 4], [10, 12, 14]]
    assert (out[:, 1] == 0).all()
    dx = strided_skip_backward(1 + np.zeros(out.shape), cache)
    assert dx.sum() == 2 * 6 and dx[1, 0].tolist() == [[1, 0, 1, 0, 1], [0] * 5, [1, 0, 1, 0, 1]]
    dout = np.zeros(out.shape)
    dout[:, 1] = 7
    assert (strided_skip_backward(dout, cache) == 0).all(), "nothing comes back through the new channels"


def test_without_stride_and_new_channels_the_skip_is_the_identity():
    x = rng().standard_normal((2, 3, 4, 5))
    out, cache = strided_skip_forward(x)
    assert (out == x).all() and (strided_skip_backward(2 * x, cache) == 2 * x).all()
    same, _ = strided_skip_forward(x, stride=7)
    assert (same[:, :, 0, 0] == x[:, :, 0, 0]).all() and same.shape == (2, 3, 1, 1)
