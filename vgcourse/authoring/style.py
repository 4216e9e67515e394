"""The limits that keep a lecture readable; a test holds every lecture to them."""

import ast
import base64
import re

CODE_LINES = 15  # blank lines do not count, comments do
CODE_COLUMNS = 88  # what a cell shows without scrolling when the page is 700 px wide
MARKDOWN_WORDS = 150
CODE_CELLS = 30
FIGURE_KB = 100
TAG = re.compile(r"\\tag\{([^}]*)\}")
CHECKS = re.compile(r"^[ \t]*# checks ((?:\([^()]+\)(?:,| and|\s)*)+)", re.MULTILINE)
CAPTION = re.compile(r"^\*\*Figure (\d+\.\d+)\.\*\*", re.MULTILINE)
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
    problems = []
    for number, cell in enumerate(nb.cells, 1):
        if cell.cell_type == "code":
            lines = sum(1 for line in cell.source.splitlines() if line.strip())
            if lines > CODE_LINES:
                problems.append(f"cell {number}: {lines} lines of code, at most {CODE_LINES}")
            columns = max(map(len, cell.source.splitlines()), default=0)
            if columns > CODE_COLUMNS:
                problems.append(f"cell {number}: a line of {columns} characters, at most {CODE_COLUMNS}")
        elif cell.cell_type == "markdown":
            words = count_words(cell.source)
            if words > MARKDOWN_WORDS:
                problems.append(f"cell {number}: {words} words, at most {MARKDOWN_WORDS}")
    code_cells = sum(1 for cell in nb.cells if cell.cell_type == "code")
    if code_cells > CODE_CELLS:
        problems.append(f"{code_cells} code cells, at most {CODE_CELLS}")
    return problems + equation_problems(nb) + figure_problems(nb) + caption_problems(nb) + widget_problems(nb)


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
    """Stored pictures that are too large, or that say nothing to someone who cannot see them."""
    problems = []
    for number, _, output in _figures(nb):
        size = len(base64.b64decode("".join(output.data["image/png"]))) / 1024
        if size > FIGURE_KB:
            problems.append(f"cell {number}: a figure of {size:.0f} KB, at most {FIGURE_KB}")
        metadata = output.get("metadata", {})
        if not (metadata.get("image/png", {}).get("alt") or metadata.get("alt")):
            problems.append(f"cell {number}: a figure without alt text")
    return problems


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


def _python_only(source):
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!", "?")))


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
            if "image/png" in output.get("data", {}):
                yield number, cell, output
