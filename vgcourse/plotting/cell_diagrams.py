"""Cells as data-flow diagrams, with values on the wires."""

from .base import BLUE, GREEN, ORANGE, PINK
from .cell_layouts import GATE, LAYOUTS, SQUASH
from .shapes import box, canvas, circle, named, note, wire


def draw_cell(name, ax=None, values=None, peepholes=False):
    """The data flow of one cell: memory blue, gates green, candidate orange, inputs grey.

    Gates (σ) and candidates (tanh) each hold their own weights for [h_{t−1}, x_t]. The GRU's reset gate is
    drawn after the matrix product, where torch has it. Residual and highway layers are the same picture with
    depth in place of time.

    Parameters
    ----------
    name : "rnn", "ugrnn", "gru", "lstm", "residual" or "highway"
    values : dict, wire -> number or text, written beside the symbol. Wires: h_prev, x, h, and z (rnn);
        g, r, one_minus_g (ugrnn); r, z, n, one_minus_z (gru); c_prev, f, i, g, o, write, c, tanh_c (lstm);
        h_prev, f, h (residual) and also g, one_minus_g (highway)
    peepholes : draw the LSTM's, dashed: i and f see c_{t−1}, o sees c_t

    Raises
    ------
    ValueError
        If the cell or a wire is unknown, or peepholes are asked of another cell.
    """
    if name not in LAYOUTS:
        raise ValueError(f"draw_cell: name is {name!r}; expected one of {', '.join(sorted(LAYOUTS))}.")
    layout, values = LAYOUTS[name], values or {}
    known = [key for _, key, *_ in layout.notes if key]
    if unknown := sorted(set(values) - set(known)):
        raise ValueError(f"draw_cell: values has {', '.join(unknown)}; the {name} has {', '.join(known)}.")
    if peepholes and not layout.peepholes:
        raise ValueError(f"draw_cell: the {name} has no peepholes; expected name 'lstm'.")
    ax = canvas(ax, *layout.size)
    sizes = {}
    for node, (x, y, kind, text) in layout.nodes.items():
        color = {GATE: GREEN, SQUASH: ORANGE}.get(kind)
        sizes[node] = box(ax, x, y, text, color) if color else circle(ax, x, y, text)
    for path, color in layout.wires:
        points = [layout.nodes[p][:2] if isinstance(p, str) else p for p in path]
        if isinstance(path[0], str):
            points[0] = _border(points[0], points[1], sizes[path[0]])
        elif points[0][0] > 0.5 and points[0][1] > 0.35:
            ax.plot(*points[0], marker="o", ms=3.5, color=color, zorder=2.5)  # a wire that forks off
        if isinstance(path[-1], str):
            points[-1] = _border(points[-1], points[-2], sizes[path[-1]])
        wire(ax, points, color, lw=2.2 if color == BLUE else 1.4)
    for points in layout.peepholes if peepholes else ():
        wire(ax, points, PINK, ls=(0, (4, 2)))
    for symbol, key, x, y, side in layout.notes:
        note(ax, x, y, named(symbol, values.get(key)), ha=side)
    return ax


def _border(center, other, size):
    """Where the straight wire between a node's centre and another point crosses the node's edge."""
    (x, y), (dx, dy) = center, (other[0] - center[0], other[1] - center[1])
    part = min(half / abs(d) if d else float("inf") for half, d in zip(size, (dx, dy)))
    return x + part * dx, y + part * dy
