"""Problem set 1 on checking gradients: central differences of fourth order."""

import numpy as np

from vgcourse.collect import Passed
from vgcourse.problems.problem import Case, Convention, Mistake, Problem

# --- numerical_gradient ----------------------------------------------------------------------------


def numerical_gradient(f, x, step=1e-3):
    """[8(f(x + ε) − f(x − ε)) − (f(x + 2ε) − f(x − 2ε))] / 12ε, entry by entry: (1.7) with its ε² removed."""
    return _differences(f, x, step)


def _fourth_order(f, x, e, step):
    near, far = f(x + step * e) - f(x - step * e), f(x + 2 * step * e) - f(x - 2 * step * e)
    return (8 * near - far) / (12 * step)


def _differences(
    f, x, step=1e-3, quotient=_fourth_order, steps=lambda step: step, unit="entry", restore=True
):
    """The gradient with its parts exchangeable for the mistakes."""
    out, moved = np.zeros_like(x), x.copy()
    for i in np.ndindex(x.shape):
        e = np.ones_like(x) if unit == "all" else np.zeros_like(x)
        e[i[0] if unit == "row" else i] = 1.0
        out[i] = quotient(f, moved, e, steps(step))
        if not restore:
            moved[i] -= 2 * step  # the last of the four points
    return out


RIPPLE = """
def ripple(a, shape, c):
    a = np.reshape(a, shape)

    def f(x):  # Σ a_i e^sin(x_i + c) + (Σ x_i)²/2: smooth, every entry of its gradient of another size
        return float(np.sum(a * np.exp(np.sin(np.asarray(x) + c))) + 0.5 * np.sum(x) ** 2)

    return f
"""


def _ripple(rng, shape):
    a = rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)
    return Passed(RIPPLE, "ripple", (tuple(a.ravel().tolist()), shape, float(rng.uniform(0.5, 1.5))))


def _numerical_cases(rng):
    """The step is always given: with small ones of its own a formula of second order would be good enough."""
    kinds = (((5,), 1e-3, ""), ((3, 4), 1e-2, " (matrix)"), ((1,), 2e-2, " (one entry)"))
    kinds += tuple(((4,), step, f" (step {step})") for step in (0.1, 0.5))
    return [
        Case((_ripple(rng, shape), rng.normal(size=shape), step), (f"gradient{suffix}",))
        for shape, step, suffix in kinds
    ]


def _two_points(f, x, e, step):
    return (f(x + step * e) - f(x - step * e)) / (2 * step)


def _weighted(near, far, divisor):
    """[near·(f(x + ε) − f(x − ε)) + far·(f(x + 2ε) − f(x − 2ε))] / divisor·ε."""

    def quotient(f, x, e, h):
        return (near * (f(x + h * e) - f(x - h * e)) + far * (f(x + 2 * h * e) - f(x - 2 * h * e))) / (
            divisor * h
        )

    return quotient  # fmt: skip


def _single_precision(f, x, e, step):
    near, far = (np.float32(f(x + k * step * e)) - np.float32(f(x - k * step * e)) for k in (1, 2))
    return (8 * near - far) / np.float32(12 * step)


NUMERICAL_GRADIENT = Problem(
    name="ps1.numerical_gradient",
    reference=numerical_gradient,
    family=_differences,
    cases=_numerical_cases,
    points=3,
    lecture='lecture 1, "Is this gradient right?", equations (1.7) and (1.10)',
    tolerance=1e-9,
    float32_tolerance=1e-7,
    conventions=(
        Convention("points at ε/2 and ε", dict(steps=lambda step: step / 2), "Your four points lie at ε/2 and ε, not at ε and 2ε. That formula is of fourth order, too, and counts."),
    ),
    mistakes=(
        Mistake("second order", dict(quotient=_two_points), "This is the lecture's quotient (1.7), with two points. Its error shrinks like ε²; the formula here uses four points, and its error shrinks like ε⁴."),
        Mistake("second order, far points", dict(quotient=_weighted(0, 1, 4)), "You use the two far points alone, at a distance of 2ε. Without the near ones the error is of order ε², and four times larger."),
        Mistake("one-sided", dict(quotient=lambda f, x, e, h: (f(x + h * e) - f(x)) / h), "Your difference is one-sided. Its error shrinks like ε, that of the formula here like ε⁴."),
        Mistake("one-sided backward", dict(quotient=lambda f, x, e, h: (f(x) - f(x - h * e)) / h), "Your difference is one-sided. Its error shrinks like ε, that of the formula here like ε⁴."),
        Mistake("weights exchanged", dict(quotient=_weighted(-1, 8, 12)), "You give the weight 8 to the far points, those at 2ε. The near ones say more: the 8 belongs to them."),
        Mistake("far difference added", dict(quotient=_weighted(8, 1, 12)), "You add the far difference. It is subtracted, so that the errors of order ε² cancel."),
        Mistake("far points not doubled", dict(quotient=lambda f, x, e, h: 7 * (f(x + h * e) - f(x - h * e)) / (12 * h)), "Your second difference uses the same two points as the first. It belongs at x + 2ε and x − 2ε."),
        Mistake("divided by 6ε", dict(quotient=_weighted(8, -1, 6)), "You divide by 6ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1."),
        Mistake("divided by ε", dict(quotient=_weighted(8, -1, 1)), "You divide by ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1."),
        Mistake("divided by 12", dict(quotient=lambda f, x, e, h: h * _fourth_order(f, x, e, h)), "You divide by 12 and not by ε: a slope is a difference per distance."),
        Mistake("parentheses missing", dict(quotient=lambda f, x, e, h: _weighted(8, -1, 12)(f, x, e, h) * h * h), "You divide by 12 and multiply by ε: / 12 * step does that. Put the divisor in parentheses."),
        Mistake("only the far difference divided", dict(quotient=lambda f, x, e, h: 8 * (f(x + h * e) - f(x - h * e)) - (f(x + 2 * h * e) - f(x - 2 * h * e)) / (12 * h)), "You divide only the far difference: a division comes before a minus. Put the whole numerator in parentheses."),
        Mistake("only the far difference divided by 12", dict(quotient=lambda f, x, e, h: 8 * (f(x + h * e) - f(x - h * e)) - (f(x + 2 * h * e) - f(x - 2 * h * e)) / 12 * h), "You divide only the far difference, and by 12 alone. Put the whole numerator in parentheses, and the divisor, too."),
        Mistake("the 8 for the first value only", dict(quotient=lambda f, x, e, h: (8 * f(x + h * e) - f(x - h * e) - f(x + 2 * h * e) + f(x - 2 * h * e)) / (12 * h)), "The 8 multiplies only f(x + ε). It belongs to the whole near difference: put that in parentheses."),
        Mistake("sign lost behind a minus", dict(quotient=lambda f, x, e, h: (8 * (f(x + h * e) - f(x - h * e)) - f(x + 2 * h * e) - f(x - 2 * h * e)) / (12 * h)), "You subtract f(x − 2ε). It stands in a difference that is subtracted, so it is added: put that difference in parentheses."),
        Mistake("step ignored", dict(steps=lambda h: 1e-3), "You use a step of your own, whatever the argument says. The check asks for larger ones, at which the error of the formula shows."),
        Mistake("single precision", dict(quotient=_single_precision), "You work in float32. Its rounding, 6e−8, divided by the step leaves few digits. Work in float64."),
        Mistake("entry not put back", dict(restore=False), "After an entry is moved it is not put back, so later entries are measured at another point. Restore it, or shift a fresh copy."),
        Mistake("all entries moved together", dict(unit="all"), "You move all entries at once, so every entry gets the same number, the sum of the gradient. Move one at a time."),
        Mistake("rows moved together", dict(unit="row"), "You move a whole row of a matrix at once: x[i] is a row there. np.ndindex(x.shape) goes through the single entries."),
        Mistake("no copy", dict(quotient=lambda f, x, e, h: 0.0), "Your gradient is zero. Most often f has then seen the same point each time: up = x is only another name for x, up = x.copy() is a new array."),
        Mistake("sign", dict(quotient=lambda f, x, e, h: -_fourth_order(f, x, e, h)), "The sign is flipped: the value above x comes first."),
    ),
    hints=(
        "Combine two central differences, one with ε and one with 2ε, so that their errors of order ε² cancel.",
        "np.ndindex(x.shape) walks over the entries of an array of any shape. For each entry f is called four times, at fresh copies of x.",
        "near = f(x + ε) − f(x − ε) and far = f(x + 2ε) − f(x − 2ε), each with one entry moved. Their weights are in the formula; test yours on f(x) = x and f(x) = x³.",
    ),
)  # fmt: skip
