"""Problem set 6: the loss of sequences where only some steps have a target, and every sequence weighs the same."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import softmax


def sequence_mean_loss(o, labels, mask):
    """L = mean over the sequences with a target of the mean over a sequence's targets of −log softmax(o)[label]; and ∂L/∂o."""
    return masked(o, labels, mask)


def _fair(m):
    counts = m.sum(axis=0)
    return np.maximum(counts, 1) * max((counts > 0).sum(), 1)


def masked(
    o,
    labels,
    mask,
    *,
    count=_fair,
    count_do=None,
    mask_loss=True,
    mask_do=True,
    keep=lambda m: m,
    rule=lambda p, y: p - y,
    axis=-1,
    shift=True,
    log="of the sum",
):
    """sequence_mean_loss with exchangeable parts; mask (T, N) of 0 and 1, labels of steps without a target −1."""
    mask = keep(mask).astype(float)
    y = np.eye(o.shape[-1])[labels]
    top = o.max(axis=axis, keepdims=True) if shift else 0.0
    with np.errstate(all="ignore"):
        p = softmax(o, axis) if shift else np.exp(o) / np.exp(o).sum(axis=axis, keepdims=True)
        if log == "of the sum" and shift:
            losses = ((np.log(np.exp(o - top).sum(axis=axis, keepdims=True)) + top - o) * y).sum(axis=-1)
        else:
            losses = -np.log((p * y).sum(axis=-1))
        m = mask if mask_loss else np.ones_like(mask)
        loss = (losses * m / count(mask)).sum()
        do = rule(p, y) * (mask[..., None] if mask_do else 1.0) / _column((count_do or count)(mask))
    return loss, do


def _column(count):
    return count if np.ndim(count) == 0 else np.asarray(count)[..., None]


def _last_kept(m):
    last = len(m) - 1 - np.argmax(m[::-1] > 0, axis=0)
    return m * (np.arange(len(m))[:, None] == last)


def _cases(rng):
    cases = []
    for (T, N, C), suffix in (((7, 4, 3), ""), ((6, 6, 6), ""), ((6, 5, 3), ", large scores")):
        o, labels = 1.5 * rng.normal(size=(T, N, C)), rng.integers(C, size=(T, N))
        lengths = rng.permutation(N) % (T - 3) + 2  # of different length, at least two targets each
        lengths[rng.integers(N)] = 0  # one sequence without any target
        mask = (np.arange(T)[:, None] < lengths).astype(float)
        mask[0, np.argmax(lengths)] = 0.0  # a hole that is no padding
        labels[mask == 0] = -1
        if suffix:
            o = np.round(8 * o) / 8 + 1024.0 * rng.choice(
                [-1, 1], size=(T, N, 1)
            )  # exact in single precision
            o[-1] = 1000.0 * np.arange(C)[::-1]  # padding at every sequence's end: the last class has p = 0
        cases.append(Case((o, labels, mask), ("loss" + suffix, "do" + suffix), batch=N, steps=T))
    return cases


def _do(out):
    return next((value for name, value in out.items() if name.startswith("do")), None)


def _silent(args, out):
    do, mask = _do(out), args[2]
    return np.abs(do[mask == 0]).max() / np.abs(do).max()


def _rows_sum_to_zero(args, out):
    do = _do(out)
    return np.abs(do.sum(axis=-1)).max() / np.abs(do).max()


SEQUENCE_MEAN_LOSS = Problem(
    name="ps6.sequence_mean_loss",
    reference=sequence_mean_loss,
    family=masked,
    cases=_cases,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"do": ("step", "example", "class"), "do, large scores": ("step", "example", "class")},
    invariants=(
        Invariant("no gradient where masked", _silent, "Your do is not zero where the mask is 0. What is not in the loss cannot change it."),
        Invariant("rows sum to 0", _rows_sum_to_zero, "The rows of your do do not sum to zero over the classes. Adding a constant to all scores of a step changes no probability, so they must."),
    ),
    mistakes=(
        Mistake("one mean over all targets", {"count": lambda m: m.sum()}, "You divide one sum by the number of all targets. Then a long sequence weighs more than a short one; here all sequences weigh the same."),
        Mistake("divided by T·N", {"count": lambda m: m.size}, "You divide by T·N, the masked steps included."),
        Mistake("divided by N alone", {"count": lambda m: m.shape[1]}, "You divide by N alone: each sequence brings the sum of its losses. It should bring their mean."),
        Mistake("divided by T", {"count": len}, "You divide by T. Each sequence has its own number of targets."),
        Mistake("divided by T and the sequences", {"count": lambda m: len(m) * max((m.sum(axis=0) > 0).sum(), 1)}, "Your mean over a sequence divides by T. It has its own number of targets, fewer than T."),
        Mistake("not divided", {"count": lambda m: 1.0}, "You take a sum. Asked for is a mean for each sequence, and the mean of these."),
        Mistake("sum over the sequences", {"count": lambda m: np.maximum(m.sum(axis=0), 1)}, "You add up the sequences' means. Asked for is the mean of them."),
        Mistake("empty sequences counted", {"count": lambda m: np.maximum(m.sum(axis=0), 1) * m.shape[1]}, "You count sequences without a target as sequences with the loss 0. They are left out: divide by the number of those that have one."),
        Mistake("0/0 in empty sequences", {"count": lambda m: m.sum(axis=0) * max((m.sum(axis=0) > 0).sum(), 1)}, "A sequence without any target divides 0 by 0 in yours. It has to be left out."),
        Mistake("0/0, and empty sequences counted", {"count": lambda m: m.sum(axis=0) * m.shape[1]}, "A sequence without any target divides 0 by 0 in yours, and it is counted among the sequences. It has to be left out of both."),
        Mistake("a mean for each step", {"count": lambda m: np.maximum(m.sum(axis=1, keepdims=True), 1) * (m.sum(axis=1) > 0).sum()}, "You average over the sequences at each step and then over the steps. It is the other way round: over the targets of a sequence first."),
        Mistake("do not divided", {"count_do": lambda m: 1.0}, "Your do is the gradient of a sum. It is divided as the loss is."),
        Mistake("do by the sequences alone", {"count_do": lambda m: max((m.sum(axis=0) > 0).sum(), 1)}, "Your do is divided by the number of sequences alone. The loss also divides by each sequence's number of targets, and so does its gradient."),
        Mistake("do by all targets", {"count_do": lambda m: m.sum()}, "Your do is divided by the number of all targets, your loss sequence by sequence. The gradient is divided as the loss is."),
        Mistake("do by N", {"count_do": lambda m: np.maximum(m.sum(axis=0), 1) * m.shape[1]}, "Your do counts the sequences without a target, your loss does not."),
        Mistake("do by the targets alone", {"count_do": lambda m: np.maximum(m.sum(axis=0), 1)}, "Your do is divided by each sequence's number of targets alone. The loss is also a mean over sequences."),
        Mistake("mask missing in do", {"mask_do": False}, "The mask is missing in your do: steps without a target get a gradient."),
        Mistake("mask missing in the loss", {"mask_loss": False}, "The mask is missing in your loss: steps without a target add their share, for a label that is none."),
        Mistake("no mask", {"keep": np.ones_like}, "Steps without a target count like the others in yours. A label of −1 says that there is none; numpy takes it as the last class."),
        Mistake("mask inverted", {"keep": lambda m: 1 - m}, "You keep the steps where the mask is 0. A mask of 1 marks a target."),
        Mistake("last target of each sequence only", {"keep": _last_kept}, "Only the last target of each sequence counts in yours. Every step with mask 1 does."),
        Mistake("sign", {"rule": lambda p, y: y - p}, "The sign of your do is flipped."),
        Mistake("one-hot missing", {"rule": lambda p, y: p}, "Your do is the softmax alone; the one-hot target is not subtracted."),
        Mistake("label entry only", {"rule": lambda p, y: y * (p - 1)}, "Only the label's entry of your do is filled. Every score is in the softmax's denominator, so every class gets a gradient."),
        Mistake("softmax over time", {"axis": 0}, "Your softmax sums over axis 0, which is time. The classes lie on the last axis."),
        Mistake("softmax over the batch", {"axis": 1}, "Your softmax sums over axis 1, the batch. The classes lie on the last axis."),
        Mistake("overflow", {"shift": False}, "Your exponential overflows for large scores, and inf/inf is NaN. Subtract each row's maximum first; the softmax does not change."),
        Mistake("log of a probability that is 0", {"log": "of p"}, "You take the logarithm of a probability before the mask, and in a step that does not count it can be 0: 0 · (−∞) is NaN."),
    ),
    hints=(
        "Two means, one inside the other. By what is the loss of one target divided in the end?",
        "mask.sum(axis=0) are the numbers of targets, (N,); do has the shape of o, is zero where the mask is 0, and sums to 0 over the classes elsewhere.",
        "A weight for each step and sequence, (T, N), does it: mask divided by two numbers, one of the sequence and one of the batch. It multiplies losses and softmax − one-hot alike. Beware of 0/0.",
    ),
)  # fmt: skip
