"""The checker's score: mistakes caught and named, nobody accused falsely, right answers accepted."""

import dataclasses
import json
import re

import first_contact
import pytest
from checker_score import (
    LEAST_BACKWARD,
    LEAST_MISTAKES,
    LEAST_RIGHT,
    RANDOM,
    SEEDS,
    SITE,
    TRIES,
    passing_changes,
    score,
)
from right_answers import RIGHT

from vgcourse.check import find, names
from vgcourse.problems.problem import drawn


@pytest.mark.parametrize("name", names())
def test_score_of(name):
    """Held for each problem: one that is weak must not hide among the others."""
    found = score(name, few=1, tries=1)  # the report itself takes more
    said = "\n".join(found.missed[:20])
    assert found.killed == found.runs, said
    assert found.named >= 0.97 * found.runs, said
    assert found.caught == found.wrong and found.accused == 0, said
    assert found.accepted == found.right, said
    assert found.false == 0, said  # a name has to explain everything that is there, also what is right
    assert found.passing <= max(3, 0.3 * found.changes), said  # what passes is right by algebra


def test_there_is_enough_to_score():
    problems = [find(name) for name in names()]
    assert len(problems) >= 45
    assert len(SEEDS) >= 5
    assert sum(len(problem.mistakes) for problem in problems) >= 180
    for problem in problems:
        least = LEAST_BACKWARD if "backward" in problem.name else LEAST_MISTAKES
        assert len(problem.mistakes) >= least and len(RIGHT[problem.name]) >= LEAST_RIGHT, problem.name
    assert sum(len(RANDOM) * TRIES for problem in problems if not problem.exact) >= 500


def test_written_report_is_about_these_problems():
    text = (SITE / "checker.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \|", text, flags=re.M)
    assert rows == [(name, str(len(find(name).mistakes))) for name in names()], "run `make checker-report`"


# --- first contact -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval(part, whole, low, high):
    """The last one is the example of Newcombe (1998, table I)."""
    assert first_contact.interval(part, whole) == pytest.approx((low, high), rel=0, abs=6e-5)


def test_first_contact_stands_in_the_report():
    assert first_contact.table() in (SITE / "checker.md").read_text(encoding="utf-8")
    assert "65 %" in first_contact.PUBLISHED


def test_counts_of_first_contact_are_of_all_sets():
    data = json.loads(first_contact.COUNTS.read_text(encoding="utf-8"))
    for label, sets in data.items():
        assert list(sets) == [f"ps{k}" for k in range(1, 9)]
        whole = data.get(label.removesuffix(", every output there"))
        for name, counts in sets.items():
            assert list(counts) == [*first_contact.KINDS, "right", "refused"]
            assert all(counts[kind] <= whole[name][kind] for kind in counts)
            assert sum(whole[name][kind] for kind in first_contact.KINDS) >= 38


# --- one place of the reference changed ----------------------------------------------------------------


def test_a_corner_that_no_case_looks_into_is_found(monkeypatch):
    problem = find("ps1.activation_derivative")
    some = [case for case in drawn(problem, 0) if case.args[0] != "relu"]
    blind = dataclasses.replace(problem, cases=lambda rng: some)
    assert len(passing_changes(blind)) > len(passing_changes(problem))
