"""Problem set 7: one step of the LSTM with peepholes, backwards: the exercise left to the reader."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps7.lstm_forward import apart, forward_family, lstm_inputs

NAMES = ("dx", "dh_prev", "dc_prev", "dW_x", "dW_h", "db", "dp_i", "dp_f", "dp_o")
AXES = {
    "dW_x": ("gate ifgo", "input"),
    "dW_h": ("gate ifgo", "unit"),
    "db": ("gate ifgo",),
    "dp_i": ("unit",),
    "dp_f": ("unit",),
    "dp_o": ("unit",),
}


def lstm_step_backward(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    """dc += dh ⊙ o ⊙ tanh'(c_t) + da_o ⊙ p_o, then dc_{t−1} = dc ⊙ f + da_i ⊙ p_i + da_f ⊙ p_f.

    gates holds i, f, g, o: (4, N, H). dc is what comes from the loss and from step t + 1.
    """
    return step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o)


def step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o, **switches):
    """One step back with its parts exchangeable: the switches of the three functions below."""
    local = local_factors(gates, c_prev, c, **switches)
    das, da, dc_prev = signals(dh, dc, local, p_i, p_f, p_o, **switches)
    h = gates[3] * np.tanh(c)
    return da @ W_x, da @ W_h, dc_prev, *weights(das, da, len(x), x, h_prev, h, c_prev, c, **switches)


def local_factors(
    gates,
    c_prev,
    c,
    *,
    through_h=True,
    tanh_of_c=np.tanh,
    tanh_slope=lambda c: 1 - np.tanh(c) ** 2,
    slopes="ifgo",
    slope_twice=False,
    candidate_slope=lambda g: 1 - g**2,
    di_times="g",
    df_times="c_prev",
    dg_times="i",
    carry="f",
    **_,
):
    """What dh is multiplied by towards o and c_t, and dc towards i, f, g, c_{t−1}; of one step or all."""
    i, f, g, o = np.moveaxis(gates, -3, 0)
    at = {"i": i, "f": f, "g": g, "o": o, "c": c, "c_prev": c_prev, "1": np.ones_like(c)}

    def slope(gate):
        value = at[gate]
        if gate not in slopes:
            return 1.0
        if slope_twice:
            value = np.tanh(value) if gate == "g" else sigmoid(value)
        return candidate_slope(value) if gate == "g" else value * (1 - value)

    to_c = o * (tanh_slope(c) if through_h else 0)
    by_dc = at[di_times] * slope("i"), at[df_times] * slope("f"), at[dg_times] * slope("g")
    return tanh_of_c(c) * slope("o"), to_c, *by_dc, at[carry]


def signals(
    dh,
    dc,
    local,
    p_i,
    p_f,
    p_o,
    *,
    incoming=True,
    carry_whole=True,
    peep_o=True,
    peep_if=True,
    order="ifgo",
    **_,
):
    """The four da's, the same side by side, and dc_{t−1}."""
    to_o, to_c, to_i, to_f, to_g, kept = local
    came = dc if incoming else 0 * dc
    da_o = dh * to_o
    dc = came + dh * to_c + (da_o * p_o if peep_o is True else 0)
    das = {"i": dc * to_i, "f": dc * to_f, "g": dc * to_g, "o": da_o}
    dc_prev = (dc if carry_whole else came) * kept
    if peep_if:
        dc_prev = dc_prev + das["i"] * p_i + das["f"] * p_f
    if peep_o == "looks at c_prev":
        dc_prev = dc_prev + da_o * p_o
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
    dp_if_times="c_prev",
    dp_o_times="c",
    per_example=False,
    **_,
):
    """dW_x, dW_h, db, dp_i, dp_f, dp_o, summed over the rows; `per_example` divides by N."""
    at = {"h_prev": h_prev, "h": h, "c_prev": c_prev, "c": c, "nothing": 1.0}
    peeps = das["i"] * at[dp_if_times], das["f"] * at[dp_if_times], das["o"] * at[dp_o_times]
    sums = da.T @ x, da.T @ at[dW_h_times], da.sum(axis=0), *(dp.sum(axis=0) for dp in peeps)
    return [dW / N for dW in sums] if per_example else sums


def _o_peephole_twice(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o):
    dx, dh_prev, dc_prev, *sums = step_family(dh, dc, x, h_prev, c_prev, gates, c, W_x, W_h, p_i, p_f, p_o)
    o = gates[3]
    return dx, dh_prev, dc_prev + dh * np.tanh(c) * o * (1 - o) * p_o, *sums


def _cases(rng):
    cases = []
    for N, D, H in ((3, 5, 2), (3, 3, 3), (1, 2, 4)):  # N, D, H; the square one lets wrong products run
        x, h_prev, c_prev, W_x, W_h, b, *p = lstm_inputs(rng, N, D, H)
        _, c, *gates = forward_family(x, h_prev, c_prev, W_x, W_h, b, *p)
        dh, dc = rng.normal(size=(2, N, H))
        cases.append(Case((dh, dc, x, h_prev, c_prev, np.stack(gates), c, W_x, W_h, *p), NAMES, batch=N))
    return cases


# One dict of switches and one sentence for each; the whole sequence, where they happen too, takes a part.
SHARED = {
    "no tanh'(c)": (dict(tanh_slope=lambda c: 1.0), "On the way from h_t to c_t the factor tanh'(c_t) is missing: h_t = o ⊙ tanh(c_t), so dh ⊙ o still has to be multiplied by it."),
    "1 − c² for 1 − tanh²(c)": (dict(tanh_slope=lambda c: 1 - c**2), "You use 1 − c_t² as the slope of the tanh. That form needs the tanh's value: tanh'(c) = 1 − tanh²(c), and c is what goes in."),
    "output peephole's path dropped": (dict(peep_o=False), "Your dc misses the way through the output gate's peephole. o looks at c_t, so da_o ⊙ p_o is added to dc_t before the other gates use it."),
    "output peephole fed c_{t−1}": (dict(peep_o="looks at c_prev", dp_o_times="c_prev"), "You treat the output gate's peephole as if it looked at c_{t−1}. o decides after the memory is written: da_o ⊙ p_o belongs to dc_t, before the other gates use it, and dp_o is made with c_t."),
    "input and forget peepholes' paths dropped": (dict(peep_if=False), "Your dc_{t−1} misses the ways through the peepholes of i and f. Both looked at c_{t−1}, so da_i ⊙ p_i and da_f ⊙ p_f are added to dc ⊙ f."),
    "dc_prev times i": (dict(carry="i"), "Your carry is dc ⊙ i. The old memory was multiplied by the forget gate, c_t = f ⊙ c_{t−1} + i ⊙ g, so going back it is f again."),
    "dc_prev without f": (dict(carry="1"), "Your dc passes to c_{t−1} whole. It was multiplied by the forget gate on the way forwards, and is on the way back: dc ⊙ f."),
    "df with c_t": (dict(df_times="c"), "Your df is dc ⊙ c_t. The forget gate multiplied the old memory, so its partner in the product rule is c_{t−1}."),
    "di with c_{t−1}": (dict(di_times="c_prev"), "Your di is dc ⊙ c_{t−1}. The input gate multiplied the candidate, so its partner in the product rule is g; c_{t−1} belongs to the forget gate."),
    "i + g for i ⊙ g": (dict(di_times="1", dg_times="1"), "You have di = dg = dc, as if i and g were added. They are multiplied, so each gets dc times the other: di = dc ⊙ g, dg = dc ⊙ i."),
    "no σ' on the forget gate": (dict(slopes="igo"), "The forget gate's slope is missing: da_f = df ⊙ f ⊙ (1 − f). f came out of a σ."),
    "no σ' on any gate": (dict(slopes="g"), "The slopes of the three gates are missing. Each came out of a σ, so da = dgate ⊙ gate ⊙ (1 − gate) for i, f and o."),
    "slope of the gate's value": (dict(slope_twice=True), "You take σ' (and tanh') at the gates' values. i, f, o, g have been through σ and tanh already, so their slopes are i(1 − i), f(1 − f), o(1 − o) and 1 − g²."),
    "gates stacked i, f, o, g": (dict(order="ifog"), "You stack the da's in the order i, f, o, g. The rows of W_x, W_h and b are in the order i, f, g, o."),
    "dW_h with h_t": (dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step: dW_h = daᵀ h_{t−1}."),
    "dp_o with c_{t−1}": (dict(dp_o_times="c_prev"), "Your dp_o uses c_{t−1}. The output gate's peephole looked at the new memory, so its gradient is Σ da_o ⊙ c_t over the batch."),
    "dp_i and dp_f with c_t": (dict(dp_if_times="c"), "Your dp_i and dp_f use c_t. These two gates looked at the old memory, so it is Σ da_i ⊙ c_{t−1}, and the same for f."),
    "weights averaged over the batch": (dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh and dc; here the batch is summed."),
}  # fmt: skip


def x_and_W_x(x, dx, W_x, dW_x):
    """Σ x ⊙ dx and Σ W_x ⊙ dW_x, input by input, are both Σ da ⊙ (x W_xᵀ)."""
    a, b = (x * dx).reshape(-1, x.shape[-1]), W_x * dW_x
    return float(np.abs(a.sum(axis=0) - b.sum(axis=0)).max() / (np.abs(a).sum() + np.abs(b).sum() + 1e-300))


def _input_residual(args, out):
    return x_and_W_x(args[2], out["dx"], args[7], out["dW_x"])


def _state_residual(args, out):
    return x_and_W_x(args[3], out["dh_prev"], args[8], out["dW_h"])


def _bias_residual(args, out):
    return apart(out["dW_x"], np.outer(out["db"], args[2])) if len(args[2]) == 1 else 0.0


LSTM_STEP_BACKWARD = Problem(
    name="ps7.lstm_step_backward",
    reference=lstm_step_backward,
    family=step_family,
    cases=_cases,
    points=6,
    lecture='lecture 10, "LSTM"',
    axes=AXES | {name: ("example", "unit") for name in NAMES[1:3]} | {"dx": ("example", "input")},
    mistakes=(
        Mistake("incoming dc ignored", dict(incoming=False), "Your dc starts from nothing. The argument dc is what step t + 1 sends back along the memory; the part through h_t is added to it."),
        Mistake("dc without the part through h", dict(through_h=False), "Your dc holds only what came in (and the peephole). c_t also acts through h_t = o ⊙ tanh(c_t): add dh ⊙ o ⊙ tanh'(c_t)."),
        Mistake("carry before dc was whole", dict(carry_whole=False), "You multiply by f too early: dc_{t−1} uses the dc that came in. First add the parts through h_t and the output peephole, then dc ⊙ f."),
        *(Mistake(name, *entry) for name, entry in SHARED.items()),
        Mistake("do without tanh", dict(tanh_of_c=lambda c: c), "Your do is dh ⊙ c_t. The output gate multiplied tanh(c_t), so that is its partner in the product rule."),
        Mistake("gates read as i, f, o, g", lambda *args: step_family(*args[:5], args[5][[0, 1, 3, 2]], *args[6:]), "You unpack gates as i, f, o, g. It holds i, f, g, o: the candidate is the third."),
        Mistake("dh and dc exchanged", lambda dh, dc, *rest: step_family(dc, dh, *rest), "You use dh as the gradient by c_t and dc as that by h_t. dh comes first: it goes through o ⊙ tanh(c_t)."),
        Mistake("output peephole in dc_prev too", _o_peephole_twice, "You add da_o ⊙ p_o to dc_{t−1}. The output gate looks at c_t, so this term belongs to dc, and through dc ⊙ f it gets back by itself."),
        Mistake("partners of i and g exchanged", dict(di_times="i", dg_times="g"), "You have di = dc ⊙ i and dg = dc ⊙ g. In a product each factor gets the other one: di = dc ⊙ g, dg = dc ⊙ i."),
        Mistake("no σ' on the input gate", dict(slopes="fgo"), "The input gate's slope is missing: da_i = di ⊙ i ⊙ (1 − i). i came out of a σ."),
        Mistake("no σ' on the output gate", dict(slopes="ifg"), "The output gate's slope is missing: da_o = do ⊙ o ⊙ (1 − o). It also enters dc, through the peephole."),
        Mistake("no tanh' on the candidate", dict(slopes="ifo"), "The candidate's slope is missing: g = tanh(a_g), so da_g = dg ⊙ (1 − g²)."),
        Mistake("σ' on the candidate", dict(candidate_slope=lambda g: g * (1 - g)), "You give the candidate the slope g(1 − g). It came out of a tanh, not a σ: its slope is 1 − g²."),
        Mistake("peephole gradients without the memory", dict(dp_if_times="nothing", dp_o_times="nothing"), "Your peephole gradients are those of the biases, Σ da. A peephole weight is multiplied by the memory, so each da is too, before the sum over the batch."),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", _input_residual, "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input, whatever the gates do. Check that both use the same da, in the same order."),
        Invariant("dh_prev and dW_h of one da", _state_residual, "Your dh_prev and dW_h do not belong together. h_{t−1} and W_h meet in one product only, so Σ h_{t−1} ⊙ dh_{t−1} equals Σ W_h ⊙ dW_h for every unit. Check that both use the same da, and dW_h the state before the step."),
        Invariant("db and dW_x of one da", _bias_residual, "Your db and dW_x do not belong together. In a batch of one, db is da itself and dW_x is the outer product of da and x."),
    ),
    hints=(
        "Go through the forward lines from the last to the first. Every time c_t was used (in h_t, in o's peephole, by step t + 1), its gradient gets one more part; only when dc is whole may i, f and g use it.",
        "For a product, dgate = dc ⊙ (the other factor); then da = dgate ⊙ slope, with gate(1 − gate) for a σ and 1 − g² for the tanh. Stack the four da's as i, f, g, o: (N, 4H). A peephole gradient has shape (H,).",
        "da_o = dh ⊙ tanh(c_t) ⊙ o(1 − o) comes first, since dc needs it: dc = dc + dh ⊙ o ⊙ (1 − tanh²(c_t)) + da_o ⊙ p_o. At the end, dc_{t−1} = dc ⊙ f + one term for each gate that looked at c_{t−1}.",
    ),
)  # fmt: skip
