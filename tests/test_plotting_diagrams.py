"""Diagrams: nothing overlaps, nothing is cut off, and what they say is right."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from vgcourse import plotting

CELL_VALUES = {
    "rnn": ("h_prev", "x", "z", "h"),
    "ugrnn": ("h_prev", "x", "g", "r", "one_minus_g", "h"),
    "gru": ("h_prev", "x", "r", "z", "n", "one_minus_z", "h"),
    "residual": ("h_prev", "f", "h"),
    "highway": ("h_prev", "f", "g", "one_minus_g", "h"),
    "lstm": ("c_prev", "h_prev", "x", "f", "i", "g", "write", "o", "c", "tanh_c", "h"),
}


def cell(name, **options):
    return plotting.draw_cell(name, values=dict.fromkeys(CELL_VALUES[name], -0.123), **options)


DIAGRAMS = {
    **{f"{name} with values": lambda name=name: cell(name) for name in CELL_VALUES},
    **{name: lambda name=name: plotting.draw_cell(name) for name in CELL_VALUES},
    "peepholes": lambda: cell("lstm", peepholes=True),
    "unrolled 1": lambda: plotting.draw_unrolled(1),
    "unrolled 4": lambda: plotting.draw_unrolled(4),
    "unrolled 7": lambda: plotting.draw_unrolled(7, states=[-0.12] * 7, jacobians=[0.41] * 6),
    "three layers": lambda: plotting.draw_unrolled(5, layers=3),
    "both directions": lambda: plotting.draw_unrolled(4, bidirectional=True),
    "chain": lambda: plotting.draw_chain(["x", "h", "L"], factors=[0.25, 2e-5]),
    "chain upwards": lambda: plotting.draw_chain(["x", "h", "L"], factors=["a", 3.0], upwards=True),
    **{f"paths {T}": lambda T=T: plotting.draw_paths(T) for T in (1, 2, 3, 4)},
    "timeline": plotting.draw_timeline,
}


@pytest.fixture(autouse=True)
def figures():
    with plt.rc_context():
        plotting.use_style()
        plt.rcParams["figure.max_open_warning"] = 0
        yield
        plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize("name", DIAGRAMS)
def test_texts_stay_apart_and_inside(name):
    ax = DIAGRAMS[name]()
    fig = ax.figure
    fig.canvas.draw()
    assert fig.get_figwidth() * fig.dpi <= 800, "wider than the page"
    page = fig.bbox
    boxes = {text: text.get_window_extent() for text in ax.texts if text.get_text()}
    for text, area in boxes.items():
        inside = page.x0 <= area.x0 and area.x1 <= page.x1 and page.y0 <= area.y0 and area.y1 <= page.y1
        assert inside, f"{text.get_text()} is cut off"
    for (a, here), (b, there) in combinations(boxes.items(), 2):
        shared = (
            min(here.x1, there.x1) - max(here.x0, there.x0),
            min(here.y1, there.y1) - max(here.y0, there.y0),
        )
        assert min(shared) <= 0.5, f"{a.get_text()} lies on {b.get_text()}"


@pytest.mark.parametrize("name", CELL_VALUES)
def test_cells_write_every_value_beside_its_symbol(name):
    ax = plotting.draw_cell(name, values={key: i + 1 for i, key in enumerate(CELL_VALUES[name])})
    written = [text.split(" = ")[1] for text in texts(ax) if " = " in text]
    assert sorted(written, key=int) == [str(i + 1) for i in range(len(CELL_VALUES[name]))]
    assert not [text for text in texts(plotting.draw_cell(name)) if " = " in text]
    assert [text for text in texts(plotting.draw_cell(name, values={"h": "big"})) if text.endswith("$ = big")]


def test_cells_have_their_parts():
    parts = {name: [texts(plotting.draw_cell(name)).count(part) for part in ("σ", "tanh", "×", "+", "1−")]
             for name in CELL_VALUES}  # fmt: skip
    assert parts == {
        "rnn": [0, 1, 0, 1, 0],
        "ugrnn": [1, 1, 2, 1, 1],
        "gru": [2, 1, 3, 1, 1],
        "residual": [0, 0, 0, 1, 0],
        "highway": [1, 0, 2, 1, 1],
        "lstm": [3, 2, 3, 1, 0],
    }
    plain, peeping = plotting.draw_cell("lstm"), plotting.draw_cell("lstm", peepholes=True)
    assert len(peeping.get_lines()) == len(plain.get_lines()) + 3


def test_unrolled_says_what_it_is_told():
    ax = plotting.draw_unrolled(3, states=[0.5, -0.25, "dead"], jacobians=[0.9, 0.1])
    assert {"0.5", "−0.25", "dead", "×0.9", "×0.1", "$x_{3}$", "$y_{3}$", "$h_0$"} <= set(texts(ax))
    assert texts(plotting.draw_unrolled(4)).count("$W_h$") == 1, "the same weights at every step"
    assert not [t for t in texts(plotting.draw_unrolled(2, outputs=False)) if "y_" in t]
    sparse = texts(plotting.draw_unrolled(3, outputs=[False, True, False]))
    assert [t for t in sparse if "y_" in t] == ["$y_{2}$"]


@pytest.mark.parametrize("T, counts", [(1, [1, 1]), (3, [1, 3, 3, 1]), (4, [1, 4, 6, 4, 1])])
def test_paths_are_counted(T, counts):
    labels = [text for text in texts(plotting.draw_paths(T)) if "of length" in text]
    assert [int(label.split()[0]) for label in labels] == counts
    boxes = [text for text in texts(plotting.draw_paths(T, factor="b")) if text.startswith("$b_")]
    assert len(boxes) == T * 2 ** (T - 1)


def bold(ax):
    """The years of a timeline's events, which are bold; those of its ticks are not."""
    return [int(text.get_text()) for text in ax.texts if text.get_weight() == "bold"]


def test_timeline_is_a_true_time_axis():
    ax = plotting.draw_timeline()
    assert sorted(bold(ax)) == [1996, 1997, 2014, 2015, 2015]
    (dots,) = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert dots.get_xdata().tolist() == [1996, 1997, 2014, 2015, 2015], "in years, not in equal steps"
    ticks = {int(t) for t in texts(ax) if t.isdigit()} - set(bold(ax))
    assert ticks == {2000, 2005, 2010}
    own = plotting.draw_timeline([(2001, "b", "B", "$b$"), (1990, "a", "A", "$a$")])
    assert texts(own)[:2] == ["a\nA\n$a$", "b\nB\n$b$"] and bold(own) == [1990, 2001]
    alone = plotting.draw_timeline([(2001, "b", "B", "$b$")])
    assert sum(alone.get_xlim()) / 2 == 2001, "a single event stands in the middle"


CROWD = [(1990 + year, f"Something found in {year}", "Someone & Someone Else", "$x$") for year in range(11)]


@pytest.mark.parametrize("events", [plotting.draw_timeline.__defaults__[0], CROWD, CROWD[:1] * 6])
def test_timeline_texts_do_not_overlap(events):
    ax = plotting.draw_timeline(events)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if "\n" in text.get_text()]
    assert len(boxes) == len(events)
    inside = ax.figure.bbox
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
        assert box.x0 >= inside.x0 and box.x1 <= inside.x1
        assert box.y0 >= inside.y0 and box.y1 <= inside.y1


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: plotting.draw_cell("mgu"),
            "name is 'mgu'; expected one of gru, highway, lstm,",
        ),
        (lambda: plotting.draw_cell("gru", values={"c": 1}), "values has c; the gru has h_prev, h, x, z"),
        (lambda: plotting.draw_cell("gru", peepholes=True), "the gru has no peepholes"),
        (lambda: plotting.draw_unrolled(0), "T=0, layers=1; expected 1 … 7 steps"),
        (lambda: plotting.draw_unrolled(2, layers=2, bidirectional=True), "layers=2; expected 1 for a bidir"),
        (lambda: plotting.draw_unrolled(3, states=[1]), "states has 1 entries; expected 3"),
        (lambda: plotting.draw_unrolled(3, jacobians=np.ones(3)), "jacobians has 3 entries; expected 2"),
        (lambda: plotting.draw_unrolled(3, outputs=[True]), "outputs has 1 entries; expected 3"),
        (lambda: plotting.draw_chain(["x"]), "1 names and no factors; expected at least two"),
        (lambda: plotting.draw_chain(["x", "y"], factors=[]), "2 names and 0 factors"),
        (lambda: plotting.draw_paths(5), "T is 5; expected 1, 2, 3 or 4"),
        (lambda: plotting.draw_timeline([]), "events is empty"),
        (
            lambda: plotting.draw_timeline([(1990, "a", "A")]),
            "expected at least one (year, what, who, form",
        ),
        (lambda: plotting.draw_timeline([(np.nan, "a", "A", "$a$")]), "years are [nan]; expected finite"),
    ],
)
def test_diagrams_refuse(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert message in str(caught.value)


# --- both passes through one net ---------------------------------------------------------------------


def test_passes_show_values_gradients_names_and_weights():
    ax = plotting.draw_passes(
        ["× w", "σ"],
        [1.5, 3.0, 0.953],
        [0.157, None, 1.0],
        names=["x", "z", "h"],
        weights={0: ("w", 2.0, 0.118)},
        factors=[2.0, "σ'"],
    )
    shown = {text.get_text() for text in ax.texts}
    assert {"× w", "σ", "1.5", "3", "0.953", "0.157", "1", "x", "z", "h", "w = 2", "0.118"} <= shown
    assert {"×2", "×σ'"} <= shown
    plt.close(ax.figure)


def test_a_gradient_that_is_not_known_yet_is_left_out():
    ax = plotting.draw_passes(["σ"], [1.0, 0.5], weights={0: ("w", 7.0, None)})
    assert {text.get_text() for text in ax.texts if text.get_text()} == {"1", "0.5", "σ", "w = 7"}
    plt.close(ax.figure)


@pytest.mark.parametrize("count", [2, 8, 9])
def test_texts_of_a_chain_keep_clear_of_its_boxes_and_of_each_other(count):
    numbers = ["0.731"] * (count + 1)
    ax = plotting.draw_passes(["tanh"] * count, numbers, numbers, names=["z"] * (count + 1))
    ax.figure.canvas.draw()
    boxes = [patch.get_window_extent() for patch in ax.patches]
    texts = [text.get_window_extent() for text in ax.texts if text.get_text() in ("0.731", "z")]
    assert (len(boxes), len(texts)) == (count, 3 * (count + 1))
    for i, text in enumerate(texts):
        assert text.count_overlaps(boxes + texts[:i]) == 0
    plt.close(ax.figure)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"forward": [1.0]}, "forward has 1 entries; expected 2 for 1 boxes"),
        ({"backward": [1.0, 2.0, 3.0]}, "backward has 3 entries; expected 2"),
        ({"names": ["x"]}, "names has 1 entries; expected 2"),
        ({"factors": []}, "factors has 0 entries; expected 1"),
        ({"weights": {1: ("w", 1.0, 1.0)}}, "weights name box 1; expected 0 … 0"),
    ],
)
def test_passes_refuse_what_does_not_fit(change, words):
    with pytest.raises(ValueError, match=f"draw_passes: {words}"):
        plotting.draw_passes(**{"boxes": ["σ"], "forward": [1.0, 0.5], **change})
