"""Draw the moving picture of the book's first page: python site/moving_figure.py

The gradient walks back through four nets of 30 layers. The numbers are measured here, for readme_figure.py
too. The movement is CSS (_static/book.css): it runs once, in under five seconds, and not at all where the
reader's system asks for less motion.
"""

from pathlib import Path

import numpy as np

from vgcourse import initializers, mlp, tasks


def too_large(shape, **options):
    return initializers.he(shape, gain=2**0.5, **options)


# name: activation, starting weights, short name, class in the style sheet
NETS = {
    "ReLU, weights √2 × He": ("relu", too_large, "ReLU, √2 × He", "growing"),
    "ReLU, He weights": ("relu", initializers.he, "ReLU, He", "level"),
    "tanh, weights ±1/√n": ("tanh", initializers.uniform_fan_in, "tanh, ±1/√n", "shrinking"),
    "sigmoid, Glorot weights": ("sigmoid", initializers.glorot, "sigmoid, Glorot", "gone"),
}
LAYERS = 30
WIDTH, HEIGHT = 620, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 440, 20, 310  # of the axes
HIGHEST, LOWEST = 5, -19  # powers of ten


def measure():
    """{name: the gradient's norm in each layer over that in the last, walking back}, one draw of each net."""
    rng = np.random.default_rng(0)
    x, labels = tasks.digits()
    shares = {}
    for name, (activation, initializer, _, _) in NETS.items():
        params = mlp.mlp_init((64, *[100] * (LAYERS - 1), 10), rng=rng, initializer=initializer)
        _, deltas, _ = mlp.loss_and_gradient(params, x, labels, activation=activation)
        norms = np.array([np.linalg.norm(delta) for delta in deltas[::-1]])
        shares[name] = norms / norms[0]
    return shares


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


def text(x, y, words, anchor="start", kind="axis"):
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'


def axes():
    """Lines at powers of ten, and what is walked through."""
    yield text(LEFT, BOTTOM + 34, "last layer")
    yield text((LEFT + RIGHT) / 2, BOTTOM + 34, "backwards →", "middle")
    yield text(RIGHT, BOTTOM + 34, "first layer", "end")
    for power in range(0, LOWEST, -6):
        y = place(0, power)[1]
        label = words(10.0**power).replace("1.0·", "")
        yield f'<path class="grid" d="M{LEFT} {y}H{RIGHT}"/>{text(LEFT - 8, y + 6, label, "end")}'


def net(name, shares):
    """One net's line, the point that runs along it, and what arrives."""
    points = [place(layer, power) for layer, power in enumerate(np.log10(shares))]
    path = "M" + "L".join(f"{x} {y}" for x, y in points)
    x, y = points[-1]
    return (
        f'<g class="net {NETS[name][3]}"><path pathLength="1" d="{path}"/>'
        f'<circle class="runner" r="6" style="offset-path: path(\'{path}\')"/>'
        f'<g class="result">{text(x + 12, y - 2, NETS[name][2], kind="name")}'
        f"{text(x + 12, y + 19, words(shares[-1]), kind='share')}</g></g>"
    )


def svg(measured):
    """The picture as text, to be put into a page."""
    arrives = "; ".join(f"{name}: {words(shares[-1])}" for name, shares in measured.items())
    said = f"Before training the gradient walks back through four nets of {LAYERS} layers, on a log axis. "
    said += f"Of its size in the last layer, the first one receives: {arrives}."
    start = f'<svg class="moving-figure" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
    nets = (net(name, shares) for name, shares in measured.items())
    return "\n".join([start, *axes(), *nets, "</svg>"]) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("moving.svg").write_text(svg(measure()), encoding="utf-8")
