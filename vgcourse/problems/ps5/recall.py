"""Problem set 5 on noise: the covariance of a state that is driven by white noise, and what can be read from it."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import matrix_with

# --- recall ----------------------------------------------------------------------------------------


def recall(W, c, lags):
    """S = Σ_k (W^k c)(W^k c)ᵀ, and m_k = (W^k c)ᵀ S⁻¹ W^k c for k = 0 … lags − 1: the share of x_{t−k} that h_t holds."""
    return _recall(W, c, lags)


def _solved(W, B):
    """S = W S Wᵀ + B, all entries at once."""
    H = len(W)
    return np.linalg.solve(np.eye(H * H) - np.kron(W, W), B.ravel()).reshape(H, H)


def _series(W, B, terms):
    S, power = np.zeros_like(B), np.eye(len(W))
    for _ in range(terms):
        S, power = S + power @ B @ power.T, W @ power
    return S


def _recall(
    W,
    c,
    lags,
    *,
    source=lambda c: np.outer(c, c),
    covariance=lambda W, B, lags: _solved(W, B),
    finish=lambda S: S,
    moved=lambda W, k: np.linalg.matrix_power(W, k),
    weigh=lambda g, S: g @ np.linalg.solve(S, g),
    ks=lambda lags: range(lags),
    total=lambda shares: shares,
):
    S = covariance(W, source(c), lags)
    shares = np.array([weigh(moved(W, k) @ c, S) for k in ks(lags)])
    return finish(S), total(shares)


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
            if np.linalg.cond(_solved(W, np.outer(c, c))) < 300:
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


RECALL = Problem(
    name="ps5.recall",
    reference=recall,
    cases=_recall_cases,
    family=_recall,
    axes={"S": ("unit", "unit"), "shares": ("lag from 0",)},
    points=4,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("one step changes nothing", _not_its_own_image, "Your S changes when the recursion makes one more step: W S Wᵀ + c cᵀ is not S. Is every power of W there, in the order in which W meets c?"),
        Invariant("first share of its own S", _not_of_its_own, "Your shares do not fit your own S: the first has to be cᵀS⁻¹c."),
        Invariant("shares between 0 and 1", _beyond_all, "Your shares cannot be shares: each lies between 0 and 1, and all together are at most H."),
    ),
    mistakes=(
        Mistake("the other order", dict(covariance=lambda W, B, lags: _solved(W.T, B)), "Your S is Σ (W^k)ᵀ c cᵀ W^k, the order of (7.11), which sums up the future of a state. Noise that came in k steps ago has been multiplied by W^k from the left."),
        Mistake("c left out of S", dict(source=lambda c: np.eye(len(c))), "Your S is Σ W^k (W^k)ᵀ, as if every unit had a noise of its own. One x_t comes in, along c."),
        Mistake("c entry by entry", dict(source=lambda c: np.diag(c**2)), "Your S starts with c² on the diagonal, as if every unit had a noise of its own. All units hear the same x_t, so the entries off the diagonal are there too."),
        Mistake("first term of S missing", dict(covariance=lambda W, B, lags: _solved(W, B) - B), "Your S leaves out the newest input, c cᵀ."),
        Mistake("first term of S alone", dict(covariance=lambda W, B, lags: B + 1e-9 * np.eye(len(B))), "Your S is c cᵀ, what the newest input alone makes. Older ones are still there.", whole=True),
        Mistake("S of the lags alone", dict(covariance=lambda W, B, lags: _series(W, B, lags)), "Your S stops after as many terms as there are lags. The noise has always been on: all powers count."),
        Mistake("200 terms", dict(covariance=lambda W, B, lags: _series(W, B, 200)), "Your S stops after 200 terms. Where ρ = 0.99, the next one still has 0.99⁴⁰⁰ = 2 % of the size of the first: go on until nothing more comes."),
        Mistake("W untransposed in S", dict(covariance=lambda W, B, lags: np.linalg.solve(np.eye(len(W) ** 2) - np.kron(W, W.T), B.ravel()).reshape(B.shape)), "Your S solves S = W S W + c cᵀ. A covariance is multiplied from the right by Wᵀ."),
        Mistake("powers of the entries", dict(moved=lambda W, k: W**k), "W**k raises each entry of W to the power k. What is left of an input is the matrix power times c."),
        Mistake("correlations", dict(finish=_correlation), "Your S has ones on its diagonal: correlations. Asked for are covariances."),
        Mistake("deviations", dict(finish=lambda S: np.sqrt(np.abs(np.diag(S)))), "You return a spread for every unit. Asked for is the whole covariance, (H, H)."),
        Mistake("S not inverted", dict(weigh=lambda g, S: g @ S @ g), "Your shares use S itself. A direction in which the state is noisy tells less: it counts with S⁻¹."),
        Mistake("S left out of the shares", dict(weigh=lambda g, S: g @ g), "Your shares are squared lengths of W^k c. How much of the input can be told from the rest is decided by S."),
        Mistake("variances alone", dict(weigh=lambda g, S: g @ (g / np.diag(S))), "Your shares divide by the variances and ignore that the units move together: S has entries off its diagonal."),
        Mistake("root of the shares", dict(weigh=lambda g, S: np.sqrt(g @ np.linalg.solve(S, g))), "You return roots, correlations between input and readout. The share of variance is the square."),
        Mistake("squares of the shares", dict(weigh=lambda g, S: (g @ np.linalg.solve(S, g)) ** 2), "Your shares are squared once too often: gᵀS⁻¹g, with g = W^k c, is a share of variance already."),
        Mistake("shares made to add up to 1", dict(total=lambda shares: shares / shares.sum()), "Your shares add up to 1 over the lags asked for. Each is a share of the variance of its own input."),
        Mistake("shares one lag late", dict(ks=lambda lags: range(1, lags + 1)), "Your shares start with lag 1. The first belongs to the newest input, x_t itself."),
        Mistake("one share too many", dict(ks=lambda lags: range(lags + 1)), "Your shares go up to lag `lags`. Asked for are lags 0 … lags − 1."),
        Mistake("up to the lag", dict(total=np.cumsum), "Your shares are added up. Asked for is one for every lag."),
        Mistake("all lags together", dict(total=lambda shares: shares.sum()), "You return one number, the sum. Asked for is one share for every lag."),
        Mistake("W transposed in the shares", dict(moved=lambda W, k: np.linalg.matrix_power(W.T, k)), "In your shares c goes through Wᵀ. k steps forward multiply it by W^k."),
    ),
    hints=(
        "h_t = Σ_k W^k c x_{t−k}. Squares of independent noises add: what does each term add to S?",
        "S does not change if the recursion makes one more step: S = W S Wᵀ + c cᵀ. That can be solved, or summed until nothing more comes.",
        "The best readout of x_{t−k} is vᵀh_t with S v = W^k c. Its share of the variance is (W^k c)·v.",
    ),
)  # fmt: skip
