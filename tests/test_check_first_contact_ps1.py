"""Answers to problem set 1 once named wrongly, paid in full, refused, or told too little about."""

import numpy as np
import pytest

from vgcourse.check import evaluate, find
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.ps1.checking import numerical_gradient
from vgcourse.problems.ps1.dense import linear_backward, two_paths_backward
from vgcourse.problems.ps1.depth import chain_jacobian, deep_backward
from vgcourse.problems.ps1.factors import five_factors
from vgcourse.problems.ps1.scalars import four_weight_net
from vgcourse.problems.ps1.slopes import activation_derivative
from vgcourse.problems.ps1.softmax import softmax_cross_entropy
from vgcourse.problems.ps1.testers import tester as by_one_test


def kinds(name, answer, **options):
    return [finding.kind for finding in evaluate(name, answer, **options).findings]


def said(name, answer):
    return " ".join(finding.text for finding in evaluate(name, answer).findings)


def slopes(**others):
    """The seven slopes, some of them exchanged."""
    return lambda name, z: others[name](z) if name in others else activation_derivative(name, z)


def sigma(z):
    return 1 / (1 + np.exp(-z))


# --- false statements ------------------------------------------------------------------------------

FALSE = {
    "N times where no mean is missing": (
        "ps1.linear_backward",
        lambda dz, x, W: (len(dz.T) * W.T @ dz, dz @ x.T, dz.sum(axis=1)),
        "the mean over the batch is missing",
    ),
    "one slope turned round, dw4 right": (
        "ps1.four_weight_net",
        edited(four_weight_net, (), edit("(1 - h3**2)", "(h3**2 - 1)")),
        "All gradients have the wrong sign",
    ),
    "halved below dw4": (
        "ps1.four_weight_net",
        edited(four_weight_net, (), edit("dy * w4", "dy * w4 / 2")),
        "the factor 2 is missing",
    ),
    "dw1 alone": (
        "ps1.five_factors",
        edited(five_factors, (), edit("(dL_dy *", "((y - t) *")),
        "Your first factor is",
    ),
    "a slope turned round": (
        "ps1.five_factors",
        edited(five_factors, (), edit("1 - h**2", "h**2 - 1")),
        "∂L/∂y",
    ),
    "two factors in one, nothing twice": (
        "ps1.five_factors",
        edited(five_factors, (), edit("2 * (y - t)", "y - t", "y * (1 - y)", "np.ones(len(x))")),
        "counts twice",
    ),
    "layers transposed": (
        "ps1.chain_jacobian",
        edited(chain_jacobian, (), edit("layer @ J", "layer.T @ J")),
        "starts with the first layer",
    ),
    "the layer below": (
        "ps1.deep_backward",
        edited(deep_backward, (), edit("delta.T @ hs[l]", "delta.T @ hs[l - 1]")),
        "all use hs[0]",
    ),
    "a mean subtracted": (
        "ps1.softmax_cross_entropy",
        edited(softmax_cross_entropy, (), edit("s.max(axis=1", "s.mean(axis=1")),
        "p has rounded to 0",
    ),
    "a step of its own": (
        "ps1.numerical_gradient",
        edited(numerical_gradient, (), edit("e[i] = step", "step = 1e-3\n        e[i] = step")),
        "at ε/2",
    ),
}


@pytest.mark.parametrize("kind", FALSE)
def test_nothing_false_is_said(kind):
    name, answer, false = FALSE[kind]
    assert evaluate(name, answer).share < 1 and false not in said(name, answer)


# --- wrong in a corner -----------------------------------------------------------------------------


def divided_by_weights(x, t, w):
    loss, dw1, _, _, dw4 = four_weight_net(x, t, w)
    h1 = np.tanh(w[0] * x)
    h2 = np.tanh(w[1] * h1)
    dw2 = dw1 * h1 / (np.float64(w[1]) * (1 - h1**2) * x)
    return loss, dw1, dw2, dw2 * h2 / (np.float64(w[2]) * (1 - h2**2) * h1), dw4


def ratio_for_mask(dy, x, z, W1, W2, W3):
    h = np.maximum(z, 0)
    dz = (dy @ W2) * (h / z)
    return dz @ W1 + dy @ W3, dz.T @ x, dy.T @ h, dy.T @ x


def one_row_at_a_time(f, x, step=1e-3):
    """Two loops, over rows and columns."""
    gradient = np.zeros_like(np.atleast_2d(x))
    for i, j in np.ndindex(gradient.shape[:2]):
        e = np.zeros_like(gradient)
        e[i, j] = step
        e = e.reshape(x.shape)
        gradient[i, j] = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * step)
    return gradient.reshape(x.shape)


CORNERS = {
    "a weight is 0": ("ps1.four_weight_net", divided_by_weights),
    "z is 0": ("ps1.two_paths_backward", ratio_for_mask),
    "three axes": ("ps1.numerical_gradient", one_row_at_a_time),
    "N is 1": (
        "ps1.five_factors",
        lambda *args: tuple(np.squeeze(factor) for factor in five_factors(*args)),
    ),
    "H and D are 1": (
        "ps1.linear_backward",
        lambda dz, x, W: (W.T @ dz, (dz @ x.T).squeeze(), dz.sum(axis=1)),
    ),
    "H is 1": ("ps1.linear_backward", lambda *args: (*linear_backward(*args)[:2], args[0].sum(1).squeeze())),
    "C and H are 1": (
        "ps1.two_paths_backward",
        lambda *args: (*two_paths_backward(*args)[:3], (args[0].T @ args[1]).squeeze()),
    ),
    "one unit of a maxout": (
        "ps1.activation_derivative",
        slopes(maxout=lambda z: (z == z.max(axis=2, keepdims=True)) * 1.0),
    ),
    "one axis": (
        "ps1.activation_derivative",
        slopes(tanh=lambda z: np.array([[1 - np.tanh(entry) ** 2 for entry in row] for row in z])),
    ),
    "one layer": ("ps1.deep_backward", lambda dh, hs, Ws: deep_backward(dh, hs, Ws) if Ws[1:] else None),
    "one unit": (
        "ps1.chain_jacobian",
        lambda *args: tuple(np.squeeze(part) for part in chain_jacobian(*args)),
    ),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("seed", range(5))
def test_a_corner_costs_points(corner, seed):
    name, answer = CORNERS[corner]
    assert evaluate(name, answer, seed=seed).share < 1


# --- right answers ---------------------------------------------------------------------------------


def at_the_kink(slope):
    return edited(two_paths_backward, (), edit("(z > 0)", slope))


RIGHT = {
    "numbers in arrays": (
        "ps1.four_weight_net",
        lambda *args: tuple(np.array([number]) for number in four_weight_net(*args)),
    ),
    "a loss in an array": (
        "ps1.softmax_cross_entropy",
        lambda *args: (np.full((1, 1), softmax_cross_entropy(*args)[0]), softmax_cross_entropy(*args)[1]),
    ),
    "dw1 in an array": (
        "ps1.five_factors",
        lambda *args: (*five_factors(*args)[:5], np.array(five_factors(*args)[5:])),
    ),
    "1 at the kink": ("ps1.two_paths_backward", at_the_kink("(z >= 0)")),
    "½ at the kink": ("ps1.two_paths_backward", at_the_kink("np.heaviside(z, 0.5)")),
}


@pytest.mark.parametrize("kind", RIGHT)
@pytest.mark.parametrize("seed", range(3))
def test_a_right_answer_is_accepted(kind, seed):
    name, answer = RIGHT[kind]
    assert evaluate(name, answer, seed=seed).share == 1


# --- slips that had no name ------------------------------------------------------------------------


def net(*changes):
    return edited(four_weight_net, (), edit(*changes))


def with_h3_divided(x, t, w):
    h1 = np.tanh(w[0] * x)
    h2 = np.tanh(w[1] * h1)
    h3 = np.tanh(w[2] * h2)
    loss, _, _, _, dw4 = four_weight_net(x, t, w)
    dw3 = dw4 / h3 * w[3] * (1 - h3**2) * h2
    dw2 = dw3 / h2 * w[2] * (1 - h2**2) * h1
    return loss, dw2 / h1 * w[1] * (1 - h1**2) * x, dw2, dw3, dw4


def softened_targets(z, targets, temperature):
    t = targets ** (1 / temperature)
    return softmax_cross_entropy(z, t / t.sum(axis=1, keepdims=True), temperature)


def without_the_first_slope(dh, hs, Ws):
    deltas = []
    for l in reversed(range(len(Ws))):
        deltas.insert(0, dh * (1 - hs[l + 1]) if l else dh)
        dh = deltas[0] @ Ws[l]
    pairs = list(zip(deltas, hs, strict=False))
    return deltas, [d.T @ h for d, h in pairs], [d.sum(axis=0) for d in deltas]


def central(f, x, e):
    return (f(x + e) - f(x - e)) / (2 * e.sum())


def combination_without_its_bracket(f, x, step=1e-3):
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        gradient[i] = 4 * central(f, x, e) - central(f, x, 2 * e) / 3
    return gradient


def through_a_copy(f, x, step=1e-3):
    gradient = np.zeros(x.size)
    for k in range(x.size):
        values = {}
        for by in (-2, -1, 1, 2):
            moved = np.copy(x)
            moved.ravel()[k] += by * step
            values[by] = f(moved)
        gradient[k] = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * step)
    return gradient.reshape(x.shape)


NAMED = [
    ("ps1.four_weight_net", net("dy * w4", "dy"), ["w₄ forgotten on the way back"]),
    ("ps1.four_weight_net", net(" * (1 - h3**2)", ""), ["tanh' of layer 3 missing"]),
    ("ps1.four_weight_net", net("dz1 * x", "dz1"), ["x missing in dw1"]),
    ("ps1.four_weight_net", net("dz1 * x", "dz1 * h1"), ["h₁ in place of x"]),
    ("ps1.four_weight_net", net("dz3 * w3", "dw3 * w3", "dz2 * w2", "dw2 * w2"), ["dw handed down"]),
    ("ps1.four_weight_net", net("y = w4 * h3", "y = sigmoid(w4 * h3)"), ["sigmoid at the output"]),
    (
        "ps1.activation_derivative",
        slopes(silu=lambda z: sigma(z) ** 2 * sigma(-z), elu=lambda z: np.where(z > 0, 1, z + 1)),
        ["silu, σ times σ'", "elu, z for its value"],
    ),
    (
        "ps1.activation_derivative",
        slopes(softplus=lambda z: np.log1p(np.exp(z)), maxout=lambda z: (z == z.max(axis=0)) * 1.0),
        ["softplus itself", "maximum over the first axis"],
    ),
    (
        "ps1.five_factors",
        edited(five_factors, (), edit("2 * (y - t)", "2 * (t - y)", " * dz2_dh * ", " * ")),
        ["sign of the loss", "third factor left out"],
    ),
    (
        "ps1.linear_backward",
        lambda dz, x, W: (W.T @ dz, dz[:, 1:] @ x[:, 1:].T, dz[:, 1:].sum(axis=1)),
        ["first example left out of dW and db"],
    ),
    (
        "ps1.deep_backward",
        edited(deep_backward, (), edit("(1 - hs", "(1 + hs", "delta.sum", "delta.mean")),
        ["1 + h²", "db averaged over the batch"],
    ),
    (
        "ps1.softmax_cross_entropy",
        edited(softmax_cross_entropy, (), edit("* log_p", "* log_p / np.log(2)")),
        ["base 2"],
    ),
    (
        "ps1.chain_jacobian",
        edited(chain_jacobian, (), edit("1 - np.tanh(z) ** 2", "np.tanh(z)")),
        ["tanh for its slope"],
    ),
    ("ps1.two_paths_backward", at_the_kink("np.where(z > 0, 1, 0.01)"), ["leak in the mask"]),
    (
        "ps1.activation_derivative",
        slopes(silu=lambda z: 1 + sigma(z) * sigma(-z)),
        ["silu, derivatives added"],
    ),
    (
        "ps1.activation_derivative",
        slopes(elu=lambda z: np.where(z > 0, 1, z * np.exp(np.minimum(z, 0)))),
        ["elu, z e^z on the left"],
    ),
    (
        "ps1.four_weight_net",
        net("loss = (y - t) ** 2", "loss = (y - t) ** 2 / 2"),
        ["half of the square in the loss"],
    ),
    ("ps1.four_weight_net", net("dz2 * w2", "dz2 * w1"), ["w₁ in place of w₂ on the way back"]),
    ("ps1.four_weight_net", with_h3_divided, ["signals divided back out"]),
    (
        "ps1.five_factors",
        edited(five_factors, (), edit("2 * (y - t)", "2 * (y - t) / len(x)")),
        ["1/N in the first factor"],
    ),
    (
        "ps1.linear_backward",
        lambda dz, x, W: (W.T @ dz, dz @ x.T, np.squeeze(dz @ np.ones(len(dz.T)))),
        ["db squeezed"],
    ),
    ("ps1.softmax_cross_entropy", softened_targets, ["targets softened"]),
    ("ps1.two_paths_backward", at_the_kink("(1 - np.tanh(z) ** 2)"), ["slope of a tanh"]),
    (
        "ps1.deep_backward",
        without_the_first_slope,
        ["square missing in tanh'", "f' missing at the first layer"],
    ),
    (
        "ps1.deep_backward",
        edited(
            deep_backward,
            (),
            edit("delta @ Ws[l]", "delta @ (Ws[l].T if len(Ws[l]) == len(Ws[l].T) else Ws[l])"),
        ),
        ["Wᵀ for W"],
    ),
    (
        "ps1.chain_jacobian",
        edited(chain_jacobian, (), edit("np.eye(len(v)) + branch", "np.eye(len(v)) - branch")),
        ["branch subtracted"],
    ),
    ("ps1.numerical_gradient", combination_without_its_bracket, ["brackets around the combination missing"]),
    ("ps1.numerical_gradient", through_a_copy, ["moves a view of a copy"]),
]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize(("name", "answer", "expected"), NAMED)
def test_a_slip_is_named(name, answer, expected):
    assert kinds(name, answer) == expected


@pytest.mark.parametrize("seed", range(3))
def test_a_signed_difference_costs_points(seed):
    """Some planted results are too small, some too large: a test that looks one way passes one of them."""

    def upwards(a, b):
        return np.shape(a) == b.shape and np.max(a - b) <= 1e-5 * np.abs(b).max()

    for agree in (upwards, lambda a, b: upwards(-np.asarray(a), -b)):
        verdict = evaluate(
            "ps1.is_right", lambda backward, agree=agree: by_one_test(backward, agree=agree), seed=seed
        )
        assert verdict.share < 1 and "with its sign" in verdict.findings[0].text


def test_the_lectures_formula_keeps_nothing():
    bypass, slope = ("np.eye(len(v)) + branch", "branch"), ("1 - np.tanh(z) ** 2", "np.tanh(z) ** 2")
    shares = [
        evaluate("ps1.chain_jacobian", edited(chain_jacobian, (), edit(*pair))).share
        for pair in (bypass, slope)
    ]
    assert shares == [0, 0.5]


def test_no_last_hint_is_the_answer():
    for name in ("deep_backward", "two_paths_backward", "chain_jacobian", "softmax_cross_entropy"):
        assert not any(code in find(f"ps1.{name}").hints[2] for code in (" @ ", "for l", "axis="))
