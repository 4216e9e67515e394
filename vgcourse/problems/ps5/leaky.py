"""Problem set 5 on one unit with a curve: the gradient in time of a leaky unit."""

import numpy as np

from vgcourse.activations import get_activation
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- leaky_gradient --------------------------------------------------------------------------------


def leaky_gradient(name, w, c, leak, x, h0):
    """∂h_T/∂h_t for t = 0 … T, ∂h_T/∂w, ∂h_T/∂c, ∂h_T/∂a of h_t = (1 − a) h_{t−1} + a f(w h_{t−1} + c x_t)."""
    return _gradient(name, w, c, leak, x, h0)


def _gradient(
    name,
    w,
    c,
    leak,
    x,
    h0,
    *,
    start=lambda h0: h0,
    share=lambda leak: leak,
    at=lambda z, h, w: z,
    f_slope=lambda f, z, h: f.derivative(z),
    kept=lambda leak: 1 - leak,
    through=lambda leak: leak,
    weight=lambda w: w,
    loss=0.0,
    chain=lambda d, inner, keep: d * (inner + keep),
    used=lambda dh, before: dh,
    weigh_leak=lambda leak: 1.0,
    arrange=lambda dh, factors: dh,
    arrives=lambda leak: leak,
    local=lambda slope: slope,
    h_used=lambda h, t: h[t - 1],
    x_used=lambda x, t: x[t - 1],
    moved=lambda fz, h, z: fz - h,
    gather=np.sum,
    gather_w=None,
    gather_c=None,
    gather_leak=np.sum,
):
    f, T, leak = get_activation(name), len(x), share(leak)
    z, h = [], [start(h0)]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append((1 - leak) * h[-1] + leak * float(f.function(z[-1])))
    z, h = np.array(z), np.array(h)
    slopes = np.ones(T) * f_slope(f, at(z, h, w), h)  # entry t − 1 belongs to step t
    inner = through(leak) * weight(w) * slopes
    dh, dw, dc, da = np.zeros(T + 1), np.zeros(T), np.zeros(T), np.zeros(T)
    dh[T] = 1.0
    for t in range(T, 0, -1):
        dh[t - 1] = chain(dh[t], inner[t - 1], kept(leak)) + loss
        d = used(dh[t], dh[t - 1])
        delta = d * arrives(leak) * local(slopes[t - 1])  # ∂h_T/∂z_t
        dw[t - 1] = delta * h_used(h, t)
        dc[t - 1] = delta * x_used(x, t)
        da[t - 1] = weigh_leak(leak) * d * moved(float(f.function(z[t - 1])), h[t - 1], z[t - 1])
    return arrange(dh, inner + kept(leak)), *(np.asarray(by(d)) for by, d in ((gather_w or gather, dw), (gather_c or gather, dc), (gather_leak, da)))  # fmt: skip


def _in_place_of(i, args, **switches):
    """The right results, with one of them from a wrong family."""
    results = list(_gradient(*args))
    results[i] = _gradient(*args, **switches)[i]
    return tuple(results)


def _size(terms):
    return np.abs(terms).sum()


def _gradient_cases(rng):
    cases = []
    for name, low, high, T in (
        ("tanh", -1.8, -1.2, 7),
        ("sigmoid", 2.0, 3.0, 5),
        ("relu", 0.7, 1.2, 6),
        ("tanh", 0.8, 1.4, 1),
    ):
        while True:  # no sum over time that cancels: it would cost single precision its digits
            w, c, leak = rng.uniform(low, high), rng.uniform(0.4, 0.7), rng.uniform(0.25, 0.45)
            x = rng.uniform(0.3, 1.2, T)
            x = x * rng.permutation([1, -1, 1, -1, 1, 1, 1])[:T]
            if name == "relu":  # silent in steps 2 and 5, alive in the others
                x = np.abs(x) * np.array([1, -4, 1, 1, -4, 1])
            args = (name, float(w), float(c), float(leak), x, float(rng.uniform(0.3, 0.8)))
            net, total = _gradient(*args), _gradient(*args, gather=_size, gather_leak=_size)
            if all(abs(net[i]) > 0.2 * total[i] for i in (1, 2, 3)):
                break
        cases.append(Case(args, ("dh", "dw", "dc", "dleak"), steps=T))
    return cases  # fmt: skip


def _last_not_one(args, outputs):
    return abs(outputs["dh"][-1] - 1)


LEAKY_GRADIENT = Problem(
    name="ps5.leaky_gradient",
    reference=leaky_gradient,
    cases=_gradient_cases,
    family=_gradient,
    axes={"dh": ("step from 0",)},
    invariants=(
        Invariant("ends with 1", _last_not_one, "The last entry of your dh is not 1. It is ∂h_T/∂h_T, a product without factors."),
    ),
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("the lecture's unit", dict(kept=lambda leak: 0.0, through=lambda leak: 1.0, arrives=lambda leak: 1.0), "Your gradient is that of h_t = f(…), as in the lecture. Here only a share a of the state is new, the share 1 − a is kept."),
        Mistake("carry lost", dict(kept=lambda leak: 0.0), "Your chain multiplies by a w f' alone. h_{t−1} also reaches h_t directly, as the share that is kept."),
        Mistake("the leak's way alone", dict(chain=lambda d, inner, keep: d * keep), "Your chain multiplies by 1 − a alone. h_{t−1} also reaches h_t through f: that way brings a w f'."),
        Mistake("carry of 1", dict(kept=lambda leak: 1.0), "You carry the whole gradient past the activation. Only the share 1 − a of the state is kept, forwards and back."),
        Mistake("carry without the gradient", dict(chain=lambda d, inner, keep: d * inner + keep), "You add 1 − a itself at every step back. What is kept is a share of the gradient that arrives: (1 − a) times it."),
        Mistake("leak missing in the chain", dict(through=lambda leak: 1.0), "Your chain has w f' without the leak: what comes through f enters the state with the factor a."),
        Mistake("leak and its complement exchanged", dict(kept=lambda leak: leak, through=lambda leak: 1 - leak), "In your chain a and 1 − a are exchanged. a is the share that is new."),
        Mistake("a and 1 − a exchanged", dict(share=lambda leak: 1 - leak), "In your unit a is the share that is kept, forwards and back. Here a is the share that is new: h_t = (1 − a) h_{t−1} + a f(z_t)."),
        Mistake("a kept", dict(share=lambda leak: 1 - leak, moved=lambda fz, h, z: h - fz), "In your unit a is the share that is kept, everywhere. Here a is the share that is new: h_t = (1 − a) h_{t−1} + a f(z_t)."),
        Mistake("h_0 = 0", dict(start=lambda h0: 0.0), "Your state starts at 0. It starts at h_0, which is not."),
        Mistake("f' missing", dict(f_slope=lambda f, z, h: 1.0), "The factors f'(z_t) are missing: what goes through f is multiplied by its slope."),
        Mistake("ReLU' = 1", dict(f_slope=lambda f, z, h: 1.0 if f.name == "relu" else f.derivative(z)), "Your ReLU has the slope 1 everywhere. Where z < 0 it is silent: its slope is 0, and nothing comes back through it."),
        Mistake("w missing", dict(weight=lambda w: 1.0), "The factor w is missing in your chain: h_{t−1} reaches z_t through it."),
        Mistake("sign of w lost", dict(weight=abs), "Your chain uses |w|. A negative w turns the sign of that path."),
        Mistake("f' from the state", dict(f_slope=lambda f, z, h: {"tanh": 1 - h[1:] ** 2, "sigmoid": h[1:] * (1 - h[1:]), "relu": 1.0 * (h[1:] > 0)}[f.name]), "You read f' off the state h_t. A leaky state is not f(z_t): it holds older values too."),
        Mistake("f' of the state", dict(at=lambda z, h, w: h[1:]), "You take f' at h_t. It belongs at the pre-activation z_t."),
        Mistake("always tanh", lambda name, *args: _gradient("tanh", *args), "Your unit is a tanh, whatever `name` says. The check also asks for sigmoid and ReLU."),
        Mistake("1 − z²", dict(f_slope=lambda f, z, h: 1 - z**2), "Your slope is 1 − z². tanh' is 1 − tanh²(z); σ' and ReLU' are others."),
        Mistake("tanh' for every f", dict(f_slope=lambda f, z, h: 1 - f.function(z) ** 2), "You use 1 − f² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("input left out of z", dict(at=lambda z, h, w: w * h[:-1]), "You take f' at w h_{t−1}. The input shifts the pre-activation too."),
        Mistake("dh reversed", dict(arrange=lambda dh, factors: dh[::-1]), "Your dh starts with ∂h_T/∂h_T. Entry 0 is ∂h_T/∂h_0, the longest product."),
        Mistake("a loss at every step", dict(loss=1.0), "You add 1 at every step on the way back, as if each h_t had a loss of its own. The only 1 is the one you start with, at T."),
        Mistake("product from the start", dict(arrange=lambda dh, factors: np.cumprod([1.0, *factors])), "Your dh holds ∂h_t/∂h_0, products from the start. Asked for is ∂h_T/∂h_t: from t to the end."),
        Mistake("single steps", dict(arrange=lambda dh, factors: np.array([*factors, 1.0])), "Your dh holds single factors, ∂h_{t+1}/∂h_t. Multiply all of them from t to T."),
        Mistake("leak missing in dw and dc", dict(arrives=lambda leak: 1.0), "Your dw and dc lack the leak: w and c act inside f, and f enters the state with the factor a.", whole=True),
        Mistake("leak missing in dw", lambda *args: _in_place_of(1, args, arrives=lambda leak: 1.0), "Your dw lacks the leak: w acts inside f, and f enters the state with the factor a."),
        Mistake("leak missing in dc", lambda *args: _in_place_of(2, args, arrives=lambda leak: 1.0), "Your dc lacks the leak: c acts inside f, and f enters the state with the factor a."),
        Mistake("dw and dc without f'", dict(local=lambda slope: 1.0), "Your dw and dc lack f': w and c act before the activation."),
        Mistake("gradient of the state before", dict(used=lambda dh, before: before), "Your dw, dc and dleak use ∂h_T/∂h_{t−1}, the gradient after the step back. w, c and a act on what step t makes, h_t."),
        Mistake("sums not carried", dict(used=lambda dh, before: 1.0), "Your dw, dc and dleak add up what each step does to its own h_t. Asked for is ∂h_T: multiply each term by dh_t."),
        Mistake("last step only", dict(gather=lambda terms: terms[-1]), "Your dw and dc count the last step only. w and c act in every step: sum over all of them.", whole=True),
        Mistake("dw: last step only", dict(gather_w=lambda terms: terms[-1]), "Your dw counts the last step only. w acts in every step."),
        Mistake("dc: last step only", dict(gather_c=lambda terms: terms[-1]), "Your dc counts the last step only. c acts in every step."),
        Mistake("first step only", dict(gather=lambda terms: terms[0]), "Your dw and dc hold the last pass of your loop only, step 1: they are overwritten."),
        Mistake("averaged over time", dict(gather=np.mean), "Your dw and dc are divided by T. w and c act in every step, and their effects add up."),
        Mistake("h_t for h_{t−1}", dict(h_used=lambda h, t: h[t]), "Your dw uses h_t, what comes out of the step. w multiplies what goes in."),
        Mistake("x one step early", dict(x_used=lambda x, t: x[t - 2]), "Your dc uses the input of the step before. Step t sees x_t, row t − 1."),
        Mistake("dleak: f(z) alone", dict(moved=lambda fz, h, z: fz), "Your dleak counts what comes in. A larger a also keeps less of h_{t−1}."),
        Mistake("dleak: sign", dict(moved=lambda fz, h, z: h - fz), "Your dleak has the wrong sign: a multiplies f(z_t) and takes away from h_{t−1}."),
        Mistake("dleak: times the leak", dict(weigh_leak=lambda leak: leak), "Your dleak holds the leak as a factor, as h_t − h_{t−1} does. h_t is linear in a: its derivative holds no a."),
        Mistake("dleak: z for f(z)", dict(moved=lambda fz, h, z: z - h), "Your dleak compares h_{t−1} with z_t. What a brings in is f(z_t)."),
        Mistake("dleak: last step only", dict(gather_leak=lambda terms: terms[-1]), "Your dleak counts the last step only. a acts in every step."),
        Mistake("dleak: first step only", dict(gather_leak=lambda terms: terms[0]), "Your dleak holds the last pass of your loop only, step 1: it is overwritten."),
        Mistake("dleak averaged", dict(gather_leak=np.mean), "Your dleak is divided by T. a acts in every step, and the effects add up."),
    ),
    hints=(
        "Walk back from h_T with one number in hand, ∂h_T/∂h_t. On which two ways does h_{t−1} reach h_t?",
        "dh has T + 1 entries and ends with 1. In each step three sums gain a term: with h_{t−1}, with x_t, and with f(z_t) − h_{t−1}.",
        "dz_t = dh_t · a f'(z_t) is what dw and dc need; dh_{t−1} is dz_t times w, plus the part that is kept.",
    ),
)  # fmt: skip
