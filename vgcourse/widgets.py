"""Sliders over figures: draw once, change the artists in place, see the result at once.

    (line,) = ax.semilogy(t, 0.9**t)
    draw = lambda a: line.set_ydata(a**t)
    alt = lambda a: f"{a:.2f} to the power t"
    factors = np.linspace(0.5, 1.5, 21)
    widgets.flipbook(fig, draw, factors, start=0.9, label="factor a", alt=alt, fmt=".2f")

A `flipbook` holds a picture for every value of one knob: it needs no kernel, moves in exported pages too, and
answers in a few milliseconds. A `live_figure` computes each picture when its sliders move, and takes several:

    factor = widgets.slider(0.1, 2, value=0.9, label="factor a")
    widgets.live_figure(fig, draw, alt=alt, a=factor)

`interact` makes a new figure for every move; moving the artists of one that stays costs a quarter of it.
"""

import html
import inspect
import json
import math
from base64 import b64decode
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from vgcourse.plotting import base
from vgcourse.plotting.redraw import Redraw

__all__ = ["LiveFigure", "flipbook", "live_figure", "slider"]

# A stored notebook carries one picture per live figure, and all of a flipbook, as text in base 64.
MAX_PNG_BYTES = 100_000
MAX_FLIPBOOK_BYTES = 300_000

# ipywidgets gives a handle no name, and lets it say 0.13999999999999999 (on a log scale: the exponent). Each
# picture of a live figure, once loaded, gives the handles below it their label and the number of the readout.
NAME_HANDLES = """for (const slider of this.closest('.widget-vbox').querySelectorAll('.widget-slider')) {
const [handle, label, readout] = ['.noUi-handle', '.widget-label', '.widget-readout']
.map(name => slider.querySelector(name));
if (!handle || !readout || handle.ariaLabel) continue;
const speak = () => { if (handle.ariaValueText !== readout.textContent)
handle.ariaValueText = readout.textContent; };
handle.ariaLabel = label.textContent;
new MutationObserver(speak).observe(handle, {attributeFilter: ['aria-valuetext']});
speak(); }"""


def flipbook(fig, draw, values, /, *, label, alt, start=None, fmt="g"):
    """Display a slider that turns over pictures of a figure, one for each value; no kernel, no library.

    In an exported page and in a trusted notebook the slider moves; where scripts are stripped (GitHub, a
    notebook nobody trusts yet) the picture of `start` stays. Outside a notebook nothing is shown and the
    figure stays open. Arrow keys move the slider by one picture, Home and End to the first and the last.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Drawn once by you, with limits that suit all values; its layout stays.
    draw : callable
        ``draw(value)`` changes artists of `fig` in place.
    values : sequence
        What the slider goes through, 2 to about 30 of them.
    label : str
        The name of the slider, beside it and for screen readers.
    alt : callable
        ``alt(value)`` says what the picture of a value shows.
    start : optional
        The value at which the slider stands first, the nearest where it is not one of `values`; by default
        the first.
    fmt : str or callable
        How a value is written beside the slider: a format such as ``".2f"``, or ``fmt(value)``.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or all pictures together are larger than 300 KB. What `draw` and `alt`
        raise is passed on.
    """
    _require_figure("flipbook", fig)
    base.require_text("flipbook: label", label)
    for role, function in (("draw", draw), ("alt", alt)):
        if not callable(function):
            raise TypeError(f"flipbook: {role} is {function!r}; expected a function of one value.")
    values = list(values)
    if len(values) < 2:
        raise ValueError(f"flipbook: values holds {len(values)}; expected at least 2.")
    first = _place(values, start)
    write = fmt if callable(fmt) else lambda value: format(value, fmt)

    draw(values[first])
    fig.draw_without_rendering()
    fig.set_layout_engine("none")  # run at every picture, it would let the axes jump under the slider
    frames = []
    for value in values:
        draw(value)
        text = alt(value)
        base.require_text(f"flipbook: alt({value!r})", text)
        frames.append((str(write(value)), text, base.base64_text(base.png(fig, small=True))))
    draw(values[first])
    size = sum(len(picture) for _, _, picture in frames)
    if size > MAX_FLIPBOOK_BYTES:
        raise ValueError(
            f"flipbook: the {len(frames)} pictures have {size} bytes; expected at most {MAX_FLIPBOOK_BYTES}. "
            "Take fewer values, a smaller figure, or fewer lines in it."
        )
    _, text, picture = frames[first]
    if base.display(
        {"text/html": _page(label, first, frames), "image/png": picture, "text/plain": text}, text
    ):
        plt.close(fig)


def _require_figure(where, fig):
    if not isinstance(fig, Figure):
        raise TypeError(f"{where}: the first argument is {type(fig).__name__}; expected a matplotlib Figure.")


def _place(values, start):
    """The index of `start` in `values`, or of the number nearest to it."""
    if start is None:
        return 0
    if all(isinstance(number, Real) for number in (start, *values)) and min(values) <= start <= max(values):
        return min(range(len(values)), key=lambda i: abs(values[i] - start))
    if start not in values:
        raise ValueError(f"flipbook: start is {start!r}; expected one of the values, or a number among them.")
    return values.index(start)


def _page(label, first, frames):
    """The picture of the start, the other pictures as data, and the script that puts a slider above it."""
    _, alt, picture = frames[first]
    others = [(value, text, None if i == first else png) for i, (value, text, png) in enumerate(frames)]
    data = json.dumps({"label": label, "start": first, "frames": others}, ensure_ascii=False)
    data = data.replace("<", r"\u003c")  # or an alt text could end the script
    script = Path(__file__).with_name("flipbook.js").read_text(encoding="utf-8")
    return (
        f"<div>{base.img(b64decode(picture), alt)}\n"
        f'<script type="application/json">{data}</script>\n<script>{script}</script></div>'
    )


def slider(low, high, *, value, label, step=None, log=False):
    """A labelled slider that reports every move, not only the last one.

    When its handle has the focus, the arrow keys move it by one step, Page Up and Page Down by more.

    Parameters
    ----------
    low, high : int or float
        Ends of the scale, ``low < high``.
    value : int or float
        Where the slider starts. If `low`, `high`, `value` and `step` are all integers, so is every value.
    label : str
        Text beside the slider; in a `live_figure` also the name of its handle for screen readers.
    step : int or float, optional
        Distance of two values; by default a power of ten that makes 30 to 300 of them (1 for integers).
        On a log scale, the distance of two exponents of ten (0.05 by default).
    log : bool
        Equal moves of the slider multiply the value by equal factors.

    Returns
    -------
    IntSlider, FloatSlider or FloatLogSlider

    Raises
    ------
    TypeError
        If a number is not a real number, or `label` is not a text.
    ValueError
        If the numbers do not make a scale, or `label` is empty.
    """
    numbers = {"low": low, "high": high, "value": value, "step": 1 if step is None else step}
    base.require_text("slider: label", label)
    for name, number in numbers.items():
        if not isinstance(number, Real) or isinstance(number, bool):
            raise TypeError(f"slider: {name} is {number!r} ({type(number).__name__}); expected a number.")
        if not math.isfinite(number):
            raise ValueError(f"slider: {name} is {number!r}; expected a finite number.")
    if not low < high:
        raise ValueError(f"slider: low is {low!r} and high {high!r}; expected low < high.")
    if not low <= value <= high:
        raise ValueError(f"slider: value is {value!r}; expected a number from {low} to {high}.")
    if numbers["step"] <= 0:
        raise ValueError(f"slider: step is {step!r}; expected a positive number.")
    if log and low <= 0:
        raise ValueError(f"slider: low is {low!r}; expected a positive number on a log scale.")

    look = {"description": label, "tooltip": label, "style": {"description_width": "initial"}}
    look |= {"continuous_update": True, "layout": {"width": "420px", "max_width": "100%"}}
    if log:
        low, high, step = math.log10(low), math.log10(high), step or 0.05
        return ipywidgets.FloatLogSlider(value, min=low, max=high, step=step, readout_format=".3g", **look)
    if all(isinstance(number, Integral) for number in numbers.values()):
        return ipywidgets.IntSlider(value, min=low, max=high, step=step or 1, **look)
    step = step or 10.0 ** math.floor(math.log10((high - low) / 30))
    decimals = max(0, *(-Decimal(str(number)).normalize().as_tuple().exponent for number in (low, step)))
    digits = f".{min(decimals, 4)}f"
    return ipywidgets.FloatSlider(value, min=low, max=high, step=step, readout_format=digits, **look)


def live_figure(fig, update, /, *, alt, **sliders):
    """Put sliders under a figure; every move calls `update` and shows the figure again.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        Drawn once by you, at most 100 KB as PNG. It is taken out of pyplot; its layout and size then stay.
    update : callable
        ``update(**values)`` changes artists of `fig` in place, for example with ``line.set_ydata``. Limits,
        ticks and labels of axes may change, too; what it does to a single tick alone is not seen.
        An error in it is shown below the sliders, and the last good picture stays.
    alt : str or callable
        What the picture shows, for readers who do not see it; ``alt(**values)`` can put the values and the
        conclusion into words.
    **sliders : ipywidgets.ValueWidget
        One widget with a value, such as `slider(...)`, for each parameter of `update`.

    Returns
    -------
    LiveFigure
        Leave it as the last line of a cell. Without a kernel, a notebook shows the starting picture.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit. What `update` raises at the start is passed on.
    """
    return LiveFigure(fig, update, alt, sliders)


class LiveFigure(ipywidgets.VBox):
    """A figure that stays, with the widgets that move it; made by `live_figure`."""

    def __init__(self, fig, update, alt, sliders):
        _require_figure("live_figure", fig)
        if not sliders:
            raise ValueError(
                "live_figure: there is no slider; expected one, such as a=widgets.slider(0, 1, …)."
            )
        for name, widget in sliders.items():
            if not isinstance(widget, ipywidgets.ValueWidget):
                raise TypeError(f"live_figure: {name} is {type(widget).__name__}; expected a slider.")
        _check_callable("update", update, sliders)
        if callable(alt):
            _check_callable("alt", alt, sliders)

        self._fig, self._update, self._alt, self._sliders = fig, update, alt, dict(sliders)
        plt.close(fig)  # the inline backend shows what pyplot still knows: the figure would appear twice
        update(**self._values())
        base.darken_words(fig)
        # Run at every redraw, the layout engine would double the cost and let the axes jump under the slider.
        fig.draw_without_rendering()
        fig.set_layout_engine("none")
        _hold_labels(fig)
        self._drawing = Redraw(fig)

        self._start_alt = self._alt_text()
        self._full_png()  # raises now rather than at the first move
        self._start_png = base.png(fig, small=True, dpi=fig.dpi)
        self.picture = ipywidgets.HTML(self._img(self._start_png, self._start_alt))
        self.error = ipywidgets.HTML(layout={"display": "none"})
        # The error comes last: appearing above the sliders, it would push them away from under the mouse.
        super().__init__([self.picture, *sliders.values(), self.error])
        for widget in sliders.values():
            widget.observe(self._redraw, names="value")

    def _values(self):
        return {name: _clean(widget.value) for name, widget in self._sliders.items()}

    def _redraw(self, _change):
        try:
            self._update(**self._values())
            base.darken_words(self._fig)
            picture = self._img(self._full_png(), self._alt_text())
        # Whatever a learner's function raises: its traceback would end in a log that nobody has open.
        except Exception as error:
            message = html.escape(f"{type(error).__name__}: {error}".replace("\n", " "))
            self.error.value = f'<p role="alert" style="color: #b00020; margin: 0">{message}</p>'
            self.error.layout.display = None
        else:
            self.picture.value, self.error.value, self.error.layout.display = picture, "", "none"

    def _full_png(self):
        picture = self._drawing.png()
        if len(picture) > MAX_PNG_BYTES:
            raise ValueError(
                f"live_figure: the picture has {len(picture)} bytes; expected at most {MAX_PNG_BYTES}. "
                "Draw less or smaller."
            )
        return picture

    def _alt_text(self):
        text = self._alt(**self._values()) if callable(self._alt) else self._alt
        base.require_text("live_figure: alt", text)
        return text

    def _img(self, picture, alt):
        script = html.escape(" ".join(NAME_HANDLES.split()))
        return base.img(picture, alt).replace("<img ", f'<img onload="{script}" ', 1)

    def _repr_mimebundle_(self, **kwargs):
        """The live widget, and beside it the starting picture for viewers that have no kernel."""
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        data |= {"text/html": base.img(self._start_png, self._start_alt), "text/plain": self._start_alt}
        data["image/png"] = base.base64_text(self._start_png)
        return data, {"image/png": {"alt": self._start_alt}}


def _hold_labels(fig):
    """Fix the axes' labels where they are: looking for a place costs a sixth of a whole drawing."""
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            place = axis.label.get_transform().transform(axis.label.get_position())
            axis.set_label_coords(*ax.transAxes.inverted().transform(place))


def _clean(value):
    """0.14 for the 0.13999999999999999 that a browser makes of fourteen steps."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _check_callable(role, function, sliders):
    try:
        inspect.signature(function).bind(**sliders)
    except TypeError as error:
        raise TypeError(f"live_figure: {role}({', '.join(sliders)}) cannot be called: {error}.") from None
