"""Right answers to problem set 5 that look different."""

import cmath
import itertools
import math

import numpy as np

from right_answers.clothes import CLOTHES, dressed, single

# --- delayed_response ------------------------------------------------------------------------------


def delayed_in_a_loop(W, C, V, x, h0, delay):
    h, y = h0, []
    for t in range(len(x)):
        h = W @ h
        if t >= delay:
            h = h + C @ x[t - delay]
        y.append(V @ h)
    return np.array(y)


def delayed_by_padding(W, C, V, x, h0, delay):
    T = len(x)
    late = np.vstack([np.zeros((delay, x.shape[1]), x.dtype), x])[:T]
    h = np.zeros((T + 1, len(h0)), h0.dtype)
    h[0] = h0
    for t in range(T):
        h[t + 1] = h[t] @ W.T + late[t] @ C.T
    return h[1:] @ V.T


def delayed_by_powers(W, C, V, x, h0, delay):
    power, y = np.linalg.matrix_power, []
    for t in range(1, len(x) + 1):
        heard = [power(W, t - s - delay) @ C @ x[s - 1] for s in range(1, t - delay + 1)]
        y.append(V @ (power(W, t) @ h0 + sum(heard)))
    return np.stack(y)


def delayed_by_queue(W, C, V, x, h0, delay):
    queue, h, y = [0 * x[0]] * delay, h0.copy(), []
    for row in x:
        queue.append(row)
        h = np.einsum("hk,k->h", W, h) + np.einsum("hd,d->h", C, queue.pop(0))
        y.append(np.einsum("kh,h->k", V, h))
    return tuple(y)


def delayed_augmented(W, C, V, x, h0, delay):
    """The waiting inputs are a part of the state."""
    (H, D), T = C.shape, len(x)
    size = H + delay * D
    A, B = np.zeros((size, size)), np.zeros((size, D))
    A[:H, :H] = W
    if delay:
        A[:H, size - D :] = C
        A[H + D :, H : size - D] = np.eye((delay - 1) * D)
        B[H : H + D] = np.eye(D)
    else:
        B[:H] = C
    s, y = np.concatenate([h0, np.zeros(delay * D)]), []
    for t in range(T):
        s = A @ s + B @ x[t]
        y.append((V @ s[:H]).tolist())
    return y


def delayed_two_parts(W, C, V, x, h0, delay):
    """The start alone, and the inputs alone from zero: both add."""
    free, driven, y = h0, 0 * h0, []
    for t in range(len(x)):
        free = W @ free
        driven = W @ driven + (C @ x[t - delay] if t - delay >= 0 else 0)
        y += [V @ free + V @ driven]
    return np.vstack(y)


# --- constant_response -----------------------------------------------------------------------------


def constant_modes(W, u, ts):
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V, u)
    rows = []
    for t in ts:
        sums = np.array([t if value == 1 else (1 - value**t) / (1 - value) for value in values])
        rows.append((V @ (a * sums)).real)
    return np.array(rows)


def constant_close_to_one(W, u, ts):
    values, V = np.linalg.eig(W)
    values, t = values.astype(complex), np.array(ts)[:, None]
    one = np.abs(values - 1) < 1e-12
    safe = np.where(one, 0.5, values)
    sums = np.where(one, t, (1 - safe**t) / (1 - safe))
    return np.einsum("hi,ti,i->th", V, sums, np.linalg.inv(V) @ u).real


def constant_augmented(W, u, ts):
    """The constant as a unit that never changes, and one matrix power."""
    H = len(W)
    A = np.block([[W, u[:, None]], [np.zeros((1, H)), np.ones((1, 1))]])
    return [np.linalg.matrix_power(A, int(t))[:H, H] for t in ts]


def constant_by_doubling(W, u, ts):
    """1 + … + W^(2n−1) = (1 + … + W^(n−1))(I + W^n)."""

    def both(t):
        if t == 0:
            return 0 * W, np.eye(len(W))
        S, P = both(t // 2)
        S, P = S + P @ S, P @ P
        return (S + P, W @ P) if t % 2 else (S, P)

    return np.stack([both(int(t))[0] @ u for t in ts])


def constant_expm1(W, u, ts):
    """(e^{t log λ} − 1)/(λ − 1), each pair once."""
    values, V = np.linalg.eig(W)
    a, h = np.linalg.solve(V.astype(complex), u.astype(complex)), np.zeros((len(ts), len(u)))
    for value, weight, v in zip(values.astype(complex), a, V.T, strict=True):
        if value.imag < 0:
            continue
        for n, t in enumerate(ts.tolist()):
            s = t if value == 1 else (value**t - 1) / (value - 1)
            h[n] += (1 + (value.imag > 0)) * (weight * s * v).real
    return h


def constant_left(W, u, ts):
    """Coefficients by left eigenvectors, the eigenvectors of Wᵀ."""
    values, V = np.linalg.eig(W)
    left_values, U = np.linalg.eig(W.T)
    order = [np.argmin(np.abs(left_values - value)) for value in values]
    out = 0
    for k, i in enumerate(order):
        a = U[:, i] @ u / (U[:, i] @ V[:, k])
        s = ts * 1.0 if values[k] == 1 else (1 - values[k] ** ts) / (1 - values[k])
        out = out + np.outer(s, a * V[:, k])
    return np.real(out)


# --- two_modes -------------------------------------------------------------------------------------


def modes_in_a_loop(W, h0):
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V, h0)
    rows = []
    for value, weight, v in zip(values, a, V.T, strict=True):
        if np.imag(value) >= 0:
            size = abs(weight) * np.linalg.norm(v) * (2 if np.imag(value) > 0 else 1)
            rows.append((abs(value), abs(np.angle(value)), size))
    (r1, angle1, s1), (r2, angle2, s2) = sorted(rows, key=lambda row: -row[0])[:2]
    step = max(0, math.ceil(math.log(0.01 * s1 / s2) / math.log(r2 / r1)))
    return np.array([r1, r2]), np.array([angle1, angle2]), step


def modes_by_counting(W, h0):
    """The step by walking there."""
    values, V = np.linalg.eig(W)
    a = np.abs(np.linalg.solve(V, h0)) * np.linalg.norm(V, axis=0)
    r = np.abs(values)
    first = np.isclose(r, r.max(), rtol=1e-5)
    second = np.isclose(r, r[~first].max(), rtol=1e-5)
    one, two, t = a[first].sum(), a[second].sum(), 0
    while two > 0.01 * one:
        one, two, t = one * r.max(), two * r[second].max(), t + 1
    angles = [abs(np.angle(values[first][0])), abs(np.angle(values[second][0]))]
    return [r.max(), r[second].max()], angles, t


def modes_by_atan2(W, h0):
    values, V = np.linalg.eig(W.astype(np.float64))
    order = np.argsort(np.abs(values))[::-1]
    values, V = values[order].astype(complex), V[:, order]
    inverse = np.linalg.inv(V)
    kept = [i for i in range(len(values)) if values[i].imag > -1e-12]
    i, j = kept[:2]
    sizes = [abs(inverse[k] @ h0) * (1 + (abs(values[k].imag) > 1e-12)) for k in (i, j)]
    radii = np.array([math.hypot(values[k].real, values[k].imag) for k in (i, j)])
    angles = np.array([math.atan2(abs(values[k].imag), values[k].real) for k in (i, j)])
    step = np.log10(0.01 * sizes[0] / sizes[1]) / np.log10(radii[1] / radii[0])
    return radii, angles, max(0, int(np.ceil(step)))


def modes_by_rounded_moduli(W, h0):
    values, V = np.linalg.eig(W)
    sizes = {}
    for value, weight in zip(values, np.linalg.solve(V, h0), strict=True):
        key = round(float(abs(value)), 5)
        sizes.setdefault(key, [0.0, value])[0] += abs(weight)
    r1, r2 = sorted(sizes, reverse=True)[:2]
    both = sizes[r1][1], sizes[r2][1]
    radii = np.abs(both)
    t = np.arange(2000)
    small = sizes[r2][0] * radii[1] ** t <= 0.01 * sizes[r1][0] * radii[0] ** t
    return radii, np.abs(np.angle(both)), np.argmax(small)


def modes_by_logs(W, h0):
    """log λ = log ρ + iθ."""
    values, V = np.linalg.eig(W)
    a = np.linalg.lstsq(V.astype(complex), h0.astype(complex), rcond=None)[0]
    logs = np.log(values.astype(complex))
    keep = np.flatnonzero(values.imag >= 0)
    i, j = keep[np.argsort(-logs.real[keep])][:2]
    gap = [math.log(abs(a[k]) * (2 if logs[k].imag not in (0, np.pi) else 1)) for k in (i, j)]
    step = (gap[1] - gap[0] + math.log(100)) / (logs[i].real - logs[j].real)
    return np.exp(logs[[i, j]].real), np.abs(logs[[i, j]].imag), float(max(0.0, np.ceil(step)))


def modes_by_polynomial(W, h0):
    roots = np.roots(np.poly(W.astype(float)))
    values, V = np.linalg.eig(W)
    parts = np.abs(np.linalg.solve(V, h0))
    roots = roots[np.argsort(-np.abs(roots))]
    roots = [root for root in roots if root.imag >= 0][:2]
    sizes = [parts[np.isclose(np.abs(values), abs(root), rtol=1e-4)].sum() for root in roots]
    radii = np.array([abs(root) for root in roots])
    t = 0
    while sizes[1] * radii[1] ** t > 0.01 * sizes[0] * radii[0] ** t:
        t += 1
    return radii, np.array([abs(cmath.phase(root)) for root in roots]), t


# --- growth_start ----------------------------------------------------------------------------------


def growth_step_by_step(A, steps):
    P, norms, starts = np.eye(len(A), dtype=A.dtype), [], []
    for _ in range(steps):
        P = A @ P
        _, s, Vt = np.linalg.svd(P)
        norms.append(s[0])
        starts.append(Vt[0])
    best = int(np.argmax(norms))
    return np.array(norms), best + 1, starts[best]


def growth_by_gram(A, steps):
    """σ_max² is the largest eigenvalue of PᵀP, the start its eigenvector."""
    powers = np.stack([np.linalg.matrix_power(A, k) for k in range(1, steps + 1)])
    values, vectors = np.linalg.eigh(np.einsum("kij,kil->kjl", powers, powers))
    norms = np.sqrt(values[:, -1])
    return norms, norms.argmax() + 1, vectors[norms.argmax(), :, -1]


def growth_batched(A, steps):
    powers = np.stack([np.linalg.matrix_power(A, k) for k in range(1, steps + 1)])
    _, s, Vt = np.linalg.svd(powers)
    best = int(s[:, 0].argmax())
    return list(s[:, 0]), np.array(best + 1), -Vt[best, 0]


def growth_running_best(A, steps):
    P, norms, peak, at, start = A, [], 0.0, 0, None
    for k in range(1, steps + 1):
        _, s, Vt = np.linalg.svd(P)
        norms.append(float(s[0]))
        if s[0] > peak:
            peak, at, start = s[0], k, Vt[0].tolist()
        P = P @ A
    return norms, at, start


def growth_by_power_iteration(A, steps):
    norms = [np.linalg.norm(np.linalg.matrix_power(A, k), 2) for k in range(1, steps + 1)]
    at = int(np.argmax(norms)) + 1
    P = np.linalg.matrix_power(A, at)
    v = np.random.default_rng(0).normal(size=len(A))
    for _ in range(400):
        v = P.T @ (P @ v)
        v /= np.linalg.norm(v)
    return np.array(norms), float(at), v


def growth_transposed(A, steps):
    """Aᵀ has the same singular values; its left vectors are A's right ones."""
    found = [np.linalg.svd(np.linalg.matrix_power(A.T, k)) for k in range(1, steps + 1)]
    norms = np.array([s[0] for _, s, _ in found])
    best = int(np.flatnonzero(norms == norms.max())[0])
    return norms, best + 1, found[best][0][:, 0]


# --- recall ----------------------------------------------------------------------------------------


def recall_summed(W, c, lags):
    S, g = np.zeros((len(c), len(c))), c.astype(float)
    for _ in range(3000):
        S += np.outer(g, g)
        g = W @ g
    shares, g = [], c
    for _ in range(lags):
        shares.append(g @ np.linalg.inv(S) @ g)
        g = W @ g
    return S, np.array(shares)


def recall_solved(W, c, lags):
    H = len(c)
    S = np.linalg.solve(np.eye(H * H) - np.kron(W, W), np.outer(c, c).ravel()).reshape(H, H)
    G = np.stack([np.linalg.matrix_power(W, k) @ c for k in range(lags)])
    return S, np.einsum("ki,ij,kj->k", G, np.linalg.inv(S), G)


def recall_by_doubling(W, c, lags):
    S, P = np.outer(c, c), W
    for _ in range(20):
        S, P = S + P @ S @ P.T, P @ P
    G = [c]
    while len(G) < lags:
        G.append(W @ G[-1])
    return S, [float(g @ np.linalg.solve(S, g)) for g in G]


def recall_by_iteration(W, c, lags):
    S = np.zeros((len(c), len(c)))
    for _ in range(2000):
        S = W @ S @ W.T + np.outer(c, c)
    G = np.column_stack([np.linalg.matrix_power(W, k) @ c for k in range(lags)])
    return S, (G * np.linalg.solve(S, G)).sum(axis=0)


def recall_by_modes(W, c, lags):
    """In the basis of eigenvectors S has the entries a_i a_j*/(1 − λ_i λ_j*)."""
    values, V = np.linalg.eig(W)
    a = np.linalg.solve(V.astype(complex), c.astype(complex))
    S = (V @ (np.outer(a, a.conj()) / (1 - np.outer(values, values.conj()))) @ V.conj().T).real
    G = [(V @ (a * values**k)).real for k in range(lags)]
    return S, np.array([g @ np.linalg.solve(S, g) for g in G])


def recall_by_cholesky(W, c, lags):
    S, _ = recall_solved(W.astype(float), c.astype(float), 1)
    L = np.linalg.cholesky(S)
    G = [np.linalg.matrix_power(W, k) @ c for k in range(lags)]
    return S.tolist(), [float((np.linalg.solve(L, g) ** 2).sum()) for g in G]


# --- block_companion -------------------------------------------------------------------------------


def sizes_of(A):
    return np.sort(np.abs(np.linalg.eigvals(A)))[::-1]


def blocks_by_slices(taps):
    K, H = max(taps), len(next(iter(taps.values())))
    A = np.zeros((K * H, K * H))
    for k, B in taps.items():
        A[:H, (k - 1) * H : k * H] = B
    A[H:, :-H] = np.eye((K - 1) * H)
    return A, sizes_of(A)


def blocks_by_eye(taps):
    K, H = max(taps), next(iter(taps.values())).shape[0]
    A = np.eye(K * H, k=-H, dtype=float)
    A[:H] = np.concatenate([taps.get(k, np.zeros((H, H))) for k in range(1, K + 1)], axis=1)
    return A, np.array(sorted(np.abs(np.linalg.eigvals(A)), reverse=True))


def blocks_by_kron(taps):
    K, H = max(taps), len(taps[max(taps)])
    A = np.kron(np.eye(K, k=-1), np.eye(H))
    for k in taps:
        A += np.kron(np.eye(K)[:, [0]] * np.eye(K)[k - 1], taps[k])
    return [A, sizes_of(A.T)]


def blocks_turned_round(taps):
    """Built with the oldest state on top, as text reads; then the newest is brought up."""
    K, H = max(taps), len(taps[max(taps)])
    A = np.eye(K * H, k=H)
    A[-H:] = np.hstack([taps.get(k, np.zeros((H, H))) for k in range(K, 0, -1)])
    A = A.reshape(K, H, K, H)[::-1, :, ::-1].reshape(K * H, K * H)
    return A, sizes_of(A)


def blocks_by_block(taps):
    K, H = max(taps), len(taps[max(taps)])
    zero, one = np.zeros((H, H)), np.eye(H)
    rows = [[taps.get(k, zero) for k in range(1, K + 1)]]
    rows += [[one if j == i - 1 else zero for j in range(K)] for i in range(1, K)]
    A = np.block(rows)
    return A.tolist(), sizes_of(A).tolist()


def blocks_by_columns(taps):
    """Column j is what the long vector e_j becomes."""
    K, H = max(taps), len(taps[max(taps)])
    columns = []
    for j in range(K * H):
        past = np.eye(K * H)[j].reshape(K, H)
        columns.append(np.concatenate([sum(B @ past[k - 1] for k, B in taps.items()), past[:-1].ravel()]))
    A = np.stack(columns, axis=1)
    values = np.linalg.eigvals(A)
    return A, np.sqrt(np.sort((values * values.conj()).real)[::-1])


# --- step_response ---------------------------------------------------------------------------------


def rest_of(feedback, inputs):
    return sum(inputs.values()) / (1 - sum(feedback.values()))


def step_by_loop(feedback, inputs, steps):
    h = np.zeros(steps + 1)
    for t in range(steps + 1):
        for j, c in inputs.items():
            if j <= t:
                h[t] += c
        for k, b in feedback.items():
            if k <= t:
                h[t] += b * h[t - k]
    return h, rest_of(feedback, inputs)


def step_by_padding(feedback, inputs, steps):
    past = max(*feedback, *inputs)
    x, h = np.zeros(past + steps + 1), np.zeros(past + steps + 1)
    x[past:] = 1
    for t in range(past, past + steps + 1):
        h[t] = sum(b * h[t - k] for k, b in feedback.items()) + sum(c * x[t - j] for j, c in inputs.items())
    return h[past:], np.array(rest_of(feedback, inputs))


def step_by_solving(feedback, inputs, steps):
    n = steps + 1
    M = np.eye(n) - sum(b * np.eye(n, k=-k) for k, b in feedback.items())
    N = sum(c * np.eye(n, k=-j) for j, c in inputs.items())
    return np.linalg.solve(M, N @ np.ones(n)), rest_of(feedback, inputs)


def step_by_impulses(feedback, inputs, steps):
    """The sum of impulse responses."""
    impulse = []
    for t in range(steps + 1):
        echo = sum(b * impulse[t - k] for k, b in feedback.items() if k <= t)
        impulse.append(inputs.get(t, 0.0) + echo)
    return np.cumsum(impulse), rest_of(feedback, inputs)


def step_sent_ahead(feedback, inputs, steps):
    h = [sum(c for j, c in inputs.items() if j <= t) for t in range(steps + 1)]
    for t, k in itertools.product(range(steps + 1), sorted(feedback)):
        if t + k <= steps:
            h[t + k] += feedback[k] * h[t]
    return tuple(h), rest_of(feedback, inputs)


def step_run_to_the_end(feedback, inputs, steps):
    long, _ = step_by_loop(feedback, inputs, steps + 3000)
    return long[: steps + 1].tolist(), float(long[-1])


# --- largest_leak ----------------------------------------------------------------------------------


def leak_by_formula(W):
    values = np.linalg.eigvals(W)
    return max(0.0, (2 * (1 - values.real) / np.abs(1 - values) ** 2).min())


def leak_in_a_loop(W):
    best = math.inf
    for value in np.linalg.eig(W)[0]:
        value = complex(value)
        if value.real >= 1:
            return 0.0
        best = min(best, 2 * (1 - value.real) / ((1 - value.real) ** 2 + value.imag**2))
    return best


def leak_by_reciprocals(W):
    """2 Re(1/(1 − λ))."""
    values = np.linalg.eigvals(W).astype(complex)
    return np.maximum(2 * np.min((1 / (1 - values)).real), 0.0)


def leak_by_bisection(W):
    def stable(a):
        return np.abs(np.linalg.eigvals((1 - a) * np.eye(len(W)) + a * W)).max() < 1

    if not stable(1e-6):
        return 0
    low, high = 1e-6, 1.0
    while stable(high):
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if stable(middle) else (low, middle)
    return low


def leak_of_the_difference(W):
    values = np.linalg.eigvals(W - np.eye(len(W)))
    if (values.real >= 0).any():
        return np.float64(0)
    return np.array(min(-2 * values.real / (values * values.conj()).real))


def leak_by_inverse(W):
    values = np.linalg.eigvals(np.linalg.inv(np.eye(len(W)) - W))
    return float(2 * values.real.min()) if values.real.min() > 0 else 0.0


# --- one unit --------------------------------------------------------------------------------------


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


# --- two_step_orbits -------------------------------------------------------------------------------


def orbits_by_formula(name, w, drive, h):
    other = value_of(name, w * h + drive)
    slopes = w**2 * slope_of(name, w * h + drive) * slope_of(name, w * other + drive)
    return other, slopes, np.abs(slopes) < 1


def orbits_by_complex_step(name, w, drive, h):
    once = value_of(name, w * (h + 1e-20j) + drive)
    slopes = value_of(name, w * once + drive).imag / 1e-20
    return once.real, slopes, slopes**2 < 1


def orbits_from_the_values(name, w, drive, h):
    """f' from f: the first step gives `other`, the second h."""
    other = value_of(name, w * h + drive)
    if name == "tanh":
        slopes = w * (1 - other**2) * w * (1 - h**2)
    elif name == "sigmoid":
        slopes = w * other * (1 - other) * w * h * (1 - h)
    else:
        slopes = w * w * (other > 0) * (h > 0)
    return other, slopes, (slopes > -1) & (slopes < 1)


def orbits_one_by_one(name, w, drive, h):
    rows = []
    for point in h:
        other = float(value_of(name, w * point + drive))
        slope = float(slope_of(name, w * point + drive) * w * slope_of(name, w * other + drive) * w)
        rows.append((other, slope, abs(slope) < 1))
    return tuple(map(list, zip(*rows, strict=True)))


def orbits_as_integers(name, w, drive, h):
    other, slopes, stable = orbits_by_formula(name, w, drive, h)
    return [other, slopes, stable.astype(int)]


def orbits_by_loop(name, w, drive, h):
    point, slopes, seen = h, np.ones_like(h), []
    for _ in range(2):
        z = w * point + drive
        slopes, point = slopes * w * slope_of(name, z), value_of(name, z)
        seen.append(point)
    return seen[0], slopes, np.where(np.abs(slopes) < 1, True, False)


# --- leaky_gradient --------------------------------------------------------------------------------


def orbit(name, w, c, leak, x, h0):
    z, h = [], [h0]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append((1 - leak) * h[-1] + leak * value_of(name, z[-1]))
    return z, h


def leaky_backward(name, w, c, leak, x, h0):
    z, h = orbit(name, w, c, leak, x, h0)
    T = len(x)
    dh, dw, dc, da = np.ones(T + 1), 0.0, 0.0, 0.0
    for t in reversed(range(T)):
        dz = dh[t + 1] * leak * slope_of(name, z[t])
        dw, dc = dw + dz * h[t], dc + dz * x[t]
        da += dh[t + 1] * (value_of(name, z[t]) - h[t])
        dh[t] = dz * w + (1 - leak) * dh[t + 1]
    return dh, dw, dc, da


def leaky_by_products(name, w, c, leak, x, h0):
    z, h = orbit(name, w, c, leak, x, h0)
    z, h = np.array(z), np.array(h)
    slopes = slope_of(name, z)
    dh = np.append(np.cumprod((1 - leak + leak * w * slopes)[::-1])[::-1], 1.0)
    dz, new = leak * dh[1:] * slopes, value_of(name, z)
    return dh, dz @ h[:-1], dz @ x, dh[1:] @ (new - h[:-1])


def leaky_complex_step(name, w, c, leak, x, h0):
    """Every number by the complex step through what follows it."""
    _, h = orbit(name, w, c, leak, x, h0)
    tiny = 1e-20j
    dh = [orbit(name, w, c, leak, x[t:], h[t] + tiny)[1][-1].imag / 1e-20 for t in range(len(x))]
    grads = []
    for kick in np.eye(3) * tiny:
        grads.append(orbit(name, w + kick[0], c + kick[1], leak + kick[2], x, h0)[1][-1].imag / 1e-20)
    return [*dh, 1.0], *grads


def leaky_forward(name, w, c, leak, x, h0):
    """Forward mode: three derivatives run along with the state."""
    z, h = orbit(name, w, c, leak, x, h0)
    h_w = h_c = h_a = 0.0
    for t in range(len(x)):
        inner = leak * slope_of(name, z[t])
        chain = 1 - leak + inner * w
        h_w, h_c = chain * h_w + inner * h[t], chain * h_c + inner * x[t]
        h_a = chain * h_a + value_of(name, z[t]) - h[t]
    factors = [float(1 - leak + leak * w * slope_of(name, v)) for v in z]
    dh = [math.prod(factors[t:]) for t in range(len(x) + 1)]
    return np.array(dh), np.array(h_w), np.array(h_c), np.array(h_a)


def leaky_by_solving(name, w, c, leak, x, h0):
    """(I − shift back) dh = e_T, all steps at once."""
    z, h = orbit(name, w, c, leak, x, h0)
    slopes, T = np.array([slope_of(name, v) for v in z], dtype=float), len(x)
    dh = np.linalg.solve(np.eye(T + 1) - np.diag(1 - leak + leak * w * slopes, 1), np.eye(T + 1)[T])
    old, f = np.array(h[:-1]), np.array([value_of(name, v) for v in z])
    dz = leak * dh[1:] * slopes
    return dh, sum(dz * old), np.einsum("t,t->", dz, x), sum(dh[1:] * (f - old))


def leaky_recursive(name, w, c, leak, x, h0):
    if not len(x):
        return [1.0], 0.0, 0.0, 0.0
    z = w * h0 + c * x[0]
    f = value_of(name, z)
    dh, dw, dc, da = leaky_recursive(name, w, c, leak, x[1:], (1 - leak) * h0 + leak * f)
    dz = dh[0] * leak * slope_of(name, z)
    return [w * dz + (1 - leak) * dh[0], *dh], dw + dz * h0, dc + dz * x[0], da + dh[0] * (f - h0)


# --- backward_exponents ----------------------------------------------------------------------------


def exponents_in_groups(Js, k, every):
    T, H, _ = Js.shape
    Q, total, t = np.eye(H, dtype=Js.dtype)[:, :k], 0.0, T
    while t > 0:
        for J in Js[max(t - every, 0) : t][::-1]:
            Q = J.T @ Q
        Q, R = np.linalg.qr(Q)
        total, t = total + np.log(np.abs(np.diag(R))), t - every
    return total / T


def exponents_every_step(Js, k, every):
    Q, total = np.eye(len(Js[0]))[:, :k], np.zeros(k)
    for J in Js[::-1]:
        Q, R = np.linalg.qr(J.T @ Q)
        total += np.log(np.abs(np.diag(R)))
    return total / len(Js)


def exponents_as_rows(Js, k, every):
    """Gradients as rows: g J."""
    g, total, waiting = np.eye(Js.shape[1])[:k], 0.0, 0
    for t in range(len(Js) - 1, -1, -1):
        g, waiting = g @ Js[t], waiting + 1
        if waiting == every or t == 0:
            Q, R = np.linalg.qr(g.T)
            g, waiting = Q.T, 0
            total = total + np.log(np.diag(R) ** 2) / 2
    return total / len(Js)


def exponents_by_gram_schmidt(Js, k, every):
    Z, total = np.eye(Js.shape[1])[:, :k].copy(), np.zeros(k)
    for J in reversed(Js):
        Z = J.T @ Z
        for j in range(k):
            for i in range(j):
                Z[:, j] -= Z[:, i] * (Z[:, i] @ Z[:, j])
            length = math.sqrt(Z[:, j] @ Z[:, j])
            total[j] += math.log(length)
            Z[:, j] /= length
    return (total / len(Js)).tolist()


def exponents_all_then_cut(Js, k, every):
    """All H of them: the first k are those of the first k."""
    return exponents_every_step(Js, Js.shape[1], 1)[:k]


def exponents_counted_forward(Js, k, every):
    Q, logs = np.eye(Js.shape[1])[:, :k], []
    for n, J in enumerate(Js[::-1], 1):
        Q = np.einsum("ji,jk->ik", J, Q)
        if n % every == 0 or n == len(Js):
            Q, R = np.linalg.qr(Q)
            signs = np.where(np.diag(R) < 0, -1, 1)
            Q, R = Q * signs, signs[:, None] * R
            logs.append(np.log(R.diagonal()))
    return np.sum(logs, axis=0) / Js.shape[0]


# --- shrinking_scales ------------------------------------------------------------------------------


def positive(M):
    values, V = np.linalg.eig(M)
    return np.abs(V[:, np.argmax(values.real)].real)


def scales_by_eigenvectors(W):
    return np.sqrt(positive(np.abs(W).T) / positive(np.abs(W)))


def scales_by_power_iteration(W):
    x, y, M = np.ones(len(W)), np.ones(len(W)), np.abs(W)
    for _ in range(500):
        x, y = M @ x, y @ M
        x, y = x / x.sum(), y / y.sum()
    return (y / x) ** 0.5


def scales_by_balancing(W):
    d = np.ones(len(W))
    for _ in range(100):
        for i in range(len(W)):
            M = np.abs(d[:, None] * W / d)
            row, column = np.delete(M[i], i), np.delete(M[:, i], i)
            d[i] *= np.sqrt(np.linalg.norm(column) / np.linalg.norm(row))
    return d


def scales_as_a_list(W):
    return [3.0 * float(scale) for scale in scales_by_balancing(W)]


def scales_by_sums(W):
    """Rows and columns with equal sums."""
    d = np.ones(len(W))
    for _ in range(400):
        M = np.abs(d[:, None] * W / d)
        d *= (M.sum(axis=0) / M.sum(axis=1)) ** 0.25
    return d


def scales_by_descent(W):
    """Gradient descent on the squared entries, in logarithms of the scales."""
    logs = np.zeros(len(W))
    for _ in range(4000):
        M = (np.exp(logs)[:, None] * W / np.exp(logs)) ** 2
        pull = M.sum(axis=1) - M.sum(axis=0)
        logs -= 0.2 * pull / (M.sum(axis=1) + M.sum(axis=0))
    return np.exp(logs)


# --- calm ------------------------------------------------------------------------------------------


def sorted_modes(W):
    values, V = np.linalg.eig(W)
    order = np.argsort(-np.abs(values))
    return values[order].astype(complex), V[:, order]


def calm_by_qr(W):
    values, V = sorted_modes(W)
    D, i = np.zeros(W.shape), 0
    while i < len(values):
        a, b = values[i].real, values[i].imag
        if b == 0:
            D[i, i], i = a, i + 1
        else:
            D[i : i + 2, i : i + 2] = [[a, -b], [b, a]]
            i += 2
    Q = np.linalg.qr(np.column_stack([V[:, 0].real, np.eye(len(W))[:, :-1]]))[0]
    return Q @ D @ Q.T


def calm_by_gram_schmidt(W):
    """The basis: the slow vector, then what is left of the real and imaginary parts of the others."""
    values, V = sorted_modes(W)
    kept = [k for k in range(len(values)) if values[k].imag >= 0]
    columns, D, i = [], np.zeros(W.shape), 0
    for k in kept:
        a, b = values[k].real, values[k].imag
        columns.append(V[:, k].real)
        if b:
            columns.append(V[:, k].imag)
            D[i : i + 2, i : i + 2] = [[a, b], [-b, a]]
        else:
            D[i, i] = a
        i += 1 + (b != 0)
    Q = np.linalg.qr(np.column_stack(columns))[0]
    return Q @ D @ Q.T


def calm_by_mirror(W):
    """One reflection that takes the first unit vector to the slow one."""
    values, V = sorted_modes(W)
    v = V[:, 0].real / np.linalg.norm(V[:, 0].real)
    u = v - np.eye(len(v))[0]
    M = np.eye(len(v)) - 2 * np.outer(u, u) / (u @ u)
    return M @ diagonal_of(values) @ M


def diagonal_of(values):
    D, i = np.zeros((len(values), len(values))), 0
    for value in values:
        if value.imag < 0:
            continue
        r, angle = cmath.polar(complex(value))
        if abs(value.imag) > 0:
            turn = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
            D[i : i + 2, i : i + 2] = r * np.array(turn)
            i += 2
        else:
            D[i, i] = value.real
            i += 1
    return D


def calm_as_a_list(W):
    return calm_by_mirror(W).tolist()


def calm_sum_of_modes(W):
    """λ v vᵀ for the slow one, the rest in the space that is left."""
    values, V = sorted_modes(W)
    v = V[:, 0].real / np.linalg.norm(V[:, 0].real)
    rest = np.linalg.svd(v[None])[2][1:].T
    return values[0].real * np.outer(v, v) + rest @ diagonal_of(values[1:]) @ rest.T


def calm_turned_at_random(W):
    values, V = sorted_modes(W)
    others = np.random.default_rng(0).normal(size=(len(W), len(W) - 1))
    Q = np.linalg.qr(np.column_stack([V[:, 0].real, others]))[0]
    return np.asfortranarray(Q @ diagonal_of(values) @ Q.T)


# --- tells_stability -------------------------------------------------------------------------------


def random_matrices():
    rng = np.random.default_rng(5)
    for H in (1, 2, 3, 5):
        for radius in (0.6, 0.97, 1.03, 1.5):
            for _ in range(6):
                W = rng.normal(size=(H, H))
                yield radius / np.abs(np.linalg.eigvals(W)).max() * W


HAND = (
    [[0.9, 5], [0, 0.9]],
    [[0.5, 0], [3, -0.4]],
    [[0, -1.2], [1.2, 0]],
    [[-1.3, 0], [0, 0.5]],
    [[1.0]],
    [[-1.0]],
    [[0, -1], [1, 0]],
    [[0, 1.5], [1.5, 0]],
    [[2.0, 0], [0, 0.1]],
    [[-1.3, 0], [0, -0.5]],
)


def hand_made():
    yield from (np.array(W, float) for W in HAND)
    yield from (0.97 * np.eye(6), np.full((4, 4), 0.5), np.diag([1.5, 0.1, 0.1, 0.1]))
    yield np.diag([0.1, 0.2, -1.4])


def judge_by_many(stable):
    for W in itertools.chain(random_matrices(), hand_made()):
        truth = np.abs(np.linalg.eigvals(W)).max() < 1
        given = W.copy()
        if bool(stable(given)) != truth or not (given == W).all():
            return False
    return True


def judge_by_hand(stable):
    said = []
    for W in hand_made():
        before = W.copy()
        said.append(int(stable(W)))
        if (W != before).any():
            return 0
    return int(said == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])


def judge_by_triangles(stable):
    """Triangular matrices, whose eigenvalues are known, turned by whole numbers, and two that turn."""
    trials = []
    P = np.array([[1.0, 2, 0], [0, 1, 1], [0, 0, 1]])
    for diagonal in ([0.9, 0.9, 0.9], [0.5, -0.9, 0.1], [-0.9, -0.9, -0.9], [1.5, 0.1, 0.1], [-1.5, 0.3, 0.1],
                     [1.2, -1.2, 0.1], [1, 0, 0], [1.1, 1.1, 1.1], [-1.1, -1.1, -1.1]):  # fmt: skip
        for corner in (0, 4):
            D = np.diag(np.array(diagonal, float)) + np.diag([corner] * 2, 1)
            trials += [(D, max(map(abs, diagonal)) < 1), (D.T.copy(), max(map(abs, diagonal)) < 1)]
            if max(map(abs, diagonal)) != 1:
                trials.append((P @ D @ np.linalg.inv(P), max(map(abs, diagonal)) < 1))
    for r in (0.97, 1.05, 2.0):
        trials.append((np.array([[0, -r], [r, 0]]), r < 1))
        trials.append((r * np.array([[0.0, 1], [1, 0]]), r < 1))
    trials.append((np.full((5, 5), 0.4), False))
    kept = [W.copy() for W, _ in trials]
    right = all(bool(stable(W)) is want for W, want in trials)
    return right and all(np.array_equal(W, copy) for (W, _), copy in zip(trials, kept, strict=True))


def judge_with_asserts(stable):
    try:
        for W in hand_made():
            copy = W.copy()
            assert stable(copy) == (max(abs(np.linalg.eig(W)[0])) < 1)
            assert np.array_equal(copy, W)
    except AssertionError:
        return False
    return True


def judge_counting_errors(stable):
    errors = 0
    for W in [*hand_made(), *random_matrices()]:
        kept = W.copy()
        verdict = stable(W)
        errors += (verdict != bool(np.abs(np.linalg.eigvals(kept)).max() < 1)) + (not np.array_equal(W, kept))
    return errors == 0


def judge_numpy_bool(stable):
    return np.bool_(judge_by_many(stable))


RIGHT = {
    "ps5.delayed_response": dressed(
        delayed_in_a_loop,
        delayed_by_padding,
        delayed_by_powers,
        delayed_by_queue,
        delayed_augmented,
        delayed_two_parts,
    ),
    "ps5.constant_response": dressed(
        constant_modes,
        constant_close_to_one,
        constant_augmented,
        constant_by_doubling,
        constant_expm1,
        constant_left,
    ),
    "ps5.two_modes": dressed(
        modes_in_a_loop,
        modes_by_counting,
        modes_by_atan2,
        modes_by_rounded_moduli,
        modes_by_logs,
        modes_by_polynomial,
    ),
    "ps5.growth_start": dressed(
        growth_step_by_step,
        growth_by_gram,
        growth_batched,
        growth_running_best,
        growth_by_power_iteration,
        growth_transposed,
    ),
    "ps5.recall": dressed(
        recall_summed,
        recall_solved,
        recall_by_doubling,
        recall_by_iteration,
        recall_by_modes,
        recall_by_cholesky,
    ),
    "ps5.block_companion": dressed(
        blocks_by_slices,
        blocks_by_eye,
        blocks_by_kron,
        blocks_turned_round,
        blocks_by_block,
        blocks_by_columns,
    ),
    "ps5.step_response": dressed(
        step_by_loop,
        step_by_padding,
        step_by_solving,
        step_by_impulses,
        step_sent_ahead,
        step_run_to_the_end,
    ),
    "ps5.largest_leak": dressed(
        leak_by_formula,
        leak_in_a_loop,
        leak_by_reciprocals,
        leak_by_bisection,
        leak_of_the_difference,
        leak_by_inverse,
    ),
    "ps5.two_step_orbits": dressed(
        orbits_by_formula,
        orbits_by_complex_step,
        orbits_from_the_values,
        orbits_one_by_one,
        orbits_as_integers,
        orbits_by_loop,
    ),
    "ps5.leaky_gradient": dressed(
        leaky_backward,
        leaky_by_products,
        leaky_complex_step,
        leaky_forward,
        leaky_by_solving,
        leaky_recursive,
    ),
    "ps5.backward_exponents": dressed(
        exponents_in_groups,
        exponents_every_step,
        exponents_as_rows,
        exponents_by_gram_schmidt,
        exponents_all_then_cut,
        exponents_counted_forward,
    ),
    "ps5.shrinking_scales": dressed(
        scales_by_balancing,
        scales_by_eigenvectors,
        scales_by_power_iteration,
        scales_as_a_list,
        scales_by_sums,
        scales_by_descent,
    ),
    # no single precision: eigenvalues have to be kept to 1e−6
    "ps5.calm": [
        calm_by_qr,
        calm_by_gram_schmidt,
        calm_by_mirror,
        calm_as_a_list,
        calm_sum_of_modes,
        calm_turned_at_random,
        *(clothes(calm_by_qr) for clothes in CLOTHES if clothes is not single),
    ],
    "ps5.tells_stability": [
        judge_by_many,
        judge_by_hand,
        judge_by_triangles,
        judge_with_asserts,
        judge_counting_errors,
        judge_numpy_bool,
    ],
}
