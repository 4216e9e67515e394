"""What recursions do: poles, growth before decay, cobwebs, impulse responses."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from .base import BLACK, BLUE, GREEN, GREY, ORANGE, as_array, expect_same_length, new_axes


def plot_poles(poles, ax=None, label=None, color=None):
    """Poles (or eigenvalues) as crosses in the complex plane, with the unit circle.

    Parameters
    ----------
    poles : (n,) array of complex numbers; inside the circle their modes die out, outside they grow
    """
    poles = np.atleast_1d(np.asarray(poles, dtype=complex))
    if poles.ndim != 1 or poles.size == 0 or not np.isfinite(poles).all():
        raise ValueError(f"plot_poles: poles have shape {poles.shape}; expected (n,) finite complex numbers.")
    ax = new_axes(ax, figsize=(5.4, 4.0))
    if not any(isinstance(patch, Circle) for patch in ax.patches):
        ax.add_patch(Circle((0, 0), 1, facecolor="#f3f6f9", edgecolor=BLACK, lw=1.2, zorder=0.6))
        ax.axhline(0, color=GREY, lw=0.7, ls="-")
        ax.axvline(0, color=GREY, lw=0.7, ls="-")
        ax.set(aspect="equal", xlabel="real part", ylabel="imaginary part")
    number = sum(line.get_gid() == "poles" for line in ax.get_lines())
    marker = "x+1*"[number % 4]
    color = color or (BLUE, ORANGE, GREEN, BLACK)[number % 4]
    ax.plot(
        poles.real, poles.imag, ls="none", marker=marker, ms=8, mew=2, color=color, label=label, gid="poles"
    )
    previous = max(abs(ax.get_xlim()[1]), 1.15) if number else 1.15
    reach = max(previous, 1.12 * np.abs(poles.real).max(), 1.12 * np.abs(poles.imag).max())
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    if label is not None:  # beside the picture: inside, it would lie on the circle
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0)
    return ax


def plot_transient(eigenvalues, norms, axes=None):
    """Eigenvalues with the unit circle; beside them ‖W^t‖ on a log axis, and what ρ^t alone would say.

    Parameters
    ----------
    eigenvalues : (n,) array of complex numbers, those of W
    norms : (T + 1,) array, ‖W^t‖ for t = 0 … T
    axes : two Axes, or None for a new figure

    Returns
    -------
    the two Axes; `update_transient` gives them other numbers
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(7, 2.9), width_ratios=[1, 1.8])[1]
    disc, time = axes
    norms = as_array("plot_transient", "norms", norms, 1)
    plot_poles(eigenvalues, ax=disc)
    time.semilogy(norms, label=r"$\Vert W^t\Vert$")
    time.semilogy(np.abs(eigenvalues).max() ** np.arange(len(norms)), lw=1.3, label="$ρ^t$")
    time.set(xlabel="step $t$", xlim=(0, max(len(norms) - 1, 1)))
    return axes


def update_transient(axes, eigenvalues, norms):
    """Give the pictures of `plot_transient` other eigenvalues and norms in place; all limits stay."""
    disc, time = axes
    (crosses,) = [line for line in disc.get_lines() if line.get_gid() == "poles"]
    crosses.set_data(np.real(eigenvalues), np.imag(eigenvalues))
    above, below = time.get_lines()[:2]
    above.set_data(np.arange(len(norms)), norms)
    below.set_data(np.arange(len(norms)), np.abs(eigenvalues).max() ** np.arange(len(norms)))
    return axes


def plot_cobweb(h, f_h, orbit, ax=None, fixed_points=(), stable=()):
    """The map h → f(h), the diagonal, and the staircase of one orbit between the two.

    Parameters
    ----------
    h, f_h : (n,) arrays, the map
    orbit : (steps + 1,) array, h_0, f(h_0), …
    fixed_points : where the curve meets the diagonal: filled dots when stable, rings when not
    stable : as many booleans
    """
    ax = new_axes(ax, figsize=(4.6, 4.2))
    expect_same_length("plot_cobweb", h=h, f_h=f_h)
    expect_same_length("plot_cobweb", fixed_points=fixed_points, stable=stable)
    orbit = as_array("plot_cobweb", "orbit", orbit, 1)
    ax.plot(h, h, color=GREY, lw=1, ls="-", label="_diagonal")
    ax.plot(h, f_h, color=BLUE, ls="-", label="_map")
    across = np.repeat(orbit, 2)
    up = np.concatenate([[orbit[0]], np.repeat(orbit[1:], 2), [orbit[-1]]])[: len(across)]
    ax.plot(across[:-1], up[:-1], color=ORANGE, lw=1.1, ls="-", label="_orbit")
    ax.plot(orbit[0], orbit[0], marker="o", ms=5, color=ORANGE)
    outline = [withStroke(linewidth=3, foreground="white")]  # the word may lie over the staircase
    falls = len(orbit) > 1 and orbit[1] < orbit[0]  # then the staircase begins below the diagonal
    ax.annotate("start", (orbit[0], orbit[0]), (-6, 3) if falls else (6, -9), textcoords="offset points",
                ha="right" if falls else "left", color=ORANGE, path_effects=outline, zorder=5)  # fmt: skip
    for point, is_stable in zip(fixed_points, stable):
        ax.plot(point, point, marker="o", ms=8, mfc=BLACK if is_stable else "white", mec=BLACK, mew=1.4)
    ax.set(xlabel="$h_{t-1}$", ylabel="$h_t$", xlim=(np.min(h), np.max(h)))
    return ax


def plot_impulse_responses(responses, ax=None, labels=None, log=False):
    """Responses over time to one input at t = 0, one line with dots each.

    Parameters
    ----------
    responses : (K, T) or (T,) array
    labels : K names or None
    log : draw their sizes |·| on a log axis
    """
    ax = new_axes(ax)
    responses = np.atleast_2d(as_array("plot_impulse_responses", "responses", responses, (1, 2)))
    labels = [None] * len(responses) if labels is None else labels
    expect_same_length("plot_impulse_responses", responses=responses, labels=labels)
    time = np.arange(responses.shape[1])
    markers = "os^Dv*P"
    for number, (response, label) in enumerate(zip(responses, labels)):
        drawn = np.where(response != 0, np.abs(response), np.nan) if log else response
        dots = {"marker": markers[number % 7], "ms": 3.2, "markevery": max(1, len(time) // 25)}
        ax.plot(time, drawn, lw=1.4, label=label, **dots)
    if log:
        ax.set_yscale("log")
    else:
        ax.axhline(0, color=GREY, lw=0.8, ls="-")
    ax.set(xlabel="time $t$", ylabel="size of the response" if log else "response")
    return ax
