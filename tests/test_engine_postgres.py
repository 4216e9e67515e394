"""The gradebook in a real PostgreSQL server instead of a file."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from conftest import require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(importlib.util.find_spec("psycopg2"), "needs psycopg2")
PROGRAMS = os.pathsep.join(
    [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)  # Debian's
INITDB, POSTGRES = (shutil.which(name, path=PROGRAMS) for name in ("initdb", "postgres"))
require(INITDB and POSTGRES, "needs a PostgreSQL server")

from engine_course import JAIL, Class, release  # noqa: E402

from vgcourse import cli  # noqa: E402
from vgcourse.grading.engine import gradebook  # noqa: E402
from vgcourse.grading.engine.errors import EngineError  # noqa: E402
from vgcourse.grading.engine.executors import InProcess  # noqa: E402


def free_port():
    with contextlib.closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """The URL of a server's database; the server runs in a folder of its own, not as root."""
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    as_user = {"user": user, "cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
    data, port = folder / "data", free_port()
    subprocess.run(
        [INITDB, "-D", str(data), "-U", "grader", "--encoding=UTF8", "--auth=trust", "--no-sync"],
        check=True, capture_output=True, **as_user,
    )  # fmt: skip
    process = subprocess.Popen(
        [POSTGRES, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user,
    )  # fmt: skip
    try:
        url = f"postgresql+psycopg2://grader@127.0.0.1:{port}/postgres"
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url):
    import psycopg2

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg2.connect(url.replace("+psycopg2", "")).close()
            return
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_class_is_graded_into_it(server, tmp_path, monkeypatch, capsys):
    from nbgrader.api import Gradebook

    root = tmp_path / "course"
    root.mkdir()
    release(root, db_url=server)
    with InProcess(JAIL) as executor:
        course = Class(root, executor, server)
        course.enrol("one", "Zoë")
        course.hand_in("one")
        course.hand_in("Zoë", first="return z")
        assert course.grade().counts == {"graded": 2}
        assert course.points() == {"one": (2, 3), "Zoë": (0, 3)}
        with Gradebook(server, "vgcourse") as book:
            book.find_grade("p1-derivation", "tiny", "tiny", "one").manual_score = 1
            book.db.commit()
        course.hand_in("one", first="return z + z")
        assert course.grade().fresh == 1
        assert course.scores()["one"]["p1-derivation"] == (0, 1, True)
    (root / "nbgrader_config.py").write_text(
        (root / "nbgrader_config.py").read_text().replace(server, "sqlite:///x")
    )
    monkeypatch.chdir(root)
    assert cli.main(["grade", "tiny", "--processes", "1", "--db", server]) == 0
    assert "tiny: 2 graded; 0 graded now" in capsys.readouterr().out


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(tmp_path):
    from vgcourse.grading.engine.assignment import read_course

    course = read_course(tmp_path, f"postgresql+psycopg2://grader:hidden@127.0.0.1:{free_port()}/postgres")
    with pytest.raises(EngineError, match="^127") as raised, gradebook.opened(course):
        pass
    assert "/postgres cannot be used: " in str(raised.value) and "hidden" not in str(raised.value)
