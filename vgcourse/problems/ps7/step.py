"""Problem set 7: one step of the coupled LSTM backwards, with the weight gradients that are often left as an exercise."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import SIZES, coupled_inputs, coupled_step_forward, matched
from vgcourse.problems.ps7.step_mistakes import (
    MORE,
    OF_A_STEP,
    more_of_a_step,
    shared_mistakes,
    slope_of_tanh,
)

NAMES = ("dx", "dh_prev", "dc_prev", "dW_x", "dW_h", "db", "dp_f", "dp_o")
AXES = {
    "dW_x": ("gate fgo", "input"),
    "dW_h": ("gate fgo", "unit"),
    "db": ("gate fgo",),
    "dp_f": ("unit",),
    "dp_o": ("unit",),
}


def coupled_step_backward(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
    """dc_t = dc + (dh ⊙ o + da_o ⊙ p_o) ⊙ tanh'(c_t), then dc_{t−1} = dc_t ⊙ f + da_f ⊙ p_f ⊙ tanh'(c_{t−1}).

    da_f = dc_t ⊙ (c_{t−1} − g) ⊙ f(1 − f), da_g = dc_t ⊙ (1 − f) ⊙ (1 − g²). gates holds f, g, o: (3, N, H).
    """
    f, g, o = gates
    slope = slope_of_tanh(c)
    do = dh * np.tanh(c)
    da_o = do * o * (1 - o)
    dc_t = dc + dh * o * slope + da_o * p_o * slope
    df = dc_t * (c_prev - g)
    dg = dc_t * (1 - f)
    da_f = df * f * (1 - f)
    da_g = dg * (1 - g**2)
    dc_prev = dc_t * f + da_f * p_f * slope_of_tanh(c_prev)

    da = np.concatenate([da_f, da_g, da_o], axis=1)
    dx, dh_prev = da @ W_x, da @ W_h
    dW_x, dW_h, db = da.T @ x, da.T @ h_prev, da.sum(axis=0)
    dp_f = (da_f * np.tanh(c_prev)).sum(axis=0)
    dp_o = (da_o * np.tanh(c)).sum(axis=0)
    return dx, dh_prev, dc_prev, dW_x, dW_h, db, dp_f, dp_o


def _cases(rng):
    cases = []
    for N, D, H in SIZES:
        x, h_prev, c_prev, W_x, W_h, b, *p = coupled_inputs(rng, N, D, H)
        _, c, *gates = coupled_step_forward(x, h_prev, c_prev, W_x, W_h, b, *p)
        dh, dc = rng.normal(size=(2, N, H))
        cases.append(Case((dh, dc, x, h_prev, c_prev, np.stack(gates), c, W_x, W_h, *p), NAMES, batch=N))
    return cases


def again(gates):
    """f, g and o sent through σ, tanh and σ once more; the axis of the three comes third from the end."""
    return np.where(np.reshape([False, True, False], (3, 1, 1)), np.tanh(gates), sigmoid(gates))


def _gates_again(dh, dc, x, h_prev, c_prev, gates, *rest):
    return coupled_step_backward(dh, dc, x, h_prev, c_prev, again(gates), *rest)


COUPLED_STEP_BACKWARD = Problem(
    name="ps7.coupled_step_backward",
    reference=coupled_step_backward,
    helpers=(slope_of_tanh,),
    cases=_cases,
    points=6,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("example", "input"), "dh_prev": ("example", "unit"), "dc_prev": ("example", "unit")},
    mistakes=(
        Mistake("dc overwritten", edit("dc + dh", "dh"), "The dc that comes in is lost. It is what the loss and step t + 1 send along the memory: your dc begins with it, and the ways through h and o are added."),
        Mistake("dh does not reach the memory", edit(" + dh * o * slope", ""), "Nothing goes from dh through h_t to the memory. h_t shows c_t, so dh sends something to c_t beside what reaches o."),
        Mistake("carry of the incoming dc only", edit("dc_t * f", "dc * f"), "Your carry hands on the dc that came in. c_t had other uses in this step, and what they sent belongs to dc before it goes on to c_{t−1}."),
        *shared_mistakes(),
        *more_of_a_step(MORE, OF_A_STEP),
        Mistake("gates taken for pre-activations", _gates_again, "You send f, g and o through σ and tanh again. gates holds what came out of them.", whole=True),
        Mistake("gates read as f, o, g", edit("f, g, o = gates", "f, o, g = gates"), "You unpack gates as f, o, g. It holds f, g, o: the candidate is in the middle."),
        Mistake("gates read as g, f, o", edit("f, g, o = gates", "g, f, o = gates"), "You unpack gates as g, f, o. It holds f, g, o: the forget gate comes first."),
        Mistake("gates read as o, g, f", edit("f, g, o = gates", "o, g, f = gates"), "You unpack gates as o, g, f. It holds f, g, o: the forget gate comes first."),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: matched(args[2], out["dx"], args[7], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input. Do both use the same da, in the same order?"),
        Invariant("dh_prev and dW_h of one da", lambda args, out: matched(args[3], out["dh_prev"], args[8], out["dW_h"]), "Your dh_prev and dW_h do not belong together. h_{t−1} and W_h meet in one product only, so Σ h_{t−1} ⊙ dh_prev equals Σ W_h ⊙ dW_h for every unit."),
    ),
    hints=(
        "Count uses. c_t: by the tanh of h_t, by o's peephole, by step t + 1. c_{t−1}: in its share of c_t, by f's peephole. f: in two shares.",
        "Order: da_o first, it needs dh alone. Then all of dc. Then da_f and da_g, which need dc. Then what goes to c_{t−1}. Every way from a gate to a memory passes a tanh.",
        "dc_t = dc + (dh ⊙ o + da_o ⊙ p_o) ⊙ tanh'(c_t), and f gets dc_t ⊙ (c_{t−1} − g). What f's peephole sends to c_{t−1} has the same form as what o's sends to c_t.",
    ),
)  # fmt: skip
