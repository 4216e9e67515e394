"""The verdict as the learner reads it: one text table, in notebooks and terminals alike.

Beside the text, a notebook keeps the same facts as data (`MIME`), from which the instructor's report is made.
"""

import math
import os
import sys
import textwrap

from vgcourse.check.problem import find

MIME = "application/vnd.vgcourse.check+json"
WIDTH = 84  # what a 700 px page shows on one line


def show(verdict, earned, points, *, fresh=False):
    """Display the table; outside IPython print it."""
    text = as_text(verdict, earned, points, fresh=fresh)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(text)
        return
    display({"text/plain": text, MIME: as_data(verdict, earned, points)}, raw=True)
    if os.environ.get("NBGRADER_EXECUTION") == "validate" and verdict.share < 1:
        print(_for_validate(verdict, earned, points), file=sys.stderr)


def _for_validate(verdict, earned, points):
    """`nbgrader validate` shows nothing of a failed cell but its stderr, 83 characters a line."""
    wrong = ", ".join(row.name for row in verdict.rows if not row.ok)
    texts = [finding.text for finding in verdict.findings] or [f"Not right yet: {wrong}."]
    lines = [f"{verdict.problem}: {_number(earned)} of {_number(points)} points."]
    return "\n".join(lines + [line for text in texts for line in textwrap.wrap(text, 80)])


def as_text(verdict, earned, points, *, fresh=False):
    """The table, then the findings as wrapped sentences."""
    short = verdict.problem.split(".", 1)[1] + (" on fresh inputs" if fresh else "")
    score = f"{_number(earned)} / {_number(points)} points"
    lines = [f"{short:<{WIDTH - len(score)}}{score}"]
    shown = [row for row in verdict.rows if row.shape is not None]
    if any(row.usable for row in shown) or len({row.problem for row in shown}) > 1:
        lines += _table(verdict.rows, exact=find(verdict.problem).exact)
    for finding in verdict.findings:
        lines += ["", *textwrap.wrap(finding.text, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")]
    lines += ["", *(f"  {line}" for line in _closing(verdict, fresh))]
    return "\n".join(lines)


def _table(rows, exact):
    names = max(8, *(len(row.name) for row in rows))
    if exact:
        return [f"  {row.name:<{names}}  {'✓' if row.ok else '✗'}   {row.problem}".rstrip() for row in rows]
    shapes = max(5, *(len(_shape(row)) for row in rows))
    lines = [f"  {'quantity':<{names}}  {'shape':<{shapes}}  relative error"]
    for row in rows:
        error = "–" if math.isinf(row.error) else ("0" if row.error == 0 else f"{row.error:.1e}")
        line = f"  {row.name:<{names}}  {_shape(row):<{shapes}}  {error:<14}  {'✓' if row.ok else '✗'}"
        lines.append(f"{line}   {row.problem}".rstrip())
    return lines


def as_data(verdict, earned, points):
    """The verdict as plain data for the instructor's report; it holds no reference values, and errors to two
    digits only: a number and its exact error would give the reference away."""
    return {
        "problem": verdict.problem,
        "points": earned,
        "max_points": points,
        "quantities": [
            {"name": row.name, "ok": row.ok, "error": _two_digits(row.error)} for row in verdict.rows
        ],
        "findings": [{"kind": finding.kind, "text": finding.text} for finding in verdict.findings],
    }


def _two_digits(error):
    return None if math.isinf(error) else float(f"{error:.1e}")


def _closing(verdict, fresh):
    if verdict.share == 1:
        if fresh:
            return ["All quantities agree on fresh inputs."]
        return ["All quantities agree on these inputs. Grading uses others of the same kind."]
    problem = find(verdict.problem)
    lines = [f"See {problem.lecture}."]
    if not fresh:
        lines.append(f'hint("{verdict.problem}") gives the next of three hints.')
    return lines


def _shape(row):
    return "" if row.shape is None else "number" if row.shape == () else str(row.shape)


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")
