"""Problem set 2 on the spectrum of a deep product: singular values where the product itself is 0 in the computer."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.dynamics import log_singular_values


def log10_singular_values(Js):
    """log10 σ_i(J_L … J_1), largest first, for Js (L, n, n) with Js[0] = J_1; the product may underflow."""
    return log_singular_values(Js) / np.log(10)


def _logs(Js, *, log=np.log10, forward=True, values=lambda P: np.linalg.svd(P, compute_uv=False), power=1, largest_first=True, shift=None, rescaled=True, used=slice(None)):  # fmt: skip
    """log10_singular_values with exchangeable parts: the product with its size taken out, step by step."""
    P, taken = np.eye(Js.shape[-1]), 0.0
    for J in Js[used]:
        P = J @ P if forward else P @ J
        if rescaled:
            size = np.linalg.norm(P)
            P, taken = P / size, taken + log(size)
    logs = np.sort(power * (log(values(P)) + (taken if shift is None else shift(P, log))))
    return logs[::-1] if largest_first else logs


def _each_factor(Js):
    return np.log10(np.linalg.svd(Js, compute_uv=False)).sum(axis=0)


def _one_sweep(Js):
    """J_l Q_{l−1} = Q_l R_l and Σ log10 |diag R_l|."""
    Q, total = np.eye(Js.shape[-1]), 0.0
    for J in Js:
        Q, R = np.linalg.qr(J @ Q)
        total = total + np.log10(np.abs(np.diag(R)))
    return np.sort(total)[::-1]


def _norms_added(Js):
    """The norms of the single layers, for the largest value; the others as they are."""
    right = log10_singular_values(Js)
    return right - right[0] + np.log10(np.linalg.norm(Js, 2, axis=(1, 2))).sum()


def _cases(rng):
    cases = []
    for L, n, size in ((5, 4, 0.7), (60, 3, 1e-6)):
        while True:
            if L == 5:
                Js = size * rng.normal(size=(L, n, n))
            else:  # nearly orthogonal, so that only the size is extreme
                Q, _ = np.linalg.qr(rng.normal(size=(L, n, n)))
                Js = size * Q * rng.uniform(0.75, 1.3, size=(L, 1, n))
            logs = log10_singular_values(Js)
            if logs[0] - logs[-1] < 2.5 and (-np.diff(logs)).min() > 0.05:
                break
        cases.append(Case((Js,), (f"logs ({L} layers)",)))
    return cases


def _determinant(args, out):
    """log10 |det| is a sum over the layers."""
    wanted = np.linalg.slogdet(args[0])[1].sum() / np.log(10)
    (logs,) = out.values()
    return float(abs(np.sum(logs, dtype=float) - wanted) / max(1.0, abs(wanted)))


LOG10_SINGULAR_VALUES = Problem(
    name="ps2.log10_singular_values",
    reference=log10_singular_values,
    family=_logs,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    invariants=(
        Invariant("sum is log |det|", _determinant, "The sum of your values is not log10 |det J_L … J_1|. Determinants multiply, so the sum has to be Σ log10 |det J_l|: is a factor missing, or the size that you took out?"),
        Invariant("largest first", lambda args, out: float(np.maximum(np.diff(next(iter(out.values()))), 0).max(initial=0)), "Your values do not fall. Asked for is the largest first."),
    ),
    mistakes=(
        Mistake("product underflows", dict(rescaled=False), "Your product of 60 layers is exactly 0: float64 ends near 1e−324. Divide the product by its size after every factor, and add up log10 of what you took out."),
        Mistake("natural logarithm", dict(log=np.log), "Your logarithms are natural ones. Asked for are powers of ten: np.log10, or divide by ln 10 = 2.30."),
        Mistake("logarithm to base 2", dict(log=np.log2), "Your logarithms have base 2. Asked for are powers of ten: np.log10."),
        Mistake("order reversed", dict(forward=False), "Your product has the first layer on the left. J_L acts last, so it stands leftmost: P = J @ P. Products in the other order have other singular values."),
        Mistake("singular values multiplied", _each_factor, "You add up the logarithms of the layers' own singular values. Singular values do not multiply: the direction that one layer stretches most is another one in the next. Multiply the matrices first."),
        Mistake("layers' norms multiplied", _norms_added, "Your largest value is Σ log10 σ_max(J_l), the bound. The product stays below it, as the layers' largest directions do not line up."),
        Mistake("eigenvalues", dict(values=lambda P: np.abs(np.linalg.eigvals(P))), "You return |eigenvalues| of the product. How far a direction is stretched is a singular value: np.linalg.svd."),
        Mistake("squares", dict(power=2), "Your logarithms are twice as large: eigenvalues of PᵀP are σ². Take the root, which halves the logarithm."),
        Mistake("divided by L", lambda Js: log10_singular_values(Js) / len(Js), "Your values are divided by the number of layers. That is the mean rate of a layer; asked for is the whole product."),
        Mistake("one QR sweep", _one_sweep, "You add up log10 |diag R| of one QR sweep. That gives the rates of long products, but the values themselves only roughly: take the singular values of the rescaled product."),
        Mistake("relative to the largest", dict(shift=lambda P, log: -log(np.linalg.norm(P, 2))), "Your values are relative to the largest, which is 0. Add log10 of the sizes that you took out."),
        Mistake("sizes not put back", dict(shift=lambda P, log: 0.0), "You divide the product by its norm and do not put it back. Each division takes log10 of the norm away from every value: add their sum at the end."),
        Mistake("smallest first", dict(largest_first=False), "Your values start with the smallest. Asked for is the largest first."),
        Mistake("first layer left out", dict(used=slice(1, None)), "J_1 is missing in your product. Start with the identity, or with Js[0] and go on at Js[1]."),
        Mistake("last layer left out", dict(used=slice(-1)), "J_L is missing in your product: does your loop end one step early?"),
    ),
    hints=(
        "Multiply the layers up, but never let the product become tiny: keep it at size 1 and keep the logarithm of its size apart.",
        "After P = J @ P: size = np.linalg.norm(P), P = P / size. Dividing a matrix by a number divides all its singular values by it.",
        "At the end log10 of the singular values of P plus the sum of all log10(size). np.linalg.svd(P, compute_uv=False) gives the largest first.",
    ),
)  # fmt: skip
