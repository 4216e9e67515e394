"""Right answers to the start page and problem set 1 that look different."""

import math

import numpy as np

from right_answers.clothes import dressed, fortran, lists, strided

# --- start -----------------------------------------------------------------------------------------


def slope_by_sum(z):
    return z + z


def slope_by_complex_step(z):
    return ((z + 1e-20j) ** 2).imag / 1e-20


# --- ps1: single numbers ---------------------------------------------------------------------------


def sigma(z):
    return 1 / (1 + np.exp(-z))


def slopes_by_formula(name, z):
    if name == "silu":
        return sigma(z) + z * sigma(z) * (1 - sigma(z))
    if name == "tanh":
        return 1 / np.cosh(z) ** 2
    if name == "relu":
        return (z > 0).astype(int)
    if name == "leaky_relu":
        return (z > 0) + 0.01 * (z <= 0)
    if name == "elu":
        return np.minimum(1, np.exp(z))
    if name == "softplus":
        return np.exp(z) / (1 + np.exp(z))
    return np.eye(z.shape[-1])[z.argmax(axis=-1)]


def slopes_post_activation(name, z):
    """With h = f(z) at hand: h + σ(1 − h), 1 − h², h + 1."""
    if name == "silu":
        h = z * sigma(z)
        return h + sigma(z) * (1 - h)
    if name == "tanh":
        h = np.tanh(z)
        return 1 - h**2
    if name == "elu":
        h = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
        return np.where(z > 0, 1, h + 1)
    if name == "softplus":
        return 1 - np.exp(-np.log1p(np.exp(z)))
    return slopes_by_formula(name, z)


def slopes_in_loops(name, z):
    out = np.zeros(z.shape)
    if name == "maxout":
        for i in np.ndindex(z.shape[:-1]):
            out[i][max(range(z.shape[-1]), key=lambda k: z[i][k])] = 1
        return out
    one = {
        "silu": lambda s: (1 + s / (1 + math.exp(s))) / (1 + math.exp(-s)),
        "tanh": lambda s: 1 - math.tanh(s) ** 2,
        "relu": lambda s: 1.0 if s > 0 else 0.0,
        "leaky_relu": lambda s: 1.0 if s > 0 else 0.01,
        "elu": lambda s: 1.0 if s > 0 else math.exp(s),
        "softplus": lambda s: 1 / (1 + math.exp(-s)),
    }[name]
    for i in np.ndindex(z.shape):
        out[i] = one(z[i])
    return out


def slopes_one_at_the_kink(name, z):
    if name == "relu":
        return np.where(z >= 0, 1.0, 0.0)
    return np.where(z >= 0, 1.0, 0.01) if name == "leaky_relu" else slopes_by_formula(name, z)


def slopes_heaviside(name, z):
    return np.heaviside(z, 0.5) if name == "relu" else slopes_post_activation(name, z)


def slopes_by_complex_step(name, z):
    if name == "silu":
        w = z + 1e-20j
        return (w / (1 + np.exp(-w))).imag / 1e-20
    return np.tanh(z + 1e-20j).imag / 1e-20 if name == "tanh" else slopes_by_formula(name, z)


def four_step_by_step(x, t, w):
    h1 = np.tanh(w[0] * x)
    h2 = np.tanh(w[1] * h1)
    h3 = np.tanh(w[2] * h2)
    y = w[3] * h3
    dy = 2 * (y - t)
    d3 = dy * w[3] * (1 - h3**2)
    d2 = d3 * w[2] * (1 - h2**2)
    d1 = d2 * w[1] * (1 - h1**2)
    return (y - t) ** 2, d1 * x, d2 * h1, d3 * h2, dy * h3


def four_long_products(x, t, w):
    def slope(z):
        return 1 / np.cosh(z) ** 2

    z1 = w[0] * x
    z2 = w[1] * np.tanh(z1)
    z3 = w[2] * np.tanh(z2)
    r = w[3] * np.tanh(z3) - t
    dw4 = 2 * r * np.tanh(z3)
    dw3 = 2 * r * w[3] * slope(z3) * np.tanh(z2)
    dw2 = 2 * r * w[3] * slope(z3) * w[2] * slope(z2) * np.tanh(z1)
    dw1 = 2 * r * w[3] * slope(z3) * w[2] * slope(z2) * w[1] * slope(z1) * x
    return r * r, dw1, dw2, dw3, dw4


def four_complex_step(x, t, w):
    def loss(w):
        return (w[3] * np.tanh(w[2] * np.tanh(w[1] * np.tanh(w[0] * x))) - t) ** 2

    return loss(w), *(loss(w + 1e-20j * e).imag / 1e-20 for e in np.eye(4))


def four_in_a_loop(x, t, w):
    h = [x]
    for weight in w[:-1]:
        h.append(math.tanh(weight * h[-1]))
    delta, grads = 2 * (w[3] * h[3] - t), []
    for l in (3, 2, 1, 0):
        grads.insert(0, delta * h[l])
        delta *= w[l] * (1 - h[l] * h[l])
    return [(w[3] * h[3] - t) ** 2, *grads]


def four_by_exponentials(x, t, w):
    """tanh z = 2σ(2z) − 1, and its slope 4σ(2z)σ(−2z)."""
    z, h = [], [x]
    for weight in w[:3]:
        z.append(weight * h[-1])
        h.append(2 * sigma(2 * z[-1]) - 1)
    r = w[3] * h[3] - t
    grads, signal = [2 * r * h[3]], 2 * r
    for l in (2, 1, 0):
        signal = signal * w[l + 1] * 4 * sigma(2 * z[l]) * sigma(-2 * z[l])
        grads = [signal * h[l], *grads]
    return r**2, *grads


def four_as_one_array(x, t, w):
    return np.array(four_step_by_step(x, t, w))


def four_as_small_arrays(x, t, w):
    return tuple(np.array(value) for value in four_step_by_step(x, t, w))


def five_by_activations(x, t, w1, w2):
    h = np.tanh(w1 * x)
    y = sigma(w2 * h)
    out = 2 * (y - t), y * (1 - y), np.full(x.shape, w2), 1 - h**2, x
    return *out, np.mean(out[0] * out[1] * out[2] * out[3] * out[4])


def five_by_slopes(x, t, w1, w2):
    z1 = w1 * x
    z2 = w2 * np.tanh(z1)
    outer, inner = sigma(z2) * sigma(-z2), np.cosh(z1) ** -2.0
    dw1 = 2 * ((sigma(z2) - t) * outer * w2 * inner * x).sum() / len(x)
    return -2 * (t - sigma(z2)), outer, w2 * np.ones(len(x)), inner, x.copy(), dw1


def five_one_number(x, t, w1, w2):
    """∂z₂/∂h is the same for every example: one number."""
    first, second, _, fourth, fifth, dw1 = five_by_activations(x, t, w1, w2)
    return first, second, w2, fourth, fifth, float(dw1)


def five_in_loops(x, t, w1, w2):
    rows = [[], [], [], [], []]
    for xi, ti in zip(x, t, strict=True):
        h = math.tanh(w1 * xi)
        y = 1 / (1 + math.exp(-w2 * h))
        for row, value in zip(rows, (2 * y - 2 * ti, y - y * y, w2, 1 - h * h, xi), strict=True):
            row.append(value)
    return *rows, sum(math.prod(column) for column in zip(*rows, strict=True)) / len(x)


def five_by_einsum(x, t, w1, w2):
    *factors, _ = five_by_activations(x, t, w1, w2)
    return *factors, np.einsum("n,n,n,n,n->", *factors) / x.size


def five_as_lists(x, t, w1, w2):
    return [np.asarray(value).tolist() for value in five_by_slopes(x, t, w1, w2)]


# --- ps1: batches ----------------------------------------------------------------------------------


def linear_products(dz, x, W):
    return W.T @ dz, dz @ x.T, dz.sum(axis=1)


def linear_einsum(dz, x, W):
    return np.einsum("hd,hn->dn", W, dz), np.einsum("hn,dn->hd", dz, x), np.einsum("hn->h", dz)


def linear_by_rows(dz, x, W):
    """The formulas for a row per example, between transposes."""
    rows = dz.T
    return (rows @ W).T, rows.T @ x.T, rows.sum(axis=0)


def linear_loops(dz, x, W):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), [0.0] * len(W)
    for n in range(x.shape[1]):
        for i in range(len(W)):
            db[i] += dz[i, n]
            for j in range(len(x)):
                dx[j, n] += dz[i, n] * W[i, j]
                dW[i, j] += dz[i, n] * x[j, n]
    return [dx, dW, db]


def linear_outer_products(dz, x, W):
    dW = sum(np.outer(dz[:, n], x[:, n]) for n in range(x.shape[1]))
    return np.dot(W.T, dz), dW, np.add.reduce(dz, axis=1)


def linear_with_ones(dz, x, W):
    """The bias as a weight of an input that is always 1."""
    both = dz @ np.vstack([x, np.ones(x.shape[1])]).T
    return (dz.T @ W).T, both[:, :-1], both[:, -1]


def linear_object_array(dz, x, W):
    out = np.empty(3, dtype=object)
    out[:] = linear_products(dz, x, W)
    return out


def linear_extra_argument(dz, x, W, scale=1.0):
    return np.matmul(W.T, dz), np.tensordot(dz, x, axes=(1, 1)), scale * dz.sum(1)


def softmax_by_log(z, targets, temperature):
    s = z / temperature
    shifted = s - s.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dz = (np.exp(log_p) - targets) / temperature / len(z)
    return -(targets * log_p).sum(axis=1).mean(), dz


def softmax_log_sum(z, targets, temperature):
    """L = log Σ e^s − Σ t s, because the targets sum to 1."""
    s = z / temperature
    shifted = s - s.max(axis=1)[:, None]
    e = np.exp(shifted)
    p = e / e.sum(axis=1)[:, None]
    loss = np.mean(np.log(e.sum(axis=1)) - (shifted * targets).sum(axis=1))
    return loss, (p - targets) / (temperature * len(z))


def softmax_logaddexp(z, targets, temperature):
    norm = np.logaddexp.reduce(z / temperature, axis=1, keepdims=True)
    log_p = z / temperature - norm
    return float(-np.einsum("nc,nc->", targets, log_p) / len(z)), (
        np.exp(log_p) - targets
    ) / temperature / len(z)


def softmax_loops(z, targets, temperature):
    loss, rows = 0.0, []
    for row, t in zip(z.tolist(), targets.tolist(), strict=True):
        top = max(row)
        e = [math.exp((v - top) / temperature) for v in row]
        log_sum = math.log(sum(e))
        loss += sum(tk * (log_sum - (v - top) / temperature) for tk, v in zip(t, row, strict=True))
        rows.append([(ek / sum(e) - tk) / temperature / len(z) for ek, tk in zip(e, t, strict=True)])
    return loss / len(z), rows


def softmax_jacobian(z, targets, temperature):
    """Row by row through the softmax's whole Jacobian in log p: δ_ij − p_j."""
    dz, loss = np.zeros_like(z), 0.0
    for n, t in enumerate(targets):
        s = (z[n] - z[n].max()) / temperature
        log_p = s - np.log(np.exp(s).sum())
        loss -= t @ log_p / len(z)
        dz[n] = -t @ (np.eye(len(s)) - np.exp(log_p)) / temperature / len(z)
    return loss, dz


def softmax_single_loss_array(z, targets, temperature):
    loss, dz = softmax_by_log(z, targets, temperature)
    return np.array(loss), dz


def two_products(dy, x, z, W1, W2, W3):
    dz = (dy @ W2) * (z > 0)
    return dz @ W1 + dy @ W3, dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x


def two_einsum(dy, x, z, W1, W2, W3):
    dz = np.einsum("nc,ch->nh", dy, W2) * np.heaviside(z, 0)
    dx = np.einsum("nh,hd->nd", dz, W1) + np.einsum("nc,cd->nd", dy, W3)
    return (
        dx,
        np.einsum("nh,nd->hd", dz, x),
        np.einsum("nc,nh->ch", dy, z * (z > 0)),
        np.einsum("nc,nd->cd", dy, x),
    )


def two_recomputed(dy, x, z, W1, W2, W3):
    """z comes once more from x; the mask is taken from the activation."""
    h = np.clip(x @ W1.T, 0, None)
    dh = dy @ W2
    dh[h == 0] = 0
    return dy @ W3 + dh @ W1, dh.T @ x, dy.T @ h, dy.T @ x


def two_in_place(dy, x, z, W1, W2, W3):
    dx = dy @ W3
    dz = np.where(z > 0, dy @ W2, 0)
    dx += dz @ W1
    return [dx, (x.T @ dz).T, (np.maximum(0, z).T @ dy).T, (x.T @ dy).T]


def two_loops(dy, x, z, W1, W2, W3):
    dx, dW1, dW2, dW3 = (np.zeros_like(a) for a in (x, W1, W2, W3))
    for n in range(len(x)):
        dz = np.array([dy[n] @ W2[:, h] if z[n, h] > 0 else 0.0 for h in range(z.shape[1])])
        dx[n] = dz @ W1 + dy[n] @ W3
        dW1 += np.outer(dz, x[n])
        dW2 += np.outer(dy[n], np.maximum(z[n], 0))
        dW3 += np.outer(dy[n], x[n])
    return dx, dW1, dW2, dW3


def two_stacked(dy, x, z, W1, W2, W3):
    """One concatenated layer: (dz, dy) times (W1; W3)."""
    both = np.hstack([(dy @ W2) * (z > 0), dy])
    dW = both.T @ x
    return both @ np.vstack([W1, W3]), dW[: len(W1)], dy.T @ (np.abs(z) + z) / 2, dW[len(W1) :]


# --- ps1: depth ------------------------------------------------------------------------------------


def deep_inserted(dh, hs, Ws):
    deltas, dWs, dbs = [], [], []
    for l in reversed(range(len(Ws))):
        delta = dh * (1 - hs[l + 1] ** 2)
        deltas.insert(0, delta)
        dWs.insert(0, delta.T @ hs[l])
        dbs.insert(0, delta.sum(axis=0))
        dh = delta @ Ws[l]
    return deltas, dWs, dbs


def deep_filled(dh, hs, Ws):
    """(1 − h)(1 + h), and all lists filled from the end."""
    deltas, dWs, dbs = ([None] * len(Ws) for _ in range(3))
    for l in range(len(Ws) - 1, -1, -1):
        deltas[l] = (1 - hs[l + 1]) * (1 + hs[l + 1]) * dh
        dWs[l] = (hs[l].T @ deltas[l]).T
        dbs[l] = np.ones(len(dh), deltas[l].dtype) @ deltas[l]
        dh = (Ws[l].T @ deltas[l].T).T
    return deltas, dWs, dbs


def deep_einsum(dh, hs, Ws):
    deltas = [dh * (1 - hs[-1] ** 2)]
    for h, W in zip(hs[-2:0:-1], Ws[:0:-1], strict=True):
        deltas.append(np.einsum("no,oi,ni->ni", deltas[-1], W, 1 - h**2))
    deltas.reverse()
    dWs = [np.einsum("no,ni->oi", d, h) for d, h in zip(deltas, hs, strict=False)]
    return deltas, dWs, [np.einsum("no->o", d) for d in deltas]


def deep_tuples(dh, hs, Ws):
    return tuple(map(tuple, deep_inserted(dh, hs, Ws)))


def deep_recursive(dh, hs, Ws):
    if not Ws:
        return [], [], []
    delta = dh * (1 - hs[-1] * hs[-1])
    deltas, dWs, dbs = deep_recursive(delta @ Ws[-1], hs[:-1], Ws[:-1])
    return [*deltas, delta], [*dWs, delta.T @ hs[-2]], [*dbs, delta.sum(0)]


def deep_one_example_at_a_time(dh, hs, Ws):
    deltas = [np.zeros_like(h) for h in hs[1:]]
    dWs, dbs = [np.zeros_like(W) for W in Ws], [np.zeros(len(W)) for W in Ws]
    for n in range(len(dh)):
        signal = dh[n]
        for l in reversed(range(len(Ws))):
            deltas[l][n] = signal * (1 - hs[l + 1][n] ** 2)
            dWs[l] += np.outer(deltas[l][n], hs[l][n])
            dbs[l] += deltas[l][n]
            signal = Ws[l].T @ deltas[l][n]
    return deltas, dWs, dbs


def deep_through_z(dh, hs, Ws):
    """z comes back from h through the inverse of tanh."""
    out = [], [], []
    for l in reversed(range(len(Ws))):
        delta = dh / np.cosh(np.arctanh(hs[l + 1])) ** 2
        for box, value in zip(out, (delta, delta.T @ hs[l], delta.sum(axis=0)), strict=True):
            box.append(value)
        dh = delta @ Ws[l]
    return tuple(box[::-1] for box in out)


def deep_object_arrays(dh, hs, Ws):
    out = []
    for arrays in deep_inserted(dh, hs, Ws):
        box = np.empty(len(arrays), dtype=object)
        for i, array in enumerate(arrays):
            box[i] = array
        out.append(box)
    return tuple(out)


def chain_from_the_input(zs, Ws, v):
    J = np.eye(len(v))
    for z, W in zip(zs, Ws, strict=True):
        J = J + (1 - np.tanh(z) ** 2)[:, None] * (W @ J)
    return J, v @ J


def chain_with_diagonals(zs, Ws, v):
    layers = [np.eye(len(z)) + np.diag(1 / np.cosh(z) ** 2) @ W for z, W in zip(zs, Ws, strict=True)]
    J = layers[0] if len(layers) == 1 else np.linalg.multi_dot(layers[::-1])
    return J, J.T @ v


def chain_from_the_output(zs, Ws, v):
    J, row = np.eye(len(v)), v
    for z, W in zip(reversed(zs), reversed(Ws), strict=True):
        slope = 1 - np.tanh(z) ** 2
        J, row = J + (J * slope) @ W, row + (row * slope) @ W
    return J, row


def chain_einsum(zs, Ws, v):
    J = np.eye(len(v))
    for z, W in zip(zs, Ws, strict=True):
        layer = np.einsum("i,ij->ij", 1 - np.tanh(z) ** 2, W)
        np.einsum("ii->i", layer)[...] += 1
        J = np.einsum("ij,jk->ik", layer, J)
    return J, np.einsum("i,ij->j", v, J)


def chain_complex_step(zs, Ws, v):
    """Column by column, through the net itself: the biases are what z has beside W h."""
    x = np.linalg.solve(Ws[0], zs[0])
    hs = [x]
    for z in zs[:-1]:
        hs.append(hs[-1] + np.tanh(z))
    biases = [z - W @ h for z, W, h in zip(zs, Ws, hs, strict=True)]

    def net(h):
        for W, b in zip(Ws, biases, strict=True):
            h = h + np.tanh(W @ h + b)
        return h

    J = np.stack([net(x + 1e-20j * e).imag / 1e-20 for e in np.eye(len(x))], axis=1)
    return J, v @ J


def chain_vector_in_loops(zs, Ws, v):
    J, _ = chain_from_the_input(zs, Ws, v)
    return J, [sum(v[i] * J[i, j] for i in range(len(v))) for j in range(J.shape[1])]


# --- ps1: checking ---------------------------------------------------------------------------------


def quotient(values, step):
    """The formula, given f at +ε, −ε, +2ε, −2ε."""
    up, down, far_up, far_down = values
    return (8 * (up - down) - (far_up - far_down)) / (12 * step)


def fourth_fresh_copies(f, x, step=1e-3):
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        values = []
        for k in (1, -1, 2, -2):
            moved = x.copy()
            moved[i] += k * step
            values.append(f(moved))
        gradient[i] = quotient(values, step)
    return gradient


def fourth_put_back(f, x, step=1e-3):
    """In place on the argument, and put back exactly."""
    gradient = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        old, values = x[i], []
        for k in (1, -1, 2, -2):
            x[i] = old + k * step
            values.append(f(x))
        x[i] = old
        gradient[i] = quotient(values, step)
    return gradient


def fourth_put_back_to_rounding(f, x, step=1e-3):
    """x += ε, x += ε, x −= 3ε, …: back to rounding."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        up = f(x)
        x[i] += step
        far_up = f(x)
        x[i] -= 3 * step
        down = f(x)
        x[i] -= step
        gradient[i] = quotient((up, down, far_up, f(x)), step)
        x[i] += 2 * step
    return gradient


def fourth_flat(f, x, step=1e-3):
    x = np.array(x)
    gradient = [0.0] * x.size
    for i in range(x.size):
        old = x.flat[i]
        for k, weight in ((-2, 1), (-1, -8), (1, 8), (2, -1)):
            x.flat[i] = old + k * step
            gradient[i] += weight * f(x) / 12 / step
        x.flat[i] = old
    return np.reshape(gradient, x.shape)


def fourth_nditer(f, x, step=1e-3):
    gradient, shift = np.zeros_like(x), np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        shift[it.multi_index] = step
        values = f(x + shift), f(x - shift), f(x + 2 * shift), f(x - 2 * shift)
        gradient[it.multi_index] = quotient(values, step)
        shift[it.multi_index] = 0
        it.iternext()
    return gradient


def fourth_unit_vectors(f, x, step=1e-3):
    units = step * np.eye(x.size).reshape(x.size, *x.shape)
    values = [[f(x + k * e) for k in (1, -1, 2, -2)] for e in units]
    return np.array([quotient(v, step) for v in values]).reshape(x.shape)


def fourth_by_richardson(f, x, step=1e-3):
    """Two central differences, combined so that their errors of second order cancel: (4 D(ε) − D(2ε))/3."""
    units = np.eye(x.size).reshape(x.size, *x.shape)

    def central(h):
        return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in units]).reshape(x.shape)

    return (4 * central(step) - central(2 * step)) / 3


def fourth_at_half_steps(f, x, step=1e-3):
    return fourth_by_richardson(f, x, step / 2)


# --- ps1: a test of a backward pass ------------------------------------------------------------------


def agrees(mine, truth, threshold=1e-5):
    mine = np.asarray(mine, dtype=float)
    if mine.shape != truth.shape:
        return False
    return np.linalg.norm(mine - truth) <= threshold * np.linalg.norm(truth)


def trial(backward, N, D, H, size=1.0, seed=3):
    """Two calls on the same inputs, compared with the formulas and with copies of the inputs."""
    rng = np.random.default_rng(seed)
    inputs = size * rng.normal(size=(H, N)), rng.normal(size=(D, N)), rng.normal(size=(H, D))
    truth = linear_products(*inputs)
    for _ in range(2):
        given = [array.copy() for array in inputs]
        out = backward(*given)
        if not all(agrees(a, b) for a, b in zip(out, truth, strict=True)):
            return False
        if not all(np.array_equal(a, b) for a, b in zip(given, inputs, strict=True)):
            return False
    return True


def judged_by_formulas(backward):
    return all(trial(backward, *sizes) for sizes in ((3, 4, 2), (2, 3, 3), (1, 4, 2), (5, 2, 6, 1e-9)))


def judged_by_central_differences(backward):
    def measured(f, x):
        out, step = np.zeros_like(x), 1e-5
        for i in np.ndindex(x.shape):
            e = np.zeros_like(x)
            e[i] = step
            out[i] = (f(x + e) - f(x - e)) / (2 * step)
        return out

    rng = np.random.default_rng(8)
    for N, D, H in ((4, 3, 2), (3, 2, 2), (1, 2, 3)):
        for size in (1, 1e-8):
            dz, x, W, b = (
                size * rng.normal(size=(H, N)),
                rng.normal(size=(D, N)),
                rng.normal(size=(H, D)),
                np.zeros(H),
            )
            truth = (
                measured(lambda v, dz=dz, W=W: np.sum(dz * (W @ v)), x),
                measured(lambda v, dz=dz, x=x: np.sum(dz * (v @ x)), W),
                measured(lambda v, dz=dz: np.sum(dz * v[:, None]), b),
            )
            kept = dz.copy(), x.copy(), W.copy()
            for _ in range(3):
                if not all(agrees(a, t, 1e-4) for a, t in zip(backward(dz, x, W), truth, strict=True)):
                    return False
            if not all(map(np.array_equal, kept, (dz, x, W))):
                return False
    return True  # fmt: skip


def judged_by_largest_entry(backward):
    for seed, (N, D, H) in enumerate([(6, 5, 4), (3, 3, 3), (2, 4, 4), (1, 3, 5), (2, 5, 4)]):
        rng = np.random.default_rng(seed)
        x, W = rng.normal(size=(D, N)), rng.normal(size=(H, D))
        for dz in (rng.normal(size=(H, N)), 1e-10 * rng.normal(size=(H, N)), 1e9 * rng.normal(size=(H, N))):
            copies = dz.copy(), x.copy(), W.copy()
            first, second = backward(*copies), backward(*copies)
            for out in (first, second):
                for a, b in zip(map(np.asarray, out), linear_products(dz, x, W), strict=True):
                    if a.shape != b.shape or not np.abs(a - b).max() < 1e-4 * np.abs(b).max():
                        return False
            if any((a != b).any() for a, b in zip(copies, (dz, x, W), strict=True)):
                return False
    return True


def judged_as_int(backward):
    return int(judged_by_formulas(backward))


def judged_as_numpy_bool(backward):
    return np.bool_(judged_by_formulas(backward))


def judged_with_exceptions(backward):
    """Assertions inside, and whatever is raised counts as wrong."""
    try:
        for sizes in ((3, 4, 2), (2, 3, 3), (1, 4, 2), (5, 2, 6, 1e-9)):
            assert trial(backward, *sizes)
    except Exception:
        return False
    return True


def judged_with_allclose(backward):
    """np.allclose, with its absolute tolerance tied to the size of the gradient."""
    rng = np.random.default_rng()
    for N, D, H, size in ((3, 4, 2, 1), (7, 4, 2, 1e-9), (5, 3, 3, 1), (1, 3, 2, 1)):
        inputs = [size * rng.normal(size=(H, N)), rng.normal(size=(D, N)), rng.normal(size=(H, D))]
        before = [a.copy() for a in inputs]
        for _ in "ab":
            out = backward(*inputs)
            for a, b in zip(out, linear_products(*before), strict=True):
                if np.shape(a) != b.shape or not np.allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max()):
                    return False
        if any(not np.array_equal(a, b) for a, b in zip(inputs, before, strict=True)):
            return False
    return True


RIGHT = {
    "start.slope_of_square": dressed(slope_by_sum, slope_by_complex_step),
    "ps1.activation_derivative": dressed(
        slopes_by_formula,
        slopes_post_activation,
        slopes_in_loops,
        slopes_one_at_the_kink,
        slopes_heaviside,
        slopes_by_complex_step,
    ),
    "ps1.four_weight_net": dressed(
        four_step_by_step,
        four_long_products,
        four_complex_step,
        four_in_a_loop,
        four_by_exponentials,
        four_as_one_array,
        four_as_small_arrays,
    ),
    "ps1.five_factors": dressed(
        five_by_activations, five_by_slopes, five_one_number, five_in_loops, five_by_einsum, five_as_lists
    ),
    "ps1.linear_backward": dressed(
        linear_products,
        linear_einsum,
        linear_by_rows,
        linear_loops,
        linear_outer_products,
        linear_with_ones,
        linear_object_array,
        linear_extra_argument,
    ),
    "ps1.softmax_cross_entropy": dressed(
        softmax_by_log,
        softmax_log_sum,
        softmax_logaddexp,
        softmax_loops,
        softmax_jacobian,
        softmax_single_loss_array,
    ),
    "ps1.two_paths_backward": dressed(
        two_products, two_einsum, two_recomputed, two_in_place, two_loops, two_stacked
    ),
    "ps1.deep_backward": dressed(
        deep_inserted,
        deep_filled,
        deep_einsum,
        deep_tuples,
        deep_recursive,
        deep_one_example_at_a_time,
        deep_through_z,
        deep_object_arrays,
    ),
    "ps1.chain_jacobian": dressed(
        chain_from_the_input,
        chain_with_diagonals,
        chain_from_the_output,
        chain_einsum,
        chain_complex_step,
        chain_vector_in_loops,
    ),
    "ps1.numerical_gradient": [
        fourth_fresh_copies,
        fourth_put_back,
        fourth_put_back_to_rounding,
        fourth_flat,
        fourth_nditer,
        fourth_unit_vectors,
        fourth_by_richardson,
        fourth_at_half_steps,
        fortran(fourth_fresh_copies),
        lists(fourth_fresh_copies),
        strided(fourth_fresh_copies),
    ],
    "ps1.is_right": [
        judged_by_formulas,
        judged_by_central_differences,
        judged_by_largest_entry,
        judged_as_int,
        judged_as_numpy_bool,
        judged_with_exceptions,
        judged_with_allclose,
    ],
}
