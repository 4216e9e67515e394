"""What students and graders see: formulas without the network, no rubric in feedback, all of an answer."""

import importlib.util
import json
import re
import shutil

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(importlib.util.find_spec("latex2mathml"), "needs latex2mathml")

import browser  # noqa: E402
import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from nbconvert import HTMLExporter  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output  # noqa: E402
from traitlets.config import Config  # noqa: E402

from vgcourse.grading.boxes import NOTE, CollectAnswers  # noqa: E402
from vgcourse.grading.checks import Mistake  # noqa: E402
from vgcourse.grading.feedback import DropLinks, HideTests  # noqa: E402
from vgcourse.grading.mathml import HTML_EXPORTER, mathml  # noqa: E402
from vgcourse.grading.page import to_html  # noqa: E402
from vgcourse.grading.rows import Part, Row  # noqa: E402

FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![$\\])\$(.+?)(?<![$\\])\$", re.DOTALL)
LOADED = re.compile(r"""(?:src|href)=["'](?:https?:)?//|\bimport\(|@import|url\((?!["']?data:)""")


# --- formulas --------------------------------------------------------------------------------------


def every_formula():
    for path in [*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                yield from ((a or b, "block" if a else "inline") for a, b in FORMULA.findall(cell.source))


def test_every_formula_of_the_course_becomes_mathml():
    formulas = set(every_formula())
    assert len(formulas) > 100
    as_typed = [tex for tex, display in formulas if not mathml(tex, display).startswith("<math")]
    assert as_typed == []


@pytest.mark.parametrize(
    "tex",
    [r"\frac{1}{", "x_", "{" * 5000, "", " ", r"\left( x", r"\nosuchcommand{x}", r"\begin{tikz}x\end{tikz}"],
)
def test_a_broken_formula_stays_as_typed(tex):
    assert mathml(tex) == f'<code class="no-formula">${tex}$</code>'


def test_comparisons_and_text_are_no_html():
    assert "<mo>&lt;</mo>" in mathml("a<b")
    assert "<mtext>a&lt;b&gt;&amp;</mtext>" in mathml(r"\text{a<b>&}")
    assert mathml("\\frac{<script>}{") == '<code class="no-formula">$\\frac{&lt;script&gt;}{$</code>'
    assert "javascript" not in mathml(r"\href{javascript:alert(1)}{x}")


@pytest.mark.parametrize("name", ["aligned", "align*", "split", "eqnarray", "alignat"])
def test_aligned_lines_are_a_table_of_two_columns(name):
    columns = "{2}" if name == "alignat" else ""
    html = mathml(rf"\begin{{{name}}}{columns} a&=b\\c&=d \end{{{name}}}", "block")
    assert html.count("<mtr>") == 2 and html.count("<mtd") == 4
    assert "&amp;" not in html and "<mn>2</mn>" not in html


@pytest.mark.parametrize("name", ["gathered", "gather*", "multline"])
def test_gathered_lines_are_a_table_of_one_column(name):
    html = mathml(rf"\begin{{{name}}} a=b\\c=d \end{{{name}}}", "block")
    assert html.count("<mtr>") == html.count("<mtd") == 2


def test_an_equations_number_stands_beside_it():
    assert mathml(r"\begin{equation}x\tag{1.2}\end{equation}", "block").endswith(
        '<mi>x</mi><mspace width="2em"></mspace><mtext>(1.2)</mtext></mrow></math>'
    )


def page(*cells, **settings):
    return HTMLExporter(**HTML_EXPORTER, **settings).from_notebook_node(new_notebook(cells=list(cells)))[0]


def test_markdown_keeps_what_is_no_formula():
    html = page(
        new_markdown_cell("# Head\n\n`$code$`, $x^2$ and \\$5\n\n$$\ny\n=z\n$$\n\n| a | $b$ |\n|---|---|")
    )
    assert html.count("<math") == 3
    assert "<code>$code$</code>" in html and "<h1" in html and "<table>" in html


def test_a_rubric_is_set_apart_where_it_is_not_a_students():
    source = "Derive.\n\n### BEGIN MARK SCHEME\n**Rubric** $x$\n\n1: all.\n### END MARK SCHEME\nAfter."
    html = page(new_markdown_cell(source, metadata=tiny_course.mark("p", locked=True)))
    quote = re.search(r"<blockquote>(.*?)</blockquote>", html, re.DOTALL)[1]
    assert "<strong>Rubric</strong> <math" in quote and "1: all." in quote and "After" not in quote
    assert "MARK SCHEME" not in html
    assert "BEGIN MARK SCHEME" in page(new_markdown_cell(source))


def test_a_pasted_picture_is_shown_and_a_lost_one_named():
    png = {"image/png": "AAAA"}
    html = page(
        new_markdown_cell("![mine](attachment:a.png) ![lost](attachment:b.png)", attachments={"a.png": png})
    )
    assert 'src="data:image/png;base64,AAAA"' in html
    assert "<code>![lost](attachment:b.png)</code>" in html


def test_folded_code_is_folded_in_every_template():
    hidden, shown = {"jupyter": {"source_hidden": True}}, {"jupyter": {"source_hidden": False}}
    cells = [
        new_code_cell("# the <first> line\nx = 1", metadata=hidden),
        new_code_cell("y = 2", metadata=shown),
        new_code_cell("z = 3"),
    ]
    for name in ("classic", "vgcourse"):
        html = page(*cells, template_name=name)
        assert html.count("<details") == html.count("</details>") == 1
        assert ">the &lt;first&gt; line</summary>" in html


def test_a_lectures_page_loads_nothing():
    exporter = HTMLExporter(**HTML_EXPORTER, template_name="vgcourse")
    html, _ = exporter.from_filename(str(ROOT / "lectures" / "01_chain_rule.ipynb"))
    assert html.count("<math") > 100
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", html)
    assert not [tag for tag in tags if LOADED.search(tag)]


# --- what students must not see --------------------------------------------------------------------


def hide(cell):
    return HideTests().preprocess_cell(cell, {}, 0)[0]


@pytest.mark.parametrize("kind", ["HIDDEN TESTS", "MARK SCHEME"])
@pytest.mark.parametrize("end", ["\n### END {}\nafter", "\n### END {}", ""])
def test_hidden_regions_of_locked_cells_go(kind, end):
    source = f"before\n### BEGIN {kind}\nthe secret{end.format(kind)}"
    locked = tiny_course.mark("p", locked=True)
    cell = hide(new_markdown_cell(source, metadata=locked))
    assert cell.source == ("before\nafter" if "after" in end else "before")


def test_one_region_does_not_end_the_other():
    source = "a\n### BEGIN MARK SCHEME\nb\n### END HIDDEN TESTS\nsecret\n### END MARK SCHEME\nc"
    assert hide(new_markdown_cell(source, metadata=tiny_course.mark("p", locked=True))).source == "a\nc"


def test_what_a_student_writes_stays():
    source = "### BEGIN MARK SCHEME\nmine"
    answer = tiny_course.mark("p", grade=True, solution=True, points=2)
    for metadata in ({}, answer):
        assert hide(new_markdown_cell(source, metadata=metadata)).source == source


def test_a_traceback_that_quotes_the_secret_is_cut():
    error = new_output("error", ename="TypeError", evalue="no", traceback=["### BEGIN HIDDEN TESTS secret"])
    metadata = tiny_course.mark("p", grade=True, locked=True, points=1)
    cell = hide(new_code_cell("### BEGIN HIDDEN TESTS\nsecret", metadata=metadata, outputs=[error]))
    assert cell.outputs[0].traceback == ["TypeError: no"]


@pytest.mark.parametrize(
    "source, left",
    [
        ("see [lecture 1](../../lectures/01_chain_rule.ipynb#forward), then", "see lecture 1, then"),
        ("[a](ps2.ipynb) and [b](https://example.org/b.ipynb)", "a and [b](https://example.org/b.ipynb)"),
        ("$W[t](x)$ ![x](attachment:a.png)", "$W[t](x)$ ![x](attachment:a.png)"),
    ],
)
def test_links_to_notebooks_that_a_student_does_not_get_are_words(source, left):
    assert DropLinks().preprocess_cell(new_markdown_cell(source), {}, 0)[0].source == left


# --- answers beside their box ----------------------------------------------------------------------

BOX = tiny_course.mark("p1-derivation", grade=True, solution=True, points=2)
LOCKED = tiny_course.mark("p2-question", locked=True)


@pytest.fixture
def collect(tmp_path):
    """Run the preprocessor in a course whose problem set brings one text below the box."""
    folder = tmp_path / "solutions" / "tiny"
    folder.mkdir(parents=True)
    given = [new_markdown_cell("STUB", metadata=BOX), new_markdown_cell("## Part 2\n\nGiven text.")]
    nbformat.write(new_notebook(cells=given), folder / "tiny.ipynb")
    course = {"root": str(tmp_path), "source_directory": "solutions", "release_directory": "exercises"}

    def run(*cells, config=course):
        resources = {"nbgrader": {"assignment": "tiny", "notebook": "tiny", "student": "a"}}
        notebook = new_notebook(cells=[new_markdown_cell("STUB", metadata=BOX), *cells])
        preprocessor = CollectAnswers(config=Config(CourseDirectory=config))
        return preprocessor.preprocess(notebook, resources)[0].cells

    run.course = course
    return run


def test_text_below_the_box_moves_into_it(collect):
    box, code = collect(new_markdown_cell("one"), new_code_cell("1 + 1"), nbformat.v4.new_raw_cell("two"))
    assert box.source == f"STUB\n\n{NOTE}\n\none\n\n{NOTE}\n\ntwo"
    assert code.source == "1 + 1"


@pytest.mark.parametrize(
    "text", ["", " \n", " STUB", "## Part 2\n\nGiven text.", "## Part 2 \r\n\r\nGiven  text."]
)
def test_blank_and_given_texts_are_no_answer(collect, text):
    box, other = collect(new_markdown_cell(text))
    assert box.source == "STUB" and other.source == text


@pytest.mark.parametrize(
    "last", [new_markdown_cell("## Part 2\n\nGiven text."), new_markdown_cell("q", metadata=LOCKED)]
)
def test_the_search_ends_where_the_problem_set_goes_on(collect, last):
    cells = collect(last, new_markdown_cell("a note on part 2"))
    assert [cell.source for cell in cells] == ["STUB", last.source, "a note on part 2"]


def test_a_given_text_that_was_written_into_is_an_answer(collect):
    (box,) = collect(new_markdown_cell("## Part 2\n\nGiven text. And my answer."))
    assert box.source.endswith("And my answer.")


def test_the_second_box_gets_its_own(collect):
    second = new_markdown_cell("STUB 2", metadata=tiny_course.mark("p2", grade=True, solution=True, points=1))
    first, second = collect(new_markdown_cell("one"), second, new_markdown_cell("two"))
    assert first.source.endswith("one") and second.source.endswith("two")


def test_without_the_problem_set_nothing_is_lost(collect):
    (box,) = collect(
        new_markdown_cell("## Part 2\n\nGiven text."), config=collect.course | {"source_directory": "no"}
    )
    assert box.source.endswith("Given text.")


def test_pasted_pictures_come_along_under_names_of_their_own(collect):
    one, two = {"image/png": "AAAA"}, {"image/png": "BBBB"}
    (box,) = collect(
        new_markdown_cell("![](attachment:image.png)", attachments={"image.png": one}),
        new_markdown_cell("![](attachment:image.png)", attachments={"image.png": two}),
        new_markdown_cell("![](attachment:image.png)", attachments={"image.png": one}),
    )
    assert box.attachments == {"image.png": one, "below-image.png": two}
    pictures = re.findall(r"attachment:([^)]+)", box.source)
    assert pictures == ["image.png", "below-image.png", "image.png"]


# --- in a real browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny_course.build(tmp_path_factory.getbasetemp() / "a tiny course")


@pytest.mark.slow
def test_making_feedback_warns_of_nothing(course):
    assert "GenerateFeedbackApp | INFO" in course.log
    assert "GenerateFeedbackApp | WARNING" not in course.log


@pytest.fixture(scope="module")
def context():
    require(browser.CHROMIUM, "needs chromium")
    require(importlib.util.find_spec("playwright"), "needs playwright")
    with browser.chromium() as context:
        yield context


class Watched:
    """A page that keeps what it asked for and what went wrong."""

    def __init__(self, context):
        self.page, self.urls, self.refused, self.errors = context.new_page(), [], [], []
        self.page.on("requestfinished", lambda request: self.urls.append(request.url))
        self.page.on("requestfailed", self._failed)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _failed(self, request):
        kept_in = self.refused if request.failure == "csp" else self.urls  # the page's own policy: never sent
        kept_in.append(request.url)

    def formulas(self):
        """(width, height) of every formula on the page."""
        return self.page.eval_on_selector_all(
            "math", "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
        )

    def outside(self):
        """Addresses beyond this machine that the page asked for."""
        return [url for url in self.urls if not re.match(r"(data|blob|file):|http://127\.0\.0\.1[:/]", url)]


@pytest.mark.browser
@pytest.mark.slow
def test_a_feedback_page_is_complete_by_itself(course, context):
    watched = Watched(context)
    path = course.root / "feedback" / "boxed" / "tiny" / "tiny.html"
    watched.page.goto(path.as_uri(), wait_until="load")
    assert watched.errors == [] and watched.outside() == []
    assert tiny_course.ELSEWHERE in watched.refused  # a picture that the student names
    sizes = watched.formulas()
    assert len(sizes) == 2 and all(width > 5 and height > 5 for width, height in sizes)
    assert watched.page.locator("code.no-formula").inner_text() == r"$\frac{1}{$"
    folded = watched.page.locator("details.vgcourse-folded")
    assert not folded.locator(".input_area").is_visible()
    folded.locator("summary").click()
    assert folded.locator(".input_area").is_visible()
    watched.page.close()


@pytest.mark.browser
def test_a_feedback_page_names_parts_and_fits_a_telephone(course, context):
    page = context.new_page()
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto((course.root / "feedback" / "both" / "tiny" / "tiny.html").as_uri(), wait_until="load")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator("h1").first.inner_text() == "tiny: 2 of 2 points"
    assert page.locator(".overview tr").all_inner_texts() == [
        "Part 1\t2 of 2",
        "Part 1 by hand\tnot read yet",
    ]
    tables = page.locator(".part table").all()
    assert [page.locator(".part.all b").nth(i).inner_text() for i in range(len(tables))] == [
        "slope_of_square",
        "slope_of_square on fresh inputs",
    ]
    for table in tables:
        assert table.bounding_box()["width"] < 390
    page.close()


REPORT = """
() => [...document.querySelectorAll('tbody tr')].map(row => row.getBoundingClientRect())
    .map(box => [box.right, box.height])
"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1000])
def test_a_report_fits_a_telephone(context, tmp_path, width):
    names = [f"p{n}-check" for n in range(1, 16)] + ["p2-derivation"]
    parts = tuple(Part(name, 2.5, 4.0, False, name.endswith("n"), "A long name of a part") for name in names)
    mistake = Mistake("ps1.softmax_cross_entropy", "missing 1/N in dz", "A sentence of some length. " * 4)
    rows = [
        Row(f"student.{n}", "Bartholomew Featherstonehaugh", True, "graded", parts, (mistake,))
        for n in range(3)
    ]
    (tmp_path / "report.html").write_text(to_html(rows), encoding="utf-8")
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    highest = 150 if width > 400 else 240  # a block for each student
    assert all(right <= width and height < highest for right, height in page.evaluate(REPORT))
    assert page.locator(".chips").first.inner_text().count("2.5") == len(names)
    assert page.get_by_text("total").first.is_visible() or width == 400
    page.close()


@pytest.fixture(scope="module")
def server(course, tmp_path_factory):
    require(browser.CHROMIUM, "needs chromium")
    work = tmp_path_factory.mktemp("formgrader")
    settings = work / "config" / "jupyter_server_config.d"
    settings.mkdir(parents=True)
    extensions = {"nbgrader.server_extensions.formgrader": True}
    (settings / "on.json").write_text(json.dumps({"ServerApp": {"jpserver_extensions": extensions}}))
    shutil.copytree(course.root, work / "course")  # a score that is saved here must not reach other tests
    with browser.lab_server(work / "course", work) as server:
        yield server


@pytest.mark.browser
@pytest.mark.slow
def test_formgrader_shows_the_rubric_and_saves_a_score(context, server):
    from nbgrader.api import Gradebook

    gradebook = Gradebook(f"sqlite:///{server.folder / 'gradebook.db'}")
    watched = Watched(context)
    page = watched.page
    with gradebook:
        number = gradebook.find_submission_notebook("tiny", "tiny", "both").id
    page.goto(f"{server.url}/formgrader/submissions/{number}/?index=0", wait_until="load")
    page.wait_for_function("formgrader.loaded && formgrader.grades.loaded && formgrader.comments.loaded")
    text = page.locator("main").inner_text()
    places = [
        text.index(words) for words in (tiny_course.RUBRIC, "By the power rule", "(from the cell below)")
    ]
    assert places == sorted(places)
    sizes = watched.formulas()
    assert len(sizes) == 4 and all(width > 5 and height > 5 for width, height in sizes)
    with page.expect_response(
        lambda response: "/api/grade/" in response.url and response.request.method == "PUT"
    ):
        page.fill("#p1-derivation", "1.5")
        page.keyboard.press("Tab")
    with gradebook:
        grade = gradebook.find_grade("p1-derivation", "tiny", "tiny", "both")
        gradebook.db.refresh(grade)
        assert grade.manual_score == 1.5 and not grade.needs_manual_grade
    assert watched.errors == [] and watched.outside() == []
    assert tiny_course.ELSEWHERE in watched.refused
    page.close()


@pytest.mark.browser
@pytest.mark.slow
def test_one_part_is_read_student_by_student_without_names(context, server):
    """What the guide tells graders: a click into the box, then Ctrl+. as often as there are students."""
    from nbgrader.api import Gradebook

    ready = "formgrader.loaded && MathJax.loaded && document.activeElement.id"
    with Gradebook(f"sqlite:///{server.folder / 'gradebook.db'}") as gradebook:
        first, second, *_ = sorted(one.id for one in gradebook.notebook_submissions("tiny", "tiny"))
        names = [one.student_id for one in gradebook.find_assignment("tiny").submissions]
    page = context.new_page()
    page.goto(f"{server.url}/formgrader/submissions/{first}/?index=0", wait_until="load")
    page.wait_for_function("formgrader.loaded && MathJax.loaded")
    page.focus("#p1-derivation")
    page.keyboard.press("Control+.")
    page.wait_for_url(f"**/{second}/?index=*")
    page.wait_for_function(f"{ready} === 'p1-derivation'")
    shown = page.locator("body").inner_text()
    assert tiny_course.RUBRIC in shown and "Submission #2" in shown
    assert not [name for name in names if re.search(rf"\b{name}\b", page.locator("nav").first.inner_text())]
    page.close()
