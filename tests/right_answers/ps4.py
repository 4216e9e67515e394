"""Right answers to problem set 4 that look different."""

import functools
import itertools
import math

import numpy as np

from right_answers.clothes import dressed


def sigma(z):
    return 1 / (1 + np.exp(-z))


def complex_gradients(loss, *arrays):
    """∂ loss / ∂ every array, entry by entry, by the complex step."""
    grads = []
    for k, array in enumerate(arrays):
        grad = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-20j
            grad[index] = loss(*arrays[:k], moved, *arrays[k + 1 :]).imag / 1e-20
        grads.append(grad)
    return tuple(grads)


# --- batch norm ------------------------------------------------------------------------------------


def forward_by_numpy(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return gamma * x_hat + beta, x_hat


def forward_in_loops(x, gamma, beta, eps):
    y, x_hat = np.zeros_like(x), np.zeros_like(x)
    for d in range(x.shape[1]):
        mean = sum(x[:, d]) / len(x)
        v = sum((value - mean) ** 2 for value in x[:, d]) / len(x)
        for n in range(len(x)):
            x_hat[n, d] = (x[n, d] - mean) / math.sqrt(v + eps)
            y[n, d] = gamma[d] * x_hat[n, d] + beta[d]
    return y, x_hat


def forward_by_einsum(x, gamma, beta, eps):
    centred = x - np.einsum("nd->d", x) / len(x)
    x_hat = centred * (np.einsum("nd,nd->d", centred, centred) / len(x) + eps) ** -0.5
    return np.einsum("d,nd->nd", gamma, x_hat) + beta[None], x_hat


def forward_by_moments(x, gamma, beta, eps):
    """v = E[x²] − E[x]²."""
    mean = x.mean(0)
    x_hat = (x - mean) / np.sqrt((x**2).mean(0) - mean**2 + eps)
    return x_hat * gamma + beta, x_hat


def forward_by_a_matrix(x, gamma, beta, eps):
    """The centring matrix 1 − 11ᵀ/N."""
    N = len(x)
    centred = (np.eye(N) - np.ones((N, N)) / N) @ x
    std = np.sqrt(np.diag(centred.T @ centred) / N + eps)
    return [centred / std @ np.diag(gamma) + beta, centred / std]


def forward_unbiased(x, gamma, beta, eps):
    x_hat = (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0, ddof=1) + eps)
    return gamma * x_hat + beta, x_hat


def forward_columns(x, gamma, beta, eps):
    columns = [(c - c.mean()) / np.sqrt(c.var() + eps) for c in x.T]
    x_hat = np.stack(columns, axis=1)
    return np.column_stack([g * c + b for g, c, b in zip(gamma, columns, beta, strict=True)]), x_hat


def backward_three_terms(dy, x, gamma, eps):
    s = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / s
    d = gamma * dy
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / s
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def backward_in_stages(dy, x, gamma, eps):
    """The computational graph, node by node, with the variance's way through the mean, which is zero."""
    N = len(x)
    mean = x.mean(axis=0)
    centred = x - mean
    v = (centred**2).mean(axis=0)
    root = np.sqrt(v + eps)
    dx_hat = dy * gamma
    dv = (dx_hat * centred).sum(axis=0) * -0.5 * (v + eps) ** -1.5
    dmean = -dx_hat.sum(axis=0) / root + dv * (-2 * centred).sum(axis=0) / N
    dx = dx_hat / root + dv * 2 * centred / N + dmean / N
    return dx, (dy * centred / root).sum(axis=0), dy.sum(axis=0)


def backward_without_the_zero(dy, x, gamma, eps):
    """The same without the variance's way through the mean."""
    N, centred = len(x), x - x.mean(axis=0)
    v = (centred * centred).mean(axis=0)
    dx_hat = dy * gamma
    dv = -0.5 * (dx_hat * centred).sum(0) / (v + eps) ** 1.5
    dmean = -(dx_hat / np.sqrt(v + eps)).sum(0)
    return [
        dx_hat / np.sqrt(v + eps) + (2 * dv * centred + dmean) / N,
        np.einsum("nd,nd->d", dy, centred) / np.sqrt(v + eps),
        np.ones(N) @ dy,
    ]


def backward_gamma_outside(dy, x, gamma, eps):
    """γ/(N s) (N dy − Σ dy − x̂ Σ dy x̂)."""
    N, s = len(x), np.sqrt(np.var(x, axis=0) + eps)
    x_hat = (x - x.mean(0)) / s
    dgamma, dbeta = np.sum(dy * x_hat, axis=0), np.sum(dy, axis=0)
    return gamma / (N * s) * (N * dy - dbeta - x_hat * dgamma), dgamma, dbeta


def backward_by_jacobians(dy, x, gamma, eps):
    """Feature by feature: the N × N matrix ∂y_m/∂x_n."""
    N = len(x)
    dx, dgamma = np.zeros_like(x), np.zeros_like(gamma)
    for d in range(x.shape[1]):
        s = math.sqrt(x[:, d].var() + eps)
        x_hat = (x[:, d] - x[:, d].mean()) / s
        J = gamma[d] / s * (np.eye(N) - 1 / N - np.outer(x_hat, x_hat) / N)
        dx[:, d] = dy[:, d] @ J
        dgamma[d] = dy[:, d] @ x_hat
    return dx, dgamma, dy.sum(0)


def backward_complex_step(dy, x, gamma, eps):
    def loss(x, gamma, beta):
        centred = x - x.sum(axis=0) / len(x)
        return (dy * (gamma * centred / np.sqrt((centred**2).mean(axis=0) + eps) + beta)).sum()

    return complex_gradients(loss, x, gamma, np.zeros(gamma.shape))


def backward_unbiased(dy, x, gamma, eps):
    """1/(N − 1) in both passes; the mean stays 1/N."""
    s = np.sqrt(x.var(axis=0, ddof=1) + eps)
    x_hat = (x - x.mean(axis=0)) / s
    d = gamma * dy
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).sum(axis=0) / (len(x) - 1)) / s
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def inference_step_by_step(batches, x, gamma, beta, eps, momentum):
    mean, variance = np.zeros(x.shape[1]), np.ones(x.shape[1])
    for batch in batches:
        mean = (1 - momentum) * mean + momentum * batch.mean(axis=0)
        variance = (1 - momentum) * variance + momentum * batch.var(axis=0, ddof=1)
    return mean, variance, gamma * (x - mean) / np.sqrt(variance + eps) + beta


def inference_by_differences(batches, x, gamma, beta, eps, momentum):
    """r += m (new − r)."""
    mean, variance = 0 * gamma, 0 * gamma + 1
    for batch in batches:
        centred = batch - batch.mean(axis=0)
        mean += momentum * (batch.mean(axis=0) - mean)
        variance += momentum * ((centred**2).sum(axis=0) / (len(batch) - 1) - variance)
    scale = gamma / np.sqrt(variance + eps)
    return mean, variance, scale * x + (beta - scale * mean)


def inference_by_weights(batches, x, gamma, beta, eps, momentum):
    """The weights m (1 − m)^age, all at once."""
    weights = momentum * (1 - momentum) ** np.arange(len(batches))[::-1]
    mean = weights @ np.array([b.mean(axis=0) for b in batches])
    variance = weights @ np.array([np.var(b, axis=0, ddof=1) for b in batches])
    variance = variance + (1 - momentum) ** len(batches)
    return [mean, variance, (x - mean) * (variance + eps) ** -0.5 * gamma + beta]


def inference_in_loops(batches, x, gamma, beta, eps, momentum):
    N, D = x.shape
    mean, variance, y = [0.0] * D, [1.0] * D, np.zeros((N, D))
    for d in range(D):
        for batch in batches:
            column = batch[:, d].tolist()
            mu = sum(column) / len(column)
            v = sum((value - mu) ** 2 for value in column) / (len(column) - 1)
            mean[d] += momentum * (mu - mean[d])
            variance[d] = (1 - momentum) * variance[d] + momentum * v
        for n in range(N):
            y[n, d] = gamma[d] * (x[n, d] - mean[d]) / math.sqrt(variance[d] + eps) + beta[d]
    return mean, variance, y


def inference_recursive(batches, x, gamma, beta, eps, momentum):
    def estimate(batches):
        if not len(batches):
            return np.stack([np.zeros_like(gamma), np.ones_like(gamma)])
        new = np.stack([batches[-1].mean(0), np.diag(np.atleast_2d(np.cov(batches[-1].T)))])
        return (1 - momentum) * estimate(batches[:-1]) + momentum * new

    mean, variance = estimate(batches)
    return mean, variance, beta + gamma * ((x - mean) / np.sqrt(variance + eps))


def inference_as_keras(batches, x, gamma, beta, eps, momentum):
    mean, variance = np.zeros_like(gamma), np.ones_like(gamma)
    for batch in batches:
        mean = mean * (1 - momentum) + np.mean(batch, axis=0) * momentum
        variance = variance * (1 - momentum) + np.var(batch, axis=0) * momentum
    return mean, variance, (x - mean) / np.sqrt(variance + eps) * gamma + beta


# --- spatial batch norm ----------------------------------------------------------------------------


def spatial_with_keepdims(dy, x, gamma, eps, ddof=0):
    axes = (0, 2, 3)
    M = x.size // x.shape[1]
    s = np.sqrt(x.var(axis=axes, keepdims=True, ddof=ddof) + eps)
    x_hat = (x - x.mean(axis=axes, keepdims=True)) / s
    d = gamma.reshape(1, -1, 1, 1) * dy
    along = (d * x_hat).sum(axis=axes, keepdims=True) / (M - ddof)
    dx = (d - d.mean(axis=axes, keepdims=True) - x_hat * along) / s
    return dx, (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)


def spatial_unbiased(dy, x, gamma, eps):
    return spatial_with_keepdims(dy, x, gamma, eps, ddof=1)


def spatial_by_rows(dy, x, gamma, eps):
    """Every pixel a row of an ordinary batch norm."""
    N, C, Y, X = x.shape
    rows = [a.transpose(0, 2, 3, 1).reshape(-1, C) for a in (dy, x)]
    dx, dgamma, dbeta = backward_in_stages(*rows, gamma, eps)
    return dx.reshape(N, Y, X, C).transpose(0, 3, 1, 2), dgamma, dbeta


def spatial_channel_by_channel(dy, x, gamma, eps):
    dx, dgamma, dbeta = np.empty_like(x), [], []
    for c, g in enumerate(gamma):
        one = backward_gamma_outside(dy[:, c].reshape(-1, 1), x[:, c].reshape(-1, 1), g, eps)
        dx[:, c] = one[0].reshape(x[:, c].shape)
        dgamma.append(one[1].item())
        dbeta.append(one[2].item())
    return dx, dgamma, dbeta


def spatial_by_moveaxis(dy, x, gamma, eps):
    a, d = np.moveaxis(x, 1, 0).reshape(len(gamma), -1), np.moveaxis(dy, 1, 0).reshape(len(gamma), -1)
    dx, dgamma, dbeta = backward_three_terms(d.T, a.T, gamma, eps)
    first = np.moveaxis(x, 1, 0).shape
    return np.moveaxis(dx.T.reshape(first), 0, 1), dgamma, dbeta


def spatial_by_einsum(dy, x, gamma, eps):
    M = x.size / len(gamma)
    centred = x - (np.einsum("ncyx->c", x) / M)[:, None, None]
    s = np.sqrt(np.einsum("ncyx,ncyx->c", centred, centred) / M + eps)
    x_hat = np.einsum("ncyx,c->ncyx", centred, 1 / s)
    dgamma, dbeta = np.einsum("ncyx,ncyx->c", dy, x_hat), np.einsum("ncyx->c", dy)
    inner = dy - (dbeta / M)[:, None, None] - x_hat * (dgamma / M)[:, None, None]
    return np.einsum("c,ncyx->ncyx", gamma / s, inner), dgamma, dbeta


def spatial_complex_step(dy, x, gamma, eps):
    def loss(x, gamma, beta):
        centred = x - x.mean(axis=(0, 2, 3), keepdims=True)
        x_hat = centred / np.sqrt((centred**2).mean(axis=(0, 2, 3), keepdims=True) + eps)
        return (dy * (gamma[:, None, None] * x_hat + beta[:, None, None])).sum()

    return complex_gradients(loss, x, gamma, np.zeros(gamma.shape))


# --- layer norm ------------------------------------------------------------------------------------


def layer_three_terms(dy, x, gamma, eps):
    s = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=1, keepdims=True)) / s
    d = gamma * dy
    dx = (d - d.mean(axis=1, keepdims=True) - x_hat * (d * x_hat).mean(axis=1, keepdims=True)) / s
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def layer_row_by_row(dy, x, gamma, eps):
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(gamma)
    D = x.shape[1]
    for n in range(len(x)):
        s = math.sqrt(x[n].var() + eps)
        x_hat = (x[n] - x[n].mean()) / s
        dx[n] = (gamma * dy[n]) @ (np.eye(D) - np.full((D, D), 1 / D) - np.outer(x_hat, x_hat) / D) / s
        dgamma += dy[n] * x_hat
        dbeta += dy[n]
    return dx, dgamma, dbeta


def layer_as_batch_norm(dy, x, gamma, eps):
    """Batch norm of the transpose, given γ dy; dγ and dβ apart."""
    dx = backward_three_terms((gamma * dy).T, x.T, 1.0, eps)[0].T
    x_hat = ((x.T - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps)).T
    return dx, np.einsum("nd,nd->d", dy, x_hat), dy.sum(0)


def layer_in_stages(dy, x, gamma, eps):
    D = x.shape[-1]
    centred = x - x.mean(-1)[:, None]
    root = np.sqrt((centred**2).sum(-1) / D + eps)[:, None]
    d = dy * gamma
    droot = -(d * centred).sum(-1)[:, None] / root**2
    dcentred = d / root + droot * centred / (root * D)
    return dcentred - dcentred.mean(-1)[:, None], (dy * centred / root).sum(0), np.add.reduce(dy)


def layer_by_einsum(dy, x, gamma, eps):
    D = x.shape[1]
    centred = x - np.einsum("nd->n", x)[:, None] / D
    s = np.sqrt(np.einsum("nd,nd->n", centred, centred) / D + eps)
    x_hat = centred / s[:, None]
    along = np.einsum("nd,d,nd->n", dy, gamma, x_hat) / D
    dx = (gamma * dy - (dy @ gamma / D)[:, None] - x_hat * along[:, None]) / s[:, None]
    return [dx, np.einsum("nd,nd->d", dy, x_hat), np.einsum("nd->d", dy)]


def layer_complex_step(dy, x, gamma, eps):
    def loss(x, gamma, beta):
        centred = x - x.mean(axis=1, keepdims=True)
        return (dy * (gamma * centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps) + beta)).sum()

    return complex_gradients(loss, x, gamma, np.zeros(gamma.shape))


# --- clipping --------------------------------------------------------------------------------------


def clip_plainly(grads, threshold):
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    if norm > threshold:
        return [g * (threshold / norm) for g in grads]
    return [g for g in grads]


def clip_one_vector(grads, threshold):
    flat = np.concatenate([g.ravel() for g in grads])
    norm = np.linalg.norm(flat)
    factor = threshold / norm if norm > threshold else 1.0
    pieces = np.split(flat * factor, np.cumsum([g.size for g in grads])[:-1])
    return [piece.reshape(g.shape) for piece, g in zip(pieces, grads, strict=True)]


def clip_by_the_larger(grads, threshold):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    return [threshold / max(norm, threshold) * g for g in grads]


def clip_as_torch(grads, threshold):
    """With 1e−6 in the denominator."""
    total = math.sqrt(sum(float(np.vdot(g, g)) for g in grads))
    factor = min(1.0, threshold / (total + 1e-6))
    return tuple(g * factor for g in grads)


def clip_in_loops(grads, threshold):
    total = 0.0
    for g in grads:
        for value in g.ravel():
            total += value * value
    out = []
    for g in grads:
        copy = g.copy()
        if total > threshold**2:
            copy *= threshold
            copy /= math.sqrt(total)
        out.append(copy)
    return out


def clip_by_hypot(grads, threshold):
    norm = functools.reduce(np.hypot, (np.hypot.reduce(g, axis=None) for g in grads))
    return [np.where(norm > threshold, g * threshold / np.where(norm > 0, norm, 1.0), g) for g in grads]


def clip_object_array(grads, threshold):
    out = np.empty(len(grads), dtype=object)
    for i, g in enumerate(clip_plainly(grads, threshold)):
        out[i] = g
    return out


# --- residual and highway --------------------------------------------------------------------------


def residual_products(dout, h, W):
    dz = dout * (1 - np.tanh(h @ W.T) ** 2)
    return dout + dz @ W, dz.T @ h


def residual_einsum(dout, h, W):
    dz = dout / np.cosh(np.einsum("nj,ij->ni", h, W)) ** 2
    return np.einsum("ni,ij->nj", dz, W) + dout, np.einsum("ni,nj->ij", dz, h)


def residual_jacobians(dout, h, W):
    dh, dW = np.zeros_like(h), np.zeros_like(W)
    for n in range(len(h)):
        slope = 1 - np.tanh(W @ h[n]) ** 2
        dh[n] = dout[n] @ (np.eye(len(W)) + np.diag(slope) @ W)
        dW += np.outer(slope * dout[n], h[n])
    return dh, dW


def residual_complex_step(dout, h, W):
    return complex_gradients(lambda h, W: (dout * (h + np.tanh(h @ W.T))).sum(), h, W)


def residual_in_place(dout, h, W):
    dh = dout.copy()
    a = np.tanh(W @ h.T).T
    dz = (1 + a) * (1 - a) * dout
    dh += dz @ W
    return [dh, (h.T @ dz).T]


def residual_stacked(dout, h, W):
    """One product: (dout, dz) times the identity over W."""
    dz = dout * (1 - np.tanh(h @ W.T) ** 2)
    return np.hstack([dout, dz]) @ np.vstack([np.eye(len(W)), W]), np.tensordot(dz, h, axes=(0, 0))


def paths_step_by_step(dh, Js):
    old = [dh] + [np.zeros_like(dh)] * len(Js)
    for J in Js[::-1]:
        old = [old[k] + (old[k - 1] @ J if k else 0) for k in range(len(old))]
    return old


def paths_by_combinations(dh, Js):
    terms = []
    for k in range(len(Js) + 1):
        total = np.zeros_like(dh)
        for layers in itertools.combinations(range(len(Js)), k):
            row = dh
            for l in reversed(layers):
                row = row @ Js[l]
            total = total + row
        terms.append(total)
    return np.array(terms)


def paths_by_bits(dh, Js):
    """All 2^L ways, one bit for each layer."""
    L = len(Js)
    terms = np.zeros((L + 1, len(dh)))
    for way in range(2**L):
        row, length = dh, 0
        for l in range(L - 1, -1, -1):
            if way >> l & 1:
                row, length = Js[l].T @ row, length + 1
        terms[length] += row
    return terms


def paths_recursive(dh, Js):
    if not Js:
        return np.array([dh])
    around, through = paths_recursive(dh, Js[:-1]), paths_recursive(dh @ Js[-1], Js[:-1])
    nothing = np.zeros((1, len(dh)))
    return np.vstack([around, nothing]) + np.vstack([nothing, through])


def paths_as_a_polynomial(dh, Js):
    """dh Π (1 + t J) at the roots of unity; its coefficients are the terms."""
    L = len(Js)
    values = []
    for t in np.exp(-2j * np.pi * np.arange(L + 1) / (L + 1)):
        row = dh.astype(complex)
        for J in reversed(Js):
            row = row + t * (row @ J)
        values.append(row)
    return np.fft.ifft(values, axis=0).real


def paths_from_the_input(dh, Js):
    """The sums of Jacobian products first, dh last."""
    sums = [np.eye(len(dh))] + [np.zeros((len(dh), len(dh)))] * len(Js)
    for J in Js:
        sums = [sums[0]] + [sums[k] + J @ sums[k - 1] for k in range(1, len(sums))]
    return [dh @ M for M in sums]


def highway_four_terms(dout, h, W, b, W_g, b_g):
    c, g = np.tanh(h @ W.T + b), sigma(h @ W_g.T + b_g)
    slope, gate_slope = 1 - c**2, g * (1 - g)
    dh = (
        (g * slope * dout) @ W
        + (c * gate_slope * dout) @ W_g
        + (1 - g) * dout
        - (h * gate_slope * dout) @ W_g
    )
    dz, dz_g = g * slope * dout, (c - h) * gate_slope * dout
    return dh, dz.T @ h, dz.sum(axis=0), dz_g.T @ h, dz_g.sum(axis=0)


def highway_einsum(dout, h, W, b, W_g, b_g):
    z, z_g = np.einsum("nj,ij->ni", h, W) + b, np.einsum("nj,ij->ni", h, W_g) + b_g
    dz = dout * sigma(z_g) / np.cosh(z) ** 2
    dz_g = dout * (np.tanh(z) - h) * sigma(z_g) * sigma(-z_g)
    dh = np.einsum("ni,ij->nj", dz, W) + np.einsum("ni,ij->nj", dz_g, W_g) + dout * sigma(-z_g)
    dW, dW_g = np.einsum("ni,nj->ij", dz, h), np.einsum("ni,nj->ij", dz_g, h)
    return dh, dW, np.einsum("ni->i", dz), dW_g, np.einsum("ni->i", dz_g)


def highway_complex_step(dout, h, W, b, W_g, b_g):
    def loss(h, W, b, W_g, b_g):
        g = sigma(h @ W_g.T + b_g)
        return (dout * (g * np.tanh(h @ W.T + b) + (1 - g) * h)).sum()

    return complex_gradients(loss, h, W, b, W_g, b_g)


def highway_example_by_example(dout, h, W, b, W_g, b_g):
    dh, dW, db, dW_g, db_g = (np.zeros_like(a) for a in (h, W, b, W_g, b_g))
    for n, x in enumerate(h):
        c, g = np.tanh(W @ x + b), sigma(W_g @ x + b_g)
        J = np.diag(g * (1 - c**2)) @ W + np.diag((c - x) * g * (1 - g)) @ W_g + np.diag(1 - g)
        dh[n] = dout[n] @ J
        dW += np.outer(dout[n] * g * (1 - c**2), x)
        db += dout[n] * g * (1 - c**2)
        dW_g += np.outer(dout[n] * (c - x) * g * (1 - g), x)
        db_g += dout[n] * (c - x) * g * (1 - g)
    return [dh, dW, db, dW_g, db_g]


def highway_stacked(dout, h, W, b, W_g, b_g):
    """Both pre-activations as one layer of 2H units."""
    H = len(b)
    z = h @ np.vstack([W, W_g]).T + np.hstack([b, b_g])
    c, g = np.tanh(z[:, :H]), sigma(z[:, H:])
    d = np.hstack([dout * g * (1 - c * c), dout * (c - h) * (g - g * g)])
    dW = d.T @ h
    return d @ np.vstack([W, W_g]) + dout - g * dout, dW[:H], d.sum(0)[:H], dW[H:], d.sum(0)[H:]


def highway_as_residual(dout, h, W, b, W_g, b_g):
    """h' = h + g (c − h), node by node."""
    c, g = np.tanh(h @ W.T + b), sigma(h @ W_g.T + b_g)
    dh = dout.copy()
    dg, ddifference = dout * (c - h), dout * g
    dh -= ddifference
    dz = ddifference * (1 - c**2)
    dz_g = dg * g * (1 - g)
    dh += dz @ W
    dh += dz_g @ W_g
    return dh, dz.T @ h, dz.sum(0), dz_g.T @ h, dz_g.sum(0)


# --- images ----------------------------------------------------------------------------------------


def padded_with(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def conv_window_by_window(dout, x, W, stride, padding):
    padded, K = padded_with(x, padding), W.shape[2]
    dpadded, dW = np.zeros_like(padded), np.zeros_like(W)
    for y, v in np.ndindex(dout.shape[2:]):
        where = np.s_[:, :, stride * y : stride * y + K, stride * v : stride * v + K]
        dW += np.tensordot(dout[:, :, y, v], padded[where], axes=(0, 0))
        dpadded[where] += np.tensordot(dout[:, :, y, v], W, axes=(1, 0))
    Y, X = x.shape[2:]
    return dpadded[:, :, padding : padding + Y, padding : padding + X], dW, dout.sum(axis=(0, 2, 3))


def conv_offset_by_offset(dout, x, W, stride, padding):
    (Y, X), (H, V) = x.shape[2:], dout.shape[2:]
    padded = padded_with(x, padding)
    dpadded, dW = np.zeros_like(padded), np.empty_like(W)
    for i, j in np.ndindex(W.shape[2:]):
        rows, columns = slice(i, i + stride * H, stride), slice(j, j + stride * V, stride)
        dW[:, :, i, j] = np.einsum("noyx,ncyx->oc", dout, padded[:, :, rows, columns])
        dpadded[:, :, rows, columns] += np.einsum("noyx,oc->ncyx", dout, W[:, :, i, j])
    dx = dpadded[:, :, padding : Y + padding, padding : X + padding]
    return dx, dW, np.einsum("noyx->o", dout)


def conv_dilated(dout, x, W, stride, padding):
    """dout with zeros between its pixels, correlated with the filter turned by 180°."""
    (N, O), K, (Y, X) = dout.shape[:2], W.shape[2], x.shape[2:]
    spread = np.zeros((N, O, Y + 2 * padding - K + 1, X + 2 * padding - K + 1), dout.dtype)
    spread[:, :, ::stride, ::stride] = dout
    windows = np.lib.stride_tricks.sliding_window_view(padded_with(spread, K - 1), (K, K), axis=(2, 3))
    dpadded = np.einsum("noyxij,ocij->ncyx", windows, W[:, :, ::-1, ::-1])
    patches = np.lib.stride_tricks.sliding_window_view(padded_with(x, padding), spread.shape[2:], axis=(2, 3))
    dW = np.einsum("noyx,ncijyx->ocij", spread, patches)
    return dpadded[:, :, padding : padding + Y, padding : padding + X], dW, dout.sum((0, 2, 3))


def conv_by_a_matrix(dout, x, W, stride, padding):
    """The whole layer as one matrix, found by sending every single pixel through it."""
    K, pixels = W.shape[2], x[0].size
    images = np.eye(pixels).reshape(pixels, *x.shape[1:])
    windows = np.lib.stride_tricks.sliding_window_view(padded_with(images, padding), (K, K), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    matrix = np.einsum("pcyxij,ocij->poyx", windows, W).reshape(pixels, -1)
    dx = dout.reshape(len(x), -1) @ matrix.T
    dW = np.einsum("noyx,np,pcyxij->ocij", dout, x.reshape(len(x), -1), windows, optimize=True)
    return dx.reshape(x.shape), dW, dout.sum(axis=(0, 2, 3))


def conv_im2col(dout, x, W, stride, padding):
    """Indices of every window's pixels; np.add.at collects."""
    (N, O, H, V), (C, K), (Y, X) = dout.shape, W.shape[1:3], x.shape[2:]
    rows = stride * np.arange(H)[:, None] + np.arange(K)
    columns = stride * np.arange(V)[:, None] + np.arange(K)
    padded = padded_with(x, padding)
    index = np.s_[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    patches = padded[index].transpose(0, 2, 3, 1, 4, 5).reshape(N * H * V, -1)
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, O)
    dpatches = (flat @ W.reshape(O, -1)).reshape(N, H, V, C, K, K).transpose(0, 3, 1, 2, 4, 5)
    dpadded = np.zeros_like(padded)
    np.add.at(dpadded, index, dpatches)
    dx = dpadded[:, :, padding : padding + Y, padding : padding + X]
    return [dx, (flat.T @ patches).reshape(W.shape), flat.sum(axis=0)]


def conv_pixel_by_pixel(dout, x, W, stride, padding):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(len(W))
    Y, X = x.shape[2:]
    for o, y, v in np.ndindex(dout.shape[1:]):
        db[o] += dout[:, o, y, v].sum()
        for i, j in np.ndindex(W.shape[2:]):
            row, column = stride * y + i - padding, stride * v + j - padding
            if 0 <= row < Y and 0 <= column < X:
                dx[:, :, row, column] += np.outer(dout[:, o, y, v], W[o, :, i, j])
                dW[o, :, i, j] += dout[:, o, y, v] @ x[:, :, row, column]
    return dx, dW, db


def skip_slices(x, dout, stride):
    out = np.zeros_like(dout)
    out[:, : x.shape[1]] = x[:, :, ::stride, ::stride]
    dx = np.zeros_like(x)
    dx[:, :, ::stride, ::stride] = dout[:, : x.shape[1]]
    return out, dx


def skip_in_loops(x, dout, stride):
    out, dx = np.zeros(dout.shape), np.zeros(x.shape)
    for n, c, y, v in np.ndindex(dout.shape):
        if c < x.shape[1]:
            out[n, c, y, v] = x[n, c, stride * y, stride * v]
            dx[n, c, stride * y, stride * v] += dout[n, c, y, v]
    return out, dx


def skip_by_matrices(x, dout, stride):
    """out = E x P Qᵀ along channel, row and column, with matrices of zeros and ones."""
    E, P, Q = (np.eye(size)[::s] for size, s in zip(x.shape[1:], (1, stride, stride), strict=True))
    E = np.vstack([E, np.zeros((dout.shape[1] - x.shape[1], x.shape[1]))])
    return np.einsum("ec,yr,xq,ncrq->neyx", E, P, Q, x), np.einsum("ec,yr,xq,neyx->ncrq", E, P, Q, dout)


def skip_by_mask(x, dout, stride):
    kept = (np.arange(x.shape[2]) % stride == 0)[:, None] & (np.arange(x.shape[3]) % stride == 0)
    C = x.shape[1]
    out = np.pad(x[:, :, kept].reshape(dout[:, :C].shape), ((0, 0), (0, dout.shape[1] - C), (0, 0), (0, 0)))
    dx = np.zeros_like(x)
    dx[:, :, kept] = dout[:, :C].reshape(*x.shape[:2], -1)
    return [out, dx]


def skip_by_repeating(x, dout, stride):
    """dx by repeating every entry over its block and clearing all but the first."""
    N, C, Y, X = x.shape
    zeros = np.zeros((N, dout.shape[1] - C, *dout.shape[2:]))
    out = np.concatenate((x.take(range(0, Y, stride), 2).take(range(0, X, stride), 3), zeros), axis=1)
    first = np.zeros((stride, stride))
    first[0, 0] = 1
    return out, np.kron(dout[:, :C], first)[:, :, :Y, :X]


def skip_by_index(x, dout, stride):
    index = np.ix_(*map(range, x.shape[:2]), range(0, x.shape[2], stride), range(0, x.shape[3], stride))
    out, dx = 0 * dout, 0 * x
    out[:, : x.shape[1]] = x[index]
    np.add.at(dx, index, dout[:, : x.shape[1]])
    return out, dx


def cost_by_formula(C, narrow, C_out, Y, X, stride):
    small = math.ceil(Y / stride) * math.ceil(X / stride)
    first, rest = C * narrow, 9 * narrow**2 + narrow * C_out
    return first + rest, first * Y * X + rest * small


def cost_layer_by_layer(C, narrow, C_out, Y, X, stride):
    parameters = work = 0
    for i, o, k, s in ((C, narrow, 1, 1), (narrow, narrow, 3, stride), (narrow, C_out, 1, 1)):
        Y, X = (Y + 2 * (k // 2) - k) // s + 1, (X + 2 * (k // 2) - k) // s + 1
        parameters += i * o * k * k
        work += i * o * k * k * Y * X
    return parameters, work


def cost_by_shapes(C, narrow, C_out, Y, X, stride):
    filters = [np.empty((narrow, C, 1, 1)), np.empty((narrow, narrow, 3, 3)), np.empty((C_out, narrow, 1, 1))]
    small = len(range(0, Y, stride)) * len(range(0, X, stride))
    sizes = np.array([W.size for W in filters])
    return np.array([sizes.sum(), sizes @ [Y * X, small, small]])


def cost_as_floats(C, narrow, C_out, Y, X, stride):
    return [float(value) for value in cost_by_formula(C, narrow, C_out, Y, X, stride)]


def cost_in_flops(C, narrow, C_out, Y, X, stride):
    parameters, pairs = cost_layer_by_layer(C, narrow, C_out, Y, X, stride)
    return parameters, 2 * pairs


def cost_early_stride(C, narrow, C_out, Y, X, stride):
    parameters = narrow * (C + 9 * narrow + C_out)
    return parameters, parameters * -(-Y // stride) * -(-X // stride)


RIGHT = {
    "ps4.batch_norm_forward": dressed(
        forward_by_numpy,
        forward_in_loops,
        forward_by_einsum,
        forward_by_moments,
        forward_by_a_matrix,
        forward_unbiased,
        forward_columns,
    ),
    "ps4.batch_norm_backward": dressed(
        backward_three_terms,
        backward_in_stages,
        backward_without_the_zero,
        backward_gamma_outside,
        backward_by_jacobians,
        backward_complex_step,
        backward_unbiased,
    ),
    "ps4.batch_norm_inference": dressed(
        inference_step_by_step,
        inference_by_differences,
        inference_by_weights,
        inference_in_loops,
        inference_recursive,
        inference_as_keras,
    ),
    "ps4.spatial_batch_norm_backward": dressed(
        spatial_with_keepdims,
        spatial_unbiased,
        spatial_by_rows,
        spatial_channel_by_channel,
        spatial_by_moveaxis,
        spatial_by_einsum,
        spatial_complex_step,
    ),
    "ps4.layer_norm_backward": dressed(
        layer_three_terms,
        layer_row_by_row,
        layer_as_batch_norm,
        layer_in_stages,
        layer_by_einsum,
        layer_complex_step,
    ),
    "ps4.clip_by_global_norm": dressed(
        clip_plainly,
        clip_one_vector,
        clip_by_the_larger,
        clip_as_torch,
        clip_in_loops,
        clip_by_hypot,
        clip_object_array,
    ),
    "ps4.residual_backward": dressed(
        residual_products,
        residual_einsum,
        residual_jacobians,
        residual_complex_step,
        residual_in_place,
        residual_stacked,
    ),
    "ps4.path_gradients": dressed(
        paths_by_combinations,
        paths_step_by_step,
        paths_by_bits,
        paths_recursive,
        paths_as_a_polynomial,
        paths_from_the_input,
    ),
    "ps4.highway_backward": dressed(
        highway_four_terms,
        highway_einsum,
        highway_complex_step,
        highway_example_by_example,
        highway_stacked,
        highway_as_residual,
    ),
    "ps4.conv2d_backward": dressed(
        conv_window_by_window,
        conv_offset_by_offset,
        conv_dilated,
        conv_by_a_matrix,
        conv_im2col,
        conv_pixel_by_pixel,
    ),
    "ps4.strided_skip": dressed(
        skip_slices,
        skip_in_loops,
        skip_by_matrices,
        skip_by_mask,
        skip_by_repeating,
        skip_by_index,
    ),
    "ps4.bottleneck_cost": dressed(
        cost_by_formula,
        cost_layer_by_layer,
        cost_by_shapes,
        cost_as_floats,
        cost_in_flops,
        cost_early_stride,
    ),
}
