"""Problem set 7: the minimal gated unit, forwards and back. One gate mixes and resets, so its gradient has two parts."""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import SIZES, matched

# --- mgu_step_backward -----------------------------------------------------------------------------


def mgu_step_backward(dh, x, h_prev, W_x, W_h, b, b_h):
    """h_t = (1 − f) ⊙ h_{t−1} + f ⊙ n, n = tanh(x W_xnᵀ + b_n + f ⊙ m), m = h_{t−1} W_hnᵀ + b_h; rows f, n.

    da_n = dh ⊙ f ⊙ (1 − n²), df = dh ⊙ (n − h_{t−1}) + da_n ⊙ m, dm = da_n ⊙ f;
    dh_{t−1} = dh ⊙ (1 − f) + da_f W_hf + dm W_hn.
    """
    return mgu_family(dh, x, h_prev, W_x, W_h, b, b_h)


def mgu_family(
    dh,
    x,
    h_prev,
    W_x,
    W_h,
    b,
    b_h,
    *,
    order="fn",
    keeps=False,
    reset="after",
    b_h_inside=True,
    direct="kept",
    dn_times="written",
    df_new=1.0,
    df_old=1.0,
    df_mix=1.0,
    df_reset=1.0,
    df_reset_times="m",
    dm_times_f=True,
    dW_times_f=True,
    db_h_times_f=True,
    gate_path=True,
    candidate_path=True,
    gate_slope=lambda f: f * (1 - f),
    candidate_slope=lambda n: 1 - n**2,
    dW_h_times="h_prev",
    per_example=False,
    b_h_used=1.0,
):
    """Forward and back with its parts exchangeable."""
    H = h_prev.shape[1]
    at = dict(zip(order, (slice(0, H), slice(H, 2 * H)), strict=True))
    (W_hf, W_hn), a = (W_h[at[k]] for k in "fn"), x @ W_x.T + b
    f = sigmoid(a[:, at["f"]] + h_prev @ W_hf.T)
    inside, beside = (b_h_used * b_h, 0) if b_h_inside else (0, b_h)
    m = h_prev @ W_hn.T + inside
    seen = {"after": f * m + beside, "before": (f * h_prev) @ W_hn.T + b_h, "never": m}[reset]
    n = np.tanh(a[:, at["n"]] + seen)
    kept, written, sign = (f, 1 - f, -1) if keeps else (1 - f, f, 1)
    h = kept * h_prev + written * n

    weigh = {"kept": kept, "written": written, "one": 1.0, "nothing": 0.0}
    da_n = dh * weigh[dn_times] * candidate_slope(n)
    df = df_mix * sign * dh * (df_new * n - df_old * h_prev)
    state = {"h_prev": h_prev, "h": h}[dW_h_times]
    if reset == "before":
        ds = da_n @ W_hn
        df, back, dm = df + df_reset * ds * h_prev, ds * f, da_n
        dW_hn = da_n.T @ (f * state)
    else:
        through = f if reset == "after" else np.ones_like(f)
        factor = {"m": m, "m without b_h": h_prev @ W_hn.T, "h_prev": h_prev}[df_reset_times]
        df = df + df_reset * da_n * factor * (reset == "after")
        back = (da_n * through if dm_times_f else da_n) @ W_hn
        dW_hn = (da_n * through if dW_times_f else da_n).T @ state
        dm = da_n * through if db_h_times_f and b_h_inside else da_n
    da_f = df * gate_slope(f)
    dh_prev = dh * weigh[direct] + gate_path * da_f @ W_hf + candidate_path * back
    da = {"f": da_f, "n": da_n}
    dW_h = {"f": da_f.T @ state, "n": dW_hn}
    da = np.concatenate([da[k] for k in order], axis=1)
    sums = da.T @ x, np.concatenate([dW_h[k] for k in order]), da.sum(axis=0), b_h_used * dm.sum(axis=0)
    return h, da @ W_x, dh_prev, *(dW / (len(x) if per_example else 1) for dW in sums)


def _cases(rng):
    cases, names = [], ("h", "dx", "dh_prev", "dW_x", "dW_h", "db", "db_h")
    for N, D, H in SIZES:
        W_x, W_h = rng.normal(size=(2 * H, D)) / np.sqrt(D), rng.normal(size=(2 * H, H)) / np.sqrt(H)
        b, b_h = rng.normal(size=2 * H) / 2, rng.uniform(0.4, 1, H) * rng.choice([-1, 1], H)
        h_prev = rng.uniform(0.2, 0.9, (N, H)) * rng.choice([-1, 1], (N, H))
        cases.append(
            Case((rng.normal(size=(N, H)), rng.normal(size=(N, D)), h_prev, W_x, W_h, b, b_h), names, batch=N)
        )
    return cases


MGU_STEP_BACKWARD = Problem(
    name="ps7.mgu_step_backward",
    reference=mgu_step_backward,
    family=mgu_family,
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
        Mistake("f keeps", dict(keeps=True), "In your unit f keeps the old state, as the GRU's z does. Here it writes: h_{t−1} is weighed with 1 − f.", whole=True),
        Mistake("reset before the product", dict(reset="before"), "You reset before the product, as Zhou et al. (2016) do. Here f multiplies m, what the matrix and b_h have made of the state.", whole=True),
        Mistake("nothing reset", dict(reset="never"), "Your candidate sees the whole of m. In this unit f stands in two places, in the mix and inside the candidate.", whole=True),
        Mistake("b_h outside", dict(b_h_inside=False), "You add b_h outside the reset. It belongs to m, so f multiplies it too.", whole=True),
        Mistake("b_h left out", dict(b_h_used=0.0), "b_h has no effect in your unit. It is part of m.", whole=True),
        Mistake("blocks read as n, f", dict(order="nf"), "You read the candidate from the first rows. The rows of W_x, W_h and b are in the order f, n.", whole=True),
        Mistake("direct path missing", dict(direct="nothing"), "Your dh_{t−1} misses the straight path: h_{t−1} stands in the mix, with no weight and no slope before it."),
        Mistake("direct path with f", dict(direct="written"), "Your straight path is weighed with f. What multiplied h_{t−1} on the way forwards multiplies dh here, and f is the candidate's share."),
        Mistake("direct path without its gate", dict(direct="one"), "Your straight path hands on all of dh. h_{t−1} was multiplied in the mix, and so is its gradient."),
        Mistake("dn with 1 − f", dict(dn_times="kept"), "Your dn is weighed with 1 − f, the old state's share.", whole=True),
        Mistake("dn without its gate", dict(dn_times="one"), "Your dn is all of dh. The candidate was multiplied in the mix, and so is its gradient.", whole=True),
        Mistake("f's part in the candidate missing", dict(df_reset=0.0), "Your gradient of f has the mix alone, as in (11.7). f stands in a second place, inside the candidate, and gradients of two uses are added."),
        Mistake("f's part in the mix missing", dict(df_mix=0.0), "Your gradient of f has the part inside the candidate alone. f also weighs old and new in the mix."),
        Mistake("f's part in the mix with h − n", dict(df_mix=-1.0), "Your gradient of f has old minus new, as in (11.7). Here f writes: more f is more of the candidate."),
        Mistake("f's part without the old state", dict(df_old=0.0), "In the mix your f gets the candidate's part only. f stands before the old state as well, inside 1 − f."),
        Mistake("f's part without the candidate", dict(df_new=0.0), "In the mix your f gets the old state's part only. f also multiplies the candidate."),
        Mistake("f's part in the candidate with h", dict(df_reset_times="h_prev"), "Inside the candidate your f gets h_{t−1} as a factor. What f multiplied there is m, the state after the matrix and b_h."),
        Mistake("f's part in the candidate without b_h", dict(df_reset_times="m without b_h"), "Inside the candidate your f gets a factor without b_h. f multiplied the whole of m."),
        Mistake("f missing on the way back", dict(dm_times_f=False), "Your dh_{t−1} through the candidate misses a factor: f scaled what the candidate saw of the state.", whole=True),
        Mistake("dm without f", dict(dm_times_f=False, dW_times_f=False, db_h_times_f=False), "Everything behind m lacks a factor in your answer: f multiplied m, so it multiplies what goes on to h_{t−1}, to the matrix and to b_h.", whole=True),
        Mistake("dW_hn without f", dict(dW_times_f=False), "The candidate's block of your dW_h lacks a factor. The matrix made m, and m was multiplied by f."),
        Mistake("db_h without f", dict(db_h_times_f=False), "Your db_h equals the candidate's block of db. b_h stands inside m, which f multiplied; b_n stands outside."),
        Mistake("gate's path missing", dict(gate_path=0.0), "Your dh_{t−1} misses the way through the gate: f reads h_{t−1} too."),
        Mistake("candidate's path missing", dict(candidate_path=0.0), "Your dh_{t−1} misses the way through the candidate, which read h_{t−1} through m."),
        Mistake("no σ' on the gate", dict(gate_slope=lambda f: 1.0), "The gate's slope is missing on the way from f to its pre-activation."),
        Mistake("tanh' on the gate", dict(gate_slope=lambda f: 1 - f**2), "Your gate has the slope of a tanh. It came out of a σ."),
        Mistake("no tanh' on the candidate", dict(candidate_slope=lambda n: 1.0), "The candidate's slope is missing on the way from n to its pre-activation.", whole=True),
        Mistake("slope of the candidate's value", dict(candidate_slope=lambda n: 1 - np.tanh(n) ** 2), "You take tanh' at n. n has been through the tanh already.", whole=True),
        Mistake("dW_h with h_t", dict(dW_h_times="h"), "Your dW_h uses h_t. The recurrent weights were multiplied with the state before the step."),
        Mistake("weights averaged over the batch", dict(per_example=True), "Your weight gradients are divided by N. The 1/N of a mean loss is already in dh; here the batch is summed.", whole=True),
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
