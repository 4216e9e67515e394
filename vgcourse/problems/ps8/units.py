"""Problem set 8 on units: which ReLUs are dead, which are linear, and how many entries are off."""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- dead_units ------------------------------------------------------------------------------------


def dead_units(zs):
    """Of each ReLU layer the share of dead units, z ≤ 0 for every example; of linear ones, z > 0 for every; and of entries z ≤ 0.

    zs is a list of pre-activations, (N, H_l) each. Returns dead (L,), linear (L,) and off (L,).
    """
    dead, linear, shares = [], [], []
    for z in zs:
        off = z <= 0
        is_dead = off.all(axis=0)
        is_linear = ~off.any(axis=0)
        dead.append(is_dead.mean())
        linear.append(is_linear.mean())
        shares.append(off.mean())
    return np.array(dead), np.array(linear), np.array(shares)


def _living(off, none=1.0):
    alive = off[:, ~off.all(axis=0)]
    return alive.mean() if alive.size else none


def _pooled(zs):
    """One answer for the whole net, in every place."""
    H, dead, linear, off = np.transpose(
        [(z.shape[1], (z <= 0).all(axis=0).sum(), (z > 0).all(axis=0).sum(), (z <= 0).mean()) for z in zs]
    )
    return tuple(
        np.full(len(zs), share)
        for share in (dead.sum() / H.sum(), linear.sum() / H.sum(), (H @ off) / H.sum())
    )


def _dead_cases(rng):
    """In each layer a dead unit, one at exactly 0, one that is on once, one that is off once, and others."""
    cases = []
    for N, widths in ((11, (9, 7, 8, 9)), (6, (6, 6))):
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
            if number == 1:
                z[-1] = -np.abs(z[-1])  # one example for which every unit is off
            else:
                z[:, -1] = sizes[:, -1]  # a unit that is always on
                z[-1, number + 3] *= number == 0  # and one that is at exactly 0 once
            zs.append(z[:, rng.permutation(H)])
        cases.append(Case((zs,), ("dead", "linear", "off"), batch=N))
    on, off = (
        rng.uniform(0.2, 2, size=(4, 3)),
        -rng.uniform(0.2, 2, size=(4, 5)),
    )  # a whole layer of either kind
    both = [rng.choice([-1, 1], size=(4, H)) * rng.uniform(0.2, 2, size=(4, H)) for H in (6, 4)]
    both[0][:, :2] = np.array([[-1, 1], [-1, 1], [-1, 1], [9, -9]]) * rng.uniform(0.2, 0.3, size=2)
    cases.append(Case(([on, off, *both],), ("dead", "linear", "off"), batch=4))
    rare = -rng.uniform(0.2, 2, size=(120, 4))  # off for all examples but one
    rare[rng.integers(120, size=4), range(4)] *= -1
    rare[:, 0] = -np.abs(rare[:, 0])
    cases.append(Case(([rare, -rare],), ("dead", "linear", "off"), batch=120))
    single = -rng.uniform(0.2, 2, size=(3, 1))  # one layer of one unit
    cases.append(Case(([single],), ("dead", "linear", "off"), batch=3))
    return cases


def not_shares(args, out):
    values = np.concatenate([np.ravel(value) for value in out.values()])
    return float(np.maximum(values - 1, -values).max(initial=0))


def _all_the_same(args, out):
    values = np.array(list(out.values()))
    return float(len(args[0]) > 3 and values.any() and not np.ptp(values, axis=1).any())


def _too_many(args, out):
    return float(np.max(out["dead"] + out["linear"] - 1, initial=0))


def _more_dead_than_off(args, out):
    return float(np.max(out["dead"] - out["off"], initial=0))


DEAD_UNITS = Problem(
    name="ps8.dead_units",
    reference=dead_units,
    cases=_dead_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"dead": ("layer",), "linear": ("layer",), "off": ("layer",)},
    invariants=(
        Invariant("each layer by itself", _all_the_same, "All layers have the same shares in your answer. Each layer is asked about by itself."),
        Invariant("shares", not_shares, "Your answer leaves the interval from 0 to 1. Both are shares: of a layer's units, or of all its entries."),
        Invariant("dead and linear", _too_many, "Your dead and linear units of a layer are more than all of its units. No unit is both."),
        Invariant("no more dead than off", _more_dead_than_off, "You find a larger share of dead units than of entries that are off. Each dead unit is off for all N examples, so dead cannot exceed off."),
    ),
    mistakes=(
        Mistake("zero counted as on", edit("z <= 0", "z < 0"), "You count a z of exactly 0 as on. It gives 0 and has no slope here, so it counts as off."),
        Mistake("negative after the ReLU", edit("z <= 0", "np.maximum(z, 0) < 0"), "You look for values below 0 after the ReLU, where there are none.", alone=True),
        Mistake("units that are on", edit("z <= 0", "z > 0"), "You count where z > 0: your shares are of units that always work and of entries that are on. Off is z ≤ 0.", whole=True, alone=True),
        Mistake("off for any example", edit("off.all(axis=0)", "off.any(axis=0)"), "You call a unit dead if it is off for some example, which is what a ReLU is for. Dead means off for all of them."),
        Mistake("off for most examples", edit("off.all(axis=0)", "off.mean(axis=0) > 0.5"), "You call a unit dead if it is off for more than half of the batch. One example for which it is on still gives it a gradient."),
        Mistake("mean of z below zero", edit("off.all(axis=0)", "z.mean(axis=0) <= 0"), "You ask whether the mean of z is below 0. A unit that is off on average still learns from the examples for which it is on."),
        Mistake("examples, not units", edit("off.all(axis=0)", "off.all(axis=1)"), "You count examples for which every unit is off. Dead is said of a unit, over all examples."),
        Mistake("layers, not units", edit("off.all(axis=0)", "off.all()"), "You ask whether a whole layer is off. The question is put to each unit."),
        Mistake("first example only", edit("off.all(axis=0)", "off[0]"), "Your dead units are those that are off for the first example. The others of the batch were not asked."),
        Mistake("off for nearly all", edit("off.all(axis=0)", "off.mean(axis=0) > 0.9"), "You call a unit dead if it is off for nearly all examples. One for which it is on still gives it a gradient."),
        Mistake("off for 95 %", edit("off.all(axis=0)", "off.mean(axis=0) > 0.95"), "You call a unit dead if it is off for nearly all examples. One for which it is on still gives it a gradient."),
        Mistake("exactly zero", edit("off.all(axis=0)", "(z == 0).all(axis=0)"), "Your dead units are those with a z of exactly 0 for all examples. Below 0 is off as well."),
        Mistake("living units", edit("off.all(axis=0)", "~off.all(axis=0)"), "Your dead is the share of living units, one minus what is asked for."),
        Mistake("divided by the examples", edit("is_dead.mean()", "is_dead.sum() / len(z)", "is_linear.mean()", "is_linear.sum() / len(z)"), "You divide the number of units by the number of examples N. It is a share of the layer's H units."),
        Mistake("divided by all entries", edit("is_dead.mean()", "is_dead.sum() / z.size", "is_linear.mean()", "is_linear.sum() / z.size"), "You divide the number of units by the number of entries N·H. It is a share of the layer's H units."),
        Mistake("always on", edit("off.all(axis=0)", "(z > 0).all(axis=0)"), "Your dead counts units that are never off. Those are the linear ones."),
        Mistake("linear: on for some example", edit("~off.any(axis=0)", "(z > 0).any(axis=0)"), "Your linear counts every unit that is on for some example. A linear one is on for all of them."),
        Mistake("linear: mean of z above zero", edit("~off.any(axis=0)", "z.mean(axis=0) > 0"), "Your linear asks whether the mean of z is above 0. A unit can be off for a few examples and still be on average above it."),
        Mistake("linear: layers", edit("~off.any(axis=0)", "~off.any()"), "Your linear asks about a whole layer at once. The question is put to each unit, over the batch."),
        Mistake("linear: examples", edit("~off.any(axis=0)", "~off.any(axis=1)"), "Your linear counts examples for which every unit is on. Linear is said of a unit, over all examples."),
        Mistake("linear: the dead ones too", edit("~off.any(axis=0)", "off.all(axis=0) | ~off.any(axis=0)"), "Your linear counts the dead units too. A linear one is on for all examples."),
        Mistake("linear: no unit ever", edit("~off.any(axis=0)", "np.zeros(z.shape[1])"), "Your linear is 0 for every layer. Some layers have units that are on for all examples."),
        Mistake("linear: share of entries on", edit("~off.any(axis=0)", "~off"), "Your linear is the share of entries that are on. It is a share of units."),
        Mistake("linear: share of the living", edit("is_linear.mean()", "is_linear.sum() / max((~is_dead).sum(), 1)"), "Your linear is a share of the living units. It is a share of all units of the layer.", alone=True),
        Mistake("linear: not dead, not linear", edit("~off.any(axis=0)", "off.any(axis=0) & ~off.all(axis=0)"), "Your linear counts the units that are on for some examples and off for others. Those are the ones that work; linear are those that are never off.", alone=True),
        Mistake("linear: first example only", edit("~off.any(axis=0)", "~off[0]"), "Your linear units are those that are on for the first example. The others of the batch were not asked.", alone=True),
        Mistake("linear: on for most examples", edit("~off.any(axis=0)", "off.mean(axis=0) < 0.5"), "You call a unit linear if it is on for more than half of the batch. Linear means on for all of it.", alone=True),
        Mistake("one answer for the net", _pooled, "You give every layer the same numbers, those of all units of the net. Each layer is asked about on its own."),
        Mistake("off: examples without a unit", edit("off.mean()", "off.all(axis=1).mean()"), "Your off is the share of examples for which every unit is off. Off counts entries, one by one.", alone=True),
        Mistake("off: median of the units", edit("off.mean()", "np.median(off.mean(axis=0))"), "Your off is the median over the units. Off counts entries, one by one: their mean.", alone=True),
        Mistake("off: the first example's", edit("off.mean()", "off[0].mean()"), "Your off is that of the first example. All entries of the layer count.", alone=True),
        Mistake("dead: linear ones too", edit("off.all(axis=0)", "off.all(axis=0) | ~off.any(axis=0)"), "Your dead counts the linear units too. A dead one is off for all examples.", alone=True),
        Mistake("counts", edit("is_dead.mean()", "is_dead.sum()", "is_linear.mean()", "is_linear.sum()", "off.mean()", "off.sum()"), "You return counts. Asked for are shares: of the units, and for off of all entries."),
        Mistake("off without the dead", edit("off.mean()", "_living(off)"), "Your off is taken over the living units. It is the share of all entries of the layer, the dead ones included."),
        Mistake("off without the dead, NaN if none lives", edit("off.mean()", "_living(off, np.nan)"), "Your off is taken over the living units. It is the share of all entries of the layer, the dead ones included."),
        Mistake("off less the dead", edit("off.mean()", "off.mean() - is_dead.mean()"), "You take the dead units' share off again. Off counts all entries of the layer, theirs included."),
        Mistake("off is the on share", edit("off.mean()", "(~off).mean()"), "Your off is the share of entries that are on. Off is z ≤ 0."),
        Mistake("off is the dead share", edit("off.mean()", "is_dead.mean()"), "Your off is the share of dead units once more. Off counts entries, and living units have some that are off, too."),
        Mistake("off: units that are off once", edit("off.mean()", "off.any(axis=0).mean()"), "Your off is the share of units that are off for some example. Off counts entries, one by one."),
    ),
    hints=(
        "A ReLU passes no gradient where z ≤ 0. One example above 0 is enough for a unit to learn; which units have none?",
        "For each layer, off = z <= 0 is an (N, H) array of booleans. One result needs one answer per unit before it is averaged, the other does not.",
        "Along axis 0 run the examples: all of them, for one unit. Then the mean over the units is the share.",
    ),
)  # fmt: skip
