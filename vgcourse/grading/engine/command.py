"""`vgcourse grade ps1`: what an instructor types."""

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

UNSAFE = (
    "NO JAIL (--unsafe): students' code runs with your rights. It can read and change what you can: other "
    "submissions, the solutions, the gradebook, your files."
)


def add_to(commands):
    """Register it with argparse's subparsers."""
    grade = commands.add_parser(
        "grade", help="grade a class on all cores or several machines, students' code in a jail"
    )
    grade.add_argument("assignments", nargs="+", metavar="assignment", help="such as ps1")
    grade.add_argument(
        "--processes", type=int, metavar="N", help="how many at once (default: one for each core)"
    )
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="of dask.distributed, such as tcp://10.0.0.1:8786"
    )
    jail = grade.add_mutually_exclusive_group()
    jail.add_argument(
        "--jail", choices=["namespaces", "bubblewrap", "container"], help="default: the best here"
    )
    jail.add_argument(
        "--unsafe", action="store_true", help="without any jail: students' code has your rights"
    )
    grade.add_argument("--again", action="store_true", help="grade also what is graded already")
    grade.add_argument("--student", metavar="ID", help="grade this one alone")
    grade.add_argument(
        "--secret", type=Path, metavar="FILE", help="draw the inputs from it; default: new ones"
    )
    grade.add_argument("--db", metavar="URL", help="another gradebook, such as postgresql://…")
    grade.set_defaults(run=run)


def run(arguments):
    """Grade; 0 fine, 1 something could not be graded, 2 it could not run."""
    from vgcourse.grading.course import course_root
    from vgcourse.grading.engine.assignment import read_course
    from vgcourse.grading.engine.errors import EngineError
    from vgcourse.grading.term import complain
    from vgcourse.grading.variant import SecretError, read_secret

    try:
        if arguments.processes is not None and arguments.processes < 1:
            raise EngineError(f"--processes is {arguments.processes}; expected at least 1.")
        secret = read_secret(arguments.secret) if arguments.secret else None
        jail = _jail(arguments)
        if arguments.unsafe:
            print(f"vgcourse grade: {UNSAFE}", file=sys.stderr)
        failed = 0
        course = read_course(course_root(), arguments.db)
        with _as_by_ctrl_c(), _executor(arguments, jail) as executor:
            for assignment in dict.fromkeys(arguments.assignments):
                failed += _grade(course, assignment, executor, jail, secret, arguments)
    except (EngineError, SecretError, OSError) as error:
        return complain("grade", error)
    return 1 if failed else 0


def _jail(arguments):
    """The name of the jail; with a scheduler the workers choose the best that they have, unless told."""
    from vgcourse.grading.engine.errors import EngineError
    from vgcourse.grading.jail import JailError, Worker

    if arguments.unsafe:
        return "none"
    if arguments.jail or arguments.scheduler:
        return arguments.jail
    try:
        return Worker().jail  # it tries no other where the first one works
    except JailError as error:
        raise EngineError(f"{str(error).rstrip('.')}. --unsafe grades without one.") from error


def _executor(arguments, jail):
    from vgcourse.grading.engine.executors import InProcess, Processes

    if arguments.scheduler:
        from vgcourse.grading.engine.on_dask import Dask

        return Dask(arguments.scheduler, jail)
    number = arguments.processes or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0])
    return Processes(number, jail) if number > 1 else InProcess(jail)


@contextlib.contextmanager
def _as_by_ctrl_c():
    """What ends a job of a batch system, and what a closed terminal sends, stop a run as Ctrl-C does.

    After the first of them no other is heard: it would interrupt what clears away.
    """
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    usual = signal.SIG_DFL, signal.default_int_handler  # with nohup it is another one, which stays
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) in usual}
    if threading.current_thread() is not threading.main_thread():
        before = {}

    def stop(number, frame):
        for one in before:
            signal.signal(one, lambda *_: None)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _grade(course, name, executor, jail, secret, arguments):
    """One assignment; how many of its students could not be graded."""
    from rich.console import Console

    from vgcourse.grading.engine.assignment import read_assignment
    from vgcourse.grading.engine.gradebook import opened
    from vgcourse.grading.engine.kept import RunFolder
    from vgcourse.grading.engine.running import FAILED, Run
    from vgcourse.grading.rows import in_words

    console = Console(highlight=False)
    with opened(course) as gradebook:
        assignment = read_assignment(gradebook, course, name)
        with RunFolder(course.root, name) as folder, _progress(console, name) as progress:
            run = Run(
                course, assignment, gradebook, folder, executor, jail,
                secret=secret, again=arguments.again, only=arguments.student, progress=progress,
            )  # fmt: skip
            summary = run.go()
    for sentence in summary.changes:
        console.print(sentence, markup=False)
    for student, entry in run.outcome["students"].items():
        if entry["status"] in FAILED and arguments.student in (None, student):
            console.print(f"{student}: {entry['status']}: {in_words(entry['why'])}", markup=False)
    console.print(in_one_line(summary), markup=False, soft_wrap=True)
    return summary.failed


def in_one_line(summary):
    """How many, how long, in which jail."""
    counts = ", ".join(f"{number} {status}" for status, number in summary.counts.items())
    counts = counts or "nobody is enrolled (vgcourse roster LIST.csv)"
    jail = {"none": "NO JAIL", None: "the workers' jails"}.get(summary.jail, f"jail: {summary.jail}")
    return f"{summary.assignment}: {counts}; {summary.fresh} graded now in {summary.seconds:.1f} s ({jail})."


@contextlib.contextmanager
def _progress(console, name):
    """A bar with the time that is left; gives the function that moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, all_of_them: bar.update(task, completed=done, total=all_of_them)
