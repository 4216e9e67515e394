"""Where a wrong quantity is wrong: which steps, gates, examples, in words and as a small map."""

import numpy as np

from vgcourse.collect.plain import listed
from vgcourse.gradcheck import relative_error
from vgcourse.judge.results import ErrorMap
from vgcourse.problems.numbers import LEVEL_BOUNDS, SLIGHT

LEVELS = ("right", "error below 0.01", "error below 1", "error 1 or more")
_LARGEST = (16, 24)  # cells of a map, down and across
_FIRST = ("step", "gate", "layer")  # the axes that explain most


def gate_letters(axis):
    """("i", "f", "g", "o") for the axis "gate ifgo", else ()."""
    return tuple(axis.split()[1]) if axis.startswith("gate ") else ()


def place(quantity, axes):
    """ "is right at step 5 and wrong at steps 1–4", or None if all of it is wrong or axes have no names."""
    names = axes[: quantity.expected.ndim]
    for axis in sorted(range(len(names)), key=lambda k: _rank(names[k])):
        wrong = _levels(quantity, axes, (axis,)) > 0
        if wrong.any() and not wrong.all():
            word = names[axis].split()[0]
            labels = _labels(names[axis], quantity.expected.shape[axis])
            right = _range(word, labels, ~wrong)
            return f"is right at {right} and wrong at {_range(word, labels, wrong)}"
    return None


def error_map(quantity, axes):
    """An ErrorMap over the two most telling axes, or None where everything is wrong or there are no two."""
    names = axes[: quantity.expected.ndim]
    if len(names) < 2 or quantity.value is None or quantity.value.shape != quantity.expected.shape:
        return None
    if quantity.ok or not np.isfinite(quantity.value).all():
        return None
    chosen = sorted(range(len(names)), key=lambda k: _rank(names[k]))[:2]
    chosen = chosen if _rank(names[chosen[0]]) < len(_FIRST) else sorted(chosen)
    levels = _levels(quantity, axes, tuple(chosen))
    if not levels.any() or levels.all() or levels.shape[0] > _LARGEST[0] or levels.shape[1] > _LARGEST[1]:
        return None
    down, across = (names[k] for k in chosen)
    shape = quantity.expected.shape
    labels = (_labels(names[k], shape[k]) for k in chosen)
    return ErrorMap(
        quantity.name, down.split()[0], across.split()[0], *labels, tuple(map(tuple, levels.tolist()))
    )


def _rank(name):
    word = name.split()[0]
    return _FIRST.index(word) if word in _FIRST else len(_FIRST)


def _levels(quantity, axes, chosen):
    """0 … 3 for each index of the chosen axes; a gate is one index. Errors are relative to that slice."""
    value, expected = (1 * array for array in (quantity.value, quantity.expected))  # yes and no as numbers
    sizes = [len(_labels(axes[k], expected.shape[k])) for k in chosen]
    out = np.zeros(sizes, int)
    for index in np.ndindex(*sizes):
        where = [slice(None)] * expected.ndim
        for k, i, size in zip(chosen, index, sizes, strict=True):
            block = expected.shape[k] // size
            where[k] = slice(i * block, (i + 1) * block)
        mine, right = value[tuple(where)], expected[tuple(where)]
        if np.abs(mine - right).max(initial=0) <= SLIGHT * np.abs(expected).max():
            continue  # 0 where 1e−20 is right, say
        error = relative_error(mine, right)
        out[index] = int(np.searchsorted(LEVEL_BOUNDS, error))
    return out


def _labels(name, size):
    letters = gate_letters(name)
    if letters and size % len(letters) == 0:
        return letters
    first = 0 if name.endswith("from 0") else 1
    return tuple(str(i + first) for i in range(size))


def _range(word, labels, chosen):
    """ "steps 1–3 and 5"; neighbours of numbers become a range."""
    indices = np.flatnonzero(chosen)
    groups = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    numbers = labels[0].isdigit()
    parts = []
    for group in groups:
        texts = [labels[i] for i in group]
        parts += [f"{texts[0]}–{texts[-1]}"] if numbers and len(texts) > 2 else texts
    plural = "" if len(indices) == 1 else "es" if word.endswith("s") else "s"
    return f"{word}{plural} {listed(parts)}"
