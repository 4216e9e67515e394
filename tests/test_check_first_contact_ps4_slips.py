"""Problem set 4: right on tame inputs alone, sentences that said too much, rules known by what they do."""

import collections

import numpy as np
import pytest

from vgcourse.check import evaluate, find

SEEDS = range(5)


def reference(name):
    return find(f"ps4.{name}").reference


def kinds(name, answer, **options):
    return [finding.kind for finding in evaluate(f"ps4.{name}", answer, **options).findings]


def changed(name, change):
    """The right answer with its results changed: `change` takes and gives a list, and sees the arguments."""

    def answer(*args):
        results = list(reference(name)(*args))
        change(results, *args)
        return tuple(results)

    return answer


# --- right on tame inputs alone --------------------------------------------------------------------


def no_pixel_left(C, wide, C_out, K, Y, X, stride):
    rows, columns = ((size - 1) // stride + 1 if size >= stride else 0 for size in (Y, X))
    rest = wide * (K * K + C_out)
    return C * wide + rest, C * wide * Y * X + rest * rows * columns


def x_hat_won_back(x, mask, gamma, beta, eps):
    y, _ = reference("masked_norm_forward")(x, mask, gamma, beta, eps)
    return y, (y - beta) / gamma


def dgamma_won_back(dy, x, mask, gamma, eps):
    dx, dgamma, dbeta = reference("masked_norm_backward")(dy, x, mask, gamma, eps)
    return dx, (dgamma * gamma) / gamma, dbeta


def single_rows_dropped(means, variances, sizes, *rest):
    kept = sizes > 1
    return reference("pooled_statistics")(means[kept], variances[kept], sizes[kept], *rest)


def zeros_stay_zeros(dy, x, gamma, eps):
    dx, dgamma = reference("rms_norm_backward")(dy, x, gamma, eps)
    return dx * np.any(x, axis=1, keepdims=True), dgamma


def one_group_is_simple(dy, x, gamma, groups, eps):
    back = reference("group_norm_backward")
    if groups > 1:
        return back(dy, x, gamma, groups, eps)
    dx, dgamma, dbeta = back(dy, x, np.ones_like(gamma), groups, eps)
    return gamma[:, None, None] * dx, dgamma, dbeta


def floor_under_zeros(grads, weights, ratio):
    clipped = []
    for g, w in zip(grads, weights, strict=True):
        size, length = (np.sqrt((a * a).sum(axis=1, keepdims=True)) for a in (g, w))
        limit = ratio * np.where(length == 0, 1e-3, length)
        clipped.append(g * np.minimum(1, limit / np.where(size == 0, 1, size)))
    return clipped


def through_the_scale(dout, h, W1, W2, scale):
    dh, dW1, dW2, _ = reference("scaled_block_backward")(dout, h, W1, W2, scale)
    return dh, dW1, dW2, (dout * scale * (np.tanh(h @ W1.T) @ W2.T)).sum() / np.float64(scale)


def over_the_carry(dh, Js, carries):
    """Entry 0 divided by each carry that it paid, and so on: 0/0 where a unit forgets all."""
    terms = reference("path_gradients")(dh, Js, carries)
    return terms * np.prod(carries, axis=0) / np.prod(carries, axis=0)


def two_or_nothing(dout, x, W, stride, padding):
    return reference("depthwise_backward")(dout, x, W, min(stride, 2), padding)


TAME = {
    "inverted_cost": (no_pixel_left, "rounded down"),
    "masked_norm_forward": (x_hat_won_back, "x_hat from y"),
    "masked_norm_backward": (dgamma_won_back, "dgamma from dx_hat over gamma"),
    "pooled_statistics": (single_rows_dropped, "batches of one row left out"),
    "rms_norm_backward": (zeros_stay_zeros, "row of zeros without gradient"),
    "group_norm_backward": (one_group_is_simple, "gamma at the end of one group"),
    "clip_by_unit": (floor_under_zeros, "floor for zeros alone"),
    "scaled_block_backward": (through_the_scale, "scale's gradient divided by the scale"),
    "path_gradients": (over_the_carry, None),
    "depthwise_backward": (two_or_nothing, None),
}


@pytest.mark.parametrize("name", TAME)
@pytest.mark.parametrize("seed", SEEDS)
def test_inputs_are_not_tame(name, seed):
    answer, said = TAME[name]
    with np.errstate(all="ignore"):
        verdict = evaluate(f"ps4.{name}", answer, seed=seed)
    assert 0 <= verdict.share < 1
    assert said in (None, *(finding.kind for finding in verdict.findings))


# --- what carries the right numbers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "dress"),
    [
        ("two_biases", lambda out: np.array(out)[:, None]),
        ("two_biases", lambda out: [np.array([b]) for b in out]),
        ("mend_blocks", lambda out: np.array(out)[:, None]),
        ("mend_blocks", collections.deque),
        ("clip_by_unit", lambda out: map(np.copy, out)),
        ("clip_by_unit", lambda out: reversed(out[::-1])),
    ],
)
def test_another_container_is_as_good(name, dress):
    assert evaluate(f"ps4.{name}", lambda *args: dress(reference(name)(*args))).share == 1


# --- one result is spoken of, not two; one slip, not its neighbour ---------------------------------


def averaged(name, k):
    """Result k over the number of rows, or of rows and pixels."""

    def change(results, dy, *args):
        results[k] = results[k] * dy.shape[1] / dy.size

    return changed(name, change)


def copied(k, source):
    def change(results, *args):
        results[k] = results[source]

    return change


def carry_gate_taken_off(dout, h, W, b, W_g, b_g, W_k, b_k):
    dh, *rest = reference("two_gates_backward")(dout, h, W, b, W_g, b_g, W_k, b_k)
    k = 1 / (1 + np.exp(-h @ W_k.T - b_k))
    return dh - 2 * (dout * h * k * (1 - k)) @ W_k, *rest


def carry_gate_without_bias(dout, h, W, b, W_g, b_g, W_k, b_k):
    return reference("two_gates_backward")(dout, h, W, b, W_g, b_g, W_k, 0 * b_k)


def second_term_not_divided(dy, x, gamma, eps):
    r = np.sqrt((x * x).mean(axis=1, keepdims=True) + eps)
    d = gamma * dy
    return d / r - x / r * (d * x / r).mean(axis=1, keepdims=True), (dy * x / r).sum(axis=0)


def bent_only_backwards(dout, h, W1, W2, scale):
    z = h @ W1.T
    dz = scale * dout @ W2
    return dout + dz @ W1, dz.T @ h, scale * dout.T @ z, (dout * (z @ W2.T)).sum()


def limits_without_ratio(grads, weights, ratio):
    return reference("clip_by_unit")(grads, weights, 1e6)


NEIGHBOURS = [
    ("masked_norm_backward", averaged("masked_norm_backward", 2), "Your dβ is a mean", "dγ and dβ"),
    ("masked_norm_backward", averaged("masked_norm_backward", 1), "Your dγ is a mean", "dγ and dβ"),
    ("masked_norm_backward", changed("masked_norm_backward", copied(1, 2)), "sums dy alone", "exchanged"),
    ("group_norm_backward", averaged("group_norm_backward", 1), "Your dγ is a mean", "dγ and dβ"),
    ("inverted_cost", changed("inverted_cost", copied(0, 1)), "", "exchanged"),
    ("masked_norm_forward", changed("masked_norm_forward", copied(0, 1)), "You return x̂ as y", "exchanged"),
    ("two_gates_backward", carry_gate_taken_off, "", "as the lecture's 1 − g"),
    ("two_gates_backward", carry_gate_without_bias, "leaves b_k out", "leaves the biases out"),
    ("rms_norm_backward", second_term_not_divided, "not divided by r", "holds x where"),
    ("scaled_block_backward", bent_only_backwards, "linear", "1 − z²"),
    ("clip_by_unit", limits_without_ratio, "is λ in the limit?", "only renames"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer", "said", "unsaid"), NEIGHBOURS)
@pytest.mark.parametrize("seed", (0, 3))
def test_no_more_is_said_than_is_true(name, answer, said, unsaid, seed):
    text = " ".join(finding.text for finding in evaluate(f"ps4.{name}", answer, seed=seed).findings)
    assert said in text and unsaid not in text


def test_what_holds_for_lists_is_looked_at():
    def other_floor(grads, weights, ratio):
        return reference("clip_by_unit")(grads, [np.where(w == 0, 5e-3, w) for w in weights], ratio)

    assert "invariant: the floor is 0.001" in kinds("clip_by_unit", other_floor)


# --- a rule is told by what is the same in every block ---------------------------------------------


def block_after_block(rule, mended=True):
    def answer(h, W1s, W2s):
        scales = []
        for W1, W2 in zip(W1s, W2s, strict=True):
            z = h @ W1.T
            r = np.tanh(z) @ W2.T
            scales.append(float(rule(h, r, z @ W2.T)))
            h = h + (scales[-1] if mended else 1.0) * r
        return scales

    return answer


def size(a):
    return np.sqrt((a * a).sum())


RULES = {
    "right rule, small share": block_after_block(lambda h, r, bare: 0.05 * size(h) / size(r)),
    "right rule, large share": block_after_block(lambda h, r, bare: 0.35 * size(h) / size(r)),
    "upside down": block_after_block(lambda h, r, bare: 0.1 * size(r) / size(h)),
    "branches without tanh": block_after_block(lambda h, r, bare: 0.1 * size(h) / size(bare)),
    "squares for lengths": block_after_block(lambda h, r, bare: 0.1 * (h * h).sum() / (r * r).sum()),
    "measured as it came": block_after_block(lambda h, r, bare: 0.1 * size(h) / size(r), mended=False),
    "a root of the ratio": block_after_block(lambda h, r, bare: 0.1 * np.sqrt(size(h) / size(r))),
    "the same length for all": block_after_block(lambda h, r, bare: 2 / size(r)),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule_of_the_scales_is_named(rule):
    assert kinds("mend_blocks", RULES[rule])[0] == f"invariant: {rule}"


def test_right_scales_follow_no_wrong_rule():
    good = block_after_block(lambda h, r, bare: 0.12 * size(h) / size(r))
    assert evaluate("ps4.mend_blocks", good).share == 1 and not kinds("mend_blocks", good)


@pytest.mark.parametrize(
    ("biases", "said"),
    [
        ((1.5, 9.0), "nearly all carried"),
        ((-0.2, 1.51), "squares of the gates"),
        ((np.log(0.41), np.log(0.95)), "logarithms of gates"),
        ((0.3, -2.9), "signs turned"),
    ],
)
def test_rule_of_the_biases_is_named(biases, said):
    g = 1 / (1 + np.exp(-biases[0]))
    if said == "squares of the gates":
        k = np.sqrt(1 - g**2)
        biases = biases[0], np.log(k / (1 - k))
    assert kinds("two_biases", lambda L: biases)[0] == f"invariant: {said}"


def test_a_share_of_exactly_the_least_is_enough():
    def answer(h, W1s, W2s):
        scales = []
        for W1, W2 in zip(W1s, W2s, strict=True):
            r = np.tanh(h @ W1.T) @ W2.T
            scales.append(0.08 * np.linalg.norm(h) / np.linalg.norm(r))
            h = h + scales[-1] * r
        return scales

    for seed in range(3):
        assert all(row.ok for row in evaluate("ps4.mend_blocks", answer, seed=seed).rows)


def test_pairs_that_cannot_be_told_apart_are_said_as_such():
    """Rows are scaled with a factor for each column: several pairs of slips give these numbers."""

    def answer(grads, threshold):
        out = []
        for g in grads:
            g = g.astype(float)
            norms = np.sqrt((g**2).sum(axis=0, keepdims=True)) if g.ndim > 1 else np.abs(g)
            out.append(np.where(norms > threshold, g * threshold / np.where(norms > 0, norms, 1), g))
        return out

    assert evaluate("ps4.clip_by_unit", answer).share < 1
