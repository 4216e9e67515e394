"""Every lecture in a real JupyterLab: it runs to its end, sliders move pictures, nothing asks the network."""

import nbformat
import pytest
from browser import ROOT, Notebook, Slider, course_in_lab

# Lecture 1 is in test_browser.py.
LECTURES = [path.name for path in sorted(ROOT.glob("lectures/[01]*.ipynb")) if path.name[:2] != "01"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """One Lab server on a copy of the lectures, and one browser."""
    with course_in_lab(tmp_path_factory.mktemp("lectures"), "lectures") as both:
        yield both


@pytest.mark.parametrize("name", LECTURES)
def test_it_runs_and_every_slider_moves_a_picture(lab, name):
    server, context = lab
    notebook = Notebook(context, server, f"lectures/{name}")
    notebook.run_all(seconds=300)
    assert notebook.errors() == []
    cells = nbformat.read(server.folder / notebook.path, as_version=4).cells
    live = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and "live_figure(" in cell.source]
    for index in live:
        cell = notebook.go_to(index)
        sliders = cell.locator(".widget-slider")
        sliders.first.wait_for()
        for number in range(sliders.count()):
            slider = Slider(
                notebook.page, sliders.nth(number), sliders.nth(number).locator(".noUi-handle").first
            )
            before, alt = slider.spoken(), slider.picture.get_attribute("alt")
            at_the_end = slider.handle.get_attribute("aria-valuenow") == slider.handle.get_attribute(
                "aria-valuemax"
            )
            slider.press("ArrowLeft" if at_the_end else "ArrowRight")
            assert slider.spoken() != before
            assert slider.picture.get_attribute("alt") not in ("", alt)
    assert len(notebook.urls) > 10
    assert notebook.outside_requests() == []
    notebook.close()
