"""Call a learner's function without being hurt by it: copies in, silence around, exceptions as sentences."""

import contextlib
import copy
import inspect
import io
import linecache
import logging
import os
import re
import sysconfig
import traceback
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vgcourse.collect.limit import TimeLimit, run_limited

SECONDS = 5.0  # for one call; the slowest right answers take a tenth of one
_FOLDERS = {str(Path(__file__).parents[1]), str(Path(np.__file__).parent)}
_FOLDERS |= {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_LIBRARIES = tuple(folder + os.sep for folder in _FOLDERS)
_LARGE = 10_000_000  # entries; no right answer is near it, so nothing that large is copied or compared
_ROUNDING = 1e-12  # what x += h, x −= h may leave behind


class _Counter(io.TextIOBase):
    """Counts the lines that are printed and keeps none of them: an endless loop may print millions."""

    lines = 0

    def writable(self):
        return True

    def write(self, text):
        self.lines += text.count("\n")
        return len(text)


class Outcome(NamedTuple):
    """What came of one call: an output or an error, the arguments it changed, and how much it printed.

    `brief` is the error without its message, which may quote the inputs.
    """

    output: Any = None
    error: str | None = None
    changed: tuple = ()
    printed: int = 0
    timed_out: bool = False
    brief: str | None = None

    @property
    def failed(self):
        """True if the function raised."""
        return self.error is not None


def call(fn, args, seconds=SECONDS):
    """Call fn on copies of args, with floating-point warnings off and prints muted.

    Returns
    -------
    Outcome; an exception of the learner's code is a sentence in `error`, never raised
    """
    given = copy_arguments(args)
    sink = _Counter()
    logged = logging.root.manager.disable
    try:
        logging.disable()  # a handler from earlier cells writes to the real stderr
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            output = copy_arguments(run_limited(fn, given, seconds))
            if inspect.iscoroutine(output):
                output.close()  # or Python would write to stderr that nobody awaited it
    except KeyboardInterrupt:
        raise
    except TimeLimit as error:
        text = f"Stopped after {seconds:.3g} s: is there a loop that never ends?"
        text += f" It was{place}" if (place := _own_line(error)) else ""
        return Outcome(error=text, printed=sink.lines, timed_out=True)
    except BaseException as error:
        text, brief = describe_error(fn, error), f"{_kind(error)}{_own_line(error)}"
        return Outcome(error=text, printed=sink.lines, brief=brief)
    finally:
        logging.disable(logged)
    changed = tuple(i for i, (a, b) in enumerate(zip(args, given, strict=True)) if not same(a, b, _ROUNDING))
    return Outcome(output, None, changed, sink.lines)


def describe_error(fn, error):
    """One sentence for an exception, with the learner's own line where it happened."""
    own = _own_frames(error)
    if isinstance(error, NotImplementedError):
        name = own[-1].name if own else getattr(fn, "__name__", "the function")
        return (
            f"NotImplementedError: {name} is not written yet. "
            "Replace `raise NotImplementedError` with your answer."
        )
    try:
        message = str(error).split("\n")[0].strip()
    except Exception:
        message = ""
    # numpy's matmul explains itself with "gufunc signature (n?,k),(k,m?)->(n?,m?)", which helps nobody
    message = re.sub(r", with gufunc signature \S+", "", cut(message, 240))
    place = _own_line(error)
    return f"{_kind(error)}: {message}{place}" if message else f"{_kind(error)}{place}"


def _kind(error):
    return type(error).__name__.lstrip("_")


def _own_frames(error):
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_LIBRARIES) and not frame.filename.startswith("<frozen")
    ]


def _own_line(error):
    """Where in the learner's own code it happened: " in line 3 of your cell: h = W @ x", or nothing."""
    own = _own_frames(error)
    if not own:
        return ""
    line = (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno)).strip()
    return f" in line {own[-1].lineno} of your cell: {cut(line, 100)}" if line else ""


def signature_problem(fn, args, reference):
    """A sentence if fn cannot be called like the reference, else None."""
    if not callable(fn):
        came = "an array" if isinstance(fn, np.ndarray) else _article(type(fn).__name__)
        return (
            f"you passed {came} where a function is expected. "
            "Pass the function itself, without parentheses after its name."
        )
    if inspect.isclass(fn):
        return f"you passed the class {fn.__name__} where a function is expected."
    try:
        signature = inspect.signature(fn)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*args)
    except TypeError:
        return f"your function takes {signature}; expected {inspect.signature(reference)}."
    return None


def copy_arguments(value):
    """A deep copy of arrays in tuples, lists and dicts, keeping their type; the rest as it is."""
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            value = value.copy()
            value[...] = np.frompyfunc(copy_arguments, 1, 1)(value)
            return value
        return value if value.size > _LARGE else value.copy(order="K")
    if isinstance(value, dict):
        return {key: copy_arguments(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(copy_arguments, value))
    if type(value) in (list, tuple):
        return type(value)(map(copy_arguments, value))
    return copy.deepcopy(value) if isinstance(value, np.random.Generator) else value


def same(a, b, slack=0.0):
    """True if two nested values are equal (NaN equals NaN), floats to `slack` times the largest entry."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _same_array(a, b, slack)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], slack) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y, slack) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    if isinstance(a, np.random.Generator):
        return True  # drawing from it is what it is for
    try:
        return a is b or bool(a == b)
    except Exception:  # whatever the objects of other libraries do when compared
        return False


def _same_array(a, b, slack):
    a, b = np.asarray(a), np.asarray(b)  # matrices and masked arrays compare by rules of their own
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a is b or a.size > _LARGE:
        return a is b
    if a.dtype == object:
        return all(same(x, y, slack) for x, y in zip(a.flat, b.flat, strict=True))
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    finite = np.abs(a[np.isfinite(a)]).max(initial=0)
    return np.allclose(a, b, rtol=0, atol=slack * finite, equal_nan=True)


def cut(text, width):
    """The text, shortened with … to at most `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _article(word):
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
