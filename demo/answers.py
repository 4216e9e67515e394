"""What the sample students wrote: `OtherWays` is right, the others hold the mistakes they are named for.

Each function takes what the problem set's answer cell takes; `samples` puts its body into that cell.
"""

import math

import numpy as np

from vgcourse.gradcheck import numerical_gradient as central


class OtherWays:
    """Everything right, with loops, einsum, lists, tuples and float32 where the solutions have arrays."""

    def activation_derivative(name, z):
        if name == "maxout":
            return np.eye(z.shape[-1])[z.argmax(-1)]
        slopes = {
            "sigmoid": lambda v: 1 / (2 + math.exp(v) + math.exp(-v)),
            "tanh": lambda v: math.cosh(v) ** -2,
            "relu": lambda v: float(v > 0),
            "leaky_relu": lambda v: 1.0 if v > 0 else 0.01,
            "elu": lambda v: math.exp(min(v, 0.0)),
            "softplus": lambda v: 0.5 + 0.5 * math.tanh(v / 2),
        }
        return [[slopes[name](v) for v in row] for row in z]

    def four_weight_net(x, y, w):
        h = [x]
        for weight in w[:3]:
            h.append(0.5 + 0.5 * math.tanh(weight * h[-1] / 2))
        error = w[3] * h[3] - y
        signal, grads = 2 * error, [2 * error * h[3]]
        for i in (3, 2, 1):
            signal *= w[i] * h[i] * (1 - h[i])
            grads.append(signal * h[i - 1])
        return [error**2, *reversed(grads)]

    def five_factors(x, t, w0, w1):
        rows = []
        for xi, ti in zip(x, t):
            h = 1 / (1 + math.exp(-w0 * xi))
            y = 1 / (1 + math.exp(-w1 * h))
            rows.append([(1 - ti) / (1 - y) - ti / y, y - y * y, w1, h - h * h, xi])
        columns = [list(column) for column in zip(*rows)]
        return *columns, sum(math.prod(row) for row in rows) / len(rows)

    def linear_backward(dz, x, W):
        dz, x, W = (a.astype(np.float32) for a in (dz, x, W))
        return np.einsum("nh,hd->nd", dz, W), np.einsum("nh,nd->hd", dz, x), np.ones(len(x), np.float32) @ dz

    def softmax_cross_entropy(z, labels):
        loss, dz = 0.0, np.zeros(z.shape)
        for row, (scores, label) in enumerate(zip(z, labels)):
            log_sum = np.logaddexp.reduce(scores)
            loss += (log_sum - scores[label]) / len(z)
            dz[row] = np.exp(scores - log_sum) / len(z)
            dz[row, label] -= 1 / len(z)
        return loss, dz

    def two_paths_backward(dy, x, z, W1, W2, W3):
        h = z.clip(0)
        dz = np.where(h == 0, 0.0, np.einsum("nc,ch->nh", dy, W2))
        dx = dy @ W3
        dx += dz @ W1
        return dx, (x.T @ dz).T, (h.T @ dy).T, (x.T @ dy).T

    def deep_backward(dh, zs, hs, Ws):
        deltas, dWs = [None] * len(Ws), [None] * len(Ws)
        for i in range(len(Ws) - 1, -1, -1):
            deltas[i] = dh / np.cosh(zs[i]) ** 2
            dWs[i] = sum(np.outer(d, h) for d, h in zip(deltas[i], hs[i]))
            dh = (Ws[i].T @ deltas[i].T).T
        return tuple(deltas), tuple(dWs)

    def chain_jacobian(zs, Ws, v):
        J = np.diag(np.cosh(zs[-1]) ** -2) @ Ws[-1]
        for i in range(len(Ws) - 2, -1, -1):
            J = J @ np.diag(np.cosh(zs[i]) ** -2) @ Ws[i]
        return J, [sum(v[i] * J[i, j] for i in range(len(v))) for j in range(J.shape[1])]

    def numerical_gradient(f, x, step=1e-5):
        moves = step * np.eye(x.size).reshape(-1, *x.shape)
        return np.array([(f(x + move) - f(x - move)) / step / 2 for move in moves]).reshape(x.shape)

    def wrong_blocks(loss, params, grads):
        def error(name):
            a = grads[name].ravel()
            b = central(lambda v: loss(dict(params, **{name: v})), params[name]).ravel()
            size = np.sqrt(a @ a + b @ b)
            return np.sqrt((a - b) @ (a - b)) / size if size else 0.0

        return tuple(name for name in params if not error(name) < 1e-6)


class Batches:
    """The bias averaged, the 1/N forgotten, a transpose that only equal widths let run."""

    def linear_backward(dz, x, W):
        return dz @ W, dz.T @ x, dz.mean(axis=0)

    def softmax_cross_entropy(z, labels):
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        shifted = z - z.max(axis=1, keepdims=True)
        picked = shifted[np.arange(len(z)), labels] - np.log(np.exp(shifted).sum(axis=1))
        return -picked.mean(), p - np.eye(z.shape[1])[labels]

    def deep_backward(dh, zs, hs, Ws):
        deltas, dWs = [], []
        for i in reversed(range(len(Ws))):
            delta = dh * (1 - hs[i + 1] ** 2)
            deltas.append(delta)
            dWs.append(delta.T @ hs[i])
            dh = delta @ Ws[i].T
        return deltas[::-1], dWs[::-1]


class Signs:
    """y − ŷ for ŷ − y, the slope taken at h in place of z, a path that overwrites the other."""

    def four_weight_net(x, y, w):
        h1 = 1 / (1 + np.exp(-w[0] * x))
        h2 = 1 / (1 + np.exp(-w[1] * h1))
        h3 = 1 / (1 + np.exp(-w[2] * h2))
        d4 = 2 * (y - w[3] * h3)
        d3 = d4 * w[3] * h3 * (1 - h3)
        d2 = d3 * w[2] * h2 * (1 - h2)
        d1 = d2 * w[1] * h1 * (1 - h1)
        return (w[3] * h3 - y) ** 2, d1 * x, d2 * h1, d3 * h2, d4 * h3

    def five_factors(x, t, w0, w1):
        def sigma(z):
            return 1 / (1 + np.exp(-z))

        def slope(z):
            return sigma(z) * (1 - sigma(z))

        h = sigma(w0 * x)
        y = sigma(w1 * h)
        factors = (y - t) / (y * (1 - y)), slope(y), np.full_like(x, w1), slope(h), x
        return *factors, np.prod(factors, axis=0).mean()

    def two_paths_backward(dy, x, z, W1, W2, W3):
        dz = (dy @ W2) * (z > 0)
        dx = dz @ W1
        dx = dy @ W3
        return dx, dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x


class OneSided:
    """Two points where three are needed, and a tolerance that vanished gradients never reach."""

    def numerical_gradient(f, x, step=1e-5):
        gradient = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            moved = x.copy()
            moved[i] += step
            gradient[i] = (f(moved) - f(x)) / step
        return gradient

    def wrong_blocks(loss, params, grads):
        found = []
        for name in params:
            measured = central(lambda value, name=name: loss({**params, name: value}), params[name])
            if not np.abs(measured - grads[name]).max() <= 1e-5:
                found.append(name)
        return found


class Warns:
    """Right, with warnings and prints to stderr on the way."""

    def softmax_cross_entropy(z, labels):
        import sys
        import warnings

        warnings.warn("large logits", stacklevel=1)
        print("softmax:", z.shape, file=sys.stderr)
        np.log(np.zeros(1))
        shifted = z - z.max(axis=1, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        rows = np.arange(len(z))
        loss = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]
        p[rows, labels] -= 1
        return loss.mean(), p / len(z)
