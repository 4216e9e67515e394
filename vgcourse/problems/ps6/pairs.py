"""Problem set 6: the double sum over losses and steps, as a table of pairs, and sorted by lag."""

import numpy as np

from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, SINGLE, draw_net, leaky_forward
from vgcourse.problems.ps6.slips import SLOPE_MISTAKES, WAYS
from vgcourse.problems.ps6.through_time import leaky_backward

COMMON = (
    Mistake("slope of the loss's step", edit("f[k]", "f[t]"), "On the whole way back you use the slope of step t, where the loss stands. Step k has a slope of its own: it is the first of the two slips of lecture 8, section 2."),
    Mistake("slope at the loss only", edit("f[k]", "(f[k] if k == t else alpha)"), "Only your own-step entries have the slope of tanh. Each step back has one too."),
    Mistake("slope missing at the loss", edit("f[k]", "(f[k] if k < t else alpha)"), "Your own-step entries lack the slope of tanh. They are gradients with respect to a pre-activation, too."),
    Mistake("begins one step early", edit("range(t,", "range(t - 1,"), "Your loss t begins its way at step t − 1. It is the gradient at h_t, so its first step is its own, t."),
    Mistake("every loss the last", edit("dhs[t]", "dhs[-1]"), "Every loss of yours starts with the gradient of the last one. Loss t starts with dhs of its own step."),
    Mistake("gradients of the states", edit("= dz", "= dh"), "Your entries come from gradients with respect to the states. b and W_x act inside the tanh: they meet those with respect to the pre-activations."),
    Mistake("leak missing at the weights", edit("= dz", "= (dz / alpha)"), "What you leave at a step lacks the factor α, though what you pass on has it. What comes out of the tanh enters the state with the weight α."),
    Mistake("losses joined", edit("dz =", "dh = dh + (dhs[k] if k < t else 0)\n            dz ="), "On its way back your loss t picks up the losses of earlier steps. In the double sum every loss travels alone."),
)  # fmt: skip


# --- bias_pairs ------------------------------------------------------------------------------------


def bias_pairs(dhs, hs, W_h, alpha):
    """Σ_n δ_{t,k} at [t, k]: what loss t adds to ∂L/∂b through step k ≤ t; zeros for k > t."""
    T = len(dhs)
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    G = np.zeros((T, T, len(W_h)))
    for t in range(T):
        dh = dhs[t]
        for k in range(t, -1, -1):
            dz = dh * f[k]
            G[t, k] = dz.sum(axis=0)
            dh = (1 - alpha) * dh + dz @ W_h
    return G


def _draw(rng, size):
    x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
    hs = leaky_forward(x, h0, W_x, W_h, b, alpha)
    return rng.normal(size=hs[1:].shape), hs, x, W_h, alpha


def _pair_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL, SINGLE, (1, 2, 3, 3)):
        dhs, hs, _, W_h, alpha = _draw(rng, size)
        cases.append(Case((dhs, hs, W_h, alpha), ("G",), batch=size[1], steps=size[0]))
    return cases


def _sums_to_db(args, out):
    dhs, hs, W_h, alpha = args
    nothing = np.zeros((*dhs.shape[:2], 1)), np.zeros((len(W_h), 1))
    return relative_error(out["G"].sum(axis=(0, 1)), leaky_backward(dhs, hs, *nothing, W_h, alpha)[4])


BIAS_PAIRS = Problem(
    name="ps6.bias_pairs",
    reference=bias_pairs,
    cases=_pair_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"G": ("loss", "step", "unit")},
    invariants=(
        Invariant("the table adds up", _sums_to_db, "Your table does not add up to db, the whole gradient of the bias."),
    ),
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        *COMMON,
        Mistake("rows and columns exchanged", edit("G[t, k]", "G[k, t]"), "Your table has steps as rows and losses as columns. The first index is the loss, so all entries above the diagonal are 0."),
        Mistake("second index is the lag", edit("G[t, k]", "G[t, t - k]"), "Your second index counts how far the loss has travelled. It is the step where the bias was added."),
        Mistake("own steps only", edit("-1, -1)", "t - 1, -1)"), "Only the diagonal of your table is filled. A loss also reaches the bias of all earlier steps."),
        Mistake("diagonal missing", edit("sum(axis=0)", "sum(axis=0) * (k < t)"), "The diagonal of your table is empty. A loss begins at its own step."),
        Mistake("first step missing", edit("-1, -1)", "0, -1)"), "The first column of your table is empty, as if the loop ended one step early."),
        Mistake("averaged over the batch", edit("sum(axis=0)", "mean(axis=0)"), "You average over the sequences. The bias serves all of them, so their contributions add."),
        Mistake("first sequence only", edit(".sum(axis=0)", "[0]"), "Your table holds the first sequence alone. The bias serves all of them, so their contributions add."),
        Mistake("summed over units too", edit("sum(axis=0)", "sum()"), "You add up the units as well, so that all entries of a pair are one number. Only the sequences are added up."),
        Mistake("gradient from here on", edit("return G", "return np.cumsum(G[:, ::-1], axis=1)[:, ::-1]"), "Your entries hold all later steps of their row as well. An entry belongs to one step alone."),
        Mistake("gradient from here back", edit("return G", "return np.cumsum(G, axis=1)"), "Your entries add up along each row. An entry belongs to one step alone."),
        Mistake("gradient of all losses", edit("return G", "return np.cumsum(G[::-1], axis=0)[::-1]"), "Your entries add up down each column: later losses are in them as well. An entry belongs to one loss alone."),
        Mistake("a step back before writing", edit("            G[t, k] = dz.sum(axis=0)\n", "", "dz @ W_h", "dz @ W_h\n            if k:\n                G[t, k - 1] = dh.sum(axis=0)"), "You go a step back before you write, so that the diagonal is empty and gradients of states stand one place to the left. Write the signal of step k, then go back."),
        Mistake("passed on too soon", edit("            dh = (1 - alpha) * dh + dz @ W_h\n", "", "dz = dh * f[k]", "dz = dh * f[k]\n            dh = (1 - alpha) * dh + dz @ W_h\n            dz = dh * f[k]"), "You pass the gradient on to the step before and then take the entry from it. The entry of step k comes from the gradient that arrived at h_k."),
        Mistake("slope of the step after", edit("f[k]", "f[min(k + 1, T - 1)]"), "Your slope is one step late: step k has that of step k + 1."),
        Mistake("one step back, again and again", edit("dh = (1 - alpha) * dh + dz @ W_h", "dh = (1 - alpha) * dhs[t] + (dhs[t] * f[k]) @ W_h"), "Behind the first step back each loss starts again from dhs[t]. What one step hands back is what the next one gets."),
        Mistake("both halves of the table", edit("return G", "return G + np.tril(G.sum(axis=-1), -1).T[..., None] / len(W_h)"), "Your table has entries above the diagonal. A loss acts on no later step: zeros there."),
        Mistake("mirrored table", edit("return G", "return G + G.swapaxes(0, 1) * (1 - np.eye(T))[..., None]"), "Your table is filled on both sides of the diagonal. A loss acts on no later step: zeros there."),
        Mistake("losses from the end", edit("return G", "return G[::-1]"), "Your rows start with the last loss. Row 0 is the loss of step 1."),
        Mistake("steps from the end", edit("return G", "return G[:, ::-1]"), "Your columns start with the last step. Column 0 is step 1."),
        Mistake("entry over its row", edit("return G", "return G / np.maximum(np.arange(1, T + 1), 1)[:, None, None]"), "Your rows are divided by the number of their steps. What a loss leaves at the steps adds up."),
        Mistake("loss of one sequence", edit("dz.sum(axis=0)", "dz[-1]"), "Your table holds the last sequence alone. The bias serves all of them, so their contributions add."),
        Mistake("sizes", edit("dz.sum(axis=0)", "np.abs(dz).sum(axis=0)"), "Your entries add up sizes. Contributions have signs and may cancel."),
        Mistake("norm over the batch", edit("dz.sum(axis=0)", "np.linalg.norm(dz, axis=0)"), "Your entries are lengths over the batch. Contributions of the sequences add."),
        Mistake("last loss in every row", edit("return G", "return np.broadcast_to(G[-1], G.shape).copy()"), "All your rows are that of the last loss. Each loss travels alone, from its own step."),
        Mistake("db in every entry", edit("return G", "return np.broadcast_to(G.sum(axis=(0, 1)), G.shape).copy()"), "All your entries are db, the whole. An entry is one loss at one step."),
    ),
    hints=(
        "Each loss travels back alone. At every step that it passes it leaves something at the bias of that step.",
        "Two loops: t over the losses, and from t down to the first step. What is left at a step is (N, H) and sums over N; the next start is a fresh dhs[t].",
        "Inside, two lines that you know from part 3: delta from the gradient that arrives, then the gradient one step earlier from both ways.",
    ),
)  # fmt: skip


# --- inputs_by_lag ---------------------------------------------------------------------------------


def inputs_by_lag(dhs, hs, x, W_h, alpha):
    """parts[τ] = Σ_t δ_{t,t−τ}ᵀ x_{t−τ}: the share of ∂L/∂W_x that has crossed τ steps; all parts sum to it."""
    T = len(x)
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    parts = np.zeros((T, len(W_h), x.shape[-1]))
    for t in range(T):
        dh = dhs[t]
        for k in range(t, -1, -1):
            dz = dh * f[k]
            parts[t - k] += dz.T @ x[k]
            dh = (1 - alpha) * dh + dz @ W_h
    return parts


def _by_lag_unmoved(dhs, hs, x, W_h, alpha):
    """All losses of a lag at once; after a step back the last row is dropped, where it should be the first."""
    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    dh, parts = dhs, []
    for n in range(len(x), 0, -1):
        dz = dh[:n] * (alpha * (1 - c[:n] ** 2))
        parts.append(np.einsum("tnh,tnd->hd", dz, x[:n]))
        dh = (1 - alpha) * dh[:n] + dz @ W_h
    return np.array(parts)


def _lag_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL, SINGLE, (1, 2, 3, 4)):
        cases.append(Case(_draw(rng, size), ("parts",), batch=size[1], steps=size[0]))
    return cases


def _adds_up(args, out):
    dhs, hs, x, W_h, alpha = args
    whole = leaky_backward(dhs, hs, x, np.zeros((len(W_h), x.shape[-1])), W_h, alpha)[2]
    return relative_error(out["parts"].sum(axis=0), whole)


INPUTS_BY_LAG = Problem(
    name="ps6.inputs_by_lag",
    reference=inputs_by_lag,
    cases=_lag_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"parts": ("lag from 0", "unit", "input")},
    invariants=(
        Invariant("parts add up", _adds_up, "Your parts do not add up to dW_x. Every pair of a loss and a step has one lag, so the parts of all lags together are the whole gradient."),
    ),
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        *COMMON,
        Mistake("sorted by the step", edit("parts[t - k]", "parts[k]"), "Your rows are sorted by the step where the weights were used. Asked for is how far the loss is away."),
        Mistake("sorted by the loss", edit("parts[t - k]", "parts[t]"), "Your rows are sorted by the step of the loss. Asked for is how far it has travelled."),
        Mistake("longest lag first", edit("parts[t - k]", "parts[T - 1 - (t - k)]"), "Your rows start with the longest lag. parts[0] is what each loss does to the weights of its own step."),
        Mistake("lags from 1", edit("return parts", "return np.concatenate([0 * parts[:1], parts[:-1]])"), "Your lags are one too large, so parts[0] is empty and the longest is lost. The weights of the loss's own step have lag 0."),
        Mistake("lags from 1, the longest first", edit("parts[t - k]", "parts[(t - k + 1) % T]"), "Your lags are one too large, and the longest stands in parts[0]. The weights of the loss's own step have lag 0."),
        Mistake("first step missing", edit("-1, -1)", "0, -1)"), "Step 1 is missing in your parts, as if the loop ended one step early."),
        Mistake("lag 0 missing", edit("return parts", "parts[0] = 0\n    return parts"), "parts[0] of yours is empty. A loss begins at the weights of its own step."),
        Mistake("lag 0 alone", edit("-1, -1)", "t - 1, -1)"), "Only parts[0] of yours is filled. A loss also reaches the weights of all earlier steps: go on from its own step to the first."),
        Mistake("losses joined on one way back", edit("in range(T)", "in [T - 1]", "dz =", "dh = dh + (dhs[k] if k < t else 0)\n            dz ="), "You go back once and each loss joins on the way, as in part 6. What is left at a step then holds several losses, and they have come from different lags: in the double sum every loss travels alone.", alone=True),
        Mistake("up to the lag", edit("return parts", "return np.cumsum(parts, axis=0)"), "Row τ of yours holds all lags up to τ. Each part is one lag alone."),
        Mistake("from the lag on", edit("return parts", "return np.cumsum(parts[::-1], axis=0)[::-1]"), "Row τ of yours holds all lags from τ on. Each part is one lag alone."),
        Mistake("last loss only", edit("in range(T)", "in [T - 1]"), "Your parts hold the last loss alone. At lag τ there are T − τ pairs: add them."),
        Mistake("pairs with the first step only", edit(".T @", ".T * (k == 0) @"), "Each of your parts holds one pair, that with step 1. At lag τ there are T − τ pairs: add them."),
        Mistake("averaged over the pairs", edit(".T @", ".T / (T - t + k) @"), "You average over the T − τ pairs of a lag. The parts have to add up to dW_x, so they are sums."),
        Mistake("averaged over the batch", edit(".T @", ".T / x.shape[1] @"), "You divide by N. The sequences of a batch add up; a mean, if there is one, is already in dhs."),
        Mistake("divided by T", edit(".T @", ".T / T @"), "You divide by T. The loss is a sum over the steps, so its gradient is one too."),
        Mistake("input at the loss", edit("x[k]", "x[t]"), "Your signals meet the input at the loss, x_t. W_x was multiplied with the input of the step where the signal is."),
        Mistake("input one step early", edit("x[k]", "(x[k - 1] if k else 0 * x[0])"), "Your signals meet the input of the step before. Only states are taken from there."),
        Mistake("input one step early, index −1", edit("x[k]", "x[k - 1]"), "Your signals meet the input of the step before, and that of step 1 the last input (index −1). x[k] and dhs[k] belong to the same step."),
        Mistake("input one step late", edit("x[k]", "np.append(x[1:], 0 * x[:1], axis=0)[k]"), "Your signals meet the input of the step after, and that of the last step none. x[k] and dhs[k] belong to the same step."),
        Mistake("norms for arrays", edit("return parts", "return np.sqrt((parts**2).sum(axis=(1, 2)))"), "You return the norm of each part. Asked for are the parts themselves, (T, H, D): only they add up to dW_x."),
        Mistake("signals that stay on their index", _by_lag_unmoved, "Your signals stay on their index when they go a step back: after it row t holds what belongs to step t, of the loss at t + 1. Drop the first row, not the last: the loss of step 1 has nowhere to go."),
        Mistake("passed on too soon", edit("            dh = (1 - alpha) * dh + dz @ W_h\n", "", "dz = dh * f[k]", "dz = dh * f[k]\n            dh = (1 - alpha) * dh + dz @ W_h\n            dz = dh * f[k]"), "You pass the gradient on to the step before and then take the share from it. The share of step k comes from the gradient that arrived at h_k."),
        Mistake("slope of the step after", edit("f[k]", "f[min(k + 1, T - 1)]"), "Your slope is one step late: step k has that of step k + 1."),
        Mistake("one step back, again and again", edit("dh = (1 - alpha) * dh + dz @ W_h", "dh = (1 - alpha) * dhs[t] + (dhs[t] * f[k]) @ W_h"), "Behind the first step back each loss starts again from dhs[t]. What one step hands back is what the next one gets."),
        Mistake("state for the input", edit("dz.T @ x[k]", "dz.T @ hs[k][:, : x.shape[-1]] if x.shape[-1] <= len(W_h) else dz.T @ x[k]"), "Your signals meet states. W_x meets the input."),
        Mistake("first sequence only", edit("dz.T @ x[k]", "dz[:1].T @ x[k][:1]"), "Your parts hold the first sequence alone. All sequences use the same W_x: add them."),
        Mistake("batch averaged on both sides", edit("dz.T @ x[k]", "np.outer(dz.sum(axis=0), x[k].mean(axis=0))"), "You multiply sums over the batch. Each sequence pairs its own signal with its own input, and then the products add."),
        Mistake("inputs from the end", edit("x[k]", "x[T - 1 - k]"), "Your signals meet the inputs in the opposite order. Step k reads x[k]."),
        Mistake("whole gradient in each", edit("return parts", "return np.broadcast_to(parts.sum(axis=0), parts.shape).copy()"), "All your parts are dW_x, the whole. Each lag has its own share."),
    ),
    hints=(
        "The double sum again: every pair of a loss t and a step k ≤ t leaves one share. Sort the shares by t − k before you add them.",
        "parts has the shape (T, H, D), parts[0] is the loss at its own step, and parts.sum(axis=0) is the dW_x of the full backward pass.",
        "The two loops of part 5; at step k a signal of shape (N, H) meets the input of step k, (N, D), and the product of both goes to row t − k.",
    ),
)  # fmt: skip
