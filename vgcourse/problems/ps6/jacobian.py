"""Problem set 6: the Jacobian of one state with respect to an earlier one, and a bound on its norm."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import draw_net, leaky_forward
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES

# --- leaky_jacobian --------------------------------------------------------------------------------


def leaky_jacobian(hs, W_h, alpha, s, t):
    """J = J_t … J_{s+1}, J_k = diag(1 − α) + diag(α(1 − c_k²)) W_h; bound Π_k [max(1 − α) + max(α(1 − c_k²)) ‖W_h‖]."""
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    slopes = 1 - c**2
    norm = np.linalg.norm(W_h, 2)
    J, factors = np.eye(len(W_h)), []
    for slope in slopes[s:t]:  # of the steps s + 1 … t
        step = np.diag(1 - alpha) + (alpha * slope)[:, None] * W_h
        J = step @ J
        factors.append(np.max(1 - alpha) + np.max(alpha * slope) * norm)
    return J, np.prod(factors)


def _jacobian_cases(rng):
    cases = []
    for (T, D, H), (s, t) in (
        ((7, 3, 4), (1, 6)),
        ((6, 2, 3), (0, 4)),
        ((5, 3, 5), (4, 5)),
        ((4, 2, 3), (2, 2)),
        ((4, 2, 3), (1, 4)),
    ):
        x, h0, W_x, W_h, b, alpha = draw_net(rng, T, 1, D, H)
        W_h = W_h * (0.2 if t - s == 3 else 1.2)  # one bound below 1, the others above
        alpha = np.minimum(alpha, rng.uniform(0.82, 0.9))
        hs = leaky_forward(x, h0, W_x, W_h, b, alpha)[:, 0]
        cases.append(Case((hs, W_h, alpha, s, t), ("J", "bound"), steps=t - s))
    return cases


def _norm_above_bound(args, out):
    return max(0.0, np.linalg.norm(out["J"], 2) / out["bound"] - 1) if out["bound"] > 0 else 0.0


LEAKY_JACOBIAN = Problem(
    name="ps6.leaky_jacobian",
    reference=leaky_jacobian,
    cases=_jacobian_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"J": ("output unit", "input unit")},
    invariants=(
        Invariant("norm above the bound", _norm_above_bound, "The norm of your J is larger than your bound. One of the two cannot be right."),
    ),
    mistakes=(
        *(m for m in SLOPE_MISTAKES if m.formula[0].old.startswith("1 - c")),
        Mistake("the lecture's Jacobian", edit("1 - c**2", "1 - hs[1:] ** 2", "np.diag(1 - alpha) + (alpha * ", "(", "np.max(1 - alpha) + np.max(alpha * ", "np.max("), "Your Jacobian and bound are those of a net without leaks, as in the lecture. Write h_t = (1 − α) ⊙ h_{t−1} + α ⊙ c_t and derive it with respect to h_{t−1}.", beside_the_point=True),
        Mistake("leak missing on the tanh", edit("+ (alpha * ", "+ (", "+ np.max(alpha * ", "+ np.max("), "The factor α is missing on the way through the tanh, in J and in the bound."),
        Mistake("leak missing in J", edit("+ (alpha * ", "+ ("), "The factor α is missing in J on the way through the tanh: c_t enters h_t with the weight α."),
        Mistake("1 − α on the tanh", edit("+ (alpha * ", "+ ((1 - alpha) * "), "On the way through the tanh your J has 1 − α. c_t enters h_t with the weight α; 1 − α belongs to the old state."),
        Mistake("no way around in J", edit("np.diag(1 - alpha) + ", ""), "Your J lacks the way around the tanh, as in the lecture: each step also has the diagonal matrix of what is kept."),
        Mistake("no way around", edit("np.diag(1 - alpha) + ", "", "np.max(1 - alpha) + ", ""), "The way around the tanh is missing in J and in the bound, as in the lecture: each step also keeps 1 − α."),
        Mistake("identity in place of 1 − α", edit("np.diag(1 - alpha)", "np.eye(len(alpha))"), "Your J keeps the whole old state at each step, the identity. It is kept with the weight 1 − α."),
        Mistake("α around", edit("np.diag(1 - alpha)", "np.diag(alpha)"), "The way around the tanh has the weight α in your J. The old state is kept with 1 − α."),
        Mistake("1 − α in every column", edit("np.diag(1 - alpha)", "(1 - alpha)"), "1 − α was added to whole rows of your step's matrix: it broadcast. A unit keeps its own old value only, so it belongs on the diagonal."),
        Mistake("columns scaled", edit("[:, None]", ""), "You scale the columns of W_h. The slope belongs to the output, the first index, so it scales the rows."),
        Mistake("W_h transposed", edit("* W_h", "* W_h.T"), "You use the transpose of W_h. A gradient meets the transpose; the Jacobian has the output first, as W_h does."),
        Mistake("order reversed", edit("step @ J", "J @ step"), "Your product has the first step on the left. The last step acts last, so it stands on the left."),
        Mistake("transposed", edit("return J", "return J.T"), "Your J is transposed: the first index is the output's, h_t."),
        Mistake("entries multiplied", edit("step @ J", "step * J"), "You multiply the steps' Jacobians entry by entry. A chain of steps is a matrix product, @."),
        Mistake("last step's Jacobian", edit("step @ J", "step"), "Your J is the Jacobian of the last step alone, as if the loop overwrote it. The steps multiply."),
        Mistake("kept by columns", edit("step @ J", "(1 - alpha) * J + (step - np.diag(1 - alpha)) @ J"), "You multiply the columns of the product so far by 1 − α. Each unit of h_t keeps a share of its own old value, so 1 − α goes with the rows."),
        Mistake("slopes one step early", edit("slopes[s:t]", "np.concatenate([slopes[:1], slopes])[s:t]"), "Your slopes are one step early: step k has that of step k − 1. The slope of a step comes from the states before and after it."),
        Mistake("zeros for no step", edit("    return", "    if s == t:\n        return 0 * J, 0.0\n    return"), "For s = t you return zeros. Nothing is multiplied there: a state depends on itself by the identity, and the bound is 1."),
        Mistake("one step for s = t", edit("slopes[s:t]", "slopes[s : max(t, s + 1)]"), "For s = t your loop makes one step all the same. Nothing is multiplied there: J is the identity, and the bound is 1."),
        Mistake("one step too many", edit("slopes[s:t]", "slopes[max(s - 1, 0) : t]"), "Your product has one step too many: step s led to h_s and lies before it. The first step is s + 1."),
        Mistake("one step late", edit("slopes[s:t]", "slopes[s + 1 : t + 1]"), "Your steps are s + 2 to t + 1. They are s + 1 to t."),
        Mistake("one step early", edit("slopes[s:t]", "slopes[max(s - 1, 0) : t - 1]"), "Your steps are s to t − 1. They are s + 1 to t."),
        Mistake("first step missing", edit("slopes[s:t]", "slopes[s + 1 : t]"), "Step s + 1 is missing in your product."),
        Mistake("last step missing", edit("slopes[s:t]", "slopes[s : t - 1]"), "Step t is missing in your product."),
        Mistake("way around missing in the bound", edit("np.max(1 - alpha) + ", ""), "Your bound lacks the way around the tanh: each factor has the largest share that a unit keeps, too."),
        Mistake("leak missing in the bound", edit("np.max(alpha * ", "np.max("), "Your bound takes the largest slope without its α."),
        Mistake("largest slope and largest leak apart", edit("np.max(alpha * ", "np.max(alpha) * np.max("), "Your bound takes the largest α and the largest slope of two different units. It asks for the largest of their products, unit by unit, which is a better bound."),
        Mistake("smallest for largest", edit("np.max(alpha", "np.min(alpha"), "Your bound takes the smallest slope. The norm of a diagonal matrix is its largest entry."),
        Mistake("sum for largest", edit("np.max(alpha", "np.sum(alpha"), "Your bound adds up the slopes of all units. The norm of a diagonal matrix is its largest entry."),
        Mistake("mean for largest", edit("np.max(alpha", "np.mean(alpha"), "Your bound takes the mean slope. The norm of a diagonal matrix is its largest entry."),
        Mistake("mean kept", edit("np.max(1", "np.mean(1"), "Your bound takes the mean of 1 − α. The norm of a diagonal matrix is its largest entry."),
        Mistake("slopes of 1", edit("np.max(alpha * slope)", "np.max(alpha)"), "Your bound takes slopes of 1. It asks for each step's own largest α(1 − c²)."),
        Mistake("norm of J", edit("np.prod(factors)", "np.linalg.norm(J, 2)"), "Your bound is the norm of J itself. Asked for is one that each step's largest entries give, without J."),
        Mistake("norm of each step's Jacobian", edit("np.max(1 - alpha) + np.max(alpha * slope) * norm", "np.linalg.norm(step, 2)"), "Your bound multiplies the norms of the steps' Jacobians. That is a bound, and a smaller one; asked for is the one of the text, from each step's largest entries and ‖W_h‖."),
        Mistake("sum of the factors", edit("np.prod(factors)", "1.0 + sum(factors)"), "Your bound adds the steps' factors to 1. The norm of a product is at most the product of the norms: multiply."),
        Mistake("last step's factor for all", edit("np.prod(factors)", "(factors or [1.0])[-1] ** len(factors)"), "Your bound is one step's factor, the last one's, to a power. Each step has slopes of its own: multiply them step by step."),
        Mistake("first step's factor for all", edit("np.prod(factors)", "(factors or [1.0])[0] ** len(factors)"), "Your bound is one step's factor, the first one's, to a power. Each step has slopes of its own: multiply them step by step."),
        Mistake("largest factor for all", edit("np.prod(factors)", "max(factors, default=1.0) ** len(factors)"), "Your bound is the largest factor of all steps to a power. Each step has slopes of its own: multiply them step by step."),
        Mistake("largest factor alone", edit("np.prod(factors)", "max(factors, default=1.0)"), "Your bound is the largest factor of all steps. The norm of a product is at most the product of the norms: multiply."),
        Mistake("last factor alone", edit("np.prod(factors)", "(factors or [1.0])[-1]"), "Your bound holds the last step's factor alone, as if the loop overwrote it. The factors multiply."),
        Mistake("both of one unit", edit("np.max(1 - alpha) + np.max(alpha * slope) * norm", "np.max(1 - alpha + alpha * slope * norm)"), "Your bound takes the largest sum of the two for one unit. ‖A + B‖ ≤ ‖A‖ + ‖B‖ asks for the largest of each, which may lie at different units."),
        Mistake("smallest kept", edit("np.max(1", "np.min(1"), "Your bound has the smallest of the kept shares, 1 minus the largest α. The norm of a diagonal matrix is its largest entry."),
        Mistake("largest column sum", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, 1)"), "Your bound has the largest column sum of W_h for its norm. ‖W_h‖ is the largest singular value, the norm of order 2."),
        Mistake("largest row sum", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, np.inf)"), "Your bound has the largest row sum of W_h for its norm. ‖W_h‖ is the largest singular value, the norm of order 2."),
        Mistake("largest entry", edit("np.linalg.norm(W_h, 2)", "np.abs(W_h).max()"), "Your bound has the largest entry of W_h for its norm. ‖W_h‖ is the largest singular value, the norm of order 2."),
        Mistake("the lecture's bound", edit("np.prod(factors)", "norm ** len(factors)"), "Your bound is ‖W_h‖ to the power t − s, that of (8.14). Asked for is one with each step's own leaks and slopes.", beside_the_point=True),
        Mistake("Frobenius norm", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h)"), "Your bound has the Frobenius norm of W_h. ‖W_h‖ is the largest singular value, the norm of order 2."),
        Mistake("spectral radius", edit("np.linalg.norm(W_h, 2)", "np.abs(np.linalg.eigvals(W_h)).max()"), "Your bound has the spectral radius of W_h. The norm of one product is bounded by the largest singular value."),
        Mistake("norm of the scaled matrix", edit("np.max(alpha * slope) * norm", "np.linalg.norm((alpha * slope)[:, None] * W_h, 2)"), "Your bound has the norm of diag(α(1 − c²)) W_h, taken together. Asked for are the two apart: largest entry times ‖W_h‖."),
        Mistake("bound without slopes and leaks", edit("np.max(alpha * slope) * norm", "norm"), "Your bound has ‖W_h‖ alone for the way through the tanh. The largest α(1 − c²) of the step belongs to it."),
        Mistake("1 for what is kept", edit("np.max(1 - alpha) +", "1 +"), "Your bound takes 1 for what is kept. It is the largest 1 − α."),
        Mistake("1 minus the largest slope", edit("np.max(1 - alpha) +", "np.max(1 - alpha * slope) +"), "Your bound has the slope in what is kept. That is 1 − α alone: it passes beside the tanh."),
        Mistake("root of the bound", edit("np.prod(factors)", "np.sqrt(np.prod(factors))"), "Your bound is a root. The product of the factors is the bound itself."),
        Mistake("mean factor", edit("np.prod(factors)", "np.prod(factors) ** (1 / max(len(factors), 1))"), "Your bound is a mean factor per step. Asked for is the bound of all steps together."),
        Mistake("ways side by side to the end", edit("return J, np.prod(factors)", "return J, np.max(1 - alpha) ** len(factors) + np.prod([np.max(alpha * slope) * norm for slope in slopes[s:t]])"), "Your bound adds the two ways at the end. In every step a gradient may take either: add in each step, then multiply."),
        Mistake("steps added up", edit("step @ J", "step + J"), "You add up the steps' Jacobians. Steps one after the other multiply."),
        Mistake("ways side by side in J", edit("J = step @ J", "J = step @ J if len(factors) == 0 else (step - np.diag(1 - alpha)) @ J"), "Only your first step has the way around the tanh. Each step has both."),
        Mistake("no leak power", edit("np.diag(1 - alpha)", "np.diag((1 - alpha) ** 2)"), "In your J what is kept has (1 − α)². It is 1 − α, once in each step."),
        Mistake("mean kept share in J", edit("np.diag(1 - alpha)", "np.mean(1 - alpha) * np.eye(len(alpha))"), "Your J keeps the mean share for all units. Each unit keeps its own, 1 − α_i."),
        Mistake("determinant for a norm", edit("np.linalg.norm(W_h, 2)", "abs(np.linalg.det(W_h))"), "Your bound has |det W_h| for its norm. ‖W_h‖ is the largest singular value, the norm of order 2."),
        Mistake("smallest singular value", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, -2)"), "Your bound has the smallest singular value of W_h. ‖W_h‖ is the largest."),
        Mistake("squared norm", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, 2) ** 2"), "Your bound has ‖W_h‖², an eigenvalue of WᵀW. Take the root."),
        Mistake("sum of the singular values", edit("np.linalg.norm(W_h, 2)", "np.linalg.norm(W_h, 'nuc')"), "Your bound has the sum of the singular values of W_h. ‖W_h‖ is the largest alone."),
    ),
    hints=(
        "One step's Jacobian is a sum of two matrices: what is kept, and what goes through the tanh and W_h. Then the steps multiply.",
        "Start from the identity; step k takes the states hs[k − 1] and hs[k], for k = s + 1 … t. With t = s nothing is multiplied: J is the identity and the bound 1.",
        "J_k is a diagonal matrix of what is kept, plus the rows of W_h, each times its own α_i(1 − c_i²). For the bound: ‖A + B‖ ≤ ‖A‖ + ‖B‖, and ‖diag(d) W‖ ≤ max d · ‖W‖.",
    ),
)  # fmt: skip
