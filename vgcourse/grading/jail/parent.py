"""A warm parent, seen from outside: a process that forks children on demand and says how they ended."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from vgcourse.grading.jail import course, places
from vgcourse.grading.jail.inside.channel import (
    BROKEN,
    END,
    ENDED,
    FAILED,
    FORK,
    PLAN,
    READY,
    STARTED,
    Channel,
    ChannelError,
    pair,
)
from vgcourse.grading.jail.kinds import JailError

STARTING = 60.0  # seconds; a busy machine takes ten
FORKING = 20.0
MESSAGE = 1 << 20  # bytes that a warm parent may say at once
LARGEST = 110_000_000  # bytes of a child's message; a set of answers holds 100 MB


class WarmParent:
    """Started and ready when made.

    Parameters
    ----------
    kind : one of `kinds.KINDS`
    assignment : "ps1", for messages
    rooms : names of vgcourse's modules; None for a trial, in which no cell can run

    Raises
    ------
    JailError
        If it does not start; the message says why.
    """

    def __init__(self, kind, assignment, rooms):
        self.kind = kind
        # where root works, nobody has to get through to it later
        place = "/tmp" if os.getuid() == 0 else None
        self.process = self.control = None
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="vgcourse-jail-", dir=place))
        except OSError as error:
            raise JailError(f"no jail could be laid out: {error.strerror or error}") from error
        try:
            self._start(assignment, rooms)
        except ChannelError as error:
            said = self._last_words()
            self.close()
            raise JailError(f"the process for {assignment} did not start: {said or error}") from error
        except OSError as error:  # above all a disk that is full
            self.close()
            said = error.strerror or error
            raise JailError(f"no jail could be laid out in {self.folder.parent}: {said}") from error
        except BaseException:
            self.close()
            raise

    def child(self, limits):
        """A new child, shut in and ready.

        Returns
        -------
        Channel, and a sentence about the jail for the report, "" as a rule
        """
        ours, theirs = pair()
        deadline = time.monotonic() + FORKING
        channel = Channel(ours, LARGEST)
        try:
            with theirs:
                request = json.dumps([limits, self.plan["folder"]]).encode()
                self.control.send(FORK, request, deadline)
                socket.send_fds(self.control.stream, [b"."], [theirs.fileno()])
            kind, said = channel.receive(deadline)
        except (ChannelError, OSError) as error:
            channel.close()
            raise JailError(f"no child could be made: {error}") from error
        if kind != READY:
            channel.close()
            why = said.decode(errors="replace") if kind == BROKEN else "it says something odd"
            raise JailError(f"a child could not be shut in: {why}")
        return channel, said.decode(errors="replace")

    def end_child(self):
        """Kill the child with all that it started.

        Returns
        -------
        dict: "code" as in subprocess, -9 if it was still alive; "too_much": what it had too much of, or ""
        """
        try:
            self.control.send(END, b"", time.monotonic() + FORKING)
            kind, said = self.control.receive(time.monotonic() + FORKING)
            if kind != ENDED:
                raise JailError("a warm parent says something odd")
            return json.loads(said)
        except (ChannelError, ValueError) as error:
            raise JailError(f"a warm parent is gone: {error}") from error

    def close(self):
        """End it, its children, and its folder. May be called again."""
        if self.control:
            self.control.close()  # it ends by itself when the line is closed
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, assignment, rooms):
        self.folder.chmod(0o755)
        for name in ("root", "work", "line", "course"):
            (self.folder / name).mkdir()
        try:
            course.lay_out(self.folder / "course", rooms or ())
        except ValueError as error:
            raise JailError(f"{assignment}: {error}") from error
        if self.kind.name == "container":
            self._start_with_a_path()
        else:
            ours, theirs = pair()
            with theirs:
                self._popen(str(theirs.fileno()), (theirs.fileno(),))
            self.control = Channel(ours, MESSAGE)
        self.plan = {**self.kind.plan(self.folder), "rooms": rooms, "walls": self.kind.walls}
        deadline = time.monotonic() + STARTING
        self.control.send(PLAN, json.dumps(self.plan).encode(), deadline)
        kind, said = self.control.receive(deadline)
        if kind != STARTED:
            why = said.decode(errors="replace") if kind == FAILED else "it says something odd"
            raise JailError(f"the process for {assignment} did not start: {why}")

    def _start_with_a_path(self):
        """A container takes no open socket: it connects to one that it finds in a folder."""
        path = self.folder / "line" / "socket"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            path.chmod(0o666)
            listening.listen(1)
            listening.settimeout(0.2)
            self._popen("", ())
            deadline = time.monotonic() + STARTING
            while True:
                with contextlib.suppress(TimeoutError):
                    self.control = Channel(listening.accept()[0], MESSAGE)
                    return
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise JailError(f"the container did not start: {self._last_words()}")

    def _popen(self, address, descriptors):
        home = "/tmp" if self.kind.walls else str(self.folder / "work")
        # the command that starts a container needs the grader's own settings, and passes ours on
        env = None if self.kind.name == "container" else places.environment(home)
        self.process = subprocess.Popen(
            self.kind.command(self.folder, address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            env=env,
            cwd="/",
            start_new_session=True,
        )

    def _last_words(self):
        """The last line that the process wrote before it gave up."""
        if self.process is None:
            return ""
        self.process.kill()
        _, err = self.process.communicate()
        return (err.decode(errors="replace").strip().splitlines() or [""])[-1][:500]
