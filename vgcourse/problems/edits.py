"""A mistake as an edit of the reference's own text: `edit("da @ W", "da @ W.T")`.

The reference is the dozen lines that a learner should write, a slip is a change of one of them, and two slips
come together where they change different places.
"""

import functools
import inspect
import itertools
import textwrap
from collections.abc import Callable
from typing import NamedTuple


class Edit(NamedTuple):
    """`old`, which stands exactly once in the text of `within` (None: the reference), becomes `new`."""

    old: str
    new: str
    within: Callable | None = None


def edit(old, new, *more, within=None):
    """The edits of one mistake; `more` holds further pairs of old and new text of the same function.

    >>> edit("da @ W", "da @ W.T")
    (Edit(old='da @ W', new='da @ W.T', within=None),)
    """
    texts = [old, new, *more]
    return tuple(Edit(*pair, within) for pair in zip(texts[::2], texts[1::2], strict=True))


@functools.lru_cache(maxsize=4096)
def edited(reference, helpers, edits):
    """The reference with these edits in its text or in that of its helpers.

    Parameters
    ----------
    reference : function
    helpers : functions that it calls, or that they call, with a text that may be edited
    edits : of Edit

    Returns
    -------
    function of the same arguments

    Raises
    ------
    ValueError
        If a text to replace does not stand exactly once, two of them overlap, or a function is none of these.
    """
    functions = (*helpers, reference)
    places = {edit: edit.within or reference for edit in edits}
    if strangers := [place.__name__ for place in places.values() if place not in functions]:
        raise ValueError(
            f"{reference.__name__}: an edit within {strangers[0]}, which is not among its helpers."
        )
    mine = {function: tuple(edit for edit in edits if places[edit] is function) for function in functions}
    return assembled(reference, {function: _code(function, mine[function]) for function in functions})


def assembled(reference, codes):
    """The reference made anew, with these codes for its own text and for those of its helpers."""
    names = {}
    for function in codes:
        names |= function.__globals__
    for code in codes.values():  # all again, so that each calls the others' new form
        exec(code, names)
    return names[reference.__name__]


def overlap(reference, edits):
    """Do two of these edits change the same place?"""
    by_place = {}
    for edit in edits:
        by_place.setdefault(edit.within or reference, []).append(edit)
    for function, mine in by_place.items():
        if _meet(sorted(_span(function, edit) for edit in mine)):
            return True
    return False


def _meet(spans):
    """Do two of these sorted pairs (start, end) share a character?"""
    return any(end > start for (_, end), (start, _) in itertools.pairwise(spans))


@functools.lru_cache(maxsize=512)
def text_of(function):
    """The text of a function, as it would stand at the head of a file."""
    return textwrap.dedent(inspect.getsource(function))


@functools.lru_cache(maxsize=4096)
def _span(function, edit):
    text = text_of(function)
    if (count := text.count(edit.old)) != 1:
        raise ValueError(
            f"{function.__name__}: {edit.old!r} stands {count} times in its text; expected once."
        )
    start = text.index(edit.old)
    return start, start + len(edit.old)


@functools.lru_cache(maxsize=4096)
def _code(function, edits):
    return compile(_replaced(function, edits), f"<{function.__name__}, edited>", "exec")


def _replaced(function, edits):
    text = text_of(function)
    spans = sorted((_span(function, edit), edit.new) for edit in edits)
    if _meet([span for span, _ in spans]):
        raise ValueError(f"{function.__name__}: two edits overlap: {[edit.old for edit in edits]}.")
    for (start, end), new in reversed(spans):
        text = text[:start] + new + text[end:]
    return text
