"""What the checks in one autograded notebook found out, read with suspicion: it ran with foreign code."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from vgcourse.tell.report import MIME

NOT_WRITTEN = "not written yet"
NO_MISTAKE = ("convention", "prints")  # kinds of findings that tell something else
LONGEST = 120


class Mistake(NamedTuple):
    """One diagnosis: in which problem, of which kind, and the sentence the student read."""

    problem: str
    kind: str
    text: str


class Unnamed(NamedTuple):
    """A wrong answer that no mistake explains: the wrong quantities with the codes of what they gave."""

    problem: str
    codes: tuple
    source: str


class Found(NamedTuple):
    """What the checks of one notebook found; `unreadable` are grade_ids whose data is not a check's."""

    mistakes: list
    unreadable: list
    unnamed: list


def read_checks(path, graded):
    """What the checks of one autograded notebook found out.

    Parameters
    ----------
    path : an autograded notebook
    graded : the grade_ids that count; other cells are the student's own

    Returns
    -------
    Found
    """
    import nbformat

    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # broken JSON, a foreign format, bytes that are no text
        return Found([], [Path(path).name], [])
    found, answer_error, answer = Found([], [], []), None, ""
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type != "code":
            continue
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if grade_id not in graded:
            answer_error = errors[0] if errors else answer_error
            answer = cell.source if grade_id else answer
            continue
        data = [output.data[MIME] for output in cell.outputs if MIME in output.get("data", {})]
        if errors:  # no verdict: the answer's own error says more than the NameError that follows from it
            error = errors[0] if errors[0].ename == "NoVerdict" else answer_error or errors[0]
            # Python 3.13 calls a bracket that is never closed _IncompleteInputError
            kind = "SyntaxError" if error.ename.endswith("IncompleteInputError") else error.ename
            said = re.sub(r"\(\d+\.py, line", "(line", f"{kind}: {error.evalue}")  # a made-up file name
            found.mistakes.append(Mistake(grade_id, short(kind), short(said)))
        elif data:
            try:
                found.mistakes.extend(_findings(data[-1]))  # the last is the one on fresh inputs
                # the first, where any is wrong, is on inputs that all students get
                found.unnamed.extend(unnamed_in(data[0], answer))
            except (TypeError, KeyError, AttributeError):
                found.unreadable.append(grade_id)
        answer_error = None
    return found


def unnamed_in(data, source):
    """What one check's data says of a wrong answer without a name: a list of Unnamed, of one at most."""
    if data.get("named", True):
        return []
    codes = tuple((short(one["name"]), short(one["same"])) for one in data["quantities"] if "same" in one)
    return [Unnamed(short(data["problem"]), codes, source)] if codes else []


def _findings(data):
    problem, findings = data["problem"], data["findings"]
    if not isinstance(problem, str) or not isinstance(findings, list):
        raise TypeError("not what a check writes")
    mistakes = []
    for finding in findings:
        kind, text = finding["kind"], finding["text"]
        if not isinstance(kind, str) or not isinstance(text, str):
            raise TypeError("not what a check writes")
        if kind.split(":")[0] not in NO_MISTAKE:
            mistakes.append(Mistake(short(problem), short(kind), short(text, 4 * LONGEST)))
    return mistakes


def metadata_of(path):
    """A notebook's own metadata; nothing where it cannot be read."""
    try:
        metadata = json.loads(Path(path).read_text(encoding="utf-8"))["metadata"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def read_notes(path):
    """What was put right in an autograded notebook before it ran."""
    notes = metadata_of(path).get("vgcourse_notes", [])
    return [short(note, 4 * LONGEST) for note in notes] if isinstance(notes, list) else []


def short(text, longest=LONGEST):
    """One line of at most `longest` characters, without control characters."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def natural(name):
    """Sorts p2 before p10."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", name)]
