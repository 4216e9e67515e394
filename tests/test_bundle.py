"""The students' zip: all that is needed, nothing that tells an answer, the same bytes every time."""

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")

import nbformat  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.authoring import build  # noqa: E402
from vgcourse.grading import bundle  # noqa: E402

NAMES = ["ps1", "ps4"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A second checkout, with other dates and with what grading leaves behind."""
    root = tmp_path_factory.mktemp("clone") / "course"
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for folder in ("vgcourse", "solutions/ps1", "solutions/ps4", "exercises/ps1", "exercises/ps4"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore, copy_function=shutil.copyfile)
    shutil.copytree(ROOT / "lectures", root / "lectures", copy_function=shutil.copyfile)
    for name in bundle.BESIDE:
        shutil.copyfile(ROOT / name, root / name)
    for leftover in ("gradebook.db", "secret.txt", "enrolled.csv", "vgcourse/__pycache__/x.pyc"):
        (root / leftover).parent.mkdir(exist_ok=True)
        (root / leftover).write_text("private")
    (root / "exercises" / "ps1" / ".ipynb_checkpoints").mkdir()
    (root / "exercises" / "ps1" / ".ipynb_checkpoints" / "ps1.ipynb").write_text("private")
    return root


def test_the_bytes_are_the_same_from_another_clone_on_another_day(clone, tmp_path):
    for path in clone.rglob("*.py"):
        os.utime(path, (1, 10**9))
    assert bundle.write(clone, NAMES, tmp_path / "a.zip") > 200
    bundle.write(ROOT, NAMES, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_it_holds_what_students_need_and_nothing_else():
    files = bundle.contents(ROOT, NAMES)
    beside = {name for name in files if not name.startswith("vgcourse/")}
    sets = {f"exercises/{name}/{name}.ipynb" for name in NAMES}
    lectures = {name for name in beside if name.startswith("lectures/")}
    assert beside - lectures == {*bundle.BESIDE, "README.md", *sets}
    assert {name for name in lectures if "/measured/" not in name} == {
        f"lectures/{name}.ipynb"
        for name in ("00_start_here", "01_chain_rule", "05_normalisation_clipping", "06_residual_highway")
    }
    for name in lectures:  # what a lecture reads is there, too
        for wanted in re.findall(r"measured\(\W*(\w+)", files[name].decode()):
            assert f"lectures/measured/{wanted}.json" in lectures
    assert "mine/exercises/ps4/ps4.ipynb" in files["README.md"].decode()
    assert bundle.leaks(ROOT, files) == []


def test_every_set_can_be_packed():
    names = build.assignments(ROOT)
    assert len(names) == 8 and bundle.leaks(ROOT, bundle.contents(ROOT, names)) == []


@pytest.mark.slow
def test_unpacked_it_is_a_course_that_opens_and_checks(tmp_path):
    zipfile.ZipFile(io.BytesIO(bundle.packed(bundle.contents(ROOT, ["ps1"]), "f"))).extractall(tmp_path)
    code = (
        "from vgcourse import lab, copies; from vgcourse.check import check; root = lab.find_course();"
        "print(copies.refresh(root)); print(check('start.slope_of_square', lambda z: 2 * z)); print(root)"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "f"), "VGCOURSE_PROGRESS": "off"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "f", env=env, capture_output=True, text=True
    )
    assert done.stdout.startswith("[]") and done.stdout.endswith(f"{(tmp_path / 'f').resolve()}\n"), (
        done.stderr
    )
    assert (tmp_path / "f" / "mine" / "exercises" / "ps1" / "ps1.ipynb").is_file()
    for name in ("environment.yml", "pyproject.toml"):
        assert (tmp_path / "f" / name).read_bytes() == (ROOT / name).read_bytes()


def planted(cell_source, outputs=()):
    """The released ps1 with one more cell."""
    notebook = nbformat.read(ROOT / "exercises" / "ps1" / "ps1.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(cell_source, outputs=list(outputs)))
    return {"exercises/ps1/ps1.ipynb": nbformat.writes(notebook).encode()}


@pytest.mark.parametrize(
    ("files", "leak"),
    [
        (
            planted("def f():\n      return W.T @ dz,  dz @ x.T, dz.sum(axis=1)"),
            "holds the solution of p4-answer",
        ),
        (planted("check('ps1.linear_backward', f, seed=4104)"), "holds the hidden seed=4104 of p4-check"),
        (planted("### BEGIN HIDDEN TESTS\n1"), "holds BEGIN HIDDEN TESTS"),
        (planted("1", [nbformat.v4.new_output("stream", text="1")]), "holds outputs"),
        ({"exercises/ps1/ps1.md": b"source"}, "ps1.md is a source"),
        ({"exercises/ps1/gradebook.db": b""}, "gradebook.db is not for students"),
    ],
    ids=["solution", "seed", "marker", "outputs", "source", "gradebook"],
)
def test_an_answer_in_it_is_found(files, leak):
    assert any(leak in found for found in bundle.leaks(ROOT, files))


def test_with_an_answer_in_it_nothing_is_written(clone, tmp_path):
    file = clone / "exercises" / "ps4" / "notes.md"
    file.write_text("the source")
    with pytest.raises(
        build.NotebookError, match=r"z.zip is not written, this would reach students: .*notes.md"
    ):
        bundle.write(clone, ["ps4"], tmp_path / "z.zip")
    assert not (tmp_path / "z.zip").exists()
    file.unlink()


def test_the_command_releases_and_packs(clone, tmp_path, monkeypatch, capsys):
    released = []
    monkeypatch.setattr(build, "ROOT", clone)
    monkeypatch.setattr(build, "release", lambda name, where: released.append((name, where)))
    assert cli.main(["release", "ps1", "--zip", str(tmp_path / "ps1.zip")]) == 0
    assert released == [("ps1", clone / "exercises")]
    assert zipfile.ZipFile(tmp_path / "ps1.zip").namelist()[0] == "vgcourse-ps1/LICENSE"
    assert "the same bytes each time, and no solution" in capsys.readouterr().out
    assert cli.main(["release", "ps1", "--zip", str(tmp_path / "none" / "ps1.zip")]) == 2
    assert "No such file or directory" in capsys.readouterr().err
