"""Which kinds of jail work on this machine."""

import contextlib
import platform
import sys

from vgcourse.grading.jail.jobs import Limits
from vgcourse.grading.jail.kinds import KINDS, JailError
from vgcourse.grading.jail.parent import WarmParent

ADVICE = {
    "namespaces": " (are user namespaces switched off? Look at the sysctl user.max_user_namespaces, "
    "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns; "
    "in a container, at its profile)"
}


def jails():
    """Which jails work on this machine, best first; "none" protects nothing and is taken only by name.

    Returns
    -------
    dict name -> None if it works, else a sentence that says why not
    """
    return {name: reason_against(name) for name in KINDS}


def reason_against(name):
    """Why a kind of jail does not work here: a sentence, or None. It is tried."""
    kind = KINDS[name]
    if kind.walls and sys.platform != "linux":
        return f"needs Linux; this is {platform.system()}: grade in a virtual machine with Linux"
    if missing := kind.missing():
        return missing
    try:
        with contextlib.closing(WarmParent(kind, "a trial", None)) as parent:
            parent.child(Limits())[0].close()
    except JailError as error:
        return f"{error}{ADVICE.get(name, '')}"
    return None
