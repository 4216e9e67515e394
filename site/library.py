"""Sphinx extension and page writer: the reference of the library, from its docstrings.

`write_pages` makes a page per room that a learner imports, with the room's files as its sections, and names
every public function once. The docstrings stay what they are, plain text in numpydoc's sections; `to_rest`
puts them into reStructuredText, and below a docstring that names an equation stands the equation itself.
"""

import importlib
import inspect
import pkgutil
import re
from itertools import islice

import nbformat

import vgcourse

SECTION = re.compile(r"^(Parameters|Attributes|Returns|Yields|Raises|Notes|Examples|References)$")
RESULTS = {"Returns", "Yields"}
LISTS = {"Parameters", "Attributes", "Raises"} | RESULTS
TAG = re.compile(r"\((\d+\.\d+)\)")
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
ALSO = ("recurrent.fast", "recurrent.memory")  # rooms inside a room


# --- pages ---


def write_pages(folder):
    """Write index.rst and a page for each room below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    rooms = sorted([*vgcourse.__all__, *ALSO])
    lines = [
        *heading("Library reference", "="),
        "The library is numpy only, and small enough to be read: a page for a module, a section for a file.",
        "In a notebook ``layers.linear_backward??`` shows the same text with the code.",
        "",
    ]
    for name in rooms:
        module = importlib.import_module(f"vgcourse.{name}")
        first = " ".join(escape(line) for line in paragraphs(module)[0])
        lines += [f":doc:`{name}`", f"    {first}", ""]
        (folder / f"{name}.rst").write_text("\n".join(page(name, module)) + "\n", encoding="utf-8")
    lines += [".. toctree::", "   :hidden:", "", *(f"   {name}" for name in rooms)]
    (folder / "index.rst").write_text("\n".join(lines) + "\n", encoding="utf-8")


def page(name, module):
    """The source lines of one room's page."""
    lines = [*heading(name, "="), f".. py:module:: {module.__name__}", "", *to_rest(docstring(module)), ""]
    for file, names in files(module):
        if file is not module:
            lines += [*heading(file.__name__.rpartition(".")[2], "-"), *to_rest(docstring(file)), ""]
        for public in names:
            lines += [*entry(module, public), ""]
    return lines


def files(module):
    """[(file, its public names)] of a room; a name that two files hand on stands where it is made.

    Files that the room's text lists, as in "1. `segments`: ...", come in that order.
    """
    names = [name for name in public_names(module) if not inspect.ismodule(getattr(module, name))]
    inside = pkgutil.iter_modules(getattr(module, "__path__", []))
    parts = [importlib.import_module(f"{module.__name__}.{info.name}") for info in inside if not info.ispkg]
    found = [(part, [name for name in names if made_in(part, module, name)]) for part in parts]
    listed = re.findall(r"^\d+\. `(\w+)`", inspect.getdoc(module) or "", re.MULTILINE)
    rank = {name: place for place, name in enumerate(listed)}
    found = sorted(
        (pair for pair in found if pair[1]),
        key=lambda pair: (rank.get(pair[0].__name__.rpartition(".")[2], len(rank)), names.index(pair[1][0])),
    )
    placed = {name for _, part_names in found for name in part_names}
    rest = [name for name in names if name not in placed]
    return [
        (part, sorted(part_names, key=lambda name: line_of(module, name)))
        for part, part_names in [(module, rest), *found]
    ]


def line_of(module, name):
    """Where in its file a function or class begins; constants come first."""
    value = getattr(module, name)
    return inspect.getsourcelines(value)[1] if inspect.isfunction(value) or inspect.isclass(value) else 0


def made_in(part, module, name):
    """Whether the public `name` of a room comes from its file `part`."""
    if part.__name__.rpartition(".")[2].startswith("_"):
        return False
    value = getattr(module, name)
    if inspect.isfunction(value) or inspect.isclass(value):
        return value.__module__ == part.__name__
    return name in public_names(part)


def public_names(module):
    """`__all__`, or else the functions and classes that a file defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def entry(module, name):
    """The directive for one public name; of a table the keys are told, of a cell its first parts.

    Of another constant the value stands there, or the first four of many.
    """
    value, path = getattr(module, name), f"{module.__name__}.{name}"
    if inspect.isclass(value):
        return [f".. autoclass:: {path}"]
    if inspect.isfunction(value):
        return [f".. autofunction:: {path}"]
    lines = [f".. py:data:: {name}", f"   :module: {module.__name__}", ""]
    if isinstance(value, dict):
        return [*lines, f"   A table with the keys {', '.join(f'``{key}``' for key in value)}."]
    if hasattr(value, "_fields"):
        told = (f"{field} ``{getattr(of, '__name__', repr(of))}``" for field, of in value._asdict().items())
        return [*lines, f"   A ``{type(value).__name__}``: {', '.join(islice(told, 5))}, …"]
    text = repr(value)
    if len(text) < 60:
        return [*lines, f"   ``{text}``"]
    return [*lines, f"   {len(value)} values: {', '.join(f'``{one!r}``' for one in value[:4])}, …"]


def heading(text, line):
    return [text, line * len(text), ""]


# --- docstrings ---


def docstring(value):
    return (inspect.getdoc(value) or "").splitlines()


def paragraphs(value):
    """The docstring of a module as a list of paragraphs, each a list of lines."""
    return [part.splitlines() for part in "\n".join(docstring(value)).split("\n\n")]


def escape(line):
    r"""Plain text as reStructuredText: what has a meaning there, outside of `names`, gets a \ before it."""
    parts = re.split(r"(``[^`]+``|`[^`]+`)", line)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([\\*|])", r"\\\1", parts[i])
        parts[i] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", parts[i])
    return "".join(parts)


def to_rest(lines):
    """The lines of a numpydoc docstring as reStructuredText."""
    out, section, example, code, i = [], None, False, False, 0
    while i < len(lines):
        line = lines[i]
        if SECTION.match(line) and i + 1 < len(lines) and lines[i + 1].startswith("---"):
            section, example = line, False
            out += ["", f".. rubric:: {section}", ""]
            i += 2
            continue
        if section is None and line.startswith("    ") and not code and not (lines[i - 1] if i else ""):
            code = True
            out += ["::", ""]
        code = code and (line.startswith("    ") or not line)
        example = line.lstrip().startswith(">>>") or (example and line.strip() != "")
        if example or code or re.fullmatch(r"[= ]+", line):
            out.append(line)
        elif line.startswith("Source: "):  # below the last list
            section = None
            out.append(escape(line))
        elif section in LISTS and line and not line.startswith(" "):
            sentences = i + 1 < len(lines) and re.match(r"\s+([A-Z]|``)", lines[i + 1])
            if (" : " in line or section in RESULTS) and sentences and line[-1] not in ".,;:":
                line += "."  # the type ends, sentences begin
            goes_on = section in RESULTS and " : " not in line and re.match(r"[^\s-]", lines[i - 1])
            out += [f"    {escape(line)}"] if goes_on else item(section, line)
        else:
            out.append(escape(line))
        i += 1
    return out


def item(section, line):
    """One "name : what it is", or an error, or a result without a name, as an item of a definition list."""
    name, colon, text = line.partition(" : ")
    if not colon and section in RESULTS:
        return ["", "*result*", f"    {escape(line)}"]
    names = ", ".join(f"``{part}``" for part in re.split(r",\s*(?![^()]*\))", name))
    return ["", names, *([f"    {escape(text)}"] if text else [])]


def equations(lines, known):
    """Lines that show each equation which a docstring names, once."""
    out, shown = [], []
    for tag in dict.fromkeys(TAG.findall("\n".join(lines))):
        body = known.get(tag)
        if body and body not in shown:
            shown.append(body)
            body = re.sub(r"\\tag\{([^{}]+)\}", r"\\qquad(\1)", body)
            out += ["", f"Equation ({tag}) in the letters of lecture {tag.split('.')[0]}:"]
            out += ["", ".. math::", "", *(f"   {row}" for row in body.strip().splitlines() if row.strip())]
    return out


def collect_equations(app):
    """Remember the text of every numbered formula of the lectures."""
    app.vgcourse_equations = {}
    for path in sorted(app.srcdir.glob("lectures/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for body in FORMULA.findall(cell.source) if cell.cell_type == "markdown" else ():
                for tag in re.findall(r"\\tag\{([^{}]+)\}", body):
                    app.vgcourse_equations[tag] = body


def process(app, what, name, value, options, lines):
    """autodoc hands the docstring's lines over and reads them again."""
    lines[:] = [*to_rest(lines), *equations(lines, app.vgcourse_equations), ""]


def setup(app):
    app.connect("builder-inited", collect_equations)
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
