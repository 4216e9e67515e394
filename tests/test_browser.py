"""What a learner sees: real notebooks in a real JupyterLab, driven by keyboard."""

import json
import os
import shutil
import statistics
import sys
from pathlib import Path

import nbformat
import pytest
from browser import Notebook, Slider, course_in_lab

from vgcourse.authoring.build import TEMPLATES, build

LECTURE = "lectures/01_chain_rule.ipynb"
PROBLEM_SET = "exercises/ps1/ps1.ipynb"

RIGHT = """def linear_backward(dz, x, W):
    return W.T @ dz, dz @ x.T, dz.sum(axis=1)
"""
WRONG = RIGHT.replace("dz.sum(axis=1)", "dz.mean(axis=1)")

# One cell of each form that a lecture may hold.
FORMS = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
---

# Forms

```{code-cell} ipython3
import matplotlib.pyplot as plt
import numpy as np

from vgcourse import plotting, widgets
from vgcourse.check import check

plotting.use_style()
x = np.linspace(0, 5)
```

```{code-cell} ipython3
fig, ax = plt.subplots(figsize=(5, 3))
ax.plot(x, np.sin(x))
plotting.show(fig, "A sine that rises and falls")
```

```{code-cell} ipython3
:tags: [hide-input]

# checks (1.1): a label for what is folded
for number in range(3):
    print(number / 2)
```

```{code-cell} ipython3
fig, ax = plt.subplots(figsize=(5, 3))
(line,) = ax.semilogy(x, 0.9**x)
ax.set_ylim(1e-2, 1e2)
widgets.flipbook(
    fig, lambda a: line.set_ydata(a**x), np.linspace(0.5, 1.5, 21), start=0.9,
    label="factor a", alt=lambda a: f"{a:.2f} to the power t", fmt=".2f")
```

```{code-cell} ipython3
check("start.slope_of_square", lambda z: z)
```

```{code-cell} ipython3
fig, ax = plt.subplots(figsize=(5, 3))
(curve,) = ax.plot(x, 0.14 * x)
widgets.live_figure(
    fig, lambda rate: curve.set_ydata(rate * x), alt=lambda rate: f"a line of slope {rate}",
    rate=widgets.slider(0.02, 2.5, value=0.12, step=0.02, label="rate"))
```
"""
FIGURE, FOLDED, FLIPBOOK, CHECK = 2, 3, 4, 5  # their cells

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """One Lab server on a copy of the course, and one browser."""
    work = tmp_path_factory.mktemp("browser")
    (work / "course").mkdir()
    (work / "course" / "forms.md").write_text(FORMS)
    build(work / "course" / "forms.md")
    with course_in_lab(work, "lectures", "exercises") as both:
        yield both


@pytest.fixture(scope="module")
def lecture(lab):
    """Lecture 1, opened as stored and run to its end once."""
    server, context = lab
    notebook = Notebook(context, server, LECTURE)
    notebook.stored_picture = picture_of_cell(notebook, first_widget_cell(notebook))
    notebook.run_all()
    yield notebook
    notebook.close()


@pytest.fixture(scope="module")
def forms(lab):
    """A notebook with one cell of each form, opened as stored, not run yet, not trusted."""
    notebook = Notebook(lab[1], lab[0], "forms.ipynb")
    yield notebook
    notebook.close()


def first_widget_cell(notebook):
    cells = nbformat.read(notebook.server.folder / notebook.path, as_version=4).cells
    return next(i for i, cell in enumerate(cells) if "live_figure(" in cell.source)


def picture_of_cell(notebook, index):
    image = notebook.go_to(index).locator(".jp-OutputArea-output img").first
    image.wait_for()
    return image.evaluate("image => ({width: image.naturalWidth, source: image.src.slice(0, 22)})")


def test_lecture_runs_without_error_and_without_the_network(lecture):
    assert lecture.errors() == []
    assert len(lecture.urls) > 10  # the recorder sees something
    assert lecture.outside_requests() == []


def test_stored_lecture_shows_the_widget_as_a_picture(lecture):
    assert lecture.stored_picture["source"] == "data:image/png;base64,"
    assert lecture.stored_picture["width"] > 300


def test_live_lecture_shows_the_widget_in_place_of_the_picture(lecture):
    cell = lecture.go_to(first_widget_cell(lecture))
    assert cell.locator(".widget-slider").count() >= 1
    assert cell.locator(".jp-OutputArea-output img").count() == 1
    assert cell.locator(".jp-RenderedImage").count() == 0


def test_slider_moves_picture_and_alt_text_by_keyboard(lecture, capsys):
    slider = lecture.find_slider()
    value, alt = slider.value(), slider.picture.get_attribute("alt")
    times = [slider.press("ArrowLeft") for _ in range(5)]
    assert slider.value() < value
    assert slider.picture.get_attribute("alt") not in ("", alt)
    times += [slider.press(key) for key in ["ArrowRight"] * 5 + ["ArrowLeft"] * 5 + ["ArrowRight"] * 5]
    assert slider.value() == pytest.approx(value)
    assert slider.picture.get_attribute("alt") == alt
    median = tell("slider", times, capsys)
    if path := os.environ.get("VGCOURSE_BENCH_OUT"):
        report = {"slider_ms_median": round(median, 1), "slider_ms": [round(ms, 1) for ms in times]}
        Path(path).write_text(json.dumps(report) + "\n")


def tell(name, times, capsys):
    """Print the median of milliseconds, and return it: for people and benchmarks, no test depends on it."""
    median = statistics.median(times)
    with capsys.disabled():
        slowest = f"slowest {max(times):.1f} of {len(times)}"
        print(f"\n{name}, key press to changed picture: median {median:.1f} ms, {slowest}", file=sys.stderr)
    return median


def test_widget_fits_a_narrow_page(lecture):
    lecture.fit(700)
    slider = lecture.find_slider()
    page, picture = slider.output.bounding_box(), slider.picture.bounding_box()
    assert page["width"] == pytest.approx(700, abs=2)
    assert picture["x"] + picture["width"] <= page["x"] + page["width"] + 1
    assert slider.locator.bounding_box()["width"] <= page["width"]


def answered(server, name, answer):
    """Put an answer into a copy of the problem set; returns its path, the cells to run, and the check's."""
    notebook = nbformat.read(server.folder / PROBLEM_SET, as_version=4)
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    (place,) = (i for i in code if "def linear_backward(" in notebook.cells[i].source)
    check = next(i for i in code if i > place and 'check("ps1.linear_backward"' in notebook.cells[i].source)
    notebook.cells[place].source = answer
    path = Path(PROBLEM_SET).with_name(name).as_posix()
    nbformat.write(notebook, server.folder / path)
    return path, [i for i in code if i <= place] + [check], check


@pytest.mark.parametrize(
    "name, answer, ticks, crosses, sentence",
    [
        pytest.param("right.ipynb", RIGHT, 3, 0, "All quantities agree on these inputs.", id="right"),
        pytest.param("wrong.ipynb", WRONG, 2, 1, "Your db is the mean over the batch.", id="wrong"),
    ],
)
def test_learner_sees_what_the_check_says(lab, name, answer, ticks, crosses, sentence):
    server, context = lab
    path, cells, check = answered(server, name, answer)
    notebook = Notebook(context, server, path)
    notebook.run_cells(cells)
    output = notebook.go_to(check).locator(".jp-OutputArea-output").first
    output.wait_for()
    assert notebook.go_to(check).locator(".jp-OutputArea-child").count() == 1, "no number below the table"
    shown = output.inner_text()
    assert (shown.count("✓"), shown.count("✗")) == (ticks, crosses), shown
    assert sentence in " ".join(shown.split())
    assert notebook.outside_requests() == []
    notebook.close()


def test_a_learner_goes_from_a_wrong_answer_to_the_points(lab):
    server, context = lab
    path, cells, check = answered(server, "way.ipynb", WRONG)
    file = nbformat.read(server.folder / path, as_version=4)
    file.cells += map(
        nbformat.v4.new_code_cell,
        [
            "%env VGCOURSE_PROGRESS=way.json",
            'hint("ps1.linear_backward")',
            "from vgcourse.check import progress\n\nprogress.show()",
        ],
    )
    nbformat.write(file, server.folder / path)
    begin, hint, progress = range(len(file.cells) - 3, len(file.cells))
    notebook = Notebook(context, server, path)

    def shown(cell):
        return " ".join(notebook.go_to(cell).locator(".jp-OutputArea").inner_text().split())

    notebook.run_cells([begin, *cells, hint, progress])
    assert "Your db is the mean over the batch." in shown(check)
    assert "Hint 1 of 3." in shown(hint)
    assert "◐ linear_backward" in shown(progress)
    notebook.go_to(cells[-2]).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.insert_text(RIGHT)
    notebook.run_cells([cells[-2], check, progress])
    assert "4 / 4 points" in shown(check)
    assert "✓ linear_backward" in shown(progress)
    notebook.close()


# --- the forms, in the order in which a reader meets them: stored, run, exported ---


@pytest.mark.parametrize("path", ["forms.ipynb", LECTURE])
def test_opening_and_saving_changes_no_byte(lab, path):
    server, context = lab
    file = server.folder / path
    copy = file.with_name("saved_" + file.name)
    shutil.copy(file, copy)
    notebook = Notebook(context, server, copy.relative_to(server.folder).as_posix())
    for index in range(len(notebook.saved().cells)):
        notebook.go_to(index)
    notebook.saved()
    notebook.close()
    assert copy.read_bytes() == file.read_bytes()


def test_a_stored_figure_is_spoken(forms):
    picture = forms.go_to(FIGURE).get_by_role("img", name="A sine that rises and falls")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") == 550
    assert forms.go_to(FIGURE).locator(".jp-OutputArea-output").count() == 1


def test_a_folded_cell_shows_its_label_and_opens(forms):
    cell = forms.go_to(FOLDED)
    folded = cell.locator(".jp-InputPlaceholder")
    folded.wait_for()
    assert "# checks (1.1): a label for what is folded" in folded.inner_text()
    assert "range(3)" not in cell.inner_text() and "0.5" in cell.inner_text()
    forms.page.keyboard.press("Escape")
    forms.page.keyboard.press("Enter")
    cell.locator(".cm-content", has_text="range(3)").wait_for()
    forms.page.evaluate("jupyterapp.commands.execute('notebook:hide-cell-code')")
    folded.wait_for()


def test_a_flipbook_nobody_trusts_yet_is_a_picture_that_speaks(forms):
    cell = forms.go_to(FLIPBOOK)
    cell.get_by_role("img", name="0.90 to the power t").wait_for()
    assert cell.locator("input, script").count() == 0


def flipbook_in(forms):
    cell = forms.go_to(FLIPBOOK)
    handle = cell.get_by_role("slider", name="factor a", exact=True)
    handle.wait_for()
    return Slider(forms.page, handle, handle)


def test_a_flipbook_moves_by_keyboard(forms, capsys):
    forms.run_all()
    assert forms.errors() == []
    flipbook = flipbook_in(forms)
    picture, output = flipbook.picture, flipbook.output.locator("output")
    assert (flipbook.spoken(), picture.get_attribute("alt")) == ("0.90", "0.90 to the power t")
    start = picture.get_attribute("src")
    times = [flipbook.press("ArrowRight") for _ in range(3)]
    assert flipbook.spoken() == output.inner_text() == "1.05"
    assert picture.get_attribute("alt") == "1.05 to the power t"
    assert picture.get_attribute("src") != start
    times += [flipbook.press(key) for key in ["ArrowLeft"] * 3 + ["ArrowUp", "ArrowDown"] * 5]
    assert picture.get_attribute("src") == start
    flipbook.press("End")
    assert flipbook.spoken() == "1.50"
    flipbook.press("Home")
    assert flipbook.spoken() == "0.50"
    tell("flipbook", times, capsys)
    assert forms.outside_requests() == []


def test_keys_on_a_flipbook_do_not_reach_the_notebook(forms):
    flipbook = flipbook_in(forms)
    cells = len(forms.saved().cells)
    flipbook.handle.focus()
    for key in "ddbax":
        forms.page.keyboard.press(key)
    assert len(forms.saved().cells) == cells


def test_a_flipbook_fits_a_narrow_page(forms):
    forms.fit(400)
    flipbook = flipbook_in(forms)
    page = flipbook.output.bounding_box()
    for part in (flipbook.picture, flipbook.handle):
        box = part.bounding_box()
        assert box["x"] + box["width"] <= page["x"] + page["width"] + 1
    shape = flipbook.picture.evaluate("image => image.clientWidth / image.clientHeight")
    assert shape == pytest.approx(5 / 3, rel=0.02, abs=0)
    forms.page.set_viewport_size({"width": 1000, "height": 900})


def test_a_handle_has_a_name_and_says_the_number_in_the_readout(forms):
    slider = forms.find_slider("rate")
    assert forms.page.get_by_role("slider", name="rate", exact=True).count() == 1
    spoken = []
    for _ in range(12):
        slider.press("ArrowRight")
        spoken.append(slider.spoken())
    assert spoken == [f"{0.12 + 0.02 * (i + 1):.2f}" for i in range(12)]
    assert slider.picture.get_attribute("alt") == "a line of slope 0.36"


def test_a_check_at_the_end_of_a_cell_shows_its_table_only(forms):
    outputs = forms.go_to(CHECK).locator(".jp-OutputArea-child")
    assert outputs.count() == 1
    assert outputs.locator("table").count() == 1
    assert not outputs.inner_text().strip().endswith("0.0")


def test_an_exported_page_moves_and_folds(lab):
    from nbconvert import HTMLExporter

    server, context = lab
    exporter = HTMLExporter(template_name="vgcourse", extra_template_basedirs=[str(TEMPLATES)])
    exported = server.folder / "forms.html"
    exported.write_text(exporter.from_filename(str(server.folder / "forms.ipynb"))[0], encoding="utf-8")
    page = context.new_page()
    page.goto(exported.as_uri(), wait_until="domcontentloaded")
    handle = page.get_by_role("slider", name="factor a", exact=True)
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("img", name="0.95 to the power t").count() == 1
    assert page.get_by_role("img", name="A sine that rises and falls").count() == 1
    code = page.get_by_text("range(3)")
    assert not code.is_visible()
    page.get_by_text("checks (1.1): a label for what is folded").first.click()
    assert code.is_visible()
    page.close()
