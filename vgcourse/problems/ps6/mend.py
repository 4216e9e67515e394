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
    """The number of what is known of a wrong answer: a line of KNOWN, from 2 on; 1 if nothing is or if it is right."""
    if not right:
        for number, (_, known_of, _) in enumerate(KNOWN, 2):
            if known_of(*args, alpha, (args[1] != 0).any(axis=1), alpha >= FAST):
                return float(number)
    return 1.0


def _other_way_up(W_h, W_x, T, alpha, ears, fast):
    """Would 1 − α do?"""
    other = 1 - alpha
    fits = (other > 0).all() and other[ears].min() >= FAST and other.min() >= FROZEN / T
    return fits and LEFT <= left(W_h, W_x, other, T) <= np.e


def _fast_are(rule):
    """Are the fast units those of a rule about the rows of W_x?"""
    return lambda W_h, W_x, T, alpha, ears, fast: (fast == rule(W_x)).all()


def _larger(W, fast):
    """Are the fast units those with the larger rows, some of each kind?"""
    size = np.linalg.norm(W, axis=1)
    return len(set(fast)) == 2 and size[fast].min() > size[~fast].max()


# name, function (W_h, W_x, T, alpha, ears, fast) -> is it that, what to say
KNOWN = (
    ("1 − α returned", _other_way_up, "With 1 − α in place of your α the net would do: the leak is what is let in, not what is kept."),
    ("one leak for all", lambda W_h, W_x, T, alpha, *_: np.ptp(alpha) == 0, "All your leaks are the same number. A unit that reads the input has to be fast, and then something else has to remember."),
    ("ears and others exchanged", lambda W_h, W_x, T, alpha, ears, fast: (fast == ~ears).all(), "The units that read the input are slow in your net, and all others fast. It is the other way round."),
    ("a partly deaf ear", _fast_are(lambda W: (W != 0).all(axis=1)), "An ear whose row of W_x has a zero in it is slow in your net. Reading some of the inputs makes an ear, too."),
    ("ears by one input", lambda W_h, W_x, T, alpha, ears, fast: any((fast == (column != 0)).all() for column in W_x.T), "Fast in your net are the units that read one of the inputs. Those that read only others are ears, too."),
    ("ears by the sign of their sum", _fast_are(lambda W: W.sum(axis=1) > 0), "Fast in your net are the units whose row of W_x has a positive sum. An ear's row is not all zero; its sum can have either sign."),
    ("ears by their sum", _fast_are(lambda W: np.abs(W.sum(axis=1)) > 1e-12), "Fast in your net are the units whose row of W_x has a sum that is not zero. The entries of an ear's row can cancel."),
    ("ears by a sign", lambda W_h, W_x, T, alpha, ears, fast: any((fast == (sign * W_x > 0).any(axis=1)).all() for sign in (1, -1)), "Fast in your net are the units with an entry of one sign in their row of W_x. An ear's entries can have either."),
    ("loud ears only", lambda W_h, W_x, T, alpha, ears, fast: (ears & ~fast).any() and _larger(W_x, fast), "Fast in your net are the units with large weights from the input. A unit with small ones reads it as well."),
    ("ears by W_h", lambda W_h, W_x, T, alpha, ears, fast: _larger(W_h, fast), "Fast in your net are the units with the larger rows of W_h. Which units are ears stands in W_x: their row there is not all zero."),
    ("fast by their place", lambda W_h, W_x, T, alpha, ears, fast: np.count_nonzero(fast[1:] != fast[:-1]) == 1, "Your fast units are the first or the last of the net. Which units are ears stands in W_x, row by row."),
    ("forgets", lambda W_h, W_x, T, alpha, ears, fast: (fast | ~ears).all() and (1 - alpha.min()) ** T < LEFT, "Your ears are fast, but even your slowest unit keeps less than 0.15 of its value over T steps, (1 − α)^T. With a leak of 1/T it would keep about 1/e."),
)  # fmt: skip


def _cases(rng):
    cases = []
    for H, D, deaf, size, T in ((40, 5, 14, 0.5, 25), (48, 3, 18, 0.9, 100), (36, 4, 15, 0.6, 400)):
        W_h = size * rng.normal(size=(H, H)) / np.sqrt(H)
        W_x = 1.5 * rng.normal(size=(H, D)) / np.sqrt(D)
        order = rng.permutation(H)
        W_x[order[:deaf]] = 0
        _odd_ears(W_x, order[deaf : deaf + 4])
        cases.append(Case((W_h, W_x, T), (f"{T} steps",)))
    return cases


def _odd_ears(W_x, units):
    """Four ears that a narrow test misses: one entry, below 0; two that cancel; a small one, in the middle; no last one."""
    one, two, three, four = units
    W_x[units] = 0
    W_x[one, -1], W_x[two, 0], W_x[two, -1], W_x[three, 1], W_x[four, :2] = -0.8, 0.9, -0.9, 0.04, 0.7


MEND_LEAKS = Problem(
    name="ps6.mend_leaks",
    reference=mend_leaks,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 8, "Backpropagation through time"',
    invariants=(
        *(Invariant(name, known(3, float(number)), said) for number, (name, _, said) in enumerate(KNOWN, 2)),
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
        Mistake("only full rows are ears", edit(".any(", ".all("), "A unit that reads some of the inputs only is slow in yours. A row of W_x that is not all zero is an ear's."),
    ),
    hints=(
        "Two jobs: hearing and remembering. One leak cannot do both, two kinds of units can.",
        "A unit with the leak α that gets nothing else keeps (1 − α)^T of its value, about e^(−αT). Of a random gradient, the slow units hold the share of their number, as squares.",
        "A row of W_x with an entry that is not zero, of whatever sign and size, is an ear's: its leak is at least 0.5. Of the other units, let the leak lie between 0.3/T and about 1/T.",
    ),
)  # fmt: skip
