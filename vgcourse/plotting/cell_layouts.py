"""Where the parts of each cell's diagram stand, and which wires join them: data for `draw_cell`."""

from typing import NamedTuple

from .base import BLUE, GREEN, GREY, ORANGE
from .shapes import INK

GATE, SQUASH, SIGN = "gate", "squash", "sign"


class Layout(NamedTuple):
    """One diagram; coordinates in units of the canvas."""

    size: tuple  # width, height
    nodes: dict  # name -> (x, y, kind, text)
    wires: tuple  # (path of node names and points, colour)
    notes: tuple  # (symbol in mathtext, key of its value, x, y, horizontal alignment)
    peepholes: tuple = ()


# A path goes from node to node; a plain (x, y) is a corner. Names that are no node are given as points.
RNN = Layout(
    (8.0, 2.7),
    {
        "sum": (2.5, 1.35, SIGN, "+"),
        "tanh": (4.8, 1.35, SQUASH, "tanh"),
    },
    (
        ([(0.3, 1.35), "sum"], BLUE),
        ([(2.5, 0.3), "sum"], INK),
        (["sum", "tanh"], INK),
        (["tanh", (7.7, 1.35)], BLUE),
        ([(6.9, 1.35), (6.9, 2.45)], BLUE),
    ),
    (
        ("$h_{t-1}$", "h_prev", 0.3, 1.63, "left"),
        (r"$\times\,W_h$", None, 1.65, 1.07, "center"),
        ("$x_t$", "x", 2.65, 0.3, "left"),
        (r"$\times\,W_x,\ +\,b$", None, 2.65, 0.8, "left"),
        ("$z_t$", "z", 3.5, 1.63, "center"),
        ("$h_t$", "h", 5.45, 1.63, "left"),
    ),
)

LSTM = Layout(
    (10.4, 5.2),
    {
        "f": (2.0, 1.9, GATE, "σ"),
        "i": (3.5, 1.9, GATE, "σ"),
        "g": (4.9, 1.9, SQUASH, "tanh"),
        "o": (6.6, 1.9, GATE, "σ"),
        "forget": (2.0, 4.3, SIGN, "×"),
        "write": (4.9, 3.1, SIGN, "×"),
        "add": (4.9, 4.3, SIGN, "+"),
        "squash": (7.9, 3.25, SQUASH, "tanh"),
        "show": (7.9, 1.9, SIGN, "×"),
    },
    (
        ([(0.3, 4.3), "forget"], BLUE),
        (["forget", "add"], BLUE),
        (["add", (10.1, 4.3)], BLUE),
        (["f", "forget"], GREEN),
        (["i", (3.5, 3.1), "write"], GREEN),
        (["g", "write"], ORANGE),
        (["write", "add"], INK),
        ([(7.9, 4.3), "squash"], INK),
        (["squash", "show"], INK),
        (["o", "show"], GREEN),
        (["show", (10.1, 1.9)], INK),
        ([(0.3, 0.8), (6.6, 0.8), "o"], GREY),
        ([(2.0, 0.8), "f"], GREY),
        ([(3.5, 0.8), "i"], GREY),
        ([(4.9, 0.8), "g"], GREY),
        ([(1.2, 0.15), (1.2, 0.8)], GREY),
    ),
    (
        ("$c_{t-1}$", "c_prev", 0.3, 4.58, "left"),
        ("$c_t$", "c", 8.4, 4.58, "left"),
        ("$f$", "f", 2.12, 3.35, "left"),
        ("$i$", "i", 3.62, 2.6, "left"),
        ("$g$", "g", 5.02, 2.5, "left"),
        (r"$i\odot g$", "write", 5.02, 3.68, "left"),
        ("$o$", "o", 7.4, 1.45, "center"),
        (r"$\tanh c_t$", "tanh_c", 8.02, 2.6, "left"),
        ("$h_t$", "h", 8.75, 2.17, "left"),
        ("$h_{t-1}$", "h_prev", 0.3, 1.05, "left"),
        ("$x_t$", "x", 1.35, 0.3, "left"),
    ),
    (
        [(0.9, 4.3), (0.9, 1.95), (1.55, 1.95)],
        [(0.9, 3.0), (2.75, 3.0), (2.75, 1.95), (3.05, 1.95)],
        [(6.6, 4.3), (6.6, 2.18)],
    ),
)

GRU = Layout(
    (9.6, 5.0),
    {
        "z": (3.4, 2.0, GATE, "σ"),
        "keep": (3.4, 4.3, SIGN, "×"),
        "minus": (5.0, 3.3, SIGN, "1−"),
        "r": (5.0, 1.3, GATE, "σ"),
        "reset": (6.6, 1.3, SIGN, "×"),
        "n": (6.6, 2.3, SQUASH, "tanh"),
        "write": (6.6, 3.3, SIGN, "×"),
        "add": (6.6, 4.3, SIGN, "+"),
    },
    (
        ([(0.3, 4.3), "keep"], BLUE),
        (["keep", "add"], BLUE),
        (["add", (9.3, 4.3)], BLUE),
        (["z", "keep"], GREEN),
        ([(3.4, 3.3), "minus"], GREEN),
        (["minus", "write"], GREEN),
        (["n", "write"], ORANGE),
        (["write", "add"], INK),
        (["r", "reset"], GREEN),
        (["reset", "n"], INK),
        ([(0.3, 0.45), (3.4, 0.45), "z"], GREY),
        ([(3.4, 0.45), (5.0, 0.45), "r"], GREY),
        ([(5.0, 0.45), (6.6, 0.45), "reset"], GREY),
        ([(6.6, 0.45), (8.2, 0.45), (8.2, 2.3), "n"], GREY),
        ([(2.0, 4.3), (2.0, 0.45)], GREY),
    ),
    (
        ("$h_{t-1}$", "h_prev", 0.3, 4.58, "left"),
        ("$h_t$", "h", 7.3, 4.58, "left"),
        ("$x_t$", "x", 0.3, 0.72, "left"),
        ("$z$", "z", 3.52, 2.75, "left"),
        ("$1-z$", "one_minus_z", 5.8, 3.68, "center"),
        ("$r$", "r", 5.92, 1.63, "center"),
        ("$n$", "n", 6.72, 2.83, "left"),
        ("$h_{t-1}$ only", None, 6.72, 0.85, "left"),
        ("$x_t$ only", None, 8.32, 1.5, "left"),
    ),
)

UGRNN = Layout(
    (9.0, 4.2),
    {
        "g": (3.4, 1.4, GATE, "σ"),
        "keep": (3.4, 3.5, SIGN, "×"),
        "minus": (5.0, 2.5, SIGN, "1−"),
        "r": (6.6, 1.4, SQUASH, "tanh"),
        "write": (6.6, 2.5, SIGN, "×"),
        "add": (6.6, 3.5, SIGN, "+"),
    },
    (
        ([(0.3, 3.5), "keep"], BLUE),
        (["keep", "add"], BLUE),
        (["add", (8.7, 3.5)], BLUE),
        (["g", "keep"], GREEN),
        ([(3.4, 2.5), "minus"], GREEN),
        (["minus", "write"], GREEN),
        (["r", "write"], ORANGE),
        (["write", "add"], INK),
        ([(0.3, 0.45), (3.4, 0.45), "g"], GREY),
        ([(3.4, 0.45), (6.6, 0.45), "r"], GREY),
        ([(2.0, 3.5), (2.0, 0.45)], GREY),
    ),
    (
        ("$h_{t-1}$", "h_prev", 0.3, 3.78, "left"),
        ("$h_t$", "h", 7.2, 3.78, "left"),
        ("$x_t$", "x", 0.3, 0.72, "left"),
        ("$g$", "g", 3.52, 2.0, "left"),
        ("$1-g$", "one_minus_g", 5.8, 2.88, "center"),
        ("$r$", "r", 6.72, 1.97, "left"),
    ),
)

RESIDUAL = Layout(
    (7.6, 2.6),
    {
        "f": (3.6, 0.8, SQUASH, "f"),
        "add": (5.2, 2.0, SIGN, "+"),
    },
    (
        ([(0.3, 2.0), "add"], BLUE),
        (["add", (7.3, 2.0)], BLUE),
        ([(2.0, 2.0), (2.0, 0.8), "f"], GREY),
        (["f", (5.2, 0.8), "add"], ORANGE),
    ),
    (
        ("$h_{l-1}$", "h_prev", 0.3, 2.28, "left"),
        (r"$\times\,W_l$", None, 2.55, 0.53, "center"),
        ("$f$", "f", 5.32, 1.35, "left"),
        ("$h_l$", "h", 5.8, 2.28, "left"),
    ),
)

HIGHWAY = Layout(
    (9.0, 4.2),
    {
        "f": (6.6, 1.4, SQUASH, "f"),
        "g": (5.0, 1.4, GATE, "σ"),
        "minus": (3.4, 2.5, SIGN, "1−"),
        "keep": (3.4, 3.5, SIGN, "×"),
        "write": (6.6, 2.5, SIGN, "×"),
        "add": (6.6, 3.5, SIGN, "+"),
    },
    (
        ([(0.3, 3.5), "keep"], BLUE),
        (["keep", "add"], BLUE),
        (["add", (8.7, 3.5)], BLUE),
        (["g", (5.0, 2.5), "minus"], GREEN),
        ([(5.0, 2.5), "write"], GREEN),
        (["minus", "keep"], GREEN),
        (["f", "write"], ORANGE),
        (["write", "add"], INK),
        ([(2.0, 3.5), (2.0, 0.45), (5.0, 0.45), "g"], GREY),
        ([(5.0, 0.45), (6.6, 0.45), "f"], GREY),
    ),
    (
        ("$h_{l-1}$", "h_prev", 0.3, 3.78, "left"),
        ("$h_l$", "h", 7.2, 3.78, "left"),
        ("$g$", "g", 5.12, 2.0, "left"),
        ("$1-g$", "one_minus_g", 3.52, 3.0, "left"),
        ("$f$", "f", 6.72, 1.97, "left"),
    ),
)

LAYOUTS = {
    "rnn": RNN,
    "lstm": LSTM,
    "gru": GRU,
    "ugrnn": UGRNN,
    "highway": HIGHWAY,
    "residual": RESIDUAL,
}
