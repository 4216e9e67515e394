"""Problem set 1: the five factors of one gradient."""

import numpy as np

from vgcourse.activations import sigmoid, tanh_derivative  # noqa: F401 (mistakes use it)
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps1.accepted import as_number
from vgcourse.problems.ps1.slopes import sigmoid_slope  # noqa: F401 (mistakes use it)

# --- five_factors ----------------------------------------------------------------------------------

SYMBOLS = ("∂L/∂y", "∂y/∂z₂", "∂z₂/∂h", "∂h/∂z₁", "∂z₁/∂w₁")
FACTOR_NAMES = ("dL_dy", "dy_dz2", "dz2_dh", "dh_dz1", "dz1_dw1")


def five_factors(x, t, w1, w2):
    """The five factors of ∂L/∂w₁ for every example, and their product's mean: (1.15) with another loss."""
    z1 = w1 * x
    h = np.tanh(z1)
    z2 = w2 * h
    y = sigmoid(z2)
    dL_dy = 2 * (y - t)
    dy_dz2 = y * (1 - y)
    dz2_dh = np.full(len(x), w2)
    dh_dz1 = 1 - h**2
    dz1_dw1 = x
    dw1 = (dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()
    return dL_dy, dy_dz2, dz2_dh, dh_dz1, dz1_dw1, dw1


def _factor_cases(rng):
    cases = []
    for n in (5, 3, 1):
        x, w = (
            rng.uniform(0.3, 1.5, n) * rng.choice([-1, 1], n),
            rng.uniform(0.5, 1.7, 2) * rng.choice([-1, 1], 2),
        )
        t = rng.integers(0, 2, n).astype(float)
        cases.append(Case((x, t, float(w[0]), float(w[1])), (*FACTOR_NAMES, "dw1"), batch=n))
    return cases  # fmt: skip


def _broadcast_factors(output, args):
    """A factor that is the same for every example may be given as one number."""
    if not isinstance(output, (tuple, list)) or len(output) != 6:
        return output
    single = [isinstance(f, (int, float, np.number)) for f in output[:5]]
    factors = (np.full(args[0].shape, f) if one else f for f, one in zip(output, single))
    return *factors, as_number(output[5])  # fmt: skip


def _in_the_product(mistakes):
    """Slips of one factor, made in dw1 alone: the factor may be returned as it should be."""
    places = {"2 * (y - t)": 0, "y * (1 - y)": 1, "np.full(len(x), w2)": 2, "1 - h**2": 3, "dz1_dw1 = x": 4}
    for mistake in mistakes:
        change, *more = mistake.formula
        place = places.get(change.old)
        if place is None or more or mistake.whole or "ones" in change.new:  # with 1 the factor is left out
            continue
        name, new = FACTOR_NAMES[place], change.new.removeprefix("dz1_dw1 = ")
        old, new = (f"* {name})", f"* ({new}))") if place == 4 else (f"{name} *", f"({new}) *")
        text = f"Your dw1 is as if {SYMBOLS[place]} were another number in its product: compare it with the five factors that you return."
        yield Mistake(f"{mistake.name}, in dw1 alone", edit(old, new), text, alone=True)


FACTOR_SLIPS = (
    Mistake("the cross-entropy's first factor", edit("2 * (y - t)", "(y - t) / (y * (1 - y))"), "Your first factor is the lecture's, (1.14), which belongs to the cross-entropy. The loss here is (y − t)²."),
    Mistake("the 2 is missing", edit("2 * (y - t)", "y - t"), "Your first factor is y − t. The square brings a 2 down; books that leave it out have a ½ in the loss."),
    Mistake("sign of the loss", edit("2 * (y - t)", "2 * (t - y)"), "Your first factor has the wrong sign: ∂L/∂y is positive where y is above its target.", whole=True),
    Mistake("σ' counted in the first factor", edit("2 * (y - t)", "2 * (y - t) * y * (1 - y)"), "Your first factor already holds σ'(z₂); it is ∂L/∂z₂ and not ∂L/∂y, and so σ' counts twice.", whole=True),
    Mistake("∂L/∂z₂ for the first factor", edit("return dL_dy,", "return dL_dy * dy_dz2,"), "Your first factor is ∂L/∂z₂: it holds σ'(z₂) already, which is the second step.", alone=True),
    Mistake("σ' of the activation", edit("y * (1 - y)", "sigmoid_slope(y)"), "You take σ' at the output y. The slope is taken at z₂, equation (1.2)."),
    Mistake("σ' missing", edit("y * (1 - y)", "np.ones(len(x))"), "Your ∂y/∂z₂ is 1. The output is a sigmoid, and its slope is at most ¼."),
    Mistake("tanh' at the output", edit("y * (1 - y)", "tanh_derivative(z2)"), "Your ∂y/∂z₂ is the slope of a tanh. The output unit is a sigmoid; the hidden one is the tanh."),
    Mistake("1 − y²", edit("y * (1 - y)", "1 - y * y"), "Your ∂y/∂z₂ is 1 − y², which would be right if y were a tanh. The output unit is a sigmoid."),
    Mistake("σ' in the hidden layer", edit("1 - h**2", "sigmoid_slope(z1)"), "Your ∂h/∂z₁ is the slope of a sigmoid. The hidden unit is a tanh; the output is the sigmoid."),
    Mistake("the lecture's hidden unit", edit("np.tanh(z1)", "sigmoid(z1)", "1 - h**2", "h * (1 - h)"), "Your hidden unit is a sigmoid, forward and back, as in the lecture. Here it is a tanh.", whole=True),
    Mistake("units exchanged", edit("np.tanh(z1)", "sigmoid(z1)", "1 - h**2", "h * (1 - h)", "sigmoid(z2)", "np.tanh(z2)", "y * (1 - y)", "1 - y * y"), "Your hidden unit is a sigmoid and your output a tanh: it is the other way round."),
    Mistake("h(1 − h)", edit("1 - h**2", "h * (1 - h)"), "Your ∂h/∂z₁ is h(1 − h), which would be right if h were a sigmoid. The hidden unit is a tanh."),
    Mistake("tanh' of the activation", edit("1 - h**2", "tanh_derivative(h)"), "You take tanh' at h. The slope is taken at z₁, the pre-activation."),
    Mistake("tanh' missing", edit("1 - h**2", "np.ones(len(x))"), "Your ∂h/∂z₁ is 1. The hidden unit is a tanh, and its slope is below 1."),
    Mistake("h in place of w₂", edit("np.full(len(x), w2)", "h"), "z₂ = w₂h. Its derivative with respect to h is w₂; you return h, the derivative with respect to w₂."),
    Mistake("w₁ in place of x", edit("dz1_dw1 = x", "dz1_dw1 = np.full(len(x), w1)"), "z₁ = w₁x. Its derivative with respect to w₁ is x; you return w₁, the derivative with respect to x."),
    Mistake("summed, not averaged", edit(".mean()", ".sum()"), "dw1 is the sum over the examples. Asked for is the gradient of the mean loss."),
    Mistake("not averaged", edit(".mean()", ""), "Your dw1 still has one entry per example. The loss is one number, the mean over the batch, and so is its derivative."),
    Mistake("product of means", edit("(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()", "dL_dy.mean() * dy_dz2.mean() * dz2_dh.mean() * dh_dz1.mean() * dz1_dw1.mean()"), "You average each factor and then multiply. Multiply first, example by example, and average the products."),
    Mistake("factors added", edit("dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1", "dL_dy + dy_dz2 + dz2_dh + dh_dz1 + dz1_dw1"), "You add the five factors up. Along one path factors multiply; only different paths add."),
    Mistake("first two factors in one", edit("2 * (y - t)", "2 * (y - t) * y * (1 - y)", "y * (1 - y)\n", "np.ones(len(x))\n"), "Your first factor is ∂L/∂z₂ and your second is 1: two steps in one. Asked for is each step by itself; the product is the same.", whole=True),
    Mistake("the cross-entropy's error", edit("2 * (y - t)", "y - t", "y * (1 - y)", "np.ones(len(x))"), "Your first two factors are y − t and 1, the cross-entropy's ∂L/∂z₂ of equation (1.16). Here the loss is (y − t)², and nothing cancels."),
    Mistake("the loss for its derivative", edit("2 * (y - t)", "(y - t) ** 2"), "Your first factor is the loss itself. Asked for is its derivative with respect to y."),
    Mistake("y for the slope", edit("y * (1 - y)", "y"), "Your ∂y/∂z₂ is y, the sigmoid's value. Asked for is its slope."),
    Mistake("1 − y for the slope", edit("y * (1 - y)", "1 - y"), "Your ∂y/∂z₂ is 1 − y: one of the two factors of the sigmoid's slope."),
    Mistake("h for the slope", edit("1 - h**2", "h"), "Your ∂h/∂z₁ is h, the tanh's value. Asked for is its slope."),
    Mistake("square missing in tanh'", edit("1 - h**2", "1 - h"), "Your ∂h/∂z₁ is 1 − h: the square is missing."),
    Mistake("1 − z²", edit("1 - h**2", "1 - z1**2"), "Your ∂h/∂z₁ is 1 − z₁². The square belongs to h = tanh z₁, not to z₁."),
    Mistake("w₁ in place of w₂", edit("np.full(len(x), w2)", "np.full(len(x), w1)"), "Your ∂z₂/∂h is w₁. z₂ = w₂h, and its derivative with respect to h is the other weight."),
    Mistake("1 for w₂", edit("np.full(len(x), w2)", "np.ones(len(x))"), "Your ∂z₂/∂h is 1. z₂ = w₂h, so the path back from z₂ to h passes through a weight."),
    Mistake("1 for x", edit("dz1_dw1 = x", "dz1_dw1 = np.ones(len(x))"), "Your ∂z₁/∂w₁ is 1. z₁ = w₁x: how much does z₁ move if w₁ moves?"),
    Mistake("z₁ for x", edit("dz1_dw1 = x", "dz1_dw1 = z1"), "Your ∂z₁/∂w₁ is z₁ itself. z₁ = w₁x, and its derivative with respect to w₁ has no w₁ left in it."),
    Mistake("z₂ for w₂", edit("np.full(len(x), w2)", "z2"), "Your ∂z₂/∂h is z₂ itself. z₂ = w₂h, and its derivative with respect to h has no h left in it."),
    Mistake("first factor left out", edit("(dL_dy * ", "("), "In the product for your dw1 the first factor, ∂L/∂y, is left out."),
    Mistake("second factor left out", edit("dL_dy * dy_dz2 * ", "dL_dy * "), "In the product for your dw1 the second factor, ∂y/∂z₂, is left out."),
    Mistake("third factor left out", edit(" * dz2_dh * ", " * "), "In the product for your dw1 the third factor, ∂z₂/∂h, is left out."),
    Mistake("fourth factor left out", edit("dh_dz1 * dz1_dw1", "dz1_dw1"), "In the product for your dw1 the fourth factor, ∂h/∂z₁, is left out."),
    Mistake("last factor left out", edit(" * dz1_dw1)", ")"), "In the product for your dw1 the last factor, ∂z₁/∂w₁, is left out."),
    Mistake("first example alone", edit(".mean()", "[0]"), "Your dw1 is that of the first example. The loss is the mean over the batch, and so is its gradient."),
    Mistake("divided by N − 1", edit(".mean()", ".sum() / (len(x) - 1)"), "Your dw1 is divided by N − 1. The mean loss of N examples is divided by N."),
    Mistake("mean of the absolute values", edit("(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()", "np.abs(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()"), "Your dw1 averages sizes without their signs. Examples that pull in opposite directions cancel."),
)  # fmt: skip

PRODUCT = "(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()"

MORE = (
    Mistake("y + t", edit("2 * (y - t)", "2 * (y + t)"), "Your first factor is 2(y + t). The derivative of (y − t)² is 2(y − t).", alone=True, whole=True),
    Mistake("2y − t", edit("2 * (y - t)", "2 * y - t"), "Your first factor is 2y − t: the 2 multiplies the whole difference, 2(y − t).", alone=True, whole=True),
    Mistake("target left out", edit("2 * (y - t)", "2 * y"), "Your first factor is 2y: the target t is missing, 2(y − t).", alone=True, whole=True),
    Mistake("square kept", edit("2 * (y - t)", "2 * (y - t) ** 2"), "Your first factor is 2(y − t)². Differentiating takes the exponent down by one: 2(y − t).", alone=True, whole=True),
    Mistake("divided by 2", edit("2 * (y - t)", "(y - t) / 2"), "Your first factor is (y − t)/2. The square brings a 2 down as a factor: 2(y − t).", alone=True, whole=True),
    Mistake("size of the error", edit("2 * (y - t)", "2 * abs(y - t)"), "Your first factor is 2|y − t|. Its sign says in which direction y is wrong.", alone=True, whole=True),
    Mistake("1/N in the first factor", edit("2 * (y - t)", "2 * (y - t) / len(x)"), "Your first factor is divided by N, and so is dw1 at the end. The factors belong to single examples; the mean comes once, in dw1.", alone=True, whole=True),
    Mistake("1/N in the first factor, summed", edit("2 * (y - t)", "2 * (y - t) / len(x)", ".mean()", ".sum()"), "Your first factor is divided by N, and dw1 is a sum. That makes the right dw1; but the factors belong to single examples, and the mean is taken at the end.", alone=True, whole=True),
    Mistake("first factor averaged", edit("2 * (y - t)", "np.full(len(x), 2 * (y - t).mean())"), "Your first factor is the batch's mean for every example. Each example has its own.", alone=True, whole=True),
    Mistake("pre-activation for the output", edit("2 * (y - t)", "2 * (z2 - t)"), "Your first factor is 2(z₂ − t). The loss sees y = σ(z₂).", alone=True, whole=True),
    Mistake("hidden unit for the output", edit("2 * (y - t)", "2 * (h - t)"), "Your first factor is 2(h − t). The loss sees y.", alone=True, whole=True),
    Mistake("one term of the cross-entropy", edit("2 * (y - t)", "-t / y"), "Your first factor is −t/y, from −t log y. The loss here is (y − t)².", alone=True, whole=True),
    Mistake("1/N in every factor", edit("return dL_dy, dy_dz2, dz2_dh, dh_dz1, dz1_dw1,", "return dL_dy / len(x), dy_dz2 / len(x), dz2_dh / len(x), dh_dz1 / len(x), dz1_dw1 / len(x),"), "Your factors are divided by N. They belong to single examples; the mean is taken once, of their product.", alone=True, whole=True),
    Mistake("products so far", edit("return dL_dy, dy_dz2, dz2_dh, dh_dz1, dz1_dw1,", "return *np.cumprod([dL_dy, dy_dz2, dz2_dh, dh_dz1, dz1_dw1], axis=0),"), "Your results are products of the factors so far, ∂L/∂z₂, ∂L/∂h and so on. Asked for is each step by itself.", alone=True, whole=True),
    Mistake("y(1 + y)", edit("y * (1 - y)", "y * (1 + y)"), "Your ∂y/∂z₂ is y(1 + y). A sigmoid's slope is y(1 − y).", alone=True, whole=True),
    Mistake("y² for the slope", edit("y * (1 - y)", "y**2"), "Your ∂y/∂z₂ is y²: the slope of the sigmoid is y(1 − y).", alone=True, whole=True),
    Mistake("(1 − y)² for the slope", edit("y * (1 - y)", "(1 - y) ** 2"), "Your ∂y/∂z₂ is (1 − y)²: the slope of the sigmoid is y(1 − y).", alone=True, whole=True),
    Mistake("y²(1 − y)", edit("y * (1 - y)", "y**2 * (1 - y)"), "Your ∂y/∂z₂ is y²(1 − y): one factor y too many.", alone=True, whole=True),
    Mistake("σ' squared", edit("y * (1 - y)", "(y * (1 - y)) ** 2"), "Your ∂y/∂z₂ is squared. The path passes the sigmoid once.", alone=True, whole=True),
    Mistake("h(1 − h) at the output", edit("y * (1 - y)", "h * (1 - h)"), "Your ∂y/∂z₂ is h(1 − h). The sigmoid is at the output: y(1 − y).", alone=True, whole=True),
    Mistake("z₂(1 − z₂)", edit("y * (1 - y)", "z2 * (1 - z2)"), "Your ∂y/∂z₂ is z₂(1 − z₂). The formula y(1 − y) wants the output y.", alone=True, whole=True),
    Mistake("σ' at z₁", edit("y * (1 - y)", "sigmoid_slope(z1)"), "Your ∂y/∂z₂ is the sigmoid's slope at z₁. The sigmoid acts on z₂.", alone=True, whole=True),
    Mistake("¼ for the slope", edit("y * (1 - y)", "np.full(len(x), 0.25)"), "Your ∂y/∂z₂ is ¼, the sigmoid's largest slope. Take it at each z₂.", alone=True, whole=True),
    Mistake("1 + h²", edit("1 - h**2", "1 + h**2"), "Your ∂h/∂z₁ is 1 + h², above 1. The slope of a tanh is 1 − h².", alone=True, whole=True),
    Mistake("h² for the slope", edit("1 - h**2", "h**2"), "Your ∂h/∂z₁ is h²: that is what the slope of a tanh lacks from 1.", alone=True, whole=True),
    Mistake("(1 − h)² for the slope", edit("1 - h**2", "(1 - h) ** 2"), "Your ∂h/∂z₁ is (1 − h)². The square belongs to h alone: 1 − h².", alone=True, whole=True),
    Mistake("tanh' at z₂", edit("1 - h**2", "tanh_derivative(z2)"), "Your ∂h/∂z₁ is the slope of a tanh at z₂. The tanh acts on z₁.", alone=True, whole=True),
    Mistake("tanh' at x", edit("1 - h**2", "tanh_derivative(x)"), "Your ∂h/∂z₁ is the slope of a tanh at x. The tanh acts on z₁ = w₁x.", alone=True, whole=True),
    Mistake("1/cosh for the slope", edit("1 - h**2", "1 / np.cosh(z1)"), "Your ∂h/∂z₁ is 1/cosh z₁: the square is missing.", alone=True, whole=True),
    Mistake("1 − y² in the hidden layer", edit("1 - h**2", "1 - y**2"), "Your ∂h/∂z₁ is 1 − y². The tanh is in the hidden layer: 1 − h².", alone=True, whole=True),
    Mistake("1 − x²", edit("1 - h**2", "1 - x**2"), "Your ∂h/∂z₁ is 1 − x². The tanh's output is h: 1 − h².", alone=True, whole=True),
    Mistake("y(1 − y) in the hidden layer", edit("1 - h**2", "y * (1 - y) "), "Your ∂h/∂z₁ is y(1 − y), the output's slope. The hidden unit is a tanh: 1 − h².", alone=True, whole=True),
    Mistake("tanh' squared", edit("1 - h**2", "(1 - h**2) ** 2"), "Your ∂h/∂z₁ is squared. The path passes the tanh once.", alone=True, whole=True),
    Mistake("x in place of w₂", edit("np.full(len(x), w2)", "x"), "Your ∂z₂/∂h is x. z₂ = w₂h, and its derivative with respect to h is w₂.", alone=True, whole=True),
    Mistake("both weights", edit("np.full(len(x), w2)", "np.full(len(x), w1 * w2)"), "Your ∂z₂/∂h is w₁w₂. z₂ = w₂h, and its derivative with respect to h is w₂ alone.", alone=True, whole=True),
    Mistake("y in place of w₂", edit("np.full(len(x), w2)", "y"), "Your ∂z₂/∂h is y. z₂ = w₂h, and its derivative with respect to h is w₂.", alone=True, whole=True),
    Mistake("h in place of x", edit("dz1_dw1 = x", "dz1_dw1 = h"), "Your ∂z₁/∂w₁ is h, what comes out of the first layer. z₁ = w₁x: what comes in is x.", alone=True, whole=True),
    Mistake("mean input", edit("dz1_dw1 = x", "dz1_dw1 = np.full(len(x), x.mean())"), "Your ∂z₁/∂w₁ is the mean of x for every example. Each example has its own x.", alone=True, whole=True),
    Mistake("x squared", edit("dz1_dw1 = x", "dz1_dw1 = x**2"), "Your ∂z₁/∂w₁ is x². z₁ = w₁x, and its derivative with respect to w₁ is x.", alone=True, whole=True),
    Mistake("size of the input", edit("dz1_dw1 = x", "dz1_dw1 = abs(x)"), "Your ∂z₁/∂w₁ is |x|. The sign of x stays.", alone=True, whole=True),
    Mistake("1/N twice in dw1", edit(".mean()", ".mean() / len(x)"), "Your dw1 is divided by N twice. The mean over the batch divides once.", alone=True, whole=True),
    Mistake("last example alone", edit(".mean()", "[-1]"), "Your dw1 is that of the last example. The loss is the mean over the batch, and so is its gradient.", alone=True, whole=True),
    Mistake("median of the products", edit(PRODUCT, "np.median(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1)"), "Your dw1 is the median over the examples. Asked for is the mean.", alone=True, whole=True),
    Mistake("norm of the products", edit(PRODUCT, "np.linalg.norm(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1)"), "Your dw1 is a norm over the examples. Asked for is their mean, signs included.", alone=True, whole=True),
    Mistake("largest of the products", edit(".mean()", ".max()"), "Your dw1 is the largest over the examples. Asked for is their mean.", alone=True, whole=True),
    Mistake("sign of dw1", edit(PRODUCT, "-(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()"), "Your dw1 has the wrong sign. A gradient is asked for, not a step against it.", alone=True, whole=True),
    Mistake("input counted twice", edit(PRODUCT, "(dL_dy * dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1 * x).mean()"), "In the product for your dw1 x stands twice.", alone=True, whole=True),
    Mistake("gradient of w₂", edit(PRODUCT, "(dL_dy * dy_dz2 * h).mean()"), "Your dw1 is the derivative with respect to w₂: ∂L/∂y · ∂y/∂z₂ · h. w₁ is two steps further back.", alone=True, whole=True),
    Mistake("product over everything", edit(PRODUCT, "np.prod([dL_dy, dy_dz2, dz2_dh, dh_dz1, dz1_dw1])"), "Your dw1 is one product over all factors of all examples. Multiply example by example, then take the mean.", alone=True, whole=True),
    Mistake("mean of the first factor taken first", edit(PRODUCT, "dL_dy.mean() * (dy_dz2 * dz2_dh * dh_dz1 * dz1_dw1).mean()"), "You average the first factor before you multiply. Multiply first, example by example, and average the products.", alone=True, whole=True),
    Mistake("mean of the input taken first", edit(PRODUCT, "(dL_dy * dy_dz2 * dz2_dh * dh_dz1).mean() * dz1_dw1.mean()"), "You average x before you multiply. Multiply first, example by example, and average the products.", alone=True, whole=True),
    Mistake("error signal averaged first", edit(PRODUCT, "(dL_dy * dy_dz2).mean() * (dz2_dh * dh_dz1 * dz1_dw1).mean()"), "You average ∂L/∂z₂ before you go on. Multiply all five factors first, example by example, and average the products.", alone=True, whole=True),
    Mistake("weights exchanged", edit("w1 * x", "w2 * x", "w2 * h", "w1 * h"), "On the way forward your weights are exchanged: z₁ = w₁x and z₂ = w₂h.", alone=True, whole=True),
    Mistake("weight added", edit("w1 * x", "w1 + x"), "Your z₁ is w₁ + x. A weight multiplies its input.", alone=True, whole=True),
    Mistake("tanh at the output, forward", edit("sigmoid(z2)", "np.tanh(z2)"), "On the way forward your output is a tanh, while ∂y/∂z₂ is y(1 − y). The output is a sigmoid.", alone=True, whole=True),
    Mistake("linear output, both ways", edit("sigmoid(z2)", "z2", "y * (1 - y)", "np.ones(len(x))"), "Your output is z₂ itself, forward and back. It is σ(z₂).", alone=True, whole=True),
    Mistake("sigmoid in the hidden layer, forward", edit("np.tanh(z1)", "sigmoid(z1)"), "On the way forward your hidden unit is a sigmoid, while ∂h/∂z₁ is 1 − h². The hidden unit is a tanh.", alone=True, whole=True),
    Mistake("linear hidden unit, both ways", edit("np.tanh(z1)", "z1", "1 - h**2", "np.ones(len(x))"), "Your hidden unit is z₁ itself, forward and back. It is a tanh.", alone=True, whole=True),
    Mistake("linear hidden unit, forward", edit("np.tanh(z1)", "z1"), "On the way forward your hidden unit has no tanh, while its slope is 1 − h².", alone=True, whole=True),
)  # fmt: skip

FIVE_FACTORS = Problem(
    name="ps1.five_factors",
    reference=five_factors,
    cases=_factor_cases,
    adapt=_broadcast_factors,
    points=4,
    lecture='lecture 1, "A classifier: five factors", equation (1.15)',
    mistakes=(*FACTOR_SLIPS, *MORE, *_in_the_product(FACTOR_SLIPS)),
    hints=(
        "Follow x forward through z₁, h, z₂, y to L, and write down the derivative of each step with respect to the one before it. There are five steps.",
        "Each factor has shape (N,). One is the slope of a tanh, one that of a sigmoid; one is a weight, one is the input.",
        "dL_dy comes from the square; dy_dz2 is the slope (1.2) at z₂, dh_dz1 that of a tanh at z₁. For dw1 multiply all five example by example, and take the mean at the end.",
    ),
)  # fmt: skip
