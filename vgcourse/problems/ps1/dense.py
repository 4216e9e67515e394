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
        Mistake("dx from the mean of dz", edit(DX, "W.T @ dz.mean(axis=1, keepdims=True) * np.ones(x.shape[1])"), "Every column of your dx is the same, made of the mean of dz. Each example has a gradient of its own.", alone=True),
        Mistake("dx of the sum", edit(DX, "(W.T @ dz).sum(axis=1, keepdims=True) * np.ones(x.shape[1])"), "Every column of your dx is the sum over the batch. Each example has a gradient of its own: sum over the outputs only.", alone=True),
        Mistake("dx of the last example", edit(DX, "np.repeat(W.T @ dz[:, -1:], x.shape[1], axis=1)"), "Every column of your dx is that of the last example. Each example has a gradient of its own.", alone=True),
        Mistake("dx of the first example", edit(DX, "np.repeat(W.T @ dz[:, :1], x.shape[1], axis=1)"), "Every column of your dx is that of the first example. Each example has a gradient of its own.", alone=True),
        Mistake("dx times x", edit(DX, "W.T @ dz * x"), "Your dx holds x as a factor. z = Wx + b, and its derivative with respect to x is W: no x is left in it.", alone=True),
        Mistake("pseudoinverse", edit(DX, "np.linalg.pinv(W) @ dz"), "Your dx goes back through the inverse of W. A gradient goes back through its transpose.", alone=True),
        Mistake("x added to dx", edit(DX, "W.T @ dz + x"), "You add x to your dx. A gradient is not the value itself.", alone=True),
        Mistake("forward pass again", edit(DX, "W.T @ W @ x"), "Your dx is WᵀWx: the forward pass is in it, and dz is not.", alone=True),
        Mistake("sign of dx", edit(DX, "-W.T @ dz"), "Your dx has the wrong sign. A gradient is asked for, not a step against it: nothing is negative here.", alone=True),
        Mistake("sign of dW", edit(DW, "-dz @ x.T"), "Your dW has the wrong sign. A gradient is asked for, not a step against it: nothing is negative here.", alone=True),
        Mistake("sign of db", edit(DB, "-dz.sum(axis=1)"), "Your db has the wrong sign. A gradient is asked for, not a step against it: nothing is negative here.", alone=True),
        Mistake("dW reshaped", edit(DW, "(x @ dz.T).reshape(W.shape)"), "Your dW is made by reshape. That lays the same numbers out in another order; a transpose exchanges rows and columns.", alone=True),
        Mistake("dW times W", edit(DW, "dz @ x.T * W"), "Your dW holds W as a factor. z = Wx + b, and its derivative with respect to W is x: no W is left in it.", alone=True),
        Mistake("dW of means", edit(DW, "np.outer(dz.mean(axis=1), x.mean(axis=1))"), "Your dW multiplies the mean of dz by the mean of x. Multiply example by example, and add the products.", alone=True),
        Mistake("dW divided by the outputs", edit(DW, "dz @ x.T / len(W)"), "Your dW is divided by the number of outputs, H. It is not divided by anything.", alone=True),
        Mistake("dW divided by the inputs", edit(DW, "dz @ x.T / len(x)"), "Your dW is divided by the number of inputs, D. It is not divided by anything.", alone=True),
        Mistake("dW with dx", edit(DW, "dz @ dx.T"), "Your dW is made with dx. What W met on the way forward is x.", alone=True),
        Mistake("dW of sizes", edit(DW, "abs(dz) @ abs(x).T"), "Your dW uses sizes without their signs. Examples that pull in opposite directions cancel.", alone=True),
        Mistake("x squared in dW", edit(DW, "dz @ (x**2).T"), "Your dW holds x squared. z = Wx + b moves by x when W moves by 1.", alone=True),
        Mistake("db divided by the outputs", edit(DB, "dz.sum(axis=1) / len(dz)"), "Your db is divided by the number of outputs, H. It is not divided by anything.", alone=True),
        Mistake("db summed from dW", edit(DB, "(dz @ x.T).sum(axis=1)"), "Your db is the sum of dW's rows. The bias meets no input: sum dz itself.", alone=True),
        Mistake("db of sizes", edit(DB, "abs(dz).sum(axis=1)"), "Your db adds |dz|. Examples that pull in opposite directions cancel: add with signs.", alone=True),
        Mistake("db the largest", edit(DB, "dz.max(axis=1)"), "Your db is the largest dz of the batch. The same b serves every example: add.", alone=True),
        Mistake("db of ones", edit(DB, "np.ones(len(dz))"), "Your db is 1, the derivative of z with respect to b. The gradient that arrives, dz, belongs into it.", alone=True),
        Mistake("db the batch size", edit(DB, "np.full(len(dz), 1.0 * x.shape[1])"), "Your db is N: the derivatives of z with respect to b, added. The gradient that arrives, dz, belongs into it.", alone=True),
        Mistake("db of W", edit(DB, "W.sum(axis=1)"), "Your db sums W. The bias is added behind W: sum dz over the batch.", alone=True),
        Mistake("db the mean of all", edit(DB, "np.full(len(dz), dz.mean())"), "Every entry of your db is the mean of all of dz. Each output has a bias of its own: sum over the batch only.", alone=True),
        Mistake("db squeezed", edit(DB, "dz.sum(axis=1).squeeze()"), "Your db loses its only axis where there is a single output: H = 1 leaves a number, not (1,). squeeze() takes every axis of length 1; sum(axis=1) keeps the outputs.", alone=True),
        Mistake("dW squeezed", edit(DW, "(dz @ x.T).squeeze()"), "Your dW loses an axis where a layer has one input or one output: squeeze() takes every axis of length 1. W keeps two axes, (H, D).", alone=True),
        Mistake("dx squeezed", edit(DX, "(W.T @ dz).squeeze()"), "Your dx loses an axis where there is one example or one input: squeeze() takes every axis of length 1. x keeps two axes, (D, N).", alone=True),
        Mistake("last example left out of all", edit(DX, "np.pad(W.T @ dz[:, :-1], ((0, 0), (0, 1)))", DW, "dz[:, :-1] @ x[:, :-1].T", DB, "dz[:, :-1].sum(axis=1)"), "All three of your gradients leave out the last example: where does your loop end?", alone=True, whole=True),
        Mistake("last example left out of dW and db", edit(DW, "dz[:, :-1] @ x[:, :-1].T", DB, "dz[:, :-1].sum(axis=1)"), "Your dW and db leave out the last example: where does your loop end?", alone=True, whole=True),
        Mistake("first example left out of dW and db", edit(DW, "dz[:, 1:] @ x[:, 1:].T", DB, "dz[:, 1:].sum(axis=1)"), "Your dW and db leave out the first example: does your loop start at 1?", alone=True, whole=True),
        Mistake("last example alone", edit(DW, "dz[:, -1:] @ x[:, -1:].T", DB, "dz[:, -1]"), "Your dW and db are those of the last example: each example has overwritten the one before. Their gradients add: +=.", alone=True, whole=True),
        Mistake("only the first round", edit(DX, "np.pad(W.T @ dz[:, :1], ((0, 0), (0, x.shape[1] - 1)))", DW, "dz[:, :1] @ x[:, :1].T", DB, "dz[:, 0]"), "Only the first example is in your answer: does `return` stand inside the loop?", alone=True, whole=True),
        Mistake("last column of dx left out", edit(DX, "np.pad(W.T @ dz[:, :-1], ((0, 0), (0, 1)))"), "The last column of your dx is 0: where does your loop end?", alone=True),
        Mistake("first column of dx left out", edit(DX, "np.pad(W.T @ dz[:, 1:], ((0, 0), (1, 0)))"), "The first column of your dx is 0: does your loop start at 1?", alone=True),
        Mistake("last output left out of dx", edit(DX, "W[:-1].T @ dz[:-1]"), "Your dx leaves out the last output: where does your loop over the outputs end?", alone=True),
        Mistake("dz overwritten", edit("dx = W.T @ dz", "dx = dz = W.T @ dz"), "You give the name dz to your dx, and make dW and db of that. They need the gradient at the layer's output.", alone=True),
        Mistake("last output left out of dW", edit(DW, "np.pad((dz @ x.T)[:-1], ((0, 1), (0, 0)))"), "The last row of your dW is 0: where does your loop over the outputs end?", alone=True),
        Mistake("last input left out of dW", edit(DW, "np.pad((dz @ x.T)[:, :-1], ((0, 0), (0, 1)))"), "The last column of your dW is 0: where does your loop over the inputs end?", alone=True),
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
        Mistake("direct path through relu(dy)", edit("dy @ W3", "np.maximum(dy, 0) @ W3"), "Your direct path passes a ReLU. None lies on it: dy goes back through W₃ as it is.", alone=True),
        Mistake("mask of the output's gradient", edit("dh = dy @ W2", "dh = np.maximum(dy, 0) @ W2"), "You cut dy off where it is negative, before W₂. The ReLU acts on z: its mask comes after W₂, and asks z.", alone=True),
        Mistake("hidden path counted twice", edit("inner + direct", "2 * inner + direct"), "In your dx the hidden path counts twice. Each path is added once: do you add to an array that holds it already?", alone=True),
        Mistake("direct path counted twice", edit("inner + direct", "inner + 2 * direct"), "In your dx the direct path counts twice. Each path is added once: do you add to an array that holds it already?", alone=True),
        Mistake("hidden path subtracted", edit("inner + direct", "direct - inner"), "You subtract the hidden path from the direct one. Both add to y, so both gradients add.", alone=True),
        Mistake("larger of the two paths", edit("inner + direct", "np.maximum(inner, direct)"), "Your dx takes the larger of the two paths. Both carry a gradient, and they add.", alone=True),
        Mistake("ReLU on dx", edit("inner + direct", "np.maximum(inner + direct, 0)"), "Your dx passes a ReLU at its end. The ReLU lies inside, at z, and on the way back it is a mask.", alone=True),
        Mistake("slope of a tanh", edit("(z > 0)", "(1 - np.tanh(z) ** 2)"), "Your slope is that of a tanh, 1 − tanh²z. The hidden units are ReLUs: 1 where z > 0, else 0.", alone=True),
        Mistake("slope of a sigmoid", edit("(z > 0)", "(1 / (2 + np.exp(z) + np.exp(-z)))"), "Your slope is that of a sigmoid. The hidden units are ReLUs: 1 where z > 0, else 0.", alone=True),
        Mistake("relu(z)/z for the mask", edit("(z > 0)", "(np.maximum(z, 0) / z)"), "Your mask is relu(z)/z, which is 0/0 where z is 0. Ask z > 0.", alone=True),
        Mistake("mask in place of the gradient", edit("dh * (z > 0)", "1.0 * (z > 0)"), "Behind W₂ you go on with the mask alone: the gradient that arrives, dy W₂, is not in it.", alone=True),
        Mistake("direct path times x", edit("dy @ W3", "dy @ W3 * x"), "Your direct path holds x as a factor. y holds x W₃ᵀ, whose derivative with respect to x is W₃.", alone=True),
        Mistake("dW2 masked by the gradient", edit("np.maximum(z, 0)", "(z * (dh > 0))"), "Your dW2 takes z where the gradient is positive. What comes into W₂ is relu(z): z where z itself is positive.", alone=True),
        Mistake("dW2 with the hidden gradient", edit("np.maximum(z, 0)", "np.maximum(dh, 0)"), "Your dW2 pairs dy with dy W₂, a gradient. What comes into W₂ is the activation relu(z).", alone=True),
        Mistake("both paths in dW3", edit("dy.T @ x", "dy.T @ x + W2 @ (dz.T @ x)"), "Your dW3 holds the hidden path, too. W₃ lies on the direct path alone: dyᵀ x.", alone=True),
        Mistake("both paths in dW1", edit("dz.T @ x", "dz.T @ x + dh.T @ x"), "Your dW1 holds a second, unmasked path. W₁ lies on the hidden path alone, behind the ReLU.", alone=True),
        Mistake("dW1 averaged over the batch", edit("dz.T @ x,", "dz.T @ x / len(x),"), "Your dW1 is divided by N. The 1/N of the mean is already in dy.", alone=True),
        Mistake("dW2 averaged over the batch", edit("dy.T @ np.maximum(z, 0)", "dy.T @ np.maximum(z, 0) / len(x)"), "Your dW2 is divided by N. The 1/N of the mean is already in dy.", alone=True),
        Mistake("dW3 averaged over the batch", edit("dy.T @ x", "dy.T @ x / len(x)"), "Your dW3 is divided by N. The 1/N of the mean is already in dy.", alone=True),
        Mistake("hidden path without W₁", edit("dz @ W1", "dz.sum(axis=1, keepdims=True) * np.ones(x.shape[1])"), "Your hidden path ends before W₁: its units are added up. z = x W₁ᵀ, so each input gets back what its weight says.", alone=True),
        Mistake("mask of the inputs in the hidden path", edit("dz @ W1", "(dh @ W1) * (x > 0)"), "Your hidden path is masked by x > 0, behind W₁. The ReLU acts on z: mask by z > 0, before W₁.", alone=True),
        Mistake("mask of the first example", edit("(z > 0)", "(z[:1] > 0)"), "All examples of yours have the mask of the first. Each example has units of its own on.", alone=True),
        Mistake("mask from the product with dy", edit("(z > 0)", "(z * dh > 0)"), "Your mask asks whether z times the gradient is positive. It belongs to the forward pass alone: z > 0.", alone=True),
        Mistake("dW1 transposed", edit("return dx, dW1,", "return dx, dW1.T,"), "Your dW1 is the transpose of the right one: dW1 has the shape of W₁, (H, D).", alone=True),
        Mistake("dW2 doubled", edit("dy.T @ np.maximum(z, 0)", "2 * dy.T @ np.maximum(z, 0)"), "Your dW2 is twice the right one. Each path gets dy once.", alone=True),
        Mistake("larger path by size", edit("inner + direct", "np.where(np.abs(inner) > np.abs(direct), inner, direct)"), "In your dx only the path with the larger size counts. Both carry a gradient, and they add.", alone=True),
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
