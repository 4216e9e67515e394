"""Right answers to problem set 3 that look different."""

import functools
import math

import numpy as np

from right_answers.clothes import dressed
from vgcourse.dynamics import gaussian_mean

# --- product_moments -------------------------------------------------------------------------------


def products_by_second_moments(mean_w, var_w, mean_x, var_x, keep):
    mean_y = mean_w * mean_x
    var_y = (var_w + mean_w**2) * (var_x + mean_x**2) / keep - mean_y**2
    return var_y, np.sum(mean_y), np.sum(var_y)


def products_three_terms(mean_w, var_w, mean_x, var_x, keep):
    """(4.2) for w·x, then (4.2) again for its product with m/p, of mean 1 and variance (1 − p)/p."""
    mean = mean_w * mean_x
    var = mean_x**2 * var_w + mean_w**2 * var_x + var_w * var_x
    var_mask = (1 - keep) / keep
    var_y = mean**2 * var_mask + var + var * var_mask
    return var_y, mean.sum(), var_y.sum()


def products_in_loops(mean_w, var_w, mean_x, var_x, keep):
    means, variances = [], []
    for mw, vw, mx, vx in zip(mean_w, var_w, mean_x, var_x, strict=True):
        square = (vw + mw * mw) * (vx + mx * mx)
        means.append(mw * mx)
        variances.append(square / keep - mw * mw * mx * mx)
    return variances, sum(means), sum(variances)


def products_by_dot(mean_w, var_w, mean_x, var_x, keep):
    square_w, square_x = var_w + mean_w**2, var_x + mean_x**2
    var_y = square_w * square_x / keep - (mean_w * mean_x) ** 2
    return var_y, mean_w @ mean_x, square_w @ square_x / keep - mean_w**2 @ mean_x**2


def products_by_two_points(mean_w, var_w, mean_x, var_x, keep):
    """Total variance: with probability p, 1/p times a two-point w times a two-point x; else 0."""
    w = np.stack([mean_w + np.sqrt(var_w), mean_w - np.sqrt(var_w)])
    x = np.stack([mean_x + np.sqrt(var_x), mean_x - np.sqrt(var_x)])
    y = (w[:, None] * x[None]).reshape(4, -1) / keep
    mean = keep * y.mean(axis=0)
    var = keep * ((y - mean) ** 2).mean(axis=0) + (1 - keep) * mean**2
    return var, float(mean.sum()), float(var.sum())


def products_einsum(mean_w, var_w, mean_x, var_x, keep):
    factors = np.array([var_w + mean_w**2, var_x + mean_x**2, np.full(len(mean_w), 1 / keep)])
    var_y = np.prod(factors, axis=0) - np.multiply(mean_w, mean_x) ** 2
    return [var_y, np.einsum("n,n->", mean_w, mean_x), np.array(var_y.sum())]


# --- relu_moments ----------------------------------------------------------------------------------


def _normal(t):
    return math.exp(-t * t / 2) / math.sqrt(2 * math.pi), 0.5 * math.erfc(-t / math.sqrt(2))


def relu_closed_forms(s, b):
    phi, Phi = _normal(b / s)
    mean = s * phi + b * Phi
    second = (s**2 + b**2) * Phi + s * b * phi
    return mean, second, second - mean**2, Phi


def relu_by_recursion(s, b):
    """In units of s: m_0 = Φ, m_1 = t Φ + φ, m_2 = t m_1 + m_0."""
    t = b / s
    phi, m0 = _normal(t)
    m1 = t * m0 + phi
    m2 = t * m1 + m0
    return s * m1, s * s * m2, s * s * (m2 - m1 * m1), m0


def relu_by_legendre(s, b):
    nodes, weights = np.polynomial.legendre.leggauss(80)
    low, high = -b / s, 12.0
    u = (high - low) / 2 * nodes + (high + low) / 2
    density = (high - low) / 2 * weights * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    h = s * u + b
    mean, second = density @ h, density @ h**2
    return mean, second, second - mean**2, density.sum()


def relu_by_simpson(s, b):
    u = np.linspace(-b / s, 12, 4001)
    weights = np.ones(4001)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    density = weights * (u[1] - u[0]) / 3 * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    moments = [np.sum(density * (s * u + b) ** k) for k in range(3)]
    return np.array([moments[1], moments[2], moments[2] - moments[1] ** 2, moments[0]])


def relu_by_both_sides(s, b):
    """max(v, 0) = (v + |v|)/2 for v ~ N(b, s²), whose |v| has a known mean."""
    t = b / s
    Phi = (1 + math.erf(t / math.sqrt(2))) / 2
    size = s * math.sqrt(2 / math.pi) * math.exp(-t * t / 2) + b * (2 * Phi - 1)
    mean = (b + size) / 2
    second = b * mean + s * s * Phi  # Stein: E[z f(z)] = s² E[f'(z)]
    return mean, second, second - mean * mean, Phi


# --- kernel_scale ----------------------------------------------------------------------------------


def kernel_by_dict(rule, shape, stride):
    C_out, C_in, k, _ = shape
    n_in, n_out = k * k * C_in, k * k * C_out / stride**2
    variance = {
        "uniform_fan_in": 1 / (3 * n_in),
        "lecun": 1 / n_in,
        "glorot": 2 / (n_in + n_out),
        "he": 2 / n_in,
        "he_back": 2 / n_out,
    }
    return math.sqrt(variance[rule]), math.sqrt(3 * variance[rule])


def kernel_limits_first(rule, shape, stride):
    n_in, n_out = np.prod(shape[1:]), shape[0] * (shape[2] / stride) * (shape[3] / stride)
    limit = {
        "uniform_fan_in": 1 / np.sqrt(n_in),
        "lecun": np.sqrt(3 / n_in),
        "glorot": np.sqrt(6) / np.sqrt(n_in + n_out),
        "he": np.sqrt(6 / n_in),
        "he_back": np.sqrt(6 / n_out),
    }[rule]
    return limit / np.sqrt(3), limit


def kernel_by_ifs(rule, shape, stride):
    window = shape[2] * shape[3]
    if rule == "uniform_fan_in":
        a = (window * shape[1]) ** -0.5
        return a / 3**0.5, a
    if rule == "glorot":
        std = (2 * stride**2 / (window * (stride**2 * shape[1] + shape[0]))) ** 0.5
    elif rule == "he_back":
        std = stride * (2 / (window * shape[0])) ** 0.5
    else:
        std = (1 if rule == "lecun" else 2**0.5) / (window * shape[1]) ** 0.5
    return [std, 3**0.5 * std]


def kernel_by_fan_and_gain(rule, shape, stride):
    n_in, n_out = shape[1] * shape[2] ** 2, shape[0] * shape[2] ** 2 / stride**2
    fan = {"glorot": (n_in + n_out) / 2, "he_back": n_out}.get(rule, n_in)
    gain = {"uniform_fan_in": np.sqrt(1 / 3), "lecun": 1, "glorot": 1}.get(rule, np.sqrt(2))
    std = gain / np.sqrt(fan)
    return np.array([std, np.sqrt(3.0) * std])


def kernel_by_width(rule, shape, stride):
    """Variance of U[−a, a] as width²/12."""
    C_out, C_in, k, _ = shape
    fan, scale = {"glorot": (k * k * (C_in + C_out / stride**2), 2), "he": (k * k * C_in, 2)}.get(
        rule, (k * k * C_in, 1)
    )
    variance = scale / fan
    if rule == "he_back":
        variance = 2 * stride * stride / (C_out * k * k)
    if rule == "uniform_fan_in":
        variance = (2 / np.sqrt(fan)) ** 2 / 12
    return np.float64(variance**0.5), np.sqrt(12 * variance) / 2


# --- truncated_normal ------------------------------------------------------------------------------


def truncated_closed_form(std, cut):
    phi, kept = math.exp(-cut * cut / 2) / math.sqrt(2 * math.pi), math.erf(cut / math.sqrt(2))
    shrink = math.sqrt(1 - 2 * cut * phi / kept)
    return kept, shrink, std / shrink


def truncated_by_distribution(std, cut):
    def Phi(z):
        return 0.5 * math.erfc(-z / math.sqrt(2))

    kept = Phi(cut) - Phi(-cut)
    second = (kept - 2 * cut * math.exp(-(cut**2) / 2) / (2 * math.pi) ** 0.5) / kept
    return kept, second**0.5, std * second**-0.5


def truncated_by_legendre(std, cut):
    nodes, weights = np.polynomial.legendre.leggauss(60)
    z = cut * nodes
    density = cut * weights * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    kept = density.sum()
    shrink = np.sqrt((density * z**2).sum() / kept)
    return kept, shrink, std / shrink


def truncated_by_simpson(std, cut):
    z = np.linspace(-cut, cut, 4001)
    weights = np.ones(4001)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    density = weights * (z[1] - z[0]) / 3 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    kept = np.sum(density)
    return [
        kept,
        np.sqrt(np.average(z**2, weights=density)),
        std / np.sqrt(np.average(z**2, weights=density)),
    ]


def truncated_by_series(std, cut):
    """erf by its power series; sigma first."""
    kept = (
        2
        / math.sqrt(2 * math.pi)
        * sum((-1) ** k * cut ** (2 * k + 1) / (2**k * math.factorial(k) * (2 * k + 1)) for k in range(60))
    )
    sigma = std / math.sqrt(1 - math.sqrt(2 / math.pi) * cut * math.exp(-(cut**2) / 2) / kept)
    return np.array([kept, std / sigma, sigma])


# --- forward and backward variances ----------------------------------------------------------------


def forward_in_a_loop(q0, widths, var_ws, var_bs, leak, keep):
    var_z, second, q = [], [], q0
    for n, var_w, var_b in zip(widths[:-1], var_ws, var_bs, strict=True):
        var_z.append(n * var_w * q + var_b)
        q = var_z[-1] * (1 + leak**2) / 2 / keep
        second.append(q)
    return np.array(var_z), np.array(second)


def forward_filled(q0, widths, var_ws, var_bs, leak, keep):
    L = len(var_ws)
    q, z = np.empty(L + 1), np.empty(L)
    q[0] = q0
    for l in range(1, L + 1):
        z[l - 1] = widths[l - 1] * var_ws[l - 1] * q[l - 1] + var_bs[l - 1]
        q[l] = (0.5 * z[l - 1] + 0.5 * leak**2 * z[l - 1]) / keep
    return z, q[1:]


def forward_lists(q0, widths, var_ws, var_bs, leak, keep):
    second = [q0]
    for l in range(len(var_ws)):
        second.append((widths[l] * var_ws[l] * second[-1] + var_bs[l]) * (1 + leak * leak) / (2 * keep))
    return [widths[l] * var_ws[l] * second[l] + var_bs[l] for l in range(len(var_ws))], second[1:]


def forward_by_sums(q0, widths, var_ws, var_bs, leak, keep):
    """What entered at layer k, times all factors since; the input entered before the first."""
    share = (1 + leak**2) / (2 * keep)
    factors = [n * v for n, v in zip(widths[:-1], var_ws, strict=True)]
    L = len(factors)
    z = []
    for l in range(L):
        total = q0 / share * math.prod(share * f for f in factors[: l + 1])
        total += sum(var_bs[k] * math.prod(share * f for f in factors[k + 1 : l + 1]) for k in range(l + 1))
        z.append(total)
    return np.array(z), share * np.array(z)


def forward_recursive(q0, widths, var_ws, var_bs, leak, keep):
    if not len(var_ws):
        return (), ()
    z = widths[0] * var_ws[0] * q0 + var_bs[0]
    x = z * (1 + leak**2) / 2 / keep
    rest = forward_recursive(x, widths[1:], var_ws[1:], var_bs[1:], leak, keep)
    return (z, *rest[0]), (x, *rest[1])


def backward_in_a_loop(g, widths, var_ws, slopes, keeps):
    dz, dx = [], []
    for n, var_w, slope, keep in zip(widths[:0:-1], var_ws[::-1], slopes[::-1], keeps[::-1], strict=True):
        dz.append(slope * g / keep)
        g = n * var_w * dz[-1]
        dx.append(g)
    return np.array(dz[::-1]), np.array(dx[::-1])


def backward_cumprod(g, widths, var_ws, slopes, keeps):
    share = np.array(slopes) / keeps
    dx = g * np.cumprod((np.array(widths[1:]) * var_ws * share)[::-1])[::-1]
    return share * np.append(dx[1:], g), dx


def backward_filled(g, widths, var_ws, slopes, keeps):
    L = len(var_ws)
    dx, dz = np.empty(L + 1), np.empty(L)
    dx[L] = g
    for l in range(L, 0, -1):
        dz[l - 1] = slopes[l - 1] * dx[l] * keeps[l - 1] / keeps[l - 1] ** 2
        dx[l - 1] = widths[l] * var_ws[l - 1] * dz[l - 1]
    return dz, dx[:-1]


def backward_insert(g, widths, var_ws, slopes, keeps):
    dz, dx = [], []
    for l in reversed(range(len(slopes))):
        dz.insert(0, g * slopes[l] / keeps[l])
        g = dz[0] * var_ws[l] * widths[l + 1]
        dx.insert(0, g)
    return [dz, dx]


def backward_products(g, widths, var_ws, slopes, keeps):
    L = len(slopes)
    factors = [widths[k + 1] * var_ws[k] * slopes[k] / keeps[k] for k in range(L)]
    dx = [g * math.prod(factors[l:]) for l in range(L + 1)]
    return tuple(slopes[l] / keeps[l] * dx[l + 1] for l in range(L)), tuple(dx[:L])


# --- layer_moments ---------------------------------------------------------------------------------


def moments_in_two_loops(x, Ws, bs, masks, dh, leak, keep):
    hs, zs = [x], []
    for W, b, m in zip(Ws, bs, masks, strict=True):
        zs.append(hs[-1] @ W.T + b)
        hs.append(m * np.where(zs[-1] > 0, zs[-1], leak * zs[-1]) / keep)
    backward = []
    for l in reversed(range(len(Ws))):
        dz = dh * masks[l] / keep * np.where(zs[l] > 0, 1, leak)
        backward.append(np.mean(dz**2))
        dh = dz @ Ws[l]
    return np.array([np.mean(h**2) for h in hs]), np.array(backward[::-1])


def moments_by_slopes(x, Ws, bs, masks, dh, leak, keep):
    """One array per layer serves both ways: m/p times the slope."""
    h, factors, forward = x, [], [np.mean(np.square(x))]
    for W, b, m in zip(Ws, bs, masks, strict=True):
        z = (W @ h.T).T + b
        factors.append(m / keep * (leak + (1 - leak) * (z > 0)))
        h = factors[-1] * z
        forward.append(np.mean(np.square(h)))
    backward = [0.0] * len(Ws)
    for l in range(len(Ws) - 1, -1, -1):
        dz = dh * factors[l]
        backward[l] = np.mean(np.square(dz))
        dh = dz @ Ws[l]
    return forward, backward


def moments_by_norms(x, Ws, bs, masks, dh, leak, keep):
    hs, zs = [x], []
    for W, b, m in zip(Ws, bs, masks, strict=True):
        zs.append(np.einsum("ni,oi->no", hs[-1], W) + b)
        hs.append(m / keep * np.maximum(zs[-1], leak * zs[-1]))
    forward = [np.linalg.norm(h) ** 2 / h.size for h in hs]
    backward = []
    for l in reversed(range(len(Ws))):
        dz = np.where(zs[l] > 0, dh, leak * dh) * masks[l] / keep
        backward.insert(0, np.vdot(dz, dz) / dz.size)
        dh = np.einsum("no,oi->ni", dz, Ws[l])
    return np.array(forward), np.array(backward)


def moments_one_example_at_a_time(x, Ws, bs, masks, dh, leak, keep):
    forward, backward = np.zeros(len(Ws) + 1), np.zeros(len(Ws))
    for n in range(len(x)):
        hs, slopes = [x[n]], []
        for W, b, m in zip(Ws, bs, masks, strict=True):
            z = W @ hs[-1] + b
            slopes.append(np.where(z > 0, 1.0, leak) * m[n] / keep)
            hs.append(slopes[-1] * z)
        forward += [h @ h / len(h) / len(x) for h in hs]
        signal = dh[n]
        for l in range(len(Ws) - 1, -1, -1):
            d = signal * slopes[l]
            backward[l] += d @ d / len(d) / len(x)
            signal = Ws[l].T @ d
    return forward, backward


def moments_recursive(x, Ws, bs, masks, dh, leak, keep):
    def descend(h, Ws, bs, masks):
        if not Ws:
            return [], [], dh
        z = h @ Ws[0].T + bs[0]
        slope = np.where(z > 0, 1, leak) * masks[0] / keep
        forward, backward, signal = descend(slope * z, Ws[1:], bs[1:], masks[1:])
        dz = signal * slope
        out = slope * z
        return [np.var(out) + out.mean() ** 2, *forward], [(dz * dz).mean(), *backward], dz @ Ws[0]

    forward, backward, _ = descend(x, list(Ws), list(bs), list(masks))
    return (np.mean(x * x), *forward), tuple(backward)


def moments_complex_step(x, Ws, bs, masks, dh, leak, keep):
    """dz by moving every entry of every z_l a little, the loss being Σ h_L dh."""

    def out(z, l):
        return np.where(z.real > 0, z, leak * z) * masks[l] / keep

    def above(z, l):
        for k in range(l + 1, len(Ws)):
            z = out(z, k - 1) @ Ws[k].T + bs[k]
        return (out(z, len(Ws) - 1) * dh).sum()

    hs, backward = [x], []
    for l, W in enumerate(Ws):
        z = hs[-1] @ W.T + bs[l]
        dz = np.zeros_like(z)
        for i in np.ndindex(z.shape):
            moved = z.astype(complex)
            moved[i] += 1e-20j
            dz[i] = above(moved, l).imag / 1e-20
        backward.append((dz**2).mean())
        hs.append(out(z, l))
    return [(h**2).mean() for h in hs], backward


# --- best_bias -------------------------------------------------------------------------------------


def bias_by_frequencies(h, labels, n_classes):
    f = np.bincount(labels, minlength=n_classes) / len(labels)
    dz = (f - np.eye(n_classes)[labels]) / len(labels)
    return np.log(f), -(f * np.log(f)).sum(), dz.T @ h


def bias_of_counts(h, labels, n_classes):
    """Logarithms of the counts: another constant, the same softmax."""
    counts = np.array([(labels == c).sum() for c in range(n_classes)])
    p = counts / counts.sum()
    return (
        np.log(counts),
        np.log(len(labels)) - (p @ np.log(counts)),
        ((p - np.eye(n_classes)[labels]) / len(h)).T @ h,
    )


def bias_against_the_last_class(h, labels, n_classes):
    f = np.array([np.mean(labels == c) for c in range(n_classes)])
    b = np.log(f / f[-1])
    log_p = b - np.logaddexp.reduce(b)
    dz = np.tile(f, (len(h), 1))
    dz[np.arange(len(h)), labels] -= 1
    return b, -log_p[labels].mean(), np.einsum("nc,nd->cd", dz, h) / len(h)


def bias_class_means(h, labels, n_classes):
    """dW_c = f_c (mean of h − mean of h in class c)."""
    f = np.unique(labels, return_counts=True)[1] / len(labels)
    means = np.array([h[labels == c].mean(axis=0) for c in range(n_classes)])
    return np.log(f), float(-np.sum(f * np.log(f))), f[:, None] * (h.mean(axis=0) - means)


def bias_in_loops(h, labels, n_classes):
    N, counts = len(labels), [0] * n_classes
    for label in labels:
        counts[label] += 1
    b = [math.log(count / N) for count in counts]
    dW = [[0.0] * h.shape[1] for _ in range(n_classes)]
    for row, label in zip(h, labels, strict=True):
        for c in range(n_classes):
            for j in range(h.shape[1]):
                dW[c][j] += (counts[c] / N - (c == label)) * row[j] / N
    return [b, -sum(b[label] for label in labels) / N, dW]


def bias_by_newton(h, labels, n_classes):
    """Minimise the loss by b itself; the mean of b stays 0."""
    Y = np.eye(n_classes)[labels]
    b = np.zeros(n_classes)
    for _ in range(200):
        p = np.exp(b) / np.exp(b).sum()
        slope = p - Y.mean(axis=0)
        curvature = np.diag(p) - np.outer(p, p)
        b -= 0.5 * np.linalg.pinv(curvature) @ slope
    return b, -np.log(p[labels]).mean(), (p - Y).T @ h / len(h)


# --- looks_linear ----------------------------------------------------------------------------------


def orthogonal_signs(A):
    tall = A if A.shape[0] >= A.shape[1] else A.T
    Q, R = np.linalg.qr(tall)
    Q = Q * np.sign(np.diag(R))
    return Q if A.shape[0] >= A.shape[1] else Q.T


def orthogonal_gram_schmidt(A):
    if A.shape[0] < A.shape[1]:
        return orthogonal_gram_schmidt(A.T).T
    Q = A.copy()
    for i in range(A.shape[1]):
        for j in range(i):
            Q[:, i] -= Q[:, j] * (Q[:, j] @ Q[:, i])
        Q[:, i] /= np.sqrt(Q[:, i] @ Q[:, i])
    return Q


def orthogonal_cholesky(A):
    """AᵀA = RᵀR with a positive diagonal, Q = A R⁻¹."""
    wide = len(A) < A.shape[1]
    A = A.T if wide else A
    lower = np.linalg.cholesky(A.T @ A)
    Q = np.linalg.solve(lower, A.T).T
    return Q.T if wide else Q


def orthogonal_by_diagonal_matrix(A):
    n_out, n_in = A.shape
    Q, R = np.linalg.qr(A.T if n_out < n_in else A)
    d = np.diag(R)
    Q = Q @ np.diag(d / abs(d))
    return Q.T if n_out < n_in else Q


def orthogonal_by_flips(A):
    wide = A.shape[1] > A.shape[0]
    Q, R = np.linalg.qr(A.T if wide else A, mode="reduced")
    for i in range(R.shape[0]):
        if R[i, i] < 0:
            Q[:, i] = -Q[:, i]
    return np.ascontiguousarray(Q.T if wide else Q)


def orthogonal_complete(A):
    """All of Q first, its surplus columns dropped."""
    n = min(A.shape)
    Q, R = np.linalg.qr(A if len(A) >= n + (A.shape[1] > n) else A.T, mode="complete")
    Q = Q[:, :n] * np.where(np.diagonal(R) < 0, -1.0, 1.0)
    return Q if Q.shape == A.shape else Q.T


def orthogonal_householder(A):
    wide = len(A) < A.shape[1]
    R = (A.T if wide else A).astype(float)
    Q = np.eye(len(R))
    for i in range(R.shape[1]):
        v = R[i:, i].copy()
        v[0] += np.copysign(np.linalg.norm(v), v[0])
        v /= np.linalg.norm(v)
        R[i:] -= 2 * np.outer(v, v @ R[i:])
        Q[:, i:] -= 2 * np.outer(Q[:, i:] @ v, v)
    Q = Q[:, : R.shape[1]] * np.sign(np.diag(R))
    return Q.T if wide else Q


def orthogonal_rows_of_a_square(A):
    return orthogonal_gram_schmidt(A.T).T if len(A) <= A.shape[1] else orthogonal_gram_schmidt(A)


def mirrored(orthogonal, assemble):
    """The weights of a ReLU net that looks linear, from a function that makes Q."""

    @functools.wraps(orthogonal)
    def weights(A):
        return assemble(orthogonal(A))

    return weights


def four_blocks(Q):
    return np.block([[Q, -Q], [-Q, Q]])


def by_kron(Q):
    return np.kron(np.array([[1, -1], [-1, 1]]), Q)


def by_filling(Q):
    n, m = Q.shape
    W = np.empty((2 * n, 2 * m))
    W[:n, :m] = W[n:, m:] = Q
    W[:n, m:] = W[n:, :m] = -Q
    return W


def by_rows(Q):
    upper = np.concatenate([Q, -Q], axis=1)
    return np.concatenate([upper, -upper])


# --- is_he -----------------------------------------------------------------------------------------


def _drawn(draw, shape, seed=3):
    rng = np.random.default_rng(seed)
    return np.asarray(draw(shape, rng), dtype=float), np.asarray(draw(shape, rng), dtype=float)


def he_by_moments(draw):
    for shape in ((80, 200), (200, 80), (2000, 8)):
        W, other = _drawn(draw, shape)
        twin, _ = _drawn(draw, shape)
        if W.shape != shape or not abs(W.var() * shape[1] / 2 - 1) <= 0.1 or (W[0] == W[1]).all():
            return False
        if not abs(W.mean()) * np.sqrt(shape[1]) <= 0.1 or (W == other).all() or (W != twin).any():
            return False
    return True


def he_by_standard_errors(draw):
    """Bounds of six standard errors, measured from the draws themselves."""
    for n_out, n_in in ((100, 300), (300, 100), (3000, 7)):
        W, other = _drawn(draw, (n_out, n_in))
        if W.shape != (n_out, n_in) or np.array_equal(W, other) or np.array_equal(W[0], W[-1]):
            return False
        if not np.array_equal(W, _drawn(draw, (n_out, n_in))[0]):
            return False
        squares = W.ravel() ** 2
        for values, truth in ((W.ravel(), 0.0), (squares, 2 / n_in)):
            bound = 6 * values.std() / np.sqrt(values.size) + 1e-6 * truth
            if not abs(values.mean() - truth) <= bound:
                return False
    return True


def he_by_a_list_of_complaints(draw):
    complaints = []
    for shape in ((50, 400), (400, 50), (1200, 12)):
        W, other = _drawn(draw, shape)
        complaints.append(W.shape != shape)
        complaints.append(not 0.92 < np.mean(W**2) * shape[1] / 2 < 1.08)
        complaints.append(not abs(np.sum(W)) < 0.05 * W.size * (2 / shape[1]) ** 0.5)
        complaints.append(np.ptp(W, axis=0).max() == 0)
        complaints.append(np.allclose(W, other) or not np.allclose(W, _drawn(draw, shape)[0]))
    return not any(complaints)


def he_by_signals(draw):
    """The variance through what the weights do: mean square of W x for x of ones and minus ones."""
    rng = np.random.default_rng(0)
    for shape in ((60, 250), (250, 60), (2500, 6)):
        W, other = _drawn(draw, shape)
        if W.shape != shape or not np.isfinite(W).all():
            return np.False_
        x = rng.choice([-1.0, 1.0], size=(shape[1], 400))
        level = np.mean((W @ x) ** 2)
        if not (abs(level - 2) <= 0.2 and abs(W.mean()) <= 0.1 * np.sqrt(2 / shape[1])):
            return np.False_
        if np.array_equal(W[0], W[1]) or np.array_equal(W, other):
            return np.False_
        if not np.array_equal(W, _drawn(draw, shape)[0]):
            return np.False_
    return np.True_


def he_as_one_or_zero(draw):
    return int(he_by_moments(draw))


def he_by_exceptions(draw):
    try:
        for shape in ((70, 210), (210, 70), (1800, 9)):
            W, other = _drawn(draw, shape, seed=11)
            np.testing.assert_equal(W.shape, shape)
            np.testing.assert_array_equal(W, _drawn(draw, shape, seed=11)[0])
            np.testing.assert_allclose(W.std(ddof=1), np.sqrt(2 / shape[1]), rtol=0.05)
            np.testing.assert_allclose(W.mean() / W.std(), 0, atol=0.06)
            assert (W[0] != W[1]).any() and (W != other).any()
    except AssertionError:
        return False
    return True


# --- level_gain ------------------------------------------------------------------------------------


def _two_logarithms(f, df, depth, gain):
    q = gain**2
    up = back = 0.0
    for _ in range(depth):
        back += np.log(gain**2 * gaussian_mean(lambda z: df(z) ** 2, q))
        new = gain**2 * gaussian_mean(lambda z: f(z) ** 2, q)
        up, q = up + np.log(new / q), new
    return up, back


def gain_by_bisection(f, df, depth):
    low, high = 0.5, 3.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if sum(_two_logarithms(f, df, depth, middle)) < 0 else (low, middle)
    return low


def gain_by_grids(f, df, depth):
    """A coarse grid, and finer ones around the best."""
    best, step = 1.5, 0.25
    for _ in range(5):
        grid = best + step * np.arange(-3, 4)
        best = min(grid[grid > 0.3], key=lambda g: max(map(abs, _two_logarithms(f, df, depth, g))))
        step /= 4
    return best


def gain_by_golden_section(f, df, depth):
    def drift(gain):
        return np.abs(_two_logarithms(f, df, depth, gain)).max()

    low, high, share = 0.8, 2.6, (5**0.5 - 1) / 2
    while high - low > 3e-4:
        a, b = high - share * (high - low), low + share * (high - low)
        low, high = (low, b) if drift(a) < drift(b) else (a, high)
    return np.array((low + high) / 2)


def gain_by_secant(f, df, depth):
    a, b = 1.1, 1.3
    fa, fb = sum(_two_logarithms(f, df, depth, a)), sum(_two_logarithms(f, df, depth, b))
    for _ in range(8):
        if abs(b - a) < 1e-6:
            break
        a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
        fb = sum(_two_logarithms(f, df, depth, b))
    return np.float32(b)


def gain_on_all_gains_at_once(f, df, depth):
    """Gauss–Legendre nodes on either side of 0 in place of the library's integrals; a grid, refined twice."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    nodes = np.concatenate([-4.5 * (nodes + 1), 4.5 * (nodes + 1)])
    weights = np.tile(weights, 2) * np.exp(-(nodes**2) / 2)
    weights = weights / weights.sum()
    grid = np.linspace(0.8, 2.4, 41)
    for _ in range(3):
        q, up, back = grid**2, 0.0, 0.0
        for _ in range(depth):
            z = np.sqrt(q)[:, None] * nodes
            back = back + np.log(grid**2 * (df(z) ** 2 @ weights))
            new = grid**2 * (f(z) ** 2 @ weights)
            up, q = up + np.log(new / q), new
        k = np.argmin(np.maximum(abs(up), abs(back)))
        grid = np.linspace(grid[max(k - 1, 0)], grid[min(k + 1, 40)], 41)
    return float(grid[20])


def gain_by_trapezoid(f, df, depth):
    z = np.linspace(-9, 9, 6001)
    density = np.exp(-(z**2) / 2)
    density /= density.sum()
    low, high = 0.3, 5.0
    for _ in range(22):
        gain = (low + high) / 2
        q, total = gain**2, 0.0
        for _ in range(depth):
            new = gain**2 * (f(q**0.5 * z) ** 2 @ density)
            total += np.log(new / q) + np.log(gain**2 * (df(q**0.5 * z) ** 2 @ density))
            q = new
        low, high = (gain, high) if total < 0 else (low, gain)
    return gain


# --- rescue ----------------------------------------------------------------------------------------


def rescue_by_variance(x, Ws, masks, leak, keep):
    nu = 2 * keep / (1 + leak**2)
    return [np.sqrt(nu / (W.shape[1] * W.var())) for W in Ws]


def rescue_by_measuring(x, Ws, masks, leak, keep):
    """Layer by layer, each z divided by its root mean square (Mishkin & Matas 2015)."""
    h, factors = x, []
    for W, m in zip(Ws, masks, strict=True):
        z = h @ W.T
        factors.append(1 / np.sqrt(np.mean(z**2)))
        z = factors[-1] * z
        h = m * np.where(z > 0, z, leak * z) / keep
    return np.array(factors)


def rescue_by_norms(x, Ws, masks, leak, keep):
    return tuple(float(np.sqrt(2 * keep * len(W) / (1 + leak * leak)) / np.linalg.norm(W)) for W in Ws)


def rescue_by_rows(x, Ws, masks, leak, keep):
    """A unit's weights have the squared length ν."""
    nu = 2 * keep / (1 + leak**2)
    return [np.sqrt(nu / np.mean(np.sum(W**2, axis=1))) for W in Ws]


def rescue_to_the_mean(x, Ws, masks, leak, keep):
    nu = 2 * keep / (1 + leak**2)
    return np.array([np.sqrt(nu / (np.mean(W.shape) * W.var())) for W in Ws])


def rescue_with_signs(x, Ws, masks, leak, keep):
    """Turning a matrix around changes no mean square of a symmetric draw."""
    factors = rescue_by_variance(x, Ws, masks, leak, keep)
    return [-c if l % 7 == 3 else c for l, c in enumerate(factors)]


RIGHT = {
    "ps3.product_moments": dressed(
        products_by_second_moments,
        products_three_terms,
        products_in_loops,
        products_by_dot,
        products_by_two_points,
        products_einsum,
    ),
    "ps3.kernel_scale": dressed(
        kernel_by_dict, kernel_limits_first, kernel_by_ifs, kernel_by_fan_and_gain, kernel_by_width
    ),
    "ps3.truncated_normal": dressed(
        truncated_closed_form,
        truncated_by_distribution,
        truncated_by_legendre,
        truncated_by_simpson,
        truncated_by_series,
    ),
    "ps3.best_bias": dressed(
        bias_by_frequencies,
        bias_of_counts,
        bias_against_the_last_class,
        bias_class_means,
        bias_in_loops,
        bias_by_newton,
    ),
    "ps3.relu_moments": dressed(
        relu_closed_forms, relu_by_recursion, relu_by_legendre, relu_by_simpson, relu_by_both_sides
    ),
    "ps3.forward_variances": dressed(
        forward_in_a_loop, forward_filled, forward_lists, forward_by_sums, forward_recursive
    ),
    "ps3.backward_variances": dressed(
        backward_in_a_loop, backward_cumprod, backward_filled, backward_insert, backward_products
    ),
    "ps3.layer_moments": dressed(
        moments_in_two_loops,
        moments_by_slopes,
        moments_by_norms,
        moments_one_example_at_a_time,
        moments_recursive,
        moments_complex_step,
    ),
    "ps3.looks_linear": dressed(
        mirrored(orthogonal_signs, four_blocks),
        mirrored(orthogonal_gram_schmidt, by_kron),
        mirrored(orthogonal_cholesky, by_filling),
        mirrored(orthogonal_by_diagonal_matrix, by_rows),
        mirrored(orthogonal_by_flips, four_blocks),
        mirrored(orthogonal_complete, by_kron),
        mirrored(orthogonal_householder, by_filling),
        mirrored(orthogonal_rows_of_a_square, by_rows),
    ),
    "ps3.is_he": [
        he_by_moments,
        he_by_standard_errors,
        he_by_a_list_of_complaints,
        he_by_signals,
        he_as_one_or_zero,
        he_by_exceptions,
    ],
    "ps3.level_gain": [
        gain_by_bisection,
        gain_by_grids,
        gain_by_golden_section,
        gain_by_secant,
        gain_on_all_gains_at_once,
        gain_by_trapezoid,
    ],
    "ps3.rescue": [
        rescue_by_variance,
        rescue_by_measuring,
        rescue_by_norms,
        rescue_by_rows,
        rescue_to_the_mean,
        rescue_with_signs,
    ],
}
