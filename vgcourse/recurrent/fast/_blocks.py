"""How a kernel walks over the steps: forwards in blocks, backwards in pieces that are cut into blocks.

A block is as many steps as stay in the cache while their local derivatives are computed; a piece as many as
make one fast product for the weights' gradients.
"""

from contextlib import contextmanager

import numpy as np

BLOCK_BYTES = 512 * 1024  # a block of steps stays in the second-level cache
GRADIENT_ROWS = 1024  # rows of a product that sums over steps: its factors stay in the cache
FLUSH_EVERY = 16


@contextmanager
def fast_loops():
    """No warnings of overflow and NaN, and no detour through numpy's buffer.

    e^(−a) may be inf: then σ(a) is 0, which is right. A net that explodes ends in inf and NaN, and they come
    out in the states: numpy need not say so at every step. It copies short strided rows into a buffer of
    8192 items before it works on them; with a small buffer it works on them directly, 2–4 times faster.
    Both settings end with the block.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.setbufsize(64)
        yield


def exponential(dtype):
    """np.exp; for complex numbers one that stops short of ∞, because 1 / (1 + ∞ + i∞) is NaN and not 0."""
    if dtype.kind != "c":
        return np.exp
    most = 0.98 * np.log(np.finfo(dtype).max)

    def exp(a, out):
        np.exp(np.minimum(a.real, most) + 1j * a.imag, out)

    return exp


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
    """Set a vanished gradient to 0: subnormal numbers would make later steps 8 times slower. NaN stays."""
    if np.abs(gradient).max() < 1e3 * np.finfo(gradient.dtype).tiny:
        gradient[...] = 0
