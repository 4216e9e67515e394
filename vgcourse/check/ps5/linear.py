"""Problem set 5 on h(t) = W h(t−1) + C x(t): step by step, and in closed form by eigenvectors."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.dynamics import closed_form, simulate


def matrix_with(blocks, rng):
    """A real matrix with these eigenvalues: a number is a real one, (ρ, θ) the pair ρ e^{±iθ}."""
    rows = sum(1 + isinstance(block, tuple) for block in blocks)
    D, i = np.zeros((rows, rows)), 0
    for block in blocks:
        if isinstance(block, tuple):
            (rho, angle), c = block, (i, i + 1)
            D[np.ix_(c, c)] = rho * np.array(
                [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            )
            i += 2
        else:
            D[i, i] = block
            i += 1
    left, right = (np.linalg.qr(rng.normal(size=(rows, rows)))[0] for _ in range(2))
    V = left * rng.uniform(1, 2.5, rows) @ right  # not orthogonal, so that W is not normal
    return V @ D @ np.linalg.inv(V)


# --- linear_response -------------------------------------------------------------------------------


def linear_response(W, C, x, h0):
    """h(0) = h0 and h(t) = W h(t−1) + C x(t) for t = 1 … T, where row t − 1 of x holds x(t)."""
    return simulate(W, h0, len(x), C=C, x=x)


def _response(
    W, C, x, h0, *, step=None, start=lambda h0: h0, carry=lambda W, h: W @ h, drive=None, rows=slice(None)
):
    h = [start(h0)]
    for t in range(len(x)):
        kick = C @ x[t] if drive is None else drive(C, x, t)
        h.append(carry(W, h[-1]) + kick if step is None else step(carry(W, h[-1]), kick, W))
    return np.stack(h)[rows]


def _first_input_skipped(W, C, x, h0):
    h = [h0]
    for t in range(1, len(x)):
        h.append(W @ h[-1] + C @ x[t])
    return np.stack(h)


def _powers_of_entries(W, C, x, h0):
    kicks = x @ C.T
    return np.stack([W**t @ h0 + sum(W ** (t - s) @ kicks[s - 1] for s in range(1, t + 1)) if t else h0 for t in range(len(x) + 1)])  # fmt: skip


def _powers_in_reverse(W, C, x, h0):
    power, kicks = np.linalg.matrix_power, x @ C.T
    return np.stack([power(W, t) @ h0 + sum(power(W, s - 1) @ kicks[s - 1] for s in range(1, t + 1)) for t in range(len(x) + 1)])  # fmt: skip


def _response_cases(rng):
    return [
        Case((rng.normal(size=(H, H)) / np.sqrt(H), rng.normal(size=(H, D)), rng.normal(size=(T, D)), rng.normal(size=H)), ("h",), steps=T)
        for H, D, T in ((4, 2, 7), (3, 3, 5))
    ]  # fmt: skip


def _off_h0(outputs, h0):
    return np.linalg.norm(outputs["h"][0] - h0) / np.linalg.norm(h0)


LINEAR_RESPONSE = Problem(
    name="ps5.linear_response",
    reference=linear_response,
    cases=_response_cases,
    family=_response,
    axes={"h": ("step from 0", "unit")},
    invariants=(
        Invariant("starts at h0", lambda args, outputs: _off_h0(outputs, args[3]), "Row 0 of your h is not h0. It is the state before any step or input: h(0) = h0."),
    ),
    points=2,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("W untransposed", dict(carry=lambda W, h: h @ W), "Your recursion multiplies by Wᵀ. For one state it is W @ h; for rows of states h @ W.T."),
        Mistake("C untransposed", dict(drive=lambda C, x, t: x[t] @ C), "Your input goes through Cᵀ. C x(t) is C @ x[t], or x[t] @ C.T; only D = H lets yours run."),
        Mistake("C left out", dict(drive=lambda C, x, t: x[t] + 0 * C[:, 0]), "Your input is added without C. The recursion adds C x(t), a vector of H entries."),
        Mistake("start at zero", dict(start=lambda h0: 0 * h0), "Your h(0) is zero. The state starts at h0, and W^t h0 is part of every h(t)."),
        Mistake("one array for all steps", lambda *args: np.repeat(_response(*args)[-1:], len(args[2]) + 1, axis=0), "All rows of your h are h(T). Your list holds one and the same array again and again, and the loop changes it in place: make a new one in every step, or append h.copy()."),
        Mistake("state not carried", dict(carry=lambda W, h: 0 * h), "Your h(t) is C x(t) alone. The state before it comes in too: W h(t−1) + C x(t)."),
        Mistake("W left out", dict(carry=lambda W, h: h), "You add the inputs up and never multiply the state by W: h(t) = W h(t−1) + C x(t)."),
        Mistake("input through W too", dict(step=lambda carried, kick, W: carried + W @ kick), "You compute W (h(t−1) + C x(t)). The input of step t meets W only from step t + 1 on: add C x(t) after the product."),
        Mistake("input one step late", dict(drive=lambda C, x, t: C @ x[t - 1] if t else 0 * C[:, 0]), "Your inputs arrive one step late and the last one is never used. x[0] is x(1), the input that makes h(1)."),
        Mistake("one impulse only", dict(drive=lambda C, x, t: C @ x[0] if t == 0 else 0 * C[:, 0]), "You use the first input only. Each step has an input of its own, row t − 1 of x."),
        Mistake("tanh around it", dict(step=lambda carried, kick, W: np.tanh(carried + kick)), "You put a tanh around the step. This recursion is linear: no activation."),
        Mistake("h(0) not returned", dict(rows=slice(1, None)), "Your states start with h(1). Row 0 of the answer is h(0) = h0, so there are T + 1 rows."),
        Mistake("first input skipped", _first_input_skipped, "Your loop starts with x[1], so x[0] never enters and a step is missing. There are T inputs and T + 1 states: h[t] comes from x[t − 1]."),
        Mistake("powers of entries", _powers_of_entries, "W**t raises each entry of W to the power t. W^t is the product W W … W: np.linalg.matrix_power, or one product per step."),
        Mistake("exponents run the wrong way", _powers_in_reverse, "An input at step s has been multiplied by W once for each later step: W^(t−s) C x(s). Your exponent grows with s, so old inputs are treated as new ones."),
    ),
    hints=(
        "One loop over time that carries one vector. What does the state do to itself, and what is added?",
        "The answer has shape (T + 1, H). W @ h and C @ x[t] both have shape (H,).",
        "Start a list with h0; for every row of x append W @ (the last state) plus one more term.",
    ),
)  # fmt: skip


# --- eigen_response --------------------------------------------------------------------------------


def eigen_response(W, h0, steps):
    """W^t h0 = Σ_i a_i λ_i^t v_i for t = 0 … steps, with h0 = Σ_i a_i v_i."""
    return closed_form(W, h0, steps).states


def _eigen(
    W,
    h0,
    steps,
    *,
    decompose=np.linalg.eig,
    coefficients=np.linalg.solve,
    weight=lambda a: a,
    power=lambda values, t: values**t,
    keep=lambda values: np.ones(len(values)),
    first=0,
    finish=np.real,
    rows=slice(None),
):
    values, V = decompose(W)
    values = values.astype(complex)  # so that every power of every λ exists
    a = weight(coefficients(V, h0)) * keep(values)
    t = np.arange(steps + 1)[:, None] + first
    return finish((power(values, t) * a) @ V.T)[rows]


def _by_singular_values(W, h0, steps):
    U, s, Vt = np.linalg.svd(W)
    return (s ** np.arange(steps + 1)[:, None] * (Vt @ h0)) @ U.T


def _largest_only(values):
    return np.isclose(np.abs(values), np.abs(values).max()).astype(float)


def _eigen_cases(rng):
    spectra = (
        [(rng.uniform(0.8, 1.0), rng.uniform(0.7, 1.3)), rng.uniform(0.4, 0.6), rng.uniform(-0.75, -0.6)],
        [(rng.uniform(0.9, 1.05), rng.uniform(1.8, 2.4)), rng.uniform(0.5, 0.7)],
    )
    cases = []
    for blocks, steps in zip(spectra, (6, 8), strict=True):
        W = matrix_with(blocks, rng)
        values, V = np.linalg.eig(W)
        shares = rng.uniform(0.6, 1.2, len(W)) * rng.choice([-1, 1], len(W))  # every mode takes part
        shares = shares * np.where(
            values.imag != 0, np.exp(1j * np.sign(values.imag) * rng.uniform(0.4, 1)), 1
        )
        shares[values.imag < 0] = shares[values.imag > 0].conj()
        cases.append(Case((W, (V @ shares).real, steps), ("h",), steps=steps))
    return cases


def _step_wrong(args, outputs):
    before, after = outputs["h"][:-1] @ args[0].T, outputs["h"][1:]
    return np.linalg.norm(after - before) / max(np.linalg.norm(before), np.linalg.norm(after), 1e-300)


EIGEN_RESPONSE = Problem(
    name="ps5.eigen_response",
    reference=eigen_response,
    cases=_eigen_cases,
    family=_eigen,
    axes={"h": ("step from 0", "unit")},
    invariants=(
        Invariant("starts at h0", lambda args, outputs: _off_h0(outputs, args[1]), "Row 0 of your h is not h0. At t = 0 all λ^t are 1, so the modes must add up to h0: check the coefficients, V a = h0."),
        Invariant("one step is W", _step_wrong, "A row of your h is not W times the row before. If row 0 is right, the powers are not: each mode gains one factor λ a step, with v its eigenvector."),
    ),
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("real part of λ", dict(power=lambda values, t: values.real**t), "You drop the imaginary part of λ before the power. A complex pair keeps its size |λ|^t and turns; only the finished sum Σ a_i λ_i^t v_i is real."),
        Mistake("modulus of λ", dict(power=lambda values, t: np.abs(values) ** t), "You use |λ|^t. The angle of λ is what makes the state oscillate, and the sign of a negative λ alternates: use λ^t itself."),
        Mistake("real part of the coefficients", dict(weight=np.real), "You take the real part of the coefficients a_i. A pair has conjugate coefficients a and ā; keep them complex and take the real part of the sum."),
        Mistake("real part of the eigenvectors", lambda W, h0, steps: ((lambda v, V: (v ** np.arange(steps + 1)[:, None] * np.linalg.solve(V, h0)) @ V.real.T)(*np.linalg.eig(W))).real, "You take the real part of the eigenvectors before the sum. Real part of a product is not product of real parts: sum first."),
        Mistake("Vᵀ for V⁻¹", dict(coefficients=lambda V, h0: V.T @ h0), "Your coefficients are Vᵀ h0. That is V⁻¹ h0 only for orthonormal eigenvectors, a symmetric W; in general solve V a = h0."),
        Mistake("Vᴴ for V⁻¹", dict(coefficients=lambda V, h0: V.conj().T @ h0), "Your coefficients are projections on the eigenvectors, Vᴴ h0. Eigenvectors of this W are not orthogonal: solve V a = h0."),
        Mistake("coefficients V h0", dict(coefficients=lambda V, h0: V @ h0), "Your coefficients are V h0, the map from coefficients to states. You need its inverse: solve V a = h0."),
        Mistake("rows as eigenvectors", dict(decompose=lambda W: (np.linalg.eig(W)[0], np.linalg.eig(W)[1].T)), "You take the rows of V as eigenvectors. np.linalg.eig returns them as columns: v_i is V[:, i]."),
        Mistake("eigh", dict(decompose=np.linalg.eigh), "np.linalg.eigh reads only one triangle and takes W for symmetric. This W is not: use np.linalg.eig."),
        Mistake("singular values", _by_singular_values, "You use singular values. W² = U S Vᵀ U S Vᵀ is not U S² Vᵀ: powers keep eigenvectors, W v = λ v, not singular vectors."),
        Mistake("continuous time", dict(power=lambda values, t: np.exp(values * t)), "e^{λt} solves dh/dt = W h. One step here multiplies by W, so t steps multiply a mode by λ^t."),
        Mistake("λ times t", dict(power=lambda values, t: values * t), "You multiply λ by t. Each step multiplies a mode by λ once more: λ^t."),
        Mistake("one step too many", dict(first=1), "Your first row is W h0. It belongs to t = 0, where every λ^t is 1: row 0 is h0 itself."),
        Mistake("h(0) not returned", dict(rows=slice(1, None)), "Your rows start at t = 1. Row 0 is h0, so there are steps + 1 rows."),
        Mistake("steps rows", dict(rows=slice(None, -1)), "Your last row is t = steps − 1. Asked for are t = 0 … steps, steps + 1 rows."),
        Mistake("largest mode only", dict(keep=_largest_only), "You keep only the mode with the largest |λ|. It wins in the long run; at these t all modes count."),
        Mistake("half of each pair", dict(keep=lambda values: (values.imag >= 0).astype(float)), "You keep one λ of each complex pair. The other one adds the conjugate: twice the real part, not once."),
        Mistake("coefficients left out", dict(weight=np.ones_like), "Your modes all have weight 1. How much of each one h0 holds is a, from V a = h0."),
        Mistake("absolute value at the end", dict(finish=np.abs), "You return the modulus of the sum. That loses every sign; the imaginary parts cancel to rounding, so take .real."),
        Mistake("complex result", dict(finish=lambda h: h), "Your numbers are right but stored as complex, with imaginary parts that are rounding. Return the real part of the finished sum."),
    ),
    hints=(
        "Write h0 as a sum of eigenvectors. What does W do to each of them in one step, in t steps?",
        "values, V = np.linalg.eig(W): the columns of V are the eigenvectors, and V @ a = h0. Everything may be complex until the sum is done.",
        "a = np.linalg.solve(V, h0); row t is the real part of V @ (a times a power of each λ).",
    ),
)  # fmt: skip
