"""Problem set 7: a UGRNN whose gate has seen both, the old state and the candidate, before it weighs them."""

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
):
    """Forward and back with its parts exchangeable."""
    to_h, to_n = (V_n, V_h) if swap else (V_h, V_n)
    a_n = x @ W_x.T + h_prev @ W_h.T + b
    n = squash(a_n)
    g = sigmoid(h_prev @ to_h.T + (n if gate_reads == "n" else a_n) @ to_n.T + b_g)
    kept, written, sign = (1 - g, g, -1) if writes else (g, 1 - g, 1)
    h = kept * h_prev + written * n

    weigh = {"kept": kept, "written": written, "one": 1.0, "nothing": 0.0}
    da_g = sign * dg_sign * dh * (dg_old * h_prev - dg_new * n) * gate_slope(g)
    to_candidate = dn_gate * da_g @ to_n
    straight = dh * weigh[dn_times]
    da_n = straight * candidate_slope(n)
    da_n = da_n + to_candidate * (candidate_slope(n) if dn_gate_slope and gate_reads == "n" else 1.0)
    dh_prev = dh * weigh[direct] + gate_path * da_g @ to_h + candidate_path * da_n @ W_h
    seen = {"n": n if gate_reads == "n" else a_n, "a": a_n, "h": h, "h_prev": h_prev}
    state = seen[dW_h_times]
    dV_h, dV_n = da_g.T @ state, da_g.T @ seen[dV_n_times]
    if swap:
        dV_h, dV_n = dV_n, dV_h
    sums = da_n.T @ x, da_n.T @ state, da_n.sum(axis=0), dV_h, dV_n, da_g.sum(axis=0)
    return h, da_n @ W_x, dh_prev, *(dW / (len(x) if per_example else 1) for dW in sums)


def _cases(rng):
    names, cases = ("h", "dx", "dh_prev", "dW_x", "dW_h", "db", "dV_h", "dV_n", "db_g"), []
    for N, D, H in SIZES:
        W_x, (W_h, V_h, V_n) = rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(3, H, H)) / np.sqrt(H)
        x, h_prev = rng.normal(size=(N, D)), rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        b, b_g = rng.normal(size=(2, H)) / 2
        cases.append(Case((rng.normal(size=(N, H)), x, h_prev, W_x, W_h, b, V_h, V_n, b_g), names, batch=N))
    return cases


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
        Mistake("σ on the candidate", dict(squash=sigmoid, candidate_slope=lambda n: n * (1 - n)), "Your candidate goes through σ, forward and back. It is a value of either sign: tanh.", whole=True),
        Mistake("direct path missing", dict(direct="nothing"), "Your dh_{t−1} misses the straight path: h_{t−1} stands in the mix, with no weight and no slope before it."),
        Mistake("direct path with 1 − g", dict(direct="written"), "Your straight path is weighed with 1 − g, the candidate's share. The old state was multiplied by g."),
        Mistake("direct path without its gate", dict(direct="one"), "Your straight path hands on all of dh, as in a residual net. Here h_{t−1} was multiplied by g."),
        Mistake("the gate's look at the candidate forgotten", dict(dn_gate=0.0), "Your candidate gets a gradient from the mix alone, as in (11.2). It is also read by the gate, and gradients of two uses are added."),
        Mistake("gate's part without tanh'", dict(dn_gate_slope=False), "What your candidate gets from the gate has no tanh' on it. The gate reads n, so its part passes the tanh like the other one.", whole=True),
        Mistake("dn with g", dict(dn_times="kept"), "In the mix your candidate is weighed with g, the old state's share."),
        Mistake("dn without its gate", dict(dn_times="one"), "In the mix your candidate gets all of dh. It was multiplied by its share."),
        Mistake("dg with the wrong sign", dict(dg_sign=-1.0), "Your gradient of g has new minus old. More g is more of the old state.", whole=True),
        Mistake("dg without the candidate", dict(dg_new=0.0), "Your gradient of g has the old state's part only. The gate stands in both shares of the mix."),
        Mistake("dg without the old state", dict(dg_old=0.0), "Your gradient of g has the candidate's part only. The gate also multiplied h_{t−1}."),
        Mistake("dg with a plus", dict(dg_new=-1.0), "In your gradient of g old and new are added. More of one is less of the other."),
        Mistake("gate's way to h missing", dict(gate_path=0.0), "Your dh_{t−1} misses the way through the gate: g reads h_{t−1} through V_h."),
        Mistake("candidate's way to h missing", dict(candidate_path=0.0), "Your dh_{t−1} misses the way through the candidate, which read h_{t−1} through W_h."),
        Mistake("no σ' on the gate", dict(gate_slope=lambda g: 1.0), "The gate's slope is missing on the way from g to its pre-activation."),
        Mistake("tanh' on the gate", dict(gate_slope=lambda g: 1 - g**2), "Your gate has the slope of a tanh. It came out of a σ."),
        Mistake("no tanh' on the candidate", dict(candidate_slope=lambda n: 1.0), "The candidate's slope is missing: everything that reaches n, from the mix and from the gate, passes it on the way to its pre-activation.", whole=True),
        Mistake("slope of the candidate's value", dict(candidate_slope=lambda n: 1 - np.tanh(n) ** 2), "You take tanh' at n. n has been through the tanh already.", whole=True),
        Mistake("dV_n with the old state", dict(dV_n_times="h_prev"), "Your dV_n equals dV_h. V_n was multiplied with the candidate."),
        Mistake("dV_n with the pre-activation", dict(dV_n_times="a"), "Your dV_n uses the candidate's pre-activation. V_n was multiplied with n, behind the tanh."),
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
