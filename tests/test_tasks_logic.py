"""Logic by steep sigmoids: gates and circuits give their truth tables, and almost no gradient."""

import numpy as np
import pytest

from vgcourse.activations import sigmoid, sigmoid_derivative
from vgcourse.tasks import adder_circuit, logic_gate, run_circuit, truth_table, xor_circuit

RULES = {"and": np.logical_and, "or": np.logical_or, "not": np.logical_not}
RULES |= {"nand": lambda p, q: ~(p & q), "nor": lambda p, q: ~(p | q)}


def test_the_weights_are_those_of_the_text():
    conjunction, disjunction, negation = (logic_gate(name) for name in ("and", "or", "not"))
    assert conjunction.weights.tolist() == [100, 100] and conjunction.bias == -150
    assert disjunction.weights.tolist() == [100, 100] and disjunction.bias == -50
    assert negation.weights.tolist() == [-100] and negation.bias == 50  # 100 (1 − P) − 50


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gates_give_their_truth_tables(name, dtype):
    gate = logic_gate(name, dtype=dtype)
    assert {gate.weights.dtype, gate.bias.dtype, gate.inputs.dtype, gate.outputs.dtype} == {np.dtype(dtype)}
    assert (gate.outputs == RULES[name](*gate.inputs.astype(bool).T)).all()
    z = gate.inputs @ gate.weights + gate.bias
    assert np.abs(sigmoid(z) - gate.outputs).max() < 2e-22 or dtype == np.float32
    assert np.abs(sigmoid(z) - gate.outputs).max() <= np.exp(-50) * 1.0001
    assert (100 * sigmoid_derivative(z)).max() < 100 * np.exp(-50) * 1.0001, "expressive, not trainable"


def test_a_gentle_gate_is_less_sure():
    gate = logic_gate("and", steepness=4.0)
    answers = sigmoid(gate.inputs @ gate.weights + gate.bias)
    assert np.abs(answers - gate.outputs).max() == pytest.approx(sigmoid(-2.0))


def test_xor_circuit():
    circuit = xor_circuit()
    assert circuit.outputs[:, 0].tolist() == [0, 1, 1, 0]
    hidden, out = run_circuit(circuit.layers, circuit.inputs)
    assert np.abs(out - circuit.outputs).max() < 1e-21
    assert hidden.round().tolist() == [[0, 1], [1, 1], [1, 1], [1, 0]]


@pytest.mark.parametrize("bits", [1, 2, 3, 6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adder_adds(bits, dtype):
    circuit = adder_circuit(bits, dtype=dtype)
    assert len(circuit.layers) == bits + 1 and circuit.inputs.shape == (4**bits, 2 * bits)
    powers = 2 ** np.arange(bits)[::-1]
    a, b = circuit.inputs[:, :bits] @ powers, circuit.inputs[:, bits:] @ powers
    total = circuit.outputs @ (2 ** np.arange(bits + 1)[::-1])
    assert (total == a + b).all()
    out = run_circuit(circuit.layers, circuit.inputs)[-1]
    assert out.dtype == dtype and np.abs(out - circuit.outputs).max() < 1e-20


def test_half_adder_table():
    assert adder_circuit(1).outputs.tolist() == [[0, 0], [0, 1], [0, 1], [1, 0]]


def test_truth_table_counts_up():
    assert truth_table(2).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert truth_table(1, dtype=np.float32).dtype == np.float32
    assert len(np.unique(truth_table(5), axis=0)) == 32


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: logic_gate("xor"), ValueError, "name is 'xor'; expected one of and, nand, nor, not, or"),
        (lambda: logic_gate("and", steepness=0), ValueError, "steepness is 0; expected a positive"),
        (lambda: logic_gate("and", steepness=np.nan), ValueError, "logic_gate: steepness is nan"),
        (lambda: logic_gate("and", dtype=int), TypeError, "logic_gate: dtype is"),
        (lambda: adder_circuit(0), ValueError, "adder_circuit: bits is 0; expected at least 1"),
        (lambda: adder_circuit(7), ValueError, "bits is 7; expected at most 6"),
        (lambda: adder_circuit(1.5), TypeError, "bits is 1.5"),
        (lambda: truth_table(21), ValueError, "n is 21; expected at most 20"),
        (lambda: run_circuit((), np.ones((1, 2))), ValueError, "layers is empty"),
        (lambda: run_circuit(xor_circuit().layers, np.ones((1, 3))), ValueError, "x has shape (1, 3)"),
        (lambda: run_circuit(xor_circuit().layers, np.ones(2)), ValueError, "x has shape (2,)"),
        (lambda: run_circuit(xor_circuit().layers, np.ones((1, 2), np.float32)), TypeError, "mixed"),
        (lambda: run_circuit(xor_circuit().layers[:1] * 2, np.ones((1, 2))), None, ""),
        (lambda: run_circuit([(np.ones((3, 2)), np.ones(2))], np.ones((1, 2))), ValueError, "b_1 has shape"),
    ],
)
def test_logic_checks_its_arguments(call, error, message):
    if error is None:
        call()
        return
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_layers_are_pairs():
    circuit = xor_circuit()
    with pytest.raises(TypeError, match="run_circuit: layers is NoneType; expected tuple or list"):
        run_circuit(None, circuit.inputs)
    with pytest.raises(TypeError, match=r"run_circuit: layer 2 is 3; expected a pair \(W, b\)"):
        run_circuit((circuit.layers[0], 3), circuit.inputs)
