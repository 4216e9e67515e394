"""What `vgcourse grade` left behind about an assignment, beside nbgrader's gradebook; it may be missing."""

import json
import statistics
from pathlib import Path
from typing import NamedTuple

from vgcourse.grading.checks import metadata_of
from vgcourse.grading.reported import told
from vgcourse.grading.rows import all_parts

KEY = "vgcourse_content"  # in a graded notebook's metadata: the digest of all that it was made from
GRADED, PARTLY, MISSING, REFUSED = "graded", "partly", "no submission", "refused"
ASIDE, STRANGER = "set aside", "not enrolled"
SHOWN = 5  # slowest cells that a report names


class Entry(NamedTuple):
    """What became of one student; see `running.Run` for what each status means."""

    status: str = ""
    why: str = ""
    content: str = ""
    seconds: float = 0.0
    jail: str = ""
    slowest: tuple = ()


def outcome_of(root, assignment):
    """The kept outcome of an assignment: {"students": {id: …}, …}, without students where there is none."""
    try:
        data = json.loads((Path(root) / "grading" / assignment / "outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = None
    return data if isinstance(data, dict) and isinstance(data.get("students"), dict) else {"students": {}}


def entries_of(outcome):
    """{student: Entry} of an outcome."""
    return {
        student: Entry(**{name: entry[name] for name in Entry._fields if name in entry})
        for student, entry in outcome["students"].items()
        if isinstance(entry, dict)
    }


def with_entry(row, entry, folder):
    """A report's row with what `vgcourse grade` knows of it, unless something else was done since.

    Parameters
    ----------
    row : Row
    entry : Entry or None
    folder : of the graded notebook, which need not be called like its set
    """
    if entry is None:
        return row
    if not row.graded:
        known = entry.status in (ASIDE, STRANGER)
        return row._replace(status=f"{entry.status}: {entry.why}") if known else row
    if not any(metadata_of(file).get(KEY) == entry.content for file in folder.glob("*.ipynb")):
        return row
    status = f"partly graded, {entry.why}; {row.status}" if entry.status == PARTLY else row.status
    return row._replace(status=status, seconds=entry.seconds, jail=entry.jail, slowest=tuple(entry.slowest))


def how_graded(rows):
    """Sentences on how the rows of a report came about; none where plain nbgrader graded all of them."""
    timed = [row for row in rows if row.jail]
    if not timed:
        return []
    sentences = []
    if unsafe := [row.name for row in timed if row.jail == "none"]:
        sentences.append(
            f"NO JAIL (--unsafe) for {', '.join(unsafe)}: their code could change anything, these points too."
        )
    jails = sorted({row.jail for row in timed} - {"none"})
    typical = statistics.median(row.seconds for row in timed)
    longest = max(timed, key=lambda row: row.seconds)
    sentences.append(
        f"Graded by vgcourse grade: {len(timed)} of {len(rows)}; jail: {', '.join(jails) or 'none'}; "
        f"{typical:.2g} s a submission, the longest {longest.seconds:.2g} s ({longest.name})."
    )
    slow = sorted(((seconds, name, row.name) for row in timed for name, seconds in row.slowest), reverse=True)
    cells = ", ".join(f"{name} of {student} {seconds:.2g} s" for seconds, name, student in slow[:SHOWN])
    sentences.append(f"Slowest cells: {cells}.")
    return [*sentences, told(all_parts(rows))]
