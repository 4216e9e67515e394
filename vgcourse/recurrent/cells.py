"""All cells in one table, and how their weights start.

The biases of the gates matter most. While the other weights are small, a gate that keeps is about σ(b) at
every step, and the straight path leaves σ(b)^T of a gradient over T steps: for T = 100, b = 0 leaves
8e−31, b = 1 2.5e−14, and b = ln(T − 1) about 1/e (`chrono_bias`).

>>> cell = CELLS["gru"]
>>> params = cell_init("gru", D=3, H=5, rng=np.random.default_rng(0), forget_bias=chrono_bias(100))
>>> states, caches = unroll_forward(cell.step_forward, params, x, zero_state("gru", N=4, H=5))
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice, expect_count, expect_float_dtype, expect_number
from vgcourse.initializers import glorot, lecun
from vgcourse.recurrent._arguments import check_bias, check_init
from vgcourse.recurrent.bptt import RNNParams, rnn_step_backward, rnn_step_forward
from vgcourse.recurrent.gated import (
    GRUParams,
    UGRNNParams,
    gru_step_backward,
    gru_step_forward,
    ugrnn_step_backward,
    ugrnn_step_forward,
)
from vgcourse.recurrent.lstm import LSTMParams, lstm_step_backward, lstm_step_forward


def _weights(where, gates, D, H, rng, dtype, initializer, recurrent):
    """W_x, W_h and b = 0 of so many gates, each gate's block drawn for itself: its fan-out is H."""
    check_init(where, rng, dtype, D=D, H=H)
    W_x = np.concatenate([initializer((H, D), rng=rng, dtype=dtype) for _ in range(gates)])
    W_h = np.concatenate([recurrent((H, H), rng=rng, dtype=dtype) for _ in range(gates)])
    return W_x, W_h, np.zeros(gates * H, dtype)


def rnn_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun):
    """W_x by `initializer`, W_h by `recurrent`, b = 0.

    Parameters
    ----------
    D, H : numbers of inputs and units
    rng : numpy Generator
    dtype : float64 or float32
    initializer, recurrent : rules of `vgcourse.initializers`, called for each gate's (H, D) and (H, H) block

    Returns
    -------
    RNNParams

    Raises
    ------
    TypeError
        If rng is no Generator, a size no integer or dtype no floating-point type.
    ValueError
        If a size is below 1.
    """
    return RNNParams(*_weights("rnn_init", 1, D, H, rng, dtype, initializer, recurrent))


def ugrnn_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun, forget_bias=0.0):
    """As `rnn_init`; forget_bias, a number or (H,) array, starts the gate g that keeps the old state.

    Raises
    ------
    TypeError, ValueError
        As `rnn_init`, and if forget_bias is no finite number or has another shape.
    """
    W_x, W_h, b = _weights("ugrnn_init", 2, D, H, rng, dtype, initializer, recurrent)
    b[H:] = check_bias("ugrnn_init", "forget_bias", forget_bias, H)
    return UGRNNParams(W_x, W_h, b)


def gru_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun, forget_bias=0.0):
    """As `rnn_init`; forget_bias, a number or (H,) array, starts the gate z that keeps the old state.

    Raises
    ------
    TypeError, ValueError
        As `ugrnn_init`.
    """
    W_x, W_h, b = _weights("gru_init", 3, D, H, rng, dtype, initializer, recurrent)
    b[H : 2 * H] = check_bias("gru_init", "forget_bias", forget_bias, H)
    return GRUParams(W_x, W_h, b, np.zeros(H, dtype))


def lstm_init(
    D,
    H,
    *,
    rng,
    dtype=float,
    initializer=glorot,
    recurrent=lecun,
    forget_bias=1.0,
    input_bias=0.0,
    peepholes=False,
):
    """As `rnn_init`; forget_bias starts the forget gate, at 1 as Jozefowicz et al. (2015) advise.

    The chrono rule of Tallec & Ollivier (2018) also sets input_bias = −forget_bias. Both may be a number
    or an (H,) array. Peephole weights are drawn from U[−1/√H, 1/√H].

    Raises
    ------
    TypeError, ValueError
        As `ugrnn_init`, for both biases.
    """
    W_x, W_h, b = _weights("lstm_init", 4, D, H, rng, dtype, initializer, recurrent)
    b[:H] = check_bias("lstm_init", "input_bias", input_bias, H)
    b[H : 2 * H] = check_bias("lstm_init", "forget_bias", forget_bias, H)
    if not peepholes:
        return LSTMParams(W_x, W_h, b)
    p = rng.uniform(-1, 1, (3, H)) / np.sqrt(H)
    return LSTMParams(W_x, W_h, b, *p.astype(dtype))


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


class Cell(NamedTuple):
    """A recurrent cell; state_arrays is 1 for a state (N, H), 2 for the LSTM's (2, N, H)."""

    name: str
    params_type: type
    init: Callable
    step_forward: Callable
    step_backward: Callable
    state_arrays: int


CELLS = {
    cell.name: cell
    for cell in (
        Cell("rnn", RNNParams, rnn_init, rnn_step_forward, rnn_step_backward, 1),
        Cell("ugrnn", UGRNNParams, ugrnn_init, ugrnn_step_forward, ugrnn_step_backward, 1),
        Cell("gru", GRUParams, gru_init, gru_step_forward, gru_step_backward, 1),
        Cell("lstm", LSTMParams, lstm_init, lstm_step_forward, lstm_step_backward, 2),
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
    return np.zeros((N, H) if CELLS[name].state_arrays == 1 else (2, N, H), dtype)
