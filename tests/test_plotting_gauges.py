"""Gauges as a heat map, and a ladder of questions."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vgcourse.plotting import draw_questions, plot_gauges


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


LEVELS, TEXTS = np.array([[0, -1, 0.5], [1, 0, 0]]), [["1", "2", "3"], ["4", "5", "6"]]


def test_every_number_stands_in_its_field():
    ax = plot_gauges(LEVELS, TEXTS, ["sick", "cured"], ["a", "b", "c"])
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3", "4", "5", "6"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["sick", "cured"]
    np.testing.assert_array_equal(ax.images[0].get_array(), LEVELS)
    assert ax.images[0].get_clim() == (-1, 1)


def test_it_draws_into_given_axes():
    _, ax = plt.subplots()
    assert plot_gauges(LEVELS, TEXTS, ["r", "s"], ["a", "b", "c"], ax=ax) is ax


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"levels have shape \(2, 3\), names \(1, 3\)"):
        plot_gauges(LEVELS, TEXTS, ["r"], ["a", "b", "c"])
    with pytest.raises(ValueError, match=r"texts \(1, 3\)"):
        plot_gauges(LEVELS, TEXTS[:1], ["r", "s"], ["a", "b", "c"])


def test_questions_and_leaves_stand_in_the_picture():
    ax = draw_questions([("first?", "leaf 1"), ("second?", "leaf 2")], "healthy")
    written = [text.get_text() for text in ax.texts]
    assert {"first?", "second?", "leaf 1", "leaf 2", "healthy"} <= set(written)
    assert written.count("yes") == written.count("no") == 2


def test_no_questions_are_refused():
    with pytest.raises(ValueError, match="questions is empty"):
        draw_questions([], "healthy")
