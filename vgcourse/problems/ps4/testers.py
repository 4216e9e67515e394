"""Problem set 4: a good test of clipping by the global norm, and tests that let bugs through or accuse right ones."""

import numpy as np

from vgcourse.problems.problem import Mistake

SHAPES = ((3, 2), (4,), (2, 2))
# norms of the three arrays, threshold
LONG, MIDDLE = ((26.0, 1.2, 13.0), 2.2), ((3.0, 3.0, 3.0), 3.0)
SHORT, ZERO, NAN = ((1.0, 1.0, 1.0), 2.2), ((0.0, 0.0, 0.0), 1.0), ((np.nan, 1.0, 1.0), 1.0)
TRIALS = (LONG, MIDDLE, SHORT, ZERO, NAN)
ONE_ARRAY = tuple(
    ((norm,), c) for norm, c in ((26.0, 2.2), (5.0, 3.0), (1.7, 2.2), (0.0, 1.0), (np.nan, 1.0))
)
ONE_THRESHOLD = (LONG, ((2.0, 2.0, 2.0), 2.2), SHORT, ((0.0, 0.0, 0.0), 2.2), ((np.nan, 1.0, 1.0), 2.2))
THRESHOLD_1 = (((26.0, 1.2, 13.0), 1.0), ((1.0, 1.0, 1.0), 1.0), ((0.3, 0.3, 0.3), 1.0), ZERO, NAN)


def is_clipping(clip):
    """True if `clip` gives g where ‖g‖ ≤ c and c g/‖g‖ elsewhere, zeros for zeros, NaN for NaN, and leaves its input alone."""
    return tester(clip)


def _agree(a, b, tolerance=1e-5):
    a, b = list(map(np.asarray, a)), list(b)
    return [x.shape for x in a] == [x.shape for x in b] and all(
        np.linalg.norm(x - y) <= tolerance * np.linalg.norm(y) for x, y in zip(a, b, strict=True)
    )


def tester(
    clip,
    trials=TRIALS,
    agree=_agree,
    intact=True,
    parts=slice(None),
    verdict=bool,
    nan=np.any,
    shapes=SHAPES,
):
    """The verdict on a clipping function, with parts exchangeable for the mistakes."""
    rng = np.random.default_rng(0)
    for norms, c in trials:
        arrays = [rng.normal(size=shape) for shape in shapes]
        grads = [a * (norm / np.linalg.norm(a)) for a, norm in zip(arrays, norms, strict=True)]
        handed = [g.copy() for g in grads]
        out = clip(handed, c)
        if intact and not all(
            np.array_equal(*pair, equal_nan=True) for pair in zip(grads, handed, strict=True)
        ):
            return verdict(False)
        if np.isnan(norms).any():
            good = bool(nan([nan(np.isnan(np.asarray(a))) for a in out]))
        else:
            norm = np.linalg.norm(norms)
            good = agree(out[parts], [g * (c / norm if norm > c else 1.0) for g in grads][parts])
        if not good:
            return verdict(False)
    return verdict(True)  # fmt: skip


def _flat(a, b):
    return _agree([np.ravel(x) for x in a], [y.ravel() for y in b])


def _lengths(a, b):
    mine, right = (np.sqrt(sum((np.asarray(x) ** 2).sum() for x in arrays)) for arrays in (a, b))
    return abs(mine - right) <= 1e-5 * right


def _not_longer(a, b):
    """Only that the result is not longer than the right one."""
    mine, right = (np.sqrt(sum((np.asarray(x) ** 2).sum() for x in arrays)) for arrays in (a, b))
    return mine <= right * (1 + 1e-5)


def _equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def _directions(a, b):
    """Only that both point the same way."""
    mine, right = (np.concatenate([np.ravel(x) for x in arrays]) for arrays in (a, b))
    return abs(mine @ right - np.linalg.norm(mine) * np.linalg.norm(right)) <= 1e-5 * abs(mine @ right)


def _arrays_only(a, b):
    return all(isinstance(x, np.ndarray) for x in a) and _agree(a, b)


def _lists_only(a, b):
    return isinstance(a, list) and _agree(a, b)


MISTAKES = (
    Mistake("everything is right", lambda clip: True, "Your test says “right” of every function. Compare what it returns with c g/‖g‖."),
    Mistake("everything is wrong", lambda clip: False, "Your test says “wrong” of every function, the right ones too. Print your error for one of them: what do you compare with?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("long gradients only", dict(trials=(LONG, MIDDLE)), "You try long gradients only. What happens to a short one, to zeros, to a NaN?"),
    Mistake("one long gradient", dict(trials=(LONG,)), "You try one long gradient. Bugs that depend on where the norm lies, or on another threshold, went unseen."),
    Mistake("no short gradient", dict(trials=(LONG, MIDDLE, ZERO, NAN)), "The ones that change gradients shorter than the threshold passed your test. Try a norm between 1 and the threshold, such as 1.7 for 2.2."),
    Mistake("short gradients only", dict(trials=(SHORT, ZERO, NAN)), "You try no gradient that is longer than the threshold."),
    Mistake("never between c and c²", dict(trials=(LONG, SHORT, ZERO, NAN)), "The one that compares with c² passed your test. Try a threshold of 3 and a norm of 5."),
    Mistake("no zeros", dict(trials=(LONG, MIDDLE, SHORT, NAN)), "The one that divides 0 by 0 passed your test. Try arrays of zeros, and mind that NaN > threshold is False: ask `error <= threshold`."),
    Mistake("no NaN", dict(trials=TRIALS[:-1]), "The one that makes a NaN 0 passed your test. Put a NaN in one array and look for it in the result."),
    Mistake("NaN wanted everywhere", dict(nan=np.all), "You accused right ones: you want a NaN in every entry. One that comes out where it went in is enough, so that whoever trains sees it."),
    Mistake("neither zeros nor NaN", dict(trials=TRIALS[:-2]), "The two that go wrong for zeros and for a NaN passed your test."),
    Mistake("inputs not looked at", dict(intact=False), "The one that changes grads in place passed your test: what it returns is right. Compare its input with copies afterwards."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too long passed your test. 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused right ones: single precision rounds at 6e−8, and libraries add 1e−6 to the norm. 1e−5 is safe on both sides."),
    Mistake("shapes flattened", dict(agree=_flat), "You compare flattened arrays, and the one that returns vectors passed. Compare the shapes, too."),
    Mistake("lengths only", dict(agree=_lengths), "You compare lengths. A gradient that points elsewhere can have the right one: take the norm of the difference."),
    Mistake("not longer than the threshold", dict(agree=_not_longer), "You ask whether the result is short enough. Too short is wrong too, and so is another direction."),
    Mistake("first array only", dict(parts=slice(1)), "You look at the first array only."),
    Mistake("last array only", dict(parts=slice(-1, None)), "You look at the last array only: the one that leaves the first as it was passed."),
    Mistake("lists refused", dict(agree=_arrays_only), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
    Mistake("tuples refused", dict(agree=_lists_only), "You accused the right one that returns a tuple. A tuple of arrays is as good as a list."),
    Mistake("one vector", dict(shapes=((4,),), trials=ONE_ARRAY), "You try a single vector. The norm is that of all arrays together: try several of different norms and shapes."),
    Mistake("one matrix", dict(shapes=((3, 2),), trials=ONE_ARRAY), "You try a single array. The norm is that of all arrays together: try several of different norms."),
    Mistake("one threshold", dict(trials=ONE_THRESHOLD), "The one that keeps the first threshold passed your test. Call it with another one, too."),
    Mistake("threshold 1", dict(trials=THRESHOLD_1), "Your threshold is always 1, and 1² is 1: the ones that mix up squares passed your test, and the one that keeps the first threshold. Try 2.2 and 3."),
    Mistake("equality asked", dict(agree=_equal), "You ask for equal numbers and accuse right ones that differ by rounding, or by a 1e−6 in the denominator. Allow a relative error of 1e−5."),
    Mistake("directions only", dict(agree=_directions), "You compare directions. The ones that give another length passed your test: take the norm of the difference."),
)  # fmt: skip
