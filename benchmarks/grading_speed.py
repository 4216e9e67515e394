"""How long a class takes: `vgcourse grade` against plain nbgrader, on the same submissions of one set.

Processor seconds of each command with all that it starts; what a run costs at any size, and the first of each
kind, is taken off by a second, smaller class. `--full` grades a class of 2,000, ours alone.
"""

from _measure import Line  # first: it pins the threads

import argparse  # isort: skip
import contextlib  # isort: skip
import os  # isort: skip
import resource  # isort: skip
import shutil  # isort: skip
import subprocess  # isort: skip
import sys  # isort: skip
import tempfile  # isort: skip
from pathlib import Path  # isort: skip
from time import perf_counter  # isort: skip

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SET = "ps1"
CLASS, FEW, FULL = 18, 6, 2000  # submissions
PLAIN = """import os
c = get_config()
c.CourseDirectory.course_id = "vgcourse"
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
"""
MEASURED = """import sys
from vgcourse import cli
code = cli.main(sys.argv[1:])
print("peak", open("/proc/self/status").read().split("VmHWM:")[1].split()[0])  # getrusage's is inherited
sys.exit(code)
"""
FORGETFUL = (
    "from vgcourse.grading.engine import scoring\nscoring.REMEMBERED = -1\n"  # as if no two were alike
)


def run(root, *command, may_be=(0,), **environment):
    """(processor seconds, wall seconds, what it printed) of a command and all that it starts.

    It may end with one of the codes `may_be`.
    """
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": search, "JUPYTER_CONFIG_DIR": str(root / "none")}
    env |= environment
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, *command], cwd=root, env=env, capture_output=True, text=True, check=False
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter() - start
    if done.returncode not in may_be:
        raise SystemExit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, wall, done.stdout


@contextlib.contextmanager
def course(kinds, number):
    """A course in which so many students have handed in; `kinds` are notebooks, taken in turn."""
    import nbformat

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "solutions" / SET, root / "solutions" / SET)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        run(root, "-m", "nbgrader", "generate_assignment", SET, "--create")
        for i in range(number):
            notebook = nbformat.from_dict(kinds[i % len(kinds)])
            notebook.cells[-1].source += f"\n# {i}"  # nobody hands in the same
            path = root / "submitted" / f"s{i:04}" / SET / f"{SET}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(nbformat.writes(notebook), encoding="utf-8")
        yield root


def notebooks():
    """(a right one, those of a mixed class): the demo's samples for the set."""
    import nbformat

    from demo import ps1, samples

    solutions = nbformat.read(ROOT / "solutions" / SET / f"{SET}.ipynb", as_version=4)
    released = nbformat.read(ROOT / "exercises" / SET / f"{SET}.ipynb", as_version=4)
    right = samples.solved(released, solutions)
    others = [
        samples.fill(released, ps1.OtherWays),
        samples.fill(released, ps1.OtherWays, ps1.Batches),
        samples.fill(released, ps1.OtherWays, ps1.Signs),
        samples.fill(released, ps1.OtherWays, ps1.TwoPoints),
        samples.solved(released, solutions, parts=5),
    ]
    return right, [right, *others]


def ours(kinds, number, processes=1, before=""):
    """(processor seconds, wall seconds, peak memory of the coordinator in MB) for a class."""
    with course(kinds, number) as root:
        spent, wall, said = run(root, "-c", before + MEASURED, "grade", SET, "--processes", str(processes))
    return spent, wall, int(said.split("peak ")[1]) / 1024


def plain(kinds, number):
    """(processor seconds, wall seconds) of plain nbgrader for a class."""
    with course(kinds, number) as root:
        (root / "nbgrader_config.py").write_text(PLAIN)
        return run(root, "-m", "nbgrader", "autograde", SET)[:2]


def each(measured, kinds, number):
    """What one more submission costs, and all that was measured of the larger class."""
    few, many = measured(kinds, FEW), measured(kinds, number)
    return [(more - less) / (number - FEW) for more, less in zip(many, few, strict=True)], many


def grading(rounds, number=CLASS):
    """The goals; `rounds` is for the others' sake: a class is a round."""
    right, mixed = notebooks()
    (of_right, *_), _ = each(ours, [right], number)
    yield Line("grading, a right submission, processor time", of_right, "s", 0.12)
    (of_mixed, one, _), _ = each(ours, mixed, number)
    note = "six notebooks again and again: what is alike is judged once"
    yield Line("grading, a submission of a mixed class, processor time", of_mixed, "s", 0.5, note=note)
    (forgetful, *_), _ = each(lambda kinds, number: ours(kinds, number, 1, FORGETFUL), mixed, number)
    note = "the same, had nobody's numbers been judged before"
    yield Line("grading, a submission unlike all others, processor time", forgetful, "s", 0.5, note=note)
    (of_plain, *_), _ = each(plain, mixed, FEW + 3)
    note = f"{of_plain:.2f} s against {of_mixed:.2f} s"
    yield Line("grading, plain nbgrader's processor time / ours", of_plain / of_mixed, "×", 6, True, note)
    (_, two, _), (_, wall, peak) = each(lambda kinds, number: ours(kinds, number, 2), mixed, number)
    note = f"{one:.2f} s against {two:.2f} s"
    yield Line("grading, two processes against one, wall time", one / two, "×", 1.8, True, note)
    yield Line("grading, two processes, wall time of a run at any size", wall - number * two, "s")
    yield Line("grading, peak memory of the coordinator", peak, "MB", 500)


def full():
    """A class of 2,000 on all cores."""
    _, mixed = notebooks()
    spent, wall, peak = ours(mixed, FULL, os.cpu_count())
    yield Line(f"grading, a class of {FULL}, processor time each", spent / FULL, "s", 0.5)
    yield Line(f"grading, a class of {FULL}, wall time", wall / 60, "min", note=f"{os.cpu_count()} cores")
    yield Line(f"grading, a class of {FULL}, peak memory of the coordinator", peak, "MB", 500)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=CLASS)
    parser.add_argument("--full", action="store_true", help=f"a class of {FULL} instead")
    options = parser.parse_args()
    for line in full() if options.full else grading(1, options.submissions):
        print(f"{line.what:60s} {line.value:8.3f} {line.unit:3s} {line.verdict} {line.note}", flush=True)
