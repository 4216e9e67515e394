"""The norms: by hand, conventions, theory, huge and tiny numbers; gradients are in test_contract as well."""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse.gradcheck import complex_step, relative_error
from vgcourse.initializers import lecun
from vgcourse.layers import (
    LinearParams,
    NormParams,
    RunningStatistics,
    activation_backward,
    activation_forward,
    batch_norm_backward,
    batch_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
    linear_backward,
    linear_forward,
    norm_init,
    running_init,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
    update_running,
)

N, D = 6, 3


def draw(seed=0, n=N, d=D):
    """Parameters, an input with a mean and a scale of its own for every feature, an incoming gradient."""
    rng = np.random.default_rng(seed)
    params = NormParams(rng.standard_normal(d), rng.standard_normal(d))
    x = 5 * rng.standard_normal(d) + np.array([0.1, 1, 10])[:d] * rng.standard_normal((n, d))
    return params, x, rng.standard_normal((n, d))


def test_batch_norm_by_hand_in_both_conventions():
    """x = 1, 3: mean 2; the sum of squares is 2, so the variance is 1 (1/N) or 2 (1/(N − 1))."""
    params, x = NormParams(np.array([10.0]), np.array([1.0])), np.array([[1.0], [3.0]])
    out, cache = batch_norm_forward(params, x, eps=0)
    assert out.tolist() == [[-9.0], [11.0]]
    assert (cache.mean, cache.variance, cache.divisor) == (2.0, 1.0, 2)
    out, cache = batch_norm_forward(params, x, eps=0, unbiased=True)
    assert out == pytest.approx(np.array([[1 - 10 / 2**0.5], [1 + 10 / 2**0.5]]), rel=1e-15)
    assert (cache.variance, cache.divisor) == (2.0, 1)


@pytest.mark.parametrize("unbiased", [False, True])
def test_batch_norm_standardises(unbiased):
    params, x, _ = draw()
    out, _ = batch_norm_forward(norm_init(D), x, eps=0, unbiased=unbiased)
    assert np.abs(out.mean(axis=0)).max() < 1e-13
    assert out.var(axis=0, ddof=int(unbiased)) == pytest.approx(np.ones(D), rel=1e-12)
    moved, _ = batch_norm_forward(params, -3 * x + 7, eps=0, unbiased=unbiased)
    still, _ = batch_norm_forward(params._replace(gamma=-params.gamma), x, eps=0, unbiased=unbiased)
    assert relative_error(moved, still) < 1e-13, "a shift or a scale of the input is taken out"


def test_gamma_and_beta_can_undo_the_normalisation():
    _, x, _ = draw()
    undo = NormParams(np.sqrt(x.var(axis=0) + 1e-5), x.mean(axis=0))
    assert relative_error(batch_norm_forward(undo, x)[0], x) < 1e-14


@pytest.mark.parametrize("unbiased", [False, True])
def test_the_input_gradient_has_no_mean_and_no_part_along_x_hat(unbiased):
    params, x, dout = draw()
    out, cache = batch_norm_forward(params, x, eps=0, unbiased=unbiased)
    dx, grads = batch_norm_backward(dout, cache)
    scale = np.abs(dx).max(axis=0)
    assert (np.abs(dx.sum(axis=0)) < 1e-13 * scale).all()
    assert (np.abs((dx * cache.x_hat).sum(axis=0)) < 1e-13 * scale).all()
    assert relative_error(grads.gamma, (dout * (out - params.beta) / params.gamma).sum(axis=0)) < 1e-13
    assert relative_error(grads.beta, dout.sum(axis=0)) < 1e-15
    # with ε the second sum is not 0 but ε/(v + ε) of Σ dx̂ ⊙ x̂ / s
    eps = 0.5
    _, cache = batch_norm_forward(params, x, eps=eps, unbiased=unbiased)
    dx, grads = batch_norm_backward(dout, cache)
    left = params.gamma * grads.gamma / cache.std * eps / (cache.variance + eps)
    assert relative_error((dx * cache.x_hat).sum(axis=0), left) < 1e-12
    assert np.abs(dx.sum(axis=0)).max() < 1e-13


def test_the_two_conventions_give_different_gradients():
    """With 1/(N − 1) it is shorter by √((N − 1)/N); mixing the two formulas is wrong in direction as well."""
    params, x, dout = draw(n=4)
    caches = [batch_norm_forward(params, x, eps=0, unbiased=unbiased)[1] for unbiased in (False, True)]
    biased, unbiased = (batch_norm_backward(dout, cache)[0] for cache in caches)
    assert relative_error(unbiased, np.sqrt(3 / 4) * biased) < 1e-13
    mixed, _ = batch_norm_backward(dout, caches[1]._replace(divisor=4))
    assert relative_error(mixed, unbiased) > 0.01


def test_test_time_is_one_fixed_affine_map_per_feature():
    params, x, dout = draw()
    running = RunningStatistics(np.array([1.0, 2, 3]), np.array([4.0, 9, 16]))
    out, cache = batch_norm_forward(params, x, running=running, eps=0)
    assert relative_error(out, params.gamma * (x - running.mean) / [2, 3, 4] + params.beta) < 1e-15
    one, _ = batch_norm_forward(params, x[:1], running=running, eps=0)
    assert (one == out[:1]).all(), "a row does not see the others"
    dx, grads = batch_norm_backward(dout, cache)
    assert relative_error(dx, dout * params.gamma / [2, 3, 4]) < 1e-15
    assert relative_error(grads.gamma, (dout * cache.x_hat).sum(axis=0)) < 1e-15
    batch = RunningStatistics(x.mean(axis=0), x.var(axis=0))
    same, _ = batch_norm_forward(params, x, running=batch)
    assert relative_error(same, batch_norm_forward(params, x)[0]) < 1e-14


@pytest.mark.parametrize("unbiased", [False, True])
def test_running_statistics_by_hand(unbiased):
    """The running variance takes the unbiased estimate in either convention."""
    x = np.array([[1.0], [3.0]])
    _, cache = batch_norm_forward(norm_init(1), x, unbiased=unbiased)
    running = update_running(running_init(1), cache, momentum=0.25)
    assert running.mean == pytest.approx([0.75 * 0 + 0.25 * 2], rel=1e-15)
    assert running.variance == pytest.approx([0.75 * 1 + 0.25 * 2], rel=1e-15)
    assert update_running(running, cache, momentum=1.0).mean.tolist() == [2.0]


def test_running_statistics_find_the_mean_and_variance_of_the_data():
    rng, running, params = np.random.default_rng(0), running_init(2), norm_init(2)
    for _ in range(300):
        x = [3, -1] + np.array([2, 0.5]) * rng.standard_normal((50, 2))
        running = update_running(running, batch_norm_forward(params, x)[1], momentum=0.05)
    assert running.mean == pytest.approx([3, -1], abs=0.2)
    assert running.variance == pytest.approx([4, 0.25], rel=0.1)


def test_layer_norm_by_hand():
    """The row (1, 3): mean 2, variance 1."""
    params = NormParams(np.array([10.0, 100.0]), np.array([1.0, 2.0]))
    out, cache = layer_norm_forward(params, np.array([[1.0, 3.0], [5.0, 1.0]]), eps=0)
    assert out.tolist() == [[-9.0, 102.0], [11.0, -98.0]]
    _, grads = layer_norm_backward(np.array([[1.0, 1.0], [2.0, 0.0]]), cache)
    assert grads.gamma.tolist() == [1.0, 1.0] and grads.beta.tolist() == [3.0, 1.0]


def test_layer_norm_is_batch_norm_of_the_transposed_input():
    _, x, dout = draw()
    plain = layer_norm_forward(norm_init(D), x), batch_norm_forward(norm_init(N), x.T.copy())
    assert relative_error(plain[0][0], plain[1][0].T) < 1e-14
    rows, columns = layer_norm_backward(dout, plain[0][1])[0], batch_norm_backward(dout.T, plain[1][1])[0]
    assert relative_error(rows, columns.T) < 1e-13


def test_the_input_gradient_of_layer_norm_row_by_row():
    params, x, dout = draw()
    _, cache = layer_norm_forward(params, x, eps=0)
    dx, _ = layer_norm_backward(dout, cache)
    assert np.abs(dx.sum(axis=1)).max() < 1e-13 * np.abs(dx).max()
    assert np.abs((dx * cache.x_hat).sum(axis=1)).max() < 1e-13 * np.abs(dx).max()
    alone = layer_norm_forward(params, x[2], eps=0)
    assert relative_error(layer_norm_backward(dout[2], alone[1])[0], dx[2]) < 1e-14, "rows are independent"


def test_one_row_normalises_to_beta_and_stops_the_gradient():
    params, x, dout = draw(n=1)
    out, cache = batch_norm_forward(params, x)
    assert (out == params.beta).all()
    assert (batch_norm_backward(dout, cache)[0] == 0).all()
    assert batch_norm_forward(NormParams(np.ones(1), np.ones(1)), np.ones((1, 1)))[0].tolist() == [[1.0]]


def explosion(seed, n=256, L=30):
    """Gradient norm² of a batch-normalised ReLU net at initialisation, last layer first."""
    rng = np.random.default_rng(seed)
    h, caches = rng.standard_normal((n, n)), []
    for _ in range(L):
        z, linear = linear_forward(LinearParams(lecun((n, n), rng=rng), np.zeros(n)), h)
        y, norm = batch_norm_forward(norm_init(n), z, eps=0)
        h, relu = activation_forward("relu", y)
        caches.append((linear, norm, relu))
    dh = rng.standard_normal(h.shape)
    norms = [(dh**2).sum()]
    for linear, norm, relu in reversed(caches):
        dy, _ = batch_norm_backward(activation_backward(dh, relu), norm)
        dh, _ = linear_backward(dy, linear)
        norms.append((dh**2).sum())
    return np.array(norms)


def test_batch_norm_with_relu_explodes():
    """Gradient norm² grows by π/(π − 1) = 1.467 a layer (Yang et al. 2019); a finite width falls short."""
    rates, totals = [], []
    for seed in range(3):
        norms = explosion(seed)
        rates.append((norms[25] / norms[5]) ** (1 / 20))
        totals.append(norms[-1] / norms[0])
    assert np.mean(rates) == pytest.approx(1.448, abs=0.015)
    assert np.mean(rates) < np.pi / (np.pi - 1)
    assert 2e4 < np.mean(totals) < 3e4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agrees_with_torch_layers(dtype):
    """Its modules, training twice and testing once, running statistics included."""
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    tolerance = 1e-13 if dtype == "float64" else 1e-5
    params, x, dout = (
        type(a)(*(b.astype(dtype) for b in a)) if isinstance(a, tuple) else a.astype(dtype) for a in draw()
    )
    module = torch.nn.BatchNorm1d(D, momentum=0.3, dtype=getattr(torch, dtype))
    module.weight.data, module.bias.data = map(torch.tensor, params)
    running = running_init(D, dtype=dtype)
    for batch in (x, 2 * x + 1):
        out, cache = batch_norm_forward(params, batch)
        running = update_running(running, cache, momentum=0.3)
        inputs = torch.tensor(batch, requires_grad=True)
        theirs = module(inputs)
        theirs.backward(torch.tensor(dout))
        assert relative_error(out, theirs.detach().numpy()) < tolerance
        assert relative_error(batch_norm_backward(dout, cache)[0], inputs.grad.numpy()) < 1e3 * tolerance
    assert running.mean.dtype == running.variance.dtype == dtype
    assert relative_error(running.mean, module.running_mean.numpy()) < tolerance
    assert relative_error(running.variance, module.running_var.numpy()) < tolerance
    module.eval()
    out, _ = batch_norm_forward(params, x, running=running)
    assert relative_error(out, module(torch.tensor(x)).detach().numpy()) < tolerance

    inputs = torch.tensor(x, requires_grad=True)
    theirs = torch.nn.functional.layer_norm(inputs, (D,), *map(torch.tensor, params))
    theirs.backward(torch.tensor(dout))
    out, cache = layer_norm_forward(params, x)
    assert relative_error(out, theirs.detach().numpy()) < tolerance
    assert relative_error(layer_norm_backward(dout, cache)[0], inputs.grad.numpy()) < 1e3 * tolerance


def test_running_statistics_carry_no_gradient_but_the_input_does():
    params, x, dout = draw()
    running = RunningStatistics(np.ones(D), np.ones(D))
    dx, _ = batch_norm_backward(dout, batch_norm_forward(params, x, running=running)[1])
    expected = complex_step(
        lambda x: (batch_norm_forward(params, x, running=running)[0] * dout).sum(), x, dout
    )
    assert relative_error((dx * dout).sum(), expected) < 1e-13


@pytest.mark.parametrize(
    "change, options, error, words",
    [
        ({"x": np.ones(3)}, {}, ValueError, r"x has shape \(3,\); expected \(N, D\)"),
        ({"x": np.ones((2, 3, 3))}, {}, ValueError, r"x has shape \(2, 3, 3\); expected \(N, D\)"),
        ({"x": np.ones((0, 3))}, {}, ValueError, "x is empty"),
        ({"x": np.ones((2, 3), int)}, {}, TypeError, "x holds int64"),
        ({"x": np.ones((2, 3), "float32")}, {}, TypeError, "precisions are mixed"),
        (
            {"gamma": np.ones(2)},
            {},
            ValueError,
            r"gamma has shape \(2,\); expected \(3,\) because x has 3 feat",
        ),
        ({"beta": np.ones(1)}, {}, ValueError, r"beta has shape \(1,\); expected \(3,\)"),
        ({"x": np.ones((1, 3))}, {"unbiased": True}, ValueError, "x has one row; expected at least 2"),
        ({"x": np.ones((4, 3))}, {"eps": 0}, ValueError, "a variance is 0, eps is 0; expected v .* > 0"),
        ({}, {"eps": -1e-5}, ValueError, "eps is -1e-05; expected a finite number, at least 0"),
        ({}, {"eps": np.nan}, ValueError, "eps is nan"),
        (
            {},
            {"running": RunningStatistics(np.ones(2), np.ones(3))},
            ValueError,
            r"running mean has shape \(2,\)",
        ),
        (
            {},
            {"running": RunningStatistics(np.ones(3), np.ones(1))},
            ValueError,
            "running variance has shape",
        ),
        ({}, {"running": RunningStatistics(np.ones(3), -np.ones(3))}, ValueError, "a variance is -1"),
        (
            {},
            {"running": RunningStatistics(np.ones(3, "float32"), np.ones(3, "float32"))},
            TypeError,
            "precisions",
        ),
    ],
)
def test_batch_norm_refuses(change, options, error, words):
    params, x, _ = draw()
    x, params = change.get("x", x), params._replace(**{k: v for k, v in change.items() if k != "x"})
    with pytest.raises(error, match=f"batch_norm_forward: {words}"):
        batch_norm_forward(params, x, **options)


def test_the_others_refuse():
    params, x, dout = draw()
    _, cache = batch_norm_forward(params, x)
    _, layer_cache = layer_norm_forward(params, x)
    for backward, kept in ((batch_norm_backward, cache), (layer_norm_backward, layer_cache)):
        with pytest.raises(
            ValueError, match=rf"{backward.__name__}: dout has shape \(5, 3\); expected \(6, 3\)"
        ):
            backward(dout[1:], kept)
        with pytest.raises(TypeError, match=f"{backward.__name__}: dout holds int64"):
            backward(dout.astype(int), kept)
    with pytest.raises(ValueError, match="layer_norm_forward: x is a single number"):
        layer_norm_forward(params, 1.0)
    with pytest.raises(ValueError, match=r"layer_norm_forward: gamma has shape \(3,\); expected \(6,\)"):
        layer_norm_forward(params, x.T)
    for momentum in (0, 1.1, np.nan):
        with pytest.raises(
            ValueError, match=r"update_running: momentum is .*; expected a number in \(0, 1\]"
        ):
            update_running(running_init(D), cache, momentum=momentum)
    with pytest.raises(ValueError, match="update_running: running mean has shape"):
        update_running(running_init(2), cache)
    with pytest.raises(ValueError, match="update_running: the batch has one row"):
        update_running(running_init(D), batch_norm_forward(params, x[:1])[1])
    fixed = batch_norm_forward(params, x, running=running_init(D))[1]
    with pytest.raises(ValueError, match="update_running: the cache is of a test pass"):
        update_running(running_init(D), fixed)
    for init in (norm_init, running_init):
        with pytest.raises(ValueError, match=f"{init.__name__}: D is 0; expected at least 1"):
            init(0)
        with pytest.raises(TypeError, match=f"{init.__name__}: D is 2.0; expected an integer"):
            init(2.0)


def test_running_statistics_are_real():
    params, x = norm_init(3), np.random.default_rng(0).standard_normal((4, 3))
    running = running_init(3)._replace(mean=np.zeros(3, complex))
    with pytest.raises(TypeError, match="batch_norm_forward: mean is complex"):
        batch_norm_forward(params, x, running=running)
    with pytest.raises(TypeError, match="update_running: mean is complex"):
        update_running(running, batch_norm_forward(params, x)[1])


@pytest.mark.parametrize("unbiased", [False, True])
def test_spatial_batch_norm_standardises_every_channel_over_images_and_pixels(unbiased):
    rng = np.random.default_rng(0)
    x = 3 + 2 * rng.standard_normal((4, 3, 5, 6))
    params = NormParams(np.array([1.0, 2, 3]), np.array([0.0, -1, 1]))
    out, cache = spatial_batch_norm_forward(params, x, eps=0, unbiased=unbiased)
    assert out.mean(axis=(0, 2, 3)) == pytest.approx(params.beta, abs=1e-13)
    pixels = out.transpose(1, 0, 2, 3).reshape(3, -1)
    assert pixels.std(axis=1, ddof=int(unbiased)) == pytest.approx(params.gamma, rel=1e-12)
    dx, _ = spatial_batch_norm_backward(rng.standard_normal(x.shape), cache)
    x_hat = (out - params.beta[:, None, None]) / params.gamma[:, None, None]
    assert np.abs(dx.sum(axis=(0, 2, 3))).max() < 1e-12
    assert np.abs((dx * x_hat).sum(axis=(0, 2, 3))).max() < 1e-12


def test_the_spatial_statistics_run_as_well():
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    params = NormParams(np.ones(2), np.zeros(2))
    _, cache = spatial_batch_norm_forward(params, x)
    running = update_running(running_init(2), cache.rows, momentum=1.0)
    assert running.mean.tolist() == [1.5, 5.5]
    assert running.variance == pytest.approx([5 / 3, 5 / 3])
    out, _ = spatial_batch_norm_forward(params, x, running=running, eps=0)
    assert out[0, :, 0, 0] == pytest.approx([-1.5 / np.sqrt(5 / 3)] * 2)


NORMS = [
    ("batch_norm_forward", lambda x, **o: batch_norm_forward(norm_init(x.shape[-1], dtype=x.dtype), x, **o)),
    ("layer_norm_forward", lambda x, **o: layer_norm_forward(norm_init(x.shape[-1], dtype=x.dtype), x, **o)),
    (
        "spatial_batch_norm_forward",
        lambda x, **o: spatial_batch_norm_forward(
            norm_init(x.shape[-1], dtype=x.dtype), x[:, :, None, None], **o
        ),
    ),
]


@pytest.mark.parametrize("where, forward", NORMS, ids=[name for name, _ in NORMS])
def test_variances_that_overflow_or_vanish_are_refused(where, forward):
    """1e200 would give x̂ = x/∞ = 0, and its squares' neighbours in [1e-324, 1e-308] a few wrong digits."""
    x = np.random.default_rng(0).standard_normal((5, 4))
    plain, _ = forward(x, eps=0)
    for size in (1e-150, 1e150):
        assert relative_error(np.squeeze(forward(size * x, eps=0)[0]), np.squeeze(plain)) < 1e-14
    for size, options in ((1e200, {}), (1e200, {"eps": 0}), (1e-160, {"eps": 0}), (1e-200, {"eps": 0})):
        with pytest.raises(
            ValueError, match=rf"^{where}: a variance is .*, eps is .*; expected v \+ eps > 0, that"
        ):
            forward(size * x, **options)
    small = x.astype("float32")
    for size, options in ((1e20, {}), (1e-25, {"eps": 0})):
        with pytest.raises(ValueError, match=rf"^{where}: a variance is .* from 1e-38 to 3e\+38 in float32"):
            forward(np.float32(size) * small, **options)
    assert relative_error(forward(1e-200 * x)[0], 1e-100 * forward(1e-100 * x)[0]) < 1e-14, "ε decides"


@pytest.mark.parametrize("where, forward", NORMS, ids=[name for name, _ in NORMS])
def test_nan_comes_out_of_a_norm_and_hides_no_vanishing_variance(where, forward):
    x = np.random.default_rng(0).standard_normal((5, 4))
    x[1, 2] = np.nan
    out = np.squeeze(forward(x)[0])
    lot = out[1] if where == "layer_norm_forward" else out[:, 2]
    assert np.isnan(lot).all() and np.isnan(out).sum() == lot.size
    x[:, 0] = x[3] = 1  # constant along either axis
    with pytest.raises(ValueError, match=f"^{where}: a variance is 0, eps is 0"):
        forward(x, eps=0)


def test_nan_and_infinity_in_running_statistics():
    params, x, _ = draw()
    running = RunningStatistics(np.array([0.0, np.nan, 0]), np.array([1, 1, np.nan]))
    out, _ = batch_norm_forward(params, x, running=running)
    assert np.isfinite(out[:, 0]).all() and np.isnan(out[:, 1:]).all()
    moved = update_running(running, batch_norm_forward(params, x)[1])
    assert np.isnan(moved.mean).tolist() == [False, True, False]
    assert np.isnan(moved.variance).tolist() == [False, False, True]
    with pytest.raises(ValueError, match="batch_norm_forward: a variance is inf"):
        batch_norm_forward(params, x, running=running._replace(variance=np.array([1, np.inf, 1])))


def test_errors_name_the_norm_that_was_called():
    images, params = np.ones((2, 3, 4, 4)), norm_init(2)
    _, cache = spatial_batch_norm_forward(norm_init(3), images)
    for call, error, words in (
        (
            lambda: spatial_batch_norm_forward(params, images),
            ValueError,
            r"gamma has shape \(2,\); expected \(3,\)",
        ),
        (
            lambda: spatial_batch_norm_forward(None, images),
            TypeError,
            "params is NoneType; expected NormParams",
        ),
        (lambda: spatial_batch_norm_forward(norm_init(3), images, eps=-1), ValueError, "eps is -1"),
        (
            lambda: spatial_batch_norm_forward(norm_init(3), images, running=running_init(2)),
            ValueError,
            r"running mean has shape \(2,\); expected \(3,\) because the batch has 3 features",
        ),
        (lambda: spatial_batch_norm_backward(images, cache.rows), TypeError, "cache is NormCache"),
        (
            lambda: spatial_batch_norm_backward(images.astype("float32"), cache),
            TypeError,
            "precisions are mixed",
        ),
    ):
        with pytest.raises(error, match=rf"^spatial_batch_norm_(for|back)ward: {words}"):
            call()
