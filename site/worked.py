"""Problem sets for the book: the sheet that students get, with hints and answers folded below each box.

The sheet is the released notebook. Answers come from the instructor's version, without hidden tests, seeds
and rubrics, which stand in other cells; hints come from the problems.
"""

import re

from nbformat import v4

from vgcourse.problems import find

CHECKED = re.compile(r'check\("(ps\d+\.\w+)"')
MARKS = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
WRITE = '<p class="write">In the notebook you write your answer here.</p>'
SPECIAL = re.compile(r"([\\*_$|<>\[\]#])")


def with_answers(released, solved):
    """The released notebook with three hints and the answer after each box, and pictures of right answers.

    Raises
    ------
    ValueError
        If the two notebooks do not have the same cells.
    """
    if [cell.id for cell in released.cells] != [cell.id for cell in solved.cells]:
        raise ValueError("with_answers: the two notebooks differ in their cells; say: make notebooks")
    cells = []
    for i, (given, answer) in enumerate(zip(released.cells, solved.cells)):
        cells.append(given)
        if given.metadata.get("nbgrader", {}).get("solution"):
            if given.cell_type == "markdown":
                given.source = WRITE
            cells.append(v4.new_markdown_cell(folded(answer, solved.cells[i + 1 :]), id=f"{given.id}-solved"))
        elif "when_solved(" in given.source:
            given.outputs = answer.outputs
            given.metadata.setdefault("tags", []).append("hide-output")
    released.cells = cells
    return released


def folded(answer, below):
    """Hints and answer of one box as text with <details>; `below` are the cells that follow it."""
    parts = []
    if name := problem_of(below):
        hints = find(name).hints
        parts = [details(f"Hint {i} of {len(hints)}", plain(hint)) for i, hint in enumerate(hints, 1)]
    text = MARKS.sub("", answer.source).strip()
    shown = f"```python\n{text}\n```" if answer.cell_type == "code" else text
    return "\n\n".join([*parts, details("Solution", shown)])


def problem_of(below):
    """The problem of the next check, if it comes before the next box."""
    for cell in below:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            return None
        if found := CHECKED.search(cell.source):
            return found[1]
    return None


def details(summary, text):
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def plain(text):
    """Plain text as markdown; what stands in `code` stays."""
    parts = re.split(r"(`[^`]+`)", text)
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(parts)
