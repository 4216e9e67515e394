"""A student's room in the house: folders, processes, a network that are empty; few resources, no rights."""

import os
import resource
import signal
import socket

from vgcourse.grading.jail.inside import linux, syscalls
from vgcourse.grading.jail.inside.house import HOME

OTHERS_IN_THE_HOUSE = 2  # processes that the limit of this user counts: the warm parent and its own
DESCRIPTORS = 256
STATM = "/proc/self/statm"
_SAFE = linux.NO_SETUID | linux.NO_DEVICES


def separate(limits):
    """Give this process, the first of its PID namespace, empty folders and a network of its own.

    Parameters
    ----------
    limits : Limits
    """
    linux.unshare(linux.NEW_MOUNTS | linux.NEW_NET | linux.NEW_IPC | linux.NEW_UTS)
    # One file system for all that a student writes, so that one limit holds for all of it.
    linux.mount("tmpfs", "/room", "tmpfs", _SAFE, f"size={limits.file_size},nr_inodes=4096,mode=755")
    for name, place in (("tmp", "/tmp"), ("home", HOME), ("shm", "/dev/shm")):
        os.mkdir(f"/room/{name}", 0o777)
        linux.bind(f"/room/{name}", place)
    linux.mount("proc", "/proc", "proc", _SAFE | linux.NO_EXEC | linux.READ_ONLY, "subset=pid")


def lock():
    """Give up every right, for good.

    Returns
    -------
    str: what could not be done, "" as a rule
    """
    linux.drop_capabilities()
    linux.no_new_privileges()
    if not syscalls.available():
        return f"On {os.uname().machine} system calls are not filtered; the walls hold without it."
    syscalls.refuse_odd_calls()
    return ""


def shrink(limits):
    """Set the limits of the system, for this process and all that it starts."""
    if os.path.exists(STATM):
        memory = pages(STATM)[0] * resource.getpagesize() + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if _has_own_users():  # elsewhere it would count what others run, too
        resource.setrlimit(resource.RLIMIT_NPROC, (limits.processes + OTHERS_IN_THE_HOUSE,) * 2)
    seconds = int(limits.seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_size, limits.file_size))
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))  # with 0 some systems hand the dump to a program
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing more is an error, not the end


def keep_only(descriptor):
    """Close all files but one, whose new number is 3; 0, 1 and 2 lead nowhere.

    Returns
    -------
    socket
    """
    os.dup2(descriptor, 3)
    os.closerange(4, 1 << 16)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return socket.socket(fileno=3)


def pages(file):
    """What a file `statm` of /proc counts: pages of address space, pages in memory, and so on."""
    with open(file) as statm:
        return [int(word) for word in statm.read().split()]


def _has_own_users():
    """True in a user namespace that holds one user alone."""
    try:
        with open("/proc/self/uid_map") as file:
            return file.read().split()[2:] == ["1"]
    except OSError:
        return False
