"""Boxes, circles and arrows: what diagrams are made of."""

from matplotlib.patches import Circle, FancyBboxPatch

from .base import BLACK, new_axes, short

INK = "#333333"


def canvas(ax, width, height, scale=0.68):
    """Axes without frame from (0, 0) to (width, height), one unit as long in both directions.

    `scale` is the length of a unit in inches for a new figure.
    """
    ax = new_axes(ax, figsize=(scale * width, scale * height))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return ax


def box(ax, x, y, text, color, width=0.9, height=0.56, fontsize=10):
    """A rounded box with a text, centred at (x, y); returns its half width and half height."""
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2 + 0.08, y - height / 2 + 0.08), width - 0.16, height - 0.16,
            boxstyle="round,pad=0.08", facecolor=_tint(color), edgecolor=color, lw=1.4, zorder=3,
        )
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", fontsize=fontsize, color=INK, zorder=4)
    return width / 2, height / 2


def circle(ax, x, y, text, color=INK, radius=0.21, fontsize=11):
    """A circle with a sign in it, such as × or +; returns its half width and half height."""
    ax.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=color, lw=1.4, zorder=3))
    # the signs of these fonts sit a little high
    ax.text(x, y - 0.015, text, ha="center", va="center_baseline", fontsize=fontsize, color=INK, zorder=4)
    return radius, radius


def wire(ax, points, color=INK, lw=1.4, ls="-", arrow=True, over=False):
    """A line through the points, with an arrow head at its end; `over` leaves a gap in what it crosses."""
    xs, ys = zip(*points)
    if over:
        ax.plot(xs, ys, color="white", lw=lw + 3, ls="-", solid_capstyle="butt", zorder=2)
    ax.plot(xs, ys, color=color, lw=lw, ls=ls, solid_capstyle="round", solid_joinstyle="round", zorder=2)
    if arrow:
        (x0, y0), (x1, y1) = points[-2:]
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
        back = min(0.12, length) / length
        head = {
            "arrowstyle": "-|>",
            "color": color,
            "lw": lw,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 10,
        }
        start = (x1 - back * (x1 - x0), y1 - back * (y1 - y0))
        ax.annotate("", (x1, y1), start, arrowprops=head, zorder=2)


def note(ax, x, y, text, color=INK, ha="center", va="center", fontsize=9, pad=1.0, **options):
    """A text on white, so that a wire under it does not cross it."""
    look = {"facecolor": "white", "edgecolor": "none", "pad": pad, "alpha": 0.9}
    ax.text(x, y, text, color=color, ha=ha, va=va, fontsize=fontsize, bbox=look, zorder=5, **options)


def named(symbol, value):
    """ "f" or, with a value, "f = 0.93"; a text as value stands as it is."""
    if value is None:
        return symbol
    return f"{symbol} = {value if isinstance(value, str) else short(value)}"


def _tint(color):
    """The colour, mostly white."""
    color = BLACK if color is None else color
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - 0.16 * (255 - part)):02x}" for part in parts)
