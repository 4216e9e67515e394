"""Problem set 7: what the memory's own path lets through, with and without the peephole of f."""

import numpy as np

from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.problems.ps7.cell import apart
from vgcourse.problems.ps7.sequence import sequence

# --- carousel --------------------------------------------------------------------------------------


def carousel(gates, cs, p_f):
    """∂c_T/∂c_t along the memory alone, Π f_s over s = t + 1 … T; and with the peephole of f.

    With it a factor is f + (c_{t−1} − g) f(1 − f) p_f tanh'(c_{t−1}). gates: f, g, o, (T, 3, N, H).
    """
    return carousel_family(gates, cs, p_f)


def carousel_family(
    gates,
    cs,
    p_f,
    *,
    gate="f",
    product="from the end",
    slope=True,
    sees=True,
    peephole=True,
    old="old",
    new=1.0,
    through_h=False,
):
    """Both products with their parts exchangeable."""
    f, g, o = np.moveaxis(gates, 1, 0)
    at = {"f": f, "1 − f": 1 - f, "o": o, "old": cs[:-1], "new": cs[1:], "none": 0}
    alone = at[gate] * (o * (1 - np.tanh(cs[1:]) ** 2) if through_h else 1)
    by_f = p_f * (at[old] - new * g)
    if slope:
        by_f = by_f * f * (1 - f)
    if sees:
        by_f = by_f * (1 - np.tanh(cs[:-1]) ** 2)
    return _products(alone, product), _products(alone + by_f * peephole, product)


def _products(factors, product):
    ones = np.ones_like(factors[:1])
    if product == "from the start":
        return np.cumprod(np.concatenate([ones, factors]), axis=0)
    if product == "one factor":
        return np.concatenate([factors, ones])
    whole = np.cumprod(np.concatenate([factors, ones])[::-1], axis=0)[::-1]
    if product == "one too many":
        return np.concatenate([whole[:1], whole[:-1]])
    if product == "one too few":
        return np.concatenate([whole[1:], ones])
    if product == "without c_T":
        return whole[:-1]
    return whole


def _carousel_cases(rng):
    cases = []
    for T, N, D, H in ((6, 3, 2, 4), (5, 2, 3, 1)):
        _, _, cs, gates, (_, _, _, p_f, _) = sequence(rng, T, N, D, H, np.full(N, T))
        if H > 1:  # a factor below 0 in unit 0, one above 1 in unit 1, at the step where the least does it
            f, g = gates[:, 0], gates[:, 1]
            share = (1 - f) * (cs[:-1] - g) * (1 - np.tanh(cs[:-1]) ** 2)
            for unit, wanted in ((0, -2.0), (1, 3.0)):
                t, n = np.unravel_index(np.abs(share[1:, :, unit] * f[1:, :, unit]).argmax(), (T - 1, N))
                p_f[unit] = wanted / share[t + 1, n, unit]
        cases.append(Case((gates, cs, p_f), ("carry", "carry_peephole"), batch=N, steps=T))
    return cases


CAROUSEL = Problem(
    name="ps7.carousel",
    reference=carousel,
    family=carousel_family,
    cases=_carousel_cases,
    points=3,
    lecture='lecture 10, "LSTM"',
    axes={name: ("step from 0", "example", "unit") for name in ("carry", "carry_peephole")},
    mistakes=(
        Mistake("products from the start", dict(product="from the start"), "Your products grow from step 1 onwards: that is ∂c_t/∂c_0. Asked for is ∂c_T/∂c_t, the product of what comes after t."),
        Mistake("one factor too many", dict(product="one too many"), "Your product for t includes the factor of step t. That one lies before c_t; count what lies between c_t and c_T."),
        Mistake("one factor too few", dict(product="one too few"), "Your product for t misses the first factor that c_t meets, that of step t + 1."),
        Mistake("one factor in place of the product", dict(product="one factor"), "Your entry for t is the factor of step t + 1 alone, which leads to c_{t+1}. To get to c_T it is multiplied by all later ones."),
        Mistake("c_T left out", dict(product="without c_T"), "Your arrays end at T − 1. There are T + 1 memories, c_0 … c_T, and c_T has a derivative with respect to itself."),
        Mistake("1 − f for f", dict(gate="1 − f"), "You multiply 1 − f. That is the candidate's share; look at what the old memory meets."),
        Mistake("output gate for the forget gate", dict(gate="o"), "You multiply the output gates: of the blocks f, g, o in gates the forget gate is the first."),
        Mistake("the way through h in the product", dict(through_h=True), "Your factors contain o ⊙ tanh'(c). The memory passes to the next step as it is; o and the tanh stand beside this path."),
        Mistake("peephole without σ'", dict(slope=False), "Your peephole term misses the slope of the gate: c_{t−1} moves a_f, and a_f moves f."),
        Mistake("peephole on c itself", dict(sees=False), "Your peephole term is that of a peephole on c itself. Here it looks through a tanh, and the way back passes its slope."),
        Mistake("peephole left out", dict(peephole=False), "Your carry_peephole misses the peephole: f itself depends on c_{t−1}, and f stands in c_t."),
        Mistake("candidate left out", dict(new=0.0), "Your peephole term has the old memory alone, as with an input gate of its own. When f moves, the candidate's share moves too."),
        Mistake("old memory left out", dict(old="none"), "Your peephole term has the candidate alone. When f moves, what is kept of the old memory moves too."),
        Mistake("candidate with a plus", dict(new=-1.0), "In your peephole term the candidate has a plus. More f is less of the candidate."),
        Mistake("peephole term with c_t", dict(old="new"), "Your peephole term uses the new memory. What f multiplies is the old one."),
    ),
    invariants=(
        Invariant("1 at T", lambda args, out: max(apart(v[-1], np.ones_like(v[-1])) for v in out.values()), "The last entry of a carry is ∂c_T/∂c_T. Start the product there and go back."),
    ),
    hints=(
        "Take one step: which ways lead from c_{t−1} to c_t without passing through h? Without the peephole it is one; the peephole adds a second, through f.",
        "Every factor has shape (N, H), since each unit is on its own; the results have T + 1 entries, and the last one is 1.",
        "carry[t−1] = carry[t] ⊙ (factor of step t). c_t as a function of f has the slope c_{t−1} − g; f as a function of c_{t−1} has three factors.",
    ),
)  # fmt: skip
