"""Build the notebooks from their .md sources, release the exercises, and look for what is wrong with either.

One way only: .md -> .ipynb -> exercises. jupytext, nbformat and nbclient load when a function needs them.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .._files import in_place_of
from .execute import NotebookError, execute

ROOT = Path(__file__).resolve().parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"
MARKERS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
TEMPLATES = Path(__file__).with_name("templates")  # for nbconvert: extra_template_basedirs
FOLDED = "hide-input"  # the tag of a code cell that readers have to open
# What JupyterLab writes of its Python kernel, so that opening and saving changes nothing.
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": platform.python_version(),
}


def sources(root=ROOT):
    """The .md sources of all lectures and solutions, in reading order."""
    return sorted(root.glob("lectures/[0-9]*.md")) + sorted(root.glob("solutions/*/ps*.md"))


def assignments(root=ROOT):
    """The names of the problem sets in solutions/ that hold a built notebook."""
    return sorted({path.parent.name for path in root.glob("solutions/*/*.ipynb")})


def read_source(path):
    """Read a MyST source as a notebook with stable cell ids and no outputs."""
    path = Path(path)
    if not path.is_file():
        raise NotebookError(f"{path}: there is no such file")
    import jupytext

    text = path.read_text(encoding="utf-8")
    if not re.match(r"---\n(.*\n)?jupytext:(.*\n)?---\n", text, re.DOTALL):
        raise NotebookError(f"{path}: it does not open with a front matter that has a jupytext entry")
    try:
        nb = jupytext.reads(text, fmt="md:myst")
    except (
        Exception
    ) as error:  # jupytext raises many kinds (YAML, MyST, key errors) for one reason: bad input
        raise NotebookError(f"{path}: not a valid MyST notebook: {error}") from error
    if not nb.cells:
        raise NotebookError(f"{path}: it has no cells")
    seen = {}
    for cell in nb.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        if cell.cell_type == "code" and FOLDED in cell.metadata.get("tags", []):
            cell.metadata.setdefault("jupyter", {})["source_hidden"] = True
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        wished = cell.metadata.get("nbgrader", {}).get("grade_id") or f"{cell.cell_type}-{digest}"
        wished = re.sub(r"[^A-Za-z0-9_-]", "-", wished)[
            :56
        ]  # what nbformat allows in an id, and room for a counter
        seen[wished] = seen.get(wished, 0) + 1
        cell.id = wished if seen[wished] == 1 else f"{wished}-{seen[wished]}"
    course = {**nb.metadata.get("vgcourse", {}), "source_sha256": hashlib.sha256(text.encode()).hexdigest()}
    nb.metadata.update(kernelspec=KERNELSPEC, language_info=LANGUAGE, vgcourse=course)
    nb.metadata.pop("jupytext", None)
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


def build(source_md, force=False):
    """Execute a source in a fresh kernel of this interpreter and write the .ipynb beside it.

    Parameters
    ----------
    source_md : path of the .md file
    force : bool, execute also when the source is the one the notebook was built from

    Returns
    -------
    bool, whether the notebook was built

    Raises
    ------
    NotebookError : the source is missing or broken, or a cell failed; the old .ipynb stays as it was
    """
    import nbformat

    source_md = Path(source_md)
    nb = read_source(source_md)
    target = source_md.with_suffix(".ipynb")
    if not force and not pair_differences(source_md, target):
        old = nbformat.read(target, as_version=4).metadata.get("vgcourse", {})
        if old.get("source_sha256") == nb.metadata.vgcourse["source_sha256"]:
            print(f"{source_md.name}: unchanged")
            return False
    start = time.perf_counter()
    execute(nb, source_md)
    nb.metadata.update(kernelspec=KERNELSPEC, language_info=LANGUAGE)
    nbformat.validate(nb)
    text = as_lab_writes(nb)
    with in_place_of(target) as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"{source_md.name}: built in {time.perf_counter() - start:.1f} s")
    return True


def as_lab_writes(nb):
    """The text of a notebook as JupyterLab saves it, without what differs from run to run.

    Opening and saving then leaves git clean. Timing, widget state and ids, and empty bundles go; whole floats
    become integers, as JavaScript writes them. `nb` itself is changed, too.
    """
    import nbformat

    nb.metadata.pop("widgets", None)
    for cell in nb.cells:
        for noise in ("execution", "lines_to_next_cell", "collapsed"):
            cell.metadata.pop(noise, None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            output.get("metadata", {}).pop(WIDGET, None)
        if "outputs" in cell:  # where only a view was in a bundle, nothing is left
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
    plain = _whole(json.loads(nbformat.writes(nb)))
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _whole(value):
    """1 for 1.0, all the way down."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {key: _whole(item) for key, item in value.items()} if isinstance(value, dict) else value


def pair_differences(source_md, notebook):
    """What differs between a source and its notebook in (cell type, source, nbgrader metadata, tags).

    Returns
    -------
    list of str, empty when they agree
    """
    import nbformat

    wanted = read_source(source_md).cells
    if not Path(notebook).is_file():
        return [f"{Path(notebook).name} is not built yet"]
    try:
        found = nbformat.read(notebook, as_version=4).cells
    except Exception as error:  # broken JSON, a foreign format, bytes that are no text
        return [f"{Path(notebook).name} is not a notebook: {type(error).__name__}"]
    differences = []
    if len(wanted) != len(found):
        differences.append(f"{len(wanted)} cells in the source, {len(found)} in the notebook")
    for number, (a, b) in enumerate(zip(wanted, found), 1):
        names = ("cell type", "source", "nbgrader metadata", "tags")
        for name, left, right in zip(names, _identity(a), _identity(b)):
            if left != right:
                differences.append(f"cell {number}: {name}: {str(left)[:60]!r} became {str(right)[:60]!r}")
    return differences


def _identity(cell):
    return cell.cell_type, cell.source, dict(cell.metadata.get("nbgrader", {})), cell.metadata.get("tags", [])


def release(assignment, destination, root=ROOT):
    """Generate the students' version of one problem set with nbgrader; the same bytes every time.

    Parameters
    ----------
    assignment : str, the name of a folder in solutions/
    destination : path of the folder that gets (or replaces) the folder `assignment`
    root : path of the course, with nbgrader_config.py and solutions/

    Raises
    ------
    NotebookError : nbgrader failed, or a solution, a hidden test, a source or an output would reach students
    """
    import nbformat

    root, destination = Path(root), Path(destination)
    if not list((root / "solutions" / assignment).glob("*.ipynb")):
        raise NotebookError(f"solutions/{assignment}: no notebook there; build it with `vgcourse notebooks`")
    with tempfile.TemporaryDirectory() as temporary:
        course = Path(temporary)
        shutil.copytree(root / "solutions" / assignment, course / "solutions" / assignment)
        shutil.copy(root / "nbgrader_config.py", course)  # it makes its own folder the course's root
        command = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--create", "--force"]
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        )  # nbgrader starts alembic
        env = {
            **os.environ,
            "PATH": path,
            "JUPYTER_CONFIG_DIR": str(course / "no-config"),
            "PYTHONWARNINGS": "ignore",
        }
        done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True)
        made = course / "exercises" / assignment
        if done.returncode or not made.is_dir():
            last = (done.stderr or done.stdout).strip()[-800:] or f"exit code {done.returncode}"
            raise NotebookError(f"solutions/{assignment}: nbgrader could not release it: {last}")
        if leaks := leaks_in(made):
            raise NotebookError(f"solutions/{assignment}: this would reach students: {'; '.join(leaks)}")
        for path in made.glob("*.ipynb"):
            path.write_text(as_lab_writes(nbformat.read(path, as_version=4)), encoding="utf-8")
        destination.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(destination / assignment, ignore_errors=True)
        shutil.copytree(made, destination / assignment)


def leaks_in(folder):
    """What students must not get, in any file of `folder`: markers of solutions, sources, stored outputs."""
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return [leak for path in files for leak in leaks_of(path.name, path.read_bytes())]


def leaks_of(name, content):
    """What students must not get, in one file with this name and these bytes: sentences."""
    import nbformat

    leaks = [f"{name} holds {marker}" for marker in MARKERS if marker.encode() in content]
    if name.endswith(".md"):
        leaks.append(f"{name} is a source")
    if name.endswith(".ipynb"):
        cells = nbformat.reads(content.decode("utf-8"), as_version=4).cells
        if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
            leaks.append(f"{name} holds outputs")
    return leaks
