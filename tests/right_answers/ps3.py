"""Right answers to problem set 3 that look different."""

import math

import numpy as np

from right_answers.clothes import dressed

# --- product_moments -------------------------------------------------------------------------------


def products_three_terms(mean_w, var_w, mean_x, var_x):
    var_y = mean_x**2 * var_w + mean_w**2 * var_x + var_w * var_x
    return mean_w * mean_x, var_y, (mean_w * mean_x).sum(), var_y.sum()


def products_by_second_moments(mean_w, var_w, mean_x, var_x):
    mean_y = mean_w * mean_x
    var_y = (var_w + mean_w**2) * (var_x + mean_x**2) - mean_y**2
    return mean_y, var_y, np.sum(mean_y), np.sum(var_y)


def products_in_loops(mean_w, var_w, mean_x, var_x):
    means, variances = [], []
    for mw, vw, mx, vx in zip(mean_w, var_w, mean_x, var_x, strict=True):
        means.append(mw * mx)
        variances.append(mx * mx * vw + mw * mw * vx + vw * vx)
    return means, variances, sum(means), sum(variances)


def products_by_dot(mean_w, var_w, mean_x, var_x):
    """Var(w) E[x²] + E[w]² Var(x): two terms, the first with the second moment of x."""
    second = var_x + mean_x**2
    var_y = var_w * second + mean_w**2 * var_x
    return mean_w * mean_x, var_y, mean_w @ mean_x, var_w @ second + mean_w**2 @ var_x


def products_by_two_points(mean_w, var_w, mean_x, var_x):
    """Moments of a two-point distribution with the same mean and variance: mean ± std."""
    w = np.stack([mean_w + np.sqrt(var_w), mean_w - np.sqrt(var_w)])
    x = np.stack([mean_x + np.sqrt(var_x), mean_x - np.sqrt(var_x)])
    y = (w[:, None] * x[None]).reshape(4, -1)
    return y.mean(axis=0), y.var(axis=0), float(y.mean(axis=0).sum()), float(y.var(axis=0).sum())


def products_einsum(mean_w, var_w, mean_x, var_x):
    terms = np.array([mean_x**2 * var_w, mean_w**2 * var_x, var_w * var_x])
    mean_y = np.multiply(mean_w, mean_x)
    return [mean_y, np.einsum("kn->n", terms), np.einsum("n->", mean_y), np.array(terms.sum())]


# --- relu_moments ----------------------------------------------------------------------------------


def relu_closed_forms(s, leak):
    mean = s * (1 - leak) / math.sqrt(2 * math.pi)
    second = s**2 * (1 + leak**2) / 2
    return mean, second, second - mean**2, math.sqrt(2 / (1 + leak**2))


def relu_by_sides(s, leak):
    """Half-normal moments of each side, half the draws on each."""
    size, square = s * np.sqrt(2 / np.pi), s * s
    mean = 0.5 * size - 0.5 * leak * size
    second = 0.5 * square + 0.5 * leak * leak * square
    return mean, second, second - mean * mean, s / np.sqrt(second)


def relu_by_hermite(s, leak):
    """Quadrature; 400 nodes straddle the kink, and the even part of f is |z|, known exactly."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    z, weights = s * nodes, weights / weights.sum()
    f = np.where(z > 0, z, leak * z)
    second = weights @ f**2
    mean = (1 - leak) / 2 * s * np.sqrt(2 / np.pi)
    return mean, second, second - mean**2, np.sqrt(s**2 / second)


def relu_by_trapezoid(s, leak):
    """f above and below 0 apart, each smooth; the trapezoid rule with its end correction."""
    t = np.linspace(0, 12, 40_001)
    step, density = t[1] - t[0], np.exp(-(t**2) / 2) / np.sqrt(2 * np.pi)

    def integral(values, slope_at_0):
        return step * (values.sum() - values[0] / 2 - values[-1] / 2) + step**2 / 12 * slope_at_0

    one, two = integral(t * density, density[0]), integral(t**2 * density, 0.0)
    mean = s * one - leak * s * one
    second = s**2 * two + leak**2 * s**2 * two
    return mean, second, second - mean**2, np.sqrt(2.0) / np.hypot(1.0, leak)


def relu_by_erf_free_variance(s, leak):
    """With f = (1 + a)/2 z + (1 − a)/2 |z|: an odd and an even part that are uncorrelated."""
    odd, even = (1 + leak) / 2, (1 - leak) / 2
    variance = s**2 * (odd**2 + even**2 * (1 - 2 / np.pi))
    mean = even * s * np.sqrt(2 / np.pi)
    return np.array([mean, variance + mean**2, variance, np.sqrt(2 / (1 + leak**2))])


# --- init_scale ------------------------------------------------------------------------------------


def scale_by_dict(rule, n_in, n_out):
    variance = {
        "uniform_fan_in": 1 / (3 * n_in),
        "lecun": 1 / n_in,
        "glorot": 2 / (n_in + n_out),
        "he": 2 / n_in,
    }
    return math.sqrt(variance[rule]), math.sqrt(3 * variance[rule])


def scale_limits_first(rule, n_in, n_out):
    limit = {
        "uniform_fan_in": 1 / np.sqrt(n_in),
        "lecun": np.sqrt(3 / n_in),
        "glorot": np.sqrt(6) / np.sqrt(n_in + n_out),
        "he": np.sqrt(6 / n_in),
    }[rule]
    return limit / np.sqrt(3), limit


def scale_by_ifs(rule, n_in, n_out):
    if rule == "uniform_fan_in":
        a = n_in**-0.5
        return a / 3**0.5, a
    if rule == "glorot":
        std = (2 / (n_in + n_out)) ** 0.5
    elif rule == "he":
        std = 2**0.5 / n_in**0.5
    else:
        std = n_in**-0.5
    return [std, 3**0.5 * std]


def scale_by_fan_and_gain(rule, n_in, n_out):
    """As torch has it: gain / √fan; the old rule is kaiming_uniform with a = √5."""
    fan = (n_in + n_out) / 2 if rule == "glorot" else n_in
    gain = {"uniform_fan_in": np.sqrt(2 / (1 + 5)), "lecun": 1, "glorot": 1, "he": np.sqrt(2)}[rule]
    std = gain / np.sqrt(fan)
    return np.array([std, np.sqrt(3.0) * std])


def scale_by_width(rule, n_in, n_out):
    """Variance of U[−a, a] as width²/12."""
    fan, scale = {"glorot": (n_in + n_out, 2)}.get(rule, (n_in, 2 if rule == "he" else 1))
    variance = (2 / np.sqrt(n_in)) ** 2 / 12 if rule == "uniform_fan_in" else scale / fan
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


def forward_in_a_loop(q0, widths, var_ws, activation):
    var_z, second, q = [], [], q0
    for n, var_w in zip(widths[:-1], var_ws, strict=True):
        var_z.append(n * var_w * q)
        q = var_z[-1] / 2 if activation == "relu" else var_z[-1]
        second.append(q)
    return np.array(var_z), np.array(second)


def forward_cumprod(q0, widths, var_ws, activation):
    share = 0.5 if activation == "relu" else 1.0
    second = q0 * np.cumprod(share * np.array(widths[:-1]) * np.array(var_ws))
    return second / share, second


def forward_lists(q0, widths, var_ws, activation):
    second = [q0]
    for l in range(1, len(widths)):
        second.append(second[l - 1] * widths[l - 1] * var_ws[l - 1] * {"linear": 1, "relu": 0.5}[activation])
    return [second[l] * widths[l] * var_ws[l] for l in range(len(var_ws))], second[1:]


def forward_logs(q0, widths, var_ws, activation):
    gains = np.log(widths[:-1]) + np.log(var_ws)
    halves = np.log(2) * (activation == "relu") * np.arange(1, len(var_ws) + 1)
    log_second = np.log(q0) + np.cumsum(gains) - halves
    return np.exp(log_second) * (2 if activation == "relu" else 1), np.exp(log_second)


def forward_recursive(q0, widths, var_ws, activation):
    if not len(var_ws):
        return (), ()
    z = widths[0] * var_ws[0] * q0
    x = z * 0.5 if activation == "relu" else z
    rest = forward_recursive(x, widths[1:], var_ws[1:], activation)
    return (z, *rest[0]), (x, *rest[1])


def backward_in_a_loop(g, widths, var_ws, slopes):
    dz, dx = [], []
    for n, var_w, slope in zip(widths[:0:-1], var_ws[::-1], slopes[::-1], strict=True):
        dz.append(slope * g)
        g = n * var_w * dz[-1]
        dx.append(g)
    return np.array(dz[::-1]), np.array(dx[::-1])


def backward_cumprod(g, widths, var_ws, slopes):
    factors = np.array(widths[1:]) * var_ws * np.array(slopes)
    dx = g * np.cumprod(factors[::-1])[::-1]
    return np.array(slopes) * np.append(dx[1:], g), dx


def backward_filled(g, widths, var_ws, slopes):
    L = len(var_ws)
    dx, dz = np.empty(L + 1), np.empty(L)
    dx[L] = g
    for l in range(L, 0, -1):
        dz[l - 1] = slopes[l - 1] * dx[l]
        dx[l - 1] = widths[l] * var_ws[l - 1] * dz[l - 1]
    return dz, dx[:-1]


def backward_insert(g, widths, var_ws, slopes):
    dz, dx = [], []
    for l in reversed(range(len(slopes))):
        dz.insert(0, g * slopes[l])
        g = dz[0] * var_ws[l] * widths[l + 1]
        dx.insert(0, g)
    return [dz, dx]


def backward_products(g, widths, var_ws, slopes):
    L = len(slopes)
    dx = [g * math.prod(widths[k + 1] * var_ws[k] * slopes[k] for k in range(l, L)) for l in range(L + 1)]
    return tuple(slopes[l] * dx[l + 1] for l in range(L)), tuple(dx[:L])


# --- layer_moments ---------------------------------------------------------------------------------


def moments_post_activation(x, Ws, dh, activation):
    hs = [x]
    for W in Ws:
        z = hs[-1] @ W.T
        hs.append(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
    backward = []
    for h, W in zip(hs[:0:-1], Ws[::-1], strict=True):
        dz = dh * (1 - h**2 if activation == "tanh" else h > 0)
        backward.append(np.mean(dz**2))
        dh = dz @ W
    return np.array([np.mean(h**2) for h in hs]), np.array(backward[::-1])


def moments_pre_activation(x, Ws, dh, activation):
    h, zs, forward = x, [], [np.mean(np.square(x))]
    for W in Ws:
        zs.append((W @ h.T).T)
        h = np.tanh(zs[-1]) if activation == "tanh" else zs[-1] * (zs[-1] > 0)
        forward.append(np.mean(np.square(h)))
    backward = [0.0] * len(Ws)
    for l in range(len(Ws) - 1, -1, -1):
        dz = dh / np.cosh(zs[l]) ** 2 if activation == "tanh" else np.where(zs[l] > 0, dh, 0)
        backward[l] = np.mean(np.square(dz))
        dh = dz @ Ws[l]
    return forward, backward


def moments_by_norms(x, Ws, dh, activation):
    f = {"tanh": np.tanh, "relu": lambda z: np.clip(z, 0, None)}[activation]
    hs = [x]
    for W in Ws:
        hs.append(f(np.einsum("ni,oi->no", hs[-1], W)))
    forward = [np.linalg.norm(h) ** 2 / h.size for h in hs]
    backward = []
    for l in reversed(range(len(Ws))):
        slope = 1 - hs[l + 1] * hs[l + 1] if activation == "tanh" else np.sign(hs[l + 1])
        dz = slope * dh
        backward.insert(0, np.vdot(dz, dz) / dz.size)
        dh = np.einsum("no,oi->ni", dz, Ws[l])
    return np.array(forward), np.array(backward)


def moments_one_example_at_a_time(x, Ws, dh, activation):
    forward, backward = np.zeros(len(Ws) + 1), np.zeros(len(Ws))
    for row, signal in zip(x, dh, strict=True):
        hs = [row]
        for W in Ws:
            hs.append(np.tanh(W @ hs[-1]) if activation == "tanh" else np.fmax(0, W @ hs[-1]))
        forward += [h @ h / len(h) / len(x) for h in hs]
        for l in range(len(Ws) - 1, -1, -1):
            d = signal * ((1 - hs[l + 1] ** 2) if activation == "tanh" else (hs[l + 1] > 0))
            backward[l] += d @ d / len(d) / len(x)
            signal = Ws[l].T @ d
    return forward, backward


def moments_recursive(x, Ws, dh, activation):
    def descend(h, Ws):
        if not Ws:
            return [], [], dh
        z = h @ Ws[0].T
        out = np.tanh(z) if activation == "tanh" else np.where(z > 0, z, 0)
        forward, backward, signal = descend(out, Ws[1:])
        dz = signal * ((1 - out**2) if activation == "tanh" else (z > 0))
        return [np.var(out) + out.mean() ** 2, *forward], [(dz * dz).mean(), *backward], dz @ Ws[0]

    forward, backward, _ = descend(x, list(Ws))
    return (np.mean(x * x), *forward), tuple(backward)


def moments_complex_step(x, Ws, dh, activation):
    """dz by moving every entry of every z_l a little, the loss being Σ h_L dh."""

    def f(z):
        return np.tanh(z) if activation == "tanh" else z * (z.real > 0)

    def above(z, l):
        for W in Ws[l + 1 :]:
            z = f(z) @ W.T
        return (f(z) * dh).sum()

    hs, backward = [x], []
    for l, W in enumerate(Ws):
        z = hs[-1] @ W.T
        dz = np.zeros_like(z)
        for i in np.ndindex(z.shape):
            moved = z.astype(complex)
            moved[i] += 1e-20j
            dz[i] = above(moved, l).imag / 1e-20
        backward.append((dz**2).mean())
        hs.append(f(z))
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


# --- orthogonal_from -------------------------------------------------------------------------------


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


RIGHT = {
    "ps3.product_moments": dressed(
        products_three_terms,
        products_by_second_moments,
        products_in_loops,
        products_by_dot,
        products_by_two_points,
        products_einsum,
    ),
    "ps3.init_scale": dressed(
        scale_by_dict, scale_limits_first, scale_by_ifs, scale_by_fan_and_gain, scale_by_width
    ),
    "ps3.forward_variances": dressed(
        forward_in_a_loop, forward_cumprod, forward_lists, forward_logs, forward_recursive
    ),
    "ps3.backward_variances": dressed(
        backward_in_a_loop, backward_cumprod, backward_filled, backward_insert, backward_products
    ),
    "ps3.relu_moments": dressed(
        relu_closed_forms, relu_by_sides, relu_by_hermite, relu_by_trapezoid, relu_by_erf_free_variance
    ),
    "ps3.layer_moments": dressed(
        moments_post_activation,
        moments_pre_activation,
        moments_by_norms,
        moments_one_example_at_a_time,
        moments_recursive,
        moments_complex_step,
    ),
    "ps3.best_bias": dressed(
        bias_by_frequencies,
        bias_of_counts,
        bias_against_the_last_class,
        bias_class_means,
        bias_in_loops,
        bias_by_newton,
    ),
    "ps3.orthogonal_from": dressed(
        orthogonal_signs,
        orthogonal_gram_schmidt,
        orthogonal_cholesky,
        orthogonal_by_diagonal_matrix,
        orthogonal_by_flips,
        orthogonal_complete,
        orthogonal_householder,
        orthogonal_rows_of_a_square,
    ),
    "ps3.truncated_normal": dressed(
        truncated_closed_form,
        truncated_by_distribution,
        truncated_by_legendre,
        truncated_by_simpson,
        truncated_by_series,
    ),
}
