"""Problem set 4, an investigation: two gate biases with which a deep net keeps signal and gradient, gates ajar.

The answer is two numbers. What they do is measured here: one pass forward and one back, 5 ms at 100 layers.
"""

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

OPEN = 0.4  # the new value has to come in with at least this weight
LAYERS = (25, 50, 100)
UNITS, ROWS = 40, 12
SLOPE = 0.55  # mean of tanh'(z)² near its resting place

# --- two_biases ------------------------------------------------------------------------------------


def two_biases(L):
    """b_g = σ⁻¹(g) and b_k = σ⁻¹(k) with k² + g² E[tanh'²] = 1: neither signal nor gradient grows or fades by e in L layers."""
    g = 0.45
    k = np.sqrt(1 - SLOPE * g**2)
    b_g, b_k = np.log(g / (1 - g)), np.log(k / (1 - k))
    return b_g, b_k


def _logit(p):
    return float(np.log(p / (1 - p)))


def measure(L, b_g, b_k, seed=0):
    """‖∂L/∂h_0‖/‖∂L/∂h_L‖ and rms(h_L)/rms(h_0) of L layers g c + k h, gates with weights zero, n Var(w) = 1."""
    rng = np.random.default_rng(seed)
    h, dh = rng.normal(size=(2, ROWS, UNITS))
    g, k, tape, start, end = sigmoid(b_g), sigmoid(b_k), [], np.linalg.norm(h), np.linalg.norm(dh)
    for _ in range(L):
        W = rng.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS)
        c = np.tanh(h @ W.T)
        tape.append((W, c))
        h = g * c + k * h
    for W, c in reversed(tape):
        dh = k * dh + (g * dh * (1 - c**2)) @ W
    return np.linalg.norm(dh) / end, np.linalg.norm(h) / start


def _outside(ratio):
    """1 inside the factor e, else the ratio."""
    ratio = float(np.nan_to_num(ratio, nan=np.inf))
    return 1.0 if 1 / np.e <= ratio <= np.e else float(np.clip(ratio, 1e-300, 1e300))


def _measured(output, args):
    """Gradient and signal, each as a ratio, how open the gate is, up to what is asked, and what would do instead."""
    biases = as_numbers(output, "two numbers, b_g and b_k")
    biases = biases.ravel() if biases.size == 2 else biases
    if biases.shape != (2,):
        raise TypeError(f"is {describe(output)}; expected two numbers, b_g and b_k")
    if not (np.abs(biases) < 500).all():  # also NaN
        raise TypeError("holds NaN or a number beyond 500; expected two biases, b_g and b_k")
    found = _asked(*args, *biases)
    return np.array([*found, 1.0 if _fits(found) else _instead(*args, *biases)])


def _asked(L, b_g, b_k):
    gradient, signal = measure(L, b_g, b_k)
    return _outside(gradient), _outside(signal), min(float(sigmoid(b_g)) / OPEN, 1.0)


def _fits(found):
    return all(number == 1 for number in found)


def _instead(L, b_g, b_k):
    """What is known of a wrong answer: which neighbour of it would do (2, 3, 7, 8), what its gates add up to (4, 5, 6); else 1."""
    if b_k < b_g and _fits(_asked(L, b_k, b_g)):
        return 2.0
    if 0 < min(b_g, b_k) <= max(b_g, b_k) < 1 and _fits(_asked(L, _logit(b_g), _logit(b_k))):
        return 3.0
    if max(b_g, b_k) < 0 and _fits(_asked(L, _logit(np.exp(b_g)), _logit(np.exp(b_k)))):
        return 7.0
    if _fits(_asked(L, -b_g, -b_k)):
        return 8.0
    g, k = float(sigmoid(b_g)), float(sigmoid(b_k))
    if abs(g + k - 1) < 1e-3:
        return 4.0
    if abs(g**2 + k**2 - 1) < 1e-3:
        return 5.0
    gradient, signal, _ = _asked(L, b_g, b_k)
    return 6.0 if k > 0.98 and max(gradient, signal) > 1 else 1.0


def _cases(rng):
    return [Case((L,), (f"{L} layers",)) for L in LAYERS]


def _beyond(place, sign):
    """How far one of the first three numbers is from 1, on one side."""
    return lambda args, outputs: max(0.0, sign * float(np.log(next(iter(outputs.values()))[place])))


TWO_BIASES = Problem(
    name="ps4.two_biases",
    reference=two_biases,
    cases=_cases,
    adapt=_measured,
    exact=True,
    points=4,
    lecture='lecture 6, "Residual and highway nets"',
    invariants=(
        Invariant("exchanged they would do", known(3, 2.0), "With your two biases exchanged a net would do all that is asked: b_g, the new value's, comes first."),
        Invariant("as gates they would do", known(3, 3.0), "As gates your two numbers would do. The net takes biases, g = σ(b_g): turn them with ln(p/(1 − p))."),
        Invariant("logarithms of gates", known(3, 7.0), "Your numbers are ln g and ln k of two gates that fit. σ has another inverse: ln(p/(1 − p))."),
        Invariant("signs turned", known(3, 8.0), "With both signs turned your biases fit: σ(−b) is 1 − σ(b), and the inverse of σ is ln(p/(1 − p))."),
        Invariant("one gate", known(3, 4.0), "Your σ(b_g) + σ(b_k) is 1, as in the lecture's highway: k = 1 − g. Here the carry has a bias of its own."),
        Invariant("squares of the gates", known(3, 5.0), "Your σ(b_g)² + σ(b_k)² is 1. On the way back the new value's share passes the tanh too, and its slope is below 1: the carry has to make up for it."),
        Invariant("nearly all carried", known(3, 6.0), "Your σ(b_k) is nearly 1: next to everything is carried, and the new value comes on top, so that the net grows. Carry a little less."),
        Invariant("the gradient fades", _beyond(0, -1), "In some net the gradient at the bottom is less than 1/e of that at the top: the gates let too little back."),
        Invariant("the gradient grows", _beyond(0, 1), "In some net the gradient at the bottom is more than e times that at the top: carry less, or let less in."),
        Invariant("the signal fades", _beyond(1, -1), "In some net h_L is less than 1/e as long as h_0: the signal is forgotten."),
        Invariant("the signal grows", _beyond(1, 1), "In some net h_L is more than e times as long as h_0."),
        Invariant("the gate is shut", _beyond(2, -1), "Your σ(b_g) is below 0.4: the net hardly takes anything new in."),
    ),
    mistakes=(
        Mistake("gates that add up to 1", edit("np.sqrt(1 - SLOPE * g**2)", "1 - g"), "Your two gates add up to 1, as in the lecture's highway. With 0.4 let in only 0.6 are carried, and both signals are gone after 50 layers. Here the carry has a bias of its own."),
        Mistake("the lecture's bias", lambda L: (-float(np.log(L - 1)), float(np.log(L - 1))), "You use (6.9), a gate of 1/L. That is right for one gate, but here the new value has to come in with at least 0.4."),
        Mistake("carry of 1", edit("np.sqrt(1 - SLOPE * g**2)", "1 - 1e-12"), "You carry everything and add the new value on top: that is a residual net of scale 0.4 or more, and its gradient grows, by (6.11)."),
        Mistake("squares of the gates add up to 1", edit("SLOPE * ", ""), "Your g² + k² is 1. On the way back the new value's share passes the tanh too, and its slope is below 1: the gradient fades. Let the carry make up for it."),
        Mistake("both gates half open", lambda L: (0.0, 0.0), "Both gates are half open. What is left of the carry after 50 layers is 0.5⁵⁰."),
        Mistake("weights for biases", edit("return b_g, b_k", "return g, k"), "You return g and k themselves. The net takes biases: g = σ(b_g), so b_g = ln(g/(1 − g))."),
        Mistake("gate shut", edit("0.45", "1e-3"), "You shut the first gate: everything is carried, and nothing ever computed. Let at least 0.4 of the new value in."),
        Mistake("biases exchanged", edit("return b_g, b_k", "return b_k, b_g"), "Your biases are exchanged: b_g first, then b_k. As it is, the net takes in nearly all that is new and carries less than half of the old."),
    ),
    hints=(
        "Square and average, as for (6.10) and (6.11). What are the mean squares of k h and of g c, and what does each of the two paths back multiply the gradient's mean square by?",
        "Backwards a layer multiplies by k² + g² E[tanh'²], because n Var(w) is 1. For which k is that 1? Measure E[(1 − c²)²] in a net that works, a little above one half.",
        "Take a g a little above 0.4: the condition on the mean square then says what k has to be. The inverse of σ is ln(p/(1 − p)). Does anything of it depend on L?",
    ),
)  # fmt: skip
