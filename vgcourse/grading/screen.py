"""The report on a terminal."""

from vgcourse.grading.checks import short
from vgcourse.grading.outcome import how_graded
from vgcourse.grading.page import about_group
from vgcourse.grading.rows import all_parts, count_mistakes, group_unnamed, in_words, unread

MARKS = {
    "all": ("●", "green"),
    "some": ("◐", "yellow"),
    "none": ("○", "red"),
    "waits": ("?", "cyan"),
    "absent": ("–", "dim"),
}
LEGEND = {"●": "all points", "◐": "some", "○": "none", "?": "not read yet", "–": "not there"}


def to_terminal(rows):
    """Two tables for rich: the students, and the mistakes with how many students made each.

    Parameters
    ----------
    rows : list of Row

    Returns
    -------
    rich renderable
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    columns = all_parts(rows)
    students = Table(box=box.SIMPLE_HEAD, title="Students", title_justify="left", pad_edge=False)
    students.add_column("student")
    students.add_column("total", justify="right", no_wrap=True)
    students.add_column("by hand", justify="right", no_wrap=True)
    students.add_column("parts", no_wrap=True)
    students.add_column("diagnosed")
    for row in rows:
        if not row.graded:
            students.add_row(Text(short(row.name)), "–", "–", "", Text(row.status, style="red"))
            continue
        parts = {part.name: part for part in row.parts}
        marks = Text()
        for part in columns:
            marks.append(*MARKS[parts[part.name].mark if part.name in parts else "absent"])
        by_hand = f"{row.waiting:g} unread" if row.waiting else f"{row.manual_points:g}"
        said = "; ".join(filter(None, [row.diagnosed, *map(in_words, row.notes)]))
        students.add_row(Text(short(row.name)), f"{row.total:g} / {row.read:g}", by_hand, marks, Text(said))
    legend = Text.assemble(
        "Parts: ",
        *[item for sign, style in MARKS.values() for item in ((sign, style), f" {LEGEND[sign]}   ")],
    )
    in_order = Text("In this order: " + "; ".join(part.full_name for part in columns))

    mistakes = Table(box=box.SIMPLE_HEAD, title="Mistakes", title_justify="left", pad_edge=False)
    mistakes.add_column("students", justify="right")
    mistakes.add_column("problem", no_wrap=True)
    mistakes.add_column("mistake")
    for mistake, number in count_mistakes(rows):
        mistakes.add_row(str(number), Text(in_words(mistake.problem)), Text(mistake.kind))
    shared = [Text(said) for said in map(about_group, group_unnamed(rows)) if said]
    how = [Text(in_words(said)) for said in how_graded(rows)]
    return Group(students, legend, in_order, *map(Text, unread(rows)), Text(), mistakes, *shared, *how)
