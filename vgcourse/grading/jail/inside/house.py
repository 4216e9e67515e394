"""The outer walls: a small root with Python, the environment's packages, few rooms of the course, no network.

A list of what may be there, not of what may not. The warm parent lives here; each student gets a room of
their own in it (`room.py`).
"""

import os
import signal
import sys
from pathlib import Path

from vgcourse.grading.jail.inside import linux

NOBODY = 65534
HOME = "/home/student"
DEVICES = ("null", "zero", "full", "random", "urandom")
EMPTY_PLACES = ("/proc", "/tmp", "/room", "/dev/shm", HOME)  # where something is mounted later
PASSWD = f"student:x:{NOBODY}:{NOBODY}::{HOME}:/bin/false\n"
_SMALL = "size=1m,mode=755"
_SAFE = linux.NO_SETUID | linux.NO_DEVICES


def enter(binds, masks, root):
    """Build the house and go in; returns in a new process, the first of its PID namespace.

    The process that called waits for it and ends with it.

    Parameters
    ----------
    binds : pairs (path outside, path inside)
    masks : paths inside that are hidden: folders are empty then, files are /dev/null
    root : an empty folder that everybody may enter

    Raises
    ------
    OSError
        If the system does not allow it; says which step failed.
    """
    others = linux.NEW_PIDS | linux.NEW_NET | linux.NEW_IPC | linux.NEW_UTS
    as_root = os.getuid() == 0
    if as_root:  # whoever owns a folder, root can bind it; nobody cannot
        linux.unshare(linux.NEW_MOUNTS)
        _build(binds, masks, root)
        become_nobody()
    user, group = os.getuid(), os.getgid()
    linux.unshare(linux.NEW_USER | linux.NEW_MOUNTS | others)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    if child := os.fork():
        _wait_for(child)
    linux.die_with_parent(signal.SIGKILL)
    if as_root:
        linux.mount(None, "/", flags=linux.RECURSIVE | linux.PRIVATE)
        linux.bind(root, root, recursive=True)  # a mount from above may not be the root
    else:
        _build(binds, masks, root)
    linux.mount("proc", f"{root}/proc", "proc", _SAFE | linux.NO_EXEC)
    linux.mount("tmpfs", f"{root}/tmp", "tmpfs", _SAFE, "size=64m,mode=1777")
    linux.pivot(root)
    _write("/proc/sys/user/max_user_namespaces", "0")  # nobody in here makes another
    linux.checked(linux.libc.sethostname(b"grading", 7), "sethostname")


def become_nobody():
    """Turn root into a user without rights; some limits do not bind root."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    linux.dumpable(True)


def _wait_for(child):
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.closerange(3, 1 << 16)  # the line to the worker is the child's
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _build(binds, masks, root):
    """The root with everything that is there for good, read-only."""
    linux.mount(None, "/", flags=linux.RECURSIVE | linux.PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", _SAFE, _SMALL)
    for source, target in binds:
        place = Path(root + target)
        _make_place(place, Path(source).is_dir())
        linux.bind(source, place, recursive=True)
    for path in masks:
        place = Path(root + path)
        if place.is_dir():
            linux.mount("tmpfs", place, "tmpfs", _SAFE, "size=4k,mode=555")
        elif place.exists():
            linux.bind(os.devnull, place)
    for path in EMPTY_PLACES:
        _make_place(Path(root + path), folder=True)
    devices = [Path(f"/dev/{name}") for name in DEVICES]
    for device in devices:
        _make_place(Path(f"{root}{device}"), folder=False)
    _make_place(Path(root + "/etc/passwd"), folder=False)
    Path(root + "/etc/passwd").write_text(PASSWD)
    linux.protect(root, linux.READ_ONLY | _SAFE)
    for device in devices:
        linux.bind(device, f"{root}{device}")


def _make_place(place, folder):
    if folder:
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def forget_modules():
    """The next import of the course's modules reads those of the house."""
    for name in [name for name in sys.modules if name.split(".")[0] == "vgcourse"]:
        del sys.modules[name]
