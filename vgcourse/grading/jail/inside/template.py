"""The warm parent: imports once what every notebook needs, and forks a child for each submission.

It sees no submission. A child gets a line to the worker of its own, which the parent only hands on; so
nothing of one student is in the memory that the next one starts with.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time

from vgcourse.grading.jail.inside import linux, room, student
from vgcourse.grading.jail.inside.channel import BROKEN, END, ENDED, FORK, READY, Channel
from vgcourse.grading.jail.jobs import Limits

LOOK = 0.1  # seconds between two looks at what a child's processes hold


class Template:
    """Everything imported; `serve` forks children on demand, one at a time.

    Parameters
    ----------
    control : Channel to the worker
    rooms : names of vgcourse's modules; None for a trial, without any that takes long to import
    walls : "own" if each child gets namespaces of its own, "others" if another program has built walls around
        this process, "" if there are none
    """

    def __init__(self, control, rooms, walls):
        self.control, self.walls = control, walls
        self.child, self.limits, self.too_much, self.status = None, None, "", None
        self.shell = None
        if rooms is not None:
            from vgcourse.grading.jail.inside.warm import warm_up

            self.shell = warm_up(rooms)
        self.pages = room.pages(room.STATM)[1] if os.path.exists(room.STATM) else 0
        self.own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY) if walls == "own" else None
        if walls == "others":  # children see this process: neither signals nor its memory are theirs
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which the first process of a namespace never gets
            linux.dumpable(False)
        gc.collect()
        gc.freeze()  # a child that collects garbage would copy all of it

    def serve(self):
        """Until the worker closes the line."""
        try:
            while True:
                while self.child and not select.select([self.control.stream], [], [], LOOK)[0]:
                    self._look()
                kind, payload = self.control.receive()
                if kind == FORK:
                    self._fork(*json.loads(payload))
                elif kind == END:
                    self.control.send(ENDED, json.dumps(self._end()).encode())
        finally:
            self._end()

    def _fork(self, limits, folder):
        _, (descriptor,), _, _ = socket.recv_fds(self.control.stream, 1, 1)
        if self.own_pids is not None:
            linux.into_pid_namespace(self.own_pids)
            linux.unshare(linux.NEW_PIDS)
        self.limits, self.too_much, self.status = Limits(*limits), "", None
        self.child = os.fork()
        if self.child == 0:
            try:
                self._be_the_child(descriptor, folder)
            finally:
                os._exit(1)
        os.close(descriptor)

    def _be_the_child(self, descriptor, folder):
        channel = Channel(room.keep_only(descriptor))
        try:
            if self.own_pids is not None:
                room.separate(self.limits)
            elif self.walls:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                linux.dumpable(True)
            os.setsid()
            os.chdir(folder)
            room.shrink(self.limits)
            remark = room.lock() if self.walls else ""
            sys.path.append(os.getcwd())  # at the end: a numpy.py of the student's is not found
        except Exception as error:
            channel.send(BROKEN, f"{type(error).__name__}: {error}".encode())
            return
        channel.send(READY, remark.encode())
        student.serve(channel, self.shell, self.limits)

    def _look(self):
        """End a child whose processes together hold too much memory, or are too many."""
        if self.own_pids is None:
            self._look_for_orphans()
        if self.status is not None:  # it has ended already
            return
        if not self.pages or not self.walls:
            return
        others = _processes()
        over = sum(max(0, pages - self.pages) for pages in map(_pages_in_memory, others))
        if over * os.sysconf("SC_PAGESIZE") > self.limits.memory:
            self.too_much = "too much memory"
        elif len(others) > self.limits.processes + room.OTHERS_IN_THE_HOUSE:
            self.too_much = "too many processes"
        if self.too_much:
            os.kill(self.child, signal.SIGKILL)

    def _look_for_orphans(self):
        """Without a PID namespace: what a child leaves behind holds its line, so the worker sees no end."""
        if self.status is None:
            done, status = os.waitpid(self.child, os.WNOHANG)
            if done:
                self.status = status
                _kill_descendants()

    def _end(self):
        """Kill the child and what it started. The exit code is as in subprocess."""
        if self.child is None:
            return None
        if self.status is None:
            os.kill(self.child, signal.SIGKILL)  # its own end is told if that was first
            _, self.status = os.waitpid(self.child, 0)
        if self.own_pids is None:  # else the end of its first process was that of all in its PID namespace
            _kill_descendants()
        self.child = None
        return {"code": os.waitstatus_to_exitcode(self.status), "too_much": self.too_much}


def _processes():
    """Numbers of all processes that can be seen, but this one."""
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return []


def _pages_in_memory(pid):
    try:
        return room.pages(f"/proc/{pid}/statm")[1]
    except (OSError, ValueError):  # it has just ended
        return 0


def _kill_descendants():
    """Without a PID namespace: orphans come to this process, so it kills its children until it has none."""
    for _ in range(1000):
        children = [pid for pid in _processes() if _parent(pid) == os.getpid()]
        for pid in children:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if not children:
            return
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)


def _parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0
