"""Problem set 6: one loss sent back through a leaky net, and the Jacobian that it meets on the way."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, draw_net, run
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES, WAYS
from vgcourse.problems.ps6.through_time import SLOPES, STEPS, candidates

# --- error_signals ---------------------------------------------------------------------------------


def error_signals(dh, hs, W_h, alpha):
    """δ_k = α ⊙ (1 − c_k²) ⊙ ε_k with ε_T = dh, ε_{k−1} = (1 − α) ⊙ ε_k + W_hᵀ δ_k; row k − 1 of the result is δ_k."""
    return signals(dh, hs, W_h, alpha)


def signals(
    dh,
    hs,
    W_h,
    alpha,
    *,
    slope="1 − c²",
    weight=lambda a: a,
    slopes=lambda k, T: True,
    slope_of=0,
    step="both",
    back=lambda W: W,
    joined=False,
    kept="dz",
    order=1,
):
    """error_signals with exchangeable parts; `slopes(k, T)`: has step k (from 0) its slope?"""
    c, W, T = candidates(hs, alpha), back(W_h), len(hs) - 1
    f, out, arrived = SLOPES[slope](hs, c, alpha), [], dh
    for k in reversed(range(T)):
        own = f[min(max(k + slope_of, 0), T - 1)] if slopes(k, T) else 1.0
        dz = weight(alpha) * own * arrived
        out.append({"dz": dz, "dh": arrived, "dc": weight(alpha) * arrived}[kept])
        arrived = STEPS[step](arrived, dz, W, alpha) + joined * dh
    return np.stack(out[::-order])


def _signal_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL, (1, 2, 3, 3)):
        x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
        hs = run(x, h0, W_x, W_h, b, alpha)
        args = rng.normal(size=h0.shape), hs, W_h, alpha
        cases.append(Case(args, ("deltas",), batch=size[1], steps=size[0]))
    return cases


ERROR_SIGNALS = Problem(
    name="ps6.error_signals",
    reference=error_signals,
    family=signals,
    cases=_signal_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"deltas": ("step", "example", "unit")},
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        Mistake("slope at the last step only", {"slopes": lambda k, T: k == T - 1}, "Only your last step has the slope of its tanh. Each step on the way back has one of its own."),
        Mistake("slope missing at the last step", {"slopes": lambda k, T: k < T - 1}, "Your last row lacks the slope of tanh. It is the gradient with respect to a pre-activation, too."),
        Mistake("slope of the step after", {"slope_of": 1}, "Your slope is one step late: row by row it is that of the step after."),
        Mistake("slope of the step before", {"slope_of": -1}, "Your slope is one step early: row by row it is that of the step before."),
        Mistake("W_h missing", {"back": lambda W: np.eye(len(W))}, "W_h is missing on your way back through the tanh."),
        Mistake("diagonal of W_h", {"back": lambda W: np.diag(np.diag(W))}, "You use the diagonal of W_h only. Every unit feeds every other."),
        Mistake("loss at every step", {"joined": True}, "You add dh at every step. The loss looks at the last state only: nothing joins on its way back."),
        Mistake("gradients of the states", {"kept": "dh"}, "Your rows are the gradients with respect to the states. Asked for are those with respect to the pre-activations z_k."),
        Mistake("gradients of the tanh", {"kept": "dc"}, "Your rows are the gradients with respect to c_k, the tanh. Asked for are those with respect to the pre-activations z_k."),
        Mistake("rows in the loop's order", {"order": -1}, "Your rows are in the order of the loop, the last step first. deltas[0] belongs to step 1."),
        Mistake("every row the same", {"step": "none", "joined": True}, "Every step of yours gets the same dh. What step k hands back is what step k − 1 gets."),
    ),
    hints=(
        "Carry one array back, the gradient with respect to the state. From h_t it goes two ways to h_{t−1}: around the tanh, and through it.",
        "hs has one entry more than deltas: step k (from 1) lies between hs[k − 1] and hs[k]. From these two comes c_k, and its slope is 1 − c_k².",
        "delta = alpha * (1 − c²) * eps for the last step. Then eps becomes (1 − alpha) * eps plus something with delta and W_h, and so on.",
    ),
)  # fmt: skip


# --- leaky_jacobian --------------------------------------------------------------------------------


def leaky_jacobian(hs, W_h, alpha, s, t):
    """J = J_t … J_{s+1}, J_k = diag(1 − α) + diag(α(1 − c_k²)) W_h; bound Π_k [max(1 − α) + max(α(1 − c_k²)) ‖W_h‖]."""
    return jacobian(hs, W_h, alpha, s, t)


def jacobian(
    hs,
    W_h,
    alpha,
    s,
    t,
    *,
    slope="1 − c²",
    weight=lambda a: a,
    first=0,
    last=0,
    scale="rows",
    around=lambda a: np.diag(1 - a),
    back=lambda W: W,
    order="last leftmost",
    largest=np.max,
    kept=lambda a: np.max(1 - a),
    combine="product",
    bound_scale=lambda a: a,
    norm=lambda W: np.linalg.norm(W, 2),
    finish=lambda J: J,
    bound_steps=0,
):
    """leaky_jacobian with exchangeable parts; steps k = s + 1 + first … t + last."""
    W, J, bound = back(W_h), np.eye(len(W_h)), 1.0
    factors = SLOPES[slope](hs, candidates(hs, alpha), alpha)
    for k in range(max(s + first, 0), min(t + last, len(factors))):
        f = weight(alpha) * factors[k]
        step = around(alpha) + (f[:, None] * W if scale == "rows" else W * f)
        J = step @ J if order == "last leftmost" else J @ step
        bound *= kept(alpha) + largest(bound_scale(alpha) * factors[k]) * norm(W_h)
    if bound_steps == 2:
        bound = norm(W_h) ** (t - s)
    elif bound_steps == 3:
        bound = np.linalg.norm(J, 2)
    elif bound_steps:
        bound = (np.max(1 - alpha) + np.max(alpha) * norm(W_h)) ** (t - s)
    return finish(J), bound


def _jacobian_cases(rng):
    cases = []
    for (T, D, H), (s, t) in (
        ((7, 3, 4), (1, 6)),
        ((6, 2, 3), (0, 4)),
        ((5, 3, 5), (2, 3)),
        ((4, 2, 3), (2, 2)),
    ):
        x, h0, W_x, W_h, b, alpha = draw_net(rng, T, 1, D, H)
        W_h = W_h * 1.2  # so that no bound is 1
        alpha = np.minimum(alpha, rng.uniform(0.82, 0.9))
        hs = run(x, h0, W_x, W_h, b, alpha)[:, 0]
        cases.append(Case((hs, W_h, alpha, s, t), ("J", "bound"), steps=t - s))
    return cases


def _norm_above_bound(args, out):
    return max(0.0, np.linalg.norm(out["J"], 2) / out["bound"] - 1) if out["bound"] > 0 else 0.0


LEAKY_JACOBIAN = Problem(
    name="ps6.leaky_jacobian",
    reference=leaky_jacobian,
    family=jacobian,
    cases=_jacobian_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"J": ("output unit", "input unit")},
    invariants=(
        Invariant("norm above the bound", _norm_above_bound, "The norm of your J is larger than your bound. One of the two cannot be right."),
    ),
    mistakes=(
        *(m for m in SLOPE_MISTAKES if m.name not in ("leak missing on the tanh", "1 − α on the tanh", "leak squared on the tanh", "W_h transposed")),
        Mistake("the lecture's Jacobian", {"slope": "1 − h²", "weight": lambda a: np.ones_like(a), "bound_scale": lambda a: 1, "around": lambda a: np.diag(0 * a), "kept": lambda a: 0.0}, "Your Jacobian and bound are those of a net without leaks, as in the lecture. Write h_t = (1 − α) ⊙ h_{t−1} + α ⊙ c_t and derive it with respect to h_{t−1}."),
        Mistake("leak missing on the tanh", {"weight": lambda a: np.ones_like(a), "bound_scale": lambda a: 1}, "The factor α is missing on the way through the tanh, in J and in the bound."),
        Mistake("leak missing in J", {"weight": lambda a: np.ones_like(a)}, "The factor α is missing in J on the way through the tanh: c_t enters h_t with the weight α."),
        Mistake("1 − α on the tanh", {"weight": lambda a: 1 - a}, "On the way through the tanh your J has 1 − α. c_t enters h_t with the weight α; 1 − α belongs to the old state."),
        Mistake("no way around in J", {"around": lambda a: np.diag(0 * a)}, "Your J lacks the way around the tanh, as in the lecture: each step also has the diagonal matrix of what is kept."),
        Mistake("no way around", {"around": lambda a: np.diag(0 * a), "kept": lambda a: 0.0}, "The way around the tanh is missing in J and in the bound, as in the lecture: each step also keeps 1 − α."),
        Mistake("identity in place of 1 − α", {"around": lambda a: np.eye(len(a))}, "Your J keeps the whole old state at each step, the identity. It is kept with the weight 1 − α."),
        Mistake("α around", {"around": np.diag}, "The way around the tanh has the weight α in your J. The old state is kept with 1 − α."),
        Mistake("1 − α in every column", {"around": lambda a: np.broadcast_to(1 - a, (len(a), len(a)))}, "1 − α was added to whole rows of your step's matrix: it broadcast. A unit keeps its own old value only, so it belongs on the diagonal."),
        Mistake("columns scaled", {"scale": "columns"}, "You scale the columns of W_h. The slope belongs to the output, the first index, so it scales the rows."),
        Mistake("W_h transposed", {"back": np.transpose}, "You use the transpose of W_h. A gradient meets the transpose; the Jacobian has the output first, as W_h does."),
        Mistake("order reversed", {"order": "first leftmost"}, "Your product has the first step on the left. The last step acts last, so it stands on the left."),
        Mistake("transposed", {"finish": np.transpose}, "Your J is transposed: the first index is the output's, h_t."),
        Mistake("one step too many", {"first": -1}, "Your product has one step too many: step s led to h_s and lies before it. The first step is s + 1."),
        Mistake("one step late", {"first": 1, "last": 1}, "Your steps are s + 2 to t + 1. They are s + 1 to t."),
        Mistake("one step early", {"first": -1, "last": -1}, "Your steps are s to t − 1. They are s + 1 to t."),
        Mistake("first step missing", {"first": 1}, "Step s + 1 is missing in your product."),
        Mistake("last step missing", {"last": -1}, "Step t is missing in your product."),
        Mistake("way around missing in the bound", {"kept": lambda a: 0.0}, "Your bound lacks the way around the tanh: each factor has the largest share that a unit keeps, too."),
        Mistake("leak missing in the bound", {"bound_scale": lambda a: 1}, "Your bound takes the largest slope without its α."),
        Mistake("largest slope and largest leak apart", {"largest": lambda f: np.max(f), "bound_scale": lambda a: np.max(a)}, "Your bound takes the largest α and the largest slope of two different units. It asks for the largest of their products, unit by unit, which is a better bound."),
        Mistake("smallest for largest", {"largest": np.min}, "Your bound takes the smallest slope. The norm of a diagonal matrix is its largest entry."),
        Mistake("mean for largest", {"largest": np.mean}, "Your bound takes the mean slope. The norm of a diagonal matrix is its largest entry."),
        Mistake("mean kept", {"kept": lambda a: np.mean(1 - a)}, "Your bound takes the mean of 1 − α. The norm of a diagonal matrix is its largest entry."),
        Mistake("slopes of 1", {"bound_steps": 1}, "Your bound takes slopes of 1. It asks for each step's own largest α(1 − c²)."),
        Mistake("norm of J", {"bound_steps": 3}, "Your bound is the norm of J itself. Asked for is one that each step's largest entries give, without J."),
        Mistake("the lecture's bound", {"bound_steps": 2}, "Your bound is ‖W_h‖ to the power t − s, that of (8.14). Asked for is one with each step's own leaks and slopes."),
        Mistake("Frobenius norm", {"norm": np.linalg.norm}, "Your bound has the Frobenius norm of W_h. ‖W_h‖ is the largest singular value: np.linalg.norm(W_h, 2)."),
        Mistake("spectral radius", {"norm": lambda W: np.abs(np.linalg.eigvals(W)).max()}, "Your bound has the spectral radius of W_h. The norm of one product is bounded by the largest singular value."),
    ),
    hints=(
        "One step's Jacobian is a sum of two matrices: what is kept, and what goes through the tanh and W_h. Then the steps multiply.",
        "Start from the identity; step k takes the states hs[k − 1] and hs[k], for k = s + 1 … t. With t = s nothing is multiplied: J is the identity and the bound 1.",
        "J_k is np.diag(1 − alpha) plus rows of W_h times α_i(1 − c_i²). For the bound: ‖A + B‖ ≤ ‖A‖ + ‖B‖, and ‖diag(d) W‖ ≤ max d · ‖W‖.",
    ),
)  # fmt: skip
