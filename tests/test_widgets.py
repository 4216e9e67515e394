"""vgcourse.widgets without a browser: what the kernel sends when a slider moves."""

import base64
import io
import re
import struct

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from vgcourse import widgets

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
    assert "ValueError: live_figure: alt must not be empty" in live.error.value
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
    start = attribute("src", live)
    a.value = 1.5
    data, metadata = DisplayFormatter().format(live)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == live.model_id
    assert data["text/plain"] == "the factor is 0.90"
    assert data["image/png"] == start.removeprefix("data:image/png;base64,")
    assert metadata == {"image/png": {"alt": "the factor is 0.90"}}


def test_picture_above_the_limit_is_refused():
    fig, ax = plt.subplots()
    ax.imshow(np.random.default_rng(0).random((300, 300)), interpolation="nearest")
    with pytest.raises(ValueError, match=r"bytes, more than 100000"):
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
        ({"fig": "a figure"}, TypeError, "expected a matplotlib Figure first, got str"),
        ({"sliders": {}}, ValueError, "at least one slider"),
        ({"sliders": {"a": 0.9}}, TypeError, "a must be a slider, got float"),
        ({"update": None}, TypeError, "update.*not a callable"),
        ({"update": lambda b: None}, TypeError, r"update\(a\) cannot be called.*'b'"),
        ({"alt": lambda b: "text"}, TypeError, r"alt\(a\) cannot be called.*'b'"),
        ({"alt": lambda a: a}, TypeError, r"alt must be a text, got 0.9 \(float\)"),
        ({"alt": " "}, ValueError, "alt must not be empty"),
        ({"alt": None}, TypeError, "alt must be a text, got None"),
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
        ({"low": "0"}, TypeError, r"low must be a number, got '0' \(str\)"),
        ({"high": True}, TypeError, r"high must be a number, got True"),
        ({"value": np.ones(1)}, TypeError, "value must be a number"),
        ({"high": float("inf")}, ValueError, "high must be finite"),
        ({"low": 2}, ValueError, "expected low <= value <= high"),
        ({"low": 1, "high": 1, "value": 1}, ValueError, "low < high"),
        ({"value": 3}, ValueError, "got 0.1, 3, 2"),
        ({"step": 0}, ValueError, "step must be positive, got 0"),
        ({"low": 0, "log": True}, ValueError, "a log scale needs low > 0, got low=0"),
        ({"label": 3}, TypeError, "label must be a text"),
        ({"label": ""}, ValueError, "label must not be empty"),
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
