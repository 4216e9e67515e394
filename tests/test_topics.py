"""The pages of topics and errata: what they name exists, and none is left out."""

import importlib
import json
import re

import pytest
from conftest import ROOT

from vgcourse.check import find, names

PAGE = (ROOT / "site" / "topics.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| topic")
]
LECTURES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (ROOT / "lectures").glob("[0-9]*.md")
    if path.stem[:2] > "00"
}
LINK = re.compile(r"\[(\d+)\]\(\.\./lectures/(\w+)\.ipynb\)((?: \(\d+\.\d+\),?)+)")
EXERCISE = re.compile(r"(ps\d) part (\d+)(?:, `(ps\d)\.(\w+)`)?")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_what_a_row_names_is_there(row):
    topic, lecture, code, exercise = row
    assert topic and LINK.search(lecture)
    for number, name, equations in LINK.findall(lecture):
        assert int(name[:2]) == int(number)
        for tag in re.findall(r"\((\d+\.\d+)\)", equations):
            assert f"\\tag{{{tag}}}" in LECTURES[name], f"lecture {number} has no equation ({tag})"
    for module, attribute in re.findall(r"`(\w+)\.(\w+)`", code):
        assert hasattr(importlib.import_module(f"vgcourse.{module}"), attribute), f"{module}.{attribute}"
    assert EXERCISE.search(exercise)
    for problem_set, part, named_set, function in EXERCISE.findall(exercise):
        source = (ROOT / "solutions" / problem_set / f"{problem_set}.md").read_text(encoding="utf-8")
        (section,) = re.findall(rf"^## Part {part} ·.*?(?=^## |\Z)", source, re.MULTILINE | re.DOTALL)
        if function:
            assert named_set == problem_set and f'check("{problem_set}.{function}"' in section
            find(f"{problem_set}.{function}")


def test_every_lecture_and_every_graded_function_has_its_topic():
    assert {name for _, name, _ in LINK.findall(PAGE)} == set(LECTURES)
    asked = {name for name in names() if not name.startswith("start.")}
    assert set(re.findall(r"`(ps\d\.\w+)`", PAGE)) == asked


def test_every_result_of_every_lecture_belongs_to_a_topic():
    for name, source in LECTURES.items():
        tags = set(re.findall(r"\\tag\{(\d+\.\d+)\}", source))
        left = sorted(tag for tag in tags if f"({tag})" not in PAGE)
        assert not left, f"{name}: no topic for {', '.join(left)}"


ERRATA = [
    line
    for line in (ROOT / "site" / "errata.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


def test_the_errata_are_numbered_through():
    assert [int(line.split("|")[1]) for line in ERRATA] == list(range(1, 28))


@pytest.mark.parametrize("line", ERRATA, ids=lambda line: line.split("|")[1].strip())
def test_the_numbers_of_an_erratum_stand_in_its_lecture(line):
    ((number, name, equations),) = LINK.findall(line)
    assert int(name[:2]) == int(number)
    for tag in re.findall(r"\((\d+\.\d+)\)", equations):
        assert f"\\tag{{{tag}}}" in LECTURES[name]
    notebook = json.loads((ROOT / "lectures" / f"{name}.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    printed = "".join("".join(output.get("text", "")) for output in outputs)
    for value in re.findall(r"\*\*(.+?)\*\*", line):
        assert value in LECTURES[name] or value in printed, f"{value} is not in lecture {number}"
