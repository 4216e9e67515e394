"""Signals layer by layer."""

import matplotlib.pyplot as plt
import numpy as np

from .base import BLACK, BLUE, GREY, as_array, expect_same_length, new_axes


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


def plot_norm_strips(norms, ax=None, color=BLUE, title=None, limits=None):
    """One dot per neuron (or neuron and instance) on a log axis, in a strip for each layer.

    Inside a strip the neurons stand in their own order; the black bar is the median of those that are not 0.
    Norms of exactly 0 stand in a grey row at the bottom, with their share in percent; the share of those that
    are not finite is written beside it.

    Parameters
    ----------
    norms : (L, n) array of numbers ≥ 0, or a list of L arrays of different lengths
    limits : (low, high) of the norms that the axis has to show; default: those of `norms`
    """
    ax = new_axes(ax)
    layers = [as_array("plot_norm_strips", "norms of a layer", layer, (1, 2)).ravel() for layer in norms]
    low, high = limits or _range([layers])
    decades = max(np.log10(high / low), 1.0)
    zero_row = low / 10 ** (0.12 * decades)
    ax.set_yscale("log")
    for number, layer in enumerate(layers, 1):
        places = number + np.linspace(-0.42, 0.42, len(layer)) if len(layer) > 1 else np.array([number])
        shown = np.where(layer > 0, layer, zero_row)
        shown[~np.isfinite(layer)] = np.nan
        # few neurons get dots that can be seen, thousands dots that do not clog
        size, alpha = (3, 0.5) if len(layer) < 300 else (1.2, 0.25)
        ax.plot(places, shown, ".", ms=size, mew=0, color=color, alpha=alpha, rasterized=True)
        alive = layer[(layer > 0) & np.isfinite(layer)]
        if len(alive):
            middle = np.median(alive)
            ax.plot([number - 0.45, number + 0.45], [middle] * 2, color=BLACK, lw=1.4, ls="-")
    ax.set_ylim(zero_row / 10 ** (0.05 * decades), high * 10 ** (0.05 * decades))
    everything = np.concatenate(layers)
    shares = {"exactly 0": np.mean(everything == 0), "not finite": np.mean(~np.isfinite(everything))}
    if any(shares.values()):
        edge = zero_row * 10 ** (0.05 * decades)
        ax.axhspan(ax.get_ylim()[0], edge, color="#e9e9e9", zorder=0, lw=0)
        look = {"ha": "right", "va": "bottom", "fontsize": 8, "color": "#444444"}
        place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        text = ", ".join(f"{name}: {100 * share:.2g} %" for name, share in shares.items() if share)
        ax.annotate(text, (0.99, edge), (0, 2), **place, **look)
    ax.set(xlabel="layer", xlim=(0.4, len(layers) + 0.6), ylabel="gradient norm of a neuron")
    ax.grid(axis="x", visible=False)
    ax.xaxis.get_major_locator().set_params(integer=True)
    if title:
        ax.set_title(title)
    return ax


def plot_norm_strip_grid(rows, axes=None, colors=None):
    """`plot_norm_strips` for several nets (columns) and several kinds of gradient (rows), on one log scale.

    Parameters
    ----------
    rows : dict, row name -> dict, column name -> norms as in `plot_norm_strips`
    axes : (rows, columns) array of Axes or None
    colors : one colour per column; default: the colours of the style

    Returns
    -------
    axes : (rows, columns) array
    """
    names = [list(row) for row in rows.values()]
    if not names or not names[0] or any(row != names[0] for row in names):
        raise ValueError(
            f"plot_norm_strip_grid: the columns are {names}; expected the same, at least one, in each row."
        )
    if axes is None:
        size = {"figsize": (7.0, 0.5 + 2.0 * len(rows))}
        axes = plt.subplots(len(rows), len(names[0]), sharex=True, sharey=True, squeeze=False, **size)[1]
    colors = colors or [f"C{i}" for i in range(len(names[0]))]
    limits = _range(norms for columns in rows.values() for norms in columns.values())
    for i, (row, columns) in enumerate(rows.items()):
        for j, (name, norms) in enumerate(columns.items()):
            ax = axes[i, j]
            plot_norm_strips(norms, ax, colors[j], title=name if i == 0 else None, limits=limits)
            ax.set_ylabel(f"{row}\ngradient norm")
            ax.label_outer()
    return axes


def _range(nets):
    """The smallest and largest number above 0 in several lists of layers."""
    everything = np.concatenate([np.ravel(layer) for layers in nets for layer in layers])
    seen = everything[(everything > 0) & np.isfinite(everything)]
    return (seen.min(), seen.max()) if len(seen) else (0.1, 1.0)


def plot_spectra(spectra, labels, ax=None):
    """Singular values, largest first, one line per matrix, on a log axis; 1 is marked.

    Parameters
    ----------
    spectra : list of (n,) arrays of numbers ≥ 0 in falling order
    labels : their names, written beside the lines by `label_ends`
    """
    ax = new_axes(ax)
    expect_same_length("plot_spectra", spectra=spectra, labels=labels)
    for values, label in zip(spectra, labels):
        values = as_array("plot_spectra", label, values, 1)
        ax.semilogy(np.arange(1, len(values) + 1), np.where(values > 0, values, np.nan), label=label)
    ax.axhline(1, color=GREY, lw=0.9, ls="-")
    ax.set(xlabel="number of the singular value, largest first", ylabel="singular value")
    return ax


def plot_spectrum_by_depth(values, depths=None, ax=None, label=None, color=BLUE):
    """All singular values of a product as it grows: thin lines; the largest and the smallest thick.

    Parameters
    ----------
    values : (L, n) array, row l the singular values of the product of l factors, in falling order
    depths : (L,) array or None for 1 … L
    """
    ax = new_axes(ax)
    values = as_array("plot_spectrum_by_depth", "values", values, 2)
    values = np.where(values > 0, values, np.nan)
    depths = np.arange(1, len(values) + 1) if depths is None else depths
    every = -(-values.shape[1] // 16)  # more lines than that make a solid area
    ax.semilogy(depths, values[:, ::every], color=color, lw=0.6, ls="-", alpha=0.45, label="_inner")
    ax.semilogy(depths, values[:, 0], color=color, lw=2, ls="-", label="largest" if label is None else label)
    ax.semilogy(
        depths, values[:, -1], color=color, lw=2, ls=(0, (5, 1.5)), label="smallest" if label is None else "_"
    )
    ax.axhline(1, color=GREY, lw=0.9, ls="-")
    ax.set(xlabel="factors in the product", ylabel="singular value")
    return ax


def plot_variance_by_layer(measured, ax=None, label=None, prediction=None, band=None, layers=None):
    """A variance per layer on a log axis: measured as dots, predicted as a line, with a shade for its band.

    Parameters
    ----------
    measured : (L,) array of numbers ≥ 0; zeros leave a gap
    prediction : (L,) array or None
    band : (2, L) array or None: the lower and upper ends of an interval for the measured values
    layers : (L,) array or None for 0 … L − 1
    """
    ax = new_axes(ax)
    measured = as_array("plot_variance_by_layer", "measured", measured, 1)
    measured = np.where(measured > 0, measured, np.nan)
    layers = np.arange(len(measured)) if layers is None else np.asarray(layers)
    if prediction is None:
        (line,) = ax.semilogy(layers, measured, marker="o", ms=3.5, label=label)
    else:
        expect_same_length("plot_variance_by_layer", measured=measured, prediction=prediction)
        (line,) = ax.semilogy(layers, prediction, lw=1.3, label=label)
        ax.semilogy(
            layers, measured, color=line.get_color(), ls="none", marker="o", ms=3.5, label="_measured"
        )
    if band is not None:
        band = as_array("plot_variance_by_layer", "band", band, 2)
        ax.fill_between(layers, *band, color=line.get_color(), alpha=0.18, lw=0)
    ax.set(xlabel="layer", ylabel="variance")
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def plot_histograms(samples, ax=None, labels=None, bins=80, limits=None, color=BLUE):
    """One histogram per layer, from the first at the bottom to the last at the top, all with the same bins.

    Each is scaled to its own tallest bin: compare widths, not heights.

    Parameters
    ----------
    samples : list of L arrays of any shape
    labels : L names; default: layer 1 … L
    limits : (low, high); default: what holds 99.8 % of all samples
    """
    ax = new_axes(ax)
    samples = [np.ravel(sample) for sample in samples]
    samples = [sample[np.isfinite(sample)] for sample in samples]
    labels = [f"layer {i}" for i in range(1, len(samples) + 1)] if labels is None else labels
    expect_same_length("plot_histograms", samples=samples, labels=labels)
    if limits is None:
        everything = np.concatenate(samples)
        limits = np.quantile(everything if len(everything) else [0.0], [0.001, 0.999])
        limits = limits if limits[1] > limits[0] else limits + np.array([-1, 1])
    for place, sample in reversed([*enumerate(samples)]):  # the lower ones stand in front
        counts, edges = np.histogram(sample, bins=bins, range=tuple(limits))
        height = 0.92 * counts / max(counts.max(), 1)
        ax.stairs(place + height, edges, baseline=place, fill=True, color=color, alpha=0.35)
        ax.stairs(place + height, edges, baseline=None, color=color, lw=1.1)
    ax.set_yticks(range(len(samples)), labels)
    ax.set(xlim=tuple(limits), ylim=(-0.05, len(samples) + 0.05))
    ax.grid(axis="y", visible=False)
    return ax
