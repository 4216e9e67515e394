"""Problem set 5 on matrices that are not normal: growth before decay."""

import numpy as np

from vgcourse import dynamics
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- transient_growth ------------------------------------------------------------------------------


def transient_growth(A, steps):
    """‖A^k‖₂ for k = 0 … steps, the largest of them, and its k."""
    found = dynamics.transient_growth(A, steps)
    return found.norms, found.peak, found.peak_at


def _growth(
    A,
    steps,
    *,
    power=np.linalg.matrix_power,
    norm=lambda P: np.linalg.norm(P, 2),
    ks=lambda steps: range(steps + 1),
    peak=np.max,
    at=lambda norms: np.argmax(norms),
):
    norms = np.array([norm(power(A, k)) for k in ks(steps)])
    return norms, peak(norms), at(norms)


def _radius(P):
    return np.abs(np.linalg.eigvals(P)).max()


def _growth_cases(rng):
    def not_normal(H, radius, strength):
        above = strength * np.triu(rng.uniform(0.6, 1.4, size=(H, H)), 1)
        A, Q = above + np.diag(radius * rng.uniform(0.8, 1, H)), np.linalg.qr(rng.normal(size=(H, H)))[0]
        return rng.choice([-1, 1]) * Q @ A @ Q.T

    cases = []
    for H, radius, strength, steps in ((3, 0.88, 0.7, 16), (2, 0.92, 3.0, 20)):
        while True:  # one clear peak, neither at k = 1 nor at the end
            A = not_normal(H, radius, strength)
            norms = transient_growth(A, steps)[0]
            last, first = np.sort(norms)[-2:]
            if 3 <= np.argmax(norms) < steps - 3 and first > 1.003 * last and first > 2:
                break
        cases.append(Case((A, steps), ("norms", "peak", "peak_at"), steps=steps))
    for scale in (rng.uniform(0.7, 0.9), rng.uniform(1.05, 1.2)):  # normal: one only falls, one only grows
        normal = scale * np.linalg.qr(rng.normal(size=(3, 3)))[0]
        cases.append(Case((normal, 5), ("norms", "peak", "peak_at"), steps=5))
    return cases


def _start_not_one(args, outputs):
    return abs(outputs["norms"][0] - 1)


def _peak_elsewhere(args, outputs):
    norms, at = outputs["norms"], int(outputs["peak_at"])
    if not 0 <= at < len(norms):
        return 1.0
    return max(abs(outputs["peak"] - norms.max()), abs(norms[at] - norms.max())) / norms.max()


def _below_the_radius(args, outputs):
    """‖A^k‖ ≥ ρ^k for every norm."""
    bound = _radius(args[0]) ** np.arange(len(outputs["norms"]))
    return max(0.0, 1 - (outputs["norms"] / bound).min())


TRANSIENT_GROWTH = Problem(
    name="ps5.transient_growth",
    reference=transient_growth,
    cases=_growth_cases,
    family=_growth,
    invariants=(
        Invariant("starts at 1", _start_not_one, "norms[0] is not 1. A⁰ is the identity, and it stretches nothing."),
        Invariant("peak of the norms", _peak_elsewhere, "Your three results do not fit together: peak has to be the largest of your norms, and norms[peak_at] has to be that one."),
        Invariant("at least ρ^k", _below_the_radius, "Some norm is below ρ^k. An eigenvector grows by |λ|^k, so no ‖A^k‖₂ can be smaller than the largest of these."),
    ),
    axes={"norms": ("step from 0",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("spectral radius", dict(norm=_radius), "You return the spectral radius of A^k, ρ^k. It tells the long run; how far A^k can stretch a vector is its largest singular value, np.linalg.norm(·, 2)."),
        Mistake("Frobenius norm", dict(norm=np.linalg.norm), "np.linalg.norm of a matrix is the Frobenius norm, √(Σ σ²). ‖·‖₂ is the largest σ alone: np.linalg.norm(·, 2)."),
        Mistake("row sums", dict(norm=lambda P: np.linalg.norm(P, np.inf)), "You use the largest row sum, ‖·‖∞. Asked for is ‖·‖₂, the largest singular value."),
        Mistake("column sums", dict(norm=lambda P: np.linalg.norm(P, 1)), "You use the largest column sum, ‖·‖₁. Asked for is ‖·‖₂, the largest singular value."),
        Mistake("largest entry", dict(norm=lambda P: np.abs(P).max()), "You use the largest entry. ‖·‖₂ is the largest singular value."),
        Mistake("norm squared", dict(norm=lambda P: np.linalg.norm(P, 2) ** 2), "Your norms are squared: the eigenvalues of PᵀP are σ². Take the root."),
        Mistake("smallest singular value", dict(norm=lambda P: np.linalg.norm(P, -2)), "You return the smallest singular value. Singular values are sorted with the largest first; growth is the largest."),
        Mistake("powers of the norm", dict(power=lambda A, k: np.linalg.norm(A, 2) ** k * np.eye(1)), "You return ‖A‖^k. That is only a bound: the directions that one step stretches need not be those that come next. Take the norm of the power."),
        Mistake("powers of entries", dict(power=lambda A, k: A**k), "A**k raises each entry to the power k. A^k is the matrix product: np.linalg.matrix_power, or one product per step."),
        Mistake("product of entries", dict(power=lambda A, k: np.diag(np.diag(A) ** k)), "You multiply entry by entry: from the identity, P * A leaves the diagonal alone. A step is the matrix product, P @ A."),
        Mistake("k starts at 1", dict(ks=lambda steps: range(1, steps + 1)), "Your norms start with k = 1. Entry 0 belongs to A⁰ = I, whose norm is 1; without it peak_at is one too small."),
        Mistake("steps norms", dict(ks=lambda steps: range(steps)), "Your last norm is k = steps − 1. Asked for are k = 0 … steps, steps + 1 norms."),
        Mistake("one power too many", dict(ks=lambda steps: range(1, steps + 2)), "Entry k of your norms holds ‖A^(k+1)‖. Entry 0 belongs to A⁰ = I: store the norm before you multiply."),
        Mistake("peak_at counted from 1", dict(at=lambda norms: np.argmax(norms) + 1), "Your peak_at is one too large. norms[k] belongs to A^k, with k = 0 for the identity, so np.argmax is k already."),
        Mistake("last norm as the peak", dict(peak=lambda norms: norms[-1]), "Your peak is the last norm. Asked for is the largest on the way."),
        Mistake("peak of the steps from 1", dict(peak=lambda norms: norms[1:].max(), at=lambda norms: np.argmax(norms[1:]) + 1), "Your peak leaves out k = 0. A matrix that only shrinks has its peak there, ‖A⁰‖ = 1."),
        Mistake("logarithm of the peak", lambda A, steps: _growth(A, steps, peak=lambda norms: np.log(norms.max())), "You return the logarithm of the peak. Asked for is ‖A^k‖₂ itself."),
        Mistake("peak over the start", dict(peak=lambda norms: norms.max() / norms[1]), "You divide the peak by ‖A‖. Asked for is the largest ‖A^k‖₂ itself."),
    ),
    hints=(
        "The norm of a power is not the power of a norm, nor of an eigenvalue. Make the powers one after the other and measure each.",
        "norms has steps + 1 entries and starts with 1, the norm of the identity. ‖·‖₂ is the largest singular value.",
        "P = np.eye(H); in each step append np.linalg.norm(P, 2), then P = A @ P. The peak and its k come from max and argmax.",
    ),
)  # fmt: skip
