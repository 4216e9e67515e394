"""Cross-entropies for the learner's test: wrong functions with a planted bug, right ones written otherwise.

Each is a function of z (N, C), labels (N,), and `kept`, a dict of what it remembers between calls.
"""

import math

import numpy as np

from vgcourse.collect import Planted


def cross_entropy(z, labels, kept=None):
    """The mean over the rows of log Σ e^z − z_label, with the row's largest z taken out."""
    return _rows(z, labels).mean()


def _rows(z, labels, taken=lambda z: z.max(axis=1, keepdims=True), back=1.0):
    out = taken(z)
    top = np.broadcast_to(out, (len(z), 1))[:, 0]
    return np.log(np.exp(z - out).sum(axis=1)) + back * top - z[np.arange(len(z)), labels]


def _taking(taken, back=1.0):
    """Another number taken out."""

    def formula(z, labels, kept):
        out = np.broadcast_to(taken(z), z.shape)
        inner = np.log(np.exp(z - out).sum(axis=1)) if np.ptp(out, axis=1).max() == 0 else None
        if inner is None:  # one number for each column: the sum is put right again, where it can be
            return (np.log((np.exp(z - out) * np.exp(out)).sum(axis=1)) - z[np.arange(len(z)), labels]).mean()
        return (inner + back * out[:, 0] - z[np.arange(len(z)), labels]).mean()

    return formula


def _p(z, labels):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True))[np.arange(len(z)), labels]


def _in_place(z, labels, kept):
    loss = cross_entropy(z, labels)
    z -= z.max(axis=1, keepdims=True)
    return loss


def _first_size(z, labels, kept):
    return _rows(z, labels).sum() / kept.setdefault("N", len(z))


WRONG = (
    Planted("nothing taken out", _taking(lambda z: np.zeros((len(z), 1))), "Try z of 1000: e^1000 is infinite."),
    Planted("a 1e−8 inside the logarithm", lambda z, y, kept: -np.log(_p(z, y) + 1e-8).mean(), "It is wrong only where the loss is large. Try a z that is 40 below another one, and make it the label."),
    Planted("p cut at 1e−12", lambda z, y, kept: -np.log(np.maximum(_p(z, y), 1e-12)).mean(), "Its loss is never above 27.6. Try a loss of 40."),
    Planted("the logarithm of p", lambda z, y, kept: -np.log(_p(z, y)).mean(), "Its p is 0 where the loss is above 745. Try 800."),
    Planted("largest of the batch taken out", _taking(lambda z: z.max(keepdims=True)), "Try rows at different levels: one near 1000, one near 0."),
    Planted("largest of each column taken out", _taking(lambda z: z.max(axis=0, keepdims=True)), "Try z in the thousands: what it takes out of a column it has to put back, and that overflows."),
    Planted("mean taken out", _taking(lambda z: z.mean(axis=1, keepdims=True)), "Try a row in which one z is 2000 above the others."),
    Planted("largest |z| taken out", _taking(lambda z: np.abs(z).max(axis=1, keepdims=True)), "Try a row in which all z are near −1000."),
    Planted("z cut at ±50", lambda z, y, kept: cross_entropy(np.clip(z, -50, 50), y), "Try z beyond 50."),
    Planted("sum for the mean", lambda z, y, kept: _rows(z, y).sum(), "Compare the number itself, with more than one row."),
    Planted("divided by N·C", lambda z, y, kept: _rows(z, y).sum() / z.size, "Compare the number itself."),
    Planted("logarithm to base 2", lambda z, y, kept: cross_entropy(z, y) / math.log(2), "Compare the number itself."),
    Planted("labels counted from 1", lambda z, y, kept: cross_entropy(z, y - 1), "Compare the number itself, with labels that differ in their z."),
    Planted("first row only", lambda z, y, kept: _rows(z, y)[0], "Try several rows of different losses."),
    Planted("not added back", _taking(lambda z: z.max(axis=1, keepdims=True), back=0.0), "Compare the number itself: what was taken out has to come back."),
    Planted("0.1 % too large", lambda z, y, kept: 1.001 * cross_entropy(z, y), "Single precision is exact to 1e−7, so you can afford a smaller threshold for the error."),
    Planted("NaN made 0", lambda z, y, kept: np.nan_to_num(cross_entropy(z, y)), "Put a NaN into z: whoever trains has to see it come out."),
    Planted("rows with NaN left out", lambda z, y, kept: np.nanmean(_rows(z, y)), "Put a NaN into one row: whoever trains has to see it come out."),
    Planted("z changed in place", _in_place, "What it returns is right; afterwards your z is another. Compare it with a copy made before."),
    Planted("first N kept", _first_size, "The first call is right. Call again with another number of rows."),
)  # fmt: skip


def _folded(z, labels, kept):
    return (
        np.logaddexp.reduce(z, axis=1) - np.take_along_axis(z, np.asarray(labels)[:, None], axis=1)[:, 0]
    ).mean()


def _in_loops(z, labels, kept):
    total = 0.0
    for row, label in zip(z.tolist(), np.asarray(labels).tolist(), strict=True):
        top = max(row, key=lambda value: (value != value, value))
        total += math.log(math.fsum(math.exp(value - top) for value in row)) + top - row[label]
    return total / len(z)


def _against_the_label(z, labels, kept):
    """log Σ e^(z − z_label): what is taken out of the exponents is the label's own, then the largest."""
    apart = z - z[np.arange(len(z)), labels][:, None]
    top = apart.max(axis=1)
    return np.mean(top + np.log(np.exp(apart - top[:, None]).sum(axis=1)))


def _by_log_p(z, labels, kept):
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.where(np.eye(z.shape[1])[labels] > 0, log_p, 0).sum() / len(z) + 0 * log_p.sum()


RIGHT = (
    Planted("plainly", cross_entropy, "Compare with the mean of log Σ e^z − z_label, worked out so that nothing overflows."),
    Planted("by logaddexp", _folded, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("row by row", _in_loops, "It returns a plain float, and differs from “plainly” by rounding."),
    Planted("against the label", _against_the_label, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("by log p", _by_log_p, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("float32", lambda z, y, kept: np.float32(cross_entropy(z, y)), "Its result is an np.float32: one number, though no Python float, and rounded at 6e−8. If you accept “plainly”, allow that much, and ask for no type."),
    Planted("an array of one number", lambda z, y, kept: np.array(cross_entropy(z, y)), "An array without axes holds one number: float(…) makes one of it."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def loss(z, labels):
        """A cross-entropy."""
        with np.errstate(all="ignore"):
            return formula(z, np.asarray(labels), kept)

    return loss
