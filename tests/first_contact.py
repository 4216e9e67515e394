"""First contact: answers written without sight of the checker's mistakes, and what it said of them.

`first_contact.json` holds counts only, by problem set and by half: every verdict was read beside the slip
that the answer's author had written down. Half of the answers was set aside, unseen by whoever mended.
"""

import json
from pathlib import Path

import numpy as np

COUNTS = Path(__file__).with_suffix(".json")
KINDS = ("named", "false", "told", "located", "silent", "full")  # what may become of a wrong answer
Z = 1.96  # of a 95 % interval
PUBLISHED = """Beside other systems, each on its own exercises: Singh, Gulwani and Solar-Lezama (2012,
*Automated feedback generation for introductory programming assignments*) corrected 65 % of wrong submissions;
Kaleeswaran, Santhiar, Kanade and Gulwani (2016, *Semi-supervised verified feedback generation*)
explained 85 %; Wu, Goodman, Piech and Finn (2021, *ProtoTransformer*) reached a precision of 88 %
where teaching assistants reached 82 %."""


def interval(part, whole):
    """Wilson's 95 % interval of a share.

    Returns
    -------
    (low, high); (0, 1) of nothing
    """
    if not whole:
        return 0.0, 1.0
    p, n = part / whole, whole
    middle, half = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + Z**2 / n), (middle + half) / (1 + Z**2 / n)
    return max(0.0, float(low)), min(1.0, float(high))


def _share(part, whole):
    low, high = interval(part, whole)
    return f"{100 * part / whole:.0f} % ({100 * low:.0f}–{100 * high:.0f})" if whole else "–"


def table():
    """Markdown: coverage, precision and silence of wrong answers, of all sets and folded by set."""
    data = json.loads(COUNTS.read_text(encoding="utf-8"))
    totals = [_row(label, _sum(sets.values())) for label, sets in data.items()]
    lines = [*_head("answers"), *totals, "", "<details><summary>By problem set</summary>", ""]
    for label, sets in data.items():
        lines += [f"*{label.capitalize()}*", "", *_head("set"), *(_row(*item) for item in sets.items()), ""]
    return "\n".join([*lines, "</details>"])


def _head(first):
    names = [first, "wrong", "named rightly", "names that are right"]
    names += ("told or located", "silent", "full points", "right, refused")
    return [f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)]


def _row(name, counts):
    wrong = sum(counts[kind] for kind in KINDS)
    cells = (
        name,
        wrong,
        _share(counts["named"], wrong),
        _share(counts["named"], counts["named"] + counts["false"]),
        _share(counts["told"] + counts["located"], wrong),
        _share(counts["silent"], wrong),
        counts["full"],
        f"{counts['right']}, {counts['refused']}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _sum(counts):
    counts = list(counts)
    return {key: sum(one[key] for one in counts) for key in counts[0]}


def section():
    """The part of the report that is not in-sample."""
    return f"""
## First contact

What stands above is in-sample: the checker is asked about the mistakes it was taught. What follows is not.
Answers to all functions were written without sight of its list, as students write them, each with a
sentence that says what is wrong; then the verdicts were read one by one. *Told* is an error, a shape, a
None that is said; *located* is where, not what. Of two slips in one answer one named rightly counts, if
nothing false is said. The half set aside was seen by nobody who mended the checker. 95 % intervals by
Wilson. The first time 1741 wrong answers were written (when the half that was mended with was read again,
eight fewer were counted), the second time, by others, some 770, of which the half set aside was read.

The second time *before* and *after* hardly differ in what is named, though 1900 more mistakes went into the
list in between: what is left without a name are two slips at once in the same numbers, settings that
somebody searched for, and the logic of a learner's own test. There a longer list does not help. What did
change are false sentences: they came from advice that was followed already, and from talk about steps where
the answer was no number.

*Every output there* leaves out answers that raise an error or give something else than was asked for (80 of
387): those are told so, and four in ten of them are named all the same. Singh et al. leave out what does not
compile.

{table()}

{PUBLISHED}
"""
