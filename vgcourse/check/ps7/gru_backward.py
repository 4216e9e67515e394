"""Problem set 7: one step of the GRU backwards, in any of its four conventions."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.gru_forward import SIZES, conventions, forward_family, gru_inputs
from vgcourse.check.ps7.lstm_backward import x_and_W_x


def gru_step_backward(dh, x, h_prev, gates, W_x, W_h, b_h):
    """dn = dh ⊙ (1 − z), dz = dh ⊙ (h_{t−1} − n); with m = h_{t−1} W_hnᵀ + b_h: dm = da_n ⊙ r, dr = da_n ⊙ m.

    gates holds r, z, n: (3, N, H). dh_{t−1} = dh ⊙ z + da_r W_hr + da_z W_hz + dm W_hn.
    """
    return backward_family(dh, x, h_prev, gates, W_x, W_h, b_h)


def backward_family(
    dh,
    x,
    h_prev,
    gates,
    W_x,
    W_h,
    b_h,
    *,
    z_writes=False,
    reset="after",
    direct="kept",
    dn_times="written",
    dz_old=1,
    dz_new=1,
    r_path=True,
    gates_path=True,
    candidate_path=True,
    slopes="rzn",
    slope_twice=False,
    m_times_r=True,
    dW_times_r=True,
    db_h_times_r=True,
    dr_times="m",
    order="rzn",
    dW_h_times="h_prev",
    per_example=False,
):
    """One step back with its parts exchangeable."""
    r, z, n = gates
    W_hr, W_hz, W_hn = np.split(W_h, 3)
    keep, write = (1 - z, z) if z_writes else (z, 1 - z)
    at = {"kept": keep, "written": write, "nothing": 0, "one": 1}

    def slope(gate, value):
        if gate not in slopes:
            return 1.0
        if slope_twice:
            value = np.tanh(value) if gate == "n" else sigmoid(value)
        return 1 - value**2 if gate == "n" else value * (1 - value)

    da_n = dh * at[dn_times] * slope("n", n)
    da_z = dh * (dz_old * h_prev - dz_new * n) * (-1 if z_writes else 1) * slope("z", z)
    state = h_prev if dW_h_times == "h_prev" else keep * h_prev + write * n
    if reset == "after":
        m = {"m": h_prev @ W_hn.T + b_h, "m without b_h": h_prev @ W_hn.T, "h_prev": h_prev}[dr_times]
        dr = da_n * m
        back = (da_n * r if m_times_r else da_n) @ W_hn
        dW_hn, db_h = (da_n * r if dW_times_r else da_n).T @ state, da_n * r if db_h_times_r else da_n
    else:
        ds = da_n @ W_hn
        dr = (da_n if dr_times == "h_prev" else ds) * h_prev
        back = ds * r if m_times_r else ds
        dW_hn, db_h = da_n.T @ (r * state if dW_times_r else state), da_n
    da_r = dr * slope("r", r) if r_path else 0 * dr
    dh_prev = (
        dh * at[direct] + (da_r @ W_hr + da_z @ W_hz if gates_path else 0) + (back if candidate_path else 0)
    )
    by_gate = {"r": da_r, "z": da_z, "n": da_n}
    da = np.concatenate([by_gate[gate] for gate in order], axis=1)
    dW_h = {"r": da_r.T @ state, "z": da_z.T @ state, "n": dW_hn}
    share = len(x) if per_example else 1
    weights = da.T @ x, np.concatenate([dW_h[gate] for gate in order]), da.sum(axis=0), db_h.sum(axis=0)
    return da @ W_x, dh_prev, *(dW / share for dW in weights)


def _backward_cases(rng):
    cases, names = [], ("dx", "dh_prev", "dW_x", "dW_h", "db", "db_h")
    for sizes in SIZES:
        x, h_prev, W_x, W_h, b, b_h = gru_inputs(rng, *sizes)
        gates = np.stack(forward_family(x, h_prev, W_x, W_h, b, b_h)[1:])
        dh = rng.normal(size=h_prev.shape)
        cases.append(Case((dh, x, h_prev, gates, W_x, W_h, b_h), names, batch=sizes[0]))
    return cases


GRU_STEP_BACKWARD = Problem(
    name="ps7.gru_step_backward",
    reference=gru_step_backward,
    family=backward_family,
    cases=_backward_cases,
    conventions=conventions(),
    points=5,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={
        "dx": ("example", "input"),
        "dh_prev": ("example", "unit"),
        "dW_x": ("gate rzn", "input"),
        "dW_h": ("gate rzn", "unit"),
        "db": ("gate rzn",),
        "db_h": ("unit",),
    },
    mistakes=(
        Mistake("direct path missing", dict(direct="nothing"), "Your dh_{t−1} misses the straight path. h_t contains keep ⊙ h_{t−1} (keep is z, or 1 − z where z writes), so dh ⊙ keep is added, with no weight and no slope: it is what keeps the gradient alive."),
        Mistake("direct path with 1 − z", dict(direct="written"), "Your straight path is multiplied by the other weight of the mix. What multiplied h_{t−1} on the way forwards multiplies dh on this path, and one minus it goes to dn."),
        Mistake("direct path without its gate", dict(direct="one"), "Your straight path hands on all of dh. h_{t−1} was multiplied by what is kept of it (z, or 1 − z where z writes), and so is dh."),
        Mistake("dn with the gate that keeps", dict(dn_times="kept"), "Your dn is dh times the weight of the old state. The candidate was multiplied by one minus that weight."),
        Mistake("dn without its gate", dict(dn_times="one"), "Your dn is dh. The candidate was multiplied in the mix, by one minus what is kept of the old state, and dh has to be too."),
        Mistake("dz without the candidate", dict(dz_new=0), "Your dz has only the part of the old state. z stands in both parts of the mix: it also acts on n, with the opposite sign."),
        Mistake("dz without the old state", dict(dz_old=0), "Your dz has only the part of the candidate. z stands in both parts of the mix: it also acts on h_{t−1}, with the opposite sign."),
        Mistake("dz with a plus", dict(dz_new=-1), "You add h_{t−1} and n in dz. More of one is less of the other: dz is dh times their difference."),
        Mistake("reset path missing", dict(r_path=False), "Nothing goes back through the reset gate: its rows of dW_x, dW_h and db are zero. r multiplied the old state inside the candidate, so da_n sends a gradient to r by the product rule, and σ' to a_r."),
        Mistake("dr without the weights", dict(dr_times="h_prev"), "Your dr is da_n ⊙ h_{t−1}. Between the old state and a_n stands W_hn. Reset after the product, r multiplied m = h_{t−1} W_hnᵀ + b_h and dr = da_n ⊙ m; reset before, dr = (da_n W_hn) ⊙ h_{t−1}."),
        Mistake("dr without b_h", dict(dr_times="m without b_h"), "Your dr leaves out b_h. The reset gate multiplied the whole of m = h_{t−1} W_hnᵀ + b_h."),
        Mistake("r missing on the way back", dict(m_times_r=False), "Your dh_{t−1} through the candidate misses r. On the way forwards the reset gate scaled what the candidate saw of h_{t−1}; it scales the gradient too."),
        Mistake("dm without r", dict(m_times_r=False, dW_times_r=False, db_h_times_r=False), "Your gradients behind the reset gate miss r. With m = h_{t−1} W_hnᵀ + b_h the gate multiplied m, so dm = da_n ⊙ r is what goes on to h_{t−1}, W_hn and b_h (reset before the product, r stands beside h_{t−1} instead)."),
        Mistake("dW_hn without r", dict(dW_times_r=False), "The candidate's block of your dW_h is da_nᵀ h_{t−1}. The reset gate acted beside W_hn, so r belongs in it: reset after the product, dm = da_n ⊙ r takes the place of da_n; reset before, r ⊙ h_{t−1} that of h_{t−1}."),
        Mistake("db_h without r", dict(db_h_times_r=False), "Your db_h equals the candidate's block of db. b_h is under the reset gate: Σ da_n ⊙ r over the batch."),
        Mistake("dh_prev without the gates", dict(gates_path=False), "Your dh_{t−1} misses the ways through r and z. Both gates read h_{t−1}: add da_r W_hr + da_z W_hz."),
        Mistake("dh_prev without the candidate", dict(candidate_path=False), "Your dh_{t−1} misses the way through the candidate. n read h_{t−1} through W_hn and the reset gate."),
        Mistake("no σ' on the update gate", dict(slopes="rn"), "The slope of z is missing: da_z = dz ⊙ z ⊙ (1 − z)."),
        Mistake("no σ' on the reset gate", dict(slopes="zn"), "The slope of r is missing: da_r = dr ⊙ r ⊙ (1 − r)."),
        Mistake("no tanh' on the candidate", dict(slopes="rz"), "The candidate's slope is missing: da_n = dn ⊙ (1 − n²), and everything behind n uses da_n."),
        Mistake("slope of the gate's value", dict(slope_twice=True), "You take σ' (and tanh') at the gates' values. r, z, n have been through σ and tanh already, so their slopes are r(1 − r), z(1 − z) and 1 − n²."),
        Mistake("blocks stacked z, r, n", dict(order="zrn"), "You stack the blocks in the order z, r, n. The rows of W_x, W_h and b are in the order r, z, n."),
        Mistake("gates read as z, r, n", lambda *args: backward_family(*args[:3], args[3][[1, 0, 2]], *args[4:]), "You unpack gates as z, r, n. It holds r, z, n: the reset gate is the first."),
        Mistake("dW_h with h_t", dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step, h_{t−1}."),
        Mistake("weights averaged over the batch", dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed."),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: x_and_W_x(args[1], out["dx"], args[4], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input, in any convention. Check that both use the same da, in the same order."),
    ),
    hints=(
        "h_{t−1} is used in four places: straight in the mix, by r, by z, and by the candidate under the reset gate. dh_{t−1} is a sum of four terms.",
        "Split W_h into W_hr, W_hz, W_hn, each (H, H). Write m = h_{t−1} W_hnᵀ + b_h, so that a_n = … + r ⊙ m: dm and dr follow from da_n by the product rule.",
        "da_n = dh ⊙ (1 − z) ⊙ (1 − n²), da_z = dh ⊙ (h_{t−1} − n) ⊙ z(1 − z). dW_h has three blocks: da_rᵀ h_{t−1}, da_zᵀ h_{t−1} and the one of dm; db_h = Σ dm.",
    ),
)  # fmt: skip
