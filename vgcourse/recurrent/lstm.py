"""The LSTM: a memory c that no weight matrix touches on its way from step to step.

The state is one array (2, N, H), `h, c = state`: c is the memory, h what the cell shows of it. Gates between
0 and 1 say, unit by unit, how much is written (i), how much stays (f) and how much is shown (o):

    c_t = f ⊙ c_{t−1} + i ⊙ g        h_t = o ⊙ tanh(c_t)

Going back, c_t is used in three places, and its gradient is the sum of what comes back from them: from h_t;
from step t + 1, for which it is the c_{t−1}; from a loss on c_t itself. Then it passes to c_{t−1} multiplied
by f alone, with no W_h and no slope: f ≈ 1 keeps it whole. What goes along h meets W_h and slopes at every
step, as in the plain net.

For every gate, `da = dgate ⊙ slope`, and all a's are made alike, a = x_t W_xᵀ + h_{t−1} W_hᵀ + b, so that
dW_x = daᵀ x_t, dW_h = daᵀ h_{t−1}, db = Σ_n da, as `bptt` derives for dz.

Peepholes (Gers & Schmidhuber 2000) let the gates look at the memory. i and f decide before c_t exists and see
c_{t−1}; o decides after, and sees c_t. So each gives the memory one more use, and its gradient one more term.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.initializers import glorot, lecun
from vgcourse.recurrent._arguments import check_bias
from vgcourse.recurrent._cell import Cell, checked_backward, checked_forward, gate_weights

__all__ = ["LSTM", "LSTMCache", "LSTMParams", "lstm_init", "lstm_step_backward", "lstm_step_forward"]


class LSTMParams(NamedTuple):
    """The weights, rows in the order i, f, g, o (torch's); also the type of their gradients."""

    W_x: np.ndarray  # (4H, D)
    W_h: np.ndarray  # (4H, H)
    b: np.ndarray  # (4H,)
    p: np.ndarray | None = None  # peepholes of i, f, o (3, H); None for none


class LSTMCache(NamedTuple):
    """What one step backwards needs: what each forward line read, in the order of the lines."""

    params: LSTMParams
    x: np.ndarray  # x_t (N, D)
    h_prev: np.ndarray  # h_{t−1} (N, H)
    c_prev: np.ndarray  # c_{t−1} (N, H)
    a: np.ndarray  # what σ and tanh were taken of (N, 4H)
    i: np.ndarray  # (N, H), as the next four
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray  # c_t


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
    W_x, W_h, b = gate_weights("lstm_init", 4, D, H, rng, dtype, initializer, recurrent)
    b[:H] = check_bias("lstm_init", "input_bias", input_bias, H)
    b[H : 2 * H] = check_bias("lstm_init", "forget_bias", forget_bias, H)
    p = (rng.uniform(-1, 1, (3, H)) / np.sqrt(H)).astype(dtype) if peepholes else None
    return LSTMParams(W_x, W_h, b, p)


@checked_forward(LSTMParams, gates=4, arrays=2)
def lstm_step_forward(params, x_t, state):
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t) (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    i, f, o = σ(a_i), σ(a_f), σ(a_o) and g = tanh(a_g); the a's are blocks of x_t W_xᵀ + h_{t−1} W_hᵀ + b.
    With peepholes p, a_i and a_f get p_i ⊙ c_{t−1} and p_f ⊙ c_{t−1}, a_o gets p_o ⊙ c_t. The LSTM of 1997
    has f = 1.

    Parameters
    ----------
    params : LSTMParams
    x_t : (N, D) array
    state : (2, N, H) array, h_{t−1} and c_{t−1}

    Returns
    -------
    state : (2, N, H) array, h_t and c_t
    cache : LSTMCache

    Raises
    ------
    TypeError, ValueError
        If a type or precision, or a shape, does not fit: as `rnn_step_forward`.
    """
    W_x, W_h, b, p = params
    h_prev, c_prev = state

    a_i, a_f, a_g, a_o = np.split(x_t @ W_x.T + h_prev @ W_h.T + b, 4, axis=1)
    if p is not None:
        a_i = a_i + p[0] * c_prev
        a_f = a_f + p[1] * c_prev
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    g = tanh(a_g)
    c = f * c_prev + i * g
    if p is not None:
        a_o = a_o + p[2] * c
    o = sigmoid(a_o)
    h = o * tanh(c)

    a = np.concatenate([a_i, a_f, a_g, a_o], axis=1)
    return np.stack([h, c]), LSTMCache(params, x_t, h_prev, c_prev, a, i, f, g, o, c)


@checked_backward(LSTMCache, arrays=2)
def lstm_step_backward(dstate, cache):
    """dc_t = (what came in) + dh_t ⊙ o ⊙ tanh'(c_t), dc_{t−1} = dc_t ⊙ f, dh_{t−1} = da W_h.

    With peepholes dc_t also gets da_o ⊙ p_o, before anything is made of it, and dc_{t−1} gets da_i ⊙ p_i and
    da_f ⊙ p_f.

    Parameters
    ----------
    dstate : (2, N, H) array, the whole gradients with respect to h_t and c_t: of the losses and of step t + 1
    cache : LSTMCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (2, N, H) array
    grads : LSTMParams, this step's share; p is None where there are no peepholes

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh, dc = dstate
    (W_x, W_h, _, p), x_t, h_prev, c_prev, a, i, f, g, o, c = cache
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)

    # h = o ⊙ tanh(c)
    do = dh * tanh(c)
    dc = dc + dh * o * tanh_derivative(c)
    # o = σ(a_o)
    da_o = do * sigmoid_derivative(a_o)
    # a_o = … + p_o ⊙ c
    if p is not None:
        dc = dc + da_o * p[2]
    # c = f ⊙ c_prev + i ⊙ g
    di = dc * g
    df = dc * c_prev
    dg = dc * i
    dc_prev = dc * f
    # i, f, g = σ(a_i), σ(a_f), tanh(a_g)
    da_i = di * sigmoid_derivative(a_i)
    da_f = df * sigmoid_derivative(a_f)
    da_g = dg * tanh_derivative(a_g)
    # a_i, a_f = … + p_i ⊙ c_prev, … + p_f ⊙ c_prev
    dp = None
    if p is not None:
        dc_prev = dc_prev + da_i * p[0] + da_f * p[1]
        dp = np.stack([(da_i * c_prev).sum(axis=0), (da_f * c_prev).sum(axis=0), (da_o * c).sum(axis=0)])
    # a = x_t W_xᵀ + h_prev W_hᵀ + b
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dx = da @ W_x
    dh_prev = da @ W_h
    return dx, np.stack([dh_prev, dc_prev]), LSTMParams(da.T @ x_t, da.T @ h_prev, da.sum(axis=0), dp)


def _in_torch(torch, params, x_t, state):
    h, c = state
    p_i, p_f, p_o = torch.zeros(3, 1) if params.p is None else params.p
    a = x_t @ params.W_x.T + h @ params.W_h.T + params.b
    a_i, a_f, a_g, a_o = a.chunk(4, dim=1)
    c_t = torch.sigmoid(a_f + p_f * c) * c + torch.sigmoid(a_i + p_i * c) * torch.tanh(a_g)
    return torch.stack([torch.sigmoid(a_o + p_o * c_t) * torch.tanh(c_t), c_t])


LSTM = Cell(
    "lstm",
    LSTMParams,
    lstm_init,
    lstm_step_forward,
    lstm_step_backward,
    carry_and_write=lambda state, cache: (cache.f, cache.i, cache.g),
    torch_step=_in_torch,
    state_arrays=2,
    init_options={"peepholes": (False, True)},
)
