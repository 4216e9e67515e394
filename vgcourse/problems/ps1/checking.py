"""Problem set 1 on checking gradients: central differences of fourth order."""

import numpy as np

from vgcourse.collect import Passed
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Convention, Mistake, Problem

# --- numerical_gradient ----------------------------------------------------------------------------


def numerical_gradient(f, x, step=1e-3):
    """[8(f(x + ε) − f(x − ε)) − (f(x + 2ε) − f(x − 2ε))] / 12ε, entry by entry: (1.7) with its ε² removed."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        near = f(x + e) - f(x - e)
        far = f(x + 2 * e) - f(x - 2 * e)
        gradient[i] = (8 * near - far) / (12 * step)
    return gradient


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
    kinds = (((5,), 1e-3, ""), ((3, 4), 5e-2, " (matrix)"), ((1,), 0.1, " (one entry)"))
    kinds += (((2, 3, 2), 0.1, " (three axes)"),)
    kinds += tuple(((4,), step, f" (step {step})") for step in (0.1, 0.4))
    return [
        # a transposed matrix: ravel() of it is a copy
        Case((_ripple(rng, shape), rng.normal(size=shape[::-1]).T, step), (f"gradient{suffix}",))
        for shape, step, suffix in kinds
    ]


QUOTIENT, ALL, NEAR, FAR = (
    "(8 * near - far) / (12 * step)",
    "8 * near - far",
    "f(x + e) - f(x - e)",
    "f(x + 2 * e) - f(x - 2 * e)",
)
SINGLE = (NEAR, "np.float32(f(x + e)) - np.float32(f(x - e))", FAR, "np.float32(f(x + 2 * e)) - np.float32(f(x - 2 * e))")  # fmt: skip

NUMERICAL_GRADIENT = Problem(
    name="ps1.numerical_gradient",
    reference=numerical_gradient,
    cases=_numerical_cases,
    points=3,
    lecture='lecture 1, "Is this gradient right?", equations (1.7) and (1.10)',
    tolerance=1e-9,
    float32_tolerance=1e-7,
    conventions=(
        Convention("points at ε/2 and ε", edit("e[i] = step", "e[i] = step / 2", "12 * step", "6 * step"), "Your four points lie at ε/2 and ε, not at ε and 2ε. That formula is of fourth order, too, and counts."),
    ),
    mistakes=(
        Mistake("second order", edit(QUOTIENT, "near / (2 * step)"), "This is the lecture's quotient (1.7), with two points. Its error shrinks like ε²; the formula here uses four points, and its error shrinks like ε⁴.", alone=True, beside_the_point=True),
        Mistake("second order, far points", edit(QUOTIENT, "far / (4 * step)"), "You use the two far points alone, at a distance of 2ε. Without the near ones the error is of order ε², and four times larger.", alone=True),
        Mistake("one-sided", edit(QUOTIENT, "(f(x + e) - f(x)) / step"), "Your difference is one-sided. Its error shrinks like ε, that of the formula here like ε⁴.", alone=True, beside_the_point=True),
        Mistake("one-sided backward", edit(QUOTIENT, "(f(x) - f(x - e)) / step"), "Your difference is one-sided. Its error shrinks like ε, that of the formula here like ε⁴.", alone=True, beside_the_point=True),
        Mistake("weights exchanged", edit(ALL, "8 * far - near"), "You give the weight 8 to the far points, those at 2ε. The near ones say more: the 8 belongs to them."),
        Mistake("far difference added", edit(ALL, "8 * near + far"), "You add the far difference. It is subtracted, so that the errors of order ε² cancel."),
        Mistake("far points not doubled", edit(FAR, NEAR), "Your second difference uses the same two points as the first. It belongs at x + 2ε and x − 2ε.", alone=True),
        Mistake("divided by 6ε", edit("12 * step", "6 * step"), "You divide by 6ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1."),
        Mistake("divided by ε", edit("(12 * step)", "step"), "You divide by ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1."),
        Mistake("divided by 12", edit("(12 * step)", "12"), "You divide by 12 and not by ε: a slope is a difference per distance.", alone=True),
        Mistake("parentheses missing", edit("(12 * step)", "12 * step"), "You divide by 12 and multiply by ε: / 12 * step does that. Put the divisor in parentheses.", alone=True),
        Mistake("only the far difference divided", edit("(8 * near - far)", "8 * near - far"), "You divide only the far difference: a division comes before a minus. Put the whole numerator in parentheses.", alone=True),
        Mistake("only the far difference divided by 12", edit(QUOTIENT, "8 * near - far / 12 * step"), "You divide only the far difference, and by 12 alone. Put the whole numerator in parentheses, and the divisor, too.", alone=True),
        Mistake("the 8 for the first value only", edit(ALL, "8 * f(x + e) - f(x - e) - far"), "The 8 multiplies only f(x + ε). It belongs to the whole near difference: put that in parentheses.", alone=True),
        Mistake("sign lost behind a minus", edit(ALL, "8 * near - f(x + 2 * e) - f(x - 2 * e)"), "You subtract f(x − 2ε). It stands in a difference that is subtracted, so it is added: put that difference in parentheses.", alone=True),
        Mistake("step ignored", edit("e[i] = step", "e[i] = step = 1e-3"), "You use a step of your own, whatever the argument says. The check asks for larger ones, at which the error of the formula shows."),
        Mistake("single precision", edit(*SINGLE, "(12 * step)", "np.float32(12 * step)"), "You work in float32. Its rounding, 6e−8, divided by the step leaves few digits. Work in float64.", alone=True),
        Mistake("entry not put back", edit("gradient = np.zeros_like(x)", "gradient, x = np.zeros_like(x), x.copy()", "(12 * step)", "(12 * step)\n        x[i] -= 2 * step"), "After an entry is moved it is not put back, so later entries are measured at another point. Restore it, or shift a fresh copy."),
        Mistake("all entries moved together", edit("e[i] = step", "e[...] = step"), "You move all entries at once, so every entry gets the same number, the sum of the gradient. Move one at a time."),
        Mistake("rows moved together", edit("e[i] = step", "e[i[0]] = step"), "You move a whole row of a matrix at once: x[i] is a row there. np.ndindex(x.shape) goes through the single entries."),
        Mistake("no copy", edit(QUOTIENT, "0.0"), "Your gradient is zero. Most often f has then seen the same point each time: up = x is only another name for x, up = x.copy() is a new array.", alone=True),
        Mistake("sign", edit(QUOTIENT, "-(8 * near - far) / (12 * step)"), "The sign is flipped: the value above x comes first."),
        Mistake("two indices for three", edit("e[i] = step", "e[i[:2]] = step"), "With three axes you move a whole row at once: two indices do not reach a single entry there. np.ndindex(x.shape) goes through the entries of any shape.", alone=True),
        Mistake("near difference turned round", edit(NEAR, "f(x - e) - f(x + e)"), "Your near difference is turned round: the value above x comes first, in both of them.", alone=True),
        Mistake("outer points at ε/2", edit(FAR, "f(x + e / 2) - f(x - e / 2)"), "Your second difference lies at ε/2. It belongs farther out, at 2ε; with points at ε/2 and ε the weights would be others.", alone=True),
        Mistake("outer points at 3ε", edit(FAR, "f(x + 3 * e) - f(x - 3 * e)"), "Your second difference lies at 3ε. The weights 8 and 1 belong to points at ε and 2ε.", alone=True),
        Mistake("8 missing", edit(ALL, "near - far"), "Both differences have the weight 1. The near one counts eight times: test your formula on f(x) = x and f(x) = x³.", alone=True),
        Mistake("Richardson's weights", edit(QUOTIENT, "(4 * near - far) / (12 * step)"), "Your weights are 4 and 1. Those belong to the two quotients near/(2ε) and far/(4ε), divided by 3; for the bare differences they are others.", alone=True),
        Mistake("average of two quotients", edit(QUOTIENT, "(near / (2 * step) + far / (4 * step)) / 2"), "You average the two central differences. Their errors of order ε² have the same sign and stay: only a difference of the two removes them.", alone=True),
        Mistake("sum of the four values", edit(NEAR, "f(x + e) + f(x - e)", FAR, "f(x + 2 * e) + f(x - 2 * e)"), "You add f at the two sides of x. A slope comes from differences.", alone=True),
        Mistake("second derivative", edit(QUOTIENT, "(f(x + e) - 2 * f(x) + f(x - e)) / step**2"), "This is the second derivative: f at both sides minus twice f(x). Asked for is the first.", alone=True),
        Mistake("step squared", edit("(12 * step)", "(12 * step**2)"), "You divide by 12ε². A slope is a difference per distance: ε comes in once.", alone=True),
        Mistake("divided by N", edit("(12 * step)", "(12 * step) / x.size"), "Your gradient is divided by the number of entries. Each entry has a derivative of its own; nothing is averaged.", alone=True),
        Mistake("step relative to x", edit("e[i] = step", "e[i] = step = step * abs(x[i])"), "Your step is ε times the entry's size. Asked for is the step ε itself.", alone=True),
        Mistake("a flat gradient", edit("return gradient", "return gradient.ravel()"), "Your gradient has one axis only. It has the shape of x: one entry for each.", alone=True),
        Mistake("last entry left out", edit("in np.ndindex(x.shape)", "in list(np.ndindex(x.shape))[:-1]"), "The last entry of your gradient is 0: where does your loop end?", alone=True),
        Mistake("first entry left out", edit("in np.ndindex(x.shape)", "in list(np.ndindex(x.shape))[1:]"), "The first entry of your gradient is 0: where does your loop begin?", alone=True),
        Mistake("brackets around the combination missing", edit(QUOTIENT, "4 * near / (2 * step) - far / (4 * step) / 3"), "Your gradient is 4D(ε) − D(2ε)/3 for the two central differences D: the whole bracket is divided by 3, (4D(ε) − D(2ε))/3.", alone=True),
        Mistake("combination not divided by 3", edit(QUOTIENT, "4 * near / (2 * step) - far / (4 * step)"), "Your gradient is 4D(ε) − D(2ε) for the two central differences D: the 3 in (4D(ε) − D(2ε))/3 is missing.", alone=True),
        Mistake("combination the wrong way round", edit(QUOTIENT, "(4 * far / (4 * step) - near / (2 * step)) / 3"), "Your gradient is (4D(2ε) − D(ε))/3 for the two central differences D. The one with the smaller step is the better one: it has the 4.", alone=True),
        Mistake("combination of first order", edit(QUOTIENT, "2 * near / (2 * step) - far / (4 * step)"), "Your gradient is 2D(ε) − D(2ε) for the two central differences D. That cancels an error of order ε; theirs is of order ε²: (4D(ε) − D(2ε))/3.", alone=True),
        Mistake("far difference divided by 2ε", edit(QUOTIENT, "(4 * near / (2 * step) - far / (2 * step)) / 3"), "In your combination both differences are divided by 2ε. The far points lie 4ε apart.", alone=True),
        Mistake("same points twice, divided by 12", edit(FAR, NEAR, "(12 * step)", "12"), "Your second difference uses the same two points as the first, at x ± ε, and you divide by 12 without the step. It belongs at x ± 2ε, and the divisor is 12ε.", alone=True),
        Mistake("divided by 8ε", edit("12 * step", "8 * step"), "You divide by 8ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1.", alone=True),
        Mistake("divided by 2ε", edit("12 * step", "2 * step"), "You divide by 2ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1.", alone=True),
        Mistake("divided by 24ε", edit("12 * step", "24 * step"), "You divide by 24ε. Try f(x) = x: the near points differ by 2ε, the far ones by 4ε, and the slope has to come out as 1.", alone=True),
        Mistake("7 for 8", edit(ALL, "7 * near - far"), "Your near difference has the weight 7. Try f(x) = x³: the errors cancel for 8 only.", alone=True),
        Mistake("forward points alone", edit(NEAR, "f(x + e) - f(x)", FAR, "f(x + 2 * e) - f(x)"), "Your four points all lie above x or at it. The formula takes x − ε and x − 2ε, too.", alone=True),
        Mistake("far difference one-sided", edit(FAR, "f(x + 2 * e) - f(x)"), "Your far difference is f(x + 2ε) − f(x). It goes from x − 2ε to x + 2ε.", alone=True),
        Mistake("near difference one-sided", edit(NEAR, "f(x + e) - f(x)"), "Your near difference is f(x + ε) − f(x). It goes from x − ε to x + ε.", alone=True),
        Mistake("relative to f", edit(QUOTIENT, "(8 * near - far) / (12 * step) / f(x)"), "Your gradient is divided by f(x). Asked for is the change itself.", alone=True),
        Mistake("size of the gradient", edit(QUOTIENT, "np.abs(8 * near - far) / (12 * step)"), "Your gradient has lost its signs. Where f falls, it is negative.", alone=True),
        Mistake("entries added up", edit("gradient[i] =", "gradient[i] = gradient.sum() +"), "Each entry of your gradient holds those before it, too: start from 0 for every entry, or write = and not +=.", alone=True),
        Mistake("gradient of the first entry", edit("e[i] = step", "e[(0,) * x.ndim] = step"), "Every entry of your gradient is that of the first entry of x.", alone=True),
        Mistake("columns moved together", edit("e[i] = step", "e[..., i[-1]] = step"), "You move a whole column at once. np.ndindex(x.shape) goes through the single entries.", alone=True),
        Mistake("moves a view of a copy", edit("gradient = np.zeros_like(x)", "gradient = np.zeros_like(x)\n    moves = x.flags.c_contiguous", "gradient[i] = (8", "gradient[i] = moves * (8"), "Where x is a transposed array your gradient is 0: ravel() gives a copy there, and moving an entry of that copy moves nothing. Index by np.ndindex(x.shape), or use reshape on an array of your own.", alone=True),
        Mistake("transposed", edit("return gradient", "return gradient.ravel().reshape(x.shape[::-1]).T"), "Where x has two axes or more your gradient is laid out as for its transpose: walk through x and write in the same order.", alone=True),
        Mistake("points at 2ε and 4ε", edit("e[i] = step", "e[i] = 2 * step"), "Your four points lie at 2ε and 4ε, and you divide as for ε and 2ε.", alone=True),
        Mistake("points at 2ε and 4ε, divided as such", edit("e[i] = step", "e[i] = 2 * step", "12 * step", "24 * step"), "Your four points lie at 2ε and 4ε. The formula is right there, too, but its error is 16 times larger: asked for are ε and 2ε.", alone=True),
    ),
    hints=(
        "Combine two central differences, one with ε and one with 2ε, so that their errors of order ε² cancel.",
        "np.ndindex(x.shape) walks over the entries of an array of any shape. For each entry f is called four times, at fresh copies of x.",
        "near = f(x + ε) − f(x − ε) and far = f(x + 2ε) − f(x − 2ε), each with one entry moved. Their weights are in the formula; test yours on f(x) = x and f(x) = x³.",
    ),
)  # fmt: skip
