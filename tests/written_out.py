"""A known mistake as a student would have handed it in: the text of a cell that stands by itself."""

import inspect
import types

from vgcourse.collect.uses import _codes, _globals_of
from vgcourse.problems.edits import _replaced, text_of


def as_cell(problem, mistake, may_use):
    """The text of a cell that defines the wrong function and all that it needs; None where that cannot be.

    Parameters
    ----------
    problem : Problem
    mistake : Mistake, made of edits
    may_use : rooms that the cell may import from
    """
    edits = {}
    for one in mistake.parts:
        edits.setdefault(one.within or problem.reference, []).append(one)
    texts, imports = {}, {"np": "import numpy as np"}  # which every notebook imports
    if not _add(problem.reference, edits, may_use, texts, imports):
        return None
    return "\n".join([*dict.fromkeys(imports.values()), *reversed(texts.values())])


def _add(function, edits, may_use, texts, imports):
    """Add a function's text, then those that it calls; False if something in it has no text."""
    texts[function.__name__] = _replaced(function, tuple(edits.get(function, ())))
    for name in sorted({name for code in _codes(function.__code__) for name in _globals_of(code)}):
        if name in texts or name in imports or name not in function.__globals__:
            continue
        value = function.__globals__[name]
        if isinstance(value, types.ModuleType):
            if value.__name__.startswith("vgcourse") and value.__name__.split(".")[1] not in may_use:
                return False
            imports[name] = f"import {value.__name__} as {name}"
        elif isinstance(value, (int, float, str, tuple)):
            imports[name] = f"{name} = {value!r}"
        elif getattr(value, "__module__", "").startswith("vgcourse.problems"):
            if not inspect.isfunction(value) or not text_of(value).startswith("def "):
                return False
            if not _add(value, edits, may_use, texts, imports):
                return False
        elif getattr(value, "__module__", "").split(".")[0] == "vgcourse":
            if value.__module__.split(".")[1] not in may_use:
                return False
            imports[name] = f"from {value.__module__} import {value.__name__} as {name}"
        else:
            return False
    return True
