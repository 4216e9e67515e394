"""Problem set 5 on more taps: h(t) = Σ a_k h(t−k) + x(t) as a matrix, its poles, its impulse response."""

import numpy as np

from vgcourse import dynamics
from vgcourse.check.problem import Case, Convention, Invariant, Mistake, Problem

# --- companion_poles -------------------------------------------------------------------------------


def companion_poles(taps):
    """The matrix A of (h(t), …, h(t−K+1)) = A (h(t−1), …, h(t−K)), and |z| of its poles, largest first."""
    return dynamics.companion(taps), np.abs(dynamics.poles(taps))


def _weights(taps):
    a = np.zeros(max(taps))
    for lag, weight in taps.items():
        a[lag - 1] = weight
    return a


def _roots(polynomial):
    return np.sort(np.abs(np.roots(polynomial)))[::-1]


def _companion(
    taps,
    *,
    weights=_weights,
    sign=1.0,
    shift=lambda K: np.eye(K, k=-1),
    first=lambda a: a,
    arrange=lambda A: A,
    spectrum=lambda A, a: np.linalg.eigvals(A),
    moduli=lambda z: np.sort(np.abs(z))[::-1],
):
    a = sign * weights(taps)
    A = shift(len(a))
    A[0] = first(a)
    return arrange(A), moduli(spectrum(A, a))


def _packed(taps):
    return np.array([taps[lag] for lag in sorted(taps)])


def _one_lag_more(taps):
    return np.concatenate([[0.0], _weights(taps)])


def _companion_cases(rng):
    def weight(low, high):
        return float(rng.uniform(low, high) * rng.choice([-1, 1]))

    taps = [
        {1: float(rng.uniform(0.4, 0.6)), 5: float(rng.uniform(0.2, 0.3))},
        {2: weight(0.3, 0.6), 3: weight(0.2, 0.5)},
    ]
    for _ in range(200):  # poles that np.linalg.eigvals does not happen to list by size
        last = {1: weight(0.3, 0.5), 2: weight(0.1, 0.2), 4: weight(0.2, 0.5)}
        listed = _companion(last, moduli=np.abs)[1]
        if (np.diff(listed) > 0.01).any():
            break
    return [Case((each,), ("A", "moduli")) for each in (*taps, last)]


def _one_step_wrong(args, outputs):
    """How far one step of A is from the recursion, with the newest or the oldest value first."""
    a, A = _weights(args[0]), np.asarray(outputs["A"])
    h = np.cos(np.arange(len(a)))  # h(t−1), h(t−2), …
    after = np.concatenate([[a @ h], h[:-1]])
    return min(np.linalg.norm(B @ h - after) for B in (A, A[::-1, ::-1])) / np.linalg.norm(after)


def _product_wrong(args, outputs):
    last = abs(args[0][max(args[0])])
    return abs(np.prod(outputs["moduli"]) - last) / last


COMPANION_POLES = Problem(
    name="ps5.companion_poles",
    reference=companion_poles,
    cases=_companion_cases,
    family=_companion,
    axes={"A": ("row", "column"), "moduli": ("pole",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    conventions=(
        Convention("oldest value first", dict(arrange=lambda A: A[::-1, ::-1]), "Your state has the oldest value first, so the taps stand in the last row. The poles are the same."),
    ),
    invariants=(
        Invariant("one step", _one_step_wrong, "Your A does not do one step of the recursion: A (h(t−1), …, h(t−K)) has to be (h(t), h(t−1), …, h(t−K+1)). Try it on small numbers."),
        Invariant("product of the poles", _product_wrong, "Your moduli cannot be those of the poles: z^K − … − a_K is Π (z − z_i), so the product of all |z_i| is |a_K|, the weight of the longest lag."),
    ),
    mistakes=(
        Mistake("lags ignored", dict(weights=_packed), "You list the weights one after the other, as if the lags were 1, 2, …. A lag that is not named has weight 0, and K is the largest lag."),
        Mistake("one lag too late", dict(weights=_one_lag_more), "Every tap is one lag too late. The weight of lag 1 stands where A meets h(t−1), the newest value: with the newest first, lag k is column k − 1."),
        Mistake("sign of the taps", dict(sign=-1.0), "Your taps have the wrong sign. h(t) = +Σ a_k h(t−k): A holds +a_k, and the polynomial is z^K − Σ a_k z^(K−k)."),
        Mistake("A transposed", dict(arrange=np.transpose), "Your A is transposed. One of its rows makes h(t) from all old values; each of the others only hands one value on."),
        Mistake("ones above the diagonal", dict(shift=lambda K: np.eye(K, k=1)), "Your ones stand on the wrong side of the diagonal. Each copies a value one place towards the oldest: with the newest value first they stand below it."),
        Mistake("ones on the diagonal", dict(shift=np.eye), "Your ones stand on the diagonal, so old values never move on. Entry i of the new state is entry i − 1 of the old."),
        Mistake("nothing handed down", dict(shift=lambda K: np.zeros((K, K))), "Your A has its row of taps and nothing else, so all values but h(t) are forgotten. Each other row has a one, to hand a value on."),
        Mistake("np.roll goes round", dict(first=lambda a: a + np.eye(len(a))[-1]), "np.roll brings a one round to the top right corner, and you add the taps to it. Use np.eye(K, k=-1), which does not go round."),
        Mistake("taps in reversed order", dict(first=lambda a: a[::-1]), "Your A lists the taps in one order and its ones keep the values in the other. The weight of lag 1 belongs where h(t−1) stands, that of lag K where h(t−K) does."),
        Mistake("no leading 1", dict(spectrum=lambda A, a: np.roots(a)), "You give np.roots the taps alone. The polynomial is z^K − a_1 z^(K−1) − … − a_K: a 1 in front, then −a_k."),
        Mistake("plus for minus", dict(spectrum=lambda A, a: np.roots([1.0, *a])), "Your polynomial is z^K + Σ a_k z^(K−k). Bring the taps to the other side: 1, −a_1, …, −a_K."),
        Mistake("reciprocals", dict(spectrum=lambda A, a: 1 / np.linalg.eigvals(A)), "You return 1/|z|: your polynomial is in z⁻¹. Here stable means that the poles lie inside |z| < 1, in z itself."),
        Mistake("singular values", dict(spectrum=lambda A, a: np.linalg.svd(A, compute_uv=False)), "Your moduli are singular values of A. Poles are eigenvalues: np.linalg.eigvals."),
        Mistake("real parts", dict(moduli=lambda z: np.sort(z.real)[::-1]), "You return the real parts. In discrete time the distance from 0 counts: |z|, np.abs."),
        Mistake("absolute real parts", dict(moduli=lambda z: np.sort(np.abs(z.real))[::-1]), "You drop the imaginary parts before np.abs. |z| = √(Re² + Im²)."),
        Mistake("smallest first", dict(moduli=lambda z: np.sort(np.abs(z))), "Your moduli start with the smallest. Asked for is the largest first."),
        Mistake("not sorted", dict(moduli=np.abs), "Your moduli stand in the order in which np.linalg.eigvals or np.roots lists them, which is no order at all. Sort them, largest first."),
        Mistake("squared", dict(moduli=lambda z: np.sort(np.abs(z) ** 2)[::-1]), "Your moduli are squared: z z̄ = |z|²."),
        Mistake("largest only", dict(moduli=lambda z: np.abs(z).max()), "You return the spectral radius alone. Asked for are the moduli of all K poles, largest first."),
    ),
    hints=(
        "Put the last K values into one vector. One entry of the next vector is computed, all others are copied.",
        "K is the largest lag; A is (K, K). Row 0 holds the weights by lag, with zeros between; the rest shifts.",
        "np.eye(K, k=-1) shifts. The poles are the eigenvalues of A, sorted by np.abs, largest first.",
    ),
)  # fmt: skip


# --- impulse_response --------------------------------------------------------------------------------


def impulse_response(taps, steps):
    """h(0), …, h(steps) of h(t) = Σ_k a_k h(t−k) + x(t), for x(0) = 1, no other input, and nothing before."""
    return dynamics.impulse_response(taps, steps)


def _impulse(
    taps,
    steps,
    *,
    change=lambda taps: taps,
    sign=1.0,
    x=lambda t: float(t == 0),
    heard=lambda t: t >= 0,
    source=lambda h, x: h,
    rows=slice(None),
):
    h, inputs = [], [x(t) for t in range(steps + 1)]
    for t in range(steps + 1):
        past = source(h, inputs)
        h.append(
            inputs[t] + sign * sum(a * past[t - lag] for lag, a in change(taps).items() if heard(t - lag))
        )
    return np.array(h)[rows]


def _exchanged(taps):
    lags = sorted(taps)
    return {lag: taps[other] for lag, other in zip(lags, reversed(lags), strict=True)}


def _impulse_cases(rng):
    first, second, third = rng.uniform([0.4, 0.2, 0.1], [0.6, 0.3, 0.15]).tolist()
    alone, other = rng.uniform([-0.8, 0.2], [-0.5, 0.4]).tolist()
    lists = (
        ({1: first, 5: second}, 14),
        ({1: first, 5: second / 2, 8: third}, 20),
        ({2: alone, 3: other}, 9),
    )
    return [Case((taps, steps), ("h",), steps=steps) for taps, steps in lists]


def _recursion_wrong(args, outputs):
    taps, steps = args
    h = outputs["h"]
    echoes = [sum(a * h[t - lag] for lag, a in taps.items() if lag <= t) + (t == 0) for t in range(steps + 1)]
    return np.linalg.norm(h - echoes) / np.linalg.norm(echoes)


IMPULSE_RESPONSE = Problem(
    name="ps5.impulse_response",
    reference=impulse_response,
    cases=_impulse_cases,
    family=_impulse,
    axes={"h": ("step from 0",)},
    invariants=(
        Invariant("the recursion holds", _recursion_wrong, "Your own numbers do not obey the recursion: put them into h(t) = Σ a_k h(t−k) + x(t), t = 0, 1, 2, …, with zeros before t = 0, and see where it first fails."),
    ),
    points=2,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("lags one too long", dict(change=lambda taps: {lag + 1: a for lag, a in taps.items()}), "Every echo comes one step late. Lag k reaches back to h(t−k): index t − k, not t − k − 1."),
        Mistake("lags ignored", dict(change=lambda taps: {i + 1: taps[lag] for i, lag in enumerate(sorted(taps))}), "You apply the weights to h(t−1), h(t−2), … in turn. The keys of taps say which lag each weight belongs to."),
        Mistake("first tap only", dict(change=lambda taps: {min(taps): taps[min(taps)]}), "Only the shortest lag is heard. Sum over all taps in every step."),
        Mistake("last tap only", dict(change=lambda taps: {max(taps): taps[max(taps)]}), "Only the longest lag is heard, perhaps because each tap overwrites the one before. Add them up."),
        Mistake("taps exchanged", dict(change=_exchanged), "Your weights meet the lags in the opposite order. Lag k has the weight taps[k]."),
        Mistake("averaged over the taps", dict(change=lambda taps: {lag: a / len(taps) for lag, a in taps.items()}), "You average over the taps. The recursion adds them: Σ a_k h(t−k)."),
        Mistake("squared weights", dict(change=lambda taps: {lag: a * a for lag, a in taps.items()}), "Each weight enters twice, as a_k². One step multiplies h(t−k) by a_k once."),
        Mistake("sign of the taps", dict(sign=-1.0), "Your taps have the wrong sign: h(t) = +Σ a_k h(t−k) + x(t)."),
        Mistake("step response", dict(x=lambda t: 1.0), "Your input stays on: this is the response to a step. An impulse is x(0) = 1 and 0 from then on."),
        Mistake("impulse at t = 1", dict(x=lambda t: float(t == 1)), "Your impulse comes at t = 1. It is x(0) = 1, so h(0) = 1."),
        Mistake("no echo of h(0)", dict(heard=lambda t: t > 0), "In your answer nothing follows the impulse. Either h(0) is not heard (a lag k counts as soon as t − k ≥ 0, not > 0), or your array was made of whole numbers, 1 and 0, and cuts the echoes off: write 1.0."),
        Mistake("taps on the input", dict(source=lambda h, x: x), "Your taps reach back to x, so the response ends after the longest lag. The recursion feeds back h itself."),
        Mistake("h(0) not returned", dict(rows=slice(1, None)), "Your answer starts with h(1). The first entry is h(0) = 1, so there are steps + 1 entries."),
        Mistake("steps entries", dict(rows=slice(None, -1)), "Your last entry is h(steps − 1). Asked for are h(0) … h(steps), steps + 1 entries."),
        Mistake("largest pole only", lambda taps, steps: np.abs(dynamics.poles(taps))[0] ** np.arange(steps + 1), "You return ρ^t with the largest |pole|. That is the rate of the long run; at these t all poles take part. Run the recursion."),
    ),
    hints=(
        "Walk through t = 0, 1, 2, … by hand for lags 1 and 5: when does the second tap first hear anything?",
        "The answer has steps + 1 entries and starts with 1. Values before t = 0 are 0.",
        "h[t] is x(t) plus the sum of taps[k] * h[t − k] over those lags k that do not reach before 0.",
    ),
)  # fmt: skip
