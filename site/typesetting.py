"""Sphinx extension: a formula in a sentence and the sign that touches it stay in one line.

MathJax makes a box of a formula, and a browser may break the line after any box, also before a comma.
"""

import re

from docutils import nodes

OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(r"^[^\w\s(\[“‘]+")


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


def _cut(parent, place, signs):
    """The signs at one end of a text beside a formula, taken out of it; "" if there are none."""
    text = parent[place] if 0 <= place < len(parent) else None
    found = signs.search(text) if isinstance(text, nodes.Text) else None
    if not found:
        return ""
    parent[place] = nodes.Text(signs.sub("", text))
    return found[0]


def setup(app):
    app.connect("doctree-read", keep_signs, priority=900)  # after the extensions that read whole sentences
    return {"parallel_read_safe": True, "parallel_write_safe": True}
