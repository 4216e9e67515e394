"""The first minutes of somebody who is not root: their own copy works, one that is not theirs is left alone.

Run by root, it becomes such a user; files get other owners then. There are no such users on Windows.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path

import pytest
from conftest import ROOT

from vgcourse.lab import START

SET = "exercises/ps1/ps1.ipynb"
CHECK = """
from vgcourse.check import check
print(check("ps1.linear_backward", lambda dz, x, W: (W.T @ dz, dz @ x.T, dz.sum(axis=1))))
"""

if not hasattr(os, "geteuid"):
    pytest.skip("needs a system with users and owners", allow_module_level=True)

IS_ROOT = os.geteuid() == 0
USER = 65534 if IS_ROOT else os.geteuid()  # "nobody", whom nothing belongs to
BECOME = {"user": USER, "group": USER, "extra_groups": []} if IS_ROOT else {}


@pytest.fixture(scope="module")
def place():
    """A folder that every user of this computer can enter; pytest's own are closed."""
    place = Path(tempfile.mkdtemp(prefix="vgcourse-"))
    place.chmod(0o755)
    (place / "home").mkdir()
    os.chown(place / "home", USER, -1)
    yield place
    for folder in place.rglob("*/"):
        folder.chmod(0o755)
    shutil.rmtree(place)


def course(place, name, mode):
    """What a first hour needs of the course, with its library; the folders get `mode`."""
    root = place / name
    shutil.copytree(ROOT / "vgcourse", root / "vgcourse", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (START, SET, "nbgrader_config.py", "Makefile", "pyproject.toml", "requirements-lock.txt"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    for path in [root, *root.rglob("*")]:
        path.chmod(mode if path.is_dir() else 0o644)
    return root


@pytest.fixture(scope="module")
def theirs(place):
    """A course that an ordinary user may read and not change."""
    return course(place, "not mine", 0o555)


@pytest.fixture(scope="module")
def own(place):
    """A course that belongs to the user, in a folder with a space and an umlaut."""
    root = course(place, "mein Übungsbuch", 0o755)
    for path in [root, *root.rglob("*")]:
        os.chown(path, USER, -1)
    return root


@pytest.fixture(scope="module")
def python(place):
    """The arguments of subprocess for a Python that the user can run, with the packages of this one."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = sysconfig.get_path("purelib")
    env = {
        "HOME": str(place / "home"),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTERLAB_DIR": os.path.join(sys.prefix, "share", "jupyter", "lab"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(start, root, *arguments, **more):
        them = {"cwd": root, "stdin": subprocess.DEVNULL, "text": True, **BECOME}
        them["env"] = env | {"PYTHONPATH": os.pathsep.join([str(root), packages])} | more.pop("env", {})
        return start([run.program, *arguments], **them, **more)

    for run.program in filter(None, [sys.executable, shutil.which(version, path=env["PATH"])]):
        try:
            tried = run(subprocess.run, place, "-c", "import jupyterlab, numpy", capture_output=True)
            if tried.returncode == 0:
                return run
        except OSError:
            continue
    pytest.skip(f"no {version} here that an ordinary user may run")


def test_their_own_course_opens_and_the_copies_are_theirs(python, own):
    process = python(
        *(subprocess.Popen, own, "-m", "vgcourse.cli", "lab", "--no-browser", "--port=0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    too_long = threading.Timer(90, process.kill)
    too_long.start()
    try:
        said = [process.stdout.readline(), process.stdout.readline()]
        process.terminate()
        said += process.stdout.readlines()
    finally:
        process.kill()
        process.wait()
        too_long.cancel()
    assert said[0].startswith("The course is open: http") and said[1] == "Ctrl+C twice ends it.\n"
    assert [line for line in said[2:] if not line.startswith("[C ")] == []  # it tells of its end
    copies = [own / "mine" / START, own / "mine" / SET]
    assert [path.stat().st_uid for path in copies] == [USER, USER]


def test_a_course_that_is_not_theirs_is_one_sentence(python, theirs):
    done = python(subprocess.run, theirs, "-m", "vgcourse.cli", "lab", capture_output=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("vgcourse: your own copies of the notebooks could not be written")
    assert "copy it into your home folder" in done.stderr and done.stderr.count("\n") == 1
    assert not (theirs / "mine").exists()


def test_a_check_counts_where_progress_cannot_be_kept(python, theirs):
    done = python(subprocess.run, theirs, "-c", CHECK, env={"HOME": str(theirs)}, capture_output=True)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.endswith("\n4.0\n") and "4 / 4 points" in done.stdout
    assert done.stdout.count("Your progress could not be saved") == 1


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away")
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_roots_environment_is_not_used_nor_changed(python, own):
    (own / ".venv").mkdir()
    (own / ".venv" / "theirs.txt").touch()
    done = python(
        *(subprocess.run, own, "-c", "import os; os.execlp('make', 'make', 'setup')"), capture_output=True
    )
    assert done.returncode == 2
    assert "belongs to another user" in done.stdout and "VENV=.venv-2" in done.stdout
    assert (own / ".venv" / "theirs.txt").exists()
