"""Problem set 8 on the optimiser's step after clipping: momentum."""

import numpy as np

from vgcourse import optim
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error


def length(arrays):
    """‖g‖ over all arrays."""
    return np.sqrt(sum((a**2).sum() for a in arrays))


def shorten(grads, c):
    """Global-norm clipping."""
    return [g * min(1.0, c / length(grads)) for g in grads]


# --- clipped_momentum_step -------------------------------------------------------------------------


def clipped_momentum_step(Ws, dWs, vs, learning_rate, decay, max_norm):
    """Clip by the global norm, then v ← μ v + g and W ← W − α v with the new v (heavy ball).

    Ws, dWs and vs are lists of arrays, decay is μ, max_norm is c. Returns the new Ws and vs, two lists.
    """
    grads = optim.clip_by_global_norm(tuple(dWs), max_norm)
    state = optim.MomentumState(tuple(vs))
    Ws, state = optim.momentum_step(tuple(Ws), grads, state, learning_rate, decay=decay)
    return list(Ws), list(state.velocity)


def _momentum(
    Ws,
    dWs,
    vs,
    learning_rate,
    decay,
    max_norm,
    *,
    clip=shorten,
    clip_velocity=None,
    velocity=lambda v, g, mu, a: mu * v + g,
    move=lambda W, v, g, old, mu, a: W - a * v,
    kept="new",
):
    """The step with its parts exchangeable; `old` is the velocity before."""
    grads = clip(dWs, max_norm)
    new = [velocity(v, g, decay, learning_rate) for v, g in zip(vs, grads, strict=True)]
    if clip_velocity is not None:
        new = clip_velocity(new, max_norm)
    rows = zip(Ws, new, grads, vs, strict=True)
    moved = [move(W, v, g, old, decay, learning_rate) for W, v, g, old in rows]
    return moved, {"new": new, "old": [v.copy() for v in vs], "gradient": [g.copy() for g in grads]}[kept]


def _momentum_cases(rng):
    cases = []
    for shapes, norms, c in (
        (((4, 3), (2, 4)), (6, 2.5), rng.uniform(2.0, 2.3)),
        (((3, 3), (3, 3)), (1.5, 1.4), rng.uniform(1.7, 1.8)),  # long together, short each
        (((3, 2), (2,)), (0.9, 0.9), rng.uniform(1.4, 1.5)),  # short; its square is not
    ):
        dWs = [rng.normal(size=shape) for shape in shapes]
        scales = np.array(norms) * rng.uniform(0.97, 1.03, size=2)
        dWs = [g * s / np.linalg.norm(g) for g, s in zip(dWs, scales, strict=True)]
        Ws, vs = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
        rates = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.6, 0.8))
        cases.append(Case((Ws, dWs, vs, *rates, float(c)), ("Ws", "vs")))
    return cases


def _not_the_velocity(args, out):
    """The weights have moved by −α times the returned velocity."""
    errors = []
    for k, W in enumerate(args[0]):
        errors.append(relative_error(W - out[f"Ws[{k}]"], args[3] * out[f"vs[{k}]"]))
    return max(errors)


def _by_the_norm_so_far(dWs, c):
    sums = np.cumsum([(g**2).sum() for g in dWs])
    return [g * min(1.0, c / np.sqrt(s)) for g, s in zip(dWs, sums, strict=True)]


CLIPS = (
    Mistake("not clipped", dict(clip=lambda dWs, c: dWs), "The gradient goes into your step as it came. Clip it first: all arrays times c/‖g‖ where ‖g‖ > c."),
    Mistake("clipped per array", dict(clip=lambda dWs, c: [g * min(1.0, c / np.linalg.norm(g)) for g in dWs]), "You clip each array by its own norm, which turns the step. Global-norm clipping has one norm over all arrays and one factor."),
    Mistake("clipped by value", dict(clip=lambda dWs, c: [np.clip(g, -c, c) for g in dWs]), "You cut each entry to [−c, c], which turns the step. Global-norm clipping multiplies all arrays by one factor, c/‖g‖."),
    Mistake("norm of the arrays so far", dict(clip=_by_the_norm_so_far), "You clip each array while the sum of squares still grows. Finish the norm over all arrays first, then multiply all of them by one factor."),
    Mistake("always rescaled", dict(clip=lambda dWs, c: [g * c / length(dWs) for g in dWs]), "You rescale short gradients too. Where ‖g‖ ≤ c they stay as they are."),
    Mistake("root of the norm missing", dict(clip=lambda dWs, c: [g * min(1.0, c / length(dWs) ** 2) for g in dWs]), "Your clipping divides c by the sum of squares. ‖g‖ is its root."),
)  # fmt: skip

CLIPPED_MOMENTUM_STEP = Problem(
    name="ps8.clipped_momentum_step",
    reference=clipped_momentum_step,
    family=_momentum,
    cases=_momentum_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={name: ("unit", "input") for name in ("Ws", "vs")},
    invariants=(
        Invariant("moved by the velocity", _not_the_velocity, "Your weights have not moved by α times the velocity that you return. W ← W − α v, with the new v."),
    ),
    mistakes=(
        *CLIPS,
        Mistake("velocity clipped", dict(clip=lambda dWs, c: dWs, clip_velocity=shorten), "You clip the velocity in place of the gradient. One huge gradient then fills the velocity with its direction: clip g before it enters v."),
        Mistake("velocity clipped as well", dict(clip_velocity=shorten), "You clip the velocity after you have clipped the gradient. Only the gradient is clipped; the velocity may grow to c/(1 − μ)."),
        Mistake("learning rate in the velocity", dict(velocity=lambda v, g, mu, a: mu * v + a * g, move=lambda W, v, g, old, mu, a: W - v), "Your velocity collects α g. The one asked for collects the gradients themselves, and α comes when the weights move: v ← μ v + g, W ← W − α v."),
        Mistake("learning rate twice", dict(velocity=lambda v, g, mu, a: mu * v + a * g), "The learning rate is in your velocity and again in the step. It belongs to the step alone: v ← μ v + g, W ← W − α v."),
        Mistake("running mean", dict(velocity=lambda v, g, mu, a: mu * v + (1 - mu) * g), "Your velocity is a running mean, with (1 − μ) g, as Adam's is. Heavy ball adds the whole gradient: v ← μ v + g."),
        Mistake("decay missing", dict(velocity=lambda v, g, mu, a: v + g), "Your velocity never decays, so it adds up all gradients ever seen. v ← μ v + g."),
        Mistake("no memory", dict(velocity=lambda v, g, mu, a: g), "Your velocity is the gradient alone: the old velocity is lost. v ← μ v + g."),
        Mistake("decay on the gradient as well", dict(velocity=lambda v, g, mu, a: mu * (v + g)), "You multiply the new gradient by μ too. Only the old velocity decays: v ← μ v + g."),
        Mistake("velocity with the other sign", dict(velocity=lambda v, g, mu, a: mu * v - g, move=lambda W, v, g, old, mu, a: W + a * v), "Your velocity collects −g. Asked for is v ← μ v + g, and the minus sign comes when the weights move."),
        Mistake("step for the velocity", dict(velocity=lambda v, g, mu, a: mu * v - a * g, move=lambda W, v, g, old, mu, a: W + v), "Your velocity is the step itself, μ v − α g, as some libraries have it. Here it collects the gradients alone: v ← μ v + g, and −α comes when the weights move."),
        Mistake("uphill", dict(move=lambda W, v, g, old, mu, a: W + a * v), "Your weights move up the gradient. W ← W − α v."),
        Mistake("Nesterov", dict(move=lambda W, v, g, old, mu, a: W - a * (g + mu * v)), "Yours is Nesterov's step, g + μ v with the new v. Heavy ball moves by v alone."),
        Mistake("old velocity", dict(move=lambda W, v, g, old, mu, a: W - a * old), "You move by the velocity from before the update, so this gradient comes one step late. First v, then W with the new v."),
        Mistake("moved by the gradient", dict(move=lambda W, v, g, old, mu, a: W - a * g), "Your weights move by the gradient: the velocity is computed and not used. W ← W − α v."),
        Mistake("learning rate missing", dict(move=lambda W, v, g, old, mu, a: W - v), "The learning rate is missing when the weights move: W ← W − α v."),
        Mistake("velocity not returned", dict(kept="old"), "You return the old velocity. The next step needs the new one."),
        Mistake("gradient returned for the velocity", dict(kept="gradient"), "You return the clipped gradient in place of the velocity, so the next step has forgotten all earlier ones."),
    ),
    hints=(
        "Three lines, in this order: clip the gradient, renew the velocity, move the weights.",
        "One factor min(1, c/‖g‖) for all arrays. Then for each array v ← μ v + g; lists come in and two new lists go out.",
        "W − α v uses the v that you have just computed, which already holds this step's clipped gradient.",
    ),
)  # fmt: skip
