"""Problem set 8 on units: which ReLUs are dead, and how much slope saturating units have left."""

import numpy as np

from vgcourse.activations import ACTIVATIONS
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.clinic import SATURATED, saturated_entries

# --- dead_units ------------------------------------------------------------------------------------


def dead_units(zs):
    """Of each ReLU layer the share of dead units, z ≤ 0 for every instance, and of entries z ≤ 0.

    zs is a list of pre-activations, (N, H_l) each. Returns dead (L,) and off (L,).
    """
    off = [saturated_entries("relu", z) for z in zs]
    return np.array([o.all(axis=0).mean() for o in off]), np.array([o.mean() for o in off])


def _dead(
    zs, *, below=lambda z: z <= 0, dead=lambda off, z: off.all(axis=0), share=np.mean, entries=None, finish=None
):  # fmt: skip
    """dead_units with exchangeable parts; `dead(off, z)` flags the units, `entries(off)` gives `off`."""
    offs = [below(z) for z in zs]
    first = np.array([float(share(dead(off, z))) for off, z in zip(offs, zs, strict=True)])
    second = np.array([float(share(off) if entries is None else entries(off)) for off in offs])
    return (first, second) if finish is None else finish(first, second)


def _alone(**switches):
    """A mistake that hides others: as a function of its own it is not combined with them."""
    return lambda zs: _dead(zs, **switches)


def _living(off):
    return off[:, ~off.all(axis=0)].mean()


def _dead_cases(rng):
    """In each layer a dead unit, one at exactly 0, one that is on once, one that is off once, and others."""
    cases = []
    for N, widths in ((11, (9, 7, 8)), (6, (6, 6))):
        zs = []
        for number, H in enumerate(widths):
            z = rng.choice([-1, 1], size=(N, H)) * rng.uniform(0.2, 2, size=(N, H))
            sizes = np.abs(z)
            for unit in range(number + 1):
                z[:, unit] = -sizes[:, unit]
            z[:, number + 1] = 0
            z[:, number + 2], z[3, number + 2] = -sizes[:, number + 2], sizes[3, number + 2]
            z[:, number + 3], z[-1, number + 3] = sizes[:, number + 3], -sizes[-1, number + 3]
            z[1:3, number + 4 :] = sizes[1:3, number + 4 :] * np.array([[1], [-1]])
            if number:
                z[-1] = -np.abs(z[-1])  # one instance for which every unit is off
            else:
                z[:, -1] = sizes[:, -1]  # a unit that is always on
            zs.append(z[:, rng.permutation(H)])
        cases.append(Case((zs,), ("dead", "off"), batch=N))
    return cases


def _not_shares(args, out):
    values = np.concatenate([np.ravel(value) for value in out.values()])
    return float(np.maximum(values - 1, -values).max(initial=0))


def _more_dead_than_off(args, out):
    return float(np.max(out["dead"] - out["off"], initial=0))


DEAD_UNITS = Problem(
    name="ps8.dead_units",
    reference=dead_units,
    family=_dead,
    cases=_dead_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"dead": ("layer",), "off": ("layer",)},
    invariants=(
        Invariant("shares", _not_shares, "Your answer leaves the interval from 0 to 1. Both are shares: of a layer's units, and of all its entries."),
        Invariant("no more dead than off", _more_dead_than_off, "You find a larger share of dead units than of entries that are off. Each dead unit is off for all N instances, so dead cannot exceed off."),
    ),
    mistakes=(
        Mistake("zero counted as on", dict(below=lambda z: z < 0), "You count z < 0 only. A unit with z = 0 gives 0 and its slope is 0 here, so it learns nothing either: z ≤ 0."),
        Mistake("negative after the ReLU", _alone(below=lambda z: np.maximum(z, 0) < 0), "You look for values below 0 after the ReLU, where there are none. Off means z ≤ 0, or an activation of exactly 0."),
        Mistake("units that are on", _alone(below=lambda z: z > 0), "You count where z > 0: your shares are of units that always work and of entries that are on. Off is z ≤ 0."),
        Mistake("off for any instance", dict(dead=lambda off, z: off.any(axis=0)), "You call a unit dead if it is off for some instance, which is what a ReLU is for. Dead means off for all of them: all, not any."),
        Mistake("off for most instances", dict(dead=lambda off, z: off.mean(axis=0) > 0.5), "You call a unit dead if it is off for more than half of the batch. One instance for which it is on still gives it a gradient: all of them have to be off."),
        Mistake("mean of z below zero", dict(dead=lambda off, z: z.mean(axis=0) <= 0), "You ask whether the mean of z is below 0. A unit that is off on average still learns from the instances for which it is on: ask each entry first, then all over the batch."),
        Mistake("instances, not units", dict(dead=lambda off, z: off.all(axis=1)), "You count instances for which every unit is off. Dead is said of a unit, over all instances: axis=0 runs over the batch."),
        Mistake("layers, not units", dict(dead=lambda off, z: off.all()), "You ask whether a whole layer is off: all without an axis runs over the units too. axis=0 runs over the batch and leaves one answer per unit."),
        Mistake("first instance only", dict(dead=lambda off, z: off[0]), "Your dead units are those that are off for the first instance. About half are, by chance: look at the whole batch."),
        Mistake("living units", dict(dead=lambda off, z: ~off.all(axis=0)), "Your dead is the share of living units, one minus what is asked for."),
        Mistake("divided by the instances", dict(dead=lambda off, z: off.all(axis=0) * off.shape[1] / len(off)), "You divide the number of dead units by the number of instances N. It is a share of the H units."),
        Mistake("always on", dict(dead=lambda off, z: ~off.any(axis=0)), "Your dead counts units that are never off. Those are linear, not dead: off for every instance is asked for."),
        Mistake("counts", dict(share=np.sum), "You return counts. Divide by the number of units, and for off by the number of entries N·H."),
        Mistake("off without the dead", dict(entries=_living), "Your off is taken over the living units. It is the share of all entries of the layer, the dead ones included."),
        Mistake("off is the on share", dict(entries=lambda off: (~off).mean()), "Your off is the share of entries that are on. Off is z ≤ 0."),
    ),
    hints=(
        "A ReLU passes no gradient where z ≤ 0. One instance above 0 is enough for a unit to learn; which units have none?",
        "For each layer, off = z <= 0 is an (N, H) array of booleans. One result needs one answer per unit before it is averaged, the other does not.",
        "Along axis 0 run the instances: all of them, for one unit. Then the mean over the units is the share.",
    ),
)  # fmt: skip


# --- slope_left ------------------------------------------------------------------------------------


def slope_left(activation, hs):
    """Of each layer the mean of f'/max f', and the share of entries where it is below 5 %, from h = f(z).

    tanh' = 1 − h² with maximum 1, σ' = h(1 − h) with maximum ¼. hs is a list of (N, H_l); activation is
    "tanh" or "sigmoid". Returns slope (L,) and saturated (L,).
    """
    ratios = [1 - h**2 if activation == "tanh" else 4 * h * (1 - h) for h in hs]
    return np.array([r.mean() for r in ratios]), np.array([(r < SATURATED).mean() for r in ratios])


SLOPES = {
    "right": lambda name, h: 1 - h**2 if name == "tanh" else h * (1 - h),
    "exchanged": lambda name, h: h * (1 - h) if name == "tanh" else 1 - h**2,
    "1 − h² for both": lambda name, h: 1 - h**2,
    "f' at h": lambda name, h: ACTIVATIONS[name].derivative(h),
    "tanh of h": lambda name, h: 1 - np.tanh(h) ** 2 if name == "tanh" else h * (1 - h),
    "1 − h": lambda name, h: 1 - h if name == "tanh" else h * (1 - h),
    "1 − |h|": lambda name, h: 1 - np.abs(h) if name == "tanh" else h * (1 - h),
}


def _left(
    activation,
    hs,
    *,
    slope="right",
    largest=0.25,
    typical=np.mean,
    of_mean=False,
    by_own=False,
    below=lambda r, h, name: r < SATURATED,
    share=np.mean,
    through=False,
):
    """slope_left with exchangeable parts; `largest` is max σ'."""
    top = 1.0 if activation == "tanh" else largest
    ratios = [SLOPES[slope](activation, h) / top for h in hs]
    ratios = [r / r.max() for r in ratios] if by_own else ratios
    middle = [SLOPES[slope](activation, h.mean()) / top for h in hs] if of_mean else map(typical, ratios)
    middle = np.array(list(middle), dtype=float)
    far = np.array([float(share(below(r, h, activation))) for r, h in zip(ratios, hs, strict=True)])
    return np.cumprod(middle) if through else middle, far


def _at_the_limits(r, h, name):
    """Within 5 % of the way to a limit."""
    return np.abs(h) > 1 - SATURATED if name == "tanh" else (h < SATURATED) | (h > 1 - SATURATED)


def _upper(r, h, name):
    return (r < SATURATED) & (h > (0 if name == "tanh" else 0.5))


def _left_cases(rng):
    """Layers more and more saturated, on both sides; no entry so near to 5 % that rounding decides."""
    cases = []
    for name, N, widths in (("tanh", 12, (6, 8, 5)), ("sigmoid", 10, (7, 6, 8)), ("sigmoid", 5, (5, 5))):
        hs = []
        for number, H in enumerate(widths, start=1):
            wide = (0.6 + 0.7 * number) * (1 if name == "tanh" else 2.2)
            edge = 2.178 if name == "tanh" else 4.357  # where f' is 5 % of its maximum
            z = wide * rng.normal(size=(N, H)) + 0.4
            z[0, :4] = edge * np.array([0.9, -0.9, 1.3, -1.3])  # limits and 5 % of the slope are told apart
            z = np.where(np.abs(np.abs(z) / edge - 1) < 0.02, 0.9 * z, z)
            z[:, 4] = 1.5 * edge * rng.choice([-1, 1], size=N)  # a unit that is saturated for every instance
            z[2, 4] *= 0.83 / 1.5 if number > 1 else 1.0  # or for all but one
            z[1, 3] = 40.0  # h is exactly 1
            hs.append(np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z)))
        cases.append(Case((name, hs), ("slope", "saturated"), batch=N))
    return cases


SLOPE_LEFT = Problem(
    name="ps8.slope_left",
    reference=slope_left,
    family=_left,
    cases=_left_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"slope": ("layer",), "saturated": ("layer",)},
    invariants=(
        Invariant("shares", _not_shares, "Your answer leaves the interval from 0 to 1. A slope is compared with the largest slope of its activation, and saturated is a share of the entries."),
    ),
    mistakes=(
        Mistake("maximum 1 for the sigmoid", dict(largest=1.0), "You divide the sigmoid's slope by 1. Its largest value is ¼, at h = ½: a sigmoid with half of its slope left has σ' = ⅛."),
        Mistake("largest slope of the layer", dict(by_own=True), "You divide by the largest slope that you find in the layer, so a layer without any slope left looks healthy. Divide by max f': 1 for tanh, ¼ for the sigmoid."),
        Mistake("formulas exchanged", dict(slope="exchanged"), "You have the two slopes exchanged: tanh' = 1 − h² and σ' = h(1 − h)."),
        Mistake("1 − h² for both", dict(slope="1 − h² for both"), "You use 1 − h² for the sigmoid too. Its slope is h(1 − h)."),
        Mistake("f' of the activation", dict(slope="f' at h"), "You put h into f'. h already is f(z): tanh' = 1 − h², σ' = h(1 − h)."),
        Mistake("tanh of h", dict(slope="tanh of h"), "You take tanh of h, which is a tanh already. Its slope is 1 − h²."),
        Mistake("1 − h for tanh", dict(slope="1 − h"), "Your slope of tanh is 1 − h. The square is missing, 1 − h²; without it h = −1 looks like the steepest place."),
        Mistake("1 − |h| for tanh", dict(slope="1 − |h|"), "Your slope of tanh is 1 − |h|, the distance to the limit. tanh' = 1 − h²."),
        Mistake("slope at the mean activation", dict(of_mean=True), "You take the slope at the layer's mean activation. Half of the tanh units at −1 and half at +1 have the mean 0, which looks healthy: slopes first, then the mean."),
        Mistake("median", dict(typical=np.median), "You take the median of the slopes. Asked for is their mean."),
        Mistake("root mean square", dict(typical=lambda r: np.sqrt((r**2).mean())), "You take the root mean square of the slopes. Asked for is their mean."),
        Mistake("product over the layers", dict(through=True), "You multiply the slopes of the layers up. Each layer is asked about on its own."),
        Mistake("nearness of h", dict(below=_at_the_limits), "Your saturated entries are those with h within 5 % of a limit. Asked for is 5 % of the slope, which is elsewhere: for tanh 1 − h² < 1/20 begins nearer to ±1."),
        Mistake("slope not divided", dict(below=lambda r, h, name: SLOPES["right"](name, h) < SATURATED), "Your saturated entries have a slope below 1/20 itself. Divide by the largest slope first: for the sigmoid the limit is 5 % of ¼."),
        Mistake("units, not entries", dict(below=lambda r, h, name: (r < SATURATED).all(axis=0)), "Your saturated is the share of units that are saturated for every instance. Asked for is the share of all entries."),
        Mistake("mean slope of the units", dict(below=lambda r, h, name: r.mean(axis=0) < SATURATED), "Your saturated is the share of units whose mean slope is below 5 %. Ask each entry, then take the share."),
        Mistake("upper side only", dict(below=_upper), "You count saturated entries at the upper limit only. Both activations are flat at the lower one as well."),
        Mistake("still sloped", dict(below=lambda r, h, name: r >= SATURATED), "Your saturated is the share of entries that are not. Those below 5 % of the largest slope count."),
        Mistake("counts", dict(share=np.sum), "Your saturated holds counts. Divide by the number of entries of the layer, N·H."),
        Mistake("exactly flat", dict(below=lambda r, h, name: r == 0), "You count slopes that are exactly 0, which only rounding can produce. Less than 5 % of the largest slope counts."),
    ),
    hints=(
        "A training log keeps activations, not pre-activations. Both slopes can be had from h alone.",
        "tanh' = 1 − h² has the maximum 1 and σ' = h(1 − h) the maximum ¼: divide by it, so that 1 means healthy for both.",
        "ratio = f'/max f', an (N, H) array for each layer: its mean is one result, the mean of ratio < 0.05 the other.",
    ),
)  # fmt: skip
