"""Sphinx extension: what a lecture says in plain text becomes a link in the book.

- `**activation**`, a bold term, leads to its line in the glossary, whose link leads back to the definition.
- `(Squire & Trapp 1998)` and `Squire and Trapp (1998)` lead to the list of sources.
- `(1.7)` leads to the formula that carries `\\tag{1.7}`.
- `layers.linear_backward`, as code, leads to its entry in the reference of the library.
- A folded cell is labelled with its first line, as in JupyterLab.
- Below the picture of a live figure stands where it has sliders.

Both lists are bullet lists whose items open with the bold term or source. What is missing there is a warning.
"""

import re
from types import SimpleNamespace

from docutils import nodes
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

GLOSSARY, SOURCES, LECTURES = "site/glossary", "site/sources", "lectures/"

# "In 1991" is a date and no source.
DATE = "After|Around|Before|By|For|From|In|Since|To|Until"
NAME = rf"(?!(?:{DATE})\b)(?:(?:[Vv]an|[Vv]on|[Dd]er|[Dd]e[nr]?|Le) )*[A-ZÀ-Þ]['’a-zß-ÿ][\w'’-]*"
AUTHORS = rf"{NAME}(?:,\s+{NAME})*(?:,?\s+(?:&|and)\s+{NAME}|\s+et\s+al\.)?"
TAG = re.compile(r"\\tag\{([^{}]+)\}")
YEAR = r"(?:1[89]|20)\d\d[a-z]?"
SOURCE = rf"(?P<authors>{AUTHORS})\s+(?P<year>{YEAR}|\({YEAR}\))"
MENTION = re.compile(rf"\b{SOURCE}(?!\w)|\((?P<equation>\d+\.\d+)\)")

# Text in these is left alone.
CLOSED = (nodes.reference, nodes.literal, nodes.FixedTextElement, nodes.title, nodes.raw, nodes.math)

logger = logging.getLogger(__name__)


def warn(text, node, kind):
    logger.warning(text, location=node, type="lecture_links", subtype=kind)


def start(app, env, docnames):
    """Begin an empty record: equations {tag: page}, terms {term: pages}, glossary, sources {name: anchor}."""
    env.vgcourse = SimpleNamespace(equations={}, terms={}, glossary={}, sources={})


def source_key(authors, year):
    """One spelling for all: "Glorot and\\nBengio", "(2010)" is "Glorot & Bengio 2010"."""
    authors = re.sub(r",?\s+(?:and|&)\s+", " & ", authors)
    return " ".join(f"{authors} {year.strip('()')}".split())


def entries(doctree):
    """The items of a list page, each with its bold beginning."""
    for item in doctree.findall(nodes.list_item):
        for bold in list(item.findall(nodes.strong))[:1]:
            yield item, bold


def anchor(kind, name):
    return nodes.make_id(f"{kind} {name}".replace(".", "-"))


def read(app, doctree):
    """Record what a page defines, and give it anchors."""
    page, book = app.env.docname, app.env.vgcourse
    join_lines(doctree)
    for block in doctree.findall(nodes.math_block):
        show_as_written(block)
    for cell in doctree.findall(nodes.container):
        if "prompt_show" in cell:
            first_line = next(cell.findall(nodes.literal_block)).astext().split("\n")[0].lstrip("# ")
            label = first_line if cell["hide_mode"] == "input" else "What a right answer shows"
            cell["prompt_show"] = cell["prompt_hide"] = label
        if cell.get("nb_element") == "cell_code" and "live_figure(" in cell.astext():
            cell += nodes.paragraph("", "In JupyterLab this picture has sliders.", classes=["live"])
    for kind, where, known in (("term", GLOSSARY, book.glossary), ("source", SOURCES, book.sources)):
        if page == where:
            for item in doctree.findall(nodes.list_item):
                if not any(item.findall(nodes.strong)):
                    warn("an entry has no bold name", item, kind)
            for item, bold in entries(doctree):
                name = term_of(bold) if page == GLOSSARY else bold.astext().rstrip(".")
                if name in known:
                    warn(f"{name} stands twice in the list", item, kind)
                known[name] = anchor(kind, name)
                item["ids"].append(known[name])
                if page == GLOSSARY:
                    entry = ("single", bold.astext(), known[name], "", None)
                    app.env.get_domain("index").entries.setdefault(page, []).append(entry)
                if page == SOURCES and "," in name:  # three authors and more, in short
                    known.setdefault(f"{name.split(',')[0]} et al. {name.split()[-1]}", known[name])
    if not page.startswith(LECTURES):
        return
    for block in doctree.findall(nodes.math_block):
        for tag in TAG.findall(block.astext()):
            if tag in book.equations:
                warn(f"equation ({tag}) stands twice, also in {book.equations[tag]}", block, "equation")
            book.equations[tag] = page
            block["ids"].append(anchor("equation", tag))
    for bold in doctree.findall(nodes.strong):
        pages = book.terms.setdefault(term_of(bold), [])
        if page not in pages:
            pages.append(page)
            bold["ids"].append(anchor("define", term_of(bold)))


def join_lines(doctree):
    """Make one text node of a sentence that runs over several lines."""
    for text in list(doctree.findall(nodes.Text)):
        parent = text.parent
        position = parent.index(text)
        if position and isinstance(parent[position - 1], nodes.Text):
            parent[position - 1 : position + 1] = [nodes.Text(parent[position - 1] + text)]


def show_as_written(block):
    """Sphinx would put a formula of several lines into `split`, where no tag may stand."""
    if not (block.get("no-wrap") or block.get("nowrap")):  # the newer name, and MyST's
        block["no-wrap"] = block["nowrap"] = True
        block[:] = [nodes.Text(rf"\[{block.astext()}\]")]


def term_of(bold):
    """One spelling for all: "Logits" is "logit"; sentences and labels give what no glossary holds."""
    text = " ".join(bold.astext().split()).removesuffix("s")
    return text[:1].lower() + text[1:]


def resolve(app, doctree, page):
    """Turn the mentions of a page into links; runs when every page has been read."""
    book = app.env.vgcourse
    if page == GLOSSARY:
        link_back(app, doctree, book)
    if page == SOURCES:
        return
    for bold in list(doctree.findall(nodes.strong)):
        if page.startswith(LECTURES):
            link_term(app, page, bold, book)
    for code in list(doctree.findall(nodes.literal)):
        link_code(app, page, code)
    for text in list(doctree.findall(nodes.Text)):
        if not any(isinstance(above, CLOSED) for above in ancestors(text)):
            parts = list(linked(app, page, text, book))
            if len(parts) > 1:
                text.parent.replace(text, parts)


def ancestors(node):
    while node := node.parent:
        yield node


def link_term(app, page, bold, book):
    """Only a term is bold and begins with a small letter; a term may also begin a sentence."""
    term = term_of(bold)
    if term in book.glossary and not any(bold.findall(nodes.reference)):
        content, bold.children = bold.children, []
        link = make_refnode(app.builder, page, GLOSSARY, book.glossary[term], content)
        link["classes"].append("term")
        bold += link
    elif bold.astext()[:1].islower() and term not in book.glossary:
        warn(
            f"{bold.astext()!r} is bold and not in site/glossary.md; expected an entry there, or *italics*",
            bold,
            "term",
        )


def link_code(app, page, code):
    """Lead a function of the library, `room.name`, to its entry; other code stays as it is."""
    entry = app.env.domaindata["py"]["objects"].get(f"vgcourse.{code.astext().removesuffix('()')}")
    if entry and "." in code.astext() and not any(isinstance(above, CLOSED) for above in ancestors(code)):
        link = make_refnode(app.builder, page, entry.docname, entry.node_id, code.deepcopy())
        code.parent.replace(code, link)


def link_back(app, doctree, book):
    """Lead an entry's link to a lecture on to the place where the term is defined."""
    lectures = {app.builder.get_relative_uri(GLOSSARY, page): page for page in app.env.found_docs}
    for item, bold in entries(doctree):
        term = term_of(bold)
        for link in item.findall(nodes.reference):
            lecture = lectures.get(link.get("refuri"))
            if lecture in book.terms.get(term, ()):
                link["refuri"] += "#" + anchor("define", term)
            elif lecture is not None:
                warn(
                    f"{bold.astext()!r} is not bold in {lecture}; expected its definition there", link, "term"
                )


def linked(app, page, text, book):
    """The pieces of a text, mentions among them as links."""
    end = 0
    for mention in MENTION.finditer(text):
        begin, target = mention.start(), None
        if tag := mention["equation"]:
            target = find_equation(tag, text, book)
        else:
            authors = mention["authors"]
            target, skipped = find_source(authors, mention["year"], text, book)
            begin += skipped
        if target:
            yield nodes.Text(text[end:begin])
            shown = nodes.Text(text[begin : mention.end()])
            yield make_refnode(app.builder, page, *target, shown)
            end = mention.end()
    yield nodes.Text(text[end:])


def find_equation(tag, text, book):
    """Where an equation stands; those of lectures that are not in the book stay text."""
    if tag in book.equations:
        return book.equations[tag], anchor("equation", tag)
    if tag.split(".")[0] in {known.split(".")[0] for known in book.equations}:
        warn(
            f"equation ({tag}) is mentioned; expected a formula with \\tag{{{tag}}}", text.parent, "equation"
        )
    return None


def find_source(authors, year, text, book):
    """Where a source stands, and how many characters to skip before it: "Unlike Kadurin, Cremer 2017"."""
    starts = [0, *(comma.end() for comma in re.finditer(r",\s+", authors))]
    for skipped in starts:
        key = source_key(authors[skipped:], year)
        if key in book.sources:
            return (SOURCES, book.sources[key]), skipped
    key = source_key(authors, year)
    warn(f"{key!r} is mentioned and not in site/sources.md; expected an entry there", text.parent, "source")
    return None, 0


def setup(app):
    app.connect("env-before-read-docs", start)
    app.connect("doctree-read", read)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
