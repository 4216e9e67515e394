"""site/lite.py: the JupyterLite beside the book has every notebook as it is, and the course as a wheel."""

import json
import re
from importlib.util import find_spec

import nbformat
import pytest
from accessibility import Page, static_server
from book import build, from_site, soup, write_notebook
from browser import CHROMIUM, chromium
from conftest import ROOT, require

NOTEBOOKS = [*ROOT.glob("lectures/[0-9]*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]
RUNTIME = "https://cdn.jsdelivr.net/pyodide/"  # as every copy says


@pytest.fixture(scope="module")
def lite(tmp_path_factory):
    module, out = from_site("lite"), tmp_path_factory.mktemp("lite") / "site"
    require(
        (module.ROOM / "jupyterlite_core").is_dir(), "JupyterLite is not installed (make lite installs it)"
    )
    module.write(ROOT, out)
    return out


def test_every_notebook_is_there_with_a_label_and_the_installation(lite):
    assert len(NOTEBOOKS) == len(set(NOTEBOOKS)) > 15
    listed = json.loads((lite / "api" / "contents" / "lectures" / "all.json").read_text())["content"]
    assert {item["name"] for item in listed} >= {path.name for path in ROOT.glob("lectures/[0-9]*.ipynb")}
    for path in NOTEBOOKS:
        stored = (lite / "files" / path.relative_to(ROOT)).read_text(encoding="utf-8")
        here = nbformat.reads(stored, as_version=4).cells
        assert here[0].source.startswith("# ")
        assert "Not tested" in here[1].source and "piplite.install" in here[2].source
        there = nbformat.read(path, as_version=4).cells
        assert [cell.source for cell in here[:1] + here[3:]] == [cell.source for cell in there]
        for cell in json.loads(stored)["cells"]:
            for output in cell.get("outputs", []):
                assert all(
                    isinstance(text, str | dict)
                    for text in [output.get("text", ""), *output.get("data", {}).values()]
                )
    for script in ROOT.glob("lectures/measured/*.py"):
        for name in (script.name, f"{script.stem}.json"):
            assert (lite / "files" / "lectures" / "measured" / name).is_file()


def test_a_notebook_there_has_no_answers(lite):
    assert not (lite / "files" / "solutions").exists()
    solved = "BEGIN SOLUTION"
    assert not [path for path in lite.glob("files/**/*.ipynb") if solved in path.read_text(encoding="utf-8")]


def test_the_course_is_a_wheel_and_nothing_of_the_instructor_s_is_there(lite):
    (wheel,) = lite.glob("pypi/vgcourse-*.whl")
    assert wheel.name in (lite / "pypi" / "all.json").read_text()
    extensions = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"][
        "federated_extensions"
    ]
    assert [extension["name"] for extension in extensions] == [
        "@jupyter-widgets/jupyterlab-manager",
        "@jupyterlite/pyodide-kernel-extension",
    ]
    size = sum(path.stat().st_size for path in lite.rglob("*") if path.is_file())
    assert size < 45_000_000


@pytest.mark.browser
def test_it_opens_in_a_browser_with_its_results(lite):
    require(CHROMIUM is not None, "no Chromium on this machine")
    for package in ("playwright", "axe_playwright_python"):
        require(find_spec(package) is not None, f"{package} is not installed")
    with chromium(width=1280) as context, static_server(lite) as address:
        page = Page(context, f"{address}/lab/index.html?path=lectures/03_depth.ipynb")
        page.page.locator(".jp-Notebook h1", has_text="3 · Depth").wait_for()
        output = page.page.locator(".jp-OutputArea-output pre", has_text="formula").first
        output.wait_for()
        assert not re.search(r"^,", output.inner_text(), re.MULTILINE), "lines, not a list of them"
        assert page.page.locator(".jp-OutputArea-output img").first.get_attribute("alt")
        assert page.page.locator(".jp-DirListing-itemText", has_text="12_clinic").count() == 1
        assert [url for url in page.outside_requests() if not url.startswith(RUNTIME)] == []
        page.close()


def test_a_page_of_the_book_leads_to_its_copy(lite, tmp_path):
    for folder in ("site", "lectures"):
        (tmp_path / "course" / folder).mkdir(parents=True)
    cover = "# A book\n\n```{toctree}\n/lectures/01_a\n```\n"
    (tmp_path / "course" / "site" / "index.md").write_text(cover)
    write_notebook(tmp_path / "course" / "lectures" / "01_a.ipynb", ["# 1 · A", "1 + 1"])
    status, said = build(tmp_path / "course", tmp_path / "out", "--no-answers", "--lite")
    assert status == 0, said
    page = tmp_path / "out" / "html" / "lectures" / "01_a.html"
    (link,) = soup(page).select("a.btn-lite")
    place, path = link["href"].split("?path=")
    assert (page.parent / place).is_file()
    assert (page.parent / place).parents[1].joinpath("files", path).is_file()
    assert link["title"] == "Run in this browser (JupyterLite)"
    assert not soup(page.parents[1] / "index.html").select("a.btn-lite")


def test_without_its_packages_it_says_what_to_do(monkeypatch, tmp_path):
    module = from_site("lite")
    monkeypatch.setattr(module, "ROOM", tmp_path)
    with pytest.raises(SystemExit, match="there is no JupyterLite in .*; it comes with: make lite"):
        module.write(ROOT, tmp_path / "out")
