"""Answers to problem set 8 that a reader tried: each is called what it is, and told what is true of it."""

import numpy as np
import pytest

from vgcourse.check import evaluate, find, names
from vgcourse.clinic.ward import gauges, sick
from vgcourse.problems.ps8 import testers


def never_counts_zero(zs):
    """0 taken for on, in one result of three."""
    return (
        np.array([(z <= 0).all(axis=0).mean() for z in zs]),
        np.array([(z >= 0).all(axis=0).mean() for z in zs]),
        np.array([(z <= 0).mean() for z in zs]),
    )


def no_floor(Ws, dWs, learning_rate, max_norm):
    s = learning_rate * min(1, max_norm / np.sqrt(sum((g**2).sum() for g in dWs)))
    return [s * np.linalg.norm(g, axis=1) / np.linalg.norm(W, axis=1) for g, W in zip(dWs, Ws, strict=True)]


def of_the_layers_own_slope(name, hs):
    ratios = [1 - h**2 if name == "tanh" else 4 * h * (1 - h) for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r < 0.05 * r.max()).mean() for r in ratios])


def corrected_outside(w, g, m, v, V, n, a, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    V = np.maximum(V, v)
    return w - a * m / (1 - betas[0] ** n) / (np.sqrt(V) / (1 - betas[1] ** n) + eps), m, v, V


def exponents(share, shortest, longest, H):
    lags = np.logspace(shortest, longest, H)
    f = share ** (1 / lags)
    return lags, np.log(f / (1 - f))


def entries(W, radius, growth, steps):
    limits = [(growth / np.linalg.norm(W**k, 2)) ** (1 / k) for k in range(1, steps + 1)]
    return W * radius / np.abs(np.linalg.eigvals(W)).max(), W * min(limits)


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("dead_units", never_counts_zero, "zero counted as on"),
        ("update_ratios", no_floor, "no floor at all"),
        ("slope_left", of_the_layers_own_slope, "5 % of the layer's own"),
        ("amsgrad_step", corrected_outside, "correction outside the root"),
        ("gate_bias", exponents, "exponents of ten"),
        ("rescale_recurrent", entries, "powers of the entries"),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_is_called_what_it_is(name, answer, said, seed):
    verdict = evaluate(f"ps8.{name}", answer, seed=seed)
    assert verdict.share < 1
    assert said in [finding.kind for finding in verdict.findings]


def two_changes(net):
    treated = find("ps8.treat").reference(net)
    return treated | {"units": "tanh"} if gauges(net)["idle"] > 0.4 else treated


def test_a_second_change_costs_that_patient_only():
    verdict = evaluate("ps8.treat", two_changes)
    assert [row.name for row in verdict.rows if not row.ok] == ["cured [asleep]"]
    assert [finding.kind for finding in verdict.findings] == ["invariant: more than one setting"]


def test_labels_may_come_as_a_list():
    """The functions that a test is given take labels as a learner has them."""
    z, labels = np.array([[0.3, 1.0, -1.0], [2.0, 0.1, 0.4]]), [2, 0]
    for case in find("ps8.is_cross_entropy").cases(np.random.default_rng(0)):
        assert np.ndim(case.args[0].build()(z.copy(), labels)) == 0


# --- once called by another mistake's name, or with a sentence that was not true of it -----------------


def shares_of_the_batch(zs):
    dead, linear, off = find("ps8.dead_units").reference(zs)
    wide = np.array([z.shape[1] / len(z) for z in zs])
    return dead * wide, linear * wide, off


def linear_first(zs):
    dead, linear, off = find("ps8.dead_units").reference(zs)
    return linear, dead, off


def no_linear_ones(zs):
    dead, linear, off = find("ps8.dead_units").reference(zs)
    return dead, 0 * linear, off


def ill_either_way(norms):
    tilt, _ = find("ps8.gradient_health").reference(norms)
    return tilt, int(abs(tilt * (len(norms) - 1)) > 3)


def two_divisors(norms):
    layers, y = np.arange(1, len(norms) + 1), np.log10(norms)
    tilt = -np.cov(layers, y)[0, 1] / np.var(layers)
    gain = tilt * (len(norms) - 1)
    return tilt, -1 if gain < -3 else 1 if gain > 3 else 0


def two_steps_too_few(norms):
    tilt, _ = find("ps8.gradient_health").reference(norms)
    gain = tilt * (len(norms) - 2)
    return tilt, -1 if gain < -3 else 1 if gain > 3 else 0


def verdict_first(norms):
    return find("ps8.gradient_health").reference(norms)[::-1]


def rate_and_limit_exchanged(Ws, dWs, learning_rate, max_norm):
    return find("ps8.update_ratios").reference(Ws, dWs, max_norm, learning_rate)


def clip_by_the_largest(Ws, dWs, vs, a, mu, c):
    new = [mu * v + g for v, g in zip(vs, dWs, strict=True)]
    s = min(1.0, c / max(map(np.linalg.norm, new)))
    return [W - a * s * v for W, v in zip(Ws, new, strict=True)], new


def velocity_of_steps(Ws, dWs, vs, a, mu, c):
    new = [mu * v - a * g for v, g in zip(vs, dWs, strict=True)]
    s = min(1.0, c / np.sqrt(sum((v**2).sum() for v in new)))
    return [W + s * v for W, v in zip(Ws, new, strict=True)], new


def old_largest(w, g, m, v, V, n, a, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    V_hat = V / (1 - betas[1] ** n)
    return w - a * m / (1 - betas[0] ** n) / (np.sqrt(V_hat) + eps), m, v, np.maximum(V, v)


def half_life_by_the_first_step_below(f):
    below = f.cumprod(axis=0).mean(axis=1) <= 0.5
    return f.prod(axis=0), np.where(below.any(axis=0), below.argmax(axis=0) + 1, len(f))


def on_for_nine_in_ten(x, Ws, bs):
    h, out = x, []
    for W in Ws:
        z = h @ W.T
        out.append(-np.quantile(z, 0.1, axis=0))
        h = np.maximum(z + out[-1], 0)
    return out


def a_thousand_times(net):
    treated = find("ps8.treat").reference(net)
    return treated | {"rate": 1000 * net["rate"]} if treated["rate"] != net["rate"] else treated


def tilt_without_sign(norms):
    tilt = abs(find("ps8.gradient_health").reference(norms)[0])
    return tilt, int(tilt * (len(norms) - 1) > 3)


def by_the_largest_and_the_smallest(norms):
    tilt, _ = find("ps8.gradient_health").reference(norms)
    gain = np.sign(tilt) * np.log10(norms.max() / norms.min())
    return tilt, -1 if gain < -3 else 1 if gain > 3 else 0


def another_limit(limit):
    def health(norms):
        tilt, _ = find("ps8.gradient_health").reference(norms)
        gain = tilt * (len(norms) - 1)
        return tilt, -1 if gain < -limit else 1 if gain > limit else 0

    return health


def limit_taken_off(norms, share):
    out = np.full(norms.shape[1], len(norms) - 1.0)
    for c, y in enumerate(norms.T):
        if (below := y <= y[0] - share).any():
            out[c] = max(np.argmax(below) - 1, 0)
    return out


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("gradient_health", tilt_without_sign, ["sign lost, the other way"]),
        ("gradient_health", by_the_largest_and_the_smallest, ["verdict by largest and smallest"]),
        ("gradient_health", another_limit(2.5), ["invariant: verdict of its own tilt"]),
        ("gradient_health", another_limit(3.7), ["invariant: verdict of its own tilt"]),
        ("memory_length", limit_taken_off, ["limit below all norms"]),
        ("dead_units", shares_of_the_batch, ["divided by the examples"]),
        ("dead_units", linear_first, ["results in another order"]),
        ("dead_units", no_linear_ones, ["linear: no unit ever"]),
        ("gradient_health", ill_either_way, ["one verdict for both illnesses"]),
        ("gradient_health", two_divisors, ["two divisors"]),
        ("gradient_health", two_steps_too_few, ["L − 2 steps"]),
        ("gradient_health", verdict_first, ["results in another order"]),
        ("update_ratios", rate_and_limit_exchanged, ["α and c exchanged"]),
        ("clip_after_momentum", clip_by_the_largest, ["largest of the norms"]),
        ("clip_after_momentum", velocity_of_steps, ["velocity is the step"]),
        ("amsgrad_step", old_largest, ["old largest used"]),
        (
            "half_life",
            half_life_by_the_first_step_below,
            ["pattern: is made of whole numbers", "invariant: kept and half-life fit"],
        ),
        ("revive", on_for_nine_in_ten, ["smallest"]),
        ("treat", a_thousand_times, ["rate still too small"]),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_nothing_else_is_said_of_it(name, answer, said, seed):
    verdict = evaluate(f"ps8.{name}", answer, seed=seed)
    assert verdict.share < 1 and [finding.kind for finding in verdict.findings] == said


def test_biases_near_the_smallest_z_are_not_said_to_be_it():
    (finding,) = evaluate("ps8.revive", on_for_nine_in_ten).findings
    assert "one of the smallest" in finding.text


# --- once full points -----------------------------------------------------------------------------------


def nan_where_nothing_moves(Ws, dWs, vs, a, mu, c):
    new = [mu * v + g for v, g in zip(vs, dWs, strict=True)]
    size = np.sqrt(sum((v**2).sum() for v in new))
    return [W - a * min(size, c) * (v / size) for W, v in zip(Ws, new, strict=True)], new


def not_at_the_first_step(w, g, m, v, V, n, a, betas, eps):
    if n == 1:
        return w - a * np.sign(g), *find("ps8.amsgrad_step").reference(w, g, m, v, V, n, a, betas, eps)[1:]
    return find("ps8.amsgrad_step").reference(w, g, m, v, V, n, a, betas, eps)


def searched_between(low, high):
    return lambda beta1, leap: min(max(find("ps8.longest_memory").reference(beta1, leap), low), high)


def not_for_beta1_0(beta1, leap):
    return find("ps8.longest_memory").reference(beta1, leap) if beta1 else 0.5


def by_settings(net):
    """Without any gauge, from what settings ought to be."""
    if net["bias"]:
        return net | {"bias": 0.0}
    if net["branch"] and net["branch"] > net["layers"] ** -0.5:
        return net | {"branch": net["layers"] ** -0.5}
    if net["units"] == "tanh" and net["gain"] < 0.7:
        return net | {"gain": 1.1}
    return net | ({"last": 0.1} if net["last"] > 3 else {"rate": max(net["rate"], 0.02)})


def by_limits_of_settings(net):
    for key, wrong, cure in (
        ("bias", net["bias"] < -1, 0.0),
        ("rate", net["rate"] < 1e-4, 0.1),
        ("last", net["last"] > 3, 0.3),
        ("branch", (net["branch"] or 0) > 1, 0.2),
        ("gain", net["gain"] < 0.5, 1.2),
    ):
        if wrong:
            return net | {key: cure}
    return net


def interpolated_over_a_bump(norms, share):
    out = np.full(norms.shape[1], len(norms) - 1.0)
    for c, y in enumerate(np.log(norms).T):
        if (y <= y[0] + np.log(share)).any():
            out[c] = np.interp(-y[0] - np.log(share), -y, np.arange(len(y)))
    return out


def dead_for_ninety_nine(zs):
    _, linear, off = find("ps8.dead_units").reference(zs)
    return np.array([((z <= 0).mean(axis=0) > 0.99).mean() for z in zs]), linear, off


def only_far_too_long_arrays(grads, limit):
    cut = [g * (limit / n if (n := np.linalg.norm(g)) > 1.3 * limit else 1.0) for g in grads]
    a, b = (np.concatenate([np.ravel(x) for x in arrays]) for arrays in (grads, cut))
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b), np.linalg.norm(b) / np.linalg.norm(a)


@pytest.mark.parametrize(
    "name, answer",
    [
        ("clipping_turn", only_far_too_long_arrays),
        ("clip_after_momentum", nan_where_nothing_moves),
        ("amsgrad_step", not_at_the_first_step),
        ("longest_memory", searched_between(0.9, 0.9999)),
        ("longest_memory", searched_between(0.0, 0.9999)),
        ("longest_memory", searched_between(0.9, 1 - 1e-9)),
        ("longest_memory", not_for_beta1_0),
        ("treat", by_settings),
        ("treat", by_limits_of_settings),
        ("memory_length", interpolated_over_a_bump),
        ("dead_units", dead_for_ninety_nine),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_loses_points(name, answer, seed):
    verdict = evaluate(f"ps8.{name}", answer, seed=seed)
    assert verdict.share < 1 and verdict.findings


# --- once only located -----------------------------------------------------------------------------------


def treated(**doses):
    """By the right questions; `doses` of patients, by their illness."""

    def treat(net):
        ill, dose = sick(gauges(net)), None
        for gauge in ("idle", "tilt", "loss", "steps"):
            if gauge in ill:
                dose = doses.get(gauge)
                break
        return net | dose if dose else find("ps8.treat").reference(net)

    return treat


@pytest.mark.parametrize(
    "doses, said",
    [
        ({"loss": {"rate": 1e-3}}, "sure by its rate"),
        ({"loss": {"gain": 0.9}}, "sure by its gain or bias or branch or units"),
        ({"idle": {"units": "tanh"}}, "asleep by its units"),
        ({"idle": {"last": 1.0}}, "asleep by its gain or last or rate or branch"),
        ({"steps": {"rate": 100.0}}, "rate of 100"),
        ({"tilt": {"last": 0.1}}, "loud by its last"),
    ],
)
def test_what_was_changed_in_whom_is_said(doses, said):
    kinds = [finding.kind for finding in evaluate("ps8.treat", treated(**doses)).findings]
    assert said in kinds or f"invariant: {said}" in kinds


def changes_of_biases(x, Ws, bs):
    return [new - b for new, b in zip(find("ps8.revive").reference(x, Ws, bs), bs, strict=True)]


def last_layer_as_it_came(x, Ws, bs):
    return [*find("ps8.revive").reference(x, Ws, bs)[:-1], bs[-1]]


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("revive", changes_of_biases, "invariant: added to the old ones they would do"),
        ("revive", last_layer_as_it_came, "invariant: last layer"),
        ("longest_memory", lambda beta1, leap: 1.0, "invariant: exactly 1"),
        (
            "longest_memory",
            lambda beta1, leap: round(find("ps8.longest_memory").reference(beta1, leap), 2) - 1e-2,
            "invariant: coarse",
        ),
        (
            "slope_left",
            lambda name, hs: (
                find("ps8.slope_left").reference(name, hs)[0],
                np.array([((4 if name == "sigmoid" else 1) * slope(name, h) < 0.2).mean() for h in hs]),
            ),
            "invariant: another limit",
        ),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_what_would_do_is_said(name, answer, said, seed):
    assert said in [finding.kind for finding in evaluate(f"ps8.{name}", answer, seed=seed).findings]


def slope(name, h):
    return 1 - h**2 if name == "tanh" else h * (1 - h)


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("ps8.")])
def test_the_set_speaks_of_examples_as_its_text_does(name):
    problem = find(name)
    said = [*problem.hints, *(entry.diagnosis for entry in (*problem.mistakes, *problem.invariants))]
    assert not [text for text in said if "instance" in text]


def test_a_healthy_net_that_is_treated_costs_half_and_a_sick_one_a_fifth():
    """As part 12 says."""
    reference = find("ps8.treat").reference

    def treats_odd(net):
        return net | {"rate": 0.05} if net["units"] == "relu" and not sick(gauges(net)) else reference(net)

    assert evaluate("ps8.treat", treats_odd).share == pytest.approx(0.5)
    assert evaluate("ps8.treat", treated(steps={"rate": 1e-6})).share == pytest.approx(0.8)


# --- a second reading: two slips, slips of the whole idea, and answers that only a corner tells apart -----


def ratio_of(name, h):
    return 1 - h**2 if name == "tanh" else 4 * h * (1 - h)


def leaning_slope(name, hs):
    """σ' with a factor squared, and the healthy entries counted."""
    ratios = [1 - h**2 if name == "tanh" else 4 * h * (1 - h) ** 2 for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r > 0.95).mean() for r in ratios])


def one_for_the_net(name, hs):
    r = np.concatenate([ratio_of(name, h).ravel() for h in hs])
    return np.full(len(hs), r.mean()), np.full(len(hs), (r < 0.05).mean())


def unit_vectors(grads, limit):
    sizes = np.array([np.linalg.norm(g) for g in grads])
    whole, count = np.linalg.norm(sizes), (sizes > 0).sum()
    return sizes.sum() / (whole * np.sqrt(count)), np.sqrt(count) / whole


def below_three_times(norms):
    tilt, _ = find("ps8.gradient_health").reference(norms)
    gain = tilt * (len(norms) - 1)
    return tilt, -1 if gain < -np.log10(3) else 1 if gain > np.log10(3) else 0


def divided_by_the_rate(Ws, dWs, rate, c):
    s = min(1.0, c / np.sqrt(sum((g**2).sum() for g in dWs))) / rate
    below = [np.maximum(np.sqrt((W**2).mean(axis=1)), 1e-3) for W in Ws]
    return [s * np.linalg.norm(g, axis=1) / W for g, W in zip(dWs, below, strict=True)]


def decay_on_the_wrong_one(Ws, dWs, vs, a, mu, c):
    new = [v + mu * g for v, g in zip(vs, dWs, strict=True)]
    return [W - a * np.clip(v, -c, c) for W, v in zip(Ws, new, strict=True)], new


def old_maximum(w, g, m, v, V, n, a, betas, eps):
    """The maximum over what came in: V is never below v, so V stays what it was."""
    right = find("ps8.amsgrad_step").reference
    _, m_new, v_new, _ = right(w, g, m, v, V, n, a, betas, eps)
    V = np.maximum(V, v)
    step = m_new / (1 - betas[0] ** n) / (np.sqrt(V / (1 - betas[1] ** n)) + eps)
    return w - a * step, m_new, v_new, V


def slowest_sequence(f):
    """The half-life of the sequence that remembers longest."""
    return f.prod(axis=0), (np.log(2) / -np.log(f).mean(axis=0)).max(axis=0)


def mean_curve(norms, share):
    (length,) = find("ps8.memory_length").reference(norms.mean(axis=1)[:, None], share)
    return np.full(norms.shape[1], length)


def untouched(W, radius, growth, steps):
    return find("ps8.rescale_recurrent").reference(W, radius, growth, steps)[0], W.copy()


def cut_from_by_radius(W, radius, growth, steps):
    U = find("ps8.rescale_recurrent").reference(W, radius, growth, steps)[0]
    sizes = [np.linalg.norm(np.linalg.matrix_power(U, k), 2) for k in range(1, steps + 1)]
    return U, U * min(1.0, *[(growth / size) ** (1 / (k + 1)) for k, size in enumerate(sizes)])


def asked_the_wrong_way(net):
    return dict(net) if sick(gauges(net)) else net | {"gain": 1.01 * net["gain"]}


def windows_without_the_root(beta1, leap):
    n, windows = np.arange(1, 121), np.geomspace(1, 1e7, 3000)
    fits = [w for w in windows if ((1 - beta1**n) / (1 - (1 - 1 / w) ** n)).max() <= leap]
    return 1 - 1 / fits[-1]


def wants_no_nan(loss):
    return testers.tester(loss, nan=np.isfinite)


def times_growth(W, radius, growth, steps):
    return find("ps8.rescale_recurrent").reference(W, radius, growth, steps)[0], W * growth


def roots_behind_by_one(W, radius, growth, steps):
    powers = [np.linalg.matrix_power(W, k) for k in range(1, steps + 1)]
    c = min((growth / np.linalg.norm(P, 2)) ** (1 / max(k, 1)) for k, P in enumerate(powers))
    return find("ps8.rescale_recurrent").reference(W, radius, growth, steps)[0], W * c


def tilt_by_ln(norms):
    tilt, verdict = find("ps8.gradient_health").reference(norms)
    return tilt * np.log(10), verdict


def share_for_its_logarithm(norms, share):
    return np.argmax(np.log(norms / norms[0]) <= share, axis=0) * 1.0


def one_minus_squares(name, hs):
    ratios = [1 - h**2 for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r < 0.05).mean() for r in ratios])


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("slope_left", leaning_slope, ["full slope", "second factor squared, sigmoid"]),
        ("slope_left", one_for_the_net, ["one answer for the net"]),
        ("clipping_turn", unit_vectors, ["limit not used"]),
        ("gradient_health", below_three_times, ["limit at a factor of 3"]),
        ("update_ratios", divided_by_the_rate, ["divided by the learning rate", "root mean squares below"]),
        ("clip_after_momentum", decay_on_the_wrong_one, ["clipped by value", "μ on the gradient"]),
        ("amsgrad_step", old_maximum, ["largest not renewed"]),
        ("half_life", slowest_sequence, ["longest half-life"]),
        ("memory_length", mean_curve, ["one curve for all nets"]),
        ("rescale_recurrent", untouched, ["by_growth as it came"]),
        ("rescale_recurrent", cut_from_by_radius, ["by_radius, cut further"]),
        ("treat", asked_the_wrong_way, ["turned round"]),
        ("longest_memory", windows_without_the_root, ["no root of v"]),
        ("is_cross_entropy", wants_no_nan, ["a finite number for NaN"]),
        ("rescale_recurrent", times_growth, ["growth for the factor"]),
        ("rescale_recurrent", roots_behind_by_one, ["root one too low"]),
        ("gradient_health", tilt_by_ln, ["tilt in powers of e"]),
        ("memory_length", share_for_its_logarithm, ["absolute limit"]),
        ("slope_left", one_minus_squares, ["1 − h² for both, undivided"]),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_is_named_and_nothing_else_is_said(name, answer, said, seed):
    verdict = evaluate(f"ps8.{name}", answer, seed=seed)
    assert verdict.share < 1 and sorted(finding.kind for finding in verdict.findings) == said


def no_move_where_gradients_are_tiny(w, g, m, v, V, n, a, betas, eps):
    moved, m, v, V = find("ps8.amsgrad_step").reference(w, g, m, v, V, n, a, betas, eps)
    return np.where(V < 1e-14, w, moved), m, v, V


def two_arrays(Ws, dWs, vs, a, mu, c):
    return find("ps8.clip_after_momentum").reference(Ws[:2], dWs[:2], vs[:2], a, mu, c)


def squeezed(zs):
    """Each answer without axes of length 1."""
    return tuple(np.squeeze(values) for values in find("ps8.dead_units").reference(zs))


def never_negative(share, shortest, longest, H):
    lags, bias = find("ps8.gate_bias").reference(share, shortest, longest, H)
    return lags, np.maximum(bias, 0)


def squeezed_length(norms, share):
    return np.squeeze(find("ps8.memory_length").reference(norms, share))


@pytest.mark.parametrize(
    "name, answer",
    [
        ("amsgrad_step", no_move_where_gradients_are_tiny),
        ("clip_after_momentum", two_arrays),
        ("dead_units", squeezed),
        ("gate_bias", never_negative),
        ("memory_length", squeezed_length),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_corner_costs_points(name, answer, seed):
    assert evaluate(f"ps8.{name}", answer, seed=seed).share < 1


def floor_alone(Ws, dWs, rate, c):
    right = find("ps8.update_ratios").reference(Ws, dWs, rate, c)
    return [np.where(np.linalg.norm(W, axis=1) < 1e-3, 0.3 * r, r) for W, r in zip(Ws, right, strict=True)]


def floor_and_factor(Ws, dWs, rate, c):
    return [1.7 * r for r in floor_alone(Ws, dWs, rate, c)]


@pytest.mark.parametrize("answer, is_said", [(floor_alone, True), (floor_and_factor, False)])
def test_the_floor_is_blamed_where_the_long_rows_are_right(answer, is_said):
    kinds = [finding.kind for finding in evaluate("ps8.update_ratios", answer).findings]
    assert ("invariant: another floor" in kinds) == is_said


def test_the_dose_is_blamed_where_the_setting_is_right():
    kinds = [finding.kind for finding in evaluate("ps8.treat", treated(idle={"bias": -1.5})).findings]
    assert "invariant: asleep: dose" in kinds


def test_a_net_that_comes_back_as_it_was_is_said_once():
    findings = evaluate("ps8.treat", lambda net: net | {"units": "tanh"}).findings
    assert not [
        finding.text
        for finding in findings
        if "after your treatment" in finding.text or "still has" in finding.text
    ]
    assert len(findings) < 7


def test_a_fact_about_some_matrices_says_so():
    texts = [
        finding.text
        for finding in evaluate("ps8.rescale_recurrent", lambda W, r, g, s: (1.1 * W, 1.01 * W)).findings
    ]
    assert [text for text in texts if text.startswith("For some W")]


def in_an_array_of_objects(x, Ws, bs):
    out = np.empty(len(bs), dtype=object)
    out[:] = find("ps8.revive").reference(x, Ws, bs)
    return out


def numbers_as_arrays(net):
    changed = find("ps8.treat").reference(net)
    return {key: np.array([value]) if isinstance(value, float) else value for key, value in changed.items()}


def with_a_rest(beta1, leap):
    return find("ps8.longest_memory").reference(beta1, leap) + 1e-17j


@pytest.mark.parametrize(
    "name, answer",
    [("revive", in_an_array_of_objects), ("treat", numbers_as_arrays), ("longest_memory", with_a_rest)],
)
def test_right_numbers_in_another_dress_are_right(name, answer):
    assert evaluate(f"ps8.{name}", answer).share == 1


def test_a_limit_that_is_reached_at_once_is_not_said_to_be_share_itself():
    (finding,) = evaluate("ps8.memory_length", share_for_its_logarithm).findings
    assert "as it would be if" in finding.text


# --- slips of a whole passage, named as one -----------------------------------------------------------------


def each_cosine(grads, limit):
    cut = [g * min(1, limit / np.linalg.norm(g)) if g.any() else g for g in grads]
    pairs = [(np.linalg.norm(a), np.linalg.norm(b)) for a, b in zip(grads, cut, strict=True) if a.any()]
    cosines = [
        np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b))
        for a, b in zip(grads, cut, strict=True)
        if a.any()
    ]
    long, short = np.sqrt(np.square(pairs).sum(axis=0))
    return np.mean(cosines), short / long


def weights_first(Ws, dWs, vs, rate, decay, c):
    size = np.sqrt(sum((v**2).sum() for v in vs))
    s = min(1, c / size) if size > 0 else 1
    return [W - rate * s * v for W, v in zip(Ws, vs, strict=True)], [
        decay * v + g for v, g in zip(vs, dWs, strict=True)
    ]


def one_step_ahead(w, g, m, v, V, n, rate, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    V = np.maximum(V, v)
    rate = rate * np.sqrt(1 - betas[1] ** (n + 1)) / (1 - betas[0] ** (n + 1))
    return w - rate * m / (np.sqrt(V) + eps), m, v, V


def by_the_product(f):
    kept = np.prod(f, axis=0)
    with np.errstate(divide="ignore"):
        return kept, np.log(0.5) * len(f) / np.log(kept).mean(axis=0)


def few_powers(W, radius, growth, steps):
    P, c = np.eye(len(W)), np.inf
    for k in range(1, min(steps, 12) + 1):
        P = P @ W
        c = min(c, (growth / np.linalg.norm(P, 2)) ** (1 / k))
    return W * radius / np.abs(np.linalg.eigvals(W)).max(), c * W


def examples_middles(x, Ws, bs):
    h, new = x, []
    for W in Ws:
        z = h @ W.T
        new.append(np.full(len(W), -np.median(z, axis=1).mean()))
        h = np.maximum(z + new[-1], 0)
    return new


def with_the_leap(beta1, leap):
    return 1 - 1 / (1000 * leap / 6.57)


def large_is_wrong(loss):
    rng = np.random.default_rng(4)
    for scale in (1, 100, 5000):
        z, labels = scale * rng.normal(size=(8, 3)), rng.integers(3, size=8)
        wanted = testers.cross_entropy(z, labels)
        if abs(float(loss(z.copy(), labels)) - wanted) > 1e-4 * wanted:
            return False
    return True


@pytest.mark.parametrize(
    "name, answer, mistake",
    [
        ("clipping_turn", each_cosine, "each array by itself"),
        ("clip_after_momentum", weights_first, "weights first"),
        ("amsgrad_step", one_step_ahead, "n + 1, ε before the correction"),
        ("half_life", by_the_product, "logarithm of the product"),
        ("rescale_recurrent", few_powers, "twelve powers"),
        ("revive", examples_middles, "mean of the examples' middles"),
        ("longest_memory", with_the_leap, "window as the leap, from the lecture's"),
        ("is_cross_entropy", large_is_wrong, "NaN passes, one number of rows, few levels"),
    ],
)
def test_a_slip_of_a_whole_passage_is_one(name, answer, mistake):
    assert [finding.name for finding in evaluate(f"ps8.{name}", answer).findings] == [mistake]
