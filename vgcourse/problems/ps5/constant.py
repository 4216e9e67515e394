"""Problem set 5 on linear recursions: a constant input, by modes."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

# --- constant_response -----------------------------------------------------------------------------


def constant_response(W, u, ts):
    """h_t of h_t = W h_{t−1} + u from h_0 = 0 by modes: u = Σ a_i v_i gives Σ a_i (1 − λ_i^t)/(1 − λ_i) v_i, t for λ_i = 1."""
    values, V = np.linalg.eig(W)
    values = values.astype(complex)  # eig returns real ones where it can
    a, t = np.linalg.solve(V, u), np.asarray(ts)[:, None]
    one = values == 1
    below = np.where(one, 1, 1 - values)
    sums = np.where(one, t, (1 - values**t) / below)
    return np.real((a * sums) @ V.T)


def _nudged(by):
    """λ = 1 moved a little, so that nothing is divided by 0."""
    return Mistake(
        f"λ = 1 nudged by {by:g}",
        edit("one = ", f"values = np.where(values == 1, 1 - {by}, values)\n    one = "),
        f"You move λ = 1 by {by:g}. Such a mode forgets within {1 / by:.0e} steps or so; one with λ = 1 never does, and t = 10⁷ shows it.",
    )


def _by_pseudoinverse(W, u, ts):
    eye = np.eye(len(W))
    grown = [eye - np.linalg.matrix_power(W, int(t)) for t in ts]
    return np.array([np.linalg.pinv(eye - W) @ G @ u for G in grown])


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
    slow = 1 - 2.0**-17  # forgets within a million steps; apart from the mode with λ = 1
    kept = np.diag([1.0, rng.choice([0.5, 0.25]), -1.0, 0.0, slow])  # all of them to the last bit
    kept[0, 1:4], kept[1, 2] = rng.choice([-1, 1], 3) * rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1)
    if rng.random() < 0.5:
        kept = kept[::-1, ::-1].copy()
    cases = []
    for W, ts, name in (
        (four, range(8), "h"),
        (four, [10_000_000, 9_999_999], "h (t = 10⁷)"),  # apart: it would hide an error of 1
        (growing, range(10), "h"),
        (kept, range(8), "h (λ = 1)"),
        (kept, [10_000_000, 9_999_999], "h (λ = 1, t = 10⁷)"),
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
    axes={"h": ("time from 0", "unit"), "h (λ = 1)": ("time from 0", "unit")},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("starts at 0", _not_zero_at_first, "Your h_0 is not 0. Before the first step there is nothing: the sum of no terms."),
        Invariant("u after one step", _not_u_after_one, "Your h_1 is not u. After one step the input has come in once and has met no W yet."),
    ),
    mistakes=(
        Mistake("free response", edit("(1 - values**t) / below", "values**t", "one, t", "one, 1"), "Your modes are a λ^t, as if u were a start that is left alone. Here u comes in again at every step, so the powers add up.", whole=True, beside_the_point=True),
        Mistake("one term too many", edit("values**t", "values ** (t + 1)", "one, t", "one, t + 1"), "Your sums have one term too many: at t = 0 nothing has come in yet."),
        Mistake("one term too many, but for λ = 1", edit("values**t", "values ** (t + 1)"), "Your sums have one term too many, but for λ = 1: the t terms end with λ^(t−1), so what is left at the end is λ^t."),
        Mistake("λ to the power t − 1", edit("values**t", "values ** (t - 1)"), "You take λ to the power t − 1, also at t = 0. The t terms end with λ^(t−1); in the short form of their sum it is λ^t."),
        Mistake("one term too few, but for λ = 1", edit("values**t", "values ** np.maximum(t - 1, 0)"), "Your sums have one term too few, but for λ = 1: after t steps u has come in t times."),
        Mistake("free response, but for λ = 1", edit("(1 - values**t) / below", "values**t"), "Your modes are a λ^t, as if u were a start that is left alone. Here u comes in again at every step, so the powers add up.", whole=True, beside_the_point=True),
        Mistake("denominator left out", edit(" / below", ""), "Your modes are a (1 − λ^t): the denominator is missing. Multiply the sum of the powers by 1 − λ and see what is left."),
        Mistake("1 + λ below", edit("1 - values)", "1 + values)"), "Your denominator is 1 + λ. Multiply the sum of the powers by 1 − λ: all but the first and the last cancel."),
        Mistake("λ^t not divided", edit("(1 - values**t) / below", "1 / below - values**t"), "You take 1/(1 − λ) − λ^t. What is still missing at time t has the same denominator."),
        Mistake("t times λ", edit("(1 - values**t) / below", "t * values"), "You multiply λ by t. The t inputs have gone through W a different number of times: 0, 1, 2, …."),
        Mistake("one term too few", edit("values**t", "values ** np.maximum(t - 1, 0)", "one, t", "one, np.maximum(t - 1, 0)"), "Your sums have one term too few: after t steps u has come in t times."),
        Mistake("|λ| = 1 for λ = 1", edit("values == 1", "np.abs(values) == 1"), "You give every mode with |λ| = 1 the weight t. Only λ = 1 piles up; at −1 the terms cancel in pairs."),
        Mistake("input through W first", edit("(1 - values**t)", "values * (1 - values**t)"), "Your inputs meet W in the step in which they come in, so every mode is multiplied by λ once too often."),
        Mistake("λ = 1 divided by zero", edit("one, t", "one, np.nan"), "At λ = 1 you divide 0 by 0. There every one of the t terms is 1."),
        Mistake("exponential of logarithms", edit("values**t", "np.exp(t * np.log(values))"), "Your powers go through ln λ, which does not exist for λ = 0. Such a mode is gone after one step: λ⁰ is 1, all other powers are 0."),
        Mistake("λ = 1 counted once", edit("one, t", "one, 1"), "Your mode with λ = 1 stays at its share of u. Nothing of it is forgotten, so every step adds the share again."),
        Mistake("λ = 1 one term too many", edit("one, t", "one, t + 1"), "Your mode with λ = 1 has t + 1 terms. At t = 0 nothing has come in yet: there are t."),
        Mistake("λ = 1 one term too few", edit("one, t", "one, np.maximum(t - 1, 0)"), "Your mode with λ = 1 has t − 1 terms. The first comes in at step 1, so after t steps there are t."),
        Mistake("λ = 1 from 1 on", edit("one, t", "one, np.maximum(t, 1)"), "Your mode with λ = 1 has a term at t = 0 already. Nothing has come in yet: there its sum is 0."),
        *(_nudged(by) for by in (1e-6, 1e-8, 1e-9, 1e-10)),
        Mistake("λ = 1 left out", edit("one, t", "one, 0"), "Your mode with λ = 1 stays at 0, as a tiny number added to 1 − λ makes it. Nothing of it is forgotten: it grows by its share at every step."),
        Mistake("resting place", edit("(1 - values**t) / below", "1 / below + 0 * t"), "Your modes are at rest from the beginning, a/(1 − λ). That is where they end if |λ| < 1; at time t the part λ^t is still missing."),
        Mistake("sign of the sum", edit("1 - values**t", "values**t - 1"), "Your sums have the wrong sign: numerator and denominator are turned round one without the other."),
        Mistake("signs turned", edit("return np.real(", "return -np.real("), "All of your h has the opposite sign."),
        Mistake("weights of the modes", edit(" @ V.T", ""), "You return the weights of the modes. h_t is the sum of the eigenvectors with these weights."),
        Mistake("eigenvectors as rows", edit("V.T", "V"), "You add up rows of the matrix of eigenvectors. np.linalg.eig puts eigenvector i into column i."),
        Mistake("transposed for inverse", edit("np.linalg.solve(V, u)", "V.T @ u"), "You take a = Vᵀu. That holds for orthogonal eigenvectors only; in general a solves V a = u."),
        Mistake("conjugate transposed for inverse", edit("np.linalg.solve(V, u)", "V.conj().T @ u"), "You take a = Vᴴu. That holds for orthogonal eigenvectors only; in general a solves V a = u."),
        Mistake("V for its inverse", edit("np.linalg.solve(V, u)", "V @ u"), "You take a = V u. V makes u out of a, so a solves V a = u."),
        Mistake("u for its coefficients", edit("np.linalg.solve(V, u)", "u"), "You take the entries of u as the weights of the modes. How much of each mode u holds is a, from V a = u."),
        Mistake("real parts of the coefficients", edit("solve(V, u)", "solve(V, u).real"), "You drop the imaginary parts of a. Take the real part of the finished sum."),
        Mistake("real parts of the eigenvectors", edit("V.T", "V.T.real"), "You drop the imaginary parts of the eigenvectors, or of their weights. Take the real part of the finished sum."),
        Mistake("coefficients left out", edit("np.linalg.solve(V, u)", "np.ones(len(u))"), "Your modes all have weight 1. How much of each one u holds is a, from V a = u."),
        Mistake("symmetric eigenvalues", edit("eig(W)", "eigh(W)"), "np.linalg.eigh takes W for symmetric. It is not: use np.linalg.eig."),
        Mistake("pseudoinverse of I − W", _by_pseudoinverse, "You put np.linalg.pinv in the place of (I − W)⁻¹. Where an eigenvalue is 1 there is no inverse, and what piles up is lost."),
        Mistake("places for times", edit("np.asarray(ts)", "np.arange(len(ts))"), "Your rows are those of t = 0, 1, 2, …, whatever ts holds. Row k belongs to time ts[k]."),
        Mistake("W transposed", edit("eig(W)", "eig(W.T)"), "Your modes are those of Wᵀ: the same eigenvalues, other eigenvectors."),
        Mistake("real parts of λ", edit("one = ", "values = values.real\n    one = "), "You drop the imaginary parts of λ before the powers are taken. Take the real part of the finished sum."),
        Mistake("moduli of λ", edit("one = ", "values = np.abs(values)\n    one = "), "You use |λ| for λ. A mode that turns or flips its sign does not pile up: its powers cancel."),
        Mistake("largest mode only", edit("a * ", "a * np.isclose(np.abs(values), np.abs(values).max()) * "), "You keep only the modes with the largest |λ|. With a constant input all of them last."),
        Mistake("half of each pair", edit("a * ", "a * (values.imag >= 0) * "), "You keep one λ of each complex pair, or halve both. The other one adds the conjugate: twice the real part, not once."),
        Mistake("absolute value at the end", edit("np.real(", "np.abs("), "You return the modulus of the sum. That loses every sign."),
        Mistake("λ near 1 counted as 1", edit("values == 1", "np.isclose(values, 1)"), "You take a λ a little below 1 for 1. Such a mode forgets, if slowly: after ten million steps it has come to rest, while one with λ = 1 has gone on rising."),
        Mistake("|1 − λ| below", edit("1 - values)", "np.abs(1 - values))"), "You divide by |1 − λ|. For a pair 1 − λ is complex, and its angle counts."),
        Mistake("|λ|^t", edit("values**t", "np.abs(values) ** t"), "You take |λ|^t for λ^t. That loses every sign and every turn."),
        Mistake("(1 − λ)^t", edit("1 - values**t", "(1 - values) ** t"), "You raise 1 − λ to the power t. The power belongs to λ alone: 1 − λ^t."),
        Mistake("t (t + 1)/2 for λ = 1", edit("one, t,", "one, t * (t + 1) / 2,"), "Your mode with λ = 1 grows like t²: you add up 1 + 2 + … + t. Each step adds the same share: t times it."),
        Mistake("rest and λ^t", edit("(1 - values**t) / below", "1 / below + values**t"), "You add λ^t to the resting place. At time 0 nothing has come in: what is still missing, λ^t/(1 − λ), is taken away."),
        Mistake("λ = 1 as the square of t", edit("one, t,", "one, t**2,"), "Your mode with λ = 1 grows like t². Each step adds the same share: t times it."),
        Mistake("λ above", edit("(1 - values**t) / below", "values * (1 - values ** np.maximum(t - 1, 0)) / below"), "Your sums are λ + … + λ^(t−1): the newest input, λ⁰ = 1, is missing."),
        Mistake("times added up", edit("(a * sums) @ V.T", "np.cumsum(a * sums, axis=0) @ V.T"), "Your rows are added up over ts. Each row is h at its own time."),
        Mistake("other eigenvectors' scale", edit("(a * sums) @ V.T", "(a * sums / a.sum()) @ V.T"), "You divide by the sum of the coefficients. u = Σ a_i v_i holds as it is."),
        Mistake("u added once more", edit("return np.real((a * sums) @ V.T)", "return np.real((a * sums) @ V.T) + u"), "You add u at the end. It is in the sum already, as λ⁰."),
        Mistake("pairs twice", edit("a * sums", "np.where(values.imag != 0, 2, 1) * a * sums"), "You double the modes of a pair, and both are there. Either one of them twice, or each once."),
        Mistake("pairs left out", edit("a * sums", "(values.imag == 0) * a * sums"), "Complex pairs are missing in your sum. They take part as the real modes do; their imaginary parts cancel."),
        Mistake("λ = −1 as 0", edit("(1 - values**t) / below", "np.where(np.isclose(values, -1), 0, (1 - values**t) / below)"), "Your mode with λ = −1 stays at 0. Its powers cancel in pairs: after an odd number of steps one is left."),
    ),
    hints=(
        "Write u as a sum of eigenvectors. What is in mode i after one step, after two, after three?",
        "1 + λ + λ² + … + λ^(t−1), t terms. The sum has a short form, but for one value of λ.",
        "Multiply the sum by 1 − λ: all powers but the first and the last cancel. Where that means dividing by 0, count the terms instead. Imaginary parts cancel only in the finished sum over all modes.",
    ),
)  # fmt: skip
