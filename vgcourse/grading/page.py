"""The report as one HTML file: nothing is loaded from elsewhere, and everything foreign is escaped."""

from html import escape
from pathlib import Path
from string import Template

from vgcourse.grading.rows import count_mistakes, part_names

BANDS = (
    ("none", "without points"),
    ("some", "with some"),
    ("all", "with all"),
    ("waits", "waiting for a human"),
)


def to_html(rows, title="Report"):
    """The page for a list of report rows.

    Parameters
    ----------
    rows : list of Row
    title : str

    Returns
    -------
    str
    """
    graded = [row for row in rows if row.graded]
    names = part_names(graded)
    waiting = sum(row.waiting > 0 for row in graded)
    summary = (
        f"Graded: {len(graded)} of {len(rows)} students. Waiting for a human to read an answer: {waiting}."
    )
    template = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(title),
        summary=escape(summary),
        part_heads="".join(f'<th scope="col" class="n">{escape(label(name))}</th>' for name in names),
        students="\n".join(_student(row, names) for row in rows),
        bars="\n".join(_bar(name, graded) for name in names),
        mistakes="\n".join(_mistake(mistake, number) for mistake, number in count_mistakes(rows))
        or '<tr><td colspan="4">none diagnosed</td></tr>',
    )


def label(name):
    """A short heading for a graded cell: p2-check is 2, p2-derivation is 2 by hand."""
    number = name.split("-")[0].removeprefix("p")
    return f"{number} by hand" if name.endswith("-derivation") else number


def _student(row, names):
    head = f'<th scope="row">{escape(row.name)}<br><small>{escape(row.student)}</small></th>'
    if not row.graded:
        return f'<tr class="missing">{head}<td colspan="{len(names) + 4}">{escape(row.status)}</td></tr>'
    parts = {part.name: part for part in row.parts}
    cells = "".join(_cell(parts.get(name)) for name in names)
    return (
        f'<tr>{head}<td class="n">{row.auto_points:g}&nbsp;/&nbsp;{row.checkable:g}</td>'
        f'<td class="n">{row.manual_points:g}</td>'
        f'<td class="n">{row.waiting:g}</td>{cells}<td>{escape(row.diagnosed)}</td></tr>'
    )


def _cell(part):
    if part is None or part.mark == "absent":
        return '<td class="n">–</td>'
    if part.waits:
        return f'<td class="n waits" title="{part.max_points:g} points wait for a human">?</td>'
    return f'<td class="n {part.mark}" title="of {part.max_points:g}">{part.points:.3g}</td>'


def _bar(name, graded):
    """A stacked bar: how many students have no, some, all points in one part."""
    bands = [part.mark for row in graded for part in row.parts if part.name == name]
    counts = {band: bands.count(band) for band, _ in BANDS}
    said = ", ".join(f"{counts[band]} {words}" for band, words in BANDS if counts[band])
    pieces, x = [], 0.0
    for band, _ in BANDS:
        width = 300 * counts[band] / max(1, len(bands))
        if width:
            pieces.append(f'<rect class="{band}" x="{x:.1f}" y="0" width="{width:.1f}" height="18"/>')
            pieces.append(f'<text x="{x + width / 2:.1f}" y="13">{counts[band]}</text>')
        x += width
    return (
        f'<tr><th scope="row">{escape(label(name))}</th><td><svg viewBox="0 0 300 18" role="img" '
        f'aria-label="{escape(said)}">{"".join(pieces)}</svg></td><td>{escape(said)}</td></tr>'
    )


def _mistake(mistake, number):
    return (
        f'<tr><td class="n">{number}</td><td>{escape(mistake.problem)}</td>'
        f'<th scope="row">{escape(mistake.kind)}</th><td>{escape(mistake.text)}</td></tr>'
    )
