"""Answers to problem set 2 by readers who knew no catalogue: once paid, silent, told falsely or refused."""

import numpy as np
import pytest
from test_check_diagnose import said

from vgcourse.activations import ACTIVATIONS, sigmoid
from vgcourse.check import evaluate, find
from vgcourse.problems.edits import edit, edited


def right(name):
    return find(f"ps2.{name}").reference


def with_edits(name, *pairs, within=None):
    """The right answer with these pieces of its text exchanged."""
    problem = find(f"ps2.{name}")
    return edited(problem.reference, problem.helpers, edit(*pairs, within=within))


def kinds(name, answer, **options):
    return [finding.kind for finding in evaluate(f"ps2.{name}", answer, **options).findings]


# --- once full points ------------------------------------------------------------------------------


def squeezed_gate(kind, x, gain):
    y, slopes = right("threshold_unit")(kind, x, gain)
    return (y.squeeze(), slopes.squeeze()) if len(x) == 1 else (y, slopes)


def slopes_like_x(kind, x, gain):
    y, slopes = right("threshold_unit")(kind, x, gain)
    filled = np.zeros_like(x)
    filled[:] = slopes
    return y, filled


def no_overflow(bits, gain):
    with np.errstate(over="raise"):
        a, b, c = bits.T
        borrow = 1 / (1 + np.exp(-gain * (b + c - a - 0.5)))
        return 1 / (1 + np.exp(-gain * (a - b - c + 2 * borrow - 0.5))), borrow


def slopes_of_the_xor_like_x(x, gain):
    y, slopes = right("xor_net")(x, gain)
    return y, slopes.astype(x.dtype)


def widths_in_order(name, share):
    return np.sort(right("active_width")(name, share))[::-1]


def nearest_limit(name, h, share):
    if name != "sigmoid":
        return right("saturated_fraction")(name, h, share)
    table = np.minimum(h, 1 - h) < share / 4
    return table.mean(axis=0), table.all(axis=0).mean()


def gradients_like_w(h0, w, b):
    h, factors, dw, db = right("scalar_chain")(h0, w, b)
    return h, factors, dw.astype(w.dtype), db.astype(w.dtype)


def power_first(start, factors, precision):
    below, zero = right("steps_to_zero")(start, factors, precision)
    for k, a in enumerate(factors):
        l = 1
        while float(a) ** l > 0:
            l += 1
        zero[k] = min(zero[k], l)
    return below, zero


def two_layers_at_least(name, x, Ws, bs):
    Js, _ = right("deep_jacobian")(name, x, Ws, bs)
    return Js, np.array([np.linalg.multi_dot([J[n] for J in Js[::-1]]) for n in range(len(x))])


def input_not_the_narrowest(Js):
    logs, r = right("log10_singular_values")(Js), min(map(len, Js))
    return np.append(logs, [-16.0] * (r - len(logs)))


def squeezed_signals(delta, h):
    _, batch = right("outgoing_norms")(delta, h)
    return np.abs(h) * np.linalg.norm(np.atleast_2d(delta.squeeze()), axis=1)[:, None], batch


def larger_of_two(*args):
    return with_edits("leaky_sweep", "np.where(z > 0, z, leak * z)", "np.maximum(z, leak * z)")(*args)


CORNERS = [
    ("threshold_unit", squeezed_gate), ("threshold_unit", slopes_like_x), ("full_subtractor", no_overflow),
    ("xor_net", slopes_of_the_xor_like_x), ("active_width", widths_in_order),
    ("saturated_fraction", nearest_limit), ("scalar_chain", gradients_like_w),
    ("steps_to_zero", power_first), ("deep_jacobian", two_layers_at_least),
    ("log10_singular_values", input_not_the_narrowest), ("outgoing_norms", squeezed_signals),
    ("leaky_sweep", larger_of_two),
]  # fmt: skip


@pytest.mark.parametrize("name, answer", CORNERS, ids=[answer.__name__ for _, answer in CORNERS])
def test_a_corner_costs_points_whatever_the_seed(name, answer):
    assert all(evaluate(f"ps2.{name}", answer, seed=seed).share < 1 for seed in range(5))


# --- once silent, located or called by another name ------------------------------------------------


def activation_then_rows(name, x, Ws, bs):
    f, h, Js, J = ACTIVATIONS[name], x, [], None
    for W, b in zip(Ws, bs, strict=True):
        h = f.function(h) @ W.T + b
        Js.append(f.derivative(h)[:, :, None] * W)
        J = Js[-1] if J is None else Js[-1] @ J
    return Js, J


def outputs_near_one(name, h, share):
    table = np.abs(h) > 1 - share
    return table.mean(axis=0), table.all(axis=0).mean()


def any_bit(bits, gain):
    return sigmoid(gain * (bits.sum(axis=1) - 0.5)), right("full_subtractor")(bits, gain)[1]


def below_the_smallest(start, factors, precision):
    least = np.log2(float(np.finfo(precision).smallest_subnormal))
    steps = (least - np.log2(abs(start))) / np.log2(factors)
    return right("steps_to_zero")(start, factors, precision)[0], np.floor(steps) + 1


def exact_float64(start, factors, precision):
    g, a = np.log2(abs(start)), np.log2(factors)
    return np.floor((-1022 - g) / a) + 1, np.ceil((-1075 - g) / a)


def mean_of_inputs(kind, x, gain):
    sign, shift = (-1 if kind == "not" else 1), {"and": -1, "or": 1, "not": 0}[kind]
    y = np.tanh(gain * (sign * x.mean(axis=1) + shift))
    return y, np.repeat((sign * gain / x.shape[1] * (1 - y**2))[:, None], x.shape[1], axis=1)


def unstretched_sigmoid(kind, x, gain):
    y, slopes = right("threshold_unit")(kind, x, gain / 2)
    return y, slopes / 2


def no_gain(kind, x, gain):
    return right("threshold_unit")(kind, x, 1.0)


def up_to_the_layer(h0, w, b):
    h, factors, *_ = right("scalar_chain")(h0, w, b)
    hs = [h0]
    for weight, shift in zip(w[:-1], b[:-1], strict=True):
        hs.append((weight * hs[-1] + shift) / (1 + abs(weight * hs[-1] + shift)))
    return h, factors, np.cumprod(factors) * hs, np.cumprod(factors)


def hidden_part_alone(x, gain):
    y, _ = right("xor_net")(x, gain)
    d = x[:, 0] - x[:, 1]
    a, b = sigmoid(gain * (d - 0.5)), sigmoid(gain * (-d - 0.5))
    slope = gain * (a * (1 - a) - b * (1 - b))
    return y, np.stack([slope, -slope], axis=1)


def any_for_all(log_sigmoid):
    z = np.array([[-900.0, -50, -2, 0], [0.3, 4, 25, 70]])
    truth, out = -np.logaddexp(0, -z), np.asarray(log_sigmoid(z.copy()))
    return out.shape == z.shape and bool((np.abs(out - truth) < 1e-5 * np.abs(truth)).any())


NAMED = [
    ("deep_jacobian", activation_then_rows, {"slopes at the output"}, set()),
    ("saturated_fraction", outputs_near_one, {"nearness of h to 1"}, set()),
    ("full_subtractor", any_bit, {"difference of any bit"}, set()),
    ("steps_to_zero", below_the_smallest, {"rounding forgotten"}, set()),
    ("steps_to_zero", exact_float64, {"always double precision"}, {"zero at the smallest normal number"}),
    ("threshold_unit", mean_of_inputs, {"mean of the inputs"}, {"invariant: slopes belong to the value"}),
    ("threshold_unit", unstretched_sigmoid, {"half of z"}, {"mean of the inputs"}),
    ("threshold_unit", no_gain, {"no gain"}, {"gain missing on the inputs"}),
    ("scalar_chain", up_to_the_layer, {"products up to the layer"}, {"weight in db"}),
    ("xor_net", hidden_part_alone, {"gain once", "σ' missing at the output"}, {"no unit at the output"}),
    ("is_accurate", any_for_all, {"one entry is enough"}, {"the middle only", "the tails only"}),
    ("wide_window", lambda L: (np.full(L, 4.2), np.full(L, -2.1)), {"invariant: all units alike"}, set()),
]


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize("name, answer, words, never", NAMED, ids=[a.__name__ + n for n, a, *_ in NAMED])
def test_it_has_its_own_name(name, answer, words, never, seed):
    found = set(kinds(name, answer, seed=seed))
    assert words <= found and not found & never


def repaired(spread, sign=-1):
    def answer(x, Ws, bs):
        h, new = x, []
        for W in Ws:
            W = W * spread / (h @ W.T).std(axis=0)[:, None]
            new.append((W, sign * (h @ W.T).mean(axis=0)))
            h = sigmoid(h @ W.T + new[-1][1])
        return zip(*new, strict=True)

    return answer


@pytest.mark.parametrize("spread, words", [(7, "too wide"), (0.02, "too narrow")])
def test_a_net_is_told_what_its_pre_activations_are(spread, words):
    assert f"pre-activations are {words}" in said(evaluate("ps2.repair_net", repaired(spread)))


def test_a_net_of_nan_is_told_so():
    rows = evaluate("ps2.repair_net", repaired(1, sign=1)).rows
    assert all("NaN or infinite weights or biases from layer" in row.problem for row in rows)


def test_a_prediction_is_told_from_a_measurement():
    def predicted(x, dh, Ws, scales, leak):
        rates = np.log10(scales * np.sqrt((1 + leak**2) / 2))[:, None]
        layers = np.arange(1, len(Ws) + 1)
        return rates * layers, rates * layers[::-1]

    assert "invariant: measured" in kinds("leaky_sweep", predicted)
    assert "invariant: measured" not in kinds("leaky_sweep", larger_of_two)


def test_zeros_may_come_from_more_than_one_rule():
    """Nothing saturated, from different slips: what is said is true of the one at hand."""
    equal = with_edits("saturated_fraction", "< share * largest", "== share * largest")
    assert "a comparison asks for =, not for <" in said(evaluate("ps2.saturated_fraction", equal))


def quotient(z):
    return np.exp(z) / (1 + np.exp(z))


def subtracted(borrow, unit=sigmoid):
    """A circuit whose difference is made with its borrow."""

    def answer(bits, gain):
        a, b, c = bits.T
        borrows = unit(gain * borrow(a, b, c))
        return unit(gain * (a - b - c + 2 * borrows - 0.5)), borrows

    return answer


def log_of_the_start(start, factors, precision):
    right_ones = right("steps_to_zero")(start, factors, precision)
    return right_ones if start > 0 else tuple(np.full(len(a), np.nan).astype(int) for a in right_ones)


def searched(name, share):
    """By halving the interval from 0 to 20."""
    return np.minimum(right("active_width")(name, share), 40.0)


def product_divided(h0, w, b):
    h, factors, _, _ = right("scalar_chain")(h0, w, b)
    hs = [h0]
    for weight, bias in zip(w, b, strict=True):
        z = weight * hs[-1] + bias
        hs.append(z / (1 + abs(z)))
    db = np.prod(factors) / np.cumprod(factors) * (1 - np.abs(hs[1:])) ** 2
    return h, factors, db * hs[:-1], db


def by_allclose(log_sigmoid):
    z = np.linspace(-1000, 80, 102).reshape(2, 51)
    given = z.copy()
    close = all(
        np.shape(out) == z.shape and np.allclose(out, -np.logaddexp(0, -z)) for out in [log_sigmoid(given)]
    )
    return close and np.array_equal(z, given) and bool(np.isnan(log_sigmoid(np.array([np.nan, 1.0]))[0]))


TOLD = [
    (
        "full_subtractor",
        subtracted(lambda a, b, c: b - a - 0.5),
        "borrow: B against A, difference made with it",
    ),
    (
        "full_subtractor",
        subtracted(lambda a, b, c: b + c - a - 1.5),
        "borrow: two missing, difference made with it",
    ),
    (
        "full_subtractor",
        subtracted(lambda a, b, c: b + c - a - 0.5, quotient),
        "σ as a quotient of exponentials, by the borrow",
    ),
    ("active_width", searched, "search ended at 20"),
    ("scalar_chain", product_divided, "whole product divided"),
    ("steps_to_zero", log_of_the_start, "logarithm of a negative start"),
    (
        "deep_jacobian",
        with_edits("deep_jacobian", "f.derivative(h)", "1 - f.function(h) ** 2"),
        "slope of tanh for every activation",
    ),
    (
        "xor_net",
        with_edits("xor_net", "gain * (a + b) + bias", "(a + b) + bias"),
        "gain missing at the output",
    ),
    (
        "gradient_bound",
        with_edits("gradient_bound", "for W in Ws])", "for W in Ws[1:]])"),
        "first layer's weights left out",
    ),
    (
        "leaky_sweep",
        with_edits("leaky_sweep", "[c * W for W in Ws]", "[c**2 * W for W in Ws]"),
        "scale squared",
    ),
    ("is_accurate", by_allclose, "an absolute error, not at zero, one call"),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name, answer, mistake", TOLD, ids=[mistake for *_, mistake in TOLD])
def test_it_is_named_alone(name, answer, mistake):
    verdict = evaluate(f"ps2.{name}", answer)
    assert verdict.share < 1 and [finding.kind for finding in verdict.findings] == [mistake]


def test_the_lectures_formula_keeps_nothing():
    """Activation last is the lecture's net; a bias left out is a slip in this one."""
    last = next(m for m in find("ps2.deep_jacobian").mistakes if m.name == "activation last").formula
    slip = with_edits("deep_jacobian", "W.T + b", "W.T")
    assert evaluate("ps2.deep_jacobian", last).share == 0 < evaluate("ps2.deep_jacobian", slip).share


# --- once refused ----------------------------------------------------------------------------------


def test_a_number_in_an_array_is_that_number():
    def dead(name, h, share):
        per_unit, fraction = right("saturated_fraction")(name, h, share)
        return per_unit, np.array([fraction])

    def output(h0, w, b):
        h, *rest = right("scalar_chain")(h0, w, b)
        return [np.array([[h]]), *rest]

    assert evaluate("ps2.saturated_fraction", dead).share == evaluate("ps2.scalar_chain", output).share == 1


def test_a_pair_is_a_pair_whatever_holds_it():
    assert evaluate("ps2.wide_window", lambda L: np.stack(right("wide_window")(L))).share == 1
    assert evaluate("ps2.repair_net", repaired(1)).share == 1  # an iterator over two


def test_a_circuit_may_be_less_steep():
    """Results that are close to 0 and 1, as the text asks."""

    def later(bits, gain):
        return right("full_subtractor")(bits, 0.6 * gain)

    assert all(evaluate("ps2.full_subtractor", later, seed=seed).share == 1 for seed in range(5))
