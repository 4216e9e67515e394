"""Residual blocks for images; their gradients are in test_contract."""

import numpy as np
import pytest

from vgcourse.gradcheck import relative_error
from vgcourse.initializers import zeros
from vgcourse.layers import (
    BlockCost,
    NormParams,
    RunningStatistics,
    activation_forward,
    block_cost,
    block_running_init,
    bottleneck_init,
    conv2d_forward,
    residual_block_backward,
    residual_block_forward,
    residual_block_init,
    spatial_batch_norm_forward,
    strided_skip_backward,
    strided_skip_forward,
    update_block_running,
)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 8), (9, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_skip_and_stages_meet_in_one_shape(size, stride):
    x = rng().standard_normal((2, 3, *size))
    for block in (
        residual_block_init(3, 5, rng=rng()),
        residual_block_init(3, 4, K=5, rng=rng()),
        residual_block_init(3, 4, K=1, rng=rng()),
        bottleneck_init(3, 2, 6, rng=rng()),
    ):
        out, cache = residual_block_forward(block, x, stride=stride)
        assert out.shape == (2, len(block[-1].conv.W), -(-size[0] // stride), -(-size[1] // stride))
        dx, grads = residual_block_backward(np.ones(out.shape), cache)
        assert dx.shape == x.shape and len(grads) == len(block)


def test_a_block_by_its_layers():
    block, x = residual_block_init(2, 3, rng=rng()), rng(1).standard_normal((2, 2, 5, 4))
    h = x
    for stage, stride in zip(block, (2, 1), strict=True):
        h, _ = spatial_batch_norm_forward(stage.norm, h)
        h, _ = conv2d_forward(stage.conv, activation_forward("relu", h)[0], stride=stride, padding=1)
    expected = strided_skip_forward(x, stride=2, channels=3)[0] + h
    assert relative_error(residual_block_forward(block, x, stride=2)[0], expected) < 1e-15


def test_the_stride_is_taken_by_the_3x3_convolution_of_a_bottleneck():
    _, cache = residual_block_forward(bottleneck_init(4, 2, rng=rng()), np.ones((1, 4, 6, 6)), stride=2)
    assert [stage.conv.stride for stage in cache.stages] == [1, 2, 1]
    _, cache = residual_block_forward(residual_block_init(4, rng=rng()), np.ones((1, 4, 6, 6)), stride=2)
    assert [stage.conv.stride for stage in cache.stages] == [2, 1]


@pytest.mark.parametrize("init", [residual_block_init, lambda C, **o: bottleneck_init(C, 2, **o)])
def test_with_zero_weights_a_block_is_the_identity_both_ways(init):
    block = init(4, rng=rng(), initializer=zeros)
    x, dout = rng(1).standard_normal((2, 2, 4, 3, 3))
    out, cache = residual_block_forward(block, x)
    assert (out == x).all()
    assert (residual_block_backward(dout, cache)[0] == dout).all()


def test_float32_blocks():
    block = residual_block_init(2, rng=rng(), dtype="float32")
    out, cache = residual_block_forward(block, np.ones((1, 2, 3, 3), "float32"))
    assert out.dtype == residual_block_backward(out, cache)[0].dtype == "float32"


def test_cost_by_hand():
    """256 channels on 14 × 14: the bottleneck has 17 times fewer weights than two 3×3 convolutions."""
    narrow = block_cost(bottleneck_init(256, 64, rng=rng()), 14, 14)
    weights = 256 * 64 + 9 * 64 * 64 + 64 * 256
    assert narrow == BlockCost(weights + 2 * (256 + 64 + 64), 2 * weights * 14 * 14)
    assert weights == 69_632
    wide = block_cost(residual_block_init(256, rng=rng()), 14, 14)
    assert wide == BlockCost(2 * 9 * 256 * 256 + 4 * 256, 2 * 2 * 9 * 256 * 256 * 14 * 14)
    assert wide.flops / narrow.flops == pytest.approx(16.94, abs=0.01)


def test_cost_counts_the_pixels_after_the_stride():
    block = bottleneck_init(4, 2, 8, rng=rng())
    full, half = 4 * 2 * 7 * 5, (9 * 2 * 2 + 2 * 8) * 4 * 3
    assert block_cost(block, 7, 5, stride=2).flops == 2 * (full + half)
    _, cache = residual_block_forward(block, np.ones((1, 4, 7, 5)), stride=2)
    multiplications = sum(stage.conv.columns.size * len(stage.conv.W) for stage in cache.stages)
    assert 2 * multiplications == block_cost(block, 7, 5, stride=2).flops


def test_what_is_refused():
    x, block = np.ones((1, 4, 6, 6)), residual_block_init(4, rng=rng())
    with pytest.raises(ValueError, match="strided_skip_forward: channels is 3; expected at least 4"):
        strided_skip_forward(x, channels=3)
    with pytest.raises(ValueError, match="strided_skip_forward: channels is 2; expected at least 4"):
        residual_block_forward(residual_block_init(4, 2, rng=rng()), x)
    with pytest.raises(ValueError, match="strided_skip_forward: stride is 0"):
        strided_skip_forward(x, stride=0)
    with pytest.raises(TypeError, match="strided_skip_forward: stride is 2.0; expected an integer"):
        strided_skip_forward(x, stride=2.0)
    with pytest.raises(
        ValueError, match=r"strided_skip_forward: x has shape \(4, 6, 6\); expected \(N, C, Y, X\)"
    ):
        strided_skip_forward(x[0])
    with pytest.raises(TypeError, match="strided_skip_forward: x holds int64"):
        strided_skip_forward(x.astype(int))
    with pytest.raises(
        ValueError, match=r"strided_skip_backward: dout has shape .*; expected \(1, 4, 3, 3\)"
    ):
        strided_skip_backward(x, strided_skip_forward(x, stride=2)[1])
    with pytest.raises(ValueError, match="residual_block_forward: params is empty"):
        residual_block_forward((), x)
    with pytest.raises(ValueError, match="residual_block_forward: filters have shapes .* with odd K"):
        residual_block_forward(residual_block_init(4, K=2, rng=rng()), x)
    with pytest.raises(ValueError, match="residual_block_forward: stride is 0"):
        residual_block_forward(block, x, stride=0)
    with pytest.raises(ValueError, match="block_cost: Y is 0; expected at least 1"):
        block_cost(block, 0, 3)
    uneven = block[0].conv._replace(W=np.ones((4, 4, 3, 1)))
    with pytest.raises(ValueError, match="block_cost: filters have shapes"):
        block_cost((block[0]._replace(conv=uneven),), 3, 3)


def test_running_statistics_by_their_layers():
    block, x = residual_block_init(2, 3, rng=rng()), 1 + 2 * rng(1).standard_normal((4, 2, 5, 4))
    running = block_running_init(block)
    assert [s.mean.shape for s in running] == [(2,), (3,)] and (running[0].variance == 1).all()
    _, cache = residual_block_forward(block, x)
    running = update_block_running(running, cache, momentum=0.25)
    assert isinstance(running, tuple) and isinstance(running[0], RunningStatistics)
    assert running[0].mean == pytest.approx(0.25 * x.mean(axis=(0, 2, 3)))
    unbiased = x.var(axis=(0, 2, 3)) * 80 / 79
    assert running[0].variance == pytest.approx(0.75 + 0.25 * unbiased)
    h = x
    for stage, fixed in zip(block, running, strict=True):
        h, _ = spatial_batch_norm_forward(stage.norm, h, running=fixed)
        h, _ = conv2d_forward(stage.conv, activation_forward("relu", h)[0], padding=1)
    expected = strided_skip_forward(x, channels=3)[0] + h
    out, test_cache = residual_block_forward(block, x, running=running)
    assert relative_error(out, expected) < 1e-15
    with pytest.raises(ValueError, match="update_running: the cache is of a test pass"):
        update_block_running(running, test_cache)


def test_at_test_time_images_do_not_see_each_other():
    block, x = bottleneck_init(3, 2, rng=rng()), rng(1).standard_normal((5, 3, 4, 4))
    _, cache = residual_block_forward(block, x)
    running = update_block_running(block_running_init(block), cache, momentum=1.0)
    whole, _ = residual_block_forward(block, x, running=running)
    alone, _ = residual_block_forward(block, x[2:3], running=running)
    assert relative_error(whole[2:3], alone) < 1e-15
    # with momentum 1 the estimates are the batch's own, up to 1/(M − 1) in place of 1/M
    assert relative_error(whole, residual_block_forward(block, x)[0]) < 0.05
    single = bottleneck_init(3, 2, rng=rng(), dtype="float32")
    assert block_running_init(single)[0].mean.dtype == "float32"


def test_running_statistics_that_are_refused():
    block, x = residual_block_init(3, rng=rng()), rng(1).standard_normal((2, 3, 4, 4))
    _, cache = residual_block_forward(block, x)
    running = block_running_init(block)
    for call, error, words in (
        (
            lambda: residual_block_forward(block, x, running=running[:1]),
            ValueError,
            "has 1 entries; expected 2",
        ),
        (lambda: residual_block_forward(block, x, running=running[0]), TypeError, "running is ndarray"),
        (
            lambda: residual_block_forward(block, x, running="train"),
            TypeError,
            "running is str; expected tuple",
        ),
        (lambda: update_block_running(running[:1], cache), ValueError, "update_block_running: running has 1"),
        (lambda: update_block_running(running, running), TypeError, "cache is tuple; expected BlockCache"),
        (lambda: update_block_running(running, cache, momentum=0), ValueError, "momentum is 0"),
        (lambda: block_running_init(()), ValueError, "block_running_init: params is empty"),
    ):
        with pytest.raises(error, match=words):
            call()


@pytest.mark.parametrize(
    "function", [lambda p: block_cost(p, 4, 4), block_running_init], ids=["cost", "running"]
)
def test_arrays_of_a_block_are_floats_that_fit(function):
    first, second = residual_block_init(3, 4, rng=rng())
    W, norm = first.conv.W, first.norm
    for bad, error, words in (
        (
            first._replace(conv=first.conv._replace(W=W.astype(int))),
            TypeError,
            r"params\[0\].conv.W holds int64",
        ),
        (first._replace(conv=first.conv._replace(W=W.astype(object))), TypeError, "W holds object"),
        (first._replace(conv=first.conv._replace(W=W.astype("float32"))), TypeError, "precisions are mixed"),
        (first._replace(conv=first.conv._replace(W=W.tolist())), TypeError, "conv.W|list; expected ndarray"),
        (first._replace(norm=NormParams(norm.gamma[:2], norm.beta)), ValueError, r"gamma has shape \(2,\)"),
        (first._replace(norm=NormParams(None, norm.beta)), ValueError, r"norm.gamma has shape \(\)"),
        (first._replace(norm=(1, 2)), TypeError, r"params\[0\].norm is tuple; expected NormParams"),
        (first._replace(conv=first.conv._replace(W=W[:2])), ValueError, "because the stage gets 2 channels"),
        (3, TypeError, r"params\[0\] is int; expected StageParams"),
    ):
        with pytest.raises(error, match=words):
            function((bad, second))
    with pytest.raises(TypeError, match="conv2d_init: initializer is 'he'; expected a function"):
        residual_block_init(3, rng=rng(), initializer="he")
