"""The jail's honest side: cells run as in a notebook; what dies costs its part."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import ROOT, require
from jail_jobs import FEW, RIGHT, check, double, job, solved

from vgcourse.collect import Answers, Asked, Task
from vgcourse.grading import jail
from vgcourse.grading.jail import (
    FRESH,
    NEXT,
    NO_MORE,
    Cell,
    JailError,
    Limits,
    Worker,
    available,
    course,
    kinds,
    places,
)
from vgcourse.grading.jail.inside import syscalls
from vgcourse.grading.jail.outputs import parsed
from vgcourse.judge import judge
from vgcourse.problems import find

QUICK = Limits(seconds=40, cell_seconds=2, check_seconds=8, memory=600 << 20)


@pytest.fixture(scope="module")
def worker():
    reason = available.reason_against("namespaces")
    require(reason is None, f"no namespaces: {reason}")
    with Worker("namespaces") as worker:
        yield worker


def text(done, index):
    """All that a cell printed."""
    return "".join(output.get("text", "") for output in done.cells[index].outputs)


def error(done, index):
    """The name of the error that a cell ended with, and its message."""
    (found,) = [output for output in done.cells[index].outputs if output["output_type"] == "error"]
    return found["ename"], found["evalue"]


def value(done, index, task=0):
    """What the function of a check returned."""
    answers = Answers.from_bytes(done.answers[index, 0, task])
    assert answers.refusal is None
    return answers.visible[0].first.output


def failure(done, index):
    """What the function of a check raised, as a sentence."""
    return Answers.from_bytes(done.answers[index, 0, 0]).visible[0].first.error


def states(done):
    return [cell.state for cell in done.cells]


def descendants(pid):
    """All processes that come from one."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, new = set(), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in found} - found
    return found - {pid}


def assert_ended(processes):
    """None of them is there any more, or soon is not."""
    end = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in processes) and time.monotonic() < end:
        time.sleep(0.02)
    assert not [pid for pid in processes if os.path.exists(f"/proc/{pid}")]


# Honest work


@pytest.mark.parametrize("assignment", ["ps1", "ps5"])
def test_a_right_submission_is_right(worker, assignment):
    sent = solved(assignment, seeds=(3, 4))
    done = worker.run(sent)
    assert (done.status, done.notes, done.absent, done.jail) == ("finished", (), {}, "namespaces")
    assert set(states(done)) == {"ran"}
    asks = [(i, j, name) for i, cell in enumerate(sent.cells) for j, (name, _) in enumerate(cell.asks)]
    assert len(asks) >= 10
    for i, j, name in asks:
        for k, seed in enumerate((3, 4)):
            verdict = judge(find(name), Answers.from_bytes(done.answers[i, j, k]), seed=seed)
            assert verdict.share == 1, (name, seed)


def test_cells_show_what_they_show_in_a_notebook(worker):
    done = worker.run(
        job(
            "print('one')\nimport sys\nprint('two', file=sys.stderr)\nprint('three')\n4",
            "from IPython.display import HTML, display\ndisplay(HTML('<b>5</b>'))\n7;",
            "def g(x):\n    return 1 / x\n\ng(0)",
            "x = = 6",
        )
    )
    assert states(done) == ["ran", "ran", "raised", "raised"]
    assert [(o["name"], o["text"]) for o in done.cells[0].outputs[:3]] == [
        ("stdout", "one\n"),
        ("stderr", "two\n"),
        ("stdout", "three\n"),
    ]
    result = done.cells[0].outputs[3]
    assert (result["output_type"], result["data"], result["execution_count"]) == (
        "execute_result",
        {"text/plain": "4"},
        1,
    )
    (shown,) = done.cells[1].outputs
    assert shown["output_type"] == "display_data" and shown["data"]["text/html"] == "<b>5</b>"
    assert error(done, 2) == ("ZeroDivisionError", "division by zero")
    assert "Cell In[3]" in "".join(done.cells[2].outputs[-1]["traceback"])
    name, message = error(done, 3)
    assert name == "SyntaxError" and message.startswith("invalid syntax")
    json.dumps([cell.outputs for cell in done.cells])


def test_what_is_printed_is_cut(worker):
    done = worker.run(job("for _ in range(3000):\n    print('x' * 1000)", "'y' * 10**6", "1 / 0"))
    assert states(done) == ["ran", "ran", "raised"]
    assert 100_000 < len(text(done, 0)) < 100_200 and "left out" in text(done, 0)[-60:]
    assert len(text(done, 1)) < 200
    noisy = worker.run(job("print('x' * 10**6)\n1 / 0"))
    assert error(noisy, 0)[0] == "ZeroDivisionError"


@pytest.mark.parametrize(
    "source",
    [
        "%%time\n" + RIGHT,
        "!pip install something\n" + RIGHT,
        "%pip install something\n" + RIGHT,
        "files = !ls\n" + RIGHT,
        "%matplotlib inline\n" + RIGHT,
        "%matplotlib qt\n" + RIGHT,
        "%config InteractiveShell.ast_node_interactivity = 'none'\n" + RIGHT,
        "import asyncio\nawait asyncio.sleep(0)\n" + RIGHT,
        "%%bash\necho hi",
        "import ipywidgets\nipywidgets.interact(lambda x: None, x=3)\n" + RIGHT,
        "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n    pool.map(abs, [1])\n" + RIGHT,
        "help(len)\n" + RIGHT,
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n" + RIGHT,
        "from vgcourse.layers import linear_backward\nfrom vgcourse import recurrent, doctor\n" + RIGHT,
        "from vgcourse.check import check, hint, when_solved, progress\nhint('double')\nprogress.show()\n"
        "check('double', 1) + 0.0\n@when_solved('double', 1)\ndef draw():\n    1 / 0\n" + RIGHT,
    ],
    ids=lambda source: source.split("\n")[0],
)
def test_what_notebooks_hold_costs_nothing(worker, source):
    done = worker.run(job(source, RIGHT if source.startswith("%%bash") else "", check()))
    assert states(done) == ["ran", "ran", "ran"], done.cells[0].outputs
    assert (value(done, 2), value(done, 2, 1)) == (6, 10)
    assert "Warning" not in text(done, 0)


def test_a_cell_may_clear_what_it_showed(worker):
    clear = "from IPython.display import clear_output\nfor i in range(5):\n    clear_output()\n    print(i)"
    assert text(worker.run(job(clear)), 0) == "4\n"


def test_a_machine_whose_calls_are_not_filtered_says_so(monkeypatch):
    room = pytest.importorskip("vgcourse.grading.jail.inside.room")
    done = []
    for name in ("drop_capabilities", "no_new_privileges"):
        monkeypatch.setattr(room.linux, name, lambda name=name: done.append(name))
    monkeypatch.setattr(room.os, "uname", lambda: type("Names", (), {"machine": "riscv64"}))
    assert room.lock().startswith("On riscv64 system calls are not filtered")
    assert done == ["drop_capabilities", "no_new_privileges"]


def test_figures_are_closed_and_not_drawn(worker):
    draw = (
        "import matplotlib.pyplot as plt\nfor _ in range(30):\n    plt.figure()\nplt.plot([1, 2])\nplt.show()"
    )
    done = worker.run(job(draw, "plt.get_fignums()"))
    assert not any("image/png" in output.get("data", {}) for output in done.cells[0].outputs)
    assert done.cells[1].outputs[0]["data"]["text/plain"] == "[]"


def test_what_a_check_needs_does_not_come_from_the_students_names(worker):
    done = worker.run(job(RIGHT, "np = 3\ncheck = collect = print = len = None\nimport builtins", check()))
    assert value(done, 2) == 6


def test_a_function_that_is_not_there(worker):
    done = worker.run(job("1 / 0\n" + RIGHT, check(), Cell("", (("double", "f"), ("double", "g")))))
    assert done.status == "finished" and done.answers == {}
    assert done.absent == {(1, 0): "there is no function f"} | {
        (2, i): f"there is no function {name}" for i, name in enumerate("fg")
    }


def test_what_a_set_may_not_use_raises_one_sentence(worker):
    use = "import vgcourse\nfrom vgcourse.layers.linear import linear_backward\nlinear_backward(1)"
    done = worker.run(job(use, "import vgcourse.problems\nvgcourse.problems.find('x')", "vgcourse.doctor"))
    assert "vgcourse.layers.linear.linear_backward does not exist while grading" in error(done, 0)[1]
    assert "vgcourse.problems.find does not exist while grading" in error(done, 1)[1]
    assert done.cells[2].state == "raised"
    answer = "from vgcourse.layers import linear_backward\ndef f(x):\n    return linear_backward(x)"
    task = double(3.0)._replace(may_use=("activations",))
    done = worker.run(job(answer, check(), tasks={"double": (task,)}))
    refusal = Answers.from_bytes(done.answers[1, 0, 0]).refusal
    assert refusal.startswith("Your answer uses vgcourse.layers.linear_backward.")


def test_files_beside_the_notebook(worker):
    files = {"data/numbers.txt": b"3", "helper.py": RIGHT.encode(), "../up": b"", "/etc/x": b"", "a\0b": b""}
    files |= {"x" * 300: b"", "large": bytes(5 << 20)}
    limits = Limits(file_size=4 << 20)
    done = worker.run(
        job(
            "print(open('data/numbers.txt').read())\nfrom helper import f",
            check(),
            files=files,
            limits=limits,
        )
    )
    assert (text(done, 0), value(done, 1)) == ("3\n", 6)
    assert len(done.notes) == 5 and all("left out" in note for note in done.notes)


def test_rooms_find_what_they_read(worker):
    use = "from vgcourse import plotting, tasks, widgets\nplotting.use_style()\nlen(tasks.digits()[0])"
    rooms = ("activations", "plotting", "tasks", "widgets")
    done = worker.run(job(use)._replace(assignment="drawn", rooms=rooms))
    assert done.cells[0].outputs[0]["data"]["text/plain"] == "1797"
    package = course.PACKAGE
    read = {str(path.relative_to(package)) for path in package.glob("data/*.np*")}
    read |= {path.name for path in package.glob("*.js")}
    assert read == {name for names in course.BESIDE.values() for name in names}


def test_nobody_answers_input(worker):
    done = worker.run(job("def f(x):\n    return 2 * float(input('x?'))", "input()", check()))
    assert error(done, 1)[0] == "StdinNotImplementedError"
    assert failure(done, 2).startswith("StdinNotImplementedError: nobody is there")


@pytest.mark.parametrize("source", ["exit()", "quit()", "import sys\nsys.exit(3)", "raise KeyboardInterrupt"])
def test_an_exit_ends_one_cell(worker, source):
    done = worker.run(job(RIGHT, source + "\nf = None", check()))
    assert states(done) == ["ran", "raised", "ran"] and done.status == "finished"
    assert value(done, 2) == 6


# What dies costs its part

DEADLY = {
    "os._exit": "import os\nos._exit(3)",
    "a segmentation fault": "import ctypes\nctypes.string_at(0)",
    "an abort": "import os\nos.abort()",
}


@pytest.mark.parametrize("cause", DEADLY)
def test_a_cell_that_kills_its_process(worker, cause):
    done = worker.run(job(RIGHT, check(), "k = 1", DEADLY[cause], "print(k)", check()))
    assert states(done) == ["ran", "ran", "ran", "died", "ran", "ran"]
    assert done.status == "partly" and text(done, 4) == "1\n"
    assert error(done, 3)[0] == "Stopped"
    if cause != "an abort":  # which ends by other means in the first process of a namespace
        assert cause in error(done, 3)[1]
    assert value(done, 1) == value(done, 5) == 6 and len(done.answers) == 4


@pytest.mark.parametrize("cause", DEADLY)
def test_a_function_that_kills_its_process(worker, cause):
    deadly = "def g(x):\n    " + DEADLY[cause].replace("\n", "\n    ")
    done = worker.run(job(RIGHT, deadly, Cell("", (("double", "f"), ("double", "g"), ("double", "f")))))
    assert set(done.answers) == {(2, 0, 0), (2, 0, 1), (2, 2, 0), (2, 2, 1)}
    assert set(done.absent) == {(2, 1)} and done.absent[2, 1].startswith("the process died")
    assert states(done) == ["ran", "ran", "died"]


def test_a_cell_that_forks_goes_on_once(worker):
    done = worker.run(job("import os\nos.fork()\nprint(1)", RIGHT + "\nprint(2)", check()))
    assert (text(done, 0), text(done, 1), value(done, 2)) == ("1\n", "2\n", 6)


def test_a_check_that_was_answered_is_not_asked_again(worker):
    once = "calls = 0\ndef f(x):\n    global calls\n    calls += 1\n    return 2 * x"
    done = worker.run(job(once, check(), "import os\nos._exit(0)", "print(calls)"))
    assert value(done, 1) == 6 and text(done, 3) == "0\n"


TWO_GROUPS = {"double": (Task("(x)", (Asked((3.0,), twice=True),), lambda: (Asked((7.0,)),)),)}


@pytest.mark.parametrize("wanted", [NEXT, FRESH])
def test_fresh_inputs_go_in_where_somebody_needs_them(worker, wanted):
    noting = "seen = []\ndef f(x):\n    seen.append(x)\n    return 2 * x"
    looked = []
    done = worker.run(
        job(noting, check(), "print(seen)", tasks=TWO_GROUPS),
        lambda key, data: looked.append((key, data)) or wanted,
    )
    assert looked == list(done.answers.items()) and value(done, 1) == 6
    assert text(done, 2) == ("[3.0, 3.0]\n" if wanted == NEXT else "[3.0, 3.0, 7.0]\n")
    fresh = [Answers.from_bytes(data).fresh[0].output for data in done.fresh.values()]
    assert fresh == ([] if wanted == NEXT else [14.0])


@pytest.mark.parametrize("wanted, asked", [(NEXT, [0, 1]), (NO_MORE, [0])])
def test_the_next_task_goes_in_where_it_is_wanted(worker, wanted, asked):
    tasks = {"double": (double(3.0), double(5.0))}
    done = worker.run(job(RIGHT, check(), tasks=tasks), lambda key, data: wanted)
    assert list(done.answers) == [(1, 0, number) for number in asked] and not done.absent
    assert [value(done, 1, number) for number in asked] == [6.0, 10.0][: len(asked)]


def test_a_function_that_kills_its_process_on_fresh_inputs_has_no_answer(worker):
    deadly = "import os\ndef f(x):\n    return 2 * x if x < 7 else os._exit(1)"
    done = worker.run(job(deadly, check(), RIGHT, check(), tasks=TWO_GROUPS))
    assert set(done.answers) == set(done.fresh) == {(3, 0, 0)}
    assert done.absent[1, 0].startswith("the process died") and states(done)[1] == "died"


def test_an_endless_loop_in_a_cell_keeps_what_stands_above_it(worker):
    done = worker.run(job(RIGHT + "\nwhile True:\n    pass", check(), limits=QUICK))
    assert states(done) == ["timed out", "ran"] and done.status == "partly"
    assert error(done, 0)[0] == "TimeLimit" and "never ends" in error(done, 0)[1]
    assert value(done, 1) == 6


def test_a_loop_that_cannot_be_stopped_from_inside(worker):
    stubborn = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass"
    done = worker.run(job(RIGHT, stubborn, check(), limits=QUICK._replace(cell_seconds=1)))
    assert states(done) == ["ran", "timed out", "ran"] and value(done, 2) == 6
    assert "took longer than 1 s" in error(done, 1)[1]


def test_an_endless_loop_in_a_function(worker):
    loop = "def g(x):\n    while True:\n        pass"
    limits = QUICK._replace(check_seconds=2)
    done = worker.run(
        job(RIGHT, loop, Cell("", (("double", "f"), ("double", "g"), ("double", "f"))), limits=limits)
    )
    assert done.absent == {(2, 1): "it took longer than 2 s"}
    assert states(done)[2] == "timed out" and len(done.answers) == 4


def test_memory_has_a_limit(worker):
    done = worker.run(job(RIGHT, "large = bytearray(3 << 30)", check(), limits=QUICK))
    assert error(done, 1)[0] == "MemoryError" and value(done, 2) == 6


def test_a_submission_may_lose_only_so_many_processes(worker):
    deaths = ["import os\nos._exit(1)"] * 5
    done = worker.run(job(RIGHT, *deaths, check(), limits=QUICK._replace(restarts=2)))
    assert states(done) == ["ran", "died", "died", "died", "not run", "not run", "not run"]
    assert done.absent == {(6, 0): "it did not run: It lost 3 processes; the rest did not run."}


def test_a_cell_that_dies_when_it_runs_again(worker):
    # It knows a second run by its process: the first one began before the deadly cell's process ended.
    first = "import os, time\nborn = time.monotonic()"
    moody = "if os.path.exists('/proc/self') and born > START:\n    os._exit(0)\nkept = 1"
    start = time.monotonic() + 4
    deadly = f"while time.monotonic() < {start}:\n    time.sleep(0.1)\nos._exit(0)"
    moody = moody.replace("START", repr(start))
    done = worker.run(job(RIGHT, first, moody, deadly, check(), limits=QUICK._replace(cell_seconds=20)))
    assert states(done) == ["ran", "ran", "died", "died", "ran"] and value(done, 4) == 6


def test_all_of_it_has_a_limit(worker):
    sleepy = "import time\ntime.sleep(2)"
    done = worker.run(job(RIGHT, check(), *[sleepy] * 9, check(), limits=QUICK._replace(seconds=3)))
    assert value(done, 1) == 6 and done.status == "partly"
    assert states(done)[-1] == "not run" and "more than 3 s" in done.absent[11, 0]


def test_a_warm_parent_that_dies_is_replaced(worker):
    assert worker.run(job("1")).status == "finished"
    (parent,) = worker._parents.values() if len(worker._parents) == 1 else [worker._parents["none", FEW]]
    for pid in descendants(parent.process.pid):
        os.kill(pid, signal.SIGKILL)
    done = worker.run(job(RIGHT, check()))
    assert done.status == "finished" and value(done, 1) == 6


def test_of_many_sets_few_parents_stay_warm():
    require(available.reason_against("namespaces") is None, "needs namespaces")
    with Worker("namespaces") as worker:
        started = []
        for name in ("ps1", "ps2", "ps3"):
            assert worker.run(job("1")._replace(assignment=name)).status == "finished"
            started.append(list(worker._parents.values())[-1].process.pid)
        assert [os.path.exists(f"/proc/{pid}") for pid in started] == [False, True, True]


def test_a_parent_whose_end_was_interrupted_is_ended_all_the_same():
    require(available.reason_against("namespaces") is None, "needs namespaces")
    with pytest.raises(SystemExit), Worker("namespaces") as worker:
        worker.run(job("1"))
        (parent,) = worker._parents.values()
        close = parent.close

        def interrupted():
            parent.close = close
            raise SystemExit

        parent.close = interrupted
    assert not parent.folder.exists()


def test_nothing_is_left_after_close():
    require(available.reason_against("namespaces") is None, "needs namespaces")
    with Worker("namespaces") as worker:
        worker.run(job("import subprocess, os\nos.fork() or os.setsid()"))
        (parent,) = worker._parents.values()
        processes = {parent.process.pid} | descendants(parent.process.pid)
        assert len(processes) == 2
        folder = parent.folder
    assert not folder.exists()
    assert not [pid for pid in processes if os.path.exists(f"/proc/{pid}")]


def test_a_worker_that_is_killed_leaves_nothing(tmp_path):
    require(available.reason_against("namespaces") is None, "needs namespaces")
    code = (
        "from vgcourse.grading.jail import Worker\nfrom jail_jobs import job\n"
        "worker = Worker('namespaces')\nworker.run(job('1'))\n"
        "(parent,) = worker._parents.values()\nprint(parent.process.pid, parent.folder, flush=True)\n"
        "worker.run(job('import time\\ntime.sleep(30)'))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    tmp_path.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        pid, folder = process.stdout.readline().split()
        family = {int(pid)} | descendants(int(pid))
        process.kill()
    shutil.rmtree(folder)  # a few files, which nobody was left to remove
    assert_ended(family)


# Kinds of jails


def test_every_kind_of_jail_says_whether_it_works():
    reasons = jail.jails()
    assert list(reasons) == ["namespaces", "bubblewrap", "container", "none"]
    assert all(reason is None or len(reason) > 10 for reason in reasons.values())


def test_elsewhere_than_on_linux_there_is_no_jail(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(available.platform, "system", lambda: "Darwin")
    for name in ("namespaces", "bubblewrap", "container"):
        assert available.reason_against(name).startswith("needs Linux; this is Darwin")
    with pytest.raises(JailError, match="no jail works here. namespaces: needs Linux"):
        Worker()


def test_an_old_kernel_and_a_missing_program_are_named(monkeypatch):
    monkeypatch.setattr(kinds.platform, "release", lambda: "5.4.0-42-generic")
    monkeypatch.setattr(kinds.shutil, "which", lambda name: None)
    assert kinds.KINDS["namespaces"].missing() == "needs Linux 5.14; this is 5.4.0-42-generic"
    assert "bubblewrap" in kinds.KINDS["bubblewrap"].missing()
    assert kinds.KINDS["container"].missing() == "neither podman nor docker is installed"


def test_no_jail_of_that_name():
    with pytest.raises(JailError, match="there is no jail 'chroot'; expected namespaces, bubblewrap"):
        Worker("chroot")


def test_a_set_whose_rooms_cannot_be_had(worker):
    for rooms, word in ((("problems",), "answers"), (("nowhere",), "no 'nowhere'"), (("mlp",), "No module")):
        done = worker.run(job("1")._replace(rooms=rooms))
        assert done.status == "jail failed" and word in done.notes[0], rooms
        assert states(done) == ["not run"]


@pytest.mark.parametrize("name", ["bubblewrap", "container", "none"])
def test_the_other_kinds_run_a_submission(name):
    reason = available.reason_against(name)
    if name == "container" and reason:  # which few machines for tests can start
        pytest.skip(f"no container: {reason}")
    require(reason is None, f"no {name}: {reason}")
    look = f"import os\nprint(os.path.exists('/course'), os.path.exists({str(ROOT / 'solutions')!r}))"
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.fork()\n    time.sleep(600)"
    before = descendants(os.getpid())
    with Worker(name) as worker:
        done = worker.run(job(RIGHT, look, daemon, "os._exit(1)", check(), limits=QUICK))
        assert not worker._parents
    assert (done.jail, states(done)) == (name, ["ran", "ran", "ran", "died", "ran"])
    assert value(done, 4) == 6
    if name != "none":
        assert text(done, 1) == "True False\n"
    assert descendants(os.getpid()) <= before


def test_in_bubblewrap_a_student_cannot_touch_the_warm_parent():
    reason = available.reason_against("bubblewrap")
    require(reason is None, f"no bubblewrap: {reason}")
    code = """
import os, signal
for number in set(signal.Signals) - {signal.SIGSTOP, signal.SIGCONT}:
    os.kill(1, number)
try:
    open("/proc/1/mem", "r+b")
    print("opened")
except OSError:
    print("refused")
"""
    with Worker("bubblewrap") as worker:
        done = worker.run(job(RIGHT, code, "os._exit(0)", check(), limits=QUICK))
    assert (states(done), text(done, 1)) == (["ran", "ran", "died", "ran"], "refused\n")
    assert value(done, 3) == 6


def test_in_bubblewrap_a_child_that_was_ended_with_its_children_costs_its_part_alone():
    reason = available.reason_against("bubblewrap")
    require(reason is None, f"no bubblewrap: {reason}")
    code = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        held = b"x" * 90_000_000
        time.sleep(60)
time.sleep(60)
"""
    with Worker("bubblewrap") as worker:
        done = worker.run(
            job(RIGHT, code, check(), limits=QUICK._replace(memory=150_000_000, cell_seconds=20))
        )
    assert (done.status, states(done)) == ("partly", ["ran", "died", "ran"])
    assert value(done, 2) == 6


def test_the_command_of_a_container(monkeypatch, tmp_path):
    monkeypatch.setattr(kinds.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "docker" else None)
    command = kinds.KINDS["container"].command(tmp_path, "")
    words = " ".join(command)
    assert words.startswith("docker run --rm ")
    for part in (
        "--network none",
        "--read-only",
        "--cap-drop ALL",
        "--security-opt no-new-privileges",
        "--user 65534:65534",
        "--ulimit nofile=1024:1024 --ulimit nproc=4096:4096",
        "--tmpfs /var/tmp:rw,nosuid,nodev,size=67108864,mode=1777",
        f"type=bind,source={tmp_path}/course,target=/course,readonly",
        f"source={tmp_path}/line,target=/line",
    ):
        assert part in words
    assert command[-2:] == ["/course", "/line/socket"] and kinds.IMAGE in command
    writable = [word for word in command if word.startswith("type=bind") and "readonly" not in word]
    assert writable == [f"type=bind,source={tmp_path}/line,target=/line"]


# Parts


def test_the_course_in_a_jail_is_a_list_of_what_may_be_there(tmp_path):
    course.lay_out(tmp_path, ("activations", "tasks"))
    inside = {path.name for path in (tmp_path / "vgcourse").iterdir()} - {"__pycache__"}
    assert inside == {
        *("__init__.py", "_trees.py", "_validate.py", "activations.py", "check.py"),
        *("collect", "data", "grading", "tasks"),
    }
    grading = {path.name for path in (tmp_path / "vgcourse/grading/jail").iterdir()} - {"__pycache__"}
    assert grading == {"__init__.py", "jobs.py", "inside"}
    assert "judge" not in (tmp_path / "vgcourse/check.py").read_text()


def test_this_vgcourse_is_hidden_wherever_it_is_installed(monkeypatch, tmp_path):
    site = tmp_path / "lib" / "site-packages"
    for name in ("vgcourse", "vgcourse-0.1.0.dist-info", "numpy"):
        (site / name).mkdir(parents=True)
    (site / "_editable_impl_vgcourse.pth").write_text("/somewhere")
    monkeypatch.setattr(places, "packages", lambda: [str(site)])
    monkeypatch.setattr(places, "PACKAGE", site / "vgcourse")
    bound = [(str(tmp_path / "lib"), "/lib"), (str(site), "/packages/0"), ("/elsewhere", places.COURSE)]
    names = {"vgcourse", "vgcourse-0.1.0.dist-info", "_editable_impl_vgcourse.pth"}
    assert {inside for _, inside in places.masks(bound)} == {
        f"{folder}/{name}" for folder in ("/lib/site-packages", "/packages/0") for name in names
    }
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "lib" / "course" / "vgcourse")
    assert (str(tmp_path / "lib/course"), "/lib/course") in places.masks(bound)


def test_an_environment_in_tmp_works_and_its_vgcourse_is_hidden():
    """As in a clone under /tmp with vgcourse installed as a wheel: the jail has another /tmp."""
    require(available.reason_against("namespaces") is None, "needs namespaces")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        site = Path(folder) / "site-packages"
        shutil.copytree(course.PACKAGE, site / "vgcourse")
        (site / "marked.py").write_text("here = 7")
        (site / "vgcourse-0.1.dist-info").mkdir()
        (site / "vgcourse-0.1.dist-info" / "RECORD").write_text("vgcourse/problems/problem.py")
        Path(folder).chmod(0o755)
        look = (
            "import marked, os, sys, vgcourse\n"
            "print(marked.here, vgcourse.__file__, os.listdir('/tmp'))\n"
            "places = [os.path.join(path, name) for path in sys.path[3:-1] for name in os.listdir(path)]\n"
            "print([os.listdir(path) for path in places if 'vgcourse' in path and os.path.isdir(path)])"
        )
        code = (
            "import vgcourse, sys\nfrom vgcourse.grading.jail import Cell, Job, Worker\n"
            f"job = Job('k', 'x', (Cell({look!r}),), {{}}, ('activations',), {{}})\n"
            "with Worker('namespaces') as worker:\n"
            "    print(vgcourse.__file__, worker.run(job).cells[0].outputs[0]['text'])"
        )
        environment = os.environ | {"PYTHONPATH": str(site)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd="/", check=True
        )
    first, second = done.stdout.strip().splitlines()
    assert first == f"{site}/vgcourse/__init__.py 7 /course/vgcourse/__init__.py []"
    assert len(eval(second)) >= 2 and not any(eval(second))


def run_filter(machine, number, argument=0, architecture=None):
    """What the filter makes of a system call: the value that it returns."""
    data = {
        0: number,
        4: architecture or {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine],
        16: argument,
    }
    steps, place, register = syscalls.program(machine), 0, 0
    while True:
        code, then, otherwise, constant = steps[place]
        place += 1
        if code == 0x06:
            return constant
        if code == 0x20:
            register = data[constant]
        else:
            true = {0x15: register == constant, 0x35: register >= constant, 0x45: bool(register & constant)}
            place += then if true[code] else otherwise


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_system_calls(machine):
    allowed, refused, no_such = 0x7FFF0000, 0x00050001, 0x00050026
    column = ["x86_64", "aarch64"].index(machine)
    for numbers in syscalls.REFUSED.values():
        if numbers[column] is not None:
            assert run_filter(machine, numbers[column]) == refused
    read, clone, socket = [(0, 63), (56, 220), (41, 198)]
    assert run_filter(machine, read[column]) == allowed
    assert run_filter(machine, clone[column], 17) == allowed  # a fork
    assert run_filter(machine, clone[column], 0x3D0F00) == allowed  # a thread
    assert run_filter(machine, clone[column], 0x10000011) == refused  # with a user namespace
    assert run_filter(machine, 435) == no_such
    assert [run_filter(machine, socket[column], family) for family in (1, 2, 10)] == [allowed] * 3
    assert [run_filter(machine, socket[column], family) for family in (16, 17, 38, 40)] == [0x00050061] * 4
    assert run_filter(machine, 0, architecture=0x40000003) == 0x80000000
    if machine == "x86_64":
        assert run_filter(machine, 0x40000000 | 101) == refused


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"outputs": 3, "state": "ran"}',
        b'{"outputs": [], "state": "full marks"}',
        b"[" * 100_000,
        b'{"outputs": [' + b'{"output_type": "stream", "name": "stdout", "text": "' + b"x" * 300_000 + b'"}],'
        b' "state": "ran"}',
        b"9" * 10_000,
        b"\xff\xfe",
        b'{"outputs": [' + b"{}," * 1_000_000 + b'{}], "state": "ran"}',
    ],
    ids=lambda said: said[:20].decode(errors="replace") or "nothing",
)
def test_what_is_no_output_is_refused(said):
    with pytest.raises(ValueError, match="the process sent"):
        parsed(said, 100_000)


def test_outputs_keep_known_fields_only():
    said = [
        {
            "output_type": "display_data",
            "data": {"text/plain": "\ud800", "application/x": {}, "text/html": 3},
        },
        {"output_type": "execute_result", "data": {"text/plain": "1"}, "execution_count": True, "points": 9},
        {"output_type": "stream", "name": "stdin", "text": "x"},
        {"output_type": "update_display_data"},
        {"output_type": "error", "ename": 3, "evalue": None, "traceback": [1, "x"]},
        7,
    ]
    outputs, state = parsed(json.dumps({"outputs": said, "state": "ran", "state": "raised"}).encode(), 1000)  # noqa: F601
    assert state == "raised" and outputs == (
        {"output_type": "display_data", "data": {"text/plain": "?", "text/html": ""}, "metadata": {}},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "1"},
            "metadata": {},
            "execution_count": None,
        },
        {"output_type": "error", "ename": "", "evalue": "", "traceback": ["", "x"]},
    )
