"""Building, releasing and checking notebooks: on tiny ones, then on all of the repository's."""

import base64
import html
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT
from nbconvert import HTMLExporter

from vgcourse.authoring import build as notebooks
from vgcourse.authoring.style import (
    code_problems,
    count_words,
    figure_problems,
    separator_problems,
    style_problems,
    time_problems,
    visible,
    widget_problems,
)

HEADER = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n---\n\n"
SOURCES = notebooks.sources()
LECTURES = [path for path in SOURCES if path.parent.name == "lectures"]
ASSIGNMENTS = sorted({path.parent.name for path in SOURCES if path not in LECTURES})


def name(path):
    return path.stem


def code(source, **metadata):
    options = "".join(f":{key}: {value}\n" for key, value in metadata.items())
    return f"```{{code-cell}} ipython3\n{options}{source}\n```\n\n"


def write(folder, body, header=HEADER):
    path = folder / "tiny.md"
    path.write_text(header + body, encoding="utf-8")
    return path


def read(path):
    return nbformat.read(path.with_suffix(".ipynb"), as_version=4)


# --- building ---


def test_build_executes_and_is_reproducible(tmp_path):
    path = write(tmp_path, "# Title\n\n" + code("print(1 + 1)") + code("print(1 + 1)"))
    assert notebooks.build(path)
    first = path.with_suffix(".ipynb").read_bytes()
    assert read(path).cells[1].outputs[0].text == "2\n"
    assert not notebooks.build(path), "nothing changed"
    assert notebooks.build(path, force=True)
    assert path.with_suffix(".ipynb").read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tiny.ipynb", "tiny.md"]


def test_build_uses_this_interpreter(tmp_path):
    path = write(tmp_path, code("import sys\nprint(sys.executable)"))
    notebooks.build(path)
    assert os.path.realpath(read(path).cells[0].outputs[0].text.strip()) == os.path.realpath(sys.executable)


def test_metadata_holds_nothing_of_this_run(tmp_path):
    path = write(tmp_path, code("1"))
    notebooks.build(path)
    nb = read(path)
    assert set(nb.metadata) == {"kernelspec", "language_info", "vgcourse"}
    assert nb.metadata.kernelspec == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    assert nb.metadata.language_info.version == platform.python_version()
    assert nb.cells[0].metadata == {}


def test_the_file_is_written_as_lab_writes_it(tmp_path):
    bundle = {"text/plain": "é", "application/json": {"b": 1.0, "a": [0.5, -0.0, 1e22]}}
    path = write(
        tmp_path,
        code(f"from IPython.display import display\ndisplay({bundle}, raw=True, metadata={{'w': 2.0}})"),
    )
    notebooks.build(path)
    text = path.with_suffix(".ipynb").read_text(encoding="utf-8")
    data = json.loads(text)
    assert text == json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (output,) = data["cells"][0]["outputs"]
    # JavaScript knows no 1.0
    assert [type(number) for number in output["data"]["application/json"]["a"]] == [float, int, float]
    assert type(output["data"]["application/json"]["b"]) is type(output["metadata"]["w"]) is int
    assert data["cells"][0]["source"][0] == "from IPython.display import display\n"


def test_a_tag_folds_a_cell(tmp_path):
    path = write(tmp_path, "text\n\n" + code("# checks nothing\nx = 1", tags="[hide-input]") + code("x"))
    notebooks.build(path)
    nb = read(path)
    assert nb.cells[1].metadata == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    assert nb.cells[2].metadata == {}
    assert notebooks.pair_differences(path, path.with_suffix(".ipynb")) == []


def test_exported_html_folds_the_cell_under_its_first_line(tmp_path):
    path = write(
        tmp_path, code("# checks (1.1): a < b\nx = 1\nx", tags="[hide-input]") + code("print('open')\ny = 2")
    )
    notebooks.build(path)
    exporter = HTMLExporter(template_name="vgcourse", extra_template_basedirs=[str(notebooks.TEMPLATES)])
    page, _ = exporter.from_filename(path.with_suffix(".ipynb"))
    page = page[page.index("<main") :]
    assert page.count("<details") == page.count("</details>") == 1
    folded = re.search(r"<details.*?</details>", page, flags=re.DOTALL)[0]
    assert re.search("<summary[^>]*>(.*?)</summary>", folded)[1] == "checks (1.1): a &lt; b"
    assert "jp-InputArea" in folded and "jp-OutputArea" not in folded
    assert "open" not in folded and "open" in page


def test_widget_ids_go_and_the_fallback_stays(tmp_path):
    bundle = {"text/plain": "fallback", notebooks.WIDGET: {"model_id": "x"}}
    imports = "import ipywidgets\nfrom IPython.display import display"
    path = write(tmp_path, code(f"{imports}\ndisplay({bundle}, raw=True)\nipywidgets.IntSlider()"))
    notebooks.build(path)
    assert "widgets" not in read(path).metadata
    first, second = read(path).cells[0].outputs
    assert first.data == {"text/plain": "fallback"}
    assert second.data == {"text/plain": "IntSlider(value=0)"}


def test_ids_are_stable_when_other_cells_change(tmp_path):
    graded = "print(1)"
    before = notebooks.read_source(write(tmp_path, "one\n\n" + code(graded) + code("x = 1")))
    after = notebooks.read_source(write(tmp_path, "changed\n\n" + code(graded) + code("x = 1")))
    assert [a.id == b.id for a, b in zip(before.cells, after.cells)] == [False, True, True]


def test_ids_of_equal_cells_differ_and_grade_ids_are_kept(tmp_path):
    body = code("x = 1") + code("x = 1") + code("y = 1", nbgrader="{grade_id: part 1, solution: true}")
    ids = [cell.id for cell in notebooks.read_source(write(tmp_path, body)).cells]
    assert ids[1] == ids[0] + "-2"
    assert ids[2] == "part-1"


def test_a_failing_cell_is_named_and_the_old_notebook_stays(tmp_path):
    path = write(tmp_path, code("x = 1"))
    notebooks.build(path)
    old = path.with_suffix(".ipynb").read_bytes()
    write(tmp_path, code("x = 1") + code("y = x / 0  # oh"))
    with pytest.raises(
        notebooks.NotebookError, match=r"tiny\.md: cell 2 .*y = x / 0.*ZeroDivisionError: division"
    ):
        notebooks.build(path)
    assert path.with_suffix(".ipynb").read_bytes() == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tiny.ipynb", "tiny.md"]


def test_a_dying_kernel_is_named(tmp_path):
    with pytest.raises(notebooks.NotebookError, match=r"cell 1 .*os\._exit"):
        notebooks.build(write(tmp_path, code("import os; os._exit(1)")))


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(notebooks.NotebookError, match=r"absent\.md: there is no such file"):
        notebooks.build(tmp_path / "absent.md")


@pytest.mark.parametrize("header", ["---\njupytext: [1, {\n---\n\n", "", "---\ntitle: no jupytext\n---\n\n"])
def test_a_broken_header_is_named(tmp_path, header):
    with pytest.raises(notebooks.NotebookError, match=r"tiny\.md"):
        notebooks.build(write(tmp_path, "# Title\n", header))


def test_broken_cell_options_are_named(tmp_path):
    body = "```{code-cell} ipython3\n---\ntags: [a, {\n---\nx = 1\n```\n"
    with pytest.raises(notebooks.NotebookError, match=r"tiny\.md"):
        notebooks.build(write(tmp_path, body))


# --- comparing ---


def test_pair_differences(tmp_path):
    path = write(tmp_path, "text\n\n" + code("x = 1", tags="[a]", nbgrader="{grade_id: g}") + code("y = 1"))
    notebook = path.with_suffix(".ipynb")
    assert notebooks.pair_differences(path, notebook) == ["tiny.ipynb is not built yet"]
    notebooks.build(path)
    assert notebooks.pair_differences(path, notebook) == []
    nb = read(path)
    nb.cells[0].source = "other"
    nb.cells[1].metadata = {"tags": ["b"], "nbgrader": {"grade_id": "h"}}
    del nb.cells[2]
    nbformat.write(nb, notebook)
    differences = notebooks.pair_differences(path, notebook)
    assert len(differences) == 4
    for difference, word in zip(
        differences, ["3 cells", "cell 1: source", "cell 2: nbgrader", "cell 2: tags"]
    ):
        assert word in difference
    notebook.write_text("{ broken")
    assert "is not a notebook" in notebooks.pair_differences(path, notebook)[0]
    assert notebooks.build(path), "built again although the source is unchanged"


# --- releasing ---

GRADE = (
    "{grade: true, grade_id: t, locked: true, points: 1, schema_version: 3, solution: false, cell_type: code}"
)
ANSWER = "{grade: false, grade_id: f, locked: false, schema_version: 3, solution: true, cell_type: code}"


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "solutions" / "ps9"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    answer = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    test = "assert f() == 1\n### BEGIN HIDDEN TESTS\nassert f() < 2\n### END HIDDEN TESTS\nprint('right')"
    notebooks.build(write(folder, code(answer, nbgrader=ANSWER) + code(test, nbgrader=GRADE)))
    (folder / "data.csv").write_text("1,2\n")
    return tmp_path


def test_release_gives_students_stubs_and_nothing_more(course, tmp_path):
    notebooks.release("ps9", tmp_path / "out", root=course)
    assert sorted(p.name for p in (tmp_path / "out" / "ps9").iterdir()) == ["data.csv", "tiny.ipynb"]
    nb = nbformat.read(tmp_path / "out" / "ps9" / "tiny.ipynb", as_version=4)
    assert nb.cells[0].source == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError"
    assert "f() < 2" not in nb.cells[1].source
    assert not list(course.glob("*.db")), "no gradebook is left"


def test_release_again_gives_the_same_bytes_and_removes_what_is_gone(course, tmp_path):
    notebooks.release("ps9", tmp_path / "out", root=course)
    first = (tmp_path / "out" / "ps9" / "tiny.ipynb").read_bytes()
    (tmp_path / "out" / "ps9" / "old.ipynb").write_text("{}")
    notebooks.release("ps9", tmp_path / "out", root=course)
    assert (tmp_path / "out" / "ps9" / "tiny.ipynb").read_bytes() == first
    assert not (tmp_path / "out" / "ps9" / "old.ipynb").exists()


def test_release_refuses_leaks(course, tmp_path):
    (course / "solutions" / "ps9" / "helper.py").write_text("### BEGIN SOLUTION\n")
    with pytest.raises(notebooks.NotebookError, match=r"helper\.py holds BEGIN SOLUTION"):
        notebooks.release("ps9", tmp_path / "out", root=course)
    assert not (tmp_path / "out").exists()


def test_release_of_nothing(tmp_path):
    with pytest.raises(notebooks.NotebookError, match="solutions/ps7: no notebook there"):
        notebooks.release("ps7", tmp_path, root=tmp_path)


def test_leaks_are_found(tmp_path):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", execution_count=1)])
    nbformat.write(nb, tmp_path / "a.ipynb")
    (tmp_path / "b.md").write_text("x BEGIN HIDDEN TESTS")
    (tmp_path / "c.txt").write_text("BEGIN MARK SCHEME")
    leaks = notebooks.leaks_in(tmp_path)
    assert leaks == ["a.ipynb holds outputs", "b.md holds BEGIN HIDDEN TESTS", "b.md is a source",
                     "c.txt holds BEGIN MARK SCHEME"]  # fmt: skip


# --- style ---


def lecture(*cells, definitions=()):
    return nbformat.v4.new_notebook(
        cells=list(cells), metadata={"vgcourse": {"definitions": list(definitions)}}
    )


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def figure(alt="a curve", size=10, tags=(), frames=1):
    png = base64.b64encode(bytes(size)).decode()
    page = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">' + f'"{png}"' * (frames - 1)
    output = nbformat.v4.new_output("display_data", {"text/html": page, "image/png": png})
    return nbformat.v4.new_code_cell("plot()", outputs=[output], metadata={"tags": list(tags)})


def silent(bundle):
    """A figure whose text stands where no screen reader finds it."""
    output = nbformat.v4.new_output("display_data", bundle, metadata={"image/png": {"alt": "a curve"}})
    return nbformat.v4.new_code_cell("plot()", outputs=[output])


def check(lines, tags=(), head="# checks (1.1): both sides"):
    source = "\n".join([head, *["x"] * (lines - 1)])
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def cell(source):
    return nbformat.v4.new_code_cell(source)


@pytest.mark.parametrize(
    ("nb", "problem"),
    [
        (lecture(cell("x\n\n" * 16)), "cell 1: 16 lines of code"),
        (lecture(text("word " * 151)), "cell 1: 151 words"),
        (lecture(*[cell("x") for _ in range(31)]), "31 code cells"),
        (lecture(text(r"$$a\tag{1.1}$$ $$b\tag{1.1}$$"), cell("# checks (1.1)")), "(1.1) is numbered twice"),
        (lecture(text(r"$$a\tag{1.1}$$"), cell("x  # (1.1)")), "no cell checks equation (1.1)"),
        (
            lecture(cell("# checks (1.1) and (1.2): both"), text(r"\tag{1.1}")),
            "checks equation (1.2), which is not",
        ),
        (lecture(definitions=["1.9"]), "front matter defines equation (1.9)"),
        (lecture(figure(alt=""), text("**Figure 1.1.** x")), "without a spoken alt text"),
        (lecture(figure(alt=" "), text("**Figure 1.1.** x")), "without a spoken alt text"),
        (lecture(silent({"image/png": "AAAA"}), text("**Figure 1.1.** x")), "without a spoken alt text"),
        (
            lecture(silent({"image/png": "AAAA", "text/html": "<p>x</p>"}), text("**Figure 1.1.** x")),
            "without a spoken alt text",
        ),
        (
            lecture(
                silent({"text/html": "<img src='data:image/png;base64,AAAA'>"}), text("**Figure 1.1.** x")
            ),
            "without a spoken alt text",
        ),
        (
            lecture(figure(size=60_000, frames=4), text("**Figure 1.1.** x")),
            "pictures of 320 KB, at most 300",
        ),
        (lecture(text(r"$$a\tag{1.1}$$"), check(7)), "cell 2: a check of 7 lines, more than 6: fold it"),
        (lecture(check(1, ["hide-input"], "x = 1")), "cell 1: is folded and does not open with a comment"),
        (lecture(cell("x" * 89)), "cell 1: a line of 89 characters"),
        (lecture(text("</details>\n+++\n\n## 6")), "cell 1: shows a line +++"),
        (lecture(figure(size=200_000), text("**Figure 1.1.** x")), "a figure of 195 KB"),
        (lecture(figure()), "0 figure captions for 1 figures"),
        (
            lecture(figure(), text("**Figure 1.1.** x\n\n**Figure 1.2.** x")),
            "2 figure captions for 1 figures",
        ),
        (
            lecture(figure(), text("**Figure 1.1.** x"), figure(), text("**Figure 1.1.** y")),
            "figure 1.1 is numbered twice",
        ),
    ],
)
def test_style_problem_is_found(nb, problem):
    assert [found for found in style_problems(nb) if problem in found], style_problems(nb)


def test_good_style_has_no_problem():
    nb = lecture(
        text("word " * 150 + r"$$a = b \tag{1.1}$$"),
        text(r"$$c \tag{1.2}$$ $$d \tag{1.3}$$"),
        check(15, ["hide-input"], "# checks (1.1), (1.2): the two sides, see (9.9)"),
        check(6),
        figure(),
        text("**Figure 1.1.** What to see."),
        figure(tags=["widget"]),
        definitions=["1.3"],
    )
    assert style_problems(nb) == []
    nb.cells.append(text("**Figure 1.2.** The widget's picture may have a caption."))
    assert style_problems(nb) == []


def test_what_does_not_count_as_a_line_of_code():
    docstring = 'def f(x):\n    """One.\n\n    Two\n    """\n    ### BEGIN SOLUTION\n'
    body = "    x\n" * 14 + "    ### END SOLUTION\n"
    assert code_problems(lecture(cell(docstring + body))) == []
    assert code_problems(lecture(cell("%time\n" + docstring + "    x\n" + body))) == [
        "cell 1: 17 lines of code, at most 15"
    ]


HEAD = "# 1\n\n**Time** {}\n\n"
TASK = "\n\n**Your turn (5 min).** Do it.\n\n"  # five words


def timed(said, *parts):
    return lecture(text(HEAD.format(said)), *[text(part) for part in parts], definitions=["1.9"])


def test_a_code_cell_takes_two_minutes_unless_it_is_folded():
    shown, folded = cell("x = 1\n"), cell("# checks\nx = 1\n")
    folded.metadata["tags"] = ["hide-input"]
    head, words = text(""), text("word " * 130 * 5 + "\n\n**Predict (1 min).** x" * 5)
    for cells, minutes in (([], 10), ([shown] * 6, 22), ([folded] * 6, 10)):
        head.source = HEAD.format(f"about {minutes} minutes")
        assert time_problems(lecture(head, words, *cells)) == []
        head.source = HEAD.format(f"about {minutes + 7} minutes")
        assert f"takes {minutes}" in time_problems(lecture(head, words, *cells))[0]


def test_the_time_of_a_sitting_is_that_of_words_results_and_tasks():
    # 1300 words are 10 minutes, five results 10, three tasks 15; folded answers and definitions are free
    words = "word " * 1300 + "<details><summary>Answer</summary>" + "word " * 900 + "</details>"
    results = "".join(rf"$$x \tag{{1.{i}}}$$" for i in range(1, 6)) + r"$$ y \tag{1.9}$$"
    for said in ("about 30 minutes", "about 40 minutes"):
        assert time_problems(timed(said, words, results, TASK * 3)) == []
    for minutes in (29, 41):
        problem = time_problems(timed(f"about {minutes} minutes", words, results, TASK * 3))[0]
        assert f"sitting 1: says {minutes} minutes, takes" in problem


def test_each_sitting_has_minutes_of_its_own():
    long, short = "word " * 130 * 60, "word " * 130 * 20
    predict = "**Predict (1 min).** x\n\n"
    nb = timed(
        "two sittings, about 65 and\n20 minutes", long + "\n\n" + predict * 6, "## Pause\n\n" + short, predict
    )
    assert time_problems(nb) == []
    nb = timed("about 85 minutes", long + "\n\n" + predict * 6, "## Pause\n\n" + short, predict)
    assert time_problems(nb) == ["**Time** says 1 numbers of minutes for 2 sittings (of 66 and 21)"]


def test_time_problems_are_found():
    assert "says 0 numbers of minutes" in time_problems(lecture(text("# 1")))[0]
    hundred = timed("about 100 minutes", "word " * 130 * 95, TASK * 9)
    assert "sitting 1: 100 minutes, at most 95" in time_problems(hundred)
    idle = timed("about 50 minutes", "word " * 130 * 35, TASK * 3)
    assert time_problems(idle) == ["sitting 1: 3 tasks in 50 minutes, one in ten at least"]
    vague = timed("about 10 minutes", "word " * 1300, "**Predict.** What comes?")
    assert time_problems(vague) == ["sitting 1: 1 tasks without minutes, as in (3 min)"]


def test_what_is_folded_is_not_visible():
    assert visible("a <details><summary>b</summary>\n\nc\n</details> d") == "a <summary>b</summary> d"


def test_words_are_counted_as_read():
    assert count_words("Two words") == 2
    assert count_words(r"A gate $g = \sigma(W h + b)$ opens") == 4
    assert count_words("Before\n\n$$\na b c d\n\\tag{1.1}\n$$\n\nafter — [a link](some/where.md)") == 4
    assert count_words("```python\na b c\n```\n<!-- a\nb --> one") == 1


# --- the repository's own notebooks ---


def test_there_are_notebooks():
    assert LECTURES, "lectures/ has no NN_*.md"
    assert ASSIGNMENTS, "solutions/ has no problem set"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_notebook_equals_its_source(path):
    assert notebooks.pair_differences(path, path.with_suffix(".ipynb")) == [], "run `make notebooks`"


@pytest.mark.parametrize("path", LECTURES, ids=name)
def test_lecture_keeps_to_the_style(path):
    assert style_problems(read(path)) == []


@pytest.mark.parametrize("path", [path for path in LECTURES if not path.name.startswith("00")], ids=name)
def test_lecture_says_how_long_it_takes(path):
    assert time_problems(notebooks.read_source(path)) == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in LECTURES], ids=name)
def test_code_of_a_problem_set_is_read_without_scrolling(path):
    assert code_problems(notebooks.read_source(path)) == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in LECTURES], ids=name)
def test_a_problem_set_shows_no_separator(path):
    assert separator_problems(notebooks.read_source(path)) == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_figures_are_small_and_described(path):
    assert figure_problems(read(path)) == []


def test_every_notebook_has_a_source():
    built = [*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")]
    assert [path.name for path in built if not path.with_suffix(".md").exists()] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_exercises_are_the_released_solutions(assignment, tmp_path):
    notebooks.release(assignment, tmp_path)
    fresh, stored = contents(tmp_path / assignment), contents(ROOT / "exercises" / assignment)
    differing = sorted(path for path in fresh.keys() | stored.keys() if fresh.get(path) != stored.get(path))
    assert differing == [], "run `make notebooks`"
    assert notebooks.leaks_in(ROOT / "exercises" / assignment) == []


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def widget_notebook(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_a_widget_that_reads_a_name_assigned_again_is_found():
    helper = "y = 1\ndef loss(w):\n    return w - y"
    widget = (
        "fig, ax = plt.subplots()\ndef move(a):\n    ax.set_title(loss(a))\n"
        "w.live_figure(fig, move, a=slider())"
    )
    clean = "for point in (1, 2):\n    other = [y for y in (1, 2)]"
    assert widget_problems(widget_notebook(helper, widget, clean)) == []
    found = widget_problems(widget_notebook(helper, widget, "fig, ax = plt.subplots()", "y = 2"))
    assert [problem.split(" reads ")[1].split(",")[0] for problem in found] == ["ax", "y"]


# --- stored outputs against new ones ---

IMPORTS = """
import matplotlib.pyplot as plt
from vgcourse import plotting, widgets
from vgcourse.check import check
"""
DRAW = "fig, ax = plt.subplots(figsize=(4, 3))\n(line,) = ax.plot([1, 2])\n"
MOVE = "lambda a: line.set_ydata([1, a]), (1.5, 2), label='a', alt=lambda a: f'ends at {a}', fmt='.2f'"
SPEAKING = {
    "show": DRAW + 'plotting.show(fig, "a line that rises")',
    "flipbook": DRAW + f"widgets.flipbook(fig, {MOVE})",
    "check": 'check("start.slope_of_square", lambda z: 2 * z)',
}


def other_pixels(page):
    """The page of another machine: each picture is another one of about its size."""
    return re.sub(r"[A-Za-z0-9+/=]{200,}", lambda match: match[0][:150] + match[0][200:] + "AAAA", page)


CHANGES = {
    "show pixels": ("show", other_pixels, "passed"),
    "show alt": ("show", lambda page: page.replace("a line that rises", "a line that falls"), "failed"),
    "flipbook pixels": ("flipbook", other_pixels, "passed"),
    "flipbook alt": ("flipbook", lambda page: page.replace("ends at 2", "ends at 3"), "failed"),
    "flipbook value": ("flipbook", lambda page: page.replace("1.50", "1.60"), "failed"),
    "check table": ("check", lambda page: page.replace("(3, 4)", "(4, 3)"), "failed"),
}


def test_other_pixels_pass_and_another_text_fails(tmp_path):
    path = write(tmp_path, code(IMPORTS) + "".join(code(SPEAKING[kind]) for kind, _, _ in CHANGES.values()))
    notebooks.build(path)
    nb = read(path)
    for changed, (_, change, _) in zip(nb.cells[1:], CHANGES.values(), strict=True):
        (output,) = changed.outputs
        before = output.data["text/html"]
        output.data["text/html"] = change(before)
        assert output.data["text/html"] != before, "nothing was changed"
        if "image/png" in output.data:
            output.data["image/png"] = other_pixels(output.data["image/png"])
    nbformat.write(nb, path.with_suffix(".ipynb"))
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    command += ["-c", str(ROOT / "pyproject.toml"), str(path.with_suffix(".ipynb"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = re.findall(r"^(PASSED|FAILED) .*?::Cell (\d+)", done.stdout, flags=re.MULTILINE)
    outcomes = {int(number): outcome.lower() for outcome, number in lines}
    assert outcomes.get(0) == "passed", done.stdout
    found = {name: outcomes[number] for number, name in enumerate(CHANGES, 1)}
    assert found == {name: wanted for name, (_, _, wanted) in CHANGES.items()}
