"""All cells in one table, by name, and the bias that lets a gate keep.

The biases of the gates matter most. While the other weights are small, a gate that keeps is about σ(b) at
every step, and the straight path leaves σ(b)^T of a gradient over T steps: for T = 100, b = 0 leaves
8e−31, b = 1 2.5e−14, and b = ln(T − 1) about 1/e (`chrono_bias`).

>>> cell = CELLS["gru"]
>>> rng = np.random.default_rng(0)
>>> params = cell_init("gru", D=3, H=5, rng=rng, forget_bias=chrono_bias(100))
>>> state0 = zero_state("gru", N=4, H=5)
>>> states, caches = unroll_forward(cell.step_forward, params, x, state0)
"""

import numpy as np

from vgcourse._validate import expect_choice, expect_count, expect_float_dtype, expect_number
from vgcourse.recurrent import bptt, gated, lstm
from vgcourse.recurrent._arguments import check_init
from vgcourse.recurrent._cell import Cell

__all__ = ["CELLS", "Cell", "cell_init", "chrono_bias", "zero_state"]

CELLS = {
    cell.name: cell
    for cell in (
        bptt.RNN,
        gated.UGRNN,
        gated.GRU,
        lstm.LSTM,
    )
}


def cell_init(name, D, H, *, rng, dtype=float, **options):
    """Starting weights of the cell called `name`; options are those of its init function.

    Raises
    ------
    ValueError
        If there is no such cell.
    TypeError
        If the cell has no such option: a plain recurrent net has no forget_bias.
    """
    expect_choice("cell_init", "name", name, CELLS)
    return CELLS[name].init(D, H, rng=rng, dtype=dtype, **options)


def zero_state(name, N, H, dtype=float):
    """A state of zeros for the cell called `name`: (N, H), or (2, N, H) for the LSTM.

    Raises
    ------
    TypeError, ValueError
        As `rnn_init`, and if there is no such cell.
    """
    expect_choice("zero_state", "name", name, CELLS)
    expect_count("zero_state", "N", N)
    expect_count("zero_state", "H", H)
    dtype = expect_float_dtype("zero_state", dtype)
    return np.zeros(CELLS[name].state_shape(N, H), dtype)


def chrono_bias(T, H=None, *, rng=None):
    """b = ln(T − 1), so that σ(b) = 1 − 1/T keeps about 1/e over T steps (Tallec & Ollivier 2018).

    Parameters
    ----------
    T : the longest lag that matters, at least 2
    H, rng : give both to draw one bias per unit, ln u with u ~ U[1, T − 1]: a range of memories

    Returns
    -------
    a number, or an (H,) array

    Raises
    ------
    TypeError
        If H is given and rng is no Generator.
    ValueError
        If T is below 2.
    """
    if expect_number("chrono_bias", "T", T) < 2:
        raise ValueError(f"chrono_bias: T is {T}; expected at least 2 steps.")
    if H is None:
        return float(np.log(T - 1))
    check_init("chrono_bias", rng, float, H=H)
    return np.log(rng.uniform(1, T - 1, H))
