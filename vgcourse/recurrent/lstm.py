"""The LSTM: a memory c that only a gate touches, with peepholes for gates that look at it.

The backward step stands below the forward step, line against line; `a` is a pre-activation, `da` its
gradient. A state is one array (2, N, H): `h, c = state`.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.recurrent._checks import check_dstate, check_step


class LSTMParams(NamedTuple):
    """W_x (4H, D), W_h (4H, H), b (4H,), rows in the order i, f, g, o; peepholes p (H,) each, or None."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    p_i: np.ndarray | None = None
    p_f: np.ndarray | None = None
    p_o: np.ndarray | None = None


class LSTMCache(NamedTuple):
    """Input, old state, pre-activations a (N, 4H), gates i, f, o, candidate g, new memory."""

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
    """c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t) (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

    i, f, o = σ(a_i), σ(a_f), σ(a_o) and g = tanh(a_g). With peepholes, i and f also see c_{t−1} and o
    sees c_t, each through one weight per unit (Gers et al. 2002). The order is torch's.

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
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If shapes do not fit.
    """
    params, x, (h, c) = check_step("lstm_step_forward", LSTMParams, params, x_t, state, gates=4, arrays=2)

    a_i, a_f, a_g, a_o = np.split(x @ params.W_x.T + h @ params.W_h.T + params.b, 4, axis=1)
    a_i = a_i + _peep(params.p_i, c)
    a_f = a_f + _peep(params.p_f, c)
    i, f, g = sigmoid(a_i), sigmoid(a_f), tanh(a_g)
    c_new = f * c + i * g
    a_o = a_o + _peep(params.p_o, c_new)
    o = sigmoid(a_o)
    h_new = o * tanh(c_new)

    a = np.concatenate([a_i, a_f, a_g, a_o], axis=1)
    return np.stack([h_new, c_new]), LSTMCache(params, x, h, c, a, i, f, o, g, c_new)


def lstm_step_backward(dstate, cache):
    """dc = dc_t + dh ⊙ o ⊙ tanh'(c_t) + da_o ⊙ p_o; dc_{t−1} = dc ⊙ f + da_i ⊙ p_i + da_f ⊙ p_f.

    The output gate looks at c_t, so its peephole adds to dc in the same step; the other two look at
    c_{t−1}, so theirs add to what goes back to the step before.

    Parameters
    ----------
    dstate : (2, N, H) array, the whole gradients by h_t and (not through h_t) by c_t
    cache : LSTMCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (2, N, H) array
    grads : LSTMParams, this step's share; None where there is no peephole

    Raises
    ------
    TypeError, ValueError
        As `lstm_step_forward`.
    """
    dh, dc = check_dstate("lstm_step_backward", LSTMCache, dstate, cache, arrays=2)
    params, x, h, c, a, i, f, o, g, c_new = cache
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)

    do = dh * tanh(c_new)
    da_o = do * sigmoid_derivative(a_o)
    dc = dc + dh * o * tanh_derivative(c_new) + _peep(params.p_o, da_o)
    di, df, dg = dc * g, dc * c, dc * i
    da_i, da_f, da_g = di * sigmoid_derivative(a_i), df * sigmoid_derivative(a_f), dg * tanh_derivative(a_g)
    dc_prev = dc * f + _peep(params.p_i, da_i) + _peep(params.p_f, da_f)

    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)
    dp_i = None if params.p_i is None else (da_i * c).sum(axis=0)
    dp_f = None if params.p_f is None else (da_f * c).sum(axis=0)
    dp_o = None if params.p_o is None else (da_o * c_new).sum(axis=0)
    grads = LSTMParams(da.T @ x, da.T @ h, da.sum(axis=0), dp_i, dp_f, dp_o)
    return da @ params.W_x, np.stack([da @ params.W_h, dc_prev]), grads


def _peep(p, signal):
    """p ⊙ signal, or 0 without a peephole; forwards the memory, backwards the gate's gradient."""
    return 0 if p is None else p * signal
