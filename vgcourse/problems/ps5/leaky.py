"""Problem set 5 on one unit with a curve: the gradient in time of a leaky unit."""

import numpy as np

from vgcourse.activations import get_activation
from vgcourse.problems.edits import edit, edited
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- leaky_gradient --------------------------------------------------------------------------------


def leaky_gradient(name, w, c, leak, x, h0):
    """∂h_T/∂h_t for t = 0 … T, ∂h_T/∂w, ∂h_T/∂c, ∂h_T/∂a of h_t = (1 − a) h_{t−1} + a f(w h_{t−1} + c x_t)."""
    f, T = get_activation(name), len(x)
    z, h = [], [h0]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append((1 - leak) * h[-1] + leak * f.function(z[-1]))
    z, h = np.array(z), np.array(h)
    slopes = f.derivative(z)
    inner = slopes * leak * w  # h_{t−1} reaches h_t through f …
    kept = 1 - leak  # … and as the share that is kept
    dh = np.ones(T + 1)
    for t in reversed(range(T)):
        dh[t] = inner[t] * dh[t + 1] + kept * dh[t + 1]
    d = dh[1:]  # of h_1 … h_T, as z, x and slopes
    dz = leak * slopes * d
    dw = np.sum(dz * h[:-1])
    dc = np.sum(dz * x)
    dleak = np.sum(d * (f.function(z) - h[:-1]))
    return dh, dw, dc, dleak


def _last(terms):
    return terms[-1]


def _first(terms):
    return terms[0]


def _size(terms):
    return np.abs(terms).sum()


_SIZES = edit("dw = np.sum", "dw = _size", "dc = np.sum", "dc = _size", "dleak = np.sum", "dleak = _size")


def _gradient_cases(rng):
    cases = []
    for name, low, high, T in (
        ("tanh", -1.8, -1.2, 7),
        ("sigmoid", 2.0, 3.0, 5),
        ("relu", 0.7, 1.2, 6),
        ("tanh", 0.8, 1.4, 1),
        ("relu", 0.75, 1.25, 4),
        ("sigmoid", -2.0, -1.0, 3),
    ):
        while True:  # no sum over time that cancels: it would cost single precision its digits
            w, c, leak = rng.uniform(low, high), rng.uniform(0.4, 0.7), rng.uniform(0.25, 0.45)
            x = rng.uniform(0.3, 1.2, T)
            x = x * rng.permutation([1, -1, 1, -1, 1, 1, 1])[:T]
            h0 = rng.uniform(0.3, 0.8)
            if name == "relu":  # silent in steps 2 and 5, alive in the others
                x = np.abs(x) * np.array([1, -4, 1, 1, -4, 1])[:T]
            if T == 4:  # in eighths, so that z_1 is 0 to the last bit; alive afterwards
                w, c, h0 = rng.choice([0.75, 1.25]), 0.5, rng.integers(3, 6) / 8
                x = np.abs(x)
                x[0] = -w * h0 / c
            if T == 3:  # whole numbers, and nothing is kept
                leak, x, h0 = 1.0, rng.permutation([1, -1, 2]), 1
            args = (name, float(w), float(c), float(leak), x, h0 if T == 3 else float(h0))
            net, total = leaky_gradient(*args), edited(leaky_gradient, (), _SIZES)(*args)
            if all(abs(net[i]) > 0.2 * total[i] for i in (1, 2, 3)):
                break
        cases.append(Case(args, ("dh", "dw", "dc", "dleak"), steps=T))
    x = np.abs(cases[0].args[4])
    for w, leak in ((0.0, 1.0), (0.8, 0.0)):  # hears nothing of itself and keeps nothing; takes in nothing
        cases.append(Case(("tanh", w, 0.5, leak, x, 0.6), cases[0].quantities, steps=len(x)))
    return cases  # fmt: skip


def _last_not_one(args, outputs):
    return abs(outputs["dh"][-1] - 1)


LEAKY_GRADIENT = Problem(
    name="ps5.leaky_gradient",
    reference=leaky_gradient,
    cases=_gradient_cases,
    axes={"dh": ("step from 0",)},
    invariants=(
        Invariant("ends with 1", _last_not_one, "The last entry of your dh is not 1. It is ∂h_T/∂h_T, a product without factors."),
    ),
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("the lecture's unit", edit("kept = 1 - leak", "kept = 0.0", " * leak", "", "dz = leak * ", "dz = "), "Your gradient is that of h_t = f(…), as in the lecture. Here only a share a of the state is new, the share 1 − a is kept.", beside_the_point=True),
        Mistake("state without the leak", edit("(1 - leak) * h[-1] + leak * ", ""), "Your states are f(z_t), without the leak; your chain has it. h_t = (1 − a) h_{t−1} + a f(z_t) is what both have to follow."),
        Mistake("a and 1 − a exchanged in the state", edit("(1 - leak) * h[-1] + leak", "leak * h[-1] + (1 - leak)"), "In your states a and 1 − a are exchanged, and not in your chain. a is the share that is new."),
        Mistake("state without 1 − a", edit("(1 - leak) * h[-1]", "h[-1]"), "Your states add a f(z_t) to all of h_{t−1}. Only the share 1 − a of it is kept."),
        Mistake("states cut to whole numbers", edit("h.append(", "h.append(type(h0)(", "leak * f.function(z[-1])", "leak * f.function(z[-1]))"), "Where h_0 is a whole number, your states are, too: an array of whole numbers cuts off what is put into it. Make it one of floats."),
        Mistake("carry lost", edit("kept = 1 - leak", "kept = 0.0"), "Your chain multiplies by a w f' alone. h_{t−1} also reaches h_t directly, as the share that is kept."),
        Mistake("the leak's way alone", edit("inner[t] * dh[t + 1] + ", ""), "Your chain multiplies by 1 − a alone. h_{t−1} also reaches h_t through f: that way brings a w f'."),
        Mistake("carry of 1", edit("kept = 1 - leak", "kept = 1.0"), "You carry the whole gradient past the activation. Only the share 1 − a of the state is kept, forwards and back."),
        Mistake("carry without the gradient", edit("kept * dh[t + 1]", "kept"), "You add 1 − a itself at every step back. What is kept is a share of the gradient that arrives: (1 − a) times it."),
        Mistake("leak missing in the chain", edit(" * leak", ""), "Your chain has w f' without the leak: what comes through f enters the state with the factor a."),
        Mistake("leak and its complement exchanged", edit("kept = 1 - leak", "kept = leak", " * leak", " * (1 - leak)"), "In your chain a and 1 − a are exchanged. a is the share that is new."),
        Mistake("a and 1 − a exchanged", edit("f, T = ", "leak = 1 - leak\n    f, T = "), "In your unit a is the share that is kept, forwards and back. Here a is the share that is new: h_t = (1 − a) h_{t−1} + a f(z_t)."),
        Mistake("a kept", edit("f, T = ", "leak = 1 - leak\n    f, T = ", "f.function(z) - h[:-1]", "h[:-1] - f.function(z)"), "In your unit a is the share that is kept, everywhere. Here a is the share that is new: h_t = (1 − a) h_{t−1} + a f(z_t)."),
        Mistake("h_0 = 0", edit("[h0]", "[0.0]"), "Your state starts at 0. It starts at h_0, which is not."),
        Mistake("f' missing", edit("f.derivative(z)", "np.ones(T)"), "The factors f'(z_t) are missing: what goes through f is multiplied by its slope."),
        Mistake("f' missing in the chain", edit("inner = slopes", "inner = np.ones(T)"), "The factors f'(z_t) are missing in your chain: h_{t−1} reaches h_t through f, with its slope."),
        Mistake("f' one step late in the chain", edit("inner = slopes", "inner = np.append(slopes[1:], slopes[-1])"), "From h_t to h_{t−1} your chain uses f' of step t + 1. The step between them is step t."),
        Mistake("f' one step early in the chain", edit("inner = slopes", "inner = np.append(slopes[0], slopes[:-1])"), "From h_t to h_{t−1} your chain uses f' of step t − 1. The step between them is step t."),
        Mistake("1 − tanh", edit("f.derivative(z)", '1 - np.tanh(z) if f.name == "tanh" else f.derivative(z)'), "Your slope of tanh is 1 − tanh(z). The tanh is squared."),
        Mistake("σ for σ'", edit("f.derivative(z)", 'f.function(z) if f.name == "sigmoid" else f.derivative(z)'), "Your slope of the sigmoid is σ(z) itself. The factor 1 − σ(z) is missing."),
        Mistake("f for f'", edit("f.derivative", "f.function"), "You multiply by f(z), the height of the curve. The slope has f'(z)."),
        Mistake("f' of f(z)", edit("f.derivative(z)", "f.derivative(f.function(z))"), "You take f' at f(z_t), which has been through f already. It belongs at the pre-activation z_t."),
        Mistake("f' one step late", edit("f.derivative(z)", "f.derivative(np.append(z[1:], z[-1]))"), "Your step t uses f' of step t + 1. Its own pre-activation is z_t."),
        Mistake("f' one step early", edit("f.derivative(z)", "f.derivative(np.append(z[0], z[:-1]))"), "Your step t uses f' of step t − 1. Its own pre-activation is z_t."),
        Mistake("ReLU' = 1 at 0", edit("f.derivative(z)", '1.0 * (z >= 0) if f.name == "relu" else f.derivative(z)'), "At z = 0 your ReLU has the slope 1. The text takes 0 there: 1 above 0, else 0."),
        Mistake("ReLU' = 1", edit("f.derivative(z)", 'np.ones(T) if f.name == "relu" else f.derivative(z)'), "Your ReLU has the slope 1 everywhere. Where z < 0 it is silent: its slope is 0, and nothing comes back through it."),
        Mistake("w missing", edit(" * w", ""), "The factor w is missing in your chain: h_{t−1} reaches z_t through it."),
        Mistake("sign of w lost", edit(" * w", " * abs(w)"), "Your chain uses |w|. A negative w turns the sign of that path."),
        Mistake("f' from the state", edit("f.derivative(z)", '{"tanh": 1 - h[1:] ** 2, "sigmoid": h[1:] * (1 - h[1:]), "relu": 1.0 * (h[1:] > 0)}[f.name]'), "You read f' off the state h_t. A leaky state is not f(z_t): it holds older values too."),
        Mistake("f' of the state", edit("f.derivative(z)", "f.derivative(h[1:])"), "You take f' at h_t. It belongs at the pre-activation z_t."),
        Mistake("always tanh", edit("get_activation(name)", 'get_activation("tanh")'), "Your unit is a tanh, whatever `name` says. The check also asks for sigmoid and ReLU."),
        Mistake("1 − z²", edit("f.derivative(z)", "1 - z**2"), "Your slope is 1 − z². tanh' is 1 − tanh²(z); σ' and ReLU' are others."),
        Mistake("tanh' for every f", edit("f.derivative(z)", "1 - f.function(z) ** 2"), "You use 1 − f² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("σ' for every f", edit("f.derivative(z)", "f.function(z) * (1 - f.function(z))"), "You use f(1 − f) for every activation. That is σ'; tanh' = 1 − tanh², and ReLU' is 1 or 0."),
        Mistake("input left out of z", edit("f.derivative(z)", "f.derivative(w * h[:-1])"), "You take f' at w h_{t−1}. The input shifts the pre-activation too."),
        Mistake("dh reversed", edit("return dh", "return dh[::-1]"), "Your dh starts with ∂h_T/∂h_T. Entry 0 is ∂h_T/∂h_0, the longest product."),
        Mistake("last entry left out", edit("return dh", "return dh[:-1]"), "Your dh ends with ∂h_T/∂h_{T−1}. ∂h_T/∂h_T, which is 1, belongs at its end: T + 1 entries."),
        Mistake("first entry left out", edit("return dh", "return dh[1:]"), "Your dh starts with ∂h_T/∂h_1. The step from h_0 to h_1 counts, too: T + 1 entries, the first is ∂h_T/∂h_0."),
        Mistake("a loss at every step", edit("dh[t] = ", "dh[t] = 1 + "), "You add 1 at every step on the way back, as if each h_t had a loss of its own. The only 1 is the one you start with, at T."),
        Mistake("product from the start", edit("return dh", "return np.cumprod([1.0, *(inner + kept)])"), "Your dh holds ∂h_t/∂h_0, products from the start. Asked for is ∂h_T/∂h_t: from t to the end."),
        Mistake("product from the start, turned round", edit("return dh", "return np.append(np.cumprod(inner + kept)[::-1], 1.0)"), "Your products grow from the start and stand in the opposite order. ∂h_T/∂h_t holds the factors of the steps after t."),
        Mistake("the leak at the end", edit("np.ones(T + 1)", "np.full(T + 1, leak)"), "Your walk back starts with the leak. It starts with ∂h_T/∂h_T, which is 1; the leak comes in with each step.", whole=True),
        Mistake("single steps", edit("return dh", "return np.append(inner + kept, 1.0)"), "Your dh holds single factors, ∂h_{t+1}/∂h_t. Multiply all of them from t to T."),
        Mistake("leak missing in dw and dc", edit("dz = leak * ", "dz = "), "Your dw and dc lack the leak: w and c act inside f, and f enters the state with the factor a.", whole=True),
        Mistake("leak missing in dw", edit("dz * h[:-1]", "slopes * d * h[:-1]"), "Your dw lacks the leak: w acts inside f, and f enters the state with the factor a."),
        Mistake("leak missing in dc", edit("dz * x", "slopes * d * x"), "Your dc lacks the leak: c acts inside f, and f enters the state with the factor a."),
        Mistake("dw and dc without f'", edit("slopes * d\n", "d\n"), "Your dw and dc lack f': w and c act before the activation.", whole=True),
        Mistake("gradient of the state before", edit("dh[1:]", "dh[:-1]"), "Your dw, dc and dleak use ∂h_T/∂h_{t−1}, the gradient after the step back. w, c and a act on what step t makes, h_t.", whole=True),
        Mistake("sums not carried", edit("dh[1:]", "np.ones(T)"), "Your dw, dc and dleak add up what each step does to its own h_t. Asked for is ∂h_T: multiply each term by dh_t.", whole=True),
        Mistake("dw not carried", edit("dz * h[:-1]", "leak * slopes * h[:-1]"), "Your dw adds up what each step does to its own h_t. Asked for is ∂h_T: multiply each term by dh_t."),
        Mistake("dw of the state before", edit("dz * h[:-1]", "leak * slopes * dh[:-1] * h[:-1]"), "Your dw uses ∂h_T/∂h_{t−1}, the gradient after the step back. What acts in step t acts on h_t."),
        Mistake("dw without f'", edit("dz * h[:-1]", "leak * d * h[:-1]"), "Your dw lacks f': what it belongs to acts before the activation."),
        Mistake("dw averaged", edit("dw = np.sum", "dw = np.mean"), "Your dw is divided by T. The effects of all steps add up."),
        Mistake("dc not carried", edit("dz * x", "leak * slopes * x"), "Your dc adds up what each step does to its own h_t. Asked for is ∂h_T: multiply each term by dh_t."),
        Mistake("dc of the state before", edit("dz * x", "leak * slopes * dh[:-1] * x"), "Your dc uses ∂h_T/∂h_{t−1}, the gradient after the step back. What acts in step t acts on h_t."),
        Mistake("dc without f'", edit("dz * x", "leak * d * x"), "Your dc lacks f': what it belongs to acts before the activation."),
        Mistake("dc averaged", edit("dc = np.sum", "dc = np.mean"), "Your dc is divided by T. The effects of all steps add up."),
        Mistake("dleak not carried", edit("sum(d * ", "sum("), "Your dleak adds up what each step does to its own h_t. Asked for is ∂h_T: multiply each term by dh_t."),
        Mistake("dleak of the state before", edit("sum(d * ", "sum(dh[:-1] * "), "Your dleak uses ∂h_T/∂h_{t−1}, the gradient after the step back. What acts in step t acts on h_t."),
        Mistake("leak twice in dw and dc", edit("dz = leak", "dz = leak**2"), "Your dw and dc hold the leak twice. f enters the state with the factor a, once.", whole=True),
        Mistake("last step only", edit("dw = np.sum", "dw = _last", "dc = np.sum", "dc = _last"), "Your dw and dc count the last step only. w and c act in every step: sum over all of them.", whole=True),
        Mistake("dw: last step only", edit("dw = np.sum", "dw = _last"), "Your dw counts the last step only. w acts in every step."),
        Mistake("dc: last step only", edit("dc = np.sum", "dc = _last"), "Your dc counts the last step only. c acts in every step."),
        Mistake("first step only", edit("dw = np.sum", "dw = _first", "dc = np.sum", "dc = _first"), "Your dw and dc hold the last pass of your loop only, step 1: they are overwritten.", whole=True),
        Mistake("averaged over time", edit("dw = np.sum", "dw = np.mean", "dc = np.sum", "dc = np.mean"), "Your dw and dc are divided by T. w and c act in every step, and their effects add up.", whole=True),
        Mistake("h_t for h_{t−1}", edit("dz * h[:-1]", "dz * h[1:]"), "Your dw uses h_t, what comes out of the step. w multiplies what goes in."),
        Mistake("dw times w", edit(" dw,", " w * dw,"), "Your dw holds w as a factor. w multiplies h_{t−1} in z_t; the derivative with respect to w leaves h_{t−1}."),
        Mistake("dc times c", edit(" dc,", " c * dc,"), "Your dc holds c as a factor. c multiplies x_t in z_t; the derivative with respect to c leaves x_t."),
        Mistake("x one step late", edit("dz * x", "dz * np.append(x[1:], x[-1])"), "Your dc uses the input of the step after. Step t sees x_t, row t − 1."),
        Mistake("x one step late, round", edit("dz * x", "dz * np.roll(x, -1)"), "Your dc uses the input of the step after, and x_1 for the last. Step t sees x_t, row t − 1."),
        Mistake("h for x", edit("dz * x", "dz * h[:-1]"), "Your dc uses h_{t−1}, what w multiplies. c multiplies x_t."),
        Mistake("x reversed", edit("dz * x", "dz * x[::-1]"), "Your dc meets the inputs in the opposite order. Step t sees x_t, row t − 1."),
        Mistake("x left out", edit("dz * x", "dz"), "Your dc lacks the inputs: c multiplies x_t."),
        Mistake("x one step early", edit("dz * x", "dz * np.roll(x, 1)"), "Your dc uses the input of the step before. Step t sees x_t, row t − 1."),
        Mistake("dleak: f(z) alone", edit("f.function(z) - h[:-1]", "f.function(z)"), "Your dleak counts what comes in. A larger a also keeps less of h_{t−1}."),
        Mistake("dleak: sign", edit("f.function(z) - h[:-1]", "h[:-1] - f.function(z)"), "Your dleak has the wrong sign: a multiplies f(z_t) and takes away from h_{t−1}."),
        Mistake("dleak: times the leak", edit("sum(d * ", "sum(leak * d * "), "Your dleak holds the leak as a factor, as h_t − h_{t−1} does. h_t is linear in a: its derivative holds no a."),
        Mistake("dleak: times f'", edit("sum(d * ", "sum(slopes * d * "), "Your dleak holds f' as a factor, as if a acted inside f. It stands before f: what it brings in is f(z_t) itself."),
        Mistake("dleak: −h_{t−1} alone", edit("f.function(z) - h[:-1]", "-h[:-1]"), "Your dleak counts what is lost of h_{t−1}. A larger a also brings in more of f(z_t)."),
        Mistake("dleak: h_t for h_{t−1}", edit("f.function(z) - h[:-1]", "f.function(z) - h[1:]"), "Your dleak compares f(z_t) with h_t, what comes out of the step. a takes away from what went in, h_{t−1}."),
        Mistake("dleak: z for f(z)", edit("f.function(z) - h[:-1]", "z - h[:-1]"), "Your dleak compares h_{t−1} with z_t. What a brings in is f(z_t)."),
        Mistake("dleak: last step only", edit("dleak = np.sum", "dleak = _last"), "Your dleak counts the last step only. a acts in every step."),
        Mistake("dleak: first step only", edit("dleak = np.sum", "dleak = _first"), "Your dleak holds the last pass of your loop only, step 1: it is overwritten."),
        Mistake("dleak averaged", edit("dleak = np.sum", "dleak = np.mean"), "Your dleak is divided by T. a acts in every step, and the effects add up."),
        Mistake("products by dividing", edit("return dh", "return dh[0] / np.append(1.0, np.cumprod(inner + kept))"), "You divide one long product by shorter ones. A factor may be 0: multiply from the end."),
        Mistake("dw times w, divided by h", edit("dz * h[:-1]", "dz * w"), "Your dw has w where h_{t−1} belongs. w multiplies h_{t−1}: the derivative leaves that."),
        Mistake("dc times c for x", edit("dz * x", "dz * c"), "Your dc has c where x_t belongs. c multiplies x_t: the derivative leaves that."),
        Mistake("dleak: slope for the height", edit("f.function(z) - h[:-1]", "slopes - h[:-1]"), "Your dleak has f'(z_t) where f(z_t) belongs. a stands before f, outside."),
        Mistake("dleak through the chain", edit("np.sum(d * (", "np.sum(dz * ("), "Your dleak goes through f: it has a f' as a factor. a stands outside f, so it meets ∂h_T/∂h_t itself."),
        Mistake("dleak over 1 − a", edit("f.function(z) - h[:-1]", "(f.function(z) - h[:-1]) / (1 - leak)"), "Your dleak is divided by 1 − a. h_t is linear in a: its derivative is f(z_t) − h_{t−1}."),
        Mistake("input left out of z forwards", edit("w * h[-1] + c * x_t", "w * h[-1]"), "Your states leave out the input: z_t = w h_{t−1} + c x_t.", whole=True),
        Mistake("x without c forwards", edit("w * h[-1] + c * x_t", "w * h[-1] + x_t"), "Your states take x_t without its factor c.", whole=True),
        Mistake("z of the start", edit("w * h[-1] + c * x_t", "w * h[0] + c * x_t"), "Every pre-activation of yours is made of h_0. Step t reads the state before it, h_{t−1}.", whole=True),
        Mistake("leak inside f", edit("(1 - leak) * h[-1] + leak * f.function(z[-1])", "f.function((1 - leak) * h[-1] + leak * z[-1])"), "In your states the leak stands inside f. What is kept passes beside f: h_t = (1 − a) h_{t−1} + a f(z_t).", whole=True),
        Mistake("sum of single factors", edit("return dh", "return np.append(np.cumsum((inner + kept)[::-1])[::-1], 1.0)"), "Your dh adds up the steps' factors. By the chain rule they multiply."),
        Mistake("one step too many", edit("return dh", "return np.append(dh[0] * (inner[0] + kept), dh[:-1])"), "Your dh has the factor of one step too many: entry t holds the steps after t, so the last entry is 1."),
        Mistake("dh_0 again", edit("return dh", "return np.append(dh[1], dh[1:])"), "Your first entry repeats the second. The step from h_0 to h_1 counts, too."),
        Mistake("ways multiplied", edit("inner[t] * dh[t + 1] + kept * dh[t + 1]", "inner[t] * kept * dh[t + 1]"), "You multiply the two ways of a step. They lead side by side: add them."),
        Mistake("dw: both steps of a state", edit("dz * h[:-1]", "dz * (h[:-1] + h[1:]) / 2"), "Your dw takes the mean of the states before and after. w multiplies the one before."),
        Mistake("sums from step 2 on", edit("np.sum(dz * h[:-1])", "np.sum((dz * h[:-1])[1:])"), "Your dw leaves out step 1, as if h_0 were 0."),
        Mistake("sums without the last step", edit("np.sum(dz * h[:-1])", "np.sum((dz * h[:-1])[:-1])"), "Your dw leaves out the last step."),
        Mistake("dc without the last step", edit("np.sum(dz * x)", "np.sum((dz * x)[:-1])"), "Your dc leaves out the last step."),
        Mistake("dc from step 2 on", edit("np.sum(dz * x)", "np.sum((dz * x)[1:])"), "Your dc leaves out step 1."),
        Mistake("dleak from step 2 on", edit("np.sum(d * (f.function(z) - h[:-1]))", "np.sum((d * (f.function(z) - h[:-1]))[1:])"), "Your dleak leaves out step 1."),
        Mistake("dleak without the last step", edit("np.sum(d * (f.function(z) - h[:-1]))", "np.sum((d * (f.function(z) - h[:-1]))[:-1])"), "Your dleak leaves out the last step."),
        Mistake("size of dh", edit("return dh", "return np.abs(dh)"), "Your dh has lost its signs. A negative factor turns the sign."),
        Mistake("loss of half the square", edit("np.ones(T + 1)", "np.full(T + 1, h[-1])"), "Your walk back starts with h_T, as for a loss h_T²/2. Asked for is the gradient of h_T itself: it starts with 1.", whole=True),
        Mistake("dleak by the change of the state", edit("f.function(z) - h[:-1]", "(h[1:] - h[:-1]) / leak"), "Your dleak takes (h_t − h_{t−1})/a, or finds f(z_t) from two states: both divide by a, which may be 0. It is f(z_t) − h_{t−1}."),
        Mistake("dz by dividing", edit("dz = leak * slopes * d", "dz = inner / w * d"), "Your dw and dc divide by w, and w may be 0. The factor at z_t is a f'(z_t) by itself.", whole=True),
    ),
    hints=(
        "Walk back from h_T with one number in hand, ∂h_T/∂h_t. On which two ways does h_{t−1} reach h_t?",
        "dh has T + 1 entries and ends with 1. In each step three sums gain a term: with h_{t−1}, with x_t, and with f(z_t) − h_{t−1}.",
        "What comes back to z_t is dh_t · a f'(z_t): w, c and h_{t−1} all act through it, each with its own factor. h_{t−1} has a second way, on which it meets neither w nor f'.",
    ),
)  # fmt: skip
