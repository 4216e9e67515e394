"""What problem set 5 measures itself, its examples by hand, and answers of which too little was once said."""

import numpy as np
import pytest
from conftest import ROOT

from vgcourse.check import evaluate, find
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.ps5.calm import calm
from vgcourse.problems.ps5.constant import constant_response
from vgcourse.problems.ps5.leaky import leaky_gradient
from vgcourse.problems.ps5.planted import RIGHT, WRONG
from vgcourse.problems.ps5.shrink import balanced, norm_after
from vgcourse.problems.ps5.testers import STABLE, UNSTABLE
from vgcourse.problems.ps5.two_modes import two_modes

TEXT = (ROOT / "solutions/ps5/ps5.md").read_text(encoding="utf-8")


def reference(name, *args):
    return find(f"ps5.{name}").reference(*args)


def kinds(name, answer, **options):
    return [finding.kind for finding in evaluate(f"ps5.{name}", answer, **options).findings]


def test_the_text_counts_the_planted_functions():
    assert f"It will meet {len(WRONG)} wrong ones and seven right ones" in TEXT and len(RIGHT) == 7


def test_the_examples_by_hand():
    W, C, V = np.array([[0.0, 1.0], [0.5, 0.0]]), np.array([[1.0], [0.0]]), np.ones((1, 2))
    y = reference("delayed_response", W, C, V, np.array([[10.0], [7.0]]), np.array([0.0, 2.0]), 1)
    assert y.ravel().tolist() == [2, 11]
    W, u = np.array([[0.6, 0.4], [0.5, 0.5]]), np.array([9.0, 0.0])
    h = reference("constant_response", W, u, np.array([2, 100]))
    assert h == pytest.approx(np.array([[14.4, 4.5], [504.444444, 494.444444]]), abs=1e-5)
    radii, angles, step = reference("two_modes", np.diag([0.9, -0.6, 0.1]), np.array([1.0, 3.0, 5.0]))
    assert [*radii, *angles, step] == pytest.approx([0.9, 0.6, 0, np.pi, 15])
    norms, at, start = reference("growth_start", np.array([[0.0, 4.0], [0.0, 0.0]]), 2)
    assert norms.tolist() == [4, 0] and at == 1 and np.abs(start).tolist() == [0, 1]
    S, shares = reference("recall", np.array([[0.5**0.5]]), np.ones(1), 3)
    assert [S[0, 0], *shares] == pytest.approx([2, 1 / 2, 1 / 4, 1 / 8])
    A, moduli = reference("block_companion", {2: np.diag([0.25, -0.81])})
    assert A.shape == (4, 4) and moduli == pytest.approx([0.9, 0.9, 0.5, 0.5])
    h, rest = reference("step_response", {1: 0.5}, {0: 1.0, 1: 1.0}, 2)
    assert h.tolist() == [1, 2.5, 3.25] and rest == 4
    assert reference("largest_leak", np.array([[-3.0]])) == pytest.approx(0.5)
    assert reference("largest_leak", np.array([[0.0, -2.0], [2.0, 0.0]])) == pytest.approx(0.4)
    other, slopes, stable = reference("two_step_orbits", "relu", -2.0, 1.0, np.array([0, 1, 1 / 3]))
    assert other == pytest.approx([1, 0, 1 / 3]) and slopes == pytest.approx([0, 0, 4])
    assert stable.tolist() == [True, True, False]
    dh, *grads = reference("leaky_gradient", "relu", 2.0, 1.0, 0.25, np.array([3.0]), 1.0)
    assert dh.tolist() == [1.25, 1] and grads == [0.25, 0.75, 4]
    Js = np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [0.0, 1.0]]])
    assert reference("backward_exponents", Js, 1, 2) == pytest.approx([np.log(5) / 4])
    W = np.array([[0.5, 4], [0.01, 0.5]])
    assert norm_after(W, np.array([1.0, 20.0])) == pytest.approx(0.7)
    assert norm_after(W, np.array([1.0, 400.0])) > 1
    assert calm(np.array([[0.6, 3], [0, 0.2]])) == pytest.approx(np.diag([0.6, 0.2]))


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_all_lags_add_up_to_the_number_of_units(seed):
    for case in find("ps5.recall").cases(np.random.default_rng(seed)):
        W, c, _ = case.args
        assert reference("recall", W, c, 2000)[1].sum() == pytest.approx(len(W), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_calm_net_never_grows_with_a_relu_and_the_other_has_a_larger_norm(seed):
    for case in find("ps5.calm").cases(np.random.default_rng(seed)):
        (W,) = case.args
        h = np.random.default_rng(0).normal(size=(len(W), 50))
        M = calm(W)
        for _ in range(30):
            after = np.maximum(M @ h, 0)
            assert (np.linalg.norm(after, axis=0) <= np.linalg.norm(h, axis=0)).all()
            h = after
        assert np.linalg.norm(W, 2) > 1.5


@pytest.mark.parametrize("seed", range(3))
def test_both_ways_to_scales_shrink_a_net_whose_norm_is_large(seed):
    for case in find("ps5.shrinking_scales").cases(np.random.default_rng(seed)):
        (W,) = case.args
        assert norm_after(W, np.ones(len(W))) > 1.02
        assert norm_after(W, balanced(W)) < 1 and norm_after(W, reference("shrinking_scales", W)) < 1


@pytest.mark.parametrize("name", ["shrinking_scales", "calm"])
def test_a_random_setting_is_judged_the_same_on_every_seed(name):
    def answer(W):
        rng = np.random.default_rng(0)
        return (
            np.exp(rng.normal(size=len(W))) if name == "shrinking_scales" else 0.1 * rng.normal(size=W.shape)
        )

    assert {evaluate(f"ps5.{name}", answer, seed=seed).share for seed in range(10)} == {0.0}


def test_stable_matrices_are_stable_and_not_near_the_edge():
    for group, inside in ((STABLE, True), (UNSTABLE, False)):
        for label, W in group.items():
            radius = np.abs(np.linalg.eigvals(W)).max()
            assert (radius < 1) == inside and (abs(radius - 1) > 0.02 or label == "edge"), label


@pytest.mark.parametrize("planted", RIGHT, ids=lambda planted: planted.label)
def test_right_ones_are_right(planted):
    rng = np.random.default_rng(0)
    for H in (1, 2, 3, 5, 9):
        for radius in (0.3, 0.975, 1.025, 4.0):
            W = rng.normal(size=(H, H))
            W *= radius / np.abs(np.linalg.eigvals(W)).max()
            assert bool(planted.formula(W, {})) == (radius < 1)
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for W in (
        np.eye(1),
        -np.eye(2),
        np.eye(4),
        turn,
        np.diag([1.0, 0.0]),
        np.array([[1.0, 0.0], [2.0, 0.0]]),
    ):
        assert not planted.formula(W.copy(), {})


def test_right_ones_agree_where_eigenvectors_nearly_coincide():
    rng = np.random.default_rng(1)
    for _ in range(100):
        H, radius = rng.integers(2, 8), rng.choice([0.3, 0.9, 0.97, 1.03, 1.5])
        W = np.triu(30 * rng.normal(size=(H, H)), 1) + radius * np.diag(np.linspace(-1, 0.9, H))
        assert {bool(planted.formula(W.copy(), {})) for planted in RIGHT} == {radius < 1}


def test_a_test_with_a_wrong_verdict_of_its_own_is_not_told_to_take_bool():
    def by_norm(stable):
        corner = np.array([[0.9, 5.0], [0.0, 0.9]])
        return not stable(corner) and bool(stable(0.9 * np.eye(2)))

    said = [finding.text for finding in evaluate("ps5.tells_stability", by_norm).findings]
    assert all("If you accept “by eigenvalues”" in text for text in said if "bool of it" in text)


@pytest.mark.parametrize("constant", [True, False])
def test_a_verdict_that_is_always_the_same_earns_nothing(constant):
    assert evaluate("ps5.tells_stability", lambda stable: constant).share == 0


# --- answers of the first trial ------------------------------------------------------------------------


def first_skipped(W, C, V, x, h0, delay):
    h, y = h0, []
    for t in range(len(x)):
        h = W @ h + (C @ x[t - delay] if t > delay else 0)
        y.append(V @ h)
    return np.array(y)


def any_of_modulus_one(W, u, ts):
    values, V = np.linalg.eig(W)
    a, rows = np.linalg.solve(V, u), []
    for t in ts:
        sums = [t if abs(value) == 1 else (1 - value**t) / (1 - value) for value in values]
        rows.append((V @ (a * np.array(sums))).real)
    return np.array(rows)


def one_late(W, h0):
    radii, angles, step = reference("two_modes", W, h0)
    return radii, angles, step + 1


def state_before(name, w, c, leak, x, h0):
    z, h = [], [h0]
    f = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: max(z, 0.0)}[name]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append((1 - leak) * h[-1] + leak * f(z[-1]))
    dh, dw, dc, da = np.ones(len(x) + 1), 0.0, 0.0, 0.0
    for t in range(len(x) - 1, -1, -1):
        slope = (f(z[t]) - f(z[t] - 2e-7)) / 2e-7  # from below: at 0 a ReLU counts as silent
        dh[t] = dh[t + 1] * (1 - leak + leak * w * slope)
        dw, dc = dw + dh[t] * leak * slope * h[t], dc + dh[t] * leak * slope * x[t]
        da += dh[t] * (f(z[t]) - h[t])
    return dh, dw, dc, da


def singular_start_of_the_power_before(A, steps):
    norms, at, _ = reference("growth_start", A, steps)
    return norms, at, np.linalg.svd(np.linalg.matrix_power(A, at - 1))[2][0]


one_more_at_one = edited(constant_response, (), edit("one, t", "one, t + 1"))


real_coefficients = edited(two_modes, (), edit("np.linalg.solve(V, h0)", "np.linalg.solve(V, h0).real"))


def two_hundred_terms(W, c, lags):
    S = sum(np.outer(g, g) for g in (np.linalg.matrix_power(W, k) @ c for k in range(200)))
    g = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return S, np.array([v @ np.linalg.solve(S, v) for v in g])


def kink_alive(name, w, drive, h):
    other, slopes, _ = reference("two_step_orbits", name, w, drive, h)
    slopes = np.where((name == "relu") & (w * h + drive >= 0) & (w * other + drive >= 0), w * w, slopes)
    return other, slopes, np.abs(slopes) < 1


def nearly_stable(name, w, drive, h):
    other, slopes, _ = reference("two_step_orbits", name, w, drive, h)
    return other, slopes, np.abs(slopes) < 1.05


def in_order_of_size(Js, k, every):
    return np.sort(reference("backward_exponents", Js, k, every))[::-1]


def leaky_with(old, new):
    return edited(leaky_gradient, (), edit(old, new))


relu_never_silent = leaky_with("f.derivative(z)", 'np.ones(T) if name == "relu" else f.derivative(z)')


def terms_not_carried(*args):
    return (reference("leaky_gradient", *args)[0], *leaky_with("dh[1:]", "np.ones(T)")(*args)[1:])


def kept_share(name, w, c, leak, x, h0):
    *right, da = reference("leaky_gradient", name, w, c, 1 - leak, x, h0)
    return *right, -da


def counted_from_0(A, steps):
    norms, at, _ = reference("growth_start", A, steps)
    return norms, at - 1, np.linalg.svd(np.linalg.matrix_power(A, at - 1))[2][0]


def minus_h(name, w, drive, h):
    return -h, *reference("two_step_orbits", name, w, drive, h)[1:]


def leak_or_0(forbidden, combine=np.min, keep=lambda values: values):
    def answer(W):
        values = np.linalg.eigvals(W).astype(complex)
        left = keep(values)
        bounds = 2 * (1 - left.real) / np.abs(1 - left) ** 2
        return 0.0 if forbidden(values).any() else max(combine(bounds), 0.0)

    return answer


def equal_scales(W):
    return np.full(len(W), 0.5 / np.linalg.norm(W, 2))


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("leaky_gradient", leaky_with("dw = np.sum(dz", "dw = np.sum(slopes * d"), "leak missing in dw"),
        (
            "leaky_gradient",
            leaky_with("dw = np.sum(dz * h[:-1])", "dw = dz[-1] * h[-2]"),
            "dw: last step only",
        ),
        ("leaky_gradient", leaky_with("dc = np.sum(dz * x)", "dc = dz[-1] * x[-1]"), "dc: last step only"),
        ("leaky_gradient", terms_not_carried, "sums not carried"),
        ("leaky_gradient", kept_share, "a kept"),
        ("growth_start", counted_from_0, "peak and power counted from 0"),
        ("two_step_orbits", minus_h, "h turned round"),
        ("largest_leak", leak_or_0(lambda v: v.real >= 0), "0 where some λ is to the right of 0"),
        ("largest_leak", leak_or_0(lambda v: np.abs(v) >= 1), "0 where ρ is above 1"),
        ("largest_leak", leak_or_0(lambda v: v.real >= 1, np.max), "largest of the bounds above 0"),
        (
            "largest_leak",
            leak_or_0(lambda v: v != v, keep=lambda v: v[v.real < 1]),
            "λ to the right of 1 left out",
        ),
        ("shrinking_scales", equal_scales, "no scales"),
        ("leaky_gradient", relu_never_silent, "ReLU' = 1"),
        ("constant_response", one_more_at_one, "λ = 1 one term too many"),
        ("two_modes", real_coefficients, "real part of the coefficients"),
        ("recall", two_hundred_terms, "200 terms"),
        ("two_step_orbits", kink_alive, "ReLU' = 1 at 0"),
        ("two_step_orbits", nearly_stable, "verdict by rounding"),
        ("backward_exponents", in_order_of_size, "sorted"),
        ("delayed_response", first_skipped, "first input skipped"),
        ("constant_response", any_of_modulus_one, "|λ| = 1 for λ = 1"),
        ("two_modes", one_late, "one step late"),
        ("leaky_gradient", state_before, "gradient of the state before"),
        ("growth_start", singular_start_of_the_power_before, "start of the power before"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_it_is_called_what_it_is(name, answer, said, seed):
    assert kinds(name, answer, seed=seed) == [said]


def test_times_are_those_that_were_asked_for():
    """Places of a list are no times."""
    for case in find("ps5.constant_response").cases(np.random.default_rng(0)):
        (name,) = case.quantities
        assert ("t = 10⁷" in name) == (case.args[2].tolist() == [10_000_000, 9_999_999])
        assert "t = 10⁷" in name or case.args[2].tolist() == list(range(len(case.args[2])))


def test_a_loop_over_ten_million_steps_is_stopped():
    def step_by_step(W, u, ts):
        h, rows = 0 * u, []
        for t in range(max(ts) + 1):
            if t in ts:
                rows.append(h)
            h = W @ h + u
        return np.array(rows)

    verdict = evaluate("ps5.constant_response", step_by_step)
    assert verdict.share == 0 and "takes too long" in [finding.kind for finding in verdict.findings]


def test_verdicts_are_located():
    """Yes and no cannot be subtracted."""

    def first_turned_round(name, w, drive, h):
        other, slopes, stable = reference("two_step_orbits", name, w, drive, h)
        return other, slopes, stable ^ (np.arange(len(h)) == 0)

    assert "pattern: is wrong in places" in kinds("two_step_orbits", first_turned_round)
