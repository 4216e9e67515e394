"""Is a recursion stable? Poles, Jury's test, contraction, and a function that falls at every step.

>>> float(np.abs(poles({1: 0.5, 5: 0.25}))[0].round(3))
0.893
>>> jury_test({1: 0.5, 5: 0.25, 8: 0.1}).stable
True
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    as_floats,
    as_square_matrix,
    expect_choice,
    expect_count,
    expect_finite,
    expect_number,
    expect_shape,
)

__all__ = [
    "Jury",
    "companion",
    "contraction_factor",
    "impulse_response",
    "jury_test",
    "lyapunov_function",
    "poles",
]

LARGEST_SLOPE = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, "leaky_relu": 1.0, "elu": 1.0, "softplus": 1.0}


def companion(taps):
    """The matrix that turns h(t) = Σ_k a_k h(t−k) into one step of (h(t), …, h(t−K+1)).

    Parameters
    ----------
    taps : (K,) array a_1 … a_K, or a mapping lag → weight such as {1: 0.5, 5: 0.25}

    Returns
    -------
    (K, K) array

    Raises
    ------
    TypeError, ValueError
        If the taps are not finite real numbers, there is none, or a lag is not a positive integer.
    """
    a = _taps("companion", taps)
    matrix = np.eye(len(a), k=-1, dtype=a.dtype)
    matrix[0] = a
    return matrix


def poles(taps):
    """Roots of z^K = Σ_k a_k z^(K−k), largest first: stable if and only if all lie inside |z| < 1.

    Parameters
    ----------
    taps : as in `companion`

    Returns
    -------
    (K,) complex array

    Raises
    ------
    TypeError, ValueError
        As `companion`.
    """
    values = np.linalg.eigvals(companion(_taps("poles", taps))).astype(complex)
    return values[np.argsort(-np.abs(values), kind="stable")]


def impulse_response(taps, steps):
    """h(0), …, h(steps) of h(t) = Σ_k a_k h(t−k) + x(t) for x(0) = 1 and nothing else.

    Parameters
    ----------
    taps : as in `companion`
    steps : last time, at least 0

    Returns
    -------
    (steps + 1,) array; of an unstable recursion it may run to infinity

    Raises
    ------
    TypeError, ValueError
        As `companion`, and if steps is no integer or negative.
    """
    a = _taps("impulse_response", taps)
    expect_count("impulse_response", "steps", steps, 0)
    h = np.zeros(len(a) + steps + 1, a.dtype)  # K zeros of the past stand in front
    h[len(a)] = 1
    lags = np.flatnonzero(a) + 1  # a lag without a tap hears nothing, not even an infinity
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(a) + 1, len(h)):
            h[t] = a[lags - 1] @ h[t - lags]
    return h[len(a) :]


class Jury(NamedTuple):
    """The verdict, the K numbers that all have to lie in (−1, 1), and the table they are read from."""

    stable: bool
    reflections: np.ndarray
    rows: list


def jury_test(taps):
    """Are all poles inside the unit circle? Decided without computing one (Jury 1962).

    With p(z) = z^K − a_1 z^(K−1) − … − a_K, each step takes k = (last coefficient)/(first) and goes on with
    p(z) − k z^m p(1/z), one degree lower. Stable if and only if every |k| < 1; the first failure ends it.

    Parameters
    ----------
    taps : as in `companion`

    Returns
    -------
    Jury

    Raises
    ------
    TypeError, ValueError
        As `companion`.
    """
    a = _taps("jury_test", taps)
    row = np.concatenate([[1.0], -a.astype(float)])
    rows, reflections = [row], []
    while len(row) > 1:
        reflections.append(row[-1] / row[0])
        if not abs(reflections[-1]) < 1:
            break
        row = (row - reflections[-1] * row[::-1])[:-1]
        rows.append(row)
    reflections = np.array(reflections)
    return Jury(bool((np.abs(reflections) < 1).all()), reflections, rows)


def contraction_factor(W, activation="tanh"):
    """γ σ_max(W): h → f(W h + …) brings any two states nearer by at least this factor, if it is below 1.

    γ = max f' (1/4 for the sigmoid, 1 for the others). Enough for vanishing gradients, not needed (Pascanu
    et al. 2013).

    Parameters
    ----------
    W : finite (H, H) array
    activation : a name of `LARGEST_SLOPE`

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If W is not floating point, not finite or not square, or the activation is unknown.
    """
    W = as_square_matrix("contraction_factor", W=W)
    expect_choice("contraction_factor", "activation", activation, LARGEST_SLOPE)
    return LARGEST_SLOPE[activation] * float(np.linalg.norm(W, 2))


def lyapunov_function(W, Q=None):
    """P of V(h) = hᵀ P h with V(W h) = V(h) − hᵀ Q h: V falls at every step, even where ‖h‖ grows first.

    Solves Wᵀ P W − P = −Q, that is P = Σ_k (Wᵀ)^k Q W^k, by doubling the number of terms (Smith 1968).

    Parameters
    ----------
    W : (H, H) array with all |λ| < 1
    Q : symmetric positive definite (H, H) array, or None for the identity

    Returns
    -------
    (H, H) symmetric positive definite array

    Raises
    ------
    TypeError, ValueError
        If W or Q is no finite (H, H) array of floats, the spectral radius of W is 1 or more (no such function
        exists), Q is not symmetric positive definite, or P is larger than the largest float.
    """
    W = as_square_matrix("lyapunov_function", W=W)
    Q = np.eye(len(W), dtype=W.dtype) if Q is None else as_square_matrix("lyapunov_function", Q=Q)
    expect_shape("lyapunov_function", "Q", Q, W.shape, "that is the shape of W")
    W, Q = as_floats("lyapunov_function", W=W, Q=Q)
    with np.errstate(over="ignore"):
        skew = np.abs(Q - Q.conj().T).max()
    if skew > 1e-5 * np.abs(Q).max() or not np.linalg.eigvalsh(Q).min() > 0:
        raise ValueError("lyapunov_function: Q is not symmetric positive definite; expected such a matrix.")
    radius = float(np.abs(np.linalg.eigvals(W)).max())
    if not radius < 1:
        raise ValueError(f"lyapunov_function: W has spectral radius {radius:.6g}; expected below 1.")
    P, power = Q, W
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(64):
            more = power.conj().T @ P @ power
            P, power = P + more, power @ power
            if not np.abs(more).max() > np.finfo(P.dtype).eps * np.abs(P).max():
                break
        P = P / 2 + P.conj().T / 2
    if not np.isfinite(P).all():
        raise ValueError(f"lyapunov_function: P exceeds the largest {P.dtype}; expected smaller W or Q.")
    return P


def _taps(where, taps):
    if isinstance(taps, Mapping):
        if not taps:
            raise ValueError(f"{where}: taps are empty; expected at least one lag.")
        for lag in taps:
            expect_count(where, "a lag", lag)
        a = np.zeros(max(taps))
        for lag, weight in taps.items():
            a[lag - 1] = expect_number(where, f"the tap at lag {lag}", weight)
    else:
        a = as_floats(where, taps=taps)
    expect_shape(where, "taps", a, ("K",))
    if a.dtype.kind == "c":
        raise TypeError(f"{where}: taps are complex; expected real numbers.")
    expect_finite(where, taps=a)
    return a
