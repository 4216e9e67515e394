"""Spaces and primes of a MathML formula as LaTeX would set them: latex2mathml leaves both to the browser."""

from xml.etree.ElementTree import Element, SubElement

ROWS = {"math", "mrow", "mtd", "msqrt", "mstyle"}  # what holds its children side by side
PRIMES = {"′", "″", "‴", "⁗"}
SIGNS = {"−", "+", "±", "∓"}
OPENS = {"(", "[", "{"}
ENDS = {*")]}|‖!∞…⋯"}  # operators behind which − is a difference
BARS = {"|", "‖"}
THIN = "0.167em"


def tidy(formula):
    """Put primes beside their letter, signs to their number, bars to what they hold, and thin spaces around
    the names of functions.

    Parameters
    ----------
    formula : ElementTree element <math>, changed
    """
    for node in list(formula.iter()):
        if node.tag in ("msup", "msubsup"):
            _lower_primes(node)
    for node in list(formula.iter()):
        if node.tag in ROWS:
            _space(node)


def _lower_primes(script):
    """A prime is drawn high; as a superscript it would be raised twice, and too small to see."""
    raised = script[-1]
    primes = [one for one in ([*raised] if raised.tag == "mrow" else [raised]) if one.text in PRIMES]
    if not primes:
        return
    base = Element("mrow")
    base.append(script[0])
    script[0] = base
    for prime in primes:
        SubElement(base, "mo").text = prime.text
        if prime is not raised:
            raised.remove(prime)
    if primes[0] is raised or not len(raised):
        script.remove(raised)
        script.tag = "mrow" if script.tag == "msup" else "msub"


def _space(row):
    children, behind = [*row], None
    for before, node, after in zip([None, *children], children, [*children[1:], None]):
        if before is not None and not _is_space(before):
            behind = before
        if node.text in SIGNS and behind is not None and behind.tag == "mo" and behind.text not in ENDS:
            node.set("form", "prefix")
        if node.tag == "mo" and node.text in BARS and node.get("fence") != "true":
            node.set("lspace", "0")
            node.set("rspace", "0")
        if (name := _function(node)) is None:
            continue
        left, right = (
            "0" if beside is None or beside.tag == "mo" or _is_space(beside) else THIN
            for beside in (before, after)
        )
        if after is not None and _opens(after):
            right = "0"
        if name.tag == "mo":
            name.set("lspace", left)
            name.set("rspace", right)
        else:
            for place, width in ((1, right), (0, left)):
                if width != "0":
                    row.insert([*row].index(node) + place, Element("mspace", width=width))


def _function(node):
    """The element that holds a function's name, such as tanh or max, with or without scripts; else None."""
    core = node[0] if node.tag in ("msub", "msup", "msubsup", "munder") else node
    named = core.tag in ("mi", "mo") and len(core.text or "") > 1 and core.text.isalpha()
    return core if named else None


def _is_space(node):
    return node.tag == "mspace" or (node.tag == "mtext" and not (node.text or "").strip())


def _opens(node):
    return node.tag == "mrow" and len(node) > 0 and node[0].text in OPENS
