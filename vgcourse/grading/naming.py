"""Wrong answers that nobody has named, named once for all: names.csv, the code of a group → a sentence.

The code stands in the report. It is made of the problem and of what came out wrong on the inputs that all
students get, so the same answer has it in the next term, too.
"""

import csv
import hashlib
import io
from pathlib import Path

from vgcourse.grading.checks import LONGEST, Mistake, short
from vgcourse.grading.roster import RosterError, decoded

NAMES = "names.csv"  # in the course's folder, with the columns code and sentence


class NamesError(ValueError):
    """names.csv cannot be read; the message says why."""


def code_of(problem, codes):
    """Eight characters for the students who gave the same wrong answer; `codes` as in `checks.Unnamed`."""
    text = "\n".join([problem, *(f"{name}={same}" for name, same in codes)])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def read_names(root):
    """{code: sentence} from a course's names.csv; empty where there is none.

    Raises
    ------
    NamesError
        If it is no text, or has no columns code and sentence.
    """
    file = Path(root) / NAMES
    if not file.is_file():
        return {}
    try:
        text = decoded(file)
    except RosterError as error:
        raise NamesError(str(error)) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="rest")
    if not {"code", "sentence"} <= set(reader.fieldnames or ()):
        came = ", ".join(reader.fieldnames or ()) or "nothing"
        raise NamesError(f"{file}: its columns are {came}; expected code, sentence.")
    # a comma in a sentence without quotes is the sentence's
    return {
        line["code"].strip(): ",".join([line["sentence"] or "", *line.get("rest", ())]).strip()
        for line in reader
        if line["code"] and line["sentence"]
    }


def named(row, names):
    """A report's row in which the wrong answers that have a name by now are mistakes like others.

    Parameters
    ----------
    row : rows.Row
    names : dict, as from `read_names`

    Returns
    -------
    rows.Row
    """
    sentences = {one: names.get(code_of(one.problem, one.codes)) for one in row.unnamed}
    mistakes = [
        Mistake(one.problem, short(sentence), short(sentence, 4 * LONGEST))
        for one, sentence in sentences.items()
        if sentence
    ]
    rest = tuple(one for one, sentence in sentences.items() if not sentence)
    return row._replace(mistakes=(*row.mistakes, *mistakes), unnamed=rest)
