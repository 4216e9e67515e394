"""A minimal gated unit (Zhou et al. 2016), which the library does not have: registered for the tests alone.

All that is said of "every cell" runs on it, though nothing else was changed for it: one section (this file)
and one line (in `conftest`), as CONTRIBUTING promises.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.initializers import glorot, lecun
from vgcourse.recurrent._arguments import check_bias
from vgcourse.recurrent._cell import Cell, checked_backward, checked_forward, gate_weights


class MGUParams(NamedTuple):
    """Rows in the order f (gate), n (candidate)."""

    W_x: np.ndarray  # (2H, D)
    W_h: np.ndarray  # (2H, H)
    b: np.ndarray  # (2H,)


class MGUCache(NamedTuple):
    """What each forward line read."""

    params: MGUParams
    x: np.ndarray
    h_prev: np.ndarray
    a: np.ndarray
    f: np.ndarray
    n: np.ndarray


def mgu_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun, forget_bias=0.0):
    """As `rnn_init`."""
    W_x, W_h, b = gate_weights("mgu_init", 2, D, H, rng, dtype, initializer, recurrent)
    b[:H] = -check_bias("mgu_init", "forget_bias", forget_bias, H)  # 1 − f keeps
    return MGUParams(W_x, W_h, b)


@checked_forward(MGUParams, gates=2)
def mgu_step_forward(params, x_t, state):
    """h_t = (1 − f) ⊙ h_{t−1} + f ⊙ n, n = tanh(x_t W_xnᵀ + (f ⊙ h_{t−1}) W_hnᵀ + b_n)."""
    W_hf, W_hn = np.split(params.W_h, 2)
    x_f, x_n = np.split(x_t @ params.W_x.T + params.b, 2, axis=1)
    a_f = x_f + state @ W_hf.T
    f = sigmoid(a_f)
    a_n = x_n + (f * state) @ W_hn.T
    n = tanh(a_n)
    h = (1 - f) * state + f * n
    return h, MGUCache(params, x_t, state, np.concatenate([a_f, a_n], axis=1), f, n)


@checked_backward(MGUCache)
def mgu_step_backward(dstate, cache):
    """df = dh ⊙ (n − h_{t−1}) + (da_n W_hn) ⊙ h_{t−1}; dh_{t−1} through the carry, f, and f ⊙ h_{t−1}."""
    params, x_t, h_prev, a, f, n = cache
    W_hf, W_hn = np.split(params.W_h, 2)
    a_f, a_n = np.split(a, 2, axis=1)
    da_n = dstate * f * tanh_derivative(a_n)
    ds = da_n @ W_hn  # s = f ⊙ h_prev
    da_f = (dstate * (n - h_prev) + ds * h_prev) * sigmoid_derivative(a_f)
    dh_prev = dstate * (1 - f) + ds * f + da_f @ W_hf
    da = np.concatenate([da_f, da_n], axis=1)
    dW_h = np.concatenate([da_f.T @ h_prev, da_n.T @ (f * h_prev)])
    return da @ params.W_x, dh_prev, MGUParams(da.T @ x_t, dW_h, da.sum(axis=0))


def _in_torch(torch, params, x_t, state):
    x_f, x_n = (x_t @ params.W_x.T + params.b).chunk(2, dim=1)
    W_hf, W_hn = params.W_h.chunk(2)
    f = torch.sigmoid(x_f + state @ W_hf.T)
    return torch.lerp(state, torch.tanh(x_n + (f * state) @ W_hn.T), f)


MGU = Cell(
    "mgu",
    MGUParams,
    mgu_init,
    mgu_step_forward,
    mgu_step_backward,
    carry_and_write=lambda state, cache: (1 - cache.f, cache.f, cache.n),
    torch_step=_in_torch,
)
