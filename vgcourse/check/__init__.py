"""What learners call: `check("ps1.linear_backward", linear_backward)` and `hint("ps1.linear_backward")`.

A check compares the learner's function with a reference on random inputs, quantity by quantity, and
names the mistake when the answer equals a known wrong formula. It works in a notebook, in plain Python
and under nbgrader, where its float result is the partial credit.
"""

from vgcourse.check import progress
from vgcourse.check.engine import check, evaluate, when_solved
from vgcourse.problems.problem import Case, Convention, Invariant, Mistake, Problem, find, names
from vgcourse.tell.hints import hint

__all__ = [
    "Case",
    "Convention",
    "Invariant",
    "Mistake",
    "Problem",
    "check",
    "evaluate",
    "find",
    "hint",
    "names",
    "progress",
    "when_solved",
]
