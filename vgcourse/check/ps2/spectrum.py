"""Problem set 2 on the spectrum of a deep product: layers of any width, and a product that is 0 in the computer."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem


def log10_singular_values(Js):
    """log10 of the non-zero singular values of J_L … J_1, largest first; Js is a list, J_l (n_l, n_{l−1}).

    The layers have any widths: a product has at most as many directions as its narrowest layer, and the r
    values that are returned are those. The product may underflow.
    """
    return _logs(Js)


def _narrowest(Js):
    return min(Js[0].shape[1], *(len(J) for J in Js))


def _logs(Js, *, log=np.log10, values=lambda P: np.linalg.svd(P, compute_uv=False), power=1, largest_first=True, shift=None, rescaled=True, used=slice(None), count=_narrowest):  # fmt: skip
    """log10_singular_values with exchangeable parts: the product with its size taken out, step by step."""
    P, taken = np.eye(Js[used][0].shape[1]), 0.0
    for J in Js[used]:
        P = J @ P
        if rescaled:
            size = np.linalg.norm(P)
            P, taken = P / size, taken + log(size)
    logs = power * (log(values(P)[: count(Js)]) + (taken if shift is None else shift(P, log)))
    return logs if largest_first else logs[::-1]


def _each_factor(Js):
    singular = [np.log10(np.linalg.svd(J, compute_uv=False)[: _narrowest(Js)]) for J in Js]
    return np.sum(singular, axis=0)


def _norms_added(Js):
    """The norms of the single layers, for the largest value; the others as they are."""
    right = log10_singular_values(Js)
    return right - right[0] + sum(np.log10(np.linalg.norm(J, 2)) for J in Js)


def _entries(Js):
    """Every direction of the output, those that a narrower layer has closed included: rounding, or −∞."""
    return _logs(Js, count=lambda Js: None)


def _reversed(Js):
    """J_1 … J_L, which only equal widths allow."""
    return _logs(Js[::-1])


def _cases(rng):
    cases = []
    for widths, size, label in (
        ((5, 3, 6, 4), 0.7, "widths 5 3 6 4"),
        ((4, 4, 4, 4, 4), 0.7, "widths all 4"),
        ((4, 3) * 30 + (4,), 1e-6, "60 layers"),
    ):
        while True:
            Js = [size * rng.normal(size=(o, i)) for i, o in zip(widths[:-1], widths[1:], strict=True)]
            if len(widths) > 10:  # the narrow side kept, so that only the size is extreme
                stretch = [rng.uniform(0.8, 1.2, size=3)[:, None] for _ in Js]
                turns = [np.linalg.qr(J if len(J) > len(J.T) else J.T)[0].T for J in Js]
                Q, _ = np.linalg.qr(rng.normal(size=(4, 4)))
                turns = [Q[:3] + 0.15 * t for t in turns]
                Js = [
                    size * (s * t if len(J) == 3 else (s * t).T)
                    for s, t, J in zip(stretch, turns, Js, strict=True)
                ]
            logs = log10_singular_values(Js)
            if logs[0] - logs[-1] < 4 and (-np.diff(logs)).min() > 0.05:
                break
        cases.append(Case((Js,), (f"logs ({label})",)))
    return cases


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


def _falls(args, out):
    return float(np.maximum(np.diff(next(iter(out.values()))), 0).max(initial=0))


LOG10_SINGULAR_VALUES = Problem(
    name="ps2.log10_singular_values",
    reference=log10_singular_values,
    family=_logs,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    invariants=(
        Invariant("squares add up to the norm", _right_size, "The squares of your singular values do not add up to the squared Frobenius norm of the product: is a factor missing, or the size that you took out?"),
        Invariant("largest first", _falls, "Your values do not fall. Asked for is the largest first."),
    ),
    mistakes=(
        Mistake("product underflows", dict(rescaled=False), "Your product of 60 layers is exactly 0: float64 ends near 1e−324. Divide the product by its size after every factor, and add up log10 of what you took out."),
        Mistake("closed directions kept", _entries, "You return a value for every row or column of the product. The narrowest layer lets fewer directions through; what stands in the other places is rounding, or the logarithm of 0."),
        Mistake("natural logarithm", dict(log=np.log), "Your logarithms are natural ones. Asked for are powers of ten: np.log10, or divide by ln 10 = 2.30."),
        Mistake("logarithm to base 2", dict(log=np.log2), "Your logarithms have base 2. Asked for are powers of ten: np.log10."),
        Mistake("order reversed", _reversed, "Your product has the first layer on the left. J_L acts last, so it stands leftmost. Only equal widths let yours run, and there it has other singular values."),
        Mistake("singular values multiplied", _each_factor, "You add up the logarithms of the layers' own singular values. Singular values do not multiply: the direction that one layer stretches most is another one in the next. Multiply the matrices first."),
        Mistake("layers' norms multiplied", _norms_added, "Your largest value is Σ log10 σ_max(J_l), the bound. The product stays below it, as the layers' largest directions do not line up."),
        Mistake("squares", dict(power=2), "Your logarithms are twice as large: eigenvalues of PᵀP are squares of singular values. Take the root, which halves the logarithm."),
        Mistake("divided by L", lambda Js: log10_singular_values(Js) / len(Js), "Your values are divided by the number of layers. That is the mean rate of a layer; asked for is the whole product."),
        Mistake("relative to the largest", dict(shift=lambda P, log: -log(np.linalg.norm(P, 2))), "Your values are relative to the largest, which is 0. Add log10 of the sizes that you took out."),
        Mistake("sizes not put back", dict(shift=lambda P, log: 0.0), "You divide the product by its norm and do not put it back. Each division takes log10 of the norm away from every value: add their sum at the end."),
        Mistake("smallest first", dict(largest_first=False), "Your values start with the smallest. Asked for is the largest first."),
        Mistake("first layer left out", dict(used=slice(1, None)), "J_1 is missing in your product. Start with the identity, or with Js[0] and go on at Js[1]."),
        Mistake("last layer left out", dict(used=slice(-1)), "J_L is missing in your product: does your loop end one step early?"),
    ),
    hints=(
        "Multiply the layers up, but never let the product become tiny: keep it at size 1 and keep the logarithm of its size apart. How many directions get through the narrowest layer?",
        "After P = J @ P: size = np.linalg.norm(P), P = P / size. Dividing a matrix by a number divides all its singular values by it.",
        "At the end log10 of the singular values of P plus the sum of all log10(size), cut after as many values as the narrowest layer has units, the input included.",
    ),
)  # fmt: skip
