"""Problem set 6: back through time in a leaky net, from its states alone, all losses in one pass."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, SINGLE, draw_net, leaky_forward
from vgcourse.problems.ps6.slips import FLOW, LEAKS, SLOPE_MISTAKES, SUMS, WAYS

GRADIENTS = ("dx", "dh0", "dW_x", "dW_h", "db", "dalpha")
AXES = {
    "dx": ("step", "example", "input"),
    "dh0": ("example", "unit"),
    "dW_x": ("unit", "input"),
    "dW_h": ("unit", "unit"),
    "db": ("unit",),
    "dalpha": ("unit",),
}


def over_time(d, v):
    """Σ_t d_tᵀ v_t."""
    return d.reshape(-1, d.shape[-1]).T @ v.reshape(-1, v.shape[-1])


# --- leaky_backward --------------------------------------------------------------------------------


def leaky_backward(dhs, hs, x, W_x, W_h, alpha):
    """dh_t = dhs_t + (1 − α) dh_{t+1} + W_hᵀ dz_{t+1}, dz_t = α(1 − c_t²) dh_t; dα = Σ dh_t ⊙ (c_t − h_{t−1})."""
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    dh_all, dz_all, from_next = np.zeros_like(c), np.zeros_like(c), np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dh = dhs[t] + from_next
        dz = dh * f[t]
        dh_all[t], dz_all[t] = dh, dz
        from_next = (1 - alpha) * dh + dz @ W_h
    dx = dz_all @ W_x
    dW_x = over_time(dz_all, x)
    dW_h = over_time(dz_all, hs[:-1])
    db = dz_all.sum(axis=(0, 1))
    dalpha = (dh_all * (c - hs[:-1])).sum(axis=(0, 1))
    return dx, from_next, dW_x, dW_h, db, dalpha


def stretched(position):
    """Σ dx ⊙ x = Σ dW_x ⊙ W_x; x is argument 2."""

    def residual(args, out):
        (x, dx), (W_x, dW_x) = (args[2], out["dx"]), (args[position], out["dW_x"])
        size = np.linalg.norm(dx) * np.linalg.norm(x) + np.linalg.norm(dW_x) * np.linalg.norm(W_x)
        return abs((dx * x).sum() - (dW_x * W_x).sum()) / size if size > 0 else 0.0

    return Invariant("inputs stretched as W_x", residual, "Your dx and dW_x contradict each other. Making all inputs 1 % larger or making W_x 1 % larger is the same change, so Σ dx ⊙ x must equal Σ dW_x ⊙ W_x.")  # fmt: skip


def backward_case(rng, size, quantities=GRADIENTS, arrange=lambda *args: args):
    """One net of `size`, a gradient on every state h_1 … h_T; `arrange` picks the arguments."""
    x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
    hs = leaky_forward(x, h0, W_x, W_h, b, alpha)
    dhs = rng.normal(size=hs[1:].shape)
    return Case(arrange(dhs, hs, x, W_x, W_h, alpha), quantities, batch=size[1], steps=size[0])


LEAKY_BACKWARD = Problem(
    name="ps6.leaky_backward",
    reference=leaky_backward,
    helpers=(over_time,),
    cases=lambda rng: [backward_case(rng, size) for size in ((6, 3, 4, 5), EQUAL, SINGLE, (1, 2, 3, 4))],
    points=6,
    lecture='lecture 8, "Backpropagation through time"',
    axes=AXES,
    invariants=(stretched(3),),
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        *FLOW,
        *SUMS,
        *LEAKS,
        Mistake("dx from dh", edit("dx = dz_all", "dx = dh_all"), "Your dx comes from the gradient with respect to the state. The input acts inside the tanh, behind α and its slope."),
        Mistake("dx of the own loss only", edit("dx = dz_all", "dx = (dhs * f)"), "Your dx holds each step's own loss only. An input also changes all later losses, through the state."),
        Mistake("dx in the loop's order", edit("return dx", "return dx[::-1]"), "Your dx is in the order of the loop, the last step first. dx[0] belongs to x[0]."),
        Mistake("first step left out", edit("range(len(x))", "range(1, len(x))"), "Step 1 is missing in your results, as if the loop ended one step early. Counted from 0, the last step of the way back is t = 0.", whole=True),
        Mistake("dx one step early", edit("return dx", "return np.roll(dx, -1, axis=0)"), "Your dx is one step early: what belongs to x[t] stands in dx[t − 1], and that of x[0] comes last."),
        Mistake("dx one step late", edit("return dx", "return np.roll(dx, 1, axis=0)"), "Your dx is one step late: what belongs to x[t] stands in dx[t + 1], and that of the last step comes first."),
        Mistake("dh0 is dh_1", edit("from_next,", "dh_all[0],"), "Your dh0 is the gradient with respect to h_1. One more step, around and through the tanh, leads to h_0."),
        Mistake("dh0 around only", edit("from_next,", "(1 - alpha) * dh_all[0],"), "Your dh0 lacks the way of the first step through the tanh and W_h."),
        Mistake("dh0 through only", edit("from_next,", "dz_all[0] @ W_h,"), "Your dh0 lacks the way of the first step around the tanh."),
        Mistake("dh0 without W_h", edit("from_next,", "dz_all[0],"), "Your dh0 is the gradient with respect to z_1. Two ways lead from step 1 to h_0."),
        Mistake("dh0 zero", edit("from_next,", "0 * from_next,"), "Your dh0 is zero. The first state is an input like any other: what step 1 hands back is its gradient."),
        Mistake("dh0 of the last step", edit("from_next,", "(1 - alpha) * dh_all[-1] + dz_all[-1] @ W_h,"), "Your dh0 is what the last step hands back. It is what is left when the loop has come to step 1."),
        Mistake("dh0 with a loss of its own", edit("from_next,", "dhs[0] + from_next,"), "You add dhs[0] to dh0. dhs[0] belongs to h_1 and is already in it: h_0 has no loss of its own."),
    ),
    hints=(
        "One loop from the last step to the first carries the gradient with respect to the state. It adds the step's own loss, and leaves on two ways: around the tanh and through it.",
        "hs has one entry more than x: in the loop over t from T − 1 to 0, hs[t] is the state before and hs[t + 1] the state after. c comes from the two. Two checks: dx sums with x to what dW_x sums with W_x; dalpha has the shape (H,).",
        "dh = dhs[t] + from_next; dz = alpha * (1 − c²) * dh; from_next has one term with dh and one with dz. For dalpha ask how h_t changes if α grows and c and h_{t−1} stay.",
    ),
)  # fmt: skip
