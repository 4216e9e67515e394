"""Logic with steep sigmoids: what nets can express, whether or not they can learn it (McAllester 2020).

A gate is one unit σ(w·x + b), a circuit a list of layers (W, b). With steepness k every
pre-activation is at least k/2 away from 0, so the outputs are within e^(−k/2) of 0 and 1: 2e−22 for k = 100.
For the same reason their gradient is below k·e^(−k/2).
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import (
    as_floats,
    expect_choice,
    expect_count,
    expect_float_dtype,
    expect_number,
    expect_shape,
    expect_type,
)
from vgcourse.activations import sigmoid

# Name: weights and bias in units of the steepness, and the rule itself. P ∧ Q ≈ σ(100 P + 100 Q − 150).
_GATES = {
    "and": ((1, 1), -1.5, lambda p, q: p and q),
    "or": ((1, 1), -0.5, lambda p, q: p or q),
    "nand": ((-1, -1), 1.5, lambda p, q: not (p and q)),
    "nor": ((-1, -1), 0.5, lambda p, q: not (p or q)),
    "not": ((-1,), 0.5, lambda p: not p),
}


class Gate(NamedTuple):
    """One threshold unit: weights (n,), bias, and its truth table, inputs (2ⁿ, n) and outputs (2ⁿ,)."""

    weights: np.ndarray
    bias: float
    inputs: np.ndarray
    outputs: np.ndarray


class Circuit(NamedTuple):
    """Layers ((W (out, in), b (out,)), …) and the truth table, inputs (2ⁿ, n) and outputs (2ⁿ, m)."""

    layers: tuple
    inputs: np.ndarray
    outputs: np.ndarray


def truth_table(n, *, dtype=np.float64):
    """All 2ⁿ rows of n zeros and ones, counting up; shape (2ⁿ, n).

    Raises
    ------
    TypeError, ValueError
        If n is not an integer from 1 to 20, or `dtype` no float type.
    """
    expect_count("truth_table", "n", n, 1)
    if n > 20:
        raise ValueError(f"truth_table: n is {n}; expected at most 20, which makes a million rows.")
    dtype = expect_float_dtype("truth_table", dtype)
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1).astype(dtype)


def logic_gate(name, *, steepness=100.0, dtype=np.float64):
    """The unit σ(w·x + b) that computes "and", "or", "not", "nand" or "nor".

    P ∧ Q ≈ σ(kP + kQ − 3k/2), P ∨ Q ≈ σ(kP + kQ − k/2), ¬P ≈ σ(k(1 − P) − k/2), with k the steepness.

    Parameters
    ----------
    name : "and", "or", "not", "nand" or "nor"
    steepness : k > 0

    Returns
    -------
    Gate

    Raises
    ------
    ValueError
        If there is no such gate, or the steepness is not positive and finite.
    TypeError
        If `dtype` is no float type.
    """
    expect_choice("logic_gate", "name", name, _GATES)
    k, dtype = _steepness("logic_gate", steepness), expect_float_dtype("logic_gate", dtype)
    weights, bias, rule = _GATES[name]
    inputs = truth_table(len(weights), dtype=dtype)
    outputs = np.array([rule(*row) for row in inputs.astype(bool).tolist()]).astype(dtype)
    return Gate((k * np.array(weights)).astype(dtype), dtype.type(k * bias), inputs, outputs)


def xor_circuit(*, steepness=100.0, dtype=np.float64):
    """P ⊕ Q = (P ∨ Q) ∧ ¬(P ∧ Q) in two layers: a hidden OR and NAND, then an AND. Returns a `Circuit`.

    Raises
    ------
    TypeError, ValueError
        As `logic_gate`.
    """
    gates = {name: logic_gate(name, steepness=steepness, dtype=dtype) for name in ("or", "nand", "and")}
    hidden = [gates["or"], gates["nand"]]
    layers = (
        (np.stack([gate.weights for gate in hidden]), np.stack([gate.bias for gate in hidden])),
        (gates["and"].weights[None], gates["and"].bias[None]),
    )
    inputs = gates["and"].inputs
    return Circuit(layers, inputs, (inputs[:, :1] != inputs[:, 1:]).astype(inputs.dtype))


def adder_circuit(bits, *, steepness=100.0, dtype=np.float64):
    """The sum of two numbers of `bits` bits, in bits + 1 layers that ripple the carry.

    Layer i counts the ones among its two bits and the carry: units "at least 1, 2, 3 of them". "At least 2"
    is the next carry; the sum bit "1 or 3" is formed one layer later. All other signals are passed on
    by σ(kP − k/2).

    Parameters
    ----------
    bits : 1 … 6
        Bits of each number; 1 is the half adder.
    steepness : k > 0, as in `logic_gate`

    Returns
    -------
    Circuit
        inputs (4^bits, 2·bits), both numbers with the highest bit first; outputs (4^bits, bits + 1).

    Raises
    ------
    TypeError, ValueError
        If `bits` is not an integer from 1 to 6; else as `logic_gate`.
    """
    expect_count("adder_circuit", "bits", bits, 1)
    if bits > 6:
        raise ValueError(f"adder_circuit: bits is {bits}; expected at most 6, which makes 4096 rows.")
    k, dtype = _steepness("adder_circuit", steepness), expect_float_dtype("adder_circuit", dtype)
    inputs = truth_table(2 * bits, dtype=dtype)
    powers = 2 ** np.arange(bits + 1)[::-1]
    total = inputs[:, :bits] @ powers[1:] + inputs[:, bits:] @ powers[1:]
    outputs = (total.astype(int)[:, None] // powers % 2).astype(dtype)

    signals = [f"a{bit}" for bit in reversed(range(bits))] + [f"b{bit}" for bit in reversed(range(bits))]
    layers = []
    for bit in range(bits + 1):
        units = {}  # name -> (weights by signal, bias), in units of the steepness
        for name in signals:  # what a later layer still needs, and the sum bits that are ready
            if name[0] == "s" or (name[0] in "ab" and int(name[1:]) > bit):
                units[name] = {name: 1}, -0.5
        if bit:
            units[f"s{bit - 1}"] = {"one": 1, "two": -1, "three": 1}, -0.5
        ones = {f"a{bit}": 1, f"b{bit}": 1, "two": 1} if bit else {"a0": 1, "b0": 1}  # "two" is the carry
        if bit < bits:
            units |= {name: (ones, -count + 0.5) for count, name in enumerate(("one", "two", "three"), 1)}
        else:
            units[f"s{bits}"] = {"two": 1}, -0.5
            units = {name: units[name] for name in sorted(units, key=lambda s: -int(s[1:]))}
        W = np.array([[weights.get(signal, 0) for signal in signals] for weights, _ in units.values()])
        b = np.array([bias for _, bias in units.values()])
        layers.append(((k * W).astype(dtype), (k * b).astype(dtype)))
        signals = list(units)
    return Circuit(tuple(layers), inputs, outputs)


def run_circuit(layers, x):
    """The activations of every layer h = σ(h W^T + b), from x (N, n) to the outputs.

    Parameters
    ----------
    layers : ((W (out, in), b (out,)), …), as in a `Circuit`
    x : (N, n) array

    Returns
    -------
    list of len(layers) arrays, the last of them (N, m), the circuit's answer

    Raises
    ------
    TypeError, ValueError
        If there is no layer, one is no pair, a shape does not fit the one before, or precisions are mixed.
    """
    expect_type("run_circuit", "layers", layers, (tuple, list))
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise TypeError(f"run_circuit: layer {number} is {layer!r}; expected a pair (W, b).")
    if len(layers) == 0:
        raise ValueError("run_circuit: layers is empty; expected at least one (W, b).")
    as_floats(
        "run_circuit",
        x=x,
        **{f"{n}_{i}": w for i, layer in enumerate(layers, 1) for n, w in zip("Wb", layer)},
    )
    h, found = np.asarray(x), []
    expect_shape("run_circuit", "W_1", layers[0][0], ("out", "in"))
    expect_shape("run_circuit", "x", h, ("N", np.shape(layers[0][0])[1]))
    for number, (W, b) in enumerate(layers, 1):
        W, b = np.asarray(W), np.asarray(b)
        expect_shape("run_circuit", f"W_{number}", W, ("out", h.shape[1]))
        expect_shape("run_circuit", f"b_{number}", b, (len(W),))
        h = sigmoid(h @ W.T + b)
        found.append(h)
    return found


def _steepness(where, steepness):
    return expect_number(where, "steepness", steepness, "a positive, finite number", lambda k: k > 0)
