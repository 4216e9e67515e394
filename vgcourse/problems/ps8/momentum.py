"""Problem set 8 on the optimiser's step: momentum, and the clip behind it."""

import numpy as np

from vgcourse import optim
from vgcourse.gradcheck import relative_error
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem


def length(arrays):
    """‖g‖ over all arrays."""
    return np.sqrt(sum((a**2).sum() for a in arrays))


def shorten(grads, c):
    """Global-norm clipping."""
    return [g * min(1.0, c / length(grads)) for g in grads]


# --- clip_after_momentum ---------------------------------------------------------------------------


def clip_after_momentum(Ws, dWs, vs, learning_rate, decay, max_norm):
    """v ← μ v + g with the gradient as it is, and W ← W − α v min(1, c/‖v‖) with the new v; v is kept unclipped.

    Ws, dWs and vs are lists of arrays, decay is μ, max_norm is c. Returns the new Ws and vs, two lists.
    """
    new = [decay * v + g for v, g in zip(vs, dWs, strict=True)]
    steps = optim.clip_by_global_norm(tuple(new), max_norm)
    return [W - learning_rate * step for W, step in zip(Ws, steps, strict=True)], new


def _momentum(
    Ws,
    dWs,
    vs,
    learning_rate,
    decay,
    max_norm,
    *,
    before=lambda dWs, c: dWs,
    velocity=lambda v, g, mu, a: mu * v + g,
    clip=lambda vs, c, a: shorten(vs, c),
    move=lambda W, s, g, old, mu, a: W - a * s,
    kept="new",
):
    """The step with its parts exchangeable: `before` clips the gradient, `clip` the step; `old` is the velocity before."""
    grads = before(dWs, max_norm)
    new = [velocity(v, g, decay, learning_rate) for v, g in zip(vs, grads, strict=True)]
    steps = clip(new, max_norm, learning_rate)
    rows = zip(Ws, steps, grads, vs, strict=True)
    moved = [move(W, s, g, old, decay, learning_rate) for W, s, g, old in rows]
    return moved, {"new": new, "old": [v.copy() for v in vs], "step": steps}[kept]


def _momentum_cases(rng):
    """The new velocity long, long only together, short; the gradient is longer than c in the first and the last."""
    cases = []
    for shapes, norms, c in (
        (((4, 3), (2, 4)), (30, 12), rng.uniform(2.0, 2.3)),  # α v is longer than c, too
        (((3, 3), (3, 3)), (1.5, 1.4), rng.uniform(1.7, 1.8)),  # long together, short each
        (((3, 2), (2,)), (0.9, 0.9), rng.uniform(1.4, 1.5)),  # short; its square is not
    ):
        rates = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.6, 0.8))
        Ws, vs = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
        scales = np.array(norms) * rng.uniform(0.97, 1.03, size=2)
        new = [rng.normal(size=shape) for shape in shapes]
        new = [v * s / np.linalg.norm(v) for v, s in zip(new, scales, strict=True)]
        dWs = [v - rates[1] * old for v, old in zip(new, vs, strict=True)]
        cases.append(Case((Ws, dWs, vs, *rates, float(c)), ("Ws", "vs")))
    return cases


def _not_the_velocity(args, out):
    """The weights have moved along the returned velocity."""
    Ws, rate = args[0], args[3]
    step = np.concatenate([(W - out[f"Ws[{k}]"]).ravel() / rate for k, W in enumerate(Ws)])
    v = np.concatenate([out[f"vs[{k}]"].ravel() for k in range(len(Ws))])
    return relative_error(step * np.linalg.norm(v), v * np.linalg.norm(step))


def _longer(args, out):
    step = [W - out[f"Ws[{k}]"] for k, W in enumerate(args[0])]
    return max(0.0, float(length(step)) / (args[3] * args[5]) - 1)


def _by_the_norm_so_far(vs, c, a):
    sums = np.cumsum([(v**2).sum() for v in vs])
    return [v * min(1.0, c / np.sqrt(s)) for v, s in zip(vs, sums, strict=True)]


def _as_it_is(vs, c, a):
    return vs


CLIP_AFTER_MOMENTUM = Problem(
    name="ps8.clip_after_momentum",
    reference=clip_after_momentum,
    family=_momentum,
    cases=_momentum_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    axes={name: ("unit", "input") for name in ("Ws", "vs")},
    invariants=(
        Invariant("moved along the velocity", _not_the_velocity, "Your weights have not moved along the velocity that you return. A clip shortens the step, it does not turn it."),
        Invariant("no step longer than α c", _longer, "One of your steps is longer than α c. That is what the clip is there to rule out."),
    ),
    mistakes=(
        Mistake("clipped before", dict(before=shorten, clip=_as_it_is), "You clip the gradient before it enters v, which is the usual order. Here the velocity takes the gradient as it is, and it is the step that is clipped."),
        Mistake("clipped before as well", dict(before=shorten), "You clip the gradient as well. Here the velocity takes it as it is; one clip, behind the velocity, is all."),
        Mistake("not clipped", dict(clip=_as_it_is), "No clip is left in your step: it is as long as the velocity."),
        Mistake("clipped velocity kept", dict(kept="step"), "The velocity that you return is the clipped one. Only the step is shortened; the velocity goes on as it was."),
        Mistake("clipped per array", dict(clip=lambda vs, c, a: [v * min(1.0, c / np.linalg.norm(v)) for v in vs]), "You clip each array by its own norm, which turns the step. There is one norm, over all arrays."),
        Mistake("clipped by value", dict(clip=lambda vs, c, a: [np.clip(v, -c, c) for v in vs]), "You cut each entry to [−c, c], which turns the step. One factor belongs to all arrays."),
        Mistake("norm of the arrays so far", dict(clip=_by_the_norm_so_far), "You clip each array while the sum of squares still grows. The norm has to be complete before the first array is shortened."),
        Mistake("always rescaled", dict(clip=lambda vs, c, a: [v * c / length(vs) for v in vs]), "You stretch short velocities too. Up to c they stay as they are."),
        Mistake("root of the norm missing", dict(clip=lambda vs, c, a: [v * min(1.0, c / length(vs) ** 2) for v in vs]), "Your clip divides c by the sum of squares, without its root."),
        Mistake("learning rate before the clip", dict(clip=lambda vs, c, a: [v * min(1.0, c / (a * length(vs))) for v in vs]), "You compare α v with c. It is the velocity that is compared, and the learning rate comes last."),
        Mistake("learning rate in the velocity", dict(velocity=lambda v, g, mu, a: mu * v + a * g, move=lambda W, s, g, old, mu, a: W - s), "Your velocity collects α g. The one asked for collects the gradients themselves, and α comes when the weights move."),
        Mistake("learning rate twice", dict(velocity=lambda v, g, mu, a: mu * v + a * g), "The learning rate is in your velocity and again in the step. It belongs to the step alone."),
        Mistake("running mean", dict(velocity=lambda v, g, mu, a: mu * v + (1 - mu) * g), "Your velocity is a running mean, as Adam's is. The one asked for adds the whole gradient."),
        Mistake("decay missing", dict(velocity=lambda v, g, mu, a: v + g), "Your velocity never decays, so it adds up all gradients ever seen."),
        Mistake("no memory", dict(velocity=lambda v, g, mu, a: g), "Your velocity is the gradient alone: the old velocity is lost."),
        Mistake("decay on the gradient as well", dict(velocity=lambda v, g, mu, a: mu * (v + g)), "You multiply the new gradient by μ too. Only the old velocity decays."),
        Mistake("velocity with the other sign", dict(velocity=lambda v, g, mu, a: mu * v - g, move=lambda W, s, g, old, mu, a: W + a * s), "Your velocity collects −g. The minus sign comes when the weights move."),
        Mistake("uphill", dict(move=lambda W, s, g, old, mu, a: W + a * s), "Your weights move up the gradient."),
        Mistake("Nesterov", dict(move=lambda W, s, g, old, mu, a: W - a * (g + mu * s)), "Yours is Nesterov's step, with the gradient once more. Here the weights move by the clipped velocity alone."),
        Mistake("old velocity", dict(move=lambda W, s, g, old, mu, a: W - a * old), "You move by the velocity from before the update, so this gradient comes one step late."),
        Mistake("moved by the gradient", dict(move=lambda W, s, g, old, mu, a: W - a * g), "Your weights move by the gradient: the velocity is computed and not used."),
        Mistake("learning rate missing", dict(move=lambda W, s, g, old, mu, a: W - s), "The learning rate is missing when the weights move."),
        Mistake("velocity not returned", dict(kept="old"), "You return the old velocity. The next step needs the new one."),
    ),
    hints=(
        "Three lines, in this order: renew the velocity, clip it for the step, move the weights. What is handed on to the next step?",
        "v ← μ v + g for each array; then one norm over all new velocities, and one factor.",
        "The step is α v min(1, c/‖v‖); two new lists go out, the weights and the velocity without the factor.",
    ),
)  # fmt: skip
