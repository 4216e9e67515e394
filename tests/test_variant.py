"""Private seeds: other hidden inputs, the same student notebook, full marks for the solutions as before."""

import importlib.util
import re
import shutil
import stat

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402
import tiny_course  # noqa: E402
from nbformat.v4 import new_code_cell, new_notebook  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.check import evaluate, find  # noqa: E402
from vgcourse.grading import variant  # noqa: E402

SECRET = b"a secret that is long enough"
CALL = re.compile(r'check\("([\w.]+)".*seed=(\d+)')


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions" / "ps1", root / "solutions" / "ps1")
    (root / "solutions" / "ps1" / "data.txt").write_text("what the set reads")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    return root


def cells(path):
    return nbformat.read(path / "ps1.ipynb", as_version=4).cells


def seeds(path):
    return [found for cell in cells(path) for found in CALL.findall(cell.source)]


@pytest.fixture(scope="module")
def private(course):
    assert variant.make(course, course / "secret.txt") == ["ps1"]
    return course / "variant" / "ps1"


def test_every_hidden_seed_is_another_and_long(course, private):
    public = dict(seeds(course / "solutions" / "ps1"))
    own = dict(seeds(private))
    assert own.keys() == public.keys() and len(own) == 10
    assert all(own[name] != public[name] and len(own[name]) > 12 for name in own)
    assert len(set(own.values())) == len(own)
    for name, seed in own.items():
        assert evaluate(name, find(name).reference, seed=int(seed)).share == 1


def test_nothing_else_is_changed_and_sources_stay_behind(course, private):
    for one, other in zip(cells(course / "solutions" / "ps1"), cells(private), strict=True):
        assert re.sub(r"seed=\d+", "", one.source) == re.sub(r"seed=\d+", "", other.source)
        assert one.metadata == other.metadata and one.id == other.id
    assert sorted(path.name for path in private.iterdir()) == ["data.txt", "ps1.ipynb"]


@pytest.mark.slow
def test_students_get_the_same_notebook(course, private):
    tiny_course.nbgrader(course, "generate_assignment", "ps1")
    released = (course / "exercises" / "ps1" / "ps1.ipynb").read_bytes()
    assert released == (ROOT / "exercises" / "ps1" / "ps1.ipynb").read_bytes()
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        kept = gradebook.find_source_cell("p4-check", "ps1", "ps1").source
    assert f"seed={dict(seeds(private))['ps1.linear_backward']}" in kept


def test_the_same_secret_gives_the_same_seeds_and_another_one_others():
    def reseeded(secret):
        notebook = new_notebook(cells=[new_code_cell(hidden('check("start.slope_of_square", f, seed=3)'))])
        variant.reseed(notebook, secret)
        return notebook.cells[0].source

    assert reseeded(SECRET) == reseeded(SECRET) != reseeded(SECRET + b"!")


def hidden(text):
    return f"check('start.slope_of_square', f, seed=1)\n### BEGIN HIDDEN TESTS\n{text}\n### END HIDDEN TESTS"


def test_the_visible_check_keeps_its_seed():
    notebook = new_notebook(cells=[new_code_cell(hidden("check('start.slope_of_square', f, seed=3)"))])
    variant.reseed(notebook, SECRET)
    assert "f, seed=1)" in notebook.cells[0].source and "f, seed=3)" not in notebook.cells[0].source


SEEDED, UNSEEDED = ("check('start.slope_of_square', f, seed=3)", "check('start.slope_of_square', f)")


@pytest.mark.parametrize(
    "source",
    [
        hidden("assert f(3) == 6"),
        hidden(f"{SEEDED}\n{UNSEEDED}"),
        f"{hidden(SEEDED)}\n### BEGIN HIDDEN TESTS\n{UNSEEDED}\n### END HIDDEN TESTS",
    ],
    ids=["no check", "one of two without a seed", "a second region"],
)
def test_a_hidden_test_that_stays_known_is_refused(source):
    metadata = tiny_course.mark("p9-check", grade=True, locked=True, points=1)
    notebook = new_notebook(cells=[new_code_cell(source, metadata=metadata)])
    with pytest.raises(variant.SecretError, match="p9-check: its hidden test is no check"):
        variant.reseed(notebook, SECRET)


def test_a_secret_is_made_for_its_owner_alone_and_kept(course, private):
    assert stat.S_IMODE((course / "secret.txt").stat().st_mode) == 0o600
    secret = variant.read_secret(course / "secret.txt")
    assert len(secret) == 64 and variant.read_secret(course / "secret.txt") == secret


def test_what_cannot_be_used_is_one_sentence_and_leaves_nothing(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "short").write_text("abc\n")
    assert cli.main(["variant", "--secret", "short"]) == 2
    assert "short holds 3 characters; expected at least 16" in capsys.readouterr().err
    assert cli.main(["variant", "--secret", "new"]) == 2
    assert "solutions holds no notebooks" in capsys.readouterr().err
    assert not (tmp_path / "variant").exists()
