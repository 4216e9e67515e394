"""What of this machine a house holds: Python, the environment's packages, the libraries that they load."""

import os
import sys
import sysconfig
from pathlib import Path

from vgcourse.grading.jail.course import PACKAGE

COURSE = "/course"  # where the copy of vgcourse lies inside
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store")
LOADER = "/etc/ld.so.cache"
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def binds(course):
    """Pairs (path outside, path inside); all are read-only inside.

    Parameters
    ----------
    course : the folder that `course.lay_out` filled
    """
    base = [os.path.join(prefix, "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)]
    wanted = [*SYSTEM, LOADER, *base, sysconfig.get_path("stdlib"), *packages(), PYTHON]
    wanted = sorted({os.path.abspath(path) for path in wanted if os.path.exists(path)})
    inside = [path for path in wanted if not any(_below(path, other) for other in wanted if other != path)]
    return [*((os.path.realpath(path), path) for path in inside), (os.fspath(course), COURSE)]


def packages():
    """The folders of packages that this process imports from; not those of one user alone."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    folders += [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    private = os.path.expanduser("~/.local/")
    return list(
        dict.fromkeys(path for path in folders if os.path.isdir(path) and not path.startswith(private))
    )


def masks(bound):
    """Paths inside that must not be seen: this vgcourse, its repository, and what an installer noted of it.

    Parameters
    ----------
    bound : the pairs that `binds` gave
    """
    folders = {*packages(), os.path.join(sysconfig.get_path("stdlib"), "site-packages")}
    own = {str(path) for folder in folders for path in Path(folder).glob("*vgcourse*")}
    home = PACKAGE.parent
    own |= {str(PACKAGE if str(home) in folders else home)}
    hidden = set()
    for outside, inside in bound:
        if inside != COURSE:
            hidden |= {path for path in own if _below(path, inside)}
            hidden |= {inside + path[len(outside) :] for path in own if _below(path, outside)}
    return sorted(path for path in hidden if not any(_below(path, other) for other in hidden - {path}))


def search_path():
    """`sys.path` inside."""
    library = sysconfig.get_path("stdlib")
    return [COURSE, library, os.path.join(library, "lib-dynload"), *packages()]


def environment(home):
    """The only variables that a warm parent and its children see.

    Parameters
    ----------
    home : the folder for settings, which need not exist
    """
    numbers = {name: value for name, value in os.environ.items() if name.startswith(("OPENBLAS_", "MKL_"))}
    return numbers | {
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",  # a process with threads cannot be forked safely
        "PATH": os.defpath,
        "USER": "student",
    }


def _below(path, folder):
    return path.startswith(folder.rstrip("/") + "/")
