"""Problem set 2 on circuits of threshold units: a full subtractor, and an XOR with its slopes."""

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.gradcheck import relative_error
from vgcourse.problems.edits import edit
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem
from vgcourse.tasks.logic import truth_table

# --- full_subtractor -------------------------------------------------------------------------------


def full_subtractor(bits, gain):
    """Difference and borrow of A − B − C: with s = B + C − A and u_j = σ(k(s − j + ½)), "s is at least j",

    borrow = u_1 and difference = σ(k(½ − u_0 + u_1 − u_2)). Any other right circuit passes too.
    """
    A, B, C = bits.T
    s = B + C - A
    u0, u1, u2 = unit(s, -0.5, gain), unit(s, 0.5, gain), unit(s, 1.5, gain)
    borrow = u1
    difference = unit(1 - u0 + u1 - u2, 0.5, gain)
    return difference, borrow


def unit(total, threshold, gain):
    """1 where total is above the threshold, else 0, nearly."""
    return sigmoid(gain * (total - threshold))


def quotient(z):
    """A sigmoid that overflows."""
    return np.exp(z) / (1 + np.exp(z))


def _subtractor_cases(rng):
    """All eight rows and four more, in any order; a gain for which e^(gain) is infinite; a single row."""
    cases = []
    for gain in (rng.uniform(40, 100), rng.uniform(800, 1200)):
        rows = truth_table(3)[rng.permutation(np.r_[:8, rng.integers(8, size=4)])]
        cases.append(Case((rows, float(gain)), ("difference", "borrow")))
    cases.append(
        Case((truth_table(3)[[rng.integers(8)]], float(rng.uniform(40, 100))), ("difference", "borrow"))
    )
    return cases


def _subtracts(args, out):
    a, b, c = args[0].T
    return relative_error(out["difference"] - 2 * out["borrow"], a - b - c)


def _decided(output, args):
    """What is nearly 0 or 1 counts as that: circuits differ in how near they come."""

    def one(part):
        array = np.asarray(part)
        if array.dtype.kind != "f":
            return part
        return np.where(np.abs(array - np.rint(array)) < 1e-4, np.rint(array), array)

    if isinstance(output, (tuple, list)):
        return tuple(one(part) for part in output)
    return one(output) if isinstance(output, np.ndarray) else output


def _undecided(args, out):
    """How far the results are from both 0 and 1."""
    return float(max(np.minimum(np.abs(v), np.abs(v - 1)).max() for v in out.values()))


FULL_SUBTRACTOR = Problem(
    name="ps2.full_subtractor",
    reference=full_subtractor,
    helpers=(unit,),
    cases=_subtractor_cases,
    adapt=_decided,
    points=3,
    lecture='lecture 2, "Saturation"',
    axes={"difference": ("example",), "borrow": ("example",)},
    invariants=(
        Invariant("difference − 2 borrow is A − B − C", _subtracts, "Your difference − 2 · borrow is not A − B − C in some row. Print the eight rows of the truth table beside both of your results."),
        Invariant("0 or 1", _undecided, "Some of your results are neither close to 0 nor close to 1. Is gain in every unit of your circuit, and does each threshold lie halfway between two sums?"),
    ),
    mistakes=(
        Mistake("borrow-in ignored", edit("B + C - A", "B - A"), "You subtract B from A and leave C out. A full subtractor has three bits coming in: the third is what the digit below has borrowed."),
        Mistake("borrow-in not in the difference", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "(A != B) * 1.0"), "Your difference is A ⊕ B. The borrow-in changes it too."),
        Mistake("borrow-in not in the borrow", edit("borrow = u1", "borrow = unit(B - A, 0.5, gain)"), "Your borrow is ¬A ∧ B. What the digit below has borrowed counts as well: try A = B = 1 with C = 1."),
        Mistake("a carry for the borrow", edit("borrow = u1", "borrow = (A + B + C >= 2) * 1.0"), "Your borrow is an adder's carry: two ones among three bits. You borrow where B + C is larger than A.", beside_the_point=True),
        Mistake("borrow always with C", edit("borrow = u1", "borrow = np.maximum((1 - A) * B, C)"), "You borrow whenever C is 1. With A = 1 and B = 0 there is enough: 1 − 0 − 1 = 0."),
        Mistake("borrow from equal on", edit("borrow = u1", "borrow = u0"), "You borrow where B + C equals A as well. There the difference is 0, and nothing is borrowed."),
        Mistake("borrow from two", edit("borrow = u1", "borrow = u2"), "You borrow only where two are missing. One is enough: 0 − 1 needs a borrow, and so does 1 − 1 − 1."),
        Mistake("borrow only if one is missing", edit("borrow = u1", "borrow = u1 - u2"), "You do not borrow for 0 − 1 − 1. That is −2: difference 0 and borrow 1."),
        Mistake("borrow undecided for equal", edit("borrow = u1", "borrow = np.where(B + C == A, 0.5, u1)"), "Your borrow is ½ where B + C equals A: the threshold lies at 0, where a sum sits. Put it halfway between 0 and 1."),
        Mistake("borrow for each of B and C", edit("borrow = u1", "borrow = (1 - A) * (B + C)"), "Your borrow is ¬A ∧ B plus ¬A ∧ C. That is 2 for 0 − 1 − 1, and it misses 1 − 1 − 1: B ∧ C borrows whatever A is."),
        Mistake("borrow for B or C", edit("borrow = u1", "borrow = (1 - A) * np.maximum(B, C)"), "Your borrow is ¬A ∧ (B ∨ C). That misses 1 − 1 − 1: B ∧ C borrows whatever A is."),
        Mistake("borrow whatever A is", edit("borrow = u1", "borrow = np.maximum(B, C)"), "Your borrow is B ∨ C, and A has no say in it. With A = 1 and one of the two there is enough: 1 − 1 − 0 = 0."),
        Mistake("borrow only for B and C", edit("borrow = u1", "borrow = B * C"), "Your borrow is B ∧ C. That misses 0 − 1 − 0 and 0 − 0 − 1: with A = 0 either of them is more than there is."),
        Mistake("difference of any bit", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "np.maximum(np.maximum(A, B), C)"), "Your difference is 1 wherever any bit is 1. It is 1 where an odd number of them is: 1 − 1 − 0 = 0."),
        Mistake("difference of a single bit", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "(A + B + C == 1) * 1.0"), "Your difference is 1 only where a single bit is 1. It is 1 for 1 − 1 − 1 as well: −1 = 1 − 2 · 1."),
        Mistake("borrow added once", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "A - B - C + u1"), "Your difference is A − B − C plus one borrow. A borrow is worth two: A − B − C + 2 · borrow."),
        Mistake("borrow the wrong way round", edit("borrow = u1", "borrow = 1 - u1"), "You borrow where A is large enough, and not where it is too small."),
        Mistake("A and B exchanged", edit("B + C - A", "A + C - B"), "You compute B − A − C. The first column is what is subtracted from."),
        Mistake("columns from the right", edit("A, B, C = bits.T", "C, B, A = bits.T"), "You compute C − B − A. The columns are A, B and C, in this order: the first is what is subtracted from."),
        Mistake("borrow-in added", edit("B + C - A", "B - A - C"), "You compute A + C − B. What the digit below has borrowed is taken away, like B."),
        Mistake("difference upside down", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "u0 - u1 + u2"), "Your difference is 1 where it has to be 0, and 0 where it has to be 1: it is 1 where A − B − C is odd."),
        Mistake("difference of two missing", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "1 - u0 + u1"), "Your difference is 1 for 0 − 1 − 1. That is −2 = 0 − 2 · 1: difference 0, borrow 1."),
        Mistake("difference 0 with a borrow", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "1 - u0"), "Your difference is 1 only where 1 is left over. Where 1 is missing you borrow 2, and 1 is left of those: −1 = 1 − 2 · 1."),
        Mistake("a number for a digit", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "A - B - C"), "Your difference is A − B − C itself, which may be −2 or −1. The difference is one binary digit, the borrow the rest."),
        Mistake("absolute difference", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "np.abs(A - B - C)"), "Your difference is |A − B − C|, which is 2 for 0 − 1 − 1. It is one binary digit: −2 = 0 − 2 · 1."),
        Mistake("borrow for one of B and C", edit("borrow = u1", "borrow = (1 - A) * (B != C)"), "Your borrow is ¬A ∧ (B ⊕ C). That misses B ∧ C, which borrows whatever A is."),
        Mistake("borrow where B and C differ", edit("borrow = u1", "borrow = (B != C) * 1.0"), "Your borrow is B ⊕ C, in which A has no say. You borrow where B + C is larger than A."),
        Mistake("borrow without A", edit("borrow = u1", "borrow = np.maximum(1 - A, B * C)"), "You borrow whenever A is 0. With B and C at 0, too, there is nothing to borrow for: 0 − 0 − 0 = 0."),
        Mistake("borrow taken away", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "A - B - C - borrow"), "Your difference is A − B − C less the borrow. A borrow brings two to this digit: A − B − C + 2 · borrow."),
        Mistake("results of −1 and +1", edit("return difference, borrow", "return 2 * difference - 1, 2 * borrow - 1"), "Your results are −1 and +1. In this circuit false is 0 and true is 1: the units are σ, not tanh."),
        Mistake("results exchanged", edit("return difference, borrow", "return borrow, difference"), "Your two results are exchanged: the difference comes first, then the borrow."),
        Mistake("threshold on the count", edit("unit(s, -0.5, gain), unit(s, 0.5, gain), unit(s, 1.5, gain)", "unit(s, 0, gain), unit(s, 1, gain), unit(s, 2, gain)"), "Your units sit exactly on the counts: where B + C − A is 1, σ(gain (1 − 1)) = ½. Put thresholds halfway between."),
        Mistake("gain missing in the first layer", edit("unit(s, -0.5, gain), unit(s, 0.5, gain), unit(s, 1.5, gain)", "unit(s, -0.5, 1), unit(s, 0.5, 1), unit(s, 1.5, 1)"), "Your first units have no gain, so they are far from 0 and 1. Every unit of the circuit is steep: σ(gain · (count − threshold))."),
        Mistake("borrow: B against A, difference made with it", edit("borrow = u1", "borrow = unit(B - A, 0.5, gain)", "unit(1 - u0 + u1 - u2, 0.5, gain)", "unit(2 * borrow - s, 0.5, gain)"), "Your borrow is ¬A ∧ B, and your difference is made with it. What the digit below has borrowed counts as well: try A = B = 1 with C = 1.", alone=True, whole=True),
        Mistake("borrow: two missing, difference made with it", edit("borrow = u1", "borrow = u2", "unit(1 - u0 + u1 - u2, 0.5, gain)", "unit(2 * borrow - s, 0.5, gain)"), "Your borrow needs two to be missing, a threshold of 1.5, and your difference is made with it. One is enough: 0 − 1 − 0 borrows.", alone=True, whole=True),
        Mistake("borrow: B or C, difference made with it", edit("borrow = u1", "borrow = np.maximum(B, C)", "unit(1 - u0 + u1 - u2, 0.5, gain)", "unit(2 * borrow - s, 0.5, gain)"), "Your borrow is B ∨ C, and your difference is made with it. With A = 1 and one of the two there is enough.", alone=True, whole=True),
        Mistake("borrow: B and C, difference made with it", edit("borrow = u1", "borrow = B * C", "unit(1 - u0 + u1 - u2, 0.5, gain)", "unit(2 * borrow - s, 0.5, gain)"), "Your borrow is B ∧ C, and your difference is made with it. With A = 0 either of them is more than there is.", alone=True, whole=True),
        Mistake("borrow: ¬A and (B or C), difference made with it", edit("borrow = u1", "borrow = (1 - A) * np.maximum(B, C)", "unit(1 - u0 + u1 - u2, 0.5, gain)", "unit(2 * borrow - s, 0.5, gain)"), "Your borrow is ¬A ∧ (B ∨ C), and your difference is made with it. That misses 1 − 1 − 1.", alone=True, whole=True),
        Mistake("borrow: C against A alone", edit("borrow = u1", "borrow = (C > A) * 1.0"), "Your borrow is ¬A ∧ C. B counts as well: 0 − 1 − 0 borrows.", alone=True),
        Mistake("borrow: A", edit("borrow = u1", "borrow = A"), "Your borrow is A. You borrow where B + C is larger than A.", alone=True),
        Mistake("borrow: ¬A", edit("borrow = u1", "borrow = 1 - A"), "Your borrow is ¬A, whatever B and C are. 0 − 0 − 0 borrows nothing.", alone=True),
        Mistake("borrow: A and (B or C)", edit("borrow = u1", "borrow = A * np.maximum(B, C)"), "Your borrow is A ∧ (B ∨ C). You borrow where A is too small, not where it is 1.", alone=True),
        Mistake("borrow: a count", edit("borrow = u1", "borrow = u1 + u2"), "Your borrow counts what is missing, up to 2. It is one bit: on where anything is missing.", alone=True),
        Mistake("borrow: never", edit("borrow = u1", "borrow = 0.0 * A"), "Your borrow is never on. You borrow where B + C is larger than A.", alone=True),
        Mistake("borrow: always B", edit("borrow = u1", "borrow = B"), "Your borrow is B. A and C have a say in it, too.", alone=True),
        Mistake("difference: A and C", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "(A != C) * 1.0"), "Your difference is A ⊕ C: B is left out of it.", alone=True),
        Mistake("difference: B and C", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "(B != C) * 1.0"), "Your difference is B ⊕ C: A is left out of it.", alone=True),
        Mistake("difference: two of three", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "(A + B + C > 1.5) * 1.0"), "Your difference is on where two bits are, as the carry of an adder. It is on where an odd number of bits is.", alone=True),
        Mistake("difference: one missing", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "u1 - u2"), "Your difference is on only where exactly one is missing. It is on for 1 − 0 − 0, too.", alone=True),
        Mistake("difference: borrow for it", edit("unit(1 - u0 + u1 - u2, 0.5, gain)", "u1"), "Your difference is the borrow. It is on where A − B − C is odd.", alone=True),
        Mistake("threshold of the last unit at 0", edit("1 - u0 + u1 - u2, 0.5, gain", "1 - u0 + u1 - u2, 0.0, gain"), "The last unit of your difference has its threshold at 0, where a sum sits: put it halfway.", alone=True),
        Mistake("threshold of the last unit at 1", edit("1 - u0 + u1 - u2, 0.5, gain", "1 - u0 + u1 - u2, 1.0, gain"), "The last unit of your difference has its threshold at 1, where a sum sits: put it halfway.", alone=True),
        Mistake("gain missing in the last unit", edit("1 - u0 + u1 - u2, 0.5, gain", "1 - u0 + u1 - u2, 0.5, 1.0"), "The last unit of your difference has no gain, so it is far from 0 and 1.", alone=True),
        Mistake("threshold outside of the gain", edit("(gain * (total - threshold))", "(gain * total - threshold)", within=unit), "Your threshold is not multiplied by the gain: σ(k · sum − ½) switches at a sum near 0. Put it in the bracket, σ(k (sum − ½)).", alone=True, whole=True),
        Mistake("threshold added", edit("(total - threshold)", "(total + threshold)", within=unit), "You add the threshold: σ(k (sum + ½)) switches at −½. It is subtracted.", alone=True, whole=True),
        Mistake("everything added", edit("B + C - A", "A + B + C"), "Your units see A + B + C. A counts the other way: B + C − A is what is missing.", alone=True, whole=True),
        Mistake("σ as a quotient of exponentials", edit("sigmoid(gain * (total - threshold))", "quotient(gain * (total - threshold))", within=unit), "Your σ is e^z/(1 + e^z), and e^z is infinite for the large k: ∞/∞ is NaN. 1/(1 + e^(−z)) stays finite.", alone=True, whole=True),
        Mistake("σ as a quotient of exponentials, by the borrow", edit("borrow = u1", "borrow = quotient(gain * (s - 0.5))", "unit(1 - u0 + u1 - u2, 0.5, gain)", "quotient(gain * (2 * borrow - s - 0.5))"), "Your σ is e^z/(1 + e^z), and e^z is infinite for the large k: ∞/∞ is NaN. 1/(1 + e^(−z)) stays finite.", alone=True, whole=True),
        Mistake("σ as a quotient of exponentials in the borrow", edit("borrow = u1", "borrow = quotient(gain * (s - 0.5))"), "The σ of your borrow is e^z/(1 + e^z), and e^z is infinite for the large k: ∞/∞ is NaN. 1/(1 + e^(−z)) stays finite.", alone=True),
    ),
    hints=(
        "Write s = B + C − A beside the eight rows: −1, 0, 1 or 2. For which of them do you borrow, and for which is the difference 1?",
        "Three units see s, with thresholds halfway between its values: s ≥ 0, s ≥ 1, s ≥ 2. One of them is the borrow.",
        "The difference is on at s = −1, off at 0, on at 1, off at 2: one more unit, whose bias switches it on and each of the three units in turn off, on, off.",
    ),
)  # fmt: skip


# --- xor_net ---------------------------------------------------------------------------------------


def xor_net(x, gain):
    """P ⊕ Q = (P ∧ ¬Q) ∨ (¬P ∧ Q) in two layers, and its slopes through both paths.

    a = σ(k(P − Q − ½)), b = σ(k(Q − P − ½)), y = σ(k(a + b − ½));
    ∂y/∂P = kσ'(z_y) [kσ'(z_a) − kσ'(z_b)] = −∂y/∂Q. Returns value (N,) and slopes (N, 2).
    """
    P, Q = x.T
    bias = -0.5 * gain
    z_a, z_b = gain * (P - Q) + bias, gain * (Q - P) + bias
    a, b = sigmoid(z_a), sigmoid(z_b)
    z_y = gain * (a + b) + bias
    y = sigmoid(z_y)
    s_a, s_b = sigmoid_derivative(z_a), sigmoid_derivative(z_b)
    dP = gain**2 * sigmoid_derivative(z_y) * (s_a - s_b)
    return y, np.stack([dP, -dP], axis=1)


def _or_nand(x, gain):
    """(P ∨ Q) ∧ ¬(P ∧ Q), the circuit of the lecture."""
    k, total = float(gain), x.sum(axis=1)
    o, n = sigmoid(k * (total - 0.5)), sigmoid(k * (1.5 - total))
    y = sigmoid(k * (o + n - 1.5))
    slope = k * k * y * (1 - y) * (o * (1 - o) - n * (1 - n))
    return y, np.stack([slope, slope], axis=1)


def _xor_cases(rng):
    return [
        Case((rng.uniform(-0.2, 1.2, size=(8, 2)), float(rng.uniform(3, 5))), ("value", "slopes"), batch=8),
        Case((truth_table(2).astype(int), float(rng.uniform(6, 8))), ("value", "slopes"), batch=4),
        Case((rng.uniform(0.6, 0.9, size=(1, 2)) * [1, 0.2], float(rng.uniform(3, 5))), ("value", "slopes")),
    ]


def _diagonal(args, out):
    slopes = np.abs(out["slopes"])
    return float(
        slopes[np.abs(args[0][:, 0] - args[0][:, 1]) < 1e-9].max(initial=0) / max(slopes.max(), 1e-300)
    )


XOR_NET = Problem(
    name="ps2.xor_net",
    reference=xor_net,
    cases=_xor_cases,
    points=4,
    lecture='lecture 2, "Saturation"',
    axes={"value": ("example",), "slopes": ("example", "input")},
    invariants=(
        Invariant("P and Q opposed", lambda args, out: relative_error(out["slopes"], -out["slopes"][:, ::-1]), "Your slope for Q is not the negative of that for P. Both hidden units see P − Q or Q − P alone, so moving both inputs together changes nothing."),
        Invariant("no slope on the diagonal", _diagonal, "Where P = Q your slopes are not 0. Both hidden units are equally far from their thresholds there, and the two paths cancel."),
    ),
    mistakes=(
        Mistake("OR and NAND", _or_nand, "You build (P ∨ Q) ∧ ¬(P ∧ Q), the lecture's circuit. It is an XOR too; the one asked for is (P ∧ ¬Q) ∨ (¬P ∧ Q), and between the corners their values differ.", beside_the_point=True),
        Mistake("no unit at the output", edit("y = sigmoid(z_y)", "y = a + b", "gain**2 * sigmoid_derivative(z_y)", "gain"), "You add the two hidden units and stop there. The OR of them is a third unit, with a gain, a threshold and a slope of its own.", whole=True),
        Mistake("one hidden unit for both", edit("gain * (Q - P) + bias", "gain * (P - Q) + bias"), "Your two hidden units are the same. One is for P without Q, the other for Q without P.", alone=True),
        Mistake("sum for the difference", edit("gain * (P - Q) + bias, gain * (Q - P) + bias", "gain * (P + Q) + bias, gain * (P + Q) + bias"), "Your hidden units add P and Q. P ∧ ¬Q weighs Q with −gain.", alone=True),
        Mistake("AND at the output", edit("(a + b) + bias", "(a + b) + 3 * bias"), "Your output unit is an AND of two hidden units that are never on together. One of them is enough."),
        Mistake("threshold on the corner", edit("(a + b) + bias", "(a + b) + 2 * bias"), "Your output's threshold is 1, which is where one hidden unit puts it: the answer is ½ where it should be 1. Put it halfway, at ½."),
        Mistake("hidden thresholds at 1.5", edit("(P - Q) + bias", "(P - Q) + 3 * bias", "(Q - P) + bias", "(Q - P) + 3 * bias"), "Your hidden units never switch on: P − Q is 1 at most, and their threshold is 1.5. Put it between 0 and 1."),
        Mistake("hidden bias missing", edit("(P - Q) + bias", "(P - Q)", "(Q - P) + bias", "(Q - P)"), "Your hidden units have no bias: for P = Q both are at ½. They have to be off there."),
        Mistake("gain missing in the biases", edit("-0.5 * gain", "-0.5"), "Your biases are not multiplied by the gain: a threshold on P − Q is −bias/gain, so a bias of −½ puts it close to 0."),
        Mistake("path through b missing", edit("s_a - s_b", "s_a"), "Your slopes follow P ∧ ¬Q only. P also acts through ¬P ∧ Q: where paths join, their gradients add."),
        Mistake("path through a missing", edit("s_a - s_b", "-s_b"), "Your slopes follow ¬P ∧ Q only. P also acts through P ∧ ¬Q: where paths join, their gradients add."),
        Mistake("sign of a path", edit("s_a - s_b", "s_a + s_b"), "You add both paths of an input with the same sign. P enters one hidden unit with +gain and the other with −gain."),
        Mistake("slopes of the paths multiplied", edit("s_a - s_b", "s_a * s_b"), "You multiply the slopes of the two paths. Factors along one path multiply; different paths from P to y add."),
        Mistake("size of the slopes", edit("[dP, -dP]", "[np.abs(dP), -np.abs(dP)]"), "Your slope for P is never negative. Where Q is on and P off, P switches the output off: there it is."),
        Mistake("paths multiplied", edit("s_a - s_b", "-s_a * s_b"), "You multiply the two paths. Factors along one path multiply; different paths from P to y add."),
        Mistake("slopes for P and Q alike", edit("[dP, -dP]", "[dP, dP]"), "Your two columns are equal. That holds in a circuit that sees P + Q; here every hidden unit weighs P and Q with opposite signs."),
        Mistake("slopes for P and Q exchanged", edit("[dP, -dP]", "[-dP, dP]"), "Your two columns have the signs exchanged: the first belongs to P."),
        Mistake("gain once", edit("gain**2", "gain"), "One factor gain is missing in your slopes: P passes two layers of weights, one gain each."),
        Mistake("gain missing", edit("gain**2 * ", ""), "Both factors gain are missing in your slopes: P passes two layers of weights, one gain each."),
        Mistake("gain three times", edit("gain**2", "gain**3"), "Your slopes hold the gain three times. P passes two layers of weights, one gain each."),
        Mistake("σ' missing at the output", edit("sigmoid_derivative(z_y) * ", ""), "Your slopes have no σ' of the output unit: y = σ(z_y) is a sigmoid too."),
        Mistake("σ' missing in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "np.ones_like(a), np.ones_like(b)"), "Your slopes have no σ' of the hidden units, so the two paths, +gain and −gain, cancel to 0 everywhere. Each path passes its own unit's slope."),
        Mistake("activation for σ' in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "a, b"), "Your slopes hold the activations a and b of the hidden units where their slopes belong: a(1 − a) and b(1 − b)."),
        Mistake("half of σ' in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "1 - a, 1 - b"), "Your hidden units have the slopes 1 − a and 1 − b. A sigmoid's slope is a(1 − a): it has two factors."),
        Mistake("slope of a tanh in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "1 - a**2, 1 - b**2"), "1 − a² is the slope of a tanh. Your hidden units are sigmoids: a(1 − a) and b(1 − b)."),
        Mistake("σ' of the activation in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "sigmoid_derivative(a), sigmoid_derivative(b)"), "In the hidden units you take σ' at the activation. It belongs at z_a and z_b: with a at hand write a(1 − a)."),
        Mistake("σ' of the activation at the output", edit("sigmoid_derivative(z_y)", "sigmoid_derivative(y)"), "At the output you take σ' at y. It belongs at z_y: with y at hand write y(1 − y)."),
        Mistake("activation for σ' at the output", edit("sigmoid_derivative(z_y)", "y"), "Your slopes hold y where the output's slope belongs: y(1 − y)."),
        Mistake("slope of a tanh at the output", edit("sigmoid_derivative(z_y)", "(1 - y**2)"), "1 − y² is the slope of a tanh. Your output is a sigmoid: y(1 − y)."),
        Mistake("one path for each input", edit("(s_a - s_b)", "np.array([s_a, s_b])", "[dP, -dP]", "dP"), "Your slope for P follows the unit a alone, and that for Q the unit b alone. Each input acts through both: where paths join, their gradients add."),
        Mistake("σ' of the activation", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "sigmoid_derivative(a), sigmoid_derivative(b)", "sigmoid_derivative(z_y)", "sigmoid_derivative(y)"), "You take σ' at the activation. It belongs at z: with y at hand write y(1 − y)."),
        Mistake("slope of a tanh", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "1 - a**2, 1 - b**2", "sigmoid_derivative(z_y)", "(1 - y**2)"), "1 − y² is the slope of a tanh. For a sigmoid it is y(1 − y)."),
        Mistake("slope for P alone", edit("[dP, -dP]", "[dP, 0 * dP]"), "Your slope for Q is 0. Q reaches y through both hidden units, with the signs exchanged.", alone=True),
        Mistake("Q through b alone", edit("[dP, -dP]", "[dP, gain**2 * sigmoid_derivative(z_y) * s_b]"), "Your slope for Q follows b alone. It also acts through a, with −gain.", alone=True),
        Mistake("sizes of both slopes", edit("[dP, -dP]", "[np.abs(dP), np.abs(dP)]"), "Your slopes are never negative. Each input switches the output off where the other one is on.", alone=True),
        Mistake("divided by the gain", edit("gain**2 *", "1 / gain**2 *"), "Your slopes are divided by the gain twice. Each layer of weights multiplies by it.", alone=True),
        Mistake("gain added twice", edit("gain**2", "2 * gain"), "Your slopes hold 2 · gain. Along one path factors multiply: gain².", alone=True),
        Mistake("slopes of the units added", edit("sigmoid_derivative(z_y) * (s_a - s_b)", "(sigmoid_derivative(z_y) + s_a - s_b)"), "You add the slopes of the output and the hidden units. Along one path factors multiply.", alone=True),
        Mistake("z(1 − z) at the output", edit("sigmoid_derivative(z_y)", "(z_y * (1 - z_y))"), "Your slopes hold z_y(1 − z_y). The formula y(1 − y) wants the output.", alone=True),
        Mistake("z(1 − z) in the hidden units", edit("sigmoid_derivative(z_a), sigmoid_derivative(z_b)", "z_a * (1 - z_a), z_b * (1 - z_b)"), "Your hidden units have the slopes z(1 − z). The formula a(1 − a) wants the output.", alone=True),
        Mistake("σ' squared at the output", edit("sigmoid_derivative(z_y)", "sigmoid_derivative(z_y) ** 2"), "Your slopes hold the output's σ' twice.", alone=True),
        Mistake("slopes cut to whole numbers", edit("np.stack([dP, -dP], axis=1)", "np.stack([dP, -dP], axis=1).astype(x.dtype)"), "Your slopes are cut to whole numbers where x holds whole numbers. An array made like x, as by np.zeros_like(x), has its type: make one of floats.", alone=True),
        Mistake("slopes transposed", edit("[dP, -dP], axis=1", "[dP, -dP], axis=0"), "Your slopes have a row for each input. Asked for is a row for each example, (N, 2).", alone=True),
        Mistake("gain missing at the output", edit("gain * (a + b) + bias", "(a + b) + bias"), "Your output's weights have no gain: σ(k(a + b − ½)).", alone=True, whole=True),
        Mistake("gain missing in the hidden units", edit("gain * (P - Q) + bias, gain * (Q - P) + bias", "(P - Q) + bias, (Q - P) + bias"), "Your hidden units' weights have no gain, only their bias does: σ(k(P − Q − ½)).", alone=True, whole=True),
        Mistake("no gain at all", edit("gain * (P - Q) + bias, gain * (Q - P) + bias", "(P - Q) - 0.5, (Q - P) - 0.5", "gain * (a + b) + bias", "(a + b) - 0.5", "gain**2 * ", ""), "There is no gain in your circuit. It multiplies every bracket, and by the chain rule the slopes.", alone=True, whole=True),
        Mistake("thresholds added", edit("-0.5 * gain", "0.5 * gain"), "Your thresholds have the wrong sign: σ(k(… − ½)).", alone=True, whole=True),
        Mistake("output bias missing", edit("(a + b) + bias", "(a + b)"), "Your output unit has no bias: σ(k(a + b)) is never below ½.", alone=True, whole=True),
        Mistake("hidden units multiplied", edit("gain * (a + b) + bias", "gain * (a * b) + bias"), "Your output unit sees a · b. They are added.", alone=True, whole=True),
        Mistake("hidden units subtracted", edit("gain * (a + b) + bias", "gain * (a - b) + bias"), "Your output unit sees a − b. They are added: either of them switches it on.", alone=True, whole=True),
        Mistake("Q twice added in b", edit("gain * (Q - P) + bias", "gain * (Q + P) + bias"), "Your second hidden unit sees Q + P. It is for Q without P: Q − P.", alone=True, whole=True),
        Mistake("larger hidden unit for the output", edit("y = sigmoid(z_y)", "y = np.maximum(a, b)"), "Your value is the larger of a and b. The OR of them is a third unit.", alone=True),
        Mistake("value turned round", edit("y = sigmoid(z_y)", "y = 1 - sigmoid(z_y)"), "Your value is 1 − y: it is 1 where P and Q are alike.", alone=True),
        Mistake("tanh at the output", edit("y = sigmoid(z_y)", "y = np.tanh(z_y)"), "Your value is a tanh. All three units are sigmoids.", alone=True),
    ),
    hints=(
        "Two hidden units see P and Q, one output unit sees both of them. P reaches the output on two paths, with different signs.",
        "∂y/∂P = ∂y/∂a · ∂a/∂P + ∂y/∂b · ∂b/∂P. Each of the four factors is a weight, +gain or −gain, times σ' of its unit.",
        "∂y/∂a = gain · σ'(z_y) and ∂a/∂P = gain · σ'(z_a), ∂a/∂Q = −gain · σ'(z_a). What are the two for b?",
    ),
)  # fmt: skip
