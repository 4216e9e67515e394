"""Orders carried out by the workers of a dask.distributed scheduler: other machines, no shared folder.

Every worker needs the same version of the course, Python and numpy, and a jail of its own.
"""

import threading
from contextlib import contextmanager

from vgcourse.grading.engine.errors import EngineError
from vgcourse.grading.engine.executors import TRIES, given_up, set_aside
from vgcourse.grading.engine.orders import environment
from vgcourse.grading.engine.scoring import grade
from vgcourse.grading.jail import JailError, Worker

PATIENCE = 30  # seconds for a scheduler to answer, and for its first worker


class Dask:
    """The workers of the scheduler at an address, "tcp://10.0.0.1:8786"."""

    def __init__(self, address, jail=None):
        self.address, self.jail = address, jail

    def __enter__(self):
        from distributed import Client

        try:
            self.client = Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise EngineError(
                f"no scheduler answers at {self.address}: start one with `dask scheduler`."
            ) from error
        try:
            self.client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            self.client.close()
            raise EngineError(
                f"the scheduler at {self.address} has no workers: start some, `dask worker {self.address}`."
            ) from error
        self.client.run_on_scheduler(_allow_deaths, TRIES - 1)
        return self

    def __exit__(self, *exception):
        try:
            self.client.run(close_workers)
        except Exception:  # those that are gone need no closing
            pass
        self.client.close()

    def graded(self, orders):
        """Yield the Graded of every order, as they come."""
        from distributed import as_completed

        fresh, given, tries = iter(orders), {}, {}
        finished = as_completed(loop=self.client.loop)

        def give(order):
            tries[order.key] = tries.get(order.key, 0) + 1
            future = self.client.submit(carry_out, order, self.jail, pure=False)
            given[future.key] = order
            finished.add(future)

        def fill():
            while len(given) < max(1, self._places()) and (order := next(fresh, None)):
                give(order)

        fill()
        for future in finished:
            order = given.pop(future.key)
            final = given_up(self._result(future, order), tries[order.key])
            if final is None:
                give(order)
            fill()
            if final:
                yield final

    def _places(self):
        """How many orders are carried out at once: none waits at a worker, to be lost with it."""
        return sum(self.client.nthreads().values())

    def _result(self, future, order):
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker:
            return set_aside(order.key, f"{TRIES} workers died over it")
        except (JailError, WrongEnvironment) as error:
            raise EngineError(str(error)) from error
        except Exception as error:
            raise EngineError(
                f"the workers of {self.address} cannot grade ({type(error).__name__}: {error}); is the "
                "course installed where they run?"
            ) from error


class WrongEnvironment(Exception):
    """A worker has another version of the course than the one who asks."""


def carry_out(order, jail):
    """One order, on a worker."""
    if order.environment != environment():
        import socket

        raise WrongEnvironment(
            f"the worker on {socket.gethostname()} has another version of the course, of Python or of numpy: "
            "install the same there."
        )
    with _borrowed(jail) as worker:
        return grade(order, worker)


_idle, _lock = {}, threading.Lock()  # Workers that stay warm between two orders, by their jail


@contextmanager
def _borrowed(jail):
    with _lock:
        free = _idle.setdefault(jail, [])
        worker = free.pop() if free else None
    worker = worker or Worker(jail).__enter__()
    try:
        yield worker
    except BaseException:
        worker.close()
        raise
    with _lock:
        _idle.setdefault(jail, []).append(worker)


def close_workers():
    """End the warm Workers of this process."""
    with _lock:
        workers = [worker for free in _idle.values() for worker in free]
        _idle.clear()
    for worker in workers:
        worker.close()


def _allow_deaths(number, dask_scheduler=None):
    """How many workers may die over one task before it is given up."""
    dask_scheduler.allowed_failures = number
