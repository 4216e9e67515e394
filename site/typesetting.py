"""Sphinx extension: letters of formulas in plain text, and what belongs together stays in one line.

- x_t and W^(t−1), as docstrings, hints and claims write them, become letters with an index and a power.
- A formula and the signs that touch it: MathJax makes a box of a formula, and a browser may break the line
  after any box, also before a comma.
- A number and its per cent sign; the parts of a long number, 10 000; the two ends of a range, 96–100.
- Short code, such as `dh @ W_h`.
"""

import re

from docutils import nodes
from sphinx import addnodes

CODE = (
    nodes.literal,
    nodes.FixedTextElement,
    nodes.raw,
    nodes.math,
    nodes.math_block,
    addnodes.desc_signature,
)
OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(r"^[^\w\s(\[“‘]+")
IN_NUMBERS = re.compile(r"(?:(?<=\d)|^) (?=%)|(?<=\d) (?=\d{3}\b)")
RANGE = re.compile(r"(?<=\d)–(?=\d)")
SHORT = 24  # characters of code
# One letter, with d or ∂ before it, and a short index: h_t, dW_x, n_in; h_prev and y_hat are names in code.
BASE = r"(?<![\w.])(?P<base>[d∂]?[^\W\d_][\u0300-\u036f'′]?|[^\W\d_]+(?=_\{))"
INDEX = rf"{BASE}_(?P<index>\{{[^{{}}]*\}}|\([^()]*\)|(?!hat)[A-Za-z0-9]{{1,3}}(?![A-Za-z0-9_]))"
ROUND = r"\((?:[^()]|\([^()]*\))*\)"
POWER = rf"(?<=[\w)\]‖])\^(?P<power>\{{[^{{}}]*\}}|{ROUND}|[−-]?[A-Za-z0-9]+(?:_[A-Za-z0-9]+)?)"
LETTERS = re.compile(f"{INDEX}|{POWER}")


def set_letters(app, doctree):
    """Indices and powers in plain text."""
    for text in list(doctree.findall(nodes.Text)):
        plain = nodes.unescape(text)  # of the zeros that docutils puts in place of backslashes
        if LETTERS.search(plain) and not _is_code(text):
            text.parent.replace(text, list(_letters(plain)))


def _letters(text):
    end = 0
    for found in LETTERS.finditer(text):
        yield nodes.Text(text[end : found.start()] + (found["base"] or ""))
        kind, inside = (
            (nodes.subscript, found["index"]) if found["base"] else (nodes.superscript, found["power"])
        )
        yield kind("", "", *_letters(inside[1:-1] if inside[0] in "{(" else inside))
        end = found.end()
    yield nodes.Text(text[end:])


def _is_code(text):
    """Does the text stand in code, in a formula, or in the signature of a function?"""
    above = text.parent
    while above is not None and not isinstance(above, CODE):
        above = above.parent
    return above is not None


def keep_signs(app, doctree):
    """Wrap every formula that touches signs, and these, into one element of class `keep`."""
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        place = parent.index(formula)
        before, after = _cut(parent, place - 1, OPENING), _cut(parent, place + 1, CLOSING)
        if before or after:
            kept = nodes.inline(
                "", "", nodes.Text(before), formula.deepcopy(), nodes.Text(after), classes=["keep"]
            )
            parent.replace(formula, kept)


def keep_numbers(app, doctree):
    for text in list(doctree.findall(nodes.Text)):
        if _is_code(text):
            continue
        kept = RANGE.sub("–\N{WORD JOINER}", IN_NUMBERS.sub("\N{NO-BREAK SPACE}", text))
        if kept != text:
            text.parent.replace(text, nodes.Text(kept))


def keep_short_code(app, doctree):
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT:
            code["classes"].append("keep")


def _cut(parent, place, signs):
    """The signs at one end of a text beside a formula, taken out of it; "" if there are none."""
    text = parent[place] if 0 <= place < len(parent) else None
    found = signs.search(text) if isinstance(text, nodes.Text) else None
    if not found:
        return ""
    parent[place] = nodes.Text(signs.sub("", text))
    return found[0]


def setup(app):
    for step in (set_letters, keep_signs, keep_numbers, keep_short_code):
        app.connect("doctree-read", step, priority=900)  # after the extensions that read whole sentences
    return {"parallel_read_safe": True, "parallel_write_safe": True}
