"""Who carries out orders: this process, or several. `graded(orders)` yields what comes of them, as it comes.

Orders are taken from the iterator when somebody is free, so that few are in memory. A process that dies loses
no order: it is tried again, and set aside when it was in a process that died twice.
"""

import collections
import contextlib
import multiprocessing
import os
import signal
import sys
from multiprocessing import connection, resource_tracker
from time import monotonic

from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.scoring import SET_ASIDE, Graded, grade
from vgcourse.grading.jail import JailError, Worker

TRIES = 2
SPARE = 120.0  # seconds over an order's own limit, after which its process is taken for dead


def set_aside(key, why):
    """The Graded of an order that nobody could carry out."""
    return Graded(key, SET_ASIDE, notes=(why,))


def given_up(graded, tries):
    """None where an order should be tried again, else what is final."""
    if graded.status != "jail failed":
        return graded
    return None if tries < TRIES else graded._replace(status=SET_ASIDE)


class InProcess:
    """One order after the other, here."""

    def __init__(self, jail=None):
        self.jail = jail

    def __enter__(self):
        try:
            self.worker = Worker(self.jail).__enter__()
        except JailError as error:
            raise EngineError(str(error)) from error
        return self

    def __exit__(self, *exception):
        self.worker.close()

    def graded(self, orders):
        """Yield the Graded of every order."""
        for order in orders:
            for tries in range(1, TRIES + 1):
                if final := given_up(grade(order, self.worker), tries):
                    break
            yield final


class Processes:
    """So many processes, each with a jail of its own and one order at a time."""

    def __init__(self, number, jail=None):
        self.number, self.jail = number, jail

    def __enter__(self):
        os.environ.setdefault(
            "OPENBLAS_NUM_THREADS", "1"
        )  # inherited: as many threads as processes, not more
        self.members = [_Member(self.jail) for _ in range(self.number)]
        return self

    def __exit__(self, *exception):
        for member in self.members:
            member.hurry()
        for member in self.members:
            member.stop()

    def graded(self, orders):
        """Yield the Graded of every order, as they come."""
        fresh, again, tries = iter(orders), collections.deque(), collections.Counter()

        def fill():
            for member in self.members:
                if member.order is None and (order := again.popleft() if again else next(fresh, None)):
                    tries[order.key] += 1
                    member.take(order)

        fill()
        while busy := [member for member in self.members if member.order is not None]:
            for member in _ready(busy):
                order, result = member.order, member.result()
                if result is None:
                    self.members[self.members.index(member)] = _Member(self.jail)
                    result = Graded(order.key, "jail failed", notes=("the process that graded it died",))
                final = given_up(result, tries[order.key])
                if final is None:
                    again.append(order)
                fill()  # first, so that nobody waits while what came is written
                if final:
                    yield final


def _ready(busy):
    """Those who have answered, died, or hang."""
    soonest = min(member.deadline for member in busy)
    ready = connection.wait([member.pipe for member in busy], timeout=max(0.0, soonest - monotonic()))
    return [member for member in busy if member.pipe in ready or monotonic() > member.deadline]


class _Member:
    """One process, started with its first order, and the order that it has, if any."""

    def __init__(self, jail):
        self.jail, self.process = jail, None
        self.order, self.deadline = None, 0.0

    def _start(self):
        context = multiprocessing.get_context("spawn")  # nothing of the gradebook is in it
        self.pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.jail), daemon=True)
        if os.name == "posix":
            resource_tracker.ensure_running()  # it lets SIGINT through where it starts
        with _held(signal.SIGINT):  # Ctrl-C is for the one who starts it, also while it starts
            process.start()
            self.process = process
        theirs.close()

    def take(self, order):
        """Give it an order; one that is dead already shows it in `result`."""
        if self.process is None:
            self._start()
        self.order, self.deadline = order, monotonic() + order.limits.seconds + SPARE
        try:
            self.pipe.send(order)
        except OSError:
            pass

    def result(self):
        """The Graded of its order, None if it died over it."""
        self.order = None
        try:
            answer = self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            answer = None
        if answer is None:
            self.process.kill()
            self.process.join()
        if isinstance(answer, JailError):
            raise EngineError(str(answer)) from answer
        return answer

    def hurry(self):
        """Tell it that nobody waits any more: one at work leaves that, any other ends by itself."""
        if self.process is None:
            return
        if self.order is not None:
            self.process.terminate()  # first: it is not to come while the closed pipe makes it clear away
        self.pipe.close()

    def stop(self):
        """See to it that it has ended."""
        if self.process is None:
            return
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(pipe, jail):
    """The life of one process: orders come through the pipe until it is closed."""
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(os, "setsid"):
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # which its jails may need
    try:
        with Worker(jail) as worker:
            while True:
                pipe.send(grade(pipe.recv(), worker))
    except JailError as error:
        pipe.send(error)
    except (EOFError, OSError):  # nobody is at the other end any more
        pass


def _leave(number, frame):
    """Through all that has to be cleared away, which nothing interrupts.

    What is started meanwhile would inherit SIG_IGN, but no function.
    """
    signal.signal(number, lambda *_: None)
    sys.exit()


@contextlib.contextmanager
def _held(number):
    """Whoever is started in here does not get this signal until it asks for it; this process, afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
