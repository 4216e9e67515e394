"""Problem set 2 on gradient norms: input by input, for every instance and for the batch."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def outgoing_norms(delta, h):
    """‖∂L_n/∂W_{·i}‖ = |h_ni| ‖δ_n‖ for every instance n and input i, the weights that leave it, no gradient formed;

    and of the batch, L = (1/N) Σ L_n: ‖(1/N) Σ_n h_ni δ_n‖ for every input.
    delta is ∂L_n/∂z, (N, H), h the layer's input, (N, D). Returns (N, D) and (D,).
    """
    lengths = np.sqrt((delta**2).sum(axis=1))
    instances = np.abs(h) * lengths[:, None]
    grads = delta.T @ h / len(h)
    batch = np.sqrt((grads**2).sum(axis=0))
    return instances, batch


LENGTHS = "np.sqrt((delta**2).sum(axis=1))"
BATCH = "np.sqrt((grads**2).sum(axis=0))"


def _batch(new):
    """The edit of the batch norm, where it is made of something else."""
    return edit(BATCH, new)


def _squeezed_lengths(delta):
    """The norm of each row, of which a single neuron leaves none."""
    d = delta.squeeze()
    return np.linalg.norm(d, axis=1) if d.ndim == 2 else np.full(len(delta), np.linalg.norm(d))


def _by_neuron(delta, h):
    """(3.15): the weights that enter a neuron, and its bias."""
    with_one = np.concatenate([h, np.ones((len(h), 1))], axis=1)
    each = np.abs(delta) * np.linalg.norm(with_one, axis=1)[:, None]
    return each, np.linalg.norm(delta.T @ with_one / len(delta), axis=1)


def _by_row(delta, h):
    """(3.15) without the bias."""
    each = np.abs(delta) * np.linalg.norm(h, axis=1)[:, None]
    return each, np.linalg.norm(delta.T @ h / len(delta), axis=1)


def _cases(rng):
    cases = []
    for N, H, D in ((6, 4, 3), (4, 4, 4), (5, 1, 2), (3, 2, 1), (1, 3, 2)):
        delta = rng.normal(size=(N, H)) * 10.0 ** rng.uniform(-1.5, 0.5, size=H)
        cases.append(Case((delta, rng.normal(size=(N, D)) + 0.3), ("instances", "batch"), batch=N))
    return cases


def _triangle(args, out):
    if args[0].shape == args[1].shape:
        return 0.0  # equal sizes let wrong axes run; the other cases say that by an error
    mean = np.mean(out["instances"], axis=0, dtype=float)
    return float(np.max(out["batch"] / np.maximum(mean, 1e-300) - 1).clip(min=0))


OUTGOING_NORMS = Problem(
    name="ps2.outgoing_norms",
    reference=outgoing_norms,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    axes={"instances": ("example", "input"), "batch": ("input",)},
    invariants=(
        Invariant("batch ≤ mean of the instances", _triangle, "For some input your batch norm exceeds the mean of your instance norms. The batch gradient is the mean of the instances' gradients, and a mean is never longer than the mean length."),
        Invariant("norms are not negative", lambda args, out: float(max(np.max(-value).clip(min=0) for value in out.values())), "Some of your norms are negative. A norm is a root of squares: |h|, not h."),
    ),
    mistakes=(
        Mistake("norms of the neurons", _by_neuron, "Your norms are those of equation (3.15), of the weights that enter a neuron, with its bias. Asked for are the weights that leave an input: the columns of the gradient, not its rows.", beside_the_point=True),
        Mistake("norms of the rows", _by_row, "Your norms are those of the gradient's rows, the weights that enter a neuron. Asked for are its columns: the weights that leave an input.", beside_the_point=True),
        Mistake("a bias counted", edit("(delta**2).sum(axis=1)", "((delta**2).sum(axis=1) + 1)"), "You add 1 under the root, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("a bias counted for every input", edit("np.abs(h)", "np.sqrt(h**2 + 1)"), "Your instance norms are √(h² + 1) ‖δ_n‖, with a 1 as for a bias. A bias belongs to a neuron: the weights that leave an input have |h| ‖δ_n‖ and nothing else."),
        Mistake("a bias counted in both", edit("np.abs(h)", "np.sqrt(h**2 + 1)", BATCH, "np.sqrt((grads**2).sum(axis=0) + (delta.mean(axis=0) ** 2).sum())"), "Your norms count the bias' gradient into every column. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 under the root of the instances", edit("return instances", "return np.sqrt(instances**2 + 1)"), "You add 1 under the root of your instance norms, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 under the root of the batch", _batch("np.sqrt((grads**2).sum(axis=0) + 1)"), "You add 1 under the root of your batch norm, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 added", edit("return instances, batch", "return instances + 1, batch + 1"), "Your norms are too large by exactly 1. Nothing is added to a norm here: no bias leaves an input."),
        Mistake("1 added to |h|", edit("np.abs(h)", "(np.abs(h) + 1)"), "Your instance norms have |h| + 1. The weights that leave an input have the gradient δ_n h_ni: |h| alone."),
        Mistake("squared norms", edit(LENGTHS, "(delta**2).sum(axis=1)", "np.abs(h)", "h**2", BATCH, "(grads**2).sum(axis=0)"), "Your norms are squared. The norm is the root of the sum of squares."),
        Mistake("root missing for the batch", _batch("(grads**2).sum(axis=0)"), "Your batch norm is squared. The norm is the root of the sum of squares."),
        Mistake("root missing for the instances", edit(LENGTHS, "(delta**2).sum(axis=1)"), "Your instance norms hold ‖δ_n‖², beside |h| itself. The norm is the root of the sum of squares."),
        Mistake("instance norms squared", edit("return instances", "return instances**2"), "Your instance norms are squared. The norm is the root of the sum of squares."),
        Mistake("axis of length 1 lost", edit(LENGTHS, "_squeezed_lengths(delta)"), "With a single neuron every instance has the norm of the whole batch in your answer. Has δ lost its second axis there, as squeeze() drops it?"),
        Mistake("sum of absolute values", edit(LENGTHS, "np.abs(delta).sum(axis=1)"), "You add absolute values of δ. The norm is the root of the sum of squares."),
        Mistake("mean square for the sum", edit("(delta**2).sum(axis=1)", "(delta**2).mean(axis=1)"), "You take the mean of δ² over the neurons. ‖δ‖² is their sum: an input with more outgoing weights has a longer gradient."),
        Mistake("largest for the norm", edit(LENGTHS, "np.abs(delta).max(axis=1)"), "You take the largest |δ| of an instance. Every outgoing weight counts: the root of the sum of squares."),
        Mistake("signals summed over the batch", edit("(delta**2).sum(axis=1)", "(delta**2).sum(axis=0)"), "You sum δ² over the batch, axis 0. Each instance has the norm of its own error signal: axis 1."),
        Mistake("‖δ‖ of the whole batch", edit("(delta**2).sum(axis=1)", "np.full(len(delta), (delta**2).sum())"), "You take the norm of all of δ. Each instance has the norm of its own error signal: axis=1."),
        Mistake("sign kept", edit("np.abs(h)", "h"), "Your instance norms carry the sign of h. A norm is never negative: |h|."),
        Mistake("h squared", edit("np.abs(h)", "h**2"), "Your instance norms hold h². The norm of h_i δ is |h_i| ‖δ‖: the square stands under the root."),
        Mistake("mean of |δ|", edit(LENGTHS, "np.abs(delta).mean(axis=1)"), "You average |δ| over the neurons. The norm is the root of the sum of squares."),
        Mistake("input left out", edit("np.abs(h)", "np.ones_like(h)"), "Your instance norms are ‖δ_n‖ for every input. The gradient of a weight is δ times the input that it multiplies."),
        Mistake("error signal left out", edit(LENGTHS, "np.ones(len(delta))"), "Your instance norms are |h|. The gradient of a weight is δ times the input that it multiplies."),
        Mistake("instances divided by N", edit("np.abs(h)", "np.abs(h) / len(h)"), "Your instance norms are divided by N. L_n is the loss of one instance; the 1/N belongs to the batch's loss."),
        Mistake("batch summed", edit(" / len(h)", ""), "Your batch norm belongs to the sum of the losses. Their mean has a gradient 1/N of that."),
        Mistake("batch gradient for the instances", edit("return instances", "return np.tile(batch, (len(h), 1))"), "Every instance has the norm of the batch gradient. δᵀh sums over the instances; one instance has a gradient of its own."),
        Mistake("mean of norms for norm of the mean", _batch("instances.mean(axis=0)"), "Your batch norm is the mean of the instance norms. The gradients of instances point in different directions and cancel in part: average the gradients, then take the norm."),
        Mistake("root mean square for the batch", _batch("np.sqrt((instances**2).mean(axis=0))"), "Your batch norm is the root mean square of the instance norms, as if nothing could cancel. Average the gradients, then take the norm."),
        Mistake("divided by the root of N", edit(" / len(h)", " / np.sqrt(len(h))"), "Your batch norm is that of the summed gradient divided by √N. The loss is a mean, so its gradient is the sum divided by N."),
        Mistake("norm of the instances' norms", _batch("np.linalg.norm(instances, axis=0)"), "Your batch norm is the root of the sum of the squared instance norms, as if nothing could cancel. Average the gradients, then take the norm."),
        Mistake("means multiplied", _batch("np.abs(h).mean(axis=0) * np.linalg.norm(delta.mean(axis=0))"), "Your batch norm multiplies the mean of |h| by the norm of the mean of δ. Each instance's δ belongs to its own h, sign included: multiply, then average."),
        Mistake("mean of the column", _batch("np.abs(grads).mean(axis=0)"), "Your batch norm averages absolute values. The norm is the root of the sum of squares."),
        Mistake("largest of the column", _batch("np.abs(grads).max(axis=0)"), "Your batch norm is the largest entry of each column. Every outgoing weight counts: the root of the sum of squares."),
        Mistake("root mean square of the column", edit("(grads**2).sum(axis=0)", "(grads**2).mean(axis=0)"), "Your batch norm averages the squares over the neurons. The norm is the root of their sum."),
        Mistake("norms multiplied", _batch("np.linalg.norm(h, axis=0) * np.linalg.norm(delta) / len(h)"), "Your batch norm multiplies the norm of an input by that of δ. Each instance's δ belongs to its own h, and in their sum much cancels: multiply, then average, then take the norm."),
        Mistake("δ added with its signs", edit(LENGTHS, "np.abs(delta.sum(axis=1))"), "You add the δ of an instance, signs and all. The norm is the root of the sum of squares."),
        Mistake("all inputs for one", edit("np.abs(h)", "np.linalg.norm(h, axis=1)[:, None] * np.ones_like(h)"), "Your instance norms hold the norm of all inputs. The weights that leave input i have the gradient h_ni δ_n: |h_ni| alone."),
        Mistake("norm of all inputs", _batch("np.full(grads.shape[1], np.linalg.norm(grads))"), "Your batch norm is that of the whole layer's gradient. Asked for is one for every input."),
        Mistake("norm over the inputs", edit("(grads**2).sum(axis=0)", "(grads**2).sum(axis=1)"), "Your batch norm goes over the inputs. δᵀh has a row for each neuron and a column for each input: which axis do you sum over to keep the inputs?"),
        Mistake("entries of the column added", _batch("np.abs(grads).sum(axis=0)"), "Your batch norm adds absolute values. The norm is the root of the sum of squares."),
        Mistake("means of both multiplied", edit(BATCH, "np.abs(h.mean(axis=0)) * np.linalg.norm(delta.mean(axis=0))"), "Your batch norm multiplies the mean of h by the norm of the mean of δ. Each instance's δ belongs to its own h: multiply, then average."),
        Mistake("norm of h by the mean of δ", edit(BATCH, "np.linalg.norm(h, axis=0) * np.linalg.norm(delta.mean(axis=0))"), "Your batch norm multiplies ‖h‖ by the norm of the mean of δ. Each instance's δ belongs to its own h: multiply, then average.", alone=True),
        Mistake("largest of the instances", edit(BATCH, "instances.max(axis=0)"), "Your batch norm is the largest of the instance norms. Average the gradients, then take the norm.", alone=True),
        Mistake("sum of the instances", edit(BATCH, "instances.sum(axis=0)"), "Your batch norm is the sum of the instance norms. Average the gradients, then take the norm.", alone=True),
        Mistake("N times N", edit(" / len(h)", " / len(h) ** 2"), "Your batch norm is divided by N twice. The mean loss divides once.", alone=True),
        Mistake("divided by the neurons", edit(" / len(h)", " / delta.shape[1]"), "Your batch gradient is divided by the number of neurons. The mean is over the N instances.", alone=True),
        Mistake("divided by the inputs", edit(" / len(h)", " / h.shape[1]"), "Your batch gradient is divided by the number of inputs. The mean is over the N instances.", alone=True),
        Mistake("root forgotten inside", edit("np.abs(h)", "np.sqrt(np.abs(h))"), "Your instance norms are √|h| ‖δ_n‖. |h| itself is the factor.", alone=True),
        Mistake("root of the length", edit(LENGTHS, "np.sqrt(np.sqrt((delta**2).sum(axis=1)))"), "Your instance norms hold √‖δ_n‖: one root too many.", alone=True),
        Mistake("norms added", edit("np.abs(h) * lengths[:, None]", "np.abs(h) + lengths[:, None]"), "Your instance norms are |h| + ‖δ_n‖. The gradient of a weight is a product.", alone=True),
        Mistake("δ of the first instance", edit(LENGTHS, "np.full(len(delta), np.linalg.norm(delta[0]))"), "All instances have the error signal of the first. Each has its own.", alone=True),
        Mistake("mean of δ over the batch", edit(LENGTHS, "np.full(len(delta), np.linalg.norm(delta.mean(axis=0)))"), "All instances have the norm of the mean error signal. Each has its own.", alone=True),
        Mistake("instances transposed", edit("return instances", "return instances.T"), "Your instance norms have a row for each input. Asked for is a row for each instance, (N, D).", alone=True),
        Mistake("sizes averaged", edit("delta.T @ h / len(h)", "np.abs(delta).T @ np.abs(h) / len(h)"), "Your batch gradient is made of |δ| and |h|, so nothing cancels in it. Keep the signs, and take the norm at the end.", alone=True),
        Mistake("root mean square of the signals", edit(LENGTHS, "np.full(len(delta), np.sqrt((delta**2).sum() / len(delta)))"), "All instances have the root mean square of all error signals. Each has the norm of its own.", alone=True),
    ),
    hints=(
        "For one instance column i of the gradient is one number times one vector. What is the norm of such a product?",
        "∂L_n/∂W_ji = δ_nj h_ni: column i is h_ni times the vector δ_n. For the batch these columns are averaged first.",
        "‖δ_n‖ is one number for each instance, and |h_n| has one for every input: the first needs a second axis. For the batch form the gradient of the mean loss, a row for each neuron and a column for each input, and take norms of its columns.",
    ),
)  # fmt: skip
