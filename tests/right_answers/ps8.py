"""Right answers to problem set 8 that look different."""

import functools
import math

import numpy as np

from right_answers.clothes import dressed, lists, on_copies
from vgcourse.clinic.ward import gauges, sick

# --- dead_units ------------------------------------------------------------------------------------


def dead_by_numpy(zs):
    return (
        np.array([np.all(z <= 0, axis=0).mean() for z in zs]),
        np.array([np.all(z > 0, axis=0).mean() for z in zs]),
        np.array([np.mean(z <= 0) for z in zs]),
    )


def dead_from_activations(zs):
    hs = [np.maximum(z, 0) for z in zs]
    return (
        np.array([(h.sum(axis=0) == 0).mean() for h in hs]),
        np.array([(h.min(axis=0) > 0).mean() for h in hs]),
        np.array([(h == 0).mean() for h in hs]),
    )


def dead_by_extremes(zs):
    dead, linear = [np.mean(z.max(axis=0) <= 0) for z in zs], [np.mean(z.min(axis=0) > 0) for z in zs]
    return [dead, linear, [1 - np.mean(z > 0) for z in zs]]


def dead_in_loops(zs):
    out = np.zeros((3, len(zs)))
    for k, z in enumerate(zs):
        N, H = z.shape
        for j in range(H):
            on = sum(1 for n in range(N) if z[n, j] > 0)
            out[:, k] += (on == 0) / H, (on == N) / H, (N - on) / (N * H)
    return out[0], out[1], out[2]


def dead_by_slopes(zs):
    """By the gradient that a ReLU lets through."""
    rows = []
    for z in zs:
        on = np.where(z > 0, 1.0, 0.0).sum(axis=0)
        rows.append(((on == 0).mean(), (on == len(z)).mean(), 1 - on.sum() / z.size))
    return np.array(rows).T


def dead_by_not_any(zs):
    groups = zip(
        *[((~(z > 0).any(0)).mean(), (~(z <= 0).any(0)).mean(), (~(z > 0)).mean()) for z in zs], strict=True
    )
    return tuple(np.stack(v) for v in groups)


# --- slope_left ------------------------------------------------------------------------------------


def slope_by_formula(activation, hs):
    slope, saturated = [], []
    for h in hs:
        ratio = 1 - h * h if activation == "tanh" else h * (1 - h) / 0.25
        slope.append(ratio.mean())
        saturated.append((ratio < 0.05).mean())
    return np.array(slope), np.array(saturated)


def slope_through_z(activation, hs):
    """Back to z, then the derivative there."""
    zs = [np.arctanh(h) if activation == "tanh" else np.log(h / (1 - h)) for h in hs]
    ratios = [np.cosh(z if activation == "tanh" else z / 2) ** -2.0 for z in zs]
    return np.array([r.mean() for r in ratios]), np.array([np.mean(r < 0.05) for r in ratios])


def slope_as_tanh(activation, hs):
    """A sigmoid is a tanh of half the argument: 4h(1 − h) = 1 − (2h − 1)²."""
    hs = hs if activation == "tanh" else [2 * h - 1 for h in hs]
    return [1 - np.mean(h**2) for h in hs], [np.mean(np.abs(h) > np.sqrt(0.95)) for h in hs]


def slope_in_loops(activation, hs):
    out = np.zeros((2, len(hs)))
    for k, h in enumerate(hs):
        for value in h.ravel():
            f1 = 1 - value**2 if activation == "tanh" else 4 * value * (1 - value)
            out[0, k] += f1 / h.size
            out[1, k] += (f1 < 0.05) / h.size
    return out[0], out[1]


def slope_by_products(activation, hs):
    """(1 − h)(1 + h)."""
    ratios = [(1 - h) * (1 + h) if activation == "tanh" else (2 * h) * (2 - 2 * h) for h in hs]
    sizes = [r.size for r in ratios]
    return (
        np.array([r.sum() / n for r, n in zip(ratios, sizes, strict=True)]),
        np.array([np.count_nonzero(r < 0.05) / n for r, n in zip(ratios, sizes, strict=True)]),
    )


# --- gradient_health -------------------------------------------------------------------------------


def verdict_of(slope, L):
    rise = slope * (L - 1)
    return -1 if rise > 3 else 1 if rise < -3 else 0


def tilted(health):
    """The answer with the slope along l turned into a tilt."""

    @functools.wraps(health)
    def answer(norms):
        slope, verdict = health(norms)
        return -slope, verdict

    return answer


@tilted
def health_by_polyfit(norms):
    slope, _ = np.polyfit(np.arange(1, len(norms) + 1), np.log10(norms), 1)
    return slope, verdict_of(slope, len(norms))


@tilted
def health_by_covariance(norms):
    l, y = np.arange(len(norms)), np.log(norms) / np.log(10)
    slope = np.cov(l, y)[0, 1] / np.var(l, ddof=1)
    return slope, float(verdict_of(slope, len(norms)))


@tilted
def health_by_lstsq(norms):
    A = np.stack([np.ones(len(norms)), np.arange(len(norms))], axis=1)
    (_, slope), *_ = np.linalg.lstsq(A, np.log10(norms), rcond=None)
    return slope, np.float64(np.sign(-slope) * (abs(slope) * (len(norms) - 1) > 3))


@tilted
def health_in_loops(norms):
    n, sx, sy, sxx, sxy = len(norms), 0.0, 0.0, 0.0, 0.0
    for l, g in enumerate(norms, start=1):
        y = math.log10(g)
        sx, sy, sxx, sxy = sx + l, sy + y, sxx + l * l, sxy + l * y
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope, verdict_of(slope, n)


@tilted
def health_by_pairs(norms):
    """The mean slope over all pairs of layers, weighted by the squared distance."""
    y, L = np.log10(norms), np.arange(len(norms))
    dx, dy = L[:, None] - L, y[:, None] - y
    slope = (dx * dy).sum() / (dx**2).sum()
    return np.array(slope), np.array(verdict_of(slope, len(norms)))


@tilted
def health_by_pinv(norms):
    A = np.vander(np.arange(1.0, len(norms) + 1), 2)
    slope = (np.linalg.pinv(A) @ np.log10(norms))[0]
    return slope, verdict_of(slope, len(norms))


# --- update_ratios ---------------------------------------------------------------------------------


def ratios_by_numpy(Ws, dWs, learning_rate, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in dWs))
    scale = max_norm / norm if norm > max_norm else 1.0
    out = []
    for W, g in zip(Ws, dWs, strict=True):
        lengths = np.maximum(np.linalg.norm(W, axis=1), 1e-3)
        out.append(learning_rate * scale * np.linalg.norm(g, axis=1) / lengths)
    return out


def ratios_of_long_vectors(Ws, dWs, learning_rate, max_norm):
    flat = np.concatenate([g.ravel() for g in dWs])
    scale = min(1, max_norm / np.linalg.norm(flat))
    return tuple(
        np.array(
            [
                np.linalg.norm(learning_rate * scale * a) / max(np.linalg.norm(b), 1e-3)
                for a, b in zip(g, W, strict=True)
            ]
        )
        for W, g in zip(Ws, dWs, strict=True)
    )


def ratios_by_moving(Ws, dWs, learning_rate, max_norm):
    """Make the step, look how far the weights went."""
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in dWs))
    new = [W - learning_rate * g * min(1.0, max_norm / norm) for W, g in zip(Ws, dWs, strict=True)]
    pairs = zip(Ws, new, strict=True)
    return [np.sqrt(((b - a) ** 2).sum(1) / np.clip((a**2).sum(1), 1e-6, None)) for a, b in pairs]


def ratios_by_products(Ws, dWs, learning_rate, max_norm):
    squares = [np.einsum("ij,ij->i", g, g) for g in dWs]
    scale = learning_rate / max(1.0, np.sqrt(sum(map(np.sum, squares))) / max_norm)
    lengths = [np.sqrt(np.diag(W @ W.T)) for W in Ws]
    return [scale * np.sqrt(s) / np.where(n < 1e-3, 1e-3, n) for s, n in zip(squares, lengths, strict=True)]


def ratios_in_loops(Ws, dWs, learning_rate, max_norm):
    total = 0.0
    for g in dWs:
        for value in g.flat:
            total += value * value
    scale = 1.0
    if total > max_norm**2:
        scale = max_norm / math.sqrt(total)
    out = []
    for W, g in zip(Ws, dWs, strict=True):
        row = []
        for j in range(len(W)):
            above = math.sqrt(sum((learning_rate * scale * v) ** 2 for v in g[j]))
            row.append(above / max(math.sqrt(sum(v * v for v in W[j])), 0.001))
        out.append(np.array(row))
    return out


# --- clipping_turn ---------------------------------------------------------------------------------


def turn_by_numpy(grads, limit):
    g = np.concatenate([a.ravel() for a in grads])
    c = np.concatenate([(a * min(1.0, limit / (np.linalg.norm(a) or 1.0))).ravel() for a in grads])
    length, cut = np.linalg.norm(g), np.linalg.norm(c)
    return g @ c / (length * cut), cut / length


def turn_by_norms(grads, limit):
    """All that counts are the arrays' norms: n s n, n n and (s n)²."""
    n = np.array([np.sqrt((a**2).sum()) for a in grads])
    cut = np.minimum(n, limit)
    length, short = np.sqrt(n @ n), np.sqrt(cut @ cut)
    return float(n @ cut / (length * short)), float(short / length)


def turn_by_unit_vectors(grads, limit):
    cuts = []
    for a in grads:
        norm = np.linalg.norm(a)
        cuts.append(limit * a / norm if norm > limit else a)
    g, c = (np.hstack([np.ravel(a) for a in arrays]) for arrays in (grads, cuts))
    return np.array(g / np.linalg.norm(g) @ (c / np.linalg.norm(c))), np.linalg.norm(c) / np.linalg.norm(g)


def turn_in_loops(grads, limit):
    dot = aa = cc = 0.0
    for array in grads:
        square = sum(value**2 for value in array.flat)
        factor = limit / math.sqrt(square) if square > limit**2 else 1.0
        dot, aa, cc = dot + factor * square, aa + square, cc + factor**2 * square
    return dot / math.sqrt(aa) / math.sqrt(cc), math.sqrt(cc / aa)


def turn_by_distance(grads, limit):
    """The law of cosines."""
    cuts = [a / max(1.0, np.linalg.norm(a) / limit) for a in grads]
    g, c = (np.concatenate([a.flatten() for a in arrays]) for arrays in (grads, cuts))
    a, b, apart = (np.sqrt((v**2).sum()) for v in (g, c, g - c))
    return (a**2 + b**2 - apart**2) / (2 * a * b), b / a


# --- clip_after_momentum ---------------------------------------------------------------------------


def momentum_by_lists(Ws, dWs, vs, learning_rate, decay, max_norm):
    vs = [decay * v + g for v, g in zip(vs, dWs, strict=True)]
    scale = min(1.0, max_norm / np.sqrt(sum((v**2).sum() for v in vs)))
    return [W - learning_rate * scale * v for W, v in zip(Ws, vs, strict=True)], vs


def momentum_in_place(Ws, dWs, vs, learning_rate, decay, max_norm):
    Ws, vs = ([a.copy() for a in arrays] for arrays in (Ws, vs))
    for v, g in zip(vs, dWs, strict=True):
        v *= decay
        v += g
    norm = math.sqrt(sum(np.vdot(v, v) for v in vs))
    for W, v in zip(Ws, vs, strict=True):
        W -= learning_rate * (v * (max_norm / norm) if norm > max_norm else v)
    return Ws, vs


def momentum_flat(Ws, dWs, vs, learning_rate, decay, max_norm):
    shapes, ends = [W.shape for W in Ws], np.cumsum([W.size for W in Ws])[:-1]
    W, g, v = (np.concatenate([a.ravel() for a in arrays]) for arrays in (Ws, dWs, vs))
    v = decay * v + g
    W = W - learning_rate * v / max(1.0, np.linalg.norm(v) / max_norm)

    def back(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    return back(W), back(v)


def momentum_by_steps(Ws, dWs, vs, learning_rate, decay, max_norm):
    """The velocity in units of the step: u = α v, clipped at α c."""
    us = [learning_rate * (decay * v + g) for v, g in zip(vs, dWs, strict=True)]
    norm, limit = np.linalg.norm([np.linalg.norm(u) for u in us]), learning_rate * max_norm
    scale = 1 if norm <= limit else limit / norm
    return [W - scale * u for W, u in zip(Ws, us, strict=True)], [u / learning_rate for u in us]


def momentum_in_loops(Ws, dWs, vs, learning_rate, decay, max_norm):
    new_v, total = [], 0.0
    for v, g in zip(vs, dWs, strict=True):
        new = np.zeros_like(v)
        for index in np.ndindex(v.shape):
            new[index] = decay * v[index] + g[index]
            total += new[index] ** 2
        new_v.append(new)
    scale = max_norm / total**0.5 if total > max_norm**2 else 1.0
    new_W = []
    for W, v in zip(Ws, new_v, strict=True):
        new = np.zeros_like(W)
        for index in np.ndindex(W.shape):
            new[index] = W[index] - learning_rate * scale * v[index]
        new_W.append(new)
    return tuple(new_W), tuple(new_v)


# --- amsgrad_step ----------------------------------------------------------------------------------


def ams_by_the_book(w, g, m, v, largest, n, learning_rate, betas, eps):
    beta1, beta2 = betas
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    V = np.maximum(v, largest)
    m_hat, V_hat = m / (1 - beta1**n), V / (1 - beta2**n)
    return w - learning_rate * m_hat / (np.sqrt(V_hat) + eps), m, v, V


def ams_in_place(w, g, m, v, largest, n, learning_rate, betas, eps):
    w, m, v, largest = w.copy(), m.copy(), v.copy(), largest.copy()
    m += (1 - betas[0]) * (g - m)
    v += (1 - betas[1]) * (g * g - v)
    largest[v > largest] = v[v > largest]
    w -= learning_rate * (m / (1 - betas[0] ** n)) / (np.sqrt(largest / (1 - betas[1] ** n)) + eps)
    return w, m, v, largest


def ams_like_torch(w, g, m, v, largest, n, learning_rate, betas, eps):
    """The corrections in the step size and in the denominator."""
    m = m * betas[0] + g * (1 - betas[0])
    v = v * betas[1] + g * g * (1 - betas[1])
    V = np.where(v > largest, v, largest)
    denominator = np.sqrt(V) / math.sqrt(1 - betas[1] ** n) + eps
    return [w - (learning_rate / (1 - betas[0] ** n)) * m / denominator, m, v, V]


def ams_by_the_paper(w, g, m, v, largest, n, learning_rate, betas, eps):
    """Kingma & Ba's more efficient order: the rate with both corrections, and ε scaled with it."""
    (b1, b2), root = betas, np.sqrt(1 - betas[1] ** n)
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.square(g)
    V = np.stack([v, largest]).max(axis=0)
    return w - learning_rate * root / (1 - b1**n) * m / (np.sqrt(V) + eps * root), m, v, V


def ams_in_loops(w, g, m, v, largest, n, learning_rate, betas, eps):
    out = np.zeros((4, *w.shape))
    for index in np.ndindex(w.shape):
        a = betas[0] * m[index] + (1 - betas[0]) * g[index]
        b = betas[1] * v[index] + (1 - betas[1]) * g[index] ** 2
        c = max(b, largest[index])
        step = a / (1 - betas[0] ** n) / (math.sqrt(c / (1 - betas[1] ** n)) + eps)
        out[:, *index] = w[index] - learning_rate * step, a, b, c
    return out[0], out[1], out[2], out[3]


# --- gate_bias -------------------------------------------------------------------------------------


def bias_by_logit(share, shortest, longest, H):
    lags = np.geomspace(shortest, longest, H)
    f = share ** (1 / lags)
    return lags, np.log(f / (1 - f))


def bias_by_exponentials(share, shortest, longest, H):
    """expm1 keeps the digits of 1/f − 1."""
    lags = np.exp(np.linspace(np.log(shortest), np.log(longest), H))
    return lags, -np.log(np.expm1(-np.log(share) / lags))


def bias_by_arctanh(share, shortest, longest, H):
    lags = np.logspace(np.log10(shortest), np.log10(longest), num=H)
    return lags, 2 * np.arctanh(2 * np.power(share, 1.0 / lags) - 1)


def bias_by_bisection(share, shortest, longest, H):
    lags = shortest * (longest / shortest) ** (np.arange(H) / (H - 1))
    low, high = np.full(H, -40.0), np.full(H, 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        enough = (1 / (1 + np.exp(-middle))) ** lags > share
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return lags, low


def bias_in_loops(share, shortest, longest, H):
    factor = (longest / shortest) ** (1 / (H - 1))
    lags, bias, T = [], [], shortest
    for _ in range(H):
        lags.append(T)
        bias.append(-math.log(1 / math.exp(math.log(share) / T) - 1))
        T *= factor
    return [lags, bias]


def bias_by_newton(share, shortest, longest, H):
    lags = np.geomspace(shortest, longest, H)
    f = np.full(H, 0.99)
    for _ in range(200):
        f = f - (f**lags - share) / (lags * f ** (lags - 1))
    return lags, np.log(f) - np.log(1 - f)


# --- half_life -------------------------------------------------------------------------------------


def half_by_logs(f):
    return np.prod(f, axis=0), np.log(0.5) / np.log(f).mean(axis=(0, 1))


def half_by_sums(f):
    logs = np.log2(f)
    return 2.0 ** logs.sum(axis=0), -1 / logs.reshape(-1, f.shape[-1]).mean(axis=0)


def half_by_geometric_mean(f):
    T, N, _ = f.shape
    typical = (f ** (1 / (T * N))).prod(axis=(0, 1))
    return np.cumprod(f, axis=0)[-1], np.log(2) / np.log(1 / typical)


def half_from_kept(f):
    kept = np.log(f).sum(0)
    return np.exp(kept), -len(f) * np.log(2) / kept.mean(0)


def half_in_loops(f):
    T, N, H = f.shape
    kept, life = np.ones((N, H)), np.zeros(H)
    for h in range(H):
        total = 0.0
        for n in range(N):
            for t in range(T):
                kept[n, h] *= f[t, n, h]
                total += math.log10(f[t, n, h])
        life[h] = math.log10(0.5) * T * N / total
    return kept, life


def half_by_reduce(f):
    kept = f[0].copy()
    for gate in f[1:]:
        kept *= gate
    mean = np.einsum("tnh->h", np.log(f)) / (f.shape[0] * f.shape[1])
    return kept, np.array([math.log(0.5) / m for m in mean])


# --- rescale_recurrent -----------------------------------------------------------------------------


def rescale_by_powers(W, radius, growth, steps):
    powers = [np.linalg.matrix_power(W, k) for k in range(1, steps + 1)]
    c = min((growth / np.linalg.norm(P, 2)) ** (1 / k) for k, P in enumerate(powers, start=1))
    return W / max(abs(np.linalg.eigvals(W))) * radius, c * W


def rescale_by_logs(W, radius, growth, steps):
    values, _ = np.linalg.eig(W)
    P, logs = np.eye(len(W)), []
    for k in range(1, steps + 1):
        P = W @ P
        logs.append((math.log(growth) - math.log(np.linalg.svd(P, compute_uv=False)[0])) / k)
    return radius * W / np.sqrt((values.real**2 + values.imag**2).max()), math.exp(min(logs)) * W


def rescale_by_bisection(W, radius, growth, steps):
    def peak(c):
        P, largest = np.eye(len(W)), 0.0
        for _ in range(steps):
            P = P @ (c * W)
            largest = max(largest, np.linalg.norm(P, 2))
        return largest

    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if peak(middle) <= growth else (low, middle)
    return W * (radius / np.abs(np.roots(np.poly(W))).max()), low * W


def rescale_again_and_again(W, radius, growth, steps):
    """Shrink until no step is too long: the step that is farthest out sets the next factor."""
    c = 1e3
    for _ in range(100):
        norms = [np.linalg.norm(np.linalg.matrix_power(c * W, k), 2) for k in range(1, steps + 1)]
        c *= min((growth / n) ** (1 / k) for k, n in enumerate(norms, start=1))
    return W * radius / np.abs(np.linalg.eigvals(W.T)).max(), c * W


def rescale_by_gram(W, radius, growth, steps):
    P, c = W.copy(), math.inf
    for k in range(steps):
        c = min(c, (growth**2 / np.linalg.eigvalsh(P @ P.T)[-1]) ** (0.5 / (k + 1)))
        P = P @ W
    return np.multiply(W, radius / np.sort(np.abs(np.linalg.eigvals(W)))[-1]), np.multiply(W, c)


# --- memory_length ---------------------------------------------------------------------------------


def length_in_loops(norms, share):
    T, C = norms.shape
    out = np.full(C, T - 1.0)
    for c in range(C):
        limit = share * norms[0, c]
        for k in range(1, T):
            if norms[k, c] <= limit:
                a, b = math.log(norms[k - 1, c]), math.log(norms[k, c])
                out[c] = k - 1 + (a - math.log(limit)) / (a - b)
                break
    return out


def length_by_argmax(norms, share):
    y = np.log10(norms / norms[0]) - np.log10(share)
    k = np.argmax(y <= 0, axis=0)
    columns = np.arange(norms.shape[1])
    above, below = y[k - 1, columns], y[k, columns]
    inside = k - 1 + above / (above - below)
    return np.where((y <= 0).any(axis=0), inside, len(norms) - 1)


def length_by_interp(norms, share):
    """np.interp wants rising abscissae: only the two lags around the crossing are given to it."""
    out = []
    for column in norms.T:
        y = np.log(column / column[0])
        below = np.flatnonzero(y <= np.log(share))
        if len(below) == 0:
            out.append(len(y) - 1)
            continue
        k = below[0]
        out.append(np.interp(-np.log(share), [-y[k - 1], -y[k]], [k - 1, k]))
    return out


def length_by_bisection(norms, share):
    lengths = []
    for column in norms.T:
        y = np.log(column / column[0])
        k = next((i for i, value in enumerate(y) if value <= math.log(share)), None)
        low, high = (len(y) - 1, len(y) - 1) if k is None else (k - 1, k)
        for _ in range(50):
            middle = (low + high) / 2
            here = np.interp(middle, np.arange(len(y)), y)
            low, high = (middle, high) if here > math.log(share) else (low, middle)
        lengths.append((low + high) / 2)
    return np.array(lengths)


def length_by_while(norms, share):
    out = []
    for c in range(norms.shape[1]):
        k, y = 0, np.log(norms[:, c]) - np.log(norms[0, c])
        while k + 1 < len(y) and y[k + 1] > np.log(share):
            k += 1
        if k + 1 == len(y):
            out.append(float(k))
        else:
            out.append(k + (np.log(share) - y[k]) / (y[k + 1] - y[k]))
    return np.array(out)


# --- treat -----------------------------------------------------------------------------------------


def treat_by_questions(net):
    found = gauges(net)
    if found["idle"] > 0.4:
        return net | {"bias": 0.0}
    if abs(found["tilt"]) > 0.1:
        return net | ({"gain": 1.0} if net["branch"] is None else {"branch": 1 / net["layers"]})
    if found["loss"] > 0.5:
        return net | {"last": 0.0}
    return net if -5 < found["steps"] < -1 else net | {"rate": 0.03}


def treat_by_trying(net):
    """Whatever helps first."""
    if not sick(gauges(net)):
        return net
    for key, value in (
        ("bias", 0),
        ("last", 0.3),
        ("rate", 0.1),
        ("branch", 0.2),
        ("gain", 1.1),
        ("gain", 2.0),
    ):
        if not sick(gauges(trial := net | {key: value})):
            return trial
    return net


def treat_without_branches(net):
    """Another cure for the two that tilt: no branch where there was one, and one where there was none."""
    new, found = dict(net), gauges(net, seed=1)
    if found["idle"] > 0.4:
        new["bias"] = 0.05
    elif not -0.1 <= found["tilt"] <= 0.1:
        new["branch"] = None if net["branch"] else net["layers"] ** -0.5
    elif found["loss"] > 0.5:
        new["last"] = 1
    elif not -5 <= found["steps"]:
        new["rate"] = np.float64(0.2)
    return new


def treat_by_the_right_rate(net):
    """The rate from the gauge itself, to 10⁻³."""
    found = gauges(net)
    if found["idle"] > 0.4 or abs(found["tilt"]) > 0.1 or found["loss"] > 0.5:
        return treat_without_branches(net)
    return net if found["steps"] > -5 else dict(net, rate=net["rate"] * 10 ** (-3 - found["steps"]))


def treat_by_names(net):
    """By which gauges are sick together."""
    ill, new = set(sick(gauges(net))), {key: net[key] for key in reversed(list(net))}
    if ill == {"steps"}:
        new["rate"] = 0.05
    elif "idle" in ill:
        new["bias"] = 0.05
    elif "spread" in ill:
        new["gain"] = np.float32(1.5)
    elif ill:
        new.update({"branch": 0.2} if "tilt" in ill else {"last": 0.2})
    return new


# --- longest_memory --------------------------------------------------------------------------------


def largest_step(beta1, beta2, steps=100):
    n = np.arange(1, steps + 1)
    return ((1 - beta1**n) / np.sqrt(1 - beta2**n)).max()


def memory_by_halving(beta1, leap):
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if largest_step(beta1, middle) <= leap:
            low = middle
        else:
            high = middle
    return low


def memory_by_windows(beta1, leap):
    """The longest of many windows."""
    windows = np.geomspace(1.01, 1e5, 2000)
    return max(1 - 1 / w for w in windows if largest_step(beta1, 1 - 1 / w) <= leap)


def memory_by_running(beta1, leap):
    """Adam's own recursion, for many β₂ side by side."""
    beta2 = 1 - np.geomspace(1e-5, 0.9, 3000)
    m, v, largest = 0.0, np.zeros(3000), np.zeros(3000)
    for _ in range(120):
        m, v = beta1 * m + (1 - beta1), beta2 * v + (1 - beta2)
        largest = np.maximum(largest, m / np.sqrt(v))
    return beta2[largest <= leap].max()


def memory_a_little_short(beta1, leap):
    return 1 - 1.05 * (1 - memory_by_halving(beta1, leap))


def memory_as_an_array(beta1, leap):
    return np.array([memory_by_halving(beta1, leap)])


def memory_by_the_condition(beta1, leap):
    """Step by step 1 − β₂ⁿ ≥ ((1 − β₁ⁿ)/leap)²: the smallest of the limits."""
    n = np.arange(1, 101)
    return ((1 - ((1 - beta1**n) / leap) ** 2) ** (1 / n)).min()


# --- revive ----------------------------------------------------------------------------------------


def revive_at(share):
    """Biases with which every unit is on for this share of the batch."""

    def answer(x, Ws, bs):
        h, out = x, []
        for W in Ws:
            z = h @ W.T
            out.append(-np.quantile(z, 1 - share, axis=0))
            h = np.maximum(z + out[-1], 0)
        return out

    answer.__name__ = f"revive_at_{share}"
    return answer


def revive_by_means(x, Ws, bs):
    h, out = x, []
    for W in Ws:
        z = W @ h.T
        out.append(-z.mean(axis=1))
        h = np.clip(z.T + out[-1], 0, None)
    return tuple(out)


def revive_by_corrections(x, Ws, bs):
    """What is wrong with the old bias is taken off it."""
    h, new = x, [b.copy() for b in bs]
    for l, W in enumerate(Ws):
        new[l] -= np.median(h @ W.T + bs[l], axis=0)
        h = np.maximum(h @ W.T + new[l], 0)
    return new


def revive_unit_by_unit(x, Ws, bs):
    h, out = x.tolist(), []
    for W in Ws:
        z = np.array(h) @ W.T
        out.append([-float(np.sort(column)[len(column) // 2]) for column in z.T])
        h = np.where(z + out[-1] > 0, z + out[-1], 0).tolist()
    return out


# --- is_cross_entropy ------------------------------------------------------------------------------


def right_loss(z, labels):
    total = 0.0
    for row, label in zip(z, labels, strict=True):
        total += np.logaddexp.reduce(row) - row[label]
    return total / len(z)


def batches():
    draw = np.random.default_rng(7)
    for N, size in ((6, 1.0), (3, 60.0), (8, 900.0), (5, 2500.0)):
        z = draw.normal(size=(N, 4)) * size
        yield z, z.argmax(axis=1)
        yield z, z.argmin(axis=1)
        yield z - 2000, draw.integers(4, size=N)
        yield z + 3000 * draw.integers(-1, 2, size=(N, 1)), draw.integers(4, size=N)


def judge_by_many(loss):
    for z, labels in batches():
        given = z.copy()
        if not np.isclose(float(loss(given, labels)), right_loss(z, labels), rtol=1e-5, atol=1e-8):
            return False
        if not (given == z).all():
            return False
    z[1, 2] = np.nan
    return bool(np.isnan(loss(z, labels)))


def judge_collecting(loss):
    found = []
    for z, labels in batches():
        wanted, before = right_loss(z, labels), z.copy()
        error = abs(loss(z, labels) - wanted) / (abs(wanted) + 1e-9)
        found += [error < 1e-4, np.array_equal(z, before)]
    broken = np.array([[0.0, 1.0], [np.nan, 2.0], [1.0, 1.0]])
    found.append(np.isnan(loss(broken, np.array([0, 0, 1]))))
    return all(found)


def judge_as_int(loss):
    return int(judge_by_many(loss))


def judge_as_numpy(loss):
    return np.bool_(judge_collecting(loss))


def judge_with_try(loss):
    try:
        for z, labels in batches():
            kept = z.copy()
            np.testing.assert_allclose(loss(z, labels), right_loss(kept, labels), rtol=1e-5, atol=1e-8)
            np.testing.assert_array_equal(z, kept)
        assert np.isnan(loss(np.array([[np.nan, 0.0], [1.0, 2.0]]), np.array([1, 1])))
    except AssertionError:
        return False
    return True


def judge_by_facts(loss):
    """Known values: equal z, a certain loser, a shift."""
    for C, N in ((3, 4), (7, 2)):
        if abs(loss(np.full((N, C), 1234.0), np.arange(N) % C) - np.log(C)) > 1e-5:
            return False
    return judge_by_many(loss)


RIGHT = {
    "ps8.dead_units": dressed(
        dead_by_numpy, dead_from_activations, dead_by_extremes, dead_in_loops, dead_by_slopes, dead_by_not_any
    ),
    "ps8.slope_left": dressed(
        slope_by_formula, slope_through_z, slope_as_tanh, slope_in_loops, slope_by_products
    ),
    "ps8.gradient_health": dressed(
        health_by_polyfit,
        health_by_covariance,
        health_by_lstsq,
        health_in_loops,
        health_by_pairs,
        health_by_pinv,
    ),
    "ps8.update_ratios": dressed(
        ratios_by_numpy, ratios_of_long_vectors, ratios_by_moving, ratios_by_products, ratios_in_loops
    ),
    "ps8.clipping_turn": dressed(
        turn_by_numpy, turn_by_norms, turn_by_unit_vectors, turn_in_loops, turn_by_distance
    ),
    "ps8.clip_after_momentum": dressed(
        momentum_by_lists, momentum_in_place, momentum_flat, momentum_by_steps, momentum_in_loops
    ),
    "ps8.amsgrad_step": dressed(
        ams_by_the_book, ams_in_place, ams_like_torch, ams_by_the_paper, ams_in_loops
    ),
    "ps8.gate_bias": dressed(
        bias_by_logit, bias_by_exponentials, bias_by_arctanh, bias_by_bisection, bias_in_loops, bias_by_newton
    ),
    "ps8.half_life": dressed(
        half_by_logs, half_by_sums, half_by_geometric_mean, half_from_kept, half_in_loops, half_by_reduce
    ),
    "ps8.rescale_recurrent": dressed(
        rescale_by_powers, rescale_by_logs, rescale_by_bisection, rescale_again_and_again, rescale_by_gram
    ),
    "ps8.memory_length": dressed(
        length_in_loops, length_by_argmax, length_by_interp, length_by_bisection, length_by_while
    ),
    "ps8.treat": [
        treat_by_questions,
        treat_by_trying,
        treat_without_branches,
        treat_by_the_right_rate,
        treat_by_names,
        lists(treat_by_questions),
    ],
    "ps8.longest_memory": [
        memory_by_halving,
        memory_by_windows,
        memory_by_running,
        memory_a_little_short,
        memory_as_an_array,
        memory_by_the_condition,
    ],
    "ps8.revive": [
        revive_at(0.5),
        revive_at(0.4),
        revive_at(0.6),
        revive_by_means,
        revive_by_corrections,
        revive_unit_by_unit,
        on_copies(revive_at(0.5)),
    ],
    "ps8.is_cross_entropy": [
        judge_by_many,
        judge_collecting,
        judge_as_int,
        judge_as_numpy,
        judge_with_try,
        judge_by_facts,
    ],
}
