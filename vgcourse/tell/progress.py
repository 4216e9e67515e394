"""What you have solved and when, in a small file of your own: `progress.show()`, or `vgcourse progress`.

The file is `.vgcourse/progress.json` in your home folder; the environment variable VGCOURSE_PROGRESS names
another one, or `off`. Graders write none. A file that cannot be read is set aside under another name, never
overwritten. `export` and `carry` take it from one computer to another.
"""

import json
import os
import re
import textwrap
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import NamedTuple

from vgcourse._files import in_place_of
from vgcourse.problems import SETS, find, problems
from vgcourse.tell import screen

FORMAT, VERSION = "vgcourse progress", 1
MARKS = {"done": "✓", "tried": "◐", "open": "○"}
SHADES = {"done": "rgba(0, 114, 178, 0.22)", "tried": "rgba(230, 159, 0, 0.35)", "open": "transparent"}
_complained = set()


class Entry(NamedTuple):
    """One problem: `status` is done, tried or open; `best` the largest share of its points so far, 0 … 1;
    `solved` the day of the first full answer, or an empty text."""

    name: str
    status: str
    tries: int
    best: float
    solved: str


def path():
    """Where the progress is kept, or None if it is off or a grader runs."""
    chosen = os.environ.get("VGCOURSE_PROGRESS", "")
    if os.environ.get("NBGRADER_EXECUTION") or chosen.lower() == "off":
        return None
    return Path(chosen).expanduser() if chosen else Path.home() / ".vgcourse" / "progress.json"


def record(name, share):
    """Note one try that earned `share` of the points. What goes wrong is said, and the check goes on."""
    file = None
    try:
        if (file := path()) is None:
            return
        kept = _load(file)
        today = datetime.now(UTC).date().isoformat()
        entry = kept.setdefault(name, {"tries": 0, "best": 0.0, "solved": ""})
        entry["tries"] += 1
        entry["best"] = max(entry["best"], float(share))
        if share == 1 and not entry["solved"]:
            entry["solved"] = today
        _save(file, kept)
    except (OSError, RuntimeError) as error:  # the second where nobody knows a home folder
        _complain(f"Your progress could not be saved{_where(file)}: {_why(error)}.")


def entries():
    """One Entry for every problem of the course, in its order."""
    file, kept = None, {}
    try:
        if (file := path()) is not None:
            kept = _load(file)
    except (OSError, RuntimeError) as error:
        _complain(f"Your progress could not be read{_where(file)}: {_why(error)}.")
    found = []
    for problem_set in SETS:
        for problem in problems(problem_set):
            entry = kept.get(problem.name, {"tries": 0, "best": 0.0, "solved": ""})
            status = "done" if entry["solved"] else "tried" if entry["tries"] else "open"
            found.append(Entry(problem.name, status, entry["tries"], entry["best"], entry["solved"]))
    return found


def show():
    """Display the map of the course with what is done, tried and open; outside IPython print it."""
    found = entries()
    screen.show(as_text(found), lambda: {"text/html": as_html(found)})


def as_text(found, width=84):
    """The map in words and marks."""
    lines = []
    for title, group in _by_set(found):
        lines.append(f"{title}: {_counts(group)}")
        marks = [f"{MARKS[entry.status]}\u00a0{_short(entry)}" for entry in group]
        wrapped = textwrap.wrap("  ".join(marks), width - 2, break_long_words=False, break_on_hyphens=False)
        lines += [f"  {line}" for line in wrapped]
    return "\n".join([*lines, "", "✓ done   ◐ tried   ○ open"])


def as_html(found):
    """The same as a table, a line for each problem set."""
    cell = "padding: 3px 10px 3px 2px; text-align: left; vertical-align: top; border: none"
    rows = []
    for title, group in _by_set(found):
        marks = " ".join(
            f'<span style="background-color: {SHADES[entry.status]}; padding: 0 4px; white-space: nowrap" '
            f'title="{escape(_tooltip(entry))}">{MARKS[entry.status]} {escape(_short(entry))}</span>'
            for entry in group
        )
        head = f"<b>{escape(title)}</b><br>{_counts(group)}"
        rows.append(f'<tr><td style="{cell}">{head}</td><td style="{cell}">{marks}</td></tr>')
    table = f'<table style="border-collapse: collapse; margin: 0">{"".join(rows)}</table>'
    return f'{table}<p style="margin: 4px 0; opacity: 0.8">✓ done &nbsp; ◐ tried &nbsp; ○ open</p>'


def _by_set(found):
    """(title, entries) for each problem set; the warm-up of the start page is left out."""
    for problem_set, title in SETS.items():
        group = [entry for entry in found if entry.name.startswith(f"{problem_set}.")]
        if group and problem_set != "start":
            yield f"{problem_set.removeprefix('ps')} · {title}", group


def _counts(group):
    done = sum(entry.status == "done" for entry in group)
    points = sum(entry.best * find(entry.name).points for entry in group)
    possible = sum(find(entry.name).points for entry in group)
    return f"{done} of {len(group)} done, {points:.3g} of {possible:g} points"


def _short(entry):
    return entry.name.split(".", 1)[1]


def _tooltip(entry):
    if entry.status == "open":
        return "not tried yet"
    tries = f"{entry.tries} {'try' if entry.tries == 1 else 'tries'}"
    return f"solved {entry.solved}, {tries}" if entry.solved else f"{tries}, best {100 * entry.best:.0f} %"


def export(target):
    """Write your progress into a file of its own, to take it to another computer; how many problems it holds.

    Raises
    ------
    ValueError
        If nothing is kept here, there is nothing to write yet, or `target` exists and is no such file.
    OSError
        If it cannot be written.
    """
    target = Path(target)
    kept = _load(_file_in_use())
    if not kept:
        raise ValueError("there is no progress yet: nothing was written.")
    if target.exists():
        _read(target)  # never over something else
    _save(target, kept)
    return len(kept)


def carry(source):
    """Add what an exported file holds to your progress, the better of both; how many problems it holds.

    Raises
    ------
    ValueError
        If `source` is no exported progress, or nothing is kept here.
    OSError
        If one of the two cannot be read or written.
    """
    file = _file_in_use()
    brought, kept = _read(Path(source)), _load(file)
    for name, theirs in brought.items():
        ours = kept.setdefault(name, theirs)
        days = [entry["solved"] for entry in (ours, theirs) if entry["solved"]]
        kept[name] = {
            "tries": max(ours["tries"], theirs["tries"]),  # the same file twice adds nothing
            "best": max(ours["best"], theirs["best"]),
            "solved": min(days, default=""),
        }
    _save(file, kept)
    return len(brought)


def _file_in_use():
    if (file := path()) is None:
        raise ValueError("VGCOURSE_PROGRESS is off: nothing is kept here.")
    return file


def _load(file):
    """{name: {"tries", "best", "solved"}} from the file; one that is not ours is set aside first."""
    try:
        return _read(file)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        return _set_aside(file, str(error).removeprefix(f"{file} "))


def _read(file):
    """The same, or ValueError with what is wrong."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise ValueError(f"{file} is not a text file") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is damaged") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"{file} holds something else")
    if data.get("version") != VERSION:
        raise ValueError(f"{file} comes from another version ({data.get('version')!r})")
    kept = data.get("problems")
    if not isinstance(kept, dict) or not all(map(_is_entry, kept.values())):
        raise ValueError(f"{file} is damaged")
    return kept


def _is_entry(entry):
    return (
        isinstance(entry, dict)
        and type(entry.get("tries")) is int
        and entry["tries"] >= 0
        and isinstance(entry.get("best"), (int, float))
        and 0 <= entry["best"] <= 1
        and isinstance(entry.get("solved"), str)
        and re.fullmatch(r"(\d{4}-\d\d-\d\d)?", entry["solved"]) is not None
    )


def _set_aside(file, why):
    """Give a file that we cannot use another name, say so, and begin with nothing."""
    number = 1
    while (other := file.with_name(f"{file.stem}.set-aside-{number}{file.suffix}")).exists():
        number += 1
    file.rename(other)
    print(f"Your progress file {why}. It is kept as {other}; a new one begins.")
    return {}


def _save(file, kept):
    """Write beside the file and exchange the two: a full disk leaves the old one whole."""
    data = {"format": FORMAT, "version": VERSION, "problems": kept}
    with in_place_of(os.path.realpath(file)) as beside:  # a link to a synced folder stays a link
        beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _where(file):
    return "" if file is None else f" in {file}"


def _why(error):
    return getattr(error, "strerror", None) or str(error)


def _complain(sentence):
    """Say it once: a check is no place to nag."""
    if sentence not in _complained:
        _complained.add(sentence)
        print(sentence)
