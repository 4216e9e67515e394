"""Problem set 2 on threshold units: logic from one steep sigmoid, and the slope that comes with it."""

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error
from vgcourse.tasks.logic import logic_gate, truth_table

KINDS = ("and", "or", "not")


def threshold_unit(kind, x, gain):
    """P∧Q ≈ σ(kP + kQ − 1.5k), P∨Q ≈ σ(kP + kQ − 0.5k), ¬P ≈ σ(k(1 − P) − 0.5k), and the slopes ∂/∂x.

    x is (N, 2) with columns P, Q, or (N, 1) for "not". Returns value (N,) and slopes (N, n).
    """
    gate = logic_gate(kind, steepness=float(gain))
    z = x @ gate.weights + gate.bias
    return sigmoid(z), sigmoid_derivative(z)[:, None] * gate.weights


SLOPES = {
    "σ'(z)": lambda z: sigmoid_derivative(z),
    "σ'(σ(z))": lambda z: sigmoid_derivative(sigmoid(z)),
    "σ": sigmoid,
    "1 − σ": lambda z: sigmoid(-z),
    "1 − σ²": lambda z: 1 - sigmoid(z) ** 2,
    "1": np.ones_like,
}


BIASES = {  # in units of the gain
    "halfway": {"and": -1.5, "or": -0.5, "not": 0.5},
    "exchanged": {"and": -0.5, "or": -1.5, "not": 0.5},
    "corner": {"and": -2.0, "or": -1.0, "not": 0.5},
    "sign": {"and": 1.5, "or": 0.5, "not": -0.5},
    "NOT copies": {"and": -1.5, "or": -0.5, "not": -0.5},
    "NOT without 1": {"and": -1.5, "or": -0.5, "not": -0.5},
}


def _unit(
    kind,
    x,
    gain,
    *,
    thresholds="halfway",
    bias_gain=True,
    input_gain=True,
    slope="σ'(z)",
    slope_gain=1,
    slope_sign=True,
):
    """A threshold unit with exchangeable parts."""
    gain = float(gain)
    sign = -1 if kind == "not" and thresholds != "NOT copies" else 1
    bias = BIASES[thresholds][kind]
    z = x.sum(axis=1) * sign * (gain if input_gain else 1) + bias * (gain if bias_gain else 1)
    weight = (sign if slope_sign else 1) * gain**slope_gain
    return sigmoid(z), np.repeat(weight * SLOPES[slope](z)[:, None], x.shape[1], axis=1)


def _hard_step(kind, x, gain):
    value, slopes = threshold_unit(kind, x, gain)
    return np.round(value), slopes


def _cases(rng):
    cases = []
    for kind in KINDS:
        n = 1 if kind == "not" else 2
        names = (f"value ({kind})", f"slopes ({kind})")
        cases.append(Case((kind, rng.uniform(size=(7, n)), float(rng.uniform(2.5, 4))), names, batch=7))
        cases.append(Case((kind, truth_table(n), float(rng.uniform(4, 6))), names))
    return cases


def _slopes_fit(args, out):
    kind, x, gain = args
    y, slopes = out[f"value ({kind})"], out[f"slopes ({kind})"]
    weight = -gain if kind == "not" else gain
    return relative_error(slopes, np.repeat(weight * (y * (1 - y))[:, None], x.shape[1], axis=1))


def _alike(args, out):
    slopes = out[f"slopes ({args[0]})"]
    return relative_error(slopes, slopes[:, ::-1])


THRESHOLD_UNIT = Problem(
    name="ps2.threshold_unit",
    reference=threshold_unit,
    family=_unit,
    cases=_cases,
    points=3,
    lecture='lecture 2, "Saturation"',
    axes={f"{what} ({kind})": ("example", "input")[: 1 + (what == "slopes")] for kind in KINDS for what in ("value", "slopes")},
    invariants=(
        Invariant("slopes belong to the value", _slopes_fit, "Your slopes do not belong to your value. Whatever the bias, the slope of y = σ(z) by an input is the weight times y(1 − y)."),
        Invariant("P and Q alike", _alike, "Your slopes by P and by Q differ. Both inputs have the same weight in these units, so the two columns are equal."),
    ),
    mistakes=(
        Mistake("thresholds exchanged", dict(thresholds="exchanged"), "Your AND is an OR and the other way round. AND needs both inputs, so its threshold lies between 1 and 2; OR's lies between 0 and 1."),
        Mistake("threshold on the corner", dict(thresholds="corner"), "Your thresholds lie at 2 and at 1, where inputs sit: there z = 0 and the unit says ½. Put them halfway, at 1.5 for AND and 0.5 for OR."),
        Mistake("gain missing in the bias", dict(bias_gain=False), "Your bias is not multiplied by the gain. The threshold on P + Q is −bias/gain, so a bias of −1.5 puts it at 1.5/gain, near 0: for AND the bias is −1.5 · gain."),
        Mistake("gain missing on the inputs", dict(input_gain=False, slope_gain=0), "Only your bias is multiplied by the gain. Both are: z = gain · (P + Q − threshold), or no input can cross it."),
        Mistake("sign of the bias", dict(thresholds="sign"), "Your biases have the wrong sign. AND and OR subtract a threshold from P + Q; NOT starts at +½ gain and goes down as P rises."),
        Mistake("NOT copies", dict(thresholds="NOT copies"), "Your NOT is large where P is 1: it copies. Its weight is negative: σ(gain (1 − P) − gain/2)."),
        Mistake("NOT without 1 − P", dict(thresholds="NOT without 1"), "Your NOT is σ(−gain P − gain/2), which is small for both inputs. The 1 in 1 − P adds a whole gain to the bias, which ends at +gain/2."),
        Mistake("gain missing in the slopes", dict(slope_gain=0), "The gain is missing in your slopes: by the chain rule ∂z/∂P = gain multiplies σ'(z)."),
        Mistake("gain twice in the slopes", dict(slope_gain=2), "Your slopes hold the gain twice. P passes one weight on its way to z: ∂z/∂P = gain, once."),
        Mistake("sign of the slopes of NOT", dict(slope_sign=False), "Your slope of NOT is positive, while its value falls as P rises: ∂z/∂P = −gain."),
        Mistake("σ' missing", dict(slope="1"), "The factor σ'(z) is missing in your slopes. The sigmoid stands between z and the value, and its slope is what dies away from the threshold."),
        Mistake("σ' of the activation", dict(slope="σ'(σ(z))"), "You take σ' at y = σ(z). It belongs at z: σ'(z) = y(1 − y)."),
        Mistake("1 − σ missing", dict(slope="σ"), "Your slope has the factor σ(z) and not the other one: σ' = σ(1 − σ). Without it the unit seems to learn best where it is saturated at 1."),
        Mistake("σ missing", dict(slope="1 − σ"), "Your slope has the factor 1 − σ(z) and not the other one: σ' = σ(1 − σ)."),
        Mistake("slope of a tanh", dict(slope="1 − σ²"), "1 − y² is the slope of a tanh. For a sigmoid it is y(1 − y)."),
        Mistake("hard step", _hard_step, "Your value is a hard step, 0 or 1. The unit is the sigmoid of gain · (P + Q − threshold): between the two it takes every value, and that gives it a slope."),
    ),
    hints=(
        "Each unit is one sigmoid of a straight function of the inputs. Where has the argument to be positive, and where negative?",
        "AND: positive only if P + Q is above 1.5. OR: above 0.5. NOT: if 1 − P is above 0.5. The gain multiplies the difference.",
        "z = gain · (P + Q − 1.5) for AND. The slope by P is σ'(z) · ∂z/∂P, and σ'(z) = σ(z)σ(−z) keeps its digits where 1 − σ(z) loses them.",
    ),
)  # fmt: skip
