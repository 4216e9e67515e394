"""One-pass BPTT for the learner's test: wrong functions with a planted bug, right ones written otherwise.

The net is the lecture's: h_t = tanh(W_h h_{t−1} + W_x x_t). Each is a function of dhs, hs, x, W_x, W_h and `kept`, a dict
of what it remembers between calls, and returns dh0, dW_x, dW_h.
"""

import numpy as np

from vgcourse.collect import Planted


def over_time(d, v):
    """Σ_t d_tᵀ v_t."""
    return d.reshape(-1, d.shape[-1]).T @ v.reshape(-1, v.shape[-1])


def _pass(
    dhs, hs, x, W_x, W_h, *, back=None, cut=lambda t: False, slope=lambda hs, t: 1 - hs[t + 1] ** 2, steps=slice(None), state=slice(None, -1), own=lambda t, T: True
):  # fmt: skip
    W, T = W_h if back is None else back, len(x)
    from_next, dz = np.zeros_like(hs[0]), np.zeros_like(hs[1:])
    for t in reversed(range(T)):
        dz[t] = ((dhs[t] if own(t, T) else 0) + (0 if cut(t + 1) else from_next)) * slope(hs, t)
        from_next = dz[t] @ W
    return from_next, over_time(dz[steps], x[steps]), over_time(dz[steps], hs[state][steps])


def _with(**parts):
    return lambda dhs, hs, x, W_x, W_h, kept: _pass(dhs, hs, x, W_x, W_h, **parts)


def _right(dhs, hs, x, W_x, W_h, kept=None):
    return _pass(dhs, hs, x, W_x, W_h)


def _window(k):
    """Every loss goes back k steps at most."""

    def formula(dhs, hs, x, W_x, W_h, kept):
        return _pair_by_pair(dhs, hs, x, W_h, lambda t, j: t - j < k)

    return formula


def _pair_by_pair(dhs, hs, x, W_h, use=lambda t, j: True, slope=lambda hs, t, j: 1 - hs[j + 1] ** 2):
    dz, dh0 = np.zeros_like(hs[1:]), np.zeros_like(hs[0])
    alive = np.zeros_like(dz)  # alive[t] is loss t on its way
    for j in reversed(range(len(x))):
        alive[j] = dhs[j]
        for t in range(j, len(x)):
            if use(t, j):
                alive[t] = alive[t] * slope(hs, t, j)
                dz[j] += alive[t]
                alive[t] = alive[t] @ W_h
            else:
                alive[t] = 0
    dh0 = alive.sum(axis=0)
    return dh0, over_time(dz, x), over_time(dz, hs[:-1])


def _slope_of_the_loss(dhs, hs, x, W_x, W_h, kept):
    return _pair_by_pair(dhs, hs, x, W_h, slope=lambda hs, t, j: 1 - hs[t + 1] ** 2)


def _scaled(*factors):
    def formula(dhs, hs, x, W_x, W_h, kept):
        return tuple(f(x) * g for f, g in zip(factors, _right(dhs, hs, x, W_x, W_h), strict=True))

    return formula


def _one(x):
    return 1.0


def _zero_state(dhs, hs, x, W_x, W_h, kept):
    dh0, dW_x, dW_h = _right(dhs, hs, x, W_x, W_h)
    dz1 = dW_h * 0
    first = (dhs[0] + _right(dhs[1:], hs[1:], x[1:], W_x, W_h)[0] if len(x) > 1 else dhs[0]) * (
        1 - hs[1] ** 2
    )
    return dh0, dW_x, dW_h - (dz1 + first.T @ hs[0])  # fmt: skip


def _first_sequence(dhs, hs, x, W_x, W_h, kept):
    dh0 = _right(dhs, hs, x, W_x, W_h)[0]
    return dh0, *_right(dhs[:, :1], hs[:, :1], x[:, :1], W_x, W_h)[1:]


def _not_for_one_step(dhs, hs, x, W_x, W_h, kept):
    out = _right(dhs, hs, x, W_x, W_h)
    return out if len(x) > 1 else tuple(0 * a for a in out)


def _with_nan(dhs, hs, x, W_x, W_h, kept):
    dh0, dW_x, dW_h = _right(dhs, hs, x, W_x, W_h)
    dh0[0, 0] = np.nan
    return dh0, dW_x, dW_h


def _no_last_step_back(dhs, hs, x, W_x, W_h, kept):
    _, dW_x, dW_h = _right(dhs, hs, x, W_x, W_h)
    later = _right(dhs[1:], hs[1:], x[1:], W_x, W_h)[0] if len(x) > 1 else 0
    return dhs[0] + later, dW_x, dW_h


def _in_place(which):
    def formula(dhs, hs, x, W_x, W_h, kept):
        out = _right(dhs, hs, x, W_x, W_h)
        if which == "dhs":
            dhs *= 1 - hs[1:] ** 2
        else:
            hs[:] = 0
        return out

    return formula


def _adds(dhs, hs, x, W_x, W_h, kept):
    dh0, dW_x, dW_h = _right(dhs, hs, x, W_x, W_h)
    total = kept.get(W_h.shape + W_x.shape, 0) + dW_h
    kept[W_h.shape + W_x.shape] = total
    return dh0, dW_x, total.copy()


def _first_weights(dhs, hs, x, W_x, W_h, kept):
    W = kept.setdefault(W_h.shape, W_h.copy())
    return _pass(dhs, hs, x, W_x, W_h, back=W)


WRONG = (
    Planted("own losses only", _with(cut=lambda t: True), "Take several steps: what comes from step t + 1 is missing."),
    Planted("every loss stops after 10 steps", _window(10), "A sequence of ten steps or fewer shows nothing: take a longer one."),
    Planted("every loss stops after 25 steps", _window(25), "Take 40 steps, and a net that remembers: with inputs of size 1 hardly anything is left after 25 steps anyway, (8.15)."),
    Planted("chunks of 16 steps", _with(cut=lambda t: t % 16 == 0), "Take more than 16 steps."),
    Planted("slope of the loss's step", _slope_of_the_loss, "With one step it is right. Take several."),
    Planted("W_h transposed", lambda dhs, hs, x, W_x, W_h, kept: _pass(dhs, hs, x, W_x, W_h, back=W_h.T), "Take a W_h that is not symmetric."),
    Planted("symmetric part of W_h", lambda dhs, hs, x, W_x, W_h, kept: _pass(dhs, hs, x, W_x, W_h, back=(W_h + W_h.T) / 2), "Take a W_h that is not symmetric."),
    Planted("state after the step in dW_h", _with(state=slice(1, None)), "Compare dW_h."),
    Planted("h_0 taken as 0", _zero_state, "Take an h_0 that is not 0."),
    Planted("gradients of the last step", _with(steps=slice(-1, None)), "Take several steps: the weights serve all of them."),
    Planted("gradients of the first step", _with(steps=slice(0, 1)), "Take several steps: the weights serve all of them."),
    Planted("last loss only", _with(own=lambda t, T: t == T - 1), "Let every step have a gradient of its own."),
    Planted("averaged over steps", _scaled(_one, lambda x: 1 / len(x), lambda x: 1 / len(x)), "Take several steps."),
    Planted("averaged over the batch", _scaled(_one, lambda x: 1 / x.shape[1], lambda x: 1 / x.shape[1]), "Take several sequences."),
    Planted("first sequence only", _first_sequence, "Take several sequences."),
    Planted("dh0 of h_1", _no_last_step_back, "Compare dh0."),
    Planted("dh0 with an axis too many", lambda dhs, hs, x, W_x, W_h, kept: (lambda a, b, c: (a[None], b, c))(*_right(dhs, hs, x, W_x, W_h)), "Compare shapes: numpy stretches (1, N, H) to (N, H) without a word."),
    Planted("dW_h transposed", lambda dhs, hs, x, W_x, W_h, kept: (lambda a, b, c: (a, b, c.T))(*_right(dhs, hs, x, W_x, W_h)), "Its length and its shape are right: compare the entries."),
    Planted("sign of dW_x", _scaled(_one, lambda x: -1.0, _one), "Its length is right: compare the entries."),
    Planted("dW_h 0.1 % too large", _scaled(_one, _one, lambda x: 1.001), "You can afford a smaller threshold for the error: 1e−4 is safe on both sides."),
    Planted("a NaN in dh0", _with_nan, "Compare dh0, and ask whether its error is small enough: “too large” is false of NaN."),
    Planted("zeros for one step", _not_for_one_step, "Take a sequence of one step, too."),
    Planted("dhs changed in place", _in_place("dhs"), "What it returns is right; afterwards your dhs are others. Compare them with copies made before."),
    Planted("hs changed in place", _in_place("hs"), "What it returns is right; afterwards your hs are others. Compare them with copies made before."),
    Planted("adds to the call before", _adds, "The first call is right. Call twice."),
    Planted("first W_h kept", _first_weights, "The first call is right. Call again with another W_h of the same shape."),
)  # fmt: skip


def _double_sum(dhs, hs, x, W_x, W_h, kept):
    return _pair_by_pair(dhs, hs, x, W_h)


def _columns(dhs, hs, x, W_x, W_h, kept):
    """Sequence by sequence, with column vectors, (8.10)."""
    dh0, dW_x, dW_h = np.zeros_like(hs[0]), np.zeros_like(W_x), np.zeros_like(W_h)
    for n in range(x.shape[1]):
        delta = np.zeros(len(W_h))
        for t in reversed(range(len(x))):
            delta = (1 - hs[t + 1, n] ** 2) * (dhs[t, n] + W_h.T @ delta)
            dW_x += np.outer(delta, x[t, n])
            dW_h += np.outer(delta, hs[t, n])
        dh0[n] = W_h.T @ delta
    return dh0, dW_x, dW_h


def _jacobians(dhs, hs, x, W_x, W_h, kept):
    """Step matrices diag(1 − h²) W_h for every sequence, as in (8.13)."""
    dz = np.zeros_like(hs[1:])
    arriving = np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        arriving = arriving + dhs[t]
        dz[t] = arriving * (1 - hs[t + 1] ** 2)
        J = (1 - hs[t + 1] ** 2)[:, :, None] * W_h
        arriving = np.einsum("nh,nhk->nk", arriving, J)
    return [arriving, np.einsum("tnh,tnd->hd", dz, x), np.einsum("tnh,tnk->hk", dz, hs[:-1])]


RIGHT = (
    Planted("plainly", _right, "Compare with the double sum, or with differences of the loss: the numbers are the same."),
    Planted("pair by pair", _double_sum, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("sequence by sequence", _columns, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("with Jacobians", _jacobians, "It returns a list. A list of arrays is as good as a tuple."),
    Planted("nested lists", lambda *args: tuple(a.tolist() for a in _right(*args)), "Its results are lists of numbers: np.asarray makes arrays of them."),
    Planted("float32", lambda dhs, hs, x, W_x, W_h, kept: tuple(a.astype(np.float32) for a in _right(dhs, hs, x, W_x, W_h)), "Its results are in single precision, rounded at 6e−8: if you accept “plainly”, allow that much."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def backward(dhs, hs, x, W_x, W_h):
        """A backward pass through time."""
        return formula(dhs, hs, x, W_x, W_h, kept)

    return backward
