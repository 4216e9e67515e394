"""What an answer uses of the course's own library: read from its code, before it is called.

This finds what is written plainly; who hides an import finds it gone in the jail.
"""

import dis
import functools
import inspect
import os
import types
from pathlib import Path

from vgcourse.collect.plain import listed

_HERE = str(Path(__file__).parents[1]) + os.sep
_ROOMS = {path.stem for path in Path(_HERE).iterdir() if path.stem.isidentifier() and path.stem[0] != "_"}


def refused_use(fn, may_use):
    """A sentence if a function uses of vgcourse what it may not, else None.

    Parameters
    ----------
    fn : the learner's function
    may_use : names of modules and packages in vgcourse, or None for all
    """
    if may_use is None:
        return None
    allowed = tuple(f"vgcourse.{name}." for name in may_use)
    used = sorted({name for name in _used(fn, set()) if not f"{name}.".startswith(allowed)})
    if not used:
        return None
    return (
        f"your answer uses {used[0]}. An answer of this set may use {listed(may_use)} of vgcourse, "
        "and nothing else of it: write the rest yourself."
    )


def _used(value, seen):
    """Dotted names of what a function, and whatever of the learner's it refers to, uses of vgcourse."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, types.ModuleType):
        if value.__name__.startswith("vgcourse."):
            yield value.__name__
    elif isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from _used(part, seen)
    elif isinstance(value, types.MethodType):
        yield from _used(value.__func__, seen)
    elif str(getattr(value, "__module__", "")).startswith("vgcourse."):
        yield f"{value.__module__}.{getattr(value, '__name__', type(value).__name__)}"
    elif isinstance(value, types.FunctionType):
        yield from _used_by_function(value, seen)
    elif inspect.isclass(value) and value.__module__ == "__main__":
        for part in vars(value).values():
            yield from _used(part, seen)


def _used_by_function(fn, seen):
    for code in _codes(fn.__code__):
        names = set(code.co_names)
        words = (word for word in (*names, *code.co_consts) if isinstance(word, str))
        imported = {word for word in words if word.startswith("vgcourse.")}
        if "vgcourse" in names:  # as a global, or imported here: what stands behind the dot is a name, too
            imported |= {f"vgcourse.{name}" for name in names & _ROOMS}
        yield from imported
        for name in _globals_of(code) & fn.__globals__.keys():
            yield from _used(fn.__globals__[name], seen)
    cells = (cell.cell_contents for cell in fn.__closure__ or () if _filled(cell))
    for value in (*cells, *(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).values()):
        yield from _used(value, seen)
    if wrapped := getattr(fn, "__wrapped__", None):
        yield from _used(wrapped, seen)


@functools.lru_cache(maxsize=256)
def _globals_of(code):
    """Names that are looked up as globals: in co_names those of attributes and methods stand, too."""
    return {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}


def _codes(code):
    """A code object and those of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _filled(cell):
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # the name it stands for has no value yet
        return False
    return True
