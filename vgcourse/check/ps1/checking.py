"""Problem set 1 on checking gradients: central differences."""

import numpy as np

from vgcourse.check.problem import Case, Convention, Mistake, Problem
from vgcourse.gradcheck import numerical_gradient as central_differences

# --- numerical_gradient ----------------------------------------------------------------------------


def numerical_gradient(f, x, step=1e-5):
    """∂f/∂x_i ≈ [f(x + h e_i) − f(x − h e_i)] / 2h, equation (1.19)."""
    return central_differences(f, x, step)


class _Ripple:
    """f(x) = Σ a_i sin(x_i + c) + Π-like coupling: smooth, every entry of its gradient of another size."""

    def __init__(self, rng, shape):
        self.a, self.c = rng.normal(size=shape), rng.uniform(0.5, 1.5)

    def __call__(self, x):
        x = np.asarray(x)
        return float(np.sum(self.a * np.exp(np.sin(x + self.c))) + 0.5 * np.sum(x) ** 2)


def _numerical_cases(rng):
    cases = [
        Case((_Ripple(rng, shape), rng.normal(size=shape)), ("gradient" + suffix,))
        for shape, suffix in (((5,), ""), ((3, 4), " (matrix)"), ((1,), " (one entry)"))
    ]
    return [*cases, Case((_Ripple(rng, (4,)), rng.normal(size=4), 0.1), ("gradient (step 0.1)",))]


def each_entry(quotient):
    def formula(f, x, step=1e-5):
        out = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            e = np.zeros_like(x)
            e[i] = 1.0
            out[i] = quotient(f, x, e, step)
        return out

    return formula


def _five_points(f, x, e, h):
    near, far = f(x + h * e) - f(x - h * e), f(x + 2 * h * e) - f(x - 2 * h * e)
    return (8 * near - far) / (12 * h)


def _row_at_once(f, x, step=1e-5):
    """x[i] of a matrix is a row: all of it moves, and all of it gets the same number."""
    out = np.zeros_like(x)
    for i in range(len(x)):
        e = np.zeros_like(x)
        e[i] = step
        out[i] = (f(x + e) - f(x - e)) / (2 * step)
    return out


def _not_restored(f, x, step=1e-5):
    x, out = x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        above = f(x)
        x[i] -= 2 * step
        out[i] = (above - f(x)) / (2 * step)
    return out


def _single_precision(f, x, step=1e-5):
    quotient = each_entry(
        lambda f, x, e, h: (np.float32(f(x + h * e)) - np.float32(f(x - h * e))) / np.float32(2 * h)
    )
    return quotient(f, x, step).astype(np.float64)


NUMERICAL_GRADIENT = Problem(
    name="ps1.numerical_gradient",
    reference=numerical_gradient,
    cases=_numerical_cases,
    points=3,
    lecture='lecture 1, "Is this gradient right?", equation (1.19)',
    tolerance=3e-8,
    float32_tolerance=1e-7,
    conventions=(
        Convention("five points", each_entry(_five_points), "You use the five-point formula. It is more exact than (1.19) and costs twice as much."),
    ),
    mistakes=(
        Mistake("one-sided", each_entry(lambda f, x, e, h: (f(x + h * e) - f(x)) / h), "Your difference is one-sided. Its error shrinks like h; that of [f(x+h) − f(x−h)]/2h like h²: a million times less at this step."),
        Mistake("one-sided backward", each_entry(lambda f, x, e, h: (f(x) - f(x - h * e)) / h), "Your difference is one-sided. Its error shrinks like h; that of [f(x+h) − f(x−h)]/2h like h²."),
        Mistake("divided by h", each_entry(lambda f, x, e, h: (f(x + h * e) - f(x - h * e)) / h), "You divide by h. The two points are 2h apart."),
        Mistake("half steps, whole divisor", each_entry(lambda f, x, e, h: (f(x + h / 2 * e) - f(x - h / 2 * e)) / (2 * h)), "Your two points are h apart and you divide by 2h."),
        Mistake("not divided", each_entry(lambda f, x, e, h: f(x + h * e) - f(x - h * e)), "You return the difference of the two values and do not divide it by 2h."),
        Mistake("parentheses missing", each_entry(lambda f, x, e, h: f(x + h * e) - f(x - h * e) / (2 * h)), "You divide only the second value by 2h: a division comes before a minus. Put the difference in parentheses."),
        Mistake("step too small", each_entry(lambda f, x, e, h: (f(x + 1e-12 * e) - f(x - 1e-12 * e)) / 2e-12), "Your step is 1e−12, whatever the argument says. Rounding drowns the difference: the error is near 1e−16/h. Use the step given."),
        Mistake("step ignored", each_entry(lambda f, x, e, h: (f(x + 1e-5 * e) - f(x - 1e-5 * e)) / 2e-5), "You use a step of your own, whatever the argument says. The last row asks for a step of 0.1."),
        Mistake("step of 1e−3", each_entry(lambda f, x, e, h: (f(x + 1e-3 * e) - f(x - 1e-3 * e)) / 2e-3), "You use a step of 1e−3, whatever the argument says. Its error, near h², is ten thousand times that of 1e−5: use the step given."),
        Mistake("single precision", _single_precision, "You work in float32. Its rounding, 6e−8, divided by a step of 1e−5 leaves two digits. Work in float64."),
        Mistake("entry not put back", _not_restored, "After an entry is moved it is not put back, so later entries are measured at another point. Restore it, or shift a fresh copy."),
        Mistake("all entries moved together", each_entry(lambda f, x, e, h: (f(x + h) - f(x - h)) / (2 * h)), "You move all entries at once, so every entry gets the same number, the sum of the gradient. Move one at a time."),
        Mistake("rows moved together", _row_at_once, "You move a whole row of a matrix at once: x[i] is a row there. np.ndindex(x.shape) goes through the single entries."),
        Mistake("no copy", lambda f, x, step=1e-5: np.zeros_like(x), "Your gradient is zero. Most often f has then seen the same point twice: up = x is only another name for x, up = x.copy() is a new array."),
        Mistake("sign", each_entry(lambda f, x, e, h: (f(x - h * e) - f(x + h * e)) / (2 * h)), "The sign is flipped: the value at x + h comes first."),
    ),
    hints=(
        "For one entry: how much does f change from a little below to a little above, divided by the distance?",
        "np.ndindex(x.shape) walks over the entries of an array of any shape. Make a copy of x before you move an entry.",
        "up = x.copy(); up[i] += step; down = x.copy(); down[i] -= step; the entry is (f(up) − f(down)) / (2 * step).",
    ),
)  # fmt: skip
