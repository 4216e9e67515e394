"""Many nets at a glance: gauges as a heat map, and the questions that lead from a symptom to a disease."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from .base import BLUE, GREY, ORANGE, as_array, new_axes, upon
from .shapes import INK, box, canvas, note, wire

LEVELS = LinearSegmentedColormap.from_list("levels", [BLUE, "#ffffff", ORANGE])


def plot_gauges(levels, texts, rows, columns, ax=None):
    """A table of nets (rows) and gauges (columns): blue is too small, orange too large, white in order.

    The number stands in each field, so that nothing is said by colour alone.

    Parameters
    ----------
    levels : (R, C) array of numbers in [−1, 1]: how far outside its healthy range a gauge is, 0 if inside
    texts : R rows of C texts, what the gauges read
    rows, columns : R and C names

    Returns
    -------
    ax : Axes; its image and its texts (row by row) can be changed in place
    """
    where = "plot_gauges"
    levels = as_array(where, "levels", levels, 2)
    shapes = (len(rows), len(columns)), (len(texts), len(texts[0]))
    if any(shape != levels.shape for shape in shapes):
        raise ValueError(f"{where}: levels have shape {levels.shape}, names {shapes[0]}, texts {shapes[1]}.")
    ax = new_axes(ax, figsize=(7.2, 0.9 + 0.34 * len(rows)))
    fields = ax.imshow(levels, cmap=LEVELS, vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    for (row, column), level in np.ndenumerate(levels):
        color = upon(fields.to_rgba(level))
        ax.text(column, row, texts[row][column], ha="center", va="center", fontsize=9, color=color)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False)
    ax.grid(False)
    ax.set_xticks(np.arange(0.5, len(columns) - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(rows) - 1), minor=True)
    ax.grid(True, which="minor", color="#bbbbbb", lw=0.8, ls="-")
    ax.tick_params(which="minor", length=0)
    return ax


def draw_questions(questions, end, ax=None):
    """A ladder of questions, asked from the top: "yes" leads to a leaf on the right, "no" down to the next.

    Parameters
    ----------
    questions : list of (question, leaf), texts of at most two lines
    end : the leaf of those who answer "no" to all
    """
    if not questions:
        raise ValueError("draw_questions: questions is empty; expected at least one (question, leaf).")
    pitch, left, right, height = 1.0, 2.3, 7.9, len(questions) + 1.0
    ax = canvas(ax, 10.6, height, scale=0.68)
    for number, (question, leaf) in enumerate(questions):
        y = height - 0.5 - pitch * number
        box(ax, left, y, question, BLUE, width=4.2, height=0.66, fontsize=8.5)
        box(ax, right, y, leaf, ORANGE, width=5.2, height=0.66, fontsize=8.5)
        wire(ax, [(left + 2.1, y), (right - 2.6, y)], INK)
        note(ax, (left + right - 0.5) / 2, y + 0.16, "yes", fontsize=8)
        last = number == len(questions) - 1
        wire(ax, [(left, y - 0.33), (left, y - pitch + 0.33)], INK)
        note(ax, left + 0.25, y - 0.5, "no", fontsize=8)
        if last:
            box(ax, left, y - pitch, end, GREY, width=4.2, height=0.66, fontsize=8.5)
    return ax
