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


def _safely(agree, a, b):
    """False where shapes do not go together."""
    try:
        return agree(a, b)
    except ValueError:
        return False


def _not_above(a, b):
    return np.shape(a) == b.shape and not np.linalg.norm(np.asarray(a) - b) > 1e-4 * np.linalg.norm(b)


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
    enough=all,
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
        pairs = zip(out[parts], right(dhs, hs, x, W_h)[parts], strict=True)
        if not enough([_safely(agree, mine, theirs) for mine, theirs in pairs]):
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
    Mistake("one step only", dict(trials=(ONE, ONE)), "What passed your test is what one step cannot show: try longer sequences. Most bugs of BPTT are invisible with one step."),
    Mistake("one step, one call", dict(trials=(ONE,)), "What passed your test is what one step and one call cannot show. Try longer sequences, and call again with other weights."),
    Mistake("five steps", dict(trials=((5, 3, 2, 4, 0.1, 0.3), (5, 3, 2, 4, 0.1, 0.3), ONE)), "The ones that stop after 10, 16 and 25 steps passed your test. Take a sequence longer than that, and a net whose gradients last as long."),
    Mistake("twenty steps", dict(trials=((20, 3, 2, 4, 0.1, 0.3), AGAIN, ONE)), "The one that stops after 25 steps passed your test. Take a sequence longer than that, a net whose gradients last as long, and a small threshold."),
    Mistake("one sequence only", dict(trials=_each(N=1)), "Two bugs passed that only a batch shows, as if you tried one sequence at a time. What does a batch change?"),
    Mistake("one unit, one sequence", dict(trials=((40, 1, 1, 1, 0.1, 0.3), (12, 1, 1, 1, 0.1, 0.3), (1, 1, 1, 1, 0.1, 0.3))), "What passed is what a net of one unit and a batch of one sequence cannot show. A matrix of one number is its own transpose, and a mean over one sequence changes nothing."),
    Mistake("NaN not seen", dict(agree=_not_above), "The one that returns NaN passed your test: every comparison with NaN is false, “is the error too large” as well. Ask whether it is small enough."),
    Mistake("h_0 is zero", dict(trials=_each(start=0.0)), "The one that leaves out h_0 passed your test, as if your h_0 were 0. Take another."),
    Mistake("W_h symmetric", dict(draw=_symmetric), "The ones with the transpose and with the symmetric part of W_h passed, as if your W_h were symmetric. Take one that is not."),
    Mistake("last loss only", dict(last_only=True), "The one that drops all losses but the last passed your test, as if only the last step had a gradient of its own there."),
    Mistake("no single step", dict(trials=(LONG, AGAIN)), "The one that returns zeros for one step passed your test."),
    Mistake("one call", dict(trials=(LONG,)), "The ones that keep something for the next call passed, and so did the one that fails for one step, as if you called once. Call again with other weights of the same shape, and with one step."),
    Mistake("same weights in each call", dict(seed=lambda number: 0, trials=(LONG, LONG, ONE)), "The one that keeps the first W_h passed, as if all your calls had the same weights. Call again with other numbers of the same shape."),
    Mistake("inputs not looked at", dict(intact=()), "The ones that change their arguments passed your test: what they return is right. Compare dhs and hs with copies afterwards."),
    Mistake("only hs looked at", dict(intact=("hs",)), "The one that changes dhs in place passed your test."),
    Mistake("only dhs looked at", dict(intact=("dhs",)), "The one that changes hs in place passed your test."),
    Mistake("threshold too generous", dict(agree=lambda a, b: _agree(a, b, 1e-2)), "The one that is 0.1 % too large passed your test. 1e−4 is safe on both sides."),
    Mistake("threshold too tight", dict(agree=lambda a, b: _agree(a, b, 1e-9)), "You accused the one in single precision, by its type or by its rounding: it is exact to some 1e−7. An error of 1e−4 of the norm is a safe threshold on both sides."),
    Mistake("shapes not compared", dict(agree=_broadcast), "The one with an axis too many passed your test: numpy stretches (1, N, H) to (N, H), and one long vector of all results has forgotten their shapes. Compare the shapes first."),
    Mistake("lengths only", dict(agree=_lengths), "The ones whose gradient has the right length passed, as if you compared lengths alone. A gradient that points elsewhere can have the right one: take the norm of the difference."),
    Mistake("dW_h only", dict(parts=slice(2, 3)), "What passed is wrong in dh0 or dW_x only, as if you compared dW_h alone. dh0 and dW_x can be wrong by themselves."),
    Mistake("dh0 only", dict(parts=slice(0, 1)), "What passed is wrong in dW_x or dW_h only, as if you compared dh0 alone. The weight gradients can be wrong by themselves."),
    Mistake("dh0 not compared", dict(parts=slice(1, None)), "The ones whose dh0 alone is wrong passed, in value, shape or by a NaN, as if you did not compare it."),
    Mistake("dW_x not compared", dict(parts=slice(0, None, 2)), "The one with the sign of its dW_x turned passed, as if you did not compare dW_x."),
    Mistake("one right gradient enough", dict(enough=any), "What has one right gradient of the three passes your test. All three have to be right."),
    Mistake("lists of numbers refused", dict(arrays_only=True), "You accused the right one that returns nested lists: np.asarray makes arrays of them."),
    Mistake("lists refused", dict(kind=tuple), "You accused the right one that returns a list in place of a tuple."),
)  # fmt: skip
