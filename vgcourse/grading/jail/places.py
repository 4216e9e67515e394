"""What of this machine a house holds: Python, the environment's packages, the libraries that they load."""

import os
import site
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

    Packages get places of their own: an environment may lie in /tmp, which is another folder inside.

    Parameters
    ----------
    course : the folder that `course.lay_out` filled
    """
    base = [os.path.join(prefix, "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)]
    wanted = [*SYSTEM, LOADER, *base, sysconfig.get_path("stdlib"), PYTHON]
    wanted = sorted({os.path.abspath(path) for path in wanted if os.path.exists(path)})
    same = [path for path in wanted if not any(_below(path, other) for other in wanted if other != path)]
    pairs = [*((path, path) for path in same), *zip(packages(), _places()), (os.fspath(course), COURSE)]
    return [(os.path.realpath(outside), inside) for outside, inside in pairs]


def packages():
    """The folders of packages that this process imports from; not those of one user alone."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    folders += [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    private = site.getusersitepackages()
    return [path for path in dict.fromkeys(folders) if os.path.isdir(path) and path != private]


def masks(bound):
    """What must not be seen: this vgcourse, its repository, and what an installer noted of it.

    Parameters
    ----------
    bound : the pairs that `binds` gave

    Returns
    -------
    pairs (path outside, path inside), in order
    """
    folders = {*packages(), os.path.join(sysconfig.get_path("stdlib"), "site-packages")}
    own = {path for folder in folders for path in Path(os.path.realpath(folder)).glob("*vgcourse*")}
    home = Path(os.path.realpath(PACKAGE)).parent
    own |= {home} if str(home) not in map(os.path.realpath, folders) else set()
    hidden = {
        (str(path), inside + str(path)[len(outside) :])
        for outside, inside in bound
        for path in own
        if inside != COURSE and _below(str(path), outside)
    }
    inner = {pair for pair in hidden if any(_below(pair[1], other) for _, other in hidden)}
    return sorted(hidden - inner)


def search_path():
    """`sys.path` inside."""
    return [COURSE, *_library(), *_places()]


def search_path_outside(course):
    """`sys.path` where there are no walls."""
    return [os.fspath(course), *_library(), *packages()]


def _library():
    library = sysconfig.get_path("stdlib")
    return [library, os.path.join(library, "lib-dynload")]


def _places():
    """Where the folders of packages lie inside."""
    return [f"/packages/{number}" for number in range(len(packages()))]


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
