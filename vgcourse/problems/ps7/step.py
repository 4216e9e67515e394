"""Problem set 7: one step of the coupled LSTM backwards, with the weight gradients that are often left as an exercise."""

import numpy as np

from vgcourse.activations import sigmoid
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
    """dc += (dh ⊙ o + da_o ⊙ p_o) ⊙ tanh'(c_t), then dc_{t−1} = dc ⊙ f + da_f ⊙ p_f ⊙ tanh'(c_{t−1}).

    da_f = dc ⊙ (c_{t−1} − g) ⊙ f(1 − f), da_g = dc ⊙ (1 − f) ⊙ (1 − g²). gates holds f, g, o: (3, N, H).
    """
    return step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o)


def step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_f, p_o, **switches):
    """One step back with its parts exchangeable: the switches of the three functions below."""
    local = local_factors(gates, c_prev, c, **switches)
    das, da, dc_prev = signals(dh, dc, local, p_f, p_o, **switches)
    h = gates[2] * np.tanh(c)
    back = ways_out(das, da, W_x, W_h, dh, **switches)
    return *back, dc_prev, *weights(das, da, len(x), x, h_prev, h, c_prev, c, **switches)


def ways_out(das, da, W_x, W_h, dh, *, to_x="fgo", to_h="fgo", turned=False, dh_kept=False, **_):
    """dx and dh_{t−1}; `to_x` and `to_h` say which gates take part."""
    alone = "fgo" != to_x or "fgo" != to_h
    if alone or turned:
        W_xs, W_hs = (dict(zip("fgo", np.split(W, 3), strict=True)) for W in (W_x, W_h))
        dx = sum(das[gate] @ W_xs[gate] for gate in to_x)
        dh_prev = sum(das[gate] @ (W_hs[gate].T if turned else W_hs[gate]) for gate in to_h)
        return dx, dh_prev
    return da @ W_x, da @ W_h + dh * dh_kept


def local_factors(
    gates,
    c_prev,
    c,
    *,
    through_h=True,
    shown_by_o="tanh(c)",
    tanh_slope=slope_of_tanh,
    slope_at_c=slope_of_tanh,
    h_slope=True,
    o_in_h=True,
    peep_slope_o=True,
    peep_slope_f="c_prev",
    sigma_f=True,
    sigma_o=True,
    tanh_g=True,
    slope_twice="",
    candidate_slope=lambda g: 1 - g**2,
    f_slope=lambda f: f * (1 - f),
    o_slope=lambda o: o * (1 - o),
    df_old=1.0,
    df_new=1.0,
    df_from="c_prev",
    dg_times="1 − f",
    carry="f",
    **_,
):
    """What leads from dh to o, to c_t, from da_o to c_t, from dc to f, g, c_{t−1}, from da_f to c_{t−1}."""
    f, g, o = np.moveaxis(gates, -3, 0)
    one = np.ones_like(f)
    at = {
        "f": f,
        "g": g,
        "o": o,
        "1 − f": 1 - f,
        "1": one,
        "0": 0 * one,
        "1 − o": 1 - o,
        "σ'(f)": f * (1 - f),
    }

    def slope(gate):
        value = at[gate]
        if not {"f": sigma_f, "o": sigma_o, "g": tanh_g}[gate]:
            return 1.0
        if gate in slope_twice:
            value = np.tanh(value) if gate == "g" else sigmoid(value)
        return {"g": candidate_slope, "f": f_slope, "o": o_slope}[gate](value)

    at_c = tanh_slope if tanh_slope is not slope_of_tanh else slope_at_c
    down, down_before = at_c(c) * one, tanh_slope(c_prev) * one
    old = {"c_prev": c_prev, "c": c, "tanh(c_prev)": np.tanh(c_prev)}[df_from]
    shown = {"tanh(c)": np.tanh(c), "c": c, "tanh(c_prev)": np.tanh(c_prev), "1": one}[shown_by_o]
    return (
        shown * slope("o"),
        (o if o_in_h else 1) * (down if h_slope else 1) * one * through_h,
        {True: down, False: one, "c_prev": down_before}[peep_slope_o],
        (df_old * old - df_new * g) * slope("f"),
        at[dg_times] * slope("g"),
        at[carry],
        {"c_prev": down_before, "c": down, "none": one, "twice": down_before * slope("f")}[peep_slope_f],
        shown * one,
    )


def signals(
    dh,
    dc,
    local,
    p_f,
    p_o,
    *,
    incoming=True,
    carry_whole=True,
    f_whole=True,
    g_whole=True,
    o_from="dh",
    peep_o=True,
    peep_f=True,
    order="fgo",
    **_,
):
    """The three da's, the same side by side, and dc_{t−1}."""
    to_o, to_c, o_to_c, to_f, to_g, kept, f_to_old, shown = local
    came = dc if incoming else 0 * dc
    da_o = {"dh": dh, "dh and dc": dh + came, "dc": came + dh * to_c}[o_from] * to_o
    through_o = {True: da_o * p_o, "without p": da_o, "dh": dh * p_o, "minus": -da_o * p_o}.get(peep_o, 0)
    if peep_o == "before σ'":
        through_o = dh * shown * p_o
    dc = came + dh * to_c + through_o * o_to_c
    das = {"f": (dc if f_whole else came) * to_f, "g": (dc if g_whole else came) * to_g, "o": da_o}
    dc_prev = (dc if carry_whole else came) * kept
    ways = {True: das["f"] * p_f, "without p": das["f"], "o": da_o * p_o}
    dc_prev = dc_prev + ways.get(peep_f, 0) * f_to_old
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
    dp_from="fo",
    **_,
):
    """dW_x, dW_h, db, dp_f, dp_o, summed over the rows; `per_example` divides by N."""
    at = {"h_prev": h_prev, "h": h}
    seen = {"c_prev": dp_sees(c_prev), "c": dp_sees(c), "nothing": 1.0}
    seen |= {"c_prev itself": c_prev, "c itself": c, "h_prev": h_prev, "h": h}
    seen |= {"slope at c_prev": slope_of_tanh(c_prev), "slope at c": slope_of_tanh(c)}
    peeps = das[dp_from[0]] * seen[dp_f_times], das[dp_from[1]] * seen[dp_o_times]
    sums = da.T @ x, da.T @ at[dW_h_times], da.sum(axis=0), *(dp.sum(axis=0) for dp in peeps)
    return [dW / N for dW in sums] if per_example else sums


def _cases(rng):
    cases = []
    for N, D, H in SIZES:
        x, h_prev, c_prev, W_x, W_h, b, *p = coupled_inputs(rng, N, D, H)
        _, c, *gates = coupled_step_forward(x, h_prev, c_prev, W_x, W_h, b, *p)
        dh, dc = rng.normal(size=(2, N, H))
        cases.append(Case((dh, dc, x, h_prev, c_prev, np.stack(gates), c, W_x, W_h, *p), NAMES, batch=N))
    return cases


THE_LECTURES = dict(df_new=0.0, peep_slope_o=False, peep_slope_f="none", dp_sees=lambda c: c)


def _gates_again(dh, dc, x, h_prev, c_prev, gates, *rest):
    return step_family(dh, dc, x, h_prev, c_prev, again(gates), *rest)


def again(gates):
    """f, g and o sent through σ, tanh and σ once more; the axis of the three comes third from the end."""
    return np.where(np.reshape([False, True, False], (3, 1, 1)), np.tanh(gates), sigmoid(gates))


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
        *more_of_a_step(step_family, MORE, OF_A_STEP),
        Mistake("gates taken for pre-activations", _gates_again, "You send f, g and o through σ and tanh again. gates holds what came out of them.", whole=True),
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
