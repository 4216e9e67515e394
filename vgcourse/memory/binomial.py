"""The binomial schedule: which states to keep when fewer fit than there are segments."""

from math import comb

from vgcourse._validate import expect_count


def binomial_advances(length, slots):
    """Fewest repeated steps to reverse `length` steps with `slots` kept states: r l − C(S + r, S + 1).

    r, the most often that a step is repeated, is the smallest with C(S + r, S) ≥ l (Griewank & Walther
    2000). The run of each step that stores its cache comes on top: l more.
    """
    r = _repetitions("binomial_advances", length, slots)
    return r * length - comb(slots + r, slots + 1)


def binomial_split(length, slots):
    """How many of `length` steps to go forward before the next state is kept, so that the total is least."""
    r = _repetitions("binomial_split", length, slots)
    # what is left of the border has `slots` again and r − 1 repetitions, what is right of it slots − 1 and r
    return min(comb(slots + r - 1, slots), length - comb(slots + r - 2, slots - 1)) if r > 1 else 1


def _repetitions(where, length, slots):
    expect_count(where, "length", length)
    expect_count(where, "slots", slots)
    r = 0
    while comb(slots + r, slots) < length:
        r += 1
    return r
