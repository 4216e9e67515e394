"""The kinds of jail, best first: what starts a warm parent in each, and why one does not work here."""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import PurePosixPath

from vgcourse.grading.jail import places
from vgcourse.grading.jail.inside.house import HOME

START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from vgcourse.grading.jail.inside.start import main; main(sys.argv[2])"
)
IMAGE = "docker.io/library/busybox"  # any image will do: what is needed of this machine is bound over it
TMPFS = 64 << 20
LINE = "/line"  # the folder of the socket that leads out of a container


class JailError(RuntimeError):
    """A jail that cannot be had; the message says why and what to do."""


class Kind:
    """What most have in common: the command that starts a warm parent, and what it does by itself."""

    def command(self, folder, address):
        """The command that starts a warm parent."""
        return [*python(), str(folder / "course"), address]

    def plan(self, folder):
        """What the warm parent builds around itself: nothing; where it finds modules, where children work."""
        return {"house": None, "path": places.search_path(), "folder": HOME}


class Namespaces(Kind):
    """A house of our own making; each child gets a room of its own, so one warm parent serves a class."""

    name, walls, lasting = "namespaces", "own", True

    def missing(self):
        """Why it does not work here, before it is tried: a sentence, or None."""
        release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
        return None if release >= (5, 14) else f"needs Linux 5.14; this is {platform.release()}"

    def plan(self, folder):
        """What the warm parent builds around itself, where it finds modules, where children work."""
        bound = places.binds(folder / "course")
        masks = [inside for _, inside in places.masks(bound)]
        house = {"binds": bound, "masks": masks, "root": str(folder / "root")}
        return {"house": house, "path": places.search_path(), "folder": HOME}


class Bubblewrap(Kind):
    """bwrap builds the house. It can hold no rooms, so a warm parent serves one submission."""

    name, walls, lasting = "bubblewrap", "others", False

    def missing(self):
        """Why it does not work here, before it is tried: a sentence, or None."""
        return None if shutil.which("bwrap") else "bwrap is not installed: install the package bubblewrap"

    def command(self, folder, address):
        """The command that starts a warm parent."""
        bound = places.binds(folder / "course")
        args = ["bwrap", "--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "grading"]
        if os.getuid() == 0:  # root binds what nobody may look at; the warm parent becomes nobody inside
            args += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
            args += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            args += ["--unshare-all"]
        for path in _parents(inside for _, inside in bound):
            args += ["--dir", path]  # bwrap would make them for itself alone
        for outside, inside in bound:
            args += ["--ro-bind", outside, inside]
        for outside, inside in places.masks(bound):
            hide = ["--tmpfs"] if os.path.isdir(outside) else ["--ro-bind", os.devnull]
            args += [*hide, inside]
        args += ["--proc", "/proc", "--dev", "/dev"]
        for path in ("/tmp", HOME, "/dev/shm"):
            args += ["--perms", "1777", "--size", str(TMPFS), "--tmpfs", path]
        return [*args, "--remount-ro", "/", "--", *python(), places.COURSE, address]


class Container(Kind):
    """docker or podman builds the house, one for each submission. The line out is a socket in a folder."""

    name, walls, lasting = "container", "others", False

    def missing(self):
        """Why it does not work here, before it is tried: a sentence, or None."""
        program = self.program()
        if program is None:
            return "neither podman nor docker is installed"
        try:
            asked = subprocess.run([program, "info"], capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{program} does not answer ({type(error).__name__})"
        said = (asked.stderr.strip() or asked.stdout.strip() or "no reason").splitlines()[-1]
        return None if asked.returncode == 0 else f"{program} does not run here: {said}"

    def program(self):
        """podman where there is one, else docker, else None."""
        return next(filter(shutil.which, ("podman", "docker")), None)

    def command(self, folder, address):
        """The command that starts a warm parent."""
        bound = places.binds(folder / "course")
        args = [self.program(), "run", "--rm", "--init=false", "--network", "none", "--read-only"]
        args += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        args += ["--security-opt", "label=disable"]  # SELinux would cut the line out
        args += ["--user", "65534:65534", "--pids-limit", "128", "--hostname", "grading", "--ipc", "private"]
        for limit in ("nofile=1024:1024", "nproc=4096:4096"):  # podman asks for more than some hosts allow
            args += ["--ulimit", limit]
        for path in ("/tmp", HOME, "/run", "/var/tmp"):  # podman makes the last two, without a size
            args += ["--tmpfs", f"{path}:rw,nosuid,nodev,size={TMPFS},mode=1777"]
        for outside, inside in bound:
            args += ["--mount", f"type=bind,source={outside},target={inside},readonly"]
        for outside, inside in places.masks(bound):
            kind = "tmpfs" if os.path.isdir(outside) else f"bind,source={os.devnull},readonly"
            args += ["--mount", f"type={kind},target={inside}"]
        args += ["--mount", f"type=bind,source={folder / 'line'},target={LINE}"]
        for name, value in places.environment("/tmp").items():
            args += ["--env", f"{name}={value}"]
        return [*args, "--workdir", "/", IMAGE, *python(), places.COURSE, f"{LINE}/socket"]


class Unprotected(Kind):
    """No jail: limits, but no walls. Students' code can do what the one who grades can."""

    name, walls, lasting = "none", "", False

    def missing(self):
        """Why it does not work here, before it is tried: a sentence, or None."""
        return None if hasattr(os, "fork") else f"{sys.platform} has no fork: grade on Linux or macOS"

    def plan(self, folder):
        """What the warm parent builds around itself: nothing; where it finds modules, where children work."""
        path = places.search_path_outside(folder / "course")
        return {"house": None, "path": path, "folder": str(folder / "work")}


KINDS = {kind.name: kind for kind in (Namespaces(), Bubblewrap(), Container(), Unprotected())}


def _parents(paths):
    """The folders above these paths, from the top."""
    return sorted({str(parent) for path in paths for parent in PurePosixPath(path).parents} - {"/"})


def python():
    """An interpreter that reads no settings, no user's packages and no environment's start files."""
    return [places.PYTHON, "-I", "-S", "-B", "-c", START]
