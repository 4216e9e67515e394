"""Call a learner's function without being hurt by it: copies in, silence around, exceptions as sentences."""

import contextlib
import copy
import inspect
import io
import linecache
import traceback
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_LIBRARIES = (str(Path(__file__).parents[1]), str(Path(np.__file__).parent))


class Outcome(NamedTuple):
    """What came of one call: an output or an error, the arguments it changed, and how much it printed."""

    output: Any = None
    error: str | None = None
    changed: tuple = ()
    printed: int = 0

    @property
    def failed(self):
        """True if the function raised."""
        return self.error is not None


def call(fn, args):
    """Call fn on copies of args, with floating-point warnings off and prints muted.

    Returns
    -------
    Outcome; an exception of the learner's code is a sentence in `error`, never raised
    """
    given = copy_arrays(args)
    sink = io.StringIO()
    try:
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            output = copy_arrays(fn(*given))
    except (Exception, SystemExit) as error:
        return Outcome(error=describe_error(fn, error), printed=_lines(sink))
    changed = tuple(i for i, (a, b) in enumerate(zip(args, given, strict=True)) if not same(a, b))
    return Outcome(output, None, changed, _lines(sink))


def describe_error(fn, error):
    """One sentence for an exception, with the learner's own line where it happened."""
    if isinstance(error, NotImplementedError):
        return (
            f"NotImplementedError: {getattr(fn, '__name__', 'the function')} is not written yet. "
            "Replace `raise NotImplementedError` with your answer."
        )
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_LIBRARIES) and not frame.filename.startswith("<frozen")
    ]
    place = ""
    if own:
        line = (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno)).strip()
        place = f" in line {own[-1].lineno} of your cell: {line}" if line else ""
    message = str(error).split("\n")[0]
    return f"{type(error).__name__}: {message}{place}" if message else f"{type(error).__name__}{place}"


def signature_problem(fn, args, reference):
    """A sentence if fn cannot be called like the reference, else None."""
    if not callable(fn):
        return (
            f"check got {_article(type(fn).__name__)} where it expected a function. "
            "Pass the function itself, without parentheses after its name."
        )
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*args)
    except TypeError:
        return f"your function takes {signature}; expected {inspect.signature(reference)}."
    return None


def copy_arrays(value):
    """A deep copy of arrays in tuples, lists and dicts, keeping their type; the rest is passed on as it is."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, dict):
        return {key: copy_arrays(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(copy_arrays, value))
    if type(value) in (list, tuple):
        return type(value)(map(copy_arrays, value))
    return value if callable(value) else copy.copy(value)


def same(a, b):
    """True if two nested values are equal to the last bit (NaN equals NaN)."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        numbers = a.dtype.kind in "fc" and b.dtype.kind in "fc"
        return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=numbers)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    return a is b or bool(a == b)


def _lines(sink):
    return len(sink.getvalue().splitlines())


def _article(word):
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
