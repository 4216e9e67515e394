"""Plot helpers draw what they are given, where they are told, and compute nothing else."""

import io
import re
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb

from vgcourse import plotting
from vgcourse.gradcheck import StepSweep

SWEEP = StepSweep(np.logspace(-1, -9, 9), *(np.logspace(-1, -9, 9) for _ in range(2)), np.zeros(9))
GRID = np.linspace(1, 2, 6)
LAYERS = [np.array([1.0, 0.0, 2.0]), np.array([1e-3, 1e-4])]
HELPERS = {
    "draw_cell": ("lstm",),
    "draw_chain": (["x", "h", "L"],),
    "draw_passes": (["× w", "σ"], [1.0, 2.0, 0.88]),
    "draw_paths": (2,),
    "draw_questions": ([("is it?", "then so")], "healthy"),
    "draw_residual_blocks": ([1.0, 3.0], [2.0]),
    "draw_timeline": (),
    "draw_unrolled": (3,),
    "plot_activation_pair": (GRID, GRID, GRID),
    "plot_by_lag": (np.array([1.0, 0.1, 0.0]),),
    "plot_cliff": (GRID, GRID[:4], np.outer(GRID[:4], GRID), np.ones((3, 2)) * 1.2, np.ones((2, 2)) * 1.1),
    "plot_clipping": (np.array([3.0, 1.0]), np.array([1.0, 0.3]), np.array([1.0, 1.0]), 1.0),
    "plot_cobweb": (GRID, GRID**2, np.array([1.1, 1.2, 1.5])),
    "plot_comparison": ({"a": np.array([1.0, 2.0]), "b": np.array([3.0])},),
    "plot_cost": (GRID, GRID**2),
    "plot_factors": (["a", "b"], [0.25, 0.5]),
    "plot_gates": (np.array([[0.1, 0.9], [0.2, 0.8]]),),
    "plot_gauges": (np.array([[0.0, -1.0], [0.5, 1.0]]), [["1", "2"], ["3", "4"]], ["r", "s"], ["a", "b"]),
    "plot_gradient_by_depth": (np.array([1.0, 0.1, 0.01]),),
    "plot_heat_map": (np.array([[1.0, 0.0], [1e-3, np.nan]]),),
    "plot_histograms": ([GRID, GRID / 2],),
    "plot_impulse_responses": (np.array([1.0, -0.5, 0.25]),),
    "plot_jacobian_map": (np.array([[1.0, 5.0], [0.1, 1.0]]),),
    "plot_loss_surface": (GRID, GRID[:4], np.outer(GRID[:4], GRID)),
    "plot_matrix": (np.array([[1.0, -2.0], [0.0, 0.5]]),),
    "plot_norm_strips": (LAYERS,),
    "plot_path": (np.array([[0.0, 1.0], [1.0, 3.0]]),),
    "plot_path_lengths": (np.array([0.25, 0.75]),),
    "plot_poles": (np.array([0.5 + 0.5j, 0.5 - 0.5j]),),
    "plot_runs": (GRID, np.stack([GRID, 2 * GRID])),
    "plot_spectra": ([np.array([2.0, 1.0]), np.array([1.0, 0.0])], ["a", "b"]),
    "plot_spectrum_by_depth": (np.array([[2.0, 1.0], [4.0, 0.5]]),),
    "plot_step_sweep": (SWEEP,),
    "plot_training": (np.linspace(2, 1, 50),),
    "plot_variance_by_layer": (np.array([1.0, 0.5]),),
}
MANY_AXES = {"plot_digits", "plot_gate_panels", "plot_norm_strip_grid", "plot_transient"}


@pytest.fixture(autouse=True)
def figures():
    """The course's style in every test, and no figure left over."""
    with plt.rc_context():
        plotting.use_style()
        plt.close("all")
        yield
        plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_take_an_axes_and_return_it(name, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *a, **k: pytest.fail("a helper never shows"))
    helper = getattr(plotting, name)
    arguments = [np.array(a) if isinstance(a, np.ndarray) else a for a in HELPERS[name]]
    for a in arguments:
        if isinstance(a, np.ndarray):
            a.flags.writeable = False
    _, (left, right) = plt.subplots(1, 2)
    assert helper(*arguments, ax=right) is right
    assert right.has_data() and not left.has_data()
    assert len(plt.get_fignums()) == 1
    right.figure.canvas.draw()
    fresh = helper(*arguments)
    assert fresh.has_data() and len(plt.get_fignums()) == 2
    fresh.figure.canvas.draw()


def test_every_helper_is_tested():
    helpers = {name for name in plotting.__all__ if name.startswith(("plot_", "draw_"))}
    assert helpers == {*HELPERS, *MANY_AXES}
    assert helpers <= set(dir(plotting))


def test_the_style_has_a_line_style_beside_each_colour():
    cycle = plt.rcParams["axes.prop_cycle"].by_key()
    names = ("BLUE", "ORANGE", "GREEN", "PINK", "SKY", "AMBER", "BLACK")
    assert [c.upper() for c in cycle["color"]] == [getattr(plotting, name) for name in names]
    assert len({str(s) for s in cycle["linestyle"][:6]}) == 6
    assert not plt.rcParams["axes.spines.top"]


def test_png_has_the_figure_s_own_size():
    fig, _ = plt.subplots(figsize=(4, 3))
    data = plotting.png(fig)
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    assert (width, height) == (440, 330)
    assert int.from_bytes(plotting.png(fig, dpi=55)[16:20], "big") == 220


def test_show_outside_a_notebook_leaves_the_figure_open():
    fig, _ = plt.subplots()
    assert plotting.show(fig, "nothing") is None
    assert plt.fignum_exists(fig.number)


def test_show_works_without_ipython(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    fig, _ = plt.subplots()
    assert plotting.show(fig, "nothing") is None
    assert plt.fignum_exists(fig.number)


@pytest.fixture
def shown(monkeypatch):
    """What a notebook is asked to display: (bundle, metadata) of each call."""
    IPython = pytest.importorskip("IPython")
    calls = []

    def display(bundle, *, raw, metadata):
        assert raw
        calls.append((bundle, metadata))

    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr("IPython.display.display", display)
    return calls


def test_show_in_a_notebook_gives_one_picture_that_speaks(shown):
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.plot([1, 0])
    assert plotting.show(fig, 'a line that falls <"below"> 1 & 0') is None
    ((data, metadata),) = shown
    page = data["text/html"]
    assert re.search(r'alt="([^"]*)"', page)[1] == "a line that falls &lt;&quot;below&quot;&gt; 1 &amp; 0"
    assert page.count("<img ") == 1 and "max-width: 100%" in page and 'width="440" height="330"' in page
    assert data["image/png"] == re.search(r'base64,([^"]*)"', page)[1]
    assert data["text/plain"] == metadata["image/png"]["alt"] == 'a line that falls <"below"> 1 & 0'
    assert not plt.fignum_exists(fig.number), "a notebook would show it again"


@pytest.mark.parametrize(("alt", "error"), [(None, TypeError), ("", ValueError), (" \n", ValueError)])
def test_no_figure_is_shown_without_a_text(shown, alt, error):
    fig, _ = plt.subplots()
    with pytest.raises(error, match="show: alt is .*; expected a text"):
        plotting.show(fig, alt)
    assert shown == [] and plt.fignum_exists(fig.number)


def pixels(data):
    return np.round(plt.imread(io.BytesIO(data))[..., :3] * 255).astype(int)


COLOURED = {
    "an image": lambda ax: ax.imshow(np.arange(12.0).reshape(3, 4)),
    "a mesh": lambda ax: ax.pcolormesh(np.arange(12.0).reshape(3, 4)),
    "contours": lambda ax: ax.contourf(np.arange(12.0).reshape(3, 4), levels=20),
    "points": lambda ax: ax.scatter([0, 1], [0, 1], c=[0.0, 1.0]),
}


@pytest.mark.parametrize("kind", ["lines", *COLOURED])
def test_small_pictures_have_a_palette_and_the_same_look(kind):
    fig, ax = plt.subplots()
    for shift in range(7):
        ax.plot(GRID, np.sin(3 * GRID + shift / 3), label=str(shift))
    COLOURED.get(kind, lambda ax: None)(ax)
    ax.set_axis_off()
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    full, small = plotting.png(fig), plotting.png(fig, small=True)
    assert small[25] == 3, "the colour type of a PNG with a palette"
    colours = len(np.unique(pixels(small).reshape(-1, 3), axis=0))
    assert colours <= 64 if kind == "lines" else 64 < colours <= 256
    assert len(small) < 0.5 * len(full)
    assert np.abs(pixels(full) - pixels(small)).max() < 60  # an edge here and there
    assert np.abs(pixels(full) - pixels(small)).mean() < 1
    for name in ("BLUE", "ORANGE", "GREEN", "PINK", "SKY", "AMBER", "BLACK"):
        colour = np.array([int(getattr(plotting, name)[i : i + 2], 16) for i in (1, 3, 5)])
        there = (pixels(full) == colour).all(axis=-1)
        assert np.abs(pixels(small)[there] - colour).max() <= 6, f"{name} has another hue"


def test_bands_and_the_grid_keep_their_colours_in_a_small_picture():
    plotting.use_style()
    fig, ax = plt.subplots(figsize=(7, 3.6))
    for rate in range(1, 5):
        curve = np.exp(-rate * np.arange(200) / 50)
        ax.plot(curve)
        ax.fill_between(range(200), 0.8 * curve, 1.2 * curve, alpha=0.16, lw=0)
    full, small = pixels(plotting.png(fig)), pixels(plotting.png(fig, small=True))
    colours, counts = np.unique(full.reshape(-1, 3), axis=0, return_counts=True)
    bands = [colour for colour, count in zip(colours, counts, strict=True) if count >= 300]
    assert len(bands) > 10
    for colour in bands:
        there = (full == colour).all(axis=-1)
        assert np.abs(small[there] - colour).max() <= 3, colour


@pytest.mark.parametrize("name", ["BLUE", "ORANGE", "GREEN", "PINK", "SKY", "AMBER", "BLACK", "GREY"])
def test_words_can_be_read_in_a_colour_and_on_it(name):
    base, colour = plotting.base, getattr(plotting, name)
    words = base.for_text(colour)
    assert base.contrast(words, "white") >= 4.5
    assert base.contrast(colour, "white") < 4.5 or words == colour
    assert base.contrast(base.upon(colour), colour) >= 4.5
    hues = [rgb_to_hsv(to_rgb(c)) for c in (colour, words)]
    assert hues[0][0] == pytest.approx(hues[1][0], abs=0.02), "a darker shade, the same hue"


@pytest.mark.parametrize("colour", [[0.9, 0.6, 0.0], np.array([0.9, 0.6, 0.0]), (0.9, 0.6, 0.0), "C5", "0.7"])
def test_words_may_have_a_colour_of_any_kind(colour):
    fig, ax = plt.subplots()
    ax.plot([0, 1], color=colour, label="end")
    plotting.label_ends(ax)
    words = ax.text(0.5, 0.5, "words", color=colour)
    plotting.png(fig)
    for text in (words, *ax.texts):
        assert plotting.base.contrast(text.get_color(), "white") >= 4.5


def test_words_of_a_picture_can_be_read():
    fig, ax = plt.subplots()
    ax.plot([0, 1], color=plotting.AMBER, label="end")
    plotting.label_ends(ax)
    words = [
        ax.set_title("title", color=plotting.PINK),
        ax.text(0.5, 0.5, "a field", color="white", backgroundcolor=plotting.BLUE),
        ax.annotate("there", (0, 0), color=plotting.ORANGE),
        *ax.texts[:1],
    ]
    plotting.png(fig)
    ratios = [plotting.base.contrast(text.get_color(), "white") for text in words]
    assert min(ratios[0], ratios[2], ratios[3]) >= 4.5
    assert ratios[1] == 1, "white words stay: they stand on a dark field"
    assert ax.lines[0].get_color() == plotting.AMBER, "lines keep their colours"


def test_contrast_is_that_of_the_standard():
    assert plotting.base.contrast("black", "white") == pytest.approx(21, rel=1e-9, abs=0)
    assert plotting.base.contrast("#767676", "white") == pytest.approx(4.54, rel=2e-3, abs=0)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_end_labels_stand_beside_their_lines_and_apart(scale):
    _, ax = plt.subplots()
    for end, name in ((1.0, "low"), (1.001, "middle"), (1.002, "upper"), (10.0, "top")):
        ax.plot([0, 1, 2], [1.0, 2.0, end], label=name)
    ax.plot([0, 1], [1, 1])  # no label of its own
    ax.plot([0, 1], [np.nan, np.nan], label="never there")
    ax.set_yscale(scale)
    assert plotting.label_ends(ax) is ax
    assert texts(ax) == ["low", "middle", "upper", "top"]
    heights = [text.get_position()[1] for text in ax.texts]
    inches = ax.get_window_extent().height / ax.figure.dpi
    assert (np.diff(heights) * inches * 72 >= plt.rcParams["font.size"]).all()
    assert [t.get_color() for t in ax.texts] == [
        plotting.base.for_text(line.get_color()) for line in ax.get_lines()[:4]
    ]
    assert all(text.get_position()[0] > 1 for text in ax.texts)
    expected = ax.transAxes.inverted().transform(ax.transData.transform((2, 10.0)))[1]
    assert heights[-1] == pytest.approx(expected, abs=1e-9), "a label with room is exactly at its line"


def test_end_labels_follow_the_last_finite_point():
    _, ax = plt.subplots()
    ax.plot([0, 1, 2], [0.0, 1.0, np.nan], label="a")
    ax.plot([0, 1, 2], [0.0, 0.2, 0.4], label="b")
    plotting.label_ends(ax)
    assert texts(ax) == ["b", "a"]


def test_end_labels_stand_at_the_right_of_an_axis_that_runs_backwards():
    _, ax = plt.subplots()
    ax.plot([1, 2, 3], [5.0, 1.0, 0.0], label="ends high")
    ax.plot([1, 2, 3], [0.0, 1.0, 5.0], label="ends low")
    ax.invert_xaxis()
    plotting.label_ends(ax)
    assert texts(ax) == ["ends low", "ends high"]


def test_loss_surface_has_its_axes_the_right_way_round():
    loss = np.ones((4, 6))
    loss[0, -1] = 100.0  # small w2, large w1: the lower right
    ax = plotting.plot_loss_surface(GRID, GRID[:4], loss + 0.1)
    assert (ax.get_xlim(), ax.get_ylim()) == ((1, 2), (GRID[0], GRID[3]))
    assert "w_1" in ax.get_xlabel() and "w_2" in ax.get_ylabel()


def test_loss_surface_levels_are_even_in_the_logarithm():
    w = np.linspace(-2, 2, 40)
    ax = plotting.plot_loss_surface(w, w, 1e-3 + w[:, None] ** 2 + w**2, levels=10)
    filled = ax.collections[0]
    edges = filled.get_array()
    assert len(edges) == 9
    ratios = edges[1:] / edges[:-1]
    assert np.ptp(ratios[1:-1]) < 1e-6 or ratios == pytest.approx(ratios[0], rel=0.2)


def test_path_marks_its_start():
    points = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]])
    ax = plotting.plot_path(points, label="descent", color=plotting.PINK)
    line, ring = ax.get_lines()
    assert np.array_equal(line.get_xydata(), points)
    assert ring.get_xydata().tolist() == [[0, 1]]
    assert line.get_label() == "descent" and line.get_color() == ring.get_color() == plotting.PINK


def spans(ax):
    return [tuple(sorted((bar.get_y(), bar.get_y() + bar.get_height()))) for bar in ax.patches]


def test_factors_are_bars_from_product_to_product():
    ax = plotting.plot_factors(["a", "b", "c"], [0.25, 4.0, -0.5], total_name="all")
    bars = ax.patches
    assert spans(ax) == [(0.25, 1), (0.25, 1), (0.5, 1), (0.5, 1)]
    assert [to_hex(b.get_facecolor()) for b in bars[:3]] == [
        c.lower() for c in (plotting.BLUE, plotting.ORANGE, plotting.BLUE)
    ]
    assert texts(ax) == ["× 0.25", "× 4", "× −0.5", "= −0.5"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c", "all"]
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert 0 < low < 0.25 and high > 1


def test_updated_factors_are_those_of_a_new_figure_between_the_old_limits():
    ax = plotting.plot_factors(["a", "b"], [0.25, 2.0])
    limits, pieces = ax.get_ylim(), list(ax.patches)
    plotting.update_factors(ax, [3.0, -0.5])
    fresh = plotting.plot_factors(["a", "b"], [3.0, -0.5])
    assert spans(ax) == spans(fresh) == [(1, 3), (1.5, 3), (1, 1.5)]
    assert texts(ax) == texts(fresh) == ["× 3", "× −0.5", "= −1.5"]
    colors = [[bar.get_facecolor() for bar in a.patches] for a in (ax, fresh)]
    assert colors[0] == colors[1]
    assert ax.get_ylim() == limits and list(ax.patches) == pieces


@pytest.mark.parametrize(
    "wanted, got",
    [
        ([], []),
        ([0.3], [0.3]),
        ([0, 0.5, 1], [0, 0.5, 1]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0, 0.5, 0.5, 0.52], [0, 0.40667, 0.50667, 0.60667]),
    ],
)
def test_labels_are_spread_around_where_they_want_to_be(wanted, got):
    assert plotting.base.spread(wanted, 0.1) == pytest.approx(got, abs=1e-5)


def test_matrix_is_white_at_zero_and_symmetric():
    ax = plotting.plot_matrix([[1.0, -4.0], [0.0, 2.0]], title="W")
    (image,) = ax.images
    assert (image.norm.vmin, image.norm.vcenter, image.norm.vmax) == (-4, 0, 4)
    assert texts(ax) == ["1", "−4", "0", "2"]
    assert [t.get_position() for t in ax.texts] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert [to_hex(t.get_color()) for t in ax.texts] == ["#000000", "#ffffff", "#000000", "#000000"]
    assert ax.get_title(loc="left") == "W" and ax.get_xlabel() == "2 × 2"


def test_matrix_writes_numbers_when_small_or_told_to():
    assert texts(plotting.plot_matrix(np.ones((7, 2)))) == []
    assert len(texts(plotting.plot_matrix(np.ones((7, 2)), values=True))) == 14
    assert len(texts(plotting.plot_matrix(np.ones((6, 6))))) == 36
    assert texts(plotting.plot_matrix(np.ones((2, 2)), values=False)) == []
    plotting.plot_matrix(np.zeros((2, 2)))  # no division by its largest entry


def test_step_sweep_shows_an_exact_zero_at_the_floor():
    ax = plotting.plot_step_sweep(SWEEP)
    assert [line.get_label() for line in ax.get_lines()] == ["one-sided", "central", "complex step"]
    assert len({line.get_linestyle() for line in ax.get_lines()}) == 3
    assert (ax.get_lines()[2].get_ydata() == 1e-17).all()
    assert np.array_equal(ax.get_lines()[0].get_xydata(), np.column_stack([SWEEP.steps, SWEEP.forward]))
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_gradient_by_depth_and_its_reference():
    ax = plotting.plot_gradient_by_depth([1.0, 0.1], label="net", reference=[1.0, 0.2])
    net, reference = ax.get_lines()
    assert net.get_ydata().tolist() == [1, 0.1] and reference.get_ydata().tolist() == [1, 0.2]
    assert net.get_color() == reference.get_color() and reference.get_linewidth() < net.get_linewidth()
    assert ax.get_yscale() == "log"
    plotting.label_ends(ax)
    assert texts(ax) == ["net"]
    assert len(plotting.plot_gradient_by_depth([1.0, 0.1]).get_lines()) == 1


def test_training_shows_the_running_mean_of_the_steps_it_ends_at():
    ax = plotting.plot_training([4.0, 2.0, 6.0, 4.0], smooth=2, label="a")
    mean, raw = ax.get_lines()
    assert mean.get_xydata().tolist() == [[2, 3], [3, 4], [4, 5]]
    assert raw.get_xydata().tolist() == [[1, 4], [2, 2], [3, 6], [4, 4]]
    assert raw.get_color() == mean.get_color() and raw.get_alpha() < 0.5
    short = plotting.plot_training([4.0, 2.0]).get_lines()[0]
    assert short.get_xydata().tolist() == [[2, 3]]


def test_digits_are_drawn_upright_dark_on_light():
    images = np.zeros((2, 64))
    images[0, 1] = 1.0  # first row, second column
    _, axes = plt.subplots(1, 2)
    assert plotting.plot_digits(images, ["one", "two"], axes) is axes
    shown = axes[0].images[0]
    assert shown.get_array().shape == (8, 8) and shown.get_array()[0, 1] == 1
    assert shown.get_clim() == (0, 1) and shown.get_cmap().name == "Greys" and shown.origin == "upper"
    assert [ax.get_title() for ax in axes] == ["one", "two"]
    with pytest.raises(ValueError):
        plotting.plot_digits(images, ["one"], axes)
