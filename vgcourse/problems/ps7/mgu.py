"""Problem set 7: the minimal gated unit, forwards and back. One gate mixes and resets, so its gradient has two parts."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import LOUD, SIZES, loud, matched

# --- mgu_step_backward -----------------------------------------------------------------------------


def mgu_step_backward(dh, x, h_prev, W_x, W_h, b, b_h):
    """h_t = (1 − f) ⊙ h_{t−1} + f ⊙ n, n = tanh(x W_xnᵀ + b_n + f ⊙ m), m = h_{t−1} W_hnᵀ + b_h; rows f, n.

    da_n = dh ⊙ f ⊙ (1 − n²), df = dh ⊙ (n − h_{t−1}) + da_n ⊙ m, dm = da_n ⊙ f;
    dh_{t−1} = dh ⊙ (1 − f) + da_f W_hf + dm W_hn.
    """
    (W_xf, W_xn), (W_hf, W_hn), (b_f, b_n) = (np.split(block, 2) for block in (W_x, W_h, b))
    f = sigmoid(x @ W_xf.T + h_prev @ W_hf.T + b_f)
    m = h_prev @ W_hn.T + b_h
    n = np.tanh(x @ W_xn.T + b_n + f * m)
    h = (1 - f) * h_prev + f * n

    dn = dh * f
    da_n = dn * (1 - n**2)
    dm = da_n * f
    df = dh * (n - h_prev) + da_n * m
    da_f = df * f * (1 - f)
    dx = da_f @ W_xf + da_n @ W_xn
    dh_prev = dh * (1 - f) + da_f @ W_hf + dm @ W_hn
    dW_x = np.concatenate([da_f.T @ x, da_n.T @ x])
    dW_h = np.concatenate([da_f.T @ h_prev, dm.T @ h_prev])
    db = np.concatenate([da_f.sum(axis=0), da_n.sum(axis=0)])
    db_h = dm.sum(axis=0)
    return h, dx, dh_prev, dW_x, dW_h, db, db_h


def _cases(rng):
    cases, names = [], ("h", "dx", "dh_prev", "dW_x", "dW_h", "db", "db_h")
    for N, D, H in (*SIZES, LOUD):
        W_x, W_h = rng.normal(size=(2 * H, D)) / np.sqrt(D), rng.normal(size=(2 * H, H)) / np.sqrt(H)
        b, b_h = rng.normal(size=2 * H) / 2, rng.uniform(0.4, 1, H) * rng.choice([-1, 1], H)
        h_prev = rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        if (N, D, H) == LOUD:
            b = np.concatenate([loud(rng, b[:H]), b[H:]])
        cases.append(
            Case((rng.normal(size=(N, H)), rng.normal(size=(N, D)), h_prev, W_x, W_h, b, b_h), names, batch=N)
        )
    return cases


MGU_STEP_BACKWARD = Problem(
    name="ps7.mgu_step_backward",
    reference=mgu_step_backward,
    cases=_cases,
    points=5,
    lecture='lecture 11, "GRU and UGRNN"',
    axes={
        "h": ("example", "unit"),
        "dx": ("example", "input"),
        "dh_prev": ("example", "unit"),
        "dW_x": ("gate fn", "input"),
        "dW_h": ("gate fn", "unit"),
        "db": ("gate fn",),
        "db_h": ("unit",),
    },
    mistakes=(
        Mistake("f keeps", edit("(1 - f) * h_prev + f * n", "f * h_prev + (1 - f) * n", "dn = dh * f", "dn = dh * (1 - f)", "(n - h_prev)", "(h_prev - n)", "dh * (1 - f)", "dh * f"), "In your unit f keeps the old state, as the GRU's z does. Here it writes: h_{t−1} is weighed with 1 − f.", whole=True, beside_the_point=True),
        Mistake("reset before the product", edit("m = h_prev", "m = (f * h_prev)", "b_n + f * m", "b_n + m", "dm = da_n * f", "dm, ds = da_n, da_n @ W_hn", "da_n * m", "ds * h_prev", "dm @ W_hn", "ds * f", "dm.T @ h_prev", "dm.T @ (f * h_prev)"), "You reset before the product, as Zhou et al. (2016) do. Here f multiplies m, what the matrix and b_h have made of the state.", whole=True),
        Mistake("nothing reset", edit("b_n + f * m", "b_n + m", "dm = da_n * f", "dm = da_n", " + da_n * m", ""), "Your candidate sees the whole of m. In this unit f stands in two places, in the mix and inside the candidate.", whole=True, beside_the_point=True),
        Mistake("b_h outside", edit("W_hn.T + b_h", "W_hn.T", "b_n + f * m", "b_n + f * m + b_h", "db_h = dm", "db_h = da_n"), "You add b_h outside the reset. It belongs to m, so f multiplies it too.", whole=True),
        Mistake("b_h left out", edit("W_hn.T + b_h", "W_hn.T", "db_h = dm", "db_h = 0 * dm"), "b_h has no effect in your unit. It is part of m.", whole=True),
        Mistake("b_h not seen forwards", edit("W_hn.T + b_h", "W_hn.T"), "Your m has no b_h in it: forwards it has no effect, and everything behind it is another number.", whole=True),
        Mistake("b_f not seen forwards", edit(" + b_f", ""), "Your gate has no bias: the first H entries of b belong to what goes into its σ.", whole=True),
        Mistake("no tanh on the candidate", edit("np.tanh(", "("), "Your candidate is its bare pre-activation: n is a tanh of it.", whole=True),
        Mistake("no tanh, no slope", edit("np.tanh(", "(", " * (1 - n**2)", ""), "Your candidate is its bare pre-activation, forwards and back: n is a tanh of it.", whole=True),
        Mistake("h the other way round", edit("(1 - f) * h_prev + f * n", "f * h_prev + (1 - f) * n"), "Your h weighs h_{t−1} with f and the candidate with 1 − f. In this unit f writes; your way back knows it.", alone=True),
        Mistake("blocks read as n, f", edit("(W_xf, W_xn), (W_hf, W_hn), (b_f, b_n)", "(W_xn, W_xf), (W_hn, W_hf), (b_n, b_f)", "da_f.T @ x, da_n.T @ x", "da_n.T @ x, da_f.T @ x", "da_f.T @ h_prev, dm.T @ h_prev", "dm.T @ h_prev, da_f.T @ h_prev", "da_f.sum(axis=0), da_n.sum(axis=0)", "da_n.sum(axis=0), da_f.sum(axis=0)"), "You read the candidate from the first rows. The rows of W_x, W_h and b are in the order f, n.", whole=True),
        Mistake("direct path missing", edit("dh * (1 - f) + ", ""), "Your dh_{t−1} misses the straight path: h_{t−1} stands in the mix, with no weight and no slope before it."),
        Mistake("direct path with f", edit("dh * (1 - f)", "dh * f"), "Your straight path is weighed with f. What multiplied h_{t−1} on the way forwards multiplies dh here, and f is the candidate's share."),
        Mistake("direct path without its gate", edit("dh * (1 - f)", "dh"), "Your straight path hands on all of dh. h_{t−1} was multiplied in the mix, and so is its gradient."),
        Mistake("dn with 1 − f", edit("dn = dh * f", "dn = dh * (1 - f)"), "Your dn is weighed with 1 − f, the old state's share.", whole=True),
        Mistake("dn without its gate", edit("dn = dh * f", "dn = dh"), "Your dn is all of dh. The candidate was multiplied in the mix, and so is its gradient.", whole=True),
        Mistake("f's part in the candidate missing", edit(" + da_n * m", ""), "Your gradient of f has the mix alone, as in (11.7). f stands in a second place, inside the candidate, and gradients of two uses are added."),
        Mistake("f's part in the mix missing", edit("dh * (n - h_prev) + ", ""), "Your gradient of f has the part inside the candidate alone. f also weighs old and new in the mix."),
        Mistake("f's part in the mix with h − n", edit("(n - h_prev)", "(h_prev - n)"), "Your gradient of f has old minus new, as in (11.7). Here f writes: more f is more of the candidate."),
        Mistake("f's part without the old state", edit("(n - h_prev)", "n"), "In the mix your f gets the candidate's part only. f stands before the old state as well, inside 1 − f."),
        Mistake("f's part without the candidate", edit("(n - h_prev)", "-h_prev"), "In the mix your f gets the old state's part only. f also multiplies the candidate."),
        Mistake("f's part in the candidate with h", edit("da_n * m", "da_n * h_prev"), "Inside the candidate your f gets h_{t−1} as a factor. What f multiplied there is m, the state after the matrix and b_h."),
        Mistake("f's part in the candidate without b_h", edit("da_n * m", "da_n * (h_prev @ W_hn.T)"), "Inside the candidate your f gets a factor without b_h. f multiplied the whole of m."),
        Mistake("f's part in the candidate without tanh'", edit("da_n * m", "dn * m"), "Inside the candidate your f gets its part without the slope of the tanh. f stands inside that tanh."),
        Mistake("f's part in the candidate with n", edit("da_n * m", "da_n * n"), "Inside the candidate your f gets n as a factor. What f multiplied there is m."),
        Mistake("f's part in the candidate with f m", edit("da_n * m", "da_n * f * m"), "Inside the candidate your f gets a factor f too many: the gradient of a product f ⊙ m by f is m."),
        Mistake("f's part in the candidate without m", edit("da_n * m", "da_n"), "Inside the candidate your f gets da_n as it is. f multiplied m there, and m is its factor."),
        Mistake("f's part in the mix with h", edit("(n - h_prev)", "(h - h_prev)"), "In the mix your f gets h_t − h_{t−1}, which is f times n − h_{t−1}. What stands before f there is the candidate itself."),
        Mistake("f's part in the mix as n − h", edit("(n - h_prev)", "(n - h)"), "In the mix your f gets the candidate minus h_t. What stands before 1 − f there is the state before the step."),
        Mistake("slope without the inputs' part", edit("(1 - n**2)", "(1 - np.tanh(f * m) ** 2)"), "Your candidate's slope is that of a tanh of f ⊙ m alone. The inputs' part stands inside the tanh as well: n holds all of it.", whole=True),
        Mistake("f missing on the way back", edit("dm @ W_hn", "da_n @ W_hn"), "Your dh_{t−1} through the candidate misses a factor: f scaled what the candidate saw of the state.", whole=True),
        Mistake("dm without f", edit("dm = da_n * f", "dm = da_n"), "Everything behind m lacks a factor in your answer: f multiplied m, so it multiplies what goes on to h_{t−1}, to the matrix and to b_h.", whole=True),
        Mistake("dm with 1 − f", edit("dm = da_n * f", "dm = da_n * (1 - f)"), "Behind m your gradient has the factor 1 − f. m was multiplied by f, as the candidate in the mix is.", whole=True),
        Mistake("second part behind σ'", edit(" + da_n * m", "", "df * f * (1 - f)", "df * f * (1 - f) + da_n * m"), "f's part inside the candidate is added behind the gate's slope in your answer. All that reaches f passes the slope of its σ."),
        Mistake("dW_hn without f", edit("dm.T", "da_n.T"), "The candidate's block of your dW_h lacks a factor. The matrix made m, and m was multiplied by f."),
        Mistake("db_h without f", edit("db_h = dm", "db_h = da_n"), "Your db_h equals the candidate's block of db. b_h stands inside m, which f multiplied; b_n stands outside."),
        Mistake("dx without the gate", edit("da_f @ W_xf + ", ""), "Your dx misses the way through the gate: f reads x too."),
        Mistake("dx without the candidate", edit(" + da_n @ W_xn", ""), "Your dx misses the way through the candidate: n reads x too."),
        Mistake("dx with f", edit("da_n @ W_xn", "(da_n * f) @ W_xn"), "On its way through the candidate your dx has a factor f. f multiplied m; what W_xn makes of x stands beside it."),
        Mistake("db_n with f", edit("da_n.sum", "(da_n * f).sum"), "The candidate's block of your db has a factor f. b_n stands outside the reset, b_h inside."),
        Mistake("db_h of the gate", edit("db_h = dm", "db_h = da_f"), "Your db_h is made of the gate's gradient. b_h is a part of m."),
        Mistake("db_h averaged", edit("db_h = dm.sum(", "db_h = dm.mean("), "Your db_h is a mean over the batch. The same b_h serves every example: add."),
        Mistake("db_h with m", edit("db_h = dm", "db_h = (dm * m)"), "Your db_h multiplies by m. A bias is added: its gradient is what reaches m, summed over the batch."),
        Mistake("dW_hf without the second part", edit("da_f.T @ h_prev", "(dh * (n - h_prev) * f * (1 - f)).T @ h_prev"), "The gate's block of your dW_h has the mix's part of f alone; your other results have both."),
        Mistake("W_hf transposed on the way back", edit("da_f @ W_hf", "da_f @ W_hf.T"), "In your dh_{t−1} the gate's matrix is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("W_hn transposed on the way back", edit("dm @ W_hn", "dm @ W_hn.T"), "In your dh_{t−1} the candidate's matrix is transposed. Forwards its transpose stood on the right of h_{t−1}; backwards the matrix itself does."),
        Mistake("both matrices transposed on the way back", edit("da_f @ W_hf + dm @ W_hn", "da_f @ W_hf.T + dm @ W_hn.T"), "In your dh_{t−1} both matrices are transposed. Forwards their transposes stood on the right of h_{t−1}; backwards the matrices themselves do."),
        Mistake("gate's path missing", edit(" + da_f @ W_hf", ""), "Your dh_{t−1} misses the way through the gate: f reads h_{t−1} too."),
        Mistake("both paths missing", edit(" + da_f @ W_hf + dm @ W_hn", ""), "Your dh_{t−1} is the straight path alone: f and m read h_{t−1} too, each through its matrix."),
        Mistake("dh_prev with f's part in the mix alone", edit("da_f @ W_hf", "(dh * (n - h_prev) * f * (1 - f)) @ W_hf"), "Through the gate your dh_{t−1} gets the mix's part of f alone. f's part inside the candidate goes on to h_{t−1} as well."),
        Mistake("dx with f's part in the mix alone", edit("da_f @ W_xf", "(dh * (n - h_prev) * f * (1 - f)) @ W_xf"), "Through the gate your dx gets the mix's part of f alone. f's part inside the candidate goes on to x as well."),
        Mistake("candidate's path missing", edit(" + dm @ W_hn", ""), "Your dh_{t−1} misses the way through the candidate, which read h_{t−1} through m."),
        Mistake("no σ' on the gate", edit(" * f * (1 - f)", ""), "The gate's slope is missing on the way from f to its pre-activation."),
        Mistake("tanh' on the gate", edit(" * f * (1 - f)", " * (1 - f**2)"), "Your gate has the slope of a tanh. It came out of a σ."),
        Mistake("no tanh' on the candidate", edit(" * (1 - n**2)", ""), "The candidate's slope is missing on the way from n to its pre-activation.", whole=True),
        Mistake("1 − n for the slope", edit("n**2", "n"), "Your candidate has the slope 1 − n. The slope of a tanh with the value n is 1 − n².", whole=True),
        Mistake("σ' on the candidate", edit("(1 - n**2)", "n * (1 - n)"), "Your candidate has the slope of a σ, n(1 − n). It came out of a tanh.", whole=True),
        Mistake("slope of the gate's value", edit("df * f * (1 - f)", "df * sigmoid(f) * (1 - sigmoid(f))"), "You take σ' at f. f has been through the σ already: its slope is made of its value."),
        Mistake("σ on the candidate", edit("np.tanh(", "sigmoid("), "Your candidate goes through σ. It is a value of either sign: tanh.", whole=True),
        Mistake("σ on the candidate, forwards and back", edit("np.tanh(", "sigmoid(", "(1 - n**2)", "n * (1 - n)"), "Your candidate goes through σ, forwards and back. It is a value of either sign: tanh.", whole=True),
        Mistake("slope of the candidate's value", edit("n**2", "np.tanh(n) ** 2"), "You take tanh' at n. n has been through the tanh already.", whole=True),
        Mistake("dW_h with h_t", edit("da_f.T @ h_prev", "da_f.T @ h", "dm.T @ h_prev", "dm.T @ h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step."),
        Mistake("way back of a gate that keeps", edit("dn = dh * f", "dn = dh * (1 - f)", "(n - h_prev)", "(h_prev - n)", "dh * (1 - f)", "dh * f"), "Forwards f writes in your answer, as it should; your way back is that of a gate that keeps, (11.7).", whole=True, alone=True),
        Mistake("way back without the reset", edit("dm = da_n * f", "dm = da_n", " + da_n * m", ""), "Forwards your candidate sees f ⊙ m; your way back does not know of that f. It multiplied m: it stands on the way to m, and m on the way to f.", whole=True, alone=True),
        Mistake("way back of a reset before the product", edit("da_n * m", "(da_n @ W_hn) * h_prev", "dm @ W_hn", "f * (da_n @ W_hn)", "dm.T @ h_prev", "da_n.T @ (f * h_prev)"), "Forwards f multiplies m, as it should; your way back is that of a reset before the product, of h_{t−1} by f. Undo the product with f first, then the matrix.", whole=True, alone=True),
        Mistake("dW_hn of a reset before the product", edit("dm.T @ h_prev", "da_n.T @ (f * h_prev)"), "The candidate's block of your dW_h has f on the side of h_{t−1}, as with a reset before the product. f multiplied m: it belongs to da_n."),
        Mistake("dh_prev of a reset before the product", edit("dm @ W_hn", "f * (da_n @ W_hn)"), "In your dh_{t−1} f comes after the matrix, as with a reset before the product. f multiplied m: undo that first.", alone=True),
        Mistake("df of a reset before the product", edit("da_n * m", "(da_n @ W_hn) * h_prev"), "Inside the candidate your f gets what a reset before the product would get. f multiplied m, what the matrix and b_h have made of the state.", alone=True),
        Mistake("reset before the product forwards", edit("b_n + f * m", "b_n + (f * h_prev) @ W_hn.T + b_h"), "Forwards you reset before the product, as Zhou et al. (2016) do. Here f multiplies m, what the matrix and b_h have made of the state; your way back knows it.", whole=True, alone=True),
        Mistake("nothing reset forwards", edit("b_n + f * m", "b_n + m"), "Forwards your candidate sees the whole of m. f stands in two places, in the mix and inside the candidate; your way back knows it.", whole=True, alone=True),
        Mistake("b_h outside forwards", edit("W_hn.T + b_h", "W_hn.T", "b_n + f * m", "b_n + f * m + b_h"), "Forwards you add b_h outside the reset. It belongs to m, so f multiplies it too.", whole=True, alone=True),
        Mistake("b_n inside the reset", edit("b_n + f * m", "f * (b_n + m)"), "Forwards f multiplies b_n as well. b_n stands outside the reset, b_h inside.", whole=True, alone=True),
        Mistake("all of the candidate reset", edit("x @ W_xn.T + b_n + f * m", "f * (x @ W_xn.T + b_n + m)"), "Forwards f multiplies all that goes into your candidate's tanh. It multiplies m; what W_xn makes of x and b_n stand beside it.", whole=True, alone=True),
        Mistake("b_n not seen forwards", edit("W_xn.T + b_n", "W_xn.T"), "Your candidate has no b_n: the last H entries of b belong to what goes into its tanh.", whole=True, alone=True),
        Mistake("tanh on the gate", edit("f = sigmoid(", "f = np.tanh("), "Forwards your gate goes through tanh. A gate lies between 0 and 1: σ.", whole=True, alone=True),
        Mistake("db_h zero", edit("db_h = dm.sum(axis=0)", "db_h = 0 * b_h"), "Your db_h is 0. b_h is a part of m, and m reaches h_t through the candidate."),
        Mistake("f twice on the way to m", edit("dm = da_n * f", "dm = da_n * f * f"), "Behind m your gradient has f twice. The f of the mix is in dn already; on the way to m comes the one inside the candidate.", whole=True, alone=True),
        Mistake("gate's slope on all of dm", edit("dm = da_n * f", "dm = da_n * f * (1 - f)"), "Behind m your gradient has the slope of f. f multiplied m: there it stands as it is; its slope belongs to da_f.", whole=True, alone=True),
        Mistake("candidate's gradients before its slope", edit("da_n @ W_xn", "dn @ W_xn", "da_n.T @ x", "dn.T @ x", "da_n.sum", "dn.sum"), "The candidate's parts of your dx, dW_x and db start before the slope of its tanh. x, W_xn and b_n stand inside it.", whole=True, alone=True),
        Mistake("gate's weights before its slope", edit("da_f.T @ x", "df.T @ x", "da_f.T @ h_prev", "df.T @ h_prev", "da_f.sum", "df.sum"), "The gate's blocks of your dW_x, dW_h and db start before the slope of its σ. W and b stand inside it.", alone=True),
        Mistake("direct path through the slope", edit("dh * (1 - f)", "dh * (1 - f) * (1 - n**2)"), "Your straight path has the slope of the candidate's tanh. h_{t−1} stands in the mix itself, behind no function."),
        Mistake("biases averaged", edit("da_f.sum(axis=0), da_n.sum(axis=0)", "da_f.mean(axis=0), da_n.mean(axis=0)", "db_h = dm.sum(", "db_h = dm.mean("), "Your db and db_h are means over the batch. The same biases serve every example: add."),
        Mistake("weights averaged over the batch", edit("dW_x, dW_h, db, db_h", "*(dW / len(x) for dW in (dW_x, dW_h, db, db_h))"), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed.", whole=True),
    ),
    invariants=(
        Invariant("dx and dW_x of one da", lambda args, out: matched(args[1], out["dx"], args[3], out["dW_x"]), "Your dx and dW_x do not belong together. x and W_x meet in one product only, so Σ x ⊙ dx equals Σ W_x ⊙ dW_x for every input. Do both use the same da, in the same order?"),
        Invariant("h between old and new", lambda args, out: _outside(args, out), "Your h lies outside −1 … 1 although h_{t−1} does not. It is a mean of h_{t−1} and of a tanh, (11.14)."),
    ),
    hints=(
        "Where does f stand? In 1 − f, before n, and inside the candidate before m. Its gradient is a sum over these uses; so is that of h_{t−1}, which stands in three places and in f.",
        "Forward: f, m, n, h, each (N, H). Back: first n (from the mix), then m and the second part of f, then all of f, then h_{t−1}.",
        "da_n = dh ⊙ f ⊙ (1 − n²); dm = da_n ⊙ f; df has the two parts dh ⊙ (n − h_{t−1}) and da_n ⊙ (what f multiplied there).",
    ),
)  # fmt: skip


def _outside(args, out):
    """How far h lies beyond ±1, or beyond the old state."""
    limit = max(1.0, float(np.abs(args[2]).max()))
    return max(0.0, float(np.abs(out["h"]).max()) - limit)
