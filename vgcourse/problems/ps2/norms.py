"""Problem set 2 on gradient norms: input by input, for every instance and for the batch."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def outgoing_norms(delta, h):
    """‖∂L_n/∂W_{·i}‖ = |h_ni| ‖δ_n‖ for every instance n and input i, the weights that leave it, no gradient formed;

    and of the batch, L = (1/N) Σ L_n: ‖(1/N) Σ_n h_ni δ_n‖ for every input.
    delta is ∂L_n/∂z, (N, H), h the layer's input, (N, D). Returns (N, D) and (D,).
    """
    return _norms(delta, h)


def _norms(delta, h, *, root=np.sqrt, absolute=np.abs, squares=lambda d: (d**2).sum(axis=1), lengths=None, scale=None, mean=True, axis=0, instances=None, batch=None):  # fmt: skip
    """outgoing_norms with exchangeable parts."""
    N = len(delta)
    length = root(squares(delta)) if lengths is None else lengths(delta)
    each = (absolute(h) if root is np.sqrt else h**2) * length[:, None]
    grads = delta.T @ h / (N if mean else 1)
    whole = root((grads**2).sum(axis=axis))
    if scale is not None:
        each = each * scale(N)
    return (
        each if instances is None else instances(each, whole, grads),
        whole if batch is None else batch(each, whole, grads),
    )


def _square(sum_of_squares):
    return sum_of_squares


def _signals_by_column(*args):
    return _norms(*args, squares=lambda d: (d**2).sum(axis=0))


def _over_the_inputs(*args):
    return _norms(*args, axis=1)


def _with_bias(delta, h):
    each, whole = _norms(delta, h, absolute=lambda h: np.sqrt(h**2 + 1))
    return each, np.sqrt(whole**2 + (delta.mean(axis=0) ** 2).sum())


def _means_multiplied(delta, h):
    return _norms(delta, h)[0], np.abs(h).mean(axis=0) * np.linalg.norm(delta.mean(axis=0))


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
    for N, H, D in ((6, 4, 3), (4, 4, 4), (5, 1, 2), (3, 2, 1)):
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
    family=_norms,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    axes={"instances": ("example", "input"), "batch": ("input",)},
    invariants=(
        Invariant("batch ≤ mean of the instances", _triangle, "For some input your batch norm exceeds the mean of your instance norms. The batch gradient is the mean of the instances' gradients, and a mean is never longer than the mean length."),
        Invariant("norms are not negative", lambda args, out: float(max(np.max(-value).clip(min=0) for value in out.values())), "Some of your norms are negative. A norm is a root of squares: |h|, not h."),
    ),
    mistakes=(
        Mistake("norms of the neurons", _by_neuron, "Your norms are those of equation (3.15), of the weights that enter a neuron, with its bias. Asked for are the weights that leave an input: the columns of the gradient, not its rows."),
        Mistake("norms of the rows", _by_row, "Your norms are those of the gradient's rows, the weights that enter a neuron. Asked for are its columns: the weights that leave an input."),
        Mistake("a bias counted", dict(squares=lambda d: (d**2).sum(axis=1) + 1), "You add 1 under the root, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("a bias counted for every input", dict(absolute=lambda h: np.sqrt(h**2 + 1)), "Your instance norms are √(h² + 1) ‖δ_n‖, with a 1 as for a bias. A bias belongs to a neuron: the weights that leave an input have |h| ‖δ_n‖ and nothing else."),
        Mistake("a bias counted in both", _with_bias, "Your norms count the bias' gradient into every column. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 under the root of the instances", dict(instances=lambda each, whole, grads: np.sqrt(each**2 + 1)), "You add 1 under the root of your instance norms, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 under the root of the batch", dict(batch=lambda each, whole, grads: np.sqrt(whole**2 + 1)), "You add 1 under the root of your batch norm, as for a bias. A bias belongs to a neuron; no bias leaves an input."),
        Mistake("1 added", dict(instances=lambda each, whole, grads: each + 1, batch=lambda each, whole, grads: whole + 1), "Your norms are too large by exactly 1. Nothing is added to a norm here: no bias leaves an input."),
        Mistake("1 added to |h|", dict(absolute=lambda h: np.abs(h) + 1), "Your instance norms have |h| + 1. The weights that leave an input have the gradient δ_n h_ni: |h| alone."),
        Mistake("squared norms", dict(root=_square), "Your norms are squared. The norm is the root of the sum of squares."),
        Mistake("sum of absolute values", dict(lengths=lambda d: np.abs(d).sum(axis=1)), "You add absolute values of δ. The norm is the root of the sum of squares."),
        Mistake("mean square for the sum", dict(squares=lambda d: (d**2).mean(axis=1)), "You take the mean of δ² over the neurons. ‖δ‖² is their sum: an input with more outgoing weights has a longer gradient."),
        Mistake("largest for the norm", dict(lengths=lambda d: np.abs(d).max(axis=1)), "You take the largest |δ| of an instance. Every outgoing weight counts: the root of the sum of squares."),
        Mistake("signals summed over the batch", _signals_by_column, "You sum δ² over the batch, axis 0. Each instance has the norm of its own error signal: axis 1."),
        Mistake("‖δ‖ of the whole batch", dict(squares=lambda d: np.full(len(d), (d**2).sum())), "You take the norm of all of δ. Each instance has the norm of its own error signal: axis=1."),
        Mistake("sign kept", dict(absolute=lambda h: h), "Your instance norms carry the sign of h. A norm is never negative: |h|."),
        Mistake("h squared", dict(absolute=lambda h: h**2), "Your instance norms hold h². The norm of h_i δ is |h_i| ‖δ‖: the square stands under the root."),
        Mistake("mean of |δ|", dict(lengths=lambda d: np.abs(d).mean(axis=1)), "You average |δ| over the neurons. The norm is the root of the sum of squares."),
        Mistake("input left out", dict(absolute=np.ones_like), "Your instance norms are ‖δ_n‖ for every input. The gradient of a weight is δ times the input that it multiplies."),
        Mistake("error signal left out", dict(lengths=lambda d: np.ones(len(d))), "Your instance norms are |h|. The gradient of a weight is δ times the input that it multiplies."),
        Mistake("instances divided by N", dict(scale=lambda N: 1 / N), "Your instance norms are divided by N. L_n is the loss of one instance; the 1/N belongs to the batch's loss."),
        Mistake("batch summed", dict(mean=False), "Your batch norm belongs to the sum of the losses. Their mean has a gradient 1/N of that."),
        Mistake("batch gradient for the instances", dict(instances=lambda each, whole, grads: np.broadcast_to(whole, each.shape).copy()), "Every instance has the norm of the batch gradient. δᵀh sums over the instances; one instance has a gradient of its own."),
        Mistake("mean of norms for norm of the mean", dict(batch=lambda each, whole, grads: each.mean(axis=0)), "Your batch norm is the mean of the instance norms. The gradients of instances point in different directions and cancel in part: average the gradients, then take the norm."),
        Mistake("root mean square for the batch", dict(batch=lambda each, whole, grads: np.sqrt((each**2).mean(axis=0))), "Your batch norm is the root mean square of the instance norms, as if nothing could cancel. Average the gradients, then take the norm."),
        Mistake("divided by the root of N", dict(batch=lambda each, whole, grads: whole * np.sqrt(len(each))), "Your batch norm is that of the summed gradient divided by √N. The loss is a mean, so its gradient is the sum divided by N."),
        Mistake("norm of the instances' norms", dict(batch=lambda each, whole, grads: np.linalg.norm(each, axis=0)), "Your batch norm is the root of the sum of the squared instance norms, as if nothing could cancel. Average the gradients, then take the norm."),
        Mistake("means multiplied", _means_multiplied, "Your batch norm multiplies the mean of |h| by the norm of the mean of δ. Each instance's δ belongs to its own h, sign included: multiply, then average."),
        Mistake("norm of all inputs", dict(batch=lambda each, whole, grads: np.full(grads.shape[1], np.linalg.norm(grads))), "Your batch norm is that of the whole layer's gradient. Asked for is one for every input."),
        Mistake("norm over the inputs", _over_the_inputs, "Your batch norm goes over the inputs. δᵀh has a row for each neuron and a column for each input: which axis do you sum over to keep the inputs?"),
        Mistake("entries of the column added", dict(batch=lambda each, whole, grads: np.abs(grads).sum(axis=0)), "Your batch norm adds absolute values. The norm is the root of the sum of squares."),
    ),
    hints=(
        "For one instance column i of the gradient is one number times one vector. What is the norm of such a product?",
        "∂L_n/∂W_ji = δ_nj h_ni: column i is h_ni times the vector δ_n. For the batch these columns are averaged first.",
        "‖δ_n‖ is one number for each instance: [:, None] beside |h|. For the batch form the gradient of the mean loss, delta.T @ h / N, and take norms of its columns.",
    ),
)  # fmt: skip
