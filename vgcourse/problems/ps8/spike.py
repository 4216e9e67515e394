"""Problem set 8, an investigation: the longest memory of squares with which Adam does not leap after a quiet time.

The answer is one number. How far Adam leaps with it is measured here with the library's own step, some 10 ms.
"""

import functools

import numpy as np

from vgcourse import optim
from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known, off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

STEPS, SLACK, ENOUGH = 120, 1.002, 0.9
ROUND = 1.503  # marks a round number; next to 1.5, none, so that a mistake is known where its number is round by chance

# --- longest_memory --------------------------------------------------------------------------------


def longest_memory(beta1, leap):
    """The largest β₂ with max_n (1 − β₁ⁿ)/√(1 − β₂ⁿ) ≤ leap, equation (12.21) turned round, by bisection."""
    n = np.arange(1, 121)
    low, high = 0.0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        largest = np.max((1 - beta1**n) / np.sqrt(1 - middle**n))
        if largest <= leap:
            low = middle
        else:
            high = middle
    return low


def _largest(beta1, beta2):
    n = np.arange(1, STEPS + 1)
    return np.max((1 - beta1**n) / np.sqrt(1 - beta2**n))


_longest = functools.lru_cache(maxsize=4096)(longest_memory)


def _rule_of_thumb(beta1, leap):
    n = np.arange(1, 1000)
    return 1 - (np.max((1 - beta1**n) / np.sqrt(n)) / leap) ** 2


def _coarse(beta2):
    """A number of at most five digits, or a multiple of 1/2^k with k up to 14."""
    return any(abs(beta2 * k - round(beta2 * k)) < 1e-12 * k for k in (10**5, 2**14))


def measure(beta1, beta2):
    """The largest of 120 steps of Adam with gradient 1, in units of α, after a million quiet ones.

    Past the peak the steps only become shorter, so the run ends there.
    """
    w, state = np.zeros(1), optim.adam_init(np.zeros(1))
    state, largest = optim.AdamState(10**6, state.mean, state.square), 0.0
    for _ in range(STEPS):
        moved, state = optim.adam_step(w, np.ones(1), state, 1.0, beta1=beta1, beta2=beta2, eps=1e-30)
        step, w = float((w - moved)[0]), moved
        if step < 0.999 * largest:
            break
        largest = max(largest, step)
    return largest


_measure = functools.lru_cache(maxsize=4096)(measure)


def _measured(output, args):
    """1 if the leap is small enough, else how large it is; 1 if the memory is long enough, else its share; what would do, or is coarse."""
    if isinstance(output, complex) and abs(output.imag) < 1e-12:  # what a root of a polynomial leaves
        output = output.real
    beta2 = as_numbers(output, "one number, β₂")
    if beta2.size != 1:
        raise TypeError(f"is {describe(output)}; expected one number, β₂")
    beta2 = float(beta2.reshape(()))
    if beta2 == 1:
        return np.array([3.0, 3.0, 6.0])
    if not 0 <= beta2 < 1:  # also NaN
        return np.array([3.0, 3.0, 2.0 if beta2 > 1 and _fits(1 - 1 / beta2, args) else 4.0])
    found = _asked(beta2, *args)
    if found == (1.0, 1.0):
        return np.ones(3)
    code = 3.0 if _fits(1 - beta2, args) else ROUND if args[1] > 10 and beta2 and _coarse(beta2) else 1.5
    return np.array([*found, 7.0 if 0 < beta2 < 0.05 and found[1] < 1 else code])


def _asked(beta2, beta1, leap, size=None):
    size = _measure(beta1, beta2) if size is None else size
    longest = 1 / (1 - _longest(beta1, leap))
    part = 1 / (1 - beta2) / longest
    return (1.0 if size <= SLACK * leap else size), (1.0 if part >= ENOUGH else part)


def _fits(beta2, args):
    return 0 <= beta2 < 1 and _asked(beta2, *args, _largest(args[0], beta2)) == (1.0, 1.0)


def _cases(rng):
    kinds = {
        "usual": (0.9, 2.0, 3.0),
        "careful": (0.9, 1.15, 1.3),
        "fast": (0.7, 1.5, 2.0),
        "slow": (0.95, 1.5, 2.5),
        "no mean": (0.0, 1.45, 2.0),
        "bold": (0.9, 24.0, 28.0),
    }
    return [
        Case((beta1, round(float(rng.uniform(low, high)), 2)), (f"{name}, β₁ = {beta1}",))
        for name, (beta1, low, high) in kinds.items()
    ]


LONGEST_MEMORY = Problem(
    name="ps8.longest_memory",
    reference=longest_memory,
    cases=_cases,
    adapt=_measured,
    exact=True,
    likeness=0.003,
    points=4,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("its window would do", known(2, 2.0), "What you return would do as a window, 1/(1 − β₂). Asked for is β₂."),
        Invariant("1 − β₂ would do", known(2, 3.0), "What you return would do as 1 − β₂. Asked for is β₂."),
        Invariant("exactly 1", known(2, 6.0), "A β₂ of yours is exactly 1: then v never takes a gradient in. Is it rounded, or does your search never see a leap?"),
        Invariant("not between 0 and 1", known(2, 4.0), "Your β₂ is not between 0 and 1."),
        Invariant("next to no memory", known(2, 7.0), "A β₂ of yours is next to 0, the shortest memory of all. Many β₂ do not leap too far; the largest of them is asked for."),
        Invariant("coarse", known(2, ROUND), "Where a leap above 10 is allowed, your β₂ is a round number, of few digits or few halvings: the end of your search, or a coarse step of it? Near 1 the window 1/(1 − β₂) changes much from one such number to the next."),
        Invariant("it leaps", off(0, 1), "With your β₂ some step after the quiet time is longer than asked."),
        Invariant("too short a memory", off(1, -1), "With your β₂ the leap is small enough, but its window 1/(1 − β₂) is more than a tenth shorter than it could be."),
    ),
    mistakes=(
        Mistake("0.999", lambda beta1, leap: 0.999, "You return 0.999 whatever is asked."),
        Mistake("0.95", lambda beta1, leap: 0.95, "You return 0.95, as many large runs have it, whatever is asked. Both β₁ and the leap that is allowed change the answer."),
        Mistake("same as β₁", lambda beta1, leap: beta1, "You return β₁. Then no step is longer than α, but the memory of squares could be longer."),
        Mistake("0", lambda beta1, leap: 0.0, "You return β₂ = 0, which is no memory at all. Which half does your search keep where the leap is small enough?"),
        Mistake("β₁ = 0.9", edit("beta1**n", "0.9**n"), "Your answer is the one for β₁ = 0.9, whatever β₁ is."),
        Mistake("no β₁", lambda beta1, leap: 1 - 1 / leap**2, "Your answer does not depend on β₁: it is right without a mean in m. That mean makes the leap smaller, so the memory can be longer."),
        Mistake("first ten steps", edit("np.arange(1, 121)", "np.arange(1, 11)"), "You look at the first ten steps. With a long mean the largest comes later."),
        Mistake("first twelve steps", edit("np.arange(1, 121)", "np.arange(1, 13)"), "You look at the first twelve steps. With a long mean or a small leap the largest comes later."),
        Mistake("first three steps", edit("np.arange(1, 121)", "np.arange(1, 4)"), "You look at the first three steps. The largest comes later, when m has caught up and v has not."),
        Mistake("twelfth step", edit("np.arange(1, 121)", "np.array([12])"), "You look at the twelfth step, where the lecture's leap has its peak. With another β₁ or β₂ it lies elsewhere."),
        Mistake("no root of v", edit("np.sqrt(", "("), "Your step is divided by v without its root, so your memory is far too short."),
        Mistake("rule of thumb", _rule_of_thumb, "You take n(1 − β₂) for 1 − β₂ⁿ, which holds for long memories only: where the leap has to be small, yours is too long."),
        Mistake("window of β₁", lambda beta1, leap: 1 - (1 - beta1) / leap**2, "You scale the window of β₁, 1/(1 − β₁), with the square of the leap. The leap is small enough then, but the peak comes before m has caught up, and the window can be longer."),
        Mistake("five halvings", edit("range(60)", "range(5)", "1 - 1e-9", "1.0"), "You halve five times. Then β₂ is known to 0.03, and near 1 the window changes much on the way."),
        Mistake("never above 0.99", edit("1 - 1e-9", "0.99"), "Your search ends at 0.99. Where a larger leap is allowed, the memory can be longer."),
        Mistake("never above 0.999", edit("1 - 1e-9", "0.999"), "Your search ends at 0.999, or after ten halvings, which is nearly that. Where a larger leap is allowed, the memory can be longer."),
        Mistake("never above 0.9999", edit("1 - 1e-9", "0.9999"), "Your search ends at 0.9999. Where a larger leap is allowed, the memory can be longer."),
        Mistake("never below 0.9", edit("0.0, 1", "0.9, 1"), "Your search begins at 0.9. Where β₁ and the leap are small, the answer lies below."),
        Mistake("never below 0.99", edit("0.0, 1", "0.99, 1"), "Your search begins at 0.99. Where β₁ and the leap are small, the answer lies below."),
        Mistake("from 0.9 to 0.9999", edit("0.0, 1 - 1e-9", "0.9, 0.9999"), "Your search runs from 0.9 to 0.9999. The answer can lie outside, on either side."),
        Mistake("from 0.9 to 0.999", edit("0.0, 1 - 1e-9", "0.9, 0.999"), "Your search runs from 0.9 to 0.999. The answer can lie outside, on either side."),
        Mistake("a tenth less", edit("<= leap", "<= 0.9 * leap"), "You allow a tenth less than was asked. The window goes with the square of the leap, so it is a fifth shorter."),
        Mistake("a fiftieth more", edit("<= leap", "<= 1.02 * leap"), "You allow 2 % more than was asked."),
        Mistake("window from the lecture's", lambda beta1, leap: 1 - (6.57 / leap) ** 2 / 1000, "You scale the lecture's window of 1000 with the square of the leap. That holds for β₁ = 0.9 and long memories only."),
        Mistake("window as the leap, from the lecture's", lambda beta1, leap: 1 - 6.57 / leap / 1000, "You scale the lecture's window of 1000 with the leap. The step is divided by a root, so the window goes with the square; and the lecture's number is for β₁ = 0.9."),
        Mistake("window as the leap", lambda beta1, leap: 1 - 1 / leap, "Your window is the leap itself. The step is divided by a root, so the window goes with its square; and the mean in m makes it longer."),
        Mistake("mean step", edit("np.max(", "np.mean("), "You keep the mean of 120 steps below the leap. It is the largest that is asked about."),
        Mistake("last step", edit("np.max((1 - beta1**n) / np.sqrt(1 - middle**n))", "((1 - beta1**n) / np.sqrt(1 - middle**n))[-1]"), "You look at the last of the 120 steps. The largest comes much earlier."),
        Mistake("half the leap", edit("<= leap", "<= leap / 2"), "You allow half of the leap that was asked."),
        Mistake("leap + 1", edit("<= leap", "<= leap + 1"), "You allow leap + 1. The leap is the length of the step itself, in units of α."),
        Mistake("twice the window", edit("return low", "return (1 + low) / 2"), "Your memory is twice as long as it may be."),
        Mistake("leap − 1", edit("<= leap", "<= leap - 1"), "You allow leap − 1. The leap is the length of the step itself, in units of α."),
        Mistake("first step only", edit("np.arange(1, 121)", "np.array([1])"), "You look at the first step after the quiet time. The largest comes a few steps later, when m has caught up and v has not."),
        Mistake("window returned", edit("return low", "return 1 / (1 - low)"), "You return the window 1/(1 − β₂) in place of β₂."),
        Mistake("1 − β₂ returned", edit("return low", "return 1 - low"), "You return 1 − β₂ in place of β₂."),
        Mistake("root missing", edit("<= leap", "<= leap**0.5"), "Your limit acts on the square of a step, so your memory is far too short."),
        Mistake("leap squared", edit("<= leap", "<= leap**2"), "You allow the square of the leap that was asked."),
        Mistake("far on the safe side", edit("return low", "return 1 - 2 * (1 - low)"), "Your memory is half as long as it could be."),
    ),
    hints=(
        "Plot (12.21) against n for a few β₂. Where is its peak, and how does the peak's height move with β₂?",
        "For each β₂ take the largest value over n = 1 … 120. It grows with β₂, so halving an interval finds where it passes the limit.",
        "Sixty halvings of the interval from 0 to 1 are enough. Which half holds the answer where the middle's largest step is at most the limit?",
    ),
)  # fmt: skip
