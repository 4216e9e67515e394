"""A page to show in class: question by question how it went, and the mistakes with an example each, no names.

questions = questions("path/of/the/course", "ps1", rows)  # rows as from report.collect
print(to_html(questions, title="ps1"))
"""

import ast
import json
import re
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from vgcourse.grading.checks import Mistake, short
from vgcourse.grading.course import course_folders
from vgcourse.grading.rows import all_parts, count_mistakes, in_words
from vgcourse.grading.running import CALL

BANDS = ("all points", "more than half", "up to half", "none")
EXAMPLES = 4  # mistakes of a question that are shown with somebody's code
LONGEST = 30  # lines of it
WIDTH, ROW = 360, 30  # of a chart, in its own units; it is shown at the width of a telephone, too


class Told(NamedTuple):
    """One mistake: how many made it, and an answer with it, empty where none can be shown."""

    mistake: Mistake
    number: int
    example: str


class Question(NamedTuple):
    """One graded cell: its heading, how many students are in each of `BANDS`, who wait, and the mistakes."""

    heading: str
    points: float
    counts: tuple
    waiting: int
    mistakes: tuple

    @property
    def students(self):
        """How many handed something in."""
        return sum(self.counts) + self.waiting


def questions(root, assignment, rows):
    """What became of each question.

    Parameters
    ----------
    root : path of the course
    assignment : str
    rows : list of Row

    Returns
    -------
    list of Question
    """
    folders = course_folders(Path(root))
    graded = [row for row in rows if row.graded]
    problems = {}
    for path in sorted((folders["source"] / assignment).glob("*.ipynb")):
        problems |= {name: set(found) for name, found, _ in _checks(path)}
    answers = {row.student: _answers(folders["autograded"] / row.student / assignment) for row in graded}
    made = count_mistakes(graded)
    found = []
    for column in all_parts(graded):
        parts = [part for row in graded for part in row.parts if part.name == column.name]
        named = {column.name, *problems.get(column.name, ())}  # an error is told of the cell
        told = [(mistake, number) for mistake, number in made if mistake.problem in named]
        examples = [_example(mistake, column.name, graded, answers) for mistake, _ in told[:EXAMPLES]]
        examples += [""] * (len(told) - len(examples))
        found.append(
            Question(
                column.full_name,
                column.max_points,
                tuple(sum(_band(part) == band for part in parts) for band in range(len(BANDS))),
                sum(part.waits for part in parts),
                tuple(Told(*one, example) for one, example in zip(told, examples, strict=True)),
            )
        )
    return found


def _band(part):
    """The place in BANDS; None for what nobody has read yet."""
    if part.waits:
        return None
    share = (part.points or 0) / part.max_points if part.max_points else 1
    return 0 if share >= 1 else 1 if share > 0.5 else 2 if share > 0 else 3


def _checks(path):
    """(grade_id, problems that it asks for, the answer above it) of every check in a notebook."""
    answer = ""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            mark, source = cell["metadata"].get("nbgrader", {}), "".join(cell["source"])
            if cell["cell_type"] != "code" or not mark:
                continue
            if mark.get("solution"):
                answer = source
            elif mark.get("grade"):
                yield mark["grade_id"], CALL.findall(source), answer
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # a student's notebook can be anything
        return


def _answers(folder):
    return {name: answer for path in sorted(folder.glob("*.ipynb")) for name, _, answer in _checks(path)}


def _example(mistake, cell, rows, answers):
    """The shortest answer with this mistake, without comments, in which its author is not named."""
    fitting = []
    for row in rows:
        if any((one.problem, one.kind) == (mistake.problem, mistake.kind) for one in row.mistakes):
            code = bare(answers[row.student].get(cell, ""))
            words = {word.casefold() for word in re.findall(r"[^\W_]+", code)}
            names = {word.casefold() for word in re.findall(r"[^\W_]+", f"{row.student} {row.name}")}
            if code and code.count("\n") < LONGEST and not words & names:
                fitting.append(code)
    return min(fitting, key=len, default="")


def bare(source):
    """Code without comments and docstrings, in one layout for all; empty where it is no Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def to_html(questions, title="In class"):
    """The page; it loads nothing, and prints a question a sheet.

    Parameters
    ----------
    questions : list of Question
    title : str

    Returns
    -------
    str
    """
    template = Template((Path(__file__).parent / "inclass.html").read_text(encoding="utf-8"))
    links = [f'<a href="#q{n}">{escape(one.heading)}</a>' for n, one in enumerate(questions, 1)]
    return template.substitute(
        title=escape(title),
        links="\n".join(links),
        questions="\n".join(_section(one, n) for n, one in enumerate(questions, 1))
        or "<p>Nothing graded.</p>",
    )


def _section(question, number):
    waiting = f" Not read yet: {question.waiting}." if question.waiting else ""
    counted = list(zip(BANDS, question.counts, strict=True))
    said = ", ".join(f"{count} {band}" for band, count in counted if count) or "nobody is counted yet"
    chart = _chart(f"q{number}-points", "How many points", said, counted, question.students)
    common = [(one.mistake.kind, one.number) for one in question.mistakes[:8]]
    mistakes = ""
    if common:
        said = ", ".join(f"{count} {kind}" for kind, count in common)
        mistakes = (
            "<h3>Mistakes</h3>"
            + _chart(f"q{number}-mistakes", "How many made each mistake", said, common, question.students)
            + "".join(_told(one, question.students) for one in question.mistakes)
        )
    about = f"{question.points:g} points; {question.students} handed in.{waiting}"
    return (
        f'<section id="q{number}"><h2>{escape(question.heading)}</h2>'
        f"<p>{about}</p>{chart}{mistakes}</section>"
    )


def _told(one, students):
    share = f"{100 * one.number / students:.0f} %" if students else "–"
    example = f"<pre>{escape(one.example)}</pre>" if one.example else ""
    return (
        f'<div class="mistake"><p><b>{share}</b> ({one.number} of {students}): '
        f"{escape(in_words(one.mistake.text or one.mistake.kind))}</p>{example}</div>"
    )


def _chart(name, title, said, counted, most):
    """Bars below their labels, so that long ones fit on a telephone; the numbers stand in them as text."""
    bars = []
    for i, (label, count) in enumerate(counted):
        y, width = ROW * i, (WIDTH - 44) * count / max(1, most)
        bars.append(f'<text x="0" y="{y + 11}">{escape(short(label, 52))}</text>')
        bars.append(f'<rect class="track" x="0" y="{y + 15}" width="{WIDTH - 44}" height="10"/>')
        bars.append(f'<rect x="0" y="{y + 15}" width="{width:.1f}" height="10"/>')
        bars.append(f'<text x="{WIDTH - 36}" y="{y + 25}">{count}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {ROW * len(counted)}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(said)}</desc>'
        f"{''.join(bars)}</svg>"
    )
