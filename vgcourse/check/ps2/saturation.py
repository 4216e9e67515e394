"""Problem set 2 on saturation: where a unit still has a slope, and which units have lost it."""

import math

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error

LARGEST_SLOPE = {name: 0.25 if name == "sigmoid" else 1.0 for name in ACTIVATIONS}

# --- active_width ----------------------------------------------------------------------------------


def active_width(name, share):
    """Width of the interval of z where f'(z) ≥ share · max f', for each entry of share.

    tanh' = 1/cosh²(z) gives 2 arccosh(share^(−1/2)), and σ' = ¼/cosh²(z/2) twice as much.
    """
    return _width(name, share)


def _width(
    name,
    share,
    *,
    sigmoid_factor=4,
    tanh_factor=2,
    sides=1.0,
    sigmoid_max=0.25,
    drop=False,
    power=-0.5,
    end=np.arccosh,
    logs=1.0,
):
    """active_width with exchangeable parts; `end` is the end of tanh's interval."""
    share = 1 - share if drop else share
    if name == "sigmoid":
        share = share * 0.25 / sigmoid_max
    factor = {"sigmoid": sigmoid_factor, "tanh": tanh_factor}[name]
    return sides * factor * logs * end(share**power)


def _by_value(name, share):
    """Where h stays away from its limits by share."""
    return 4 * np.arctanh(1 - 2 * share) if name == "sigmoid" else 2 * np.arctanh(1 - share)


def _tail(c):
    """The far end, where 1/cosh²(z) is 4 e^(−2z)."""
    return np.log(2 * c)


def _width_cases(rng):
    return [
        Case((name, np.sort(rng.uniform(0.03, 0.24, size=5))), (f"width ({name})",))
        for name in ("sigmoid", "tanh")
    ]


def _ends(args, out):
    name, share = args
    slopes = ACTIVATIONS[name].derivative(np.asarray(out[f"width ({name})"], dtype=float) / 2)
    return relative_error(slopes / LARGEST_SLOPE[name], share)


ACTIVE_WIDTH = Problem(
    name="ps2.active_width",
    reference=active_width,
    family=_width,
    cases=_width_cases,
    points=3,
    lecture='lecture 2, "Saturation"',
    invariants=(
        Invariant("slope at the ends", _ends, "At the ends of your interval the slope is not share · max f'. Put z = width/2 into f' and compare."),
    ),
    mistakes=(
        Mistake("half of the interval", dict(sides=0.5), "You return the end of the interval, not its width. It runs from −z to z, so the width is 2z."),
        Mistake("both sides twice", dict(sides=2.0), "Your widths are twice as large as asked for. The interval runs from −z to z, and for tanh that is 2 arccosh(share^(−1/2)) in all."),
        Mistake("sigmoid as narrow as tanh", dict(sigmoid_factor=2), "Your width for the sigmoid is that of tanh. σ'(z) = ¼/cosh²(z/2): with z/2 in it, the interval is twice as wide."),
        Mistake("tanh as wide as sigmoid", dict(tanh_factor=4), "Your width for tanh is that of the sigmoid. tanh'(z) = 1/cosh²(z) has z where σ' has z/2."),
        Mistake("factors exchanged", dict(sigmoid_factor=2, tanh_factor=4), "You have the two units exchanged. The sigmoid is the wide one: σ(z) = (1 + tanh(z/2))/2."),
        Mistake("share of 1", dict(sigmoid_max=1.0), "For the sigmoid you ask σ' ≥ share. The share is of the largest slope, and σ' never exceeds ¼: σ' ≥ share/4."),
        Mistake("root missing", dict(power=-1), "Your argument is 1/share. The slope is 1/cosh², with a square: cosh(z) = 1/√share."),
        Mistake("drop instead of share", dict(drop=True), "You have the slope fall by share of its maximum. It is to be share of the maximum at the ends, not 1 − share."),
        Mistake("interval of h, not of f'", _by_value, "You measure how near h = f(z) comes to its limits. Asked for is the slope: f'(z) ≥ share · max f'."),
        Mistake("tail formula", dict(end=_tail), "You take the slope for an exponential, 4e^(−2|z|) for tanh. That is its tail; for shares near 1 keep the whole of 1/cosh²: arccosh(c) = ln(c + √(c² − 1))."),
        Mistake("parabola at the top", dict(end=lambda c: np.sqrt(1 - c**-2.0)), "You take the slope for a parabola, 1 − z² for tanh. That is its top; further out solve cosh²(z) = 1/share."),
        Mistake("arcsinh for arccosh", dict(end=np.arcsinh), "Your inverse is that of sinh. The slope of tanh is 1/cosh², so it is arccosh that undoes it: ln(c + √(c² − 1)), with a minus."),
        Mistake("logarithm to base 10", dict(logs=1 / math.log(10)), "Your logarithm has base 10. arccosh(c) = ln(c + √(c² − 1)) is a natural one: np.log."),
    ),
    hints=(
        "The slope is largest at z = 0 and falls alike on both sides. Solve f'(z) = share · max f' for the positive z.",
        "tanh'(z) = 1/cosh²(z). The sigmoid is a tanh of half the argument, σ'(z) = ¼/cosh²(z/2), and its maximum is ¼.",
        "For tanh: cosh(z) = share^(−1/2), and np.arccosh undoes cosh. The interval runs from −z to z. For the sigmoid put z/2 in place of z.",
    ),
)  # fmt: skip


# --- saturated_fraction ----------------------------------------------------------------------------


def saturated_fraction(name, z, share):
    """Units that have lost their slope: f'(z) < share · max f'.

    z is (N, H). Returns, for each unit, the fraction of the N instances where it is saturated, (H,); and the
    fraction of units that are saturated for every instance ("dead").
    """
    return _saturated(name, z, share)


def _near_the_limits(name, z, share):
    h = ACTIVATIONS[name].function(z)
    if name == "sigmoid":
        return (h < share) | (h > 1 - share)
    if name == "tanh":
        return np.abs(h) > 1 - share
    return np.abs(h) < share


RULES = {
    "slope": lambda name, z, share: ACTIVATIONS[name].derivative(z) < share * LARGEST_SLOPE[name],
    "share of 1": lambda name, z, share: ACTIVATIONS[name].derivative(z) < share,
    "¼ for all": lambda name, z, share: ACTIVATIONS[name].derivative(z) < share * 0.25,
    "at h": lambda name, z, share: ACTIVATIONS[name].derivative(ACTIVATIONS[name].function(z)) < share * LARGEST_SLOPE[name],
    "largest seen": lambda name, z, share: ACTIVATIONS[name].derivative(z) < share * ACTIVATIONS[name].derivative(z).max(),
    "active": lambda name, z, share: ACTIVATIONS[name].derivative(z) >= share * LARGEST_SLOPE[name],
    "value": _near_the_limits,
    "|z| > 4": lambda name, z, share: np.abs(z) > 4,
    "lower side": lambda name, z, share: RULES["slope"](name, z, share) & (z < 0),
    "no slope at all": lambda name, z, share: ACTIVATIONS[name].derivative(z) == 0,
}  # fmt: skip


def _saturated(name, z, share, *, rule="slope", axis=0, every=np.all, per_unit=np.mean, dead=None):
    """saturated_fraction with exchangeable parts."""
    saturated = RULES[rule](name, z, share)
    units = every(saturated, axis=0)
    return per_unit(saturated, axis=axis), units.mean() if dead is None else dead(units, saturated)


def _saturated_cases(rng):
    cases = []
    for name, N, H in (("sigmoid", 30, 6), ("tanh", 8, 8), ("relu", 20, 5), ("elu", 20, 5), ("leaky_relu", 20, 5)):  # fmt: skip
        share = float(rng.uniform(0.03, 0.09))
        while True:
            z = _draw(rng, name, N, H, share)[:, rng.permutation(H)]
            args = (name, z, share)
            # in one case nothing is in the middle: the largest slope seen is not the largest there is
            if name != "tanh" or (RULES["slope"](*args) != RULES["largest seen"](*args)).any():
                break
        cases.append(Case(args, ("per_unit", "dead"), batch=N))
    return cases


def _draw(rng, name, N, H, share):
    """Two units far out, one that never saturates, others in between; rounding decides nowhere."""
    two_sided = name in ("sigmoid", "tanh")
    spread = 2.2 if name == "sigmoid" else 1.5
    middle = np.linspace(-1.4, 1.4, H) * spread
    far = {"sigmoid": 8.0, "tanh": 6.0}.get(name, -9.0)
    middle[:3] = far, -far if two_sided else far, 0.0 if two_sided else 2.0
    z = middle + rng.normal(size=(N, H)) * np.where(np.arange(H) < 3, 0.3, spread)
    if name == "tanh":
        z += 0.8 * np.sign(z)
    z[0, 1] = 1.2 * np.sign(middle[1]) if two_sided else 1.2  # nearly dead: it still learns from one instance
    while True:
        ratio = ACTIVATIONS[name].derivative(z) / LARGEST_SLOPE[name] / share
        near = (np.abs(ratio - 1) < 1e-2) | (np.abs(z) < 1e-2)
        if not near.any():
            return z
        z[near] = z[near] * 1.05 + 0.02


def _outside(args, out):
    """How far the fractions leave the interval from 0 to 1."""
    values = np.concatenate([np.ravel(value) for value in out.values()])
    return float(np.maximum(values - 1, -values).max(initial=0))


SATURATED_FRACTION = Problem(
    name="ps2.saturated_fraction",
    reference=saturated_fraction,
    family=_saturated,
    cases=_saturated_cases,
    points=3,
    lecture='lecture 2, "Saturation"',
    axes={"per_unit": ("unit",)},
    invariants=(
        Invariant("fractions", _outside, "Your answer leaves the interval from 0 to 1. Both are fractions: of the instances, and of the units."),
        Invariant("dead is what per_unit says", lambda args, out: abs(float(out["dead"]) - float(np.mean(np.asarray(out["per_unit"]) > 1 - 1e-6))), "Your two results do not fit together. A dead unit is one that is saturated for every instance, so dead is the share of units whose per_unit is 1."),
    ),
    mistakes=(
        Mistake("share of 1", dict(rule="share of 1"), "You compare the slope with share itself. The largest slope of a sigmoid is ¼, so its limit is share/4."),
        Mistake("¼ for all", dict(rule="¼ for all"), "You compare with share/4 for every activation. ¼ is the largest slope of the sigmoid alone; that of the others is 1."),
        Mistake("share of the largest slope seen", dict(rule="largest seen"), "You compare with the largest slope in this batch. If all units are saturated, that one is small too: compare with the maximum of f', ¼ for the sigmoid and 1 for the others."),
        Mistake("active units counted", dict(rule="active"), "You count the units that still have a slope. Asked for are the others: f'(z) < share · max f'."),
        Mistake("f' of the activation", dict(rule="at h"), "You take f' at h = f(z). h stays between the limits of f, where the slope looks healthy: take f'(z)."),
        Mistake("nearness of h", dict(rule="value"), "You look at how near h comes to a limit. Saturation is about the slope: f'(z) < share · max f'."),
        Mistake("|z| > 4 for all", dict(rule="|z| > 4"), "You count |z| > 4, a rule of thumb for the sigmoid. tanh saturates from about 2.2, and a ReLU never does for z > 0: compare f'(z) with share · max f'."),
        Mistake("lower side only", dict(rule="lower side"), "You count saturated units where z < 0 only. Sigmoid and tanh saturate above as well."),
        Mistake("exactly zero", dict(rule="no slope at all"), "You count slopes that are exactly 0. Sigmoid, tanh, ELU and leaky ReLU never get there; a slope below share · max f' counts."),
        Mistake("per instance", dict(axis=1), "You average over the units. per_unit has one entry for each unit: average over the instances, axis=0."),
        Mistake("counts", dict(per_unit=np.sum), "Your per_unit holds counts. Divide by the number of instances, N."),
        Mistake("dead if ever saturated", dict(every=np.any), "You call a unit dead if it is saturated for some instance. Dead means for every instance: all, not any."),
        Mistake("dead if nearly always saturated", dict(dead=lambda units, saturated: (saturated.mean(axis=0) > 0.85).mean()), "You call a unit dead if it is saturated for most instances. Dead means for every instance, without exception: its per_unit is 1."),
        Mistake("dead over the units", dict(dead=lambda units, saturated: saturated.all(axis=1).mean()), "Your dead is 0 though some units are dead. Do you count instances for which all units are saturated? A dead unit is saturated for all instances: all along axis 0."),
        Mistake("dead is the overall fraction", dict(dead=lambda units, saturated: saturated.mean()), "Your dead is the fraction of all entries that are saturated. Count units: those saturated for every instance."),
        Mistake("number of dead units", dict(dead=lambda units, saturated: units.sum()), "Your dead is a number of units. Divide by how many units there are, H."),
    ),
    hints=(
        "First a table of booleans, (N, H): is this unit saturated for this instance? Then average it in two ways.",
        "max f' is ¼ for the sigmoid and 1 for the others. The mean of booleans along axis 0 is a fraction of instances.",
        "saturated = slope < share * largest. A unit is dead if saturated.all(axis=0) says so; the mean of that is the second result.",
    ),
)  # fmt: skip
