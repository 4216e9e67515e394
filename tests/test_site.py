"""The book that `make site` builds: its pages and links, and what is made from notebooks and library."""

import importlib
import inspect
import json
import re
import shutil
from importlib.util import find_spec

import nbformat
import pytest
from book import PAGES, SITE_PACKAGES, build, from_site, pages_of, soup, write_notebook
from conftest import ROOT, require

import vgcourse
from vgcourse.check import find

MEGABYTE = 1_000_000
LETTERS_AND_SIGNS = re.compile(r"[\s`_^{}()]")  # what setting a plain text takes away


# --- links ---


def test_every_page_is_there(book):
    found = {path.relative_to(book).with_suffix("").as_posix() for path in pages_of(book)}
    assert found == set(PAGES)


def test_every_link_leads_to_a_place_of_the_book(book):
    pages = {path.resolve(): soup(path) for path in pages_of(book)}
    places = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    checked = 0
    for path, page in pages.items():
        for link in page.select("a[href], link[href], img[src], script[src]"):
            where, _, fragment = (link.get("href") or link["src"]).partition("#")
            if where.startswith("data:") or (link.name == "a" and where.startswith("https://")):
                continue  # a reader may be sent elsewhere, a page asks for nothing there
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


def test_what_belongs_together_stays_in_one_line(book):
    article = soup(book / "lectures" / "90_sample.html").find("article")
    assert [kept.get_text() for kept in article.select("span.keep")] == [r"\(z\),", r"(\(z\)),"]
    assert [kept.get_text() for kept in article.select("p code.keep")] == ["dh @ W_h"]
    assert "51\N{NO-BREAK SPACE}%." in article.get_text()


@pytest.mark.parametrize(
    "given, wanted",
    [
        ("h_{l−1} and W_l act on h_L", "h~l−1~ and W~l~ act on h~L~"),
        ("(T_H/T_1)^((j−1)/(H−1)), 2^16", "(T~H~/T~1~)^(j−1)/(H−1)^, 2^16^"),
        ("Σ_k e^z_k of ∂L/∂W_hg, n_in", "Σ~k~ e^z~k~^ of ∂L/∂W~hg~, n~in~"),
        ("‖W^K‖^(1/K), h_(t−1), f'(z_k)", "‖W^K^‖^1/K^, h~t−1~, f'(z~k~)"),
        ("R_1ᵀ, σ_w², state_{t−1}, m · e^log_scale", "R~1~ᵀ, σ~w~², state~t−1~, m · e^log_scale^"),
        ("h_prev, y_hat, W_h_n, clip_by_value, x.T_y", "h_prev, y_hat, W_h_n, clip_by_value, x.T_y"),
    ],
)
def test_indices_and_powers_of_plain_text(given, wanted):
    def written(node):
        sign = {"subscript": "~", "superscript": "^"}.get(node.tagname, "")
        inside = "".join(map(written, node.children)) if node.children else node.astext()
        return f"{sign}{inside}{sign}"

    assert "".join(map(written, from_site("typesetting")._letters(given))) == wanted


def test_hints_and_docstrings_have_indices(book):
    hints = soup(book / "exercises" / "ps2" / "ps2.html").select("article details sub")
    assert len(hints) > 10
    library = soup(book / "library" / "mlp.html").select("article dd p sub")
    assert "l−1" in [sub.get_text() for sub in library]
    assert not soup(book / "library" / "losses.html").select("dt.sig sub"), "names of parameters stay"


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


@pytest.fixture(scope="module")
def faulty(course, tmp_path_factory):
    """A small course with faults and an address: (exit status, what was said, the pages)."""
    faulty = tmp_path_factory.mktemp("faulty")
    for folder in ("lectures", "exercises"):
        (faulty / folder).mkdir()
    shutil.copytree(course / "site", faulty / "site")
    for page in ("index", "topics", "errata", "questions", "work"):  # they name lectures that are not there
        (faulty / "site" / f"{page}.md").write_text(f"# {page}\n")
    toctree = "```{toctree}\n:glob:\n/lectures/*\n/site/*\n```\n"
    (faulty / "site" / "index.md").write_text(f"# A book\n\n{toctree}")
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
    status, said = build(faulty, faulty / "out", "--address", "someone/gradients")
    return status, said, faulty / "out" / "html"


def test_what_is_missing_is_said_and_fails(faulty):
    status, said, _ = faulty
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


def test_without_pages_sphinx_says_why(tmp_path):
    for package in SITE_PACKAGES:
        require(find_spec(package) is not None, f"{package} is not installed")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.md").write_text("# A book\n")
    shutil.copytree(ROOT / "exercises" / "ps1", tmp_path / "exercises" / "ps1")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "doctrees").write_text("a file where Sphinx wants a folder")
    status, said = build(tmp_path, tmp_path / "out", "--no-answers")
    assert status == 2
    assert "FileExistsError" in said and "FileNotFoundError" not in said


def test_with_an_address_a_notebook_starts_with_one_click(faulty):
    links = [link["href"] for link in soup(faulty[2] / "lectures" / "02_b.html").select("a[href]")]
    assert "https://mybinder.org/v2/gh/someone/gradients/main?urlpath=lab/tree/lectures/02_b.ipynb" in links
    assert "https://colab.research.google.com/github/someone/gradients/blob/main/lectures/02_b.ipynb" in links


# --- weight ---


def test_no_page_is_heavier_than_three_megabytes(book):
    weights = {}
    for path in pages_of(book):
        images = {image["src"] for image in soup(path).select("img[src]") if "data:" not in image["src"]}
        files = [path, *((path.parent / image).resolve() for image in images)]
        weights[path.relative_to(book).as_posix()] = sum(file.stat().st_size for file in files)
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:5]
    print("\n".join(f"{size / MEGABYTE:.2f} MB  {name}" for name, size in heaviest))
    assert heaviest[0][1] < 3 * MEGABYTE


# --- widgets ---


def test_every_lecture_has_a_slider_that_needs_no_kernel(book):
    for path in sorted(book.glob("lectures/[0-9]*.html")):
        books = soup(path).select('script[type="application/json"]')
        frames = [json.loads(data.string) for data in books if '"frames"' in data.string]
        assert frames, path.name
        for flipbook in frames:
            assert flipbook["label"].strip()
            texts = [alt for _, alt, _ in flipbook["frames"]]
            assert len(set(texts)) > 1, f"{path.name}: {flipbook['label']}: no picture says what changed"


def test_a_picture_of_a_live_figure_says_where_its_sliders_are(book):
    for path in book.glob("lectures/[0-9]*.html"):
        source = ROOT / "lectures" / f"{path.stem}.md"
        live = source.read_text(encoding="utf-8").count("widgets.live_figure(") if source.exists() else 0
        assert len(soup(path).select("div.cell > p.live")) == live, path.name


def test_every_picture_says_what_it_shows(book):
    pictures = 0
    for path in pages_of(book):
        for image in soup(path).select("article img"):
            pictures += 1
            assert len(image.get("alt", "").split()) > 2, f"{path.name}: {image.get('src', '')[:60]}"
    assert pictures > 100


def test_headings_are_in_order(book):
    for path in (path for path in pages_of(book) if path.stem != "search"):
        levels = [int(tag.name[1]) for tag in soup(path).select("article :is(h1, h2, h3, h4, h5, h6)")]
        assert levels[:1] == [1] and levels.count(1) == 1, path.name
        assert all(below <= above + 1 for above, below in zip(levels, levels[1:])), f"{path.name}: {levels}"


# --- problem sets ---


@pytest.mark.parametrize("name", [path.stem for path in sorted(ROOT.glob("exercises/*/*.ipynb"))])
def test_hints_and_answers_are_folded_below_each_box(book, name):
    article = soup(book / "exercises" / name / f"{name}.html").find("article")
    solved = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
    boxes = [cell for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    shown = [tag for tag in article.find_all("details") if tag.summary.get_text() == "Solution"]
    assert len(shown) == len(boxes) > 5
    for box, answer in zip(boxes, shown):
        assert not answer.has_attr("open")
        (wanted,) = re.findall(r"### BEGIN SOLUTION\n(.*?)### END", box.source, re.DOTALL) or [box.source]
        if box.cell_type == "code":
            assert "".join(wanted.split()) in "".join(answer.pre.get_text().split())
    graded = sorted(
        set(re.findall(rf'check\("({name}\.\w+)"', "".join(cell.source for cell in solved.cells)))
    )
    for problem in graded:
        first = LETTERS_AND_SIGNS.sub("", find(problem).hints[0])
        assert first[:30] in LETTERS_AND_SIGNS.sub("", article.get_text().replace("’", "'")), problem
    assert "What a right answer shows" in article.get_text()
    source = "".join(cell.source for cell in solved.cells)
    hidden = re.findall(r"BEGIN HIDDEN TESTS.*?(seed=\d+).*?END HIDDEN", source, re.DOTALL)
    assert hidden
    for secret in ("HIDDEN TESTS", "MARK SCHEME", "Rubric", "BEGIN SOLUTION", *hidden):
        assert secret not in article.get_text()


def test_a_notebook_that_is_downloaded_has_no_answers(book):
    for path in ROOT.glob("exercises/*/*.ipynb"):
        assert (book / "_sources" / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    (archive,) = (book / "_downloads").rglob("problem-sets.zip")
    shutil.unpack_archive(archive, archive.parent / "unpacked")
    for path in ROOT.glob("exercises/*/*.ipynb"):
        assert (archive.parent / "unpacked" / path.name).read_bytes() == path.read_bytes()


def test_a_class_gets_a_book_without_answers(course, tmp_path):
    from_site("build").gather(course, tmp_path / "source", answers=False)
    for path in ROOT.glob("exercises/*/*.ipynb"):
        assert (tmp_path / "source" / path.relative_to(ROOT)).read_bytes() == path.read_bytes()


def test_two_versions_of_a_set_that_differ_are_refused():
    one, two = (nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(x, id=x)]) for x in "ab")
    with pytest.raises(ValueError, match="differ in their cells"):
        from_site("worked").with_answers(one, two)


# --- the library ---


def public_functions():
    """The full names of all functions that the rooms hand on, each once."""
    rooms = [importlib.import_module(f"vgcourse.{name}") for name in vgcourse.__all__]
    rooms += [vgcourse.recurrent.fast, vgcourse.recurrent.memory]
    for room in rooms:
        names = getattr(room, "__all__", [name for name in vars(room) if not name.startswith("_")])
        for name in names:
            value = getattr(room, name)
            own = hasattr(room, "__all__") or getattr(value, "__module__", "") == room.__name__
            if inspect.isfunction(value) and own:
                yield f"{room.__name__}.{name}"


def test_every_public_function_stands_once_in_the_reference(book):
    places = [tag["id"] for path in book.glob("library/*.html") for tag in soup(path).select("dt.sig[id]")]
    functions = list(public_functions())
    assert len(functions) > 200
    assert {name: places.count(name) for name in functions} == dict.fromkeys(functions, 1)


def test_the_reference_is_the_same_in_every_build_and_lists_what_is_a_list(book):
    for path in book.glob("library/*.html"):
        text = soup(path).get_text()
        assert not re.search(r"\bat 0x[0-9a-f]{6}", text), f"{path.name} shows an address in memory"
    cell = soup(book / "library" / "recurrent.html").find(id="vgcourse.recurrent.Cell").parent
    assert {"name", "step_backward"} <= {tag.get_text() for tag in cell.select("dl dt")}


def test_a_docstring_is_set_as_numpydoc_with_its_equation(book):
    entry = soup(book / "library" / "gradcheck.html").find(id="vgcourse.gradcheck.numerical_gradient").parent
    assert [tag.get_text() for tag in entry.select(".rubric")] == ["Parameters", "Returns", "Raises"]
    assert "step" in [tag.get_text() for tag in entry.select("dl dt")]
    assert entry.find("a", href="../lectures/01_chain_rule.html#equation-1-7")
    formula = entry.select_one("div.math").get_text()
    assert "(1.7)" in formula
    assert formula.count(r"\[") == formula.count(r"\]") == 1


def test_code_of_a_docstring_fits_the_page(book):
    pages = [soup(path) for path in book.glob("library/*.html")]
    blocks = [pre.get_text() for page in pages for pre in page.select("article pre")]
    assert len(blocks) > 20
    assert [line for block in blocks for line in block.splitlines() if len(line) > 88] == []


@pytest.mark.parametrize(
    "given, wanted",
    [
        (["a_k * b, |x| and c_"], [r"a_k \* b, \|x\| and c\_"]),
        (["`a * b_` stays"], ["`a * b_` stays"]),
        ([">>> a * b", "3", "", "a * b"], [">>> a * b", "3", "", r"a \* b"]),
        (["Use:", "", "    a * b"], ["Use:", "", "::", "", "    a * b"]),
        (
            ["Parameters", "----------", "a : int", "    Ends it."],
            ["", ".. rubric:: Parameters", "", "", "``a``", "    int.", "    Ends it."],
        ),
        (
            ["Parameters", "----------", "f : callable", "    ``f(x)`` ends it."],
            ["", ".. rubric:: Parameters", "", "", "``f``", "    callable.", "    ``f(x)`` ends it."],
        ),
        (["Returns", "-------", "array"], ["", ".. rubric:: Returns", "", "", "*result*", "    array"]),
        (
            ["Returns", "-------", "array; 0 where", "it ends", "", "Source: Le 2015."],
            [
                "",
                ".. rubric:: Returns",
                "",
                "",
                "*result*",
                "    array; 0 where",
                "    it ends",
                "",
                "Source: Le 2015.",
            ],
        ),
    ],
)
def test_plain_text_keeps_its_signs(given, wanted):
    assert from_site("library").to_rest(given) == wanted


def test_code_that_names_a_function_leads_to_it(book):
    links = {a.get_text(): a["href"] for a in soup(book / "site" / "topics.html").select("article a")}
    target = "../library/layers.html#vgcourse.layers.residual_backward"
    assert links["layers.residual_backward"] == target


def test_the_index_has_functions_and_terms(book):
    entries = {link.get_text() for link in soup(book / "genindex.html").select("article a")}
    assert {"lstm_step_backward() (in module vgcourse.recurrent)", "dead unit"} <= entries


# --- claims and questions ---


def test_claims_are_what_the_lectures_print(book):
    page = soup(book / "site" / "claims.html")
    rows = [[cell.get_text() for cell in row.select("td")] for row in page.select("tbody tr")]
    assert ["(10.6) bias 1", "2.231", "2.213", "2e-02"] in rows
    assert len(rows) > 300
    assert not [row for row in rows if re.fullmatch(r"\(\d+\.\d+\)", row[0])], "a claim says of what"
    for script in ROOT.glob("lectures/measured/*.py"):
        first = re.search(r'"""(.{20})', script.read_text(encoding="utf-8"))[1]
        assert any(first in row[0] for row in rows), script.name
    (equation,) = {a["href"] for a in page.select("article a") if a.get_text() == "(10.6)"}
    assert equation == "../lectures/10_lstm.html#equation-10-6"


QUESTIONS = re.split(
    r"^### ", (ROOT / "site" / "questions.md").read_text(encoding="utf-8"), flags=re.MULTILINE
)[1:]


def test_there_are_questions():
    assert len(QUESTIONS) > 50


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda text: text.splitlines()[0][:40])
def test_a_question_is_answered_by_a_number_of_its_lecture(question):
    """Where a link leads to is tested with all links of the book."""
    asked, _, answer = question.partition("\n")
    assert asked.endswith("?")
    lectures = re.findall(r"\.\./lectures/(\w+)\.ipynb#", answer)
    assert lectures
    known = ""
    for name in lectures:
        cells = json.loads((ROOT / "lectures" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        known += "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        known += "".join("".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", []))
    numbers = re.findall(r"\*\*(.+?)\*\*", answer)
    assert numbers
    assert [number for number in numbers if not stands_in(known, number)] == []


def stands_in(known, number):
    """Whether a text has the number; or every `$2.7\\cdot10^{-20}$` of a range as 2.7e-20."""
    powers = re.findall(r"\$([\d.]+)\\cdot10\^\{(-?\d+)\}\$", number)
    return number in known or (bool(powers) and all(f"{a}e{int(b):+03d}" in known for a, b in powers))
