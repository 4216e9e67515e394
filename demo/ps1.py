"""The class's submissions for problem set 1: each shows one thing that real submissions do.

`OtherWays` is right; the other classes hold the mistakes they are named for. Each function takes what the
problem set's answer cell takes; `samples.fill` puts its body into that cell.
"""

import math

import numpy as np

from demo.samples import STUB, ProblemSet, Submission, fill, find
from vgcourse.gradcheck import numerical_gradient as central


class OtherWays:
    """Everything right, with loops, einsum, lists, tuples and float32 where the solutions have arrays."""

    def activation_derivative(name, z):
        if name == "maxout":
            return np.eye(z.shape[-1])[z.argmax(-1)]
        slopes = {
            "silu": lambda v: (1 + v / (1 + math.exp(v))) / (1 + math.exp(-v)),
            "tanh": lambda v: math.cosh(v) ** -2,
            "relu": lambda v: float(v > 0),
            "leaky_relu": lambda v: 1.0 if v > 0 else 0.01,
            "elu": lambda v: math.exp(min(v, 0.0)),
            "softplus": lambda v: 0.5 + 0.5 * math.tanh(v / 2),
        }
        return np.reshape([slopes[name](v) for v in z.ravel()], z.shape)

    def four_weight_net(x, t, w):
        h = [x]
        for weight in w[:3]:
            h.append(math.tanh(weight * h[-1]))
        error = w[3] * h[3] - t
        signal, grads = 2 * error, [2 * error * h[3]]
        for i in (3, 2, 1):
            signal *= w[i] * (1 - h[i]) * (1 + h[i])
            grads.append(signal * h[i - 1])
        return [error**2, *reversed(grads)]

    def five_factors(x, t, w1, w2):
        rows = []
        for xi, ti in zip(x, t):
            h = math.tanh(w1 * xi)
            y = 1 / (1 + math.exp(-w2 * h))
            rows.append([2 * y - 2 * ti, y - y * y, w2, 1 - h * h, xi])
        columns = [list(column) for column in zip(*rows)]
        return *columns, sum(math.prod(row) for row in rows) / len(rows)

    def linear_backward(dz, x, W):
        dz, x, W = (a.astype(np.float32) for a in (dz, x, W))
        db = dz @ np.ones(dz.shape[1], np.float32)
        return np.einsum("hd,hn->dn", W, dz), np.einsum("hn,dn->hd", dz, x), db

    def softmax_cross_entropy(z, targets, temperature):
        loss, dz = 0.0, np.zeros(z.shape)
        for row, (scores, t) in enumerate(zip(z / temperature, targets)):
            log_p = scores - np.logaddexp.reduce(scores)
            loss -= t @ log_p / len(z)
            dz[row] = (np.exp(log_p) - t) / temperature / len(z)
        return loss, dz

    def two_paths_backward(dy, x, z, W1, W2, W3):
        h = z.clip(0)
        dz = np.where(h == 0, 0.0, np.einsum("nc,ch->nh", dy, W2))
        dx = dy @ W3
        dx += dz @ W1
        return dx, (x.T @ dz).T, (h.T @ dy).T, (x.T @ dy).T

    def deep_backward(dh, hs, Ws):
        deltas, dWs, dbs = ([None] * len(Ws) for _ in range(3))
        for i in range(len(Ws) - 1, -1, -1):
            deltas[i] = dh - dh * hs[i + 1] ** 2
            dWs[i] = sum(np.outer(d, h) for d, h in zip(deltas[i], hs[i]))
            dbs[i] = sum(deltas[i])
            dh = (Ws[i].T @ deltas[i].T).T
        return tuple(deltas), tuple(dWs), tuple(dbs)

    def chain_jacobian(zs, Ws, v):
        J = np.eye(len(v))
        for z, W in zip(reversed(zs), reversed(Ws)):
            J = J + J @ np.diag(np.cosh(z) ** -2) @ W
        return J, [sum(v[i] * J[i, j] for i in range(len(v))) for j in range(J.shape[1])]

    def numerical_gradient(f, x, step=1e-3):
        moves = step * np.eye(x.size).reshape(-1, *x.shape)
        single = [(f(x + move) - f(x - move)) / step / 2 for move in moves]
        double = [(f(x + 2 * move) - f(x - 2 * move)) / step / 4 for move in moves]
        return (4 * np.reshape(single, x.shape) - np.reshape(double, x.shape)) / 3

    def is_right(backward):
        rng = np.random.default_rng(4)
        for N, D, H, size in ((4, 3, 2, 1), (2, 2, 5, 1e-8), (3, 4, 4, 1), (1, 2, 3, 1)):
            dz, x = size * rng.normal(size=(H, N)), rng.normal(size=(D, N))
            W, b, kept = rng.normal(size=(H, D)), np.zeros(H), []
            truth = [
                central(lambda v, W=W, dz=dz: np.sum(dz * (W @ v)), x),
                central(lambda v, x=x, dz=dz: np.sum(dz * (v @ x)), W),
                central(lambda v, dz=dz: np.sum(dz.T * v), b),
            ]
            for _ in range(2):
                kept = [dz.copy(), x.copy(), W.copy()]
                out = backward(dz, x, W)
                for a, t in zip(map(np.asarray, out), truth):
                    if a.shape != t.shape or not np.abs(a - t).max() < 1e-5 * np.abs(t).max():
                        return False
                if any((a != k).any() for a, k in zip((dz, x, W), kept)):
                    return False
        return True


class Batches:
    """The bias averaged, the 1/N forgotten, a transpose that only equal widths let run."""

    def linear_backward(dz, x, W):
        return W.T @ dz, dz @ x.T, dz.mean(axis=1)

    def softmax_cross_entropy(z, targets, temperature):
        s = z / temperature
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        return -(targets * log_p).sum(axis=1).mean(), (p - targets) / temperature

    def deep_backward(dh, hs, Ws):
        deltas, dWs, dbs = [], [], []
        for i in reversed(range(len(Ws))):
            delta = dh * (1 - hs[i + 1] ** 2)
            deltas.append(delta)
            dWs.append(delta.T @ hs[i])
            dbs.append(delta.sum(axis=0))
            dh = delta @ Ws[i].T
        return deltas[::-1], dWs[::-1], dbs[::-1]


class Signs:
    """t − y for y − t, the slope taken at the activation, a path that overwrites the other."""

    def four_weight_net(x, t, w):
        h1 = np.tanh(w[0] * x)
        h2 = np.tanh(w[1] * h1)
        h3 = np.tanh(w[2] * h2)
        d4 = 2 * (t - w[3] * h3)
        d3 = d4 * w[3] * (1 - h3**2)
        d2 = d3 * w[2] * (1 - h2**2)
        d1 = d2 * w[1] * (1 - h1**2)
        return (w[3] * h3 - t) ** 2, d1 * x, d2 * h1, d3 * h2, d4 * h3

    def five_factors(x, t, w1, w2):
        def sigma(z):
            return 1 / (1 + np.exp(-z))

        h = np.tanh(w1 * x)
        y = sigma(w2 * h)
        factors = 2 * (y - t), sigma(y) * (1 - sigma(y)), np.full_like(x, w2), 1 - h**2, x
        return *factors, np.prod(factors, axis=0).mean()

    def two_paths_backward(dy, x, z, W1, W2, W3):
        dz = (dy @ W2) * (z > 0)
        dx = dz @ W1
        dx = dy @ W3
        return dx, dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x


class TwoPoints:
    """The lecture's two points where four are asked for, a tolerance that vanished gradients never reach."""

    def numerical_gradient(f, x, step=1e-3):
        gradient = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[i] += step
            down[i] -= step
            gradient[i] = (f(up) - f(down)) / (2 * step)
        return gradient

    def is_right(backward):
        rng = np.random.default_rng(0)
        for N, D, H in ((4, 3, 2), (5, 3, 3), (1, 2, 4)):
            dz, x, W = rng.normal(size=(H, N)), rng.normal(size=(D, N)), rng.normal(size=(H, D))
            for size in (1.0, 1e-9):
                truth = W.T @ (size * dz), size * dz @ x.T, size * dz.sum(axis=1)
                for _ in range(2):
                    given = size * dz, x.copy(), W.copy()
                    for a, t in zip(backward(*given), truth):
                        if np.shape(a) != t.shape or not np.allclose(a, t):
                            return False
                    if not all(np.array_equal(a, b) for a, b in zip(given, (size * dz, x, W))):
                        return False
        return True


class Warns:
    """Right, with warnings and prints to stderr on the way."""

    def softmax_cross_entropy(z, targets, temperature):
        import sys
        import warnings

        warnings.warn("large logits", stacklevel=1)
        print("softmax:", z.shape, file=sys.stderr)
        np.log(np.zeros(1))
        shifted = (z - z.max(axis=1, keepdims=True)) / temperature
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        p = np.exp(shifted - log_sum[:, None])
        loss = log_sum - (targets * shifted).sum(axis=1)
        return loss.mean(), (p - targets) / temperature / len(z)


WRITTEN = {
    "p2-derivation": r"$w_2$ reaches $L$ through $z_2$, so by the chain rule $\partial L/\partial w_2 = "
    r"2(y-t)\,w_4\,(1-h_3^2)\,w_3\,(1-h_2^2)\,h_1$. "
    r"One more layer in front: nothing changes for $w_2$.",
    "p5-derivation": r"$\partial p_j/\partial s_i = p_j([i=j]-p_i)$ and $\partial L/\partial p_j=-t_j/p_j$. "
    r"The sum of their products is $p_i-t_i$, because the $t_j$ sum to 1; $s=z/\tau$ gives $1/\tau$.",
    "p11-experiment": r"I expected $\lVert\delta_1\rVert/\lVert\delta_L\rVert=0.1$ at depth 20. I varied "
    r"the depth alone and kept the width. It was 0.18 to 0.26 in five seeds, because every slope is below 1. "
    r"Without the tanh it stayed near 1. It says nothing about trained weights.",
}
FIRST_DERIVATION = {"p2-derivation": WRITTEN["p2-derivation"]}


def _syntax_error(released, solutions):
    notebook = fill(released, OtherWays, written=WRITTEN)
    cell = find(notebook, "p4-answer")
    cell.source = cell.source.replace("np.einsum(", "np.einsum)(", 1)
    return notebook


def _by_hand(released, solutions):
    """The first five parts and both derivations, the second below its box; the rest is left as it came."""
    from nbformat.v4 import new_markdown_cell

    notebook = fill(released, written=FIRST_DERIVATION)
    below = notebook.cells.index(find(notebook, "p5-derivation")) + 1
    notebook.cells.insert(below, new_markdown_cell(WRITTEN["p5-derivation"]))
    ready = fill(released, OtherWays)
    for part in range(1, 6):
        find(notebook, f"p{part}-answer").source = find(ready, f"p{part}-answer").source
    return notebook


def _emptied(released, solutions):
    """Part 3 has its stub deleted, so it returns None; the answer cell of part 8 is gone."""
    notebook = fill(released, OtherWays, written=FIRST_DERIVATION)
    cell = find(notebook, "p3-answer")
    cell.source = STUB.sub("", find(released, "p3-answer").source).rstrip()
    notebook.cells.remove(find(notebook, "p8-answer"))
    return notebook


def _cut_off(released, solutions):
    """An upload that broke off in the middle: no JSON."""
    import nbformat

    text = nbformat.writes(fill(released, OtherWays))
    return text[: len(text) // 2]


def _warns(released, solutions):
    notebook = fill(released, OtherWays, Warns, written=WRITTEN)
    cell = find(notebook, "p6-answer")
    cell.source += (
        '\n\nimport sys, warnings\nwarnings.warn("part 6 is done")\nprint("and says so", file=sys.stderr)'
    )
    return notebook


def _filled(*answers, written=WRITTEN):
    return lambda released, solutions: fill(released, OtherWays, *answers, written=written)


PS1 = ProblemSet(
    "ps1",
    {
        "a.okafor": Submission("everything right, in other ways than the solutions", _filled()),
        "l.garcia": Submission("mistakes with batches: 1/N, the bias, a transpose", _filled(Batches)),
        "minh.nguyen": Submission(
            "the sign of ŷ − y, and σ' of the activation", _filled(Signs, written=FIRST_DERIVATION)
        ),
        "z.kowalska": Submission("two points for four, and an absolute error", _filled(TwoPoints)),
        "l.haddad": Submission("handed in as it came", lambda released, solutions: released),
        "j.mueller": Submission("a bracket too many in part 4", _syntax_error),
        "a.singh": Submission("five parts and both derivations, one below its box", _by_hand),
        "b.dasilva": Submission("part 3 returns None, part 8 is deleted", _emptied),
        "d.ivanova": Submission("right, but warns and writes to stderr", _warns),
        "k.mensah": Submission("an upload that broke off", _cut_off),
    },
    {
        "p2-derivation": (4, "Every factor is there."),
        "p5-derivation": (3, "Derive the case i ≠ j, too."),
        "p11-experiment": (4, "A clear control."),
    },
)
