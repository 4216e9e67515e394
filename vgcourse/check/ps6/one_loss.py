"""Problem set 6: one loss sent back through time, and the Jacobian that it meets on the way."""

import functools

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps6.forward import EQUAL, draw_net
from vgcourse.check.ps6.through_time import SLOPES

# --- error_signals ---------------------------------------------------------------------------------


def error_signals(dh, hs, W_h):
    """δ_{T,T} = dh ⊙ (1 − h_T²), δ_{T,k} = (δ_{T,k+1} W_h) ⊙ (1 − h_k²); row k − 1 of the result is δ_{T,k}."""
    return signals(dh, hs, W_h)


def signals(
    dh,
    hs,
    W_h,
    *,
    slope="1 − h²",
    slopes=lambda k, T: True,
    slope_of=0,
    back=None,
    order="f' of W",
    joined=False,
    carry="δ",
    kept="δ",
    reverse=False,
):
    """error_signals with exchangeable parts; `slopes(k, T)`: has step k (from 0) its factor?"""
    T, W_back = len(hs), W_h if back is None else back(W_h)
    out, signal = [None] * T, dh
    for k in reversed(range(T)):
        h = hs[min(max(k + slope_of, 0), T - 1)]
        f = SLOPES[slope](h, h) if slopes(k, T) else 1.0
        arrived = signal + (dh if joined and k < T - 1 else 0)
        if order == "W of f'" and k < T - 1:
            last = hs[k + 1] if slope_of == 0 else h
            arrived = (signal * SLOPES[slope](hs[k], last)) @ W_back
            out[k] = signal = arrived
            continue
        delta = arrived * f
        out[k] = {"δ": delta, "∂E/∂h": arrived}[kept]
        signal = {
            "δ": delta @ W_back if order == "f' of W" else delta,
            "none": dh,
            "∂E/∂h": arrived @ W_back,
            "W once": (dh * SLOPES[slope](hs[-1], h)) @ W_back,
            "element by element": delta * np.diag(W_back),
        }[carry]
    return np.stack(out[::-1] if reverse else out)


def _signal_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL, (1, 2, 3, 3)):
        *_, W_h, _, hs = draw_net(rng, *size)
        cases.append(
            Case((rng.normal(size=hs[-1].shape), hs, W_h), ("deltas",), batch=size[1], steps=size[0])
        )
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
        Mistake("tanh' missing", {"slope": "none"}, "The factor tanh' is missing: you multiply by W_h only. Every step back also passes the tanh of that step."),
        Mistake("tanh' at the last step only", {"slopes": lambda k, T: k == T - 1}, "Only the last step has its tanh'. Each step on the way back has one of its own: δ_{T,k} = (δ_{T,k+1} W_h) ⊙ (1 − h_k²)."),
        Mistake("tanh' missing at the last step", {"slopes": lambda k, T: k < T - 1}, "Your δ_{T,T} is dh itself. h_T is the tanh of a_T too, so the chain begins with a factor 1 − h_T²."),
        Mistake("1 − h", {"slope": "1 − h"}, "You multiply by 1 − h_k. tanh' is 1 − h_k², with a square."),
        Mistake("sigmoid's derivative", {"slope": "h(1 − h)"}, "h(1 − h) is the slope of the sigmoid. This net has tanh, whose slope is 1 − h²."),
        Mistake("tanh' of the activation", {"slope": "at h"}, "You take tanh' at h_k: 1 − tanh²(h_k). h_k already is the tanh, so the slope is 1 − h_k²."),
        Mistake("tanh' of the step after", {"slope_of": 1}, "Your slope is one step late: δ_{T,k} is multiplied by 1 − h_{k+1}². It is the gradient by a_k, so its slope is that of step k."),
        Mistake("tanh' of the step before", {"slope_of": -1}, "Your slope is one step early: δ_{T,k} is multiplied by 1 − h_{k−1}². It is the gradient by a_k, so its slope is that of step k."),
        Mistake("tanh' before W_h", {"order": "W of f'"}, "On the way back you multiply by the slope of step k and then by W_h. The signal meets W_h first: δ_{T,k} = (δ_{T,k+1} W_h) ⊙ (1 − h_k²)."),
        Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward is h @ W_h.T, so back is δ @ W_h. As W_h is square, nothing fails."),
        Mistake("W_h missing", {"back": lambda W_h: np.eye(len(W_h))}, "Your signal meets the slopes only. On the way from step k + 1 to step k it also passes W_h."),
        Mistake("W_h element by element", {"carry": "element by element"}, "You multiply by the diagonal of W_h. Every unit feeds every other: the step back is a matrix product."),
        Mistake("signal not passed on", {"carry": "none"}, "Every row gets the same dh. What step k + 1 hands back, δ_{T,k+1} W_h, is what step k gets."),
        Mistake("one step back for all", {"carry": "W once"}, "All your early rows have passed W_h once. The signal meets W_h at each step back: T − k times on the way to δ_{T,k}."),
        Mistake("∂E/∂h handed on", {"carry": "∂E/∂h"}, "You hand back the signal from before its tanh'. What passes W_h is δ_{T,k+1}, tanh' included."),
        Mistake("∂E/∂h returned", {"kept": "∂E/∂h"}, "Your rows are ∂E/∂h_k. δ_{T,k} is ∂E/∂a_k, the gradient by the pre-activation: one factor 1 − h_k² further."),
        Mistake("dh joins at every step", {"joined": True}, "You add dh at every step, as if each had this loss. E_T looks at h_T only: nothing joins on its way back."),
        Mistake("rows in the loop's order", {"reverse": True}, "Your rows are in the order of the loop, the last step first. deltas[0] belongs to step 1."),
    ),
    hints=(
        "One loss, at the last step. Going back one step is always the same: through W_h, then through the tanh of that step.",
        "deltas has the shape (T, N, H) of hs, and its last row is dh ⊙ (1 − hs[-1]²).",
        "Start with delta = dh * (1 − hs[-1]**2) in the last row; then for k = T − 2 … 0 the new delta is (delta @ W_h) times the slope 1 − hs[k]**2.",
    ),
)  # fmt: skip


# --- state_jacobian --------------------------------------------------------------------------------


def state_jacobian(hs, W_h, s, t):
    """J = ∂h_t/∂h_s = J_t … J_{s+1}, J_k = diag(1 − h_k²) W_h, and Π_k max_i(1 − h_{k,i}²) ‖W_h‖₂ ≥ ‖J‖₂."""
    return jacobian(hs, W_h, s, t)


def jacobian(
    hs,
    W_h,
    s,
    t,
    *,
    slope="1 − h²",
    first=1,
    last=0,
    scale="rows",
    order="last leftmost",
    matrix=None,
    finish=None,
    largest=np.max,
    norm=None,
    bound_slopes="each step's",
    bound_steps=0,
):
    """state_jacobian with exchangeable parts; steps k = s + first … t + last."""
    W, eye = W_h if matrix is None else matrix(W_h), np.eye(len(W_h))
    slopes = [SLOPES[slope](hs[k], hs[k]) for k in range(s + first, t + 1 + last) if 0 <= k < len(hs)]
    steps = [f[:, None] * W if scale == "rows" else W * f for f in slopes]
    if order == "slopes first":
        steps = [np.diag(f) for f in slopes] + [W] * len(slopes)
    elif order == "W ** n" and steps:
        steps = [np.prod(slopes, axis=0)[:, None] * W ** len(slopes)]
    if order == "sum":
        J = sum(steps, 0 * eye)
    else:
        J = functools.reduce(np.matmul, steps[::-1] if order == "last leftmost" else steps, eye)
    J = J if finish is None else finish(J)
    if bound_slopes == "‖J‖":
        return J, np.linalg.norm(J, 2)
    size = np.linalg.norm(W_h, 2) if norm is None else norm(W_h)
    peaks = np.array([largest(1 - hs[k] ** 2) for k in range(s + 1, t + 1)])
    if bound_slopes != "each step's" and len(peaks):
        peaks[:] = 1 if bound_slopes == "1" else peaks.max()
    return J, np.prod(peaks) * size ** (t - s + bound_steps)


def _own_norms(hs, W_h, s, t):
    norms = [np.linalg.norm((1 - hs[k] ** 2)[:, None] * W_h, 2) for k in range(s + 1, t + 1)]
    return jacobian(hs, W_h, s, t)[0], np.prod(norms)


def _product_of_entries(hs, W_h, s, t):
    J, bound = np.eye(len(W_h)), jacobian(hs, W_h, s, t)[1]
    for k in range(s + 1, t + 1):
        J = (1 - hs[k] ** 2)[:, None] * W_h * J
    return J, bound


def _jacobian_cases(rng):
    cases = []
    for H, s, t in ((4, 1, 6), (5, 0, 4), (3, 3, 4), (3, 2, 2)):  # from h_0, one step, none: the identity
        _, h0, _, W_h, _, hs = draw_net(rng, 7, 1, 3, H)
        hs = np.concatenate([np.tanh(h0), hs[:, 0]])  # a first state that could be a tanh
        cases.append(Case((hs, 1.3 * W_h, s, t), ("J", "bound"), steps=t - s))
    return cases


def _norm_below_bound(args, out):
    """By how much ‖J‖₂ is above the bound; 0 when it is below."""
    norm = np.linalg.norm(out["J"], 2)
    return max(0.0, float(norm - out["bound"]) / norm) if norm > 0 else 0.0


STATE_JACOBIAN = Problem(
    name="ps6.state_jacobian",
    reference=state_jacobian,
    family=jacobian,
    cases=_jacobian_cases,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"J": ("unit", "unit")},
    invariants=(
        Invariant("norm below the bound", _norm_below_bound, "The largest singular value of your J is above your bound. The norm of a product is at most the product of the norms, so one of the two is wrong."),
    ),
    mistakes=(
        Mistake("order reversed", {"order": "first leftmost"}, "Your product has the first step on the left. ∂h_t/∂h_s = J_t … J_{s+1}: the last step's Jacobian stands leftmost."),
        Mistake("J transposed", {"finish": np.transpose}, "Your J is transposed. The first index is the output's: J[i, j] is how unit i at time t moves with unit j at time s."),
        Mistake("W_h transposed", {"matrix": np.transpose}, "Your factors hold the transpose of W_h. A step is a = W_h h + …, so its Jacobian is diag(1 − h_k²) W_h."),
        Mistake("columns scaled", {"scale": "columns"}, "You scale the columns of W_h by the slopes. diag(a) W scales the rows: the tanh acts on what W_h puts out."),
        Mistake("product of entries", _product_of_entries, "You multiply the factors entry by entry (*), which leaves the diagonal alone. A chain of Jacobians is a matrix product: @."),
        Mistake("tanh' missing", {"slope": "none"}, "Your J is a power of W_h. Each step also has its slopes: J_k = diag(1 − h_k²) W_h."),
        Mistake("1 − h", {"slope": "1 − h"}, "Your diagonal is 1 − h_k. tanh' is 1 − h_k², with a square."),
        Mistake("tanh' of the activation", {"slope": "at h"}, "You take tanh' at h_k. h_k already is the tanh of a_k, so the slope is 1 − h_k²."),
        Mistake("slopes one step early", {"first": 0, "last": -1}, "Your slopes are those of h_s … h_{t−1}. Step k makes h_k, so its slope is 1 − h_k², and k runs from s + 1 to t."),
        Mistake("one factor too many", {"first": 0}, "Your product has t − s + 1 factors: it includes step s, which made h_s. Between h_s and h_t lie the steps s + 1 … t."),
        Mistake("one factor too few", {"last": -1}, "Your product stops at step t − 1. Between h_s and h_t lie the steps s + 1 … t, and the last one counts: mind the end of range."),
        Mistake("first step left out", {"first": 2}, "Your product begins at step s + 2. The first step after h_s is step s + 1: mind the start of range."),
        Mistake("slopes pulled out", {"order": "slopes first"}, "You multiply all slopes first and a power of W_h after them. diag(…) and W_h do not commute: slope and W_h alternate, step by step."),
        Mistake("W_h ** n", {"order": "W ** n"}, "W_h ** n raises each entry to the power n. Steps are chained by the matrix product @."),
        Mistake("sum of the steps", {"order": "sum"}, "You add the Jacobians of the steps. One step acts on the result of the one before, so they are multiplied."),
        Mistake("bound by the Frobenius norm", {"norm": np.linalg.norm}, "np.linalg.norm(W_h) is the Frobenius norm. It bounds too, but more loosely; asked for is the largest singular value, np.linalg.norm(W_h, 2)."),
        Mistake("bound by the steps' own norms", _own_norms, "Your bound is Π ‖J_k‖₂, the norms of the whole steps. That holds, and is tighter; asked for is the one that keeps slopes and weights apart: Π max_i(1 − h_{k,i}²) ‖W_h‖₂."),
        Mistake("bound by the spectral radius", {"norm": lambda W: np.abs(np.linalg.eigvals(W)).max()}, "Your bound uses the largest eigenvalue of W_h. That is no bound on ‖W_h v‖: take the largest singular value."),
        Mistake("bound by the largest entry", {"norm": lambda W: np.abs(W).max()}, "Your bound uses the largest entry of W_h. How much W_h can stretch a vector is its largest singular value."),
        Mistake("slopes bounded by 1", {"bound_slopes": "1"}, "Your bound has no slopes in it, as if they were all 1. That holds too, but more loosely: here each step counts with its own largest slope, max_i(1 − h_{k,i}²)."),
        Mistake("one slope for all steps", {"bound_slopes": "largest of all"}, "Your bound takes the largest slope of all steps for each of them. Every step has its own maximum over the units."),
        Mistake("mean slope in the bound", {"largest": np.mean}, "Your bound uses the mean slope of each step. A direction may meet the largest one, so only the maximum bounds."),
        Mistake("smallest slope in the bound", {"largest": np.min}, "Your bound uses the smallest slope of each step. The norm of diag(a) is its largest entry."),
        Mistake("‖J‖ for the bound", {"bound_slopes": "‖J‖"}, "Your bound is the norm of J itself. The bound is what one knows without the product: each step's norm bounded by itself, then multiplied."),
        Mistake("bound with one ‖W_h‖ too many", {"bound_steps": 1}, "Your bound holds ‖W_h‖₂ once too often. From h_s to h_t there are t − s steps."),
        Mistake("bound with one ‖W_h‖ too few", {"bound_steps": -1}, "Your bound holds ‖W_h‖₂ once too few. From h_s to h_t there are t − s steps."),
    ),
    hints=(
        "One step first: how does h_k move if h_{k−1} moves a little? W_h acts, then the slope of each unit.",
        "J is (H, H), the identity for s = t, and has t − s factors. diag(a) @ W is a[:, None] * W. ‖diag(a)‖₂ is the largest entry of a.",
        "Start from J = np.eye(H), and for k = s + 1 … t multiply diag(1 − hs[k]**2) W_h from the left. The bound multiplies max(1 − hs[k]**2) · ‖W_h‖₂ over the same k.",
    ),
)  # fmt: skip
