"""vgcourse.plotting.redraw: a picture in two layers is the whole picture, whatever was changed."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from vgcourse.plotting.redraw import Redraw

X = np.linspace(0, 1, 30)


def make_figure():
    fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    left.plot(X, X**2, label="square")
    left.set(title="a line", xlabel="x", ylabel="y")
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
    """What matplotlib draws, with a canvas of its own."""
    kept = fig.canvas
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    picture = np.array(canvas.buffer_rgba())[..., :3]
    fig.set_canvas(kept)
    return picture


def add_lazily(left, right):
    left.plot(3 * X, 2 + X)  # the limits move when somebody asks for them


def touch_a_label(left, right):
    left.xaxis.label.set_color("red")


def move_without_a_setter(left, right):
    left.texts[0].xy = (0.9, 0.8)
    left.texts[0].set_text("there")


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
    "a label": lambda left, right: left.set_ylabel("z"),
    "a label's colour": touch_a_label,
    "ticks' look": lambda left, right: left.tick_params(axis="x", colors="red"),
    "no grid": lambda left, right: left.grid(False),
    "no axes": lambda left, right: left.set_axis_off(),
    "no axis": lambda left, right: left.xaxis.set_visible(False),
    "hidden axes": lambda left, right: right.set_visible(False),
    "a place": lambda left, right: right.set_position([0.6, 0.2, 0.3, 0.3]),
    "an aspect": lambda left, right: left.set_aspect(0.5),
    "a background": lambda left, right: left.set_facecolor("yellow"),
    "a figure's background": lambda left, right: left.figure.set_facecolor("0.9"),
    "axes that go": lambda left, right: right.remove(),
    "axes that come": lambda left, right: left.figure.add_axes([0.1, 0.5, 0.2, 0.2]),
    "all cleared": lambda left, right: left.clear(),
    "a size": lambda left, right: left.figure.set_size_inches(5, 2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(fig, change):
    redraw = Redraw(fig)
    before = pixels(redraw)
    np.testing.assert_array_equal(before, whole(make_figure()))
    CHANGES[change](*fig.axes)
    after = pixels(redraw)
    assert after.shape != before.shape or (after != before).any()
    np.testing.assert_array_equal(after, whole(fig))
    fig.axes[0].plot(X, X**3)
    np.testing.assert_array_equal(pixels(redraw), whole(fig))


def test_a_figure_may_be_empty():
    fig = plt.figure(figsize=(2, 1))
    plt.close(fig)
    assert (pixels(Redraw(fig)) == 255).all()


def test_axes_are_drawn_once_and_again_when_they_change(fig, monkeypatch):
    drawn = []
    draw = Axis.draw

    def count(axis, renderer):
        if axis.get_visible():
            drawn.append(axis)
        draw(axis, renderer)

    monkeypatch.setattr(Axis, "draw", count)
    redraw = Redraw(fig)
    redraw.png()
    drawn.clear()
    for power in range(5):
        fig.axes[0].lines[0].set_ydata(X**power)
        redraw.png()
    assert not drawn
    fig.axes[0].set_xlim(0, 2)
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


@pytest.mark.parametrize("make", [overlapping, inset, twins, subfigures, titles_above_ticks])
def test_what_two_layers_cannot_show_is_drawn_whole(make):
    fig = make()
    plt.close(fig)
    redraw = Redraw(fig)
    np.testing.assert_array_equal(pixels(redraw), whole(fig))
    ax = fig.axes[0]
    ax.set_xlim(-1, 2)
    ax.plot(X, 1 - X)
    np.testing.assert_array_equal(pixels(redraw), whole(fig))


def test_a_bar_that_comes_below_the_grid():
    fig, ax = plt.subplots(figsize=(4, 3))
    (bar,) = ax.bar([0.5], [0.0])
    ax.set_ylim(0, 1)
    ax.set_axisbelow("line")  # matplotlib's own: a grid above bars, below lines
    ax.grid()
    plt.close(fig)
    redraw = Redraw(fig)
    redraw.png()
    bar.set_height(0.8)
    np.testing.assert_array_equal(pixels(redraw), whole(fig))


@pytest.mark.parametrize("pictures_before", [0, 1])
def test_after_an_error_the_next_picture_is_right(fig, pictures_before):
    redraw = Redraw(fig)
    for _ in range(pictures_before):
        redraw.png()
    title = fig.axes[0].title
    title.set_text(r"$\nosuchsign$")
    with pytest.raises(ValueError, match="nosuchsign"):
        redraw.png()
    title.set_text("well")
    np.testing.assert_array_equal(pixels(redraw), whole(fig))
