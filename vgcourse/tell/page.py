"""The verdict as a notebook shows it: the table, the findings, and a map of where a quantity is wrong.

The same words as in `report.as_text`; colours only repeat what a mark or a word says. Nothing is loaded and
no script runs, so that it also shows in a notebook that nobody trusts yet.
"""

import math
import re
from html import escape

from vgcourse.judge.locate import LEVELS

RIGHT, WRONG = "rgba(0, 114, 178, 0.16)", "rgba(213, 94, 0, 0.20)"
SHADES = (
    "rgba(0, 114, 178, 0.22)",
    "rgba(230, 159, 0, 0.40)",
    "rgba(213, 94, 0, 0.60)",
    "rgba(204, 121, 167, 0.60)",
)
MARKS = ("·", "+", "✗", "✗✗")
CELL = "padding: 2px 12px 2px 4px; text-align: left; border: none"


def as_html(title, score, rows, findings, closing, maps, exact):
    """One block of HTML.

    Parameters
    ----------
    title, score : text on the left and the right of the first line
    rows : list of Row to show in the table; empty for none
    findings : list of sentences; what stands in backticks is shown as code
    closing : list of lines; what looks like a call in them, too
    maps : list of locate.ErrorMap
    exact : answers that are right or wrong as a whole: no shapes, no errors
    """
    parts = [f'<p style="margin: 0 0 4px"><b>{escape(title)}</b> &nbsp; {escape(score)}</p>']
    if rows:
        parts.append(_table(rows, exact))
    parts += [f'<p style="margin: 6px 0; max-width: 44em">{_with_code(text)}</p>' for text in findings]
    parts += [_map(found) for found in maps]
    parts += [f'<p style="margin: 2px 0; opacity: 0.8">{_with_code(line)}</p>' for line in closing]
    return "\n".join(['<div style="line-height: 1.4">', *parts, "</div>"])


def _table(rows, exact):
    head = ("quantity", "verdict") if exact else ("quantity", "shape", "relative error", "verdict")
    lines = [_row("th", head)]
    for row in rows:
        mark = f"{'✓' if row.ok else '✗'} {row.problem}".rstrip()
        cells = (row.name, mark) if exact else (row.name, shape_text(row), error_text(row), mark)
        lines.append(_row("td", cells, RIGHT if row.ok else WRONG))
    return f'<table style="border-collapse: collapse; margin: 0">{"".join(lines)}</table>'


def _row(tag, cells, shade=None):
    """Only the mark's cell is shaded."""
    out = [f'<{tag} style="{CELL}">{escape(cell)}</{tag}>' for cell in cells]
    if shade:
        out[-1] = f'<{tag} style="{CELL}; background-color: {shade}">{escape(cells[-1])}</{tag}>'
    return f"<tr>{''.join(out)}</tr>"


def _map(found):
    """A grid: one cell per step and gate, say; marked and shaded by how wrong it is."""
    corner = f"{escape(found.down)} ↓ &nbsp; {escape(found.across)} →"
    lines = [_map_row(corner, [(label, "", "transparent") for label in found.across_labels])]
    for label, levels in zip(found.down_labels, found.levels, strict=True):
        lines.append(
            _map_row(escape(label), [(MARKS[level], LEVELS[level], SHADES[level]) for level in levels])
        )
    used = sorted({level for levels in found.levels for level in levels})
    key = "; ".join(f"{MARKS[level]} {LEVELS[level]}" for level in used)
    return (
        f'<table style="border-collapse: collapse; margin: 6px 0">{"".join(lines)}</table>'
        f'<p style="margin: 0 0 6px; opacity: 0.8">Where {escape(found.name)} is wrong: {key}.</p>'
    )


def _map_row(label, cells):
    size = "padding: 0 4px; min-width: 18px; text-align: center; border: 1px solid transparent"
    out = [f'<th style="{CELL}; font-weight: normal">{label}</th>']
    out += [
        f'<td style="{size}; background-color: {shade}" title="{title}">{escape(text)}</td>'
        for text, title, shade in cells
    ]
    return f"<tr>{''.join(out)}</tr>"


def _with_code(line):
    if line.startswith("hint("):
        call, rest = line.split(")", 1)
        return f"<code>{escape(call)})</code>{escape(rest)}"
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(line))


def shape_text(row):
    """ "(3, 4)", "number", or nothing where the call failed."""
    return "" if row.shape is None else "number" if row.shape == () else str(row.shape)


def error_text(row):
    """Two digits of the relative error; a dash where there is none."""
    return "–" if math.isinf(row.error) else "0" if row.error == 0 else f"{row.error:.1e}"
