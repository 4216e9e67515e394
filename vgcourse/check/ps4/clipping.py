"""Problem set 4 on clipping: one norm over all arrays, one factor for all of them."""

import numpy as np

from vgcourse import optim
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- clip_by_global_norm ---------------------------------------------------------------------------


def clip_by_global_norm(grads, threshold):
    """g if ‖g‖ ≤ c, else c g/‖g‖, with ‖g‖ = √(Σ over all arrays of Σ g²)."""
    return list(optim.clip_by_global_norm(tuple(grads), threshold))


def _squares(grads):
    return np.float64(sum((g**2).sum() for g in grads))


def _norm(grads):
    return np.sqrt(_squares(grads))


def _clip(
    grads, threshold, *, compared=_norm, divided=_norm, rescale=lambda norm, threshold: norm > threshold,
    factor=lambda threshold, norm: threshold / norm, apply=lambda g, factor: factor * g,
):  # fmt: skip
    """The two uses of the norm, the comparison and the factor, each exchangeable."""
    if not rescale(compared(grads), threshold):
        return [g.copy() for g in grads]
    scale = factor(threshold, divided(grads))
    return [apply(g, scale) for g in grads]


def _measured(measure):
    """Another length in place of the norm, in both places."""
    return dict(compared=measure, divided=measure)


def _alone(**switches):
    """A mistake that hides every other one: as a function of its own it is not combined with them."""
    return lambda grads, threshold: _clip(grads, threshold, **switches)


def _each(one):
    return lambda grads, threshold: [one(g, threshold) for g in grads]


SHAPES = ((3, 2), (4,), (2, 2))


def _of_norms(rng, norms):
    arrays = [rng.normal(size=shape) for shape in SHAPES]
    return [a * (norm / np.linalg.norm(a)) for a, norm in zip(arrays, norms, strict=True)]


def _clip_cases(rng):
    large = rng.uniform(0.9, 1.1, size=3) * (
        26,
        1.2,
        13,
    )  # norm near 29, threshold near 2.2, root mean square near 8
    below = rng.uniform(0.97, 1.03, size=3) * 1.0  # norm near 1.73, its square near 3
    small = rng.uniform(0.97, 1.03, size=3) * 0.5  # norm near 0.87, its square near 0.75
    middle = rng.uniform(0.97, 1.03, size=3) * 3.0  # norm near 5.2, between the threshold and its square
    zeros = [np.zeros(shape) for shape in SHAPES]
    return [
        Case((_of_norms(rng, large), float(rng.uniform(2.0, 2.5))), ("clipped",)),
        Case(
            (_of_norms(rng, small), float(0.93 * np.linalg.norm(small))), ("clipped",)
        ),  # each array is below
        Case((_of_norms(rng, middle), float(rng.uniform(2.9, 3.1))), ("clipped",)),
        Case((_of_norms(rng, below), float(rng.uniform(2.1, 2.3))), ("kept",)),
        Case((zeros, 1.0), ("kept",)),
    ]


def _arrays(outputs):
    """The arrays of the answer, whether they come as one list or one by one."""
    arrays = []
    for value in outputs.values():
        arrays += list(value) if isinstance(value, (list, tuple)) else [value]
    return [np.asarray(a, dtype=float) for a in arrays]


def _too_long(args, outputs):
    return max(0.0, float(_norm(_arrays(outputs)) / args[1] - 1))


def _direction_kept(args, outputs):
    before, after = (np.concatenate([np.ravel(a) for a in arrays]) for arrays in (args[0], _arrays(outputs)))
    if before.shape != after.shape or not before.any() or not after.any():
        return 0.0
    along = before * (before @ after) / (before @ before)
    return float(np.linalg.norm(after - along) / np.linalg.norm(after))


CLIP_BY_GLOBAL_NORM = Problem(
    name="ps4.clip_by_global_norm",
    reference=clip_by_global_norm,
    family=_clip,
    cases=_clip_cases,
    points=3,
    lecture='lecture 5, "Normalisation, clipping"',
    invariants=(
        Invariant("no longer than the threshold", _too_long, "The gradient that you return is longer than the threshold. Measure it as one long vector: the root of the sum of all squares of all arrays."),
        Invariant("the direction is kept", _direction_kept, "Your arrays are not all multiplied by one and the same number, so the step points elsewhere. One norm over all arrays gives one factor for all."),
    ),
    mistakes=(
        Mistake("root missing", _measured(_squares), "Your norm is the sum of squares: the root is missing. ‖g‖ = √(Σ g²), in the comparison and in the factor."),
        Mistake("divided by the sum of squares", dict(divided=_squares), "You divide the threshold by the sum of squares. The new length then is c/‖g‖ in place of c: divide by its root, ‖g‖."),
        Mistake("sum of squares compared", dict(compared=_squares), "You compare the sum of squares with the threshold, so short gradients are rescaled, some of them up. Compare its root, ‖g‖."),
        Mistake("threshold squared", dict(rescale=lambda norm, threshold: norm > threshold**2), "You compare the norm with c². If you save the root on one side, save it on both: Σ g² > c², or ‖g‖ > c."),
        Mistake("per array", _each(lambda g, c: g * min(1.0, c / max(np.linalg.norm(g), 1e-300))), "You clip every array by its own norm, which changes the direction of the step. All arrays together are one long vector with one norm."),
        Mistake("per element", _each(lambda g, c: np.clip(g, -c, c)), "You clip every entry on its own. That cuts large entries and leaves small ones, so the direction changes: scale all of them by c/‖g‖."),
        Mistake("always rescaled", dict(rescale=lambda norm, threshold: True), "You rescale every gradient to length c. One that is shorter stays as it is; a vanished one would be blown up, and a zero one becomes 0/0."),
        Mistake("comparison reversed", _alone(rescale=lambda norm, threshold: norm < threshold), "Your comparison is the wrong way round: short gradients are stretched and long ones left alone. Rescale only where ‖g‖ > c."),
        Mistake("nothing changed", _alone(factor=lambda threshold, norm: 1.0), "The gradients come back as they went in. Inside a loop, g = g * factor only renames: put the scaled arrays into a new list."),
        Mistake("unit length", dict(factor=lambda threshold, norm: 1 / norm), "Your long gradients get length 1. They get the length c of the threshold: multiply by c/‖g‖."),
        Mistake("factor upside down", dict(factor=lambda threshold, norm: norm / threshold), "You multiply by ‖g‖/c, which makes long gradients longer. It is c/‖g‖."),
        Mistake("last array's norm", _measured(lambda grads: np.float64(np.linalg.norm(grads[-1]))), "Your norm is the last array's alone: the sum is overwritten in the loop. Add up the squares of all arrays, +=."),
        Mistake("first array's norm", _measured(lambda grads: np.float64(np.linalg.norm(grads[0]))), "Your norm is the first array's alone. Add up the squares of all arrays, then take one root."),
        Mistake("sum of norms", _measured(lambda grads: sum(np.float64(np.linalg.norm(g)) for g in grads)), "You add the norms of the arrays. Lengths at right angles do not add, their squares do: √(‖g₁‖² + ‖g₂‖² + …)."),
        Mistake("sum of absolute values", _measured(lambda grads: sum(np.abs(g).sum() for g in grads)), "Your norm is the sum of absolute values. The length of a vector is the root of its sum of squares."),
        Mistake("largest entry", _measured(lambda grads: max(np.abs(g).max() for g in grads)), "You measure the largest entry. The length of the whole gradient counts: the root of its sum of squares."),
        Mistake("mean of squares", _measured(lambda grads: np.float64(np.sqrt(_squares(grads) / sum(g.size for g in grads)))), "Your norm is the root of the mean square. It is the root of the sum: the number of parameters does not divide it."),
        Mistake("mean over the arrays", _measured(lambda grads: np.float64(np.mean([np.linalg.norm(g) for g in grads]))), "You average the norms of the arrays. The global norm is √(‖g₁‖² + ‖g₂‖² + …)."),
        Mistake("long gradients thrown away", _alone(apply=lambda g, factor: 0 * g), "Your long gradients become zero, so that step is lost. Only their length is cut: c g/‖g‖."),
    ),
    hints=(
        "Lay all arrays end to end: one long vector. If it is longer than the threshold, shorten it without turning it.",
        "Two steps: first one number, the norm, from all arrays; then one factor, at most 1, for all arrays. Lists go in and come out.",
        "norm = √(Σ over arrays of (g**2).sum()). The factor is threshold/norm where norm > threshold, and 1 elsewhere, also for norm = 0.",
    ),
)  # fmt: skip
