"""Problem set 5 on linear recursions: inputs that arrive late, and a constant input by modes."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def matrix_with(blocks, rng):
    """A real matrix with these eigenvalues: a number is a real one, (ρ, θ) the pair ρ e^{±iθ}."""
    D = block_diagonal(blocks)
    left, right = (np.linalg.qr(rng.normal(size=D.shape))[0] for _ in range(2))
    V = left * rng.uniform(1, 2.5, len(D)) @ right  # not orthogonal, so that W is not normal
    return V @ D @ np.linalg.inv(V)


def block_diagonal(blocks):
    """Numbers on the diagonal, and (7.6) for every (ρ, θ)."""
    rows = sum(1 + isinstance(block, tuple) for block in blocks)
    D, i = np.zeros((rows, rows)), 0
    for block in blocks:
        if isinstance(block, tuple):
            rho, angle = block
            turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            D[i : i + 2, i : i + 2] = rho * np.array(turn)
            i += 2
        else:
            D[i, i] = block
            i += 1
    return D


# --- delayed_response ------------------------------------------------------------------------------


def delayed_response(W, C, V, x, h0, delay):
    """y_t = V h_t with h_t = W h_{t−1} + C x_{t−d} for t = 1 … T, nothing before x_1; row t − 1 of x holds x_t."""
    return _response(W, C, V, x, h0, delay)


def _response(
    W,
    C,
    V,
    x,
    h0,
    delay,
    *,
    start=lambda h0: h0,
    carry=lambda W, h, waiting: W @ h,
    late=lambda x, t, d: x[t - d] if t >= d else 0 * x[0],
    drive=lambda C, u: C @ u,
    step=lambda carried, kick, W: carried + kick,
    read=lambda V, h, before: V @ h,
    rows=lambda y, first: y,
):
    h = start(h0)
    first, y = V @ h, []
    for t in range(len(x)):
        before = h
        h = step(carry(W, h, t < delay), drive(C, late(x, t, delay)), W)
        y.append(read(V, h, before))
    return rows(np.stack(y), first)


def _within(x, t):
    return x[t] if 0 <= t < len(x) else 0 * x[0]


def _response_cases(rng):
    cases = []
    for H, D, K, T, delay in ((4, 2, 3, 7, 2), (3, 3, 3, 5, 0), (2, 1, 4, 4, 6), (3, 2, 2, 6, 1)):
        W, C, V = (rng.normal(size=s) / np.sqrt(H) for s in ((H, H), (H, D), (K, H)))
        cases.append(Case((W, C, V, rng.normal(size=(T, D)), rng.normal(size=H), delay), ("y",), steps=T))
    return cases


DELAYED_RESPONSE = Problem(
    name="ps5.delayed_response",
    reference=delayed_response,
    cases=_response_cases,
    family=_response,
    axes={"y": ("step", "output")},
    points=2,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("delay ignored", dict(late=lambda x, t, d: x[t]), "Your inputs arrive at once. Here x_t reaches the state d steps later."),
        Mistake("late inputs come round", dict(late=lambda x, t, d: x[t - d]), "Your first d steps hear the end of x: a negative index counts from the end in Python. Before x_1 there was nothing."),
        Mistake("np.roll goes round", dict(late=lambda x, t, d: x[(t - d) % len(x)]), "Your first d steps hear the end of x: moved in a circle, what falls out behind comes in again in front. Before x_1 there was nothing."),
        Mistake("one step more", dict(late=lambda x, t, d: _within(x, t - d - 1)), "Your inputs come one step too late: with d = 0, x_1 has to be heard in h_1."),
        Mistake("one step less", dict(late=lambda x, t, d: _within(x, t - d + 1)), "Your inputs come one step too early: with d = 0, x_2 must not be heard in h_1."),
        Mistake("the future is heard", dict(late=lambda x, t, d: _within(x, t + d)), "Your state hears inputs before they are there, x_{t+d}. Late means x_{t−d}."),
        Mistake("first input skipped", dict(late=lambda x, t, d: x[t - d] if t > d else 0 * x[0]), "Your x_1 is never heard; the later inputs come when they should. With d = 0, x_1 belongs to h_1."),
        Mistake("first input held", dict(late=lambda x, t, d: x[max(t - d, 0)]), "Until the first input arrives, your steps use x_1 again and again. Before it there was nothing, so nothing is added."),
        Mistake("state waits for the input", dict(carry=lambda W, h, waiting: h if waiting else W @ h), "Your first d outputs are all those of h_0: the state stands still, or the output is read late. Without an input the state still goes through W."),
        Mistake("W untransposed", dict(carry=lambda W, h, waiting: h @ W), "Your recursion multiplies by Wᵀ. Row i of W says what unit i hears."),
        Mistake("C untransposed", dict(drive=lambda C, u: u @ C), "Your input goes through Cᵀ. Only where D = H does numpy let that run."),
        Mistake("V untransposed", dict(read=lambda V, h, before: h @ V), "Your output is read through Vᵀ. Only where K = H does numpy let that run."),
        Mistake("state returned", dict(read=lambda V, h, before: h), "You return the states. Asked for is what is read from them, y_t = V h_t."),
        Mistake("output of the state before", dict(read=lambda V, h, before: V @ before), "Your y_t is read from h_{t−1}. It belongs to the state after the step, h_t."),
        Mistake("start at zero", dict(start=lambda h0: 0 * h0), "Your state starts at zero. It starts at h_0, which is not."),
        Mistake("state not carried", dict(carry=lambda W, h, waiting: 0 * h), "Your states are C x alone: what was there before is lost at every step."),
        Mistake("W left out", dict(carry=lambda W, h, waiting: h), "You add up inputs and never multiply the state by W."),
        Mistake("input through W too", dict(step=lambda carried, kick, W: carried + W @ kick), "Your input goes through W in the step in which it arrives. It meets W from the next step on."),
        Mistake("tanh around it", dict(step=lambda carried, kick, W: np.tanh(carried + kick)), "You put a tanh around the step. This recursion is linear."),
        Mistake("y_0 returned", dict(rows=lambda y, first: np.vstack([first, y])), "Your answer starts with y_0. Asked for are y_1 … y_T, one for each input."),
    ),
    hints=(
        "One loop that carries one vector. Which row of x does step t hear, and from which t on is there one?",
        "Row t − 1 of x holds x_t, so in a loop over t = 0 … T − 1 the row is t − d. A negative one is no input.",
        "kick = C x[t − d] if t ≥ d, else 0; then the step, then V h into a list of T rows.",
    ),
)  # fmt: skip


# --- constant_response -----------------------------------------------------------------------------


def constant_response(W, u, ts):
    """h_t of h_t = W h_{t−1} + u from h_0 = 0 by modes: u = Σ a_i v_i gives Σ a_i (1 − λ_i^t)/(1 − λ_i) v_i, t for λ_i = 1."""
    return _constant(W, u, ts)


def _geometric(values, t):
    return (1 - values**t) / np.where(values == 1, 1, 1 - values)


def _constant(
    W,
    u,
    ts,
    *,
    decompose=np.linalg.eig,
    coefficients=np.linalg.solve,
    sums=_geometric,
    at_one=lambda t: t,
    special=lambda values: values == 1,
    values_of=lambda values: values,
    keep=lambda values: np.ones(len(values)),
    back=lambda parts, V: parts @ V.T,
    finish=np.real,
):
    values, V = decompose(W)
    values = values_of(values.astype(complex))
    a, t = coefficients(V, u) * keep(values), np.asarray(ts)[:, None]
    with np.errstate(all="ignore"):
        weights = np.where(special(values), at_one(t + 0j * values), sums(values, t))
        return finish(back(weights * a, V))


def _largest_only(values):
    return np.isclose(np.abs(values), np.abs(values).max()).astype(float)


def _all_modes(W, rng):
    """An input in which every mode takes part."""
    values, V = np.linalg.eig(W)
    shares = rng.uniform(0.6, 1.2, len(W)) * rng.choice([-1, 1], len(W))
    shares = shares * np.where(values.imag != 0, np.exp(1j * np.sign(values.imag) * rng.uniform(0.4, 1)), 1)
    shares[values.imag < 0] = shares[values.imag > 0].conj()
    return (V @ shares).real


def _constant_cases(rng):
    pair, other = (rng.uniform(0.8, 0.95), rng.uniform(0.7, 1.3)), rng.uniform(0.4, 0.6)
    four = matrix_with([pair, other, rng.uniform(-0.75, -0.6)], rng)
    growing = matrix_with([(rng.uniform(0.9, 0.95), rng.uniform(1.8, 2.4)), rng.uniform(1.1, 1.2)], rng)
    kept = np.diag([1.0, rng.choice([0.5, 0.25]), -1.0])  # λ = 1 to the last bit, and one that only flips
    kept[0, 1:], kept[1, 2] = rng.choice([-1, 1], 2) * rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1)
    if rng.random() < 0.5:
        kept = kept[::-1, ::-1].copy()
    cases = []
    for W, ts, name in (
        (four, range(8), "h"),
        (four, [10_000_000], "h (t = 10⁷)"),  # apart: it would hide an error of 1
        (growing, range(10), "h"),
        (kept, range(8), "h (λ = 1)"),
        (kept, [10_000_000], "h (λ = 1, t = 10⁷)"),
    ):
        cases.append(Case((W, _all_modes(W, rng), np.array(ts)), (name,)))
    return cases


def _not_zero_at_first(args, outputs):
    (h,) = outputs.values()
    return np.linalg.norm(h[args[2] == 0]) / np.linalg.norm(args[1])


def _not_u_after_one(args, outputs):
    (h,) = outputs.values()
    return np.linalg.norm(h[args[2] == 1] - args[1]) / np.linalg.norm(args[1]) if 1 in args[2] else 0.0


CONSTANT_RESPONSE = Problem(
    name="ps5.constant_response",
    reference=constant_response,
    cases=_constant_cases,
    family=_constant,
    axes={"h": ("time from 0", "unit"), "h (λ = 1)": ("time from 0", "unit")},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("starts at 0", _not_zero_at_first, "Your h_0 is not 0. Before the first step there is nothing: the sum of no terms."),
        Invariant("u after one step", _not_u_after_one, "Your h_1 is not u. After one step the input has come in once and has met no W yet."),
    ),
    mistakes=(
        Mistake("free response", dict(sums=lambda values, t: values**t, at_one=lambda t: 1 + 0 * t), "Your modes are a λ^t, as if u were a start that is left alone. Here u comes in again at every step, so the powers add up."),
        Mistake("one term too many", dict(sums=lambda values, t: _geometric(values, t + 1), at_one=lambda t: t + 1), "Your sums have one term too many: at t = 0 nothing has come in yet."),
        Mistake("one term too few", dict(sums=lambda values, t: _geometric(values, np.maximum(t - 1, 0)), at_one=lambda t: np.maximum(t - 1, 0)), "Your sums have one term too few: after t steps u has come in t times."),
        Mistake("|λ| = 1 for λ = 1", dict(special=lambda values: np.abs(values) == 1), "You give every mode with |λ| = 1 the weight t. Only λ = 1 piles up; at −1 the terms cancel in pairs."),
        Mistake("input through W first", dict(sums=lambda values, t: values * _geometric(values, t)), "Your inputs meet W in the step in which they come in, so every mode is multiplied by λ once too often."),
        Mistake("λ = 1 divided by zero", dict(sums=lambda values, t: (1 - values**t) / (1 - values), at_one=lambda t: t * np.nan), "At λ = 1 you divide 0 by 0. There every one of the t terms is 1."),
        Mistake("λ = 1 counted once", dict(at_one=lambda t: 1 + 0 * t), "Your mode with λ = 1 stays at its share of u. Nothing of it is forgotten, so every step adds the share again."),
        Mistake("λ = 1 one term too many", dict(at_one=lambda t: t + 1), "Your mode with λ = 1 has t + 1 terms. At t = 0 nothing has come in yet: there are t."),
        Mistake("λ = 1 left out", dict(at_one=lambda t: 0 * t), "Your mode with λ = 1 stays at 0, as a tiny number added to 1 − λ makes it. Nothing of it is forgotten: it grows by its share at every step."),
        Mistake("resting place", dict(sums=lambda values, t: 1 / (1 - values) + 0 * t), "Your modes are at rest from the beginning, a/(1 − λ). That is where they end if |λ| < 1; at time t the part λ^t is still missing."),
        Mistake("sign of the sum", dict(sums=lambda values, t: -_geometric(values, t)), "Your sums have the wrong sign: numerator and denominator are turned round one without the other."),
        Mistake("eigenvectors as rows", dict(back=lambda parts, V: parts @ V), "You add up rows of the matrix of eigenvectors. np.linalg.eig puts eigenvector i into column i."),
        Mistake("transposed for inverse", dict(coefficients=lambda V, u: V.T @ u), "You take a = Vᵀu. That holds for orthogonal eigenvectors only; in general a solves V a = u."),
        Mistake("coefficients left out", dict(coefficients=lambda V, u: np.ones(len(u))), "Your modes all have weight 1. How much of each one u holds is a, from V a = u."),
        Mistake("symmetric eigenvalues", dict(decompose=np.linalg.eigh), "np.linalg.eigh takes W for symmetric. It is not: use np.linalg.eig."),
        Mistake("W transposed", lambda W, u, ts: _constant(W.T, u, ts), "Your modes are those of Wᵀ: the same eigenvalues, other eigenvectors."),
        Mistake("real parts of λ", dict(values_of=lambda values: values.real + 0j), "You drop the imaginary parts of λ before the powers are taken. Take the real part of the finished sum."),
        Mistake("moduli of λ", dict(values_of=lambda values: np.abs(values) + 0j), "You use |λ| for λ. A mode that turns or flips its sign does not pile up: its powers cancel."),
        Mistake("largest mode only", dict(keep=_largest_only), "You keep only the modes with the largest |λ|. With a constant input all of them last."),
        Mistake("half of each pair", dict(keep=lambda values: (values.imag >= 0).astype(float)), "You keep one λ of each complex pair. The other one adds the conjugate: twice the real part, not once."),
        Mistake("absolute value at the end", dict(finish=np.abs), "You return the modulus of the sum. That loses every sign."),
        Mistake("complex result", dict(finish=lambda h: h), "Your numbers are right but stored as complex, with imaginary parts that are rounding. Return the real part of the finished sum."),
    ),
    hints=(
        "Write u as a sum of eigenvectors. What is in mode i after one step, after two, after three?",
        "1 + λ + λ² + … + λ^(t−1), t terms. The sum has a short form, but for one value of λ.",
        "Row t is the real part of Σ a_i s_i(t) v_i with s_i = (1 − λ_i^t)/(1 − λ_i), and t where λ_i is 1.",
    ),
)  # fmt: skip
