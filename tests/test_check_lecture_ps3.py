"""Problem set 3 is not lecture 4 again: nothing that the lecture or the library has passes as it stands."""

import math

import numpy as np
import pytest
from rooms import public_functions

from vgcourse import activations, clinic, dynamics, initializers, layers, losses, mlp, optim
from vgcourse.activations import relu
from vgcourse.check import evaluate, names
from vgcourse.dynamics import gaussian_mean
from vgcourse.initializers import TRUNCATED_STD, orthogonal, variance
from vgcourse.layers import LinearParams
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from vgcourse.mlp import loss_and_gradient, mlp_backward, mlp_forward

PS3 = [name for name in names() if name.startswith("ps3.")]


LIBRARY = public_functions(activations, clinic, dynamics, initializers, layers, losses, mlp, optim)


@pytest.mark.parametrize("name", PS3)
def test_no_function_of_the_library_is_an_answer(name):
    assert len(LIBRARY) > 80
    passed = [label for label, f in LIBRARY.items() if evaluate(name, f).share > 0]
    assert passed == []


# --- the lecture's equations, and the library behind a signature that fits --------------------------------


def three_terms(mean_w, var_w, mean_x, var_x, keep):
    """(4.1) and (4.2)."""
    var = mean_x**2 * var_w + mean_w**2 * var_x + var_w * var_x
    return var, (mean_w * mean_x).sum(), var.sum()


def zero_means(mean_w, var_w, mean_x, var_x, keep):
    """(4.4)."""
    return var_w * var_x, 0.0, (var_w * var_x).sum()


def by_channels(rule, shape, stride):
    """(4.5), (4.6), (4.9): the rules of a layer that connects everything."""
    var = 2 / shape[0] if rule == "he_back" else variance(rule, shape[:2])
    return math.sqrt(var), math.sqrt(3 * var)


def by_the_library(rule, shape, stride):
    """The library's variances, with the window counted: it knows no stride, and no rule for the way back."""
    window = shape[2] * shape[3]
    fans = (window * shape[0], window * shape[1])
    var = variance("he" if rule == "he_back" else rule, fans)
    return math.sqrt(var), math.sqrt(3 * var)


def cut_at_two(std, cut):
    return math.erf(cut / math.sqrt(2)), TRUNCATED_STD, std / TRUNCATED_STD


def a_fair_guess(h, labels, n_classes):
    """(4.20) with zero weights, and the library's gradient there."""
    zero = LinearParams(np.zeros((n_classes, h.shape[1])), np.zeros(n_classes))
    loss, _, grads = loss_and_gradient((zero,), h, labels)
    return np.zeros(n_classes), loss, grads[0].W


def a_guess_by_the_loss(h, labels, n_classes):
    loss, cache = softmax_cross_entropy_forward(np.zeros((len(h), n_classes)), labels)
    return np.zeros(n_classes), loss, softmax_cross_entropy_backward(1.0, cache).T @ h


def half_of_it(s, b):
    """(4.11) to (4.13)."""
    return s / math.sqrt(2 * math.pi), s**2 / 2, s**2 * (0.5 - 0.5 / math.pi), 0.5


def by_integrals(s, b):
    """The library's integral expects a kink at 0; this one is elsewhere."""
    mean, second = (gaussian_mean(lambda z, k=k: relu(z + b) ** k, s**2) for k in (1, 2))
    return mean, second, second - mean**2, gaussian_mean(lambda z: 1.0 * (z + b > 0), s**2)


def relu_net(q0, widths, var_ws, var_bs, leak, keep):
    """(4.3) and (4.11)."""
    var_z, second = [], []
    for n, var_w in zip(widths, var_ws, strict=False):
        var_z.append(n * var_w * (second[-1] if second else q0))
        second.append(var_z[-1] / 2)
    return np.array(var_z), np.array(second)


def by_mean_field(q0, widths, var_ws, var_bs, leak, keep):
    var_z = []
    for n, var_w, var_b in zip(widths, var_ws, var_bs, strict=False):
        size = dict(sigma_w=math.sqrt(n * var_w), sigma_b=math.sqrt(var_b), activation="leaky_relu")
        var_z.append(dynamics.variance_map(var_z[-1], **size) if var_z else n * var_w * q0 + var_b)
    return np.array(var_z), np.array([gaussian_mean(lambda z: relu(z) ** 2, q) for q in var_z])


def without_masks(g, widths, var_ws, slopes, keeps):
    """(4.7) and (4.8)."""
    dz, dx = [], []
    for n, var_w, slope in zip(widths[:0:-1], var_ws[::-1], slopes[::-1], strict=True):
        dz.append(slope * g)
        g = n * var_w * dz[-1]
        dx.append(g)
    return np.array(dz[::-1]), np.array(dx[::-1])


def walk(x, Ws, bs, masks, dh, leak, keep):
    """The lecture's walk through the library's net, whose last layer is linear; leak 0.01, no masks."""
    out, caches = mlp_forward(
        [LinearParams(W, b) for W, b in zip(Ws, bs, strict=True)], x, activation="leaky_relu"
    )
    _, deltas, _ = mlp_backward(dh, caches)
    forward = [np.mean(cache.linear.x**2) for cache in caches]
    return np.array([*forward, np.mean(out**2)]), np.array([np.mean(d**2) for d in deltas])


def layers_of_the_lecture(x, Ws, bs, masks, dh, leak, keep):
    """Section 1's loop: ReLUs, no biases."""
    h, zs, forward = x, [], [np.mean(x**2)]
    for W in Ws:
        zs.append(h @ W.T)
        h = relu(zs[-1])
        forward.append(np.mean(h**2))
    backward = []
    for W, z in zip(Ws[::-1], zs[::-1], strict=True):
        dz = dh * (z > 0)
        backward.append(np.mean(dz**2))
        dh = dz @ W
    return np.array(forward), np.array(backward[::-1])


class Handed(np.random.Generator):
    """A generator that hands out the numbers it was given, so that a rule can be run on them."""

    def __init__(self, A):
        super().__init__(np.random.PCG64(0))
        self.A = A

    def standard_normal(self, size):
        return self.A if self.A.shape == tuple(size) else self.A.T


def rotation(A):
    return orthogonal(A.shape, rng=Handed(A))


def rotation_with_mistaken_twins(A):
    return np.kron(np.eye(2), rotation(A))


def gain_for_tanh(f, df, depth):
    """(4.16) for tanh."""
    return 1 / math.sqrt(gaussian_mean(lambda z: np.tanh(z) ** 2))


def gain_for_one_layer(f, df, depth):
    """(4.16) for the activation at hand."""
    return 1 / math.sqrt(gaussian_mean(lambda z: f(z) ** 2))


def he_factors(x, Ws, masks, leak, keep):
    """He's rule: ν = 2."""
    return [math.sqrt(variance("he", W.shape) / W.var()) for W in Ws]


def glorot_factors(x, Ws, masks, leak, keep):
    return [math.sqrt(variance("glorot", W.shape) / W.var()) for W in Ws]


def right_variance(draw):
    """(4.3) for one shape: the variance and nothing else."""
    W = np.asarray(draw((100, 400), np.random.default_rng(0)))
    return W.shape == (100, 400) and abs(W.var() - variance("he", (100, 400))) < 0.1 * 2 / 400


def right_signal(draw):
    """(4.7), (4.8): a layer keeps the size of a signal."""
    W = np.asarray(draw((300, 300), np.random.default_rng(0)))
    x = np.random.default_rng(1).normal(size=(200, 300))
    return abs(np.mean(relu(x @ W.T) ** 2) - 1) < 0.2


COPIED = {
    "ps3.product_moments": (three_terms, zero_means),
    "ps3.kernel_scale": (by_channels, by_the_library),
    "ps3.truncated_normal": (cut_at_two,),
    "ps3.best_bias": (a_fair_guess, a_guess_by_the_loss),
    "ps3.relu_moments": (half_of_it, by_integrals),
    "ps3.forward_variances": (relu_net, by_mean_field),
    "ps3.backward_variances": (without_masks,),
    "ps3.layer_moments": (walk, layers_of_the_lecture),
    "ps3.looks_linear": (rotation, rotation_with_mistaken_twins),
    "ps3.is_he": (right_variance, right_signal),
    "ps3.level_gain": (gain_for_tanh, gain_for_one_layer),
    "ps3.rescue": (he_factors, glorot_factors),
}
# What a copied line may earn at most, where a part of the answer is the lecture's by intention.
EARNS = {
    # Dropout keeps the mean: that is what its division by p is for.
    three_terms: 1 / 3,
    # The fan-in of a window serves three of the five rules; stride and way back are the part's question.
    by_the_library: 6 / 10,
    # The share that is kept is a table's; the two factors are asked for at every cut.
    cut_at_two: 1 / 3,
    # The integral finds the smooth part of the moments.
    by_integrals: 0.5,
    # A test of one shape is a good beginning.
    right_variance: 0.71,
    right_signal: 0.48,
}


def test_every_part_is_tried():
    assert list(COPIED) == PS3


@pytest.mark.parametrize("name, answer", [(name, f) for name, group in COPIED.items() for f in group])
def test_a_copied_line_does_not_pass(name, answer):
    for seed in (0, 7):
        share = evaluate(name, answer, seed=seed).share
        assert share <= EARNS.get(answer, 0) < 1, share


@pytest.mark.parametrize("name", PS3)
def test_a_copied_line_is_told_from_an_answer(name):
    """The checker says something of each: a mistake by its name, or where it is wrong."""
    for answer in COPIED[name]:
        told = evaluate(name, answer).findings
        assert told or answer is by_integrals, answer.__name__  # there the table shows small errors
