"""Problem set 8, an investigation: the longest memory of squares with which Adam does not leap after a quiet time.

The answer is one number. How far Adam leaps with it is measured here with the library's own step, some 10 ms.
"""

import functools

import numpy as np

from vgcourse import optim
from vgcourse.collect.plain import describe
from vgcourse.problems.measured import as_numbers, known, off
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

STEPS, SLACK, ENOUGH = 120, 1.002, 0.9

# --- longest_memory --------------------------------------------------------------------------------


def longest_memory(beta1, leap):
    """The largest β₂ with max_n (1 − β₁ⁿ)/√(1 − β₂ⁿ) ≤ leap, equation (12.21) turned round, by bisection."""
    return _longest(beta1, leap)


def _largest(beta1, beta2, n):
    return np.max((1 - beta1**n) / np.sqrt(1 - beta2**n))


@functools.lru_cache(maxsize=4096)
def _bisected(beta1, leap, steps, size):
    low, high = 0.0, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if size(beta1, middle, steps) <= leap else (low, middle)
    return low


def _at_first(beta1, beta2, steps):
    return _largest(beta1, beta2, np.arange(1, 2))


def _anywhere(beta1, beta2, steps):
    return _largest(beta1, beta2, np.arange(1, steps + 1))


def _longest(
    beta1, leap, *, size=_anywhere, steps=STEPS, shown=lambda beta2: beta2, wanted=lambda leap: leap
):
    """longest_memory with exchangeable parts."""
    return shown(_bisected(beta1, wanted(leap), steps, size))


def measure(beta1, beta2):
    """The largest of 120 steps of Adam with gradient 1, in units of α, after a million quiet ones."""
    w, state = np.zeros(1), optim.adam_init(np.zeros(1))
    state, largest = optim.AdamState(10**6, state.mean, state.square), 0.0
    for _ in range(STEPS):
        moved, state = optim.adam_step(w, np.ones(1), state, 1.0, beta1=beta1, beta2=beta2, eps=1e-30)
        largest, w = max(largest, float((w - moved)[0])), moved
    return largest


_measure = functools.lru_cache(maxsize=4096)(measure)


def _measured(output, args):
    """1 if the leap is small enough, else how large it is; 1 if the memory is long enough, else its share; what would do."""
    beta2 = as_numbers(output, "one number, β₂")
    if beta2.size != 1:
        raise TypeError(f"is {describe(output)}; expected one number, β₂")
    beta2 = float(beta2.reshape(()))
    if not 0 <= beta2 < 1:  # also NaN
        return np.array([3.0, 3.0, 2.0 if beta2 > 1 and _fits(1 - 1 / beta2, args) else 4.0])
    found = _asked(beta2, *args)
    return np.array([*found, 1.0 if found == (1.0, 1.0) or not _fits(1 - beta2, args) else 3.0])


def _asked(beta2, beta1, leap):
    size = _measure(beta1, beta2)
    longest = 1 / (1 - _bisected(beta1, leap, STEPS, _anywhere))
    part = 1 / (1 - beta2) / longest
    return (1.0 if size <= SLACK * leap else size), (1.0 if part >= ENOUGH else part)


def _fits(beta2, args):
    return 0 <= beta2 < 1 and _asked(beta2, *args) == (1.0, 1.0)


def _cases(rng):
    kinds = {
        "usual": (0.9, 2.0, 3.0),
        "careful": (0.9, 1.15, 1.3),
        "fast": (0.7, 1.5, 2.0),
        "slow": (0.95, 1.5, 2.5),
    }
    return [
        Case((beta1, round(float(rng.uniform(low, high)), 2)), (f"{name}, β₁ = {beta1}",))
        for name, (beta1, low, high) in kinds.items()
    ]


LONGEST_MEMORY = Problem(
    name="ps8.longest_memory",
    reference=longest_memory,
    family=_longest,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 12, "The clinic"',
    invariants=(
        Invariant("its window would do", known(2, 2.0), "What you return would do as a window, 1/(1 − β₂). Asked for is β₂."),
        Invariant("1 − β₂ would do", known(2, 3.0), "What you return would do as 1 − β₂. Asked for is β₂."),
        Invariant("not between 0 and 1", known(2, 4.0), "Your β₂ is not between 0 and 1."),
        Invariant("it leaps", off(0, 1), "With your β₂ some step after the quiet time is longer than asked."),
        Invariant("too short a memory", off(1, -1), "With your β₂ the leap is small enough, but its window 1/(1 − β₂) is more than a tenth shorter than it could be."),
    ),
    mistakes=(
        Mistake("0.999", lambda beta1, leap: 0.999, "You return 0.999 whatever is asked."),
        Mistake("0.95", lambda beta1, leap: 0.95, "You return 0.95, as many large runs have it, whatever is asked. Both β₁ and the leap that is allowed change the answer."),
        Mistake("same as β₁", lambda beta1, leap: beta1, "You return β₁. Then no step is longer than α, but the memory of squares could be longer."),
        Mistake("first step only", dict(size=_at_first), "You look at the first step after the quiet time. The largest comes a few steps later, when m has caught up and v has not."),
        Mistake("window returned", dict(shown=lambda beta2: 1 / (1 - beta2)), "You return the window 1/(1 − β₂) in place of β₂."),
        Mistake("1 − β₂ returned", dict(shown=lambda beta2: 1 - beta2), "You return 1 − β₂ in place of β₂."),
        Mistake("root missing", lambda beta1, leap: _bisected(beta1, leap**0.5, STEPS, _anywhere), "Your limit acts on the square of a step, so your memory is far too short."),
        Mistake("leap squared", dict(wanted=lambda leap: leap**2), "You allow the square of the leap that was asked."),
        Mistake("far on the safe side", dict(shown=lambda beta2: 1 - 2 * (1 - beta2)), "Your memory is half as long as it could be."),
    ),
    hints=(
        "Plot (12.21) against n for a few β₂. Where is its peak, and how does the peak's height move with β₂?",
        "For each β₂ take the largest value over n = 1 … 120. It grows with β₂, so halving an interval finds where it passes the limit.",
        "low, high = 0, 1; sixty times: the middle becomes low if its largest step is at most the limit, else high.",
    ),
)  # fmt: skip
