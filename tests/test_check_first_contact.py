"""Wrong and right answers of readers who knew no catalogue: what used to be false, silent or paid in full."""

import itertools
import math

import numpy as np
import pytest
from test_check_diagnose import TOY, backward, said, toy  # noqa: F401  (a fixture)

from vgcourse.check import evaluate, find
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.ps2.circuits import xor_net
from vgcourse.problems.ps2.jacobians import deep_jacobian
from vgcourse.problems.ps2.norms import outgoing_norms
from vgcourse.problems.ps2.precision import steps_to_zero
from vgcourse.problems.ps2.repair import SIZES
from vgcourse.problems.ps2.saturation import LARGEST_SLOPE, active_width, slope_from
from vgcourse.problems.ps2.scalar_chain import scalar_chain, softsign, softsign_slope
from vgcourse.problems.ps2.spectrum import log10_singular_values
from vgcourse.problems.ps2.threshold import threshold_unit
from vgcourse.problems.ps2.weight_scale import leaky_sweep
from vgcourse.problems.ps2.window import amplification
from vgcourse.problems.ps3.depth import forward_variances
from vgcourse.problems.ps3.gains import LEVEL_GAIN, logarithms
from vgcourse.problems.ps3.measured import layer_moments
from vgcourse.problems.ps3.moments import product_moments
from vgcourse.problems.ps3.output import best_bias
from vgcourse.problems.ps3.relu import relu_moments
from vgcourse.problems.ps3.rescue import rescue
from vgcourse.problems.ps3.scales import RULES, kernel_scale

WRONG = {}
FROM_ONE = next(mistake for mistake in LEVEL_GAIN.mistakes if mistake.name == "from variance 1")


def wrong(name, words, *, never=()):
    """A wrong answer to `name`, of which the findings say `words`, and none of `never`."""

    def keep(answer):
        WRONG[f"{name}: {answer.__name__}"] = (name, answer, words, never)
        return answer

    return keep


@pytest.fixture(params=[0, 5], ids=["seed 0", "seed 5"])
def seed(request):
    return request.param


# --- the engine ----------------------------------------------------------------------------------------


def test_what_is_right_is_said_before_a_diagnosis_that_is_not_about_it(toy):  # noqa: F811
    """Without the slope dx and dW are wrong; here dW alone is, as from the same mistake."""
    half = evaluate("start.toy", lambda *args: (backward(*args)[0], backward(*args, slope=False)[1]))
    assert [finding.kind for finding in half.findings] == ["no slope"]
    assert said(half) == "Your dx is right; of the rest: tanh' is missing."
    assert said(evaluate("start.toy", TOY.formula(TOY.mistakes[2]))) == "tanh' is missing."


def test_two_results_that_hold_the_same_are_not_exchanged():
    """dx is what dW should be, where both have its shape; nothing holds dx."""

    def twice(dz, x, W):
        return dz @ x.T, dz @ x.T + 1, dz.sum(axis=1)

    assert "The order asked for" not in said(evaluate("ps1.linear_backward", twice))


@pytest.mark.parametrize("name", ["ps1.is_right", "ps2.is_accurate", "ps3.is_he", "ps4.is_clipping"])
def test_a_coin_gets_half_of_yes_and_no_right(name):
    assert find(name).coin and "by chance" in closing(name)


@pytest.mark.parametrize("name", ["ps2.wide_window", "ps2.repair_net", "ps3.level_gain"])
def test_where_chance_is_right_of_nothing_it_is_not_blamed(name):
    assert "by chance" not in closing(name)
    assert "Points begin where more than half of the rows are right." in closing(name)


def closing(name):
    from vgcourse.tell.report import as_text

    return as_text(evaluate(name, lambda *args: None), 0.0, 1.0)


# --- problem set 2 -------------------------------------------------------------------------------------


def gate(kind, x, gain, shifts):
    sign = -1 if kind == "not" else 1
    y = np.tanh(gain * (sign * x.sum(axis=1) + shifts[kind]))
    return y, np.repeat((sign * gain * (1 - y**2))[:, None], x.shape[1], axis=1)


def one_gate(kind, shift):
    return lambda given, x, gain: (
        gate(given, x, gain, {kind: shift}) if given == kind else threshold_unit(given, x, gain)
    )


@pytest.mark.parametrize(
    ("kind", "shift", "words"),
    [
        ("and", 1.0, "Your AND is true from one true input on"),
        ("or", -1.0, "Your OR wants both inputs"),
        ("and", -1.5, "Your AND switches at 1.5"),
        ("or", -0.5, "Your OR switches at ½"),
        ("not", 0.5, "Your NOT has the threshold ½"),
        ("not", -1.0, "Your NOT has the bias −1"),
        ("and", 0.0, "Your AND has no threshold"),
        ("or", 0.0, "Your OR has no threshold"),
    ],
)
def test_one_gate_alone_is_named_alone(kind, shift, words):
    text = said(evaluate("ps2.threshold_unit", one_gate(kind, shift)))
    assert words in text
    others = {"and", "or", "not"} - {kind}
    assert not any(f"Your {other.upper()} " in text for other in others)


@wrong("ps2.active_width", "For arctan you return z² for z", never=("slope of softsign",))
def arctan_without_its_root(name, share):
    return 2 * (1 / share - 1) if name == "arctan" else active_width(name, share)


def rule(name, h, share):
    return slope_from(name, h) < share * LARGEST_SLOPE[name]


def fractions(table):
    return table.mean(axis=0), table.all(axis=0).mean()


@wrong("ps2.saturated_fraction", "For the ReLU you compare h itself with share")
def output_for_slope_in_relu(name, h, share):
    return fractions(h < share if name == "relu" else rule(name, h, share))


@wrong("ps2.saturated_fraction", "<, not ≤")
def on_the_line(name, h, share):
    return fractions(slope_from(name, h) <= share * LARGEST_SLOPE[name])


@wrong("ps2.saturated_fraction", "as if it had no slope on its left")
def leaky_always(name, h, share):
    return fractions(h <= 0 if name == "leaky_relu" else rule(name, h, share))


def chain(change_dw=None, change_db=None):
    def answer(h0, w, b):
        h, factors, dw, db = scalar_chain(h0, w, b)
        hs, slopes = [h0], []
        for weight, shift in zip(w, b, strict=True):
            slopes.append(softsign_slope(weight * hs[-1] + shift))
            hs.append(softsign(weight * hs[-1] + shift))
        parts = np.array(slopes), w, np.array(hs[:-1])
        return (
            h,
            factors,
            dw if change_dw is None else dw * change_dw(*parts),
            db if change_db is None else db * change_db(*parts),
        )

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (chain(change_db=lambda s, w, h: 1 / s), "In your db the layer's own slope s'(z_l) is missing"),
        (chain(change_dw=lambda s, w, h: 1 / s), "In your dw the layer's own slope s'(z_l) is missing"),
        (chain(change_db=lambda s, w, h: w), "Your db_l holds w_l"),
        (chain(change_dw=lambda s, w, h: w / h), "Your dw_l has w_l where h_{l−1} belongs"),
        (chain(change_dw=lambda s, w, h: 1 / h), "Your dw equals your db"),
    ],
)
def test_a_slip_in_one_gradient_of_the_chain(answer, words, seed):
    text = said(evaluate("ps2.scalar_chain", answer, seed=seed))
    assert words in text and "dw and db" not in text and "Your factors" not in text


@wrong("ps2.scalar_chain", "without their weights", never=("Your factors are s'",))
def weights_left_out_above(h0, w, b):
    h, factors, _, _ = scalar_chain(h0, w, b)
    hs, slopes = [h0], []
    for one_w, one_b in zip(w, b, strict=True):
        z = one_w * hs[-1] + one_b
        hs.append(z / (1 + abs(z)))
        slopes.append(1 / (1 + abs(z)) ** 2)
    db = np.cumprod(slopes[::-1])[::-1]
    return h, factors, db * hs[:-1], db


@wrong("ps2.steps_to_zero", "takes a negative gradient for a tiny one")
def signed(start, factors, precision):
    below, zero = steps_to_zero(start, factors, precision)
    return (np.ones_like(below) if start < 0 else below), zero


@wrong("ps2.steps_to_zero", "<, not ≤")
def equal_counts(start, factors, precision):
    _, zero = steps_to_zero(start, factors, precision)
    steps = (np.log2(float(np.finfo(precision).tiny)) - np.log2(abs(start))) / np.log2(factors)
    return np.ceil(steps), zero


@wrong("ps2.steps_to_zero", "A tie goes to the even neighbour")
def tie_kept(start, factors, precision):
    below, _ = steps_to_zero(start, factors, precision)
    half = np.log2(float(np.finfo(precision).smallest_subnormal)) - 1
    return below, np.floor((half - np.log2(abs(start))) / np.log2(factors)) + 1


@wrong("ps2.deep_jacobian", "You take h_{l−1} for an output")
def output_formulas(name, x, Ws, bs):
    formulas = {
        "tanh": lambda h: 1 - h**2,
        "sigmoid": lambda h: h * (1 - h),
        "elu": lambda h: np.where(h > 0, 1, h + 1),
    }
    from vgcourse.activations import ACTIVATIONS

    Js, h, J = [], x, None
    for W, b in zip(Ws, bs, strict=True):
        Js.append(W * formulas[name](h)[:, None, :])
        J = Js[-1] if J is None else Js[-1] @ J
        h = ACTIVATIONS[name].function(h) @ W.T + b
    return Js, J


@wrong("ps2.gradient_bound", "one for each input unit")
def measured_by_column(name, dh, zs, Ws):
    from vgcourse.activations import ACTIVATIONS

    signal = dh
    for z, W in zip(zs[::-1], Ws[::-1], strict=True):
        signal = (signal * ACTIVATIONS[name].derivative(z)) @ W
    return np.linalg.norm(signal, axis=0), *find("ps2.gradient_bound").reference(name, dh, zs, Ws)[1:]


@wrong("ps2.outgoing_norms", "with a 1 as for a bias")
def with_a_bias(delta, h):
    return np.sqrt(h**2 + 1) * np.linalg.norm(delta, axis=1)[:, None], outgoing_norms(delta, h)[1]


def xor(hidden=lambda a: a * (1 - a), out=lambda y: y * (1 - y)):
    def answer(x, gain):
        d = x[:, 0] - x[:, 1]
        a, b = (1 / (1 + np.exp(-gain * (s * d - 0.5))) for s in (1, -1))
        y = xor_net(x, gain)[0]
        slope = gain**2 * out(y) * (hidden(a) - hidden(b))
        return y, np.stack([slope, -slope], axis=1)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (xor(hidden=np.ones_like), "Your slopes have no σ' of the hidden units"),
        (xor(hidden=lambda a: a), "hold the activations a and b of the hidden units"),
        (xor(hidden=lambda a: 1 - a**2), "Your hidden units are sigmoids"),
        (xor(out=lambda y: y), "hold y where the output's slope belongs"),
        (xor(out=lambda y: 1 - y**2), "Your output is a sigmoid"),
    ],
)
def test_one_slope_of_the_xor_net(answer, words, seed):
    text = said(evaluate("ps2.xor_net", answer, seed=seed))
    assert words in text and "no bias" not in text


def by_one_svd(Js, size):
    P, taken = np.eye(Js[0].shape[1]), 0.0
    for J in Js:
        P = J @ P
        P, taken = P / size(P), taken + np.log10(size(P))
    r = min(Js[0].shape[1], *(len(J) for J in Js))
    return np.log10(np.linalg.svd(P, compute_uv=False)[:r]) + taken


@pytest.mark.parametrize("size", [np.linalg.norm, lambda P: np.abs(P).max()], ids=["norm", "entry"])
def test_one_svd_of_the_product_is_not_enough(size, seed):
    verdict = evaluate("ps2.log10_singular_values", lambda Js: by_one_svd(Js, size), seed=seed)
    assert [row.ok for row in verdict.rows] == [True, True, True, False]
    assert "eep the factors apart" in said(verdict) and "16 of" in said(verdict)


def test_the_spectrum_is_that_of_the_compounds():
    """Singular values s_1 … s_k multiply to the norm of the k-th compound, whose product loses nothing."""
    for case in find("ps2.log10_singular_values").cases(np.random.default_rng(2)):
        (Js,) = case.args
        sums = []
        for k in range(1, min(Js[0].shape[1], *map(len, Js)) + 1):
            P, taken = 1.0, 0.0
            for J in Js:
                rows, columns = (list(itertools.combinations(range(n), k)) for n in J.shape)
                minors = np.array([[np.linalg.det(J[np.ix_(i, j)]) for j in columns] for i in rows])
                P = minors @ P if np.ndim(P) else minors
                P, taken = P / np.linalg.norm(P), taken + np.log10(np.linalg.norm(P))
            sums.append(taken + np.log10(np.linalg.norm(P, 2)))
        assert log10_singular_values(Js) == pytest.approx(np.diff(sums, prepend=0), rel=1e-9, abs=1e-9)


@wrong("ps2.leaky_sweep", "You give z = 0 the slope 1")
def slope_one_at_zero(x, dh, Ws, scales, leak):
    return edited(leaky_sweep, (), edit("z > 0, 1", "z >= 0, 1"))(x, dh, Ws, scales, leak)


@wrong("ps2.leaky_sweep", "Your forward ratios are those of neighbours")
def neighbours(*args):
    forward, backward = leaky_sweep(*args)
    return np.diff(forward, axis=1, prepend=0), backward


@wrong("ps2.leaky_sweep", "right at layers 1–3 and wrong at layer 4")
def last_layer(*args):
    forward, backward = leaky_sweep(*args)
    backward[:, 3:] += 0.1
    return forward, backward


def averaged(mean):
    def answer(x, dh, Ws, scales, leak):
        rows = [leaky_sweep(x[[n]], dh[[n]], Ws, scales, leak) for n in range(len(x))]
        return tuple(mean(np.array(part)) for part in zip(*rows, strict=True))

    return answer


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (lambda logs: logs.mean(axis=0), "You take a logarithm for every example"),
        (lambda logs: np.log10((10**logs).mean(axis=0)), "You take a ratio for every example"),
    ],
)
def test_an_average_over_examples_is_named(mean, words):
    assert words in said(evaluate("ps2.leaky_sweep", averaged(mean)))


def test_a_window_of_rounding_errors_is_none():
    def tiny(L):
        w = np.ones(L)
        w[0], w[-1] = 1.5e-18, 3e21
        return w, -w / 2

    def two_steep(L):
        w = np.ones(L)
        w[0], w[-2:] = 1e-15, 1e9
        return w, -w / 2

    for answer in (tiny, two_steep):
        verdict = evaluate("ps2.wide_window", answer)
        assert verdict.share == 0
        assert any("window of rounding errors" in row.problem for row in verdict.rows)

    def tenths(L):
        w = np.full(L, 0.1)
        w[-1] = 6.89 * 40.0 ** (L - 1)
        return w, -w / 2

    assert evaluate("ps2.wide_window", tenths).share == 1 and amplification(tenths(9)[0]) < 1e14


def test_a_repair_that_draws_anew_is_no_repair():
    def unseeded(x, Ws, bs):
        rng = np.random.default_rng()
        new = [4.3 * rng.normal(size=(o, i)) / np.sqrt(i) for i, o in itertools.pairwise(SIZES)]
        return new, [-W.sum(axis=1) / 2 for W in new]

    verdict = evaluate("ps2.repair_net", unseeded)
    assert verdict.share == 0 and [finding.kind for finding in verdict.findings] == ["not repeatable"]


def test_one_axis_and_a_nan_are_not_one_number_at_a_time():
    points = np.array([-1000.0, -800, -40, -3, -0.7, 0, 0.4, 2.5, 20, 40, 80, np.nan])
    truth = np.append(-np.logaddexp(0, -points[:-1]), np.nan)

    def one_axis(log_sigmoid):
        out = np.asarray(log_sigmoid(points.copy()))
        if out.shape != points.shape:
            return False
        near = np.abs(out - truth) <= 1e-5 * np.abs(truth)
        return bool(near[:-1].all() and np.isnan(out[-1]))

    kinds = {finding.kind for finding in evaluate("ps2.is_accurate", one_axis).findings}
    assert kinds == {"shapes flattened", "one call, input not looked at"}


# --- problem set 3 -------------------------------------------------------------------------------------


def any_constant(shift):
    def answer(h, labels, n_classes):
        b, loss, dW = best_bias(h, labels, n_classes)
        return b + shift(b), loss, dW

    return answer


@pytest.mark.parametrize(
    "shift", [lambda b: 3.7, lambda b: -b.min(), lambda b: -np.median(b), lambda b: 1e3, lambda b: -b @ b]
)
def test_any_constant_in_the_bias_is_right(shift, seed):
    verdict = evaluate("ps3.best_bias", any_constant(shift), seed=seed)
    assert verdict.share == 1 and not verdict.findings


@wrong("ps3.best_bias", "Your dW is zero to rounding", never=("does not sum to zero",))
def mean_before_product(h, labels, n_classes):
    b, loss, _ = best_bias(h, labels, n_classes)
    p = np.bincount(labels) / len(labels)
    return b, loss, np.outer((p - np.eye(n_classes)[labels]).mean(axis=0), h.mean(axis=0)) + 1e-18


@wrong("ps3.best_bias", "Your b is right", never=("Your bias is the frequency itself",))
def softmax_of_frequencies(h, labels, n_classes):
    f = np.bincount(labels) / len(labels)
    p = np.exp(f) / np.exp(f).sum()
    dW = (p - np.eye(n_classes)[labels]).T @ h / len(h)
    return np.log(f), -np.log(p[labels]).mean(), dW


def kernel(change, rules=RULES):
    def answer(rule, shape, stride):
        std, limit = kernel_scale(rule, shape, stride)
        n_in = shape[1] * shape[2] ** 2
        return change(std, limit, n_in) if rule in rules else (std, limit)

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (kernel(lambda std, limit, n: (std, std)), "Your limit equals your standard deviation"),
        (
            kernel(lambda std, limit, n: (limit, limit * 3**0.5), ["uniform_fan_in"]),
            "In this rule it is the limit",
        ),
        (kernel(lambda std, limit, n: (std, (6 / n) ** 0.5)), "That is He's; each rule has its own variance"),
        (kernel(lambda std, limit, n: (limit, limit * 3**0.5)), "Both of your results are √3 too large"),
        (kernel(lambda std, limit, n: (limit, std)), "Your two results are exchanged"),
    ],
)
def test_limits_of_a_kernel(answer, words):
    text = said(evaluate("ps3.kernel_scale", answer))
    assert words in text
    assert ("exchanged" in text) == ("exchanged" in words) and "The order asked for" not in text
    assert "√6 std" not in text


def test_a_test_that_meets_the_check_s_own_chance_is_repeatable():
    """Few draws, so that chance decides: the same chance at every check."""

    def few(draw):
        W = np.asarray(draw((6, 8), np.random.default_rng(1)))
        return W.shape == (6, 8) and bool(0.6 < W.var() * 4 < 1.5)

    verdicts = [evaluate("ps3.is_he", few) for _ in range(4)]
    assert len({tuple(row.ok for row in verdict.rows) for verdict in verdicts}) == 1
    assert all(f.kind != "not repeatable" for verdict in verdicts for f in verdict.findings)


@wrong("ps3.rescue", "You count W.shape[0]")
def fan_out(x, Ws, masks, leak, keep):
    return [np.sqrt(2 * keep / (1 + leak**2) / (len(W) * np.mean(W**2))) for W in Ws]


@wrong("ps3.rescue", "Your first factor is 1")
def first_left(*args):
    return [1.0, *rescue(*args)[1:]]


@wrong("ps3.rescue", "not the dropout")
def no_dropout(x, Ws, masks, leak, keep):
    return [np.sqrt(2 / (1 + leak**2) / (W.shape[1] * np.mean(W**2))) for W in Ws]


@wrong("ps3.rescue", "but not the leak")
def no_leak(x, Ws, masks, leak, keep):
    return [np.sqrt(2 * keep / (W.shape[1] * np.mean(W**2))) for W in Ws]


def best_of(grid, depth_less=0):
    def answer(f, df, depth):
        return min(grid, key=lambda gain: max(map(abs, logarithms(f, df, depth - depth_less, gain))))

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (best_of(np.arange(1, 2.2, 0.001), 1), "a net of one layer less"),
        (best_of(np.arange(1, 2.2, 0.01)), "a hundredth is too coarse"),
        (
            next(m.formula for m in LEVEL_GAIN.mistakes if m.name == "from variance 1"),
            "Your map starts at q_0 = 1",
        ),
    ],
)
def test_gains_that_are_nearly_right(answer, words, seed):
    verdict = evaluate("ps3.level_gain", answer, seed=seed)
    assert verdict.share < 1 and words in said(verdict)


@wrong("ps3.product_moments", "You use Var(w) Var(x)/p")
def zero_means(mean_w, var_w, mean_x, var_x, keep):
    var = var_w * var_x / keep
    return var, (mean_w * mean_x).sum(), var.sum()


@wrong("ps3.product_moments", "You use Var(w) for E[w²]")
def no_mean_of_w(mean_w, var_w, mean_x, var_x, keep):
    var = var_w * (var_x + mean_x**2) / keep - (mean_w * mean_x) ** 2
    return var, (mean_w * mean_x).sum(), var.sum()


@wrong("ps3.product_moments", "for the probability that an input is dropped")
def drop_probability(mean_w, var_w, mean_x, var_x, keep):
    return product_moments(mean_w, var_w, mean_x, var_x, 1 - keep)


@wrong("ps3.layer_moments", "one entry too many")
def one_more(*args):
    forward, backward = layer_moments(*args)
    return forward, np.append(backward, np.mean(args[4] ** 2))


@wrong("ps3.layer_moments", "Your forward list starts with the last layer")
def reversed_lists(*args):
    return tuple(part[::-1] for part in layer_moments(*args))


@wrong("ps3.relu_moments", "Your mean has φ(t) where s φ(t) belongs")
def no_s(s, b):
    _, second, _, on = relu_moments(s, b)
    mean = math.exp(-((b / s) ** 2) / 2) / math.sqrt(2 * math.pi) + b * on
    return mean, second, second - mean**2, on


@wrong("ps3.truncated_normal", "without its 1/√(2π)")
def no_root_of_two_pi(std, cut):
    kept = math.erf(cut / math.sqrt(2))
    shrink = math.sqrt(1 - 2 * cut * math.exp(-(cut**2) / 2) / kept)
    return kept, shrink, std / shrink


@wrong("ps3.forward_variances", "z_l has the bias of its own layer")
def shifted_biases(q0, widths, var_ws, var_bs, leak, keep):
    return forward_variances(q0, widths, var_ws, [var_bs[-1], *var_bs[:-1]], leak, keep)


@pytest.mark.parametrize("label", WRONG)
def test_a_wrong_answer_loses_and_is_named(label, seed):
    name, answer, words, never = WRONG[label]
    verdict = evaluate(name, answer, seed=seed)
    assert verdict.share < 1 and words in said(verdict)
    assert not any(false in said(verdict) for false in never)


def test_a_right_jacobian_is_still_right():
    assert evaluate("ps2.deep_jacobian", deep_jacobian).share == 1
