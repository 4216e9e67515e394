"""Linear recursions h(t) = W h(t−1) + C x(t): simulated, and in closed form by eigenvectors.

>>> W = np.array([[0.9, 5.0], [0.0, 0.5]])
>>> response = closed_form(W, np.ones(2), 100)
>>> response.note
'2 eigenvectors, condition 25: W^t h = Σ a_i λ_i^t v_i.'
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_floats, as_square_matrix, expect_count, expect_finite, expect_shape

__all__ = [
    "ClosedForm",
    "Modes",
    "closed_form",
    "modes",
    "simulate",
]


def simulate(W, h0, steps, *, C=None, x=None):
    """h(t) = W h(t−1) + C x(t), step by step.

    Parameters
    ----------
    W : (H, H) array
    h0 : (H,) array, h(0)
    steps : number T of steps, at least 0
    C : (H, D) array or None for the identity (then D = H)
    x : (T, D) array or None for no input; row t − 1 holds x(t)

    Returns
    -------
    (T + 1, H) array, h(0) first; an unstable mode may run to infinity, and a weight of 0 does not hear it

    Raises
    ------
    TypeError, ValueError
        If an array is not floating point or not finite, or shapes do not fit.
    """
    W, h0, driven = _system("simulate", W, h0, steps, C, x)
    return _run(W, h0, driven)


class Modes(NamedTuple):
    """Eigenvalues λ (largest first), eigenvectors v as columns, and the condition number of that basis."""

    values: np.ndarray
    vectors: np.ndarray
    condition: float

    @property
    def diagonalisable(self):
        """Whether the eigenvectors are a basis: rounding leaves a Jordan block a condition above 1/√ε."""
        return self.condition < np.finfo(self.vectors.dtype).eps ** -0.5


def modes(W):
    """W v_i = λ_i v_i, sorted by |λ|; complex pairs stay complex.

    Parameters
    ----------
    W : finite (H, H) array

    Returns
    -------
    Modes

    Raises
    ------
    TypeError, ValueError
        If W is not floating point, not finite or not square.
    """
    W = as_square_matrix("modes", W=W)
    values, vectors = np.linalg.eig(W)
    order = np.argsort(-np.abs(values), kind="stable")
    values, vectors = values[order], vectors[:, order]
    return Modes(values, vectors, float(np.linalg.cond(vectors)))


class ClosedForm(NamedTuple):
    """States (T + 1, H), how much of each mode h(0) holds (None in the fallback), and what was done."""

    states: np.ndarray
    coefficients: np.ndarray | None
    note: str


def closed_form(W, h0, steps, *, C=None, x=None):
    """h(t) = Σ_i v_i [a_i λ_i^t + Σ_{s≤t} λ_i^(t−s) u_i(s)] with h(0) = Σ a_i v_i and C x(s) = Σ u_i(s) v_i.

    A matrix without a basis of eigenvectors (a Jordan block) has no such sum: then the same
    h(t) = W^t h(0) + Σ_s W^(t−s) C x(s) is multiplied out, and the note says so.

    Parameters
    ----------
    W, h0, steps, C, x : as in `simulate`

    Returns
    -------
    ClosedForm

    Raises
    ------
    TypeError, ValueError
        As `simulate`, and if C or x is complex where W and h0 are real.
    """
    W, h0, driven = _system("closed_form", W, h0, steps, C, x)
    for name, given in (("C", C), ("x", x)):
        if np.iscomplexobj(given) and not (np.iscomplexobj(W) or np.iscomplexobj(h0)):
            raise TypeError(
                f"closed_form: {name} is complex; expected real numbers because W and h0 are real."
            )
    found = modes(W)
    if not found.diagonalisable:
        note = (
            f"W is not diagonalisable (condition of its eigenvectors {found.condition:.1e}), so W^t is "
            "no sum of λ^t alone: multiplied out step by step instead."
        )
        return ClosedForm(_run(W, h0, driven), None, note)
    a = np.linalg.solve(found.vectors, h0)
    with np.errstate(over="ignore", invalid="ignore"):
        t = np.arange(steps + 1)[:, None]
        half, rest = found.values ** (t // 2), found.values ** (t - t // 2)
        in_modes = np.where(a == 0, 0, a * half * rest)  # (T + 1, H); λ^t alone ends long before a λ^t
        if x is not None:
            u, heard = np.linalg.solve(found.vectors, driven.T).T, np.zeros_like(in_modes[0])
            for s in range(steps):
                heard = found.values * heard + u[s]  # the inner sum, by Horner's rule
                in_modes[s + 1] += heard
        states = _apply(found.vectors, in_modes)
    dtype = np.result_type(W, h0, driven)
    states = (states if dtype.kind == "c" else states.real).astype(dtype)
    note = f"{len(h0)} eigenvectors, condition {found.condition:.3g}: W^t h = Σ a_i λ_i^t v_i."
    return ClosedForm(states, a, note)


def _system(where, W, h0, steps, C, x):
    """W, h(0) and C x(t) for every step, checked."""
    expect_count(where, "steps", steps, 0)
    W, h0 = as_floats(where, W=as_square_matrix(where, W=W), h0=h0)
    expect_shape(where, "h0", h0, W.shape[:1], f"W has shape {W.shape}")
    expect_finite(where, h0=h0)
    if x is None:
        if C is not None:
            raise ValueError(f"{where}: C is given but x is not; expected both or neither.")
        return W, h0, np.zeros((steps, len(W)), W.dtype)
    C = np.eye(len(W), dtype=W.dtype) if C is None else C
    W, C, x = as_floats(where, W=W, C=C, x=x)
    expect_shape(where, "C", C, (len(W), "D"), f"W has shape {W.shape}")
    expect_shape(where, "x", x, (steps, C.shape[1]), f"steps is {steps} and C has shape {C.shape}")
    expect_finite(where, C=C, x=x)
    with np.errstate(over="ignore", invalid="ignore"):
        return W, h0, x @ C.T


def _run(W, h0, driven):
    states = np.empty((len(driven) + 1, len(h0)), np.result_type(W, h0, driven))
    states[0] = h0
    with np.errstate(over="ignore", invalid="ignore"):  # an unstable recursion may run to infinity
        for t in range(len(driven)):
            states[t + 1] = _apply(W, states[t]) + driven[t]
    return states


def _apply(W, h):
    """W h for every row of h, where 0 · ∞ is 0: what ran to infinity is not felt where it has no part."""
    out = h @ W.T
    if np.isfinite(out).all():
        return out
    return sum(np.where(column == 0, 0, h[..., k, None] * column) for k, column in enumerate(W.T))
