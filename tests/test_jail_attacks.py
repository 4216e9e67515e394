"""What students' code has tried on graders, and more of each kind: what is true outside afterwards.

An attack fails when nothing outside has changed, nothing secret has been read and no points were won; whether
it met with an exception is its own affair.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, require
from jail_jobs import RIGHT, check, job, sent
from test_jail import descendants, states, text, value

from vgcourse.collect import Answers
from vgcourse.grading.jail import Cell, Limits, Worker, available
from vgcourse.judge import judge
from vgcourse.problems import find

reason = available.reason_against("namespaces")
require(reason is None, f"no namespaces: {reason}")

SECRET = "only-the-grader-knows-4711"
LIMITS = Limits(seconds=40, cell_seconds=4, check_seconds=8, memory=400 << 20, file_size=16 << 20)
TRY = """
import os, sys, ctypes, errno, subprocess
libc = ctypes.CDLL(None, use_errno=True)

def tried(action):
    try:
        return action()
    except BaseException as error:
        return type(error).__name__

def call(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(number, *args)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
"""
x86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls on x86-64")


@pytest.fixture(scope="module")
def worker():
    os.environ["VGCOURSE_TEST_SECRET"] = SECRET
    try:
        with Worker("namespaces") as worker:
            yield worker
    finally:
        del os.environ["VGCOURSE_TEST_SECRET"]


@pytest.fixture(autouse=True)
def nothing_is_left(worker):
    """After every attack: the warm parent alone is there, and the next student gets what is theirs."""
    yield
    for parent in worker._parents.values():
        assert len(descendants(parent.process.pid)) == 1
    done = worker.run(job(RIGHT, "import os\nprint(os.listdir())", check()))
    assert (done.status, text(done, 1), value(done, 2), value(done, 2, 1)) == ("finished", "[]\n", 6, 10)


def attack(worker, *cells, files=None, limits=LIMITS, tasks=None):
    """Run cells, then a cell that shows what they have found in `found`, then an honest check."""
    shown = "print(globals().get('found'))"
    return worker.run(job(TRY, *cells, shown, RIGHT, check(), files=files, limits=limits, tasks=tasks))


def found(done):
    return text(done, -3).strip()


# Files


@pytest.fixture
def course(tmp_path):
    """A grader's folder with a secret in it."""
    tmp_path.chmod(0o777)
    for name in ("gradebook.db", "solutions.ipynb", "other_student.ipynb"):
        (tmp_path / name).write_text(SECRET)
        (tmp_path / name).chmod(0o666)
    return tmp_path


def test_files_outside_are_neither_read_nor_written(worker, course):
    paths = [str(course / name) for name in ("gradebook.db", "solutions.ipynb", "other_student.ipynb")]
    paths += [
        str(ROOT / "solutions/ps1/ps1.ipynb"),
        str(ROOT / "vgcourse/problems/problem.py"),
        "/etc/shadow",
    ]
    code = f"""
paths = {paths!r}
read = [tried(lambda: open(path).read()) for path in paths]
write = [tried(lambda: open(path, "w").write("x")) for path in paths]
removed = [tried(lambda: os.remove(path)) for path in paths]
made = [tried(lambda: os.makedirs(os.path.dirname(path))) for path in paths]
listed = [tried(lambda: os.listdir(os.path.dirname(path))) for path in paths]
found = read, listed
"""
    done = attack(worker, code)
    assert SECRET not in found(done) and "BEGIN" not in found(done) and "root:" not in found(done)
    assert {path.name: path.read_text() for path in course.iterdir()} == {
        name: SECRET for name in ("gradebook.db", "solutions.ipynb", "other_student.ipynb")
    }


@pytest.mark.parametrize(
    "way", ["/proc/1/root", "/proc/self/root/../..", "/proc/self/cwd/../../..", "/proc/1/cwd"]
)
def test_proc_is_no_way_out(worker, course, way):
    done = attack(worker, f"found = tried(lambda: open('{way}{course}/gradebook.db').read())")
    assert found(done) == "FileNotFoundError"


def test_a_link_leads_nowhere(worker, course):
    code = f"""
os.symlink("{course}/gradebook.db", "ps1.ipynb")
os.symlink("{course}", "folder")
first = tried(lambda: open("ps1.ipynb").read())
second = tried(lambda: open("folder/solutions.ipynb").read())
third = tried(lambda: os.link("{course}/gradebook.db", "hard"))
found = first, second, third
"""
    assert SECRET not in found(attack(worker, code))
    assert (course / "gradebook.db").read_text() == SECRET


def test_the_root_holds_a_few_folders_and_no_course(worker):
    code = """
library = ("/usr", "/lib", "/lib64", os.path.dirname(os.__file__), "/proc")
library += tuple(path for path in sys.path if path.startswith("/packages/"))
found = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in library]
    found += [os.path.join(folder, name) for name in files]
"""
    files = eval(found(attack(worker, code)))
    words = ("problems", "judge", "solution", "ipynb", "gradebook", "tell", "secret", "pytest", "password")
    named = [path for path in files if any(word in path.rsplit("/", 1)[1] for word in words)]
    assert not named
    rooms = {path.split("/")[3].split(".")[0] for path in files if path.startswith("/course/vgcourse/")}
    assert rooms - {"__pycache__"} == {
        *("__init__", "_trees", "_validate", "activations", "check", "collect", "grading")
    }
    compiled = {path.rsplit("/", 1)[1].split(".")[0] for path in files if path.endswith(".pyc")}
    assert not compiled & {"problem", "verdict", "edits", "running", "worker", "points"}


def test_the_packages_do_not_hold_this_course(worker):
    code = """
found = []
for path in sys.path:
    if path != "/course" and os.path.isdir(path):
        for name in os.listdir(path):
            place = os.path.join(path, name)
            if "vgcourse" in name:
                found.append(os.listdir(place) if os.path.isdir(place) else open(place).read())
found = [what for what in found if what]
"""
    assert found(attack(worker, code)) == "[]"


def test_what_is_shared_is_read_only(worker):
    import numpy

    place = Path(numpy.__file__)
    before = place.stat().st_mtime_ns, place.stat().st_size
    code = """
import numpy
places = [numpy.__file__, "/course/vgcourse/collect/call.py", os.__file__, "/etc/passwd"]
wrote = [tried(lambda: open(place, "a").write("#")) for place in places]
made = [tried(lambda: open(os.path.dirname(place) + "/planted.py", "w")) for place in places]
changed = [tried(lambda: os.chmod(place, 0o777)) for place in places]
changed += [tried(lambda: do(place)) for place in places for do in (os.utime, os.remove)]
for path in (b"/", b"/course", b"/usr"):
    libc.mount(None, path, None, 0x1021, None)
found = {*wrote, *made, *changed} - {"OSError", "PermissionError"}
"""
    assert found(attack(worker, code)) == "set()"
    assert (place.stat().st_mtime_ns, place.stat().st_size) == before
    assert not (place.parent / "planted.py").exists()


def test_devices_are_not_there_and_cannot_be_made(worker):
    code = """
import stat
kinds = [(stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1)]
def make(kind, major, minor):
    os.mknod(f"/tmp/{major}", kind | 0o666, os.makedev(major, minor))
made = [tried(lambda: make(*kind)) for kind in kinds]
found = made, sorted(os.listdir("/dev"))
"""
    made, devices = eval(found(attack(worker, code)))
    assert set(made) == {"PermissionError"}
    assert devices == ["full", "null", "random", "shm", "urandom", "zero"]


def test_dev_shm_is_not_that_of_the_machine(worker):
    name = f"vgcourse-{os.getpid()}"
    place = Path("/dev/shm") / name
    require(os.access("/dev/shm", os.W_OK), "needs /dev/shm")
    place.write_text(SECRET)
    try:
        code = f"found = tried(lambda: open('{place}').read())\nopen('{place}2', 'w').write('x')"
        assert found(attack(worker, code)) == "FileNotFoundError"
        assert not Path(f"{place}2").exists() and place.read_text() == SECRET
    finally:
        place.unlink()


# Other students


def test_nothing_of_one_student_is_left_for_the_next(worker):
    mark = "".join(["mark-of-", "the-first-", "student"])  # not in one piece in what the second one runs
    leave = f"""
mine = "{mark}"
for place in ("/tmp", "/dev/shm", "."):
    open(place + "/left", "w").write(mine)
import numpy, builtins, vgcourse.collect, socket
numpy.left = builtins.left = vgcourse.collect.left = mine
sys.modules["left"] = mine
line = socket.socket(socket.AF_UNIX)
line.bind("\\0left")
line.listen()
libc.sethostname(b"left", 4)
os.environ["left"] = mine
def f(x):
    return mine
"""
    done = worker.run(job(TRY, leave, check()))
    assert value(done, 2) == mark
    look = """
import numpy, builtins, vgcourse.collect, socket
places = [os.path.exists(place + "/left") for place in ("/tmp", "/dev/shm", ".")]
names = [hasattr(module, "left") for module in (numpy, builtins, vgcourse.collect)]
line = tried(lambda: socket.socket(socket.AF_UNIX).connect("\\0left"))
others = "left" in sys.modules, "left" in os.environ, socket.gethostname() == "left"
found = any(places) or any(names) or any(others), line
"""
    assert eval(found(attack(worker, look))) == (False, "ConnectionRefusedError")
    search = """
word = ("mark-" + "of-the-" + "first-").encode()
found, size = [], 0
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        area, rights = line.split()[:2]
        start, end = (int(x, 16) for x in area.split("-"))
        if rights[0] == "r" and "[v" not in line:
            memory.seek(start)
            data = tried(lambda: memory.read(end - start))
            if isinstance(data, bytes):
                size += len(data)
                found += [piece[:7] for piece in data.split(word)[1:]]
found = sum(piece == b"student" for piece in found), size > 20_000_000
"""
    enough = LIMITS._replace(memory=4 << 30, cell_seconds=20)
    assert eval(found(attack(worker, search, limits=enough))) == (0, True)
    planted = "planted = ['mark-of-the-first-' + 'student' + str(i) for i in range(40)]\n"
    hits, _ = eval(found(attack(worker, planted + search, limits=enough)))
    assert hits >= 40  # so the search would have seen it


# The network


def test_the_network_is_not_there(worker):
    name = f"\0vgcourse-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.bind(name)
        local.listen()
        port = tcp.getsockname()[1]
        code = f"""
import socket
def connect(family, address):
    with socket.socket(family) as line:
        line.settimeout(2)
        line.connect(address)
        return "connected"
found = [
    tried(lambda: connect(socket.AF_INET, ("127.0.0.1", {port}))),
    tried(lambda: connect(socket.AF_INET, ("8.8.8.8", 53))),
    tried(lambda: connect(socket.AF_INET6, ("::1", {port}))),
    tried(lambda: connect(socket.AF_UNIX, {name!r})),
    tried(lambda: connect(socket.AF_VSOCK, (2, 22))),
    tried(lambda: socket.socket(socket.AF_NETLINK)),
    tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    tried(lambda: socket.getaddrinfo("example.org", 80)),
    tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))),
    tried(lambda: __import__("urllib.request").request.urlopen("http://127.0.0.1:{port}")),
]
"""
        results = eval(found(attack(worker, code)))
        assert "connected" not in results and all(isinstance(result, str) for result in results)
        tcp.settimeout(0)
        local.settimeout(0)
        for line in (tcp, local):
            with pytest.raises(BlockingIOError):
                line.accept()


# Processes


@pytest.fixture
def bystander():
    """A process of the user as whom jails run, if that is not ours: nobody may signal it."""
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    with subprocess.Popen(["/bin/sleep", "600"], **options) as process:
        yield process
        assert process.poll() is None
        process.kill()


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(-1, 9)",
        "for pid in range(2, 60000):\n    tried(lambda: os.kill(pid, 9))",
        "tried(lambda: os.kill(os.getppid(), 9))",
        "tried(lambda: os.kill(1, 9))\ntried(lambda: os.killpg(0, 9))",
        "tried(lambda: os.killpg(1, 15))\ntried(lambda: os.kill(os.getpid(), 15))",
    ],
    ids=["everybody", "one by one", "the parent", "the first", "the group"],
)
def test_signals_reach_nobody_outside(worker, bystander, code):
    done = attack(worker, code, limits=LIMITS._replace(cell_seconds=20))
    assert value(done, len(done.cells) - 1) == 6


def test_daemons_end_with_their_student(worker, course):
    code = f"""
import time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        import signal
        for number in set(signal.Signals) - {{signal.SIGKILL, signal.SIGSTOP}}:
            signal.signal(number, signal.SIG_IGN)
        for name in os.listdir("/proc/self/fd"):
            tried(lambda: os.close(int(name)))
        while True:
            time.sleep(0.01)
            tried(lambda: open("{course}/daemon", "w").close())
import threading
threading.Thread(target=lambda: time.sleep(1000)).start()
"""
    done = attack(worker, code)
    assert value(done, len(done.cells) - 1) == 6
    assert not (course / "daemon").exists()


def test_a_fork_bomb_is_small(worker):
    code = """
started = 0
try:
    while True:
        if os.fork() == 0:
            import time
            time.sleep(1000)
        started += 1
except BlockingIOError:
    pass
found = started
"""
    done = attack(worker, code, limits=LIMITS._replace(processes=20, memory=2 << 30))
    assert found(done) == "None" or 10 < int(found(done)) <= 22
    endless = "while True:\n    os.fork()"
    done = attack(worker, endless, limits=LIMITS._replace(processes=20, cell_seconds=1, memory=2 << 30))
    assert value(done, len(done.cells) - 1) == 6


def test_threads_are_counted_too(worker):
    code = """
import threading, time
found = 0
try:
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        found += 1
except RuntimeError:
    pass
"""
    done = attack(worker, code, limits=LIMITS._replace(processes=30, memory=2 << 30))
    assert int(found(done)) <= 32 and value(done, len(done.cells) - 1) == 6


def test_what_runs_at_exit_or_on_a_timer_changes_nothing(worker, course):
    code = f"""
import atexit, signal, threading
atexit.register(lambda: open("{course}/exit", "w"))
signal.signal(signal.SIGALRM, lambda *args: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.settrace(lambda *args: None)
sys.setrecursionlimit(10**6)
"""
    done = attack(worker, code)
    assert value(done, len(done.cells) - 1) == 6 and not (course / "exit").exists()


# The system's back doors


@x86
def test_odd_system_calls_are_refused(worker):
    calls = {
        "ptrace": "101, 16, 1, 0, 0",
        "process_vm_readv": "310, 1, 0, 0, 0, 0, 0",
        "pidfd_getfd": "438, 0, 0, 0",
        "io_uring_setup": "425, 8, ctypes.create_string_buffer(256)",
        "add_key": "248, b'user', b'x', b'y', 1, -3",
        "keyctl": "250, 0, -3, 1",
        "bpf": "321, 0, ctypes.create_string_buffer(64), 64",
        "perf_event_open": "298, ctypes.create_string_buffer(128), 0, -1, -1, 0",
        "userfaultfd": "323, 0",
        "mount": "165, b'x', b'/tmp', b'tmpfs', 0, 0",
        "umount": "166, b'/proc', 2",
        "chroot": "161, b'/tmp'",
        "unshare user": "272, 0x10000000",
        "unshare mounts": "272, 0x20000",
        "setns": "308, 0, 0",
        "clone user": "56, 0x10000011, 0, 0, 0, 0",
        "open_by_handle_at": "304, -100, ctypes.create_string_buffer(64), 0",
        "memfd_create": "319, b'x', 0",
        "shmget": "29, 1, 4096, 0o1777",
        "kexec_load": "246, 0, 0, 0, 0",
        "init_module": "175, b'x', 1, b''",
        "reboot": "169, 0, 0, 0, 0",
        "iopl": "172, 3",
    }
    code = "found = {" + ", ".join(f"{name!r}: call({args})" for name, args in calls.items()) + "}"
    assert eval(found(attack(worker, code))) == dict.fromkeys(calls, "EPERM")


def test_a_student_has_no_rights(worker):
    code = """
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Uid")
found = [status[name].strip() for name in names]
found += [isinstance(tried(lambda: os.setuid(0)), str), isinstance(tried(lambda: os.setgroups([0])), str)]
"""
    *rights, no_new, users, first, second = eval(found(attack(worker, code)))
    assert {int(right, 16) for right in rights} == {0} and no_new == "1"
    assert "0" not in users.split() and (first, second) == (True, True)


def test_without_the_filter_too_nobody_in_a_house_makes_namespaces():
    code = """
import os, tempfile
from vgcourse.grading.jail.inside import house, linux, room
root = tempfile.mkdtemp(dir="/tmp")
os.chmod(root, 0o755)
house.enter([], [], root)
linux.drop_capabilities()
for flags in (linux.NEW_USER, linux.NEW_USER | linux.NEW_MOUNTS, linux.NEW_MOUNTS, linux.NEW_NET):
    try:
        linux.unshare(flags)
        print("possible", flush=True)
    except OSError as error:
        print(error.errno in (1, 28), flush=True)
os._exit(0)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.split() == ["True"] * 4


def test_a_setuid_program_gives_nothing(worker):
    code = """
import stat
mounts = [line.split() for line in open("/proc/self/mounts")]
weak = [place for _, place, _, options, *_ in mounts if "nosuid" not in options.split(",")]
weak = [place for place in weak if not stat.S_ISCHR(os.stat(place).st_mode)]
found = weak, [tried(lambda: os.execv(path, [path])) for path in ("/usr/bin/su", "/bin/su")]
"""
    assert eval(found(attack(worker, code))) == ([], ["FileNotFoundError"] * 2)


def test_there_is_no_shell_and_no_program(worker):
    code = """
shell = tried(lambda: subprocess.run(["/bin/sh", "-c", "id"]))
found = shell, os.system("id"), os.listdir("/")
"""
    shell, status, root = eval(found(attack(worker, code)))
    assert shell == "FileNotFoundError" and status != 0 and "bin" not in root


# Floods


def test_memory_of_many_processes_has_one_limit(worker):
    code = """
import time
for _ in range(6):
    if os.fork() == 0:
        hoard = [bytearray(os.urandom(1) * (10 << 20)) for _ in range(15)]
        time.sleep(1000)
time.sleep(1000)
"""
    done = attack(worker, code, limits=LIMITS._replace(cell_seconds=15))
    assert states(done)[1] == "died" and "too much memory" in done.cells[1].outputs[0]["evalue"]
    assert value(done, len(done.cells) - 1) == 6


def test_files_have_one_limit(worker):
    code = """
written = 0
def fill(path):
    global written
    with open(path, "wb") as file:
        while True:
            written += file.write(bytes(1 << 20))
            file.flush()
def sparse(path):
    with open(path, "wb") as file:
        file.truncate(5 << 30)
def many(path):
    for i in range(100_000):
        open(f"{path}{i}", "w").close()
ends = [tried(lambda: sparse("large")), *(tried(lambda: fill(p)) for p in ("a", "/tmp/b", "/dev/shm/c", "d"))]
ends.append(tried(lambda: many("/tmp/x")))
found = set(ends), written >> 20
"""
    ends, megabytes = eval(found(attack(worker, code, limits=LIMITS._replace(file_size=8 << 20))))
    assert ends == {"OSError"} and megabytes <= 9


@pytest.mark.parametrize(
    "code",
    [
        "for _ in range(60):\n    print('x' * 1_000_000)",
        "os.write(1, b'x' * 60_000_000)\nos.write(2, b'x' * 1_000_000)",
        "from IPython.display import display, HTML\nfor _ in range(60):\n    display(HTML('x' * 1_000_000))",
        "from IPython.display import display\nfor _ in range(3_000):\n    display(1)",
        "class Long:\n    def __repr__(self):\n        return 'x' * 60_000_000\nLong()",
        "raise ValueError('x' * 60_000_000)",
    ],
    ids=["print", "descriptor", "display", "displays", "repr", "error"],
)
def test_output_is_cut(worker, code):
    done = attack(worker, code, limits=LIMITS._replace(cell_seconds=20))
    assert sum(len(str(output)) for output in done.cells[1].outputs) < 400_000
    assert value(done, len(done.cells) - 1) == 6


def test_answers_are_cut(worker):
    large = "import numpy\ndef g(x):\n    return [numpy.ones(9_000_000) for _ in range(3)]"
    done = worker.run(job(large, RIGHT, check("g"), check(), limits=LIMITS._replace(memory=2 << 30)))
    assert (2, 0, 0) not in done.answers and "no right answer is that large" in done.absent[2, 0]
    assert value(done, 3) == 6


# The line to the worker

LIES = {
    "closed": "os.close(3)",
    "flood": "import socket\nline = socket.socket(fileno=3)\nline.sendall(b'x' * 50_000_000)",
    "a huge length": "os.write(3, b'S' + b'\\xff' * 8)",
    "no end": "os.write(3, b'S' + (1000).to_bytes(8, 'big') + b'x')\nimport time\ntime.sleep(100)",
    "junk": "os.write(3, os.urandom(100_000))",
    "full marks": 'os.write(3, b"S" + (28).to_bytes(8, "big") + b\'{"outputs":[],"state":"ran"}\')',
    "keys": "os.write(3, b'S' + (28).to_bytes(8, 'big') + b'{\"outputs\":1,\"outputs\":[[]]}')",
    "answers for a cell": "os.write(3, b'A' + (3).to_bytes(8, 'big') + b'abc')",
    "deep": "os.write(3, b'S' + (100_000).to_bytes(8, 'big') + b'[' * 100_000)",
    "a descriptor": "import socket\nsocket.send_fds(socket.socket(fileno=3), [b'S'], [1, 1, 1])",
    "replaced": "os.dup2(os.open('/dev/zero', os.O_RDWR), 3)",
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_on_the_line_cost_their_own_part(worker, lie):
    done = attack(worker, LIES[lie], limits=LIMITS._replace(cell_seconds=1))
    assert done.status in ("finished", "partly")
    assert len(done.cells) == 5 and all(
        isinstance(output, dict) for cell in done.cells for output in cell.outputs
    )


def test_a_forged_answer_is_no_answer(worker):
    forge = """
def g(x):
    os.write(3, b"A" + (5).to_bytes(8, "big") + b"12345")
    return x
"""
    done = worker.run(job(TRY, forge, RIGHT, check("g"), check()))
    assert done.status in ("finished", "partly")
    forged = [data for data in done.answers.values() if data == b"12345"]
    for data in forged:
        with pytest.raises(ValueError, match="no answers"):
            Answers.from_bytes(data)


def test_only_the_line_is_inherited(worker):
    code = """
found = {}
for name in os.listdir("/proc/self/fd"):
    found[name] = tried(lambda: os.readlink(f"/proc/self/fd/{name}")).split(":")[0]
"""
    descriptors = eval(found(attack(worker, code)))
    assert descriptors.pop("3") == "socket"
    assert {descriptors.pop(name) for name in "012"} == {"/dev/null"}
    assert len(descriptors) == 1  # that of the listing itself


# Points without knowledge


def share(done, name, seed, place):
    """What the answers to a real problem are worth; what cannot be judged is worth nothing."""
    try:
        return judge(find(name), Answers.from_bytes(done.answers[place]), seed=seed).share
    except (KeyError, ValueError):
        return 0.0


PROBLEM = "ps1.linear_backward"


def hand_in(worker, *cells, files=None):
    """The share of points for the problem's check after these cells."""
    tasks = {PROBLEM: (sent(PROBLEM, 11),)}
    ask = Cell("", ((PROBLEM, "linear_backward"),))
    done = worker.run(job(TRY, *cells, ask, tasks=tasks, limits=LIMITS, files=files))
    return share(done, PROBLEM, 11, (len(cells) + 1, 0, 0)), done


WRONG = "def linear_backward(dz, x, W):\n    return W.T @ dz, 2 * dz @ x.T, dz.sum(axis=1)"
EARNS = "def linear_backward(dz, x, W):\n    return W.T @ dz, dz @ x.T, dz.sum(axis=1)"


def test_what_right_and_wrong_answers_are_worth(worker):
    assert hand_in(worker, EARNS)[0] == 1 and hand_in(worker, WRONG)[0] < 1


CHEATS = {
    "patched comparisons": "import numpy as np\nfor name in ('allclose', 'array_equal', 'isclose', 'abs'):\n"
    "    setattr(np, name, lambda *a, **k: True)\n"
    "np.linalg.norm = lambda *a, **k: 0.0\nnp.testing.assert_allclose = lambda *a, **k: None",
    "patched judge": "import vgcourse.judge, vgcourse.collect\nvgcourse.judge.judge = lambda *a, **k: 1\n"
    "vgcourse.judge.compare.relative_error = lambda *a: 0.0",
    "patched collect": "import vgcourse.collect.collecting as c, vgcourse.grading.jail.inside.student as s\n"
    "from vgcourse.collect import Answers\ns.collect_fresh = lambda *a, **k: ()\n"
    "s.collect = c.collect = lambda *a, **k: Answers(None)",
    "patched json": "import json, pickle\njson.dumps = lambda *a, **k: '{\"points\": 999}'\n"
    "pickle.loads = lambda x: x",
    "a transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['points = 50\\n'])",
    "interactivity": "get_ipython().ast_node_interactivity = 'none'\n"
    "def check(*args, points=0, **k):\n    return points",
    "a formatter": "class Points:\n    def _repr_mimebundle_(self, **k):\n"
    "        return {'application/vnd.vgcourse+json': {'points': 999}, 'text/plain': '999.0'}\nPoints()",
    "everything is equal": "class Yes(float):\n    def __eq__(self, other):\n        return True\n"
    "    def __array__(self, *a, **k):\n        raise SystemExit\n"
    "def linear_backward(dz, x, W):\n    return Yes(), Yes(), Yes()",
    "a lying array": "import numpy as np\nclass Lie(np.ndarray):\n"
    "    def __sub__(self, other):\n        return np.zeros(self.shape)\n    __rsub__ = __sub__\n"
    "def linear_backward(dz, x, W):\n    return tuple((0 * v).view(Lie) for v in (x, W, dz[:, 0]))",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_cheats_win_nothing(worker, cheat):
    zero = "def linear_backward(dz, x, W):\n    return 0 * x, 0 * W, 0 * dz.sum(axis=1)"
    won, done = hand_in(worker, zero, CHEATS[cheat])
    assert won == 0
    assert done.answers or cheat == "everything is equal"  # the cheat did happen
    assert "999" not in str([list(o.get("data", ())) for cell in done.cells for o in cell.outputs])
    for cell in done.cells:
        for output in cell.outputs:
            assert not any("vgcourse" in kind for kind in output.get("data", {}))


READING = {
    "find": "from vgcourse.problems import find\nanswer = find('ps1.linear_backward').reference",
    "modules": "answer = next(m.reference for m in list(sys.modules.values()) if 'reference' in vars(m))",
    "garbage": "import gc\nkinds = ('Problem', 'Case', 'Mistake', 'Verdict', 'Seen', 'Run')\n"
    "answer = next(o for o in gc.get_objects() if type(o).__name__ in kinds)",
    "frames": "def look():\n    frame = sys._getframe()\n    while frame:\n"
    "        for name, value in frame.f_locals.items():\n"
    "            if name in ('problem', 'verdict', 'expected', 'reference'):\n                return value\n"
    "        frame = frame.f_back\n    raise LookupError\nanswer = look()",
    "the package": "import vgcourse.problems.ps1 as m\nanswer = m.PROBLEMS[0].reference\nanswer(1, 2, 3)",
}


@pytest.mark.parametrize("way", READING)
def test_expected_values_are_not_in_the_process(worker, way):
    indented = READING[way].replace("\n", "\n    ")
    code = f"def linear_backward(dz, x, W):\n    {indented}\n    return answer(dz, x, W)"
    won, done = hand_in(worker, READING[way] + "\nprint('got', answer)", code)
    assert won == 0 and ("got" not in text(done, 1) or "absent_name" in text(done, 1))


def test_the_process_holds_nothing_of_the_graders(worker):
    code = """
secret = "only-the-" + "grader-knows"
places = ["environ", "cmdline", "status", "maps", "mountinfo"]
texts = [open(f"/proc/self/{name}", errors="replace").read() for name in places] + [str(dict(os.environ))]
import gc
rooms = {name.split(".")[1] for name in sys.modules if name.startswith("vgcourse.")}
found = any(secret in text for text in texts), sorted(rooms), sorted(os.listdir("/proc"))
"""
    leaked, rooms, processes = eval(found(attack(worker, code)))
    assert not leaked and processes == ["1", "self", "thread-self"]
    assert set(rooms) == {"_validate", "activations", "check", "collect", "grading"}


def test_files_that_take_the_names_of_modules_are_not_imported(worker):
    taken = b"raise SystemExit('taken')"
    names = ("numpy", "json", "IPython", "colorsys", "sitecustomize")
    files = {f"{name}.py": taken for name in names}
    files |= {f"vgcourse/{name}.py": taken for name in ("__init__", "check", "collect", "judge")}
    files |= {"pickle.py": b"loads = None", "new_helper.py": b"two = 2"}
    code = "import numpy, json, pickle, IPython, vgcourse.check, new_helper, colorsys, wave\n" + EARNS
    won, done = hand_in(worker, code, files=files)
    assert won == 1 and done.status == "finished"
    late = "sys.modules.pop('json')\nimport json, colorsys\n" + EARNS
    assert hand_in(worker, late, files=files)[0] == 1


def test_what_patching_collect_gains_is_what_only_the_process_can_know(worker):
    """That arguments were left alone, that a second call gave the same: self-reported.

    So are memory, time and what was printed. Values are compared outside.
    """
    spoils = EARNS.replace("return ", "out = ") + "\n    W[0] = 7\n    return out"
    patch = "import vgcourse.collect.call as call\ncall.same = lambda *args: True"

    def changed(done, place):
        return [attempt.first.changed for attempt in Answers.from_bytes(done.answers[place]).visible]

    honest, done = hand_in(worker, spoils)
    assert honest < 1 and any(changed(done, (2, 0, 0)))
    _, done = hand_in(worker, patch, spoils)
    assert not any(changed(done, (3, 0, 0)))
    assert hand_in(worker, patch, WRONG)[0] == hand_in(worker, WRONG)[0] < 1


def test_c_code_that_writes_to_stderr_costs_nothing(worker):
    code = "def f(x):\n    ctypes.CDLL(None).perror(b'careful')\n    os.write(2, b'warned')\n    return 2 * x"
    done = worker.run(job(TRY, code, check()))
    assert value(done, 2) == 6 and done.status == "finished"
