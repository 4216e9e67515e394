"""Problem set 6, an investigation: the cheapest k₁/k₂ cut of one linear unit. What it loses is measured here, pair by pair."""

import math

import numpy as np

from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SLACK = 1.05  # memory may be this much more than the least

# --- cheap_cut -------------------------------------------------------------------------------------


def cheap_cut(a, lost, work):
    """The smallest k₂ for which k₁ = ⌈k₂/work⌉ loses little enough."""
    k1 = k2 = 1
    while lost_share(a, k1, k2) > lost:
        k2 += 1
        k1 = math.ceil(k2 / work - 1e-12)  # 21/1.4 is 15, but 15.000000000000002 in floating point
    return k1, k2


def lost_share(a, k1, k2):
    """Of the gradient of h_t = a h_{t−1} + x_t + b with L = Σ h_t, far from the start; each loss misses all lags from its reach on."""
    reach = np.arange(k2 - k1 + 1, k2 + 1)  # of the block's losses, the first one's first
    return float(np.mean(a ** reach.astype(float)))


def _numbers(output):
    if not isinstance(output, (tuple, list, np.ndarray)) or np.shape(output) != (2,):
        raise TypeError(f"is {describe(output)}; expected two whole numbers, k1 and k2")
    try:
        numbers = np.asarray(output, dtype=float)
    except (TypeError, ValueError):
        raise TypeError("holds something else than numbers; expected two whole numbers, k1 and k2") from None
    if not (np.isfinite(numbers).all() and (numbers == np.round(numbers)).all() and (numbers >= 1).all()):
        raise TypeError("holds something else than whole numbers of at least 1; expected k1 and k2")
    if numbers.max() > 10**6:
        raise TypeError("holds a number beyond a million; expected k1 and k2")
    return int(numbers[0]), int(numbers[1])


def _measured(output, args):
    """What is lost, work and memory against what is allowed, 1 inside; and 2 if only the order is wrong."""
    k1, k2 = _numbers(output)
    found = _against(args, k1, k2)
    turned = max(found) > 1 and max(_against(args, k2, k1)) == 1
    return np.array([*found, 2.0 if turned else 1.0])


def _against(args, k1, k2):
    a, lost, work = args
    if k2 < k1:  # losses of the block that nothing reaches
        return 1.0, 1.0, 300.0
    smallest = cheap_cut(a, lost, work)[1]
    return (
        max(lost_share(a, k1, k2) / lost, 1.0),
        max(k2 / k1 / work, 1.0),
        max(k2 / math.ceil(SLACK * smallest), 1.0),
    )


def _cases(rng):
    cases = []
    for low, high, lost, work in (
        (0.88, 0.92, 0.01, 2),
        (0.96, 0.98, 0.02, 2),
        (0.93, 0.95, 0.005, 1.5),
        (0.97, 0.985, 0.01, 3),
    ):
        a = round(float(rng.uniform(low, high)), 3)
        while cheap_cut(a, lost, work)[1] % work == 0:  # k2/work has to be rounded
            a = round(float(rng.uniform(low, high)), 3)
        cases.append(Case((a, lost, work), (f"a = {a:.2f}, {100 * lost:g} %, work {work}",)))
    return cases


def _window(a, lost, work):
    return 1, math.ceil(math.log(lost) / math.log(a))


def _chunks(a, lost, work):
    k = math.ceil(a / (lost * (1 - a)))
    return k, k


def _window_cut(a, lost, work):
    k = _window(a, lost, work)[1]
    return math.ceil(k / work), k


def _sum_of_the_two(a, lost, work):
    """A window's loss at the far end of the way back alone, behind the block."""
    k1 = math.ceil(math.log(lost) / math.log(a))
    return k1, int(work * k1)


CHEAP_CUT = Problem(
    name="ps6.cheap_cut",
    reference=cheap_cut,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 9, "Memory"',
    invariants=(
        Invariant("order exchanged", off(3), "With the two numbers exchanged yours would do: k1, the steps between two ways back, comes first, k2, their length, second."),
        Invariant("too much is lost", off(0), "Your cut loses more of the gradient than it may."),
        Invariant("too much work", off(1), "Your cut goes back over more steps than it may: k2/k1 steps for each step of the sequence."),
        Invariant("too much memory", off(2), "Your k2 is more than 5 % above the smallest that would do, or below k1, which leaves losses without a way back to their own step."),
    ),
    mistakes=(
        Mistake("window", _window, "You took a window, k1 = 1. It has the least memory, and for each step of the sequence it goes back k2 steps: too much work."),
        Mistake("chunks", _chunks, "Your k1 equals k2: chunks. They do the least work, and their memory is far above what is needed. The smallest k1 that the work allows is k2/work, and the smaller k1, the longer do the first losses of a block reach."),
        Mistake("window's length", _window_cut, "Your k2 is that of a window. Only the last loss of a block reaches back k2 steps; the first one k2 − k1 + 1, and too much is lost."),
        Mistake("safe for the first loss", _sum_of_the_two, "You made even the first loss of a block reach as far as a window's. What counts is the mean over the losses of a block: a shorter k2 will do."),
        Mistake("lost by the first loss", edit("lost_share(a, k1, k2)", "a ** (k2 - k1 + 1)"), "You count what the first loss of a block loses. The later ones reach further: take the mean over the block, and a shorter k2 will do."),
        Mistake("rounded down", edit("math.ceil(k2 / work - 1e-12)", "max(int(k2 / work), 1)"), "You round k2/work down, so k1 is too small and the work more than allowed. Round up."),
        Mistake("rounded to the nearest", edit("math.ceil(k2 / work - 1e-12)", "max(round(k2 / work), 1)"), "You round k2/work to the nearest whole number. Where that is below it, the work is more than allowed: round up."),
        Mistake("half of k2", edit("math.ceil(k2 / work - 1e-12)", "math.ceil(k2 / 2)"), "Your k1 is half of k2 whatever the work. It follows from the work that is allowed."),
        Mistake("work cut to a whole number", edit("k2 / work", "k2 / int(work)"), "You cut `work` to a whole number. It need not be whole."),
        Mistake("work rounded up", edit("k2 / work", "k2 / math.ceil(work)"), "You round `work` up to a whole number. It need not be whole."),
        Mistake("longer reaches than k2", edit("lost_share(a, k1, k2)", "np.mean(a ** np.arange(k2, k2 + k1, dtype=float))"), "Your mean begins with the loss that reaches back over k2 steps and goes on to longer reaches. No loss of a block reaches further than k2: the others reach less far."),
        Mistake("k2 doubled", edit("k2 += 1", "k2 *= 2"), "You double k2 until it will do, so it can be nearly twice the smallest. Go up by one step, or search between the last two."),
        Mistake("kept for lost", edit("> lost", "> 1 - lost"), "You take what may be lost for what has to be kept."),
        Mistake("loss of the mean reach", edit("lost_share(a, k1, k2)", "a ** (k2 - (k1 - 1) / 2)"), "You take what a loss of mean reach loses. The powers of a are not on a line: the mean of the losses' shares is more than the share at the mean reach."),
        Mistake("sum for the mean", edit("lost_share(a, k1, k2)", "k1 * lost_share(a, k1, k2)"), "You add up what the losses of a block lose. The share is their mean."),
        Mistake("half a block too long", edit("return k1, k2", "return math.ceil(1.5 * k1), math.ceil(1.5 * k2)"), "Your cut keeps what it should, with half as much memory again as needed. Look for the smallest k2."),
        Mistake("exchanged", edit("return k1, k2", "return k2, k1"), "Your two numbers are exchanged: k1 comes first."),
    ),
    hints=(
        "In a block of k1 losses the last one reaches back over k2 steps. Over how many does the first? The loss at each place loses a share a^(its reach).",
        "So the lost share is a mean of k1 powers of a. The work is fixed by k2/k1: what k1 does a given k2 allow?",
        "Go up with k2 from 1; take the smallest k1 that the work allows; stop at the first k2 whose mean of k1 powers of a, the highest of them a^k2, is small enough.",
    ),
)  # fmt: skip
