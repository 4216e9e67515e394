"""What training and measuring gave."""

import numpy as np

from .base import GREY, as_array, expect_same_length, new_axes


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


def plot_cost(sizes, costs, ax=None, label=None, slope=None, ylabel="time, s"):
    """A cost (time or memory) against a size on log axes; equal slopes are equal powers.

    Parameters
    ----------
    sizes, costs : (n,) arrays of positive numbers
    slope : a power p or None: draw the line size^p through the last point, thin
    """
    ax = new_axes(ax)
    sizes, costs = as_array("plot_cost", "sizes", sizes, 1), as_array("plot_cost", "costs", costs, 1)
    expect_same_length("plot_cost", sizes=sizes, costs=costs)
    number = len([line for line in ax.get_lines() if line.get_marker() != "None"])
    (line,) = ax.loglog(sizes, costs, marker="os^Dv*P"[number % 7], ms=4.5, label=label)
    if slope is not None:
        guide = costs[-1] * (sizes / sizes[-1]) ** slope
        ax.loglog(sizes, guide, color=line.get_color(), lw=0.9, ls="-", alpha=0.6, label="_guide")
    ax.set(xlabel="sequence length $T$", ylabel=ylabel)
    return ax


def plot_runs(x, runs, ax=None, label=None, chance=None):
    """Several runs of one experiment: the median as a line, the range of all runs as a shade.

    Parameters
    ----------
    x : (n,) array, for instance gaps or steps
    runs : (R, n) array, one row per seed
    chance : a number or None: where guessing ends, as a grey line
    """
    ax = new_axes(ax)
    runs = as_array("plot_runs", "runs", runs, 2)
    expect_same_length("plot_runs", x=x, columns=runs.T)
    number = len([line for line in ax.get_lines() if line.get_gid() == "runs"])
    dots = {"marker": "os^Dv*P"[number % 7], "ms": 4} if len(x) <= 40 else {}
    (line,) = ax.plot(x, np.median(runs, axis=0), label=label, gid="runs", **dots)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=line.get_color(), alpha=0.16, lw=0)
    if chance is not None:
        ax.axhline(chance, color=GREY, lw=1, ls="-")
        ax.annotate("chance", (0.005, chance), (0, 3), xycoords=("axes fraction", "data"),
                    textcoords="offset points", color="#666666", fontsize=8.5)  # fmt: skip
    return ax


def plot_comparison(results, ax=None, xlabel=None, reference=None):
    """Results of several methods side by side: a dot per run and a bar at the median.

    Parameters
    ----------
    results : dict, name -> (R,) array, one number per seed
    reference : a number or None: a vertical line, for instance what guessing gives
    """
    ax = new_axes(ax, figsize=(7.0, 0.9 + 0.42 * len(results)))
    if reference is not None:
        ax.axvline(reference, color=GREY, lw=1, ls="-")
    for place, (name, values) in enumerate(results.items()):
        values = as_array("plot_comparison", name, values, 1)
        spread = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
        color = f"C{place % 7}"
        ax.plot(values, place + spread, ls="none", marker="os^Dv*P"[place % 7], ms=5, color=color, alpha=0.75)
        ax.plot([np.median(values)] * 2, [place - 0.32, place + 0.32], color=color, lw=2.4, ls="-")
    ax.set_yticks(range(len(results)), list(results))
    ax.set_ylim(len(results) - 0.4, -0.6)  # the first on top
    ax.grid(axis="y", visible=False)
    if xlabel:
        ax.set_xlabel(xlabel)
    return ax
