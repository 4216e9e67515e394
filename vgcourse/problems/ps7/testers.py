"""Problem set 7: a good test of an LSTM's backward pass, and tests that let bugs through or accuse right ones."""

import numpy as np

from vgcourse.problems.problem import Mistake
from vgcourse.problems.ps7.planted import backward as by_the_rules

SIZES = ((4, 3, 5, 2), (3, 2, 3, 3), (1, 2, 4, 3))  # T, N, D, H


def is_lstm_backward(backward):
    """True if `backward` gives all six gradients at all sizes, at every call, in the right shapes, and leaves its inputs alone."""
    return tester(backward)


def drawn(T, N, D, H, seed=0):
    """dhs, dc_T, x, h0, c0, W_x, W_h, b: nothing zero."""
    rng = np.random.default_rng(seed)
    dhs, x, (dc_T, h0, c0) = (
        rng.normal(size=(T, N, H)),
        rng.normal(size=(T, N, D)),
        rng.normal(size=(3, N, H)),
    )
    return (
        dhs,
        dc_T,
        x,
        h0,
        c0,
        rng.normal(size=(4 * H, D)),
        rng.normal(size=(4 * H, H)),
        rng.normal(size=4 * H),
    )


def _agree(a, b, tolerance=1e-5):
    a = np.asarray(a)
    return a.shape == b.shape and np.linalg.norm(a - b) <= tolerance * np.linalg.norm(b)


def _as_given(*args):
    return args


def tester(
    backward,
    sizes=SIZES,
    inputs=_as_given,
    agree=_agree,
    parts=slice(None),
    intact=True,
    calls=2,
    verdict=bool,
    kind=object,
):
    """The verdict on a backward pass, with parts exchangeable for the mistakes."""
    for size in sizes:
        args = inputs(*drawn(*size))
        right = by_the_rules(*args)
        for _ in range(calls):
            handed = [a.copy() for a in args]
            out = backward(*handed)
            if intact and not all(map(np.array_equal, handed, args)):
                return verdict(False)
            if not isinstance(out, kind) or not all(isinstance(a, kind) for a in out):
                return verdict(False)
            if not all(map(agree, list(out)[parts], right[parts])):
                return verdict(False)
    return verdict(True)


def _last_loss(dhs, *rest):
    only = np.zeros_like(dhs)
    only[-1] = dhs[-1]
    return only, *rest


def _without_dc(dhs, dc_T, *rest):
    return dhs, 0 * dc_T, *rest


def _fresh(dhs, dc_T, x, h0, c0, W_x, W_h, b):
    return dhs, dc_T, x, 0 * h0, 0 * c0, W_x, W_h, b


def _flat(a, b):
    return _agree(np.ravel(a), b.ravel())


def _norms(a, b):
    return np.shape(a) == b.shape and abs(np.linalg.norm(a) - np.linalg.norm(b)) <= 1e-5 * np.linalg.norm(b)


def _arrays_only(a, b):
    return isinstance(a, np.ndarray) and _agree(a, b)


MISTAKES = (
    Mistake("everything is right", lambda backward: True, "Your test says “right” of every function. Compare what it returns with a gradient that you trust."),
    Mistake("everything is wrong", lambda backward: False, "Your test says “wrong” of every function, the right ones too. Print your error for one of them."),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("one size", dict(sizes=SIZES[:1]), "You try one size. Bugs that show only where D = H, or for a single step, passed your test."),
    Mistake("D and H never equal", dict(sizes=(SIZES[0], SIZES[2])), "The one that goes wrong only where D = H passed your test."),
    Mistake("never a single step", dict(sizes=SIZES[:2]), "The one that goes wrong only for T = 1 passed your test."),
    Mistake("single steps only", dict(sizes=((1, 2, 4, 3), (1, 3, 3, 3))), "You try single steps only. A carry that is lost, weights that are not added up, an order turned round: with one step nobody can see them."),
    Mistake("one example", dict(sizes=((4, 1, 5, 2), (3, 1, 3, 3), (1, 1, 4, 3))), "You try one example at a time. A mean over a batch of one is its sum."),
    Mistake("one loss at the end", dict(inputs=_last_loss), "Your losses sit on the last step only. The one that ignores the others passed your test."),
    Mistake("no dc_T", dict(inputs=_without_dc), "Your dc_T is zero, and the one that ignores it passed."),
    Mistake("states of a fresh net", dict(inputs=_fresh), "Your initial states are zero. What multiplies them is then not tested at all."),
    Mistake("inputs not looked at", dict(intact=False), "The one that changes dhs passed your test: what it returns is right. Compare its inputs with copies afterwards."),
    Mistake("one call", dict(calls=1), "You call once. The one that adds to the call before passed."),
    Mistake("one call, inputs not looked at", dict(calls=1, intact=False), "What a function leaves behind passed your test: you call once, and do not look at the inputs afterwards."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too large passed your test. 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused the right one in single precision, which rounds at 6e−8. 1e−5 is safe on both sides."),
    Mistake("equality", dict(agree=lambda a, b: np.array_equal(np.asarray(a), b)), "You ask for equality. Sums in another order round differently."),
    Mistake("shapes flattened", dict(agree=_flat), "You compare flattened arrays, and the db of shape (4H, 1) passed. Compare shapes, too."),
    Mistake("norms only", dict(agree=_norms), "You compare norms. Rows in another order, or steps, have the same: take the norm of the difference."),
    Mistake("states only", dict(parts=slice(0, 3)), "You look at dx, dh0 and dc0 only. Bugs in the weights' sums passed your test."),
    Mistake("weights only", dict(parts=slice(3, 6)), "You look at the weights' gradients only. Bugs in dx, dh0 and dc0 passed your test."),
    Mistake("dW_x only", dict(parts=slice(3, 4)), "You look at dW_x only."),
    Mistake("lists refused", dict(agree=_arrays_only), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
)  # fmt: skip
