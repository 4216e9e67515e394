"""Problem set 8 on clipping array by array: how far it turns the step, and how much of its length is left."""

import numpy as np

from vgcourse import optim
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- clipping_turn ---------------------------------------------------------------------------------


def clipping_turn(grads, limit):
    """Cosine of the angle between the gradient and the same with each array clipped to norm `limit`; and ‖cut‖/‖g‖.

    All arrays of the list are one long vector: cos = g·cut/(‖g‖ ‖cut‖).
    """
    cut = [optim.clip_by_global_norm((g,), limit)[0] for g in grads]
    a, b = (np.concatenate([np.ravel(x) for x in arrays]) for arrays in (grads, cut))
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    return a @ b / (lengths[0] * lengths[1]), lengths[1] / lengths[0]


def _shorten(g, limit):
    return g * min(1.0, limit / max(np.linalg.norm(g), 1e-300))


def _long(grads):
    return np.concatenate([np.ravel(g) for g in grads])


def _turn(
    grads,
    limit,
    *,
    cut=lambda grads, limit: [_shorten(g, limit) for g in grads],
    dot=lambda a, b: a @ b,
    below=lambda a, b: np.linalg.norm(a) * np.linalg.norm(b),
    shown=lambda cosine: cosine,
    ratio=lambda a, b: np.linalg.norm(b) / np.linalg.norm(a),
):
    """clipping_turn with exchangeable parts; `below(a, b)` is what the product is divided by."""
    a, b = _long(grads), _long(cut(grads, limit))
    return np.float64(shown(dot(a, b) / below(a, b))), np.float64(ratio(a, b))


def _by_norm(grads, limit):
    return [g * min(1.0, limit / np.linalg.norm(_long(grads))) for g in grads]


def _stretched(grads, limit):
    return [g * limit / max(np.linalg.norm(g), 1e-300) for g in grads]


def _by_squares(grads, limit):
    return [g * min(1.0, limit / max((g**2).sum(), 1e-300)) for g in grads]


def _rows(grads, limit):
    return [np.array([_shorten(row, limit) for row in np.atleast_2d(g)]).reshape(g.shape) for g in grads]


def _centred_cosine(a, b):
    return np.corrcoef(a, b)[0, 1]


def _each(join):
    """The two results array by array, then joined; an array of zeros is left out."""

    def formula(grads, limit):
        pairs = [clipping_turn([g], limit) for g in grads if g.any()]
        return tuple(np.float64(join(values)) for values in zip(*pairs, strict=True))

    return formula


def _turn_cases(rng):
    """Arrays longer and shorter than the limit, one of zeros, one alone."""
    cases = []
    for shapes, norms in (
        (((4, 3), (5,), (2, 2)), (6.0, 1.9, 0.5)),
        (((3, 3), (3, 3), (4,)), (1.6, 4.0, 0.0)),
        (((3, 2), (2, 4), (6,)), (0.6, 0.5, 7.0)),
    ):
        grads = [rng.normal(size=shape) + 0.3 for shape in shapes]
        grads = [
            g * (n * rng.uniform(0.95, 1.05) / np.linalg.norm(g)) for g, n in zip(grads, norms, strict=True)
        ]
        cases.append(Case((grads, float(rng.uniform(0.8, 1.2))), ("cosine", "length")))
    return cases


def _beyond(args, out):
    return max(0.0, abs(float(out["cosine"])) - 1, float(out["length"]) - 1)


CLIPPING_TURN = Problem(
    name="ps8.clipping_turn",
    reference=clipping_turn,
    family=_turn,
    cases=_turn_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("at most 1", _beyond, "One of your results is above 1. No cosine is, and clipping makes no vector longer."),
    ),
    mistakes=(
        Mistake("clipped by the norm", dict(cut=_by_norm), "You clip by the global norm, which never turns the gradient. Here every array is clipped by its own norm."),
        Mistake("clipped by value", dict(cut=lambda grads, limit: [np.clip(g, -limit, limit) for g in grads]), "You cut every entry on its own, as lecture 5 does. Here an array keeps its direction: all of its entries get the same factor."),
        Mistake("clipped row by row", dict(cut=_rows), "You clip the rows of a matrix one by one. A matrix is one array and has one norm."),
        Mistake("short arrays stretched", dict(cut=_stretched), "You stretch short arrays to the limit as well. They are left as they are."),
        Mistake("sum of squares", dict(cut=_by_squares), "Your clipping divides the limit by the sum of squares, without its root."),
        Mistake("mean over the arrays", _each(np.mean), "You average the results of the single arrays, and of these none is turned. All of them together are one vector."),
        Mistake("last array only", _each(lambda values: values[-1]), "Your results are those of a single array. All of them together are one vector."),
        Mistake("product over the arrays", _each(np.prod), "You multiply the results of the single arrays. All of them together are one vector."),
        Mistake("not divided", dict(below=lambda a, b: 1.0), "Your cosine is the scalar product itself. A product of two long vectors is large whatever their directions."),
        Mistake("divided by the gradient's length squared", dict(below=lambda a, b: a @ a), "You divide by ‖g‖². That tells how much of g the clipped step still contains, not where it points."),
        Mistake("divided by the cut one's length squared", dict(below=lambda a, b: b @ b), "You divide by ‖cut‖². A cosine knows both lengths."),
        Mistake("roots missing", dict(below=lambda a, b: (a @ a) * (b @ b)), "You divide by sums of squares. Lengths have roots."),
        Mistake("divided by the number of entries", dict(below=lambda a, b: len(a)), "You take a mean over the entries, which is no cosine."),
        Mistake("correlation", dict(dot=_centred_cosine, below=lambda a, b: 1.0), "You take the correlation coefficient, which subtracts the means first. A direction has no mean to subtract."),
        Mistake("cosine squared", dict(shown=lambda cosine: cosine**2), "You return the square of the cosine."),
        Mistake("sine", dict(shown=lambda cosine: np.sqrt(np.maximum(0, 1 - cosine**2))), "You return the sine of the angle, √(1 − cos²). Asked for is the cosine itself."),
        Mistake("distance for the cosine", dict(shown=lambda cosine: 1 - cosine), "You return 1 − cos, the cosine distance (scipy's cosine). The cosine itself is 1 for equal directions."),
        Mistake("angle", dict(shown=np.arccos), "You return the angle in radians. Asked for is its cosine."),
        Mistake("angle in degrees", dict(shown=lambda cosine: np.degrees(np.arccos(cosine))), "You return the angle in degrees. Asked for is its cosine."),
        Mistake("length lost", dict(ratio=lambda a, b: 1 - np.linalg.norm(b) / np.linalg.norm(a)), "Your length is the part that is lost. Asked for is what is left: ‖cut‖/‖g‖."),
        Mistake("length of the cut one", dict(ratio=lambda a, b: np.linalg.norm(b)), "Your length is ‖cut‖. Asked for is its share of the length before: ‖cut‖/‖g‖."),
        Mistake("length upside down", dict(ratio=lambda a, b: np.linalg.norm(a) / np.linalg.norm(b)), "Your length is upside down: ‖cut‖/‖g‖ is at most 1."),
        Mistake("length squared", dict(ratio=lambda a, b: (b @ b) / (a @ a)), "Your length is a ratio of sums of squares. Take the root."),
        Mistake("length of what was cut off", dict(ratio=lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(a)), "Your length is that of the difference, ‖g − cut‖/‖g‖. Asked for is what is left, ‖cut‖/‖g‖."),
        Mistake("share of entries left", dict(ratio=lambda a, b: np.mean(a == b)), "Your length is the share of entries that were not cut. Asked for is ‖cut‖/‖g‖."),
    ),
    hints=(
        "Every array keeps its own direction, and yet the whole turns: the long ones shrink and the short ones do not.",
        "Lay all arrays end to end, before and after: two long vectors, one scalar product and two lengths.",
        "Each array times min(1, limit/its norm), zeros left alone; the cosine is Σ g·cut/(‖g‖ ‖cut‖), the other result ‖cut‖/‖g‖.",
    ),
)  # fmt: skip
