"""Right answers to problem set 2 that look different."""

import itertools
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


def unit_with_weights(kind, x, gain):
    w, b = {"and": ([1, 1], -1), "or": ([1, 1], 1), "not": ([-1], 0)}[kind]
    w = gain * np.array(w, dtype=x.dtype)
    y = np.tanh(x @ w + gain * b)
    return y, np.outer(1 - y**2, w)


def unit_by_formula(kind, x, gain):
    if kind == "not":
        y, weight = -np.tanh(gain * x[:, 0]), -gain
    else:
        y, weight = np.tanh(gain * (x[:, 0] + x[:, 1] + (1 if kind == "or" else -1))), gain
    return y, np.column_stack([weight * (1 - y) * (1 + y)] * x.shape[1])


def unit_by_sigmoid(kind, x, gain):
    """tanh z = 2σ(2z) − 1."""
    sign = -1 if kind == "not" else 1
    s = sigma(2 * gain * (sign * x.sum(axis=1, keepdims=True) + {"and": -1, "or": 1, "not": 0}[kind]))
    return (2 * s - 1)[:, 0], 4 * sign * gain * s * (1 - s) * np.ones_like(x)


def unit_in_loops(kind, x, gain):
    values, slopes = [], []
    for row in x.tolist():
        z = {"and": sum(row) - 1, "or": sum(row) + 1, "not": -row[0]}[kind] * float(gain)
        values.append(math.tanh(z))
        slopes.append([(-gain if kind == "not" else gain) / math.cosh(z) ** 2] * len(row))
    return values, slopes


def unit_by_complex_step(kind, x, gain):
    def value(x):
        return unit_with_weights(kind, x, gain)[0]

    columns = [value(x + 1e-20j * e).imag / 1e-20 for e in np.eye(x.shape[1])]
    return value(x), np.stack(columns, axis=-1)


def unit_by_de_morgan(kind, x, gain):
    """P ∨ Q = ¬(¬P ∧ ¬Q)."""
    if kind != "or":
        return unit_with_weights(kind, x, gain)
    y, slopes = unit_with_weights("and", -x, gain)
    return -y, slopes


# --- full_subtractor -------------------------------------------------------------------------------


def gate(kind, gain, *inputs):
    threshold = {"and": 1.5, "or": 0.5, "not": 0.5}[kind]
    return sigma(gain * ((1 - inputs[0] if kind == "not" else sum(inputs)) - threshold))


def subtractor_by_counts(bits, gain):
    s = bits @ np.array([-1, 1, 1], dtype=bits.dtype)
    zero, one, two = (sigma(gain * (s - t)) for t in (-0.5, 0.5, 1.5))
    return sigma(gain * (0.5 - zero + one - two)), one


def subtractor_of_half_subtractors(bits, gain):
    """Two half subtractors and an OR, from threshold units alone."""

    def half(p, q):
        other = gate("not", gain, p)
        below = gate("and", gain, other, q)
        return gate("or", gain, gate("and", gain, p, gate("not", gain, q)), below), below

    first, borrow_1 = half(bits[:, 0], bits[:, 1])
    total, borrow_2 = half(first, bits[:, 2])
    return total, gate("or", gain, borrow_1, borrow_2)


def subtractor_with_the_borrow(bits, gain):
    """The difference once the borrow is known: A − B − C + 2 · borrow."""
    a, b, c = bits.T
    borrow = sigma(gain * (b + c - a - 0.5))
    return sigma(gain * (a - b - c + 2 * borrow - 0.5)), borrow


def subtractor_of_numbers(bits, gain):
    a, b, c = bits.round().astype(int).T
    return (a - b - c) % 2, (a - b - c < 0).astype(int)


def subtractor_of_booleans(bits, gain):
    a, b, c = bits.astype(bool).T
    return a ^ b ^ c, (~a & (b | c)) | (b & c)


def subtractor_in_loops(bits, gain):
    out = [divmod(int(a - b - c), 2) for a, b, c in bits.tolist()]
    return [low for _, low in out], [-high for high, _ in out]


# --- xor_net ---------------------------------------------------------------------------------------


def xor_step_by_step(x, gain):
    d = x[:, 0] - x[:, 1]
    a, b = sigma(gain * (d - 0.5)), sigma(gain * (-d - 0.5))
    y = sigma(gain * (a + b - 0.5))
    slope = gain * gain * y * (1 - y) * (a * (1 - a) - b * (1 - b))
    return y, np.stack([slope, -slope], axis=1)


def xor_by_layers(x, gain):
    W1 = gain * np.array([[1, -1], [-1, 1]], x.dtype)
    w2 = gain * np.array([1, 1], x.dtype)
    h = sigma(x @ W1.T - gain / 2)
    y = sigma(h @ w2 - gain / 2)
    delta = (y * (1 - y))[:, None] * w2
    return y, (delta * h * (1 - h)) @ W1


def xor_by_complex_step(x, gain):
    def value(x):
        d = x[:, 0] - x[:, 1]
        return sigma(gain * (sigma(gain * (d - 0.5)) + sigma(gain * (-d - 0.5)) - 0.5))

    return value(x), np.stack([value(x + 1e-20j * e).imag / 1e-20 for e in np.eye(2)], axis=1)


def xor_in_loops(x, gain):
    values, slopes = [], []
    for p, q in x.tolist():
        a, b = (float(1 / (1 + math.exp(-z))) for z in (gain * (p - q - 0.5), gain * (q - p - 0.5)))
        y = 1 / (1 + math.exp(-gain * (a + b) + 0.5 * gain))
        through_a, through_b = gain * gain * a * (1 - a), gain * gain * b * (1 - b)
        values.append(y)
        slopes.append([y * (1 - y) * (through_a - through_b), y * (1 - y) * (through_b - through_a)])
    return values, slopes


def xor_by_tanh(x, gain):
    d = x[:, :1] - x[:, 1:]
    a, b = np.tanh(gain * (d - 0.5) / 2), np.tanh(gain * (-d - 0.5) / 2)
    y = np.tanh(gain * (a + b + 1) / 4)
    slope = (gain / 4) ** 2 * (1 - y**2) * (b**2 - a**2)
    return ((1 + y) / 2)[:, 0], np.hstack([slope, -slope])


# --- active_width ----------------------------------------------------------------------------------


def width_by_formula(name, share):
    c = 1 / np.sqrt(share)
    if name == "softsign":
        return 2 * (c - 1)
    return 2 * np.sqrt(1 / share - 1) if name == "arctan" else 3 * np.arccosh(c)


def width_by_logarithm(name, share):
    c = share**-0.5
    if name == "scaled_tanh":
        return 3 * np.log(c + np.sqrt(c**2 - 1))
    return 2 * ((c - 1) if name == "softsign" else np.sqrt((c - 1) * (c + 1)))


def width_by_the_value(name, share):
    """softsign' = (1 − h)², arctan' = cos² h, tanh' = 1 − h²."""
    root = np.sqrt(share)
    if name == "softsign":
        h = 1 - root
        return 2 * h / (1 - h)
    return 2 * np.tan(np.arccos(root)) if name == "arctan" else 3 * np.arctanh(np.sqrt(1 - share))


def unit_slope(name, z):
    """The slope, as a share of the largest."""
    if name == "softsign":
        return 1 / (1 + abs(z)) ** 2
    return 1 / (1 + z * z) if name == "arctan" else 1 / np.cosh(2 * z / 3) ** 2


def width_by_bisection(name, share):
    out = []
    for part in share:
        low, high = 0.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if unit_slope(name, middle) >= part else (low, middle)
        out.append(2 * low)
    return out


def width_by_newton(name, share):
    z = np.full_like(share, 0.3)
    for _ in range(80):
        step = (unit_slope(name, z + 1e-6) - unit_slope(name, z - 1e-6)) / 2e-6
        z = np.abs(z - (unit_slope(name, z) - share) / step)  # a step across 0 comes back
    return 2 * z


def width_in_loops(name, share):
    ends = {
        "softsign": lambda s: s**-0.5 - 1,
        "arctan": lambda s: math.sqrt((1 - s) / s),
        "scaled_tanh": lambda s: 1.5 * math.acosh(s**-0.5),
    }
    return [2 * ends[name](float(s)) for s in share]


# --- saturated_fraction ----------------------------------------------------------------------------


def slope_from(name, h):
    """f' from f."""
    if name == "sigmoid":
        return h * (1 - h)
    if name == "tanh":
        return (1 - h) * (1 + h)
    left = {"relu": 0, "leaky_relu": 0.01, "elu": h + 1}[name]
    return np.where(h > 0, 1, left)


def saturated_by_mean(name, h, share):
    saturated = slope_from(name, h) < share * (0.25 if name == "sigmoid" else 1)
    return saturated.mean(axis=0), saturated.all(axis=0).mean()


def saturated_by_sum(name, h, share):
    largest = slope_from(name, np.array([0.5, 0.0, 1.0])).max() if name in ("sigmoid", "tanh") else 1
    table = np.where(slope_from(name, h) / largest < share, 1.0, 0.0)
    return table.sum(0) / len(h), float((table.sum(0) == len(h)).sum() / h.shape[1])


def saturated_by_ends(name, h, share):
    """The same by where h lies."""
    end = math.sqrt(1 - share)
    if name == "sigmoid":
        out = abs(2 * h - 1) > end
    elif name == "tanh":
        out = abs(h) > end
    else:
        out = h < share - 1 if name == "elu" else h <= 0
        out &= name != "leaky_relu" or share > 0.01
    return np.mean(out, 0), np.mean(np.min(out, 0))


def saturated_in_loops(name, h, share):
    N, H = h.shape
    fractions, dead = [], 0
    for j in range(H):
        count = 0
        for n in range(N):
            s = slope_from(name, float(h[n, j]))
            count += bool((4 * s if name == "sigmoid" else s) < share)
        fractions.append(count / N)
        dead += count == N
    return fractions, dead / H


def saturated_by_active(name, h, share):
    active = slope_from(name, h) >= share * (1 if name != "sigmoid" else 1 / 4)
    return 1 - active.mean(axis=0), 1 - np.any(active, axis=0).mean()


def saturated_by_z(name, h, share):
    """Back to z first."""
    if name not in ("sigmoid", "tanh"):
        return saturated_by_mean(name, h, share)
    z = np.log(h / (1 - h)) / 2 if name == "sigmoid" else np.arctanh(h)
    out = np.cosh(z) ** -2 < share
    return out.mean(0), out.all(0).mean()


# --- scalar_chain ----------------------------------------------------------------------------------


def softsign(z):
    return z / (1 + abs(z))


def chain_backwards(h0, w, b):
    w, b = np.asarray(w, dtype=float), np.asarray(b, dtype=float)
    hs, zs = [h0], []
    for weight, bias in zip(w, b, strict=True):
        zs.append(weight * hs[-1] + bias)
        hs.append(softsign(zs[-1]))
    factors, dw, db, d = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w), 1.0
    for l in reversed(range(len(w))):
        db[l] = d / (1 + abs(zs[l])) ** 2
        dw[l] = db[l] * hs[l]
        factors[l] = w[l] / (1 + abs(zs[l])) ** 2
        d = d * factors[l]
    return hs[-1], factors, dw, db


def chain_by_activations(h0, w, b):
    """s' = (1 − |h|)², with h at hand."""
    hs = [h0]
    for weight, bias in zip(w, b, strict=True):
        hs.append(softsign(weight * hs[-1] + bias))
    slopes = (1 - np.abs(hs[1:])) ** 2
    factors = slopes * w
    db = slopes * np.append(np.cumprod(factors[:0:-1])[::-1], 1)
    return hs[-1], factors, db * hs[:-1], db


def chain_by_complex_step(h0, w, b):
    def sign(z):
        return z / (1 + z * np.sign(z.real))

    def top(h, w, b):
        for weight, bias in zip(w, b, strict=True):
            h = sign(weight * h + bias)
        return h

    hs, step = [complex(h0)], 1e-20j
    for weight, bias in zip(w, b, strict=True):
        hs.append(sign(weight * hs[-1] + bias))
    factors = [sign(w[l] * (hs[l] + step) + b[l]).imag / 1e-20 for l in range(len(w))]
    unit = np.eye(len(w))
    dw = [top(complex(h0), w + step * e, b).imag / 1e-20 for e in unit]
    db = [top(complex(h0), w, b + step * e).imag / 1e-20 for e in unit]
    return hs[-1].real, factors, dw, db


def chain_of_slices(h0, w, b):
    w, b = np.asarray(w, dtype=float), np.asarray(b, dtype=float)
    h, factors, dw, db = chain_backwards(h0, w, b)
    db = [
        np.prod(factors[l + 1 :]) * chain_backwards(h0, w[: l + 1], b[: l + 1])[3][-1] for l in range(len(w))
    ]
    return h, list(factors), dw, db


def chain_by_logarithms(h0, w, b):
    w, b = np.asarray(w, dtype=float), np.asarray(b, dtype=float)
    h, factors, _, _ = chain_backwards(h0, w, b)
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(factors))
    above = [np.prod(np.sign(factors[l + 1 :])) * np.exp(logs[l + 1 :].sum()) for l in range(len(w))]
    hs = [h0]
    for weight, bias in zip(w, b, strict=True):
        hs.append(softsign(weight * hs[-1] + bias))
    db = np.array(above) * (1 - np.abs(hs[1:])) ** 2
    return h, factors, db * np.array(hs[:-1]), db


def chain_by_recursion(h0, w, b):
    if len(w) == 0:
        return h0, [], [], []
    z = w[0] * h0 + b[0]
    slope = 1 / (1 + abs(z)) ** 2
    h, factors, dw, db = chain_by_recursion(softsign(z), w[1:], b[1:])
    down = db[0] * w[1] if len(db) else 1
    return h, [slope * w[0], *factors], [down * slope * h0, *dw], [down * slope, *db]


# --- steps_to_zero ---------------------------------------------------------------------------------


def steps_in_a_loop(start, factors, precision):
    tiny, out = np.finfo(precision).tiny, []
    for a in factors.astype(precision):
        p, l, lost = np.dtype(precision).type(abs(start)) * a, 1, None
        while p != 0:
            lost = l if lost is None and p < tiny else lost
            p = p * a
            l += 1
        out.append((lost or l, l))
    return tuple(np.array(out).T)


def steps_by_cumprod(start, factors, precision):
    table = np.repeat(factors.astype(precision)[:, None], 1100, axis=1)
    table = np.cumprod(np.insert(table, 0, start, axis=1), axis=1)[:, 1:]
    return (np.abs(table) >= np.finfo(precision).tiny).sum(axis=1) + 1, (table != 0).sum(axis=1) + 1


def steps_by_logarithm(start, factors, precision):
    info = np.finfo(precision)
    smallest = math.log2(float(info.smallest_normal)) - info.nmant
    bits, first = np.log2(factors.astype(float)), math.log2(abs(start))
    return np.floor((np.log2(float(info.tiny)) - first) / bits) + 1, np.ceil((smallest - 1 - first) / bits)


def steps_by_list(start, factors, precision):
    lost, gone = [], []
    for a in factors.astype(precision):
        values = [np.array(start, dtype=precision)]
        while values[-1] != 0:
            values.append(values[-1] * a)
        lost.append(next(l for l, v in enumerate(values) if abs(v) < np.finfo(precision).tiny))
        gone.append(len(values) - 1)
    return lost, gone


def steps_all_at_once(start, factors, precision):
    a = factors.astype(precision)
    p, lost, gone = np.full_like(a, abs(start)), np.ones(a.shape), np.ones(a.shape)
    while p.any():
        p = p * a
        lost += p >= np.finfo(precision).tiny
        gone += p > 0
    return lost, gone


# --- deep_jacobian ---------------------------------------------------------------------------------


def jacobian_on_the_way(name, x, Ws, bs):
    Js, J, h = [], np.eye(x.shape[1], dtype=x.dtype), x
    for W, b in zip(Ws, bs, strict=True):
        Js.append(W * slope_of(name, h)[:, None, :])
        J = Js[-1] @ J
        h = value_of(name, h) @ W.T + b
    return Js, J


def jacobian_with_diagonals(name, x, Ws, bs):
    Js, Jn = [np.zeros((len(x), *W.shape)) for W in Ws], []
    for n, h in enumerate(x):
        J = np.eye(len(h))
        for l, (W, b) in enumerate(zip(Ws, bs, strict=True)):
            Js[l][n] = W @ np.diag(slope_of(name, h))
            J = Js[l][n] @ J
            h = W @ value_of(name, h) + b
        Jn.append(J)
    return tuple(Js), np.array(Jn)


def jacobian_by_einsum(name, x, Ws, bs):
    Js, h, J = [], x, None
    for W, b in zip(Ws, bs, strict=True):
        Js.append(np.einsum("ni,oi->noi", slope_of(name, h), W))
        J = Js[-1] if J is None else np.einsum("nab,nbc->nac", Js[-1], J)
        h = np.einsum("oi,ni->no", W, value_of(name, h)) + b
    return Js, J


def jacobian_from_the_output(name, x, Ws, bs):
    Js, _ = jacobian_on_the_way(name, x, Ws, bs)
    rows = np.broadcast_to(np.eye(len(Ws[-1])), (len(x), len(Ws[-1]), len(Ws[-1])))
    for J in reversed(Js):
        rows = np.matmul(rows, J)
    return Js, rows


def jacobian_by_complex_step(name, x, Ws, bs):
    def value(z):
        if name == "elu":
            return np.where(z.real > 0, z, np.exp(np.where(z.real > 0, 0, z)) - 1)
        return value_of(name, z)

    def derivative(f, h):
        return np.stack([f(h + 1e-20j * e).imag / 1e-20 for e in np.eye(h.shape[1])], axis=2)

    def net(h):
        for W, b in zip(Ws, bs, strict=True):
            h = value(h) @ W.T + b
        return h

    Js, h = [], x
    for W, b in zip(Ws, bs, strict=True):
        Js.append(derivative(lambda h, W=W, b=b: value(h) @ W.T + b, h))
        h = value(h) @ W.T + b
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


def narrowest(Js):
    return min([Js[0].shape[1], *(J.shape[0] for J in Js)])


def spectrum_by_sweeps(Js):
    """Back and forth until two sweeps agree."""
    return swept(Js, narrowest(Js))


def swept(Js, r):
    factors, last, logs = [np.asarray(J, dtype=float) for J in Js], None, None
    while last is None or np.abs(logs - last).max() > 1e-9:
        Q, last, logs, Rs = np.eye(factors[0].shape[1]), logs, 0.0, []
        for J in factors:
            Q, R = np.linalg.qr(J @ Q)
            Rs.insert(0, R.T)
        logs = sum(np.log10(np.abs(np.diag(R)[:r])) for R in Rs)
        factors, last = Rs, np.zeros_like(logs) if last is None else last
    return np.sort(logs)[::-1]


def spectrum_of_the_transpose(Js):
    """The same singular values, a fixed number of sweeps."""
    factors = [J.T for J in Js[::-1]]
    for _ in range(60):
        Q, Rs = np.eye(factors[0].shape[1], dtype=factors[0].dtype), []
        for J in factors:
            Q, R = np.linalg.qr(J @ Q)
            Rs.append(R)
        factors = [R.T for R in Rs[::-1]]
    r = narrowest(Js)
    return sorted(np.sum([np.log10(np.abs(np.diagonal(R)[:r])) for R in factors], axis=0), reverse=True)


def compound(A, k):
    """All k×k minors: the compound of a product is the product of the compounds."""
    rows, columns = (list(itertools.combinations(range(n), k)) for n in A.shape)
    return np.array([[np.linalg.det(A[np.ix_(i, j)]) for j in columns] for i in rows])


def spectrum_by_compounds(Js):
    """The largest singular value of the k-th compound is s_1 … s_k."""
    sums = [0.0]
    for k in range(1, narrowest(Js) + 1):
        P, taken = compound(Js[0].astype(float), k), 0.0
        for J in Js[1:]:
            size = np.linalg.norm(P)
            P, taken = compound(J.astype(float), k) @ (P / size), taken + np.log10(size)
        sums.append(taken + np.log10(np.linalg.norm(P, 2)))
    return np.diff(sums)


def spectrum_of_groups(Js):
    """Two factors at a time, then sweeps."""
    factors = [Js[l + 1] @ Js[l] if l + 1 < len(Js) else Js[l] for l in range(0, len(Js), 2)]
    return swept(factors, narrowest(Js))


def spectrum_by_gram_schmidt(Js):
    """Sweeps with an orthogonalisation of one's own, twice for every column."""

    def turned(A):
        n = min(A.shape)
        Q, R = np.zeros((len(A), n)), np.zeros((n, A.shape[1]))
        for j in range(A.shape[1]):
            v = A[:, j].copy()
            for _ in range(2):
                inside = Q[:, :j].T @ v
                R[: min(j, n), j] += inside[:n]
                v -= Q[:, :j] @ inside
            if j < n:
                R[j, j] = math.sqrt(v @ v)
                Q[:, j] = v / R[j, j]
        return Q, R

    factors = [np.array(J, dtype=float) for J in Js]
    for _ in range(50):
        Q, Rs = np.eye(factors[0].shape[1]), []
        for J in factors:
            Q, R = turned(J @ Q)
            Rs.append(R)
        factors = [R.T for R in reversed(Rs)]
    logs = sum(np.log(np.diag(R)[: narrowest(Js)]) for R in Rs)
    return np.sort(logs / math.log(10))[::-1]


def spectrum_deep_and_near(Js):
    """What an SVD of the product knows, from it; what lies deeper, from sweeps."""
    P, taken = np.eye(Js[0].shape[1]), 0.0
    for J in Js:
        P = J @ P
        size = np.linalg.norm(P)
        P, taken = P / size, taken + np.log10(size)
    near = np.log10(np.linalg.svd(P, compute_uv=False)[: narrowest(Js)]) + taken
    return np.where(near > near[0] - 6, near, spectrum_by_sweeps(Js))


# --- outgoing_norms --------------------------------------------------------------------------------


def norms_without_gradients(delta, h):
    instances = np.abs(h) * np.linalg.norm(delta, axis=1, keepdims=True)
    return instances, np.linalg.norm(delta.T @ h / len(h), axis=0)


def norms_of_gradients(delta, h):
    grads = delta[:, :, None] * h[:, None, :]
    return np.linalg.norm(grads, axis=1), np.linalg.norm(grads.mean(axis=0), axis=0)


def norms_in_loops(delta, h):
    (N, H), D = delta.shape, h.shape[1]
    instances, batch = [[0.0] * D for _ in range(N)], [0.0] * D
    for i in range(D):
        for j in range(H):
            batch[i] += (sum(delta[n, j] * h[n, i] for n in range(N)) / N) ** 2
        for n in range(N):
            instances[n][i] = math.sqrt(sum((delta[n, j] * h[n, i]) ** 2 for j in range(H)))
    return instances, [math.sqrt(value) for value in batch]


def norms_by_einsum(delta, h):
    grads = np.einsum("nj,ni->ij", delta, h) / len(h)
    squares = np.einsum("nj,nj->n", delta, delta)
    return np.sqrt(np.einsum("n,ni->ni", squares, h**2)), np.sqrt(np.einsum("ij,ij->i", grads, grads))


def norms_by_gram(delta, h):
    """‖Σ h_n δ_n‖² = Σ_nm h_n h_m δ_n·δ_m."""
    gram = delta @ delta.T
    batch = np.sqrt(np.einsum("ni,nm,mi->i", h, gram, h)) / len(h)
    return np.sqrt(np.diag(gram))[:, None] * np.abs(h), batch


# --- leaky_sweep -----------------------------------------------------------------------------------


def sweep_by_scale(x, dh, Ws, scales, leak):
    forward, backward = [], []
    for c in scales:
        h, slopes, up = x, [], []
        for W in Ws:
            z = h @ (c * W).T
            slopes.append(np.where(z > 0, 1, leak).astype(z.dtype))
            h = z * slopes[-1]
            up.append(np.log10(np.linalg.norm(h) / np.linalg.norm(x)))
        signal, down = dh, []
        for W, slope in zip(Ws[::-1], slopes[::-1], strict=True):
            signal = (signal * slope) @ (c * W)
            down.insert(0, np.log10(np.linalg.norm(signal) / np.linalg.norm(dh)))
        forward.append(up)
        backward.append(down)
    return np.array(forward), np.array(backward)


def sweep_by_power_law(x, dh, Ws, scales, leak):
    """Once at scale 1, then log10 c for every layer."""
    forward, backward = sweep_by_scale(x, dh, Ws, np.ones(1), leak)
    L, logs = len(Ws), np.log10(scales)[:, None]
    return forward + logs * np.arange(1, L + 1), backward + logs * np.arange(L, 0, -1)


def sweep_with_copies(x, dh, Ws, scales, leak):
    forward, backward = np.zeros((len(scales), len(Ws))), np.zeros((len(scales), len(Ws)))
    for k, c in enumerate(scales):
        mine = [c * W for W in Ws]
        hs = [x]
        for W in mine:
            z = hs[-1] @ W.T
            hs.append(np.where(z > 0, z, leak * z))
        forward[k] = [np.log10(np.sum(h**2)) / 2 for h in hs[1:]]
        signal = dh
        for l in range(len(Ws) - 1, -1, -1):
            signal = np.where(hs[l + 1] > 0, signal, leak * signal) @ mine[l]
            backward[k, l] = np.log10(np.sum(signal**2)) / 2
    return forward - np.log10(np.linalg.norm(x)), backward - np.log10(np.linalg.norm(dh))


def sweep_all_scales_at_once(x, dh, Ws, scales, leak):
    c = scales[:, None, None]
    h, masks, forward = np.repeat(x[None], len(scales), axis=0), [], []
    for W in Ws:
        z = c * (h @ W.T)
        masks.append(z > 0)
        h = z * masks[-1] + leak * z * ~masks[-1]
        forward.append(np.log10(np.sqrt((h**2).sum(axis=(1, 2))) / np.sqrt((x**2).sum())))
    signal, backward = np.repeat(dh[None], len(scales), axis=0), []
    for W, mask in zip(Ws[::-1], masks[::-1], strict=True):
        signal = c * ((signal * (leak + (1 - leak) * mask)) @ W)
        backward.append(np.log10(np.sqrt((signal**2).sum(axis=(1, 2))) / np.sqrt((dh**2).sum())))
    return np.stack(forward, axis=1), np.stack(backward[::-1], axis=1)


def sweep_with_natural_logarithms(x, dh, Ws, scales, leak):
    """math.log over ln 10, norms from flat arrays."""

    def size(a):
        return math.sqrt(float(np.dot(a.ravel(), a.ravel())))

    forward, backward = [], []
    for c in scales.tolist():
        hs = [x]
        for W in Ws:
            z = c * (hs[-1] @ W.T)
            hs.append(((1 + leak) * z + (1 - leak) * np.abs(z)) / 2)
        signal, down = dh, []
        for W, h in zip(reversed(Ws), reversed(hs), strict=False):
            signal = c * (np.where(h > 0, signal, leak * signal) @ W)
            down = [math.log(size(signal) / size(dh)) / math.log(10), *down]
        forward.append([math.log(size(h) / size(x)) / math.log(10) for h in hs[1:]])
        backward.append(down)
    return forward, backward


# --- wide_window -----------------------------------------------------------------------------------


def window_last_steep(L):
    w = np.ones(L)
    w[-1] = 6.89 * 4 ** (L - 1)
    return w, -w / 2


def window_small_weights(L):
    """Weights of ½: straighter, and each costs a factor of eight."""
    w = np.array([0.5] * (L - 1) + [6.9 * 8 ** (L - 1)])
    return w, -0.5 * w


def window_with_signs(L):
    """A negative weight turns the picture over; the outputs stay around ½."""
    w = (-1.0) ** np.arange(L)
    w[-1] *= 7 * 4.0 ** (L - 1)
    return w, -w / 2


def window_from_the_slope(L):
    """The last weight from the slope that the chain before it has in the middle."""
    first = [0.8] * (L - 1)
    slope = math.prod(weight / 4 for weight in first)
    w = [*first, 6.5 / slope]
    return w, [-weight / 2 for weight in w]


def window_by_trial(L):
    """Keep 1 in all units but the last, and try its weight."""

    def width(last):
        h, product = np.linspace(0, 1, 1001), np.ones(1001)
        for weight in [1.0] * (L - 1) + [last]:
            h, product = sigma(weight * (h - 0.5)), product * weight * slope_of("sigmoid", weight * (h - 0.5))
        return np.mean(product >= 1)

    tried = 4.0 ** (L - 1) * np.linspace(4, 12, 81)
    w = np.ones(L)
    w[-1] = max(tried, key=width)
    return w, -w / 2


def window_falling(L):
    """Smaller and smaller weights before the steep one."""
    w = np.linspace(1.0, 0.6, L)
    w[-1] = 6.89 / np.prod(w[:-1] / 4)
    return w, -w / 2


# --- repair_net ------------------------------------------------------------------------------------


def repair_layer_by_layer(x, Ws, bs):
    h, new_Ws, new_bs = x, [], []
    for W in Ws:
        W = W / (h @ W.T).std(axis=0)[:, None]
        b = -(h @ W.T).mean(axis=0)
        h = sigma(h @ W.T + b)
        new_Ws.append(W)
        new_bs.append(b)
    return new_Ws, new_bs


def repair_by_equivalence(x, Ws, bs):
    """(2.14): four times Glorot's weights, the half of each row's sum taken away."""
    new = [4 * W / (W.std() * np.sqrt(W.shape[1])) for W in Ws]
    return new, [-W.sum(axis=1) / 2 for W in new]


def repair_as_a_tanh_net(x, Ws, bs):
    """What a tanh net with weights 1/√n computes, as a sigmoid net."""
    plain = [W / (W.std() * np.sqrt(W.shape[1])) for W in Ws]
    new_Ws = [2 * plain[0], *(4 * W for W in plain[1:-1]), 2 * plain[-1]]
    new_bs = [0 * bs[0], *(-2 * W.sum(axis=1) for W in plain[1:-1]), -plain[-1].sum(axis=1)]
    return new_Ws, new_bs


def repair_by_whole_layers(x, Ws, bs):
    """One scale for a layer, from the root mean square of its centred pre-activations."""
    h, out = x, []
    for W in Ws:
        z = (h - h.mean(axis=0)) @ W.T
        W = W * (1.1 / np.sqrt(np.mean(z**2)))
        out.append((W, -W @ h.mean(axis=0)))
        h = sigma(h @ W.T + out[-1][1])
    return [W for W, _ in out], [b for _, b in out]


def repair_with_turns(x, Ws, bs):
    """Orthogonal directions in place of random ones."""
    new = []
    for W in Ws:
        q, _ = np.linalg.qr(W if W.shape[0] >= W.shape[1] else W.T)
        new.append(4.2 * (q if W.shape[0] >= W.shape[1] else q.T))
    return new, [-W @ (x.mean(axis=0) if l == 0 else np.full(W.shape[1], 0.5)) for l, W in enumerate(new)]


def repair_with_new_draws(x, Ws, bs):
    rng = np.random.default_rng(1)
    new = [rng.normal(size=W.shape) * 4.3 / np.sqrt(W.shape[1]) for W in Ws]
    return tuple(new), tuple(-0.5 * W.sum(axis=1) for W in new)


# --- is_accurate -----------------------------------------------------------------------------------

Z = np.array([[-1000, -40, -1, 0], [0.5, 3, 40, 80]])


def tester_by_logaddexp(log_sigmoid):
    for z in (Z, -0.1 - abs(Z[::-1]), Z[:, ::-1]):
        given = z.copy()
        out = np.asarray(log_sigmoid(given))
        truth = -np.logaddexp(0, -z)
        if out.shape != z.shape or not np.all(np.abs(out - truth) <= 1e-5 * np.abs(truth)):
            return False
        if not np.array_equal(given, z):
            return False
    return bool(np.isnan(np.ravel(log_sigmoid(np.array([np.nan, 2.0])))[0]))


def tester_by_cases(log_sigmoid):
    """The truth by number: −e^(−z) on the right, z on the left."""

    def one(z):
        return z if z < -40 else -math.exp(-z) if z > 30 else -math.log1p(math.exp(-z))

    for rows in (Z.tolist(), Z[::-1].tolist(), (Z / 2).tolist()):
        given = np.array(rows)
        out = np.asarray(log_sigmoid(given), dtype=float)
        if out.shape != (2, 4) or given.tolist() != rows:
            return False
        for i in range(2):
            for k in range(4):
                right = one(rows[i][k])
                if not abs(out[i, k] / right - 1) < 1e-5:
                    return False
    return np.isnan(np.asarray(log_sigmoid(np.full((1, 3), np.nan)))).all()


def tester_with_assertions(log_sigmoid):
    try:
        for scale in (1.0, 0.9, 0.0):
            given = scale * Z
            before, out = given.copy(), log_sigmoid(given)
            assert np.shape(out) == given.shape
            np.testing.assert_allclose(out, -np.logaddexp(0, -before), rtol=1e-5, atol=0)
            np.testing.assert_array_equal(given, before)
        nothing = np.asarray(log_sigmoid(np.array([[0.3], [np.nan]])))
        assert np.isfinite(nothing[0, 0]) and np.isnan(nothing[1, 0])
    except AssertionError:
        return False
    return True


def tester_that_counts(log_sigmoid):
    faults = 0
    for seed in range(3):
        z = np.random.default_rng(seed).permuted(Z)
        before = z.copy()
        out = np.asarray(log_sigmoid(z))
        faults += out.shape != before.shape or not np.array_equal(z, before)
        if out.shape == before.shape:
            faults += int((~np.isclose(out, -np.logaddexp(0, -before), rtol=1e-4, atol=0)).sum())
    faults += not np.isnan(np.asarray(log_sigmoid(np.array([np.nan]))).ravel()[0])
    return 1 if faults == 0 else 0


def tester_with_logarithms(log_sigmoid):
    """Compares ln(−ln σ), which is of moderate size in both tails."""
    for z in (Z, np.flip(Z)):
        given = np.array(z)
        out = np.asarray(log_sigmoid(given), dtype=float)
        if out.shape != z.shape or (given != z).any() or not (out < 0).all():
            return False
        if not np.abs(np.log(-out) - np.log(np.logaddexp(0, -z))).max() < 1e-5:
            return False
    return bool(np.isnan(np.asarray(log_sigmoid(np.array([[np.nan]])))).all())


def tester_of_large_arrays(log_sigmoid):
    z = np.linspace(-1000, 80, 1081).reshape(23, 47)
    for values in (z, z[::-1] * 0.5, np.zeros((23, 47))):
        given = values.copy()
        out = np.asarray(log_sigmoid(given))
        right = np.where(values < 0, values, 0) - np.log1p(np.exp(-np.abs(values)))
        error = np.abs(out - right) / np.abs(right) if out.shape == right.shape else np.array(np.inf)
        if not error.max() <= 2e-5 or not np.array_equal(given, values):
            return False
    z = np.array([1.0, np.nan])
    return list(np.isnan(log_sigmoid(z))) == [False, True]


def tester_of_many_shapes(log_sigmoid):
    """Also an array without axes, and one of integers."""
    points = np.array([[-1000, -40, -3, 0], [-1, 3, 40, 80]])
    for z in (points, 0.5 * points, -0.5 * abs(points), *(np.array(v) for v in (-700.0, 0.0, 35.0))):
        given = z.copy()
        out, right = np.asarray(log_sigmoid(given)), -np.logaddexp(0, -z)
        if out.shape != z.shape or not np.all(abs(out - right) <= 1e-5 * abs(right)) or (given != z).any():
            return False
    return bool(np.isnan(np.asarray(log_sigmoid(np.array(np.nan))).ravel()[0]))


RIGHT = {
    "ps2.threshold_unit": dressed(
        unit_with_weights,
        unit_by_formula,
        unit_by_sigmoid,
        unit_in_loops,
        unit_by_complex_step,
        unit_by_de_morgan,
    ),
    "ps2.full_subtractor": dressed(
        subtractor_by_counts,
        subtractor_of_half_subtractors,
        subtractor_with_the_borrow,
        subtractor_of_numbers,
        subtractor_of_booleans,
        subtractor_in_loops,
    ),
    "ps2.xor_net": dressed(xor_step_by_step, xor_by_layers, xor_by_complex_step, xor_in_loops, xor_by_tanh),
    "ps2.active_width": dressed(
        width_by_formula,
        width_by_logarithm,
        width_by_the_value,
        width_by_bisection,
        width_by_newton,
        width_in_loops,
    ),
    "ps2.saturated_fraction": dressed(
        saturated_by_mean,
        saturated_by_sum,
        saturated_by_ends,
        saturated_in_loops,
        saturated_by_active,
        saturated_by_z,
    ),
    "ps2.scalar_chain": dressed(
        chain_backwards,
        chain_by_activations,
        chain_by_complex_step,
        chain_of_slices,
        chain_by_logarithms,
        chain_by_recursion,
    ),
    "ps2.steps_to_zero": dressed(
        steps_in_a_loop, steps_by_cumprod, steps_by_logarithm, steps_by_list, steps_all_at_once
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
        spectrum_by_sweeps,
        spectrum_of_the_transpose,
        spectrum_by_compounds,
        spectrum_of_groups,
        spectrum_by_gram_schmidt,
        spectrum_deep_and_near,
    ),
    "ps2.outgoing_norms": dressed(
        norms_without_gradients, norms_of_gradients, norms_in_loops, norms_by_einsum, norms_by_gram
    ),
    "ps2.leaky_sweep": dressed(
        sweep_by_scale,
        sweep_by_power_law,
        sweep_with_copies,
        sweep_all_scales_at_once,
        sweep_with_natural_logarithms,
    ),
    "ps2.wide_window": dressed(
        window_last_steep,
        window_small_weights,
        window_with_signs,
        window_from_the_slope,
        window_by_trial,
        window_falling,
    ),
    "ps2.repair_net": dressed(
        repair_layer_by_layer,
        repair_by_equivalence,
        repair_as_a_tanh_net,
        repair_by_whole_layers,
        repair_with_turns,
        repair_with_new_draws,
    ),
    "ps2.is_accurate": [
        tester_by_logaddexp,
        tester_by_cases,
        tester_with_assertions,
        tester_that_counts,
        tester_with_logarithms,
        tester_of_large_arrays,
        tester_of_many_shapes,
    ],
}
