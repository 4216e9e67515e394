"""Convolution by hand and against loops; gradients are in test_contract as well."""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse.gradcheck import relative_error
from vgcourse.initializers import lecun
from vgcourse.layers import (
    ConvParams,
    LinearParams,
    NormParams,
    conv2d_backward,
    conv2d_forward,
    conv2d_init,
    linear_backward,
    linear_forward,
    running_init,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
    update_running,
)


def draw(seed=0, N=2, C=3, Y=5, X=6, O=4, K=(3, 2)):
    rng = np.random.default_rng(seed)
    params = ConvParams(rng.standard_normal((O, C, *K)), rng.standard_normal(O))
    return params, rng.standard_normal((N, C, Y, X)), rng


def loops(params, x, stride, padding):
    """The definition, one number after the other."""
    (O, C, K, K2), (N, _, Y, X) = params.W.shape, x.shape
    height, width = (Y + 2 * padding - K) // stride + 1, (X + 2 * padding - K2) // stride + 1
    out = np.zeros((N, O, height, width)) + params.b[:, None, None]
    for n, o, y, z, c, i, j in np.ndindex(N, O, height, width, C, K, K2):
        row, column = stride * y + i - padding, stride * z + j - padding
        if 0 <= row < Y and 0 <= column < X:
            out[n, o, y, z] += params.W[o, c, i, j] * x[n, c, row, column]
    return out


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_convolution_is_its_definition(stride, padding):
    params, x, _ = draw()
    out, _ = conv2d_forward(params, x, stride=stride, padding=padding)
    truth = loops(params, x, stride, padding)
    assert out.shape == truth.shape
    assert relative_error(out, truth) < 1e-14


def test_convolution_by_hand():
    """It does not flip the filter: the output is 1·left + 2·right."""
    params = ConvParams(np.array([[[[1.0, 2.0]]]]), np.array([100.0]))
    x = np.array([[[[1.0, 10.0, 3.0]]]])
    out, cache = conv2d_forward(params, x)
    assert out.tolist() == [[[[121.0, 116.0]]]]
    dx, grads = conv2d_backward(np.array([[[[1.0, 5.0]]]]), cache)
    assert dx.tolist() == [[[[1.0, 7.0, 10.0]]]]
    assert grads.W.tolist() == [[[[51.0, 25.0]]]] and grads.b.tolist() == [6.0]
    padded, _ = conv2d_forward(params, x, padding=1)
    assert padded[0, 0].tolist() == [[100] * 4, [102, 121, 116, 103], [100] * 4]


def test_a_1x1_convolution_is_a_linear_layer_at_every_pixel():
    params, x, rng = draw(K=(1, 1))
    out, cache = conv2d_forward(params, x)
    linear = LinearParams(params.W[:, :, 0, 0], params.b)
    rows, linear_cache = linear_forward(linear, x.transpose(0, 2, 3, 1))
    assert relative_error(out, rows.transpose(0, 3, 1, 2)) < 1e-14
    dout = rng.standard_normal(out.shape)
    dx, grads = conv2d_backward(dout, cache)
    drows, linear_grads = linear_backward(dout.transpose(0, 2, 3, 1), linear_cache)
    assert relative_error(dx, drows.transpose(0, 3, 1, 2)) < 1e-14
    assert relative_error(grads.W[:, :, 0, 0], linear_grads.W) < 1e-14
    assert relative_error(grads.b, linear_grads.b) < 1e-14


def test_a_filter_as_large_as_the_image_is_a_linear_layer_of_all_pixels():
    params, x, _ = draw(K=(5, 6))
    out, _ = conv2d_forward(params, x)
    flat = LinearParams(params.W.reshape(4, -1), params.b)
    assert relative_error(out[:, :, 0, 0], linear_forward(flat, x.reshape(2, -1))[0]) < 1e-14


def test_a_shifted_image_gives_a_shifted_output():
    params, x, _ = draw(Y=8, X=8)
    out, moved = (conv2d_forward(params, image)[0] for image in (x, np.roll(x, 1, axis=2)))
    assert relative_error(moved[:, :, 1:], out[:, :, :-1]) < 1e-14


@pytest.mark.parametrize("stride, padding", [(1, 0), (2, 1), (3, 2)])
def test_pixels_that_no_window_covers_get_no_gradient(stride, padding):
    params, x, rng = draw(Y=7, X=8, K=(2, 2))
    out, cache = conv2d_forward(params, x, stride=stride, padding=padding)
    dx, grads = conv2d_backward(rng.standard_normal(out.shape), cache)
    seen = loops(ConvParams(np.ones((1, 3, 2, 2)), np.zeros(1)), x, stride, padding)  # only to know its size
    covered = np.zeros((7 + 2 * padding, 8 + 2 * padding), bool)
    for y, z in np.ndindex(seen.shape[2:]):
        covered[stride * y : stride * y + 2, stride * z : stride * z + 2] = True
    covered = covered[padding : padding + 7, padding : padding + 8]
    assert ((dx != 0).any(axis=(0, 1)) == covered).all()
    assert grads.W.shape == params.W.shape


def test_without_a_bias():
    params, x, rng = draw()
    out, cache = conv2d_forward(params._replace(b=None), x)
    assert relative_error(out, conv2d_forward(params._replace(b=np.zeros(4)), x)[0]) == 0
    assert conv2d_backward(rng.standard_normal(out.shape), cache)[1].b is None


def test_init_counts_the_inputs_of_a_window():
    params = conv2d_init(8, 50, 5, rng=np.random.default_rng(0))
    assert params.W.shape == (50, 8, 5, 5) and (params.b == 0).all()
    assert params.W.var() == pytest.approx(2 / (8 * 25), rel=0.05)
    narrow = conv2d_init(
        8, 50, 5, rng=np.random.default_rng(0), initializer=lecun, dtype="float32", bias=False
    )
    assert narrow.W.var() == pytest.approx(1 / (8 * 25), rel=0.05)
    assert narrow.W.dtype == "float32" and narrow.b is None
    for sizes in ((0, 1, 3), (1, 0, 3), (1, 1, 0)):
        with pytest.raises(ValueError, match="conv2d_init: . is 0; expected at least 1"):
            conv2d_init(*sizes, rng=np.random.default_rng(0))


def test_agrees_with_torch_modules():
    """Running statistics, both passes, padding that differs from the stride; the rest is in test_contract."""
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    for stride, padding in ((1, 0), (1, 1), (3, 0), (2, 2)):
        params, x, rng = draw(seed=stride)
        out, cache = conv2d_forward(params, x, stride=stride, padding=padding)
        W, b, inputs = (torch.tensor(a, requires_grad=True) for a in (*params, x))
        theirs = torch.nn.functional.conv2d(inputs, W, b, stride=stride, padding=padding)
        dout = rng.standard_normal(out.shape)
        theirs.backward(torch.tensor(dout))
        dx, grads = conv2d_backward(dout, cache)
        pairs = [(out, theirs.detach()), (dx, inputs.grad), (grads.W, W.grad), (grads.b, b.grad)]
        assert max(relative_error(a, b.numpy()) for a, b in pairs) < 1e-13

    module = torch.nn.BatchNorm2d(3, momentum=0.2, dtype=torch.float64)
    params, running = NormParams(np.ones(3), np.zeros(3)), running_init(3)
    out, cache = spatial_batch_norm_forward(params, x)
    assert relative_error(out, module(torch.tensor(x)).detach().numpy()) < 1e-13
    running = update_running(running, cache.rows, momentum=0.2)
    assert relative_error(running.variance, module.running_var.numpy()) < 1e-13
    assert relative_error(running.mean, module.running_mean.numpy()) < 1e-13


@pytest.mark.parametrize(
    "change, options, error, words",
    [
        ({"x": np.ones((3, 5, 6))}, {}, ValueError, r"x has shape \(3, 5, 6\); expected \(N, C, Y, X\)"),
        (
            {"x": np.ones((2, 4, 5, 6))},
            {},
            ValueError,
            r"x has shape .*; expected \(N, 3, Y, X\) because W has",
        ),
        ({"x": np.ones((2, 5, 6, 3))}, {}, ValueError, r"x has shape .*; expected \(N, 3, Y, X\)"),
        ({"x": np.ones((0, 3, 5, 6))}, {}, ValueError, "x is empty"),
        ({"x": np.ones((2, 3, 5, 6), int)}, {}, TypeError, "x holds int64"),
        ({"x": np.ones((2, 3, 5, 6), "float32")}, {}, TypeError, "precisions are mixed"),
        ({"W": np.ones((4, 3, 3))}, {}, ValueError, r"W has shape \(4, 3, 3\); expected \(O, C, K, K'\)"),
        ({"b": np.ones(3)}, {}, ValueError, r"b has shape \(3,\); expected \(4,\)"),
        ({"b": np.ones(4, "float32")}, {}, TypeError, "precisions are mixed"),
        (
            {"W": np.ones((4, 3, 6, 2))},
            {},
            ValueError,
            r"the filter \(6, 2\) is larger than the padded image \(5, 6\)",
        ),
        (
            {"W": np.ones((4, 3, 2, 9))},
            {"padding": 1},
            ValueError,
            r"the filter \(2, 9\) is larger .* \(7, 8\)",
        ),
        ({}, {"stride": 0}, ValueError, "stride is 0; expected at least 1"),
        ({}, {"stride": 1.5}, TypeError, "stride is 1.5; expected an integer"),
        ({}, {"padding": -1}, ValueError, "padding is -1; expected at least 0"),
        ({}, {"padding": "same"}, TypeError, "padding is 'same'; expected an integer"),
    ],
)
def test_convolution_refuses(change, options, error, words):
    params, x, _ = draw()
    x, params = change.get("x", x), params._replace(**{k: v for k, v in change.items() if k != "x"})
    with pytest.raises(error, match=f"conv2d_forward: {words}"):
        conv2d_forward(params, x, **options)


def test_backward_passes_refuse():
    params, x, _ = draw()
    out, cache = conv2d_forward(params, x)
    norm = spatial_batch_norm_forward(NormParams(np.ones(3), np.ones(3)), x)
    for backward, kept, like in (
        (conv2d_backward, cache, out),
        (spatial_batch_norm_backward, norm[1], norm[0]),
    ):
        with pytest.raises(
            ValueError, match=rf"{backward.__name__}: dout has shape .*; expected \({like.shape[0]}, "
        ):
            backward(like[:, :-1], kept)
        with pytest.raises(TypeError, match=f"{backward.__name__}: dout holds int64"):
            backward(like.astype(int), kept)
    with pytest.raises(TypeError, match="precisions are mixed"):
        conv2d_backward(out.astype("float32"), cache)
    with pytest.raises(
        ValueError, match=r"spatial_batch_norm_forward: x has shape \(2, 3\); expected \(N, C, Y, X\)"
    ):
        spatial_batch_norm_forward(NormParams(np.ones(3), np.ones(3)), np.ones((2, 3)))


@pytest.mark.parametrize("wrong", ["he", None, 3])
def test_an_initializer_is_a_function(wrong):
    with pytest.raises(
        TypeError, match=f"conv2d_init: initializer is {wrong!r}; expected a function such as"
    ):
        conv2d_init(3, 2, 3, rng=np.random.default_rng(0), initializer=wrong)
