"""The page for the lecture hall: how each question went, mistakes with examples, and nobody's name."""

import importlib.util
import re

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import browser  # noqa: E402
import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from accessibility import axe  # noqa: E402
from tiny_course import cell_of  # noqa: E402

from vgcourse.grading.checks import Mistake  # noqa: E402
from vgcourse.grading.inclass import Question, Told, bare, questions, to_html  # noqa: E402
from vgcourse.grading.rows import Part, Row  # noqa: E402

SLIP = Mistake("start.slope_of_square", "constant", "You give <2> back & not 2z.")
ANSWERS = {
    "ada": "def slope_of_square(z):\n    '''By Ada.'''\n    return 2  # Ada Osei, group 3",
    "bo": "def slope_of_square(z):\n    bo_says = 2\n    return bo_says",
    "chi": "def slope_of_square(z):\n    achievement = 2\n    return achievement",
    "dan": "def slope_of_square(z)\n    return 2",
    "eva": "def slope_of_square(z):\n    return 2 * z",
}
POINTS = {"ada": 0.0, "bo": 0.5, "chi": 1.5, "dan": 0.0, "eva": 2.0}


def row(student):
    parts = (
        Part("p1-check", POINTS[student], 2.0, False, False, "A slope"),
        Part("p1-derivation", None, 2.0, True, True, "A slope"),
    )
    mistakes = () if student == "eva" else (SLIP,)
    return Row(student, f"{student.title()} Osei", True, "graded", parts, mistakes)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (root / "solutions" / "tiny").mkdir(parents=True)
    nbformat.write(tiny_course.solution(), root / "solutions" / "tiny" / "tiny.ipynb")
    for student, answer in ANSWERS.items():
        notebook = tiny_course.solution()
        cell_of(notebook, "p1-answer").source = answer
        folder = root / "autograded" / student / "tiny"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
    rows = [*map(row, ANSWERS), Row("fay", "Fay", False, "no submission")]
    return questions(root, "tiny", rows)


def test_students_are_counted_by_question(asked):
    check, derivation = asked
    assert (check.heading, check.points, check.counts, check.waiting) == ("1 · A slope", 2, (1, 1, 1, 2), 0)
    assert (derivation.heading, derivation.counts, derivation.waiting) == ("1 by hand · A slope", (0,) * 4, 5)
    assert derivation.mistakes == () and check.students == derivation.students == 5


def test_an_example_is_the_shortest_that_names_nobody(asked):
    assert asked[0].mistakes == (Told(SLIP, 4, "def slope_of_square(z):\n    return 2"),)


def test_an_example_with_its_authors_name_in_it_is_not_shown(tmp_path):
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    notebook = tiny_course.solution()
    cell_of(notebook, "p1-answer").source = "def slope_of_square(z):\n    return 'Osei'"
    (tmp_path / "autograded" / "ada" / "tiny").mkdir(parents=True)
    nbformat.write(notebook, tmp_path / "autograded" / "ada" / "tiny" / "tiny.ipynb")
    question, _ = questions(
        tmp_path, "tiny", [row("ada")._replace(mistakes=(Mistake("p1-check", "k", "t"),))]
    )
    assert question.mistakes == (Told(Mistake("p1-check", "k", "t"), 1, ""),)


@pytest.mark.parametrize("source", ["def f(", "%time f()", "x = '\0'", "(" * 5000, ""])
def test_what_is_no_python_is_no_example(source):
    assert bare(source) == ""


def test_code_is_shown_without_comments_and_docstrings():
    assert bare("def f():\n    'doc'\n\nclass A:\n    x=1 # c") == "def f():\n    pass\n\nclass A:\n    x = 1"


def test_the_page_says_shares_and_no_names(asked):
    html = to_html(asked, title="tiny")
    assert "<b>80 %</b> (4 of 5): You give &lt;2&gt; back &amp; not 2z." in html
    assert '<desc id="q1-points-d">1 all points, 1 more than half, 1 up to half, 2 none</desc>' in html
    assert "Not read yet: 5." in html
    assert not re.search(r"\b(ada|bo|chi|dan|eva|fay|osei)\b", html, re.IGNORECASE)
    assert html.count("<svg") == html.count("<title id=") == html.count("<desc id=") == 3


def test_a_set_without_anyone():
    assert "Nothing graded." in to_html([])
    assert "nobody is counted yet" in to_html([Question("1", 2, (0, 0, 0, 0), 0, ())])


CONTRAST = """
() => { const lum = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
        .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
      return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
    const ground = lum(getComputedStyle(document.body).backgroundColor);
    return [...document.querySelectorAll('svg text, svg rect:not(.track)')].map(e => {
      const l = lum(getComputedStyle(e).fill);
      return (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05); }); }
"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_telephone_by_day_and_by_night(asked, scheme, tmp_path):
    require(browser.CHROMIUM, "needs chromium")
    for package in ("playwright", "axe_playwright_python"):
        require(importlib.util.find_spec(package), f"needs {package}")
    long = Mistake("x", "a_name_without_any_blank_in_it_" * 5, "A sentence with a_long_word_" + "x" * 90)
    more = Question(
        "12 · " + "A heading of some length " * 4, 4, (3, 0, 1, 9), 0, (Told(long, 9, "x = 1" * 60),)
    )
    (tmp_path / "page.html").write_text(to_html([*asked, more]), encoding="utf-8")
    with browser.chromium() as context:
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 400, "height": 800})
        page.goto((tmp_path / "page.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        heights = page.eval_on_selector_all(
            "svg text", "all => all.map(e => e.getBoundingClientRect().height)"
        )
        assert heights and min(heights) >= 12
        assert min(page.evaluate(CONTRAST)) >= 4.5
        assert axe(page) == []
        page.close()
