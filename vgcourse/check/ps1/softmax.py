"""Problem set 1 on ten classes: the softmax cross-entropy and its gradient."""

import numpy as np

from vgcourse.check.problem import Case, Mistake, Problem

# --- softmax_cross_entropy -------------------------------------------------------------------------


def softmax_cross_entropy(z, labels):
    """L = −(1/N) Σ log softmax(z)[label] and ∂L/∂z = (softmax(z) − onehot)/N: (1.17) and (1.18)."""
    p, onehot = _softmax(z), np.eye(z.shape[1])[labels]
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -(onehot * log_p).sum() / len(z), (p - onehot) / len(z)


def _softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _softmax_cases(rng):
    ordinary = [
        Case((rng.normal(size=(n, 4)) * 2, rng.permutation(n) % 4), ("loss", "dz"), batch=n)
        for n in (5, 4)  # the square one lets lost keepdims run
    ]
    large = rng.normal(size=(4, 3)) * 2 + np.array([[1000.0], [-1000.0], [800.0], [0.0]])
    large[3] = 1000.0, 0.0, -1000.0  # the probability of label 1 rounds to 0
    names = ("loss (large logits)", "dz (large logits)")
    return [*ordinary, Case((large, np.array([0, 2, 1, 1])), names, batch=4)]


def _softmax_with(dz=None, loss=None):
    def formula(z, labels):
        right = softmax_cross_entropy(z, labels)
        p, onehot = _softmax(z), np.eye(z.shape[1])[labels]
        return (
            right[0] if loss is None else loss(p, onehot, right[0]),
            right[1] if dz is None else dz(p, onehot, z),
        )

    return formula


def _overflowing(z, labels):
    with np.errstate(all="ignore"):
        e = np.exp(z)
        p, onehot = e / e.sum(axis=1, keepdims=True), np.eye(z.shape[1])[labels]
        return -np.log(p[np.arange(len(z)), labels]).mean(), (p - onehot) / len(z)


def _shifted(shift, total):
    """The whole answer from e = exp(z − shift) and p = e/total, which may be wrong."""

    def formula(z, labels):
        with np.errstate(all="ignore"):
            e = np.exp(z - shift(z))
            p = e / total(e)
            return -np.log(p[np.arange(len(z)), labels]).mean(), (p - np.eye(z.shape[1])[labels]) / len(z)

    return formula


def _log_of_p(floor):
    """The loss from log(p + floor), which loses probabilities that round to 0."""

    def formula(z, labels):
        with np.errstate(divide="ignore"):
            p = _softmax(z)[np.arange(len(z)), labels]
            return -np.log(p + floor).mean(), softmax_cross_entropy(z, labels)[1]

    return formula


def _every_label_in_every_row(z, labels):
    dz = _softmax(z)
    dz[:, labels] -= 1
    return softmax_cross_entropy(z, labels)[0], dz / len(z)


def _wrong_axis(z, labels):
    p, onehot = _softmax(z, axis=0), np.eye(z.shape[1])[labels]
    with np.errstate(divide="ignore"):
        return -np.log(p[np.arange(len(z)), labels]).mean(), (p - onehot) / len(z)


def _keepdims_lost(of_maximum, of_sum):
    return _shifted(
        lambda z: z.max(axis=1, keepdims=not of_maximum), lambda e: e.sum(axis=1, keepdims=not of_sum)
    )


_KEEPDIMS = (
    "Without keepdims=True it has shape (N,), and numpy lines it up with the classes, not with the rows."
)

SOFTMAX_CROSS_ENTROPY = Problem(
    name="ps1.softmax_cross_entropy",
    reference=softmax_cross_entropy,
    cases=_softmax_cases,
    points=4,
    lecture='lecture 1, "Ten classes", equations (1.17) and (1.18)',
    mistakes=(
        Mistake("overflow", _overflowing, "e^z overflows for large logits: e^1000 is inf, and inf/inf is NaN. Subtract each row's maximum from z first; the softmax does not change."),
        Mistake("missing 1/N in dz", _softmax_with(dz=lambda p, t, z: p - t), "Your dz lacks the 1/N: the loss is a mean over the batch, so every row's gradient is divided by N."),
        Mistake("sum instead of mean", _softmax_with(dz=lambda p, t, z: p - t, loss=lambda p, t, right: right * len(p)), "You take the sum over the batch, (1.17) the mean: loss and gradient are both N times too large."),
        Mistake("loss summed", _softmax_with(loss=lambda p, t, right: right * len(p)), "Your loss is the sum over the batch, (1.17) is the mean."),
        Mistake("divided by the number of classes", _softmax_with(dz=lambda p, t, z: (p - t) / p.size), "Your dz is divided by N·C. The mean is over the N examples, not over all entries."),
        Mistake("sign of p − onehot", _softmax_with(dz=lambda p, t, z: (t - p) / len(p)), "The sign of dz is flipped: it is softmax minus one-hot. Raising a wrong class's logit raises the loss."),
        Mistake("diagonal only", _softmax_with(dz=lambda p, t, z: -t * (1 - p) / len(p)), "Your dz has only the diagonal of the softmax's Jacobian. Every logit changes every probability through the sum in the denominator: off the diagonal it is −p_i p_j."),
        Mistake("one-hot missing", _softmax_with(dz=lambda p, t, z: p / len(p)), "Your dz is the softmax alone; the one-hot target is not subtracted."),
        Mistake("softmax applied twice", lambda z, labels: softmax_cross_entropy(_softmax(z), labels), "Your answer is that for softmax(z) in place of z: the softmax is applied twice. z are the logits, and one softmax makes them probabilities."),
        Mistake("gradient by p", _softmax_with(dz=lambda p, t, z: -t / p / len(p)), "This is ∂L/∂p, the gradient by the probabilities. It still has to go back through the softmax to z."),
        Mistake("σ' at the end", _softmax_with(dz=lambda p, t, z: (p - t) * p * (1 - p) / len(p)), "Your dz has an extra factor p(1 − p). It cancels against the cross-entropy: p − onehot is already the gradient by z."),
        Mistake("keepdims lost in the sum", _keepdims_lost(False, True), f"The sum of your softmax lost an axis. {_KEEPDIMS}"),
        Mistake("keepdims lost in the maximum", _keepdims_lost(True, False), f"The maximum in your softmax lost an axis. {_KEEPDIMS}"),
        Mistake("keepdims lost in both", _keepdims_lost(True, True), f"Maximum and sum of your softmax lost an axis. {_KEEPDIMS}"),
        Mistake("keepdims lost, no maximum", _shifted(lambda z: 0.0, lambda e: e.sum(axis=1)), f"The sum of your softmax lost an axis. {_KEEPDIMS}"),
        Mistake("one maximum for all rows", _shifted(np.max, lambda e: e.sum(axis=1, keepdims=True)), "You subtract the largest logit of the whole batch. A row far below it becomes 0/0: every row needs its own maximum."),
        Mistake("maximum over the batch", _shifted(lambda z: z.max(axis=0), lambda e: e.sum(axis=1, keepdims=True)), "Your maximum runs over the batch (axis 0). That shifts the logits of a row by different amounts, and the softmax changes: take axis 1."),
        Mistake("one sum for all rows", _shifted(np.max, np.sum), "Your softmax divides by the sum over the whole batch. Each row has to sum to 1 by itself: axis=1, keepdims=True."),
        Mistake("log of a probability that is 0", _log_of_p(0.0), "You take the logarithm of p, and p has rounded to 0 for one label. Use the other form of (1.17): log Σ e^z − z_label, with the maximum subtracted."),
        *(Mistake(f"log(p + {floor:g})", _log_of_p(floor), f"A floor of 1e−{-np.log10(floor):.0f} inside the logarithm, added or clipped to, keeps the loss finite and makes it wrong: no row can cost more than {-np.log(floor):.0f}. Use log Σ e^z − z_label, with the maximum subtracted.") for floor in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)),
        Mistake("every label in every row", _every_label_in_every_row, "p[:, labels] picks every label's column in every row. One entry per row is p[np.arange(N), labels]."),
        Mistake("softmax over the batch", _wrong_axis, "Your softmax sums over the batch (axis 0). Each row is one example and has to sum to 1: axis 1."),
    ),
    hints=(
        "Write the loss of one row as log Σ_k e^{z_k} − z_label. That form is easy to differentiate and easy to keep finite.",
        "dz has the shape of z, each of its rows sums to 0, and only the label's entry is negative.",
        "Subtract z.max(axis=1, keepdims=True) first. Then p = e^z/Σe^z, and dz = (p − onehot)/N, where onehot = np.eye(C)[labels].",
    ),
)  # fmt: skip
