"""Problem set 8 on units: which ReLUs are dead, which are linear, and how many entries are off."""

import numpy as np

from vgcourse.clinic import saturated_entries
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

# --- dead_units ------------------------------------------------------------------------------------


def dead_units(zs):
    """Of each ReLU layer the share of dead units, z ≤ 0 for every instance; of linear ones, z > 0 for every; and of entries z ≤ 0.

    zs is a list of pre-activations, (N, H_l) each. Returns dead (L,), linear (L,) and off (L,).
    """
    off = [saturated_entries("relu", z) for z in zs]
    dead, linear = (
        [unit.mean() for unit in units] for units in zip(*((o.all(axis=0), ~o.any(axis=0)) for o in off))
    )
    return np.array(dead), np.array(linear), np.array([o.mean() for o in off])


def _dead(
    zs,
    *,
    below=lambda z: z <= 0,
    dead=lambda off, z: off.all(axis=0),
    linear=lambda off, z: ~off.any(axis=0),
    share=np.mean,
    entries=None,
):
    """dead_units with exchangeable parts; `dead(off, z)` and `linear` flag units, `entries(off)` gives `off`."""
    offs = [below(z) for z in zs]
    flags = [[float(share(of(off, z))) for off, z in zip(offs, zs, strict=True)] for of in (dead, linear)]
    last = np.array([float(share(off) if entries is None else entries(off)) for off in offs])
    return np.array(flags[0]), np.array(flags[1]), last


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
            if number == 1:
                z[-1] = -np.abs(z[-1])  # one instance for which every unit is off
            else:
                z[:, -1] = sizes[:, -1]  # a unit that is always on
                z[-1, number + 3] *= number == 0  # and one that is at exactly 0 once
            zs.append(z[:, rng.permutation(H)])
        cases.append(Case((zs,), ("dead", "linear", "off"), batch=N))
    return cases


def not_shares(args, out):
    values = np.concatenate([np.ravel(value) for value in out.values()])
    return float(np.maximum(values - 1, -values).max(initial=0))


def _too_many(args, out):
    return float(np.max(out["dead"] + out["linear"] - 1, initial=0))


def _more_dead_than_off(args, out):
    return float(np.max(out["dead"] - out["off"], initial=0))


DEAD_UNITS = Problem(
    name="ps8.dead_units",
    reference=dead_units,
    family=_dead,
    cases=_dead_cases,
    points=2,
    lecture='lecture 12, "The clinic"',
    axes={"dead": ("layer",), "linear": ("layer",), "off": ("layer",)},
    invariants=(
        Invariant("shares", not_shares, "Your answer leaves the interval from 0 to 1. Both are shares: of a layer's units, or of all its entries."),
        Invariant("dead and linear", _too_many, "Your dead and linear units of a layer are more than all of its units. No unit is both."),
        Invariant("no more dead than off", _more_dead_than_off, "You find a larger share of dead units than of entries that are off. Each dead unit is off for all N instances, so dead cannot exceed off."),
    ),
    mistakes=(
        Mistake("zero counted as on", dict(below=lambda z: z < 0), "You count a z of exactly 0 as on. It gives 0 and has no slope here, so it counts as off."),
        Mistake("negative after the ReLU", _alone(below=lambda z: np.maximum(z, 0) < 0), "You look for values below 0 after the ReLU, where there are none."),
        Mistake("units that are on", _alone(below=lambda z: z > 0), "You count where z > 0: your shares are of units that always work and of entries that are on. Off is z ≤ 0."),
        Mistake("off for any instance", dict(dead=lambda off, z: off.any(axis=0)), "You call a unit dead if it is off for some instance, which is what a ReLU is for. Dead means off for all of them."),
        Mistake("off for most instances", dict(dead=lambda off, z: off.mean(axis=0) > 0.5), "You call a unit dead if it is off for more than half of the batch. One instance for which it is on still gives it a gradient."),
        Mistake("mean of z below zero", dict(dead=lambda off, z: z.mean(axis=0) <= 0), "You ask whether the mean of z is below 0. A unit that is off on average still learns from the instances for which it is on."),
        Mistake("instances, not units", dict(dead=lambda off, z: off.all(axis=1)), "You count instances for which every unit is off. Dead is said of a unit, over all instances."),
        Mistake("layers, not units", dict(dead=lambda off, z: off.all()), "You ask whether a whole layer is off. The question is put to each unit."),
        Mistake("first instance only", dict(dead=lambda off, z: off[0]), "Your dead units are those that are off for the first instance. The others of the batch were not asked."),
        Mistake("living units", dict(dead=lambda off, z: ~off.all(axis=0)), "Your dead is the share of living units, one minus what is asked for."),
        Mistake("divided by the instances", dict(dead=lambda off, z: off.all(axis=0) * off.shape[1] / len(off)), "You divide the number of dead units by the number of instances N. It is a share of the H units."),
        Mistake("always on", dict(dead=lambda off, z: ~off.any(axis=0)), "Your dead counts units that are never off. Those are the linear ones."),
        Mistake("linear: on for some instance", dict(linear=lambda off, z: ~off.all(axis=0)), "Your linear counts every unit that is on for some instance. A linear one is on for all of them."),
        Mistake("linear: mean of z above zero", dict(linear=lambda off, z: z.mean(axis=0) > 0), "Your linear asks whether the mean of z is above 0. A unit can be off for a few instances and still be on average above it."),
        Mistake("linear: layers", dict(linear=lambda off, z: ~off.any()), "Your linear asks about a whole layer, or about all units of an example, at once. The question is put to each unit, over the batch."),
        Mistake("linear: share of entries on", dict(linear=lambda off, z: ~off), "Your linear is the share of entries that are on. It is a share of units."),
        Mistake("counts", dict(share=np.sum), "You return counts. Asked for are shares: of the units, and for off of all entries."),
        Mistake("off without the dead", dict(entries=_living), "Your off is taken over the living units. It is the share of all entries of the layer, the dead ones included."),
        Mistake("off is the on share", dict(entries=lambda off: (~off).mean()), "Your off is the share of entries that are on. Off is z ≤ 0."),
    ),
    hints=(
        "A ReLU passes no gradient where z ≤ 0. One instance above 0 is enough for a unit to learn; which units have none?",
        "For each layer, off = z <= 0 is an (N, H) array of booleans. One result needs one answer per unit before it is averaged, the other does not.",
        "Along axis 0 run the instances: all of them, for one unit. Then the mean over the units is the share.",
    ),
)  # fmt: skip
