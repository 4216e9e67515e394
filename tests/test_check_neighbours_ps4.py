"""Problem set 4 is not lectures 5 and 6 again: nothing that they or the library have passes as it stands."""

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, dynamics, gradcheck, initializers, layers, losses, optim
from vgcourse.activations import sigmoid, sigmoid_derivative, tanh_derivative
from vgcourse.check import evaluate, names

PS4 = [name for name in names() if name.startswith("ps4.")]
LIBRARY = public_functions(activations, dynamics, gradcheck, initializers, layers, losses, optim)


@pytest.mark.parametrize("name", PS4)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 100
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lectures' equations, and the library behind a signature that fits -------------------------------


def bottleneck(C, wide, C_out, K, Y, X, stride):
    """(6.17), every weight used once per pixel."""
    weights = C * wide + 9 * wide**2 + wide * C_out
    return weights, weights * Y * X


def library_cost(C, wide, C_out, K, Y, X, stride):
    block = layers.bottleneck_init(C, wide, C_out, rng=np.random.default_rng(0))
    parameters, flop = layers.block_cost(block, Y, X, stride=stride)
    return parameters, flop / 2


def every_pixel_kept(x, dout, stride):
    """(6.15)."""
    out, cache = layers.strided_skip_forward(x, stride=stride, channels=dout.shape[1])
    return out, layers.strided_skip_backward(dout, cache)


def all_rows(x, mask, gamma, beta, eps):
    """(5.1) and (5.2)."""
    y, cache = layers.batch_norm_forward(layers.NormParams(gamma, beta), x, eps=eps)
    return y, cache.x_hat


def all_rows_back(dy, x, mask, gamma, eps):
    """(5.8)."""
    _, cache = layers.batch_norm_forward(layers.NormParams(gamma, 0 * gamma), x, eps=eps)
    dx, grads = layers.batch_norm_backward(dy, cache)
    return dx, grads.gamma, grads.beta


def counted_rows_back(dy, x, mask, gamma, eps):
    """(5.8) for the rows that count, constants for the others."""
    dx, (_, dgamma, dbeta), on = np.zeros_like(x), all_rows_back(dy, x, mask, gamma, eps), mask > 0
    dx[on] = all_rows_back(dy[on], x[on], mask[on], gamma, eps)[0]
    dx[~on] = gamma * dy[~on] / np.sqrt(x[on].var(axis=0) + eps)
    return dx, dgamma, dbeta


def moving(means, variances, sizes, x, gamma, beta, eps):
    """(5.19)."""
    mean, v = np.zeros(means.shape[1]), np.ones(means.shape[1])
    for mu, var, N in zip(means, variances, sizes, strict=True):
        mean, v = 0.9 * mean + 0.1 * mu, 0.9 * v + 0.1 * N / (N - 1) * var
    return mean, v, gamma * (x - mean) / np.sqrt(v + eps) + beta


def layer_norm(dy, x, gamma, eps):
    """(5.16)."""
    _, cache = layers.layer_norm_forward(layers.NormParams(gamma, 0 * gamma), x, eps=eps)
    dx, grads = layers.layer_norm_backward(dy, cache)
    return dx, grads.gamma


def spatial(dy, x, gamma, groups, eps):
    """(5.8) with M = NYX."""
    _, cache = layers.spatial_batch_norm_forward(layers.NormParams(gamma, 0 * gamma), x, eps=eps)
    dx, grads = layers.spatial_batch_norm_backward(dy, cache)
    return dx, grads.gamma, grads.beta


def globally(grads, weights, ratio):
    """(5.22)."""
    return list(optim.clip_by_global_norm(tuple(grads), ratio))


def relative_globally(grads, weights, ratio):
    """(5.22), the threshold from all weights."""
    return list(optim.clip_by_global_norm(tuple(grads), ratio * optim.global_norm(tuple(weights))))


def relu_block(dout, h, W1, W2, scale):
    """The lecture's net_backward, a branch of two matrices in place of one."""
    c = np.maximum(h @ W1.T, 0)
    dz = scale * (dout @ W2) * (c > 0)
    return dout + dz @ W1, dz.T @ h, scale * dout.T @ c, (dout * (c @ W2.T)).sum()


def paths_by_length(dh, Js, carries):
    """The recursion below (6.6)."""
    P = [dh] + [0 * dh] * len(Js)
    for J in reversed(Js):
        P = [P[0]] + [P[k] + P[k - 1] @ J for k in range(1, len(P))]
    return np.array(P)


def one_gate(dout, h, W, b, W_g, b_g, W_k, b_k):
    """(6.7)."""
    z, z_g = h @ W.T + b, h @ W_g.T + b_g
    c, g = np.tanh(z), sigmoid(z_g)
    dz, dz_g = g * tanh_derivative(z) * dout, (c - h) * sigmoid_derivative(z_g) * dout
    dh = dz @ W + dz_g @ W_g + (1 - g) * dout
    return dh, dz.T @ h, dz.sum(0), dz_g.T @ h, dz_g.sum(0), -dz_g.T @ h, -dz_g.sum(0)


def library_gate(dout, h, W, b, W_g, b_g, W_k, b_k):
    _, cache = layers.highway_forward(layers.HighwayParams(W, b, W_g, b_g), h)
    dh, grads = layers.highway_backward(dout, cache)
    return dh, *grads, 0 * W_k, 0 * b_k


def full_convolution(dout, x, W, stride, padding):
    """Every channel's filter for all channels."""
    full = np.broadcast_to(W, (len(W), *W.shape)).copy()
    _, cache = layers.conv2d_forward(layers.ConvParams(full, None), x, stride=stride, padding=padding)
    dx, grads = layers.conv2d_backward(dout, cache)
    return dx, grads.W.sum(axis=0)


def gate_of_the_depth(L):
    """(6.9)."""
    return -np.log(L - 1), np.log(L - 1)


def scale_of_the_depth(h, W1s, W2s):
    """(6.12)."""
    return [len(W1s) ** -0.5] * len(W1s)


def by_length_and_direction(clip):
    """The lecture's check of (5.23), on one array and on a short one."""
    g = np.random.default_rng(0).normal(size=400) * 3
    (kept,), (small,) = clip([g.copy()], 2.0), clip([g / 1e3], 2.0)
    kept = np.asarray(kept)
    cosine = kept @ g / np.linalg.norm(kept) / np.linalg.norm(g)
    lengths = np.isclose(np.linalg.norm(kept), 2.0) and np.allclose(small, g / 1e3)
    return bool(lengths and np.isclose(cosine, 1.0))


COPIED = {
    "ps4.inverted_cost": (bottleneck, library_cost),
    "ps4.pooled_skip": (every_pixel_kept,),
    "ps4.masked_norm_forward": (all_rows,),
    "ps4.masked_norm_backward": (all_rows_back, counted_rows_back),
    "ps4.pooled_statistics": (moving,),
    "ps4.rms_norm_backward": (layer_norm,),
    "ps4.group_norm_backward": (spatial,),
    "ps4.clip_by_unit": (globally, relative_globally),
    "ps4.scaled_block_backward": (relu_block,),
    "ps4.path_gradients": (paths_by_length,),
    "ps4.two_gates_backward": (one_gate, library_gate),
    "ps4.depthwise_backward": (full_convolution,),
    "ps4.two_biases": (gate_of_the_depth,),
    "ps4.mend_blocks": (scale_of_the_depth,),
    "ps4.is_clipping": (by_length_and_direction,),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # dβ is a sum over all rows in every norm.
    all_rows_back: 1 / 3,
    counted_rows_back: 1 / 3,
    spatial: 1 / 3,
    # With stride 1 nothing is averaged: a third of the cases is the same for both skips.
    every_pixel_kept: 1 / 3,
    # The candidate's weights and bias do not know how the old value is kept.
    one_gate: 2 / 7,
    library_gate: 2 / 7,
    # A test of one array is a good beginning.
    by_length_and_direction: 0.6,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS4


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) + 1e-12 < 1, share


@pytest.mark.parametrize("name", PS4)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or what passed."""
    for answer in COPIED[name]:
        assert evaluate(name, answer).findings, answer.__name__


# --- the library used with the idea of the part: these pass, and may -------------------------------------


def running_statistics_of_the_counted(x, mask, gamma, beta, eps):
    """Whoever selects the rows that count and normalises all with their statistics has solved part 3."""
    params, counted = layers.NormParams(gamma, beta), x[mask > 0]
    _, cache = layers.batch_norm_forward(params, counted, eps=eps)
    x_hat = (x - cache.mean) / cache.std
    return gamma * x_hat + beta, x_hat


def a_group_is_a_row(dy, x, gamma, groups, eps):
    """Whoever sees that a group of an image is a row, and puts γ into dy, has solved part 7."""
    rows, ones = x.reshape(len(x) * groups, -1), np.ones(x[0].size // groups)
    _, cache = layers.layer_norm_forward(layers.NormParams(ones, 0 * ones), rows, eps=eps)
    dx, _ = layers.layer_norm_backward((gamma[:, None, None] * dy).reshape(rows.shape), cache)
    dgamma = (dy * cache.x_hat.reshape(x.shape)).sum(axis=(0, 2, 3))
    return dx.reshape(x.shape), dgamma, dy.sum(axis=(0, 2, 3))


def diagonal_convolution(dout, x, W, stride, padding):
    """Whoever sees a depthwise filter as a full one with zeros between the channels has solved part 12."""
    full = np.zeros((len(W), *W.shape))
    channels = np.arange(len(W))
    full[channels, channels] = W
    _, cache = layers.conv2d_forward(layers.ConvParams(full, None), x, stride=stride, padding=padding)
    dx, grads = layers.conv2d_backward(dout, cache)
    return dx, grads.W[channels, channels]


@pytest.mark.parametrize(
    "name, answer",
    [
        ("ps4.masked_norm_forward", running_statistics_of_the_counted),
        ("ps4.group_norm_backward", a_group_is_a_row),
        ("ps4.depthwise_backward", diagonal_convolution),
    ],
)
def test_the_library_used_with_the_idea_of_the_part_passes(name, answer):
    assert evaluate(name, answer, seed=3).share == 1
