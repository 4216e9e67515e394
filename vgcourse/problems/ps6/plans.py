"""Problem set 6: what to keep. The best segment for a cache that is larger than a state; the cheapest split of uneven steps."""

import functools
import math

import numpy as np

from vgcourse.problems.problem import Case, Mistake, Problem

# --- checkpoint_plan -------------------------------------------------------------------------------


def checkpoint_plan(T, q):
    """The whole s with the smallest ⌈T/s⌉ + q s, the largest of several; that number; the steps forwards."""
    return plan(T, q)


def plan(
    T, q, *, memory=lambda T, q, s: math.ceil(T / s) + q * s, tie=min, choose=None, report=None, steps=None
):
    """checkpoint_plan with exchangeable parts."""
    if choose is None:
        cost = {s: memory(T, q, s) for s in range(1, T + 1)}
        least = min(cost.values())
        s = (max if tie is min else min)(s for s in cost if cost[s] == least)
    else:
        s = min(max(choose(T, q), 1), T)
    last = T - (math.ceil(T / s) - 1) * s
    count = 2 * T - last if steps is None else steps(T, s, last)
    return s, (memory if report is None else report)(T, q, s), count


def _plan_cases(rng):
    def uneven(low, high, q):
        """A length that the best `every` does not divide."""
        return int(rng.choice([T for T in range(low, high) if T % plan(T, q)[0]]))

    cases = []
    for T, q in ((uneven(60, 75, 3), 3), (24, 4.5), (uneven(101, 130, 0.5), 0.5), (6, 20), (6, 0.1)):
        cases.append(Case((T, q), ("every", "memory", "steps")))
    return [*cases, Case((12, 1), ("every", "memory", "steps"))]  # 12/3 + 3 = 12/4 + 4 = 7: a tie


CHECKPOINT_PLAN = Problem(
    name="ps6.checkpoint_plan",
    reference=checkpoint_plan,
    family=plan,
    cases=_plan_cases,
    points=2,
    lecture='lecture 9, "Memory"',
    mistakes=(
        Mistake("root of T/q, rounded", {"choose": lambda T, q: round(math.sqrt(T / q))}, "You round √(T/q). The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T/q, rounded down", {"choose": lambda T, q: int(math.sqrt(T / q))}, "You round √(T/q) down. The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T/q, rounded up", {"choose": lambda T, q: math.ceil(math.sqrt(T / q))}, "You round √(T/q) up. The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T", {"choose": lambda T, q: round(math.sqrt(T))}, "Your `every` is √T, which is best where a step of a segment costs as much as a checkpoint, q = 1."),
        Mistake("root of q T", {"choose": lambda T, q: round(math.sqrt(q * T))}, "Your `every` is √(qT). A larger q makes long segments dearer, so `every` falls with q."),
        Mistake("smallest of the best", {"tie": max}, "Several `every` are equally good, and you take the smallest. The largest is asked for: it keeps the fewest checkpoints."),
        Mistake("T/s not rounded up", {"memory": lambda T, q, s: T / s + q * s}, "You count T/s checkpoints. A last, shorter segment has a checkpoint, too: round up."),
        Mistake("T/s rounded down", {"memory": lambda T, q, s: T // s + q * s}, "You count the whole segments only. A last, shorter one has a checkpoint, too: round up."),
        Mistake("q at the checkpoints", {"memory": lambda T, q, s: q * math.ceil(T / s) + s}, "q stands at the checkpoints in yours. It says how much larger the cache of a step inside a segment is."),
        Mistake("q missing", {"memory": lambda T, q, s: math.ceil(T / s) + s}, "q is missing in your memory."),
        Mistake("q in the choice only", {"report": lambda T, q, s: math.ceil(T / s) + s}, "Your `every` is right, but the memory that you report lacks q."),
        Mistake("memory by formula", {"report": lambda T, q, s: 2 * math.sqrt(q * T)}, "Your memory is 2√(qT), the value where s is no whole number. Report that of your `every`."),
        Mistake("memory of the checkpoints only", {"report": lambda T, q, s: math.ceil(T / s)}, "Your memory lacks the caches of the segment that goes back."),
        Mistake("2T steps", {"steps": lambda T, s, last: 2 * T}, "You count every step twice. Those of the last segment are computed once: after the first run the way back can begin with them."),
        Mistake("2T − s steps", {"steps": lambda T, s, last: 2 * T - s}, "You spare `every` steps. The last segment has only the steps that are left."),
        Mistake("T steps", {"steps": lambda T, s, last: T}, "Your steps are those of the first run only."),
        Mistake("second run only", {"steps": lambda T, s, last: T - last}, "Your steps are those of the second run only."),
        Mistake("last step spared", {"steps": lambda T, s, last: 2 * T - 1}, "You spare one step. The whole last segment is computed once."),
    ),
    hints=(
        "Write a table for T = 7 and q = 2: for each `every` the checkpoints, the caches of the longest segment, and their sum.",
        "T is small enough to try all. The number of segments is T/s, rounded up; the last one has what is left of T.",
        "every = the s with the smallest ⌈T/s⌉ + q·s; of equal ones the largest. Each step is computed twice, but for those of the last segment, whose length is T − (segments − 1)·s.",
    ),
)  # fmt: skip


# --- cheapest_reversal -----------------------------------------------------------------------------


def cheapest_reversal(costs, slots):
    """A(i, j, S) = min over m of Σ costs[i:m] + A(m, j, S − 1) + A(i, m, S); and the first m, counted from 0."""
    return cheapest(costs, slots)


def cheapest(
    costs,
    slots,
    *,
    right_slots=lambda S: S - 1,
    left_slots=lambda S: S,
    slots_of=lambda S: S,
    ahead=lambda c, i, m, j: c[i:m].sum(),
    alone=None,
    single=lambda c, i: 0.0,
    best=min,
    tie=min,
    off=0,
    add=lambda c: 0.0,
    split_of=None,
):
    """cheapest_reversal with exchangeable parts."""
    c, T = np.asarray(costs, dtype=float), len(costs)

    @functools.cache
    def reverse(i, j, S):
        if j - i == 1:
            return single(c, i), i
        if S <= 1:
            return sum(c[i:m].sum() for m in range(i + 1, j)) if alone is None else alone(c, i, j), i
        found = {
            m: ahead(c, i, m, j) + reverse(m, j, right_slots(S))[0] + reverse(i, m, left_slots(S))[0]
            for m in range(i + 1, j)
        }
        least = best(found.values())
        return least, tie(m for m in found if abs(found[m] - least) <= 1e-9 * (1 + abs(least)))

    total, split = reverse(0, T, slots_of(slots))
    if split_of is not None:
        split = split_of(c, slots, split)
    return total + add(c), split + (off if split else 0)


def _reversal_cases(rng):
    uneven = np.round(rng.uniform(1, 9, size=11), 1)
    sorted_costs = np.sort(rng.integers(1, 30, size=10)).astype(float)
    cases = [(uneven, 3), (sorted_costs, 2), (np.ones(9), 3), (np.round(rng.uniform(1, 9, size=6), 1), 1)]
    cases.append((np.round(rng.uniform(1, 9, size=7), 1)[::-1].copy(), 9))
    return [Case(args, ("ahead", "split")) for args in cases]


def _as_if_even(costs, slots):
    """The split of equal steps."""
    return cheapest(np.ones(len(costs)), slots)[1]


CHEAPEST_REVERSAL = Problem(
    name="ps6.cheapest_reversal",
    reference=cheapest_reversal,
    family=cheapest,
    cases=_reversal_cases,
    points=4,
    lecture='lecture 9, "Memory"',
    mistakes=(
        Mistake("steps of equal cost", lambda costs, slots: cheapest(np.ones(len(costs)), slots), "You count steps, as (9.21) does. Here each step has a cost of its own."),
        Mistake("mean cost", lambda costs, slots: (np.mean(costs) * cheapest(np.ones(len(costs)), slots)[0], _as_if_even(costs, slots)), "You count steps and multiply by the mean cost. Early steps are run more often than late ones, so it matters which are dear."),
        Mistake("split of equal steps", {"split_of": lambda c, slots, split: _as_if_even(c, slots)}, "Your cost is right, and your split is that of equal steps."),
        Mistake("halves", lambda costs, slots: _halves(np.asarray(costs, dtype=float), slots), "You always split in the middle. Try all places, and take the cheapest."),
        Mistake("slot not taken on the right", {"right_slots": lambda S: S}, "Your right part has all slots. The start of the left part keeps one of them meanwhile."),
        Mistake("slot lost on the left", {"left_slots": lambda S: S - 1}, "Your left part has one slot less. When the right part is done, its slot is free again."),
        Mistake("one slot too many", {"slots_of": lambda S: S + 1}, "You have one slot too many: h_0 takes one of the slots."),
        Mistake("one slot too few", {"slots_of": lambda S: max(S - 1, 1)}, "You have one slot too few: the slots include the one that h_0 takes."),
        Mistake("way to the split missing", {"ahead": lambda c, i, m, j: 0.0}, "The run ahead from the start to the split costs nothing in yours."),
        Mistake("run to the end counted", {"ahead": lambda c, i, m, j: c[i:j].sum()}, "At each split you count a run to the end. It ends at the split: there the state is kept."),
        Mistake("one step too far ahead", {"ahead": lambda c, i, m, j: c[i : m + 1].sum()}, "At each split your run ahead has one step too many: to reach state m, the steps before it are run."),
        Mistake("last step's cost counted", {"single": lambda c, i: c[i]}, "You count a step where it goes back. Asked for are the steps ahead: to go back through a step, its first state is enough."),
        Mistake("one slot, one run", {"alone": lambda c, i, j: c[i : j - 1].sum()}, "With one slot you count one run ahead. For every step the way begins at the start again."),
        Mistake("one slot costs nothing", {"alone": lambda c, i, j: 0.0}, "With one slot your running ahead costs nothing. For every step but the first the way begins at the start again."),
        Mistake("one slot, whole runs", {"alone": lambda c, i, j: sum(c[i:m].sum() for m in range(i + 1, j + 1))}, "With one slot you run ahead to the end of each step. To go back through step j, the state before it is enough."),
        Mistake("dearest for cheapest", {"best": max}, "You take the dearest split."),
        Mistake("largest split", {"tie": max}, "Several first splits are equally cheap, and you take the last of them. The first is asked for."),
        Mistake("split one too large", {"off": 1}, "Your split is one too large. It is the number of steps before it, which is the index of the state that is kept."),
        Mistake("split one too small", {"off": -1}, "Your split is one too small. It is the number of steps before it, which is the index of the state that is kept."),
        Mistake("split counted from the end", {"split_of": lambda c, slots, split: len(c) - split if split else 0}, "Your split is counted from the end: it is the number of steps in the right part. Asked for are those in the left part."),
        Mistake("steps back counted", {"add": lambda c: c.sum()}, "Your cost includes every step once more, the walk back. Asked for are the runs ahead only."),
    ),
    hints=(
        "As in lecture 9, section 6: run ahead to a split, keep that state, do the right part first, then the left. Which split is best nobody knows: try all.",
        "A function of three numbers, i, j and the slots, that calls itself for the parts i … m and m … j. One step alone costs 0. functools.cache keeps it fast.",
        "cost(i, j, S) is the least, over m between i and j, of sum(costs[i:m]) + one part with S − 1 slots + the other with S. With one slot: the runs to every state from i + 1 to j − 1.",
    ),
)  # fmt: skip


def _halves(c, slots):
    def reverse(i, j, S):
        if j - i == 1:
            return 0.0
        if S <= 1:
            return sum(c[i:m].sum() for m in range(i + 1, j))
        m = (i + j) // 2
        return c[i:m].sum() + reverse(m, j, S - 1) + reverse(i, m, S)

    return reverse(0, len(c), slots), len(c) // 2 if slots > 1 else 0
