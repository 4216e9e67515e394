"""The same right answer in other clothes: other types, layouts, containers."""

import functools

import numpy as np


def _convert(value, change):
    if isinstance(value, np.ndarray):
        return change(value) if value.dtype.kind == "f" else value
    if isinstance(value, dict):
        return {key: _convert(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_convert(item, change) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def single(fn):
    """fn, given all of its numbers in single precision."""

    @functools.wraps(fn)
    def in_single(*args):
        args = (np.float32(a) if isinstance(a, float) else a for a in args)
        return fn(*_convert(tuple(args), lambda a: a.astype(np.float32)))

    return in_single


def fortran(fn):
    """fn with results in Fortran order."""

    @functools.wraps(fn)
    def in_columns(*args):
        return _convert(fn(*args), np.asfortranarray)

    return in_columns


def lists(fn):
    """fn with nested lists of plain numbers as its results."""

    @functools.wraps(fn)
    def as_lists(*args):
        out = _convert(fn(*args), np.ndarray.tolist)
        return list(out) if isinstance(out, tuple) else out

    return as_lists


def strided(fn):
    """fn with views that skip over memory as its results."""

    @functools.wraps(fn)
    def as_views(*args):
        return _convert(fn(*args), lambda a: np.stack([a, a], axis=-1)[..., 0])

    return as_views


def on_copies(fn):
    """fn that works in place, on its own copies."""

    @functools.wraps(fn)
    def in_place(*args):
        args = _convert(args, np.copy)
        out = _convert(fn(*args), np.copy)
        _convert(args, lambda a: a.fill(0) or a)
        return out

    return in_place


CLOTHES = (single, fortran, lists, strided, on_copies)


def dressed(*answers):
    """The answers, and the first of them in all clothes."""
    return [*answers, *(clothes(answers[0]) for clothes in CLOTHES)]
