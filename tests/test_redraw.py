"""vgcourse.plotting.redraw: a picture in two layers is the whole picture, whatever was changed."""

import io
import pickle

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vgcourse.plotting.redraw import Redraw

X = np.linspace(0, 1, 30)


def make_figure():
    fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    left.plot(X, X**2, label="square")
    left.set(title="a line", xlabel="x", ylabel="y", facecolor="0.95")
    left.annotate("here", (0.5, 0.25), (0.2, 0.8), arrowprops={"arrowstyle": "->"})
    left.grid()
    right.imshow(np.outer(X, X))
    right.set_title("a map")
    fig.suptitle("both")
    plt.close(fig)
    return fig


@pytest.fixture
def fig():
    return make_figure()


def pixels(redraw):
    return np.asarray(Image.open(io.BytesIO(redraw.png())))


def whole(fig):
    """What matplotlib draws, on white; of a copy, for drawing a figure declares all of it fresh."""
    copy = pickle.loads(pickle.dumps(fig))
    canvas = FigureCanvasAgg(copy)
    canvas.draw()
    rgba = np.array(canvas.buffer_rgba()).astype(int)
    alpha = rgba[..., 3:] / 255
    plt.close(copy)
    return np.round(rgba[..., :3] * alpha + 255 * (1 - alpha))


def assert_right(redraw, fig, steps=0):
    difference = np.abs(pixels(redraw) - whole(fig)).max()
    assert difference <= steps


def add_lazily(left, right):
    left.plot(3 * X, 2 + X)  # the limits move when somebody asks for them


def touch_a_label(left, right):
    left.xaxis.label.set_color("red")


def move_without_a_setter(left, right):
    left.texts[0].xy = (0.9, 0.8)
    left.texts[0].set_text("there")


def draw_in_between(left, right):
    """As many tutorials end an update."""
    left.set_xlim(0, 6)
    left.figure.canvas.draw_idle()


def save_in_between(left, right):
    left.set_xlim(0, 6)
    left.figure.savefig(io.BytesIO())


def lay_out_in_between(left, right):
    left.set_xlim(0, 6)
    left.figure.draw_without_rendering()


CHANGES = {
    "a line": lambda left, right: left.lines[0].set_ydata(1 - X),
    "a hidden line": lambda left, right: left.lines[0].set_visible(False),
    "a removed line": lambda left, right: left.lines[0].remove(),
    "a new line, limits to come": add_lazily,
    "an arrow": move_without_a_setter,
    "a map": lambda left, right: right.images[0].set_data(1 - np.outer(X, X)),
    "a title": lambda left, right: left.set_title("another line\nwith a second row"),
    "a figure's title": lambda left, right: left.figure.suptitle("two"),
    "limits": lambda left, right: left.set_xlim(-2, 5),
    "a scale": lambda left, right: left.set_xscale("symlog"),
    "ticks": lambda left, right: left.set_xticks([0, 0.5], ["none", "half"]),
    "ticks' look": lambda left, right: left.tick_params(axis="x", colors="red"),
    "ticks inside": lambda left, right: left.tick_params(direction="in", length=20),
    "ticks at the top": lambda left, right: left.xaxis.tick_top(),
    "a label": lambda left, right: left.set_ylabel("z"),
    "a label's colour": touch_a_label,
    "a label where none was": lambda left, right: right.xaxis.label.set_text("pixel"),
    "a label at the top": lambda left, right: left.xaxis.set_label_position("top"),
    "no label": lambda left, right: left.xaxis.label.set_visible(False),
    "no grid": lambda left, right: left.grid(False),
    "no axes": lambda left, right: left.set_axis_off(),
    "no axis": lambda left, right: left.xaxis.set_visible(False),
    "no frame": lambda left, right: left.set_frame_on(False),
    "no background": lambda left, right: left.patch.set_visible(False),
    "hidden axes": lambda left, right: right.set_visible(False),
    "a place": lambda left, right: right.set_position([0.6, 0.2, 0.3, 0.3]),
    "axes over axes": lambda left, right: right.set_position([0.3, 0.3, 0.5, 0.5]),
    "an aspect": lambda left, right: left.set_aspect(0.5),
    "a background": lambda left, right: left.set_facecolor("yellow"),
    "a figure's background": lambda left, right: left.figure.set_facecolor("0.9"),
    "axes that go": lambda left, right: right.remove(),
    "axes that come": lambda left, right: left.figure.add_axes([0.1, 0.5, 0.2, 0.2]),
    "axes in axes": lambda left, right: left.inset_axes([0.1, 0.5, 0.4, 0.4]).plot(X, -X),
    "all cleared": lambda left, right: left.clear(),
    "a size": lambda left, right: left.figure.set_size_inches(5, 2),
    "limits and a drawing": draw_in_between,
    "limits and a file": save_in_between,
    "limits and a layout": lay_out_in_between,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(fig, change):
    redraw = Redraw(fig)
    before = pixels(redraw)
    assert_right(redraw, fig)
    CHANGES[change](*fig.axes)
    after = pixels(redraw)
    assert after.shape != before.shape or (after != before).any()
    assert_right(redraw, fig)
    fig.axes[0].plot(X, X**3)
    assert_right(redraw, fig)


THERE_AND_BACK = {
    "axis": lambda ax, shown: ax.xaxis.set_visible(shown),
    "label": lambda ax, shown: ax.yaxis.label.set_visible(shown),
    "background": lambda ax, shown: ax.patch.set_visible(shown),
    "axes": lambda ax, shown: ax.set_visible(shown),
    "frame": lambda ax, shown: ax.set_frame_on(shown),
    "ticks at the other side": lambda ax, shown: ax.xaxis.set_ticks_position("bottom" if shown else "top"),
}


@pytest.mark.parametrize("part", THERE_AND_BACK)
def test_what_was_hidden_comes_back(fig, part):
    ax = fig.axes[0]
    ax.set_facecolor("yellow")
    redraw = Redraw(fig)
    redraw.png()
    for shown in (False, True, False, True):
        THERE_AND_BACK[part](ax, shown)
        assert_right(redraw, fig)
        ax.lines[0].set_ydata(X * shown)
        assert_right(redraw, fig)


def test_axes_that_move_at_every_step(fig, drawn):
    redraw = Redraw(fig)
    redraw.png()
    for width in (0.3, 0.25, 0.2):
        fig.axes[1].set_position([0.6, 0.2, width, 0.3])
        drawn.clear()
        picture = pixels(redraw)
        assert len(drawn) == 4, "once each: nothing is kept that will not be used"
        assert (picture == whole(fig)).all()


def test_a_figure_may_be_empty():
    fig = plt.figure(figsize=(2, 1))
    plt.close(fig)
    assert (pixels(Redraw(fig)) == 255).all()


def test_a_transparent_figure_stands_on_white(fig):
    fig.set_facecolor((1, 0, 0, 0.5))
    for ax in fig.axes:
        ax.set_facecolor("none")
    redraw = Redraw(fig)
    assert_right(redraw, fig, steps=1)
    fig.axes[0].lines[0].set_ydata(1 - X)
    assert_right(redraw, fig, steps=1)


def test_axes_are_drawn_once_and_again_when_they_change(drawn):
    fig, axes = plt.subplots(1, 2, figsize=(6, 3))
    for ax in axes:
        ax.set_axisbelow(True)
        ax.grid()
        ax.plot(X, X)
    plt.close(fig)
    redraw = Redraw(fig)
    redraw.png()
    drawn.clear()
    for power in range(5):
        axes[0].lines[0].set_ydata(X**power)
        redraw.png()
    assert not drawn
    axes[0].set_xlim(0, 2)
    redraw.png()
    redraw.png()
    assert len(drawn) == 4, "two axes of two axis each, once"


def overlapping():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.bar(X, X, width=0.03)
    ax.set_axisbelow(False)  # the grid lies above
    ax.grid()
    return fig


def inset():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.plot(X, X)
    ax.inset_axes([0.1, 0.5, 0.4, 0.4]).plot(X, -X)
    return fig


def twins():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.bar(X, X, width=0.03)
    ax.twinx().grid()
    return fig


def subfigures():
    fig = plt.figure(figsize=(4, 3))
    for part in fig.subfigures(1, 2):
        part.subplots().plot(X, X)
    return fig


def titles_above_ticks():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.plot(X, X)
    ax.xaxis.tick_top()
    ax.set_title("above")
    return fig


def over_an_empty_corner():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.plot(X, X)
    fig.add_axes([0.25, 0.55, 0.3, 0.3])
    return fig


def polar():
    fig, ax = plt.subplots(figsize=(4, 3), subplot_kw={"projection": "polar"})
    ax.plot(X, X)
    return fig


WHOLE = [overlapping, inset, twins, subfigures, titles_above_ticks, over_an_empty_corner, polar]


@pytest.mark.parametrize("make", WHOLE)
def test_what_two_layers_cannot_show_is_drawn_whole(make, drawn):
    fig = make()
    plt.close(fig)
    redraw = Redraw(fig)
    assert_right(redraw, fig)
    fig.axes[0].plot(X, 1 - X)
    drawn.clear()
    redraw.png()
    assert drawn
    assert_right(redraw, fig)
    fig.axes[0].set_xlim(-1, 2)
    assert_right(redraw, fig)


def test_a_bar_that_comes_below_the_grid_and_goes():
    fig, ax = plt.subplots(figsize=(4, 3))
    (bar,) = ax.bar([0.5], [0.0])
    ax.plot(X, X)
    ax.set_axisbelow("line")  # matplotlib's own: a grid above bars, below lines
    ax.grid()
    plt.close(fig)
    redraw = Redraw(fig)
    redraw.png()
    bar.set_height(0.8)
    ax.set_xlim(0, 5)
    assert_right(redraw, fig)
    bar.set_visible(False)
    assert_right(redraw, fig)
    ax.tick_params(direction="in")
    bar.set_visible(True)
    assert_right(redraw, fig)


@pytest.mark.parametrize("pictures_before", [0, 1])
def test_after_an_error_the_next_picture_is_right(fig, pictures_before):
    redraw = Redraw(fig)
    for _ in range(pictures_before):
        redraw.png()
    title = fig.axes[0].title
    title.set_text(r"$\nosuchsign$")
    fig.axes[0].set_xlim(0, 3)
    with pytest.raises(ValueError, match="nosuchsign"):
        redraw.png()
    title.set_text("well")
    assert_right(redraw, fig)
