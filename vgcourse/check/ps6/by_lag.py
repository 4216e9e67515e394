"""Problem set 6: BPTT as a double sum over losses and steps, and the same sum sorted by lag."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps6.forward import EQUAL, draw_net
from vgcourse.check.ps6.through_time import SLOPES, back_through_time, first_state
from vgcourse.gradcheck import relative_error


def pairs(
    dhs,
    hs,
    W_h,
    *,
    slope="1 − h²",
    last_slope=True,
    early_slopes=True,
    late=0,
    back=None,
    joined=False,
    stop=None,
):
    """(t, k, δ_{t,k}) of all k ≤ t, from 0; `joined` lets the later losses' signals join on the way."""
    W_back, T = W_h if back is None else back(W_h), len(hs)
    slopes = [SLOPES[slope](hs[k], hs[k - 1]) for k in range(T)]
    total, from_next = [None] * T, np.zeros_like(hs[0])
    for k in reversed(range(T)):
        total[k] = (dhs[k] + from_next) * slopes[k]
        from_next = total[k] @ W_back
    for t in range(T):
        dh = dhs[t]
        for k in range(t, -1, -1):
            if stop is not None and t - k > stop:
                break
            f = slopes[k + late * (k < t)]
            delta = dh * f if (early_slopes if k < t else last_slope) else dh
            yield t, k, total[k] if joined else delta
            dh = delta @ W_back


# --- double_sum ------------------------------------------------------------------------------------


def double_sum(dhs, x, hs, h0, W_h):
    """∂E/∂W_x = Σ_t Σ_{k≤t} δ_{t,k}ᵀ x_k and ∂E/∂W_h = Σ_t Σ_{k≤t} δ_{t,k}ᵀ h_{k−1}, pair by pair."""
    return summed(dhs, x, hs, h0, W_h)


def summed(dhs, x, hs, h0, W_h, *, keep=None, state=None, inputs=None, state0="h0", divide=None, **of_pairs):
    """double_sum with exchangeable parts; `keep(t, k, T)` says which pairs count."""
    before = np.concatenate([first_state(state0, h0, hs)[None], hs[:-1]])
    dW_x, dW_h = np.zeros((len(W_h), x.shape[-1])), np.zeros_like(W_h)
    for t, k, delta in pairs(dhs, hs, W_h, **of_pairs):
        if keep is None or keep(t, k, len(hs)):
            dW_x += delta.T @ (x[k] if inputs is None else inputs(x, t, k))
            dW_h += delta.T @ (before[k] if state is None else state(hs, before, t, k))
    return (dW_x, dW_h) if divide is None else (dW_x / divide(x), dW_h / divide(x))


def _sum_cases(rng):
    cases = []
    for size in ((6, 3, 4, 5), EQUAL):
        x, h0, _, W_h, _, hs = draw_net(rng, *size)
        cases.append(
            Case((rng.normal(size=hs.shape), x, hs, h0, W_h), ("dW_x", "dW_h"), batch=size[1], steps=size[0])
        )
    return cases


SHARED = (
    Mistake("tanh' missing", {"slope": "none"}, "The factor tanh' is missing: δ_{t,t} = dhs_t ⊙ (1 − h_t²), and each step back has a slope of its own."),
    Mistake("tanh' missing at the loss", {"last_slope": False}, "Your δ_{t,t} is dhs_t itself. It is the gradient by a_t, so it has the slope of its own step: δ_{t,t} = dhs_t ⊙ (1 − h_t²)."),
    Mistake("tanh' at the loss only", {"early_slopes": False}, "Only δ_{t,t} has its tanh'. Each step back has one too: δ_{t,k} = (δ_{t,k+1} W_h) ⊙ (1 − h_k²)."),
    Mistake("tanh' of the step after", {"late": 1}, "On the way back your slopes are one step late: δ_{t,k} gets 1 − h_{k+1}². It is the gradient by a_k, so its slope is 1 − h_k²."),
    Mistake("1 − h", {"slope": "1 − h"}, "You multiply by 1 − h_k. tanh' is 1 − h_k², with a square."),
    Mistake("tanh' of the activation", {"slope": "at h"}, "You take tanh' at h_k. h_k already is the tanh of a_k, so the slope is 1 − h_k²."),
    Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward is h @ W_h.T, so back is δ @ W_h. As W_h is square, nothing fails."),
    Mistake("losses joined and summed again", {"joined": True}, "Each loss is counted several times: your δ_{t,k} already holds all losses from step k on, and you sum over t once more. In the double sum every loss travels alone."),
    Mistake("h0 left out", {"state0": "zeros"}, "The pairs with k = 1 are missing: W_h met h_0 there, which is not zero."),
    Mistake("hs[−1] for h0", {"state0": "hs[−1]"}, "You take the last state for the state before step 1: at t = 0 the index t − 1 is −1, and Python counts that from the end. Before step 1 stands h0."),
)  # fmt: skip

DOUBLE_SUM = Problem(
    name="ps6.double_sum",
    reference=double_sum,
    family=summed,
    cases=_sum_cases,
    points=3,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"dW_x": ("unit", "input"), "dW_h": ("unit", "unit")},
    mistakes=(
        *SHARED,
        Mistake("each loss at its own step", {"keep": lambda t, k, T: t == k}, "Only the pairs k = t are in your sum. A loss also reaches the weights of all earlier steps: k runs from t down to 1."),
        Mistake("own step left out", {"keep": lambda t, k, T: k < t}, "The pairs k = t are missing. A loss starts at the weights of its own step: k runs from t down to 1, t included."),
        Mistake("first step left out", {"keep": lambda t, k, T: k > 0}, "The pairs k = 1 are missing from both sums. range(t, 0, −1) ends before 0: the first step is index 0."),
        Mistake("last loss only", {"keep": lambda t, k, T: t == T - 1}, "Your sums hold the last loss alone. They have to be set to zero once, before the loop over t."),
        Mistake("last loss left out", {"keep": lambda t, k, T: t < T - 1}, "The last loss is missing from your sums: t runs to T, mind the end of range."),
        Mistake("only the far end of each loss", {"keep": lambda t, k, T: k == 0}, "Of each loss you keep its share at step 1 alone. The inner sum adds the shares of all k ≤ t: let the loop add, not overwrite."),
        Mistake("one step back only", {"stop": 1}, "Your losses go back one step and stop. The inner loop runs down to the first step."),
        Mistake("h_k for h_{k−1}", {"state": lambda hs, before, t, k: hs[k]}, "Your dW_h pairs δ_{t,k} with h_k. W_h was multiplied with the state before the step, h_{k−1}."),
        Mistake("h_{t−1} for h_{k−1}", {"state": lambda hs, before, t, k: before[t]}, "Your dW_h pairs δ_{t,k} with h_{t−1}, the state at the loss. It belongs to step k, where W_h met h_{k−1}."),
        Mistake("x_t for x_k", {"inputs": lambda x, t, k: x[t]}, "Your dW_x pairs δ_{t,k} with x_t, the input at the loss. It belongs to step k, where W_x met x_k."),
        Mistake("x_{k−1} for x_k", {"inputs": lambda x, t, k: x[k - 1] if k else 0 * x[0]}, "Your dW_x pairs δ_{t,k} with x_{k−1}. Only the state is taken from the step before; the input is x_k."),
        Mistake("divided by T", {"divide": len}, "You divide by T. E = E_1 + … + E_T is a sum over the steps, so its gradient is one too."),
        Mistake("divided by the number of pairs", {"divide": lambda x: len(x) * (len(x) + 1) / 2}, "You divide by the number of pairs, T(T + 1)/2. The double sum is a sum: nothing is averaged."),
        Mistake("divided by N", {"divide": lambda x: x.shape[1]}, "You divide by N. The losses of the batch are summed here; a mean, if there is one, is already in dhs."),
    ),
    hints=(
        "Each loss E_t goes back alone and leaves a share at every step k ≤ t, because the weights were used there.",
        "There are T(T + 1)/2 pairs. δ_{t,k} is (N, H); its share is δ.T @ x[k] for W_x, and for W_h the product with the state before step k.",
        "For every t: delta = dhs[t] * (1 − hs[t]**2); for k = t … 0: add the two shares, then delta = (delta @ W_h) times the slope of step k − 1.",
    ),
)  # fmt: skip


# --- gradient_by_lag -------------------------------------------------------------------------------


def gradient_by_lag(dhs, hs, h0, W_h):
    """parts[τ] = Σ_t δ_{t,t−τ}ᵀ h_{t−τ−1}: the share of ∂E/∂W_h that has crossed τ steps; Σ_τ is all of it."""
    return sorted_by_lag(dhs, hs, h0, W_h)


def sorted_by_lag(
    dhs,
    hs,
    h0,
    W_h,
    *,
    place=lambda t, k, T: t - k,
    keep=None,
    state=None,
    state0="h0",
    divide=None,
    finish=None,
    **of_pairs,
):
    """gradient_by_lag with exchangeable parts; `place(t, k, T)` is the row that a pair is added to."""
    T = len(hs)
    before = np.concatenate([first_state(state0, h0, hs)[None], hs[:-1]])
    parts = np.zeros((T, *W_h.shape))
    for t, k, delta in pairs(dhs, hs, W_h, **of_pairs):
        if place(t, k, T) < T and (keep is None or keep(t, k, T)):
            parts[place(t, k, T)] += delta.T @ (before[k] if state is None else state(hs, before, t, k))
    if divide is not None:
        parts = parts / divide(T)[:, None, None]
    return parts if finish is None else finish(parts)


def _lag_cases(rng):
    return [
        Case((case.args[0], *case.args[2:]), ("parts",), batch=case.batch, steps=case.steps)
        for case in _sum_cases(rng)
    ]


def _adds_up(args, out):
    dhs, hs, h0, W_h = args
    whole = back_through_time(dhs, np.zeros((*hs.shape[:2], 1)), hs, h0, np.zeros((len(W_h), 1)), W_h)[3]
    return relative_error(out["parts"].sum(axis=0), whole)


GRADIENT_BY_LAG = Problem(
    name="ps6.gradient_by_lag",
    reference=gradient_by_lag,
    family=sorted_by_lag,
    cases=_lag_cases,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    axes={"parts": ("lag from 0", "unit", "unit")},
    invariants=(
        Invariant("parts add up", _adds_up, "Your parts do not add up to dW_h. Every pair of a loss and a step has one lag, so the parts of all lags together are the gradient of the full backward pass."),
    ),
    mistakes=(
        *SHARED,
        Mistake("sorted by the step", {"place": lambda t, k, T: k}, "Your rows are sorted by k, the step where the weights were used. Asked for is the lag t − k, how far the loss is away."),
        Mistake("sorted by the loss", {"place": lambda t, k, T: t}, "Your rows are sorted by t, the step of the loss. Asked for is the lag t − k, how far back the weights were used."),
        Mistake("lags in reversed order", {"place": lambda t, k, T: T - 1 - (t - k)}, "Your rows start with the longest lag. parts[0] is what each loss does to the weights of its own step."),
        Mistake("lags from 1", {"place": lambda t, k, T: t - k + 1}, "Your lags are one too large, so parts[0] is empty and the longest is lost. The weights of the loss's own step have lag 0."),
        Mistake("up to the lag", {"finish": lambda parts: parts.cumsum(axis=0)}, "Row τ of yours holds all lags up to τ. Each part is one lag alone; the running sum is another picture."),
        Mistake("from the lag on", {"finish": lambda parts: parts[::-1].cumsum(axis=0)[::-1]}, "Row τ of yours holds all lags from τ on. Each part is one lag alone."),
        Mistake("last loss only", {"keep": lambda t, k, T: t == T - 1}, "Your parts hold the last loss alone. At lag τ there are T − τ pairs, one for every loss t > τ: add them."),
        Mistake("first pair of each lag only", {"keep": lambda t, k, T: k == 0}, "Each of your parts holds one pair, that with step 1. At lag τ there are T − τ pairs: add them."),
        Mistake("averaged over the pairs", {"divide": lambda T: T - np.arange(T)}, "You average over the T − τ pairs of a lag. The parts have to add up to dW_h, so they are sums."),
        Mistake("h_k for h_{k−1}", {"state": lambda hs, before, t, k: hs[k]}, "You pair δ_{t,k} with h_k. W_h was multiplied with the state before the step, h_{k−1}."),
        Mistake("h_{t−1} for h_{k−1}", {"state": lambda hs, before, t, k: before[t]}, "You pair δ_{t,k} with h_{t−1}, the state at the loss. It belongs to step k, where W_h met h_{k−1}."),
        Mistake("norms for arrays", {"finish": lambda parts: np.sqrt((parts**2).sum(axis=(1, 2)))}, "You return the norm of each part. Asked for are the parts themselves, (T, H, H): only they add up to dW_h."),
        Mistake("divided by T", {"divide": lambda T: np.full(T, T)}, "You divide by T. E = E_1 + … + E_T is a sum over the steps, so its gradient is one too."),
    ),
    hints=(
        "The double sum again: every pair of a loss t and a step k ≤ t leaves one share. Sort the shares by t − k before you add them.",
        "parts has the shape (T, H, H), parts[0] is the loss at its own step, and parts.sum(axis=0) is the dW_h of the full backward pass.",
        "For every t: delta = dhs[t] * (1 − hs[t]**2); for lag = 0 … t: parts[lag] += delta.T @ (state before step t − lag), then one step back.",
    ),
)  # fmt: skip
