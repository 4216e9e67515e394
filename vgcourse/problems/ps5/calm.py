"""Problem set 5, a repair: a ReLU net that blows up though all |λ| < 1, made calm without touching its eigenvalues.

The answer is a matrix. What it is like is measured here: eigenvalues, one norm, one product.
"""

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.dynamics import modes
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps5.linear import block_diagonal

CLOSE = 1e-6

# --- calm ------------------------------------------------------------------------------------------


def calm(W):
    """Q D Qᵀ with the eigenvalues of W: D holds real ones and turns (7.6), Q is orthogonal and begins with the slowest v."""
    values, vectors, _ = modes(W)
    D = block_diagonal(_turns(values))
    start = np.column_stack([vectors[:, 0].real, np.eye(len(W))])
    Q = np.linalg.qr(start)[0]
    return Q @ D @ Q.T


def _turns(values):
    """One block for each eigenvalue or pair."""
    return [(np.abs(v), np.angle(v)) if v.imag > 0 else v.real for v in values.astype(complex) if v.imag >= 0]


def _by_complex_basis(W):
    """An orthonormal basis of the complex eigenvectors, and the real part of what comes out."""
    values, vectors, _ = modes(W)
    Q = np.linalg.qr(vectors)[0]
    return (Q * values @ Q.conj().T).real


def _measured(output, args):
    """Eigenvalues, norm and slow direction, each 1 where it is as asked, and what they are like where not."""
    (W,) = args
    if isinstance(output, np.ndarray) and output.dtype.kind == "c":
        raise TypeError("is complex; expected a real matrix")
    M = as_numbers(output, "an (H, H) matrix")
    if M.shape != W.shape:
        raise TypeError(f"is {describe(output)}; expected an array of shape {W.shape}")
    if not (np.abs(M) < 1e6).all():  # also NaN
        raise TypeError("holds NaN or a number beyond 1e6; expected a matrix that shrinks")
    values, vectors, _ = modes(W)
    v = vectors[:, 0].real
    rho = np.abs(values[0])
    growth, off = np.linalg.norm(M, 2) / rho, np.linalg.norm(M @ v - values[0].real * v) / rho
    others = np.linalg.eigvals(M)
    apart = _distance(values, others)
    like = _like(values, others) if apart > CLOSE else 1.0
    instead = _instead(W, M, values, vectors) if off > CLOSE else 1.0
    found = [1.0 + (number if number > CLOSE else 0.0) for number in (apart, growth - 1, off)]
    return np.array([*found, like, instead])


def _like(values, found):
    """What wrong eigenvalues are: 2 the right ones times a number, 3 with every sign turned, …; 1 if nothing is known."""
    by = np.abs(found).max() / np.abs(values[0])
    signs_lost = np.where(values.imag == 0, np.abs(values), values)
    guesses = [(3.0, -values), (2.0, by * values), (2.0, -by * values), (4.0, np.abs(values))]
    for code, guess in [*guesses, (5.0, signs_lost), (6.0, values.real)]:
        if _distance(guess, found) < CLOSE:
            return code
    pairs, turning = (np.abs(some.imag) > CLOSE for some in (values, found))
    if (np.abs(found) > CLOSE).sum() <= 1:
        return 7.0
    if pairs.any() and not turning.any():
        return 8.0
    return 9.0 if turning.sum() > pairs.sum() else 1.0


def _instead(W, M, values, vectors):
    """What a wrong matrix keeps: 2 the slow direction with another λ, 3 another mode, 4 that of Wᵀ, 5 a row of the basis; 1 if none of these.

    Of Qᵀ D Q the slow direction is Q's first row, and that begins as its first column, v, does.
    """

    def kept(v, value=None):
        v = v / np.linalg.norm(v)
        return np.linalg.norm(M @ v - (v @ M @ v if value is None else value.real) * v) < CLOSE

    if kept(vectors[:, 0].real):
        return 2.0
    if any(kept(v.real, value) for value, v in zip(values, vectors.T, strict=True) if value.imag == 0):
        return 3.0
    back, left, _ = modes(W.T)
    if kept(left[:, 0].real, back[0]):
        return 4.0
    found, own = np.linalg.eig(M)
    kept_by_M = own[:, np.argmin(np.abs(found - values[0]))]
    v = vectors[:, 0].real / np.linalg.norm(vectors[:, 0].real)
    return 5.0 if abs(abs(kept_by_M[0]) - abs(v[0])) < CLOSE and abs(v[0]) < 1 - CLOSE else 1.0


def _distance(a, b):
    """How far two lists of eigenvalues are apart, each with its nearest."""
    apart = np.abs(np.subtract.outer(a, b))
    order = np.argsort(-np.abs(a))
    worst = 0.0
    for i in order:
        j = int(np.argmin(apart[i]))
        worst = max(worst, float(apart[i, j]))
        apart[:, j] = np.inf
    return worst


def _cases(rng):
    cases, signs = [], rng.permutation([-1, 1, rng.choice([-1, 1])])
    for (H, pairs), sign in zip(((6, 1), (11, 3), (20, 6)), signs, strict=True):
        while True:
            slow = rng.uniform(0.85, 0.95) * sign
            turning = [(rng.uniform(0.3, 0.8), rng.uniform(0.4, 2.7)) for _ in range(pairs)]
            rest = list(rng.uniform(-0.8, 0.8, H - 1 - 2 * pairs))
            U = rng.normal(size=(H, H))
            W = U @ block_diagonal([slow, *turning, *rest]) @ np.linalg.inv(U)
            if np.linalg.cond(U) < 500 and np.linalg.norm(W, 2) > 1.5:
                break
        cases.append(Case((W,), (f"{H} units",)))
    return cases


def _bad(place):
    return lambda args, outputs: float(next(iter(outputs.values()))[place] != 1)


def _not_at_right_angles(args, outputs):
    """The right eigenvalues and a larger norm: then the matrix is not normal."""
    apart, growth, *_ = next(iter(outputs.values()))
    return float(apart == 1 and growth != 1)


def _only_the_direction(args, outputs):
    apart, growth, off, _, instead = next(iter(outputs.values()))
    return float(apart == 1 and growth == 1 and off != 1 and instead == 1)


CALM = Problem(
    name="ps5.calm",
    reference=calm,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=5,
    lecture='lecture 7, "Linear recursions"',
    invariants=(
        Invariant("times a number", known(3, 2.0), "The eigenvalues of some matrix of yours are those of W times a number. Then its memory is another: each has to stay what it is."),
        Invariant("signs turned", known(3, 3.0), "The eigenvalues of some matrix of yours are those of W with the sign turned."),
        Invariant("moduli", known(3, 4.0), "The eigenvalues of some matrix of yours are |λ|: nothing turns any more, and no sign flips."),
        Invariant("signs lost", known(3, 5.0), "The real eigenvalues of some matrix of yours are |λ|. Those below 0 flip the sign at every step, and have to stay below 0."),
        Invariant("real parts", known(3, 6.0), "The eigenvalues of some matrix of yours are the real parts of those of W. A pair needs a block of two by two that turns, (7.6)."),
        Invariant("one mode", known(3, 7.0), "Some matrix of yours has one eigenvalue that is not 0, if any. W has H of them, and all have to be there."),
        Invariant("nothing turns", known(3, 8.0), "Some matrix of yours has real eigenvalues only, where W has pairs: nothing turns. A pair needs a block of two by two as in (7.6)."),
        Invariant("more pairs", known(3, 9.0), "Some matrix of yours has more complex pairs than W. Is each pair in it once?"),
        Invariant("not at right angles", _not_at_right_angles, "Some matrix of yours has the eigenvalues of W and still a norm above ρ: so its eigenvectors are not at right angles. Is your basis orthogonal, and is each block a turn as in (7.6)?"),
        Invariant("only the direction", _only_the_direction, "Some matrix of yours never grows and has the eigenvalues of W; only its slow direction is not v. Is v the first column of the basis, and λ₁ the first entry of D?"),
        Invariant("slow direction, other λ", known(4, 2.0), "Some matrix of yours keeps the direction v, but stretches it by another number than λ₁. Does λ₁ stand where v stands?"),
        Invariant("another mode kept", known(4, 3.0), "Some matrix of yours keeps a mode of W, but not the slowest, the one with the largest |λ|."),
        Invariant("mode of the transpose", known(4, 4.0), "Some matrix of yours keeps the slowest mode of Wᵀ. W has the same λ₁, but another v."),
        Invariant("turned the wrong way", known(4, 5.0), "Some matrix of yours keeps the first row of its basis, not its first column, as Qᵀ D Q does. With the basis in the columns of Q it is Q D Qᵀ."),
        Invariant("other eigenvalues", _bad(0), "The eigenvalues of some matrix of yours are not those of W, each as often."),
        Invariant("it can grow", _bad(1), "Some matrix of yours has a norm above ρ: a part of it, or a single step, may grow."),
        Invariant("the slow mode has moved", _bad(2), "Your matrix does not keep the slowest mode: M v has to be λ₁ v, for the λ₁ and v of W with the largest |λ|."),
    ),
    mistakes=(
        Mistake("nothing mended", lambda W: W, "You return W itself."),
        Mistake("scaled down", lambda W: W * np.abs(np.linalg.eigvals(W)).max() / np.linalg.norm(W, 2), "You divided W by a number. It is calm now, and forgets sooner: its eigenvalues have shrunk, too."),
        Mistake("symmetric part", lambda W: (W + W.T) / 2, "You return (W + Wᵀ)/2. Its eigenvalues are others, and all real."),
        Mistake("singular values cut", lambda W: (lambda U, s, V: (U * np.minimum(s, np.abs(np.linalg.eigvals(W)).max())) @ V)(*np.linalg.svd(W)), "You cut the singular values of W at ρ. The norm is right, and the eigenvalues have changed."),
        Mistake("in its own corner", edit("np.linalg.qr(start)[0]", "np.eye(len(W))"), "Your matrix is calm and has the right eigenvalues, but its slow direction is a unit vector, not the v of W. Turn it."),
        Mistake("real parts", edit("_turns(values)", "list(values.real)"), "You put the real parts of λ on the diagonal. A pair needs a block of two by two that turns, (7.6)."),
        Mistake("moduli", edit("_turns(values)", "list(np.abs(values))"), "You put |λ| on the diagonal: nothing turns any more, and no sign flips."),
        Mistake("orthogonal in name only", edit("np.linalg.qr(start)[0]", "np.column_stack([vectors[:, 0].real, np.eye(len(W))[:, 1:]])", "@ Q.T", "@ np.linalg.inv(Q)"), "Your basis begins with v, but its vectors are not at right angles, and so the result can grow."),
        Mistake("transposed back", edit("Q @ D @ Q.T", "Q.T @ D @ Q"), "You turn in the wrong direction: Qᵀ D Q for Q D Qᵀ, if the columns of Q are the basis. The slow direction ends elsewhere."),
        Mistake("real part of a complex matrix", _by_complex_basis, "You put λ on the diagonal, in an orthonormal basis of complex eigenvectors, and drop the imaginary part. That changes the eigenvalues: a pair needs a real block of two by two, (7.6), in a real basis."),
    ),
    hints=(
        "Which matrices never grow beyond ρ, in no part of them? (7.19). Build one with the eigenvalues of W, in the simplest basis that you can think of.",
        "Real λ on the diagonal, for each pair r e^(±iθ) one block (7.6). Then turn the whole thing so that the place of λ₁ points along v.",
        "Turn with an orthogonal Q whose first column is v, and put λ₁ first in D. np.linalg.qr of any matrix that begins with v gives such a Q, up to a sign of that column.",
    ),
)  # fmt: skip
