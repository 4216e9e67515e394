"""Problem set 8 on recurrent nets: rescale the state matrix, for the long run and for the first steps."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- rescale_recurrent -----------------------------------------------------------------------------


def rescale_recurrent(W, radius, growth, steps):
    """W times a positive number so that max |λ| = radius; and W times the largest number with ‖(c W)^k‖₂ ≤ growth, k = 1 … steps.

    c = min_k (growth/‖W^k‖₂)^(1/k). Returns by_radius and by_growth, arrays like W.
    """
    return _rescale(W, radius, growth, steps)


def _radius(W):
    return np.abs(np.linalg.eigvals(W)).max()


def _norm(W):
    return np.linalg.norm(W, 2)


def _factors(W, growth, steps, norm=_norm, root=lambda x, k: x ** (1 / k)):
    power, out = np.eye(len(W)), []
    for k in range(1, steps + 1):
        power = power @ W
        out.append(root(growth / norm(power), k))
    return np.array(out)


def _rescale(
    W,
    radius,
    growth,
    steps,
    *,
    measured=_radius,
    scale=lambda size, measured: size / measured,
    norm=_norm,
    root=lambda x, k: x ** (1 / k),
    length=lambda steps: steps,
    choose=np.min,
    finish=lambda c, W, growth: c,
):
    """rescale_recurrent with exchangeable parts."""
    c = choose(_factors(W, growth, length(steps), norm, root))
    return W * scale(radius, measured(W)), W * finish(c, W, growth)


def _entries(W, radius, growth, steps):
    limits = [(growth / _norm(W**k)) ** (1 / k) for k in range(1, steps + 1)]
    return W * (radius / _radius(W)), W * min(limits)


def largest_growth(W, steps):
    """max ‖W^k‖₂ over k = 1 … steps."""
    return 1 / _factors(W, 1.0, steps, root=lambda x, k: x).min()


def _matrix(rng, blocks, push=1.0):
    """A matrix that is not normal, with these eigenvalues: numbers, and pairs (modulus, angle)."""
    n = sum(2 if isinstance(block, tuple) else 1 for block in blocks)
    D, k = np.zeros((n, n)), 0
    for block in blocks:
        if isinstance(block, tuple):
            rho, angle = block
            c, s = rho * np.cos(angle), rho * np.sin(angle)
            D[k : k + 2, k : k + 2] = [[c, -s], [s, c]]
            k += 2
        else:
            D[k, k] = block
            k += 1
    upper = D + np.triu(push * rng.uniform(0.3, 0.6, size=(n, n)) * rng.choice([-1, 1], size=(n, n)), 2)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return Q @ upper @ Q.T


def _rescale_cases(rng):
    """The limit is reached at a step in the middle, at the first one, at the last one."""
    cases = []
    for blocks, growth, steps in (
        (((rng.uniform(0.9, 1.0), rng.uniform(0.5, 0.8)), 0.9, 0.8, -0.7), rng.uniform(2.6, 3.0), 12),
        ((-rng.uniform(1.6, 1.8), (0.4, rng.uniform(0.9, 1.2)), 0.3), rng.uniform(0.7, 0.8), 9),
        ((rng.uniform(0.8, 0.9), 0.5, -0.4), rng.uniform(5.0, 7.0), 7),
    ):
        W = _matrix(rng, blocks, 2.0 if steps == 12 else 1.0)
        cases.append(
            Case((W, float(rng.uniform(0.8, 0.95)), float(growth), steps), ("by_radius", "by_growth"))
        )
    return cases


def _not_a_multiple(args, out):
    W = args[0]
    return max(relative_error(a, W * ((a * W).sum() / (W**2).sum())) for a in out.values())


def _too_large(args, out):
    return max(0.0, largest_growth(out["by_growth"], args[3]) / args[2] - 1)


def _too_small(args, out):
    return max(0.0, 1 - largest_growth(out["by_growth"], args[3]) / args[2])


RESCALE_RECURRENT = Problem(
    name="ps8.rescale_recurrent",
    reference=rescale_recurrent,
    family=_rescale,
    cases=_rescale_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"by_radius": ("unit", "unit"), "by_growth": ("unit", "unit")},
    invariants=(
        Invariant("a multiple of W", _not_a_multiple, "One of your results is no multiple of W. Rescaling multiplies all of W by one number."),
        Invariant("spectral radius", lambda args, out: abs(_radius(out["by_radius"]) / args[1] - 1), "The largest |λ| of your by_radius is not the radius asked for. Measure it."),
        Invariant("grows too much", _too_large, "Some power of your by_growth, among the first `steps`, is larger than growth. Measure the 2-norms of all of them."),
        Invariant("smaller than it need be", _too_small, "All powers of your by_growth stay below growth: the factor could be larger."),
    ),
    mistakes=(
        Mistake("singular value for the radius", dict(measured=_norm), "Your by_radius uses the largest singular value. What decides over many steps is the largest |λ|, and for a W that is not normal that is smaller."),
        Mistake("largest real part", dict(measured=lambda W: np.linalg.eigvals(W).real.max()), "You divide by the largest real part of λ. Complex and negative eigenvalues count by their modulus."),
        Mistake("largest |real part|", dict(measured=lambda W: np.abs(np.linalg.eigvals(W).real).max()), "You divide by the largest |Re λ|. A complex λ counts by its modulus."),
        Mistake("symmetric eigenvalues", dict(measured=lambda W: np.abs(np.linalg.eigvalsh(W)).max()), "np.linalg.eigvalsh looks at one triangle of W only and takes it for symmetric. This W is not."),
        Mistake("symmetric part", dict(measured=lambda W: np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max()), "You take eigenvalues of (W + Wᵀ)/2. Those of W itself decide over many steps."),
        Mistake("smallest |λ|", dict(measured=lambda W: np.abs(np.linalg.eigvals(W)).min()), "You divide by the smallest |λ|. The spectral radius is the largest."),
        Mistake("mean |λ|", dict(measured=lambda W: np.abs(np.linalg.eigvals(W)).mean()), "You divide by the mean |λ|. The spectral radius is the largest."),
        Mistake("diagonal", dict(measured=lambda W: np.abs(np.diagonal(W)).max()), "You take the diagonal of W for its eigenvalues, which holds for triangular matrices only."),
        Mistake("Frobenius norm for the radius", dict(measured=np.linalg.norm), "You divide by the Frobenius norm. The spectral radius is the largest |λ|."),
        Mistake("radius left out", dict(scale=lambda size, measured: 1 / measured), "You rescale to a spectral radius of 1. Asked for is `radius`."),
        Mistake("upside down", dict(scale=lambda size, measured: measured / size), "Your factor for by_radius is upside down."),
        Mistake("not divided", dict(scale=lambda size, measured: size), "You multiply W by radius. It already has a radius of its own."),
        Mistake("first step only", dict(length=lambda steps: 1), "Your by_growth looks at a single step, the largest singular value. The powers can grow beyond it for a while."),
        Mistake("last step only", dict(choose=lambda c: c[-1]), "Your by_growth looks at the last step alone. The largest power may come before it."),
        Mistake("one step too few", dict(length=lambda steps: max(1, steps - 1)), "Your powers end one step early: `steps` itself belongs to them."),
        Mistake("one step too many", dict(length=lambda steps: steps + 1), "Your powers run one step too far."),
        Mistake("peak divided", dict(root=lambda x, k: x), "You divide growth by the largest power's norm. A factor c on W is c^k on its k-th power, so each step allows another factor."),
        Mistake("root at the peak", dict(choose=lambda c: c, finish=lambda c, W, growth: c[np.argmin(growth / c ** np.arange(1, len(c) + 1) * -1)]), "You take the step at which the powers of W itself are largest. After rescaling the peak may lie at another step."),
        Mistake("largest factor", dict(choose=np.max), "You take the largest of the factors. It fits one step; at some other one the power is above growth."),
        Mistake("mean factor", dict(choose=np.mean), "You take the mean of the factors. All of the steps have to stay below growth."),
        Mistake("Frobenius norm", dict(norm=np.linalg.norm), "You measure the powers by the Frobenius norm, which is larger. Asked for is the 2-norm, the largest singular value."),
        Mistake("eigenvalues of the powers", dict(norm=_radius), "You measure the powers by their largest |λ|. That is the long run; a power can be far larger for a few steps."),
        Mistake("powers of the entries", _entries, "Your powers are those of the entries, as ** makes them. Asked for are powers of the matrix."),
        Mistake("never enlarged", dict(finish=lambda c, W, growth: min(c, 1.0)), "You leave W alone where its powers are smaller than growth. The largest factor is asked for, above 1 too."),
        Mistake("growth of 1", lambda W, radius, growth, steps: _rescale(W, radius, 1.0, steps), "You keep the powers below 1. Asked for is growth."),
    ),
    hints=(
        "If W is multiplied by c, all of its eigenvalues are, and its k-th power by c^k. Measure first, then choose c.",
        "max |λ| decides over many steps. For the first steps each k sets a limit of its own: c^k ‖W^k‖₂ ≤ growth.",
        "Solve that for c, for k = 1 … steps, and take the one that satisfies all of them.",
    ),
)  # fmt: skip
