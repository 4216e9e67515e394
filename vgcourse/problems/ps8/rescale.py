"""Problem set 8 on recurrent nets: rescale the state matrix, for the long run and for the first steps."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- rescale_recurrent -----------------------------------------------------------------------------


def rescale_recurrent(W, radius, growth, steps):
    """W times a positive number so that max |λ| = radius; and W times the largest number with ‖(c W)^k‖₂ ≤ growth, k = 1 … steps.

    c = min_k (growth/‖W^k‖₂)^(1/k). Returns by_radius and by_growth, arrays like W.
    """
    rho = np.abs(np.linalg.eigvals(W)).max()
    powers = [np.linalg.matrix_power(W, k) for k in range(1, steps + 1)]
    sizes = [np.linalg.norm(P, 2) for P in powers]
    limits = [(growth / size) ** (1 / k) for k, size in enumerate(sizes, start=1)]
    return W * (radius / rho), W * min(limits)


def largest_growth(W, steps):
    """max ‖W^k‖₂ over k = 1 … steps."""
    return max(np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(1, steps + 1))


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
        ((rng.uniform(0.8, 0.9), 0.5, -0.4), rng.uniform(5.0, 7.0), 24),  # the last power sets the limit
        ((rng.uniform(0.8, 0.9), 0.5, -0.4), rng.uniform(1.2, 1.6), 2),  # and two alone
        (((rng.uniform(0.9, 1.0), rng.uniform(0.5, 0.8)), 0.9, 0.8, -0.7), rng.uniform(1.7, 2.0), 11),
    ):
        W = _matrix(rng, blocks, 2.0 if steps > 9 else 1.0)
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


def _another_radius(args, out):
    return abs(np.abs(np.linalg.eigvals(out["by_radius"])).max() / args[1] - 1)


RESCALE_RECURRENT = Problem(
    name="ps8.rescale_recurrent",
    reference=rescale_recurrent,
    cases=_rescale_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={"by_radius": ("unit", "unit"), "by_growth": ("unit", "unit")},
    invariants=(
        Invariant("a multiple of W", _not_a_multiple, "One of your results is no multiple of W. Rescaling multiplies all of W by one number."),
        Invariant("spectral radius", _another_radius, "The largest |λ| of your by_radius is not the radius asked for. Measure it."),
        Invariant("grows too much", _too_large, "For some W a power of your by_growth, among the first `steps`, is larger than growth. Measure the 2-norms of all of them."),
        Invariant("smaller than it need be", _too_small, "For some W all powers of your by_growth stay below growth: there the factor could be larger."),
    ),
    mistakes=(
        Mistake("singular value for the radius", edit("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)"), "Your by_radius uses the largest singular value. What decides over many steps is the largest |λ|, and for a W that is not normal that is smaller."),
        Mistake("largest real part", edit("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.eigvals(W).real.max()"), "You divide by the largest real part of λ. Complex and negative eigenvalues count by their modulus."),
        Mistake("largest |real part|", edit("eigvals(W)", "eigvals(W).real"), "You divide by the largest |Re λ|. A complex λ counts by its modulus."),
        Mistake("symmetric eigenvalues", edit("eigvals(W)", "eigvalsh(W)"), "np.linalg.eigvalsh looks at one triangle of W only and takes it for symmetric. This W is not."),
        Mistake("symmetric part", edit("eigvals(W)", "eigvalsh((W + W.T) / 2)"), "You take eigenvalues of (W + Wᵀ)/2. Those of W itself decide over many steps."),
        Mistake("smallest |λ|", edit("max()", "min()"), "You divide by the smallest |λ|. The spectral radius is the largest."),
        Mistake("mean |λ|", edit("max()", "mean()"), "You divide by the mean |λ|. The spectral radius is the largest."),
        Mistake("determinant", edit("np.abs(np.linalg.eigvals(W)).max()", "np.abs(np.linalg.det(W)) ** (1 / len(W))"), "You divide by a root of the determinant, the mean of the |λ| in the sense of a product. The spectral radius is the largest."),
        Mistake("trace", edit("np.abs(np.linalg.eigvals(W)).max()", "np.abs(np.trace(W)) / len(W)"), "You divide by the mean of the diagonal. The spectral radius is the largest |λ|."),
        Mistake("sum of the |λ|", edit("max()", "sum()"), "You divide by the sum of all |λ|. The spectral radius is the largest."),
        Mistake("radius as a power of the norm", edit("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(np.linalg.matrix_power(W, 2), 2) ** 0.5"), "You estimate the spectral radius as the root of ‖W²‖. That comes near for high powers only; take the largest |λ|."),
        Mistake("1-norm for the radius", edit("np.abs(np.linalg.eigvals(W)).max()", "np.abs(W).sum(axis=0).max()"), "You divide by the largest column sum. The spectral radius is the largest |λ|."),
        Mistake("first eigenvalue", edit(".max()", "[0]"), "You take the first eigenvalue that NumPy returns. They come in no order; the largest |λ| counts."),
        Mistake("diagonal", edit("np.linalg.eigvals(W)", "np.diagonal(W)"), "You take the diagonal of W for its eigenvalues, which holds for triangular matrices only."),
        Mistake("Frobenius norm for the radius", edit("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W)"), "You divide by the Frobenius norm. The spectral radius is the largest |λ|."),
        Mistake("radius left out", edit("radius / rho", "1 / rho"), "You rescale to a spectral radius of 1. Asked for is `radius`."),
        Mistake("radius squared", edit("/ rho", "/ rho**2"), "You divide by the square of the largest |λ|. If W is multiplied by c, its eigenvalues are, too."),
        Mistake("upside down", edit("radius / rho", "rho / radius"), "Your factor for by_radius is upside down."),
        Mistake("not divided", edit(" / rho", ""), "You multiply W by radius. It already has a radius of its own."),
        Mistake("first step only", edit("steps + 1", "2"), "Your by_growth has the largest singular value times the factor equal to growth, the limit of the first step. Every other power sets a limit of its own.", beside_the_point=True),
        Mistake("last step only", edit("min(limits)", "limits[-1]"), "Your by_growth looks at the last step alone. The largest power may come before it."),
        Mistake("one step too few", edit("steps + 1", "steps"), "Your powers end one step early: `steps` itself belongs to them."),
        Mistake("one step too many", edit("steps + 1", "steps + 2"), "Your powers run one step too far."),
        Mistake("peak divided", edit(" ** (1 / k)", ""), "You divide growth by the largest power's norm. A factor c on W is c^k on its k-th power, so each step allows another factor."),
        Mistake("root of growth only", edit("(growth / size) ** (1 / k)", "growth ** (1 / k) / size"), "You take the root of growth alone. It belongs to the norm of the power too."),
        Mistake("root one too high", edit("1 / k", "1 / (k + 1)"), "Your roots are one too high: the k-th power has k factors."),
        Mistake("root one too low", edit("1 / k", "1 / max(k - 1, 1)"), "From the second power on your roots are one too low: the k-th power has k factors.", alone=True),
        Mistake("power one too high", edit("(W, k)", "(W, k + 1)"), "Your powers are one ahead of their roots: W itself has the root 1.", alone=True),
        Mistake("power one too low", edit("(W, k)", "(W, k - 1)"), "Your powers are one behind their roots: W itself has the root 1.", alone=True),
        Mistake("powers of the norm", edit("np.linalg.norm(P, 2) for P in powers", "np.linalg.norm(W, 2) ** k for k in range(1, steps + 1)"), "You take powers of the norm in place of norms of the powers, which are smaller or as large."),
        Mistake("growth shared out", edit("growth / size", "growth / steps / size"), "You share growth out among the steps. Each power may be as large as the whole of it."),
        Mistake("factor on by_radius", edit("W * min", "W * (radius / rho) * min"), "You multiply by_radius by the factor that belongs to W. Each result is a multiple of W."),
        Mistake("by_radius, cut further", edit("(W, k)", "(W * (radius / rho), k)", "W * min(limits)", "W * (radius / rho) * min(1.0, *limits)"), "Your by_growth begins with by_radius and is never enlarged from there. It is the largest multiple of W that is asked for, and that may be larger than by_radius."),
        Mistake("powers of by_radius", edit("(W, k)", "(W * (radius / rho), k)"), "Your factor belongs to by_radius: you measured its powers, and multiplied W."),
        Mistake("first power left out", edit("min(limits)", "min(limits[1:])"), "Your powers begin with the second. W itself, k = 1, belongs to them."),
        Mistake("first and last power", edit("min(limits)", "min(limits[0], limits[-1])"), "You look at the first and the last power only. The largest may lie between them."),
        Mistake("twelve powers", edit("min(limits)", "min(limits[:12])"), "You look at twelve powers at most, however many steps are asked for. A later one may set the limit.", alone=True),
        Mistake("ten powers", edit("min(limits)", "min(limits[:10])"), "You look at ten powers at most, however many steps are asked for. A later one may set the limit.", alone=True),
        Mistake("two powers", edit("min(limits)", "min(limits[:2])"), "You look at W and its square alone. A later power may set the limit.", alone=True),
        Mistake("powers doubled", edit("min(limits)", "min(limits[k - 1] for k in (1, 2, 4, 8, 16) if k <= steps)"), "You square again and again: powers 1, 2, 4, 8, … Those between them, and the last, set limits as well.", alone=True),
        Mistake("first power above growth", edit("min(limits)", "next((limit for limit in limits if limit < 1), 1.0)"), "You stop at the first power that is above growth, and leave W alone where none is. A later one may ask for a smaller factor, and where none is above, the factor may be larger than 1."),
        Mistake("root at the peak", edit("min(limits)", "limits[np.argmax(sizes)]"), "You take the step at which the powers of W itself are largest. After rescaling the peak may lie at another step."),
        Mistake("last root of the peak", edit("min(limits)", "(growth / max(sizes)) ** (1 / steps)"), "You take the norm of the largest power and the root that belongs to the last. Norm and root belong to the same k."),
        Mistake("largest factor", edit("min(limits)", "max(limits)"), "You take the largest of the factors. It fits one step; at some other one the power is above growth."),
        Mistake("geometric mean", edit("min(limits)", "np.exp(np.mean(np.log(limits)))"), "You take a mean of the factors. All of the steps have to stay below growth."),
        Mistake("median factor", edit("min(limits)", "np.median(limits)"), "You take the median of the factors. All of the steps have to stay below growth."),
        Mistake("mean factor", edit("min(limits)", "np.mean(limits)"), "You take the mean of the factors. All of the steps have to stay below growth."),
        Mistake("Frobenius norm", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P)"), "You measure the powers by the Frobenius norm, which is larger. Asked for is the 2-norm, the largest singular value."),
        Mistake("square of the 2-norm", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, 2) ** 2"), "You measure the powers by the largest eigenvalue of PᵀP, the square of the 2-norm."),
        Mistake("1-norm", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, 1)"), "You measure the powers by the 1-norm, the largest column sum. Asked for is the 2-norm, the largest singular value."),
        Mistake("∞-norm", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, np.inf)"), "You measure the powers by the ∞-norm, the largest row sum. Asked for is the 2-norm, the largest singular value."),
        Mistake("eigenvalues of the powers", edit("np.linalg.norm(P, 2)", "np.abs(np.linalg.eigvals(P)).max()"), "You measure the powers by their largest |λ|. That is the long run; a power can be far larger for a few steps."),
        Mistake("powers of the entries", edit("np.linalg.matrix_power(W, k)", "W**k"), "Your powers are those of the entries, as ** makes them. Asked for are powers of the matrix."),
        Mistake("never enlarged", edit("min(limits)", "min(1.0, *limits)"), "You leave W alone where its powers are smaller than growth. The largest factor is asked for, above 1 too."),
        Mistake("by_growth as it came", edit("W * min(limits)", "W.copy()"), "Your by_growth is W as it came."),
        Mistake("growth for the factor", edit("W * min(limits)", "W * growth"), "You multiply W by growth. The powers of W already have norms of their own.", alone=True),
        Mistake("by_radius as it came", edit("W * (radius / rho)", "W.copy()"), "Your by_radius is W as it came."),
        Mistake("the same twice", edit("W * min(limits)", "W * (radius / rho)"), "Your by_growth is by_radius once more. The norms of powers decide here, not the eigenvalues.", beside_the_point=True),
        Mistake("growth of 1", edit("growth / size", "1 / size"), "You keep the powers below 1. Asked for is growth."),
        Mistake("growth divided by the radius", edit("growth / size", "growth / rho / size"), "You divide growth by the spectral radius as well. c^k ‖W^k‖ ≤ growth, and nothing else.", alone=True),
        Mistake("radius to the power of the steps", edit("W * min(limits)", "W * growth ** (1 / steps) / rho"), "You take the root of growth over the spectral radius: that is the limit of the long run. A power can be far larger for a few steps: measure them.", alone=True),
        Mistake("growth over the first norm", edit("W * min(limits)", "W * (growth ** (1 / steps) / sizes[0])"), "You take the steps-th root of growth over ‖W‖, so that even ‖c W‖ to the power of the steps stays below growth. The powers themselves are smaller, and the factor may be larger.", alone=True),
        Mistake("square of growth", edit("growth / size", "growth**2 / size"), "You square growth. Norms are compared with growth itself.", alone=True),
    ),
    hints=(
        "If W is multiplied by c, all of its eigenvalues are, and its k-th power by c^k. Measure first, then choose c.",
        "max |λ| decides over many steps. For the first steps each k sets a limit of its own: c^k ‖W^k‖₂ ≤ growth.",
        "Solve that for c, for k = 1 … steps, and take the one that satisfies all of them.",
    ),
)  # fmt: skip
