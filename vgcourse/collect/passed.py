"""Functions that a problem passes into the learner's: sent as text and numbers, built before the call."""

import functools
from typing import NamedTuple

import numpy as np

FILE = "<passed in>"  # what a traceback calls the text that such a function comes from


class Passed(NamedTuple):
    """A function for the learner's function to call, as plain data.

    `source` is the text of a module, with numpy as np at hand; `make` names the function in it that makes
    what is passed, and `options` its arguments: numbers and text. What `remembers` is made anew for each call
    of the learner's function, so that nothing is left over from the one before.
    """

    source: str
    make: str
    options: tuple = ()
    remembers: bool = False

    def build(self):
        """The function."""
        return _namespace(self.source)[self.make](*self.options) if self.remembers else _built(self)


class Planted(NamedTuple):
    """An implementation, what it is called in the table, and what the test of a learner misses or demands."""

    label: str
    formula: object
    advice: str


@functools.lru_cache(maxsize=256)
def _built(passed):
    return _namespace(passed.source)[passed.make](*passed.options)


@functools.lru_cache(maxsize=32)
def _namespace(source):
    names = {"np": np, "__name__": FILE}
    exec(compile(source, FILE, "exec"), names)
    return names
