"""Problem set 1 on single numbers: a net of four weights."""

import numpy as np

from vgcourse.activations import sigmoid, tanh_derivative  # noqa: F401 (mistakes use it)
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Mistake, Problem
from vgcourse.problems.ps1.accepted import one_number
from vgcourse.problems.ps1.slopes import sigmoid_slope  # noqa: F401 (mistakes use it)

# --- four_weight_net -------------------------------------------------------------------------------


def four_weight_net(x, t, w):
    """L = (y − t)² of the net (1.1) with tanh in place of σ, and its gradient, as in (1.5)."""
    w1, w2, w3, w4 = w
    h1 = np.tanh(w1 * x)
    h2 = np.tanh(w2 * h1)
    h3 = np.tanh(w3 * h2)
    y = w4 * h3
    loss = (y - t) ** 2

    dy = 2 * (y - t)
    dw4 = dy * h3
    dz3 = dy * w4 * (1 - h3**2)
    dw3 = dz3 * h2
    dz2 = dz3 * w3 * (1 - h2**2)
    dw2 = dz2 * h1
    dz1 = dz2 * w2 * (1 - h1**2)
    dw1 = dz1 * x
    return loss, dw1, dw2, dw3, dw4


def _four_weight_cases(rng):
    cases = []
    while len(cases) < 4:
        # not so large that 1 − tanh² cancels, nor y near t: both would cost single precision its digits
        x, t, *w = rng.uniform(0.4, 1.5, size=6) * rng.choice([-1, 1], size=6)
        w[1] *= len(cases) < 3  # a path that is closed: who divides by a weight gets NaN
        args = (float(x), float(t), np.array(w))
        if four_weight_net(*args)[0] > 0.1:
            cases.append(Case(args, ("loss", "dw1", "dw2", "dw3", "dw4")))
    return cases


BELOW = {1: "x", 2: "h1", 3: "h2", 4: "h3"}  # what comes into a layer
SUB = "₀₁₂₃₄"


def _each(old, new, layers=(3, 2, 1)):
    """The edit in several layers; {l} is the layer, {h} what comes into it, {z} its pre-activation."""
    words = [dict(l=l, h=BELOW[l], z=f"(w{l} * {BELOW[l]})", up=l + 1, lh=min(l + 1, 3)) for l in layers]
    return edit(*(text.format(**word) for word in words for text in (old, new)))


def _grads(layer):
    """Names of the gradients that a fault in this layer's slope or in the weight above it reaches."""
    return " and ".join([", ".join(f"dw{l}" for l in range(1, layer)), f"dw{layer}"]) if layer > 1 else "dw1"


SLOPE, INPUT = "(1 - h{l}**2)", "dw{l} = dz{l} * {h}"
PASSED = edit("dz3 * w3", "dw3 * w3", "dz2 * w2", "dw2 * w2")

FOUR_WEIGHT_NET = Problem(
    name="ps1.four_weight_net",
    reference=four_weight_net,
    cases=_four_weight_cases,
    adapt=one_number,
    points=3,
    lecture='lecture 1, "The rules behind the numbers", equations (1.1) and (1.5)',
    flow=("loss", "dw4", "dw3", "dw2", "dw1"),
    mistakes=(
        Mistake("the lecture's net", edit("np.tanh(w1", "sigmoid(w1", "np.tanh(w2", "sigmoid(w2", "np.tanh(w3", "sigmoid(w3") + _each(SLOPE, "h{l} * (1 - h{l})"), "This is the lecture's net, with sigmoids. Here the three hidden units are tanh.", alone=True, beside_the_point=True),
        Mistake("σ' for tanh'", _each(SLOPE, "sigmoid_slope{z}"), "Forward you use tanh, on the way back the slope of the sigmoid, σ(z)σ(−z)."),
        Mistake("h(1 − h)", _each(SLOPE, "h{l} * (1 - h{l})"), "h(1 − h) is the slope of a sigmoid written with its output. For h = tanh z it is another expression of h."),
        Mistake("tanh' missing", _each(" * " + SLOPE, ""), "The factors tanh'(z) are missing: each time the path passes a tanh it is multiplied by its slope."),
        Mistake("tanh' of the activation", _each(SLOPE, "(1 - np.tanh(h{l}) ** 2)"), "You take tanh' at h = tanh(z). In (1.4) the slope is taken at z, the pre-activation."),
        Mistake("1 − z²", _each(SLOPE, "(1 - {z} ** 2)"), "Your slope is 1 − z². The square belongs to the output of the tanh, not to its input."),
        Mistake("square missing in tanh'", _each(SLOPE, "(1 - h{l})"), "Your slope is 1 − h: the square is missing."),
        Mistake("the 2 is missing", edit("2 * (y - t)", "(y - t)"), "The loss (y − t)² has the derivative 2(y − t), equation (1.3): the factor 2 is missing.", whole=True),
        Mistake("half of the square", edit("return loss, dw1, dw2, dw3, dw4", "return loss / 2, dw1 / 2, dw2 / 2, dw3 / 2, dw4 / 2"), "You use ½(y − t)², loss and gradient. Many books do; the loss of this net has no ½.", whole=True),
        Mistake("sign of y − t", edit("2 * (y - t)", "2 * (t - y)"), "All gradients have the wrong sign: the derivative of (y − t)² with respect to y is 2(y − t), not 2(t − y).", whole=True),
        Mistake("weights on the path missing", edit("dy * w4", "dy", "dz3 * w3", "dz3", "dz2 * w2", "dz2"), "The path back passes through the weights too, equation (1.4). Your product has only the slopes."),
        Mistake("weights of the layer below", edit("dy * w4", "dy * w3", "dz3 * w3", "dz3 * w2", "dz2 * w2", "dz2 * w1"), "Your path goes back from layer l through w_l. It goes back through w_{l+1}, the weight that h_l met on the way forward."),
        Mistake("output instead of input", edit("dw4 = dy * h3", "dw4 = dy * y") + _each(INPUT, "dw{l} = dz{l} * h{l}"), "The last factor of ∂L/∂w_l is what comes into layer l, h_{l−1}. You multiply by what comes out of it.", whole=True),
        Mistake("x in place of h", _each(INPUT, "dw{l} = dz{l} * x", (3, 2)), "You multiply by x in the hidden layers. The last factor of ∂L/∂w_l is what comes into layer l, which is x for the first layer only.", whole=True),
        Mistake("tanh at the output, both ways", edit("y = w4 * h3", "y = np.tanh(w4 * h3)", "2 * (y - t)", "2 * (y - t) * (1 - y * y)"), "You put the output through a tanh, too, forward and back. The last layer, y = w₄h₃, is linear.", alone=True),
        Mistake("tanh at the output", edit("2 * (y - t)", "2 * (y - t) * tanh_derivative(y)"), "You multiply by a slope at the output, too. The last layer, y = w₄h₃, is linear."),
        Mistake("slope of a tanh that is not there", edit("2 * (y - t)", "2 * (y - t) * (1 - y**2)"), "You multiply by 1 − y² at the output. The last layer, y = w₄h₃, is linear: no slope there.", alone=True),
        Mistake("sigmoid at the output, both ways", edit("y = w4 * h3", "y = sigmoid(w4 * h3)", "2 * (y - t)", "2 * (y - t) * y * (1 - y)"), "You put the output through a sigmoid, forward and back. The last layer, y = w₄h₃, is linear.", alone=True),
        Mistake("sigmoid at the output", edit("y = w4 * h3", "y = sigmoid(w4 * h3)"), "You put the output through a sigmoid. The last layer, y = w₄h₃, is linear.", alone=True),
        Mistake("tanh at the output, forward", edit("y = w4 * h3", "y = np.tanh(w4 * h3)"), "You put the output through a tanh. The last layer, y = w₄h₃, is linear.", alone=True),
        Mistake("no tanh forward", edit("np.tanh(w1 * x)", "(w1 * x)", "np.tanh(w2 * h1)", "(w2 * h1)", "np.tanh(w3 * h2)", "(w3 * h2)"), "Forward your hidden units are linear: no tanh is taken.", whole=True, alone=True),
        Mistake("no tanh at all", edit("np.tanh(w1 * x)", "(w1 * x)", "np.tanh(w2 * h1)", "(w2 * h1)", "np.tanh(w3 * h2)", "(w3 * h2)") + _each(" * " + SLOPE, ""), "Your net is linear, forward and back: the three hidden units are tanh.", whole=True, alone=True),
        Mistake("the loss carried back", edit("2 * (y - t)", "loss"), "You carry the loss itself back. What goes back is its derivative with respect to y.", alone=True),
        Mistake("1 + h²", _each(SLOPE, "(1 + h{l}**2)"), "Your slopes are 1 + h², above 1. The slope of a tanh is never above 1.", alone=True),
        Mistake("h² for the slope", _each(SLOPE, "h{l} ** 2"), "You multiply by h², where the slope of the tanh belongs: h² is what it lacks from 1.", alone=True),
        Mistake("h for the slope", _each(SLOPE, "h{l}"), "You multiply by h, the value of the tanh, where its slope belongs.", alone=True),
        Mistake("slopes of the layer below", _each(SLOPE, "(1 - {h}**2)"), "Your slopes are one layer off: 1 − h² of what comes into the layer. The tanh of layer l gave h_l."),
        Mistake("dw handed down", PASSED, "You go on with dw, which holds the layer's input already. What goes down to the next layer is the gradient without that last factor.", whole=True, alone=True),
        Mistake("weight in place of the input", edit("dw4 = dy * h3", "dw4 = dy * w4") + _each(INPUT, "dw{l} = dz{l} * w{l}"), "The last factor of your gradients is the layer's weight, as in the derivative with respect to its input. With respect to the weight it is what the weight was multiplied with.", alone=True, whole=True),
        Mistake("inputs missing", edit("dw4 = dy * h3", "dw4 = dy") + _each(INPUT, "dw{l} = dz{l}"), "The last factor is missing in all four gradients: each weight was multiplied with what comes into its layer.", whole=True),
        Mistake("x missing in dw1", _each(INPUT, "dw{l} = dz{l}", (1,)), "In your dw1 the last factor is missing: w₁ was multiplied with x."),
        Mistake("w in place of x", _each(INPUT, "dw{l} = dz{l} * w{l}", (1,)), "The last factor of your dw1 is w₁. z₁ = w₁x, and its derivative with respect to w₁ is x."),
        Mistake("h₁ in place of x", _each(INPUT, "dw{l} = dz{l} * h1", (1,)), "The last factor of your dw1 is h₁, which comes out of the first layer. What comes into it is x."),
        Mistake("y in place of h₃", edit("dw4 = dy * h3", "dw4 = dy * y"), "The last factor of your dw4 is y, which comes out of the last layer. What comes into it is h₃."),
        Mistake("w₄ in place of h₃", edit("dw4 = dy * h3", "dw4 = dy * w4"), "Your dw4 is the derivative with respect to h₃: w₄ stands where h₃ belongs."),
        Mistake("the 2 missing in dw4", edit("dw4 = dy * h3", "dw4 = (y - t) * h3"), "In your dw4 the factor 2 is missing, which the square brings down, equation (1.3)."),
        Mistake("h₃ missing in dw4", edit("dw4 = dy * h3", "dw4 = dy"), "Your dw4 is the derivative with respect to y: the factor that w₄ was multiplied with is missing."),
        *(Mistake(f"own output in dw{l}", _each(INPUT, "dw{l} = dz{l} * h{l}", (l,)), f"The last factor of your dw{l} is h{SUB[l]}, which comes out of layer {l}. What comes into it is h{SUB[l - 1]}.") for l in (2, 3)),
        *(Mistake(f"input missing in dw{l}", _each(INPUT, "dw{l} = dz{l}", (l,)), f"In your dw{l} the last factor is missing: w{SUB[l]} was multiplied with h{SUB[l - 1]}.") for l in (2, 3)),
        *(Mistake(f"x in dw{l}", _each(INPUT, "dw{l} = dz{l} * x", (l,)), f"The last factor of your dw{l} is x. What comes into layer {l} is h{SUB[l - 1]}.") for l in (2, 3)),
        *(Mistake(f"weight in dw{l}", _each(INPUT, "dw{l} = dz{l} * w{l}", (l,)), f"The last factor of your dw{l} is w{SUB[l]}, as in the derivative with respect to h{SUB[l - 1]}. With respect to w{SUB[l]} it is h{SUB[l - 1]}.") for l in (2, 3)),
        *(Mistake(f"tanh' of layer {l} missing", _each(" * " + SLOPE, "", (l,)), f"In your {_grads(l)} the slope of one tanh is missing, that at z{SUB[l]}. The others are there.", whole=True) for l in (3, 2, 1)),
        Mistake("w₄ forgotten on the way back", edit("dy * w4", "dy"), "In your dw1, dw2 and dw3 the factor w₄ is missing: the path back from y to h₃ passes through it.", whole=True),
        Mistake("w₃ forgotten on the way back", edit("dz3 * w3", "dz3"), "In your dw1 and dw2 the factor w₃ is missing: the path back from layer 3 to h₂ passes through it.", whole=True),
        Mistake("w₂ forgotten on the way back", edit("dz2 * w2", "dz2"), "In your dw1 the factor w₂ is missing: the path back from layer 2 to h₁ passes through it."),
        Mistake("own weight on the path", edit("dz1 * x", "dz1 * w1 * x", "dz2 * h1", "dz2 * w2 * h1", "dz3 * h2", "dz3 * w3 * h2"), "Each of your gradients holds its own weight as a factor. z = wh, and its derivative with respect to w is h alone.", whole=True, alone=True),
        Mistake("h₃ in all of them", _each(INPUT, "dw{l} = dz{l} * h3"), "The last factor of all your gradients is h₃. What comes into layer l is another number for each layer.", whole=True, alone=True),
        Mistake("slopes not passed on", edit("dz3 * w3", "dy * w4 * w3", "dz2 * w2", "dy * w4 * w3 * w2"), "Each of your gradients has the slope of its own layer only. The path back from y passes every tanh above it, too.", whole=True, alone=True),
        Mistake("own slope left out", edit("dw3 = dz3 * h2", "dw3 = dy * w4 * h2", "dw2 = dz2 * h1", "dw2 = dz3 * w3 * h1", "dw1 = dz1 * x", "dw1 = dz2 * w2 * x"), "In your gradients the slope of the layer itself is missing; those of the layers above are there. The weight acts before its tanh.", whole=True, alone=True),
        Mistake("last weight first", edit("return loss, dw1, dw2, dw3, dw4", "return loss, dw4, dw3, dw2, dw1"), "Your gradients come in the order dw4 … dw1. Asked for is dw1 first.", whole=True, alone=True),
        Mistake("dw4 carried", edit("dy * w4", "dw4 * w4"), "You go on from dw4, which holds h₃ already. What goes down is the gradient with respect to y.", whole=True, alone=True),
        Mistake("half of the square in the loss", edit("loss = (y - t) ** 2", "loss = (y - t) ** 2 / 2"), "Your loss is ½(y − t)², while your gradients belong to (y − t)². Here the loss has no ½.", alone=True),
        Mistake("loss not squared", edit("loss = (y - t) ** 2", "loss = y - t"), "Your loss is y − t: the square is missing.", alone=True),
        Mistake("loss by size", edit("loss = (y - t) ** 2", "loss = abs(y - t)"), "Your loss is |y − t|. Asked for is the square, (y − t)².", alone=True),
        Mistake("sign of the loss", edit("loss = (y - t) ** 2", "loss = -((y - t) ** 2)"), "Your loss is −(y − t)². A loss is small where y is right, and never negative here.", alone=True),
        Mistake("difference of squares", edit("loss = (y - t) ** 2", "loss = y**2 - t**2"), "Your loss is y² − t². Take the difference first, then the square.", alone=True),
        Mistake("y + t in the loss", edit("loss = (y - t) ** 2", "loss = (y + t) ** 2"), "Your loss is (y + t)². It is the distance of y from its target that is squared: y − t.", alone=True),
        Mistake("y for the loss", edit("loss = (y - t) ** 2", "loss = y"), "Your first result is y, the output. Asked for is the loss (y − t)².", alone=True),
        Mistake("y + t in the gradients", edit("2 * (y - t)", "2 * (y + t)"), "Your gradients start from 2(y + t). The derivative of (y − t)² is 2(y − t).", alone=True, whole=True),
        Mistake("2y − t in the gradients", edit("2 * (y - t)", "(2 * y - t)"), "Your gradients start from 2y − t: the 2 multiplies the whole difference, 2(y − t).", alone=True, whole=True),
        Mistake("error left out", edit("2 * (y - t)", "2"), "Your gradients start from 2: the error y − t is missing. The derivative of (y − t)² is 2(y − t).", alone=True, whole=True),
        Mistake("gradient of y", edit("2 * (y - t)", "1"), "Your gradients are those of y. The first factor, ∂L/∂y = 2(y − t), is missing.", alone=True, whole=True),
        Mistake("target left out", edit("2 * (y - t)", "2 * y"), "Your gradients start from 2y: the target t is missing. The derivative of (y − t)² is 2(y − t).", alone=True, whole=True),
        Mistake("square kept", edit("2 * (y - t)", "2 * (y - t) ** 2"), "Your gradients start from 2(y − t)². Differentiating takes the exponent down by one: 2(y − t).", alone=True, whole=True),
        Mistake("divided by 2", edit("2 * (y - t)", "(y - t) / 2"), "Your gradients start from (y − t)/2. The square brings a 2 down as a factor: 2(y − t).", alone=True, whole=True),
        Mistake("size of the error", edit("2 * (y - t)", "2 * abs(y - t)"), "Your gradients start from 2|y − t|. The sign of y − t says in which direction y is wrong.", alone=True, whole=True),
        Mistake("slopes of the layer above", edit("(1 - h3**2)", "(1 - y**2)", "(1 - h2**2)", "(1 - h3**2)", "(1 - h1**2)", "(1 - h2**2)"), "Your slopes are one layer off: 1 − h² of the layer above, or of y. The tanh of layer l gave h_l.", alone=True, whole=True),
        Mistake("slope of layer 1 everywhere", edit("(1 - h3**2)", "(1 - h1**2)", "(1 - h2**2)", "(1 - h1 ** 2)"), "All your slopes are 1 − h₁². Each layer has its own.", alone=True, whole=True),
        Mistake("slope of layer 3 everywhere", edit("(1 - h2**2)", "(1 - h3**2)", "(1 - h1**2)", "(1 - h3 ** 2)"), "All your slopes are 1 − h₃². Each layer has its own.", alone=True, whole=True),
        Mistake("(1 − h)²", edit("(1 - h3**2)", "(1 - h3) ** 2", "(1 - h2**2)", "(1 - h2) ** 2", "(1 - h1**2)", "(1 - h1) ** 2"), "Your slopes are (1 − h)². The square belongs to h alone: 1 − h².", alone=True, whole=True),
        Mistake("1/cosh", edit("(1 - h3**2)", "(1 / np.cosh(w3 * h2))", "(1 - h2**2)", "(1 / np.cosh(w2 * h1))", "(1 - h1**2)", "(1 / np.cosh(w1 * x))"), "Your slopes are 1/cosh z: the square is missing. tanh' = 1/cosh² = 1 − tanh².", alone=True, whole=True),
        Mistake("slope squared", edit("(1 - h3**2)", "(1 - h3**2) ** 2", "(1 - h2**2)", "(1 - h2**2) ** 2", "(1 - h1**2)", "(1 - h1**2) ** 2"), "Your slopes stand there squared, or twice. The path passes each tanh once.", alone=True, whole=True),
        Mistake("h² − 1", edit("(1 - h3**2)", "(h3**2 - 1)", "(1 - h2**2)", "(h2**2 - 1)", "(1 - h1**2)", "(h1**2 - 1)"), "Your slopes are h² − 1, which is negative. The slope of a tanh is 1 − h².", alone=True, whole=True),
        Mistake("slope of layer 2 in layer 3", edit("(1 - h3**2)", "(1 - h2**2)"), "On your way back through layer 3 you take the slope 1 − h₂². The tanh of layer 3 gave h₃: 1 − h₃².", alone=True, whole=True),
        Mistake("slope of layer 1 in layer 3", edit("(1 - h3**2)", "(1 - h1**2)"), "On your way back through layer 3 you take the slope 1 − h₁². The tanh of layer 3 gave h₃: 1 − h₃².", alone=True, whole=True),
        Mistake("slope of layer 3 in layer 2", edit("(1 - h2**2)", "(1 - h3**2)"), "On your way back through layer 2 you take the slope 1 − h₃². The tanh of layer 2 gave h₂: 1 − h₂².", alone=True, whole=True),
        Mistake("slope of layer 1 in layer 2", edit("(1 - h2**2)", "(1 - h1**2)"), "On your way back through layer 2 you take the slope 1 − h₁². The tanh of layer 2 gave h₂: 1 − h₂².", alone=True, whole=True),
        Mistake("slope of layer 2 in layer 1", edit("(1 - h1**2)", "(1 - h2**2)"), "On your way back through layer 1 you take the slope 1 − h₂². The tanh of layer 1 gave h₁: 1 − h₁².", alone=True, whole=True),
        Mistake("slope of layer 3 in layer 1", edit("(1 - h1**2)", "(1 - h3**2)"), "On your way back through layer 1 you take the slope 1 − h₃². The tanh of layer 1 gave h₁: 1 − h₁².", alone=True, whole=True),
        Mistake("w₃ in place of w₄ on the way back", edit("dy * w4", "dy * w3"), "On your way back to h₃ you multiply by w₃. h₃ went forward through w₄, and the way back is the same.", alone=True, whole=True),
        Mistake("w₂ in place of w₄ on the way back", edit("dy * w4", "dy * w2"), "On your way back to h₃ you multiply by w₂. h₃ went forward through w₄, and the way back is the same.", alone=True, whole=True),
        Mistake("w₁ in place of w₄ on the way back", edit("dy * w4", "dy * w1"), "On your way back to h₃ you multiply by w₁. h₃ went forward through w₄, and the way back is the same.", alone=True, whole=True),
        Mistake("w₂ in place of w₃ on the way back", edit("dz3 * w3", "dz3 * w2"), "On your way back to h₂ you multiply by w₂. h₂ went forward through w₃, and the way back is the same.", alone=True, whole=True),
        Mistake("w₄ in place of w₃ on the way back", edit("dz3 * w3", "dz3 * w4"), "On your way back to h₂ you multiply by w₄. h₂ went forward through w₃, and the way back is the same.", alone=True, whole=True),
        Mistake("w₁ in place of w₃ on the way back", edit("dz3 * w3", "dz3 * w1"), "On your way back to h₂ you multiply by w₁. h₂ went forward through w₃, and the way back is the same.", alone=True, whole=True),
        Mistake("w₁ in place of w₂ on the way back", edit("dz2 * w2", "dz2 * w1"), "On your way back to h₁ you multiply by w₁. h₁ went forward through w₂, and the way back is the same.", alone=True, whole=True),
        Mistake("w₃ in place of w₂ on the way back", edit("dz2 * w2", "dz2 * w3"), "On your way back to h₁ you multiply by w₃. h₁ went forward through w₂, and the way back is the same.", alone=True, whole=True),
        Mistake("w₄ in place of w₂ on the way back", edit("dz2 * w2", "dz2 * w4"), "On your way back to h₁ you multiply by w₄. h₁ went forward through w₂, and the way back is the same.", alone=True, whole=True),
        Mistake("layer 3 linear", edit("np.tanh(w3 * h2)", "(w3 * h2)"), "On the way forward your layer 3 has no tanh; on the way back it has its slope.", alone=True),
        Mistake("layer 3 linear, both ways", edit("np.tanh(w3 * h2)", "(w3 * h2)", " * (1 - h3**2)", ""), "Your layer 3 is linear, forward and back. All three hidden units are tanh.", alone=True),
        Mistake("layer 3 a sigmoid", edit("np.tanh(w3 * h2)", "sigmoid(w3 * h2)"), "On the way forward your layer 3 is a sigmoid. All three hidden units are tanh.", alone=True),
        Mistake("layer 2 linear", edit("np.tanh(w2 * h1)", "(w2 * h1)"), "On the way forward your layer 2 has no tanh; on the way back it has its slope.", alone=True),
        Mistake("layer 2 linear, both ways", edit("np.tanh(w2 * h1)", "(w2 * h1)", " * (1 - h2**2)", ""), "Your layer 2 is linear, forward and back. All three hidden units are tanh.", alone=True),
        Mistake("layer 2 a sigmoid", edit("np.tanh(w2 * h1)", "sigmoid(w2 * h1)"), "On the way forward your layer 2 is a sigmoid. All three hidden units are tanh.", alone=True),
        Mistake("layer 1 linear", edit("np.tanh(w1 * x)", "(w1 * x)"), "On the way forward your layer 1 has no tanh; on the way back it has its slope.", alone=True),
        Mistake("layer 1 linear, both ways", edit("np.tanh(w1 * x)", "(w1 * x)", " * (1 - h1**2)", ""), "Your layer 1 is linear, forward and back. All three hidden units are tanh.", alone=True),
        Mistake("layer 1 a sigmoid", edit("np.tanh(w1 * x)", "sigmoid(w1 * x)"), "On the way forward your layer 1 is a sigmoid. All three hidden units are tanh.", alone=True),
        Mistake("signal of the layer above in dw3", edit("dw3 = dz3", "dw3 = dy"), "Your dw3 uses the gradient that arrives at layer 4. On its way to w₃ it passes w₄ and the slope of the tanh of layer 3.", alone=True),
        Mistake("signal of the layer above in dw2", edit("dw2 = dz2", "dw2 = dz3"), "Your dw2 uses the gradient that arrives at layer 3. On its way to w₂ it passes w₃ and the slope of the tanh of layer 2.", alone=True),
        Mistake("signal of the layer above in dw1", edit("dw1 = dz1", "dw1 = dz2"), "Your dw1 uses the gradient that arrives at layer 2. On its way to w₁ it passes w₂ and the slope of the tanh of layer 1.", alone=True),
        Mistake("signal of layer 1 in dw2", edit("dw2 = dz2 * h1", "dw2 = dz2 * w2 * (1 - h1**2) * h1"), "Your dw2 uses the gradient that arrives at layer 1: that has gone one layer too far.", alone=True),
        Mistake("signal of layer 2 in dw3", edit("dw3 = dz3 * h2", "dw3 = dz3 * w3 * (1 - h2**2) * h2"), "Your dw3 uses the gradient that arrives at layer 2: that has gone one layer too far.", alone=True),
        Mistake("slope in dw4", edit("dw4 = dy * h3", "dw4 = dy * h3 * (1 - h3**2)"), "Your dw4 holds the slope of the tanh of layer 3. w₄ comes after that tanh: h₃ alone.", alone=True),
        Mistake("h₂ in dw4", edit("dw4 = dy * h3", "dw4 = dy * h2"), "Your dw4 has h₂. What comes into the last layer is h₃.", alone=True),
        Mistake("x in dw4", edit("dw4 = dy * h3", "dw4 = dy * x"), "Your dw4 has x. What comes into the last layer is h₃.", alone=True),
        Mistake("weights from the last", edit("w1, w2, w3, w4 = w", "w4, w3, w2, w1 = w"), "You read the weights from the end: w[0] is w₁, the first layer's.", alone=True, whole=True),
        Mistake("layer 2 from x", edit("np.tanh(w2 * h1)", "np.tanh(w2 * x)"), "On the way forward your layer 2 starts from x. What comes into it is h₁.", alone=True),
        Mistake("layer 3 from h₁", edit("np.tanh(w3 * h2)", "np.tanh(w3 * h1)"), "On the way forward your layer 3 starts from h₁. What comes into it is h₂.", alone=True),
        Mistake("output from h₂", edit("y = w4 * h3", "y = w4 * h2"), "On the way forward your output is w₄h₂. What comes into the last layer is h₃.", alone=True),
        Mistake("signals divided back out", edit("dy * w4", "dw4 / np.float64(h3) * w4", "dz3 * w3", "dw3 / np.float64(h2) * w3", "dz2 * w2", "dw2 / np.float64(h1) * w2"), "You take a factor back out by dividing by an h, and where a weight is 0, that h is 0: 0/0 is NaN. Carry the gradient down from y without its last factor, and multiply only.", alone=True),
        Mistake("h₃ divided back out", edit("dw3 = dz3", "dw3 = dw4 / np.float64(h3) * w4 * (1 - h3**2)"), "For your dw3 you divide dw4 by h₃, which is 0 where a weight before it is 0: 0/0 is NaN. Start from 2(y − t) again.", alone=True),
        Mistake("h₂ divided back out", edit("dw2 = dz2", "dw2 = dw3 / np.float64(h2) * w3 * (1 - h2**2)"), "For your dw2 you divide dw3 by h₂, which is 0 where a weight before it is 0: 0/0 is NaN. Carry the gradient down without its last factor.", alone=True),
    ),
    hints=(
        "Walk back from the loss. Each weight's gradient is the signal that arrives at its layer times what came into that layer.",
        "Five numbers: the loss; ∂L/∂w₄ has two factors, ∂L/∂w₃ four, ∂L/∂w₂ six, ∂L/∂w₁ eight.",
        "∂L/∂w₃ = 2(y − t) · w₄ · tanh'(z₃) · h₂. For w₂ the last factor h₂ is replaced by w₃ · tanh'(z₂) · h₁, and so on.",
    ),
)  # fmt: skip
