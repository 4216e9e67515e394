"""The course and one of its assignments as the coordinator knows them: settings, cells, checks, rooms."""

import ast
import fnmatch
import json
import os
from pathlib import Path
from typing import NamedTuple

from vgcourse.grading.boxes import texts_of
from vgcourse.grading.course import course_config, course_folders, not_generated, notebooks_in
from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.orders import Ask, Check, digest_of, may_use
from vgcourse.grading.restore import given_cells
from vgcourse.problems import find

PACKAGE = Path(__file__).parents[2]
SHOWN = ("plotting", "tasks")  # what every notebook may draw and load data with: it holds no answers
IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__"]  # nbgrader's own


class Course(NamedTuple):
    """Where a course keeps things, and nbgrader's settings for it."""

    root: Path
    db_url: str
    course_id: str
    source: Path
    submitted: Path
    autograded: Path
    ignore: tuple
    config: object


class Assignment(NamedTuple):
    """One problem set.

    Attributes
    ----------
    name, notebook : names of the assignment and of its one notebook
    given : grade_id → `restore.Given`: the marked cells
    kernelspec : what the notebook's metadata says of its kernel, or None
    checks : grade_id → Check
    texts : the words of the set's own text cells
    rooms : of the jail
    digest : of the marked cells
    names : the gradebook's id of a cell → its grade_id
    """

    name: str
    notebook: str
    given: dict
    kernelspec: dict | None
    checks: dict
    texts: set
    rooms: tuple
    digest: str
    names: dict

    @property
    def problems(self):
        """The names of all problems that are asked for, each once."""
        return list(dict.fromkeys(ask.problem for check in self.checks.values() for ask in check.asks))


def read_course(root, db_url=None):
    """The course in a folder with an nbgrader_config.py; `db_url` names another gradebook."""
    config, folders = course_config(root), course_folders(root)
    settings = config.CourseDirectory
    return Course(
        Path(settings.get("root", root)),
        db_url or folders["db_url"],
        settings.get("course_id", "default_course"),
        folders["source"],
        folders["submitted"],
        folders["autograded"],
        tuple(settings.get("ignore", IGNORED)),
        config,
    )


def read_assignment(gradebook, course, name):
    """What the gradebook and the course's folders know of an assignment.

    Raises
    ------
    EngineError
        If it is not known, or is none that can be graded here.
    """
    if not (notebooks := notebooks_in(gradebook, name)):
        raise EngineError(not_generated(course.source, name))
    if len(notebooks) != 1:
        raise EngineError(f"{name} has {len(notebooks)} notebooks; expected one. Plain nbgrader grades it.")
    (notebook,) = notebooks
    files = [
        folder / name / f"{notebook.name}.ipynb" for folder in (course.source, course.root / "exercises")
    ]
    texts = next((texts_of(file) for file in files if file.is_file()), set())
    kernelspec = json.loads(notebook.kernelspec) if notebook.kernelspec else None
    cells = [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]
    names = {cell.id: cell.name for cell in cells}
    return assignment_of(name, notebook.name, given_cells(notebook), kernelspec, texts, names)


def assignment_of(name, notebook, given, kernelspec=None, texts=frozenset(), names=None):
    """The Assignment of these marked cells: grade_id → `restore.Given`."""
    checks = {
        one.name: Check(asks_of(one), float(one.mark["points"]))
        for one in given.values()
        if one.mark["grade"] and not one.mark["solution"] and one.cell_type == "code"
    }
    asked = [ask.problem for check in checks.values() for ask in check.asks]
    digest = digest_of(*(f"{one.name}{one.source}{sorted(one.mark.items())}" for one in given.values()))
    return Assignment(name, notebook, given, kernelspec, checks, texts, rooms_for(asked), digest, names or {})


def asks_of(given):
    """The calls of `check` in a check's cell, each once.

    Raises
    ------
    EngineError
        If there is none: what else a cell might measure is measured where students' code could answer for it.
        If a call is not check("problem", a_function, …), or of a problem or convention that there is not.
    """
    asks = {}
    try:
        tree = ast.parse(given.source)
    except SyntaxError as error:
        raise EngineError(f"{given.name}: line {error.lineno} is no Python: {error.msg}.") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check":
            try:
                problem, function = ast.literal_eval(node.args[0]), node.args[1]
                named = {word.arg: word.value for word in node.keywords}
                convention = ast.literal_eval(named["convention"]) if "convention" in named else None
                find(problem).convention(convention)
                if not isinstance(function, ast.Name):
                    raise ValueError(f"its second argument is {ast.unparse(function)}")
            except (IndexError, ValueError) as error:
                raise EngineError(
                    f'{given.name}: {ast.unparse(node)}: {error}; expected check("problem", a_function, …).'
                ) from error
            place = (node.lineno, node.col_offset)
            asks[place] = Ask(problem, function.id, convention)
    if not asks:
        raise EngineError(f"{given.name}: a graded cell without check(…). Plain nbgrader grades it.")
    return tuple(dict.fromkeys(asks[place] for place in sorted(asks)))


def rooms_for(problems):
    """The rooms of vgcourse that exist in the jail: what the answers may use, what draws, what those need."""
    rooms, wanted = [], [*SHOWN, *(room for problem in problems for room in may_use(problem))]
    while wanted:
        room = wanted.pop(0)
        if room not in rooms:
            rooms.append(room)
            wanted += sorted(_needed_by(room) - {"collect"})
    return tuple(sorted(rooms))


def _needed_by(room):
    """The rooms that a room imports."""
    folder = PACKAGE / room
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    needed = set()
    for file in files:
        depth = len(file.relative_to(PACKAGE).parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [
                    alias.name.removeprefix("vgcourse.") for alias in node.names if "vgcourse." in alias.name
                ]
            elif isinstance(node, ast.ImportFrom):
                ours = node.level == depth or (node.module or "").split(".")[0] == "vgcourse"
                inner = (node.module or "").removeprefix("vgcourse").lstrip(".")
                names = [inner] if inner else [alias.name for alias in node.names]
                names = names if ours else []
            else:
                continue
            needed |= {name.split(".")[0] for name in names}
    return {name for name in needed if name[0] != "_" and name != room and name != "__version__"}


def files_in(folder, ignore):
    """Names below a folder of all files but notebooks, links, and what nbgrader ignores."""
    found = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _matches(name, ignore))
        for name in sorted(files):
            path = Path(where, name)
            if not _matches(name, [*ignore, "*.ipynb"]) and not path.is_symlink() and path.is_file():
                found.append(path.relative_to(folder).as_posix())
    return found


def _matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
