"""Problem set 6: the loss of sequences where only some steps have a target."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps6.forward import softmax


def masked_sequence_loss(z, labels, mask):
    """L = Σ_{t,n} m_tn (−log softmax(z_tn)[label_tn]) / Σ m, and ∂L/∂z = m (softmax(z) − onehot) / Σ m."""
    return masked(z, labels, mask)


def masked(
    z,
    labels,
    mask,
    *,
    count=lambda m: m.sum(),
    count_dz=None,
    mask_loss=True,
    mask_dz=True,
    keep=lambda m: m,
    rule=lambda p, y: p - y,
    masked_z=False,
    axis=-1,
    shift=True,
    log="of the sum",
):
    """masked_sequence_loss with exchangeable parts; mask (T, N) of 0 and 1, labels of rows without a target −1."""
    mask = keep(mask).astype(float)
    z = z * mask[..., None] if masked_z else z
    y = np.eye(z.shape[-1])[labels]
    top = z.max(axis=axis, keepdims=True) if shift else 0.0
    with np.errstate(all="ignore"):
        p = softmax(z, axis) if shift else np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)
        if log == "of the sum" and shift:
            losses = ((np.log(np.exp(z - top).sum(axis=axis, keepdims=True)) + top - z) * y).sum(axis=-1)
        else:
            losses = -np.log((p * y).sum(axis=-1))
        m = np.ones_like(mask) if not mask_loss else mask
        loss = (losses * m / count(mask)).sum()
    dz = rule(p, y) * (mask[..., None] if mask_dz else 1.0) / _column((count_dz or count)(mask))
    return loss, dz


def _column(count):
    return count if np.ndim(count) == 0 else np.asarray(count)[..., None]


def _per_sequence(m):
    return np.maximum(m.sum(axis=0, keepdims=True), 1) * m.shape[1]


def _per_step(m):
    return np.maximum(m.sum(axis=1, keepdims=True), 1) * len(m)


def _last_kept(m):
    last = len(m) - 1 - np.argmax(m[::-1] > 0, axis=0)
    return m * (np.arange(len(m))[:, None] == last)


def _masked_cases(rng):
    cases = []
    for (T, N, C), suffix in (((6, 3, 4), ""), ((5, 5, 5), ""), ((6, 4, 3), ", large logits")):
        z, labels = 1.5 * rng.normal(size=(T, N, C)), rng.integers(C, size=(T, N))
        lengths = rng.permutation(N) % (T - 3) + 2  # of different length, at least two targets each
        mask = (np.arange(T)[:, None] < lengths).astype(float)
        mask[0, np.argmax(lengths)] = 0.0  # a hole that is no padding
        labels[mask == 0] = -1
        if suffix:
            z = np.round(8 * z) / 8 + 1024.0 * rng.choice(
                [-1, 1], size=(T, N, 1)
            )  # exact in single precision
            z[-1] = 1000.0 * np.arange(C)[::-1]  # padding at every sequence's end: the last class has p = 0
        cases.append(Case((z, labels, mask), ("loss" + suffix, "dz" + suffix), batch=N, steps=T))
    return cases


def _dz(out):
    return next((value for name, value in out.items() if name.startswith("dz")), None)


def _silent(args, out):
    dz, mask = _dz(out), args[2]
    return np.abs(dz[mask == 0]).max() / np.abs(dz).max()


def _rows_sum_to_zero(args, out):
    dz = _dz(out)
    return np.abs(dz.sum(axis=-1)).max() / np.abs(dz).max()


MASKED_SEQUENCE_LOSS = Problem(
    name="ps6.masked_sequence_loss",
    reference=masked_sequence_loss,
    family=masked,
    cases=_masked_cases,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"dz": ("step", "example", "class"), "dz, large logits": ("step", "example", "class")},
    invariants=(
        Invariant("no gradient where masked", _silent, "Your dz is not zero where the mask is 0. What is not in the loss cannot change it."),
        Invariant("rows sum to 0", _rows_sum_to_zero, "The rows of your dz do not sum to zero over the classes. Adding a constant to all logits of a row changes no probability, so they must."),
    ),
    mistakes=(
        Mistake("divided by T·N", {"count": lambda m: m.size}, "You divide by T·N, the masked entries included. Then padding a batch makes its loss smaller: divide by the number of targets, Σ m."),
        Mistake("divided by N", {"count": lambda m: m.shape[1]}, "You divide by N, the number of sequences. The loss is the mean over all targets: divide by Σ m."),
        Mistake("divided by T", {"count": len}, "You divide by T, the number of steps. The loss is the mean over all targets: divide by Σ m."),
        Mistake("not divided", {"count": lambda m: 1.0}, "You take the sum over the targets. The loss is their mean: divide loss and dz by Σ m."),
        Mistake("a mean for each sequence", {"count": _per_sequence}, "You average over each sequence first and then over the batch, so a target of a short sequence weighs more. Here all targets weigh the same: divide one sum by Σ m."),
        Mistake("a mean for each step", {"count": _per_step}, "You average over each step first and then over time, so the few targets of late steps weigh more. Here all targets weigh the same: divide one sum by Σ m."),
        Mistake("dz not divided", {"count_dz": lambda m: 1.0}, "Your dz is the gradient of a sum. The loss is a mean over the targets, so its gradient is divided by Σ m as well."),
        Mistake("dz divided by T·N", {"count_dz": lambda m: m.size}, "Your dz is divided by T·N, the masked entries included. The loss is a mean over the targets, so its gradient is divided by Σ m."),
        Mistake("dz divided by N", {"count_dz": lambda m: m.shape[1]}, "Your dz is divided by N, the number of sequences. The loss is a mean over the targets, so its gradient is divided by Σ m."),
        Mistake("mask missing in dz", {"mask_dz": False}, "The mask is missing in your dz: rows without a target get a gradient. Multiply each row's softmax − onehot by its m."),
        Mistake("mask missing in the loss", {"mask_loss": False}, "The mask is missing in your loss: rows without a target add their share, for a label that is not one."),
        Mistake("no mask", {"keep": np.ones_like}, "Rows without a target count like the others. A label of −1 says that there is none (numpy takes it as the last class): use the mask, and divide by Σ m."),
        Mistake("mask inverted", {"keep": lambda m: 1 - m}, "You keep the rows where the mask is 0. A mask of 1 marks a target."),
        Mistake("logits masked, losses not", {"masked_z": True, "mask_loss": False}, "You multiply the logits by the mask. A row of zeros is a uniform guess and costs log C: mask the losses, not the logits."),
        Mistake("last target of each sequence only", {"keep": _last_kept}, "Only the last target of each sequence counts in yours. Every entry with mask 1 does."),
        Mistake("sign", {"rule": lambda p, y: y - p}, "The sign of dz is flipped: it is softmax minus one-hot."),
        Mistake("one-hot missing", {"rule": lambda p, y: p}, "Your dz is the softmax alone; the one-hot target is not subtracted."),
        Mistake("label entry only", {"rule": lambda p, y: y * (p - 1)}, "Only the label's entry of your dz is filled. Every logit is in the softmax's denominator, so every class gets a gradient."),
        Mistake("softmax over time", {"axis": 0}, "Your softmax sums over axis 0, which is time. The classes lie on the last axis."),
        Mistake("softmax over the batch", {"axis": 1}, "Your softmax sums over axis 1, the batch. The classes lie on the last axis."),
        Mistake("overflow", {"shift": False}, "e^z overflows for large logits, and inf/inf is NaN. Subtract each row's maximum first; the softmax does not change."),
        Mistake("log of a probability that is 0", {"log": "of p"}, "You take log p before the mask, and p is 0 in a row that does not count: 0 · (−∞) is NaN. Use log Σ e^z − z_label, or pick the rows with a target first."),
    ),
    hints=(
        "A mask of 0 takes a row out of the sum. It must not weigh in the divisor either: the mean is over the targets that are left.",
        "dz has the shape of z, is zero in every row with mask 0, and sums to 0 over the classes in the others. labels may be −1 where there is no target.",
        "With per-row losses ℓ = log Σ e^z − z_label (maximum subtracted) the loss is (m * ℓ).sum() / m.sum(); dz has the factor m[..., None] and the same divisor.",
    ),
)  # fmt: skip
