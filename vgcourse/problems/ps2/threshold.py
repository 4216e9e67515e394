"""Problem set 2 on threshold units: logic with −1 for false and +1 for true, from one steep tanh."""

import numpy as np

from vgcourse.activations import sigmoid, tanh, tanh_derivative
from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.tasks.logic import truth_table

KINDS = ("and", "or", "not")


def threshold_unit(kind, x, gain):
    """P∧Q ≈ tanh(k(P + Q − 1)), P∨Q ≈ tanh(k(P + Q + 1)), ¬P ≈ tanh(−kP) with false −1 and true +1; slopes ∂/∂x.

    x is (N, 2) with columns P, Q, or (N, 1) for "not". Returns value (N,) and slopes (N, n).
    """
    bias = {"and": -1.0, "or": 1.0, "not": 0.0}[kind]
    sign = -1 if kind == "not" else 1
    z = gain * sign * x.sum(axis=1) + gain * bias
    y = tanh(z)
    weight = sign * gain
    slope = weight * tanh_derivative(z)
    return y, np.stack([slope] * x.shape[1], axis=1)


def _sigmoid_units(kind, x, gain):
    """The units for 0 and 1, as they stand."""
    bias = {"and": -1.5, "or": -0.5, "not": 0.5}[kind]
    sign = -1 if kind == "not" else 1
    y = sigmoid(gain * (sign * x.sum(axis=1) + bias))
    return y, np.repeat((sign * gain * y * (1 - y))[:, None], x.shape[1], axis=1)


def _cases(rng):
    cases = []
    for kind in KINDS:
        n = 1 if kind == "not" else 2
        names = (f"value ({kind})", f"slopes ({kind})")
        cases.append(
            Case((kind, rng.uniform(-1, 1, size=(7, n)), float(rng.uniform(1.2, 1.9))), names, batch=7)
        )
        corners = (2 * truth_table(n) - 1).astype(int)  # whole numbers: a type that holds no slope
        cases.append(Case((kind, corners, float(rng.uniform(2, 3))), names))
        one = rng.uniform(0.2, 0.9, size=(1, n)) * rng.choice([-1, 1], size=(1, n))
        cases.append(Case((kind, one, float(rng.uniform(1.2, 1.9))), names))
    return cases


def _slopes_fit(args, out):
    """How far the slopes are from a multiple of 1 − y²."""
    y, slopes = (np.asarray(out[f"{what} ({args[0]})"], dtype=float) for what in ("value", "slopes"))
    shape = np.repeat((1 - y**2)[:, None], slopes.shape[1], axis=1)
    weight = (slopes * shape).sum() / max((shape**2).sum(), 1e-300)
    return relative_error(slopes, weight * shape)


def _alike(args, out):
    slopes = out[f"slopes ({args[0]})"]
    return relative_error(slopes, slopes[:, ::-1])


THRESHOLD_UNIT = Problem(
    name="ps2.threshold_unit",
    reference=threshold_unit,
    cases=_cases,
    points=3,
    lecture='lecture 2, "Saturation"',
    axes={f"{what} ({kind})": ("example", "input")[: 1 + (what == "slopes")] for kind in KINDS for what in ("value", "slopes")},
    invariants=(
        Invariant("slopes belong to the value", _slopes_fit, "Your slopes do not belong to your value. Whatever weights and bias are, the slope of y = tanh(z) is 1 − y² times the same number for every example."),
        Invariant("P and Q alike", _alike, "Your slopes for P and for Q differ. Both inputs have the same weight in these units, so the two columns are equal."),
    ),
    mistakes=(
        Mistake("units for 0 and 1", _sigmoid_units, "These are the lecture's units, for 0 and 1: sigmoids with thresholds at 1.5 and ½. Here false is −1 and true is +1. What are the possible sums P + Q now?", beside_the_point=True),
        Mistake("thresholds for 0 and 1", edit('"and": -1.0', '"and": -1.5', '"or": 1.0', '"or": -0.5', '"not": 0.0', '"not": 0.5'), "Your thresholds are those for 0 and 1. With −1 and +1 the sum P + Q is −2, 0 or 2: between which two of them does AND switch, and between which OR?", beside_the_point=True),
        Mistake("thresholds exchanged", edit('"and": -1.0', '"and": 1.0', '"or": 1.0', '"or": -1.0'), "Your AND is an OR and the other way round. AND needs both inputs, so it switches between the sums 0 and 2; OR between −2 and 0."),
        Mistake("threshold on the corner", edit('"and": -1.0', '"and": -2.0', '"or": 1.0', '"or": 2.0'), "Your threshold lies at a sum of 2 or −2, where inputs sit: there z = 0 and the unit says neither true nor false. Put it halfway between two sums."),
        Mistake("no threshold", edit('"and": -1.0', '"and": 0.0', '"or": 1.0', '"or": 0.0'), "Your AND and OR are the same unit, tanh(gain (P + Q)), which says nothing where P and Q differ. A bias decides that case: down for AND, up for OR."),
        Mistake("AND is an OR", edit('"and": -1.0', '"and": 1.0'), "Your AND is true from one true input on, as an OR is. It needs both inputs, so it switches between the sums 0 and 2."),
        Mistake("OR is an AND", edit('"or": 1.0', '"or": -1.0'), "Your OR wants both inputs, as an AND does. One is enough, so it switches between the sums −2 and 0."),
        Mistake("AND of 0 and 1", edit('"and": -1.0', '"and": -1.5'), "Your AND switches at 1.5, the threshold for 0 and 1. With −1 and +1 the sums are −2, 0 and 2: what is halfway between 0 and 2?"),
        Mistake("OR of 0 and 1", edit('"or": 1.0', '"or": -0.5'), "Your OR switches at ½, the threshold for 0 and 1. With −1 and +1 the sums are −2, 0 and 2: what is halfway between −2 and 0?"),
        Mistake("NOT of 0 and 1", edit('"not": 0.0', '"not": 0.5'), "Your NOT has the threshold ½, the one for 0 and 1. With −1 and +1 the two inputs lie evenly around 0."),
        Mistake("no threshold in AND", edit('"and": -1.0', '"and": 0.0'), "Your AND has no threshold: where P and Q differ it says neither true nor false. A bias pulls it down there."),
        Mistake("no threshold in OR", edit('"or": 1.0', '"or": 0.0'), "Your OR has no threshold: where P and Q differ it says neither true nor false. A bias pushes it up there."),
        Mistake("mean of the inputs", edit("x.sum(axis=1)", "x.mean(axis=1)", "weight = sign * gain", "weight = sign * gain / x.shape[1]"), "You average P and Q. The unit adds them: with a mean the sums −2, 0 and 2 become −1, 0 and 1, and the thresholds no longer lie halfway.", alone=True),
        Mistake("slopes cut to whole numbers", edit("np.stack([slope] * x.shape[1], axis=1)", "np.stack([slope] * x.shape[1], axis=1).astype(x.dtype)"), "Your slopes are cut to whole numbers where x holds whole numbers. An array made like x, as by np.zeros_like(x), has its type: make one of floats."),
        Mistake("thresholds a half from the middle", edit('"and": -1.0', '"and": -0.5', '"or": 1.0', '"or": 0.5'), "Your threshold lies ½ away from a sum of 0. That tells the corners apart, but asked for is the place halfway between two sums, which are 2 apart."),
        Mistake("bias in NOT", edit('"not": 0.0', '"not": 1.0'), "Your NOT has a bias, so one of its two answers is undecided: z = 0. With −1 and +1 the two inputs lie evenly around 0."),
        Mistake("bias of −1 in NOT", edit('"not": 0.0', '"not": -1.0'), "Your NOT has the bias −1, so one of its two answers is undecided: z = 0. With −1 and +1 the two inputs lie evenly around 0."),
        Mistake("gain missing in the bias", edit("gain * bias", "bias"), "Your bias is not multiplied by the gain. The threshold on P + Q is −bias/gain, so a bias of −1 puts it at 1/gain."),
        Mistake("gain missing on the inputs", edit("gain * sign", "sign", " * gain", ""), "Only your bias is multiplied by the gain. Both are, or no input can cross the threshold.", alone=True),
        Mistake("NOT copies", edit("-1 if", "1 if"), "Your NOT is true where P is: it copies. Its weight is negative."),
        Mistake("σ for tanh", edit("= tanh(z)", "= sigmoid(z)"), "Your values lie between 0 and 1. False is −1 here: the unit is a tanh."),
        Mistake("half of z", edit("= tanh(z)", "= 2 * sigmoid(z) - 1"), "Your values are tanh(z/2), as 2σ(z) − 1 is. A tanh is a stretched sigmoid of twice the argument."),
        Mistake("slope of a sigmoid at z", edit("tanh_derivative(z)", "(sigmoid(z) * sigmoid(-z))"), "Your slopes hold σ'(z), a sigmoid's slope. For a tanh it is 1 − y², with y = tanh(z)."),
        Mistake("gain missing in the slopes", edit(" * gain", ""), "The gain is missing in your slopes: by the chain rule ∂z/∂P = ±gain multiplies tanh'(z)."),
        Mistake("gain twice in the slopes", edit(" * gain", " * gain**2"), "Your slopes hold the gain twice. P passes one weight on its way to z."),
        Mistake("sign of the slopes of NOT", edit("weight = sign", "weight = 1"), "Your slope of NOT is positive, while its value falls as P rises."),
        Mistake("tanh' missing", edit("tanh_derivative(z)", "np.ones_like(z)"), "The factor tanh'(z) is missing in your slopes. The tanh stands between z and the value, and its slope is what dies away from the threshold."),
        Mistake("tanh' of the activation", edit("tanh_derivative(z)", "tanh_derivative(y)"), "You take tanh' at y = tanh(z). It belongs at z; with y at hand it reads 1 − y²."),
        Mistake("formula for y used at z", edit("tanh_derivative(z)", "(1 - z**2)"), "You put z into a formula that wants y: tanh' = 1 − y² with y = tanh(z)."),
        Mistake("slope of a sigmoid", edit("tanh_derivative(z)", "y * (1 - y)"), "y(1 − y) is the slope of a sigmoid. For a tanh it is 1 − y²."),
        Mistake("square missing", edit("tanh_derivative(z)", "(1 - y)"), "Your slope has the factor 1 − y. It is 1 − y²: a tanh saturates on both sides."),
        Mistake("no gain", edit("gain * sign", "sign", "gain * bias", "bias", " * gain", ""), "There is no gain in your units. It multiplies everything inside the tanh, and by the chain rule the slopes."),
        Mistake("no gain in z", edit("gain * sign", "sign", "gain * bias", "bias"), "There is no gain inside your tanh. It multiplies the inputs and the bias alike."),
        Mistake("P alone", edit("x.sum(axis=1)", "x[:, 0]"), "Your AND and OR look at P alone: Q has to be in the sum."),
        Mistake("product of the inputs", edit("x.sum(axis=1)", "x.prod(axis=1)"), "You multiply P and Q. The unit adds its inputs; a threshold on the sum makes the gate."),
        Mistake("hard step", lambda kind, x, gain: (np.sign(threshold_unit(kind, x, gain)[0]), threshold_unit(kind, x, gain)[1]), "Your value is a hard step, −1 or +1. The unit is a tanh: between the two it takes every value, and that gives it a slope."),
        Mistake("y² for the slope", edit("tanh_derivative(z)", "y**2"), "Your slope has the factor y². It is 1 − y²: that is what y² lacks from 1.", alone=True),
        Mistake("1 + y²", edit("tanh_derivative(z)", "(1 + y**2)"), "Your slope has the factor 1 + y², above 1. The slope of a tanh is 1 − y².", alone=True),
        Mistake("y for the slope", edit("tanh_derivative(z)", "y"), "Your slope holds y itself. The slope of a tanh is 1 − y².", alone=True),
        Mistake("(1 − y)²", edit("tanh_derivative(z)", "(1 - y) ** 2"), "Your slope has the factor (1 − y)². The square belongs to y alone: 1 − y².", alone=True),
        Mistake("1/cosh", edit("tanh_derivative(z)", "(1 / np.cosh(z))"), "Your slope has the factor 1/cosh z: the square is missing.", alone=True),
        Mistake("slope squared", edit("tanh_derivative(z)", "tanh_derivative(z) ** 2"), "Your slope holds tanh' twice. The inputs pass one tanh.", alone=True),
        Mistake("slopes halved", edit("weight * tanh_derivative(z)", "weight * tanh_derivative(z) / 2"), "Your slopes are halved. Each input has the whole of the weight: nothing is shared out.", alone=True),
        Mistake("slopes times the inputs", edit("np.stack([slope] * x.shape[1], axis=1)", "slope[:, None] * x"), "Your slopes are multiplied by the inputs, as for the derivative with respect to a weight. With respect to the input the weight is the factor.", alone=True),
        Mistake("slopes times the sum", edit("weight * tanh_derivative(z)", "weight * tanh_derivative(z) * x.sum(axis=1)"), "Your slopes are multiplied by P + Q, as for the derivative with respect to the gain. With respect to an input the gain is the factor.", alone=True),
        Mistake("slope for P alone", edit("np.stack([slope] * x.shape[1], axis=1)", "np.stack([slope] + [0 * slope] * (x.shape[1] - 1), axis=1)"), "Your slope for Q is 0. Q has the same weight as P.", alone=True),
        Mistake("bias in the slopes", edit("weight = sign * gain", "weight = (sign + bias) * gain"), "Your slopes hold the bias in the weight. ∂z/∂P is the weight of P alone.", alone=True),
        Mistake("slopes transposed", edit("np.stack([slope] * x.shape[1], axis=1)", "np.stack([slope] * x.shape[1], axis=0)"), "Your slopes have a row for each input. Asked for is x's shape, a row for each example.", alone=True),
        Mistake("one slope for each example", edit("np.stack([slope] * x.shape[1], axis=1)", "slope"), "Your slopes have one axis. Asked for is x's shape, a column for each input.", alone=True),
        Mistake("NAND, NOR and a copy", edit("gain * sign * x.sum(axis=1) + gain * bias", "-(gain * sign * x.sum(axis=1) + gain * bias)"), "Your three gates are turned round: false is where true belongs.", alone=True),
        Mistake("signs of the inputs turned round", edit("gain * sign * x", "-gain * sign * x", "weight = sign", "weight = -sign"), "Your inputs enter with the wrong sign: + for AND and OR, − for NOT.", alone=True),
        Mistake("gain squared", edit("gain * sign * x", "gain**2 * sign * x"), "Your z holds the gain twice on the inputs.", alone=True),
        Mistake("P − Q", edit("x.sum(axis=1)", "(x[:, 0] - x[:, 1:].sum(axis=1))"), "Your AND and OR see P − Q. Both inputs count with the same sign: P + Q.", alone=True),
        Mistake("larger of the inputs", edit("x.sum(axis=1)", "x.max(axis=1)"), "Your AND and OR see the larger of P and Q. The unit adds its inputs.", alone=True),
        Mistake("a σ stretched twice", edit("= tanh(z)", "= 2 * sigmoid(2 * z)"), "Your values are 2σ(z) − 1 with z not doubled, or 2σ(2z): tanh z is 2σ(2z) − 1.", alone=True),
        Mistake("arctan for tanh", edit("= tanh(z)", "= np.arctan(z)"), "Your values are those of arctan. The unit is a tanh.", alone=True),
    ),
    hints=(
        "List the sums P + Q that the four corners have now. Between which two does AND switch, and between which two OR?",
        "The threshold lies halfway between those two sums, and the gain multiplies the difference. For NOT the two inputs already lie evenly around 0.",
        "z = gain · (P + Q − threshold). The slope is tanh'(z) · ∂z/∂P, with ∂z/∂P = ±gain.",
    ),
)  # fmt: skip
