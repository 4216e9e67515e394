"""The table of cells: what it says of one holds for all, one that the library does not know included."""

import numpy as np
import pytest
from registry import PAIRS
from toy_cell import MGU, MGUParams

from vgcourse.activations import sigmoid
from vgcourse.recurrent import CELLS, as_carry_and_write, cell_init, zero_state
from vgcourse.recurrent.memory import checkpointed_bptt, from_steps


def test_a_new_cell_is_in_every_table():
    assert CELLS["mgu"] is MGU
    names = {pair.name for pair in PAIRS}
    assert {"mgu_step", "mgu unrolled", "mgu stacked", "mgu bidirectional"} <= names
    assert type(cell_init("mgu", 3, 2, rng=np.random.default_rng(0))) is MGUParams
    assert zero_state("mgu", 4, 2).shape == (4, 2)


def test_a_new_cell_has_its_own_carry():
    params = MGUParams(np.zeros((4, 1)), np.zeros((4, 2)), np.array([-1.6, 1.45, 0.0, 0.0]))
    state = np.array([[0.3, -0.2]])
    carry, write, candidate = as_carry_and_write("mgu", params, np.zeros((1, 1)), state)
    assert carry == pytest.approx(sigmoid(np.array([[1.6, -1.45]])), rel=1e-14, abs=0)
    assert np.round(carry, 2).tolist() == [[0.83, 0.19]]
    assert write == pytest.approx(1 - carry, rel=1e-14, abs=0) and not candidate.any()


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_goes_back_from_checkpoints(name):
    rng = np.random.default_rng(0)
    params, x, state0 = cell_init(name, 3, 2, rng=rng), rng.standard_normal((7, 4, 3)), zero_state(name, 4, 2)

    def loss(states, start, stop):
        return (states**2).sum() / 2, states

    cell = from_steps(name)
    states, cache = cell[0](params, x, state0)
    _, dstate0, grads = cell[1](states, cache)
    found = checkpointed_bptt(cell, params, x, state0, loss, every=2)
    assert found.dstate0 == pytest.approx(dstate0, rel=1e-12, abs=0)
    for a, b in zip(found.grads, grads, strict=True):
        assert b is None or a == pytest.approx(b, rel=1e-11, abs=0)


def test_cells_of_the_table_belong_together():
    for name, cell in CELLS.items():
        assert cell.name == name and cell.params_type.__name__ == f"{name.upper()}Params"
        functions = (cell.init, cell.step_forward, cell.step_backward)
        endings = ("init", "step_forward", "step_backward")
        assert [f.__name__ for f in functions] == [f"{name}_{ending}" for ending in endings]
