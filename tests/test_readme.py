"""The README keeps its promises: short, links that lead somewhere, code that runs as printed."""

import contextlib
import io
import re

from conftest import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_fits_on_150_lines():
    assert len(TEXT.splitlines()) <= 150


def test_local_links_exist():
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


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
