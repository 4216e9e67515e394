"""The `vgcourse` in a jail: `collect`, the rooms that a set's notebook uses, stand-ins for the rest."""

import importlib.util
import shutil
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
ALWAYS = (
    "__init__",
    "_trees",
    "_validate",
    "collect",
    "grading/__init__",
    "grading/jail/jobs",
    "grading/jail/inside",
)
BESIDE = {"tasks": ("data/digits.npz",), "widgets": ("flipbook.js",)}  # what else a room reads
NEVER = frozenset("authoring check cli collect copies doctor grading judge lab problems tell".split())


def lay_out(folder, rooms):
    """Copy what a jail may hold of vgcourse into a folder, which may be shown to students.

    Parameters
    ----------
    folder : where `vgcourse/` is made
    rooms : names of modules and packages: "activations", "plotting"

    Raises
    ------
    ValueError
        If there is no such room, or it would give answers away.
    """
    target = Path(folder) / "vgcourse"
    for name in rooms:
        if name in NEVER or not name.isidentifier():
            raise ValueError(f"rooms: {name!r} may not be in a jail; it tells answers, or is no room.")
    for name in (*ALWAYS, *rooms):
        source = PACKAGE / name
        if source.is_dir():
            files = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        else:
            files = [source.with_suffix(".py")]
        if not files or not files[0].exists():
            raise ValueError(f"rooms: vgcourse has no {name!r}.")
        for path in files:
            _copy(path, target / path.relative_to(PACKAGE))
    for name in (file for room in rooms for file in BESIDE.get(room, ())):
        _copy(PACKAGE / name, target / name)
    (target / "grading/jail/__init__.py").write_text('"""What a jail holds of this room."""\n')
    _copy(PACKAGE / "grading/jail/inside/check.py", target / "check.py")


def _copy(source, target):
    """A file with its times and, where there is one, its compiled twin."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    if source.suffix == ".py" and (compiled := Path(importlib.util.cache_from_source(source))).exists():
        twin = Path(importlib.util.cache_from_source(target))
        twin.parent.mkdir(exist_ok=True)
        shutil.copy2(compiled, twin)
