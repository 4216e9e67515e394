"""Problem set 6: slips that several functions share, as edits of the lines that these have in common.

A reference that goes back in time holds these lines; for the slips in the slope `1 - c**2` will do:

    c = (hs[1:] - (1 - alpha) * hs[:-1]) / alpha
    f = alpha * (1 - c**2)
    dz = dh * f[k]
    dh = (1 - alpha) * dh + dz @ W_h
"""

import dataclasses

from vgcourse.problems.edits import edit

EDITS = {
    "tanh' missing": edit("1 - c**2", "np.ones_like(c)"),
    "slope from h": edit("1 - c**2", "1 - hs[1:] ** 2"),
    "slope from the state before": edit("1 - c**2", "1 - hs[:-1] ** 2"),
    "1 − c": edit("1 - c**2", "1 - c"),
    "1 + c²": edit("1 - c**2", "1 + c**2"),
    "sigmoid's slope": edit("1 - c**2", "c * (1 - c)"),
    "tanh' of the tanh": edit("1 - c**2", "1 - np.tanh(c) ** 2"),
    "old value not subtracted": edit("1 - c**2", "1 - (hs[1:] / alpha) ** 2"),
    "not divided by the leak": edit("1 - c**2", "1 - (alpha * c) ** 2"),
    "old value subtracted with α": edit("1 - c**2", "1 - ((hs[1:] - alpha * hs[:-1]) / alpha) ** 2"),
    "whole old value subtracted": edit("1 - c**2", "1 - ((hs[1:] - hs[:-1]) / alpha) ** 2"),
    "change of the state for the tanh": edit("1 - c**2", "1 - (hs[1:] - hs[:-1]) ** 2"),
    "slope one step early, index −1": edit("1 - c**2", "1 - np.concatenate([(hs[:1] - (1 - alpha) * hs[-1:]) / alpha, c[:-1]]) ** 2"),
    "leak missing on the tanh": edit("f = alpha * (", "f = ("),
    "1 − α on the tanh": edit("f = alpha * (", "f = (1 - alpha) * ("),
    "leak squared on the tanh": edit("f = alpha * (", "f = alpha**2 * ("),
    "W_h transposed": edit("@ W_h", "@ W_h.T"),
    "the lecture's step back": edit("alpha * (1 - c**2)", "1 - hs[1:] ** 2", "(1 - alpha) * dh + ", ""),
    "no way around the tanh": edit("(1 - alpha) * dh + ", ""),
    "no way through the tanh": edit(" + dz @ W_h", ""),
    "α on the way around": edit("(1 - alpha) * dh", "alpha * dh"),
    "whole gradient around": edit("(1 - alpha) * dh", "dh"),
    "δ around the tanh": edit("* dh +", "* dz +"),
    "no tanh on the way through W_h": edit("+ dz @", "+ dh @"),
    "slope around the tanh": edit("* dh +", "* dz / alpha +"),
    "leak twice through W_h": edit("+ dz @", "+ alpha * dz @"),
    "leak after W_h": edit("f = alpha * (", "f = (", "dz @ W_h", "alpha * (dz @ W_h)"),
    "gradient not passed on": edit("(1 - alpha) * dh + dz @ W_h", "dh"),
    "1 − α on both ways": edit("(1 - alpha) * dh + dz @ W_h", "(1 - alpha) * (dh + dz @ W_h)"),
}  # fmt: skip


def as_edits(mistakes):
    """The same mistakes, each with its edits of these lines."""
    return tuple(dataclasses.replace(mistake, formula=EDITS[mistake.name]) for mistake in mistakes)
