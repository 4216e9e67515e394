"""Nets as pictures: a chain of layers, a recurrent net unrolled, paths through a residual net, a timeline."""

from itertools import combinations, product
from math import comb

import numpy as np
from matplotlib.ticker import MaxNLocator

from .base import BLACK, BLUE, GREEN, GREY, ORANGE, as_array, new_axes, short, spread
from .shapes import INK, box, canvas, note, wire

# behind a text, so that no line crosses it
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
# year, what, who, and how the old state is carried into the new one
HISTORY = (
    (1996, "NARX nets", "Lin et al.", r"$h_t = f(h_{t-1},…,h_{t-d},x_t)$"),
    (1997, "LSTM", "Hochreiter & Schmidhuber", r"$c' = f\odot c + i\odot g$"),
    (2014, "GRU", "Cho et al.", r"$h' = z\odot h + (1-z)\odot n$"),
    (2015, "Highway nets", "Srivastava et al.", r"$h' = (1-g)\odot h + g\odot f(Wh)$"),
    (2015, "Residual nets", "He et al.", r"$h' = h + f(Wh)$"),
)


def draw_unrolled(T, ax=None, layers=1, bidirectional=False, states=None, jacobians=None, outputs=True):
    """A recurrent net unrolled over T steps: the same weights at every step, one box per step and layer.

    Parameters
    ----------
    T : steps, 1 … 7
    layers : 1 … 3 recurrent layers, each reading the one below
    bidirectional : two boxes per step, one reading forward, one backward; one layer only
    states : (T,) numbers or texts written into the boxes of the first layer, or None for h_t
    jacobians : (T − 1,) numbers written on the wires from h_t to h_{t+1}, or None
    outputs : True or False for all y_t, or T booleans: where a target is, for sparse losses
    """
    if not (1 <= T <= 7 and 1 <= layers <= 3):
        raise ValueError(f"draw_unrolled: T={T}, layers={layers}; expected 1 … 7 steps and 1 … 3 layers.")
    if bidirectional and layers > 1:
        raise ValueError(f"draw_unrolled: layers={layers}; expected 1 for a bidirectional net.")
    for name, given, number in (
        ("states", states, T),
        ("jacobians", jacobians, T - 1),
        ("outputs", outputs, T),
    ):
        if given is not None and not isinstance(given, bool) and len(given) != number:
            raise ValueError(f"draw_unrolled: {name} has {len(given)} entries; expected {number}.")
    outputs = [outputs] * T if isinstance(outputs, bool) else outputs
    pitch, rise = 1.9, 1.25
    rows = 2 if bidirectional else layers
    low = 1.35  # height of the lowest boxes
    top = low + rise * (rows - 1)
    width = pitch * T + 0.5
    ax = canvas(ax, width, top + (1.5 if any(outputs) else 0.7), scale=min(0.75, 7.2 / width))
    for t in range(T):
        x = 1.5 + pitch * t
        note(ax, x, 0.35, f"$x_{{{t + 1}}}$", fontsize=10)
        for row in range(rows):
            y = low + rise * row
            backward = bidirectional and row == 1
            color = ORANGE if backward else BLUE
            mark = r"\overleftarrow{h}" if backward else r"\overrightarrow{h}" if bidirectional else "h"
            upper = f"^{{({row + 1})}}" if layers > 1 else ""
            text = f"${mark}{upper}_{{{t + 1}}}$"
            if states is not None and row == 0:
                text = states[t] if isinstance(states[t], str) else short(states[t])
            box(ax, x, y, text, color, width=1.0)
            step = -1 if backward else 1
            end = t == (T - 1 if step == 1 else 0)
            if not end:
                wire(ax, [(x + 0.5 * step, y), (x + (pitch - 0.5) * step, y)], color, lw=2)
                if row == 0 and jacobians is not None:
                    note(ax, x + pitch / 2, y + 0.26, f"×{short(jacobians[t])}", fontsize=8.5)
                elif (t == 0 and step == 1) or (t == T - 1 and step == -1):
                    which = "_h" if not bidirectional else r"_\leftarrow" if backward else r"_\rightarrow"
                    note(ax, x + step * pitch / 2, y + 0.26, f"$W{which}$", fontsize=9)
            if t == 0 and not backward:
                wire(ax, [(0.55, y), (x - 0.5, y)], color, lw=2)
                note(ax, 0.3, y, "$h_0$", fontsize=10)
        if bidirectional:  # the input goes round the lower box, its result round the upper one
            wire(ax, [(x, 0.58), (x, low - 0.28)], GREY)
            round_lower = [(x + 0.22, 0.35), (x + 0.62, 0.35), (x + 0.62, low + 0.75), (x + 0.2, low + 0.75)]
            wire(ax, [*round_lower, (x + 0.2, top - 0.28)], GREY, over=True)
            if outputs[t]:
                up = (low + 0.28, low + 0.5, low + 0.5, top + 0.5, top + 0.5, top + 0.72)
                wire(ax, list(zip(x - np.array([0.2, 0.2, 0.62, 0.62, 0.2, 0.2]), up)), BLUE, over=True)
        for row in range(0 if bidirectional else layers):
            start = 0.58 if row == 0 else low + rise * (row - 1) + 0.28
            wire(ax, [(x, start), (x, low + rise * row - 0.28)], GREY if row == 0 else INK)
        if outputs[t]:
            wire(ax, [(x, top + 0.28), (x, top + 0.75)], GREEN if not bidirectional else ORANGE)
            note(ax, x, top + 1.0, f"$y_{{{t + 1}}}$", fontsize=10)
    return ax


def draw_chain(names, ax=None, factors=None, upwards=False):
    """Boxes in a row (or upwards), each fed by the one before: a deep net, beside an unrolled one.

    Parameters
    ----------
    names : texts of the boxes, input first
    factors : one number or text less, written on the wires, or None
    upwards : draw the depth as height
    """
    names = list(names)
    if len(names) < 2 or (factors is not None and len(factors) != len(names) - 1):
        raise ValueError(
            f"draw_chain: {len(names)} names and {'no' if factors is None else len(factors)} factors; "
            "expected at least two names and one factor less."
        )
    pitch = 1.15 if upwards else 1.9
    length = pitch * (len(names) - 1) + 1.4
    size = (2.8, length) if upwards else (length, 1.5)
    ax = canvas(ax, *size, scale=0.62 if upwards else min(0.75, 7.2 / length))
    for number, name in enumerate(names):
        along = 0.7 + pitch * number
        x, y = (1.0, along) if upwards else (along, 0.65)
        box(ax, x, y, name, BLUE if number else GREY, width=1.0)
        if number + 1 == len(names):
            break
        a, b = ((x, y + 0.28), (x, y + pitch - 0.28)) if upwards else ((x + 0.5, y), (x + pitch - 0.5, y))
        wire(ax, [a, b], INK)
        if factors is not None:
            text = factors[number] if isinstance(factors[number], str) else f"×{short(factors[number])}"
            if upwards:
                note(ax, x + 0.12, y + pitch / 2, text, ha="left", fontsize=8.5)
            else:
                note(ax, x + pitch / 2, y + 0.26, text, fontsize=8.5)
    return ax


def draw_paths(T, ax=None, factor="a"):
    """The 2^T paths that a gradient takes through T residual layers: a box where it goes through a layer.

    Rows are grouped by length: C(T, k) paths go through k layers and contribute aᵏ each, together
    (1 + a)^T. For matrices the order of the factors in a row matters; the counts stay.

    Parameters
    ----------
    T : layers, 1 … 4
    factor : the letter for one layer's derivative
    """
    if T not in (1, 2, 3, 4):
        raise ValueError(
            f"draw_paths: T is {T!r}; expected 1, 2, 3 or 4 layers, which makes at most 16 rows."
        )
    row_height, gap, pitch, left = 0.44, 0.3, 1.25, 0.45
    height = row_height * 2**T + gap * T + 0.75
    right = left + pitch * T
    ax = canvas(ax, right + 3.4, height, scale=min(0.68, 5.2 / height))
    y = height - 0.62
    for layer in range(T):
        note(ax, left + pitch * (layer + 0.5), height - 0.18, f"layer {layer + 1}", color="#666666")
    for length in range(T + 1):
        first = y
        for through in combinations(range(T), length):
            look = {"lw": 1.2} if through else {"color": BLUE, "lw": 2.4}
            wire(ax, [(left - 0.25, y), (right + 0.25, y)], **look)
            for layer in through:
                x = left + pitch * (layer + 0.5)
                box(ax, x, y, f"${factor}_{{{layer + 1}}}$", ORANGE, 0.7, 0.34, fontsize=9)
            y -= row_height
        top, bottom, x = first + 0.16, y + row_height - 0.16, right + 0.5
        ax.plot([x, x + 0.1, x + 0.1, x], [top, top, bottom, bottom], color=GREY, lw=1, ls="-")
        count = comb(T, length)
        power = {0: "1", 1: factor}.get(length, f"{factor}^{{{length}}}")
        term = power if count == 1 else f"{count}{power}"
        paths = "path" if count == 1 else "paths"
        note(ax, x + 0.25, (top + bottom) / 2, f"{count} {paths} of length {length}: ${term}$", ha="left")
        y -= gap
    return ax


def draw_timeline(events=HISTORY, ax=None):
    """What was found, in which year, by whom, and its one formula, on a true time axis.

    Texts stand above and below the axis in turn, moved sideways only as far as their neighbours demand, and a
    thin line leads from each to its year. Where they do not fit side by side they take turns in several rows.

    Parameters
    ----------
    events : sequence of (year, what, who, formula), in any order
    """
    events = list(events)
    if not events or any(np.shape(event) != (4,) for event in events):
        came = "empty" if not events else repr(events)
        raise ValueError(
            f"draw_timeline: events is {came}; expected at least one (year, what, who, formula), no others."
        )
    events = sorted(events, key=lambda event: event[0])
    years = as_array("draw_timeline", "years", [year for year, *_ in events], 1)
    if not np.isfinite(years).all():
        raise ValueError(f"draw_timeline: years are {years}; expected finite numbers.")
    own, ax = ax is None, new_axes(ax, figsize=(7.2, 2.9))
    span = max(np.ptp(years), 4)
    middle = (years[0] + years[-1]) / 2
    left, right = middle - 0.56 * span, middle + 0.56 * span
    ax.set(xlim=(left, right))
    ax.set_axis_off()
    ax.plot([left, right], [0, 0], color=BLACK, lw=1.6, ls="-")
    texts = []
    for number, (_, what, who, formula) in enumerate(events):
        up = 1 - 2 * (number % 2)
        look = {"ha": "center", "va": "bottom" if up > 0 else "top", "linespacing": 1.5, "fontsize": 9}
        text = f"{what}\n{who}\n{formula}"  # measured below, and moved to its place then
        texts.append(
            ax.annotate(text, (left, 0), (0, 14 * up), textcoords="offset points", bbox=WHITE, **look)
        )
    in_years = (right - left) / ax.get_window_extent().width
    widths = np.array([text.get_window_extent().width for text in texts]) * in_years
    gap = 0.02 * (right - left)
    rows = max(int(np.ceil((widths[way::2] + gap).sum() / (right - left))) for way in (0, 1))
    height = 0.4 + 0.62 * rows
    ax.set_ylim(-height, height)
    if own:
        ax.figure.set_figheight(2.9 * height / 1.02)
    for way, row in product((0, 1), range(rows)):
        up = -1 if way else 1
        chosen = np.arange(len(events))[way::2][row::rows]
        if len(chosen) == 0:
            continue
        half = widths[chosen] / 2
        apart = half[1:] + half[:-1] + gap
        y = up * (0.28 + 0.62 * row)
        for number, x in zip(chosen, spread(years[chosen], apart, left + half[0], right - half[-1])):
            ax.plot(
                [years[number]] * 2 + [x] * 2, [0, 0.1 * up, 0.2 * up, y], color=GREY, lw=1, ls="-", zorder=1
            )
            texts[number].xy = (x, y)
            ax.annotate(f"{years[number]:.0f}", (x, y), (0, 2 * up), textcoords="offset points", ha="center",
                        va="bottom" if up > 0 else "top", color=BLUE, weight="bold", bbox=WHITE)  # fmt: skip
    ax.plot(years, np.zeros(len(years)), ls="none", marker="o", ms=8, color=BLUE)
    for year in MaxNLocator(6, steps=[1, 2, 5, 10], integer=True).tick_values(left, right):
        if left < year < right and np.abs(years - year).min() > 0.06 * span:  # not under an event
            ax.plot(year, 0, marker="|", ms=7, color=BLACK)
            note(ax, year, -0.12, f"{year:.0f}", color="#666666", fontsize=8)
    return ax
