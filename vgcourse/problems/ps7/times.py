"""Problem set 7, a repair: a GRU whose units forget at the wrong times; one bias for each unit mends it.

The answer is a list of biases. What the units then keep is measured here, with the net and inputs of the
question: one pass forward, 3 ms.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

WITHIN = 0.1

# --- mend_times ------------------------------------------------------------------------------------


def mend_times(x, W_x, W_h, b, b_h, times):
    """b_z with mean ln z = −1/τ for every unit: b_z ← b_z + ln(τ · mean(−ln z)), again and again in the mended net."""
    return _mended(x, W_x, W_h, b, b_h, times)


def gates(x, W_x, W_h, b, b_h):
    """z of every step, (T, N, H), of the GRU (11.6) from h_0 = 0."""
    H = len(b_h)
    h, found = np.zeros((x.shape[1], H)), []
    for x_t in x:
        a, s = np.split(x_t @ W_x.T + b, 3, axis=1), np.split(h @ W_h.T, 3, axis=1)
        r, z = sigmoid(a[0] + s[0]), sigmoid(a[1] + s[1])
        h = z * h + (1 - z) * np.tanh(a[2] + r * (s[2] + b_h))
        found.append(z)
    return np.array(found)


def _with(b, b_z):
    b = np.array(b)
    b[len(b_z) : 2 * len(b_z)] = b_z
    return b


def _left(z):
    """Mean of −ln z for every unit."""
    return -np.log(np.maximum(z, 1e-300)).mean(axis=(0, 1))


def _mean_gate(z):
    """−ln of the mean gate."""
    return -np.log(z.mean(axis=(0, 1)))


def _mended(
    x, W_x, W_h, b, b_h, times, *, rounds=20, left=_left, wanted=lambda times: 1 / times, start=None, of=lambda x: x, to=lambda b: b
):  # fmt: skip
    """mend_times with exchangeable parts."""
    rate = wanted(np.asarray(times, dtype=float))
    b_z = -np.log(np.expm1(rate)) if start is None else start(rate)
    for _ in range(rounds):
        b_z = b_z + np.log(left(gates(of(x), W_x, W_h, _with(b, b_z), b_h)) / rate)
    return to(b_z)


def _measured(output, args):
    """For each unit how far its time is from the one wanted, 0 within 10 %; then what is known of a wrong answer."""
    b_z = as_numbers(output, "one bias for each unit")
    *_, b, _, times = args
    if b_z.shape == b.shape and len(b) > 1:
        raise TypeError("holds the biases of all three blocks; expected those of z alone")
    if b_z.shape != times.shape:
        raise TypeError(f"has shape {b_z.shape}; expected {times.shape}, one bias for each unit")
    if not (np.abs(b_z) < 300).all():  # also NaN
        raise TypeError("holds NaN or a number beyond 300; expected biases")
    off = _off(b_z, args)
    return np.array([*off, 1.0 if not off.any() else _instead(b_z, args)])


def _off(b_z, args):
    """ln(time · mean(−ln z)) of every unit, 0 within 10 %."""
    *net, times = args
    x, W_x, W_h, b, b_h = net
    ratio = np.log(np.maximum(times * _left(gates(x, W_x, W_h, _with(b, b_z), b_h)), 1e-300))
    return np.where(np.abs(ratio) <= np.log1p(WITHIN), 0.0, ratio)


def _instead(b_z, args):
    """What is known of a wrong answer: it would do with the other sign (2), as gates (3), in reverse order (4); else 1."""
    with np.errstate(all="ignore"):
        if not _off(-b_z, args).any():
            return 2.0
        if ((b_z > 0) & (b_z < 1)).all() and not _off(np.log(b_z / (1 - b_z)), args).any():
            return 3.0
    return 4.0 if not _off(b_z[::-1], args).any() else 1.0


def _cases(rng):
    cases = []
    for T, N, D, loud in (
        (30, 6, 4, (0.5, 1.5, 3.0, 3.0, 1.5, 0.5, 3.0)),
        (25, 8, 3, (3.0, 0.5, 1.5, 3.0, 3.0)),
    ):
        H = len(loud)
        W_x, W_h = rng.normal(size=(3 * H, D)) / np.sqrt(D), rng.normal(size=(3 * H, H)) / np.sqrt(H)
        W_x[H : 2 * H] *= np.reshape(loud, (H, 1))
        W_h[H : 2 * H] *= np.reshape(loud, (H, 1))
        b, b_h = 0.3 * rng.normal(size=3 * H), 0.3 * rng.normal(size=H)
        times = np.round(rng.permutation(np.geomspace(3, 25, H)) * rng.uniform(0.9, 1.1, H), 1)
        cases.append(Case((rng.normal(size=(T, N, D)), W_x, W_h, b, b_h, times), (f"{H} units",)))
    return cases


def _side(sign):
    """The largest distance of a unit on one side."""
    return lambda args, outputs: max(0.0, float((sign * next(iter(outputs.values()))[:-1]).max()))


MEND_TIMES = Problem(
    name="ps7.mend_times",
    reference=mend_times,
    family=_mended,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=5,
    lecture='lecture 11, "GRU and UGRNN"',
    invariants=(
        Invariant("with the other sign they would do", known(-1, 2.0), "With the other sign your biases would do. In (11.6) z keeps, so a larger bias keeps longer."),
        Invariant("as gates they would do", known(-1, 3.0), "As gates your numbers would do. The net takes biases: turn them with ln(p/(1 − p))."),
        Invariant("in reverse order they would do", known(-1, 4.0), "In reverse order your biases would do: entry 0 belongs to the first unit."),
        Invariant("a unit forgets too soon", _side(1), "Some unit forgets too soon: its mean of −ln z is more than 1.1 times 1/τ."),
        Invariant("a unit keeps too long", _side(-1), "Some unit keeps too long: its mean of −ln z is less than 1/1.1 of 1/τ."),
    ),
    mistakes=(
        Mistake("the lecture's bias", dict(rounds=0, start=lambda rate: np.log(1 / rate - 1)), "You return ln(τ − 1), (10.7). That is right for a gate that stands still. These gates move, and the logarithm punishes each time one is nearly shut."),
        Mistake("a still gate", dict(rounds=0), "You return the bias of a gate that stands still at e^{−1/τ}. These gates move, and the logarithm punishes each time one is nearly shut: measure in the net."),
        Mistake("mended once", dict(rounds=1), "You measured and corrected once. New biases make other states, and these other gates: go on until it is still."),
        Mistake("the mean gate", dict(left=_mean_gate), "You set the *mean gate* to e^{−1/τ}. What is left after many steps is a product, so average logarithms, not gates."),
        Mistake("half-lives", dict(wanted=lambda times: np.log(2) / times), "Your times are half-lives. After τ steps 1/e is to be left, not one half."),
        Mistake("nothing mended", lambda x, W_x, W_h, b, b_h, times: b[len(b_h) : 2 * len(b_h)].copy(), "You return the biases as they came."),
        Mistake("one time for all", dict(wanted=lambda times: np.full_like(times, 1 / times.mean())), "You gave every unit the mean of the times. Each has its own."),
        Mistake("first sequence only", dict(of=lambda x: x[:, :1]), "You measured with the first sequence alone. The mean runs over the batch, too."),
        Mistake("other sign", dict(to=lambda b: -b), "Your biases have the wrong sign: you built the net in which z writes. In (11.6) z keeps."),
        Mistake("gates for biases", dict(to=sigmoid), "You return gates. The net takes biases: z = σ(b_z + …)."),
        Mistake("last unit first", dict(to=lambda b: b[::-1]), "Your list starts with the last unit."),
    ),
    hints=(
        "Over T steps Π z is left, so ln of it is T times the mean of ln z. That mean has to be −1/τ, for every unit.",
        "Where z is near 1, −ln z ≈ e^{−a}: one more in the bias divides the mean by e. So a unit whose mean is k times too large wants about ln k more.",
        "Begin with ln(τ − 1). Then again and again: measure all means in the net as it is now, and add ln(τ · mean(−ln z)). Twenty rounds are enough.",
    ),
)  # fmt: skip
