"""Problem set 5 on more taps: many units that look back, as one matrix."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- block_companion -------------------------------------------------------------------------------


def block_companion(taps):
    """The matrix A of (h_t, …, h_{t−K+1}) = A (h_{t−1}, …, h_{t−K}) for h_t = Σ_k B_k h_{t−k}, and |λ| of its poles."""
    K, H = max(taps), len(taps[max(taps)])
    B = [taps.get(k, np.zeros((H, H))) for k in range(1, K + 1)]
    A = np.eye(K * H, k=-H)  # every state moves down by one
    A[:H] = np.hstack(B)
    sizes = np.abs(np.linalg.eigvals(A))
    moduli = np.sort(sizes)[::-1]
    return A, moduli


def _blocks(taps):
    """B_1 … B_K, zeros where no tap is named: (K, H, H)."""
    K, H = max(taps), len(next(iter(taps.values())))
    return np.stack([taps.get(k, np.zeros((H, H))) for k in range(1, K + 1)])


def _in_turn(taps):
    """The taps one after the other, as if the lags were 1, 2, …."""
    return {place: taps[k] for place, k in enumerate(sorted(taps), 1)}


def _one_later(taps):
    return {k + 1: B for k, B in taps.items()}


def _oldest_first(A, H):
    K = len(A) // H
    return A.reshape(K, H, K, H)[::-1, :, ::-1].reshape(A.shape)


def _unit_by_unit(A, H):
    """(K, H) entries of the state in the order of units, then lags."""
    K = len(A) // H
    return A.reshape(K, H, K, H).transpose(1, 0, 3, 2).reshape(A.shape)


def _companion_cases(rng):
    cases = []
    for H, lags in ((2, (3, 1)), (3, (2,)), (2, (2, 4)), (1, (1, 2))):
        for _ in range(300):  # poles that np.linalg.eigvals does not happen to list by size
            taps = {k: rng.normal(size=(H, H)) * 0.8 / np.sqrt(H * len(lags)) for k in lags}
            sizes = np.abs(np.linalg.eigvals(block_companion(taps)[0]))
            if (np.diff(sizes) > 0.01).any():
                break
        cases.append(Case((taps,), ("A", "moduli")))
    while True:  # one tap of whole numbers, with poles that are none
        B = rng.integers(-3, 4, size=(2, 2))
        sizes = np.sort(np.abs(np.linalg.eigvals(B)))
        if sizes[0] > 0.3 and sizes[1] > sizes[0] + 0.3 and (np.abs(sizes - sizes.round()) > 0.1).all():
            break
    while True:  # whole numbers on the longest lag, which is named first, beside floats
        taps = {2: rng.integers(-2, 3, size=(2, 2)), 1: rng.uniform(-0.9, 0.9, size=(2, 2))}
        if np.linalg.det(taps[2]) and np.abs(taps[1]).min() > 0.1:
            break
    return [*cases, Case(({1: B},), cases[0].quantities), Case((taps,), cases[0].quantities)]


def _one_step_wrong(args, outputs):
    """How far one step of A is from the recursion."""
    B, A = _blocks(args[0]), np.asarray(outputs["A"])
    K, H, _ = B.shape
    past = np.cos(np.arange(K * H)).reshape(K, H)  # h_{t−1}, h_{t−2}, …
    after = np.vstack([np.einsum("kij,kj->i", B, past), past[:-1]]).ravel()
    return np.linalg.norm(A @ past.ravel() - after) / np.linalg.norm(after)


def _product_wrong(args, outputs):
    last = abs(np.linalg.det(args[0][max(args[0])]))
    return abs(np.prod(outputs["moduli"]) - last) / last


BLOCK_COMPANION = Problem(
    name="ps5.block_companion",
    reference=block_companion,
    cases=_companion_cases,
    axes={"A": ("row", "column"), "moduli": ("pole",)},
    points=3,
    lecture='lecture 7, "Linear recursions"',
    flow=("A", "moduli"),
    invariants=(
        Invariant("one step", _one_step_wrong, "Your A does not do one step of the recursion: A (h_{t−1}, …, h_{t−K}) has to be (h_t, h_{t−1}, …, h_{t−K+1}), one state below the other. Try it on small numbers."),
        Invariant("product of the poles", _product_wrong, "Your moduli cannot be those of the poles: the product of all |λ| is |det A|, and that is |det B_K|, K the longest lag."),
    ),
    mistakes=(
        Mistake("lags ignored", edit("K, H = max(taps)", "taps = _in_turn(taps)\n    K, H = max(taps)"), "You put the taps one after the other, as if the lags were 1, 2, …. A lag that is not named has a matrix of zeros, and K is the largest lag."),
        Mistake("lags ignored, room for all", edit("taps.get(", "_in_turn(taps).get("), "You put the taps one after the other, as if the lags were 1, 2, …. Each belongs to the lag that its key says; lags that are not named have zeros."),
        Mistake("oldest state first", edit("return A", "return _oldest_first(A, H)"), "Your long vector has the oldest state on top, so the taps stand in the last rows. Asked for is the newest first; the poles are the same."),
        Mistake("one lag too late", edit("K, H = max(taps)", "taps = _one_later(taps)\n    K, H = max(taps)"), "Every tap is one lag too late. That of lag 1 stands where A meets h_{t−1}, the newest state."),
        Mistake("sign of the taps", edit("np.hstack(B)", "-np.hstack(B)"), "Your taps have the wrong sign. The recursion adds Σ B_k h_{t−k}, so A holds +B_k."),
        Mistake("taps transposed", edit("hstack(B)", "hstack([M.T for M in B])"), "Your A holds B_kᵀ. Row i of B_k says what unit i hears from k steps ago."),
        Mistake("taps in reversed order", edit("hstack(B)", "hstack(B[::-1])"), "Your A lists the taps in one order, and its ones keep the states in the other."),
        Mistake("taps one below the other", edit("return A", "return A.T"), "Your A is transposed: the taps stand in columns. The first rows of A make h_t from all old states; the others only hand on."),
        Mistake("ones next to the diagonal", edit("k=-H", "k=-1"), "Your ones stand right below the diagonal, so numbers move on by one place. A state has H of them: they move by H places."),
        Mistake("ones above the diagonal", edit("k=-H", "k=H"), "Your ones stand on the wrong side: they move states towards the newest. With the newest first, each goes one block down."),
        Mistake("ones on the diagonal", edit(", k=-H", ""), "Your ones stand on the diagonal, so old states never move on."),
        Mistake("identity for missing lags", edit("np.zeros((H, H))", "np.eye(H)"), "Where a lag is not named, your A has an identity. Such a state is not heard: zeros."),
        Mistake("newest state handed to all", edit("np.eye(K * H, k=-H)", "np.kron(np.outer(np.arange(K) > 0, np.arange(K) == 0), np.eye(H))"), "Your A copies h_{t−1} into every later place. Each state moves down by one: h_{t−2} gets where h_{t−1} was."),
        Mistake("ones in whole blocks", edit("np.eye(K * H, k=-H)", "np.kron(np.eye(K, k=-1), np.ones((H, H)))"), "Below your taps stand blocks full of ones: they add up the units. To hand a state on takes the identity."),
        Mistake("one state handed down", edit("k=-H)", "k=-H) * (np.arange(K * H) < 2 * H)[:, None]"), "Only h_{t−1} is handed on in your A; the rows of the older states are zeros. Each state moves down by one."),
        Mistake("oldest state kept", edit("k=-H)", "k=-H) + np.diag(1.0 * (np.arange(K * H) >= (K - 1) * H))"), "The last rows of your A add the oldest state to the one that moves down to it. What is older than K steps falls out."),
        Mistake("oldest state lost", edit("hstack(B)\n", "hstack(B)\n    A[-H:] = 0\n"), "The last H rows of your A are zeros: nothing moves down into the place of the oldest state."),
        Mistake("oldest state lost, but for one lag", edit("k=-H)", "k=-H) * (np.arange(K * H) < (K - 1) * H)[:, None]"), "The last H rows of your A are zeros: nothing moves down into the place of the oldest state."),
        Mistake("nothing handed down", edit("np.eye(K * H, k=-H)", "np.zeros((K * H, K * H))"), "Your A has its rows of taps and nothing else, so all states but h_t are forgotten."),
        Mistake("unit by unit", edit("return A", "return _unit_by_unit(A, H)"), "Your long vector holds all lags of unit 1, then all of unit 2, …. Asked for is one state after the other."),
        Mistake("reciprocals", edit("np.linalg.eigvals(A)", "1 / np.linalg.eigvals(A)"), "You return 1/|λ|, the roots of a polynomial in 1/λ. Stable means that the poles themselves lie inside the unit circle."),
        Mistake("singular values", edit("eigvals(A)", "svd(A, compute_uv=False)"), "Your moduli are singular values of A. Poles are eigenvalues."),
        Mistake("symmetric eigenvalues", edit("eigvals(A)", "eigvalsh(A)"), "np.linalg.eigvalsh takes A for symmetric. It is not: use np.linalg.eigvals."),
        Mistake("poles of the taps", edit("eigvals(A)", "eigvals(B).ravel()"), "Your moduli are those of the B_k, each for itself. The poles are the eigenvalues of A, in which all taps act together."),
        Mistake("real parts", edit("np.abs(np.linalg.eigvals(A))", "np.linalg.eigvals(A).real"), "You return real parts. In discrete time the distance from 0 counts, |λ|."),
        Mistake("absolute real parts", edit("eigvals(A)", "eigvals(A).real"), "You drop the imaginary parts before the absolute value: |λ| = √(Re² + Im²)."),
        Mistake("smallest first", edit("[::-1]", ""), "Your moduli start with the smallest. Asked for is the largest first."),
        Mistake("not sorted", edit("np.sort(sizes)[::-1]", "sizes"), "Your moduli stand in the order in which np.linalg.eigvals lists them, which is no order at all."),
        Mistake("squared", edit("eigvals(A))", "eigvals(A)) ** 2"), "Your moduli are squared: Re² + Im² is |λ|²."),
        Mistake("to the power K", edit("eigvals(A))", "eigvals(A)) ** K"), "Your moduli are |λ|^K, what K steps do. The poles are those of one step of A."),
        Mistake("cut to whole numbers", edit("return A, moduli", "return A, moduli.astype(B[-1].dtype)"), "Where the taps are whole numbers, your moduli are cut to whole numbers, too. Make their array one of floats."),
        Mistake("largest only", edit("np.sort(sizes)[::-1]", "sizes.max()"), "You return the spectral radius alone. Asked for are the moduli of all K H poles."),
        Mistake("one for each unit", edit("[::-1]", "[::-1][: len(sizes) // 2]"), "You return half of the moduli. There are as many poles as A has rows, K H."),
        Mistake("ones above the diagonal, kept between the taps", edit("k=-H", "k=H", "np.hstack(B)", "np.hstack([M if k in taps else A[:H, (k - 1) * H : k * H] for k, M in enumerate(B, 1)])"), "Your ones stand on the wrong side, and beside the taps as well where a lag is not named. With the newest state first, each goes one block down."),
        Mistake("ones kept beside the taps", edit("A[:H] = np.hstack(B)", "A[:H] += np.eye(H, K * H, k=H) + np.hstack(B) if K > 1 else B[0]"), "Your first rows hold an identity beside the taps. There stand the taps alone."),
        Mistake("taps one block to the right, the last lost", edit("np.hstack(B)", "np.hstack([np.zeros((H, H)), *B[:-1]])"), "Your taps stand one block too far to the right, and the last has no place. That of lag 1 stands in the first H columns."),
        Mistake("taps one block to the left, the first at the end", edit("np.hstack(B)", "np.hstack([*B[1:], B[0]])"), "Your taps stand one block too far to the left, and the first has come out at the end. That of lag 1 stands in the first H columns."),
        Mistake("taps in the last rows", edit("A[:H]", "A[-H:]"), "Your taps stand in the last H rows. With the newest state on top they make the first."),
        Mistake("last tap alone", edit("np.hstack(B)", "np.hstack([np.zeros((H, H))] * (K - 1) + B[-1:])"), "Only the tap of the longest lag is in your A. All named lags are heard."),
        Mistake("taps summed", edit("np.hstack(B)", "np.hstack([sum(B)] + [np.zeros((H, H))] * (K - 1))"), "Your A adds up all taps and lets them hear h_{t−1}. Each belongs to its own lag."),
        Mistake("taps squared with their lag", edit("np.hstack(B)", "np.hstack([np.linalg.matrix_power(M, k) for k, M in enumerate(B, 1)])"), "You raise the tap of lag k to the power k. It acts once on h_{t−k}."),
        Mistake("taps divided by their lag", edit("np.hstack(B)", "np.hstack([M / k for k, M in enumerate(B, 1)])"), "You divide the tap of lag k by k. It stands as it is."),
        Mistake("identity added to the first tap", edit("np.hstack(B)", "np.hstack([B[0] + np.eye(H), *B[1:]])"), "The first block of your A is I + B_1. h_{t−1} is heard through B_1 alone; handing on happens in the rows below."),
        Mistake("two steps", edit("return A, moduli", "return A @ A, moduli"), "Your A makes two steps. Asked for is the matrix of one."),
        Mistake("poles of the sum of the taps", edit("eigvals(A)", "eigvals(sum(B))"), "Your moduli are those of Σ B_k. The poles are the eigenvalues of A, K H of them."),
        Mistake("sorted before the modulus", edit("np.sort(sizes)[::-1]", "np.abs(np.sort_complex(np.linalg.eigvals(A)))[::-1]"), "You sort the complex poles and take moduli afterwards. Complex numbers are sorted by their real parts: take the moduli first."),
        Mistake("each size once", edit("np.sort(sizes)[::-1]", "np.unique(sizes.round(9))[::-1]"), "You list each size once. A pair has two poles of the same size, and both are asked for."),
        Mistake("logarithms of the moduli", edit("return A, moduli", "return A, np.log(moduli)"), "Your moduli are logarithms. Asked for is |λ| itself."),
        Mistake("root of the moduli", edit("return A, moduli", "return A, np.sqrt(moduli)"), "Your moduli are roots. |λ| is √(Re² + Im²), and np.abs has taken that root."),
        Mistake("K-th roots", edit("return A, moduli", "return A, moduli ** (1 / K)"), "Your moduli are K-th roots. A makes one step already, so its |λ| are those of one step."),
        Mistake("moduli in shares", edit("return A, moduli", "return A, moduli / moduli[0]"), "Your moduli are divided by the largest. Asked for is |λ| itself."),
        Mistake("|Re| + |Im|", edit("np.abs(np.linalg.eigvals(A))", "np.abs(np.linalg.eigvals(A).real) + np.abs(np.linalg.eigvals(A).imag)"), "Your moduli are |Re λ| + |Im λ|. |λ| is √(Re² + Im²)."),
        Mistake("A of the type of one tap", edit("np.eye(K * H, k=-H)", "np.eye(K * H, k=-H).astype(next(iter(taps.values())).dtype)"), "Your A has the type of one tap. If that is made of whole numbers, the others lose what stands behind their point: make A one of floats."),
    ),
    hints=(
        "Put the last K states into one long vector, one below the other. H of its new entries are computed, the others are copied.",
        "A is (K H, K H) with K the largest lag. The first H rows hold the B_k side by side, zeros for lags without a tap; the rest moves every state down by H places.",
        "The ones that move a state stand H places below the diagonal, all along it. For lags 1 and 3 the first rows of A are (B_1, 0, B_3). The poles are its eigenvalues.",
    ),
)  # fmt: skip
