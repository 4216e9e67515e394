"""A figure drawn again and again: its axes are kept as long as they stay."""

import contextlib
import io
from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from .base import on_white


class Redraw:
    """Draws one figure again after something in it changed.

    Ticks, their labels and the grid take two thirds of a drawing, for text is dear. They are drawn once, and
    again when something sets limits, ticks, labels or places of axes; all else is drawn above a copy of them.
    Where that could be another picture, as with axes over axes or a grid over bars, all is drawn each time.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        It gets an Agg canvas. Everything in it may change; but what is done to a single tick, or to the way
        in which numbers become labels (`ax.ticklabel_format`), is seen only when the axes are drawn again.
    """

    def __init__(self, fig):
        self._fig = fig
        self._canvas = FigureCanvasAgg(fig)
        self._canvas.mpl_connect("draw_event", self._note_a_drawing)
        self._places = None  # where axes were at the last picture
        self._kept = None  # the lower layer, backgrounds and axes
        self._same = None  # do the layers give the whole picture? None: not tried yet

    def png(self):
        """The figure as it is now, as PNG bytes: quickly packed, not small."""
        places = self._places_now()
        moved = self._places is not None and places != self._places
        if places != self._places:
            self._places, self._kept, self._same = places, None, None
        if moved or self._same is False or not self._falls_into_layers():
            self._canvas.draw()
            self._kept = None
        else:
            self._draw_layers()
        self._drawn_since = False
        buffer = io.BytesIO()
        picture = Image.frombuffer("RGBA", self._canvas.get_width_height(), self._canvas.buffer_rgba())
        on_white(picture).save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _note_a_drawing(self, event):
        self._drawn_since = True  # whoever draws declares everything fresh

    def _draw_layers(self):
        lower = [self._fig.patch, *(part for ax in self._fig.axes for part in (ax.patch, ax.xaxis, ax.yaxis))]
        watched = [*lower, *(axis.label for ax in self._fig.axes for axis in (ax.xaxis, ax.yaxis))]
        if self._kept is None or self._drawn_since or any(artist.stale for artist in watched):
            holders = (self._fig, *self._fig.axes)
            upper = {artist for holder in holders for artist in holder.get_children()}
            with _hidden(upper - {*lower, *self._fig.axes}):
                self._canvas.draw()
            self._kept = self._canvas.copy_from_bbox(self._fig.bbox)
        self._canvas.restore_region(self._kept)
        with _hidden(lower):
            self._fig.draw(self._canvas.get_renderer())
        if self._same is None:
            layers = np.array(self._canvas.buffer_rgba())
            self._canvas.draw()
            self._same = np.array_equal(layers, self._canvas.buffer_rgba())
        for artist in watched:
            artist.stale = False  # hiding it was no change of it; what is hidden or empty is never drawn

    def _falls_into_layers(self):
        """Does nothing that belongs to the axes lie above something else?"""
        shown = [ax for ax in self._fig.axes if ax.get_visible()]
        if self._fig.subfigs or any(ax.name != "rectilinear" or ax.child_axes for ax in shown):
            return False
        if any(one.bbox.overlaps(other.bbox) for one, other in combinations(shown, 2)):
            return False
        return not any(map(_something_lies_below, shown))

    def _places_now(self):
        """Where axes are; settles what matplotlib leaves open until it draws, limits and aspect."""
        look = [self._canvas.get_width_height(), self._fig.dpi]
        for ax in self._fig.axes:
            ax.get_xlim(), ax.get_ylim()
            locator = ax.get_axes_locator()
            ax.apply_aspect(locator(ax, self._canvas.get_renderer()) if locator else None)
            look += [ax, ax.bbox.bounds, ax.get_visible(), ax.axison, ax.get_zorder()]
            look += [ax.name == "rectilinear" and ax.get_frame_on()]
            for axis in (ax.xaxis, ax.yaxis):  # a title makes room for what stands at the top
                look += [axis.get_label_position(), axis.get_tick_params().get("labeltop")]
        return look


def _something_lies_below(ax):
    """Are the axes' ticks and grid drawn after something that stands in them?"""
    parts = (ax.patch, ax.xaxis, ax.yaxis)
    last = max(ax.xaxis.get_zorder(), ax.yaxis.get_zorder())
    others = (child for child in ax.get_children() if child not in parts)
    return any(child.get_zorder() < last and child.get_visible() for child in others)


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
