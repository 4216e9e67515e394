"""Problem set 8 on the optimiser's step: momentum, and the clip behind it."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
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
    norm = np.sqrt(sum((v**2).sum() for v in new))
    s = min(1.0, max_norm / norm) if norm > 0 else 1.0
    moved = [W - learning_rate * s * v for W, v in zip(Ws, new, strict=True)]
    return moved, new


def _momentum_cases(rng):
    """The new velocity long, long only together, short; the gradient is longer than c in the first and the last."""
    cases = []
    for shapes, norms, c in (
        (((4, 3), (2, 4), (3,)), (30, 12, 9), rng.uniform(2.0, 2.3)),  # α v is longer than c, too
        (((3, 3), (3, 3)), (1.5, 1.4), rng.uniform(1.7, 1.8)),  # long together, short each
        (((3, 2), (2,), (2, 2)), (0.75, 0.75, 0.7), rng.uniform(1.4, 1.5)),  # short; its square is not
        (((2, 3), (3,), (2, 2)), (0.5, 5.0, 0.7), rng.uniform(1.8, 2.2)),  # the second array is the long one
        (((3, 4),), (4.0,), rng.uniform(1.8, 2.2)),  # one array
    ):
        rates = float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.6, 0.8))
        Ws, vs = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
        if norms[0] == 0.75:  # the old velocities, too, are shorter than c
            vs = [0.1 * v for v in vs]
        scales = np.array(norms) * rng.uniform(0.97, 1.03, size=len(norms))
        new = [rng.normal(size=shape) for shape in shapes]
        new = [v * s / np.linalg.norm(v) for v, s in zip(new, scales, strict=True)]
        dWs = [v - rates[1] * old for v, old in zip(new, vs, strict=True)]
        cases.append(Case((Ws, dWs, vs, *rates, float(c)), ("Ws", "vs")))
    nothing = [np.zeros(shape) for shape in ((2, 2), (3, 2), (2,))]  # nobody moves, and 0/0 is near
    Ws = [rng.normal(size=a.shape) for a in nothing]
    cases.append(Case((Ws, nothing, [a.copy() for a in nothing], 0.1, 0.5, 1.0), ("Ws", "vs")))
    return cases


def _not_the_velocity(args, out):
    """The weights have moved along the returned velocity, or, where that has the other sign, against it."""
    Ws, rate = args[0], args[3]
    step = np.concatenate([(W - out[f"Ws[{k}]"]).ravel() / rate for k, W in enumerate(Ws)])
    v = np.concatenate([out[f"vs[{k}]"].ravel() for k in range(len(Ws))])
    v = v * np.linalg.norm(step)
    step = step * np.linalg.norm(v) / (np.linalg.norm(step) or 1.0)
    return min(relative_error(step, v), relative_error(-step, v))


def _another_velocity(args, out):
    """Less the gradient, the new velocity is μ times the old one."""
    pairs = [
        (out[f"vs[{k}]"] - g, args[4] * v) for k, (g, v) in enumerate(zip(args[1], args[2], strict=True))
    ]
    return max(relative_error(a, b) for a, b in pairs)


def _another_length(args, out):
    """Along its own velocity, the step is as long as that, at most c."""
    Ws, rate, c = args[0], args[3], args[5]
    step = length([W - out[f"Ws[{k}]"] for k, W in enumerate(Ws)]) / rate
    own = min(c, length([out[f"vs[{k}]"] for k in range(len(Ws))]))
    return float(abs(step - own) / max(step, own, 1e-12))


def _longer(args, out):
    step = [W - out[f"Ws[{k}]"] for k, W in enumerate(args[0])]
    return max(0.0, float(length(step)) / (args[3] * args[5]) - 1)


CLIP_AFTER_MOMENTUM = Problem(
    name="ps8.clip_after_momentum",
    reference=clip_after_momentum,
    cases=_momentum_cases,
    points=3,
    lecture='lecture 12, "The clinic"',
    flow=("vs", "Ws"),
    axes={name: ("unit", "input") for name in ("Ws", "vs")},
    invariants=(
        Invariant("moved along the velocity", _not_the_velocity, "Your weights have not moved along the velocity that you return. A clip shortens the step, it does not turn it."),
        Invariant("velocity of the gradient", _another_velocity, "Your new velocity, less the gradient, is not μ times the old one."),
        Invariant("step of its velocity", _another_length, "Your step is not as long as your own velocity says: α ‖v‖, or α c where that is shorter."),
        Invariant("no step longer than α c", _longer, "One of your steps is longer than α c. That is what the clip is there to rule out."),
    ),
    mistakes=(
        Mistake("clipped before", edit("zip(vs, dWs", "zip(vs, shorten(dWs, max_norm)", "min(1.0, max_norm / norm) if norm > 0 else 1.0", "1.0"), "You clip the gradient before it enters v, which is the usual order. Here the velocity takes the gradient as it is, and it is the step that is clipped.", beside_the_point=True),
        Mistake("clipped before as well", edit("zip(vs, dWs", "zip(vs, shorten(dWs, max_norm)"), "You clip the gradient as well. Here the velocity takes it as it is; one clip, behind the velocity, is all."),
        Mistake("not clipped", edit("min(1.0, max_norm / norm) if norm > 0 else 1.0", "1.0"), "No clip is left in your step: it is as long as the velocity.", beside_the_point=True),
        Mistake("clipped velocity kept", edit("return moved, new", "return moved, [s * v for v in new]"), "The velocity that you return is the clipped one. Only the step is shortened; the velocity goes on as it was."),
        Mistake("clipped per array", edit(" * s * v", " * min(1.0, max_norm / np.linalg.norm(v)) * v"), "You clip each array by its own norm, which turns the step. There is one norm, over all arrays."),
        Mistake("clipped per array, and kept", edit("for v, g in zip(vs, dWs, strict=True)]", "for v, g in zip(vs, dWs, strict=True)]\n    new = [v * min(1.0, max_norm / np.linalg.norm(v)) for v in new]", "min(1.0, max_norm / norm)", "1.0"), "You clip each velocity by its own norm, which turns the step, and hand the clipped ones on. There is one norm, over all arrays, and it is the step alone that is shortened."),
        Mistake("clipped by value", edit(" * s * v", " * np.clip(v, -max_norm, max_norm)"), "You cut each entry to [−c, c], which turns the step. One factor belongs to all arrays."),
        Mistake("norm of the arrays so far", edit("s * v for W, v in zip(Ws, new, strict=True)", "min(1.0, max_norm / length(new[: k + 1])) * v for k, (W, v) in enumerate(zip(Ws, new, strict=True))"), "You clip each array while the sum of squares still grows. The norm has to be complete before the first array is shortened."),
        Mistake("largest of the norms", edit("np.sqrt(sum((v**2).sum() for v in new))", "max(map(np.linalg.norm, new))"), "Your clip divides c by the largest of the arrays' norms. The norm is one over all arrays together."),
        Mistake("norms added", edit("np.sqrt(sum((v**2).sum() for v in new))", "sum(map(np.linalg.norm, new))"), "Your clip adds up the arrays' norms. It is their squares that add."),
        Mistake("root mean square", edit("np.sqrt(sum((v**2).sum() for v in new))", "np.sqrt(sum((v**2).sum() for v in new) / sum(v.size for v in new))"), "Your clip measures the root mean square of the entries. The norm adds squares, it does not average them."),
        Mistake("norm of the first array", edit("np.sqrt(sum((v**2).sum() for v in new))", "np.linalg.norm(new[0])"), "Your clip looks at the first array alone. The norm is one over all arrays together."),
        Mistake("norm of the old velocities", edit("for v in new)", "for v in vs)"), "Your clip measures the velocities from before the update. It is the new ones that make the step."),
        Mistake("norm of the gradients", edit("for v in new)", "for v in dWs)"), "Your clip measures the gradients. It is the new velocities that make the step."),
        Mistake("max for min", edit("min(1.0", "max(1.0"), "Your factor is never below 1: short velocities are stretched, and long ones stay as they are."),
        Mistake("factor twice", edit(" * s * v", " * s**2 * v"), "Your clipping factor is in the step twice."),
        Mistake("0 divided by 0", edit("min(1.0, max_norm / norm) if norm > 0 else 1.0", "min(norm, max_norm) / norm"), "Where all velocities are 0 you divide 0 by 0. Nothing moves then."),
        Mistake("factor on the weights", edit("W - learning_rate * s * v", "s * (W - learning_rate * v)"), "Your factor multiplies the weights too. It is the step that is clipped."),
        Mistake("factor on the gradient", edit("s * v for W, v in zip(Ws, new, strict=True)", "(decay * v + s * g) for W, g, v in zip(Ws, dWs, vs, strict=True)"), "Your factor shortens the gradient's part of the step, not the old velocity's. It belongs to the whole of v."),
        Mistake("1 − μ in the step", edit("learning_rate * s", "learning_rate * (1 - decay) * s"), "Your step is multiplied by 1 − μ. Nothing but α and the clip comes between v and the step."),
        Mistake("α and μ exchanged", edit("learning_rate, decay", "decay, learning_rate"), "You have α and μ exchanged."),
        Mistake("always rescaled", edit("min(1.0, max_norm / norm)", "max_norm / norm"), "You stretch short velocities too. Up to c they stay as they are."),
        Mistake("always rescaled, 0 divided by 0", edit("min(1.0, max_norm / norm) if norm > 0 else 1.0", "max_norm / norm if norm > 0 else np.nan"), "You stretch short velocities too, and divide 0 by 0 where all of them are 0. Up to c they stay as they are."),
        Mistake("max for min, 0 divided by 0", edit("min(1.0, max_norm / norm) if norm > 0 else 1.0", "max(1.0, max_norm / norm) if norm > 0 else np.nan"), "Your factor is never below 1: short velocities are stretched, and long ones stay as they are."),
        Mistake("root of the norm missing", edit("max_norm / norm", "max_norm / norm**2"), "Your clip divides c by the sum of squares, without its root."),
        Mistake("learning rate before the clip", edit("max_norm / norm", "max_norm / (learning_rate * norm)"), "You compare α v with c, or take the smaller of α and c/‖v‖, which is the same. It is the velocity that is compared, and the learning rate comes last."),
        Mistake("learning rate in the velocity", edit("+ g for", "+ learning_rate * g for", "learning_rate * s", "s"), "Your velocity collects α g. The one asked for collects the gradients themselves, and α comes when the weights move."),
        Mistake("learning rate twice", edit("+ g for", "+ learning_rate * g for"), "The learning rate is in your velocity and again in the step. It belongs to the step alone."),
        Mistake("running mean", edit("+ g for", "+ (1 - decay) * g for"), "Your velocity is a running mean, as Adam's is. The one asked for adds the whole gradient."),
        Mistake("1 − μ for μ", edit("decay * v", "(1 - decay) * v"), "You keep the part 1 − μ of the old velocity. What is kept is μ."),
        Mistake("decay missing", edit("decay * v", "v"), "Your velocity never decays, so it adds up all gradients ever seen."),
        Mistake("no memory", edit("decay * v + ", ""), "Your velocity is the gradient alone: the old velocity is lost."),
        Mistake("decay on the gradient as well", edit("+ g for", "+ decay * g for"), "You multiply the new gradient by μ too. Only the old velocity decays."),
        Mistake("μ on the gradient", edit("decay * v + g", "v + decay * g"), "In your velocity μ multiplies the gradient, and the old velocity is kept whole. It is the old velocity that decays."),
        Mistake("gradient left out", edit(" + g for", " for"), "Your new velocity leaves the gradient out: it only decays.", whole=True),
        Mistake("velocity is the step", edit("+ g for", "- learning_rate * g for", "W - learning_rate * s", "W + s"), "Your velocity collects −α g, the steps. The one asked for collects the gradients themselves; α and the minus sign come when the weights move."),
        Mistake("velocity with the other sign", edit("+ g for", "- g for", "W - ", "W + "), "Your velocity collects −g. The minus sign comes when the weights move."),
        Mistake("uphill", edit("W - ", "W + "), "Your weights move up the gradient."),
        Mistake("Nesterov", edit("s * v for W, v in zip(Ws, new, strict=True)", "(g + decay * s * v) for W, g, v in zip(Ws, dWs, new, strict=True)"), "Yours is Nesterov's step, with the gradient once more. Here the weights move by the clipped velocity alone."),
        Mistake("old velocity, clipped", edit("zip(Ws, new", "zip(Ws, vs"), "You move by the velocity from before the update, so this gradient comes one step late."),
        Mistake("moved by the gradient, clipped", edit("zip(Ws, new", "zip(Ws, dWs"), "Your weights move by the gradient: the velocity is computed and used for its norm alone."),
        Mistake("Nesterov, clipped", edit("s * v for W, v in zip(Ws, new, strict=True)", "s * (g + decay * v) for W, g, v in zip(Ws, dWs, new, strict=True)"), "Yours is Nesterov's step, with the gradient once more. Here the weights move by the clipped velocity alone."),
        Mistake("old velocity", edit("s * v for W, v in zip(Ws, new", "v for W, v in zip(Ws, vs"), "You move by the velocity from before the update, so this gradient comes one step late."),
        Mistake("weights first", edit("for v in new)", "for v in vs)", "zip(Ws, new", "zip(Ws, vs"), "Your weights move by the old velocities, clipped by their own norm: these are renewed afterwards. Renew first; the step is made with the new ones.", alone=True),
        Mistake("c times the learning rate", edit("max_norm / norm", "learning_rate * max_norm / norm"), "Your clip compares v with α c. It is compared with c; the learning rate comes afterwards.", alone=True),
        Mistake("clipped to 1", edit("max_norm / norm", "1 / norm"), "You clip to length 1, whatever c is.", alone=True),
        Mistake("mean of the norms", edit("np.sqrt(sum((v**2).sum() for v in new))", "np.mean([np.linalg.norm(v) for v in new])"), "Your clip averages the arrays' norms. It is their squares that add.", alone=True),
        Mistake("norms averaged", edit("np.sqrt(sum((v**2).sum() for v in new))", "np.sqrt(np.mean([(v**2).sum() for v in new]))"), "Your clip averages the arrays' squares. It is their sum that counts.", alone=True),
        Mistake("sum of absolute values", edit("np.sqrt(sum((v**2).sum() for v in new))", "sum(np.abs(v).sum() for v in new)"), "Your clip measures the sum of absolute values. The norm is the root of the sum of squares.", alone=True),
        Mistake("largest entry", edit("np.sqrt(sum((v**2).sum() for v in new))", "max(np.abs(v).max() for v in new)"), "Your clip measures the largest entry. The norm is the root of the sum of squares.", alone=True),
        Mistake("only the excess", edit("W - learning_rate * s * v", "W - learning_rate * (v - s * v)"), "Your step is what the clip cuts off. It is what the clip leaves.", alone=True),
        Mistake("gradient and old velocity clipped apart", edit("s * v for W, v in zip(Ws, new, strict=True)", "(decay * a + b) for W, a, b in zip(Ws, vs, shorten(dWs, max_norm) if norm > 0 else dWs, strict=True)"), "In your step it is the gradient that is clipped, and the old velocity is added to it whole. One clip for the sum of both.", alone=True),
        Mistake("weights of the step before", edit("return moved, new", "return [W - learning_rate * s * decay * v for W, v in zip(Ws, vs, strict=True)], new"), "Your weights move by μ v alone: this gradient is not in the step.", alone=True),
        Mistake("moved by the gradient", edit("s * v for W, v in zip(Ws, new", "v for W, v in zip(Ws, dWs"), "Your weights move by the gradient: the velocity is computed and not used."),
        Mistake("learning rate missing", edit("learning_rate * s", "s"), "The learning rate is missing when the weights move."),
        Mistake("weights as they came", edit("W - learning_rate * s * v", "W.copy()"), "You return the weights as they came. The step is missing."),
        Mistake("velocity not returned", edit("return moved, new", "return moved, [v.copy() for v in vs]"), "You return the old velocity. The next step needs the new one."),
        Mistake("velocities first", edit("return moved, new", "return new, moved"), "You return the velocities first. The order asked for is Ws, vs.", whole=True),
    ),
    hints=(
        "Three lines, in this order: renew the velocity, clip it for the step, move the weights. What is handed on to the next step?",
        "v ← μ v + g for each array; then one norm over all new velocities, and one factor.",
        "The step is α v min(1, c/‖v‖); two new lists go out, the weights and the velocity without the factor.",
    ),
)  # fmt: skip
