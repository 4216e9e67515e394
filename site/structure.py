"""Draw the rooms of the library as floors, with an arrow for every import from one room to another.

    python site/structure.py structure.png

The table and the reading of imports are those of tests/test_imports.py, which holds that all arrows go down.
"""

import sys
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from test_imports import FLOORS, MODULES, code_lines, dotted, imported_modules  # noqa: E402

from vgcourse.plotting import BLUE, GREY, use_style  # noqa: E402


def rooms():
    """{room: lines of code} and {(room, imported room): number of imports}."""
    size, arrows = defaultdict(int), defaultdict(int)
    for path in MODULES:
        room = dotted(path).split(".")[1]
        size[room] += code_lines(path)
        for module in imported_modules(path):
            target = module.split(".")[1] if module.startswith("vgcourse.") else room
            if target != room:
                arrows[room, target] += 1
    return size, arrows


def draw(file):
    use_style()
    size, arrows = rooms()
    place = {}
    for height, names in enumerate(FLOORS.values()):
        row = names.split()
        for i, name in enumerate(row):
            place[name] = (10 * (i + 1) / (len(row) + 1), height)
    fig, ax = plt.subplots(figsize=(9, 6))
    ax.set_axis_off()
    ax.set(xlim=(0, 10), ylim=(-0.5, len(FLOORS) - 0.5))
    for (above, below), count in sorted(arrows.items()):
        if above in place and below in place:
            style = {"arrowstyle": "-|>", "color": GREY, "lw": 0.5 + 0.15 * min(count, 12), "alpha": 0.7,
                     "shrinkA": 16, "shrinkB": 16, "connectionstyle": "arc3,rad=0.08"}  # fmt: skip
            ax.annotate("", place[below], place[above], arrowprops=style, zorder=1)
    for name, (x, y) in place.items():
        look = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": BLUE}
        ax.text(x, y, f"{name}\n{size[name]}", ha="center", va="center", fontsize=8.5, bbox=look, zorder=2)
    fig.savefig(file, dpi=110)


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else "structure.png")
