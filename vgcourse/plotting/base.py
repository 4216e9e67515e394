"""What every figure shares: colours, style, showing, direct labels."""

import base64
import html
import io
from functools import lru_cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.text import Text
from PIL import Image

BLUE, ORANGE, GREEN, PINK, SKY, AMBER, BLACK = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000",
)  # fmt: skip
GREY = "#888888"
NEARLY_WHITE = 1.2  # contrast with white


def use_style():
    """Draw everything from here on in the course's style."""
    plt.style.use(Path(__file__).with_name("course.mplstyle"))


def show(fig, alt):
    """Display `fig` once, as a picture whose text `alt` every viewer speaks. Returns None.

    The notebook stores an HTML image with the text in it, a PNG for viewers without HTML, and the text alone.
    Outside a notebook the figure stays open for `matplotlib.pyplot.show()`.

    Raises
    ------
    TypeError, ValueError
        If `alt` is no text, or an empty one.
    """
    require_text("show: alt", alt)
    picture = png(fig, small=True)
    if display({"text/html": img(picture, alt), "image/png": base64_text(picture), "text/plain": alt}, alt):
        plt.close(fig)


def display(bundle, alt):
    """Hand `bundle`, MIME types and their data, to the notebook; False where there is none."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        return False
    if get_ipython() is None:
        return False
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
    return True


def png(fig, *, small=False, **options):
    """The figure as PNG bytes, at its own size (no tight bounding box); its words by `darken_words`.

    With `small`, in a palette: a quarter of the bytes. It has 64 colours, more where an area would come out
    in another colour, and 256 where colours stand for numbers.
    """
    darken_words(fig)
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", **options)
    if not small:
        return buffer.getvalue()
    # Median cut, the default, would spend them on shades of the background, and turn green lines blue.
    how = {"method": Image.Quantize.MAXCOVERAGE, "kmeans": 1, "dither": Image.Dither.NONE}
    full = on_white(Image.open(buffer))
    for colours in (256,) if _has_colour_scale(fig) else (64, 128, 256):
        reduced = full.quantize(colours, **how)
        if _areas_keep_their_colours(np.asarray(full), np.asarray(reduced.convert("RGB"))):
            break
    smaller = io.BytesIO()
    reduced.save(smaller, "png", optimize=True)
    return smaller.getvalue()


def on_white(picture):
    """An RGBA image without its transparency, as a white page shows it."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema()[0] < 255:
        page = Image.new("RGBA", picture.size, "white")
        page.alpha_composite(picture)
        picture = page
    return picture.convert("RGB")


def _areas_keep_their_colours(full, reduced, pixels=300, steps=3):
    """Is every colour of so many pixels, such as that of a band, at most so many steps of 255 off?"""
    codes = full.reshape(-1, 3).astype(int) @ (1 << 16, 1 << 8, 1)
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    large = first[counts >= pixels]
    off = full.reshape(-1, 3)[large].astype(int) - reduced.reshape(-1, 3)[large]
    return np.abs(off).max(initial=0) <= steps


def _has_colour_scale(fig):
    """Does an image, a heat map, filled contours or coloured points stand in the figure?"""
    return any(artist.get_array() is not None for artist in fig.findobj(lambda a: hasattr(a, "get_array")))


def img(picture, alt):
    """An HTML image of PNG bytes, never wider than its page; `alt` is what a screen reader says."""
    width, height = (int.from_bytes(picture[i : i + 4], "big") for i in (16, 20))
    # decoding="sync": without it a browser may show an empty frame between two pictures.
    look = f'width="{width}" height="{height}" decoding="sync" style="max-width: 100%; height: auto"'
    return f'<img alt="{html.escape(alt)}" {look} src="data:image/png;base64,{base64_text(picture)}">'


def base64_text(data):
    """Bytes as the text that notebooks and HTML store."""
    return base64.b64encode(data).decode("ascii")


def require_text(name, value):
    """TypeError or ValueError unless `value` is a text with something in it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}); expected a text.")
    if not value.strip():
        raise ValueError(f"{name} is empty; expected a text.")


def new_axes(ax=None, **figure_options):
    """`ax` itself, or the axes of a new figure when it is None."""
    return plt.subplots(**figure_options)[1] if ax is None else ax


def as_array(where, name, value, ndim):
    """`value` as an array of floats with `ndim` axes (or one of several numbers of axes), else ValueError."""
    array = np.asarray(value)
    allowed = ndim if isinstance(ndim, tuple) else (ndim,)
    if array.ndim not in allowed or array.size == 0 or array.dtype.kind not in "fiub":
        wanted = " or ".join(map(str, allowed))
        raise ValueError(
            f"{where}: {name} has shape {array.shape} and {array.dtype.name} values; "
            f"expected real numbers with {wanted} axes, at least one number."
        )
    return array.astype(float)


def expect_same_length(where, **values):
    """Raise ValueError, with all the lengths, unless the named values are equally long."""
    lengths = {name: len(value) for name, value in values.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{where}: lengths differ: {', '.join(f'{n} {k}' for n, k in lengths.items())}.")


def short(number):
    """A number as people write it: three digits, a true minus sign, a power of ten as one."""
    text = f"{number:.3g}"
    if "e" in text:
        digits, power = text.split("e")
        return rf"${digits} \cdot 10^{{{int(power)}}}$"
    return text.replace("-", "−")


def contrast(one, other):
    """The contrast ratio of two colours, 1 … 21 (WCAG 2.2): text wants 4.5, large text and lines 3."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def darken_words(fig):
    """Let all words of a figure be dark enough for the white that they stand on (`for_text`)."""
    for words in fig.findobj(Text):
        field = words.get_bbox_patch() or (words.axes or fig).patch
        colour = words.get_color()
        opaque = to_rgba(colour)[3] == 1 and words.get_alpha() in (None, 1)
        if opaque and contrast(field.get_facecolor(), "white") < NEARLY_WHITE:
            dark = for_text(colour)
            if dark is not colour:  # words would have to be drawn again, also in the colour that they have
                words.set_color(dark)


def for_text(colour):
    """The colour, as much darker as words in it need to be on white; nearly white stays, for dark fields."""
    dark = _darkened(to_hex(colour))
    return colour if dark is None else dark


@lru_cache
def _darkened(colour):
    """A darker shade with a contrast of 4.5 to white; None where the hexadecimal `colour` may stay."""
    if not NEARLY_WHITE < contrast(colour, "white") < 4.5:
        return None
    rgb = np.array(to_rgb(colour))
    while contrast(rgb, "white") < 4.5:
        rgb = 0.97 * rgb
    return to_hex(rgb)


def upon(colour):
    """White or black, for words on a field of this colour: the one that is easier to read."""
    return max("white", BLACK, key=lambda words: contrast(words, colour))


def label_ends(ax, gap=0.012):
    """Write each line's label at its right end in its colour, apart from one another. Replaces a legend.

    Where the colour is too light for words, they are in a darker shade of it.
    """
    ax.get_xlim(), ax.get_ylim()  # settles the limits, which are lazy until somebody asks
    ends = []
    for line in ax.get_lines():
        if line.get_label().startswith("_"):
            continue
        x, y = (np.asarray(a, dtype=float) for a in line.get_data())
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if len(finite):
            # transAxes runs from 0 to 1 in both directions, whatever the scales are
            last = finite[np.argmin(x[finite]) if ax.xaxis_inverted() else np.argmax(x[finite])]
            point = ax.transData.transform((x[last], y[last]))
            ends.append((float(np.clip(ax.transAxes.inverted().transform(point)[1], 0, 1)), line))
    ends.sort(key=lambda end: end[0])
    line_height = 1.3 * plt.rcParams["font.size"] / (ax.get_window_extent().height * 72 / ax.figure.dpi)
    for y, (_, line) in zip(spread([y for y, _ in ends], line_height), ends, strict=True):
        colour = for_text(line.get_color())
        ax.text(1 + gap, y, line.get_label(), color=colour, transform=ax.transAxes, va="center")
    return ax


def spread(wanted, apart, low=-np.inf, high=np.inf):
    """Positions nearest to the sorted `wanted` ones with at least `apart` between them, from `low` to `high`.

    `apart` is one distance, or one for each pair of neighbours. Where there is too little room, `low` wins.
    """
    places = np.concatenate([[0], np.cumsum(np.broadcast_to(apart, max(len(wanted) - 1, 0)))])
    groups = []  # each: how many, and the sum of the places that its lowest member would like
    for y, place in zip(wanted, places):
        groups.append([1, y - place])
        while len(groups) > 1 and groups[-2][1] / groups[-2][0] > groups[-1][1] / groups[-1][0]:
            count, total = groups.pop()
            groups[-1][0] += count
            groups[-1][1] += total
    lowest = [total / count for count, total in groups for _ in range(count)]
    return [max(min(y, high - places[-1]), low) + place for y, place in zip(lowest, places)]
