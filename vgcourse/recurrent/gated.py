"""Two gated cells whose gate decides how much of the old state stays: UGRNN and GRU.

Each backward step stands below its forward step, line against line; `a` is a pre-activation, `da` its
gradient. Both cells are h' = keep ⊙ h + (1 − keep) ⊙ candidate.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.recurrent._checks import check_dstate, check_step

RESETS = ("after", "before")


class UGRNNParams(NamedTuple):
    """W_x (2H, D), W_h (2H, H), b (2H,), rows in the order r (candidate), g (gate)."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray


class UGRNNCache(NamedTuple):
    """Input, old state, pre-activations a (N, 2H), candidate r and gate g."""

    params: UGRNNParams
    x: np.ndarray
    h: np.ndarray
    a: np.ndarray
    r: np.ndarray
    g: np.ndarray


def ugrnn_step_forward(params, x_t, state):
    """h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r with r = tanh(a_r), g = σ(a_g) (Collins et al. 2016).

    g is the share of the OLD state. Through depth in place of time this is a highway layer.

    Parameters
    ----------
    params : UGRNNParams
    x_t : (N, D) array
    state : (N, H) array

    Returns
    -------
    state : (N, H) array
    cache : UGRNNCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If shapes do not fit.
    """
    params, x, h = check_step("ugrnn_step_forward", UGRNNParams, params, x_t, state, gates=2)

    a = x @ params.W_x.T + h @ params.W_h.T + params.b
    a_r, a_g = np.split(a, 2, axis=1)
    r, g = tanh(a_r), sigmoid(a_g)
    h_new = g * h + (1 - g) * r
    return h_new, UGRNNCache(params, x, h, a, r, g)


def ugrnn_step_backward(dstate, cache):
    """Two paths to h_{t−1}: straight through the gate, dh ⊙ g, and through both pre-activations, da W_h.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient by h_t
    cache : UGRNNCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (N, H) array
    grads : UGRNNParams, this step's share

    Raises
    ------
    TypeError, ValueError
        As `ugrnn_step_forward`.
    """
    dh = check_dstate("ugrnn_step_backward", UGRNNCache, dstate, cache)
    params, x, h, a, r, g = cache
    a_r, a_g = np.split(a, 2, axis=1)

    dr, dg = dh * (1 - g), dh * (h - r)
    da = np.concatenate([dr * tanh_derivative(a_r), dg * sigmoid_derivative(a_g)], axis=1)
    dh_prev = dh * g + da @ params.W_h
    return da @ params.W_x, dh_prev, UGRNNParams(da.T @ x, da.T @ h, da.sum(axis=0))


class GRUParams(NamedTuple):
    """W_x (3H, D), W_h (3H, H), b (3H,), rows in the order r, z, n; b_h (H,): bias beside W_hn."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    b_h: np.ndarray


class GRUCache(NamedTuple):
    """Input, old state, pre-activations a (N, 3H), gates r and z, candidate n, its recurrent part m."""

    params: GRUParams
    x: np.ndarray
    h: np.ndarray
    a: np.ndarray
    r: np.ndarray
    z: np.ndarray
    n: np.ndarray
    m: np.ndarray
    reset: str


def gru_step_forward(params, x_t, state, *, reset="after"):
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n with r = σ(a_r), z = σ(a_z), n = tanh(a_n) (Cho et al. 2014).

    z keeps: it is the share of the OLD state, as in torch. Other texts write 1 − z for the same gate.
    The reset gate acts after or before the recurrent weights:

    - "after" (torch, cuDNN): a_n = W_xn x + b_n + r ⊙ (W_hn h + b_h)
    - "before" (Cho et al. 2014): a_n = W_xn x + b_n + W_hn (r ⊙ h) + b_h

    Parameters
    ----------
    params : GRUParams
    x_t : (N, D) array
    state : (N, H) array
    reset : "after" or "before"

    Returns
    -------
    state : (N, H) array
    cache : GRUCache

    Raises
    ------
    TypeError
        If params is of another cell, an array is not floating point, or precisions are mixed.
    ValueError
        If shapes do not fit or reset is unknown.
    """
    params, x, h = check_step("gru_step_forward", GRUParams, params, x_t, state, gates=3)
    expect_choice("gru_step_forward", "reset", reset, RESETS)
    H = h.shape[1]
    W_h, W_hn = params.W_h[: 2 * H], params.W_h[2 * H :]

    a_x = x @ params.W_x.T + params.b
    a_rz = a_x[:, : 2 * H] + h @ W_h.T
    r, z = np.split(sigmoid(a_rz), 2, axis=1)
    m = (h if reset == "after" else r * h) @ W_hn.T + params.b_h
    a_n = a_x[:, 2 * H :] + (r * m if reset == "after" else m)
    n = tanh(a_n)
    h_new = z * h + (1 - z) * n
    return h_new, GRUCache(params, x, h, np.concatenate([a_rz, a_n], axis=1), r, z, n, m, reset)


def gru_step_backward(dstate, cache):
    """Paths to h_{t−1}: straight, dh ⊙ z; through both gates; and through the candidate's reset state.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient by h_t
    cache : GRUCache of this step

    Returns
    -------
    dx_t : (N, D) array
    dstate_prev : (N, H) array
    grads : GRUParams, this step's share

    Raises
    ------
    TypeError, ValueError
        As `gru_step_forward`.
    """
    dh = check_dstate("gru_step_backward", GRUCache, dstate, cache)
    params, x, h, a, r, z, n, m, reset = cache
    a_r, a_z, a_n = np.split(a, 3, axis=1)
    H = h.shape[1]
    W_h, W_hn = params.W_h[: 2 * H], params.W_h[2 * H :]

    dn, dz = dh * (1 - z), dh * (h - n)
    da_n = dn * tanh_derivative(a_n)
    if reset == "after":
        dm, dr = da_n * r, da_n * m
        into_n, dh_through_n = h, dm @ W_hn
    else:
        dm, drh = da_n, da_n @ W_hn  # drh: gradient by the reset state r ⊙ h
        dr = drh * h
        into_n, dh_through_n = r * h, drh * r
    da_rz = np.concatenate([dr * sigmoid_derivative(a_r), dz * sigmoid_derivative(a_z)], axis=1)
    dh_prev = dh * z + da_rz @ W_h + dh_through_n

    da = np.concatenate([da_rz, da_n], axis=1)
    dW_h = np.concatenate([da_rz.T @ h, dm.T @ into_n])
    return da @ params.W_x, dh_prev, GRUParams(da.T @ x, dW_h, da.sum(axis=0), dm.sum(axis=0))
