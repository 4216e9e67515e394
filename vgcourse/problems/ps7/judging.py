"""Problem set 7: a UGRNN whose gate has seen both, the old state and the candidate, before it weighs them."""

import functools

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import SIZES, matched

# --- judging_gate_backward -------------------------------------------------------------------------


def judging_gate_backward(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g):
    """n = tanh(x W_xᵀ + h_{t−1} W_hᵀ + b), g = σ(h_{t−1} V_hᵀ + n V_nᵀ + b_g), h_t = g ⊙ h_{t−1} + (1 − g) ⊙ n.

    da_g = dh ⊙ (h_{t−1} − n) ⊙ g(1 − g), dn = dh ⊙ (1 − g) + da_g V_n, dh_{t−1} = dh ⊙ g + da_g V_h + da_n W_h.
    """
    return judging_family(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g)


def judging_family(
    dh,
    x,
    h_prev,
    W_x,
    W_h,
    b,
    V_h,
    V_n,
    b_g,
    *,
    swap=False,
    writes=False,
    gate_reads="n",
    forwards_a=False,
    squash=np.tanh,
    direct="kept",
    dn_times="written",
    dn_gate=1.0,
    dn_gate_slope=True,
    dg_old=1.0,
    dg_new=1.0,
    dg_sign=1.0,
    gate_path=1.0,
    candidate_path=1.0,
    gate_slope=lambda g: g * (1 - g),
    candidate_slope=lambda n: 1 - n**2,
    dV_n_times="n",
    dW_h_times="h_prev",
    per_example=False,
    look=1.0,
    gate_reads_x=0.0,
    turned_n=False,
    b_g_seen=1.0,
    b_seen=1.0,
    h_turned=False,
    back_n="V_n",
    back_n_slope=True,
    back_h="V_h",
    W_turned=False,
    x_gate=False,
    mix_only=(),
    dW_h_of="n",
    doubled=0.0,
    dV_h_times=None,
    dW_h_alone_times=None,
    dV_n_of="g",
    dV_h_of="g",
    db_g_of="g",
):
    """Forward and back with its parts exchangeable."""
    to_h, to_n = (V_n, V_h) if swap else (V_h, V_n)
    a_n = x @ W_x.T + h_prev @ W_h.T + b_seen * b
    n = squash(a_n)
    seen_n = (n if gate_reads == "n" and not forwards_a else a_n) @ (to_n if turned_n else to_n.T)
    g = sigmoid(h_prev @ to_h.T + look * seen_n + gate_reads_x * x @ W_x.T + b_g_seen * b_g)
    kept, written, sign = (1 - g, g, -1) if writes else (g, 1 - g, 1)
    h = written * h_prev + kept * n if h_turned else kept * h_prev + written * n

    weigh = {"kept": kept, "written": written, "one": 1.0, "nothing": 0.0}
    dg = sign * dg_sign * dh * (dg_old * h_prev - dg_new * n)
    da_g = dg * gate_slope(g)
    ways = {"V_n": to_n, "V_n.T": to_n.T, "V_h": to_h, "V_h.T": to_h.T}
    to_candidate = (
        dn_gate * {True: da_g, False: dg, "twice": da_g * gate_slope(g)}[back_n_slope] @ ways[back_n]
    )
    of_mix = dh * weigh[dn_times] * candidate_slope(n)
    da_n = of_mix + to_candidate * (candidate_slope(n) if dn_gate_slope and gate_reads == "n" else 1.0)
    parts = {name: of_mix if name in mix_only else da_n for name in ("dx", "dh_prev", "dW_x", "dW_h", "db")}
    dh_prev = dh * weigh[direct] + gate_path * da_g @ ways[back_h]
    dh_prev = dh_prev + candidate_path * parts["dh_prev"] @ (W_h.T if W_turned else W_h)
    dh_prev = dh_prev + doubled * to_candidate @ W_h
    seen = {"n": n if gate_reads == "n" else a_n, "a": a_n, "h": h, "h_prev": h_prev}
    state = seen[dW_h_times]
    of = {"g": da_g, "n": da_n}
    dV_h, dV_n = of[dV_h_of].T @ seen[dV_h_times or dW_h_times], of[dV_n_of].T @ seen[dV_n_times]
    state = seen[dW_h_alone_times or dW_h_times]
    if swap:
        dV_h, dV_n = dV_n, dV_h
    of_n = (da_g if dW_h_of == "g" else parts["dW_h"]).T @ state
    sums = parts["dW_x"].T @ x, of_n, parts["db"].sum(axis=0), dV_h, dV_n, of[db_g_of].sum(axis=0)
    return (
        h,
        (parts["dx"] + da_g * x_gate) @ W_x,
        dh_prev,
        *(dW / (len(x) if per_example else 1) for dW in sums),
    )


def _cases(rng):
    names, cases = ("h", "dx", "dh_prev", "dW_x", "dW_h", "db", "dV_h", "dV_n", "db_g"), []
    for N, D, H in SIZES:
        W_x, (W_h, V_h, V_n) = rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(3, H, H)) / np.sqrt(H)
        x, h_prev = rng.normal(size=(N, D)), rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        b, b_g = rng.normal(size=(2, H)) / 2
        cases.append(Case((rng.normal(size=(N, H)), x, h_prev, W_x, W_h, b, V_h, V_n, b_g), names, batch=N))
    return cases


def _with(**switches):
    """A function, so that it is not looked for in pairs."""
    return functools.partial(judging_family, **switches)


def _only_mix(name):
    return _with(mix_only=(name,))


_MATRIX = ("unit", "unit")

JUDGING_GATE_BACKWARD = Problem(
    name="ps7.judging_gate_backward",
    reference=judging_gate_backward,
    family=judging_family,
    cases=_cases,
    points=5,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={
        "h": ("example", "unit"),
        "dx": ("example", "input"),
        "dh_prev": ("example", "unit"),
        "dW_x": ("unit", "input"),
        "dW_h": _MATRIX,
        "db": ("unit",),
        "dV_h": _MATRIX,
        "dV_n": _MATRIX,
        "db_g": ("unit",),
    },
    mistakes=(
        Mistake("g writes", dict(writes=True), "Your gate writes, as in a highway layer. In the UGRNN it keeps: h_{t−1} is weighed with g.", whole=True),
        Mistake("V_h and V_n exchanged", dict(swap=True), "You use V_n with the old state and V_h with the candidate. Each belongs to what its index names.", whole=True),
        Mistake("gate reads a_n", dict(gate_reads="a"), "Your gate reads the candidate's pre-activation. It reads n, behind the tanh.", whole=True),
        Mistake("gate reads a_n forwards", dict(forwards_a=True), "Forwards your gate reads the candidate's pre-activation; your way back knows that it reads n, behind the tanh.", whole=True),
        Mistake("gate reads x", _with(gate_reads_x=1.0), "Forwards your gate reads x through W_x as well. This gate reads the old state and the candidate.", whole=True),
        Mistake("gate blind for the candidate", dict(look=0.0), "Forwards your gate does not see the candidate: the term with V_n is missing from what goes into its σ.", whole=True),
        Mistake("V_n not transposed forwards", dict(turned_n=True), "Forwards your candidate is multiplied by V_n as it stands, on the right. Weights are (out, in): rows of examples need its transpose.", whole=True),
        Mistake("b_g not seen forwards", dict(b_g_seen=0.0), "Your gate has no bias: b_g is missing from what goes into its σ.", whole=True),
        Mistake("b not seen forwards", dict(b_seen=0.0), "Your candidate has no bias: b is missing from what goes into its tanh.", whole=True),
        Mistake("h the other way round", dict(h_turned=True), "Your h weighs h_{t−1} with 1 − g and the candidate with g. In the UGRNN g keeps; your way back knows it."),
        Mistake("no tanh, no slope", dict(squash=lambda a: a, candidate_slope=lambda n: 1.0), "Your candidate is its bare pre-activation, forwards and back: n is a tanh of it.", whole=True),
        Mistake("no tanh on the candidate", dict(squash=lambda a: a), "Your candidate is its bare pre-activation: n is a tanh of it.", whole=True),
        Mistake("σ on the candidate", dict(squash=sigmoid, candidate_slope=lambda n: n * (1 - n)), "Your candidate goes through σ, forward and back. It is a value of either sign: tanh.", whole=True),
        Mistake("direct path missing", dict(direct="nothing"), "Your dh_{t−1} misses the straight path: h_{t−1} stands in the mix, with no weight and no slope before it."),
        Mistake("direct path with 1 − g", dict(direct="written"), "Your straight path is weighed with 1 − g, the candidate's share. The old state was multiplied by g."),
        Mistake("direct path without its gate", dict(direct="one"), "Your straight path hands on all of dh, as in a residual net. Here h_{t−1} was multiplied by g."),
        Mistake("the gate's look at the candidate forgotten", dict(dn_gate=0.0), "Your candidate gets a gradient from the mix alone, as in (11.2). It is also read by the gate, and gradients of two uses are added."),
        Mistake("candidate's gradient from the gate alone", dict(dn_times="nothing"), "Your candidate gets a gradient from the gate alone. It is also a part of the mix, and gradients of two uses are added."),
        Mistake("gate's part with the wrong sign", dict(dn_gate=-1.0), "What your candidate gets from the gate has the wrong sign: gradients of two uses are added.", whole=True),
        Mistake("V_n transposed on the way back", dict(back_n="V_n.T"), "On the way back from the gate to the candidate V_n is transposed in your answer. Forwards its transpose stood on the right of n; backwards the matrix itself does."),
        Mistake("V_h for V_n on the way back", dict(back_n="V_h"), "From the gate to your candidate you go back through V_h. The gate read the candidate through V_n."),
        Mistake("gate's part without σ'", dict(back_n_slope=False), "What your candidate gets from the gate starts before the slope of its σ: the matrix V_n stands inside it."),
        Mistake("gate's part without tanh'", dict(dn_gate_slope=False), "What your candidate gets from the gate has no tanh' on it. The gate reads n, so its part passes the tanh like the other one.", whole=True),
        Mistake("dn with g", dict(dn_times="kept"), "In the mix your candidate is weighed with g, the old state's share."),
        Mistake("dn without its gate", dict(dn_times="one"), "In the mix your candidate gets all of dh. It was multiplied by its share."),
        Mistake("dg with the wrong sign", dict(dg_sign=-1.0), "Your gradient of g has new minus old. More g is more of the old state.", whole=True),
        Mistake("dg without the candidate", dict(dg_new=0.0), "Your gradient of g has the old state's part only. The gate stands in both shares of the mix."),
        Mistake("dg without the old state", dict(dg_old=0.0), "Your gradient of g has the candidate's part only. The gate also multiplied h_{t−1}."),
        Mistake("dg with a plus", dict(dg_new=-1.0), "In your gradient of g old and new are added. More of one is less of the other."),
        Mistake("gate's way to h missing", dict(gate_path=0.0), "Your dh_{t−1} misses the way through the gate: g reads h_{t−1} through V_h."),
        Mistake("V_h transposed on the way back", dict(back_h="V_h.T"), "In your dh_{t−1} the matrix V_h is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("V_n for V_h on the way back", dict(back_h="V_n"), "From the gate to h_{t−1} you go back through V_n. The gate read h_{t−1} through V_h."),
        Mistake("W_h transposed on the way back", dict(W_turned=True), "In your dh_{t−1} the matrix W_h is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("dh_prev with the mix's part of n", _only_mix("dh_prev"), "Through the candidate your dh_{t−1} gets what the mix sends alone. What the gate sends to the candidate goes on to h_{t−1} as well."),
        Mistake("dx with the mix's part of n", _only_mix("dx"), "Your dx gets what the mix sends to the candidate alone. What the gate sends to the candidate goes on to x as well."),
        Mistake("dW_x with the mix's part of n", _only_mix("dW_x"), "Your dW_x gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("dW_h with the mix's part of n", _only_mix("dW_h"), "Your dW_h gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("db with the mix's part of n", _only_mix("db"), "Your db gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("gate's part twice", dict(doubled=1.0), "Your dh_{t−1} gets the gate's look at the candidate twice, the second time without the tanh's slope. It is in the candidate's gradient already."),
        Mistake("dx through the gate", dict(x_gate=True), "Your dx has what reaches the gate's pre-activation in it, times W_x. x stands in the candidate alone."),
        Mistake("dW_h of the gate", dict(dW_h_of="g"), "Your dW_h is made of the gate's gradient. W_h belongs to the candidate."),
        Mistake("candidate's way to h missing", dict(candidate_path=0.0), "Your dh_{t−1} misses the way through the candidate, which read h_{t−1} through W_h."),
        Mistake("no σ' on the gate", dict(gate_slope=lambda g: 1.0), "The gate's slope is missing on the way from g to its pre-activation."),
        Mistake("tanh' on the gate", dict(gate_slope=lambda g: 1 - g**2), "Your gate has the slope of a tanh. It came out of a σ."),
        Mistake("no tanh' on the candidate", dict(candidate_slope=lambda n: 1.0), "The candidate's slope is missing: everything that reaches n, from the mix and from the gate, passes it on the way to its pre-activation.", whole=True),
        Mistake("1 − n for the slope", _with(candidate_slope=lambda n: 1 - n), "Your candidate has the slope 1 − n. The slope of a tanh with the value n is 1 − n².", whole=True),
        Mistake("slope of the candidate's value", dict(candidate_slope=lambda n: 1 - np.tanh(n) ** 2), "You take tanh' at n. n has been through the tanh already.", whole=True),
        Mistake("dV_n with the old state", dict(dV_n_times="h_prev"), "Your dV_n equals dV_h. V_n was multiplied with the candidate."),
        Mistake("dV_n with the pre-activation", dict(dV_n_times="a"), "Your dV_n uses the candidate's pre-activation. V_n was multiplied with n, behind the tanh."),
        Mistake("dV_h with h_t", _with(dV_h_times="h"), "Your dV_h uses h_t. V_h was multiplied with the state before the step."),
        Mistake("dW_h with h_t", _with(dW_h_alone_times="h"), "Your dW_h uses h_t. W_h was multiplied with the state before the step."),
        Mistake("dV_n of the candidate", _with(dV_n_of="n"), "Your dV_n is made of the candidate's gradient. V_n belongs to the gate."),
        Mistake("dV_h of the candidate", _with(dV_h_of="n"), "Your dV_h is made of the candidate's gradient. V_h belongs to the gate."),
        Mistake("db_g of the candidate", _with(db_g_of="n"), "Your db_g is made of the candidate's gradient. b_g belongs to the gate."),
        Mistake("σ' twice on the way back", _with(back_n_slope="twice"), "What your candidate gets from the gate has the slope of its σ twice."),
        Mistake("recurrent weights with h_t", dict(dW_h_times="h"), "Your dW_h and dV_h use h_t. Both matrices were multiplied with the state before the step.", whole=True),
        Mistake("weights averaged over the batch", dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed.", whole=True),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: matched(args[1], out["dx"], args[3], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input."),
    ),
    hints=(
        "Two values have more than one use here: n is read by the mix and by the gate, h_{t−1} by the mix, by the gate and by the candidate.",
        "Back, the gate comes first: its gradient needs dh alone. Then the candidate, which gets something from the gate. Then h_{t−1}.",
        "da_g = dh ⊙ (h_{t−1} − n) ⊙ g(1 − g) as in (11.2). dn = dh ⊙ (1 − g) + (what the gate sends back through V_n); both parts pass tanh'.",
    ),
)  # fmt: skip
