"""Problem set 8 on the optimiser's step after clipping: Adam with decoupled weight decay."""

import numpy as np

from vgcourse import optim
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

# --- clipped_adam_step -----------------------------------------------------------------------------


def clipped_adam_step(W, dW, m, v, t, learning_rate, betas, eps, weight_decay, max_norm):
    """Clip, then Adam with decoupled decay: W ← (1 − α λ) W − α m̂/(√v̂ + ε).

    g = dW min(1, c/‖dW‖), m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
    t is the number of this step, the first is 1; betas = (β₁, β₂), weight_decay is λ, max_norm is c.
    Returns the new W, m and v (m and v without the correction).
    """
    beta1, beta2 = betas
    (g,) = optim.clip_by_global_norm((dW,), max_norm)
    W = optim.decay_weights(W, learning_rate, weight_decay)
    W, state = optim.adam_step(
        W, g, optim.AdamState(t - 1, m, v), learning_rate, beta1=beta1, beta2=beta2, eps=eps
    )
    return W, state.mean, state.square


def _adam(
    W,
    dW,
    m,
    v,
    t,
    learning_rate,
    betas,
    eps,
    weight_decay,
    max_norm,
    *,
    clip=lambda g, c: g * min(1.0, c / np.linalg.norm(g)),
    for_square=None,
    square=lambda g, m: g**2,
    exchange=False,
    weight=lambda beta: 1 - beta,
    start=lambda beta, t: 1 - beta**t,
    start1=None,
    start2=None,
    old=False,
    below=lambda v, eps: np.sqrt(v) + eps,
    coupled=False,
    shrink=lambda W, step, a, decay: (1 - a * decay) * W - a * step,
    bound=None,
    corrected=False,
):
    """clipped_adam_step with exchangeable parts; `start` is the correction's denominator, of both means."""
    beta1, beta2 = betas[::-1] if exchange else betas
    g = clip(dW + weight_decay * W if coupled == "first" else dW, max_norm)
    g = g + weight_decay * W if coupled is True else g
    new_m = beta1 * m + weight(beta1) * g
    g2 = g if for_square is None else for_square(dW)
    new_v = beta2 * v + weight(beta2) * square(g2, new_m)
    used_m, used_v = (m, v) if old else (new_m, new_v)
    m_hat, v_hat = used_m / (start1 or start)(beta1, t), used_v / (start2 or start)(beta2, t)
    step = m_hat / below(v_hat, eps)
    step = step if bound is None else bound(step, max_norm)
    moved = shrink(W, step, learning_rate, 0 if coupled else weight_decay)
    return (moved, m_hat, v_hat) if corrected else (moved, new_m, new_v)


def _adam_cases(rng):
    """The moments are those of a few steps, as they would be; ε and λ are large enough to matter."""
    cases = []
    for shape, norm, t in (((4, 3), 7.0, 3), ((3, 3), 0.8, 2), ((2, 4), 3.0, 5)):
        dW, W, m = (rng.normal(size=shape) for _ in range(3))
        dW, v = dW * norm / np.linalg.norm(dW), rng.uniform(0.02, 0.1, size=shape)
        betas = float(rng.uniform(0.75, 0.85)), float(rng.uniform(0.9, 0.95))
        numbers = [float(rng.uniform(*ends)) for ends in ((0.1, 0.3), (0.05, 0.1), (0.2, 0.4), (1.1, 1.3))]
        rate, eps, decay, c = numbers
        cases.append(Case((W, dW, 0.2 * m, v, t, rate, betas, eps, decay, c), ("W", "m", "v")))
    return cases


def _two_gradients(args, out):
    """The gradient that m has taken in is the one that v has."""
    m, v, (beta1, beta2) = args[2], args[3], args[6]
    g = (out["m"] - beta1 * m) / (1 - beta1)
    return relative_error((out["v"] - beta2 * v) / (1 - beta2), g**2)


def _not_from_the_means(args, out):
    W, _, _, _, t, rate, (beta1, beta2), eps, weight_decay, _ = args
    with np.errstate(all="ignore"):
        step = out["m"] / (1 - beta1**t) / (np.sqrt(out["v"] / (1 - beta2**t)) + eps)
        error = relative_error(out["W"], (1 - rate * weight_decay) * W - rate * step)
    return error if np.isfinite(error) else 1.0


def _one(*args):
    return 1.0


CLIPPED_ADAM_STEP = Problem(
    name="ps8.clipped_adam_step",
    reference=clipped_adam_step,
    family=_adam,
    cases=_adam_cases,
    points=4,
    lecture='lecture 12, "The clinic"',
    axes={name: ("unit", "input") for name in ("W", "m", "v")},
    invariants=(
        Invariant("one gradient in both means", _two_gradients, "Your m and v have not taken in the same gradient. With g = (m_new − β₁ m)/(1 − β₁), v_new has to be β₂ v + (1 − β₂) g²."),
        Invariant("moved by the means", _not_from_the_means, "Your W does not follow from the m and v that you return: correct both for their start, divide, and add the decay of W."),
    ),
    mistakes=(
        Mistake("not clipped", dict(clip=lambda g, c: g), "The gradient goes into your step as it came. Clip it first, before m and v see it."),
        Mistake("step clipped", dict(clip=lambda g, c: g, bound=lambda step, c: step * min(1.0, c / np.linalg.norm(step))), "You clip Adam's step in place of the gradient. One huge gradient has then spoilt m and v for many steps: clip dW first."),
        Mistake("clipped by value", dict(clip=lambda g, c: np.clip(g, -c, c)), "You cut each entry to [−c, c]. Clipping by the norm multiplies the whole gradient by c/‖dW‖."),
        Mistake("always rescaled", dict(clip=lambda g, c: g * c / np.linalg.norm(g)), "You rescale short gradients too. Where ‖dW‖ ≤ c the gradient stays as it is."),
        Mistake("root of the norm missing", dict(clip=lambda g, c: g * min(1.0, c / (g**2).sum())), "Your clipping divides c by the sum of squares. ‖dW‖ is its root."),
        Mistake("squares of the unclipped gradient", dict(for_square=lambda dW: dW), "Your v collects squares of the gradient before clipping. Both means see the clipped one."),
        Mistake("no correction", dict(start=_one), "The correction of the start is missing. m and v begin at 0 and are too small at first: divide by 1 − β₁ᵗ and 1 − β₂ᵗ."),
        Mistake("m not corrected", dict(start1=_one), "Your m is not corrected for its start at 0: m̂ = m/(1 − β₁ᵗ)."),
        Mistake("v not corrected", dict(start2=_one), "Your v is not corrected for its start at 0: v̂ = v/(1 − β₂ᵗ)."),
        Mistake("t from 0", dict(start=lambda beta, t: 1 - beta ** (t - 1)), "Your correction uses t − 1. The first step has t = 1, so that 1 − βᵗ is not 0 there: use t as it comes."),
        Mistake("t + 1", dict(start=lambda beta, t: 1 - beta ** (t + 1)), "Your correction uses t + 1. t already counts this step: 1 − βᵗ."),
        Mistake("power missing", dict(start=lambda beta, t: 1 - beta), "Your correction divides by 1 − β whatever the step. It fades with time: 1 − βᵗ."),
        Mistake("β·t for βᵗ", dict(start=lambda beta, t: 1 - beta * t), "You multiply β by t. It is a power: 1 − βᵗ."),
        Mistake("ε inside the root", dict(below=lambda v, eps: np.sqrt(v + eps)), "Your ε is inside the root. There it counts as √ε; asked for is √v̂ + ε."),
        Mistake("ε missing", dict(below=lambda v, eps: np.sqrt(v)), "Your ε is missing: a gradient of 0 would give 0/0. Divide by √v̂ + ε."),
        Mistake("root missing", dict(below=lambda v, eps: v + eps), "You divide by v̂ + ε. The root is missing: √v̂ has the unit of a gradient, so that the step does not depend on its scale."),
        Mistake("β₁ and β₂ exchanged", dict(exchange=True), "Your β₁ and β₂ are exchanged: betas[0] belongs to m, betas[1] to v."),
        Mistake("1 − β missing", dict(weight=_one), "Your means have lost their 1 − β: they are sums. m ← β₁ m + (1 − β₁) g, and the same for v."),
        Mistake("v without the square", dict(square=lambda g, m: np.abs(g)), "Your v collects |g|. It is the mean of the squares, (1 − β₂) g²."),
        Mistake("squares of m", dict(square=lambda g, m: m**2), "Your v collects squares of m. It is the gradient's own square, g², of which the mean is taken."),
        Mistake("squares of deviations", dict(square=lambda g, m: (g - m) ** 2), "Your v collects (g − m)², a variance about the mean. Adam's v is the mean of g² itself."),
        Mistake("old means", dict(old=True), "You move with m and v from before this step. Renew them first, then move."),
        Mistake("decay in the gradient", dict(coupled=True), "You add λ W to the gradient: that is L2 regularisation, and Adam divides it by √v̂. Decoupled decay multiplies W by 1 − α λ, beside the step."),
        Mistake("decay in the clipped gradient", dict(coupled="first"), "You add λ W to the gradient and clip the sum: that is L2 regularisation. Clip dW alone; decoupled decay multiplies W by 1 − α λ, beside the step."),
        Mistake("no decay", dict(shrink=lambda W, step, a, decay: W - a * step), "The weight decay is missing: W is multiplied by 1 − α λ as well."),
        Mistake("decay without the learning rate", dict(shrink=lambda W, step, a, decay: (1 - decay) * W - a * step), "You decay by 1 − λ. The learning rate belongs to it, 1 − α λ."),
        Mistake("decay after the step", dict(shrink=lambda W, step, a, decay: (1 - a * decay) * (W - a * step)), "You decay the weights after they have moved, so the step shrinks as well. (1 − α λ) W first, then the step."),
        Mistake("uphill", dict(shrink=lambda W, step, a, decay: (1 - a * decay) * W + a * step), "Your weights move up the gradient: subtract the step."),
        Mistake("corrected means returned", dict(corrected=True), "You return m̂ and v̂. The next step goes on from m and v, or the correction is applied over and over."),
    ),
    hints=(
        "Five lines in this order: clip, m, v, correct both for their start at 0, move. Only what moves the weights is corrected; m and v are returned as they are.",
        "m and v begin at 0, so after t steps their weights add up to 1 − βᵗ only. The decay does not go through m and v: it multiplies W.",
        "m = β₁ m + (1 − β₁) g and v alike with g². The step is (m/(1 − β₁ᵗ)) over (√(v/(1 − β₂ᵗ)) + ε); W is multiplied by 1 − α λ before it.",
    ),
)  # fmt: skip
