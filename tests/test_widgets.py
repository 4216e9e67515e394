"""vgcourse.widgets without a browser: what the kernel sends when a slider moves."""

import base64
import io
import json
import re
import struct
from html.parser import HTMLParser

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from vgcourse import plotting, widgets

STEPS = np.arange(1, 21)


def make_live(update=None, alt=lambda a: f"the factor is {a:.2f}", **figure_options):
    fig, ax = plt.subplots(figsize=(4, 2.5), **figure_options)
    (line,) = ax.semilogy(STEPS, 0.9**STEPS)
    ax.set_ylim(1e-12, 1e7)

    def move_line(a):
        line.set_ydata(a**STEPS)

    sliders = {"a": widgets.slider(0.1, 2, value=0.9, label="factor a")}
    live = widgets.live_figure(fig, update or move_line, alt=alt, **sliders)
    return live, sliders["a"]


def attribute(name, live):
    return re.search(rf'{name}="([^"]*)"', live.picture.value)[1]


def png_size(data_uri):
    png = base64.b64decode(data_uri.removeprefix("data:image/png;base64,"))
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


def test_moving_a_slider_changes_picture_and_alt_text():
    live, a = make_live()
    before = attribute("src", live)
    assert attribute("alt", live) == "the factor is 0.90"
    a.value = 1.5
    assert attribute("src", live) != before
    assert attribute("alt", live) == "the factor is 1.50"
    a.value = 0.9
    assert attribute("alt", live) == "the factor is 0.90"


def test_a_move_draws_no_axes(drawn):
    live, a = make_live()
    a.value = 0.5  # draws them, for the starting picture was drawn in between
    drawn.clear()
    before = attribute("src", live)
    a.value = 1.5
    assert attribute("src", live) != before
    assert not drawn


def test_words_of_every_picture_are_dark_enough():
    fig, ax = plt.subplots(figsize=(4, 2.5))
    label = ax.set_ylabel("loss", color=plotting.AMBER)
    words = ax.text(0.5, 0.5, "here")
    a = widgets.slider(0.1, 2, value=0.9, label="a")
    live = widgets.live_figure(fig, lambda a: words.set_color(plotting.SKY), alt=lambda a: f"{a}", a=a)
    assert plotting.base.contrast(label.get_color(), "white") >= 4.5
    a.value = 1.5
    assert live.error.value == ""
    assert plotting.base.contrast(words.get_color(), "white") >= 4.5


def test_the_same_values_give_the_same_picture():
    live, a = make_live()
    a.value = 1.5
    first = attribute("src", live)
    a.value = 0.3
    a.value = 1.5
    assert attribute("src", live) == first


def test_two_sliders_reach_update_by_name():
    seen = []
    fig = plt.figure()
    sliders = {
        "steps": widgets.slider(1, 60, value=20, label="steps"),
        "rate": widgets.slider(1e-4, 1, value=0.1, label="rate", log=True),
    }
    widgets.live_figure(fig, lambda **values: seen.append(values), alt="nothing", **sliders)
    sliders["steps"].value = 21
    sliders["rate"].value = 0.01
    expected = [{"steps": 20, "rate": 0.1}, {"steps": 21, "rate": 0.1}, {"steps": 21, "rate": 0.01}]
    assert seen == expected


def test_figure_leaves_pyplot_and_keeps_size_and_axes():
    live, a = make_live(layout="constrained")
    assert not plt.get_fignums()
    size = png_size(attribute("src", live))
    assert size == (int(attribute("width", live)), int(attribute("height", live)))
    (ax,) = live._fig.axes
    box = ax.get_position().bounds
    ax.set_ylabel("a label that a layout engine would make room for\n\n")
    a.value = 1.5
    assert png_size(attribute("src", live)) == size
    assert ax.get_position().bounds == box


def test_labels_of_the_axes_stay_where_they_were():
    fig, ax = plt.subplots(figsize=(4, 2.5), layout="constrained")
    ax.semilogy(STEPS, 0.9**STEPS)
    ax.set(xlabel="step", ylabel="size")
    where = []

    def widen(power):
        ax.set_ylim(10.0**-power, 1)  # the numbers beside the axis become wider

    live = widgets.live_figure(
        fig, widen, alt="falling", power=widgets.slider(1, 120, value=1, label="power")
    )
    for power in (2, 120):
        live.children[1].value = power
        where.append([axis.label.get_window_extent().bounds for axis in (ax.xaxis, ax.yaxis)])
    np.testing.assert_allclose(where[0], where[1])
    assert where[0][1][0] >= 0  # and inside of the picture


def test_error_is_shown_and_last_picture_stays():
    def update(a):
        if a > 1:
            raise ZeroDivisionError("no <b>pole</b> at\na = 1")

    live, a = make_live(update)
    assert live.error.layout.display == "none"
    before = live.picture.value
    a.value = 1.5
    assert live.picture.value == before
    assert live.error.layout.display is None
    assert "ZeroDivisionError: no &lt;b&gt;pole&lt;/b&gt; at a = 1" in live.error.value
    a.value = 0.5
    assert live.error.layout.display == "none"
    assert live.error.value == ""
    assert attribute("alt", live) == "the factor is 0.50"


def test_error_in_the_alt_text_is_shown_too():
    live, a = make_live(alt=lambda a: "fine" if a < 1 else "")
    before = live.picture.value
    a.value = 1.5
    assert "ValueError: live_figure: alt is empty; expected a text." in live.error.value
    assert live.picture.value == before


def test_error_at_the_start_is_raised():
    def update(a):
        raise ZeroDivisionError("at the start")

    with pytest.raises(ZeroDivisionError, match="at the start"):
        make_live(update)


def test_alt_text_is_escaped():
    live, _ = make_live(alt='a < 1 & "quoted" <script>alert(1)</script>')
    assert "<script>" not in live.picture.value
    assert attribute("alt", live).startswith("a &lt; 1 &amp; &quot;quoted&quot;")


def test_stored_output_has_the_starting_picture():
    live, a = make_live()
    start, page = attribute("src", live), live.picture.value
    a.value = 1.5
    data, metadata = DisplayFormatter().format(live)
    assert re.sub(' onload="[^"]*"', "", page) == data["text/html"], (
        "the stored picture speaks and runs nothing"
    )
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == live.model_id
    assert data["text/plain"] == "the factor is 0.90"
    assert data["image/png"] == start.removeprefix("data:image/png;base64,")
    assert metadata == {"image/png": {"alt": "the factor is 0.90"}}


def test_picture_above_the_limit_is_refused():
    fig, ax = plt.subplots()
    ax.imshow(np.random.default_rng(0).random((300, 300)), interpolation="nearest")
    with pytest.raises(ValueError, match=r"picture has \d+ bytes; expected at most 100000"):
        widgets.live_figure(fig, lambda a: None, alt="noise", a=widgets.slider(0.0, 1, value=0, label="a"))
    plt.close(fig)


def test_any_widget_with_a_value_will_do():
    names = ipywidgets.Dropdown(options=["tanh", "relu"], description="unit")
    live = widgets.live_figure(plt.figure(), lambda unit: None, alt=lambda unit: unit, unit=names)
    names.value = "relu"
    assert attribute("alt", live) == "relu"


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"fig": "a figure"}, TypeError, "first argument is str; expected a matplotlib Figure"),
        ({"sliders": {}}, ValueError, "there is no slider; expected one"),
        ({"sliders": {"a": 0.9}}, TypeError, "a is float; expected a slider"),
        ({"update": None}, TypeError, "update.*not a callable"),
        ({"update": lambda b: None}, TypeError, r"update\(a\) cannot be called.*'b'"),
        ({"alt": lambda b: "text"}, TypeError, r"alt\(a\) cannot be called.*'b'"),
        ({"alt": lambda a: a}, TypeError, r"alt is 0.9 \(float\); expected a text"),
        ({"alt": " "}, ValueError, "alt is empty; expected a text"),
        ({"alt": None}, TypeError, "alt is None .*; expected a text"),
    ],
)
def test_bad_arguments_of_live_figure(change, error, message):
    call = {"fig": plt.figure(), "update": lambda a: None, "alt": "text"}
    sliders = change.get("sliders", {"a": widgets.slider(0.1, 2, value=0.9, label="a")})
    call |= {name: value for name, value in change.items() if name != "sliders"}
    with pytest.raises(error, match=message):
        widgets.live_figure(call["fig"], call["update"], alt=call["alt"], **sliders)
    plt.close("all")


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"low": "0"}, TypeError, r"low is '0' \(str\); expected a number"),
        ({"high": True}, TypeError, r"high is True \(bool\); expected a number"),
        ({"value": np.ones(1)}, TypeError, "value is array.*; expected a number"),
        ({"high": float("inf")}, ValueError, "high is inf; expected a finite number"),
        ({"low": 2}, ValueError, "low is 2 and high 2; expected low < high"),
        ({"low": 3, "value": 3}, ValueError, "low is 3 and high 2; expected low < high"),
        ({"value": 3}, ValueError, "value is 3; expected a number from 0.1 to 2"),
        ({"step": 0}, ValueError, "step is 0; expected a positive number"),
        ({"low": 0, "log": True}, ValueError, "low is 0; expected a positive number on a log scale"),
        ({"label": 3}, TypeError, "label is 3 .*; expected a text"),
        ({"label": ""}, ValueError, "label is empty; expected a text"),
    ],
)
def test_bad_arguments_of_slider(change, error, message):
    with pytest.raises(error, match=message):
        widgets.slider(**({"low": 0.1, "high": 2, "value": 0.9, "label": "a"} | change))


def test_kinds_of_slider():
    whole = widgets.slider(1, np.int64(60), value=20, label="steps")
    assert isinstance(whole, ipywidgets.IntSlider)
    assert type(whole.value) is int
    real = widgets.slider(0.1, 2, value=0.9, label="factor")
    assert isinstance(real, ipywidgets.FloatSlider)
    assert real.step == pytest.approx(0.01)
    assert real.readout_format == ".2f"
    fine = widgets.slider(0, 1, value=0.5, step=0.25, label="share")
    assert (fine.step, fine.readout_format) == (0.25, ".2f")
    log = widgets.slider(1e-3, 10, value=0.1, label="rate", log=True)
    assert (log.min, log.max) == pytest.approx((-3, 1))
    assert all(s.continuous_update and s.description for s in (whole, real, fine, log))


def test_picture_is_a_png_that_opens():
    live, a = make_live()
    a.value = 0.5
    png = base64.b64decode(attribute("src", live).removeprefix("data:image/png;base64,"))
    pixels = plt.imread(io.BytesIO(png))
    assert pixels.shape[:2] == png_size(attribute("src", live))[::-1]
    assert pixels[..., :3].std() > 0


def test_a_browser_s_rounding_reaches_nobody():
    seen = []
    a = widgets.slider(0.02, 2.5, value=0.14, step=0.02, label="rate")
    widgets.live_figure(plt.figure(), lambda a: seen.append(a), alt=lambda a: f"rate {a}", a=a)
    a.value = 0.13999999999999999
    a.value = 0.30000000000000004
    assert seen == [0.14, 0.14, 0.3][-len(seen) :] and seen[-1] == 0.3
    plt.close("all")


# --- a slider without a kernel ---


@pytest.fixture
def shown(monkeypatch):
    """What a notebook is asked to display."""
    calls = []
    monkeypatch.setattr("IPython.get_ipython", lambda: object())
    monkeypatch.setattr("IPython.display.display", lambda bundle, **options: calls.append(bundle))
    yield calls
    plt.close("all")


def make_flipbook(values=(0.5, 0.9, 1.3), **options):
    fig, ax = plt.subplots(figsize=(4, 2.5))
    (line,) = ax.semilogy(STEPS, 0.9**STEPS)
    ax.set_ylim(1e-12, 1e7)
    options = {"label": "factor a", "alt": lambda a: f"{a:.2f} to the power t", "start": 0.9} | options
    widgets.flipbook(fig, lambda a: line.set_ydata(a**STEPS), values, **options)
    return fig, line


class Page(HTMLParser):
    """The images and scripts of a page."""

    def __init__(self, page):
        super().__init__()
        self.images, self.scripts, self._open = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self._open = tag == "script"
        if tag == "img":
            self.images.append(dict(attributes))

    def handle_data(self, data):
        if self._open:
            self.scripts.append(data)

    def handle_endtag(self, tag):
        self._open = False


def test_flipbook_holds_a_picture_and_a_text_for_every_value(shown):
    fig, line = make_flipbook(fmt=".1f")
    (bundle,) = shown
    page = Page(bundle["text/html"])
    (image,) = page.images
    assert image["alt"] == bundle["text/plain"] == "0.90 to the power t"
    assert image["src"] == "data:image/png;base64," + bundle["image/png"]
    data, script = page.scripts
    data = json.loads(data)
    assert (data["label"], data["start"]) == ("factor a", 1)
    assert [frame[0] for frame in data["frames"]] == ["0.5", "0.9", "1.3"]
    assert [frame[1] for frame in data["frames"]] == [f"{a:.2f} to the power t" for a in (0.5, 0.9, 1.3)]
    first, start, last = (frame[2] for frame in data["frames"])
    assert start is None, "it is there already"
    assert png_size("data:image/png;base64," + first) == png_size(image["src"]) == (400, 250)
    assert len({first, last, bundle["image/png"]}) == 3
    assert np.array_equal(line.get_ydata(), 0.9**STEPS), "the figure is left at the start"
    assert not plt.fignum_exists(fig.number)
    assert 'input.setAttribute("data-lm-suppress-shortcuts", "true")' in script
    assert not re.search(r"https?:|import|require", bundle["text/html"].replace(bundle["image/png"], ""))


def test_flipbook_outside_a_notebook_leaves_the_figure_open(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    fig, line = make_flipbook()
    assert plt.fignum_exists(fig.number)
    assert np.array_equal(line.get_ydata(), 0.9**STEPS)
    plt.close("all")


def test_no_text_of_a_flipbook_ends_its_script(shown):
    make_flipbook(label='<b>a</b> & "b"', alt=lambda a: "</script><script>alert(1)</script>")
    page = Page(shown[0]["text/html"])
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert data["label"] == '<b>a</b> & "b"' and data["frames"][0][1].startswith("</script>")
    assert page.images[0]["alt"].startswith("</script>")


@pytest.mark.parametrize(
    ("values", "start", "place"),
    [
        ((1, 2, 3), None, 0),
        ((1, 2, 3), 2.4, 1),
        (np.linspace(0, 1, 11), 0.3, 3),
        (("tanh", "relu"), "relu", 1),
    ],
)
def test_flipbook_starts_at_the_value_it_is_told(shown, values, start, place):
    widgets.flipbook(plt.figure(), lambda v: None, values, label="a", alt=str, start=start, fmt=str)
    data = json.loads(Page(shown[0]["text/html"]).scripts[0])
    assert data["start"] == place
    assert [frame[0] for frame in data["frames"]] == [str(value) for value in values]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"values": [1]}, ValueError, "flipbook: values holds 1; expected at least 2"),
        ({"start": 3}, ValueError, "flipbook: start is 3; expected one of the values"),
        ({"start": "tanh"}, ValueError, "flipbook: start is 'tanh'; expected one of the values"),
        ({"label": ""}, ValueError, "flipbook: label is empty; expected a text"),
        ({"alt": "a text"}, TypeError, "flipbook: alt is 'a text'; expected a function of one value"),
        ({"alt": lambda a: None}, TypeError, r"flipbook: alt\(0.5\) is None .*; expected a text"),
        ({"alt": lambda a: ""}, ValueError, r"flipbook: alt\(0.5\) is empty; expected a text"),
        ({"alt": lambda a: 1 / 0}, ZeroDivisionError, "division"),
    ],
)
def test_bad_arguments_of_flipbook(shown, change, error, message):
    with pytest.raises(error, match=message):
        make_flipbook(**change)
    assert shown == []


def test_flipbook_needs_a_figure_and_a_function(shown):
    with pytest.raises(TypeError, match="first argument is list; expected a matplotlib Figure"):
        widgets.flipbook([], print, (1, 2), label="a", alt=str)
    with pytest.raises(TypeError, match="draw is None; expected a function of one value"):
        widgets.flipbook(plt.figure(), None, (1, 2), label="a", alt=str)


def test_a_flipbook_above_its_limit_says_what_to_do(shown):
    fig, ax = plt.subplots()
    image = ax.imshow(np.zeros((200, 200)), vmin=0, vmax=1)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"4 pictures have \d+ bytes; expected at most 300000\. Take fewer"):
        widgets.flipbook(fig, lambda a: image.set_data(rng.random((200, 200))), range(4), label="a", alt=str)
    assert shown == []
