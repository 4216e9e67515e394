"""Problem set 7, an investigation: the forget bias at which an LSTM without output gate neither fades nor explodes.

The answer is one number for each size of the inputs. What it does is measured here, with eight nets side by
side: 100 steps, and the derivative of the last memory with respect to the first, some 40 ms.
"""

import functools

import numpy as np

from vgcourse.activations import sigmoid
from vgcourse.collect.plain import describe
from vgcourse.problems.edits import edit
from vgcourse.problems.measured import as_numbers, known
from vgcourse.problems.problem import Case, Invariant, Mistake, Problem

SIZES = (0.5, 1.75, 3.0)  # standard deviation of the inputs
FOUND = {0.5: 1.45, 1.75: 3.55, 3.0: 6.1}
STEPS, NETS, UNITS = 100, 8, 24
WITHIN = 4.0

# --- level_bias ------------------------------------------------------------------------------------


def level_bias(size):
    """The b with E[ln ‖∂c_100/∂c_0‖/√H] = 0, found by halving an interval; near f + κ = 1, (10.22)."""
    bias = FOUND[size]
    return bias


@functools.lru_cache(maxsize=512)
def reach(size, bias, seed=6):
    """Mean of ln(‖∂c_T/∂c_0‖/√H) over nets with c = f ⊙ c + i ⊙ g and h = tanh(c), weights of variance 1/H."""
    rng = np.random.default_rng(seed)
    W, U = rng.normal(size=(2, NETS, 3 * UNITS, UNITS)) / np.sqrt(UNITS)
    h = c = np.zeros((NETS, UNITS, 1))
    dc, dh = np.eye(UNITS) + np.zeros((NETS, 1, 1)), np.zeros((NETS, UNITS, UNITS))
    for x in size * rng.normal(size=(STEPS, NETS, UNITS, 1)):
        i, f, g = np.split(U @ x + W @ h, 3, axis=1)
        i, f, g = sigmoid(i), sigmoid(f + bias), np.tanh(g)
        di, df, dg = np.split(W @ dh, 3, axis=1)
        dc = f * dc + c * f * (1 - f) * df + g * i * (1 - i) * di + i * (1 - g**2) * dg
        c = f * c + i * g
        h = np.tanh(c)
        dh = (1 - h**2) * dc
    squares = (dc**2).sum(axis=(1, 2)) / UNITS
    return float(np.mean(np.log(np.maximum(squares, 1e-300))) / 2)


def _measured(output, args):
    """ln of the derivative's size, 0 inside the band; then what is known of a wrong answer, else 1.

    It would do as a gate (2), with the other sign (3), at another size (4), or it is near (5).
    """
    bias = as_numbers(output, "one number, the forget bias")
    bias = bias.reshape(()) if bias.size == 1 else bias
    if bias.shape != () or not abs(float(bias)) < 100:  # also NaN
        raise TypeError(f"is {describe(output)}; expected one number between −100 and 100, the forget bias")
    (size,), bias = args, float(bias)
    found = reach(size, bias)
    if _level(found):
        return np.array([0.0, 1.0])
    if 0 < bias < 1 and _level(reach(size, float(np.log(bias / (1 - bias))))):
        return np.array([found, 2.0])
    if bias < 0 and _level(reach(size, -bias)):
        return np.array([found, 3.0])
    if 1 < bias < 9 and any(_level(reach(other, bias)) for other in SIZES if other != size):
        return np.array([found, 4.0])
    return np.array([found, 5.0 if abs(found) <= 2 * np.log(WITHIN) else 1.0])


def _level(found):
    return abs(found) <= np.log(WITHIN)


def _cases(rng):
    return [Case((size,), (f"inputs of size {size:g}",)) for size in SIZES]


def _at(size, sign):
    """For an Invariant: how far ln of the derivative's size is on one side, at one size of the inputs."""

    def residual(args, outputs):
        (measured,) = outputs.values()
        return max(0.0, sign * float(measured[0])) if args[0] == size else 0.0

    return residual


LEVEL_BIAS = Problem(
    name="ps7.level_bias",
    reference=level_bias,
    cases=_cases,
    adapt=_measured,
    exact=True,
    each=True,
    points=4,
    lecture='lecture 10, "LSTM"',
    invariants=(
        Invariant("as a gate it would do", known(1, 2.0), "As a gate your number would do. The net takes a bias, f = σ(b + …): turn it with ln(p/(1 − p))."),
        Invariant("with the other sign it would do", known(1, 3.0), "With the other sign your number would do: a negative bias shuts the gate, and f = 1 keeps."),
        Invariant("at another size it would do", known(1, 4.0), "A bias of yours would be level at another of the three sizes. The level bias rises with the size of the inputs."),
        Invariant("near", known(1, 5.0), "A bias of yours is near: the derivative is at most 16, or at least 1/16. Aim for the middle of the band, where the mean of the logarithms is 0."),
        *(Invariant(f"grows at size {s:g}", _at(s, 1), f"At size {s:g} the derivative over 100 steps is more than 4: the forget gate is open too far.") for s in SIZES),
        *(Invariant(f"fades at size {s:g}", _at(s, -1), f"At size {s:g} the derivative over 100 steps is less than 1/4: the forget gate is shut too far.") for s in SIZES),
    ),
    mistakes=(
        Mistake("the usual advice", lambda size: 1.0, "You return 1, the usual advice, for every size. Measure: at size 1.75 and 3 next to nothing is left after 100 steps, and at 0.5 less than 1/4."),
        Mistake("the lecture's 3", lambda size: 3.0, "You return 3, the lecture's LSTM at inputs of size 1. This cell has no output gate, and the inputs have another size: measure for each."),
        Mistake("the lecture's 3 times the size", lambda size: 3.0 * size, "You scale the lecture's 3 with the size of the inputs. The bias rises with the size, but not in proportion, and this cell has no output gate: measure for each."),
        Mistake("the lecture's 3 over the size", lambda size: 3.0 / size, "You divide the lecture's 3 by the size of the inputs. Large inputs saturate the candidate, κ gets smaller, and f has to be larger: the bias rises with the size."),
        Mistake("the size itself", lambda size: float(size), "You return the size of the inputs. The bias rises with it, but is larger: measure for each."),
        Mistake("the middle one for all", lambda size: FOUND[1.75], "You return one bias for all sizes, that of the middle one. Each size has its own: κ falls as the inputs grow."),
        Mistake("the smallest one for all", lambda size: FOUND[0.5], "You return one bias for all sizes, that of the smallest. Each size has its own: κ falls as the inputs grow."),
        Mistake("the largest one for all", lambda size: FOUND[3.0], "You return one bias for all sizes, that of the largest. Each size has its own: κ falls as the inputs grow."),
        Mistake("the carousel alone", lambda size: float(np.log(STEPS - 1)), "You return ln 99, (10.7). That holds for the gates alone; the way through the candidate adds to it, and for small inputs it explodes."),
        Mistake("the hand example", lambda size: float(np.log(9)), "You return ln 9 for every size. That was the bias for κ = 0.1; κ is another number for each size, and moves with the bias."),
        Mistake("no bias", lambda size: 0.0, "You return 0. The gates stand at one half, and nothing is left after 100 steps."),
        Mistake("wide open", lambda size: 10.0, "You return a bias so large that the gate is open whatever comes. Then the way through the candidate makes the derivative grow."),
        Mistake("sign of the bias", edit("return bias", "return -bias"), "Your bias is negative: the gate is nearly shut. f = 1 keeps."),
        Mistake("gate for bias", edit("return bias", "return float(sigmoid(bias))"), "You return the gate itself. The net takes a bias, f = σ(b + …)."),
        Mistake("sizes exchanged", edit("FOUND[size]", "FOUND[{0.5: 3.0, 3.0: 0.5}.get(size, size)]"), "Your biases fall as the inputs grow. Large inputs saturate the candidate, κ gets smaller, and f has to be larger."),
    ),
    hints=(
        "(10.19) without an output gate: κ is the mean of i tanh'(a_g) times the mean of tanh'(c). What does a larger input do to both?",
        "f + κ = 1 is a first estimate, somewhat high or low since (10.22) leaves out powers of T. `reach` measures; it grows with the bias.",
        "Halve an interval: from 0 to 8, eight times, keep the half in which `reach` crosses 0. Do it for each size.",
    ),
)  # fmt: skip
