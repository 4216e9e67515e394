"""Problem set 8 on the optimiser's step: Adam that does not forget how large a gradient can be."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- amsgrad_step ----------------------------------------------------------------------------------


def amsgrad_step(w, g, m, v, largest, n, learning_rate, betas, eps):
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², V ← max(V, v), w ← w − α m̂/(√V̂ + ε) (Reddi et al. 2018).

    m̂ = m/(1 − β₁ⁿ) and V̂ = V/(1 − β₂ⁿ); n is the number of this step, the first is 1. Returns w, m, v and V,
    the last three without the correction.
    """
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    largest = np.maximum(largest, v)
    step = m / (1 - beta1**n) / (np.sqrt(largest / (1 - beta2**n)) + eps)
    return w - learning_rate * step, m, v, largest


def _ams(
    w,
    g,
    m,
    v,
    largest,
    n,
    learning_rate,
    betas,
    eps,
    *,
    square=lambda g, m: g**2,
    exchange=False,
    weight=lambda beta: 1 - beta,
    start=lambda beta, n: 1 - beta**n,
    start1=None,
    start2=None,
    old=False,
    keep=lambda V, v: np.maximum(V, v),
    below=lambda V, v: V,
    root=lambda V, eps: np.sqrt(V) + eps,
    sign=-1,
    forget=False,
    corrected=False,
):
    """amsgrad_step with exchangeable parts; `start` is the correction's denominator, of both means."""
    beta1, beta2 = betas[::-1] if exchange else betas
    new_m = beta1 * m + weight(beta1) * g
    new_v = beta2 * v + weight(beta2) * square(g, new_m)
    new_V = keep(largest, new_v)
    m_hat = (m if old else new_m) / (start1 or start)(beta1, n)
    V_hat = below(new_V, new_v) / (start2 or start)(beta2, n)
    moved = w + sign * learning_rate * m_hat / root(V_hat, eps)
    new_v = new_V.copy() if forget else new_v
    return (moved, m_hat, new_v / start(beta2, n), V_hat) if corrected else (moved, new_m, new_v, new_V)


def _ams_cases(rng):
    """Some entries have seen larger gradients than now, some not; one never had any."""
    cases = []
    for shape, n in (((4, 3), 3), ((3, 3), 2), ((2, 4), 6)):
        w, g, m = (rng.normal(size=shape) for _ in range(3))
        v = rng.uniform(0.02, 0.1, size=shape)
        factor = rng.choice([1.0, 8.0], size=shape)
        factor.flat[:4] = 1.0, 8.0, 1.0, 8.0
        largest = v * factor
        v.flat[2] = m.flat[2] = largest.flat[2] = 0.0
        betas = float(rng.uniform(0.75, 0.85)), float(rng.uniform(0.9, 0.95))
        rate, eps = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.05, 0.1))
        cases.append(Case((w, g, 0.2 * m, v, largest, n, rate, betas, eps), ("w", "m", "v", "largest")))
    return cases


def _two_gradients(args, out):
    """The gradient that m has taken in is the one that v has."""
    m, v, (beta1, beta2) = args[2], args[3], args[7]
    g = (out["m"] - beta1 * m) / (1 - beta1)
    return relative_error((out["v"] - beta2 * v) / (1 - beta2), g**2)


def _fell(args, out):
    largest = args[4]
    return float(np.max(np.maximum(largest - out["largest"], 0) / np.maximum(largest, 1e-12)))


def _one(*args):
    return 1.0


AMSGRAD_STEP = Problem(
    name="ps8.amsgrad_step",
    reference=amsgrad_step,
    family=_ams,
    cases=_ams_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={name: ("row", "column") for name in ("w", "m", "v", "largest")},
    invariants=(
        Invariant("one gradient in both means", _two_gradients, "Your m and v have not taken in the same gradient, or not with the weights 1 − β₁ and 1 − β₂."),
        Invariant("never falls", _fell, "Somewhere your largest is below the one that came in. A maximum over time never falls."),
    ),
    mistakes=(
        Mistake("Adam", dict(below=lambda V, v: v), "You divide by the mean square of now: that is Adam's step. The largest one is kept and not used."),
        Mistake("largest not renewed", dict(keep=lambda V, v: V.copy()), "Your largest stays what it was. Where v is above it, it grows."),
        Mistake("largest is v", dict(keep=lambda V, v: v.copy()), "Your largest is v itself, so it forgets. A maximum over time never falls."),
        Mistake("largest of all entries", dict(keep=lambda V, v: np.full_like(v, max(V.max(), v.max()))), "You take one maximum over all entries. Each weight has a largest of its own."),
        Mistake("smallest", dict(keep=lambda V, v: np.minimum(V, v)), "Your largest holds the smaller of the two."),
        Mistake("sum", dict(keep=lambda V, v: V + v), "Your largest adds v up. The larger of the two is kept."),
        Mistake("maximum of g²", lambda w, g, m, v, V, n, a, betas, eps: _ams(w, g, m, v, V, n, a, betas, eps, keep=lambda V, v: np.maximum(V, g**2)), "Your largest compares with g². It is the running mean v whose largest value is kept."),
        Mistake("v overwritten", dict(forget=True), "You hand on the largest in place of v. The mean v goes on by itself and falls again."),
        Mistake("largest of the corrected v", lambda w, g, m, v, V, n, a, betas, eps: _ams(w, g, m, v, V, n, a, betas, eps, keep=lambda V, x: np.maximum(V, x / (1 - betas[1] ** n)), start2=_one), "You compare the corrected v with largest. Here the maximum is taken of v as it is, and what was kept is corrected afterwards."),
        Mistake("no correction", dict(start=_one), "Neither of your means is corrected for its start at 0, so both are too small in the first steps."),
        Mistake("m not corrected", dict(start1=_one), "Your m is not corrected for its start at 0."),
        Mistake("largest not corrected", dict(start2=_one), "What you divide by is not corrected for its start at 0, as in Reddi's own paper. Here both means are corrected."),
        Mistake("correction outside the root", dict(start2=lambda beta, n: (1 - beta**n) ** 2), "Your correction of V stands outside the root. It corrects V itself, before the root is taken."),
        Mistake("n from 0", dict(start=lambda beta, n: 1 - beta ** (n - 1)), "Your correction uses n − 1. The first step has n = 1."),
        Mistake("n + 1", dict(start=lambda beta, n: 1 - beta ** (n + 1)), "Your correction uses n + 1. n already counts this step."),
        Mistake("power missing", dict(start=lambda beta, n: 1 - beta), "Your correction divides by 1 − β whatever the step. It fades with time."),
        Mistake("β·n for βⁿ", dict(start=lambda beta, n: 1 - beta * n), "You multiply β by n. It is a power."),
        Mistake("ε inside the root", dict(root=lambda V, eps: np.sqrt(V + eps)), "Your ε is inside the root, where it counts as √ε."),
        Mistake("ε missing", dict(root=lambda V, eps: np.sqrt(V)), "Your ε is missing: a weight that never had a gradient would divide 0 by 0."),
        Mistake("root missing", dict(root=lambda V, eps: V + eps), "You divide by the mean square without its root, so the step depends on the gradient's scale."),
        Mistake("β₁ and β₂ exchanged", dict(exchange=True), "Your β₁ and β₂ are exchanged: the first belongs to m."),
        Mistake("1 − β missing", dict(weight=_one), "Your means have lost their 1 − β: they are sums."),
        Mistake("v without the square", dict(square=lambda g, m: np.abs(g)), "Your v collects |g|. It is a mean of squares."),
        Mistake("squares of m", dict(square=lambda g, m: m**2), "Your v collects squares of m. It is a mean of the gradient's own squares."),
        Mistake("old m", dict(old=True), "You move with m from before this step, so this gradient comes one step late."),
        Mistake("uphill", dict(sign=1), "Your weights move up the gradient."),
        Mistake("corrected means returned", dict(corrected=True), "You return the corrected means. The next step goes on from those without correction, or it is applied over and over."),
    ),
    hints=(
        "Adam with one more memory. Which of the four numbers that go out is Adam's own, and which one is new?",
        "Renew m and v as Adam does, then let V be the larger of V and v, entry by entry. Correct m and V for the move only.",
        "The step is α (m/(1 − β₁ⁿ)) over (√(V/(1 − β₂ⁿ)) + ε), and m, v, V go out as they are.",
    ),
)  # fmt: skip
