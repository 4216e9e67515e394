"""Residual blocks in a row, with the identity's wire, and what runs through them in both directions."""

import numpy as np

from .base import BLUE, GREEN, GREY, ORANGE, as_array, expect_same_length, new_axes, short
from .shapes import INK, box, canvas, circle, note, wire


def draw_residual_blocks(states, branches, slopes=None, gradients=None, ax=None, text="f", identity=True):
    """K blocks h ← h + r: the identity as a straight wire, a box for the branch, numbers on all wires.

    Blue above the wire goes forward: h_0 … h_K, and r where a branch comes back. Orange below comes back: the
    gradients of the loss. Green is what a branch multiplies the gradient by.

    Parameters
    ----------
    states : (K + 1,) numbers, h_0 … h_K; K is 1 … 5
    branches : (K,) numbers, what each branch adds
    slopes : (K,) numbers, the derivative of each branch, or None
    gradients : (K + 1,) numbers, of the loss with respect to h_0 … h_K, or None
    text : what is written into the branches
    identity : False for a plain net: the branch alone, no wire around it and no plus sign
    """
    where = "draw_residual_blocks"
    states, branches = as_array(where, "states", states, 1), as_array(where, "branches", branches, 1)
    K = len(branches)
    if not 1 <= K <= 5 or len(states) != K + 1:
        raise ValueError(
            f"{where}: {len(states)} states and {K} branches; expected 1 … 5 branches and one state more."
        )
    if slopes is not None:
        expect_same_length(where, branches=branches, slopes=slopes)
    if gradients is not None:
        expect_same_length(where, states=states, gradients=gradients)
    pitch, left, y = 3.0, 1.3, 0.75 if gradients is not None else 0.45
    top = y + (1.3 if identity else 0.0)
    length = left + pitch * K + 0.3
    ax = canvas(ax, length, top + (0.8 if slopes is None else 1.05), scale=min(0.8, 7.3 / length))
    for l in range(K + 1):
        middle = left - 0.65 + pitch * l
        note(ax, middle, y + 0.52, f"$h_{l}$", fontsize=9)
        note(ax, middle, y + 0.24, short(states[l]), color=BLUE, fontsize=8.5)
        if gradients is not None:
            note(ax, middle, y - 0.26, short(gradients[l]), color=ORANGE, fontsize=8.5)
    for l in range(K):
        start, plus = left + pitch * l, left + pitch * l + 1.65
        before = start - 1.2 if l else 0.1
        middle = (start + plus) / 2
        if identity:
            wire(ax, [(before, y), (plus - 0.21, y)], BLUE, lw=2.2)
            wire(ax, [(start, y), (start, top), (middle - 0.62, top)], INK)
            wire(ax, [(middle + 0.62, top), (plus, top), (plus, y + 0.21)], INK)
            circle(ax, plus, y, "+")
            note(ax, plus + 0.12, top - 0.45, short(branches[l]), color=BLUE, fontsize=8.5, ha="left")
        else:
            wire(ax, [(middle - pitch + 0.62 if l else 0.1, y), (middle - 0.62, y)], INK)
        box(ax, middle, top, text, GREY, width=1.24, fontsize=9)
        if slopes is not None:
            note(ax, middle, top + 0.52, f"×{short(slopes[l])}", color=GREEN, fontsize=8.5)
    end = plus + 0.21 if identity else middle + 0.62
    wire(ax, [(end, y), (length - 0.05, y)], BLUE if identity else INK, lw=2.2 if identity else 1.4)
    return ax


def plot_path_lengths(shares, ax=None, mean=None):
    """Bars over the number of blocks that a path goes through, with a mark at the mean.

    Parameters
    ----------
    shares : (K + 1,) array, the share of the gradient that paths through 0 … K blocks carry
    mean : a number or None, marked by a vertical line

    Returns
    -------
    ax : Axes; the bars are its first container, the line its last, so that both can be moved
    """
    shares = as_array("plot_path_lengths", "shares", shares, 1)
    ax = new_axes(ax, figsize=(6.6, 3.0))
    ax.bar(np.arange(len(shares)), shares, width=0.85, color=BLUE)
    if mean is not None:
        ax.axvline(mean, color=ORANGE, lw=1.6, ls=(0, (5, 1.5)))
    ax.set(xlabel="blocks on the path", ylabel="share of the squared gradient")
    ax.grid(axis="x", visible=False)
    return ax
