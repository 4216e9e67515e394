"""Problem set 5 on matrices that are not normal: growth before decay, and the start that grows most."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- growth_start ----------------------------------------------------------------------------------


def growth_start(A, steps):
    """‖A^k‖₂ for k = 1 … steps, the k of the largest, and the unit vector that A^k stretches by it."""
    ks = range(1, steps + 1)
    powers = [np.linalg.matrix_power(A, k) for k in ks]
    norms = [np.linalg.norm(P, 2) for P in powers]
    best = np.argmax(norms)
    start = np.linalg.svd(powers[best])[2][0]
    return np.array(norms), ks[best], start


def _up_to_sign(output, args):
    """A direction and its opposite are the same answer: the largest entry is made positive."""
    if not isinstance(output, (tuple, list)) or len(output) != 3:
        return output
    norms, at, start = output
    try:
        v = np.asarray(start, dtype=None if isinstance(start, np.ndarray) else float)
        v = v * np.sign(v.flat[np.argmax(np.abs(v))]) if v.size and np.isfinite(v).all() and v.any() else v
    except (TypeError, ValueError):
        v = start
    return norms, at, v


def _radius(P):
    return np.abs(np.linalg.eigvals(P)).max()


def _eigenvector(P):
    values, V = np.linalg.eig(P)
    return V[:, np.argmax(np.abs(values))].real


def _not_normal(H, radius, strength, rng):
    above = strength * np.triu(rng.uniform(0.6, 1.4, size=(H, H)), 1)
    A, Q = above + np.diag(radius * rng.uniform(0.8, 1, H)), np.linalg.qr(rng.normal(size=(H, H)))[0]
    return rng.choice([-1, 1]) * Q @ A @ Q.T


def _clear(v):
    """Is one entry clearly the largest, so that rounding does not choose the sign?"""
    last, first = np.sort(np.abs(v))[-2:]
    return first > 1.1 * last


def _growth_cases(rng):
    cases, names = [], ("norms", "peak_at", "start")
    for H, radius, strength, steps in ((3, 0.88, 0.7, 16), (2, 0.92, 3.0, 20)):
        while True:  # one clear peak, neither at k = 1 nor at the end
            A = _not_normal(H, radius, strength, rng)
            norms, at, v = growth_start(A, steps)
            last, first = np.sort(norms)[-2:]
            clear = all(map(_clear, (v, np.linalg.svd(np.linalg.matrix_power(A, at))[0][:, 0])))
            if 3 <= at < steps - 3 and first > 1.003 * last and first > 2 and clear:
                break
        cases.append(Case((A, steps), names, steps=steps))
    while True:  # a sign that flips: the norms go up and down, and the last peak is the highest
        above, radius = rng.uniform(2, 4), rng.uniform(1.02, 1.04)
        Q = np.linalg.qr(rng.normal(size=(2, 2)))[0]
        A = Q @ np.array([[radius, above], [0, -0.97 * radius]]) @ Q.T
        _, at, v = growth_start(A, 12)
        if at == 11 and _clear(v) and _clear(np.linalg.svd(np.linalg.matrix_power(A, at))[0][:, 0]):
            break
    cases.append(Case((A, 12), names, steps=12))
    for falls in (True, False):  # one only falls; one, symmetric, only grows
        scale = rng.uniform(1.05, 1.2)
        while True:
            Q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
            A = _not_normal(3, 0.6, 0.15, rng) if falls else (Q * [-scale, 0.5 * scale, 0.2]) @ Q.T
            U, sizes, Vt = np.linalg.svd(A)
            clear = _clear(U[:, 0]) and _clear(Vt[0]) and sizes[1] < 0.9 * sizes[0]
            if clear and (sizes[0] < 0.95) == falls:
                break
        cases.append(Case((A, 5), names, steps=5))
    return cases


def _not_of_length_one(args, outputs):
    return abs(np.linalg.norm(outputs["start"]) - 1)


def _grows_less(args, outputs):
    """Does the start, brought to length 1, grow by the largest norm at the right k?"""
    A, steps = args
    norms, at, _ = growth_start(A, steps)
    v = outputs["start"] / max(np.linalg.norm(outputs["start"]), 1e-300)
    return 1 - np.linalg.norm(np.linalg.matrix_power(A, int(at)) @ v) / norms.max()


def _nearly(args, outputs):
    """1 for a start that is another than the best and loses less than what `_grows_less` would tell."""
    best, v = growth_start(*args)[2], outputs["start"]
    apart = min(np.linalg.norm(v - best), np.linalg.norm(v + best))
    return float(
        apart > 1e-4 and _not_of_length_one(args, outputs) < 1e-6 and _grows_less(args, outputs) < 1e-3
    )


def _peak_elsewhere(args, outputs):
    norms, at = outputs["norms"], int(outputs["peak_at"])
    return float(not 1 <= at <= len(norms) or norms[at - 1] < norms.max() * (1 - 1e-6))


def _below_the_radius(args, outputs):
    """‖A^k‖ ≥ ρ^k for every norm."""
    bound = _radius(args[0]) ** np.arange(1, len(outputs["norms"]) + 1)
    return max(0.0, 1 - (outputs["norms"] / bound).min())


GROWTH_START = Problem(
    name="ps5.growth_start",
    reference=growth_start,
    cases=_growth_cases,
    adapt=_up_to_sign,
    axes={"norms": ("step",), "start": ("unit",)},
    invariants=(
        Invariant("a start of length 1", _not_of_length_one, "Your start does not have length 1."),
        Invariant("grows by the largest norm", _grows_less, "Some start of yours does not grow as much as another would: take it through A^k with the k of the largest norm, and measure its length."),
        Invariant("nearly the start", _nearly, "Your start grows almost as much as the best one, but it is another. The singular value decomposition of A^k gives it to the last digit."),
        Invariant("peak of the norms", _peak_elsewhere, "Your peak_at does not fit your norms: the largest of them has to be that of A^peak_at, and the first is that of A¹."),
        Invariant("at least ρ^k", _below_the_radius, "Some norm is below ρ^k. An eigenvector grows by |λ|^k, so no ‖A^k‖₂ can be smaller than the largest of these."),
    ),
    points=3,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("spectral radius", edit("np.linalg.norm(P, 2)", "_radius(P)"), "You take the spectral radius of A^k, ρ^k. It tells the long run; how far A^k can stretch a vector is its largest singular value.", whole=True, beside_the_point=True),
        Mistake("Frobenius norm", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P)"), "np.linalg.norm of a matrix is the Frobenius norm, √(Σ σ²). ‖·‖₂ is the largest σ alone."),
        Mistake("row sums", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, np.inf)"), "You use the largest row sum, ‖·‖∞. Asked for is ‖·‖₂, the largest singular value."),
        Mistake("column sums", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, 1)"), "You use the largest column sum, ‖·‖₁. Asked for is ‖·‖₂, the largest singular value."),
        Mistake("largest entry", edit("np.linalg.norm(P, 2)", "np.abs(P).max()"), "You use the largest entry. ‖·‖₂ is the largest singular value."),
        Mistake("sum of the singular values", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, 'nuc')"), "Your norms are sums of all singular values. ‖·‖₂ is the largest one alone."),
        Mistake("smallest singular value", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, -2)"), "Your norms are the smallest singular values. ‖·‖₂ is the largest.", whole=True),
        Mistake("growth per step", edit("np.array(norms)", "norms / np.array([1.0, *norms[:-1]])"), "Your norms are divided by the one before: growth per step. Asked for is ‖A^k‖ from the beginning."),
        Mistake("norm squared", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, 2) ** 2"), "Your norms are squared: the eigenvalues of PᵀP are σ². Take the root."),
        Mistake("powers of the norm", edit("np.linalg.norm(P, 2) for P in powers", "np.linalg.norm(A, 2) ** k for k in ks"), "You take ‖A‖^k for ‖A^k‖. That is only a bound: the directions that one step stretches need not be those that come next.", beside_the_point=True),
        Mistake("powers of entries", edit("np.linalg.matrix_power(A, k)", "A**k"), "A**k raises each entry to the power k. A^k is the matrix product."),
        Mistake("k starts at 0", edit("range(1, steps + 1)", "range(steps + 1)"), "Your norms start with k = 0, the identity. Asked for are k = 1 … steps.", whole=True),
        Mistake("one norm too few", edit("range(1, steps + 1)", "range(1, steps)"), "Your last norm is k = steps − 1. Asked for are k = 1 … steps.", whole=True),
        Mistake("norm of the identity in front", edit("np.array(norms)", "np.array([1.0, *norms])"), "Your norms start with k = 0, the identity. Asked for are k = 1 … steps."),
        Mistake("last norm not returned", edit("np.array(norms)", "np.array(norms[:-1])"), "Your norms end with k = steps − 1. Asked for are k = 1 … steps."),
        Mistake("one power late", edit("range(1, steps + 1)", "range(2, steps + 2)"), "Your norms begin with A². The first belongs to A¹.", whole=True),
        Mistake("one power late, counted from 1", edit("range(1, steps + 1)", "range(2, steps + 2)", "ks[best]", "best + 1"), "Your powers begin with A², while you count them from 1. The first belongs to A¹.", whole=True),
        Mistake("peak and power counted from 0", edit("ks[best]", "best", "powers[best]", "np.linalg.matrix_power(A, best)"), "Your peak_at counts places of the list from 0, and your start is that of the power with this number. The list starts with A¹: both are one too small."),
        Mistake("place before in the list", edit("ks[best]", "best", "powers[best]", "powers[best - 1]"), "Your peak_at counts places of the list from 0, and your start belongs to the place before that, or to the last for the first. Place 0 holds A¹."),
        Mistake("identity to steps − 1", edit("range(1, steps + 1)", "range(steps)"), "Your norms are those of k = 0 … steps − 1. The first belongs to A¹.", whole=True),
        Mistake("identity to steps − 1, counted from 1", edit("range(1, steps + 1)", "range(steps)", "ks[best]", "best + 1"), "Your list begins with the identity, k = 0, while you count it from 1. The first belongs to A¹.", whole=True),
        Mistake("smallest norm", edit("argmax", "argmin"), "Your peak_at is the k of the smallest norm, and your start belongs to it. Asked for is the largest.", whole=True),
        Mistake("fastest step", edit("np.argmax(norms)", "np.argmax(np.diff([1.0, *norms]))"), "Your peak_at is the k at which the norm rises most in one step. Asked for is the k of the largest norm."),
        Mistake("last k", edit("np.argmax(norms)", "len(norms) - 1"), "Your peak_at is the last k, and your start belongs to it. Asked for is the k of the largest norm.", whole=True),
        Mistake("peak_at: the last k", edit("ks[best]", "steps"), "Your peak_at is the last k. Asked for is the k of the largest norm."),
        Mistake("never the last k", edit("np.argmax(norms)", "np.argmax(norms[:-1])"), "Your peak_at is never the last k. Where the norms still rise at the end, the last one is the largest."),
        Mistake("no peak without growth", edit("ks[best]", "(ks[best] if max(norms) > 1 else 0)", "np.linalg.svd(powers[best])[2][0]", "(np.linalg.svd(powers[best])[2][0] if max(norms) > 1 else np.eye(len(A))[0])"), "Where no norm is above 1, your peak_at is 0, as if k = 0 took part. Asked for is the largest of k = 1 … steps, also where all of them are below 1.", whole=True),
        Mistake("no peak without growth, start right", edit("ks[best]", "(ks[best] if max(norms) > 1 else 0)"), "Where no norm is above 1, your peak_at is 0, as if k = 0 took part. Asked for is the largest of k = 1 … steps, also where all of them are below 1."),
        Mistake("height for its k", edit("ks[best]", "norms[best]"), "Your peak_at is the largest norm itself. Asked for is the k at which it is reached."),
        Mistake("peak_at counted from 0", edit("ks[best]", "best"), "Your peak_at is one too small: it is the place in the list, and the list starts with A¹."),
        Mistake("end of the stretch", edit("[2][0]", "[0][:, 0]"), "Your start is what comes out of A^k, the left singular vector. The start is what goes in."),
        Mistake("row of the left ones", edit("[2][0]", "[0][0]"), "Your start is a row of the first result of np.linalg.svd, U. Its columns are what comes out of A^k; what goes in are the rows of the third, Vᵀ."),
        Mistake("column for row", edit("[2][0]", "[2][:, 0]"), "Your start is a column of the third result of np.linalg.svd. That result is Vᵀ: its rows are the singular vectors."),
        Mistake("start that shrinks", edit("[2][0]", "[2][-1]"), "Your start is the one that A^k stretches least. Singular values are sorted with the largest first."),
        Mistake("eigenvector", edit("np.linalg.svd(", "_eigenvector(", "[2][0]", ""), "Your start is an eigenvector. It follows λ^k from the beginning: what grows first is a mixture of eigenvectors that cancel at the beginning."),
        Mistake("start of a single step", edit("powers[best]", "A"), "Your start is the one that a single step stretches most. Asked for is the one that has grown most at peak_at."),
        Mistake("start of the power before", edit("powers[best]", "np.linalg.matrix_power(A, ks[best] - 1)"), "Your start is the one that grows most in peak_at − 1 steps. Which power is at that place of your list?"),
        Mistake("start of the place before", edit("powers[best]", "powers[best - 1]"), "Your start is the one that grows most in peak_at − 1 steps; for peak_at = 1 it belongs to the last power. Which power is at which place of your list?"),
        Mistake("start of the power after", edit("powers[best]", "np.linalg.matrix_power(A, min(ks[best] + 1, steps))"), "Your start is the one that grows most in peak_at + 1 steps. Which power is at that place of your list?"),
        Mistake("unit with the longest column", edit("np.linalg.svd(powers[best])[2][0]", "np.eye(len(A))[np.argmax(np.linalg.norm(powers[best], axis=0))]"), "Your start is a single unit, the one with the longest column. A mixture of units grows more."),
        Mistake("start of the last step", edit("powers[best]", "np.linalg.matrix_power(A, steps)"), "Your start is the one that has grown most after all steps. Asked for is the one that has grown most at peak_at."),
        Mistake("start times its growth", edit("[2][0]", "[2][0] * norms[best]"), "Your start has the length of the growth. It is to have length 1."),
        Mistake("spectral radius, eigenvector of A", edit("np.linalg.norm(P, 2)", "_radius(P)", "np.linalg.svd(powers[best])[2][0]", "_eigenvector(A)"), "Your answer follows the slowest eigenvector: ρ^k, its peak and its direction. How far A^k can stretch a vector is its largest singular value, and the start is the vector that belongs to it.", whole=True, beside_the_point=True),
        Mistake("norms in shares of the first", edit("np.array(norms)", "np.array(norms) / norms[0]"), "Your norms are divided by the first. Asked for is ‖A^k‖ itself."),
        Mistake("largest so far", edit("np.array(norms)", "np.maximum.accumulate(norms)"), "Your norms never fall: each is the largest so far. Asked for is each power's own."),
        Mistake("norms added up", edit("np.array(norms)", "np.cumsum(norms)"), "Your norms are added up. Asked for is each power's own."),
        Mistake("logarithms of the norms", edit("np.array(norms)", "np.log(norms)"), "Your norms are logarithms. Asked for is ‖A^k‖ itself."),
        Mistake("norms sorted", edit("np.array(norms)", "np.sort(norms)[::-1]"), "Your norms are sorted. They stand in the order of k."),
        Mistake("growth of one start", edit("np.array(norms)", "np.array([np.linalg.norm(P @ start) for P in powers])"), "Your norms are those of the best start alone, ‖A^k v‖. Another start may grow more at another k: ‖A^k‖ is the largest over all.", whole=True, alone=True),
        Mistake("growth of equal parts", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P.sum(axis=1)) / np.sqrt(len(A))"), "Your norms are the growth of one start, (1, 1, …). ‖A^k‖ is the largest over all starts."),
        Mistake("growth of the first unit", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P[:, 0])"), "Your norms are the growth of one start, the first unit alone. ‖A^k‖ is the largest over all starts."),
        Mistake("longest column", edit("np.linalg.norm(P, 2)", "np.linalg.norm(P, axis=0).max()"), "Your norms are lengths of the longest column, the growth of a single unit. A mixture of units may grow more."),
        Mistake("norm of the symmetric part", edit("np.linalg.norm(P, 2)", "np.abs(np.linalg.eigvalsh((P + P.T) / 2)).max()"), "You measure the symmetric part of A^k. ‖·‖₂ is the largest singular value, the root of the largest eigenvalue of PᵀP."),
        Mistake("eigenvalues of a matrix that is not symmetric", edit("np.linalg.norm(P, 2)", "np.abs(np.linalg.eigvalsh(P)).max()"), "np.linalg.eigvalsh takes A^k for symmetric. ‖·‖₂ is the largest singular value."),
        Mistake("condition number", edit("np.linalg.norm(P, 2)", "np.linalg.cond(P)"), "Your norms are condition numbers, largest over smallest singular value. ‖·‖₂ is the largest alone."),
        Mistake("determinant", edit("np.linalg.norm(P, 2)", "abs(np.linalg.det(P))"), "You measure |det A^k|, how a volume grows. ‖·‖₂ is how far one vector can be stretched.", alone=True),
        Mistake("per step", edit("np.linalg.norm(P, 2) for P in powers", "np.linalg.norm(P, 2) ** (1 / k) for k, P in zip(ks, powers)"), "Your norms are k-th roots, a mean factor per step. Asked for is ‖A^k‖ itself.", alone=True),
        Mistake("powers doubled", edit("matrix_power(A, k)", "matrix_power(A, 2 ** (k - 1))"), "Your powers are A, A², A⁴, A⁸, …: each is the square of the one before. Multiply by A at each step.", alone=True),
        Mistake("peak_at one too large", edit("ks[best], start", "ks[best] + 1, start"), "Your peak_at is one too large: the first norm is that of k = 1."),
        Mistake("last k above 1", edit("ks[best], start", "max([k for k, n in zip(ks, norms) if n > 1], default=1), start"), "Your peak_at is the last k at which the norm is above 1. Asked for is the k of the largest norm.", alone=True),
        Mistake("first k above 1", edit("ks[best], start", "min([k for k, n in zip(ks, norms) if n > 1], default=1), start"), "Your peak_at is the first k at which the norm is above 1. Asked for is the k of the largest norm.", alone=True, whole=True),
        Mistake("steps above 1 counted", edit("ks[best], start", "sum(n > 1 for n in norms), start"), "Your peak_at counts how many norms are above 1. Asked for is the k of the largest.", alone=True),
        Mistake("first step down", edit("np.argmax(norms)", "np.argmax(np.diff([*norms, 0]) < 0)"), "Your peak is the first k from which the norm falls. A later one may be larger."),
        Mistake("start of the symmetric part", edit("np.linalg.svd(powers[best])[2][0]", "np.linalg.eigh(powers[best] + powers[best].T)[1][:, -1]"), "Your start is an eigenvector of A^k + (A^k)ᵀ. What A^k stretches most is an eigenvector of (A^k)ᵀA^k."),
        Mistake("entries that add up to 1", edit("[2][0]", "[2][0] / np.abs(np.linalg.svd(powers[best])[2][0]).sum()"), "The entries of your start add up to 1 in size. Length 1 means √(Σ v²) = 1."),
        Mistake("largest entry 1", edit("[2][0]", "[2][0] / np.abs(np.linalg.svd(powers[best])[2][0]).max()"), "The largest entry of your start is 1. Length 1 means √(Σ v²) = 1."),
        Mistake("sizes of the entries", edit("[2][0]", "[2][0].__abs__()"), "The entries of your start have lost their signs. Either sign is right for the vector as a whole, not for its entries."),
    ),
    hints=(
        "The norm of a power is not the power of a norm. Make the powers one after the other and measure each.",
        "The singular value decomposition of A^k names three things: which direction goes in, by how much it is stretched, in which direction it comes out.",
        "norms[k − 1] belongs to A^k. At the best k, np.linalg.svd(A^k) gives U, σ, Vᵀ; the start is the direction that goes in, with the largest σ.",
    ),
)  # fmt: skip
