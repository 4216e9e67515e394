"""Problem set 6: what to keep. The best segment for a cache that is larger than a state; the cheapest split of uneven steps."""

import functools
import math

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem

# --- checkpoint_plan -------------------------------------------------------------------------------


def checkpoint_plan(T, q):
    """The whole s with the smallest ⌈T/s⌉ + q s, the largest of several; that number; the steps forwards."""
    memory = {s: math.ceil(T / s) + q * s for s in range(1, T + 1)}
    least = min(memory.values())
    every = max(s for s in memory if memory[s] == least)
    segments = math.ceil(T / every)
    last = T - (segments - 1) * every
    return every, memory[every], 2 * T - last


def _plan_cases(rng):
    def uneven(low, high, q):
        """A length that the best `every` does not divide."""
        return int(rng.choice([T for T in range(low, high) if T % checkpoint_plan(T, q)[0]]))

    cases = []
    for T, q in (
        (uneven(67, 75, 3.3), 3.3),  # √(T/q) is rounded up
        (24, 4.6),
        (uneven(101, 130, 0.5), 0.5),
        (6, 20),
        (6, 0.1),
    ):
        cases.append(Case((T, q), ("every", "memory", "steps")))
    return [*cases, Case((12, 1), ("every", "memory", "steps"))]  # 12/3 + 3 = 12/4 + 4 = 7: a tie


CHECKPOINT_PLAN = Problem(
    name="ps6.checkpoint_plan",
    reference=checkpoint_plan,
    cases=_plan_cases,
    points=2,
    lecture='lecture 9, "Memory"',
    mistakes=(
        Mistake("root of T/q, rounded", edit("max(s for s in memory if memory[s] == least)", "min(max(round(math.sqrt(T / q)), 1), T)"), "You round √(T/q). The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T/q, rounded down", edit("max(s for s in memory if memory[s] == least)", "min(max(int(math.sqrt(T / q)), 1), T)"), "You round √(T/q) down. The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T/q, rounded up", edit("max(s for s in memory if memory[s] == least)", "min(max(math.ceil(math.sqrt(T / q)), 1), T)"), "You round √(T/q) up. The memory counts whole checkpoints, so the best whole number can lie beside it: try them all."),
        Mistake("root of T", edit("max(s for s in memory if memory[s] == least)", "min(max(round(math.sqrt(T)), 1), T)"), "Your `every` is √T, which is best where a step of a segment costs as much as a checkpoint, q = 1."),
        Mistake("root of q T", edit("max(s for s in memory if memory[s] == least)", "min(max(round(math.sqrt(q * T)), 1), T)"), "Your `every` is √(qT). A larger q makes long segments dearer, so `every` falls with q."),
        Mistake("smallest of the best", edit("every = max(", "every = min("), "Several `every` are equally good, and you take the smallest. The largest is asked for: it keeps the fewest checkpoints."),
        Mistake("T/s not rounded up", edit("math.ceil(T / s)", "T / s"), "You count T/s checkpoints. A last, shorter segment has a checkpoint, too: round up."),
        Mistake("T/s rounded down", edit("math.ceil(T / s)", "T // s"), "You count the whole segments only. A last, shorter one has a checkpoint, too: round up."),
        Mistake("q at the checkpoints", edit("math.ceil(T / s) + q * s", "q * math.ceil(T / s) + s"), "q stands at the checkpoints in yours. It says how much larger the cache of a step inside a segment is."),
        Mistake("q missing", edit("+ q * s for", "+ s for"), "q is missing in your memory."),
        Mistake("q in the choice only", edit("memory[every]", "segments + every"), "Your `every` is right, but the memory that you report lacks q."),
        Mistake("memory by formula", edit("memory[every]", "2 * math.sqrt(q * T)"), "Your memory is 2√(qT), the value where s is no whole number. Report that of your `every`."),
        Mistake("memory of the checkpoints only", edit("memory[every]", "segments"), "Your memory lacks the caches of the segment that goes back."),
        Mistake("2T steps", edit("2 * T - last", "2 * T"), "You count every step twice. Those of the last segment are computed once: after the first run the way back can begin with them."),
        Mistake("2T − s steps", edit("2 * T - last", "2 * T - every"), "You spare `every` steps. The last segment has only the steps that are left."),
        Mistake("T mod s spared", edit("2 * T - last", "2 * T - T % every"), "You spare what is left of T after whole segments. Where `every` divides T that is 0, but the last segment is a whole one then: its steps are spared."),
        Mistake("last segment twice", edit("2 * T - last", "T + last"), "Your second run goes through the last segment only. It goes through all others: the last one's states are there after the first run."),
        Mistake("one step for each segment spared", edit("2 * T - last", "2 * T - segments"), "You spare one step for each segment. The way back starts after a whole second run of a segment, but for the last segment, which needs none."),
        Mistake("short segment joined to the last", edit("2 * T - last", "T + max(T // every - 1, 0) * every"), "You count the whole segments only, so that what is left belongs to the last of them. It is a segment of its own: round T/s up."),
        Mistake("number of segments", edit("return every", "return segments"), "Your `every` is the number of segments. Asked for is how long they are."),
        Mistake("h_0 not counted", edit("memory[every]", "memory[every] - 1"), "Your memory is 1 too small: h_0 is a checkpoint, too, so there are as many as segments."),
        Mistake("memory cut to a whole number", edit("memory[every]", "int(memory[every])"), "Your memory is cut to a whole number. q need not be whole, so the memory need not be."),
        Mistake("q rounded down", edit("    memory = {", "    q = max(int(q), 1)\n    memory = {"), "Your q is rounded down to a whole number. It need not be whole."),
        Mistake("q rounded up", edit("    memory = {", "    q = math.ceil(q)\n    memory = {"), "Your q is rounded up to a whole number. It need not be whole."),
        Mistake("q rounded to the nearest", edit("    memory = {", "    q = max(round(q), 1)\n    memory = {"), "Your q is rounded to the nearest whole number. It need not be whole."),
        Mistake("every below T", edit("range(1, T + 1)", "range(1, T)"), "You do not try `every` = T, one segment for all. With a small q it is the best."),
        Mistake("T steps", edit("2 * T - last", "T"), "Your steps are those of the first run only."),
        Mistake("second run only", edit("2 * T - last", "T - last"), "Your steps are those of the second run only."),
        Mistake("steps spared", edit("2 * T - last", "last"), "Your steps are those that the last segment spares. Asked for is how many are computed: each twice, but for these."),
        Mistake("last step spared", edit("2 * T - last", "2 * T - 1"), "You spare one step. The whole last segment is computed once."),
        Mistake("divisors of T only", edit("for s in range(1, T + 1)}", "for s in range(1, T + 1) if T % s == 0}"), "You try only those `every` that divide T. The last segment may be shorter: try all."),
        Mistake("first place where it rises", edit("every = max(s for s in memory if memory[s] == least)", "every = next(s for s in memory if s == T or memory[s + 1] > memory[s])"), "You stop at the first `every` after which the memory rises. Rounding makes it go up and down: a later one may be better."),
        Mistake("first place where it does not fall", edit("every = max(s for s in memory if memory[s] == least)", "every = next(s for s in memory if s == T or memory[s + 1] >= memory[s])"), "You stop at the first `every` after which the memory does not fall. Rounding makes it go up and down: a later one may be better."),
        Mistake("every from 2 on", edit("range(1, T + 1)", "range(min(2, T), T + 1)"), "You do not try `every` = 1. With a large q it is the best."),
        Mistake("every up to the root of T", edit("range(1, T + 1)", "range(1, math.isqrt(T) + 1)"), "You try `every` up to √T. With a small q a longer one is the best."),
        Mistake("one checkpoint more", edit("math.ceil(T / s)", "T // s + 1"), "You count T // s + 1 checkpoints, one too many where `every` divides T: h_T is none."),
        Mistake("memory rounded up", edit("memory[every]", "math.ceil(memory[every])"), "Your memory is rounded up. q need not be whole, so the memory need not be."),
        Mistake("memory rounded", edit("memory[every]", "round(memory[every])"), "Your memory is rounded. q need not be whole, so the memory need not be."),
        Mistake("caches of a segment only", edit("memory[every]", "q * every"), "Your memory lacks the checkpoints."),
        Mistake("product for the sum", edit("math.ceil(T / s) + q * s", "math.ceil(T / s) * q * s"), "You multiply checkpoints and caches. Both are in memory at the same time: add."),
        Mistake("larger of the two", edit("math.ceil(T / s) + q * s", "max(math.ceil(T / s), q * s)"), "You take the larger of checkpoints and caches. Both are in memory at the same time: add."),
        Mistake("largest memory", edit("least = min(", "least = max("), "You take the `every` with the largest memory. Asked for is the smallest."),
        Mistake("whole segments twice", edit("2 * T - last", "T + segments * every"), "Your second run goes through whole segments, the last one included. The last segment is not run again, and may be shorter."),
        Mistake("one segment spared more", edit("2 * T - last", "2 * T - last - every"), "You spare one segment too many. Only the last needs no second run."),
        Mistake("last segment's first steps spared", edit("2 * T - last", "2 * T - last + 1"), "You count one step too many: all steps of the last segment are there after the first run."),
        Mistake("checkpoints as steps", edit("2 * T - last", "2 * T - last + segments"), "You count the checkpoints as steps. Keeping a state computes nothing."),
        Mistake("steps back counted", edit("2 * T - last", "3 * T - last"), "You count the way back as well. Asked for are the steps forwards."),
    ),
    hints=(
        "Write a table for T = 7 and q = 2: for each `every` the checkpoints, the caches of the longest segment, and their sum.",
        "T is small enough to try all. The number of segments is T/s, rounded up; the last one has what is left of T.",
        "every = the s with the smallest ⌈T/s⌉ + q·s; of equal ones the largest. Each step is computed twice, but for those of the last segment, whose length is what the others leave of T.",
    ),
)  # fmt: skip


# --- cheapest_reversal -----------------------------------------------------------------------------


def cheapest_reversal(costs, slots):
    """A(i, j, S) = min over m of Σ costs[i:m] + A(m, j, S − 1) + A(i, m, S); and the first m, counted from 0."""
    c = np.asarray(costs, dtype=float)

    @functools.cache
    def reverse(i, j, S):
        """The least cost of steps i to j, and the first split that has it."""
        if j - i == 1:
            return 0.0, i
        if S <= 1:
            return sum(c[i:m].sum() for m in range(i + 1, j)), i
        found = {}
        for m in range(i + 1, j):
            run = c[i:m].sum()
            found[m] = run + reverse(m, j, S - 1)[0] + reverse(i, m, S)[0]
        least = min(found.values())
        return least, min(m for m in found if math.isclose(found[m], least, abs_tol=1e-9))

    total, split = reverse(0, len(c), slots)
    return float(total), split


def _reversal_cases(rng):
    def uneven(size):
        """Eighths: their sums are exact, so that equally cheap splits are equal whoever adds them up."""
        return np.round(8 * rng.uniform(1, 9, size=size)) / 8

    sorted_costs = np.sort(rng.integers(1, 30, size=10)).astype(float)
    cases = [
        (uneven(11), 3),
        (sorted_costs, 2),
        (np.ones(9), 3),
        (uneven(6), 1),
        (uneven(7), 9),
        (uneven(1), 2),
    ]
    cases.append((np.round(np.exp(rng.uniform(0, 4, size=9))), 3))  # far from even
    return [Case(args, ("ahead", "split")) for args in cases]


def _split_of_even_steps(costs, slots):
    return cheapest_reversal(np.ones(len(costs)), slots)[1]


CHEAPEST_REVERSAL = Problem(
    name="ps6.cheapest_reversal",
    reference=cheapest_reversal,
    cases=_reversal_cases,
    points=4,
    lecture='lecture 9, "Memory"',
    mistakes=(
        Mistake("steps of equal cost", lambda costs, slots: cheapest_reversal(np.ones(len(costs)), slots), "You count steps, as (9.21) does. Here each step has a cost of its own."),
        Mistake("mean cost", lambda costs, slots: (np.mean(costs) * cheapest_reversal(np.ones(len(costs)), slots)[0], _split_of_even_steps(costs, slots)), "You count steps and multiply by the mean cost. Early steps are run more often than late ones, so it matters which are dear."),
        Mistake("split of equal steps", edit("), split", "), _split_of_even_steps(c, slots)"), "Your split is that of equal steps. Where to split depends on which steps are dear."),
        Mistake("halves", lambda costs, slots: _without_search(costs, slots, lambda c: len(c) // 2), "You always split in the middle. Try all places, and take the cheapest."),
        Mistake("half of the cost", lambda costs, slots: _without_search(costs, slots, _behind_half), "You split where half of the cost is reached, without a search. Try all places, and take the cheapest."),
        Mistake("before half of the cost", lambda costs, slots: _without_search(costs, slots, lambda c: _behind_half(c) - 1), "You split before the step with which half of the cost is reached, without a search. Try all places, and take the cheapest."),
        Mistake("dearer part only", edit("reverse(m, j, S - 1)[0] + reverse(i, m, S)[0]", "max(reverse(m, j, S - 1)[0], reverse(i, m, S)[0])"), "Of the two parts of a split you count the dearer one alone. Both are gone through, one after the other: their costs add up."),
        Mistake("slot not taken on the right", edit("S - 1)[0]", "S)[0]"), "Your right part has all slots. The start of the left part keeps one of them meanwhile."),
        Mistake("slot lost on the left", edit("m, S)[0]", "m, S - 1)[0]"), "Your left part has one slot less. When the right part is done, its slot is free again."),
        Mistake("one slot too many", edit("len(c), slots", "len(c), slots + 1"), "You have one slot too many: h_0 takes one of the slots."),
        Mistake("one slot too few", edit("len(c), slots", "len(c), max(slots - 1, 1)"), "You have one slot too few: the slots include the one that h_0 takes."),
        Mistake("way to the split missing", edit("run = c[i:m].sum()", "run = 0.0"), "The run ahead from the start to the split costs nothing in yours."),
        Mistake("run to the end counted", edit("run = c[i:m]", "run = c[i:j]"), "At each split you count a run to the end. It ends at the split: there the state is kept."),
        Mistake("one step too far ahead", edit("run = c[i:m]", "run = c[i : m + 1]"), "At each split your run ahead has one step too many: to reach state m, the steps before it are run."),
        Mistake("one step too short ahead", edit("run = c[i:m]", "run = c[i : m - 1]"), "At each split your run ahead is one step too short: to reach state m, all m steps before it are run."),
        Mistake("costs from the end", edit("dtype=float)", "dtype=float)[::-1]"), "You read the costs from the last to the first. costs[0] belongs to step 1, the one that is run again most often."),
        Mistake("cost cut to a whole number", edit("return float", "return int"), "Your cost is cut to a whole number. The steps' costs need not be whole."),
        Mistake("one slot at mean cost", edit("sum(c[i:m].sum() for m in range(i + 1, j))", "(j - i) * (j - i - 1) / 2 * c.mean()"), "With one slot you count the runs and multiply by the mean cost. Early steps are run more often than late ones, so each has to count with its own cost."),
        Mistake("one slot, one whole run", edit("sum(c[i:m].sum() for m in range(i + 1, j))", "c[i:j].sum()"), "With one slot you count one run to the end. For every step the way begins at the start again, and ends before that step."),
        Mistake("split with one slot", edit("), split", "), len(c) - 1 if slots == 1 else split"), "With one slot there is no split: no state beside the first is kept, and 0 is asked for."),
        Mistake("last step's cost counted", edit("return 0.0", "return c[i]"), "You count a step where it goes back. Asked for are the steps ahead: to go back through a step, its first state is enough."),
        Mistake("one slot, one run", edit("sum(c[i:m].sum() for m in range(i + 1, j))", "c[i : j - 1].sum()"), "With one slot you count one run ahead. For every step the way begins at the start again."),
        Mistake("one slot costs nothing", edit("sum(c[i:m].sum() for m in range(i + 1, j))", "0.0"), "With one slot your running ahead costs nothing. For every step but the first the way begins at the start again."),
        Mistake("one slot, whole runs", edit("j)), i", "j + 1)), i"), "With one slot you run ahead to the end of each step. To go back through step j, the state before it is enough."),
        Mistake("dearest for cheapest", edit("least = min(", "least = max("), "You take the dearest split."),
        Mistake("largest split", edit("least, min(", "least, max("), "Several first splits are equally cheap, and you take the last of them. The first is asked for."),
        Mistake("split one too large", edit("), split", "), split + 1 if split else 0"), "Your split is one too large. It is the number of steps before it, which is the index of the state that is kept."),
        Mistake("split one too small", edit("), split", "), split - 1 if split else 0"), "Your split is one too small. It is the number of steps before it, which is the index of the state that is kept."),
        Mistake("split counted from the end", edit("), split", "), len(c) - split if split else 0"), "Your split is counted from the end: it is the number of steps in the right part. Asked for are those in the left part."),
        Mistake("steps back counted", edit("(total)", "(total + c.sum())"), "Your cost includes every step once more, the walk back. Asked for are the runs ahead only."),
        Mistake("nearest to half of the cost", lambda costs, slots: _without_search(costs, slots, _nearest_half), "You split where the cost of the two sides is most alike, without a search. Early steps are run more often than late ones: try all places, and take the cheapest."),
        Mistake("root of the number of steps", lambda costs, slots: _without_search(costs, slots, lambda c: math.isqrt(len(c))), "You split after √T steps, without a search. Try all places, and take the cheapest."),
        Mistake("before the dearest step", lambda costs, slots: _without_search(costs, slots, lambda c: int(np.argmax(c))), "You split before the dearest step, without a search. Try all places, and take the cheapest."),
        Mistake("behind the dearest step", lambda costs, slots: _without_search(costs, slots, lambda c: int(np.argmax(c)) + 1), "You split behind the dearest step, without a search. Try all places, and take the cheapest."),
        Mistake("after one step", lambda costs, slots: _without_search(costs, slots, lambda c: 1), "You split after one step, without a search. Try all places, and take the cheapest."),
        Mistake("run from the beginning of all", edit("c[i:m].sum()\n            found", "c[:m].sum()\n            found"), "At each split your run ahead starts at h_0. It starts at the state that is kept, i: the costs from i to m."),
        Mistake("one slot, from the end", edit("sum(c[i:m].sum() for m in range(i + 1, j))", "sum(c[m:j].sum() for m in range(i + 1, j))"), "With one slot you count runs to the end. Each run goes from the kept state to the state before a step: the costs from the beginning."),
        Mistake("one slot, first run spared", edit("for m in range(i + 1, j)), i", "for m in range(i + 1, j - 1)), i"), "With one slot you leave out the longest run, that to the state before the last step. It is needed as the others."),
        Mistake("left part only", edit("run + reverse(m, j, S - 1)[0] + ", "run + "), "Your cost of a split lacks the right part."),
        Mistake("right part only", edit(" + reverse(i, m, S)[0]", ""), "Your cost of a split lacks the left part."),
        Mistake("splits from the second step on", edit("for m in range(i + 1, j):\n", "for m in range(min(i + 2, j - 1), j):\n"), "You do not try a split after the first step. Try all m between i and j."),
        Mistake("split of the last part", edit("total, split = reverse(0, len(c), slots)", "total, split = reverse(0, len(c), slots)\n    split = reverse(split, len(c), max(slots - 1, 1))[1] if split else 0"), "Your split is that of a part. Asked for is the first one, of the whole sequence."),
        Mistake("split in the right part's count", edit("), split", "), int(c[:split].sum()) if split else 0"), "Your split is a cost. Asked for is the number of steps before it."),
        Mistake("cost per step", edit("float(total)", "float(total) / len(c)"), "Your cost is divided by the number of steps. Asked for is the whole cost."),
        Mistake("first run counted", edit("float(total)", "float(total + c[:-1].sum())"), "You count one more run to the end. The runs to the splits are all that is needed."),
        Mistake("costs sorted", edit("dtype=float)", "dtype=float)[np.argsort(costs)]"), "You sort the costs. The steps come in their own order."),
    ),
    hints=(
        "As in lecture 9, section 6: run ahead to a split, keep that state, do the right part first, then the left. Which split is best nobody knows: try all.",
        "A function of three numbers, i, j and the slots, that calls itself for the parts i … m and m … j. One step alone costs 0. functools.cache keeps it fast.",
        "cost(i, j, S) is the least, over m between i and j, of sum(costs[i:m]) + one part with S − 1 slots + the other with S. With one slot: the runs to every state from i + 1 to j − 1.",
    ),
)  # fmt: skip


def _without_search(costs, slots, place):
    """Cost and first split where every part is split at `place` of its costs."""
    c = np.asarray(costs, dtype=float)
    if len(c) == 1:
        return 0.0, 0
    if slots == 1:
        return sum(c[:m].sum() for m in range(1, len(c))), 0
    m = min(max(place(c), 1), len(c) - 1)
    parts = _without_search(c[m:], slots - 1, place)[0] + _without_search(c[:m], slots, place)[0]
    return c[:m].sum() + parts, m


def _behind_half(c):
    return int(np.searchsorted(np.cumsum(c), c.sum() / 2)) + 1


def _nearest_half(c):
    total = np.cumsum(c)
    return int(np.argmin(np.abs(total - total[-1] / 2))) + 1
