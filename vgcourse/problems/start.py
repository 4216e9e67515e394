"""The warm-up of the start page: one tiny function, to see how checks and hints speak."""

import numpy as np

from vgcourse.problems.problem import Case, Mistake, Problem


def slope_of_square(z):
    """f'(z) = 2z for f(z) = z²."""
    return 2 * z


SLOPE_OF_SQUARE = Problem(
    name="start.slope_of_square",
    reference=slope_of_square,
    cases=lambda rng: [Case((rng.normal(size=(3, 4)) * 2,), ("slope",)), Case((rng.normal(size=5),), ("slope",))],
    points=1,
    lecture='the start page, "How checks and hints work"',
    mistakes=(
        Mistake("the function itself", lambda z: z**2, "This is f(z) = z², not its slope."),
        Mistake("factor 2 missing", lambda z: z, "The power rule brings the exponent down as a factor: 2z, not z."),
        Mistake("constant slope", lambda z: np.full_like(z, 2.0), "A slope of 2 everywhere is that of 2z. The parabola is flat at 0 and gets steeper."),
        Mistake("size of the slope", lambda z: 2 * np.abs(z), "Left of 0 the parabola falls, so its slope is negative there."),
    ),
    hints=(
        "How much does z² change when z grows a little?",
        "(z + h)² − z² = 2zh + h². Divide by h and let h go to 0.",
        "The answer is a factor times z.",
    ),
)  # fmt: skip

PROBLEMS = (SLOPE_OF_SQUARE,)
