"""The report as one HTML file: nothing is loaded from elsewhere, and everything foreign is escaped."""

from html import escape
from pathlib import Path
from string import Template

from vgcourse.grading.outcome import how_graded
from vgcourse.grading.rows import all_parts, count_mistakes, group_unnamed, in_words

BANDS = (
    ("none", "without points"),
    ("some", "with some"),
    ("all", "with all"),
    ("waits", "not read yet"),
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
    columns = all_parts(graded)
    waiting = sum(row.waiting > 0 for row in graded)
    summary = f"Graded: {len(graded)} of {len(rows)} students. Answers not read yet: from {waiting} of them."
    template = Template((Path(__file__).parent / "report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(title),
        summary=escape(summary),
        how="\n".join(f"<p>{escape(in_words(said))}</p>" for said in how_graded(rows)),
        students="\n".join(_student(row, columns) for row in rows),
        bars="\n".join(_bar(part, graded) for part in columns),
        mistakes="\n".join(_mistake(mistake, number) for mistake, number in count_mistakes(rows))
        or '<tr><td colspan="4">none diagnosed</td></tr>',
        unnamed="\n".join(_unnamed(group) for group in group_unnamed(rows))
        or '<tr><td colspan="4">none: every wrong answer has a name</td></tr>',
    )


def _student(row, columns):
    head = f'<th scope="row">{escape(row.name)}<br><small>{escape(row.student)}</small></th>'
    notes = [f"<small>{escape(in_words(note))}</small>" for note in row.notes]
    if not row.graded:
        return f'<tr class="missing">{head}<td colspan="4">{escape(row.status)}</td></tr>'
    parts = {part.name: part for part in row.parts}
    chips = " ".join(_chip(parts.get(part.name), part) for part in columns)
    by_hand = f"{row.waiting:g} not read yet" if row.waiting else f"{row.manual_points:g}"
    return (
        f'<tr>{head}<td class="n" data-label="total">{row.total:g}&nbsp;/&nbsp;{row.read:g}</td>'
        f'<td class="n" data-label="by hand">{by_hand}</td><td class="chips">{chips}</td>'
        f"<td>{'<br>'.join(filter(None, [escape(row.diagnosed), *notes]))}</td></tr>"
    )


def _chip(part, column):
    """One part of one student: its number and the points."""
    mark = part.mark if part else "absent"
    name = f"<b>{escape(column.label.replace(' by hand', '✎'))}</b>"
    if mark in ("absent", "waits"):
        points, said = ("–", "not there") if mark == "absent" else ("?", "not read yet")
    else:
        points = f"{part.points:.3g}"
        said = f"{points} of {part.max_points:g}"
    return f'<span class="{mark}" title="{escape(column.full_name)}: {said}">{name} {points}</span>'


def _bar(column, graded):
    """A stacked bar: how many students have no, some, all points in one part."""
    bands = [part.mark for row in graded for part in row.parts if part.name == column.name]
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
        f'<tr><th scope="row">{escape(column.full_name)}</th><td><svg viewBox="0 0 300 18" role="img">'
        f"<title>{escape(column.full_name)}</title><desc>{escape(said)}</desc>{''.join(pieces)}</svg></td>"
        f"<td>{escape(said)}</td></tr>"
    )


def _mistake(mistake, number):
    return (
        f'<tr><td class="n" data-label="students">{number}</td><td>{escape(in_words(mistake.problem))}</td>'
        f'<th scope="row">{escape(mistake.kind)}</th><td>{escape(mistake.text)}</td></tr>'
    )


def about_group(group):
    """A sentence for the terminal; nothing where the answer is one student's alone."""
    if len(group.students) < 2:
        return ""
    return (
        f"{len(group.students)} students share an answer to {group.problem} that nobody has named "
        f"({', '.join(group.quantities)}): {', '.join(group.students)}; in names.csv: {group.code}"
    )


def _unnamed(group):
    return (
        f'<tr><td class="n" data-label="students">{len(group.students)}</td><td>{escape(group.problem)}: '
        f"{escape(', '.join(group.quantities))}</td><td>{escape(', '.join(group.students))}</td>"
        f"<td><details><summary>here is one</summary><pre>{escape(group.source)}</pre></details>"
        f"<small>in names.csv: {escape(group.code)}</small></td></tr>"
    )
