"""Residual blocks as a picture, and the lengths of paths as bars."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vgcourse.plotting import GREEN, ORANGE, draw_residual_blocks, plot_path_lengths

STATES, BRANCHES, SLOPES, GRADIENTS = [1.0, 1.5, 2.25], [0.5, 0.75], [0.25, 0.125], [1.406, 1.125, 1.0]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax, color=None):
    return [text.get_text() for text in ax.texts if color is None or text.get_color() == color]


def pluses(ax):
    return texts(ax).count("+")


def test_all_numbers_stand_in_the_picture():
    ax = draw_residual_blocks(STATES, BRANCHES, SLOPES, GRADIENTS, text="tanh")
    written = texts(ax)
    assert {"1", "1.5", "2.25", "0.5", "0.75", "$h_0$", "$h_2$"} <= set(written)
    assert texts(ax, ORANGE) == ["1.41", "1.12", "1"]
    assert texts(ax, GREEN) == ["×0.25", "×0.125"]
    assert written.count("tanh") == 2 and pluses(ax) == 2


def test_a_plain_net_has_no_plus_sign_and_fewer_wires():
    plain = draw_residual_blocks(STATES, BRANCHES, SLOPES, GRADIENTS, identity=False)
    residual = draw_residual_blocks(STATES, BRANCHES, SLOPES, GRADIENTS)
    assert pluses(plain) == 0
    assert len(plain.get_lines()) < len(residual.get_lines())


def test_slopes_and_gradients_may_be_left_out():
    ax = draw_residual_blocks([1.0, 3.0], [2.0])
    assert texts(ax, ORANGE) == [] and texts(ax, GREEN) == []
    assert pluses(ax) == 1


def test_it_draws_into_the_axes_that_it_is_given():
    _, ax = plt.subplots()
    assert draw_residual_blocks([1.0, 3.0], [2.0], ax=ax) is ax
    assert plot_path_lengths([0.25, 0.75], ax=ax) is ax


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0]), "1 states and 1 branches; expected 1 … 5 branches and one state more"),
        ((np.ones(7), np.ones(6)), "7 states and 6 branches"),
        ((STATES, BRANCHES, [0.5]), "lengths differ: branches 2, slopes 1"),
        ((STATES, BRANCHES, None, [1.0]), "lengths differ: states 3, gradients 1"),
        (([["a"]], [1.0]), "states has shape"),
    ],
)
def test_numbers_that_do_not_belong_together(arguments, message):
    with pytest.raises(ValueError, match=f"draw_residual_blocks: .*{message}"):
        draw_residual_blocks(*arguments)


def test_every_length_has_its_bar_and_the_mean_a_line():
    ax = plot_path_lengths([0.5, 0.375, 0.125], mean=0.625)
    assert [bar.get_height() for bar in ax.containers[0]] == [0.5, 0.375, 0.125]
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.containers[0]] == pytest.approx([0, 1, 2])
    assert list(ax.lines[-1].get_xdata()) == [0.625, 0.625]
    assert "blocks" in ax.get_xlabel()


def test_no_mean_no_line():
    assert len(plot_path_lengths([1.0]).lines) == 0


def test_shares_are_one_row():
    with pytest.raises(ValueError, match="plot_path_lengths: shares has shape"):
        plot_path_lengths([[0.5, 0.5]])
