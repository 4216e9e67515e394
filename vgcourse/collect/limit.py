"""Stop a function that does not come back, also inside a notebook, without losing the kernel.

On Linux and macOS an alarm interrupts the main thread; elsewhere a second thread plants an exception.
Both repeat until they get through: a loop with `except:` in it swallows the first ones. A single call into
compiled code (one huge matrix product) is only stopped when it returns. Where there are neither alarms nor
threads, as in a browser, a function runs without a limit.
"""

import ctypes
import signal
import sys
import threading
from contextlib import contextmanager
from time import perf_counter

AGAIN = 0.02  # seconds between two attempts


class TimeLimit(BaseException):
    """The time is over. Not an Exception: `except Exception` in a learner's loop must not catch it."""


def own_time():
    """A clock that stands still while this thread is ready to run and others have the processors.

    A right answer is not too slow because the machine is busy. Where the system does not tell how long a
    thread has waited (all but Linux), this is the wall clock.
    """
    try:
        with open("/proc/thread-self/schedstat", "rb") as file:
            waited = int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        waited = 0.0
    return perf_counter() - waited


def run_limited(fn, args, seconds):
    """fn(*args), or TimeLimit after `seconds`: of `own_time`, or the wall clock's where there is no alarm."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    limit = _alarm if in_main_thread and hasattr(signal, "setitimer") else _planted
    results = []
    try:
        with limit(seconds):
            results.append(_inside(fn, args))
    except TimeLimit:
        if not results:  # else it came back just in time
            raise
    return results[0]


def _inside(fn, args):
    """Whatever runs above this frame is the learner's and may be interrupted."""
    return fn(*args)


@contextmanager
def _alarm(seconds):
    end = own_time() + seconds

    def ring(signum, frame):
        if _is_inside(frame) and own_time() >= end:
            raise TimeLimit

    handler = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)


def _is_inside(frame):
    while frame is not None:
        if frame.f_code is _inside.__code__:
            return False
        if frame.f_back is not None and frame.f_back.f_code is _inside.__code__:
            return True
        frame = frame.f_back
    return False


@contextmanager
def _planted(seconds):
    thread, done = threading.get_ident(), threading.Event()

    def plant():
        wait = seconds
        while not done.wait(wait):
            if _is_inside(sys._current_frames().get(thread)):
                _plant(thread, TimeLimit)
            wait = AGAIN

    watcher = threading.Thread(target=plant, daemon=True)
    try:
        watcher.start()
    except RuntimeError:  # can't start new thread
        yield
        return
    try:
        yield
    finally:
        while watcher.is_alive() or not done.is_set():
            try:  # one that was planted may go off at any line of this
                done.set()
                watcher.join()
                _plant(thread, None)
            except TimeLimit:
                pass


def _plant(thread, error):
    """Raise `error` in another thread when it next runs a line; None takes it back."""
    planted = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), planted)
