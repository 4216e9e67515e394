"""Two cells that can keep their state: the UGRNN, one gate and no more, and the GRU.

The plain net writes its state anew at every step, so each step back costs the gradient a W_h and an f'.
Here a gate between 0 and 1 says, unit by unit, how much of the old state stays:

    h_t = keep ⊙ h_{t−1} + (1 − keep) ⊙ new

where keep = σ(a_keep) and new = tanh(a_new) are made like the plain net's h from a's of their own. Going
back, h_{t−1} was used straight and in each a, so dh_{t−1} is a sum over these paths. The straight one,
dh ⊙ keep, has no weights and no slope in it: where keep ≈ 1 the gradient passes whole. The others begin with
the product rule, take the slope, da = dgate ⊙ σ'(a), and go on from da as the plain net's from dz. The a's
stand side by side in one array, so that one product serves all.

The papers' letters: keep and new are g and r in the UGRNN, z and n in the GRU, whose r is a reset gate.
"""

from typing import NamedTuple

import numpy as np

from vgcourse.activations import sigmoid, sigmoid_derivative, tanh, tanh_derivative
from vgcourse.initializers import glorot, lecun
from vgcourse.recurrent._arguments import check_bias
from vgcourse.recurrent._cell import Cell, checked_backward, checked_forward, gate_weights

__all__ = [
    "GRU",
    "RESETS",
    "UGRNN",
    "GRUCache",
    "GRUParams",
    "UGRNNCache",
    "UGRNNParams",
    "gru_init",
    "gru_step_backward",
    "gru_step_forward",
    "ugrnn_init",
    "ugrnn_step_backward",
    "ugrnn_step_forward",
]

RESETS = ("after", "before")

# --- UGRNN -------------------------------------------------------------------------------------------


class UGRNNParams(NamedTuple):
    """The weights, rows in the order r (candidate), g (gate); also the type of their gradients."""

    W_x: np.ndarray  # (2H, D)
    W_h: np.ndarray  # (2H, H)
    b: np.ndarray  # (2H,)


class UGRNNCache(NamedTuple):
    """What one step backwards needs: what each forward line read, in the order of the lines."""

    params: UGRNNParams
    x: np.ndarray  # x_t (N, D)
    h_prev: np.ndarray  # h_{t−1} (N, H)
    a: np.ndarray  # (N, 2H)
    r: np.ndarray  # (N, H), as g
    g: np.ndarray


def ugrnn_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun, forget_bias=0.0):
    """As `rnn_init`; forget_bias, a number or (H,) array, starts the gate g that keeps the old state.

    Raises
    ------
    TypeError, ValueError
        As `rnn_init`, and if forget_bias is no finite number or has another shape.
    """
    W_x, W_h, b = gate_weights("ugrnn_init", 2, D, H, rng, dtype, initializer, recurrent)
    b[H:] = check_bias("ugrnn_init", "forget_bias", forget_bias, H)
    return UGRNNParams(W_x, W_h, b)


@checked_forward(UGRNNParams, gates=2)
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
    W_x, W_h, b = params
    h_prev = state

    a = x_t @ W_x.T + h_prev @ W_h.T + b
    a_r, a_g = np.split(a, 2, axis=1)
    r = tanh(a_r)
    g = sigmoid(a_g)
    h = g * h_prev + (1 - g) * r
    return h, UGRNNCache(params, x_t, h_prev, a, r, g)


@checked_backward(UGRNNCache)
def ugrnn_step_backward(dstate, cache):
    """dr = dh ⊙ (1 − g), dg = dh ⊙ (h_{t−1} − r); dh_{t−1} = dh ⊙ g + da W_h: straight, and through a.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient with respect to h_t
    cache : UGRNNCache of this step

    Returns
    -------
    dx_t, dstate_prev, grads : (N, D) array, (N, H) array, this step's share as UGRNNParams

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh = dstate
    (W_x, W_h, _), x_t, h_prev, a, r, g = cache
    a_r, a_g = np.split(a, 2, axis=1)

    # h = g ⊙ h_prev + (1 − g) ⊙ r
    dg = dh * (h_prev - r)
    dr = dh * (1 - g)
    dh_prev = dh * g
    # r, g = tanh(a_r), σ(a_g)
    da_r = dr * tanh_derivative(a_r)
    da_g = dg * sigmoid_derivative(a_g)
    # a = x_t W_xᵀ + h_prev W_hᵀ + b
    da = np.concatenate([da_r, da_g], axis=1)
    dx = da @ W_x
    dh_prev = dh_prev + da @ W_h
    return dx, dh_prev, UGRNNParams(da.T @ x_t, da.T @ h_prev, da.sum(axis=0))


def _ugrnn_in_torch(torch, params, x_t, state):
    a_r, a_g = (x_t @ params.W_x.T + state @ params.W_h.T + params.b).chunk(2, dim=1)
    return torch.lerp(torch.tanh(a_r), state, torch.sigmoid(a_g))


UGRNN = Cell(
    "ugrnn",
    UGRNNParams,
    ugrnn_init,
    ugrnn_step_forward,
    ugrnn_step_backward,
    carry_and_write=lambda state, cache: (cache.g, 1 - cache.g, cache.r),
    torch_step=_ugrnn_in_torch,
)

# --- GRU ---------------------------------------------------------------------------------------------


class GRUParams(NamedTuple):
    """The weights, rows in the order r, z (gates), n (candidate); also the type of their gradients.

    b_h stands beside W_hn: with `reset="after"` the reset gate acts on it and not on b.
    """

    W_x: np.ndarray  # (3H, D)
    W_h: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)
    b_h: np.ndarray  # (H,)


class GRUCache(NamedTuple):
    """What one step backwards needs: what each forward line read, in the order of the lines."""

    params: GRUParams
    x: np.ndarray  # x_t (N, D)
    h_prev: np.ndarray  # h_{t−1} (N, H)
    a: np.ndarray  # (N, 3H)
    r: np.ndarray  # (N, H), as the next three
    z: np.ndarray
    m: np.ndarray  # the part of a_n that comes from the state
    n: np.ndarray
    reset: str


def gru_init(D, H, *, rng, dtype=float, initializer=glorot, recurrent=lecun, forget_bias=0.0):
    """As `rnn_init`; forget_bias, a number or (H,) array, starts the gate z that keeps the old state.

    Raises
    ------
    TypeError, ValueError
        As `ugrnn_init`.
    """
    W_x, W_h, b = gate_weights("gru_init", 3, D, H, rng, dtype, initializer, recurrent)
    b[H : 2 * H] = check_bias("gru_init", "forget_bias", forget_bias, H)
    return GRUParams(W_x, W_h, b, np.zeros(H, dtype))


@checked_forward(GRUParams, gates=3, reset=RESETS)
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
    W_x, W_h, b, b_h = params
    h_prev = state
    gates = 2 * h_prev.shape[1]  # rows of r and z; those of n follow
    W_h_rz, W_h_n = np.split(W_h, [gates])

    a_x_rz, a_x_n = np.split(x_t @ W_x.T + b, [gates], axis=1)
    a_rz = a_x_rz + h_prev @ W_h_rz.T
    r, z = np.split(sigmoid(a_rz), 2, axis=1)
    if reset == "after":
        m = h_prev @ W_h_n.T + b_h
        a_n = a_x_n + r * m
    else:
        m = (r * h_prev) @ W_h_n.T + b_h
        a_n = a_x_n + m
    n = tanh(a_n)
    h = z * h_prev + (1 - z) * n
    return h, GRUCache(params, x_t, h_prev, np.concatenate([a_rz, a_n], axis=1), r, z, m, n, reset)


@checked_backward(GRUCache)
def gru_step_backward(dstate, cache):
    """dn = dh ⊙ (1 − z), dz = dh ⊙ (h_{t−1} − n); dh_{t−1} = dh ⊙ z + (through m) + da_rz W_h_rz.

    Through m comes dm W_h_n, multiplied by r once more where the reset stands before W_h_n.

    Parameters
    ----------
    dstate : (N, H) array, the whole gradient with respect to h_t
    cache : GRUCache of this step

    Returns
    -------
    dx_t, dstate_prev, grads : (N, D) array, (N, H) array, this step's share as GRUParams

    Raises
    ------
    TypeError, ValueError
        If cache is of another cell, or the precision or shape of dstate does not fit.
    """
    dh = dstate
    (W_x, W_h, _, _), x_t, h_prev, a, r, z, m, n, reset = cache
    a_r, a_z, a_n = np.split(a, 3, axis=1)
    W_h_rz, W_h_n = np.split(W_h, [2 * h_prev.shape[1]])

    # h = z ⊙ h_prev + (1 − z) ⊙ n
    dz = dh * (h_prev - n)
    dn = dh * (1 - z)
    dh_prev = dh * z
    # n = tanh(a_n)
    da_n = dn * tanh_derivative(a_n)
    if reset == "after":
        # a_n = … + r ⊙ m, m = h_prev W_h_nᵀ + b_h
        dr = da_n * m
        dm = da_n * r
        dW_h_n = dm.T @ h_prev
        dh_prev = dh_prev + dm @ W_h_n
    else:
        # a_n = … + m, m = s W_h_nᵀ + b_h, s = r ⊙ h_prev
        dm = da_n
        dW_h_n = dm.T @ (r * h_prev)
        ds = dm @ W_h_n
        dr = ds * h_prev
        dh_prev = dh_prev + ds * r
    # r, z = σ(a_r), σ(a_z)
    da_r = dr * sigmoid_derivative(a_r)
    da_z = dz * sigmoid_derivative(a_z)
    # a_rz = … + h_prev W_h_rzᵀ
    da_rz = np.concatenate([da_r, da_z], axis=1)
    dW_h_rz = da_rz.T @ h_prev
    dh_prev = dh_prev + da_rz @ W_h_rz
    # a = x_t W_xᵀ + b + …
    da = np.concatenate([da_rz, da_n], axis=1)
    dx = da @ W_x
    return (
        dx,
        dh_prev,
        GRUParams(da.T @ x_t, np.concatenate([dW_h_rz, dW_h_n]), da.sum(axis=0), dm.sum(axis=0)),
    )


def _gru_in_torch(torch, params, x_t, state, reset="after"):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (
        (v @ W.T).chunk(3, dim=1) for v, W in ((x_t, params.W_x), (state, params.W_h))
    )
    b_r, b_z, b_n = params.b.chunk(3)
    r, z = torch.sigmoid(x_r + h_r + b_r), torch.sigmoid(x_z + h_z + b_z)
    if reset == "before":
        recurrent_part = (r * state) @ params.W_h.chunk(3)[2].T + params.b_h
    else:
        recurrent_part = r * (h_n + params.b_h)
    return torch.lerp(torch.tanh(x_n + b_n + recurrent_part), state, z)


GRU = Cell(
    "gru",
    GRUParams,
    gru_init,
    gru_step_forward,
    gru_step_backward,
    carry_and_write=lambda state, cache: (cache.z, 1 - cache.z, cache.n),
    torch_step=_gru_in_torch,
    step_options={"reset": RESETS},
)
