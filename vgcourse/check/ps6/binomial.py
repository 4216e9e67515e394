"""Problem set 6: fewer states than segments, the binomial schedule."""

from math import ceil, comb, log2

from vgcourse.check.problem import Case, Mistake, Problem
from vgcourse.recurrent.memory import binomial_advances


def binomial_cost(length, slots):
    """r = the smallest with C(slots + r, slots) ≥ length, and r·length − C(slots + r, slots + 1) extra steps."""
    return _repeats(length, slots), binomial_advances(length, slots)


def _repeats(length, slots, reach=lambda S, r: comb(S + r, S), enough=lambda a, b: a >= b, first=0):
    r = first
    while not enough(reach(slots, r), length):
        r += 1
    return r


def cost(
    length,
    slots,
    *,
    reach=lambda S, r: comb(S + r, S),
    enough=lambda a, b: a >= b,
    off=0,
    slots_off=0,
    repeats=None,
    spared=lambda S, r: comb(S + r, S + 1),
    steps=lambda r, length, spared: r * length - spared,
):
    """binomial_cost with exchangeable parts."""
    slots = slots + slots_off
    r = (_repeats(length, slots, reach, enough) if repeats is None else repeats(length, slots)) + off
    return r, steps(r, length, spared(slots, r))


def _binomial_cases(rng):
    slots, r = int(rng.integers(3, 6)), int(rng.integers(4, 6))
    full = comb(slots + r, slots)
    between = int(rng.integers(comb(slots + r - 1, slots) + 3, full - 3))
    sizes = ((between, slots), (full, slots), (full + 1, slots), (int(rng.integers(8, 15)), 1))
    return [
        Case(size, ("repeats", "extra steps")) for size in sizes
    ]  # inside, just reached, one more, one slot


BINOMIAL_COST = Problem(
    name="ps6.binomial_cost",
    reference=binomial_cost,
    family=cost,
    cases=_binomial_cases,
    points=3,
    lecture='lecture 9, "Memory"',
    mistakes=(
        Mistake("strictly above", {"enough": lambda a, b: a > b}, "You ask for C(S + r, S) > l. Exactly l is enough: the smallest r with C(S + r, S) ≥ l."),
        Mistake("last r that is too small", {"off": -1}, "Your r is one too small: with it C(S + r, S) is still below l. Take the first that reaches."),
        Mistake("one repetition too many", {"off": 1}, "Your r is one too large. Count from r = 0 and stop at the first with C(S + r, S) ≥ l."),
        Mistake("one slot too many", {"slots_off": 1}, "You count one slot more than there is. h_0 takes one of the S slots."),
        Mistake("one slot too few", {"slots_off": -1, "repeats": lambda length, slots: _repeats(length, max(slots, 1)) if slots else length - 1}, "You count one slot less than there is. S already includes the one that h_0 takes."),
        Mistake("power for the binomial", {"reach": lambda S, r: (S + 1) ** r}, "You take (S + 1)^r for the reach. Once a slot is taken it is not free for the next level: the reach is C(S + r, S)."),
        Mistake("product for the binomial", {"reach": lambda S, r: S * r + 1}, "You take S·r for the reach. Checkpoints may be placed again between checkpoints, so it grows faster: C(S + r, S)."),
        Mistake("halving", {"repeats": lambda length, slots: ceil(log2(length))}, "Your r is log₂ l, as if there were always a slot for the middle. With S slots, r is the smallest with C(S + r, S) ≥ l."),
        Mistake("nothing spared", {"spared": lambda S, r: 0}, "You count r repetitions for every step. Many steps are repeated less often: C(S + r, S + 1) are spared."),
        Mistake("spared by C(S + r, S)", {"spared": lambda S, r: comb(S + r, S)}, "You subtract C(S + r, S), which is the reach. The steps spared are C(S + r, S + 1)."),
        Mistake("spared by C(S + r, S − 1)", {"spared": lambda S, r: comb(S + r, S - 1)}, "You subtract C(S + r, S − 1). The steps spared are C(S + r, S + 1): one up, not one down."),
        Mistake("run with caches included", {"steps": lambda r, length, spared: (r + 1) * length - spared}, "You add the l steps that store their caches on the way back. Asked for are the extra ones: r l − C(S + r, S + 1)."),
        Mistake("every step from h_0", {"steps": lambda r, length, spared: length * (length - 1) // 2}, "Your extra steps start at h_0 every time, l(l − 1)/2. That is right for one slot; with more, the way begins at the nearest kept state."),
    ),
    hints=(
        "r is how often a step is repeated at most. With S slots and r repetitions, C(S + r, S) steps can be gone back over: try S = 1 on paper.",
        "Both results are whole numbers; math.comb(n, k) is C(n, k). With one slot all steps start at h_0, so l steps cost l(l − 1)/2 extra ones: a test for your formula.",
        "Raise r from 0 until comb(S + r, S) reaches l. If every step were repeated r times that would be r·l; from this some number C(S + r, …) is spared.",
    ),
)  # fmt: skip
