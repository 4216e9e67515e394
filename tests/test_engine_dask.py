"""A class graded by dask.distributed workers that share no folder; one of them is killed in the midst."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT, require

require(importlib.util.find_spec("nbgrader"), "needs nbgrader")
require(importlib.util.find_spec("distributed"), "needs dask.distributed")

import tiny_course  # noqa: E402

from vgcourse.grading.engine import on_dask  # noqa: E402
from vgcourse.grading.engine.assignment import assignment_of  # noqa: E402
from vgcourse.grading.engine.errors import EngineError  # noqa: E402
from vgcourse.grading.engine.on_dask import Dask  # noqa: E402
from vgcourse.grading.engine.orders import Order, environment  # noqa: E402
from vgcourse.grading.jail import Cell, Limits, jails  # noqa: E402

JAIL = next((name for name, reason in jails().items() if reason is None and name != "none"), None)
require(JAIL, "needs a jail: Linux namespaces or bubblewrap")

SEEDS = {"start.slope_of_square": (0, 5)}


def started(folder, *command):
    """A process in a folder of its own, which it sees as its home."""
    folder.mkdir()
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", *command], cwd=folder, env=clean, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """(address of a scheduler, the processes of its two workers)"""
    root = tmp_path_factory.mktemp("cluster")
    scheduler = started(
        root / "scheduler",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
    )
    for line in scheduler.stderr:
        if found := re.search(r"(tcp://127\.0\.0\.1:\d+)", line):
            break
    address = found[1]
    workers = [
        started(
            root / f"worker{i}", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny",
            "--no-dashboard", "--host", "127.0.0.1",
        )
        for i in range(2)
    ]  # fmt: skip
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def assignment():
    """The tiny course's problem set, without a gradebook."""
    return assignment_of("tiny", "tiny", tiny_course.given_in(tiny_course.solution()))


def order(assignment, number, formula="2 * z", **changes):
    """The order for an answer; `number` makes it another submission."""
    cells = (
        Cell(f"import time\n\ndef slope_of_square(z):\n    # {number}\n    return {formula}"),
        Cell("", (("start.slope_of_square", "slope_of_square"),)),
    )
    made = Order(
        f"key {number}", "tiny", cells, {1: assignment.checks["p1-check"]}, SEEDS, assignment.rooms, {},
        Limits(), environment(),
    )  # fmt: skip
    return made._replace(**changes)


def test_a_class_is_graded_and_a_worker_that_is_killed_loses_nothing(cluster, assignment):
    address, workers = cluster
    slow = "(time.sleep(0.2), 2 * z)[1]"  # every check takes long enough to be killed in
    orders = [order(assignment, i, slow if i % 2 else "z") for i in range(10)]
    graded = {}
    with Dask(address, JAIL) as executor:
        for number, one in enumerate(executor.graded(iter(orders))):
            assert one.key not in graded
            graded[one.key] = one
            if number == 2:
                workers[0].send_signal(signal.SIGKILL)
    assert sorted(graded) == [f"key {i}" for i in range(10)]
    points = {key: one.cells[1].points for key, one in graded.items()}
    assert points == {f"key {i}": 2.0 * (i % 2) for i in range(10)}
    assert {one.jail for one in graded.values()} == {JAIL}
    deadline = time.monotonic() + 30
    while _children(workers[1].pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _children(workers[1].pid)  # the warm processes ended with the run


def _children(pid):
    found = subprocess.run(
        ["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def test_a_worker_with_another_version_is_one_sentence(cluster, assignment):
    orders = [order(assignment, 0, environment="another")]
    with (
        Dask(cluster[0], JAIL) as executor,
        pytest.raises(EngineError, match="another version of the course"),
    ):
        list(executor.graded(iter(orders)))


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr(on_dask, "PATIENCE", 0.5)
    with pytest.raises(EngineError, match="no scheduler answers at tcp://127.0.0.1:9"):
        Dask("tcp://127.0.0.1:9").__enter__()
