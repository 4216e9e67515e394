"""Problem set 7: a UGRNN whose gate has seen both, the old state and the candidate, before it weighs them."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import LOUD, SIZES, loud, matched

# --- judging_gate_backward -------------------------------------------------------------------------


def judging_gate_backward(dh, x, h_prev, W_x, W_h, b, V_h, V_n, b_g):
    """n = tanh(x W_xᵀ + h_{t−1} W_hᵀ + b), g = σ(h_{t−1} V_hᵀ + n V_nᵀ + b_g), h_t = g ⊙ h_{t−1} + (1 − g) ⊙ n.

    da_g = dh ⊙ (h_{t−1} − n) ⊙ g(1 − g), dn = dh ⊙ (1 − g) + da_g V_n, dh_{t−1} = dh ⊙ g + da_g V_h + da_n W_h.
    """
    a_n = x @ W_x.T + h_prev @ W_h.T + b
    n = np.tanh(a_n)
    g = sigmoid(h_prev @ V_h.T + n @ V_n.T + b_g)
    h = g * h_prev + (1 - g) * n

    dg = dh * (h_prev - n)
    da_g = dg * g * (1 - g)
    dn = dh * (1 - g) + da_g @ V_n
    da_n = dn * (1 - n**2)
    dx = da_n @ W_x
    dh_prev = dh * g + da_g @ V_h + da_n @ W_h
    dW_x, dW_h, db = da_n.T @ x, da_n.T @ h_prev, da_n.sum(axis=0)
    dV_h, dV_n, db_g = da_g.T @ h_prev, da_g.T @ n, da_g.sum(axis=0)
    return h, dx, dh_prev, dW_x, dW_h, db, dV_h, dV_n, db_g


def _cases(rng):
    names, cases = ("h", "dx", "dh_prev", "dW_x", "dW_h", "db", "dV_h", "dV_n", "db_g"), []
    for N, D, H in (*SIZES, LOUD):
        W_x, (W_h, V_h, V_n) = rng.normal(size=(H, D)) / np.sqrt(D), rng.normal(size=(3, H, H)) / np.sqrt(H)
        x, h_prev = rng.normal(size=(N, D)), rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        b, b_g = rng.normal(size=(2, H)) / 2
        if (N, D, H) == LOUD:
            b_g = loud(rng, b_g)
        cases.append(Case((rng.normal(size=(N, H)), x, h_prev, W_x, W_h, b, V_h, V_n, b_g), names, batch=N))
    return cases


_OF_MIX = "(dh * (1 - g) * (1 - n**2))"  # what the mix alone sends to a_n

_MATRIX = ("unit", "unit")

JUDGING_GATE_BACKWARD = Problem(
    name="ps7.judging_gate_backward",
    reference=judging_gate_backward,
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
        Mistake("g writes", edit("g * h_prev + (1 - g) * n", "(1 - g) * h_prev + g * n", "(h_prev - n)", "(n - h_prev)", "dh * (1 - g)", "dh * g", "dh * g", "dh * (1 - g)"), "Your gate writes, as in a highway layer. In the UGRNN it keeps: h_{t−1} is weighed with g.", whole=True),
        Mistake("V_h and V_n exchanged", edit("V_h, V_n, b_g):", "V_n, V_h, b_g):", "db, dV_h, dV_n", "db, dV_n, dV_h"), "You use V_n with the old state and V_h with the candidate. Each belongs to what its index names.", whole=True),
        Mistake("gate reads a_n", edit("n @ V_n.T", "a_n @ V_n.T", " + da_g @ V_n", "", "dn * (1 - n**2)", "dn * (1 - n**2) + da_g @ V_n", "da_g.T @ n", "da_g.T @ a_n"), "Your gate reads the candidate's pre-activation. It reads n, behind the tanh.", whole=True),
        Mistake("gate reads a_n forwards", edit("n @ V_n.T", "a_n @ V_n.T"), "Forwards your gate reads the candidate's pre-activation; your way back knows that it reads n, behind the tanh.", whole=True),
        Mistake("gate reads x", edit("sigmoid(", "sigmoid(x @ W_x.T + "), "Forwards your gate reads x through W_x as well. This gate reads the old state and the candidate.", whole=True),
        Mistake("gate blind for the candidate", edit(" + n @ V_n.T", ""), "Forwards your gate does not see the candidate: the term with V_n is missing from what goes into its σ.", whole=True),
        Mistake("V_n not transposed forwards", edit("n @ V_n.T", "n @ V_n"), "Forwards your candidate is multiplied by V_n as it stands, on the right. Weights are (out, in): rows of examples need its transpose.", whole=True),
        Mistake("b_g not seen forwards", edit("V_n.T + b_g", "V_n.T"), "Your gate has no bias: b_g is missing from what goes into its σ.", whole=True),
        Mistake("b not seen forwards", edit("W_h.T + b", "W_h.T"), "Your candidate has no bias: b is missing from what goes into its tanh.", whole=True),
        Mistake("h the other way round", edit("g * h_prev + (1 - g) * n", "(1 - g) * h_prev + g * n"), "Your h weighs h_{t−1} with 1 − g and the candidate with g. In the UGRNN g keeps; your way back knows it."),
        Mistake("no tanh, no slope", edit("np.tanh(", "(", " * (1 - n**2)", ""), "Your candidate is its bare pre-activation, forwards and back: n is a tanh of it.", whole=True),
        Mistake("no tanh on the candidate", edit("np.tanh(", "("), "Your candidate is its bare pre-activation: n is a tanh of it.", whole=True),
        Mistake("σ on the candidate", edit("np.tanh(", "sigmoid(", "(1 - n**2)", "n * (1 - n)"), "Your candidate goes through σ, forward and back. It is a value of either sign: tanh.", whole=True),
        Mistake("direct path missing", edit("dh * g + ", ""), "Your dh_{t−1} misses the straight path: h_{t−1} stands in the mix, with no weight and no slope before it."),
        Mistake("direct path with 1 − g", edit("dh * g", "dh * (1 - g)"), "Your straight path is weighed with 1 − g, the candidate's share. The old state was multiplied by g."),
        Mistake("direct path without its gate", edit("dh * g", "dh"), "Your straight path hands on all of dh, as in a residual net. Here h_{t−1} was multiplied by g."),
        Mistake("the gate's look at the candidate forgotten", edit(" + da_g @ V_n", ""), "Your candidate gets a gradient from the mix alone, as in (11.2). It is also read by the gate, and gradients of two uses are added.", beside_the_point=True),
        Mistake("candidate's gradient from the gate alone", edit("dh * (1 - g) + ", ""), "Your candidate gets a gradient from the gate alone. It is also a part of the mix, and gradients of two uses are added."),
        Mistake("gate's part with the wrong sign", edit("+ da_g @ V_n", "- da_g @ V_n"), "What your candidate gets from the gate has the wrong sign: gradients of two uses are added.", whole=True),
        Mistake("V_n transposed on the way back", edit("da_g @ V_n", "da_g @ V_n.T"), "On the way back from the gate to the candidate V_n is transposed in your answer. Forwards its transpose stood on the right of n; backwards the matrix itself does."),
        Mistake("V_h for V_n on the way back", edit("da_g @ V_n", "da_g @ V_h"), "From the gate to your candidate you go back through V_h. The gate read the candidate through V_n."),
        Mistake("gate's part without σ'", edit("da_g @ V_n", "dg @ V_n"), "What your candidate gets from the gate starts before the slope of its σ: the matrix V_n stands inside it."),
        Mistake("gate's part without tanh'", edit(" + da_g @ V_n", "", "dn * (1 - n**2)", "dn * (1 - n**2) + da_g @ V_n"), "What your candidate gets from the gate has no tanh' on it. The gate reads n, so its part passes the tanh like the other one.", whole=True),
        Mistake("dn with g", edit("dh * (1 - g)", "dh * g"), "In the mix your candidate is weighed with g, the old state's share."),
        Mistake("dn without its gate", edit("dh * (1 - g)", "dh"), "In the mix your candidate gets all of dh. It was multiplied by its share."),
        Mistake("dg with the wrong sign", edit("(h_prev - n)", "(n - h_prev)"), "What reaches your gate has the wrong sign, as if its gradient were new minus old. More g is more of the old state.", whole=True),
        Mistake("dg without the candidate", edit("(h_prev - n)", "h_prev"), "Your gradient of g has the old state's part only. The gate stands in both shares of the mix."),
        Mistake("dg without the old state", edit("(h_prev - n)", "-n"), "Your gradient of g has the candidate's part only. The gate also multiplied h_{t−1}."),
        Mistake("dg with a plus", edit("(h_prev - n)", "(h_prev + n)"), "In your gradient of g old and new are added. More of one is less of the other."),
        Mistake("gate's way to h missing", edit(" + da_g @ V_h", ""), "Your dh_{t−1} misses the way through the gate: g reads h_{t−1} through V_h."),
        Mistake("V_h transposed on the way back", edit("da_g @ V_h", "da_g @ V_h.T"), "In your dh_{t−1} the matrix V_h is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("V_n for V_h on the way back", edit("da_g @ V_h", "da_g @ V_n"), "From the gate to h_{t−1} you go back through V_n. The gate read h_{t−1} through V_h."),
        Mistake("W_h transposed on the way back", edit("da_n @ W_h", "da_n @ W_h.T"), "In your dh_{t−1} the matrix W_h is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("dh_prev with the mix's part of n", edit("da_n @ W_h", f"{_OF_MIX} @ W_h"), "Through the candidate your dh_{t−1} gets what the mix sends alone. What the gate sends to the candidate goes on to h_{t−1} as well."),
        Mistake("dx with the mix's part of n", edit("da_n @ W_x", f"{_OF_MIX} @ W_x"), "Your dx gets what the mix sends to the candidate alone. What the gate sends to the candidate goes on to x as well."),
        Mistake("dW_x with the mix's part of n", edit("da_n.T @ x", f"{_OF_MIX}.T @ x"), "Your dW_x gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("dW_h with the mix's part of n", edit("da_n.T @ h_prev", f"{_OF_MIX}.T @ h_prev"), "Your dW_h gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("db with the mix's part of n", edit("da_n.sum", f"{_OF_MIX}.sum"), "Your db gets what the mix sends to the candidate alone. What the gate sends to the candidate belongs to it as well."),
        Mistake("gate's part twice", edit("da_n @ W_h", "(da_n + da_g @ V_n) @ W_h"), "Your dh_{t−1} gets the gate's look at the candidate twice, the second time without the tanh's slope. It is in the candidate's gradient already."),
        Mistake("dx through the gate", edit("da_n @ W_x", "(da_n + da_g) @ W_x"), "Your dx has what reaches the gate's pre-activation in it, times W_x. x stands in the candidate alone."),
        Mistake("dx also by way of the gate", edit("da_n @ W_x", "(da_n + da_g @ V_n) @ W_x"), "Your dx gets the gate's look at the candidate twice, the second time without the tanh's slope. It is in the candidate's gradient already."),
        Mistake("dW_h of the gate", edit("da_n.T @ h_prev", "da_g.T @ h_prev"), "Your dW_h is made of the gate's gradient. W_h belongs to the candidate."),
        Mistake("candidate's way to h missing", edit(" + da_n @ W_h", ""), "Your dh_{t−1} misses the way through the candidate, which read h_{t−1} through W_h."),
        Mistake("no σ' on the gate", edit(" * g * (1 - g)", ""), "The gate's slope is missing on the way from g to its pre-activation."),
        Mistake("tanh' on the gate", edit(" * g * (1 - g)", " * (1 - g**2)"), "Your gate has the slope of a tanh. It came out of a σ."),
        Mistake("no tanh' on the candidate", edit(" * (1 - n**2)", ""), "The candidate's slope is missing: everything that reaches n, from the mix and from the gate, passes it on the way to its pre-activation.", whole=True),
        Mistake("1 − n for the slope", edit("n**2", "n"), "Your candidate has the slope 1 − n. The slope of a tanh with the value n is 1 − n².", whole=True),
        Mistake("σ' on the candidate", edit("(1 - n**2)", "n * (1 - n)"), "Your candidate has the slope of a σ, n(1 − n). It came out of a tanh.", whole=True),
        Mistake("σ on the candidate forwards", edit("np.tanh(", "sigmoid("), "Forwards your candidate goes through σ. It is a value of either sign: tanh.", whole=True),
        Mistake("slope of the gate's value", edit(" * g * (1 - g)", " * sigmoid(g) * (1 - sigmoid(g))"), "You take σ' at g. g has been through the σ already: its slope is made of its value."),
        Mistake("gate read before the candidate", edit("g = sigmoid(h_prev @ V_h.T + n @ V_n.T", "g = sigmoid(h_prev @ V_h.T + h_prev @ V_n.T"), "Forwards your gate reads the old state through both matrices. V_n belongs to the candidate.", whole=True),
        Mistake("slope of the candidate's value", edit("n**2", "np.tanh(n) ** 2"), "You take tanh' at n. n has been through the tanh already.", whole=True),
        Mistake("dV_n with the old state", edit("da_g.T @ n", "da_g.T @ h_prev"), "Your dV_n equals dV_h. V_n was multiplied with the candidate."),
        Mistake("dV_n with the pre-activation", edit("da_g.T @ n", "da_g.T @ a_n"), "Your dV_n uses the candidate's pre-activation. V_n was multiplied with n, behind the tanh."),
        Mistake("dV_h with h_t", edit("da_g.T @ h_prev", "da_g.T @ h"), "Your dV_h uses h_t. V_h was multiplied with the state before the step."),
        Mistake("dW_h with h_t", edit("da_n.T @ h_prev", "da_n.T @ h"), "Your dW_h uses h_t. W_h was multiplied with the state before the step."),
        Mistake("dV_n of the candidate", edit("da_g.T @ n", "da_n.T @ n"), "Your dV_n is made of the candidate's gradient. V_n belongs to the gate."),
        Mistake("dV_h of the candidate", edit("da_g.T @ h_prev", "da_n.T @ h_prev"), "Your dV_h is made of the candidate's gradient. V_h belongs to the gate."),
        Mistake("db_g of the candidate", edit("da_g.sum", "da_n.sum"), "Your db_g is made of the candidate's gradient. b_g belongs to the gate."),
        Mistake("σ' twice on the way back", edit("da_g @ V_n", "(da_g * g * (1 - g)) @ V_n"), "What your candidate gets from the gate has the slope of its σ twice."),
        Mistake("recurrent weights with h_t", edit("da_n.T @ h_prev", "da_n.T @ h", "da_g.T @ h_prev", "da_g.T @ h"), "Your dW_h and dV_h use h_t. Both matrices were multiplied with the state before the step.", whole=True),
        Mistake("way back of a gate that writes", edit("(h_prev - n)", "(n - h_prev)", "dh * (1 - g)", "dh * g", "dh * g", "dh * (1 - g)"), "Forwards g keeps in your answer, as it should; your way back is that of a gate that writes.", whole=True, alone=True),
        Mistake("gate's part past the candidate", edit(" + da_g @ V_n", "", "da_g @ V_h", "da_g @ V_h + da_g @ V_n"), "What your gate sends back through V_n goes to h_{t−1}. The gate read the candidate through V_n, so it goes to n.", whole=True, alone=True),
        Mistake("gate through W_h", edit("da_n @ W_h", "(da_n + da_g) @ W_h"), "In your dh_{t−1} the gate's gradient goes through W_h, too. The gate read h_{t−1} through V_h; W_h belongs to the candidate.", alone=True),
        Mistake("both V transposed on the way back", edit("da_g @ V_n", "da_g @ V_n.T", "da_g @ V_h", "da_g @ V_h.T"), "On the way back V_n and V_h are transposed in your answer. Forwards their transposes stood on the right; backwards the matrices themselves do.", whole=True, alone=True),
        Mistake("all transposed on the way back", edit("da_g @ V_n", "da_g @ V_n.T", "da_g @ V_h", "da_g @ V_h.T", "da_n @ W_h", "da_n @ W_h.T"), "On the way back V_n, V_h and W_h are transposed in your answer. Forwards their transposes stood on the right; backwards the matrices themselves do.", whole=True, alone=True),
        Mistake("V_h and W_h transposed on the way back", edit("da_g @ V_h", "da_g @ V_h.T", "da_n @ W_h", "da_n @ W_h.T"), "In your dh_{t−1} V_h and W_h are transposed. Forwards their transposes stood on the right; backwards the matrices themselves do.", alone=True),
        Mistake("straight path alone", edit(" + da_g @ V_h + da_n @ W_h", ""), "Your dh_{t−1} is the straight path alone: gate and candidate read h_{t−1} too, each through its matrix.", alone=True),
        Mistake("straight path missing, gate's too", edit("dh * g + da_g @ V_h + ", ""), "Your dh_{t−1} is the candidate's way alone: h_{t−1} also stands in the mix, and the gate read it.", alone=True),
        Mistake("candidate's results with the mix's part of n", edit("da_n.T @ x, da_n.T @ h_prev, da_n.sum", f"{_OF_MIX}.T @ x, {_OF_MIX}.T @ h_prev, {_OF_MIX}.sum"), "Your dW_x, dW_h and db get what the mix sends to the candidate alone. What the gate sends to it belongs to them as well.", alone=True),
        Mistake("gate reads the candidate, V_n for V_h", edit("h_prev @ V_h.T", "h_prev @ V_n.T", "n @ V_n.T", "n @ V_h.T"), "Forwards V_h and V_n are exchanged in your gate: V_h belongs to the old state, V_n to the candidate.", whole=True, alone=True),
        Mistake("gate blind for the old state", edit("h_prev @ V_h.T + ", ""), "Forwards your gate does not see the old state: the term with V_h is missing from what goes into its σ.", whole=True, alone=True),
        Mistake("dg with the weighed shares", edit("(h_prev - n)", "(g * h_prev - (1 - g) * n)"), "Your gradient of g has the weighed shares g h_{t−1} and (1 − g) n. By g the derivative of g h_{t−1} is h_{t−1} alone, and likewise with n.", whole=True, alone=True),
        Mistake("dg with the change of the state", edit("(h_prev - n)", "(h_prev - h)"), "Your gradient of g has h_{t−1} − h_t. What stands before 1 − g is the candidate, not the mix.", whole=True, alone=True),
        Mistake("gate's part twice in the candidate", edit("+ da_g @ V_n", "+ 2 * da_g @ V_n"), "What your candidate gets from the gate is counted twice.", alone=True),
        Mistake("gate's part through the old state's share", edit("+ da_g @ V_n", "+ g * (da_g @ V_n)"), "What your candidate gets from the gate has a factor g. Through V_n the gate read all of n.", alone=True),
        Mistake("dh_prev through the mix's slope", edit("dh * g +", "dh * g * (1 - n**2) +"), "Your straight path has the slope of the candidate's tanh. h_{t−1} stands in the mix itself, behind no function.", alone=True),
        Mistake("weights averaged over the batch", edit("dW_x, dW_h, db, dV_h, dV_n, db_g", "*(dW / len(x) for dW in (dW_x, dW_h, db, dV_h, dV_n, db_g))"), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed.", whole=True),
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
