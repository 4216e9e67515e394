"""Right answers to problem set 6 that look different."""

import functools
import math

import numpy as np

from right_answers.clothes import dressed
from vgcourse import losses, recurrent
from vgcourse.recurrent import RNNParams, fast, memory

STEP = 1e-30  # of the complex step: small enough that its square vanishes beside 1

# --- forward ---------------------------------------------------------------------------------------


def forward_list(x, h0, W_x, W_h, b):
    h, hs = h0, []
    for x_t in x:
        h = np.tanh(x_t @ W_x.T + h @ W_h.T + b)
        hs.append(h)
    return np.stack(hs)


def forward_inputs_first(x, h0, W_x, W_h, b):
    """All products with W_x at once, the state in a preallocated array."""
    a = x @ W_x.T + b
    hs = np.zeros((len(x) + 1, *h0.shape), a.dtype)
    hs[0] = h0
    for t in range(len(x)):
        hs[t + 1] = np.tanh(a[t] + hs[t] @ W_h.T)
    return hs[1:]


def forward_one_matrix(x, h0, W_x, W_h, b):
    W = np.hstack([W_h, W_x, b[:, None]])
    ones, out = np.ones((len(h0), 1)), [h0]
    for x_t in x:
        out.append(np.tanh(np.hstack([out[-1], x_t, ones]) @ W.T))
    return out[1:]


def forward_einsum(x, h0, W_x, W_h, b):
    hs = np.empty((len(x), *h0.shape))
    for t in range(len(x)):
        before = hs[t - 1] if t > 0 else h0
        hs[t] = np.tanh(np.einsum("hk,nk->nh", W_h, before) + np.einsum("hd,nd->nh", W_x, x[t]) + b)
    return hs


def forward_columns(x, h0, W_x, W_h, b):
    """One column vector per sequence, as in the textbooks."""
    hs = np.zeros((len(x), *h0.shape))
    for n in range(len(h0)):
        h = h0[n]
        for t in range(len(x)):
            h = np.tanh(W_h @ h + W_x @ x[t, n] + b)
            hs[t, n] = h
    return hs


def forward_recursive(x, h0, W_x, W_h, b):
    if not len(x):
        return np.empty((0, *h0.shape))
    a = np.dot(h0, W_h.T) + np.dot(x[0], W_x.T) + b
    h = (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))
    return np.concatenate([h[None], forward_recursive(x[1:], h, W_x, W_h, b)])


def output_by_index(hs, V, labels):
    z = hs @ V.T
    dz = np.exp(z - z.max(axis=-1, keepdims=True))
    dz /= dz.sum(axis=-1, keepdims=True)
    T, N = labels.shape
    dz[np.arange(T)[:, None], np.arange(N), labels] -= 1
    return dz, np.tensordot(dz, hs, axes=([0, 1], [0, 1])), dz @ V


def output_in_loops(hs, V, labels):
    dz, dV, dhs = [], np.zeros_like(V), np.zeros_like(hs)
    for t in range(len(hs)):
        rows = []
        for n in range(hs.shape[1]):
            z = V @ hs[t, n]
            p = np.exp(z) / np.exp(z).sum()
            p[labels[t, n]] -= 1
            rows.append(p)
            dV += np.outer(p, hs[t, n])
            dhs[t, n] = V.T @ p
        dz.append(rows)
    return dz, dV, dhs


def output_step_by_step(hs, V, labels):
    dz, dV, dhs = [], 0, []
    for h, label in zip(hs, labels, strict=True):
        e = np.exp(h @ V.T)
        d = e / e.sum(axis=1, keepdims=True) - np.eye(len(V))[label]
        dV = dV + d.T @ h
        dz.append(d)
        dhs.append(d @ V)
    return np.stack(dz), dV, dhs


def output_flattened(hs, V, labels):
    T, N, H = hs.shape
    h = hs.reshape(T * N, H)
    z = h @ V.T
    dz = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    dz[np.arange(T * N), labels.ravel()] -= 1
    return dz.reshape(T, N, -1), (h.T @ dz).T, (dz @ V).reshape(T, N, H)


def output_by_library(hs, V, labels):
    _, cache = losses.softmax_cross_entropy_forward(hs @ V.T, labels)
    dz = losses.softmax_cross_entropy_backward(1.0, cache) * labels.size
    return dz, np.einsum("tnc,tnh->ch", dz, hs), np.einsum("tnc,ch->tnh", dz, V)


def output_complex_step(hs, V, labels):
    def loss(hs, V):
        z = hs @ V.T
        picked = np.take_along_axis(z, labels[..., None], -1).sum()
        return np.log(np.exp(z).sum(axis=-1)).sum() - picked

    dz, _, _ = output_by_index(hs, V, labels)
    return dz, _complex(lambda V: loss(hs, V), V), _complex(lambda hs: loss(hs, V), hs)


def _complex(loss, value):
    """The gradient of a loss by the complex step, entry by entry."""
    out = np.zeros_like(value)
    for i in np.ndindex(value.shape):
        moved = value.astype(complex)
        moved[i] += 1j * STEP
        out[i] = loss(moved).imag / STEP
    return out


# --- one loss --------------------------------------------------------------------------------------


def signals_filled(dh, hs, W_h):
    deltas = np.zeros_like(hs)
    deltas[-1] = dh * (1 - hs[-1] ** 2)
    for k in range(len(hs) - 2, -1, -1):
        deltas[k] = (deltas[k + 1] @ W_h) * (1 - hs[k] ** 2)
    return deltas


def signals_list(dh, hs, W_h):
    deltas = []
    for h in hs[::-1]:
        deltas.insert(0, dh * (1 - h * h))
        dh = deltas[0] @ W_h
    return deltas


def signals_cosh(dh, hs, W_h):
    a = np.arctanh(hs)
    out = [dh / np.cosh(a[-1]) ** 2]
    for a_k in a[-2::-1]:
        out.append(np.einsum("nj,jk->nk", out[-1], W_h) / np.cosh(a_k) ** 2)
    return np.array(out[::-1])


def signals_columns(dh, hs, W_h):
    out = np.zeros(hs.shape)
    for n in range(hs.shape[1]):
        v = dh[n]
        for k in reversed(range(len(hs))):
            out[k, n] = np.diag(1 - hs[k, n] ** 2) @ v
            v = W_h.T @ out[k, n]
    return out


def signals_by_jacobians(dh, hs, W_h):
    """dh times the whole product of Jacobians, made anew for every k."""
    out = np.zeros(hs.shape)
    for k in range(len(hs)):
        for n in range(hs.shape[1]):
            J = np.diag(1 - hs[k, n] ** 2)
            for h in hs[k + 1 :, n]:
                J = np.diag(1 - h**2) @ W_h @ J
            out[k, n] = dh[n] @ J
    return out


def signals_complex_step(dh, hs, W_h):
    """Every pre-activation moved on its own: what the inputs must have been follows from the states."""
    a = np.arctanh(hs)
    drive = a[1:] - hs[:-1] @ W_h.T

    def loss(a_k, k):
        h = np.tanh(a_k)
        for d in drive[k:]:
            h = np.tanh(h @ W_h.T + d)
        return (dh * h).sum()

    return np.stack([_complex(lambda a_k, k=k: loss(a_k, k), a[k]) for k in range(len(hs))])


def _bound(hs, W_h, s, t):
    size = np.linalg.svd(W_h, compute_uv=False)[0]
    return math.prod((1 - hs[k] ** 2).max() * size for k in range(s + 1, t + 1))


def jacobian_left_to_right(hs, W_h, s, t):
    J, bound = np.eye(len(W_h)), 1.0
    for k in range(s + 1, t + 1):
        J = (1 - hs[k] ** 2)[:, None] * (W_h @ J)
        bound *= np.max(1 - hs[k] ** 2) * np.linalg.norm(W_h, 2)
    return J, bound


def jacobian_from_the_end(hs, W_h, s, t):
    J = np.eye(len(W_h))
    for k in range(t, s, -1):
        J = J @ np.diag(1 - hs[k] ** 2) @ W_h
    return [J, np.array(_bound(hs, W_h, s, t))]


def jacobian_reduce(hs, W_h, s, t):
    steps = [np.diag(1 - h**2) @ W_h for h in hs[s + 1 : t + 1]]
    return functools.reduce(lambda J, step: step @ J, steps, np.eye(len(W_h))), _bound(hs, W_h, s, t)


def jacobian_complex_step(hs, W_h, s, t):
    drive = np.arctanh(hs[1:]) - hs[:-1] @ W_h.T
    J = np.zeros_like(W_h)
    for j in range(len(W_h)):
        h = hs[s] + 1j * STEP * np.eye(len(W_h))[j]
        for k in range(s, t):
            h = np.tanh(W_h @ h + drive[k])
        J[:, j] = h.imag / STEP
    peaks = (1 - hs[s + 1 : t + 1] ** 2).max(axis=1)
    return J, peaks.prod() * np.sqrt(np.linalg.eigvalsh(W_h.T @ W_h)[-1]) ** (t - s)


def jacobian_rows_by_backward(hs, W_h, s, t):
    """Row i is the unit vector e_i sent back."""
    rows = np.eye(len(W_h))
    for k in range(t, s, -1):
        rows = (rows * (1 - hs[k] ** 2)) @ W_h
    return rows, float(np.exp(np.log(_bound(hs, W_h, s, t))))


def jacobian_einsum(hs, W_h, s, t):
    J = np.eye(W_h.shape[0])
    for h in hs[s + 1 : t + 1]:
        J = np.einsum("i,ij,jk->ik", 1 - h**2, W_h, J)
    return J, _bound(hs, W_h, s, t)


# --- all losses ------------------------------------------------------------------------------------


def caches_of(hs, h0, W_h):
    """The library's caches of a net with these states: W_x is 1 and x_t what a_t holds beside W_h h.

    So its dx is da.
    """
    H = len(W_h)
    drive = np.arctanh(hs) - np.concatenate([h0[None], hs[:-1]]) @ W_h.T
    params = RNNParams(np.eye(H), W_h, np.zeros(H))
    return recurrent.unroll_forward(recurrent.rnn_step_forward, params, drive, h0)[1]


def backward_loop(dhs, x, hs, h0, W_x, W_h):
    dx = np.zeros_like(x)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(W_h[0])
    from_next = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        da = (dhs[t] + from_next) * (1 - hs[t] ** 2)
        before = hs[t - 1] if t else h0
        dW_x += da.T @ x[t]
        dW_h += da.T @ before
        db += da.sum(axis=0)
        dx[t] = da @ W_x
        from_next = da @ W_h
    return dx, from_next, dW_x, dW_h, db


def backward_sums_after(dhs, x, hs, h0, W_x, W_h):
    """The loop only for da; the sums over time in one product each."""
    das, dh = [None] * len(x), dhs[-1]
    for t in range(len(x) - 1, -1, -1):
        das[t] = dh / np.cosh(np.arctanh(hs[t])) ** 2
        dh = das[t] @ W_h + (dhs[t - 1] if t else 0)
    da = np.stack(das)
    before = np.concatenate([h0[None], hs[:-1]])
    flat = da.reshape(-1, da.shape[-1])
    dW_h = flat.T @ before.reshape(flat.shape)
    return da @ W_x, dh, flat.T @ x.reshape(len(flat), -1), dW_h, flat.sum(axis=0)


def backward_in_place(dhs, x, hs, h0, W_x, W_h):
    """The gradients of the states collect in a copy of dhs, one further for h_0."""
    dh = np.concatenate([np.zeros_like(h0)[None], dhs])
    states = np.concatenate([h0[None], hs])
    for t in range(len(x), 0, -1):
        dh[t] *= 1 - states[t] ** 2
        dh[t - 1] += np.einsum("nj,jk->nk", dh[t], W_h)
    da = dh[1:]
    return [
        np.einsum("tnh,hd->tnd", da, W_x),
        dh[0],
        np.einsum("tnh,tnd->hd", da, x),
        np.einsum("tnh,tnk->hk", da, states[:-1]),
        np.einsum("tnh->h", da),
    ]


def backward_recursive(dhs, x, hs, h0, W_x, W_h):
    if not len(x):
        return x, np.zeros_like(h0), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dx, dh, dW_x, dW_h, db = backward_recursive(dhs[1:], x[1:], hs[1:], hs[0], W_x, W_h)
    da = (dhs[0] + dh) * (1 - hs[0]) * (1 + hs[0])
    dx = np.concatenate([(da @ W_x)[None], dx])
    return dx, da @ W_h, dW_x + da.T @ x[0], dW_h + da.T @ h0, db + da.sum(0)


def backward_columns(dhs, x, hs, h0, W_x, W_h):
    dx, dh0 = np.zeros(x.shape), np.zeros(h0.shape)
    dW_x, dW_h, db = np.zeros(W_x.shape), np.zeros(W_h.shape), np.zeros(len(W_h))
    for n in range(x.shape[1]):
        carried = np.zeros(len(W_h))
        for t in range(len(x) - 1, -1, -1):
            da = (1 - hs[t, n] ** 2) * (dhs[t, n] + carried)
            dW_x += np.outer(da, x[t, n])
            dW_h += np.outer(da, h0[n] if t == 0 else hs[t - 1, n])
            db += da
            dx[t, n], carried = W_x.T @ da, W_h.T @ da
        dh0[n] = carried
    return dx, dh0, dW_x, dW_h, db


def backward_one_loss_at_a_time(dhs, x, hs, h0, W_x, W_h):
    """The double sum, of all five gradients."""
    da, dh0 = np.zeros_like(hs), np.zeros_like(h0)
    for t in range(len(x)):
        deltas = signals_filled(dhs[t], hs[: t + 1], W_h)
        da[: t + 1] += deltas
        dh0 += deltas[0] @ W_h
    before = np.concatenate([h0[None], hs[:-1]])
    dW_x, dW_h = (sum(d.T @ v for d, v in zip(da, values, strict=True)) for values in (x, before))
    return da @ W_x, dh0, dW_x, dW_h, da.sum(axis=(0, 1))


def backward_by_library(dhs, x, hs, h0, W_x, W_h):
    step_back = recurrent.rnn_step_backward
    da, totals, grads = recurrent.unroll_backward(step_back, dhs, caches_of(hs, h0, W_h))
    return da @ W_x, totals[0], np.einsum("tnh,tnd->hd", da, x), grads.W_h, grads.b


def backward_complex_step(dhs, x, hs, h0, W_x, W_h):
    """Through the forward pass itself; b is what a_t has beside W_h h and W_x x."""
    b = np.arctanh(hs[0, 0]) - W_h @ h0[0] - W_x @ x[0, 0]
    args = {"x": x, "h0": h0, "W_x": W_x, "W_h": W_h, "b": b}

    def loss(name):
        return lambda value: (dhs * forward_list(**args | {name: value})).sum()

    return tuple(_complex(loss(name), value) for name, value in args.items())


def double_pairs(dhs, x, hs, h0, W_h):
    dW_x, dW_h = np.zeros((len(W_h), x.shape[2]), W_h.dtype), np.zeros_like(W_h)
    for t in range(len(x)):
        delta = dhs[t] * (1 - hs[t] ** 2)
        for k in range(t, -1, -1):
            dW_x += delta.T @ x[k]
            dW_h += delta.T @ (hs[k - 1] if k else h0)
            if k:
                delta = (delta @ W_h) * (1 - hs[k - 1] ** 2)
    return dW_x, dW_h


def double_steps_first(dhs, x, hs, h0, W_h):
    """The sums exchanged: for every step k, over the losses t ≥ k."""
    signals = [signals_filled(dhs[t], hs[: t + 1], W_h) for t in range(len(x))]
    dW_x, dW_h = 0, 0
    for k in range(len(x)):
        da = sum(signals[t][k] for t in range(k, len(x)))
        dW_x, dW_h = dW_x + da.T @ x[k], dW_h + da.T @ (h0 if k == 0 else hs[k - 1])
    return dW_x, dW_h


def double_as_one_pass(dhs, x, hs, h0, W_h):
    """The accumulated pass, which gives the same numbers."""
    W_x = np.zeros((len(W_h), x.shape[-1]))
    return backward_loop(dhs, x, hs, h0, W_x, W_h)[2:4]


def double_by_library(dhs, x, hs, h0, W_h):
    da, _, grads = recurrent.rnn_double_sum(dhs, caches_of(hs, h0, W_h))
    return [np.einsum("tnh,tnd->hd", da, x), grads.W_h]


def double_outer_products(dhs, x, hs, h0, W_h):
    dW_x, dW_h = np.zeros((len(W_h), x.shape[2])), np.zeros(W_h.shape)
    for n in range(x.shape[1]):
        states = np.vstack([h0[n][None], hs[:, n]])
        for t in range(len(x)):
            v = dhs[t, n]
            for k in range(t + 1, 0, -1):
                v = (1 - states[k] ** 2) * v
                dW_x += np.outer(v, x[k - 1, n])
                dW_h += np.outer(v, states[k - 1])
                v = W_h.T @ v
    return dW_x, dW_h


def double_by_jacobians(dhs, x, hs, h0, W_h):
    """With ∂h_t/∂h_k multiplied out for every pair."""
    T, N, H = hs.shape
    before = np.concatenate([h0[None], hs[:-1]])
    dW_x, dW_h = np.zeros((H, x.shape[2])), np.zeros((H, H))
    for n in range(N):
        for k in range(T):
            J = np.eye(H)
            for t in range(k, T):
                if t > k:
                    J = (1 - hs[t, n] ** 2)[:, None] * (W_h @ J)
                delta = (dhs[t, n] @ J) * (1 - hs[k, n] ** 2)
                dW_x += delta[:, None] * x[k, n]
                dW_h += delta[:, None] * before[k, n]
    return dW_x, dW_h


def lags_pairs(dhs, hs, h0, W_h):
    parts = np.zeros((len(hs), *W_h.shape), W_h.dtype)
    for t in range(len(hs)):
        dh = dhs[t]
        for lag in range(t + 1):
            k = t - lag
            delta = dh * (1 - hs[k] ** 2)
            parts[lag] += delta.T @ (hs[k - 1] if k > 0 else h0)
            dh = delta @ W_h
    return parts


def lags_all_losses_at_once(dhs, hs, h0, W_h):
    """One lag after the other: all T losses step back together."""
    states = np.concatenate([h0[None], hs])
    slopes, signal, parts = 1 - hs**2, dhs, []
    for lag in range(len(hs)):
        stop = len(hs) - lag
        signal = signal[-stop:] * slopes[:stop]
        parts.append(np.einsum("tnh,tnk->hk", signal, states[:stop]))
        signal = (signal @ W_h)[1:]
        if not len(signal):
            break
    return parts


def lags_by_signals(dhs, hs, h0, W_h):
    before = np.concatenate([h0[None], hs[:-1]])
    parts = [0] * len(hs)
    for t in range(len(hs)):
        for k, delta in enumerate(signals_filled(dhs[t], hs[: t + 1], W_h)):
            parts[t - k] = parts[t - k] + delta.T @ before[k]
    return np.stack(parts)


def lags_from_windows(dhs, hs, h0, W_h):
    """The difference between windows of τ + 1 and τ steps."""

    def window(steps):
        total = np.zeros_like(W_h)
        for t in range(len(hs)):
            dh = dhs[t]
            for k in range(t, max(t - steps, -1), -1):
                delta = dh * (1 - hs[k] ** 2)
                total += delta.T @ (hs[k - 1] if k else h0)
                dh = delta @ W_h
        return total

    return np.diff([window(steps) for steps in range(len(hs) + 1)], axis=0)


def lags_by_library(dhs, hs, h0, W_h):
    caches = caches_of(hs, h0, W_h)
    return recurrent.gradients_by_lag(recurrent.rnn_step_backward, dhs, caches).W_h


def lags_columns(dhs, hs, h0, W_h):
    parts = np.zeros((len(hs), *W_h.shape))
    for t, n in np.ndindex(*hs.shape[:2]):
        v = np.diag(1 - hs[t, n] ** 2) @ dhs[t, n]
        for k in range(t, -1, -1):
            parts[t - k] += np.outer(v, h0[n] if k == 0 else hs[k - 1, n])
            v = (W_h.T @ v) * (1 - hs[k - 1, n] ** 2)
    return parts


# --- masked loss -----------------------------------------------------------------------------------


def masked_log_softmax(z, labels, mask):
    shifted = z - z.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    picked = np.take_along_axis(log_p, np.maximum(labels, 0)[..., None], axis=-1)[..., 0]
    dz = np.exp(log_p)
    np.put_along_axis(dz, np.maximum(labels, 0)[..., None], np.exp(picked)[..., None] - 1, axis=-1)
    return -(picked * mask).sum() / mask.sum(), dz * mask[..., None] / mask.sum()


def masked_selected_rows(z, labels, mask):
    """Only the rows with a target are looked at."""
    keep = mask > 0
    rows, targets = z[keep], labels[keep]
    norm = np.logaddexp.reduce(rows, axis=1)
    d = np.exp(rows - norm[:, None])
    d[np.arange(len(rows)), targets] -= 1
    dz = np.zeros_like(z)
    dz[keep] = d / keep.sum()
    return np.mean(norm - rows[np.arange(len(rows)), targets]), dz


def masked_in_loops(z, labels, mask):
    loss, dz, count = 0.0, np.zeros(z.shape), 0
    for t, n in np.ndindex(*mask.shape):
        if mask[t, n] == 0:
            continue
        e = [math.exp(v - max(z[t, n])) for v in z[t, n]]
        loss += math.log(sum(e)) + max(z[t, n]) - z[t, n, labels[t, n]]
        dz[t, n] = [v / sum(e) for v in e]
        dz[t, n, labels[t, n]] -= 1
        count += 1
    return loss / count, dz / count


def masked_where(z, labels, mask):
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    y = np.eye(z.shape[-1])[labels] * mask[..., None]
    likely = np.where(mask > 0, (p * y).sum(axis=-1), 1.0)
    return -np.log(likely).sum() / np.count_nonzero(mask), (p * mask[..., None] - y) / np.count_nonzero(mask)


def masked_step_by_step(z, labels, mask):
    total, dz = 0.0, []
    for scores, label, m in zip(z, labels, mask, strict=True):
        top = scores.max(axis=1, keepdims=True)
        e = np.exp(scores - top)
        rows = np.arange(len(label))
        total += (m * (np.log(e.sum(axis=1)) + top[:, 0] - scores[rows, label])).sum()
        d = e / e.sum(axis=1)[:, None]
        d[rows, label] -= 1
        dz.append(m[:, None] * d)
    return total / mask.sum(), [d / mask.sum() for d in dz]


def masked_weights(z, labels, mask):
    weight = mask / mask.sum()
    norm = np.logaddexp.reduce(z, axis=-1)
    y = np.arange(z.shape[-1]) == labels[..., None]
    losses_ = norm - np.where(y, z, 0).sum(axis=-1) * (labels >= 0)
    return np.einsum("tn,tn->", weight, np.where(mask > 0, losses_, 0)), weight[..., None] * (
        np.exp(z - norm[..., None]) - y
    )


def masked_by_library(z, labels, mask):
    loss, cache = losses.softmax_cross_entropy_forward(z, labels, mask)
    return np.array(loss), losses.softmax_cross_entropy_backward(1, cache)


# --- truncated and checkpointed --------------------------------------------------------------------


def truncated_segments(dhs, x, hs, h0, W_x, W_h, k):
    """Each segment is a sequence of its own, with the carried state as its first."""
    dx, dh0, totals = [], None, [0, 0, 0]
    for start in range(0, len(x), k):
        s = slice(start, start + k)
        first = h0 if start == 0 else hs[start - 1]
        part, back, *weights = backward_loop(dhs[s], x[s], hs[s], first, W_x, W_h)
        dx.append(part)
        dh0 = back if start == 0 else dh0
        totals = [a + b for a, b in zip(totals, weights, strict=True)]
    return np.concatenate(dx), dh0, *totals


def truncated_one_loop(dhs, x, hs, h0, W_x, W_h, k):
    da, from_next = np.zeros_like(hs), 0 * h0
    for t in reversed(range(len(x))):
        if (t + 1) % k == 0:
            from_next = 0 * h0
        da[t] = (dhs[t] + from_next) * (1 - hs[t] ** 2)
        from_next = da[t] @ W_h
    before = np.concatenate([h0[None], hs[:-1]])
    dW_x, dW_h = np.tensordot(da, x, ([0, 1], [0, 1])), np.tensordot(da, before, ([0, 1], [0, 1]))
    return da @ W_x, from_next, dW_x, dW_h, da.sum(axis=(0, 1))


def truncated_one_loss_at_a_time(dhs, x, hs, h0, W_x, W_h, k):
    da, dh0 = np.zeros_like(hs), np.zeros_like(h0)
    for t in range(len(x)):
        start = t // k * k
        deltas = signals_filled(dhs[t], hs[start : t + 1], W_h)
        da[start : t + 1] += deltas
        if start == 0:
            dh0 += deltas[0] @ W_h
    before = np.concatenate([h0[None], hs[:-1]])
    dW_x, dW_h = np.einsum("tnh,tnd->hd", da, x), np.einsum("tnh,tnk->hk", da, before)
    return [da @ W_x, dh0, dW_x, dW_h, da.sum(axis=1).sum(axis=0)]


def truncated_last_to_first(dhs, x, hs, h0, W_x, W_h, k):
    borders = [*range(0, len(x), k), len(x)]
    out = np.zeros_like(x), None, np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(len(W_h))
    dx, _, dW_x, dW_h, db = out
    for start, stop in zip(borders[-2::-1], borders[:0:-1], strict=True):
        carried = np.zeros_like(h0)
        for t in range(stop - 1, start - 1, -1):
            da = (1 - hs[t] ** 2) * (carried + dhs[t])
            carried = da @ W_h
            dx[t] = da @ W_x
            dW_x += da.T @ x[t]
            dW_h += da.T @ (hs[t - 1] if t else h0)
            db += da.sum(0)
    return dx, carried, dW_x, dW_h, db


def _with_bias(x, hs, h0, W_x, W_h):
    return RNNParams(W_x, W_h, np.arctanh(hs[0, 0]) - W_h @ h0[0] - W_x @ x[0, 0])


def truncated_by_library(dhs, x, hs, h0, W_x, W_h, k):
    dx = np.zeros_like(x)
    result = memory.truncated_bptt(
        "rnn",
        _with_bias(x, hs, h0, W_x, W_h),
        x,
        h0,
        lambda states, start, stop: (0.0, dhs[start:stop]),
        k=k,
        on_dx=lambda part, start, stop: dx.__setitem__(slice(start, stop), part),
    )
    return dx, result.dstate0, *result.grads


def truncated_recursive(dhs, x, hs, h0, W_x, W_h, k):
    dx, dh0, *weights = backward_recursive(dhs[:k], x[:k], hs[:k], h0, W_x, W_h)
    if len(x) > k:
        later, _, *more = truncated_recursive(dhs[k:], x[k:], hs[k:], hs[k - 1], W_x, W_h, k)
        dx = np.concatenate([dx, later])
        weights = [a + b for a, b in zip(weights, more, strict=True)]
    return dx, dh0, *weights


def checkpointed_segments(dhs, x, h0, W_x, W_h, b, every):
    T, kept, h = len(x), [], h0
    for t in range(T):
        if t % every == 0:
            kept.append(h)
        h = np.tanh(x[t] @ W_x.T + h @ W_h.T + b)
    dx, back = np.zeros_like(x), np.zeros_like(h0)
    totals = [np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(b)]
    for j in reversed(range(len(kept))):
        s = slice(j * every, min((j + 1) * every, T))
        hs = forward_list(x[s], kept[j], W_x, W_h, b)
        d = dhs[s].copy()
        d[-1] += back
        dx[s], back, *weights = backward_loop(d, x[s], hs, kept[j], W_x, W_h)
        totals = [a + w for a, w in zip(totals, weights, strict=True)]
    return dx, back, *totals, np.stack(kept)


def checkpointed_one_step_at_a_time(dhs, x, h0, W_x, W_h, b, every):
    """Every state is computed again from the checkpoint before it, one by one."""
    T = len(x)
    kept = {0: h0}
    h = h0
    for t in range(1, T):
        h = np.tanh(x[t - 1] @ W_x.T + h @ W_h.T + b)
        if t % every == 0:
            kept[t] = h

    def state(t):
        start = min(t // every * every, max(kept))
        h = kept[start]
        for i in range(start, t):
            h = np.tanh(x[i] @ W_x.T + h @ W_h.T + b)
        return h

    dx, back, dW_x, dW_h, db = np.zeros_like(x), 0, 0, 0, 0
    for t in range(T, 0, -1):
        da = (dhs[t - 1] + back) * (1 - state(t) ** 2)
        dx[t - 1], back = da @ W_x, da @ W_h
        dW_x, dW_h, db = dW_x + da.T @ x[t - 1], dW_h + da.T @ state(t - 1), db + da.sum(axis=0)
    return dx, back, dW_x, dW_h, db, [kept[t] for t in sorted(kept)]


def checkpointed_from_full_storage(dhs, x, h0, W_x, W_h, b, every):
    hs = forward_inputs_first(x, h0, W_x, W_h, b)
    kept = np.concatenate([h0[None], hs])[:-1:every]
    return *backward_sums_after(dhs, x, hs, h0, W_x, W_h), kept


def checkpointed_recursive(dhs, x, h0, W_x, W_h, b, every):
    """The first segment waits for the rest of the sequence."""
    hs = forward_list(x[:every], h0, W_x, W_h, b)
    if len(x) <= every:
        return *backward_in_place(dhs, x, hs, h0, W_x, W_h), h0[None]
    later = checkpointed_recursive(dhs[every:], x[every:], hs[-1], W_x, W_h, b, every)
    d = dhs[:every].copy()
    d[-1] = d[-1] + later[1]
    first = backward_in_place(d, x[:every], hs, h0, W_x, W_h)
    weights = [a + w for a, w in zip(first[2:], later[2:5], strict=True)]
    return np.concatenate([first[0], later[0]]), first[1], *weights, np.concatenate([h0[None], later[5]])


def checkpointed_by_library(dhs, x, h0, W_x, W_h, b, every):
    """With the unrolled steps in place of the kernel, and fewer slots than segments."""
    dx, seen = np.zeros_like(x), {}

    def loss(states, start, stop):
        seen[start] = states[-1].copy()
        return 0.0, dhs[start:stop]

    result = memory.checkpointed_bptt(
        memory.from_steps("rnn"),
        RNNParams(W_x, W_h, b),
        x,
        h0,
        loss,
        every=every,
        slots=2,
        on_dx=lambda part, start, stop: dx.__setitem__(slice(start, stop), part),
    )
    kept = [h0, *(seen[start] for start in sorted(seen)[:-1])]
    return dx, result.dstate0, *result.grads, kept


def checkpointed_by_kernel(dhs, x, h0, W_x, W_h, b, every):
    states, cache = fast.rnn_forward(RNNParams(W_x, W_h, b), x, h0)
    dx, dh0, grads = fast.rnn_backward(dhs, cache)
    return [dx, dh0, *grads, [h0, *states[every - 1 : -1 : every]]]


def plan_ranges(T, every):
    starts = list(range(0, T, every))
    segments = [(start, min(start + every, T)) for start in reversed(starts)]
    return starts, segments, len(starts) + max(b - a for a, b in segments), T + starts[-1]


def plan_arrays(T, every):
    kept = np.arange(0, T, every)
    stops = np.append(kept[1:], T)
    segments = np.stack([kept, stops], axis=1)[::-1]
    longest = (segments[:, 1] - segments[:, 0]).max()
    return kept, segments, kept.size + longest, T + kept[-1]


def plan_by_walking(T, every):
    kept, segments = [], []
    for t in range(T):
        if t % every == 0:
            kept.append(t)
            segments.insert(0, [t, t])
        segments[0][1] = t + 1
    again = sum(stop - start for start, stop in segments[1:])
    return kept, segments, float(len(kept) + min(every, T)), float(T + again)


def plan_closed_form(T, every):
    count = math.ceil(T / every)
    kept = [j * every for j in range(count)]
    segments = np.array([[j * every, min(T, j * every + every)] for j in range(count - 1, -1, -1)])
    return np.array(kept, float), segments, count + min(every, T), T + (count - 1) * every


def plan_array_split(T, every):
    pieces = np.split(np.arange(T), range(every, T, every))
    segments = [(p[0], p[-1] + 1) for p in pieces][::-1]
    peak = len(pieces) + max(map(len, pieces))
    return [p[0] for p in pieces], segments, peak, 2 * T - len(pieces[-1])


def plan_last_twice(T, every):
    """The last segment is run again like the others: the convention that is accepted."""
    kept, segments, peak, _ = plan_ranges(T, every)
    return kept, segments, peak, 2 * T


def binomial_formula(length, slots):
    r = 0
    while math.comb(slots + r, slots) < length:
        r += 1
    return r, r * length - math.comb(slots + r, slots + 1)


def binomial_by_next(length, slots):
    r = next(r for r in range(length + 1) if math.comb(slots + r, r) >= length)
    return np.array([r, r * length - math.comb(slots + r, r - 1) if r else 0])


@functools.cache
def _fewest(length, slots):
    """By search over the place of the next checkpoint."""
    if length <= 1:
        return 0
    if slots == 1:
        return length * (length - 1) // 2
    return min(m + _fewest(m, slots) + _fewest(length - m, slots - 1) for m in range(1, length))


def binomial_by_search(length, slots):
    r, reach = 0, 1
    while reach < length:
        r += 1
        reach = reach * (slots + r) // r  # C(S + r, S) from C(S + r − 1, S)
    return r, _fewest(length, slots)


def binomial_by_factorials(length, slots):
    def choose(n, k):
        return math.factorial(n) // math.factorial(k) // math.factorial(n - k) if k <= n else 0

    r = 0
    while choose(slots + r, r) < length:
        r += 1
    return float(r), float(r * length - choose(slots + r, slots + 1))


def binomial_by_levels(length, slots):
    """Step by step: C(S − 1 + i, S − 1) of them are repeated i times, until there are enough."""
    extra, left, r = 0, length, 0
    while left > 0:
        here = min(left, math.comb(slots - 1 + r, slots - 1))
        extra, left, r = extra + r * here, left - here, r + 1
    return [r - 1, extra]


def binomial_by_library(length, slots):
    r = 0
    while math.comb(slots + r, slots) < length:
        r += 1
    return r, memory.binomial_advances(length, slots)


RIGHT = {
    "ps6.rnn_forward": dressed(
        forward_list,
        forward_inputs_first,
        forward_one_matrix,
        forward_einsum,
        forward_columns,
        forward_recursive,
    ),
    "ps6.output_gradients": dressed(
        output_by_index,
        output_in_loops,
        output_step_by_step,
        output_flattened,
        output_by_library,
        output_complex_step,
    ),
    "ps6.error_signals": dressed(
        signals_filled,
        signals_list,
        signals_cosh,
        signals_columns,
        signals_by_jacobians,
        signals_complex_step,
    ),
    "ps6.state_jacobian": dressed(
        jacobian_left_to_right,
        jacobian_from_the_end,
        jacobian_reduce,
        jacobian_complex_step,
        jacobian_rows_by_backward,
        jacobian_einsum,
    ),
    "ps6.double_sum": dressed(
        double_pairs,
        double_steps_first,
        double_as_one_pass,
        double_by_library,
        double_outer_products,
        double_by_jacobians,
    ),
    "ps6.rnn_backward": dressed(
        backward_loop,
        backward_sums_after,
        backward_in_place,
        backward_recursive,
        backward_columns,
        backward_one_loss_at_a_time,
        backward_by_library,
        backward_complex_step,
    ),
    "ps6.gradient_by_lag": dressed(
        lags_pairs,
        lags_all_losses_at_once,
        lags_by_signals,
        lags_from_windows,
        lags_by_library,
        lags_columns,
    ),
    "ps6.masked_sequence_loss": dressed(
        masked_log_softmax,
        masked_selected_rows,
        masked_in_loops,
        masked_where,
        masked_step_by_step,
        masked_weights,
        masked_by_library,
    ),
    "ps6.truncated_backward": dressed(
        truncated_segments,
        truncated_one_loop,
        truncated_one_loss_at_a_time,
        truncated_last_to_first,
        truncated_by_library,
        truncated_recursive,
    ),
    "ps6.checkpointed_backward": dressed(
        checkpointed_segments,
        checkpointed_one_step_at_a_time,
        checkpointed_from_full_storage,
        checkpointed_recursive,
        checkpointed_by_library,
        checkpointed_by_kernel,
    ),
    "ps6.checkpoint_plan": dressed(
        plan_ranges,
        plan_arrays,
        plan_by_walking,
        plan_closed_form,
        plan_array_split,
        plan_last_twice,
    ),
    "ps6.binomial_cost": dressed(
        binomial_formula,
        binomial_by_next,
        binomial_by_search,
        binomial_by_factorials,
        binomial_by_levels,
        binomial_by_library,
    ),
}
