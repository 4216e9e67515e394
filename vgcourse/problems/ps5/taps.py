"""Problem set 5 on more taps: many units that look back, as one matrix; and a filter's answer to a step."""

import numpy as np

from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem

# --- block_companion -------------------------------------------------------------------------------


def block_companion(taps):
    """The matrix A of (h_t, …, h_{t−K+1}) = A (h_{t−1}, …, h_{t−K}) for h_t = Σ_k B_k h_{t−k}, and |λ| of its poles."""
    return _companion(taps)


def _blocks(taps):
    """B_1 … B_K, zeros where no tap is named: (K, H, H)."""
    K, H = max(taps), len(next(iter(taps.values())))
    return np.stack([taps.get(k, np.zeros((H, H))) for k in range(1, K + 1)])


def _packed(taps):
    return np.stack([taps[k] for k in sorted(taps)])


def _one_lag_more(taps):
    B = _blocks(taps)
    return np.concatenate([0 * B[:1], B])


def _shift(K, H):
    return np.eye(K * H, k=-H)


def _companion(
    taps,
    *,
    blocks=_blocks,
    first=lambda B: np.hstack(list(B)),
    shift=_shift,
    arrange=lambda A, H: A,
    spectrum=np.linalg.eigvals,
    moduli=lambda values: np.sort(np.abs(values))[::-1],
):
    B = blocks(taps)
    K, H, _ = B.shape
    A = shift(K, H).astype(B.dtype)
    A[:H] = first(B)
    return arrange(A, H), moduli(spectrum(A))


def _oldest_first(A, H):
    K = len(A) // H
    return A.reshape(K, H, K, H)[::-1, :, ::-1].reshape(A.shape)


def _unit_by_unit(A, H):
    """(K, H) entries of the state in the order of units, then lags."""
    K = len(A) // H
    return A.reshape(K, H, K, H).transpose(1, 0, 3, 2).reshape(A.shape)


def _companion_cases(rng):
    cases = []
    for H, lags in ((2, (1, 3)), (3, (2,)), (2, (2, 4)), (1, (1, 2))):
        for _ in range(300):  # poles that np.linalg.eigvals does not happen to list by size
            taps = {k: rng.normal(size=(H, H)) * 0.8 / np.sqrt(H * len(lags)) for k in lags}
            sizes = _companion(taps, moduli=np.abs)[1]
            if (np.diff(sizes) > 0.01).any():
                break
        cases.append(Case((taps,), ("A", "moduli")))
    return cases


def _one_step_wrong(args, outputs):
    """How far one step of A is from the recursion, with the newest or the oldest state first."""
    B, A = _blocks(args[0]), np.asarray(outputs["A"])
    K, H, _ = B.shape
    past = np.cos(np.arange(K * H)).reshape(K, H)  # h_{t−1}, h_{t−2}, …
    after = np.vstack([np.einsum("kij,kj->i", B, past), past[:-1]]).ravel()
    orders = A, _oldest_first(A, H)
    return min(np.linalg.norm(M @ past.ravel() - after) for M in orders) / np.linalg.norm(after)


def _product_wrong(args, outputs):
    last = abs(np.linalg.det(args[0][max(args[0])]))
    return abs(np.prod(outputs["moduli"]) - last) / last


BLOCK_COMPANION = Problem(
    name="ps5.block_companion",
    reference=block_companion,
    cases=_companion_cases,
    family=_companion,
    axes={"A": ("row", "column"), "moduli": ("pole",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    conventions=(
        Convention("oldest state first", dict(arrange=_oldest_first), "Your long vector has the oldest state first, so the taps stand in the last rows. The poles are the same."),
    ),
    invariants=(
        Invariant("one step", _one_step_wrong, "Your A does not do one step of the recursion: A (h_{t−1}, …, h_{t−K}) has to be (h_t, h_{t−1}, …, h_{t−K+1}), one state below the other. Try it on small numbers."),
        Invariant("product of the poles", _product_wrong, "Your moduli cannot be those of the poles: the product of all |λ| is |det A|, and that is |det B_K|, K the longest lag."),
    ),
    mistakes=(
        Mistake("lags ignored", dict(blocks=_packed), "You put the taps one after the other, as if the lags were 1, 2, …. A lag that is not named has a matrix of zeros, and K is the largest lag."),
        Mistake("one lag too late", dict(blocks=_one_lag_more), "Every tap is one lag too late. That of lag 1 stands where A meets h_{t−1}, the newest state."),
        Mistake("sign of the taps", dict(first=lambda B: -np.hstack(list(B))), "Your taps have the wrong sign. The recursion adds Σ B_k h_{t−k}, so A holds +B_k."),
        Mistake("taps transposed", dict(first=lambda B: np.hstack([M.T for M in B])), "Your A holds B_kᵀ. Row i of B_k says what unit i hears from k steps ago."),
        Mistake("taps in reversed order", dict(first=lambda B: np.hstack(list(B[::-1]))), "Your A lists the taps in one order, and its ones keep the states in the other."),
        Mistake("taps one below the other", dict(arrange=lambda A, H: A.T), "Your A is transposed: the taps stand in columns. The first rows of A make h_t from all old states; the others only hand on."),
        Mistake("ones next to the diagonal", dict(shift=lambda K, H: np.eye(K * H, k=-1)), "Your ones stand right below the diagonal, so numbers move on by one place. A state has H of them: they move by H places."),
        Mistake("ones above the diagonal", dict(shift=lambda K, H: np.eye(K * H, k=H)), "Your ones stand on the wrong side: they move states towards the newest. With the newest first, each goes one block down."),
        Mistake("ones on the diagonal", dict(shift=lambda K, H: np.eye(K * H)), "Your ones stand on the diagonal, so old states never move on."),
        Mistake("nothing handed down", dict(shift=lambda K, H: np.zeros((K * H, K * H))), "Your A has its rows of taps and nothing else, so all states but h_t are forgotten."),
        Mistake("unit by unit", dict(arrange=_unit_by_unit), "Your long vector holds all lags of unit 1, then all of unit 2, …. Asked for is one state after the other."),
        Mistake("reciprocals", dict(spectrum=lambda A: 1 / np.linalg.eigvals(A)), "You return 1/|λ|, the roots of a polynomial in 1/λ. Stable means that the poles themselves lie inside the unit circle."),
        Mistake("singular values", dict(spectrum=lambda A: np.linalg.svd(A, compute_uv=False)), "Your moduli are singular values of A. Poles are eigenvalues."),
        Mistake("real parts", dict(moduli=lambda values: np.sort(values.real)[::-1]), "You return real parts. In discrete time the distance from 0 counts, |λ|."),
        Mistake("absolute real parts", dict(moduli=lambda values: np.sort(np.abs(values.real))[::-1]), "You drop the imaginary parts before the absolute value: |λ| = √(Re² + Im²)."),
        Mistake("smallest first", dict(moduli=lambda values: np.sort(np.abs(values))), "Your moduli start with the smallest. Asked for is the largest first."),
        Mistake("not sorted", dict(moduli=np.abs), "Your moduli stand in the order in which np.linalg.eigvals lists them, which is no order at all."),
        Mistake("squared", dict(moduli=lambda values: np.sort(np.abs(values) ** 2)[::-1]), "Your moduli are squared: Re² + Im² is |λ|²."),
        Mistake("largest only", dict(moduli=lambda values: np.abs(values).max()), "You return the spectral radius alone. Asked for are the moduli of all K H poles."),
        Mistake("one for each unit", dict(moduli=lambda values: np.sort(np.abs(values))[::-1][: len(values) // 2]), "You return half of the moduli. There are as many poles as A has rows, K H."),
    ),
    hints=(
        "Put the last K states into one long vector, one below the other. H of its new entries are computed, the others are copied.",
        "A is (K H, K H) with K the largest lag. The first H rows hold the B_k side by side, zeros for lags without a tap; the rest moves every state down by H places.",
        "np.eye(K H, k=−H) moves. The poles are the eigenvalues of A; sort their absolute values.",
    ),
)  # fmt: skip


# --- step_response ---------------------------------------------------------------------------------


def step_response(feedback, inputs, steps):
    """h_0 … h_steps of h_t = Σ_k b_k h_{t−k} + Σ_j c_j x_{t−j} for x_t = 1 from t = 0 on, and where it ends."""
    return _step(feedback, inputs, steps)


def _step(
    feedback,
    inputs,
    steps,
    *,
    x=lambda t: float(t >= 0),
    back=lambda taps: taps,
    ahead=lambda taps: taps,
    sign=1.0,
    heard=lambda t: t >= 0,
    own=lambda drive, echo: drive + echo,
    rows=slice(None),
    rest=lambda b, c, h: sum(c.values()) / (1 - sum(b.values())),
):
    h = []
    for t in range(steps + 1):
        drive = sum(c * x(t - j) for j, c in ahead(inputs).items())
        echo = sum(b * h[t - k] for k, b in back(feedback).items() if heard(t - k) and t >= k)
        h.append(own(drive, sign * echo))
    h = np.array(h)
    return h[rows], np.float64(rest(feedback, inputs, h))


def _later(taps, by=1):
    return {k + by: weight for k, weight in taps.items()}


def _in_turn(first):
    return lambda taps: {first + i: taps[k] for i, k in enumerate(sorted(taps))}


def _exchanged(taps):
    lags = sorted(taps)
    return {lag: taps[other] for lag, other in zip(lags, reversed(lags), strict=True)}


def _step_cases(rng):
    a, b, c, d, e = rng.uniform([0.3, 0.15, -0.6, 0.5, 0.2], [0.5, 0.3, -0.4, 1.5, 0.4]).tolist()
    f, g = rng.uniform([-1.2, 0.3], [-0.6, 0.6]).tolist()
    lists = (
        ({1: a, 4: b}, {0: d, 2: f}, 13),
        ({2: c, 3: e}, {1: g, 5: d}, 11),  # nothing arrives at once
        ({1: a, 9: b}, {0: f, 3: g, 8: e}, 5),  # some lags are longer than the answer
    )
    return [Case((*each,), ("h", "rest"), steps=each[2]) for each in lists]


def _recursion_wrong(args, outputs):
    feedback, inputs, steps = args
    h = outputs["h"]
    right = [
        sum(c for j, c in inputs.items() if j <= t) + sum(b * h[t - k] for k, b in feedback.items() if k <= t)
        for t in range(steps + 1)
    ]
    return np.linalg.norm(h - right) / np.linalg.norm(right)


def _does_not_stay(args, outputs):
    feedback, inputs, _ = args
    rest = outputs["rest"]
    return abs(sum(feedback.values()) * rest + sum(inputs.values()) - rest) / max(abs(rest), 1e-300)


STEP_RESPONSE = Problem(
    name="ps5.step_response",
    reference=step_response,
    cases=_step_cases,
    family=_step,
    axes={"h": ("step from 0",)},
    invariants=(
        Invariant("rest stays", _does_not_stay, "Your rest does not stay: put it into the recursion for every h, with all inputs 1, and something else comes out."),
        Invariant("the recursion holds", _recursion_wrong, "Your own h does not obey the recursion: put it in, t = 0, 1, 2, …, with zeros before t = 0, and see where it first fails."),
    ),
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("impulse", dict(x=lambda t: float(t == 0)), "Your input is on at t = 0 only. A step stays on."),
        Mistake("on before t = 0", dict(x=lambda t: 1.0), "All taps on the input are heard from the first step on, as if it had always been on. Before t = 0 it was 0, so c_j is first heard at t = j."),
        Mistake("input one step late", dict(x=lambda t: float(t >= 1)), "Every input is heard one step late: x_0 is 1 already, and c_0 belongs to x_t itself."),
        Mistake("input taps left out", dict(ahead=lambda taps: {0: 1.0}), "Your input comes in as it is, as in the lecture. Here it has taps of its own, c_j.", whole=True),
        Mistake("only the newest input", dict(ahead=lambda taps: {j: c for j, c in taps.items() if j == 0}), "Only c_0 is heard in your h. The input has more taps: x_{t−j} for every j."),
        Mistake("input lags ignored", dict(ahead=_in_turn(0)), "You apply the c in turn to x_t, x_{t−1}, …. The keys say which lag each belongs to."),
        Mistake("input taps exchanged", dict(ahead=_exchanged), "Your c meet their lags in the opposite order."),
        Mistake("feedback one step late", dict(back=_later), "Every echo of h comes one step late. b_1 belongs to h_{t−1}."),
        Mistake("feedback lags ignored", dict(back=_in_turn(1)), "You apply the b in turn to h_{t−1}, h_{t−2}, …. The keys say which lag each belongs to."),
        Mistake("feedback taps exchanged", dict(back=_exchanged), "Your b meet their lags in the opposite order."),
        Mistake("no feedback", dict(back=lambda taps: {}), "Your h does not hear itself: the taps b_k are missing."),
        Mistake("sign of the feedback", dict(sign=-1.0), "Your feedback has the wrong sign: the recursion adds b_k h_{t−k}."),
        Mistake("no echo of h_0", dict(heard=lambda t: t > 0), "h_0 is not heard again in your answer. It counts as soon as t − k is 0."),
        Mistake("input fed back too", dict(own=lambda drive, echo: drive * (1 + echo)), "You multiply input and feedback. They add."),
        Mistake("h_0 not returned", dict(rows=slice(1, None)), "Your h starts with h_1. Asked for are h_0 … h_steps, steps + 1 numbers."),
        Mistake("steps entries", dict(rows=slice(None, -1)), "Your last number is h_{steps−1}. Asked for are h_0 … h_steps, steps + 1 numbers."),
        Mistake("rest: the last h", dict(rest=lambda b, c, h: h[-1]), "Your rest is the last h. It has not arrived yet: ask which value stays if it is put into the recursion."),
        Mistake("rest without input taps", dict(rest=lambda b, c, h: 1 / (1 - sum(b.values()))), "Your rest is 1/(1 − Σ b): the taps on the input are missing."),
        Mistake("rest without feedback", dict(rest=lambda b, c, h: sum(c.values())), "Your rest is Σ c, what the input gives. The feedback adds Σ b times the rest itself."),
        Mistake("rest: sign of the feedback", dict(rest=lambda b, c, h: sum(c.values()) / (1 + sum(b.values()))), "Your rest has 1 + Σ b below. At rest h = Σ b · h + Σ c: bring the h together."),
        Mistake("rest upside down", dict(rest=lambda b, c, h: (1 - sum(b.values())) / sum(c.values())), "Your rest is upside down. At rest h = Σ b · h + Σ c: solve for h."),
    ),
    hints=(
        "Walk through t = 0, 1, 2, … by hand. Which input taps are heard at t, and which old h?",
        "c_j is heard from t = j on, with x = 1; b_k from t = k on, with h_{t−k}. Where it ends, h_t = h_{t−1} = …: one equation for one number.",
        "h[t] is the sum of those c_j with j ≤ t, plus the sum of b_k h[t − k] with k ≤ t. At rest, h = Σ b_k h + Σ c_j.",
    ),
)  # fmt: skip
