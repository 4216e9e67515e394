"""Problem set 1 is not lecture 1 again: nothing that the lecture or the library has passes as it stands."""

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, gradcheck, layers, losses, mlp
from vgcourse.activations import ACTIVATIONS, maxout_derivative, sigmoid, sigmoid_derivative
from vgcourse.check import evaluate, names
from vgcourse.gradcheck import check_gradients, numerical_gradient, relative_error
from vgcourse.layers import LinearCache, LinearParams, linear_backward
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.mlp import ActivationCache, MLPCache, mlp_backward

PS1 = [name for name in names() if name.startswith("ps1.")]


LIBRARY = public_functions(activations, gradcheck, layers, losses, mlp)


@pytest.mark.parametrize("name", PS1)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 40
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lecture's equations, and the library behind a signature that fits --------------------------------


def slopes_of_the_library(name, z):
    return maxout_derivative(z) if name == "maxout" else ACTIVATIONS[name].derivative(z)


def slopes_of_the_lecture(name, z):
    """(1.2) whatever the name: silu counts as a sigmoid."""
    return sigmoid_derivative(z) if name == "silu" else slopes_of_the_library(name, z)


def four_weights(x, t, w):
    """(1.1) to (1.5)."""
    z1 = w[0] * x
    z2 = w[1] * sigmoid(z1)
    z3 = w[2] * sigmoid(z2)
    y = w[3] * sigmoid(z3)
    d3 = 2 * (y - t) * w[3] * sigmoid_derivative(z3)
    d2 = d3 * w[2] * sigmoid_derivative(z2)
    d1 = d2 * w[1] * sigmoid_derivative(z1)
    return (y - t) ** 2, d1 * x, d2 * sigmoid(z1), d3 * sigmoid(z2), 2 * (y - t) * sigmoid(z3)


def five_factors(x, t, w1, w2):
    """(1.13) to (1.15)."""
    h = sigmoid(w1 * x)
    y = sigmoid(w2 * h)
    factors = (y - t) / (y * (1 - y)), y * (1 - y), np.full_like(x, w2), h * (1 - h), x
    return *factors, np.prod(factors, axis=0).mean()


def merged_factors(x, t, w1, w2):
    """(1.16) as the first factor."""
    _, *others, _ = five_factors(x, t, w1, w2)
    factors = (sigmoid(w2 * sigmoid(w1 * x)) - t, *others)
    return *factors, np.prod(factors, axis=0).mean()


def a_row_per_example(dz, x, W):
    """(1.22)."""
    return dz @ W, dz.T @ x, dz.sum(axis=0)


def linear_layer(dz, x, W):
    dx, grads = linear_backward(dz, LinearCache(W, x))
    return dx, grads.W, grads.b


def label_cross_entropy(z, targets, temperature):
    """(1.23) and (1.24), with the largest target as the label."""
    labels = targets.argmax(axis=1)
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dz = np.exp(log_p) - np.eye(z.shape[1])[labels]
    return -log_p[np.arange(len(z)), labels].mean(), dz / len(z)


def softmax_layer(z, targets, temperature):
    loss, cache = softmax_cross_entropy_forward(z, targets.argmax(axis=1))
    return loss, softmax_cross_entropy_backward(1.0, cache)


def softmax_layer_at_the_temperature(z, targets, temperature):
    return softmax_layer(z / temperature, targets, temperature)


def one_path(dy, x, z, W1, W2, W3):
    """The hidden layer of a plain net; (1.6) is what it lacks."""
    dz = (dy @ W2) * (z > 0)
    return dz @ W1, dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x


def error_signals(dh, hs, Ws):
    """(1.20) with f' at what is given, as the lecture's line reads if hs is taken for zs."""
    deltas, delta = [], dh / np.cosh(hs[-1]) ** 2
    for l in reversed(range(len(Ws))):
        deltas.insert(0, delta)
        if l:
            delta = (delta @ Ws[l]) / np.cosh(hs[l]) ** 2
    pairs = list(zip(deltas, hs, strict=False))
    return deltas, [d.T @ h for d, h in pairs], [d.sum(axis=0) for d, _ in pairs]


def deep_net(dh, hs, Ws):
    """The library's backward pass; its last layer is linear, and it wants pre-activations."""
    caches = [
        MLPCache(LinearCache(W, h), ActivationCache("tanh", out))
        for W, h, out in zip(Ws, hs, hs[1:], strict=False)
    ]
    _, deltas, grads = mlp_backward(dh, caches)
    return deltas, [g.W for g in grads], [g.b for g in grads]


def plain_jacobian(zs, Ws, v):
    """(1.17) and (1.18)."""
    J = np.eye(len(v))
    for z, W in zip(zs, Ws, strict=True):
        J = np.diag(1 / np.cosh(z) ** 2) @ W @ J
    return J, v @ J


def two_points(f, x, step=1e-3):
    """(1.7)."""
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        out[i] = (f(x + e) - f(x - e)) / (2 * step)
    return out


def by_gradient_check(backward):
    """The library's gradient check, at one point: W and b at once, along two directions."""
    rng = np.random.default_rng(0)
    dz, x, W = rng.normal(size=(2, 3)), rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    _, dW, db = backward(dz, x, W)

    def loss(params):
        return np.sum(dz * (params.W @ x + params.b[:, None]))

    return check_gradients(loss, LinearParams(W, np.zeros(2)), LinearParams(dW, db), rng=rng).ok


def by_relative_error(backward):
    """(1.8) for one call."""
    rng = np.random.default_rng(0)
    dz, x, W = rng.normal(size=(2, 3)), rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
    return all(
        relative_error(a, b) < 1e-5
        for a, b in zip(backward(dz, x, W), (W.T @ dz, dz @ x.T, dz.sum(axis=1)), strict=True)
    )


COPIED = {
    "ps1.activation_derivative": (slopes_of_the_library, slopes_of_the_lecture),
    "ps1.four_weight_net": (four_weights,),
    "ps1.five_factors": (five_factors, merged_factors),
    "ps1.linear_backward": (a_row_per_example, linear_layer),
    "ps1.softmax_cross_entropy": (label_cross_entropy, softmax_layer, softmax_layer_at_the_temperature),
    "ps1.two_paths_backward": (one_path,),
    "ps1.deep_backward": (error_signals, deep_net),
    "ps1.chain_jacobian": (plain_jacobian,),
    "ps1.numerical_gradient": (two_points, numerical_gradient),
    "ps1.is_right": (by_gradient_check, by_relative_error),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # Six of the seven slopes are in the library, under the same names; silu and its product rule are not.
    slopes_of_the_library: 6 / 7,
    slopes_of_the_lecture: 6 / 7,
    # The loss and ∂z/∂h, ∂z/∂w belong to every net of two weights.
    five_factors: 2 / 6,
    merged_factors: 2 / 6,
    # The hidden path is right; the part asks what happens where the direct one joins it.
    one_path: 3 / 4,
    # A test of one call is a good beginning: it finds what shows at one size (the other: of W and b only).
    by_relative_error: 0.61,
    by_gradient_check: 0.35,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS1


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) < 1, share


@pytest.mark.parametrize("name", PS1)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or what passed."""
    for answer in COPIED[name]:
        assert evaluate(name, answer).findings, answer.__name__
