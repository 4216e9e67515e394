"""The figures of the later lectures: what is drawn is what was given, zeros and extremes included."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vgcourse import plotting


@pytest.fixture(autouse=True)
def figures():
    with plt.rc_context():
        plotting.use_style()
        yield
        plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize(
    "factors, product",
    [
        ([2.0, 0.0, 3.0], "= 0"),
        ([0.0], "= 0"),
        ([-0.0, 1e300, 1e300], "= 0"),
        ([1e-200, 1e-150, -1e-80], "= −$10^{-430}$"),
        ([1e200, 1e150], "= $10^{350}$"),
        ([1e-320, 0.5], None),
        ([1e200, 1e200, 1e-200, 1e-200], None),
    ],
)
def test_factors_survive_zero_and_what_no_float_can_hold(factors, product):
    names = [str(i) for i in range(len(factors))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ax in (
            plotting.plot_factors(names, factors),
            plotting.plot_factors(names, np.ones(len(factors))),
        ):
            plotting.update_factors(ax, factors)
            ax.figure.canvas.draw()
            low, high = ax.get_ylim()
            assert np.isfinite([low, high]).all() and 0 < low < high
            for bar in ax.patches:
                assert np.isfinite([bar.get_y(), bar.get_height()]).all() and bar.get_y() > 0
            for text in ax.texts:
                assert low <= text.get_position()[1] <= high, "a label outside would stretch the figure"
            if product:
                assert texts(ax)[-1] == product


def test_a_zero_factor_is_seen_to_leave_the_axes():
    ax = plotting.plot_factors(["a", "b"], [0.5, 0.0])
    low = ax.get_ylim()[0]
    assert low < 0.1 and ax.patches[1].get_y() < low and ax.patches[2].get_y() < low


def test_factors_refuse():
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="plot_factors: factors are .*; expected finite"):
            plotting.plot_factors(["a"], [bad])
    with pytest.raises(ValueError, match="plot_factors: lengths differ: names 1, factors 2"):
        plotting.plot_factors(["a"], [1.0, 2.0])


def test_norm_strips_show_every_neuron_and_the_share_of_zeros():
    norms = [np.array([1.0, 4.0, 0.0]), np.array([1e-3])]
    ax = plotting.plot_norm_strips(norms, title="ReLU")
    first, bar, second, _ = ax.get_lines()
    assert first.get_ydata()[:2].tolist() == [1, 4] and 0 < first.get_ydata()[2] < 1e-3
    assert bar.get_ydata().tolist() == [2.5, 2.5], "the median of those that are not 0"
    assert 0.5 < first.get_xdata().min() and first.get_xdata().max() < 1.5 and second.get_xdata() == [2]
    assert texts(ax) == ["exactly 0: 25 %"] and ax.get_yscale() == "log"
    assert texts(plotting.plot_norm_strips([np.ones(3)])) == []
    plotting.plot_norm_strips([np.zeros(3), np.zeros(2)]).figure.canvas.draw()
    exploded = plotting.plot_norm_strips([np.array([np.inf, np.nan, 1.0, 0.0])])
    assert texts(exploded) == ["exactly 0: 25 %, not finite: 50 %"]
    assert np.isfinite(exploded.get_ylim()).all()


def test_norm_strip_grid_shares_one_scale():
    rows = {
        row: {name: [np.array([10.0**-i, 1.0])] for i, name in enumerate("abc")} for row in ("batch", "one")
    }
    rows["one"]["c"] = [np.array([0.0, 1e-9])]
    axes = plotting.plot_norm_strip_grid(rows)
    assert axes.shape == (2, 3)
    assert len({ax.get_ylim() for ax in axes.ravel()}) == 1
    low, high = axes[0, 0].get_ylim()
    assert low < 1e-9 and high > 1
    assert [ax.get_title(loc="left") for ax in axes[0]] == ["a", "b", "c"]
    assert axes[0, 0].get_ylabel().startswith("batch") and axes[1, 0].get_ylabel().startswith("one")
    _, own = plt.subplots(2, 3, sharey=True)
    assert plotting.plot_norm_strip_grid(rows, axes=own) is own
    with pytest.raises(ValueError, match="the columns are .*; expected the same"):
        plotting.plot_norm_strip_grid({"a": {"x": LAYER}, "b": {"y": LAYER}})


LAYER = [np.ones(2)]


def test_spectra_leave_out_zeros():
    ax = plotting.plot_spectra([np.array([2.0, 0.5, 0.0])], ["one"])
    assert ax.get_lines()[0].get_xdata().tolist() == [1, 2, 3]
    assert np.isnan(ax.get_lines()[0].get_ydata()[2])


def test_spectrum_by_depth_has_its_ends_thick():
    values = np.sort(np.random.default_rng(0).random((6, 100)), axis=1)[:, ::-1]
    ax = plotting.plot_spectrum_by_depth(values)
    thick = [line for line in ax.get_lines() if line.get_lw() == 2]
    assert [line.get_label() for line in thick] == ["largest", "smallest"]
    assert (thick[0].get_ydata() == values[:, 0]).all() and (thick[1].get_ydata() == values[:, -1]).all()
    assert len(ax.get_lines()) <= 20, "hundreds of lines make a large picture"


def test_variance_with_prediction_and_band():
    measured = np.array([1.0, 0.5, 0.2])
    ax = plotting.plot_variance_by_layer(measured, prediction=measured / 2, band=[measured / 3, measured * 3])
    predicted, dots = ax.get_lines()
    assert (predicted.get_ydata() == measured / 2).all() and (dots.get_ydata() == measured).all()
    assert dots.get_linestyle() == "None" and dots.get_color() == predicted.get_color()
    assert len(ax.collections) == 1
    assert len(plotting.plot_variance_by_layer(measured).get_lines()) == 1


def test_histograms_share_their_bins():
    ax = plotting.plot_histograms([np.linspace(-1, 1, 99), np.zeros(5)], limits=(-1, 1), bins=10)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["layer 1", "layer 2"]
    assert ax.get_xlim() == (-1, 1) and len(ax.patches) == 4
    plotting.plot_histograms([np.zeros(5)]).figure.canvas.draw()


def test_poles_mark_the_unit_circle_once_and_show_all():
    ax = plotting.plot_poles([0.5, 2j], label="a")
    plotting.plot_poles([-0.3], ax=ax, label="b")
    assert len(ax.patches) == 1 and ax.patches[0].radius == 1
    assert ax.get_xlim()[1] > 2 and ax.get_ylim() == ax.get_xlim()
    a, b = [line for line in ax.get_lines() if line.get_gid() == "poles"]
    assert a.get_marker() != b.get_marker() and a.get_ydata().tolist() == [0, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    with pytest.raises(ValueError, match="poles have shape .*; expected"):
        plotting.plot_poles([np.nan])


def test_a_transient_moves_with_its_numbers_and_keeps_its_limits():
    pair, norms = np.array([0.5 + 0.5j, 0.5 - 0.5j]), np.array([1.0, 3.0, 0.5])
    disc, time = axes = plotting.plot_transient(pair, norms)
    growth, decay = time.get_lines()
    assert growth.get_ydata().tolist() == norms.tolist()
    np.testing.assert_allclose(decay.get_ydata(), [1, 0.5**0.5, 0.5])
    limits = disc.get_xlim(), time.get_xlim(), time.get_ylim()
    assert plotting.update_transient(axes, [-0.9, 0.1j], 2 * norms) is axes
    crosses = next(line for line in disc.get_lines() if line.get_gid() == "poles")
    assert crosses.get_xydata().tolist() == [[-0.9, 0.0], [0.0, 0.1]]
    assert growth.get_ydata().tolist() == [2, 6, 1]
    np.testing.assert_allclose(decay.get_ydata(), [1, 0.9, 0.81])
    assert limits == (disc.get_xlim(), time.get_xlim(), time.get_ylim())
    plotting.plot_transient(pair, norms, axes=plt.subplots(1, 2)[1])


def test_cobweb_goes_up_to_the_curve_and_across_to_the_diagonal():
    h = np.linspace(0, 1, 5)
    ax = plotting.plot_cobweb(h, h / 2, [0.8, 0.4, 0.2], fixed_points=[0.0], stable=[True])
    orbit = next(line for line in ax.get_lines() if line.get_label() == "_orbit")
    assert orbit.get_xydata().tolist() == [[0.8, 0.8], [0.8, 0.4], [0.4, 0.4], [0.4, 0.2], [0.2, 0.2]]
    with pytest.raises(ValueError, match="lengths differ: fixed_points 1, stable 0"):
        plotting.plot_cobweb(h, h, [0.5], fixed_points=[0.0])


def test_responses_on_a_log_axis_are_sizes():
    ax = plotting.plot_impulse_responses(np.array([[1.0, -0.5, 0.0]]), log=True)
    assert ax.get_lines()[0].get_ydata()[:2].tolist() == [1, 0.5]
    assert np.isnan(ax.get_lines()[0].get_ydata()[2]) and ax.get_yscale() == "log"


def test_lags_with_a_bound():
    ax = plotting.plot_by_lag([1.0, 0.5, 0.0], bound=[1.0, 0.7, 0.5], label="rnn")
    norms, bound = ax.get_lines()
    assert np.isnan(norms.get_ydata()[2]) and bound.get_color() == norms.get_color()
    assert bound.get_lw() < norms.get_lw()


def test_jacobian_map_is_white_above_the_diagonal_and_black_at_zero():
    norms = np.array([[1.0, 7.0, 7.0], [0.1, 1.0, 7.0], [0.0, 0.1, 1.0]])
    ax = plotting.plot_jacobian_map(norms)
    (image,) = ax.images
    shown = image.get_array()
    assert np.ma.getmaskarray(shown).tolist() == np.isnan(np.where(np.tri(3), 0, np.nan)).tolist()
    assert (image.norm.vmin, image.norm.vmax) == (0.1, 1), "what lies above the diagonal does not count"
    assert image.to_rgba(shown)[2, 0].tolist() == [0, 0, 0, 1]
    assert image.origin == "lower"
    with pytest.raises(ValueError, match=r"norms have shape \(2, 3\); expected \(T, T\)"):
        plotting.plot_jacobian_map(np.ones((2, 3)))


@pytest.mark.parametrize("values", [np.ones((2, 2)), np.zeros((2, 2)), np.array([[1e-300, 1e300]])])
@pytest.mark.parametrize("log", [True, False])
def test_heat_map_of_anything(values, log):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plotting.plot_heat_map(values, log=log).figure.canvas.draw()


def test_gates_have_time_to_the_right_and_units_down():
    values = np.array([[0.0, 1.0, 0.5], [0.2, 0.3, 0.4]])
    ax = plotting.plot_gates(values, name="f", words=["Jane", "she"])
    (image,) = ax.images
    assert image.get_array().shape == (3, 2) and image.get_clim() == (0, 1)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Jane", "she"]
    signed = plotting.plot_gates(values - 0.5, signed=True).images[0]
    assert signed.norm.vcenter == 0 and signed.norm.vmax == -signed.norm.vmin == 0.5
    with pytest.raises(ValueError, match="lengths differ: words 1, times 2"):
        plotting.plot_gates(values, words=["Jane"])


def test_gate_panels_share_time():
    axes = plotting.plot_gate_panels({"f": np.ones((4, 2)), "c": np.ones((4, 2)) * -3}, signed=("c",))
    assert len(axes) == 2 and axes[0].get_shared_x_axes().joined(axes[0], axes[1])
    assert [ax.get_title(loc="left") for ax in axes] == ["f", "c"]
    assert axes[1].images[0].norm.vmin == -3 and axes[0].get_xlabel() == "" != axes[1].get_xlabel()
    with pytest.raises(ValueError, match="panels is empty"):
        plotting.plot_gate_panels({})


def test_cost_and_its_power():
    ax = plotting.plot_cost([1, 10, 100], [1, 100, 10_000], slope=2, label="double sum")
    cost, guide = ax.get_lines()
    assert guide.get_ydata() == pytest.approx(cost.get_ydata())
    plotting.plot_cost([1, 10], [1, 10], ax=ax)
    assert ax.get_lines()[2].get_marker() != cost.get_marker()


def test_runs_show_median_and_range():
    ax = plotting.plot_runs([1, 2], [[0.0, 1.0], [0.2, 1.0], [1.0, 0.0]], chance=0.5)
    assert ax.get_lines()[0].get_ydata().tolist() == [0.2, 1.0]
    edges = ax.collections[0].get_paths()[0].vertices
    assert edges[:, 1].min() == 0 and edges[:, 1].max() == 1
    assert texts(ax) == ["chance"]


def test_comparison_has_the_first_on_top():
    ax = plotting.plot_comparison({"rnn": [1.0, 2.0, 6.0], "lstm": [0.5]}, reference=3.0)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["rnn", "lstm"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    reference, dots, bar, *_ = ax.get_lines()
    assert list(reference.get_xdata()) == [3, 3] and list(bar.get_xdata()) == [2, 2]
    assert len(dots.get_xdata()) == 3


GRID = np.linspace(0, 1, 8)


def cliff(unclipped, clipped=((0.5, 0.5), (0.4, 0.4))):
    return plotting.plot_cliff(GRID, GRID, 1 + np.outer(GRID, GRID), np.array(unclipped), np.array(clipped))


def test_cliff_says_where_a_step_lands():
    ax = cliff([(0.5, 0.5), (0.6, 0.5), (3.0, 0.5), (9.0, 9.0)])
    assert texts(ax) == ["step 2 lands at (3, 0.5)"]
    assert ax.texts[0].xy == pytest.approx((1.0, 0.5)), "where the step crosses the frame"
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 1), (0, 1))
    assert texts(cliff([(0.5, 0.5), (-2.0, -1.0)])) == ["step 1 lands at (−2, −1)"]
    assert texts(cliff([(0.5, 0.5), (0.2, 0.1)])) == []
    cliff([(0.5, 0.5), (0.5, 9.0)]).figure.canvas.draw()


def test_clipping_draws_the_ball_and_the_box():
    ax = plotting.plot_clipping([4.0, 3.0], [0.8, 0.6], [1.0, 1.0], 1.0)
    circle, square = ax.patches
    assert circle.radius == 1 and (square.get_x(), square.get_width()) == (-1, 2)
    assert ax.get_xlim()[1] > 4 and texts(ax) == ["gradient", "clipped by norm", "clipped by value"]


@pytest.mark.parametrize(
    "call",
    [
        lambda bad: plotting.plot_by_lag(bad),
        lambda bad: plotting.plot_variance_by_layer(bad),
        lambda bad: plotting.plot_spectrum_by_depth(bad),
        lambda bad: plotting.plot_gates(bad),
        lambda bad: plotting.plot_heat_map(bad),
        lambda bad: plotting.plot_runs([1], bad),
        lambda bad: plotting.plot_cost(bad, bad),
        lambda bad: plotting.plot_comparison({"a": bad}),
        lambda bad: plotting.plot_norm_strips([bad]),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_by_name(call):
    for bad in (np.ones((2, 2, 2)), np.zeros((0,)), np.array(["a"]), np.ones(2) * 1j):
        with pytest.raises(ValueError, match="has shape .* and .* values; expected real numbers with"):
            call(bad)


ONE = np.ones(1)
SMALL = {
    "plot_by_lag": (ONE,),
    "plot_gates": (np.ones((1, 1)),),
    "plot_heat_map": (np.ones((1, 1)),),
    "plot_histograms": ([ONE],),
    "plot_impulse_responses": (ONE,),
    "plot_jacobian_map": (np.ones((1, 1)),),
    "plot_norm_strips": ([ONE],),
    "plot_runs": (ONE, np.ones((1, 1))),
    "plot_spectra": ([ONE], ["a"]),
    "plot_spectrum_by_depth": (np.ones((1, 1)),),
    "plot_variance_by_layer": (ONE,),
}


@pytest.mark.parametrize("bad", [1.0, np.inf, np.nan, 0.0])
@pytest.mark.parametrize("name", SMALL)
def test_one_of_everything_and_a_net_that_diverged(name, bad):
    arguments = [
        [bad * a for a in given]
        if isinstance(given, list) and given is not SMALL["plot_spectra"][1]
        else given
        for given in SMALL[name]
    ]
    arguments[-1] = bad * arguments[-1] if isinstance(arguments[-1], np.ndarray) else arguments[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(plotting, name)(*arguments).figure.canvas.draw()
