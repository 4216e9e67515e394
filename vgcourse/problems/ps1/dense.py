"""Problem set 1 on batches: a linear layer with a column per example, two paths that join."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Mistake, Problem

# --- linear_backward -------------------------------------------------------------------------------


def linear_backward(dz, x, W):
    """Z = W X + b with a column per example: ∂L/∂X = Wᵀ δ, ∂L/∂W = δ Xᵀ, ∂L/∂b = Σ δ; (1.22) transposed."""
    dx = W.T @ dz
    dW = dz @ x.T
    db = dz.sum(axis=1)
    return dx, dW, db


def _linear_cases(rng):
    # N, D, H; the square one lets wrong products run, in the last two axes of length 1 get lost
    sizes = ((5, 4, 3), (4, 4, 4), (1, 3, 2), (3, 1, 1))
    return [
        Case(
            (rng.normal(size=(H, N)), rng.normal(size=(D, N)), rng.normal(size=(H, D))),
            ("dx", "dW", "db"),
            batch=N,
        )
        for N, D, H in sizes
    ]


DX, DW, DB = "W.T @ dz", "dz @ x.T", "dz.sum(axis=1)"

LINEAR_BACKWARD = Problem(
    name="ps1.linear_backward",
    reference=linear_backward,
    axes={"dx": ("input", "example"), "dW": ("output", "input")},
    cases=_linear_cases,
    points=4,
    lecture='lecture 1, "A batch at once", equations (1.21) and (1.22)',
    mistakes=(
        Mistake("the formulas for rows", edit(DX, "dz @ W", DW, "dz.T @ x", DB, "dz.sum(axis=0)"), "These are the lecture's formulas, for a row per example. Here an example is a column, so every product changes.", beside_the_point=True),
        Mistake("dx by the formula for rows", edit(DX, "dz @ W"), "Your dx is the lecture's product, for a row per example. Here an example is a column; only square sizes let yours run."),
        Mistake("W for Wᵀ in dx", edit(DX, "W @ dz"), "Your dx goes through W, as the forward pass does. The way back goes through its transpose; only a square W lets yours run."),
        Mistake("Wᵀ on the wrong side in dx", edit(DX, "dz @ W.T"), "In your dx the weights stand on the right, where they mix the examples of the batch. They mix inputs and outputs: on the left."),
        Mistake("element-wise product in dx", edit(DX, "dz * W"), "dx multiplies element by element. Every input feeds every output, so dx is a matrix product."),
        Mistake("element-wise product in dW", edit(DW, "dz * x"), "dW multiplies element by element. Each weight sums over the batch, which a matrix product does."),
        Mistake("dW by the formula for rows", edit(DW, "dz.T @ x"), "Your dW is the lecture's product, for a row per example. Here that sums over the outputs; dW has to sum over the examples."),
        Mistake("dW without a transpose", edit(DW, "dz @ x"), "Your dW is dz x, which sums an index of outputs against one of inputs. The index that dW sums over is the example: the second of both arrays."),
        Mistake("dW transposed", edit(DW, "x @ dz.T"), "Your dW is the transpose of the right one. W has shape (H, D), and so has its gradient."),
        Mistake("dW averaged over the batch", edit(DW, "dz @ x.T / x.shape[1]"), "Your dW is divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db averaged over the batch", edit(DB, "dz.mean(axis=1)"), "Your db is the mean over the batch. The bias is added to every column, so its gradient is the sum; the 1/N is already in dz."),
        Mistake("dW and db averaged over the batch", edit(DW, "dz @ x.T / x.shape[1]", DB, "dz.mean(axis=1)"), "Your dW and db are divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss."),
        Mistake("db not summed", edit(DB, "dz"), "Your db still has one column per example. The same b is added to every column, so its gradient sums over the batch."),
        Mistake("db summed over the outputs", edit(DB, "dz.sum(axis=0)"), "Your db sums over axis 0, as for a row per example: here that is the outputs. It has to sum over the batch and keep one entry per output."),
        Mistake("keepdims", edit(DB, "dz.sum(axis=1, keepdims=True)"), "Your db has shape (H, 1). b has shape (H,), and a gradient has the shape of its parameter: no keepdims."),
        Mistake("db from the first column", edit(DB, "dz[:, 0]"), "Your db is the first example's dz. It has to sum over all columns of the batch."),
        Mistake("all averaged over the batch", edit(DX, "W.T @ dz / x.shape[1]", DW, "dz @ x.T / x.shape[1]", DB, "dz.mean(axis=1)"), "All three of your gradients are divided by N. The 1/N of the mean is already in dz; it comes in once, at the loss.", whole=True),
        Mistake("dx averaged over the batch", edit(DX, "W.T @ dz / x.shape[1]"), "Your dx is 1/N of the right value. Every example has an input of its own, and the 1/N of the mean is already in dz."),
        Mistake("dx times N", edit(DX, "W.T @ dz * x.shape[1]"), "Your dx is N times the right value. The 1/N of the mean loss is in dz and belongs there: nothing is to be undone."),
        Mistake("dW times N", edit(DW, "dz @ x.T * x.shape[1]"), "Your dW is N times the right value. The 1/N of the mean loss is in dz and belongs there: nothing is to be undone."),
        Mistake("db times N", edit(DB, "dz.sum(axis=1) * x.shape[1]"), "Your db is N times the right value. The 1/N of the mean loss is in dz and belongs there: nothing is to be undone."),
        Mistake("dx without dz", edit(DX, "W.T @ np.ones_like(dz)"), "Your dx is as if dz held ones: the gradient that arrives is not in it."),
        Mistake("dx without W", edit(DX, "np.ones_like(W).T @ dz"), "Your dx is as if W held ones: each output's gradient comes back through the weight that it was made with."),
        Mistake("dW without dz", edit(DW, "np.ones_like(dz) @ x.T"), "Your dW is as if dz held ones: the gradient that arrives is not in it."),
        Mistake("db with the input", edit(DB, "dz @ x.mean(axis=0)"), "Your db has x in it. The bias is added, not multiplied by an input, so its gradient does not depend on x."),
        Mistake("db summed over everything", edit(DB, "dz.sum() * np.ones(len(dz))"), "Every entry of your db is the sum of all of dz. Each output has a bias of its own: sum over the batch only."),
        Mistake("first example left out of dW", edit(DW, "dz[:, 1:] @ x[:, 1:].T"), "Your dW leaves out the first example: does your loop start at 1?"),
        Mistake("first example left out of db", edit(DB, "dz[:, 1:].sum(axis=1)"), "Your db leaves out the first example: does your loop start at 1?"),
        Mistake("last example left out of dW", edit(DW, "dz[:, :-1] @ x[:, :-1].T"), "Your dW leaves out the last example: where does your loop end?"),
        Mistake("last example left out of db", edit(DB, "dz[:, :-1].sum(axis=1)"), "Your db leaves out the last example: where does your loop end?"),
        Mistake("dW of the first example", edit(DW, "dz[:, :1] @ x[:, :1].T"), "Your dW is that of the first example alone. The same W serves all of them, so their gradients add."),
        Mistake("dW of the last example", edit(DW, "dz[:, -1:] @ x[:, -1:].T"), "Your dW is that of the last example alone: each example has overwritten the one before. Their gradients add."),
        Mistake("db of the last example", edit(DB, "dz[:, -1]"), "Your db is that of the last example alone: each example has overwritten the one before. Their gradients add."),
        Mistake("dW of summed examples", edit(DW, "np.outer(dz.sum(axis=1), x.sum(axis=1))"), "Your dW sums dz and x over the batch first and multiplies then. Multiply example by example, and add the products."),
        Mistake("dx summed over the batch", edit(DX, "(W.T @ dz).sum(axis=1)"), "Your dx is summed over the batch. Every example has an input of its own, so dx keeps a column for each."),
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
    for N, D, H, C in ((5, 4, 6, 3), (4, 3, 3, 3), (1, 3, 2, 1), (2, 1, 1, 1)):
        x, W1 = rng.normal(size=(N, D)), rng.normal(size=(H, D))
        W1[0] *= np.sign(W1[0] @ x[0])  # so that one unit is on where there is one example only
        if N == 4:  # a unit at its kink: z is 0 there, exactly
            x[1, :2], W1[1, :2], W1[1, 2] = 1.0, (0.75, -0.75), 0.0
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
        Mistake("overwritten by the direct path", edit("inner + direct", "direct"), "Your dx holds the direct path through W3 only. x also reaches y through the hidden layer, and where paths join, gradients add.", beside_the_point=True),
        Mistake("overwritten by the hidden path", edit("inner + direct", "inner"), "Your dx holds the path through the hidden layer only. x also reaches y directly through W3, and the two gradients add.", beside_the_point=True),
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
        Mistake("mask missing in dW1", edit("dW1, dW2, dW3 = dz", "dW1, dW2, dW3 = dh"), "Your dW1 lacks the slope of the ReLU. W1 acts before the ReLU, so dW1 needs the gradient there."),
        Mistake("dW1 with relu(z)", edit("dz.T @ x", "dz.T @ np.maximum(z, 0)"), "Your dW1 pairs the gradient at z with relu(z). What comes into W1 is x.", alone=True),
        Mistake("dW3 through the hidden path", edit("dy.T @ x", "dy.T @ (x * (x > 0))"), "Your dW3 takes relu(x). x reaches W3 directly, no ReLU lies on that path.", alone=True),
        Mistake("mask missing in dx", edit("dz @ W1", "dh @ W1"), "In your dx the hidden path lacks the slope of the ReLU: through a unit that is off nothing goes back."),
        Mistake("mask on the wrong side", edit("(z > 0)", "(z <= 0)"), "Your mask is turned round: you let the gradient through where the unit was off."),
        *(Mistake(f"W{k} transposed", edit(f"@ W{k}", f"@ W{k}.T"), f"On the way back you multiply by W{k}ᵀ. Forward it was transposed, so the way back has no transpose. Only a square W{k} lets yours run.", alone=True) for k in (1, 2, 3)),
        Mistake("leak in the mask", edit("(z > 0)", "np.where(z > 0, 1, 0.01)"), "Where the unit is off your slope is 0.01, that of the leaky ReLU. Here it is the plain one: nothing goes back."),
        Mistake("mask over both paths", edit("dx = inner + direct", "dx = (inner + direct) * (x > 0)"), "You mask all of dx with x > 0. The ReLU acts on z, in the hidden path: x itself passes none."),
        Mistake("mask over the direct path", edit("inner + direct", "inner + direct * (x > 0)"), "You mask the direct path with x > 0. No ReLU lies on it."),
        Mistake("sign of z for its slope", edit("(z > 0)", "np.sign(z)"), "Where the unit is off your slope is −1. The ReLU is flat there."),
        Mistake("mask in place of relu(z)", edit("np.maximum(z, 0)", "(z > 0)"), "dW2 takes the mask, 0 or 1. What comes into W2 is the activation relu(z) itself."),
        Mistake("absolute value in dW2", edit("np.maximum(z, 0)", "abs(z)"), "dW2 uses |z|. What comes into W2 is relu(z), which is 0 where z is negative."),
        Mistake("direct path halved", edit("dy @ W3", "dy @ W3 / 2"), "In your dx the direct path counts half. Each path gets the whole of dy: nothing is shared out."),
        Mistake("hidden path halved", edit("inner, direct = dz @ W1", "inner, direct = dz @ W1 / 2"), "In your dx the hidden path counts half. Each path gets the whole of dy: nothing is shared out."),
        Mistake("dW3 halved", edit("dy.T @ x", "dy.T @ x / 2"), "Your dW3 is half of the right one. Each path gets the whole of dy: nothing is shared out between them."),
        Mistake("dW2 halved", edit("dy.T @ np.maximum(z, 0)", "dy.T @ np.maximum(z, 0) / 2"), "Your dW2 is half of the right one. Each path gets the whole of dy: nothing is shared out between them."),
        Mistake("dx divided by N", edit("dx = inner + direct", "dx = (inner + direct) / len(x)"), "Your dx is divided by N. The 1/N of the mean is already in dy."),
        Mistake("hidden path averaged over its units", edit("inner + direct", "inner / W1.shape[0] + direct"), "In your dx the hidden path is averaged over its units. A small change of x acts through all of them, so they add.", alone=True),
    ),
    conventions=(
        Convention("derivative 1 at the kink", edit("(z > 0)", "(z >= 0)"), "At z = 0 you take 1 for the ReLU's slope. Any value there is a choice; the course takes the left one."),
        Convention("derivative ½ at the kink", edit("(z > 0)", "np.heaviside(z, 0.5)"), "At z = 0 you take ½ for the ReLU's slope. Any value there is a choice; the course takes the left one."),
    ),
    hints=(
        "Draw the graph: x goes to y along two arrows. Find the gradient along each, as if the other were not there.",
        "The path through the hidden layer: dy → W2 → ReLU mask → W1. The direct path: dy → W3. Both end in an (N, D) array.",
        "At the hidden layer arrives what W2 sends back of dy, and 0 wherever z ≤ 0. From there on: a weight's gradient sums, over the batch, (gradient at the layer's output) times (the layer's input).",
    ),
)  # fmt: skip
