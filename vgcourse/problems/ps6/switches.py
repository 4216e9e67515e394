"""Problem set 6: the shared slips as keywords, for the families that have exchangeable parts."""

from dataclasses import replace

import numpy as np

from vgcourse.problems.ps6 import slips


def candidates(hs, alpha):
    """c_t = (h_t − (1 − α) h_{t−1})/α for t = 1 … T."""
    return (hs[1:] - (1 - alpha) * hs[:-1]) / alpha


SLOPES = {
    "1 − c²": lambda hs, c, a: 1 - c**2,
    "none": lambda hs, c, a: np.ones_like(c),
    "1 − h²": lambda hs, c, a: 1 - hs[1:] ** 2,
    "before": lambda hs, c, a: 1 - hs[:-1] ** 2,
    "1 − c": lambda hs, c, a: 1 - c,
    "1 + c²": lambda hs, c, a: 1 + c**2,
    "c(1 − c)": lambda hs, c, a: c * (1 - c),
    "at c": lambda hs, c, a: 1 - np.tanh(c) ** 2,
    "h/α": lambda hs, c, a: 1 - (hs[1:] / a) ** 2,
    "not divided": lambda hs, c, a: 1 - (a * c) ** 2,
    "h − α h": lambda hs, c, a: 1 - ((hs[1:] - a * hs[:-1]) / a) ** 2,
    "(h − h)/α": lambda hs, c, a: 1 - ((hs[1:] - hs[:-1]) / a) ** 2,
    "h − h": lambda hs, c, a: 1 - (hs[1:] - hs[:-1]) ** 2,
    "wrapped": lambda hs, c, a: 1 - np.concatenate([(hs[:1] - (1 - a) * hs[-1:]) / a, c[:-1]]) ** 2,
}
STEPS = {
    "both": lambda dh, dz, W, a: (1 - a) * dh + dz @ W,
    "around only": lambda dh, dz, W, a: (1 - a) * dh,
    "through only": lambda dh, dz, W, a: dz @ W,
    "none": lambda dh, dz, W, a: 0 * dh,
    "α for 1 − α": lambda dh, dz, W, a: a * dh + dz @ W,
    "all": lambda dh, dz, W, a: dh + dz @ W,
    "around δ": lambda dh, dz, W, a: (1 - a) * dz + dz @ W,
    "dh W_h": lambda dh, dz, W, a: (1 - a) * dh + dh @ W,
    "around slope": lambda dh, dz, W, a: (1 - a) * dz / a + dz @ W,
    "α twice": lambda dh, dz, W, a: (1 - a) * dh + (a * dz) @ W,
    "α after W_h": lambda dh, dz, W, a: (1 - a) * dh + a * (dz @ W),
    "stays": lambda dh, dz, W, a: dh,
    "sum leaks": lambda dh, dz, W, a: (1 - a) * (dh + dz @ W),
}


KEYWORDS = {
    "tanh' missing": {"slope": "none"},
    "slope from h": {"slope": "1 − h²"},
    "slope from the state before": {"slope": "before"},
    "1 − c": {"slope": "1 − c"},
    "1 + c²": {"slope": "1 + c²"},
    "sigmoid's slope": {"slope": "c(1 − c)"},
    "tanh' of the tanh": {"slope": "at c"},
    "old value not subtracted": {"slope": "h/α"},
    "not divided by the leak": {"slope": "not divided"},
    "old value subtracted with α": {"slope": "h − α h"},
    "whole old value subtracted": {"slope": "(h − h)/α"},
    "change of the state for the tanh": {"slope": "h − h"},
    "slope one step early, index −1": {"slope": "wrapped"},
    "leak missing on the tanh": {"weight": lambda a: np.ones_like(a)},
    "1 − α on the tanh": {"weight": lambda a: 1 - a},
    "leak squared on the tanh": {"weight": lambda a: a**2},
    "W_h transposed": {"back": np.transpose},
    "the lecture's step back": {"slope": "1 − h²", "weight": lambda a: np.ones_like(a), "step": "through only"},
    "no way around the tanh": {"step": "through only"},
    "no way through the tanh": {"step": "around only"},
    "α on the way around": {"step": "α for 1 − α"},
    "whole gradient around": {"step": "all"},
    "δ around the tanh": {"step": "around δ"},
    "no tanh on the way through W_h": {"step": "dh W_h"},
    "slope around the tanh": {"step": "around slope"},
    "leak twice through W_h": {"step": "α twice"},
    "leak after W_h": {"weight": lambda a: np.ones_like(a), "step": "α after W_h"},
    "gradient not passed on": {"step": "stays"},
    "1 − α on both ways": {"step": "sum leaks"},
}  # fmt: skip

SLOPE_MISTAKES, WAYS = (
    tuple(replace(mistake, formula=KEYWORDS[mistake.name]) for mistake in mistakes)
    for mistakes in (slips.SLOPE_MISTAKES, slips.WAYS)
)
