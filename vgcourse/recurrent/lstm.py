"""The LSTM: a memory c that no weight matrix touches on its way from step to step.

The state is one array (2, N, H), `h, c = state`: c is the memory, h what the cell shows of it. One step,
with a = x_t W_xᵀ + h_{t−1} W_hᵀ + b in four blocks and σ, tanh, ⊙ unit by unit:

    i = σ(a_i + p_i ⊙ c_{t−1})      input gate: how much is written
    f = σ(a_f + p_f ⊙ c_{t−1})      forget gate: how much stays
    g = tanh(a_g)                   candidate: what is written
    c_t = f ⊙ c_{t−1} + i ⊙ g
    o = σ(a_o + p_o ⊙ c_t)          output gate: how much is shown
    h_t = o ⊙ tanh(c_t)

The p's are peepholes: gates that look at the memory. i and f decide before c_t exists, so they see c_{t−1};
o decides after, so it sees c_t. Going back, every use of c_t adds to dc_t:

    by step t + 1 (as its c_{t−1}):   f ⊙ c, p_i, p_f   arrives in dstate, as does a loss on c_t itself
    by step t:                        tanh(c_t), p_o    added here, before dc_t goes on to f, i, g

Along f ⊙ c the gradient is multiplied by f alone, dc_{t−1} = dc_t ⊙ f + …: no W_h, no slope, so f ≈ 1 keeps
it. Along h it goes through W_h and slopes at every step, as in the plain net.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.recurrent._arguments import check_dstate, check_step


class LSTMParams(NamedTuple):
    """The weights, rows in the order i, f, g, o (torch's); also the type of their gradients."""

    W_x: np.ndarray  # (4H, D)
    W_h: np.ndarray  # (4H, H)
    b: np.ndarray  # (4H,)
    p_i: np.ndarray | None = None  # peepholes (H,), None for none
    p_f: np.ndarray | None = None
    p_o: np.ndarray | None = None


class LSTMCache(NamedTuple):
    """x_t (N, D), OLD h and c (N, H), what σ and tanh were taken of (N, 4H), gates, candidate, c_t (N, H)."""

    params: LSTMParams
    x: np.ndarray
    h: np.ndarray
    c: np.ndarray
    a: np.ndarray
    i: np.ndarray
    f: np.ndarray
    o: np.ndarray
    g: np.ndarray
    c_new: np.ndarray


def lstm_step_forward(params, x_t, state):
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t), g = tanh(a_g) (Hochreiter & Schmidhuber 1997).

    i, f = σ(a_i + p_i ⊙ c_{t−1}), σ(a_f + p_f ⊙ c_{t−1}) and o = σ(a_o + p_o ⊙ c_t); the a's are blocks of
    x_t W_xᵀ + h_{t−1} W_hᵀ + b. The LSTM of 1997 has f = 1 and no peepholes; the forget gate is due to Gers
    et al. (2000), the peepholes to Gers & Schmidhuber (2000).

    Parameters
    ----------
    params, x_t, state : LSTMParams, (N, D) array, (2, N, H) array h_{t−1}, c_{t−1}

    Returns
    -------
    state, cache : (2, N, H) array h_t, c_t; LSTMCache

    Raises
    ------
    TypeError, ValueError
        If a type or precision, or a shape, does not fit: as `rnn_step_forward`.
    """
    given = check_step("lstm_step_forward", LSTMParams, params, x_t, state, gates=4, arrays=2)
    params, x, (h_prev, c_prev) = given

    a_i, a_f, a_g, a_o = np.split(x @ params.W_x.T + h_prev @ params.W_h.T + params.b, 4, axis=1)
    a_i = a_i + _peep(params.p_i, c_prev)
    a_f = a_f + _peep(params.p_f, c_prev)
    i, f, g = sigmoid(a_i), sigmoid(a_f), tanh(a_g)
    c = f * c_prev + i * g
    a_o = a_o + _peep(params.p_o, c)
    o = sigmoid(a_o)
    h = o * tanh(c)

    a = np.concatenate([a_i, a_f, a_g, a_o], axis=1)  # peepholes included
    return np.stack([h, c]), LSTMCache(params, x, h_prev, c_prev, a, i, f, o, g, c)


def lstm_step_backward(dstate, cache):
    """dc = dc_in + dh ⊙ o ⊙ tanh'(c_t) + da_o ⊙ p_o; dc_{t−1} = dc ⊙ f + da_i ⊙ p_i + da_f ⊙ p_f.

    dc_in is the c of dstate. Once dc is whole, di = dc ⊙ g, df = dc ⊙ c_{t−1}, dg = dc ⊙ i; and
    dh_{t−1} = da W_h, dp_i = Σ_n da_i ⊙ c_{t−1}, dp_f = Σ_n da_f ⊙ c_{t−1}, dp_o = Σ_n da_o ⊙ c_t.

    Parameters
    ----------
    dstate, cache : (2, N, H) array, the gradients by h_t and c_t from the losses and step t + 1; LSTMCache

    Returns
    -------
    dx_t, dstate_prev : (N, D) array, (2, N, H) array
    grads : LSTMParams, this step's share; None where there is no peephole

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh, dc = check_dstate("lstm_step_backward", LSTMCache, dstate, cache, arrays=2)
    params, x, h_prev, c_prev, a, i, f, o, g, c = cache
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)

    do = dh * tanh(c)
    da_o = do * sigmoid_derivative(a_o)
    dc = dc + dh * o * tanh_derivative(c) + _peep(params.p_o, da_o)
    di, df, dg = dc * g, dc * c_prev, dc * i
    da_i, da_f, da_g = di * sigmoid_derivative(a_i), df * sigmoid_derivative(a_f), dg * tanh_derivative(a_g)
    dc_prev = dc * f + _peep(params.p_i, da_i) + _peep(params.p_f, da_f)

    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dx = da @ params.W_x
    dh_prev = da @ params.W_h
    dp_i = None if params.p_i is None else (da_i * c_prev).sum(axis=0)
    dp_f = None if params.p_f is None else (da_f * c_prev).sum(axis=0)
    dp_o = None if params.p_o is None else (da_o * c).sum(axis=0)
    grads = LSTMParams(da.T @ x, da.T @ h_prev, da.sum(axis=0), dp_i, dp_f, dp_o)
    return dx, np.stack([dh_prev, dc_prev]), grads


def _peep(p, signal):
    """p ⊙ signal, or 0 without a peephole: of the memory going forwards, of a gate's da going back."""
    return 0 if p is None else p * signal
