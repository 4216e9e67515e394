"""Problem set 2 on circuits of threshold units: a full adder, and an XOR with its slopes."""

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.check.problem import Case, Invariant, Mistake, Problem
from vgcourse.gradcheck import relative_error
from vgcourse.tasks.logic import truth_table

# --- full_adder ------------------------------------------------------------------------------------


def full_adder(bits, gain):
    """Sum and carry of three bits: with u_j = σ(k(A + B + C − j + ½)), "at least j ones",

    carry = u_2 and sum = σ(k(u_1 − u_2 + u_3 − ½)). Any other right circuit passes too.
    """
    return _adder(bits, gain)


def _adder(bits, gain, *, used=slice(None), adds=None, carries=None, first_gain=True):
    gain = float(gain)
    one, two, three = (
        _unit(bits[:, used].sum(axis=1), j - 0.5, gain if first_gain else 1.0) for j in (1, 2, 3)
    )
    if adds is None:
        total = _unit(one - two + three, 0.5, gain)
    else:
        total = adds(one, two, three, bits)
    return total, two if carries is None else carries(one, two, three, bits)


def _unit(total, threshold, gain):
    return sigmoid(gain * (total - threshold))


def _on_the_count(bits, gain):
    """Thresholds where the counts are."""
    one, two, three = (_unit(bits.sum(axis=1), j, gain) for j in (1, 2, 3))
    return _unit(one - two + three, 0.5, gain), two


def _adder_cases(rng):
    """All eight rows and four more, in any order."""
    cases = []
    for _ in range(2):
        rows = truth_table(3)[rng.permutation(np.r_[:8, rng.integers(8, size=4)])]
        cases.append(Case((rows, float(rng.uniform(40, 100))), ("sum", "carry")))
    return cases


FULL_ADDER = Problem(
    name="ps2.full_adder",
    reference=full_adder,
    family=_adder,
    cases=_adder_cases,
    points=2,
    lecture='lecture 2, "Saturation"',
    axes={"sum": ("example",), "carry": ("example",)},
    invariants=(
        Invariant("2 carry + sum counts the ones", lambda args, out: relative_error(2 * out["carry"] + out["sum"], args[0].sum(axis=1)), "2 · carry + sum is not A + B + C in some row. Print the eight rows of the truth table beside both of your results."),
    ),
    mistakes=(
        Mistake("carry-in ignored", dict(used=slice(2)), "You add A and B alone. A full adder has three bits coming in: the third is the carry from the digit below."),
        Mistake("carry-in not in the sum", dict(adds=lambda one, two, three, b: (b[:, 0] != b[:, 1]) * 1.0), "Your sum is A ⊕ B. The carry-in changes it too: (A ⊕ B) ⊕ C."),
        Mistake("carry-in not in the carry", dict(carries=lambda one, two, three, b: b[:, 0] * b[:, 1]), "Your carry is A ∧ B. Two ones among all three bits make a carry, so A ∧ C and B ∧ C do as well."),
        Mistake("carry-in always carried", dict(carries=lambda one, two, three, b: np.maximum(b[:, 0] * b[:, 1], b[:, 2])), "Your carry is (A ∧ B) ∨ C. A single one at C is no carry: C counts only if A or B is one too."),
        Mistake("carry from one", dict(carries=lambda one, two, three, b: one), "Your carry is 1 as soon as one bit is. It takes two ones: at least 2 of A + B + C."),
        Mistake("carry from three", dict(carries=lambda one, two, three, b: three), "Your carry is 1 only if all three bits are. It takes two: at least 2 of A + B + C."),
        Mistake("exactly two", dict(carries=lambda one, two, three, b: two - three), "Your carry is 0 for 1 + 1 + 1. Three ones make 3 = 2 + 1: sum and carry are both 1."),
        Mistake("carry (A ∧ B) ⊕ C", dict(carries=lambda one, two, three, b: (b[:, 0] * b[:, 1] != b[:, 2]) * 1.0), "Your carry is (A ∧ B) ⊕ C. It takes two ones among the three bits: (A ∧ B) ∨ (C ∧ (A ⊕ B))."),
        Mistake("sum of three ones", dict(adds=lambda one, two, three, b: one - two), "Your sum is 0 for 1 + 1 + 1: it is \"at least one and not two\". Three ones make 3 = 2 + 1, so \"at least three\" switches the sum on again."),
        Mistake("sum is OR", dict(adds=lambda one, two, three, b: one), "Your sum is 1 for two ones. The sum is 1 for an odd number of ones, 1 or 3."),
        Mistake("sum upside down", dict(adds=lambda one, two, three, b: 1 - (one - two + three)), "Your sum is 1 where it has to be 0, and 0 where it has to be 1: it tells an even number of ones."),
        Mistake("sum (A ∨ B) ⊕ C", dict(adds=lambda one, two, three, b: (np.maximum(b[:, 0], b[:, 1]) != b[:, 2]) * 1.0), "Your sum is (A ∨ B) ⊕ C. The first two bits are joined by an exclusive or as well: (A ⊕ B) ⊕ C."),
        Mistake("results exchanged", lambda bits, gain: _adder(bits, gain)[::-1], "Your two results are exchanged: the sum comes first, then the carry."),
        Mistake("count for sum", dict(adds=lambda one, two, three, b: b.sum(axis=1)), "Your sum is A + B + C. Two ones leave 0 and a carry, three leave 1: the sum is one binary digit."),
        Mistake("threshold on the count", _on_the_count, "Your units sit exactly on the counts: with one bit set, σ(gain (1 − 1)) = ½. Put thresholds halfway between, at 0.5, 1.5 and 2.5."),
        Mistake("gain missing in the first layer", dict(first_gain=False), "Your first units have no gain, so they are far from 0 and 1. Every unit of the circuit is steep: σ(gain · (count − threshold))."),
    ),
    hints=(
        "Count the ones. Which counts switch the carry on, and which the sum?",
        "Three units see A + B + C: at least 1, at least 2, at least 3, with thresholds at 0.5, 1.5 and 2.5. One of them is the carry.",
        "The sum is on for \"at least 1\", off again for \"at least 2\", on again for \"at least 3\": one more unit with weights +gain, −gain, +gain and a threshold of ½.",
    ),
)  # fmt: skip


# --- xor_net ---------------------------------------------------------------------------------------


def xor_net(x, gain):
    """P ⊕ Q = (P ∨ Q) ∧ ¬(P ∧ Q) in two layers, and its slopes through both paths.

    o = σ(kP + kQ − 0.5k), n = σ(−kP − kQ + 1.5k), y = σ(k o + k n − 1.5k);
    ∂y/∂P = k σ'(z_y) [k σ'(z_o) − k σ'(z_n)]. Returns value (N,) and slopes (N, 2).
    """
    return _xor(x, gain)


SLOPES = {
    "σ'(z)": sigmoid_derivative,
    "σ'(σ(z))": lambda z: sigmoid_derivative(sigmoid(z)),
    "1 − σ²": lambda z: 1 - sigmoid(z) ** 2,
    "1": np.ones_like,
}


def _two_ands(x, gain):
    """(P ∧ ¬Q) ∨ (¬P ∧ Q) in place of OR, NAND, AND."""
    k, difference = float(gain), x[:, 0] - x[:, 1]
    a, b = sigmoid(k * (difference - 0.5)), sigmoid(k * (-difference - 0.5))
    y = sigmoid(k * (a + b - 0.5))
    slope = k * y * (1 - y) * k * (a * (1 - a) - b * (1 - b))
    return y, np.stack([slope, -slope], axis=1)


PATHS = {  # of the weights, NAND's holds the sign
    "difference": lambda by_or, by_nand: by_or + by_nand,
    "added": lambda by_or, by_nand: by_or + np.abs(by_nand),
    "OR": lambda by_or, by_nand: by_or,
    "NAND": lambda by_or, by_nand: by_nand,
    "product": lambda by_or, by_nand: by_or * by_nand,
}


def _xor(
    x,
    gain,
    *,
    nand=-1,
    out_bias=-1.5,
    slope="σ'(z)",
    out_slope=None,
    gains=2,
    paths="difference",
):
    """xor_net with exchangeable parts."""
    k = float(gain)
    z_o, z_n = k * (x.sum(axis=1) - 0.5), nand * k * (x.sum(axis=1) - 1.5)
    o, n = sigmoid(z_o), sigmoid(z_n)
    z_y = k * (o + n + out_bias)
    s_o, s_n = (SLOPES[slope](z) for z in (z_o, z_n))
    by_input = k**gains * SLOPES[out_slope or slope](z_y) * PATHS[paths](s_o, nand * s_n)
    return sigmoid(z_y), np.stack([by_input, by_input], axis=1)


def _xor_cases(rng):
    return [
        Case((rng.uniform(-0.2, 1.2, size=(8, 2)), float(rng.uniform(3, 5))), ("value", "slopes"), batch=8),
        Case((truth_table(2), float(rng.uniform(6, 8))), ("value", "slopes"), batch=4),
    ]


XOR_NET = Problem(
    name="ps2.xor_net",
    reference=xor_net,
    family=_xor,
    cases=_xor_cases,
    points=4,
    lecture='lecture 2, "Saturation"',
    axes={"value": ("example",), "slopes": ("example", "input")},
    invariants=(
        Invariant("P and Q alike", lambda args, out: relative_error(out["slopes"], out["slopes"][:, ::-1]), "Your slopes by P and by Q differ. The circuit treats both inputs alike, so the two columns are equal."),
        Invariant("no slope on the diagonal", lambda args, out: float(np.abs(out["slopes"][np.abs(args[0].sum(axis=1) - 1) < 1e-9]).max(initial=0) / np.abs(out["slopes"]).max()), "Where P + Q = 1 your slopes are not 0. OR and NAND are equally far from their thresholds there, and their slopes cancel."),
    ),
    mistakes=(
        Mistake("AND for NAND", dict(nand=1), "Your second hidden unit is P ∧ Q. XOR needs its negation: OR and not both."),
        Mistake("another circuit", _two_ands, "You build (P ∧ ¬Q) ∨ (¬P ∧ Q). It is an XOR too; the circuit asked for is (P ∨ Q) ∧ ¬(P ∧ Q), and between the corners their values differ."),
        Mistake("OR at the output", dict(out_bias=-0.5), "Your output unit is an OR: it is on for almost every input, as OR or NAND always is. Both have to be on: its threshold is 1.5."),
        Mistake("threshold on the corner", dict(out_bias=-2.0), "Your output's threshold is 2, which is where both hidden units put it: the answer is ½ where it should be 1. Put it halfway, at 1.5."),
        Mistake("path through NAND missing", dict(paths="OR"), "Your slopes follow P through OR only. P also acts through NAND: where paths join, their gradients add."),
        Mistake("path through OR missing", dict(paths="NAND"), "Your slopes follow P through NAND only. P also acts through OR: where paths join, their gradients add."),
        Mistake("sign of the NAND path", dict(paths="added"), "You add both paths with the same sign. NAND has the weights −gain, so its path comes with a minus."),
        Mistake("paths multiplied", dict(paths="product"), "You multiply the two paths. Factors along one path multiply; different paths from P to y add."),
        Mistake("gain once", dict(gains=1), "One factor gain is missing in your slopes: P passes two layers of weights, one gain each."),
        Mistake("gain missing", dict(gains=0), "Both factors gain are missing in your slopes: P passes two layers of weights, one gain each."),
        Mistake("gain three times", dict(gains=3), "Your slopes hold the gain three times. P passes two layers of weights, one gain each."),
        Mistake("σ' missing at the output", dict(out_slope="1"), "Your slopes have no σ' of the output unit: y = σ(z_y) is a sigmoid too."),
        Mistake("σ' of the activation", dict(slope="σ'(σ(z))"), "You take σ' at the activation. It belongs at z: with y at hand write y(1 − y)."),
        Mistake("slope of a tanh", dict(slope="1 − σ²"), "1 − y² is the slope of a tanh. For a sigmoid it is y(1 − y)."),
    ),
    hints=(
        "Two hidden units see P and Q, one output unit sees both of them. P reaches the output on two paths.",
        "∂y/∂P = ∂y/∂o · ∂o/∂P + ∂y/∂n · ∂n/∂P. Each of the four factors is a weight, +gain or −gain, times σ' of its unit.",
        "∂y/∂o = gain · σ'(z_y) and ∂n/∂P = −gain · σ'(z_n). The slopes by Q are the same; np.stack([s, s], axis=1) makes the two columns.",
    ),
)  # fmt: skip
