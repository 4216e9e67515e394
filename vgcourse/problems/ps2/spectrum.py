"""Problem set 2 on the spectrum of a deep product: layers of any width, a product that is 0 in the computer, and

singular values so far apart that a single decomposition of the product knows the largest ones only.
"""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def log10_singular_values(Js):
    """log10 of the non-zero singular values of J_L … J_1, largest first; Js is a list, J_l (n_l, n_{l−1}).

    The layers have any widths: a product has at most as many directions as its narrowest layer, and the r
    values that are returned are those. The factors stay apart: J_l Q_{l−1} = Q_l R_l, then the same with
    R_1ᵀ … R_Lᵀ from its right end, up and down until the sums of log10 |diag R| stay as they are.
    """
    r = min(Js[0].shape[1], *(len(J) for J in Js))
    logs = np.full(r, np.inf)
    for _ in range(100):
        Q, Rs = np.eye(Js[0].shape[1]), []
        for J in Js:
            Q, R = np.linalg.qr(J @ Q)
            Rs.append(R)
        before, logs = logs, sum(np.log10(np.abs(np.diag(R)[:r])) for R in Rs)
        if np.allclose(before, logs, rtol=0, atol=1e-9):
            break
        Js = [R.T for R in reversed(Rs)]
    return np.sort(logs)[::-1]


def _by_one_svd(Js, *, rescaled=True, values=lambda P: np.linalg.svd(P, compute_uv=False)):
    """From the product, with its size taken out step by step, or as it is."""
    P, taken = np.eye(Js[0].shape[1]), 0.0
    for J in Js:
        P = J @ P
        if rescaled:
            size = np.linalg.norm(P)
            P, taken = P / size, taken + np.log10(size)
    return np.log10(values(P)) + taken


def _at_once(new):
    """The edits that put an array of logarithms, `new`, in the place of all sweeps."""
    return edit("np.full(r, np.inf)", f"({new})[:r]", "range(100)", "range(0)")


def _sizes_taken_out(Js):
    P, taken = np.eye(Js[0].shape[1]), 0.0
    for J in Js:
        P = J @ P
        taken += np.log10(np.linalg.norm(P))
        P = P / np.linalg.norm(P)
    return taken


def _squared(P):
    """Singular values from the eigenvalues of PᵀP."""
    return np.sqrt(np.abs(np.linalg.eigvalsh(P.T @ P)[::-1]))


def _norms_added(Js):
    """The norms of the single layers, for the largest value; the others as they are."""
    right = log10_singular_values(Js)
    return right - right[0] + sum(np.log10(np.linalg.norm(J, 2)) for J in Js)


def _entries(Js):
    """Every direction of the output, those that a narrower layer has closed included: rounding, or −∞."""
    return _by_one_svd(Js)


def _reversed(Js):
    """J_1 … J_L, which only equal widths allow."""
    return log10_singular_values(Js[::-1])


def _cases(rng):
    """Some with neighbours near to each other, and one whose values lie more than 22 decades apart.

    The narrowest layer is in the middle, is the input, the output, or has a single unit.
    """
    cases = []
    for widths, size, label in (
        ((5, 3, 6, 4), 0.7, "few layers"),
        ((2, 5, 4, 3), 0.7, "few layers"),
        ((3, 5, 2), 0.7, "few layers"),
        ((3, 1, 4), 0.7, "few layers"),
        ((4, 4, 4, 4, 4), 0.7, "widths all 4"),
        ((4, 3) * 30 + (4,), 1e-6, "60 layers"),
        ((4, 5) * 25 + (4,), 0.4, "50 layers, far apart"),
    ):
        far = label.endswith("apart")
        while True:
            pairs = list(zip(widths[:-1], widths[1:], strict=True))
            Js = [size * rng.normal(size=(o, i)) for i, o in pairs]
            if (
                label == "60 layers"
            ):  # nearly the same three directions in every layer, and only the size is extreme
                Q, _ = np.linalg.qr(rng.normal(size=(4, 4)))
                Js = [_near(Q[:3] if o == 3 else Q[:, :3], size, rng) for _, o in pairs]
            logs = log10_singular_values(Js)
            gaps = -np.diff(logs, append=-np.inf)
            if gaps.min() > 0.3 and (logs[0] - logs[-1] > 23 if far else logs[0] - logs[-1] < 4):
                break
        cases.append(Case((Js,), (f"logs ({label})",)))
    return cases


def _near(turn, size, rng):
    """A factor of that size close to an orthogonal one."""
    stretch = rng.uniform(0.7, 1.3, size=3)
    noise = 0.05 * rng.normal(size=turn.shape)
    return size * (stretch[:, None] * (turn + noise) if len(turn) == 3 else (turn + noise) * stretch)


def _right_size(args, out):
    """The sum of squares is the squared Frobenius norm of the product."""
    P, taken = np.eye(args[0][0].shape[1]), 0.0
    for J in args[0]:
        P = J @ P
        taken += np.log10(np.linalg.norm(P))
        P = P / np.linalg.norm(P)
    (logs,) = (np.asarray(value, dtype=float) for value in out.values())
    with np.errstate(over="ignore", invalid="ignore"):
        sum_of_squares = np.max(logs) + np.log10(np.sum(10 ** (2 * (logs - np.max(logs))))) / 2
    return float(abs(sum_of_squares - taken) / max(1.0, abs(taken)))


def _drowned(low, high, exact):
    """1 if values within 10^−exact of the largest are right and the deep ones lie where rounding errors do."""

    def residual(args, out):
        (logs,) = (np.asarray(value, dtype=float) for value in out.values())
        right = log10_singular_values(*args)
        deep, near = right < right[0] - 18, right > right[0] - exact
        inside = (logs - logs[0] > low) & (logs - logs[0] < high)
        return float(deep.any() and np.abs(logs - right)[near].max() < 1e-3 and inside[deep].all())

    return residual


def _falls(args, out):
    return float(np.maximum(np.diff(next(iter(out.values()))), 0).max(initial=0))


LOG10_SINGULAR_VALUES = Problem(
    name="ps2.log10_singular_values",
    reference=log10_singular_values,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    invariants=(
        Invariant("squares add up to the norm", _right_size, "The squares of your singular values do not add up to the squared Frobenius norm of the product: is a factor missing, or the size that you took out?"),
        Invariant("drowned in rounding", _drowned(-21.5, -13.5, 11), "Your small values are rounding errors of the largest one. A decomposition of the whole product is exact to 1e−16 of its largest singular value, and what lies deeper is lost: keep the factors apart, and sweep through them with QR."),
        Invariant("drowned as squares", _drowned(-11, -6, 5), "Your small values are rounding errors of the largest one, as from eigenvalues of PᵀP: those are squares, so that nothing below 1e−8 of the largest singular value is left. Keep the factors apart, and sweep through them with QR."),
        Invariant("largest first", _falls, "Your values do not fall. Asked for is the largest first."),
    ),
    mistakes=(
        Mistake("product underflows", _at_once("_by_one_svd(Js, rescaled=False)"), "Your product of 60 layers is exactly 0: float64 ends near 1e−324. Multiply nothing up: sweep through the factors with QR, and add log10 |diag R|."),
        Mistake("one SVD of the product", _at_once("_by_one_svd(Js)"), "You decompose the whole product. Its size is taken care of, but what an SVD finds is exact to 1e−16 of the largest value only: the deep values of the 50 layers are rounding. Keep the factors apart.", beside_the_point=True),
        Mistake("eigenvalues of PᵀP", _at_once("_by_one_svd(Js, values=_squared)"), "You take the eigenvalues of PᵀP. They are squares, so that everything below 1e−8 of the largest value is rounding already. Keep the factors apart, and sweep through them with QR."),
        Mistake("one sweep", edit("range(100)", "range(1)"), "You stop after one sweep. Its R are triangular, not diagonal, so the products of their diagonals are no singular values yet: sweep through the Rᵀ, back and forth, until the sums stay."),
        Mistake("two sweeps", edit("range(100)", "range(2)"), "You stop after two sweeps. With many layers that is enough, with three or four it is not: each sweep shrinks what is off the diagonal by the ratio of neighbouring singular values. Go on until the sums stay."),
        Mistake("closed directions kept", _entries, "You return a value for every row or column of the product. The narrowest layer lets fewer directions through; what stands in the other places is rounding, or the logarithm of 0."),
        Mistake("natural logarithm", edit("return ", "return np.log(10) * "), "Your logarithms are natural ones. Asked for are powers of ten: np.log10, or divide by ln 10 = 2.30."),
        Mistake("logarithm to base 2", edit("return ", "return np.log2(10) * "), "Your logarithms have base 2. Asked for are powers of ten: np.log10."),
        Mistake("order reversed", _reversed, "Your product has the first layer on the left. J_L acts last, so it stands leftmost. Only equal widths let yours run, and there it has other singular values."),
        Mistake("singular values multiplied", _at_once("sum(np.log10(np.linalg.svd(J, compute_uv=False)[:r]) for J in Js)"), "You add up the logarithms of the layers' own singular values. Singular values do not multiply: the direction that one layer stretches most is another one in the next. Multiply the matrices first.", beside_the_point=True),
        Mistake("layers' norms multiplied", _norms_added, "Your largest value is Σ log10 σ_max(J_l), the bound. The product stays below it, as the layers' largest directions do not line up."),
        Mistake("squares", edit("return ", "return 2 * "), "Your logarithms are twice as large: eigenvalues of PᵀP are squares of singular values. Take the root, which halves the logarithm."),
        Mistake("no logarithm", edit("return ", "return 10.0 ** "), "You return the singular values themselves. Asked for is log10 of them: those of 60 layers are 0 in the computer, and their logarithms are not."),
        Mistake("divided by L", edit("return ", "return 1 / len(Js) * "), "Your values are divided by the number of layers. That is the mean rate of a layer; asked for is the whole product."),
        Mistake("relative to the largest", edit("np.sort(logs)", "np.sort(logs - logs.max())"), "Your values are relative to the largest, which is 0. Add log10 of the sizes that you took out."),
        Mistake("sizes not put back", edit("r = min(", "taken, r = _sizes_taken_out(Js), min(", "np.sort(logs)", "np.sort(logs - taken)"), "You divide the product by its norm and do not put it back. Each division takes log10 of the norm away from every value: add their sum at the end."),
        Mistake("smallest first", edit("[::-1]", ""), "Your values start with the smallest. Asked for is the largest first."),
        Mistake("first layer left out", edit("logs = np.full", "Js, logs = Js[1:], np.full"), "J_1 is missing in your product. Start with the identity, or with Js[0] and go on at Js[1]."),
        Mistake("last layer left out", edit("logs = np.full", "Js, logs = Js[:-1], np.full"), "J_L is missing in your product: does your loop end one step early?"),
        Mistake("three sweeps", edit("range(100)", "range(3)"), "You stop after three sweeps. With many layers that is enough, with three or four it is not: go on until the sums stay.", alone=True),
        Mistake("five sweeps", edit("range(100)", "range(5)"), "You stop after five sweeps. With many layers that is enough, with three or four it may not be: go on until the sums stay.", alone=True),
        Mistake("sums that hardly stay", edit("atol=1e-9", "atol=1e-2"), "You stop sweeping too early: your sums may still move by more than 1e−2 in a sweep. Go on until they move by less than 1e−9.", alone=True),
        Mistake("largest value alone", edit("np.sort(logs)", "np.full(r, logs.max())"), "All your values are the largest. Each direction has one of its own.", alone=True),
        Mistake("logarithms halved", edit("return ", "return 0.5 * "), "Your logarithms are half as large: a root is taken too many.", alone=True),
        Mistake("signs of the logarithms", edit("return ", "return -1.0 * "), "Your logarithms have the wrong sign.", alone=True),
        Mistake("sum of the diagonals", edit("sum(np.log10(np.abs(np.diag(R)[:r])) for R in Rs)", "np.log10(sum(np.abs(np.diag(R)[:r]) for R in Rs))"), "You take the logarithm of a sum over the layers. The diagonals are multiplied: their logarithms add.", alone=True),
    ),
    hints=(
        "How many directions get through the narrowest layer? And what does an SVD of the whole product know of a value 1e−20 times the largest? Keep the factors apart.",
        "J_l Q_{l−1} = Q_l R_l from l = 1 on, with Q_0 = I: the product is Q_L R_L … R_1, and Q_L changes no singular value. Its transpose R_1ᵀ … R_Lᵀ is a product of the same kind: sweep again.",
        "With every sweep the R come nearer to diagonal ones. Then the logarithm of a singular value is Σ_l log10 |diag R_l|; sort, and stop when two sweeps agree.",
    ),
)  # fmt: skip
