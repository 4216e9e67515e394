"""Answers as plain data: numbers, text, arrays, and lists, tuples and dicts of them."""

import copy
from collections.abc import Iterator, Sequence, ValuesView

import numpy as np

from vgcourse.collect.passed import Passed

LARGE = 10_000_000  # entries; no right answer is near it, so nothing that large is copied or compared
SCALARS = (bool, int, float, complex, str)


class Foreign:
    """What is no plain data, by its name alone: "a set"."""

    def __init__(self, description):
        self.description = description

    def __eq__(self, other):
        return isinstance(other, Foreign) and other.description == self.description

    __hash__ = None


def plain(value):
    """The value as plain data, copied. Iterators and other sequences become lists, tensors become arrays."""
    if isinstance(value, np.ndarray):
        return _plain_array(np.asarray(value))
    if value is None or isinstance(value, (np.generic, Foreign)):
        return value
    for kind in SCALARS:
        if isinstance(value, kind):
            return value if type(value) is kind else kind(value)
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (Iterator, Sequence, ValuesView)) and not isinstance(value, (bytes, memoryview)):
        return list(map(plain, value))
    if hasattr(value, "__array__") and not isinstance(value, type):
        try:
            return plain(np.array(value))
        except Exception:  # tensors that refuse
            return Foreign(describe(value))
    return Foreign(describe(value))


def _plain_array(array):
    if array.dtype == object:
        out = np.empty(array.shape, object)
        for index in np.ndindex(array.shape):
            out[index] = plain(array[index])
        return out
    return array if array.size > LARGE else array.copy(order="K")


def describe(value):
    """A short name for what came: 'a str', 'an array of shape (3, 4)', …"""
    if isinstance(value, Foreign):
        return value.description
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if value is None:
        return "None"
    if callable(value):
        return "a function"
    return with_article(type(value).__name__)


def with_article(word):
    """ "an int", "a list"."""
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def listed(names):
    """ "dx, dW and db"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def cut(text, width):
    """The text, shortened with … to at most `width` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"


def copy_arguments(value):
    """A deep copy of arrays in tuples, lists and dicts, keeping their type; functions to pass are built."""
    if isinstance(value, Passed):
        return value.build()
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            value = value.copy()
            value[...] = np.frompyfunc(copy_arguments, 1, 1)(value)
            return value
        return value if value.size > LARGE else value.copy(order="K")
    if isinstance(value, dict):
        return {key: copy_arguments(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(copy_arguments, value))
    if type(value) in (list, tuple):
        return type(value)(map(copy_arguments, value))
    return copy.deepcopy(value) if isinstance(value, np.random.Generator) else value


def in_single_precision(value):
    """The same nested value with its arrays of float64 as float32."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float64 else value
    if type(value) in (list, tuple):
        return type(value)(map(in_single_precision, value))
    return {k: in_single_precision(v) for k, v in value.items()} if isinstance(value, dict) else value


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
    if isinstance(a, (np.random.Generator, Passed)):
        return True  # drawing from it, calling it, is what it is for
    try:
        return a is b or bool(a == b)
    except Exception:  # whatever the objects of other libraries do when compared
        return False


def _same_array(a, b, slack):
    a, b = np.asarray(a), np.asarray(b)  # matrices and masked arrays compare by rules of their own
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a is b or a.size > LARGE:
        return a is b
    if a.dtype == object:
        return all(same(x, y, slack) for x, y in zip(a.flat, b.flat, strict=True))
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    if a.tobytes() == b.tobytes():  # by far the quickest, and nearly always so
        return True
    finite = np.abs(a[np.isfinite(a)]).max(initial=0)
    return np.allclose(a, b, rtol=0, atol=slack * finite, equal_nan=True)
