"""Sliders over figures: draw once, change the artists in place, see the result at once.

    (line,) = ax.semilogy(t, 0.9**t)
    widgets.live_figure(fig, lambda a: line.set_ydata(a**t), alt=lambda a: f"{a:.2f} to the power t",
                        a=widgets.slider(0.1, 2, value=0.9, label="factor a"))

`interact` makes a new figure for every move; moving the artists of one that stays costs a quarter of it.
"""

import html
import inspect
import io
import math
from base64 import b64encode
from decimal import Decimal
from numbers import Integral, Real

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["LiveFigure", "live_figure", "slider"]

# A stored notebook carries one picture per widget; each move of a slider sends one to the browser.
MAX_PNG_BYTES = 100_000


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
        Text beside the slider. ipywidgets has no way to attach it to the handle, where a screen reader hears
        only "slider" and the value: let the alt text of the figure say what the value means.
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
    _require_text("slider: label", label)
    for name, number in numbers.items():
        if not isinstance(number, Real) or isinstance(number, bool):
            raise TypeError(f"slider: {name} must be a number, got {number!r} ({type(number).__name__})")
        if not math.isfinite(number):
            raise ValueError(f"slider: {name} must be finite, got {number!r}")
    if not low <= value <= high or low == high:
        raise ValueError(f"slider: expected low <= value <= high, low < high; got {low}, {value}, {high}")
    if numbers["step"] <= 0:
        raise ValueError(f"slider: step must be positive, got {step!r}")
    if log and low <= 0:
        raise ValueError(f"slider: a log scale needs low > 0, got low={low!r}")

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
        ``update(**values)`` changes artists of `fig` in place, for example with ``line.set_ydata``.
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
        if not isinstance(fig, Figure):
            raise TypeError(f"live_figure: expected a matplotlib Figure first, got {type(fig).__name__}")
        if not sliders:
            raise ValueError("live_figure: give at least one slider, for example a=widgets.slider(0, 1, ...)")
        for name, widget in sliders.items():
            if not isinstance(widget, ipywidgets.ValueWidget):
                raise TypeError(f"live_figure: {name} must be a slider, got {type(widget).__name__}")
        _check_callable("update", update, sliders)
        if callable(alt):
            _check_callable("alt", alt, sliders)

        self._fig, self._update, self._alt, self._sliders = fig, update, alt, dict(sliders)
        plt.close(fig)  # the inline backend shows what pyplot still knows: the figure would appear twice
        FigureCanvasAgg(fig)
        update(**self._values())
        # Run at every redraw, the layout engine would double the cost and let the axes jump under the slider.
        fig.draw_without_rendering()
        fig.set_layout_engine("none")

        self._start_alt = self._alt_text()
        self._start_png = self._png(compress_level=9)
        self.picture = ipywidgets.HTML(self._img(self._start_png, self._start_alt))
        self.error = ipywidgets.HTML(layout={"display": "none"})
        # The error comes last: appearing above the sliders, it would push them away from under the mouse.
        super().__init__([self.picture, *sliders.values(), self.error])
        for widget in sliders.values():
            widget.observe(self._redraw, names="value")

    def _values(self):
        return {name: widget.value for name, widget in self._sliders.items()}

    def _redraw(self, _change):
        try:
            self._update(**self._values())
            picture = self._img(self._png(compress_level=1), self._alt_text())
        # Whatever a learner's function raises: its traceback would end in a log that nobody has open.
        except Exception as error:
            message = html.escape(f"{type(error).__name__}: {error}".replace("\n", " "))
            self.error.value = f'<p role="alert" style="color: #b00020; margin: 0">{message}</p>'
            self.error.layout.display = None
        else:
            self.picture.value, self.error.value, self.error.layout.display = picture, "", "none"

    def _png(self, compress_level):
        buffer = io.BytesIO()
        self._fig.canvas.print_png(buffer, pil_kwargs={"compress_level": compress_level})
        if buffer.tell() > MAX_PNG_BYTES:
            size = f"{buffer.tell()} bytes, more than {MAX_PNG_BYTES}"
            raise ValueError(f"live_figure: the picture has {size}: draw less or smaller")
        return b64encode(buffer.getvalue()).decode("ascii")

    def _alt_text(self):
        text = self._alt(**self._values()) if callable(self._alt) else self._alt
        _require_text("live_figure: alt", text)
        return text

    def _img(self, png, alt):
        width, height = self._fig.canvas.get_width_height()
        # decoding="sync": without it the browser may show an empty frame between two pictures.
        look = f'width="{width}" height="{height}" decoding="sync" style="max-width: 100%; height: auto"'
        return f'<img role="img" alt="{html.escape(alt)}" {look} src="data:image/png;base64,{png}">'

    def _repr_mimebundle_(self, **kwargs):
        """The live widget, and beside it the starting picture for viewers that have no kernel."""
        data = dict(super()._repr_mimebundle_(**kwargs) or {})
        data |= {"text/plain": self._start_alt, "image/png": self._start_png}
        return data, {"image/png": {"alt": self._start_alt}}


def _require_text(name, value):
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text, got {value!r} ({type(value).__name__})")
    if not value.strip():
        raise ValueError(f"{name} must not be empty")


def _check_callable(role, function, sliders):
    try:
        inspect.signature(function).bind(**sliders)
    except TypeError as error:
        raise TypeError(f"live_figure: {role}({', '.join(sliders)}) cannot be called: {error}") from None
