"""Whose file is it: the names that LMSs and people give."""

import importlib.util
from pathlib import Path

import pytest
from conftest import require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

from vgcourse.grading.downloads import Downloads, whose  # noqa: E402

EXTRACTED = Path("/course/downloaded/ps1/extracted")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("submissions/okaforamara_4711_90210_ps1.ipynb", ("4711", "ps1")),
        ("submissions/okaforamara_LATE_4711_90210_ps1-1.ipynb", ("4711", "ps1-1")),
        ("all/Amara Okafor_4711_assignsubmission_file_/ps1.ipynb", ("4711", "ps1")),
        ("all/Amara Okafor_4711_assignsubmission_file/ps1 (1).ipynb", ("4711", "ps1 (1)")),
        ("a.okafor_ps1.ipynb", ("a.okafor", "ps1")),
        ("a_okafor-ps1 (2).ipynb", ("a_okafor", "ps1 (2)")),
        ("a.okafor/ps1.ipynb", ("a.okafor", "ps1")),
        ("mails/a.okafor/ps1/ps1.ipynb", ("a.okafor", "ps1")),
        ("ps1.ipynb", (None, "ps1")),
    ],
)
def test_the_student_stands_in_the_name(path, expected):
    assert whose(EXTRACTED / path) == expected


def test_two_files_of_one_name_stop_nobody_and_none_is_lost():
    collector = Downloads()
    found = [collector.collect(str(EXTRACTED / folder / "a_ps1.ipynb")) for folder in ("one", "two")]
    assert found == [{"student_id": "a", "file_id": "ps1"}, {"student_id": "a", "file_id": "ps1 (2)"}]


def test_other_files_and_files_of_nobody_are_passed_over():
    assert Downloads().collect(str(EXTRACTED / "a_ps1.pdf")) is None
    assert Downloads().collect(str(EXTRACTED / "ps1.ipynb")) is None
