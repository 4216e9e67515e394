"""Problem set 6, a repair: a leaky net that forgets in twenty steps. The answer is a list of leaks; the gradient is measured here.

One run of T steps and back on eight sequences of noise: 10 ms for T = 400.
"""

import numpy as np

from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known, off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

FAST, LEFT = 0.5, 0.15
FROZEN = 0.3  # over T

# --- mend_leaks ------------------------------------------------------------------------------------


def mend_leaks(W_h, W_x, T):
    """0.7 for units that read the input, 1/(2T) for the others."""
    hears = (W_x != 0).any(axis=1)
    fast, slow = 0.7, 0.5 / T
    return np.where(hears, fast, slow)


def left(W_h, W_x, alpha, T, seed=0):
    """How much of a random gradient at h_T arrives at h_0, on noise of size 1."""
    rng, (H, D) = np.random.default_rng(seed), W_x.shape
    h, tape = 0.3 * rng.normal(size=(8, H)), []
    for _ in range(T):
        c = np.tanh(h @ W_h.T + rng.normal(size=(8, D)) @ W_x.T)
        h = (1 - alpha) * h + alpha * c
        tape.append(c)
    dh = rng.normal(size=h.shape)
    start = np.linalg.norm(dh)
    for c in reversed(tape):
        dh = (1 - alpha) * dh + (alpha * (1 - c**2) * dh) @ W_h
    return float(np.linalg.norm(dh) / start)


def _measured(output, args):
    W_h, W_x, T = args
    alpha = as_numbers(output, "one number for each unit")
    if alpha.shape != (len(W_h),):
        raise TypeError(f"has shape {alpha.shape}; expected ({len(W_h)},), one leak for each unit")
    if not ((alpha > 0) & (alpha <= 1)).all():  # also NaN
        raise TypeError("holds NaN or a number outside 0 … 1; expected leaks above 0 and up to 1")
    ears = (W_x != 0).any(axis=1)
    share = left(W_h, W_x, alpha, T)
    found = (
        max(FAST / alpha[ears].min(), 1.0),
        max(FROZEN / T / alpha.min(), 1.0),
        max(LEFT / max(share, 1e-300), share / np.e, 1.0),
    )
    return np.array([*np.minimum(found, 1e9), _instead(args, alpha, max(found) == 1)])


def _instead(args, alpha, right):
    """What is known of a wrong answer, 1 if nothing is.

    2: 1 − α would do; 3: all are one number; 4: ears are slow and only they; 5: a partly deaf ear is; 6: fast are
    the rows of positive sum; 7: ears are fast and even the slowest unit forgets; 8: units are fast by their place.
    """
    if right:
        return 1.0
    if np.ptp(alpha) == 0:
        return 3.0
    W_h, W_x, T = args
    ears, full, other, fast = (W_x != 0).any(axis=1), (W_x != 0).all(axis=1), 1 - alpha, alpha >= FAST
    if (fast == ~ears).all() or (fast == full).all():
        return 4.0 if (fast == ~ears).all() else 5.0
    if (fast == (W_x.sum(axis=1) > 0)).all():
        return 6.0
    if len(set(fast)) == 2 and np.count_nonzero(fast[1:] != fast[:-1]) == 1:
        return 8.0
    if (fast | ~ears).all() and (1 - alpha.min()) ** T < LEFT:
        return 7.0
    if not (other > 0).all():
        return 1.0
    fits = other[ears].min() >= FAST and other.min() >= FROZEN / T
    return 2.0 if fits and LEFT <= left(W_h, W_x, other, T) <= np.e else 1.0


def _cases(rng):
    cases = []
    for H, D, deaf, size, T in ((40, 5, 14, 0.5, 25), (48, 3, 18, 0.9, 100), (36, 4, 15, 0.6, 400)):
        W_h = size * rng.normal(size=(H, H)) / np.sqrt(H)
        W_x = 1.5 * rng.normal(size=(H, D)) / np.sqrt(D)
        W_x[rng.permutation(H)[:deaf]] = 0
        W_x[np.argmax((W_x != 0).any(axis=1)), 1:] = 0  # an ear with one input
        cases.append(Case((W_h, W_x, T), (f"{T} steps",)))
    return cases


MEND_LEAKS = Problem(
    name="ps6.mend_leaks",
    reference=mend_leaks,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    invariants=(
        Invariant("1 − α returned", known(3, 2.0), "With 1 − α in place of your α the net would do: the leak is what is let in, not what is kept."),
        Invariant("one leak for all", known(3, 3.0), "All your leaks are the same number. A unit that reads the input has to be fast, and then something else has to remember."),
        Invariant("ears and others exchanged", known(3, 4.0), "The units that read the input are slow in your net, and all others fast. It is the other way round."),
        Invariant("a partly deaf ear", known(3, 5.0), "A unit that reads one input only is slow in your net. It is an ear, too."),
        Invariant("ears by the sign of their sum", known(3, 6.0), "Fast in your net are the units whose row of W_x has a positive sum. An ear's row is not all zero; its sum can have either sign."),
        Invariant("forgets", known(3, 7.0), "Your ears are fast, but even your slowest unit keeps less than 0.15 of its value over T steps, (1 − α)^T. The slow leaks have to follow T."),
        Invariant("fast by their place", known(3, 8.0), "Your fast units are the first or the last of the net. Which units are ears stands in W_x, row by row."),
        Invariant("an ear is slow", off(0), "Some unit that reads the input has a leak below 0.5 in yours. Which rows of W_x are not zero?"),
        Invariant("a unit is frozen", off(1), "Some leak of yours is below 0.3/T: such a unit remembers because it hardly changes."),
        Invariant("the gradient is lost", off(2), "Of your gradient less than 0.15 arrives at h_0, or more than e times what started."),
    ),
    mistakes=(
        Mistake("as it came", edit("np.where(hears, fast, slow)", "np.full(len(W_h), 0.5)"), "All leaks are 0.5: the net is as it came, and forgets in twenty steps."),
        Mistake("all slow", edit("0.7,", "0.5 / T,"), "All your units are slow: nothing hears the input any more."),
        Mistake("all fast", edit("0.5 / T", "1.0"), "All your units are fast: nothing remembers."),
        Mistake("ears slow, the others fast", edit("0.7, 0.5 / T", "0.5 / T, 0.7"), "You made the units slow that read the input, and the others fast. It is the other way round."),
        Mistake("frozen", edit("0.5 / T", "1e-6"), "Your slow units are frozen: they remember since they never change. Their leak has to be 0.3/T at least."),
        Mistake("0.05 whatever T", edit("0.5 / T", "0.05"), "Your slow leak is 0.05, so a unit keeps some twenty steps. What has to be kept is T: let the leak follow it."),
        Mistake("0.01 whatever T", edit("0.5 / T", "0.01"), "Your slow leak is 0.01 whatever T is. A unit then keeps some hundred steps: let the leak follow T."),
        Mistake("3/T", edit("0.5 / T", "3 / T"), "Your slow leak is about 3/T. Then e⁻³ = 0.05 is left of what a slow unit holds, and not all units are slow."),
        Mistake("1 − α returned", edit("0.7, 0.5 / T", "0.3, 1 - 0.5 / T"), "You return what is kept, 1 − α. The leak is what is let in."),
        Mistake("only full rows are ears", edit(".any(", ".all("), "One unit reads one input only, and you made it slow. A row of W_x that is not all zero is an ear's."),
    ),
    hints=(
        "Two jobs: hearing and remembering. One leak cannot do both, two kinds of units can.",
        "A unit with the leak α that gets nothing else keeps (1 − α)^T of its value, about e^(−αT). Of a random gradient, the slow units hold the share of their number, as squares.",
        "np.where(reads the input, fast, slow): the first from W_x row by row, a fast leak of at least 0.5, a slow one between 0.3/T and about 1/T.",
    ),
)  # fmt: skip
