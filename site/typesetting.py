"""Sphinx extension: what belongs together stays in one line.

- A formula and the signs that touch it: MathJax makes a box of a formula, and a browser may break the line
  after any box, also before a comma.
- A number and its per cent sign; the parts of a long number, 10 000; the two ends of a range, 96–100.
- Short code, such as `dh @ W_h`.
"""

import re

from docutils import nodes

OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(r"^[^\w\s(\[“‘]+")
IN_NUMBERS = re.compile(r"(?:(?<=\d)|^) (?=%)|(?<=\d) (?=\d{3}\b)")
RANGE = re.compile(r"(?<=\d)–(?=\d)")
SHORT = 24  # characters of code


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
        if isinstance(text.parent, (nodes.literal, nodes.FixedTextElement)):
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
    for keep in (keep_signs, keep_numbers, keep_short_code):
        app.connect("doctree-read", keep, priority=900)  # after the extensions that read whole sentences
    return {"parallel_read_safe": True, "parallel_write_safe": True}
