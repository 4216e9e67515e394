"""The binomial schedule: which states to keep when fewer fit than there are steps (Griewank & Walther 2000).

Going back over l steps, each needs the state before it. One that is not kept is computed again, forwards
from the last one that is. There is room for S states, the first of them where the l steps start.

How long may the sequence be if every step is run at most r times before the run that stores its cache? Call
it β(S, r). Run some steps ahead and keep the state there, at a split. The steps right of it have S − 1 slots
and r runs. Those left of it have had one of their runs, so r − 1 remain, but all S slots: the right is done
by then and has given its slots back. So

    β(S, r) = β(S − 1, r) + β(S, r − 1) = C(S + r, S)

as in Pascal's triangle, for β(S, 0) = β(0, r) = 1. This is the trade: S = 10 states and r = 3 runs reach 286
steps, r = 10 reach 184 756. With S = r both need to grow only like log l. (A "step" is a whole segment for
`checkpointed_bptt`.)
"""

from math import comb

from vgcourse._validate import expect_count


def binomial_advances(length, slots):
    """r l − C(S + r, S + 1): the fewest steps to run ahead in all, going back over l steps with S slots.

    r is the smallest with β(S, r) ≥ l. No more than β(S, ρ) steps get by with ρ runs, so l − β(S, ρ) need
    another one; summed over ρ = 0 … r − 1 this is the count. The runs that store caches come on top: l more.

    Parameters
    ----------
    length, slots : l and S, integers from 1; the state that the steps start from takes a slot

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        If length or slots is no integer, or below 1.
    """
    r = _runs("binomial_advances", length, slots)
    return r * length - comb(slots + r, slots + 1)


def binomial_split(length, slots):
    """min(β(S, r − 1), l − β(S − 1, r − 1)): how many of l steps to run ahead before the next state is kept.

    As many as S slots serve with the r − 1 runs that remain; but β(S − 1, r − 1) steps stay on the right,
    because there they get by with r − 1 runs, and left of the split they would take 1 + (r − 1).

    Parameters, results and errors are those of `binomial_advances`.
    """
    r = _runs("binomial_split", length, slots)
    if r <= 1:  # a slot for every step
        return 1
    return min(_reach(slots, r - 1), length - _reach(slots - 1, r - 1))


def _reach(slots, runs):
    """β(S, r)."""
    return comb(slots + runs, slots)


def _runs(where, length, slots):
    """The smallest r with β(S, r) ≥ l."""
    expect_count(where, "length", length)
    expect_count(where, "slots", slots)
    r = 0
    while _reach(slots, r) < length:
        r += 1
    return r
