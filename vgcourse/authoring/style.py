"""The limits that keep a lecture readable; a test holds every lecture and problem set to them."""

import ast
import base64
import re
from html.parser import HTMLParser

CODE_LINES = 15  # blank lines, docstrings and nbgrader's markers do not count, comments do
CODE_COLUMNS = 88  # what a cell shows without scrolling when the page is 700 px wide
CHECK_LINES = 6  # a longer check is folded: its output says what it found
MARKDOWN_WORDS = 150
CODE_CELLS = 30
FIGURE_KB = 100
FLIPBOOK_KB = 300  # all pictures of one, in base 64
WORDS_A_MINUTE = 130  # of a text with formulas, for a second-language reader
MINUTES_A_RESULT = 2
MINUTES_A_CODE_CELL = 2
CODE_CELL = "\n\n<!-- a code cell -->\n\n"  # what stands for one in the text whose time is counted
SITTING = 95  # minutes
TAG = re.compile(r"\\tag\{([^}]*)\}")
CHECKS = re.compile(r"^[ \t]*# checks ((?:\([^()]+\)(?:,| and|\s)*)+)", re.MULTILINE)
CAPTION = re.compile(r"^\*\*Figure (\d+\.\d+)\.\*\*", re.MULTILINE)
PAUSE = re.compile(r"^## Pause\b", re.MULTILINE)
TIME = re.compile(r"^\*\*Time\*\* (.*?minutes)", re.MULTILINE | re.DOTALL)
TASK = re.compile(r"^\*\*(?:Your turn|Predict)\b(?: \((\d+) min\)\.\*\*)?", re.MULTILINE)
PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
WIDGET_TAGS = {"widget", "nbval-ignore-output"}


def style_problems(nb):
    """What a lecture does that the course's style forbids.

    A result is an equation with `\\tag{1.2}` and needs a code cell with `# checks (1.2)`. A tag that only
    defines something is declared in the front matter: `vgcourse: {definitions: ["1.3"]}`.

    Parameters
    ----------
    nb : notebook with outputs

    Returns
    -------
    list of str, each naming the cell (counted from 1) or the equation
    """
    problems = code_problems(nb) + folding_problems(nb) + separator_problems(nb)
    for number, cell in _cells(nb, "markdown"):
        if (words := count_words(cell.source)) > MARKDOWN_WORDS:
            problems.append(f"cell {number}: {words} words, at most {MARKDOWN_WORDS}")
    code_cells = sum(1 for cell in nb.cells if cell.cell_type == "code")
    if code_cells > CODE_CELLS:
        problems.append(f"{code_cells} code cells, at most {CODE_CELLS}")
    return problems + equation_problems(nb) + figure_problems(nb) + caption_problems(nb) + widget_problems(nb)


def code_problems(nb):
    """Code cells, of lectures and problem sets, that cannot be read without scrolling."""
    problems = []
    for number, cell in _cells(nb, "code"):
        if (lines := len(_code_lines(cell.source))) > CODE_LINES:
            problems.append(f"cell {number}: {lines} lines of code, at most {CODE_LINES}")
        columns = max(map(len, cell.source.splitlines()), default=0)
        if columns > CODE_COLUMNS:
            problems.append(f"cell {number}: a line of {columns} characters, at most {CODE_COLUMNS}")
    return problems


def separator_problems(nb):
    """Cells, of lectures and problem sets, that show a `+++` of their source."""
    shown = [n for n, cell in _cells(nb, "markdown") if re.search(r"^\+\+\+", cell.source, re.MULTILINE)]
    return [f"cell {n}: shows a line +++, which separates cells only below a blank line" for n in shown]


def _code_lines(source):
    """The lines of a cell that count: no blank line, no docstring, none of nbgrader's markers."""
    docstrings = set()
    for node in ast.walk(ast.parse(_python_only(source))):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return [
        line
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and number not in docstrings and not line.strip().startswith(("### BEGIN", "### END"))
    ]


def folding_problems(nb):
    """Long checks that lie open, and folded cells without the comment that is their label."""
    problems = []
    for number, cell in _cells(nb, "code"):
        folded = "hide-input" in cell.metadata.get("tags", [])
        lines = len(_code_lines(cell.source))
        if CHECKS.search(cell.source) and lines > CHECK_LINES and not folded:
            problems.append(f"cell {number}: a check of {lines} lines, more than {CHECK_LINES}: fold it")
        if folded and not cell.source.lstrip().startswith("# "):
            problems.append(f"cell {number}: is folded and does not open with a comment, its label")
    return problems


def time_problems(nb):
    """Where a lecture says other minutes than its text and tasks take, or gives too little to do.

    A sitting takes: words / 130, 2 minutes per result, 2 per code cell that is not folded (to read it and
    what it shows), and what its tasks say: `**Your turn (3 min).**` or `**Predict (1 min).**`. What is folded
    is not counted.

    Returns
    -------
    list of str
    """
    text = "\n\n".join(
        cell.source if cell.cell_type == "markdown" else CODE_CELL
        for cell in nb.cells
        if cell.cell_type == "markdown" or "hide-input" not in cell.metadata.get("tags", [])
    )
    definitions = {str(name) for name in nb.metadata.get("vgcourse", {}).get("definitions", [])}
    sittings = PAUSE.split(text)
    said = TIME.search(text)
    stated = [int(number) for number in re.findall(r"\d+", said[1])] if said else []
    problems = []
    if len(stated) != len(sittings):
        minutes = " and ".join(f"{_minutes(sitting, definitions):.0f}" for sitting in sittings)
        return [f"**Time** says {len(stated)} numbers of minutes for {len(sittings)} sittings (of {minutes})"]
    for number, (sitting, minutes) in enumerate(zip(sittings, stated), 1):
        tasks = TASK.findall(visible(sitting))
        if "" in tasks:
            problems.append(f"sitting {number}: {tasks.count('')} tasks without minutes, as in (3 min)")
        takes = _minutes(sitting, definitions)
        if abs(minutes - takes) > max(0.15 * takes, 5):
            problems.append(f"sitting {number}: says {minutes} minutes, takes {takes:.0f}")
        if minutes > SITTING:
            problems.append(f"sitting {number}: {minutes} minutes, at most {SITTING}")
        if len(tasks) < minutes / 10 - 1:
            problems.append(f"sitting {number}: {len(tasks)} tasks in {minutes} minutes, one in ten at least")
    return problems


def _minutes(sitting, definitions):
    results = len(set(TAG.findall(sitting)) - definitions)
    tasks = sum(int(minutes) for minutes in TASK.findall(visible(sitting)) if minutes)
    reading = count_words(visible(sitting.replace(CODE_CELL, ""))) / WORDS_A_MINUTE
    return reading + MINUTES_A_RESULT * results + MINUTES_A_CODE_CELL * sitting.count(CODE_CELL) + tasks


def visible(markdown):
    """A text as it shows before the reader opens anything: of `<details>` only the summary."""
    return re.sub(r"<details>\s*(<summary>.*?</summary>).*?</details>", r"\1", markdown, flags=re.DOTALL)


def count_words(markdown):
    """Words a reader reads.

    A formula in a line is one word. Displayed formulas, code blocks, HTML comments, the targets of links and
    punctuation that stands alone are none.
    """
    text = re.sub(r"<!--.*?-->|^```.*?^```", " ", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\\begin\{(\w+\*?)\}.*?\\end\{\1\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$[^$]+\$", "formula", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return sum(1 for word in text.split() if re.search(r"\w", word))


def equation_problems(nb):
    """Tags given twice, results that no cell checks, checks and definitions of ones that do not exist."""
    tags = [tag for cell in nb.cells if cell.cell_type == "markdown" for tag in TAG.findall(cell.source)]
    heads = [head for cell in nb.cells if cell.cell_type == "code" for head in CHECKS.findall(cell.source)]
    checked = {name for head in heads for name in re.findall(r"\(([^()]+)\)", head)}
    definitions = {str(name) for name in nb.metadata.get("vgcourse", {}).get("definitions", [])}
    known = set(tags)
    return [
        *(f"equation ({tag}) is numbered twice" for tag in sorted(known) if tags.count(tag) > 1),
        *(f"no cell checks equation ({tag})" for tag in sorted(known - checked - definitions)),
        *(f"a cell checks equation ({name}), which is not there" for name in sorted(checked - known)),
        *(
            f"the front matter defines equation ({name}), which is not there"
            for name in sorted(definitions - known)
        ),
    ]


def figure_problems(nb):
    """Stored pictures that are too large, or that say nothing to someone who cannot see them.

    What is spoken is the alt text of an HTML image; metadata of a PNG reach no screen reader.
    """
    problems = []
    for number, _, output in _figures(nb):
        page = "".join(output.data.get("text/html", ""))
        pictures = PICTURE.findall(page) or ["".join(output.data["image/png"])]
        size = max(len(base64.b64decode(picture)) for picture in pictures) / 1024
        if size > FIGURE_KB:
            problems.append(f"cell {number}: a figure of {size:.0f} KB, at most {FIGURE_KB}")
        if len(page) / 1000 > FLIPBOOK_KB + 10:  # its texts and script
            problems.append(f"cell {number}: pictures of {len(page) / 1000:.0f} KB, at most {FLIPBOOK_KB}")
        images = _Images(page).texts
        if not images or not all(images):
            problems.append(f"cell {number}: a figure without a spoken alt text")
    return problems


class _Images(HTMLParser):
    """The alt texts of all images of a page; an empty one where there is none."""

    def __init__(self, page):
        super().__init__()
        self.texts = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.texts.append((dict(attributes).get("alt") or "").strip())


def caption_problems(nb):
    """Each figure has one **Figure n.m.** paragraph; the fallback picture of a widget may have one."""
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    captions = CAPTION.findall(text)
    problems = [
        f"figure {name} is numbered twice" for name in sorted(set(captions)) if captions.count(name) > 1
    ]
    fallbacks = [bool(WIDGET_TAGS & set(cell.metadata.get("tags", []))) for _, cell, _ in _figures(nb)]
    if not fallbacks.count(False) <= len(captions) <= len(fallbacks):
        problems.append(f"{len(captions)} figure captions for {fallbacks.count(False)} figures and "
                        f"{fallbacks.count(True)} pictures of widgets")  # fmt: skip
    return problems


def widget_problems(nb):
    """Widgets whose callbacks read a name that a later cell gives to something else.

    A slider is moved after the last cell has run: its callback then finds the *last* `ax` of the notebook.
    """
    cells = [(number, cell.source) for number, cell in enumerate(nb.cells, 1) if cell.cell_type == "code"]
    trees = [(number, ast.parse(_python_only(source))) for number, source in cells]
    problems, reads = [], {}
    for place, (number, tree) in enumerate(trees):
        here = {
            node.name: _global_reads(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }
        reads |= here
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if not any(isinstance(c.func, ast.Attribute) and c.func.attr == "live_figure" for c in calls):
            continue
        lambdas = (_global_reads(node) for node in ast.walk(tree) if isinstance(node, ast.Lambda))
        found = set().union(*here.values(), *lambdas)
        while not found >= (more := set().union(*(reads.get(name, set()) for name in found))):
            found |= more  # what the callback calls reads names of its own
        later = set().union(*(_assigned(tree) for _, tree in trees[place + 1 :]))
        for name in sorted(found & later):
            problems.append(f"cell {number}: its widget reads {name}, which a later cell assigns again")
    return problems


def _cells(nb, kind):
    return [(number, cell) for number, cell in enumerate(nb.cells, 1) if cell.cell_type == kind]


def _python_only(source):
    return "\n".join(
        "" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.splitlines()
    )


def _global_reads(function):
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    own = {arg.arg for arg in ast.walk(function) if isinstance(arg, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names if isinstance(node.ctx, ast.Load)} - own


def _assigned(tree):
    """Names that a cell binds at its top level (also in loops and comprehension-free statements)."""
    inner = {n for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.Lambda)) for n in ast.walk(f)}
    comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    inner |= {n for c in ast.walk(tree) if isinstance(c, comprehensions) for n in ast.walk(c)}
    names = {
        n.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n not in inner
    }
    return names | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def _figures(nb):
    for number, cell in enumerate(nb.cells, 1):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data or "<img" in "".join(data.get("text/html", "")):
                yield number, cell, output
