"""Problem set 8 on clipping array by array: how far it turns the step, and how much of its length is left."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- clipping_turn ---------------------------------------------------------------------------------


def clipping_turn(grads, limit):
    """Cosine of the angle between the gradient and the same with each array clipped to norm `limit`; and ‖cut‖/‖g‖.

    All arrays of the list are one long vector: cos = g·cut/(‖g‖ ‖cut‖).
    """
    cut = []
    for g in grads:
        norm = np.linalg.norm(g)
        factor = min(1.0, limit / norm) if norm > 0 else 1.0
        cut.append(factor * g)
    a, b = long(grads), long(cut)
    whole, short = np.linalg.norm(a), np.linalg.norm(b)
    cosine = a @ b / (whole * short)
    return cosine, short / whole


def long(grads):
    """All arrays end to end."""
    return np.concatenate([np.ravel(g) for g in grads])


def _rows(g, limit):
    """Each row of a matrix clipped by its own norm; a vector is one row."""
    sizes = np.linalg.norm(np.atleast_2d(g), axis=1, keepdims=True)
    return (np.atleast_2d(g) * np.minimum(1, limit / np.maximum(sizes, 1e-300))).reshape(g.shape)


def _added(grads):
    return sum(np.linalg.norm(g) for g in grads)


def _mean_share(grads, cut):
    return np.mean(
        [np.linalg.norm(b) / np.linalg.norm(a) for a, b in zip(grads, cut, strict=True) if a.any()]
    )


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
        (((4, 3), (5,), (2, 2)), (6.0, 1.9, 0.2)),
        (((3, 3), (3, 3), (4,), (2, 3)), (1.6, 4.0, 0.0, 1.4)),
        (((3, 2), (2, 4), (6,)), (0.6, 0.15, 7.0)),
    ):
        grads = [rng.normal(size=shape) + 0.3 for shape in shapes]
        grads = [
            g * (n * rng.uniform(0.95, 1.05) / np.linalg.norm(g)) for g, n in zip(grads, norms, strict=True)
        ]
        cases.append(Case((grads, float(rng.uniform(0.8, 1.2))), ("cosine", "length")))
    grads = [
        g * c / np.linalg.norm(g) for g, c in zip(rng.normal(size=(3, 2, 4)), (1.1, 1.05, 0.5), strict=True)
    ]
    cases.append(Case((grads, 1.0), ("cosine", "length")))  # hardly too long
    alone = [rng.normal(size=(2, 3, 2)) + 0.3]  # one array, which cannot turn
    cases.append(Case((alone, 1.3), ("cosine", "length")))
    return cases


def _no_such_length(args, out):
    """Arrays longer than c are c long afterwards, the others as long as they were."""
    sizes = np.array([np.linalg.norm(g) for g in args[0]])
    return float(abs(out["length"] - np.linalg.norm(np.minimum(sizes, args[1])) / np.linalg.norm(sizes)))


def _beyond(args, out):
    return max(0.0, abs(float(out["cosine"])) - 1, float(out["length"]) - 1)


CLIPPING_TURN = Problem(
    name="ps8.clipping_turn",
    reference=clipping_turn,
    helpers=(long,),
    cases=_turn_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("length of the arrays", _no_such_length, "Your length is not that of arrays each cut to c, the shorter ones left as they are."),
        Invariant("at most 1", _beyond, "One of your results is above 1. No cosine is, and clipping makes no vector longer."),
    ),
    mistakes=(
        Mistake("clipped by the norm", edit("np.linalg.norm(g)", "np.linalg.norm(long(grads))"), "You clip by the global norm, which never turns the gradient. Here every array is clipped by its own norm.", beside_the_point=True),
        Mistake("clipped by value", edit("factor * g", "np.clip(g, -limit, limit)"), "You cut every entry on its own, as lecture 5 does. Here an array keeps its direction: all of its entries get the same factor.", beside_the_point=True),
        Mistake("clipped row by row", edit("factor * g", "_rows(g, limit)"), "You clip the rows of a matrix one by one. A matrix is one array and has one norm."),
        Mistake("short arrays stretched", edit("min(1.0, limit / norm)", "limit / norm"), "You stretch short arrays to the limit as well. They are left as they are."),
        Mistake("limit not used", edit("min(1.0, limit / norm)", "1 / norm"), "You divide every array by its norm, whatever the limit is. Only arrays longer than c are cut, and to the length c.", whole=True),
        Mistake("sum of absolute values", edit("np.linalg.norm(g)", "np.abs(g).sum()"), "You clip by the sum of the entries' sizes. The norm is the root of the sum of their squares."),
        Mistake("largest entry", edit("np.linalg.norm(g)", "np.abs(g).max()"), "You clip by the largest entry of an array. Its norm is the root of the sum of squares."),
        Mistake("root mean square", edit("np.linalg.norm(g)", "np.sqrt((g**2).mean())"), "You clip by the root mean square. A norm adds the squares, it does not average them."),
        Mistake("norm over the entries", edit("np.linalg.norm(g)", "np.linalg.norm(g) / g.size"), "You divide the norm by the number of entries before you compare. The norm itself is compared with c."),
        Mistake("largest singular value", edit("np.linalg.norm(g)", "np.linalg.norm(g, 2)"), "Of a matrix you take the largest singular value, as np.linalg.norm(g, 2) does. Its norm here is the root of the sum of all squares."),
        Mistake("max for min", edit("min(1.0", "max(1.0"), "Your factor is never below 1: short arrays are stretched, and long ones stay as they are."),
        Mistake("factor upside down", edit("limit / norm", "norm / limit"), "Your factor is upside down: short arrays are shortened, and long ones stay as they are."),
        Mistake("factor up to the limit", edit("min(1.0", "min(limit"), "Short arrays get the limit c for a factor. Up to c they stay as they are."),
        Mistake("limit for the factor", edit("min(1.0, limit / norm)", "(limit if norm > limit else 1.0)"), "Long arrays get the limit c for a factor in your answer. It is their norm that has to come out as c.", whole=True),
        Mistake("limit squared", edit("limit / norm", "limit**2 / norm"), "You square the limit. Norms are compared with c itself."),
        Mistake("limit shared out", edit("limit / norm", "limit / len(grads) ** 0.5 / norm"), "You share the limit out among the arrays. Each of them may be as long as the whole c."),
        Mistake("limit divided by the arrays", edit("limit / norm", "limit / len(grads) / norm"), "You share the limit out among the arrays. Each of them may be as long as the whole c."),
        Mistake("norm of the arrays so far", edit("np.linalg.norm(g)", "np.linalg.norm(long(grads[: len(cut) + 1]))"), "You clip each array by the norm of all arrays so far. Each is clipped by its own."),
        Mistake("norms added", edit("np.linalg.norm(a), np.linalg.norm(b)", "_added(grads), _added(cut)"), "Your lengths add the norms of the arrays up. It is their squares that add."),
        Mistake("norms added in the cosine", edit("a @ b / (whole * short)", "a @ b / (_added(grads) * _added(cut))"), "Below your cosine the norms of the arrays are added up. It is their squares that add: ‖g‖ is the length of all arrays end to end.", alone=True),
        Mistake("norms added in the length", edit("short / whole", "_added(cut) / _added(grads)"), "Your length adds the norms of the arrays up. It is their squares that add: ‖cut‖ and ‖g‖ are lengths of all arrays end to end.", alone=True),
        Mistake("norms averaged in the length", edit("short / whole", "_mean_share(grads, cut)"), "Your length is the mean of the arrays' shares. ‖cut‖ and ‖g‖ are lengths of all arrays end to end.", alone=True),
        Mistake("each array by itself", edit("return cosine", "return np.float64(1.0)"), "Your cosine is 1 for all inputs. That is the angle of every single array, which keeps its direction, or of a gradient that is clipped as a whole. All arrays end to end are one vector, and that turns.", alone=True),
        Mistake("largest array's share", edit("short / whole", "min(np.linalg.norm(c) / np.linalg.norm(g) for c, g in zip(cut, grads, strict=True) if g.any())"), "Your length is the share that is left of the longest array. Asked for is ‖cut‖/‖g‖ of all arrays together.", alone=True),
        Mistake("first array left out", lambda grads, limit: clipping_turn(grads[1:], limit), "Your results leave the first array out."),
        Mistake("sum of squares", edit("np.linalg.norm(g)", "(g**2).sum()"), "Your clipping divides the limit by the sum of squares, without its root."),
        Mistake("mean over the arrays", _each(np.mean), "You average the results of the single arrays, and of these none is turned. All of them together are one vector."),
        Mistake("last array only", _each(lambda values: values[-1]), "Your results are those of a single array. All of them together are one vector."),
        Mistake("product over the arrays", _each(np.prod), "You multiply the results of the single arrays. All of them together are one vector."),
        Mistake("clipped one with itself", edit("a @ b", "b @ b"), "Your cosine comes out as ‖cut‖/‖g‖, as with the scalar product of the clipped gradient with itself. An angle is between two: g·cut stands above."),
        Mistake("not divided", edit(" / (whole * short)", ""), "Your cosine is the scalar product itself. A product of two long vectors is large whatever their directions."),
        Mistake("divided by the gradient's length squared", edit("(whole * short)", "whole**2"), "You divide by ‖g‖². That tells how much of g the clipped step still contains, not where it points."),
        Mistake("divided by the cut one's length squared", edit("(whole * short)", "short**2"), "You divide by ‖cut‖². A cosine knows both lengths."),
        Mistake("roots missing", edit("(whole * short)", "(whole * short) ** 2"), "You divide by sums of squares. Lengths have roots."),
        Mistake("divided by the number of entries", edit("(whole * short)", "len(a)"), "You take a mean over the entries, which is no cosine."),
        Mistake("correlation", edit("a @ b / (whole * short)", "np.corrcoef(a, b)[0, 1]"), "You take the correlation coefficient, which subtracts the means first. A direction has no mean to subtract."),
        Mistake("cosine squared", edit("return cosine", "return cosine**2"), "You return the square of the cosine."),
        Mistake("sine", edit("return cosine", "return np.sqrt(np.maximum(0, 1 - cosine**2))"), "You return the sine of the angle, √(1 − cos²). Asked for is the cosine itself."),
        Mistake("distance for the cosine", edit("return cosine", "return 1 - cosine"), "You return 1 − cos, the cosine distance (scipy's cosine). The cosine itself is 1 for equal directions."),
        Mistake("angle", edit("return cosine", "return np.arccos(cosine)"), "You return the angle in radians. Asked for is its cosine."),
        Mistake("angle in degrees", edit("return cosine", "return np.degrees(np.arccos(cosine))"), "You return the angle in degrees. Asked for is its cosine."),
        Mistake("length lost", edit("short / whole", "1 - short / whole"), "Your length is the part that is lost. Asked for is what is left: ‖cut‖/‖g‖."),
        Mistake("length of the cut one", edit("short / whole", "short"), "Your length is ‖cut‖. Asked for is its share of the length before: ‖cut‖/‖g‖."),
        Mistake("length upside down", edit("short / whole", "whole / short"), "Your length is upside down: ‖cut‖/‖g‖ is at most 1."),
        Mistake("length squared", edit("short / whole", "(short / whole) ** 2"), "Your length is a ratio of sums of squares. Take the root."),
        Mistake("length of what was cut off", edit("short / whole", "np.linalg.norm(a - b) / whole"), "Your length is that of the difference, ‖g − cut‖/‖g‖. Asked for is what is left, ‖cut‖/‖g‖."),
        Mistake("share of entries left", edit("short / whole", "np.mean(a == b)"), "Your length is the share of entries that were not cut. Asked for is ‖cut‖/‖g‖."),
    ),
    hints=(
        "Every array keeps its own direction, and yet the whole turns: the long ones shrink and the short ones do not.",
        "Lay all arrays end to end, before and after: two long vectors, one scalar product and two lengths.",
        "Each array times min(1, limit/its norm), zeros left alone; the cosine is Σ g·cut/(‖g‖ ‖cut‖), the other result ‖cut‖/‖g‖.",
    ),
)  # fmt: skip
