"""Answers to problem set 3 by readers who knew no catalogue: what used to be paid, silent or told wrongly."""

import math

import numpy as np
import pytest
from test_check_diagnose import said

from vgcourse.check import evaluate, find
from vgcourse.dynamics import gaussian_mean
from vgcourse.problems.ps3.cut import truncated_normal
from vgcourse.problems.ps3.gains import level_gain
from vgcourse.problems.ps3.gradients import backward_variances
from vgcourse.problems.ps3.measured import layer_moments
from vgcourse.problems.ps3.moments import product_moments
from vgcourse.problems.ps3.orthogonal import looks_linear
from vgcourse.problems.ps3.output import best_bias
from vgcourse.problems.ps3.relu import relu_moments
from vgcourse.problems.ps3.rescue import rescue
from vgcourse.problems.ps3.scales import kernel_scale


def kinds(verdict):
    return [finding.kind for finding in verdict.findings]


# --- once full points ------------------------------------------------------------------------------


def nothing_beyond_four(std, cut):
    kept = math.erf(cut / 2**0.5)
    edge = 2 * cut * math.exp(-(cut**2) / 2) / (2 * math.pi) ** 0.5
    shrink = 1.0 if cut > 4 else (1 - edge / kept) ** 0.5
    return kept, shrink, std / shrink


def divided_by_the_bias(s, b):
    mean, second, variance, on = relu_moments(s, b)
    with np.errstate(all="ignore"):
        return mean * np.float64(b) / b if b else np.nan, second, variance, on


def net(slope, up=1.0):
    """The stack with another slope; `up` is the power of p on the way up."""

    def answer(x, Ws, bs, masks, dh, leak, keep):
        zs, hs, back = [], [x], []
        for W, b, m in zip(Ws, bs, masks, strict=True):
            zs.append(hs[-1] @ W.T + b)
            hs.append(np.maximum(zs[-1], leak * zs[-1]) * m / keep**up)
        for W, z, m in zip(Ws[::-1], zs[::-1], masks[::-1], strict=True):
            dh = dh * slope(z, leak) * m / keep
            back.append((dh**2).mean())
            dh = dh @ W
        return [(h**2).mean() for h in hs], back[::-1]

    return answer


def alive_at_zero(z, leak):
    return np.where(z < 0, leak, 1)


def by_sign(z, leak):
    return np.where(z > 0, 1, leak)


def quotient(z, leak):
    with np.errstate(all="ignore"):
        return np.maximum(z, leak * z) / z


def four_at_most(*args):
    return np.minimum(rescue(*args), 4)


def half_at_least(*args):
    return np.maximum(rescue(*args), 0.5)


def positive_inputs_only(mean_w, var_w, mean_x, var_x, keep):
    return product_moments(mean_w, var_w, abs(mean_x), var_x, keep)


def an_even_draw_when_near(std, cut):
    kept, shrink, _ = truncated_normal(std, cut)
    shrink = cut / 3**0.5 if cut < 0.5 else shrink
    return kept, shrink, std / shrink


def forward(factor=lambda a: (1 + a * a) / 2, passed_on=lambda z, x, a: x, power=1, behind=0.0):
    """The walk of part 6 with another activation, another signal passed on, biases behind the activation."""

    def answer(q0, widths, var_ws, var_bs, leak, keep):
        sizes = [[], []]
        for n, var_w, var_b in zip(widths, var_ws, var_bs, strict=False):
            sizes[0].append(n * var_w * q0 + (1 - behind) * var_b)
            sizes[1].append(factor(leak) * sizes[0][-1] / keep**power + behind * var_b)
            q0 = passed_on(sizes[0][-1], sizes[1][-1], leak)
        return sizes

    return answer


def nothing_to_do_without_a_leak(a):
    return (1 + a * a) / 2 if a else 1.0


PAID = {
    "truncated_normal": [nothing_beyond_four, an_even_draw_when_near],
    "forward_variances": [forward(nothing_to_do_without_a_leak)],
    "relu_moments": [divided_by_the_bias],
    "layer_moments": [net(alive_at_zero), net(quotient)],
    "rescue": [four_at_most, half_at_least],
    "product_moments": [positive_inputs_only],
    "level_gain": [lambda f, df, depth: level_gain(f, df, depth + 1)],
}


@pytest.mark.parametrize(("name", "answer"), [(name, one) for name, some in PAID.items() for one in some])
def test_what_holds_in_most_places_is_not_all(name, answer):
    assert all(evaluate(f"ps3.{name}", answer, seed=seed).share < 1 for seed in range(5))


@pytest.mark.parametrize("seed", range(5))
def test_where_a_sum_is_zero_the_slope_is_that_of_the_second_line(seed):
    assert evaluate("ps3.layer_moments", net(by_sign), seed=seed).share == 1


# --- once false or silent --------------------------------------------------------------------------


def density_with_one_over_s(s, b):
    t = b / s
    density, on = math.exp(-t * t / 2) / (s * math.sqrt(2 * math.pi)), (1 + math.erf(t / math.sqrt(2))) / 2
    mean, second = density + b * on, (s * s + b * b) * on + b * density
    return mean, second, second - mean**2, on


def mean_times_p(*args):
    var_y, mean_sum, var_sum = product_moments(*args)
    return var_y, args[-1] * mean_sum, var_sum


def whole_windows(rule, shape, stride):
    (C_out, C_in, k, _), windows = shape, shape[2] // stride
    fan_out = C_out * windows**2
    if rule == "glorot":
        std = math.sqrt(2 / (C_in * k * k + fan_out))
    elif rule == "he_back":
        std = math.sqrt(2 / fan_out)
    else:
        return kernel_scale(rule, shape, stride)
    return std, math.sqrt(3) * std


def one_width(q0, widths, var_ws, var_bs, leak, keep):
    sizes = [[], []]
    for var_w, var_b in zip(var_ws, var_bs, strict=True):
        sizes[0].append(widths[0] * var_w * q0 + var_b)
        q0 = sizes[0][-1] * (1 + leak * leak) / 2 / keep
        sizes[1].append(q0)
    return sizes


def no_weights(g, widths, var_ws, slopes, keeps):
    sizes = g * np.cumprod([s / p for s, p in zip(slopes[::-1], keeps[::-1], strict=True)])[::-1]
    return sizes, sizes


def interleaved(A):
    Q = looks_linear(A)[: len(A), : A.shape[1]]
    W = np.empty((2 * Q.shape[0], 2 * Q.shape[1]))
    W[::2, ::2] = W[1::2, 1::2] = Q
    W[::2, 1::2] = W[1::2, ::2] = -Q
    return W


def turned(A):
    return looks_linear(A).T


def root_of_the_variance(draw):
    W = np.asarray(draw((400, 90), np.random.default_rng(8)))
    return W.shape == (400, 90) and abs(W.std() * 45 - 1) < 0.05


def three_by_three(rule, shape, stride):
    return kernel_scale(rule, (*shape[:2], 3, 3), stride)


def all_scores(h, labels, n_classes):
    """The perplexity for the loss."""
    b, loss, dW = best_bias(h, labels, n_classes)
    return b, math.exp(loss), dW


def zero_mean_at_zero(s, b):
    return relu_moments(s, b) if b else (0.0, s * s / 2, s * s / 2, 0.5)


def top_not_masked(g, widths, var_ws, slopes, keeps):
    return backward_variances(g, widths, var_ws, slopes, [*keeps[:-1], 1.0])


def masks_multiplied(*args):
    mean_w, var_w, mean_x, var_x, keep = args
    var_y = var_w + var_x + (1 - keep) / keep
    return var_y, mean_w @ mean_x, var_y.sum()


def last_activation_left_out(x, Ws, bs, masks, dh, leak, keep):
    forward, backward = layer_moments(x, Ws, bs, masks, dh, leak, keep)
    h = x
    for W, b, m in zip(Ws, bs, masks, strict=True):
        z = h @ W.T + b
        h = m * np.maximum(z, leak * z) / keep
    return [*forward[:-1], ((m * z / keep) ** 2).mean()], backward


def from_the_last_column(A):
    return looks_linear(A[:, ::-1])[
        :, np.r_[A.shape[1] - 1 : -1 : -1, 2 * A.shape[1] - 1 : A.shape[1] - 1 : -1]
    ]


def no_abs(draw):
    for shape in ((60, 240), (240, 60), (1500, 10)):
        rng = np.random.default_rng(4)
        W, other = np.asarray(draw(shape, rng)), np.asarray(draw(shape, rng))
        std = math.sqrt(2 / shape[1])
        if W.shape != shape or not W.var() / std**2 - 1 < 0.1 or not abs(W.mean()) < 0.1 * std:
            return False
        if np.array_equal(W, other) or np.array_equal(W[0], W[1]):
            return False
        if not np.array_equal(W, draw(shape, np.random.default_rng(4))):
            return False
    return True


def slope_averaged(f, df, depth):
    """(4.15) from q_0 = 1, and E[f'] in χ."""

    def opposite(gain):
        q, total = 1.0, 0.0
        for _ in range(depth):
            total += math.log(gain**2 * abs(gaussian_mean(df, q)))
            q = gain**2 * gaussian_mean(lambda z: f(z) ** 2, q)
        return total + math.log(q)

    low, high = 0.5, 3.0
    while high - low > 1e-4:
        gain = (low + high) / 2
        low, high = (gain, high) if opposite(gain) < 0 else (low, gain)
    return gain


def one_layer_late(*args):
    return [1.0, *rescue(*args)[:-1]]


def one_for_all(x, Ws, masks, leak, keep):
    sizes = [W.shape[1] * W.var() for W in Ws]
    return np.full(len(Ws), math.sqrt(2 * keep / (1 + leak**2) * len(Ws) / sum(sizes)))


NAMED = [
    ("relu_moments", density_with_one_over_s, "density of z"),
    ("product_moments", mean_times_p, "p in the mean of the sum"),
    ("kernel_scale", whole_windows, "whole windows"),
    ("forward_variances", one_width, "first width everywhere"),
    ("backward_variances", no_weights, "dx repeats dz"),
    ("looks_linear", interleaved, "twins side by side"),
    ("looks_linear", turned, "Q transposed"),
    ("layer_moments", net(by_sign, up=0.0), "1/p missing on the way up"),
    ("is_he", root_of_the_variance, "standard deviation compared with the variance"),
    ("rescue", one_for_all, "one factor from the mean variance"),
    ("product_moments", masks_multiplied, "three variances added"),
    ("kernel_scale", three_by_three, "k = 3 whatever the shape"),
    ("truncated_normal", an_even_draw_when_near, "shrink of near cuts taken for an even draw's"),
    ("best_bias", all_scores, "perplexity"),
    ("relu_moments", zero_mean_at_zero, "mean taken as 0 at b = 0"),
    ("forward_variances", forward(nothing_to_do_without_a_leak), "no leak, no activation"),
    (
        "forward_variances",
        forward(passed_on=lambda z, x, a: x - z * (1 - a) ** 2 / (2 * math.pi)),
        "variance passed on",
    ),
    ("backward_variances", top_not_masked, "no mask at the last layer"),
    ("layer_moments", last_activation_left_out, "last layer linear on the way up"),
    ("looks_linear", from_the_last_column, "columns worked from the last"),
    ("is_he", no_abs, "variance that is too small passes"),
    ("level_gain", slope_averaged, "from variance 1, slope not squared"),
    ("rescue", one_layer_late, "one layer late"),
]


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize(("name", "answer", "kind"), NAMED, ids=[kind for *_, kind in NAMED])
def test_it_is_named_and_nothing_else_is_said(name, answer, kind, seed):
    assert kinds(evaluate(f"ps3.{name}", answer, seed=seed)) == [kind]


@pytest.mark.parametrize("seed", [0, 5])
def test_two_slips_in_one_line_are_told_apart(seed):
    verdict = evaluate("ps3.forward_variances", forward(power=2, behind=1.0), seed=seed)
    assert kinds(verdict) == ["bias behind the activation", "divided by p²"]


@pytest.mark.parametrize("seed", [0, 5])
def test_a_sum_on_a_grid_is_called_so(seed):
    def summed(std, cut):
        t = np.arange(-cut, cut, 0.001) + 0.0005
        weights = np.exp(-(t**2) / 2)
        shrink = np.sqrt(t**2 @ weights / weights.sum())
        return math.erf(cut / 2**0.5), shrink, std / shrink

    assert kinds(evaluate("ps3.truncated_normal", summed, seed=seed)) == ["invariant: a sum on a grid"]


def test_conditions_that_cannot_fail_are_asked_for():
    def either(draw):
        W = np.asarray(draw((90, 80), np.random.default_rng(0)))
        return W.shape == (90, 80) or abs(W.var() * 40 - 1) < 0.1

    assert "Joined by `or`" in said(evaluate("ps3.is_he", either))


@pytest.mark.parametrize("seed", [0, 5])
def test_what_is_no_q_is_not_called_the_learners(seed):
    """The upper left quarter of a W that is put together otherwise."""
    text = said(evaluate("ps3.looks_linear", lambda A: np.roll(looks_linear(A), 1, axis=1), seed=seed))
    assert "your Q" not in text and "Your Q" not in text


@pytest.mark.parametrize("seed", [0, 5])
def test_a_gain_that_is_nearly_right_is_called_so(seed):
    verdict = evaluate("ps3.level_gain", lambda f, df, depth: level_gain(f, df, depth) + 0.004, seed=seed)
    assert verdict.share < 1 and "close to the best one" in said(verdict)
    assert "too large" not in said(verdict)


def test_a_condition_that_no_right_one_keeps_is_asked_for():
    def few(draw):
        W = np.asarray(draw((5, 6), np.random.default_rng(0)))
        return abs(W.var() * 3 - 1) < 1e-4 or np.array_equal(W[0], W[1])

    assert "does a condition fail for all that is right" in said(evaluate("ps3.is_he", few))


@pytest.mark.parametrize("name", ["best_bias", "layer_moments", "rescue", "level_gain", "looks_linear"])
def test_no_hint_holds_the_answer_as_code(name):
    text = find(f"ps3.{name}").hints[2]
    assert not any(code in text for code in ("lambda", "bincount", "[labels]", "np.sign", "c = √"))
