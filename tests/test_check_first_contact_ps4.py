"""Answers to problem set 4 that the checker once named wrongly, or of which it said too little."""

import numpy as np
import pytest
from right_answers.ps4 import depthwise_offset_by_offset, masked_three_terms

from vgcourse.check import evaluate, find


def kinds(name, answer, **options):
    return [finding.kind for finding in evaluate(name, answer, **options).findings]


# --- once called by another mistake's name, or with a sentence about a result that was right ------


def product_rounded(C, wide, C_out, K, Y, X, stride):
    last = (K * K + C_out) * wide
    return C * wide + last, C * wide * Y * X + last * -(-Y * X // stride**2)


def group_norm_two_divisors(dy, x, gamma, groups, eps):
    z = x.reshape(len(x), groups, -1)
    s = np.sqrt(z.var(axis=2, keepdims=True, ddof=1) + eps)
    x_hat, d = (z - z.mean(axis=2, keepdims=True)) / s, (dy * gamma[:, None, None]).reshape(z.shape)
    dx = d - d.mean(axis=2, keepdims=True) - x_hat * (d * x_hat).mean(axis=2, keepdims=True)
    return (dx / s).reshape(x.shape), (dy * x_hat.reshape(x.shape)).sum((0, 2, 3)), dy.sum((0, 2, 3))


def squares_compared(grads, weights, ratio):
    clipped = []
    for g, w in zip(grads, weights, strict=True):
        g2, w2 = (np.sum(a**2, axis=1, keepdims=True) for a in (g, w))
        limit = ratio * np.maximum(np.sqrt(w2), 1e-3)
        long = g2 > ratio * np.maximum(w2, 1e-3)
        clipped.append(np.where(long, g * limit / np.sqrt(np.where(g2 > 0, g2, 1)), g))
    return clipped


def dgamma_of_the_counted(dy, x, mask, gamma, eps):
    dx, _, dbeta = masked_three_terms(dy, x, mask, gamma, eps)
    x_hat = (x - x[mask > 0].mean(axis=0)) / np.sqrt(x[mask > 0].var(axis=0) + eps)
    return dx, (mask[:, None] * dy * x_hat).sum(axis=0), dbeta


def scale_missing_in_dh(dout, h, W1, W2, scale):
    c = np.tanh(h @ W1.T)
    dz = (dout @ W2) * (1 - c**2)
    return dout + dz @ W1, scale * dz.T @ h, scale * dout.T @ c, (dout * (c @ W2.T)).sum()


def nan_wanted_everywhere(clip):
    for factor in (0, 0.1, 0.3, 0.6, 1.0, 10.0):
        for c in (0.5, 2.2, 3.0):
            grads = [factor * np.random.default_rng(0).normal(size=shape) for shape in ((3, 4), (5,))]
            norm = np.sqrt(sum((g**2).sum() for g in grads))
            right, handed = [g * min(1.0, c / (norm or 1.0)) for g in grads], [g.copy() for g in grads]
            out = clip(handed, c)
            for before, after, g, r in zip(grads, handed, out, right, strict=True):
                if np.shape(g) != r.shape or not np.allclose(g, r, rtol=1e-5, atol=1e-5):
                    return False
                if not np.array_equal(before, after):
                    return False
    grads = [np.array([1.4, np.nan]), np.ones(3)]
    return all(np.isnan(np.asarray(g)).all() for g in clip(grads, 1.0))


def estimates_pooled(means, variances, sizes, x, gamma, beta, eps):
    N, columns = sizes.sum(), sizes[:, None]
    mean = (columns * means).sum(axis=0) / N
    v = ((columns - 1) * variances + columns * (means - mean) ** 2).sum(axis=0) / (N - 1)
    return mean, v, gamma * (x - mean) / np.sqrt(v + eps) + beta


def direction_times_length(grads, weights, ratio):
    clipped = []
    for g, w in zip(grads, weights, strict=True):
        size = np.linalg.norm(g, axis=1, keepdims=True)
        limit = ratio * np.maximum(np.linalg.norm(w, axis=1, keepdims=True), 1e-3)
        with np.errstate(all="ignore"):
            clipped.append(g / size * np.minimum(size, limit))
    return clipped


def floor_for_both(grads, weights, ratio):
    clipped = []
    for g, w in zip(grads, weights, strict=True):
        size, length = (np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-3) for a in (g, w))
        long = np.linalg.norm(g, axis=1, keepdims=True) > ratio * length
        clipped.append(np.where(long, g * ratio * length / size, g))
    return clipped


def as_far_as_windows_reach(dout, x, W, stride, padding):
    dx, dW = depthwise_offset_by_offset(dout, x, W, stride, padding)
    rows, columns = (stride * (size - 1) + W.shape[1] - padding for size in dout.shape[2:])
    return dx[:, :, :rows, :columns], dW


def zeros_on_both_sides(x, dout, stride):
    (N, C, Y, X), s, first = x.shape, stride, (dout.shape[1] - x.shape[1]) // 2
    out = np.zeros_like(dout)
    out[:, first : first + C] = x.reshape(N, C, Y // s, s, X // s, s).mean(axis=(3, 5))
    return out, np.kron(dout[:, first : first + C], np.ones((s, s))) / s**2


def statistics_of_the_first_rows(x, mask, gamma, beta, eps):
    counted = x[: int(mask.sum())]
    x_hat = (x - counted.mean(axis=0)) / np.sqrt(counted.var(axis=0) + eps)
    return gamma * x_hat + beta, x_hat


def one_mean_for_each_column(dy, x, gamma, eps):
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    x_hat, d = x / r, gamma * dy
    apart = d.mean(axis=1, keepdims=True) * x_hat.mean(axis=1, keepdims=True)
    return (d - x_hat * apart) / r, (dy * x_hat).sum(axis=0)


def everything_scaled(dout, h, W1, W2, scale):
    c = np.tanh(h @ W1.T)
    dz = scale * (dout @ W2) * (1 - c**2)
    return scale * (dout + dz @ W1), dz.T @ h, scale * dout.T @ c, (dout * (c @ W2.T)).sum()


def one_carry(dh, Js, carries):
    terms = [dh] + [0 * dh] * len(Js)
    for J in Js[::-1]:
        terms = [t * carries[0] + (terms[n - 1] @ J if n else 0) for n, t in enumerate(terms)]
    return np.array(terms)


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("inverted_cost", product_rounded, "product rounded"),
        ("pooled_statistics", estimates_pooled, "weights N_t − 1 over N − 1"),
        ("clip_by_unit", direction_times_length, "0/0 for a gradient of zeros"),
        ("clip_by_unit", floor_for_both, "floor under the gradient's length in the factor"),
        ("depthwise_backward", as_far_as_windows_reach, "left-over pixels missing"),
        ("pooled_skip", zeros_on_both_sides, "new channels on both sides"),
        ("masked_norm_forward", statistics_of_the_first_rows, "first M rows"),
        ("rms_norm_backward", one_mean_for_each_column, "mean of dx̂ times mean of x̂"),
        ("scaled_block_backward", everything_scaled, "whole dh scaled"),
        ("path_gradients", one_carry, "first carry everywhere"),
        ("group_norm_backward", group_norm_two_divisors, "1/(M − 1) mixed with 1/M"),
        ("clip_by_unit", squares_compared, "squares compared, ratio as it is"),
        ("masked_norm_backward", dgamma_of_the_counted, "dgamma over the rows that count"),
        ("scaled_block_backward", scale_missing_in_dh, "scale missing in dh"),
        ("is_clipping", nan_wanted_everywhere, "NaN wanted everywhere"),
    ],
)
@pytest.mark.parametrize("seed", (0, 1, 5))
def test_it_is_called_what_it_is(name, answer, said, seed):
    assert kinds(f"ps4.{name}", answer, seed=seed) == [said]


@pytest.mark.parametrize("seed", (5, 6, 7))
def test_lists_of_different_lengths_are_explained_to_the_end(seed):
    (known,) = [m for m in find("ps4.clip_by_unit").mistakes if m.name == "squares compared"]
    verdict = evaluate("ps4.clip_by_unit", known.formula, seed=seed)
    assert [finding.kind for finding in verdict.findings] == [known.name]


# --- once full points -----------------------------------------------------------------------------


def cropped_from_the_end(dout, x, W, stride, padding):
    """Right, but for p:-p where p is 0."""
    wide = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dW = depthwise_offset_by_offset(dout, wide, W, stride, 0)
    return dx[:, :, padding:-padding, padding:-padding], dW


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name, answer", [("depthwise_backward", as_far_as_windows_reach), ("clip_by_unit", floor_for_both)]
)
def test_what_holds_in_most_places_is_not_all(name, answer, seed):
    assert evaluate(f"ps4.{name}", answer, seed=seed).share < 1


def gates_by_a_quotient(dout, h, W, b, W_g, b_g, W_k, b_k):
    """e^z/(1 + e^z), which is no number for a large z."""
    z, z_g, z_k = h @ W.T + b, h @ W_g.T + b_g, h @ W_k.T + b_k
    with np.errstate(all="ignore"):
        c, g, k = np.tanh(z), *(np.exp(a) / (1 + np.exp(a)) for a in (z_g, z_k))
    deltas = dout * g * (1 - c**2), dout * c * g * (1 - g), dout * h * k * (1 - k)
    dh = sum(d @ V for d, V in zip(deltas, (W, W_g, W_k), strict=True)) + dout * k
    return dh, *(a for d in deltas for a in (d.T @ h, d.sum(axis=0)))


def test_a_gate_that_is_open_to_rounding_is_tried():
    assert kinds("ps4.two_gates_backward", gates_by_a_quotient) == ["σ as a quotient"]


def test_a_net_without_padding_is_tried():
    verdict = evaluate("ps4.depthwise_backward", cropped_from_the_end)
    assert [row.name for row in verdict.rows if not row.ok] == ["dx"]
    assert [finding.kind for finding in verdict.findings] == ["padding of 0 cuts all"]


# --- once only measured: a setting whose neighbour would do ---------------------------------------


def reversed_scales(h, W1s, W2s):
    scales = []
    for W1, W2 in zip(W1s, W2s, strict=True):
        r = np.tanh(h @ W1.T) @ W2.T
        scales.insert(0, 0.12 * np.linalg.norm(h) / np.linalg.norm(r))
        h = h + scales[0] * r
    return scales


@pytest.mark.parametrize(
    "name, answer, said",
    [
        ("two_biases", lambda L: (2.4, -0.4), "exchanged they would do"),
        ("two_biases", lambda L: (0.41, 0.95), "as gates they would do"),
        ("two_biases", lambda L: (-0.3, 0.3), "one gate"),
        ("mend_blocks", reversed_scales, "in reverse order they would do"),
        ("mend_blocks", lambda h, W1s, W2s: [0.1] * len(W1s), "one scale for all"),
        ("mend_blocks", lambda h, W1s, W2s: [0.1 / W.std() for W in W1s], "from the matrices"),
    ],
)
def test_the_right_neighbour_is_named(name, answer, said):
    verdict = evaluate(f"ps4.{name}", answer)
    assert verdict.share == 0 and verdict.findings[0].kind == f"invariant: {said}"


@pytest.mark.parametrize(
    "biases", [(0.0, 8.0), (-0.4, 1.5), (-6.0, 8.0), (-0.5, 2.6), (np.log(0.41), np.log(0.92))]
)
def test_no_neighbour_is_named_that_would_not_do(biases):
    found = kinds("ps4.two_biases", lambda L: biases)
    assert found and not any("would do" in kind or "one gate" in kind for kind in found)


def test_not_a_number_is_called_so():
    (finding,) = evaluate("ps4.two_biases", lambda L: (-0.4, np.nan)).findings
    assert "holds NaN" in finding.text


def test_advice_about_rounding_is_for_those_who_accept_the_plain_one():
    """Who accuses the plain function has another trouble than equality."""
    advice = [
        i.diagnosis
        for i in find("ps4.is_clipping").invariants
        if i.name in ("by hypot", "as one vector", "by the larger", "float32")
    ]
    assert len(advice) == 4 and all(
        "if you accept “plainly”" in text or "If you accept that one" in text for text in advice
    )
