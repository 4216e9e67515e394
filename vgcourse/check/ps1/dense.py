"""Problem set 1 on batches: a linear layer, two paths that join."""

import numpy as np

from vgcourse.check.problem import Case, Mistake, Problem

# --- linear_backward -------------------------------------------------------------------------------


def linear_backward(dz, x, W):
    """∂L/∂x = δ W, ∂L/∂W = δᵀ x, ∂L/∂b = Σ δ: equation (1.15)."""
    return dz @ W, dz.T @ x, dz.sum(axis=0)


def _linear_cases(rng):
    sizes = ((5, 4, 3), (4, 4, 4), (3, 1, 2))  # N, D, H; the square one lets wrong products run
    return [
        Case(
            (rng.normal(size=(N, H)), rng.normal(size=(N, D)), rng.normal(size=(H, D))),
            ("dx", "dW", "db"),
            batch=N,
        )
        for N, D, H in sizes
    ]


def _linear(dx=None, dW=None, db=None):
    """linear_backward with one output exchanged for a wrong one."""

    def formula(dz, x, W):
        right = linear_backward(dz, x, W)
        return tuple(
            value if wrong is None else wrong(dz, x, W)
            for wrong, value in zip((dx, dW, db), right, strict=True)
        )

    return formula


LINEAR_BACKWARD = Problem(
    name="ps1.linear_backward",
    reference=linear_backward,
    axes={"dx": ("example", "input"), "dW": ("output", "input")},
    cases=_linear_cases,
    points=4,
    lecture='lecture 1, "A batch at once", equation (1.15)',
    mistakes=(
        Mistake("Wᵀ for W in dx", _linear(dx=lambda dz, x, W: dz @ W.T), "dx uses Wᵀ. Forward is z = x Wᵀ, so the way back is dz W, without a transpose. Only a square W lets yours run at all."),
        Mistake("element-wise for matrix product in dx", _linear(dx=lambda dz, x, W: dz * W), "dx multiplies element by element. Every input feeds every output, so dx is a matrix product, dz @ W."),
        Mistake("element-wise for matrix product in dW", _linear(dW=lambda dz, x, W: dz * x), "dW multiplies element by element. Each weight sums over the batch: that is the matrix product dz.T @ x."),
        Mistake("dW transposed", _linear(dW=lambda dz, x, W: x.T @ dz), "Your dW is the transpose of the right one. W has shape (H, D), and so has its gradient: dz.T @ x."),
        Mistake("dW averaged over the batch", _linear(dW=lambda dz, x, W: dz.T @ x / len(x)), "Your dW is divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db averaged over the batch", _linear(db=lambda dz, x, W: dz.mean(axis=0)), "Your db is the mean over the batch. The bias is added to every row, so its gradient is the sum; the 1/N is already in dz."),
        Mistake("dW and db averaged over the batch", _linear(dW=lambda dz, x, W: dz.T @ x / len(x), db=lambda dz, x, W: dz.mean(axis=0)), "Your dW and db are divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db not summed", _linear(db=lambda dz, x, W: dz), "Your db still has one row per example. The same b is added to every row, so its gradient sums over the batch."),
        Mistake("db summed over the outputs", _linear(db=lambda dz, x, W: dz.sum(axis=1)), "Your db sums over the outputs (axis 1). It has to sum over the batch, axis 0, and keep one entry per output."),
        Mistake("keepdims", _linear(db=lambda dz, x, W: dz.sum(axis=0, keepdims=True)), "Your db has shape (1, H). b has shape (H,), and a gradient has the shape of its parameter: no keepdims."),
        Mistake("db from the first row", _linear(db=lambda dz, x, W: dz[0]), "Your db is the first example's dz. It has to sum over all rows of the batch."),
    ),
    hints=(
        "Ask for one entry at a time: which outputs does W[i, j] touch, for which examples? Its gradient is a sum over those.",
        "Shapes decide nearly everything: dx is (N, D), dW is (H, D), db is (H,), and you have dz (N, H), x (N, D), W (H, D).",
        "dW[i, j] = Σ_n dz[n, i] x[n, j], and db[i] = Σ_n dz[n, i]. dx[n, j] = Σ_i dz[n, i] W[i, j]. Write each as one matrix product or sum.",
    ),
)  # fmt: skip


# --- two_paths_backward ----------------------------------------------------------------------------


def two_paths_backward(dy, x, z, W1, W2, W3):
    """y = relu(z) W2ᵀ + x W3ᵀ with z = x W1ᵀ: x reaches y on two paths, and dx is their sum, (1.16)."""
    dz = (dy @ W2) * (z > 0)
    return dz @ W1 + dy @ W3, dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x


def _two_paths_cases(rng):
    cases = []
    for N, D, H, C in ((5, 4, 6, 3), (4, 3, 3, 3)):
        x, W1 = rng.normal(size=(N, D)), rng.normal(size=(H, D))
        weights = (W1, rng.normal(size=(C, H)), rng.normal(size=(C, D)))
        cases.append(
            Case((rng.normal(size=(N, C)), x, x @ W1.T, *weights), ("dx", "dW1", "dW2", "dW3"), batch=N)
        )
    return cases


def _two_paths(
    dy,
    x,
    z,
    W1,
    W2,
    W3,
    mask=lambda z, dh: z > 0,
    join=lambda inner, direct: inner + direct,
    hidden=lambda z: np.maximum(z, 0),
    way=lambda W: W,
    mean=False,
):
    """The backward pass with its parts exchangeable for the mistakes."""
    dh = dy @ way(W2)
    dz = dh * mask(z, dh)
    weights = dz.T @ x, dy.T @ hidden(z), dy.T @ x
    return join(dz @ way(W1), dy @ way(W3)), *(dW / len(x) if mean else dW for dW in weights)


TWO_PATHS_BACKWARD = Problem(
    name="ps1.two_paths_backward",
    reference=two_paths_backward,
    family=_two_paths,
    axes={"dx": ("example", "input"), "dW1": ("unit", "input"), "dW2": ("class", "unit"), "dW3": ("class", "input")},
    cases=_two_paths_cases,
    points=3,
    lecture='lecture 1, "Where paths join", equation (1.16)',
    mistakes=(
        Mistake("overwritten by the direct path", dict(join=lambda inner, direct: direct), "Your dx holds the direct path through W3 only: the other path's gradient was overwritten. Where paths join, gradients add: use +."),
        Mistake("overwritten by the hidden path", dict(join=lambda inner, direct: inner), "Your dx holds the path through the hidden layer only. x also reaches y directly through W3, and the two gradients add."),
        Mistake("paths averaged", dict(join=lambda inner, direct: (inner + direct) / 2), "You average the two paths. A small change of x acts on both at once, so their gradients add."),
        Mistake("paths subtracted", dict(join=lambda inner, direct: inner - direct), "You subtract one path from the other. Both add to y, so both gradients add."),
        Mistake("mask missing", dict(mask=lambda z, dh: 1.0), "The ReLU's derivative is missing: where z ≤ 0 nothing came through, so nothing goes back."),
        Mistake("mask from the gradient", dict(mask=lambda z, dh: dh > 0), "The ReLU's mask is taken from the incoming gradient. It belongs to the forward pass: z > 0."),
        Mistake("relu(z) for its derivative", dict(mask=lambda z, dh: np.maximum(z, 0)), "You multiply by relu(z). Its derivative is 1 where z > 0, else 0."),
        Mistake("Wᵀ for W", dict(way=np.transpose), "You go back through Wᵀ. Forward is x Wᵀ, so the way back is dy W, without a transpose. Only square weights let yours run."),
        Mistake("z in place of relu(z)", dict(hidden=lambda z: z), "dW2 uses z. What comes into W2 is the activation relu(z)."),
        Mistake("averaged over the batch", dict(mean=True), "Your weight gradients are divided by N. The 1/N of the mean is already in dy."),
    ),
    hints=(
        "Draw the graph: x goes to y along two arrows. Find the gradient along each, as if the other were not there.",
        "The path through the hidden layer: dy → W2 → ReLU mask → W1. The direct path: dy → W3. Both end in an (N, D) array.",
        "dz = (dy @ W2) * (z > 0); dx is the sum of dz @ W1 and dy @ W3. Each dW is (gradient at the layer's output).T @ (the layer's input).",
    ),
)  # fmt: skip
