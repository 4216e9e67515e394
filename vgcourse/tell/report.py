"""The verdict as the learner reads it: one text table, in notebooks and terminals alike.

A notebook shows it as HTML (`page`), and keeps the same facts as data (`MIME`), from which the
instructor's report is made.
"""

import math
import os
import sys
import textwrap

from vgcourse.problems import find
from vgcourse.tell import page, screen
from vgcourse.tell.page import error_text, shape_text

MIME = "application/vnd.vgcourse.check+json"
EXPLAINS = ("mistake", "fact", "call")  # groups of findings that say what happened
WIDTH = 84  # what a 700 px page shows on one line
MOST = 2  # findings about values at a time: who mends these meets the next ones


def show(verdict, earned, points, *, fresh=False, codes=None):
    """Display the verdict; outside IPython print it. `codes` is for `as_data`."""
    text = as_text(verdict, earned, points, fresh=fresh)

    def bundle():
        html = as_html(verdict, earned, points, fresh=fresh)
        return {"text/html": html, MIME: as_data(verdict, earned, points, codes)}

    displayed = screen.show(text, bundle)
    if displayed and os.environ.get("NBGRADER_EXECUTION") == "validate" and verdict.share < 1:
        print(_for_validate(verdict, earned, points), file=sys.stderr)


def _for_validate(verdict, earned, points):
    """`nbgrader validate` shows nothing of a failed cell but its stderr, 83 characters a line."""
    wrong = ", ".join(row.name for row in verdict.rows if not row.ok)
    texts = [finding.text for finding in verdict.findings] or [f"Not right yet: {wrong}."]
    lines = [f"{verdict.problem}: {_number(earned)} of {_number(points)} points."]
    return "\n".join(lines + [line for text in texts for line in textwrap.wrap(text, 80)])


def as_text(verdict, earned, points, *, fresh=False):
    """The table, then the findings as wrapped sentences."""
    title, score = _heading(verdict, earned, points, fresh)
    lines = [f"{title:<{WIDTH - len(score)}}{score}"]
    if rows := _table_rows(verdict):
        lines += _table(rows, exact=find(verdict.problem).exact)
    for text in _told(verdict):
        lines += ["", *textwrap.wrap(text, WIDTH - 2, initial_indent="  ", subsequent_indent="  ")]
    lines += ["", *(f"  {line}" for line in _closing(verdict, fresh))]
    return "\n".join(lines)


def as_html(verdict, earned, points, *, fresh=False):
    """The same for a notebook, with maps of where partly right quantities are wrong."""
    return page.as_html(
        *_heading(verdict, earned, points, fresh),
        _table_rows(verdict),
        _told(verdict),
        _closing(verdict, fresh),
        verdict.maps,
        find(verdict.problem).exact,
    )


def _told(verdict):
    """The sentences to show: all about calls and conventions, and of what was found out the surest two."""
    about_values = [f for f in verdict.findings if f.group not in ("call", "convention")]
    left = len(about_values[MOST:])
    texts = [f.text for f in verdict.findings if f not in about_values[MOST:]]
    if left:
        more = "One more thing is" if left == 1 else f"{left} more things are"
        texts.append(f"{more} known about this answer; first things first.")
    return texts


def _heading(verdict, earned, points, fresh):
    title = verdict.problem.split(".", 1)[1] + (" on fresh inputs" if fresh else "")
    return title, f"{_number(earned)} / {_number(points)} points"


def _table_rows(verdict):
    """All rows, or none where one sentence says the same of all of them."""
    shown = [row for row in verdict.rows if row.shape is not None]
    told = any(row.usable for row in shown) or len({row.problem for row in shown}) > 1
    return verdict.rows if told else []


def _table(rows, exact):
    names = max(8, *(len(row.name) for row in rows))
    if exact:
        return [f"  {row.name:<{names}}  {'✓' if row.ok else '✗'}   {row.problem}".rstrip() for row in rows]
    shapes = max(5, *(len(shape_text(row)) for row in rows))
    lines = [f"  {'quantity':<{names}}  {'shape':<{shapes}}  relative error"]
    for row in rows:
        mark = "✓" if row.ok else "✗"
        line = f"  {row.name:<{names}}  {shape_text(row):<{shapes}}  {error_text(row):<14}  {mark}"
        lines.append(f"{line}   {row.problem}".rstrip())
    return lines


def as_data(verdict, earned, points, codes=None):
    """The verdict as plain data for the instructor's report; it holds no reference values, and errors to two
    digits only: a number and its exact error would give the reference away.

    `codes` are the fingerprints of wrong quantities; `named` says whether a mistake explains what is wrong.
    """
    quantities = []
    for row in verdict.rows:
        quantity = {"name": row.name, "ok": row.ok, "error": _two_digits(row.error)}
        quantities.append(quantity | ({"same": codes[row.name]} if codes and row.name in codes else {}))
    return {
        "problem": verdict.problem,
        "points": earned,
        "max_points": points,
        "quantities": quantities,
        "findings": [{"kind": finding.kind, "text": finding.text} for finding in verdict.findings],
        "named": any(finding.group in EXPLAINS for finding in verdict.findings),
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
    if verdict.halved:
        lines.append("One slip is one slip: what it alone made wrong keeps half of its points.")
    if problem.coin:
        lines.append("Half of the answers can be right by chance: points begin above that.")
        if any(finding.group in ("mistake", "invariant") for finding in verdict.findings):
            lines.append(
                "If your test does what is advised, look at how it judges: what goes into the error?"
            )
    elif problem.exact and not problem.each and len(verdict.rows) > 1:
        lines.append("Points begin where more than half of the rows are right.")
    if not fresh:
        lines.append(f'hint("{verdict.problem}") gives the next of three hints.')
    return lines


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")
