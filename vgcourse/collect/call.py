"""Call a learner's function without being hurt by it: copies in, silence around, exceptions as sentences."""

import contextlib
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

import numpy as np

from vgcourse.collect.limit import TimeLimit, run_limited
from vgcourse.collect.outcomes import Outcome
from vgcourse.collect.passed import FILE
from vgcourse.collect.plain import copy_arguments, cut, plain, same, with_article

SECONDS = 5.0  # for one call; the slowest right answers take a tenth of one
_FOLDERS = {str(Path(__file__).parents[1]), str(Path(np.__file__).parent)}
_FOLDERS |= {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
_LIBRARIES = tuple(folder + os.sep for folder in _FOLDERS)
_ROUNDING = 1e-12  # what x += h, x −= h may leave behind


class _Counter(io.TextIOBase):
    """Counts the lines that are printed and keeps none of them: an endless loop may print millions."""

    lines = 0

    def writable(self):
        return True

    def write(self, text):
        self.lines += text.count("\n")
        return len(text)


def call(fn, args, seconds=SECONDS):
    """Call fn on copies of args, with floating-point warnings off and prints muted.

    Returns
    -------
    Outcome; an exception of the learner's code is a sentence in `error`, never raised
    """
    given = copy_arguments(args)
    sink = _Counter()
    try:
        with (
            no_logging(),
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            output = run_limited(lambda *args: plain(_closed(fn(*args))), given, seconds)
    except KeyboardInterrupt:
        raise
    except TimeLimit as error:
        text = f"Stopped after {seconds:.3g} s: is there a loop that never ends?"
        text += f" It was{place}" if (place := _own_line(error)) else ""
        return Outcome(error=text, printed=sink.lines, timed_out=True)
    except BaseException as error:
        text, brief = describe_error(fn, error), f"{_kind(error)}{_own_line(error)}"
        return Outcome(error=text, printed=sink.lines, brief=brief)
    changed = tuple(i for i, (a, b) in enumerate(zip(args, given, strict=True)) if not same(a, b, _ROUNDING))
    return Outcome(output, None, changed, sink.lines)


@contextlib.contextmanager
def no_logging():
    """Handlers from earlier cells write to the real stderr. Once around many calls is quickest."""
    before = logging.root.manager.disable
    if before >= logging.CRITICAL:
        yield
        return
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _closed(output):
    if inspect.iscoroutine(output):
        output.close()  # or Python would write to stderr that nobody awaited it
    return output


def describe_error(fn, error):
    """One sentence for an exception, with the learner's own line where it happened."""
    own = _own_frames(error)
    if type(error) is NotImplementedError:  # input() without anybody to ask raises a kind of it
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
        if not frame.filename.startswith((*_LIBRARIES, "<frozen", FILE))
    ]


def _own_line(error):
    """Where in the learner's own code it happened: " in line 3 of your cell: h = W @ x", or nothing."""
    own = _own_frames(error)
    if not own:
        return ""
    line = (own[-1].line or linecache.getline(own[-1].filename, own[-1].lineno)).strip()
    return f" in line {own[-1].lineno} of your cell: {cut(line, 100)}" if line else ""


def signature_problem(fn, args, parameters):
    """A sentence if fn cannot be called with these arguments, else None; `parameters` is "(x, W, b)"."""
    if not callable(fn):
        came = "an array" if isinstance(fn, np.ndarray) else with_article(type(fn).__name__)
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
        return f"your function takes {signature}; expected {parameters}."
    return None
