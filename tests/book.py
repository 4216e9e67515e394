"""The book of a test: the repository's pages and a sample lecture, built once, and how to read its files."""

import functools
import importlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from conftest import ROOT, require

SITE_PACKAGES = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx-mathjax-offline")
OWN = ["topics", "errata", "glossary", "sources", "questions", "claims", "work", "checker", "guide"]
PAGES = ["index", "search", "genindex", "lectures/90_sample", *(f"site/{name}" for name in OWN)]
PAGES += [f"lectures/{path.stem}" for path in sorted(ROOT.glob("lectures/[0-9]*.ipynb"))]
PAGES += [f"exercises/{path.stem}/{path.stem}" for path in sorted(ROOT.glob("exercises/*/*.ipynb"))]
LIBRARY = """index activations check clinic dynamics gradcheck initializers layers losses mlp optim plotting
recurrent recurrent.fast recurrent.memory tasks widgets""".split()
PAGES += [f"library/{name}" for name in LIBRARY]

SAMPLE = [
    r"""# 90 · A sample

**Logits** come from $z$, say Squire and
Trapp (1998), (Alpaydin & Kaynak 1998) and, unlike Kadurin, Cremer 2017; also
Rumelhart et al. (1986). In 1998 equation (1.7) stood in
[lecture 1](01_chain_rule.ipynb), section 2. Here ($z$), of `dh @ W_h`, is left **51** %.

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
alt = lambda a: f"A line of slope {a}"
widgets.flipbook(fig, draw, [0.5, 1, 2], label="slope", alt=alt)""",
]


def from_site(name):
    """A module of the folder site/."""
    sys.path.insert(0, str(ROOT / "site"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "site"))


def build(course, out, *options):
    """Run site/build.py; returns its exit status and what it said."""
    command = [sys.executable, ROOT / "site" / "build.py", "--course", course, "--out", out, *options]
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


def make_course(folder):
    """The repository's pages in a folder, and one more lecture with everything that a page may hold."""
    for package in SITE_PACKAGES:
        require(find_spec(package) is not None, f"{package} is not installed (make site installs it)")
    for name in ("lectures", "exercises", "solutions", "site"):
        ignore = shutil.ignore_patterns("_build", "__pycache__")
        shutil.copytree(ROOT / name, Path(folder) / name, ignore=ignore)
    (Path(folder) / "vgcourse").symlink_to(ROOT / "vgcourse")
    write_notebook(Path(folder) / "lectures" / "90_sample.ipynb", SAMPLE, execute=True)
    return Path(folder)


@functools.cache
def soup(path):
    """A page as a tree; it is the same tree for all tests, so none changes it."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def pages_of(book):
    return [path for path in book.rglob("*.html") if "_static" not in path.parts]
