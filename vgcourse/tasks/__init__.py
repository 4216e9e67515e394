"""Data to learn from: real digits, toy problems, logic circuits, and sequences with a gap to bridge.

Sequence tasks are time-major and come as `Sequences`: inputs x (T, N, D), targets and a mask for every
step. The mask is 1 at the steps whose answer counts.
"""

from .idx import mnist, read_idx
from .images import digits, images_to_sequence, split
from .logic import Circuit, Gate, adder_circuit, logic_gate, run_circuit, truth_table, xor_circuit
from .sequences import (
    PRONOUN_WORDS,
    Sequences,
    adding_problem,
    copy_task,
    pronoun_grammar,
    sentences,
    temporal_order,
)
from .toys import two_moons, xor

__all__ = [
    "PRONOUN_WORDS",
    "Circuit",
    "Gate",
    "Sequences",
    "adder_circuit",
    "adding_problem",
    "copy_task",
    "digits",
    "images_to_sequence",
    "logic_gate",
    "mnist",
    "pronoun_grammar",
    "read_idx",
    "run_circuit",
    "sentences",
    "split",
    "temporal_order",
    "truth_table",
    "two_moons",
    "xor",
    "xor_circuit",
]
