"""Problem set 8 on recurrent nets: rescale the state matrix."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

# --- rescale_recurrent -----------------------------------------------------------------------------


def rescale_recurrent(W, size):
    """W times a positive number so that max |λ| = size; and so that the largest singular value is size."""
    radius = np.abs(np.linalg.eigvals(W)).max()
    return W * (size / radius), W * (size / np.linalg.norm(W, 2))


def _radius(W):
    return np.abs(np.linalg.eigvals(W)).max()


def _norm(W):
    return np.linalg.norm(W, 2)


def _divide(W, size, measured):
    return W * (size / measured)


def _rescale(W, size, *, radius=_radius, norm=_norm, scale=_divide, norm_scale=None):
    """rescale_recurrent with exchangeable parts."""
    return scale(W, size, radius(W)), (norm_scale or scale)(W, size, norm(W))


def _alone(**switches):
    """A mistake that hides others: as a function of its own it is not combined with them."""
    return lambda W, size: _rescale(W, size, **switches)


def _with_singular_values(change):
    def scaled(W, size, measured):
        u, s, vh = np.linalg.svd(W)
        return u @ np.diag(change(s, size)) @ vh

    return scaled


def _matrix(rng, blocks):
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
    upper = D + np.triu(rng.uniform(0.3, 0.6, size=(n, n)) * rng.choice([-1, 1], size=(n, n)), 2)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return Q @ upper @ Q.T


def _rescale_cases(rng):
    spectra = (
        ((rng.uniform(1.2, 1.4), rng.uniform(1.9, 2.4)), rng.uniform(0.6, 0.8), -0.3, 0.2),
        (-rng.uniform(0.6, 0.7), (0.4, rng.uniform(0.9, 1.2)), 0.3),
        (rng.uniform(0.8, 0.9), 0.5, -0.4),
    )
    sizes = rng.uniform(0.8, 0.95), rng.uniform(1.1, 1.3), rng.uniform(0.5, 0.6)
    pairs = zip(spectra, sizes, strict=True)
    return [Case((_matrix(rng, blocks), float(size)), ("by_radius", "by_norm")) for blocks, size in pairs]


def _not_a_multiple(args, out):
    W = args[0]
    errors = [relative_error(a, W * ((a * W).sum() / (W**2).sum())) for a in out.values()]
    return max(errors)


RESCALE_RECURRENT = Problem(
    name="ps8.rescale_recurrent",
    reference=rescale_recurrent,
    family=_rescale,
    cases=_rescale_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"by_radius": ("unit", "unit"), "by_norm": ("unit", "unit")},
    invariants=(
        Invariant("a multiple of W", _not_a_multiple, "One of your results is no multiple of W. Rescaling multiplies all of W by one number."),
        Invariant("spectral radius", lambda args, out: abs(_radius(out["by_radius"]) / args[1] - 1), "Your by_radius does not have the spectral radius asked for. Measure it: np.abs(np.linalg.eigvals(…)).max()."),
        Invariant("largest singular value", lambda args, out: abs(_norm(out["by_norm"]) / args[1] - 1), "Your by_norm does not have the largest singular value asked for. Measure it: np.linalg.svd(…, compute_uv=False)[0]."),
    ),
    mistakes=(
        Mistake("singular value for the radius", dict(radius=_norm), "Your by_radius uses the largest singular value. What decides over many steps is the largest |λ|, and for a W that is not normal that is smaller."),
        Mistake("eigenvalue for the norm", dict(norm=_radius), "Your by_norm uses the largest |λ|. What one step can do at most is the largest singular value, and that is larger."),
        Mistake("largest real part", dict(radius=lambda W: np.linalg.eigvals(W).real.max()), "You divide by the largest real part of λ. Complex and negative eigenvalues count by their modulus |λ|."),
        Mistake("largest |real part|", dict(radius=lambda W: np.abs(np.linalg.eigvals(W).real).max()), "You divide by the largest |Re λ|. A complex λ counts by its modulus, √(Re² + Im²)."),
        Mistake("symmetric eigenvalues", dict(radius=lambda W: np.abs(np.linalg.eigvalsh(W)).max()), "np.linalg.eigvalsh looks at one triangle of W only and takes it for symmetric. Use np.linalg.eigvals."),
        Mistake("symmetric part", dict(radius=lambda W: np.abs(np.linalg.eigvalsh((W + W.T) / 2)).max()), "You take eigenvalues of (W + Wᵀ)/2. Those of W itself decide over many steps."),
        Mistake("smallest |λ|", dict(radius=lambda W: np.abs(np.linalg.eigvals(W)).min()), "You divide by the smallest |λ|. The spectral radius is the largest."),
        Mistake("mean |λ|", dict(radius=lambda W: np.abs(np.linalg.eigvals(W)).mean()), "You divide by the mean |λ|. The spectral radius is the largest."),
        Mistake("root of the determinant", dict(radius=lambda W: np.abs(np.linalg.det(W)) ** (1 / len(W))), "You divide by the n-th root of |det W|, the geometric mean of all |λ|. The spectral radius is the largest."),
        Mistake("diagonal", dict(radius=lambda W: np.abs(np.diagonal(W)).max()), "You take the diagonal of W for its eigenvalues, which holds for triangular matrices only: np.linalg.eigvals."),
        Mistake("radius by variance", dict(radius=lambda W: W.std() * np.sqrt(len(W))), "You take the standard deviation times √n for the radius. That is theory for large random matrices; this W has eigenvalues of its own."),
        Mistake("Frobenius norm", dict(norm=np.linalg.norm), "You divide by the Frobenius norm, the root of the sum of all squared singular values. Asked for is the largest: np.linalg.norm(W, 2)."),
        Mistake("root missing", dict(norm=lambda W: np.linalg.eigvalsh(W.T @ W).max()), "You divide by the largest eigenvalue of WᵀW, which is the square of the singular value. The root is missing."),
        Mistake("row sums", dict(norm=lambda W: np.linalg.norm(W, np.inf)), "You divide by the largest row sum of |W|, another norm. Asked for is the largest singular value: np.linalg.norm(W, 2)."),
        Mistake("column sums", dict(norm=lambda W: np.linalg.norm(W, 1)), "You divide by the largest column sum of |W|, another norm. Asked for is the largest singular value: np.linalg.norm(W, 2)."),
        Mistake("largest entry", dict(norm=lambda W: np.abs(W).max()), "You divide by the largest entry. Asked for is the largest singular value: np.linalg.norm(W, 2)."),
        Mistake("smallest singular value", dict(norm=lambda W: np.linalg.norm(W, -2)), "You divide by the smallest singular value. svd gives the largest first."),
        Mistake("singular values cut", _alone(norm_scale=_with_singular_values(np.minimum)), "You cut singular values above size and leave the others. Rescaling multiplies all of W by one number, up or down."),
        Mistake("orthogonal", _alone(norm_scale=_with_singular_values(lambda s, size: 0 * s + size)), "You give W equal singular values: it becomes orthogonal, times size. Rescaling multiplies W by one number and keeps their ratios."),
        Mistake("never enlarged", dict(scale=lambda W, size, measured: W * min(1.0, size / measured)), "You leave W alone where it is smaller than size. A net whose memory fades needs the larger factor too: this is no clipping."),
        Mistake("size left out", dict(scale=lambda W, size, measured: W / measured), "You rescale to 1. The new value is size: multiply by it."),
        Mistake("upside down", dict(scale=lambda W, size, measured: W * (measured / size)), "Your factor is upside down: divide W by what you measured and multiply by size."),
        Mistake("not divided", _alone(scale=lambda W, size, measured: W * size), "You multiply W by size. It already has a radius and a norm of its own: divide by what you measure."),
    ),
    hints=(
        "If W is multiplied by a number, all of its eigenvalues and singular values are. Measure first, then choose the number.",
        "max |λ| decides over many steps, the largest singular value is what a single step can do. Only for normal matrices are they equal.",
        "np.abs(np.linalg.eigvals(W)).max() and np.linalg.svd(W, compute_uv=False)[0]; the new value is size both times.",
    ),
)  # fmt: skip
