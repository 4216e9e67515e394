"""System calls that Python's os lacks: namespaces, mounts, capabilities. Linux only, through ctypes."""

import ctypes
import os

NEW_MOUNTS = 0x20000
NEW_UTS = 0x4000000
NEW_IPC = 0x8000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000
NEW_NET = 0x40000000

READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
DETACH = 2

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_MOUNT_SETATTR = 442  # the same everywhere
_CAP_VERSION_3 = 0x20080522
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 1, 4, 24, 47
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38

libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def checked(result, what):
    """The result, or the OSError that -1 stands for, with a word on what was tried."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(numbers, *args):
    """A call that libc has no function for; `numbers` says its number on each machine."""
    number = numbers if isinstance(numbers, int) else numbers[os.uname().machine]
    return libc.syscall(number, *(ctypes.c_long(a) if isinstance(a, int) else a for a in args))


def unshare(flags):
    """Leave the namespaces that `flags` name for new ones."""
    checked(libc.unshare(flags), "unshare")


def into_pid_namespace(descriptor):
    """Let the next fork happen in this PID namespace."""
    checked(libc.setns(descriptor, NEW_PIDS), "setns")


def mount(source, target, kind=None, flags=0, options=None):
    """mount(2), with None where it takes no text."""
    texts = [text if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    checked(libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def bind(source, target, *, recursive=False):
    """Make a file or folder visible at another place, too."""
    mount(source, target, flags=BIND | (RECURSIVE if recursive else 0))


def protect(path, attributes):
    """Set READ_ONLY, NO_SETUID, … for a mount and all below it."""
    words = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    at_here, recursive = -100, 0x8000
    result = syscall(_MOUNT_SETATTR, at_here, os.fsencode(path), recursive, words, ctypes.sizeof(words))
    checked(result, f"mount_setattr {path}")


def pivot(root):
    """Make the mount at `root` the root, and let go of the old one."""
    os.chdir(root)
    checked(syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    checked(libc.umount2(b".", DETACH), "umount")
    os.chdir("/")


def drop_capabilities():
    """Give up every capability for good, for this process and all that it starts."""
    prctl(_PR_CAP_AMBIENT, 4)  # clear all
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
    checked(syscall(_CAPSET, header, (ctypes.c_uint32 * 6)()), "capset")


def no_new_privileges():
    """No program that is started gains any privilege, setuid or not."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def dumpable(yes):
    """May others of the same user look into this process's memory?"""
    prctl(_PR_SET_DUMPABLE, int(yes))


def die_with_parent(signal):
    """Get this signal when the parent ends."""
    prctl(_PR_SET_PDEATHSIG, int(signal))


def adopt_orphans():
    """Become the parent of descendants whose own parent ends."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prctl(what, value):
    """prctl(2) with one argument."""
    checked(libc.prctl(what, value, 0, 0, 0), f"prctl {what}")
