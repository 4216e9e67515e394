"""Figures of the course: arrays in, Axes out. Helpers compute nothing and never show; `show` does.

Every helper takes `ax=None` (a new figure) and returns the Axes, so that you can go on drawing in it.
"""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import TwoSlopeNorm

BLUE, ORANGE, GREEN, PINK, SKY, AMBER, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000",
)  # fmt: skip
GREY = "#888888"


def use_style():
    """Draw everything from here on in the course's style."""
    plt.style.use(Path(__file__).with_name("course.mplstyle"))


def show(fig, alt):
    """Display `fig` once, as a PNG with the text `alt` for those who cannot see it. Returns None.

    Outside a notebook the figure stays open for `matplotlib.pyplot.show()`.
    """
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return
    if get_ipython() is None:
        return
    data = {"image/png": base64.b64encode(png(fig)).decode("ascii"), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})
    plt.close(fig)


def png(fig, **options):
    """The figure as PNG bytes, at its own size (no tight bounding box)."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", **options)
    return buffer.getvalue()


def new_axes(ax=None, **figure_options):
    """`ax` itself, or the axes of a new figure when it is None."""
    return plt.subplots(**figure_options)[1] if ax is None else ax


def label_ends(ax, gap=0.012):
    """Write each line's label at its right end in its colour, apart from one another. Replaces a legend."""
    ax.get_xlim(), ax.get_ylim()  # settles the limits, which are lazy until somebody asks
    ends = []
    for line in ax.get_lines():
        if line.get_label().startswith("_"):
            continue
        x, y = (np.asarray(a, dtype=float) for a in line.get_data())
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if len(finite):
            # transAxes runs from 0 to 1 in both directions, whatever the scales are
            last = finite[np.argmax(x[finite])]
            point = ax.transData.transform((x[last], y[last]))
            ends.append((float(np.clip(ax.transAxes.inverted().transform(point)[1], 0, 1)), line))
    ends.sort(key=lambda end: end[0])
    line_height = 1.3 * plt.rcParams["font.size"] / (ax.get_window_extent().height * 72 / ax.figure.dpi)
    for y, (_, line) in zip(_spread([y for y, _ in ends], line_height), ends, strict=True):
        ax.text(1 + gap, y, line.get_label(), color=line.get_color(), transform=ax.transAxes, va="center")
    return ax


def _spread(wanted, apart):
    """Positions nearest to the sorted `wanted` ones with at least `apart` between them."""
    groups = []  # each: how many, and the sum of the places that its lowest member would like
    for number, y in enumerate(wanted):
        groups.append([1, y - number * apart])
        while len(groups) > 1 and groups[-2][1] / groups[-2][0] > groups[-1][1] / groups[-1][0]:
            count, total = groups.pop()
            groups[-1][0] += count
            groups[-1][1] += total
    lowest = [total / count for count, total in groups for _ in range(count)]
    return [y + number * apart for number, y in enumerate(lowest)]


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


def plot_factors(names, factors, ax=None, total_name="product"):
    """Factors of a product as bars on a log axis: each starts where the one before ended.

    Parameters
    ----------
    names : labels of the factors
    factors : numbers; drawn by their size, with a minus sign in the text where negative
    """
    ax = new_axes(ax)
    ax.set_yscale("log")
    ax.bar(range(len(factors) + 1), 1, width=0.62, edgecolor="white")
    ax.patches[-1].set(facecolor="#555555", hatch="///")
    for place in range(len(factors) + 1):
        ax.text(place, 1, "", ha="center", va="bottom", fontsize=9)
    ax.axhline(1, color=GREY, lw=0.9, ls="-")
    ax.set_xticks(range(len(factors) + 1), [*names, total_name])
    ax.set_ylabel("size of the product so far")
    ax.grid(axis="x", visible=False)
    update_factors(ax, factors)
    running = np.concatenate([[1.0], np.cumprod(np.abs(factors))])
    ax.set_ylim(running.min() / 1.8, running.max() * (running.max() / running.min()) ** 0.12 * 1.3)
    return ax


def update_factors(ax, factors):
    """Give the bars of `plot_factors` new values in place; the limits of the axis stay."""
    running = np.concatenate([[1.0], np.cumprod(np.abs(factors))])
    spans = [*zip(running, running[1:]), (1.0, running[-1])]  # the last bar is the whole product
    for bar, text, (start, end), value in zip(ax.patches, ax.texts, spans, [*factors, np.prod(factors)]):
        bar.set(y=min(start, end), height=abs(end - start))
        if bar is not ax.patches[-1]:
            bar.set_facecolor(BLUE if end < start else ORANGE)
        sign = "=" if bar is ax.patches[-1] else "×"
        text.set(y=1.06 * max(start, end), text=f"{sign} {value:.3g}".replace("-", "−"))
    return ax


def plot_matrix(matrix, ax=None, title=None, values=None, largest=None):
    """A matrix as coloured squares, white at zero; the numbers are written in when it is small.

    Parameters
    ----------
    matrix : (rows, columns) array
    values : write the numbers into the squares; default: up to 6 × 6
    largest : the number that gets the darkest colour; default: the largest of this matrix
    """
    matrix = np.asarray(matrix, dtype=float)
    ax = new_axes(ax)
    size = largest or np.abs(matrix).max() or 1.0
    ax.imshow(matrix, norm=TwoSlopeNorm(0, -size, size), aspect="equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    ax.spines[:].set_visible(True)
    if values if values is not None else max(matrix.shape) <= 6:
        for (row, column), value in np.ndenumerate(matrix):
            ax.text(column, row, f"{value:.2g}".replace("-", "−"), ha="center", va="center", fontsize=8,
                    color="white" if abs(value) > 0.6 * size else "#333333")  # fmt: skip
    if title:
        ax.set_title(title)
    ax.set_xlabel(f"{matrix.shape[0]} × {matrix.shape[1]}")
    return ax


def plot_step_sweep(sweep, ax=None):
    """Relative error against step size for forward, central and complex differences: the V curves.

    Parameters
    ----------
    sweep : `vgcourse.gradcheck.StepSweep`
    """
    ax = new_axes(ax)
    floor = 1e-17
    for name, errors, color, style in (
        ("forward", sweep.forward, ORANGE, (0, (5, 1.5))),
        ("central", sweep.central, BLUE, "-"),
        ("complex step", sweep.complex_step, GREEN, "-."),
    ):
        ax.loglog(sweep.steps, np.maximum(errors, floor), color=color, ls=style, label=name)
    ax.set(xlabel="step size $h$", ylabel="relative error of the derivative")
    return ax


def plot_gradient_by_depth(norms, ax=None, label=None, reference=None):
    """Gradient norms against layer (or layers back from the loss) on a log axis.

    Parameters
    ----------
    norms : (L,) array of positive numbers
    reference : (L,) array or None: a prediction, drawn thin in the same colour
    """
    ax = new_axes(ax)
    (line,) = ax.semilogy(norms, label=label)
    if reference is not None:
        ax.semilogy(reference, color=line.get_color(), ls="-", lw=0.9, alpha=0.6, label="_reference")
    ax.set(xlabel="layers back from the loss", ylabel="gradient norm, last layer = 1")
    return ax


def plot_training(losses, ax=None, label=None, smooth=20):
    """The loss of every mini-batch, pale, and its running mean over `smooth` steps."""
    ax = new_axes(ax)
    losses = np.asarray(losses)
    smooth = max(1, min(smooth, len(losses)))
    mean = np.convolve(losses, np.ones(smooth) / smooth, mode="valid")
    (line,) = ax.semilogy(np.arange(smooth, len(losses) + 1), mean, label=label)
    ax.semilogy(
        np.arange(1, len(losses) + 1),
        losses,
        color=line.get_color(),
        alpha=0.22,
        lw=0.7,
        ls="-",
        label="_raw",
    )
    ax.set(xlabel="step", ylabel="cross-entropy")
    return ax


def plot_digits(images, titles, axes):
    """One 8 × 8 image in each of the axes, with its title."""
    for image, title, ax in zip(images, titles, np.ravel(axes), strict=True):
        ax.imshow(np.reshape(image, (8, 8)), cmap="Greys", vmin=0, vmax=1)
        ax.set_title(title, fontsize=9, loc="center", pad=3)
        ax.set_axis_off()
    return axes
