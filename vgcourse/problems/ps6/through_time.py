"""Problem set 6: back through time in a leaky net, from its states alone, all losses in one pass."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps6.forward import EQUAL, draw_net, leaky_forward
from vgcourse.problems.ps6.slips import FLOW, LEAKS, SLOPE_MISTAKES, SUMS, WAYS

GRADIENTS = ("dx", "dh0", "dW_x", "dW_h", "db", "dalpha")
AXES = {
    "dx": ("step", "example", "input"),
    "dh0": ("example", "unit"),
    "dW_x": ("unit", "input"),
    "dW_h": ("unit", "unit"),
    "db": ("unit",),
    "dalpha": ("unit",),
}


def candidates(hs, alpha):
    """c_t = (h_t − (1 − α) h_{t−1})/α for t = 1 … T."""
    return (hs[1:] - (1 - alpha) * hs[:-1]) / alpha


SLOPES = {
    "1 − c²": lambda hs, c, a: 1 - c**2,
    "none": lambda hs, c, a: np.ones_like(c),
    "1 − h²": lambda hs, c, a: 1 - hs[1:] ** 2,
    "before": lambda hs, c, a: 1 - hs[:-1] ** 2,
    "1 − c": lambda hs, c, a: 1 - c,
    "1 + c²": lambda hs, c, a: 1 + c**2,
    "c(1 − c)": lambda hs, c, a: c * (1 - c),
    "at c": lambda hs, c, a: 1 - np.tanh(c) ** 2,
    "h/α": lambda hs, c, a: 1 - (hs[1:] / a) ** 2,
    "not divided": lambda hs, c, a: 1 - (a * c) ** 2,
    "h − α h": lambda hs, c, a: 1 - ((hs[1:] - a * hs[:-1]) / a) ** 2,
    "(h − h)/α": lambda hs, c, a: 1 - ((hs[1:] - hs[:-1]) / a) ** 2,
    "h − h": lambda hs, c, a: 1 - (hs[1:] - hs[:-1]) ** 2,
    "wrapped": lambda hs, c, a: 1 - np.concatenate([(hs[:1] - (1 - a) * hs[-1:]) / a, c[:-1]]) ** 2,
}
STEPS = {
    "both": lambda dh, dz, W, a: (1 - a) * dh + dz @ W,
    "around only": lambda dh, dz, W, a: (1 - a) * dh,
    "through only": lambda dh, dz, W, a: dz @ W,
    "none": lambda dh, dz, W, a: 0 * dh,
    "α for 1 − α": lambda dh, dz, W, a: a * dh + dz @ W,
    "all": lambda dh, dz, W, a: dh + dz @ W,
    "around δ": lambda dh, dz, W, a: (1 - a) * dz + dz @ W,
    "dh W_h": lambda dh, dz, W, a: (1 - a) * dh + dh @ W,
    "around slope": lambda dh, dz, W, a: (1 - a) * dz / a + dz @ W,
    "α twice": lambda dh, dz, W, a: (1 - a) * dh + (a * dz) @ W,
    "α after W_h": lambda dh, dz, W, a: (1 - a) * dh + a * (dz @ W),
    "stays": lambda dh, dz, W, a: dh,
    "sum leaks": lambda dh, dz, W, a: (1 - a) * (dh + dz @ W),
}


def back_through_time(
    dhs, hs, x, W_x, W_h, alpha, *,
    slope="1 − c²", weight=lambda a: a, step="both", own="every step", own_only=False, back=lambda W: W, cut=None, state="before",
    inputs=None, accumulate=slice(None), of_x=slice(None), of_h=slice(None), of_b=slice(None), divide=lambda x: 1, divide_b=lambda x: 1, dx_from="dz", dx_order=1, dh0="arrives",
    add_up=False, losses=lambda dhs, a: dhs, joins="before", around="arrived", dx_shift=0, first=0, b_from="dz", alpha_from="c − h", alpha_signal="dh", alpha_divide=lambda x: 1, alpha_steps=slice(None),
):  # fmt: skip
    """leaky_backward with exchangeable parts, t from 0; `cut(t)`: nothing comes back into h_t from the step after it."""
    c, W, T = candidates(hs, alpha), back(W_h), len(x)
    f = weight(alpha) * SLOPES[slope](hs, c, alpha)
    from_next, (dz, dh, after) = np.zeros_like(hs[0]), np.zeros((3, *c.shape), c.dtype)
    dhs = losses(dhs, alpha)
    for t in reversed(range(first, T)):
        ends = t == T - 1 or (cut is not None and cut(t + 1))
        from_next = 0 * from_next if ends else from_next
        dh[t] = (dhs[t] if joins == "before" and (ends or own == "every step") else 0) + from_next
        dz[t] = dh[t] * f[t]
        back_from = (dhs[t], dhs[t] * f[t]) if own_only else (dh[t], dz[t])
        back_from = (from_next, dz[t]) if around == "carried" else back_from
        from_next = STEPS[step](*back_from, W, alpha) + add_up * from_next + (joins == "after") * dhs[t]
        after[t] = from_next
    start = {
        "arrives": lambda: from_next,
        "dh_1": lambda: dh[0],
        "around only": lambda: (1 - alpha) * dh[0],
        "through only": lambda: dz[0] @ W,
        "dz_1": lambda: dz[0],
        "zero": lambda: 0 * dh[0],
        "last step": lambda: STEPS[step](dh[-1], dz[-1], W, alpha),
        "own added": lambda: dhs[0] + from_next,
    }[dh0]()
    dx = np.roll({"dz": dz, "dh": dh, "own": dhs * f}[dx_from] @ W_x, dx_shift, axis=0)
    d = dz[accumulate] / divide(x)
    early = np.concatenate([hs[-1:], hs[:-2]])
    states = {"before": hs[:-1], "same": hs[1:], "c": c, "early": early}[state]
    mixed = {
        "c − h": lambda: c - hs[:-1],
        "h − c": lambda: hs[:-1] - c,
        "c": lambda: c,
        "c − h_t": lambda: c - hs[1:],
        "h_t − h": lambda: hs[1:] - hs[:-1],
        "sloped": lambda: (c - hs[:-1]) * (1 - c**2),
        "c + h": lambda: c + hs[:-1],
        "slope": lambda: 1 - c**2,
    }[alpha_from]()
    mixed = {"dh": dh, "own": dhs, "dz": dz, "dh/α": dh / alpha, "after": after}[alpha_signal] * mixed
    dalpha = mixed[alpha_steps].sum(axis=(0, 1)) / alpha_divide(x)
    dW_x = over_time(d[of_x], (x if inputs is None else inputs(x))[accumulate][of_x])
    dW_h = over_time(d[of_h], states[accumulate][of_h])
    at_b = {"dz": d, "dh": dh[accumulate] / divide(x), "dc": d / alpha}[b_from]
    return dx[::dx_order], start, dW_x, dW_h, at_b[of_b].sum(axis=(0, 1)) / divide_b(x), dalpha


def over_time(d, v):
    """Σ_t d_tᵀ v_t."""
    return d.reshape(-1, d.shape[-1]).T @ v.reshape(-1, v.shape[-1])


# --- leaky_backward --------------------------------------------------------------------------------


def leaky_backward(dhs, hs, x, W_x, W_h, alpha):
    """dh_t = dhs_t + (1 − α) dh_{t+1} + W_hᵀ dz_{t+1}, dz_t = α(1 − c_t²) dh_t; dα = Σ dh_t ⊙ (c_t − h_{t−1})."""
    return back_through_time(dhs, hs, x, W_x, W_h, alpha)


def stretched(position):
    """Σ dx ⊙ x = Σ dW_x ⊙ W_x; x is argument 2."""

    def residual(args, out):
        (x, dx), (W_x, dW_x) = (args[2], out["dx"]), (args[position], out["dW_x"])
        size = np.linalg.norm(dx) * np.linalg.norm(x) + np.linalg.norm(dW_x) * np.linalg.norm(W_x)
        return abs((dx * x).sum() - (dW_x * W_x).sum()) / size if size > 0 else 0.0

    return Invariant("inputs stretched as W_x", residual, "Your dx and dW_x contradict each other. Making all inputs 1 % larger or making W_x 1 % larger is the same change, so Σ dx ⊙ x must equal Σ dW_x ⊙ W_x.")  # fmt: skip


def backward_case(rng, size, quantities=GRADIENTS, arrange=lambda *args: args):
    """One net of `size`, a gradient on every state h_1 … h_T; `arrange` picks the arguments."""
    x, h0, W_x, W_h, b, alpha = draw_net(rng, *size)
    hs = leaky_forward(x, h0, W_x, W_h, b, alpha)
    dhs = rng.normal(size=hs[1:].shape)
    return Case(arrange(dhs, hs, x, W_x, W_h, alpha), quantities, batch=size[1], steps=size[0])


LEAKY_BACKWARD = Problem(
    name="ps6.leaky_backward",
    reference=leaky_backward,
    family=back_through_time,
    cases=lambda rng: [backward_case(rng, size) for size in ((6, 3, 4, 5), EQUAL, (1, 2, 3, 4))],
    points=6,
    lecture='lecture 8, "Backpropagation through time"',
    axes=AXES,
    invariants=(stretched(3),),
    mistakes=(
        *SLOPE_MISTAKES,
        *WAYS,
        *FLOW,
        *SUMS,
        *LEAKS,
        Mistake("dx from dh", {"dx_from": "dh"}, "Your dx comes from the gradient with respect to the state. The input acts inside the tanh, behind α and its slope."),
        Mistake("dx of the own loss only", {"dx_from": "own"}, "Your dx holds each step's own loss only. An input also changes all later losses, through the state."),
        Mistake("dx in the loop's order", {"dx_order": -1}, "Your dx is in the order of the loop, the last step first. dx[0] belongs to x[0]."),
        Mistake("first step left out", {"first": 1}, "Step 1 is missing in your results: the loop ends one step early. Counted from 0, the last step of the way back is t = 0.", whole=True),
        Mistake("dx one step early", {"dx_shift": -1}, "Your dx is one step early: what belongs to x[t] stands in dx[t − 1], and that of x[0] comes last."),
        Mistake("dx one step late", {"dx_shift": 1}, "Your dx is one step late: what belongs to x[t] stands in dx[t + 1], and that of the last step comes first."),
        Mistake("dh0 is dh_1", {"dh0": "dh_1"}, "Your dh0 is the gradient with respect to h_1. One more step, around and through the tanh, leads to h_0."),
        Mistake("dh0 around only", {"dh0": "around only"}, "Your dh0 lacks the way of the first step through the tanh and W_h."),
        Mistake("dh0 through only", {"dh0": "through only"}, "Your dh0 lacks the way of the first step around the tanh."),
        Mistake("dh0 without W_h", {"dh0": "dz_1"}, "Your dh0 is the gradient with respect to z_1. Two ways lead from step 1 to h_0."),
        Mistake("dh0 zero", {"dh0": "zero"}, "Your dh0 is zero. The first state is an input like any other: what step 1 hands back is its gradient."),
        Mistake("dh0 of the last step", {"dh0": "last step"}, "Your dh0 is what the last step hands back. It is what is left when the loop has come to step 1."),
        Mistake("dh0 with a loss of its own", {"dh0": "own added"}, "You add dhs[0] to dh0. dhs[0] belongs to h_1 and is already in it: h_0 has no loss of its own."),
    ),
    hints=(
        "One loop from the last step to the first carries the gradient with respect to the state. It adds the step's own loss, and leaves on two ways: around the tanh and through it.",
        "hs has one entry more than x: in the loop over t from T − 1 to 0, hs[t] is the state before and hs[t + 1] the state after. c comes from the two. Two checks: dx sums with x to what dW_x sums with W_x; dalpha has the shape (H,).",
        "dh = dhs[t] + from_next; dz = alpha * (1 − c²) * dh; from_next has one term with dh and one with dz. For dalpha ask how h_t changes if α grows and c and h_{t−1} stay.",
    ),
)  # fmt: skip
