"""The page of claims: every formula that a lecture compares with a measurement, and every stored experiment.

Nothing here is typed: rows come from what the check cells printed and from lectures/measured/*.json.
"""

import ast
import re

import nbformat

from vgcourse.authoring.measured import read

ROW = re.compile(
    r"^(?P<claim>\((?P<tag>\d+\.\d+)\).*?)\s+formula (?P<formula>\S+)\s+measured (?P<measured>\S+)"
    r"\s+error (?:< )?(?P<tolerance>\S+) ✓$",
    re.MULTILINE,
)
CHECKS = re.compile(r"# checks ([()\d., and]+)(?::\s*(.*))?")
TAG = re.compile(r"\((\d+\.\d+)\)")
NUMBERED = re.compile(r"\\tag\{(\d+\.\d+)\}")
STORED = re.compile(r'\bmeasured\("(\w+)"\)')

HEAD = """# Claims and what they were measured to be

This page is made from the notebooks when the book is built. A row is one comparison in a lecture: the
formula's value, the same quantity by another route (a complex step, a simulation, random draws), and the
bound on their relative error that the cell asserts. Numbers between bars ‖ are norms of arrays. The tests
run every lecture and compare its output with what stands here. Another test looks up the numbers of
[the errata](errata.md) and [the questions](questions.md) in the lectures.
"""

EXPERIMENTS = """## Experiments that take too long to run live

Each is a script in `lectures/measured/` with its stored numbers. A test repeats a small version of it and
compares; *tolerance* is the relative difference that it allows.

| experiment | seeds | minutes | tolerance | lecture |
|---|---:|---:|---:|---|"""


def write(course, file):
    """Write the page of the course in folder `course` to `file`."""
    lectures = [
        (path, nbformat.read(path, as_version=4).cells)
        for path in sorted(course.glob("lectures/[0-9]*.ipynb"))
    ]
    sections, rows, cells, numbered = [], 0, set(), 0
    for path, notebook in lectures:
        table, tags = comparisons(notebook)
        rows, cells = rows + len(table), cells | tags
        numbered += sum(
            len(NUMBERED.findall(cell.source)) for cell in notebook if cell.cell_type == "markdown"
        )
        others = sorted(tags - {row["tag"] for row in table}, key=order)
        if table or others:
            sections.append(section(path, title_of(notebook), table, others))
    counted = (
        f"{numbered} numbered results, {len(cells)} of them with a check of their own; {rows} comparisons.\n"
    )
    file.write_text("\n".join([HEAD, counted, *sections, experiments(course, lectures)]), encoding="utf-8")


def title_of(cells):
    return cells[0].source.splitlines()[0].lstrip("# ")


def order(tag):
    return [int(part) for part in tag.split(".")]


def comparisons(cells):
    """The rows that check cells printed, and the numbers of all equations that have a check."""
    rows, tags = [], set()
    for cell in cells:
        said = CHECKS.match(cell.source) if cell.cell_type == "code" else None
        if said:
            tags |= set(TAG.findall(said[1]))
            printed = "".join(output.get("text", "") for output in cell.outputs)
            rows += [row.groupdict() for row in ROW.finditer(printed)]
    return rows, tags


def section(path, title, rows, others):
    """One lecture's table, and the equations whose check prints something else than a comparison."""
    lines = [f"## {title}\n", f"[Lecture {int(path.stem[:2])}](../lectures/{path.name})\n"]
    if rows:
        lines += ["| claim | formula | measured | error at most |", "|---|---:|---:|---:|"]
        lines += [
            f"| {escape(row['claim'])} | {signed(row['formula'])} | {signed(row['measured'])} "
            f"| {row['tolerance']} |"
            for row in rows
        ]
        lines.append("")
    if others:
        lines.append(
            f"Checked in another form, by a cell of the lecture: {', '.join(f'({tag})' for tag in others)}.\n"
        )
    return "\n".join(lines)


def experiments(course, lectures):
    """The table of stored experiments: what was measured, with which seeds, how exactly a test repeats it."""
    lines = [EXPERIMENTS]
    for script in sorted((course / "lectures" / "measured").glob("*.py")):
        entry = read(script)
        first = " ".join(
            ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).split("\n\n")[0].split()
        )
        used = [
            path
            for path, cells in lectures
            if script.stem in STORED.findall("".join(c.source for c in cells))
        ]
        where = ", ".join(f"[{int(path.stem[:2])}](../lectures/{path.name})" for path in used)
        counts = sorted(set(seed_counts(entry["settings"]))) or ["–"]
        seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else counts[0]
        minutes = f"{entry['seconds'] / 60:.1f}".replace("0.0", "< 0.1")
        lines.append(f"| {escape(first)} | {seeds} | {minutes} | {entry['tolerance']:.0e} | {where} |")
    return "\n".join([*lines, ""])


def seed_counts(settings):
    """The lengths of all lists of seeds in an experiment's settings."""
    for name, value in settings.items():
        if name == "seeds":
            yield len(value)
        elif isinstance(value, dict):
            yield from seed_counts(value)


def signed(number):
    """A printed number with a minus sign, not a hyphen."""
    return re.sub(r"^-", "−", number)


def escape(text):
    r"""Printed text as the cell of a markdown table."""
    return re.sub(r"([|*_$<>\\])", r"\\\1", text)
