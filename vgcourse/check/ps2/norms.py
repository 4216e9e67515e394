"""Problem set 2 on gradient norms: neuron by neuron, for every instance and for the batch."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem


def neuron_norms(delta, h):
    """‖∂L_n/∂(w_j, b_j)‖ = |δ_nj| √(‖h_n‖² + 1) for every instance n and neuron j, no gradient formed;

    and of the batch, L = (1/N) Σ L_n: ‖(1/N) Σ_n δ_nj (h_n, 1)‖ for every neuron.
    delta is ∂L_n/∂z, (N, H), h the layer's input, (N, D). Returns (N, H) and (H,).
    """
    return _norms(delta, h)


def _norms(
    delta,
    h,
    *,
    bias=1.0,
    batch_bias=None,
    root=np.sqrt,
    absolute=np.abs,
    squares=lambda h: (h**2).sum(axis=1),
    inputs=None,
    scale=None,
    mean=True,
    axis=1,
    instances=None,
    batch=None,
):
    """neuron_norms with exchangeable parts."""
    N = len(delta)
    length = root(squares(h) + bias) if inputs is None else inputs(h)
    each = absolute(delta) * length[:, None]
    if root is not np.sqrt:
        each = delta**2 * length[:, None]
    both = np.concatenate([h, np.full((N, 1), bias if batch_bias is None else batch_bias)], axis=1)
    grads = delta.T @ both / (N if mean else 1)
    whole = root((grads**2).sum(axis=axis))
    if scale is not None:
        each = each * scale(N)
    return (
        each if instances is None else instances(each, whole, grads),
        whole if batch is None else batch(each, whole, grads),
    )


def _square(sum_of_squares):
    return sum_of_squares


def _inputs_by_column(*args):
    return _norms(*args, squares=lambda h: (h**2).sum(axis=0))


def _cases(rng):
    cases = []
    for N, H, D in ((6, 4, 3), (4, 4, 4), (5, 1, 2)):
        delta = rng.normal(size=(N, H)) * 10.0 ** rng.uniform(-1.5, 0.5, size=H)
        cases.append(Case((delta, rng.normal(size=(N, D)) + 0.3), ("instances", "batch"), batch=N))
    return cases


def _triangle(args, out):
    if len(args[1]) == len(args[1].T):
        return 0.0  # equal sizes let wrong axes run; the other cases say that by an error
    mean = np.mean(out["instances"], axis=0, dtype=float)
    return float(np.max(out["batch"] / np.maximum(mean, 1e-300) - 1).clip(min=0))


NEURON_NORMS = Problem(
    name="ps2.neuron_norms",
    reference=neuron_norms,
    family=_norms,
    cases=_cases,
    points=4,
    lecture='lecture 3, "Depth"',
    axes={"instances": ("example", "unit"), "batch": ("unit",)},
    invariants=(
        Invariant("batch ≤ mean of the instances", _triangle, "For some neuron your batch norm exceeds the mean of your instance norms. The batch gradient is the mean of the instances' gradients, and a mean is never longer than the mean length."),
        Invariant("norms are not negative", lambda args, out: float(max(np.max(-value).clip(min=0) for value in out.values())), "Some of your norms are negative. A norm is a root of squares: |δ|, not δ."),
    ),
    mistakes=(
        Mistake("bias left out", dict(bias=0.0), "The bias is missing. Its gradient is δ itself, as if one more input were always 1: ‖h‖² + 1."),
        Mistake("bias left out in the instances", dict(bias=0.0, batch_bias=1.0), "The bias is missing in your instance norms: its gradient for one instance is δ, which adds 1 to ‖h‖²."),
        Mistake("bias left out in the batch", dict(batch_bias=0.0), "The bias is missing in your batch norms: its gradient is the mean of δ over the batch. Put a column of ones beside h."),
        Mistake("squared norms", dict(root=_square), "Your norms are squared. The norm is the root of the sum of squares."),
        Mistake("‖h‖ + 1", dict(inputs=lambda h: np.linalg.norm(h, axis=1) + 1), "You multiply by ‖h‖ + 1. The bias is one more component, and components add as squares: √(‖h‖² + 1)."),
        Mistake("sum of absolute values", dict(inputs=lambda h: np.abs(h).sum(axis=1) + 1), "You add absolute values. The norm is √Σ of squares: √(‖h‖² + 1)."),
        Mistake("mean square for the sum", dict(squares=lambda h: (h**2).mean(axis=1)), "You take the mean of h² over the inputs. ‖h‖² is their sum: a row of more weights has a longer gradient."),
        Mistake("inputs summed over the batch", _inputs_by_column, "You sum h² over the batch, axis 0. Each instance has the norm of its own input: axis 1."),
        Mistake("‖h‖ of the whole batch", dict(squares=lambda h: np.full(len(h), (h**2).sum())), "You take the norm of all of h. Each instance has the norm of its own input: axis=1."),
        Mistake("sign kept", dict(absolute=lambda delta: delta), "Your instance norms carry the sign of δ. A norm is never negative: |δ_nj|."),
        Mistake("input left out", dict(inputs=lambda h: np.ones(len(h))), "Your instance norms are |δ_nj|, the norms of the bias's gradient alone. The weights' gradient is δ_nj h_n: multiply by √(‖h_n‖² + 1)."),
        Mistake("instances divided by N", dict(scale=lambda N: 1 / N), "Your instance norms are divided by N. L_n is the loss of one instance; the 1/N belongs to the batch's loss."),
        Mistake("batch summed", dict(mean=False), "Your batch norm belongs to the sum of the losses. Their mean has a gradient 1/N of that."),
        Mistake("batch gradient for the instances", dict(instances=lambda each, whole, grads: np.broadcast_to(whole, each.shape).copy()), "Every instance has the norm of the batch gradient. δᵀh sums over the instances; for one instance row j is δ_nj (h_n, 1)."),
        Mistake("mean of norms for norm of the mean", dict(batch=lambda each, whole, grads: each.mean(axis=0)), "Your batch norm is the mean of the instance norms. The gradients of instances point in different directions and cancel in part: average the gradients, then take the norm."),
        Mistake("root mean square for the batch", dict(batch=lambda each, whole, grads: np.sqrt((each**2).mean(axis=0))), "Your batch norm is the root mean square of the instance norms, as if nothing could cancel. Average the gradients, then take the norm."),
        Mistake("norm of all neurons", dict(batch=lambda each, whole, grads: np.full(grads.shape[0], np.linalg.norm(grads))), "Your batch norm is that of the whole layer's gradient. Asked for is one for every neuron: its row of δᵀh, with its bias."),
        Mistake("norm over the neurons", dict(axis=0), "Your batch norm goes over the neurons. Row j of δᵀh belongs to neuron j: take the norm along axis 1."),
        Mistake("entries of the row added", dict(batch=lambda each, whole, grads: np.abs(grads).sum(axis=1)), "Your batch norm adds absolute values. The norm is the root of the sum of squares."),
    ),
    hints=(
        "For one instance row j of the gradient is one number times one vector. What is the norm of such a product?",
        "∂L_n/∂w_j = δ_nj h_n and ∂L_n/∂b_j = δ_nj: together δ_nj (h_n, 1). For the batch these vectors are averaged first.",
        "‖(h_n, 1)‖² = ‖h_n‖² + 1, one number for each instance: [:, None] beside |delta|. For the batch delta.T @ h / N, with a column of ones for the bias.",
    ),
)  # fmt: skip
