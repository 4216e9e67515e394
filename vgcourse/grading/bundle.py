"""The zip that students get: a problem set and all it takes to work on it, the same bytes every time."""

import io
import json
import re
import zipfile
from pathlib import Path

from vgcourse.authoring.build import NotebookError, leaks_of
from vgcourse.grading.boxes import HIDDEN, words
from vgcourse.grading.course import cells_of

DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold: today's would make other bytes tomorrow
BESIDE = ("LICENSE", "environment.yml", "pyproject.toml", "requirements-lock.txt")
START = "lectures/00_start_here.ipynb"
LECTURE = re.compile(r"\blectures/\d\d_\w+\.ipynb")
SOLUTION = re.compile(r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION", re.MULTILINE | re.DOTALL)
SEED = re.compile(r"\bseed=\d+")
HOW_TO = """# Problem set {names}

Unpack this folder somewhere that is yours and open a terminal in it. You need Python 3.11 or newer. Once:

```sh
python -m venv .venv
.venv/bin/python -m pip install -r requirements-lock.txt            # Windows: .venv\\Scripts\\python
.venv/bin/python -m pip install --no-deps --no-build-isolation -e .
```

or with conda: `conda env create -f environment.yml`, then `conda activate vgcourse`. From then on:

```sh
.venv/bin/vgcourse lab                                              # Windows: .venv\\Scripts\\vgcourse lab
```

It opens the start page. Your own copy of the set, the one to work in:

{copies}

The lectures that it links to are in the folder, too.

- A check below each answer says at once how far it is right, and which mistake is in it.
- Do not delete or copy the cells that came with the set. Cells of your own may stand anywhere.
- Before you hand in: *Kernel, Restart Kernel and Run All Cells*, look it through, save.
- Hand in that one file, under the name that it has.
"""


def contents(root, assignments):
    """What goes into the zip of these problem sets.

    Parameters
    ----------
    root : path of the course; exercises/ is as `vgcourse release` wrote it
    assignments : list of str, such as ["ps1"]

    Returns
    -------
    dict, name inside the zip's folder → bytes
    """
    root = Path(root)
    sets = [path for name in assignments for path in sorted((root / "exercises" / name).rglob("*"))]
    paths = [root / name for name in BESIDE] + sets + _lectures(root, sets)
    paths += [path for path in (root / "vgcourse").rglob("*") if "__pycache__" not in path.parts]
    own = [
        path
        for path in paths
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in own}
    copies = "\n".join(f"- `mine/exercises/{name}/{name}.ipynb`" for name in assignments)
    files["README.md"] = HOW_TO.format(names=", ".join(assignments), copies=copies).encode()
    return files


def _lectures(root, sets):
    """The start page, the lectures that the sets link to, and the measurements that these name."""
    texts = [path.read_text(encoding="utf-8") for path in sets if path.suffix == ".ipynb"]
    linked = {START, *LECTURE.findall("\n".join(texts))}
    lectures = [root / name for name in sorted(linked) if (root / name).is_file()]
    said = "\n".join(path.read_text(encoding="utf-8") for path in lectures)
    measured = [path for path in (root / "lectures" / "measured").glob("*") if path.stem in said]
    return lectures + measured


def leaks(root, files):
    """What would tell students an answer: sentences, none where all is well.

    Every file of a problem set is searched for what no release may hold, and its notebooks for the solutions
    and hidden tests of their source in solutions/, whatever their markers.
    """
    found = []
    for name, data in files.items():
        if not name.startswith("exercises/"):
            continue
        _, assignment, *_ = name.split("/")
        found += leaks_of(name, data)
        if name.endswith(".db"):
            found.append(f"{name} is not for students")
        if name.endswith(".ipynb"):
            cells = json.loads(data)["cells"]
            said = words("\n".join("".join(cell["source"]) for cell in cells))
            folder = Path(root) / "solutions" / assignment
            for what, secret in [*solutions_in(folder), *hidden_seeds(folder)]:
                if secret in said:
                    found.append(f"{name} holds {what}")
    return found


def solutions_in(folder):
    """(what it is, its words) of every solution in a problem set's own notebooks."""
    for cell in cells_of(folder):
        for solution in filter(None, map(words, SOLUTION.findall(cell.source))):
            yield f"the solution of {cell.grade_id or 'a cell'}", solution


def hidden_seeds(folder):
    """(what it is, itself: "seed=4101") of every seed of a hidden test in a problem set's own notebooks."""
    for cell in cells_of(folder):
        for hidden in HIDDEN.finditer(cell.source):
            for seed in SEED.findall(hidden[0]):
                yield f"the hidden {seed} of {cell.grade_id or 'a cell'}", seed


def packed(files, folder):
    """The bytes of a zip: sorted, dated alike, not compressed, since not every zlib presses alike.

    Parameters
    ----------
    files : dict, name → bytes
    folder : str, in which all of them stand

    Returns
    -------
    bytes
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{folder}/{name}", DATE)
            member.create_system, member.external_attr = 3, 0o644 << 16  # as from Unix, wherever it is made
            archive.writestr(member, files[name])
    return out.getvalue()


def write(root, assignments, file):
    """Write the students' zip of one or more problem sets.

    Parameters
    ----------
    root : path of the course
    assignments : list of str
    file : path of the zip

    Returns
    -------
    int, the number of files in it

    Raises
    ------
    NotebookError
        If an answer or a hidden test would be in it; nothing is written.
    """
    files = contents(root, assignments)
    if found := leaks(root, files):
        raise NotebookError(f"{file} is not written, this would reach students: {'; '.join(found)}")
    Path(file).write_bytes(packed(files, f"vgcourse-{'-'.join(assignments)}"))
    return len(files)
