"""Right answers to problem set 7 that look different."""

import math

import numpy as np

from right_answers.clothes import dressed
from vgcourse.recurrent import (
    GRUParams,
    LSTMParams,
    UGRNNParams,
    gru_step_backward,
    gru_step_forward,
    lstm_step_backward,
    lstm_step_forward,
    ugrnn_step_backward,
    ugrnn_step_forward,
    unroll_backward,
)
from vgcourse.recurrent import bidirectional_forward as library_bidirectional
from vgcourse.recurrent.gated import GRUCache, UGRNNCache
from vgcourse.recurrent.lstm import LSTMCache


def sigma(z):
    return 1 / (1 + np.exp(-z))


def logit(p):
    return np.log(p / (1 - p))


def complex_step(loss, arrays, which):
    """The gradients of a loss by some of its arrays, one entry at a time."""
    grads = []
    for k in which:
        grad = np.zeros(arrays[k].shape)
        for i in np.ndindex(grad.shape):
            moved = [a.astype(complex) if j == k else a for j, a in enumerate(arrays)]
            moved[k][i] += 1e-20j
            grad[i] = loss(*moved).imag / 1e-20
        grads.append(grad)
    return tuple(grads)


# --- LSTM, one step --------------------------------------------------------------------------------


def lstm_split(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    a_i, a_f, a_g, a_o = np.split(x @ W_x.T + h_prev @ W_h.T + b, 4, axis=1)
    i, f, g = sigma(a_i + p_i * c_prev), sigma(a_f + p_f * c_prev), np.tanh(a_g)
    c = f * c_prev + i * g
    o = sigma(a_o + p_o * c)
    return o * np.tanh(c), c, i, f, g, o


def lstm_half_tanh(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    """σ(z) = (1 + tanh(z/2))/2."""
    H = len(p_i)
    a = np.hstack([x, h_prev]) @ np.hstack([W_x, W_h]).T + b
    a[:, :H] += p_i * c_prev
    a[:, H : 2 * H] += p_f * c_prev
    i, f = (1 + np.tanh(a[:, : 2 * H].reshape(len(x), 2, H).swapaxes(0, 1) / 2)) / 2
    g = np.tanh(a[:, 2 * H : 3 * H])
    c = c_prev * f + g * i
    o = (1 + np.tanh((a[:, 3 * H :] + p_o * c) / 2)) / 2
    return np.tanh(c) * o, c, i, f, g, o


def lstm_einsum(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    H = len(p_i)
    a = np.einsum("nd,khd->knh", x, W_x.reshape(4, H, -1)) + np.einsum(
        "nj,khj->knh", h_prev, W_h.reshape(4, H, H)
    )
    a = a + b.reshape(4, 1, H)
    i, f = sigma(a[:2] + np.stack([p_i, p_f])[:, None] * c_prev)
    g = np.tanh(a[2])
    c = i * g + f * c_prev
    o = sigma(a[3] + c * p_o)
    return o * np.tanh(c), c, i, f, g, o


def lstm_columns(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    """Texts with column vectors: everything transposed."""
    H = len(p_i)
    A, C = W_x @ x.T + W_h @ h_prev.T + b[:, None], c_prev.T
    i, f = sigma(A[:H] + p_i[:, None] * C), sigma(A[H : 2 * H] + p_f[:, None] * C)
    g = np.tanh(A[2 * H : 3 * H])
    C = f * C + i * g
    o = sigma(A[3 * H :] + p_o[:, None] * C)
    return (o * np.tanh(C)).T, C.T, i.T, f.T, g.T, o.T


def lstm_loops(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    H = len(p_i)
    out = np.zeros((6, len(x), H))
    for n in range(len(x)):
        for k in range(H):
            a = [W_x[j * H + k] @ x[n] + W_h[j * H + k] @ h_prev[n] + b[j * H + k] for j in range(4)]
            i = 1 / (1 + math.exp(-a[0] - p_i[k] * c_prev[n, k]))
            f = 1 / (1 + math.exp(-a[1] - p_f[k] * c_prev[n, k]))
            g = math.tanh(a[2])
            c = f * c_prev[n, k] + i * g
            o = 1 / (1 + math.exp(-a[3] - p_o[k] * c))
            out[:, n, k] = o * math.tanh(c), c, i, f, g, o
    return tuple(out)


def lstm_by_library(x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o):
    params = LSTMParams(W_x, W_h, b, np.stack([p_i, p_f, p_o]))
    state, cache = lstm_step_forward(params, x, np.stack([h_prev, c_prev]))
    return *state, cache.i, cache.f, cache.g, cache.o


def back_plain(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    i, f, g, o = gates
    da_o = dh * np.tanh(c) * o * (1 - o)
    dc = dc + dh * o / np.cosh(c) ** 2 + da_o * p_o
    da_i, da_f, da_g = dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dc_prev = dc * f + da_i * p_i + da_f * p_f
    dp = [(da_i * c_prev).sum(0), (da_f * c_prev).sum(0), (da_o * c).sum(0)]
    return da @ W_x, da @ W_h, dc_prev, da.T @ x, da.T @ h_prev, da.sum(0), *dp


def _lstm_cache(x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    i, f, g, o = gates
    a = np.concatenate([logit(i), logit(f), np.arctanh(g), logit(o)], axis=1)
    params = LSTMParams(W_x, W_h, np.zeros(len(W_x)), np.stack([p_i, p_f, p_o]))
    return LSTMCache(params, x, h_prev, c_prev, a, i, f, g, o, c)


def back_by_library(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    cache = _lstm_cache(x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o)
    dx, dstate, grads = lstm_step_backward(np.stack([dh, dc]), cache)
    return dx, *dstate, *grads[:3], *grads.p


def back_complex_step(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    """The forward step again, its bias found from the gates."""
    i, f, g, o = gates
    a = [logit(i) - p_i * c_prev, logit(f) - p_f * c_prev, np.arctanh(g), logit(o) - p_o * c]
    b = (np.concatenate(a, axis=1) - x @ W_x.T - h_prev @ W_h.T)[0]

    def loss(*arrays):
        h, c, *_ = lstm_split(*arrays)
        return (dh * h).sum() + (dc * c).sum()

    return complex_step(loss, (x, h_prev, c_prev, W_x, W_h, b, p_i, p_f, p_o), range(9))


def back_one_example_at_a_time(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    rows, sums = [], None
    for n in range(len(x)):
        one = slice(n, n + 1)
        args = (
            dh[one],
            dc[one],
            x[one],
            h_prev[one],
            c_prev[one],
            gates[:, one],
            c[one],
            W_x,
            W_h,
            p_i,
            p_f,
            p_o,
        )
        out = back_plain(*args)
        rows.append(out[:3])
        sums = out[3:] if sums is None else [s + new for s, new in zip(sums, out[3:], strict=True)]
    return *(np.concatenate(part) for part in zip(*rows, strict=True)), *sums


def back_gate_by_gate(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    """Each gate's part added to dx, dh_prev and dc_prev on its own."""
    H = dh.shape[1]
    i, f, g, o = gates
    shown = np.tanh(c)
    da = np.zeros((4, *dh.shape))
    da[3] = dh * shown * o * (1 - o)
    dc = dc + dh * o * (1 - shown * shown)
    dc += p_o * da[3]
    for k, (other, slope) in enumerate(((g, i - i**2), (c_prev, f - f**2), (i, 1 - g * g))):
        da[k] = dc * other * slope
    dx, dh_prev, dc_prev = np.zeros_like(x), np.zeros_like(dh), f * dc
    for k in range(4):
        dx += da[k] @ W_x[k * H : (k + 1) * H]
        dh_prev += da[k] @ W_h[k * H : (k + 1) * H]
    dc_prev += p_i * da[0]
    dc_prev += p_f * da[1]
    dW_x, dW_h = np.vstack([(x.T @ d).T for d in da]), np.vstack([(h_prev.T @ d).T for d in da])
    peeps = ((d * m).sum(axis=0) for d, m in zip(da[[0, 1, 3]], (c_prev, c_prev, c), strict=True))
    return dx, dh_prev, dc_prev, dW_x, dW_h, np.hstack(da.sum(axis=1)), *peeps


def back_einsum(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    H = dh.shape[1]
    i, f, g, o = gates
    do = dh * np.tanh(c) * (o - o * o)
    dc = np.add(dc, dh * o * (1 - np.tanh(c) ** 2)) + np.einsum("nh,h->nh", do, p_o)
    da = np.stack([dc * g * (i - i * i), dc * c_prev * (f - f * f), dc * i * (1 - g) * (1 + g), do])
    looked = np.stack([c_prev, c_prev, np.zeros_like(c), c])
    dp = np.einsum("knh,knh->kh", da, looked)
    return (
        np.einsum("knh,khd->nd", da, W_x.reshape(4, H, -1)),
        np.einsum("knh,khj->nj", da, W_h.reshape(4, H, H)),
        dc * f + np.einsum("knh,kh->nh", da[:2], np.stack([p_i, p_f])),
        np.einsum("knh,nd->khd", da, x).reshape(4 * H, -1),
        np.einsum("knh,nj->khj", da, h_prev).reshape(4 * H, H),
        da.sum(axis=1).ravel(),
        dp[0],
        dp[1],
        dp[3],
    )


# --- LSTM, a sequence ------------------------------------------------------------------------------


def sequence_loop(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    dh, dc, dx, sums = 0, dc_T, [], [0] * 6
    for t in reversed(range(len(x))):
        step = (x[t], hs[t], cs[t], gates[t], cs[t + 1], W_x, W_h, p_i, p_f, p_o)
        dx_t, dh, dc, *grads = back_plain(dhs[t] + dh, dc, *step)
        dx.append(dx_t)
        sums = [s + new for s, new in zip(sums, grads, strict=True)]
    return np.stack(dx[::-1]), dh, dc, *sums


def sequence_by_library(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    caches = [
        _lstm_cache(x[t], hs[t], cs[t], gates[t], cs[t + 1], W_x, W_h, p_i, p_f, p_o) for t in range(len(x))
    ]
    dstates = np.stack([dhs, np.zeros_like(dhs)], axis=1)
    dstates[-1, 1] = dc_T
    dx, totals, grads = unroll_backward(lstm_step_backward, dstates, caches)
    return dx, *totals[0], *grads[:3], *grads.p


def sequence_weights_at_the_end(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    """Only the loop over da is sequential; one product over steps and batch gives each weight."""
    T, N, H = dhs.shape
    da, dh, dc = np.zeros((T, N, 4, H)), np.zeros((N, H)), dc_T.copy()
    for t in range(T - 1, -1, -1):
        i, f, g, o = gates[t]
        dh = dh + dhs[t]
        da[t, :, 3] = dh * np.tanh(cs[t + 1]) * o * (1 - o)
        dc += dh * o * (1 - np.tanh(cs[t + 1]) ** 2) + da[t, :, 3] * p_o
        da[t, :, 0], da[t, :, 1], da[t, :, 2] = (
            dc * g * i * (1 - i),
            dc * cs[t] * f * (1 - f),
            dc * i * (1 - g**2),
        )
        dc = dc * f + da[t, :, 0] * p_i + da[t, :, 1] * p_f
        dh = da[t].reshape(N, -1) @ W_h
    flat = da.reshape(T, N, 4 * H)
    dW_x, dW_h = (
        np.tensordot(flat, x, axes=([0, 1], [0, 1])),
        np.tensordot(flat, hs[:-1], axes=([0, 1], [0, 1])),
    )
    dp = [(da[:, :, k] * memory).sum(axis=(0, 1)) for k, memory in ((0, cs[:-1]), (1, cs[:-1]), (3, cs[1:]))]
    return flat @ W_x, dh, dc, dW_x, dW_h, flat.sum(axis=(0, 1)), *dp


def sequence_looking_ahead(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    """The textbook's form: the gradient at t from the gates and signals of t + 1."""
    T, N, H = dhs.shape
    peep = np.zeros((T + 1, 2, N, H))  # da_i, da_f of step t at index t; step T has none after it
    da, dcs = np.zeros((T + 1, N, 4 * H)), np.zeros((T + 1, N, H))
    for t in range(T - 1, -1, -1):
        i, f, g, o = gates[t]
        dh = dhs[t] + da[t + 1] @ W_h
        slope_o = dh * np.tanh(cs[t + 1]) * o * (1 - o)
        after = (
            dc_T if t == T - 1 else dcs[t + 1] * gates[t + 1][1] + p_i * peep[t + 1, 0] + p_f * peep[t + 1, 1]
        )
        dcs[t] = dh * o * (1 - np.tanh(cs[t + 1]) ** 2) + slope_o * p_o + after
        peep[t] = dcs[t] * g * i * (1 - i), dcs[t] * cs[t] * f * (1 - f)
        da[t] = np.hstack([*peep[t], dcs[t] * i * (1 - g * g), slope_o])
    da = da[:T]
    dc0 = dcs[0] * gates[0][1] + p_i * peep[0, 0] + p_f * peep[0, 1]
    dp_i, dp_f = (peep[:T] * cs[:-1, None]).sum(axis=(0, 2))
    dp_o = (da[..., 3 * H :] * cs[1:]).sum((0, 1))
    dW_x, dW_h = np.einsum("tna,tnd->ad", da, x), np.einsum("tna,tnh->ah", da, hs[:-1])
    return da @ W_x, da[0] @ W_h, dc0, dW_x, dW_h, da.sum(axis=(0, 1)), dp_i, dp_f, dp_o


def sequence_recursive(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    """The last step, then the same function on what is before it."""
    if len(x) == 0:
        return np.zeros_like(x), np.zeros_like(hs[0]), dc_T, *([0.0] * 6)
    weights = (W_x, W_h, p_i, p_f, p_o)
    dx, dh, dc, *grads = back_einsum(dhs[-1], dc_T, x[-1], hs[-2], cs[-2], gates[-1], cs[-1], *weights)
    if len(x) == 1:
        return dx[None], dh, dc, *grads
    earlier = dhs[:-1].copy()
    earlier[-1] += dh
    rest, dh0, dc0, *sums = sequence_recursive(earlier, dc, x[:-1], hs[:-1], cs[:-1], gates[:-1], *weights)
    return np.concatenate([rest, dx[None]]), dh0, dc0, *(s + g for s, g in zip(sums, grads, strict=True))


def sequence_complex_step(dhs, dc_T, x, hs, cs, gates, W_x, W_h, p_i, p_f, p_o):
    i, f, g, o = gates[0]
    a = [logit(i) - p_i * cs[0], logit(f) - p_f * cs[0], np.arctanh(g), logit(o) - p_o * cs[1]]
    b = (np.concatenate(a, axis=1) - x[0] @ W_x.T - hs[0] @ W_h.T)[0]

    def loss(x, h, c, *params):
        total = 0
        for x_t, dh in zip(x, dhs, strict=True):
            h, c, *_ = lstm_split(x_t, h, c, *params)
            total = total + (dh * h).sum()
        return total + (dc_T * c).sum()

    return complex_step(loss, (x, hs[0], cs[0], W_x, W_h, b, p_i, p_f, p_o), range(9))


# --- the memory's path -----------------------------------------------------------------------------


def carousel_loop(gates, cs, p_i, p_f):
    carry = np.ones_like(cs)
    with_peepholes = np.ones_like(cs)
    for t in reversed(range(len(gates))):
        i, f, g, _ = gates[t]
        carry[t] = carry[t + 1] * f
        with_peepholes[t] = with_peepholes[t + 1] * (f + cs[t] * f * (1 - f) * p_f + g * i * (1 - i) * p_i)
    return carry, with_peepholes


def carousel_cumprod(gates, cs, p_i, p_f):
    i, f, g = gates[:, 0], gates[:, 1], gates[:, 2]
    factors = np.stack([f, f * (1 + cs[:-1] * (1 - f) * p_f) + g * (i - i**2) * p_i])
    products = np.cumprod(factors[:, ::-1], axis=1)[:, ::-1]
    return tuple(np.concatenate([products, np.ones_like(products[:, :1])], axis=1))


def carousel_prod_of_slices(gates, cs, p_i, p_f):
    def whole(factors):
        return np.array([np.prod(factors[t:], axis=0) for t in range(len(factors) + 1)])

    i, f, g, _ = gates.swapaxes(0, 1)
    return whole(f), whole(f + p_f * cs[:-1] * f * (1 - f) + p_i * g * i * (1 - i))


def carousel_entry_by_entry(gates, cs, p_i, p_f):
    T, N, H = len(gates), *cs.shape[1:]
    a, b = np.empty_like(cs), np.empty_like(cs)
    for n in range(N):
        for k in range(H):
            plain = peeped = 1.0
            a[T, n, k] = b[T, n, k] = 1
            for t in range(T, 0, -1):
                i, f, g, _ = (float(v) for v in gates[t - 1, :, n, k])
                plain *= f
                peeped *= f + cs[t - 1, n, k] * f * (1 - f) * p_f[k] + g * i * (1 - i) * p_i[k]
                a[t - 1, n, k], b[t - 1, n, k] = plain, peeped
    return a, b


def carousel_complex_step(gates, cs, p_i, p_f):
    """c_t moved a little, and the memory run to T with everything else held."""
    T = len(gates)

    def run(t, peep):
        c = cs[t] + 1e-20j
        for s in range(t, T):
            i, f, g, _ = gates[s]
            if peep:
                i, f = sigma(logit(i) + p_i * (c - cs[s])), sigma(logit(f) + p_f * (c - cs[s]))
            c = f * c + i * g
        return c.imag / 1e-20

    return tuple(np.stack([run(t, peep) for t in range(T + 1)]) for peep in (False, True))


def carousel_by_logarithms(gates, cs, p_i, p_f):
    logs = np.log(gates[:, 1])
    sums = np.concatenate([np.cumsum(logs[::-1], axis=0)[::-1], np.zeros_like(logs[:1])])
    return np.exp(sums), carousel_loop(gates, cs, p_i, p_f)[1]


# --- GRU -------------------------------------------------------------------------------------------


def gru_plain(x, h_prev, W_x, W_h, b, b_h):
    x_r, x_z, x_n = np.split(x @ W_x.T + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_h.T, 3, axis=1)
    r, z = sigma(x_r + h_r), sigma(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_h))
    return z * h_prev + (1 - z) * n, r, z, n


def gru_as_a_step(x, h_prev, W_x, W_h, b, b_h):
    """h + (1 − z)(n − h)."""
    _, r, z, n = gru_plain(x, h_prev, W_x, W_h, b, b_h)
    return h_prev + (1 - z) * (n - h_prev), r, z, n


def gru_einsum(x, h_prev, W_x, W_h, b, b_h):
    H = len(b_h)
    a = np.einsum("nd,khd->knh", x, W_x.reshape(3, H, -1)) + b.reshape(3, 1, H)
    m = np.einsum("nj,khj->knh", h_prev, W_h.reshape(3, H, H))
    r, z = sigma(a[:2] + m[:2])
    n = np.tanh(a[2] + r * m[2] + r * b_h)
    return n - z * n + z * h_prev, r, z, n


def gru_loops(x, h_prev, W_x, W_h, b, b_h):
    N, H = h_prev.shape
    out = np.zeros((4, N, H))
    for e in range(N):
        for k in range(H):
            r, z = (1 / (1 + math.exp(-(W_x[j] @ x[e] + W_h[j] @ h_prev[e] + b[j]))) for j in (k, H + k))
            j = 2 * H + k
            n = math.tanh(W_x[j] @ x[e] + b[j] + r * (W_h[j] @ h_prev[e] + b_h[k]))
            out[:, e, k] = z * h_prev[e, k] + (1 - z) * n, r, z, n
    return out[0], out[1], out[2], out[3]


def gru_columns(x, h_prev, W_x, W_h, b, b_h):
    H = len(b_h)
    A, M, h = W_x @ x.T + b[:, None], W_h @ h_prev.T, h_prev.T
    r, z = sigma(A[:H] + M[:H]), sigma(A[H : 2 * H] + M[H : 2 * H])
    n = np.tanh(A[2 * H :] + r * (M[2 * H :] + b_h[:, None]))
    return ((1 - z) * n + z * h).T, r.T, z.T, n.T


def gru_by_library(x, h_prev, W_x, W_h, b, b_h):
    h, cache = gru_step_forward(GRUParams(W_x, W_h, b, b_h), x, h_prev)
    return h, cache.r, cache.z, cache.n


def gru_reset_before(x, h_prev, W_x, W_h, b, b_h):
    h, cache = gru_step_forward(GRUParams(W_x, W_h, b, b_h), x, h_prev, reset="before")
    return h, cache.r, cache.z, cache.n


def gru_z_writes(x, h_prev, W_x, W_h, b, b_h):
    _, r, z, n = gru_plain(x, h_prev, W_x, W_h, b, b_h)
    return (1 - z) * h_prev + z * n, r, z, n


def gru_of_the_paper(x, h_prev, W_x, W_h, b, b_h):
    """z writes and the reset gate acts before the product."""
    _, r, z, n = gru_reset_before(x, h_prev, W_x, W_h, b, b_h)
    return h_prev + z * (n - h_prev), r, z, n


def gru_back_plain(dh, x, h_prev, gates, W_x, W_h, b_h):
    r, z, n = gates
    W_hr, W_hz, W_hn = np.split(W_h, 3)
    da_n = dh * (1 - z) * (1 - n**2)
    da_z = dh * (h_prev - n) * z * (1 - z)
    da_r = da_n * (h_prev @ W_hn.T + b_h) * r * (1 - r)
    dm = da_n * r
    da = np.hstack([da_r, da_z, da_n])
    dh_prev = dh * z + da_r @ W_hr + da_z @ W_hz + dm @ W_hn
    dW_h = np.vstack([da_r.T @ h_prev, da_z.T @ h_prev, dm.T @ h_prev])
    return da @ W_x, dh_prev, da.T @ x, dW_h, da.sum(axis=0), dm.sum(axis=0)


def gru_back_stacked(dh, x, h_prev, gates, W_x, W_h, b_h):
    """One signal for the input side, another for the recurrent side."""
    r, z, n = gates
    by_x = np.concatenate(
        [
            dh * (1 - z) * (1 - n * n) * (h_prev @ W_h[2 * len(b_h) :].T + b_h) * (r - r * r),
            dh * (h_prev - n) * (z - z * z),
            dh * (1 - z) * (1 - n * n),
        ],
        axis=1,
    )
    by_h = by_x * np.concatenate([np.ones_like(r), np.ones_like(r), r], axis=1)
    return by_x @ W_x, z * dh + by_h @ W_h, by_x.T @ x, by_h.T @ h_prev, by_x.sum(0), by_h.sum(0)[-len(b_h) :]


def _gru_back_by_library(reset):
    def back(dh, x, h_prev, gates, W_x, W_h, b_h):
        r, z, n = gates
        W_hn = W_h[2 * len(b_h) :]
        a = np.concatenate([logit(r), logit(z), np.arctanh(n)], axis=1)
        m = (h_prev if reset == "after" else r * h_prev) @ W_hn.T + b_h
        params = GRUParams(W_x, W_h, np.zeros(len(W_x)), b_h)
        dx, dh_prev, grads = gru_step_backward(dh, GRUCache(params, x, h_prev, a, r, z, m, n, reset))
        return dx, dh_prev, *grads

    return back


gru_back_by_library = _gru_back_by_library("after")
gru_back_reset_before = _gru_back_by_library("before")
gru_back_by_library.__name__, gru_back_reset_before.__name__ = "gru_back_by_library", "gru_back_reset_before"


def _gru_back_complex_step(z_writes, reset_before):
    """Complex step of a forward pass written out, its bias found from the gates, example by example."""

    def h_of(x, h_prev, W_x, W_h, b, b_h):
        x_r, x_z, x_n = np.split(x @ W_x.T + b, 3, axis=1)
        W_hr, W_hz, W_hn = np.split(W_h, 3)
        r, z = sigma(x_r + h_prev @ W_hr.T), sigma(x_z + h_prev @ W_hz.T)
        n = np.tanh(x_n + ((r * h_prev) @ W_hn.T + b_h if reset_before else r * (h_prev @ W_hn.T + b_h)))
        return (1 - z) * h_prev + z * n if z_writes else z * h_prev + (1 - z) * n

    def back(dh, x, h_prev, gates, W_x, W_h, b_h):
        r, z, n = gates
        h_r, h_z, h_n = np.split(h_prev @ W_h.T, 3, axis=1)
        m = (r * h_prev) @ W_h[-len(b_h) :].T + b_h if reset_before else r * (h_n + b_h)
        b = np.hstack([logit(r) - h_r, logit(z) - h_z, np.arctanh(n) - m]) - x @ W_x.T
        rows, sums = [], 0
        for e in range(len(x)):
            one = slice(e, e + 1)

            def loss(*arrays, one=one):
                return (dh[one] * h_of(*arrays)).sum()

            *row, dW_x, dW_h, db, db_h = complex_step(
                loss, (x[one], h_prev[one], W_x, W_h, b[e], b_h), range(6)
            )
            rows.append(row)
            sums = [total + new for total, new in zip(sums or [0] * 4, (dW_x, dW_h, db, db_h), strict=True)]
        return *(np.concatenate(part) for part in zip(*rows, strict=True)), *sums

    back.__name__ = f"gru_back_complex_step_{z_writes:d}{reset_before:d}"
    return back


gru_back_complex_step = _gru_back_complex_step(False, False)
gru_back_z_writes = _gru_back_complex_step(True, False)
gru_back_reset_before_too = _gru_back_complex_step(False, True)
gru_back_of_the_paper = _gru_back_complex_step(True, True)


def gru_back_einsum(dh, x, h_prev, gates, W_x, W_h, b_h):
    H = len(b_h)
    r, z, n = gates
    W = W_h.reshape(3, H, H)
    m = np.einsum("nj,hj->nh", h_prev, W[2]) + b_h
    dn = dh - dh * z
    da_n = dn * (1 - n) * (1 + n)
    da = np.stack([da_n * m * r * (1 - r), dh * z * (1 - z) * (h_prev - n), da_n])
    dm = np.stack([da[0], da[1], da_n * r])
    return (
        np.einsum("knh,khd->nd", da, W_x.reshape(3, H, -1)),
        np.einsum("knh,khj->nj", dm, W) + dh * z,
        np.einsum("knh,nd->khd", da, x).reshape(3 * H, -1),
        np.einsum("knh,nj->khj", dm, h_prev).reshape(3 * H, H),
        da.sum(axis=1).reshape(-1),
        dm[2].sum(axis=0),
    )


# --- UGRNN -----------------------------------------------------------------------------------------


def ugrnn_plain(dh, x, h_prev, gates, W_x, W_h):
    r, g = gates
    da = np.hstack([dh * (1 - g) * (1 - r**2), dh * (h_prev - r) * g * (1 - g)])
    return da @ W_x, dh * g + da @ W_h, da.T @ x, da.T @ h_prev, da.sum(axis=0)


def ugrnn_two_blocks(dh, x, h_prev, gates, W_x, W_h):
    r, g = gates[0], gates[1]
    H = r.shape[1]
    candidate, gate = dh * (1 - g) * (1 - r) * (1 + r), dh * (g - g * g) * (h_prev - r)
    dx = candidate @ W_x[:H] + gate @ W_x[H:]
    dh_prev = candidate @ W_h[:H]
    dh_prev += gate @ W_h[H:]
    dh_prev += g * dh
    dW_x, dW_h = np.vstack([candidate.T @ x, gate.T @ x]), np.vstack([candidate.T @ h_prev, gate.T @ h_prev])
    return dx, dh_prev, dW_x, dW_h, np.concatenate([candidate.sum(0), gate.sum(0)])


def ugrnn_by_library(dh, x, h_prev, gates, W_x, W_h):
    r, g = gates
    a = np.concatenate([np.arctanh(r), logit(g)], axis=1)
    cache = UGRNNCache(UGRNNParams(W_x, W_h, np.zeros(len(W_x))), x, h_prev, a, r, g)
    dx, dh_prev, grads = ugrnn_step_backward(dh, cache)
    return dx, dh_prev, *grads


def ugrnn_complex_step(dh, x, h_prev, gates, W_x, W_h):
    a = np.concatenate([np.arctanh(gates[0]), logit(gates[1])], axis=1)
    b = (a - x @ W_x.T - h_prev @ W_h.T)[0]

    def loss(x, h_prev, W_x, W_h, b):
        a_r, a_g = np.split(x @ W_x.T + h_prev @ W_h.T + b, 2, axis=1)
        g = sigma(a_g)
        return (dh * (g * h_prev + (1 - g) * np.tanh(a_r))).sum()

    return complex_step(loss, (x, h_prev, W_x, W_h, b), range(5))


def ugrnn_loops(dh, x, h_prev, gates, W_x, W_h):
    r, g = gates
    dx, dh_prev, dW_x, dW_h = np.zeros_like(x), dh * g, np.zeros_like(W_x), np.zeros_like(W_h)
    db = np.zeros(len(W_x))
    for n in range(len(x)):
        for k in range(r.shape[1]):
            first = dh[n, k] * (1 - g[n, k]) * (1 - r[n, k] ** 2)
            second = dh[n, k] * (h_prev[n, k] - r[n, k]) * g[n, k] * (1 - g[n, k])
            for row, signal in ((k, first), (k + r.shape[1], second)):
                dx[n] += signal * W_x[row]
                dh_prev[n] += signal * W_h[row]
                dW_x[row] += signal * x[n]
                dW_h[row] += signal * h_prev[n]
                db[row] += signal
    return dx, dh_prev, dW_x, dW_h, db


def ugrnn_joined_weights(dh, x, h_prev, gates, W_x, W_h):
    """One layer that reads (x, h_{t−1}, 1)."""
    r, g = gates
    inputs = np.hstack([x, h_prev, np.ones((len(x), 1))])
    da = np.hstack([dh * (1 - g) * (1 - r * r), dh * (h_prev - r) * g * (1 - g)])
    D, dW, back = x.shape[1], da.T @ inputs, da @ np.hstack([W_x, W_h])
    return back[:, :D], back[:, D:] + dh * g, dW[:, :D], dW[:, D:-1], dW[:, -1]


# --- one formula for all ---------------------------------------------------------------------------


def unified_chain(name, a, old):
    H = old.shape[1]
    if name == "residual":
        carry, write, candidate = np.ones_like(old), np.ones_like(old), np.tanh(a)
    elif name == "highway":
        write, candidate = sigma(a[:, H:]), np.tanh(a[:, :H])
        carry = 1 - write
    elif name == "ugrnn":
        carry, candidate = sigma(a[:, H:]), np.tanh(a[:, :H])
        write = 1 - carry
    elif name == "gru":
        carry, candidate = sigma(a[:, H : 2 * H]), np.tanh(a[:, 2 * H :])
        write = 1 - carry
    else:
        write, carry, candidate = sigma(a[:, :H]), sigma(a[:, H : 2 * H]), np.tanh(a[:, 2 * H : 3 * H])
    return carry, write, candidate, carry * old + write * candidate


def unified_numbers(name, a, old):
    """Which block is which, as numbers."""
    blocks = a.reshape(len(a), -1, old.shape[1]).swapaxes(0, 1)
    new = np.tanh(blocks[{"gru": 2, "lstm": 2}.get(name, 0)])
    gate = {"highway": 1, "ugrnn": 1, "gru": 1, "lstm": 1}.get(name)
    keep = np.ones_like(old) if gate is None else sigma(blocks[gate])
    if name == "highway":
        keep = 1 - keep
    write = sigma(blocks[0]) if name == "lstm" else np.ones_like(old) if gate is None else 1 - keep
    return keep, write, new, keep * old + write * new


def unified_incremental(name, a, old):
    carry, write, candidate, _ = unified_chain(name, a, old)
    return [carry, write, candidate, old + write * candidate - (1 - carry) * old]


def unified_half_tanh(name, a, old):
    def gate(z):
        return 0.5 + 0.5 * np.tanh(z / 2)

    parts = np.split(a, a.shape[1] // old.shape[1], axis=1)
    if len(parts) == 1:
        c, w, n = (old == old) * 1, old * 0 + 1, np.tanh(a)
    elif len(parts) == 4:
        c, w, n = gate(parts[1]), gate(parts[0]), np.tanh(parts[2])
    elif len(parts) == 3:
        c, w, n = gate(parts[1]), gate(-parts[1]), np.tanh(parts[2])
    else:
        sign = -1 if name == "highway" else 1
        c, w, n = gate(sign * parts[1]), gate(-sign * parts[1]), np.tanh(parts[0])
    return c, w, n, c * old + w * n


def unified_entry_by_entry(name, a, old):
    out = np.zeros((4, *old.shape))
    H = old.shape[1]
    for n, k in np.ndindex(*old.shape):
        z = [float(a[n, j]) for j in range(k, a.shape[1], H)]
        s = [1 / (1 + math.exp(-v)) for v in z]
        carry, write, value = {
            "residual": lambda z=z: (1, 1, z[0]),
            "highway": lambda s=s, z=z: (1 - s[1], s[1], z[0]),
            "ugrnn": lambda s=s, z=z: (s[1], 1 - s[1], z[0]),
            "gru": lambda s=s, z=z: (s[1], 1 - s[1], z[2]),
            "lstm": lambda s=s, z=z: (s[1], s[0], z[2]),
        }[name]()
        out[:, n, k] = carry, write, math.tanh(value), carry * old[n, k] + write * math.tanh(value)
    return tuple(out)


def unified_one_array(name, a, old):
    return list(np.stack(unified_numbers(name, a, old)))


# --- both directions, two layers -------------------------------------------------------------------


def _ugrnn_states(x, net):
    h, out = net["h0"], []
    H = h.shape[1]
    for x_t in x:
        a = x_t @ net["W_x"].T + h @ net["W_h"].T + net["b"]
        g = sigma(a[:, H:])
        h = g * h + (1 - g) * np.tanh(a[:, :H])
        out.append(h)
    return np.array(out)


def both_turned(x, ahead, back):
    first, second = _ugrnn_states(x, ahead), _ugrnn_states(x[::-1], back)
    return np.concatenate([first, second[::-1]], axis=2), np.hstack([first[-1], second[-1]])


def both_with_flip(x, ahead, back):
    second = np.flip(_ugrnn_states(np.flip(x, axis=0), back), axis=0)
    states = np.dstack([_ugrnn_states(x, ahead), second])
    H = second.shape[2]
    return states, np.concatenate([states[-1, :, :H], states[0, :, H:]], axis=1)


def both_by_index(x, ahead, back):
    """The second loop runs down and writes where it stands; nothing is reversed."""
    T, N, H = len(x), *ahead["h0"].shape
    states = np.zeros((T, N, 2 * H))
    h, k = ahead["h0"], back["h0"]
    for t in range(T):
        h = states[t, :, :H] = _ugrnn_states(x[t : t + 1], ahead | {"h0": h})[0]
    for t in reversed(range(T)):
        k = states[t, :, H:] = _ugrnn_states(x[t : t + 1], back | {"h0": k})[0]
    return states, np.hstack([h, k])


def both_in_one_loop(x, ahead, back):
    T, N, H = len(x), *ahead["h0"].shape
    states, h, k = np.zeros((T, N, 2 * H)), ahead["h0"], back["h0"]
    for t in range(T):
        h, k = (
            _ugrnn_states(x[s : s + 1], {**net, "h0": start})[0]
            for s, net, start in ((t, ahead, h), (T - 1 - t, back, k))
        )
        states[t, :, :H], states[T - 1 - t, :, H:] = h, k
    return states, np.concatenate((h, k), axis=-1)


def both_by_library(x, ahead, back):
    params = tuple(UGRNNParams(net["W_x"], net["W_h"], net["b"]) for net in (ahead, back))
    states, _ = library_bidirectional(ugrnn_step_forward, params, x, (ahead["h0"], back["h0"]))
    H = ahead["h0"].shape[1]
    return states, np.hstack([states[-1][:, :H], states[0][:, H:]])


def both_one_example_at_a_time(x, ahead, back):
    parts = [
        both_turned(x[:, n : n + 1], *(net | {"h0": net["h0"][n : n + 1]} for net in (ahead, back)))
        for n in range(x.shape[1])
    ]
    return np.concatenate([s for s, _ in parts], axis=1), np.concatenate([s for _, s in parts])


def _through(dhs, J_h, J_x):
    dh, dx = np.zeros_like(dhs[0]), np.zeros((*dhs.shape[:2], J_x.shape[-1]), dhs.dtype)
    for t in range(len(dhs) - 1, -1, -1):
        dh = dh + dhs[t]
        dx[t] = np.einsum("ni,nij->nj", dh, J_x[t])
        dh = np.einsum("ni,nij->nj", dh, J_h[t])
    return dx, dh


def _through_dense(dhs, J_h, J_x):
    """Every pair of steps on its own: the double sum."""
    T = len(dhs)
    dx, dh0 = [], 0
    for s in range(T):
        total = 0
        for t in range(s, T):
            signal = dhs[t][:, None]
            for k in range(t, s, -1):
                signal = signal @ J_h[k]
            total = total + signal
            if s == 0:
                dh0 = dh0 + signal @ J_h[0]
        dx.append((total @ J_x[s])[:, 0])
    return np.stack(dx), dh0[:, 0]


def _through_columns(dhs, J_h, J_x):
    """Column vectors, one example after the other: Jᵀ dh."""
    dx, dh0 = np.zeros((*dhs.shape[:2], J_x.shape[-1])), np.zeros_like(dhs[0])
    for n in range(dhs.shape[1]):
        carried = np.zeros(dhs.shape[2])
        for t in reversed(range(len(dhs))):
            dh = dhs[t, n] + carried
            dx[t, n] = J_x[t, n].T @ dh
            carried = J_h[t, n].T @ dh
        dh0[n] = carried
    return dx, dh0


def _through_sums(dhs, J_h, J_x):
    dh, totals = 0, []
    for own, J in zip(dhs[::-1], J_h[::-1], strict=True):
        totals.insert(0, own + dh)
        dh = (totals[0][..., None] * J).sum(axis=1)
    return (np.stack(totals)[..., None, :] @ J_x)[..., 0, :], dh


def _through_recursive(dhs, J_h, J_x):
    if len(dhs) == 1:
        signal = dhs[0][:, None]
        return (signal @ J_x[0])[None, :, 0], (signal @ J_h[0])[:, 0]
    last = dhs[-1][:, None]
    earlier = dhs[:-1].copy()
    earlier[-1] += (last @ J_h[-1])[:, 0]
    dx, dh0 = _through_recursive(earlier, J_h[:-1], J_x[:-1])
    return np.concatenate([dx, (last @ J_x[-1])[None, :, 0]]), dh0


WAYS = (_through, _through_dense, _through_columns, _through_sums, _through_recursive)


def _both_back(through):
    def back_through_both(dstates, ahead, back):
        H = dstates.shape[2] // 2
        dx, dh0 = through(dstates[:, :, :H], ahead["J_h"], ahead["J_x"])
        dx_back, dh0_back = through(dstates[::-1, :, H:], back["J_h"], back["J_x"])
        return dx + dx_back[::-1], dh0, dh0_back

    back_through_both.__name__ = f"both{through.__name__}"
    return back_through_both


def both_back_counting_up(dstates, ahead, back):
    """The second net's steps s = T − 1 … 0 are the times t = 0 … T − 1."""
    T, N, H = len(dstates), dstates.shape[1], dstates.shape[2] // 2
    dx, dh0 = _through(dstates[:, :, :H], **ahead)
    dh = np.zeros((N, H))
    for t in range(T):
        dh = (dh + dstates[t, :, H:])[:, None, :]
        dx[t] += (dh @ back["J_x"][T - 1 - t])[:, 0]
        dh = (dh @ back["J_h"][T - 1 - t])[:, 0]
    return dx, dh0, dh


def _stack_back(through):
    def back_through_stack(dhs_low, dhs_top, low, top):
        from_top, dh0_top = through(dhs_top, top["J_h"], top["J_x"])
        dx, dh0_low = through(dhs_low + from_top, low["J_h"], low["J_x"])
        return dx, dh0_low, dh0_top

    back_through_stack.__name__ = f"stack{through.__name__}"
    return back_through_stack


def stack_step_by_step(dhs_low, dhs_top, low, top):
    """Both layers at step t before either goes on to t − 1."""
    low_dh, top_dh, dx = 0, 0, []
    for t in reversed(range(len(dhs_low))):
        top_dh = (dhs_top[t] + top_dh)[:, None]
        low_dh = (dhs_low[t] + low_dh + (top_dh @ top["J_x"][t])[:, 0])[:, None]
        dx.append((low_dh @ low["J_x"][t])[:, 0])
        low_dh, top_dh = (low_dh @ low["J_h"][t])[:, 0], (top_dh @ top["J_h"][t])[:, 0]
    return dx[::-1], low_dh, top_dh


RIGHT = {
    "ps7.lstm_step_forward": dressed(
        lstm_split, lstm_half_tanh, lstm_einsum, lstm_columns, lstm_loops, lstm_by_library
    ),
    "ps7.lstm_step_backward": dressed(
        back_plain,
        back_by_library,
        back_complex_step,
        back_one_example_at_a_time,
        back_gate_by_gate,
        back_einsum,
    ),
    "ps7.lstm_backward": dressed(
        sequence_loop,
        sequence_by_library,
        sequence_weights_at_the_end,
        sequence_looking_ahead,
        sequence_recursive,
        sequence_complex_step,
    ),
    "ps7.carousel": dressed(
        carousel_loop,
        carousel_cumprod,
        carousel_prod_of_slices,
        carousel_entry_by_entry,
        carousel_complex_step,
        carousel_by_logarithms,
    ),
    "ps7.gru_step_forward": dressed(
        gru_plain,
        gru_as_a_step,
        gru_einsum,
        gru_loops,
        gru_columns,
        gru_by_library,
        gru_reset_before,
        gru_z_writes,
        gru_of_the_paper,
    ),
    "ps7.gru_step_backward": dressed(
        gru_back_plain,
        gru_back_stacked,
        gru_back_by_library,
        gru_back_reset_before,
        gru_back_complex_step,
        gru_back_z_writes,
        gru_back_reset_before_too,
        gru_back_of_the_paper,
        gru_back_einsum,
    ),
    "ps7.ugrnn_step_backward": dressed(
        ugrnn_plain,
        ugrnn_two_blocks,
        ugrnn_by_library,
        ugrnn_complex_step,
        ugrnn_loops,
        ugrnn_joined_weights,
    ),
    "ps7.unified_cell": dressed(
        unified_chain,
        unified_numbers,
        unified_incremental,
        unified_half_tanh,
        unified_entry_by_entry,
        unified_one_array,
    ),
    "ps7.bidirectional_forward": dressed(
        both_turned,
        both_with_flip,
        both_by_index,
        both_in_one_loop,
        both_by_library,
        both_one_example_at_a_time,
    ),
    "ps7.bidirectional_backward": dressed(*map(_both_back, WAYS), both_back_counting_up),
    "ps7.stack_backward": dressed(*map(_stack_back, WAYS), stack_step_by_step),
}
