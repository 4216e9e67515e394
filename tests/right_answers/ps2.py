"""Right answers to problem set 2 that look different."""

import math

import numpy as np

from right_answers.clothes import dressed


def sigma(z):
    return 1 / (1 + np.exp(-z))


def slope_of(name, z):
    """f'(z), from the activation where that is easy."""
    if name == "sigmoid":
        return sigma(z) * sigma(-z)
    if name == "tanh":
        return 1 - np.tanh(z) ** 2
    if name == "relu":
        return np.where(z > 0, 1, 0)
    if name == "leaky_relu":
        return np.where(z > 0, 1, 0.01)
    return np.exp(np.minimum(z, 0))


def value_of(name, z):
    if name == "sigmoid":
        return sigma(z)
    return np.tanh(z) if name == "tanh" else np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


# --- threshold_unit --------------------------------------------------------------------------------


def unit_by_formula(kind, x, gain):
    if kind == "not":
        z, weight = gain * (1 - x[:, 0]) - gain / 2, -gain
    else:
        z, weight = gain * (x[:, 0] + x[:, 1]) - gain * {"and": 1.5, "or": 0.5}[kind], gain
    y = sigma(z)
    return y, np.column_stack([weight * y * (1 - y)] * x.shape[1])


def unit_with_weights(kind, x, gain):
    w, b = {"and": ([1, 1], -1.5), "or": ([1, 1], -0.5), "not": ([-1], 0.5)}[kind]
    w = gain * np.array(w, dtype=x.dtype)
    z = x @ w + gain * b
    return sigma(z), np.outer(sigma(z) * sigma(-z), w)


def unit_by_tanh(kind, x, gain):
    sign = -1 if kind == "not" else 1
    t = np.tanh(gain * sign * (x.sum(axis=1, keepdims=True) - (1.5 if kind == "and" else 0.5)) / 2)
    return (1 + t[:, 0]) / 2, sign * gain * (1 - t**2) / 4 * np.ones_like(x)


def unit_in_loops(kind, x, gain):
    values, slopes = [], []
    for row in x.tolist():
        z = {"and": sum(row) - 1.5, "or": sum(row) - 0.5, "not": 0.5 - row[0]}[kind] * float(gain)
        e = math.exp(-z)
        values.append(1 / (1 + e))
        slopes.append([(-gain if kind == "not" else gain) * e / (1 + e) ** 2] * len(row))
    return values, slopes


def unit_by_complex_step(kind, x, gain):
    def value(x):
        return unit_by_formula(kind, x, gain)[0]

    columns = [value(x + 1e-20j * e).imag / 1e-20 for e in np.eye(x.shape[1])]
    return value(x), np.stack(columns, axis=-1)


# --- full_adder ------------------------------------------------------------------------------------


def adder_by_counts(bits, gain):
    one, two, three = (sigma(gain * (bits.sum(axis=1) - t)) for t in (0.5, 1.5, 2.5))
    return sigma(gain * (one - two + three - 0.5)), two


def gate(kind, gain, *inputs):
    threshold = {"and": 1.5, "or": 0.5, "not": 0.5}[kind]
    return sigma(gain * ((1 - inputs[0] if kind == "not" else sum(inputs)) - threshold))


def adder_of_half_adders(bits, gain):
    """Two half adders and an OR, from threshold units alone."""

    def half(p, q):
        both = gate("and", gain, p, q)
        return gate("and", gain, gate("or", gain, p, q), gate("not", gain, both)), both

    first, carry_1 = half(bits[:, 0], bits[:, 1])
    total, carry_2 = half(first, bits[:, 2])
    return total, gate("or", gain, carry_1, carry_2)


def adder_of_pairs(bits, gain):
    """The carry is an OR of three ANDs, with a threshold unit each."""
    a, b, c = bits.T
    carry = gate("or", gain, *(gate("and", gain, p, q) for p, q in ((a, b), (a, c), (b, c))))
    total = sigma(gain * (a + b + c - 2 * carry - 0.5))
    return total, carry


def adder_of_numbers(bits, gain):
    count = bits.sum(axis=1).round().astype(int)
    return count % 2, count // 2


def adder_of_booleans(bits, gain):
    a, b, c = bits.astype(bool).T
    return a ^ b ^ c, (a & b) | (c & (a ^ b))


def adder_in_loops(bits, gain):
    out = [divmod(int(sum(row)), 2) for row in bits.tolist()]
    return [total for _, total in out], [carry for carry, _ in out]


# --- xor_net ---------------------------------------------------------------------------------------


def xor_step_by_step(x, gain):
    total = x[:, 0] + x[:, 1]
    o, n = sigma(gain * (total - 0.5)), sigma(gain * (1.5 - total))
    y = sigma(gain * (o + n - 1.5))
    dz = y * (1 - y)
    slope = gain * gain * dz * (o * (1 - o) - n * (1 - n))
    return y, np.stack([slope, slope], axis=1)


def xor_by_layers(x, gain):
    W1, b1 = gain * np.array([[1, 1], [-1, -1]], x.dtype), gain * np.array([-0.5, 1.5], x.dtype)
    w2, b2 = gain * np.array([1, 1], x.dtype), -1.5 * gain
    h = sigma(x @ W1.T + b1)
    y = sigma(h @ w2 + b2)
    delta = (y * (1 - y))[:, None] * w2
    return y, (delta * h * (1 - h)) @ W1


def xor_by_complex_step(x, gain):
    def value(x):
        o, n = sigma(gain * (x.sum(axis=1) - 0.5)), sigma(gain * (1.5 - x.sum(axis=1)))
        return sigma(gain * (o + n - 1.5))

    return value(x), np.stack([value(x + 1e-20j * e).imag / 1e-20 for e in np.eye(2)], axis=1)


def xor_in_loops(x, gain):
    values, slopes = [], []
    for p, q in x.tolist():
        o, n = (float(1 / (1 + math.exp(-z))) for z in (gain * (p + q - 0.5), -gain * (p + q - 1.5)))
        y = 1 / (1 + math.exp(-gain * (o + n) + 1.5 * gain))
        through_or, through_nand = gain * gain * o * (1 - o), -gain * gain * n * (1 - n)
        values.append(y)
        slopes.append([y * (1 - y) * (through_or + through_nand)] * 2)
    return values, slopes


def xor_by_tanh(x, gain):
    s = x.sum(axis=1, keepdims=True)
    o, n = np.tanh(gain * (s - 0.5) / 2), np.tanh(gain * (1.5 - s) / 2)
    y = np.tanh(gain * (o + n - 1) / 4)
    slope = (gain / 4) ** 2 * (1 - y**2) * (n**2 - o**2)
    return ((1 + y) / 2)[:, 0], np.hstack([slope, slope])


# --- active_width ----------------------------------------------------------------------------------


def width_by_arccosh(name, share):
    return (4 if name == "sigmoid" else 2) * np.arccosh(1 / np.sqrt(share))


def width_by_logarithm(name, share):
    c = share**-0.5
    return 2 * (2 if name == "sigmoid" else 1) * np.log(c + np.sqrt(c**2 - 1))


def width_by_arctanh(name, share):
    """tanh' = 1 − tanh², so tanh(z) = √(1 − share)."""
    end = np.arctanh(np.sqrt(1 - share))
    return 2 * end if name == "tanh" else 4 * end


def width_by_quadratic(name, share):
    """σ(1 − σ) = share/4 is a quadratic equation for σ."""
    s = (1 + np.sqrt(1 - share)) / 2
    return 2 * np.log(s / (1 - s)) / (1 if name == "sigmoid" else 2)


def width_by_bisection(name, share):
    out = []
    for part in share:
        low, high = 0.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            slope = slope_of(name, middle) / (0.25 if name == "sigmoid" else 1)
            low, high = (middle, high) if slope >= part else (low, middle)
        out.append(2 * low)
    return out


def width_by_newton(name, share):
    z = np.full_like(share, 0.5)
    for _ in range(60):
        c = np.cosh(z)
        z = z - (c - share**-0.5) / np.sinh(z)
    return 2 * z * (1 + (name == "sigmoid"))


# --- saturated_fraction ----------------------------------------------------------------------------


def saturated_by_mean(name, z, share):
    saturated = slope_of(name, z) < share * (0.25 if name == "sigmoid" else 1)
    return saturated.mean(axis=0), saturated.all(axis=0).mean()


def saturated_by_sum(name, z, share):
    largest = slope_of(name, np.array([0.0, 1.0])).max()
    table = np.where(slope_of(name, z) / largest < share, 1.0, 0.0)
    return table.sum(0) / len(z), float((table.sum(0) == len(z)).sum() / z.shape[1])


def saturated_by_ends(name, z, share):
    """The same by where z lies."""
    end = np.arccosh(share**-0.5) * {"sigmoid": 2, "tanh": 1}.get(name, 0)
    if name in ("sigmoid", "tanh"):
        out = np.abs(z) > end
    elif name == "elu":
        out = z < np.log(share)
    else:
        out = z <= 0
    return np.mean(out, 0), np.mean(np.min(out, 0))


def saturated_in_loops(name, z, share):
    N, H = z.shape
    fractions, dead = [], 0
    for j in range(H):
        count = 0
        for n in range(N):
            s = slope_of(name, float(z[n, j]))
            count += bool((4 * s if name == "sigmoid" else s) < share)
        fractions.append(count / N)
        dead += count == N
    return fractions, dead / H


def saturated_by_active(name, z, share):
    active = slope_of(name, z) >= share * (1 if name != "sigmoid" else 1 / 4)
    return 1 - active.mean(axis=0), 1 - np.any(active, axis=0).mean()


# --- scalar_chain ----------------------------------------------------------------------------------


def chain_by_cumprod(name, h0, w):
    h, factors = h0, []
    for weight in w:
        z = weight * h
        factors.append(slope_of(name, z) * weight)
        h = value_of(name, z)
    factors = np.array(factors)
    return factors, np.cumprod(factors[::-1])[::-1]


def chain_backwards(name, h0, w):
    hs = [h0]
    for weight in w:
        hs.append(value_of(name, weight * hs[-1]))
    factors, gradients, carried = np.zeros_like(w), np.zeros_like(w), 1.0
    for l in reversed(range(len(w))):
        h = hs[l + 1]
        factors[l] = w[l] * (h * (1 - h) if name == "sigmoid" else 1 - h * h)
        carried = carried * factors[l]
        gradients[l] = carried
    return factors, gradients


def chain_by_complex_step(name, h0, w):
    def top(h, first):
        for weight in w[first:]:
            h = value_of(name, weight * h)
        return h

    hs = [h0]
    for weight in w:
        hs.append(value_of(name, weight * hs[-1]))
    step = 1e-20j
    factors = [value_of(name, weight * (h + step)).imag / 1e-20 for weight, h in zip(w, hs[:-1], strict=True)]
    return factors, [top(hs[l] + step, l).imag / 1e-20 for l in range(len(w))]


def chain_of_slices(name, h0, w):
    factors, _ = chain_by_cumprod(name, h0, w)
    return list(factors), [np.prod(factors[l:]) for l in range(len(w))]


def chain_by_logarithms(name, h0, w):
    factors, _ = chain_by_cumprod(name, h0, w)
    logs = np.log(np.abs(factors))
    signs = np.array([np.prod(np.sign(factors[l:])) for l in range(len(w))])
    return factors, signs * np.exp(logs.sum() - np.cumsum(logs) + logs)


def chain_by_recursion(name, h0, w):
    if len(w) == 0:
        return [], []
    z = w[0] * h0
    factor = slope_of(name, z) * w[0]
    factors, gradients = chain_by_recursion(name, value_of(name, z), w[1:])
    return [factor, *factors], [factor * (gradients[0] if gradients else 1), *gradients]


# --- steps_to_zero ---------------------------------------------------------------------------------


def steps_in_a_loop(factors, precision):
    tiny, out = np.finfo(precision).tiny, []
    for a in factors.astype(precision):
        p, l, lost = a, 1, None
        while p != 0:
            lost = l if lost is None and p < tiny else lost
            p = p * a
            l += 1
        out.append((lost or l, l))
    return tuple(np.array(out).T)


def steps_by_cumprod(factors, precision):
    table = np.cumprod(np.repeat(factors.astype(precision)[:, None], 1000, axis=1), axis=1)
    return (table >= np.finfo(precision).tiny).sum(axis=1) + 1, (table > 0).sum(axis=1) + 1


def steps_by_logarithm(factors, precision):
    info = np.finfo(precision)
    smallest = math.log2(float(info.smallest_normal)) - info.nmant
    bits = np.log2(factors.astype(float))
    return np.ceil(np.log2(float(info.tiny)) / bits), np.ceil((smallest - 1) / bits)


def steps_by_power(factors, precision):
    lost, gone = [], []
    for a in factors.astype(precision):
        powers = np.array([a], dtype=precision) ** np.arange(1, 1100).astype(precision)
        lost.append(int(np.argmax(powers < np.finfo(precision).tiny)) + 1)
        gone.append(list(powers).index(0) + 1)
    return lost, gone


def steps_all_at_once(factors, precision):
    a = factors.astype(precision)
    p, lost, gone = np.ones_like(a), np.ones(a.shape), np.ones(a.shape)
    while p.any():
        p = p * a
        lost += p >= np.finfo(precision).tiny
        gone += p > 0
    return lost, gone


# --- deep_jacobian ---------------------------------------------------------------------------------


def jacobian_on_the_way(name, x, Ws, bs):
    Js, J, h = [], np.eye(x.shape[1], dtype=x.dtype), x
    for W, b in zip(Ws, bs, strict=True):
        z = h @ W.T + b
        Js.append(slope_of(name, z)[:, :, None] * W)
        J = Js[-1] @ J
        h = value_of(name, z)
    return Js, J


def jacobian_with_diagonals(name, x, Ws, bs):
    Js, Jn = [np.zeros((len(x), *W.shape)) for W in Ws], []
    for n, h in enumerate(x):
        J = np.eye(len(h))
        for l, (W, b) in enumerate(zip(Ws, bs, strict=True)):
            z = W @ h + b
            Js[l][n] = np.diag(slope_of(name, z)) @ W
            J = Js[l][n] @ J
            h = value_of(name, z)
        Jn.append(J)
    return tuple(Js), np.array(Jn)


def jacobian_by_einsum(name, x, Ws, bs):
    Js, h, J = [], x, None
    for W, b in zip(Ws, bs, strict=True):
        z = np.einsum("oi,ni->no", W, h) + b
        Js.append(np.einsum("no,oi->noi", slope_of(name, z), W))
        J = Js[-1] if J is None else np.einsum("nab,nbc->nac", Js[-1], J)
        h = value_of(name, z)
    return Js, J


def jacobian_from_the_output(name, x, Ws, bs):
    Js, _ = jacobian_on_the_way(name, x, Ws, bs)
    rows = np.broadcast_to(np.eye(len(Ws[-1])), (len(x), len(Ws[-1]), len(Ws[-1])))
    for J in reversed(Js):
        rows = np.matmul(rows, J)
    return Js, rows


def jacobian_by_complex_step(name, x, Ws, bs):
    def layer(h, W, b):
        return complex_value(name, h @ W.T + b)

    def complex_value(name, z):
        if name == "elu":
            return np.where(z.real > 0, z, np.exp(np.where(z.real > 0, 0, z)) - 1)
        return value_of(name, z)

    def derivative(f, h):
        return np.stack([f(h + 1e-20j * e).imag / 1e-20 for e in np.eye(h.shape[1])], axis=2)

    def net(h):
        for W, b in zip(Ws, bs, strict=True):
            h = layer(h, W, b)
        return h

    Js, h = [], x
    for W, b in zip(Ws, bs, strict=True):
        Js.append(derivative(lambda h, W=W, b=b: layer(h, W, b), h))
        h = layer(h, W, b).real
    return Js, derivative(net, x)


# --- gradient_bound --------------------------------------------------------------------------------


def bound_on_the_way_back(name, dh, zs, Ws):
    signal = dh
    local = np.linalg.norm(dh, axis=1)
    bound = np.linalg.norm(dh, axis=1)
    for z, W in zip(zs[::-1], Ws[::-1], strict=True):
        s = slope_of(name, z)
        signal = (signal * s) @ W
        local = local * s.max(axis=1) * np.linalg.norm(W, 2)
        bound = bound * (0.25 if name == "sigmoid" else 1.0) * np.linalg.norm(W, ord=2)
    return np.linalg.norm(signal, axis=1), local, bound


def bound_by_svd(name, dh, zs, Ws):
    stretch = np.prod([np.linalg.svd(W)[1][0] for W in Ws])
    largest = 4.0 ** -len(Ws) if name == "sigmoid" else 1
    length = np.sqrt((dh**2).sum(axis=1))
    measured = []
    for n in range(len(dh)):
        J = np.eye(Ws[0].shape[1])
        for z, W in zip(zs, Ws, strict=True):
            J = np.diag(slope_of(name, z[n])) @ W @ J
        measured.append(np.linalg.norm(dh[n] @ J))
    local = np.prod([np.max(slope_of(name, z), axis=1) for z in zs], axis=0)
    return measured, length * local * stretch, length * largest * stretch


def bound_by_eigenvalues(name, dh, zs, Ws):
    """σ_max² is the largest eigenvalue of WᵀW."""
    measured, _, _ = bound_on_the_way_back(name, dh, zs, Ws)
    stretch = np.prod([np.sqrt(np.linalg.eigvalsh(W.T @ W).max()) for W in Ws])
    length = np.sqrt(np.einsum("nh,nh->n", dh, dh)) * stretch
    slopes = [slope_of(name, z).max(axis=1) for z in zs]
    local = length.copy()
    for s in slopes:
        local *= s
    return measured, local, length * (0.25 if name == "sigmoid" else 1) ** len(Ws)


def bound_example_by_example(name, dh, zs, Ws):
    rows = [bound_by_svd(name, dh[n : n + 1], [z[n : n + 1] for z in zs], Ws) for n in range(len(dh))]
    return tuple(np.array([row[i][0] for row in rows]) for i in range(3))


def bound_by_logarithms(name, dh, zs, Ws):
    measured, _, _ = bound_on_the_way_back(name, dh, zs, Ws)
    start = np.log(np.linalg.norm(dh, axis=1)) + sum(np.log(np.linalg.norm(W, 2)) for W in Ws)
    local = start + sum(np.log(slope_of(name, z).max(axis=1)) for z in zs)
    return measured, np.exp(local), np.exp(start + len(Ws) * np.log(0.25 if name == "sigmoid" else 1.0))


# --- log10_singular_values -------------------------------------------------------------------------


def spectrum_rescaled(Js):
    P, total = Js[0], 0.0
    for J in Js[1:]:
        P = J @ P
        size = np.linalg.norm(P)
        P, total = P / size, total + np.log10(size)
    return np.log10(np.linalg.svd(P, compute_uv=False)) + total


def spectrum_by_largest_entry(Js):
    """From the other side, and powers of two taken out."""
    P, exponent = np.eye(Js.shape[1]), 0
    for J in Js[::-1]:
        P = P @ J
        k = np.frexp(np.abs(P).max())[1]
        P, exponent = np.ldexp(P, -k), exponent + int(k)
    return (np.log(np.linalg.svd(P)[1]) + exponent * math.log(2)) / math.log(10)


def spectrum_scaled_factors(Js):
    """Every factor brought to size 1 beforehand."""
    sizes = np.linalg.norm(Js, 2, axis=(1, 2))
    P = np.linalg.multi_dot([J / s for J, s in zip(Js[::-1], sizes[::-1], strict=True)])
    return np.log10(np.linalg.svd(P, compute_uv=False)) + np.sum(np.log10(sizes))


def spectrum_transposed(Js):
    """The transpose has the same singular values."""
    P, total = np.eye(Js.shape[1]), 0.0
    for J in Js:
        P = P @ J.T
        P, total = P / np.abs(P).sum(), total + np.log10(np.abs(P).sum())
    return np.sort(np.log10(np.linalg.svd(P, compute_uv=False)) + total)[::-1]


def spectrum_by_eigenvalues(Js):
    P, total = np.eye(Js.shape[1]), 0.0
    for J in Js.astype(float):
        P = J @ P
        size = np.sqrt((P**2).sum())
        P, total = P / size, total + math.log10(size)
    return np.log10(np.linalg.eigvalsh(P.T @ P)[::-1]) / 2 + total


def spectrum_by_qr(Js):
    """QR from the right, then from the left, again and again until the triangles are diagonal."""
    factors = [np.asarray(J, dtype=float) for J in Js]
    for _ in range(60):
        Q, triangles = np.eye(len(factors[0])), []
        for J in factors:
            Q, R = np.linalg.qr(J @ Q)
            triangles.append(R)
        factors = [R.T for R in triangles[::-1]]
    return np.sort(sum(np.log10(np.abs(np.diag(R))) for R in factors))[::-1]


# --- neuron_norms ----------------------------------------------------------------------------------


def norms_without_gradients(delta, h):
    instances = np.abs(delta) * np.sqrt((h**2).sum(axis=1) + 1)[:, None]
    dW, db = delta.T @ h / len(h), delta.mean(axis=0)
    return instances, np.sqrt((dW**2).sum(axis=1) + db**2)


def norms_of_gradients(delta, h):
    with_one = np.hstack([h, np.ones((len(h), 1), h.dtype)])
    grads = delta[:, :, None] * with_one[:, None, :]
    return np.linalg.norm(grads, axis=2), np.linalg.norm(grads.mean(axis=0), axis=1)


def norms_in_loops(delta, h):
    N, H = delta.shape
    instances, batch = np.zeros((N, H)), np.zeros(H)
    for j in range(H):
        mean = np.zeros(h.shape[1] + 1)
        for n in range(N):
            gradient = delta[n, j] * np.append(h[n], 1.0)
            instances[n, j] = math.sqrt(sum(g * g for g in gradient))
            mean += gradient / N
        batch[j] = np.linalg.norm(mean)
    return instances, batch


def norms_by_einsum(delta, h):
    squares = np.einsum("nd,nd->n", h, h) + 1
    gram = (h @ h.T + 1) / len(h) ** 2
    return np.sqrt(delta**2 * squares[:, None]), np.sqrt(np.einsum("nj,mj,nm->j", delta, delta, gram))


def norms_by_hypot(delta, h):
    dW = np.einsum("nj,nd->jd", delta, h) / h.shape[0]
    length = np.hypot(np.linalg.norm(h, axis=1, keepdims=True), 1)
    return np.abs(delta * length), np.hypot(np.linalg.norm(dW, axis=1), delta.mean(0))


# --- relu_sweep ------------------------------------------------------------------------------------


def sweep_by_scale(x, dh, Ws, scales):
    forward, backward = [], []
    for c in scales:
        h, masks, up, down = x, [], [], []
        for W in Ws:
            z = h @ (c * W).T
            masks.append(z > 0)
            h = np.maximum(z, 0)
            up.append(np.log10(np.linalg.norm(h) / np.linalg.norm(x)))
        signal = dh
        for W, mask in zip(Ws[::-1], masks[::-1], strict=True):
            signal = (signal * mask) @ (c * W)
            down.insert(0, np.log10(np.linalg.norm(signal) / np.linalg.norm(dh)))
        forward.append(up)
        backward.append(down)
    return np.array(forward), np.array(backward)


def sweep_by_power_law(x, dh, Ws, scales):
    """Once with c = 1; each scale adds a straight line."""
    forward, backward = sweep_by_scale(x, dh, Ws, [1])
    l, logs = np.arange(1, len(Ws) + 1), np.log10(scales)[:, None]
    return forward + logs * l, backward + logs * l[::-1]


def sweep_with_copies(x, dh, Ws, scales):
    out = np.zeros((2, len(scales), len(Ws)))
    for k, c in enumerate(scales):
        weights = [W.copy() for W in Ws]
        for W in weights:
            W *= c
        hs = [x]
        for W in weights:
            hs.append(np.clip(hs[-1] @ W.T, 0, None))
        signal = dh.copy()
        for l in range(len(Ws) - 1, -1, -1):
            out[0, k, l] = np.log10(np.linalg.norm(hs[l + 1])) - np.log10(np.linalg.norm(x))
            signal[hs[l + 1] == 0] = 0
            signal = signal @ weights[l]
            out[1, k, l] = np.log10(np.linalg.norm(signal)) - np.log10(np.linalg.norm(dh))
    return tuple(out)


def sweep_all_scales_at_once(x, dh, Ws, scales):
    K, L = len(scales), len(Ws)
    forward, backward = np.zeros((K, L)), np.zeros((K, L))
    c = scales[:, None, None]
    h, slopes = np.repeat(x[None], K, axis=0), []
    for l, W in enumerate(Ws):
        z = c * np.einsum("kni,oi->kno", h, W)
        slopes.append(np.heaviside(z, 0))
        h = z * slopes[-1]
        forward[:, l] = np.sqrt((h**2).sum(axis=(1, 2)))
    signal = np.repeat(dh[None], K, axis=0)
    for l in reversed(range(L)):
        signal = c * ((signal * slopes[l]) @ Ws[l])
        backward[:, l] = np.sqrt((signal**2).sum(axis=(1, 2)))
    return np.log10(forward / np.sqrt((x**2).sum())), np.log10(backward / np.sqrt((dh**2).sum()))


def sweep_with_natural_logarithms(x, dh, Ws, scales):
    """math.log over ln 10, norms from flat arrays."""

    def size(a):
        return math.sqrt(float(np.dot(a.ravel(), a.ravel())))

    forward, backward = [], []
    for c in scales.tolist():
        hs = [x]
        for W in Ws:
            z = c * (hs[-1] @ W.T)
            hs.append((z + np.abs(z)) / 2)
        signal, up, down = dh, [], []
        for W, h in zip(reversed(Ws), reversed(hs), strict=False):
            signal = c * (np.where(h > 0, signal, 0) @ W)
            down = [math.log(size(signal) / size(dh)) / math.log(10), *down]
        up = [math.log(size(h) / size(x)) / math.log(10) for h in hs[1:]]
        forward.append(up)
        backward.append(down)
    return forward, backward


RIGHT = {
    "ps2.threshold_unit": dressed(
        unit_with_weights, unit_by_formula, unit_by_tanh, unit_in_loops, unit_by_complex_step
    ),
    "ps2.full_adder": dressed(
        adder_by_counts,
        adder_of_half_adders,
        adder_of_pairs,
        adder_of_numbers,
        adder_of_booleans,
        adder_in_loops,
    ),
    "ps2.xor_net": dressed(xor_step_by_step, xor_by_layers, xor_by_complex_step, xor_in_loops, xor_by_tanh),
    "ps2.active_width": dressed(
        width_by_arccosh,
        width_by_logarithm,
        width_by_arctanh,
        width_by_quadratic,
        width_by_bisection,
        width_by_newton,
    ),
    "ps2.saturated_fraction": dressed(
        saturated_by_mean,
        saturated_by_sum,
        saturated_by_ends,
        saturated_in_loops,
        saturated_by_active,
    ),
    "ps2.scalar_chain": dressed(
        chain_by_cumprod,
        chain_backwards,
        chain_by_complex_step,
        chain_of_slices,
        chain_by_logarithms,
        chain_by_recursion,
    ),
    "ps2.steps_to_zero": dressed(
        steps_in_a_loop, steps_by_cumprod, steps_by_logarithm, steps_by_power, steps_all_at_once
    ),
    "ps2.deep_jacobian": dressed(
        jacobian_on_the_way,
        jacobian_with_diagonals,
        jacobian_by_einsum,
        jacobian_from_the_output,
        jacobian_by_complex_step,
    ),
    "ps2.gradient_bound": dressed(
        bound_on_the_way_back,
        bound_by_svd,
        bound_by_eigenvalues,
        bound_example_by_example,
        bound_by_logarithms,
    ),
    "ps2.log10_singular_values": dressed(
        spectrum_rescaled,
        spectrum_by_largest_entry,
        spectrum_scaled_factors,
        spectrum_transposed,
        spectrum_by_eigenvalues,
        spectrum_by_qr,
    ),
    "ps2.neuron_norms": dressed(
        norms_without_gradients, norms_of_gradients, norms_in_loops, norms_by_einsum, norms_by_hypot
    ),
    "ps2.relu_sweep": dressed(
        sweep_by_scale,
        sweep_by_power_law,
        sweep_with_copies,
        sweep_all_scales_at_once,
        sweep_with_natural_logarithms,
    ),
}
