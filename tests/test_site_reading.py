"""Reading the book: a real browser on its pages, on a large and a small screen, by keyboard, and on paper."""

import re
import shutil
import subprocess
import sys
import zlib
from importlib.util import find_spec

import pytest
from accessibility import Page, axe, static_server
from book import PAGES, soup
from browser import CHROMIUM, ROOT, Notebook, chromium, lab_server
from conftest import require

# What axe finds and we do not mend, with the reason; everything else is a failure.
KNOWN = {
    "empty-table-header": "markdown cannot leave out the corner of a table; no rule of WCAG",
}
KNOWN_IN_EXPORT = KNOWN | {
    "link-in-text-block": "JupyterLab's style sheet, which nbconvert copies, does not underline links",
}
# The project's own part of a notebook: texts and outputs. The rest of the page is JupyterLab's.
OWN = [".jp-RenderedMarkdown", ".jp-OutputArea-output"]

# A page has hundreds, each of many elements, all made in one way: they are looked at on the sample page.
FORMULAS = ["mjx-container"]
ROWS = ["tbody tr:nth-child(n + 4)"]  # of the claims

LECTURES = [name.removeprefix("lectures/") for name in PAGES if re.match(r"lectures/(?!90)", name)]

# Formulas and code blocks that are wider than the page, with every fold open for the moment.
WIDE = """() => {
    const folds = [...document.querySelectorAll("article details:not([open])")];
    for (const fold of folds) fold.open = true;
    const all = [...document.querySelectorAll("article pre, div.math")];
    const wide = all.filter(e => e.scrollWidth > e.clientWidth);
    const texts = wide.map(e => (e.querySelector("mjx-assistive-mml") ?? e).textContent.trim());
    for (const fold of folds) fold.open = false;
    return texts;
}"""

LARGE, SMALL = (1280, "dark"), (400, "light")
VIEWS = [(name, *view) for name in PAGES for view in (LARGE, SMALL) if not name.startswith("library/")]
# The library's pages are all made in one way: each is looked at once.
VIEWS += [(name, *(LARGE, SMALL)[i % 2]) for i, name in enumerate(PAGES) if name.startswith("library/")]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    require(CHROMIUM is not None, "no Chromium on this machine")
    for package in ("playwright", "axe_playwright_python"):
        require(find_spec(package) is not None, f"{package} is not installed")
    with chromium(width=1280) as context:
        yield context


@pytest.fixture(scope="module")
def address(book):
    with static_server(book) as url:
        yield url


def unknown(violations, known=KNOWN):
    return [violation for violation in violations if violation.split(":")[0] not in known]


# --- pages in a browser ---


@pytest.mark.parametrize("name, width, scheme", VIEWS)
def test_everybody_can_read_the_page(browser, address, name, width, scheme):
    page = Page(browser, f"{address}/{name}.html", scheme=scheme, width=width)
    if (width, scheme) == LARGE:
        assert page.page.evaluate(WIDE) == [], "it scrolls: break it in two lines"
    if name != "lectures/90_sample":  # thousands of elements that axe would walk through, all made in one way
        page.page.evaluate("document.querySelectorAll('mjx-container').forEach(e => e.replaceChildren())")
    assert unknown(page.violations(exclude=ROWS * (name == "site/claims"))) == []
    page.page.set_viewport_size({"width": 400, "height": 900})
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 400, "it scrolls sideways"
    assert len(page.urls) > 5
    assert page.outside_requests() == []
    assert page.errors == []
    page.close()


def test_formulas_are_set(browser, address, book):
    page = Page(browser, f"{address}/lectures/01_chain_rule.html").page
    formulas = soup(book / "lectures" / "01_chain_rule.html").select(".math")
    assert len(formulas) > 100
    assert page.locator("mjx-container").count() == len(formulas)
    assert page.locator("mjx-merror").count() == 0
    assert page.locator("#equation-1-7 mjx-assistive-mml").text_content().startswith("(1.7)")
    page.close()


def test_folded_code_and_answers_open(browser, address):
    page = Page(browser, f"{address}/lectures/90_sample.html").page
    for label, inside in (("checks (90.1): folded", "pre"), ("Answer", "mjx-container")):
        summary = page.locator("article summary", has_text=label)
        content = page.locator("article details", has_text=label).locator(inside)
        assert not content.is_visible()
        summary.focus()
        page.keyboard.press("Enter")
        content.wait_for(state="visible")
    assert page.locator("article details mjx-container").bounding_box()["height"] > 20
    page.close()


def test_figure_speaks_and_flipbook_moves(browser, address):
    page = Page(browser, f"{address}/lectures/90_sample.html").page
    assert page.get_by_alt_text("A line that rises.").bounding_box()["width"] > 200
    slider = page.get_by_role("slider", name="slope")
    picture = page.get_by_alt_text("A line of slope 0.5")
    before = picture.get_attribute("src")
    slider.press("ArrowRight")
    moved = page.get_by_alt_text("A line of slope 1", exact=True)
    moved.wait_for()
    assert moved.get_attribute("src") != before
    page.close()


@pytest.mark.parametrize("name", LECTURES)
def test_a_slider_of_every_lecture_moves_without_a_kernel(browser, address, name):
    page = browser.new_page()
    page.goto(f"{address}/lectures/{name}.html", wait_until="domcontentloaded")
    slider = page.get_by_role("slider").first
    assert slider.evaluate("input => input.labels[0].textContent.trim()")
    picture = slider.locator("xpath=ancestor::div[img][1]/img")
    before = picture.get_attribute("alt"), picture.get_attribute("src")
    last = slider.evaluate("input => input.value === input.max")
    slider.press("ArrowLeft" if last else "ArrowRight")
    after = picture.get_attribute("alt"), picture.get_attribute("src")
    assert after[0] != before[0] and after[1] != before[1]
    page.close()


def test_how_fast_a_slider_answers_is_told(browser, address):
    """Milliseconds from the moved handle to the decoded picture; printed, since machines differ."""
    page = browser.new_page()
    page.goto(f"{address}/lectures/03_depth.html", wait_until="domcontentloaded")
    times = page.get_by_role("slider").first.evaluate(
        """async input => {
            const image = input.closest("div:has(> img)").querySelector("img"), times = [];
            for (let i = 0; i <= +input.max; i++) {
                const start = performance.now();
                input.value = i;
                input.dispatchEvent(new Event("input"));
                await image.decode();
                times.push(performance.now() - start);
            }
            return times;
        }"""
    )
    print(f"{len(times)} pictures, median {sorted(times)[len(times) // 2]:.1f} ms")
    assert len(times) > 5
    page.close()


# --- finding one's way ---


def test_from_the_first_page_to_a_number_in_one_click(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.get_by_role("link", name="Why does my LSTM forget after ten steps?").click()
    page.wait_for_url("**/site/questions.html#*")
    answer = page.locator("section#why-does-my-lstm-forget-after-ten-steps")
    assert "2.2 steps" in answer.text_content()
    answer.get_by_role("link").first.click()
    page.wait_for_url("**/lectures/10_lstm.html#what-the-forget-gate-keeps")
    page.close()


@pytest.mark.parametrize("words, title", [("lstm forget", "Questions people ask"), ("dead unit", "Glossary")])
def test_search_finds_it(browser, address, words, title):
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.locator("#search-results li a", has_text=title).first.wait_for()
    page.close()


def test_three_doors_lead_on(book):
    doors = [link["href"] for link in soup(book / "index.html").select(".doors li > p:first-child a")]
    assert doors == ["lectures/00_start_here.html", "site/work.html", "site/guide.html"]


def test_hints_and_solution_unfold(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/exercises/ps1/ps1.html")
    for label, inside in (("Hint 1 of 3", "p"), ("Solution", "pre")):
        fold = page.locator("article details", has=page.get_by_text(label, exact=True)).first
        assert not fold.locator(inside).first.is_visible()
        fold.locator("summary").press("Enter")
        fold.locator(inside).first.wait_for(state="visible")
    page.close()


# --- without code, without motion, on paper ---


def test_code_can_be_put_away_and_stays_away(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/lectures/90_sample.html")
    code = page.locator("article pre", has_text="set_ydata")
    fold = page.locator("details.code", has=page.locator("pre", has_text="set_ydata"))
    button = page.get_by_role("button", name="Hide code")
    assert not fold.locator("summary").is_visible()
    button.press("Enter")
    assert not code.is_visible()
    assert page.get_by_alt_text("A line that rises.").is_visible()
    page.reload()
    assert button.get_attribute("aria-pressed") == "true"
    assert not code.is_visible()
    fold.locator("summary").press("Enter")
    assert code.is_visible()
    button.press("Enter")  # off, for the other tests of this browser too
    assert button.get_attribute("aria-pressed") == "false"
    assert page.locator("details.code .cell_input").first.is_visible()
    page.close()


@pytest.mark.parametrize("wish, moves", [("no-preference", True), ("reduce", False)])
def test_the_moving_picture_respects_the_reader(browser, address, wish, moves):
    page = browser.new_page()
    page.emulate_media(reduced_motion=wish)
    page.goto(f"{address}/index.html")
    running = "document.querySelector('.moving-figure').getAnimations({subtree: true})"
    ends = page.evaluate(f"{running}.map(animation => animation.effect.getComputedTiming().endTime)")
    assert bool(ends) is moves
    assert all(end <= 5000 for end in ends)  # what moves longer needs a way to stop it
    assert page.get_by_role("button", name="Play again").count() == moves
    if moves:
        page.get_by_role("button", name="Play again").press("Enter")
        assert page.evaluate(f"{running}.every(animation => animation.currentTime < 4000)")
    else:
        assert page.locator(".moving-figure .share").first.evaluate("e => getComputedStyle(e).opacity") == "1"
    page.close()


def test_on_paper_folds_are_open_and_bars_are_gone(browser, address):
    page = browser.new_page()
    page.goto(f"{address}/lectures/90_sample.html")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("article details:not([open])").count() == 0
    assert not page.locator(".bd-sidebar-primary").is_visible()
    assert not page.get_by_role("slider").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("article details:not([open])").count() == 2
    page.close()


def test_a_lecture_is_printed(browser, book, tmp_path):
    command = [sys.executable, ROOT / "site" / "pdf.py", "--book", book, "--out", tmp_path, "90_sample"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    data = (tmp_path / "90_sample.pdf").read_bytes()
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 4
    assert b"/StructTreeRoot" in data  # a screen reader finds headings and alternative texts
    assert b"A line that rises." in data
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    texts = [zlib.decompress(stream) for stream in streams if stream[:1] == b"\x78"]
    assert any(
        b"beginbfchar" in text or b"beginbfrange" in text for text in texts
    )  # glyphs have their letters


def test_a_page_that_is_not_there_is_not_printed(browser, book, tmp_path):
    command = [sys.executable, ROOT / "site" / "pdf.py", "--book", book, "--out", tmp_path, "99_none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "99_none is no lecture" in done.stderr


# --- the same lecture elsewhere ---


@pytest.mark.parametrize("name", ["01_chain_rule", "90_sample"])
def test_everybody_can_read_the_exported_page(browser, course, tmp_path, name):
    from nbconvert import HTMLExporter

    from vgcourse.grading.mathml import HTML_EXPORTER

    exporter = HTMLExporter(**HTML_EXPORTER, template_name="vgcourse")
    text, _ = exporter.from_filename(str(course / "lectures" / f"{name}.ipynb"))
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    with static_server(tmp_path) as url:
        page = Page(browser, f"{url}/page.html")
        assert unknown(page.violations(include=OWN), KNOWN_IN_EXPORT) == []
        assert page.outside_requests() == []
        page.close()


def test_everybody_can_read_the_lecture_in_lab(browser, course, tmp_path):
    shutil.copytree(course / "lectures", tmp_path / "course" / "lectures")
    whole = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}  # every cell is in the page
    with lab_server(tmp_path / "course", tmp_path / "lab", whole) as server:
        for name in ("01_chain_rule", "90_sample"):
            notebook = Notebook(browser, server, f"lectures/{name}.ipynb")
            notebook.page.locator("mjx-container").first.wait_for()
            assert notebook.page.locator(".jp-Cell").count() == len(notebook.saved().cells)
            assert unknown(axe(notebook.page, OWN, FORMULAS * (name != "90_sample"))) == []
            assert len(notebook.urls) > 10
            assert notebook.outside_requests() == []
            notebook.close()
