"""Problem set 7: one step of the coupled LSTM backwards, with the weight gradients that are often left as an exercise."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import SIZES, coupled_inputs, forward_family, matched

NAMES = ("dx", "dh_prev", "dc_prev", "dW_x", "dW_h", "db", "dp_f", "dp_o")
AXES = {
    "dW_x": ("gate fgo", "input"),
    "dW_h": ("gate fgo", "unit"),
    "db": ("gate fgo",),
    "dp_f": ("unit",),
    "dp_o": ("unit",),
}


def slope_of_tanh(c):
    """tanh'(c)."""
    return 1 - np.tanh(c) ** 2


def coupled_step_backward(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o):
    """dc += (dh ⊙ o + da_o ⊙ p_o) ⊙ tanh'(c_t), then dc_{t−1} = dc ⊙ f + da_f ⊙ p_f ⊙ tanh'(c_{t−1}).

    da_f = dc ⊙ (c_{t−1} − g) ⊙ f(1 − f), da_g = dc ⊙ (1 − f) ⊙ (1 − g²). gates holds f, g, o: (3, N, H).
    """
    return step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o)


def step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o, **switches):
    """One step back with its parts exchangeable: the switches of the three functions below."""
    local = local_factors(gates, c_prev, c, **switches)
    das, da, dc_prev = signals(dh, dc, local, p_f, p_o, **switches)
    h = gates[2] * np.tanh(c)
    back = da @ W_x, da @ W_h, dc_prev
    return *back, *weights(das, da, len(x), x, h_prev, h, c_prev, c, **switches)


def local_factors(
    gates,
    c_prev,
    c,
    *,
    through_h=True,
    tanh_of_c=np.tanh,
    tanh_slope=slope_of_tanh,
    peep_slope_o=True,
    peep_slope_f=True,
    sigma_f=True,
    sigma_o=True,
    tanh_g=True,
    slope_twice=False,
    candidate_slope=lambda g: 1 - g**2,
    df_old=1.0,
    df_new=1.0,
    dg_times="1 − f",
    carry="f",
    **_,
):
    """What leads from dh to o, to c_t, from da_o to c_t, from dc to f, g, c_{t−1}, from da_f to c_{t−1}."""
    f, g, o = np.moveaxis(gates, -3, 0)
    one = np.ones_like(f)
    at = {"f": f, "g": g, "o": o, "1 − f": 1 - f, "1": one}

    def slope(gate):
        value = at[gate]
        if not {"f": sigma_f, "o": sigma_o, "g": tanh_g}[gate]:
            return 1.0
        if slope_twice:
            value = np.tanh(value) if gate == "g" else sigmoid(value)
        return candidate_slope(value) if gate == "g" else value * (1 - value)

    down, down_before = tanh_slope(c) * one, tanh_slope(c_prev) * one
    to_f = (df_old * c_prev - df_new * g) * slope("f")
    return (
        tanh_of_c(c) * slope("o"),
        o * down * through_h,
        down if peep_slope_o else one,
        to_f,
        at[dg_times] * slope("g"),
        at[carry],
        down_before if peep_slope_f else one,
    )


def signals(
    dh, dc, local, p_f, p_o, *, incoming=True, carry_whole=True, peep_o=True, peep_f=True, order="fgo", **_
):
    """The three da's, the same side by side, and dc_{t−1}."""
    to_o, to_c, o_to_c, to_f, to_g, kept, f_to_old = local
    came = dc if incoming else 0 * dc
    da_o = dh * to_o
    dc = came + dh * to_c + (da_o * p_o * o_to_c if peep_o is True else 0)
    das = {"f": dc * to_f, "g": dc * to_g, "o": da_o}
    dc_prev = (dc if carry_whole else came) * kept
    if peep_f:
        dc_prev = dc_prev + das["f"] * p_f * f_to_old
    if peep_o == "old":
        dc_prev = dc_prev + da_o * p_o * f_to_old
    return das, np.concatenate([das[gate] for gate in order], axis=1), dc_prev


def weights(
    das,
    da,
    N,
    x,
    h_prev,
    h,
    c_prev,
    c,
    *,
    dW_h_times="h_prev",
    dp_f_times="c_prev",
    dp_o_times="c",
    dp_sees=np.tanh,
    per_example=False,
    **_,
):
    """dW_x, dW_h, db, dp_f, dp_o, summed over the rows; `per_example` divides by N."""
    at = {"h_prev": h_prev, "h": h}
    seen = {"c_prev": dp_sees(c_prev), "c": dp_sees(c), "nothing": 1.0}
    peeps = das["f"] * seen[dp_f_times], das["o"] * seen[dp_o_times]
    sums = da.T @ x, da.T @ at[dW_h_times], da.sum(axis=0), *(dp.sum(axis=0) for dp in peeps)
    return [dW / N for dW in sums] if per_example else sums


def _cases(rng):
    cases = []
    for N, D, H in SIZES:
        x, h_prev, c_prev, W_x, W_h, b, *p = coupled_inputs(rng, N, D, H)
        _, c, *gates = forward_family(x, h_prev, c_prev, W_x, W_h, b, *p)
        dh, dc = rng.normal(size=(2, N, H))
        cases.append(Case((dh, dc, x, h_prev, c_prev, np.stack(gates), c, W_x, W_h, *p), NAMES, batch=N))
    return cases


THE_LECTURES = dict(df_new=0.0, peep_slope_o=False, peep_slope_f=False, dp_sees=lambda c: c)

# One dict of switches and one sentence for each; the whole sequence, where they happen too, takes a part.
SHARED = {
    "the LSTM's input gate": (dict(df_new=0.0), "Your gradient of f has the part of the old memory alone, as with an input gate of its own. Here f stands in both shares of c_t, so the candidate belongs to it as well."),
    "dc to f without the old memory": (dict(df_old=0.0), "Your gradient of f has the part of the candidate alone. f also multiplied c_{t−1}."),
    "sum in place of difference": (dict(df_new=-1.0), "In your gradient of f the candidate has a plus. More f is more of the old memory and less of the candidate."),
    "dg with f": (dict(dg_times="f"), "Your gradient of g has the factor f. f multiplied the old memory; look at what multiplied g."),
    "dg without its share": (dict(dg_times="1"), "Your gradient of g is all of dc times a slope. g was multiplied by its share on the way forwards."),
    "dg with o": (dict(dg_times="o"), "Your gradient of g has the output gate in it. o has no part in writing; look at what multiplied g."),
    "no tanh'(c)": (dict(tanh_slope=lambda c: 1.0), "tanh' is missing wherever the memory is looked at: h and the peepholes see c through a tanh, so every way back from them to a memory passes its slope.", True),
    "1 − c² for the slope": (dict(tanh_slope=lambda c: 1 - c**2), "You use 1 − c² as the slope of the tanh. That form wants the tanh's value, and c is what goes in.", True),
    "output peephole without tanh'": (dict(peep_slope_o=False), "The way of the output gate's peephole to c_t lacks a factor, as if the gate saw c itself, (10.11). Here it sees c through a tanh."),
    "forget peephole without tanh'": (dict(peep_slope_f=False), "The way of the forget gate's peephole to c_{t−1} lacks a factor, as if the gate saw c itself, (10.13). Here it sees c through a tanh."),
    "output peephole's way dropped": (dict(peep_o=False), "Your dc misses the way through the output gate's peephole: o looked at c_t, so da_o sends something to it, before the other two use dc."),
    "output peephole on the old memory": (dict(peep_o="old", dp_o_times="c_prev"), "You treat the output gate's peephole as if it looked at c_{t−1}. o decides after the memory is written: its part belongs to c_t."),
    "forget peephole's way dropped": (dict(peep_f=False), "Your dc_{t−1} misses the way through the forget gate's peephole: f looked at c_{t−1}, so da_f sends something to it."),
    "carry times 1 − f": (dict(carry="1 − f"), "Your carry is weighed with 1 − f. That is the candidate's share; look at what multiplied the old memory."),
    "carry without f": (dict(carry="1"), "Your dc passes to c_{t−1} whole. The old memory was multiplied on the way forwards, and so is its gradient."),
    "carry times o": (dict(carry="o"), "Your carry is weighed with the output gate. o stands between the memory and h, not between two memories."),
    "no σ' on the forget gate": (dict(sigma_f=False), "The slope of f is missing on the way from f to a_f."),
    "no σ' on the output gate": (dict(sigma_o=False), "The slope of o is missing on the way from o to a_o."),
    "no tanh' on the candidate": (dict(tanh_g=False), "The slope of the candidate is missing on the way from g to a_g."),
    "slope of the gate's value": (dict(slope_twice=True), "You take σ' and tanh' at the values f, g, o. These have been through σ and tanh already: their slopes are v(1 − v) and 1 − v².", True),
    "σ' on the candidate": (dict(candidate_slope=lambda g: g * (1 - g)), "Your candidate has the slope of a σ. It came out of a tanh."),
    "tanh(c) missing in do": (dict(tanh_of_c=lambda c: c), "Your gradient of o has c_t in it. o multiplied tanh(c_t).", True),
    "dW_h with h_t": (dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step."),
    "dp with c itself": (dict(dp_sees=lambda c: c), "Your dp_f and dp_o multiply by c itself, as in (10.16). Here a peephole is multiplied by tanh(c).", True),
    "dp_o with c_{t−1}": (dict(dp_o_times="c_prev"), "Your dp_o looks at the old memory. The output gate saw the new one."),
    "dp_f with c_t": (dict(dp_f_times="c"), "Your dp_f looks at the new memory. The forget gate decided before it was written."),
    "dp without the memory": (dict(dp_f_times="nothing", dp_o_times="nothing"), "Your dp_f and dp_o are sums of da, like a bias's. A peephole is multiplied by what it sees of the memory.", True),
    "weights averaged over the batch": (dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh and dc; here the batch is summed.", True),
    "blocks stacked f, o, g": (dict(order="fog"), "You stack the da in the order f, o, g. The rows of W_x, W_h and b are in the order f, g, o.", True),
}  # fmt: skip


def shared_mistakes():
    """The mistakes of one step, for the step and for the sequence."""
    return tuple(
        Mistake(name, switches, text, whole=bool(whole)) for name, (switches, text, *whole) in SHARED.items()
    )


COUPLED_STEP_BACKWARD = Problem(
    name="ps7.coupled_step_backward",
    reference=coupled_step_backward,
    family=step_family,
    cases=_cases,
    points=6,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {"dx": ("example", "input"), "dh_prev": ("example", "unit"), "dc_prev": ("example", "unit")},
    mistakes=(
        Mistake("dc overwritten", dict(incoming=False), "The dc that comes in is lost. It is what the loss and step t + 1 send along the memory: your dc begins with it, and the ways through h and o are added."),
        Mistake("dh does not reach the memory", dict(through_h=False), "Nothing goes from dh through h_t to the memory. h_t shows c_t, so dh sends something to c_t beside what reaches o."),
        Mistake("carry of the incoming dc only", dict(carry_whole=False), "Your carry hands on the dc that came in. c_t had other uses in this step, and what they sent belongs to dc before it goes on to c_{t−1}."),
        *shared_mistakes(),
        Mistake("gates read as f, o, g", lambda *args: step_family(*args[:5], args[5][[0, 2, 1]], *args[6:]), "You unpack gates as f, o, g. It holds f, g, o: the candidate is in the middle."),
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
