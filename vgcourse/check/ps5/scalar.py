"""Problem set 5 on one unit with a loop, h(t) = f(w h(t−1) + c x(t)): fixed points, and the gradient in time."""

import itertools
import math

import numpy as np

from vgcourse.activations import get_activation
from vgcourse.check.problem import Case, Invariant, Mistake, Problem

# --- fixed_point_slopes ----------------------------------------------------------------------------


def fixed_point_slopes(name, w, drive, h):
    """The slope w f'(w h* + drive) of the map at each fixed point h*, and whether |slope| < 1."""
    slopes = w * get_activation(name).derivative(w * h + drive)
    return slopes, np.abs(slopes) < 1


def _slopes(
    name,
    w,
    drive,
    h,
    *,
    at=lambda w, drive, h: w * h + drive,
    f_slope=lambda f, z: f.derivative(z),
    factor=lambda w, slope: w * slope,
    verdict=lambda slope, w, f_prime: np.abs(slope) < 1,
):
    f = get_activation(name)
    f_prime = f.derivative(w * h + drive)
    # verdicts of the right slopes: a few yes and no would fit many a wrong slope by chance
    return factor(w, f_slope(f, at(w, drive, h))), verdict(w * f_prime, w, f_prime)


def _w_times_drive(name, w, drive, h):
    slopes = _slopes(name, w, drive, h, at=lambda w, drive, h: w * (h + drive))[0]
    return slopes, np.abs(slopes) < 1


def _meets_diagonal(f, w, drive, a, b):
    """The fixed point between a and b, to the last bit."""

    def above(h):
        return f(w * h + drive) > h

    at_a = above(a)
    for _ in range(60):
        middle = (a + b) / 2
        a, b = (middle, b) if above(middle) == at_a else (a, middle)
    return (a + b) / 2


def _slope_cases(rng):
    """Three fixed points of a tanh, two steep negative slopes, and a ReLU on either side of its kink."""
    w, drive = rng.uniform(1.6, 2.2), rng.uniform(0.05, 0.12) * rng.choice([-1, 1])
    turn = math.acosh(math.sqrt(w))  # where w tanh' = 1, between two fixed points
    cuts = [-1.0, (-turn - drive) / w, (turn - drive) / w, 1.0]
    three = [_meets_diagonal(math.tanh, w, drive, a, b) for a, b in itertools.pairwise(cuts)]
    maps = [("tanh", w, drive, three)]
    w, drive = rng.uniform(-7, -6), rng.uniform(2.3, 2.8)
    h = _meets_diagonal(lambda z: 1 / (1 + math.exp(-z)), w, drive, 0.0, 1.0)
    maps.append(("sigmoid", w, drive, [h]))
    w, drive = rng.uniform(-2.6, -2.0), rng.uniform(0.3, 0.5)
    maps.append(("tanh", w, drive, [_meets_diagonal(math.tanh, w, drive, -1.0, 1.0)]))
    w, drive = rng.uniform(1.4, 1.7), -rng.uniform(1.5, 2)
    maps.append(("relu", w, drive, [0.0, drive / (1 - w)]))
    w, drive = -rng.uniform(0.4, 0.8), rng.uniform(0.5, 1)
    maps.append(("relu", w, drive, [drive / (1 - w)]))
    return [Case((name, float(w), float(d), np.array(h)), ("slopes", "stable")) for name, w, d, h in maps]


def _verdict_unlike_slope(args, outputs):
    return float(np.any((np.abs(outputs["slopes"]) < 1) != (outputs["stable"] == 1)))


FIXED_POINT_SLOPES = Problem(
    name="ps5.fixed_point_slopes",
    reference=fixed_point_slopes,
    cases=_slope_cases,
    family=_slopes,
    invariants=(
        Invariant("verdict fits the slope", _verdict_unlike_slope, "Your verdicts do not fit your own slopes: stable is True exactly where |slope| < 1."),
    ),
    axes={"slopes": ("point",), "stable": ("point",)},
    points=2,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("w left out", dict(factor=lambda w, slope: slope), "Your slope is f'(z*) alone. The chain rule brings w down: the derivative of f(w h + drive) by h is w f'(z*)."),
        Mistake("f' of the activation", dict(at=lambda w, drive, h: h), "You take f' at h*. It belongs at the pre-activation z* = w h* + drive; with h* at hand tanh' is 1 − h*², σ' is h*(1 − h*)."),
        Mistake("drive left out", dict(at=lambda w, drive, h: w * h), "You take f' at w h*. The drive shifts the pre-activation too: z* = w h* + drive."),
        Mistake("w times the drive", _w_times_drive, "You take f' at w (h* + drive). w multiplies the state alone: z* = w h* + drive."),
        Mistake("f' at 0", dict(at=lambda w, drive, h: 0 * h), "You take f' at 0, whatever the fixed point. Away from 0 the slope is smaller: f'(w h* + drive)."),
        Mistake("tanh' for every f", dict(f_slope=lambda f, z: 1 - f.function(z) ** 2), "You use 1 − h² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("1 − z²", dict(f_slope=lambda f, z: 1 - z**2), "You use 1 − z². tanh' is 1 − h*², with the activation h* = tanh(z*); σ' and ReLU' are others."),
        Mistake("f for f'", dict(f_slope=lambda f, z: f.function(z)), "You multiply w by f(z*), the height of the curve. The slope is w f'(z*)."),
        Mistake("size only", dict(factor=lambda w, slope: np.abs(w * slope)), "Your slope lost its sign. A negative one makes the orbit alternate around h*: return w f'(z*) itself, and take |slope| for the verdict."),
        Mistake("f' twice", dict(factor=lambda w, slope: w * slope**2), "Your slope holds f' twice. One step passes f once: w f'(z*)."),
        Mistake("slope of the difference", dict(factor=lambda w, slope: w * slope - 1), "You return the slope of f(w h + drive) − h. The multiplier is that of the map alone, without the −1, and it is stable for |slope| < 1."),
        Mistake("slope below 1", dict(verdict=lambda slope, w, f_prime: slope < 1), "Your verdicts are those that slope < 1 gives. A slope below −1 throws the orbit away too, from side to side: ask for |slope| < 1."),
        Mistake("slope below 0", dict(verdict=lambda slope, w, f_prime: slope < 0), "Your verdict is slope < 0, the rule for dh/dt. In discrete time a distance is multiplied by the slope each step: ask for |slope| < 1."),
        Mistake("verdict reversed", dict(verdict=lambda slope, w, f_prime: np.abs(slope) > 1), "Your verdict is the wrong way round. |slope| < 1 brings neighbours nearer: stable."),
        Mistake("verdict by w", dict(verdict=lambda slope, w, f_prime: np.full(slope.shape, abs(w) < 1)), "Your verdict asks for |w| < 1. A saturated f makes a large w harmless: it is |w f'(z*)| that counts."),
        Mistake("verdict by f'", dict(verdict=lambda slope, w, f_prime: np.abs(f_prime) < 1), "Your verdict asks for |f'| < 1. Nearly every f' is; the factor of one step is w f'(z*)."),
    ),
    hints=(
        "Start a little beside h*. By which factor has that distance changed after one step?",
        "z* = w h* + drive holds one entry per fixed point, and so do both answers.",
        "The derivative of f(w h + drive) by h has two factors by the chain rule. Stable asks for its absolute value.",
    ),
)  # fmt: skip


# --- state_gradient --------------------------------------------------------------------------------


def state_gradient(name, w, c, x, h0):
    """∂h_T/∂h_t for t = 0 … T, ∂h_T/∂w and ∂h_T/∂c of h_t = f(w h_{t−1} + c x_t), where x[t − 1] is x_t."""
    return _gradient(name, w, c, x, h0)


def _gradient(
    name,
    w,
    c,
    x,
    h0,
    *,
    at=lambda z, h, w: z,
    f_slope=lambda f, z: f.derivative(z),
    back=lambda delta, w: w * delta,
    local=lambda delta, dh: delta,
    arrange=lambda dh, f_slopes, w: dh,
    h_used=lambda h, t: h[t - 1],
    x_used=lambda x, t: x[t - 1],
    gather=np.sum,
):
    f, T = get_activation(name), len(x)
    z, h = [], [h0]
    for x_t in x:
        z.append(w * h[-1] + c * x_t)
        h.append(float(f.function(z[-1])))
    f_slopes = np.ones(T) * f_slope(f, at(np.array(z), np.array(h), w))  # entry t − 1 belongs to step t
    dh, dw, dc = np.zeros(T + 1), np.zeros(T), np.zeros(T)
    dh[T] = 1.0
    for t in range(T, 0, -1):
        delta = dh[t] * f_slopes[t - 1]  # ∂h_T/∂z_t
        dw[t - 1] = local(delta, dh[t]) * h_used(h, t)
        dc[t - 1] = local(delta, dh[t]) * x_used(x, t)
        dh[t - 1] = back(delta, w)
    return arrange(dh, f_slopes, w), np.asarray(gather(dw)), np.asarray(gather(dc))


def _gradient_cases(rng):
    cases = []
    for name, low, high in (("tanh", -1.8, -1.2), ("sigmoid", 2.0, 3.0), ("relu", 0.7, 1.2)):
        while True:  # no sum over time that cancels: it would cost single precision its digits
            w, c, T = rng.uniform(low, high), rng.uniform(0.4, 0.7), 6
            x = rng.uniform(0.3, 1.2, T)
            if name != "relu":  # which stays on its living side
                x = x * rng.permutation([1, -1, 1, -1, 1, 1])
            args = (name, float(w), float(c), x, float(rng.uniform(0.3, 0.8)))
            net, total = _gradient(*args), _gradient(*args, gather=lambda terms: np.abs(terms).sum())
            if all(abs(net[i]) > 0.4 * total[i] for i in (1, 2)):
                break
        cases.append(Case(args, ("dh", "dw", "dc"), steps=T))
    return cases


def _last_not_one(args, outputs):
    return abs(outputs["dh"][-1] - 1)


STATE_GRADIENT = Problem(
    name="ps5.state_gradient",
    reference=state_gradient,
    cases=_gradient_cases,
    family=_gradient,
    axes={"dh": ("step from 0",)},
    invariants=(
        Invariant("ends with 1", _last_not_one, "The last entry of your dh is not 1. It is ∂h_T/∂h_T, a product without factors."),
    ),
    points=4,
    lecture='lecture 7, "Linear recursions"',
    mistakes=(
        Mistake("f' missing", dict(f_slope=lambda f, z: 1.0), "The factors f'(z_t) are missing: each step back multiplies by w f'(z_t), yours by w alone."),
        Mistake("w missing", dict(back=lambda delta, w: delta), "The factor w is missing in your chain: ∂h_t/∂h_{t−1} = w f'(z_t)."),
        Mistake("sign of w lost", dict(back=lambda delta, w: abs(w) * delta), "Your chain uses |w|. A negative w flips the sign at every step: w f'(z_t)."),
        Mistake("f' of the activation", dict(at=lambda z, h, w: h[1:]), "You take f' at h_t. It belongs at z_t = w h_{t−1} + c x_t; with h_t at hand tanh' is 1 − h_t², σ' is h_t(1 − h_t)."),
        Mistake("1 − z²", dict(f_slope=lambda f, z: 1 - z**2), "Your slope is 1 − z². tanh' is 1 − h², with the activation; σ' and ReLU' are others."),
        Mistake("tanh' for every f", dict(f_slope=lambda f, z: 1 - f.function(z) ** 2), "You use 1 − h² for every activation. That is tanh'; σ' = σ(1 − σ), and ReLU' is 1 or 0."),
        Mistake("f' of the step before", dict(at=lambda z, h, w: np.append(h[0], z[:-1])), "Your f' is one step off. The step from h_{t−1} to h_t passes z_t, so its slope is f'(z_t), not f'(z_{t−1})."),
        Mistake("input left out of z", dict(at=lambda z, h, w: w * h[:-1]), "You take f' at w h_{t−1}. The input shifts the pre-activation too: z_t = w h_{t−1} + c x_t."),
        Mistake("dh reversed", dict(arrange=lambda dh, f_slopes, w: dh[::-1]), "Your dh starts with ∂h_T/∂h_T. Entry 0 is ∂h_T/∂h_0, the longest product; entry T is 1."),
        Mistake("a loss at every step", dict(back=lambda delta, w: w * delta + 1), "You add 1 at every step on the way back, as if each h_t had a loss of its own. Asked for is ∂h_T/∂h_t: the only 1 is the one you start with, at T."),
        Mistake("product from the start", dict(arrange=lambda dh, f_slopes, w: np.cumprod([1.0, *(w * f_slopes)])), "Your dh holds ∂h_t/∂h_0, products from the start. Asked for is ∂h_T/∂h_t: from t to the end."),
        Mistake("single steps", dict(arrange=lambda dh, f_slopes, w: np.array([*(w * f_slopes), 1.0])), "Your dh holds single factors, ∂h_{t+1}/∂h_t. Multiply all of them from t to T."),
        Mistake("one step only in dw and dc", dict(gather=lambda terms: terms[-1]), "Your dw and dc count the last step only. w and c act in every step: sum ∂h_T/∂z_t times their factor over all t."),
        Mistake("first step only in dw and dc", dict(gather=lambda terms: terms[0]), "Your dw and dc hold the last pass of the loop only, step 1: they are overwritten. Add to them with +=."),
        Mistake("averaged over time", dict(gather=np.mean), "Your dw and dc are divided by T. w and c act in every step, and their effects add up."),
        Mistake("last step missing in dw and dc", dict(gather=lambda terms: np.sum(terms[:-1])), "Your sums for dw and dc leave out step T, where w and c act on h_T directly."),
        Mistake("first step missing in dw and dc", dict(gather=lambda terms: np.sum(terms[1:])), "Your sums for dw and dc leave out step 1, where w meets h_0 and c meets x_1."),
        Mistake("h_t for h_{t−1}", dict(h_used=lambda h, t: h[t]), "Your dw uses h_t, what comes out of the step. w multiplies h_{t−1}, what goes in."),
        Mistake("x one step early", dict(x_used=lambda x, t: x[t - 2]), "Your dc uses x_{t−1}. Step t sees x_t, which is x[t − 1] in Python."),
        Mistake("x one step late", lambda *args: _gradient(*args, x_used=lambda x, t: x[t] if t < len(x) else 0.0), "Your dc uses x_{t+1}. Step t sees x_t, which is x[t − 1] in Python."),
        Mistake("dw and dc without f'", dict(local=lambda delta, dh: dh), "Your dw and dc use ∂h_T/∂h_t. w and c act before f, so each term needs ∂h_T/∂z_t = ∂h_T/∂h_t · f'(z_t)."),
    ),
    hints=(
        "Walk back from h_T with one number in hand, ∂h_T/∂h_t. What multiplies it for each step further back?",
        "dh has T + 1 entries and ends with 1. In each step dw gains a term with h_{t−1}, dc one with x_t.",
        "delta = dh[t] · f'(z_t); then dw += delta · h_{t−1}, dc += delta · x_t, and dh[t − 1] is delta times one more number.",
    ),
)  # fmt: skip
