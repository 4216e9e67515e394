"""The Jacobians ∂h_t/∂h_(t−1) of recurrent nets, of a bare recursion and of any cell that keeps the contract.

>>> jacobians = step_jacobians(gru_step_forward, params, x, state0)  # (T, H, H)
>>> product = vgcourse.dynamics.jacobian_products(jacobians)  # ∂h_t/∂h_0 for every t
"""

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import (
    as_floats,
    as_reals,
    as_square_matrix,
    expect_callable,
    expect_count,
    expect_finite,
    expect_real,
    expect_shape,
)
from vgcourse.activations import get_activation

__all__ = [
    "recurrent_jacobians",
    "step_jacobians",
]


def recurrent_jacobians(W, h0, steps, *, activation="tanh", drive=None):
    """Yield J_t = diag f'(z_t) W with z_t = W h(t−1) + drive(t), h(t) = f(z_t), for t = 1 … steps.

    Parameters
    ----------
    W : (H, H) array
    h0 : (H,) array
    steps : number T of steps
    activation : name of f
    drive : (T, H) array, input and bias of every step, or None

    Yields
    ------
    (H, H) arrays, first index the output's; NaN once a state that ran to infinity has become NaN

    Raises
    ------
    TypeError, ValueError
        If an array is not finite floating point, shapes do not fit or the activation is unknown.
    """
    where = "recurrent_jacobians"
    expect_count(where, "steps", steps)
    W, h = as_floats(where, W=as_square_matrix(where, W=W), h0=h0)
    expect_shape(where, "h0", h, W.shape[:1], f"W has shape {W.shape}")
    drive = np.zeros((steps, 1), W.dtype) if drive is None else drive
    W, drive = as_floats(where, W=W, drive=drive)
    if drive.shape != (steps, 1):  # (T, 1) is the same drive for every unit
        expect_shape(where, "drive", drive, (steps, len(W)), f"steps is {steps} and W has shape {W.shape}")
    expect_finite(where, h0=h, drive=drive)
    f = get_activation(activation)
    return _recurrent_jacobians(W, h, drive, f)  # so that bad arguments raise here, not at the first step


def _recurrent_jacobians(W, h, drive, f):
    for d in drive:
        with np.errstate(over="ignore", invalid="ignore"):  # an unstable net may run to infinity
            z = W @ h + d
            h = f.function(z)
        yield f.derivative(z)[:, None] * W


def step_jacobians(step_forward, params, x, state0):
    """J_t = ∂(state t)/∂(state t−1) along one sequence, for any cell, from its forward step alone.

    Row j of a batch of S copies of the state carries the tangent e_j in its imaginary part, so that one call
    of the step returns the state and, to the last digits, every column of J_t: Im s(h + i ε e_j)/ε.

    Parameters
    ----------
    step_forward : (params, x_t (N, D), state) → state, cache, as in `vgcourse.recurrent`
    params : the cell's parameters
    x : (T, D) array, one sequence
    state0 : (H,) array, or (2, H) for a cell with two states

    Returns
    -------
    (T, S, S) array with S = H, or 2H in the order h, c for two states; first index the output's

    Raises
    ------
    TypeError, ValueError
        If step_forward is no function, x, state0 or a parameter is complex or not finite, x or state0 has
        another rank; and whatever the step raises.
    """
    where = "step_jacobians"
    expect_callable(where, "step_forward", step_forward)
    x, state = as_reals(where, x=x, state0=state0)
    expect_shape(where, "x", x, ("T", "D"))
    if state.ndim not in (1, 2) or (state.ndim == 2 and len(state) != 2):
        raise ValueError(f"{where}: state0 has shape {state.shape}; expected (H,), or (2, H) with h and c.")
    arrays = {name or "params": np.asarray(leaf) for name, leaf in named_leaves(params)}
    expect_real(where, **arrays)  # the imaginary parts are what carries the derivative
    expect_finite(where, x=x, state0=state, **arrays)
    size, width = state.size, state.shape[-1]
    epsilon = x.dtype.type(np.finfo(x.dtype).eps ** 2)  # its square is nothing beside 1; ε J is far from 0
    # (S, S) identity: row j is the tangent of copy j; then states to the front, copies to the batch's place
    tangents = np.eye(size).reshape(size, -1, width).swapaxes(0, 1)
    kick = (1j * epsilon * tangents).astype(np.result_type(x.dtype, np.complex64))
    out = np.empty((len(x), size, size), x.dtype)
    for t, x_t in enumerate(x):
        copies = state.reshape(-1, 1, width) + kick
        copies = copies if state.ndim == 2 else copies[0]
        after, _ = step_forward(params, np.broadcast_to(x_t, (size, len(x_t))), copies)
        after = after.reshape(-1, size, width)  # (1 or 2, copies, H)
        with np.errstate(over="ignore"):
            slopes = after.imag / epsilon
        out[t] = slopes.transpose(0, 2, 1).reshape(size, size)
        state = after.real[:, 0].reshape(state.shape)
    return out
