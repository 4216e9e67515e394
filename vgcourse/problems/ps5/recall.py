"""Problem set 5 on noise: the covariance of a state that is driven by white noise, and what can be read from it."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

# --- recall ----------------------------------------------------------------------------------------


def stationary(W, B):
    """S = W S Wᵀ + B, all entries at once."""
    H = len(W)
    return np.linalg.solve(np.eye(H * H) - np.kron(W, W), B.ravel()).reshape(H, H)


def recall(W, c, lags):
    """S = Σ_k (W^k c)(W^k c)ᵀ, and m_k = (W^k c)ᵀ S⁻¹ W^k c for k = 0 … lags − 1: the share of x_{t−k} that h_t holds."""
    B = np.outer(c, c)
    S = stationary(W, B)
    shares = []
    for k in range(lags):
        g = np.linalg.matrix_power(W, k) @ c
        shares.append(g @ np.linalg.solve(S, g))
    return S, np.array(shares)


def _series(W, B, terms):
    S, power = np.zeros_like(B), np.eye(len(W))
    for _ in range(terms):
        S, power = S + power @ B @ power.T, W @ power
    return S


def _correlation(S):
    size = np.sqrt(np.diag(S))
    return S / np.outer(size, size)


def _recall_cases(rng):
    spectra = (
        ([(rng.uniform(0.8, 0.9), rng.uniform(1.0, 1.5)), rng.uniform(0.5, 0.7)], 6),
        ([rng.uniform(0.75, 0.85), -rng.uniform(0.6, 0.7), rng.uniform(0.1, 0.3), -0.9], 5),
        ([rng.uniform(0.6, 0.9)], 4),
        ([0.99, -rng.uniform(0.4, 0.6)], 3),  # 200 terms are too few
    )
    cases = []
    for blocks, lags in spectra:
        for _ in range(500):  # a covariance that float32 can still invert
            W, c = (
                matrix_with(blocks, rng),
                rng.normal(size=len(matrix_with(blocks, np.random.default_rng(0)))),
            )
            if np.linalg.cond(stationary(W, np.outer(c, c))) < 300:
                break
        cases.append(Case((W, c, lags), ("S", "shares")))
    return cases  # fmt: skip


def _not_its_own_image(args, outputs):
    W, c, _ = args
    S = outputs["S"]
    return np.linalg.norm(W @ S @ W.T + np.outer(c, c) - S) / np.linalg.norm(S)


def _not_of_its_own(args, outputs):
    """m_0 = cᵀ S⁻¹ c with the S that came."""
    S, c = outputs["S"], args[1]
    try:
        own = c @ np.linalg.solve(S, c)
    except np.linalg.LinAlgError:
        return 0.0
    return abs(outputs["shares"][0] - own) / max(abs(own), 1e-300)


def _beyond_all(args, outputs):
    shares = outputs["shares"]
    return max(0.0, float(np.sum(shares)) - len(args[0]), float(-np.min(shares)), float(np.max(shares) - 1))


def _finite(args, outputs):
    """1 if S is what some number of terms add up to, so that what one more step adds is one more term."""
    W, c, _ = args
    S, g = outputs["S"], c
    missing = W @ S @ W.T + np.outer(c, c) - S
    size = np.linalg.norm(missing)
    if size > 1e-4 * np.linalg.norm(S):
        for _ in range(2000):
            g = W @ g
            if np.linalg.norm(np.outer(g, g) - missing) < 1e-4 * size:
                return 1.0
    return 0.0


def _stopped(terms):
    left = f"{100 * 0.99 ** (2 * terms):.2g} %"
    return Mistake(
        f"{terms} terms",
        edit("stationary(W, B)", f"_series(W, B, {terms})"),
        f"Your S stops after {terms} terms. Where ρ = 0.99, the next one still has {left} of the size of the first: go on until nothing more comes.",
    )


RECALL = Problem(
    name="ps5.recall",
    reference=recall,
    cases=_recall_cases,
    helpers=(stationary,),
    axes={"S": ("unit", "unit"), "shares": ("lag from 0",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    flow=("S", "shares"),
    invariants=(
        Invariant("a finite number of terms", _finite, "Your S stops after a number of terms: what one more step would add to it is just one more. Go on until nothing more comes."),
        Invariant("one step changes nothing", _not_its_own_image, "Your S changes when the recursion makes one more step: W S Wᵀ + c cᵀ is not S. Is every power of W there, in the order in which W meets c?"),
        Invariant("first share of its own S", _not_of_its_own, "Your shares do not fit your own S: the first has to be cᵀS⁻¹c."),
        Invariant("shares between 0 and 1", _beyond_all, "Your shares cannot be shares: each lies between 0 and 1, and all together are at most H."),
    ),
    mistakes=(
        Mistake("the other order", edit("stationary(W, B)", "stationary(W.T, B)"), "Your S is Σ (W^k)ᵀ c cᵀ W^k, the order of (7.11), which sums up the future of a state. Noise that came in k steps ago has been multiplied by W^k from the left."),
        Mistake("c left out of S", edit("np.outer(c, c)", "np.eye(len(c))"), "Your S is Σ W^k (W^k)ᵀ, as if every unit had a noise of its own. One x_t comes in, along c."),
        Mistake("c entry by entry", edit("np.outer(c, c)", "np.diag(c**2)"), "Your S starts with c² on the diagonal, as if every unit had a noise of its own. All units hear the same x_t, so the entries off the diagonal are there too."),
        Mistake("first term of S missing", edit("stationary(W, B)", "stationary(W, B) - B"), "Your S leaves out the newest input, c cᵀ."),
        Mistake("first term of S alone", edit("stationary(W, B)", "B + 1e-9 * np.eye(len(B))"), "Your S is c cᵀ, what the newest input alone makes. Older ones are still there.", whole=True),
        Mistake("S of the lags alone", edit("stationary(W, B)", "_series(W, B, lags)"), "Your S stops after as many terms as there are lags. The noise has always been on: all powers count."),
        *(_stopped(terms) for terms in (10, 20, 30, 50, 100, 200, 300, 500)),
        Mistake("W untransposed in S", edit("np.kron(W, W)", "np.kron(W, W.T)", within=stationary), "Your S solves S = W S W + c cᵀ. A covariance is multiplied from the right by Wᵀ."),
        Mistake("sign of W S Wᵀ", edit("- np.kron", "+ np.kron", within=stationary), "Your S solves S = −W S Wᵀ + c cᵀ. Bring W S Wᵀ to the other side with its sign."),
        Mistake("continuous time", edit("np.eye(H * H) - np.kron(W, W)", "-np.kron(W, np.eye(H)) - np.kron(np.eye(H), W)", within=stationary), "Your S solves W S + S Wᵀ + c cᵀ = 0, the equation of continuous time. A step multiplies: S = W S Wᵀ + c cᵀ."),
        Mistake("inverse of S returned", edit("return S", "return np.linalg.inv(S)"), "Your S is the inverse of the covariance. It belongs into the shares; returned is S itself."),
        Mistake("powers of the entries from lag 1 on", edit("np.linalg.matrix_power(W, k)", "(W**k if k else np.eye(len(W)))"), "W**k raises each entry of W to the power k. What is left of an input is the matrix power times c."),
        Mistake("powers of the entries", edit("np.linalg.matrix_power(W, k)", "W**k"), "W**k raises each entry of W to the power k. What is left of an input is the matrix power times c."),
        Mistake("correlations", edit("return S", "return _correlation(S)"), "Your S has ones on its diagonal: correlations. Asked for are covariances."),
        Mistake("deviations", edit("return S", "return np.sqrt(np.abs(np.diag(S)))"), "You return a spread for every unit. Asked for is the whole covariance, (H, H)."),
        Mistake("S not inverted", edit("np.linalg.solve(S, g)", "S @ g"), "Your shares use S itself. A direction in which the state is noisy tells less: it counts with S⁻¹."),
        Mistake("S left out of the shares", edit("np.linalg.solve(S, g)", "g"), "Your shares are squared lengths of W^k c. How much of the input can be told from the rest is decided by S."),
        Mistake("one factor not aged", edit("g @ np.linalg.solve(S, g)", "c @ np.linalg.solve(S, g)"), "Your shares are cᵀS⁻¹W^k c: W^k stands there once. What is left of x_{t−k} is W^k c on both sides."),
        Mistake("best unit", edit("g @ np.linalg.solve(S, g)", "(g**2 / np.diag(S)).max()"), "Your shares are those of the best single unit. A readout may use all units together."),
        Mistake("what is lost", edit("g @ np.linalg.solve(S, g)", "1 - g @ np.linalg.solve(S, g)"), "Your shares are 1 − m_k, the part that the readout gets wrong. Asked for is what it gets right."),
        Mistake("divided by H", edit("g @ np.linalg.solve(S, g)", "g @ np.linalg.solve(S, g) / len(g)"), "Your shares are divided by H. Each is a share of one input; over all lags they add up to H."),
        Mistake("divided by the length", edit("g @ np.linalg.solve(S, g)", "g @ np.linalg.solve(S, g) / (g @ g)"), "You divide by the squared length of W^k c. How much of an input is left is a part of the share."),
        Mistake("variances alone", edit("np.linalg.solve(S, g)", "(g / np.diag(S))"), "Your shares divide by the variances and ignore that the units move together: S has entries off its diagonal."),
        Mistake("one over the entries", edit("np.linalg.solve(S, g)", "(1 / S) @ g"), "Your shares take one over each entry of S. S⁻¹ is the inverse matrix."),
        Mistake("root of the shares", edit("g @ np.linalg.solve(S, g)", "np.sqrt(g @ np.linalg.solve(S, g))"), "You return roots, correlations between input and readout. The share of variance is the square."),
        Mistake("squares of the shares", edit("g @ np.linalg.solve(S, g)", "(g @ np.linalg.solve(S, g)) ** 2"), "Your shares are squared once too often: gᵀS⁻¹g, with g = W^k c, is a share of variance already."),
        Mistake("shares made to add up to 1", edit("np.array(shares)", "np.array(shares) / np.sum(shares)"), "Your shares add up to 1 over the lags asked for. Each is a share of the variance of its own input."),
        Mistake("shares one lag late", edit("range(lags)", "range(1, lags + 1)"), "Your shares start with lag 1. The first belongs to the newest input, x_t itself."),
        Mistake("oldest lag first", edit("np.array(shares)", "np.array(shares)[::-1]"), "Your shares start with the oldest lag. Asked for is m_0 first."),
        Mistake("one share too many", edit("range(lags)", "range(lags + 1)"), "Your shares go up to lag `lags`. Asked for are lags 0 … lags − 1."),
        Mistake("up to the lag", edit("np.array(shares)", "np.cumsum(shares)"), "Your shares are added up. Asked for is one for every lag."),
        Mistake("all lags together", edit("np.array(shares)", "np.sum(shares)"), "You return one number, the sum. Asked for is one share for every lag."),
        Mistake("W transposed in the shares", edit("matrix_power(W, k)", "matrix_power(W.T, k)"), "In your shares c goes through Wᵀ. k steps forward multiply it by W^k."),
        Mistake("length of c for its square", edit("np.outer(c, c)", "(c @ c) * np.eye(len(c))"), "Your S starts with c·c on the diagonal, one number. c cᵀ is a matrix, np.outer: all units hear the same x_t, along c."),
        Mistake("c cᵀ twice", edit("stationary(W, B)", "stationary(W, B) + B"), "Your S holds the newest input, c cᵀ, twice. It comes in once; S = W S Wᵀ + c cᵀ."),
        Mistake("one step later", edit("stationary(W, B)", "W @ stationary(W, B)"), "Your S is W S, the covariance of a state with the one before. Asked for is that of the state with itself."),
        Mistake("W S returned", edit("return S", "return W @ S"), "Your S is W S, the covariance of a state with the one before. Asked for is that of the state with itself."),
        Mistake("all inputs alike", edit("stationary(W, B)", "(lambda g: np.outer(g, g) + 1e-9 * np.eye(len(g)))(np.linalg.solve(np.eye(len(W)) - W, c))"), "Your S is the square of Σ W^k c, as if all inputs were the same number. They are independent: squares add, not sums.", whole=True),
        Mistake("S doubled", edit("return S", "return 2 * S"), "Your S is twice what it should be."),
        Mistake("roots of the entries", edit("return S", "return np.sqrt(np.abs(S))"), "Your S holds roots of its entries. Asked for are covariances."),
        Mistake("variances alone returned", edit("return S", "return np.diag(np.diag(S))"), "Your S has zeros off the diagonal. The units hear the same x_t and each other: their covariances are there too."),
        Mistake("S without age", edit("stationary(W, B)", "stationary(W**2, B)"), "Your S squares the entries of W. A step multiplies the covariance by W from the left and by Wᵀ from the right."),
        Mistake("share of the whole variance", edit("g @ np.linalg.solve(S, g)", "g @ g / np.trace(S)"), "Your shares are |W^k c|² over the trace of S: how much of the state's variance comes from x_{t−k}. Asked for is how much of x_{t−k} can be read from the state."),
        Mistake("mean unit", edit("g @ np.linalg.solve(S, g)", "(g**2 / np.diag(S)).mean()"), "Your shares are a mean over single units. A readout may use all units together, and they move together: S⁻¹."),
        Mistake("first unit", edit("g @ np.linalg.solve(S, g)", "g[0] ** 2 / S[0, 0]"), "Your shares are those of the first unit. A readout may use all units together."),
        Mistake("entries of S⁻¹ c", edit("g @ np.linalg.solve(S, g)", "np.sum(np.linalg.solve(S, g))"), "Your shares add up the entries of the readout S⁻¹W^k c. The share is its product with W^k c."),
        Mistake("length of the readout", edit("g @ np.linalg.solve(S, g)", "np.sum(np.linalg.solve(S, g) ** 2)"), "Your shares are the squared length of the readout S⁻¹W^k c. The share is its product with W^k c."),
        Mistake("lag doubled", edit("matrix_power(W, k)", "matrix_power(W, 2 * k)"), "Your shares are those of lag 2k. W^k stands on both sides already, once on each."),
        Mistake("lag counted from 1 back", edit("matrix_power(W, k)", "matrix_power(W, max(k - 1, 0))"), "Your shares have one power of W too few from lag 1 on. x_{t−k} has gone through W k times."),
        Mistake("lag 0 as 1", edit("shares.append(", "shares.append(1.0 if k == 0 else "), "Your share of the newest input is set to 1. Older inputs blur it too: m_0 = cᵀS⁻¹c, below 1 in general."),
        Mistake("share of the rest", edit("np.array(shares)", "np.array(shares) / shares[0]"), "Your shares are divided by the first. m_0 is a share as well, and not 1 in general."),
        Mistake("odds", edit("np.array(shares)", "np.array(shares) / (1 - np.array(shares))"), "You return m/(1 − m). Asked for is the share itself."),
        Mistake("S of one step", edit("stationary(W, B)", "B + W @ B @ W.T"), "Your S holds the two newest inputs alone. All older ones are still there.", whole=True),
        Mistake("inverse of a Gram sum", edit("np.linalg.solve(S, g)", "np.linalg.solve(S + np.eye(len(g)), g)"), "You add the identity to S before you invert it. The readout is fitted without a penalty, and nothing else is noisy."),
        Mistake("powers of the eigenvalues alone", edit("np.linalg.matrix_power(W, k) @ c", "np.max(np.abs(np.linalg.eigvals(W))) ** k * c"), "You age c by ρ^k. W^k turns and mixes it as well."),
    ),
    hints=(
        "h_t = Σ_k W^k c x_{t−k}. Squares of independent noises add: what does each term add to S?",
        "S does not change if the recursion makes one more step: S = W S Wᵀ + c cᵀ. That can be solved, or summed until nothing more comes.",
        "The best readout of x_{t−k} is vᵀh_t with S v = W^k c. Its share of the variance is (W^k c)·v.",
    ),
)  # fmt: skip
