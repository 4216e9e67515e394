"""Every speed and memory goal in one table: ours, torch where it is installed, the bare matrix products.

Ratios are of medians taken in turns on one thread; they hold to about 15 % on a quiet machine. Writes
benchmarks/results/bench.json and bench.png. It fails nothing: read the ✗. `--only class` grades a large class
in all sets; it writes class.json, class.png, and class.txt: every grade that is not exact.
"""

import argparse
import json
import platform
from pathlib import Path

import sequence_speed  # first: it pins the threads
from _measure import torch

import matplotlib  # isort: skip
import numpy as np  # isort: skip
import check_speed  # isort: skip
import grading_speed  # isort: skip
import other_goals  # isort: skip

RESULTS = Path(__file__).parent / "results"


def show(line):
    """Print one row, and give it back."""
    value = "" if line.value is None else f"{line.value:8.2f} {line.unit}"
    goal = "" if line.goal is None else f"{'≥' if line.at_least else '≤'} {line.goal:g}"
    print(f"{line.what:66s} {value:31s} {goal:7s} {line.verdict:1s}  {line.note}", flush=True)
    return line


def draw(times, path):
    """Speed against torch and time against the products, a bar for each cell, precision and shape."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 0.26 * len(times) + 1.2), sharey=True)
    labels = [f"{t.cell} {t.dtype} {t.shape}" for t in times]
    colours = [{"rnn": "#0072b2", "gru": "#e69f00", "lstm": "#009e73"}[t.cell] for t in times]
    if times[0].torch:
        left.barh(labels, [t.torch / t.ours for t in times], color=colours)
        goals = [sequence_speed.torch_goal(t.cell, t.dtype, t.shape) for t in times]
        left.plot(goals, labels, "k|", markersize=9)
    right.barh(labels, [t.ours / t.floor for t in times], color=colours)
    middle = [t for t in times if t.shape in sequence_speed.MIDDLE]
    at = [f"{t.cell} {t.dtype} {t.shape}" for t in middle]
    right.plot([sequence_speed.FLOOR_GOALS[t.cell] for t in middle], at, "k|", markersize=9)
    left.set(xscale="log", xlabel="speed / torch's speed (right of the mark is good)")
    right.set(xlabel="time / time of the bare products (left is good)")
    left.invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each comparison (default 7)")
    parser.add_argument(
        "--only", choices=["sequences", "others", "class"], help="a part of the table, or a class of 2,000"
    )
    parser.add_argument("--students", type=int, default=2000, help="in that class (default 2000)")
    parser.add_argument(
        "--cells", nargs="+", choices=sequence_speed.GATES, default=list(sequence_speed.GATES)
    )
    options = parser.parse_args()
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    versions["torch"] = torch().__version__ if torch() else "not installed"
    threads = "" if options.only == "class" else "one thread; "
    print(threads + ", ".join(f"{name} {version}" for name, version in versions.items()), flush=True)

    rows, times = [], []
    if options.only == "class":
        import grading_class  # it needs all that tests need

        rows += [show(line) for line in grading_class.grading(options.students)]
    if options.only in (None, "sequences"):
        for found in sequence_speed.measure(options.rounds, options.cells):
            times.append(found)
            rows += [show(line) for line in sequence_speed.lines(found)]
    if options.only in (None, "others"):
        for part in (
            other_goals.memory,
            other_goals.gradient_check,
            other_goals.diagnostics,
            other_goals.imports,
            check_speed.checks,
            grading_speed.grading,
        ):
            rows += [show(line) for line in part(options.rounds)]
    missed = [line for line in rows if line.verdict == "✗"]
    print(f"{sum(line.verdict == '✓' for line in rows)} goals met, {len(missed)} missed")
    for line in missed:
        show(line)

    RESULTS.mkdir(exist_ok=True)
    of = "students" if options.only == "class" else "rounds"
    document = {"versions": versions, of: getattr(options, of)}
    document["lines"] = [line._asdict() | {"verdict": line.verdict} for line in rows]
    document["seconds"] = [t._asdict() for t in times]
    written = "class.json" if options.only == "class" else "bench.json"
    (RESULTS / written).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    if times:
        draw(times, RESULTS / "bench.png")
    print(f"written: {RESULTS.name}/{written}" + (" and bench.png" if times else ""))


if __name__ == "__main__":
    main()
