"""The ward: a deep net from a handful of settings, and its gauges (problem set 8). One visit costs some 5 ms.

A net is a dict: "units" ("tanh", "relu" or "sigmoid"), "layers" (hidden ones, 32 units each), "gain" (n
Var(w) of their weights), "bias" (of every hidden unit), "branch" (None, or the scale of a residual branch,
from the second layer on), "last" (what the last layer's weights are multiplied by) and "rate".
"""

import functools

import numpy as np

from vgcourse import tasks
from vgcourse.activations import ACTIVATIONS
from vgcourse.losses import softmax_cross_entropy_backward, softmax_cross_entropy_forward

__all__ = ["HEALTHY", "gauges", "sick"]

UNITS, ROWS = 32, 120
HEALTHY = {
    "tilt": (-0.1, 0.1),
    "spread": (-3.0, 2.0),
    "loss": (-np.inf, 0.5),
    "steps": (-5.0, -1.0),
    "idle": (0.0, 0.4),
}


def gauges(net, seed=0):
    """The gauges of lecture 12, section 1, on 120 digits, and the share of idle units: a dict of numbers.

    tilt, (12.1); spread (lg); loss, the first one less log 10; steps, lg of the hidden layers' step (12.3)
    that is farthest from 10⁻³; idle, the share of hidden units in which f' is below 0.05 of its maximum for
    every digit. A last layer smaller than 0.01 sends next to nothing back, so it is measured at 0.01.

    Parameters
    ----------
    net : dict of settings, as at the head of this file
    seed : of the weights

    Returns
    -------
    dict
    """
    return dict(
        _visit(*(net[key] for key in ("units", "layers", "gain", "bias", "branch", "last", "rate")), seed)
    )


def sick(found):
    """The names of the gauges outside their healthy range; NaN is outside.

    Parameters
    ----------
    found : dict from `gauges`

    Returns
    -------
    list of str
    """
    return [key for key, (low, high) in HEALTHY.items() if not low <= found[key] <= high]


@functools.lru_cache(maxsize=4096)
def _visit(units, layers, gain, bias, branch, last, rate, seed):
    x, y = _digits()
    last = last if abs(last) > 0.01 else 0.01
    f, slope = ACTIVATIONS[units].function, ACTIVATIONS[units].derivative
    rng = np.random.default_rng(seed)
    Ws = [np.sqrt(gain / n) * rng.normal(size=(UNITS, n)) for n in (x.shape[1], *[UNITS] * (layers - 1))]
    top = last * rng.normal(size=(10, UNITS)) / np.sqrt(UNITS)
    h, slopes, scale = [x], [], 1.0 if branch is None else branch
    with np.errstate(all="ignore"):
        for l, W in enumerate(Ws):
            z = h[-1] @ W.T + bias
            slopes.append(slope(z))
            h.append(f(z) if l == 0 or branch is None else h[-1] + scale * f(z))
        loss, cache = softmax_cross_entropy_forward(h[-1] @ top.T, y)
        dz = softmax_cross_entropy_backward(1.0, cache)
        grads, d = [], dz @ top
        sizes = [np.linalg.norm(d)]
        for l in range(layers - 1, -1, -1):
            part = d * slopes[l] * (scale if l and branch is not None else 1.0)
            grads.append(part.T @ h[l])
            d = part @ Ws[l] + (d if l and branch is not None else 0.0)
            sizes.append(np.linalg.norm(d))
        steps = [
            np.log10(rate * np.linalg.norm(g) / np.linalg.norm(W))
            for g, W in zip(grads, Ws[::-1], strict=True)
        ]
        spreads = [np.log10(np.sqrt(a.var(axis=0).mean())) for a in (h[1], h[-1])]
        tilt = (np.log10(sizes[-2]) - np.log10(sizes[0])) / (layers - 1)
    flat = [(s < 0.05 * (0.25 if units == "sigmoid" else 1.0)).all(axis=0) for s in slopes]
    found = (
        tilt,
        spreads[1] - spreads[0],
        loss - np.log(10),
        max(steps, key=lambda u: abs(u + 3)),
        np.mean(flat),
    )
    return tuple(zip(("tilt", "spread", "loss", "steps", "idle"), map(float, found), strict=True))


@functools.cache
def _digits():
    x, y = tasks.digits()
    return (x[:ROWS] - x[:ROWS].mean()) / x[:ROWS].std(), y[:ROWS]
