"""Problem set 3 on orthogonal weights: a ReLU net that starts as a linear one and keeps every length."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem

# --- looks_linear ----------------------------------------------------------------------------------


def looks_linear(A):
    """Weights [[Q, −Q], [−Q, Q]] with Q of A = Q R, R's diagonal positive; Q has the shape of A.

    A (n_out, n_in) with n_out ≥ n_in: orthonormal columns, QᵀQ = I. A wide A is treated by its transpose
    and turned back: orthonormal rows, QQᵀ = I. On h = (relu(u), relu(−u)) the result gives (Q u, −Q u)
    (Balduzzi et al. 2017).
    """
    wide = A.shape[0] < A.shape[1]
    Q, R = np.linalg.qr(A.T if wide else A)
    Q = Q * np.sign(np.diag(R))
    if wide:
        Q = Q.T
    return np.block([[Q, -Q], [-Q, Q]])


def _svd(A):
    return np.linalg.svd(A, full_matrices=False)[0], np.eye(A.shape[1])


def _polar(A):
    U, _, Vt = np.linalg.svd(A, full_matrices=False)
    return U @ Vt, np.eye(A.shape[1])


def _unit_columns(A):
    return A / np.linalg.norm(A, axis=0), np.eye(A.shape[1])


def _unit_norm(A):
    return A / np.linalg.norm(A, 2), np.eye(A.shape[1])


def _frobenius(A):
    return A / np.linalg.norm(A), np.eye(A.shape[1])


def _as_it_is(A):
    return A, np.eye(A.shape[1])


def _raw_projections(A):
    """Gram–Schmidt that takes off the part along each earlier column of A in place of each earlier q."""
    Q = A.copy()
    for i in range(A.shape[1]):
        for j in range(i):
            Q[:, i] -= A[:, j] * (A[:, j] @ A[:, i]) / (A[:, j] @ A[:, j])
    return Q / np.linalg.norm(Q, axis=0), np.eye(A.shape[1])


def _neighbours_only(A):
    """Gram–Schmidt that takes off the part along the column before alone."""
    Q = A / np.linalg.norm(A, axis=0)
    for i in range(1, A.shape[1]):
        Q[:, i] -= Q[:, i - 1] * (Q[:, i - 1] @ Q[:, i])
        Q[:, i] /= np.linalg.norm(Q[:, i])
    return Q, np.eye(A.shape[1])


def _mirror_cases(rng):
    shapes = {"W (tall)": (5, 3), "W (wide)": (3, 5), "W (square)": (4, 4)}
    return [Case((_telling(rng, shape),), (name,)) for name, shape in shapes.items()]


def _telling(rng, shape):
    """A Gaussian matrix, drawn until numpy's signs are mixed and single precision keeps its digits."""
    while True:
        A = rng.standard_normal(shape)
        Q, R = np.linalg.qr(A if shape[0] >= shape[1] else A.T)
        signs = np.sign(np.diag(R))
        if abs(signs.sum()) < len(signs) and (signs != np.sign(np.diag(Q))).any() and np.linalg.cond(A) < 12:
            return A


def _not_orthonormal(args, out):
    (W,) = out.values()
    Q = W[: len(W) // 2, : W.shape[1] // 2]
    product = Q.T @ Q if len(Q) >= Q.shape[1] else Q @ Q.T
    return np.abs(product - np.eye(len(product))).max()


def _not_mirrored(args, out):
    (W,) = out.values()
    n, m = len(W) // 2, W.shape[1] // 2
    u = np.arange(1.0, m + 1) * (-1) ** np.arange(m)
    z = W @ np.maximum([*u, *-u], 0)
    return max(np.abs(z[:n] + z[n:]).max(), np.abs(z[:n] - W[:n, :m] @ u).max()) / (np.abs(W).max() or 1.0)


LOOKS_LINEAR = Problem(
    name="ps3.looks_linear",
    reference=looks_linear,
    cases=_mirror_cases,
    points=4,
    lecture='lecture 4, "Initialisation"',
    axes={name: ("unit", "input") for name in ("W (tall)", "W (wide)", "W (square)")},
    invariants=(
        Invariant("a linear net", _not_mirrored, "Your net does not look linear. On (relu(u), relu(−u)) the upper half of W has to give Q u and the lower half −Q u: write out which blocks that takes."),
        Invariant("QᵀQ = I", _not_orthonormal, "The upper left quarter of your W is not orthogonal, and there Q belongs. For a tall or square Q the columns have length 1 and right angles, QᵀQ = I; for a wide one the rows do, QQᵀ = I. Print that product."),
    ),
    conventions=(
        Convention("rows of a square A", edit(" < ", " <= "), "For a square A you orthonormalise the rows. The course takes the columns; both are equally random."),
    ),
    mistakes=(
        Mistake("Q alone", edit("np.block([[Q, -Q], [-Q, Q]])", "Q"), "You return Q itself, the lecture's orthogonal matrix. Here every unit has a twin: W has twice as many rows and columns."),
        Mistake("blocks on the diagonal", edit("np.block([[Q, -Q], [-Q, Q]])", "np.kron(np.eye(2), Q)"), "Your W is Q for each half. On (relu(u), relu(−u)) that gives Q relu(u): the negative half of u never joins the positive one. It takes relu(u) − relu(−u) to make u.", beside_the_point=True),
        Mistake("upper half alone", edit("np.block([[Q, -Q], [-Q, Q]])", "np.hstack([Q, -Q])"), "Your W has the upper half only, (Q, −Q). Every unit has a twin that puts out the negative: the lower half gives −Q u."),
        Mistake("left half alone", edit("np.block([[Q, -Q], [-Q, Q]])", "np.vstack([Q, -Q])"), "Your W has the left half only. What comes in is (relu(u), relu(−u)), twice as many numbers as u: W has a block for each."),
        Mistake("no minus", edit("Q, -Q], [-Q, Q]", "Q, Q], [Q, Q]"), "Your four blocks are all Q. That gives Q|u|: it takes relu(u) − relu(−u) to make u."),
        Mistake("lower half not negated", edit("[-Q, Q]", "[Q, -Q]"), "Both halves of your W give Q u. The lower half has to be −Q u, so that the next ReLU keeps what the upper one cuts."),
        Mistake("minus by rows", edit("Q, -Q], [-Q, Q]", "Q, Q], [-Q, -Q]"), "Your upper half is (Q, Q), which gives Q|u|. The minus belongs to the second column of blocks, and then the lower half has the opposite signs."),
        Mistake("all signs flipped", edit("return ", "return -"), "Your upper left block is −Q. What comes in as (relu(u), relu(−u)) has to come out as Q u on top."),
        Mistake("divided by √2", edit("-Q, Q]])", "-Q, Q]]) / np.sqrt(2)"), "You divide by √2. The ReLU pair loses nothing: relu(u) and relu(−u) together hold all of u, so nothing has to be made up for, and nothing taken away."),
        Mistake("He's factor", edit("-Q, Q]])", "-Q, Q]]) * np.sqrt(2)"), "You multiply by √2, as He's rule would. Here a ReLU and its twin together lose nothing."),
        Mistake("signs not fixed", edit(" * np.sign(np.diag(R))", ""), "Your Q is orthogonal, but its signs are those that the QR routine happens to choose, so it is not uniform over the orthogonal matrices. Make the diagonal of R positive: flip a column of Q where R_ii < 0."),
        Mistake("signs on the rows", edit("Q * np.sign(np.diag(R))", "np.sign(np.diag(R))[:, None] * Q"), "You flip rows of Q. Where R_ii < 0 it is column i of Q that changes its sign, as Q R = (Q D)(D R) with D = diag(±1)."),
        Mistake("signs of Q's diagonal", edit("np.diag(R)", "np.diag(Q)"), "You take the signs from the diagonal of Q. They come from the diagonal of R, which is to become positive."),
        Mistake("R's diagonal, not its sign", edit("np.sign(np.diag(R))", "np.diag(R)"), "Your columns have right angles but not length 1: they are scaled by R_ii. Take the sign of R_ii alone, or divide each column by its norm."),
        Mistake("wide not turned back", edit(" = Q.T", " = Q"), "For a wide A your W has the transposed shape. Decompose Aᵀ, then return the transpose of its Q."),
        Mistake("wide not treated apart", edit("A.shape[0] < A.shape[1]", "False"), "You decompose a wide A directly, and its Q is square. A wide matrix has orthonormal rows: decompose Aᵀ and turn the result back."),
        Mistake("columns of length 1 only", edit("np.linalg.qr(", "_unit_columns("), "You scale columns to length 1. They also have to be at right angles: that is what QR or Gram–Schmidt does."),
        Mistake("divided by the largest singular value", edit("np.linalg.qr(", "_unit_norm("), "You divide by the largest singular value, so the largest becomes 1 and the others stay below. An orthogonal matrix has all of them at 1."),
        Mistake("divided by the norm", edit("np.linalg.qr(", "_frobenius("), "You divide by the Frobenius norm of A, one number for all. An orthogonal matrix needs columns of length 1 at right angles."),
        Mistake("U of the SVD", edit("np.linalg.qr(", "_svd("), "You return U of the SVD. It is orthogonal, but its columns follow the order of the singular values; asked for is Q of A = Q R with a positive diagonal of R."),
        Mistake("UVᵀ of the SVD", edit("np.linalg.qr(", "_polar("), "You return UVᵀ of the SVD, the orthogonal matrix nearest to A. That is a good one, and not the one asked for: Q of A = Q R with a positive diagonal of R."),
        Mistake("projected on the raw columns", edit("np.linalg.qr(", "_raw_projections("), "Your Gram–Schmidt takes off the parts along the raw columns a_j. Those are not at right angles to each other: project on the finished q_j."),
        Mistake("projected on one neighbour", edit("np.linalg.qr(", "_neighbours_only("), "Your Gram–Schmidt takes off the part along the column before alone. Every column has to lose its parts along all earlier q_j."),
        Mistake("Q transposed", edit("    return np", "    Q = Q.T\n    return np"), "Your W is built from the transpose of Q. u has the length of a row of A, and Q u the length of a column: Q has the shape of A."),
        Mistake("twins side by side", edit("np.block([[Q, -Q], [-Q, Q]])", "np.kron(Q, np.array([[1, -1], [-1, 1]]))"), "You put each unit and its twin side by side. Here h is (relu(u), relu(−u)), first all units and then all twins, so W has four blocks of the shape of Q."),
        Mistake("A in the place of Q", edit("np.linalg.qr(", "_as_it_is("), "Your blocks are A itself. A Gaussian matrix stretches some directions and shrinks others: take its orthogonal factor Q."),
        Mistake("R in the place of Q", edit("Q * np.sign(np.diag(R))", "R * np.sign(np.diag(R))[:, None]"), "You build W from R, the triangular factor. The orthogonal one is Q."),
        Mistake("sizes of R in the place of Q", edit("Q * np.sign(np.diag(R))", "np.abs(R)"), "You build W from R, the triangular factor. The orthogonal one is Q."),
        Mistake("lower block negated on the diagonal", edit("np.block([[Q, -Q], [-Q, Q]])", "np.kron(np.diag([1, -1]), Q)"), "Your W has blocks on the diagonal only. On (relu(u), relu(−u)) that gives Q relu(u) above: it takes relu(u) − relu(−u) to make u."),
        Mistake("one minus only", edit("[-Q, Q]", "[Q, Q]"), "Your lower half is (Q, Q), which gives Q|u|. It has to be −Q u, the negative of the upper half."),
        Mistake("lower half all negated", edit("[-Q, Q]", "[-Q, -Q]"), "Your lower half is (−Q, −Q), which gives −Q|u|. It has to be −Q u, the negative of the upper half."),
        Mistake("upper half without its minus", edit("[Q, -Q]", "[Q, Q]"), "Your upper half is (Q, Q), which gives Q|u|: it takes relu(u) − relu(−u) to make u."),
        Mistake("upper twins missing", edit("[Q, -Q], [-Q, Q]", "[Q, 0 * Q], [-Q, 0 * Q]"), "The right half of your W is zero, so that it never sees relu(−u). It takes relu(u) − relu(−u) to make u."),
        Mistake("halved", edit("-Q, Q]])", "-Q, Q]]) / 2"), "You divide by 2. For every unit either relu(u) or relu(−u) is 0, so the two blocks do not count anything twice."),
        Mistake("divided by R's diagonal", edit("Q * np.sign(np.diag(R))", "Q / np.diag(R)"), "You divide the columns of Q by R_ii. They have length 1 already: only the sign of R_ii is wanted."),
        Mistake("sizes of the entries", edit("Q * np.sign(np.diag(R))", "np.abs(Q)"), "Your Q has no negative entries. Turn whole columns, where R_ii is negative, and not single entries."),
        Mistake("first row positive", edit("np.sign(np.diag(R))", "np.sign(Q[0])"), "You take the signs from the first row of Q. They come from the diagonal of R, which is to become positive."),
        Mistake("signs for tall ones only", edit("np.sign(np.diag(R))", "(1.0 if wide else np.sign(np.diag(R)))"), "For a wide A you leave the signs to chance. There too R, of Aᵀ = Q R, gets a positive diagonal."),
        Mistake("one sign for all", edit("np.sign(np.diag(R))", "np.sign(np.prod(np.diag(R)))"), "You turn all columns of Q together, by one sign. Each column has its own: that of its R_ii."),
        Mistake("blocks in the other diagonal", edit("np.block([[Q, -Q], [-Q, Q]])", "np.kron(np.array([[0, 1], [1, 0]]), Q)"), "Your W has Q in the off-diagonal blocks only: it exchanges the twins and never joins them. It takes relu(u) − relu(−u) to make u."),
        Mistake("minus on the other diagonal", edit("np.block([[Q, -Q], [-Q, Q]])", "np.kron(np.array([[0, -1], [-1, 0]]), Q)"), "Your W has −Q in the off-diagonal blocks and nothing on the diagonal. It takes relu(u) − relu(−u) to make u: all four blocks."),
        Mistake("complete Q", edit("np.linalg.qr(A.T if wide else A)", "np.linalg.qr(A.T if wide else A, mode='complete')", "np.sign(np.diag(R))", "np.append(np.sign(np.diag(R)), np.ones(max(A.shape) - min(A.shape)))"), "Your Q is square for every A: QR in its complete form. Q has the shape of A: the columns beyond are not A's."),
        Mistake("tall and wide exchanged", edit("A.shape[0] < A.shape[1]", "A.shape[0] > A.shape[1]"), "You decompose Aᵀ where A is tall and A where it is wide. It is the other way round: at most as many columns as rows can be orthonormal."),
        Mistake("columns worked from the last", edit("np.linalg.qr(A.T if wide else A)", "np.linalg.qr((A.T if wide else A)[:, ::-1])", "Q * np.sign(np.diag(R))", "(Q * np.sign(np.diag(R)))[:, ::-1]"), "You orthonormalise from the last column to the first. The course goes from the first: column 0 of A keeps its direction."),
        Mistake("divided by the size of each column's R", edit("Q * np.sign(np.diag(R))", "Q / np.abs(np.diag(R))"), "You divide column i of Q by |R_ii|. The columns have length 1 already: only the sign of R_ii is wanted."),
        Mistake("signs of R's first row", edit("np.diag(R)", "R[0]"), "You take the signs from the first row of R. They come from its diagonal."),
        Mistake("scaled by the shape", edit("-Q, Q]])", "-Q, Q]]) * np.sqrt(max(A.shape) / min(A.shape))"), "You scale by √(n_out/n_in). Q has columns of length 1, and so it stays."),
        Mistake("upper half alone right", edit("[-Q, Q]", "[0 * Q, 0 * Q]"), "Your lower half is zero. It has to be −Q u, so that the next ReLU keeps what the upper one cuts."),
        Mistake("lower half alone right", edit("[[Q, -Q]", "[[0 * Q, 0 * Q]"), "Your upper half is zero. On (relu(u), relu(−u)) it has to give Q u."),
    ),
    hints=(
        "Two questions that do not depend on each other: which Q, and which four blocks. u = relu(u) − relu(−u).",
        "np.linalg.qr leaves the signs of Q's columns to chance. With D = diag(±1), Q R = (Q D)(D R): choose D such that the diagonal of D R is positive. A wide A has more columns than can be orthonormal: work on Aᵀ. W has shape (2 n_out, 2 n_in).",
        "R_ii tells whether column i of Q has to be turned. np.block puts four blocks together: the upper two make Q u out of relu(u) and relu(−u); what do the lower two make?",
    ),
)  # fmt: skip
