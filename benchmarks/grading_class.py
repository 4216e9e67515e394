"""A whole class in all eight sets by one `vgcourse grade`: time, memory, and whether every total is exact.

The class is made up (class_answers, class_hand_ins): right, wrong and unfinished answers, accidents, hostile
code. What each hand-in has to earn is found by `check`, outside of any jail and of any run, once for each
different answer; then it is compared with the gradebook. Writes benchmarks/results/class.png and class.txt.
"""

from _measure import Line  # first: it pins the threads

import argparse  # isort: skip
import collections  # isort: skip
import contextlib  # isort: skip
import ctypes  # isort: skip
import itertools  # isort: skip
import json  # isort: skip
import os  # isort: skip
import shutil  # isort: skip
import sqlite3  # isort: skip
import tempfile  # isort: skip
from concurrent.futures import ProcessPoolExecutor  # isort: skip
from pathlib import Path  # isort: skip
from time import sleep  # isort: skip

from class_answers import ROOT, problem_set, worth  # isort: skip
import numpy as np  # isort: skip
from class_hand_ins import Expected, hand_ins, spoilers  # isort: skip
from grading_speed import run  # isort: skip

from vgcourse.grading.outcome import outcome_of
from vgcourse.grading.variant import private, read_secret

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
SETS = tuple(f"ps{number}" for number in range(1, 9))
FULL, SEED = 2000, 2026
ORPHANS_ARE_OURS = 36  # prctl's PR_SET_CHILD_SUBREAPER
GRADES = """
    SELECT submitted_assignment.student_id, assignment.name, base_cell.name, grade.auto_score
    FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
"""


def make_class(root, sets, number):
    """A course with so many students in it.

    Returns
    -------
    {(student, set): Expected}
    """
    shutil.copy(ROOT / "nbgrader_config.py", root)
    for name in sets:
        shutil.copytree(ROOT / "solutions" / name, root / "solutions" / name)
        run(root, "-m", "nbgrader", "generate_assignment", name, "--create")
    students = [f"s{i:04}" for i in range(number)]
    (root / "list.csv").write_text("\n".join(["id,last name", *(f"{s},{s}" for s in students)]))
    run(root, "-m", "vgcourse.cli", "roster", "list.csv")
    rng = np.random.default_rng(SEED)
    skills, in_turn, expected = rng.beta(5, 2, number), spoilers(), {}
    for name in sets:
        for one in hand_ins(problem_set(name), students, skills, rng, *in_turn):
            one.write(root / "submitted")
            expected[one.student, name] = Expected(one.kind, one.counts, one.status)
    return expected


def left_behind():
    """Ids of the processes that are still there ten seconds after all has ended."""
    for _ in range(100):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        left = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        if not left:
            break
        sleep(0.1)
    return left


def grade(root, sets, processes):
    """Grade all sets.

    Returns
    -------
    processor seconds, wall seconds, what it printed, answers judged, how many of them from memory, the peak
    memory in MB of a process that judges, ids of processes that are left
    """
    ctypes.CDLL(None).prctl(ORPHANS_ARE_OURS, 1)
    counts = root / "counts"
    counts.mkdir(exist_ok=True)
    command = [str(HERE / "graded_apart.py"), "grade", *sets, "--secret", "secret"]
    command += ["--processes", str(processes)]
    spent, wall, said = run(root, *command, may_be=(0, 1), VGCOURSE_COUNTS=str(counts))
    left = left_behind()
    counted = [json.loads(file.read_text()) for file in counts.glob("*.json")]
    asked, remembered = (sum(one[key] for one in counted) for key in ("asked", "remembered"))
    return spent, wall, said, asked, remembered, max(one["peak"] for one in counted), left


def worths(root, expected, processes):
    """{(set, check, text): points} of all different answers, judged on the inputs that the class was."""
    different = {
        (name, check, text)
        for (_, name), one in expected.items()
        for check, text in one.counts.items()
        if text is not None
    }
    problems = {problem_set(name).asks[check][0].problem for name, check, _ in different}
    secret = read_secret(root / "secret")
    seeds = {problem: int(private(problem, "run", secret)) for problem in problems}
    asked = [(*one, seeds[problem_set(one[0]).asks[one[1]][0].problem]) for one in sorted(different)]
    with ProcessPoolExecutor(processes) as pool:
        points = pool.map(worth, *zip(*asked, strict=True), chunksize=16)
        return {one[:3]: value for one, value in zip(asked, points, strict=True)}


def differences(root, expected, worth_of):
    """Sentences on every grade and status that is not what it has to be; how many grades were compared."""
    graded, wrong, compared = collections.defaultdict(dict), [], 0
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book:
        for student, name, check, points in book.execute(GRADES):
            graded[student, name][check] = points
    outcomes = {name: outcome_of(root, name)["students"] for name in {name for _, name in expected}}
    for (student, name), one in expected.items():
        entry = outcomes[name].get(student, {"status": "not there"})
        who = f"{student} {name} ({one.kind}), {entry['status']} {entry.get('why', '')}"
        if entry["status"].replace("partly", "graded") != one.status:
            wrong.append(f"{who}: expected {one.status}")
        elif one.status == "graded":
            for check, text in one.counts.items():
                right = 0.0 if text is None else worth_of[name, check, text]
                found, compared = graded[student, name].get(check), compared + 1
                if found != right:
                    wrong.append(f"{who}: {check} {found}, expected {right}")
        elif graded[student, name]:
            wrong.append(f"{who}: grades in the gradebook")
    return wrong, compared


def times(root, expected):
    """{kind: {set: seconds of each submission}} on the wall clock, as the workers measured them."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for name in {name for _, name in expected}:
        for student, entry in outcome_of(root, name)["students"].items():
            if "seconds" in entry:
                found[expected[student, name].kind][name].append(entry["seconds"])
    return found


def draw(seconds, path):
    """Time of a submission by set, and by kind where it is hostile or an accident."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    by_set = sorted(seconds["ordinary"].items())
    by_kind = {k: [*itertools.chain(*of.values())] for k, of in seconds.items() if k != "ordinary"}
    by_kind = sorted(by_kind.items(), key=lambda item: -np.median(item[1]))
    size = (10, 0.19 * max(len(by_kind), 10) + 1)
    figure, axes = plt.subplots(1, 2, figsize=size, width_ratios=(2, 3), layout="constrained")
    for ax, groups in zip(axes, (by_set, by_kind), strict=True):
        style = {"flierprops": {"markersize": 2}, "whis": (5, 95), "widths": 0.6}
        ax.boxplot([of for _, of in groups], orientation="horizontal", **style)
        ax.set_yticks(range(1, len(groups) + 1), [name for name, _ in groups], fontsize=8)
        ax.invert_yaxis()
        ax.set(xscale="log" if groups else "linear", xlabel="seconds on the wall clock")
    axes[0].set_title("ordinary submissions, by set", fontsize=10)
    axes[1].set_title("accidents and hostile code, all sets", fontsize=10)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def lines(root, sets, number, processes):
    """Make the class, grade it, compare; yield the rows of the table, write the picture."""
    expected = make_class(root, sets, number)
    spent, wall, said, asked, remembered, peak, left = grade(root, sets, processes)
    handed_in = sum(one.status != "no submission" for one in expected.values())
    yield Line("submissions", handed_in, "", note=f"{number} students, {len(sets)} sets")
    yield Line("wall time", wall / 60, "min", note=f"{processes} processes")
    yield Line("processor time each", spent / handed_in, "s", 0.5)
    yield Line("peak memory of the coordinator", float(said.split("peak ")[1]), "MB", 500)
    yield Line("peak memory of a process that judges", peak, "MB")
    yield Line("answers judged from memory", 100 * remembered / asked, "%", note=f"of {asked:,}")
    yield Line("processes left behind", len(left), "", 0, note=" ".join(left))
    yield Line("gradebook", (root / "gradebook.db").stat().st_size / 1e6, "MB")
    seconds = times(root, expected)
    all_of_them = [
        (max(some), f"{kind}, {name}") for kind, of in seconds.items() for name, some in of.items()
    ]
    yield Line("longest submission, wall time", max(all_of_them)[0], "s", note=max(all_of_them)[1])
    draw(seconds, RESULTS / "class.png")
    spent, _, _ = run(root, "-m", "vgcourse.cli", "report", sets[0])
    size = (root / "report" / f"{sets[0]}.html").stat().st_size / 1e6
    yield Line(f"report of {sets[0]}, processor time", spent, "s", note=f"a page of {size:.1f} MB")
    worth_of = worths(root, expected, processes)
    wrong, compared = differences(root, expected, worth_of)
    (RESULTS / "class.txt").write_text("\n".join(wrong), encoding="utf-8")
    note = f"of {compared:,}; {len(worth_of):,} different answers"
    yield Line("grades that are not exact", len(wrong), "", 0, note=note)


def grading(students, sets=SETS, processes=None, folder=None):
    """Yield the rows of the table for a class; where a folder is given, the course stays there."""
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(folder or temporary)
        root.mkdir(parents=True, exist_ok=True)
        yield from lines(root, sets, students, processes or os.cpu_count())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=FULL, help=f"default {FULL}")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--processes", type=int, help="default: one for each core")
    parser.add_argument("--folder", type=Path, help="keep the course there")
    options = parser.parse_args()
    for line in grading(options.students, options.sets, options.processes, options.folder):
        print(f"{line.what:34s} {line.value:10.3f} {line.unit:3s} {line.verdict} {line.note}", flush=True)
