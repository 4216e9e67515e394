"""Answers to problem set 5 by readers who knew no catalogue: what used to be paid, silent or told wrongly."""

import numpy as np
import pytest
from test_check_ps5 import kinds, reference

from vgcourse.check import evaluate, find
from vgcourse.problems.ps5.linear import block_diagonal
from vgcourse.problems.ps5.shrink import norm_after

# --- once full points ------------------------------------------------------------------------------


def one_per_cent_of_the_sum(W, h0):
    radii, angles, _ = reference("two_modes", W, h0)
    values, V = np.linalg.eig(W)
    sizes = np.abs(np.linalg.solve(V, h0)) * np.linalg.norm(V, axis=0)
    first, second = (sizes[np.isclose(np.abs(values), r)].sum() for r in radii)
    t = 0
    while second * radii[1] ** t > 0.01 * (first * radii[0] ** t + second * radii[1] ** t):
        t += 1
    return radii, angles, t


def oldest_on_top(taps):
    K, H = max(taps), len(taps[max(taps)])
    A = np.eye(K * H, k=H)
    for k, B in taps.items():
        A[-H:, (K - k) * H : (K - k + 1) * H] = B
    return A, np.sort(np.abs(np.linalg.eigvals(A)))[::-1]


def alive_at_zero(name, w, c, leak, x, h0):
    """A leaky unit, backwards; its ReLU has the slope 1 at 0."""
    return leaky(name, w, c, leak, x, h0, relu=lambda z: float(z >= 0))


def neutral_is_stable(name, w, drive, h):
    other, slopes, _ = reference("two_step_orbits", name, w, drive, h)
    return other, slopes, slopes <= 1


@pytest.mark.parametrize("seed", (0, 1, 5))
@pytest.mark.parametrize("which", (0, 1))
def test_one_eigenvector_of_the_sizes_does_not_do(which, seed):
    def answer(W):
        values, V = np.linalg.eig(np.abs(W) if which else np.abs(W).T)
        v = np.abs(V[:, np.argmax(np.abs(values))])
        return 1 / v if which else v

    said = "right vector alone" if which else "left vector alone"
    verdict = evaluate("ps5.shrinking_scales", answer, seed=seed)
    assert verdict.share < 1 and [f.kind for f in verdict.findings] == [said]


def test_a_verdict_has_to_be_given_arrays():
    def by_lists(stable):
        cases = [([[0.9, 5.0], [0.0, 0.9]], True), ([[0.0, -1.2], [1.2, 0.0]], False)]
        return all(bool(stable(W)) == want for W, want in cases)

    verdict = evaluate("ps5.tells_stability", by_lists)
    assert "raises AttributeError" in [f.kind for f in verdict.findings]
    assert "accepted [by the transpose]" in [row.name for row in verdict.rows if not row.ok]


# --- once silent, merely located, or called by another name -----------------------------------------


def leaky(name, w, c, leak, x, h0, relu=lambda z: float(z > 0), feel=None):
    f = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: max(z, 0.0)}[name]
    slope = {
        "tanh": lambda z: 1 - np.tanh(z) ** 2,
        "sigmoid": lambda z: f(z) * (1 - f(z)),
        "relu": relu,
    }[name]
    hs, zs, dh = [h0], [], [1.0]
    for x_t in x:
        zs.append(w * hs[-1] + c * x_t)
        hs.append((1 - leak) * hs[-1] + leak * f(zs[-1]))
    sums = np.zeros(3)
    for t in range(len(x) - 1, -1, -1):
        s = slope(zs[t])
        terms = leak * s * hs[t], leak * s * x[t], f(zs[t]) - hs[t]
        sums += dh[0] * np.array(feel(terms, t, hs, x, s, leak) if feel else terms)
        dh.insert(0, dh[0] * (1 - leak + leak * s * w))
    return np.array(dh), *sums


def felt(feel):
    return lambda *args: leaky(*args, feel=feel)


def next_input(terms, t, hs, x, s, leak):
    return terms[0], leak * s * x[min(t + 1, len(x) - 1)], terms[2]


def state_for_input(terms, t, hs, x, s, leak):
    return terms[0], terms[0], terms[2]


def leak_inside(terms, t, hs, x, s, leak):
    return terms[0], terms[1], s * terms[2]


def read_late(W, C, V, x, h0, delay):
    y = reference("delayed_response", W, C, V, x, h0, 0)
    return np.vstack([np.zeros((delay, len(V))), y])[: len(y)]


def fed_back_late(W, C, V, x, h0, delay):
    hs = [h0]
    for t in range(len(x)):
        back = t + 1 - max(delay, 1)
        hs.append(W @ hs[max(back, 0)] + C @ x[t])
    return np.array([V @ h for h in hs[1:]])


def other_eigenvectors(W, h0):
    radii, angles, _ = reference("two_modes", W, h0)
    return radii, angles, reference("two_modes", W.T, h0)[2]


def pair_twice(W, h0):
    values, V = np.linalg.eig(W)
    sizes = np.abs(np.linalg.solve(V, h0)) * np.linalg.norm(V, axis=0) * (1 + (values.imag != 0))
    i, j = np.argsort(-np.abs(values), kind="stable")[:2]
    radii = np.abs(values[[i, j]])
    step = np.log(0.01 * sizes[i] / sizes[j]) / np.log(radii[1] / radii[0])
    return radii, np.abs(np.angle(values[[i, j]])), max(0, int(np.ceil(step)))


def exception_alone_right(W, u, ts):
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V, u.astype(complex))
    rows = []
    for t in ts.tolist():
        sums = [t if v == 1 else (1 - v ** (t + 1)) / (1 - v) for v in values]
        rows.append((V @ (a * np.array(sums))).real)
    return np.array(rows)


def real_ones_alone(W):
    values = np.linalg.eigvals(W)
    values = values[np.abs(values.imag) < 1e-9].real
    return 0.0 if (values >= 1).any() else (2 / (1 - values)).min()


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("two_modes", one_per_cent_of_the_sum, "1 % of both together"),
        ("two_modes", other_eigenvectors, "eigenvectors of Wᵀ"),
        ("block_companion", oldest_on_top, "oldest state first"),
        ("leaky_gradient", alive_at_zero, "ReLU' = 1 at 0"),
        ("leaky_gradient", felt(next_input), "x one step late"),
        ("leaky_gradient", felt(state_for_input), "h for x"),
        ("leaky_gradient", felt(leak_inside), "dleak: times f'"),
        ("two_step_orbits", neutral_is_stable, "1 counts as stable"),
        ("delayed_response", read_late, "output late"),
        ("delayed_response", fed_back_late, "feedback late"),
        ("constant_response", exception_alone_right, "one term too many, but for λ = 1"),
        ("largest_leak", real_ones_alone, "pairs left out"),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_is_called_what_it_is(name, answer, said, seed):
    verdict = evaluate(f"ps5.{name}", answer, seed=seed)
    assert verdict.share < 1 and [finding.kind for finding in verdict.findings] == [said]


def test_the_leaky_unit_is_right_without_a_slip():
    assert evaluate("ps5.leaky_gradient", leaky).share == 1


@pytest.mark.parametrize("seed", (0, 5))
def test_int_of_infinity_hides_no_mistake(seed):
    """Both members of a pair have the same radius, so the step is infinite; int() of it fails."""
    found = kinds("two_modes", pair_twice, seed=seed)
    assert found[0].startswith("raises OverflowError") and found[1:] == ["a pair counted as two modes"]


def test_a_verdict_alone_accuses_nobody():
    """Yes and no of a few points agree with many mistakes."""

    def others(name, w, drive, h):
        other, slopes, _ = reference("two_step_orbits", name, w, drive, h)
        return other, slopes * (1 + 0.3 * np.sin(h)), np.abs(w) * np.ones(len(h)) < 1.2

    known = {mistake.name for mistake in find("ps5.two_step_orbits").mistakes}
    assert not known & set(kinds("two_step_orbits", others))


# --- facts in the place of names: answers with a number or a basis of their own -----------------------


def stopped_after(terms):
    def answer(W, c, lags):
        g = [c]
        for _ in range(terms - 1):
            g.append(W @ g[-1])
        S = sum(np.outer(v, v) for v in g)
        return S, np.array([v @ np.linalg.pinv(S) @ v for v in g[:lags]])

    return answer


def on_a_grid(W):
    a = np.arange(1, 5000) / 500
    values = np.linalg.eigvals(W)
    stable = (np.abs(1 + a[:, None] * (values - 1)) < 1).all(axis=1)
    return a[stable].max() if stable.any() else 0.0


def a_few_rounds(A, steps):
    norms, at, _ = reference("growth_start", A, steps)
    P = np.linalg.matrix_power(A, int(at))
    v = np.ones(len(A))
    for _ in range(4):
        v = P.T @ P @ v
        v /= np.linalg.norm(v)
    return norms, at, v


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("recall", stopped_after(7), "a finite number of terms"),
        ("recall", stopped_after(77), "a finite number of terms"),
        ("largest_leak", on_a_grid, "on a grid"),
        ("growth_start", a_few_rounds, "grows by the largest norm"),
    ],
)
def test_it_is_told_what_it_is(name, answer, said):
    assert f"invariant: {said}" in kinds(name, answer)


def test_a_series_long_enough_is_no_finite_number_of_terms():
    assert evaluate("ps5.recall", stopped_after(3000)).share == 1


def moved(change=lambda M, W: M, basis=None, order=None):
    """The reference's matrix with something done to it, or built on another basis."""

    def answer(W):
        values, V = np.linalg.eig(W)
        rank = np.argsort(-np.abs(values))
        M = reference("calm", W)
        if basis:
            Q = np.linalg.qr(np.column_stack([V[:, rank[0]].real, np.eye(len(W))]))[0]
            P = np.linalg.qr(basis(W, values, V, rank))[0]
            M = P @ Q.T @ M @ Q @ P.T
        return change(M, W)

    return answer


def left_first(W, values, V, rank):
    lefts, L = np.linalg.eig(W.T)
    return np.column_stack([L[:, np.argmax(np.abs(lefts))].real, np.eye(len(W))])


def ones_first(W, values, V, rank):
    return np.column_stack([np.ones(len(W)), np.eye(len(W))])


def skewed(M, W):
    """Similar to M, with v kept and no right angles."""
    values, V = np.linalg.eig(W)
    v = V[:, np.argmax(np.abs(values))].real
    S = np.eye(len(W)) + 0.4 * np.outer(v, np.random.default_rng(0).normal(size=len(W)))
    return S @ M @ np.linalg.inv(S)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (moved(lambda M, W: 0.97 * M), "times a number"),
        (moved(lambda M, W: -M), "signs turned"),
        (moved(lambda M, W: (M + M.T) / 2), "real parts"),
        (moved(skewed), "not at right angles"),
        (moved(basis=left_first), "mode of the transpose"),
        (moved(basis=ones_first), "only the direction"),
    ],
)
@pytest.mark.parametrize("seed", (0, 5))
def test_what_a_matrix_is_like_is_told(answer, said, seed):
    assert any(kind.endswith(said) for kind in kinds("calm", answer, seed=seed))


def test_what_is_told_of_a_matrix_is_true_of_it_alone():
    assert evaluate("ps5.calm", moved()).share == 1
    found = kinds("calm", moved(basis=ones_first))
    assert not {"invariant: times a number", "invariant: other eigenvalues", "invariant: it can grow"} & set(
        found
    )


def test_half_of_the_way_does_for_many_nets_and_not_for_all_three():
    for seed in range(3):
        nets = [case.args[0] for case in find("ps5.shrinking_scales").cases(np.random.default_rng(seed))]
        for M in (np.abs, lambda W: np.abs(W).T):
            norms = []
            for W in nets:
                values, V = np.linalg.eig(M(W))
                v = np.abs(V[:, np.argmax(values.real)].real)
                norms.append(norm_after(W, 1 / v if M is np.abs else v))
            assert max(norms) > 1.02


# --- the engine, on answers of this set ---------------------------------------------------------------


def squared_and_reversed(name, w, drive, h):
    other, _, _ = reference("two_step_orbits", name, w, drive, h)
    slope = find("ps5.two_step_orbits").mistakes
    (single,) = [mistake for mistake in slope if mistake.name == "one step's slope"]
    slopes = single.formula(name, w, drive, h)[1] ** 2
    return other, slopes, np.abs(slopes) > 1


def transposed_without_exception(W, u, ts):
    values, V = np.linalg.eig(W)
    a, values = V.T @ u, values.astype(complex)
    return np.array([(V @ (a * (1 - values ** int(t)) / (1 - values))).real for t in ts])


def test_a_verdict_that_two_mistakes_explain_in_full_is_explained():
    assert kinds("two_step_orbits", squared_and_reversed) == ["one slope squared", "verdict reversed"]


def test_nan_speaks_against_no_mistake():
    """Where λ = 1 all is NaN; elsewhere the coefficients are those of an orthogonal basis."""
    assert "transposed for inverse" in kinds("constant_response", transposed_without_exception)


# --- right on the easy cases only ---------------------------------------------------------------------


def powers_through_logarithms(W, u, ts):
    values, V = np.linalg.eig(W)
    values = values.astype(complex)
    a = np.linalg.inv(V) @ u
    with np.errstate(all="ignore"):
        one = [np.where(values == 1, t, (1 - np.exp(t * np.log(values))) / (1 - values)) for t in ts]
    return np.real([V @ (a * sums) for sums in one])


def less_than_one_per_cent(W, h0):
    radii, angles, step = reference("two_modes", W, h0)
    values, V = np.linalg.eig(W)
    sizes = np.abs(np.linalg.inv(V) @ h0) * np.linalg.norm(V, axis=0)
    first, second = (sizes[np.isclose(np.abs(values), r)].sum() for r in radii)
    return radii, angles, step + (second * (radii[1] / radii[0]) ** step >= 0.01 * first)


def moduli_like_the_taps(taps):
    A, moduli = reference("block_companion", taps)
    return A, moduli.astype(taps[max(taps)].dtype)


def h_like_the_taps(feedback, inputs, steps):
    h = np.zeros(steps + 1, np.array(list(inputs.values())).dtype)
    for t in range(steps + 1):
        h[t] = sum(c for j, c in inputs.items() if j <= t)
        h[t] += np.array(sum(b * h[t - k] for k, b in feedback.items() if k <= t)).astype(h.dtype)
    return h, reference("step_response", feedback, inputs, steps)[1]


def leaks_up_to(most):
    def answer(W):
        return min(reference("largest_leak", W), most)

    return answer


def states_like_the_start(name, w, c, leak, x, h0):
    f = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0.0)}
    slope = {
        "tanh": lambda z: 1 / np.cosh(z) ** 2,
        "sigmoid": lambda z: 0.5 / (1 + np.cosh(z)),
        "relu": lambda z: 1.0 * (z > 0),
    }
    h, z = np.full(len(x) + 1, h0), np.zeros(len(x))
    for t in range(len(x)):
        z[t] = w * h[t] + c * x[t]
        h[t + 1] = (1 - leak) * h[t] + leak * f[name](z[t])
    factors = 1 - leak + leak * w * slope[name](z)
    dh = np.append(np.cumprod(factors[::-1])[::-1], 1.0)
    dz = leak * slope[name](z) * dh[1:]
    return dh, dz @ h[:-1], dz @ x, dh[1:] @ (f[name](z) - h[:-1])


def largest_real_one_first(W):
    values, V = np.linalg.eig(W)
    real = np.flatnonzero(values.imag == 0)
    top = real[np.argmax(values[real].real)]
    Q = np.linalg.qr(np.column_stack([V[:, top].real, np.eye(len(W))]))[0]
    blocks = [values[top].real]
    for i, value in enumerate(values.astype(complex)):
        if i != top and value.imag >= 0:
            blocks.append((abs(value), np.angle(value)) if value.imag else value.real)
    return Q @ block_diagonal(blocks) @ Q.T


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("constant_response", powers_through_logarithms, None),
        ("two_modes", less_than_one_per_cent, "strictly below"),
        ("block_companion", moduli_like_the_taps, "cut to whole numbers"),
        ("step_response", h_like_the_taps, None),
        ("largest_leak", leaks_up_to(2.0), "at most 2"),
        ("largest_leak", leaks_up_to(1.0), "at most 1"),
        ("leaky_gradient", states_like_the_start, "states cut to whole numbers"),
        ("calm", largest_real_one_first, None),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_corner_costs_points(name, answer, said, seed):
    verdict = evaluate(f"ps5.{name}", answer, seed=seed)
    assert verdict.share < 1
    assert said is None or [finding.kind for finding in verdict.findings] == [said]


# --- what was said of them was not true ---------------------------------------------------------------


def real_parts_for_radii(W, h0):
    radii, angles, step = reference("two_modes", W, h0)
    return np.abs(radii * np.cos(angles)), angles, step


def peaks_above_one(A, steps):
    norms, at, start = reference("growth_start", A, steps)
    return (norms, at, start) if norms.max() > 1 else (norms, 0, np.eye(len(A))[0])


def peaks_with_a_fall(A, steps):
    norms, at, _ = reference("growth_start", A, steps)
    at = min(int(at), steps - 1)
    return norms, at, np.linalg.svd(np.linalg.matrix_power(A, at))[2][0]


def slowest_below_one(W, h0):
    values, V = np.linalg.eig(W)
    sizes = np.abs(np.linalg.solve(V, h0)) * np.where(values.imag > 0, 2, 1)
    rank = [i for i in np.argsort(-np.abs(values)) if values[i].imag >= 0 and abs(values[i]) < 1][:2]
    radii, t = np.abs(values[rank]), 0
    while sizes[rank[1]] * radii[1] ** t > 0.01 * sizes[rank[0]] * radii[0] ** t:
        t += 1
    return radii, np.abs(np.angle(values[rank])), t


def step_as_it_comes(W, h0):
    radii, angles, _ = reference("two_modes", W, h0)
    values, V = np.linalg.eig(W)
    sizes = np.abs(np.linalg.inv(V) @ h0) * np.linalg.norm(V, axis=0)
    first, second = (sizes[np.isclose(np.abs(values), r)].sum() for r in radii)
    return radii, angles, np.log(0.01 * first / second) / np.log(radii[1] / radii[0])


def everything_waits(W, C, V, x, h0, delay):
    hs = [h0]
    for t in range(len(x)):
        late = x[t - delay] if t >= delay else np.zeros(x.shape[1])
        hs.append(W @ hs[max(t - delay, 0)] + C @ late)
    return np.array(hs[1:]) @ V.T


def rolled(W, C, V, x, h0, delay):
    late = np.roll(x, delay, axis=0)
    late[: delay % len(x)] = 0
    return reference("delayed_response", W, C, V, late, h0, 0)


def oldest_forgotten(taps):
    A, _ = reference("block_companion", taps)
    A[-len(taps[max(taps)]) :] = 0
    return A, np.sort(np.abs(np.linalg.eigvals(A)))[::-1]


def radius_for_eigenvalue(W):
    radius = np.abs(np.linalg.eigvals(W)).max()
    return 2 / (1 - radius) if radius < 1 else 0.0


def without_the_end(*args):
    dh, *rest = reference("leaky_gradient", *args)
    return dh[:-1], *rest


def quotient_for_slope(name, w, drive, h):
    if name != "relu":
        return reference("two_step_orbits", name, w, drive, h)
    z = w * h + drive
    other = np.maximum(z, 0)
    then = w * other + drive
    with np.errstate(all="ignore"):
        slopes = w**2 * (np.maximum(z, 0) / z) * (np.maximum(then, 0) / then)
    return other, slopes, np.abs(slopes) < 1


def one_look_without_root(W):
    return np.sqrt((W**2).sum(axis=0) / (W**2).sum(axis=1))


def complex_basis(W):
    values, V = np.linalg.eig(W)
    rank = np.argsort(-np.abs(values))
    Q = np.linalg.qr(V[:, rank])[0]
    return (Q @ np.diag(values[rank]) @ Q.conj().T).real


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("two_modes", real_parts_for_radii, "radii: |Re λ|"),
        ("two_modes", slowest_below_one, "growing modes left out"),
        ("two_modes", step_as_it_comes, "neither rounded nor cut"),
        ("growth_start", peaks_above_one, "no peak without growth"),
        ("growth_start", peaks_with_a_fall, "never the last k"),
        ("delayed_response", everything_waits, "state one step later still, and input late"),
        ("delayed_response", rolled, "delay taken modulo T"),
        ("block_companion", oldest_forgotten, "oldest state lost"),
        ("largest_leak", radius_for_eigenvalue, "2/(1 − ρ)"),
        ("leaky_gradient", without_the_end, "last entry left out"),
        ("two_step_orbits", quotient_for_slope, "ReLU' = f(z)/z"),
        ("shrinking_scales", one_look_without_root, "column over row without root, diagonal too"),
        ("calm", complex_basis, "real part of a complex matrix"),
    ],
)
@pytest.mark.parametrize("seed", (0, 3))
def test_its_name_says_what_was_done(name, answer, said, seed):
    assert kinds(name, answer, seed=seed) == [said]


def every_round_from_the_start(W):
    once = np.sqrt(np.linalg.norm(W, axis=0) / np.linalg.norm(W, axis=1))
    return once**12


def a_little_of_the_way(W):
    return reference("shrinking_scales", W) ** 0.2


@pytest.mark.parametrize(
    ("answer", "said"),
    [(every_round_from_the_start, "every round sees W"), (a_little_of_the_way, "on the way")],
)
def test_what_the_scales_do_is_told(answer, said):
    assert kinds("shrinking_scales", answer) == [f"invariant: {said}"]


def only_the_partner(name, w, drive, h):
    other, _, _ = reference("two_step_orbits", name, w, drive, h)
    return other, np.zeros(len(h)), np.zeros(len(h), bool)


def test_verdicts_that_are_all_false_accuse_of_no_rule():
    """No slope of two steps is below 0, so that rule and False everywhere cannot be told apart."""
    texts = [finding.text for finding in evaluate("ps5.two_step_orbits", only_the_partner).findings]
    assert not any("ask for slope < 0" in text for text in texts)


@pytest.mark.parametrize("number", (0.0, 2.0))
def test_one_number_for_every_matrix_is_no_formula(number):
    said = kinds("largest_leak", lambda W: number)
    assert not {mistake.name for mistake in find("ps5.largest_leak").mistakes} & set(said)
    assert "invariant: on a grid" not in said


def spoilt(name, place, change):
    """The right answer with one output changed."""

    def answer(*args):
        outputs = reference(name, *args)
        if not isinstance(outputs, tuple):
            return change(outputs)
        return (*outputs[:place], change(outputs[place]), *outputs[place + 1 :])

    return answer


@pytest.mark.parametrize(
    ("name", "place", "change", "said"),
    [
        ("constant_response", 0, lambda h: 0 * h, None),
        ("constant_response", 0, lambda h: -h, "signs turned"),
        ("two_modes", 1, lambda angles: 0 * angles, None),
        ("growth_start", 1, lambda at: 1, "first k above 1"),
        ("step_response", 0, np.ones_like, None),
        ("step_response", 1, lambda rest: 1.0, None),
        ("largest_leak", 0, lambda a: -a, "sign of the answer"),
    ],
)
def test_one_output_spoilt_accuses_of_nothing_else(name, place, change, said):
    known = {mistake.name for mistake in find(f"ps5.{name}").mistakes}
    assert known & set(kinds(name, spoilt(name, place, change))) == ({said} if said else set())


# --- answers that nobody had thought of: each is named, and nothing else is --------------------------------


def nothing_heard_without_delay(W, C, V, x, h0, delay):
    late = np.zeros_like(x)
    late[delay:] = x[:-delay] if 0 < delay < len(x) else 0
    return reference("delayed_response", W, C, V, late, h0, 0)


def nearly_one(W, u, ts):
    values, V = np.linalg.eig(W)
    values = values.astype(complex)
    near = np.isclose(values, 1)
    sums = [np.where(near, t, (1 - values**t) / np.where(near, 1, 1 - values)) for t in ts]
    return ((np.array(sums) * np.linalg.solve(V, u)) @ V.T).real


def until_it_falls(A, steps):
    norms, _, _ = reference("growth_start", A, steps)
    k = 1
    while k < steps and norms[k] > norms[k - 1]:
        k += 1
    return norms, k, np.linalg.svd(np.linalg.matrix_power(A, k))[2][0]


def share_of_the_trace(W, c, lags):
    S, _ = reference("recall", W, c, lags)
    g = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return S, np.array([v @ v / np.trace(S) for v in g])


def of_the_first_type(taps):
    first = next(iter(taps.values()))
    A, _ = reference("block_companion", taps)
    A = A.astype(first.dtype)
    return A, np.sort(np.abs(np.linalg.eigvals(A)))[::-1]


def padded_for_the_feedback(feedback, inputs, steps):
    K = max(feedback, default=0)
    x, h = np.append(np.zeros(K), np.ones(steps + 1)), np.zeros(K + steps + 1)
    for t in range(K, len(h)):
        h[t] = sum(c * x[t - j] for j, c in inputs.items()) + sum(b * h[t - k] for k, b in feedback.items())
    return h[K:], sum(inputs.values()) / (1 - sum(feedback.values()))


def touching_is_left_out(W):
    values = np.linalg.eigvals(W)
    if (values.real > 1).any():
        return 0.0
    gap = 1 - values[values.real < 1]
    return np.min(2 * gap.real / np.abs(gap) ** 2)


def no_fixed_point_is_an_orbit(name, w, drive, h):
    other, slopes, stable = reference("two_step_orbits", name, w, drive, h)
    return other, slopes, stable & ~np.isclose(other, h)


def by_the_change_of_the_state(name, w, c, leak, x, h0):
    dh, dw, dc, _ = reference("leaky_gradient", name, w, c, leak, x, h0)
    h = [h0]
    for x_t in x:
        f = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: max(z, 0)}[name]
        h.append((1 - leak) * h[-1] + leak * f(w * h[-1] + c * x_t))
    with np.errstate(all="ignore"):
        return dh, dw, dc, dh[1:] @ (np.diff(h) / np.float64(leak))


def mean_of_the_groups(Js, k, every):
    Q, rates = np.eye(len(Js[0]))[:, :k], []
    for end in range(len(Js), 0, -every):
        group = Js[max(end - every, 0) : end]
        for J in group[::-1]:
            Q = J.T @ Q
        Q, R = np.linalg.qr(Q)
        rates.append(np.log(np.abs(np.diag(R))) / len(group))
    return np.mean(rates, axis=0)


UNSEEN = [
    ("delayed_response", nothing_heard_without_delay, "no input where d is 0"),
    ("constant_response", nearly_one, "λ near 1 counted as 1"),
    ("growth_start", until_it_falls, "first step down"),
    ("recall", share_of_the_trace, "share of the whole variance"),
    ("block_companion", of_the_first_type, "A of the type of one tap"),
    ("step_response", padded_for_the_feedback, "inputs before t = 0 come round"),
    ("largest_leak", touching_is_left_out, "λ on the line Re λ = 1 left out"),
    ("two_step_orbits", no_fixed_point_is_an_orbit, "orbits of two points only"),
    ("leaky_gradient", by_the_change_of_the_state, "dleak by the change of the state"),
    ("backward_exponents", mean_of_the_groups, "mean of the groups' rates"),
]


@pytest.mark.parametrize("name, answer, said", UNSEEN, ids=[row[2] for row in UNSEEN])
def test_an_unseen_answer_is_named(name, answer, said):
    verdict = evaluate(f"ps5.{name}", answer, seed=3)
    assert 0 < verdict.share < 1
    assert [finding.kind for finding in verdict.findings if finding.group != "invariant"] == [said]


def test_a_basis_in_rows_is_told():
    def answer(W):
        values, V = np.linalg.eig(W)
        values, V = (a[..., np.argsort(-np.abs(values))] for a in (values, V))
        blocks = [(abs(v), np.angle(v)) if v.imag > 0 else v.real for v in values if v.imag >= 0]
        Q = np.linalg.qr(np.column_stack([V[:, 0].real, np.eye(len(W))[:, 1:]]))[0]
        return Q.T @ block_diagonal(blocks) @ Q

    assert "invariant: turned the wrong way" in kinds("calm", answer)
