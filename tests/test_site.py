"""The book that `make site` builds from the notebooks: its links, and whether everybody can read it."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
from accessibility import Page, axe, static_server
from browser import CHROMIUM, ROOT, Notebook, chromium, lab_server
from conftest import require

SITE_PACKAGES = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx-mathjax-offline")
PAGES = [
    "index",
    "lectures/90_sample",
    "site/topics",
    "site/errata",
    "site/glossary",
    "site/sources",
    "search",
]
PAGES += [f"lectures/{path.stem}" for path in sorted(ROOT.glob("lectures/[0-9]*.ipynb"))]
PAGES += [f"exercises/{path.stem}/{path.stem}" for path in sorted(ROOT.glob("exercises/*/*.ipynb"))]

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

SAMPLE = [
    r"""# 90 · A sample

**Logits** come from $z$, say Squire and
Trapp (1998), (Alpaydin & Kaynak 1998) and, unlike Kadurin, Cremer 2017; also
Rumelhart et al. (1986). In 1998 equation (1.7) stood in
[lecture 1](01_chain_rule.ipynb), section 2.

<details><summary>Answer</summary>

$$ \begin{aligned} a &= b \\ c &= d \end{aligned} \tag{90.1} $$

</details>""",
    """from vgcourse import plotting, widgets
import matplotlib.pyplot as plt""",
    """# checks (90.1): folded in Lab and here
print(6 * 7)""",
    """fig, ax = plt.subplots(figsize=(4, 2))
(line,) = ax.plot([0, 1], [0, 1])
ax.set(ylim=(0, 2))
plotting.show(fig, "A line that rises.")""",
    """def draw(a):
    line.set_ydata([0, a])
widgets.flipbook(fig, draw, [0.5, 1, 2], label="slope", alt=lambda a: f"A line of slope {a}")""",
]


def build(course, out):
    """Run site/build.py; returns its exit status and what it said."""
    command = [sys.executable, ROOT / "site" / "build.py", "--course", course, "--out", out]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def write_notebook(path, sources, execute=False):
    """A notebook: the first source is its text, the others are code; one with `checks` is folded."""
    import nbformat
    from nbclient import NotebookClient

    cells = [nbformat.v4.new_markdown_cell(sources[0]), *map(nbformat.v4.new_code_cell, sources[1:])]
    for cell in cells[1:]:
        if "checks (" in cell.source:
            cell.metadata.update(tags=["hide-input"], jupyter={"source_hidden": True})
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    if execute:
        NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}).execute()
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The repository's pages and one more lecture with everything that a page may hold."""
    for package in SITE_PACKAGES:
        require(find_spec(package) is not None, f"{package} is not installed (make site installs it)")
    course = tmp_path_factory.mktemp("course")
    for folder in ("lectures", "exercises", "site"):
        shutil.copytree(
            ROOT / folder, course / folder, ignore=shutil.ignore_patterns("_build", "__pycache__")
        )
    write_notebook(course / "lectures" / "90_sample.ipynb", SAMPLE, execute=True)
    return course


@pytest.fixture(scope="module")
def book(course):
    """The built pages."""
    status, said = build(course, course / "out")
    assert status == 0, said
    return course / "out" / "html"


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


def soup(path):
    from bs4 import BeautifulSoup

    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def unknown(violations, known=KNOWN):
    return [violation for violation in violations if violation.split(":")[0] not in known]


def pages_of(book):
    return [path for path in book.rglob("*.html") if "_static" not in path.parts]


# --- links ---


def test_every_page_is_there(book):
    found = {path.relative_to(book).with_suffix("").as_posix() for path in pages_of(book)}
    assert found == {*PAGES, "genindex"}


def test_every_link_leads_to_a_place_of_the_book(book):
    pages = {path.resolve(): soup(path) for path in pages_of(book)}
    places = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    checked = 0
    for path, page in pages.items():
        for link in page.select("a[href], link[href], img[src], script[src]"):
            where, _, fragment = (link.get("href") or link["src"]).partition("#")
            if where.startswith("data:"):
                continue
            assert "//" not in where, f"{path.name} leads elsewhere: {where}"
            target = (path.parent / where.partition("?")[0]).resolve() if where else path
            assert target.exists(), f"{path.name}: {where}"
            if fragment and target in places:
                assert fragment in places[target], f"{path.name}: {where}#{fragment}"
            checked += 1
    assert checked > 200


@pytest.mark.parametrize(
    "text, target",
    [
        ("Logits", "../site/glossary.html#term-logit"),
        ("Squire and Trapp (1998)", "../site/sources.html#source-squire-trapp-1998"),
        ("Alpaydin & Kaynak 1998", "../site/sources.html#source-alpaydin-kaynak-1998"),
        ("Cremer 2017", "../site/sources.html#source-cremer-2017"),
        ("Rumelhart et al. (1986)", "../site/sources.html#source-rumelhart-hinton-williams-1986"),
        ("(1.7)", "01_chain_rule.html#equation-1-7"),
        ("lecture 1", "01_chain_rule.html"),
    ],
)
def test_plain_text_becomes_a_link(book, text, target):
    article = soup(book / "lectures" / "90_sample.html").find("article")
    links = {" ".join(link.get_text().split()): link["href"] for link in article.find_all("a")}
    assert links[text] == target


def test_text_that_names_nothing_stays_text(book):
    article = soup(book / "lectures" / "90_sample.html").find("article")
    linked = " ".join(link.get_text() for link in article.find_all("a"))
    assert "In 1998" in article.get_text()
    assert not re.search(r"In 1998|Kadurin|section", linked)


def test_glossary_leads_to_the_definition(book):
    entry = soup(book / "site" / "glossary.html").find(id="term-logit")
    assert entry.find("a")["href"] == "../lectures/01_chain_rule.html#define-logit"
    place = soup(book / "lectures" / "01_chain_rule.html").find(id="define-logit")
    assert place.name == "strong"
    assert place.get_text() == "logits"


@pytest.mark.parametrize("name", ["glossary.md", "sources.md"])
def test_lists_are_in_order(name):
    entries = re.findall(
        r"^- \*\*(.+?)\*\*", (ROOT / "site" / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(entries) > 4
    assert entries == sorted(entries, key=str.casefold)


def test_what_is_missing_is_said_and_fails(course, tmp_path):
    faulty = tmp_path / "course"
    for folder in ("lectures", "exercises"):
        (faulty / folder).mkdir(parents=True)
    shutil.copytree(course / "site", faulty / "site")
    for page in ("topics", "errata"):  # they name lectures that are not there
        (faulty / "site" / f"{page}.md").write_text(f"# {page}\n")
    glossary = faulty / "site" / "glossary.md"
    glossary.write_text(
        "# Glossary\n\n- **known** ([lecture 1](../lectures/01_a.ipynb)): nowhere.\n- no name\n"
    )
    first = (
        "# One\n\nA **strange term**, Nobody & Noone (2001), (Nemo et al. 1999), (1.9).\n\n$$ a \\tag{1.1} $$"
    )
    write_notebook(faulty / "lectures" / "01_a.ipynb", [first])
    write_notebook(
        faulty / "lectures" / "02_b.ipynb", ["# Two\n\nSee [three](03_c.ipynb).\n\n$$ a \\tag{1.1} $$"]
    )
    status, said = build(faulty, tmp_path / "out")
    assert status == 1
    for sentence in (
        "'strange term' is bold and not in site/glossary.md",
        "'known' is not bold in lectures/01_a",
        "an entry has no bold name",
        "'Nobody & Noone 2001' is mentioned and not in site/sources.md",
        "'Nemo et al. 1999' is mentioned and not in site/sources.md",
        "equation (1.9) is mentioned; expected a formula with \\tag{1.9}",
        "equation (1.1) stands twice, also in lectures/01_a",
        "03_c.ipynb",
    ):
        assert said.count(sentence) == 1, f"{sentence}\n{said}"


# --- pages in a browser ---


@pytest.mark.browser
@pytest.mark.parametrize("width, scheme", [(1280, "dark"), (800, "light")])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_read_the_page(browser, address, name, width, scheme):
    page = Page(browser, f"{address}/{name}.html", scheme=scheme, width=width)
    assert unknown(page.violations(exclude=FORMULAS * (name != "lectures/90_sample"))) == []
    assert len(page.urls) > 5
    assert page.outside_requests() == []
    assert page.errors == []
    page.close()


@pytest.mark.browser
def test_formulas_are_set(browser, address, book):
    page = Page(browser, f"{address}/lectures/01_chain_rule.html").page
    formulas = soup(book / "lectures" / "01_chain_rule.html").select(".math")
    assert len(formulas) > 100
    assert page.locator("mjx-container").count() == len(formulas)
    assert page.locator("mjx-merror").count() == 0
    assert page.locator("#equation-1-7 mjx-assistive-mml").text_content().startswith("(1.7)")
    page.close()


@pytest.mark.browser
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


@pytest.mark.browser
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


# --- the same lecture elsewhere ---


@pytest.mark.browser
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


@pytest.mark.browser
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
