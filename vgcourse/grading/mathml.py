"""Formulas become MathML when a page is made: feedback and formgrader need no script and no network for them.

`markdown2html` takes the place of nbconvert's filter of that name; `HTML_EXPORTER` is the whole setting:

>>> exporter = nbconvert.HTMLExporter(**HTML_EXPORTER)  # template_name="vgcourse" for a lecture
"""

import re
from html import escape, unescape
from pathlib import Path
from xml.etree import ElementTree

import nbgrader
from jinja2 import pass_context
from latex2mathml.commands import MATRICES
from latex2mathml.converter import convert_to_element
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from vgcourse.authoring.build import TEMPLATES
from vgcourse.grading.spacing import tidy

HTML_EXPORTER = {
    "extra_template_basedirs": [
        str(Path(__file__).parent / "templates"),
        str(TEMPLATES),
        str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
    ],
    "filters": {"markdown2html": "vgcourse.grading.mathml.markdown2html"},
    "require_js_url": "",
    "jquery_url": "",
}
TAG = re.compile(r"\\tag\{([^{}]*)\}")
# What latex2mathml does not know by its own name, as the nearest thing that it knows.
ENVIRONMENTS = {
    **dict.fromkeys(("aligned", "alignedat", "alignat", "alignat*", "eqnarray", "eqnarray*"), "align*"),
    **dict.fromkeys(("gathered", "gather", "gather*", "multline", "multline*"), "matrix"),
}
ENVIRONMENT = re.compile(rf"\\(begin|end)\{{({'|'.join(map(re.escape, ENVIRONMENTS))})\}}")
COLUMNS = re.compile(r"(\\begin\{align(?:ed)?at\*?\})\{\d+\}")  # alignat's number of columns
BEGIN = re.compile(r"\\begin\{([^{}]*)\}")
BIG_BAR = re.compile(r"\\[bB]igg?[lmr]?\s*(?=\\[lr](?:Vert|ceil|floor))")  # drawn without their sizes
RUBRIC = re.compile(r"^### BEGIN MARK SCHEME\n(?P<text>.*?)^### END MARK SCHEME$", re.MULTILINE | re.DOTALL)
NUMBERED = re.compile(r"\\(begin|end)\{equation\*?\}")


def mathml(tex, display="inline"):
    """A formula as MathML; one that is no LaTeX, or uses what latex2mathml does not know, stays as typed.

    Parameters
    ----------
    tex : str, without its dollar signs
    display : "inline" or "block"

    Returns
    -------
    str, HTML
    """
    numbered = TAG.sub(r"\\qquad\\text{(\1)}", NUMBERED.sub("", COLUMNS.sub(r"\1", tex)))
    numbered = BIG_BAR.sub("", numbered)
    known = ENVIRONMENT.sub(lambda found: rf"\{found[1]}{{{ENVIRONMENTS[found[2]]}}}", numbered)
    if any(f"\\{name}" not in MATRICES for name in BEGIN.findall(known)):  # it would be left out silently
        return _typed(tex, display)
    try:
        formula = convert_to_element(known.strip(), display=display)
    except (
        Exception
    ):  # latex2mathml raises a dozen kinds, RecursionError among them, for one reason: bad input
        return _typed(tex, display)
    for node in formula.iter():
        node.text = node.text and unescape(node.text)  # it holds "&#x0003D;"; written out, < is escaped again
        node.attrib.pop("href", None)
    if any("\\" in (node.text or "") for node in formula.iter()):
        return _typed(tex, display)
    tidy(formula)
    return ElementTree.tostring(formula, encoding="unicode", short_empty_elements=False)


def _typed(tex, display):
    dollars = "$$" if display == "block" else "$"
    return f'<code class="no-formula">{escape(dollars + tex + dollars)}</code>'


class Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with formulas made and lost pictures named."""

    def inline_math(self, body):
        return mathml(body)

    def block_math(self, body):
        return mathml(body, "block")

    def latex_environment(self, name, body):
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def image(self, text, url, title=None):
        try:
            return super().image(text, url, title)
        except (
            InvalidNotebook
        ):  # a pasted picture that did not come along would end the whole class's feedback
            return f"<code>{escape(f'![{text}]({url})')}</code>"


@pass_context
def markdown2html(context, source):
    """nbconvert's filter: Markdown with formulas to HTML, pictures pasted into the cell included."""
    cell = context.get("cell", {})
    if cell.get("metadata", {}).get("nbgrader", {}).get("locked"):
        source = RUBRIC.sub(_as_quote, source)
    renderer = Renderer(escape=False, attachments=cell.get("attachments", {}))
    return MarkdownWithMath(renderer=renderer).render(source)


def _as_quote(rubric):
    """A rubric in the question's cell, set apart for whoever grades; feedback has none."""
    return "\n".join(f"> {line}" for line in rubric["text"].strip().splitlines()) + "\n"
