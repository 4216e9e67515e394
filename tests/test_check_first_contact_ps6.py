"""Answers to problem set 6 that a reader tried: each is called what it is, and told what is true of it.

Most are a reader's own right answer with a slip typed into it: (old, new).
"""

import numpy as np
import pytest

from vgcourse.check import evaluate, find
from vgcourse.judge.compare import compare

SOURCES = {
    "label_gradients": """
def answer(hs, V, b_o, targets):
    p = 1 / (1 + np.exp(-(hs @ V.T + b_o)))
    do = p - targets
    return do, np.einsum("tnc,tnh->ch", do, hs), do.sum(axis=(0, 1)), do @ V
""",
    "error_signals": """
def answer(dh, hs, W_h, alpha):
    deltas = np.zeros_like(hs[1:])
    for t in range(len(deltas), 0, -1):
        c = (hs[t] - (1 - alpha) * hs[t - 1]) / alpha
        dz = dh * alpha * (1 - c**2)
        deltas[t - 1] = dz
        dh = dh * (1 - alpha) + dz @ W_h
    return deltas
""",
    "leaky_jacobian": """
def answer(hs, W_h, alpha, s, t):
    J, bound, norm = np.eye(len(alpha)), 1.0, np.linalg.norm(W_h, 2)
    for k in range(s + 1, t + 1):
        c = (hs[k] - (1 - alpha) * hs[k - 1]) / alpha
        g = alpha * (1 - c**2)
        step = np.diag(1 - alpha) + np.diag(g) @ W_h
        J = step @ J
        bound *= (1 - alpha).max() + g.max() * norm
    return J, bound
""",
    "leaky_backward": """
def answer(dhs, hs, x, W_x, W_h, alpha):
    dx, dW_x, dW_h = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h)
    db, dalpha, dh = np.zeros_like(alpha), np.zeros_like(alpha), np.zeros_like(hs[0])
    for t in range(len(x) - 1, -1, -1):
        dh = dh + dhs[t]
        c = (hs[t + 1] - (1 - alpha) * hs[t]) / alpha
        dz = dh * alpha * (1 - c**2)
        dalpha += (dh * (c - hs[t])).sum(axis=0)
        dW_x += dz.T @ x[t]
        dW_h += dz.T @ hs[t]
        db += dz.sum(axis=0)
        dx[t] = dz @ W_x
        dh = (1 - alpha) * dh + dz @ W_h
    return dx, dh, dW_x, dW_h, db, dalpha
""",
    "inputs_by_lag": """
def answer(dhs, hs, x, W_h, alpha):
    parts = np.zeros((len(x), len(W_h), x.shape[2]))
    for t in range(len(x)):
        dh = dhs[t]
        for k in range(t, -1, -1):
            c = (hs[k + 1] - (1 - alpha) * hs[k]) / alpha
            dz = dh * alpha * (1 - c**2)
            parts[t - k] += dz.T @ x[k]
            dh = (1 - alpha) * dh + dz @ W_h
    return parts
""",
    "sequence_mean_loss": """
def answer(o, labels, mask):
    s = o - o.max(axis=2, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=2, keepdims=True))
    M = mask.sum(axis=0)
    w = mask / np.maximum(M, 1) / (M > 0).sum()
    y = np.eye(o.shape[2])[np.maximum(labels, 0).astype(int)]
    return -(w[:, :, None] * y * logp).sum(), w[:, :, None] * (np.exp(logp) - y)
""",
    "truncated_backward": """
def answer(dhs, hs, x, W_h, alpha, k1, k2):
    T, N, H = dhs.shape
    dW_x, dW_h, db = np.zeros((H, x.shape[2])), np.zeros((H, H)), np.zeros(H)
    last = 0
    for end in [*range(k1, T, k1), T]:
        dh = np.zeros((N, H))
        for t in range(end, max(end - k2, 0), -1):
            if t > last:
                dh = dh + dhs[t - 1]
            c = (hs[t] - (1 - alpha) * hs[t - 1]) / alpha
            dz = dh * alpha * (1 - c**2)
            dW_x += dz.T @ x[t - 1]
            dW_h += dz.T @ hs[t - 1]
            db += dz.sum(axis=0)
            dh = (1 - alpha) * dh + dz @ W_h
        last = end
    return dW_x, dW_h, db
""",
    "checkpoint_plan": """
def answer(T, q):
    s = np.arange(1, T + 1)
    memory = np.ceil(T / s) + q * s
    every = int(s[memory == memory.min()].max())
    segments = -(-T // every)
    last = T - (segments - 1) * every
    return every, memory.min(), 2 * T - last
""",
    "cheapest_reversal": """
def answer(costs, slots):
    p = np.asarray(costs, float)

    def go(i, j, S):
        if j - i == 1:
            return 0.0, 0
        if S == 1:
            return sum(p[i:m].sum() for m in range(i + 1, j)), 0
        return min((p[i:m].sum() + go(m, j, S - 1)[0] + go(i, m, S)[0], m - i) for m in range(i + 1, j))

    return go(0, len(p), slots)
""",
    "cheap_cut": """
def answer(a, lost, work):
    k2 = 1
    while True:
        k1 = max(1, int(np.ceil(k2 / work - 1e-9)))
        if (a ** np.arange(k2 - k1 + 1, k2 + 1.0)).mean() <= lost:
            return k1, k2
        k2 += 1
""",
    "mend_leaks": """
def answer(W_h, W_x, T):
    return np.where((W_x != 0).any(axis=1), 0.5, 0.5 / T)
""",
    "is_bptt": """
def answer(backward):
    rng = np.random.default_rng(3)
    for T, N, D, H in ((40, 3, 2, 5), (40, 3, 2, 5), (1, 3, 2, 4)):
        W_h, W_x = np.linalg.qr(rng.normal(size=(H, H)))[0], rng.normal(size=(H, D))
        x, hs = 0.1 * rng.normal(size=(T, N, D)), [0.1 * rng.normal(size=(N, H))]
        for x_t in x:
            hs.append(np.tanh(hs[-1] @ W_h.T + x_t @ W_x.T))
        args = rng.normal(size=(T, N, H)), np.stack(hs), x, W_x, W_h
        given = [a.copy() for a in args]
        found = [np.asarray(f, float) for f in backward(*given)]
        dh, dW_x, dW_h = 0, 0, 0
        for t in reversed(range(T)):
            dz = (args[0][t] + dh) * (1 - hs[t + 1] ** 2)
            dW_x, dW_h, dh = dW_x + dz.T @ x[t], dW_h + dz.T @ hs[t], dz @ W_h
        good = all(np.array_equal(a, b) for a, b in zip(args, given))
        for f, w in zip(found, (dh, dW_x, dW_h)):
            good = good and f.shape == w.shape and np.abs(f - w).max() <= 1e-4 * np.abs(w).max()
        if not good:
            return False
    return True
""",
}


def answer(name, *slip):
    """The reader's function, with `slip[0]` replaced by `slip[1]`."""
    source = SOURCES[name]
    if slip:
        assert source.count(slip[0]) == 1, (name, slip)
        source = source.replace(*slip)
    space = {"np": np}
    exec(source, space)
    return space["answer"]


def kinds(name, fn, seed=0):
    return [finding.kind for finding in evaluate(f"ps6.{name}", fn, seed=seed).findings]


@pytest.mark.parametrize("name", SOURCES)
def test_the_reader_s_own_answer_is_right(name):
    verdict = evaluate(f"ps6.{name}", answer(name), seed=5)
    assert verdict.share == 1 and not verdict.findings


CALLED = [
    ("label_gradients", "do.sum(axis=(0, 1))", "do.mean(axis=(0, 1))", "db_o averaged over both"),
    ("label_gradients", "do @ V", "p @ V", "dhs from the probabilities"),
    ("label_gradients", "do.sum(", "p.sum(", "db_o from the probabilities"),
    ("error_signals", "deltas[t - 1] = dz\n", "deltas[t - 1] = dz / alpha\n", "leak missing in the rows"),
    ("error_signals", "- (1 - alpha) * hs", "- alpha * hs", "old value subtracted with α"),
    ("leaky_jacobian", "J = step @ J", "J = step * J", "entries multiplied"),
    (
        "leaky_jacobian",
        "bound *= (1 - alpha).max() + g.max() * norm",
        "bound *= np.linalg.norm(step, 2)",
        "norm of each step's Jacobian",
    ),
    ("leaky_jacobian", "bound *=", "bound +=", "sum of the factors"),
    ("leaky_jacobian", "np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, 1)", "largest column sum"),
    ("leaky_backward", "dh = dh + dhs[t]", "dh = dh + dhs[t - 1]", "losses one step late"),
    ("leaky_backward", "(c - hs[t])", "(1 - c**2)", "dalpha with the slope of tanh"),
    ("leaky_backward", "db += dz.sum", "db += dh.sum", "db from dh"),
    ("leaky_backward", "        db += dz.sum(axis=0)\n", "", "pattern: is all zeros"),
    ("sequence_mean_loss", "s = o - o.max(axis=2, keepdims=True)", "s = o", "overflow before the logarithm"),
    ("sequence_mean_loss", "o.max(axis=2, keepdims=True)", "o.max()", "one maximum for all"),
    ("sequence_mean_loss", "np.exp(s).sum(axis=2", "np.exp(s).sum(axis=1", "sums over the batch"),
    ("sequence_mean_loss", "y * logp", "y * np.log(np.exp(logp) + 1e-12)", "1e-12 in the logarithm"),
    (
        "leaky_backward",
        "range(len(x) - 1, -1, -1)",
        "range(len(x) - 1, 0, -1)",
        "first step left out",
    ),
    ("truncated_backward", "max(end - k2, 0)", "max(end - k1, 0)", "k2 ignored"),
    ("truncated_backward", "max(end - k2, 0)", "end - k2", "steps before the first"),
    (
        "truncated_backward",
        "        dh = np.zeros((N, H))\n",
        "        dh = dh if last else np.zeros((N, H))\n",
        "gradient kept between the ways back",
    ),
    ("truncated_backward", "t > last", "t >= last", "loss at the border twice"),
    ("truncated_backward", "range(k1, T, k1), T]", "range(k1, T, k1), T - 1]", "last step left out"),
    ("checkpoint_plan", "return every", "return segments", "number of segments"),
    ("checkpoint_plan", "2 * T - last", "2 * T - T % every", "T mod s spared"),
    ("checkpoint_plan", "s = np.arange(1, T + 1)", "s = np.arange(1, T)", "every below T"),
    ("cheap_cut", "np.ceil(k2 / work - 1e-9)", "k2 / work", "rounded down"),
    ("cheap_cut", "<= lost", "<= 1 - lost", "kept for lost"),
    ("inputs_by_lag", "range(t, -1, -1)", "range(t, t - 1, -1)", "lag 0 alone"),
    (
        "inputs_by_lag",
        "dz.T @ x[k]",
        "dz.T @ (x[k + 1] if k + 1 < len(x) else 0 * x[k])",
        "input one step late",
    ),
    ("leaky_jacobian", "range(s + 1, t + 1)", "range(s + 1, max(t, s + 1) + 1)", "one step for s = t"),
    ("checkpoint_plan", "+ q * s", "+ max(round(q), 1) * s", "q rounded to the nearest"),
    ("checkpoint_plan", "2 * T - last", "last", "steps spared"),
    (
        "cheapest_reversal",
        "go(m, j, S - 1)[0] + go(i, m, S)[0]",
        "max(go(m, j, S - 1)[0], go(i, m, S)[0])",
        "dearer part only",
    ),
    ("cheap_cut", "k2 / work", "k2 / int(work)", "work cut to a whole number"),
    ("cheap_cut", "k2 += 1", "k2 *= 2", "k2 doubled"),
    (
        "cheap_cut",
        "np.arange(k2 - k1 + 1, k2 + 1.0)",
        "np.arange(k2, k2 + k1, 1.0)",
        "longer reaches than k2",
    ),
    (
        "mend_leaks",
        "(W_x != 0).any(axis=1)",
        "W_x.sum(axis=1) > 0",
        "invariant: ears by the sign of their sum",
    ),
    ("mend_leaks", "0.5 / T", "5 / (T + 10)", "invariant: forgets"),
    (
        "is_bptt",
        "np.abs(f - w).max() <= 1e-4 * np.abs(w).max()",
        "not np.abs(f - w).max() > 1e-4 * np.abs(w).max()",
        "NaN not seen",
    ),
    (
        "is_bptt",
        "((40, 3, 2, 5), (40, 3, 2, 5), (1, 3, 2, 4))",
        "((40, 1, 1, 1), (40, 1, 1, 1), (1, 1, 1, 1))",
        "one unit, one sequence",
    ),
    ("is_bptt", "dW_h + dz.T @ hs[t]", "dW_h + dz.T @ hs[t + 1]", "pattern: slip in the reference"),
    ("is_bptt", "return False\n    return True", "return True\n    return False", "True and False exchanged"),
]


@pytest.mark.parametrize("name, old, new, called", CALLED, ids=[f"{row[0]}: {row[3]}" for row in CALLED])
@pytest.mark.parametrize("seed", (0, 6))
def test_a_slip_is_called_what_it_is_and_nothing_else(name, old, new, called, seed):
    fn = answer(name, old, new)
    assert evaluate(f"ps6.{name}", fn, seed=seed).share < 1
    found = [kind for kind in kinds(name, fn, seed) if not kind.startswith("invariant") or kind == called]
    assert found == [called]


def test_what_nothing_explains_is_placed_in_a_step_or_between_two():
    squared = answer("error_signals", "(1 - c**2)", "(1 - c**2) ** 2")
    assert kinds("error_signals", squared) == ["pattern: is wrong with a single step already"]
    weaker = answer("leaky_backward", "+ dz @ W_h", "+ 0.9 * dz @ W_h")
    text = " ".join(finding.text for finding in evaluate("ps6.leaky_backward", weaker).findings)
    assert "Your dW_x, dW_h, db and dalpha are right with a single step and wrong with more:" in text


def test_right_parts_are_not_called_wrong():
    """`p @ V` beside a right do used to be told that its do is σ(o) alone."""
    text = evaluate("ps6.label_gradients", answer("label_gradients", "do @ V", "p @ V")).findings[0].text
    assert text.startswith("Your dhs")


def test_a_verdict_turned_in_one_place_is_not_taken_for_a_narrow_test():
    """Only the returns for many steps are turned: what passes says nothing of what was compared."""
    source = "        if not good:\n            return False\n    return True"
    turned = answer(
        "is_bptt", source, source.replace("False", "T > 1").replace("return True", "return False")
    )
    assert kinds("is_bptt", turned) == ["pattern: turned round"]


def test_a_slip_of_the_test_s_own_is_asked_for():
    fn = answer("is_bptt", "dW_h + dz.T @ hs[t]", "dW_h + dz.T @ hs[t + 1]")
    (finding,) = evaluate("ps6.is_bptt", fn).findings
    assert "1 of the 26 wrong ones passes: “state after the step in dW_h”." in finding.text


def test_work_never_divides_the_least_k2():
    """Where it does, k2/work needs no rounding, and an answer without it is paid."""
    for seed in range(8):
        for case in find("ps6.cheap_cut").cases(np.random.default_rng(seed)):
            assert find("ps6.cheap_cut").reference(*case.args)[1] % case.args[2]


CORNERS = [
    ("error_signals", "dh * (1 - alpha)", "dh * (0 if (alpha == 1).any() else 1 - alpha)"),
    ("leaky_jacobian", "return J, bound", "return J, max(bound, 1.0)"),
    ("leaky_jacobian", "range(s + 1, t + 1)", "range(s + 1, min(t + 1, len(hs) - 1))"),
    ("leaky_backward", "return dx, dh,", "return dx, np.squeeze(dh),"),
    ("inputs_by_lag", "return parts", "return np.squeeze(parts)"),
    ("sequence_mean_loss", "np.maximum(M, 1)", "np.maximum(M, 2)"),
    ("sequence_mean_loss", "/ (M > 0).sum()", "/ max(len(M) - 1, 1)"),
    ("sequence_mean_loss", "w = mask /", "w = mask * (np.arange(len(mask)) < len(mask) - 1)[:, None] /"),
    ("checkpoint_plan", "+ q * s", "+ max(round(q), 1) * s"),
    (
        "cheapest_reversal",
        "if j - i == 1:\n            return 0.0, 0",
        "if j - i == 1:\n            return 0.0, int(j == 1)",
    ),
    ("cheap_cut", "k2 / work", "k2 / int(work)"),
    ("mend_leaks", "(W_x != 0).any(axis=1)", "W_x.sum(axis=1) != 0"),
    ("mend_leaks", "(W_x != 0).any(axis=1)", "W_x[:, 0] != 0"),
    ("mend_leaks", "(W_x != 0).any(axis=1)", "W_x.max(axis=1) > 0"),
    ("mend_leaks", "(W_x != 0).any(axis=1)", "np.linalg.norm(W_x, axis=1) > 0.1"),
]


@pytest.mark.parametrize("name, old, new", CORNERS, ids=[f"{row[0]}: {row[2]}" for row in CORNERS])
def test_what_is_wrong_in_a_corner_loses_points_on_every_seed(name, old, new):
    fn, problem = answer(name, old, new), find(f"ps6.{name}")
    for seed in range(5):
        cases = problem.cases(np.random.default_rng(seed))
        rights = [problem.adapt(problem.reference(*case.args), case.args) for case in cases]
        compared = [compare(problem, case, fn(*case.args), right) for case, right in zip(cases, rights)]
        assert not all(q.ok for quantities in compared for q in quantities)


LOST = "        dh = np.zeros((N, H))\n"
ONE_PASS = [
    ("    for t in range(len(x)):", "    for t in [len(x) - 1]:"),
    ("            dz =", "            dh = dh + (dhs[k] if k < t else 0)\n            dz ="),
]
ONE_OF_THREE = [
    ("        good = all(", "        fits = []\n        good = all("),
    ("good = good and f.shape == w.shape and np", "fits.append(f.shape == w.shape and np"),
    ("np.abs(w).max()\n", "np.abs(w).max())\n        good = good and any(fits)\n"),
]
UNTRUE = [
    ("error_signals", [CORNERS[0][1:]], ["Only the way through"]),  # only where a unit has no leak
    ("inputs_by_lag", ONE_PASS, ["last loss alone"]),
    ("mend_leaks", [("0.5 / T", "5 / T")], ["follow T"]),  # it does
    ("is_bptt", [("<= 1e-4 * np", "<= 0.3 * np")], ["it alone", "are not longer"]),  # they are
    ("is_bptt", ONE_OF_THREE, ["You compare dh0 alone", "You compare dW_h alone"]),
]


@pytest.mark.parametrize("name, slips, untrue", UNTRUE, ids=[row[2][0] for row in UNTRUE])
def test_what_is_not_so_is_not_said(name, slips, untrue):
    source = SOURCES[name]
    for old, new in slips:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    space = {"np": np}
    exec(source, space)
    verdict = evaluate(f"ps6.{name}", space["answer"])
    text = " ".join(finding.text for finding in verdict.findings)
    assert verdict.share < 1 and not any(words in text for words in untrue)


def test_the_gradient_kept_from_block_to_block_is_recognised_in_both_directions():
    source = SOURCES["truncated_backward"].replace(LOST, "").replace("    last = 0\n", LOST[4:])
    source = source.replace("        last = end\n", "").replace(
        "for end in [*range(k1, T, k1), T]:",
        "for last in reversed(range(0, T, k1)):\n        end = min(last + k1, T)",
    )
    space = {"np": np}
    exec(source, space)
    assert kinds("truncated_backward", space["answer"]) == ["gradient kept, the last block first"]


def test_equally_cheap_splits_are_equal_whoever_adds_them_up():
    """In tenths, sums of the same costs differ by rounding, and so does the first split."""
    for seed in range(8):
        for case in find("ps6.cheapest_reversal").cases(np.random.default_rng(seed)):
            assert (8 * case.args[0] == np.round(8 * case.args[0])).all()


# --- answers that nobody had thought of: each is named, and nothing else is --------------------------------


def back(dhs, hs, W_h, alpha, leave, cut=lambda c: c):
    """Every loss alone; leave(t, k, dz) keeps what a step leaves."""
    for t in range(len(dhs)):
        dh = dhs[t]
        for k in range(t, -1, -1):
            c = cut((hs[k + 1] - (1 - alpha) * hs[k]) / alpha)
            dz = dh * alpha * (1 - c**2)
            dh = (1 - alpha) * dh + dz @ W_h
            leave(t, k, dz, dh)


def old_state_forgotten(dh, hs, W_h, alpha):
    deltas = []
    for h in hs[:0:-1]:
        deltas.append(dh * alpha * (1 - np.clip(h / alpha, -1, 1) ** 2))
        dh = (1 - alpha) * dh + deltas[-1] @ W_h
    return np.stack(deltas[::-1])


def written_too_late(dhs, hs, W_h, alpha):
    G = np.zeros((len(dhs), len(dhs), len(W_h)))

    def leave(t, k, dz, dh):
        if k:
            G[t, k - 1] = dh.sum(axis=0)

    back(dhs, hs, W_h, alpha, leave)
    return G


def never_moved(dhs, hs, x, W_h, alpha):
    g, parts = dhs, []
    slopes = alpha * (1 - ((hs[1:] - (1 - alpha) * hs[:-1]) / alpha) ** 2)
    for n in range(len(x), 0, -1):
        d = g[:n] * slopes[:n]
        parts.append(np.tensordot(d, x[:n], axes=((0, 1), (0, 1))))
        g = (1 - alpha) * g[:n] + d @ W_h
    return np.array(parts)


def nothing_before_k1(dhs, hs, x, W_h, alpha, k1, k2):
    right = find("ps6.truncated_backward").reference(dhs, hs, x, W_h, alpha, k1, k2)
    return right if len(x) >= k1 else tuple(0 * a for a in right)


def until_it_rises(T, q):
    memory = [-(-T // s) + q * s for s in range(1, T + 1)]
    s = next((s for s in range(1, T) if memory[s] > memory[s - 1]), T)
    return s, memory[s - 1], 2 * T - (T - (-(-T // s) - 1) * s)


def balanced_halves(costs, slots):
    c = np.asarray(costs)
    if len(c) == 1:
        return 0.0, 0
    if slots == 1:
        return float(np.cumsum(c)[:-1].sum()), 0
    m = int(np.argmin(np.abs(np.cumsum(c) - c.sum() / 2))) + 1
    m = min(m, len(c) - 1)
    return c[:m].sum() + balanced_halves(c[m:], slots - 1)[0] + balanced_halves(c[:m], slots)[0], m


def sign_of_the_error(hs, V, b_o, targets):
    do = (hs @ V.T + b_o > 0) - targets
    return do, np.einsum("tnc,tnh->ch", do, hs), do.sum(axis=(0, 1)), do @ V


UNSEEN = [
    ("error_signals", old_state_forgotten, "old value not subtracted, cut at 1"),
    ("bias_pairs", written_too_late, "a step back before writing"),
    ("inputs_by_lag", never_moved, "signals that stay on their index"),
    ("truncated_backward", nothing_before_k1, "no way back in a short sequence"),
    ("checkpoint_plan", until_it_rises, "first place where it rises"),
    ("cheapest_reversal", balanced_halves, "nearest to half of the cost"),
    ("label_gradients", sign_of_the_error, "yes or no for the probability"),
]


@pytest.mark.parametrize("name, fn, said", UNSEEN, ids=[row[2] for row in UNSEEN])
def test_an_unseen_answer_is_named(name, fn, said):
    verdict = evaluate(f"ps6.{name}", fn, seed=3)
    assert 0 < verdict.share < 1
    assert [finding.kind for finding in verdict.findings if finding.group != "invariant"] == [said]
