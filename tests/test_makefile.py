"""What `make` does with a .venv that is already here, and without a network. No package is fetched."""

import os
import shlex
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec

import pytest
from conftest import ROOT, require

PINNED = f"numpy==2.0.0 --hash=sha256:{'0' * 64}\n"
NOWHERE = "http://127.0.0.1:9/simple"  # the port that discards: nobody answers

require(shutil.which("make"), "needs make")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "my course"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements-lock.txt").write_text(PINNED)
    (folder / "pyproject.toml").touch()
    return folder


def setup(folder):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PIP_", "UV_"))}
    env |= {"PIP_INDEX_URL": NOWHERE, "UV_INDEX_URL": NOWHERE, "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    env |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}  # whatever this computer adds
    python = folder.parent / "a python"  # a path with a space, as below a folder that has one
    python.unlink(missing_ok=True)
    python.symlink_to(sys.executable)
    command = ["make", "setup", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def make_venv(folder, **options):
    venv.create(folder / ".venv", **options)
    (folder / ".venv" / "theirs.txt").touch()


def test_without_a_network_the_readers_own_environment_is_kept_and_one_sentence_says_what_to_do(folder):
    require(find_spec("ensurepip"), "needs ensurepip")
    make_venv(folder)
    for _ in range(2):  # the second time finds the mark that the first one left
        code, said = setup(folder)
        assert code == 2
        assert said[0] == f"Using the .venv that is here, with Python {sys.version.split()[0]} ..."
        assert said[-1] == (
            "No packages could be fetched: connect this computer to the network, then say: make setup"
        )
        assert (folder / ".venv" / "theirs.txt").exists()


def test_a_finished_environment_is_brought_up_to_date_also_in_a_folder_with_an_apostrophe(folder):
    require(find_spec("ensurepip"), "needs ensurepip")
    folder = folder.rename(folder.with_name("my friend's course"))
    make_venv(folder)
    activate = folder / ".venv" / "bin" / "activate"
    activate.write_text(f"VIRTUAL_ENV={shlex.quote(str(folder / '.venv'))}\n")  # as Python 3.13 writes it
    ready = folder / ".venv" / ".ready"
    ready.write_text(str(folder))
    os.utime(ready, (0, 0))  # older than the lock file
    code, said = setup(folder)
    assert code == 2 and said[0] == "Bringing .venv up to date ..." and "No packages" in said[-1]
    assert (folder / ".venv" / "theirs.txt").exists()


def test_an_environment_that_was_made_for_another_folder_is_not_touched(folder):
    make_venv(folder)
    (folder / ".venv" / ".vgcourse").touch()  # even one that make has made, if the folder was moved since
    moved = folder.rename(folder.with_name("moved"))
    code, said = setup(moved)
    assert code == 2 and "was made for another folder" in said[0] and "make setup VENV=.venv-2" in said[0]
    assert (moved / ".venv" / "theirs.txt").exists() and len(said) == 1


@pytest.mark.parametrize("made", [False, True])
def test_an_environment_that_does_not_run_is_made_again_only_if_make_has_made_it(folder, made):
    make_venv(folder)
    for program in (folder / ".venv" / "bin").glob("python*"):
        program.unlink()
    if made:
        (folder / ".venv" / ".vgcourse").touch()
    code, said = setup(folder)
    assert code == 2
    assert ("does not run" in said[0]) != made
    assert (folder / ".venv" / "theirs.txt").exists() != made


def test_another_users_environment_is_not_touched(folder):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    make_venv(folder)
    (folder / ".venv" / ".vgcourse").touch()
    os.chown(folder / ".venv", 65534, 65534)
    code, said = setup(folder)
    assert code == 2 and len(said) == 1 and "belongs to another user" in said[0]
    assert (folder / ".venv" / "theirs.txt").exists()
