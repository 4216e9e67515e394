"""Problem set 6: one loss sent back through a leaky net."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, SINGLE, draw_net, leaky_forward
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES, WAYS

# --- error_signals ---------------------------------------------------------------------------------


def error_signals(dh, hs, W_h, alpha):
    """δ_k = α ⊙ (1 − c_k²) ⊙ ε_k with ε_T = dh, ε_{k−1} = (1 − α) ⊙ ε_k + W_hᵀ δ_k; row k − 1 of the result is δ_k."""
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    deltas = np.zeros_like(c)
    for k in reversed(range(len(c))):
        dz = dh * f[k]
        deltas[k] = dz
        dh = (1 - alpha) * dh + dz @ W_h
    return deltas


def _signal_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL, SINGLE, (1, 2, 3, 3)):
        x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
        hs = leaky_forward(x, h0, W_x, W_h, b, alpha)
        args = rng.normal(size=h0.shape), hs, W_h, alpha
        cases.append(Case(args, ("deltas",), batch=size[1], steps=size[0]))
    return cases


ERROR_SIGNALS = Problem(
    name="ps6.error_signals",
    reference=error_signals,
    cases=_signal_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"deltas": ("step", "example", "unit")},
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        Mistake("slope at the last step only", edit("f[k]", "(f[k] if k == len(c) - 1 else alpha)"), "Only your last step has the slope of its tanh. Each step on the way back has one of its own."),
        Mistake("slope missing at the last step", edit("f[k]", "(f[k] if k < len(c) - 1 else alpha)"), "Your last row lacks the slope of tanh. It is the gradient with respect to a pre-activation, too."),
        Mistake("slope of the last step", edit("f[k]", "f[-1]"), "All your rows have the slope of the last step. Each step on the way back has one of its own."),
        Mistake("slope of the step after", edit("f[k]", "f[min(k + 1, len(c) - 1)]"), "Your slope is one step late: row by row it is that of the step after."),
        Mistake("slope of the step before", edit("f[k]", "f[max(k - 1, 0)]"), "Your slope is one step early: row by row it is that of the step before."),
        Mistake("W_h missing", edit(" @ W_h", ""), "W_h is missing on your way back through the tanh."),
        Mistake("diagonal of W_h", edit("@ W_h", "* np.diag(W_h)"), "You use the diagonal of W_h only. Every unit feeds every other."),
        Mistake("loss at every step", edit("deltas = np", "loss, deltas = dh, np", "dh = (1", "dh = loss + (1"), "You add dh at every step. The loss looks at the last state only: nothing joins on its way back."),
        Mistake("gradients of the states", edit("[k] = dz", "[k] = dh"), "Your rows are the gradients with respect to the states. Asked for are those with respect to the pre-activations z_k."),
        Mistake("gradients of the tanh", edit("[k] = dz", "[k] = alpha * dh"), "Your rows are the gradients with respect to c_k, the tanh. Asked for are those with respect to the pre-activations z_k."),
        Mistake("leak missing in the rows", edit("[k] = dz", "[k] = dz / alpha"), "Your rows lack the factor α, though what you pass on has it. c_k enters h_k with the weight α."),
        Mistake("passed on too soon", edit("        deltas[k] = dz\n", "", "@ W_h", "@ W_h\n        deltas[k] = dh * f[k]"), "You pass the gradient on to the step before and then take the row from it. The row of step k comes from the gradient that arrived at h_k."),
        Mistake("one W_h too many", edit("for k in", "dh = dh @ W_h\n    for k in"), "Your dh goes through W_h before the first step back. It is the gradient at h_T, where the way back begins."),
        Mistake("last step only", edit("(1 - alpha) * dh + dz @ W_h", "0 * dh"), "Only your last row is filled. What step k hands back is what step k − 1 gets."),
        Mistake("first row missing", edit("range(len(c))", "range(1, len(c))"), "Your first row is 0, as if the loop ended one step early. deltas[0] belongs to step 1."),
        Mistake("rows in the loop's order", edit("return deltas", "return deltas[::-1]"), "Your rows are in the order of the loop, the last step first. deltas[0] belongs to step 1."),
        Mistake("gradients of the states before", edit("[k] = dz", "[k] = 0", "dz @ W_h", "dz @ W_h\n        deltas[k] = dh"), "Your rows are the gradients with respect to the states before each step. Asked for are those with respect to the pre-activations z_k."),
        Mistake("one step back only", edit("deltas = np", "loss, deltas = dh, np", "(1 - alpha) * dh + dz @ W_h", "(1 - alpha) * loss + (loss * f[k]) @ W_h"), "From the second step back on you start from dh again. What one step hands back is what the next one gets."),
        Mistake("rows added up", edit("return deltas", "return np.cumsum(deltas[::-1], axis=0)[::-1]"), "Your rows are added up from the end. Row k is the signal of its own step."),
        Mistake("dh of the sum over the batch", edit("dz = dh * f[k]", "dz = dh.mean(axis=0) * f[k]"), "You average the gradient over the batch. Each sequence goes back alone."),
        Mistake("W_h by absolute values", edit("@ W_h", "@ np.abs(W_h)"), "You go back through |W_h|. Its signs count."),
        Mistake("slope after W_h", edit("dz = dh * f[k]", "dz = dh * (f[k] if k == len(c) - 1 else 1)", "dz @ W_h", "(dz @ W_h) * f[max(k - 1, 0)]"), "You multiply by the slope behind W_h, and the way around the tanh gets it too, or none. Signal first, then both ways."),
    ),
    hints=(
        "Carry one array back, the gradient with respect to the state. From h_t it goes two ways to h_{t−1}: around the tanh, and through it.",
        "hs has one entry more than deltas: step k (from 1) lies between hs[k − 1] and hs[k]. From these two comes c_k, and its slope is 1 − c_k².",
        "delta = alpha * (1 − c²) * eps for the last step. Then eps becomes (1 − alpha) * eps plus something with delta and W_h, and so on.",
    ),
)  # fmt: skip
