"""What goes into a jail and what comes out of it: plain data, and nothing that decides about points."""

from typing import NamedTuple

# Wanted after a task's visible answers: those to its fresh inputs too, the next task's, no more of this ask.
FRESH, NEXT, NO_MORE = "fresh", "next", "no more"


class Limits(NamedTuple):
    """What one submission may take; more of it costs the part that took it, not the submission.

    Attributes
    ----------
    seconds : one submission, all of it
    cell_seconds : one cell of the student's
    check_seconds : the calls of one check
    memory : bytes of address space, over what the warm parent holds
    processes : processes and threads at once
    output : characters that one cell may show
    file_size : bytes of one file, and of all files together
    restarts : how many processes a submission may lose
    """

    seconds: float = 60.0
    cell_seconds: float = 10.0
    check_seconds: float = 30.0
    memory: int = 2 << 30
    processes: int = 64
    output: int = 100_000
    file_size: int = 64 << 20
    restarts: int = 6


class Cell(NamedTuple):
    """One code cell. A check's `asks` are pairs (problem, name in the student's namespace).

    The source of a cell that asks is not run: what a check needs does not come from the student's names.
    """

    source: str
    asks: tuple = ()


class Job(NamedTuple):
    """All that a worker sees of a submission.

    Attributes
    ----------
    key : digest of everything that the result depends on
    assignment : "ps1"; with `rooms`, which warm parent is forked
    cells : Cells, the notebook's code cells in order
    tasks : problem -> tuple of `collect.Task`, one for each seed; where the inputs are always the
        same, one
    rooms : modules of vgcourse that exist in the jail: "activations", "plotting", …
    files : name -> bytes, what lies beside the notebook
    limits : Limits
    """

    key: str
    assignment: str
    cells: tuple
    tasks: dict
    rooms: tuple
    files: dict
    limits: Limits = Limits()


class CellDone(NamedTuple):
    """What one cell showed.

    `outputs` are nbformat outputs as plain dicts; `state` is "ran", "raised", "timed out", "died", "not run".
    """

    outputs: tuple = ()
    seconds: float = 0.0
    state: str = "not run"


class Done(NamedTuple):
    """What a submission did. Never an exception.

    Attributes
    ----------
    key : the job's
    status : "finished", "partly" (something timed out or died) or "jail failed" (the worker's fault: try
        elsewhere)
    cells : a CellDone for each Cell
    answers : (cell index, ask index, task index) -> bytes of `collect.Answers` to the visible cases; what did
        not come is absent
    fresh : the same for the fresh inputs, where somebody needed them
    absent : (cell index, ask index) -> a sentence that says why
    seconds : the wall clock's, for all of it
    jail : "namespaces", "bubblewrap", "container" or "none"
    notes : sentences for the report: limits that were hit, processes that were killed
    """

    key: str
    status: str
    cells: tuple
    answers: dict[tuple[int, int, int], bytes]
    fresh: dict[tuple[int, int, int], bytes]
    absent: dict[tuple[int, int], str]
    seconds: float
    jail: str
    notes: tuple[str, ...] = ()
