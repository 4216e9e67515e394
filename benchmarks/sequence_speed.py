"""Whole-sequence kernels against torch and against their bare matrix products, forward and back."""

from typing import NamedTuple

from _measure import Line, medians, torch  # first: it pins the threads

import numpy as np  # isort: skip

from vgcourse.recurrent import cell_init, zero_state
from vgcourse.recurrent.fast import KERNELS, Workspace

SHAPES = [(50, 32, 32, 64), (100, 64, 128, 256), (1000, 16, 64, 128), (10000, 1, 32, 64)]  # T, N, D, H
MIDDLE = SHAPES[1:3]
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
FLOOR_GOALS = {"rnn": 1.35, "gru": 1.6, "lstm": 1.5}
LSTM_FLOAT32_GOALS = dict(zip(SHAPES, (0.7, 1.0, 1.0, 0.4)))


class Times(NamedTuple):
    """Median seconds of one cell, dtype and shape; torch is None where it is not installed."""

    cell: str
    dtype: str
    shape: tuple
    ours: float
    floor: float
    torch: float | None


def torch_goal(cell, dtype, shape):
    """How many times torch's speed the kernel shall have."""
    return LSTM_FLOAT32_GOALS[shape] if (cell, dtype) == ("lstm", "float32") else 1.0


def ours(cell, dtype, shape):
    """One forward and backward pass with a workspace, as a training loop does it."""
    T, N, D, H = shape
    rng = np.random.default_rng(0)
    params, state0 = cell_init(cell, D, H, rng=rng, dtype=dtype), zero_state(cell, N, H, dtype)
    x = rng.standard_normal((T, N, D)).astype(dtype)
    dstates = np.zeros((T, *state0.shape), dtype)
    dh = dstates if state0.ndim == 2 else dstates[:, 0]
    dh[...] = rng.standard_normal(dh.shape)
    (forward, backward), workspace = KERNELS[cell], Workspace()
    return lambda: backward(dstates, forward(params, x, state0, workspace)[1])


def theirs(cell, dtype, shape):
    """The same work in torch."""
    T, N, D, H = shape
    library = torch()
    dtype = getattr(library, dtype)
    net = getattr(library.nn, cell.upper())(D, H).to(dtype)
    x = library.randn(T, N, D, dtype=dtype, requires_grad=True)
    dh = library.randn(T, N, H, dtype=dtype)

    def run():
        x.grad = None
        net.zero_grad()
        net(x)[0].backward(dh)

    return run


def floor(cell, dtype, shape):
    """Only the matrix products that nobody can leave out, plain calls, the steps' factors in cache."""
    T, N, D, H = shape
    K, rng = GATES[cell] * H, np.random.default_rng(0)
    x, h_all, z_all, W_x, W_h, h, z = (
        rng.standard_normal(size).astype(dtype)
        for size in ((T * N, D), (T * N, H), (T * N, K), (K, D), (K, H), (N, H), (N, K))
    )
    W_hT, dx, dh, from_h = np.ascontiguousarray(W_h.T), np.empty_like(x), np.empty_like(h), np.empty_like(z)

    def run():
        np.dot(x, W_x.T, out=z_all)
        for _ in range(T):
            np.dot(h, W_hT, out=from_h)
        for _ in range(T):
            np.dot(z, W_h, out=dh)
        np.dot(z_all, W_x, out=dx)
        return x.T @ z_all, h_all.T @ z_all

    return run


def measure(rounds, cells=GATES):
    """All cells, precisions and shapes, one after the other; within each in turns."""
    for cell in cells:
        for dtype in ("float64", "float32"):
            for shape in SHAPES:
                makers = {"ours": ours, "floor": floor} | ({"torch": theirs} if torch() else {})
                functions = {name: make(cell, dtype, shape) for name, make in makers.items()}
                found = medians(functions, rounds)
                yield Times(cell, dtype, shape, found["ours"], found["floor"], found.get("torch"))


def lines(times):
    """The table's rows of one measurement."""
    what = f"{times.cell} {times.dtype} {times.shape}"
    note = f"ours {1e3 * times.ours:.1f} ms, products {1e3 * times.floor:.1f} ms"
    if times.torch:
        goal = torch_goal(times.cell, times.dtype, times.shape)
        speed = times.torch / times.ours
        yield Line(what, speed, "× torch's speed", goal, True, f"{note}, torch {1e3 * times.torch:.1f} ms")
    goal = FLOOR_GOALS[times.cell] if times.shape in MIDDLE else None
    yield Line(what, times.ours / times.floor, "× the products' time", goal, False, note)
