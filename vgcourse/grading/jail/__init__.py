"""Run what students hand in where it can hurt nobody.

>>> with Worker() as worker:        # doctest: +SKIP
...     done = worker.run(job)

A worker starts a warm parent for each set (`inside/template.py`), which forks a child for each submission;
the child enters a room without files, network and rights (`inside/room.py`) before it runs anything. The
worker says what to run, cell by cell, and its clock decides. What comes back are bytes.
"""

from vgcourse.grading.jail.available import jails
from vgcourse.grading.jail.jobs import FRESH, NEXT, NO_MORE, Cell, CellDone, Done, Job, Limits
from vgcourse.grading.jail.kinds import JailError
from vgcourse.grading.jail.worker import Worker

__all__ = [
    "FRESH",
    "NEXT",
    "NO_MORE",
    "Cell",
    "CellDone",
    "Done",
    "JailError",
    "Job",
    "Limits",
    "Worker",
    "jails",
]
