"""Problem set 1 on batches: a linear layer with a column per example, two paths that join."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

# --- linear_backward -------------------------------------------------------------------------------


def linear_backward(dz, x, W):
    """Z = W X + b with a column per example: ∂L/∂X = Wᵀ δ, ∂L/∂W = δ Xᵀ, ∂L/∂b = Σ δ; (1.22) transposed."""
    return _linear(dz, x, W)


def _linear(
    dz,
    x,
    W,
    dx=lambda dz, x, W: W.T @ dz,
    dW=lambda dz, x, W: dz @ x.T,
    db=lambda dz, x, W: dz.sum(axis=1),
):
    """The three gradients, each exchangeable for the mistakes."""
    return dx(dz, x, W), dW(dz, x, W), db(dz, x, W)


def _linear_cases(rng):
    sizes = ((5, 4, 3), (4, 4, 4), (1, 3, 2))  # N, D, H; the square one lets wrong products run
    return [
        Case(
            (rng.normal(size=(H, N)), rng.normal(size=(D, N)), rng.normal(size=(H, D))),
            ("dx", "dW", "db"),
            batch=N,
        )
        for N, D, H in sizes
    ]


def _mean(dz, x, W):
    return dz.mean(axis=1)


LINEAR_BACKWARD = Problem(
    name="ps1.linear_backward",
    reference=linear_backward,
    family=_linear,
    axes={"dx": ("input", "example"), "dW": ("output", "input")},
    cases=_linear_cases,
    points=4,
    lecture='lecture 1, "A batch at once", equations (1.21) and (1.22)',
    mistakes=(
        Mistake("the formulas for rows", lambda dz, x, W: (dz @ W, dz.T @ x, dz.sum(axis=0)), "These are the lecture's formulas, for a row per example. Here an example is a column, so every product changes."),
        Mistake("dx by the formula for rows", dict(dx=lambda dz, x, W: dz @ W), "Your dx is the lecture's dz W, for a row per example. Here an example is a column; only square sizes let yours run."),
        Mistake("W for Wᵀ in dx", dict(dx=lambda dz, x, W: W @ dz), "Your dx goes through W, as the forward pass does. The way back goes through its transpose; only a square W lets yours run."),
        Mistake("Wᵀ on the wrong side in dx", dict(dx=lambda dz, x, W: dz @ W.T), "In your dx the weights stand on the right, where they mix the examples of the batch. They mix inputs and outputs: on the left."),
        Mistake("element-wise product in dx", dict(dx=lambda dz, x, W: dz * W), "dx multiplies element by element. Every input feeds every output, so dx is a matrix product."),
        Mistake("element-wise product in dW", dict(dW=lambda dz, x, W: dz * x), "dW multiplies element by element. Each weight sums over the batch, which a matrix product does."),
        Mistake("dW by the formula for rows", dict(dW=lambda dz, x, W: dz.T @ x), "Your dW is the lecture's dzᵀ x, for a row per example. Here that sums over the outputs; dW has to sum over the examples."),
        Mistake("dW without a transpose", dict(dW=lambda dz, x, W: dz @ x), "Your dW is dz x, which sums an index of outputs against one of inputs. The index that dW sums over is the example: the second of both arrays."),
        Mistake("dW transposed", dict(dW=lambda dz, x, W: x @ dz.T), "Your dW is the transpose of the right one. W has shape (H, D), and so has its gradient."),
        Mistake("dW averaged over the batch", dict(dW=lambda dz, x, W: dz @ x.T / x.shape[1]), "Your dW is divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db averaged over the batch", dict(db=_mean), "Your db is the mean over the batch. The bias is added to every column, so its gradient is the sum; the 1/N is already in dz."),
        Mistake("dW and db averaged over the batch", dict(dW=lambda dz, x, W: dz @ x.T / x.shape[1], db=_mean), "Your dW and db are divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db not summed", dict(db=lambda dz, x, W: dz), "Your db still has one column per example. The same b is added to every column, so its gradient sums over the batch."),
        Mistake("db summed over the outputs", dict(db=lambda dz, x, W: dz.sum(axis=0)), "Your db sums over axis 0, as for a row per example: here that is the outputs. It has to sum over the batch and keep one entry per output."),
        Mistake("keepdims", dict(db=lambda dz, x, W: dz.sum(axis=1, keepdims=True)), "Your db has shape (H, 1). b has shape (H,), and a gradient has the shape of its parameter: no keepdims."),
        Mistake("db from the first column", dict(db=lambda dz, x, W: dz[:, 0]), "Your db is the first example's dz. It has to sum over all columns of the batch."),
    ),
    hints=(
        "Ask for one entry at a time: which outputs does W[i, j] touch, for which examples? Its gradient is a sum over those.",
        "Shapes decide nearly everything: dx is (D, N), dW is (H, D), db is (H,), and you have dz (H, N), x (D, N), W (H, D).",
        "dW[i, j] = Σ_n dz[i, n] x[j, n], and dx[j, n] = Σ_i W[i, j] dz[i, n]. Write each sum as one matrix product: which array has to be transposed?",
    ),
)  # fmt: skip


# --- two_paths_backward ----------------------------------------------------------------------------


def two_paths_backward(dy, x, z, W1, W2, W3):
    """y = relu(z) W2ᵀ + x W3ᵀ with z = x W1ᵀ: x reaches y on two paths, and dx is their sum, (1.6)."""
    dh = dy @ W2
    dz = dh * (z > 0)
    inner, direct = dz @ W1, dy @ W3
    dx = inner + direct
    dW1, dW2, dW3 = dz.T @ x, dy.T @ np.maximum(z, 0), dy.T @ x
    return dx, dW1, dW2, dW3


def _two_paths_cases(rng):
    cases = []
    for N, D, H, C in ((5, 4, 6, 3), (4, 3, 3, 3), (1, 3, 2, 1)):
        x, W1 = rng.normal(size=(N, D)), rng.normal(size=(H, D))
        W1[0] *= np.sign(W1[0] @ x[0])  # so that one unit is on where there is one example only
        weights = (W1, rng.normal(size=(C, H)), rng.normal(size=(C, D)))
        cases.append(
            Case((rng.normal(size=(N, C)), x, x @ W1.T, *weights), ("dx", "dW1", "dW2", "dW3"), batch=N)
        )
    return cases


TWO_PATHS_BACKWARD = Problem(
    name="ps1.two_paths_backward",
    reference=two_paths_backward,
    axes={"dx": ("example", "input"), "dW1": ("unit", "input"), "dW2": ("class", "unit"), "dW3": ("class", "input")},
    cases=_two_paths_cases,
    points=3,
    lecture='lecture 1, "Add, multiply, choose: what a box does to a gradient", equation (1.6)',
    mistakes=(
        Mistake("overwritten by the direct path", edit("inner + direct", "direct"), "Your dx holds the direct path through W3 only: the other path's gradient was overwritten. Where paths join, gradients add."),
        Mistake("overwritten by the hidden path", edit("inner + direct", "inner"), "Your dx holds the path through the hidden layer only. x also reaches y directly through W3, and the two gradients add."),
        Mistake("paths averaged", edit("inner + direct", "(inner + direct) / 2"), "You average the two paths. A small change of x acts on both at once, so their gradients add."),
        Mistake("paths subtracted", edit("inner + direct", "inner - direct"), "You subtract one path from the other. Both add to y, so both gradients add."),
        Mistake("paths multiplied", edit("inner + direct", "inner * direct"), "You multiply the two paths. Factors along one path multiply; different paths add."),
        Mistake("mask missing", edit(" * (z > 0)", ""), "The ReLU's derivative is missing: where z ≤ 0 nothing came through, so nothing goes back."),
        Mistake("mask from the gradient", edit("(z > 0)", "(dh > 0)"), "The ReLU's mask is taken from the incoming gradient. It belongs to the forward pass: where was the unit on?"),
        Mistake("z for the slope", edit("(z > 0)", "z"), "You multiply by z. What belongs there is the slope of the ReLU at z, which is 0 or 1."),
        Mistake("relu(z) for its derivative", edit("(z > 0)", "np.maximum(z, 0)"), "You multiply by relu(z). Its derivative is asked for: the slope of the unit, not its value."),
        Mistake("Wᵀ for W", edit("dy @ W2", "dy @ W2.T", "dz @ W1", "dz @ W1.T", "dy @ W3", "dy @ W3.T"), "You go back through Wᵀ. Forward is x Wᵀ, so the way back has no transpose. Only square weights let yours run."),
        Mistake("z in place of relu(z)", edit("np.maximum(z, 0)", "z"), "dW2 uses z. What comes into W2 is the activation relu(z)."),
        Mistake("averaged over the batch", edit("return dx, dW1, dW2, dW3", "return dx, dW1 / len(x), dW2 / len(x), dW3 / len(x)"), "Your weight gradients are divided by N. The 1/N of the mean is already in dy."),
    ),
    hints=(
        "Draw the graph: x goes to y along two arrows. Find the gradient along each, as if the other were not there.",
        "The path through the hidden layer: dy → W2 → ReLU mask → W1. The direct path: dy → W3. Both end in an (N, D) array.",
        "dz = (dy @ W2) * (z > 0) is the gradient at the hidden layer. From there on: a weight's gradient is (gradient at the layer's output)ᵀ (the layer's input).",
    ),
)  # fmt: skip
