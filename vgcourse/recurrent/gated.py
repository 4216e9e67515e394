"""Two cells that can keep their state: the UGRNN, one gate and no more, and the GRU.

The plain net writes its state anew at every step, so each step back costs the gradient a W_h and an f'.
Here a gate between 0 and 1 says, unit by unit, how much of the old state stays:

    h_t = keep ⊙ h_{t−1} + (1 − keep) ⊙ new       keep = σ(a_keep)       new = tanh(a_new)

where each `a` is made like the plain net's z, from rows of its own in W_x, W_h and b. (The GRU's reset gate
changes one.) Going back, h_{t−1} was used straight and in each a, so dh_{t−1} is a sum over these paths. The
straight one, dh ⊙ keep, has no weights and no slope in it: where keep ≈ 1 the gradient passes whole. The
others begin with the product rule:

    dnew = dh ⊙ (1 − keep)                  da_new = dnew ⊙ tanh'(a_new)
    dkeep = dh ⊙ (h_{t−1} − new)            da_keep = dkeep ⊙ σ'(a_keep)

and go from da as in the plain net from dz. The papers' letters: keep and new are g and r in the UGRNN, z and
n in the GRU, whose r is a reset gate. All a's stand side by side in one array, so one product serves all.
"""

from typing import NamedTuple

import numpy as np

from vgcourse._validate import expect_choice
from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.recurrent._arguments import check_dstate, check_step

RESETS = ("after", "before")


class UGRNNParams(NamedTuple):
    """The weights, rows in the order r (candidate), g (gate); also the type of their gradients."""

    W_x: np.ndarray  # (2H, D)
    W_h: np.ndarray  # (2H, H)
    b: np.ndarray  # (2H,)


class UGRNNCache(NamedTuple):
    """Input x_t (N, D), OLD state h (N, H), pre-activations a (N, 2H), candidate r and gate g (N, H)."""

    params: UGRNNParams
    x: np.ndarray
    h: np.ndarray
    a: np.ndarray
    r: np.ndarray
    g: np.ndarray


def ugrnn_step_forward(params, x_t, state):
    """h_t = g ⊙ h_{t−1} + (1 − g) ⊙ r, r = tanh(a_r), g = σ(a_g), a = x_t W_xᵀ + h_{t−1} W_hᵀ + b.

    g keeps (Collins et al. 2016). Through depth in place of time this is a highway layer.

    Parameters
    ----------
    params, x_t, state : UGRNNParams, (N, D) array, (N, H) array h_{t−1}

    Returns
    -------
    state, cache : (N, H) array h_t, UGRNNCache

    Raises
    ------
    TypeError, ValueError
        If a type or precision, or a shape, does not fit: as `rnn_step_forward`.
    """
    params, x, h_prev = check_step("ugrnn_step_forward", UGRNNParams, params, x_t, state, gates=2)

    a = x @ params.W_x.T + h_prev @ params.W_h.T + params.b
    a_r, a_g = np.split(a, 2, axis=1)
    r, g = tanh(a_r), sigmoid(a_g)
    h = g * h_prev + (1 - g) * r
    return h, UGRNNCache(params, x, h_prev, a, r, g)


def ugrnn_step_backward(dstate, cache):
    """dr = dh ⊙ (1 − g), dg = dh ⊙ (h_{t−1} − r); dh_{t−1} = dh ⊙ g + da W_h: straight, and through a.

    Parameters
    ----------
    dstate, cache : (N, H) array, the whole gradient by h_t; UGRNNCache of this step

    Returns
    -------
    dx_t, dstate_prev, grads : (N, D) array, (N, H) array, this step's share as UGRNNParams

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh = check_dstate("ugrnn_step_backward", UGRNNCache, dstate, cache)
    params, x, h_prev, a, r, g = cache
    a_r, a_g = np.split(a, 2, axis=1)

    dr, dg = dh * (1 - g), dh * (h_prev - r)
    da_r, da_g = dr * tanh_derivative(a_r), dg * sigmoid_derivative(a_g)
    da = np.concatenate([da_r, da_g], axis=1)
    dx = da @ params.W_x
    dh_prev = dh * g + da @ params.W_h
    return dx, dh_prev, UGRNNParams(W_x=da.T @ x, W_h=da.T @ h_prev, b=da.sum(axis=0))


class GRUParams(NamedTuple):
    """The weights, rows in the order r, z (gates), n (candidate); also the type of their gradients.

    b_h stands beside W_hn: with reset="after" the reset gate acts on it and not on b.
    """

    W_x: np.ndarray  # (3H, D)
    W_h: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)
    b_h: np.ndarray  # (H,)


class GRUCache(NamedTuple):
    """x_t (N, D), OLD h (N, H), pre-activations a (N, 3H); gates r, z, candidate n, its recurrent part m."""

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
    """h_t = z ⊙ h_{t−1} + (1 − z) ⊙ n, r = σ(a_r), z = σ(a_z), n = tanh(a_n) (Cho et al. 2014).

    z keeps, as in torch; other texts write 1 − z for the same gate. a_r and a_z are blocks of x_t W_xᵀ +
    h_{t−1} W_hᵀ + b. In a_n the reset gate r says how much of the old state shows, after or before W_hn:

    - "after" (torch, cuDNN): a_n = x_t W_xnᵀ + b_n + r ⊙ m, m = h_{t−1} W_hnᵀ + b_h
    - "before" (Cho et al. 2014): a_n = x_t W_xnᵀ + b_n + m, m = (r ⊙ h_{t−1}) W_hnᵀ + b_h

    Parameters
    ----------
    params, x_t, state : GRUParams, (N, D) array, (N, H) array h_{t−1}
    reset : "after" or "before"

    Returns
    -------
    state, cache : (N, H) array h_t, GRUCache

    Raises
    ------
    TypeError, ValueError
        If a type or precision, or a shape, does not fit: as `rnn_step_forward`; if reset is unknown.
    """
    params, x, h_prev = check_step("gru_step_forward", GRUParams, params, x_t, state, gates=3)
    expect_choice("gru_step_forward", "reset", reset, RESETS)
    two_gates = 2 * h_prev.shape[1]
    W_hrz, W_hn = np.split(params.W_h, [two_gates])

    a_x_rz, a_x_n = np.split(x @ params.W_x.T + params.b, [two_gates], axis=1)
    a_rz = a_x_rz + h_prev @ W_hrz.T
    r, z = np.split(sigmoid(a_rz), 2, axis=1)
    m = (h_prev if reset == "after" else r * h_prev) @ W_hn.T + params.b_h
    a_n = a_x_n + (r * m if reset == "after" else m)
    n = tanh(a_n)
    h = z * h_prev + (1 - z) * n
    return h, GRUCache(params, x, h_prev, np.concatenate([a_rz, a_n], axis=1), r, z, n, m, reset)


def gru_step_backward(dstate, cache):
    """dn = dh ⊙ (1 − z), dz = dh ⊙ (h_{t−1} − n); dh_{t−1} = dh ⊙ z + da_rz W_hrz + (through m).

    - "after": dm = da_n ⊙ r, dr = da_n ⊙ m, through m: dm W_hn
    - "before": dm = da_n, s = r ⊙ h_{t−1}, ds = dm W_hn, dr = ds ⊙ h_{t−1}, through m: ds ⊙ r

    Parameters
    ----------
    dstate, cache : (N, H) array, the whole gradient by h_t; GRUCache of this step

    Returns
    -------
    dx_t, dstate_prev, grads : (N, D) array, (N, H) array, this step's share as GRUParams

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh = check_dstate("gru_step_backward", GRUCache, dstate, cache)
    params, x, h_prev, a, r, z, n, m, reset = cache
    a_r, a_z, a_n = np.split(a, 3, axis=1)
    W_hrz, W_hn = np.split(params.W_h, [2 * h_prev.shape[1]])

    dn, dz = dh * (1 - z), dh * (h_prev - n)
    da_n = dn * tanh_derivative(a_n)
    if reset == "after":
        dm, dr = da_n * r, da_n * m
        s, dh_through_m = h_prev, dm @ W_hn
    else:
        dm, s = da_n, r * h_prev
        ds = dm @ W_hn
        dr, dh_through_m = ds * h_prev, ds * r
    da_rz = np.concatenate([dr * sigmoid_derivative(a_r), dz * sigmoid_derivative(a_z)], axis=1)
    dh_prev = dh * z + da_rz @ W_hrz + dh_through_m

    da = np.concatenate([da_rz, da_n], axis=1)
    dx = da @ params.W_x
    dW_h = np.concatenate([da_rz.T @ h_prev, dm.T @ s])  # W_hn was multiplied with s and led to m
    return dx, dh_prev, GRUParams(W_x=da.T @ x, W_h=dW_h, b=da.sum(axis=0), b_h=dm.sum(axis=0))
