"""Clipping by the global norm for the learner's test: wrong functions with a planted bug, right ones written otherwise.

Each is a function of grads (a list of arrays), the threshold, and `kept`, a dict of what it remembers between calls.
"""

import functools

import numpy as np

from vgcourse.collect import Planted


def _norm(grads):
    return np.sqrt(sum((g**2).sum() for g in grads))


def _clip(grads, threshold, kept=None):
    norm = _norm(grads)
    return [g * (threshold / norm) if norm > threshold else g.copy() for g in grads]


def _measuring(compared=_norm, divided=_norm, power=1):
    """Clipping with another length in the comparison, in the factor, or with another limit."""

    def formula(grads, threshold, kept):
        long = compared(grads) > threshold**power
        return [g * (threshold / divided(grads)) if long else g.copy() for g in grads]

    return formula


def _squares(grads):
    return _norm(grads) ** 2


def _both(measure):
    return _measuring(measure, measure)


def _per_array(grads, threshold, kept):
    return [_clip([g], threshold)[0] for g in grads]


def _always(grads, threshold, kept):
    norm = _norm(grads)
    return [g * (threshold / norm) if norm else g.copy() for g in grads]


def _zero_by_zero(grads, threshold, kept):
    """Right, but 0/0 for a gradient of zeros."""
    norm = _norm(grads)
    return _clip(grads, threshold) if norm else [np.full_like(g, np.nan) for g in grads]


def _without_nan(grads, threshold, kept):
    return _clip([np.nan_to_num(g) for g in grads], threshold)


def _in_place(grads, threshold, kept):
    norm = _norm(grads)
    for g in grads:
        g *= min(1.0, threshold / norm) if norm else 1.0
    return grads


def _remembers(grads, threshold, kept):
    return _clip(grads, kept.setdefault("threshold", threshold))


def _first_left_out(grads, threshold, kept):
    return [grads[0].copy(), *_clip(grads, threshold)[1:]]


def _last_left_out(grads, threshold, kept):
    return [*_clip(grads, threshold)[:-1], grads[-1].copy()]


WRONG = (
    Planted("every array by itself", _per_array, "Try several arrays of different norms: the direction has to stay."),
    Planted("every entry by itself", lambda grads, c, kept: [np.clip(g, -c, c) for g in grads], "Compare entries, with a gradient far longer than the threshold."),
    Planted("root missing", _both(_squares), "Compare with c g/‖g‖ where the norm is far from 1."),
    Planted("divided by the sum of squares", _measuring(divided=_squares), "Compare with c g/‖g‖ where the norm is far from 1: this one makes long gradients too short, (5.25)."),
    Planted("sum of squares compared", _measuring(compared=_squares), "It goes wrong only where norm and squared norm lie on two sides of the threshold. Try a norm above 1 just below the threshold."),
    Planted("threshold squared", _measuring(power=2), "It goes wrong only between c and c². Try a threshold of 3 and a norm of 5."),
    Planted("short ones stretched", _always, "Try a gradient shorter than the threshold: it has to stay."),
    Planted("last array's norm", _both(lambda grads: np.sqrt((grads[-1] ** 2).sum())), "Try several arrays, the last of them not the longest."),
    Planted("sum of the norms", _both(lambda grads: sum(np.sqrt((g**2).sum()) for g in grads)), "Try several arrays of similar norms."),
    Planted("root mean square", _both(lambda grads: np.sqrt(_squares(grads) / sum(g.size for g in grads))), "Compare with c g/‖g‖, with more than one entry."),
    Planted("never clips", lambda grads, c, kept: [g.copy() for g in grads], "Try a gradient longer than the threshold."),
    Planted("0.1 % too long", lambda grads, c, kept: [g * min(1.0, 1.001 * c / max(_norm(grads), 1e-300)) for g in grads], "Single precision is exact to 1e−7, so you can afford a smaller threshold for the error."),
    Planted("first array left out", _first_left_out, "Compare all arrays."),
    Planted("last array left out", _last_left_out, "Compare all arrays."),
    Planted("sign turned", lambda grads, c, kept: [g if _norm(grads) <= c else -g for g in _clip(grads, c)], "Its length is right: compare the entries."),
    Planted("NaN for a gradient of zeros", _zero_by_zero, "Try arrays of zeros: 0/0 must not happen."),
    Planted("NaN made 0", _without_nan, "Put a NaN in: whoever trains has to see it come out."),
    Planted("one long vector returned", lambda grads, c, kept: [g.ravel() for g in _clip(grads, c)], "Compare shapes."),
    Planted("grads changed in place", _in_place, "What it returns is right; afterwards your grads are others. Compare them with copies made before."),
    Planted("first threshold kept", _remembers, "The first call is right. Call again with another threshold."),
)  # fmt: skip


def _one_vector(grads, threshold, kept):
    flat = np.concatenate([np.ravel(g) for g in grads])
    norm = np.linalg.norm(flat)
    pieces = np.split(
        flat * threshold / norm if norm > threshold else flat, np.cumsum([g.size for g in grads])[:-1]
    )
    return [piece.reshape(g.shape) for piece, g in zip(pieces, grads, strict=True)]  # fmt: skip


def _by_hypot(grads, threshold, kept):
    norm = functools.reduce(np.hypot, (np.hypot.reduce(g, axis=None) for g in grads))
    return [g * threshold / norm if norm > threshold else +g for g in grads]


def _as_torch(grads, threshold, kept):
    """With 1e−6 in the denominator."""
    factor = threshold / (_norm(grads) + 1e-6)
    return [g * np.minimum(factor, 1.0) for g in grads]


RIGHT = (
    Planted("plainly", _clip, "Compare with c g/‖g‖ where ‖g‖ > c, and with g elsewhere."),
    Planted("by the larger", lambda grads, c, kept: [g * (c / np.maximum(_norm(grads), c)) for g in grads], "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("as one vector", _one_vector, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("by hypot", _by_hypot, "It differs from “plainly” by rounding. If you accept that one, equality is too much to ask."),
    Planted("1e−6 in the denominator", _as_torch, "Libraries add 1e−6 to the norm against 0/0, an error of 1e−6/‖g‖. Allow 1e−5, and let no norm be tiny."),
    Planted("nested lists", lambda grads, c, kept: [g.tolist() for g in _clip(grads, c)], "Its results are lists of numbers: np.asarray makes arrays of them."),
    Planted("float32", lambda grads, c, kept: [g.astype(np.float32) for g in _clip(grads, c)], "Its results are in single precision, rounded at 6e−8: if you accept “plainly”, allow that much."),
    Planted("a tuple", lambda grads, c, kept: tuple(_clip(grads, c)), "A tuple of arrays is as good as a list."),
)  # fmt: skip


def implementation(formula):
    """What the learner's test is given."""
    kept = {}

    def clip(grads, threshold):
        """A function that clips by the global norm."""
        return formula(grads, threshold, kept)

    return clip
