"""The README keeps its promises: short, links that lead somewhere, code that runs as printed."""

import contextlib
import io
import re

import pytest
from conftest import ROOT

from vgcourse import cli

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_fits_on_150_lines():
    assert len(TEXT.splitlines()) <= 150


def test_local_links_exist():
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += sorted(ROOT.glob("site/[!i]*.md"))  # index.md stands elsewhere in the book


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_the_other_pages_exist(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_its_launch_links_open_what_is_there():
    opened = re.findall(r"urlpath=lab/tree/([^)]+)\)|/blob/main/([^)]+)\)", TEXT)
    assert len(opened) >= 2
    assert [path for pair in opened for path in pair if path and not (ROOT / path).is_file()] == []


def test_its_commands_exist():
    commands = set(re.findall(r"(?:/|`|!|run )vgcourse (\w+)", TEXT))
    assert {"lab", "update", "progress"} <= commands
    for command in commands:
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"])
        assert stop.value.code == 0, command
    targets = set(re.findall(r"`make (\w+)", TEXT)) | set(re.findall(r"^make (\w+)", TEXT, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"lab", "test", "update"} <= targets
    assert [name for name in targets if f"\n{name}: " not in makefile] == []


def test_the_example_prints_what_it_says():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    assert len(code.strip().splitlines()) <= 11
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    assert out.getvalue() == printed


def test_every_lecture_and_problem_set_is_listed():
    there = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("lectures/[0-9]*.ipynb"))]
    there += [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("exercises/ps*/ps*.ipynb"))]
    assert there
    assert [path for path in there if f"({path})" not in TEXT] == []
