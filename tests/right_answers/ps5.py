"""Right answers to problem set 5 that look different."""

import cmath
import math

import numpy as np

from right_answers.clothes import dressed

# --- linear_response -------------------------------------------------------------------------------


def response_in_a_loop(W, C, x, h0):
    h = [h0]
    for x_t in x:
        h.append(W @ h[-1] + C @ x_t)
    return np.array(h)


def response_filled_in(W, C, x, h0):
    h = np.zeros((len(x) + 1, len(h0)), dtype=h0.dtype)
    h[0] = h0
    for t in range(1, len(x) + 1):
        h[t] = h[t - 1] @ W.T + x[t - 1] @ C.T
    return h


def response_by_powers(W, C, x, h0):
    """W^t h0 + Σ_s W^(t−s) C x(s)."""
    power = np.linalg.matrix_power
    return np.stack(
        [
            power(W, t) @ h0 + sum(power(W, t - s) @ C @ x[s - 1] for s in range(1, t + 1))
            for t in range(len(x) + 1)
        ]
    )


def response_by_einsum(W, C, x, h0):
    kicks, h = np.einsum("hd,td->th", C, x), [h0.copy()]
    for kick in kicks:
        h += [np.einsum("hk,k->h", W, h[-1]) + kick]
    return np.vstack(h)


def response_entry_by_entry(W, C, x, h0):
    rows = [list(h0)]
    for x_t in x:
        old = rows[-1]
        rows.append(
            [
                sum(W[i, j] * old[j] for j in range(len(old)))
                + sum(C[i, d] * x_t[d] for d in range(len(x_t)))
                for i in range(len(old))
            ]
        )
    return rows


def response_augmented(W, C, x, h0):
    """One matrix (W, C) on the stacked (h, x)."""
    both, h = np.hstack([W, C]), [h0]
    for x_t in x:
        h.append(both @ np.concatenate([h[-1], x_t]))
    return tuple(h)


# --- eigen_response --------------------------------------------------------------------------------


def eigen_columns(W, h0, steps):
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V, h0)
    return np.stack([(V @ (a * values**t)).real for t in range(steps + 1)])


def eigen_inverse(W, h0, steps):
    values, V = np.linalg.eig(W)
    inverse = np.linalg.inv(V)
    return np.array([np.real(V @ np.diag(values**t) @ inverse @ h0) for t in range(steps + 1)])


def eigen_left(W, h0, steps):
    """Coefficients by left eigenvectors, the eigenvectors of Wᵀ."""
    values, V = np.linalg.eig(W)
    left_values, U = np.linalg.eig(W.T)
    order = [np.argmin(np.abs(left_values - value)) for value in values]
    a = [U[:, i] @ h0 / (U[:, i] @ V[:, k]) for k, i in enumerate(order)]
    return sum(np.outer(values[k] ** np.arange(steps + 1), a[k] * V[:, k]) for k in range(len(a))).real


def eigen_polar(W, h0, steps):
    """Each pair once, as twice a damped cosine and sine."""
    values, V = np.linalg.eig(W)
    a, h = np.linalg.solve(V.astype(complex), h0.astype(complex)), np.zeros((steps + 1, len(h0)))
    for value, weight, v in zip(values, a, V.T, strict=True):
        if value.imag < 0:
            continue
        mode, (rho, angle) = weight * v, cmath.polar(complex(value))
        for t in range(steps + 1):
            turned = mode.real * math.cos(angle * t) - mode.imag * math.sin(angle * t)
            h[t] += (1 + (value.imag > 0)) * rho**t * turned
    return h


def eigen_einsum(W, h0, steps):
    values, V = np.linalg.eig(W)
    a = np.linalg.inv(V) @ h0
    return np.einsum("hi,ti,i->th", V, values ** np.arange(steps + 1)[:, None], a).real


def eigen_without(W, h0, steps):
    """The same numbers by repeated products."""
    h = [h0]
    for _ in range(steps):
        h.append(W @ h[-1])
    return h


# --- dominant_mode ---------------------------------------------------------------------------------


def mode_by_sort(W):
    first = sorted(np.linalg.eigvals(W), key=abs)[-1]
    return abs(first), 2 * np.pi / abs(np.angle(first)), np.log(0.5) / np.log(abs(first))


def mode_by_log(W):
    """log λ = log ρ + iθ."""
    values = np.linalg.eigvals(W).astype(complex)
    logs = np.log(values)
    first = logs[np.argmax(logs.real)]
    return np.exp(first.real), 2 * np.pi / abs(first.imag), math.log(2) / -first.real


def mode_by_atan2(W):
    values = np.linalg.eigvals(W)
    first = complex(values[np.argmax(values.real**2 + values.imag**2)])
    rho = math.hypot(first.real, first.imag)
    return rho, 2 * math.pi / abs(math.atan2(first.imag, first.real)), 1 / math.log(rho, 0.5)


def mode_in_degrees(W):
    values, _ = np.linalg.eig(W)
    first = values[np.abs(values).argsort()[-1]]
    return (
        np.array(np.abs(first)),
        np.array(360 / np.abs(np.angle(first, deg=True))),
        np.array(-1 / np.log2(np.abs(first))),
    )


def mode_by_polynomial(W):
    roots = np.roots(np.poly(W))
    rho, angle = cmath.polar(complex(roots[np.argmax(abs(roots))]))
    return [rho, 2 * np.pi / abs(angle), -np.log10(2) / np.log10(rho)]


# --- companion_poles -------------------------------------------------------------------------------


def companion_by_eye(taps):
    A = np.eye(max(taps), k=-1)
    for lag, weight in taps.items():
        A[0, lag - 1] = weight
    return A, np.sort(np.abs(np.linalg.eigvals(A)))[::-1]


def companion_by_roots(taps):
    K = max(taps)
    A = np.diag(np.ones(K - 1), -1)
    A[0] = [taps.get(lag, 0.0) for lag in range(1, K + 1)]
    return A, sorted(abs(np.roots([1, *-A[0]])), reverse=True)


def companion_by_loop(taps):
    K = max(taps)
    A = [[0.0] * K for _ in range(K)]
    for i in range(1, K):
        A[i][i - 1] = 1.0
    for lag in taps:
        A[0][lag - 1] += taps[lag]
    values = np.linalg.eig(np.array(A))[0]
    return A, np.flip(np.sort(np.hypot(values.real, values.imag)))


def companion_oldest_first(taps):
    K = max(taps)
    A = np.eye(K, k=1)
    A[-1] = [taps.get(K - j, 0.0) for j in range(K)]
    return A, -np.sort(-np.abs(np.linalg.eigvals(A)))


def companion_by_blocks(taps):
    K = max(taps)
    a = np.zeros((1, K))
    a[0, [lag - 1 for lag in taps]] = list(taps.values())
    A = np.vstack([a, np.hstack([np.eye(K - 1), np.zeros((K - 1, 1))])])
    return A, np.sort(np.abs(np.polynomial.polynomial.polyroots([*-a[0, ::-1], 1.0])))[::-1]


def companion_by_columns(taps):
    """Column j is what the state e_j becomes."""
    K, columns = max(taps), []
    for j in range(K):
        h = np.eye(K)[j]
        columns.append(np.concatenate([[sum(a * h[lag - 1] for lag, a in taps.items())], h[:-1]]))
    A = np.stack(columns, axis=1)
    values = np.linalg.eigvals(A.T)
    return A, np.sqrt(np.sort((values * values.conj()).real)[::-1])


# --- impulse_response ------------------------------------------------------------------------------


def impulse_by_loop(taps, steps):
    h = np.zeros(steps + 1)
    h[0] = 1.0
    for t in range(1, steps + 1):
        for lag, weight in taps.items():
            if t >= lag:
                h[t] += weight * h[t - lag]
    return h


def impulse_forward(taps, steps):
    """Each value is sent ahead to where it will be heard."""
    h = [1.0] + [0.0] * steps
    for t in range(steps + 1):
        for lag, weight in taps.items():
            if t + lag <= steps:
                h[t + lag] += weight * h[t]
    return h


def impulse_by_matrix(taps, steps):
    A, _ = companion_by_eye(taps)
    return np.array([np.linalg.matrix_power(A, t)[0, 0] for t in range(steps + 1)])


def impulse_by_buffer(taps, steps):
    buffer, out = [0.0] * max(taps), []
    for t in range(steps + 1):
        h = sum(taps[lag] * buffer[lag - 1] for lag in taps) + (t == 0)
        buffer = [h, *buffer[:-1]]
        out.append(h)
    return tuple(out)


def impulse_by_series(taps, steps):
    """The power series of 1/(1 − Σ a_k z^k): the sum of all powers of the polynomial."""
    a = np.zeros(steps + 1)
    for lag, weight in taps.items():
        if lag <= steps:
            a[lag] = weight
    term = np.eye(steps + 1)[0]
    total = term.copy()
    for _ in range(steps):
        term = np.convolve(term, a)[: steps + 1]
        total += term
    return total


def impulse_by_solving(taps, steps):
    """(I − Σ a_k shift^k) h = x, all steps at once."""
    M = np.eye(steps + 1)
    for lag, weight in taps.items():
        M -= weight * np.eye(steps + 1, k=-lag)
    return np.linalg.solve(M, np.eye(steps + 1)[0])


# --- is_stable -------------------------------------------------------------------------------------


def stable_by_eigenvalues(W):
    return bool(np.max(np.abs(np.linalg.eigvals(W))) < 1)


def stable_each(W):
    return all(abs(value) < 1 for value in np.linalg.eig(W)[0])


def stable_numpy_bool(W):
    values = np.linalg.eigvals(W)
    return (values.real**2 + values.imag**2 < 1).all()


def stable_by_power(W):
    """The power with exponent 2^10 is gone, if the eigenvalues lie inside."""
    with np.errstate(all="ignore"):
        power = np.linalg.matrix_power(W, 1024)
    return bool(np.isfinite(power).all() and np.abs(power).max() < 1e-3)


def stable_by_lyapunov(W):
    """P − Wᵀ P W = I has a positive definite solution exactly if W is stable."""
    n = len(W)
    M = np.eye(n * n) - np.kron(W.T, W.T)
    if np.linalg.cond(M) > 1e12:
        return 0
    P = np.linalg.solve(M, np.eye(n).ravel()).reshape(n, n)
    return int(np.linalg.eigvalsh((P + P.T) / 2).min() > 0)


def stable_any(W):
    return not np.any(np.abs(np.linalg.eigvals(W)) >= 1.0)


# --- fixed_point_slopes ----------------------------------------------------------------------------


def sigma(z):
    return 1 / (1 + np.exp(-z))


def slope_of(name, z):
    if name == "tanh":
        return 1 / np.cosh(z) ** 2
    if name == "sigmoid":
        return sigma(z) * sigma(-z)
    return np.where(np.real(z) > 0, 1.0, 0.0)


def value_of(name, z):
    if name == "tanh":
        return np.tanh(z)
    return sigma(z) if name == "sigmoid" else z * (np.real(z) > 0)


def slopes_by_formula(name, w, drive, h):
    slopes = w * slope_of(name, w * h + drive)
    return slopes, np.abs(slopes) < 1


def slopes_post_activation(name, w, drive, h):
    """At a fixed point h = f(z), so f' can be read off h."""
    slopes = {"tanh": 1 - h**2, "sigmoid": h * (1 - h), "relu": (h > 0) * 1.0}[name] * w
    return slopes, (slopes > -1) & (slopes < 1)


def slopes_complex_step(name, w, drive, h):
    slopes = value_of(name, w * (h + 1e-20j) + drive).imag / 1e-20
    return slopes, slopes**2 < 1


def slopes_one_by_one(name, w, drive, h):
    slopes = [float(slope_of(name, w * point + drive)) * w for point in h]
    return slopes, [abs(slope) < 1 for slope in slopes]


def slopes_as_integers(name, w, drive, h):
    slopes = np.array(slopes_one_by_one(name, w, drive, h)[0])
    return slopes, np.where(np.abs(slopes) < 1, 1, 0)


def slopes_by_differences(name, w, drive, h):
    up, down = value_of(name, w * (h + 1e-6) + drive), value_of(name, w * (h - 1e-6) + drive)
    slopes = (up - down) / 2e-6
    return [slopes, abs(slopes) < 1]


# --- state_gradient --------------------------------------------------------------------------------


def orbit(name, w, c, x, h0):
    z, h = [], [h0]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append(value_of(name, z[-1]))
    return z, h


def gradient_backward(name, w, c, x, h0):
    z, h = orbit(name, w, c, x, h0)
    T = len(x)
    dh, dw, dc = np.ones(T + 1), 0.0, 0.0
    for t in reversed(range(T)):
        delta = dh[t + 1] * slope_of(name, z[t])
        dw += delta * h[t]
        dc += delta * x[t]
        dh[t] = delta * w
    return dh, dw, dc


def gradient_post_activation(name, w, c, x, h0):
    _, h = orbit(name, w, c, x, h0)
    h = np.array(h)
    after = h[1:]
    slopes = {"tanh": 1 - after**2, "sigmoid": after - after**2, "relu": np.sign(after)}[name]
    dh = np.append(np.cumprod((w * slopes)[::-1])[::-1], 1.0)
    dz = dh[1:] * slopes
    return dh, dz @ h[:-1], dz @ x


def gradient_complex_step(name, w, c, x, h0):
    """Every number by the complex step through what follows it."""
    _, h = orbit(name, w, c, x, h0)
    dh = [orbit(name, w, c, x[t:], h[t] + 1e-20j)[1][-1].imag / 1e-20 for t in range(len(x))]
    dw = orbit(name, w + 1e-20j, c, x, h0)[1][-1].imag / 1e-20
    dc = orbit(name, w, c + 1e-20j, x, h0)[1][-1].imag / 1e-20
    return [*dh, 1.0], dw, dc


def gradient_forward(name, w, c, x, h0):
    """Forward mode: h_w and h_c run along with the state."""
    z, h = orbit(name, w, c, x, h0)
    h_w = h_c = 0.0
    for t in range(len(x)):
        slope = slope_of(name, z[t])
        h_w, h_c = slope * (h[t] + w * h_w), slope * (x[t] + w * h_c)
    dh = [math.prod(float(w * slope_of(name, z[s])) for s in range(t, len(x))) for t in range(len(x) + 1)]
    return np.array(dh), np.array(h_w), np.array(h_c)


def gradient_by_solving(name, w, c, x, h0):
    """(I − shift back) dh = e_T, all steps at once."""
    z, h = orbit(name, w, c, x, h0)
    slopes, T = np.array([slope_of(name, v) for v in z], dtype=float), len(x)
    dh = np.linalg.solve(np.eye(T + 1) - np.diag(w * slopes, 1), np.eye(T + 1)[T])
    return dh, sum(dh[1:] * slopes * np.array(h[:-1])), np.einsum("t,t,t->", dh[1:], slopes, x)


def gradient_recursive(name, w, c, x, h0):
    if not len(x):
        return [1.0], 0.0, 0.0
    z = w * h0 + c * x[0]
    dh, dw, dc = gradient_recursive(name, w, c, x[1:], value_of(name, z))
    delta = dh[0] * slope_of(name, z)
    return [w * delta, *dh], dw + delta * h0, dc + delta * x[0]


# --- lyapunov_exponents ----------------------------------------------------------------------------


def exponents_by_qr(Js):
    Q, total = np.eye(Js.shape[-1], dtype=Js.dtype), 0.0
    for J in Js:
        Q, R = np.linalg.qr(J @ Q)
        total = total + np.log(np.abs(np.diag(R)))
    return total / len(Js)


def exponents_by_gram_schmidt(Js):
    T, H, _ = Js.shape
    Q, total = np.eye(H), np.zeros(H)
    for J in Js:
        Z = J @ Q
        for j in range(H):
            for k in range(j):
                Z[:, j] -= Z[:, k] * (Z[:, k] @ Z[:, j])
            length = math.sqrt(Z[:, j] @ Z[:, j])
            total[j] += math.log(length)
            Z[:, j] /= length
        Q = Z
    return total / T


def exponents_positive_diagonal(Js):
    """Signs moved from R into Q, so that no absolute value is needed."""
    Q, rows = np.eye(Js.shape[1]), []
    for J in Js:
        Q, R = np.linalg.qr(J @ Q)
        signs = np.sign(np.diag(R))
        Q, R = Q * signs, signs[:, None] * R
        rows.append(np.log(np.diag(R)))
    return np.mean(rows, axis=0)


def exponents_by_volumes(Js):
    """Volumes of the first k columns of the product, by singular values; short products only."""
    P = np.eye(Js.shape[1])
    for J in Js:
        P = J @ P
    volumes = [0.0] + [np.log(np.linalg.svd(P[:, :k], compute_uv=False)).sum() for k in range(1, len(P) + 1)]
    return np.diff(volumes) / len(Js)


def exponents_of_the_product(Js):
    P = np.linalg.multi_dot(Js[::-1])
    return (np.log(np.diag(np.linalg.qr(P)[1]) ** 2) / (2 * len(Js))).tolist()


def exponents_by_log2(Js):
    Q, product = np.eye(Js.shape[1]), 1.0
    for J in Js:
        Q, R = np.linalg.qr(np.einsum("ij,jk->ik", J, Q))
        product = product * np.abs(R.diagonal())
    return np.log(2) * np.log2(product) / Js.shape[0]


# --- log_singular_values ---------------------------------------------------------------------------


def logs_rescaled(Js):
    P, scale = np.eye(Js.shape[-1], dtype=np.float64), 0.0
    for J in Js:
        P = J.astype(np.float64) @ P
        size = np.linalg.norm(P)
        P, scale = P / size, scale + np.log(size)
    return np.log(np.linalg.svd(P, compute_uv=False)) + scale


def logs_by_largest_entry(Js):
    P, scales = Js[0], []
    for J in Js[1:]:
        scales.append(np.abs(P).max())
        P = J @ (P / scales[-1])
    return np.log(np.linalg.svd(P)[1]) + np.log(scales).sum()


def logs_factors_first(Js):
    """Each factor is brought to norm 1 before the product."""
    sizes = np.linalg.norm(Js, axis=(1, 2))
    P = np.eye(Js.shape[1])
    for J, size in zip(Js, sizes, strict=True):
        P = (J / size) @ P
    gram = np.linalg.eigvalsh(P.T @ P)[::-1]
    return np.log(gram) / 2 + np.log(sizes).sum()


def logs_powers_of_two(Js):
    P, bits = np.eye(Js.shape[1]), 0
    for J in Js:
        P = J @ P
        k = int(np.floor(np.log2(np.abs(P).max())))
        P, bits = np.ldexp(P, -k), bits + k
    return (np.log2(np.linalg.svd(P, compute_uv=False)) + bits) * np.log(2)


def logs_from_the_left(Js):
    P, scale = np.eye(Js.shape[1]), 0.0
    for J in Js[::-1]:
        P = P @ J
        size = np.linalg.norm(P, 2)
        P, scale = P / size, scale + math.log(size)
    return [math.log(s) + scale for s in np.linalg.svd(P.T, compute_uv=False)]


def logs_by_determinant(Js):
    """A common scale for all factors, from the determinant."""
    H = Js.shape[1]
    mean = np.linalg.slogdet(Js)[1].sum() / H / len(Js)
    P = np.eye(H)
    for J in Js * np.exp(-mean):
        P = J @ P
    return np.log(np.linalg.svd(P, compute_uv=False)) + mean * len(Js)


# --- transient_growth ------------------------------------------------------------------------------


def growth_step_by_step(A, steps):
    P, norms = np.eye(len(A), dtype=A.dtype), []
    for _ in range(steps + 1):
        norms.append(np.linalg.norm(P, 2))
        P = A @ P
    return np.array(norms), max(norms), int(np.argmax(norms))


def growth_by_powers(A, steps):
    norms = [np.linalg.svd(np.linalg.matrix_power(A, k), compute_uv=False)[0] for k in range(steps + 1)]
    return norms, np.max(norms), norms.index(max(norms))


def growth_by_gram(A, steps):
    """σ_max² is the largest eigenvalue of PᵀP."""
    powers = [np.eye(len(A))]
    for _ in range(steps):
        powers.append(powers[-1] @ A)
    P = np.stack(powers)
    norms = np.sqrt(np.linalg.eigvalsh(np.einsum("kij,kil->kjl", P, P))[:, -1])
    return norms, norms.max(), norms.argmax()


def growth_batched(A, steps):
    powers = np.stack([np.linalg.matrix_power(A, k) for k in range(steps + 1)])
    norms = np.linalg.norm(powers, ord=2, axis=(1, 2))
    best = int(norms.argmax())
    return norms, float(norms[best]), best


def growth_running_best(A, steps):
    P, norms, peak, at = np.eye(len(A)), [], 0.0, 0
    for k in range(steps + 1):
        size = np.linalg.svd(P)[1].max()
        norms.append(size)
        if size > peak:
            peak, at = size, k
        P = P @ A
    return norms, peak, at


def growth_transposed(A, steps):
    """Aᵀ has the same singular values; the index as a float."""
    norms = np.array([np.linalg.norm(np.linalg.matrix_power(A.T, k), 2) for k in range(steps + 1)])
    return norms, np.array(np.sort(norms)[-1]), float(np.flatnonzero(norms == norms.max())[0])


RIGHT = {
    "ps5.linear_response": dressed(
        response_in_a_loop,
        response_filled_in,
        response_by_powers,
        response_by_einsum,
        response_entry_by_entry,
        response_augmented,
    ),
    "ps5.eigen_response": dressed(
        eigen_columns, eigen_inverse, eigen_left, eigen_polar, eigen_einsum, eigen_without
    ),
    "ps5.dominant_mode": dressed(
        mode_by_sort, mode_by_log, mode_by_atan2, mode_in_degrees, mode_by_polynomial
    ),
    "ps5.companion_poles": dressed(
        companion_by_eye,
        companion_by_roots,
        companion_by_loop,
        companion_oldest_first,
        companion_by_blocks,
        companion_by_columns,
    ),
    "ps5.impulse_response": dressed(
        impulse_by_loop,
        impulse_forward,
        impulse_by_matrix,
        impulse_by_buffer,
        impulse_by_series,
        impulse_by_solving,
    ),
    "ps5.is_stable": dressed(
        stable_by_eigenvalues, stable_each, stable_numpy_bool, stable_by_power, stable_by_lyapunov, stable_any
    ),
    "ps5.fixed_point_slopes": dressed(
        slopes_by_formula,
        slopes_post_activation,
        slopes_complex_step,
        slopes_one_by_one,
        slopes_as_integers,
        slopes_by_differences,
    ),
    "ps5.state_gradient": dressed(
        gradient_backward,
        gradient_post_activation,
        gradient_complex_step,
        gradient_forward,
        gradient_by_solving,
        gradient_recursive,
    ),
    "ps5.lyapunov_exponents": dressed(
        exponents_by_qr,
        exponents_by_gram_schmidt,
        exponents_positive_diagonal,
        exponents_by_volumes,
        exponents_of_the_product,
        exponents_by_log2,
    ),
    "ps5.log_singular_values": dressed(
        logs_rescaled,
        logs_by_largest_entry,
        logs_factors_first,
        logs_powers_of_two,
        logs_from_the_left,
        logs_by_determinant,
    ),
    "ps5.transient_growth": dressed(
        growth_step_by_step,
        growth_by_powers,
        growth_by_gram,
        growth_batched,
        growth_running_best,
        growth_transposed,
    ),
}
