"""Right answers to problem set 8 that look different."""

import math

import numpy as np

from right_answers.clothes import dressed

# --- dead_units ------------------------------------------------------------------------------------


def dead_by_numpy(zs):
    return (
        np.array([np.all(z <= 0, axis=0).mean() for z in zs]),
        np.array([np.mean(z <= 0) for z in zs]),
    )


def dead_from_activations(zs):
    hs = [np.maximum(z, 0) for z in zs]
    return np.array([(h.sum(axis=0) == 0).mean() for h in hs]), np.array([(h == 0).mean() for h in hs])


def dead_by_the_largest(zs):
    return [np.mean(z.max(axis=0) <= 0) for z in zs], [1 - np.mean(z > 0) for z in zs]


def dead_in_loops(zs):
    dead, off = [], []
    for z in zs:
        N, H = z.shape
        n_dead = n_off = 0
        for j in range(H):
            on = 0
            for n in range(N):
                if z[n, j] > 0:
                    on += 1
            n_off += N - on
            n_dead += on == 0
        dead.append(n_dead / H)
        off.append(n_off / (N * H))
    return np.array(dead), np.array(off)


def dead_by_slopes(zs):
    """By the gradient that a ReLU lets through."""
    dead, off = np.zeros(len(zs)), np.zeros(len(zs))
    for k, z in enumerate(zs):
        slope = np.where(z > 0, 1.0, 0.0)
        dead[k] = np.count_nonzero(np.einsum("nh->h", slope) == 0) / z.shape[1]
        off[k] = 1 - slope.sum() / z.size
    return dead, off


def dead_by_not_any(zs):
    return tuple(np.stack(v) for v in zip(*[((~(z > 0).any(0)).mean(), (~(z > 0)).mean()) for z in zs]))


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


def health_by_polyfit(norms):
    slope, _ = np.polyfit(np.arange(1, len(norms) + 1), np.log10(norms), 1)
    return slope, verdict_of(slope, len(norms))


def health_by_covariance(norms):
    l, y = np.arange(len(norms)), np.log(norms) / np.log(10)
    slope = np.cov(l, y)[0, 1] / np.var(l, ddof=1)
    return slope, float(verdict_of(slope, len(norms)))


def health_by_lstsq(norms):
    A = np.stack([np.ones(len(norms)), np.arange(len(norms))], axis=1)
    (_, slope), *_ = np.linalg.lstsq(A, np.log10(norms), rcond=None)
    return slope, np.float64(np.sign(-slope) * (abs(slope) * (len(norms) - 1) > 3))


def health_in_loops(norms):
    n, sx, sy, sxx, sxy = len(norms), 0.0, 0.0, 0.0, 0.0
    for l, g in enumerate(norms, start=1):
        y = math.log10(g)
        sx, sy, sxx, sxy = sx + l, sy + y, sxx + l * l, sxy + l * y
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return slope, verdict_of(slope, n)


def health_by_pairs(norms):
    """The mean slope over all pairs of layers, weighted by the squared distance."""
    y, L = np.log10(norms), np.arange(len(norms))
    dx, dy = L[:, None] - L, y[:, None] - y
    slope = (dx * dy).sum() / (dx**2).sum()
    return np.array(slope), np.array(verdict_of(slope, len(norms)))


def health_by_pinv(norms):
    A = np.vander(np.arange(1.0, len(norms) + 1), 2)
    slope = (np.linalg.pinv(A) @ np.log10(norms))[0]
    return slope, verdict_of(slope, len(norms))


# --- update_ratios ---------------------------------------------------------------------------------


def ratios_by_numpy(Ws, dWs, learning_rate, max_norm):
    norm = np.sqrt(sum(np.sum(g**2) for g in dWs))
    scale = max_norm / norm if norm > max_norm else 1.0
    pairs = zip(Ws, dWs, strict=True)
    return np.array([learning_rate * scale * np.linalg.norm(g) / np.linalg.norm(W) for W, g in pairs])


def ratios_of_long_vectors(Ws, dWs, learning_rate, max_norm):
    flat = np.concatenate([g.ravel() for g in dWs])
    scale = min(1, max_norm / np.linalg.norm(flat))
    return [
        np.linalg.norm(learning_rate * scale * g.ravel()) / np.linalg.norm(W.ravel())
        for W, g in zip(Ws, dWs, strict=True)
    ]


def ratios_by_moving(Ws, dWs, learning_rate, max_norm):
    """Make the step, look how far the weights went."""
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in dWs))
    new = [W - learning_rate * g * min(1.0, max_norm / norm) for W, g in zip(Ws, dWs, strict=True)]
    return np.array([np.sqrt(((b - a) ** 2).sum() / (a**2).sum()) for a, b in zip(Ws, new, strict=True)])


def ratios_by_traces(Ws, dWs, learning_rate, max_norm):
    squares = np.array([np.trace(g.T @ g) for g in dWs])
    scale = learning_rate / max(1.0, np.sqrt(squares.sum()) / max_norm)
    return scale * np.sqrt(squares / np.array([np.einsum("ij,ij", W, W) for W in Ws]))


def ratios_in_loops(Ws, dWs, learning_rate, max_norm):
    total = 0.0
    for g in dWs:
        for value in g.flat:
            total += value * value
    scale = 1.0
    if total > max_norm**2:
        scale = max_norm / math.sqrt(total)
    out = np.empty(len(Ws))
    for k in range(len(Ws)):
        above = sum((learning_rate * scale * v) ** 2 for v in dWs[k].flat)
        out[k] = math.sqrt(above / sum(v**2 for v in Ws[k].flat))
    return out


# --- clipping_turn ---------------------------------------------------------------------------------


def turn_by_numpy(grads, limit):
    g = np.concatenate([a.ravel() for a in grads])
    c = np.clip(g, -limit, limit)
    length, cut = np.linalg.norm(g), np.linalg.norm(c)
    return g @ c / (length * cut), cut / length


def turn_by_sums(grads, limit):
    cuts = [np.minimum(np.maximum(a, -limit), limit) for a in grads]
    dot = sum((a * c).sum() for a, c in zip(grads, cuts, strict=True))
    aa, cc = (sum((a**2).sum() for a in arrays) for arrays in (grads, cuts))
    return float(dot / np.sqrt(aa * cc)), float(np.sqrt(cc / aa))


def turn_by_unit_vectors(grads, limit):
    g = np.hstack([np.ravel(a) for a in grads])
    c = np.sign(g) * np.minimum(np.abs(g), limit)
    return np.array(g / np.linalg.norm(g) @ (c / np.linalg.norm(c))), np.linalg.norm(c) / np.linalg.norm(g)


def turn_in_loops(grads, limit):
    dot = aa = cc = 0.0
    for array in grads:
        for value in array.flat:
            cut = limit if value > limit else -limit if value < -limit else value
            dot, aa, cc = dot + value * cut, aa + value**2, cc + cut**2
    return dot / math.sqrt(aa) / math.sqrt(cc), math.sqrt(cc / aa)


def turn_by_distance(grads, limit):
    """The law of cosines."""
    g = np.concatenate([a.flatten() for a in grads])
    c = g.copy()
    c[c > limit], c[c < -limit] = limit, -limit
    a, b, apart = (np.sqrt((v**2).sum()) for v in (g, c, g - c))
    return (a**2 + b**2 - apart**2) / (2 * a * b), b / a


# --- clipped_momentum_step -------------------------------------------------------------------------


def momentum_by_lists(Ws, dWs, vs, learning_rate, decay, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in dWs))
    scale = min(1.0, max_norm / norm)
    vs = [decay * v + scale * g for v, g in zip(vs, dWs, strict=True)]
    return [W - learning_rate * v for W, v in zip(Ws, vs, strict=True)], vs


def momentum_in_place(Ws, dWs, vs, learning_rate, decay, max_norm):
    Ws, dWs, vs = ([a.copy() for a in arrays] for arrays in (Ws, dWs, vs))
    norm = math.sqrt(sum(np.vdot(g, g) for g in dWs))
    for W, g, v in zip(Ws, dWs, vs, strict=True):
        if norm > max_norm:
            g *= max_norm / norm
        v *= decay
        v += g
        W -= learning_rate * v
    return Ws, vs


def momentum_flat(Ws, dWs, vs, learning_rate, decay, max_norm):
    shapes, sizes = [W.shape for W in Ws], [W.size for W in Ws]
    W, g, v = (np.concatenate([a.ravel() for a in arrays]) for arrays in (Ws, dWs, vs))
    g = g / max(1.0, np.linalg.norm(g) / max_norm)
    v = decay * v + g
    ends = np.cumsum(sizes)[:-1]

    def back(flat):
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    return back(W - learning_rate * v), back(v)


def momentum_by_steps(Ws, dWs, vs, learning_rate, decay, max_norm):
    """The velocity in units of the step: u = α v."""
    norm = np.linalg.norm([np.linalg.norm(g) for g in dWs])
    us = [learning_rate * v for v in vs]
    scale = 1 if norm <= max_norm else max_norm / norm
    us = [decay * u + learning_rate * scale * g for u, g in zip(us, dWs, strict=True)]
    return [W - u for W, u in zip(Ws, us, strict=True)], [u / learning_rate for u in us]


def momentum_in_loops(Ws, dWs, vs, learning_rate, decay, max_norm):
    total = 0.0
    for g in dWs:
        total += float((g * g).sum())
    scale = max_norm / total**0.5 if total > max_norm**2 else 1.0
    new_W, new_v = [], []
    for k in range(len(Ws)):
        W, v = np.zeros_like(Ws[k]), np.zeros_like(vs[k])
        for index in np.ndindex(W.shape):
            v[index] = decay * vs[k][index] + scale * dWs[k][index]
            W[index] = Ws[k][index] - learning_rate * v[index]
        new_W.append(W)
        new_v.append(v)
    return tuple(new_W), tuple(new_v)


# --- clipped_adam_step -----------------------------------------------------------------------------


def adam_by_the_book(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    beta1, beta2 = betas
    norm = np.linalg.norm(dW)
    g = dW * (max_norm / norm) if norm > max_norm else dW
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return W - learning_rate * weight_decay * W - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v


def adam_in_place(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    W, g, m, v = W.copy(), dW.copy(), m.copy(), v.copy()
    g *= min(1.0, max_norm / np.linalg.norm(g))
    W *= 1 - learning_rate * weight_decay
    m += (1 - betas[0]) * (g - m)
    v += (1 - betas[1]) * (g * g - v)
    W -= learning_rate * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
    return W, m, v


def adam_like_torch(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    """The corrections in the step size and in the denominator."""
    g = dW / max(1.0, np.sqrt((dW**2).sum()) / max_norm)
    m = m * betas[0] + g * (1 - betas[0])
    v = v * betas[1] + g * g * (1 - betas[1])
    correction1, correction2 = 1 - betas[0] ** t, 1 - betas[1] ** t
    denominator = np.sqrt(v) / math.sqrt(correction2) + eps
    return W * (1 - learning_rate * weight_decay) - (learning_rate / correction1) * m / denominator, m, v


def adam_by_the_paper(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    """Kingma & Ba's more efficient order: α_t = α √(1 − β₂ᵗ)/(1 − β₁ᵗ), and ε scaled with it."""
    (b1, b2), norm = betas, np.linalg.norm(dW)
    g = dW * min(1.0, max_norm / norm)
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.square(g)
    root = np.sqrt(1 - b2**t)
    rate = learning_rate * root / (1 - b1**t)
    return (1 - learning_rate * weight_decay) * W - rate * m / (np.sqrt(v) + eps * root), m, v


def adam_in_loops(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    norm = math.sqrt(sum(x * x for x in dW.flat))
    out = np.zeros((3, *W.shape))
    for index in np.ndindex(W.shape):
        g = dW[index] * (max_norm / norm if norm > max_norm else 1)
        a = betas[0] * m[index] + (1 - betas[0]) * g
        b = betas[1] * v[index] + (1 - betas[1]) * g * g
        step = a / (1 - betas[0] ** t) / (math.sqrt(b / (1 - betas[1] ** t)) + eps)
        out[:, *index] = W[index] - learning_rate * (step + weight_decay * W[index]), a, b
    return out[0], out[1], out[2]


# --- gate_bias -------------------------------------------------------------------------------------


def bias_by_logit(share, steps):
    f = share ** (1 / steps)
    return f, np.log(f / (1 - f))


def bias_by_exponentials(share, steps):
    """expm1 keeps the digits of 1/f − 1."""
    return np.exp(np.log(share) / steps), -np.log(np.expm1(-np.log(share) / steps))


def bias_by_arctanh(share, steps):
    f = np.power(share, 1.0 / steps)
    return f, 2 * np.arctanh(2 * f - 1)


def bias_by_bisection(share, steps):
    low, high = np.full(share.shape, -40.0), np.full(share.shape, 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        enough = (1 / (1 + np.exp(-middle))) ** steps > share
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return 1 / (1 + np.exp(-low)), low


def bias_in_loops(share, steps):
    gate, bias = np.zeros_like(share), np.zeros_like(share)
    for index in np.ndindex(share.shape):
        gate[index] = math.exp(math.log(share[index]) / steps[index])
        bias[index] = -math.log(1 / gate[index] - 1)
    return [gate, bias]


def bias_by_newton(share, steps):
    f = np.full_like(share, 0.99)
    for _ in range(100):
        f = f - (f**steps - share) / (steps * f ** (steps - 1))
    return f, np.log(f) - np.log(1 - f)


# --- half_life -------------------------------------------------------------------------------------


def half_by_logs(f):
    return np.prod(f, axis=0), np.log(0.5) / np.log(f).mean(axis=(0, 1))


def half_by_sums(f):
    logs = np.log2(f)
    return 2.0 ** logs.sum(axis=0), -1 / logs.reshape(-1, f.shape[-1]).mean(axis=0)


def half_by_geometric_mean(f):
    T, N, _ = f.shape
    typical = f.prod(axis=(0, 1)) ** (1 / (T * N))
    return np.cumprod(f, axis=0)[-1], np.log(2) / np.log(1 / typical)


def half_from_kept(f):
    kept = np.exp(np.log(f).sum(0))
    return kept, -len(f) * np.log(2) / np.log(kept).mean(0)


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


def rescale_by_svd(W, size):
    radius = max(abs(np.linalg.eigvals(W)))
    return W / radius * size, W / np.linalg.svd(W, compute_uv=False)[0] * size


def rescale_by_gram(W, size):
    values, _ = np.linalg.eig(W)
    largest = np.sqrt(np.linalg.eigvalsh(W.T @ W)[-1])
    return size * W / np.sqrt((values.real**2 + values.imag**2).max()), size * W / largest


def rescale_by_polynomial(W, size):
    """The eigenvalues as roots of the characteristic polynomial."""
    return W * (size / np.abs(np.roots(np.poly(W))).max()), W * size / np.linalg.norm(W @ W.T, 2) ** 0.5


def rescale_by_powers(W, size):
    """Gelfand: ‖W^k‖^(1/k) tends to the radius; by repeated squaring."""
    power, log = W.astype(float), 0.0
    for k in range(60):
        norm = np.linalg.norm(power)
        log += math.log(norm) / 2**k
        power = (power / norm) @ (power / norm)
    return W * (size / math.exp(log)), W * (size / np.linalg.norm(W, ord=2))


def rescale_by_parts(W, size):
    u, s, vh = np.linalg.svd(W)
    radius = np.sort(np.abs(np.linalg.eigvals(W)))[-1]
    return np.multiply(W, size / radius), (u * (s * size / s[0])) @ vh


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


# --- choose_cures ----------------------------------------------------------------------------------


def cures_by_ifs(net):
    norms, memory, cures = net["norms"], net["memory"], []
    if norms[0] < norms[-1] / 1000:
        cures.append("residual paths")
    if norms[0] > 1000 * norms[-1] or memory[-1] > 1000 * memory[0]:
        cures.append("clip")
    if memory[-1] < memory[0] / 1000:
        cures.append("forget bias")
    if net["saturated"] > 0.5:
        cures.append("smaller weights")
    if net["dead"] > 0.2:
        cures.append("He's rule")
    return cures


def cures_by_logs(net):
    depth = np.log10(net["norms"][0]) - np.log10(net["norms"][-1])
    lag = np.log10(net["memory"][-1]) - np.log10(net["memory"][0])
    table = {
        "He's rule": net["dead"] > 0.2,
        "clip": max(depth, lag) > 3,
        "smaller weights": net["saturated"] > 0.5,
        "forget bias": lag < -3,
        "residual paths": depth < -3,
    }
    return [name for name, needed in table.items() if needed]


def cures_as_a_set(net):
    return set(cures_by_ifs(net))


def cures_backwards(net):
    return tuple(reversed(cures_by_logs(net)))


def cures_twice(net):
    return cures_by_ifs(net) * 2


def cures_as_an_array(net):
    return list(np.array(cures_by_logs(net), dtype=object))


RIGHT = {
    "ps8.dead_units": dressed(
        dead_by_numpy,
        dead_from_activations,
        dead_by_the_largest,
        dead_in_loops,
        dead_by_slopes,
        dead_by_not_any,
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
        ratios_by_numpy, ratios_of_long_vectors, ratios_by_moving, ratios_by_traces, ratios_in_loops
    ),
    "ps8.clipping_turn": dressed(
        turn_by_numpy, turn_by_sums, turn_by_unit_vectors, turn_in_loops, turn_by_distance
    ),
    "ps8.clipped_momentum_step": dressed(
        momentum_by_lists, momentum_in_place, momentum_flat, momentum_by_steps, momentum_in_loops
    ),
    "ps8.clipped_adam_step": dressed(
        adam_by_the_book, adam_in_place, adam_like_torch, adam_by_the_paper, adam_in_loops
    ),
    "ps8.gate_bias": dressed(
        bias_by_logit,
        bias_by_exponentials,
        bias_by_arctanh,
        bias_by_bisection,
        bias_in_loops,
        bias_by_newton,
    ),
    "ps8.half_life": dressed(
        half_by_logs,
        half_by_sums,
        half_by_geometric_mean,
        half_from_kept,
        half_in_loops,
        half_by_reduce,
    ),
    "ps8.rescale_recurrent": dressed(
        rescale_by_svd, rescale_by_gram, rescale_by_polynomial, rescale_by_powers, rescale_by_parts
    ),
    "ps8.memory_length": dressed(
        length_in_loops, length_by_argmax, length_by_interp, length_by_bisection, length_by_while
    ),
    "ps8.choose_cures": dressed(
        cures_by_ifs, cures_by_logs, cures_as_a_set, cures_backwards, cures_twice, cures_as_an_array
    ),
}
