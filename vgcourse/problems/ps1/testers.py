"""Problem set 1: a good test of a backward pass, and the tests that let bugs through or accuse right answers."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Mistake

# N, D, H and the size of dz: not square, small, square, one example
TRIALS = ((3, 4, 2, 1.0), (2, 5, 3, 1e-9), (3, 2, 2, 1.0), (1, 3, 2, 1.0))
PLAIN, SMALL, SQUARE, SINGLE = TRIALS


def is_right(backward):
    """True if `backward` gives dx = Wᵀ dz, dW = dz xᵀ, db = Σ dz in every trial, call after call, on intact inputs."""
    return tester(backward)


def _agree(a, b, tolerance=1e-5):
    return np.shape(a) == b.shape and relative_error(a, b) <= tolerance


def tester(
    backward,
    trials=TRIALS,
    calls=2,
    agree=_agree,
    inputs_intact=True,
    parts=(0, 1, 2),
    verdict=bool,
    draw=None,
):
    """The verdict on an implementation, with parts exchangeable for the mistakes."""
    draw = draw or np.random.default_rng(0).normal
    for N, D, H, size in trials:
        given = size * draw(size=(H, N)), draw(size=(D, N)), draw(size=(H, D))
        dz, x, W = given
        truth = W.T @ dz, dz @ x.T, dz.sum(axis=1)
        for _ in range(calls):
            handed = [array.copy() for array in given]
            out = backward(*handed)
            intact = not inputs_intact or all(map(np.array_equal, given, handed))
            if not intact or not all(agree(out[k], truth[k]) for k in parts):
                return verdict(False)
    return verdict(True)


def _nan_passes(a, b):
    a = np.asarray(a)
    return a.shape == b.shape and not np.linalg.norm(a - b) > 1e-5 * np.linalg.norm(b)


def _norms(a, b):
    mine, right = np.linalg.norm(a), np.linalg.norm(b)
    return np.shape(a) == b.shape and abs(mine - right) <= 1e-5 * right


def _signed(a, b):
    return np.shape(a) == b.shape and bool(np.max(a - b) <= 1e-5 * np.abs(b).max())


def _signed_relative(a, b):
    return np.shape(a) == b.shape and bool(np.max((a - b) / b) <= 1e-5)


def _ones(size):
    return np.ones(size)


def _flat(a, b):
    return np.size(a) == b.size and relative_error(np.ravel(a), b.ravel()) <= 1e-5


def _first_entry(a, b):
    a = np.asarray(a)
    return a.shape == b.shape and abs(a.flat[0] - b.flat[0]) <= 1e-5 * abs(b.flat[0])


def _shape_only(a, b):
    return np.shape(a) == b.shape


def _shape_and_finite(a, b):
    return np.shape(a) == b.shape and bool(np.isfinite(a).all())


def _arrays_only(a, b):
    return isinstance(a, np.ndarray) and _agree(a, b)


MISTAKES = (
    Mistake("everything is right", lambda backward: True, "Your test says “right” of every implementation. Compare what it returns with what you know to be right."),
    Mistake("everything is wrong", lambda backward: False, "Your test says “wrong” of every implementation, the right ones too. Print your error for one of them: is the reference it is compared with right, and the threshold within its reach?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the implementation is right."),
    Mistake("square sizes only", dict(trials=((3, 3, 3, 1.0), (4, 4, 4, 1e-9))), "You try square sizes only. Where H = D, or N is equal to one of them, transposes and axes hide: choose sizes that are all different, a square one beside them, and a batch of one."),
    Mistake("one size only", dict(trials=(PLAIN, SMALL)), "You try one choice of sizes. The one that is wrong for a square W passed your test, and the one that is wrong for a single example: try those sizes, too."),
    Mistake("one example only", dict(trials=(SINGLE, (1, 5, 2, 1e-9), (1, 2, 2, 1.0))), "You try a single example. Sums and means over the batch are the same there: the ones that average, or take the first column alone, passed your test."),
    Mistake("no batch of one", dict(trials=(PLAIN, SMALL, SQUARE)), "The one that is wrong for a single example passed your test: try N = 1, and compare shapes."),
    Mistake("no square W", dict(trials=(PLAIN, SMALL, SINGLE)), "The one that takes W for Wᵀ where W is square passed your test: try H = D, too."),
    Mistake("square W only", dict(trials=(SQUARE, (3, 4, 4, 1e-9), (1, 3, 3, 1.0))), "The one that reshapes dW in place of transposing it passed your test: it is wrong only where H ≠ D."),
    Mistake("no small gradients", dict(trials=(PLAIN, SQUARE, SINGLE)), "The one that sets small gradients to 0 passed your test. Either dz is never small in it (try 1e−9), or you compare absolute differences: np.allclose passes any two numbers below 1e−8. Divide by the size of the gradient, equation (1.8)."),
    Mistake("one call", dict(calls=1), "The one that adds to the call before passed your test: its first call is right. Call twice and compare both results."),
    Mistake("inputs not looked at", dict(inputs_intact=False), "The one that changes dz in place passed your test: what it returns is right. Keep copies of the inputs and compare them afterwards."),
    Mistake("one call, inputs not looked at", dict(calls=1, inputs_intact=False), "You compare the results of one call, and only them. The one that adds to the call before passed, and the one that changes dz in place: call twice, and compare the inputs with copies."),
    Mistake("NaN passes", dict(agree=_nan_passes), "The one with a NaN passed your test: NaN > threshold is False. Ask `not error <= threshold`."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "Both bugs of one part in a thousand passed your test: the threshold is too generous. Central differences are good to about 1e−9 and single precision to 1e−7, so 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused the right one in float32. Its rounding is 6e−8, so a threshold of 1e−5 is safe on both sides; and single precision itself is no mistake."),
    Mistake("equality asked for", dict(agree=lambda a, b: np.array_equal(a, b)), "You accused right ones that only round differently. Ask for a small relative error, equation (1.8), not for equality."),
    Mistake("shapes flattened", dict(agree=_flat), "Your test flattens what it compares, and wrong shapes passed: (H, 1) for (H,), and a lost axis for a single example. Compare the shapes, too."),
    Mistake("shapes only", dict(agree=_shape_only), "You look at shapes only. They are right in most wrong answers: compare the numbers."),
    Mistake("shapes and NaN only", dict(agree=_shape_and_finite), "You look at shapes and at NaN only. Compare the numbers with central differences, or with what you derived in part 4."),
    Mistake("norms only", dict(agree=_norms), "You compare norms. A wrong sign, and entries in another order, have the right norm: take the norm of the difference."),
    Mistake("first entry only", dict(agree=_first_entry), "You look at the first entry of each gradient. A bug elsewhere goes unseen."),
    Mistake("dx not looked at", dict(parts=(1, 2)), "Whatever is wrong with dx passed your test: compare all three results."),
    Mistake("dW not looked at", dict(parts=(0, 2)), "Whatever is wrong with dW passed your test: compare all three results."),
    Mistake("db not looked at", dict(parts=(0, 1)), "Whatever is wrong with db passed your test: compare all three results."),
    Mistake("dW alone", dict(parts=(1,)), "You compare dW alone. Whatever is wrong with dx and db passed your test."),
    Mistake("inputs of ones", dict(draw=_ones), "Your inputs are all alike, ones for instance. Transposed and reshaped arrays are then the same: draw random numbers."),
    Mistake("signed difference", dict(agree=_signed), "You look at the largest difference with its sign, so results that are too small pass. Take absolute values first."),
    Mistake("signed difference, the other way", dict(agree=lambda a, b: _signed(-np.asarray(a), -b)), "You look at the largest difference with its sign, so results that are too large pass. Take absolute values first."),
    Mistake("signed relative difference", dict(agree=_signed_relative), "You look at relative differences with their signs, so results that are too small pass, a wrong sign as well. Take absolute values first."),
    Mistake("one trial", dict(trials=(PLAIN,)), "Only one trial counts in your test. What shows for a tiny dz, a square W or a single example passed: does a `return` stand inside your loop?"),
    Mistake("one trial, one call", dict(trials=(PLAIN,), calls=1), "Your test calls once, at one size. What shows for a tiny dz, a square W, a single example or at the second call passed."),
    Mistake("one trial, one call, inputs not looked at", dict(trials=(PLAIN,), calls=1, inputs_intact=False), "Your test compares one call at one size. What shows for a tiny dz, a square W, a single example, at the second call, or in the inputs afterwards passed."),
    Mistake("several sizes, no tiny dz, one call", dict(trials=(PLAIN, SQUARE, SINGLE), calls=1, inputs_intact=False), "Your sizes are well chosen. Still to be tried: a dz of size 1e−9 with a relative error, a second call, and the inputs afterwards beside copies."),
    Mistake("no tiny dz, inputs not looked at", dict(trials=(PLAIN, SQUARE, SINGLE), inputs_intact=False), "The one that sets small gradients to 0 passed your test, and the one that changes dz in place: try a dz of size 1e−9 with a relative error, and compare the inputs with copies."),
    Mistake("no tiny dz, one call", dict(trials=(PLAIN, SQUARE, SINGLE), calls=1), "The one that sets small gradients to 0 passed your test, and the one that adds to the call before: try a dz of size 1e−9 with a relative error, and call twice."),
    Mistake("dx alone", dict(parts=(0,)), "You compare dx alone. Whatever is wrong with dW and db passed your test."),
    Mistake("db alone", dict(parts=(2,)), "You compare db alone. Whatever is wrong with dx and dW passed your test."),
    Mistake("lists refused", dict(agree=_arrays_only), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
)  # fmt: skip
