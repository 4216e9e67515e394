"""Right answers to problem set 6 that look different."""

import functools
import itertools
import math

import numpy as np

from right_answers.clothes import dressed, fortran, lists
from right_answers.ps4 import complex_gradients, sigma
from vgcourse.recurrent import memory

STEP = 1e-30  # of the complex step


def tanh_of(hs, alpha):
    return (hs[1:] - hs[:-1] + alpha * hs[:-1]) / alpha


# --- forward ---------------------------------------------------------------------------------------


def forward_list(x, h0, W_x, W_h, b, alpha):
    hs = [h0]
    for x_t in x:
        hs.append((1 - alpha) * hs[-1] + alpha * np.tanh(x_t @ W_x.T + hs[-1] @ W_h.T + b))
    return hs


def forward_change(x, h0, W_x, W_h, b, alpha):
    """h += α(c − h), all products with W_x at once."""
    inputs = np.einsum("tnd,hd->tnh", x, W_x) + b
    hs = np.zeros((len(x) + 1, *h0.shape), inputs.dtype)
    hs[0] = h0
    for t in range(len(x)):
        hs[t + 1] = hs[t] + alpha * (np.tanh(inputs[t] + hs[t] @ W_h.T) - hs[t])
    return hs


def forward_one_matrix(x, h0, W_x, W_h, b, alpha):
    W, h, ones = np.hstack([W_h, W_x, b[:, None]]), h0, np.ones((len(h0), 1))
    out = [h]
    for x_t in x:
        h = h - alpha * h + alpha * np.tanh(np.hstack([h, x_t, ones]) @ W.T)
        out.append(h)
    return np.stack(out)


def forward_columns(x, h0, W_x, W_h, b, alpha):
    hs = np.zeros((len(x) + 1, *h0.shape))
    for n in range(len(h0)):
        hs[0, n] = h = h0[n]
        for t in range(len(x)):
            h = np.diag(1 - alpha) @ h + np.diag(alpha) @ np.tanh(W_h @ h + W_x @ x[t, n] + b)
            hs[t + 1, n] = h
    return hs


def forward_recursive(x, h0, W_x, W_h, b, alpha):
    if not len(x):
        return h0[None]
    h = (1 - alpha) * h0 + alpha * np.tanh(h0 @ W_h.T + x[0] @ W_x.T + b)
    return np.concatenate([h0[None], forward_recursive(x[1:], h, W_x, W_h, b, alpha)])


def forward_sigmoid(x, h0, W_x, W_h, b, alpha):
    """tanh z = 2 σ(2z) − 1."""
    out = [h0.copy()]
    for t in range(x.shape[0]):
        z = np.matmul(out[t], W_h.T) + np.matmul(x[t], W_x.T) + b
        out.append(np.multiply(1 - alpha, out[t]) + alpha * (2 / (1 + np.exp(-2 * z)) - 1))
    return np.array(out)


# --- labels ----------------------------------------------------------------------------------------


def labels_plain(hs, V, b_o, targets):
    do = sigma(hs @ V.T + b_o) - targets
    flat = do.reshape(-1, len(V))
    return do, flat.T @ hs.reshape(-1, V.shape[1]), flat.sum(axis=0), do @ V


def labels_loop(hs, V, b_o, targets):
    do, dV, db, dhs = np.zeros_like(targets), np.zeros_like(V), np.zeros_like(b_o), np.zeros_like(hs)
    for t in range(len(hs)):
        do[t] = 1 / (1 + np.exp(-(hs[t] @ V.T + b_o))) - targets[t]
        dV += do[t].T @ hs[t]
        db += do[t].sum(axis=0)
        dhs[t] = do[t] @ V
    return do, dV, db, dhs


def labels_two_cases(hs, V, b_o, targets):
    """−σ(−o) where the label is there, σ(o) where it is not."""
    o = np.einsum("tnh,ch->tnc", hs, V) + b_o
    do = np.where(targets == 1, -sigma(-o), sigma(o))
    return do, np.einsum("tnc,tnh->ch", do, hs), np.einsum("tnc->c", do), np.einsum("tnc,ch->tnh", do, V)


def labels_signs(hs, V, b_o, targets):
    """L = Σ log(1 + e^(−so)) with s = ±1."""
    s, o = 2 * targets - 1, hs @ V.T + b_o
    do = -s / (1 + np.exp(s * o))
    return [do, np.tensordot(do, hs, axes=((0, 1), (0, 1))), do.sum(axis=1).sum(axis=0), np.dot(do, V)]


def labels_tanh(hs, V, b_o, targets):
    do = (1 + np.tanh((hs @ V.T + b_o) / 2)) / 2 - targets
    dV = sum(d.T @ h for d, h in zip(do, hs, strict=True))
    return do, dV, sum(d.sum(axis=0) for d in do), np.stack([d @ V for d in do])


def labels_complex(hs, V, b_o, targets):
    def loss(hs, V, b_o):
        o = hs @ V.T + b_o
        return (np.log(1 + np.exp(o)) - targets * o).sum()

    dhs, dV, db = complex_gradients(loss, hs, V, b_o)
    return sigma(hs @ V.T + b_o) - targets, dV, db, dhs


# --- one loss back ---------------------------------------------------------------------------------


def signals_loop(dh, hs, W_h, alpha):
    c, out = tanh_of(hs, alpha), np.zeros_like(hs[1:])
    for k in reversed(range(len(c))):
        out[k] = dh * alpha * (1 - c[k] ** 2)
        dh = dh * (1 - alpha) + out[k] @ W_h
    return out


def signals_jacobians(dh, hs, W_h, alpha):
    c, rows = tanh_of(hs, alpha), []
    for k in range(len(c), 0, -1):
        slope = alpha * (1 - c[k - 1]) * (1 + c[k - 1])
        rows.insert(0, slope * dh)
        J = slope[:, :, None] * W_h + np.diag(1 - alpha)
        dh = np.einsum("nh,nhk->nk", dh, J)
    return np.stack(rows)


def signals_columns(dh, hs, W_h, alpha):
    out = np.zeros((len(hs) - 1, *dh.shape))
    for n, e in enumerate(dh):
        for k in range(len(hs) - 1, 0, -1):
            c = (hs[k, n] - (1 - alpha) * hs[k - 1, n]) / alpha
            out[k - 1, n] = np.diag(alpha * (1 - c**2)) @ e
            e = (1 - alpha) * e + W_h.T @ out[k - 1, n]
    return out


def signals_recursive(dh, hs, W_h, alpha):
    if len(hs) == 1:
        return hs[:0]
    c = hs[-2] + (hs[-1] - hs[-2]) / alpha
    delta = alpha * dh - alpha * dh * c**2
    return np.concatenate(
        [signals_recursive(dh - alpha * dh + delta @ W_h, hs[:-1], W_h, alpha), delta[None]]
    )


def signals_by_cosh(dh, hs, W_h, alpha):
    """tanh' = 1/cosh² at z = artanh c."""
    z, out = np.arctanh(tanh_of(hs, alpha)), []
    for z_k in z[::-1]:
        out.append(alpha / np.cosh(z_k) ** 2 * dh)
        dh = (1 - alpha) * dh + np.einsum("nj,jk->nk", out[-1], W_h)
    return out[::-1]


def signals_complex(dh, hs, W_h, alpha):
    """A complex step in every pre-activation, the rest run forward from the states."""
    c, out = tanh_of(hs, alpha), np.zeros(hs[1:].shape)
    own = np.arctanh(c) - hs[:-1] @ W_h.T  # W_x x + b
    for k in range(len(out)):
        for i in range(len(W_h)):
            h = hs[k].astype(complex)
            for t in range(k, len(out)):
                z = h @ W_h.T + own[t]
                if t == k:
                    z[:, i] += STEP * 1j
                h = (1 - alpha) * h + alpha * np.tanh(z)
            out[k, :, i] = (dh * h.imag).sum(axis=1) / STEP
    return out


# --- Jacobian --------------------------------------------------------------------------------------


def jacobian_loop(hs, W_h, alpha, s, t):
    J, bound = np.eye(len(W_h)), 1.0
    for k in range(s + 1, t + 1):
        c = (hs[k] - (1 - alpha) * hs[k - 1]) / alpha
        f = alpha * (1 - c**2)
        J = (np.diag(1 - alpha) + np.diag(f) @ W_h) @ J
        bound *= (1 - alpha).max() + f.max() * np.linalg.norm(W_h, 2)
    return J, bound


def jacobian_backwards(hs, W_h, alpha, s, t):
    J, factors, size = np.eye(len(W_h)), [1.0], np.linalg.svd(W_h, compute_uv=False)[0]
    for k in range(t, s, -1):
        f = alpha * (1 - tanh_of(hs, alpha)[k - 1] ** 2)
        J = J * (1 - alpha) + J * f @ W_h
        factors.append(max(1 - alpha) + max(f) * size)
    return J, math.prod(factors)


def jacobian_reduce(hs, W_h, alpha, s, t):
    f = (alpha * (1 - tanh_of(hs, alpha) ** 2))[s:t]
    steps = [np.eye(len(W_h))] + [np.diag(1 - alpha) + g[:, None] * W_h for g in f]
    sigma_max = math.sqrt(np.linalg.eigvalsh(W_h.T @ W_h)[-1])
    return functools.reduce(lambda J, A: A @ J, steps), np.prod(1 - alpha.min() + f.max(axis=1) * sigma_max)


def jacobian_multi_dot(hs, W_h, alpha, s, t):
    f = [alpha * (1 - c**2) for c in tanh_of(hs, alpha)[s:t]]
    eye = np.eye(len(W_h))
    steps = [eye * (1 - alpha) + np.einsum("i,ij->ij", g, W_h) for g in f[::-1]]
    bound = np.exp(sum(np.log(np.max(1 - alpha) + g.max() * np.linalg.norm(W_h, ord=2)) for g in f))
    return np.linalg.multi_dot([eye, *steps, eye]), bound


def jacobian_columns(hs, W_h, alpha, s, t):
    """Unit vectors, moved step by step."""
    columns = []
    for v in np.eye(len(W_h)):
        for k in range(s, t):
            c = (hs[k + 1] - hs[k] + alpha * hs[k]) / alpha
            v = v - alpha * v + alpha * (1 - c**2) * (W_h @ v)
        columns.append(v)
    return np.array(columns).T, jacobian_loop(hs, W_h, alpha, s, t)[1]


def jacobian_complex(hs, W_h, alpha, s, t):
    own = np.arctanh(tanh_of(hs, alpha)) - hs[:-1] @ W_h.T
    J = np.zeros_like(W_h)
    for i in range(len(W_h)):
        h = hs[s].astype(complex)
        h[i] += STEP * 1j
        for k in range(s, t):
            h = (1 - alpha) * h + alpha * np.tanh(W_h @ h + own[k])
        J[:, i] = h.imag / STEP
    return J, jacobian_backwards(hs, W_h, alpha, s, t)[1]


# --- pairs and lags --------------------------------------------------------------------------------


def each_pair(dhs, hs, W_h, alpha):
    c = tanh_of(hs, alpha)
    for t in range(len(dhs)):
        dh = dhs[t]
        for k in range(t, -1, -1):
            delta = dh * alpha * (1 - c[k] ** 2)
            yield t, k, delta
            dh = dh * (1 - alpha) + delta @ W_h


def pairs_plain(dhs, hs, W_h, alpha):
    G = np.zeros((len(dhs), len(dhs), len(W_h)))
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        G[t, k] = delta.sum(axis=0)
    return G


def pairs_by_signals(dhs, hs, W_h, alpha):
    G = np.zeros((len(dhs), len(dhs), len(W_h)))
    for t, dh in enumerate(dhs):
        G[t, : t + 1] = signals_loop(dh, hs[: t + 2], W_h, alpha).sum(axis=1)
    return G


def pairs_all_losses_at_once(dhs, hs, W_h, alpha):
    c, alive, T = tanh_of(hs, alpha), np.zeros_like(dhs), len(dhs)
    G = np.zeros((T, T, len(W_h)))
    for k in reversed(range(T)):
        alive[k] = dhs[k]
        delta = alive[k:] * (alpha * (1 - c[k] ** 2))
        G[k:, k] = delta.sum(axis=1)
        alive[k:] = alive[k:] * (1 - alpha) + delta @ W_h
    return G


def pairs_by_jacobians(dhs, hs, W_h, alpha):
    T, c = len(dhs), tanh_of(hs, alpha)
    G = np.zeros((T, T, len(W_h)))
    for n in range(dhs.shape[1]):
        for t, k in itertools.combinations_with_replacement(range(T), 2):
            J = jacobian_loop(hs[:, n], W_h, alpha, t + 1, k + 1)[0]
            G[k, t] += dhs[k, n] @ J * alpha * (1 - c[t, n] ** 2)
    return G


def pairs_lists(dhs, hs, W_h, alpha):
    table = [[np.zeros(len(W_h))] * len(dhs) for _ in dhs]
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        table[t][k] = delta.sum(0)
    return table


def pairs_from_whole(dhs, hs, W_h, alpha):
    """One loss switched on at a time, the whole pass each time."""
    G = []
    for t in range(len(dhs)):
        only = np.zeros_like(dhs)
        only[t] = dhs[t]
        G.append(passes(only, hs, W_h, alpha)[0].sum(axis=1))
    return np.stack(G)


def lags_plain(dhs, hs, x, W_h, alpha):
    parts = np.zeros((len(x), len(W_h), x.shape[2]))
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        parts[t - k] += delta.T @ x[k]
    return parts


def lags_einsum(dhs, hs, x, W_h, alpha):
    parts = [0.0] * len(x)
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        parts[t - k] = parts[t - k] + np.einsum("nh,nd->hd", delta, x[k])
    return np.array(parts)


def lags_together(dhs, hs, x, W_h, alpha):
    """All losses one step back at a time, lag by lag."""
    f, T, parts, alive = alpha * (1 - tanh_of(hs, alpha) ** 2), len(x), [], dhs
    for lag in range(T):
        delta = alive * f[: T - lag]
        parts.append(np.tensordot(delta, x[: T - lag], axes=((0, 1), (0, 1))))
        alive = ((1 - alpha) * alive + delta @ W_h)[1:]
    return np.stack(parts)


def lags_by_signals(dhs, hs, x, W_h, alpha):
    parts = np.zeros((len(x), len(W_h), x.shape[2]))
    for t, dh in enumerate(dhs):
        deltas = signals_jacobians(dh, hs[: t + 2], W_h, alpha)
        for lag in range(t + 1):
            parts[lag] += deltas[t - lag].T @ x[t - lag]
    return parts


def lags_from_windows(dhs, hs, x, W_h, alpha):
    """Window of k + 1 less window of k."""
    windows = [np.zeros((len(W_h), x.shape[2]))]
    for k in range(1, len(x) + 1):
        windows.append(truncated_ends(dhs, hs, x, W_h, alpha, 1, k)[0])
    return np.diff(np.stack(windows), axis=0)


def lags_rows(dhs, hs, x, W_h, alpha):
    parts = np.zeros((len(x), len(W_h), x.shape[2]))
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        for n in range(x.shape[1]):
            parts[t - k] += np.outer(delta[n], x[k, n])
    return parts


# --- the whole -------------------------------------------------------------------------------------


def passes(dhs, hs, W_h, alpha):
    """dz and dh of all steps, and what arrives at the first state."""
    c, arrives = tanh_of(hs, alpha), 0
    dz, dh = np.empty_like(c), np.empty_like(c)
    for t in range(len(c) - 1, -1, -1):
        dh[t] = dhs[t] + arrives
        dz[t] = dh[t] * alpha * (1 - c[t] ** 2)
        arrives = dh[t] * (1 - alpha) + dz[t] @ W_h
    return dz, dh, arrives


def backward_sums_after(dhs, hs, x, W_x, W_h, alpha):
    dz, dh, dh0 = passes(dhs, hs, W_h, alpha)
    dalpha = (dh * (tanh_of(hs, alpha) - hs[:-1])).sum(axis=(0, 1))
    return (
        dz @ W_x,
        dh0,
        np.einsum("tnh,tnd->hd", dz, x),
        np.einsum("tnh,tnk->hk", dz, hs[:-1]),
        dz.sum((0, 1)),
        dalpha,
    )


def backward_loop(dhs, hs, x, W_x, W_h, alpha):
    dx, dW_x, dW_h = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h)
    db, dalpha, dh = np.zeros_like(alpha), np.zeros_like(alpha), np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dh = dh + dhs[t]
        c = (hs[t + 1] - (1 - alpha) * hs[t]) / alpha
        dz = alpha * (1 - c**2) * dh
        dx[t] = dz @ W_x
        dW_x += dz.T @ x[t]
        dW_h += dz.T @ hs[t]
        db += dz.sum(axis=0)
        dalpha += (dh * (c - hs[t])).sum(axis=0)
        dh = (1 - alpha) * dh + dz @ W_h
    return dx, dh, dW_x, dW_h, db, dalpha


def backward_change(dhs, hs, x, W_x, W_h, alpha):
    """c − h_{t−1} = (h_t − h_{t−1})/α."""
    dx, dh0, dW_x, dW_h, db, _ = backward_loop(dhs, hs, x, W_x, W_h, alpha)
    dh = passes(dhs, hs, W_h, alpha)[1]
    return [dx, dh0, dW_x, dW_h, db, np.sum(dh * np.diff(hs, axis=0) / alpha, axis=(0, 1))]


def backward_columns(dhs, hs, x, W_x, W_h, alpha):
    dx, dh0 = np.zeros_like(x), np.zeros_like(hs[0])
    dW_x, dW_h, db, dalpha = (
        np.zeros_like(W_x),
        np.zeros_like(W_h),
        np.zeros_like(alpha),
        np.zeros_like(alpha),
    )
    for n in range(x.shape[1]):
        dh = np.zeros(len(W_h))
        for t in range(len(x), 0, -1):
            dh = dh + dhs[t - 1, n]
            c = (hs[t, n] - (1 - alpha) * hs[t - 1, n]) / alpha
            dz = np.diag(alpha) @ np.diag(1 - c**2) @ dh
            dx[t - 1, n] = W_x.T @ dz
            dW_x, dW_h = dW_x + np.outer(dz, x[t - 1, n]), dW_h + np.outer(dz, hs[t - 1, n])
            db, dalpha = db + dz, dalpha + dh * c - dh * hs[t - 1, n]
            dh = dh - alpha * dh + W_h.T @ dz
        dh0[n] = dh
    return dx, dh0, dW_x, dW_h, db, dalpha


def backward_pairs(dhs, hs, x, W_x, W_h, alpha):
    """Every loss by itself."""
    dz, dh, dh0 = np.zeros_like(dhs), np.zeros_like(dhs), np.zeros_like(hs[0])
    for t in range(len(x)):
        only = np.zeros_like(dhs)
        only[t] = dhs[t]
        parts = passes(only, hs, W_h, alpha)
        dz, dh, dh0 = dz + parts[0], dh + parts[1], dh0 + parts[2]
    sums = [sum(d.T @ v for d, v in zip(dz, a, strict=True)) for a in (x, hs[:-1])]
    return dz @ W_x, dh0, *sums, dz.sum((0, 1)), (dh * (tanh_of(hs, alpha) - hs[:-1])).sum((0, 1))


def backward_complex(dhs, hs, x, W_x, W_h, alpha):
    """The net again from the states: W_x x + b is what artanh leaves."""
    b_x = np.arctanh(tanh_of(hs, alpha)) - hs[:-1] @ W_h.T - x @ W_x.T  # b, the same in all rows
    c_b = b_x.mean(axis=(0, 1))

    def loss(x, h, W_x, W_h, b, alpha):
        total = 0
        for x_t, d in zip(x, dhs, strict=True):
            h = (1 - alpha) * h + alpha * np.tanh(h @ W_h.T + x_t @ W_x.T + b)
            total = total + (d * h).sum()
        return total

    return complex_gradients(loss, x, hs[0], W_x, W_h, c_b, alpha)


# --- sequences of different lengths ----------------------------------------------------------------


def log_softmax(o):
    o = o - o.max(axis=-1, keepdims=True)
    return o - np.log(np.exp(o).sum(axis=-1, keepdims=True))


def fair_weights(o, labels, mask):
    counts = mask.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(mask > 0, mask / counts, 0.0) / np.count_nonzero(counts)
    logp = log_softmax(o)
    y = np.eye(o.shape[-1])[labels]
    return -(w * (logp * y).sum(axis=-1)).sum(), w[..., None] * (np.exp(logp) - y)


def fair_loops(o, labels, mask):
    kept = [n for n in range(mask.shape[1]) if mask[:, n].any()]
    loss, do = 0.0, np.zeros_like(o)
    for n in kept:
        steps = np.flatnonzero(mask[:, n])
        for t in steps:
            logp = log_softmax(o[t, n])
            loss -= logp[labels[t, n]] / len(steps) / len(kept)
            do[t, n] = np.exp(logp) / len(steps) / len(kept)
            do[t, n, labels[t, n]] -= 1 / len(steps) / len(kept)
    return loss, do


def fair_selected(o, labels, mask):
    t, n = np.nonzero(mask)
    rows, label = o[t, n], labels[t, n]
    counts = mask.sum(axis=0)
    share = 1 / (counts[n] * (counts > 0).sum())
    logp = log_softmax(rows)
    d = np.exp(logp)
    d[np.arange(len(d)), label] -= 1
    do = np.zeros_like(o)
    do[t, n] = d * share[:, None]
    return -(logp[np.arange(len(d)), label] * share).sum(), do


def fair_mean_of_means(o, labels, mask):
    logp, gradients, losses = log_softmax(o), np.zeros_like(o), []
    for n in range(o.shape[1]):
        chosen = mask[:, n] == 1
        if chosen.sum():
            losses.append(-logp[chosen, n, labels[chosen, n]].mean())
            y = np.eye(o.shape[2])[labels[chosen, n]]
            gradients[chosen, n] = (np.exp(logp[chosen, n]) - y) / chosen.sum()
    return np.mean(losses), gradients / len(losses)


def fair_maximum(o, labels, mask):
    counts = mask.sum(axis=0)
    w = mask / np.maximum(counts, 1) / np.sum(counts > 0)
    top = o.max(axis=2, keepdims=True)
    e = np.exp(o - top)
    total = e.sum(axis=2, keepdims=True)
    picked = np.take_along_axis(o, labels[..., None] % o.shape[2], axis=2)
    losses = (np.log(total) + top - picked)[..., 0]
    return np.sum(w * losses), (e / total - np.eye(o.shape[2])[labels]) * w[:, :, None]


def fair_nan(o, labels, mask):
    logp = log_softmax(o)
    y = np.eye(o.shape[2])[labels]
    each = np.where(mask == 1, -(logp * y).sum(-1), np.nan)
    full = mask.any(axis=0)
    loss = np.nanmean(each[:, full], axis=0).mean()
    do = np.zeros_like(o)
    do[:, full] = ((np.exp(logp) - y) * mask[..., None])[:, full] / mask.sum(axis=0)[full][None, :, None]
    return float(loss), do / full.sum()


# --- truncated -------------------------------------------------------------------------------------


def truncated_ends(dhs, hs, x, W_h, alpha, k1, k2):
    T, c = len(x), tanh_of(hs, alpha)
    sums = [np.zeros((len(W_h), x.shape[2])), np.zeros_like(W_h), np.zeros(len(W_h))]
    for start in range(0, T, k1):
        end = min(start + k1, T)
        dh = 0
        for t in reversed(range(max(0, end - k2), end)):
            if t >= start:
                dh = dh + dhs[t]
            dz = dh * alpha * (1 - c[t] ** 2)
            sums[0] += dz.T @ x[t]
            sums[1] += dz.T @ hs[t]
            sums[2] += dz.sum(axis=0)
            dh = dh * (1 - alpha) + dz @ W_h
    return tuple(sums)


def truncated_pairs(dhs, hs, x, W_h, alpha, k1, k2):
    T = len(x)
    dW_x, dW_h, db = np.zeros((len(W_h), x.shape[2])), np.zeros_like(W_h), np.zeros(len(W_h))
    for t, k, delta in each_pair(dhs, hs, W_h, alpha):
        end = min((t // k1 + 1) * k1, T)
        if k >= end - k2:
            dW_x, dW_h, db = dW_x + delta.T @ x[k], dW_h + delta.T @ hs[k], db + delta.sum(axis=0)
    return dW_x, dW_h, db


def truncated_slices(dhs, hs, x, W_h, alpha, k1, k2):
    """The whole pass on every piece, with the losses before the block set to 0."""
    out, T = 0, len(x)
    for end in [*range(k1, T, k1), T]:
        first = max(end - k2, 0)
        d = dhs[first:end].copy()
        d[: max((end - 1) // k1 * k1 - first, 0)] = 0
        dz = passes(d, hs[first : end + 1], W_h, alpha)[0]
        now = [
            np.einsum("tnh,tnd->hd", dz, a)
            for a in (x[first:end], hs[first:end], np.ones((*dz.shape[:2], 1)))
        ]
        out = [a + b for a, b in zip(out, now, strict=True)] if out else now
    return out[0], out[1], out[2][:, 0]


def truncated_gathered(dhs, hs, x, W_h, alpha, k1, k2):
    """Signals of all blocks added into one array, products at the end."""
    dz, T = np.zeros_like(dhs), len(x)
    for block in range(math.ceil(T / k1)):
        end = min((block + 1) * k1, T)
        only = np.zeros_like(dhs)
        only[block * k1 : end] = dhs[block * k1 : end]
        mine = passes(only, hs, W_h, alpha)[0]
        mine[: max(end - k2, 0)] = 0
        dz += mine
    flat = dz.reshape(-1, len(W_h))
    return [flat.T @ x.reshape(len(flat), -1), flat.T @ hs[:-1].reshape(len(flat), -1), flat.sum(axis=0)]


def truncated_by_table(dhs, hs, x, W_h, alpha, k1, k2):
    T, dz = len(x), np.zeros_like(dhs)
    for t in range(T):
        reach = k2 - (min((t // k1 + 1) * k1, T) - (t + 1))
        first = max(t + 1 - reach, 0)
        dz[first : t + 1] += signals_loop(dhs[t], hs[first : t + 2], W_h, alpha)
    sums = [sum(d.T @ v for d, v in zip(dz, a, strict=True)) for a in (x, hs[:-1])]
    return *sums, dz.sum(axis=(0, 1))


def truncated_columns(dhs, hs, x, W_h, alpha, k1, k2):
    """Sequence by sequence."""
    total = None
    for n in range(x.shape[1]):
        one = truncated_slices(dhs[:, n : n + 1], hs[:, n : n + 1], x[:, n : n + 1], W_h, alpha, k1, k2)
        total = one if total is None else [a + b for a, b in zip(total, one, strict=True)]
    return tuple(total)


# --- checkpoints -----------------------------------------------------------------------------------


def leaky_step(h, x_t, W_x, W_h, b, alpha):
    return (1 - alpha) * h + alpha * np.tanh(h @ W_h.T + x_t @ W_x.T + b)


def checkpointed_segments(dhs, x, h0, W_x, W_h, b, alpha, every):
    checkpoints, h = [], h0
    for t, x_t in enumerate(x):
        if t % every == 0:
            checkpoints.append(h)
        h = leaky_step(h, x_t, W_x, W_h, b, alpha)
    dh, total = np.zeros_like(h0), None
    for j in reversed(range(len(checkpoints))):
        piece = slice(j * every, (j + 1) * every)
        hs = [checkpoints[j]]
        for x_t in x[piece]:
            hs.append(leaky_step(hs[-1], x_t, W_x, W_h, b, alpha))
        d = dhs[piece].copy()
        d[-1] += dh
        _, dh, *grads = backward_sums_after(d, np.stack(hs), x[piece], W_x, W_h, alpha)
        total = grads if total is None else [a + g for a, g in zip(total, grads, strict=True)]
    return dh, *total


def checkpointed_dict(dhs, x, h0, W_x, W_h, b, alpha, every):
    """One loop over time backwards; a segment's states are made when its last step is reached."""
    T, kept, h = len(x), {}, h0
    for t in range(T):
        if not t % every:
            kept[t] = h
        h = leaky_step(h, x[t], W_x, W_h, b, alpha)
    dW_x, dW_h, db, dalpha, dh = 0 * W_x, 0 * W_h, 0 * b, 0 * alpha, 0 * h0
    states = []
    for t in range(T - 1, -1, -1):
        if not states:
            first = t // every * every
            states = [kept.pop(first)]
            for s in range(first, t):
                states.append(leaky_step(states[-1], x[s], W_x, W_h, b, alpha))
        before = states.pop()
        c = np.tanh(before @ W_h.T + x[t] @ W_x.T + b)
        dh = dh + dhs[t]
        dz = dh * alpha * (1 - c * c)
        dW_x, dW_h = dW_x + dz.T @ x[t], dW_h + dz.T @ before
        db, dalpha = db + dz.sum(0), dalpha + (dh * (c - before)).sum(0)
        dh = (1 - alpha) * dh + dz @ W_h
    return dh, dW_x, dW_h, db, dalpha


def checkpointed_two_halves(dhs, x, h0, W_x, W_h, b, alpha, every):
    """Halves of halves, down to segments of `every` steps: even fewer states."""
    if len(x) <= every:
        hs = forward_list(x, h0, W_x, W_h, b, alpha)
        return backward_loop(dhs, np.stack(hs), x, W_x, W_h, alpha)[1:]
    middle, h = len(x) // 2, h0
    for x_t in x[:middle]:
        h = leaky_step(h, x_t, W_x, W_h, b, alpha)
    dh, *right = checkpointed_two_halves(dhs[middle:], x[middle:], h, W_x, W_h, b, alpha, every)
    last = dhs[middle - 1] + dh
    left_dhs = _Replaced(dhs[:middle], last)
    dh0, *left = checkpointed_two_halves(left_dhs, x[:middle], h0, W_x, W_h, b, alpha, every)
    return dh0, *(a + g for a, g in zip(left, right, strict=True))


class _Replaced:
    """An array of gradients whose last entry is another; nothing is copied."""

    def __init__(self, array, last):
        self.array, self.last = array, last

    def __len__(self):
        return len(self.array)

    def __getitem__(self, key):
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return (
                _Replaced(self.array[start:stop], self.last) if stop == len(self) else self.array[start:stop]
            )
        return self.last if key in (-1, len(self) - 1) else self.array[key]


def checkpointed_from_the_front(dhs, x, h0, W_x, W_h, b, alpha, every):
    """Checkpoints first, then one list of (state, tanh) for the segment at hand."""
    starts, h = [h0.copy()], h0
    for first in range(0, len(x) - every, every):
        for x_t in x[first : first + every]:
            h = h + alpha * (np.tanh(h @ W_h.T + x_t @ W_x.T + b) - h)
        starts.append(h)
    sums, dh = [0.0] * 4, np.zeros_like(h0)
    while starts:
        h, first = starts.pop(), len(starts) * every
        pairs = []
        for x_t in x[first : first + every]:
            c = np.tanh(h @ W_h.T + x_t @ W_x.T + b)
            pairs.append((h, c))
            h = h + alpha * (c - h)
        for t in range(first + len(pairs) - 1, first - 1, -1):
            h, c = pairs.pop()
            dh = dh + dhs[t]
            dz = alpha * dh * (1 - c**2)
            new = dz.T @ x[t], dz.T @ h, dz.sum(axis=0), np.einsum("nh,nh->h", dh, c - h)
            sums = [a + v for a, v in zip(sums, new, strict=True)]
            dh = dh - alpha * dh + dz @ W_h
    return dh, *sums


# --- plans -----------------------------------------------------------------------------------------


def plan_search(T, q):
    every = min(range(1, T + 1), key=lambda s: (-(-T // s) + q * s, -s))
    segments = -(-T // every)
    return every, segments + q * every, 2 * T - (T - (segments - 1) * every)


def plan_numpy(T, q):
    s = np.arange(1, T + 1)
    M = np.ceil(T / s) + q * s
    best = s[np.flatnonzero(M == M.min())[-1]]
    return best, M.min(), T + (int(np.ceil(T / best)) - 1) * best


def plan_loop(T, q):
    least = math.inf
    for s in range(1, T + 1):
        if math.ceil(T / s) + q * s <= least:
            least, every = math.ceil(T / s) + q * s, s
    first_run, again = T, len(range(T)[: (math.ceil(T / every) - 1) * every])
    return every, least, first_run + again


def plan_from_the_top(T, q):
    found = {s: len(range(0, T, s)) + q * s for s in range(T, 0, -1)}
    every = min(found, key=found.get)
    return [every, found[every], 2 * T - len(range(T)[range(0, T, every)[-1] :])]


def plan_by_simulation(T, q):
    def run(s):
        starts = list(range(0, T, s))
        longest = max(min(start + s, T) - start for start in starts)
        return len(starts) + q * longest

    every = max(s for s in range(1, T + 1) if run(s) == min(map(run, range(1, T + 1))))
    return every, run(every), T + sum(min(a + every, T) - a for a in list(range(0, T, every))[:-1])


def plan_divmod(T, q):
    best = None
    for s in range(1, T + 1):
        whole, rest = divmod(T, s)
        row = (whole + (rest > 0) + q * s, -s, 2 * T - (rest or s))
        best = row if best is None or row < best else best
    return -best[1], best[0], best[2]


def reversal_recursive(costs, slots):
    run = np.concatenate([[0.0], np.cumsum(costs)])

    @functools.cache
    def least(i, j, S):
        if j == i + 1:
            return 0.0, 0
        if S == 1:
            return sum(run[m] - run[i] for m in range(i + 1, j)), 0
        return min((run[m] - run[i] + least(m, j, S - 1)[0] + least(i, m, S)[0], m) for m in range(i + 1, j))

    total, split = least(0, len(costs), slots)
    close = [
        m
        for m in range(1, len(costs))
        if slots > 1 and run[m] + least(m, len(costs), slots - 1)[0] + least(0, m, slots)[0] <= total + 1e-9
    ]
    return total, close[0] if close else split


def reversal_table(costs, slots):
    """Bottom up: slots, then lengths."""
    T, c = len(costs), list(map(float, costs))
    A = {(i, i + 1, S): 0.0 for i in range(T) for S in range(1, slots + 1)}
    split = 0
    for S in range(1, slots + 1):
        for length in range(2, T + 1):
            for i in range(T - length + 1):
                j = i + length
                if S == 1:
                    A[i, j, S] = sum((j - 1 - k) * c[k] for k in range(i, j))
                    continue
                options = [sum(c[i:m]) + A[m, j, S - 1] + A[i, m, S] for m in range(i + 1, j)]
                A[i, j, S] = min(options)
                if (i, j, S) == (0, T, slots):
                    split = 1 + next(k for k, v in enumerate(options) if v <= min(options) + 1e-9)
    return A[0, T, slots], split


def reversal_slices(costs, slots):
    @functools.cache
    def go(c, S):
        if len(c) == 1 or S == 1:
            return sum(sum(c[:m]) for m in range(1, len(c))), 0
        found = [(sum(c[:m]) + go(c[m:], S - 1)[0] + go(c[:m], S)[0]) for m in range(1, len(c))]
        return min(found), 1 + [round(v, 9) for v in found].index(round(min(found), 9))

    return go(tuple(map(float, costs)), slots)


def reversal_list(costs, slots):
    return list(reversal_slices(costs, slots))


def reversal_weights(costs, slots):
    """How often is each step run ahead? The cost is the sum of these, weighted."""

    @functools.cache
    def go(i, j, S):
        n = j - i
        if n == 1 or S == 1:
            return np.arange(n - 1, -1, -1.0) if n > 1 else np.zeros(1), 0
        best = None
        for m in range(i + 1, j):
            often = np.concatenate([go(i, m, S)[0] + 1, go(m, j, S - 1)[0]])
            if best is None or often @ costs[i:j] < best[0] @ costs[i:j] - 1e-9:
                best = often, m
        return best

    often, split = go(0, len(costs), slots)
    return often @ costs, split


def reversal_even_by_library(costs, slots):
    """The library for equal steps, the search for others."""
    if np.ptp(costs) == 0 and slots > 1:
        return costs[0] * memory.binomial_advances(len(costs), slots), reversal_table(costs, slots)[1]
    return reversal_table(costs, slots)


# --- investigations --------------------------------------------------------------------------------


def cut_search(a, lost, work):
    for k2 in range(1, 10**6):
        k1 = math.ceil(k2 / work)
        if np.mean(a ** np.arange(k2 - k1 + 1.0, k2 + 1)) <= lost:
            return k1, k2


def cut_closed_form(a, lost, work):
    k2 = 1
    while True:
        k1 = -int(-k2 // work)
        if a ** (k2 - k1) * a * (1 - a**k1) / (k1 * (1 - a)) <= lost:
            return k1, k2
        k2 += 1


def cut_by_blocks(a, lost, work):
    """k₁ upwards, the longest way back that the work allows; then shorter."""
    k1 = 1
    while np.mean(a ** (int(work * k1) - np.arange(k1))) > lost:
        k1 += 1
    k2 = int(work * k1)
    while k2 > k1 and np.mean(a ** (k2 - 1.0 - np.arange(k1))) <= lost:
        k2 -= 1
    return k1, k2


def cut_two_more(a, lost, work):
    """A little more than needed, within 5 %."""
    _, k2 = cut_search(a, lost, work)
    return math.ceil((k2 + 1) / work), k2 + 1


def cut_list(a, lost, work):
    return list(cut_search(a, lost, work))


def cut_array(a, lost, work):
    return np.array(cut_closed_form(a, lost, work), dtype=float)


def leaks_plain(W_h, W_x, T):
    return np.where(np.any(W_x, axis=1), 0.6, 1 / T)


def leaks_ones(W_h, W_x, T):
    return [1.0 if row.any() else 0.8 / T for row in W_x]


def leaks_half(W_h, W_x, T):
    alpha = np.full(len(W_h), 0.4 / T)
    alpha[np.linalg.norm(W_x, axis=1) > 0] = 0.5
    return alpha


def leaks_exponential(W_h, W_x, T):
    """Half left after T steps."""
    return np.where(abs(W_x).sum(axis=1) == 0, 1 - 0.5 ** (1 / T), 0.9)


def leaks_spread(W_h, W_x, T):
    """A range of slow ones."""
    deaf = np.flatnonzero(~W_x.any(axis=1))
    alpha = np.full(len(W_h), 0.8)
    alpha[deaf] = np.geomspace(0.35, 0.9, len(deaf)) / T
    return alpha


def leaks_one_memory(W_h, W_x, T):
    """A third of the deaf units a little faster."""
    alpha = np.where((W_x**2).sum(axis=1) > 0, 0.55, 0.5 / T)
    deaf = np.flatnonzero(alpha < 0.5)
    alpha[deaf[::3]] = 1 / T
    return tuple(alpha)


# --- the test --------------------------------------------------------------------------------------


def drawn(seed, T, N=3, D=2, H=4, size=0.1):
    rng = np.random.default_rng(seed)
    W_h, W_x = np.linalg.qr(rng.normal(size=(H, H)))[0], rng.normal(size=(H, D))
    x, dhs, hs = (
        size * rng.normal(size=(T, N, D)),
        rng.normal(size=(T, N, H)),
        [0.5 * rng.normal(size=(N, H))],
    )
    for x_t in x:
        hs.append(np.tanh(hs[-1] @ W_h.T + x_t @ W_x.T))
    return dhs, np.stack(hs), x, W_x, W_h


def expected(dhs, hs, x, W_x, W_h):
    _, dh0, dW_x, dW_h, *_ = backward_sums_after(dhs, hs, x, W_x, W_h, np.ones(len(W_h)))
    return dh0, dW_x, dW_h


def close(out, wanted, tolerance=1e-4):
    return all(
        np.shape(a) == b.shape and np.abs(np.asarray(a) - b).max() <= tolerance * np.abs(b).max()
        for a, b in zip(out, wanted, strict=True)
    )


def judge_one_pass(backward):
    for seed, T in enumerate((40, 40, 1)):
        given = drawn(seed, T)
        handed = [a.copy() for a in given]
        if not close(backward(*handed), expected(*given)) or not all(map(np.array_equal, handed, given)):
            return False
    return True


def judge_double_sum(backward):
    def pairs(dhs, hs, x, W_x, W_h):
        one, dW_x, dW_h = np.ones(len(W_h)), 0, 0
        for _, k, delta in each_pair(dhs, hs, W_h, one):
            dW_x, dW_h = dW_x + delta.T @ x[k], dW_h + delta.T @ hs[k]
        return passes(dhs, hs, W_h, one)[2], dW_x, dW_h

    verdict = []
    for seed, T in ((5, 30), (6, 30), (7, 1)):
        given = drawn(seed, T, N=2, D=3, H=5)
        handed = tuple(a.copy() for a in given)
        verdict.append(close(backward(*handed), pairs(*given)))
        verdict.append(all(np.array_equal(a, b) for a, b in zip(handed, given, strict=True)))
    return all(verdict)


def judge_by_complex_step(backward):
    for seed, T in ((1, 32), (2, 32), (3, 1)):
        dhs, hs, x, W_x, W_h = given = drawn(seed, T)

        def loss(h, W_x, W_h, x=x, dhs=dhs):
            total = 0
            for x_t, d in zip(x, dhs, strict=True):
                h = np.tanh(h @ W_h.T + x_t @ W_x.T)
                total = total + (d * h).sum()
            return total

        handed = [a.copy() for a in given]
        if not close(backward(*handed), complex_gradients(loss, hs[0], W_x, W_h), 1e-5):
            return False
        if any((a != b).any() for a, b in zip(handed, given, strict=True)):
            return False
    return True


def judge_by_differences(backward):
    """Directional differences would miss a transpose; so every entry."""
    ok = True
    for seed, T in ((11, 36), (12, 36), (13, 1)):
        dhs, hs, x, W_x, W_h = drawn(seed, T, N=2, D=3, H=4)

        def loss(arrays, x=x, dhs=dhs):
            h, W_x, W_h = arrays
            total = 0.0
            for x_t, d in zip(x, dhs, strict=True):
                h = np.tanh(h @ W_h.T + x_t @ W_x.T)
                total += (d * h).sum()
            return total

        start, wanted = [hs[0], W_x, W_h], []
        for i, a in enumerate(start):
            g = np.zeros_like(a)
            for index in np.ndindex(a.shape):
                values = []
                for sign in (1, -1):
                    moved = [b.copy() for b in start]
                    moved[i][index] += sign * 1e-5
                    values.append(loss(moved))
                g[index] = (values[0] - values[1]) / 2e-5
            wanted.append(g)
        handed = [dhs.copy(), hs.copy(), x.copy(), W_x.copy(), W_h.copy()]
        ok = ok and close(backward(*handed), wanted)
        ok = ok and np.array_equal(handed[0], dhs) and np.array_equal(handed[1], hs)
    return bool(ok)


def judge_as_number(backward):
    return int(judge_one_pass(backward))


def judge_numpy_bool(backward):
    return np.bool_(judge_double_sum(backward))


UNDRESSED = (
    fortran(checkpointed_segments),
    lists(checkpointed_dict),
)  # single precision copies dhs: T states

RIGHT = {
    "ps6.leaky_forward": dressed(
        forward_change,
        forward_list,
        forward_one_matrix,
        forward_columns,
        forward_recursive,
        forward_sigmoid,
    ),
    "ps6.label_gradients": dressed(
        labels_plain,
        labels_loop,
        labels_two_cases,
        labels_signs,
        labels_tanh,
        labels_complex,
    ),
    "ps6.error_signals": dressed(
        signals_loop,
        signals_jacobians,
        signals_columns,
        signals_recursive,
        signals_by_cosh,
        signals_complex,
    ),
    "ps6.leaky_jacobian": dressed(
        jacobian_loop,
        jacobian_backwards,
        jacobian_reduce,
        jacobian_multi_dot,
        jacobian_columns,
        jacobian_complex,
    ),
    "ps6.bias_pairs": dressed(
        pairs_plain,
        pairs_by_signals,
        pairs_all_losses_at_once,
        pairs_by_jacobians,
        pairs_lists,
        pairs_from_whole,
    ),
    "ps6.leaky_backward": dressed(
        backward_loop,
        backward_sums_after,
        backward_change,
        backward_columns,
        backward_pairs,
        backward_complex,
    ),
    "ps6.inputs_by_lag": dressed(
        lags_plain,
        lags_einsum,
        lags_together,
        lags_by_signals,
        lags_from_windows,
        lags_rows,
    ),
    "ps6.sequence_mean_loss": dressed(
        fair_weights,
        fair_loops,
        fair_selected,
        fair_mean_of_means,
        fair_maximum,
        fair_nan,
    ),
    "ps6.truncated_backward": dressed(
        truncated_ends,
        truncated_pairs,
        truncated_slices,
        truncated_gathered,
        truncated_by_table,
        truncated_columns,
    ),
    "ps6.checkpointed_backward": (
        checkpointed_segments,
        checkpointed_dict,
        checkpointed_two_halves,
        checkpointed_from_the_front,
        *UNDRESSED,
    ),
    "ps6.checkpoint_plan": (
        plan_search,
        plan_numpy,
        plan_loop,
        plan_from_the_top,
        plan_by_simulation,
        plan_divmod,
    ),
    "ps6.cheapest_reversal": (
        reversal_recursive,
        reversal_table,
        reversal_slices,
        reversal_list,
        reversal_weights,
        reversal_even_by_library,
    ),
    "ps6.cheap_cut": (
        cut_search,
        cut_closed_form,
        cut_by_blocks,
        cut_two_more,
        cut_list,
        cut_array,
    ),
    "ps6.mend_leaks": (
        leaks_plain,
        leaks_ones,
        leaks_half,
        leaks_exponential,
        leaks_spread,
        leaks_one_memory,
    ),
    "ps6.is_bptt": (
        judge_one_pass,
        judge_double_sum,
        judge_by_complex_step,
        judge_by_differences,
        judge_as_number,
        judge_numpy_bool,
    ),
}
