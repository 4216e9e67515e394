"""Losses over two weights, and the paths that steps take on them."""

import numpy as np
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import withStroke

from .base import BLACK, BLUE, GREY, ORANGE, as_array, new_axes


def plot_loss_surface(w1, w2, loss, ax=None, levels=24):
    """Contours of a loss over two weights, spaced evenly in its logarithm.

    Parameters
    ----------
    w1 : (A,) array, horizontal axis
    w2 : (B,) array, vertical axis
    loss : (B, A) array of positive numbers
    """
    ax = new_axes(ax, figsize=(5.6, 4.2))
    lowest = np.quantile(loss, 0.01)
    edges = np.geomspace(max(lowest, 1e-6), loss.max(), levels)
    ax.contourf(
        w1, w2, np.maximum(loss, 1.001 * edges[0]), levels=edges, cmap="Blues_r", norm="log", alpha=0.55
    )
    ax.contour(w1, w2, loss, levels=edges[::3], colors=GREY, linewidths=0.5)
    ax.set(xlabel="weight $w_1$", ylabel="weight $w_2$")
    ax.grid(False)
    return ax


def plot_path(points, ax=None, label=None, color=None):
    """A descent path: a line, a dot per step, a ring at the start.

    Parameters
    ----------
    points : (steps + 1, 2) array
    """
    ax = new_axes(ax)
    (line,) = ax.plot(
        *np.asarray(points).T, marker=".", markersize=4, lw=1.4, ls="-", color=color, label=label
    )
    ax.plot(*points[0], marker="o", mfc="none", ms=8, color=line.get_color())
    return ax


def plot_cliff(w, b, loss, unclipped, clipped, ax=None):
    """A loss with a wall, and two descents on it from the same start: with and without clipping.

    The steps are numbered. A step that leaves the picture ends at its edge with the place where it lands.

    Parameters
    ----------
    w : (A,) array, horizontal axis
    b : (B,) array, vertical axis
    loss : (B, A) array of positive numbers
    unclipped, clipped : (steps + 1, 2) arrays of points (w, b)

    Source: Pascanu et al. 2013, figure 6.
    """
    ax = new_axes(ax, figsize=(7.0, 4.2))
    unclipped = as_array("plot_cliff", "unclipped", unclipped, 2)
    clipped = as_array("plot_cliff", "clipped", clipped, 2)
    loss = as_array("plot_cliff", "loss", loss, 2)
    edges = np.geomspace(max(loss.min(), 1e-8 * loss.max()), loss.max(), 26)
    greys = [f"{grey:.3f}" for grey in np.linspace(1, 0.8, len(edges) - 1)]  # opaque: no seams
    ax.contourf(w, b, np.maximum(loss, 1.001 * edges[0]), levels=edges, colors=greys)
    low, high = np.array([np.min(w), np.min(b)]), np.array([np.max(w), np.max(b)])
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="weight $w$", ylabel="bias $b$")
    ax.grid(False)
    styles = ((unclipped, ORANGE, (0, (5, 1.5)), "unclipped"), (clipped, BLUE, "-", "clipped"))
    outline = [withStroke(linewidth=3.6, foreground="white")]  # dark walks on a dark plateau
    for points, color, style, name in styles:
        outside = np.flatnonzero(((points < low) | (points > high)).any(axis=1))
        shown = points[: outside[0] + 1] if len(outside) else points
        ax.plot(*shown.T, color=color, ls=style, lw=1.8, label=name, path_effects=outline)
        ax.plot(*shown[:-1].T, color=color, ls="none", marker="o", ms=3.5)
        if len(outside):
            _landing(ax, shown, low, high, color)
        else:
            ax.plot(*shown[-1], color=color, marker="s", ms=6)
    ax.plot(*clipped[0], marker="o", mfc="white", mec=BLACK, ms=8)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor="none")
    return ax


def _landing(ax, points, low, high, color):
    """Write, where the last step crosses the frame from `low` to `high`, at which place it lands."""
    before, landing = points[max(len(points) - 2, 0)], points[-1]
    edge = np.where(landing > before, high, low)
    way = np.where(landing == before, 1.0, landing - before)
    part = np.where(landing == before, 1.0, (edge - before) / way).clip(0, 1).min()
    crossing = before + part * (landing - before)
    across, up = (crossing - low) / (high - low)
    ax.annotate(
        f"step {len(points) - 1} lands at ({landing[0]:.3g}, {landing[1]:.3g})".replace("-", "−"),
        crossing,
        (0, 14 if up < 0.5 else -14),
        textcoords="offset points",
        color=color,
        ha="right" if across > 0.6 else "left" if across < 0.4 else "center",
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )


def plot_clipping(gradient, by_norm, by_value, threshold, ax=None):
    """A gradient of two components and what the two ways of clipping leave of it.

    Parameters
    ----------
    gradient, by_norm, by_value : (2,) arrays
    threshold : radius of the circle, and half the side of the square, inside which nothing is clipped
    """
    ax = new_axes(ax, figsize=(6.4, 3.8))
    ax.add_patch(Circle((0, 0), threshold, fill=False, ec=BLUE, lw=1.2))
    ax.add_patch(
        Rectangle(
            (-threshold, -threshold), 2 * threshold, 2 * threshold, fill=False, ec=ORANGE, lw=1.2, ls="--"
        )
    )
    for vector, color, name in (
        (gradient, GREY, "gradient"),
        (by_norm, BLUE, "clipped by norm"),
        (by_value, ORANGE, "clipped by value"),
    ):
        x, y = as_array("plot_clipping", name, vector, 1)
        arrow = {"arrowstyle": "-|>", "color": color, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (x, y), (0, 0), arrowprops=arrow)
        ax.annotate(name, (x, y), (9 if x >= 0 else -9, 0), textcoords="offset points", color=color,
                    ha="left" if x >= 0 else "right", va="bottom" if color != BLUE else "top")  # fmt: skip
        ax.plot([x], [y], alpha=0)  # so that the limits include it
    ax.set(aspect="equal", xlabel="component 1", ylabel="component 2")
    ax.margins(0.12)
    return ax
