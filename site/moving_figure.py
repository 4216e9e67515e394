"""Draw the moving picture of the book's first page: python site/moving_figure.py

The gradient walks back through four nets of 30 layers, as in readme_figure.py, and a page says where it
arrives. The numbers are measured here; the movement is CSS in the SVG, runs once, in under five seconds, and not at
all where the reader's system asks for less motion.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from vgcourse import initializers, mlp, tasks  # noqa: E402

NETS = {
    "ReLU, √2 × He": ("relu", lambda shape, **kw: initializers.he(shape, gain=2**0.5, **kw), "too-large"),
    "ReLU, He": ("relu", initializers.he, "level"),
    "tanh, ±1/√n": ("tanh", initializers.uniform_fan_in, "shrinking"),
    "sigmoid, Glorot": ("sigmoid", initializers.glorot, "gone"),
}
LAYERS = 30
WIDTH, HEIGHT = 620, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 440, 20, 310  # of the axes
HIGHEST, LOWEST = 5, -19  # powers of ten


def measure():
    """{name: norm of the gradient in each layer / in the last one, walking back} for one draw of each net."""
    rng = np.random.default_rng(0)
    x, labels = tasks.digits()
    norms = {}
    for name, (activation, initializer, _) in NETS.items():
        params = mlp.mlp_init((64, *[100] * (LAYERS - 1), 10), rng=rng, initializer=initializer)
        _, deltas, _ = mlp.loss_and_gradient(params, x, labels, activation=activation)
        sizes = np.array([np.linalg.norm(delta) for delta in deltas[::-1]])
        norms[name] = sizes / sizes[0]
    return norms


def place(layer, power):
    """Pixels of a point: layers travelled to the right, powers of ten upwards."""
    x = LEFT + (RIGHT - LEFT) * layer / (LAYERS - 1)
    return round(x, 1), round(TOP + (BOTTOM - TOP) * (HIGHEST - power) / (HIGHEST - LOWEST), 1)


def words(value):
    """1.1·10⁻¹⁸, or 0.63 where no power is needed."""
    if 0.01 <= value < 100:
        return f"{value:.2g}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def svg(norms):
    """The picture as text, to be put into a page."""
    said = "; ".join(f"{name} {words(sizes[-1])}" for name, sizes in norms.items())
    parts = [
        f'<svg class="moving-figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="The gradient walks back through '
        f"four nets of {LAYERS} layers, on a log axis. Of its size in the last layer, the first one receives: {said}."
        '">'
    ]
    for power in range(0, LOWEST, -6):
        y = place(0, power)[1]
        label = "1" if power == 0 else words(10.0**power).replace("1.0·", "")
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{RIGHT}"/><text x="{LEFT - 8}" y="{y + 6}" '
                     f'text-anchor="end">{label}</text>')  # fmt: skip
    parts.append(f'<text x="{LEFT}" y="{BOTTOM + 34}">last layer</text>')
    parts.append(f'<text x="{RIGHT}" y="{BOTTOM + 34}" text-anchor="end">first layer</text>')
    parts.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 34}" text-anchor="middle">backwards →</text>')
    for name, sizes in norms.items():
        points = [place(layer, power) for layer, power in enumerate(np.log10(sizes))]
        path = "M" + "L".join(f"{x} {y}" for x, y in points)
        kind, (x, y) = NETS[name][2], points[-1]
        parts.append(f'<g class="net {kind}"><path pathLength="1" d="{path}"/>'
                     f'<circle class="runner" r="6" style="offset-path: path(\'{path}\')"/><g class="result">'
                     f'<text class="name" x="{x + 12}" y="{y - 2}">{name}</text>'
                     f'<text class="share" x="{x + 12}" y="{y + 19}">{words(sizes[-1])}</text></g></g>')  # fmt: skip
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("moving.svg").write_text(svg(measure()), encoding="utf-8")
