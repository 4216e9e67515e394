"""Values, extremes and errors of the losses; their gradients are in test_contract."""

from importlib.util import find_spec

import numpy as np
import pytest
from conftest import require

from vgcourse import losses
from vgcourse.gradcheck import complex_step, relative_error
from vgcourse.losses import (
    binary_cross_entropy_backward,
    binary_cross_entropy_forward,
    softmax,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    squared_error_backward,
    squared_error_forward,
)

Z = np.random.default_rng(0).standard_normal((4, 3))
LABELS = np.array([0, 2, 1, 1])


def test_squared_error_by_hand():
    """A sum over the entries of a row, a mean over rows."""
    loss, cache = squared_error_forward(np.array([[1.0, 2.0], [3.0, 5.0]]), [[0, 0], [3, 4]])
    assert loss == (1 + 4 + 0 + 1) / 2
    assert squared_error_backward(1.0, cache).tolist() == [[1, 2], [0, 1]]
    assert squared_error_backward(-2.0, cache).tolist() == [[-2, -4], [0, -2]]
    assert squared_error_forward(np.array([3.0]), [1.0])[0] == 4


def test_binary_cross_entropy_by_hand():
    """The mean is over all entries; σ(log 3) = 3/4."""
    z = np.log(3) * np.array([[1.0, 1.0], [-1.0, 0.0]])
    loss, cache = binary_cross_entropy_forward(z, [[1, 0], [0, 0.5]])
    assert loss == pytest.approx(-np.log([3 / 4, 1 / 4, 3 / 4, 1 / 2]).mean(), rel=1e-15, abs=0)
    gradient = binary_cross_entropy_backward(1.0, cache)
    assert gradient == pytest.approx(np.array([[-1 / 4, 3 / 4], [1 / 4, 0]]) / 4, rel=1e-15, abs=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binary_cross_entropy_at_extreme_logits(dtype):
    z = np.array([1e4, -1e4, 1e4, -1e4], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, cache = binary_cross_entropy_forward(z, np.array([1, 0, 0, 1]))
        gradient = binary_cross_entropy_backward(1.0, cache)
    assert loss == 5000 and loss.dtype == dtype
    assert gradient.tolist() == [0, 0, 0.25, -0.25]
    # right and sure: the loss is tiny and not zero
    assert binary_cross_entropy_forward(np.array([-50.0]), [0])[0] == pytest.approx(
        np.exp(-50), rel=1e-12, abs=0
    )


def test_two_class_softmax_is_the_sigmoid():
    z, t = Z[:, 0], np.array([1, 0, 0, 1])
    two = np.stack([np.zeros(4), z], axis=1)
    assert softmax_cross_entropy_forward(two, t)[0] == pytest.approx(
        binary_cross_entropy_forward(z, t)[0], rel=1e-14
    )


def test_softmax_rows_are_probabilities_and_ignore_a_shift():
    p = softmax(10 * Z)
    assert (p > 0).all()
    assert np.abs(p.sum(axis=-1) - 1).max() < 4e-16
    assert relative_error(softmax(10 * Z + np.array([[1e3], [-1e3], [5], [0]])), p) < 1e-12
    assert softmax(np.log([1.0, 2.0, 5.0])) == pytest.approx([1 / 8, 2 / 8, 5 / 8], rel=1e-15, abs=0)
    assert softmax(np.array([[7.0]])).tolist() == [[1.0]]
    assert softmax(np.array([1e300, -1e300, 0.0])).tolist() == [1, 0, 0]
    assert softmax(np.zeros((2, 3, 4), "float32")).dtype == "float32"
    assert relative_error(softmax(Z.reshape(2, 2, 3)).reshape(4, 3), softmax(Z)) == 0


def test_softmax_cross_entropy_by_hand():
    z = np.log([[1.0, 2.0, 5.0], [1.0, 1.0, 2.0]])
    loss, cache = softmax_cross_entropy_forward(z, [2, 0])
    assert loss == pytest.approx(-(np.log(5 / 8) + np.log(1 / 4)) / 2, rel=1e-15, abs=0)
    by_hand = np.array([[1 / 8, 2 / 8, -3 / 8], [-3 / 4, 1 / 4, 2 / 4]]) / 2
    assert softmax_cross_entropy_backward(1.0, cache) == pytest.approx(by_hand, rel=1e-14, abs=0)


def test_untrained_loss_is_log_of_the_number_of_classes():
    assert softmax_cross_entropy_forward(np.zeros((5, 10)), np.arange(5))[0] == pytest.approx(
        np.log(10), rel=1e-15
    )


def test_softmax_cross_entropy_gradient_sums_to_zero_and_ignores_a_shift():
    loss, cache = softmax_cross_entropy_forward(Z, LABELS)
    shifted_loss, shifted = softmax_cross_entropy_forward(Z + np.array([[100.0], [-7], [0], [3]]), LABELS)
    assert loss == pytest.approx(shifted_loss, rel=1e-13, abs=0)
    assert relative_error(cache.dprediction, shifted.dprediction) < 1e-13
    assert np.abs(softmax_cross_entropy_backward(1.0, cache).sum(axis=-1)).max() < 1e-16


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_cross_entropy_at_extreme_logits(dtype):
    z = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 0]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, cache = softmax_cross_entropy_forward(z, [0, 0])
    assert loss == 1e4 and loss.dtype == dtype
    assert softmax_cross_entropy_backward(1.0, cache).tolist() == [[0, 0, 0], [-0.5, 0.5, 0]]


def test_a_mask_is_the_mean_over_the_rows_it_keeps():
    mask = np.array([True, False, True, True])
    loss, cache = softmax_cross_entropy_forward(Z, LABELS, mask)
    kept_loss, kept = softmax_cross_entropy_forward(Z[mask], LABELS[mask])
    assert loss == pytest.approx(kept_loss, rel=1e-15, abs=0)
    assert relative_error(cache.dprediction[mask], kept.dprediction) < 1e-15
    assert (softmax_cross_entropy_backward(3.0, cache)[1] == 0).all()


def test_a_mask_of_weights_is_a_weighted_mean_and_keeps_float32():
    rows = np.array([softmax_cross_entropy_forward(Z[n : n + 1], LABELS[n : n + 1])[0] for n in range(4)])
    loss, _ = softmax_cross_entropy_forward(Z, LABELS, [1, 3, 0, 0])
    assert loss == pytest.approx((rows[0] + 3 * rows[1]) / 4, rel=1e-14, abs=0)
    single, cache = softmax_cross_entropy_forward(Z.astype("float32"), LABELS, np.ones(4))
    assert single.dtype == cache.dprediction.dtype == "float32"


def test_sequences_are_long_batches():
    loss, cache = softmax_cross_entropy_forward(Z.reshape(2, 2, 3), LABELS.reshape(2, 2))
    flat, flat_cache = softmax_cross_entropy_forward(Z, LABELS)
    assert loss == pytest.approx(flat, rel=1e-15, abs=0)
    assert relative_error(cache.dprediction.reshape(4, 3), flat_cache.dprediction) < 1e-15


def test_a_mask_of_rows_keeps_the_mean_over_those_rows():
    """One rule for all three losses, over (T, N, K) sequences."""
    rng = np.random.default_rng(1)
    z, t = rng.standard_normal((2, 3, 4)), rng.random((2, 3, 4))
    mask = np.array([[1, 0, 1], [1, 1, 0]])
    for forward, target in MASKED.values():
        target = t if target is None else target
        loss, cache = forward(z, target, mask)
        kept_loss, kept = forward(z[mask == 1], target[mask == 1])
        assert loss == pytest.approx(kept_loss, rel=1e-14, abs=0)
        assert relative_error(cache.dprediction[mask == 1], kept.dprediction) < 1e-14
        assert (cache.dprediction[mask == 0] == 0).all()
        assert forward(z, target, np.full((2, 3), 7.0))[0] == pytest.approx(forward(z, target)[0], rel=1e-14)
        rows = [forward(z[[0], [n]], target[[0], [n]])[0] for n in range(3)]
        weighted = forward(z, target, [[1, 0, 3], [0, 0, 0]])[0]
        assert weighted == pytest.approx((rows[0] + 3 * rows[2]) / 4, rel=1e-14, abs=0)


MASKED = {
    "squared error": (squared_error_forward, None),
    "binary": (binary_cross_entropy_forward, None),
    "softmax": (softmax_cross_entropy_forward, np.array([[0, 3, 1], [2, 2, 0]])),
}


def test_a_mask_of_entries_keeps_the_mean_over_those_entries():
    """For predictions of which some are missing: each entry that is there counts alike."""
    y_hat, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 9.0], [3.0, 4.0]])
    loss, cache = squared_error_forward(y_hat, y, [[1, 0], [1, 1]])
    assert loss == pytest.approx((1 + 0 + 1) / 3, rel=1e-15)
    assert squared_error_backward(3.0, cache) == pytest.approx(np.array([[2.0, 0], [0, 2]]), rel=1e-15)
    z, t = np.log(3) * np.array([1.0, -1.0]), [1, 1]
    assert binary_cross_entropy_forward(z, t, [0, 1])[0] == pytest.approx(np.log(4), rel=1e-15)
    row, entries = ([1, 0], [[1, 1], [0, 0]])
    both = [binary_cross_entropy_forward(y_hat, [[1, 0], [0, 0]], mask)[0] for mask in (row, entries)]
    assert both[0] == pytest.approx(both[1], rel=1e-15), "a row's weight is the weight of each of its entries"


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("padding", [np.nan, np.inf, 1e300])
def test_what_the_mask_hides_may_be_anything(name, padding):
    """Padding does not reach the loss, not even as 0 · NaN."""
    forward, labels = MASKED[name]
    rng = np.random.default_rng(2)
    z, target = rng.standard_normal((2, 3, 4)), rng.random((2, 3, 4)) if labels is None else labels
    mask = np.array([[1, 1, 0], [1, 0, 0]])
    loss, cache = forward(z, target, mask)
    z_padded, padded = z.copy(), target.copy()
    z_padded[mask == 0] = padding
    padded[mask == 0] = -1 if target is labels else padding
    with np.errstate(all="raise"):
        padded_loss, padded_cache = forward(z_padded, padded, mask)
    assert padded_loss == loss
    assert (padded_cache.dprediction == cache.dprediction).all()


def test_a_mean_over_all_steps_of_all_sequences():
    """(T, N, K) predictions: a sum over K, a mean over T·N, as in the softmax loss."""
    y_hat = np.full((2, 3, 4), 2.0)
    assert squared_error_forward(y_hat, np.zeros((2, 3, 4)))[0] == 4 * 4


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize(
    "mask, words",
    [
        (np.zeros((2, 3)), "the mask is zero everywhere"),
        ([[1, -1, 1], [1, 1, 1]], "the mask lies between -1 and 1; expected ≥ 0"),
        ([[1, np.nan, 1], [1, 1, 1]], "the mask lies between nan and nan; expected ≥ 0"),
        ([[1, np.inf, 1], [1, 1, 1]], "the mask lies between 1 and inf; expected ≥ 0"),
        (np.ones(2), r"mask has shape \(2,\); expected \(2, 3\)"),
        (np.ones((3, 2)), r"mask has shape \(3, 2\); expected \(2, 3\)"),
        (1.0, r"mask has shape \(\); expected \(2, 3\)"),
    ],
)
def test_bad_masks_are_refused(name, mask, words):
    forward, target = MASKED[name]
    with pytest.raises(ValueError, match=f"{forward.__name__}: {words}"):
        forward(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)) if target is None else target, mask)


def test_a_softmax_row_is_masked_as_a_whole():
    with pytest.raises(ValueError, match=r"mask has shape \(4, 3\); expected \(4,\) because"):
        softmax_cross_entropy_forward(Z, LABELS, np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"mask has shape \(4,\); expected \(2, 3\) or \(2, 3, 4\)"):
        squared_error_forward(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)), np.ones(4))


FORWARDS = {
    squared_error_forward: ("y_hat", Z),
    binary_cross_entropy_forward: ("z", np.zeros((4, 3))),
    softmax_cross_entropy_forward: ("z", LABELS),
    softmax: ("z", None),
}


@pytest.mark.parametrize("forward", FORWARDS, ids=lambda f: f.__name__)
def test_predictions_have_to_be_floats_and_something(forward):
    name, target = FORWARDS[forward]
    rest = () if target is None else (target,)
    with pytest.raises(
        TypeError, match=f"{forward.__name__}: {name} holds int64 values; expected float64 or float32"
    ):
        forward(np.ones((4, 3), int), *rest)
    with pytest.raises(ValueError, match=rf"{forward.__name__}: {name} is empty, its shape is \(0, 3\)"):
        forward(np.ones((0, 3)), *rest)


@pytest.mark.parametrize(
    "forward", [squared_error_forward, softmax_cross_entropy_forward, softmax], ids=lambda f: f.__name__
)
def test_a_single_number_is_no_batch(forward):
    rest = {squared_error_forward: (1.0,), softmax_cross_entropy_forward: (0,), softmax: ()}[forward]
    with pytest.raises(ValueError, match=f"{forward.__name__}: .* is a single number; expected shape"):
        forward(1.0, *rest)


@pytest.mark.parametrize(
    "forward", [squared_error_forward, binary_cross_entropy_forward], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 3), (3, 4), ()])
def test_targets_are_never_broadcast(forward, shape):
    with pytest.raises(ValueError, match=rf"{forward.__name__}: the target has shape .*; expected \(4, 3\)"):
        forward(Z, np.zeros(shape))


@pytest.mark.parametrize("t", [-0.1, 1.1, np.nan])
def test_binary_targets_lie_between_0_and_1(t):
    with pytest.raises(
        ValueError, match=r"binary_cross_entropy_forward: t lies between .*; expected \[0, 1\]"
    ):
        binary_cross_entropy_forward(np.zeros(2), [0.5, t])


@pytest.mark.parametrize(
    "labels, mask, error, words",
    [
        (
            [0, 1, 2],
            None,
            ValueError,
            r"labels has shape \(3,\); expected \(4,\) because z has shape \(4, 3\)",
        ),
        (Z, None, ValueError, r"labels has shape \(4, 3\); expected \(4,\)"),
        ([0.0, 1, 2, 0], None, TypeError, "labels hold float64 values; expected integers"),
        ([True, False, True, True], None, TypeError, "labels hold bool values; expected integers"),
        (
            [0, 1, 2, 3],
            None,
            ValueError,
            "labels lie between 0 and 3; expected 0 … 2 because z has 3 classes",
        ),
        ([0, 1, 2, -1], None, ValueError, "labels lie between -1 and 2; expected 0 … 2"),
        (LABELS, [1, 1, 1], ValueError, r"mask has shape \(3,\); expected \(4,\)"),
        (LABELS, np.zeros(4), ValueError, "the mask is zero everywhere"),
        (LABELS, [np.nan, 1, 1, 1], ValueError, "the mask"),
    ],
)
def test_bad_labels_and_masks_are_refused(labels, mask, error, words):
    with pytest.raises(error, match=f"softmax_cross_entropy_forward: {words}"):
        softmax_cross_entropy_forward(Z, labels, mask)


@pytest.mark.parametrize("name", ["squared_error", "binary_cross_entropy", "softmax_cross_entropy"])
def test_backward_refuses_what_is_no_number_and_no_cache(name):
    backward = getattr(losses, f"{name}_backward")
    with pytest.raises(TypeError, match=f"{name}_backward: cache is NoneType; expected LossCache"):
        backward(1.0, None)
    with pytest.raises(TypeError, match=f"{name}_backward: dloss is .*; expected one real number"):
        backward(np.ones(2), losses.LossCache(np.ones((3, 2))))


def test_targets_and_masks_are_numbers():
    with pytest.raises(TypeError, match="the target holds"):
        losses.squared_error_forward(np.ones((2, 1)), "abc")
    with pytest.raises(TypeError, match="mask holds"):
        losses.squared_error_forward(np.ones((2, 1)), np.ones((2, 1)), "abc")


# the ends of the number range

INF, NAN = np.inf, np.nan


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-200, 1e200, 1e308, 1.7e308])
def test_the_size_of_a_mask_does_not_matter(name, size):
    """The sum of a mask of 1e308 is no number; the mean is."""
    forward, target = MASKED[name]
    rng = np.random.default_rng(3)
    z, t = rng.standard_normal((2, 3, 4)), rng.random((2, 3, 4))
    target = t if target is None else target
    mask = np.array([[1.0, 0, 1], [1, 1, 0]])
    loss, cache = forward(z, target, mask)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        scaled, scaled_cache = forward(z, target, size * mask)
    assert scaled == pytest.approx(loss, rel=1e-15, abs=0)
    assert relative_error(scaled_cache.dprediction, cache.dprediction) < 1e-15


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("dtype, little", [("float64", 1e-320), ("float32", 1e-60)])
def test_a_weight_that_rounds_to_zero_hides_no_nan(name, dtype, little):
    forward, target = MASKED[name]
    z = np.zeros((2, 3, 4), dtype)
    z[0, 1] = NAN
    target = np.zeros((2, 3, 4)) if target is None else target
    assert np.isfinite(forward(z, target, [[1, 0, 1], [1, 1, 1]])[0])
    assert np.isnan(forward(z, target, [[1e10, little, 1e10], [1, 1, 1]])[0])


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("entry", [(0, 0, 0), (1, 2, 3)])
def test_nan_in_the_prediction_is_nan_in_loss_and_gradient(name, dtype, entry):
    forward, target = MASKED[name]
    z = np.random.default_rng(4).standard_normal((2, 3, 4)).astype(dtype)
    z[entry] = complex(NAN, NAN) if dtype == "complex128" else NAN
    target = np.full((2, 3, 4), 0.5) if target is None else target
    with np.errstate(all="raise"):
        loss, cache = forward(z, target)
    assert np.isnan(loss) and np.isnan(cache.dprediction[entry])
    assert np.isnan(cache.dprediction).sum() == (4 if name == "softmax" else 1), "its row, or its entry"
    if name == "softmax":
        p = softmax(z)
        assert np.isnan(p[entry[:2]]).all() and np.isnan(p).sum() == 4


def test_squared_errors_of_any_size():
    with np.errstate(over="raise", invalid="raise"):
        loss, cache = squared_error_forward(np.array([1e200, 1.0]), [0.0, 1.0])
        assert loss == INF, "1e400 is no number"
        assert squared_error_backward(1.0, cache).tolist() == [1e200, 0], "its gradient is"
        loss, cache = squared_error_forward(np.array([1e155, 1.0]), [0, 1], [1e-10, 1.0])
        assert loss == pytest.approx(1e300, rel=1e-9), "the mean is a number though the square is not"
        loss, cache = squared_error_forward(np.array([1e20], "float32"), [0.0])
        assert loss == INF and loss.dtype == "float32"
        assert cache.dprediction == pytest.approx([2e20], rel=1e-6)
        loss, cache = squared_error_forward(np.array([1e-200]), [0.0])
        assert loss == 0 and cache.dprediction.tolist() == [2e-200]
        loss, cache = squared_error_forward(np.array([INF, 1.0]), [0.0, 0.0])
        assert loss == INF and cache.dprediction.tolist() == [INF, 1]
        loss, cache = squared_error_forward(np.array([INF, 1.0]), [INF, 0.0])
        assert np.isnan(loss) and np.isnan(cache.dprediction[0]) and cache.dprediction[1] == 1
        assert np.isnan(squared_error_forward(np.array([1.0, 2.0]), [NAN, 0.0])[0])


@pytest.mark.parametrize("z", [20.0, 40.0, 50.0, 300.0, 700.0])
def test_a_sure_and_right_net_has_a_tiny_loss_and_gradient(z):
    """softplus(z) − z and σ(z) − 1 are 0 in float64 from z = 37 on: the same quantities, rounded away."""
    truth, slope = np.log1p(np.exp(-z)), np.exp(-z) / (1 + np.exp(-z))
    for sign, t in ((1, 1), (-1, 0)):
        loss, cache = binary_cross_entropy_forward(np.array([sign * z]), [t])
        assert loss == pytest.approx(truth, rel=1e-15, abs=0)
        assert cache.dprediction == pytest.approx([-sign * slope], rel=1e-14, abs=0)
    for label in (0, 1):
        logits = np.array([[z, 0.0]])[:, :: 1 - 2 * label]
        loss, cache = softmax_cross_entropy_forward(logits, [label])
        assert loss == pytest.approx(truth, rel=1e-15, abs=0)
        assert cache.dprediction[0, label] == pytest.approx(-slope, rel=1e-14, abs=0)
        assert cache.dprediction.sum() == 0


def test_the_tiny_gradients_are_the_derivatives():
    z, v = np.array([[60.0, 0, 3], [-2, 45, 1]]), np.random.default_rng(5).standard_normal((2, 3))
    cases = (
        (softmax_cross_entropy_forward, np.array([0, 1])),
        (binary_cross_entropy_forward, np.array([[1, 0.25, 1], [0, 1, 0]])),
    )
    for forward, target in cases:
        _, cache = forward(z, target)
        for entry in np.ndindex(z.shape):
            v = np.zeros_like(z)
            v[entry] = 1
            step = complex_step(lambda z, f=forward, t=target: f(z, t)[0], z, v)
            assert cache.dprediction[entry] == pytest.approx(step, rel=1e-13, abs=0)
        real, through_complex = forward(z, target)[0], forward(z + 0j, target)[0]
        assert through_complex.real == pytest.approx(real, rel=1e-14, abs=0)
    sure = softmax_cross_entropy_forward(z[:1] + 0j, [0])[0]
    assert sure.real == pytest.approx(np.exp(-60) + np.exp(-57), rel=1e-14, abs=0)


def test_binary_cross_entropy_of_infinite_logits_is_its_limit():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for z, t, limit, slope in (
            (INF, 1, 0, 0),
            (INF, 0, INF, 1),
            (INF, 0.25, INF, 0.75),
            (-INF, 0, 0, 0),
            (-INF, 1, INF, -1),
            (-1e308, 1, 1e308, -1),
        ):
            loss, cache = binary_cross_entropy_forward(np.array([z]), [t])
            assert loss == limit and cache.dprediction.tolist() == [slope]


def test_minus_infinity_is_a_class_that_cannot_be():
    """The usual way to forbid a class. Its probability and its gradient are 0; to ask for it costs ∞."""
    z = np.array([[0.0, -INF, np.log(3)]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert softmax(z)[0] == pytest.approx([1 / 4, 0, 3 / 4], rel=1e-15, abs=0)
        loss, cache = softmax_cross_entropy_forward(z, [2])
        assert loss == pytest.approx(np.log(4 / 3), rel=1e-15, abs=0)
        assert cache.dprediction[0] == pytest.approx([1 / 4, 0, -1 / 4], rel=1e-15, abs=0)
        loss, cache = softmax_cross_entropy_forward(z, [1])
        assert loss == INF
        assert cache.dprediction[0] == pytest.approx([1 / 4, -1, 3 / 4], rel=1e-15, abs=0)


@pytest.mark.parametrize("row", [[INF, 0.0], [INF, INF], [INF, -INF], [-INF, -INF], [NAN, INF]])
def test_a_row_without_a_softmax_is_nan(row):
    with np.errstate(all="raise"):
        p = softmax(np.array([row, [1.0, 1.0]]))
        assert np.isnan(p[0]).all() and p[1].tolist() == [0.5, 0.5]
        loss, cache = softmax_cross_entropy_forward(np.array([row, [1.0, 1.0]]), [0, 0])
        assert np.isnan(loss) and np.isnan(cache.dprediction[0]).all()
        assert cache.dprediction[1].tolist() == [-0.25, 0.25]


def test_logits_farther_apart_than_a_number():
    with np.errstate(over="raise", invalid="raise"):
        loss, cache = softmax_cross_entropy_forward(np.array([[1e308, -1e308]]), [0])
        assert loss == 0 and cache.dprediction.tolist() == [[0, 0]]
        assert softmax_cross_entropy_forward(np.array([[1e308, -1e308]]), [1])[0] == INF
        assert softmax(np.array([1e308, -1e308])).tolist() == [1, 0]


def test_extremes_agree_with_torch():
    require(find_spec("torch") is not None, "torch is not installed")
    import torch

    rows = [
        [60.0, 0, 3],
        [-INF, 2, 1],
        [INF, 0, 1],
        [NAN, 0, 1],
        [1e4, -1e4, 0],
        [-INF, -INF, -INF],
        [0, -INF, 1],
    ]
    for row in rows:
        z = torch.tensor([row], dtype=torch.float64, requires_grad=True)
        assert softmax(np.array([row])) == pytest.approx(
            torch.softmax(z, -1).detach().numpy(), rel=1e-14, abs=0, nan_ok=True
        )
        for label in range(3):
            z.grad = None
            theirs = torch.nn.functional.cross_entropy(z, torch.tensor([label]))
            theirs.backward()
            loss, cache = softmax_cross_entropy_forward(np.array([row]), [label])
            if np.isinf(row[0]) and row[0] > 0:
                assert np.isnan(loss), "torch gives ∞ for a label that is not the infinite one"
                continue
            # beside torch's own rounding: it loses what is below 1e−16
            assert loss == pytest.approx(theirs.item(), rel=1e-14, abs=1e-16, nan_ok=True)
            assert cache.dprediction == pytest.approx(z.grad.numpy(), rel=1e-14, abs=2e-16, nan_ok=True)
