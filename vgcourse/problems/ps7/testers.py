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
    parts=range(6),
    intact=True,
    calls=2,
    verdict=bool,
    kind=object,
    container=object,
    fails=False,
):
    """The verdict on a backward pass, with parts exchangeable for the mistakes."""
    for size in sizes:
        args = inputs(*drawn(*size))
        right = by_the_rules(*args)
        for _ in range(calls):
            handed = [a.copy() for a in args]
            try:
                out = backward(*handed)
            except ValueError:
                return verdict(fails)
            if intact and not all(map(np.array_equal, handed, args)):
                return verdict(False)
            if not isinstance(out, container) or not all(isinstance(a, kind) for a in out):
                return verdict(False)
            if not all(agree(out[k], right[k]) for k in parts):
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


def _fresh_memory(dhs, dc_T, x, h0, c0, *net):
    return dhs, dc_T, x, h0, 0 * c0, *net


def _fresh_state(dhs, dc_T, x, h0, c0, *net):
    return dhs, dc_T, x, 0 * h0, c0, *net


def _ones(*args):
    return tuple(np.ones_like(a) for a in args)


def _nan_passes(a, b):
    return np.shape(a) == b.shape and not np.linalg.norm(np.asarray(a) - b) > 1e-5 * np.linalg.norm(b)


def _directions(a, b):
    if np.shape(a) != b.shape:
        return False
    return (np.asarray(a) * b).sum() >= 0.99999 * np.linalg.norm(a) * np.linalg.norm(b)


def _flat(a, b):
    return _agree(np.ravel(a), b.ravel())


def _norms(a, b):
    return np.shape(a) == b.shape and abs(np.linalg.norm(a) - np.linalg.norm(b)) <= 1e-5 * np.linalg.norm(b)


def _sums_or_nan(a, b):
    return not abs(np.sum(a) - b.sum()) > 1e-5 * np.abs(b).sum()


def _nan_passes_flat(a, b):
    return not np.linalg.norm(np.ravel(a) - b.ravel()) > 1e-5 * np.linalg.norm(b)


def _arrays_only(a, b):
    return isinstance(a, np.ndarray) and _agree(a, b)


MISTAKES = (
    Mistake("everything is right", lambda backward: True, "Your test says “right” of every function. Compare what it returns with a gradient that you trust."),
    Mistake("everything is wrong", lambda backward: False, "Your test says “wrong” of every function, the right ones too. Print your error for one of them."),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("one size", dict(sizes=SIZES[:1]), "Bugs that show in one size only passed your test, where D = H and for a single step: try such sizes, too."),
    Mistake("D and H never equal", dict(sizes=(SIZES[0], SIZES[2])), "The one that goes wrong only where D = H passed your test."),
    Mistake("never a single step", dict(sizes=SIZES[:2]), "The ones that go wrong only for T = 1 passed your test."),
    Mistake("single steps only", dict(sizes=((1, 2, 4, 3), (1, 3, 3, 3))), "Bugs that several steps show passed your test. A carry that is lost, weights that are not added up, an order turned round: with one step nobody can see them."),
    Mistake("one example", dict(sizes=((4, 1, 5, 2), (3, 1, 3, 3), (1, 1, 4, 3))), "Bugs that several examples show passed your test: a mean over a batch of one is its sum."),
    Mistake("one loss at the end", dict(inputs=_last_loss), "The one that ignores all losses but the last passed your test. Give every step a loss of its own."),
    Mistake("no dc_T", dict(inputs=_without_dc), "The one that ignores dc_T passed your test: it must not be zero."),
    Mistake("states of a fresh net", dict(inputs=_fresh), "What multiplies the initial states is not tested: take states that are not zero."),
    Mistake("memory of a fresh net", dict(inputs=_fresh_memory), "The one that takes c0 for zero passed your test: start from a memory that is not zero."),
    Mistake("state of a fresh net", dict(inputs=_fresh_state), "The one that leaves h0 out of dW_h passed your test: start from a state that is not zero."),
    Mistake("ones everywhere", dict(inputs=_ones), "The one that has o in place of i passed your test. With the same numbers everywhere i and o are equal: draw them at random."),
    Mistake("NaN passes", dict(agree=_nan_passes), "The one with a NaN passed your test: No comparison with NaN is true: accept what is small, and do not refuse what is large."),
    Mistake("errors pass", dict(fails=True), "The one that raises an error for T = 1 passed your test. What fails is wrong."),
    Mistake("inputs not looked at", dict(intact=False), "The one that changes dhs passed your test: what it returns is right. Compare its inputs with copies afterwards."),
    Mistake("one call", dict(calls=1), "The one that adds to the call before passed your test: call twice, and compare both."),
    Mistake("one call, inputs not looked at", dict(calls=1, intact=False), "What a function leaves behind passed your test: call twice, and look at the inputs afterwards."),
    Mistake("one size, one call", dict(sizes=SIZES[:1], calls=1, intact=False), "You call once, at one size, and compare what comes back. Bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("one size, one call, inputs looked at", dict(sizes=SIZES[:1], calls=1), "You call once, at one size. Bugs show at T = 1 or D = H, or at the second call."),
    Mistake("one size, inputs not looked at", dict(sizes=SIZES[:1], intact=False), "You try one size and do not look at the arguments afterwards. Bugs show at T = 1 or D = H, or in the arguments."),
    Mistake("one size, one call, NaN passes", dict(sizes=SIZES[:1], calls=1, intact=False, agree=_nan_passes), "You call once, at one size, and refuse what is large. No comparison with NaN is true: accept what is small. And bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("one size, one call, NaN and shapes pass", dict(sizes=SIZES[:1], calls=1, intact=False, agree=_nan_passes_flat), "You call once, at one size, refuse what is large, and do not look at shapes. No comparison with NaN is true: accept what is small. And bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("sums and NaN, one size, one call", dict(sizes=SIZES[:1], calls=1, intact=False, agree=_sums_or_nan), "You call once, at one size, and refuse sums that are far off. What has the right numbers in another order, another shape, or a NaN passes: compare entry by entry, shapes first, and accept what is small. And bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("sums and NaN, one call", dict(calls=1, intact=False, agree=_sums_or_nan), "You call once at each size, and refuse sums that are far off. What has the right numbers in another order, another shape, or a NaN passes: compare entry by entry, shapes first, and accept what is small. And one bug shows at the second call, one in the arguments afterwards."),
    Mistake("norms, one size, one call", dict(sizes=SIZES[:1], calls=1, intact=False, agree=_norms), "You call once, at one size, and compare norms. What has the right numbers in another order has the same norm: take the norm of the difference. And bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("D and H never equal, one call", dict(sizes=(SIZES[0], SIZES[2]), calls=1, intact=False), "You never try D = H, call once, and do not look at the arguments afterwards: one bug hides in each."),
    Mistake("never a single step, one call", dict(sizes=SIZES[:2], calls=1, intact=False), "You never try T = 1, call once, and do not look at the arguments afterwards: bugs hide in each."),
    Mistake("one step, one call", dict(sizes=((1, 2, 4, 3),), calls=1), "You call once, with a single step. A carry that is lost, weights that are not added up, an order turned round: with one step nobody can see them, and what adds to the call before shows at the second call."),
    Mistake("one size of one step", dict(sizes=((1, 2, 4, 3),)), "You try one size with a single step. A carry that is lost, weights that are not added up, an order turned round: with one step nobody can see them, and one bug shows where D = H."),
    Mistake("one example, one size, one call", dict(sizes=((4, 1, 5, 2),), calls=1, intact=False), "You call once, with one example. A mean over a batch of one is its sum; and bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("a fresh net, one size, one call", dict(sizes=SIZES[:1], inputs=_fresh, calls=1, intact=False), "You call once, at one size, from states of zero. What multiplies the initial states is not tested then; and bugs show at T = 1 or D = H, at the second call, or in the arguments afterwards."),
    Mistake("errors pass, one call", dict(fails=True, calls=1, intact=False), "What raises an error passed your test, and so did what a function leaves behind: what fails is wrong; call twice, and look at the arguments afterwards."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too large passed your test. 1e−5 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused the right one in single precision, which rounds at 6e−8. 1e−5 is safe on both sides."),
    Mistake("equality", dict(agree=lambda a, b: np.array_equal(np.asarray(a), b)), "You accused right ones that only round differently, as equality does. 1e−5 is safe on both sides."),
    Mistake("shapes flattened", dict(agree=_flat), "The db of shape (4H, 1) passed your test. Compare shapes, too."),
    Mistake("norms only", dict(agree=_norms), "What has the right numbers in another order passed your test: steps from the end, rows exchanged. Norms, sums, largest and sorted entries are the same then. Compare each entry with the one in its place: take the norm of the difference."),
    Mistake("shapes only", dict(agree=lambda a, b: np.shape(a) == b.shape), "Whatever has the right shapes passed your test: compare the numbers, too."),
    Mistake("directions only", dict(agree=_directions), "Bugs that change sizes only passed your test: twice a gradient has the same direction. Take the norm of the difference."),
    Mistake("states only", dict(parts=range(3)), "Bugs in the weights' gradients passed your test: compare all six results."),
    Mistake("weights only", dict(parts=range(3, 6)), "Bugs in dx, dh0 and dc0 passed your test: compare all six results."),
    Mistake("dW_x only", dict(parts=(3,)), "What leaves dW_x right passed your test: compare all six results."),
    Mistake("dx only", dict(parts=(0,)), "What leaves dx right passed your test: compare all six results."),
    Mistake("db not compared", dict(parts=range(5)), "Bugs that leave all but db right passed your test: compare all six results."),
    Mistake("biases and memories not compared", dict(parts=(0, 1, 3, 4)), "Bugs in dc0 and db passed your test: compare all six results."),
    Mistake("dc0 not compared", dict(parts=(0, 1, 3, 4, 5)), "Bugs that leave all but dc0 right passed your test: compare all six results."),
    Mistake("dh0 and dc0 not compared", dict(parts=(0, 3, 4, 5)), "Bugs that leave all but dh0 and dc0 right passed your test: compare all six results."),
    Mistake("dW_h not compared", dict(parts=(0, 1, 2, 3, 5)), "Bugs that leave all but dW_h right passed your test: compare all six results."),
    Mistake("tuples only", dict(container=tuple), "You accused the right ones that return a list of their results. A list is as good as a tuple."),
    Mistake("lists refused", dict(agree=_arrays_only), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
)  # fmt: skip
