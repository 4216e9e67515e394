"""Problem set 6: the whole of backpropagation through time."""

import numpy as np

from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.check.ps6.forward import EQUAL, draw_net

GRADIENTS = ("dx", "dh0", "dW_x", "dW_h", "db")
AXES = {
    "dx": ("step", "example", "input"),
    "dh0": ("example", "unit"),
    "dW_x": ("unit", "input"),
    "dW_h": ("unit", "unit"),
    "db": ("unit",),
}


def rnn_backward(dhs, x, hs, h0, W_x, W_h):
    """dh_t = dhs_t + da_{t+1} W_h, da_t = dh_t ⊙ (1 − h_t²); dW_h = Σ_t da_tᵀ h_{t−1}, dW_x = Σ_t da_tᵀ x_t."""
    return back_through_time(dhs, x, hs, h0, W_x, W_h)


SLOPES = {
    "1 − h²": lambda h, before: 1 - h**2,
    "none": lambda h, before: np.ones_like(h),
    "1 − h": lambda h, before: 1 - h,
    "1 + h²": lambda h, before: 1 + h**2,
    "h(1 − h)": lambda h, before: h * (1 - h),
    "at h": lambda h, before: 1 - np.tanh(h) ** 2,
    "before": lambda h, before: 1 - before**2,
}


def back_through_time(
    dhs,
    x,
    hs,
    h0,
    W_x,
    W_h,
    *,
    slope="1 − h²",
    slope_on="all",
    own="every step",
    carry="da W_h",
    back=None,
    cut=None,
    state="before",
    state0="h0",
    inputs=None,
    blank=None,
    accumulate=slice(None),
    divide=None,
    divide_b=None,
    dx_from="da",
    dx_order=1,
    dh0="da W_h",
    add_up=False,
    forwards=False,
):
    """rnn_backward with exchangeable parts, t from 0.

    `cut(t)` says where nothing comes from step t + 1, `blank[t]` where dW_h takes zeros for the state before,
    `accumulate` is the slice of the steps that the weight gradients add up.
    """
    before = np.concatenate([first_state(state0, h0, hs)[None], hs[:-1]])
    f, W_back = SLOPES[slope](hs, before), W_h if back is None else back(W_h)
    from_next, da, dh = np.zeros_like(h0), np.empty_like(hs), np.empty_like(hs)
    T = len(x)
    for t in range(T) if forwards else reversed(range(T)):
        ends = t == (0 if forwards else T - 1) or (cut is not None and cut(t))
        mine = dhs[t] if ends or own == "every step" else 0 * dhs[t]
        from_next = 0 * from_next if ends else from_next
        dh[t] = mine + from_next
        if slope_on == "all":
            da[t] = dh[t] * f[t]
        else:
            da[t] = mine * f[t] + from_next if slope_on == "own" else mine + from_next * f[t]
        from_next = _PASSED[carry](da[t], dh[t], dhs[t] * f[t]) @ W_back + add_up * from_next
    first = _FIRST_STATE[dh0](dh, da, dhs, W_back)
    dx = {"da": da, "dh": dh, "own": dhs * f}[dx_from] @ W_x
    states = {"before": before, "same": hs, "next": np.concatenate([hs[1:], 0 * hs[:1]])}[state]
    d = da[accumulate] / (1 if divide is None else divide(x))
    dW_x = over_time(d, (x if inputs is None else inputs(x))[accumulate])
    dW_h = over_time(d, (states if blank is None else states * ~blank[:, None, None])[accumulate])
    return dx[::dx_order], first, dW_x, dW_h, d.sum(axis=(0, 1)) / (1 if divide_b is None else divide_b(x))


def first_state(state0, h0, hs):
    """What stands before step 1: h_0, zeros, or what the index −1 finds."""
    return {"h0": h0, "zeros": 0 * h0, "hs[−1]": hs[-1]}[state0]


def over_time(d, v):
    """Σ_t d_tᵀ v_t."""
    return d.reshape(-1, d.shape[-1]).T @ v.reshape(-1, v.shape[-1])


_PASSED = {
    "da W_h": lambda da, dh, own: da,
    "dh W_h": lambda da, dh, own: dh,
    "own only": lambda da, dh, own: own,
    "none": lambda da, dh, own: 0 * da,
}
_FIRST_STATE = {
    "da W_h": lambda dh, da, dhs, W: da[0] @ W,
    "dh_1": lambda dh, da, dhs, W: dh[0],
    "da_1": lambda dh, da, dhs, W: da[0],
    "dh W_h": lambda dh, da, dhs, W: dh[0] @ W,
    "zero": lambda dh, da, dhs, W: 0 * dh[0],
    "last step": lambda dh, da, dhs, W: da[-1] @ W,
    "own added": lambda dh, da, dhs, W: dhs[0] + da[0] @ W,
    "all steps": lambda dh, da, dhs, W: da.sum(axis=0) @ W,
}


def sliding_window(dhs, x, hs, h0, W_x, W_h, steps):
    """Every loss on its own goes back over `steps` steps, its own included, wherever it stands."""
    T, before = len(x), np.concatenate([h0[None], hs[:-1]])
    da, dh0 = np.zeros_like(hs), np.zeros_like(h0)
    for t in range(T):
        dh = dhs[t]
        for k in range(t, max(t - steps, -1), -1):
            delta = dh * (1 - hs[k] ** 2)
            da[k] += delta
            dh = delta @ W_h
        if t < steps:
            dh0 += dh
    return da @ W_x, dh0, over_time(da, x), over_time(da, before), da.sum(axis=(0, 1))


def stretched(position):
    """Σ dx ⊙ x = Σ dW_x ⊙ W_x, where W_x is argument number `position`, counted from 0, and x number 1."""

    def residual(args, out):
        (x, dx), (W_x, dW_x) = (args[1], out["dx"]), (args[position], out["dW_x"])
        size = np.linalg.norm(dx) * np.linalg.norm(x) + np.linalg.norm(dW_x) * np.linalg.norm(W_x)
        return abs((dx * x).sum() - (dW_x * W_x).sum()) / size if size > 0 else 0.0

    return Invariant("inputs stretched as W_x", residual, "Your dx and dW_x contradict each other. Making all inputs 1 % larger or making W_x 1 % larger is the same change, so Σ dx ⊙ x must equal Σ dW_x ⊙ W_x.")  # fmt: skip


def backward_case(rng, size, *more):
    """One net of `size`, a gradient on every state; `more` arguments come last."""
    x, h0, W_x, W_h, _, hs = draw_net(rng, *size)
    dhs = rng.normal(size=hs.shape)
    return Case((dhs, x, hs, h0, W_x, W_h, *more), GRADIENTS, batch=size[1], steps=size[0])


RNN_BACKWARD = Problem(
    name="ps6.rnn_backward",
    reference=rnn_backward,
    family=back_through_time,
    cases=lambda rng: [backward_case(rng, size) for size in ((6, 3, 4, 5), EQUAL)],
    points=6,
    lecture='lecture 8, "Backpropagation through time"',
    axes=AXES,
    invariants=(stretched(4),),
    mistakes=(
        Mistake("nothing from the next step", {"carry": "none"}, "Your gradient does not travel through time: every dh_t is its own dhs_t. h_t is also used by step t + 1, so dh_t = dhs_t + da_{t+1} W_h."),
        Mistake("only the carried part", {"own": "last"}, "After the last step you replace the gradient by what step t + 1 hands back, and each dhs_t is lost. The two add up: dh_t = dhs_t + da_{t+1} W_h."),
        Mistake("one step back only", {"carry": "own only"}, "Your gradient travels one step and stops: you hand back dhs_t ⊙ tanh' alone. What goes back from step t holds what came from t + 1: da_t of the whole dh_t."),
        Mistake("what comes back is added up", {"add_up": True, "dh0": "all steps"}, "What the steps hand back piles up: from step t + 1 on, the same gradient comes again at every step. It is already in da_t W_h, so replace it (=), do not add (+=)."),
        Mistake("loop runs forwards", {"forwards": True, "dh0": "last step"}, "Your loop runs from step 1 to T. What comes back into h_t comes from step t + 1, so the last step is the first to be done: reversed(range(T))."),
        Mistake("tanh' missing", {"slope": "none"}, "The factor tanh' is missing at every step: da_t = dh_t ⊙ (1 − h_t²)."),
        Mistake("1 − h", {"slope": "1 − h"}, "You multiply by 1 − h_t. tanh' is 1 − h_t², with a square."),
        Mistake("1 + h²", {"slope": "1 + h²"}, "You multiply by 1 + h_t². tanh' is 1 − h_t², and never above 1."),
        Mistake("sigmoid's derivative", {"slope": "h(1 − h)"}, "h(1 − h) is the slope of the sigmoid. This net has tanh, whose slope is 1 − h²."),
        Mistake("tanh' of the activation", {"slope": "at h"}, "You take tanh' at h_t: 1 − tanh²(h_t). h_t already is the tanh, so the slope is 1 − h_t²."),
        Mistake("tanh' of the step before", {"slope": "before"}, "Your slope is 1 − h_{t−1}². Step t squashed a_t to h_t, so its slope is 1 − h_t²."),
        Mistake("tanh' on the own loss only", {"slope_on": "own"}, "Only dhs_t goes through tanh'; what comes from step t + 1 does not. Both arrive at h_t: add them first, then multiply by 1 − h_t²."),
        Mistake("tanh' on the carried part only", {"slope_on": "carry"}, "Only what comes from step t + 1 goes through tanh'; dhs_t does not. Both arrive at h_t: add them first, then multiply by 1 − h_t²."),
        Mistake("carried before tanh'", {"carry": "dh W_h", "dh0": "dh W_h"}, "You hand dh_t W_h to the step before. The way back to h_{t−1} leads through the tanh of step t: hand on da_t W_h."),
        Mistake("W_h transposed", {"back": np.transpose}, "You go back through the transpose of W_h. Forward is h @ W_h.T, so back is da @ W_h. As W_h is square, nothing fails."),
        Mistake("h_t for h_{t−1}", {"state": "same"}, "Your dW_h pairs da_t with h_t. W_h was multiplied with the state before the step: dW_h = Σ_t da_tᵀ h_{t−1}, where the first is h_0."),
        Mistake("h_{t+1} for h_{t−1}", {"state": "next"}, "Your dW_h pairs da_t with h_{t+1}: the states are shifted the wrong way. W_h was multiplied with h_{t−1}."),
        Mistake("h0 left out of dW_h", {"state0": "zeros"}, "Your dW_h lacks the term of the first step. The state before step 1 is h_0, which is not zero: da_1ᵀ h_0 belongs to the sum."),
        Mistake("hs[−1] for h0", {"state0": "hs[−1]"}, "Your dW_h takes the last state for the state before step 1: at t = 0 the index t − 1 is −1, and Python counts that from the end. Before step 1 stands h0."),
        Mistake("x_{t−1} for x_t", {"inputs": lambda x: np.concatenate([0 * x[:1], x[:-1]])}, "Your dW_x pairs da_t with x_{t−1}. Only the state is taken from the step before; the input is x_t."),
        Mistake("gradients overwritten", {"accumulate": slice(0, 1)}, "Your dW_x, dW_h and db hold the first step alone: the loop overwrites them. The weights serve every step, so add each step's share (+=)."),
        Mistake("weight gradients of the last step", {"accumulate": slice(-1, None)}, "Your dW_x, dW_h and db hold the last step alone. The weights serve every step, so their gradients are sums over all steps."),
        Mistake("divided by T", {"divide": len}, "Your dW_x, dW_h and db are divided by T. Uses of the same weight add up; a mean over steps, if there is one, is already in dhs."),
        Mistake("divided by N", {"divide": lambda x: x.shape[1]}, "Your dW_x, dW_h and db are divided by N. A mean over the batch, if there is one, is already in dhs: here they are sums."),
        Mistake("db divided by N", {"divide_b": lambda x: x.shape[1]}, "Your db is averaged over the batch. It is a sum over steps and sequences, as dW_x and dW_h are."),
        Mistake("db divided by T", {"divide_b": len}, "Your db is averaged over the steps. b is added at every step, so db is the sum."),
        Mistake("db divided by N and T", {"divide_b": lambda x: x.shape[0] * x.shape[1]}, "Your db is a mean over steps and sequences. It is their sum: db = Σ_t Σ_n da_t."),
        Mistake("dx without tanh'", {"dx_from": "dh"}, "Your dx is dh_t W_x. The input acts before the tanh: dx_t = da_t W_x."),
        Mistake("dx of the own loss only", {"dx_from": "own"}, "Your dx holds each step's own loss only. x_t also changes all later losses, through the state: use the da_t that the loop has added up."),
        Mistake("dx in the loop's order", {"dx_order": -1}, "Your dx is in the order of the loop, the last step first. dx[0] belongs to x[0]: fill dx[t], or reverse the list at the end."),
        Mistake("dh0 is dh_1", {"dh0": "dh_1"}, "Your dh0 is dh_1, the gradient by the state after step 1. One step is left to h_0: through the tanh and W_h of step 1."),
        Mistake("dh0 without W_h", {"dh0": "da_1"}, "Your dh0 is da_1, the gradient by the pre-activation. h_0 entered it through W_h: one product is missing."),
        Mistake("dh0 without tanh'", {"dh0": "dh W_h"}, "Your dh0 lacks the tanh' of step 1: h_0 acts through W_h and then the tanh."),
        Mistake("dh0 zero", {"dh0": "zero"}, "Your dh0 is zero. The first state is an input like any other: what step 1 hands back is its gradient."),
        Mistake("dh0 of the last step", {"dh0": "last step"}, "Your dh0 is what the last step hands back to h_{T−1}. It is what is left when the loop has come to step 1."),
        Mistake("dh0 with a loss of its own", {"dh0": "own added"}, "You add dhs[0] to dh0. dhs[0] belongs to h_1 and is already in it: h_0 has no loss of its own."),
        *(
            Mistake(f"truncated to {k} steps", lambda *args, k=k: sliding_window(*args, k), f"Your losses go back over {k} steps at most, their own included. That is truncated BPTT, whose gradient lacks the long lags; asked for is all of it.")
            for k in (3, 4, 5)
        ),
    ),
    hints=(
        "h_t is used twice: by its own loss and by step t + 1. So its gradient is a sum of two, and one loop from T to 1 carries the second.",
        "In the loop: dh and da have the shape (N, H); da @ W_x is dx[t]; da @ W_h goes to the step before; after the loop it is dh0.",
        "da = (dhs[t] + from_next) * (1 − hs[t]**2). The state that W_h met at step t is hs[t − 1], and h0 at the first step; the sums over t need +=.",
    ),
)  # fmt: skip
