"""Problem set 8 on clipping by value: how far it turns the step, and how much of its length is left."""

import numpy as np

from vgcourse import optim
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- clipping_turn ---------------------------------------------------------------------------------


def clipping_turn(grads, limit):
    """Cosine of the angle between the gradient and the same cut to [−limit, limit]; and ‖cut‖/‖g‖.

    All arrays of the list are one long vector: cos = g·cut/(‖g‖ ‖cut‖).
    """
    cut = optim.clip_by_value(tuple(grads), limit)
    a, b = (np.concatenate([np.ravel(x) for x in arrays]) for arrays in (grads, cut))
    return a @ b / (optim.global_norm(tuple(grads)) * optim.global_norm(cut)), np.float64(
        optim.global_norm(cut) / optim.global_norm(tuple(grads))
    )


def _by_norm(a, limit):
    return a * min(1.0, limit / np.linalg.norm(a))


def _turn(
    grads,
    limit,
    *,
    cut=lambda a, limit: np.clip(a, -limit, limit),
    dot=lambda a, b: a @ b,
    length=np.linalg.norm,
    below=None,
    shown=lambda cosine: cosine,
    ratio=lambda a, b: np.linalg.norm(b) / np.linalg.norm(a),
):
    """clipping_turn with exchangeable parts; `below(a, b)` is what the product is divided by."""
    a = np.concatenate([np.ravel(g) for g in grads])
    b = cut(a, limit)
    lengths = length(a) * length(b) if below is None else below(a, b)
    return np.float64(shown(dot(a, b) / lengths)), np.float64(ratio(a, b))


def _centred_cosine(a, b):
    return np.corrcoef(a, b)[0, 1]


def _each(join):
    """The two results array by array, then joined."""

    def formula(grads, limit):
        pairs = [clipping_turn([g], limit) for g in grads]
        return tuple(np.float64(join(values)) for values in zip(*pairs, strict=True))

    return formula


def _turn_cases(rng):
    cases = []
    for shapes, scales in ((((4, 3), (5,)), (3.0, 0.8)), (((3, 3), (3, 3)), (1.0, 4.0)), (((6,),), (2.0,))):
        grads = [s * rng.normal(size=shape) for s, shape in zip(scales, shapes, strict=True)]
        grads[-1].flat[0] = scales[-1] * 2.5  # one large entry above, a moderate one below
        grads[0].flat[1], grads[0].flat[2] = -1.6 * scales[0], 0.3
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
        Invariant("at most 1", _beyond, "One of your results is above 1. No cosine is, and cutting entries makes no vector longer."),
    ),
    mistakes=(
        Mistake("clipped by the norm", dict(cut=_by_norm), "You clip by the global norm, which never turns the gradient: its cosine is 1. Asked for is clipping by value, every entry cut to [−limit, limit] on its own."),
        Mistake("large positive entries only", dict(cut=lambda a, limit: np.minimum(a, limit)), "You cut entries above limit only. Those below −limit are cut as well."),
        Mistake("entries thrown away", dict(cut=lambda a, limit: np.where(np.abs(a) > limit, 0, a)), "You set large entries to 0. They are cut to ±limit, with their sign."),
        Mistake("signs lost", dict(cut=lambda a, limit: np.minimum(np.abs(a), limit)), "Your cut entries have lost their signs: an entry below −limit becomes −limit."),
        Mistake("signs only", dict(cut=lambda a, limit: limit * np.sign(a)), "You set every entry to ±limit. Entries between the limits stay as they are."),
        Mistake("limit taken from the gradient", dict(cut=lambda a, limit: np.sign(a) * np.maximum(np.abs(a) - limit, 0)), "You subtract limit from every entry (soft thresholding), which keeps the excess and drops the rest. Clipping keeps the rest: entries beyond ±limit become ±limit."),
        Mistake("mean over the arrays", _each(np.mean), "You average the results of the single arrays. All of them together are one vector: one product and two norms."),
        Mistake("last array only", _each(lambda values: values[-1]), "Your results are those of the last array. All of them together are one vector: add up in the loop."),
        Mistake("product over the arrays", _each(np.prod), "You multiply the results of the single arrays. All of them together are one vector: one product and two norms."),
        Mistake("not divided", dict(below=lambda a, b: 1.0), "Your cosine is the scalar product itself. Divide it by both lengths."),
        Mistake("divided by the gradient's length squared", dict(below=lambda a, b: a @ a), "You divide by ‖g‖². That is how much of g the cut step still contains; the cosine divides by ‖g‖ ‖cut‖."),
        Mistake("divided by the cut one's length squared", dict(below=lambda a, b: b @ b), "You divide by ‖cut‖². The cosine divides by ‖g‖ ‖cut‖."),
        Mistake("roots missing", dict(below=lambda a, b: (a @ a) * (b @ b)), "You divide by sums of squares. The lengths are their roots."),
        Mistake("divided by the number of entries", dict(below=lambda a, b: len(a)), "You take a mean over the entries. The cosine divides by the two lengths."),
        Mistake("correlation", dict(dot=_centred_cosine, below=lambda a, b: 1.0), "You take the correlation coefficient, which subtracts the means first. A direction has no mean to subtract."),
        Mistake("cosine squared", dict(shown=lambda cosine: cosine**2), "You return the square of the cosine. Is a root missing?"),
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
        "Cutting every entry on its own changes large ones and leaves small ones, so the vector points elsewhere. How far?",
        "Lay all arrays end to end, before and after: two long vectors, one scalar product and two lengths.",
        "cut = np.clip(g, −limit, limit); the cosine is Σ g·cut/(‖g‖ ‖cut‖), and the other result ‖cut‖/‖g‖.",
    ),
)  # fmt: skip
