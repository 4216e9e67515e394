"""Problem set 7: the UGRNN's step backwards, and the one formula behind all gated models."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.lstm_backward import x_and_W_x
from vgcourse.check.ps7.lstm_forward import apart

# --- ugrnn_step_backward ---------------------------------------------------------------------------


def ugrnn_step_backward(dh, x, h_prev, gates, W_x, W_h):
    """dr = dh ⊙ (1 − g), dg = dh ⊙ (h_{t−1} − r); dh_{t−1} = dh ⊙ g + da W_h, of h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r.

    gates holds r (the candidate, a tanh) and g (the gate): (2, N, H); the rows of the weights likewise.
    """
    return ugrnn_family(dh, x, h_prev, gates, W_x, W_h)


def ugrnn_family(
    dh,
    x,
    h_prev,
    gates,
    W_x,
    W_h,
    *,
    direct="g",
    dr_times="1 − g",
    dg_old=1,
    dg_new=1,
    sign=1,
    through_a=True,
    candidate_slope=lambda r: 1 - r**2,
    gate_slope=lambda g: g * (1 - g),
    order="rg",
    dW_h_times="h_prev",
    per_example=False,
):
    """One step back with its parts exchangeable."""
    r, g = gates
    at = {"g": g, "1 − g": 1 - g, "nothing": 0, "one": 1, "h_prev": h_prev, "h": g * h_prev + (1 - g) * r}
    da_r = dh * at[dr_times] * candidate_slope(r)
    da_g = sign * dh * (dg_old * h_prev - dg_new * r) * gate_slope(g)
    da = np.concatenate([da_r, da_g] if order == "rg" else [da_g, da_r], axis=1)
    dh_prev = dh * at[direct] + (da @ W_h if through_a else 0)
    share = len(x) if per_example else 1
    return da @ W_x, dh_prev, *(dW / share for dW in (da.T @ x, da.T @ at[dW_h_times], da.sum(axis=0)))


def _cases(rng):
    cases, names = [], ("dx", "dh_prev", "dW_x", "dW_h", "db")
    for N, D, H in ((3, 5, 2), (3, 3, 3), (1, 2, 4)):  # the square one lets wrong products run
        W_x, W_h = rng.normal(size=(2 * H, D)) / np.sqrt(D), rng.normal(size=(2 * H, H)) / np.sqrt(H)
        x, h_prev = rng.normal(size=(N, D)), rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        a_r, a_g = np.split(x @ W_x.T + h_prev @ W_h.T + rng.normal(size=2 * H) / 2, 2, axis=1)
        gates = np.stack([np.tanh(a_r), sigmoid(a_g)])
        cases.append(Case((rng.normal(size=(N, H)), x, h_prev, gates, W_x, W_h), names, batch=N))
    return cases


def _state_residual(args, out):
    dh, _, h_prev, (_, g), _, W_h = args
    return x_and_W_x(h_prev, out["dh_prev"] - dh * g, W_h, out["dW_h"])


UGRNN_STEP_BACKWARD = Problem(
    name="ps7.ugrnn_step_backward",
    reference=ugrnn_step_backward,
    family=ugrnn_family,
    cases=_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={
        "dx": ("example", "input"),
        "dh_prev": ("example", "unit"),
        "dW_x": ("gate rg", "input"),
        "dW_h": ("gate rg", "unit"),
        "db": ("gate rg",),
    },
    mistakes=(
        Mistake("direct path missing", dict(direct="nothing"), "Your dh_{t−1} misses the straight path: h_t contains g ⊙ h_{t−1}, so dh ⊙ g is added, with no weight and no slope."),
        Mistake("direct path with 1 − g", dict(direct="1 − g"), "Your straight path is dh ⊙ (1 − g). The old state was multiplied by g: g near 1 keeps it, and keeps its gradient."),
        Mistake("direct path without its gate", dict(direct="one"), "Your straight path hands on all of dh, as in a residual net. Here h_{t−1} was multiplied by g: dh ⊙ g."),
        Mistake("only the direct path", dict(through_a=False), "Your dh_{t−1} is dh ⊙ g alone. Candidate and gate read h_{t−1} too, through W_h: add da W_h."),
        Mistake("dr with g", dict(dr_times="g"), "Your dr is dh ⊙ g. The candidate was multiplied by 1 − g."),
        Mistake("dr without its gate", dict(dr_times="one"), "Your dr is dh. The candidate was multiplied by 1 − g in the mix, and dh has to be too."),
        Mistake("g writes", dict(direct="1 − g", dr_times="g", sign=-1), "You let g write: h_t = (1 − g) ⊙ h_{t−1} + g ⊙ r, as in a highway layer. Here g keeps the old state, so g and 1 − g change places everywhere."),
        Mistake("dg without the candidate", dict(dg_new=0), "Your dg is dh ⊙ h_{t−1}. The gate stands in both parts of the mix, g ⊙ h_{t−1} + (1 − g) ⊙ r, so r appears in dg as well, with a minus."),
        Mistake("dg without the old state", dict(dg_old=0), "Your dg has only the part of the candidate. The gate also multiplied h_{t−1}, with a plus."),
        Mistake("dg with the wrong sign", dict(sign=-1), "Your dg is dh ⊙ (r − h_{t−1}). More g means more of the old state and less of the new one: dh ⊙ (h_{t−1} − r)."),
        Mistake("dg with a plus", dict(dg_new=-1), "You add h_{t−1} and r in dg. More of one is less of the other: dg is dh times their difference."),
        Mistake("no σ' on the gate", dict(gate_slope=lambda g: 1.0), "The gate's slope is missing: da_g = dg ⊙ g ⊙ (1 − g)."),
        Mistake("tanh' on the gate", dict(gate_slope=lambda g: 1 - g**2), "You give the gate the slope 1 − g². It came out of a σ: g(1 − g)."),
        Mistake("no tanh' on the candidate", dict(candidate_slope=lambda r: 1.0), "The candidate's slope is missing: da_r = dr ⊙ (1 − r²)."),
        Mistake("slopes of the values", dict(candidate_slope=lambda r: 1 - np.tanh(r) ** 2, gate_slope=lambda g: sigmoid(g) * sigmoid(-g)), "You take tanh' and σ' at r and g. These have been through tanh and σ already: their slopes are 1 − r² and g(1 − g)."),
        Mistake("blocks stacked g, r", dict(order="gr"), "You stack the gate's da first. The rows of W_x, W_h and b start with the candidate: r, g."),
        Mistake("gates read as g, r", lambda *args: ugrnn_family(*args[:3], args[3][::-1], *args[4:]), "You unpack gates as g, r. It holds r, the candidate, first and g, the gate, second."),
        Mistake("dW_h with h_t", dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step: daᵀ h_{t−1}."),
        Mistake("weights averaged over the batch", dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed."),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: x_and_W_x(args[1], out["dx"], args[4], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input. Check that both use the same da, in the same order."),
        Invariant("dh_prev and dW_h of one da", _state_residual, "Your dh_prev and dW_h do not belong together. Without its straight part dh ⊙ g, dh_prev comes from the product h_{t−1} W_hᵀ alone, so Σ h_{t−1} ⊙ (dh_prev − dh ⊙ g) equals Σ W_h ⊙ dW_h for every unit."),
    ),
    hints=(
        "h_{t−1} is used three times: straight in the mix, by the candidate, by the gate. Its gradient is a sum of three terms.",
        "dr and dg come from the product rule on g ⊙ h_{t−1} + (1 − g) ⊙ r, and have shape (N, H). Then da = (da_r, da_g) side by side, (N, 2H), and the weights follow as in any layer.",
        "da_r = dh ⊙ (1 − g) ⊙ (1 − r²). da_g starts with dh ⊙ (h_{t−1} − r). dh_{t−1} is da W_h plus what went straight.",
    ),
)  # fmt: skip


# --- unified_cell ----------------------------------------------------------------------------------

BLOCKS = {"residual": 1, "highway": 2, "ugrnn": 2, "gru": 3, "lstm": 4}


def unified_cell(name, a, old):
    """new = carry ⊙ old + write ⊙ candidate. Returns carry, write, candidate and new, (N, H) each.

    `a` (N, kH) holds the pre-activations of the model side by side; r of the GRU is already in a_n:
    residual: a · highway: c, g · ugrnn: r, g · gru: r, z, n · lstm: i, f, g, o, and old is c_{t−1}.
    Every candidate is a tanh, every gate a σ.
    """
    return unified_family(name, a, old)


def unified_family(name, a, old, **wrong):
    """The table; `wrong` holds another function of the blocks for a model, or of (carry, write, …) for "all"."""
    blocks = np.split(a, BLOCKS[name], axis=1)
    one = np.ones_like(old)
    table = {
        "residual": lambda a: (one, one, np.tanh(a)),
        "highway": lambda c, g: (1 - sigmoid(g), sigmoid(g), np.tanh(c)),
        "ugrnn": lambda r, g: (sigmoid(g), 1 - sigmoid(g), np.tanh(r)),
        "gru": lambda r, z, n: (sigmoid(z), 1 - sigmoid(z), np.tanh(n)),
        "lstm": lambda i, f, g, o: (sigmoid(f), sigmoid(i), np.tanh(g)),
    } | wrong
    carry, write, candidate = table[name](*blocks)
    carry, write = carry * one, write * one
    if "all" in wrong:
        carry, write, candidate = wrong["all"](carry, write, candidate)
    return carry, write, candidate, carry * old + write * candidate


def _unified_cases(rng):
    N, H, cases = 3, 4, []
    for name, count in BLOCKS.items():
        a, old = rng.normal(size=(N, count * H)), rng.uniform(0.3, 1.5, (N, H)) * rng.choice([-1, 1], (N, H))
        parts = tuple(f"{part} of {name}" for part in ("carry", "write", "candidate", "new"))
        cases.append(Case((name, a, old), parts, batch=N))
    return cases


def _mix_residual(args, out):
    carry, write, candidate, new = out.values()
    return apart(new, carry * args[2] + write * candidate)


def _shares_residual(args, out):
    carry, write, *_ = out.values()
    return apart(carry + write, np.ones_like(carry)) if args[0] in ("highway", "ugrnn", "gru") else 0.0


def _lstm_shows(name, a, old):
    *parts, new = unified_cell(name, a, old)
    return *parts, sigmoid(a[:, -old.shape[1] :]) * np.tanh(new) if name == "lstm" else new


UNIFIED_CELL = Problem(
    name="ps7.unified_cell",
    reference=unified_cell,
    family=unified_family,
    cases=_unified_cases,
    points=4,
    lecture='lecture 11, "GRU and UGRNN"',
    mistakes=(
        Mistake("lstm: i and f exchanged", dict(lstm=lambda i, f, g, o: (sigmoid(i), sigmoid(f), np.tanh(g))), "Your LSTM carries with i and writes with f. The blocks are i, f, g, o, and the forget gate, the second, is the one that keeps."),
        Mistake("lstm: 1 − f writes", dict(lstm=lambda i, f, g, o: (sigmoid(f), 1 - sigmoid(f), np.tanh(g))), "Your LSTM writes with 1 − f. That is the GRU's economy; the LSTM has a gate of its own for writing, i, and f + i need not be 1."),
        Mistake("lstm: candidate from o", dict(lstm=lambda i, f, g, o: (sigmoid(f), sigmoid(i), np.tanh(o))), "Your LSTM's candidate is the fourth block. The blocks are i, f, g, o: the candidate is g, the third; o only shows the result."),
        Mistake("lstm: σ on the candidate", dict(lstm=lambda i, f, g, o: (sigmoid(f), sigmoid(i), sigmoid(g))), "Your LSTM's candidate goes through σ. Values get a tanh, gates a σ."),
        Mistake("lstm: h for the memory", _lstm_shows, "For the LSTM you return o ⊙ tanh(c_t). The state that is carried and written is the memory: new is c_t itself, and o has no part in it."),
        Mistake("highway: roles exchanged", dict(highway=lambda c, g: (sigmoid(g), 1 - sigmoid(g), np.tanh(c))), "In a highway layer the gate lets the new value in: it writes, and 1 − g carries. You have them the other way round, as in the UGRNN."),
        Mistake("highway: blocks exchanged", dict(highway=lambda c, g: (1 - sigmoid(c), sigmoid(c), np.tanh(g))), "You read the highway layer's gate from the first block. Its blocks are the candidate c, then the gate g."),
        Mistake("ugrnn: roles exchanged", dict(ugrnn=lambda r, g: (1 - sigmoid(g), sigmoid(g), np.tanh(r))), "In the UGRNN the gate keeps: carry is g and 1 − g writes. You have them the other way round, as in a highway layer."),
        Mistake("ugrnn: blocks exchanged", dict(ugrnn=lambda r, g: (sigmoid(r), 1 - sigmoid(r), np.tanh(g))), "You read the UGRNN's gate from the first block. Its blocks are the candidate r, then the gate g."),
        Mistake("gru: roles exchanged", dict(gru=lambda r, z, n: (1 - sigmoid(z), sigmoid(z), np.tanh(n))), "In this table z keeps, as in torch: carry is z and 1 − z writes. You have them the other way round."),
        Mistake("gru: reset gate for z", dict(gru=lambda r, z, n: (sigmoid(r), 1 - sigmoid(r), np.tanh(n))), "Your GRU mixes with its first block, which is the reset gate r. The one that mixes is z, the second."),
        Mistake("gru: reset once more", dict(gru=lambda r, z, n: (sigmoid(z), 1 - sigmoid(z), np.tanh(sigmoid(r) * n))), "You multiply the GRU's a_n by the reset gate. That has been done already where a_n was made: here the candidate is tanh(a_n)."),
        Mistake("residual: nothing carried", dict(residual=lambda a: (0, 1, np.tanh(a))), "Your residual step does not carry. Its state passes whole, carry = 1, and the plain net's step is added to it."),
        Mistake("residual: carry and write share", dict(residual=lambda a: (0.5, 0.5, np.tanh(a))), "Your residual step takes the mean of old and new. There is no gate and no sharing: carry and write are both 1."),
        Mistake("write is 1 − carry everywhere", dict(all=lambda carry, write, candidate: (carry, 1 - carry, candidate)), "You write with 1 − carry in every model. That holds where one gate does both jobs. The residual step writes with 1, and the LSTM has a gate of its own."),
        Mistake("no tanh on the candidates", dict(all=lambda carry, write, candidate: (carry, write, np.arctanh(candidate))), "Your candidates are bare pre-activations. In every model of the table the candidate is the tanh of its block."),
    ),
    invariants=(
        Invariant("new from its parts", _mix_residual, "One of your new states is not carry ⊙ old + write ⊙ candidate of the three that you return with it. That line is the same for all five models: write it once, after the table."),
        Invariant("one gate shares", _shares_residual, "In the highway layer, the UGRNN and the GRU one gate does both jobs, so carry + write has to be 1. One of yours is not."),
    ),
    hints=(
        "Look at each model's last line and ask: what is multiplied with the old state, and what with the new value? That is carry and write.",
        "All four results have shape (N, H), also where a factor is 1: np.ones_like(old). np.split(a, k, axis=1) gives the blocks.",
        "One gate with two jobs: highway carries with 1 − g, ugrnn with g, gru with z, and the rest writes. For the residual step both are 1. The LSTM has two gates, f for the old memory and …",
    ),
)  # fmt: skip
