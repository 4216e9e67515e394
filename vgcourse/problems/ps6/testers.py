"""Problem set 6: a good test of one-pass BPTT, and tests that let bugs through or accuse right ones."""

import numpy as np

from vgcourse.problems.problem import Mistake

# T, N, D, H, size of the inputs and of h_0
LONG, AGAIN, ONE = (40, 3, 2, 4, 0.1, 0.3), (12, 3, 2, 4, 0.1, 0.3), (1, 2, 3, 4, 0.1, 0.3)
TRIALS = (LONG, AGAIN, ONE)


def is_bptt(backward):
    """True if `backward` gives dh0, dW_x, dW_h of the lecture's net, in those shapes, at every call, and leaves its input alone."""
    return tester(backward)


def right(dhs, hs, x, W_h):
    """The one pass, (8.10), with an h_0."""
    dh, dz = np.zeros_like(hs[0]), np.zeros_like(dhs)
    for t in reversed(range(len(x))):
        dz[t] = (dhs[t] + dh) * (1 - hs[t + 1] ** 2)
        dh = dz[t] @ W_h
    return dh, np.einsum("tnh,tnd->hd", dz, x), np.einsum("tnh,tnk->hk", dz, hs[:-1])


def _agree(a, b, tolerance=1e-4):
    a = np.asarray(a)
    return a.shape == b.shape and np.linalg.norm(a - b) <= tolerance * np.linalg.norm(b)


def _flat(a, b):
    return np.size(a) == b.size and _agree(np.ravel(a), b.ravel())


def _broadcast(a, b):
    return np.allclose(np.asarray(a), b, rtol=1e-4, atol=1e-6)


def _lengths(a, b):
    mine, theirs = np.linalg.norm(np.asarray(a)), np.linalg.norm(b)
    return np.shape(a) == b.shape and abs(mine - theirs) <= 1e-4 * theirs


def tester(
    backward,
    trials=TRIALS,
    agree=_agree,
    intact=("dhs", "hs"),
    parts=slice(None),
    verdict=bool,
    seed=lambda number: number,
    draw=lambda W: np.linalg.qr(W)[0],
    last_only=False,
    arrays_only=False,
    kind=(tuple, list),
):
    """The verdict on a backward pass, with parts exchangeable for the mistakes."""
    for number, (T, N, D, H, size, start) in enumerate(trials):
        rng = np.random.default_rng(seed(number))
        W_h, W_x = draw(rng.normal(size=(H, H))), rng.normal(size=(H, D))
        x, dhs, hs = (
            size * rng.normal(size=(T, N, D)),
            rng.normal(size=(T, N, H)),
            [start * rng.normal(size=(N, H))],
        )
        if last_only:
            dhs[:-1] = 0
        for x_t in x:
            hs.append(np.tanh(hs[-1] @ W_h.T + x_t @ W_x.T))
        hs = np.stack(hs)
        handed = {"dhs": dhs.copy(), "hs": hs.copy()}
        out = backward(handed["dhs"], handed["hs"], x.copy(), W_x.copy(), W_h.copy())
        given = {"dhs": dhs, "hs": hs}
        if not all(np.array_equal(handed[name], given[name]) for name in intact):
            return verdict(False)
        if not isinstance(out, kind) or (arrays_only and not all(isinstance(a, np.ndarray) for a in out)):
            return verdict(False)
        for mine, theirs in zip(out[parts], right(dhs, hs, x, W_h)[parts], strict=True):
            try:
                good = agree(mine, theirs)
            except ValueError:
                good = False
            if not good:
                return verdict(False)
    return verdict(True)  # fmt: skip


def _each(**changes):
    """The trials with another size in all of them."""
    places = dict(T=0, N=1, D=2, H=3, size=4, start=5)
    out = []
    for trial in TRIALS:
        trial = list(trial)
        for name, value in changes.items():
            trial[places[name]] = value
        out.append(tuple(trial))
    return tuple(out)


def _symmetric(W):
    return np.linalg.qr(W + W.T)[0] @ np.diag(np.linspace(0.7, 1, len(W))) @ np.linalg.qr(W + W.T)[0].T


MISTAKES = (
    Mistake("everything is right", lambda backward: True, "Your test says “right” of every function. Compare what it returns with gradients of your own."),
    Mistake("everything is wrong", lambda backward: False, "Your test says “wrong” of every function, the right ones too. Print your error for one of them: what do you compare with?"),
    Mistake("True and False exchanged", dict(verdict=lambda good: not good), "Your test says False of the right ones and True of the wrong ones. Asked is whether the function is right."),
    Mistake("one step only", dict(trials=(ONE, ONE)), "You try sequences of one step. Most bugs of BPTT are invisible there."),
    Mistake("five steps", dict(trials=((5, 3, 2, 4, 0.1, 0.3), (5, 3, 2, 4, 0.1, 0.3), ONE)), "Your sequences are short: the ones that stop after 10, 16 and 25 steps passed your test."),
    Mistake("twenty steps", dict(trials=((20, 3, 2, 4, 0.1, 0.3), AGAIN, ONE)), "The one that stops after 25 steps passed your test, and it alone: your sequences are not longer than that."),
    Mistake("one sequence only", dict(trials=_each(N=1)), "You try one sequence at a time. What does a batch change? Two bugs of it passed."),
    Mistake("h_0 is zero", dict(trials=_each(start=0.0)), "Your h_0 is 0, so the one that leaves it out passed your test."),
    Mistake("W_h symmetric", dict(draw=_symmetric), "Your W_h is symmetric, so the ones with its transpose and with its symmetric part passed."),
    Mistake("last loss only", dict(last_only=True), "Only the last step has a gradient of its own in your test, so the one that drops all other losses passed."),
    Mistake("no single step", dict(trials=(LONG, AGAIN)), "The one that returns zeros for one step passed your test."),
    Mistake("one call", dict(trials=(LONG,)), "You call once. The ones that keep something for the next call passed, and so did the one that fails for one step."),
    Mistake("same weights in each call", dict(seed=lambda number: 0, trials=(LONG, LONG, ONE)), "Both of your calls have the same weights, so the one that keeps the first W_h passed. Take other numbers of the same shape."),
    Mistake("inputs not looked at", dict(intact=()), "The ones that change their arguments passed your test: what they return is right. Compare dhs and hs with copies afterwards."),
    Mistake("only hs looked at", dict(intact=("hs",)), "The one that changes dhs in place passed your test."),
    Mistake("only dhs looked at", dict(intact=("dhs",)), "The one that changes hs in place passed your test."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too large passed your test. 1e−4 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused the one in single precision. It is exact to some 1e−7 only: 1e−4 is safe on both sides."),
    Mistake("shapes not compared", dict(agree=_broadcast), "The one with an axis too many passed your test: numpy stretches (1, N, H) to (N, H). Compare the shapes first."),
    Mistake("lengths only", dict(agree=_lengths), "You compare lengths. A gradient that points elsewhere can have the right one: take the norm of the difference."),
    Mistake("dW_h only", dict(parts=slice(2, 3)), "You compare dW_h alone. dh0 and dW_x can be wrong by themselves."),
    Mistake("dh0 only", dict(parts=slice(0, 1)), "You compare dh0 alone. The weight gradients can be wrong by themselves."),
    Mistake("dW_x not compared", dict(parts=slice(0, None, 2)), "You do not compare dW_x: the one with its sign turned passed."),
    Mistake("lists of numbers refused", dict(arrays_only=True), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
    Mistake("lists refused", dict(kind=tuple), "You accused the right one that returns a list in place of a tuple."),
)  # fmt: skip
