"""The one formula behind all cells: new = carry ⊙ old + write ⊙ candidate.

`old` and `new` are what is handed on: the state h, in the LSTM the memory c, in a highway or residual net
the layer's input. Going back, the first term passes d(new) ⊙ carry to `old`, without a weight matrix or a
slope; carry, write and candidate depend on the state too, and what comes back through them is added.

carry = 0 is the plain net, which has these other paths only; carry = 1 keeps the gradient of the straight
path whole over any number of steps; a gate lets the net choose, unit by unit and step by step.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.layers import highway_forward
from vgcourse.recurrent.cells import CELLS

__all__ = ["CarryAndWrite", "as_carry_and_write"]


class CarryAndWrite(NamedTuple):
    """The three parts of new = carry ⊙ old + write ⊙ candidate, (N, H) each."""

    carry: np.ndarray
    write: np.ndarray
    candidate: np.ndarray


def as_carry_and_write(name, params, x_t, state, **options):
    """One step of a cell, split into new = carry ⊙ old + write ⊙ candidate: one idea, six settings.

    ========== ===== ======= ========= =========================================================
    name       carry write   candidate old
    ========== ===== ======= ========= =========================================================
    "rnn"      0     1       f(z)      h
    "residual" 1     1       f(z)      h: a plain net's step is added to its state
    "highway"  1 − g g       c         the layer's input; x_t is None, layers take the place of t
    "ugrnn"    g     1 − g   r         h: the highway layer through time, its g the other way round
    "gru"      z     1 − z   n         h
    "lstm"     f     i       g         c
    ========== ===== ======= ========= =========================================================

    Parameters
    ----------
    name : as in the table
    params : the cell's parameters; RNNParams for "residual", HighwayParams for "highway"
    x_t : (N, D) array
    state : (N, H) array, for the LSTM (2, N, H); the highway layer's input (N, H)
    options : of the step, such as activation or reset

    Returns
    -------
    CarryAndWrite

    Raises
    ------
    TypeError, ValueError
        As the cell's step or `skip.highway_forward`; if the name is unknown, or a highway layer gets an x_t.
    """
    expect_choice("as_carry_and_write", "name", name, [*CELLS, "residual", "highway"])
    if name == "highway":
        if x_t is not None:
            raise ValueError("as_carry_and_write: a highway layer reads only its state; x_t has to be None.")
        _, cache = highway_forward(params, state, **options)
        return CarryAndWrite(1 - cache.g, cache.g, cache.c)
    cell = CELLS["rnn" if name == "residual" else name]
    new, cache = cell.step_forward(params, x_t, state, **options)
    carry, write, candidate = cell.carry_and_write(new, cache)
    return CarryAndWrite(np.ones_like(carry) if name == "residual" else carry, write, candidate)
