"""Products of many Jacobians that never under- or overflow: norms, singular values, Lyapunov exponents.

A product is kept as a mantissa of ordinary size and the logarithm of the factor taken out:

>>> product = jacobian_product(np.full((5000, 1, 1), 0.25))
>>> round(product.log_norm())  # of 0.25^5000 = e^−6931; float64 ends at 0.25^537
-6931
"""

from collections import deque
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from vgcourse._validate import as_square_matrix, expect_count, expect_generator, expect_shape

__all__ = [
    "ScaledMatrix",
    "Transient",
    "jacobian_product",
    "jacobian_products",
    "log_norms_between",
    "log_singular_values",
    "lyapunov_exponents",
    "transient_growth",
]


class ScaledMatrix(NamedTuple):
    """A matrix (or a stack of them) equal to mantissa · e^log_scale; log_scale −inf stands for exactly 0.

    An entry more than 1e308 times (float32: 1e38) smaller than the largest one is 0.
    """

    mantissa: np.ndarray
    log_scale: np.ndarray

    def log_norm(self):
        """log ‖·‖₂, the logarithm of the largest singular value."""
        with np.errstate(divide="ignore"):
            return np.log(np.linalg.norm(self.mantissa, 2, axis=(-2, -1))) + self.log_scale


def jacobian_product(jacobians):
    """J_T … J_2 J_1 as a `ScaledMatrix`; the factors come in the order of time.

    Parameters
    ----------
    jacobians : (T, H, H) array, or any iterable of (H, H) arrays

    Raises
    ------
    TypeError, ValueError
        If there is no factor, or one is not a finite floating-point matrix of the others' size.
    """
    return deque(_products("jacobian_product", jacobians), maxlen=1).pop()


def jacobian_products(jacobians):
    """All partial products J_t … J_1, t = 1 … T: mantissas (T, H, H) and log scales (T,).

    Raises
    ------
    TypeError, ValueError
        As `jacobian_product`.
    """
    mantissas, scales = zip(*_products("jacobian_products", jacobians))
    return ScaledMatrix(np.stack(mantissas), np.array(scales))


def log_norms_between(jacobians):
    """log ‖∂h_t/∂h_k‖₂ for every pair of steps: the heat map of who still hears whom.

    Parameters
    ----------
    jacobians : (T, H, H) array, or any iterable of (H, H) arrays; O(T² H³)

    Returns
    -------
    (T + 1, T + 1) array, entry [t, k]; 0 where t = k, NaN where t < k

    Raises
    ------
    TypeError, ValueError
        As `jacobian_product`.
    """
    factors = list(_checked("log_norms_between", jacobians))
    out = np.full((len(factors) + 1, len(factors) + 1), np.nan)
    np.fill_diagonal(out, 0.0)
    for k in range(len(factors)):
        out[k + 1 :, k] = jacobian_products(factors[k:]).log_norm()
    return out


def log_singular_values(jacobians, *, sweeps=2):
    """Logarithms of all singular values of J_T … J_1, largest first, at any T.

    A product's small singular values drown in rounding, so the factors stay apart: the first sweep turns
    J_t Q_(t−1) into Q_t R_t, the second does the same to R_1ᵀ … R_Tᵀ, from its right end; then log |diag| add
    up to the logarithms. Each sweep shrinks what is left off the diagonal by the ratios of neighbouring
    singular values; one sweep alone is off by whole nats. Values within √ε of the largest come from the
    rescaled product and are exact even where neighbours are equal. The limit is a single factor: where its
    own condition number nears 1/ε (tanh units with |z| > 15), its smallest directions are rounding.

    Parameters
    ----------
    jacobians : (T, H, H) array, or any iterable of (H, H) arrays
    sweeps : 2, or more for short products with crowded small singular values

    Returns
    -------
    (H,) float64 array, whatever the precision of the factors; −inf where a singular value is 0

    Raises
    ------
    TypeError, ValueError
        As `jacobian_product`; sweeps below 1.
    """
    where = "log_singular_values"
    expect_count(where, "sweeps", sweeps)
    factors, scales, product = [_doubled(J) for J in _checked(where, jacobians)], 0.0, None
    for _ in range(sweeps):
        done = list(_sweep(factors, np.eye(len(factors[0]), dtype=factors[0].dtype), 5))
        scales += sum(group.log_scale for group in done)
        product = product or (jacobian_product(group.R for group in done), scales)
        factors = [group.R.T for group in reversed(done)]
    with np.errstate(divide="ignore"):
        logs = np.sort(scales + sum(np.log(np.abs(np.diag(R))) for R in factors))[::-1]
        product, scale = product
        direct = np.log(np.linalg.svd(product.mantissa, compute_uv=False)) + product.log_scale + scale
    trusted = int((direct > direct[0] + np.log(np.finfo(product.mantissa.dtype).eps) / 2).sum())
    return np.concatenate([direct[:trusted], np.minimum(logs[trusted:], direct[max(trusted - 1, 0)])])


def lyapunov_exponents(jacobians, count=None, *, burn_in=0, every=1, rng=None):
    """Mean growth rates λ_1 ≥ λ_2 ≥ … per step, by QR (Benettin et al. 1980): λ = (1/T) Σ log |diag R_t|.

    Parameters
    ----------
    jacobians : (T, H, H) array, or any iterable of (H, H) arrays, of which `every` are kept at a time
    count : how many exponents, default all; 1 is the maximal one, at the cost of a vector
    burn_in : first steps that align the frame and do not count
    every : most steps between two QR decompositions. More is faster where exponents are close together;
        where they are not, fewer are taken, for else the smallest would drown in rounding. Directions that
        one factor alone drives apart by 1/ε are rounding all the same, until `burn_in` steps align the frame.
    rng : Generator for the directions to start from; default: always the same ones

    Returns
    -------
    (count,) float64 array, nats per step; −inf for a direction that dies

    Raises
    ------
    TypeError, ValueError
        As `jacobian_product`; count not in 1 … H; burn_in not below T.
    """
    where = "lyapunov_exponents"
    expect_count(where, "every", every)
    expect_count(where, "burn_in", burn_in, 0)
    rng = np.random.default_rng(0) if rng is None else rng
    expect_generator(where, rng)
    factors = map(_doubled, _checked(where, jacobians))
    first = next(factors)
    count = len(first) if count is None else count
    expect_count(where, "count", count)
    if count > len(first):
        raise ValueError(f"{where}: count is {count}; expected at most H = {len(first)}.")
    factors = chain([first], factors)
    Q, steps = np.linalg.qr(rng.standard_normal((len(first), count)).astype(first.dtype))[0], 0
    for group in _sweep(islice(factors, burn_in), Q, every):
        Q, steps = group.Q, steps + group.steps
    total, counted = np.zeros(count), 0
    with np.errstate(divide="ignore"):
        for group in _sweep(factors, Q, every):
            total += np.log(np.abs(np.diag(group.R))) + group.log_scale
            counted += group.steps
    if not counted:
        raise ValueError(f"{where}: burn_in is {burn_in} but there are only {steps} steps.")
    return np.sort(total / counted)[::-1]


class Transient(NamedTuple):
    """‖A^k‖₂ for k = 0 … steps (also as logarithms), its peak and the k of it, and the spectral radius."""

    norms: np.ndarray
    log_norms: np.ndarray
    peak: float
    peak_at: int
    spectral_radius: float


def transient_growth(A, steps):
    """How far ‖A^k‖ rises before the eigenvalues win: equal to ρ^k throughout only where A is normal.

    A is a finite (H, H) array. Raises as `jacobian_product`; steps is at least 1.
    """
    A = as_square_matrix("transient_growth", A=A)
    expect_count("transient_growth", "steps", steps)
    logs = np.append(0.0, jacobian_products(np.broadcast_to(A, (steps, *A.shape))).log_norm())
    with np.errstate(over="ignore"):
        norms, radius = np.exp(logs), float(np.abs(np.linalg.eigvals(A)).max())
    at = int(np.argmax(logs))
    return Transient(norms, logs, float(norms[at]), at, radius)


def _checked(where, jacobians):
    """The factors one by one, each a finite square matrix of the first one's size and dtype."""
    if isinstance(jacobians, np.ndarray):
        expect_shape(where, "jacobians", jacobians, ("T", "H", "H"))
    if not np.iterable(jacobians):
        raise TypeError(f"{where}: jacobians is {jacobians!r}; expected (H, H) arrays, one for each step.")
    first = None
    for t, J in enumerate(jacobians):
        J = as_square_matrix(where, **{f"Jacobian {t + 1}": J})
        first = J if first is None else first
        expect_shape(where, f"Jacobian {t + 1}", J, first.shape, "the first has that shape")
        yield J
    if first is None:
        raise ValueError(f"{where}: there is no Jacobian; expected at least one.")


def _doubled(J):
    return J.astype(np.result_type(J, float), copy=False)


def _exponent(P):
    """The k with the largest entry of P / 2^k in [1/2, 1), of real and imaginary parts; None if P is 0."""
    largest = max(np.abs(P.real).max(), np.abs(P.imag).max()) if np.iscomplexobj(P) else np.abs(P).max()
    return int(np.frexp(largest)[1]) if largest else None


def _shrink(P):
    """P / 2^k and k log 2 with `_exponent`'s k: a power of two rounds nothing."""
    k = _exponent(P)
    if k is None:
        return P, -np.inf
    half, rest = (P.real.dtype.type(2.0**-n) for n in (k // 2, k - k // 2))  # 2^1074 alone would overflow
    return P * half * rest, k * np.log(2)


def _products(where, jacobians):
    P, log_scale = None, 0.0
    for J, own in map(_shrink, _checked(where, jacobians)):
        P, more = _shrink(J if P is None else J @ P)
        log_scale += own + more
        yield ScaledMatrix(P, log_scale)


class _Group(NamedTuple):
    """J_(t+steps) … J_(t+1) Q_t = Q R e^log_scale."""

    Q: np.ndarray
    R: np.ndarray
    log_scale: float
    steps: int


def _sweep(factors, Q, most):
    """J_t Q_(t−1) = Q_t R_t along all factors, for up to `most` of them at a time where that is safe.

    Safe: the diagonal of R spreads less than `widest`, which costs its smallest entry half of its digits.
    """
    factors, waiting, size = iter(factors), deque(), most
    widest = np.finfo(Q.dtype).eps ** -0.5
    while True:
        waiting.extend(islice(factors, max(0, size - len(waiting))))
        if not waiting:
            return
        steps = min(size, len(waiting))
        P, log_scale = Q, 0.0
        for J in islice(waiting, steps):
            P, more = (P, 0.0) if P is Q else _shrink(P)
            J, own = _within_reach(J)
            P = J @ P  # not shrunk before its QR: small entries may be far below the largest
            log_scale += more + own
        new_Q, R = np.linalg.qr(P)
        diagonal = np.abs(np.diag(R))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a direction may have died
            spread = diagonal.max() / diagonal.min()
            per_factor = np.log(spread) / steps
        if steps > 1 and not spread < widest:
            size = steps // 2
            continue
        Q = new_Q
        yield _Group(Q, R, log_scale, steps)
        for _ in range(steps):
            waiting.popleft()
        if 0 < per_factor < np.inf:
            size = int(np.clip(0.9 * np.log(widest) / per_factor, 1, most))


def _within_reach(J):
    """J / 2^k and k log 2, with k = 0 unless J's product with a frame might under- or overflow."""
    k = _exponent(J)
    return (J, 0.0) if k is not None and -900 < k < 1000 else _shrink(J)
