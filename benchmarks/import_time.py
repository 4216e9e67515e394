"""What `import vgcourse` costs beyond numpy: fresh processes, taken in turns, medians.

The design allows 30 ms on top of numpy's own import.
"""

import argparse
import statistics
import subprocess
import sys

STATEMENTS = {
    "numpy": "import numpy",
    "numpy and vgcourse": "import numpy, vgcourse",
    "the same and vgcourse.layers": "import numpy, vgcourse; vgcourse.layers",
    "the same and vgcourse.plotting": "import numpy, vgcourse; vgcourse.layers, vgcourse.plotting",
}


def milliseconds(statement):
    """Time one statement in a process of its own, without the start of Python."""
    code = f"from time import perf_counter as t; a = t(); {statement}; print(1e3 * (t() - a))"
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def medians(rounds):
    """Median milliseconds of every statement."""
    times = {name: [] for name in STATEMENTS}
    # in turns, so that a busy moment hits every row; the first round fills the caches
    for _ in range(rounds + 1):
        for name, statement in STATEMENTS.items():
            times[name].append(milliseconds(statement))
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def main():
    """Print a table of medians and the difference to numpy alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="processes for each row (default 15)")
    found = medians(parser.parse_args().rounds)
    print(f"{'import':32s} {'median ms':>9s} {'more than numpy':>16s}")
    for name, median in found.items():
        print(f"{name:32s} {median:9.1f} {median - found['numpy']:16.1f}")


if __name__ == "__main__":
    main()
