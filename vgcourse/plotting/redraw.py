"""A figure drawn again and again: its axes are kept as long as they stay."""

import contextlib
import io

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image


class Redraw:
    """Draws one figure again after artists in it changed.

    Ticks, their labels and the grid take two thirds of a drawing, for text is dear. They are drawn once, and
    again when something sets limits, ticks, labels or places of axes; all else is drawn above a copy of them.
    Where that would be another picture, as with axes over axes or a grid over bars, all is drawn each time.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        It gets an Agg canvas. Its artists may change in any way, its axes by their setters (`ax.set_xticks`,
        `ax.tick_params`): what is done to a single tick is not seen.
    """

    def __init__(self, fig):
        self._fig = fig
        self._canvas = FigureCanvasAgg(fig)
        self._places = None

    def png(self):
        """The figure as it is now, as PNG bytes: quickly packed, not small."""
        if self._places != self._places_now():
            self._try_two_layers()
        elif self._in_two_layers and not any(map(_grid_above_something, self._fig.axes)):
            if self._stale_axes() != self._never_fresh:
                self._keep_axes()
            self._draw_content()
        else:
            self._canvas.draw()
        buffer = io.BytesIO()
        picture = Image.frombuffer("RGBA", self._canvas.get_width_height(), self._canvas.buffer_rgba())
        picture.convert("RGB").save(buffer, "png", compress_level=1)  # three channels: a page is white anyway
        return buffer.getvalue()

    def _try_two_layers(self):
        self._canvas.draw()
        whole = np.array(self._canvas.buffer_rgba())
        self._keep_axes()
        self._draw_content()
        self._in_two_layers = np.array_equal(whole, self._canvas.buffer_rgba())
        if not self._in_two_layers:
            self._canvas.draw()
        self._places = self._places_now()  # last: after an error above, all is tried again

    def _keep_axes(self):
        """Draw the lower layer: backgrounds and axes."""
        lower = set(self._lower())
        holders = (self._fig, *self._fig.axes)
        content = (
            {artist for holder in holders for artist in holder.get_children()} - lower - {*self._fig.axes}
        )
        with _hidden(content):
            self._canvas.draw()
        self._kept = self._canvas.copy_from_bbox(self._fig.bbox)
        self._never_fresh = self._stale_axes()

    def _draw_content(self):
        """Draw everything else above the lower layer."""
        self._canvas.restore_region(self._kept)
        fresh = [artist for artist in self._lower() if not artist.stale]
        with _hidden(self._lower()):
            self._fig.draw(self._canvas.get_renderer())
        for artist in fresh:
            artist.stale = False  # hiding it is no change of it

    def _lower(self):
        return [self._fig.patch] + [part for ax in self._fig.axes for part in (ax.patch, ax.xaxis, ax.yaxis)]

    def _stale_axes(self):
        """What of the lower layer changed since it was drawn, or is never drawn, as hidden axes."""
        labels = [part.label for part in self._lower() if isinstance(part, Axis)]
        return {artist for artist in [*self._lower(), *labels] if artist.stale}

    def _places_now(self):
        """Where axes are; settles what matplotlib leaves open until it draws, limits and aspect."""
        for ax in self._fig.axes:
            ax.get_xlim(), ax.get_ylim()
            locator = ax.get_axes_locator()
            ax.apply_aspect(locator(ax, self._canvas.get_renderer()) if locator else None)
        look = [(ax, ax.bbox.bounds, ax.get_visible(), ax.axison) for ax in self._fig.axes]
        return self._canvas.get_width_height(), self._fig.dpi, look


def _grid_above_something(ax):
    """Would the grid of these axes be drawn after something that stands in them?"""
    axes = (ax.xaxis, ax.yaxis)
    if not any(axis.get_tick_params(which)["gridOn"] for axis in axes for which in ("major", "minor")):
        return False
    above = max(axis.get_zorder() for axis in axes)
    others = (child for child in ax.get_children() if child not in (ax.patch, *axes))
    return any(child.get_zorder() < above and child.get_visible() for child in others)


@contextlib.contextmanager
def _hidden(artists):
    shown = [artist for artist in artists if artist.get_visible()]
    for artist in shown:
        artist.set_visible(False)
    try:
        yield
    finally:
        for artist in shown:
            artist.set_visible(True)
