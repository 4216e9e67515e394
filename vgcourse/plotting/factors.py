"""The factors of a gradient: slopes, products, matrices; the error of a derivative against its step."""

import numpy as np
from matplotlib.colors import TwoSlopeNorm

from .base import BLUE, GREEN, GREY, ORANGE, as_array, expect_same_length, new_axes, upon


def plot_activation_pair(z, values, slopes, ax=None, name="f", active=None):
    """An activation and its derivative in one picture, labelled on the curves.

    Parameters
    ----------
    z, values, slopes : (n,) arrays: pre-activation, f(z), f'(z)
    name : how to call f
    active : (low, high) or None: the range of z to shade, where the slope is not small
    """
    ax = new_axes(ax, figsize=(5.6, 3.4))
    expect_same_length("plot_activation_pair", z=z, values=values, slopes=slopes)
    if active is not None:
        ax.axvspan(*active, color=GREEN, alpha=0.1, lw=0)
    ax.axhline(0, color=GREY, lw=0.8, ls="-")
    ax.plot(z, values, color=BLUE, ls="-", label=name)
    ax.plot(z, slopes, color=ORANGE, ls=(0, (5, 1.5)), label=f"{name}′")
    ax.set(xlabel="pre-activation $z$", xlim=(np.min(z), np.max(z)))
    return ax


def plot_factors(names, factors, ax=None, total_name="product"):
    """Factors of a product as bars on a log axis: each starts where the one before ended.

    Parameters
    ----------
    names : labels of the factors
    factors : numbers; drawn by their size, with a minus sign in the text where negative. A factor 0, or a
        product too small or too large for a float, gives a bar that leaves the axes.

    Raises
    ------
    ValueError
        If a factor is not finite, or there are not as many names as factors.
    """
    ax = new_axes(ax)
    expect_same_length("plot_factors", names=names, factors=factors)
    running = _running(factors)
    ax.set_yscale("log")
    ax.bar(range(len(factors) + 1), 1, width=0.62, edgecolor="white")
    ax.patches[-1].set(facecolor="#555555", hatch="///")
    for place in range(len(factors) + 1):
        ax.text(place, 1, "", ha="center", va="bottom", fontsize=9)
    ax.axhline(1, color=GREY, lw=0.9, ls="-")
    ax.set_xticks(range(len(factors) + 1), [*names, total_name])
    ax.set_ylabel("size of the product so far")
    ax.grid(axis="x", visible=False)
    seen = running[(running > SMALLEST) & (running < LARGEST)]
    with np.errstate(over="ignore"):
        low, high = seen.min() / 1.8, seen.max() * (seen.max() / seen.min()) ** 0.12 * 1.3
    # a bar that goes to zero, or out of the floats, has to be seen to leave
    low = low / 30 if running.min() <= SMALLEST else low
    high = high * 30 if running.max() >= LARGEST else high
    ax.set_ylim(max(low, SMALLEST), min(high, LARGEST))
    return update_factors(ax, factors)


def update_factors(ax, factors):
    """Give the bars of `plot_factors` new values in place; the limits of the axis stay."""
    running = _running(factors)
    spans = [*zip(running, running[1:]), (1.0, running[-1])]  # the last bar is the whole product
    low, high = ax.get_ylim()
    for bar, text, (start, end), value in zip(ax.patches, ax.texts, spans, [*factors, None]):
        bar.set(y=min(start, end), height=abs(end - start))
        if value is None:
            written = f"= {_product(factors)}"
        else:
            bar.set_facecolor(BLUE if end < start else ORANGE)
            written = f"× {value:.3g}".replace("-", "−")
        # beyond the limits the text stays at the edge, where it can be read
        text.set(y=np.clip(1.06 * max(start, min(end, LARGEST / 2)), 1.06 * low, high / 1.06), text=written)
    return ax


SMALLEST, LARGEST = 1e-307, 1e307  # what a log axis of float64 can draw


def _running(factors):
    """|1|, |f_1|, |f_1 f_2|, …, kept between SMALLEST and LARGEST."""
    factors = as_array("plot_factors", "factors", factors, 1)
    if not np.isfinite(factors).all():
        raise ValueError(f"plot_factors: factors are {factors}; expected finite numbers.")
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        running = np.concatenate([[1.0], np.cumprod(np.abs(factors))])
    running[1:][np.logical_or.accumulate(factors == 0)] = 0  # not inf · 0
    return np.clip(running, SMALLEST, LARGEST)


def _product(factors):
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        product = np.prod(factors)
    if 0 in np.asarray(factors) or (np.isfinite(product) and product != 0):
        return f"{0 if 0 in np.asarray(factors) else product:.3g}".replace("-", "−")
    sign = "−" if np.prod(np.sign(factors)) < 0 else ""
    return f"{sign}$10^{{{np.log10(np.abs(factors)).sum():.0f}}}$"  # too small or large for a float


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
    squares = ax.imshow(matrix, norm=TwoSlopeNorm(0, -size, size), aspect="equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(False)
    ax.spines[:].set_visible(True)
    if values if values is not None else max(matrix.shape) <= 6:
        for (row, column), value in np.ndenumerate(matrix):
            ax.text(column, row, f"{value:.2g}".replace("-", "−"), ha="center", va="center", fontsize=8,
                    color=upon(squares.to_rgba(value)))  # fmt: skip
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
        ("one-sided", sweep.forward, ORANGE, (0, (5, 1.5))),
        ("central", sweep.central, BLUE, "-"),
        ("complex step", sweep.complex_step, GREEN, "-."),
    ):
        ax.loglog(sweep.steps, np.maximum(errors, floor), color=color, ls=style, label=name)
    ax.set(xlabel=r"step size $\varepsilon$", ylabel="relative error of the derivative")
    return ax
