"""What all kernels share: a workspace, blocks of steps, argument checks, inputs beside states."""

from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from vgcourse._trees import named_leaves
from vgcourse._validate import as_floats, expect_finite, expect_shape

BLOCK_BYTES = 512 * 1024  # a block of steps stays in the second-level cache
GRADIENT_ROWS = 1024  # rows of a product that sums over steps: its factors stay in the cache
FLUSH_EVERY = 16


class Workspace:
    """Arrays that a kernel uses again at its next call; worth it when you call it in a loop.

    The states, the cache and dx live in it and are overwritten by the next call with the same workspace:
    copy what you want to keep. A backward pass may work in the cache's own arrays, so it runs once for
    each forward pass; a second time, or with a cache that a later call has overwritten, it raises.
    """

    def __init__(self):
        self._arrays = {}
        self._ticket = 0

    def begin(self):
        """A forward pass starts: caches of earlier ones are void. Returns its ticket."""
        self._ticket += 1
        return self._ticket

    def claim(self, ticket):
        """True if the arrays still belong to the forward pass with that ticket; from now on to nobody."""
        valid = ticket == self._ticket
        self._ticket += valid
        return valid

    def take(self, name, shape, dtype):
        """An array of that shape and dtype with any content; the same one as last time if it fits."""
        array = self._arrays.get(name)
        if array is None or array.dtype != dtype or array.size < np.prod(shape):
            array = self._arrays[name] = np.empty(shape, dtype)
        if array.shape != shape:  # a shorter sequence uses the front of it
            array = array.reshape(-1)[: np.prod(shape)].reshape(shape)
        return array

    def arrays(self):
        """All arrays in it."""
        return tuple(self._arrays.values())

    @property
    def nbytes(self):
        """Bytes of all arrays in it."""
        return sum(array.nbytes for array in self.arrays())


class Loan(NamedTuple):
    """The workspace that a cache lives in, and the ticket of the forward pass that made it."""

    workspace: Workspace
    ticket: int


@contextmanager
def fast_loops():
    """No overflow warnings, and no detour through numpy's buffer.

    e^(−a) may be inf: then σ(a) is 0, which is right. numpy copies short strided rows into a buffer of
    8192 items before it works on them; with a small buffer it works on them directly, 2–4 times faster.
    Both settings end with the block.
    """
    with np.errstate(over="ignore", under="ignore"):
        np.setbufsize(64)
        yield


def step_blocks(T, bytes_per_step):
    """Slices of 0 … T − 1, about BLOCK_BYTES of work each, in order."""
    return pieces_of(T, max(1, BLOCK_BYTES // bytes_per_step))


def pieces_of(T, length):
    """Slices of 0 … T − 1, `length` steps each, the last one maybe shorter."""
    return [slice(start, min(start + length, T)) for start in range(0, T, length)]


def backwards(start, *steps):
    """Steps of all sequences together, last step first, counted from `start`."""
    return enumerate(zip(*(sequence[::-1] for sequence in steps)), start)


def gradient_pieces(T, N):
    """How a backward pass goes: slices of steps, last steps first.

    The steps of a piece are enough for a fast product with their gradients and few enough that these are
    still cached then.
    """
    return pieces_of(T, max(1, GRADIENT_ROWS // N))[::-1]


def pieces_with_blocks(T, N, bytes_per_step):
    """Pairs (piece, its blocks). A block is two slices: its steps in the sequence and in the piece."""
    return [
        (p, [(_moved(s, p.start), s) for s in step_blocks(p.stop - p.start, bytes_per_step)[::-1]])
        for p in gradient_pieces(T, N)
    ]


def gradient_space(space, pieces, gates, slopes, shape, dtype):
    """Arrays for da of a piece, (steps, N, gates · H), and the slopes of a block, (slopes, steps, N, H)."""
    N, H = shape
    steps = max(piece.stop - piece.start for piece, _ in pieces)
    steps_of_block = max(t.stop - t.start for _, blocks in pieces for t, _ in blocks)
    da = space.take("da", (steps, N, gates * H), dtype)
    return da, space.take("slopes", (slopes, steps_of_block, N, H), dtype)


def _moved(steps, by):
    return slice(steps.start + by, steps.stop + by)


def flush(gradient):
    """Set a vanished gradient to 0: subnormal numbers would make every later step 8 times slower."""
    if np.abs(gradient).max() < 1e3 * np.finfo(gradient.dtype).tiny:
        gradient[...] = 0


def beside_states(space, x, state0):
    """Rows [x_t, h_{t−1}, 1], (T + 1, N, D + H + 1), and the h in them, (T + 1, N, H), to be filled in.

    With them a pre-activation is one product a step, and so are all weight gradients of many steps.
    The last row is only there for h_T.
    """
    (T, N, D), H = x.shape, state0.shape[-1]
    seen = space.take("seen", (T + 1, N, D + H + 1), x.dtype)
    seen[:T, :, :D] = x
    seen[:, :, -1] = 1
    states = seen[:, :, D:-1]
    states[0] = state0
    return seen, states


def join_weights(params):
    """W_x, W_h and b as one matrix that multiplies such rows, (D + H + 1, gates · H)."""
    return np.concatenate([params.W_x, params.W_h, params.b[:, None]], axis=1).T


def part_weights(dW, D):
    """The gradients of W_x, W_h and b, one beside the other in dW."""
    return (np.ascontiguousarray(part) for part in (dW[:, :D], dW[:, D:-1], dW[:, -1]))


def columns(gates, H, count):
    """The gates one by one: views of H columns each."""
    return tuple(gates[:, :, k * H : (k + 1) * H] for k in range(count))


def in_rows(gates, H, order):
    """Indices that bring blocks of H rows into another order: in_rows("ab", H, "ba") swaps two."""
    return np.concatenate([np.arange(H) + H * gates.index(gate) for gate in order])


def check_forward(where, params_type, params, x, state0, gates, arrays=1):
    """Parameters, x and state0 as arrays that fit each other, everything finite."""
    if not isinstance(params, params_type):
        raise TypeError(f"{where}: params is {type(params).__name__}; expected {params_type.__name__}.")
    given = dict(named_leaves(params))
    arrays_given = as_floats(where, **given, x=x, state0=state0)
    dtype = np.result_type(*arrays_given)  # complex if one is: a complex step in the weights, say
    *weights, x, state0 = (array.astype(dtype, copy=False) for array in arrays_given)
    params = params._replace(**dict(zip(given, weights)))
    W_h = params.W_h
    if W_h.ndim != 2 or W_h.shape[0] != gates * W_h.shape[1]:
        rows = "H" if gates == 1 else f"{gates}H"
        raise ValueError(f"{where}: W_h has shape {W_h.shape}; expected ({rows}, H).")
    rows, H = W_h.shape
    because = f"W_h has shape {W_h.shape}"
    expect_shape(where, "W_x", params.W_x, (rows, "D"), because)
    for name, w in zip(given, weights):
        if name not in ("W_x", "W_h"):
            expect_shape(where, name, w, {"b": (rows,), "p": (3, H)}.get(name, (H,)), because)
    expect_shape(where, "x", x, ("T", "N", params.W_x.shape[1]), f"W_x has shape {params.W_x.shape}")
    shape = (x.shape[1], H) if arrays == 1 else (arrays, x.shape[1], H)
    expect_shape(where, "state0", state0, shape, f"x has shape {x.shape} and {because}")
    _expect_finite(where, **dict(named_leaves(params)), x=x, state0=state0)
    return params, np.ascontiguousarray(x), state0


def check_workspace(where, workspace):
    """The workspace to use, a new one for None, and the loan that goes into the cache."""
    if workspace is None:
        return Workspace(), None
    if not isinstance(workspace, Workspace):
        raise TypeError(f"{where}: workspace is {type(workspace).__name__}; expected Workspace or None.")
    return workspace, Loan(workspace, workspace.begin())


def check_backward(where, cache_type, dstates, cache, shape):
    """dstates as a finite array of the states' shape, and the workspace to use."""
    if not isinstance(cache, cache_type):
        raise TypeError(f"{where}: cache is {type(cache).__name__}; expected {cache_type.__name__}.")
    dstates, _ = as_floats(where, dstates=dstates, weights=cache.params.W_h)
    expect_shape(where, "dstates", dstates, shape(cache), "that is the shape of the states")
    _expect_finite(where, dstates=dstates)
    if cache.loan is None:
        return dstates, Workspace()
    if not cache.loan.workspace.claim(cache.loan.ticket):
        raise ValueError(
            f"{where}: the cache's workspace was used again since; expected one backward pass right after "
            "its forward pass. Without a workspace a cache can be kept."
        )
    return dstates, cache.loan.workspace


def room_for_da(cache):
    """An array for da: with a workspace that of the local derivatives, step by step; without, they stay."""
    return np.empty_like(cache.slopes) if cache.loan is None else cache.slopes


def _expect_finite(where, **arrays):
    """`expect_finite` with a fast way out: a finite sum of squares has no NaN and no infinity in it."""
    for name, array in arrays.items():
        if not np.isfinite(np.vdot(array, array)):
            expect_finite(where, **{name: array})
