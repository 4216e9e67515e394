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
    if name == "sigmoid":
        return np.exp(-z) / (1 + np.exp(-z)) ** 2
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
    """With a = f(z) at hand: a(1 − a), 1 − a², a + 1."""
    if name == "sigmoid":
        a = sigma(z)
        return a * (1 - a)
    if name == "tanh":
        a = np.tanh(z)
        return 1 - a**2
    if name == "elu":
        a = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
        return np.where(z > 0, 1, a + 1)
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
        "sigmoid": lambda s: 1 / (2 + math.exp(s) + math.exp(-s)),
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


def four_step_by_step(x, y, w):
    h1 = sigma(w[0] * x)
    h2 = sigma(w[1] * h1)
    h3 = sigma(w[2] * h2)
    out = w[3] * h3
    dy = 2 * (out - y)
    d3 = dy * w[3] * h3 * (1 - h3)
    d2 = d3 * w[2] * h2 * (1 - h2)
    d1 = d2 * w[1] * h1 * (1 - h1)
    return (out - y) ** 2, d1 * x, d2 * h1, d3 * h2, dy * h3


def four_long_products(x, y, w):
    def slope(z):
        return np.exp(-z) / (1 + np.exp(-z)) ** 2

    z1 = w[0] * x
    z2 = w[1] * sigma(z1)
    z3 = w[2] * sigma(z2)
    r = w[3] * sigma(z3) - y
    dw4 = 2 * r * sigma(z3)
    dw3 = 2 * r * w[3] * slope(z3) * sigma(z2)
    dw2 = 2 * r * w[3] * slope(z3) * w[2] * slope(z2) * sigma(z1)
    dw1 = 2 * r * w[3] * slope(z3) * w[2] * slope(z2) * w[1] * slope(z1) * x
    return r * r, dw1, dw2, dw3, dw4


def four_complex_step(x, y, w):
    def loss(w):
        return (w[3] * sigma(w[2] * sigma(w[1] * sigma(w[0] * x))) - y) ** 2

    return loss(w), *(loss(w + 1e-20j * e).imag / 1e-20 for e in np.eye(4))


def four_in_a_loop(x, y, w):
    h = [x]
    for weight in w[:-1]:
        h.append(1 / (1 + math.exp(-weight * h[-1])))
    delta, grads = 2 * (w[3] * h[3] - y), []
    for l in (3, 2, 1, 0):
        grads.insert(0, delta * h[l])
        delta *= w[l] * h[l] * (1 - h[l])
    return [(w[3] * h[3] - y) ** 2, *grads]


def four_as_one_array(x, y, w):
    return np.array(four_step_by_step(x, y, w))


def four_as_small_arrays(x, y, w):
    return tuple(np.array(value) for value in four_step_by_step(x, y, w))


def five_by_activations(x, t, w0, w1):
    h = sigma(w0 * x)
    y = sigma(w1 * h)
    out = (y - t) / (y * (1 - y)), y * (1 - y), np.full(x.shape, w1), h * (1 - h), x
    return *out, np.mean(out[0] * out[1] * out[2] * out[3] * out[4])


def five_by_slopes(x, t, w0, w1):
    def slope(z):
        return sigma(z) * sigma(-z)

    z1 = w0 * x
    z2 = w1 * sigma(z1)
    y = sigma(z2)
    dw0 = ((y - t) * w1 * slope(z1) * x).sum() / len(x)
    return -t / y + (1 - t) / (1 - y), slope(z2), w1 * np.ones(len(x)), slope(z1), x.copy(), dw0


def five_one_number(x, t, w0, w1):
    """∂z₂/∂h is the same for every example: one number."""
    first, second, _, fourth, fifth, dw0 = five_by_activations(x, t, w0, w1)
    return first, second, w1, fourth, fifth, float(dw0)


def five_in_loops(x, t, w0, w1):
    rows = [[], [], [], [], []]
    for xi, ti in zip(x, t, strict=True):
        h = 1 / (1 + math.exp(-w0 * xi))
        y = 1 / (1 + math.exp(-w1 * h))
        for row, value in zip(
            rows, (-1 / y if ti else 1 / (1 - y), y - y * y, w1, h - h * h, xi), strict=True
        ):
            row.append(value)
    return *rows, sum(math.prod(column) for column in zip(*rows, strict=True)) / len(x)


def five_by_einsum(x, t, w0, w1):
    *factors, _ = five_by_activations(x, t, w0, w1)
    return *factors, np.einsum("n,n,n,n,n->", *factors) / x.size


# --- ps1: batches ----------------------------------------------------------------------------------


def linear_products(dz, x, W):
    return dz @ W, dz.T @ x, dz.sum(axis=0)


def linear_einsum(dz, x, W):
    return np.einsum("nh,hd->nd", dz, W), np.einsum("nh,nd->hd", dz, x), np.einsum("nh->h", dz)


def linear_transposed(dz, x, W):
    return (W.T @ dz.T).T, (x.T @ dz).T, dz.T @ np.ones(len(dz))


def linear_loops(dz, x, W):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), [0.0] * len(W)
    for n in range(len(x)):
        for i in range(len(W)):
            db[i] += dz[n, i]
            for j in range(x.shape[1]):
                dx[n, j] += dz[n, i] * W[i, j]
                dW[i, j] += dz[n, i] * x[n, j]
    return [dx, dW, db]


def linear_outer_products(dz, x, W):
    dW = sum(np.outer(d, row) for d, row in zip(dz, x, strict=True))
    return np.dot(dz, W), dW, np.add.reduce(dz)


def linear_object_array(dz, x, W):
    out = np.empty(3, dtype=object)
    out[:] = dz @ W, dz.T @ x, dz.sum(axis=0)
    return out


def linear_extra_argument(dz, x, W, scale=1.0):
    return np.matmul(dz, W), np.tensordot(dz, x, axes=(0, 0)), scale * dz.sum(0)


def softmax_by_log(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dz = np.exp(log_p)
    dz[np.arange(len(z)), labels] -= 1
    return -log_p[np.arange(len(z)), labels].mean(), dz / len(z)


def softmax_onehot(z, labels):
    onehot = np.eye(z.shape[1])[labels]
    shifted = z - z.max(axis=1)[:, None]
    e = np.exp(shifted)
    p = e / e.sum(axis=1)[:, None]
    return np.mean(np.log(e.sum(axis=1)) - (shifted * onehot).sum(axis=1)), (p - onehot) / len(z)


def softmax_logaddexp(z, labels):
    norm = np.logaddexp.reduce(z, axis=1)
    dz = np.exp(z - norm[:, None])
    dz -= np.arange(z.shape[1]) == labels[:, None]
    return float(np.mean(norm - z[range(len(z)), labels])), dz / z.shape[0]


def softmax_loops(z, labels):
    loss, rows = 0.0, []
    for row, k in zip(z.tolist(), labels.tolist(), strict=True):
        top = max(row)
        e = [math.exp(v - top) for v in row]
        loss += math.log(sum(e)) + top - row[k]
        rows.append([(v / sum(e) - (i == k)) / len(z) for i, v in enumerate(e)])
    return loss / len(z), rows


def softmax_jacobian(z, labels):
    """Through the Jacobian's row of the label, its factor p_k cancelled against 1/p_k by hand."""
    dz = np.zeros_like(z)
    loss, _ = softmax_by_log(z, labels)
    for n, k in enumerate(labels):
        p = np.exp(z[n] - z[n].max())
        p /= p.sum()
        dz[n] = -(np.eye(len(p))[k] - p) / len(z)
    return loss, dz


def softmax_single_loss_array(z, labels):
    loss, dz = softmax_by_log(z, labels)
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


def deep_post_activation(dh, zs, hs, Ws):
    deltas, dWs = [], []
    for l in reversed(range(len(Ws))):
        delta = dh * (1 - hs[l + 1] ** 2)
        deltas.insert(0, delta)
        dWs.insert(0, delta.T @ hs[l])
        dh = delta @ Ws[l]
    return deltas, dWs


def deep_pre_activation(dh, zs, hs, Ws):
    deltas, dWs = [None] * len(Ws), [None] * len(Ws)
    for l in range(len(Ws) - 1, -1, -1):
        deltas[l] = dh / np.cosh(zs[l]) ** 2
        dWs[l] = (hs[l].T @ deltas[l]).T
        dh = deltas[l] @ Ws[l]
    return deltas, dWs


def deep_einsum(dh, zs, hs, Ws):
    deltas = [dh * (1 - np.tanh(zs[-1]) ** 2)]
    for z, W in zip(zs[-2::-1], Ws[:0:-1], strict=True):
        deltas.append(np.einsum("no,oi,ni->ni", deltas[-1], W, 1 - np.tanh(z) ** 2))
    deltas.reverse()
    return deltas, [np.einsum("no,ni->oi", d, h) for d, h in zip(deltas, hs, strict=False)]


def deep_tuples(dh, zs, hs, Ws):
    return tuple(map(tuple, deep_post_activation(dh, zs, hs, Ws)))


def deep_recursive(dh, zs, hs, Ws):
    if not Ws:
        return [], []
    delta = dh * (1 - hs[-1] * hs[-1])
    deltas, dWs = deep_recursive(delta @ Ws[-1], zs[:-1], hs[:-1], Ws[:-1])
    return [*deltas, delta], [*dWs, delta.T @ hs[-2]]


def deep_one_example_at_a_time(dh, zs, hs, Ws):
    deltas, dWs = [np.zeros_like(z) for z in zs], [np.zeros_like(W) for W in Ws]
    for n in range(len(dh)):
        signal = dh[n]
        for l in reversed(range(len(Ws))):
            deltas[l][n] = signal * (1 - hs[l + 1][n] ** 2)
            dWs[l] += np.outer(deltas[l][n], hs[l][n])
            signal = Ws[l].T @ deltas[l][n]
    return deltas, dWs


def deep_object_arrays(dh, zs, hs, Ws):
    out = []
    for arrays in deep_pre_activation(dh, zs, hs, Ws):
        box = np.empty(len(arrays), dtype=object)
        for i, array in enumerate(arrays):
            box[i] = array
        out.append(box)
    return tuple(out)


def chain_from_the_input(zs, Ws, v):
    J = np.eye(Ws[0].shape[1])
    for z, W in zip(zs, Ws, strict=True):
        J = (1 - np.tanh(z) ** 2)[:, None] * (W @ J)
    return J, v @ J


def chain_with_diagonals(zs, Ws, v):
    layers = [np.diag(1 / np.cosh(z) ** 2) @ W for z, W in zip(zs, Ws, strict=True)]
    J = layers[0] if len(layers) == 1 else np.linalg.multi_dot(layers[::-1])
    return J, J.T @ v


def chain_from_the_output(zs, Ws, v):
    J, row = np.eye(len(v)), v
    for z, W in zip(reversed(zs), reversed(Ws), strict=True):
        slope = 1 - np.tanh(z) ** 2
        J, row = (J * slope) @ W, (row * slope) @ W
    return J, row


def chain_einsum(zs, Ws, v):
    J = np.eye(Ws[0].shape[1])
    for z, W in zip(zs, Ws, strict=True):
        J = np.einsum("i,ij,jk->ik", 1 - np.tanh(z) ** 2, W, J)
    return J, np.einsum("i,ij->j", v, J)


def chain_complex_step(zs, Ws, v):
    """Column by column, through the net itself: the biases are what z has beside W h."""
    x = np.linalg.lstsq(Ws[0], zs[0], rcond=None)[0]
    biases = [z - W @ h for z, W, h in zip(zs, Ws, [x, *map(np.tanh, zs[:-1])], strict=True)]

    def net(h):
        for W, b in zip(Ws, biases, strict=True):
            h = np.tanh(W @ h + b)
        return h

    J = np.stack([net(x + 1e-20j * e).imag / 1e-20 for e in np.eye(len(x))], axis=1)
    return J, v @ J


def chain_vector_in_loops(zs, Ws, v):
    J, _ = chain_from_the_input(zs, Ws, v)
    return J, [sum(v[i] * J[i, j] for i in range(len(v))) for j in range(J.shape[1])]


# --- ps1: checking ---------------------------------------------------------------------------------


def central_fresh_copies(f, x, step=1e-5):
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        gradient[i] = (f(up) - f(down)) / (2 * step)
    return gradient


def central_put_back(f, x, step=1e-5):
    """In place on the argument, and put back exactly."""
    gradient = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        old = x[i]
        x[i] = old + step
        above = f(x)
        x[i] = old - step
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * step)
    return gradient


def central_put_back_to_rounding(f, x, step=1e-5):
    """x += h, x −= 2h, x += h: back to rounding."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        above = f(x)
        x[i] -= 2 * step
        gradient[i] = (above - f(x)) / 2 / step
        x[i] += step
    return gradient


def central_flat(f, x, step=1e-5):
    x = np.array(x)
    gradient = [0.0] * x.size
    for i in range(x.size):
        old = x.flat[i]
        x.flat[i] = old + step
        above = f(x)
        x.flat[i] = old - step
        gradient[i] = (above - f(x)) / (2 * step)
        x.flat[i] = old
    return np.reshape(gradient, x.shape)


def central_nditer(f, x, step=1e-5):
    gradient, shift = np.zeros_like(x), np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        shift[it.multi_index] = step
        gradient[it.multi_index] = (f(x + shift) - f(x - shift)) / (2 * step)
        shift[it.multi_index] = 0
        it.iternext()
    return gradient


def central_unit_vectors(f, x, step=1e-5):
    units = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step * e) - f(x - step * e)) / (2 * step) for e in units]).reshape(x.shape)


def central_two_halves(f, x, step=1e-5):
    """The mean of the forward and the backward difference."""
    at_x = f(x)
    units = np.eye(x.size).reshape(x.size, *x.shape)
    halves = [((f(x + step * e) - at_x) / step + (at_x - f(x - step * e)) / step) / 2 for e in units]
    return np.array(halves).reshape(x.shape)


def five_point_formula(f, x, step=1e-5):
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        out[i] = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * step)
    return out


def _measured(loss, params, name):
    return central_fresh_copies(lambda value: loss({**params, name: value}), params[name])


def blocks_by_norm(loss, params, grads):
    found = []
    for name in params:
        measured = _measured(loss, params, name)
        size = max(np.linalg.norm(measured), np.linalg.norm(grads[name]))
        if not np.linalg.norm(measured - grads[name]) <= 1e-5 * size:
            found.append(name)
    return found


def blocks_by_largest_entry(loss, params, grads):
    def error(a, b):
        return np.abs(a - b).max() / np.maximum(np.abs(a).max(), np.abs(b).max())

    return {name for name in params if not error(grads[name], _measured(loss, params, name)) < 1e-4}


def blocks_by_allclose(loss, params, grads):
    """np.allclose, with the absolute tolerance tied to the size of the gradient."""
    out = []
    for name, value in grads.items():
        b = _measured(loss, params, name)
        if not np.allclose(value, b, rtol=0, atol=1e-5 * np.abs(b).max()):
            out.append(name)
    return tuple(out)


def blocks_sum_of_norms(loss, params, grads):
    def wrong(name):
        a, b = grads[name], _measured(loss, params, name)
        return not np.sqrt(((a - b) ** 2).sum()) / (np.sqrt((a**2).sum()) + np.sqrt((b**2).sum())) < 1e-6

    return np.array([name for name in params if wrong(name)])


def blocks_in_another_order(loss, params, grads):
    return sorted(blocks_by_norm(loss, params, grads), reverse=True)


def blocks_nan_apart(loss, params, grads):
    bad = [name for name in grads if np.isnan(grads[name]).any()]
    for name in grads:
        b = _measured(loss, params, name)
        if name not in bad and np.linalg.norm(grads[name] - b) > 1e-4 * np.linalg.norm(b):
            bad.append(name)
    return bad


def blocks_moving_parameters(loss, params, grads, step=1e-5):
    """Moves the entries of params themselves, and puts them back."""
    found = []
    for name, value in params.items():
        measured = np.zeros_like(value)
        for i in np.ndindex(value.shape):
            old = value[i]
            value[i] = old + step
            above = loss(params)
            value[i] = old - step
            measured[i] = (above - loss(params)) / (2 * step)
            value[i] = old
        if not np.linalg.norm(measured - grads[name]) <= 1e-5 * np.linalg.norm(measured):
            found.append(name)
    return found


def blocks_as_generator(loss, params, grads):
    yield from blocks_by_norm(loss, params, grads)


RIGHT = {
    "start.slope_of_square": dressed(slope_by_sum, slope_by_complex_step),
    "ps1.activation_derivative": dressed(
        slopes_by_formula,
        slopes_post_activation,
        slopes_in_loops,
        slopes_one_at_the_kink,
        slopes_heaviside,
    ),
    "ps1.four_weight_net": dressed(
        four_step_by_step,
        four_long_products,
        four_complex_step,
        four_in_a_loop,
        four_as_one_array,
        four_as_small_arrays,
    ),
    "ps1.five_factors": dressed(
        five_by_activations, five_by_slopes, five_one_number, five_in_loops, five_by_einsum
    ),
    "ps1.linear_backward": dressed(
        linear_products,
        linear_einsum,
        linear_transposed,
        linear_loops,
        linear_outer_products,
        linear_object_array,
        linear_extra_argument,
    ),
    "ps1.softmax_cross_entropy": dressed(
        softmax_by_log,
        softmax_onehot,
        softmax_logaddexp,
        softmax_loops,
        softmax_jacobian,
        softmax_single_loss_array,
    ),
    "ps1.two_paths_backward": dressed(
        two_products, two_einsum, two_recomputed, two_in_place, two_loops, two_stacked
    ),
    "ps1.deep_backward": dressed(
        deep_post_activation,
        deep_pre_activation,
        deep_einsum,
        deep_tuples,
        deep_recursive,
        deep_one_example_at_a_time,
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
        central_fresh_copies,
        central_put_back,
        central_put_back_to_rounding,
        central_flat,
        central_nditer,
        central_unit_vectors,
        central_two_halves,
        five_point_formula,
        fortran(central_fresh_copies),
        lists(central_fresh_copies),
        strided(central_fresh_copies),
    ],
    "ps1.wrong_blocks": [
        blocks_by_norm,
        blocks_by_largest_entry,
        blocks_by_allclose,
        blocks_sum_of_norms,
        blocks_in_another_order,
        blocks_nan_apart,
        blocks_moving_parameters,
        blocks_as_generator,
    ],
}
