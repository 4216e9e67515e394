"""Functions that do not come back are stopped, in the main thread and elsewhere, and nothing else is."""

import signal
import threading
import time

import pytest

from vgcourse.check import check
from vgcourse.collect import collecting, limit
from vgcourse.collect.call import call
from vgcourse.collect.limit import TimeLimit, own_time, run_limited

LIMIT = 0.2


def endless(x):
    while True:
        pass


def swallowing(x):
    while True:
        try:
            x += 1
        except BaseException:
            pass


def generating(x):
    return sum(1 for _ in iter(int, 1))


def in_thread(fn, *args):
    """The result of fn in another thread, as where there are no alarms."""
    out = []
    thread = threading.Thread(target=lambda: out.append(fn(*args)))
    thread.start()
    thread.join(20)
    assert out, "the thread hangs"
    return out[0]


@pytest.mark.parametrize("where", [lambda fn, *a: fn(*a), in_thread], ids=["main thread", "other thread"])
@pytest.mark.parametrize("fn", [endless, swallowing, generating], ids=lambda fn: fn.__name__)
def test_endless_loop_is_stopped(fn, where):
    outcome = where(call, fn, (1.0,), LIMIT)
    assert outcome.timed_out
    assert outcome.error.startswith("Stopped after 0.2 s: is there a loop that never ends? It was in line ")


def test_sleep_is_interrupted():
    start = time.perf_counter()
    assert call(lambda x: time.sleep(60), (1.0,), LIMIT).timed_out
    assert time.perf_counter() - start < 30


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs alarms")
def test_waiting_for_a_processor_is_not_counted(monkeypatch):
    monkeypatch.setattr(limit, "own_time", lambda: time.perf_counter() / 2)  # others have it half of the time
    start = time.perf_counter()
    assert call(endless, (1.0,), LIMIT).timed_out
    assert time.perf_counter() - start >= 2 * LIMIT


def test_own_time_lies_between_work_and_the_wall_clock():
    wall, own, work = time.perf_counter(), own_time(), time.thread_time()
    while time.thread_time() - work < 0.2:
        pass
    own, wall = own_time() - own, time.perf_counter() - wall
    assert 0.19 < own <= wall


@pytest.mark.parametrize("where", [lambda fn, *a: fn(*a), in_thread], ids=["main thread", "other thread"])
def test_what_comes_back_in_time_is_untouched(where):
    assert where(run_limited, lambda x: x + 1, (1.0,), 5.0) == 2.0
    outcome = where(call, lambda x: 1 / 0, (1.0,), 5.0)
    assert not outcome.timed_out and outcome.error.startswith("ZeroDivisionError")


def test_time_after_the_call_is_not_counted():
    for _ in range(20):
        run_limited(lambda: None, (), 0.01)
    time.sleep(0.05)  # an alarm left over would go off here


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs alarms")
def test_alarm_of_the_notebook_is_put_back():
    def mine(signum, frame):
        pass

    old = signal.signal(signal.SIGALRM, mine)
    try:
        signal.setitimer(signal.ITIMER_REAL, 100)
        run_limited(lambda: None, (), 1.0)
        assert signal.getsignal(signal.SIGALRM) is mine
        assert 90 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def test_limit_is_no_exception():
    """`except Exception` of a learner must not catch it."""
    assert not issubclass(TimeLimit, Exception)


def test_check_stops_at_the_first_endless_case(monkeypatch, capsys):
    monkeypatch.setattr(collecting, "SECONDS", LIMIT)
    calls = []

    def linear_backward(dz, x, W):
        calls.append(1)
        while True:
            pass

    assert check("ps1.linear_backward", linear_backward) == 0
    out = capsys.readouterr().out
    assert len(calls) == 1 and "is there a loop that never ends? It was in line" in out


def test_where_nothing_can_stop_it_a_check_runs_without_a_limit(monkeypatch, capsys):
    """A browser has neither alarms nor threads."""

    def no_thread(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.delattr(signal, "setitimer")
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    assert check("start.slope_of_square", lambda z: 2 * z) == 1
    assert check("start.slope_of_square", lambda z: 1 / 0) == 0
    assert "ZeroDivisionError" in capsys.readouterr().out
