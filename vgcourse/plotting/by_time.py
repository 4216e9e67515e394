"""Signals over time: gradients by lag, (t, k) maps, gates."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm, TwoSlopeNorm

from .base import as_array, expect_same_length, new_axes, short


def plot_by_lag(norms, ax=None, label=None, lags=None, bound=None):
    """A norm against the lag t − k on a log axis, and a bound on it, thin, in the same colour.

    Parameters
    ----------
    norms : (n,) array of numbers ≥ 0; zeros leave a gap
    lags : (n,) array or None for 0 … n − 1
    bound : (n,) array or None
    """
    ax = new_axes(ax)
    norms = as_array("plot_by_lag", "norms", norms, 1)
    lags = np.arange(len(norms)) if lags is None else np.asarray(lags)
    expect_same_length("plot_by_lag", norms=norms, lags=lags)
    (line,) = ax.semilogy(lags, np.where(norms > 0, norms, np.nan), label=label)
    if bound is not None:
        expect_same_length("plot_by_lag", norms=norms, bound=bound)
        ax.semilogy(lags, bound, color=line.get_color(), ls="-", lw=0.9, alpha=0.6, label="_bound")
    ax.set(xlabel="lag $t-k$, steps", ylabel="norm")
    return ax


def plot_heat_map(values, ax=None, label=None, extent=None, log=True, limits=None):
    """Numbers as colours, row 0 at the bottom, with a colour bar; on a log scale unless told otherwise.

    Parameters
    ----------
    values : (rows, columns) array; NaN stays white, 0 (on a log scale) is drawn black
    label : what the colours mean
    extent : (left, right, bottom, top) or None for the indices
    limits : (low, high) of the colours; default: those of the values, at most 16 decades
    """
    ax = new_axes(ax, figsize=(5.6, 4.2))
    values = as_array("plot_heat_map", "values", values, 2)
    seen = values[np.isfinite(values) & ((values > 0) | (not log))]
    low, high = limits or ((seen.min(), seen.max()) if len(seen) else (0.1, 1.0))
    if log and limits is None:
        low = max(low, 1e-16 * high)
    colors = plt.get_cmap("viridis").with_extremes(under="black", bad="white")
    norm = LogNorm(low, high if high > low else 2 * low) if log else plt.Normalize(low, high)
    shown = np.where(log & (values <= 0), low / 2, values) if log else values
    image = ax.imshow(shown, norm=norm, cmap=colors, origin="lower", aspect="auto", extent=extent,
                      interpolation="nearest")  # fmt: skip
    below = bool(len(seen)) and bool((shown[np.isfinite(shown)] < low).any())
    ax.figure.colorbar(image, ax=ax, label=label, extend="min" if below else "neither", pad=0.02)
    ax.grid(False)
    return ax


def plot_jacobian_map(norms, ax=None, limits=None):
    """‖∂h_t/∂h_k‖ as colours over time t (up) and the earlier time k (right); white where k > t.

    Parameters
    ----------
    norms : (T, T) array, norms[t, k] used for k ≤ t
    """
    norms = as_array("plot_jacobian_map", "norms", norms, 2)
    if norms.shape[0] != norms.shape[1]:
        raise ValueError(f"plot_jacobian_map: norms have shape {norms.shape}; expected (T, T).")
    lower = np.tril(np.ones(norms.shape, dtype=bool))
    ax = plot_heat_map(np.where(lower, norms, np.nan), ax, r"$\|\partial h_t/\partial h_k\|$", limits=limits)
    ax.set(xlabel="earlier time $k$", ylabel="time $t$")
    return ax


def plot_gates(values, ax=None, name=None, words=None, signed=False):
    """One gate (or a state) of every unit over a sequence, as colours.

    Parameters
    ----------
    values : (T, H) array; in [0, 1] for a gate
    words : T labels for the time axis or None
    signed : blue for negative, red for positive values, white at 0: for states and candidates
    """
    ax = new_axes(ax, figsize=(7.0, 2.4))
    values = as_array("plot_gates", "values", values, 2).T
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    size = float(f"{largest:.2g}") or 1.0  # a round number for the colour bar
    norm, colors = (TwoSlopeNorm(0, -size, size), "RdBu_r") if signed else (plt.Normalize(0, 1), "cividis")
    image = ax.imshow(values, norm=norm, cmap=colors, aspect="auto", interpolation="nearest")
    ticks = [-size, 0, size] if signed else [0, 0.5, 1]
    ax.figure.colorbar(image, ax=ax, pad=0.015, ticks=ticks, format=lambda value, _: short(value))
    ax.grid(False)
    ax.set(xlabel="time $t$", ylabel="unit")
    ax.yaxis.get_major_locator().set_params(integer=True)
    if words is not None:
        expect_same_length("plot_gates", words=words, times=values[0])
        long = sum(map(len, words)) > 60
        ax.set_xticks(range(len(words)), words, rotation=45 if long else 0, ha="right" if long else "center")
        ax.set_xlabel("")
    if name:
        ax.set_title(name)
    return ax


def plot_gate_panels(panels, axes=None, words=None, signed=()):
    """`plot_gates` for several gates of one sequence, one above the other on a common time axis.

    Parameters
    ----------
    panels : dict, name -> (T, H) array
    signed : the names of those that are not in [0, 1]

    Returns
    -------
    axes : array of as many Axes
    """
    if not panels:
        raise ValueError("plot_gate_panels: panels is empty; expected at least one gate.")
    if axes is None:
        size = (7.0, 0.6 + 1.25 * len(panels))
        axes = plt.subplots(len(panels), 1, sharex=True, squeeze=False, figsize=size)[1][:, 0]
    for (name, values), ax in zip(panels.items(), axes, strict=True):
        plot_gates(values, ax=ax, name=name, signed=name in signed, words=words if ax is axes[-1] else None)
        if ax is not axes[-1]:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    return axes
