"""Both passes through one drawn net: values above the wires going forward, gradients below coming back."""

from .base import BLUE, GREEN, GREY, ORANGE, short
from .shapes import box, canvas, note, wire


def draw_passes(boxes, forward, backward=None, ax=None, names=None, weights=None, factors=None):
    """A chain of operations: each wire's value above it, the gradient of the loss with respect to it below.

    Parameters
    ----------
    boxes : texts of the n operations, in the order of the forward pass
    forward : n + 1 numbers or texts, the values on the wires: the input first, the loss last
    backward : n + 1 numbers or texts, the gradients on the wires, or None; an entry None is left out
    names : n + 1 texts, what each wire carries, or None
    weights : {number of a box: (name, value, gradient)}: a weight that enters the box from below; gradient
        may be None
    factors : n numbers or texts, what each box multiplies the gradient by, written under it, or None
    """
    boxes, weights = list(boxes), weights or {}
    count = len(boxes)
    for name, given, expected in (
        ("forward", forward, count + 1),
        ("backward", backward, count + 1),
        ("names", names, count + 1),
        ("factors", factors, count),
    ):
        if given is not None and len(given) != expected:
            raise ValueError(
                f"draw_passes: {name} has {len(given)} entries; expected {expected} for {count} boxes."
            )
    unknown = [number for number in weights if number not in range(count)]
    if unknown:
        raise ValueError(f"draw_passes: weights name box {unknown[0]}; expected 0 … {count - 1}.")
    wide, gap = 0.82, 1.04
    pitch = wide + gap
    length = 0.2 + gap + pitch * count
    scale = min(0.75, 7.3 / length)
    row = max(1.0, 0.5 / scale)  # of a long chain the units are small, and the rows of text as high as ever
    gradients = any(gradient is not None for _, _, gradient in weights.values())
    low = row * (1.3 if gradients else 0.9 if weights else -0.2)
    y = low + 0.75 * row
    ax = canvas(ax, length, y + 0.75 * row, scale=scale)
    for i in range(count + 1):
        start = 0.1 + pitch * i
        middle = start + gap / 2
        wire(ax, [(start, y), (start + gap, y)], BLUE)
        note(ax, middle, y + 0.24 * row, _text(forward[i]), color=BLUE, fontsize=8)
        if names is not None:
            note(ax, middle, y + 0.56 * row, names[i], fontsize=8.5)
        if backward is not None and backward[i] is not None:
            note(ax, middle, y - 0.24 * row, _text(backward[i]), color=ORANGE, fontsize=8)
    for i, text in enumerate(boxes):
        x = 0.1 + pitch * (i + 1) - wide / 2
        box(ax, x, y, text, GREY, width=wide, fontsize=9 if len(text) < 6 else 7.5)
        if factors is not None:
            note(ax, x, y - 0.5 * row, f"×{_text(factors[i])}", color=GREEN, fontsize=8)
        if i in weights:
            name, value, gradient = weights[i]
            wire(ax, [(x, low - 0.42 * row), (x, y - 0.3)], BLUE)
            note(ax, x, low - 0.62 * row, f"{name} = {_text(value)}", color=BLUE, fontsize=8)
            if gradient is not None:
                note(ax, x, low - 1.0 * row, _text(gradient), color=ORANGE, fontsize=8.5)
    return ax


def _text(value):
    return value if isinstance(value, str) else short(value)
