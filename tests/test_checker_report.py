"""The checker's score: mistakes caught and named, nobody accused falsely, right answers accepted."""

import re

import pytest
from checker_score import LEAST_BACKWARD, LEAST_MISTAKES, LEAST_RIGHT, RANDOM, SEEDS, SITE, TRIES, score
from right_answers import RIGHT

from vgcourse.check import find, names


@pytest.mark.parametrize("name", names())
def test_score_of(name):
    """Held for each problem: one that is weak must not hide among the others."""
    found = score(name, few=3, tries=1)  # the report itself takes more
    said = "\n".join(found.missed[:20])
    assert found.killed == found.runs, said
    assert found.named >= 0.97 * found.runs, said
    assert found.caught == found.wrong and found.accused == 0, said
    assert found.accepted == found.right, said


def test_there_is_enough_to_score():
    problems = [find(name) for name in names()]
    assert len(problems) >= 45
    assert len(SEEDS) == 10
    assert sum(len(problem.mistakes) for problem in problems) >= 180
    for problem in problems:
        least = LEAST_BACKWARD if "backward" in problem.name else LEAST_MISTAKES
        assert len(problem.mistakes) >= least and len(RIGHT[problem.name]) >= LEAST_RIGHT, problem.name
    assert sum(len(RANDOM) * TRIES for problem in problems if not problem.exact) >= 500


def test_written_report_is_about_these_problems():
    text = (SITE / "checker.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \|", text, flags=re.M)
    assert rows == [(name, str(len(find(name).mistakes))) for name in names()], "run `make checker-report`"
